/* SPDX-License-Identifier: MIT */
#include "log_world.h"

/* ---- Offsets ---- */

static void expect_offset(struct world *w, uint64_t now_ms, const char *want)
{
  char *out = malloc(SIO__OFFSET_MAX + 1);

  assert_non_null(out);
  assert_int_equal(sio__backlog_offset(&w->log, now_ms, out), strlen(want));
  assert_string_equal(out, want);
  free(out);
}

static void test_offsets_are_times_in_base_64(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  expect_offset(&w, 1, "1");
  expect_offset(&w, 10, "A");
  expect_offset(&w, 36, "a");
  expect_offset(&w, 62, "-");
  expect_offset(&w, 63, "_");
  expect_offset(&w, 64, "10");
  expect_offset(&w, 4095, "__");
  expect_offset(&w, 4096, "100");
  expect_offset(&w, UINT64_C(1700000000000), "OlFvMW0");
  expect_offset(&w, UINT64_MAX, "F__________");
  end(&w);
}

static void test_offsets_of_one_moment_are_counted(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  expect_offset(&w, 64, "10");
  expect_offset(&w, 64, "10.0");
  expect_offset(&w, 64, "10.1");
  for (int i = 2; i < 64; i++) {
    char out[SIO__OFFSET_MAX + 1];

    (void)sio__backlog_offset(&w.log, 64, out);
  }
  expect_offset(&w, 64, "10.10");
  expect_offset(&w, 65, "11");
  expect_offset(&w, 65, "11.0");
  end(&w);
}

static void test_offsets_do_not_need_a_clock(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  expect_offset(&w, 0, "0");
  expect_offset(&w, 0, "0.0");
  expect_offset(&w, 0, "0.1");
  expect_offset(&w, 5, "5");
  expect_offset(&w, 3, "5.0"); /* it has gone back */
  expect_offset(&w, 0, "5.1");
  expect_offset(&w, UINT64_MAX, "F__________");
  expect_offset(&w, UINT64_MAX, "F__________.0");
  w.log.repeats = UINT64_MAX;
  expect_offset(&w, UINT64_MAX, "F__________.F_________-"); /* the longest */
  end(&w);
}

static void test_no_offset_is_made_twice(void **state)
{
  enum { N = 3000 };
  static char all[N][SIO__OFFSET_MAX + 1];
  uint32_t random = 17;
  uint64_t now = 0;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  for (int i = 0; i < N; i++) {
    now += test_random(&random) % 40 == 0;
    (void)sio__backlog_offset(&w.log, now - now % 3, all[i]);
    for (int j = 0; j < i; j++)
      assert_string_not_equal(all[i], all[j]);
  }
  end(&w);
}

/* ---- Packets ---- */

static void test_an_empty_backlog_shows_nothing(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  expect(&w, 0, "", "");
  assert_int_equal(number(&w, ""), 0);
  assert_int_equal(number(&w, "x"), 0);
  assert_int_equal(sio__backlog_deadline(&w.log), SIO_NEVER);
  sio__backlog_sweep(&w.log, UINT64_MAX);
  assert_int_equal(w.mem.calls, 0);
  end(&w);
}

static void test_packets_are_found_by_their_whole_offset(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "ab");
  put(&w, "abc");
  assert_int_equal(number(&w, "ab"), 1);
  assert_int_equal(number(&w, "abc"), 2);
  assert_int_equal(number(&w, "a"), 0);
  assert_int_equal(number(&w, "abcd"), 0);
  assert_int_equal(number(&w, "AB"), 0);
  assert_int_equal(number(&w, ""), 0);
  end(&w);
}

static void test_packets_after_an_offset_are_shown_in_order(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put_each(&w, "12345");
  expect(&w, 0, "", "1 2 3 4 5");
  expect(&w, number(&w, "2"), "", "3 4 5");
  expect(&w, number(&w, "5"), "", "");
  end(&w);
}

