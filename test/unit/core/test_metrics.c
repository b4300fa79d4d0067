/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/metrics.h"

#include <stdlib.h>

static struct core_world w;
static struct core_client a, b, c;

static sio_ns_metrics look(const sio_ns *ns)
{
  sio_ns_metrics m;

  sio_ns_metrics(ns, &m);
  assert_true(m.size == sizeof m);
  return m;
}

static void begin(void)
{
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
  world_echo(w.root);
}

static void begin_two(void)
{
  begin();
  client_enter(&w, &a);
  client_enter(&w, &b);
}

static sio_target to(struct core_client *client)
{
  return sio_only(client_socket(client, "/"));
}

/* ---- Sockets ---- */

static void test_a_new_namespace_has_done_nothing(void **state)
{
  static const sio_ns_metrics zero;
  sio_ns_metrics m;

  (void)state;
  begin();
  m = look(w.root);
  m.size = 0;
  assert_memory_equal(&m, &zero, sizeof m);
  world_close(&w);
}

static void test_who_comes_and_goes_is_counted_by_the_reason(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_two();
  m = look(w.root);
  assert_int_equal(m.sockets, 2);
  assert_int_equal(m.sockets_now, 2);
  client_say(&a, "41");
  client_drop(&b);
  m = look(w.root);
  assert_int_equal(m.sockets, 2);
  assert_int_equal(m.sockets_now, 0);
  assert_int_equal(m.left[SIO_REASON_CLIENT_DISCONNECT], 1);
  assert_int_equal(m.left[SIO_REASON_TRANSPORT_CLOSE], 1);
  assert_int_equal(m.left[SIO_REASON_SERVER_DISCONNECT], 0);
  world_close(&w);
}

static void refuse(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  assert_int_equal(sio_next_refuse(next, "no", NULL), 0);
}

static void test_who_is_refused_has_not_joined(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, refuse, NULL), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40");
  m = look(w.root);
  assert_int_equal(m.sockets_refused, 1);
  assert_int_equal(m.sockets, 0);
  assert_int_equal(m.left[SIO_REASON_SERVER_DISCONNECT], 0);
  world_close(&w);
}

/* ---- Events ---- */

static void test_events_and_their_bytes_are_counted(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_two();
  client_say(&a, "42[\"echo\",\"four\",1]"); /* 8 bytes of arguments */
  client_say(&a, "42[\"echo\"]");
  m = look(w.root);
  assert_int_equal(m.events_in, 2);
  assert_int_equal(m.events_in_bytes, 8);
  assert_int_equal(m.events_out, 2);
  assert_int_equal(m.events_out_bytes, 8);
  assert_int_equal(m.events_unhandled, 0);
  assert_int_equal(m.broadcasts, 0);
  world_close(&w);
}

static void test_attachments_count_as_bytes(void **state)
{
  static const char placeholder[] = "{\"_placeholder\":true,\"num\":0}";
  sio_ns_metrics m;

  (void)state;
  begin_two();
  client_say(&a, "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
  assert_int_equal(look(w.root).events_in, 0); /* it is not whole */
  client_say_bytes(&a, "12345", 5);
  m = look(w.root);
  assert_int_equal(m.events_in, 1);
  assert_int_equal(m.events_in_bytes, strlen(placeholder) + 5);
  assert_int_equal(m.events_out, 1);
  assert_int_equal(m.events_out_bytes, strlen(placeholder) + 5);
  world_close(&w);
}

static void test_what_was_not_sent_is_not_counted(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_two();
  assert_int_equal(sio_emitf(to(&a), "e", "{"), SIO_ERR_FORMAT);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "{"), SIO_ERR_FORMAT);
  m = look(w.root);
  assert_int_equal(m.events_out, 0);
  assert_int_equal(m.broadcasts, 0);
  world_close(&w);
}

