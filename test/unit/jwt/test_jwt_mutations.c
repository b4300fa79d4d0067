/* SPDX-License-Identifier: MIT */
/* 10,000 tokens that are nearly right. */
#include "jwt_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOKENS = 16, MUTATIONS = 10000, FEWER = 300, MAX_LEN = 2000 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789-_.=+/ \n%{\"";

static char *tokens[TOKENS];
static sio_jwt_keys *keys;

/* Every algorithm, but mostly those that are quick to check. */
static void make_tokens(void)
{
  static const uint32_t algs[TOKENS] = {
      SIO_JWT_HS256, SIO_JWT_RS256, SIO_JWT_HS384, SIO_JWT_RS384,
      SIO_JWT_HS512, SIO_JWT_RS512, SIO_JWT_HS256, SIO_JWT_PS256,
      SIO_JWT_HS256, SIO_JWT_PS384, SIO_JWT_HS384, SIO_JWT_PS512,
      SIO_JWT_HS512, SIO_JWT_RS256, SIO_JWT_HS256, SIO_JWT_ES256};
  sio_span secret = {(const uint8_t *)jwt_rsa_pem + 40, 64};
  sio_jwt_key_options options;

  keys = jwt_no_keys(NULL);
  sio_jwt_key_options_init(&options);
  options.algorithms = SIO_JWT_HS256 | SIO_JWT_HS384 | SIO_JWT_HS512;
  assert_int_equal(sio_jwt_keys_add_secret(keys, secret, &options), 0);
  options.algorithms = SIO_JWT_RS256 | SIO_JWT_RS384 | SIO_JWT_RS512 |
                       SIO_JWT_PS256 | SIO_JWT_PS384 | SIO_JWT_PS512;
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_rsa_pem), &options), 0);
  assert_int_equal(sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_pem), NULL), 0);
  for (unsigned i = 0; i < TOKENS; i++) {
    sio_jwt_sign_options sign;
    char claims[80];
    sio_jwt *jwt;

    sio_jwt_sign_options_init(&sign);
    sign.algorithm = algs[i];
    snprintf(claims, sizeof claims, "{\"sub\":\"user %u\",\"admin\":false}", i);
    assert_int_equal(sio_jwt_sign(keys, sio_s(claims), &sign, &jwt), 0);
    tokens[i] = calloc(1, MAX_LEN);
    memcpy(tokens[i], sio_jwt_token(jwt).data, sio_jwt_token(jwt).len);
    sio_jwt_release(jwt);
  }
}

/* The part of `from` with that number, in place of the one of `token`. */
static void swap_part(char *token, const char *from, unsigned part)
{
  char made[2 * MAX_LEN] = "";

  for (unsigned i = 0; i < 3; i++) {
    const char *source = i == part ? from : token;

    for (unsigned skip = 0; skip < i; skip++)
      source = strchr(source, '.') + 1;
    snprintf(made + strlen(made), sizeof made - strlen(made), "%s%.*s",
             i > 0 ? "." : "", (int)strcspn(source, "."), source);
  }
  strcpy(token, made);
}

static void mutate(char *token, uint32_t *seed)
{
  size_t len = strlen(token);
  size_t at = test_random(seed) % len;
  char c = alphabet[test_random(seed) % (sizeof alphabet - 1)];

  switch (test_random(seed) % 8) {
  case 0:
    memmove(token + at, token + at + 1, len - at); /* one is missing */
    break;
  case 1:
    memmove(token + at + 1, token + at, len - at + 1); /* one too many */
    token[at] = c;
    break;
  case 2:
    token[at] = '\0'; /* cut */
    break;
  case 3:
    token[at] ^= (char)(1 << test_random(seed) % 7);
    break;
  case 4:
    if (strchr(token, '.') == NULL || strchr(token, '.') == strrchr(token, '.'))
      token[at] = c;
    else
      swap_part(token, tokens[test_random(seed) % TOKENS],
                test_random(seed) % 3);
    break;
  case 5: /* the last character, where there are spare bits */
    token[len - 1] = c;
    break;
  default:
    token[at] = c;
    break;
  }
}

static bool is_one_of_ours(const char *token)
{
  for (size_t i = 0; i < TOKENS; i++) {
    if (strcmp(token, tokens[i]) == 0)
      return true;
  }
  return false;
}

static void test_no_mutated_token_is_accepted(void **state)
{
  int n = getenv("TEST_IS_SLOW") != NULL ? FEWER : MUTATIONS;
  sio_jwt_options options = jwt_lenient();
  uint32_t seed = 20260101;
  int judged = 0;
  int reached = 0;

  (void)state;
  make_tokens();
  for (size_t i = 0; i < TOKENS; i++)
    assert_int_equal(jwt_verdict(keys, tokens[i], &options), 0);
  while (judged < n) {
    char token[2 * MAX_LEN];
    int verdict;

    strcpy(token, tokens[test_random(&seed) % TOKENS]);
    for (uint32_t i = test_random(&seed) % 3 + 1; i > 0 && *token; i--)
      mutate(token, &seed);
    if (is_one_of_ours(token))
      continue;
    judged++;
    verdict = jwt_verdict(keys, token, &options);
    if (verdict == 0)
      fail_msg("accepted: %s", token);
    assert_true(verdict <= -200); /* a fault of the token, not of ours */
    reached += verdict == SIO_JWT_BAD_SIGNATURE;
  }
  assert_true(reached > n / 4); /* it is the signature that most depends on */
  for (size_t i = 0; i < TOKENS; i++)
    free(tokens[i]);
  sio_jwt_keys_release(keys);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_mutated_token_is_accepted),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
