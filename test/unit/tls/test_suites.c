/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "tls/suites.h"

#include <stdio.h>

static int numbers[SIO__SUITES_MAX + 1];

static void test_the_defaults_have_forward_secrecy(void **state)
{
  size_t n = sio__suites_parse(NULL, numbers);

  (void)state;
  assert_true(n >= 6);
  assert_int_equal(numbers[n], 0);
  for (size_t i = 0; i < n; i++) /* ECDHE with AEAD, or TLS 1.3 */
    assert_true((numbers[i] >= 0xc02b && numbers[i] <= 0xc030) ||
                (numbers[i] >= 0xcca8 && numbers[i] <= 0xcca9) ||
                numbers[i] >> 8 == 0x13);
}

static void test_names_are_those_of_the_registry(void **state)
{
  (void)state;
  assert_int_equal(
      sio__suites_parse("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", numbers), 1);
  assert_int_equal(numbers[0], 0xc02f);
  assert_int_equal(numbers[1], 0);
  assert_int_equal(sio__suites_parse("TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384:"
                                     "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                     numbers),
                   2);
  assert_int_equal(numbers[0], 0xc030);
  assert_int_equal(numbers[1], 0xc02b);
}

static void test_what_is_not_known_is_no_list(void **state)
{
  char many[65 * 38 + 1] = "";
  size_t at = 0;

  (void)state;
  assert_int_equal(sio__suites_parse("", numbers), 0);
  assert_int_equal(sio__suites_parse(":", numbers), 0);
  assert_int_equal(sio__suites_parse("TLS_X", numbers), 0);
  assert_int_equal(
      sio__suites_parse("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:", numbers), 0);
  for (int i = 0; i < 65; i++)
    at +=
        (size_t)snprintf(many + at, sizeof many - at, "%s%s", i > 0 ? ":" : "",
                         "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  assert_int_equal(sio__suites_parse(many, numbers), 0);
  many[at - 38] = '\0';
  assert_int_equal(sio__suites_parse(many, numbers), 64);
  memset(many, 'x', 200);
  many[200] = '\0';
  assert_int_equal(sio__suites_parse(many, numbers), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_defaults_have_forward_secrecy),
      cmocka_unit_test(test_names_are_those_of_the_registry),
      cmocka_unit_test(test_what_is_not_known_is_no_list),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
