/* SPDX-License-Identifier: MIT */
/* lib/eio/connection.c: bytes in, bytes out, and the wish to be closed. */
#include "eio_world.h"

#include <stdlib.h>

#include <stdio.h>

#include "eio/connection.h"

static sio_request *long_answer;

static const char not_found[] =
    "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
    "Content-Length: 9\r\n\r\nNot Found";

static void
test_ready_is_told_once_until_the_output_is_looked_at(struct world *w)
{
  int p = peer_open(w);
  sio_span spans[4];

  if (eio_is_off(w))
    return;
  peer_stall(w, p, true);
  assert_int_equal(w->peers[p].calls, 0);
  peer_text(w, p, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  peer_text(w, p, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  if (!eio_is_off(w)) {
    assert_int_equal(w->peers[p].calls, 1);
    assert_int_equal(sio_conn_pending(w->peers[p].conn),
                     2 * (sizeof not_found - 1));
    assert_true(sio_conn_output(w->peers[p].conn, spans, 4) > 0);
    w->peers[p].ready = false;
  }
  peer_text(w, p, "GET /c HTTP/1.1\r\nHost: h\r\n\r\n");
  if (!eio_is_off(w))
    assert_int_equal(w->peers[p].calls, 2);
  peer_stall(w, p, false);
  expect_text(w, p, "%s%s%s", not_found, not_found, not_found);
}

static void test_spans_stay_where_they_are_until_they_are_sent(struct world *w)
{
  int p, sid = peer_websocket(w, &p);
  sio_conn *conn = w->peers[p].conn;
  sio_span before[2], after[2];
  uint8_t seen[2];

  if (conn == NULL)
    return;
  peer_stall(w, p, true);
  eio_say(w, sid, "4first");
  if (eio_is_off(w))
    return;
  assert_int_equal(sio_conn_output(conn, before, 2), 1);
  w->peers[p].ready = false;
  memcpy(seen, before[0].data, 2);
  for (int i = 0; i < 200; i++)
    eio_say(w, sid, "4many more messages that have to go somewhere");
  if (eio_is_off(w))
    return;
  assert_memory_equal(before[0].data, seen, 2);
  sio_conn_sent(conn, 3);
  assert_true(sio_conn_output(conn, after, 2) > 0);
  assert_ptr_equal(after[0].data, before[0].data + 3);
  sio_conn_sent(conn, sio_conn_pending(conn));
  assert_int_equal(sio_conn_output(conn, after, 2), 0);
  w->peers[p].ready = false;
  peer_stall(w, p, false);
}

static void feed_again(struct world *w, struct sio_session *session,
                       const char *text)
{
  static uint8_t byte = 'x';

  (void)session;
  (void)text;
  assert_int_equal(sio_conn_feed(w->peers[0].conn, &byte, 1),
                   SIO_ERR_REENTRANT);
}

static void test_feeding_from_inside_a_callback_is_refused(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  w->on_text = feed_again;
  peer_message(w, p, "4a");
  peer_message(w, p, "4b");
  eio_say(w, sid, "4x");
  expect_message(w, p, "4x");
  expect_events(w, "text a\ntext b\n");
}

static void leave(struct world *w, struct sio_session *session,
                  const char *text)
{
  sio_conn *conn = w->peers[0].conn;

  (void)session;
  (void)text;
  w->peers[0].conn = NULL;
  sio_conn_closed(conn, 0);
}

static void test_a_connection_may_be_given_up_inside_a_callback(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  w->on_text = leave;
  w->echo = true;
  peer_message(w, p, "4a");
  expect_nothing(w, p);
  expect_events(w, "text a\nclosed transport close, the peer closed the "
                   "transport without saying goodbye\n");
}

static void test_an_ended_connection_reads_no_more(struct world *w)
{
  static uint8_t more[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  int p = peer_open(w);

  peer_stall(w, p, true);
  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  if (!eio_is_off(w)) {
    assert_int_equal(sio_conn_feed(w->peers[p].conn, more, sizeof more - 1),
                     SIO_ERR_CLOSED);
    assert_int_equal(sio_conn_wants_close(w->peers[p].conn), SIO_CLOSE_NOW);
    assert_true(sio_conn_pending(w->peers[p].conn) > 0);
  }
  peer_stall(w, p, false);
  expect_text(w, p,
              "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
              "Content-Length: 9\r\nConnection: close\r\n\r\nNot Found");
  expect_events(w, "request GET /\n");
}

static void test_a_peer_that_may_still_send_is_lingered_for(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000001\r\n\r\n");
  expect_last_status(w, p, "413 Payload Too Large");
  if (!eio_is_off(w))
    assert_true(w->peers[p].lingers);
  eio_sleep(w, 29999);
  if (!eio_is_off(w))
    assert_non_null(w->peers[p].conn);
  eio_sleep(w, 1); /* announced, and closed by the host */
  if (!eio_is_off(w))
    assert_null(w->peers[p].conn);
}

static void test_an_answer_that_nobody_takes_is_given_up(struct world *w)
{
  int p = peer_open(w);

  peer_stall(w, p, true);
  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  eio_sleep(w, 29999);
  if (!eio_is_off(w))
    assert_true(sio_conn_pending(w->peers[p].conn) > 0);
  eio_sleep(w, 1);
  expect_ended(w, p);
  expect_nothing(w, p);
}

static void two(sio_server_options *options)
{
  options->max_connections = 2;
}

static void test_connections_are_bounded(struct world *w)
{
  sio_conn *third = NULL;
  int p = peer_open(w), q = peer_open(w), rv;

  if (eio_is_off(w))
    return;
  rv = sio_conn_open(w->server, NULL, NULL, &third);
  if (eio_is_off(w))
    return;
  assert_int_equal(rv, SIO_ERR_LIMIT);
  assert_null(third);
  expect_cause(w, SIO_CAUSE_CONNECTIONS, 1);
  peer_close(w, p, 0);
  assert_int_equal(sio_server_connection_count(w->server), 1);
  (void)peer_open(w);
  if (!eio_is_off(w))
    assert_int_equal(sio_server_connection_count(w->server), 2);
  peer_close(w, q, 0);
}

static void test_the_last_one_to_go_is_told_about(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);

  peer_close(w, p, 0);
  if (!eio_is_off(w))
    assert_int_equal(w->emptied, 0);
  peer_close(w, q, -1);
  if (!eio_is_off(w))
    assert_int_equal(w->emptied, 1);
}

/* A peer that goes away at each byte of a conversation. */
static void test_leaving_at_any_byte_frees_everything(struct world *w)
{
  static const char input[] =
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"
      "Connection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
      "\x81\x84\x01\x02\x03\x04\x35\x63\x61\x66";

  for (size_t n = 0; n < sizeof input; n++) {
    w->n_peers = 0; /* used anew */
    w->n_sids = 0;
    (void)peer_open(w);
    peer_send(w, 0, input, n);
    w->peers[0].at = w->peers[0].len;
    peer_close(w, 0, n % 2 == 0 ? 0 : -1);
    expect_sessions(w, 0);
    w->events_len = 0;
    w->log_len = 0;
  }
}

/* What is gone has left nothing behind, to the byte. */
static void test_hazard_failed_attempts_leave_no_memory_behind(struct world *w)
{
  size_t blocks = 0, bytes = 0;

  for (int i = 0; i < 50; i++) {
    int p, ws;

    w->n_peers = w->n_sids = 0; /* used anew */
    p = peer_open(w);
    peer_text(w, p, "GET /socket.io/?transport=x HTTP/1.1\r\nHost: h\r\n\r\n");
    w->peers[p].at = w->peers[p].len;
    (void)peer_handshake(w, p);
    ws = peer_open(w);
    peer_upgrade(w, ws, 0);
    expect_switch(w, ws);
    peer_message(w, ws, i % 2 == 0 ? "2probe" : "wrong");
    w->peers[ws].at = w->peers[ws].len;
    peer_get(w, p, 0);
    w->peers[p].at = w->peers[p].len;
    peer_close(w, ws, i % 3 == 0 ? -1 : 0);
    peer_close(w, p, 0);
    eio_sleep(w, 60000);
    expect_sessions(w, 0);
    w->events_len = w->log_len = 0;
    if (i == 0) {
      blocks = w->mem->live_blocks;
      bytes = w->mem->live_bytes;
    }
  }
  assert_int_equal(w->mem->live_blocks, blocks);
  assert_int_equal(w->mem->live_bytes, bytes);
}

/* Without what the floor above keeps. */
static void test_hazard_an_idle_websocket_takes_little_memory(struct world *w)
{
  enum { N = 16 };
  size_t before = 0;

  for (int i = 0; i < N + 1; i++) {
    int polling, ws;

    w->n_sids = 0;
    (void)peer_upgraded(w, &polling, &ws);
    peer_close(w, polling, 0);
    if (i == 0)
      before = w->mem->live_bytes;
  }
  assert_in_range((w->mem->live_bytes - before) / N, 1, 2048);
}

/* Lengths that are announced cost nothing before the bytes are there. */
static void test_hazard_announced_lengths_are_not_allocated(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;
  size_t before;

  (void)peer_websocket(w, &ws);
  before = w->mem->live_bytes;
  peer_text(w, p,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 1000000\r\n\r\n4",
            w->sids[sid]);
  peer_send(w, ws, "\x82\xff\0\0\0\0\0\x0f\x42\x40\1\2\3\4x", 15);
  expect_nothing(w, ws);
  assert_in_range(w->mem->live_bytes - before, 1, 4096);
}

static void test_output_beyond_the_limit_cuts_the_connection(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  peer_stall(w, p, true);
  if (!eio_is_off(w)) {
    assert_true(sio__conn_has_room(w->peers[p].conn, 1024));
    assert_true(sio__conn_is_open(w->peers[p].conn));
    assert_false(sio__conn_has_room(w->peers[p].conn, 1025));
    assert_int_equal(sio_conn_wants_close(w->peers[p].conn), SIO_CLOSE_NOW);
    assert_int_equal(sio_conn_pending(w->peers[p].conn), 0);
    assert_null(w->sessions[sid]);
  }
}

/* The host closes the transport while it is told about the end. */
static void give_up(struct world *w, struct sio_session *session)
{
  struct peer *peer = &w->peers[0];
  sio_conn *conn = peer->conn;

  (void)session;
  peer->conn = NULL;
  if (conn != NULL)
    sio_conn_closed(conn, 0);
}

static void
test_a_connection_may_be_given_up_while_its_end_is_told(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  w->on_closed = give_up;
  if (w->peers[p].conn != NULL)
    sio__conn_abort(w->peers[p].conn, SIO_CAUSE_OUTPUT_SIZE);
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 16777216\n");
  expect_sessions(w, 0);
}

static void narrow(sio_server_options *options)
{
  options->max_output_bytes = 1024;
}

static void ten_kilobytes(sio_server_options *options)
{
  options->max_output_bytes = 10240;
}

/* A packet that is shared, as those of a broadcast are. */
static void broadcast(struct world *w, int sid, const char *packet)
{
  struct sio__engine *engine = &w->server->engine;
  struct sio__shared shared;

  if (w->sessions[sid] == NULL)
    return;
  sio__engine_enter(engine);
  shared = sio__shared_new(engine, packet, strlen(packet), false);
  if (shared.chunk != NULL) {
    (void)sio__session_send_shared(w->sessions[sid], &shared);
    sio__shared_release(&shared);
  }
  sio__engine_leave(engine);
  eio_pump(w);
}

/* Each of the small pieces keeps a block of its own alive. */
static void test_hazard_small_pieces_count_as_whole_blocks(struct world *w)
{
  enum { FRAME = 4, FIT = 41 }; /* 42 * 4 + 40 * 256 > 10240 */
  int p, sid = peer_websocket(w, &p);

  peer_stall(w, p, true);
  for (int i = 0; i < FIT; i++)
    broadcast(w, sid, "4x");
  if (!eio_is_off(w)) {
    assert_non_null(w->sessions[sid]);
    assert_int_equal(sio_conn_pending(w->peers[p].conn), FIT * FRAME);
  }
  broadcast(w, sid, "4x");
  if (!eio_is_off(w))
    assert_null(w->sessions[sid]);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 10240\n");
  expect_logged(w, "limit 10240, seen 10408");
  expect_ended(w, p);
}

static void test_small_pieces_that_are_read_count_no_more(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  for (int round = 0; round < 3; round++) {
    peer_stall(w, p, true);
    for (int i = 0; i < 30; i++)
      broadcast(w, sid, "4x");
    peer_stall(w, p, false);
    for (int i = 0; i < 30; i++)
      expect_message(w, p, "4x");
    expect_nothing(w, p);
  }
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 0);
}

/* What is for one alone is gathered, so that its bytes count. */
static void test_small_messages_for_one_count_by_their_bytes(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  peer_stall(w, p, true);
  for (int i = 0; i < 200; i++)
    eio_say(w, sid, "4x");
  if (!eio_is_off(w))
    assert_int_equal(sio_conn_pending(w->peers[p].conn), 200 * 4);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 0);
  peer_stall(w, p, false);
  for (int i = 0; i < 200; i++)
    expect_message(w, p, "4x");
}

