/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/objects.h"

#include <stdio.h>

static struct core_world w;
static struct core_client a, b;

static void test_names_get_their_slash_and_are_found_again(void **state)
{
  sio_ns *abc;

  (void)state;
  world_open(&w, NULL);
  assert_ptr_equal(sio_of(w.server, "/"), w.root);
  assert_ptr_equal(sio_of(w.server, ""), w.root);
  assert_ptr_equal(sio_find(w.server, ""), w.root);
  assert_string_equal(sio_ns_name(w.root), "/");
  assert_null(sio_find(w.server, "abc"));
  abc = sio_of(w.server, "abc");
  assert_string_equal(sio_ns_name(abc), "/abc");
  assert_ptr_equal(sio_of(w.server, "/abc"), abc);
  assert_ptr_equal(sio_find(w.server, "abc"), abc);
  assert_ptr_equal(sio_ns_server(abc), w.server);
  assert_null(sio_find(w.server, "/abc/"));
  assert_null(sio_find(w.server, "/ABC"));
  assert_null(sio_find(w.server, "b"));
  world_close(&w);
}

static void test_names_that_cannot_be_sent_are_refused(void **state)
{
  static const char *const names[] = {"a,b",  ",",        "a\nb",
                                      "\x7f", "\xc3\x28", "\x01"};
  char longest[257];

  (void)state;
  world_open(&w, NULL);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_null(sio_of(w.server, names[i]));
    assert_null(sio_find(w.server, names[i]));
  }
  assert_null(sio_of(w.server, NULL));
  assert_null(sio_find(w.server, NULL));
  memset(longest, 'x', sizeof longest);
  longest[255] = '\0';
  assert_null(sio_of(w.server, longest)); /* with its slash 256 */
  longest[254] = '\0';
  assert_non_null(sio_of(w.server, longest));
  longest[0] = '/';
  longest[254] = 'x';
  longest[255] = '\0';
  assert_non_null(sio_of(w.server, longest));
  assert_int_equal(strlen(sio_ns_name(sio_find(w.server, longest))), 255);
  world_close(&w);
}

static void test_many_namespaces_are_told_apart(void **state)
{
  char name[8] = "/n00";

  (void)state;
  world_open(&w, NULL);
  for (int i = 0; i < 100; i++) {
    name[2] = (char)('0' + i / 10);
    name[3] = (char)('0' + i % 10);
    assert_non_null(sio_of(w.server, name));
  }
  assert_true(client_open(&w, &a));
  client_join(&a, "/n42");
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/n42")), 1);
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/n24")), 0);
  world_close(&w);
}

static void middleware(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  world_note(user, "middleware");
  assert_int_equal(sio_next_ok(next), 0);
}

static void connected(sio_socket *socket, void *user)
{
  (void)socket;
  world_note(user, "connect");
}

static void leaving(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  world_note(user, "end %d", (int)end->reason);
}

static void event_one(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  (void)socket;
  (void)ack;
  world_note(user, "one %zu", sio_args_count(args));
}

static void event_two(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(user, "two");
}

static void test_everything_is_called_in_the_order_of_registration(void **state)
{
  (void)state;
  world_open(&w, NULL);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(sio_use(w.root, middleware, &w), 0);
    assert_int_equal(sio_on_connect(w.root, connected, &w), 0);
    assert_int_equal(sio_on_disconnecting(w.root, leaving, &w), 0);
  }
  assert_int_equal(sio_on_disconnect(w.root, leaving, &w), 0);
  assert_int_equal(sio_on(w.root, "e", event_two, &w), 0);
  assert_int_equal(sio_on(w.root, "e", event_one, &w), 0);
  assert_int_equal(sio_on(w.root, "e", event_two, &w), 0);
  client_enter(&w, &a);
  assert_noted(&w, "middleware\nmiddleware\nconnect\nconnect\n");
  client_say(&a, "42[\"e\",1,2]");
  assert_noted(&w, "two\none 2\ntwo\n");
  client_say(&a, "41");
  assert_noted(&w, "end 1\nend 1\nend 1\n");
  world_close(&w);
}

