/* SPDX-License-Identifier: MIT */
/* Allocation through the host's allocator. */
#include "base/mem.h"

#include <stdlib.h>

static void *default_alloc(size_t size, void *user_data)
{
  (void)user_data;
  return malloc(size);
}

static void default_free(void *memory, size_t size, void *user_data)
{
  (void)size;
  (void)user_data;
  free(memory);
}

const sio_allocator sio__mem_default = {default_alloc, default_free, NULL};

/* Hosts need not know what an empty block is: none is ever asked for. */
static size_t at_least_one(size_t size)
{
  return size > 0 ? size : 1;
}

const sio_allocator *sio__mem_or_default(const sio_allocator *allocator)
{
  if (allocator == NULL || allocator->alloc == NULL || allocator->free == NULL)
    return &sio__mem_default;
  return allocator;
}

void *sio__mem_alloc(const sio_allocator *mem, size_t size)
{
  if (size > PTRDIFF_MAX) /* also what a wrapped subtraction looks like */
    return NULL;
  return mem->alloc(at_least_one(size), mem->user_data);
}

void *sio__mem_zalloc(const sio_allocator *mem, size_t size)
{
  void *memory = sio__mem_alloc(mem, size);

  if (memory != NULL)
    memset(memory, 0, at_least_one(size));
  return memory;
}

void *sio__mem_resize(const sio_allocator *mem, void *old, size_t old_size,
                      size_t new_size)
{
  void *memory = sio__mem_alloc(mem, new_size);

  if (memory == NULL || old == NULL)
    return memory;
  memcpy(memory, old, old_size < new_size ? old_size : new_size);
  sio__mem_free(mem, old, old_size);
  return memory;
}

void sio__mem_free(const sio_allocator *mem, void *memory, size_t size)
{
  if (memory != NULL)
    mem->free(memory, at_least_one(size), mem->user_data);
}

char *sio__text_copy(const sio_allocator *mem, const char *text)
{
  size_t size = strlen(text) + 1;
  char *copy = sio__mem_alloc(mem, size);

  return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void sio__text_free(const sio_allocator *mem, const char *text)
{
  if (text != NULL)
    sio__mem_free(mem, (void *)(uintptr_t)text, strlen(text) + 1);
}

size_t sio__text_size(const char *text)
{
  return text != NULL ? strlen(text) + 1 : 0;
}

const char *sio__text_put(char **end, const char *text)
{
  char *at = *end;
  size_t size = sio__text_size(text);

  if (size == 0)
    return NULL;
  memcpy(at, text, size);
  *end += size;
  return at;
}
