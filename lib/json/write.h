/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_WRITE_H
#define SIO_JSON_WRITE_H

/* Behind the builder of <sio/payload.h>. */

#include "base/buf.h"
#include <sio/payload.h>

enum { SIO__PAYLOAD_MAX_DEPTH = 64 };

struct sio_payload {
  sio_allocator mem;           /* a copy */
  struct sio__buf json;        /* the arguments, comma-separated */
  struct sio__buf attachments; /* their bytes, one after the other */
  size_t *ends;                /* where each attachment ends in `attachments` */
  size_t n_attachments;
  size_t ends_cap;
  uint64_t is_object; /* bit d: the container at depth d + 1 is an object */
  uint64_t has_items; /* bit d: something is in it already */
  unsigned depth;
  bool key_pending; /* a key has been written, its value not yet */
  bool on_heap;     /* false: part of something else */
  int error;
};

void sio__payload_init(struct sio_payload *payload, const sio_allocator *mem,
                       size_t max_bytes);
void sio__payload_dispose(struct sio_payload *payload);

/* The first error, or SIO_ERR_STATE if a container has not been ended or a
 * key has no value: what a function that sends it asks for. */
int sio__payload_check(const struct sio_payload *payload);

/* Attachment `i`, which exists. */
sio_span sio__payload_attachment(const struct sio_payload *payload, size_t i);

#endif
