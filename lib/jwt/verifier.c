/* SPDX-License-Identifier: MIT */
/*
 * Verification of a token, in the order in which things become known:
 *
 *   form -> header -> key -> signature -> claims
 *
 * Nothing of the claims is looked at before the signature has been checked.
 */
#include <sio/jwt.h>

#include "base/base64.h"
#include "base/versioned.h"
#include "jwt/claims.h"
#include "jwt/crypto.h"
#include "jwt/keyset.h"
#include "jwt/unique.h"

enum {
  DEFAULT_BYTES = 8192,
  DEFAULT_DEPTH = 16,
  MAX_DEPTH = 64,
  MAX_LEEWAY_S = 86400,
  MAX_TRIES = 4 /* signatures that one token may have us check */
};

#define MAX_NOW_S (UINT64_C(1) << 53)

static const sio_jwt_options defaults = {
    .size = sizeof defaults,
    .max_bytes = DEFAULT_BYTES,
    .max_depth = DEFAULT_DEPTH,
};

/* What the header says. */
struct header {
  const struct sio__jwt_alg *alg;
  sio_str kid; /* `data` NULL: none */
};

static bool is_list(const char *const *list, size_t n)
{
  if (n > 0 && list == NULL)
    return false;
  for (size_t i = 0; i < n; i++) {
    if (list[i] == NULL)
      return false;
  }
  return true;
}

static bool are_valid(const sio_jwt_options *o)
{
  return o->now_s > 0 && o->now_s < MAX_NOW_S && o->max_bytes > 0 &&
         o->max_depth >= 1 && o->max_depth <= MAX_DEPTH &&
         o->leeway_s <= MAX_LEEWAY_S && o->allow_no_exp <= 1 &&
         o->allow_any_aud <= 1 &&
         (o->algorithms & ~(uint32_t)SIO__JWT_ALL) == 0 &&
         is_list(o->issuers, o->n_issuers) &&
         is_list(o->audiences, o->n_audiences) &&
         is_list(o->required, o->n_required);
}

