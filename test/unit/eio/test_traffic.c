/* SPDX-License-Identifier: MIT */
/* lib/eio/traffic.c: packets in and out, what the host sees of them, and
 * messages for many. */
#include "eio_world.h"

#include <stdio.h>

#define SEP "\x1e"

/* ---- What the host sees ---- */

static void test_a_polling_session_is_shown_from_open_to_close(struct world *w)
{
  int p = peer_open(w), sid;
  char open[256], events[200];

  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
  sid = peer_ask(w, p, "EIO=4&transport=polling", "");
  eio_open_packet(w, sid, true, open, sizeof open);
  expect_poll(w, p, open);
  snprintf(events, sizeof events, "host open\nout 0 text %.60s\nopened\n",
           open + 1);
  expect_events(w, events);
  peer_post(w, p, sid, "4hi" SEP "b/+8=" SEP "6x" SEP "3");
  expect_ok(w, p);
  expect_events(w, "in 4 text hi\nhost message text hi\ntext hi\n"
                   "in 4 binary \xff\xef\nhost message binary \xff\xef\n"
                   "binary 2 bytes \xff\xef\n"
                   "in 6 text x\nin 3 text\nhost heartbeat\n");
  eio_say(w, sid, "4you");
  expect_events(w, "out 4 text you\n");
  peer_get(w, p, sid);
  expect_poll(w, p, "4you");
  expect_events(w, "host drain\n");
  peer_get(w, p, sid);
  peer_post(w, p, sid, "1");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 1\r\n\r\n6"
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\nok");
  expect_events(w, "in 1 text\nout 6 text\n"
                   "closed transport close, the client sent a close packet\n"
                   "host close transport close\n");
}

static void
test_a_websocket_session_is_shown_from_open_to_close(struct world *w)
{
  char open[256], events[200];
  int ws, sid;

  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
  sid = peer_ask_websocket(w, &ws, "EIO=4&transport=websocket", "");
  eio_open_packet(w, sid, false, open, sizeof open);
  expect_switch(w, ws);
  expect_message(w, ws, open);
  snprintf(events, sizeof events, "host open\nout 0 text %.60s\nopened\n",
           open + 1);
  expect_events(w, events);
  w->echo = true;
  peer_message(w, ws, "4hi");
  expect_message(w, ws, "4hi");
  peer_frame(w, ws, 0x82, "\xff", 1);
  expect_frame(w, ws, 0x82, "\xff", 1);
  expect_events(w, "in 4 text hi\nhost message text hi\ntext hi\n"
                   "out 4 text hi\nhost drain\n"
                   "in 4 binary \xff\nhost message binary \xff\n"
                   "binary 1 bytes \xff\nout 4 binary \xff\nhost drain\n");
  eio_sleep(w, 25000);
  expect_message(w, ws, "2");
  peer_message(w, ws, "3");
  eio_close(w, sid, false);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, "out 2 text\nhost drain\nin 3 text\nhost heartbeat\n"
                   "closed forced close, the host closed the connection\n"
                   "host close forced close\n");
}

static void test_the_last_packets_of_a_poll_are_shown(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_watch(w, WATCH_PACKETS);
  eio_close(w, sid, false);
  peer_get(w, p, sid);
  expect_poll(w, p, "6" SEP "1");
  expect_events(w, "out 6 text\nout 1 text\n"
                   "closed forced close, the host closed the connection\n");
}

/* What the host does when it sees a line. */
static struct {
  const char *line;
  bool discard;
} trigger;

static void close_on_line(struct world *w, sio_session *session,
                          const char *line)
{
  (void)w;
  if (strcmp(line, trigger.line) == 0)
    sio_session_close(session, trigger.discard);
}

static void arm(struct world *w, const char *line, bool discard)
{
  trigger.line = line;
  trigger.discard = discard;
  w->on_host = close_on_line;
  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
}

