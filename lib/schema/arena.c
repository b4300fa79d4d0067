/* SPDX-License-Identifier: MIT */
/* Memory for what is read: a list of chunks, each filled from its start. */
#include "schema/arena.h"

#include <sio/error.h>

#include "base/mem.h"

enum {
  ALIGNMENT = 16, /* of all blocks; enough for every type of a struct */
  FIRST_SIZE = 1024,
  LARGEST_SIZE = 65536 /* of chunks for many blocks */
};

struct chunk {
  struct chunk *next;
  size_t size; /* of `data` */
  max_align_t data[];
};

/* Chunks before the current one are full, those behind it empty. */
struct sio_arena {
  sio_allocator mem; /* a copy */
  size_t max;
  size_t used; /* handed out, rounded up */
  struct chunk *first;
  struct chunk *current; /* NULL: none yet, or all are empty */
  size_t len;            /* of the current one, in use */
};

static size_t round_up(size_t size)
{
  return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static char *data(struct chunk *chunk)
{
  return (char *)chunk->data;
}

/* The place where the chunk behind the current one is linked. */
static struct chunk **behind(sio_arena *arena)
{
  return arena->current != NULL ? &arena->current->next : &arena->first;
}

static void drop(sio_arena *arena, struct chunk **link)
{
  struct chunk *gone = *link;

  *link = gone->next;
  sio__mem_free(&arena->mem, gone, sizeof *gone + gone->size);
}

/* Make a chunk current that holds `size` bytes: the first of the empty ones
 * that is large enough, or a new one.  Smaller ones before it are freed, so
 * that a reused arena does not end up with more and more of them. */
static bool advance(sio_arena *arena, size_t size)
{
  struct chunk **link = behind(arena);
  struct chunk *chunk;
  size_t room = FIRST_SIZE;

  while (*link != NULL && (*link)->size < size)
    drop(arena, link);
  if (*link == NULL) {
    if (arena->current != NULL && arena->current->size >= FIRST_SIZE)
      room = arena->current->size < LARGEST_SIZE / 2 ? arena->current->size * 2
                                                     : LARGEST_SIZE;
    if (room < size)
      room = size;
    chunk = sio__mem_alloc(&arena->mem, sizeof *chunk + room);
    if (chunk == NULL)
      return false;
    chunk->next = NULL;
    chunk->size = room;
    *link = chunk;
  }
  arena->current = *link;
  arena->len = 0;
  return true;
}

int sio__arena_alloc(sio_arena *arena, size_t size, void **out)
{
  *out = NULL;
  if (arena == NULL || size > arena->max ||
      round_up(size) > arena->max - arena->used)
    return SIO_ERR_LIMIT;
  size = round_up(size);
  if ((arena->current == NULL || arena->current->size - arena->len < size) &&
      !advance(arena, size))
    return SIO_ERR_NOMEM;
  *out = data(arena->current) + arena->len;
  arena->len += size;
  arena->used += size;
  return 0;
}

/* Whether a block of (rounded) `size` is what was handed out last. */
static bool is_last(const sio_arena *arena, const void *block, size_t size)
{
  return arena->current != NULL && arena->len >= size &&
         (const char *)block == data(arena->current) + arena->len - size;
}

int sio__arena_grow(sio_arena *arena, void **block, size_t old_size,
                    size_t new_size)
{
  size_t old = round_up(old_size);
  void *moved;
  int err;

  if (new_size <= arena->max && is_last(arena, *block, old)) {
    size_t more = round_up(new_size) - old;

    if (more > arena->max - arena->used)
      return SIO_ERR_LIMIT;
    if (more <= arena->current->size - arena->len) {
      arena->len += more;
      arena->used += more;
      return 0;
    }
  }
  err = sio__arena_alloc(arena, new_size, &moved);
  if (err != 0)
    return err;
  memcpy(moved, *block, old_size);
  *block = moved;
  return 0;
}

void sio__arena_trim(sio_arena *arena, const void *block, size_t old_size,
                     size_t new_size)
{
  size_t old = round_up(old_size);
  size_t less = old - round_up(new_size);

  if (is_last(arena, block, old)) {
    arena->len -= less;
    arena->used -= less;
  }
}

struct sio__arena_mark sio__arena_mark(const sio_arena *arena)
{
  struct sio__arena_mark mark = {NULL, 0, 0};

  if (arena != NULL) {
    mark.chunk = arena->current;
    mark.len = arena->len;
    mark.used = arena->used;
  }
  return mark;
}

void sio__arena_rewind(sio_arena *arena, struct sio__arena_mark mark)
{
  if (arena == NULL)
    return;
  arena->current = mark.chunk;
  arena->len = mark.len;
  arena->used = mark.used;
}

sio_arena *sio_arena_new(const sio_allocator *allocator, size_t max_bytes)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  sio_arena *arena = sio__mem_zalloc(mem, sizeof *arena);

  if (arena != NULL) {
    arena->mem = *mem;
    /* Sizes up to it can be rounded up, and have a header added. */
    arena->max = max_bytes < SIZE_MAX / 4 ? max_bytes : SIZE_MAX / 4;
  }
  return arena;
}

void sio_arena_free(sio_arena *arena)
{
  sio_allocator mem;

  if (arena == NULL)
    return;
  mem = arena->mem; /* which goes with the arena */
  while (arena->first != NULL)
    drop(arena, &arena->first);
  sio__mem_free(&mem, arena, sizeof *arena);
}

void sio_arena_reset(sio_arena *arena)
{
  arena->current = NULL;
  arena->len = 0;
  arena->used = 0;
}