static void test_a_broadcast_counts_for_each_who_gets_it(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_two();
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%d", 100), 0);
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s("nobody")), "e", NULL), 0);
  m = look(w.root);
  assert_int_equal(m.broadcasts, 2);
  assert_int_equal(m.recipients, 2);
  assert_int_equal(m.events_out, 2);
  assert_int_equal(m.events_out_bytes, 6);
  world_close(&w);
}

static void test_what_is_volatile_is_dropped_and_counted(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_two();
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0); /* is in the way */
  assert_int_equal(sio_emitf(sio_volatile(to(&a)), "e", NULL), SIO_DROPPED);
  assert_int_equal(sio_emitf(sio_volatile(sio_everyone(w.root)), "e", NULL), 0);
  m = look(w.root);
  assert_int_equal(m.events_dropped, 2);
  assert_int_equal(m.events_out, 2);
  assert_int_equal(m.recipients, 1);
  world_close(&w);
}

static void ignore(sio_socket *socket, sio_str event, const sio_args *args,
                   sio_ack *ack, void *user)
{
  (void)socket;
  (void)event;
  (void)args;
  (void)ack;
  (void)user;
}

static void test_events_that_nobody_handles_are_counted(void **state)
{
  (void)state;
  begin_two();
  client_say(&a, "42[\"strange\"]");
  assert_int_equal(look(w.root).events_unhandled, 1);
  assert_int_equal(sio_on_any(w.root, ignore, NULL), 0); /* handles nothing */
  client_say(&a, "42[\"strange\"]");
  client_say(&a, "42[\"echo\"]");
  assert_int_equal(look(w.root).events_unhandled, 2);
  sio_on_fallback(w.root, ignore, NULL);
  client_say(&a, "42[\"strange\"]");
  assert_int_equal(look(w.root).events_unhandled, 2);
  assert_int_equal(look(w.root).events_in, 4);
  world_close(&w);
}

/* ---- Acknowledgements ---- */

static void forget(sio_socket *socket, int status, const sio_args *args,
                   void *user)
{
  (void)socket;
  (void)status;
  (void)args;
  (void)user;
}

static void done(int status, size_t answered, size_t asked, void *user)
{
  (void)status;
  (void)answered;
  (void)asked;
  (void)user;
}

static void
test_acknowledgements_and_those_that_are_late_are_counted(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_two();
  client_say(&a, "427[\"echo\"]");
  assert_int_equal(sio_emitf(sio_with_ack(to(&a), 10, forget, NULL), "q", NULL),
                   0);
  assert_int_equal(sio_emitf(sio_with_ack(to(&a), 10, forget, NULL), "q", NULL),
                   0);
  client_say(&a, "430[]");
  client_say(&a, "439[]"); /* nobody asked */
  world_wait(&w, 20);
  client_say(&a, "431[]"); /* too late */
  m = look(w.root);
  assert_int_equal(m.acks_out, 1);
  assert_int_equal(m.acks_in, 1);
  assert_int_equal(m.ack_timeouts, 1);
  world_close(&w);
}

static void test_each_who_does_not_answer_a_round_is_late(void **state)
{
  sio_ns_metrics m;
  sio_target all;

  (void)state;
  begin_two();
  client_enter(&w, &c);
  all = sio_with_acks(sio_everyone(w.root), 10, NULL, done, NULL);
  assert_int_equal(sio_emitf(all, "q", NULL), 0);
  client_say(&a, "430[]");
  world_wait(&w, 20);
  m = look(w.root);
  assert_int_equal(m.acks_in, 1);
  assert_int_equal(m.ack_timeouts, 2);
  assert_int_equal(m.recipients, 3);
  world_close(&w);
}

/* ---- Handlers ---- */

static sio_event *held;

static void hold(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  (void)user;
  if (held == NULL)
    held = sio_event_retain(event);
  else
    assert_int_equal(sio_event_next(event), 0);
}

