/* SPDX-License-Identifier: MIT */
/* What has gone wrong in other implementations of JWT. */
#include "jwt_world.h"

#include <stdlib.h>

#include <mbedtls/md.h>

#include "base/base64.h"
#include "base/mem.h"
#include "jwt/crypto.h"

/* A token signed with HS256 and any bytes as the secret; they need not be
 * long enough for a key of ours. */
static char *sign_with(const char *header, const void *secret, size_t len)
{
  char *token = jwt_forge(header, "{\"sub\":\"admin\"}");
  char *end = strrchr(token, '.');
  uint8_t mac[32];

  assert_int_equal(mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                                   secret, len, (const uint8_t *)token,
                                   (size_t)(end - token), mac),
                   0);
  end[1 + sio__base64url_encode(mac, sizeof mac, end + 1)] = '\0';
  return token;
}

static sio_jwt_keys *with_pem(const char *pem)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(pem), NULL), 0);
  return keys;
}

/* An RSA JWK without `alg`, and a token that says HS256: the secret of that
 * key would be empty. */
static void test_hazard_hmac_with_the_empty_secret_of_an_rsa_key(void **state)
{
  static const char *const headers[] = {"{\"alg\":\"HS256\"}",
                                        "{\"alg\":\"HS256\",\"kid\":\"k\"}"};
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options key;

  (void)state;
  sio_jwt_key_options_init(&key);
  key.kid = "k";
  assert_int_equal(sio_jwt_keys_add_jwk(keys, sio_s(jwt_vectors[1].jwk), &key),
                   0);
  for (size_t i = 0; i < 2; i++) {
    char *token = sign_with(headers[i], "", 0);

    assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_ALGORITHM);
    free(token);
  }
  sio_jwt_keys_release(keys);
}

/* The public key is public, so who has it could sign with its text. */
static void test_hazard_public_key_taken_as_a_secret(void **state)
{
  static const char *const keys_in_pem[] = {
      jwt_rsa_public_pem, jwt_rsa_public_pkcs1_pem, jwt_p256_public_pem};
  sio_jwt_options options = jwt_lenient();

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const char *pem = keys_in_pem[i];
    sio_jwt_keys *keys = with_pem(pem);
    char *token = sign_with("{\"alg\":\"HS256\"}", pem, strlen(pem));
    sio_span text = {(const uint8_t *)pem, strlen(pem)};

    assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_ALGORITHM);
    /* nor can the host make that mistake */
    assert_int_equal(sio_jwt_keys_add_secret(keys, text, NULL),
                     SIO_JWT_KEY_IS_PEM);
    free(token);
    sio_jwt_keys_release(keys);
  }
}

static void test_hazard_unsigned_tokens_in_every_spelling(void **state)
{
  static const char *const headers[] = {
      "{\"alg\":\"none\"}",       "{\"alg\":\"None\"}",  "{\"alg\":\"NONE\"}",
      "{\"alg\":\"nOnE\"}",       "{\"alg\":\"none \"}", "{\"alg\":\"\"}",
      "{\"alg\":\"n\\u006fne\"}", "{\"alg\":\"null\"}"};
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *sets[3];

  (void)state;
  sets[0] = jwt_one_secret(NULL);
  sets[1] = with_pem(jwt_rsa_public_pem);
  sets[2] = jwt_no_keys(NULL);
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    for (size_t s = 0; s < 3; s++) {
      char *token = jwt_forge(headers[i], "{}");

      assert_int_equal(jwt_verdict(sets[s], token, &options),
                       SIO_JWT_ALGORITHM);
      strrchr(token, '.')[1] = '\0';
      assert_int_equal(jwt_verdict(sets[s], token, &options),
                       SIO_JWT_ALGORITHM);
      free(token);
    }
  }
  for (size_t s = 0; s < 3; s++)
    sio_jwt_keys_release(sets[s]);
}

static void test_hazard_signature_left_out(void **state)
{
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  char *token = jwt_forge("{\"alg\":\"HS256\"}", "{}");

  (void)state;
  strrchr(token, '.')[1] = '\0';
  assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_BAD_SIGNATURE);
  *strrchr(token, '.') = '\0';
  assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_MALFORMED);
  free(token);
  sio_jwt_keys_release(keys);
}

/* A comparison that stops at the shorter one takes the beginning. */
static void test_hazard_beginning_of_the_right_signature(void **state)
{
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  char *token = jwt_forge("{\"alg\":\"HS256\"}", "{}");
  char *sig = strrchr(token, '.') + 1;

  (void)state;
  assert_int_equal(jwt_verdict(keys, token, &options), 0);
  for (size_t n = 40; n > 0; n -= 4) { /* whole groups of three bytes */
    sig[n] = '\0';
    assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_BAD_SIGNATURE);
  }
  free(token);
  sio_jwt_keys_release(keys);
}

