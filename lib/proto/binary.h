/* SPDX-License-Identifier: MIT */
#ifndef SIO_PROTO_BINARY_H
#define SIO_PROTO_BINARY_H

/* Putting a packet with attachments together: its text is copied and held
 * until all of them have arrived. */

#include "proto/decode.h"

struct sio__reassembly {
  const sio_allocator *mem;
  size_t size;               /* of this allocation */
  struct sio__packet packet; /* its spans point to `text` */
  uint64_t bytes;            /* of attachments so far */
  unsigned have;
  sio_span *attachments; /* packet.attachments of them; `have` are filled */
  char text[];
};

/* Begin with a decoded packet of type 5 or 6, which is copied.  NULL: no
 * memory. */
struct sio__reassembly *sio__reassembly_new(const sio_allocator *mem,
                                            const struct sio__packet *packet);
/* NULL is ignored. */
void sio__reassembly_free(struct sio__reassembly *r);

/* Add an attachment, which is copied.  0 (then see sio__reassembly_is_whole),
 * SIO_ERR_NOMEM, SIO_ERR_LIMIT (more than `max_bytes` together), or
 * SIO_ERR_STATE (it is whole already); on error nothing has changed. */
int sio__reassembly_add(struct sio__reassembly *r, const uint8_t *data,
                        size_t len, uint64_t max_bytes);

static inline bool sio__reassembly_is_whole(const struct sio__reassembly *r)
{
  return r->have == r->packet.attachments;
}

#endif