static void test_events_that_wait_are_shown_until_they_do_not(void **state)
{
  (void)state;
  begin_two();
  held = NULL;
  assert_int_equal(sio_use_event(w.root, hold, NULL), 0);
  for (int i = 0; i < 3; i++)
    client_say(&a, "42[\"echo\"]");
  assert_int_equal(look(w.root).events_waiting_now, 2);
  assert_int_equal(look(w.root).events_in, 3);
  assert_int_equal(sio_event_next(held), 0);
  sio_event_release(held);
  assert_int_equal(look(w.root).events_waiting_now, 0);

  held = NULL;
  for (int i = 0; i < 3; i++)
    client_say(&b, "42[\"echo\"]");
  assert_int_equal(look(w.root).events_waiting_now, 2);
  client_drop(&b); /* and they are dropped */
  assert_int_equal(look(w.root).events_waiting_now, 0);
  sio_event_release(held);
  world_close(&w);
}

static uint64_t time_us;

static uint64_t read_clock(void *user)
{
  assert_ptr_equal(user, &time_us);
  return time_us;
}

static void take_time(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  uint64_t us;

  (void)socket;
  (void)ack;
  (void)user;
  assert_int_equal(sio_value_uint64(sio_arg(args, 0), &us), 0);
  time_us += us;
}

static void begin_timed(void)
{
  sio_server_options options;

  world_options(&w, &options);
  options.clock_us = read_clock;
  options.clock_user = &time_us;
  world_open(&w, &options);
  for (int i = 0; i < 2; i++) /* the time of both */
    assert_int_equal(sio_on(w.root, "take", take_time, NULL), 0);
  client_enter(&w, &a);
}

static void test_handlers_are_timed_by_the_clock_of_the_host(void **state)
{
  sio_ns_metrics m;

  (void)state;
  begin_timed();
  client_say(&a, "42[\"take\",10]");
  client_say(&a, "42[\"take\",300]");
  client_say(&a, "42[\"take\",5]");
  m = look(w.root);
  assert_int_equal(m.handled, 3);
  assert_int_equal(m.handler_us, 630);
  assert_int_equal(m.handler_us_max, 600);
  /* The longer way, with handlers of all kinds. */
  assert_int_equal(sio_on_any(w.root, ignore, NULL), 0);
  client_say(&a, "42[\"take\",1000]");
  m = look(w.root);
  assert_int_equal(m.handled, 4);
  assert_int_equal(m.handler_us, 2630);
  assert_int_equal(m.handler_us_max, 2000);
  world_close(&w);
}

static void test_without_a_clock_nothing_is_timed(void **state)
{
  (void)state;
  begin_two();
  client_say(&a, "42[\"echo\"]");
  assert_int_equal(look(w.root).handled, 0);
  assert_int_equal(look(w.root).handler_us, 0);
  world_close(&w);
}

/* ---- Parents, and the server ---- */

static sio_metrics look_at_server(void)
{
  sio_metrics m;

  sio_server_metrics(w.server, &m);
  return m;
}

static void test_a_parent_is_the_sum_of_its_children(void **state)
{
  sio_server_options options;
  sio_ns_metrics m;
  sio_ns *parent;

  (void)state;
  world_options(&w, &options);
  options.cleanup_empty_namespaces = 1;
  options.clock_us = read_clock;
  options.clock_user = &time_us;
  world_open(&w, &options);
  parent = sio_of_pattern(w.server, "/room-{n}");
  assert_non_null(parent);
  assert_int_equal(sio_on(parent, "take", take_time, NULL), 0);
  assert_true(client_open(&w, &a));
  client_join(&a, "/room-1");
  client_join(&a, "/room-2");
  client_say(&a, "42/room-1,[\"take\",10]");
  client_say(&a, "42/room-2,[\"take\",30]");
  m = look(parent);
  assert_int_equal(m.sockets_now, 2);
  assert_int_equal(m.events_in, 2);
  assert_int_equal(m.handler_us, 40);
  assert_int_equal(m.handler_us_max, 30);
  assert_int_equal(look_at_server().namespaces, 3);
  assert_int_equal(look_at_server().namespaces_now, 3);

  client_say(&a, "41/room-2,"); /* and its namespace goes */
  assert_null(sio_find(w.server, "/room-2"));
  m = look(parent);
  assert_int_equal(m.sockets, 2);
  assert_int_equal(m.sockets_now, 1);
  assert_int_equal(m.events_in, 2);
  assert_int_equal(m.handler_us_max, 30);
  assert_int_equal(m.left[SIO_REASON_CLIENT_DISCONNECT], 1);
  assert_int_equal(look_at_server().namespaces, 3);
  assert_int_equal(look_at_server().namespaces_now, 2);
  assert_int_equal(look_at_server().sockets, 2);
  assert_int_equal(look_at_server().sockets_now, 1);
  world_close(&w);
}

