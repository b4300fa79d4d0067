/* SPDX-License-Identifier: MIT */
/* Packets that come and go while others are replayed. */
#include "log_world.h"

static void then_add(struct shown *shown, char name)
{
  if (name == '2')
    put(shown->user, "4");
  if (name == '4')
    put(shown->user, "5");
}

static void test_packets_added_meanwhile_are_shown(void **state)
{
  struct shown shown = {.then = then_add};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  be_in(&who, "");
  shown.user = &w;
  put_each(&w, "123");
  assert_int_equal(sio__backlog_replay(&w.log, 0, &who.set, show, &shown), 0);
  assert_string_equal(shown.text, "1 2 3 4 5");
  end(&w);
}

static void then_push_out(struct shown *shown, char name)
{
  if (name == '1')
    put_each(shown->user, "abcdef");
}

static void test_packets_dropped_meanwhile_are_shown(void **state)
{
  static const struct sio__backlog_limits three = {
      .max_age_ms = 1000, .max_packets = 3, .max_bytes = 1 << 20};
  struct shown shown = {.then = then_push_out};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &three);
  be_in(&who, "");
  shown.user = &w;
  put_each(&w, "123");
  assert_int_equal(sio__backlog_replay(&w.log, 0, &who.set, show, &shown), 0);
  assert_string_equal(shown.text, "1 2 3 a b c d e f");
  assert_int_equal(w.log.by_offset.count, 3);
  assert_true(sio__list_is_empty(&w.log.dropped));
  expect_gone(&w, 0);
  end(&w);
}

static void then_sweep(struct shown *shown, char name)
{
  struct world *w = shown->user;

  (void)name;
  sio__backlog_sweep(&w->log, UINT64_MAX);
}

static void test_packets_that_get_too_old_meanwhile_are_shown(void **state)
{
  struct shown shown = {.then = then_sweep};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  be_in(&who, "");
  shown.user = &w;
  put_each(&w, "123");
  assert_int_equal(sio__backlog_replay(&w.log, 0, &who.set, show, &shown), 0);
  assert_string_equal(shown.text, "1 2 3");
  assert_true(sio__list_is_empty(&w.log.dropped));
  assert_true(w.mem.live_blocks <= 1); /* the table of the map */
  end(&w);
}

static void then_fail(struct shown *shown, char name)
{
  struct world *w = shown->user;

  if (name == '2') {
    w->mem.fail_at = w->mem.calls + 1;
    assert_int_equal(put_at(w, "4", 0), SIO_ERR_NOMEM);
    put(w, "5");
  }
}

static void test_a_hole_that_comes_meanwhile_is_noticed(void **state)
{
  struct shown shown = {.then = then_fail};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  be_in(&who, "");
  shown.user = &w;
  put_each(&w, "123");
  assert_int_equal(sio__backlog_replay(&w.log, 0, &who.set, show, &shown),
                   SIO_ERR_NOT_FOUND);
  assert_string_equal(shown.text, "1 2 3"); /* 4 is missing */
  end(&w);
}

static void then_fail_at_last(struct shown *shown, char name)
{
  struct world *w = shown->user;

  if (name == '3') {
    w->mem.fail_at = w->mem.calls + 1;
    assert_int_equal(put_at(w, "4", 0), SIO_ERR_NOMEM);
  }
}

static void test_a_hole_at_the_end_is_noticed(void **state)
{
  struct shown shown = {.then = then_fail_at_last};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &roomy);
  be_in(&who, "");
  shown.user = &w;
  put_each(&w, "123");
  assert_int_equal(sio__backlog_replay(&w.log, 0, &who.set, show, &shown),
                   SIO_ERR_NOT_FOUND);
  assert_string_equal(shown.text, "1 2 3");
  end(&w);
}

/* A replay within a replay, and packets are dropped in both. */
static void then_replay(struct shown *shown, char name)
{
  struct world *w = shown->user;
  struct shown inner = {.then = then_push_out, .user = w};
  struct member_of who;

  if (name != '1')
    return;
  be_in(&who, "");
  assert_int_equal(sio__backlog_replay(&w->log, 0, &who.set, show, &inner), 0);
  assert_string_equal(inner.text, "1 2 3 a b c d e f");
}

static void test_replays_may_be_nested(void **state)
{
  static const struct sio__backlog_limits three = {
      .max_age_ms = 1000, .max_packets = 3, .max_bytes = 1 << 20};
  struct shown shown = {.then = then_replay};
  struct member_of who;
  struct world w;

  (void)state;
  begin(&w, &three);
  be_in(&who, "");
  shown.user = &w;
  put_each(&w, "123");
  assert_int_equal(sio__backlog_replay(&w.log, 0, &who.set, show, &shown), 0);
  assert_string_equal(shown.text, "1 2 3 a b c d e f");
  end(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_packets_added_meanwhile_are_shown),
      cmocka_unit_test(test_packets_dropped_meanwhile_are_shown),
      cmocka_unit_test(test_packets_that_get_too_old_meanwhile_are_shown),
      cmocka_unit_test(test_a_hole_that_comes_meanwhile_is_noticed),
      cmocka_unit_test(test_a_hole_at_the_end_is_noticed),
      cmocka_unit_test(test_replays_may_be_nested),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
