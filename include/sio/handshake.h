/* SPDX-License-Identifier: MIT */
#ifndef SIO_HANDSHAKE_H
#define SIO_HANDSHAKE_H

/**
 * Who may come in: hooks on the requests under the path of the server.
 *
 * For a request that opens a session they come in this order; the first
 * refusal wins:
 *
 *     sio_server_use_http()      every request under the path
 *     CORS, `check_origin`       every request under the path
 *     sio_server_on_handshake()  handshakes
 *     sio_server_on_session_id() handshakes
 *     sio_server_on_headers()    what the response looks like
 *     sio_server_on_refused()    if it was refused
 *
 * Requests are shown as in <sio/http.h>: method, path, query, headers, peer.
 */

#include <sio/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Headers of a response ---- */

/** The header fields of a response that is being made; borrowed. */
typedef struct sio_headers sio_headers;

/**
 * Set a field, in place of those of that name; add one; take all away.
 *
 * Errors: SIO_ERR_INVALID (characters that do not belong there, or a field
 *         that the library writes itself), SIO_ERR_NOMEM.
 */
SIO_API int sio_headers_set(sio_headers *headers, const char *name,
                            sio_str value);
SIO_API int sio_headers_add(sio_headers *headers, const char *name,
                            sio_str value);
SIO_API int sio_headers_remove(sio_headers *headers, const char *name);

/** The first field of that name so far; empty with `data` NULL if there is
 *  none.  Borrowed until the headers are changed. */
SIO_API sio_str sio_headers_get(const sio_headers *headers, const char *name);

/* ---- Middleware ---- */

/**
 * Sees every request under the path, also those of open sessions, before
 * anything else does.  What it puts into `headers` goes out with whatever the
 * answer is.  It may answer by itself with sio_respond(), now; then the
 * request goes no further.
 *
 * Errors: negative: the request is refused with HTTP 400, code 3.
 */
typedef int (*sio_http_middleware_fn)(sio_request *request,
                                      sio_headers *headers, void *user);

/** Add a middleware; they are called in the order of adding.
 *  Errors: SIO_ERR_INVALID (`fn` is NULL), SIO_ERR_NOMEM. */
SIO_API int sio_server_use_http(sio_server *server, sio_http_middleware_fn fn,
                                void *user);

/* ---- May this client come in? ---- */

/**
 * Decides about a handshake: accepts or refuses it, now or later.  For later
 * it retains the request (sio_request_retain()); a request that is released
 * without a decision is refused.
 *
 * It is asked once for each session, not for an upgrade of an open one.
 *
 * Lifetime: `request` is borrowed until the callback returns.
 */
typedef void (*sio_handshake_fn)(sio_request *request, void *user);

/** Set who decides about handshakes; NULL: all are accepted. */
SIO_API void sio_server_on_handshake(sio_server *server, sio_handshake_fn fn,
                                     void *user);

/**
 * Accept a handshake; as a session with this id, which is the host's to keep
 * secret and unique: 1 to 128 bytes of UTF-8 without control characters.
 * Empty: the server makes one.
 *
 * Errors: SIO_ERR_STATE (decided already, or not a handshake),
 *         SIO_ERR_DISCONNECTED (the client has gone), SIO_ERR_INVALID (not an
 *         id, or one that is in use; nothing is decided).
 */
SIO_API int sio_handshake_accept(sio_request *request, sio_str id);

/**
 * Refuse a handshake: code 4.  `status` is from 400 to 599, or 0 for the
 * usual one (403, and 400 for a websocket); `message` is for the client, NULL
 * or "" is "Forbidden"; it is sent as it is, so it should not repeat what the
 * client has sent.
 *
 * Errors: SIO_ERR_STATE, SIO_ERR_DISCONNECTED, SIO_ERR_INVALID (the status, or
 *         a message that is not UTF-8).
 */
SIO_API int sio_handshake_refuse(sio_request *request, int status,
                                 const char *message);

/**
 * Makes the id of a new session: writes at most `cap` bytes into `out` and
 * returns how many, 1 to 128 bytes of UTF-8 without control characters.
 * Whoever guesses an id owns the session.
 *
 * Errors: negative, or an id that is in use: the handshake is refused with
 *         code 3.
 */
typedef int (*sio_session_id_fn)(const sio_request *request, char *out,
                                 size_t cap, void *user);

/** Set who makes the ids of sessions; NULL: 120 random bits each. */
SIO_API void sio_server_on_session_id(sio_server *server, sio_session_id_fn fn,
                                      void *user);

/* ---- What the answers look like ---- */

/**
 * May change the headers of an answer that the engine gives: of polls, posts,
 * and the 101 of websockets.  `initial`: it is the first of a session.
 */
typedef void (*sio_headers_fn)(sio_headers *headers, const sio_request *request,
                               bool initial, void *user);

/** Set who may change headers; NULL: nobody. */
SIO_API void sio_server_on_headers(sio_server *server, sio_headers_fn fn,
                                   void *user);

/* ---- What was refused ---- */

/** The codes of Engine.IO. */
typedef enum sio_refusal_code {
  SIO_REFUSED_TRANSPORT = 0, /**< "Transport unknown" */
  SIO_REFUSED_SID = 1,       /**< "Session ID unknown" */
  SIO_REFUSED_METHOD = 2,    /**< "Bad handshake method" */
  SIO_REFUSED_REQUEST = 3,   /**< "Bad request" */
  SIO_REFUSED_FORBIDDEN = 4, /**< "Forbidden" */
  SIO_REFUSED_VERSION = 5,   /**< "Unsupported protocol version" */
  SIO_REFUSED_COUNT_ = 6
} sio_refusal_code;

/** One thing more about a refusal. */
typedef struct sio_context {
  const char *key; /**< such as "origin" */
  sio_str value;   /**< as the client sent it: not to be trusted */
} sio_context;

/** A refused request; borrowed. */
typedef struct sio_refusal {
  sio_refusal_code code;
  const char *message;        /**< the standard one */
  const char *name;           /**< such as "TRANSPORT_MISMATCH", or NULL */
  const sio_context *context; /**< further ones */
  size_t n_context;
} sio_refusal;

/** Called for every request that the engine refuses with a code. */
typedef void (*sio_refused_fn)(const sio_refusal *refusal,
                               const sio_request *request, void *user);

/** Set who is told; NULL: nobody. */
SIO_API void sio_server_on_refused(sio_server *server, sio_refused_fn fn,
                                   void *user);

#ifdef __cplusplus
}
#endif

#endif
