/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdlib.h>

#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>

#include "base/base64.h"
#include "jwt/material.h"

static struct jwt_source numbers = {SIZE_MAX, 3};
static struct sio__jwt_random fresh = {jwt_source_fill, &numbers, false};

/* What becomes of a PEM text, in an exact block. */
static int read(const char *pem, enum sio__jwt_kind *kind, uint32_t *bits,
                bool *is_private)
{
  uint8_t *exact = test_exact(pem, strlen(pem));
  struct sio__jwt_material *key;
  struct test_mem mem;
  int error;

  test_mem_init(&mem, TEST_MEM_NEVER);
  error = sio__jwt_material_pem(&key, &mem.allocator,
                                (sio_str){(const char *)exact, strlen(pem)},
                                &fresh);
  assert_int_equal(key != NULL, error == 0);
  if (error == 0) {
    *kind = sio__jwt_material_kind(key);
    *bits = sio__jwt_material_bits(key);
    *is_private = sio__jwt_material_is_private(key);
  }
  sio__jwt_material_free(key);
  test_mem_check(&mem);
  free(exact);
  return error;
}

static void test_pem_comes_in_many_forms(void **state)
{
  static const struct {
    const char *pem;
    enum sio__jwt_kind kind;
    uint32_t bits;
    bool is_private;
  } keys[] = {
      {jwt_rsa_pem, KIND_RSA, 2048, true},
      {jwt_rsa_pkcs1_pem, KIND_RSA, 2048, true},
      {jwt_rsa_public_pem, KIND_RSA, 2048, false},
      {jwt_rsa_public_pkcs1_pem, KIND_RSA, 2048, false},
      {jwt_rsa_1024_pem, KIND_RSA, 1024, true},
      {jwt_p256_pem, KIND_EC, 256, true},
      {jwt_p256_sec1_pem, KIND_EC, 256, true},
      {jwt_p256_public_pem, KIND_EC, 256, false},
      {jwt_p384_pem, KIND_EC, 384, true},
      {jwt_p521_pem, KIND_EC, 521, true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    enum sio__jwt_kind kind;
    uint32_t bits;
    bool is_private;

    assert_int_equal(read(keys[i].pem, &kind, &bits, &is_private), 0);
    assert_int_equal(kind, keys[i].kind);
    assert_int_equal(bits, keys[i].bits);
    assert_int_equal(is_private, keys[i].is_private);
  }
}

static void test_other_texts_are_no_keys(void **state)
{
  static const struct {
    const char *pem;
    int error;
  } wrong[] = {
      {jwt_secp256k1_pem, SIO_JWT_KEY_UNSUPPORTED},
      {jwt_ed25519_pem, SIO_JWT_KEY_UNSUPPORTED},
      {jwt_encrypted_pem, SIO_JWT_KEY_UNSUPPORTED},
      {jwt_certificate_pem, SIO_JWT_KEY_UNSUPPORTED},
      {"", SIO_JWT_KEY_MALFORMED},
      {"secret", SIO_JWT_KEY_MALFORMED},
      {"-----BEGIN PUBLIC KEY-----", SIO_JWT_KEY_MALFORMED},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
       SIO_JWT_KEY_MALFORMED},
      {"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
       SIO_JWT_KEY_MALFORMED},
      {"-----BEGIN X-----\nAAAA\n-----END X-----\n", SIO_JWT_KEY_MALFORMED},
  };

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    enum sio__jwt_kind kind;
    uint32_t bits;
    bool is_private;

    assert_int_equal(read(wrong[i].pem, &kind, &bits, &is_private),
                     wrong[i].error);
  }
}

static void test_a_cut_pem_is_no_key(void **state)
{
  size_t len = strlen(jwt_p256_pem);

  (void)state;
  for (size_t n = 0; n + 30 < len; n++) {
    char *text = calloc(1, n + 1);
    enum sio__jwt_kind kind;
    uint32_t bits;
    bool is_private;

    memcpy(text, jwt_p256_pem, n);
    assert_int_not_equal(read(text, &kind, &bits, &is_private), 0);
    free(text);
  }
}

static sio_span span(const uint8_t *data, size_t len)
{
  return (sio_span){data, len};
}

