/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include <stdio.h>
#include <stdlib.h>

#define HANDSHAKE "/socket.io/?EIO=4&transport=polling"

enum { MANY = 40 };

static struct core_world w;
static struct core_client many[MANY], c;
static int n_done, n_closed;

static void on_done(sio_server *server, void *user)
{
  (void)user;
  assert_false(sio_server_is_closing(server));
  n_done++;
}

static void on_closed(sio_server *server, void *user)
{
  (void)server;
  (void)user;
  assert_int_equal(n_done, 1); /* it was asked for first */
  n_closed++;
}

static void begin(void)
{
  n_done = n_closed = 0;
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
}

static void enter_many(void)
{
  for (int i = 0; i < MANY; i++)
    client_enter(&w, &many[i]);
  w.n_notes = 0;
}

static void drain(const sio_drain_options *options)
{
  assert_int_equal(sio_server_drain(w.server, options, on_done, &w), 0);
  assert_int_equal(sio_server_is_closing(w.server), n_done == 0);
}

/* How many have been told; each that has says goodbye as well. */
static int take_told(bool told[MANY])
{
  int n = 0;

  for (int i = 0; i < MANY; i++) {
    if (strcmp(client_hear(&many[i]), "<close>\n") == 0) {
      client_say_close(&many[i]);
      (void)client_hear(&many[i]);
      told[i] = true;
    }
    n += told[i] ? 1 : 0;
  }
  return n;
}

static void test_a_server_without_sessions_closes_at_once(void **state)
{
  (void)state;
  begin();
  drain(NULL);
  assert_int_equal(n_done, 1);
  client_enter(&w, &c); /* and serves again */
  world_close(&w);
}

static void test_the_oldest_are_told_first(void **state)
{
  sio_drain_options options;
  bool told[MANY] = {false};
  int before = 0;

  (void)state;
  begin();
  enter_many();
  sio_drain_options_init(&options);
  options.per_second = 20;
  drain(&options);
  for (int tick = 0; tick < 100 && n_done == 0; tick++) {
    int n = take_told(told);

    assert_true(n >= before && n - before <= 10);
    for (int i = 0; i < MANY; i++)
      assert_int_equal(told[i], i < n);
    before = n;
    world_wait(&w, 100);
  }
  assert_int_equal(before, MANY);
  assert_int_equal(n_done, 1);
  /* 40 of them, about 20 in a second. */
  assert_in_range(w.now_ms, 1000 + 1000, 1000 + 4000);
  world_close(&w);
}

static void test_or_any_of_them(void **state)
{
  sio_drain_options options;
  bool told[MANY] = {false};
  int n, first = 0;

  (void)state;
  begin();
  enter_many();
  sio_drain_options_init(&options);
  options.per_second = 20;
  options.random_order = 1;
  drain(&options);
  while ((n = take_told(told)) < MANY / 2)
    world_wait(&w, 100);
  for (int i = 0; i < n; i++)
    first += told[i] ? 1 : 0;
  assert_in_range(first, 1, n - 1); /* not just the oldest */
  while (n_done == 0) {
    world_wait(&w, 100);
    (void)take_told(told);
  }
  assert_int_equal(take_told(told), MANY);
  world_close(&w);
}

static void test_they_are_told_why_and_get_what_waits(void **state)
{
  sio_drain_options options;

  (void)state;
  begin();
  client_enter(&w, &c);
  assert_noted(&w, "joined /\n");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "last", "%d", 1), 0);
  sio_drain_options_init(&options);
  options.per_second = 1000;
  drain(&options);
  world_wait(&w, 1000);
  assert_noted(&w, "leaving /: server shutting down, rooms 1\n"
                   "left /: server shutting down, the server was closed, "
                   "rooms 0\n");
  assert_hears(&c, "42[\"last\",1]\n<close>\n");
  assert_int_equal(n_done, 0); /* its answer is awaited */
  client_say_close(&c);
  assert_hears(&c, "<end>\n");
  world_wait(&w, 200);
  assert_int_equal(n_done, 1);
  client_enter(&w, &many[0]); /* it serves again */
  world_close(&w);
}

