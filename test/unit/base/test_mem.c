/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/mem.h"

static void test_an_incomplete_allocator_is_replaced(void **state)
{
  struct test_mem mem;
  sio_allocator half;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_ptr_equal(sio__mem_or_default(NULL), &sio__mem_default);
  assert_ptr_equal(sio__mem_or_default(&mem.allocator), &mem.allocator);
  half = mem.allocator;
  half.free = NULL;
  assert_ptr_equal(sio__mem_or_default(&half), &sio__mem_default);
  half = mem.allocator;
  half.alloc = NULL;
  assert_ptr_equal(sio__mem_or_default(&half), &sio__mem_default);
}

static void test_the_default_allocator_works(void **state)
{
  uint8_t *memory = sio__mem_zalloc(&sio__mem_default, 100);

  (void)state;
  assert_non_null(memory);
  for (size_t i = 0; i < 100; i++)
    assert_int_equal(memory[i], 0);
  memset(memory, 7, 100);
  memory = sio__mem_resize(&sio__mem_default, memory, 100, 200);
  assert_non_null(memory);
  assert_int_equal(memory[99], 7);
  sio__mem_free(&sio__mem_default, memory, 200);
}

static void test_an_empty_block_is_a_block(void **state)
{
  struct test_mem mem;
  void *memory;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  memory = sio__mem_alloc(&mem.allocator, 0);
  assert_non_null(memory);
  assert_int_equal(mem.live_bytes, 1);
  memory = sio__mem_resize(&mem.allocator, memory, 0, 10);
  assert_non_null(memory);
  memory = sio__mem_resize(&mem.allocator, memory, 10, 0);
  assert_non_null(memory);
  sio__mem_free(&mem.allocator, memory, 0);
  memory = sio__mem_zalloc(&mem.allocator, 0);
  assert_non_null(memory);
  sio__mem_free(&mem.allocator, memory, 0);
  test_mem_check(&mem);
}

static void test_a_block_of_impossible_size_is_not_asked_for(void **state)
{
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  assert_null(sio__mem_alloc(&mem.allocator, SIZE_MAX));
  assert_null(sio__mem_zalloc(&mem.allocator, (size_t)PTRDIFF_MAX + 1));
  assert_null(sio__mem_resize(&mem.allocator, NULL, 0, SIZE_MAX));
  assert_int_equal(mem.calls, 0);
}

static void test_a_resized_block_keeps_its_bytes(void **state)
{
  struct test_mem mem;
  char *memory;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  memory = sio__mem_resize(&mem.allocator, NULL, 0, 5);
  assert_non_null(memory);
  memcpy(memory, "hello", 5);
  memory = sio__mem_resize(&mem.allocator, memory, 5, 9);
  assert_non_null(memory);
  assert_memory_equal(memory, "hello", 5);
  memory = sio__mem_resize(&mem.allocator, memory, 9, 2);
  assert_non_null(memory);
  assert_memory_equal(memory, "he", 2);
  assert_int_equal(mem.live_bytes, 2);
  sio__mem_free(&mem.allocator, memory, 2);
  test_mem_check(&mem);
}

static void test_a_failed_resize_leaves_the_old_block(void **state)
{
  struct test_mem mem;
  char *memory;

  (void)state;
  test_mem_init(&mem, 1);
  memory = sio__mem_alloc(&mem.allocator, 3);
  assert_non_null(memory);
  memcpy(memory, "abc", 3);
  assert_null(sio__mem_resize(&mem.allocator, memory, 3, 30));
  assert_memory_equal(memory, "abc", 3);
  sio__mem_free(&mem.allocator, memory, 3);
  test_mem_check(&mem);
}

static void test_freeing_nothing_does_nothing(void **state)
{
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, 0);
  assert_null(sio__mem_zalloc(&mem.allocator, 8));
  assert_true(mem.fired);
  sio__mem_free(&mem.allocator, NULL, 8);
  test_mem_check(&mem);
}

static void take_two(struct test_mem *mem, void *user)
{
  size_t *refused = user;
  void *a = sio__mem_alloc(&mem->allocator, 1);
  void *b = sio__mem_alloc(&mem->allocator, 2);

  if (a == NULL || b == NULL)
    ++*refused;
  sio__mem_free(&mem->allocator, b, 2);
  sio__mem_free(&mem->allocator, a, 1);
}

static void test_a_sweep_refuses_each_allocation_once(void **state)
{
  size_t refused = 0;

  (void)state;
  assert_int_equal(test_every_allocation(take_two, &refused), 3);
  assert_int_equal(refused, 2);
}

static void test_texts_are_copied_one_behind_the_other(void **state)
{
  char block[6];
  char *end = block;
  const char *first, *second;

  (void)state;
  assert_int_equal(sio__text_size("ab"), 3);
  assert_int_equal(sio__text_size(NULL), 0);
  first = sio__text_put(&end, "ab");
  assert_null(sio__text_put(&end, NULL));
  second = sio__text_put(&end, "cd");
  assert_ptr_equal(first, block);
  assert_ptr_equal(end, block + 6);
  assert_string_equal(first, "ab");
  assert_string_equal(second, "cd");
}

static void test_a_text_has_a_block_of_its_own(void **state)
{
  struct test_mem mem;
  char text[] = "text";
  char *copy;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  copy = sio__text_copy(&mem.allocator, text);
  assert_non_null(copy);
  text[0] = 'n';
  assert_string_equal(copy, "text");
  assert_int_equal(mem.live_bytes, 5);
  sio__text_free(&mem.allocator, copy);
  sio__text_free(&mem.allocator, NULL);
  test_mem_check(&mem);
  test_mem_init(&mem, 0);
  assert_null(sio__text_copy(&mem.allocator, text));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_text_has_a_block_of_its_own),
      cmocka_unit_test(test_an_incomplete_allocator_is_replaced),
      cmocka_unit_test(test_the_default_allocator_works),
      cmocka_unit_test(test_an_empty_block_is_a_block),
      cmocka_unit_test(test_a_block_of_impossible_size_is_not_asked_for),
      cmocka_unit_test(test_a_resized_block_keeps_its_bytes),
      cmocka_unit_test(test_a_failed_resize_leaves_the_old_block),
      cmocka_unit_test(test_freeing_nothing_does_nothing),
      cmocka_unit_test(test_a_sweep_refuses_each_allocation_once),
      cmocka_unit_test(test_texts_are_copied_one_behind_the_other),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
