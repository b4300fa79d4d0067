/* SPDX-License-Identifier: MIT */
/* lib/core/roomops.c: what is done with all sockets of a target. */
#include "core_world.h"

#include <sio/dynamic.h>

enum { N = 4 };

static struct core_world w;
static struct core_client c[N];

static sio_socket *at(size_t i)
{
  return client_socket(&c[i], "/");
}

static void join_rooms(void)
{
  for (size_t i = 0; i < N; i++)
    client_enter(&w, &c[i]);
  assert_int_equal(sio_join(at(0), sio_s("x")), 0);
  assert_int_equal(sio_join(at(1), sio_s("x")), 0);
  assert_int_equal(sio_join(at(1), sio_s("y")), 0);
  assert_int_equal(sio_join(at(2), sio_s("y")), 0);
}

/* Four clients: 0 and 1 are in "x", 1 and 2 in "y". */
static void begin(void)
{
  world_open(&w, NULL);
  join_rooms();
}

/* ---- Visiting ---- */

static bool note_index(sio_socket *socket, void *user)
{
  const char *stop_at = user;

  for (size_t i = 0; i < N; i++) {
    if (strcmp(sio_socket_id(socket), c[i].sid) != 0)
      continue;
    world_note(&w, "%zu", i);
    return stop_at == NULL || strcmp(c[i].sid, stop_at) != 0;
  }
  fail_msg("an unknown socket is visited");
  return false;
}

static void test_each_visits_whom_an_event_would_reach(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_each(sio_everyone(w.root), note_index, NULL), 0);
  assert_noted(&w, "0\n1\n2\n3\n");
  assert_int_equal(sio_each(sio_and(sio_to(at(0), sio_s("x")), sio_s("y")),
                            note_index, NULL),
                   0);
  assert_noted(&w, "1\n2\n");
  assert_int_equal(sio_each(sio_only(at(3)), note_index, NULL), 0);
  assert_noted(&w, "3\n");
  assert_int_equal(sio_each(sio_everyone(w.root), note_index, c[1].sid), 0);
  assert_noted(&w, "0\n1\n");
  assert_int_equal(
      sio_each(sio_everyone(sio_of(w.server, "/b")), note_index, NULL), 0);
  assert_noted(&w, "");
  world_close(&w);
}

static bool kick_all(sio_socket *socket, void *user)
{
  (void)note_index(socket, NULL);
  for (size_t i = 0; i < N; i++) {
    sio_socket *other = sio_ns_socket(w.root, sio_s(c[i].sid));

    if (other != NULL && other != socket)
      assert_int_equal(sio_socket_disconnect(other, user != NULL), 0);
  }
  return true;
}

static void test_who_leaves_during_a_visit_is_skipped(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_each(sio_everyone(w.root), kick_all, NULL), 0);
  assert_noted(&w, "0\n");
  assert_int_equal(sio_each(sio_everyone(w.root), kick_all, &w), 0);
  assert_noted(&w, "0\n");
  world_close(&w);
}

static bool rejoin(sio_socket *socket, void *user)
{
  (void)user;
  assert_int_equal(sio_leave(socket, sio_s("x")), 0);
  assert_int_equal(sio_join(socket, sio_s("x")), 0);
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s("x")), "v", NULL), 0);
  return note_index(socket, NULL);
}

static void test_rooms_may_change_during_a_visit(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_each(sio_in(w.root, sio_s("x")), rejoin, NULL), 0);
  assert_int_equal(w.n_notes, 4);
  assert_hears(&c[0], "42[\"v\"]\n42[\"v\"]\n");
  world_close(&w);
}

static void test_a_visit_of_who_is_gone_visits_nobody(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = sio_socket_retain(at(0));
  client_drop(&c[0]);
  assert_int_equal(sio_each(sio_only(socket), note_index, NULL), 0);
  assert_noted(&w, "");
  sio_socket_release(socket);
  world_close(&w);
}

/* ---- All at once ---- */

/* Who is in a room, by digits. */
static void expect_members(const char *room, const char *want)
{
  char got[N + 1] = "";
  size_t n = 0;

  for (size_t i = 0; i < N; i++) {
    sio_socket *socket = sio_ns_socket(w.root, sio_s(c[i].sid));

    if (socket != NULL && sio_socket_in(socket, sio_s(room)))
      got[n++] = (char)('0' + i);
  }
  got[n] = '\0';
  assert_string_equal(got, want);
}

