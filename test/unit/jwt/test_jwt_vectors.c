/* SPDX-License-Identifier: MIT */
/* What RFC 7515 and RFC 7520 print. */
#include "jwt_world.h"

#include <stdlib.h>

#include "base/base64.h"
#include "jwt/crypto.h"
#include "jwt/keyset.h"
#include "jwt/token.h"

enum { JOE_EXPIRES = 1300819380 };

/* The key of a vector, for the algorithm of its token. */
static sio_jwt_keys *keys_of(const struct jwt_vector *vector)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options options;

  sio_jwt_key_options_init(&options);
  options.algorithms = sio__jwt_alg_named(sio_s(vector->alg))->flag;
  assert_int_equal(sio_jwt_keys_add_jwk(keys, sio_s(vector->jwk), &options), 0);
  assert_true(keys->keys[0].can_sign);
  return keys;
}

static void test_the_signatures_are_right(void **state)
{
  (void)state;
  for (size_t i = 0; i < JWT_VECTORS; i++) {
    const struct sio__jwt_alg *alg =
        sio__jwt_alg_named(sio_s(jwt_vectors[i].alg));
    sio_jwt_keys *keys = keys_of(&jwt_vectors[i]);
    uint8_t made[SIO__JWT_MAX_SIGNATURE];
    uint8_t sig[SIO__JWT_MAX_SIGNATURE];
    struct sio__jwt_parts parts;
    size_t len;

    assert_true(sio__jwt_split(sio_s(jwt_vectors[i].token), &parts));
    assert_true(sio__base64url_decode(parts.signature.data, parts.signature.len,
                                      sig, &len));
    assert_int_equal(sio__jwt_check(keys->keys[0].material, alg, parts.text,
                                    (sio_span){sig, len}),
                     0);
    assert_int_equal(sio__jwt_make(keys->keys[0].material, alg, parts.text,
                                   &keys->random, made),
                     0);
    if (jwt_vectors[i].is_deterministic)
      assert_memory_equal(made, sig, len);
    sig[len / 2] ^= 1;
    assert_int_equal(sio__jwt_check(keys->keys[0].material, alg, parts.text,
                                    (sio_span){sig, len}),
                     SIO_JWT_BAD_SIGNATURE);
    sio_jwt_keys_release(keys);
  }
}

/* RFC 7519 section 3.1 */
static void test_joe_is_root_until_he_expires(void **state)
{
  static const char *const joe[] = {"joe"};
  sio_jwt_options options;

  (void)state;
  sio_jwt_options_init(&options);
  options.issuers = joe;
  options.n_issuers = 1;
  for (size_t i = 0; i < 3; i++) {
    sio_jwt_keys *keys = keys_of(&jwt_vectors[i]);
    bool is_root = false;
    sio_jwt *jwt;

    options.now_s = JOE_EXPIRES - 1;
    assert_int_equal(
        sio_jwt_verify(keys, sio_s(jwt_vectors[i].token), &options, &jwt), 0);
    assert_int_equal(
        sio_value_bool(
            sio_value_member(sio_jwt_claims(jwt), "http://example.com/is_root"),
            &is_root),
        0);
    assert_true(is_root);
    assert_int_equal(sio_jwt_expires_s(jwt), JOE_EXPIRES);
    sio_jwt_release(jwt);
    options.now_s = JOE_EXPIRES;
    assert_int_equal(
        sio_jwt_verify(keys, sio_s(jwt_vectors[i].token), &options, &jwt),
        SIO_JWT_EXPIRED);
    sio_jwt_keys_release(keys);
  }
}

/* Signed as it should be, but no claims: that is told last. */
static void test_other_payloads_are_no_claims(void **state)
{
  sio_jwt_options options = jwt_lenient();

  (void)state;
  for (size_t i = 3; i < JWT_VECTORS; i++) {
    sio_jwt_keys *keys = keys_of(&jwt_vectors[i]);

    assert_int_equal(jwt_verdict(keys, jwt_vectors[i].token, &options),
                     SIO_JWT_MALFORMED);
    sio_jwt_keys_release(keys);
  }
}

/* RFC 7515 A.5, RFC 7519 section 6.1 */
static void test_the_unsecured_token_is_refused(void **state)
{
  static const char token[] =
      "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
      "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);

  (void)state;
  assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_ALGORITHM);
  sio_jwt_keys_release(keys);
}

/* No key has any use for the token of another. */
static void test_vectors_do_not_fit_each_other(void **state)
{
  sio_jwt_options options = jwt_lenient();

  (void)state;
  for (size_t i = 0; i < JWT_VECTORS; i++) {
    sio_jwt_keys *keys = keys_of(&jwt_vectors[i]);

    for (size_t j = 0; j < JWT_VECTORS; j++) {
      int verdict = jwt_verdict(keys, jwt_vectors[j].token, &options);

      if (j != i)
        assert_true(verdict == SIO_JWT_ALGORITHM ||
                    verdict == SIO_JWT_UNKNOWN_KEY ||
                    verdict == SIO_JWT_BAD_SIGNATURE);
    }
    sio_jwt_keys_release(keys);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_signatures_are_right),
      cmocka_unit_test(test_joe_is_root_until_he_expires),
      cmocka_unit_test(test_other_payloads_are_no_claims),
      cmocka_unit_test(test_the_unsecured_token_is_refused),
      cmocka_unit_test(test_vectors_do_not_fit_each_other),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
