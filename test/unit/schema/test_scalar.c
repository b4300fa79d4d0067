/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

#include "schema/scalar.h"

/* Each kind by itself, as the one argument of an event. */
#define ONE(NAME, ...)                                                         \
  static const sio_field NAME##_fields[] = {                                   \
      {.name = "v", .mode = SIO_MODE_REQUIRED, __VA_ARGS__}};                  \
  static const sio_schema NAME = {.size = sizeof(sio_schema),                  \
                                  .field_size = sizeof(sio_field),             \
                                  .name = #NAME,                               \
                                  .shape = SIO_SHAPE_ARGUMENTS,                \
                                  .struct_size = 32,                           \
                                  .fields = NAME##_fields,                     \
                                  .n_fields = 1}

union any {
  sio_str text;
  char chars[32];
  int32_t i32;
  int64_t i64;
  uint32_t u32;
  uint64_t u64;
  double real;
  bool yes;
  colour hue;
  int8_t small;
  int16_t medium;
  sio_span bytes;
  sio_value value;
};

ONE(a_string, .kind = SIO_KIND_STRING, .item_size = sizeof(sio_str));
ONE(short_string, .kind = SIO_KIND_STRING, .item_size = sizeof(sio_str),
    .min_length = 2, .max_length = 4);
ONE(uuid, .kind = SIO_KIND_STRING, .item_size = sizeof(sio_str),
    .format = SIO_FORMAT_UUID);
ONE(a_text, .kind = SIO_KIND_TEXT, .item_size = 8);
ONE(i32, .kind = SIO_KIND_INT32, .item_size = 4);
ONE(i64, .kind = SIO_KIND_INT64, .item_size = 8);
ONE(u32, .kind = SIO_KIND_UINT32, .item_size = 4);
ONE(u64, .kind = SIO_KIND_UINT64, .item_size = 8);
ONE(real, .kind = SIO_KIND_NUMBER, .item_size = 8, .has_min = true, .min = -2.5,
    .has_max = true, .max = 1e3);
ONE(boolean, .kind = SIO_KIND_BOOLEAN, .item_size = sizeof(bool));
ONE(hue, .kind = SIO_KIND_ENUMERATION, .item_size = sizeof(colour),
    .type = colour_schema);
ONE(bytes, .kind = SIO_KIND_BINARY, .item_size = sizeof(sio_span),
    .min_length = 1, .max_length = 3);
ONE(any_json, .kind = SIO_KIND_JSON, .item_size = sizeof(sio_value));
ONE(timestamp, .kind = SIO_KIND_TIMESTAMP, .item_size = 8);

static void assert_string(struct reading *r, const sio_schema *schema,
                          const char *text, const char *want, size_t len)
{
  union any v;

  assert_int_equal(read_args(r, schema, text, &v), 0);
  assert_int_equal(v.text.len, len);
  if (len > 0)
    assert_memory_equal(v.text.data, want, len);
}

static void test_strings_are_borrowed_or_resolved(void **state)
{
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_string(&r, &a_string, "\"\"", "", 0);
  assert_string(&r, &a_string, "\"abc\"", "abc", 3);
  assert_int_equal(read_args(&r, &a_string, " \"abc\"", &v), 0);
  assert_ptr_equal(v.text.data, r.text + 2);
  assert_string(&r, &a_string, "\"a longer text than a word\"",
                "a longer text than a word", 25);
  assert_string(&r, &a_string, "\"\\\"\"", "\"", 1);
  assert_string(&r, &a_string, "\"1234567\\\\\"", "1234567\\", 8);
  assert_string(&r, &a_string, "\"\\u0000\\n\\uD83D\\uDE00\"",
                "\0\n\xF0\x9F\x98\x80", 6);
  assert_string(&r, &a_string, "\"\\uD83Dx\"", "\xEF\xBF\xBDx", 4);
  assert_refused(&r, &a_string, "5", &v, "args[0]", "a string", "5");
  assert_refused(&r, &a_string, "[]", &v, "args[0]", "a string", "an array");
  reading_end(&r);
}

