/* SPDX-License-Identifier: MIT */
/* lib/eio/upgrade.c: from polling to websocket, in every order. */
#include "eio_world.h"

#include <stdio.h>

#define SEP "\x1e"

static int open_candidate(struct world *w, int sid)
{
  int p = peer_open(w);

  peer_upgrade(w, p, sid);
  expect_switch(w, p);
  expect_nothing(w, p);
  return p;
}

static void probe(struct world *w, int ws)
{
  peer_message(w, ws, "2probe");
  expect_message(w, ws, "3probe");
}

static void test_a_session_moves_to_the_websocket(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  w->echo = true;
  peer_get(w, p, sid);
  expect_nothing(w, p);
  probe(w, ws);
  expect_poll(w, p, "6");
  peer_message(w, ws, "5");
  expect_nothing(w, ws);
  peer_message(w, ws, "4hello");
  expect_message(w, ws, "4hello");
  peer_frame(w, ws, 0x82, "\x01\x02", 2);
  expect_frame(w, ws, 0x82, "\x01\x02", 2);
  expect_events(w, "text hello\nbinary 2 bytes \x01\x02\n");
  expect_sessions(w, 1);
}

static void test_the_upgrade_in_one_piece_with_its_request(struct world *w)
{
  static const uint8_t frames[] = {
      0x81, 0x86, 0, 0, 0,   0,    '2',  'p', 'r', 'o', 'b', 'e', 0x81, 0x81,
      0,    0,    0, 0, '5', 0x81, 0x82, 0,   0,   0,   0,   '4', 'x'};
  int p = peer_open(w), sid = peer_handshake(w, p), ws = peer_open(w);
  char input[400];
  int len;

  len = snprintf(
      input, sizeof input,
      "GET /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      w->sids[sid]);
  memcpy(input + len, frames, sizeof frames);
  w->echo = true;
  peer_send(w, ws, input, (size_t)len + sizeof frames);
  expect_switch(w, ws);
  expect_message(w, ws, "3probe");
  expect_message(w, ws, "4x");
  expect_events(w, "text x\n");
}

static void test_later_polls_get_their_noop_after_100_ms(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  probe(w, ws);
  for (int i = 0; i < 3; i++) {
    peer_get(w, p, sid);
    eio_sleep(w, 99);
    expect_nothing(w, p);
    eio_sleep(w, 1);
    expect_poll(w, p, "6");
  }
  peer_message(w, ws, "5");
}

static void test_without_a_probe_polls_wait_on(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  (void)open_candidate(w, sid);
  peer_get(w, p, sid);
  eio_sleep(w, 5000);
  expect_nothing(w, p);
  eio_say(w, sid, "4x");
  expect_poll(w, p, "4x");
}

static void test_probes_are_answered_again(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  probe(w, ws);
  probe(w, ws);
  peer_message(w, ws, "5");
  expect_nothing(w, ws);
}

static void test_the_upgrade_needs_no_probe(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  peer_get(w, p, sid);
  peer_message(w, ws, "5");
  expect_poll(w, p, "6");
  eio_say(w, sid, "4x");
  expect_message(w, ws, "4x");
}

static void test_messages_keep_their_order_across_the_upgrade(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  eio_say(w, sid, "4a");
  peer_get(w, p, sid);
  expect_poll(w, p, "4a");
  probe(w, ws);
  peer_post(w, p, sid, "41" SEP "42");
  expect_ok(w, p);
  eio_say(w, sid, "4b");
  peer_get(w, p, sid);
  expect_poll(w, p, "4b");
  eio_say(w, sid, "4c");
  eio_say(w, sid, "4d");
  expect_nothing(w, ws);
  peer_message(w, ws, "5");
  expect_message(w, ws, "4c");
  expect_message(w, ws, "4d");
  peer_message(w, ws, "43");
  eio_say(w, sid, "4e");
  expect_message(w, ws, "4e");
  expect_events(w, "text 1\ntext 2\ntext 3\n");
}

static void test_other_packets_end_the_attempt_only(struct world *w)
{
  static const char *const packets[] = {"4early", "3", "3probe", "2",      "1",
                                        "x",      "",  "5x",     "2probeX"};
  int p = peer_open(w), sid = peer_handshake(w, p);

  for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
    int ws = open_candidate(w, sid);

    peer_message(w, ws, packets[i]);
    expect_frame(w, ws, 0x88, "", 0);
    peer_frame(w, ws, 0x88, "", 0);
    expect_nothing(w, ws);
    expect_ended(w, ws);
  }
  expect_events(w, "");
  eio_say(w, sid, "4x");
  peer_get(w, p, sid);
  expect_poll(w, p, "4x");
}

