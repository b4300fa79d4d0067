/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include <sio/error.h>

#include "json/scan.h"

static int check(const char *text, size_t len, unsigned depth,
                 struct sio__json_error *error)
{
  uint8_t *exact = test_exact(text, len);
  int got = sio__json_check((const char *)exact, len, depth, error);

  free(exact);
  return got;
}

static void test_an_error_points_at_the_byte_and_says_what(void **state)
{
  static const struct {
    const char *text;
    const char *caret; /* under the byte */
    const char *msg;
  } cases[] = {
      {"", "^", "a value expected"},
      {"  ", "  ^", "a value expected"},
      {"[1,]", "   ^", "a value expected"},
      {"[1 2]", "   ^", "a comma or ] expected"},
      {"[1", "  ^", "a comma or ] expected"},
      {"{\"a\":1]", "      ^", "a comma or } expected"},
      {"{1:2}", " ^", "a member name expected"},
      {"{\"a\":1,}", "       ^", "a member name expected"},
      {"{\"a\"}", "    ^", "a colon expected"},
      {"{\"a\" ", "     ^", "a colon expected"},
      {"tRue", " ^", "no such word"},
      {"nul", "   ^", "no such word"},
      {"falsey", "     ^", "text behind the value"},
      {"1 2", "  ^", "text behind the value"},
      {"01", " ^", "text behind the value"},
      {"-", " ^", "a digit expected"},
      {"-x", " ^", "a digit expected"},
      {"1.", "  ^", "a digit expected"},
      {"1.e5", "  ^", "a digit expected"},
      {"1e+", "   ^", "a digit expected"},
      {"+1", "^", "a value expected"},
      {"\"abc", "    ^", "the string does not end"},
      {"\"abcdefghijklmnop", "                 ^", "the string does not end"},
      {"\"\\", "  ^", "the string does not end"},
      {"\"\\u12", "     ^", "the string does not end"},
      {"\"\\x\"", "  ^", "no such escape"},
      {"\"\\u12x4\"", "     ^", "four hexadecimal digits expected"},
      {"\"\\u\"", "   ^", "four hexadecimal digits expected"},
      {"\"a\nb\"", "  ^", "a control character in a string"},
      {"\"a\x80\"", "  ^", "not valid UTF-8"},
      {"{\"\xC0\xAF\":1}", "  ^", "not valid UTF-8"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sio__json_error error = {99, NULL};

    assert_int_equal(check(cases[i].text, strlen(cases[i].text), 9, &error),
                     SIO_ERR_JSON);
    assert_int_equal(error.offset, strlen(cases[i].caret) - 1);
    assert_string_equal(error.msg, cases[i].msg);
    assert_int_equal(check(cases[i].text, strlen(cases[i].text), 9, NULL),
                     SIO_ERR_JSON);
  }
}

static void test_every_prefix_of_a_message_is_refused(void **state)
{
  static const char text[] =
      "[\"chat:message\",{\"from\":\"Zo\xC3\xAB \\ud83d\\ude00 and others\","
      "\"n\":[-1.5e+10,0,true,false,null,[],{}]}]";

  (void)state;
  assert_int_equal(check(text, sizeof text - 1, 4, NULL), 0);
  for (size_t len = 0; len < sizeof text - 1; len++)
    assert_int_equal(check(text, len, 4, NULL), SIO_ERR_JSON);
}

static void test_depth_is_limited_as_told_but_never_above_512(void **state)
{
  char text[2 * 513];
  struct sio__json_error error;

  (void)state;
  for (size_t depth = 1; depth <= 513; depth++) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    assert_int_equal(check(text, 2 * depth, 4096, NULL),
                     depth <= 512 ? 0 : SIO_ERR_LIMIT);
    assert_int_equal(check(text, 2 * depth, (unsigned)depth - 1, &error),
                     SIO_ERR_LIMIT);
    assert_int_equal(error.offset, depth <= 512 ? depth - 1 : 512);
    assert_string_equal(error.msg, "nested too deeply");
  }
  assert_int_equal(check("1", 1, 0, NULL), 0);
  assert_int_equal(check("[]", 2, 0, NULL), SIO_ERR_LIMIT);
}

