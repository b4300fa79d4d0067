/* SPDX-License-Identifier: MIT */
/* Making tokens. */
#include <sio/jwt.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/versioned.h"
#include "json/string.h"
#include "json/write.h"
#include "jwt/claims.h"
#include "jwt/crypto.h"
#include "jwt/keyset.h"
#include "jwt/unique.h"

enum { MAX_DEPTH = 64, MAX_CLAIMS = 1 << 20 /* bytes */ };

#define MAX_TIME_S (UINT64_C(1) << 52)

static const sio_jwt_sign_options defaults = {.size = sizeof defaults};

static bool are_valid(const sio_jwt_sign_options *o)
{
  return (o->algorithm == 0 || sio__jwt_alg_of(o->algorithm) != NULL) &&
         o->now_s < MAX_TIME_S && o->lifetime_s < MAX_TIME_S &&
         (o->lifetime_s == 0 || o->now_s > 0) && o->add_id <= 1;
}

/* The first key that can; `*alg` is set to what it is used with. */
static const struct sio__jwt_key *choose(const struct sio_jwt_keys *keys,
                                         const sio_jwt_sign_options *o,
                                         const struct sio__jwt_alg **alg)
{
  for (size_t i = 0; i < keys->n; i++) {
    const struct sio__jwt_key *key = &keys->keys[i];
    uint32_t usable = key->algorithms;

    if (o->algorithm != 0)
      usable &= o->algorithm;
    if (!key->can_sign || usable == 0 ||
        (o->kid != NULL && !sio__jwt_key_is(key, sio_s(o->kid))))
      continue;
    *alg = sio__jwt_alg_first(usable);
    return key;
  }
  return NULL;
}

static void write_header(struct sio__buf *out, const struct sio__jwt_key *key,
                         const struct sio__jwt_alg *alg, const char *type,
                         int *error)
{
  sio__buf_text(out, "{\"alg\":\"");
  sio__buf_text(out, alg->name);
  sio__buf_text(out, "\",\"typ\":");
  *error = sio__json_quote(out, type, strlen(type));
  if (key->kid != NULL) {
    sio__buf_text(out, ",\"kid\":");
    if (sio__json_quote(out, key->kid, key->kid_len) != 0)
      *error = SIO_ERR_UTF8;
  }
  sio__buf_byte(out, '}');
}

/* Begin a member that is not there yet. */
static bool begin_member(struct sio__buf *out, sio_value claims,
                         const char *name, bool *is_first)
{
  if (sio_value_type(sio_value_member(claims, name)) != SIO_ABSENT)
    return false;
  if (!*is_first)
    sio__buf_byte(out, ',');
  *is_first = false;
  sio__buf_byte(out, '"');
  sio__buf_text(out, name);
  sio__buf_text(out, "\":");
  return true;
}

static int write_id(struct sio__buf *out, struct sio__jwt_random *random)
{
  uint8_t bytes[SIO__ID_BYTES];
  char text[SIO__ID_LEN];

  if (sio__jwt_random_fill(random, bytes, sizeof bytes) != 0)
    return SIO_ERR_RANDOM;
  sio__base64url_encode(bytes, sizeof bytes, text);
  sio__buf_byte(out, '"');
  sio__buf_append(out, text, sizeof text);
  sio__buf_byte(out, '"');
  return 0;
}

/* The claims and what the options add to them. */
static int write_claims(struct sio__buf *out, sio_value claims,
                        const sio_jwt_sign_options *o,
                        struct sio__jwt_random *random)
{
  bool is_first = sio_value_count(claims) == 0;
  int error = 0;

  sio__buf_append(out, claims.text, claims.len - 1); /* without the brace */
  if (o->now_s > 0 && begin_member(out, claims, "iat", &is_first))
    sio__buf_u64(out, o->now_s);
  if (o->lifetime_s > 0 && begin_member(out, claims, "exp", &is_first))
    sio__buf_u64(out, o->now_s + o->lifetime_s);
  if (o->add_id != 0 && begin_member(out, claims, "jti", &is_first))
    error = write_id(out, random);
  sio__buf_byte(out, '}');
  return error;
}

static char *encode(char *at, sio_str text)
{
  return at + sio__base64url_encode((const uint8_t *)text.data, text.len, at);
}

