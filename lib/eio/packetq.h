/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PACKETQ_H
#define SIO_EIO_PACKETQ_H

/* Packets that wait for a poll.  Boundaries are kept, because they may have
 * to leave as websocket frames after all. */

#include "base/chunk.h"

struct sio__queued {
  struct sio__chunk *chunk;
  uint32_t off;
  uint32_t len;
  bool binary;
};

struct sio__packetq {
  struct sio__queued *items;
  uint32_t count, cap;
  bool tail_private; /* the last chunk may be appended to */
  uint32_t pieces;   /* shared ones: each may keep a block of its own alive */
  size_t bytes;      /* of all packets */
  size_t encoded;    /* length of the polling payload they make */
  struct sio__chunk_pool *pool;
};

/* Allocates nothing. */
void sio__packetq_init(struct sio__packetq *q, struct sio__chunk_pool *pool);
void sio__packetq_dispose(struct sio__packetq *q);

/* Copy a packet to the end / queue part of a shared chunk.  0 or
 * SIO_ERR_NOMEM. */
int sio__packetq_add(struct sio__packetq *q, const void *packet, size_t len,
                     bool binary);
int sio__packetq_push(struct sio__packetq *q, struct sio__chunk *chunk,
                      uint32_t off, uint32_t len, bool binary);

/* Drop everything; memory for a few packets is kept. */
void sio__packetq_clear(struct sio__packetq *q);

#endif
