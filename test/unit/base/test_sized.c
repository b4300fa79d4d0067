/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/sized.h"

#include <limits.h>
#include <stdlib.h>

static void
test_blocks_are_freed_with_the_size_they_were_asked_for(void **state)
{
  struct test_mem mem;
  uint8_t *blocks[20];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (unsigned i = 0; i < 20; i++) {
    blocks[i] = sio__sized_alloc(&mem.allocator, i, 7);
    assert_non_null(blocks[i]);
    assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
    memset(blocks[i], (int)i, (size_t)i * 7);
  }
  assert_int_equal(mem.live_blocks, 20);
  assert_true(mem.live_bytes >= 190 * 7);
  for (unsigned i = 0; i < 20; i++) {
    for (unsigned k = 0; k < i * 7; k++)
      assert_int_equal(blocks[i][k], i);
    sio__sized_free(&mem.allocator, blocks[i]); /* the allocator checks */
  }
  test_mem_check(&mem);
}

static void test_nothing_may_be_freed(void **state)
{
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__sized_free(&mem.allocator, NULL);
  test_mem_check(&mem);
}

static void test_no_memory_gives_no_block(void **state)
{
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, 0);
  assert_null(sio__sized_alloc(&mem.allocator, 1, 1));
  assert_true(mem.fired);
  test_mem_check(&mem);
}

static void *refuse(size_t size, void *user_data)
{
  *(size_t *)user_data = size;
  return NULL;
}

static void refuse_free(void *memory, size_t size, void *user_data)
{
  (void)memory;
  (void)size;
  (void)user_data;
}

static void test_a_product_is_not_cut_to_32_bits(void **state)
{
  size_t asked = 0;
  sio_allocator mem = {refuse, refuse_free, &asked};

  (void)state;
  assert_null(sio__sized_alloc(&mem, UINT_MAX / 4, 8));
  assert_true(asked == 0 || asked > UINT_MAX); /* 0: refused before */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blocks_are_freed_with_the_size_they_were_asked_for),
      cmocka_unit_test(test_nothing_may_be_freed),
      cmocka_unit_test(test_no_memory_gives_no_block),
      cmocka_unit_test(test_a_product_is_not_cut_to_32_bits),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