/* Lay out header, claims and compact form behind each other. */
static struct sio_jwt *lay_out(const struct sio_jwt_keys *keys, sio_str header,
                               sio_str claims, size_t signature)
{
  size_t room = header.len + claims.len + 2 + sio__base64_size(header.len) +
                sio__base64_size(claims.len) + sio__base64_size(signature);
  struct sio_jwt *jwt = sio__jwt_new(&keys->mem, room);
  char *at;

  if (jwt == NULL)
    return NULL;
  memcpy(jwt->text, header.data, header.len);
  memcpy(jwt->text + header.len, claims.data, claims.len);
  jwt->token.data = jwt->text + header.len + claims.len;
  at = encode(jwt->text + header.len + claims.len, header);
  *at++ = '.';
  at = encode(at, claims);
  jwt->token.len = (size_t)(at - jwt->token.data);
  sio__document_init(&jwt->header, jwt->text, header.len, &jwt->mem);
  return jwt;
}

/* Sign what is laid out, and append the signature. */
static int seal(struct sio_jwt *jwt, const struct sio_jwt_keys *keys,
                const struct sio__jwt_key *key, const struct sio__jwt_alg *alg)
{
  struct sio__jwt_random random = keys->random;
  uint8_t sig[SIO__JWT_MAX_SIGNATURE];
  char *end = jwt->text + (jwt->token.data - jwt->text) + jwt->token.len;
  int error = sio__jwt_make(key->material, alg, jwt->token, &random, sig);

  if (error != 0)
    return error;
  *end = '.';
  jwt->token.len +=
      1 + sio__base64url_encode(
              sig, sio__jwt_signature_size(key->material, alg), end + 1);
  return 0;
}

/* The claims as they stand in the token have to be sound as well. */
static int read_back(struct sio_jwt *jwt, size_t claims_len)
{
  int error =
      sio__jwt_object(&jwt->claims, jwt->text + jwt->header.len, claims_len,
                      MAX_DEPTH, SIO__JWT_CLAIMS_MEMBERS, &jwt->mem);

  return error == 0 ? sio__jwt_claims_read(jwt) : error;
}

static int make(const struct sio_jwt_keys *keys, sio_value claims,
                const sio_jwt_sign_options *o, sio_jwt **out)
{
  struct sio__jwt_random random = keys->random;
  const struct sio__jwt_alg *alg = NULL;
  const struct sio__jwt_key *key = choose(keys, o, &alg);
  struct sio__buf text;
  size_t header_len;
  struct sio_jwt *jwt = NULL;
  int error;

  if (key == NULL)
    return SIO_JWT_KEY_NONE;
  sio__buf_init(&text, &keys->mem, 2 * (size_t)MAX_CLAIMS);
  write_header(&text, key, alg, o->typ != NULL ? o->typ : "JWT", &error);
  header_len = text.len;
  if (error == 0)
    error = write_claims(&text, claims, o, &random);
  if (error == 0)
    error = text.error;
  if (error == 0) {
    sio_str header = {(const char *)text.data, header_len};
    sio_str body = {(const char *)text.data + header_len,
                    text.len - header_len};

    jwt = lay_out(keys, header, body,
                  sio__jwt_signature_size(key->material, alg));
    error = jwt != NULL ? read_back(jwt, body.len) : SIO_ERR_NOMEM;
  }
  if (error == 0)
    error = seal(jwt, keys, key, alg);
  if (error != 0) {
    sio_jwt_release(jwt);
    jwt = NULL;
  }
  sio__buf_dispose(&text);
  *out = jwt;
  return error;
}

void sio_jwt_sign_options_init_sized(sio_jwt_sign_options *options, size_t size)
{
  sio__versioned_init(options, size, NULL, sizeof *options);
}

int sio_jwt_sign(const sio_jwt_keys *keys, sio_str claims,
                 const sio_jwt_sign_options *options, sio_jwt **out)
{
  sio_jwt_sign_options o;
  struct sio_document document;
  int error;

  *out = NULL;
  sio__versioned_complete(&o, options, &defaults, sizeof o);
  if (!are_valid(&o) || claims.len > MAX_CLAIMS)
    return SIO_ERR_INVALID;
  error = sio__jwt_object(&document, claims.data, claims.len, MAX_DEPTH,
                          SIO__JWT_CLAIMS_MEMBERS, &keys->mem);
  if (error == 0)
    error = make(keys, sio__document_value(&document), &o, out);
  sio__document_dispose(&document);
  return error;
}

int sio_jwt_sign_payload(const sio_jwt_keys *keys, const sio_payload *payload,
                         const sio_jwt_sign_options *options, sio_jwt **out)
{
  sio_str json = {(const char *)payload->json.data, payload->json.len};
  int error = sio__payload_check(payload);

  *out = NULL;
  if (error == 0 && payload->n_attachments > 0)
    error = SIO_ERR_TYPE;
  return error == 0 ? sio_jwt_sign(keys, json, options, out) : error;
}
