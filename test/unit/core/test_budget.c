/* SPDX-License-Identifier: MIT */
/* What the server may cost: allocations per event, bytes per connection. */
#include "core_world.h"

#include <stdio.h>

enum { N = 100, WARM_UP = 100, ROUNDS = 1000 };

static struct core_world w;
static struct core_client clients[N];

static const char browser[] =
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, "
    "like Gecko) Chrome/124.0.0.0 Safari/537.36\r\n"
    "Origin: http://chat.example.org\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/* ---- Allocations in the steady state ---- */

static void test_an_echo_over_websocket_allocates_nothing(void **state)
{
  struct core_client *c = &clients[0];
  size_t calls = 0;

  (void)state;
  if (!test_is_pooling())
    skip();
  world_open(&w, NULL);
  world_echo(w.root);
  client_enter(&w, c);
  for (int i = 0; i < WARM_UP + ROUNDS; i++) {
    if (i == WARM_UP)
      calls = w.mem->calls;
    client_say(c, "427[\"echo\",{\"text\":\"hello\"}]");
    assert_hears(c, "42[\"echoed\",{\"text\":\"hello\"}]\n"
                    "437[{\"text\":\"hello\"}]\n");
  }
  assert_int_equal(w.mem->calls, calls);
  world_close(&w);
}

static void test_an_echo_over_polling_allocates_nothing(void **state)
{
  struct core_poller p;
  size_t calls = 0;

  (void)state;
  if (!test_is_pooling())
    skip();
  world_open(&w, NULL);
  world_echo(w.root);
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_get(&p);
  assert_memory_equal(http_answer(&p.get), "200 40{", 7);
  for (int i = 0; i < WARM_UP + ROUNDS; i++) {
    if (i == WARM_UP)
      calls = w.mem->calls;
    poller_get(&p);
    poller_say(&p, "427[\"echo\",{\"text\":\"hello\"}]");
    assert_string_equal(http_answer(&p.get),
                        "200 42[\"echoed\",{\"text\":\"hello\"}]\x1e"
                        "437[{\"text\":\"hello\"}]");
  }
  assert_int_equal(w.mem->calls, calls);
  world_close(&w);
}

static void count_answer(sio_socket *socket, int status, const sio_args *args,
                         void *user)
{
  (void)socket;
  (void)args;
  *(int *)user += status == 0;
}

static void test_asking_a_client_allocates_nothing(void **state)
{
  struct core_client *c = &clients[0];
  size_t calls = 0;
  int answers = 0;
  char text[32];

  (void)state;
  if (!test_is_pooling())
    skip();
  world_open(&w, NULL);
  client_enter(&w, c);
  for (int i = 0; i < WARM_UP + ROUNDS; i++) {
    sio_target one = sio_only(client_socket(c, "/"));

    if (i == WARM_UP)
      calls = w.mem->calls;
    assert_int_equal(sio_emitf(sio_with_ack(one, 1000, count_answer, &answers),
                               "q", "%d", i),
                     0);
    (void)client_hear(c);
    snprintf(text, sizeof text, "43%d[1]", i);
    client_say(c, text);
  }
  assert_int_equal(answers, WARM_UP + ROUNDS);
  assert_int_equal(w.mem->calls, calls);
  world_close(&w);
}

static void test_heartbeats_and_rooms_allocate_nothing(void **state)
{
  struct core_client *c = &clients[0];
  size_t calls = 0;

  (void)state;
  if (!test_is_pooling())
    skip();
  world_open(&w, NULL);
  client_enter(&w, c);
  client_enter(&w, &clients[1]);
  assert_int_equal(sio_join(client_socket(&clients[1], "/"), sio_s("r")), 0);
  for (int i = 0; i < WARM_UP + ROUNDS; i++) {
    sio_socket *socket = client_socket(c, "/");

    if (i == WARM_UP)
      calls = w.mem->calls;
    world_wait(&w, 25000);
    assert_hears(c, "2\n");
    assert_hears(&clients[1], "2\n");
    client_say(c, "3");
    client_say(&clients[1], "3");
    assert_int_equal(sio_join(socket, sio_s("r")), 0);
    assert_int_equal(sio_leave(socket, sio_s("r")), 0);
  }
  assert_int_equal(w.mem->calls, calls);
  world_close(&w);
}