static void test_binary_on_the_candidate_ends_the_attempt(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  peer_frame(w, ws, 0x82, "5", 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_sessions(w, 1);
  expect_events(w, "");
}

static void test_losing_the_candidate_leaves_the_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  probe(w, ws);
  peer_close(w, ws, 0);
  ws = open_candidate(w, sid);
  peer_close(w, ws, -1);
  ws = open_candidate(w, sid);
  peer_frame(w, ws, 0x88, "\x03\xe8", 2);
  expect_frame(w, ws, 0x88, "\x03\xe8", 2);
  expect_ended(w, ws);
  expect_events(w, "");
  eio_say(w, sid, "4x");
  peer_get(w, p, sid);
  expect_poll(w, p, "4x");
  ws = open_candidate(w, sid);
  peer_message(w, ws, "5");
  eio_say(w, sid, "4y");
  expect_message(w, ws, "4y");
}

static void
test_a_broken_frame_on_the_candidate_leaves_the_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  peer_send(w, ws, "\xc1\x80\0\0\0\0", 6);
  expect_frame(w, ws, 0x88, "\x03\xea", 2);
  expect_ended(w, ws);
  expect_events(w, "");
  expect_sessions(w, 1);
}

static void test_an_attempt_ends_after_the_upgrade_timeout(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  eio_sleep(w, 4000);
  probe(w, ws); /* does not start it anew */
  eio_sleep(w, 5999);
  expect_nothing(w, ws);
  eio_sleep(w, 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_cause(w, SIO_CAUSE_UPGRADE_TIMEOUT, 1);
  expect_logged(w, "the upgrade was not finished in time");
  expect_events(w, "");
  peer_get(w, p, sid);
  eio_sleep(w, 200); /* and no noop comes */
  expect_nothing(w, p);
  eio_say(w, sid, "4x");
  expect_poll(w, p, "4x");
}

static void test_a_second_websocket_is_opened_and_closed(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid), second = peer_open(w), third;

  peer_upgrade(w, second, sid);
  expect_switch(w, second);
  expect_frame(w, second, 0x88, "", 0);
  probe(w, ws);
  peer_message(w, ws, "5");
  third = peer_open(w);
  peer_upgrade(w, third, sid);
  expect_switch(w, third);
  expect_frame(w, third, 0x88, "", 0);
  eio_say(w, sid, "4x");
  expect_message(w, ws, "4x");
  expect_events(w, "");
}

static void test_a_session_that_began_as_websocket_is_not_moved(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws), second = peer_open(w);

  peer_upgrade(w, second, sid);
  expect_switch(w, second);
  expect_frame(w, second, 0x88, "", 0);
  peer_message(w, second, "2probe");
  peer_message(w, second, "5");
  expect_nothing(w, second);
  eio_say(w, sid, "4x");
  expect_message(w, ws, "4x");
}

static void
test_a_session_that_closes_takes_its_candidate_along(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  probe(w, ws);
  peer_post(w, p, sid, "1");
  expect_ok(w, p);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, "closed transport close, the client sent a close packet\n");
  peer_message(w, ws, "5");
  expect_nothing(w, ws);
}

static void test_an_upgrade_may_finish_while_the_session_closes(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  probe(w, ws);
  eio_say(w, sid, "4bye");
  eio_close(w, sid, false);
  expect_events(w, "");
  peer_message(w, ws, "5");
  expect_message(w, ws, "4bye");
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, "closed forced close, the host closed the connection\n");
  expect_sessions(w, 0);
}

static void test_a_post_under_way_is_given_up_by_the_upgrade(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w);
  int ws = open_candidate(w, sid);

  peer_text(w, q,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 5\r\n\r\n4ha",
            w->sids[sid]);
  peer_message(w, ws, "5");
  expect_nothing(w, q);
  expect_ended(w, q);
  expect_events(w, "");
  expect_sessions(w, 1);
}