static void test_filters_are_those_of_a_broadcast(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  add_parts(&w.log, &w.pool, "all", 1, "", "", 0);
  add_parts(&w.log, &w.pool, "a", 1, "a", "", 0);
  add_parts(&w.log, &w.pool, "b", 1, "b", "", 0);
  add_parts(&w.log, &w.pool, "ab", 1, "ab", "", 0);
  add_parts(&w.log, &w.pool, "-a", 1, "", "a", 0);
  add_parts(&w.log, &w.pool, "b-a", 1, "b", "a", 0);
  add_parts(&w.log, &w.pool, "a-a", 1, "a", "a", 0);
  expect(&w, 0, "", "all -a");
  expect(&w, 0, "a", "all a ab");
  expect(&w, 0, "b", "all b ab -a b-a");
  expect(&w, 0, "ab", "all a b ab");
  expect(&w, 0, "xyz", "all -a");
  end(&w);
}

static void test_attachments_come_with_their_packet(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  add_parts(&w.log, &w.pool, "p", 3, "", "", 0);
  add_parts(&w.log, &w.pool, "q", 1, "", "", 0);
  add_parts(&w.log, &w.pool, "r", 4, "", "", 0);
  expect(&w, 0, "", "p+2 q r+3");
  end(&w);
}

/* A chunk is shared with whoever else sends it. */
static void test_chunks_are_retained_not_copied(void **state)
{
  struct sio__backlog_part part = {.chunk = NULL};
  struct sio__selection all = {.n_rooms = 0};
  struct world w;

  (void)state;
  begin(&w, &roomy);
  part.chunk = sio__chunk_new(&w.pool, 10);
  assert_non_null(part.chunk);
  assert_int_equal(sio__backlog_add(&w.log, sio_s("1"), &part, 1, &all, 0), 0);
  assert_int_equal(sio__backlog_add(&w.log, sio_s("2"), &part, 1, &all, 0), 0);
  assert_int_equal(part.chunk->refs, 3);
  sio__backlog_sweep(&w.log, 1001);
  assert_int_equal(part.chunk->refs, 1);
  sio__chunk_unref(part.chunk);
  end(&w);
}

static void test_a_replay_can_be_stopped(void **state)
{
  struct shown shown = {.stop_at = 2};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put_each(&w, "12345");
  be_in(&who, "");
  assert_int_equal(sio__backlog_replay(&w.log, 1, &who.set, show, &shown), 0);
  assert_string_equal(shown.text, "2 3");
  end(&w);
}

/* ---- Bounds ---- */

/* The one invariant: what is newer than a stored packet is stored. */
static void expect_no_gap(const struct world *w, const char *offsets)
{
  bool found = false;

  for (; *offsets != '\0'; offsets++) {
    char one[2] = {*offsets, '\0'};
    bool is_there = number(w, one) != 0;

    assert_true(is_there || !found);
    found = found || is_there;
  }
}

static void test_the_oldest_go_when_there_are_too_many(void **state)
{
  static const struct sio__backlog_limits three = {
      .max_age_ms = 1000, .max_packets = 3, .max_bytes = 1 << 20};
  struct world w;

  (void)state;
  begin(&w, &three);
  put_each(&w, "123");
  expect(&w, 0, "", "1 2 3");
  put(&w, "4");
  assert_int_equal(number(&w, "1"), 0);
  expect_gone(&w, 0);
  expect(&w, 1, "", "2 3 4"); /* nothing after it is missing */
  put(&w, "5");
  expect_gone(&w, 1);
  expect(&w, number(&w, "3"), "", "4 5");
  expect_no_gap(&w, "12345");
  end(&w);
}

