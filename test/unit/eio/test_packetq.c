/* SPDX-License-Identifier: MIT */
/* lib/eio/packetq.c: packets that wait for a poll. */
#include "support.h"

#include "eio/packetq.h"
#include <sio/error.h>

struct queue {
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__packetq q;
};

static void start(struct queue *t)
{
  test_mem_init(&t->mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&t->pool, &t->mem.allocator, 0);
  sio__packetq_init(&t->q, &t->pool);
}

static void end(struct queue *t)
{
  sio__packetq_dispose(&t->q);
  sio__chunk_pool_dispose(&t->pool);
  test_mem_check(&t->mem);
}

static void assert_packet(const struct queue *t, uint32_t i, const char *text,
                          bool binary)
{
  const struct sio__queued *item = &t->q.items[i];

  assert_true(i < t->q.count);
  assert_int_equal(item->len, strlen(text));
  assert_memory_equal(item->chunk->data + item->off, text, item->len);
  assert_int_equal((item->flags & SIO_SEND_BINARY) != 0, binary);
}

static void test_an_empty_queue_has_no_memory(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  assert_int_equal(t.q.count, 0);
  assert_int_equal(t.q.encoded, 0);
  assert_int_equal(t.mem.calls, 0);
  sio__packetq_clear(&t.q);
  end(&t);
}

static void test_packets_keep_their_order_and_boundaries(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  assert_int_equal(sio__packetq_add(&t.q, "4a", 2, 0), 0);
  assert_int_equal(sio__packetq_add(&t.q, "", 0, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "xyz", 3, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "4", 1, 0), 0);
  assert_int_equal(t.q.count, 4);
  assert_packet(&t, 0, "4a", false);
  assert_packet(&t, 1, "", true);
  assert_packet(&t, 2, "xyz", true);
  assert_packet(&t, 3, "4", false);
  end(&t);
}

static void test_the_encoded_length_counts_separators_and_base64(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  assert_int_equal(sio__packetq_add(&t.q, "4a", 2, 0), 0);
  assert_int_equal(t.q.encoded, 2);
  assert_int_equal(sio__packetq_add(&t.q, "", 0, SIO_SEND_BINARY), 0);
  assert_int_equal(t.q.encoded, 2 + 1 + 1); /* "b" */
  assert_int_equal(sio__packetq_add(&t.q, "wxyz", 4, SIO_SEND_BINARY), 0);
  assert_int_equal(t.q.encoded, 4 + 1 + 1 + 8);
  assert_int_equal(t.q.bytes, 6);
  end(&t);
}

static void test_small_packets_are_gathered_in_one_chunk(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  for (int i = 0; i < 4; i++)
    assert_int_equal(sio__packetq_add(&t.q, "4abc", 4, 0), 0);
  assert_ptr_equal(t.q.items[0].chunk, t.q.items[3].chunk);
  assert_int_equal(t.q.items[0].chunk->refs, 4);
  assert_int_equal(t.mem.live_blocks, 2); /* the chunk, and the items */
  end(&t);
}

static void test_a_chunk_that_is_full_is_followed_by_another(void **state)
{
  static char text[700];
  struct queue t;

  (void)state;
  memset(text, 'x', sizeof text);
  start(&t);
  for (int i = 0; i < 20; i++)
    assert_int_equal(sio__packetq_add(&t.q, text, sizeof text, 0), 0);
  assert_int_equal(t.q.count, 20);
  for (uint32_t i = 0; i < 20; i++) {
    assert_int_equal(t.q.items[i].len, sizeof text);
    assert_memory_equal(t.q.items[i].chunk->data + t.q.items[i].off, text,
                        sizeof text);
    assert_true(t.q.items[i].off + sizeof text <= t.q.items[i].chunk->len);
  }
  assert_ptr_not_equal(t.q.items[0].chunk, t.q.items[19].chunk);
  end(&t);
}