static void test_polling_is_over_after_the_upgrade(struct world *w)
{
  int p, ws, sid = peer_upgraded(w, &p, &ws);

  peer_get(w, p, sid);
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 34\r\n\r\n"
              "{\"code\":3,\"message\":\"Bad request\"}");
  peer_post(w, p, sid, "4x");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 34\r\nConnection: close\r\n\r\n"
              "{\"code\":3,\"message\":\"Bad request\"}");
  expect_events(w, "");
  expect_sessions(w, 1);
}

static void
test_a_pong_that_is_owed_stays_owed_across_the_upgrade(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;

  eio_sleep(w, 25000);
  peer_get(w, p, sid);
  expect_poll(w, p, "2");
  ws = open_candidate(w, sid);
  peer_message(w, ws, "5");
  eio_sleep(w, 19999);
  expect_nothing(w, ws);
  eio_sleep(w, 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w,
                "closed ping timeout, no pong arrived in time, limit 20000\n");
}

/* A candidate that goes away at each byte of its request and its probe. */
static void test_hazard_a_candidate_may_be_reset_at_any_byte(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;
  char input[300];
  int len;

  len = snprintf(
      input, sizeof input,
      "GET /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\nHost: h\r\n"
      "Connection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      w->sids[sid]);
  memcpy(input + len, "\x81\x86\1\2\3\4\x33\x72\x71\x6b\x63\x67", 12);
  for (int n = 0; n <= len + 12; n++) {
    ws = peer_open(w);
    peer_send(w, ws, input, (size_t)n);
    w->peers[ws].at = w->peers[ws].len;
    peer_close(w, ws, n % 2 == 0 ? 0 : -1);
    w->n_peers--;
    w->log_len = 0;
  }
  expect_sessions(w, 1);
  expect_events(w, "");
  ws = open_candidate(w, sid);
  peer_message(w, ws, "5");
  eio_say(w, sid, "4x");
  expect_message(w, ws, "4x");
}

static void no_upgrades(sio_server_options *options)
{
  options->no_upgrades = 1;
}

static void test_upgrades_can_be_forbidden(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws = peer_open(w);

  peer_upgrade(w, ws, sid);
  expect_text(w, ws,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
              "Content-Length: 11\r\nConnection: close\r\n\r\nBad request");
  expect_ended(w, ws);
  expect_sessions(w, 1);
}

/* ---- What the host sees ---- */

static void test_the_host_sees_the_session_move(struct world *w)
{
  const sio_metrics *m = &w->server->engine.metrics;
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
  eio_say(w, sid, "4queued");
  peer_get(w, p, sid);
  expect_poll(w, p, "4queued");
  peer_get(w, p, sid);
  probe(w, ws);
  expect_poll(w, p, "6");
  eio_say(w, sid, "4moves");
  peer_message(w, ws, "5");
  expect_message(w, ws, "4moves");
  expect_events(w, "out 4 text queued\nhost drain\nhost upgrading\nout 6 text\n"
                   "out 4 text moves\nhost upgrade\nhost drain\n");
  if (eio_is_off(w))
    return;
  assert_string_equal(sio_session_transport(w->sessions[sid]), "websocket");
  assert_int_equal(m->upgrades, 1);
  assert_int_equal(m->upgrades_done, 1);
  assert_int_equal(m->sessions_polling_now, 0);
  assert_int_equal(m->sessions_websocket_now, 1);
}

static bool discards;

static void close_on_upgrade(struct world *w, sio_session *session,
                             const char *line)
{
  (void)w;
  if (strcmp(line, "host upgrade") == 0)
    sio_session_close(session, discards);
}

static void close_on_probe(struct world *w, sio_session *session,
                           const char *line)
{
  (void)w;
  if (strcmp(line, "host upgrading") == 0)
    sio_session_close(session, discards);
}

static void
test_the_host_may_close_the_session_when_it_is_probed(struct world *w)
{
  for (int i = 0; i < 2; i++) {
    int p = peer_open(w), sid = peer_handshake(w, p);
    int ws = open_candidate(w, sid);

    discards = i == 1;
    eio_watch(w, WATCH_LIFE);
    w->on_host = close_on_probe;
    peer_message(w, ws, "2probe");
    peer_look_away(w, ws);
    eio_sleep(w, 60000); /* no GET comes to fetch the end */
    expect_ended(w, ws);
    peer_look_away(w, p);
    peer_look_away(w, ws);
    expect_sessions(w, 0);
    eio_watch(w, 0);
    w->on_host = NULL;
    w->events_len = 0;
    w->events[0] = '\0';
  }
}

static void test_a_probe_is_told_once(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = open_candidate(w, sid);

  eio_watch(w, WATCH_LIFE);
  peer_message(w, ws, "2probe");
  peer_message(w, ws, "2probe");
  expect_message(w, ws, "3probe");
  expect_message(w, ws, "3probe");
  expect_events(w, "host upgrading\n");
}

static void test_the_host_may_close_the_session_as_it_moves(struct world *w)
{
  for (int i = 0; i < 2; i++) {
    int p = peer_open(w), sid = peer_handshake(w, p);
    int ws = open_candidate(w, sid);

    discards = i == 0;
    w->on_host = close_on_upgrade;
    eio_watch(w, WATCH_LIFE);
    eio_say(w, sid, "4last");
    peer_message(w, ws, "5");
    expect_message(w, ws, "4last");
    expect_frame(w, ws, 0x88, "", 0);
    expect_nothing(w, ws);
    expect_events(w, "host upgrade\n"
                     "closed forced close, the host closed the connection\n"
                     "host close forced close\n");
    expect_sessions(w, 0);
    eio_watch(w, 0);
  }
}

static void close_on_noop(struct world *w, sio_session *session,
                          const char *line)
{
  (void)w;
  if (strcmp(line, "out 6 text") == 0)
    sio_session_close(session, discards);
}

static void test_the_host_may_close_the_session_at_the_noop(struct world *w)
{
  for (int i = 0; i < 4; i++) {
    int p = peer_open(w), sid = peer_handshake(w, p);
    int ws = open_candidate(w, sid);

    discards = i % 2 == 0;
    w->on_host = close_on_noop;
    peer_get(w, p, sid);
    eio_watch(w, WATCH_PACKETS);
    if (i < 2) {
      peer_message(w, ws, "5"); /* while a GET waits */
    } else {
      peer_message(w, ws, "2probe");
      expect_message(w, ws, "3probe");
    }
    expect_frame(w, ws, 0x88, "", 0);
    expect_nothing(w, ws);
    expect_poll(w, p, "1");
    expect_sessions(w, 0);
    eio_watch(w, 0);
    w->events_len = 0;
    w->events[0] = '\0';
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_session_moves_to_the_websocket),
      SCENARIO(test_the_upgrade_in_one_piece_with_its_request),
      SCENARIO(test_later_polls_get_their_noop_after_100_ms),
      SCENARIO(test_without_a_probe_polls_wait_on),
      SCENARIO(test_probes_are_answered_again),
      SCENARIO(test_the_upgrade_needs_no_probe),
      SCENARIO(test_messages_keep_their_order_across_the_upgrade),
      SCENARIO(test_other_packets_end_the_attempt_only),
      SCENARIO(test_binary_on_the_candidate_ends_the_attempt),
      SCENARIO(test_losing_the_candidate_leaves_the_session),
      SCENARIO(test_a_broken_frame_on_the_candidate_leaves_the_session),
      SCENARIO(test_an_attempt_ends_after_the_upgrade_timeout),
      SCENARIO(test_a_second_websocket_is_opened_and_closed),
      SCENARIO(test_a_session_that_began_as_websocket_is_not_moved),
      SCENARIO(test_a_session_that_closes_takes_its_candidate_along),
      SCENARIO(test_an_upgrade_may_finish_while_the_session_closes),
      SCENARIO(test_a_post_under_way_is_given_up_by_the_upgrade),
      SCENARIO(test_polling_is_over_after_the_upgrade),
      SCENARIO(test_a_pong_that_is_owed_stays_owed_across_the_upgrade),
      SCENARIO_ONCE(test_hazard_a_candidate_may_be_reset_at_any_byte, NULL),
      SCENARIO_WITH(test_upgrades_can_be_forbidden, no_upgrades),
      SCENARIO(test_the_host_sees_the_session_move),
      SCENARIO(test_the_host_may_close_the_session_when_it_is_probed),
      SCENARIO(test_a_probe_is_told_once),
      SCENARIO(test_the_host_may_close_the_session_as_it_moves),
      SCENARIO(test_the_host_may_close_the_session_at_the_noop),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
