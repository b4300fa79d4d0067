/* SPDX-License-Identifier: MIT */
#include "recover_world.h"

static void test_a_session_comes_back_as_it_was(void **state)
{
  struct sio__recovered *taken;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "pid", "cab", 100), 0);
  taken = take(&w, "pid", "1", 200);
  assert_non_null(taken);
  assert_true(sio_str_is(taken->session.pid, "pid"));
  assert_true(sio_str_is(taken->session.sid, "s"));
  assert_true(sio_str_is(taken->session.data, "\"pid\""));
  assert_int_equal(taken->session.n_rooms, 3);
  assert_true(sio_str_is(taken->session.rooms[0], "c"));
  assert_true(sio_str_is(taken->session.rooms[1], "a"));
  assert_true(sio_str_is(taken->session.rooms[2], "b"));
  sio__recovered_free(taken, &w.mem.allocator);
  expect_lost(&w, "");
  end(&w);
}

static void test_a_session_may_have_nothing_at_all(void **state)
{
  static const struct sio__recover_session nothing = {.n_rooms = 0};
  struct sio__recovered *taken;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(sio__recover_save(&w.store, &nothing, 0), 0);
  put(&w, "2");
  put_for(&w, "3", "a", "");
  taken = take(&w, "", "1", 0);
  assert_non_null(taken);
  assert_int_equal(taken->session.n_rooms, 0);
  assert_int_equal(taken->session.data.len, 0);
  expect_replay(&w, taken, "2");
  sio__recovered_free(taken, &w.mem.allocator);
  sio__recovered_free(NULL, &w.mem.allocator);
  end(&w);
}

static void test_missed_packets_of_its_rooms_are_replayed(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  put_for(&w, "2", "a", "");
  assert_int_equal(save(&w, "pid", "ab", 0), 0);
  put(&w, "3");
  put_for(&w, "4", "a", "");
  put_for(&w, "5", "c", "");
  put_for(&w, "6", "", "b");
  put_for(&w, "7", "cb", "");
  expect_recovery(&w, "pid", "2", "3 4 7");
  end(&w);
}

/* What it has got before the connection was lost is not sent twice; what was
 * lost on the way is sent again. */
static void test_the_offset_decides_not_the_time_of_saving(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  put(&w, "2");
  put(&w, "3");
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(save(&w, "b", "", 0), 0);
  expect_recovery(&w, "a", "1", "2 3");
  expect_recovery(&w, "b", "3", "");
  end(&w);
}

static void test_a_session_is_taken_only_once(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "pid", "", 0), 0);
  expect_recovery(&w, "pid", "1", "");
  assert_null(take(&w, "pid", "1", 0));
  expect_lost(&w, "");
  end(&w);
}

static void test_pid_and_offset_have_to_be_right(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  put(&w, "22");
  assert_int_equal(save(&w, "pid", "", 0), 0);
  assert_null(take(&w, "pi", "1", 0));
  assert_null(take(&w, "pidd", "1", 0));
  assert_null(take(&w, "", "1", 0));
  assert_null(take(&w, "s", "1", 0)); /* the sid is no secret */
  assert_null(take(&w, "pid", "", 0));
  assert_null(take(&w, "pid", "2", 0));
  assert_null(take(&w, "pid", "222", 0));
  expect_recovery(&w, "pid", "22", ""); /* none of that has cost it */
  end(&w);
}

static void test_nobody_sees_what_was_sent_before_they_came(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  put(&w, "2");
  assert_int_equal(save_since(&w, "pid", "", w.store.backlog.newest, 0), 0);
  put(&w, "3");
  expect_recovery(&w, "pid", "1", "3");
  /* The same, once the offset is one of its own. */
  assert_int_equal(save_since(&w, "pid", "", 2, 0), 0);
  put(&w, "4");
  expect_recovery(&w, "pid", "3", "4");
  end(&w);
}

