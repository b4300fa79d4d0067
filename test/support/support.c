/* SPDX-License-Identifier: MIT */
/* The allocator of the unit tests and a few helpers. */
#include "support.h"

#include "base/chunk.h"

#include <stdlib.h>

/* In front of every block: what must be known when it is freed.  A multiple
 * of the strictest alignment, so that the block behind it is aligned. */
union header {
  struct {
    size_t size;
    const struct test_mem *owner;
  } of;
  max_align_t alignment;
};

/* A sweep that is still being refused after so many runs never ends. */
enum { MAX_RUNS = 1000000 };

static void *count_alloc(size_t size, void *user_data)
{
  struct test_mem *mem = user_data;
  size_t call = mem->calls++;
  union header *header;

  if (call == mem->fail_at || (call > mem->fail_at && mem->fail_forever)) {
    mem->fired = true;
    return NULL;
  }
  if (size > SIZE_MAX - sizeof *header)
    return NULL;
  header = malloc(sizeof *header + size);
  if (header == NULL)
    return NULL;
  header->of.size = size;
  header->of.owner = mem;
  mem->live_blocks++;
  mem->live_bytes += size;
  return header + 1;
}

static void count_free(void *memory, size_t size, void *user_data)
{
  struct test_mem *mem = user_data;
  union header *header;

  if (memory == NULL)
    return;
  header = (union header *)memory - 1;
  if (header->of.owner != mem)
    fail_msg("freed through an allocator that it does not come from");
  if (header->of.size != size)
    fail_msg("%zu bytes freed as %zu", header->of.size, size);
  mem->live_blocks--;
  mem->live_bytes -= size;
  header->of.owner = NULL;
  free(header);
}

void test_mem_init(struct test_mem *mem, size_t fail_at)
{
  memset(mem, 0, sizeof *mem);
  mem->allocator.alloc = count_alloc;
  mem->allocator.free = count_free;
  mem->allocator.user_data = mem;
  mem->fail_at = fail_at;
}

void test_mem_check(const struct test_mem *mem)
{
  if (mem->live_blocks != 0 || mem->live_bytes != 0)
    fail_msg("%zu blocks, %zu bytes are still allocated (refused call: %zd)",
             mem->live_blocks, mem->live_bytes, (ptrdiff_t)mem->fail_at);
}

uint8_t *test_exact(const void *data, size_t len)
{
  uint8_t *copy = malloc(len);

  if (len == 0)
    return copy;
  if (copy == NULL)
    fail_msg("no memory for %zu bytes", len);
  memcpy(copy, data, len);
  return copy;
}

uint32_t test_random(uint32_t *state)
{
  uint32_t x = *state;

  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  *state = x;
  return x;
}

size_t test_every_allocation(void (*body)(struct test_mem *mem, void *user),
                             void *user)
{
  for (size_t run = 0; run < MAX_RUNS; run++) {
    struct test_mem mem;

    test_mem_init(&mem, run);
    body(&mem, user);
    test_mem_check(&mem);
    if (!mem.fired)
      return run + 1;
  }
  fail_msg("an allocation is refused in every one of %d runs", MAX_RUNS);
  return MAX_RUNS;
}

bool test_is_pooling(void)
{
  struct sio__chunk_pool pool;

  sio__chunk_pool_init(&pool, NULL, 1);
  return pool.max_kept > 0;
}
