/* SPDX-License-Identifier: MIT */
/* Lists of registered functions. */
#include "base/handlers.h"

#include "base/mem.h"
#include <sio/error.h>

enum { FIRST_CAP = 2 };

int sio__handlers_add(struct sio__handlers *handlers, const sio_allocator *mem,
                      void (*fn)(void), void *user)
{
  uint32_t cap = handlers->cap == 0 ? FIRST_CAP : handlers->cap * 2;
  struct sio__handler *items;

  if (fn == NULL)
    return SIO_ERR_INVALID;
  if (handlers->n == handlers->cap) {
    items = sio__mem_resize(mem, handlers->items, handlers->cap * sizeof *items,
                            cap * sizeof *items);
    if (items == NULL)
      return SIO_ERR_NOMEM;
    handlers->items = items;
    handlers->cap = cap;
  }
  handlers->items[handlers->n].fn = fn;
  handlers->items[handlers->n].user = user;
  handlers->n++;
  return 0;
}

void sio__handlers_dispose(struct sio__handlers *handlers,
                           const sio_allocator *mem)
{
  sio__mem_free(mem, handlers->items, handlers->cap * sizeof *handlers->items);
  memset(handlers, 0, sizeof *handlers);
}
