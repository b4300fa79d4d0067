/* SPDX-License-Identifier: MIT */
/* lib/core/membership.c: joining and leaving rooms, and who is told. */
#include "core_world.h"

#include <sio/dynamic.h>

#include <stdio.h>
#include <stdlib.h>

static struct core_world w;
static struct core_client a, b;

/* Ids as names of clients: nobody can tell them from one run to the next. */
static const char *name_of(sio_str room)
{
  static char text[64];

  if (sio_str_is(room, a.sid))
    return "A";
  if (sio_str_is(room, b.sid))
    return "B";
  (void)snprintf(text, sizeof text, "%.*s",
                 room.len < sizeof text ? (int)room.len : 0, room.data);
  return text;
}

static void created(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  world_note(&w, "%screated %s", (const char *)user, name_of(room));
}

static void deleted(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  world_note(&w, "%sdeleted %s", (const char *)user, name_of(room));
}

static void joined(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  char text[64];

  assert_ptr_equal(sio_socket_ns(socket), ns);
  (void)snprintf(text, sizeof text, "%s", name_of(room));
  world_note(&w, "%s%s joined %s", (const char *)user,
             name_of(sio_s(sio_socket_id(socket))), text);
}

static void left(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  char text[64];

  (void)ns;
  (void)snprintf(text, sizeof text, "%s", name_of(room));
  world_note(&w, "%s%s left %s", (const char *)user,
             name_of(sio_s(sio_socket_id(socket))), text);
}

static int watch_as(sio_ns *ns, const char *prefix)
{
  sio_room_handlers handlers;

  sio_room_handlers_init(&handlers);
  handlers.created = created;
  handlers.deleted = deleted;
  handlers.joined = joined;
  handlers.left = left;
  return sio_on_rooms(ns, &handlers, (void *)(uintptr_t)prefix);
}

static sio_socket *of(struct core_client *c)
{
  return client_socket(c, "/");
}

/* Two clients in "/", whose rooms are watched from now on. */
static void begin(void)
{
  world_open(&w, NULL);
  client_enter(&w, &a);
  client_enter(&w, &b);
  assert_int_equal(watch_as(w.root, ""), 0);
}

/* ---- Several rooms ---- */

static void test_several_rooms_are_joined_and_left_in_order(void **state)
{
  sio_str rooms[] = {sio_s("x"), sio_s("y"), sio_s("x")};

  (void)state;
  begin();
  assert_int_equal(sio_join_rooms(of(&a), rooms, 3), 0);
  assert_noted(&w, "created x\nA joined x\ncreated y\nA joined y\n");
  assert_int_equal(sio_socket_room_count(of(&a)), 3);
  assert_int_equal(sio_leave_rooms(of(&a), rooms, 3), 0);
  assert_noted(&w, "A left x\ndeleted x\nA left y\ndeleted y\n");
  assert_int_equal(sio_join_rooms(of(&a), NULL, 0), 0);
  assert_int_equal(sio_leave_rooms(of(&a), NULL, 0), 0);
  world_close(&w);
}

static void test_the_first_room_that_fails_is_the_last_tried(void **state)
{
  sio_str rooms[] = {sio_s("x"), sio_s("y"), sio_s("z")};
  sio_server_options options;
  sio_socket *socket;
  char text[1025];

  (void)state;
  memset(text, 'x', sizeof text);
  world_options(&w, &options);
  options.max_rooms = 3;
  world_open(&w, &options);
  client_enter(&w, &a);
  assert_int_equal(sio_join_rooms(of(&a), rooms, 3), SIO_ERR_LIMIT);
  assert_true(sio_socket_in(of(&a), rooms[1]));
  assert_int_equal(sio_leave(of(&a), rooms[0]), 0);
  rooms[1].data = text;
  rooms[1].len = sizeof text;
  assert_int_equal(sio_join_rooms(of(&a), rooms + 1, 2), SIO_ERR_INVALID);
  assert_int_equal(watch_as(w.root, ""), 0);
  assert_int_equal(sio_join_rooms(of(&a), rooms + 1, 2), SIO_ERR_INVALID);
  assert_noted(&w, "");
  socket = sio_socket_retain(of(&a));
  client_drop(&a);
  assert_int_equal(sio_join_rooms(socket, rooms, 1), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_leave_rooms(socket, rooms, 1), SIO_ERR_DISCONNECTED);
  sio_socket_release(socket);
  world_close(&w);
}

/* ---- Who is told what ---- */

