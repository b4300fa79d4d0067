/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include <sio/error.h>

#include "base/outq.h"

struct fixture {
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct sio__outq q;
};

static void begin(struct fixture *f)
{
  test_mem_init(&f->mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&f->pool, &f->mem.allocator, 0);
  sio__outq_init(&f->q, &f->pool);
  assert_int_equal(f->mem.calls, 0);
}

static void end(struct fixture *f)
{
  sio__outq_dispose(&f->q);
  sio__chunk_pool_dispose(&f->pool);
  test_mem_check(&f->mem);
}

static struct sio__chunk *shared(struct fixture *f, const char *text)
{
  struct sio__chunk *chunk = sio__chunk_new(&f->pool, strlen(text));

  assert_non_null(chunk);
  memcpy(chunk->data, text, strlen(text));
  chunk->len = (uint32_t)strlen(text);
  return chunk;
}

static void append(struct sio__outq *q, const char *text)
{
  assert_int_equal(sio__outq_append(q, text, strlen(text)), 0);
}

/* The queue must hold exactly these bytes, in spans none of which is empty. */
static void check_bytes(const struct sio__outq *q, const void *want, size_t len)
{
  sio_span spans[512];
  size_t n = sio__outq_spans(q, spans, 512);
  size_t at = 0;

  assert_int_equal(q->bytes, len);
  for (size_t i = 0; i < n; i++) {
    assert_true(spans[i].len > 0);
    assert_true(spans[i].len <= len - at);
    assert_memory_equal(spans[i].data, (const uint8_t *)want + at,
                        spans[i].len);
    at += spans[i].len;
  }
  assert_int_equal(at, len);
}

static void check(const struct sio__outq *q, const char *want)
{
  check_bytes(q, want, strlen(want));
}

static void test_small_writes_share_one_span(void **state)
{
  struct fixture f;
  sio_span spans[2];

  (void)state;
  begin(&f);
  append(&f.q, "one ");
  append(&f.q, "");
  append(&f.q, "two ");
  append(&f.q, "three");
  check(&f.q, "one two three");
  assert_int_equal(sio__outq_spans(&f.q, spans, 2), 1);
  assert_int_equal(f.mem.calls, 1);
  end(&f);
}

static void test_bytes_leave_in_the_order_they_came(void **state)
{
  struct fixture f;
  struct sio__chunk *chunk;

  (void)state;
  begin(&f);
  chunk = shared(&f, "[shared]");
  append(&f.q, "a");
  assert_int_equal(sio__outq_push(&f.q, chunk, 0, 8), 0);
  append(&f.q, "b");
  assert_int_equal(sio__outq_push(&f.q, chunk, 1, 6), 0);
  assert_int_equal(sio__outq_push(&f.q, chunk, 3, 0), 0); /* no bytes */
  append(&f.q, "c");
  sio__chunk_unref(chunk); /* the queue holds it */
  check(&f.q, "a[shared]bsharedc");
  sio__outq_sent(&f.q, 0);
  sio__outq_sent(&f.q, 3); /* into the middle of a piece */
  check(&f.q, "hared]bsharedc");
  sio__outq_sent(&f.q, 6);
  check(&f.q, "bsharedc");
  sio__outq_sent(&f.q, 8);
  check(&f.q, "");
  assert_int_equal(f.mem.live_blocks, 1); /* the ring */
  end(&f);
}

static void test_small_writes_between_shared_ones_fill_one_chunk(void **state)
{
  struct fixture f;
  struct sio__chunk *chunk;

  (void)state;
  begin(&f);
  chunk = shared(&f, "s");
  for (size_t i = 0; i < 100; i++) {
    append(&f.q, "12345");
    assert_int_equal(sio__outq_push(&f.q, chunk, 0, 1), 0);
  }
  sio__chunk_unref(chunk);
  assert_int_equal(f.q.bytes, 600);
  assert_int_equal(f.mem.live_blocks, 3); /* private, shared, ring */
  end(&f);
}

static void test_spans_stay_where_they_are_until_sent(void **state)
{
  struct fixture f;
  sio_span before;
  sio_span after;

  (void)state;
  begin(&f);
  append(&f.q, "in flight");
  assert_int_equal(sio__outq_spans(&f.q, &before, 1), 1);
  for (size_t i = 0; i < 500; i++) /* more chunks, a larger ring */
    append(&f.q, "and a few more bytes behind");
  assert_int_equal(sio__outq_spans(&f.q, &after, 1), 1);
  assert_ptr_equal(after.data, before.data);
  assert_true(after.len >= before.len);
  assert_memory_equal(after.data, "in flight", 9);
  end(&f);
}

