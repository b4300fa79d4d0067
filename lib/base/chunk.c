/* SPDX-License-Identifier: MIT */
/* Reference-counted blocks of outgoing bytes, and the pool of emptied ones.
 *
 * Compiled with SIO_NO_POOLS, pools keep nothing, so that a sanitizer sees
 * every chunk come and go. */
#include "base/chunk.h"

#include <assert.h>

#include "base/mem.h"

#ifdef SIO_NO_POOLS
#define POOLING 0
#else
#define POOLING 1
#endif

#define HEADER offsetof(struct sio__chunk, data)

/* Whole blocks, header included: a message, a page, a full TLS record. */
static const size_t block_sizes[SIO__CHUNK_CLASSES] = {SIO__CHUNK_SMALLEST,
                                                       1024, 4096, 16384};

static uint32_t class_for(size_t cap)
{
  uint32_t i = 0;

  while (i < SIO__CHUNK_CLASSES && block_sizes[i] - HEADER < cap)
    i++;
  return i;
}

static size_t block_size(const struct sio__chunk *chunk)
{
  return HEADER + chunk->cap;
}

void sio__chunk_pool_init(struct sio__chunk_pool *pool,
                          const sio_allocator *mem, size_t max_kept)
{
  pool->mem = mem;
  pool->max_kept = POOLING ? max_kept : 0;
  pool->kept = 0;
  for (size_t i = 0; i < SIO__CHUNK_CLASSES; i++)
    pool->free[i] = NULL;
}

void sio__chunk_pool_dispose(struct sio__chunk_pool *pool)
{
  for (size_t i = 0; i < SIO__CHUNK_CLASSES; i++) {
    while (pool->free[i] != NULL) {
      struct sio__chunk *chunk = pool->free[i];

      pool->free[i] = chunk->next_free;
      sio__mem_free(pool->mem, chunk, block_size(chunk));
    }
  }
  pool->kept = 0;
}

struct sio__chunk *sio__chunk_new(struct sio__chunk_pool *pool, size_t cap)
{
  uint32_t size_class = class_for(cap);
  struct sio__chunk *chunk = NULL;
  size_t size;

  if (cap > UINT32_MAX / 2)
    return NULL;
  size =
      size_class < SIO__CHUNK_CLASSES ? block_sizes[size_class] : HEADER + cap;
  if (size_class < SIO__CHUNK_CLASSES)
    chunk = pool->free[size_class];

  if (chunk != NULL) {
    pool->free[size_class] = chunk->next_free;
    pool->kept -= size;
  } else {
    chunk = sio__mem_alloc(pool->mem, size);
    if (chunk == NULL)
      return NULL;
    chunk->pool = pool;
    chunk->cap = (uint32_t)(size - HEADER);
    chunk->size_class = size_class;
  }
  chunk->next_free = NULL;
  chunk->refs = 1;
  chunk->len = 0;
  return chunk;
}

void sio__chunk_unref(struct sio__chunk *chunk)
{
  struct sio__chunk_pool *pool = chunk->pool;
  size_t size = block_size(chunk);

  assert(chunk->refs > 0);
  if (--chunk->refs > 0)
    return;
  if (chunk->size_class == SIO__CHUNK_CLASSES || pool->kept > pool->max_kept ||
      size > pool->max_kept - pool->kept) {
    sio__mem_free(pool->mem, chunk, size);
    return;
  }
  chunk->next_free = pool->free[chunk->size_class];
  pool->free[chunk->size_class] = chunk;
  pool->kept += size;
}