static void test_a_room_exists_from_its_first_member_to_its_last(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_join(of(&b), sio_s("x")), 0);
  assert_noted(&w, "created x\nA joined x\nB joined x\n");
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("never")), 0);
  assert_noted(&w, "A left x\n");
  assert_int_equal(sio_leave(of(&b), sio_socket_room(of(&b), 1)), 0);
  assert_noted(&w, "B left x\ndeleted x\n");
  assert_int_equal(sio_join(of(&a), sio_s("")), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("")), 0);
  assert_noted(&w, "created \nA joined \nA left \ndeleted \n");
  world_close(&w);
}

static void connected(sio_socket *socket, void *user)
{
  (void)user;
  world_note(&w, "connected");
  assert_int_equal(sio_join(socket, sio_s("x")), 0);
  assert_int_equal(sio_join(socket, sio_s("y")), 0);
}

/* client_enter() takes down the id only when the client has joined. */
static void any_created(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  (void)user;
  world_note(&w, "created %s", room.len == 20 ? "ID" : name_of(room));
}

static void any_joined(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  (void)ns;
  (void)user;
  assert_true(sio_socket_is_connected(socket));
  world_note(&w, "joined %s",
             sio_str_is(room, sio_socket_id(socket)) ? "ID" : name_of(room));
}

static void test_a_socket_comes_and_goes_with_its_rooms(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  world_open(&w, NULL);
  sio_room_handlers_init(&handlers);
  handlers.created = any_created;
  handlers.joined = any_joined;
  assert_int_equal(sio_on_rooms(w.root, &handlers, NULL), 0);
  assert_int_equal(sio_on_connect(w.root, connected, NULL), 0);
  client_enter(&w, &a);
  assert_noted(&w, "created ID\njoined ID\nconnected\ncreated x\njoined x\n"
                   "created y\njoined y\n");
  (void)world_watch(&w, "/");
  assert_int_equal(watch_as(w.root, ""), 0);
  client_say(&a, "41");
  assert_noted(&w, "leaving /: client namespace disconnect, rooms 3\n"
                   "A left A\ndeleted A\nA left x\ndeleted x\n"
                   "A left y\ndeleted y\n"
                   "left /: client namespace disconnect, "
                   "the client left the namespace, rooms 0\n");
  world_close(&w);
}

static void test_the_room_of_an_id_is_like_any_other(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_join(of(&b), sio_s(a.sid)), 0);
  assert_int_equal(sio_leave(of(&a), sio_s(a.sid)), 0);
  assert_int_equal(sio_leave(of(&b), sio_s(a.sid)), 0);
  assert_noted(&w, "B joined A\nA left A\nB left A\ndeleted A\n");
  assert_int_equal(sio_join(of(&b), sio_s(a.sid)), 0);
  assert_int_equal(sio_join(of(&a), sio_s(a.sid)), 0);
  assert_noted(&w, "created A\nB joined A\nA joined A\n");
  client_say(&a, "41");
  assert_noted(&w, "A left A\n");
  client_say(&b, "41");
  assert_noted(&w, "B left B\ndeleted B\nB left A\ndeleted A\n");
  world_close(&w);
}

/* ---- Before a socket has connected ---- */

static sio_next *kept;

static void keep(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  kept = sio_next_retain(next);
  assert_int_equal(sio_join(socket, sio_s("early")), 0);
}

static void wait_outside(void)
{
  kept = NULL;
  begin();
  assert_int_equal(sio_use(w.root, keep, NULL), 0);
  client_say(&b, "41");
  client_say(&b, "40");
  assert_non_null(kept);
  (void)snprintf(b.sid, sizeof b.sid, "%s",
                 sio_socket_id(sio_next_socket(kept)));
  w.n_notes = 0;
}

static void test_the_own_room_is_told_of_when_the_socket_connects(void **state)
{
  (void)state;
  wait_outside();
  assert_int_equal(sio_leave(sio_next_socket(kept), sio_s(b.sid)), 0);
  assert_int_equal(sio_join(sio_next_socket(kept), sio_s(b.sid)), 0);
  assert_noted(&w, "");
  assert_int_equal(sio_join(of(&a), sio_s(b.sid)), 0);
  assert_int_equal(sio_next_ok(kept), 0);
  assert_noted(&w, "created B\nA joined B\nB joined B\n");
  client_say(&b, "41");
  assert_noted(&w, "B left B\nB left early\ndeleted early\n");
  sio_next_release(kept);
  world_close(&w);
}

static void test_who_left_its_own_room_outside_connects_without_it(void **state)
{
  (void)state;
  wait_outside();
  assert_int_equal(sio_leave(sio_next_socket(kept), sio_s(b.sid)), 0);
  assert_int_equal(sio_next_ok(kept), 0);
  assert_noted(&w, "");
  sio_next_release(kept);
  world_close(&w);
}

