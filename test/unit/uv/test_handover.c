/* SPDX-License-Identifier: MIT */
/* Connections that were accepted elsewhere. */
#include "uv_world.h"

static struct uv_world w;
static struct peer a, b;
static const sio_span nothing = {NULL, 0};

static void turn_until_nobody_is_left(void)
{
  for (int i = 0; i < PATIENCE_MS && sio_server_connection_count(w.server) > 0;
       i++)
    world_turn(&w);
  assert_int_equal(sio_server_connection_count(w.server), 0);
}

static void test_an_accepted_descriptor_is_served(void **state)
{
  int fds[2];

  (void)state;
  world_open(&w, NULL);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  assert_int_equal(sio_uv_accept_fd(w.uv, fds[0], nothing), 0);
  peer_adopt(&w, &a, fds[1]);
  peer_join(&a);
  peer_echo(&a);
  peer_close(&a);
  world_until(&w, &w.left, 1);
  world_close(&w);
}

static bool is_open(int fd)
{
  return fcntl(fd, F_GETFD) >= 0;
}

static void test_what_is_no_stream_socket_is_refused_and_closed(void **state)
{
  char path[128];
  int fd;

  (void)state;
  world_open(&w, NULL);
  snprintf(path, sizeof path, "%s/file", w.dir);
  fd = open(path, O_CREAT | O_RDWR, 0600);
  assert_true(fd >= 0);
  assert_int_equal(sio_uv_accept_fd(w.uv, fd, nothing), SIO_ERR_IO);
  assert_non_null(strstr(sio_uv_error(w.uv), "no stream socket"));
  assert_false(is_open(fd));
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  assert_int_equal(sio_uv_accept_fd(w.uv, fd, nothing), SIO_ERR_IO);
  assert_false(is_open(fd));
  assert_int_equal(sio_uv_accept_fd(w.uv, -1, nothing), SIO_ERR_IO);
  assert_int_equal(unlink(path), 0);
  world_close(&w);
}

static void test_a_descriptor_too_many_or_too_late_is_closed(void **state)
{
  sio_server_options options;
  int one[2], two[2];

  (void)state;
  world_options(&w, &options);
  options.max_connections = 1;
  world_open(&w, &options);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
  assert_int_equal(sio_uv_accept_fd(w.uv, one[0], nothing), 0);
  peer_adopt(&w, &a, one[1]);
  peer_join(&a);
  assert_int_equal(sio_uv_accept_fd(w.uv, two[0], nothing), SIO_ERR_LIMIT);
  peer_adopt(&w, &b, two[1]);
  peer_expect_end(&b);
  peer_close(&b);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
  assert_int_equal(sio_uv_accept_fd(w.uv, two[0], nothing), SIO_ERR_CLOSED);
  assert_false(is_open(two[0]));
  close(two[1]);
  peer_close(&a);
  world_close(&w);
}

/* Hand a connection over of which `text` has been read already. */
static void hand_over(const char *text)
{
  int fds[2];
  size_t len = strlen(text);
  uint8_t *copy = test_exact(text, len);
  const sio_span received = {copy, len};

  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  assert_int_equal(sio_uv_accept_fd(w.uv, fds[0], received), 0);
  memset(copy, 'x', len); /* it is the caller's own again */
  free(copy);
  peer_adopt(&w, &a, fds[1]);
}

static int answered;

static void answer_path(sio_request *request, void *user)
{
  sio_str path = sio_request_path(request);
  sio_span body = {(const uint8_t *)path.data, path.len};

  (void)user;
  answered++;
  assert_int_equal(sio_respond(request, 200, NULL, 0, body), 0);
}

static void test_what_was_read_elsewhere_comes_first(void **state)
{
  static const char whole[] = "GET /one HTTP/1.1\r\nHost: test\r\n\r\n";
  char part[sizeof whole];

  (void)state;
  world_open(&w, NULL);
  sio_server_on_http(w.server, answer_path, NULL);
  for (size_t i = 1; i < sizeof whole; i++) {
    memcpy(part, whole, i);
    part[i] = '\0';
    answered = 0;
    hand_over(part);
    assert_int_equal(answered, 0); /* nothing is called in the middle of it */
    peer_send(&a, whole + i, strlen(whole + i));
    peer_get(&a, "/two");
    peer_expect(&a, "\r\n\r\n/one");
    peer_expect(&a, "\r\n\r\n/two");
    peer_close(&a);
    turn_until_nobody_is_left();
  }
  world_close(&w);
}

static void test_a_websocket_is_handed_over_with_its_handshake(void **state)
{
  (void)state;
  world_open(&w, NULL);
  hand_over("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            "Host: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            "\x81\x82xxxxLH"); /* "40", masked with "xxxx" */
  peer_expect(&a, "HTTP/1.1 101 ");
  peer_expect(&a, "40{\"sid\":");
  peer_echo(&a);
  peer_close(&a);
  world_until(&w, &w.left, 1);
  world_close(&w);
}

