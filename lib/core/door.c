/* SPDX-License-Identifier: MIT */
/* Tokens of HTTP requests (RFC 6750). */
#include "core/guard.h"

#include "eio/exchange.h"

#include <sio/handshake.h>

#include <stdio.h>

enum { CHALLENGE_MAX = 256 };

int sio_auth_check_request(sio_auth *auth, const sio_request *request,
                           sio_jwt **out)
{
  return sio__credential_of_request(auth, request, out);
}

/* Whether it is not the token's fault. */
static bool is_ours(int error)
{
  return error == SIO_ERR_NOMEM || error == SIO_ERR_STATE ||
         error == SIO_JWT_CRYPTO;
}

/* RFC 6750 section 3: whoever has shown nothing is told no error. */
static void write_challenge(char out[CHALLENGE_MAX], int error)
{
  if (error == SIO_AUTH_MISSING)
    snprintf(out, CHALLENGE_MAX, "Bearer");
  else
    snprintf(out, CHALLENGE_MAX,
             "Bearer error=\"invalid_token\", error_description=\"%s\"",
             sio_auth_strerror(error));
}

static int refuse_handshake(sio_request *request, int status,
                            const char *challenge, const char *message)
{
  int rv = 0;

  if (challenge[0] != '\0')
    rv = sio_headers_set(&request->extra, "WWW-Authenticate", sio_s(challenge));
  return rv == 0 ? sio_handshake_refuse(request, status, message) : rv;
}

int sio_auth_refuse_request(sio_request *request, int error)
{
  int status = is_ours(error) ? 503 : 401;
  const char *message =
      status == 401 ? sio_auth_strerror(error) : "Service Unavailable";
  char challenge[CHALLENGE_MAX] = "";
  sio_header headers[2] = {{"Content-Type", "text/plain"},
                           {"WWW-Authenticate", challenge}};
  sio_span body = {(const uint8_t *)message, strlen(message)};

  if (status == 401)
    write_challenge(challenge, error);
  if (request->kind == REQUEST_HANDSHAKE)
    return refuse_handshake(request, status, challenge, message);
  return sio_respond(request, status, headers, status == 401 ? 2 : 1, body);
}

void sio_auth_on_handshake(sio_request *request, void *auth)
{
  static const sio_str none = {NULL, 0};
  sio_jwt *jwt;
  int rv = sio_auth_check_request(auth, request, &jwt);

  sio_jwt_release(jwt);
  if (rv == 0)
    (void)sio_handshake_accept(request, none); /* nothing has decided yet */
  else if (sio_auth_refuse_request(request, rv) != 0)
    (void)sio_handshake_refuse(request, 503, NULL); /* or the client has gone */
}
