/* SPDX-License-Identifier: MIT */
/* Key sets and tokens for the tests of lib/jwt. */
#include "jwt_world.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/mem.h"
#include "jwt/crypto.h"

sio_jwt_keys *jwt_no_keys(const sio_allocator *mem)
{
  sio_jwt_keys_options options;
  sio_jwt_keys *keys;

  sio_jwt_keys_options_init(&options);
  options.allocator = mem;
  assert_int_equal(sio_jwt_keys_new(&keys, &options), 0);
  return keys;
}

sio_jwt_keys *jwt_one_secret(const sio_allocator *mem)
{
  sio_jwt_keys *keys = jwt_no_keys(mem);
  sio_span secret = {(const uint8_t *)JWT_SECRET, sizeof JWT_SECRET - 1};

  assert_int_equal(sio_jwt_keys_add_secret(keys, secret, NULL), 0);
  return keys;
}

char *jwt_encode(const char *text)
{
  size_t len = strlen(text);
  char *out = malloc(sio__base64_size(len) + 1);

  assert_non_null(out);
  out[sio__base64url_encode((const uint8_t *)text, len, out)] = '\0';
  return out;
}

char *jwt_seal(const char *text)
{
  const struct sio__jwt_alg *alg = sio__jwt_alg_of(SIO_JWT_HS256);
  sio_span secret = {(const uint8_t *)JWT_SECRET, sizeof JWT_SECRET - 1};
  struct sio__jwt_random none = {NULL, NULL, false};
  struct sio__jwt_material *key;
  size_t len = strlen(text);
  char *out = malloc(len + 64);
  uint8_t mac[32];

  assert_non_null(out);
  assert_int_equal(sio__jwt_material_secret(&key, &sio__mem_default, secret),
                   0);
  assert_int_equal(sio__jwt_make(key, alg, sio_s(text), &none, mac), 0);
  sio__jwt_material_free(key);
  memcpy(out, text, len);
  out[len++] = '.';
  out[len + sio__base64url_encode(mac, sizeof mac, out + len)] = '\0';
  return out;
}

char *jwt_forge(const char *header, const char *claims)
{
  char *first = jwt_encode(header);
  char *second = jwt_encode(claims);
  char *text = malloc(strlen(first) + strlen(second) + 2);
  char *token;

  assert_non_null(text);
  strcpy(text, first);
  strcat(text, ".");
  strcat(text, second);
  token = jwt_seal(text);
  free(first);
  free(second);
  free(text);
  return token;
}

sio_jwt_options jwt_lenient(void)
{
  sio_jwt_options options;

  sio_jwt_options_init(&options);
  options.now_s = JWT_NOW;
  options.allow_no_exp = 1;
  return options;
}

int jwt_verdict(const sio_jwt_keys *keys, const char *token,
                const sio_jwt_options *options)
{
  uint8_t *exact = test_exact(token, strlen(token));
  sio_str text = {(const char *)exact, strlen(token)};
  sio_jwt *jwt = NULL;
  int verdict = sio_jwt_verify(keys, text, options, &jwt);

  assert_int_equal(jwt != NULL, verdict == 0);
  sio_jwt_release(jwt);
  free(exact);
  return verdict;
}

int jwt_verdict_on(const char *claims, const sio_jwt_options *options)
{
  struct test_mem mem;
  sio_jwt_keys *keys;
  char *token = jwt_forge("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims);
  int verdict;

  test_mem_init(&mem, TEST_MEM_NEVER);
  keys = jwt_one_secret(&mem.allocator);
  verdict = jwt_verdict(keys, token, options);
  sio_jwt_keys_release(keys);
  test_mem_check(&mem);
  free(token);
  return verdict;
}

int jwt_source_fill(void *source, uint8_t *out, size_t len)
{
  struct jwt_source *from = source;

  if (from->left < len)
    return -1;
  from->left -= len;
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)test_random(&from->state);
  return 0;
}