/* A websocket session whose host closes it at `line`, while "4hi" comes and
 * its echo goes. */
static void close_while_echoing(struct world *w, const char *line, bool discard,
                                const char *events, bool answered)
{
  int ws;

  eio_watch(w, 0);
  (void)peer_websocket(w, &ws);
  arm(w, line, discard);
  w->echo = true;
  peer_message(w, ws, "4hi");
  if (answered)
    expect_message(w, ws, "4hi");
  expect_frame(w, ws, 0x88, "", 0);
  expect_nothing(w, ws);
  expect_events(w, events);
  expect_sessions(w, 0);
}

#define CLOSED                                                                 \
  "closed forced close, the host closed the connection\n"                      \
  "host close forced close\n"

static void test_every_handler_may_close_the_session(struct world *w)
{
  for (int discard = 0; discard < 2; discard++) {
    close_while_echoing(w, "in 4 text hi", discard, "in 4 text hi\n" CLOSED,
                        false);
    close_while_echoing(w, "host message text hi", discard,
                        "in 4 text hi\nhost message text hi\n" CLOSED, false);
    close_while_echoing(
        w, "out 4 text hi", discard,
        "in 4 text hi\nhost message text hi\ntext hi\nout 4 text hi\n" CLOSED,
        false);
    close_while_echoing(w, "host drain", discard,
                        "in 4 text hi\nhost message text hi\ntext hi\n"
                        "out 4 text hi\nhost drain\n" CLOSED,
                        true);
  }
}

static void test_a_heartbeat_may_close_the_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  arm(w, "host heartbeat", true);
  peer_post(w, p, sid, "3" SEP "4unheard");
  expect_ok(w, p);
  expect_events(w, "in 3 text\nhost heartbeat\n" CLOSED);
}

static void
test_a_session_that_is_closed_while_it_opens_never_was(struct world *w)
{
  int p = peer_open(w), ws;

  arm(w, "host open", true);
  peer_text(
      w, p,
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 200 OK\r\n"); /* it is out already */
  w->peers[p].at = w->peers[p].len;
  expect_events(w, "host open\nhost close forced close\n");
  expect_sessions(w, 0);
  ws = peer_open(w);
  peer_upgrade(w, ws, -1);
  expect_switch(w, ws);
  if (!eio_is_off(w))
    w->peers[ws].at = w->peers[ws].len - 2;
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, "host open\nhost close forced close\n");
  expect_sessions(w, 0);
}

static void test_a_farewell_may_be_interrupted(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  /* While it is told of the noop that answers the last GET. */
  eio_close(w, sid, false);
  arm(w, "out 6 text", true);
  peer_get(w, p, sid);
  expect_poll(w, p, "6" SEP "1");
  expect_events(w, "out 6 text\n" CLOSED);
  expect_sessions(w, 0);
}

static void send_in_handler(struct world *w, sio_session *session,
                            const char *line)
{
  static const sio_span other = {(const uint8_t *)"other", 5};

  if (strcmp(line, "out 4 text one") == 0)
    assert_true(sio_session_send(session, other, 0) == 0 || eio_is_off(w));
}

static void
test_what_is_sent_while_a_packet_is_shown_goes_first(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;

  on_ws = peer_websocket(w, &ws);
  w->on_host = send_in_handler;
  eio_watch(w, WATCH_PACKETS);
  eio_say(w, sid, "4one");
  eio_say(w, on_ws, "4one");
  expect_message(w, ws, "4other");
  expect_message(w, ws, "4one");
  peer_get(w, p, sid);
  expect_poll(w, p, "4other" SEP "4one");
  expect_events(w, "out 4 text one\nout 4 text other\n"
                   "out 4 text one\nout 4 text other\n");
}

static void test_without_handlers_nobody_is_called(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
  assert_int_equal(sio_server_on_sessions(w->server, NULL, NULL), 0);
  peer_post(w, p, sid, "4x" SEP "3" SEP "1");
  expect_ok(w, p);
  expect_events(w, "text x\n"
                   "closed transport close, the client sent a close packet\n");
}

