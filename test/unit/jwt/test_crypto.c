/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdlib.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>

#include "base/mem.h"
#include "jwt/crypto.h"

/* The same code a second time, under other names, with a library that fails
 * when it is told to: the call with this number. */
static int fail_in;
static int fail_code;

#define TOLD(call) (--fail_in == 0 ? fail_code : (call))

int told_check(struct sio__jwt_material *key, const struct sio__jwt_alg *alg,
               sio_str text, sio_span sig);
int told_make(struct sio__jwt_material *key, const struct sio__jwt_alg *alg,
              sio_str text, struct sio__jwt_random *random, uint8_t *sig);
size_t told_size(const struct sio__jwt_material *key,
                 const struct sio__jwt_alg *alg);

#include "jwt/mbed.h"

#define sio__jwt_check            told_check
#define sio__jwt_make             told_make
#define sio__jwt_signature_size   told_size
#define mbedtls_md(...)           TOLD((mbedtls_md)(__VA_ARGS__))
#define mbedtls_md_hmac(...)      TOLD((mbedtls_md_hmac)(__VA_ARGS__))
#define mbedtls_ecdsa_verify(...) TOLD((mbedtls_ecdsa_verify)(__VA_ARGS__))
#define mbedtls_ecdsa_sign_det_ext(...)                                        \
  TOLD((mbedtls_ecdsa_sign_det_ext)(__VA_ARGS__))
#define mbedtls_rsa_rsassa_pss_sign_ext(...)                                   \
  TOLD((mbedtls_rsa_rsassa_pss_sign_ext)(__VA_ARGS__))
#define mbedtls_mpi_read_binary(...)                                           \
  TOLD((mbedtls_mpi_read_binary)(__VA_ARGS__))
#define mbedtls_mpi_write_binary(...)                                          \
  TOLD((mbedtls_mpi_write_binary)(__VA_ARGS__))
#define mbedtls_rsa_copy(...)     TOLD((mbedtls_rsa_copy)(__VA_ARGS__))
#define sio__mbed_rsa_pad(...)    TOLD((sio__mbed_rsa_pad)(__VA_ARGS__))
#define sio__mbed_rsa_sign(...)   TOLD((sio__mbed_rsa_sign)(__VA_ARGS__))
#define sio__mbed_rsa_verify(...) TOLD((sio__mbed_rsa_verify)(__VA_ARGS__))
#define sio__mbed_pss_verify(...) TOLD((sio__mbed_pss_verify)(__VA_ARGS__))
#include "jwt/crypto.c"
#undef sio__jwt_check
#undef sio__jwt_make
#undef sio__jwt_signature_size

enum { ALGS = 12 };

static const sio_str message = {"a text to sign", 14};
static struct jwt_source endless;

static struct sio__jwt_random source(void)
{
  struct sio__jwt_random random = {jwt_source_fill, &endless, false};

  endless.left = SIZE_MAX;
  endless.state = 7;
  return random;
}

/* A private key for the algorithm with that number. */
static struct sio__jwt_material *key_for(const struct sio__jwt_alg *alg)
{
  sio_span secret = {(const uint8_t *)JWT_SECRET, sizeof JWT_SECRET - 1};
  struct sio__jwt_random random = source();
  struct sio__jwt_material *key;
  const char *pem = jwt_rsa_pem;

  if (alg->family == FAMILY_HMAC) {
    assert_int_equal(sio__jwt_material_secret(&key, &sio__mem_default, secret),
                     0);
    return key;
  }
  if (alg->curve_bits > 0)
    pem = alg->curve_bits == 256   ? jwt_p256_pem
          : alg->curve_bits == 384 ? jwt_p384_pem
                                   : jwt_p521_pem;
  assert_int_equal(
      sio__jwt_material_pem(&key, &sio__mem_default, sio_s(pem), &random), 0);
  return key;
}

