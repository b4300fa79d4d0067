/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_COOKIE_H
#define SIO_HTTP_COOKIE_H

/* Set-Cookie (RFC 6265 section 4.1), attributes in the order of the
 * reference: Max-Age, Domain, Path, Expires, HttpOnly, Secure, Partitioned,
 * Priority, SameSite. */

#include "http/fields.h"
#include <sio/cookie.h>

/* Name the first attribute that is not possible, such as "cookie.path"; NULL:
 * there is none.  `options` may be shorter than this library's. */
const char *sio__cookie_problem(const sio_cookie_options *options);

/* A deep copy, complete, of options that are possible; of NULL it is NULL.
 * 0 or SIO_ERR_NOMEM. */
int sio__cookie_copy(const sio_cookie_options *options,
                     const sio_allocator *mem, sio_cookie_options **out);
void sio__cookie_free(sio_cookie_options *copy, const sio_allocator *mem);

/* Find a cookie in the value of a Cookie header (RFC 6265 section 4.2), quotes
 * around it left out; of several the first.  False if it is not there. */
bool sio__cookie_find(sio_str header, const char *name, sio_str *value);

/* Add the header, whatever cookies there are; `value` is written
 * URI-component-encoded. */
void sio__cookie_add(struct sio_headers *out, const sio_cookie_options *cookie,
                     sio_str value);

#endif
