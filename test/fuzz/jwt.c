/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: tokens and keys.  The first byte says what the rest is:
 *
 *   t  a token, for keys of which the fuzzer does not know the private half:
 *      to accept one is a crash
 *   s  a header and claims with a newline between them, which are signed
 *   k  a JWK     j  a JWK Set     p  PEM     c  claims to sign
 */
#include <stdlib.h>

#include <sio/jwt.h>

#include "base/base64.h"
#include "jwt/crypto.h"
#include "jwt/keyset.h"
#include "jwt_data.h"

enum { NOW = 1000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
  if (!is_so)
    abort();
}

static int verify(const sio_jwt_keys *keys, sio_str token)
{
  sio_jwt_options options;
  sio_jwt *jwt;
  int error;

  sio_jwt_options_init(&options);
  options.now_s = NOW;
  options.allow_no_exp = 1;
  error = sio_jwt_verify(keys, token, &options, &jwt);
  must((error == 0) == (jwt != NULL));
  sio_jwt_release(jwt);
  return error;
}

static sio_jwt_keys *make_keys(void)
{
  static const uint8_t secret[32] = {7, 1, 4};
  sio_jwt_keys *keys;

  must(sio_jwt_keys_new(&keys, NULL) == 0);
  must(sio_jwt_keys_add_secret(keys, (sio_span){secret, 32}, NULL) == 0);
  must(sio_jwt_keys_add_pem(keys, sio_s(jwt_rsa_public_pem), NULL) == 0);
  must(sio_jwt_keys_add_pem(keys, sio_s(jwt_p256_public_pem), NULL) == 0);
  return keys;
}

/* Header and claims are encoded and signed with the secret of the set. */
static void verify_signed(sio_jwt_keys *keys, sio_str text)
{
  const char *end = text.data + text.len;
  const char *newline = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
  char *token = malloc(2 * text.len + 100);
  uint8_t mac[32];
  size_t len;

  if (newline == NULL || token == NULL) {
    free(token);
    return;
  }
  len = sio__base64url_encode((const uint8_t *)text.data,
                              (size_t)(newline - text.data), token);
  token[len++] = '.';
  len += sio__base64url_encode((const uint8_t *)newline + 1,
                               (size_t)(end - newline - 1), token + len);
  must(sio__jwt_make(keys->keys[0].material, sio__jwt_alg_of(SIO_JWT_HS256),
                     (sio_str){token, len}, &keys->random, mac) == 0);
  token[len++] = '.';
  len += sio__base64url_encode(mac, sizeof mac, token + len);
  (void)verify(keys, (sio_str){token, len}); /* either is right */
  free(token);
}

/* What can be signed can be read back. */
static void sign(sio_jwt_keys *keys, sio_str claims)
{
  sio_jwt_sign_options options;
  sio_jwt *jwt;
  int error;

  sio_jwt_sign_options_init(&options);
  options.now_s = NOW;
  options.lifetime_s = 1;
  options.add_id = 1;
  error = sio_jwt_sign(keys, claims, &options, &jwt);
  must((error == 0) == (jwt != NULL));
  if (jwt != NULL) {
    error = verify(keys, sio_jwt_token(jwt));
    must(error != SIO_JWT_BAD_SIGNATURE && error != SIO_JWT_MALFORMED &&
         error != SIO_JWT_DUPLICATE && error != SIO_JWT_INVALID_CLAIM);
  }
  sio_jwt_release(jwt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static sio_jwt_keys *keys;
  sio_jwt_keys *own;
  sio_str text = {(const char *)data + 1, size - 1};
  int error = SIO_JWT_KEY_NONE;

  if (size == 0)
    return 0;
  if (keys == NULL)
    keys = make_keys();
  must(sio_jwt_keys_new(&own, NULL) == 0);
  switch (data[0]) {
  case 't':
    must(verify(keys, text) != 0);
    break;
  case 's':
    verify_signed(keys, text);
    break;
  case 'c':
    sign(keys, text);
    break;
  case 'k':
    error = sio_jwt_keys_add_jwk(own, text, NULL);
    break;
  case 'j':
    error = sio_jwt_keys_add_jwks(own, text, NULL);
    break;
  case 'p':
    error = sio_jwt_keys_add_pem(own, text, NULL);
    break;
  default:
    break;
  }
  must((error == 0) == (sio_jwt_keys_count(own) > 0));
  sio_jwt_keys_release(own);
  return 0;
}
