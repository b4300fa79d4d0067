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

/** A whole HTTP request, its body included. */
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

/** Set who handles requests outside the path; without, they get 404. */
SIO_API void sio_server_on_http(sio_server *server, sio_http_fn fn, void *user);

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

/** The body; up to `max_body` bytes. */
SIO_API sio_span sio_request_body(const sio_request *request);

/** The address of the peer; "" if unknown. */
SIO_API const char *sio_request_address(const sio_request *request);

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

/** Whether sio_respond() would take these headers: 0 or SIO_ERR_INVALID. */
SIO_API int sio_headers_check(const sio_header *headers, size_t n_headers);

/** Answer with a text of a given type, such as "text/plain". */
SIO_API int sio_respond_text(sio_request *request, int status,
                             const char *content_type, const char *text);

#ifdef __cplusplus
}
#endif

#endif
