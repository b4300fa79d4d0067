/* SPDX-License-Identifier: MIT */
/* Floods, messages without an end, work that must stay linear, and requests
 * that two readers would understand differently. */
#include "eio_world.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Floods ---- */

static void ten_kilobytes(sio_server_options *options)
{
  options->max_output_bytes = 10240;
}

/* Pings between the fragments of a message: their pongs pile up if nobody
 * reads them. */
static void test_hazard_pongs_that_nobody_reads_are_bounded(struct world *w)
{
  uint8_t ping[125];
  int p, sid = peer_websocket(w, &p);

  memset(ping, 'p', sizeof ping);
  peer_stall(w, p, true);
  peer_frame(w, p, 0x01, "4begun", 6);
  for (int i = 0; i < 200 && w->peers[p].conn != NULL; i++) {
    peer_frame(w, p, 0x89, ping, sizeof ping);
    if (w->peers[p].conn != NULL)
      assert_in_range(sio_conn_pending(w->peers[p].conn), 0, 10240);
  }
  if (!eio_is_off(w))
    assert_null(w->sessions[sid]);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 10240\n");
}

/* The same where they are read: nothing grows, and what was begun waits. */
static void test_hazard_a_ping_flood_costs_no_memory(struct world *w)
{
  size_t before = 0;
  int p;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x01, "4begun", 6);
  for (int i = 0; i < 5000; i++) {
    peer_frame(w, p, 0x89, "p", 1);
    expect_frame(w, p, 0x8a, "p", 1);
    if (i == 10)
      before = w->mem->live_bytes;
  }
  assert_int_equal(w->mem->live_bytes, before);
  peer_frame(w, p, 0x80, ", ended", 7);
  expect_events(w, "text begun, ended\n");
}

static void few(sio_server_options *options)
{
  options->max_fragments = 100;
  options->max_payload = 1000;
}

/* By number, and by size. */
static void test_hazard_messages_without_an_end_are_bounded(struct world *w)
{
  int p, q;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x01, "4", 1);
  for (int i = 0; i < 99; i++)
    peer_frame(w, p, 0x00, "x", 1);
  expect_nothing(w, p);
  expect_open(w, p);
  peer_frame(w, p, 0x00, "x", 1);
  expect_bytes(w, p, "\x88\x02\x03\xf0", 4); /* 1008 */
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_FRAGMENTS, 1);
  w->events_len = 0;

  (void)peer_websocket(w, &q);
  peer_frame(w, q, 0x01, "4", 1);
  for (int i = 0; i < 9; i++)
    peer_frame(w, q, 0x00,
               "0123456789012345678901234567890123456789012345678901234567890"
               "123456789012345678901234567890123456789",
               100);
  expect_nothing(w, q);
  peer_frame(w, q, 0x00,
             "0123456789012345678901234567890123456789012345678901234567890"
             "123456789012345678901234567890123456789",
             100);
  expect_bytes(w, q, "\x88\x02\x03\xf1", 4); /* 1009 */
  expect_cause(w, SIO_CAUSE_MESSAGE_SIZE, 1);
  w->events_len = 0;
}

/* It does not count as a sign of life. */
static void
test_hazard_a_message_that_never_ends_does_not_live_on(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x01, "4begun", 6);
  for (int i = 0; i < 8; i++) {
    eio_sleep(w, 5000);
    peer_frame(w, p, 0x00, "more", 4);
    peer_frame(w, p, 0x89, "", 0);
    peer_frame(w, p, 0x8a, "", 0);
  }
  eio_sleep(w, 5000);
  w->peers[p].at = w->peers[p].len;
  expect_events(w,
                "closed ping timeout, no pong arrived in time, limit 20000\n");
  expect_sessions(w, 0);
}

/* Frames of nothing: each costs its header, none costs memory. */
static void test_hazard_empty_fragments_cost_no_memory(struct world *w)
{
  size_t before;
  int p;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x01, "", 0);
  before = w->mem->live_bytes;
  for (int i = 0; i < 16383; i++)
    peer_frame(w, p, 0x00, "", 0);
  assert_int_equal(w->mem->live_bytes, before);
  expect_open(w, p);
  peer_frame(w, p, 0x80, "4x", 2);
  expect_cause(w, SIO_CAUSE_FRAGMENTS, 1);
  w->peers[p].at = w->peers[p].len;
  w->events_len = 0;
}

/* ---- Two readers ---- */

/* Behind each of these comes a request that a proxy would take for a body, or
 * the other way round: it is never seen. */
