/* SPDX-License-Identifier: MIT */
/* lib/core/revival.c: sockets that leave, and come back. */
#include "recovery_world.h"

#include <sio/event.h>
#include <sio/rooms.h>

static struct core_poller poller;
static sio_next *held;
static struct core_client b;
static char pid_a[CORE_SID_LEN + 1], pid_b[CORE_SID_LEN + 1];

/* ---- What was missed ---- */

static void test_missed_events_come_before_the_connect_packet(void **state)
{
  static const sio_str room = {"room", 4};

  (void)state;
  begin();
  enter(&a, pid_a);
  assert_int_equal(sio_join(client_socket(&a, "/"), room), 0);
  say("first");
  assert_hears(&a, "42[\"first\",\"Fe\"]\n");
  client_drop(&a);
  say("hello1");
  assert_int_equal(sio_emitf(sio_in(w.root, room), "hello2", NULL), 0);
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s("other")), "no", NULL), 0);
  assert_int_equal(
      sio_emitf(sio_except(sio_everyone(w.root), room), "no", NULL), 0);
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s(a.sid)), "hello3", NULL), 0);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a,
              "42[\"hello1\",\"Fe.0\"]\n42[\"hello2\",\"Fe.1\"]\n"
              "42[\"hello3\",\"Fe.4\"]\n");
  say("live");
  assert_hears(&a, "42[\"live\",\"Fe.5\"]\n");
  world_close(&w);
}

static void test_one_poll_has_all_of_it(void **state)
{
  char payload[200], want[300], sid[CORE_SID_LEN + 1];

  (void)state;
  begin();
  enter(&a, pid_a);
  say("first");
  (void)client_hear(&a);
  memcpy(sid, a.sid, sizeof sid);
  client_drop(&a);
  say("hello1");
  say("hello2");
  assert_true(poller_open(&w, &poller));
  snprintf(payload, sizeof payload, "40{\"pid\":\"%s\",\"offset\":\"Fe\"}",
           pid_a);
  poller_say(&poller, payload);
  poller_get(&poller);
  snprintf(want, sizeof want,
           "200 42[\"hello1\",\"Fe.0\"]\x1e"
           "42[\"hello2\",\"Fe.1\"]\x1e"
           "40{\"sid\":\"%s\",\"pid\":\"%s\"}",
           sid, pid_a);
  assert_string_equal(http_answer(&poller.get), want);
  world_close(&w);
}

static void test_what_was_sent_to_it_alone_comes_too(void **state)
{
  (void)state;
  begin();
  enter(&a, pid_a);
  assert_int_equal(sio_leave(client_socket(&a, "/"), sio_s(a.sid)), 0);
  assert_int_equal(sio_emitf(sio_only(client_socket(&a, "/")), "e", NULL), 0);
  assert_hears(&a, "42[\"e\",\"Fe\"]\n");
  assert_int_equal(sio_emitf(sio_only(client_socket(&a, "/")), "f", NULL), 0);
  client_drop(&a);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "42[\"f\",\"Fe.0\"]\n");
  assert_false(sio_socket_in(client_socket(&a, "/"), sio_s(a.sid)));
  world_close(&w);
}

static void test_what_was_sent_before_it_joined_is_not_shown(void **state)
{
  (void)state;
  begin();
  enter(&b, pid_b);
  say("secret");
  say("secret");
  enter(&a, pid_a);
  client_drop(&a);
  say("news");
  ask_back(&a, pid_a, "Fe"); /* of the first one */
  assert_back(&a, pid_a, "42[\"news\",\"Fe.1\"]\n");
  world_close(&w);
}

/* ---- Who comes back ---- */

static void restore_me(sio_socket *socket, void *user)
{
  sio_str json = sio_value_json(sio_socket_data(socket));
  char rooms[100] = "";

  (void)user;
  for (size_t i = 1; i < sio_socket_room_count(socket); i++) {
    size_t len = strlen(rooms);

    snprintf(rooms + len, sizeof rooms - len, " %.*s",
             SIO_STR_ARG(sio_socket_room(socket, i)));
  }
  world_note(&w, "%s%s %.*s", sio_socket_recovered(socket) ? "back" : "new",
             rooms, SIO_STR_ARG(json));
  if (sio_socket_recovered(socket))
    return;
  assert_int_equal(sio_join(socket, sio_s("one")), 0);
  assert_int_equal(sio_join(socket, sio_s("two")), 0);
  assert_int_equal(sio_socket_set_data(socket, sio_s(" {\"name\":\"Ann\"}")),
                   0);
}

