/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PACKETQ_H
#define SIO_EIO_PACKETQ_H

/* Packets that wait for a poll.  Boundaries are kept, because they may have
 * to leave as websocket frames after all. */

#include "base/chunk.h"
#include <sio/engine.h>

struct sio__queued {
  struct sio__chunk *chunk;
  uint32_t off;
  uint32_t len;
  uint8_t flags; /* SIO_SEND_BINARY, SIO_SEND_UNCOMPRESSED, and these: */
};

/* Further flags, for inside use. */
enum {
  SIO__SEND_BARE = 0x40,   /* a text message without its type: '4' is added */
  SIO__QUEUED_PIECE = 0x80 /* it was pushed, not copied */
};

struct sio__packetq {
  struct sio__queued *items;
  uint32_t count, cap;
  bool tail_private; /* the last chunk may be appended to */
  uint32_t pieces;   /* shared ones: each may keep a block of its own alive */
  size_t bytes;      /* of all packets */
  size_t encoded;    /* length of their payload in protocol 4 */
  struct sio__chunk_pool *pool;
};

/* Allocates nothing. */
void sio__packetq_init(struct sio__packetq *q, struct sio__chunk_pool *pool);
void sio__packetq_dispose(struct sio__packetq *q);

/* Copy a packet to the end / queue part of a shared chunk.  0 or
 * SIO_ERR_NOMEM. */
int sio__packetq_add(struct sio__packetq *q, const void *packet, size_t len,
                     unsigned flags);
int sio__packetq_push(struct sio__packetq *q, struct sio__chunk *chunk,
                      uint32_t off, uint32_t len, unsigned flags);

/* How many of the first packets make a payload of protocol 4 of at most `max`
 * bytes, if each of them costs `extra` bytes more: at least one, unless there
 * is none.  `*encoded` is its length, without what is extra. */
uint32_t sio__packetq_fit(const struct sio__packetq *q, uint64_t max,
                          uint32_t extra, size_t *encoded);

/* Drop the first `count` packets. */
void sio__packetq_drop(struct sio__packetq *q, uint32_t count);

/* Drop everything; memory for a few packets is kept. */
void sio__packetq_clear(struct sio__packetq *q);

#endif
