/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "base/timer.h"

enum { MAX_TIMERS = 64 };

struct probe {
  struct sio__timer timer;
  struct world *world;
  char name;
  void (*then)(struct probe *self); /* what to do when fired, or NULL */
};

struct world {
  struct sio__clock clock;
  struct probe *probes[MAX_TIMERS];
  char log[256]; /* the names in the order they fired */
  size_t n;
};

static void on_fire(struct sio__timer *timer)
{
  struct probe *self = SIO__CONTAINER(timer, struct probe, timer);

  assert_false(sio__timer_is_running(timer));
  self->world->log[self->world->n++] = self->name;
  if (self->then != NULL)
    self->then(self);
}

static void begin(struct world *w, uint64_t now_ms, size_t n)
{
  memset(w, 0, sizeof *w);
  sio__clock_init(&w->clock, now_ms);
  for (size_t i = 0; i < n; i++) {
    struct probe *probe = calloc(1, sizeof *probe);

    assert_non_null(probe);
    probe->world = w;
    probe->name = (char)('a' + i);
    sio__timer_init(&probe->timer, on_fire);
    w->probes[i] = probe;
  }
}

static void end(struct world *w)
{
  for (size_t i = 0; i < MAX_TIMERS; i++)
    free(w->probes[i]);
}

static struct sio__timer *timer(struct world *w, char name)
{
  return &w->probes[name - 'a']->timer;
}

static void start(struct world *w, char name, uint64_t duration_ms)
{
  sio__timer_start(&w->clock, timer(w, name), duration_ms);
}

/* Let time pass and compare what fires. */
static void expect(struct world *w, uint64_t now_ms, const char *names)
{
  memset(w->log, 0, sizeof w->log);
  w->n = 0;
  sio__clock_expire(&w->clock, now_ms);
  assert_string_equal(w->log, names);
}

static void test_a_timer_fires_at_its_time_and_once(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 1000, 1);
  assert_true(sio__clock_deadline(&w.clock) == SIO_NEVER);
  assert_false(sio__timer_is_running(timer(&w, 'a')));
  start(&w, 'a', 50);
  assert_true(sio__timer_is_running(timer(&w, 'a')));
  assert_int_equal(sio__clock_deadline(&w.clock), 1050);
  expect(&w, 1049, "");
  expect(&w, 1050, "a");
  expect(&w, 2000, "");
  assert_true(sio__clock_deadline(&w.clock) == SIO_NEVER);
  end(&w);
}

static void test_timers_fire_in_the_order_of_their_deadlines(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 0, 6);
  start(&w, 'a', 30);
  start(&w, 'b', 10);
  start(&w, 'c', 20);
  start(&w, 'd', 10); /* as b, but later */
  expect(&w, 5, "");
  start(&w, 'e', 10); /* 15 */
  start(&w, 'f', 30); /* 35 */
  assert_int_equal(sio__clock_deadline(&w.clock), 10);
  expect(&w, 30, "bdeca");
  expect(&w, 35, "f");
  end(&w);
}

static void test_a_started_timer_can_be_started_anew_or_stopped(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 0, 2);
  start(&w, 'a', 10);
  start(&w, 'b', 10);
  expect(&w, 5, "");
  start(&w, 'a', 10);
  sio__timer_stop(timer(&w, 'b'));
  sio__timer_stop(timer(&w, 'b'));
  expect(&w, 14, "");
  expect(&w, 15, "a");
  expect(&w, 1000, "");
  end(&w);
}

static void test_an_earlier_beginning_gives_an_earlier_end(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 100, 4);
  start(&w, 'a', 50);
  sio__timer_start_from(&w.clock, timer(&w, 'b'), 80, 50);
  sio__timer_start_from(&w.clock, timer(&w, 'c'), 90, 50);
  sio__timer_start_from(&w.clock, timer(&w, 'd'), 10, 50); /* is over */
  assert_int_equal(sio__clock_deadline(&w.clock), 60);
  expect(&w, 100, "d");
  assert_int_equal(sio__clock_deadline(&w.clock), 130);
  expect(&w, 200, "bca");
  end(&w);
}

