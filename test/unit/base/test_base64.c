/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "base/base64.h"

/* RFC 4648, section 10 */
static const struct {
  const char *plain;
  const char *coded;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool decode(const char *text, uint8_t *out, size_t *out_len)
{
  size_t len = strlen(text);
  uint8_t *exact = test_exact(text, len);
  bool ok = sio__base64_decode((const char *)exact, len, out, out_len);

  free(exact);
  return ok;
}

static void test_the_vectors_of_the_rfc_go_both_ways(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    size_t len = strlen(vectors[i].plain);
    size_t coded_len = strlen(vectors[i].coded);
    uint8_t *plain = test_exact(vectors[i].plain, len);
    char *coded = malloc(coded_len);
    uint8_t back[8];
    size_t back_len = 99;

    assert_int_equal(sio__base64_size(len), coded_len);
    sio__base64_encode(plain, len, coded);
    if (coded_len > 0)
      assert_memory_equal(coded, vectors[i].coded, coded_len);
    assert_true(decode(vectors[i].coded, back, &back_len));
    assert_int_equal(back_len, len);
    assert_memory_equal(back, vectors[i].plain, len);
    free(plain);
    free(coded);
  }
}

static void test_padding_may_be_missing_but_not_wrong(void **state)
{
  static const char *const wrong[] = {
      "=",     "==",       "====",     "Zg=",   "Zg===", "Zm8==",
      "Zm9v=", "Zm9v====", "Zg==Zg==", "Z===",  "Z",     "Zm9vY",
      "=Zg=",  "Zm=8",     "Zg= =",    "Zm8=Z",
  };
  uint8_t out[16];
  size_t len;

  (void)state;
  assert_true(decode("Zg", out, &len));
  assert_int_equal(len, 1);
  assert_memory_equal(out, "f", 1);
  assert_true(decode("Zm9vYmE", out, &len));
  assert_int_equal(len, 5);
  assert_memory_equal(out, "fooba", 5);
  for (size_t i = 0; i < COUNT(wrong); i++)
    if (decode(wrong[i], out, &len))
      fail_msg("\"%s\" was decoded", wrong[i]);
}

static void test_bits_behind_the_end_must_be_zero(void **state)
{
  static const char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t out[4];
  size_t len;

  (void)state;
  for (size_t i = 0; i < 64; i++) {
    char two[] = {'Q', alphabet[i], '=', '=', '\0'};
    char three[] = {'Q', 'U', alphabet[i], '=', '\0'};

    assert_int_equal(decode(two, out, &len), i % 16 == 0);
    assert_int_equal(decode(three, out, &len), i % 4 == 0);
    two[2] = '\0';
    three[3] = '\0';
    assert_int_equal(decode(two, out, &len), i % 16 == 0);
    assert_int_equal(decode(three, out, &len), i % 4 == 0);
  }
}

static void test_only_the_standard_alphabet_is_decoded(void **state)
{
  size_t accepted = 0;

  (void)state;
  for (unsigned c = 0; c < 256; c++) {
    for (size_t place = 0; place < 4; place++) {
      char text[4] = {'A', 'A', 'A', 'A'};
      uint8_t out[3];
      size_t len;

      if (c == '=' && place == 3)
        continue; /* padding there */
      text[place] = (char)c;
      accepted += sio__base64_decode(text, 4, out, &len);
    }
  }
  assert_int_equal(accepted, 64 * 4);
}

static void test_a_bad_character_in_the_rest_is_refused(void **state)
{
  static const char *const wrong[] = {"-A",  "A-",        "-AA",       "A-A",
                                      "AA-", "AAAA\x80g", "AAAAZm\xff"};
  uint8_t out[8];
  size_t len;

  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++)
    assert_false(decode(wrong[i], out, &len));
}

static void test_random_bytes_come_back_in_place(void **state)
{
  uint32_t seed = 4648;
  uint8_t bytes[100];
  uint8_t coded[136];

  (void)state;
  for (size_t len = 0; len <= sizeof bytes; len++) {
    size_t coded_len = sio__base64_size(len);
    size_t back_len;

    for (size_t i = 0; i < len; i++)
      bytes[i] = (uint8_t)test_random(&seed);
    sio__base64_encode(bytes, len, (char *)coded);
    assert_true(
        sio__base64_decode((const char *)coded, coded_len, coded, &back_len));
    assert_int_equal(back_len, len);
    assert_memory_equal(coded, bytes, len);
  }
}

static void test_the_url_safe_form_differs_in_two_characters(void **state)
{
  static const uint8_t bytes[] = {0xfb, 0xff, 0xbf, 0x3e, 0x3f};
  char plain[8];
  char safe[8];

  (void)state;
  sio__base64_encode(bytes, sizeof bytes, plain);
  assert_memory_equal(plain, "+/+/Pj8=", 8);
  assert_int_equal(sio__base64url_encode(bytes, sizeof bytes, safe), 7);
  assert_memory_equal(safe, "-_-_Pj8", 7);
  assert_int_equal(sio__base64url_encode(NULL, 0, safe), 0);
  assert_int_equal(sio__base64url_encode(bytes, 1, safe), 2);
  assert_memory_equal(safe, "-w", 2);
}

static void test_url_safe_text_has_one_form_only(void **state)
{
  static const char *const wrong[] = {
      "Zg==", "Zm8=", "Zh",    "Zm9",     "Z",    "Zm9vZ", "+_-A",
      "AB/D", "A B",  "AB\nD", "A\200BC", "====", "Zm9v=", "="};
  uint8_t out[8];
  size_t len = 99;

  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++) {
    uint8_t *exact = test_exact(wrong[i], strlen(wrong[i]));

    assert_false(sio__base64url_decode((const char *)exact, strlen(wrong[i]),
                                       out, &len));
    free(exact);
  }
  assert_true(sio__base64url_decode("-_8", 3, out, &len));
  assert_int_equal(len, 2);
  assert_memory_equal(out, "\xfb\xff", 2);
  assert_true(sio__base64url_decode("", 0, out, &len));
  assert_int_equal(len, 0);
}

static void test_url_safe_text_goes_both_ways(void **state)
{
  uint8_t bytes[64];
  char text[88];
  uint8_t back[64];
  size_t back_len;
  uint32_t seed = 1;

  (void)state;
  for (size_t len = 0; len <= sizeof bytes; len++) {
    size_t text_len;

    for (size_t i = 0; i < len; i++)
      bytes[i] = (uint8_t)test_random(&seed);
    text_len = sio__base64url_encode(bytes, len, text);
    assert_true(sio__base64url_decode(text, text_len, back, &back_len));
    assert_int_equal(back_len, len);
    assert_memory_equal(back, bytes, len);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_vectors_of_the_rfc_go_both_ways),
      cmocka_unit_test(test_padding_may_be_missing_but_not_wrong),
      cmocka_unit_test(test_bits_behind_the_end_must_be_zero),
      cmocka_unit_test(test_only_the_standard_alphabet_is_decoded),
      cmocka_unit_test(test_a_bad_character_in_the_rest_is_refused),
      cmocka_unit_test(test_random_bytes_come_back_in_place),
      cmocka_unit_test(test_the_url_safe_form_differs_in_two_characters),
      cmocka_unit_test(test_url_safe_text_has_one_form_only),
      cmocka_unit_test(test_url_safe_text_goes_both_ways),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