static void test_polling_clients_take_what_waits(void **state)
{
  sio_drain_options options;
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_get(&p);
  (void)http_answer(&p.get);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "last", "%d", 1), 0);
  sio_drain_options_init(&options);
  options.per_second = 1000;
  drain(&options);
  world_wait(&w, 500);
  assert_int_equal(sio_server_session_count(w.server), 1);
  poller_get(&p); /* on a connection that goes on */
  assert_string_equal(http_answer(&p.get), "200 42[\"last\",1]");
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 6\x1e"
                                           "1");
  world_wait(&w, 200);
  (void)client_hear(&p.get);
  (void)client_hear(&p.post);
  assert_int_equal(n_done, 1);
  world_close(&w);
}

/* What the answer says of when to come back. */
static unsigned long retry_after(void)
{
  struct core_client fresh;
  const char *found;
  unsigned long seconds;

  assert_true(http_open(&w, &fresh));
  http_send(&fresh, HANDSHAKE, NULL);
  (void)client_hear(&fresh);
  fresh.raw[fresh.raw_len] = '\0';
  assert_memory_equal(fresh.raw, "HTTP/1.1 503 ", 13);
  found = strstr((const char *)fresh.raw, "Retry-After: ");
  assert_non_null(found);
  seconds = strtoul(found + 13, NULL, 10);
  world_drop_clients(&w); /* `fresh` is on this stack */
  return seconds;
}

static void test_new_sessions_are_told_when_to_come_back(void **state)
{
  sio_drain_options options;
  unsigned long least = 1000, most = 0;

  (void)state;
  for (int i = 0; i < 60; i++) {
    unsigned long seconds;

    begin();
    client_enter(&w, &c);
    sio_drain_options_init(&options);
    options.per_second = 1;
    options.retry_after_s = 10;
    w.random_state += (uint32_t)i;
    drain(&options);
    seconds = retry_after();
    least = seconds < least ? seconds : least;
    most = seconds > most ? seconds : most;
    w.n_notes = 0;
    world_close(&w);
  }
  assert_in_range(least, 10, 13);
  assert_in_range(most, 17, 20);
}

static void test_the_deadline_ends_it(void **state)
{
  sio_drain_options options;

  (void)state;
  begin();
  enter_many();
  sio_drain_options_init(&options);
  options.per_second = 1;
  options.deadline_ms = 2050;
  drain(&options);
  world_wait(&w, 2040);
  assert_true(sio_server_socket_count(w.server) >= MANY / 2);
  world_wait(&w, 20);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  assert_int_equal(sio_server_session_count(w.server), 0);
  for (int i = 0; i < MANY; i++) {
    (void)client_hear(&many[i]);
    client_drop(&many[i]);
  }
  assert_int_equal(n_done, 1);
  w.n_notes = 0;
  world_close(&w);
}

static void test_closing_meanwhile_does_not_wait(void **state)
{
  (void)state;
  begin();
  enter_many();
  drain(NULL);
  assert_int_equal(sio_server_drain(w.server, NULL, on_done, &w),
                   SIO_ERR_STATE);
  assert_int_equal(sio_server_close(w.server, on_closed, &w), 0);
  assert_int_equal(sio_server_close(w.server, on_closed, &w), SIO_ERR_STATE);
  assert_int_equal(sio_server_drain(w.server, NULL, on_done, &w),
                   SIO_ERR_STATE);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  for (int i = 0; i < MANY; i++)
    client_drop(&many[i]);
  assert_int_equal(n_done, 1);
  assert_int_equal(n_closed, 1);
  world_wait(&w, 60000); /* nothing is left of it */
  w.n_notes = 0;
  client_enter(&w, &c);
  world_close(&w);
}

static void close_server(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)end;
  (void)user;
  (void)sio_server_close(w.server, NULL, NULL); /* every time */
}

