/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sio/error.h>

/*
 * A second copy of the code under test, with a C library that speaks as in a
 * locale with a decimal comma, whichever locales the machine has.
 */
static double comma_strtod(const char *text, char **end)
{
  assert_null(strchr(text, '.')); /* it would stop reading there */
  return strtod(text, end);
}

static int comma_snprintf(char *out, size_t size, const char *format, ...)
{
  va_list args;
  int n;

  va_start(args, format);
  n = vsnprintf(out, size, format, args);
  va_end(args);
  for (char *at = strchr(out, '.'); at != NULL; at = strchr(at, '.'))
    *at = ',';
  return n;
}

#undef snprintf
#undef strtod
#define snprintf               comma_snprintf
#define strtod                 comma_strtod
#define sio__json_read_int64   comma_read_int64
#define sio__json_read_uint64  comma_read_uint64
#define sio__json_read_double  comma_read_double
#define sio__json_write_int64  comma_write_int64
#define sio__json_write_double comma_write_double
#include "json/number.c"
#undef snprintf
#undef strtod
#undef sio__json_read_int64
#undef sio__json_read_uint64
#undef sio__json_read_double
#undef sio__json_write_int64
#undef sio__json_write_double

/* The header has been read under the other names. */
int sio__json_read_int64(const char *text, size_t len, int64_t *out);
int sio__json_read_uint64(const char *text, size_t len, uint64_t *out);
int sio__json_read_double(const char *text, size_t len, double *out);
void sio__json_write_int64(struct sio__buf *out, int64_t number);
void sio__json_write_double(struct sio__buf *out, double number);

static int read_double(const char *text, double *out)
{
  size_t len = strlen(text);
  uint8_t *exact = test_exact(text, len);
  double comma;
  int error = sio__json_read_double((char *)exact, len, out);

  assert_int_equal(comma_read_double((char *)exact, len, &comma), error);
  assert_memory_equal(&comma, out, sizeof comma);
  free(exact);
  return error;
}

static void assert_reads(const char *text, double want)
{
  double got;

  assert_int_equal(read_double(text, &got), 0);
  if (memcmp(&got, &want, sizeof got) != 0)
    fail_msg("%s reads as %.17g, not %.17g", text, got, want);
}

/* The text of a number as JSON; the caller's buffer has 64 bytes. */
static void write_double(double number, char *text)
{
  struct test_mem mem;
  struct sio__buf out;
  size_t len;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, 1000);
  sio__json_write_double(&out, number);
  len = out.len;
  comma_write_double(&out, number);
  assert_int_equal(out.len, 2 * len);
  assert_memory_equal(out.data, out.data + len, len);
  assert_true(len < 64);
  memcpy(text, out.data, len);
  text[len] = '\0';
  sio__buf_dispose(&out);
  test_mem_check(&mem);
}

static void test_integers_are_read_to_their_limits(void **state)
{
  static const struct {
    const char *text;
    bool is_int64;
    int64_t i;
    bool is_uint64;
    uint64_t u;
  } cases[] = {
      {"0", true, 0, true, 0},
      {"-0", true, 0, true, 0},
      {"-0.0e5", true, 0, true, 0},
      {"7", true, 7, true, 7},
      {"-1", true, -1, false, 0},
      {"1.0", true, 1, true, 1},
      {"1e2", true, 100, true, 100},
      {"1.50e1", true, 15, true, 15},
      {"1500e-2", true, 15, true, 15},
      {"10.010e3", true, 10010, true, 10010},
      {"0.00001e5", true, 1, true, 1},
      {"1e0000000000000000000000000000000000000001", true, 10, true, 10},
      {"1.5", false, 0, false, 0},
      {"1e-1", false, 0, false, 0},
      {"123456789012345678", true, 123456789012345678, true,
       123456789012345678},
      {"9223372036854775807", true, INT64_MAX, true, INT64_MAX},
      {"9223372036854775808", false, 0, true, UINT64_C(9223372036854775808)},
      {"-9223372036854775808", true, INT64_MIN, false, 0},
      {"-9223372036854775809", false, 0, false, 0},
      {"18446744073709551615", false, 0, true, UINT64_MAX},
      {"18446744073709551616", false, 0, false, 0},
      {"1844674407370955161.50e1", false, 0, true, UINT64_MAX},
      {"18446744073709551615.5", false, 0, false, 0},
      {"100000000000000000000", false, 0, false, 0},
      {"500000000000000000001", false, 0, false, 0},
      {"1e19", false, 0, true, UINT64_C(10000000000000000000)},
      {"2e19", false, 0, false, 0},
      {"1e20", false, 0, false, 0},
      {"1e99999999999999999999999", false, 0, false, 0},
      {"0e99999999999999999999999", true, 0, true, 0},
      {"1e-99999999999999999999999", false, 0, false, 0},
      {"10000000000000000000000000000000001", false, 0, false, 0},
      {"1.0000000000000000000000000000000000", true, 1, true, 1},
  };

  (void)state;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    size_t len = strlen(cases[k].text);
    uint8_t *text = test_exact(cases[k].text, len);
    int64_t i = 99;
    uint64_t u = 99;

    assert_int_equal(sio__json_read_int64((char *)text, len, &i),
                     cases[k].is_int64 ? 0 : SIO_ERR_RANGE);
    assert_true(i == cases[k].i);
    assert_int_equal(sio__json_read_uint64((char *)text, len, &u),
                     cases[k].is_uint64 ? 0 : SIO_ERR_RANGE);
    assert_true(u == cases[k].u);
    free(text);
  }
}

