/* SPDX-License-Identifier: MIT */
/* lib/core/rates.c: how fast a client may send. */
#include "core_world.h"

#include <sio/event.h>
#include <sio/metrics.h>

#include "core/rates.h"

static struct core_world w;

static void on_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)socket;
  (void)user;
  world_note(&w, "event %.*s", (int)sio_args_json(args).len,
             sio_args_json(args).data);
  (void)sio_ackf(ack, NULL);
}

static void on_problem(sio_socket *socket, const sio_problem *problem,
                       void *user)
{
  (void)user;
  world_note(&w, "problem %d: %s, %.*s", problem->error, problem->message,
             (int)problem->event.len, problem->event.data);
  if (sio_socket_user(socket) == &w)
    (void)sio_socket_disconnect(socket, true);
}

/* A server of these options with one client in "/", who is known. */
static void begin(const sio_server_options *options, struct core_client *c)
{
  world_open(&w, options);
  (void)world_watch(&w, "/");
  assert_int_equal(sio_on(w.root, "e", on_event, NULL), 0);
  assert_int_equal(sio_on_problem(w.root, on_problem, NULL), 0);
  client_enter(&w, c);
  assert_noted(&w, "joined /\n");
}

static void say(struct core_client *c, const char *text, int times)
{
  for (int i = 0; i < times; i++)
    client_say(c, text);
}

static uint64_t dropped(void)
{
  sio_metrics metrics;

  sio_server_metrics(w.server, &metrics);
  return metrics.events_dropped;
}

static uint64_t dropped_in(const sio_ns *ns)
{
  sio_ns_metrics metrics;

  sio_ns_metrics(ns, &metrics);
  return metrics.events_over_rate;
}

/* ---- Closing ---- */

static sio_end last_end;

static void keep_end(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)user;
  last_end = *end;
}

static void expect_end(sio_cause cause, uint64_t limit, uint64_t seen)
{
  assert_int_equal(last_end.reason, SIO_REASON_FORCED_SERVER_CLOSE);
  assert_int_equal(last_end.cause, cause);
  assert_int_equal(last_end.limit, limit);
  assert_int_equal(last_end.seen, seen);
  assert_int_equal(sio_server_cause_count(w.server, cause), 1);
}

static void test_too_many_events_close_the_client(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.events_per_second = 2;
  options.events_burst = 3;
  begin(&options, &c);
  assert_int_equal(sio_on_disconnect(w.root, keep_end, NULL), 0);
  say(&c, "42[\"e\"]", 3);
  assert_noted(&w, "event \nevent \nevent \n");
  world_wait(&w, 500);
  say(&c, "42[\"e\",1]", 4);
  assert_noted(&w, "event 1\nleaving /: forced server close, rooms 1\n"
                   "left /: forced server close, too many events at a time, "
                   "rooms 0\n");
  expect_end(SIO_CAUSE_RATE_EVENTS, 3, 4);
  assert_hears(&c, "<close>\n");
  world_close(&w);
}

static void test_too_many_bytes_close_the_client(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.event_bytes_per_second = 10;
  begin(&options, &c);
  assert_int_equal(sio_on_disconnect(w.root, keep_end, NULL), 0);
  client_say(&c, "42[\"e\",123456]"); /* the name does not count */
  client_say(&c, "42[\"e\",1234]");
  client_say(&c, "42[\"e\"]"); /* no bytes at all */
  assert_noted(&w, "event 123456\nevent 1234\nevent \n");
  client_say(&c, "42[\"e\",12]");
  assert_noted(&w, "leaving /: forced server close, rooms 1\n"
                   "left /: forced server close, too many bytes of events at "
                   "a time, rooms 0\n");
  expect_end(SIO_CAUSE_RATE_BYTES, 10, 12);
  world_close(&w);
}

