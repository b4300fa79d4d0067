/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

#include <signal.h>

static struct uv_world w;
static struct peer a, b;

static void test_websockets_and_polling_are_served(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_echo(&a);
  peer_dial(&w, &b);
  peer_get(&b, "/socket.io/?EIO=4&transport=polling");
  peer_expect(&b, "\"upgrades\":[\"websocket\"]");
  peer_get(&b, "/none");
  peer_expect(&b, "HTTP/1.1 404 ");
  assert_int_equal(sio_server_connection_count(w.server), 2);
  assert_int_equal(sio_server_session_count(w.server), 2);
  peer_close(&a);
  world_until(&w, &w.left, 1);
  assert_int_equal(w.cause, SIO_CAUSE_PEER_GONE);
  peer_close(&b);
  world_close(&w);
}

static void begin_with_pings(uint64_t interval_ms, uint64_t timeout_ms)
{
  sio_server_options options;

  world_options(&w, &options);
  options.ping_interval_ms = interval_ms;
  options.ping_timeout_ms = timeout_ms;
  world_open(&w, &options);
  world_listen(&w);
}

static void test_time_passes(void **state)
{
  (void)state;
  begin_with_pings(20, PATIENCE_MS);
  peer_enter(&w, &a);
  for (int i = 0; i < 3; i++) {
    /* First, since a ping may have been passed over on a slow machine. */
    peer_say(&a, "3");
    peer_expect(&a, "\x81\x01"
                    "2");
  }
  peer_close(&a);
  world_close(&w);
}

static void test_who_does_not_answer_a_ping_is_closed(void **state)
{
  (void)state;
  begin_with_pings(PATIENCE_MS / 10, 1);
  peer_enter(&w, &a);
  world_until(&w, &w.left, 1);
  assert_int_equal(w.cause, SIO_CAUSE_PING_TIMEOUT);
  peer_expect(&a, "\x81\x01"
                  "2");
  peer_close(&a);
  world_close(&w);
}

static void test_the_wall_clock_is_told(void **state)
{
  uint64_t issued = 0;
  sio_socket *socket;

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
  peer_join(&a);
  while (a.len < 20)
    (void)peer_read(&a);
  socket = sio_ns_socket(w.root, (sio_str){a.in + 1, 20});
  assert_non_null(socket);
  issued = sio_socket_issued_ms(socket);
  assert_true(issued > 1600000000000);
  assert_string_equal(sio_socket_address(socket), "127.0.0.1");
  peer_close(&a);
  world_close(&w);
}

static void test_the_loop_ends_when_nothing_is_left_to_do(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0);
  world_close(&w);
}

/* ---- Closing ---- */

static void test_closing_sends_everybody_away(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_enter(&w, &b);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "bye", NULL), 0);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(w.left, 2);
  assert_int_equal(w.cause, SIO_CAUSE_SERVER_CLOSED);
  assert_int_equal(w.closed, 0);
  sio_uv_close(w.uv, on_world_closed, &w); /* no harm */
  peer_expect(&a, "42[\"bye\"]");
  peer_expect(&a, "\x88");
  peer_send(&a, "\x88\x80\0\0\0\0", 6);
  peer_expect_end(&a);
  peer_close(&b);
  world_until(&w, &w.closed, 1);
  peer_close(&a);
  world_close(&w);
}

static void test_closing_does_not_wait_for_silent_peers(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.close_timeout_ms = 20;
  world_open(&w, &options);
  world_listen(&w);
  peer_enter(&w, &a);
  sio_uv_close(w.uv, on_world_closed, &w);
  world_until(&w, &w.closed, 1);
  peer_close(&a);
  world_close(&w);
}

static void test_draining_ends_in_closing(void **state)
{
  sio_drain_options options;

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  sio_drain_options_init(&options);
  options.per_second = 0;
  assert_int_equal(sio_uv_drain(w.uv, &options, on_world_closed, &w),
                   SIO_ERR_INVALID);
  options.per_second = 1000;
  assert_int_equal(sio_uv_drain(w.uv, &options, on_world_closed, &w), 0);
  assert_int_equal(sio_uv_drain(w.uv, &options, on_world_closed, &w),
                   SIO_ERR_STATE);
  peer_expect(&a, "\x88");
  peer_send(&a, "\x88\x80\0\0\0\0", 6);
  peer_expect_end(&a);
  world_until(&w, &w.closed, 1);
  peer_close(&a);
  world_close(&w);
}