static void test_doubles_are_rounded_to_nearest(void **state)
{
  (void)state;
  assert_reads("0", 0.0);
  assert_reads("-0", -0.0);
  assert_reads("-0.0e9", -0.0);
  assert_reads("1.5", 1.5);
  assert_reads("-12.25e2", -1225.0);
  assert_reads("0.1", 0.1);
  assert_reads("123456789.123", 123456789.123);
  assert_reads("1e22", 1e22);
  assert_reads("1e23", 1e23);
  assert_reads("8.5e-23", 8.5e-23);
  assert_reads("0.30000000000000004", 0.1 + 0.2);
  assert_reads("9007199254740993", 9007199254740992.0);
  assert_reads("9007199254740993.00000000000000000000000000000000000001",
               9007199254740994.0);
  assert_reads("1.7976931348623157e308", DBL_MAX);
  assert_reads("2.2250738585072011e-308", 2.2250738585072011e-308);
  assert_reads("5e-324", 5e-324);
  assert_reads("1e-400", 0.0);
  assert_reads("-1e-99999999999999999999", -0.0);
  assert_reads("0.1e1", 1.0);
}

/* The midpoint between 1 and the next double, written out in full, with
 * zeros behind it so that the digit that decides is the last of many. */
static void test_any_number_of_digits_counts(void **state)
{
  static const char midpoint[] =
      "1.00000000000000011102230246251565404236316680908203125";
  char text[4000];
  size_t len = sizeof midpoint - 1;

  (void)state;
  assert_reads(midpoint, 1.0);
  for (size_t zeros = 0; zeros < 3000; zeros += 123) {
    strcpy(text, midpoint);
    memset(text + len, '0', zeros);
    strcpy(text + len + zeros, "1");
    assert_reads(text, 1.0 + DBL_EPSILON);
  }
  memset(text, '9', 309); /* rounds up to 1e309, far too large */
  text[309] = '\0';
  assert_int_equal(read_double(text, &(double){0}), SIO_ERR_RANGE);
  memset(text, '0', 2000); /* as many zeros as the exponent takes back */
  memcpy(text, "0.", 2);
  strcpy(text + 2000, "1e1999");
  assert_reads(text, 1.0);
  memset(text, '0', 2000);
  text[0] = '7';
  strcpy(text + 2000, "e-1999");
  assert_reads(text, 7.0);
}

static void test_a_number_beyond_doubles_is_out_of_range(void **state)
{
  static const char *const beyond[] = {"1e309", "-1e309", "1.8e308",
                                       "1e99999999999999999999"};
  double got = 1;

  (void)state;
  for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
    assert_int_equal(read_double(beyond[i], &got), SIO_ERR_RANGE);
    assert_true(got == 0);
  }
}