/* A client that is cut again before it has got what was replayed. */
static void test_a_taken_session_can_be_saved_again(void **state)
{
  struct sio__recovered *taken;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save_since(&w, "pid", "ab", 1, 0), 0);
  put_for(&w, "2", "b", "");
  taken = take(&w, "pid", "1", 0);
  assert_non_null(taken);
  assert_int_equal(sio__recover_save(&w.store, &taken->session, 10), 0);
  sio__recovered_free(taken, &w.mem.allocator);
  taken = take(&w, "pid", "1", 1010);
  assert_non_null(taken);
  assert_int_equal(taken->session.since, 1);
  expect_replay(&w, taken, "2");
  sio__recovered_free(taken, &w.mem.allocator);
  end(&w);
}

static void test_sessions_get_too_old(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 100), 0);
  assert_int_equal(save(&w, "b", "", 101), 0);
  assert_int_equal(save(&w, "c", "", 500), 0);
  sio__recovered_free(take(&w, "a", "1", 1100), &w.mem.allocator);
  assert_int_equal(w.store.by_pid.count, 2);
  assert_null(take(&w, "b", "1", 1102));
  expect_lost(&w, ""); /* not by taking */
  assert_int_equal(sio__recover_deadline(&w.store), 1102);
  sio__recover_sweep(&w.store, 1102);
  expect_lost(&w, "b/s/\"b\" ");
  assert_int_equal(sio__recover_deadline(&w.store), 1501);
  sio__recover_sweep(&w.store, 1500);
  expect_lost(&w, "");
  assert_int_equal(save(&w, "d", "", 1501), 0); /* does it, too */
  expect_lost(&w, "c/s/\"c\" ");
  assert_int_equal(sio__recover_deadline(&w.store), 2001); /* the packet */
  sio__recover_sweep(&w.store, 9999);
  expect_lost(&w, "d/s/\"d\" ");
  assert_int_equal(sio__recover_deadline(&w.store), SIO_NEVER);
  end(&w);
}

static void test_time_may_be_at_its_ends(void **state)
{
  struct sio__recover_limits for_ever = roomy;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(sio__recover_deadline(&w.store), 1001);
  assert_null(take(&w, "a", "1", UINT64_MAX));
  assert_int_equal(save(&w, "b", "", 5), 0); /* time does not go back */
  expect_lost(&w, "a/s/\"a\" ");
  put(&w, "2");
  expect_recovery(&w, "b", "2", "");
  assert_int_equal(save(&w, "c", "", UINT64_MAX), 0);
  assert_int_equal(sio__recover_deadline(&w.store), SIO_NEVER);
  sio__recover_sweep(&w.store, UINT64_MAX);
  expect_recovery(&w, "c", "2", "");
  end(&w);

  for_ever.max_age_ms = for_ever.packets.max_age_ms = UINT64_MAX;
  begin(&w, &for_ever);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(sio__recover_deadline(&w.store), SIO_NEVER);
  sio__recover_sweep(&w.store, UINT64_MAX);
  expect_recovery(&w, "a", "1", "");
  end(&w);
}

static void test_the_oldest_sessions_are_pushed_out(void **state)
{
  struct sio__recover_limits limits = roomy;
  size_t one;
  struct world w;

  (void)state;
  limits.max_sessions = 2;
  begin(&w, &limits);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 0), 0);
  one = w.store.bytes;
  assert_int_equal(save(&w, "b", "", 0), 0);
  expect_lost(&w, "");
  assert_int_equal(save(&w, "c", "", 0), 0);
  expect_lost(&w, "a/s/\"a\" ");
  assert_null(take(&w, "a", "1", 0));
  expect_recovery(&w, "c", "1", "");
  expect_recovery(&w, "b", "1", "");
  end(&w);

  limits.max_sessions = 100;
  limits.max_bytes = 2 * one;
  begin(&w, &limits);
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(save(&w, "b", "", 0), 0);
  assert_int_equal(w.store.bytes, limits.max_bytes);
  assert_int_equal(save(&w, "c", "r", 0), 0); /* one more room */
  expect_lost(&w, "a/s/\"a\" b/s/\"b\" ");
  end(&w);
}

