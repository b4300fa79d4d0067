/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdlib.h>

static sio_jwt_sign_options at(uint64_t now_s)
{
  sio_jwt_sign_options options;

  sio_jwt_sign_options_init(&options);
  options.now_s = now_s;
  return options;
}

/* The claims of what was signed, as they stand there. */
static void expect_claims(const char *claims,
                          const sio_jwt_sign_options *options, const char *want)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  uint8_t *exact = test_exact(claims, strlen(claims));
  sio_jwt *jwt;

  assert_int_equal(sio_jwt_sign(keys,
                                (sio_str){(const char *)exact, strlen(claims)},
                                options, &jwt),
                   0);
  assert_true(sio_str_is(sio_value_json(sio_jwt_claims(jwt)), want));
  free(exact);
  sio_jwt_release(jwt);
  sio_jwt_keys_release(keys);
}

static void test_what_was_signed_verifies(void **state)
{
  static const struct {
    const char *pem;
    uint32_t algorithms;
  } kinds[] = {
      {NULL, SIO_JWT_HS256 | SIO_JWT_HS384 | SIO_JWT_HS512},
      {jwt_rsa_pem, SIO_JWT_RS256 | SIO_JWT_RS384 | SIO_JWT_RS512 |
                        SIO_JWT_PS256 | SIO_JWT_PS384 | SIO_JWT_PS512},
      {jwt_p256_pem, SIO_JWT_ES256},
      {jwt_p384_pem, SIO_JWT_ES384},
      {jwt_p521_pem, SIO_JWT_ES512},
  };
  static const uint8_t secret[64] = {1, 2, 3};
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_sign_options options = at(JWT_NOW);
  sio_jwt_options verify = jwt_lenient();

  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    sio_jwt_key_options key;

    sio_jwt_key_options_init(&key);
    key.algorithms = kinds[i].algorithms;
    if (kinds[i].pem == NULL)
      assert_int_equal(sio_jwt_keys_add_secret(
                           keys, (sio_span){secret, sizeof secret}, &key),
                       0);
    else
      assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(kinds[i].pem), &key),
                       0);
  }
  for (uint32_t alg = 1; alg < 0x1000; alg <<= 1) {
    sio_jwt *jwt;
    sio_jwt *back;

    options.algorithm = alg;
    options.lifetime_s = 60;
    assert_int_equal(
        sio_jwt_sign(keys, sio_s("{\"sub\":\"ann\"}"), &options, &jwt), 0);
    verify.algorithms = alg;
    assert_int_equal(sio_jwt_verify(keys, sio_jwt_token(jwt), &verify, &back),
                     0);
    assert_true(sio_str_is(sio_jwt_subject(back), "ann"));
    assert_int_equal(sio_jwt_expires_s(jwt), JWT_NOW + 60);
    assert_int_equal(sio_jwt_expires_s(back), JWT_NOW + 60);
    assert_int_equal(sio_jwt_issued_s(back), JWT_NOW);
    sio_jwt_release(back);
    verify.algorithms = alg == 1 ? 2 : 1;
    assert_int_equal(sio_jwt_verify(keys, sio_jwt_token(jwt), &verify, &back),
                     SIO_JWT_ALGORITHM);
    sio_jwt_release(jwt);
  }
  sio_jwt_keys_release(keys);
}

static void test_claims_are_added_that_are_not_there(void **state)
{
  sio_jwt_sign_options options = at(1000);

  (void)state;
  expect_claims("{}", NULL, "{}");
  expect_claims(" { } ", &options, "{ \"iat\":1000}");
  expect_claims("{\"a\":[1]}", &options, "{\"a\":[1],\"iat\":1000}");
  options.lifetime_s = 60;
  expect_claims("{}", &options, "{\"iat\":1000,\"exp\":1060}");
  expect_claims("{\"exp\":7}", &options, "{\"exp\":7,\"iat\":1000}");
  expect_claims("{\"i\\u0061t\":1}", &options,
                "{\"i\\u0061t\":1,\"exp\":1060}");
  expect_claims("{\"x\":{\"iat\":1}}", &options,
                "{\"x\":{\"iat\":1},\"iat\":1000,\"exp\":1060}");
}

static void test_ids_are_drawn(void **state)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt_sign_options options = at(0);
  sio_jwt *one;
  sio_jwt *other;

  (void)state;
  options.add_id = 1;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &one), 0);
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &other), 0);
  assert_int_equal(sio_jwt_id(one).len, 20);
  assert_memory_not_equal(sio_jwt_id(one).data, sio_jwt_id(other).data, 20);
  sio_jwt_release(one);
  sio_jwt_release(other);
  sio_jwt_keys_release(keys);
  expect_claims("{\"jti\":\"x\"}", &options, "{\"jti\":\"x\"}");
}

static void test_the_header_names_key_and_type(void **state)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt_sign_options options = at(0);
  sio_jwt_key_options key;
  sio_jwt *jwt;

  (void)state;
  sio_jwt_key_options_init(&key);
  key.kid = "a\"b";
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_pem), &key), 0);
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt), 0);
  assert_true(sio_str_is(sio_value_json(sio_jwt_header(jwt)),
                         "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
  sio_jwt_release(jwt);
  options.kid = "a\"b";
  options.typ = "at+jwt";
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt), 0);
  assert_true(
      sio_str_is(sio_value_json(sio_jwt_header(jwt)),
                 "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"a\\\"b\"}"));
  sio_jwt_release(jwt);
  options.algorithm = SIO_JWT_HS256;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_JWT_KEY_NONE);
  options.algorithm = 0;
  options.kid = "other";
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_JWT_KEY_NONE);
  options.kid = NULL;
  options.typ = "\xff";
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_ERR_UTF8);
  assert_null(jwt);
  sio_jwt_keys_release(keys);
}