static void test_closing_hurries_what_drains(void **state)
{
  sio_drain_options options;

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  sio_drain_options_init(&options);
  options.per_second = 1;
  assert_int_equal(sio_uv_drain(w.uv, &options, NULL, NULL), 0);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(sio_uv_drain(w.uv, &options, NULL, NULL), SIO_ERR_CLOSED);
  peer_close(&a);
  world_until(&w, &w.closed, 1);
  world_close(&w);
}

static void close_within(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  (void)user;
  sio_uv_close(w.uv, on_world_closed, &w);
}

static void test_a_handler_may_close(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on(w.root, "close", close_within, NULL), 0);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_say(&a, "42[\"close\"]");
  peer_expect(&a, "\x88");
  peer_close(&a);
  world_until(&w, &w.closed, 1);
  world_close(&w);
}

static void free_server(sio_uv *uv, void *user)
{
  (void)uv;
  (void)user;
  sio_server_free(w.server);
  w.server = NULL;
  w.closed++;
}

static void
test_the_server_may_be_freed_when_the_adapter_has_closed(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  sio_uv_close(w.uv, free_server, NULL);
  peer_close(&a);
  world_until(&w, &w.closed, 1);
  world_close(&w);
}

static void test_a_server_may_get_another_adapter(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  sio_uv_close(w.uv, on_world_closed, &w);
  peer_close(&a);
  world_until(&w, &w.closed, 1);
  w.closed = 0;
  w.uv = sio_uv_new(&w.loop, w.server);
  assert_non_null(w.uv);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_echo(&a);
  peer_close(&a);
  world_close(&w);
}

static void test_no_callback_is_needed(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  sio_uv_close(w.uv, NULL, NULL);
  assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0);
  w.closed = 1;
  world_close(&w);
}

/* ---- Beginning ---- */

static void new_and_close(struct test_mem *mem, void *user)
{
  uv_loop_t loop;
  sio_server *server;
  sio_server_options options;
  sio_uv *uv;

  (void)user;
  sio_server_options_init(&options);
  options.allocator = &mem->allocator;
  server = sio_server_new(&options);
  if (server == NULL)
    return;
  assert_int_equal(uv_loop_init(&loop), 0);
  uv = sio_uv_new(&loop, server);
  if (uv != NULL) {
    int port = sio_uv_listen(uv, "127.0.0.1", 0);

    assert_true(port > 0 || port == SIO_ERR_NOMEM);
    sio_uv_close(uv, NULL, NULL);
  } else {
    assert_true(mem->fired);
  }
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
  sio_server_free(server);
}

static void test_without_a_server_there_is_no_adapter(void **state)
{
  (void)state;
  assert_null(sio_uv_new(uv_default_loop(), NULL));
}

static void test_no_memory_is_reported(void **state)
{
  (void)state;
  assert_true(test_every_allocation(new_and_close, NULL) > 4);
}

static void own_handler(int signal)
{
  (void)signal;
}

static void test_broken_pipes_do_not_end_the_process(void **state)
{
  struct sigaction before, now, own;

  (void)state;
  memset(&own, 0, sizeof own);
  own.sa_handler = SIG_DFL;
  assert_int_equal(sigaction(SIGPIPE, &own, &before), 0);
  world_open(&w, NULL);
  assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
  assert_true(now.sa_handler == SIG_IGN);
  world_close(&w);
  own.sa_handler = own_handler;
  assert_int_equal(sigaction(SIGPIPE, &own, NULL), 0);
  world_open(&w, NULL);
  assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
  assert_true(now.sa_handler == own_handler);
  world_close(&w);
  assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_websockets_and_polling_are_served),
      cmocka_unit_test(test_time_passes),
      cmocka_unit_test(test_who_does_not_answer_a_ping_is_closed),
      cmocka_unit_test(test_the_wall_clock_is_told),
      cmocka_unit_test(test_the_loop_ends_when_nothing_is_left_to_do),
      cmocka_unit_test(test_closing_sends_everybody_away),
      cmocka_unit_test(test_closing_does_not_wait_for_silent_peers),
      cmocka_unit_test(test_draining_ends_in_closing),
      cmocka_unit_test(test_closing_hurries_what_drains),
      cmocka_unit_test(test_a_handler_may_close),
      cmocka_unit_test(
          test_the_server_may_be_freed_when_the_adapter_has_closed),
      cmocka_unit_test(test_a_server_may_get_another_adapter),
      cmocka_unit_test(test_no_callback_is_needed),
      cmocka_unit_test(test_without_a_server_there_is_no_adapter),
      cmocka_unit_test(test_no_memory_is_reported),
      cmocka_unit_test(test_broken_pipes_do_not_end_the_process),
  };

  return cmocka_run_group_tests_name("uv/adapter", tests, NULL, NULL);
}
