/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "jwt/keyset.h"

/* A P-256 key: RFC 7515 A.3. */
#define X    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define D    "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define P256 "\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y

/* 32 bytes. */
#define K "\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\""

typedef int (*add_fn)(sio_jwt_keys *keys, sio_str json,
                      const sio_jwt_key_options *options);

static int add_exact(add_fn add, sio_jwt_keys *keys, const char *json,
                     uint32_t algorithms)
{
  uint8_t *exact = test_exact(json, strlen(json));
  size_t before = sio_jwt_keys_count(keys);
  sio_jwt_key_options options;
  int error;

  sio_jwt_key_options_init(&options);
  options.algorithms = algorithms;
  error = add(keys, (sio_str){(const char *)exact, strlen(json)}, &options);
  assert_int_equal(sio_jwt_keys_count(keys) > before, error == 0);
  free(exact);
  return error;
}

/* What becomes of a key; `*algorithms` is what it may be used with. */
static int add(const char *json, uint32_t algorithms, uint32_t *may)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  int error = add_exact(sio_jwt_keys_add_jwk, keys, json, algorithms);

  if (error == 0 && may != NULL)
    *may = keys->keys[0].algorithms;
  sio_jwt_keys_release(keys);
  return error;
}

static int add_set(const char *json, uint32_t algorithms, size_t *n)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  int error = add_exact(sio_jwt_keys_add_jwks, keys, json, algorithms);

  *n = sio_jwt_keys_count(keys);
  sio_jwt_keys_release(keys);
  return error;
}

static void test_alg_binds_the_key(void **state)
{
  uint32_t may = 0;

  (void)state;
  assert_int_equal(add("{\"kty\":\"oct\"," K "}", 0, &may), 0);
  assert_int_equal(may, SIO_JWT_HS256);
  assert_int_equal(add("{\"kty\":\"oct\",\"alg\":\"HS256\"," K "}", 0, &may),
                   0);
  assert_int_equal(may, SIO_JWT_HS256);
  assert_int_equal(add("{\"kty\":\"oct\",\"alg\":\"HS512\"," K "}", 0, NULL),
                   SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(add("{\"kty\":\"oct\",\"alg\":\"RS256\"," K "}", 0, NULL),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add("{\"kty\":\"oct\",\"alg\":\"none\"," K "}", 0, NULL),
                   SIO_JWT_KEY_UNSUPPORTED);
  assert_int_equal(add("{" P256 "}", 0, &may), 0);
  assert_int_equal(may, SIO_JWT_ES256);
  assert_int_equal(add("{" P256 ",\"alg\":\"ES256\"}", 0, &may), 0);
  assert_int_equal(may, SIO_JWT_ES256);
  assert_int_equal(add("{" P256 ",\"alg\":\"ES384\"}", 0, NULL),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add("{" P256 ",\"alg\":\"HS256\"}", 0, NULL),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add("{" P256 ",\"alg\":\"ECDH-ES\"}", 0, NULL),
                   SIO_JWT_KEY_UNSUPPORTED);
}

static void test_options_narrow_what_a_key_is_for(void **state)
{
  uint32_t may = 0;

  (void)state;
  assert_int_equal(add(jwt_vectors[1].jwk, 0, &may), 0);
  assert_int_equal(may, SIO_JWT_RS256);
  assert_int_equal(add(jwt_vectors[1].jwk,
                       SIO_JWT_PS256 | SIO_JWT_PS512 | SIO_JWT_ES256, &may),
                   0);
  assert_int_equal(may, SIO_JWT_PS256 | SIO_JWT_PS512);
  assert_int_equal(add(jwt_vectors[1].jwk, SIO_JWT_ES256, NULL),
                   SIO_JWT_KEY_ALGORITHM);
  assert_int_equal(add("{" P256 ",\"alg\":\"ES256\"}", SIO__JWT_WITH_EC, &may),
                   0);
  assert_int_equal(may, SIO_JWT_ES256);
  assert_int_equal(add("{" P256 "}", SIO__JWT_WITH_EC, &may), 0);
  assert_int_equal(may, SIO_JWT_ES256);
  assert_int_equal(add("{\"kty\":\"oct\",\"alg\":\"HS256\"," K "}",
                       SIO_JWT_HS384 | SIO_JWT_RS256, NULL),
                   SIO_JWT_KEY_ALGORITHM);
}

static void test_every_curve_is_read(void **state)
{
  uint32_t may = 0;

  (void)state;
  assert_int_equal(add(jwt_vectors[3].jwk, 0, &may), 0);
  assert_int_equal(may, SIO_JWT_ES512);
  /* RFC 8812, RFC 8037 */
  assert_int_equal(
      add("{\"kty\":\"EC\",\"crv\":\"secp256k1\"," X "," Y "}", 0, NULL),
      SIO_JWT_KEY_UNSUPPORTED);
  assert_int_equal(add("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X "}", 0, NULL),
                   SIO_JWT_KEY_UNSUPPORTED);
  assert_int_equal(
      add("{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}", 0, NULL),
      SIO_JWT_KEY_MALFORMED);
}

static void test_a_key_says_what_it_is_used_for(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_int_equal(add("{" P256 ",\"use\":\"sig\"}", 0, NULL), 0);
  assert_int_equal(add("{" P256 ",\"use\":\"enc\"}", 0, NULL), SIO_JWT_KEY_USE);
  assert_int_equal(add("{" P256 ",\"use\":1}", 0, NULL), SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add("{" P256 ",\"key_ops\":[\"deriveKey\"]}", 0, NULL),
                   SIO_JWT_KEY_USE);
  assert_int_equal(add("{" P256 ",\"key_ops\":[]}", 0, NULL), SIO_JWT_KEY_USE);
  assert_int_equal(add("{" P256 ",\"key_ops\":\"verify\"}", 0, NULL),
                   SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add("{" P256 ",\"key_ops\":[\"sign\"]}", 0, NULL),
                   SIO_JWT_KEY_USE); /* it is public */
  assert_int_equal(add_exact(sio_jwt_keys_add_jwk, keys,
                             "{" P256 "," D ",\"key_ops\":[\"sign\"]}", 0),
                   0);
  assert_int_equal(add_exact(sio_jwt_keys_add_jwk, keys,
                             "{" P256 "," D ",\"key_ops\":[\"x\",\"verify\"]}",
                             0),
                   0);
  assert_int_equal(add_exact(sio_jwt_keys_add_jwk, keys, "{" P256 "," D "}", 0),
                   0);
  assert_int_equal(add_exact(sio_jwt_keys_add_jwk, keys, "{" P256 "}", 0), 0);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(keys->keys[i].can_sign, i == 0 || i == 2);
    assert_int_equal(keys->keys[i].can_verify, i != 0);
  }
  sio_jwt_keys_release(keys);
}