static const struct sio__jwt_alg *alg_number(unsigned i)
{
  return sio__jwt_alg_of(1u << i);
}

static void test_what_is_signed_can_be_checked(void **state)
{
  (void)state;
  for (unsigned i = 0; i < ALGS; i++) {
    const struct sio__jwt_alg *alg = alg_number(i);
    struct sio__jwt_material *key = key_for(alg);
    struct sio__jwt_random random = source();
    size_t size = sio__jwt_signature_size(key, alg);
    uint8_t *sig = malloc(size);
    sio_span span = {sig, size};

    assert_int_equal(sio__jwt_make(key, alg, message, &random, sig), 0);
    assert_int_equal(sio__jwt_check(key, alg, message, span), 0);
    for (size_t at = 0; at < size; at += 1 + size / 16) {
      sig[at] ^= 0x10;
      assert_int_equal(sio__jwt_check(key, alg, message, span),
                       SIO_JWT_BAD_SIGNATURE);
      sig[at] ^= 0x10;
    }
    assert_int_equal(sio__jwt_check(key, alg, sio_s("a text to sigN"), span),
                     SIO_JWT_BAD_SIGNATURE);
    span.len--;
    assert_int_equal(sio__jwt_check(key, alg, message, span),
                     SIO_JWT_BAD_SIGNATURE);
    free(sig);
    sio__jwt_material_free(key);
  }
}

static void test_signatures_have_the_sizes_of_the_rfc(void **state)
{
  static const size_t sizes[ALGS] = {32,  48,  64,  256, 256, 256,
                                     256, 256, 256, 64,  96,  132};

  (void)state;
  for (unsigned i = 0; i < ALGS; i++) {
    struct sio__jwt_material *key = key_for(alg_number(i));

    assert_int_equal(sio__jwt_signature_size(key, alg_number(i)), sizes[i]);
    sio__jwt_material_free(key);
  }
}

/* Whatever a key set may think: a key of another kind checks nothing. */
static void test_a_key_of_another_kind_is_of_no_use(void **state)
{
  static const uint8_t zeroes[SIO__JWT_MAX_SIGNATURE];
  uint8_t sig[SIO__JWT_MAX_SIGNATURE];

  (void)state;
  for (unsigned i = 0; i < ALGS; i++) {
    struct sio__jwt_material *key = key_for(alg_number(i));

    for (unsigned j = 0; j < ALGS; j++) {
      const struct sio__jwt_alg *alg = alg_number(j);
      struct sio__jwt_random random = source();

      if (sio__jwt_signature_size(key, alg) > 0)
        continue;
      for (size_t len = 0; len <= sizeof zeroes; len += 4)
        assert_int_equal(
            sio__jwt_check(key, alg, message, (sio_span){zeroes, len}),
            SIO_JWT_BAD_SIGNATURE);
      assert_int_equal(sio__jwt_make(key, alg, message, &random, sig),
                       SIO_JWT_CRYPTO);
    }
    sio__jwt_material_free(key);
  }
}

/* CVE-2022-21449: zero is no signature. */
static void test_zeroes_are_no_signature(void **state)
{
  static const uint8_t zeroes[SIO__JWT_MAX_SIGNATURE];

  (void)state;
  for (unsigned i = 0; i < ALGS; i++) {
    const struct sio__jwt_alg *alg = alg_number(i);
    struct sio__jwt_material *key = key_for(alg);
    sio_span sig = {zeroes, sio__jwt_signature_size(key, alg)};

    assert_int_equal(sio__jwt_check(key, alg, message, sig),
                     SIO_JWT_BAD_SIGNATURE);
    sio__jwt_material_free(key);
  }
}