static void test_hazard_empty_and_short_secrets(void **state)
{
  sio_jwt_keys *keys = jwt_no_keys(NULL);

  (void)state;
  assert_int_equal(sio_jwt_keys_add_secret(keys, (sio_span){NULL, 0}, NULL),
                   SIO_JWT_KEY_EMPTY);
  assert_int_equal(sio_jwt_keys_add_secret(
                       keys, (sio_span){(const uint8_t *)"secret", 6}, NULL),
                   SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(
      sio_jwt_keys_add_jwk(keys, sio_s("{\"kty\":\"oct\",\"k\":\"\"}"), NULL),
      SIO_JWT_KEY_EMPTY);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_rsa_1024_pem), NULL),
                   SIO_JWT_KEY_TOO_SHORT);
  assert_int_equal(sio_jwt_keys_count(keys), 0);
  sio_jwt_keys_release(keys);
}

/* One key, one algorithm: also among those of its own family. */
static void test_hazard_algorithm_chosen_by_the_token(void **state)
{
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *signer = jwt_no_keys(NULL);
  sio_jwt_keys *keys = with_pem(jwt_rsa_public_pem);
  sio_jwt_key_options key;
  sio_jwt_sign_options sign;

  (void)state;
  sio_jwt_key_options_init(&key);
  key.algorithms = SIO_JWT_RS256 | SIO_JWT_RS512 | SIO_JWT_PS256;
  assert_int_equal(sio_jwt_keys_add_pem(signer, sio_s(jwt_rsa_pem), &key), 0);
  for (uint32_t alg = SIO_JWT_RS256; alg <= SIO_JWT_PS256; alg <<= 1) {
    sio_jwt *jwt;
    sio_jwt *back;

    if ((key.algorithms & alg) == 0)
      continue;
    sio_jwt_sign_options_init(&sign);
    sign.algorithm = alg;
    assert_int_equal(sio_jwt_sign(signer, sio_s("{}"), &sign, &jwt), 0);
    assert_int_equal(sio_jwt_verify(keys, sio_jwt_token(jwt), &options, &back),
                     alg == SIO_JWT_RS256 ? 0 : SIO_JWT_ALGORITHM);
    sio_jwt_release(back);
    sio_jwt_release(jwt);
  }
  sio_jwt_keys_release(signer);
  sio_jwt_keys_release(keys);
}

/* The key in the header is the one of whoever wrote the header. */
static void test_hazard_key_brought_along_by_the_token(void **state)
{
  static const char *const headers[] = {
      "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
      "{\"alg\":\"HS256\",\"jku\":\"https://evil.example/keys\"}",
      "{\"alg\":\"HS256\",\"x5u\":\"https://evil.example/\",\"x5c\":[\"AA\"]}"};
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    char *token = sign_with(headers[i], "\0\0\0", 3);

    assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_BAD_SIGNATURE);
    free(token);
  }
  sio_jwt_keys_release(keys);
}

/* An id is compared and nothing else: no path, no query, no prefix. */
static void test_hazard_key_id_as_a_path_or_query(void **state)
{
  static const char *const ids[] = {"../../../../dev/null",
                                    "k' OR '1'='1",
                                    "k\\u0000",
                                    "",
                                    "*",
                                    "http://x/",
                                    "K"};
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_no_keys(NULL);
  sio_jwt_key_options key;

  (void)state;
  sio_jwt_key_options_init(&key);
  key.kid = "k";
  assert_int_equal(
      sio_jwt_keys_add_secret(
          keys, (sio_span){(const uint8_t *)JWT_SECRET, sizeof JWT_SECRET - 1},
          &key),
      0);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char header[80] = "{\"alg\":\"HS256\",\"kid\":\"";
    char *token;
    int verdict;

    strcat(header, ids[i]);
    strcat(header, "\"}");
    token = sign_with(header, "", 0);
    verdict = jwt_verdict(keys, token, &options);
    assert_true(verdict == SIO_JWT_UNKNOWN_KEY || verdict == SIO_JWT_MALFORMED);
    free(token);
  }
  sio_jwt_keys_release(keys);
}

