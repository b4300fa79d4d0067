/* SPDX-License-Identifier: MIT */
/* lib/eio/jsonp.c: payloads in scripts and forms. */
#include "support.h"

#include <stdlib.h>

#include "eio/jsonp.h"
#include "json/string.h"
#include <sio/error.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- The index ---- */

static bool read_index(const char *text, uint32_t *index)
{
  char *exact = (char *)test_exact(text, strlen(text));
  const sio_str j = {exact, strlen(text)};
  bool ok = sio__jsonp_index(j, index);

  free(exact);
  return ok;
}

static void test_an_index_is_the_digits_and_nothing_else(void **state)
{
  static const struct {
    const char *text;
    uint32_t want;
  } cases[] = {
      {"0", 0},
      {"7", 7},
      {"42", 42},
      {"007", 7},
      {"999999999", 999999999},
      {"-1", 1},
      {"1.5", 15},
      {" 3 ", 3},
      {"0x10", 10},
      {"1e3", 13},
      {"1];alert(2)//", 12},
      {"</script>8", 8},
      {"\xd9\xa1"
       "4",
       4}, /* behind a digit that is not of ASCII */
      {"/5:", 5},
  };

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint32_t index = 77;

    assert_true(read_index(cases[i].text, &index));
    assert_int_equal(index, cases[i].want);
  }
}

static void test_without_digits_or_with_too_many_there_is_no_index(void **state)
{
  static const char *const cases[] = {
      "",           "abc",          "-",          "];",
      "1234567890", "000000000000", "4294967296", "12345a67890",
  };
  const sio_str nothing = {NULL, 0};
  uint32_t index;

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_false(read_index(cases[i], &index));
  assert_false(sio__jsonp_index(nothing, &index));
}

/* ---- Scripts ---- */

static void assert_script(uint32_t index, const char *payload, size_t len,
                          const char *want)
{
  char *exact = (char *)test_exact(payload, len);
  const sio_str text = {exact, len};
  struct test_mem mem;
  struct sio__buf out;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  sio__jsonp_write(index, text, &out);
  assert_int_equal(out.error, 0);
  if (out.len != strlen(want) || memcmp(out.data, want, out.len) != 0)
    fail_msg("%.*s, not %s", (int)out.len, (char *)out.data, want);
  sio__buf_dispose(&out);
  free(exact);
  test_mem_check(&mem);
}

static void test_a_payload_becomes_a_call(void **state)
{
  (void)state;
  assert_script(0, "1:6", 3, "___eio[0](\"1:6\");");
  assert_script(42, "6:4hello10:b4AQIDBA==", 21,
                "___eio[42](\"6:4hello10:b4AQIDBA==\");");
  assert_script(999999999, "", 0, "___eio[999999999](\"\");");
  assert_script(1, "3:4\xf0\x9f\x98\x80", 7,
                "___eio[1](\"3:4\xf0\x9f\x98\x80\");");
}

static void test_payloads_are_escaped_as_strings(void **state)
{
  static const struct {
    const char *payload;
    const char *want;
  } cases[] = {
      {"15:42[\"a\",\"b\\n\"]", "15:42[\\\"a\\\",\\\"b\\\\n\\\"]"},
      {"\n\r\t\b\f", "\\n\\r\\t\\b\\f"},
      {"\x01\x1f\x7f", "\\u0001\\u001f\x7f"},
      {"\");alert(1);//", "\\\");alert(1);//"},
      {"\\", "\\\\"},
      {"\"", "\\\""},
      {"</script>", "<\\/script>"},
      {"</", "<\\/"},
      {"<</</", "<<\\/<\\/"},
      {"/", "/"},
      {"<", "<"},
      {"a/b//<b>", "a/b//<b>"},
      {"\xe2\x80\xa8", "\\u2028"},
      {"\xe2\x80\xa9", "\\u2029"},
      {"a\xe2\x80\xa8\xe2\x80\xa9z", "a\\u2028\\u2029z"},
      {"<\xe2\x80\xa8/", "<\\u2028/"},
      {"\xe2\x80\xa8</\xe2\x80\xa9", "\\u2028<\\/\\u2029"},
      {"\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\xe3\x80\xa8",
       "\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\xe3\x80\xa8"},
      {"\xe2\x82\xac", "\xe2\x82\xac"},
  };

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    char want[100] = "___eio[5](\"";

    strcat(want, cases[i].want);
    strcat(want, "\");");
    assert_script(5, cases[i].payload, strlen(cases[i].payload), want);
  }
  assert_script(5, "a\0b", 3, "___eio[5](\"a\\u0000b\");");
}