static void test_bytes_of_chunks_filters_and_blocks_count(void **state)
{
  struct sio__backlog_limits limits = roomy;
  size_t plain, with_room, with_part;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  plain = w.log.bytes;
  assert_int_equal(plain, w.mem.live_bytes);
  add_parts(&w.log, &w.pool, "2", 1, "r", "", 0);
  with_room = w.log.bytes - plain;
  assert_true(with_room > plain);
  add_parts(&w.log, &w.pool, "3", 2, "", "", 0);
  with_part = w.log.bytes - plain - with_room;
  assert_true(with_part > plain + 256);
  end(&w);

  limits.max_bytes = 3 * plain;
  begin(&w, &limits);
  put_each(&w, "123");
  assert_int_equal(w.log.bytes, limits.max_bytes);
  assert_int_equal(number(&w, "1"), 1);
  put(&w, "4");
  assert_int_equal(w.log.bytes, limits.max_bytes);
  assert_int_equal(number(&w, "1"), 0);
  add_parts(&w.log, &w.pool, "5", 1, "r", "", 0); /* two must go */
  assert_int_equal(number(&w, "3"), 0);
  assert_int_equal(number(&w, "4"), 4);
  expect_no_gap(&w, "12345");
  end(&w);
}

static void test_packets_get_too_old(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  assert_int_equal(put_at(&w, "1", 100), 0);
  assert_int_equal(put_at(&w, "2", 200), 0);
  assert_int_equal(sio__backlog_deadline(&w.log), 1101);
  sio__backlog_sweep(&w.log, 1100);
  assert_int_equal(number(&w, "1"), 1);
  sio__backlog_sweep(&w.log, 1101);
  assert_int_equal(number(&w, "1"), 0);
  assert_int_equal(number(&w, "2"), 2);
  assert_int_equal(sio__backlog_deadline(&w.log), 1201);
  /* The next one does the same. */
  assert_int_equal(put_at(&w, "3", 1201), 0);
  assert_int_equal(number(&w, "2"), 0);
  expect(&w, 2, "", "3");
  sio__backlog_sweep(&w.log, UINT64_MAX);
  assert_int_equal(w.log.by_offset.count, 0);
  assert_int_equal(sio__backlog_deadline(&w.log), SIO_NEVER);
  expect(&w, 3, "", "");
  expect_gone(&w, 2);
  end(&w);
}

static void test_time_may_be_at_its_ends(void **state)
{
  static const struct sio__backlog_limits for_ever = {
      .max_age_ms = UINT64_MAX, .max_packets = 9, .max_bytes = 1 << 20};
  struct world w;

  (void)state;
  begin(&w, &roomy);
  assert_int_equal(put_at(&w, "1", 0), 0);
  assert_int_equal(put_at(&w, "2", UINT64_MAX), 0);
  assert_int_equal(put_at(&w, "3", 5), 0); /* counts as the same moment */
  assert_int_equal(number(&w, "1"), 0);
  assert_int_equal(sio__backlog_deadline(&w.log), SIO_NEVER);
  sio__backlog_sweep(&w.log, UINT64_MAX);
  expect(&w, 1, "", "2 3");
  end(&w);

  begin(&w, &roomy);
  assert_int_equal(put_at(&w, "1", UINT64_MAX - 1002), 0);
  assert_int_equal(sio__backlog_deadline(&w.log), UINT64_MAX - 1);
  sio__backlog_sweep(&w.log, UINT64_MAX - 1);
  assert_int_equal(number(&w, "1"), 0);
  end(&w);

  begin(&w, &for_ever);
  assert_int_equal(put_at(&w, "1", 0), 0);
  assert_int_equal(sio__backlog_deadline(&w.log), SIO_NEVER);
  sio__backlog_sweep(&w.log, UINT64_MAX);
  expect(&w, 0, "", "1");
  end(&w);
}

/* ---- Holes ---- */

static void test_a_packet_that_is_too_large_leaves_a_hole(void **state)
{
  struct sio__backlog_limits limits = roomy;
  struct world w;

  (void)state;
  limits.max_bytes = 1200;
  begin(&w, &limits);
  put_each(&w, "12");
  assert_int_equal(add_parts(&w.log, &w.pool, "3", 4, "abcdefgh", "", 0),
                   SIO_ERR_LIMIT);
  assert_int_equal(w.log.bytes, 0); /* nothing older is of use */
  put_each(&w, "45");
  assert_int_equal(number(&w, "3"), 0);
  expect_gone(&w, 0);
  expect_gone(&w, 2);
  expect(&w, 3, "", "4 5");
  expect_no_gap(&w, "12345");
  end(&w);
}