static void test_time_does_not_go_back(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 100, 1);
  start(&w, 'a', 10);
  expect(&w, 50, "");
  assert_int_equal(w.clock.now_ms, 100);
  expect(&w, 110, "a");
  start(&w, 'a', 0);
  expect(&w, 0, "a"); /* counts as 110 */
  end(&w);
}

static void test_a_deadline_beyond_all_time_never_comes(void **state)
{
  struct world w;

  (void)state;
  begin(&w, UINT64_MAX - 10, 3);
  start(&w, 'a', SIO_NEVER);
  start(&w, 'b', 11);
  assert_true(sio__timer_is_running(timer(&w, 'b')));
  assert_true(sio__clock_deadline(&w.clock) == SIO_NEVER);
  start(&w, 'c', 9);
  expect(&w, UINT64_MAX, "c");
  sio__timer_stop(timer(&w, 'a'));
  sio__timer_stop(timer(&w, 'b'));
  end(&w);
}

static void restart(struct probe *self)
{
  sio__timer_start(&self->world->clock, &self->timer, 0);
}

static void test_a_timer_started_while_firing_waits_for_the_next_call(void **s)
{
  struct world w;

  (void)s;
  begin(&w, 0, 2);
  w.probes[0]->then = restart;
  start(&w, 'a', 10);
  start(&w, 'b', 20);
  expect(&w, 30, "ab");
  assert_int_equal(sio__clock_deadline(&w.clock), 30);
  expect(&w, 30, "a");
  expect(&w, 31, "a");
  end(&w);
}

/* `a` is the first to fire and does as it likes with the others. */
static void meddle(struct probe *self)
{
  struct world *w = self->world;

  sio__timer_stop(timer(w, 'b')); /* due as well */
  sio__timer_start(&w->clock, timer(w, 'c'), 5);
  sio__timer_stop(timer(w, 'd'));
  free(w->probes[3]);
  w->probes[3] = NULL;
  sio__timer_stop(timer(w, 'f')); /* not due yet */
}

static void test_a_fired_timer_may_stop_restart_and_free_others(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 0, 6);
  w.probes[0]->then = meddle;
  for (char name = 'a'; name <= 'e'; name++)
    start(&w, name, 10);
  start(&w, 'f', 20);
  expect(&w, 10, "ae");
  expect(&w, 14, "");
  expect(&w, 15, "c");
  expect(&w, 100, "");
  end(&w);
}

static void free_self(struct probe *self)
{
  self->world->probes[self->name - 'a'] = NULL;
  free(self);
}

static void test_a_fired_timer_may_free_itself(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 0, 2);
  w.probes[0]->then = free_self;
  start(&w, 'a', 1);
  start(&w, 'b', 1);
  expect(&w, 1, "ab");
  assert_null(w.probes[0]);
  end(&w);
}

static void expire_again(struct probe *self)
{
  sio__clock_expire(&self->world->clock, 50);
}

static void test_expiring_inside_a_timer_fires_none_twice(void **state)
{
  struct world w;

  (void)state;
  begin(&w, 0, 3);
  w.probes[0]->then = expire_again;
  start(&w, 'a', 1);
  start(&w, 'b', 2);
  start(&w, 'c', 40);
  expect(&w, 10, "acb");
  expect(&w, 100, "");
  end(&w);
}

static void test_more_durations_than_queues_keep_the_order(void **state)
{
  struct world w;
  char want[MAX_TIMERS + 1] = {0};

  (void)state;
  begin(&w, 0, 60);
  for (size_t i = 0; i < 60; i++) { /* the last letter is due first */
    sio__timer_start(&w.clock, &w.probes[i]->timer, 1000 - 10 * i);
    want[59 - i] = (char)('a' + i);
  }
  assert_int_equal(sio__clock_deadline(&w.clock), 410);
  expect(&w, 1000, want);
  /* all queues are free for other durations */
  for (size_t i = 0; i < SIO__CLOCK_QUEUES - 1; i++)
    sio__timer_start(&w.clock, &w.probes[i]->timer, 1 + i);
  assert_true(
      sio__list_is_empty(&w.clock.queues[SIO__CLOCK_QUEUES - 1].timers));
  want[0] = '\0';
  for (size_t i = 0; i < SIO__CLOCK_QUEUES - 1; i++) {
    want[i] = (char)('a' + i);
    want[i + 1] = '\0';
  }
  expect(&w, 2000, want);
  end(&w);
}

