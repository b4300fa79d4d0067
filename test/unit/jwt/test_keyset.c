/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdlib.h>

#include "jwt/keyset.h"

static sio_span bytes(size_t len)
{
  static const uint8_t zeroes[70000];

  return (sio_span){zeroes, len};
}

static sio_jwt_key_options for_algs(uint32_t algorithms)
{
  sio_jwt_key_options options;

  sio_jwt_key_options_init(&options);
  options.algorithms = algorithms;
  return options;
}

static int add_secret(sio_jwt_keys *keys, size_t len, uint32_t algorithms)
{
  sio_jwt_key_options options = for_algs(algorithms);

  return sio_jwt_keys_add_secret(keys, bytes(len), &options);
}

static int add_pem(sio_jwt_keys *keys, const char *pem, uint32_t algorithms)
{
  sio_jwt_key_options options = for_algs(algorithms);

  return sio_jwt_keys_add_pem(keys, sio_s(pem), &options);
}

/* RFC 7518 section 3.2 */
static void test_a_secret_is_as_long_as_the_hash(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_int_equal(add_secret(keys, 0, 0), SIO_JWT_KEY_EMPTY);
  assert_int_equal(add_secret(keys, 31, 0), SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(add_secret(keys, 32, 0), 0);
  assert_int_equal(add_secret(keys, 47, SIO_JWT_HS384), SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(add_secret(keys, 48, SIO_JWT_HS384), 0);
  assert_int_equal(add_secret(keys, 63, SIO_JWT_HS512), SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(add_secret(keys, 63, SIO__JWT_WITH_SECRET),
                   SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(add_secret(keys, 64, SIO__JWT_WITH_SECRET), 0);
  assert_int_equal(add_secret(keys, 65536, 0), 0);
  assert_int_equal(add_secret(keys, 65537, 0), SIO_ERR_INVALID);
  assert_int_equal(sio_jwt_keys_count(keys), 4);
  sio_jwt_keys_release(keys);
}

static void test_the_host_can_change_the_minimums(void **state)
{
  sio_jwt_keys_options options;
  sio_jwt_keys *keys;

  (void)state;
  sio_jwt_keys_options_init(&options);
  options.min_secret_bytes = 8;
  options.min_rsa_bits = 1024;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), 0);
  assert_int_equal(add_secret(keys, 7, 0), SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(add_secret(keys, 0, 0), SIO_JWT_KEY_EMPTY);
  assert_int_equal(add_secret(keys, 8, SIO_JWT_HS512), 0);
  assert_int_equal(add_pem(keys, jwt_rsa_1024_pem, 0), 0);
  sio_jwt_keys_release(keys);
  options.min_rsa_bits = 4096;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), 0);
  assert_int_equal(add_pem(keys, jwt_rsa_pem, 0), SIO_JWT_KEY_TOO_SHORT);
  sio_jwt_keys_release(keys);
}

static void test_options_have_ranges(void **state)
{
  sio_jwt_keys_options options;
  sio_jwt_key_options key = for_algs(0x1000);
  sio_jwt_keys *keys;

  (void)state;
  sio_jwt_keys_options_init(&options);
  assert_int_equal(options.size, sizeof options);
  options.min_rsa_bits = 1023;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), SIO_ERR_INVALID);
  assert_null(keys);
  options.min_rsa_bits = 8193;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), SIO_ERR_INVALID);
  options.min_rsa_bits = 0;
  options.min_secret_bytes = 65537;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), SIO_ERR_INVALID);

  assert_int_equal(sio_jwt_keys_new(&keys, NULL), 0);
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), &key),
                   SIO_ERR_INVALID);
  key.algorithms = 0;
  key.verify_only = 2;
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), &key),
                   SIO_ERR_INVALID);
  key.verify_only = 0;
  key.kid = "";
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), &key),
                   SIO_ERR_INVALID);
  key.kid = "x";
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), &key), 0);
  sio_jwt_keys_release(keys);
}