/* ---- Figures ---- */

static void test_packets_and_messages_are_counted(struct world *w)
{
  const sio_metrics *m = &w->server->engine.metrics;
  int p = peer_open(w), sid = peer_handshake(w, p), ws;

  (void)peer_websocket(w, &ws);
  w->echo = true;
  peer_post(w, p, sid, "4a" SEP "bAQ==" SEP "6" SEP "3");
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p, "4a" SEP "bAQ==");
  peer_frame(w, ws, 0x82, "x", 1);
  expect_frame(w, ws, 0x82, "x", 1);
  if (eio_is_off(w))
    return;
  assert_int_equal(m->sessions, 2);
  assert_int_equal(m->sessions_polling_now, 1);
  assert_int_equal(m->sessions_websocket_now, 1);
  assert_int_equal(m->packets_in, 5);
  assert_int_equal(m->messages_in, 3);
  assert_int_equal(m->packets_out, 2 + 3); /* the open packets */
  assert_int_equal(m->messages_out, 3);
  eio_close(w, sid, true);
  peer_message(w, ws, "1");
  expect_frame(w, ws, 0x88, "", 0);
  assert_int_equal(m->sessions_polling_now, 0);
  assert_int_equal(m->sessions_websocket_now, 0);
  assert_int_equal(m->closes[SIO_REASON_FORCED_CLOSE], 1);
  assert_int_equal(m->closes[SIO_REASON_TRANSPORT_CLOSE], 1);
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

/* A websocket session of any kind; its beginning has been looked at. */
static int begin_websocket(struct world *w, const char *query,
                           const char *headers)
{
  int ws;

  (void)peer_ask_websocket(w, &ws, query, headers);
  w->peers[ws].at = w->peers[ws].len;
  return ws;
}

static void allow_old(sio_server_options *options)
{
  options->allow_eio3 = 1;
}

static void test_a_shared_message_reaches_every_kind_of_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, plain, old, old_plain;
  char text[400];

  (void)peer_websocket(w, &ws);
  plain = begin_websocket(w, "EIO=4&transport=websocket&b64=1", "");
  old = begin_websocket(w, "EIO=3&transport=websocket", "");
  old_plain = begin_websocket(w, "EIO=3&transport=websocket&b64=1", "");
  memset(text, 'x', sizeof text - 1);
  text[0] = '4';
  text[sizeof text - 1] = '\0';
  share(w, "4all", 0);
  share(w, text, 0);
  share(w, "\x01\x02", SIO_SEND_BINARY);
  expect_message(w, ws, "4all");
  expect_message(w, ws, text);
  expect_frame(w, ws, 0x82, "\x01\x02", 2);
  expect_message(w, plain, "4all");
  expect_message(w, plain, text);
  expect_message(w, plain, "bAQI=");
  expect_message(w, old, "4all");
  expect_message(w, old, text);
  expect_frame(w, old, 0x82, "\x04\x01\x02", 3);
  expect_message(w, old_plain, "4all");
  expect_message(w, old_plain, text);
  expect_message(w, old_plain, "b4AQI=");
  peer_get(w, p, sid);
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 410\r\n\r\n"
              "4all" SEP "%s" SEP "bAQI=",
              text);
}

/* The server compresses whatever has 40 bytes. */
static void compress(sio_server_options *options)
{
  static sio_deflate_options deflate;

  sio_deflate_options_init(&deflate);
  deflate.threshold = 40;
  deflate.server_takeover = 1;
  options->per_message_deflate = &deflate;
}

#define OFFER(params)                                                          \
  "Sec-WebSocket-Extensions: permessage-deflate" params "\r\n"

