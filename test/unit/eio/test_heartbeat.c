/* SPDX-License-Identifier: MIT */
/* lib/eio/heartbeat.c: the beginning of a session, and its heartbeat.  That of
 * protocol 3 is in test_eio3.c. */
#include "eio_world.h"

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
  expect_events(w, "closed ping timeout, no pong arrived in time, limit "
                   "20000\n"); /* the client did not let it close in peace */
}

/* ---- The beginning ---- */

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

static void test_the_host_sees_a_session_that_is_refused_later(struct world *w)
{
  int p = peer_open(w);

  w->opened_result = SIO_ERR_NOMEM;
  eio_watch(w, WATCH_LIFE);
  (void)peer_ask(w, p, "EIO=4&transport=polling", "");
  w->peers[p].at = w->peers[p].len;
  expect_events(w, "host open\nopened\nhost close forced close\n");
  expect_sessions(w, 0);
  w->n_sids = 0; /* it is gone, and the floor above was not told */
  memset(w->sessions, 0, sizeof w->sessions);
}

static void test_a_session_counts_from_its_open_packet_on(struct world *w)
{
  const sio_metrics *m = &w->server->engine.metrics;
  int p = peer_open(w), sid = peer_handshake(w, p);

  if (eio_is_off(w))
    return;
  assert_int_equal(m->sessions, 1);
  assert_int_equal(m->sessions_polling_now, 1);
  assert_int_equal(m->packets_out, 1);
  assert_int_equal(m->messages_out, 0);
  eio_close(w, sid, true);
  assert_int_equal(m->sessions, 1);
  assert_int_equal(m->sessions_polling_now, 0);
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
      SCENARIO(test_a_host_that_refuses_a_session_gets_no_end),
      SCENARIO(test_the_host_sees_a_session_that_is_refused_later),
      SCENARIO(test_a_session_counts_from_its_open_packet_on),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
