/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/cookie.h"
#include <sio/error.h>

static const char long_text[] = "/a/path/that/does/not/fit/into/the/first/"
                                "piece/of/memory/that/a/buffer/takes";

/* Expect the one header that a cookie with these options makes. */
static void expect_header(const sio_cookie_options *options, const char *value,
                          const char *want)
{
  struct test_mem mem;
  struct sio_headers out;
  sio_cookie_options *copy;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__fields_init(&out, &mem.allocator);
  assert_null(sio__cookie_problem(options));
  assert_int_equal(sio__cookie_copy(options, &mem.allocator, &copy), 0);
  sio__cookie_add(&out, copy, sio_s(value));
  assert_int_equal(out.lines.error, 0);
  sio__buf_byte(&out.lines, 0);
  assert_string_equal(out.lines.data, want);
  sio__cookie_free(copy, &mem.allocator);
  sio__fields_dispose(&out);
  test_mem_check(&mem);
}

static void test_by_default_it_is_a_cookie_for_the_session(void **state)
{
  sio_cookie_options options;

  (void)state;
  sio_cookie_options_init(&options);
  assert_int_equal(options.size, sizeof options);
  expect_header(&options, "Xk3_-9",
                "Set-Cookie: io=Xk3_-9; Path=/; HttpOnly; SameSite=Lax\r\n");
}

static void test_all_attributes_have_their_order(void **state)
{
  sio_cookie_options options;

  (void)state;
  sio_cookie_options_init(&options);
  options.name = "__Host-sid";
  options.path = "/chat room";
  options.domain = ".example.com";
  options.max_age_s = 3600;
  options.expires_unix_s = 784111777;
  options.secure = 1;
  options.partitioned = 1;
  options.priority = SIO_COOKIE_PRIORITY_HIGH;
  options.same_site = SIO_SAME_SITE_NONE;
  expect_header(&options, "v",
                "Set-Cookie: __Host-sid=v; Max-Age=3600; Domain=.example.com; "
                "Path=/chat room; Expires=Sun, 06 Nov 1994 08:49:37 GMT; "
                "HttpOnly; Secure; Partitioned; Priority=High; "
                "SameSite=None\r\n");
}

