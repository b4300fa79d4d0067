/* SPDX-License-Identifier: MIT */
/* Coming back: an event is replayed if it was for the socket when it was
 * sent, whatever has become of its rooms since. */
#include "recovery_world.h"

#include <sio/rooms.h>

static char pid[CORE_SID_LEN + 1];

static sio_socket *here(void)
{
  return client_socket(&a, "/");
}

static void say_to(const char *room, const char *event)
{
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s(room)), event, NULL), 0);
}

static void say_but(const char *room, const char *event)
{
  assert_int_equal(
      sio_emitf(sio_except(sio_everyone(w.root), sio_s(room)), event, NULL), 0);
}

static void join(const char *room)
{
  assert_int_equal(sio_join(here(), sio_s(room)), 0);
}

static void leave(const char *room)
{
  assert_int_equal(sio_leave(here(), sio_s(room)), 0);
}

static void start(void)
{
  begin();
  enter_and_get(&a, pid); /* "Fe" */
}

static void come_back(const char *offset, const char *missed)
{
  client_drop(&a);
  ask_back(&a, pid, offset);
  assert_back(&a, pid, missed);
}

static void test_what_was_sent_before_it_joined_is_not_for_it(void **state)
{
  (void)state;
  start();
  say_to("r", "before");
  join("r");
  say_to("r", "after");
  come_back("Fe", "42[\"after\",\"Fe.1\"]\n");
  world_close(&w);
}

static void test_what_was_sent_before_it_left_is_for_it(void **state)
{
  (void)state;
  start();
  join("r");
  say_to("r", "before");
  leave("r");
  say_to("r", "after");
  come_back("Fe", "42[\"before\",\"Fe.0\"]\n");
  world_close(&w);
}

static void test_exceptions_are_those_of_then(void **state)
{
  (void)state;
  start();
  say_but("r", "one");
  join("r");
  say_but("r", "two");
  leave("r");
  say_but("r", "three");
  come_back("Fe", "42[\"one\",\"Fe.0\"]\n42[\"three\",\"Fe.2\"]\n");
  world_close(&w);
}

static void test_its_own_room_is_a_room(void **state)
{
  char id[CORE_SID_LEN + 1];

  (void)state;
  start();
  memcpy(id, a.sid, sizeof id);
  say_to(id, "one");
  leave(id);
  say_to(id, "two");
  join(id);
  say_to(id, "three");
  come_back("Fe", "42[\"one\",\"Fe.0\"]\n42[\"three\",\"Fe.2\"]\n");
  world_close(&w);
}

/* What was replayed, but lost again, is so the second time as well. */
static void test_it_is_known_when_it_comes_back_twice(void **state)
{
  const char *missed = "42[\"two\",\"Fe.1\"]\n";

  (void)state;
  start();
  say_to("r", "one");
  join("r");
  say_to("r", "two");
  come_back("Fe", missed);
  leave("r");
  say_to("r", "three");
  come_back("Fe", missed);
  world_close(&w);
}

static void leave_in_time(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  (void)user;
  assert_int_equal(sio_leave(socket, sio_s("r")), 0);
}

static void test_rooms_may_be_left_while_it_goes(void **state)
{
  (void)state;
  start();
  assert_int_equal(sio_on_disconnecting(w.root, leave_in_time, NULL), 0);
  join("r");
  say_to("r", "one");
  client_drop(&a);
  say_to("r", "two");
  ask_back(&a, pid, "Fe");
  assert_back(&a, pid, "42[\"one\",\"Fe.0\"]\n");
  world_close(&w);
}

static void swap_rooms(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  if (sio_socket_recovered(socket)) {
    assert_int_equal(sio_leave(socket, sio_s("r")), 0);
    assert_int_equal(sio_join(socket, sio_s("s")), 0);
  }
  assert_int_equal(sio_next_ok(next), 0);
}

/* Until it is back it is as if it had had the rooms that it had. */
static void test_what_middlewares_change_counts_from_then_on(void **state)
{
  (void)state;
  start();
  assert_int_equal(sio_use(w.root, swap_rooms, NULL), 0);
  join("r");
  client_drop(&a);
  say_to("r", "one");
  say_to("s", "two");
  ask_back(&a, pid, "Fe");
  assert_back(&a, pid, "42[\"one\",\"Fe.0\"]\n");
  say_to("r", "three");
  say_to("s", "four");
  assert_hears(&a, "42[\"four\",\"Fe.3\"]\n");
  come_back("Fe", "42[\"one\",\"Fe.0\"]\n42[\"four\",\"Fe.3\"]\n");
  world_close(&w);
}

static void emit_at_once(sio_ns *ns, sio_str room, sio_socket *socket,
                         void *user)
{
  (void)ns;
  (void)socket;
  assert_int_equal(sio_emitf(sio_in(w.root, room), user, NULL), 0);
}

static void test_watched_rooms_are_no_different(void **state)
{
  static char in[] = "in", out[] = "out";
  sio_room_handlers handlers;

  (void)state;
  start();
  sio_room_handlers_init(&handlers);
  handlers.joined = emit_at_once;
  assert_int_equal(sio_on_rooms(w.root, &handlers, in), 0);
  say_to("r", "before");
  join("r");
  sio_room_handlers_init(&handlers);
  handlers.left = emit_at_once;
  assert_int_equal(sio_on_rooms(w.root, &handlers, out), 0);
  leave("r");
  assert_int_equal(sio_on_rooms(w.root, NULL, NULL), 0);
  come_back("Fe", "42[\"in\",\"Fe.1\"]\n");
  world_close(&w);
}

static void test_what_no_event_has_seen_costs_nothing(void **state)
{
  size_t calls;

  (void)state;
  start();
  join("r");
  leave("r");
  join("r");
  leave("r");
  calls = w.mem->calls;
  sio_leave(here(), sio_s("nobody"));
  assert_int_equal(w.mem->calls, calls);
  come_back("Fe", "");
  world_close(&w);
}

/* More changes than can be remembered: it is a new one, unless what it has got
 * is new enough. */
static void wander(int rooms)
{
  char room[801];

  memset(room, 'x', sizeof room - 1);
  room[sizeof room - 1] = '\0';
  for (int i = 0; i < rooms; i++) {
    room[0] = (char)('0' + i);
    join(room);
    say("e");
  }
}

static void test_who_moves_too_much_may_be_a_new_one(void **state)
{
  (void)state;
  start();
  wander(8);
  client_drop(&a);
  ask_back(&a, pid, "Fe");
  assert_new(&a, pid);
  world_close(&w);
}

static void test_who_has_got_enough_may_move(void **state)
{
  (void)state;
  start();
  wander(8);
  come_back("Fe.6", "42[\"e\",\"Fe.7\"]\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_sent_before_it_joined_is_not_for_it),
      cmocka_unit_test(test_what_was_sent_before_it_left_is_for_it),
      cmocka_unit_test(test_exceptions_are_those_of_then),
      cmocka_unit_test(test_its_own_room_is_a_room),
      cmocka_unit_test(test_it_is_known_when_it_comes_back_twice),
      cmocka_unit_test(test_rooms_may_be_left_while_it_goes),
      cmocka_unit_test(test_what_middlewares_change_counts_from_then_on),
      cmocka_unit_test(test_watched_rooms_are_no_different),
      cmocka_unit_test(test_what_no_event_has_seen_costs_nothing),
      cmocka_unit_test(test_who_moves_too_much_may_be_a_new_one),
      cmocka_unit_test(test_who_has_got_enough_may_move),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