static void test_functions_that_are_missing_are_refused(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_use(w.root, NULL, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on_connect(w.root, NULL, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on_disconnecting(w.root, NULL, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on_disconnect(w.root, NULL, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on(w.root, "e", NULL, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on(w.root, NULL, event_one, &w), SIO_ERR_INVALID);
  world_close(&w);
}

static void test_one_check_does_for_the_namespace_and_its_handler(void **state)
{
  (void)state;
  assert_null(sio_of(NULL, "/"));
  assert_null(sio_find(NULL, "/"));
  assert_int_equal(sio_use(NULL, middleware, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on_connect(NULL, connected, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on_disconnecting(NULL, leaving, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on_disconnect(NULL, leaving, &w), SIO_ERR_INVALID);
  assert_int_equal(sio_on(NULL, "e", event_one, &w), SIO_ERR_INVALID);
}

static void test_reserved_events_cannot_be_handled(void **state)
{
  static const char *const names[] = {"connect",     "connect_error",
                                      "disconnect",  "disconnecting",
                                      "newListener", "removeListener"};

  (void)state;
  world_open(&w, NULL);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_int_equal(sio_on(w.root, names[i], event_one, &w), SIO_ERR_RESERVED);
  assert_int_equal(sio_on(w.root, "connection", event_one, &w), 0);
  assert_int_equal(sio_on(w.root, "error", event_one, &w), 0);
  client_enter(&w, &a);
  client_say(&a, "42[\"error\"]");
  client_say(&a, "42[\"connection\",1]");
  assert_noted(&w, "one 0\none 1\n");
  assert_hears(&a, "");
  world_close(&w);
}

static void test_events_are_told_apart_by_their_whole_names(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on(w.root, "", event_one, &w), 0);
  assert_int_equal(sio_on(w.root, "1", event_two, &w), 0);
  client_enter(&w, &a);
  client_say(&a, "42[\"\",0]");
  client_say(&a, "42[\"1\"]");
  client_say(&a, "42[1]");
  client_say(&a, "42[\"\\u0031\"]");
  client_say(&a, "42[\"11\"]");
  client_say(&a, "42[\"1\\u0000\"]");
  assert_noted(&w, "one 1\ntwo\ntwo\ntwo\n");
  world_close(&w);
}

static void test_sockets_are_found_by_id_in_their_namespace_only(void **state)
{
  sio_ns *other;

  (void)state;
  world_open(&w, NULL);
  other = sio_of(w.server, "/b");
  client_enter(&w, &a);
  assert_non_null(sio_ns_socket(w.root, sio_s(a.sid)));
  assert_null(sio_ns_socket(other, sio_s(a.sid)));
  assert_null(sio_ns_socket(w.root, sio_s("")));
  assert_null(sio_ns_socket(w.root, sio_s("aaaaaaaaaaaaaaaaaaaa")));
  client_say(&a, "41");
  assert_null(sio_ns_socket(w.root, sio_s(a.sid)));
  world_close(&w);
}

/* ---- Walking ---- */

static bool note_ns(sio_ns *ns, void *user)
{
  world_note(user, "%s", sio_ns_name(ns));
  return true;
}

static bool stop_at_b(sio_ns *ns, void *user)
{
  world_note(user, "%s", sio_ns_name(ns));
  return strcmp(sio_ns_name(ns), "/b") != 0;
}

static bool make_more(sio_ns *ns, void *user)
{
  char name[32];

  world_note(user, "%s", sio_ns_name(ns));
  (void)snprintf(name, sizeof name, "%s+", sio_ns_name(ns));
  assert_non_null(sio_of(w.server, name));
  return true;
}

static bool delete_the_others(sio_ns *ns, void *user)
{
  static const char *const names[] = {"/a", "/b", "/c"};

  world_note(user, "%s", sio_ns_name(ns));
  for (size_t i = 0; i < 3; i++) {
    sio_ns *other = sio_find(w.server, names[i]);

    if (other != NULL && (ns != w.root) && (i != 1 || ns == other))
      assert_int_equal(sio_ns_delete(other), 0);
  }
  return true;
}

static void test_namespaces_are_shown_in_the_order_of_creation(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of(w.server, "/c"));
  assert_non_null(sio_of(w.server, "/b"));
  assert_non_null(sio_of(w.server, "/a"));
  sio_server_each_ns(w.server, note_ns, &w);
  assert_noted(&w, "/\n/c\n/b\n/a\n");
  sio_server_each_ns(w.server, stop_at_b, &w);
  assert_noted(&w, "/\n/c\n/b\n");
  sio_server_each_ns(w.server, make_more, &w);
  assert_noted(&w, "/\n/c\n/b\n/a\n");
  assert_non_null(sio_find(w.server, "/a+"));
  world_close(&w);
}

static void test_namespaces_may_go_while_they_are_shown(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of(w.server, "/a"));
  assert_non_null(sio_of(w.server, "/b"));
  assert_non_null(sio_of(w.server, "/c")); /* goes before it is shown */
  sio_server_each_ns(w.server, delete_the_others, &w);
  assert_noted(&w, "/\n/a\n/b\n");
  sio_server_each_ns(w.server, note_ns, &w);
  assert_noted(&w, "/\n");
  world_close(&w);
}

/* ---- New ones ---- */

static void note_new(sio_ns *ns, void *user)
{
  world_note(user, "new %s %zu", sio_ns_name(ns), sio_ns_socket_count(ns));
  assert_ptr_equal(sio_find(w.server, sio_ns_name(ns)), ns);
}

static void delete_new(sio_ns *ns, void *user)
{
  world_note(user, "not %s", sio_ns_name(ns));
  assert_int_equal(sio_ns_delete(ns), 0);
}

static void test_the_host_is_told_about_new_namespaces_once(void **state)
{
  (void)state;
  world_open(&w, NULL);
  sio_server_on_namespace(w.server, note_new, &w);
  assert_non_null(sio_of(w.server, "x"));
  assert_non_null(sio_of(w.server, "/x"));
  assert_non_null(sio_of(w.server, "/"));
  assert_non_null(sio_of_pattern(w.server, "/t/{id}")); /* nobody is in it */
  assert_true(client_open(&w, &a));
  client_join(&a, "/t/1");
  assert_noted(&w, "new /x 0\nnew /t/1 0\n");
  sio_server_on_namespace(w.server, delete_new, &w);
  assert_null(sio_of(w.server, "/y"));
  assert_null(sio_find(w.server, "/y"));
  assert_noted(&w, "not /y\n");
  world_close(&w);
}

/* ---- Deletion ---- */

static sio_next *held;

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  held = sio_next_retain(next);
}

static void test_who_is_in_a_deleted_namespace_leaves(void **state)
{
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  ns = world_watch(&w, "/x");
  client_enter(&w, &a);
  client_join(&a, "/x");
  assert_int_equal(sio_use(ns, hold_on, NULL), 0);
  assert_true(client_open(&w, &b));
  client_say(&b, "40/x,");
  w.n_notes = 0;
  assert_int_equal(sio_ns_delete(ns), 0);
  assert_noted(&w, "leaving /x: server namespace disconnect, rooms 1\n"
                   "left /x: server namespace disconnect, the host "
                   "disconnected the socket, rooms 0\n");
  assert_hears(&a, "41/x,\n");
  assert_hears(&b, "44/x,{\"message\":\"Invalid namespace\"}\n");
  assert_int_equal(sio_next_ok(held), SIO_ERR_DISCONNECTED);
  sio_next_release(held);
  assert_null(sio_find(w.server, "/x"));
  client_say(&b, "40/x,");
  assert_hears(&b, "44/x,{\"message\":\"Invalid namespace\"}\n");
  assert_int_equal(sio_server_session_count(w.server), 2);
  assert_non_null(sio_of(w.server, "/x")); /* the name is free */
  client_join(&b, "/x");
  assert_noted(&w, "");
  world_close(&w);
}

static void test_what_cannot_be_deleted_stays(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_ns_delete(NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_ns_delete(w.root), SIO_ERR_STATE);
  client_enter(&w, &a);
  world_close(&w);
}

static void test_children_go_with_their_parent(void **state)
{
  sio_ns *parent;

  (void)state;
  world_open(&w, NULL);
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_non_null(sio_of(w.server, "/t/0"));
  assert_int_equal(sio_on_disconnect(parent, leaving, &w), 0);
  client_enter(&w, &a);
  client_join(&a, "/t/1");
  client_join(&a, "/t/2");
  assert_int_equal(sio_ns_delete(parent), 0);
  assert_noted(&w, "end 2\nend 2\n");
  assert_hears(&a, "41/t/1,\n41/t/2,\n");
  sio_server_each_ns(w.server, note_ns, &w);
  assert_noted(&w, "/\n");
  client_say(&a, "40/t/1,");
  assert_hears(&a, "44/t/1,{\"message\":\"Invalid namespace\"}\n");
  assert_null(sio_ns_parent(sio_of(w.server, "/t/3")));
  world_close(&w);
}

static void test_a_socket_outlives_its_namespace(void **state)
{
  sio_socket *socket;
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of_pattern(w.server, "/{name}"));
  ns = sio_of(w.server, "/x");
  client_enter(&w, &a);
  client_join(&a, "/x");
  socket = sio_socket_retain(client_socket(&a, "/x"));
  assert_ptr_equal(sio_socket_ns(socket), ns);
  assert_int_equal(sio_ns_delete(sio_ns_parent(ns)), 0);
  assert_null(sio_socket_ns(socket));
  assert_int_equal(sio_join(socket, sio_s("r")), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_emitf(sio_only(socket), "e", NULL),
                   SIO_ERR_DISCONNECTED);
  assert_false(sio_socket_in(socket, sio_s("r")));
  world_drop_clients(&w);
  sio_server_free(w.server);
  assert_null(sio_socket_ns(socket));
  sio_socket_release(socket);
  test_mem_check(w.mem);
}

/* ---- Deletion from inside callbacks ---- */

static void delete_on_connect(sio_socket *socket, void *user)
{
  world_note(user, "connect");
  assert_int_equal(sio_ns_delete(sio_socket_ns(socket)), 0);
  assert_false(sio_socket_is_connected(socket));
}

static void delete_on_leaving(sio_socket *socket, const sio_end *end,
                              void *user)
{
  sio_ns *ns = sio_socket_ns(socket);

  (void)end;
  world_note(user, "leaving %s %d", sio_ns_name(ns), sio_ns_delete(ns));
}

static void delete_on_middleware(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  assert_int_equal(sio_ns_delete(sio_socket_ns(socket)), 0);
  assert_int_equal(sio_next_ok(next), SIO_ERR_DISCONNECTED);
}

static void delete_on_event(sio_socket *socket, const sio_args *args,
                            sio_ack *ack, void *user)
{
  world_note(user, "event");
  assert_int_equal(sio_ns_delete(sio_socket_ns(socket)), 0);
  assert_int_equal(sio_ack_args(ack, args), SIO_ERR_DISCONNECTED);
}

static void test_a_namespace_may_go_while_its_handlers_run(void **state)
{
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  ns = sio_of(w.server, "/m");
  assert_int_equal(sio_use(ns, delete_on_middleware, &w), 0);
  assert_int_equal(sio_use(ns, middleware, &w), 0);
  client_say(&a, "40/m,");
  assert_hears(&a, "44/m,{\"message\":\"Invalid namespace\"}\n");

  ns = sio_of(w.server, "/c");
  assert_int_equal(sio_on_connect(ns, delete_on_connect, &w), 0);
  assert_int_equal(sio_on_connect(ns, connected, &w), 0);
  assert_int_equal(sio_on_disconnecting(ns, delete_on_leaving, &w), 0);
  assert_int_equal(sio_on_disconnect(ns, leaving, &w), 0);
  client_say(&a, "40/c,");
  assert_non_null(strstr(client_hear(&a), "41/c,\n"));
  assert_noted(&w, "connect\nleaving /c -3\nend 2\n");

  ns = sio_of(w.server, "/e");
  assert_int_equal(sio_on(ns, "e", delete_on_event, &w), 0);
  assert_int_equal(sio_on(ns, "e", event_one, &w), 0);
  client_join(&a, "/e");
  client_say(&a, "42/e,1[\"e\"]");
  assert_hears(&a, "41/e,\n");
  assert_noted(&w, "event\n");
  world_close(&w);
}

static void test_the_first_who_leaves_may_delete_it_for_all(void **state)
{
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  ns = sio_of(w.server, "/x");
  assert_int_equal(sio_on_disconnecting(ns, delete_on_leaving, &w), 0);
  assert_int_equal(sio_on_disconnect(ns, delete_on_leaving, &w), 0);
  client_enter(&w, &a);
  client_join(&a, "/x");
  client_enter(&w, &b);
  client_join(&b, "/x");
  client_say(&a, "41/x,");
  assert_noted(&w, "leaving /x -3\nleaving /x -3\n" /* the second */
                   "leaving /x 0\nleaving /x -3\n");
  assert_hears(&b, "41/x,\n");
  assert_null(sio_find(w.server, "/x"));
  world_close(&w);
}

static void test_a_namespace_may_go_while_the_server_closes(void **state)
{
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  ns = sio_of(w.server, "/x");
  assert_int_equal(sio_on_disconnecting(ns, delete_on_leaving, &w), 0);
  client_enter(&w, &a);
  client_join(&a, "/x");
  client_enter(&w, &b);
  client_join(&b, "/x");
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  assert_noted(&w, "leaving /x 0\nleaving /x -3\n");
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

/* ---- Memory ---- */

static void register_all(struct test_mem *mem, void *user)
{
  struct core_world *world = user;
  sio_ns *ns;

  if (!world_try_open(world, mem))
    return;
  ns = sio_of(world->server, "/x");
  if (ns != NULL) {
    int rv = sio_use(ns, middleware, world);

    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    rv = sio_on_connect(ns, connected, world);
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    for (int i = 0; i < 4; i++) {
      rv = sio_on(ns, i < 2 ? "e" : "f", event_one, world);
      assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    }
    assert_ptr_equal(sio_of(world->server, "x"), ns);
  }
  assert_true(ns != NULL || mem->fired);
  world_close(world);
}

static void test_no_memory_for_registration_is_reported(void **state)
{
  (void)state;
  assert_true(test_every_allocation(register_all, &w) > 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_get_their_slash_and_are_found_again),
      cmocka_unit_test(test_names_that_cannot_be_sent_are_refused),
      cmocka_unit_test(test_many_namespaces_are_told_apart),
      cmocka_unit_test(test_everything_is_called_in_the_order_of_registration),
      cmocka_unit_test(test_functions_that_are_missing_are_refused),
      cmocka_unit_test(test_one_check_does_for_the_namespace_and_its_handler),
      cmocka_unit_test(test_reserved_events_cannot_be_handled),
      cmocka_unit_test(test_events_are_told_apart_by_their_whole_names),
      cmocka_unit_test(test_sockets_are_found_by_id_in_their_namespace_only),
      cmocka_unit_test(test_namespaces_are_shown_in_the_order_of_creation),
      cmocka_unit_test(test_namespaces_may_go_while_they_are_shown),
      cmocka_unit_test(test_the_host_is_told_about_new_namespaces_once),
      cmocka_unit_test(test_who_is_in_a_deleted_namespace_leaves),
      cmocka_unit_test(test_what_cannot_be_deleted_stays),
      cmocka_unit_test(test_children_go_with_their_parent),
      cmocka_unit_test(test_a_socket_outlives_its_namespace),
      cmocka_unit_test(test_a_namespace_may_go_while_its_handlers_run),
      cmocka_unit_test(test_the_first_who_leaves_may_delete_it_for_all),
      cmocka_unit_test(test_a_namespace_may_go_while_the_server_closes),
      cmocka_unit_test(test_no_memory_for_registration_is_reported),
  };

  return cmocka_run_group_tests_name("core/namespace", tests, NULL, NULL);
}