static void test_each_attribute_can_be_alone(void **state)
{
  static const struct {
    sio_cookie_options options;
    const char *want;
  } cases[] = {
      {{.max_age_s = -1}, ""},
      {{.max_age_s = 0}, "; Max-Age=0"},
      {{.max_age_s = INT64_MAX}, "; Max-Age=9223372036854775807"},
      {{.max_age_s = -1, .domain = "a.b"}, "; Domain=a.b"},
      {{.max_age_s = -1, .path = "/p"}, "; Path=/p"},
      {{.max_age_s = -1, .http_only = 1}, "; HttpOnly"},
      {{.max_age_s = -1, .secure = 1}, "; Secure"},
      {{.max_age_s = -1, .partitioned = 1}, "; Partitioned"},
      {{.max_age_s = -1, .priority = SIO_COOKIE_PRIORITY_LOW},
       "; Priority=Low"},
      {{.max_age_s = -1, .priority = SIO_COOKIE_PRIORITY_MEDIUM},
       "; Priority=Medium"},
      {{.max_age_s = -1, .priority = SIO_COOKIE_PRIORITY_HIGH},
       "; Priority=High"},
      {{.max_age_s = -1, .same_site = SIO_SAME_SITE_LAX}, "; SameSite=Lax"},
      {{.max_age_s = -1, .same_site = SIO_SAME_SITE_STRICT},
       "; SameSite=Strict"},
      {{.max_age_s = -1, .same_site = SIO_SAME_SITE_NONE}, "; SameSite=None"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio_cookie_options options = cases[i].options;
    char want[100] = "Set-Cookie: n=v";

    options.size = sizeof options;
    options.name = "n";
    options.expires_unix_s = -1;
    strcat(strcat(want, cases[i].want), "\r\n");
    expect_header(&options, "v", want);
  }
}

static void test_a_cookie_does_not_replace_another(void **state)
{
  static const char want[] =
      "Set-Cookie: other=1\r\n"
      "Set-Cookie: io=2; Path=/; HttpOnly; SameSite=Lax\r\n"
      "Set-Cookie: io=3; Path=/; HttpOnly; SameSite=Lax\r\n";
  sio_cookie_options options;
  struct test_mem mem;
  struct sio_headers out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__fields_init(&out, &mem.allocator);
  sio_cookie_options_init(&options);
  sio__fields_add(&out, sio_s("Set-Cookie"), sio_s("other=1"));
  sio__cookie_add(&out, &options, sio_s("2"));
  sio__cookie_add(&out, &options, sio_s("3"));
  assert_int_equal(out.lines.len, strlen(want));
  assert_memory_equal(out.lines.data, want, strlen(want));
  sio__fields_dispose(&out);
  test_mem_check(&mem);
}

static void test_the_value_is_a_uri_component(void **state)
{
  static const char unreserved[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
  static const char hex[] = "0123456789ABCDEF";
  struct test_mem mem;
  struct sio_headers out;
  sio_cookie_options options;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__fields_init(&out, &mem.allocator);
  sio_cookie_options_init(&options);
  for (unsigned c = 0; c < 256; c++) {
    char byte = (char)c;
    const sio_str value = {&byte, 1};
    char want[] = {'%', hex[c >> 4], hex[c & 15], ';', '\0'};
    const char *start;

    if (c != 0 && strchr(unreserved, (int)c) != NULL) {
      want[0] = byte;
      want[1] = ';';
      want[2] = '\0';
    }
    sio__fields_reset(&out, 1000);
    sio__cookie_add(&out, &options, value);
    start = (const char *)out.lines.data + strlen("Set-Cookie: io=");
    assert_memory_equal(start, want, strlen(want));
  }
  sio__fields_dispose(&out);
  expect_header(&options, "",
                "Set-Cookie: io=; Path=/; HttpOnly; SameSite=Lax\r\n");
  expect_header(&options, "a\r\nb;\xe2\x82\xac",
                "Set-Cookie: io=a%0D%0Ab%3B%E2%82%AC; Path=/; HttpOnly; "
                "SameSite=Lax\r\n");
  test_mem_check(&mem);
}

/* ---- Dates ---- */

static void expect_date(int64_t unix_s, const char *want)
{
  sio_cookie_options options = {.size = sizeof options,
                                .name = "n",
                                .max_age_s = -1,
                                .expires_unix_s = unix_s};
  char header[100] = "Set-Cookie: n=v; Expires=";

  strcat(strcat(header, want), "\r\n");
  expect_header(&options, "v", header);
}

static void test_dates_are_written_as_in_http(void **state)
{
  (void)state;
  expect_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
  expect_date(86399, "Thu, 01 Jan 1970 23:59:59 GMT");
  expect_date(86400, "Fri, 02 Jan 1970 00:00:00 GMT");
  expect_date(68169600, "Tue, 29 Feb 1972 00:00:00 GMT");
  expect_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
  expect_date(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
  expect_date(978307199, "Sun, 31 Dec 2000 23:59:59 GMT");
  expect_date(1709164800, "Thu, 29 Feb 2024 00:00:00 GMT");
  expect_date(2147483648, "Tue, 19 Jan 2038 03:14:08 GMT");
  expect_date(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
  expect_date(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* The calendar, a day at a time; in each month of each year the first day and
 * the last are compared. */
static void test_every_month_up_to_the_year_9999_is_right(void **state)
{
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
                                       "May", "Jun", "Jul", "Aug",
                                       "Sep", "Oct", "Nov", "Dec"};
  static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun",
                                         "Mon", "Tue", "Wed"};
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  sio_cookie_options options = {.name = "n", .max_age_s = -1};
  struct sio_headers out;
  int64_t days = 0;

  (void)state;
  sio__fields_init(&out, &sio__mem_default);
  for (int year = 1970; year <= 9999; year++) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    for (int month = 0; month < 12; month++) {
      int n = lengths[month] + (month == 1 && leap);

      for (int day = 1; day <= n; day += n - 1) {
        int64_t today = days + day - 1;
        char want[64];

        snprintf(want, sizeof want, "n=; Expires=%s, %02d %s %d 23:00:59",
                 weekdays[today % 7], day, months[month], year);
        options.expires_unix_s = today * 86400 + 23 * 3600 + 59;
        sio__fields_reset(&out, 1000);
        sio__cookie_add(&out, &options, sio_s(""));
        if (memcmp(out.lines.data + 12, want, strlen(want)) != 0)
          fail_msg("not as expected: %s", want);
      }
      days += n;
    }
  }
  sio__fields_dispose(&out);
}

/* ---- Options ---- */

static void test_what_is_not_possible_is_named(void **state)
{
  sio_cookie_options good, bad;

  (void)state;
  sio_cookie_options_init(&good);
  assert_null(sio__cookie_problem(&good));
  assert_null(sio__cookie_problem(NULL));

#define EXPECT_BAD(field, wrong)                                               \
  (bad = good, bad.field = (wrong),                                            \
   assert_string_equal(sio__cookie_problem(&bad), "cookie." #field))
#define EXPECT_GOOD(field, right)                                              \
  (bad = good, bad.field = (right), assert_null(sio__cookie_problem(&bad)))

  EXPECT_BAD(size, 0);
  EXPECT_BAD(size, sizeof(size_t) - 1);
  EXPECT_BAD(name, NULL);
  EXPECT_BAD(name, "");
  EXPECT_BAD(name, "a b");
  EXPECT_BAD(name, "a=b");
  EXPECT_BAD(name, "a;b");
  EXPECT_BAD(name, "a\r\nb");
  EXPECT_BAD(path, "");
  EXPECT_BAD(domain, "");
  EXPECT_GOOD(path, NULL);
  EXPECT_GOOD(domain, NULL);
  EXPECT_BAD(max_age_s, -2);
  EXPECT_BAD(max_age_s, INT64_MIN);
  EXPECT_GOOD(max_age_s, INT64_MAX);
  EXPECT_BAD(expires_unix_s, -2);
  EXPECT_BAD(expires_unix_s, 253402300800);
  EXPECT_GOOD(expires_unix_s, 253402300799);
  EXPECT_BAD(http_only, 2);
  EXPECT_BAD(secure, 2);
  EXPECT_BAD(partitioned, UINT32_MAX);
  EXPECT_GOOD(partitioned, 1); /* without `secure`: the host's affair */
  EXPECT_BAD(priority, 4);
  EXPECT_BAD(same_site, 4);
  EXPECT_GOOD(same_site, SIO_SAME_SITE_NONE);
  for (unsigned c = 1; c < 256; c++) {
    const char text[] = {'a', (char)c, 'z', '\0'};

    if (c < 0x20 || c >= 0x7f || c == ';') {
      EXPECT_BAD(path, text);
      EXPECT_BAD(domain, text);
    } else {
      EXPECT_GOOD(path, text);
      EXPECT_GOOD(domain, text);
    }
  }
#undef EXPECT_BAD
#undef EXPECT_GOOD
}

static void test_defaults_fill_as_much_as_there_is(void **state)
{
  sio_cookie_options whole;

  (void)state;
  sio_cookie_options_init_sized(NULL, sizeof whole);
  sio_cookie_options_init(&whole);
  for (size_t size = 0; size <= sizeof whole + 16; size++) {
    uint8_t before[sizeof whole + 16];
    uint8_t *block;

    memset(before, 0xab, sizeof before);
    block = test_exact(before, size);
    sio_cookie_options_init_sized((void *)block, size);
    if (size < sizeof whole.size) {
      assert_true(size == 0 || memcmp(block, before, size) == 0);
    } else {
      size_t known = size < sizeof whole ? size : sizeof whole;

      assert_memory_equal(block, &size, sizeof size);
      assert_memory_equal(block + sizeof size, (uint8_t *)&whole + sizeof size,
                          known - sizeof size);
      for (size_t i = known; i < size; i++)
        assert_int_equal(block[i], 0);
    }
    free(block);
  }
}

static void test_an_older_caller_gets_the_defaults_of_the_rest(void **state)
{
  sio_cookie_options whole, *copy;
  uint8_t *older;
  size_t size = offsetof(sio_cookie_options, domain);

  (void)state;
  sio_cookie_options_init(&whole);
  whole.size = size;
  whole.name = "old";
  whole.path = NULL;
  older = test_exact(&whole, size);
  assert_null(sio__cookie_problem((void *)older));
  assert_int_equal(sio__cookie_copy((void *)older, &sio__mem_default, &copy),
                   0);
  assert_int_equal(copy->size, sizeof *copy);
  assert_string_equal(copy->name, "old");
  assert_null(copy->path);
  assert_int_equal(copy->max_age_s, -1);
  assert_int_equal(copy->http_only, 1);
  assert_int_equal(copy->same_site, SIO_SAME_SITE_LAX);
  sio__cookie_free(copy, &sio__mem_default);
  free(older);
}

static void test_a_newer_caller_is_understood_as_far_as_known(void **state)
{
  struct {
    sio_cookie_options options;
    uint64_t later;
  } newer;
  sio_cookie_options *copy;

  (void)state;
  sio_cookie_options_init_sized(&newer.options, sizeof newer);
  assert_int_equal(newer.later, 0);
  newer.later = UINT64_MAX;
  newer.options.secure = 1;
  assert_null(sio__cookie_problem(&newer.options));
  assert_int_equal(sio__cookie_copy(&newer.options, &sio__mem_default, &copy),
                   0);
  assert_int_equal(copy->size, sizeof *copy);
  assert_int_equal(copy->secure, 1);
  sio__cookie_free(copy, &sio__mem_default);
}

static void test_a_copy_needs_nothing_of_the_host(void **state)
{
  char name[] = "name", path[] = "/path", domain[] = "domain";
  struct test_mem mem;
  sio_cookie_options options, *copy;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_cookie_options_init(&options);
  options.name = name;
  options.path = path;
  options.domain = domain;
  assert_int_equal(sio__cookie_copy(&options, &mem.allocator, &copy), 0);
  memset(name, 'x', 4);
  memset(path, 'x', 5);
  memset(domain, 'x', 6);
  assert_string_equal(copy->name, "name");
  assert_string_equal(copy->path, "/path");
  assert_string_equal(copy->domain, "domain");
  assert_int_equal(mem.live_blocks, 1);
  sio__cookie_free(copy, &mem.allocator);
  test_mem_check(&mem);
}

static void test_no_options_are_no_copy(void **state)
{
  struct test_mem mem;
  sio_cookie_options options, *copy = &options;

  (void)state;
  test_mem_init(&mem, 0);
  assert_int_equal(sio__cookie_copy(NULL, &mem.allocator, &copy), 0);
  assert_null(copy);
  sio__cookie_free(copy, &mem.allocator);
  assert_int_equal(mem.calls, 0);
}

static void copy_and_write(struct test_mem *mem, void *user)
{
  sio_cookie_options options, *copy = &options;
  struct sio_headers out;
  int rv;

  (void)user;
  sio_cookie_options_init(&options);
  options.path = long_text;
  rv = sio__cookie_copy(&options, &mem->allocator, &copy);
  assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
  if (rv != 0) {
    assert_null(copy);
    return;
  }
  sio__fields_init(&out, &mem->allocator);
  sio__fields_add(&out, sio_s("A"), sio_s("1"));
  sio__cookie_add(&out, copy, sio_s("value"));
  assert_int_equal(out.lines.error, mem->fired ? SIO_ERR_NOMEM : 0);
  if (mem->fired) /* the cookie is not there by half */
    assert_true(out.lines.len == 0 || out.lines.len == strlen("A: 1\r\n"));
  else
    assert_true(out.lines.len > sizeof long_text);
  sio__fields_dispose(&out);
  sio__cookie_free(copy, &mem->allocator);
}

static void test_out_of_memory_is_an_error(void **state)
{
  (void)state;
  assert_true(test_every_allocation(copy_and_write, NULL) > 3);
}

/* ---- Finding one ---- */

/* Whether a header has it with this value; `want` NULL: it has it not. */
static void assert_found(const char *header, const char *name, const char *want)
{
  size_t len = strlen(header);
  uint8_t *exact = test_exact(header, len);
  sio_str text = {(const char *)exact, len}, value = {NULL, 0};

  assert_int_equal(sio__cookie_find(text, name, &value), want != NULL);
  if (want != NULL)
    assert_true(sio_str_is(value, want));
  free(exact);
}

static void test_a_cookie_is_found_by_its_whole_name(void **state)
{
  (void)state;
  assert_found("a=1", "a", "1");
  assert_found("aa=1; a=2; a=3", "a", "2");
  assert_found("b=a=5;\ta = x=y \t;c", "a", "x=y");
  assert_found("a=\"q\"", "a", "q");
  assert_found("a=\"", "a", "\"");
  assert_found("a=", "a", "");
  assert_found("A=1; a; =a; ;", "a", NULL);
  assert_found("", "a", NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_by_default_it_is_a_cookie_for_the_session),
      cmocka_unit_test(test_all_attributes_have_their_order),
      cmocka_unit_test(test_each_attribute_can_be_alone),
      cmocka_unit_test(test_a_cookie_does_not_replace_another),
      cmocka_unit_test(test_the_value_is_a_uri_component),
      cmocka_unit_test(test_dates_are_written_as_in_http),
      cmocka_unit_test(test_every_month_up_to_the_year_9999_is_right),
      cmocka_unit_test(test_what_is_not_possible_is_named),
      cmocka_unit_test(test_defaults_fill_as_much_as_there_is),
      cmocka_unit_test(test_an_older_caller_gets_the_defaults_of_the_rest),
      cmocka_unit_test(test_a_newer_caller_is_understood_as_far_as_known),
      cmocka_unit_test(test_a_copy_needs_nothing_of_the_host),
      cmocka_unit_test(test_no_options_are_no_copy),
      cmocka_unit_test(test_out_of_memory_is_an_error),
      cmocka_unit_test(test_a_cookie_is_found_by_its_whole_name),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