static void test_wrong_claims_are_not_signed(void **state)
{
  static const struct {
    const char *claims;
    int error;
  } wrong[] = {
      {"", SIO_ERR_JSON},
      {"[]", SIO_ERR_JSON},
      {"\"x\"", SIO_ERR_JSON},
      {"{} {}", SIO_ERR_JSON},
      {"{\"a\":1,\"a\":2}", SIO_JWT_DUPLICATE},
      {"{\"exp\":\"soon\"}", SIO_JWT_INVALID_CLAIM},
      {"{\"sub\":7}", SIO_JWT_INVALID_CLAIM},
      {"{\"aud\":7}", SIO_JWT_INVALID_CLAIM},
      {"{\"aud\":[\"a\",7]}", SIO_JWT_INVALID_CLAIM},
  };
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  char deep[200];
  sio_jwt *jwt;

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(sio_jwt_sign(keys, sio_s(wrong[i].claims), NULL, &jwt),
                     wrong[i].error);
    assert_null(jwt);
  }
  memset(deep, '[', 70);
  memcpy(deep, "{\"a\":", 5);
  memset(deep + 70, ']', 65);
  strcpy(deep + 135, "}");
  assert_int_equal(sio_jwt_sign(keys, sio_s(deep), NULL, &jwt),
                   SIO_JWT_TOO_DEEP);
  sio_jwt_keys_release(keys);
}

static void test_options_have_ranges(void **state)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt_sign_options options = at(0);
  sio_jwt *jwt;

  (void)state;
  options.lifetime_s = 1; /* since when? */
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_ERR_INVALID);
  options = at(UINT64_MAX);
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_ERR_INVALID);
  options = at(1);
  options.lifetime_s = UINT64_MAX;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_ERR_INVALID);
  options = at(1);
  options.algorithm = SIO_JWT_HS256 | SIO_JWT_HS384;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_ERR_INVALID);
  options = at(1);
  options.add_id = 2;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &options, &jwt),
                   SIO_ERR_INVALID);
  assert_null(jwt);
  sio_jwt_keys_release(keys);
}

static void test_payloads_are_signed_too(void **state)
{
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_payload *payload = sio_payload_new(NULL);
  sio_jwt *jwt;

  (void)state;
  sio_payload_format(payload, "{sub: %s, n: %d}", "ann", 7);
  assert_int_equal(sio_jwt_sign_payload(keys, payload, NULL, &jwt), 0);
  assert_true(sio_str_is(sio_value_json(sio_jwt_claims(jwt)),
                         "{\"sub\":\"ann\",\"n\":7}"));
  sio_jwt_release(jwt);
  sio_payload_int64(payload, 1); /* a second argument */
  assert_int_equal(sio_jwt_sign_payload(keys, payload, NULL, &jwt),
                   SIO_ERR_JSON);
  sio_payload_reset(payload);
  sio_payload_object_begin(payload);
  assert_int_equal(sio_jwt_sign_payload(keys, payload, NULL, &jwt),
                   SIO_ERR_STATE);
  sio_payload_key(payload, "a");
  sio_payload_binary(payload, (sio_span){(const uint8_t *)"x", 1});
  sio_payload_object_end(payload);
  assert_int_equal(sio_jwt_sign_payload(keys, payload, NULL, &jwt),
                   SIO_ERR_TYPE);
  assert_null(jwt);
  sio_payload_free(payload);
  sio_jwt_keys_release(keys);
}

static void test_a_source_that_fails_signs_nothing(void **state)
{
  struct jwt_source numbers = {SIZE_MAX, 1};
  sio_jwt_keys_options options;
  sio_jwt_sign_options sign = at(0);
  sio_jwt_keys *keys;
  sio_jwt *jwt;

  (void)state;
  sio_jwt_keys_options_init(&options);
  options.random = jwt_source_fill;
  options.random_user = &numbers;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_pem), NULL), 0);
  numbers.left = 0;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &sign, &jwt),
                   SIO_ERR_RANDOM);
  sign.add_id = 1;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &sign, &jwt),
                   SIO_ERR_RANDOM);
  numbers.left = SIZE_MAX;
  assert_int_equal(sio_jwt_sign(keys, sio_s("{}"), &sign, &jwt), 0);
  sio_jwt_release(jwt);
  sio_jwt_keys_release(keys);
}

static void sign(struct test_mem *mem, void *user)
{
  sio_jwt_keys *keys;
  sio_jwt_sign_options options = at(1);
  sio_jwt *jwt;
  int error;

  (void)user;
  options.add_id = 1;
  options.lifetime_s = 1;
  mem->calls = SIZE_MAX / 2; /* the keys are not what is tested */
  keys = jwt_one_secret(&mem->allocator);
  mem->calls = 0;
  error =
      sio_jwt_sign(keys, sio_s("{\"\\u0073ub\":\"\\u0061\"}"), &options, &jwt);
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio_jwt_release(jwt);
  sio_jwt_keys_release(keys);
}

static void test_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_true(test_every_allocation(sign, NULL) > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_signed_verifies),
      cmocka_unit_test(test_claims_are_added_that_are_not_there),
      cmocka_unit_test(test_ids_are_drawn),
      cmocka_unit_test(test_the_header_names_key_and_type),
      cmocka_unit_test(test_wrong_claims_are_not_signed),
      cmocka_unit_test(test_options_have_ranges),
      cmocka_unit_test(test_payloads_are_signed_too),
      cmocka_unit_test(test_a_source_that_fails_signs_nothing),
      cmocka_unit_test(test_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
