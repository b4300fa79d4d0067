/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/server.h"

static struct core_world w;
static struct core_client a;

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
  sio_ns *b;

  (void)state;
  world_open(&w, NULL);
  b = sio_of(w.server, "/b");
  client_enter(&w, &a);
  assert_non_null(sio_ns_socket(w.root, sio_s(a.sid)));
  assert_null(sio_ns_socket(b, sio_s(a.sid)));
  assert_null(sio_ns_socket(w.root, sio_s("")));
  assert_null(sio_ns_socket(w.root, sio_s("aaaaaaaaaaaaaaaaaaaa")));
  client_say(&a, "41");
  assert_null(sio_ns_socket(w.root, sio_s(a.sid)));
  world_close(&w);
}

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
      cmocka_unit_test(test_no_memory_for_registration_is_reported),
  };

  return cmocka_run_group_tests_name("core/namespace", tests, NULL, NULL);
}