static void test_a_key_is_for_its_own_algorithms_only(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_int_equal(add_secret(keys, 64, SIO_JWT_HS256 | SIO_JWT_RS256),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add_secret(keys, 64, SIO_JWT_ES256), SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add_pem(keys, jwt_rsa_public_pem, SIO_JWT_HS256),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add_pem(keys, jwt_rsa_public_pem, SIO_JWT_ES256),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add_pem(keys, jwt_p256_pem, SIO_JWT_ES384),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add_pem(keys, jwt_p256_pem, SIO_JWT_ES256 | SIO_JWT_ES384),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add_pem(keys, jwt_p521_pem, SIO_JWT_HS512),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(sio_jwt_keys_count(keys), 0);
  assert_int_equal(add_pem(keys, jwt_rsa_public_pem, SIO__JWT_WITH_RSA), 0);
  assert_int_equal(add_pem(keys, jwt_p384_pem, SIO_JWT_ES384), 0);
  sio_jwt_keys_release(keys);
}

static void test_what_nobody_says_is_the_usual(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(64), NULL), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_rsa_pem), NULL), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_pem), NULL), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p384_pem), NULL), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p521_pem), NULL), 0);
  assert_int_equal(keys->keys[0].algorithms, SIO_JWT_HS256);
  assert_int_equal(keys->keys[1].algorithms, SIO_JWT_RS256);
  assert_int_equal(keys->keys[2].algorithms, SIO_JWT_ES256);
  assert_int_equal(keys->keys[3].algorithms, SIO_JWT_ES384);
  assert_int_equal(keys->keys[4].algorithms, SIO_JWT_ES512);
  sio_jwt_keys_release(keys);
}

/* Who has the public key could sign with it as a secret. */
static void test_the_text_of_a_key_is_no_secret(void **state)
{
  static const char *const texts[] = {jwt_rsa_public_pem, jwt_p256_public_pem,
                                      jwt_rsa_public_pkcs1_pem,
                                      jwt_certificate_pem, jwt_rsa_pem};
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    sio_span text = {(const uint8_t *)texts[i], strlen(texts[i])};

    assert_int_equal(sio_jwt_keys_add_secret(keys, text, NULL),
                     SIO_JWT_KEY_IS_PEM);
  }
  assert_int_equal(sio_jwt_keys_count(keys), 0);
  sio_jwt_keys_release(keys);
}

static void test_a_shared_set_does_not_change(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_ptr_equal(sio_jwt_keys_retain(keys), keys);
  assert_int_equal(add_secret(keys, 32, 0), SIO_ERR_STATE);
  assert_int_equal(add_pem(keys, jwt_p256_pem, 0), SIO_ERR_STATE);
  assert_int_equal(sio_jwt_keys_add_jwk(keys, sio_s("{}"), NULL),
                   SIO_ERR_STATE);
  assert_int_equal(sio_jwt_keys_add_jwks(keys, sio_s("{}"), NULL),
                   SIO_ERR_STATE);
  sio_jwt_keys_release(keys);
  assert_int_equal(add_secret(keys, 32, 0), 0);
  sio_jwt_keys_release(keys);
  sio_jwt_keys_release(NULL);
}

static void test_there_is_room_for_64_keys(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  for (size_t i = 0; i < 64; i++)
    assert_int_equal(add_secret(keys, 32, 0), 0);
  assert_int_equal(add_secret(keys, 32, 0), SIO_ERR_LIMIT);
  assert_int_equal(sio_jwt_keys_count(keys), 64);
  sio_jwt_keys_release(keys);
}

static void test_ids_are_compared_whole(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options options = for_algs(0);

  (void)state;
  options.kid = "one";
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), &options), 0);
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), NULL), 0);
  assert_true(sio__jwt_key_is(&keys->keys[0], sio_s("one")));
  assert_false(sio__jwt_key_is(&keys->keys[0], sio_s("on")));
  assert_false(sio__jwt_key_is(&keys->keys[0], sio_s("One")));
  assert_false(sio__jwt_key_is(&keys->keys[0], sio_s(NULL)));
  assert_true(sio__jwt_key_is(&keys->keys[1], sio_s(NULL)));
  assert_false(sio__jwt_key_is(&keys->keys[1], sio_s("")));
  sio_jwt_keys_release(keys);
}