static void test_malformed_keys_are_refused(void **state)
{
  static const char *const wrong[] = {
      "",
      "[]",
      "{}",
      "null",
      "{\"kty\":\"oct\"",
      "{\"kty\":1," K "}",
      "{\"kty\":\"oct\"," K "," K "}",
      "{\"kty\":\"oct\",\"kty\":\"RSA\"," K "}",
      "{\"kty\":\"oct\",\"k\":\"AAEC+w\"}",
      "{\"kty\":\"oct\",\"k\":\"AAE=\"}",
      "{\"kty\":\"oct\",\"k\":\"AAF\"}",
      "{\"kty\":\"oct\",\"k\":7}",
      "{\"kty\":\"oct\",\"kid\":7," K "}",
      "{\"kty\":\"oct\",\"kid\":\"\"," K "}",
      "{\"kty\":\"oct\",\"alg\":256," K "}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\"," X "}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":\"AAAA\"}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\"," X
      ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\"," X
      ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw\"}",
      "{" P256 ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      "{" P256 ",\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
      "{" P256 ",\"d\":\"AQ\"}",
      "{\"kty\":\"RSA\"}",
      "{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
      "{\"kty\":\"RSA\",\"e\":\"AQAB\"}",
      "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}",
  };

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(add(wrong[i], 0, NULL), SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add("{\"kty\":\"oct\"}", 0, NULL), SIO_JWT_KEY_EMPTY);
  assert_int_equal(add("{\"kty\":\"oct\",\"k\":\"\"}", 0, NULL),
                   SIO_JWT_KEY_EMPTY);
  assert_int_equal(add("{\"kty\":\"oct\",\"k\":\"AA\"}", 0, NULL),
                   SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(
      add("{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\",\"oth\":[]}", 0, NULL),
      SIO_JWT_KEY_UNSUPPORTED);
}

static void test_a_short_rsa_key_is_refused(void **state)
{
  char json[400];
  char n[172];

  (void)state;
  memset(n, '_', 171); /* 1026 bits, all of them set */
  n[171] = '\0';
  n[170] = '8';
  snprintf(json, sizeof json, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}",
           n);
  assert_int_equal(add(json, 0, NULL), SIO_JWT_KEY_TOO_SHORT);
}

static void test_the_id_comes_from_the_key_or_the_options(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options options;

  (void)state;
  sio_jwt_key_options_init(&options);
  options.kid = "mine";
  assert_int_equal(add_exact(sio_jwt_keys_add_jwk, keys,
                             "{" P256 ",\"kid\":\"\\u0061b\"}", 0),
                   0);
  assert_int_equal(
      sio_jwt_keys_add_jwk(keys, sio_s("{" P256 ",\"kid\":\"ab\"}"), &options),
      0);
  assert_int_equal(add_exact(sio_jwt_keys_add_jwk, keys, "{" P256 "}", 0), 0);
  assert_true(sio__jwt_key_is(&keys->keys[0], sio_s("ab")));
  assert_true(sio__jwt_key_is(&keys->keys[1], sio_s("mine")));
  assert_true(sio__jwt_key_is(&keys->keys[2], sio_s(NULL)));
  sio_jwt_keys_release(keys);
}