static void test_a_session_that_never_fits_is_refused(void **state)
{
  struct sio__recover_limits limits = roomy;
  struct sio__recover_session session = {.n_rooms = SIZE_MAX};
  struct world w;

  (void)state;
  limits.max_sessions = 0;
  begin(&w, &limits);
  assert_int_equal(save(&w, "a", "", 0), SIO_ERR_LIMIT);
  expect_lost(&w, "");
  end(&w);

  limits = roomy;
  limits.max_bytes = 100;
  begin(&w, &limits);
  assert_int_equal(save(&w, "a", "", 0), SIO_ERR_LIMIT);
  assert_int_equal(sio__recover_save(&w.store, &session, 0), SIO_ERR_LIMIT);
  assert_int_equal(w.mem.calls, 0);
  end(&w);
}

static void test_a_pid_belongs_to_one_session(void **state)
{
  struct sio__recovered *taken;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "pid", "a", 0), 0);
  assert_int_equal(save(&w, "pid", "b", 0), 0);
  expect_lost(&w, "pid/s/\"pid\" ");
  taken = take(&w, "pid", "1", 0);
  assert_non_null(taken);
  assert_true(sio_str_is(taken->session.rooms[0], "b"));
  sio__recovered_free(taken, &w.mem.allocator);
  assert_null(take(&w, "pid", "1", 0));
  end(&w);
}

/* Between taking and replaying a middleware may take its time. */
static void test_packets_may_be_dropped_before_the_replay(void **state)
{
  struct sio__recover_limits limits = roomy;
  struct shown shown = {.len = 0};
  struct sio__recovered *taken;
  struct world w;

  (void)state;
  limits.packets.max_packets = 2;
  begin(&w, &limits);
  put(&w, "1");
  assert_int_equal(save(&w, "pid", "", 0), 0);
  put(&w, "2");
  taken = take(&w, "pid", "1", 0);
  assert_non_null(taken);
  put(&w, "3"); /* drops 1, which it has got */
  expect_replay(&w, taken, "2 3");
  put(&w, "4");
  assert_false(sio__recover_is_whole(&w.store, taken));
  assert_int_equal(sio__recover_replay(&w.store, taken, show, &shown),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(shown.packets, 0);
  sio__recovered_free(taken, &w.mem.allocator);
  end(&w);
}

static void test_nobody_is_recovered_across_a_hole(void **state)
{
  struct sio__recovered *taken;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(save(&w, "b", "", 0), 0);
  taken = take(&w, "b", "1", 0);
  assert_non_null(taken);
  w.mem.fail_at = w.mem.calls + 1; /* not the chunk, but the packet */
  assert_int_equal(add_parts(&w.store.backlog, &w.pool, "2", 1, "", "", 0),
                   SIO_ERR_NOMEM);
  assert_null(take(&w, "a", "1", 0));
  assert_null(take(&w, "a", "2", 0));
  assert_false(sio__recover_is_whole(&w.store, taken));
  sio__recovered_free(taken, &w.mem.allocator);
  put(&w, "3");
  assert_null(take(&w, "a", "1", 0));
  expect_recovery(&w, "a", "3", "");
  end(&w);
}

/* ---- Whoever is told may do anything ---- */

static void then_save_another(struct world *w)
{
  w->then = NULL;
  assert_int_equal(save(w, "new", "", 2000), 0);
  put(w, "9");
  sio__recover_sweep(&w->store, 2000);
}

static void test_the_store_may_be_changed_when_one_is_lost(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(save(&w, "b", "", 0), 0);
  assert_int_equal(save(&w, "c", "", 2000 - 1000), 0);
  w.then = then_save_another;
  w.len = 0;
  sio__recover_sweep(&w.store, 2000);
  expect_lost(&w, "a/s/\"a\" b/s/\"b\" ");
  expect_recovery(&w, "new", "9", "");
  expect_recovery(&w, "c", "9", "");
  end(&w);
}

static void then_take_the_rest(struct world *w)
{
  w->then = NULL;
  sio__recovered_free(take(w, "b", "1", 0), &w->mem.allocator);
  sio__recovered_free(take(w, "c", "1", 0), &w->mem.allocator);
}

static void test_the_others_may_be_taken_when_one_is_lost(void **state)
{
  struct sio__recover_limits limits = roomy;
  struct world w;

  (void)state;
  limits.max_sessions = 2;
  begin(&w, &limits);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 0), 0);
  assert_int_equal(save(&w, "b", "", 0), 0);
  w.then = then_take_the_rest;
  assert_int_equal(save(&w, "c", "", 0), 0);
  expect_lost(&w, "a/s/\"a\" ");
  assert_int_equal(w.store.by_pid.count, 0);
  assert_int_equal(w.store.bytes, 0);
  end(&w);
}

