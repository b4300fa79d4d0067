/* SPDX-License-Identifier: MIT */
/* lib/eio/receipts.c: who waits for messages to have gone out. */
#include "eio_world.h"

#include <stdio.h>

#define SEP "\x1e"

/* What was told, such as "a0 b0": the name and the status. */
struct told {
  char text[400];
};

static struct told told;
static struct world *in_world;

static void note(sio_session *session, int status, void *user)
{
  size_t len = strlen(told.text);

  (void)session;
  snprintf(told.text + len, sizeof told.text - len, "%s%s%s",
           len > 0 ? " " : "", (const char *)user, status == 0 ? "" : "!");
}

static void expect_told(struct world *w, const char *text)
{
  if (!eio_is_off(w))
    assert_string_equal(told.text, text);
  told.text[0] = '\0';
}

/* A session of the host's has ended: nothing else has happened. */
static void forget_events(struct world *w)
{
  expect_events(w, "closed forced close, the host closed the connection\n");
}

static void begin(struct world *w)
{
  in_world = w;
  told.text[0] = '\0';
}

static int send_then(struct world *w, int sid, const char *text, void *name,
                     sio_sent_fn fn)
{
  sio_span data = {(const uint8_t *)text, strlen(text)};

  if (w->sessions[sid] == NULL)
    return SIO_ERR_DISCONNECTED;
  return sio_session_send_then(w->sessions[sid], data, 0, fn, name);
}

static void say(struct world *w, int sid, const char *name)
{
  int rv = send_then(w, sid, name, (void *)(uintptr_t)name, note);

  if (!eio_is_off(w))
    assert_int_equal(rv, 0);
  eio_pump(w);
}

static void test_by_polling_it_is_told_when_the_answer_has_left(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  begin(w);
  say(w, sid, "a");
  say(w, sid, "b");
  eio_say(w, sid, "4nobody");
  expect_told(w, "");
  peer_get(w, p, sid);
  expect_poll(w, p, "4a" SEP "4b" SEP "4nobody");
  expect_told(w, "a b");
  peer_get(w, p, sid);
  expect_told(w, "");
  say(w, sid, "c"); /* a GET waits */
  expect_poll(w, p, "4c");
  expect_told(w, "c");
}

static void little(sio_server_options *options)
{
  options->max_poll_bytes = 8;
}

static void test_of_a_part_of_the_queue_only_those_are_told(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  begin(w);
  say(w, sid, "abc");
  say(w, sid, "de");
  say(w, sid, "f");
  peer_get(w, p, sid);
  expect_poll(w, p, "4abc" SEP "4de");
  expect_told(w, "abc de");
  peer_get(w, p, sid);
  expect_poll(w, p, "4f");
  expect_told(w, "f");
}

static void
test_on_a_websocket_it_is_told_when_the_last_byte_has_left(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws);

  begin(w);
  say(w, sid, "a");
  expect_told(w, "a");
  expect_message(w, ws, "4a");
  peer_stall(w, ws, true);
  eio_say(w, sid, "4nobody"); /* 9 bytes */
  say(w, sid, "bb");          /* 5 */
  say(w, sid, "c");           /* 4 */
  peer_sip(w, ws, 13);
  expect_told(w, "");
  peer_sip(w, ws, 1);
  expect_told(w, "bb");
  peer_sip(w, ws, 4);
  expect_told(w, "c");
  expect_message(w, ws, "4nobody");
  expect_message(w, ws, "4bb");
  expect_message(w, ws, "4c");
  peer_stall(w, ws, false);
}

static void test_who_waits_moves_along_in_an_upgrade(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws;

  begin(w);
  ws = peer_open(w);
  peer_upgrade(w, ws, sid);
  expect_switch(w, ws);
  say(w, sid, "early");
  peer_get(w, p, sid);
  expect_poll(w, p, "4early");
  expect_told(w, "early");
  say(w, sid, "a");
  eio_say(w, sid, "4nobody");
  say(w, sid, "b");
  peer_stall(w, ws, true);
  peer_message(w, ws, "5");
  say(w, sid, "c");
  expect_told(w, "");
  peer_sip(w, ws, 4);
  expect_told(w, "a");
  peer_sip(w, ws, 9 + 3);
  expect_told(w, "");
  peer_sip(w, ws, 1);
  expect_told(w, "b");
  peer_stall(w, ws, false);
  expect_told(w, "c");
  expect_message(w, ws, "4a");
  expect_message(w, ws, "4nobody");
  expect_message(w, ws, "4b");
  expect_message(w, ws, "4c");
}

