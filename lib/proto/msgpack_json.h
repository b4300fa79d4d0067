/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_MSGPACK_JSON_H
#define SIO_PROTO_MSGPACK_JSON_H

/* MessagePack values as JSON text, with placeholders for binary ones. */

#include "base/buf.h"
#include "proto/decode.h"

/* Where values are put; its memory is kept and used again. */
struct sio__msgpack_in {
  struct sio__buf text;
  sio_span *attachments; /* parts of the input */
  size_t n_attachments;
  size_t cap; /* of `attachments` */
};

/* Allocates nothing; `mem` is borrowed. */
void sio__msgpack_in_init(struct sio__msgpack_in *in, const sio_allocator *mem);
void sio__msgpack_in_dispose(struct sio__msgpack_in *in);

/* Replace what `in` holds by `n` values, comma-separated, as JavaScript would
 * write them: what is not finite, and undefined, is null; dates are strings
 * (ISO 8601, null if beyond JavaScript's range); extensions are [type, bytes];
 * keys that are numbers, booleans or null become that text in quotes.  Integers
 * of 64 bits keep all their digits.  Where plain data looks like a placeholder
 * its key is written with an escape, "\u005fplaceholder": no placeholder is.
 *
 * `depth` containers are around the values already.  0 and `*behind` is where
 * they end; SIO_ERR_JSON (malformed, not UTF-8, another kind of key, too
 * deep), SIO_ERR_LIMIT (too many attachments) or SIO_ERR_NOMEM. */
int sio__msgpack_to_json(struct sio__msgpack_in *in, const uint8_t *at,
                         const uint8_t *end, size_t n, unsigned depth,
                         const struct sio__packet_limits *limits,
                         const uint8_t **behind);

#endif