static void test_doubles_are_written_as_javascript_does(void **state)
{
  static const struct {
    double number;
    const char *text;
  } cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {1, "1"},
      {-42, "-42"},
      {1.5, "1.5"},
      {-0.1, "-0.1"},
      {0.001, "0.001"},
      {3.14159, "3.14159"},
      {52.520008, "52.520008"},
      {1700000000123.25, "1700000000123.25"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1.0 / 3, "0.3333333333333333"},
      {100, "100"},
      {1e15, "1000000000000000"},
      {1e20, "100000000000000000000"},
      {123456789012345680000.0, "123456789012345680000"},
      {1e21, "1e+21"},
      {-1.5e21, "-1.5e+21"},
      {1.2345e22, "1.2345e+22"},
      {1e-6, "0.000001"},
      {1.5e-6, "0.0000015"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {1.23e-10, "1.23e-10"},
      {9007199254740991.0, "9007199254740991"},
      {9007199254740994.0, "9007199254740994"},
      {DBL_MAX, "1.7976931348623157e+308"},
      {DBL_MIN, "2.2250738585072014e-308"},
      {5e-324, "5e-324"},
      {1.5e-323, "1.5e-323"},
      {0x1p-44, "5.684341886080802e-14"}, /* not the nearest 16 digits */
      {0x1p-1017, "7.120236347223045e-307"},
      {5e-310, "5e-310"},
      {0.000035689, "0.000035689"},
  };
  char text[64];

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_double(cases[i].number, text);
    assert_string_equal(text, cases[i].text);
  }
  write_double((double)NAN, text);
  assert_string_equal(text, "null");
  write_double((double)INFINITY, text);
  assert_string_equal(text, "null");
  write_double(-(double)INFINITY, text);
  assert_string_equal(text, "null");
}

static void test_integers_are_written(void **state)
{
  static const char want[] = "0 -1 9223372036854775807 -9223372036854775808";
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, 1000);
  sio__json_write_int64(&out, 0);
  sio__buf_byte(&out, ' ');
  sio__json_write_int64(&out, -1);
  sio__buf_byte(&out, ' ');
  sio__json_write_int64(&out, INT64_MAX);
  sio__buf_byte(&out, ' ');
  sio__json_write_int64(&out, INT64_MIN);
  assert_int_equal(out.len, sizeof want - 1);
  assert_memory_equal(out.data, want, out.len);
  sio__buf_dispose(&out);
  test_mem_check(&mem);
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, 1000);
  comma_write_int64(&out, INT64_MIN);
  assert_int_equal(out.len, 20);
  sio__buf_dispose(&out);
}

/* Written and read again, by this code and by the C library. */
static void round_trip(double number)
{
  char text[64];

  write_double(number, text);
  if (strtod(text, NULL) != number)
    fail_msg("%.17g is written as %s", number, text);
  assert_reads(text, number);
}

static void test_written_doubles_read_back_the_same(void **state)
{
  uint32_t random = 2463534242;
  int64_t i = 0;
  uint64_t u = 0;

  (void)state;
  for (double power = 0x1p-1074; power <= DBL_MAX; power *= 2)
    round_trip(power);
  for (unsigned run = 0; run < 5000; run++) {
    uint64_t bits = (uint64_t)test_random(&random) << 32 | test_random(&random);
    double number;

    memcpy(&number, &bits, sizeof number);
    if (isfinite(number) && number != 0)
      round_trip(number);
    round_trip((double)(test_random(&random) % 100000000) / 1e6 + 1e-7);
  }
  assert_int_equal(comma_read_int64("-7", 2, &i), 0);
  assert_int_equal(comma_read_uint64("7", 1, &u), 0);
  assert_true(i == -7 && u == 7);
}

static void test_a_locale_with_a_decimal_comma_changes_nothing(void **state)
{
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                      "fr_FR.UTF-8", "fr_FR.utf8", "es_ES",
                                      "nl_NL.UTF-8", "pt_BR.UTF-8"};
  const char *found = NULL;
  char text[64];

  (void)state;
  for (size_t i = 0; found == NULL && i < sizeof names / sizeof *names; i++)
    found = setlocale(LC_ALL, names[i]);
  if (found == NULL)
    skip(); /* every other test here runs with a comma that is made up */
  (void)sprintf(text, "%.1f", 0.5);
  if (strcmp(text, "0,5") == 0) {
    assert_reads("0.30000000000000004", 0.1 + 0.2);
    write_double(1.0 / 3, text);
    (void)setlocale(LC_ALL, "C");
    assert_string_equal(text, "0.3333333333333333");
  }
  (void)setlocale(LC_ALL, "C");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers_are_read_to_their_limits),
      cmocka_unit_test(test_doubles_are_rounded_to_nearest),
      cmocka_unit_test(test_any_number_of_digits_counts),
      cmocka_unit_test(test_a_number_beyond_doubles_is_out_of_range),
      cmocka_unit_test(test_doubles_are_written_as_javascript_does),
      cmocka_unit_test(test_integers_are_written),
      cmocka_unit_test(test_written_doubles_read_back_the_same),
      cmocka_unit_test(test_a_locale_with_a_decimal_comma_changes_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
