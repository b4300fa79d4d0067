/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/error.h>

#include "schema/arena.h"

static void test_blocks_are_aligned_and_apart(void **state)
{
  struct test_mem mem;
  sio_arena *arena;
  unsigned char *blocks[200];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  arena = sio_arena_new(&mem.allocator, 1 << 20);
  for (size_t i = 0; i < 200; i++) {
    void *block;

    assert_int_equal(sio__arena_alloc(arena, i, &block), 0);
    assert_int_equal((uintptr_t)block % 16, 0);
    memset(block, (int)i, i);
    blocks[i] = block;
  }
  for (size_t i = 0; i < 200; i++) {
    for (size_t k = 0; k < i; k++)
      assert_int_equal(blocks[i][k], i);
  }
  sio_arena_free(arena);
  test_mem_check(&mem);
}

static void test_an_arena_holds_what_it_was_made_for_and_no_more(void **state)
{
  sio_arena *arena = sio_arena_new(NULL, 4096);
  void *block;

  (void)state;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 4; i++)
      assert_int_equal(sio__arena_alloc(arena, 1024, &block), 0);
    assert_int_equal(sio__arena_alloc(arena, 1, &block), SIO_ERR_LIMIT);
    assert_null(block);
    sio_arena_reset(arena);
  }
  assert_int_equal(sio__arena_alloc(arena, SIZE_MAX, &block), SIO_ERR_LIMIT);
  assert_int_equal(sio__arena_alloc(NULL, 1, &block), SIO_ERR_LIMIT);
  sio_arena_free(arena);
  sio_arena_free(NULL);
}

static void test_a_reset_arena_needs_no_new_memory(void **state)
{
  struct test_mem mem;
  sio_arena *arena;
  void *block;
  size_t calls = 0;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  arena = sio_arena_new(&mem.allocator, 1 << 20);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 1; i <= 100; i++)
      assert_int_equal(sio__arena_alloc(arena, i * 50, &block), 0);
    if (round > 0)
      assert_int_equal(mem.calls, calls);
    calls = mem.calls;
    sio_arena_reset(arena);
  }
  sio_arena_free(arena);
  test_mem_check(&mem);
}

/* Chunks that are too small for what is asked for do not pile up. */
static void test_a_reused_arena_stays_within_a_multiple_of_its_cap(void **state)
{
  struct test_mem mem;
  sio_arena *arena;
  void *block;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  arena = sio_arena_new(&mem.allocator, 100000);
  for (size_t size = 16; size <= 100000; size = size * 3 / 2) {
    sio_arena_reset(arena);
    while (sio__arena_alloc(arena, size, &block) == 0)
      ;
    assert_true(mem.live_bytes < 3 * 100000);
  }
  sio_arena_free(arena);
  test_mem_check(&mem);
}

static void test_the_last_block_grows_in_place(void **state)
{
  sio_arena *arena = sio_arena_new(NULL, 3000);
  void *block;
  void *begun;
  void *other;

  (void)state;
  assert_int_equal(sio__arena_alloc(arena, 20, &block), 0);
  begun = block;
  memcpy(block, "some bytes", 11);
  assert_int_equal(sio__arena_grow(arena, &block, 20, 40), 0);
  assert_ptr_equal(block, begun);
  assert_int_equal(sio__arena_alloc(arena, 1, &other), 0);
  assert_int_equal(sio__arena_grow(arena, &block, 40, 80), 0);
  assert_ptr_not_equal(block, begun);
  assert_string_equal(block, "some bytes");
  assert_int_equal(sio__arena_grow(arena, &block, 80, 1800), 0);
  assert_string_equal(block, "some bytes");
  begun = block;
  assert_int_equal(sio__arena_grow(arena, &block, 1800, 4000), SIO_ERR_LIMIT);
  assert_int_equal(sio__arena_grow(arena, &block, 1800, 2990), SIO_ERR_LIMIT);
  assert_ptr_equal(block, begun);
  sio_arena_free(arena);
}

static void test_the_end_of_the_last_block_can_be_given_back(void **state)
{
  sio_arena *arena = sio_arena_new(NULL, 1024);
  void *block;
  void *next;

  (void)state;
  assert_int_equal(sio__arena_alloc(arena, 1000, &block), 0);
  sio__arena_trim(arena, block, 1000, 10);
  assert_int_equal(sio__arena_alloc(arena, 1008, &next), 0);
  assert_ptr_equal(next, (char *)block + 16);
  sio__arena_trim(arena, block, 10, 0); /* which is not the last one */
  assert_int_equal(sio__arena_alloc(arena, 1, &next), SIO_ERR_LIMIT);
  sio_arena_free(arena);
}

static void test_a_mark_takes_back_what_came_after_it(void **state)
{
  sio_arena *arena = sio_arena_new(NULL, 10000);
  struct sio__arena_mark begin = sio__arena_mark(arena);
  struct sio__arena_mark mark;
  void *first;
  void *again;

  (void)state;
  assert_int_equal(sio__arena_alloc(arena, 100, &first), 0);
  mark = sio__arena_mark(arena);
  for (int i = 0; i < 9; i++)
    assert_int_equal(sio__arena_alloc(arena, 1000, &again), 0);
  sio__arena_rewind(arena, mark);
  assert_int_equal(sio__arena_alloc(arena, 16, &again), 0);
  assert_ptr_equal(again, (char *)first + 112);
  sio__arena_rewind(arena, begin);
  assert_int_equal(sio__arena_alloc(arena, 10000, &again), 0);
  sio__arena_rewind(NULL, sio__arena_mark(NULL));
  sio_arena_free(arena);
}

static void fill(struct test_mem *mem, void *user)
{
  sio_arena *arena = sio_arena_new(&mem->allocator, 100000);
  void *block = NULL;
  int err = arena == NULL ? SIO_ERR_NOMEM : 0;

  (void)user;
  for (size_t i = 1; i < 50 && err == 0; i++)
    err = sio__arena_alloc(arena, i * 20, &block);
  if (err == 0)
    err = sio__arena_grow(arena, &block, 49 * 20, 50000);
  assert_int_equal(err, mem->fired ? SIO_ERR_NOMEM : 0);
  sio_arena_free(arena);
}

static void test_an_arena_survives_every_failed_allocation(void **state)
{
  (void)state;
  assert_true(test_every_allocation(fill, NULL) > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blocks_are_aligned_and_apart),
      cmocka_unit_test(test_an_arena_holds_what_it_was_made_for_and_no_more),
      cmocka_unit_test(test_a_reset_arena_needs_no_new_memory),
      cmocka_unit_test(test_a_reused_arena_stays_within_a_multiple_of_its_cap),
      cmocka_unit_test(test_the_last_block_grows_in_place),
      cmocka_unit_test(test_the_end_of_the_last_block_can_be_given_back),
      cmocka_unit_test(test_a_mark_takes_back_what_came_after_it),
      cmocka_unit_test(test_an_arena_survives_every_failed_allocation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
