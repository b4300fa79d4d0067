/* SPDX-License-Identifier: MIT */
/* lib/eio/route.c: where requests go, and which are turned away. */
#include "eio_world.h"

#include <stdio.h>

static void expect_not_found(struct world *w, int p)
{
  expect_text(w, p,
              "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
              "Content-Length: 9\r\n\r\nNot Found");
}

static void test_what_is_outside_the_path_is_the_hosts(struct world *w)
{
  static const char *const targets[] = {
      "/",           "/socket.io",        "/socket.io?transport=polling",
      "/socket.iox", "/x/socket.io/",     "http://h/socket.io/?EIO=4",
      "*",           "/socket%2Eio/?EIO", "/SOCKET.IO/"};
  int p = peer_open(w);

  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
    peer_text(w, p, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", targets[i]);
    expect_not_found(w, p);
    expect_open(w, p);
  }
}

static void test_what_is_below_the_path_is_ours(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/foo/bar/?EIO=4&transport=polling HTTP/1.1\r\nHost: "
            "h\r\n\r\n");
  expect_events(w, "opened\n");
  w->peers[p].at = w->peers[p].len;
}

static void other_path(sio_server_options *options)
{
  options->path = "/chat/";
}

static void test_the_path_can_be_chosen(struct world *w)
{
  int p = peer_open(w);

  peer_text(
      w, p,
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_not_found(w, p);
  peer_text(w, p,
            "GET /chat/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_events(w, "request GET /socket.io/\nopened\n");
  w->peers[p].at = w->peers[p].len;
  assert_string_equal(sio_server_path(w->server), "/chat/");
}

static void test_what_is_not_http_is_refused(struct world *w)
{
  static const char *const bad[] = {
      "\x16\x03\x01\x02\x00\x01\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: "
      "2\r\n\r\n",
      ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
       "Transfer-Encoding: chunked\r\n\r\n"),
      "GET / HTTP/2.0\r\n\r\n",
      "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n"};
  size_t n = sizeof bad / sizeof bad[0];

  for (size_t i = 0; i < n; i++) {
    int p = peer_open(w);

    peer_text(w, p, "%s", bad[i]);
    expect_last_status(w, p, "400 Bad Request");
  }
  expect_cause(w, SIO_CAUSE_HTTP, n);
  expect_events(w, "");
}

static void
test_garbage_behind_a_waiting_poll_waits_for_its_answer(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_text(w, p, "garbage\r\n\r\nmore garbage\r\n\r\n");
  expect_nothing(w, p);
  peer_text(w, p, "still more\r\n\r\n");
  eio_say(w, sid, "4x");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\n4x"
              "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_HTTP, 1);
  expect_sessions(w, 1);
}

static void narrow(sio_server_options *options)
{
  options->max_header_bytes = 256;
  options->max_headers = 8;
  options->max_pipelined = 3;
  options->max_body = 10;
  options->max_connections = 2;
}

static void test_heads_are_bounded_in_bytes(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  char line[300];

  memset(line, 'a', sizeof line);
  /* "GET / HTTP/1.1\r\n", "Host: h\r\n", "A: \r", "\n\r\n" */
  line[256 - 16 - 9 - 4 - 4] = '\0';
  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\nA:%s\r\n\r\n", line + 2);
  expect_not_found(w, p);
  peer_text(w, q, "GET / HTTP/1.1\r\nHost: h\r\nA: aaa%s\r\n\r\n", line);
  expect_last_status(w, q, "431 Request Header Fields Too Large");
  expect_cause(w, SIO_CAUSE_HEADER_SIZE, 1);
}

static void test_heads_are_bounded_in_number(struct world *w)
{
  static const char six[] = "b:2\r\nc:3\r\nd:4\r\ne:5\r\nf:6\r\ng:7\r\n";
  int p = peer_open(w), q = peer_open(w);

  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\n%sh:8\r\n\r\n", six);
  expect_not_found(w, p);
  peer_text(w, q, "GET / HTTP/1.1\r\nHost: h\r\n%sh:8\r\ni:9\r\n\r\n", six);
  expect_last_status(w, q, "431 Request Header Fields Too Large");
  expect_cause(w, SIO_CAUSE_HEADER_COUNT, 1);
}

static void keep(sio_request *request, void *user)
{
  sio_request **kept = user;

  if (*kept == NULL)
    *kept = sio_request_retain(request);
}

static void test_unanswered_requests_are_bounded(struct world *w)
{
  sio_request *kept = NULL;
  int p = peer_open(w);

  sio_server_on_http(w->server, keep, &kept);
  for (int i = 0; i < 3; i++)
    peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_open(w, p);
  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_logged(w, "too many pipelined requests (limit 3)");
  sio_request_release(kept);
}

static void test_bodies_for_the_host_are_bounded(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), r;

  peer_text(
      w, p,
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789");
  expect_not_found(w, p);
  peer_text(w, p, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
  expect_last_status(w, p, "413 Payload Too Large");
  peer_text(w, q,
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "6\r\n012345\r\n5\r\n67890\r\n0\r\n\r\n");
  expect_last_status(w, q, "413 Payload Too Large");
  peer_close(w, p, 0);
  peer_close(w, q, 0);
  r = peer_open(w);
  expect_open(w, r);
  expect_events(w, "request POST /\n");
}

static void test_the_host_waits_for_its_continue_too(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
            "Content-Length: 2\r\n\r\n");
  expect_text(w, p, "HTTP/1.1 100 Continue\r\n\r\n");
  peer_text(w, p, "ab");
  expect_not_found(w, p);
}

static void two_sessions(sio_server_options *options)
{
  options->max_sessions = 2;
}

static void expect_full(struct world *w, int p)
{
  expect_text(w, p,
              "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
              "Content-Length: 0\r\nConnection: close\r\n\r\n");
  expect_ended(w, p);
}

static void test_sessions_are_bounded(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), r = peer_open(w), ws;
  int sid = peer_handshake(w, p);

  (void)peer_websocket(w, &ws);
  expect_cause(w, SIO_CAUSE_SESSIONS, 0);
  peer_text(
      w, q,
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_full(w, q);
  expect_cause(w, SIO_CAUSE_SESSIONS, 1);
  peer_upgrade(w, r, -1);
  expect_full(w, r);
  expect_cause(w, SIO_CAUSE_SESSIONS, 2);
  expect_logged(w, "too many sessions (limit 2, seen 3)");
  expect_events(w, "");
  expect_sessions(w, 2);
  eio_say(w, sid, "4x"); /* those that are there go on */
  peer_get(w, p, sid);
  expect_poll(w, p, "4x");
}

static void test_a_full_server_lets_its_sessions_upgrade(struct world *w)
{
  int polling, p, ws;

  (void)peer_websocket(w, &ws);
  (void)peer_upgraded(w, &polling, &p);
  expect_cause(w, SIO_CAUSE_SESSIONS, 0);
  expect_sessions(w, 2);
}

static void test_a_session_that_ends_makes_room(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, again;

  (void)peer_websocket(w, &ws);
  peer_close(w, ws, 0);
  expect_events(w, "closed transport close, the peer closed the transport "
                   "without saying goodbye\n");
  (void)peer_websocket(w, &again);
  eio_close(w, sid, true);
  expect_events(w, "closed forced close, the host closed the connection\n");
  (void)peer_handshake(w, p);
  expect_cause(w, SIO_CAUSE_SESSIONS, 0);
  expect_sessions(w, 2);
}

static void any_sessions(sio_server_options *options)
{
  options->max_sessions = 0;
}

static void test_sessions_need_not_be_bounded(struct world *w)
{
  int p = peer_open(w);

  for (int i = 0; i < WORLD_SIDS; i++)
    (void)peer_handshake(w, p);
  expect_sessions(w, WORLD_SIDS);
  expect_cause(w, SIO_CAUSE_SESSIONS, 0);
}

static void test_a_slow_head_is_given_up(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);

  eio_sleep(w, 59999);
  peer_text(w, p, "GET / HT");
  expect_nothing(w, p);
  expect_open(w, q);
  eio_sleep(w, 1);
  expect_last_status(w, p, "408 Request Timeout");
  expect_last_status(w, q, "408 Request Timeout");
  expect_cause(w, SIO_CAUSE_HEADER_TIMEOUT, 2);
}