static void test_an_empty_queue_holds_no_chunk_and_no_large_ring(void **state)
{
  struct fixture f;

  (void)state;
  begin(&f);
  append(&f.q, "x");
  sio__outq_sent(&f.q, 1);
  assert_int_equal(f.mem.live_blocks, 0);
  for (size_t n = 3; n <= 40; n++) {
    struct sio__chunk *chunk = shared(&f, "s");

    for (size_t i = 0; i < n; i++)
      assert_int_equal(sio__outq_push(&f.q, chunk, 0, 1), 0);
    sio__chunk_unref(chunk);
    sio__outq_sent(&f.q, n);
    assert_int_equal(f.mem.live_blocks, n <= 16 ? 1 : 0);
  }
  end(&f);
}

static void test_a_long_queue_takes_larger_chunks(void **state)
{
  struct fixture f;
  sio_span spans[512];

  (void)state;
  begin(&f);
  for (size_t i = 0; i < 100000 / 100; i++) {
    char piece[100];

    memset(piece, 'p', sizeof piece);
    assert_int_equal(sio__outq_append(&f.q, piece, sizeof piece), 0);
  }
  assert_int_equal(f.q.bytes, 100000);
  assert_true(sio__outq_spans(&f.q, spans, 512) <= 12);
  assert_true(f.mem.live_bytes < 125000);
  end(&f);
}

static void test_one_large_write_is_one_span(void **state)
{
  struct fixture f;
  static char large[100000];
  sio_span spans[3];

  (void)state;
  begin(&f);
  memset(large, 'l', sizeof large);
  append(&f.q, "s");
  assert_int_equal(sio__outq_append(&f.q, large, sizeof large), 0);
  assert_int_equal(sio__outq_spans(&f.q, spans, 3), 2);
  assert_int_equal(spans[1].len, sizeof large);
  assert_int_equal(sio__outq_spans(&f.q, spans, 1), 1); /* no more than that */
  assert_int_equal(sio__outq_spans(&f.q, spans, 0), 0);
  end(&f);
}

static void test_a_reserve_may_be_committed_in_part_or_not_at_all(void **state)
{
  struct fixture f;
  uint8_t *room;

  (void)state;
  begin(&f);
  assert_non_null(sio__outq_reserve(&f.q, 0));
  assert_non_null(sio__outq_reserve(&f.q, 100));
  check(&f.q, "");
  room = sio__outq_reserve(&f.q, 5000); /* too large for the waiting chunk */
  assert_non_null(room);
  memcpy(room, "part", 4);
  sio__outq_commit(&f.q, 4);
  check(&f.q, "part");
  assert_non_null(sio__outq_reserve(&f.q, 10));
  append(&f.q, "+");
  assert_non_null(sio__outq_reserve(&f.q, 10));
  sio__outq_commit(&f.q, 0);
  check(&f.q, "part+");
  assert_non_null(sio__outq_reserve(&f.q, 10));
  sio__outq_sent(&f.q, 5);
  check(&f.q, "");
  end(&f);
}

static void test_a_reserve_without_commit_gives_its_chunk_back(void **state)
{
  struct fixture f;

  (void)state;
  begin(&f);
  assert_non_null(sio__outq_reserve(&f.q, 10));
  sio__outq_commit(&f.q, 0);
  assert_int_equal(f.mem.live_blocks, 0);
  assert_non_null(sio__outq_reserve(&f.q, 10));
  sio__outq_clear(&f.q);
  assert_int_equal(f.mem.live_blocks, 0);
  end(&f);
}

static void test_a_sent_tail_is_filled_from_its_beginning(void **state)
{
  struct fixture f;
  struct sio__chunk *chunk;
  char half[600];

  (void)state;
  begin(&f);
  chunk = shared(&f, "s");
  memset(half, 'h', sizeof half);
  assert_int_equal(sio__outq_append(&f.q, half, sizeof half), 0);
  assert_int_equal(sio__outq_push(&f.q, chunk, 0, 1), 0);
  sio__outq_sent(&f.q, sizeof half);
  assert_int_equal(f.mem.calls, 2);
  assert_int_equal(sio__outq_append(&f.q, half, sizeof half), 0);
  assert_int_equal(f.mem.calls, 2);
  assert_int_equal(f.q.bytes, 601);
  sio__chunk_unref(chunk);
  end(&f);
}

