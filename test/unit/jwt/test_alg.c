/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "jwt/alg.h"

static const char *const names[] = {"HS256", "HS384", "HS512", "RS256",
                                    "RS384", "RS512", "PS256", "PS384",
                                    "PS512", "ES256", "ES384", "ES512"};

enum { COUNT = sizeof names / sizeof *names };

static void test_each_name_is_an_algorithm_of_its_own(void **state)
{
  uint32_t seen = 0;

  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    const struct sio__jwt_alg *alg = sio__jwt_alg_named(sio_s(names[i]));

    assert_non_null(alg);
    assert_string_equal(alg->name, names[i]);
    assert_ptr_equal(sio__jwt_alg_of(alg->flag), alg);
    assert_int_equal(seen & alg->flag, 0);
    assert_int_equal(alg->hash_bytes * 8, strtoul(names[i] + 2, NULL, 10));
    assert_int_equal(alg->curve_bits > 0, names[i][0] == 'E');
    seen |= alg->flag;
  }
  assert_int_equal(seen, SIO__JWT_ALL);
  assert_int_equal(SIO__JWT_WITH_SECRET | SIO__JWT_WITH_RSA | SIO__JWT_WITH_EC,
                   SIO__JWT_ALL);
}

static void test_other_names_are_none(void **state)
{
  static const char *const wrong[] = {
      "",       "none",   "None",  "NONE",   "nOnE",       "hs256", "HS25",
      "HS2567", "HS256 ", "EdDSA", "ES256K", "RS1",        "dir",   "A128KW",
      "HS1",    "ES521",  "*",     "null",   "RS256,HS256"};

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_null(sio__jwt_alg_named(sio_s(wrong[i])));
  assert_null(sio__jwt_alg_named(sio_s(NULL)));
  assert_null(sio__jwt_alg_named((sio_str){"HS256\0", 6}));
}

static void test_a_set_is_not_an_algorithm(void **state)
{
  (void)state;
  assert_null(sio__jwt_alg_of(0));
  assert_null(sio__jwt_alg_of(SIO_JWT_HS256 | SIO_JWT_RS256));
  assert_null(sio__jwt_alg_of(0x1000));
}

static void test_the_first_of_a_set_is_the_lowest(void **state)
{
  (void)state;
  assert_string_equal(sio__jwt_alg_first(SIO_JWT_PS512 | SIO_JWT_RS384)->name,
                      "RS384");
  assert_string_equal(sio__jwt_alg_first(SIO_JWT_ES512)->name, "ES512");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_name_is_an_algorithm_of_its_own),
      cmocka_unit_test(test_other_names_are_none),
      cmocka_unit_test(test_a_set_is_not_an_algorithm),
      cmocka_unit_test(test_the_first_of_a_set_is_the_lowest),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