static void test_a_later_head_has_its_time_from_its_first_byte(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_not_found(w, p);
  eio_sleep(w, 50000);
  peer_text(w, p, "G");
  eio_sleep(w, 30000);
  peer_text(w, p, "ET / HTTP/1.1");
  eio_sleep(w, 29999);
  expect_nothing(w, p);
  eio_sleep(w, 1);
  expect_last_status(w, p, "408 Request Timeout");
}

static void quick_body(sio_server_options *options)
{
  options->body_timeout_ms = 5000;
}

static void test_a_slow_body_is_given_up(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w);

  peer_text(w, q, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  peer_text(w, p,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 5\r\n\r\n4",
            w->sids[sid]);
  eio_sleep(w, 4999);
  peer_text(w, p, "x"); /* does not help */
  expect_nothing(w, p);
  eio_sleep(w, 1);
  expect_last_status(w, p, "408 Request Timeout");
  expect_last_status(w, q, "408 Request Timeout");
  expect_cause(w, SIO_CAUSE_BODY_TIMEOUT, 2);
  expect_events(w, "");
}

static void test_each_body_has_its_own_time(struct world *w)
{
  static const char request[] =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na";
  char text[100];
  int p = peer_open(w);

  snprintf(text, sizeof text, "b%s", request);
  peer_text(w, p, "%s", request);
  for (int i = 0; i < 3; i++) {
    eio_sleep(w, 4999);
    peer_text(w, p, "%s", text); /* the end of one, most of another */
    expect_not_found(w, p);
  }
  eio_sleep(w, 5000);
  expect_last_status(w, p, "408 Request Timeout");
}