static void test_all_of_a_target_join_and_leave(void **state)
{
  sio_str rooms[] = {sio_s("a"), sio_s("b"), sio_s("x")};

  (void)state;
  begin();
  assert_int_equal(sio_sockets_join(sio_in(w.root, sio_s("y")), rooms, 3), 0);
  expect_members("a", "12");
  expect_members("b", "12");
  expect_members("x", "012");
  assert_int_equal(sio_sockets_join(sio_everyone(w.root), rooms, 1), 0);
  expect_members("a", "0123");
  assert_int_equal(sio_sockets_leave(sio_others(at(2)), rooms, 3), 0);
  expect_members("a", "2");
  expect_members("x", "2");
  assert_int_equal(sio_sockets_join(sio_only(at(3)), rooms + 1, 1), 0);
  expect_members("b", "23");
  assert_int_equal(sio_sockets_join(sio_everyone(w.root), NULL, 0), 0);
  assert_int_equal(sio_sockets_leave(sio_everyone(w.root), NULL, 0), 0);
  world_close(&w);
}

static void test_who_cannot_join_does_not_keep_the_others_from_it(void **state)
{
  sio_str rooms[] = {sio_s("a"), sio_s("b")};
  char text[1025];
  sio_str long_name = {text, sizeof text};
  sio_server_options options;

  (void)state;
  memset(text, 'x', sizeof text);
  world_options(&w, &options);
  options.max_rooms = 3;
  world_open(&w, &options);
  join_rooms();
  assert_int_equal(sio_sockets_join(sio_everyone(w.root), rooms, 2),
                   SIO_ERR_LIMIT);
  expect_members("a", "023");
  expect_members("b", "3");
  assert_int_equal(sio_sockets_join(sio_only(at(3)), &long_name, 1),
                   SIO_ERR_INVALID);
  world_close(&w);
}

static void test_all_of_a_target_are_disconnected(void **state)
{
  (void)state;
  begin();
  (void)world_watch(&w, "/");
  assert_int_equal(sio_sockets_disconnect(sio_in(w.root, sio_s("x")), false),
                   0);
  assert_hears(&c[0], "41\n");
  assert_hears(&c[1], "41\n");
  assert_hears(&c[2], "");
  assert_noted(&w, "leaving /: server namespace disconnect, rooms 2\n"
                   "left /: server namespace disconnect, "
                   "the host disconnected the socket, rooms 0\n"
                   "leaving /: server namespace disconnect, rooms 3\n"
                   "left /: server namespace disconnect, "
                   "the host disconnected the socket, rooms 0\n");
  assert_int_equal(sio_sockets_disconnect(sio_only(at(2)), true), 0);
  assert_hears(&c[2], "41\n<close>\n");
  assert_int_equal(sio_count(sio_everyone(w.root)), 1);
  world_close(&w);
}

static void test_bulk_operations_reach_the_children_of_a_parent(void **state)
{
  sio_str room = sio_s("r");
  sio_ns *parent;

  (void)state;
  begin();
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_int_equal(sio_count(sio_everyone(parent)), 0);
  assert_int_equal(sio_sockets_join(sio_everyone(parent), &room, 1), 0);
  client_join(&c[0], "/t/1");
  client_join(&c[1], "/t/2");
  client_join(&c[2], "/t/2");
  assert_int_equal(sio_count(sio_everyone(parent)), 3);
  assert_int_equal(sio_sockets_join(sio_everyone(parent), &room, 1), 0);
  assert_true(sio_socket_in(client_socket(&c[2], "/t/2"), room));
  assert_int_equal(sio_leave(client_socket(&c[1], "/t/2"), room), 0);
  assert_int_equal(sio_count(sio_in(parent, room)), 2);
  assert_int_equal(sio_each(sio_in(parent, room), note_index, NULL), 0);
  assert_noted(&w, "0\n2\n");
  assert_int_equal(sio_sockets_disconnect(sio_in(parent, room), false), 0);
  assert_hears(&c[0], "41/t/1,\n");
  assert_hears(&c[1], "");
  assert_hears(&c[2], "41/t/2,\n");
  assert_int_equal(sio_count(sio_everyone(parent)), 1);
  assert_int_equal(sio_count(sio_everyone(w.root)), 4);
  world_close(&w);
}

/* ---- Counting ---- */

