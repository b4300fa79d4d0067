/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_HANDLERS_H
#define SIO_BASE_HANDLERS_H

/* Lists of registered functions, in the order of registration.  A list may
 * grow while it is being walked. */

#include <sio/types.h>

struct sio__handler {
  void (*fn)(void); /* cast to its own type by who calls it */
  void *user;
};

struct sio__handlers {
  struct sio__handler *items;
  uint32_t n, cap;
};

/* 0, SIO_ERR_NOMEM, or SIO_ERR_INVALID: no function. */
int sio__handlers_add(struct sio__handlers *handlers, const sio_allocator *mem,
                      void (*fn)(void), void *user);
void sio__handlers_dispose(struct sio__handlers *handlers,
                           const sio_allocator *mem);

#endif
