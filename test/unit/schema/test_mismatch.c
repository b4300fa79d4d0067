/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "schema/mismatch.h"

static const struct sio__place args = {NULL, "args", SIO__NAME_ENDS};

static void test_paths_are_spelled_as_in_javascript(void **state)
{
  struct sio__place first = {&args, NULL, 0};
  struct sio__place items = {&first, "items", SIO__NAME_ENDS};
  struct sio__place third = {&items, NULL, 3};
  struct sio__place name = {&third, "name and more", 4};
  struct sio__complaint c = {&name, NULL, false, "this", "that", NULL};
  sio_mismatches m;

  (void)state;
  memset(&m, 0, sizeof m);
  sio__mismatch_add(&m, &c, NULL, NULL);
  assert_int_equal(m.count, 1);
  assert_string_equal(m.items[0].path, "args[0].items[3].name");
  assert_string_equal(m.items[0].expected, "this");
  assert_string_equal(m.items[0].found, "that");
  sio__mismatch_add(NULL, &c, NULL, NULL);
}

static void test_what_is_too_long_ends_with_a_whole_character(void **state)
{
  static char text[200];
  struct sio__complaint c = {&args, NULL, false, text, text, NULL};
  sio_mismatches m;

  (void)state;
  for (size_t shift = 0; shift < 3; shift++) {
    memset(text, 'a', shift);
    for (size_t i = shift; i + 3 < sizeof text; i += 3)
      memcpy(text + i, "\xE2\x82\xAC", 3);
    memset(&m, 0, sizeof m);
    sio__mismatch_add(&m, &c, NULL, NULL);
    assert_int_equal((strlen(m.items[0].expected) - shift) % 3, 0);
    assert_true(strlen(m.items[0].expected) >= 77);
    assert_int_equal((strlen(m.items[0].found) - shift) % 3, 0);
    assert_true(strlen(m.items[0].found) >= 37);
  }
}

static const char *expected(const sio_field *field, bool is_list)
{
  static sio_mismatches m;
  struct sio__complaint c = {&args, field, is_list, NULL, NULL, NULL};

  memset(&m, 0, sizeof m);
  sio__mismatch_add(&m, &c, NULL, NULL);
  assert_string_equal(m.items[0].found, "nothing");
  return m.items[0].expected;
}

static void test_fields_say_what_they_expect(void **state)
{
  static const struct {
    sio_field field;
    const char *want;
  } cases[] = {
      {{.kind = SIO_KIND_STRING}, "a string"},
      {{.kind = SIO_KIND_STRING, .max_length = 1},
       "a string of up to 1 character"},
      {{.kind = SIO_KIND_STRING, .min_length = 2},
       "a string of at least 2 characters"},
      {{.kind = SIO_KIND_STRING, .min_length = 2, .max_length = 2},
       "a string of 2 characters"},
      {{.kind = SIO_KIND_STRING, .format = SIO_FORMAT_EMAIL},
       "an email address"},
      {{.kind = SIO_KIND_TEXT, .item_size = 9}, "a string of up to 8 bytes"},
      {{.kind = SIO_KIND_TEXT, .item_size = 9, .max_length = 4},
       "a string of up to 4 characters and up to 8 bytes"},
      {{.kind = SIO_KIND_BOOLEAN}, "true or false"},
      {{.kind = SIO_KIND_INT32, .has_min = true, .min = 5},
       "a whole number from 5 on"},
      {{.kind = SIO_KIND_INT32, .has_max = true, .max = 5.5},
       "a whole number up to 5.5"},
      {{.kind = SIO_KIND_NUMBER}, "a number"},
      {{.kind = SIO_KIND_NUMBER, .nullable = true}, "a number or null"},
      {{.kind = SIO_KIND_BINARY, .max_length = 10},
       "binary data of up to 10 bytes"},
      {{.kind = SIO_KIND_OBJECT}, "an object"},
      {{.kind = SIO_KIND_JSON}, "a value"},
  };
  static const sio_field list = {
      .kind = SIO_KIND_JSON, .min_items = 1, .max_items = 3};

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(expected(&cases[i].field, false), cases[i].want);
  assert_string_equal(expected(&list, true), "an array of 1 to 3 items");
}

static void test_values_are_told_by_their_types(void **state)
{
  static const struct {
    const char *text;
    const char *want;
  } cases[] = {
      {"null", "null"},
      {"true", "a boolean"},
      {"-1.50e3", "-1.50e3"},
      {"1234567890123456789012345", "a number"},
      {"\"secret\"", "a string"},
      {"[1]", "an array"},
      {"{\"_placeholder\":true}", "an object"},
  };
  struct sio_document document;

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *text = cases[i].text;
    struct sio__complaint c = {&args, NULL, false, "", NULL, text};
    sio_mismatches m;

    memset(&m, 0, sizeof m);
    sio__document_init(&document, text, strlen(text), NULL);
    sio__mismatch_add(&m, &c, text + strlen(text), &document);
    assert_string_equal(m.items[0].found, cases[i].want);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_are_spelled_as_in_javascript),
      cmocka_unit_test(test_what_is_too_long_ends_with_a_whole_character),
      cmocka_unit_test(test_fields_say_what_they_expect),
      cmocka_unit_test(test_values_are_told_by_their_types),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