static void test_it_has_its_rooms_and_its_data(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on_connect(w.root, restore_me, NULL), 0);
  enter_and_get(&a, pid_a);
  assert_noted(&w, "new \n");
  for (int i = 0; i < 3; i++) {
    client_drop(&a);
    assert_int_equal(sio_ns_room_count(w.root), 0);
    ask_back(&a, pid_a, "Fe");
    assert_back(&a, pid_a, "");
    assert_noted(&w, "back one two {\"name\":\"Ann\"}\n");
    assert_int_equal(sio_ns_room_size(w.root, sio_s("two")), 1);
  }
  world_close(&w);
}

static void test_nobody_comes_back_by_anything_else(void **state)
{
  static const char *const wrong[] = {
      "40{\"pid\":\"%s\"}",
      "40{\"offset\":\"Fe\"}",
      "40{\"pid\":\"%s\",\"offset\":1}",
      "40{\"pid\":[\"%s\"],\"offset\":\"Fe\"}",
      "40{\"pid\":\"%s\",\"offset\":\"Fe.0\"}",
      "40{\"pid\":\"%s\",\"offset\":\"\"}",
      "40{\"pid\":\"%s0\",\"offset\":\"Fe\"}",
      "40{\"pid\":\"01234567890123456789\",\"offset\":\"Fe\"}",
      "40{\"pid\":\"%s\",\"offset\":\"0123456789012345678901234567890123\"}",
  };
  char text[200];

  (void)state;
  begin();
  enter_and_get(&a, pid_a);
  client_drop(&a);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const char *at = strstr(wrong[i], "%s");

    if (at == NULL)
      snprintf(text, sizeof text, "%s", wrong[i]);
    else
      snprintf(text, sizeof text, "%.*s%s%s", (int)(at - wrong[i]), wrong[i],
               pid_a, at + 2);
    assert_true(reopen(&a));
    client_say(&a, text);
    assert_new(&a, pid_a);
    client_drop(&a);
  }
  ask_back(&a, pid_a, "Fe"); /* it has not been taken by any of these */
  assert_back(&a, pid_a, "");
  world_close(&w);
}

static void test_a_session_is_taken_once(void **state)
{
  (void)state;
  begin();
  enter_and_get(&a, pid_a);
  client_drop(&a);
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "");
  client_say(&a, "41");
  memcpy(b.sid, a.sid, sizeof b.sid);
  ask_back(&b, pid_a, "Fe");
  assert_new(&b, pid_a);
  world_close(&w);
}

static void test_of_two_connections_the_older_one_goes(void **state)
{
  (void)state;
  begin();
  enter_and_get(&a, pid_a);
  (void)world_watch(&w, "/");
  memcpy(b.sid, a.sid, sizeof b.sid);
  assert_int_equal(sio_emitf(sio_only(client_socket(&a, "/")), "x", NULL), 0);
  ask_back(&b, pid_a, "Fe");
  assert_noted(&w,
               "leaving /: transport close, rooms 1\n"
               "left /: transport close, the peer closed the transport without "
               "saying goodbye, rooms 0\njoined /\n");
  assert_back(&b, pid_a, "42[\"x\",\"Fe.0\"]\n");
  assert_non_null(strstr(client_hear(&a), "<close"));
  assert_int_equal(sio_server_socket_count(w.server), 1);
  assert_int_equal(sio_server_session_count(w.server), 1);
  world_close(&w);
}

static void test_an_unknown_offset_ends_nobody(void **state)
{
  (void)state;
  begin();
  enter_and_get(&a, pid_a);
  memcpy(b.sid, a.sid, sizeof b.sid);
  ask_back(&b, pid_a, "x");
  assert_new(&b, pid_a);
  assert_int_equal(sio_server_socket_count(w.server), 2);
  world_close(&w);
}

/* ---- Middlewares ---- */

static void decide(sio_socket *socket, sio_next *next, void *user)
{
  sio_value data = sio_socket_data(socket);
  sio_str json = sio_value_json(data);

  (void)user;
  world_note(&w, "asked %s %.*s", sio_socket_recovered(socket) ? "back" : "new",
             SIO_STR_ARG(json));
  if (sio_str_is(json, "\"banned\""))
    assert_int_equal(sio_next_refuse(next, "banned", NULL), 0);
  else if (sio_str_is(json, "\"later\"") && sio_socket_recovered(socket))
    held = sio_next_retain(next);
  else
    assert_int_equal(sio_next_ok(next), 0);
}

/* A client with this data that has gone. */
static void lose(const char *data)
{
  assert_int_equal(sio_use(w.root, decide, NULL), 0);
  enter_and_get(&a, pid_a);
  assert_noted(&w, "asked new \n");
  assert_int_equal(sio_socket_set_data(client_socket(&a, "/"), sio_s(data)), 0);
  client_drop(&a);
}

static void test_middlewares_run(void **state)
{
  (void)state;
  begin();
  lose("1");
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "");
  assert_noted(&w, "asked back 1\n");
  world_close(&w);
}

