/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

static struct uv_world w;
static struct peer a;
static const sio_span nothing = {NULL, 0};

/* ---- Output ---- */

static void test_a_slow_reader_gets_everything_in_order(void **state)
{
  enum { SIZE = 1000000, N = 5 };
  char *text = malloc(SIZE + 1);
  size_t want = N * (10 + SIZE + 10); /* frame header, JSON around it */

  (void)state;
  assert_non_null(text);
  text[SIZE] = '\0';
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_expect(&a, "\"}");
  for (int i = 0; i < N; i++) {
    memset(text, 'a' + i, SIZE);
    assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
  }
  for (int i = 0; i < 20; i++)
    world_turn(&w); /* it does not read, and the kernel takes no more */
  assert_int_equal(w.left, 0);
  peer_expect_bytes(&a, want);
  assert_int_equal(a.len, want);
  for (int i = 0; i < N; i++) {
    const char *packet = a.in + (size_t)i * (10 + SIZE + 10) + 10;

    assert_memory_equal(packet, "42[\"e\",\"", 8);
    assert_int_equal(packet[8], 'a' + i);
    assert_int_equal(packet[8 + SIZE - 1], 'a' + i);
  }
  a.len = 0;
  peer_echo(&a);
  peer_close(&a);
  free(text);
  world_close(&w);
}

static void test_who_goes_while_it_is_written_to_is_gone(void **state)
{
  enum { SIZE = 4000000 };
  char *text = malloc(SIZE + 1);

  (void)state;
  assert_non_null(text);
  memset(text, 'x', SIZE);
  text[SIZE] = '\0';
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
  for (int i = 0; i < 5; i++)
    world_turn(&w);
  peer_close(&a); /* with unread bytes: a reset */
  world_until(&w, &w.left, 1);
  assert_true(w.cause == SIO_CAUSE_WRITE || w.cause == SIO_CAUSE_PEER_GONE);
  free(text);
  world_close(&w);
}

static void test_what_is_unsent_is_sent_before_closing(void **state)
{
  enum { SIZE = 3000000 };
  char *text = malloc(SIZE + 1);

  (void)state;
  assert_non_null(text);
  memset(text, 'x', SIZE);
  text[SIZE] = '\0';
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_expect(&a, "\"}");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
  sio_uv_close(w.uv, on_world_closed, &w);
  peer_expect_bytes(&a, 10 + SIZE + 10 + 2);
  assert_memory_equal(a.in + 10 + SIZE + 10, "\x88\0", 2);
  peer_close(&a);
  free(text);
  world_close(&w);
}

/* A connection whose kernel buffers are as small as they can be, so that a
 * write of some ten thousand bytes does get stuck. */
static void peer_narrow(struct uv_world *world, struct peer *p)
{
  int fds[2], least = 1;

  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
    assert_int_equal(
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
  }
  assert_int_equal(sio_uv_accept_fd(world->uv, fds[0], nothing), 0);
  peer_adopt(world, p, fds[1]);
}

/* Far fewer turns than any time limit of the server takes. */
static void turn_until_nobody_is_left(void)
{
  enum { TURNS = 100 };

  for (int i = 0; i < TURNS && sio_server_connection_count(w.server) > 0; i++)
    world_turn(&w);
  assert_int_equal(sio_server_connection_count(w.server), 0);
}

static void test_who_does_not_read_is_cut_though_a_write_is_stuck(void **state)
{
  enum { SIZE = 30000 };
  sio_server_options options;
  static char text[SIZE + 1];
  size_t before;

  (void)state;
  memset(text, 'x', SIZE);
  world_options(&w, &options);
  options.max_output_bytes = 2 * SIZE + 5000;
  options.max_kept_bytes = 0; /* so that what is freed can be seen */
  world_open(&w, &options);
  peer_narrow(&w, &a);
  peer_join(&a);
  peer_expect(&a, "\"}");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
  peer_expect(&a, "x\"]"); /* what is kept for later emits is there now */
  before = w.mem.live_bytes;
  for (int i = 0; i < 2; i++) { /* the first one is stuck, the second waits */
    assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
    for (int j = 0; j < 5; j++)
      world_turn(&w);
    assert_int_equal(w.left, 0);
    assert_true(w.mem.live_bytes > before + (size_t)i * SIZE);
  }
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
  assert_int_equal(w.left, 1);
  assert_int_equal(w.cause, SIO_CAUSE_OUTPUT_SIZE);
  turn_until_nobody_is_left();
  assert_in_range(w.mem.live_bytes, 0, before);
  peer_expect_end(&a);
  assert_in_range(a.len, 1, SIZE); /* not even one message was sent */
  peer_close(&a);
  world_close(&w);
}

enum { ANSWER_SIZE = 300000 };

static void answer_at_length(sio_request *request, void *user)
{
  static uint8_t body[ANSWER_SIZE];
  sio_span span = {body, sizeof body};

  (void)user;
  memset(body, 'x', sizeof body - 1);
  body[sizeof body - 1] = '.';
  assert_int_equal(sio_respond(request, 200, NULL, 0, span), 0);
}

/* A long answer that is stuck, and a peer that will send nothing more. */
static void begin_half_closed(void)
{
  world_open(&w, NULL);
  sio_server_on_http(w.server, answer_at_length, NULL);
  peer_narrow(&w, &a);
  peer_get(&a, "/");
  for (int i = 0; i < 5; i++)
    world_turn(&w);
  assert_int_equal(shutdown(a.fd, SHUT_WR), 0);
  for (int i = 0; i < 20; i++)
    world_turn(&w); /* the server has seen that end */
  assert_int_equal(sio_server_connection_count(w.server), 1);
}