static void test_a_public_key_does_not_sign(void **state)
{
  const struct sio__jwt_alg *alg = sio__jwt_alg_of(SIO_JWT_ES256);
  struct sio__jwt_random random = source();
  struct sio__jwt_material *key;
  uint8_t sig[SIO__JWT_MAX_SIGNATURE];

  (void)state;
  assert_int_equal(sio__jwt_material_pem(&key, &sio__mem_default,
                                         sio_s(jwt_p256_public_pem), &random),
                   0);
  assert_int_equal(sio__jwt_make(key, alg, message, &random, sig),
                   SIO_JWT_CRYPTO);
  sio__jwt_material_free(key);
}

/* RFC 6979: the random numbers only blind. */
static void test_ecdsa_does_not_depend_on_random_numbers(void **state)
{
  const struct sio__jwt_alg *alg = sio__jwt_alg_of(SIO_JWT_ES256);
  struct sio__jwt_material *key = key_for(alg);
  struct sio__jwt_random random = source();
  uint8_t one[64];
  uint8_t other[64];

  (void)state;
  assert_int_equal(sio__jwt_make(key, alg, message, &random, one), 0);
  endless.state = 99;
  assert_int_equal(sio__jwt_make(key, alg, message, &random, other), 0);
  assert_memory_equal(one, other, sizeof one);
  sio__jwt_material_free(key);
}

static void test_without_random_numbers_nothing_is_signed(void **state)
{
  uint8_t sig[SIO__JWT_MAX_SIGNATURE];

  (void)state;
  for (unsigned i = 3; i < ALGS; i++) {
    const struct sio__jwt_alg *alg = alg_number(i);
    struct sio__jwt_material *key = key_for(alg);
    struct sio__jwt_random random = source();

    endless.left = 0;
    assert_int_equal(sio__jwt_make(key, alg, message, &random, sig),
                     SIO_ERR_RANDOM);
    sio__jwt_material_free(key);
  }
}

/* Let each call of the library fail in turn: never a success. */
static void test_failures_of_the_library_are_told(void **state)
{
  static const struct {
    int code, check, make;
  } kinds[] = {
      {MBEDTLS_ERR_MPI_ALLOC_FAILED, SIO_ERR_NOMEM, SIO_ERR_NOMEM},
      {MBEDTLS_ERR_RSA_RNG_FAILED, 0, SIO_JWT_CRYPTO},
      {1, 0, SIO_JWT_CRYPTO},
  };
  uint8_t sig[SIO__JWT_MAX_SIGNATURE];

  (void)state;
  for (unsigned i = 0; i < ALGS * 3; i++) {
    const struct sio__jwt_alg *alg = alg_number(i / 3);
    struct sio__jwt_material *key = key_for(alg);
    struct sio__jwt_random random = source();
    sio_span span = {sig, sio__jwt_signature_size(key, alg)};
    int calls = 0;
    int error;

    do {
      fail_in = ++calls;
      fail_code = kinds[i % 3].code;
      error = told_make(key, alg, message, &random, sig);
      if (fail_in <= 0 && error != kinds[i % 3].make)
        /* padding is set, or it is not: that is no matter of memory */
        assert_int_equal(error, SIO_JWT_CRYPTO);
    } while (fail_in <= 0);
    assert_int_equal(error, 0);
    assert_true(calls > 1);
    calls = 0;
    do {
      fail_in = ++calls;
      error = told_check(key, alg, message, span);
      assert_int_equal(error == 0, fail_in > 0);
    } while (fail_in <= 0);
    assert_true(calls > 1);
    sio__jwt_material_free(key);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_signed_can_be_checked),
      cmocka_unit_test(test_signatures_have_the_sizes_of_the_rfc),
      cmocka_unit_test(test_a_key_of_another_kind_is_of_no_use),
      cmocka_unit_test(test_zeroes_are_no_signature),
      cmocka_unit_test(test_a_public_key_does_not_sign),
      cmocka_unit_test(test_ecdsa_does_not_depend_on_random_numbers),
      cmocka_unit_test(test_without_random_numbers_nothing_is_signed),
      cmocka_unit_test(test_failures_of_the_library_are_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
