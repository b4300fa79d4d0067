/* SPDX-License-Identifier: MIT */
/*
 * What a connection has still to send.
 *
 * Entries stand in a ring, which is `few` until it has to grow.  Invariants:
 * no entry is empty; the bytes of an entry never move; the unused end of
 * `tail` belongs to nobody else, and the last entry of `tail`, if it has one,
 * reaches up to tail->len.
 */
#include "base/outq.h"

#include <assert.h>
#include <sio/error.h>

#include "base/mem.h"

enum {
  KEPT_RING = 16,     /* entries an empty queue may keep */
  MAX_RING = 1 << 26, /* entries; their size in bytes fits into 32 bits */
  /* Bytes that a tail is made for unless one write is larger: what fits into
   * the largest class with its header. */
  MIN_TAIL = 512,
  MAX_TAIL = 16 * 1024 - 64
};

static struct sio__outq_entry *slots(struct sio__outq *q)
{
  return q->ring != NULL ? q->ring : q->few;
}

/* The `i`th oldest entry, or the place of a new one. */
static struct sio__outq_entry *at(struct sio__outq *q, uint32_t i)
{
  return &slots(q)[(q->head + i) & (q->cap - 1)];
}

static void drop_ring(struct sio__outq *q)
{
  if (q->ring != NULL)
    sio__mem_free(q->pool->mem, q->ring, q->cap * sizeof *q->ring);
  q->ring = NULL;
  q->cap = SIO__OUTQ_INLINE;
}

static void drop_tail(struct sio__outq *q)
{
  if (q->tail != NULL)
    sio__chunk_unref(q->tail);
  q->tail = NULL;
}

/* An idle connection holds no chunk and no large ring. */
static void settle(struct sio__outq *q)
{
  if (q->count > 0)
    return;
  drop_tail(q);
  if (q->cap > KEPT_RING)
    drop_ring(q);
}

/* Room for `n` more entries; false: no memory, nothing has changed. */
static bool make_room(struct sio__outq *q, uint32_t n)
{
  uint32_t cap = q->cap;
  struct sio__outq_entry *ring;

  if (n > MAX_RING - q->count)
    return false;
  while (cap < q->count + n)
    cap *= 2;
  if (cap == q->cap)
    return true;
  ring = sio__mem_alloc(q->pool->mem, cap * sizeof *ring);
  if (ring == NULL)
    return false;
  for (uint32_t i = 0; i < q->count; i++)
    ring[i] = *at(q, i);
  drop_ring(q);
  q->ring = ring;
  q->cap = cap;
  q->head = 0;
  return true;
}

/* Add an entry, which takes over one reference; there is room for it. */
static void add(struct sio__outq *q, struct sio__chunk *chunk, uint32_t off,
                uint32_t len)
{
  struct sio__outq_entry *entry = at(q, q->count);

  entry->chunk = chunk;
  entry->off = off;
  entry->len = len;
  q->count++;
  q->bytes += len;
}

/* The size of a new tail: it grows with what waits already, so that a long
 * queue is not one of many small pieces. */
static size_t tail_size(const struct sio__outq *q, size_t len)
{
  size_t size = q->bytes < MAX_TAIL ? q->bytes : MAX_TAIL;

  if (size < MIN_TAIL)
    size = MIN_TAIL;
  return size > len ? size : len;
}

void sio__outq_init(struct sio__outq *q, struct sio__chunk_pool *pool)
{
  memset(q, 0, sizeof *q);
  q->cap = SIO__OUTQ_INLINE;
  q->pool = pool;
}

void sio__outq_dispose(struct sio__outq *q)
{
  sio__outq_clear(q);
  drop_ring(q);
}

uint8_t *sio__outq_reserve(struct sio__outq *q, size_t len)
{
  struct sio__chunk *chunk = q->tail;

  if (!make_room(q, 1)) /* so that the commit cannot fail */
    return NULL;
  if (chunk != NULL && chunk->refs == 1)
    chunk->len = 0; /* all of it has been sent */
  if (chunk == NULL || chunk->cap - chunk->len < len) {
    chunk = sio__chunk_new(q->pool, tail_size(q, len));
    if (chunk == NULL)
      return NULL;
    drop_tail(q);
    q->tail = chunk;
  }
  return chunk->data + chunk->len;
}

void sio__outq_commit(struct sio__outq *q, size_t len)
{
  struct sio__chunk *chunk = q->tail;
  uint32_t n = (uint32_t)len;
  struct sio__outq_entry *last;

  if (len == 0) {
    settle(q);
    return;
  }
  assert(chunk != NULL && len <= chunk->cap - chunk->len);
  last = q->count > 0 ? at(q, q->count - 1) : NULL;
  if (last != NULL && last->chunk == chunk) {
    last->len += n;
    q->bytes += n;
  } else {
    add(q, sio__chunk_ref(chunk), chunk->len, n);
  }
  chunk->len += n;
}

int sio__outq_append(struct sio__outq *q, const void *data, size_t len)
{
  uint8_t *room;

  if (len == 0)
    return 0;
  room = sio__outq_reserve(q, len);
  if (room == NULL)
    return SIO_ERR_NOMEM;
  memcpy(room, data, len);
  sio__outq_commit(q, len);
  return 0;
}

int sio__outq_push(struct sio__outq *q, struct sio__chunk *chunk, uint32_t off,
                   uint32_t len)
{
  if (len == 0)
    return 0;
  if (!make_room(q, 1))
    return SIO_ERR_NOMEM;
  add(q, sio__chunk_ref(chunk), off, len);
  return 0;
}

int sio__outq_move(struct sio__outq *to, struct sio__outq *from)
{
  assert(to != from && to->pool == from->pool);
  if (to->count == 0) { /* nothing to put in order: let them change places */
    struct sio__outq swap = *to;

    *to = *from;
    *from = swap;
  } else {
    if (!make_room(to, from->count))
      return SIO_ERR_NOMEM;
    for (uint32_t i = 0; i < from->count; i++) {
      const struct sio__outq_entry *entry = at(from, i);

      add(to, entry->chunk, entry->off, entry->len);
    }
    if (from->tail != NULL) { /* it is the emptier one */
      drop_tail(to);
      to->tail = from->tail;
      from->tail = NULL;
    }
    from->count = 0;
    from->bytes = 0;
  }
  settle(from);
  settle(to);
  return 0;
}

size_t sio__outq_spans(const struct sio__outq *q, sio_span *spans, size_t n)
{
  const struct sio__outq_entry *all = q->ring != NULL ? q->ring : q->few;
  size_t count = n < q->count ? n : q->count;

  for (size_t i = 0; i < count; i++) {
    const struct sio__outq_entry *entry =
        &all[(q->head + i) & (size_t)(q->cap - 1)];

    spans[i].data = entry->chunk->data + entry->off;
    spans[i].len = entry->len;
  }
  return count;
}

void sio__outq_sent(struct sio__outq *q, size_t len)
{
  assert(len <= q->bytes);
  q->bytes -= len;
  while (len > 0) {
    struct sio__outq_entry *entry = at(q, 0);

    if (len < entry->len) {
      entry->off += (uint32_t)len;
      entry->len -= (uint32_t)len;
      return;
    }
    len -= entry->len;
    sio__chunk_unref(entry->chunk);
    q->head = (q->head + 1) & (q->cap - 1);
    q->count--;
  }
  settle(q);
}

void sio__outq_clear(struct sio__outq *q)
{
  sio__outq_sent(q, q->bytes);
}
