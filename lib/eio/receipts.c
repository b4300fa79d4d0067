/* SPDX-License-Identifier: MIT */
/* Who waits for messages to have gone out. */
#include "eio/receipts.h"

#include "base/mem.h"
#include <sio/error.h>

enum { FIRST_CAP = 8 };

static struct sio__receipt *item(const struct sio__receipts *r, uint32_t i)
{
  return &r->items[(r->head + i) & (r->cap - 1)];
}

static int grow(struct sio__receipts *r, const sio_allocator *mem)
{
  uint32_t cap = r->cap == 0 ? FIRST_CAP : r->cap * 2;
  struct sio__receipt *items;

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

int sio__receipts_reserve(struct sio__receipts **receipts,
                          const sio_allocator *mem)
{
  if (*receipts == NULL)
    *receipts = sio__mem_zalloc(mem, sizeof **receipts);
  if (*receipts == NULL)
    return SIO_ERR_NOMEM;
  return (*receipts)->count < (*receipts)->cap ? 0 : grow(*receipts, mem);
}

void sio__receipts_free(struct sio__receipts *receipts,
                        const sio_allocator *mem)
{
  if (receipts == NULL)
    return;
  sio__mem_free(mem, receipts->items, receipts->cap * sizeof *receipts->items);
  sio__mem_free(mem, receipts, sizeof *receipts);
}

void sio__receipts_add(struct sio__receipts *receipts, uint64_t place,
                       sio_sent_fn fn, void *user)
{
  struct sio__receipt *receipt = item(receipts, receipts->count++);

  receipt->place = place;
  receipt->fn = fn;
  receipt->user = user;
}

void sio__receipts_leave(struct sio__receipts *receipts, uint32_t count)
{
  if (receipts != NULL)
    receipts->left += count;
}

static void tell_first(struct sio__receipts *r, sio_session *session,
                       int status)
{
  struct sio__receipt first = *item(r, 0);

  r->head = (r->head + 1) & (r->cap - 1);
  r->count--;
  first.fn(session, status, first.user);
}

bool sio__receipts_tell(struct sio__receipts *receipts, sio_session *session,
                        uint64_t place)
{
  if (!sio__receipts_are_due(receipts) || item(receipts, 0)->place > place)
    return false;
  tell_first(receipts, session, 0);
  return true;
}

void sio__receipts_move(struct sio__receipts *receipts, uint32_t count,
                        uint64_t place)
{
  struct sio__receipts *r = receipts;

  if (r == NULL)
    return;
  for (; r->moved < r->count && item(r, r->moved)->place <= r->left + count;
       r->moved++)
    item(r, r->moved)->place = place;
}

void sio__receipts_fail(struct sio__receipts *receipts, sio_session *session)
{
  while (sio__receipts_are_due(receipts))
    tell_first(receipts, session, SIO_ERR_DISCONNECTED);
}