/* Decode a part to `out` and begin the document with it. */
static int read_object(struct sio_jwt *jwt, struct sio_document *document,
                       sio_str part, char *out, uint32_t max_depth,
                       size_t max_members)
{
  size_t len;
  int error;

  if (!sio__base64url_decode(part.data, part.len, (uint8_t *)out, &len))
    return SIO_JWT_MALFORMED;
  error =
      sio__jwt_object(document, out, len, max_depth, max_members, &jwt->mem);
  return error == SIO_ERR_JSON ? SIO_JWT_MALFORMED : error;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Media types are compared without case, and "application/" may be left out
 * (RFC 7515 section 4.1.9). */
static bool is_type(sio_str type, const char *wanted)
{
  static const char prefix[] = "application/";
  size_t skip = sizeof prefix - 1;

  for (size_t i = 0; type.len > skip; i++) {
    if (i == skip) {
      type.data += skip;
      type.len -= skip;
      break;
    }
    if (lower(type.data[i]) != prefix[i])
      break;
  }
  if (type.len != strlen(wanted))
    return false;
  for (size_t i = 0; i < type.len; i++) {
    if (lower(type.data[i]) != lower(wanted[i]))
      return false;
  }
  return true;
}

static int check_type(sio_value header, const sio_jwt_options *o)
{
  sio_value value = sio_value_member(header, "typ");
  sio_str type = sio_value_str(value);

  if (sio_value_type(value) == SIO_ABSENT)
    return o->typ != NULL ? SIO_JWT_WRONG_TYPE : 0;
  if (sio_value_type(value) != SIO_STRING)
    return SIO_JWT_MALFORMED;
  if (type.data == NULL)
    return SIO_ERR_NOMEM;
  return is_type(type, o->typ != NULL ? o->typ : "JWT") ? 0
                                                        : SIO_JWT_WRONG_TYPE;
}

/* RFC 7515 section 4.1.11: we know no extension, so any that has to be
 * understood is one too many. */
static int check_critical(sio_value header)
{
  sio_value value = sio_value_member(header, "crit");

  if (sio_value_type(value) == SIO_ABSENT)
    return 0;
  return sio_value_type(value) == SIO_ARRAY && sio_value_count(value) > 0
             ? SIO_JWT_CRITICAL
             : SIO_JWT_MALFORMED;
}

static int read_header(sio_value json, const sio_jwt_options *o,
                       struct header *header)
{
  sio_value alg = sio_value_member(json, "alg");
  sio_str name = sio_value_str(alg);
  int error = check_critical(json);

  if (error == 0)
    error = check_type(json, o);
  if (error == 0)
    error = sio__jwt_plain_string(sio_value_member(json, "kid"), &header->kid);
  if (error != 0)
    return error == SIO_JWT_INVALID_CLAIM ? SIO_JWT_MALFORMED : error;
  if (sio_value_type(alg) != SIO_STRING)
    return SIO_JWT_MALFORMED;
  if (name.data == NULL)
    return SIO_ERR_NOMEM;
  header->alg = sio__jwt_alg_named(name);
  if (header->alg == NULL ||
      (o->algorithms != 0 && (o->algorithms & header->alg->flag) == 0))
    return SIO_JWT_ALGORITHM;
  return 0;
}

/* Check the signature with the keys of that id; with any if `kid` is NULL.
 * SIO_JWT_UNKNOWN_KEY: there are none; SIO_JWT_ALGORITHM: there are, but they
 * are not for the algorithm. */
static int try_keys(const struct sio_jwt_keys *keys,
                    const struct sio__jwt_alg *alg, const sio_str *kid,
                    sio_str text, sio_span sig)
{
  int error = SIO_JWT_UNKNOWN_KEY;
  unsigned tries = 0;

  for (size_t i = 0; i < keys->n && tries < MAX_TRIES; i++) {
    const struct sio__jwt_key *key = &keys->keys[i];

    if (!key->can_verify || (kid != NULL && !sio__jwt_key_is(key, *kid)))
      continue;
    if ((key->algorithms & alg->flag) == 0) {
      error = tries == 0 ? SIO_JWT_ALGORITHM : error;
      continue;
    }
    tries++;
    error = sio__jwt_check(key->material, alg, text, sig);
    if (error != SIO_JWT_BAD_SIGNATURE)
      break;
  }
  return error;
}

static bool has_names(const struct sio_jwt_keys *keys)
{
  for (size_t i = 0; i < keys->n; i++) {
    if (keys->keys[i].kid != NULL)
      return true;
  }
  return false;
}

static int check_signature(const struct sio_jwt_keys *keys,
                           const struct header *header,
                           const struct sio__jwt_parts *parts)
{
  static const sio_str none = {NULL, 0};
  uint8_t bytes[SIO__JWT_MAX_SIGNATURE];
  sio_span sig = {bytes, 0};
  int error;

  /* RFC 4648: four characters for three bytes */
  if (parts->signature.len / 4 * 3 + 3 > sizeof bytes)
    return SIO_JWT_BAD_SIGNATURE;
  if (!sio__base64url_decode(parts->signature.data, parts->signature.len, bytes,
                             &sig.len))
    return SIO_JWT_MALFORMED;
  if (header->kid.data == NULL)
    return try_keys(keys, header->alg, NULL, parts->text, sig);
  error = try_keys(keys, header->alg, &header->kid, parts->text, sig);
  if (error == SIO_JWT_UNKNOWN_KEY) {
    error = try_keys(keys, header->alg, &none, parts->text, sig);
    /* Where keys have names, this is one that is not known yet. */
    if (error == SIO_JWT_ALGORITHM && has_names(keys))
      error = SIO_JWT_UNKNOWN_KEY;
  }
  return error;
}

static int verify(const struct sio_jwt_keys *keys,
                  const struct sio__jwt_parts *parts, const sio_jwt_options *o,
                  struct sio_jwt *jwt)
{
  struct header header;
  int error = read_object(jwt, &jwt->header, parts->header, jwt->text,
                          o->max_depth, SIO__JWT_HEADER_MEMBERS);

  if (error == 0)
    error = read_header(sio_jwt_header(jwt), o, &header);
  if (error == 0)
    error = check_signature(keys, &header, parts);
  if (error == 0)
    error = read_object(jwt, &jwt->claims, parts->claims,
                        jwt->text + jwt->header.len, o->max_depth,
                        SIO__JWT_CLAIMS_MEMBERS);
  if (error == 0)
    error = sio__jwt_claims_read(jwt);
  return error == 0 ? sio__jwt_claims_check(jwt, o) : error;
}

void sio_jwt_options_init_sized(sio_jwt_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

int sio_jwt_verify(const sio_jwt_keys *keys, sio_str token,
                   const sio_jwt_options *options, sio_jwt **out)
{
  struct sio__jwt_parts parts;
  sio_jwt_options o;
  sio_jwt *jwt;
  int error;

  *out = NULL;
  sio__versioned_complete(&o, options, &defaults, sizeof o);
  if (!are_valid(&o))
    return SIO_ERR_INVALID;
  if (token.len > o.max_bytes)
    return SIO_JWT_TOO_LARGE;
  if (!sio__jwt_split(token, &parts))
    return SIO_JWT_MALFORMED;
  /* decoded, they are shorter than the text */
  jwt = sio__jwt_new(&keys->mem, parts.text.len);
  if (jwt == NULL)
    return SIO_ERR_NOMEM;
  error = verify(keys, &parts, &o, jwt);
  if (error != 0) {
    sio_jwt_release(jwt);
    return error;
  }
  *out = jwt;
  return 0;
}
