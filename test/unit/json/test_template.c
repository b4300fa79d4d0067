/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include <sio/error.h>

#include "json/scan.h"
#include "json/template.h"

/* Not checked by the compiler, so that malformed formats can be tried. */
static int format(struct sio__buf *out, const char *text, ...)
{
  va_list args;
  int error;

  va_start(args, text);
  error = sio__json_format(out, text, args);
  va_end(args);
  return error;
}

static const char *const none = NULL; /* as an argument it has a type */

struct fixture {
  struct test_mem mem;
  struct sio__buf out;
};

static struct sio__buf *begin(struct fixture *f)
{
  test_mem_init(&f->mem, TEST_MEM_NEVER);
  sio__buf_init(&f->out, &f->mem.allocator, SIZE_MAX);
  return &f->out;
}

static void end(struct fixture *f)
{
  sio__buf_dispose(&f->out);
  test_mem_check(&f->mem);
}

/* Compare what has been written, and begin anew. */
static void assert_wrote(struct sio__buf *out, const char *want)
{
  assert_int_equal(out->error, 0);
  if (out->len != strlen(want) ||
      (out->len > 0 && memcmp(out->data, want, out->len) != 0))
    fail_msg("%.*s instead of %s", (int)out->len, (const char *)out->data,
             want);
  sio__buf_reset(out, SIZE_MAX);
}

static void test_json_goes_through_without_blanks(void **state)
{
  static const char *const cases[][2] = {
      {"", ""},
      {" \t\r\n", ""},
      {"1", "1"},
      {" -0.5e+10 , 0 ", "-0.5e+10,0"},
      {"true,false , null", "true,false,null"},
      {"[]", "[]"},
      {"{ }", "{}"},
      {"[ 1, [ ], { } ]", "[1,[],{}]"},
      {"{a: 1, B_2: {_: [2]}}", "{\"a\":1,\"B_2\":{\"_\":[2]}}"},
      {"{\"a b\" : 1, 'c d':2}", "{\"a b\":1,\"c d\":2}"},
      {"{true: true, null: null}", "{\"true\":true,\"null\":null}"},
      {"\"a\\n\\u00e9\\\"\"", "\"a\\n\\u00e9\\\"\""},
      {"'it\\'s'", "\"it's\""},
      {"'say \"x\"'", "\"say \\\"x\\\"\""},
      {"'a\n\x01\\n\\\\\\u0041'", "\"a\\n\\u0001\\n\\\\\\u0041\""},
      {"'100%%', \"%%%%\"", "\"100%\",\"%%\""},
      {"'{[,:]}'", "\"{[,:]}\""},
      {"''", "\"\""},
      {"\"it's\"", "\"it's\""},
      {"\"\xC3\xA9\", '\xE2\x82\xAC'", "\"\xC3\xA9\",\"\xE2\x82\xAC\""},
  };
  struct fixture f;
  struct sio__buf *out = begin(&f);

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(format(out, cases[i][0]), 0);
    assert_wrote(out, cases[i][1]);
  }
  assert_int_equal(format(out, NULL), 0);
  assert_wrote(out, "");
  end(&f);
}

static void test_malformed_formats_leave_the_buffer_alone(void **state)
{
  static const char *const cases[] = {
      ",",         "1,",       "1,,2",       "1 2",      "[",
      "]",         "[1",       "[1,]",       "[,1]",     "{",
      "}",         "{a",       "{a}",        "{a:}",     "{a:1",
      "{a:1,}",    "{a:1]",    "[1}",        "{1:2}",    "{a-b:1}",
      "{$a:1}",    "{:1}",     "{a 1}",      "{%s:1}",   "{'a'}",
      "'a",        "\"a",      "'a\\",       "'a\\'",    "\"a\\'\"",
      "'\\x'",     "'\\u12'",  "\"\\q\"",    "\"a\nb\"", "\"a\x1F\"",
      "'50%'",     "'%s'",     "\"%d\"",     "%",        "%%",
      "%x",        "%c",       "%p",         "%5d",      "%-s",
      "%.3s",      "%.3f",     "%*s",        "%.*d",     "%hf",
      "%ld%",      "%lld x",   "%lf",        "%Lf",      "%a",
      "%hhhd",     "%lx",      "%S",         "% d",      "%n",
      "TRUE",      "nul",      "nulls",      "bool",     "bool 1",
      "bool %s",   "bool %ld", "boolean %d", "raw",      "raw 1",
      "raw %d",    "raw %.3s", "01",         "1.",       "+1",
      "-",         ".5",       "1e",         "0x10",     "1%d",
      "undefined", "NaN",      "\x80",       "a: 1",     "[1]]",
      "{a:1}}",    "1;",       "/**/",       "'a' 'b'",  "\f1"};
  struct fixture f;
  struct sio__buf *out = begin(&f);

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio__buf_text(out, "before");
    if (format(out, cases[i], 1L, 2L, 3L) != SIO_ERR_FORMAT)
      fail_msg("accepted: %s", cases[i]);
    assert_wrote(out, "before");
  }
  end(&f);
}

