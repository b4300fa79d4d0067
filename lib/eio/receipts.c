/* SPDX-License-Identifier: MIT */
/* Who waits for messages to have gone out. */
#include "eio/receipts.h"

#include "base/mem.h"
#include "eio/connection.h"

enum { FIRST_CAP = 8 };

struct receipt {
  /* Polling: how many messages have left when this one has.  Websocket: how
   * many bytes of the connection. */
  uint64_t place;
  sio_sent_fn fn;
  void *user;
};

/* A ring. */
struct sio__receipts {
  struct receipt *items;
  uint32_t head, count, cap; /* `cap` is a power of two */
  uint32_t moved;            /* of the first ones: from polling to websocket */
  uint64_t left;             /* polling: messages that have left */
};

static struct receipt *item(const struct sio__receipts *r, uint32_t i)
{
  return &r->items[(r->head + i) & (r->cap - 1)];
}

static int grow(struct sio__receipts *r, const sio_allocator *mem)
{
  uint32_t cap = r->cap == 0 ? FIRST_CAP : r->cap * 2;
  struct receipt *items;

  if (cap < r->cap)
    return SIO_ERR_NOMEM;
  items = sio__mem_alloc(mem, cap * sizeof *items);
  if (items == NULL)
    return SIO_ERR_NOMEM;
  for (uint32_t i = 0; i < r->count; i++)
    items[i] = *item(r, i);
  sio__mem_free(mem, r->items, r->cap * sizeof *items);
  r->items = items;
  r->head = 0;
  r->cap = cap;
  return 0;
}

int sio__receipts_reserve(struct sio_session *session)
{
  const sio_allocator *mem = session->engine->mem;
  struct sio__receipts *r = session->receipts;

  if (r == NULL) {
    r = sio__mem_zalloc(mem, sizeof *r);
    if (r == NULL)
      return SIO_ERR_NOMEM;
    session->receipts = r;
  }
  return r->count < r->cap ? 0 : grow(r, mem);
}

/* Where the message that was sent last ends. */
static uint64_t last_place(const struct sio_session *session)
{
  const struct sio_conn *conn = session->ws;

  if (conn != NULL)
    return conn->sent + conn->out.bytes;
  return session->receipts->left + session->queue.count;
}

void sio__receipts_add(struct sio_session *session, sio_sent_fn fn, void *user)
{
  struct sio__receipts *r = session->receipts;
  struct receipt *receipt = item(r, r->count++);

  receipt->place = last_place(session);
  receipt->fn = fn;
  receipt->user = user;
}

static void tell_first(struct sio_session *session, int status)
{
  struct sio__receipts *r = session->receipts;
  struct receipt first = *item(r, 0);

  r->head = (r->head + 1) & (r->cap - 1);
  r->count--;
  first.fn(session, status, first.user);
}

void sio__receipts_left(struct sio_session *session, uint32_t count)
{
  struct sio__receipts *r = session->receipts;

  if (r == NULL)
    return;
  r->left += count;
  while (r->count > 0 && session->ws == NULL && item(r, 0)->place <= r->left)
    tell_first(session, 0);
}

void sio__receipts_sent(struct sio_session *session)
{
  const struct sio__receipts *r = session->receipts;

  if (r == NULL)
    return;
  while (r->count > 0 && session->ws != NULL &&
         item(r, 0)->place <= session->ws->sent)
    tell_first(session, 0);
}

void sio__receipts_move(struct sio_session *session, uint32_t count)
{
  struct sio__receipts *r = session->receipts;

  if (r == NULL)
    return;
  for (; r->moved < r->count && item(r, r->moved)->place <= r->left + count;
       r->moved++)
    item(r, r->moved)->place = last_place(session);
}

bool sio__receipts_are_due(const struct sio_session *session)
{
  return session->receipts != NULL && session->receipts->count > 0;
}

void sio__receipts_fail(struct sio_session *session)
{
  while (sio__receipts_are_due(session))
    tell_first(session, SIO_ERR_DISCONNECTED);
}

void sio__receipts_free(struct sio_session *session)
{
  const sio_allocator *mem = session->engine->mem;
  struct sio__receipts *r = session->receipts;

  if (r == NULL)
    return;
  sio__mem_free(mem, r->items, r->cap * sizeof *r->items);
  sio__mem_free(mem, r, sizeof *r);
}
