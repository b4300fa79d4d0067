/* SPDX-License-Identifier: MIT */
/* lib/eio/session.c: heartbeat, messages, and the end of sessions. */
#include "eio_world.h"

#include <stdio.h>

#define SEP "\x1e"

static const char ping_timeout[] =
    "closed ping timeout, no pong arrived in time, limit 20000\n";

/* ---- Heartbeat ---- */

static void test_the_first_ping_comes_after_the_interval(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;

  (void)peer_websocket(w, &ws);
  peer_get(w, p, sid);
  eio_sleep(w, 24999);
  expect_nothing(w, p);
  expect_nothing(w, ws);
  eio_sleep(w, 1);
  expect_poll(w, p, "2");
  expect_message(w, ws, "2");
}

static void
test_without_a_pong_the_session_ends_to_the_millisecond(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;

  (void)peer_websocket(w, &ws);
  eio_sleep(w, 25000);
  peer_get(w, p, sid);
  expect_poll(w, p, "2");
  expect_message(w, ws, "2");
  peer_get(w, p, sid);
  eio_sleep(w, 19999);
  expect_nothing(w, p);
  expect_nothing(w, ws);
  expect_sessions(w, 2);
  eio_sleep(w, 1);
  expect_poll(w, p, "1");
  expect_frame(w, ws, 0x88, "", 0);
  expect_sessions(w, 0);
  expect_cause(w, SIO_CAUSE_PING_TIMEOUT, 2);
}

static void
test_without_a_poll_the_ping_waits_and_the_session_ends_too(struct world *w)
{
  int p = peer_open(w);

  (void)peer_handshake(w, p);
  eio_sleep(w, 44999);
  expect_events(w, "");
  eio_sleep(w, 1);
  expect_events(w, ping_timeout);
}

static void test_a_pong_starts_the_interval_anew(struct world *w)
{
  int ws;

  (void)peer_websocket(w, &ws);
  for (int i = 0; i < 3; i++) {
    eio_sleep(w, 25000);
    expect_message(w, ws, "2");
    eio_sleep(w, 7000);
    peer_message(w, ws, i == 1 ? "3with data" : "3");
    eio_sleep(w, 24999);
    expect_nothing(w, ws);
    eio_sleep(w, 1);
    expect_message(w, ws, "2");
    peer_message(w, ws, "3");
  }
  expect_events(w, "");
}

static void test_only_pongs_count_as_heartbeat(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_sleep(w, 25000);
  peer_get(w, p, sid);
  expect_poll(w, p, "2");
  eio_sleep(w, 19999);
  peer_post(w, p, sid, "4x" SEP "6");
  expect_ok(w, p);
  eio_sleep(w, 1);
  expect_events(
      w, "text x\nclosed ping timeout, no pong arrived in time, limit 20000\n");
}

static void test_an_unasked_pong_postpones_the_ping(struct world *w)
{
  int ws;

  (void)peer_websocket(w, &ws);
  eio_sleep(w, 20000);
  peer_message(w, ws, "3");
  eio_sleep(w, 24999);
  expect_nothing(w, ws);
  eio_sleep(w, 1);
  expect_message(w, ws, "2");
}

static void test_a_late_loop_gives_no_grace(struct world *w)
{
  int ws;

  (void)peer_websocket(w, &ws);
  eio_jump(w, 30000);
  expect_message(w, ws, "2");
  eio_sleep(w, 14999);
  expect_nothing(w, ws);
  eio_sleep(w, 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, ping_timeout);
}

static void test_a_loop_that_hung_does_not_blame_its_peers(struct world *w)
{
  int ws;

  (void)peer_websocket(w, &ws);
  eio_jump(w, 25000 + 10001); /* late by more than half the timeout */
  expect_message(w, ws, "2");
  eio_sleep(w, 19999);
  expect_nothing(w, ws);
  peer_message(w, ws, "3");
  eio_jump(w, 1000000);
  expect_message(w, ws, "2");
  eio_sleep(w, 20000);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, ping_timeout);
}

static void test_the_heartbeat_ends_a_session_that_is_closing(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_sleep(w, 30000);
  eio_say(w, sid, "4x");
  eio_close(w, sid, false);
  eio_sleep(w, 14999);
  expect_sessions(w, 1);
  eio_sleep(w, 1);
  expect_sessions(w, 0);
  expect_events(w, "closed forced close, the host closed the connection\n");
}

/* ---- The end ---- */

static const char by_host[] =
    "closed forced close, the host closed the connection\n";

static void test_closing_answers_the_waiting_poll(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  eio_close(w, sid, false);
  expect_poll(w, p, "1");
  expect_open(w, p);
  expect_events(w, by_host);
}

