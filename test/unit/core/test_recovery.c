/* SPDX-License-Identifier: MIT */
/* lib/core/recovery.c: options, offsets, and what is remembered how long. */
#include "recovery_world.h"

#include <sio/event.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

static struct core_client b;
static char pid_a[CORE_SID_LEN + 1], pid_b[CORE_SID_LEN + 1];

/* ---- Options ---- */

static void assert_problem(const char *want)
{
  const char *got = sio_server_options_problem(&options);

  if (want == NULL)
    assert_null(got);
  else
    assert_string_equal(got, want);
  sio_recovery_options_init(&recovery);
}

static void test_defaults_are_those_of_the_page(void **state)
{
  sio_recovery_options small = {.size = 0, .max_packets = 7};

  (void)state;
  set_options();
  assert_int_equal(recovery.size, sizeof recovery);
  assert_int_equal(recovery.max_disconnection_ms, 120000);
  assert_int_equal(recovery.max_packet_age_ms, 0);
  assert_int_equal(recovery.max_session_bytes, 16777216);
  assert_int_equal(recovery.max_bytes, 4194304);
  assert_int_equal(recovery.max_sessions, 10000);
  assert_int_equal(recovery.max_packets, 10000);
  assert_int_equal(recovery.skip_middlewares, 0);
  assert_int_equal(recovery.volatile_offsets, 0);
  sio_recovery_options_init_sized(&small, 4);
  sio_recovery_options_init_sized(NULL, sizeof small);
  assert_int_equal(small.max_packets, 7);
  sio_recovery_options_init_sized(&small, 16);
  assert_int_equal(small.max_disconnection_ms, 120000);
  assert_int_equal(small.max_packets, 7);
}

static void test_what_is_out_of_range_is_named(void **state)
{
  (void)state;
  set_options();
  assert_problem(NULL);
  recovery.size = 4;
  assert_problem("recovery.size");
  recovery.max_disconnection_ms = 0;
  assert_problem("recovery.max_disconnection_ms");
  recovery.max_disconnection_ms = UINT64_C(1) << 32;
  assert_problem("recovery.max_disconnection_ms");
  recovery.max_packet_age_ms = UINT64_C(1) << 32;
  assert_problem("recovery.max_packet_age_ms");
  recovery.skip_middlewares = 2;
  assert_problem("recovery.skip_middlewares");
  recovery.volatile_offsets = 2;
  assert_problem("recovery.volatile_offsets");
  recovery.size = 16; /* the rest is not looked at */
  recovery.skip_middlewares = 2;
  assert_problem(NULL);
}

static void test_options_are_copied(void **state)
{
  (void)state;
  begin();
  memset(&recovery, 0xff, sizeof recovery);
  enter(&a, pid_a);
  world_close(&w);
}

static void test_without_recovery_there_is_no_trace_of_it(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_recovery_lost(w.root, note_lost, &w), 0);
  client_enter(&w, &a);
  say("hello");
  assert_int_equal(sio_emitf(sio_only(client_socket(&a, "/")), "you", "%d", 1),
                   0);
  assert_hears(&a, "42[\"hello\"]\n42[\"you\",1]\n");
  assert_false(sio_socket_recovered(client_socket(&a, "/")));
  client_drop(&a);
  ask_back(&a, "01234567890123456789", "Fe");
  assert_non_null(strstr(client_hear(&a), "40{\"sid\":\""));
  assert_null(strstr(a.heard, "pid"));
  world_close(&w);
  assert_noted(&w, "");
}

/* ---- Offsets ---- */

static void test_events_carry_offsets(void **state)
{
  sio_target target;

  (void)state;
  begin();
  enter(&a, pid_a);
  target = sio_everyone(w.root);
  assert_int_equal(sio_emitf(target, "e", NULL), 0);
  assert_int_equal(sio_emitf(target, "e", "%d, {b: %s}", 1, "x"), 0);
  assert_int_equal(sio_emit_json(target, "e", sio_s(" ")), 0);
  assert_hears(&a, "42[\"e\",\"Fe\"]\n42[\"e\",1,{\"b\":\"x\"},\"Fe.0\"]\n"
                   "42[\"e\",\"Fe.1\"]\n");
  target = sio_only(client_socket(&a, "/"));
  assert_int_equal(sio_emit_json(target, "e", sio_s("[1]")), 0);
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s(a.sid)), "e", NULL), 0);
  assert_hears(&a, "42[\"e\",[1],\"Fe.2\"]\n42[\"e\",\"Fe.3\"]\n");
  world_wait(&w, 1);
  say("e");
  assert_hears(&a, "42[\"e\",\"Ff\"]\n");
  world_close(&w);
}

