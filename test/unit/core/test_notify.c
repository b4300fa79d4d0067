/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/passage.h"

static struct core_world w;
static struct core_client a, b;
static sio_ns *parent;

static void note(sio_socket *socket, const sio_args *args, sio_ack *ack,
                 void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(&w, "%s", (const char *)user);
}

static void note_any(sio_socket *socket, sio_str event, const sio_args *args,
                     sio_ack *ack, void *user)
{
  (void)event;
  note(socket, args, ack, user);
}

static void note_outgoing(sio_socket *socket, sio_str event, sio_str json,
                          void *user)
{
  world_note(&w, "%s %d %.*s %.*s", (const char *)user,
             sio_socket_is_connected(socket), (int)event.len, event.data,
             (int)json.len, json.data);
}

static void note_problem(sio_socket *socket, const sio_problem *problem,
                         void *user)
{
  world_note(&w, "%s %s %d %s %.*s", (const char *)user,
             sio_ns_name(sio_socket_ns(socket)), problem->error,
             problem->message, (int)problem->event.len, problem->event.data);
}

/* A child of a parent, joined by a client. */
static sio_ns *begin_child(void)
{
  world_open(&w, NULL);
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_non_null(parent);
  assert_true(client_open(&w, &a));
  client_join(&a, "/t/1");
  return sio_find(w.server, "/t/1");
}