/* r = s = 0, and other numbers that no signature has. */
static void test_hazard_ecdsa_with_impossible_numbers(void **state)
{
  static const char *const sigs[] = {
      /* 0, 0 */
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAA",
      /* the order of the curve, twice */
      "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVH_____AAAAAP______"
      "____vOb6racXnoTzucrC_GMlUQ",
      /* all bits */
      "____________________________________________________________"
      "_________________________w",
      /* 1, 0 */
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAA",
  };
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = with_pem(jwt_p256_public_pem);

  (void)state;
  for (size_t i = 0; i < 4; i++) {
    char token[200] = "eyJhbGciOiJFUzI1NiJ9.e30.";

    strcat(token, sigs[i]);
    assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_BAD_SIGNATURE);
  }
  sio_jwt_keys_release(keys);
}

/* Two readers that take different ones of the same name disagree. */
static void test_hazard_members_that_are_there_twice(void **state)
{
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  char *token = jwt_forge("{\"alg\":\"none\",\"alg\":\"HS256\"}", "{}");

  (void)state;
  assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_DUPLICATE);
  free(token);
  sio_jwt_keys_release(keys);
  assert_int_equal(
      jwt_verdict_on("{\"sub\":\"ann\",\"s\\u0075b\":\"admin\"}", &options),
      SIO_JWT_DUPLICATE);
  assert_int_equal(jwt_verdict_on("{\"exp\":1,\"exp\":2000000}", &options),
                   SIO_JWT_DUPLICATE);
}

/* Without being told otherwise, a token that does not end is refused, and so
 * is one that is for somebody else. */
static void test_hazard_claims_that_nobody_checks(void **state)
{
  static const char *const ours[] = {"ours"};
  sio_jwt_options options;

  (void)state;
  sio_jwt_options_init(&options);
  options.now_s = JWT_NOW;
  assert_int_equal(jwt_verdict_on("{}", &options), SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"exp\":\"1e9\"}", &options),
                   SIO_JWT_INVALID_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"exp\":2e6,\"aud\":\"other\"}", &options),
                   SIO_JWT_WRONG_AUDIENCE);
  options.audiences = options.issuers = ours;
  options.n_audiences = options.n_issuers = 1;
  assert_int_equal(jwt_verdict_on("{\"exp\":2e6,\"aud\":\"ours\"}", &options),
                   SIO_JWT_MISSING_CLAIM);
  assert_int_equal(jwt_verdict_on("{\"exp\":2e6,\"iss\":\"ours\"}", &options),
                   SIO_JWT_MISSING_CLAIM);
  assert_int_equal(
      jwt_verdict_on("{\"exp\":2e6,\"iss\":\"ours\",\"aud\":[\"ours\"]}",
                     &options),
      0);
}

/* Work and memory before the signature is known to be right. */
static void test_hazard_size_and_depth_of_strangers_tokens(void **state)
{
  sio_jwt_options options = jwt_lenient();
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  char header[6001];
  struct test_mem mem;
  char *token;

  (void)state;
  memset(header, '[', 6000);
  memcpy(header, "{\"alg\":", 7);
  header[6000] = '\0';
  token = jwt_forge(header, "{}");
  assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_TOO_DEEP);
  sio_jwt_keys_release(keys);
  free(token);

  test_mem_init(&mem, TEST_MEM_NEVER);
  keys = jwt_one_secret(&mem.allocator);
  mem.calls = 0;
  token = malloc(1 << 20);
  memset(token, 'A', (1 << 20) - 1);
  token[(1 << 20) - 1] = '\0';
  token[10] = token[20] = '.';
  assert_int_equal(jwt_verdict(keys, token, &options), SIO_JWT_TOO_LARGE);
  assert_int_equal(mem.calls, 0);
  free(token);
  sio_jwt_keys_release(keys);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hazard_hmac_with_the_empty_secret_of_an_rsa_key),
      cmocka_unit_test(test_hazard_public_key_taken_as_a_secret),
      cmocka_unit_test(test_hazard_unsigned_tokens_in_every_spelling),
      cmocka_unit_test(test_hazard_signature_left_out),
      cmocka_unit_test(test_hazard_beginning_of_the_right_signature),
      cmocka_unit_test(test_hazard_empty_and_short_secrets),
      cmocka_unit_test(test_hazard_algorithm_chosen_by_the_token),
      cmocka_unit_test(test_hazard_key_brought_along_by_the_token),
      cmocka_unit_test(test_hazard_key_id_as_a_path_or_query),
      cmocka_unit_test(test_hazard_ecdsa_with_impossible_numbers),
      cmocka_unit_test(test_hazard_members_that_are_there_twice),
      cmocka_unit_test(test_hazard_claims_that_nobody_checks),
      cmocka_unit_test(test_hazard_size_and_depth_of_strangers_tokens),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
