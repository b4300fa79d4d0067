/* SPDX-License-Identifier: MIT */
/* Key sets: what is in them and what it may be used with. */
#include "jwt/keyset.h"

#include "base/mem.h"
#include "base/versioned.h"

enum {
  DEFAULT_RSA_BITS = 2048,
  LEAST_RSA_BITS = 1024, /* that the host may go down to */
  MAX_SECRET = 65536
};

static const sio_jwt_keys_options no_options = {.size = sizeof no_options};
static const sio_jwt_key_options no_key_options = {.size =
                                                       sizeof no_key_options};

static void dispose(struct sio_jwt_keys *keys, struct sio__jwt_key *key)
{
  sio__jwt_material_free(key->material);
  sio__mem_free(&keys->mem, key->kid, key->kid_len);
}

/* The algorithms that the kind of key is for. */
static uint32_t usable(const struct sio__jwt_material *material)
{
  switch (sio__jwt_material_kind(material)) {
  case KIND_SECRET:
    return SIO__JWT_WITH_SECRET;
  case KIND_RSA:
    return SIO__JWT_WITH_RSA;
  default:
    switch (sio__jwt_material_bits(material)) {
    case 256:
      return SIO_JWT_ES256;
    case 384:
      return SIO_JWT_ES384;
    default:
      return SIO_JWT_ES512;
    }
  }
}

/* What a key is used with if nobody says; RFC 8725 section 3.1: one. */
static uint32_t usual(const struct sio__jwt_material *material)
{
  switch (sio__jwt_material_kind(material)) {
  case KIND_SECRET:
    return SIO_JWT_HS256;
  case KIND_RSA:
    return SIO_JWT_RS256;
  default:
    return usable(material);
  }
}

/* Fewest bits for every one of the algorithms. */
static uint32_t least_bits(const struct sio_jwt_keys *keys,
                           const struct sio__jwt_material *material,
                           uint32_t algorithms)
{
  uint32_t bytes = keys->min_secret_bytes;

  switch (sio__jwt_material_kind(material)) {
  case KIND_RSA:
    return keys->min_rsa_bits;
  case KIND_EC:
    return 0;
  default:
    break;
  }
  if (bytes == 0) {
    for (; algorithms != 0; algorithms &= algorithms - 1) {
      uint32_t hash = sio__jwt_alg_first(algorithms)->hash_bytes;

      bytes = hash > bytes ? hash : bytes;
    }
  }
  return bytes * 8;
}

static int grow(struct sio_jwt_keys *keys)
{
  size_t cap = keys->cap > 0 ? keys->cap * 2 : 4;
  struct sio__jwt_key *grown;

  if (keys->n < keys->cap)
    return 0;
  if (keys->n == SIO__JWT_MAX_KEYS)
    return SIO_ERR_LIMIT;
  grown = sio__mem_resize(&keys->mem, keys->keys, keys->cap * sizeof *grown,
                          cap * sizeof *grown);
  if (grown == NULL)
    return SIO_ERR_NOMEM;
  keys->keys = grown;
  keys->cap = cap;
  return 0;
}

static int set_kid(struct sio_jwt_keys *keys, struct sio__jwt_key *key,
                   sio_str kid)
{
  if (kid.data == NULL)
    return 0;
  if (kid.len == 0 || kid.len > SIO__JWT_MAX_KID)
    return SIO_ERR_INVALID;
  key->kid = sio__mem_alloc(&keys->mem, kid.len);
  if (key->kid == NULL)
    return SIO_ERR_NOMEM;
  memcpy(key->kid, kid.data, kid.len);
  key->kid_len = kid.len;
  return 0;
}

/* The key that an offer becomes. */
static int judge(const struct sio_jwt_keys *keys,
                 const struct sio__jwt_offer *offer, struct sio__jwt_key *key)
{
  key->material = offer->material;
  key->algorithms =
      offer->algorithms != 0 ? offer->algorithms : usual(key->material);
  key->can_verify = offer->can_verify;
  key->can_sign =
      offer->can_sign && sio__jwt_material_is_private(key->material);
  if ((key->algorithms & ~usable(key->material)) != 0)
    return SIO_JWT_KEY_ALGORITHM;
  if (sio__jwt_material_bits(key->material) <
      least_bits(keys, key->material, key->algorithms))
    return SIO_JWT_KEY_TOO_SHORT;
  return key->can_verify || key->can_sign ? 0 : SIO_JWT_KEY_USE;
}

int sio__jwt_keys_open(struct sio_jwt_keys *keys,
                       const sio_jwt_key_options *given,
                       sio_jwt_key_options *options)
{
  sio__versioned_complete(options, given, &no_key_options, sizeof *options);
  if ((options->algorithms & ~(uint32_t)SIO__JWT_ALL) != 0 ||
      options->verify_only > 1)
    return SIO_ERR_INVALID;
  return keys->references > 1 ? SIO_ERR_STATE : 0;
}

int sio__jwt_keys_need_random(struct sio_jwt_keys *keys)
{
  keys->random.failed = false;
  if (keys->random.fn != NULL)
    return 0;
  keys->own_random = sio__random_new(&keys->mem);
  if (keys->own_random == NULL)
    return SIO_ERR_RANDOM;
  keys->random.fn = sio__random_fill;
  keys->random.user = keys->own_random;
  return 0;
}

