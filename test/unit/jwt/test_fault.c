/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/jwt.h>

static const struct {
  int value;
  const char *word;
  const char *text;
} all[] = {
#define ROW(name, value, word, text) {SIO_JWT_##name, word, text},
    SIO_JWT_ERROR_LIST(ROW)
#undef ROW
};

enum { COUNT = sizeof all / sizeof *all };

static void test_every_error_has_a_word_and_a_text_of_its_own(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    assert_true(all[i].value <= -200 && all[i].value > -300);
    assert_string_equal(sio_jwt_error_word(all[i].value), all[i].word);
    assert_string_equal(sio_jwt_strerror(all[i].value), all[i].text);
    assert_int_equal(strspn(all[i].word, "abcdefghijklmnopqrstuvwxyz_"),
                     strlen(all[i].word));
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(all[i].value, all[j].value);
      assert_string_not_equal(all[i].word, all[j].word);
      assert_string_not_equal(all[i].text, all[j].text);
    }
  }
}

/* Clients are told these words: they never change. */
static void test_words_are_stable(void **state)
{
  (void)state;
  assert_string_equal(sio_jwt_error_word(SIO_JWT_EXPIRED), "expired");
  assert_string_equal(sio_jwt_error_word(SIO_JWT_BAD_SIGNATURE),
                      "bad_signature");
  assert_string_equal(sio_jwt_error_word(SIO_JWT_UNKNOWN_KEY), "unknown_key");
  assert_string_equal(sio_jwt_error_word(SIO_JWT_MALFORMED), "malformed");
}

static void test_errors_of_others_are_told_as_well(void **state)
{
  (void)state;
  assert_string_equal(sio_jwt_error_word(0), "ok");
  assert_string_equal(sio_jwt_error_word(SIO_ERR_NOMEM), "out_of_memory");
  assert_string_equal(sio_jwt_error_word(SIO_ERR_INVALID), "failed");
  assert_string_equal(sio_jwt_error_word(-299), "failed");
  assert_string_equal(sio_jwt_strerror(SIO_ERR_NOMEM),
                      sio_strerror(SIO_ERR_NOMEM));
  assert_string_equal(sio_jwt_strerror(-299), sio_strerror(-299));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_error_has_a_word_and_a_text_of_its_own),
      cmocka_unit_test(test_words_are_stable),
      cmocka_unit_test(test_errors_of_others_are_told_as_well),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
