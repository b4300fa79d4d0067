/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_CORS_H
#define SIO_HTTP_CORS_H

/* The CORS protocol (Fetch standard), as the reference applies it. */

#include "http/fields.h"
#include "http/request.h"
#include <sio/cors.h>

enum sio__cors_result {
  CORS_OFF,       /* it does not concern the request */
  CORS_GO_ON,     /* its headers are written; the request goes on */
  CORS_PREFLIGHT, /* likewise, and an empty answer is all there is */
  CORS_FAILED,    /* the host's callback has failed */
};

/* Name the first setting that is not possible, such as "cors.methods"; NULL:
 * there is none.  `options` may be shorter than this library's. */
const char *sio__cors_problem(const sio_cors_options *options);

/* A deep copy, complete, of options that are possible; of NULL it is NULL.
 * 0 or SIO_ERR_NOMEM. */
int sio__cors_copy(const sio_cors_options *options, const sio_allocator *mem,
                   sio_cors_options **out);
void sio__cors_free(sio_cors_options *copy, const sio_allocator *mem);

/* Write the headers for a request, in place of what there is of their names;
 * Vary is added to.  `cors` is a copy, or NULL: off, which allows no foreign
 * pages.  `*allowed`, unless CORS_FAILED: whether it may come from where its
 * Origin says: it has none, it is the server's own (as of the Host header), or
 * the rule allows it.  The host's callback is asked once. */
enum sio__cors_result sio__cors_apply(const sio_cors_options *cors,
                                      const struct sio__http_head *head,
                                      struct sio_headers *out, bool *allowed);

#endif
