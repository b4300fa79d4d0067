/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "base/utf8.h"

struct text {
  const char *bytes;
  size_t len;
};

#define TEXT(s)                                                                \
  {                                                                            \
    s, sizeof(s) - 1                                                           \
  }

static const struct text good[] = {
    TEXT("a"),
    TEXT("\0"),
    TEXT("\x7f"),
    TEXT("\xc2\x80"),         /* U+0080, the first of two bytes */
    TEXT("\xdf\xbf"),         /* U+07FF, the last */
    TEXT("\xe0\xa0\x80"),     /* U+0800 */
    TEXT("\xed\x9f\xbf"),     /* U+D7FF, the last before the surrogates */
    TEXT("\xee\x80\x80"),     /* U+E000, the first after them */
    TEXT("\xef\xbf\xbf"),     /* U+FFFF */
    TEXT("\xf0\x90\x80\x80"), /* U+10000 */
    TEXT("\xf4\x8f\xbf\xbf"), /* U+10FFFF */
};

static const struct text bad[] = {
    TEXT("\x80"), /* nothing to continue */
    TEXT("\xbf"),
    TEXT("\xc0\x80"), /* U+0000 in two bytes */
    TEXT("\xc1\xbf"), /* U+007F in two bytes */
    TEXT("\xc2"),     /* ends too early */
    TEXT("\xc2\x41"), /* not continued */
    TEXT("\xc2\xc2"),
    TEXT("\xe0\x9f\xbf"), /* U+07FF in three bytes */
    TEXT("\xe0\xa0"),
    TEXT("\xe1\x41\x80"),
    TEXT("\xe1\x80\x41"),
    TEXT("\xed\xa0\x80"),     /* U+D800 */
    TEXT("\xed\xbf\xbf"),     /* U+DFFF */
    TEXT("\xf0\x8f\xbf\xbf"), /* U+FFFF in four bytes */
    TEXT("\xf0\x90\x80"),
    TEXT("\xf1\x41\x80\x80"),
    TEXT("\xf1\x80\x41\x80"),
    TEXT("\xf1\x80\x80\x41"),
    TEXT("\xf4\x90\x80\x80"), /* U+110000 */
    TEXT("\xf5\x80\x80\x80"),
    TEXT("\xff\xff\xff\xff"),
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* The text at every place of a block of ASCII, in exactly as many bytes. */
static bool is_valid_at(struct text text, size_t before, size_t after)
{
  uint8_t block[64];
  uint8_t *exact;
  bool valid;

  memset(block, 'x', sizeof block);
  memcpy(block + before, text.bytes, text.len);
  exact = test_exact(block, before + text.len + after);
  valid = sio__utf8_is_valid(exact, before + text.len + after);
  free(exact);
  return valid;
}

static void test_each_text_is_judged_the_same_at_every_place(void **state)
{
  (void)state;
  for (size_t before = 0; before < 20; before++) {
    for (size_t after = 0; after < 20; after++) {
      for (size_t i = 0; i < COUNT(good); i++)
        assert_true(is_valid_at(good[i], before, after));
      for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(is_valid_at(bad[i], before, after));
    }
  }
}

static void test_no_bytes_are_valid(void **state)
{
  (void)state;
  assert_true(sio__utf8_is_valid(NULL, 0));
  assert_int_equal(sio__utf8_sequence(NULL, 0), 0);
}

static void test_a_sequence_is_as_long_as_its_form(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(good); i++) {
    uint8_t *exact = test_exact(good[i].bytes, good[i].len);

    assert_int_equal(sio__utf8_sequence(exact, good[i].len), good[i].len);
    free(exact);
  }
  for (size_t i = 0; i < COUNT(bad); i++) {
    uint8_t *exact = test_exact(bad[i].bytes, bad[i].len);

    assert_int_equal(sio__utf8_sequence(exact, bad[i].len), 0);
    free(exact);
  }
}

static void test_every_code_point_can_be_written_and_read(void **state)
{
  uint8_t out[4];

  (void)state;
  for (uint32_t c = 0; c <= 0x10ffff; c++) {
    size_t want = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    size_t n = sio__utf8_encode(c, out);

    if (n != want || sio__utf8_sequence(out, n) != (surrogate ? 0 : n))
      fail_msg("U+%04X", (unsigned)c);
  }
}

static void test_code_points_are_written_in_the_bytes_of_the_rfc(void **state)
{
  uint8_t out[4];

  (void)state;
  /* RFC 3629, section 7 */
  assert_int_equal(sio__utf8_encode(0x2262, out), 3);
  assert_memory_equal(out, "\xe2\x89\xa2", 3);
  assert_int_equal(sio__utf8_encode(0x0391, out), 2);
  assert_memory_equal(out, "\xce\x91", 2);
  assert_int_equal(sio__utf8_encode(0x233b4, out), 4);
  assert_memory_equal(out, "\xf0\xa3\x8e\xb4", 4);
}

/* The ranges of RFC 3629, section 4, as a count: how many of all strings of
 * two bytes are well-formed. */
static void test_two_bytes_are_valid_as_often_as_the_grammar_says(void **state)
{
  size_t valid = 0;

  (void)state;
  for (unsigned i = 0; i < 0x10000; i++) {
    uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};

    valid += sio__utf8_is_valid(bytes, 2);
  }
  assert_int_equal(valid, 128 * 128 + (0xdf - 0xc2 + 1) * 64);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_text_is_judged_the_same_at_every_place),
      cmocka_unit_test(test_no_bytes_are_valid),
      cmocka_unit_test(test_a_sequence_is_as_long_as_its_form),
      cmocka_unit_test(test_every_code_point_can_be_written_and_read),
      cmocka_unit_test(test_code_points_are_written_in_the_bytes_of_the_rfc),
      cmocka_unit_test(test_two_bytes_are_valid_as_often_as_the_grammar_says),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
