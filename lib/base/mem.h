/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_MEM_H
#define SIO_BASE_MEM_H

#include <sio/types.h>

/* malloc and free, for hosts that bring no allocator. */
extern const sio_allocator sio__mem_default;

/* The host's allocator if it is complete, else the default one. */
const sio_allocator *sio__mem_or_default(const sio_allocator *allocator);

/* Each returns NULL when there is no memory or the size overflows. */
void *sio__mem_alloc(const sio_allocator *mem, size_t size);
void *sio__mem_zalloc(const sio_allocator *mem, size_t size); /* zeroed */
/* Move to a larger or smaller place; on failure the old one stays as it is. */
void *sio__mem_resize(const sio_allocator *mem, void *old, size_t old_size,
                      size_t new_size);
void sio__mem_free(const sio_allocator *mem, void *memory, size_t size);

/* A text in a block of its own; NULL: no memory.  Freeing NULL does nothing. */
char *sio__text_copy(const sio_allocator *mem, const char *text);
void sio__text_free(const sio_allocator *mem, const char *text);

/* Structs that are copied with their texts into one block: how long a text is
 * with its end, and a copy of it at `*end`, which moves on.  NULL takes no
 * room, and stays NULL. */
size_t sio__text_size(const char *text);
const char *sio__text_put(char **end, const char *text);

#endif
