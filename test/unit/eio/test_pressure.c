/* SPDX-License-Identifier: MIT */
/* lib/eio/pressure.c: how much waits, and who is told that less does. */
#include "eio_world.h"

#include "eio/connection.h"
#include "eio/pressure.h"

static int drained; /* how often the floor above was told */
static struct sio__engine_events events;

static void on_drained(struct sio_session *session, void *user)
{
  (void)session;
  (void)user;
  drained++;
}

/* Listen, besides the world. */
static void listen_in(struct world *w)
{
  drained = 0;
  events = *w->server->engine.events;
  events.drained = on_drained;
  w->server->engine.events = &events;
}

static struct sio_session *session_of(struct world *w, int sid)
{
  return eio_is_off(w) ? NULL : w->sessions[sid];
}

static void expect_packets(const struct world *w,
                           const struct sio_session *session, uint32_t n)
{
  if (!eio_is_off(w))
    assert_int_equal(sio__pressure_packets(session), n);
}

static void four_packets(sio_server_options *options)
{
  options->max_output_packets = 4;
  options->high_water_bytes = 100;
}

static void four_refused(sio_server_options *options)
{
  four_packets(options);
  options->output_policy = SIO_OUTPUT_REFUSE;
}

static void test_frames_are_gone_lot_by_lot(struct world *w)
{
  int p, sid = peer_websocket(w, &p);
  struct sio_session *session = session_of(w, sid);

  if (session == NULL)
    return;
  peer_stall(w, p, true);
  expect_packets(w, session, 0);
  eio_say(w, sid, "4a"); /* 4 bytes each */
  eio_say(w, sid, "4b");
  eio_say(w, sid, "4c");
  expect_packets(w, session, 3);
  peer_sip(w, p, 8); /* two of the first lot are out, but not the lot */
  if (session_of(w, sid) == NULL)
    return;
  assert_in_range(sio__pressure_packets(session), 1, 3);
  eio_say(w, sid, "4d");
  assert_in_range(sio__pressure_packets(session), 2, 4);
  peer_stall(w, p, false);
  eio_pump(w);
  expect_packets(w, session, 0);
  peer_look_away(w, p);
  expect_sessions(w, 1);
}

static void test_who_never_has_nothing_unsent_is_not_cut(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  peer_stall(w, p, true);
  eio_say(w, sid, "4a");
  eio_say(w, sid, "4b");
  for (int i = 0; i < 100; i++) { /* two or three wait, all the time */
    eio_say(w, sid, "4c");
    peer_sip(w, p, 4);
  }
  expect_sessions(w, 1);
  expect_open(w, p);
  peer_stall(w, p, false);
  eio_pump(w);
  peer_look_away(w, p);
}

static void test_what_cuts_a_poll_is_not_sent(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  if (eio_is_off(w))
    return;
  sio__engine_enter(&w->server->engine);
  for (int i = 0; i < 5; i++)
    eio_say(w, sid, "4a");
  sio__engine_leave(&w->server->engine);
  eio_pump(w);
  expect_poll(w, p, "1");
  expect_events(w, "closed transport error, too many unsent packets, limit "
                   "4\n");
}

static void test_pongs_are_frames_too(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  (void)sid;
  peer_stall(w, p, true);
  for (int i = 0; i < 5; i++)
    peer_frame(w, p, 0x89, "?", 1);
  expect_events(w, "closed transport error, too many unsent packets, limit "
                   "4\n");
  expect_cause(w, SIO_CAUSE_OUTPUT_PACKETS, 1);
}

static void test_who_refuses_is_not_cut_for_packets(struct world *w)
{
  int p, sid = peer_websocket(w, &p);
  struct sio_session *session = session_of(w, sid);

  if (session == NULL)
    return;
  peer_stall(w, p, true);
  for (int i = 0; i < 9; i++)
    eio_say(w, sid, "4a");
  expect_sessions(w, 1);
  expect_packets(w, session, 9);
  if (session_of(w, sid) != NULL)
    assert_false(sio__pressure_has_room(session, 1, 1));
  peer_stall(w, p, false);
  eio_pump(w);
  peer_look_away(w, p);
  if (session_of(w, sid) != NULL) {
    assert_true(sio__pressure_has_room(session, 1, 4));
    assert_false(sio__pressure_has_room(session, 1, 5));
  }
}

static void test_room_is_what_the_cap_leaves(struct world *w)
{
  int p, sid = peer_websocket(w, &p);
  struct sio_session *session = session_of(w, sid);
  uint64_t max = w->options.max_output_bytes;

  if (session == NULL)
    return;
  assert_true(sio__pressure_has_room(session, max / 2, 1));
  assert_false(sio__pressure_has_room(session, max - 512, 1));
  assert_false(sio__pressure_has_room(session, UINT64_MAX / 4, 1));
  assert_true(sio__pressure_has_room(session, 1, 100));
  assert_false(sio__pressure_has_room(session, 1, (size_t)max));
  session->base64 = true; /* it takes a third more */
  assert_false(sio__pressure_has_room(session, max * 3 / 4, 1));
  session->base64 = false;
  assert_true(sio__pressure_has_room(session, max * 3 / 4, 1));
}

static void test_nobody_is_told_when_nothing_waits(struct world *w)
{
  int p, sid = peer_websocket(w, &p);
  struct sio_session *session = session_of(w, sid);

  listen_in(w);
  if (session == NULL)
    return;
  sio__pressure_await(session);
  eio_say(w, sid, "4a");
  peer_look_away(w, p);
  assert_int_equal(drained, 0);
}

static void test_a_session_that_moves_is_told_there(struct world *w)
{
  int polling = peer_open(w), p, sid = peer_handshake(w, polling);

  listen_in(w);
  eio_say(w, sid, "4a");
  if (session_of(w, sid) != NULL)
    sio__pressure_await(session_of(w, sid));
  p = peer_open(w);
  peer_upgrade(w, p, sid);
  peer_message(w, p, "2probe");
  if (!eio_is_off(w))
    assert_int_equal(drained, 0);
  peer_message(w, p, "5");
  peer_look_away(w, p);
  if (!eio_is_off(w))
    assert_int_equal(drained, 1);
  eio_say(w, sid, "4b");
  peer_look_away(w, p);
  if (!eio_is_off(w))
    assert_int_equal(drained, 1);
}

static void test_polling_is_told_when_a_poll_has_taken_it(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  listen_in(w);
  eio_say(w, sid, "4a");
  if (session_of(w, sid) != NULL)
    sio__pressure_await(session_of(w, sid));
  assert_int_equal(drained, 0);
  peer_get(w, p, sid);
  expect_poll(w, p, "4a");
  if (!eio_is_off(w))
    assert_int_equal(drained, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_frames_are_gone_lot_by_lot, four_packets),
      SCENARIO_WITH(test_who_never_has_nothing_unsent_is_not_cut, four_packets),
      SCENARIO_WITH(test_what_cuts_a_poll_is_not_sent, four_packets),
      SCENARIO_WITH(test_pongs_are_frames_too, four_packets),
      SCENARIO_WITH(test_who_refuses_is_not_cut_for_packets, four_refused),
      SCENARIO_ONCE(test_room_is_what_the_cap_leaves, NULL),
      SCENARIO(test_nobody_is_told_when_nothing_waits),
      SCENARIO(test_a_session_that_moves_is_told_there),
      SCENARIO(test_polling_is_told_when_a_poll_has_taken_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
