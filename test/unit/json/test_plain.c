/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "json/plain.h"

/* What sio__json_plain_end() gives for a text in a block of its own. */
static size_t plain_length(const char *text, size_t len)
{
  uint8_t *exact = test_exact(text, len);
  const char *at = (const char *)exact;
  size_t got = (size_t)(sio__json_plain_end(at, at + len) - at);

  free(exact);
  return got;
}

static void test_words_tell_the_first_byte_that_equals(void **state)
{
  (void)state;
  for (size_t i = 0; i < 8; i++) {
    char text[] = "abcdefgh";
    uint64_t marks;

    text[i] = 'X';
    marks = sio__word_equal(sio__word_load(text), 'X');
    assert_true(marks != 0);
    assert_int_equal(sio__word_first(marks), i);
    text[7] = 'X'; /* a later one does not matter */
    marks = sio__word_equal(sio__word_load(text), 'X');
    assert_int_equal(sio__word_first(marks), i);
  }
  assert_true(sio__word_equal(sio__word_load("abcdefgh"), 'X') == 0);
}

static void test_every_byte_is_judged_at_every_place(void **state)
{
  (void)state;
  for (unsigned byte = 0; byte < 256; byte++) {
    bool plain = byte >= 0x20 && byte != '"' && byte != '\\' && byte < 0x80;

    for (size_t at = 0; at < 20; at++) {
      char text[20];

      memset(text, 'a', sizeof text);
      text[at] = (char)byte;
      assert_int_equal(plain_length(text, sizeof text),
                       plain ? sizeof text : at);
    }
  }
}

static void test_well_formed_sequences_are_plain(void **state)
{
  static const char text[] = "a\xC2\x80\xDF\xBF\xE0\xA0\x80\xE1\x80\x80"
                             "\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
                             "\xF0\x90\x80\x80\xF4\x8F\xBF\xBFz";

  (void)state;
  assert_int_equal(plain_length(text, sizeof text - 1), sizeof text - 1);
  assert_int_equal(plain_length(text, 2), 1); /* cut within a sequence */
  assert_int_equal(plain_length("\xE3\x81", 2), 0);
  assert_int_equal(plain_length("", 0), 0);
}

static void test_malformed_sequences_end_the_run(void **state)
{
  static const char *const bad[] = {"\x80",
                                    "\xBF",
                                    "\xC0\xAF",
                                    "\xC1\xBF",
                                    "\xC2",
                                    "\xC2"
                                    "A",
                                    "\xE0\x9F\xBF",
                                    "\xE1\x80",
                                    "\xE1\x80"
                                    "A",
                                    "\xE1"
                                    "A\x80",
                                    "\xED\xA0\x80",
                                    "\xF0\x8F\xBF\xBF",
                                    "\xF4\x90\x80\x80",
                                    "\xF5\x80\x80\x80",
                                    "\xFE",
                                    "\xFF"};

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[32] = "0123456\xC3\xA9"; /* something good before it */

    strcat(text, bad[i]);
    assert_int_equal(plain_length(text, strlen(text)), 9);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words_tell_the_first_byte_that_equals),
      cmocka_unit_test(test_every_byte_is_judged_at_every_place),
      cmocka_unit_test(test_well_formed_sequences_are_plain),
      cmocka_unit_test(test_malformed_sequences_end_the_run),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
