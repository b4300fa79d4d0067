/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_PARSE_H
#define SIO_HTTP_PARSE_H

/* Requests out of a stream of bytes, by llhttp with all lenient modes off.
 * The caller pulls one event at a time. */

#include "http/request.h"
#include <sio/error.h>

struct sio__http_parser;

struct sio__http_limits {
  uint16_t max_header_bytes; /* request line and fields together */
  uint16_t max_headers;
};

enum sio__http_event {
  HTTP_MORE,  /* all bytes are used; more are needed */
  HTTP_HEAD,  /* a head is complete: sio__http_parser_head() */
  HTTP_BODY,  /* a piece of the body */
  HTTP_DONE,  /* the request is complete; the next one may follow */
  HTTP_ERROR, /* sio__http_parser_error(); the parser is finished */
};

struct sio__http_error {
  int status;         /* to answer: 400, 431, or 503 for NOMEM */
  sio_cause cause;    /* HTTP, HEADER_SIZE, HEADER_COUNT or NOMEM */
  const char *detail; /* constant */
};

/* NULL: no memory.  `mem` and `limits` are borrowed. */
struct sio__http_parser *
sio__http_parser_new(const sio_allocator *mem,
                     const struct sio__http_limits *limits);
void sio__http_parser_free(struct sio__http_parser *parser);

/* Parse up to the next event; `*used` bytes of the input were taken.  Call
 * again with the rest, even an empty one, until the event is HTTP_MORE.  For
 * HTTP_BODY `*body` is a part of the input.  An Upgrade header changes
 * nothing here: who accepts it after HTTP_HEAD takes the rest of the input
 * for itself.  Chunk extensions above 1 KiB in one request are refused, and
 * what follows a request that is not kept alive is ignored. */
enum sio__http_event sio__http_parse(struct sio__http_parser *parser,
                                     const uint8_t *data, size_t len,
                                     size_t *used, sio_span *body);

/* Valid from HTTP_HEAD until the next request begins. */
const struct sio__http_head *
sio__http_parser_head(const struct sio__http_parser *parser);

const struct sio__http_error *
sio__http_parser_error(const struct sio__http_parser *parser);

/* Whether a request has begun and is not complete. */
bool sio__http_parser_is_busy(const struct sio__http_parser *parser);

#endif
