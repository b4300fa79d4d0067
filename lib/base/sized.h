/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_SIZED_H
#define SIO_BASE_SIZED_H

/* Blocks that remember their size, for libraries that do not tell it when
 * they free.  `mem` is a const sio_allocator *, as such libraries pass it. */

#include <sio/types.h>

/* `n` times `size` bytes, aligned for everything; NULL: no memory, or the
 * product overflows. */
void *sio__sized_alloc(void *mem, unsigned n, unsigned size);
void sio__sized_free(void *mem, void *block);

#endif
