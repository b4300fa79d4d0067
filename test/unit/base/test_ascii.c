/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/ascii.h"

#include <stdlib.h>

/* Which bytes are in a class, in their order. */
static void expect_class(bool (*is)(char c), const char *want)
{
  char in[257];
  size_t n = 0;

  for (unsigned c = 0; c < 256; c++) {
    if (is((char)c))
      in[n++] = (char)c;
  }
  in[n] = '\0';
  assert_string_equal(in, want);
}

static void test_classes_have_their_characters_and_no_others(void **state)
{
#define DIGITS "0123456789"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
  (void)state;
  expect_class(sio__is_digit, DIGITS);
  expect_class(sio__is_letter, UPPER LOWER);
  expect_class(sio__is_alphanumeric, DIGITS UPPER LOWER);
  expect_class(sio__is_blank, "\t ");
  expect_class(sio__is_token_char, "!#$%&'*+-." DIGITS UPPER "^_`" LOWER "|~");
}

static void test_hexadecimal_digits_have_values(void **state)
{
  int sum = 0, others = 0;

  (void)state;
  for (int i = 0; i < 16; i++) {
    assert_int_equal(sio__hex_value("0123456789abcdef"[i]), i);
    assert_int_equal(sio__hex_value("0123456789ABCDEF"[i]), i);
  }
  for (unsigned c = 0; c < 256; c++) {
    if (sio__hex_value((char)c) < 0)
      others++;
    else
      sum += sio__hex_value((char)c);
  }
  assert_int_equal(others, 256 - 22);
  assert_int_equal(sum, 45 + 2 * 75);
}

static void test_only_ascii_letters_have_a_case(void **state)
{
  (void)state;
  for (unsigned c = 0; c < 256; c++) {
    for (unsigned d = 0; d < 256; d++) {
      const char a[2] = {'q', (char)c}, b[2] = {'Q', (char)d};
      const sio_str left = {a, 2}, right = {b, 2};
      unsigned low = c >= 'A' && c <= 'Z' ? c + 32 : c;

      assert_int_equal(sio__same_in_any_case(left, right),
                       d == low || (low >= 'a' && low <= 'z' && d == low - 32));
    }
  }
  assert_true(sio__same_in_any_case(sio_s(NULL), sio_s("")));
  assert_false(sio__same_in_any_case(sio_s("a"), sio_s("ab")));
  assert_false(sio__same_in_any_case(sio_s("ab"), sio_s("a")));
}

static void expect_trimmed(const char *text, const char *want)
{
  sio_str s = sio_s(text);
  uint8_t *own = test_exact(text, s.len);

  s.data = (const char *)own;
  s = sio__trim(s);
  assert_int_equal(s.len, strlen(want));
  assert_memory_equal(s.data, want, s.len);
  free(own);
}

static void test_blanks_are_trimmed_at_both_ends(void **state)
{
  (void)state;
  expect_trimmed("", "");
  expect_trimmed(" \t ", "");
  expect_trimmed("a", "a");
  expect_trimmed("\t a b ", "a b");
  expect_trimmed("\na ", "\na");
  assert_int_equal(sio__trim(sio_s(NULL)).len, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_classes_have_their_characters_and_no_others),
      cmocka_unit_test(test_hexadecimal_digits_have_values),
      cmocka_unit_test(test_only_ascii_letters_have_a_case),
      cmocka_unit_test(test_blanks_are_trimmed_at_both_ends),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