/* An answer that closes the connection, read slowly. */
static void answer_at_length(struct world *w, int p, size_t len)
{
  char *body = malloc(len);
  sio_span span = {(const uint8_t *)body, len};

  assert_non_null(body);
  memset(body, 'x', len);
  peer_stall(w, p, true);
  peer_text(w, p, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert_true(long_answer != NULL || eio_is_off(w));
  if (long_answer != NULL) {
    (void)sio_respond(long_answer, 200, NULL, 0, span);
    sio_request_release(long_answer);
    long_answer = NULL;
  }
  free(body);
  eio_pump(w);
}

static void keep_for_later(sio_request *request, void *user)
{
  (void)user;
  long_answer = sio_request_retain(request);
}

static void test_whoever_reads_a_last_answer_has_time(struct world *w)
{
  int p = peer_open(w);

  sio_server_on_http(w->server, keep_for_later, NULL);
  answer_at_length(w, p, 10000);
  for (int i = 0; i < 5; i++) {
    eio_sleep(w, 20000);
    peer_sip(w, p, 100);
  }
  if (!eio_is_off(w))
    assert_non_null(w->peers[p].conn);
  eio_sleep(w, 60000); /* it reads no more */
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_CLOSE_TIMEOUT, 0); /* its end was the answer */
  w->peers[p].at = w->peers[p].len;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_ready_is_told_once_until_the_output_is_looked_at),
      SCENARIO(test_spans_stay_where_they_are_until_they_are_sent),
      SCENARIO(test_feeding_from_inside_a_callback_is_refused),
      SCENARIO(test_a_connection_may_be_given_up_inside_a_callback),
      SCENARIO(test_an_ended_connection_reads_no_more),
      SCENARIO(test_a_peer_that_may_still_send_is_lingered_for),
      SCENARIO(test_an_answer_that_nobody_takes_is_given_up),
      SCENARIO_WITH(test_connections_are_bounded, two),
      SCENARIO(test_the_last_one_to_go_is_told_about),
      SCENARIO_ONCE(test_leaving_at_any_byte_frees_everything, NULL),
      SCENARIO_ONCE(test_hazard_failed_attempts_leave_no_memory_behind, NULL),
      SCENARIO_ONCE(test_hazard_an_idle_websocket_takes_little_memory, NULL),
      SCENARIO_ONCE(test_hazard_announced_lengths_are_not_allocated, NULL),
      SCENARIO_WITH(test_output_beyond_the_limit_cuts_the_connection, narrow),
      SCENARIO(test_a_connection_may_be_given_up_while_its_end_is_told),
      SCENARIO_WITH(test_hazard_small_pieces_count_as_whole_blocks,
                    ten_kilobytes),
      SCENARIO_WITH(test_small_pieces_that_are_read_count_no_more,
                    ten_kilobytes),
      SCENARIO_WITH(test_small_messages_for_one_count_by_their_bytes,
                    ten_kilobytes),
      SCENARIO(test_whoever_reads_a_last_answer_has_time),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
