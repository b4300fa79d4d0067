/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_HANDLERS_H
#define SIO_BASE_HANDLERS_H

/*
 * Lists of registered functions, in the order of registration.
 *
 * Anything may be done to a list while it is being walked, by whatever it
 * calls: what is removed is not called any more, and what is added is called
 * from the next walk on.  Walking allocates nothing.
 */

#include <sio/types.h>

struct sio__handler {
  void (*fn)(void); /* cast to its own type by who calls it; NULL: removed */
  void *user;
  bool once; /* removed when it is called */
};

struct sio__handlers {
  struct sio__handler *items;
  uint32_t n, cap; /* `n` with those that were removed during a walk */
  uint32_t holes;  /* how many of them, until the last walk is over */
  uint32_t walks;  /* under way */
  uint32_t front;  /* how many were ever put in front; may wrap */
};

/* 0, SIO_ERR_NOMEM, or SIO_ERR_INVALID: no function. */
int sio__handlers_add(struct sio__handlers *handlers, const sio_allocator *mem,
                      void (*fn)(void), void *user);
/* In front of all others. */
int sio__handlers_prepend(struct sio__handlers *handlers,
                          const sio_allocator *mem, void (*fn)(void),
                          void *user);
/* For one call. */
int sio__handlers_once(struct sio__handlers *handlers, const sio_allocator *mem,
                       void (*fn)(void), void *user);

/* Remove all with this function and this `user`; `fn` NULL: all.  0, or
 * SIO_ERR_NOT_FOUND: there was none. */
int sio__handlers_remove(struct sio__handlers *handlers, void (*fn)(void),
                         void *user);
/* Remove the i-th, which has not been removed yet.  Unless a walk is under
 * way, the later ones move up. */
void sio__handlers_remove_at(struct sio__handlers *handlers, uint32_t i);

void sio__handlers_dispose(struct sio__handlers *handlers,
                           const sio_allocator *mem);

static inline uint32_t sio__handlers_count(const struct sio__handlers *handlers)
{
  return handlers->n - handlers->holes;
}

/* A walk over what is registered at its beginning.  It is to be ended. */
struct sio__walk {
  struct sio__handlers *of;
  uint32_t i, n, front;
  struct sio__handler taken; /* one that is called once */
};

static inline void sio__walk_begin(struct sio__walk *walk,
                                   struct sio__handlers *handlers)
{
  walk->of = handlers;
  walk->i = 0;
  walk->n = handlers->n;
  walk->front = handlers->front;
  handlers->walks++;
}

/* The next one, to be called at once; NULL: no more. */
static inline const struct sio__handler *sio__walk_next(struct sio__walk *walk)
{
  struct sio__handlers *of = walk->of;

  while (walk->i < walk->n) {
    uint32_t i = walk->i++ + (of->front - walk->front);
    const struct sio__handler *item = &of->items[i];

    if (item->once) {
      walk->taken = *item;
      sio__handlers_remove_at(of, i);
      return &walk->taken;
    }
    if (item->fn != NULL)
      return item;
  }
  return NULL;
}

/* The next one, which is looked at and not called; NULL: no more. */
static inline const struct sio__handler *sio__walk_peek(struct sio__walk *walk)
{
  const struct sio__handlers *of = walk->of;

  while (walk->i < walk->n) {
    uint32_t i = walk->i++ + (of->front - walk->front);

    if (of->items[i].fn != NULL)
      return &of->items[i];
  }
  return NULL;
}

/* Take out what was removed during walks. */
void sio__handlers_compact(struct sio__handlers *handlers);

static inline void sio__walk_end(struct sio__walk *walk)
{
  if (--walk->of->walks == 0 && walk->of->holes > 0)
    sio__handlers_compact(walk->of);
}

#endif