static void test_lengths_are_code_points(void **state)
{
  static const char want[] = "a string of 2 to 4 characters";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_string(&r, &short_string, "\"ab\"", "ab", 2);
  assert_string(&r, &short_string, "\"abcd\"", "abcd", 4);
  assert_string(&r, &short_string, "\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"",
                "\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 8);
  assert_string(&r, &short_string, "\"\\uD83D\\uDE00\\u00e9\"",
                "\xF0\x9F\x98\x80\xC3\xA9", 6);
  assert_refused(&r, &short_string, "\"\"", &v, "args[0]", want,
                 "0 characters");
  assert_refused(&r, &short_string, "\"\xF0\x9F\x98\x80\"", &v, "args[0]", want,
                 "1 character");
  assert_refused(&r, &short_string, "\"abcde\"", &v, "args[0]", want,
                 "5 characters");
  assert_refused(&r, &short_string, "\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"",
                 &v, "args[0]", want, "5 characters");
  reading_end(&r);
}

static void test_formats_are_looked_at_last(void **state)
{
  static const char id[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_string(&r, &uuid, "\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"", id, 36);
  assert_string(&r, &uuid, "\"\\u006681d4fae-7dec-11d0-a765-00a0c91e6bf6\"", id,
                36);
  assert_refused(&r, &uuid, "\"x\"", &v, "args[0]", "a UUID", "another string");
  reading_end(&r);
}

static void test_texts_are_copied_with_a_nul(void **state)
{
  static const char want[] = "a string of up to 7 bytes";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &a_text, "\"\"", &v), 0);
  assert_string_equal(v.chars, "");
  assert_int_equal(read_args(&r, &a_text, "\"1234567\"", &v), 0);
  assert_string_equal(v.chars, "1234567");
  assert_int_equal(
      read_args(&r, &a_text, "\"\\u0031\\u0032\\u00e9\\u20ac\"", &v), 0);
  assert_string_equal(v.chars, "12\xC3\xA9\xE2\x82\xAC");
  assert_refused(&r, &a_text, "\"12345678\"", &v, "args[0]", want, "8 bytes");
  assert_refused(&r, &a_text, "\"a\\u0000b\"", &v, "args[0]", want,
                 "a string with U+0000");
  assert_refused(&r, &a_text,
                 "\"\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\"",
                 &v, "args[0]", want, "a longer string");
  assert_refused(&r, &a_text, "true", &v, "args[0]", want, "a boolean");
  reading_end(&r);
}

static void test_whole_numbers_are_exact_to_the_last(void **state)
{
  static const struct {
    const char *text;
    int64_t number;
  } cases[] = {
      {"0", 0},
      {"-0", 0},
      {"1.0", 1},
      {"1e2", 100},
      {"-1.5e1", -15},
      {"123456789012345678", INT64_C(123456789012345678)},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"-9.223372036854775808E18", INT64_MIN},
      {"-9007199254740993", INT64_C(-9007199254740993)},
  };
  static const char *const bad[] = {
      "0.5",
      "9223372036854775808",
      "-9223372036854775809",
      "1e19",
      "1e-1",
      "\"1\"",
      "true",
      "null",
      "{}",
  };
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(read_args(&r, &i64, cases[i].text, &v), 0);
    assert_int_equal(v.i64, cases[i].number);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(read_args(&r, &i64, bad[i], &v), SIO_ERR_TYPE);
  assert_int_equal(read_args(&r, &u64, "18446744073709551615", &v), 0);
  assert_true(v.u64 == UINT64_MAX);
  assert_int_equal(read_args(&r, &u64, "-0.0", &v), 0);
  assert_int_equal(v.u64, 0);
  assert_refused(&r, &u64, "18446744073709551616", &v, "args[0]",
                 "a whole number from 0 to 18446744073709551615",
                 "18446744073709551616");
  assert_refused(&r, &u64, "-1", &v, "args[0]",
                 "a whole number from 0 to 18446744073709551615", "-1");
  assert_refused(&r, &i64, "1.5", &v, "args[0]",
                 "a whole number from -9223372036854775808 to "
                 "9223372036854775807",
                 "1.5");
  reading_end(&r);
}

static void test_narrow_numbers_have_their_own_ends(void **state)
{
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &i32, "2147483647", &v), 0);
  assert_int_equal(v.i32, INT32_MAX);
  assert_int_equal(read_args(&r, &i32, "-2147483648", &v), 0);
  assert_int_equal(v.i32, INT32_MIN);
  assert_refused(&r, &i32, "2147483648", &v, "args[0]",
                 "a whole number from -2147483648 to 2147483647", "2147483648");
  assert_int_equal(read_args(&r, &i32, "-2147483649", &v), SIO_ERR_TYPE);
  assert_int_equal(read_args(&r, &u32, "4294967295", &v), 0);
  assert_int_equal(v.u32, UINT32_MAX);
  assert_refused(&r, &u32, "4294967296", &v, "args[0]",
                 "a whole number from 0 to 4294967295", "4294967296");
  assert_int_equal(read_args(&r, &u32, "-1", &v), SIO_ERR_TYPE);
  reading_end(&r);
}