static void answer_size(sio_request *request, void *user)
{
  char text[32];

  (void)user;
  snprintf(text, sizeof text, "%zu bytes", sio_request_body(request).len);
  assert_int_equal(sio_respond_text(request, 200, "text/plain", text), 0);
}

static void test_a_lot_may_have_been_read_elsewhere(void **state)
{
  enum { BODY = 1024 * 1024, HEAD = 100 };
  char *text = malloc(HEAD + BODY + 1);
  sio_server_options options;
  int len;

  (void)state;
  assert_non_null(text);
  world_options(&w, &options);
  options.max_body = BODY;
  world_open(&w, &options);
  sio_server_on_http(w.server, answer_size, NULL);
  len = snprintf(text, HEAD,
                 "POST /x HTTP/1.1\r\nHost: test\r\n"
                 "Content-Length: %d\r\n\r\n",
                 BODY);
  memset(text + len, 'x', BODY);
  text[len + BODY] = '\0';
  hand_over(text);
  peer_expect(&a, "1048576 bytes");
  peer_close(&a);
  free(text);
  world_close(&w);
}

static void test_a_running_loop_takes_over_from_a_callback(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  sio_server_on_http(w.server, answer_path, NULL);
  peer_dial(&w, &b);
  peer_get(&b, "/ready");
  peer_expect(&b, "/ready");
  hand_over("GET /one HTTP/1.1\r\nHost: test\r\n\r\n");
  peer_get(&b, "/other");
  peer_expect(&a, "\r\n\r\n/one");
  peer_expect(&b, "\r\n\r\n/other");
  peer_close(&a);
  peer_close(&b);
  world_close(&w);
}

static void hand_over_within(sio_request *request, void *user)
{
  answer_path(request, user);
  if (answered == 1)
    hand_over("GET /within HTTP/1.1\r\nHost: test\r\n\r\n");
}

static void test_a_handler_may_hand_over_another_connection(void **state)
{
  (void)state;
  answered = 0;
  world_open(&w, NULL);
  world_listen(&w);
  sio_server_on_http(w.server, hand_over_within, NULL);
  peer_dial(&w, &b);
  peer_get(&b, "/first");
  peer_get(&b, "/second"); /* is still in the buffer that all read into */
  peer_expect(&b, "\r\n\r\n/first");
  peer_expect(&b, "\r\n\r\n/second");
  peer_expect(&a, "\r\n\r\n/within");
  peer_close(&a);
  peer_close(&b);
  world_close(&w);
}

static void test_closing_forgets_what_was_read_elsewhere(void **state)
{
  (void)state;
  answered = 0;
  world_open(&w, NULL);
  sio_server_on_http(w.server, answer_path, NULL);
  hand_over("GET /one HTTP/1.1\r\nHost: test\r\n\r\n");
  sio_uv_close(w.uv, on_world_closed, &w);
  world_until(&w, &w.closed, 1);
  assert_int_equal(answered, 0);
  peer_close(&a);
  world_close(&w);
}

static void test_no_memory_for_a_descriptor_is_reported(void **state)
{
  static const char text[] = "GET / HTTP/1.1\r\n";
  const sio_span received = {(const uint8_t *)text, sizeof text - 1};
  sio_server_options options;
  int fds[2], rv = SIO_ERR_NOMEM;

  (void)state;
  world_options(&w, &options);
  world_open(&w, &options);
  for (size_t at = 0; rv != 0; at++) {
    assert_in_range(at, 0, 10);
    assert_int_equal(rv, SIO_ERR_NOMEM);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    w.mem.fail_at = w.mem.calls + at;
    rv = sio_uv_accept_fd(w.uv, fds[0], received);
    w.mem.fail_at = TEST_MEM_NEVER;
    peer_adopt(&w, &a, fds[1]);
    if (rv != 0) {
      peer_expect_end(&a);
    } else {
      peer_send(&a, "Host: test\r\n\r\n", 14);
      peer_expect(&a, "HTTP/1.1 404 ");
    }
    peer_close(&a);
  }
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_accepted_descriptor_is_served),
      cmocka_unit_test(test_what_is_no_stream_socket_is_refused_and_closed),
      cmocka_unit_test(test_a_descriptor_too_many_or_too_late_is_closed),
      cmocka_unit_test(test_what_was_read_elsewhere_comes_first),
      cmocka_unit_test(test_a_websocket_is_handed_over_with_its_handshake),
      cmocka_unit_test(test_a_lot_may_have_been_read_elsewhere),
      cmocka_unit_test(test_a_running_loop_takes_over_from_a_callback),
      cmocka_unit_test(test_a_handler_may_hand_over_another_connection),
      cmocka_unit_test(test_closing_forgets_what_was_read_elsewhere),
      cmocka_unit_test(test_no_memory_for_a_descriptor_is_reported),
  };

  return cmocka_run_group_tests_name("uv/handover", tests, NULL, NULL);
}
