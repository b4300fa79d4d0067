/* SPDX-License-Identifier: MIT */
/* Packets that wait for a poll. */
#include "eio/packetq.h"

#include "base/base64.h"
#include "base/mem.h"
#include <sio/error.h>

enum { FIRST_CAP = 4, KEPT_CAP = 16, GATHER_SIZE = 512 };

void sio__packetq_init(struct sio__packetq *q, struct sio__chunk_pool *pool)
{
  memset(q, 0, sizeof *q);
  q->pool = pool;
}

void sio__packetq_clear(struct sio__packetq *q)
{
  for (uint32_t i = 0; i < q->count; i++)
    sio__chunk_unref(q->items[i].chunk);
  q->count = 0;
  q->pieces = 0;
  q->bytes = 0;
  q->encoded = 0;
  q->tail_private = false;
  if (q->cap > KEPT_CAP) {
    sio__mem_free(q->pool->mem, q->items, q->cap * sizeof *q->items);
    q->items = NULL;
    q->cap = 0;
  }
}

void sio__packetq_dispose(struct sio__packetq *q)
{
  sio__packetq_clear(q);
  sio__mem_free(q->pool->mem, q->items, q->cap * sizeof *q->items);
  q->items = NULL;
  q->cap = 0;
}

static int make_room(struct sio__packetq *q)
{
  uint32_t cap = q->cap == 0 ? FIRST_CAP : q->cap * 2;
  struct sio__queued *items;

  if (q->count < q->cap)
    return 0;
  if (cap < q->cap)
    return SIO_ERR_NOMEM;
  items = sio__mem_resize(q->pool->mem, q->items, q->cap * sizeof *items,
                          cap * sizeof *items);
  if (items == NULL)
    return SIO_ERR_NOMEM;
  q->items = items;
  q->cap = cap;
  return 0;
}

/* What a packet takes of a payload, without the separator. */
static size_t encoded_size(const struct sio__queued *item)
{
  return (item->flags & SIO_SEND_BINARY) != 0 ? 1 + sio__base64_size(item->len)
                                              : item->len;
}

/* Account for a packet whose chunk reference the queue now has. */
static void take(struct sio__packetq *q, struct sio__chunk *chunk, uint32_t off,
                 uint32_t len, unsigned flags)
{
  struct sio__queued *item = &q->items[q->count];

  item->chunk = chunk;
  item->off = off;
  item->len = len;
  item->flags = (uint8_t)flags;
  q->bytes += len;
  q->encoded += (q->count > 0) + encoded_size(item);
  q->count++;
}

/* The private last chunk, if `len` more bytes fit into it. */
static struct sio__chunk *tail_with_room(const struct sio__packetq *q,
                                         size_t len)
{
  struct sio__chunk *tail;

  if (!q->tail_private || q->count == 0)
    return NULL;
  tail = q->items[q->count - 1].chunk;
  return tail->cap - tail->len >= len ? tail : NULL;
}

int sio__packetq_add(struct sio__packetq *q, const void *packet, size_t len,
                     unsigned flags)
{
  size_t prefix = (flags & SIO__SEND_BARE) != 0 ? 1 : 0;
  size_t size = prefix + len;
  struct sio__chunk *chunk;
  uint8_t *room;

  if (len > UINT32_MAX / 2 || make_room(q) != 0)
    return SIO_ERR_NOMEM;
  chunk = tail_with_room(q, size);
  if (chunk != NULL) {
    (void)sio__chunk_ref(chunk); /* one reference for each packet in it */
  } else {
    chunk =
        sio__chunk_new(q->pool, size > GATHER_SIZE / 2 ? size : GATHER_SIZE);
    if (chunk == NULL)
      return SIO_ERR_NOMEM;
  }
  room = chunk->data + chunk->len;
  if (prefix > 0)
    room[0] = '4';
  if (len > 0)
    memcpy(room + prefix, packet, len);
  take(q, chunk, chunk->len, (uint32_t)size, flags & ~(unsigned)SIO__SEND_BARE);
  chunk->len += (uint32_t)size;
  q->tail_private = true;
  return 0;
}

int sio__packetq_push(struct sio__packetq *q, struct sio__chunk *chunk,
                      uint32_t off, uint32_t len, unsigned flags)
{
  if (make_room(q) != 0)
    return SIO_ERR_NOMEM;
  q->tail_private = false;
  q->pieces++;
  take(q, sio__chunk_ref(chunk), off, len, flags | SIO__QUEUED_PIECE);
  return 0;
}

uint32_t sio__packetq_fit(const struct sio__packetq *q, uint64_t max,
                          uint32_t extra, size_t *encoded)
{
  uint64_t spent = 0;
  uint32_t n = 0;

  *encoded = 0;
  for (; n < q->count; n++) {
    size_t size = (n > 0) + encoded_size(&q->items[n]);

    if (n > 0 && spent + size + extra > max)
      break;
    spent += (uint64_t)size + extra;
    *encoded += size;
  }
  return n;
}

void sio__packetq_drop(struct sio__packetq *q, uint32_t count)
{
  if (count >= q->count) {
    sio__packetq_clear(q);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct sio__queued *item = &q->items[i];

    q->bytes -= item->len;
    q->encoded -= encoded_size(item) + 1;
    q->pieces -= (item->flags & SIO__QUEUED_PIECE) != 0;
    sio__chunk_unref(item->chunk);
  }
  q->count -= count;
  memmove(q->items, q->items + count, q->count * sizeof *q->items);
}
