/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

static struct core_world w;
static struct core_client c;

static void begin(void)
{
  world_open(&w, NULL);
  world_echo(world_watch(&w, "/"));
}

static void begin_joined(void)
{
  begin();
  client_enter(&w, &c);
  assert_noted(&w, "joined /\n");
}

static void
test_an_unknown_namespace_is_answered_and_may_be_tried_again(void **state)
{
  (void)state;
  begin();
  assert_true(client_open(&w, &c));
  client_say(&c, "40/nope,");
  assert_hears(&c, "44/nope,{\"message\":\"Invalid namespace\"}\n");
  client_say(&c, "40/nope,{\"token\":1}");
  assert_hears(&c, "44/nope,{\"message\":\"Invalid namespace\"}\n");
  client_say(&c, "40/random");
  assert_hears(&c, "44/random,{\"message\":\"Invalid namespace\"}\n");
  client_say(&c, "40/?x=1,");
  assert_hears(&c, "44/?x=1,{\"message\":\"Invalid namespace\"}\n");
  client_join(&c, "/");
  world_close(&w);
}

static void test_the_names_of_namespaces_are_compared_byte_by_byte(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of(w.server, "/b"));
  assert_true(client_open(&w, &c));
  client_say(&c, "40/B,");
  assert_hears(&c, "44/B,{\"message\":\"Invalid namespace\"}\n");
  client_say(&c, "40/b/,");
  assert_hears(&c, "44/b/,{\"message\":\"Invalid namespace\"}\n");
  client_join(&c, "/b");
  world_close(&w);
}

/* What a client sends first, and why that is not allowed. */
static void refuse_first(const char *packet)
{
  begin();
  assert_true(client_open(&w, &c));
  client_say(&c, packet);
  if (strcmp(client_hear(&c), "<close>\n") != 0)
    fail_msg("%s was answered: %s", packet, c.heard);
  client_say_close(&c);
  assert_hears(&c, "<end>\n");
  assert_noted(&w, "");
  assert_int_equal(sio_server_session_count(w.server), 0);
  world_close(&w);
}

static void test_before_joining_nothing_but_connect_is_allowed(void **state)
{
  static const char *const packets[] = {
      "42[\"echo\"]", "43[]", "431[1]", "41", "41/b,", "44{\"message\":\"x\"}",
      "451-[\"echo\"," PLACE0 "]", "461-1[" PLACE0 "]", "42/b,[\"x\"]",
      /* undecodable ones */
      "4", "4abc", "47", "42", "42{}", "42[]", "40[]", "40\"x\"", "40null",
      "41{}", "42abc[\"x\"]", "42[\"x\"", "42[\"connect\"]", "4 ", "45woooot",
      "450-[\"x\"]", "4511-[\"x\"]"};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
    refuse_first(packets[i]);
}

/* What a client sends after joining "/" with "echo" in a room. */
static void refuse_later(const char *packet, const char *reason,
                         const char *cause)
{
  char want[256];

  begin_joined();
  assert_int_equal(sio_join(client_socket(&c, "/"), sio_s("r")), 0);
  client_say(&c, packet);
  if (strcmp(client_hear(&c), "<close>\n") != 0)
    fail_msg("%s was answered: %s", packet, c.heard);
  snprintf(want, sizeof want,
           "leaving /: %s, rooms 2\nleft /: %s, %s, rooms 0\n", reason, reason,
           cause);
  assert_noted(&w, want);
  client_say_close(&c);
  assert_hears(&c, "<end>\n");
  world_close(&w);
}

static void
test_a_packet_that_is_not_allowed_closes_the_connection(void **state)
{
  static const char *const packets[] = {"40",
                                        "40{\"a\":1}",
                                        "44{}",
                                        "44\"x\"",
                                        "42/b,[\"echo\"]",
                                        "43/b,1[]",
                                        "41/b,",
                                        "451-/b,[\"echo\"," PLACE0 "]"};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
    refuse_later(packets[i], "forced server close",
                 "a packet that is not allowed in this state");
}