static void test_closing_sends_what_is_queued_first(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;

  eio_say(w, sid, "4a");
  eio_close(w, sid, false);
  eio_say(w, sid, "4too late");
  expect_sessions(w, 1);
  peer_post(w, p, sid, "4unheard");
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p, "4a");
  expect_events(w, "");
  peer_get(w, p, sid);
  expect_poll(w, p, "6" SEP "1");
  expect_events(w, by_host);
  on_ws = peer_websocket(w, &ws);
  eio_say(w, on_ws, "4b");
  eio_close(w, on_ws, false);
  eio_say(w, on_ws, "4too late");
  expect_message(w, ws, "4b");
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, by_host);
}

static void test_closing_without_a_poll_has_a_grace(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int q = peer_open(w), other = peer_handshake(w, q);

  eio_close(w, sid, false);
  eio_close(w, other, false);
  expect_events(w, "");
  eio_sleep(w, 24000);
  peer_get(w, p, sid);
  expect_poll(w, p, "6" SEP "1");
  expect_events(w, by_host);
  eio_sleep(w, 5999);
  expect_sessions(w, 1);
  eio_sleep(w, 1);
  expect_sessions(w, 0);
  expect_events(w, by_host);
}

static void test_discarding_closes_at_once(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int q = peer_open(w), other = peer_handshake(w, q);

  eio_say(w, sid, "4a");
  eio_close(w, sid, true);
  expect_events(w, by_host);
  eio_close(w, other, false);
  expect_events(w, "");
  eio_close(w, other, true); /* also while it waits for its last GET */
  expect_events(w, by_host);
  expect_sessions(w, 0);
}

static void test_the_first_reason_is_told(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_say(w, sid, "4x");
  eio_close(w, sid, false);
  peer_get(w, p, sid);
  expect_poll(w, p, "4x");
  peer_get(w, p, sid);
  peer_get(w, p, sid); /* of a session that is gone already */
  expect_start(w, p,
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
               "cache-control: no-store\r\nContent-Length: 3\r\n\r\n6" SEP "1"
               "HTTP/1.1 400 Bad Request\r\n");
  w->peers[p].at = w->peers[p].len;
  expect_events(w, by_host);
}

/* ---- Callbacks that close ---- */

static void close_it(struct world *w, struct sio_session *session,
                     const char *text)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_HOST, NULL, 0,
                              0};

  (void)w;
  sio__session_close(session, &end, strcmp(text, "discard") == 0);
}

static void test_a_message_may_close_its_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;

  w->on_text = close_it;
  peer_get(w, p, sid);
  peer_post(w, p, sid, "4discard" SEP "4b");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 1\r\n\r\n1"
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\nok");
  expect_events(w, "text discard\n"
                   "closed forced close, the host closed the connection\n");
  (void)peer_websocket(w, &ws);
  peer_message(w, ws, "4gently");
  peer_message(w, ws, "4b");
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, "text gently\n"
                   "closed forced close, the host closed the connection\n");
}

static void close_server(struct world *w, struct sio_session *session,
                         const char *text)
{
  (void)session;
  (void)text;
  (void)sio_server_close(w->server, NULL, NULL);
}

static void test_a_message_may_close_the_server(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w), ws;

  (void)peer_websocket(w, &ws);
  w->on_text = close_server;
  peer_get(w, p, sid);
  peer_post(w, q, sid, "4x" SEP "4y");
  expect_poll(w, p, "1");
  expect_nothing(w, q);
  expect_frame(w, ws, 0x88, "", 0);
  expect_ended(w, p);
  expect_ended(w, q);
  expect_sessions(w, 0);
  expect_cause(w, SIO_CAUSE_SERVER_CLOSED, 4); /* two sessions */
}

static void send_again(struct world *w, struct sio_session *session)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_HOST, NULL, 0,
                              0};

  (void)w;
  assert_false(sio__session_send(session, "4x", 2, 0));
  sio__session_close(session, &end, true); /* nothing happens */
}

static void test_nothing_is_sent_while_the_end_is_told(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws);

  w->on_closed = send_again;
  eio_close(w, sid, true);
  expect_frame(w, ws, 0x88, "", 0);
  expect_nothing(w, ws);
  expect_events(w, by_host);
}

static void test_a_host_that_refuses_a_session_gets_no_end(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);

  w->opened_result = SIO_ERR_NOMEM;
  (void)peer_handshake(w, p); /* the open packet is out already */
  peer_upgrade(w, q, -1);
  expect_switch(w, q);
  if (!eio_is_off(w))
    w->peers[q].at = w->peers[q].len - 2;
  expect_frame(w, q, 0x88, "", 0);
  expect_events(w, "opened\n");
  expect_sessions(w, 0);
  w->n_sids = 0; /* they are gone, and nobody was told */
  memset(w->sessions, 0, sizeof w->sessions);
}