static void test_middlewares_may_be_skipped(void **state)
{
  (void)state;
  set_options();
  recovery.skip_middlewares = 1;
  open_world();
  lose("\"banned\"");
  ask_back(&a, pid_a, "Fe");
  assert_back(&a, pid_a, "");
  assert_noted(&w, "");
  world_close(&w);
}

static void test_who_is_refused_gets_nothing_and_is_lost(void **state)
{
  (void)state;
  begin();
  lose("\"banned\"");
  say("secret");
  ask_back(&a, pid_a, "Fe");
  assert_hears(&a, "44{\"message\":\"banned\"}\n");
  assert_noted(&w, "asked back \"banned\"\nlost / \"banned\"\n");
  client_drop(&a);
  ask_back(&a, pid_a, "Fe");
  assert_new(&a, pid_a);
  assert_noted(&w, "asked new \n");
  world_close(&w);
}

static void answer(void)
{
  assert_int_equal(sio_next_ok(held), 0);
  sio_next_release(held);
}

static void
test_what_is_sent_while_a_middleware_thinks_is_not_missed(void **state)
{
  sio_target target;

  (void)state;
  begin();
  lose("\"later\"");
  say("one");
  ask_back(&a, pid_a, "Fe");
  say("two");
  target = sio_only(sio_next_socket(held));
  assert_int_equal(sio_emitf(target, "three", NULL), 0);
  assert_int_equal(sio_emitf(sio_volatile(target), "no", NULL), SIO_DROPPED);
  say("four");
  assert_hears(&a, "");
  answer();
  assert_back(&a, pid_a,
              "42[\"one\",\"Fe.0\"]\n42[\"two\",\"Fe.1\"]\n"
              "42[\"three\",\"Fe.2\"]\n42[\"four\",\"Fe.3\"]\n");
  world_close(&w);
}

static void test_who_goes_while_a_middleware_thinks_may_come_again(void **state)
{
  (void)state;
  begin();
  lose("\"later\"");
  say("one");
  ask_back(&a, pid_a, "Fe");
  client_drop(&a);
  assert_int_equal(sio_next_ok(held), SIO_ERR_DISCONNECTED);
  sio_next_release(held);
  ask_back(&a, pid_a, "Fe");
  answer();
  assert_back(&a, pid_a, "42[\"one\",\"Fe.0\"]\n");
  client_drop(&a);
  ask_back(&a, pid_a, "Fe.0");
  sio_next_release(held); /* without an answer */
  assert_hears(&a, "44{\"message\":\"Internal error\"}\n");
  world_close(&w);
}

static void test_a_second_attempt_takes_over_from_the_first(void **state)
{
  sio_next *first;

  (void)state;
  begin();
  lose("\"later\"");
  ask_back(&a, pid_a, "Fe");
  first = held;
  memcpy(b.sid, a.sid, sizeof b.sid);
  ask_back(&b, pid_a, "Fe");
  assert_non_null(strstr(client_hear(&a), "<close"));
  assert_int_equal(sio_next_ok(first), SIO_ERR_DISCONNECTED);
  sio_next_release(first);
  answer();
  assert_back(&b, pid_a, "");
  world_close(&w);
}

static void test_who_has_missed_too_much_meanwhile_begins_anew(void **state)
{
  (void)state;
  set_options();
  recovery.max_packets = 2;
  open_world();
  lose("\"later\"");
  ask_back(&a, pid_a, "Fe");
  assert_noted(&w, "asked back \"later\"\n");
  for (int i = 0; i < 4; i++)
    say("much");
  answer();
  assert_noted(&w, "lost / \"later\"\nasked new \n");
  assert_new(&a, pid_a);
  world_close(&w);
}

/* ---- Rooms ---- */

static void on_room(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  (void)ns;
  if (room.len < CORE_SID_LEN)
    world_note(&w, "in %.*s%s", SIO_STR_ARG(room),
               sio_socket_recovered(socket) ? ", back" : "");
  if (user != NULL && sio_socket_recovered(socket))
    sio_session_close(sio_socket_session(socket), true);
}

static void watch_rooms(void *user)
{
  sio_room_handlers handlers;

  sio_room_handlers_init(&handlers);
  handlers.joined = on_room;
  assert_int_equal(sio_on_rooms(w.root, &handlers, user), 0);
}

static void test_who_watches_rooms_sees_it_join_them(void **state)
{
  (void)state;
  begin();
  watch_rooms(NULL);
  enter_and_get(&a, pid_a);
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("x")), 0);
  client_drop(&a);
  assert_noted(&w, "in x\n");
  ask_back(&a, pid_a, "Fe");
  assert_noted(&w, "in x, back\n");
  assert_back(&a, pid_a, "");
  world_close(&w);
}