static void test_the_parent_comes_first_and_the_socket_last(void **state)
{
  sio_ns *ns = begin_child();
  sio_socket *socket = client_socket(&a, "/t/1");

  (void)state;
  assert_int_equal(sio_socket_on(socket, "e", note, "socket"), 0);
  assert_int_equal(sio_socket_on_any(socket, note_any, "socket any"), 0);
  assert_int_equal(sio_on_matching(ns, "e*", note_any, "ns matching"), 0);
  assert_int_equal(sio_on(ns, "e", note, "ns"), 0);
  assert_int_equal(sio_on_any(ns, note_any, "ns any"), 0);
  assert_int_equal(sio_on_fallback(ns, note_any, "ns fallback"), 0);
  assert_int_equal(sio_on(parent, "e", note, "parent"), 0);
  assert_int_equal(sio_on_matching(parent, "*", note_any, "parent matching"),
                   0);
  assert_int_equal(sio_on_any(parent, note_any, "parent any"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "parent any\nns any\nsocket any\n"
                   "parent\nparent matching\nns\nns matching\nsocket\n");
  world_close(&w);
}

static void test_the_nearest_fallback_gets_what_nobody_handles(void **state)
{
  sio_ns *ns = begin_child();

  (void)state;
  assert_int_equal(sio_on_fallback(parent, note_any, "parent"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_int_equal(sio_on_fallback(ns, note_any, "ns"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "parent\nns\n");
  assert_int_equal(sio_on(parent, "e", note, "handled"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "handled\n");
  assert_int_equal(sio_on_any(ns, note_any, "any"), 0); /* does not count */
  client_say(&a, "42/t/1,[\"f\"]");
  assert_noted(&w, "any\nns\n");
  world_close(&w);
}

static void test_children_and_others_do_not_hear_of_each_other(void **state)
{
  (void)begin_child();
  (void)state;
  assert_true(client_open(&w, &b));
  client_join(&b, "/t/2");
  client_join(&b, "/");
  assert_int_equal(sio_on(sio_find(w.server, "/t/1"), "e", note, "1"), 0);
  assert_int_equal(sio_on(parent, "e", note, "parent"), 0);
  client_say(&b, "42/t/2,[\"e\"]");
  client_say(&b, "42[\"e\"]");
  assert_noted(&w, "parent\n");
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "parent\n1\n");
  world_close(&w);
}

/* ---- Changes from inside ---- */

static void leave(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  note(socket, args, ack, user);
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
}

static void leave_any(sio_socket *socket, sio_str event, const sio_args *args,
                      sio_ack *ack, void *user)
{
  (void)event;
  leave(socket, args, ack, user);
}

static void test_nothing_is_called_after_the_socket_has_left(void **state)
{
  sio_ns *ns = begin_child();

  (void)state;
  assert_int_equal(sio_on(parent, "e", leave, "leave"), 0);
  assert_int_equal(sio_on(parent, "e", note, "no"), 0);
  assert_int_equal(sio_on(ns, "e", note, "no"), 0);
  assert_int_equal(sio_on_matching(parent, "*", note_any, "no"), 0);
  assert_int_equal(sio_on_fallback(ns, note_any, "no"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "leave\n");
  assert_hears(&a, "41/t/1,\n");
  client_join(&a, "/t/1");
  assert_int_equal(sio_on_any(parent, leave_any, "leave any"), 0);
  assert_int_equal(sio_on_any(parent, note_any, "no"), 0);
  client_say(&a, "42/t/1,[\"f\"]");
  assert_noted(&w, "leave any\n");
  world_close(&w);
}

static void add_everywhere(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  sio_ns *ns = sio_socket_ns(socket);

  note(socket, args, ack, user);
  assert_int_equal(sio_on(ns, "e", note, "ns"), 0);
  assert_int_equal(sio_on(parent, "e", note, "parent"), 0);
  assert_int_equal(sio_on_matching(ns, "*", note_any, "matching"), 0);
  assert_int_equal(sio_socket_on(socket, "e", note, "socket"), 0);
}

static void test_what_is_added_serves_the_next_event_everywhere(void **state)
{
  sio_ns *ns = begin_child();

  (void)state;
  assert_int_equal(sio_once(parent, "e", add_everywhere, "first"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "first\n");
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "parent\nns\nmatching\nsocket\n");
  assert_int_equal(sio_off(ns, NULL, NULL, NULL), 0);
  world_close(&w);
}

static void remove_everywhere(sio_socket *socket, sio_str event,
                              const sio_args *args, sio_ack *ack, void *user)
{
  sio_ns *ns = sio_socket_ns(socket);

  (void)event;
  note(socket, args, ack, user);
  (void)sio_off_any(ns, NULL, NULL);
  (void)sio_off(ns, NULL, NULL, NULL);
  (void)sio_off_matching(ns, NULL, NULL, NULL);
  (void)sio_socket_off(socket, NULL, NULL, NULL);
  (void)sio_socket_off_any(socket, NULL, NULL);
}

static void remove_by_name(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  remove_everywhere(socket, sio_s(""), args, ack, user);
}

static void register_much(sio_ns *ns)
{
  sio_socket *socket = client_socket(&a, "/");

  assert_int_equal(sio_on_any(ns, note_any, "any"), 0);
  assert_int_equal(sio_on(ns, "e", note, "on"), 0);
  assert_int_equal(sio_on_matching(ns, "*", note_any, "matching"), 0);
  assert_int_equal(sio_on_matching(ns, "e", note_any, "matching"), 0);
  assert_int_equal(sio_socket_on(socket, "e", note, "socket"), 0);
  assert_int_equal(sio_socket_on_any(socket, note_any, "socket any"), 0);
}

static void test_what_is_removed_is_not_called_any_more(void **state)
{
  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  register_much(w.root);
  assert_int_equal(sio_prepend_any(w.root, remove_everywhere, "remove"), 0);
  assert_int_equal(sio_on_fallback(w.root, note_any, "fallback"), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "remove\nfallback\nfallback\n");
  assert_int_equal(sio_on(w.root, "e", remove_by_name, "remove"), 0);
  register_much(w.root);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "any\nsocket any\nremove\nfallback\n");
  assert_int_equal(sio_on_matching(w.root, "*", remove_everywhere, "remove"),
                   0);
  register_much(w.root);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "any\nsocket any\non\nremove\n");
  world_close(&w);
}

static void delete_namespace(sio_socket *socket, sio_str event,
                             const sio_args *args, sio_ack *ack, void *user)
{
  (void)event;
  note(socket, args, ack, user);
  assert_int_equal(sio_ns_delete(parent), 0);
}

static void test_the_namespace_may_be_deleted_by_what_is_called(void **state)
{
  sio_ns *ns = begin_child();

  (void)state;
  assert_int_equal(sio_on_any(parent, delete_namespace, "delete"), 0);
  assert_int_equal(sio_on_any(parent, note_any, "no"), 0);
  assert_int_equal(sio_on(ns, "e", note, "no"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "delete\n");
  assert_null(sio_find(w.server, "/t/1"));
  world_close(&w);
}

static void close_server(sio_socket *socket, sio_str event,
                         const sio_args *args, sio_ack *ack, void *user)
{
  (void)event;
  note(socket, args, ack, user);
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
}

static void test_the_server_may_be_closed_by_what_is_called(void **state)
{
  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  assert_int_equal(sio_on_fallback(w.root, close_server, "close"), 0);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "close\n");
  world_close(&w);
}

/* ---- Outgoing, problems ---- */

static void test_outgoing_of_the_parent_comes_first(void **state)
{
  sio_ns *ns = begin_child();
  sio_socket *socket = client_socket(&a, "/t/1");
  const sio_str json = {"[1]", 3};

  (void)state;
  assert_false(sio__listeners_wants_outgoing(ns));
  assert_int_equal(sio_on_outgoing(parent, note_outgoing, "parent"), 0);
  assert_true(sio__listeners_wants_outgoing(ns));
  assert_false(sio__listeners_wants_outgoing(w.root));
  assert_int_equal(sio_on_outgoing(ns, note_outgoing, "ns"), 0);
  sio__listeners_outgoing(socket, sio_s("e"), json);
  assert_noted(&w, "parent 1 e [1]\nns 1 e [1]\n");
  world_close(&w);
}

static void test_every_socket_of_the_client_is_told_of_nonsense(void **state)
{
  sio_ns *ns = begin_child();

  (void)state;
  client_join(&a, "/");
  assert_int_equal(sio_on_problem(parent, note_problem, "parent"), 0);
  assert_int_equal(sio_on_problem(ns, note_problem, "ns"), 0);
  assert_int_equal(sio_on_problem(w.root, note_problem, "root"), 0);
  client_say(&a, "45woooot");
  assert_noted(&w, "parent /t/1 -7 Illegal attachments \n"
                   "ns /t/1 -7 Illegal attachments \n"
                   "root / -7 Illegal attachments \n");
  assert_hears(&a, "<close>\n");
  world_close(&w);
}

static void test_each_kind_of_nonsense_has_its_words(void **state)
{
  static const struct {
    const char *says, *told;
  } cases[] = {
      {"45", "root / -7 Illegal attachments \n"},
      {"42[\"e\"", "root / -7 invalid payload \n"},
      {"42[\"connect\"]", "root / -7 invalid payload \n"},
      {"4511-[\"e\"]", "root / -7 too many attachments \n"},
      {"49", "root / -7 unknown packet type 9 \n"},
      {"444[\"handle me please\"]", "root / -7 invalid payload \n"},
      /* a packet, but not one that is allowed: not told */
      {"42/none,[\"e\"]", ""},
      {"44{}", ""},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    world_open(&w, NULL);
    client_enter(&w, &a);
    assert_int_equal(sio_on_problem(w.root, note_problem, "root"), 0);
    client_say(&a, cases[i].says);
    assert_noted(&w, cases[i].told);
    assert_hears(&a, "<close>\n");
    world_close(&w);
  }
}

static void test_an_event_named_error_is_an_event(void **state)
{
  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  assert_int_equal(sio_on_problem(w.root, note_problem, "problem"), 0);
  assert_int_equal(sio_on(w.root, "error", note, "event"), 0);
  client_say(&a, "42[\"error\",\"x\"]");
  assert_noted(&w, "event\n");
  world_close(&w);
}

static void leave_at_once(sio_socket *socket, const sio_problem *problem,
                          void *user)
{
  note_problem(socket, problem, user);
  assert_int_equal(sio_socket_disconnect(socket, true), 0);
}

static void test_whoever_is_told_may_disconnect_all(void **state)
{
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  ns = world_watch(&w, "/b");
  client_enter(&w, &a);
  client_join(&a, "/b");
  assert_noted(&w, "joined /b\n");
  assert_int_equal(sio_on_problem(w.root, leave_at_once, "root"), 0);
  assert_int_equal(sio_on_problem(ns, note_problem, "b"), 0);
  client_say(&a, "4nonsense");
  assert_noted(&w, "root / -7 unknown packet type NaN \n"
                   "leaving /b: server namespace disconnect, rooms 1\n"
                   "left /b: server namespace disconnect, the host "
                   "disconnected the socket, rooms 0\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_parent_comes_first_and_the_socket_last),
      cmocka_unit_test(test_the_nearest_fallback_gets_what_nobody_handles),
      cmocka_unit_test(test_children_and_others_do_not_hear_of_each_other),
      cmocka_unit_test(test_nothing_is_called_after_the_socket_has_left),
      cmocka_unit_test(test_what_is_added_serves_the_next_event_everywhere),
      cmocka_unit_test(test_what_is_removed_is_not_called_any_more),
      cmocka_unit_test(test_the_namespace_may_be_deleted_by_what_is_called),
      cmocka_unit_test(test_the_server_may_be_closed_by_what_is_called),
      cmocka_unit_test(test_outgoing_of_the_parent_comes_first),
      cmocka_unit_test(test_every_socket_of_the_client_is_told_of_nonsense),
      cmocka_unit_test(test_each_kind_of_nonsense_has_its_words),
      cmocka_unit_test(test_an_event_named_error_is_an_event),
      cmocka_unit_test(test_whoever_is_told_may_disconnect_all),
  };

  return cmocka_run_group_tests_name("core/notify", tests, NULL, NULL);
}