static void test_strings_are_quoted(void **state)
{
  struct fixture f;
  struct sio__buf *out = begin(&f);
  uint8_t *exact = test_exact("abc", 3);

  (void)state;
  assert_int_equal(format(out, "%s, {a:%s}", "x\"\n", ""), 0);
  assert_wrote(out, "\"x\\\"\\n\",{\"a\":\"\"}");
  assert_int_equal(format(out, "%.*s,%.*s", 3, exact, 0, exact), 0);
  assert_wrote(out, "\"abc\",\"\"");
  /* As in printf: no further than a NUL, and without limit if negative. */
  assert_int_equal(format(out, "%.*s,%.*s", 10, "ab", -1, "cd"), 0);
  assert_wrote(out, "\"ab\",\"cd\"");
  assert_int_equal(format(out, "%s,%.*s,%.*s", none, 3, none, 0, none), 0);
  assert_wrote(out, "null,null,null");
  assert_int_equal(format(out, "[%s]", "\xFF"), SIO_ERR_UTF8);
  assert_int_equal(format(out, "[%.*s]", 1, "\xC3\xA9"), SIO_ERR_UTF8);
  assert_int_equal(format(out, "'\xC3'"), SIO_ERR_UTF8);
  assert_int_equal(format(out, "{\"\xFF\":1}"), SIO_ERR_UTF8);
  assert_wrote(out, "");
  free(exact);
  end(&f);
}

static void test_integers_have_every_length(void **state)
{
  struct fixture f;
  struct sio__buf *out = begin(&f);

  (void)state;
  assert_int_equal(format(out, "%d,%i,%u", INT_MIN, -1, UINT_MAX), 0);
  assert_wrote(out, "-2147483648,-1,4294967295");
  assert_int_equal(format(out, "%hhd,%hhi,%hhu", -1, 300, 300), 0);
  assert_wrote(out, "-1,44,44");
  assert_int_equal(format(out, "%hd,%hi,%hu", -1, 65537, 65537), 0);
  assert_wrote(out, "-1,1,1");
  assert_int_equal(
      format(out, "%ld,%li,%lu", -1L, (long)INT32_MAX, (unsigned long)5), 0);
  assert_wrote(out, "-1,2147483647,5");
  assert_int_equal(
      format(out, "%lld,%lli,%llu", LLONG_MIN, LLONG_MAX, ULLONG_MAX), 0);
  assert_wrote(out,
               "-9223372036854775808,9223372036854775807,18446744073709551615");
  assert_int_equal(
      format(out, "%jd,%ji,%ju", INTMAX_MIN, (intmax_t)-2, UINTMAX_MAX), 0);
  assert_wrote(out, "-9223372036854775808,-2,18446744073709551615");
  assert_int_equal(
      format(out, "%zu,%zd,%zi", (size_t)7, (ptrdiff_t)-7, (ptrdiff_t)8), 0);
  assert_wrote(out, "7,-7,8");
  assert_int_equal(
      format(out, "%td,%ti,%tu", (ptrdiff_t)-3, (ptrdiff_t)4, (ptrdiff_t)5), 0);
  assert_wrote(out, "-3,4,5");
  end(&f);
}

static void test_doubles_booleans_and_raw_text(void **state)
{
  struct fixture f;
  struct sio__buf *out = begin(&f);

  (void)state;
  assert_int_equal(format(out, "%f,%g,%e,%f", 0.1, 1e21, -0.0, (double)NAN), 0);
  assert_wrote(out, "0.1,1e+21,0,null");
  assert_int_equal(format(out, "{a:bool %d,b: bool  %d}", 0, 17), 0);
  assert_wrote(out, "{\"a\":false,\"b\":true}");
  assert_int_equal(format(out, "[raw %s, raw %.*s]", "{\"a\": [1]}", 2, "123"),
                   0);
  assert_wrote(out, "[{\"a\": [1]},12]");
  assert_int_equal(format(out, "raw %s", none), 0);
  assert_wrote(out, "null");
  assert_int_equal(format(out, "[raw %s]", "{a:1}"), SIO_ERR_JSON);
  assert_int_equal(format(out, "[raw %s]", "1,2"), SIO_ERR_JSON);
  assert_int_equal(format(out, "[raw %s]", ""), SIO_ERR_JSON);
  assert_int_equal(format(out, "raw %.*s", 1, "[]"), SIO_ERR_JSON);
  assert_wrote(out, "");
  end(&f);
}

