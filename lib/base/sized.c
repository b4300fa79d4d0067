/* SPDX-License-Identifier: MIT */
/* Blocks that remember their size. */
#include "base/sized.h"

#include "base/mem.h"

/* In front of every block; what comes behind it is aligned. */
union header {
  size_t size; /* of the block with its header */
  max_align_t alignment;
};

void *sio__sized_alloc(void *mem, unsigned n, unsigned size)
{
  union header *header;

  if (size > 0 && n > (SIZE_MAX - sizeof *header) / size)
    return NULL;
  header = sio__mem_alloc(mem, sizeof *header + (size_t)n * size);
  if (header == NULL)
    return NULL;
  header->size = sizeof *header + (size_t)n * size;
  return header + 1;
}

void sio__sized_free(void *mem, void *block)
{
  union header *header;

  if (block == NULL)
    return;
  header = (union header *)block - 1;
  sio__mem_free(mem, header, header->size);
}
