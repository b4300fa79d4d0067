/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include <sio/error.h>

#include "json/scan.h"
#include "json/string.h"

static const struct {
  const char *inside; /* JSON, without the quotes */
  const char *text;
  size_t len;
} resolved[] = {
    {"", "", 0},
    {"plain", "plain", 5},
    {"\\b\\f\\n\\r\\t\\\"\\\\\\/", "\b\f\n\r\t\"\\/", 8},
    {"a\\u0000b", "a\0b", 3},
    {"\\u0041\\u00e9\\u20AC", "A\xC3\xA9\xE2\x82\xAC", 6},
    {"\\ud83d\\uDE00!", "\xF0\x9F\x98\x80!", 5},
    {"\\udbff\\udfff", "\xF4\x8F\xBF\xBF", 4},
    {"\\ud800", "\xEF\xBF\xBD", 3},
    {"\\ud800x", "\xEF\xBF\xBDx", 4},
    {"\\udc00\\ud800", "\xEF\xBF\xBD\xEF\xBF\xBD", 6},
    {"\\ud800\\n", "\xEF\xBF\xBD\n", 4},
    {"\\ud800\\u0041",
     "\xEF\xBF\xBD"
     "A",
     4},
    {"\\ud800\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 7},
    {"before \\u00fc after, and \\n", "before \xC3\xBC after, and \n", 22},
};

static void test_escapes_are_resolved(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof resolved / sizeof *resolved; i++) {
    size_t len = strlen(resolved[i].inside);
    uint8_t *inside = test_exact(resolved[i].inside, len);
    char *out = malloc(len + 1);
    size_t got = sio__json_unescape((char *)inside, len, out);

    assert_int_equal(got, resolved[i].len);
    assert_memory_equal(out, resolved[i].text, got);
    got = sio__json_unescape((char *)inside, len, (char *)inside);
    assert_int_equal(got, resolved[i].len); /* in place, too */
    if (got > 0)
      assert_memory_equal(inside, resolved[i].text, got);
    free(out);
    free(inside);
  }
}

static void test_strings_are_compared_by_what_they_mean(void **state)
{
  enum { N = sizeof resolved / sizeof *resolved };

  (void)state;
  for (size_t i = 0; i < N; i++) {
    size_t len = strlen(resolved[i].inside);
    uint8_t *inside = test_exact(resolved[i].inside, len);

    for (size_t k = 0; k < N; k++) {
      uint8_t *text = test_exact(resolved[k].text, resolved[k].len);

      assert_int_equal(sio__json_string_equals((char *)inside, len,
                                               (char *)text, resolved[k].len),
                       i == k);
      /* neither is a text that is shorter or longer by one */
      if (resolved[k].len > 0)
        assert_false(i == k &&
                     sio__json_string_equals((char *)inside, len, (char *)text,
                                             resolved[k].len - 1));
      free(text);
    }
    free(inside);
  }
  assert_false(sio__json_string_equals("a\\n", 3, "a\\n", 3));
  assert_false(sio__json_string_equals("ab", 2, "abc", 3));
  assert_false(sio__json_string_equals("a\\nb", 4, "a\nc", 3));
  assert_false(sio__json_string_equals("a\\n\\n", 5, "a\n", 2));
  assert_true(sio__json_string_equals("", 0, NULL, 0));
}

static void test_text_is_quoted_as_javascript_does(void **state)
{
  static const struct {
    const char *text;
    size_t len;
    const char *json;
  } cases[] = {
      {"", 0, "\"\""},
      {"plain text", 10, "\"plain text\""},
      {"\b\f\n\r\t\"\\", 7, "\"\\b\\f\\n\\r\\t\\\"\\\\\""},
      {"a\0\x01\x1F\x7F/", 6, "\"a\\u0000\\u0001\\u001f\x7F/\""},
      {"12345678\n", 9, "\"12345678\\n\""},
      {"\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80", 9,
       "\"\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\""},
  };
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t *text = test_exact(cases[i].text, cases[i].len);

    sio__buf_init(&out, &mem.allocator, SIZE_MAX);
    assert_int_equal(sio__json_quote(&out, (char *)text, cases[i].len), 0);
    assert_int_equal(out.len, strlen(cases[i].json));
    assert_memory_equal(out.data, cases[i].json, out.len);
    free(text);
    sio__buf_dispose(&out);
  }
  test_mem_check(&mem);
}

static void test_every_byte_survives_quoting_and_resolving(void **state)
{
  struct test_mem mem;
  struct sio__buf out;
  char text[128];
  char back[6 * 128];
  size_t len;

  (void)state;
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (char)i;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  assert_int_equal(sio__json_quote(&out, text, sizeof text), 0);
  assert_int_equal(sio__json_check((char *)out.data, out.len, 0, NULL), 0);
  len = sio__json_unescape((char *)out.data + 1, out.len - 2, back);
  assert_int_equal(len, sizeof text);
  assert_memory_equal(back, text, len);
  sio__buf_dispose(&out);
}

static void test_what_is_not_utf8_is_not_quoted(void **state)
{
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  sio__buf_text(&out, "before");
  assert_int_equal(sio__json_quote(&out, "ab\n\xFFz", 5), SIO_ERR_UTF8);
  assert_int_equal(sio__json_quote(&out, "\xE2\x82", 2), SIO_ERR_UTF8);
  assert_int_equal(out.len, 6);
  assert_int_equal(out.error, 0);
  sio__buf_dispose(&out);
}

static void test_a_full_buffer_keeps_its_error(void **state)
{
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  for (size_t max = 0; max <= 6; max++) { /* "a\n" needs 5 bytes */
    test_mem_init(&mem, TEST_MEM_NEVER);
    sio__buf_init(&out, &mem.allocator, max);
    assert_int_equal(sio__json_quote(&out, "a\n", 2), 0);
    if (max < 5)
      assert_int_equal(out.error, SIO_ERR_LIMIT);
    sio__buf_dispose(&out);
    test_mem_check(&mem);
  }
  test_mem_init(&mem, 0);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  assert_int_equal(sio__json_quote(&out, "a\n", 2), 0);
  assert_int_equal(out.error, SIO_ERR_NOMEM);
  sio__buf_dispose(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_escapes_are_resolved),
      cmocka_unit_test(test_strings_are_compared_by_what_they_mean),
      cmocka_unit_test(test_text_is_quoted_as_javascript_does),
      cmocka_unit_test(test_every_byte_survives_quoting_and_resolving),
      cmocka_unit_test(test_what_is_not_utf8_is_not_quoted),
      cmocka_unit_test(test_a_full_buffer_keeps_its_error),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