/* Bounds are doubles, and compared as the numbers that they are. */
static void test_ranges_of_whole_numbers_are_exact(void **state)
{
  static const struct {
    uint32_t kind;
    double min, max;
    const char *text;
    bool fits;
  } cases[] = {
      {SIO_KIND_INT64, -9223372036854775808.0, 9223372036854775808.0,
       "-9223372036854775808", true},
      {SIO_KIND_INT64, -9223372036854775808.0, 9223372036854775808.0,
       "9223372036854775807", true},
      {SIO_KIND_INT64, 0, 9223372036854774784.0, "9223372036854774784", true},
      {SIO_KIND_INT64, 0, 9223372036854774784.0, "9223372036854774785", false},
      {SIO_KIND_INT64, -9223372036854774784.0, 0, "-9223372036854774784", true},
      {SIO_KIND_INT64, -9223372036854774784.0, 0, "-9223372036854774785",
       false},
      {SIO_KIND_INT64, 9007199254740992.0, 1e18, "9007199254740993", true},
      {SIO_KIND_INT64, 9007199254740994.0, 1e18, "9007199254740993", false},
      {SIO_KIND_UINT64, 0, 18446744073709551616.0, "18446744073709551615",
       true},
      {SIO_KIND_UINT64, 18446744073709551616.0, 1e30, "18446744073709551615",
       false},
      {SIO_KIND_UINT64, 0, 18446744073709549568.0, "18446744073709549568",
       true},
      {SIO_KIND_UINT64, 0, 18446744073709549568.0, "18446744073709549569",
       false},
      {SIO_KIND_INT32, -1.5, 1.5, "-1", true},
      {SIO_KIND_INT32, -1.5, 1.5, "-2", false},
      {SIO_KIND_INT32, -1.5, 1.5, "1", true},
      {SIO_KIND_INT32, -1.5, 1.5, "2", false},
      {SIO_KIND_INT32, 0.5, 1.5, "0", false},
      {SIO_KIND_INT32, -7, -0.5, "0", false},
      {SIO_KIND_INT32, -7, -0.5, "-1", true},
      {SIO_KIND_INT32, -7, -0.5, "-7", true},
      {SIO_KIND_INT32, -7, -0.5, "-8", false},
      {SIO_KIND_INT32, 5, 7, "-6", false},
      {SIO_KIND_INT32, -7, -5, "6", false},
      {SIO_KIND_INT32, -1e300, 1e300, "2147483647", true},
  };
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio_field f = i64_fields[0];
    sio_schema s = i64;

    f.kind = cases[i].kind;
    f.item_size = f.kind == SIO_KIND_INT32 ? 4 : 8;
    f.has_min = f.has_max = true;
    f.min = cases[i].min;
    f.max = cases[i].max;
    s.fields = &f;
    if (read_args(&r, &s, cases[i].text, &v) !=
        (cases[i].fits ? 0 : SIO_ERR_TYPE))
      fail_msg("case %d", (int)i);
  }
  reading_end(&r);
}

static void test_numbers_are_doubles_in_their_range(void **state)
{
  static const char want[] = "a number from -2.5 to 1000";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &real, "0.1", &v), 0);
  assert_true(v.real == 0.1);
  assert_int_equal(read_args(&r, &real, "-2.5", &v), 0);
  assert_int_equal(read_args(&r, &real, "1e3", &v), 0);
  assert_refused(&r, &real, "1000.5", &v, "args[0]", want, "1000.5");
  assert_refused(&r, &real, "-3", &v, "args[0]", want, "-3");
  assert_refused(&r, &real, "1e999", &v, "args[0]", want, "too large a number");
  assert_refused(&r, &real, "1000.0000000000000000000000000000001e1", &v,
                 "args[0]", want, "a number");
  assert_refused(&r, &real, "\"1\"", &v, "args[0]", want, "a string");
  reading_end(&r);
}