/* What could end the string, the line or the script. */
static void assert_harmless(const uint8_t *data, size_t len)
{
  for (size_t i = 0; i < len; i++) {
    assert_true(data[i] >= 0x20);
    assert_int_not_equal(data[i], '"');
    assert_false(data[i] == '/' && i > 0 && data[i - 1] == '<');
    assert_false(len - i >= 3 && data[i] == 0xe2 && data[i + 1] == 0x80 &&
                 (data[i + 2] & 0xfe) == 0xa8);
    if (data[i] == '\\')
      i++;
  }
}

static void test_random_payloads_come_back_and_are_harmless(void **state)
{
  static const char *const parts[] = {
      "<",
      "/",
      "\\",
      "\"",
      "\n",
      "a",
      "\x01",
      "\xe2\x80\xa8",
      "\xe2\x80\xa9",
      "\xe2\x80\xa7",
      "\xc3\xa9",
      "\xf0\x9f\x98\x80",
      "plain text",
  };
  enum { FRONT = sizeof "___eio[3](\"" - 1, BACK = sizeof "\");" - 1 };
  uint32_t seed = 5;
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  for (int round = 0; round < 2000; round++) {
    char text[400] = "", back[2000];
    size_t len;

    for (uint32_t n = test_random(&seed) % 30; n > 0; n--)
      strcat(text, parts[test_random(&seed) % COUNT(parts)]);
    sio__buf_reset(&out, SIZE_MAX);
    sio__jsonp_write(3, sio_s(text), &out);
    assert_int_equal(out.error, 0);
    assert_memory_equal(out.data, "___eio[3](\"", FRONT);
    assert_memory_equal(out.data + out.len - BACK, "\");", BACK);
    assert_harmless(out.data + FRONT, out.len - FRONT - BACK);
    len = sio__json_unescape((char *)out.data + FRONT, out.len - FRONT - BACK,
                             back);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(back, text, len);
  }
  sio__buf_dispose(&out);
  test_mem_check(&mem);
}

static void test_a_script_is_appended_to_what_is_there(void **state)
{
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  sio__buf_text(&out, "x");
  sio__jsonp_write(1, sio_s("1:6"), &out);
  sio__jsonp_write(2, sio_s("</"), &out);
  assert_int_equal(out.error, 0);
  sio__buf_byte(&out, '\0');
  assert_string_equal((char *)out.data,
                      "x___eio[1](\"1:6\");___eio[2](\"<\\/\");");
  sio__buf_dispose(&out);
  test_mem_check(&mem);
}

static void test_text_that_is_not_utf8_is_an_error(void **state)
{
  static const char *const cases[] = {"4\xff", "</4\xff", "\xe2\x80", "\xe2",
                                      "\x80</"};

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    char *exact = (char *)test_exact(cases[i], strlen(cases[i]));
    const sio_str text = {exact, strlen(cases[i])};
    struct test_mem mem;
    struct sio__buf out;

    test_mem_init(&mem, TEST_MEM_NEVER);
    sio__buf_init(&out, &mem.allocator, SIZE_MAX);
    sio__jsonp_write(1, text, &out);
    assert_int_equal(out.error, SIO_ERR_UTF8);
    sio__buf_dispose(&out);
    free(exact);
    test_mem_check(&mem);
  }
}