static void test_moving_appends_one_queue_to_another(void **state)
{
  struct fixture f;
  struct sio__outq from;
  struct sio__chunk *chunk;
  size_t calls;

  (void)state;
  begin(&f);
  sio__outq_init(&from, &f.pool);
  chunk = shared(&f, "<>");
  assert_int_equal(sio__outq_move(&f.q, &from), 0); /* nothing to nothing */
  append(&from, "1");
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(sio__outq_push(&from, chunk, 0, 2), 0);
  calls = f.mem.calls;
  assert_int_equal(sio__outq_move(&f.q, &from), 0); /* all to nothing */
  assert_int_equal(f.mem.calls, calls);
  check(&f.q, "1<><><><>");
  check(&from, "");
  assert_int_equal(sio__outq_move(&f.q, &from), 0); /* nothing to something */
  check(&f.q, "1<><><><>");
  append(&f.q, "2");
  append(&from, "3");
  assert_int_equal(sio__outq_push(&from, chunk, 1, 1), 0);
  assert_int_equal(sio__outq_move(&f.q, &from), 0);
  append(&f.q, "4");
  append(&from, "5");
  check(&f.q, "1<><><><>23>4");
  check(&from, "5");
  sio__chunk_unref(chunk);
  sio__outq_dispose(&from);
  end(&f);
}

static void test_a_failed_move_changes_neither(void **state)
{
  struct fixture f;
  struct sio__outq from;

  (void)state;
  begin(&f);
  sio__outq_init(&from, &f.pool);
  append(&f.q, "to");
  append(&from, "from");
  assert_int_equal(sio__outq_push(&f.q, f.q.tail, 0, 2), 0);
  f.mem.fail_at = f.mem.calls;
  assert_int_equal(sio__outq_move(&f.q, &from), SIO_ERR_NOMEM);
  assert_true(f.mem.fired);
  check(&f.q, "toto");
  check(&from, "from");
  sio__outq_dispose(&from);
  end(&f);
}

static void test_a_moved_queue_gives_its_large_ring_back(void **state)
{
  struct fixture f;
  struct sio__outq from;
  struct sio__chunk *chunk;

  (void)state;
  begin(&f);
  sio__outq_init(&from, &f.pool);
  chunk = shared(&f, "s");
  append(&f.q, "to");
  for (size_t i = 0; i < 20; i++)
    assert_int_equal(sio__outq_push(&from, chunk, 0, 1), 0);
  sio__chunk_unref(chunk);
  assert_int_equal(sio__outq_move(&f.q, &from), 0);
  check(&f.q, "tossssssssssssssssssss");
  assert_int_equal(f.mem.live_blocks, 3); /* tail, shared, one ring */
  sio__outq_dispose(&from);
  end(&f);
}

static void test_a_push_or_reserve_without_a_ring_changes_nothing(void **state)
{
  struct fixture f;
  struct sio__chunk *chunk;

  (void)state;
  begin(&f);
  chunk = shared(&f, "s");
  assert_int_equal(sio__outq_push(&f.q, chunk, 0, 1), 0);
  assert_int_equal(sio__outq_push(&f.q, chunk, 0, 1), 0);
  f.mem.fail_at = f.mem.calls;
  f.mem.fail_forever = true;
  assert_int_equal(sio__outq_push(&f.q, chunk, 0, 1), SIO_ERR_NOMEM);
  assert_null(sio__outq_reserve(&f.q, 1));
  assert_int_equal(chunk->refs, 3);
  check(&f.q, "ss");
  sio__chunk_unref(chunk);
  end(&f);
}

static void use_without_memory(struct test_mem *mem, void *user)
{
  struct sio__chunk_pool pool;
  struct sio__outq q;
  char want[2000];
  size_t len = 0;

  (void)user;
  sio__chunk_pool_init(&pool, &mem->allocator, 0);
  sio__outq_init(&q, &pool);
  for (size_t i = 0; i < 20; i++) {
    char piece[90];
    struct sio__chunk *chunk = sio__chunk_new(&pool, 1);

    memset(piece, (int)('a' + i), sizeof piece);
    if (sio__outq_append(&q, piece, sizeof piece) == 0) {
      memcpy(want + len, piece, sizeof piece);
      len += sizeof piece;
    }
    check_bytes(&q, want, len);
    if (chunk == NULL)
      continue;
    chunk->data[0] = 'C';
    if (sio__outq_push(&q, chunk, 0, 1) == 0)
      want[len++] = 'C';
    sio__chunk_unref(chunk);
    check_bytes(&q, want, len);
  }
  if (!mem->fired)
    assert_int_equal(len, 20 * 91);
  sio__outq_dispose(&q);
}