static void test_attachments_are_bytes_of_an_event(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.event_bytes_per_second = 1;
  options.event_bytes_burst = 40;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  client_say(&c, "451-[\"e\",{\"_placeholder\":true,\"num\":0}]"); /* 29 */
  client_say_bytes(&c, "01234567890", 11);
  assert_noted(&w, "event {\"_placeholder\":true,\"num\":0}\n");
  world_wait(&w, 39999);
  client_say(&c, "451-[\"e\",{\"_placeholder\":true,\"num\":0}]");
  client_say_bytes(&c, "01234567890", 11);
  assert_noted(&w, "problem -5: too many bytes of events at a time, e\n");
  world_close(&w);
}

static void test_too_many_joins_close_the_client(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.joins_per_second = 1;
  options.joins_burst = 2;
  begin(&options, &c);
  assert_int_equal(sio_on_disconnect(w.root, keep_end, NULL), 0);
  client_say(&c, "40/nowhere,");
  assert_hears(&c, "44/nowhere,{\"message\":\"Invalid namespace\"}\n");
  client_say(&c, "40/nowhere,");
  expect_end(SIO_CAUSE_RATE_JOINS, 2, 3);
  assert_hears(&c, "<close>\n");
  world_close(&w);
}

/* ---- Dropping ---- */