/* ---- Shared bytes ---- */

static void open_all(void)
{
  world_open(&w, NULL);
  for (size_t i = 0; i < N; i++) {
    if (!client_open_with(&w, &clients[i], browser))
      fail_msg("client %zu was refused", i);
    client_join(&clients[i], "/");
  }
}

static void test_a_broadcast_is_encoded_once_for_all(void **state)
{
  char text[4001];
  size_t calls, bytes;

  (void)state;
  open_all();
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  for (int round = 0; round < 2; round++) {
    calls = w.mem->calls;
    bytes = w.mem->live_bytes;
    assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
    assert_in_range(w.mem->calls - calls, 0, 8);
    /* what is encoded, and the packet in the making: not N times */
    assert_in_range(w.mem->live_bytes - bytes, 0, 20000);
    for (size_t i = 0; i < N; i++)
      assert_int_equal(strlen(client_hear(&clients[i])), 4000 + 11);
  }
  world_close(&w);
}

static void test_a_broadcast_with_attachments_shares_them_too(void **state)
{
  static uint8_t data[4000];
  sio_span bytes = {data, sizeof data};
  sio_payload *payload = sio_payload_new(NULL);
  size_t calls, live;

  (void)state;
  open_all();
  sio_payload_binary(payload, bytes);
  calls = w.mem->calls;
  live = w.mem->live_bytes;
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "e", payload), 0);
  assert_in_range(w.mem->calls - calls, 1, 10);
  assert_in_range(w.mem->live_bytes - live, 4000, 20000);
  for (size_t i = 0; i < N; i++)
    assert_true(strlen(client_hear(&clients[i])) > 8000);
  sio_payload_free(payload);
  world_close(&w);
}

/* ---- Memory ---- */

static void test_an_idle_connection_needs_at_most_two_kibibytes(void **state)
{
  size_t before, n = N;

  (void)state;
  world_open(&w, NULL);
  before = w.mem->live_bytes;
  world_close(&w);
  open_all();
  world_wait(&w, 1000);
  print_message("%zu bytes for each of %zu\n", (w.mem->live_bytes - before) / n,
                n);
  assert_in_range((w.mem->live_bytes - before) / n, 500, 2048);
  world_close(&w);
}

static void test_who_has_gone_leaves_nothing_behind(void **state)
{
  size_t before = 0;

  (void)state;
  world_open(&w, NULL);
  world_echo(w.root);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < N; i++) {
      client_enter(&w, &clients[i]);
      assert_int_equal(sio_join(client_socket(&clients[i], "/"), sio_s("r")),
                       0);
      client_say(&clients[i], "421[\"echo\",1]");
    }
    world_drop_clients(&w);
    if (round > 0)
      assert_int_equal(w.mem->live_bytes, before);
    before = w.mem->live_bytes;
  }
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_echo_over_websocket_allocates_nothing),
      cmocka_unit_test(test_an_echo_over_polling_allocates_nothing),
      cmocka_unit_test(test_asking_a_client_allocates_nothing),
      cmocka_unit_test(test_heartbeats_and_rooms_allocate_nothing),
      cmocka_unit_test(test_a_broadcast_is_encoded_once_for_all),
      cmocka_unit_test(test_a_broadcast_with_attachments_shares_them_too),
      cmocka_unit_test(test_an_idle_connection_needs_at_most_two_kibibytes),
      cmocka_unit_test(test_who_has_gone_leaves_nothing_behind),
  };

  return cmocka_run_group_tests_name("core/budget", tests, NULL, NULL);
}