static void test_a_failed_allocation_loses_no_byte(void **state)
{
  (void)state;
  assert_true(test_every_allocation(use_without_memory, NULL) > 20);
}

/* Random operations on two queues, beside a plain model of each. */
struct model {
  struct sio__outq q;
  uint8_t *bytes; /* what it must hold, from `from` to `to` */
  size_t from;
  size_t to;
};

enum { MODEL_SIZE = 1 << 20, STEPS = 20000 };

static void model_add(struct model *m, const uint8_t *data, size_t len)
{
  assert_true(m->to + len <= MODEL_SIZE);
  memcpy(m->bytes + m->to, data, len);
  m->to += len;
}

static void step(struct model *m, struct model *other,
                 struct sio__chunk_pool *pool, uint32_t *seed)
{
  uint8_t data[3000];
  uint32_t what = test_random(seed) % 16;
  size_t len = test_random(seed) % (what < 4 ? 3000 : 60);
  struct sio__chunk *chunk;

  for (size_t i = 0; i < len; i++)
    data[i] = (uint8_t)test_random(seed);
  if (what < 9) {
    assert_int_equal(sio__outq_append(&m->q, data, len), 0);
    model_add(m, data, len);
  } else if (what < 12) {
    chunk = sio__chunk_new(pool, len);
    assert_non_null(chunk);
    memcpy(chunk->data, data, len);
    assert_int_equal(sio__outq_push(&m->q, chunk, 0, (uint32_t)len), 0);
    sio__chunk_unref(chunk);
    model_add(m, data, len);
  } else if (what < 13) {
    assert_non_null(sio__outq_reserve(&m->q, len));
  } else if (what < 14 && len < 4) {
    assert_int_equal(sio__outq_move(&m->q, &other->q), 0);
    model_add(m, other->bytes + other->from, other->to - other->from);
    other->from = other->to = 0;
  } else {
    len = test_random(seed) % (m->q.bytes + 1);
    sio__outq_sent(&m->q, len);
    m->from += len;
  }
  if (m->from == m->to)
    m->from = m->to = 0;
}

static void test_random_operations_keep_every_byte(void **state)
{
  struct test_mem mem;
  struct sio__chunk_pool pool;
  struct model models[2];
  uint32_t seed = 20240;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__chunk_pool_init(&pool, &mem.allocator, 20000);
  for (size_t i = 0; i < 2; i++) {
    memset(&models[i], 0, sizeof models[i]);
    models[i].bytes = malloc(MODEL_SIZE);
    sio__outq_init(&models[i].q, &pool);
  }
  for (size_t i = 0; i < STEPS; i++) {
    size_t which = test_random(&seed) % 2;
    struct model *m = &models[which];

    if (m->to > MODEL_SIZE / 4) {
      sio__outq_clear(&m->q);
      m->from = m->to = 0;
    }
    step(m, &models[1 - which], &pool, &seed);
    check_bytes(&m->q, m->bytes + m->from, m->to - m->from);
  }
  for (size_t i = 0; i < 2; i++) {
    sio__outq_dispose(&models[i].q);
    free(models[i].bytes);
  }
  sio__chunk_pool_dispose(&pool);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_writes_share_one_span),
      cmocka_unit_test(test_bytes_leave_in_the_order_they_came),
      cmocka_unit_test(test_small_writes_between_shared_ones_fill_one_chunk),
      cmocka_unit_test(test_spans_stay_where_they_are_until_sent),
      cmocka_unit_test(test_an_empty_queue_holds_no_chunk_and_no_large_ring),
      cmocka_unit_test(test_a_long_queue_takes_larger_chunks),
      cmocka_unit_test(test_one_large_write_is_one_span),
      cmocka_unit_test(test_a_reserve_may_be_committed_in_part_or_not_at_all),
      cmocka_unit_test(test_a_reserve_without_commit_gives_its_chunk_back),
      cmocka_unit_test(test_a_sent_tail_is_filled_from_its_beginning),
      cmocka_unit_test(test_moving_appends_one_queue_to_another),
      cmocka_unit_test(test_a_failed_move_changes_neither),
      cmocka_unit_test(test_a_moved_queue_gives_its_large_ring_back),
      cmocka_unit_test(test_a_push_or_reserve_without_a_ring_changes_nothing),
      cmocka_unit_test(test_a_failed_allocation_loses_no_byte),
      cmocka_unit_test(test_random_operations_keep_every_byte),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
