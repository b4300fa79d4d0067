/* SPDX-License-Identifier: MIT */
/* lib/eio/handle.c: the public functions about sessions. */
#include "eio_world.h"

#include <sio/engine.h>

#define SEP "\x1e"

static sio_span span(const char *text)
{
  sio_span s = {(const uint8_t *)text, strlen(text)};

  return s;
}

/* The session, if it is still there, sends: what it says to that. */
static void put(struct world *w, int sid, const char *text, unsigned flags,
                int want)
{
  int rv = SIO_ERR_DISCONNECTED;

  if (w->sessions[sid] != NULL)
    rv = sio_session_send(w->sessions[sid], span(text), flags);
  if (!eio_is_off(w))
    assert_int_equal(rv, want);
}

static void expect_writable(struct world *w, int sid, bool writable)
{
  if (!eio_is_off(w))
    assert_int_equal(sio_session_is_writable(w->sessions[sid]), writable);
}

static void expect_pending(struct world *w, int sid, size_t bytes)
{
  if (!eio_is_off(w))
    assert_int_equal(sio_session_pending(w->sessions[sid]), bytes);
}

/* ---- Sending ---- */

static void test_text_and_bytes_are_sent_as_what_they_are(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;
  int on_ws = peer_websocket(w, &ws);

  for (int i = 0; i < 2; i++) {
    put(w, i == 0 ? sid : on_ws, "text", SIO_SEND_UNCOMPRESSED, 0);
    put(w, i == 0 ? sid : on_ws, "", 0, 0);
    put(w, i == 0 ? sid : on_ws, "\1\2\3\4", SIO_SEND_BINARY, 0);
    put(w, i == 0 ? sid : on_ws, "", SIO_SEND_BINARY, 0);
  }
  eio_pump(w);
  peer_get(w, p, sid);
  expect_poll(w, p, "4text" SEP "4" SEP "bAQIDBA==" SEP "b");
  expect_message(w, ws, "4text");
  expect_message(w, ws, "4");
  expect_frame(w, ws, 0x82, "\1\2\3\4", 4);
  expect_frame(w, ws, 0x82, "", 0);
}

static void test_what_cannot_be_sent_is_refused(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  put(w, sid, "a\xff", 0, SIO_ERR_UTF8);
  put(w, sid, "a" SEP "b", 0, SIO_ERR_INVALID);
  put(w, sid, "a", 8, SIO_ERR_INVALID);
  put(w, sid, "a\xff" SEP, SIO_SEND_BINARY, 0);
  peer_get(w, p, sid);
  expect_poll(w, p, "bYf8e");
}

static void closed(struct world *w, struct sio_session *session)
{
  (void)w;
  assert_false(sio_session_is_open(session));
  assert_false(sio_session_is_writable(session));
  assert_int_equal(sio_session_send(session, span("x"), 0),
                   SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_session_send(session, span("x"), SIO_SEND_VOLATILE),
                   SIO_ERR_DISCONNECTED);
  sio_session_close(session, true); /* nothing happens */
}

static void test_nothing_is_sent_once_it_closes(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  put(w, sid, "a", 0, 0);
  w->on_closed = closed;
  if (w->sessions[sid] != NULL) {
    assert_true(sio_session_is_open(w->sessions[sid]));
    sio_session_close(w->sessions[sid], true);
  }
  expect_sessions(w, 0);
}

static void test_an_orderly_close_sends_what_waits(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  put(w, sid, "a", 0, 0);
  if (w->sessions[sid] != NULL)
    sio_session_close(w->sessions[sid], false);
  if (w->sessions[sid] != NULL)
    closed(w, w->sessions[sid]); /* and discards what waits */
  expect_events(w, "closed forced close, the host closed the connection\n");
  sid = peer_handshake(w, p);
  put(w, sid, "a", 0, 0);
  for (int i = 0; i < 2 && w->sessions[sid] != NULL; i++)
    sio_session_close(w->sessions[sid], false);
  put(w, sid, "b", 0, SIO_ERR_DISCONNECTED);
  peer_get(w, p, sid);
  expect_poll(w, p, "4a");
  peer_get(w, p, sid);
  expect_poll(w, p, "6" SEP "1");
  expect_events(w, "closed forced close, the host closed the connection\n");
}

/* ---- Whether it can go out now ---- */