static void test_a_backlog_of_nothing_is_all_holes(void **state)
{
  static const struct sio__backlog_limits no_packets = {.max_age_ms = 1000,
                                                        .max_bytes = 1 << 20};
  static const struct sio__backlog_limits no_bytes = {.max_age_ms = 1000,
                                                      .max_packets = 9};
  struct world w;

  (void)state;
  for (int i = 0; i < 2; i++) {
    begin(&w, i == 0 ? &no_packets : &no_bytes);
    assert_int_equal(put_at(&w, "1", 0), SIO_ERR_LIMIT);
    assert_int_equal(number(&w, "1"), 0);
    expect_gone(&w, 0);
    expect(&w, 1, "", "");
    end(&w);
  }
}

static void test_a_packet_without_memory_leaves_a_hole(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put_each(&w, "123");
  w.mem.fail_at = w.mem.calls + 1; /* the chunk is there */
  assert_int_equal(put_at(&w, "4", 0), SIO_ERR_NOMEM);
  assert_true(w.mem.fired);
  assert_int_equal(number(&w, "3"), 0);
  expect_gone(&w, 3);
  put_each(&w, "56");
  expect_gone(&w, 1);
  expect_gone(&w, 3);
  expect(&w, number(&w, "5"), "", "6");
  end(&w);
}

static void add_without_memory(struct test_mem *mem, void *user)
{
  struct sio__chunk_pool pool;
  struct sio__backlog log;
  struct shown shown = {.len = 0};
  struct member_of who;
  char offset[2] = "a";
  int rv, failed = 0;

  (void)user;
  be_in(&who, "");
  sio__chunk_pool_init(&pool, &mem->allocator, 0);
  sio__backlog_init(&log, &mem->allocator, &world_seed, &roomy);
  for (; offset[0] <= 'l'; offset[0]++) {
    uint64_t before = log.newest;

    rv = add_parts(&log, &pool, offset, 2, "", "", 0);
    if (rv == 0) {
      assert_int_equal(sio__backlog_find(&log, sio_s(offset)), before + 1);
    } else {
      assert_int_equal(rv, SIO_ERR_NOMEM);
      failed++;
      /* Unless it was a chunk that could not be made: there is a hole now. */
      assert_int_equal(sio__backlog_is_whole(&log, before),
                       log.newest == before);
    }
  }
  assert_true(failed <= 1);
  rv = sio__backlog_replay(&log, log.hole, &who.set, show, &shown);
  assert_int_equal(rv, 0);
  assert_int_equal(shown.packets, log.by_offset.count);
  assert_int_equal(shown.packets, log.newest - log.hole);
  sio__backlog_dispose(&log);
  sio__chunk_pool_dispose(&pool);
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  assert_true(test_every_allocation(add_without_memory, NULL) > 36);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_offsets_are_times_in_base_64),
      cmocka_unit_test(test_offsets_of_one_moment_are_counted),
      cmocka_unit_test(test_offsets_do_not_need_a_clock),
      cmocka_unit_test(test_no_offset_is_made_twice),
      cmocka_unit_test(test_an_empty_backlog_shows_nothing),
      cmocka_unit_test(test_packets_are_found_by_their_whole_offset),
      cmocka_unit_test(test_packets_after_an_offset_are_shown_in_order),
      cmocka_unit_test(test_filters_are_those_of_a_broadcast),
      cmocka_unit_test(test_attachments_come_with_their_packet),
      cmocka_unit_test(test_chunks_are_retained_not_copied),
      cmocka_unit_test(test_a_replay_can_be_stopped),
      cmocka_unit_test(test_the_oldest_go_when_there_are_too_many),
      cmocka_unit_test(test_bytes_of_chunks_filters_and_blocks_count),
      cmocka_unit_test(test_packets_get_too_old),
      cmocka_unit_test(test_time_may_be_at_its_ends),
      cmocka_unit_test(test_a_packet_that_is_too_large_leaves_a_hole),
      cmocka_unit_test(test_a_backlog_of_nothing_is_all_holes),
      cmocka_unit_test(test_a_packet_without_memory_leaves_a_hole),
      cmocka_unit_test(test_every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