static void write_short_of_memory(struct test_mem *mem, void *user)
{
  char text[2001];
  struct sio__buf out;

  (void)user;
  for (size_t i = 0; i + 1 < sizeof text; i++)
    text[i] = "</\n\"ab"[i % 6];
  text[sizeof text - 1] = '\0';
  sio__buf_init(&out, &mem->allocator, SIZE_MAX);
  sio__jsonp_write(1, sio_s(text), &out);
  assert_int_equal(out.error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__buf_dispose(&out);
}

static void test_without_memory_writing_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(write_short_of_memory, NULL) > 4);
}

static void test_a_script_may_not_be_longer_than_the_limit(void **state)
{
  static const char payload[] = "4<b></b>\xe2\x80\xa8z";
  static const char want[] = "___eio[1](\"4<b><\\/b>\\u2028z\");";

  (void)state;
  for (size_t max = 0; max < sizeof want; max++) {
    struct test_mem mem;
    struct sio__buf out;

    test_mem_init(&mem, TEST_MEM_NEVER);
    sio__buf_init(&out, &mem.allocator, max);
    sio__jsonp_write(1, sio_s(payload), &out);
    assert_int_equal(out.error, max < sizeof want - 1 ? SIO_ERR_LIMIT : 0);
    assert_true(out.len <= max);
    sio__buf_dispose(&out);
    test_mem_check(&mem);
  }
}

/* ---- Forms ---- */

static void assert_form(const char *body, size_t len, const char *want,
                        size_t want_len)
{
  char *exact = (char *)test_exact(body, len);
  sio_str payload;

  if (!sio__jsonp_read(exact, len, &payload))
    fail_msg("%s: no field", body);
  assert_ptr_equal(payload.data, exact);
  if (payload.len != want_len || memcmp(payload.data, want, want_len) != 0)
    fail_msg("%s: '%.*s'", body, (int)payload.len, payload.data);
  free(exact);
}

static void test_the_field_d_is_the_payload(void **state)
{
  static const struct {
    const char *body;
    const char *want;
  } cases[] = {
      {"d=1:2", "1:2"},
      {"d=6%3A4hello", "6:4hello"},
      {"d=", ""},
      {"d", ""},
      {"x=1&d=2&y=3", "2"},
      {"d=1&d=2", "2"},
      {"d=1&d=", ""},
      {"%64=1", "1"},
      {"dd=1&d=2&D=3", "2"},
      {"d=a=b", "a=b"},
      {"d=a+b%2Bc", "a b+c"},
      {"d=3%3A4%F0%9F%98%80", "3:4\xf0\x9f\x98\x80"},
      {"d=%", "%"},
      {"d=%4", "%4"},
      {"d=%zz%41", "%zzA"},
      {"xxxxxxxxxxxxxxxxxxxx&d=1:6", "1:6"},
  };

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_form(cases[i].body, strlen(cases[i].body), cases[i].want,
                strlen(cases[i].want));
  assert_form("d=a%00b\0c", 9, "a\0b\0c", 5);
  assert_form("d=%ff%80", 8, "\xff\x80", 2); /* not for this to judge */
}

static void test_without_the_field_there_is_no_payload(void **state)
{
  static const char *const cases[] = {
      "", "&", "=", "=d", "x=d", "dd=1", "D=1", "1:6", "d%00=1", "&&&x",
  };
  sio_str payload;

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    char *exact = (char *)test_exact(cases[i], strlen(cases[i]));

    assert_false(sio__jsonp_read(exact, strlen(cases[i]), &payload));
    free(exact);
  }
  assert_false(sio__jsonp_read(NULL, 0, &payload));
}

