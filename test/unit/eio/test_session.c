/* SPDX-License-Identifier: MIT */
/* lib/eio/session.c: the end of sessions, how much they may have unsent, and
 * their ids. */
#include "eio_world.h"

#include <stdio.h>

#define SEP "\x1e"

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
  /* Beside its bytes each packet but the first takes a place. */
  enum { LEN = (1024 - 3 * sizeof(struct sio__queued)) / 4 };
  char text[LEN + 1];

  memset(text, 'x', LEN);
  text[0] = '4';
  text[LEN] = '\0';
  for (int i = 0; i < 4; i++)
    eio_say(w, sid, text);
  expect_events(w, "");
  if (!eio_is_off(w))
    assert_int_equal(sio__session_pending(w->sessions[sid]), 4 * LEN);
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

/* ---- Ids of the host's ---- */

static const char strange_id[] = "a \"quoted\" \\ \xc3\xa9";

static int make_strange_id(const sio_request *request, char *out, size_t cap,
                           void *user)
{
  (void)request;
  (void)user;
  assert_true(cap >= sizeof strange_id - 1);
  memcpy(out, strange_id, sizeof strange_id - 1);
  return (int)sizeof strange_id - 1;
}

static void test_an_id_is_escaped_in_the_open_packet(struct world *w)
{
  static const char open[] =
      "0{\"sid\":\"a \\\"quoted\\\" \\\\ \xc3\xa9\",\"upgrades\":["
      "\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,"
      "\"maxPayload\":1000000}";
  int p = peer_open(w), sid;

  sio_server_on_session_id(w->server, make_strange_id, NULL);
  sid = peer_ask(w, p, "EIO=4&transport=polling", "");
  expect_poll(w, p, open);
  if (!eio_is_off(w)) {
    assert_string_equal(w->sids[sid], strange_id);
    assert_ptr_equal(sio__session_find(&w->server->engine, strange_id,
                                       sizeof strange_id - 1),
                     w->sessions[sid]);
  }
  eio_say(w, sid, "4x");
  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling&"
            "sid=a+%%22quoted%%22%%20%%5c+%%C3%%A9 HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
  expect_poll(w, p, "4x");
}

static int make_long_id(const sio_request *request, char *out, size_t cap,
                        void *user)
{
  (void)request;
  memset(out, 'x', cap);
  out[cap - 1] = *(char *)user;
  ++*(char *)user;
  return (int)cap;
}

static void test_ids_may_have_128_bytes(struct world *w)
{
  int p = peer_open(w), one, two;
  char last = 'a';

  sio_server_on_session_id(w->server, make_long_id, &last);
  one = peer_handshake(w, p);
  two = peer_handshake(w, p);
  eio_say(w, one, "41");
  eio_say(w, two, "42");
  peer_get(w, p, two);
  expect_poll(w, p, "42");
  peer_get(w, p, one);
  expect_poll(w, p, "41");
  if (!eio_is_off(w))
    assert_int_equal(strlen(w->sids[one]), SIO__SESSION_ID_MAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_closing_answers_the_waiting_poll),
      SCENARIO(test_closing_sends_what_is_queued_first),
      SCENARIO(test_closing_without_a_poll_has_a_grace),
      SCENARIO(test_discarding_closes_at_once),
      SCENARIO(test_the_first_reason_is_told),
      SCENARIO(test_a_message_may_close_its_session),
      SCENARIO(test_a_message_may_close_the_server),
      SCENARIO(test_nothing_is_sent_while_the_end_is_told),
      SCENARIO_WITH(test_a_session_that_nobody_polls_is_bounded, narrow),
      SCENARIO_WITH(test_small_shared_packets_that_nobody_polls_count_as_blocks,
                    narrow),
      SCENARIO_WITH(test_a_websocket_that_nobody_reads_is_bounded, narrow),
      SCENARIO(test_ids_are_looked_up_exactly),
      SCENARIO(test_an_id_is_escaped_in_the_open_packet),
      SCENARIO(test_ids_may_have_128_bytes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