static void test_a_set_leaves_out_what_it_has_no_use_for(void **state)
{
  size_t n;

  (void)state;
  assert_int_equal(
      add_set("{\"keys\":[{" P256 ",\"kid\":\"1\"},{\"kty\":\"OKP\"},{},7,"
              "{" P256 ",\"use\":\"enc\"},{\"kty\":\"oct\",\"k\":\"AA\"},"
              "{" P256 ",\"alg\":\"ES256K\"},{\"kty\":\"oct\"," K "},"
              "{\"kty\":\"EC\",\"crv\":\"P-256\"}],\"more\":true}",
              0, &n),
      0);
  assert_int_equal(n, 2);
  /* a set from elsewhere brings no secret along */
  assert_int_equal(add_set("{\"keys\":[{" P256 "},{\"kty\":\"oct\"," K "}]}",
                           SIO_JWT_ES256, &n),
                   0);
  assert_int_equal(n, 1);
}

static void test_a_set_without_keys_is_told(void **state)
{
  size_t n;

  (void)state;
  assert_int_equal(add_set("{\"keys\":[]}", 0, &n), SIO_JWT_KEY_NONE);
  assert_int_equal(add_set("{\"keys\":[{\"kty\":\"OKP\"}]}", 0, &n),
                   SIO_JWT_KEY_NONE);
  assert_int_equal(add_set("{\"keys\":[{" P256 "}]}", SIO_JWT_RS256, &n),
                   SIO_JWT_KEY_NONE);
  assert_int_equal(add_set("{}", 0, &n), SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add_set("[]", 0, &n), SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add_set("{\"keys\":{}}", 0, &n), SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add_set("{" P256 "}", 0, &n), SIO_JWT_KEY_MALFORMED);
  assert_int_equal(add_set("{\"keys\":[],\"keys\":[{" P256 "}]}", 0, &n),
                   SIO_JWT_KEY_MALFORMED);
  assert_int_equal(n, 0);
}

static void test_a_set_has_no_id(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options options;

  (void)state;
  sio_jwt_key_options_init(&options);
  options.kid = "x";
  assert_int_equal(
      sio_jwt_keys_add_jwks(keys, sio_s("{\"keys\":[{" P256 "}]}"), &options),
      SIO_ERR_INVALID);
  sio_jwt_keys_release(keys);
}

static void test_a_set_that_is_too_large_adds_nothing(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  char *json = malloc(65 * 80 + 20);
  size_t len = 0;

  (void)state;
  len += (size_t)sprintf(json, "{\"keys\":[");
  for (int i = 0; i < 65; i++)
    len += (size_t)sprintf(json + len, "%s{\"kty\":\"oct\"," K "}",
                           i > 0 ? "," : "");
  sprintf(json + len, "]}");
  assert_int_equal(add_exact(sio_jwt_keys_add_jwks, keys, json, 0),
                   SIO_ERR_LIMIT);
  assert_int_equal(sio_jwt_keys_count(keys), 0);
  free(json);
  sio_jwt_keys_release(keys);
}

static void fill(struct test_mem *mem, void *user)
{
  static const char set[] =
      "{\"keys\":[{" P256 ",\"kid\":\"\\u0031\"},{\"kty\":\"oct\"," K "},"
      "{\"kty\":\"EC\"}]}";
  struct jwt_source numbers = {SIZE_MAX, 1};
  sio_jwt_keys_options options;
  sio_jwt_keys *keys;
  int error;

  (void)user;
  sio_jwt_keys_options_init(&options);
  options.allocator = &mem->allocator;
  options.random = jwt_source_fill;
  options.random_user = &numbers;
  if (sio_jwt_keys_new(&keys, &options) != 0)
    return;
  error = sio_jwt_keys_add_jwk(keys, sio_s(jwt_vectors[1].jwk), NULL);
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  assert_int_equal(sio_jwt_keys_count(keys), error == 0 ? 1 : 0);
  if (error == 0) {
    error = sio_jwt_keys_add_jwks(keys, sio_s(set), NULL);
    assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
    assert_int_equal(sio_jwt_keys_count(keys), error == 0 ? 3 : 1);
  }
  sio_jwt_keys_release(keys);
}

static void test_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_true(test_every_allocation(fill, NULL) > 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alg_binds_the_key),
      cmocka_unit_test(test_options_narrow_what_a_key_is_for),
      cmocka_unit_test(test_every_curve_is_read),
      cmocka_unit_test(test_a_key_says_what_it_is_used_for),
      cmocka_unit_test(test_malformed_keys_are_refused),
      cmocka_unit_test(test_a_short_rsa_key_is_refused),
      cmocka_unit_test(test_the_id_comes_from_the_key_or_the_options),
      cmocka_unit_test(test_a_set_leaves_out_what_it_has_no_use_for),
      cmocka_unit_test(test_a_set_without_keys_is_told),
      cmocka_unit_test(test_a_set_has_no_id),
      cmocka_unit_test(test_a_set_that_is_too_large_adds_nothing),
      cmocka_unit_test(test_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