static void test_who_sends_nothing_more_gets_the_whole_answer(void **state)
{
  (void)state;
  begin_half_closed();
  peer_expect(&a, "HTTP/1.1 200 OK\r\n");
  peer_expect(&a, "\r\n\r\n");
  peer_expect_end(&a);
  assert_int_equal(a.len, ANSWER_SIZE);
  assert_int_equal(a.in[0], 'x');
  assert_int_equal(a.in[ANSWER_SIZE - 1], '.');
  turn_until_nobody_is_left();
  peer_close(&a);
  world_close(&w);
}

static void test_who_sends_nothing_more_may_leave_the_answer(void **state)
{
  (void)state;
  begin_half_closed();
  peer_close(&a);
  turn_until_nobody_is_left();
  world_close(&w);
}

static void test_a_half_closed_websocket_gets_what_is_unsent(void **state)
{
  enum { SIZE = 100000 };
  static char text[SIZE + 1];

  (void)state;
  memset(text, 'x', SIZE);
  world_open(&w, NULL);
  peer_narrow(&w, &a);
  peer_join(&a);
  peer_expect(&a, "\"}");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
  world_turn(&w);
  assert_int_equal(shutdown(a.fd, SHUT_WR), 0);
  for (int i = 0; i < 20; i++)
    world_turn(&w);
  assert_int_equal(w.left, 0);
  peer_expect_end(&a);
  assert_int_equal(a.len, 10 + SIZE + 10);
  turn_until_nobody_is_left();
  assert_int_equal(w.cause, SIO_CAUSE_PEER_GONE);
  peer_close(&a);
  world_close(&w);
}

/* ---- The end of a connection ---- */

static void test_a_peer_that_resets_is_gone(void **state)
{
  struct linger reset = {1, 0};

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  assert_int_equal(
      setsockopt(a.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  peer_close(&a);
  world_until(&w, &w.left, 1);
  assert_int_equal(sio_server_connection_count(w.server), 0);
  world_close(&w);
}

static void test_a_peer_that_says_no_more_is_gone(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  assert_int_equal(shutdown(a.fd, SHUT_WR), 0);
  world_until(&w, &w.left, 1);
  assert_int_equal(w.cause, SIO_CAUSE_PEER_GONE);
  peer_expect_end(&a);
  peer_close(&a);
  world_close(&w);
}

static void test_a_closing_handshake_ends_the_transport(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_send(&a, "\x88\x82\0\0\0\0\x03\xe8", 8);
  peer_expect(&a, "\x88\x02\x03\xe8");
  peer_expect_end(&a);
  assert_int_equal(w.left, 1);
  assert_int_equal(w.cause, SIO_CAUSE_PEER_CLOSED);
  peer_close(&a);
  world_close(&w);
}

static void test_a_refused_body_does_not_cost_the_answer(void **state)
{
  static const char head[] = "POST /x HTTP/1.1\r\nHost: test\r\n"
                             "Content-Length: 50000000\r\n\r\n";
  static char body[300000];

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
  peer_send(&a, head, sizeof head - 1);
  for (int i = 0; i < 10; i++)
    peer_send(&a, body, sizeof body);
  peer_expect(&a, "HTTP/1.1 4"); /* 404, or 413 */
  assert_int_equal(shutdown(a.fd, SHUT_WR), 0);
  peer_expect_end(&a);
  peer_close(&a);
  for (int i = 0; i < PATIENCE_MS && sio_server_connection_count(w.server) > 0;
       i++)
    world_turn(&w);
  assert_int_equal(sio_server_connection_count(w.server), 0);
  world_close(&w);
}

static void test_bytes_after_a_bad_request_are_thrown_away(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
  peer_send(&a, "nonsense\r\n\r\n", 12);
  peer_expect(&a, "HTTP/1.1 400 ");
  peer_send(&a, "more", 4);
  peer_expect_end(&a);
  peer_close(&a);
  world_close(&w);
}

/* ---- Many ---- */

static void test_many_connections_come_and_go(void **state)
{
  enum { N = 40 };
  static struct peer peers[N];

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  for (int i = 0; i < N; i++)
    peer_dial(&w, &peers[i]);
  for (int i = 0; i < N; i++)
    peer_join(&peers[i]);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "all", "%d", 1), 0);
  for (int i = 0; i < N; i++)
    peer_expect(&peers[i], "42[\"all\",1]");
  for (int i = 0; i < N; i += 2)
    peer_close(&peers[i]);
  world_until(&w, &w.left, N / 2);
  for (int i = 1; i < N; i += 2) {
    peer_echo(&peers[i]);
    peer_close(&peers[i]);
  }
  world_until(&w, &w.left, N);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_slow_reader_gets_everything_in_order),
      cmocka_unit_test(test_who_goes_while_it_is_written_to_is_gone),
      cmocka_unit_test(test_what_is_unsent_is_sent_before_closing),
      cmocka_unit_test(test_who_does_not_read_is_cut_though_a_write_is_stuck),
      cmocka_unit_test(test_who_sends_nothing_more_gets_the_whole_answer),
      cmocka_unit_test(test_who_sends_nothing_more_may_leave_the_answer),
      cmocka_unit_test(test_a_half_closed_websocket_gets_what_is_unsent),
      cmocka_unit_test(test_a_peer_that_resets_is_gone),
      cmocka_unit_test(test_a_peer_that_says_no_more_is_gone),
      cmocka_unit_test(test_a_closing_handshake_ends_the_transport),
      cmocka_unit_test(test_a_refused_body_does_not_cost_the_answer),
      cmocka_unit_test(test_bytes_after_a_bad_request_are_thrown_away),
      cmocka_unit_test(test_many_connections_come_and_go),
  };

  return cmocka_run_group_tests_name("uv/stream", tests, NULL, NULL);
}