static void test_offsets_are_of_the_wall_clock_if_it_is_known(void **state)
{
  (void)state;
  begin();
  sio_server_set_unix_time(w.server, UINT64_C(1795255876491));
  enter(&a, pid_a);
  say("e");
  assert_hears(&a, "42[\"e\",\"Q7zbhkB\"]\n");
  world_close(&w);
}

static void on_answer(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  (void)socket;
  (void)status;
  (void)args;
  (void)user;
}

static void on_echo(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  assert_int_equal(sio_ackf(ack, "%s", "yes"), 0);
}

static void test_acknowledgements_and_volatile_events_have_none(void **state)
{
  sio_target target;

  (void)state;
  begin();
  enter(&a, pid_a);
  target = sio_only(client_socket(&a, "/"));
  assert_int_equal(sio_on(w.root, "echo", on_echo, NULL), 0);
  assert_int_equal(sio_emitf(sio_volatile(target), "v", "%s", "x"), 0);
  assert_hears(&a, "42[\"v\",\"x\"]\n");
  assert_int_equal(sio_emitf(sio_volatile(sio_everyone(w.root)), "v", NULL), 0);
  assert_hears(&a, "42[\"v\"]\n");
  assert_int_equal(
      sio_emitf(sio_with_ack(target, 0, on_answer, NULL), "q", NULL), 0);
  client_say(&a, "427[\"echo\"]");
  assert_hears(&a, "420[\"q\"]\n437[\"yes\"]\n");
  world_close(&w);
}

static void test_volatile_events_may_have_the_latest_offset(void **state)
{
  (void)state;
  set_options();
  recovery.volatile_offsets = 1;
  open_world();
  enter(&a, pid_a);
  assert_int_equal(sio_emitf(sio_volatile(sio_everyone(w.root)), "v", NULL), 0);
  assert_hears(&a, "42[\"v\"]\n"); /* there is none yet */
  say("e");
  assert_hears(&a, "42[\"e\",\"Fe\"]\n");
  assert_int_equal(sio_emitf(sio_volatile(sio_everyone(w.root)), "v", NULL), 0);
  assert_hears(&a, "42[\"v\",\"Fe\"]\n");
  assert_int_equal(
      sio_emitf(sio_volatile(sio_only(client_socket(&a, "/"))), "v", "%d", 1),
      0);
  assert_hears(&a, "42[\"v\",1,\"Fe\"]\n");
  client_drop(&a);
  say("missed");
  assert_int_equal(sio_emitf(sio_volatile(sio_everyone(w.root)), "v", NULL), 0);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "42[\"missed\",\"Fe.0\"]\n");
  world_close(&w);
}

static void note_outgoing(sio_socket *socket, sio_str event, sio_str json,
                          void *user)
{
  (void)socket;
  (void)user;
  world_note(&w, "%.*s(%.*s)", SIO_STR_ARG(event), SIO_STR_ARG(json));
}

static void test_whoever_watches_does_not_see_offsets(void **state)
{
  (void)state;
  begin();
  enter(&a, pid_a);
  assert_int_equal(sio_on_outgoing(w.root, note_outgoing, NULL), 0);
  say("e");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "f", "%d", 1), 0);
  assert_int_equal(sio_emitf(sio_only(client_socket(&a, "/")), "g", "%s", "x"),
                   0);
  assert_noted(&w, "e()\nf(1)\ng(\"x\")\n");
  assert_hears(&a, "42[\"e\",\"Fe\"]\n42[\"f\",1,\"Fe.0\"]\n"
                   "42[\"g\",\"x\",\"Fe.1\"]\n");
  world_close(&w);
}

static void test_an_event_to_one_says_how_it_went(void **state)
{
  sio_target target;
  sio_socket *socket;

  (void)state;
  set_options();
  options.high_water_bytes = 8;
  open_world();
  enter(&a, pid_a);
  socket = sio_socket_retain(client_socket(&a, "/"));
  target = sio_only(socket);
  assert_int_equal(sio_emitf(target, "e", NULL), SIO_BUFFERED);
  assert_int_equal(sio_emitf(target, "connect", NULL), SIO_ERR_RESERVED);
  assert_int_equal(sio_emit_json(target, "e", sio_s("}")), SIO_ERR_JSON);
  client_drop(&a);
  assert_int_equal(sio_emitf(target, "e", NULL), SIO_ERR_DISCONNECTED);
  sio_socket_release(socket);
  world_close(&w);
}

/* ---- What is remembered ---- */