static void test_timers_of_one_duration_stand_in_one_queue(void **state)
{
  struct world w;
  size_t used = 0;

  (void)state;
  begin(&w, 0, 60);
  for (size_t i = 0; i < 60; i++) {
    sio__clock_expire(&w.clock, i);
    sio__timer_start(&w.clock, &w.probes[i]->timer, 1000 + i % 3);
  }
  for (size_t i = 0; i < SIO__CLOCK_QUEUES; i++)
    used += !sio__list_is_empty(&w.clock.queues[i].timers);
  assert_int_equal(used, 3);
  end(&w);
}

static void test_random_timers_fire_when_a_simple_model_says(void **state)
{
  struct world w;
  uint64_t at[MAX_TIMERS];
  uint32_t seed = 7;
  uint64_t now = 0;

  (void)state;
  begin(&w, 0, 60);
  for (size_t i = 0; i < 60; i++)
    at[i] = SIO_NEVER;
  for (size_t round = 0; round < 20000; round++) {
    size_t i = test_random(&seed) % 60;
    uint64_t duration = test_random(&seed) % 100;
    uint64_t from = now - test_random(&seed) % (now < 20 ? now + 1 : 20);
    uint64_t next = SIO_NEVER;
    size_t due = 0;

    if (test_random(&seed) % 4 > 0) {
      sio__timer_start_from(&w.clock, &w.probes[i]->timer, from, duration);
      at[i] = from + duration;
    } else {
      sio__timer_stop(&w.probes[i]->timer);
      at[i] = SIO_NEVER;
    }
    for (size_t k = 0; k < 60; k++)
      next = at[k] < next ? at[k] : next;
    assert_true(sio__clock_deadline(&w.clock) == next);
    now += test_random(&seed) % 3;
    w.n = 0;
    sio__clock_expire(&w.clock, now);
    for (size_t k = 0; k < 60; k++)
      due += at[k] <= now;
    assert_int_equal(w.n, due);
    for (size_t k = 0; k < due; k++) {
      size_t fired = (uint8_t)(w.log[k] - 'a');

      assert_true(at[fired] <= now);
      assert_true(k == 0 || at[(uint8_t)(w.log[k - 1] - 'a')] <= at[fired]);
    }
    for (size_t k = 0; k < due; k++)
      at[(uint8_t)(w.log[k] - 'a')] = SIO_NEVER;
  }
  end(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_timer_fires_at_its_time_and_once),
      cmocka_unit_test(test_timers_fire_in_the_order_of_their_deadlines),
      cmocka_unit_test(test_a_started_timer_can_be_started_anew_or_stopped),
      cmocka_unit_test(test_an_earlier_beginning_gives_an_earlier_end),
      cmocka_unit_test(test_time_does_not_go_back),
      cmocka_unit_test(test_a_deadline_beyond_all_time_never_comes),
      cmocka_unit_test(
          test_a_timer_started_while_firing_waits_for_the_next_call),
      cmocka_unit_test(test_a_fired_timer_may_stop_restart_and_free_others),
      cmocka_unit_test(test_a_fired_timer_may_free_itself),
      cmocka_unit_test(test_expiring_inside_a_timer_fires_none_twice),
      cmocka_unit_test(test_more_durations_than_queues_keep_the_order),
      cmocka_unit_test(test_timers_of_one_duration_stand_in_one_queue),
      cmocka_unit_test(test_random_timers_fire_when_a_simple_model_says),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