static void
test_a_shared_message_is_compressed_once_for_each_window(struct world *w)
{
  struct sio__engine *engine = &w->server->engine;
  int a = begin_websocket(w, "EIO=4&transport=websocket",
                          OFFER("; server_no_context_takeover"));
  int b = begin_websocket(w, "EIO=4&transport=websocket",
                          OFFER("; server_no_context_takeover"));
  int small = begin_websocket(
      w, "EIO=4&transport=websocket",
      OFFER("; server_no_context_takeover; server_max_window_bits=9"));
  int own = begin_websocket(w, "EIO=4&transport=websocket", OFFER(""));
  int none = begin_websocket(w, "EIO=4&transport=websocket", "");
  struct sio__shared shared;
  char text[300];

  memset(text, 'x', sizeof text - 1);
  text[0] = '4';
  text[sizeof text - 1] = '\0';
  sio__engine_enter(engine);
  shared = sio__shared_new(engine, text, sizeof text - 1, 0);
  for (int i = 0; i < w->n_sids && shared.chunk != NULL; i++)
    if (w->sessions[i] != NULL)
      (void)sio__session_send_shared(w->sessions[i], &shared);
  if (!eio_is_off(w)) {
    assert_int_equal(shared.frames[15]->refs, 3); /* its own, and two queues */
    assert_int_equal(shared.frames[9]->refs, 2);
    assert_ptr_not_equal(shared.frames[15], shared.chunk);
  }
  sio__shared_release(&shared);
  sio__engine_leave(engine);
  eio_pump(w);
  (void)expect_deflated(w, a, 0xc1, text, sizeof text - 1, NULL);
  (void)expect_deflated(w, b, 0xc1, text, sizeof text - 1, NULL);
  (void)expect_deflated(w, small, 0xc1, text, sizeof text - 1, NULL);
  (void)expect_deflated(w, own, 0xc1, text, sizeof text - 1, NULL);
  expect_message(w, none, text);
}

static void test_what_is_not_worth_it_is_shared_as_it_is(struct world *w)
{
  int ws = begin_websocket(w, "EIO=4&transport=websocket",
                           OFFER("; server_no_context_takeover"));
  uint32_t seed = 7;
  char text[65], same[65];

  for (size_t i = 0; i < sizeof text - 1; i++)
    text[i] = (char)(1 + test_random(&seed) % 255);
  text[sizeof text - 1] = '\0';
  memset(same, 'x', sizeof same - 1);
  same[0] = '4';
  same[sizeof same - 1] = '\0';
  share(w, "4short", 0);
  expect_message(w, ws, "4short");
  share(w, text, SIO_SEND_BINARY); /* compressed it would be longer */
  expect_frame(w, ws, 0x82, text, sizeof text - 1);
  share(w, same, SIO_SEND_UNCOMPRESSED);
  expect_message(w, ws, same);
  share(w, same, SIO_SEND_BINARY);
  (void)expect_deflated(w, ws, 0xc2, same, sizeof same - 1, NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_polling_session_is_shown_from_open_to_close),
      SCENARIO(test_a_websocket_session_is_shown_from_open_to_close),
      SCENARIO(test_the_last_packets_of_a_poll_are_shown),
      SCENARIO(test_every_handler_may_close_the_session),
      SCENARIO(test_a_heartbeat_may_close_the_session),
      SCENARIO(test_a_session_that_is_closed_while_it_opens_never_was),
      SCENARIO(test_a_farewell_may_be_interrupted),
      SCENARIO(test_what_is_sent_while_a_packet_is_shown_goes_first),
      SCENARIO(test_without_handlers_nobody_is_called),
      SCENARIO(test_packets_and_messages_are_counted),
      SCENARIO_WITH(test_a_shared_message_reaches_every_kind_of_session,
                    allow_old),
      SCENARIO_WITH(test_a_shared_message_is_compressed_once_for_each_window,
                    compress),
      SCENARIO_WITH(test_what_is_not_worth_it_is_shared_as_it_is, compress),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