static void test_shared_chunks_are_never_appended_to(void **state)
{
  struct sio__chunk *shared;
  struct queue t;

  (void)state;
  start(&t);
  shared = sio__chunk_new(&t.pool, 1000);
  assert_non_null(shared);
  memcpy(shared->data, "__4shared", 9);
  shared->len = 9;
  assert_int_equal(sio__packetq_push(&t.q, shared, 2, 7, 0), 0);
  assert_int_equal(shared->refs, 2);
  assert_int_equal(sio__packetq_add(&t.q, "4own", 4, 0), 0);
  assert_int_equal(shared->len, 9);
  assert_ptr_not_equal(t.q.items[1].chunk, shared);
  assert_packet(&t, 0, "4shared", false);
  assert_packet(&t, 1, "4own", false);
  sio__packetq_clear(&t.q);
  assert_int_equal(shared->refs, 1);
  sio__chunk_unref(shared);
  end(&t);
}

static void test_clearing_keeps_a_little_memory_only(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  for (int i = 0; i < 16; i++)
    assert_int_equal(sio__packetq_add(&t.q, "4", 1, 0), 0);
  sio__packetq_clear(&t.q);
  assert_int_equal(t.q.count, 0);
  assert_int_equal(t.q.bytes, 0);
  assert_int_equal(t.q.encoded, 0);
  assert_int_equal(t.mem.live_blocks, 1);
  for (int i = 0; i < 17; i++)
    assert_int_equal(sio__packetq_add(&t.q, "4", 1, 0), 0);
  assert_packet(&t, 16, "4", false);
  sio__packetq_clear(&t.q);
  assert_int_equal(t.mem.live_blocks, 0);
  end(&t);
}

static void test_a_packet_that_is_too_long_is_refused(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  assert_int_equal(sio__packetq_add(&t.q, "", (size_t)UINT32_MAX / 2 + 1, 0),
                   SIO_ERR_NOMEM);
  assert_int_equal(t.q.count, 0);
  end(&t);
}

static void fill_short_of_memory(struct test_mem *mem, void *user)
{
  struct sio__chunk_pool pool;
  struct sio__packetq q;
  struct sio__chunk *shared;
  uint32_t wanted = 0;

  (void)user;
  sio__chunk_pool_init(&pool, &mem->allocator, 0);
  sio__packetq_init(&q, &pool);
  shared = sio__chunk_new(&pool, 10);
  for (int i = 0; i < 12; i++) {
    int rv =
        i % 3 == 2 && shared != NULL
            ? sio__packetq_push(&q, shared, 0, 0, 0)
            : sio__packetq_add(&q, "4abc", 4, i % 2 == 0 ? SIO_SEND_BINARY : 0);

    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    wanted += rv == 0;
    assert_int_equal(q.count, wanted); /* a refusal has changed nothing */
  }
  if (shared != NULL)
    sio__chunk_unref(shared);
  sio__packetq_dispose(&q);
  sio__chunk_pool_dispose(&pool);
}

static void test_without_memory_nothing_is_queued(void **state)
{
  (void)state;
  assert_true(test_every_allocation(fill_short_of_memory, NULL) > 4);
}

static void test_a_bare_text_gets_its_type(void **state)
{
  struct queue t;

  (void)state;
  start(&t);
  assert_int_equal(sio__packetq_add(&t.q, "abc", 3, SIO__SEND_BARE), 0);
  assert_int_equal(sio__packetq_add(&t.q, "", 0, SIO__SEND_BARE), 0);
  assert_packet(&t, 0, "4abc", false);
  assert_packet(&t, 1, "4", false);
  assert_int_equal(t.q.items[0].flags, 0);
  assert_int_equal(t.q.bytes, 5);
  assert_int_equal(t.q.encoded, 6);
  end(&t);
}