static void test_nobody_is_told_at_the_end(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &roomy);
  put(&w, "1");
  assert_int_equal(save(&w, "a", "", 0), 0);
  end(&w);
  expect_lost(&w, "");

  begin(&w, &roomy);
  w.store.lost = NULL; /* nobody wants to know */
  assert_int_equal(save(&w, "a", "", 0), 0);
  sio__recover_sweep(&w.store, UINT64_MAX);
  assert_int_equal(w.store.by_pid.count, 0);
  end(&w);
}

/* ---- Memory ---- */

static void recover_without_memory(struct test_mem *mem, void *user)
{
  static const char *const pids[] = {"a", "b", "c", "d", "e", "f",
                                     "g", "h", "i", "j", "k", "l"};
  enum { N = sizeof pids / sizeof *pids };
  bool is_saved[N];
  size_t *recovered = user;
  bool is_put[2];
  struct world w;

  begin_at(&w, &roomy, mem);
  is_put[0] = add_parts(&w.store.backlog, &w.pool, "1", 1, "", "", 0) == 0;
  for (size_t i = 0; i < N; i++) {
    int rv = save(&w, pids[i], "ab", 0);

    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    is_saved[i] = rv == 0;
  }
  is_put[1] = add_parts(&w.store.backlog, &w.pool, "2", 1, "b", "", 0) == 0;
  for (size_t i = 0; i < N; i++) {
    struct sio__recovered *taken = take(&w, pids[i], "1", 0);

    /* A chunk that could not be made is not yet a hole. */
    if (taken == NULL) {
      assert_true(!is_saved[i] || !is_put[0] || !is_put[1]);
    } else {
      assert_true(is_saved[i] && is_put[0]);
      expect_replay(&w, taken, is_put[1] ? "2" : "");
      ++*recovered;
    }
    sio__recovered_free(taken, &mem->allocator);
  }
  end(&w);
}

static void test_every_allocation_may_fail(void **state)
{
  size_t recovered = 0;

  (void)state;
  assert_true(test_every_allocation(recover_without_memory, &recovered) > 16);
  assert_true(recovered > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_session_comes_back_as_it_was),
      cmocka_unit_test(test_a_session_may_have_nothing_at_all),
      cmocka_unit_test(test_missed_packets_of_its_rooms_are_replayed),
      cmocka_unit_test(test_the_offset_decides_not_the_time_of_saving),
      cmocka_unit_test(test_a_session_is_taken_only_once),
      cmocka_unit_test(test_pid_and_offset_have_to_be_right),
      cmocka_unit_test(test_nobody_sees_what_was_sent_before_they_came),
      cmocka_unit_test(test_a_taken_session_can_be_saved_again),
      cmocka_unit_test(test_sessions_get_too_old),
      cmocka_unit_test(test_time_may_be_at_its_ends),
      cmocka_unit_test(test_the_oldest_sessions_are_pushed_out),
      cmocka_unit_test(test_a_session_that_never_fits_is_refused),
      cmocka_unit_test(test_a_pid_belongs_to_one_session),
      cmocka_unit_test(test_packets_may_be_dropped_before_the_replay),
      cmocka_unit_test(test_nobody_is_recovered_across_a_hole),
      cmocka_unit_test(test_the_store_may_be_changed_when_one_is_lost),
      cmocka_unit_test(test_the_others_may_be_taken_when_one_is_lost),
      cmocka_unit_test(test_nobody_is_told_at_the_end),
      cmocka_unit_test(test_every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
