/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_CHUNK_H
#define SIO_BASE_CHUNK_H

/* Reference-counted blocks of outgoing bytes.  A chunk is either private to
 * one output queue, which appends to it, or shared and never changed again.
 * Emptied chunks of the usual sizes are kept for reuse. */

#include <sio/types.h>

struct sio__chunk_pool;

struct sio__chunk {
  struct sio__chunk_pool *pool;
  struct sio__chunk *next_free; /* while in the pool */
  uint32_t refs;
  uint32_t len; /* bytes in use */
  uint32_t cap;
  uint32_t size_class; /* SIO__CHUNK_CLASSES: a size of its own */
  uint8_t data[];
};

enum {
  SIO__CHUNK_CLASSES = 4,   /* see chunk.c for the sizes */
  SIO__CHUNK_SMALLEST = 256 /* the block of the smallest class, in bytes */
};

struct sio__chunk_pool {
  const sio_allocator *mem;
  size_t max_kept; /* bytes; 0 keeps nothing, so that every use is seen */
  size_t kept;
  struct sio__chunk *free[SIO__CHUNK_CLASSES];
};

/* `mem` is borrowed as long as the pool lives. */
void sio__chunk_pool_init(struct sio__chunk_pool *pool,
                          const sio_allocator *mem, size_t max_kept);
/* All chunks have been released before. */
void sio__chunk_pool_dispose(struct sio__chunk_pool *pool);

/* A chunk with room for at least `cap` bytes (up to UINT32_MAX / 2), `len` 0
 * and one reference, the caller's.  NULL: no memory. */
struct sio__chunk *sio__chunk_new(struct sio__chunk_pool *pool, size_t cap);

static inline struct sio__chunk *sio__chunk_ref(struct sio__chunk *chunk)
{
  chunk->refs++;
  return chunk;
}

void sio__chunk_unref(struct sio__chunk *chunk);

#endif