static void rejoin(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  left(ns, room, socket, user);
  world_note(&w, "%d", sio_join(socket, room));
}

static void test_who_is_refused_leaves_its_rooms_for_good(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  wait_outside();
  sio_room_handlers_init(&handlers);
  handlers.left = rejoin;
  handlers.deleted = deleted;
  assert_int_equal(sio_on_rooms(w.root, &handlers, (void *)(uintptr_t) ""), 0);
  assert_int_equal(sio_next_refuse(kept, "no", NULL), 0);
  assert_noted(&w, "B left early\n-500\ndeleted early\n");
  assert_int_equal(sio_ns_room_count(w.root), 0);
  sio_next_release(kept);
  world_close(&w);
}

/* ---- Handlers that do things ---- */

static void leave_at_once(sio_ns *ns, sio_str room, void *user)
{
  created(ns, room, user);
  assert_int_equal(sio_leave(of(&a), room), 0);
}

static void test_a_room_may_be_left_before_it_is_joined(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  begin();
  sio_room_handlers_init(&handlers);
  handlers.created = leave_at_once;
  handlers.joined = joined;
  handlers.left = left;
  handlers.deleted = deleted;
  assert_int_equal(sio_on_rooms(w.root, &handlers, (void *)(uintptr_t) ""), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_noted(&w, "created x\nA left x\ndeleted x\n");
  assert_false(sio_socket_in(of(&a), sio_s("x")));
  world_close(&w);
}

/* Whoever leaves "x" is followed there by B, which leaves again for "y". */
static void follow(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  left(ns, room, socket, user);
  if (!sio_str_is(room, "x") || socket == of(&b))
    return;
  assert_int_equal(sio_join(of(&b), room), 0);
  if (sio_socket_in(of(&b), sio_s("y")))
    assert_int_equal(sio_leave(of(&b), room), 0);
}

static void test_a_room_that_is_joined_while_it_vanishes_stays(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  begin();
  sio_room_handlers_init(&handlers);
  handlers.created = created;
  handlers.joined = joined;
  handlers.left = follow;
  handlers.deleted = deleted;
  assert_int_equal(sio_on_rooms(w.root, &handlers, (void *)(uintptr_t) ""), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_noted(&w, "created x\nA joined x\nA left x\nB joined x\n");
  assert_int_equal(sio_ns_room_size(w.root, sio_s("x")), 1);

  assert_int_equal(sio_leave(of(&b), sio_s("x")), 0);
  assert_int_equal(sio_join(of(&b), sio_s("y")), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  w.n_notes = 0;
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_noted(&w, "A left x\nB joined x\nB left x\ndeleted x\n");
  world_close(&w);
}

static void kick(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  joined(ns, room, socket, user);
  assert_int_equal(sio_on_rooms(ns, NULL, NULL), 0);
  assert_int_equal(sio_socket_disconnect(socket, true), 0);
}

static void test_a_handler_may_disconnect_and_take_itself_away(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  begin();
  sio_room_handlers_init(&handlers);
  handlers.joined = kick;
  handlers.left = left;
  assert_int_equal(sio_on_rooms(w.root, &handlers, (void *)(uintptr_t) ""), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_noted(&w, "A joined x\n");
  assert_hears(&a, "41\n<close>\n");
  assert_int_equal(sio_ns_room_count(w.root), 0);
  world_close(&w);
}

static void kick_early(sio_ns *ns, sio_str room, void *user)
{
  sio_socket *socket = sio_ns_socket(ns, room);

  (void)user;
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
}

static void test_a_socket_may_be_disconnected_before_its_handlers(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  world_open(&w, NULL);
  sio_room_handlers_init(&handlers);
  handlers.created = kick_early;
  handlers.joined = joined;
  assert_int_equal(sio_on_rooms(w.root, &handlers, (void *)(uintptr_t) ""), 0);
  assert_int_equal(sio_on_connect(w.root, connected, NULL), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40");
  assert_noted(&w, "");
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

/* ---- Setting them ---- */

static void test_handlers_are_replaced_and_taken_away(void **state)
{
  sio_room_handlers handlers;

  (void)state;
  begin();
  assert_int_equal(watch_as(w.root, "2 "), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_noted(&w, "2 created x\n2 A joined x\n");
  sio_room_handlers_init(&handlers); /* none of them */
  assert_int_equal(sio_on_rooms(w.root, &handlers, NULL), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_on_rooms(w.root, NULL, NULL), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_noted(&w, "");
  handlers.size = 0;
  assert_int_equal(sio_on_rooms(w.root, &handlers, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_on_rooms(NULL, NULL, NULL), SIO_ERR_INVALID);
  sio_room_handlers_init_sized(&handlers, 4); /* nothing is written */
  assert_int_equal(handlers.size, 0);
  sio_room_handlers_init_sized(NULL, sizeof handlers);
  world_close(&w);
}

static void test_a_caller_that_knows_fewer_handlers_is_understood(void **state)
{
  size_t known = offsetof(sio_room_handlers, deleted);
  sio_room_handlers *handlers;
  uint8_t blank[sizeof *handlers] = {0};

  (void)state;
  begin();
  handlers = (sio_room_handlers *)(void *)test_exact(blank, known);
  sio_room_handlers_init_sized(handlers, known);
  handlers->created = created;
  assert_int_equal(sio_on_rooms(w.root, handlers, (void *)(uintptr_t) ""), 0);
  free(handlers);
  assert_int_equal(sio_join(of(&a), sio_s("x")), 0);
  assert_int_equal(sio_leave(of(&a), sio_s("x")), 0);
  assert_noted(&w, "created x\n");
  world_close(&w);
}

static void test_a_parent_watches_the_rooms_of_its_children(void **state)
{
  sio_ns *parent;

  (void)state;
  begin();
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_int_equal(watch_as(parent, "parent "), 0);
  client_join(&a, "/t/1");
  assert_int_equal(watch_as(sio_find(w.server, "/t/1"), "child "), 0);
  w.n_notes = 0;
  assert_int_equal(sio_join(client_socket(&a, "/t/1"), sio_s("x")), 0);
  assert_noted(&w, "parent created x\nchild created x\n"
                   "parent A joined x\nchild A joined x\n");
  assert_int_equal(sio_on_rooms(sio_find(w.server, "/t/1"), NULL, NULL), 0);
  assert_int_equal(sio_leave(client_socket(&a, "/t/1"), sio_s("x")), 0);
  assert_noted(&w, "parent A left x\nparent deleted x\n");
  world_close(&w);
}

static int balance; /* of what was created and joined */

static void one_more(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  (void)room;
  (void)user;
  balance++;
}

static void one_less(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  (void)room;
  (void)user;
  balance--;
}

static void join_watched(struct test_mem *mem, void *user)
{
  sio_str rooms[] = {sio_s("x"), sio_s("y"), sio_s("z")};
  sio_room_handlers handlers;
  sio_socket *socket;

  (void)user;
  if (!world_try_open(&w, mem))
    return;
  balance = 0;
  sio_room_handlers_init(&handlers);
  handlers.created = one_more;
  handlers.deleted = one_less;
  if (sio_on_rooms(w.root, &handlers, NULL) == 0 && client_open(&w, &a)) {
    client_say(&a, "40");
    (void)sscanf(client_hear(&a), "40{\"sid\":\"%20[^\"]", a.sid);
    socket = sio_ns_socket(w.root, sio_s(a.sid));
    if (socket != NULL) {
      int rv = sio_join_rooms(socket, rooms, 3);

      assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
      assert_int_equal(balance, (int)sio_ns_room_count(w.root) + 1);
    }
  }
  world_close(&w);
  assert_int_equal(balance, 0);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(join_watched, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_several_rooms_are_joined_and_left_in_order),
      cmocka_unit_test(test_the_first_room_that_fails_is_the_last_tried),
      cmocka_unit_test(test_a_room_exists_from_its_first_member_to_its_last),
      cmocka_unit_test(test_a_socket_comes_and_goes_with_its_rooms),
      cmocka_unit_test(test_the_room_of_an_id_is_like_any_other),
      cmocka_unit_test(test_the_own_room_is_told_of_when_the_socket_connects),
      cmocka_unit_test(test_who_left_its_own_room_outside_connects_without_it),
      cmocka_unit_test(test_who_is_refused_leaves_its_rooms_for_good),
      cmocka_unit_test(test_a_room_may_be_left_before_it_is_joined),
      cmocka_unit_test(test_a_room_that_is_joined_while_it_vanishes_stays),
      cmocka_unit_test(test_a_handler_may_disconnect_and_take_itself_away),
      cmocka_unit_test(test_a_socket_may_be_disconnected_before_its_handlers),
      cmocka_unit_test(test_handlers_are_replaced_and_taken_away),
      cmocka_unit_test(test_a_caller_that_knows_fewer_handlers_is_understood),
      cmocka_unit_test(test_a_parent_watches_the_rooms_of_its_children),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
  };

  return cmocka_run_group_tests_name("core/membership", tests, NULL, NULL);
}