static void test_newlines_are_restored(void **state)
{
  static const struct {
    const char *body;
    const char *want;
  } cases[] = {
      {"d=\\n", "\n"},
      {"d=\\\\n", "\\n"},
      {"d=\\\\\\n", "\\\\n"},
      {"d=\\\\\\\\n", "\\\\\\n"},
      {"d=%5Cn", "\n"},
      {"d=%5C%5Cn", "\\n"},
      {"d=%5c%6e", "\n"},
      {"d=\\", "\\"},
      {"d=\\\\", "\\\\"},
      {"d=\\\\\\", "\\\\\\"},
      {"d=a\\", "a\\"},
      {"d=n\\nn\\\\nn", "n\nn\\nn"},
      {"d=\\n\\n", "\n\n"},
      {"d=\\n\\\\n\\n", "\n\\n\n"},
      {"d=\\r\\t\\\"\\u000a\\N", "\\r\\t\\\"\\u000a\\N"},
      {"d=a\nb", "a\nb"},
      {"d=7:4a%5Cnb%5C%5Cnc&x=\\n", "7:4a\nb\\nc"},
  };

  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_form(cases[i].body, strlen(cases[i].body), cases[i].want,
                strlen(cases[i].want));
}

/* Write a form as a client does: newlines and backslashes before "n" get a
 * backslash more, the rest is percent-encoded here and there. */
static size_t make_form(const char *text, char *out, uint32_t *seed)
{
  static const char hex[] = "0123456789abcdefABCDEF";
  size_t len = 2;

  memcpy(out, "d=", 2);
  for (; *text != '\0'; text++) {
    char c = *text == '\n' ? 'n' : *text;
    bool escaped = *text == '\n' || (*text == '\\' && text[1] == 'n');

    if (escaped)
      out[len++] = '\\';
    if (strchr("%+&=", c) != NULL || test_random(seed) % 3 == 0) {
      out[len++] = '%';
      out[len++] = hex[(uint8_t)c >> 4];
      out[len++] = hex[((uint8_t)c & 15) +
                       ((c & 15) > 9 && test_random(seed) % 2 ? 6 : 0)];
    } else {
      out[len++] = c == ' ' ? '+' : c;
    }
  }
  return len;
}

static void test_random_forms_come_back(void **state)
{
  uint32_t seed = 9;

  (void)state;
  for (int round = 0; round < 2000; round++) {
    char text[60], form[4 * sizeof text + 2];
    size_t n = test_random(&seed) % (sizeof text - 1);

    /* A newline behind a backslash cannot be told from backslash and "n"
     * with one more in front, in the protocol as it is. */
    for (size_t i = 0; i < n; i++) {
      text[i] = "\\\\n\nna%+& =:1"[test_random(&seed) % 13];
      if (text[i] == '\n' && i > 0 && text[i - 1] == '\\')
        text[i] = 'x';
    }
    text[n] = '\0';
    assert_form(form, make_form(text, form, &seed), text, n);
  }
}

static void test_truncated_forms_are_read_as_far_as_they_go(void **state)
{
  static const char body[] = "x=1&d=4%5C%5Cn%5Cn%F0";
  sio_str payload;

  (void)state;
  for (size_t n = 0; n < sizeof body; n++) {
    char *exact = (char *)test_exact(body, n);

    assert_int_equal(sio__jsonp_read(exact, n, &payload), n >= 5);
    if (n >= 5) {
      assert_ptr_equal(payload.data, exact);
      assert_true(payload.len <= (n > 6 ? n - 6 : 0));
    }
    free(exact);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_index_is_the_digits_and_nothing_else),
      cmocka_unit_test(test_without_digits_or_with_too_many_there_is_no_index),
      cmocka_unit_test(test_a_payload_becomes_a_call),
      cmocka_unit_test(test_payloads_are_escaped_as_strings),
      cmocka_unit_test(test_random_payloads_come_back_and_are_harmless),
      cmocka_unit_test(test_a_script_is_appended_to_what_is_there),
      cmocka_unit_test(test_text_that_is_not_utf8_is_an_error),
      cmocka_unit_test(test_without_memory_writing_fails),
      cmocka_unit_test(test_a_script_may_not_be_longer_than_the_limit),
      cmocka_unit_test(test_the_field_d_is_the_payload),
      cmocka_unit_test(test_without_the_field_there_is_no_payload),
      cmocka_unit_test(test_newlines_are_restored),
      cmocka_unit_test(test_random_forms_come_back),
      cmocka_unit_test(test_truncated_forms_are_read_as_far_as_they_go),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