static void test_points_have_to_be_on_their_curve(void **state)
{
  static uint8_t ones[66];
  struct sio__jwt_material *key;
  struct test_mem mem;

  (void)state;
  memset(ones, 1, sizeof ones);
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (uint32_t bits = 256; bits <= 521;
       bits = bits == 256 ? 384 : bits + 137) {
    size_t len = (bits + 7) / 8;
    struct sio__jwt_ec_numbers k = {
        bits, span(ones, len), span(ones, len), {NULL, 0}};

    assert_int_equal(sio__jwt_material_ec(&key, &mem.allocator, &k, &fresh),
                     SIO_JWT_KEY_MALFORMED);
    k.x = span(ones, len - 1);
    assert_int_equal(sio__jwt_material_ec(&key, &mem.allocator, &k, &fresh),
                     SIO_JWT_KEY_MALFORMED);
  }
  test_mem_check(&mem);
}

static void test_rsa_numbers_have_to_make_sense(void **state)
{
  static uint8_t even[256];
  static uint8_t large[1025];
  static const uint8_t e[] = {1, 0, 1};
  static const uint8_t one[] = {1};
  static const uint8_t wide[9] = {1, 0, 0, 0, 0, 0, 0, 0, 1};
  struct sio__jwt_material *key;
  struct test_mem mem;
  struct sio__jwt_rsa_numbers k = {.n = span(even, sizeof even),
                                   .e = span(e, sizeof e)};

  (void)state;
  even[0] = 0x80;
  large[0] = 0x80;
  large[1024] = 1;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k),
                   SIO_JWT_KEY_MALFORMED);
  even[255] = 1; /* nobody can tell that it is not the product of two primes */
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k), 0);
  assert_int_equal(sio__jwt_material_bits(key), 2048);
  sio__jwt_material_free(key);
  even[0] = 0x01;
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k), 0);
  assert_int_equal(sio__jwt_material_bits(key), 2041);
  sio__jwt_material_free(key);
  k.e = span(one, 1);
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k),
                   SIO_JWT_KEY_MALFORMED);
  k.e = span(wide, sizeof wide);
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k),
                   SIO_JWT_KEY_MALFORMED);
  k.e = span(NULL, 0);
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k),
                   SIO_JWT_KEY_MALFORMED);
  k.e = span(e, sizeof e);
  k.n = span(large, sizeof large);
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k),
                   SIO_JWT_KEY_UNSUPPORTED);
  k.n = span(even, sizeof even);
  k.d = span(even, sizeof even); /* which does not belong to it */
  assert_int_equal(sio__jwt_material_rsa(&key, &mem.allocator, &k),
                   SIO_JWT_KEY_MALFORMED);
  test_mem_check(&mem);
}

static void test_without_random_numbers_no_private_key_is_read(void **state)
{
  struct jwt_source empty = {0, 1};
  struct sio__jwt_random random = {jwt_source_fill, &empty, false};
  struct sio__jwt_material *key;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_int_equal(
      sio__jwt_material_pem(&key, &mem.allocator, sio_s(jwt_p256_pem), &random),
      SIO_ERR_RANDOM);
  assert_null(key);
  random.failed = false;
  assert_int_equal(sio__jwt_material_pem(&key, &mem.allocator,
                                         sio_s(jwt_p256_public_pem), &random),
                   0);
  sio__jwt_material_free(key);
  test_mem_check(&mem);
}

static void test_wiped_memory_is_zero(void **state)
{
  uint8_t bytes[4] = {1, 2, 3, 4};

  (void)state;
  sio__jwt_wipe(bytes, 3);
  assert_memory_equal(bytes, "\0\0\0\4", 4);
}

static void read_pem(struct test_mem *mem, void *user)
{
  struct sio__jwt_material *key;
  int error = sio__jwt_material_pem(&key, &mem->allocator, sio_s(user), &fresh);

  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__jwt_material_free(key);
}

static void read_secret(struct test_mem *mem, void *user)
{
  struct sio__jwt_material *key;
  sio_span secret = {user, 5};
  int error = sio__jwt_material_secret(&key, &mem->allocator, secret);

  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__jwt_material_free(key);
}

static void test_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_int_equal(
      test_every_allocation(read_pem, (void *)(uintptr_t)jwt_p521_pem), 3);
  assert_int_equal(test_every_allocation(read_secret, "12345"), 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pem_comes_in_many_forms),
      cmocka_unit_test(test_other_texts_are_no_keys),
      cmocka_unit_test(test_a_cut_pem_is_no_key),
      cmocka_unit_test(test_points_have_to_be_on_their_curve),
      cmocka_unit_test(test_rsa_numbers_have_to_make_sense),
      cmocka_unit_test(test_without_random_numbers_no_private_key_is_read),
      cmocka_unit_test(test_wiped_memory_is_zero),
      cmocka_unit_test(test_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
