/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/conditional.h"

#include <stdlib.h>

static sio_str exact(const char *text)
{
  size_t len = strlen(text);
  sio_str s = {(const char *)test_exact(text, len), len};

  return s;
}

static void drop(sio_str s)
{
  free((void *)(uintptr_t)s.data);
}

/* ---- Dates ---- */

static uint64_t parse(const char *text)
{
  sio_str s = exact(text);
  uint64_t seconds = sio__http_date_parse(s);

  drop(s);
  return seconds;
}

static void test_the_three_formats_of_a_date_are_read(void **state)
{
  (void)state;
  assert_int_equal(parse("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  assert_int_equal(parse("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  assert_int_equal(parse("Sun Nov  6 08:49:37 1994"), 784111777);
  assert_int_equal(parse("Wed Nov 16 08:49:37 1994"), 784111777 + 864000);
}

static void test_dates_are_those_of_the_calendar(void **state)
{
  static const struct {
    const char *text;
    uint64_t seconds;
  } dates[] = {
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Thu, 01 Jan 1970 00:00:01 GMT", 1},
      {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
      {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
      {"Sun, 31 Dec 2023 23:59:59 GMT", 1704067199},
      {"Mon, 01 Jan 2024 00:00:00 GMT", 1704067200},
      {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
      {"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
      {"Sun, 28 Feb 2100 00:00:00 GMT", 4107456000},
      {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
  };
  char out[SIO__HTTP_DATE_SIZE];

  (void)state;
  for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
    assert_int_equal(parse(dates[i].text), dates[i].seconds);
    sio__http_date_write(dates[i].seconds, out);
    assert_string_equal(out, dates[i].text);
  }
}

static void test_every_written_date_is_read_again(void **state)
{
  char out[SIO__HTTP_DATE_SIZE];
  uint32_t random = 7;

  (void)state;
  for (int i = 0; i < 20000; i++) {
    uint64_t seconds = (uint64_t)test_random(&random) * 59 + (uint64_t)i;

    sio__http_date_write(seconds, out);
    assert_int_equal(parse(out), seconds);
  }
}

static void test_what_is_beyond_the_last_year_is_its_last_second(void **state)
{
  char out[SIO__HTTP_DATE_SIZE];

  (void)state;
  sio__http_date_write(253402300800, out);
  assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
  sio__http_date_write(UINT64_MAX, out);
  assert_string_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void test_two_digits_of_a_year_are_of_this_time(void **state)
{
  (void)state;
  assert_int_equal(parse("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
  assert_int_equal(parse("Monday, 01-Jan-24 00:00:00 GMT"), 1704067200);
  assert_int_equal(parse("Monday, 01-Jan-69 00:00:00 GMT"), 3124224000);
}

static void test_what_is_no_date_is_none(void **state)
{
  static const char *const texts[] = {
      "",
      "Sun",
      "Sun,",
      "Sun, ",
      "Sun ",
      "784111777",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 GMT+1",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 94 08:49:37 GMT",
      "Sun, 06-Nov-1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 1994 08-49-37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT",
      "Wed, 29 Feb 2023 08:49:37 GMT",
      "Mon, 29 Feb 2100 08:49:37 GMT",
      "Wed, 31 Dec 1969 23:59:59 GMT",
      "Sun Nov 6 08:49:37 1994",
      "Sun Nov  6 08:49:37 94",
      "Sun Nov  6 08:49:37 1994 ",
      "Sun  Nov  6 08:49:37 1994",
  };

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (parse(texts[i]) != SIO_NEVER)
      fail_msg("taken for a date: %s", texts[i]);
  }
}

/* ---- Entity tags ---- */

static bool lists(const char *list, const char *etag, bool strong)
{
  sio_str a = exact(list), b = exact(etag);
  bool listed = sio__etag_is_listed(a, b, strong);

  drop(a);
  drop(b);
  return listed;
}

static void test_a_tag_is_found_in_a_list(void **state)
{
  static const char *const lists_with_it[] = {
      "\"a\"",       "W/\"a\"",       "\"b\", \"a\"",
      "\"b\",\"a\"", "\"a\", \"b\"",  "\"b\" , W/\"a\"",
      ", ,\"a\"",    "\"b,\", \"a\"", "\"\",\"a\"",
      "*",           "\"a\" ",        "\"b\"\t,\t\"a\""};
  static const char *const lists_without[] = {
      "",           "a",         "\"b\"",       "\"A\"",           "\"a",
      "a\"",        "\"aa\"",    "\"b\" \"a\"", "b, \"a\"",        "w/\"a\"",
      "W/ \"a\"",   "**",        "*, \"b\"",    "\"b\"; \"a\"",    "W/",
      "\"b, \"a\"", "\"a\x01\"", "W",           "\"b\x7f\", \"a\""};

  (void)state;
  for (size_t i = 0; i < sizeof lists_with_it / sizeof *lists_with_it; i++) {
    if (!lists(lists_with_it[i], "\"a\"", false))
      fail_msg("not found in %s", lists_with_it[i]);
  }
  for (size_t i = 0; i < sizeof lists_without / sizeof *lists_without; i++) {
    if (lists(lists_without[i], "\"a\"", false))
      fail_msg("found in %s", lists_without[i]);
  }
}

static void test_weak_tags_match_only_weakly(void **state)
{
  (void)state;
  assert_true(lists("\"a\"", "\"a\"", true));
  assert_false(lists("W/\"a\"", "\"a\"", true));
  assert_false(lists("\"a\"", "W/\"a\"", true));
  assert_false(lists("W/\"a\"", "W/\"a\"", true));
  assert_true(lists("W/\"a\", \"a\"", "\"a\"", true));
  assert_true(lists("*", "W/\"a\"", true));
  assert_true(lists("\"a\"", "W/\"a\"", false));
  assert_true(lists("W/\"a\"", "W/\"a\"", false));
}

/* ---- Ranges ---- */

static void expect_range(const char *text, uint64_t size, uint64_t first,
                         uint64_t len)
{
  struct sio__part part = {SIO_NEVER, SIO_NEVER};
  sio_str s = exact(text);

  if (sio__range_parse(s, size, &part) != RANGE_PART)
    fail_msg("no range: %s", text);
  drop(s);
  assert_int_equal(part.first, first);
  assert_int_equal(part.len, len);
}

static void expect_no_range(const char *text, uint64_t size,
                            enum sio__range want)
{
  struct sio__part part = {7, 7};
  sio_str s = exact(text);

  if (sio__range_parse(s, size, &part) != want)
    fail_msg("not taken so: %s", text);
  drop(s);
  assert_int_equal(part.first, 7); /* untouched */
  assert_int_equal(part.len, 7);
}

static void test_a_range_is_cut_to_what_there_is(void **state)
{
  (void)state;
  expect_range("bytes=0-0", 10, 0, 1);
  expect_range("bytes=0-9", 10, 0, 10);
  expect_range("bytes=2-5", 10, 2, 4);
  expect_range("bytes=9-9", 10, 9, 1);
  expect_range("bytes=9-10", 10, 9, 1);
  expect_range("bytes=0-", 10, 0, 10);
  expect_range("bytes=7-", 10, 7, 3);
  expect_range("bytes=-3", 10, 7, 3);
  expect_range("bytes=-10", 10, 0, 10);
  expect_range("bytes=-11", 10, 0, 10);
  expect_range("Bytes=1-1", 10, 1, 1);
  expect_range("bytes= 1-1", 10, 1, 1);
  expect_range("bytes=007-8", 10, 7, 2);
  expect_range("bytes=5-99999999999999999999999", 10, 5, 5);
  expect_range("bytes=5-18446744073709551615", 10, 5, 5);
  expect_range("bytes=-99999999999999999999999", 10, 0, 10);
  expect_range("bytes=5000000000-5000000001", 6000000000, 5000000000, 2);
}

static void test_a_range_without_bytes_is_nowhere(void **state)
{
  (void)state;
  expect_no_range("bytes=10-10", 10, RANGE_NOWHERE);
  expect_no_range("bytes=10-", 10, RANGE_NOWHERE);
  expect_no_range("bytes=99999999999999999999999-", 10, RANGE_NOWHERE);
  expect_no_range("bytes=-0", 10, RANGE_NOWHERE);
  expect_no_range("bytes=0-", 0, RANGE_NOWHERE);
  expect_no_range("bytes=0-0", 0, RANGE_NOWHERE);
}

static void test_what_is_not_one_range_of_bytes_is_ignored(void **state)
{
  static const char *const texts[] = {
      "",           "bytes",       "bytes=",      "bytes=-",    "bytes=--1",
      "bytes=1",    "bytes=2-1",   "bytes=a-b",   "bytes=1-b",  "bytes=1-2-",
      "items=0-1",  "bytes 0-1",   "bytes=0-1,3", "bytes=-1,",  "bytes=0-1 ",
      "bytes=+0-1", "bytes=0x0-1", "bytes=0 -1",  "bytes=0- 1", "bytes=-a"};

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    expect_no_range(texts[i], 10, RANGE_WHOLE);
  expect_no_range("bytes=-5", 0, RANGE_WHOLE);
}

/* ---- All together ---- */

static const char before[] = "Sun, 06 Nov 1994 08:49:36 GMT";
static const char then[] = "Sun, 06 Nov 1994 08:49:37 GMT";
static const char after[] = "Sun, 06 Nov 1994 08:49:38 GMT";

static struct sio__representation thing(const char *etag)
{
  struct sio__representation have = {sio_s(etag), 784111777, 10};

  return have;
}

static int judge(const struct sio__conditions *conditions,
                 struct sio__part *part)
{
  struct sio__representation have = thing("\"a\"");

  return sio__conditional(conditions, &have, part);
}

static int status(const struct sio__conditions *conditions)
{
  struct sio__part part;

  return judge(conditions, &part);
}

static void test_without_conditions_all_is_sent(void **state)
{
  const struct sio__conditions none = {.if_range = sio_s("\"b\"")};
  struct sio__part part;

  (void)state;
  assert_int_equal(judge(&none, &part), 200);
  assert_int_equal(part.first, 0);
  assert_int_equal(part.len, 10);
}

static void test_what_the_client_has_is_not_sent(void **state)
{
  (void)state;
  assert_int_equal(
      status(&(struct sio__conditions){.if_none_match = sio_s("W/\"a\"")}),
      304);
  assert_int_equal(
      status(&(struct sio__conditions){.if_none_match = sio_s("\"b\"")}), 200);
  assert_int_equal(
      status(&(struct sio__conditions){.if_modified_since = sio_s(before)}),
      200);
  assert_int_equal(
      status(&(struct sio__conditions){.if_modified_since = sio_s(then)}), 304);
  assert_int_equal(
      status(&(struct sio__conditions){.if_modified_since = sio_s(after)}),
      304);
  assert_int_equal(
      status(&(struct sio__conditions){.if_modified_since = sio_s("soon")}),
      200);
}

static void test_tags_count_more_than_dates(void **state)
{
  (void)state;
  assert_int_equal(
      status(&(struct sio__conditions){.if_none_match = sio_s("\"b\""),
                                       .if_modified_since = sio_s(after)}),
      200);
  assert_int_equal(
      status(&(struct sio__conditions){.if_match = sio_s("\"a\""),
                                       .if_unmodified_since = sio_s(before)}),
      200);
}

static void test_a_wish_for_another_thing_fails(void **state)
{
  (void)state;
  assert_int_equal(
      status(&(struct sio__conditions){.if_match = sio_s("\"b\"")}), 412);
  assert_int_equal(
      status(&(struct sio__conditions){.if_match = sio_s("W/\"a\"")}), 412);
  assert_int_equal(status(&(struct sio__conditions){.if_match = sio_s("*")}),
                   200);
  assert_int_equal(
      status(&(struct sio__conditions){.if_unmodified_since = sio_s(before)}),
      412);
  assert_int_equal(
      status(&(struct sio__conditions){.if_unmodified_since = sio_s(then)}),
      200);
  assert_int_equal(
      status(&(struct sio__conditions){.if_match = sio_s("\"b\""),
                                       .if_none_match = sio_s("\"a\"")}),
      412);
}

static void test_a_range_is_sent_if_the_thing_is_the_same(void **state)
{
  static const struct {
    const char *if_range;
    int status;
  } cases[] = {{"\"a\"", 206}, {"W/\"a\"", 200},     {"\"b\"", 200},
               {"", 200},      {then, 206},          {after, 200},
               {before, 200},  {"soon", 200},        {"*", 200},
               {"\"a", 200},   {"\"a\", \"b\"", 200}};
  struct sio__conditions c = {.range = sio_s("bytes=2-3")};
  struct sio__part part;

  (void)state;
  assert_int_equal(judge(&c, &part), 206);
  assert_int_equal(part.first, 2);
  assert_int_equal(part.len, 2);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    c.if_range = sio_s(cases[i].if_range);
    assert_int_equal(judge(&c, &part), cases[i].status);
    assert_int_equal(part.len, cases[i].status == 206 ? 2 : 10);
  }
}

static void test_a_weak_tag_does_not_hold_ranges_together(void **state)
{
  const struct sio__conditions c = {.range = sio_s("bytes=2-3"),
                                    .if_range = sio_s("W/\"a\"")};
  struct sio__representation have = thing("W/\"a\"");
  struct sio__part part;

  (void)state;
  assert_int_equal(sio__conditional(&c, &have, &part), 200);
}

static void test_ranges_come_after_the_other_conditions(void **state)
{
  struct sio__conditions c = {.range = sio_s("bytes=10-"),
                              .if_none_match = sio_s("\"a\"")};

  (void)state;
  assert_int_equal(status(&c), 304);
  c.if_none_match = sio_s("\"b\"");
  assert_int_equal(status(&c), 416);
  c.range = sio_s("bytes=1-2,4-5");
  assert_int_equal(status(&c), 200);
}

static void test_without_a_date_no_date_matters(void **state)
{
  const struct sio__conditions since = {.if_modified_since = sio_s(after)};
  const struct sio__conditions unless = {.if_unmodified_since = sio_s(before)};
  const struct sio__conditions range = {.range = sio_s("bytes=2-3"),
                                        .if_range = sio_s("soon")};
  struct sio__representation have = thing("\"a\"");
  struct sio__part part;

  (void)state;
  have.modified = SIO_NEVER;
  assert_int_equal(sio__conditional(&since, &have, &part), 200);
  assert_int_equal(sio__conditional(&unless, &have, &part), 200);
  assert_int_equal(sio__conditional(&range, &have, &part), 200);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_three_formats_of_a_date_are_read),
      cmocka_unit_test(test_dates_are_those_of_the_calendar),
      cmocka_unit_test(test_every_written_date_is_read_again),
      cmocka_unit_test(test_what_is_beyond_the_last_year_is_its_last_second),
      cmocka_unit_test(test_two_digits_of_a_year_are_of_this_time),
      cmocka_unit_test(test_what_is_no_date_is_none),
      cmocka_unit_test(test_a_tag_is_found_in_a_list),
      cmocka_unit_test(test_weak_tags_match_only_weakly),
      cmocka_unit_test(test_a_range_is_cut_to_what_there_is),
      cmocka_unit_test(test_a_range_without_bytes_is_nowhere),
      cmocka_unit_test(test_what_is_not_one_range_of_bytes_is_ignored),
      cmocka_unit_test(test_without_conditions_all_is_sent),
      cmocka_unit_test(test_what_the_client_has_is_not_sent),
      cmocka_unit_test(test_tags_count_more_than_dates),
      cmocka_unit_test(test_a_wish_for_another_thing_fails),
      cmocka_unit_test(test_a_range_is_sent_if_the_thing_is_the_same),
      cmocka_unit_test(test_a_weak_tag_does_not_hold_ranges_together),
      cmocka_unit_test(test_ranges_come_after_the_other_conditions),
      cmocka_unit_test(test_without_a_date_no_date_matters),
  };

  return cmocka_run_group_tests_name("http/conditional", tests, NULL, NULL);
}