static void test_booleans_and_names_are_words(void **state)
{
  static const char want[] = "one of \"red\", \"green\", \"blue\"";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &boolean, "true", &v), 0);
  assert_true(v.yes);
  assert_int_equal(read_args(&r, &boolean, "false", &v), 0);
  assert_false(v.yes);
  assert_refused(&r, &boolean, "null", &v, "args[0]", "true or false", "null");
  assert_refused(&r, &boolean, "0", &v, "args[0]", "true or false", "0");
  assert_int_equal(read_args(&r, &hue, "\"blue\"", &v), 0);
  assert_int_equal(v.hue, COLOUR_BLUE);
  assert_int_equal(read_args(&r, &hue, "\"gr\\u0065en\"", &v), 0);
  assert_int_equal(v.hue, COLOUR_GREEN);
  assert_refused(&r, &hue, "\"gree\"", &v, "args[0]", want, "another string");
  assert_refused(&r, &hue, "1", &v, "args[0]", want, "1");
  reading_end(&r);
}

static void test_enumerations_may_be_small(void **state)
{
  union any v;

  (void)state;
  memset(&v, 0x55, sizeof v);
  sio__scalar_put_enum(&v, 1, -3);
  assert_int_equal(v.small, -3);
  assert_int_equal(v.chars[1], 0x55);
  sio__scalar_put_enum(&v, 2, -300);
  assert_int_equal(v.medium, -300);
  assert_int_equal(v.chars[2], 0x55);
  sio__scalar_put_enum(&v, 4, -70000);
  assert_int_equal(v.i32, -70000);
  assert_int_equal(v.chars[4], 0x55);
}

#define PLACE(num) "{\"_placeholder\":true,\"num\":" num "}"

static void test_binary_data_are_attachments(void **state)
{
  static const char want[] = "binary data of 1 to 3 bytes";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &bytes, PLACE("1"), &v), 0);
  assert_int_equal(v.bytes.len, 3);
  assert_memory_equal(v.bytes.data, "one", 3);
  assert_refused(&r, &bytes, PLACE("0"), &v, "args[0]", want, "4 bytes");
  assert_refused(&r, &bytes, PLACE("2"), &v, "args[0]", want, "0 bytes");
  assert_refused(&r, &bytes, PLACE("9"), &v, "args[0]", want, "binary data");
  assert_refused(&r, &bytes, "{\"num\":1}", &v, "args[0]", want, "an object");
  assert_refused(&r, &bytes, "\"one\"", &v, "args[0]", want, "a string");
  assert_refused(&r, &a_string, PLACE("1"), &v, "args[0]", "a string",
                 "binary data");
  reading_end(&r);
}

static void test_json_is_anything(void **state)
{
  static const char *const cases[] = {"null", "1",  "\"a\\nb\"", "[1, {}]",
                                      "true", "{}", PLACE("1")};
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(read_args(&r, &any_json, cases[i], &v), 0);
    assert_true(sio_str_is(sio_value_json(v.value), cases[i]));
  }
  assert_int_equal(sio_value_type(v.value), SIO_BINARY);
  assert_int_equal(read_args(&r, &any_json, "\"a\\nb\"", &v), 0);
  assert_true(sio_str_is(sio_value_str(v.value), "a\nb"));
  reading_end(&r);
}

static void test_timestamps_are_milliseconds(void **state)
{
  static const char want[] = "a date-time of RFC 3339 in the years 0 to 9999";
  struct reading r;
  union any v;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &timestamp, "\"1970-01-01T00:00:01Z\"", &v),
                   0);
  assert_int_equal(v.i64, 1000);
  assert_int_equal(
      read_args(&r, &timestamp, "\"1970-01-01T00:00:0\\u0031Z\"", &v), 0);
  assert_int_equal(v.i64, 1000);
  assert_refused(&r, &timestamp, "\"yesterday\"", &v, "args[0]", want,
                 "another string");
  assert_refused(&r, &timestamp, "\"9999-12-31T23:59:60Z\"", &v, "args[0]",
                 want, "another string");
  assert_refused(&r, &timestamp, "1000", &v, "args[0]", want, "1000");
  reading_end(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strings_are_borrowed_or_resolved),
      cmocka_unit_test(test_lengths_are_code_points),
      cmocka_unit_test(test_formats_are_looked_at_last),
      cmocka_unit_test(test_texts_are_copied_with_a_nul),
      cmocka_unit_test(test_whole_numbers_are_exact_to_the_last),
      cmocka_unit_test(test_narrow_numbers_have_their_own_ends),
      cmocka_unit_test(test_ranges_of_whole_numbers_are_exact),
      cmocka_unit_test(test_numbers_are_doubles_in_their_range),
      cmocka_unit_test(test_booleans_and_names_are_words),
      cmocka_unit_test(test_enumerations_may_be_small),
      cmocka_unit_test(test_binary_data_are_attachments),
      cmocka_unit_test(test_json_is_anything),
      cmocka_unit_test(test_timestamps_are_milliseconds),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