static void test_an_undecodable_packet_closes_the_connection(void **state)
{
  static const char *const packets[] = {"4",
                                        "4abc",
                                        "4 ",
                                        "47",
                                        "42",
                                        "42[]",
                                        "42{}",
                                        "42\"a\"",
                                        "42[null]",
                                        "42[{}]",
                                        "42[true]",
                                        "42[[]]",
                                        "40null",
                                        "40[]",
                                        "40\"x\"",
                                        "41{}",
                                        "431{}",

                                        "42 [\"a\"]",
                                        "42-1[\"a\"]",
                                        "42abc[\"a\"]",
                                        "421.5[\"a\"]",
                                        "42[\"a\",1]x",
                                        "42[\"a\"",
                                        "45",
                                        "451",
                                        "45a-",
                                        "451.2-",
                                        "45-[\"a\"]",
                                        "450-[\"a\"]",
                                        "451e0-[\"a\"]",
                                        "421",
                                        "451-",
                                        "42[\"connect\"]",
                                        "42[\"connect_error\"]",
                                        "42[\"disconnect\"]",
                                        "42[\"disconnecting\"]",
                                        "42[\"newListener\"]",
                                        "42[\"removeListener\"]",
                                        "451-[" PLACE0 "]"};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
    refuse_later(packets[i], "forced close", "an undecodable Socket.IO packet");
}

static void test_a_repeated_disconnect_is_not_allowed(void **state)
{
  (void)state;
  begin_joined();
  client_say(&c, "41");
  assert_hears(&c, "");
  assert_noted(&w, "leaving /: client namespace disconnect, rooms 1\n"
                   "left /: client namespace disconnect, "
                   "the client left the namespace, rooms 0\n");
  client_say(&c, "41");
  assert_hears(&c, "<close>\n");
  assert_noted(&w, "");
  world_close(&w);
}

static void
test_after_leaving_the_connection_stays_and_may_join_again(void **state)
{
  char first[CORE_SID_LEN + 1];

  (void)state;
  begin_joined();
  memcpy(first, c.sid, sizeof first);
  client_say(&c, "41");
  client_join(&c, "/");
  assert_string_not_equal(c.sid, first);
  client_say(&c, "41");
  world_wait(&w, 25000);
  assert_hears(&c, "2\n");
  client_say(&c, "3");
  world_wait(&w, 44999 - 25000);
  assert_int_equal(sio_server_session_count(w.server), 1);
  client_join(&c, "/");
  world_close(&w);
}

static void test_two_namespaces_on_one_connection_are_two_sockets(void **state)
{
  char first[CORE_SID_LEN + 1];
  sio_ns *b;

  (void)state;
  begin_joined();
  b = world_watch(&w, "/b");
  world_echo(b);
  memcpy(first, c.sid, sizeof first);
  client_join(&c, "/b");
  assert_string_not_equal(c.sid, first);
  assert_int_equal(sio_server_socket_count(w.server), 2);
  assert_int_equal(sio_server_session_count(w.server), 1);
  client_say(&c, "42/b,7[\"echo\",1]");
  assert_hears(&c, "42/b,[\"echoed\",1]\n43/b,7[1]\n");
  client_say(&c, "427[\"echo\",2]");
  assert_hears(&c, "42[\"echoed\",2]\n437[2]\n");
  w.n_notes = 0;
  client_say(&c, "41/b");
  assert_noted(&w, "leaving /b: client namespace disconnect, rooms 1\n"
                   "left /b: client namespace disconnect, "
                   "the client left the namespace, rooms 0\n");
  client_say(&c, "42[\"echo\",3]");
  assert_hears(&c, "42[\"echoed\",3]\n");
  client_join(&c, "/b");
  w.n_notes = 0;
  client_say_close(&c);
  assert_hears(&c, "<close>\n<end>\n");
  assert_noted(&w, "leaving /: transport close, rooms 1\n"
                   "left /: transport close, the peer closed the websocket, "
                   "rooms 0\n"
                   "leaving /b: transport close, rooms 1\n"
                   "left /b: transport close, the peer closed the websocket, "
                   "rooms 0\n");
  world_close(&w);
}

