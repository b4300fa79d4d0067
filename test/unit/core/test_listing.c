/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/objects.h"

static struct core_world w;
static struct core_client a;

static void on_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  (void)user;
}

static void on_any(sio_socket *socket, sio_str event, const sio_args *args,
                   sio_ack *ack, void *user)
{
  (void)event;
  on_event(socket, args, ack, user);
}

static void on_outgoing(sio_socket *socket, sio_str event, sio_str json,
                        void *user)
{
  (void)socket;
  world_note(&w, "%s: %.*s %.*s", (const char *)user, SIO_STR_ARG(event),
             SIO_STR_ARG(json));
}

/* The function is the one that its kind says. */
static bool is_right(const sio_listener *listener)
{
  switch (listener->kind) {
  case SIO_LISTENER_EVENT:
  case SIO_LISTENER_ONCE:
    return (sio_event_fn)listener->fn == on_event;
  case SIO_LISTENER_MATCHING:
  case SIO_LISTENER_ANY:
    return (sio_any_fn)listener->fn == on_any;
  default:
    return (sio_outgoing_fn)listener->fn == on_outgoing;
  }
}

/* `user` points to how many more are wanted. */
static bool note_listener(const sio_listener *listener, void *user)
{
  static const char *const kinds[] = {"event", "once", "matching", "any",
                                      "outgoing"};
  int *left = user;

  assert_true(is_right(listener));
  world_note(&w, "%s \"%.*s\" %s", kinds[listener->kind],
             SIO_STR_ARG(listener->event), (const char *)listener->user);
  return --*left > 0;
}

static void expect_ns(int most, const char *want)
{
  sio_each_listener(w.root, note_listener, &most);
  assert_noted(&w, want);
}

static void expect_socket(sio_socket *socket, const char *want)
{
  int most = 100;

  sio_socket_each_listener(socket, note_listener, &most);
  assert_noted(&w, want);
}

static void fill(void)
{
  world_open(&w, NULL);
  assert_int_equal(sio_on_outgoing(w.root, on_outgoing, "1"), 0);
  assert_int_equal(sio_on_any(w.root, on_any, "2"), 0);
  assert_int_equal(sio_prepend_any(w.root, on_any, "3"), 0);
  assert_int_equal(sio_on_matching(w.root, "a*", on_any, "4"), 0);
  assert_int_equal(sio_on(w.root, "a", on_event, "5"), 0);
  assert_int_equal(sio_once(w.root, "a", on_event, "6"), 0);
  assert_int_equal(sio_on(w.root, "", on_event, "7"), 0);
}

static void test_all_that_listens_is_shown(void **state)
{
  (void)state;
  fill();
  for (int i = 0; i < 2; i++) /* and stays */
    expect_ns(100, "event \"a\" 5\nonce \"a\" 6\nevent \"\" 7\n"
                   "matching \"a*\" 4\nany \"\" 3\nany \"\" 2\n"
                   "outgoing \"\" 1\n");
  expect_ns(1, "event \"a\" 5\n");
  expect_ns(4, "event \"a\" 5\nonce \"a\" 6\nevent \"\" 7\n"
               "matching \"a*\" 4\n");
  assert_int_equal(sio_listener_count(w.root, "a"), 2);
  assert_int_equal(sio_listener_count(w.root, ""), 1);
  assert_int_equal(sio_listener_count(w.root, "b"), 0);
  world_close(&w);
}

