/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_MSGPACK_WRITE_H
#define SIO_PROTO_MSGPACK_WRITE_H

/* Writing MessagePack, in its shortest forms.  Errors are kept in the buffer;
 * what has no form (4 GiB and more) is SIO_ERR_LIMIT. */

#include "base/buf.h"

/* The head of a map of `n` pairs, which come next. */
void sio__msgpack_write_map(struct sio__buf *out, size_t n);
void sio__msgpack_write_uint(struct sio__buf *out, uint64_t number);
void sio__msgpack_write_str(struct sio__buf *out, const char *text, size_t len);

/* Append a value given as JSON text that has been validated (2 GiB at most).
 * Objects that stand for one of the `n` attachments become its bytes; their
 * key `_placeholder` is spelled without escapes.  The buffer needs room for
 * 4 bytes more per array and object meanwhile. */
void sio__msgpack_write_json(struct sio__buf *out, sio_str json,
                             const sio_span *attachments, size_t n);

#endif
