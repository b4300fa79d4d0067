/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_VERSIONED_H
#define SIO_BASE_VERSIONED_H

/* Structs of the interface that begin with their own `size`, a size_t, and
 * grow at the end: callers may know a shorter or a longer one. */

#include <sio/types.h>

/* Fill in the caller's struct of `size` bytes: the defaults as far as it goes,
 * and zeroes behind them.  `defaults` has `known` bytes; NULL: all zero.  NULL
 * and what is too short for `size` itself are left alone. */
void sio__versioned_init(void *out, size_t size, const void *defaults,
                         size_t known);

/* Complete what a caller has given (NULL: nothing), whose size is set: `out`
 * and `defaults` have `known` bytes. */
void sio__versioned_complete(void *out, const void *given, const void *defaults,
                             size_t known);

#endif
