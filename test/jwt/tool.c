/* SPDX-License-Identifier: MIT */
/*
 * Signs and verifies one token, for tests in JavaScript.
 *
 * usage: tool sign FORM ALG CLAIMS KID      prints the token
 *        tool verify FORM ALG TOKEN NOW     prints the claims
 *
 * The key is read from standard input; FORM is secret, pem, jwk or jwks.  ALG
 * is what it may be used with, or "-": what it says itself.  KID may be "-".
 * What goes wrong is printed as "error WORD".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sio/jwt.h>

enum { MAX_KEY = 65536 };

static const char *const names[] = {"HS256", "HS384", "HS512", "RS256",
                                    "RS384", "RS512", "PS256", "PS384",
                                    "PS512", "ES256", "ES384", "ES512"};

static uint32_t alg_named(const char *name)
{
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) == 0)
      return 1u << i;
  }
  return 0;
}

static int add(sio_jwt_keys *keys, const char *form, const char *alg,
               const char *key, size_t len)
{
  sio_str text = {key, len};
  sio_span bytes = {(const uint8_t *)key, len};
  sio_jwt_key_options options;

  sio_jwt_key_options_init(&options);
  options.algorithms = alg_named(alg);
  if (strcmp(form, "secret") == 0)
    return sio_jwt_keys_add_secret(keys, bytes, &options);
  if (strcmp(form, "pem") == 0)
    return sio_jwt_keys_add_pem(keys, text, &options);
  if (strcmp(form, "jwk") == 0)
    return sio_jwt_keys_add_jwk(keys, text, &options);
  return sio_jwt_keys_add_jwks(keys, text, &options);
}

static int sign(const sio_jwt_keys *keys, const char *alg, const char *claims,
                const char *kid)
{
  sio_jwt_sign_options options;
  sio_jwt *jwt;
  int error;

  sio_jwt_sign_options_init(&options);
  options.algorithm = alg_named(alg);
  if (strcmp(kid, "-") != 0)
    options.kid = kid;
  error = sio_jwt_sign(keys, sio_s(claims), &options, &jwt);
  if (error == 0)
    printf("%.*s\n", SIO_STR_ARG(sio_jwt_token(jwt)));
  sio_jwt_release(jwt);
  return error;
}

static int verify(const sio_jwt_keys *keys, const char *token, const char *now)
{
  static const char *const audience[] = {"libsio"};
  static const char *const issuer[] = {"node"};
  sio_jwt_options options;
  sio_jwt *jwt;
  int error;

  sio_jwt_options_init(&options);
  options.now_s = strtoull(now, NULL, 10);
  options.audiences = audience;
  options.n_audiences = 1;
  options.issuers = issuer;
  options.n_issuers = 1;
  error = sio_jwt_verify(keys, sio_s(token), &options, &jwt);
  if (error == 0)
    printf("%.*s\n", SIO_STR_ARG(sio_value_json(sio_jwt_claims(jwt))));
  sio_jwt_release(jwt);
  return error;
}

int main(int argc, char **argv)
{
  static char key[MAX_KEY];
  size_t len = fread(key, 1, sizeof key, stdin);
  sio_jwt_keys *keys;
  int error;

  if (argc != 6) {
    fprintf(stderr, "usage: tool sign|verify FORM ALG TEXT KID|NOW\n");
    return 2;
  }
  error = sio_jwt_keys_new(&keys, NULL);
  if (error == 0)
    error = add(keys, argv[2], argv[3], key, len);
  if (error == 0 && strcmp(argv[1], "sign") == 0)
    error = sign(keys, argv[3], argv[4], argv[5]);
  else if (error == 0)
    error = verify(keys, argv[4], argv[5]);
  sio_jwt_keys_release(keys);
  if (error != 0)
    printf("error %s\n", sio_jwt_error_word(error));
  return 0;
}
