/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_H
#define SIO_HTTP_H

/**
 * Requests outside the Socket.IO path: a page, a health check, a small API on
 * the same port.
 */

#include <sio/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An HTTP request. */
typedef struct sio_request sio_request;

/** A header of a response. */
typedef struct sio_header {
  const char *name;
  const char *value;
} sio_header;

/**
 * Handles a request: it answers with sio_respond(), now, or later if it
 * retains the request.
 *
 * Lifetime: `request` is borrowed until the callback returns.
 */
typedef void (*sio_http_fn)(sio_request *request, void *user);

/** Set who handles requests outside the path, bodies included; without, they
 *  get 404. */
SIO_API void sio_server_on_http(sio_server *server, sio_http_fn fn, void *user);

/**
 * Set who sees requests outside the path before their bodies arrive; NULL:
 * nobody.  It may answer at once, or take the body with
 * sio_request_stream_body(); otherwise the body is collected, and the request
 * goes to the handler above.
 */
SIO_API void sio_server_on_http_head(sio_server *server, sio_http_fn fn,
                                     void *user);

/* Lifetime of what these return: as long as the request. */

/** The method, such as "GET". */
SIO_API const char *sio_request_method(const sio_request *request);

/** The target up to "?", as it was sent: nothing is decoded. */
SIO_API sio_str sio_request_path(const sio_request *request);

/** What follows "?", as it was sent. */
SIO_API sio_str sio_request_query(const sio_request *request);

/** A header; `name` in lower case; empty with `data` NULL if it is missing. */
SIO_API sio_str sio_request_header(const sio_request *request,
                                   const char *name);

/** The body; up to `max_body` bytes.  Empty if it is streamed. */
SIO_API sio_span sio_request_body(const sio_request *request);

/** The Content-Length; SIO_NEVER if there is none. */
SIO_API uint64_t sio_request_length(const sio_request *request);

/** A parameter of the query; as sio_socket_query(). */
SIO_API int sio_request_param(const sio_request *request, const char *name,
                              char *out, size_t cap);

/** Whether it asks for another protocol ("Connection: upgrade"). */
SIO_API bool sio_request_wants_upgrade(const sio_request *request);

/** Receives a piece of a body; borrowed. */
typedef void (*sio_body_fn)(sio_request *request, sio_span piece, void *user);

/** The body is complete (`error` 0), or will not be: SIO_ERR_LIMIT (more than
 *  `max_bytes`; unless it is answered now, it is answered with 413),
 *  SIO_ERR_TIMEOUT, SIO_ERR_DISCONNECTED (the client has gone, or the request
 *  was answered before). */
typedef void (*sio_body_end_fn)(sio_request *request, int error, void *user);

/**
 * Take the body in pieces as they arrive, up to `max_bytes`; only from inside
 * the handler of heads.  The request is retained until `end` has been called,
 * which happens once; an answer may be given at any time.
 *
 * Errors: SIO_ERR_STATE (it is too late, or it has been answered),
 *         SIO_ERR_INVALID (`piece` or `end` is NULL), SIO_ERR_NOMEM.
 */
SIO_API int sio_request_stream_body(sio_request *request, uint64_t max_bytes,
                                    sio_body_fn piece, sio_body_end_fn end,
                                    void *user);

/** The address of the peer, or of the client for whom a trusted proxy asks
 *  (`trusted_proxies`); "" if unknown. */
SIO_API const char *sio_request_address(const sio_request *request);

/** Whether it came encrypted: to the server, or to that proxy. */
SIO_API bool sio_request_is_secure(const sio_request *request);

/** The server that received it; NULL once the request has been answered or
 *  its connection has gone. */
SIO_API sio_server *sio_request_server(const sio_request *request);

/** Keep a request beyond the callback, to answer later; then release it.  One
 *  that is given up without an answer is answered with 500. */
SIO_API sio_request *sio_request_retain(sio_request *request);
SIO_API void sio_request_release(sio_request *request);

/**
 * Answer.  Content-Length and Connection are written by the library; all is
 * copied.  For HEAD and 204 or 304 the body is
 * left out.
 *
 * Errors: SIO_ERR_INVALID (a status outside 200 to 599, a header name or value
 *         with characters that do not belong there, or one that the library
 *         writes itself), SIO_ERR_STATE (it has been answered),
 *         SIO_ERR_DISCONNECTED, SIO_ERR_NOMEM (the connection is closed).
 */
SIO_API int sio_respond(sio_request *request, int status,
                        const sio_header *headers, size_t n_headers,
                        sio_span body);

/**
 * Answer in pieces: the head now, `length` bytes of body later, or as many as
 * there will be if `length` is SIO_NEVER.  For HEAD and 204 or 304 what is
 * written is left out.  The request is retained until sio_respond_end().
 *
 * Errors: as sio_respond().
 */
SIO_API int sio_respond_begin(sio_request *request, int status,
                              const sio_header *headers, size_t n_headers,
                              uint64_t length);

/**
 * Write a piece; it is copied.
 *
 * Errors: SIO_ERR_STATE (no answer has begun), SIO_ERR_RANGE (more than
 *         `length`; nothing is written), SIO_ERR_LIMIT (with it more
 *         than `max_output_bytes` would wait, and something does wait; nothing
 *         is written),
 *         SIO_ERR_DISCONNECTED, SIO_ERR_NOMEM (the connection is closed).
 */
SIO_API int sio_respond_write(sio_request *request, sio_span piece);

/** Have `fn` called when all that was written has gone out, or the client has
 *  gone; once.  It may write again.  NULL takes the wish back.  Of an answer
 *  without a body (to HEAD), of which nothing goes out, it is called a
 *  millisecond later.
 *  Errors: SIO_ERR_STATE (no answer has begun), SIO_ERR_DISCONNECTED (the
 *          client has gone already: `fn` is not called). */
SIO_API int sio_respond_on_drain(sio_request *request, sio_http_fn fn,
                                 void *user);

/**
 * The answer is complete; one that is shorter than announced closes the
 * connection.
 *
 * Errors: SIO_ERR_STATE: no answer has begun, or it has ended.
 */
SIO_API int sio_respond_end(sio_request *request);

/** Whether sio_respond() would take these headers: 0 or SIO_ERR_INVALID. */
SIO_API int sio_headers_check(const sio_header *headers, size_t n_headers);

/** Answer with a text of a given type, such as "text/plain". */
SIO_API int sio_respond_text(sio_request *request, int status,
                             const char *content_type, const char *text);

#ifdef __cplusplus
}
#endif

#endif