static void test_by_polling_a_get_that_waits_makes_it_writable(struct world *w)
{
  struct sio__engine *engine = &w->server->engine;
  int p = peer_open(w), sid = peer_handshake(w, p);

  expect_writable(w, sid, false);
  put(w, sid, "x", SIO_SEND_VOLATILE, SIO_DROPPED);
  if (!eio_is_off(w))
    assert_int_equal(engine->metrics.messages_dropped, 1);
  peer_get(w, p, sid);
  expect_writable(w, sid, true);
  sio__engine_enter(engine);
  put(w, sid, "y", SIO_SEND_VOLATILE, 0);
  expect_writable(w, sid, false); /* until it is answered something waits */
  expect_pending(w, sid, 2);
  sio__engine_leave(engine);
  eio_pump(w);
  expect_poll(w, p, "4y");
  expect_pending(w, sid, 0);
}

static void test_a_websocket_is_writable_until_it_is_blocked(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws);

  peer_stall(w, ws, true);
  expect_writable(w, sid, true);
  put(w, sid, "abc", 0, 0);
  peer_sip(w, ws, 2);
  expect_writable(w, sid, false);
  expect_pending(w, sid, 4);
  put(w, sid, "x", SIO_SEND_VOLATILE | SIO_SEND_BINARY, SIO_DROPPED);
  peer_stall(w, ws, false);
  expect_writable(w, sid, true);
  expect_message(w, ws, "4abc");
}

static void narrow(sio_server_options *options)
{
  options->max_output_bytes = 1024;
}

static void test_over_the_limit_it_says_so_and_ends(struct world *w)
{
  static char text[1200];
  struct sio__engine *engine = &w->server->engine;
  int p = peer_open(w), sid = peer_handshake(w, p), ws;
  int on_ws = peer_websocket(w, &ws);

  memset(text, 'x', sizeof text - 1);
  sio__engine_enter(engine);
  put(w, sid, text, 0, SIO_ERR_LIMIT);
  put(w, on_ws, text, 0, SIO_ERR_LIMIT);
  put(w, sid, "x", 0, SIO_ERR_DISCONNECTED);
  sio__engine_leave(engine);
  eio_pump(w);
  expect_sessions(w, 0);
  expect_ended(w, ws);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 2);
}

static void few(sio_server_options *options)
{
  options->max_output_packets = 2;
}

static void test_over_the_number_it_says_so_and_ends(struct world *w)
{
  struct sio__engine *engine = &w->server->engine;
  int p = peer_open(w), sid = peer_handshake(w, p), ws;
  int on_ws = peer_websocket(w, &ws);

  sio__engine_enter(engine);
  for (int i = 0; i < 2; i++) {
    put(w, sid, "x", 0, 0);
    put(w, on_ws, "x", 0, 0);
  }
  put(w, sid, "x", 0, SIO_ERR_LIMIT);
  put(w, on_ws, "x", 0, SIO_ERR_LIMIT);
  put(w, sid, "x", 0, SIO_ERR_DISCONNECTED);
  sio__engine_leave(engine);
  eio_pump(w);
  expect_sessions(w, 0);
  expect_cause(w, SIO_CAUSE_OUTPUT_PACKETS, 2);
}

static void refusing(sio_server_options *options)
{
  narrow(options);
  options->output_policy = SIO_OUTPUT_REFUSE;
}

static void no_wait(sio_session *session, int status, void *user)
{
  (void)session;
  (void)status;
  (void)user;
  fail_msg("told of what was refused");
}

/* Nothing is sent, nobody is told of it, and all goes on. */
static void test_who_refuses_says_so_and_goes_on(struct world *w)
{
  static char text[900];
  struct sio__engine *engine = &w->server->engine;
  int p = peer_open(w), sid = peer_handshake(w, p), ws;
  int on_ws = peer_websocket(w, &ws);

  eio_watch(w, WATCH_PACKETS);
  memset(text, 'x', sizeof text - 1);
  put(w, sid, text, 0, SIO_ERR_LIMIT);
  put(w, on_ws, text, 0, SIO_ERR_LIMIT);
  if (w->sessions[sid] != NULL)
    assert_int_equal(
        sio_session_send_then(w->sessions[sid], span(text), 0, no_wait, NULL),
        SIO_ERR_LIMIT);
  if (!eio_is_off(w))
    assert_int_equal(engine->metrics.messages_refused, 3);
  eio_pump(w);
  expect_nothing(w, ws);
  expect_events(w, "");
  expect_pending(w, sid, 0);
  expect_sessions(w, 2);
  put(w, on_ws, "after", 0, 0);
  eio_pump(w);
  expect_message(w, ws, "4after");
  expect_events(w, "out 4 text after\n");
}

static void refusing_few(sio_server_options *options)
{
  few(options);
  options->output_policy = SIO_OUTPUT_REFUSE;
}