/* ---- The time to join ---- */

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  *(sio_next **)user = sio_next_retain(next);
}

static void test_who_joins_nothing_in_time_is_closed(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.connect_timeout_ms = 10;
  world_open(&w, &options);
  assert_true(client_open(&w, &c));
  client_say(&c, "40/nope,"); /* does not count */
  assert_hears(&c, "44/nope,{\"message\":\"Invalid namespace\"}\n");
  world_wait(&w, 9);
  assert_hears(&c, "");
  world_wait(&w, 1);
  assert_hears(&c, "<close>\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_CONNECT_TIMEOUT),
                   1);
  world_close(&w);
}

static void test_a_pending_join_does_not_stop_the_time_to_join(void **state)
{
  sio_next *next = NULL;

  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, hold_on, &next), 0);
  assert_true(client_open(&w, &c));
  client_say(&c, "40");
  assert_non_null(next);
  world_wait(&w, 25000);
  client_say(&c, "3");
  world_wait(&w, 45000 - 25000);
  assert_hears(&c, "2\n<close>\n");
  assert_int_equal(sio_next_ok(next), SIO_ERR_DISCONNECTED);
  sio_next_release(next);
  assert_noted(&w, "");
  world_close(&w);
}

/* ---- Joining while a middleware thinks ---- */

static void test_a_second_connect_while_joining_is_ignored(void **state)
{
  sio_next *next = NULL;

  (void)state;
  begin();
  assert_int_equal(sio_use(w.root, hold_on, &next), 0);
  assert_true(client_open(&w, &c));
  client_say(&c, "40");
  client_say(&c, "40{\"again\":1}");
  assert_hears(&c, "");
  assert_int_equal(sio_next_ok(next), 0);
  sio_next_release(next);
  assert_noted(&w, "joined /\n");
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  world_close(&w);
}

static void test_events_while_joining_are_not_allowed(void **state)
{
  static const char *const packets[] = {"42[\"echo\"]", "430[]", "41",
                                        "451-[\"echo\"," PLACE0 "]"};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
    sio_next *next = NULL;

    begin();
    assert_int_equal(sio_use(w.root, hold_on, &next), 0);
    assert_true(client_open(&w, &c));
    client_say(&c, "40");
    client_say(&c, packets[i]);
    assert_hears(&c, "<close>\n");
    assert_int_equal(sio_next_ok(next), SIO_ERR_DISCONNECTED);
    sio_next_release(next);
    assert_noted(&w, "");
    world_close(&w);
  }
}

static void test_too_many_namespaces_close_the_connection(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_namespaces = 2;
  world_open(&w, &options);
  assert_non_null(sio_of(w.server, "/a"));
  assert_non_null(sio_of(w.server, "/b"));
  assert_true(client_open(&w, &c));
  client_join(&c, "/a");
  client_join(&c, "/b");
  client_say(&c, "41/a,"); /* one that was left does not count */
  client_join(&c, "/");
  client_say(&c, "40/a,");
  assert_hears(&c, "<close>\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_NAMESPACES), 1);
  world_close(&w);
}

/* ---- Polling ---- */

static void test_a_violation_on_polling_tells_the_next_poll(void **state)
{
  static const char *const packets[] = {"42[\"echo\"]", "4abc"};

  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
    struct core_poller p;

    begin();
    assert_true(poller_open(&w, &p));
    poller_say(&p, packets[i]);
    poller_get(&p);
    assert_string_equal(http_answer(&p.get), "200 6\x1e"
                                             "1");
    assert_int_equal(sio_server_session_count(w.server), 0);
    world_close(&w);
  }
}

