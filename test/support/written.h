/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_WRITTEN_H
#define SIO_TEST_WRITTEN_H

/* What a function writes in pieces (sio_text_fn), put together. */

#include "support.h"

#include <sio/contract.h>

struct written {
  size_t len;
  bool refuses; /* the next piece */
  char text[65536];
};

/* A sio_text_fn; `user` is a struct written. */
bool written_put(sio_str text, void *user);

/* Fail the test unless it has this text within. */
void written_has(const struct written *written, const char *text);

/* One of the functions that write what contracts say. */
typedef int (*written_by)(const sio_contract *const *contracts, size_t n,
                          const sio_allocator *allocator, sio_text_fn fn,
                          void *user);

/* What they have in common: with every allocation failing, and their errors.
 * The contract is that of chat_contract.h. */
void written_every_allocation(written_by write);
void written_errors(written_by write);

#endif