static void test_who_refuses_counts_messages_too(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  put(w, sid, "a", 0, 0);
  put(w, sid, "b", 0, 0);
  put(w, sid, "c", 0, SIO_ERR_LIMIT);
  put(w, sid, "d", SIO_SEND_VOLATILE, SIO_DROPPED);
  peer_get(w, p, sid);
  expect_poll(w, p,
              "4a\x1e"
              "4b");
  put(w, sid, "e", 0, 0);
  expect_sessions(w, 1);
}

static void test_messages_of_nothing_have_a_limit_too(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  for (int i = 0; i < 1024 && w->sessions[sid] != NULL; i++)
    (void)sio_session_send(w->sessions[sid], span(""), SIO_SEND_BINARY);
  eio_pump(w);
  expect_sessions(w, 0);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
}

static void end_of_wait(sio_session *session, int status, void *user)
{
  int *told = user;

  (void)session;
  assert_int_equal(status, SIO_ERR_DISCONNECTED);
  ++*told;
}

static void test_out_of_memory_is_told_and_ends_the_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), told = 0, wanted = 0;
  int rv;

  for (int i = 0; i < 12 && w->sessions[sid] != NULL; i++) {
    rv = sio_session_send_then(w->sessions[sid], span("a"), 0, end_of_wait,
                               &told);
    wanted += rv == 0;
    assert_true(rv == 0 || eio_is_off(w));
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    assert_int_equal(rv != 0, w->sessions[sid] == NULL);
  }
  if (w->sessions[sid] != NULL)
    sio_session_close(w->sessions[sid], true);
  assert_int_equal(told, wanted); /* nobody who got an error is told */
}

/* ---- What it is ---- */

static void test_it_tells_what_it_is(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;
  sio_session *session = w->sessions[sid];
  char out[8];

  on_ws = peer_ask_websocket(w, &ws,
                             "EIO=4&transport=websocket&a=1+2&long=123456789",
                             "X-Who: me\r\n");
  w->peers[ws].at = w->peers[ws].len;
  if (eio_is_off(w))
    return;
  assert_string_equal(sio_session_id(session), w->sids[sid]);
  assert_string_equal(sio_session_transport(session), "polling");
  assert_int_equal(sio_session_protocol(session), 4);
  assert_ptr_equal(sio_session_server(session), w->server);
  assert_null(sio_session_user(session));
  sio_session_set_user(session, out);
  assert_ptr_equal(sio_session_user(session), out);
  session = w->sessions[on_ws];
  assert_string_equal(sio_session_transport(session), "websocket");
  assert_string_equal(sio_session_address(session), "192.0.2.7");
  assert_false(sio_session_is_secure(session));
  assert_true(
      sio_str_is(sio_session_url(session),
                 "/socket.io/?EIO=4&transport=websocket&a=1+2&long=123456789"));
  assert_true(sio_str_is(sio_session_header(session, "x-who"), "me"));
  assert_null(sio_session_header(session, "x-what").data);
  assert_int_equal(sio_session_query(session, "a", out, sizeof out), 0);
  assert_string_equal(out, "1 2");
  assert_int_equal(sio_session_query(session, "b", out, sizeof out),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_session_query(session, "long", out, sizeof out),
                   SIO_ERR_LIMIT);
}

static void old(sio_server_options *options)
{
  options->allow_eio3 = 1;
}

static void test_it_tells_that_it_is_old(struct world *w)
{
  int ws, sid = peer_ask_websocket(w, &ws, "EIO=3&transport=websocket", "");

  w->peers[ws].at = w->peers[ws].len;
  if (!eio_is_off(w))
    assert_int_equal(sio_session_protocol(w->sessions[sid]), 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_text_and_bytes_are_sent_as_what_they_are),
      SCENARIO(test_what_cannot_be_sent_is_refused),
      SCENARIO(test_nothing_is_sent_once_it_closes),
      SCENARIO(test_an_orderly_close_sends_what_waits),
      SCENARIO(test_by_polling_a_get_that_waits_makes_it_writable),
      SCENARIO(test_a_websocket_is_writable_until_it_is_blocked),
      SCENARIO_WITH(test_over_the_limit_it_says_so_and_ends, narrow),
      SCENARIO_WITH(test_over_the_number_it_says_so_and_ends, few),
      SCENARIO_WITH(test_who_refuses_says_so_and_goes_on, refusing),
      SCENARIO_WITH(test_who_refuses_counts_messages_too, refusing_few),
      SCENARIO_WITH(test_messages_of_nothing_have_a_limit_too, narrow),
      SCENARIO(test_out_of_memory_is_told_and_ends_the_session),
      SCENARIO(test_it_tells_what_it_is),
      SCENARIO_WITH(test_it_tells_that_it_is_old, old),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
