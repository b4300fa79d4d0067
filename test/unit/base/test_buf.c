/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/error.h>

#include "base/buf.h"

static void test_appended_bytes_stand_one_after_the_other(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;
  static const uint8_t want[] = "text\0bin!18446744073709551615,0,10";

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 1000);
  assert_int_equal(mem.calls, 0);
  sio__buf_text(&buf, "text");
  sio__buf_text(&buf, "");
  sio__buf_append(&buf, "\0bin", 4);
  sio__buf_append(&buf, NULL, 0);
  sio__buf_byte(&buf, '!');
  sio__buf_u64(&buf, UINT64_MAX);
  sio__buf_byte(&buf, ',');
  sio__buf_u64(&buf, 0);
  sio__buf_byte(&buf, ',');
  sio__buf_u64(&buf, 10);
  assert_int_equal(buf.error, 0);
  assert_int_equal(buf.len, sizeof want - 1);
  assert_memory_equal(buf.data, want, buf.len);
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_growing_keeps_the_bytes_and_stays_below_the_maximum(void **s)
{
  struct test_mem mem;
  struct sio__buf buf;

  (void)s;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 1000);
  for (size_t i = 0; i < 1000; i++) {
    sio__buf_byte(&buf, (uint8_t)i);
    assert_true(buf.cap <= 1000);
  }
  assert_int_equal(buf.error, 0);
  assert_true(mem.calls < 10); /* doubled, not counted up */
  for (size_t i = 0; i < 1000; i++)
    assert_int_equal(buf.data[i], (uint8_t)i);
  sio__buf_byte(&buf, 0);
  assert_int_equal(buf.error, SIO_ERR_LIMIT);
  assert_int_equal(buf.len, 1000);
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_the_first_error_sticks(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;
  static const char large[97] = "one too many";

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 100);
  sio__buf_text(&buf, "kept");
  sio__buf_append(&buf, large, sizeof large);
  assert_int_equal(buf.error, SIO_ERR_LIMIT);
  sio__buf_text(&buf, "x");
  sio__buf_byte(&buf, 'x');
  sio__buf_u64(&buf, 1);
  assert_null(sio__buf_reserve(&buf, 0));
  assert_null(sio__buf_grow(&buf, 1));
  assert_int_equal(buf.len, 4);
  assert_memory_equal(buf.data, "kept", 4);
  sio__buf_reset(&buf, SIZE_MAX);
  assert_int_equal(buf.error, 0);
  assert_int_equal(buf.len, 0);
  sio__buf_text(&buf, "again");
  assert_int_equal(buf.len, 5);
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_lengths_that_overflow_are_over_the_limit(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, SIZE_MAX);
  sio__buf_byte(&buf, 'a');
  assert_null(sio__buf_reserve(&buf, SIZE_MAX));
  assert_int_equal(buf.error, SIO_ERR_LIMIT);
  sio__buf_reset(&buf, SIZE_MAX);
  assert_null(sio__buf_reserve(&buf, SIZE_MAX));
  assert_int_equal(buf.error, SIO_ERR_NOMEM); /* allowed, but not to be had */
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_room_for_nothing_is_no_error(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;
  uint8_t *room;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 3);
  assert_non_null(sio__buf_reserve(&buf, 0));
  room = sio__buf_reserve(&buf, 3);
  assert_non_null(room);
  memcpy(room, "abc", 3);
  assert_int_equal(buf.len, 0); /* not committed */
  sio__buf_commit(&buf, 3);
  assert_non_null(sio__buf_reserve(&buf, 0)); /* at the very end */
  assert_int_equal(buf.error, 0);
  assert_memory_equal(buf.data, "abc", 3);
  assert_int_equal(mem.calls, 1);
  sio__buf_dispose(&buf);
  test_mem_check(&mem);
}

static void test_a_buffer_that_may_hold_nothing_holds_nothing(void **state)
{
  struct sio__buf buf;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 0);
  sio__buf_append(&buf, "", 0);
  assert_int_equal(buf.error, 0);
  sio__buf_byte(&buf, 1);
  assert_int_equal(buf.error, SIO_ERR_LIMIT);
  assert_int_equal(mem.calls, 0);
  sio__buf_dispose(&buf);
}

static void test_reset_keeps_only_small_memory(void **state)
{
  struct test_mem mem;
  struct sio__buf buf;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, 5000);
  assert_non_null(sio__buf_reserve(&buf, 100));
  sio__buf_reset(&buf, 100);
  assert_int_equal(mem.live_bytes, 100);
  assert_non_null(sio__buf_reserve(&buf, 4000));
  sio__buf_reset(&buf, 100);
  test_mem_check(&mem);
  sio__buf_dispose(&buf);
}

static void build(struct test_mem *mem, void *user)
{
  struct sio__buf buf;

  (void)user;
  sio__buf_init(&buf, &mem->allocator, 2000);
  for (size_t i = 0; i < 100; i++)
    sio__buf_text(&buf, "some text ");
  assert_int_equal(buf.error, mem->fired ? SIO_ERR_NOMEM : 0);
  assert_int_equal(buf.len % 10, 0); /* a whole piece or none */
  if (!mem->fired)
    assert_int_equal(buf.len, 1000);
  sio__buf_dispose(&buf);
}

static void test_each_failed_allocation_is_an_error(void **state)
{
  (void)state;
  assert_true(test_every_allocation(build, NULL) > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_appended_bytes_stand_one_after_the_other),
      cmocka_unit_test(
          test_growing_keeps_the_bytes_and_stays_below_the_maximum),
      cmocka_unit_test(test_the_first_error_sticks),
      cmocka_unit_test(test_lengths_that_overflow_are_over_the_limit),
      cmocka_unit_test(test_room_for_nothing_is_no_error),
      cmocka_unit_test(test_a_buffer_that_may_hold_nothing_holds_nothing),
      cmocka_unit_test(test_reset_keeps_only_small_memory),
      cmocka_unit_test(test_each_failed_allocation_is_an_error),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
