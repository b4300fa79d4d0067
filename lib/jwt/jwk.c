/* SPDX-License-Identifier: MIT */
/* JSON Web Keys and sets of them (RFC 7517, RFC 7518 section 6). */
#include <sio/jwt.h>

#include "base/base64.h"
#include "base/mem.h"
#include "jwt/keyset.h"
#include "jwt/unique.h"

enum {
  MAX_TEXT = 262144, /* bytes of a key or a set */
  MAX_DEPTH = 16,
  MAX_MEMBERS = 64
};

/* A key that is being read. */
struct reading {
  struct sio_jwt_keys *keys;
  const sio_jwt_key_options *options;
  sio_value jwk;
  uint8_t *bytes; /* what base64url members were decoded to */
  size_t used;
  size_t room;
};

/* A member that is a string.  False: out of memory, or something else is
 * there; `*out` has `data` NULL if nothing is. */
static bool read_string(const struct reading *r, const char *name, sio_str *out,
                        int *error)
{
  sio_value value = sio_value_member(r->jwk, name);

  *out = sio_value_str(value);
  if (sio_value_type(value) == SIO_STRING)
    *error = out->data != NULL ? 0 : SIO_ERR_NOMEM;
  else
    *error = sio_value_type(value) == SIO_ABSENT ? 0 : SIO_JWT_KEY_MALFORMED;
  return *error == 0;
}

/* A member that is base64url; empty if it is not there. */
static bool read_bytes(struct reading *r, const char *name, sio_span *out,
                       int *error)
{
  sio_str text;

  out->data = r->bytes + r->used;
  out->len = 0;
  if (!read_string(r, name, &text, error))
    return false;
  if (text.len > r->room - r->used ||
      !sio__base64url_decode(text.data, text.len, r->bytes + r->used,
                             &out->len)) {
    *error = SIO_JWT_KEY_MALFORMED;
    return false;
  }
  r->used += out->len;
  return true;
}

static int read_secret(struct reading *r, struct sio__jwt_offer *offer)
{
  sio_span secret;
  int error;

  if (!read_bytes(r, "k", &secret, &error))
    return error;
  if (secret.len == 0)
    return SIO_JWT_KEY_EMPTY;
  return sio__jwt_material_secret(&offer->material, &r->keys->mem, secret);
}

static int read_rsa(struct reading *r, struct sio__jwt_offer *offer)
{
  struct sio__jwt_rsa_numbers k;
  int error;

  if (sio_value_type(sio_value_member(r->jwk, "oth")) != SIO_ABSENT)
    return SIO_JWT_KEY_UNSUPPORTED; /* more than two primes */
  if (!read_bytes(r, "n", &k.n, &error) || !read_bytes(r, "e", &k.e, &error) ||
      !read_bytes(r, "d", &k.d, &error) || !read_bytes(r, "p", &k.p, &error) ||
      !read_bytes(r, "q", &k.q, &error))
    return error;
  return sio__jwt_material_rsa(&offer->material, &r->keys->mem, &k);
}

static int read_ec(struct reading *r, struct sio__jwt_offer *offer)
{
  struct sio__jwt_ec_numbers k;
  sio_str curve;
  int error;

  if (!read_string(r, "crv", &curve, &error) ||
      !read_bytes(r, "x", &k.x, &error) || !read_bytes(r, "y", &k.y, &error) ||
      !read_bytes(r, "d", &k.d, &error))
    return error;
  if (sio_str_is(curve, "P-256"))
    k.bits = 256;
  else if (sio_str_is(curve, "P-384"))
    k.bits = 384;
  else if (sio_str_is(curve, "P-521"))
    k.bits = 521;
  else
    return SIO_JWT_KEY_UNSUPPORTED;
  return sio__jwt_material_ec(&offer->material, &r->keys->mem, &k,
                              &r->keys->random);
}

/* The members `use` and `key_ops`: what the owner wants it used for. */
static int read_use(const struct reading *r, struct sio__jwt_offer *offer)
{
  sio_value ops = sio_value_member(r->jwk, "key_ops");
  sio_iter iter = sio_value_iter(ops);
  sio_value op;
  sio_str use;
  int error;

  offer->can_verify = true;
  offer->can_sign = r->options->verify_only == 0;
  if (!read_string(r, "use", &use, &error))
    return error;
  if (use.data != NULL && !sio_str_is(use, "sig"))
    return SIO_JWT_KEY_USE;
  if (sio_value_type(ops) == SIO_ABSENT)
    return 0;
  if (sio_value_type(ops) != SIO_ARRAY)
    return SIO_JWT_KEY_MALFORMED;
  offer->can_verify = false;
  offer->can_sign = false;
  while (sio_iter_next(&iter, NULL, &op)) {
    sio_str text = sio_value_str(op);

    if (sio_str_is(text, "verify"))
      offer->can_verify = true;
    else if (sio_str_is(text, "sign"))
      offer->can_sign = r->options->verify_only == 0;
  }
  return offer->can_verify || offer->can_sign ? 0 : SIO_JWT_KEY_USE;
}

/* The members `alg` and `kid`, and what the options say about them.
 * `for_kind`: all algorithms that the type of key may be used with. */
static int read_names(const struct reading *r, uint32_t for_kind,
                      struct sio__jwt_offer *offer)
{
  const sio_jwt_key_options *o = r->options;
  const struct sio__jwt_alg *alg;
  sio_str name;
  int error;