static void
test_hazard_nothing_is_smuggled_behind_a_bad_request(struct world *w)
{
  static const char *const requests[] = {
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
      "Content-Length: 4\r\n\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
      "Content-Length: 40\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0, 0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length : 0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\n Content-Length: 0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nX: y\r\n Transfer-Encoding: chunked"
      "\r\n\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n"
      "\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity"
      "\r\n\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n"
      "\r\n",
      "GET /x HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
      "GET /x HTTP/1.1\r\nHost: h\n\n",
      "GET /x HTTP/1.1\r\nHost: h\r\n\rX",
      "GET /x HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0x1\r\na\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\nab\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "fffffffffffffffff\r\n",
  };
  int p = peer_open(w), sid = peer_handshake(w, p);

  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    int q = peer_open(w);

    peer_text(w, q, "%sGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", requests[i]);
    expect_start(w, q,
                 "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                 "Connection: close\r\n\r\n");
    expect_nothing(w, q);
    expect_ended(w, q);
    expect_events(w, "");
    peer_close(w, q, 0);
    w->n_peers = q;
  }
  expect_cause(w, SIO_CAUSE_HTTP, sizeof requests / sizeof *requests);
  eio_say(w, sid, "4alive");
  peer_get(w, p, sid);
  expect_poll(w, p, "4alive");
}

/* ---- Linear work ---- */

static struct wire wire;
static struct wire_peer peer;

static void post(const char *body, size_t len, int piece)
{
  wire_text(&peer,
            "POST /engine.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\nContent-Length: %zu\r\n\r\n",
            sio_session_id(wire.session), len);
  wire_feed(&peer, body, len, piece);
  wire_expect(&peer, "HTTP/1.1 200 OK\r\n");
  peer.at = peer.got.len;
}

/* As many tiny packets as are allowed, and a large one in tiny pieces: memory
 * is asked for a few times, not once for each of them. */
static void test_hazard_payloads_take_linear_work(void **state)
{
  enum { PACKETS = 10000, LARGE = 900000, FEW = 300 };
  char *body = malloc(LARGE);
  size_t calls;

  (void)state;
  assert_non_null(body);
  wire_init(&wire);
  wire_start(&wire);
  wire_polling(&wire, &peer);
  for (int i = 0; i < PACKETS; i++)
    memcpy(body + 3 * i, "4x\x1e", 3);
  calls = wire.mem.calls;
  post(body, 3 * PACKETS - 1, 997);
  assert_int_equal(wire.messages, PACKETS); /* and as many are sent back */
  assert_in_range(wire.mem.calls - calls, 1, FEW);

  memset(body, '4', LARGE);
  calls = wire.mem.calls;
  post(body, LARGE, 10);
  assert_int_equal(wire.messages, PACKETS + 1);
  assert_in_range(wire.mem.calls - calls, 1, FEW);
  free(body);
  wire_peer_dispose(&peer);
  wire_wait(&wire, 100000);
  wire_stop(&wire);
}

/* A message in as many fragments as are allowed, each a byte. */
static void test_hazard_fragments_take_linear_work(void **state)
{
  enum { FRAGMENTS = 16384 };
  struct wire_bytes input = {NULL, 0, 0};
  struct wire_heard echo;
  size_t calls;

  (void)state;
  wire_init(&wire);
  wire_start(&wire);
  wire_websocket(&wire, &peer, NULL);
  for (int i = 0; i < FRAGMENTS; i++)
    wire_frame(&wire, &input,
               (uint8_t)((i == 0) | (i == FRAGMENTS - 1 ? 0x80 : 0)), "4", 1);
  calls = wire.mem.calls;
  wire_feed(&peer, input.data, input.len, 7);
  assert_in_range(wire.mem.calls - calls, 1, 100);
  assert_true(wire_hear(&peer, &echo));
  assert_int_equal(echo.len, FRAGMENTS);
  wire_dispose(&input);
  wire_peer_dispose(&peer);
  wire_stop(&wire);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_hazard_pongs_that_nobody_reads_are_bounded,
                    ten_kilobytes),
      SCENARIO_ONCE(test_hazard_a_ping_flood_costs_no_memory, NULL),
      SCENARIO_WITH(test_hazard_messages_without_an_end_are_bounded, few),
      SCENARIO(test_hazard_a_message_that_never_ends_does_not_live_on),
      SCENARIO_ONCE(test_hazard_empty_fragments_cost_no_memory, NULL),
      SCENARIO(test_hazard_nothing_is_smuggled_behind_a_bad_request),
      cmocka_unit_test(test_hazard_payloads_take_linear_work),
      cmocka_unit_test(test_hazard_fragments_take_linear_work),
  };

  return cmocka_run_group_tests_name("eio/hazards_flow", tests, NULL, NULL);
}