static void test_a_second_connect_on_polling_ends_after_the_answer(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_say(&p, "40");
  poller_get(&p);
  assert_memory_equal(http_answer(&p.get), "200 40{\"sid\":\"", 14);
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 6\x1e"
                                           "1");
  assert_noted(&w, "joined /\n"
                   "leaving /: forced server close, rooms 1\n"
                   "left /: forced server close, a packet that is not allowed "
                   "in this state, rooms 0\n");
  world_close(&w);
}

/* Two of them in what arrives at once: no answer can have been seen. */
static void test_a_second_connect_in_the_same_turn_is_ignored(void **state)
{
  static const uint8_t frames[] = {0x81, 0x82, 0, 0, 0, 0, '4', '0',
                                   0x81, 0x82, 0, 0, 0, 0, '4', '0'};
  struct core_poller p;
  const char *heard;

  (void)state;
  begin();
  assert_true(client_open(&w, &c));
  client_feed(&c, frames, sizeof frames);
  heard = client_hear(&c);
  assert_memory_equal(heard, "40{\"sid\":\"", 10);
  assert_int_equal(strlen(heard), 10 + CORE_SID_LEN + 3);
  assert_noted(&w, "joined /\n");
  client_feed(&c, frames, sizeof frames / 2);
  assert_hears(&c, "<close>\n");

  assert_true(poller_open(&w, &p));
  poller_say(&p, "40\x1e"
                 "40\x1e"
                 "42[\"echo\",1]");
  poller_get(&p);
  heard = http_answer(&p.get);
  assert_memory_equal(heard, "200 40{\"sid\":\"", 14);
  assert_string_equal(heard + 14 + CORE_SID_LEN, "\"}\x1e"
                                                 "42[\"echoed\",1]");
  world_close(&w);
}

/* It has left again before the second one: that is another wish. */
static void test_a_connect_behind_a_disconnect_joins_again(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40\x1e"
                 "41\x1e"
                 "40\x1e"
                 "40");
  assert_noted(&w, "joined /\n"
                   "leaving /: client namespace disconnect, rooms 1\n"
                   "left /: client namespace disconnect, the client left the "
                   "namespace, rooms 0\n"
                   "joined /\n");
  world_close(&w);
}

static void test_text_and_attachments_stay_together_on_polling(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_get(&p);
  (void)http_answer(&p.get);
  poller_say(&p, "451-[\"echo\"," PLACE0 "]\x1e"
                 "bAQIDBA==");
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 451-[\"echoed\"," PLACE0 "]\x1e"
                                           "bAQIDBA==");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          test_an_unknown_namespace_is_answered_and_may_be_tried_again),
      cmocka_unit_test(test_the_names_of_namespaces_are_compared_byte_by_byte),
      cmocka_unit_test(test_before_joining_nothing_but_connect_is_allowed),
      cmocka_unit_test(test_a_packet_that_is_not_allowed_closes_the_connection),
      cmocka_unit_test(test_an_undecodable_packet_closes_the_connection),
      cmocka_unit_test(test_a_repeated_disconnect_is_not_allowed),
      cmocka_unit_test(
          test_after_leaving_the_connection_stays_and_may_join_again),
      cmocka_unit_test(test_two_namespaces_on_one_connection_are_two_sockets),
      cmocka_unit_test(test_who_joins_nothing_in_time_is_closed),
      cmocka_unit_test(test_a_pending_join_does_not_stop_the_time_to_join),
      cmocka_unit_test(test_a_second_connect_while_joining_is_ignored),
      cmocka_unit_test(test_events_while_joining_are_not_allowed),
      cmocka_unit_test(test_too_many_namespaces_close_the_connection),
      cmocka_unit_test(test_a_violation_on_polling_tells_the_next_poll),
      cmocka_unit_test(test_a_second_connect_on_polling_ends_after_the_answer),
      cmocka_unit_test(test_a_second_connect_in_the_same_turn_is_ignored),
      cmocka_unit_test(test_a_connect_behind_a_disconnect_joins_again),
      cmocka_unit_test(test_text_and_attachments_stay_together_on_polling),
  };

  return cmocka_run_group_tests_name("core/client", tests, NULL, NULL);
}