static void test_handlers_may_close_the_server(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on_disconnect(w.root, close_server, NULL), 0);
  enter_many();
  drain(NULL);
  world_wait(&w, 1000);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  for (int i = 0; i < MANY; i++)
    client_drop(&many[i]);
  assert_int_equal(n_done, 1);
  w.n_notes = 0;
  world_close(&w);
}

static void test_a_server_that_drains_may_be_freed(void **state)
{
  (void)state;
  begin();
  enter_many();
  drain(NULL);
  world_drop_clients(&w);
  w.n_notes = 0;
  world_close(&w);
  assert_int_equal(n_done, 1);
}

static void test_options_out_of_range_are_refused(void **state)
{
  sio_drain_options good, bad;

  (void)state;
  begin();
  sio_drain_options_init(&good);
  assert_int_equal(good.per_second, 100);
  assert_int_equal(good.random_order, 0);
  assert_int_equal(good.retry_after_s, 5);
  assert_int_equal(good.deadline_ms, 30000);
  for (int i = 0; i < 7; i++) {
    bad = good;
    switch (i) {
    case 0:
      bad.per_second = 0;
      break;
    case 1:
      bad.per_second = 1000001;
      break;
    case 2:
      bad.random_order = 2;
      break;
    case 3:
      bad.retry_after_s = 0;
      break;
    case 4:
      bad.retry_after_s = 86401;
      break;
    case 5:
      bad.deadline_ms = 0;
      break;
    default:
      bad.deadline_ms = (uint64_t)UINT32_MAX + 1;
      break;
    }
    assert_int_equal(sio_server_drain(w.server, &bad, on_done, &w),
                     SIO_ERR_INVALID);
  }
  assert_false(sio_server_is_closing(w.server));
  assert_int_equal(n_done, 0);
  world_close(&w);
}

static void test_out_of_memory_nothing_has_begun(void **state)
{
  (void)state;
  begin();
  client_enter(&w, &c);
  w.own_mem.fail_at = w.own_mem.calls;
  assert_int_equal(sio_server_drain(w.server, NULL, on_done, &w),
                   SIO_ERR_NOMEM);
  assert_false(sio_server_is_closing(w.server));
  client_enter(&w, &many[0]);
  world_close(&w);
}

/* ---- One namespace ---- */

static void test_one_namespace_is_left_by_everybody(void **state)
{
  sio_ns *ns;

  (void)state;
  begin();
  ns = world_watch(&w, "/b");
  for (int i = 0; i < 3; i++) {
    client_enter(&w, &many[i]);
    if (i < 2)
      client_join(&many[i], "/b");
  }
  w.n_notes = 0;
  assert_int_equal(sio_sockets_disconnect(sio_everyone(ns), false), 0);
  for (int i = 0; i < 3; i++)
    assert_hears(&many[i], i < 2 ? "41/b,\n" : "");
  assert_int_equal(sio_ns_socket_count(ns), 0);
  assert_int_equal(sio_ns_socket_count(w.root), 3);
  client_join(&many[0], "/b"); /* whoever likes may come back */
  assert_int_equal(sio_sockets_disconnect(sio_everyone(ns), true), 0);
  assert_hears(&many[0], "41\n41/b,\n<close>\n");
  assert_int_equal(sio_ns_socket_count(w.root), 2);
  w.n_notes = 0;
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_server_without_sessions_closes_at_once),
      cmocka_unit_test(test_the_oldest_are_told_first),
      cmocka_unit_test(test_or_any_of_them),
      cmocka_unit_test(test_they_are_told_why_and_get_what_waits),
      cmocka_unit_test(test_polling_clients_take_what_waits),
      cmocka_unit_test(test_new_sessions_are_told_when_to_come_back),
      cmocka_unit_test(test_the_deadline_ends_it),
      cmocka_unit_test(test_closing_meanwhile_does_not_wait),
      cmocka_unit_test(test_handlers_may_close_the_server),
      cmocka_unit_test(test_a_server_that_drains_may_be_freed),
      cmocka_unit_test(test_options_out_of_range_are_refused),
      cmocka_unit_test(test_out_of_memory_nothing_has_begun),
      cmocka_unit_test(test_one_namespace_is_left_by_everybody),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