static void test_attachments_come_again(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};

  (void)state;
  begin();
  enter(&a, pid_a);
  say("e");
  (void)client_hear(&a);
  client_drop(&a);
  for (int i = 0; i < 3; i++)
    sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "b", payload), 0);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a,
              "453-[\"b\"," PLACE0 ",{\"_placeholder\":true,\"num\":1},"
              "{\"_placeholder\":true,\"num\":2},\"Fe.0\"]\n"
              "<6162>\n<6162>\n<6162>\n");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_many_attachments_come_again(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};
  size_t n = 0;

  (void)state;
  set_options();
  options.max_attachments = 20;
  open_world();
  enter(&a, pid_a);
  say("e");
  (void)client_hear(&a);
  client_drop(&a);
  for (int i = 0; i < 20; i++)
    sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "b", payload), 0);
  ask_back(&a, pid_a, "Fe");
  for (const char *at = client_hear(&a); (at = strstr(at, "<6162>")) != NULL;
       at++)
    n++;
  assert_int_equal(n, 20);
  sio_payload_free(payload);
  world_close(&w);
}

static void test_too_many_events_are_not_remembered(void **state)
{
  (void)state;
  set_options();
  recovery.max_packets = 2;
  open_world();
  enter(&a, pid_a);
  enter(&b, pid_b);
  say("e");
  assert_hears(&a, "42[\"e\",\"Fe\"]\n");
  client_drop(&a);
  say("e");
  client_drop(&b);
  say("e"); /* the first one is forgotten */
  ask_back(&a, pid_a, "Fe");
  assert_new(&a, pid_a);
  ask_back(&b, pid_b, "Fe.0");
  (void)client_hear(&b);
  assert_true(sio_socket_recovered(client_socket(&b, "/")));
  world_close(&w);
}

static void test_an_event_that_is_too_large_leaves_a_hole(void **state)
{
  static char text[3000];
  sio_str json = {text, sizeof text};

  (void)state;
  set_options();
  recovery.max_bytes = 2000;
  open_world();
  enter(&a, pid_a);
  say("e");
  assert_hears(&a, "42[\"e\",\"Fe\"]\n");
  client_drop(&a);
  memset(text, '1', sizeof text);
  text[0] = text[sizeof text - 1] = '"';
  assert_int_equal(sio_emit_json(sio_everyone(w.root), "big", json), 0);
  say("e");
  ask_back(&a, pid_a, "Fe");
  assert_new(&a, pid_a);
  world_close(&w);
}

static void test_old_events_are_forgotten(void **state)
{
  (void)state;
  set_options();
  recovery.max_disconnection_ms = 10000;
  open_world();
  enter(&a, pid_a);
  say("e");
  (void)client_hear(&a);
  world_wait(&w, 19000);
  client_drop(&a);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "");
  world_wait(&w, 1100); /* 20100 ms: twice the time */
  client_drop(&a);
  ask_back(&a, pid_a, "Fe");
  assert_new(&a, pid_a);
  world_close(&w);
}

static void test_events_may_be_remembered_longer(void **state)
{
  (void)state;
  set_options();
  recovery.max_disconnection_ms = 10000;
  recovery.max_packet_age_ms = 50000;
  options.ping_interval_ms = 100000;
  open_world();
  enter(&a, pid_a);
  say("e");
  (void)client_hear(&a);
  world_wait(&w, 49000);
  client_drop(&a);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "");
  world_close(&w);
}

static void test_a_session_lasts_its_time_and_is_lost(void **state)
{
  (void)state;
  set_options();
  recovery.max_disconnection_ms = 5000;
  open_world();
  enter(&a, pid_a);
  enter(&b, pid_b);
  say("e");
  (void)client_hear(&a);
  assert_int_equal(
      sio_socket_set_data(client_socket(&a, "/"), sio_s("{\"n\":1}")), 0);
  client_drop(&a);
  client_drop(&b);
  world_wait(&w, 5000);
  ask_back(&b, pid_b, "Fe");
  assert_back(&b, pid_b, "");
  assert_noted(&w, "");
  world_wait(&w, 1);
  assert_noted(&w, "lost / {\"n\":1}\n");
  ask_back(&a, pid_a, "Fe");
  assert_new(&a, pid_a);
  world_close(&w);
}

static void test_the_oldest_session_makes_room(void **state)
{
  (void)state;
  set_options();
  recovery.max_sessions = 1;
  open_world();
  enter(&a, pid_a);
  enter(&b, pid_b);
  say("e");
  (void)client_hear(&a);
  (void)client_hear(&b);
  client_drop(&a);
  assert_noted(&w, "");
  client_drop(&b);
  assert_noted(&w, "lost / \n");
  ask_back(&a, pid_a, "Fe");
  assert_new(&a, pid_a);
  ask_back(&b, pid_b, "Fe");
  assert_back(&b, pid_b, "");
  world_close(&w);
}

static void test_a_session_that_is_too_large_is_lost(void **state)
{
  (void)state;
  set_options();
  recovery.max_session_bytes = 100;
  open_world();
  (void)world_watch(&w, "/");
  enter(&a, pid_a);
  assert_noted(&w, "joined /\n");
  client_drop(&a);
  assert_noted(&w,
               "leaving /: transport close, rooms 1\n"
               "left /: transport close, the peer closed the transport without "
               "saying goodbye, rooms 0\nlost / \n");
  world_close(&w);
}

