/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "ws/handshake.h"

#include <stdlib.h>

static void test_a_key_is_22_characters_of_base64_and_padding(void **state)
{
  static const char good[] = "dGhlIHNhbXBsZSBub25jZQ==";
  static const char *const bad[] = {
      "",
      "dGhlIHNhbXBsZSBub25jZQ=",
      "dGhlIHNhbXBsZSBub25jZQ===",
      "dGhlIHNhbXBsZSBub25jZQAA",
      "dGhlIHNhbXBsZSBub25jZQ=A",
      "dGhlIHNhbXBsZSBub25jZ===",
      "dGhlIHNhbXBsZSBub25j-_==",
      "dGhlIHNhbXBsZSBub25j Q==",
  };

  (void)state;
  assert_true(sio__ws_key_is_valid(sio_s(good)));
  assert_true(sio__ws_key_is_valid(sio_s("++++++++++0189AZaz////==")));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(sio__ws_key_is_valid(sio_s(bad[i])));
  assert_false(sio__ws_key_is_valid(sio_s(NULL)));
}

static void test_the_answers_are_those_of_the_rfc(void **state)
{
  char out[SIO__WS_ACCEPT_LEN];

  (void)state;
  assert_int_equal(sio__ws_accept("dGhlIHNhbXBsZSBub25jZQ==", out), 0);
  assert_memory_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sizeof out);
  assert_int_equal(sio__ws_accept("x3JJHMbDL1EzLkh9GBhXDw==", out), 0);
  assert_memory_equal(out, "HSmrc0sMlYUkAGmm5OPpG2HaGWk=", sizeof out);
}

/* The first protocol of a value in a block of exactly its size, compared. */
static void expect_first(const char *value, const char *want)
{
  size_t len = strlen(value);
  uint8_t *copy = test_exact(value, len);
  sio_str s = {(const char *)copy, len};
  sio_str first;

  assert_true(sio__ws_first_protocol(s, &first));
  assert_true(sio_str_is(first, want));
  free(copy);
}

static void test_the_first_protocol_is_chosen(void **state)
{
  (void)state;
  expect_first("chat", "chat");
  expect_first("chat, superchat", "chat");
  expect_first(" \tv1.x+json\t,b,c", "v1.x+json");
  expect_first("a ,\tA", "a"); /* they have a case */
  expect_first("chat, chat2", "chat");
  expect_first("!#$%&'*+-.^_`|~ ", "!#$%&'*+-.^_`|~");
}

static void test_no_protocol_is_no_error(void **state)
{
  sio_str first = sio_s("old");

  (void)state;
  assert_true(sio__ws_first_protocol(sio_s(""), &first));
  assert_int_equal(first.len, 0);
  assert_true(sio__ws_first_protocol(sio_s("  \t"), &first));
  assert_int_equal(first.len, 0);
}

static void test_malformed_offers_are_refused(void **state)
{
  static const char *const bad[] = {
      ",",     "a,",    ",a",  "a,,b",        "a b",  "a;b",     "a, b,",
      "\"a\"", "a\x01", "(a)", "caf\xc3\xa9", "a, a", "a,b,c,b",
  };
  sio_str first;

  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_false(sio__ws_first_protocol(sio_s(bad[i]), &first));
    assert_int_equal(first.len, 0);
  }
}

static void test_the_number_of_offers_is_limited(void **state)
{
  char value[3 * (SIO__WS_MAX_PROTOCOLS + 1)];
  sio_str s = {value, 3 * SIO__WS_MAX_PROTOCOLS - 1};
  sio_str first;

  (void)state;
  for (size_t i = 0; i <= SIO__WS_MAX_PROTOCOLS; i++) {
    value[3 * i] = (char)('a' + i / 8);
    value[3 * i + 1] = (char)('0' + i % 8);
    value[3 * i + 2] = ',';
  }
  assert_true(sio__ws_first_protocol(s, &first));
  assert_true(sio_str_is(first, "a0"));
  s.len += 3;
  assert_false(sio__ws_first_protocol(s, &first));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_key_is_22_characters_of_base64_and_padding),
      cmocka_unit_test(test_the_answers_are_those_of_the_rfc),
      cmocka_unit_test(test_the_first_protocol_is_chosen),
      cmocka_unit_test(test_no_protocol_is_no_error),
      cmocka_unit_test(test_malformed_offers_are_refused),
      cmocka_unit_test(test_the_number_of_offers_is_limited),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
