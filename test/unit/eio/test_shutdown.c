/* SPDX-License-Identifier: MIT */
/* lib/eio/shutdown.c: a server that closes, in every situation. */
#include "eio_world.h"

static void count_done(sio_server *server, void *user)
{
  assert_false(sio_server_is_closing(server));
  ((struct world *)user)->n_closed++;
}

static void shut(struct world *w)
{
  assert_int_equal(sio_server_close(w->server, count_done, w), 0);
  eio_pump(w);
}

static const char by_server[] = "closed forced close, the server was closed\n";

static void test_a_server_without_connections_closes_at_once(struct world *w)
{
  int p;

  shut(w);
  assert_int_equal(w->n_closed, 1);
  p = peer_open(w); /* and serves again */
  (void)peer_handshake(w, p);
}

static void test_waiting_polls_are_answered(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int idle = peer_open(w);

  peer_get(w, p, sid);
  shut(w);
  expect_poll(w, p, "1");
  expect_ended(w, p);
  expect_nothing(w, idle);
  expect_ended(w, idle);
  expect_events(w, by_server);
  if (!eio_is_off(w))
    assert_int_equal(w->n_closed, 1);
}

static void test_sessions_without_a_poll_end_too(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_say(w, sid, "4never delivered");
  eio_close(w, sid, false); /* it was closing already */
  shut(w);
  expect_nothing(w, p);
  expect_events(w, "closed forced close, the host closed the connection\n");
  expect_sessions(w, 0);
}

static void test_a_post_that_arrives_is_cut(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  peer_text(w, p,
            "POST /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 5\r\n\r\n4",
            w->sids[sid]);
  shut(w);
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_events(w, by_server);
}

static void test_websockets_get_a_close_frame_and_a_grace(struct world *w)
{
  int p, q;

  (void)peer_websocket(w, &p);
  (void)peer_websocket(w, &q);
  shut(w);
  expect_frame(w, p, 0x88, "", 0);
  expect_frame(w, q, 0x88, "", 0);
  expect_sessions(w, 0);
  if (!eio_is_off(w))
    assert_int_equal(w->n_closed, 0);
  if (!eio_is_off(w))
    assert_int_equal(sio_server_close(w->server, NULL, NULL), SIO_ERR_STATE);
  peer_frame(w, p, 0x88, "", 0);
  expect_ended(w, p);
  eio_sleep(w, 29999);
  if (!eio_is_off(w))
    assert_int_equal(w->n_closed, 0);
  eio_sleep(w, 1);
  expect_ended(w, q);
  if (!eio_is_off(w))
    assert_int_equal(w->n_closed, 1);
}

static void test_upgrades_under_way_end_too(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  int ws = peer_open(w);

  peer_upgrade(w, ws, sid);
  expect_switch(w, ws);
  peer_message(w, ws, "2probe");
  expect_message(w, ws, "3probe");
  peer_get(w, p, sid);
  shut(w);
  expect_poll(w, p, "1");
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, by_server);
  peer_close(w, ws, 0);
  if (!eio_is_off(w)) {
    assert_int_equal(w->n_closed, 1);
    assert_int_equal(sio_server_deadline(w->server), SIO_NEVER);
  }
}

static void test_no_timer_outlives_it(struct world *w)
{
  int p, ws, q = peer_open(w), sid = peer_upgraded(w, &p, &ws);

  peer_get(w, q, peer_handshake(w, q));
  shut(w);
  expect_poll(w, q, "1");
  expect_frame(w, ws, 0x88, "", 0);
  peer_frame(w, ws, 0x88, "\x03\xe8", 2);
  expect_nothing(w, ws);
  (void)sid;
  if (!eio_is_off(w))
    assert_int_equal(sio_server_deadline(w->server), SIO_NEVER);
}

static void test_handshakes_are_refused_while_it_closes(struct world *w)
{
  int p, ws;

  (void)peer_websocket(w, &ws);
  shut(w);
  expect_frame(w, ws, 0x88, "", 0);
  if (!eio_is_off(w)) {
    assert_true(sio_server_is_closing(w->server));
    peer_close(w, ws, 0);
    assert_false(sio_server_is_closing(w->server));
  }
  p = peer_open(w);
  expect_events(w, by_server);
  (void)peer_handshake(w, p);
}

static void close_again(struct world *w, struct sio_session *session)
{
  (void)session;
  assert_int_equal(sio_server_close(w->server, NULL, NULL), SIO_ERR_STATE);
}

static void test_an_end_may_close_the_server_again(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  w->on_closed = close_again;
  peer_get(w, p, sid);
  shut(w);
  expect_poll(w, p, "1");
  expect_events(w, by_server);
}

static void test_freeing_takes_everything_along(struct world *w)
{
  int p, ws, sid = peer_upgraded(w, &p, &ws), q = peer_open(w);
  int other = peer_handshake(w, q), half = peer_open(w);

  peer_get(w, q, other);
  eio_say(w, sid, "4x");
  expect_message(w, ws, "4x");
  peer_text(w, half, "GET / HT");
  /* The end of the scenario would close them one by one. */
  sio__engine_enter(&w->server->engine);
  for (int i = 0; i < w->n_peers; i++)
    if (w->peers[i].conn != NULL)
      sio_conn_closed(w->peers[i].conn, 0);
  for (int i = 0; i < w->n_peers; i++)
    w->peers[i].conn = NULL;
  sio__engine_leave(&w->server->engine);
  expect_sessions(w, 0);
  if (!eio_is_off(w))
    assert_int_equal(w->emptied, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_server_without_connections_closes_at_once),
      SCENARIO(test_waiting_polls_are_answered),
      SCENARIO(test_sessions_without_a_poll_end_too),
      SCENARIO(test_a_post_that_arrives_is_cut),
      SCENARIO(test_websockets_get_a_close_frame_and_a_grace),
      SCENARIO(test_upgrades_under_way_end_too),
      SCENARIO(test_no_timer_outlives_it),
      SCENARIO(test_handshakes_are_refused_while_it_closes),
      SCENARIO(test_an_end_may_close_the_server_again),
      SCENARIO(test_freeing_takes_everything_along),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
