/* SPDX-License-Identifier: MIT */
/* What a token says, and whether that is enough. */
#include "jwt/claims.h"

/* Dates beyond the whole numbers that a double can tell apart mean nothing. */
#define MAX_DATE 9007199254740992.0 /* 2^53 */

/* What a surrogate without its partner is read as. */
static const char replacement[] = "\xef\xbf\xbd";

static bool has_replacement(sio_str text)
{
  for (size_t i = 0; i + 3 <= text.len; i++) {
    if (memcmp(text.data + i, replacement, 3) == 0)
      return true;
  }
  return false;
}

int sio__jwt_plain_string(sio_value value, sio_str *out)
{
  *out = sio_value_str(value);
  if (sio_value_type(value) == SIO_ABSENT)
    return 0;
  if (sio_value_type(value) != SIO_STRING)
    return SIO_JWT_INVALID_CLAIM;
  if (out->data == NULL)
    return SIO_ERR_NOMEM;
  /* Two that read alike need not have been alike. */
  if (memchr(out->data, '\0', out->len) != NULL || has_replacement(*out))
    return SIO_JWT_INVALID_CLAIM;
  return 0;
}

/* RFC 7519 section 2, NumericDate: seconds, perhaps with a fraction. */
static int read_date(sio_value claims, const char *name, bool *found,
                     int64_t *out)
{
  sio_value value = sio_value_member(claims, name);
  double date;

  *found = sio_value_type(value) != SIO_ABSENT;
  if (!*found)
    return 0;
  if (sio_value_double(value, &date) != 0 || date > MAX_DATE ||
      date < -MAX_DATE)
    return SIO_JWT_INVALID_CLAIM;
  *out = (int64_t)date;
  if ((double)*out < date)
    ++*out;
  return 0;
}

/* Whether a string is one of a list. */
static bool is_among(sio_str text, const char *const *list, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (sio_str_is(text, list[i]))
      return true;
  }
  return false;
}

/* A string, or an array of strings.  `*found` is set if one of them is in the
 * list; all are looked at, so that a wrong one is found wherever it stands. */
static int read_audience(sio_value aud, const char *const *list, size_t n,
                         bool *found)
{
  sio_iter iter = sio_value_iter(aud);
  bool is_array = sio_value_type(aud) == SIO_ARRAY;
  sio_value item = aud;
  sio_str text;

  *found = false;
  if (sio_value_type(aud) == SIO_OBJECT)
    return SIO_JWT_INVALID_CLAIM;
  while (!is_array || sio_iter_next(&iter, NULL, &item)) {
    int error = sio__jwt_plain_string(item, &text);

    if (error != 0)
      return error;
    *found = *found || is_among(text, list, n);
    if (!is_array)
      break;
  }
  return 0;
}

int sio__jwt_claims_read(struct sio_jwt *jwt)
{
  sio_value claims = sio__document_value(&jwt->claims);
  bool found;
  sio_str issuer;
  int error = read_date(claims, "exp", &jwt->has_exp, &jwt->exp);

  if (error == 0)
    error = read_date(claims, "nbf", &jwt->has_nbf, &jwt->nbf);
  if (error == 0)
    error = read_date(claims, "iat", &jwt->has_iat, &jwt->iat);
  if (error == 0)
    error =
        sio__jwt_plain_string(sio_value_member(claims, "sub"), &jwt->subject);
  if (error == 0)
    error = sio__jwt_plain_string(sio_value_member(claims, "jti"), &jwt->id);
  if (error == 0)
    error = sio__jwt_plain_string(sio_value_member(claims, "iss"), &issuer);
  if (error == 0)
    error = read_audience(sio_value_member(claims, "aud"), NULL, 0, &found);
  return error;
}

static int check_dates(const struct sio_jwt *jwt, const sio_jwt_options *o)
{
  int64_t now = (int64_t)o->now_s;
  int64_t leeway = o->leeway_s;

  if (!jwt->has_exp && o->allow_no_exp == 0)
    return SIO_JWT_MISSING_CLAIM;
  if (jwt->has_exp && jwt->exp <= now - leeway)
    return SIO_JWT_EXPIRED;
  if (jwt->has_nbf && jwt->nbf > now + leeway)
    return SIO_JWT_NOT_YET_VALID;
  if (jwt->has_iat && jwt->iat > now + leeway)
    return SIO_JWT_ISSUED_LATER;
  if (o->max_age_s == 0)
    return 0;
  if (!jwt->has_iat)
    return SIO_JWT_MISSING_CLAIM;
  return now - leeway - jwt->iat > (int64_t)o->max_age_s ? SIO_JWT_TOO_OLD : 0;
}

static int check_issuer(sio_value claims, const sio_jwt_options *o)
{
  sio_str issuer = sio_value_str(sio_value_member(claims, "iss"));

  if (o->n_issuers == 0)
    return 0;
  if (issuer.data == NULL)
    return SIO_JWT_MISSING_CLAIM;
  return is_among(issuer, o->issuers, o->n_issuers) ? 0 : SIO_JWT_WRONG_ISSUER;
}

static int check_audience(sio_value claims, const sio_jwt_options *o)
{
  sio_value aud = sio_value_member(claims, "aud");
  bool found;
  int error;

  if (o->allow_any_aud != 0)
    return 0;
  if (sio_value_type(aud) == SIO_ABSENT)
    return o->n_audiences > 0 ? SIO_JWT_MISSING_CLAIM : 0;
  error = read_audience(aud, o->audiences, o->n_audiences, &found);
  if (error != 0)
    return error;
  return found ? 0 : SIO_JWT_WRONG_AUDIENCE;
}

int sio__jwt_claims_check(struct sio_jwt *jwt, const sio_jwt_options *options)
{
  sio_value claims = sio__document_value(&jwt->claims);
  int error = check_dates(jwt, options);

  if (error == 0)
    error = check_issuer(claims, options);
  if (error == 0)
    error = check_audience(claims, options);
  if (error != 0)
    return error;
  if (options->subject != NULL && jwt->subject.data == NULL)
    return SIO_JWT_MISSING_CLAIM;
  if (options->subject != NULL && !sio_str_is(jwt->subject, options->subject))
    return SIO_JWT_WRONG_SUBJECT;
  for (size_t i = 0; i < options->n_required; i++) {
    sio_value value = sio_value_member(claims, options->required[i]);

    if (sio_value_type(value) == SIO_ABSENT ||
        sio_value_type(value) == SIO_NULL)
      return SIO_JWT_MISSING_CLAIM;
  }
  return 0;
}