static void test_upgrades_outside_the_path_are_requests(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /other HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  expect_not_found(w, p);
  expect_open(w, p);
}

static void test_a_server_that_closes_takes_nobody_in(struct world *w)
{
  int p = peer_open(w), ws, rv = 0;
  sio_conn *late = NULL;

  (void)peer_websocket(w, &ws); /* keeps the server from being closed */
  (void)sio_server_close(w->server, NULL, NULL);
  eio_pump(w);
  expect_frame(w, ws, 0x88, "", 0);
  expect_ended(w, p);
  if (!eio_is_off(w))
    rv = sio_conn_open(w->server, NULL, NULL, &late);
  if (!eio_is_off(w)) {
    assert_int_equal(rv, SIO_ERR_CLOSED);
    assert_null(late);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_what_is_outside_the_path_is_the_hosts),
      SCENARIO(test_what_is_below_the_path_is_ours),
      SCENARIO_WITH(test_the_path_can_be_chosen, other_path),
      SCENARIO(test_what_is_not_http_is_refused),
      SCENARIO(test_garbage_behind_a_waiting_poll_waits_for_its_answer),
      SCENARIO_WITH(test_heads_are_bounded_in_bytes, narrow),
      SCENARIO_WITH(test_heads_are_bounded_in_number, narrow),
      SCENARIO_WITH(test_unanswered_requests_are_bounded, narrow),
      SCENARIO_WITH(test_bodies_for_the_host_are_bounded, narrow),
      SCENARIO(test_the_host_waits_for_its_continue_too),
      SCENARIO_WITH(test_sessions_are_bounded, two_sessions),
      SCENARIO_WITH(test_a_full_server_lets_its_sessions_upgrade, two_sessions),
      SCENARIO_WITH(test_a_session_that_ends_makes_room, two_sessions),
      SCENARIO_ONCE(test_sessions_need_not_be_bounded, any_sessions),
      SCENARIO(test_a_slow_head_is_given_up),
      SCENARIO(test_a_later_head_has_its_time_from_its_first_byte),
      SCENARIO_WITH(test_a_slow_body_is_given_up, quick_body),
      SCENARIO_WITH(test_each_body_has_its_own_time, quick_body),
      SCENARIO(test_upgrades_outside_the_path_are_requests),
      SCENARIO(test_a_server_that_closes_takes_nobody_in),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