  if (!read_string(r, "alg", &name, &error) ||
      !read_string(r, "kid", &offer->kid, &error))
    return error;
  if (o->kid != NULL)
    offer->kid = sio_s(o->kid);
  offer->algorithms = o->algorithms & for_kind;
  if (o->algorithms != 0 && offer->algorithms == 0)
    return SIO_JWT_KEY_ALGORITHM;
  if (name.data == NULL)
    return 0;
  alg = sio__jwt_alg_named(name);
  if (alg == NULL)
    return SIO_JWT_KEY_UNSUPPORTED;
  if (o->algorithms != 0 && (o->algorithms & alg->flag) == 0)
    return SIO_JWT_KEY_ALGORITHM;
  offer->algorithms = alg->flag;
  return 0;
}

/* The algorithms that fit a curve. */
static uint32_t for_curve(const struct reading *r)
{
  sio_str curve = sio_value_str(sio_value_member(r->jwk, "crv"));

  if (sio_str_is(curve, "P-256"))
    return SIO_JWT_ES256;
  if (sio_str_is(curve, "P-384"))
    return SIO_JWT_ES384;
  return sio_str_is(curve, "P-521") ? SIO_JWT_ES512 : SIO__JWT_WITH_EC;
}

static int read_key(struct reading *r)
{
  struct sio__jwt_offer offer = {0};
  int (*read)(struct reading *, struct sio__jwt_offer *);
  uint32_t for_kind;
  sio_str type;
  int error;

  if (!read_string(r, "kty", &type, &error))
    return error;
  if (sio_str_is(type, "oct")) {
    read = read_secret;
    for_kind = SIO__JWT_WITH_SECRET;
  } else if (sio_str_is(type, "RSA")) {
    read = read_rsa;
    for_kind = SIO__JWT_WITH_RSA;
  } else if (sio_str_is(type, "EC")) {
    read = read_ec;
    for_kind = for_curve(r);
  } else {
    return type.data != NULL ? SIO_JWT_KEY_UNSUPPORTED : SIO_JWT_KEY_MALFORMED;
  }
  error = read_use(r, &offer);
  if (error == 0)
    error = read_names(r, for_kind, &offer);
  if (error == 0)
    error = read(r, &offer);
  return error == 0 ? sio__jwt_keys_put(r->keys, &offer) : error;
}

/* One key.  Its numbers are decoded into memory that is wiped. */
static int add_key(struct sio_jwt_keys *keys, sio_value jwk,
                   const sio_jwt_key_options *options)
{
  struct reading r = {keys, options, jwk, NULL, 0, 0};
  int error;

  if (sio_value_type(jwk) != SIO_OBJECT)
    return SIO_JWT_KEY_MALFORMED;
  r.room = jwk.len;
  r.bytes = sio__mem_alloc(&keys->mem, r.room);
  if (r.bytes == NULL)
    return SIO_ERR_NOMEM;
  error = read_key(&r);
  if (error == SIO_ERR_INVALID && options->kid == NULL)
    error = SIO_JWT_KEY_MALFORMED; /* the id that stands in the key */
  sio__jwt_wipe(r.bytes, r.room);
  sio__mem_free(&keys->mem, r.bytes, r.room);
  return error;
}

/* All that can be used; other members than keys are nobody's business. */
static int add_set(struct sio_jwt_keys *keys, sio_value set,
                   const sio_jwt_key_options *options)
{
  sio_value list = sio_value_member(set, "keys");
  sio_iter iter = sio_value_iter(list);
  size_t before = keys->n;
  sio_value jwk;

  if (sio_value_type(list) != SIO_ARRAY)
    return SIO_JWT_KEY_MALFORMED;
  while (sio_iter_next(&iter, NULL, &jwk)) {
    int error = add_key(keys, jwk, options);

    if (error == SIO_ERR_NOMEM || error == SIO_ERR_RANDOM ||
        error == SIO_ERR_LIMIT) {
      sio__jwt_keys_cut(keys, before);
      return error;
    }
  }
  return keys->n > before ? 0 : SIO_JWT_KEY_NONE;
}

static int add(struct sio_jwt_keys *keys, sio_str json,
               const sio_jwt_key_options *options,
               int (*add_value)(struct sio_jwt_keys *, sio_value,
                                const sio_jwt_key_options *))
{
  struct sio_document document;
  int error = sio__jwt_keys_need_random(keys);

  if (error != 0)
    return error;
  if (json.len > MAX_TEXT)
    return SIO_JWT_KEY_MALFORMED;
  error = sio__jwt_object(&document, json.data, json.len, MAX_DEPTH,
                          MAX_MEMBERS, &keys->mem);
  if (error == 0)
    error = add_value(keys, sio__document_value(&document), options);
  else if (error != SIO_ERR_NOMEM)
    error = SIO_JWT_KEY_MALFORMED;
  sio__document_dispose(&document);
  return error;
}

int sio_jwt_keys_add_jwk(sio_jwt_keys *keys, sio_str json,
                         const sio_jwt_key_options *options)
{
  sio_jwt_key_options o;
  int error = sio__jwt_keys_open(keys, options, &o);

  return error == 0 ? add(keys, json, &o, add_key) : error;
}

int sio_jwt_keys_add_jwks(sio_jwt_keys *keys, sio_str json,
                          const sio_jwt_key_options *options)
{
  sio_jwt_key_options o;
  int error = sio__jwt_keys_open(keys, options, &o);

  if (error == 0 && o.kid != NULL)
    error = SIO_ERR_INVALID;
  return error == 0 ? add(keys, json, &o, add_set) : error;
}
