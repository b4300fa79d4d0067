/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_OUTQ_H
#define SIO_BASE_OUTQ_H

/* What a connection has still to send: a queue of pieces of chunks.  Small
 * writes are gathered in a private chunk at the end; shared chunks cost one
 * entry.  Bytes never move while they are queued, so spans of them may be
 * handed to the kernel. */

#include "base/chunk.h"

struct sio__outq_entry {
  struct sio__chunk *chunk;
  uint32_t off;
  uint32_t len;
};

enum { SIO__OUTQ_INLINE = 2 }; /* entries that need no ring */

struct sio__outq {
  struct sio__outq_entry few[SIO__OUTQ_INLINE];
  struct sio__outq_entry *ring; /* NULL while `few` is enough */
  uint32_t head;
  uint32_t count;
  uint32_t cap; /* of the ring or `few`; a power of two */
  /* The private chunk that small writes go to, or NULL; one reference is the
   * queue's own, one more each of its entries'. */
  struct sio__chunk *tail;
  size_t bytes;
  struct sio__chunk_pool *pool;
};

/* Allocates nothing. */
void sio__outq_init(struct sio__outq *q, struct sio__chunk_pool *pool);
void sio__outq_dispose(struct sio__outq *q);

/* Contiguous room for `len` bytes at the end, or NULL: no memory.  What was
 * written there is queued by sio__outq_commit(), before any other call; to
 * commit nothing, or not at all, is allowed, too. */
uint8_t *sio__outq_reserve(struct sio__outq *q, size_t len);
void sio__outq_commit(struct sio__outq *q, size_t len);

/* Copy bytes to the end.  0 or SIO_ERR_NOMEM. */
int sio__outq_append(struct sio__outq *q, const void *data, size_t len);

/* Queue bytes off..off+len of a chunk, which is referenced until they are
 * sent.  0 or SIO_ERR_NOMEM. */
int sio__outq_push(struct sio__outq *q, struct sio__chunk *chunk, uint32_t off,
                   uint32_t len);

/* Move all of `from` behind what `to` has; both use one pool.  0, or
 * SIO_ERR_NOMEM and neither has changed. */
int sio__outq_move(struct sio__outq *to, struct sio__outq *from);

/* The oldest bytes as at most `n` spans; how many were filled in. */
size_t sio__outq_spans(const struct sio__outq *q, sio_span *spans, size_t n);

/* Drop the oldest `len` bytes, which is at most all of them. */
void sio__outq_sent(struct sio__outq *q, size_t len);

void sio__outq_clear(struct sio__outq *q);

#endif
