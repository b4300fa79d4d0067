/* SPDX-License-Identifier: MIT */
#ifndef SIO_HTTP_FIELDS_H
#define SIO_HTTP_FIELDS_H

/* Header fields of a response while it is being made: lines in a buffer.
 * The first error sticks, see base/buf.h; a field is never there by half. */

#include "base/buf.h"

struct sio_headers {
  struct sio__buf lines; /* "Name: value\r\n", as they will be sent */
};

/* Allocates nothing. */
void sio__fields_init(struct sio_headers *fields, const sio_allocator *mem);
void sio__fields_dispose(struct sio_headers *fields);
/* Make it empty; keeps at most `keep` bytes of memory. */
void sio__fields_reset(struct sio_headers *fields, size_t keep);

/* Names are compared in any case; names and values are valid, and are not
 * parts of these fields. */

/* Append a field, whatever there is of that name. */
void sio__fields_add(struct sio_headers *fields, sio_str name, sio_str value);
/* In place of all fields of that name. */
void sio__fields_set(struct sio_headers *fields, sio_str name, sio_str value);
void sio__fields_remove(struct sio_headers *fields, sio_str name);
/* The first field of that name; false: there is none. */
bool sio__fields_get(const struct sio_headers *fields, sio_str name,
                     sio_str *value);
/* Add a member to a comma-separated field such as Vary, unless it has it, in
 * any case.  "*" stands for all members: it takes their place, and none is
 * added to it. */
void sio__fields_join(struct sio_headers *fields, sio_str name, sio_str member);

#endif
