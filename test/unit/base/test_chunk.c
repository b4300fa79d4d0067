/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/chunk.h"

static void test_a_chunk_has_the_room_that_was_asked_for(void **state)
{
  static const size_t sizes[] = {0,    1,    900,   991,   992,    993,    1024,
                                 4064, 4065, 16352, 16353, 100000, 1 << 20};
  struct test_mem mem;
  struct sio__chunk_pool pool;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 100000);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct sio__chunk *chunk = sio__chunk_new(&pool, sizes[i]);

    assert_non_null(chunk);
    assert_true(chunk->cap >= sizes[i]);
    assert_int_equal(chunk->len, 0);
    assert_int_equal(chunk->refs, 1);
    memset(chunk->data, 0xff, chunk->cap);
    sio__chunk_unref(chunk);
  }
  sio__chunk_pool_dispose(&pool);
  test_mem_check(&mem);
}

static void test_small_chunks_are_256_bytes_in_all(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__chunk *chunk;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 0);
  chunk = sio__chunk_new(&pool, 1);
  assert_non_null(chunk);
  assert_int_equal(mem.live_bytes, SIO__CHUNK_SMALLEST);
  sio__chunk_unref(chunk);
  chunk = sio__chunk_new(&pool, SIO__CHUNK_SMALLEST -
                                    offsetof(struct sio__chunk, data));
  assert_non_null(chunk); /* the most that fits */
  assert_int_equal(mem.live_bytes, SIO__CHUNK_SMALLEST);
  sio__chunk_unref(chunk);
  test_mem_check(&mem); /* such a pool keeps nothing */
  sio__chunk_pool_dispose(&pool);
}

static void test_a_chunk_lives_until_its_last_reference_goes(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__chunk *chunk;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 0);
  chunk = sio__chunk_new(&pool, 10);
  assert_non_null(chunk);
  assert_ptr_equal(sio__chunk_ref(chunk), chunk);
  sio__chunk_unref(chunk);
  memset(chunk->data, 1, chunk->cap);
  assert_int_equal(mem.live_blocks, 1);
  sio__chunk_unref(chunk);
  test_mem_check(&mem);
  sio__chunk_pool_dispose(&pool);
}

static void test_an_emptied_chunk_is_used_again(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__chunk *first;
  struct sio__chunk *second;

  (void)state;
  if (!test_is_pooling())
    skip();
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 100000);
  first = sio__chunk_new(&pool, 2000);
  assert_non_null(first);
  first->len = 77;
  sio__chunk_unref(first);
  assert_int_equal(pool.kept, 4096);
  second = sio__chunk_new(&pool, 1); /* another class */
  assert_non_null(second);
  assert_ptr_not_equal(second, first);
  sio__chunk_unref(second);
  second = sio__chunk_new(&pool, 4000);
  assert_ptr_equal(second, first);
  assert_int_equal(second->len, 0);
  assert_int_equal(second->refs, 1);
  assert_int_equal(pool.kept, SIO__CHUNK_SMALLEST);
  assert_int_equal(mem.calls, 2);
  sio__chunk_unref(second);
  sio__chunk_pool_dispose(&pool);
  test_mem_check(&mem);
}

static void test_a_pool_keeps_no_more_than_it_may(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__chunk *chunks[5];

  (void)state;
  if (!test_is_pooling())
    skip();
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 3 * 1024 + 1023);
  for (size_t i = 0; i < 5; i++) {
    chunks[i] = sio__chunk_new(&pool, 500);
    assert_non_null(chunks[i]);
  }
  for (size_t i = 0; i < 5; i++)
    sio__chunk_unref(chunks[i]);
  assert_int_equal(mem.live_blocks, 3);
  assert_int_equal(pool.kept, 3 * 1024);
  sio__chunk_pool_dispose(&pool);
  assert_int_equal(pool.kept, 0);
  test_mem_check(&mem);
}

static void test_large_chunks_are_not_kept(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__chunk *chunk;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, SIZE_MAX);
  chunk = sio__chunk_new(&pool, 16 * 1024);
  assert_non_null(chunk);
  assert_int_equal(chunk->cap, 16 * 1024); /* no more than asked for */
  sio__chunk_unref(chunk);
  test_mem_check(&mem);
  sio__chunk_pool_dispose(&pool);
}

static void test_without_memory_there_is_no_chunk(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;

  (void)state;
  test_mem_init(&mem, 0);
  mem.fail_forever = true;
  sio__chunk_pool_init(&pool, &mem.allocator, 100000);
  assert_null(sio__chunk_new(&pool, 1));
  assert_null(sio__chunk_new(&pool, 100000));
  assert_int_equal(mem.calls, 2);
  /* a length that a chunk cannot have is not even asked for */
  assert_null(sio__chunk_new(&pool, (size_t)UINT32_MAX / 2 + 1));
  assert_null(sio__chunk_new(&pool, SIZE_MAX));
  assert_int_equal(mem.calls, 2);
  sio__chunk_pool_dispose(&pool);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_chunk_has_the_room_that_was_asked_for),
      cmocka_unit_test(test_small_chunks_are_256_bytes_in_all),
      cmocka_unit_test(test_a_chunk_lives_until_its_last_reference_goes),
      cmocka_unit_test(test_an_emptied_chunk_is_used_again),
      cmocka_unit_test(test_a_pool_keeps_no_more_than_it_may),
      cmocka_unit_test(test_large_chunks_are_not_kept),
      cmocka_unit_test(test_without_memory_there_is_no_chunk),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