static void test_the_end_of_the_session_is_told_to_all_in_order(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;

  begin(w);
  for (int i = 0; i < 20; i++) /* more than there was room for */
    say(w, sid, i % 2 == 0 ? "a" : "b");
  eio_close(w, sid, true);
  expect_told(w, "a! b! a! b! a! b! a! b! a! b! a! b! a! b! a! b! a! b! a! b!");
  forget_events(w);
  on_ws = peer_websocket(w, &ws);
  peer_stall(w, ws, true);
  say(w, on_ws, "c");
  peer_close(w, ws, 0);
  expect_told(w, "c!");
}

static void test_an_orderly_close_waits_for_what_is_waited_for(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws);

  begin(w);
  peer_stall(w, ws, true);
  say(w, sid, "a");
  eio_close(w, sid, false);
  expect_sessions(w, 1);
  peer_message(w, ws, "4unheard");
  peer_sip(w, ws, 4);
  expect_told(w, "a");
  expect_sessions(w, 0);
  expect_events(w, "closed forced close, the host closed the connection\n");
  peer_stall(w, ws, false);
  expect_message(w, ws, "4a");
  expect_frame(w, ws, 0x88, "", 0);
}

static void close_then(sio_session *session, int status, void *user)
{
  note(session, status, user);
  sio_session_close(session, true);
}

static void test_who_is_told_may_close_the_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;

  begin(w);
  (void)send_then(w, sid, "a", "a", close_then);
  say(w, sid, "b");
  peer_get(w, p, sid);
  expect_poll(w, p, "4a" SEP "4b");
  expect_told(w, "a b!");
  forget_events(w);
  on_ws = peer_websocket(w, &ws);
  peer_stall(w, ws, true);
  (void)send_then(w, on_ws, "c", "c", close_then);
  say(w, on_ws, "d");
  peer_stall(w, ws, false);
  expect_told(w, "c d!");
  expect_message(w, ws, "4c");
  expect_message(w, ws, "4d");
  expect_frame(w, ws, 0x88, "", 0);
  expect_sessions(w, 0);
}

static void send_more(sio_session *session, int status, void *user)
{
  static const sio_span more = {(const uint8_t *)"more", 4};

  note(session, status, user);
  if (status == 0)
    assert_true(sio_session_send_then(session, more, 0, note, "more") == 0 ||
                eio_is_off(in_world));
  else
    assert_int_equal(sio_session_send_then(session, more, 0, note, "never"),
                     SIO_ERR_DISCONNECTED);
}

static void test_who_is_told_may_send_again(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;

  begin(w);
  (void)send_then(w, sid, "a", "a", send_more);
  peer_get(w, p, sid);
  expect_poll(w, p, "4a");
  expect_told(w, "a");
  peer_get(w, p, sid);
  expect_poll(w, p, "4more");
  expect_told(w, "more");
  (void)send_then(w, sid, "b", "b", send_more);
  eio_close(w, sid, true);
  expect_told(w, "b!");
  forget_events(w);
  on_ws = peer_websocket(w, &ws);
  (void)send_then(w, on_ws, "c", "c", send_more);
  eio_pump(w);
  expect_message(w, ws, "4c");
  expect_message(w, ws, "4more");
  expect_told(w, "c more");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_by_polling_it_is_told_when_the_answer_has_left),
      SCENARIO_WITH(test_of_a_part_of_the_queue_only_those_are_told, little),
      SCENARIO(test_on_a_websocket_it_is_told_when_the_last_byte_has_left),
      SCENARIO(test_who_waits_moves_along_in_an_upgrade),
      SCENARIO(test_the_end_of_the_session_is_told_to_all_in_order),
      SCENARIO(test_an_orderly_close_waits_for_what_is_waited_for),
      SCENARIO(test_who_is_told_may_close_the_session),
      SCENARIO(test_who_is_told_may_send_again),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
