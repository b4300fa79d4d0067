/* SPDX-License-Identifier: MIT */
/*
 * Lists of registered functions.
 *
 * While a list is walked, what is removed leaves a hole, so that nothing
 * moves but by what is put in front; `front` tells walks how far that is.
 */
#include "base/handlers.h"

#include "base/mem.h"
#include <sio/error.h>

enum { FIRST_CAP = 2 };

/* Room for one more. */
static int reserve(struct sio__handlers *handlers, const sio_allocator *mem)
{
  uint32_t cap = handlers->cap == 0 ? FIRST_CAP : handlers->cap * 2;
  struct sio__handler *items;

  if (handlers->n < handlers->cap)
    return 0;
  items = sio__mem_resize(mem, handlers->items, handlers->cap * sizeof *items,
                          cap * sizeof *items);
  if (items == NULL)
    return SIO_ERR_NOMEM;
  handlers->items = items;
  handlers->cap = cap;
  return 0;
}

static int add(struct sio__handlers *handlers, const sio_allocator *mem,
               struct sio__handler handler)
{
  int rv = handler.fn != NULL ? reserve(handlers, mem) : SIO_ERR_INVALID;

  if (rv == 0)
    handlers->items[handlers->n++] = handler;
  return rv;
}

int sio__handlers_add(struct sio__handlers *handlers, const sio_allocator *mem,
                      void (*fn)(void), void *user)
{
  const struct sio__handler handler = {fn, user, false};

  return add(handlers, mem, handler);
}

int sio__handlers_prepend(struct sio__handlers *handlers,
                          const sio_allocator *mem, void (*fn)(void),
                          void *user)
{
  int rv = sio__handlers_add(handlers, mem, fn, user);
  struct sio__handler last;

  if (rv != 0)
    return rv;
  last = handlers->items[handlers->n - 1];
  memmove(handlers->items + 1, handlers->items,
          (handlers->n - 1) * sizeof *handlers->items);
  handlers->items[0] = last;
  handlers->front++;
  return 0;
}

int sio__handlers_once(struct sio__handlers *handlers, const sio_allocator *mem,
                       void (*fn)(void), void *user)
{
  const struct sio__handler handler = {fn, user, true};

  return add(handlers, mem, handler);
}

void sio__handlers_compact(struct sio__handlers *handlers)
{
  uint32_t n = 0;

  for (uint32_t i = 0; i < handlers->n; i++) {
    if (handlers->items[i].fn != NULL)
      handlers->items[n++] = handlers->items[i];
  }
  handlers->n = n;
  handlers->holes = 0;
}

void sio__handlers_remove_at(struct sio__handlers *handlers, uint32_t i)
{
  static const struct sio__handler hole = {NULL, NULL, false};

  handlers->items[i] = hole;
  handlers->holes++;
  if (handlers->walks == 0)
    sio__handlers_compact(handlers);
}

int sio__handlers_remove(struct sio__handlers *handlers, void (*fn)(void),
                         void *user)
{
  uint32_t before = sio__handlers_count(handlers);

  handlers->walks++; /* so that nothing moves meanwhile */
  for (uint32_t i = 0; i < handlers->n; i++) {
    const struct sio__handler *item = &handlers->items[i];

    if (item->fn != NULL &&
        (fn == NULL || (item->fn == fn && item->user == user)))
      sio__handlers_remove_at(handlers, i);
  }
  if (--handlers->walks == 0)
    sio__handlers_compact(handlers);
  return sio__handlers_count(handlers) < before ? 0 : SIO_ERR_NOT_FOUND;
}

void sio__handlers_dispose(struct sio__handlers *handlers,
                           const sio_allocator *mem)
{
  sio__mem_free(mem, handlers->items, handlers->cap * sizeof *handlers->items);
  memset(handlers, 0, sizeof *handlers);
}