static void test_brackets_must_match_at_every_depth(void **state)
{
  char text[5 * 130 + 1 + 130];

  (void)state;
  for (size_t wrong = 0; wrong < 130; wrong++) {
    char *to = text;

    for (size_t i = 0; i < 130; i++) { /* objects and arrays in turns */
      memcpy(to, i % 2 == 0 ? "{\"\":" : "[", i % 2 == 0 ? 4 : 1);
      to += i % 2 == 0 ? 4 : 1;
    }
    *to++ = '0';
    for (size_t i = 130; i-- > 0;)
      *to++ = i % 2 == 0 ? '}' : ']';
    assert_int_equal(check(text, (size_t)(to - text), 512, NULL), 0);
    to[-1 - (ptrdiff_t)wrong] ^= '}' ^ ']';
    assert_int_equal(check(text, (size_t)(to - text), 512, NULL), SIO_ERR_JSON);
  }
}

static void test_no_text_at_all_is_refused(void **state)
{
  struct sio__json_error error;

  (void)state;
  assert_int_equal(sio__json_check(NULL, 0, 8, &error), SIO_ERR_JSON);
  assert_int_equal(error.offset, 0);
}

static void test_a_value_is_stepped_over(void **state)
{
  static const char *const values[] = {
      "0",
      "-12.5e+3",
      "true",
      "null",
      "\"\"",
      "\"a\\\"b\"",
      "\"\\\\\"",
      "\"1234567\\\\\"",
      "\"long enough for several words, with ] and } and , in it\"",
      "[]",
      "{}",
      "[1,[2,[3]],\"]\"]",
      "{\"a\":{\"b\":[{\"}\":\"\\\"}\"}]},\"c\":\"[[[[[[[[[[[[\"}",
      "[ 123456789012345 , {\"key\" : [ ] } ]"};
  static const char *const behind[] = {"", ",1", "]", "}", " ,", "\n"};

  (void)state;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    for (size_t k = 0; k < sizeof behind / sizeof *behind; k++) {
      char text[128];
      size_t len = strlen(values[i]);
      size_t all = len + strlen(behind[k]);
      uint8_t *exact;
      const char *at;

      strcpy(text, values[i]);
      strcat(text, behind[k]);
      exact = test_exact(text, all);
      at = (const char *)exact;
      assert_ptr_equal(sio__json_skip_value(at, at + all), at + len);
      free(exact);
    }
  }
}

static void test_blanks_are_skipped_and_nothing_else(void **state)
{
  static const char text[] = " \t\r\n\f1";

  (void)state;
  assert_ptr_equal(sio__json_skip_blank(text, text + 6), text + 4);
  assert_ptr_equal(sio__json_skip_blank(text, text + 3), text + 3);
  assert_ptr_equal(sio__json_skip_blank(text + 5, text + 6), text + 5);
  assert_ptr_equal(sio__json_skip_value(text, text), text);
}

static void test_random_bytes_are_judged_without_reading_beyond(void **state)
{
  static const char alphabet[] = "[]{}:,\"\\u0123eE+-. tfn\xC3\xA9";
  uint32_t random = 7;
  unsigned accepted = 0;

  (void)state;
  for (unsigned run = 0; run < 20000; run++) {
    size_t len = test_random(&random) % 12;
    char text[12];

    for (size_t i = 0; i < len; i++)
      text[i] = alphabet[test_random(&random) % (sizeof alphabet - 1)];
    accepted += check(text, len, 4, NULL) == 0;
  }
  assert_true(accepted > 0 && accepted < 20000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_error_points_at_the_byte_and_says_what),
      cmocka_unit_test(test_every_prefix_of_a_message_is_refused),
      cmocka_unit_test(test_depth_is_limited_as_told_but_never_above_512),
      cmocka_unit_test(test_brackets_must_match_at_every_depth),
      cmocka_unit_test(test_no_text_at_all_is_refused),
      cmocka_unit_test(test_a_value_is_stepped_over),
      cmocka_unit_test(test_blanks_are_skipped_and_nothing_else),
      cmocka_unit_test(test_random_bytes_are_judged_without_reading_beyond),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