static void test_a_key_that_may_only_verify_does_not_sign(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options options = for_algs(0);
  sio_jwt *jwt;

  (void)state;
  options.verify_only = 1;
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), &options), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_rsa_pem), &options), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_public_pem), NULL),
                   0);
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), NULL, &jwt),
                   SIO_JWT_KEY_NONE);
  sio_jwt_keys_release(keys);
}

/* A struct of an earlier version ends sooner. */
static void test_options_may_be_shorter(void **state)
{
  sio_jwt_keys_options options;
  sio_jwt_keys *keys;
  uint8_t *old = malloc(sizeof(size_t));
  size_t size = sizeof size;

  (void)state;
  memcpy(old, &size, sizeof size);
  assert_int_equal(sio_jwt_keys_new(&keys, (void *)old), 0);
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(32), (void *)old), 0);
  assert_int_equal(sio_jwt_keys_add_secret(keys, bytes(31), (void *)old),
                   SIO_JWT_KEY_TOO_SHORT);
  sio_jwt_keys_release(keys);
  free(old);
  sio_jwt_keys_options_init_sized(&options, sizeof options);
  assert_int_equal(options.size, sizeof options);
}

static void test_a_source_that_fails_adds_no_private_key(void **state)
{
  struct jwt_source empty = {0, 1};
  sio_jwt_keys_options options;
  sio_jwt_keys *keys;

  (void)state;
  sio_jwt_keys_options_init(&options);
  options.random = jwt_source_fill;
  options.random_user = &empty;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), 0);
  assert_int_equal(add_pem(keys, jwt_p256_pem, 0), SIO_ERR_RANDOM);
  assert_int_equal(add_pem(keys, jwt_p256_public_pem, 0), 0);
  assert_int_equal(sio_jwt_keys_count(keys), 1);
  sio_jwt_keys_release(keys);
}

static void fill(struct test_mem *mem, void *user)
{
  struct jwt_source numbers = {SIZE_MAX, 1};
  sio_jwt_keys_options options;
  sio_jwt_key_options key;
  sio_jwt_keys *keys;
  int error;

  (void)user;
  sio_jwt_keys_options_init(&options);
  options.allocator = &mem->allocator;
  options.random = mem->calls % 2 == 0 ? jwt_source_fill : NULL;
  options.random_user = &numbers;
  error = sio_jwt_keys_new(&keys, &options);
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  if (error != 0)
    return;
  sio_jwt_key_options_init(&key);
  key.kid = "id";
  for (size_t i = 0; i < 5 && error == 0; i++) {
    size_t before = sio_jwt_keys_count(keys);

    error = i % 2 == 0
                ? sio_jwt_keys_add_secret(keys, bytes(32), &key)
                : sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_public_pem), &key);
    assert_int_equal(sio_jwt_keys_count(keys), before + (error == 0));
  }
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio_jwt_keys_release(keys);
}

static void test_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_true(test_every_allocation(fill, NULL) > 15);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_secret_is_as_long_as_the_hash),
      cmocka_unit_test(test_the_host_can_change_the_minimums),
      cmocka_unit_test(test_options_have_ranges),
      cmocka_unit_test(test_a_key_is_for_its_own_algorithms_only),
      cmocka_unit_test(test_what_nobody_says_is_the_usual),
      cmocka_unit_test(test_the_text_of_a_key_is_no_secret),
      cmocka_unit_test(test_a_shared_set_does_not_change),
      cmocka_unit_test(test_there_is_room_for_64_keys),
      cmocka_unit_test(test_ids_are_compared_whole),
      cmocka_unit_test(test_a_key_that_may_only_verify_does_not_sign),
      cmocka_unit_test(test_options_may_be_shorter),
      cmocka_unit_test(test_a_source_that_fails_adds_no_private_key),
      cmocka_unit_test(test_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