/* ---- Messages for many ---- */

static void share(struct world *w, const char *packet, unsigned flags)
{
  struct sio__engine *engine = &w->server->engine;
  struct sio__shared shared;

  sio__engine_enter(engine);
  shared = sio__shared_new(engine, packet, strlen(packet), flags);
  for (int i = 0; i < w->n_sids && shared.chunk != NULL; i++)
    if (w->sessions[i] != NULL)
      (void)sio__session_send_shared(w->sessions[i], &shared);
  sio__shared_release(&shared);
  sio__engine_leave(engine);
  eio_pump(w);
}

static void narrow(sio_server_options *options)
{
  options->max_output_bytes = 1024;
}

static void test_a_session_that_nobody_polls_is_bounded(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char text[260];

  memset(text, 'x', sizeof text);
  text[0] = '4';
  text[256] = '\0';
  for (int i = 0; i < 4; i++)
    eio_say(w, sid, text);
  expect_events(w, "");
  if (!eio_is_off(w))
    assert_int_equal(sio__session_pending(w->sessions[sid]), 1024);
  eio_say(w, sid, "4");
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 1024\n");
  expect_sessions(w, 0);
}

static void
test_small_shared_packets_that_nobody_polls_count_as_blocks(struct world *w)
{
  int p = peer_open(w);

  (void)peer_handshake(w, p);
  for (int i = 0; i < 4; i++)
    share(w, "4a", 0); /* 8 bytes, and 3 blocks more */
  expect_events(w, "");
  share(w, "4a", 0);
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 1024\n");
  expect_sessions(w, 0);
}

static void test_a_websocket_that_nobody_reads_is_bounded(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws);
  char text[260];

  memset(text, 'x', sizeof text);
  text[0] = '4';
  text[252] = '\0';
  peer_stall(w, ws, true);
  for (int i = 0; i < 4; i++)
    eio_say(w, sid, text); /* 256 bytes as a frame */
  expect_events(w, "");
  eio_say(w, sid, "4");
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 1024\n");
  expect_ended(w, ws);
}

static void test_ids_are_looked_up_exactly(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  const struct sio__engine *engine = &w->server->engine;
  char longer[SIO__ID_LEN + 2] = "";

  if (eio_is_off(w))
    return;
  memcpy(longer, w->sids[sid], SIO__ID_LEN);
  longer[SIO__ID_LEN] = 'x';
  assert_ptr_equal(sio__session_find(engine, longer, SIO__ID_LEN),
                   w->sessions[sid]);
  assert_null(sio__session_find(engine, longer, SIO__ID_LEN + 1));
  assert_null(sio__session_find(engine, longer, SIO__ID_LEN - 1));
  assert_null(sio__session_find(engine, "__proto__", 9));
  assert_null(sio__session_find(engine, "", 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_the_first_ping_comes_after_the_interval),
      SCENARIO(test_without_a_pong_the_session_ends_to_the_millisecond),
      SCENARIO(test_without_a_poll_the_ping_waits_and_the_session_ends_too),
      SCENARIO(test_a_pong_starts_the_interval_anew),
      SCENARIO(test_only_pongs_count_as_heartbeat),
      SCENARIO(test_an_unasked_pong_postpones_the_ping),
      SCENARIO(test_a_late_loop_gives_no_grace),
      SCENARIO(test_a_loop_that_hung_does_not_blame_its_peers),
      SCENARIO(test_the_heartbeat_ends_a_session_that_is_closing),
      SCENARIO(test_closing_answers_the_waiting_poll),
      SCENARIO(test_closing_sends_what_is_queued_first),
      SCENARIO(test_closing_without_a_poll_has_a_grace),
      SCENARIO(test_discarding_closes_at_once),
      SCENARIO(test_the_first_reason_is_told),
      SCENARIO(test_a_message_may_close_its_session),
      SCENARIO(test_a_message_may_close_the_server),
      SCENARIO(test_nothing_is_sent_while_the_end_is_told),
      SCENARIO(test_a_host_that_refuses_a_session_gets_no_end),
      SCENARIO_WITH(test_a_session_that_nobody_polls_is_bounded, narrow),
      SCENARIO_WITH(test_small_shared_packets_that_nobody_polls_count_as_blocks,
                    narrow),
      SCENARIO_WITH(test_a_websocket_that_nobody_reads_is_bounded, narrow),
      SCENARIO(test_ids_are_looked_up_exactly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