int sio__jwt_keys_put(struct sio_jwt_keys *keys,
                      const struct sio__jwt_offer *offer)
{
  struct sio__jwt_key key = {0};
  int error = judge(keys, offer, &key);

  if (error == 0)
    error = grow(keys);
  if (error == 0)
    error = set_kid(keys, &key, offer->kid);
  if (error == 0)
    keys->keys[keys->n++] = key;
  else
    dispose(keys, &key);
  return error;
}

void sio__jwt_keys_cut(struct sio_jwt_keys *keys, size_t n)
{
  while (keys->n > n)
    dispose(keys, &keys->keys[--keys->n]);
}

bool sio__jwt_key_is(const struct sio__jwt_key *key, sio_str kid)
{
  sio_str own = {key->kid, key->kid_len};

  return (own.data == NULL) == (kid.data == NULL) && sio_str_equal(own, kid);
}

void sio_jwt_keys_options_init_sized(sio_jwt_keys_options *options, size_t size)
{
  sio__versioned_init(options, size, NULL, sizeof *options);
}

void sio_jwt_key_options_init_sized(sio_jwt_key_options *options, size_t size)
{
  sio__versioned_init(options, size, NULL, sizeof *options);
}

int sio_jwt_keys_new(sio_jwt_keys **out, const sio_jwt_keys_options *options)
{
  sio_jwt_keys_options o;
  const sio_allocator *mem;
  sio_jwt_keys *keys;

  *out = NULL;
  sio__versioned_complete(&o, options, &no_options, sizeof o);
  if (o.min_rsa_bits == 0)
    o.min_rsa_bits = DEFAULT_RSA_BITS;
  if (o.min_rsa_bits < LEAST_RSA_BITS ||
      o.min_rsa_bits > SIO__JWT_MAX_RSA_BITS || o.min_secret_bytes > MAX_SECRET)
    return SIO_ERR_INVALID;
  mem = sio__mem_or_default(o.allocator);
  keys = sio__mem_zalloc(mem, sizeof *keys);
  if (keys == NULL)
    return SIO_ERR_NOMEM;
  keys->mem = *mem;
  keys->references = 1;
  keys->min_secret_bytes = o.min_secret_bytes;
  keys->min_rsa_bits = o.min_rsa_bits;
  keys->random.fn = o.random;
  keys->random.user = o.random_user;
  *out = keys;
  return 0;
}

sio_jwt_keys *sio_jwt_keys_retain(sio_jwt_keys *keys)
{
  keys->references++;
  return keys;
}

void sio_jwt_keys_release(sio_jwt_keys *keys)
{
  sio_allocator mem;

  if (keys == NULL || --keys->references > 0)
    return;
  sio__jwt_keys_cut(keys, 0);
  sio__random_free(keys->own_random);
  mem = keys->mem; /* which goes with the set */
  sio__mem_free(&mem, keys->keys, keys->cap * sizeof *keys->keys);
  sio__mem_free(&mem, keys, sizeof *keys);
}

size_t sio_jwt_keys_count(const sio_jwt_keys *keys)
{
  return keys->n;
}

int sio_jwt_keys_add_secret(sio_jwt_keys *keys, sio_span secret,
                            const sio_jwt_key_options *options)
{
  static const char pem[] = "-----BEGIN ";
  struct sio__jwt_offer offer = {0};
  sio_jwt_key_options o;
  int error = sio__jwt_keys_open(keys, options, &o);

  if (error != 0)
    return error;
  if (secret.len == 0)
    return SIO_JWT_KEY_EMPTY;
  if (secret.len > MAX_SECRET)
    return SIO_ERR_INVALID;
  if (secret.len >= sizeof pem - 1 &&
      memcmp(secret.data, pem, sizeof pem - 1) == 0)
    return SIO_JWT_KEY_IS_PEM;
  error = sio__jwt_keys_need_random(keys);
  if (error == 0)
    error = sio__jwt_material_secret(&offer.material, &keys->mem, secret);
  if (error != 0)
    return error;
  offer.kid = sio_s(o.kid);
  offer.algorithms = o.algorithms;
  offer.can_verify = true;
  offer.can_sign = o.verify_only == 0;
  return sio__jwt_keys_put(keys, &offer);
}

int sio_jwt_keys_add_pem(sio_jwt_keys *keys, sio_str pem,
                         const sio_jwt_key_options *options)
{
  struct sio__jwt_offer offer = {0};
  sio_jwt_key_options o;
  int error = sio__jwt_keys_open(keys, options, &o);

  if (error == 0)
    error = sio__jwt_keys_need_random(keys);
  if (error == 0)
    error =
        sio__jwt_material_pem(&offer.material, &keys->mem, pem, &keys->random);
  if (error != 0)
    return error;
  offer.kid = sio_s(o.kid);
  offer.algorithms = o.algorithms;
  offer.can_verify = true;
  offer.can_sign = o.verify_only == 0;
  return sio__jwt_keys_put(keys, &offer);
}
