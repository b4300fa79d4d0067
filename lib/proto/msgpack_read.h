/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_MSGPACK_READ_H
#define SIO_PROTO_MSGPACK_READ_H

/* MessagePack, one item at a time, as JavaScript's parser understands it. */

#include <sio/types.h>

enum sio__msgpack_kind {
  MSGPACK_RESERVED = 0, /* the byte c1 is no item: never given out */
  MSGPACK_NIL,
  MSGPACK_UNDEFINED, /* extension of 1 byte, type 0 */
  MSGPACK_FALSE,
  MSGPACK_TRUE,
  MSGPACK_UINT,
  MSGPACK_INT, /* below 0 */
  MSGPACK_FLOAT,
  MSGPACK_STR,
  MSGPACK_BIN,  /* extensions of type 0 with a length field, too */
  MSGPACK_EXT,  /* any other extension */
  MSGPACK_DATE, /* extension of 8 bytes, type 0 */
  MSGPACK_ARRAY,
  MSGPACK_MAP
};

/* A scalar, or the head of a container, whose items come next. */
struct sio__msgpack_item {
  enum sio__msgpack_kind kind;
  int8_t ext; /* EXT: its type */
  union {
    uint64_t u; /* UINT */
    int64_t i;  /* INT; DATE: milliseconds since 1970 */
    double d;   /* FLOAT */
  } number;
  const uint8_t *data; /* STR, BIN, EXT: `len` bytes of the input */
  size_t len;          /* ARRAY: how many items; MAP: how many pairs */
};

/* Read the item at `at`: returns where it ends, or NULL if it is cut off,
 * reserved, or a container that claims more items than bytes are left. */
const uint8_t *sio__msgpack_read(const uint8_t *at, const uint8_t *end,
                                 struct sio__msgpack_item *out);

/* The end of the value at `at`, with all that is inside; NULL as above. */
const uint8_t *sio__msgpack_skip(const uint8_t *at, const uint8_t *end);

#endif