static void test_events_beyond_a_rate_may_be_dropped(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.events_per_second = 1;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  client_say(&c, "421[\"e\"]");
  client_say(&c, "422[\"e\"]");
  assert_noted(&w, "event \nproblem -5: too many events at a time, e\n");
  assert_hears(&c, "431[]\n"); /* what is dropped is not acknowledged */
  assert_int_equal(dropped(), 1);
  world_wait(&w, 1000);
  client_say(&c, "423[\"e\"]");
  assert_noted(&w, "event \n");
  assert_hears(&c, "433[]\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_RATE_EVENTS), 0);
  world_close(&w);
}

static void test_joins_beyond_a_rate_may_be_refused(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.joins_per_second = 1;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  (void)world_watch(&w, "/b");
  client_say(&c, "40/b,");
  assert_hears(&c, "44/b,{\"message\":\"Too many joins\"}\n");
  assert_noted(&w, "");
  assert_int_equal(dropped(), 1);
  world_wait(&w, 1000);
  client_say(&c, "40/b,");
  assert_noted(&w, "joined /b\n");
  world_close(&w);
}

static void test_a_problem_handler_may_disconnect(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.events_per_second = 1;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  sio_socket_set_user(client_socket(&c, "/"), &w, NULL);
  say(&c, "42[\"e\"]", 4);
  assert_noted(&w, "event \nproblem -5: too many events at a time, e\n"
                   "leaving /: server namespace disconnect, rooms 1\n"
                   "left /: server namespace disconnect, the host "
                   "disconnected the socket, rooms 0\n");
  world_close(&w);
}

/* ---- What does not count ---- */

static void on_answer(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  world_note(&w, "answer %d", status);
}

static void test_answers_that_are_awaited_are_no_events(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_target target;

  (void)state;
  world_options(&w, &options);
  options.events_per_second = 1;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  target = sio_with_ack(sio_only(client_socket(&c, "/")), SIO_NEVER, on_answer,
                        NULL);
  for (int i = 0; i < 3; i++)
    assert_int_equal(sio_emitf(target, "ask", NULL), 0);
  client_say(&c, "430[]");
  client_say(&c, "431[]");
  client_say(&c, "432[]");
  assert_noted(&w, "answer 0\nanswer 0\nanswer 0\n");
  client_say(&c, "432[]"); /* nobody waits for that one any more */
  client_say(&c, "432[]");
  assert_noted(&w, "problem -5: too many events at a time, \n");
  client_say(&c, "43[]"); /* without an id */
  assert_noted(&w, "problem -5: too many events at a time, \n");
  world_close(&w);
}

static void test_the_namespaces_of_a_connection_share_its_rates(void **state)
{
  static struct core_client c, d;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.events_per_second = 2;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  (void)world_watch(&w, "/b");
  client_join(&c, "/b");
  client_enter(&w, &d);
  assert_noted(&w, "joined /b\njoined /\n");
  client_say(&c, "42[\"e\"]");
  client_say(&c, "42/b,[\"x\"]");
  client_say(&c, "42[\"e\"]");
  assert_noted(&w, "event \nproblem -5: too many events at a time, e\n");
  assert_int_equal(dropped_in(w.root), 1);
  client_say(&c, "42/b,[\"x\"]");
  assert_int_equal(dropped_in(sio_find(w.server, "/b")), 1);
  assert_int_equal(dropped_in(w.root), 1);
  assert_int_equal(dropped(), 2);
  client_say(&d, "42[\"e\"]"); /* another one's do not count */
  assert_noted(&w, "event \n");
  world_close(&w);
}

static void test_leaving_is_always_possible(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.events_per_second = 1;
  options.rate_policy = SIO_RATE_DROP;
  begin(&options, &c);
  say(&c, "42[\"e\"]", 2);
  client_say(&c, "41");
  assert_noted(&w, "event \nproblem -5: too many events at a time, e\n"
                   "leaving /: client namespace disconnect, rooms 1\n"
                   "left /: client namespace disconnect, the client left the "
                   "namespace, rooms 0\n");
  world_close(&w);
}

static size_t blocks_of_a_client(const sio_server_options *options)
{
  static struct core_client c;
  size_t before, blocks;

  world_open(&w, options);
  before = w.mem->live_blocks;
  client_enter(&w, &c);
  blocks = w.mem->live_blocks - before;
  world_close(&w);
  return blocks;
}

static void test_what_is_not_limited_costs_nothing(void **state)
{
  static struct core_client c;
  sio_server_options options;
  size_t without;

  (void)state;
  world_options(&w, &options);
  without = blocks_of_a_client(&options);
  world_options(&w, &options);
  options.joins_per_second = 100;
  assert_int_equal(blocks_of_a_client(&options), without + 1);
  world_options(&w, &options);
  begin(&options, &c);
  say(&c, "42[\"e\"]", 200);
  assert_int_equal(w.n_notes, 200 * strlen("event \n"));
  w.n_notes = 0;
  world_close(&w);
}

/* ---- Out of memory ---- */

static void run_with(struct test_mem *mem, void *user)
{
  static struct core_client c;
  sio_server_options options;

  world_options(&w, &options);
  w.mem = mem;
  options.allocator = &mem->allocator;
  options.log = NULL;
  options.events_per_second = options.joins_per_second = 1;
  options.joins_burst = 2;
  options.rate_policy = *(const uint32_t *)user;
  w.now_ms = 1000;
  w.server = sio_server_new(&options);
  if (w.server == NULL)
    return;
  w.root = sio_find(w.server, "/");
  sio_server_expire(w.server, w.now_ms);
  if (client_open(&w, &c)) {
    client_say(&c, "40");
    say(&c, "42[\"e\",{\"a\":[1]}]", 3);
    client_say(&c, "40/b,");
    client_say(&c, "40/b,");
  }
  world_close(&w);
}

static void test_without_memory_nothing_leaks(void **state)
{
  static uint32_t drop = SIO_RATE_DROP, close = SIO_RATE_CLOSE;

  (void)state;
  assert_true(test_every_allocation(run_with, &drop) > 10);
  assert_true(test_every_allocation(run_with, &close) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_too_many_events_close_the_client),
      cmocka_unit_test(test_too_many_bytes_close_the_client),
      cmocka_unit_test(test_attachments_are_bytes_of_an_event),
      cmocka_unit_test(test_too_many_joins_close_the_client),
      cmocka_unit_test(test_events_beyond_a_rate_may_be_dropped),
      cmocka_unit_test(test_joins_beyond_a_rate_may_be_refused),
      cmocka_unit_test(test_a_problem_handler_may_disconnect),
      cmocka_unit_test(test_answers_that_are_awaited_are_no_events),
      cmocka_unit_test(test_the_namespaces_of_a_connection_share_its_rates),
      cmocka_unit_test(test_leaving_is_always_possible),
      cmocka_unit_test(test_what_is_not_limited_costs_nothing),
      cmocka_unit_test(test_without_memory_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