static void test_counting_allocates_nothing(void **state)
{
  sio_str rooms[] = {sio_s("x"), sio_s("y")};
  sio_socket *socket;
  size_t calls;

  (void)state;
  begin();
  calls = w.mem->calls;
  assert_int_equal(sio_count(sio_everyone(w.root)), 4);
  assert_int_equal(sio_count(sio_others(at(0))), 3);
  assert_int_equal(sio_count(sio_in(w.root, sio_s("x"))), 2);
  assert_int_equal(sio_count(sio_and(sio_in(w.root, rooms[0]), rooms[1])), 3);
  assert_int_equal(sio_count(sio_except(sio_everyone(w.root), rooms[1])), 2);
  assert_int_equal(sio_count(sio_in(w.root, sio_s("nobody"))), 0);
  assert_int_equal(w.mem->calls, calls);
  assert_int_equal(sio_count(sio_and_rooms(sio_everyone(w.root), rooms, 2)), 3);
  socket = sio_socket_retain(at(0));
  assert_int_equal(sio_count(sio_only(socket)), 1);
  client_drop(&c[0]);
  assert_int_equal(sio_count(sio_only(socket)), 0);
  sio_socket_release(socket);
  assert_int_equal(sio_count(sio_everyone(NULL)), SIO_ERR_INVALID);
  assert_int_equal(sio_each(sio_everyone(NULL), note_index, NULL),
                   SIO_ERR_INVALID);
  world_close(&w);
}

/* ---- Rooms ---- */

struct room_notes {
  size_t n, members, stop_at;
  bool seen_x, seen_id;
};

static bool note_room(sio_str room, size_t sockets, void *user)
{
  struct room_notes *notes = user;

  notes->n++;
  notes->members += sockets;
  notes->seen_x |= sio_str_is(room, "x") && sockets == 2;
  notes->seen_id |= sio_str_is(room, c[0].sid) && sockets == 2;
  return notes->n != notes->stop_at;
}

static void test_the_rooms_of_a_namespace_are_listed(void **state)
{
  struct room_notes notes = {0}, first = {.stop_at = 1}, none = {0};

  (void)state;
  begin();
  assert_int_equal(sio_join(at(3), sio_s(c[0].sid)), 0);
  sio_ns_each_room(w.root, note_room, &notes);
  assert_int_equal(notes.n, 3);
  assert_int_equal(notes.n, sio_ns_room_count(w.root));
  assert_int_equal(notes.members, 6);
  assert_true(notes.seen_x);
  assert_true(notes.seen_id);
  sio_ns_each_room(w.root, note_room, &first);
  assert_int_equal(first.n, 1);
  sio_ns_each_room(sio_of(w.server, "/b"), note_room, &none);
  assert_int_equal(none.n, 0);
  world_close(&w);
}

/* ---- Memory ---- */

static void join_everybody(struct test_mem *mem, void *user)
{
  sio_str rooms[] = {sio_s("a"), sio_s("b")};
  sio_target target;
  int64_t count;
  int rv;

  (void)user;
  if (!world_try_open(&w, mem))
    return;
  for (size_t i = 0; i < N; i++) {
    if (client_open(&w, &c[i]))
      client_say(&c[i], "40");
  }
  target = sio_and_rooms(sio_everyone(w.root), NULL, 0);
  rv = sio_sockets_join(target, rooms, 2);
  assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
  target = sio_except_rooms(target, rooms, 1);
  count = sio_count(target);
  assert_true(count == SIO_ERR_NOMEM || count >= 0);
  rv = sio_sockets_leave(sio_in(w.root, rooms[0]), rooms, 2);
  assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
  rv = sio_sockets_disconnect(sio_everyone(w.root), false);
  assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
  world_close(&w);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(join_everybody, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_visits_whom_an_event_would_reach),
      cmocka_unit_test(test_who_leaves_during_a_visit_is_skipped),
      cmocka_unit_test(test_rooms_may_change_during_a_visit),
      cmocka_unit_test(test_a_visit_of_who_is_gone_visits_nobody),
      cmocka_unit_test(test_all_of_a_target_join_and_leave),
      cmocka_unit_test(test_who_cannot_join_does_not_keep_the_others_from_it),
      cmocka_unit_test(test_all_of_a_target_are_disconnected),
      cmocka_unit_test(test_bulk_operations_reach_the_children_of_a_parent),
      cmocka_unit_test(test_counting_allocates_nothing),
      cmocka_unit_test(test_the_rooms_of_a_namespace_are_listed),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
  };

  return cmocka_run_group_tests_name("core/roomops", tests, NULL, NULL);
}