static void test_nothing_has_no_listeners(void **state)
{
  int left = 0;

  (void)state;
  fill();
  sio_each_listener(NULL, note_listener, &left);
  sio_each_listener(w.root, NULL, &left);
  sio_socket_each_listener(NULL, note_listener, &left);
  assert_int_equal(sio_listener_count(NULL, "a"), 0);
  assert_int_equal(sio_listener_count(w.root, NULL), 0);
  assert_int_equal(sio_socket_listener_count(NULL, "a"), 0);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_a_socket_shows_its_own(void **state)
{
  sio_socket *socket;

  (void)state;
  fill();
  client_enter(&w, &a);
  socket = sio_socket_retain(client_socket(&a, "/"));
  expect_socket(socket, "");
  assert_int_equal(sio_socket_listener_count(socket, "b"), 0);
  assert_int_equal(sio_socket_on(socket, "b", on_event, "8"), 0);
  assert_int_equal(sio_socket_on_any(socket, on_any, "9"), 0);
  expect_socket(socket, "event \"b\" 8\nany \"\" 9\n");
  assert_int_equal(sio_socket_listener_count(socket, "b"), 1);
  sio_socket_disconnect(socket, true);
  expect_socket(socket, "");
  assert_int_equal(sio_socket_listener_count(socket, "b"), 0);
  sio_socket_release(socket);
  world_close(&w);
}

/* Takes away all that is shown, and adds what is not. */
static bool take_away(const sio_listener *listener, void *user)
{
  int *shown = user;

  ++*shown;
  assert_int_equal(sio_off(w.root, NULL, NULL, NULL),
                   *shown == 1 ? 0 : SIO_ERR_NOT_FOUND);
  if (listener->kind == SIO_LISTENER_MATCHING)
    assert_int_equal(sio_off_matching(w.root, "a*", NULL, NULL), 0);
  if (listener->kind == SIO_LISTENER_ANY) {
    assert_int_equal(sio_prepend_any(w.root, on_any, "new"), 0);
    assert_int_equal(sio_on_any(w.root, on_any, "new"), 0);
  }
  return *shown < 100;
}

static void test_whoever_looks_may_take_away(void **state)
{
  int shown = 0;

  (void)state;
  fill();
  sio_each_listener(w.root, take_away, &shown);
  assert_int_equal(shown, 5); /* one event, the pattern, two, and outgoing */
  assert_int_equal(sio_listener_count(w.root, "a"), 0);
  expect_ns(100, "any \"\" new\nany \"\" new\nany \"\" 3\nany \"\" 2\n"
                 "any \"\" new\nany \"\" new\noutgoing \"\" 1\n");
  world_close(&w);
}

static bool leave(const sio_listener *listener, void *user)
{
  (void)listener;
  sio_socket_disconnect(user, true);
  return true;
}

static void test_whoever_looks_may_make_the_socket_leave(void **state)
{
  sio_socket *socket;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  socket = client_socket(&a, "/");
  assert_int_equal(sio_socket_on(socket, "b", on_event, "8"), 0);
  assert_int_equal(sio_socket_on(socket, "c", on_event, "9"), 0);
  sio_socket_each_listener(socket, leave, socket);
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  world_close(&w);
}

static void test_what_is_emitted_to_one_socket_is_shown(void **state)
{
  static struct core_client b;
  sio_socket *one, *other;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  client_enter(&w, &b);
  one = client_socket(&a, "/");
  other = client_socket(&b, "/");
  assert_int_equal(sio_socket_on_outgoing(one, on_outgoing, "2"), 0);
  assert_int_equal(sio_socket_prepend_outgoing(one, on_outgoing, "1"), 0);
  assert_int_equal(sio_emitf(sio_only(one), "e", "%d", 1), 0);
  assert_int_equal(sio_emitf(sio_only(other), "e", "%d", 2), 0);
  assert_noted(&w, "1: e 1\n2: e 1\n");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "f", "%d", 3), 0);
  assert_noted(&w, "1: f 3\n2: f 3\n");
  assert_int_equal(sio_socket_off_outgoing(one, on_outgoing, "x"),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_socket_off_outgoing(other, NULL, NULL),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_socket_off_outgoing(one, NULL, NULL), 0);
  assert_false(sio__listeners_wants_outgoing(w.root));
  assert_int_equal(sio_emitf(sio_only(one), "e", "%d", 4), 0);
  assert_noted(&w, "");
  assert_int_equal(sio_socket_on_outgoing(one, on_outgoing, "3"), 0);
  assert_true(sio__listeners_wants_outgoing(w.root));
  client_drop(&a); /* and with it what it has */
  assert_false(sio__listeners_wants_outgoing(w.root));
  assert_int_equal(sio_socket_on_outgoing(NULL, on_outgoing, ""),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_socket_on_outgoing(other, NULL, ""), SIO_ERR_INVALID);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_that_listens_is_shown),
      cmocka_unit_test(test_nothing_has_no_listeners),
      cmocka_unit_test(test_a_socket_shows_its_own),
      cmocka_unit_test(test_whoever_looks_may_take_away),
      cmocka_unit_test(test_whoever_looks_may_make_the_socket_leave),
      cmocka_unit_test(test_what_is_emitted_to_one_socket_is_shown),
  };

  return cmocka_run_group_tests_name("core/listing", tests, NULL, NULL);
}
