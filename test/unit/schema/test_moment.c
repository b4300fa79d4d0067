/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/moment.h"

static bool reads(const char *text, int64_t *ms)
{
  size_t len = strlen(text);
  char *exact = (char *)test_exact(text, len);
  bool ok = sio__moment_read(exact, len, ms);

  free(exact);
  return ok;
}

static void test_moments_are_milliseconds_since_1970_in_utc(void **state)
{
  static const struct {
    const char *text;
    int64_t ms;
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00.001z", 1},
      {"1969-12-31T23:59:59.999Z", -1},
      {"2001-09-09T01:46:40Z", INT64_C(1000000000000)},
      {"2001-09-09T03:16:40+01:30", INT64_C(1000000000000)},
      {"2001-09-08T20:46:40-05:00", INT64_C(1000000000000)},
      {"2000-02-29T00:00:00.5Z", INT64_C(951782400500)},
      {"2000-03-01T00:00:00.9999999999Z", INT64_C(951868800999)},
      {"1900-03-01T00:00:00Z", INT64_C(-2203891200000)},
      {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
      {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
      {"1970-01-01T00:00:00-00:00", 0},
      /* Leap seconds are the first second of the next day. */
      {"1990-12-31T23:59:60Z", INT64_C(662688000000)},
      {"1990-12-31T15:59:60.25-08:00", INT64_C(662688000250)},
      {"1991-01-01T23:59:60+00:00", INT64_C(662774400000)},
      {"1991-01-01T00:29:60+00:30", INT64_C(662688000000)},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t ms;

    if (!reads(cases[i].text, &ms) || ms != cases[i].ms)
      fail_msg("%s: %lld", cases[i].text, (long long)ms);
  }
}

static void test_what_is_no_date_time_is_refused(void **state)
{
  static const char *const cases[] = {
      "",
      "2024",
      "2024-01-01",
      "2024-01-01T00:00:00",
      "2024-01-01T00:00Z",
      "2024-01-01 00:00:00Z",
      "2024-1-01T00:00:00Z",
      "2024-00-01T00:00:00Z",
      "2024-13-01T00:00:00Z",
      "2024-01-00T00:00:00Z",
      "2024-01-32T00:00:00Z",
      "2024-04-31T00:00:00Z",
      "2023-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2024-01-01T24:00:00Z",
      "2024-01-01T00:60:00Z",
      "2024-01-01T00:00:61Z",
      "2024-01-01T00:00:60Z",
      "2024-01-01T23:58:60Z",
      "2024-01-01T23:59:60+01:00",
      "2024-01-01T00:00:00.Z",
      "2024-01-01T00:00:00,5Z",
      "2024-01-01T00:00:00+0100",
      "2024-01-01T00:00:00+01",
      "2024-01-01T00:00:00+24:00",
      "2024-01-01T00:00:00+01:60",
      "2024-01-01T00:00:00Zz",
      "2024-01-01T00:00:00Z ",
      " 2024-01-01T00:00:00Z",
      "+002024-01-01T00:00:00Z",
      "2024-01-01T00:00:0",
      "2024-01-01T00:00:00+01:0",
      "2024-01-01T00:00:00.5",
  };
  int64_t ms;

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (reads(cases[i], &ms))
      fail_msg("\"%s\" was taken", cases[i]);
  }
  assert_false(sio__moment_read("2024-01-01T00:00:00\0Z", 21, &ms));
}

static void test_what_is_written_reads_back(void **state)
{
  char text[SIO__MOMENT_LEN];
  uint32_t seed = 5;

  (void)state;
  sio__moment_write(INT64_C(1000000000123), text);
  assert_memory_equal(text, "2001-09-09T01:46:40.123Z", SIO__MOMENT_LEN);
  sio__moment_write(INT64_C(-62167219200000), text);
  assert_memory_equal(text, "0000-01-01T00:00:00.000Z", SIO__MOMENT_LEN);
  sio__moment_write(INT64_C(253402300799999), text);
  assert_memory_equal(text, "9999-12-31T23:59:59.999Z", SIO__MOMENT_LEN);
  for (int i = 0; i < 20000; i++) {
    uint64_t far = (uint64_t)test_random(&seed) << 32 | test_random(&seed);
    int64_t ms =
        INT64_C(-62167219200000) + (int64_t)(far % UINT64_C(315569520000000));
    int64_t again;

    sio__moment_write(ms, text);
    assert_true(sio__moment_read(text, sizeof text, &again));
    assert_int_equal(again, ms);
  }
}

/* Both ends of each year. */
static void test_each_day_of_new_year_is_written(void **state)
{
  char text[SIO__MOMENT_LEN];
  char want[32];
  int64_t ms;

  (void)state;
  for (int year = 0; year <= 9999; year++) {
    (void)snprintf(want, sizeof want, "%04d-01-01T00:00:00.000Z", year);
    assert_true(sio__moment_read(want, SIO__MOMENT_LEN, &ms));
    sio__moment_write(ms, text);
    assert_memory_equal(text, want, SIO__MOMENT_LEN);
    if (year == 0)
      continue;
    (void)snprintf(want, sizeof want, "%04d-12-31T23:59:59.999Z", year - 1);
    sio__moment_write(ms - 1, text);
    assert_memory_equal(text, want, SIO__MOMENT_LEN);
  }
}

static void test_only_four_digits_of_a_year_can_be_written(void **state)
{
  int64_t ms;

  (void)state;
  assert_true(sio__moment_can_write(0));
  assert_true(sio__moment_can_write(INT64_C(-62167219200000)));
  assert_false(sio__moment_can_write(INT64_C(-62167219200001)));
  assert_true(sio__moment_can_write(INT64_C(253402300799999)));
  assert_false(sio__moment_can_write(INT64_C(253402300800000)));
  assert_true(reads("9999-12-31T23:59:59-01:00", &ms));
  assert_false(sio__moment_can_write(ms));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_moments_are_milliseconds_since_1970_in_utc),
      cmocka_unit_test(test_what_is_no_date_time_is_refused),
      cmocka_unit_test(test_what_is_written_reads_back),
      cmocka_unit_test(test_each_day_of_new_year_is_written),
      cmocka_unit_test(test_only_four_digits_of_a_year_can_be_written),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
