/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/server.h"

static struct core_world w;
static struct core_client a, b;

static void some_function(void)
{
}

static void test_functions_are_kept_in_order_however_many(void **state)
{
  struct sio__handlers handlers = {NULL, 0, 0};
  struct test_mem mem;
  int users[100];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (size_t i = 0; i < 100; i++)
    assert_int_equal(
        sio__handlers_add(&handlers, &mem.allocator, some_function, &users[i]),
        0);
  assert_int_equal(handlers.n, 100);
  for (size_t i = 0; i < 100; i++) {
    assert_ptr_equal(handlers.items[i].user, &users[i]);
    assert_true(handlers.items[i].fn == some_function);
  }
  sio__handlers_dispose(&handlers, &mem.allocator);
  assert_int_equal(handlers.n, 0);
  sio__handlers_dispose(&handlers, &mem.allocator);
  test_mem_check(&mem);
}

static void test_no_function_and_no_memory_change_nothing(void **state)
{
  struct sio__handlers handlers = {NULL, 0, 0};
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, 1);
  assert_int_equal(sio__handlers_add(&handlers, &mem.allocator, NULL, NULL),
                   SIO_ERR_INVALID);
  assert_int_equal(handlers.n, 0);
  for (int i = 0; i < 2; i++)
    assert_int_equal(
        sio__handlers_add(&handlers, &mem.allocator, some_function, NULL), 0);
  assert_int_equal(
      sio__handlers_add(&handlers, &mem.allocator, some_function, NULL),
      SIO_ERR_NOMEM);
  assert_int_equal(handlers.n, 2);
  assert_int_equal(
      sio__handlers_add(&handlers, &mem.allocator, some_function, NULL), 0);
  assert_int_equal(handlers.n, 3);
  sio__handlers_dispose(&handlers, &mem.allocator);
  test_mem_check(&mem);
}

/* ---- Registering from inside what is registered ---- */

static void later_connect(sio_socket *socket, void *user)
{
  (void)socket;
  world_note(user, "later");
}

static void add_connects(sio_socket *socket, void *user)
{
  sio_ns *ns = sio_socket_ns(socket);

  world_note(user, "first");
  for (int i = 0; i < 20; i++)
    assert_int_equal(sio_on_connect(ns, later_connect, user), 0);
}

static void last_connect(sio_socket *socket, void *user)
{
  (void)socket;
  world_note(user, "last");
}

static void
test_connect_handlers_that_are_added_serve_the_next_one(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_connect(w.root, add_connects, &w), 0);
  assert_int_equal(sio_on_connect(w.root, last_connect, &w), 0);
  client_enter(&w, &a);
  assert_noted(&w, "first\nlast\n");
  client_enter(&w, &b);
  assert_memory_equal(w.notes, "first\nlast\nlater\nlater\n", 23);
  world_close(&w);
}

static void later_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                        void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(user, "later");
}

static void add_events(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  char name[] = "x0";

  (void)args;
  (void)ack;
  world_note(user, "first");
  for (int i = 0; i < 20; i++) {
    name[1] = (char)('a' + i);
    assert_int_equal(sio_on(sio_socket_ns(socket), "e", later_event, user), 0);
    assert_int_equal(sio_on(sio_socket_ns(socket), name, later_event, user), 0);
  }
}

static void test_event_handlers_that_are_added_serve_the_next_one(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on(w.root, "e", add_events, &w), 0);
  client_enter(&w, &a);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "first\n");
  client_say(&a, "42[\"xb\"]");
  assert_noted(&w, "later\n");
  client_say(&a, "42[\"e\"]");
  assert_memory_equal(w.notes, "first\nlater\nlater\n", 18);
  world_close(&w);
}

static void later_end(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)end;
  world_note(user, "later");
}

static void add_ends(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  world_note(user, "first");
  for (int i = 0; i < 20; i++) {
    assert_int_equal(
        sio_on_disconnecting(sio_socket_ns(socket), later_end, user), 0);
    assert_int_equal(sio_on_disconnect(sio_socket_ns(socket), later_end, user),
                     0);
  }
}

static void test_disconnect_handlers_may_be_added_while_they_run(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_disconnecting(w.root, add_ends, &w), 0);
  client_enter(&w, &a);
  client_say(&a, "41");
  /* those of the second step were there before it began */
  assert_memory_equal(w.notes, "first\nlater\nlater\n", 18);
  assert_int_equal(w.n_notes, 6 + 20 * 6);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_functions_are_kept_in_order_however_many),
      cmocka_unit_test(test_no_function_and_no_memory_change_nothing),
      cmocka_unit_test(test_connect_handlers_that_are_added_serve_the_next_one),
      cmocka_unit_test(test_event_handlers_that_are_added_serve_the_next_one),
      cmocka_unit_test(test_disconnect_handlers_may_be_added_while_they_run),
  };

  return cmocka_run_group_tests_name("core/handlers", tests, NULL, NULL);
}