static void test_the_server_remembers_namespaces_that_are_gone(void **state)
{
  sio_ns *ns;

  (void)state;
  begin();
  ns = sio_of(w.server, "/gone");
  client_enter(&w, &a);
  client_join(&a, "/gone");
  assert_int_equal(look_at_server().sockets_now, 2);
  assert_int_equal(sio_ns_delete(ns), 0);
  assert_int_equal(look_at_server().sockets, 2);
  assert_int_equal(look_at_server().sockets_now, 1);
  assert_int_equal(look_at_server().namespaces, 2);
  assert_int_equal(look_at_server().namespaces_now, 1);
  world_close(&w);
}

/* A program that knows fewer fields, or more. */
static void test_a_snapshot_is_as_long_as_the_caller_knows(void **state)
{
  const size_t more = sizeof(sio_ns_metrics) + 16;
  sio_ns_metrics *shorter = malloc(3 * sizeof(uint64_t));
  uint64_t *longer = malloc(more);

  (void)state;
  assert_non_null(shorter);
  assert_non_null(longer);
  begin_two();
  sio_ns_metrics_sized(w.root, shorter, 3 * sizeof(uint64_t));
  assert_true(shorter->size == 3 * sizeof(uint64_t));
  assert_int_equal(shorter->sockets_now, 2);
  memset(longer, 0xff, more);
  sio_ns_metrics_sized(w.root, (sio_ns_metrics *)(void *)longer, more);
  assert_true(longer[0] == sizeof(sio_ns_metrics));
  assert_true(longer[more / 8 - 1] == 0);
  assert_true(longer[more / 8 - 2] == 0);
  free(shorter);
  free(longer);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_new_namespace_has_done_nothing),
      cmocka_unit_test(test_who_comes_and_goes_is_counted_by_the_reason),
      cmocka_unit_test(test_who_is_refused_has_not_joined),
      cmocka_unit_test(test_events_and_their_bytes_are_counted),
      cmocka_unit_test(test_attachments_count_as_bytes),
      cmocka_unit_test(test_what_was_not_sent_is_not_counted),
      cmocka_unit_test(test_a_broadcast_counts_for_each_who_gets_it),
      cmocka_unit_test(test_what_is_volatile_is_dropped_and_counted),
      cmocka_unit_test(test_events_that_nobody_handles_are_counted),
      cmocka_unit_test(
          test_acknowledgements_and_those_that_are_late_are_counted),
      cmocka_unit_test(test_each_who_does_not_answer_a_round_is_late),
      cmocka_unit_test(test_events_that_wait_are_shown_until_they_do_not),
      cmocka_unit_test(test_handlers_are_timed_by_the_clock_of_the_host),
      cmocka_unit_test(test_without_a_clock_nothing_is_timed),
      cmocka_unit_test(test_a_parent_is_the_sum_of_its_children),
      cmocka_unit_test(test_the_server_remembers_namespaces_that_are_gone),
      cmocka_unit_test(test_a_snapshot_is_as_long_as_the_caller_knows),
  };

  return cmocka_run_group_tests_name("core/metrics", tests, NULL, NULL);
}
