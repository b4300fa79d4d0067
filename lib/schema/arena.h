/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_ARENA_H
#define SIO_SCHEMA_ARENA_H

/* Memory that is given back all at once.  What it hands out is aligned for
 * everything and not cleared; the cap counts all of it since the last reset,
 * also what sio__arena_grow() has left behind. */

#include <sio/schema.h>

/* A place to return to. */
struct sio__arena_mark {
  void *chunk;
  size_t len;
  size_t used;
};

/* `arena` may be NULL: it holds nothing.  0, SIO_ERR_NOMEM or SIO_ERR_LIMIT;
 * `*out` is NULL then. */
int sio__arena_alloc(sio_arena *arena, size_t size, void **out);

/* Move a block to a larger place; it stays where it is if nothing has been
 * asked for since.  `*block` is unchanged after an error. */
int sio__arena_grow(sio_arena *arena, void **block, size_t old_size,
                    size_t new_size);

/* Give back the end of a block, if nothing has been asked for since. */
void sio__arena_trim(sio_arena *arena, const void *block, size_t old_size,
                     size_t new_size);

/* Everything that was asked for after the mark is given back. */
struct sio__arena_mark sio__arena_mark(const sio_arena *arena);
void sio__arena_rewind(sio_arena *arena, struct sio__arena_mark mark);

#endif