static void test_as_many_fit_as_the_payload_may_have_bytes(void **state)
{
  struct queue t;
  size_t encoded;

  (void)state;
  start(&t);
  assert_int_equal(sio__packetq_fit(&t.q, 100, 0, &encoded), 0);
  assert_int_equal(encoded, 0);
  assert_int_equal(sio__packetq_add(&t.q, "4aaa", 4, 0), 0);
  assert_int_equal(sio__packetq_add(&t.q, "\1\2\3", 3, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "4", 1, 0), 0);
  assert_int_equal(sio__packetq_fit(&t.q, 1, 0, &encoded), 1);
  assert_int_equal(encoded, 4);
  assert_int_equal(sio__packetq_fit(&t.q, 9, 0, &encoded), 1);
  assert_int_equal(sio__packetq_fit(&t.q, 10, 0, &encoded), 2);
  assert_int_equal(encoded, 10); /* "4aaa", what separates, "bAQID" */
  assert_int_equal(sio__packetq_fit(&t.q, 11, 0, &encoded), 2);
  assert_int_equal(sio__packetq_fit(&t.q, 12, 0, &encoded), 3);
  assert_int_equal(encoded, 12);
  assert_int_equal(sio__packetq_fit(&t.q, 13, 2, &encoded), 1);
  assert_int_equal(sio__packetq_fit(&t.q, 14, 2, &encoded), 2);
  assert_int_equal(encoded, 10);
  assert_int_equal(sio__packetq_fit(&t.q, UINT64_MAX, 9, &encoded), 3);
  end(&t);
}

static void test_the_first_ones_are_dropped(void **state)
{
  struct sio__chunk *shared;
  struct queue t;

  (void)state;
  start(&t);
  shared = sio__chunk_new(&t.pool, 10);
  assert_non_null(shared);
  memcpy(shared->data, "4shared", 7);
  assert_int_equal(sio__packetq_add(&t.q, "4a", 2, 0), 0);
  assert_int_equal(sio__packetq_push(&t.q, shared, 0, 7, 0), 0);
  assert_int_equal(sio__packetq_push(&t.q, shared, 1, 6, SIO_SEND_BINARY), 0);
  assert_int_equal(sio__packetq_add(&t.q, "4bb", 3, 0), 0);
  assert_int_equal(shared->refs, 3);
  sio__packetq_drop(&t.q, 0);
  assert_int_equal(t.q.count, 4);
  sio__packetq_drop(&t.q, 2);
  assert_int_equal(t.q.count, 2);
  assert_int_equal(t.q.pieces, 1);
  assert_int_equal(t.q.bytes, 9);
  assert_int_equal(t.q.encoded, 9 + 1 + 3);
  assert_int_equal(shared->refs, 2);
  assert_packet(&t, 0, "shared", true);
  assert_packet(&t, 1, "4bb", false);
  assert_int_equal(sio__packetq_add(&t.q, "4c", 2, 0), 0);
  assert_packet(&t, 2, "4c", false);
  sio__packetq_drop(&t.q, 7);
  assert_int_equal(t.q.count, 0);
  assert_int_equal(t.q.encoded, 0);
  assert_int_equal(t.q.pieces, 0);
  assert_int_equal(shared->refs, 1);
  sio__chunk_unref(shared);
  end(&t);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_empty_queue_has_no_memory),
      cmocka_unit_test(test_packets_keep_their_order_and_boundaries),
      cmocka_unit_test(test_the_encoded_length_counts_separators_and_base64),
      cmocka_unit_test(test_small_packets_are_gathered_in_one_chunk),
      cmocka_unit_test(test_a_chunk_that_is_full_is_followed_by_another),
      cmocka_unit_test(test_shared_chunks_are_never_appended_to),
      cmocka_unit_test(test_clearing_keeps_a_little_memory_only),
      cmocka_unit_test(test_a_packet_that_is_too_long_is_refused),
      cmocka_unit_test(test_without_memory_nothing_is_queued),
      cmocka_unit_test(test_a_bare_text_gets_its_type),
      cmocka_unit_test(test_as_many_fit_as_the_payload_may_have_bytes),
      cmocka_unit_test(test_the_first_ones_are_dropped),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