static void test_a_message_with_everything_is_valid_json(void **state)
{
  struct fixture f;
  struct sio__buf *out = begin(&f);

  (void)state;
  assert_int_equal(format(out,
                          "[{from: %s, text: %.*s, at: %lld, tags: ['a', %s],"
                          " ok: bool %d, extra: raw %s, rate: %g}]",
                          "Zo\xC3\xAB", 2, "hi!", 1700000000000LL, "b", 1,
                          "{\"x\":null}", 2.5),
                   0);
  assert_int_equal(sio__json_check((char *)out->data, out->len, 3, NULL), 0);
  assert_wrote(out, "[{\"from\":\"Zo\xC3\xAB\",\"text\":\"hi\","
                    "\"at\":1700000000000,\"tags\":[\"a\",\"b\"],\"ok\":true,"
                    "\"extra\":{\"x\":null},\"rate\":2.5}]");
  end(&f);
}

static void test_nesting_ends_at_64(void **state)
{
  struct fixture f;
  struct sio__buf *out = begin(&f);
  char text[5 * 65 + 1];

  (void)state;
  for (size_t depth = 64; depth <= 65; depth++) {
    char *to = text;

    for (size_t i = 0; i < depth; i++) {
      strcpy(to, i % 3 == 0 ? "{a:" : "[");
      to += strlen(to);
    }
    *to++ = '0';
    for (size_t i = depth; i-- > 0;)
      *to++ = i % 3 == 0 ? '}' : ']';
    *to = '\0';
    assert_int_equal(format(out, text), depth == 64 ? 0 : SIO_ERR_FORMAT);
  }
  assert_int_equal(sio__json_check((char *)out->data, out->len, 64, NULL), 0);
  end(&f);
}

static void fill(struct test_mem *mem, void *user)
{
  static const char long_text[] =
      "a text that is long enough to need more than the first small block";
  struct sio__buf out;
  int error;

  (void)user;
  sio__buf_init(&out, &mem->allocator, SIZE_MAX);
  error = format(&out, "{a: %s, 'b\n': [%s, %s, 'c\n', raw %s], d: %f}",
                 long_text, long_text, long_text, "\"x\"", 0.25);
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  assert_int_equal(out.len == 0, mem->fired);
  assert_int_equal(out.error, 0);
  sio__buf_dispose(&out);
}

static void test_formats_survive_every_failed_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(fill, NULL) > 2);
}

static void test_a_format_that_does_not_fit_is_taken_back(void **state)
{
  static const char want[] = "{\"a\":\"it's \\n\",\"b\":[1,2.5,true]}";
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  for (size_t max = 0; max < sizeof want + 4; max++) {
    int error;

    test_mem_init(&mem, TEST_MEM_NEVER);
    sio__buf_init(&out, &mem.allocator, max);
    error = format(&out, "{a: 'it\\'s \n', b: [%d, %f, bool %d]}", 1, 2.5, 1);
    if (max < sizeof want - 1)
      assert_int_equal(error, SIO_ERR_LIMIT);
    if (max >= sizeof want + 3)
      assert_int_equal(error, 0);
    assert_int_equal(out.len, error == 0 ? sizeof want - 1 : 0);
    sio__buf_dispose(&out);
    test_mem_check(&mem);
  }
  sio__buf_init(&out, &mem.allocator, 1);
  sio__buf_text(&out, "too long");
  assert_int_equal(format(&out, "1"), SIO_ERR_LIMIT); /* it stays broken */
  assert_int_equal(out.error, SIO_ERR_LIMIT);
  sio__buf_dispose(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_json_goes_through_without_blanks),
      cmocka_unit_test(test_malformed_formats_leave_the_buffer_alone),
      cmocka_unit_test(test_strings_are_quoted),
      cmocka_unit_test(test_integers_have_every_length),
      cmocka_unit_test(test_doubles_booleans_and_raw_text),
      cmocka_unit_test(test_a_message_with_everything_is_valid_json),
      cmocka_unit_test(test_nesting_ends_at_64),
      cmocka_unit_test(test_formats_survive_every_failed_allocation),
      cmocka_unit_test(test_a_format_that_does_not_fit_is_taken_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