static void test_it_may_go_while_it_joins_them(void **state)
{
  (void)state;
  begin();
  enter_and_get(&a, pid_a);
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("x")), 0);
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("y")), 0);
  client_drop(&a);
  watch_rooms(&w);
  ask_back(&a, pid_a, "Fe");
  assert_noted(&w, "in x, back\n");
  client_drop(&a);
  watch_rooms(NULL);
  ask_back(&a, pid_a, "Fe");
  assert_noted(&w, "in x, back\nin y, back\n");
  assert_back(&a, pid_a, "");
  world_close(&w);
}

/* ---- What the host does meanwhile ---- */

static void on_packet(sio_session *session, sio_packet_type type,
                      const sio_message *message, void *user)
{
  static int depth;
  int *mode = user;

  (void)type;
  if (depth > 0 || message->data.len < 7 ||
      memcmp(message->data.data, "2[\"miss", 7) != 0)
    return;
  depth++;
  if (*mode == 1)
    say("more");
  else if (*mode == 2)
    sio_session_close(session, true);
  else if (*mode == 3)
    client_drop(&a);
  depth--;
}

static void replay_with(int *mode)
{
  sio_session_handlers handlers;

  begin();
  enter_and_get(&a, pid_a);
  client_drop(&a);
  say("missed");
  sio_session_handlers_init(&handlers);
  handlers.packet_out = on_packet;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, mode), 0);
  ask_back(&a, pid_a, "Fe");
}

static void test_what_is_sent_during_the_replay_comes_behind_it(void **state)
{
  int mode = 1;

  (void)state;
  replay_with(&mode);
  assert_back(&a, pid_a, "42[\"missed\",\"Fe.0\"]\n42[\"more\",\"Fe.1\"]\n");
  world_close(&w);
}

static void test_who_goes_during_the_replay_may_come_again(void **state)
{
  (void)state;
  for (int end = 2; end <= 3; end++) {
    int mode = end;

    replay_with(&mode);
    client_drop(&a);
    mode = 0;
    assert_noted(&w, "");
    ask_back(&a, pid_a, "Fe");
    assert_back(&a, pid_a, "42[\"missed\",\"Fe.0\"]\n");
    world_close(&w);
    assert_noted(&w, "lost / \n");
  }
}

static void delete_it(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  (void)user;
  assert_int_equal(sio_ns_delete(sio_socket_ns(socket)), 0);
}

static void test_the_namespace_may_go_with_the_older_connection(void **state)
{
  char text[200];
  sio_ns *ns;

  (void)state;
  begin();
  ns = sio_of(w.server, "/b");
  assert_int_equal(sio_on_disconnect(ns, delete_it, NULL), 0);
  assert_true(reopen(&a));
  join_new(&a, "/b,", pid_a);
  assert_int_equal(sio_emitf(sio_everyone(ns), "e", NULL), 0);
  assert_true(reopen(&b));
  snprintf(text, sizeof text, "40/b,{\"pid\":\"%s\",\"offset\":\"Fe\"}", pid_a);
  client_say(&b, text);
  assert_hears(&b, "44/b,{\"message\":\"Invalid namespace\"}\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_missed_events_come_before_the_connect_packet),
      cmocka_unit_test(test_one_poll_has_all_of_it),
      cmocka_unit_test(test_what_was_sent_to_it_alone_comes_too),
      cmocka_unit_test(test_what_was_sent_before_it_joined_is_not_shown),
      cmocka_unit_test(test_it_has_its_rooms_and_its_data),
      cmocka_unit_test(test_nobody_comes_back_by_anything_else),
      cmocka_unit_test(test_a_session_is_taken_once),
      cmocka_unit_test(test_of_two_connections_the_older_one_goes),
      cmocka_unit_test(test_an_unknown_offset_ends_nobody),
      cmocka_unit_test(test_middlewares_run),
      cmocka_unit_test(test_middlewares_may_be_skipped),
      cmocka_unit_test(test_who_is_refused_gets_nothing_and_is_lost),
      cmocka_unit_test(
          test_what_is_sent_while_a_middleware_thinks_is_not_missed),
      cmocka_unit_test(test_who_goes_while_a_middleware_thinks_may_come_again),
      cmocka_unit_test(test_a_second_attempt_takes_over_from_the_first),
      cmocka_unit_test(test_who_has_missed_too_much_meanwhile_begins_anew),
      cmocka_unit_test(test_who_watches_rooms_sees_it_join_them),
      cmocka_unit_test(test_it_may_go_while_it_joins_them),
      cmocka_unit_test(test_what_is_sent_during_the_replay_comes_behind_it),
      cmocka_unit_test(test_who_goes_during_the_replay_may_come_again),
      cmocka_unit_test(test_the_namespace_may_go_with_the_older_connection),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