/* ---- Namespaces ---- */

static void test_all_sessions_are_lost_with_their_namespace(void **state)
{
  sio_ns *ns;

  (void)state;
  begin();
  ns = sio_of(w.server, "/b");
  assert_int_equal(sio_on_recovery_lost(ns, note_lost, &w), 0);
  assert_int_equal(sio_on_recovery_lost(NULL, note_lost, &w), SIO_ERR_INVALID);
  assert_true(reopen(&a));
  join_new(&a, "/b,", pid_a);
  client_drop(&a);
  assert_noted(&w, "");
  assert_int_equal(sio_ns_delete(ns), 0);
  assert_noted(&w, "lost /b \n");
  enter(&b, pid_b);
  client_drop(&b);
  world_close(&w);
  assert_noted(&w, "lost / \n");
}

static void test_a_child_waits_for_those_who_may_come_back(void **state)
{
  sio_ns *parent;

  (void)state;
  set_options();
  options.cleanup_empty_namespaces = 1;
  recovery.max_disconnection_ms = 5000;
  open_world();
  parent = sio_of_pattern(w.server, "/room/{n}");
  assert_int_equal(sio_on_recovery_lost(parent, note_lost, &w), 0);
  assert_true(reopen(&a));
  join_new(&a, "/room/1,", pid_a);
  client_drop(&a);
  assert_non_null(sio_find(w.server, "/room/1"));
  world_wait(&w, 4999);
  assert_non_null(sio_find(w.server, "/room/1"));
  world_wait(&w, 2);
  assert_noted(&w, "lost /room/1 \n");
  assert_null(sio_find(w.server, "/room/1"));
  assert_true(reopen(&a));
  join_new(&a, "/room/1,", pid_a);
  client_say(&a, "41/room/1,");
  assert_null(sio_find(w.server, "/room/1"));
  world_close(&w);
  assert_noted(&w, "");
}

static void test_each_namespace_remembers_by_itself(void **state)
{
  char pid[CORE_SID_LEN + 1], text[200];

  (void)state;
  begin();
  (void)sio_of(w.server, "/b");
  enter(&a, pid_a);
  join_new(&a, "/b,", pid);
  say("e");
  assert_int_equal(sio_emitf(sio_everyone(sio_find(w.server, "/b")), "e", NULL),
                   0);
  assert_hears(&a, "42[\"e\",\"Fe\"]\n42/b,[\"e\",\"Fe\"]\n");
  client_drop(&a);
  assert_int_equal(sio_emitf(sio_everyone(sio_find(w.server, "/b")), "m", NULL),
                   0);
  assert_true(reopen(&a));
  snprintf(text, sizeof text, "40/b,{\"pid\":\"%s\",\"offset\":\"Fe\"}", pid);
  client_say(&a, text);
  snprintf(text, sizeof text,
           "42/b,[\"m\",\"Fe.0\"]\n40/b,{\"sid\":\"%s\",\"pid\":\"%s\"}\n",
           a.sid, pid);
  assert_hears(&a, text);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults_are_those_of_the_page),
      cmocka_unit_test(test_what_is_out_of_range_is_named),
      cmocka_unit_test(test_options_are_copied),
      cmocka_unit_test(test_without_recovery_there_is_no_trace_of_it),
      cmocka_unit_test(test_events_carry_offsets),
      cmocka_unit_test(test_offsets_are_of_the_wall_clock_if_it_is_known),
      cmocka_unit_test(test_acknowledgements_and_volatile_events_have_none),
      cmocka_unit_test(test_volatile_events_may_have_the_latest_offset),
      cmocka_unit_test(test_whoever_watches_does_not_see_offsets),
      cmocka_unit_test(test_an_event_to_one_says_how_it_went),
      cmocka_unit_test(test_attachments_come_again),
      cmocka_unit_test(test_many_attachments_come_again),
      cmocka_unit_test(test_too_many_events_are_not_remembered),
      cmocka_unit_test(test_an_event_that_is_too_large_leaves_a_hole),
      cmocka_unit_test(test_old_events_are_forgotten),
      cmocka_unit_test(test_events_may_be_remembered_longer),
      cmocka_unit_test(test_a_session_lasts_its_time_and_is_lost),
      cmocka_unit_test(test_the_oldest_session_makes_room),
      cmocka_unit_test(test_a_session_that_is_too_large_is_lost),
      cmocka_unit_test(test_all_sessions_are_lost_with_their_namespace),
      cmocka_unit_test(test_a_child_waits_for_those_who_may_come_back),
      cmocka_unit_test(test_each_namespace_remembers_by_itself),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
