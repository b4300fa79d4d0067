/* SPDX-License-Identifier: MIT */
/* Tokens that clients show: where they are, and whether they are good. */
#include "core/guard.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "eio/exchange.h"
#include "http/cookie.h"

/* ---- Errors ---- */

const char *sio_auth_error_word(int error)
{
  switch (error) {
#define WORD(name, value, word, text)                                          \
  case value:                                                                  \
    return word;
    SIO_AUTH_ERROR_LIST(WORD)
#undef WORD
  default:
    return sio_jwt_error_word(error);
  }
}

const char *sio_auth_strerror(int error)
{
  switch (error) {
#define TEXT(name, value, word, text)                                          \
  case value:                                                                  \
    return text;
    SIO_AUTH_ERROR_LIST(TEXT)
#undef TEXT
  default:
    return sio_jwt_strerror(error);
  }
}

/* ---- Whether it is good ---- */

uint64_t sio__credential_end_ms(const struct sio_auth *auth, const sio_jwt *jwt)
{
  uint64_t exp_s = sio_jwt_expires_s(jwt);

  if (exp_s > SIO_NEVER / 1000 - auth->token.leeway_s)
    return SIO_NEVER;
  return (exp_s + auth->token.leeway_s) * 1000;
}

static int check_lifetime(const struct sio_auth *auth, const sio_jwt *jwt)
{
  uint64_t max_s = auth->options.max_lifetime_s;
  uint64_t iat_s = sio_jwt_issued_s(jwt), exp_s = sio_jwt_expires_s(jwt);

  if (max_s == 0)
    return 0;
  if (iat_s == 0 || exp_s == SIO_NEVER)
    return SIO_JWT_MISSING_CLAIM;
  return exp_s > iat_s && exp_s - iat_s > max_s ? SIO_AUTH_LONG_LIVED : 0;
}

/* A subject that can be a user, or none. */
static int check_subject(const sio_jwt *jwt)
{
  sio_str sub = sio_jwt_subject(jwt);

  if (sub.data != NULL && (sub.len == 0 || sub.len > SIO_USER_ID_MAX))
    return SIO_JWT_INVALID_CLAIM;
  return 0;
}

int sio__credential_recheck(const struct sio_auth *auth, const sio_jwt *jwt)
{
  uint64_t now_ms = sio__guard_unix_ms(auth);

  if (now_ms == 0)
    return SIO_ERR_STATE;
  if (now_ms >= sio__credential_end_ms(auth, jwt))
    return SIO_JWT_EXPIRED;
  return sio__revoked_has(auth, jwt) ? SIO_AUTH_REVOKED : 0;
}

int sio__credential_verify(const struct sio_auth *auth, sio_str token,
                           sio_jwt **out)
{
  sio_jwt_options options = auth->token;
  int rv;

  *out = NULL;
  options.now_s = sio__guard_unix_ms(auth) / 1000;
  if (options.now_s == 0 || auth->keys == NULL)
    return SIO_ERR_STATE;
  rv = sio_jwt_verify(auth->keys, token, &options, out);
  if (rv == 0)
    rv = check_lifetime(auth, *out);
  if (rv == 0)
    rv = check_subject(*out);
  if (rv == 0)
    rv = sio__credential_recheck(auth, *out);
  if (rv != 0) {
    sio_jwt_release(*out);
    *out = NULL;
  }
  return rv;
}

/* ---- Where it is ---- */

/* Step over "Bearer" and the blanks behind it (RFC 6750 section 2.1); false: it
 * is not there. */
static bool strip_bearer(sio_str *text)
{
  static const char scheme[] = "bearer";
  size_t len = sizeof scheme - 1;
  sio_str begin = {text->data, len};

  if (text->len <= len || text->data[len] != ' ' ||
      !sio__same_in_any_case(begin, sio_s(scheme)))
    return false;
  for (; len < text->len && text->data[len] == ' '; len++)
    ;
  text->data += len;
  text->len -= len;
  return true;
}

/* In `auth`: 0, SIO_AUTH_MISSING, or it is no text. */
static int find_in_payload(const struct sio_socket *socket, sio_str *token)
{
  sio_value value = sio_value_member(sio_socket_auth(socket), "token");

  if (sio_value_type(value) == SIO_ABSENT || sio_value_type(value) == SIO_NULL)
    return SIO_AUTH_MISSING;
  if (sio_value_type(value) != SIO_STRING)
    return SIO_JWT_MALFORMED;
  *token = sio_value_str(value);
  if (token->data == NULL)
    return SIO_ERR_NOMEM;
  (void)strip_bearer(token); /* or it is there by itself */
  return 0;
}

/* In the header or a cookie: 0 or SIO_AUTH_MISSING. */
static int find_in_fields(const struct sio_auth *auth,
                          const struct sio__http_head *head, sio_str *token)
{
  sio_str value;

  if (auth->options.no_header == 0 &&
      sio__http_header(head, "authorization", &value) && strip_bearer(&value)) {
    *token = value;
    return 0;
  }
  if (auth->options.cookie != NULL &&
      sio__http_header(head, "cookie", &value) &&
      sio__cookie_find(value, auth->options.cookie, token))
    return 0;
  return SIO_AUTH_MISSING;
}

/* Verify the parameter of the query. */
static int verify_query(const struct sio_auth *auth,
                        const struct sio__http_head *head, sio_jwt **out)
{
  const sio_allocator *mem = &auth->server->mem;
  const char *name = auth->options.query;
  sio_str token = {NULL, 0};
  size_t len;
  char *text;
  int rv;

  if (name == NULL ||
      !sio__http_param(sio__http_query(head), name, NULL, 0, &len))
    return SIO_AUTH_MISSING;
  if (len > auth->token.max_bytes)
    return SIO_JWT_TOO_LARGE;
  text = sio__mem_alloc(mem, len);
  if (text == NULL)
    return SIO_ERR_NOMEM;
  (void)sio__http_param(sio__http_query(head), name, text, len, &len);
  token.data = text;
  token.len = len;
  rv = sio__credential_verify(auth, token, out);
  sio__mem_free(mem, text, len);
  return rv;
}

static int verify_in_head(const struct sio_auth *auth,
                          const struct sio__http_head *head, sio_jwt **out)
{
  sio_str token;

  if (find_in_fields(auth, head, &token) == 0)
    return sio__credential_verify(auth, token, out);
  return verify_query(auth, head, out);
}

int sio__credential_of_socket(const struct sio_auth *auth,
                              const struct sio_socket *socket, sio_jwt **out)
{
  sio_str token;
  int rv = find_in_payload(socket, &token);

  *out = NULL;
  if (rv == SIO_AUTH_MISSING)
    return verify_in_head(auth, &socket->snapshot->head, out);
  return rv == 0 ? sio__credential_verify(auth, token, out) : rv;
}

int sio__credential_of_request(const struct sio_auth *auth,
                               const sio_request *request, sio_jwt **out)
{
  *out = NULL;
  return verify_in_head(auth, &request->head, out);
}
