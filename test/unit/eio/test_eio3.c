/* SPDX-License-Identifier: MIT */
/* Engine.IO protocol 3: its payloads, its frames, and its heartbeat. */
#include "eio_world.h"

#include <stdio.h>

#define BYTES_TYPE "application/octet-stream"

static const char undecodable[] =
    "closed parse error, an undecodable Engine.IO packet\n";
static const char timed_out[] =
    "closed ping timeout, no pong arrived in time, limit 20000\n";

static void old(sio_server_options *options)
{
  options->allow_eio3 = 1;
  options->allow_jsonp = 1;
  options->max_payload_packets = 5;
}

/* A session by polling / by websocket; its beginning has been looked at. */
static int begin(struct world *w, int p, const char *more)
{
  char query[64];
  int sid;

  snprintf(query, sizeof query, "EIO=3&transport=polling%s", more);
  sid = peer_ask(w, p, query, "");
  w->peers[p].at = w->peers[p].len;
  expect_events(w, "opened\n");
  return sid;
}

static int begin_websocket(struct world *w, int *ws, const char *more)
{
  char query[64], open[256];
  int sid;

  snprintf(query, sizeof query, "EIO=3&transport=websocket%s", more);
  sid = peer_ask_websocket(w, ws, query, "");
  eio_open_packet(w, sid, false, open, sizeof open);
  expect_switch(w, *ws);
  expect_message(w, *ws, open);
  expect_events(w, "opened\n");
  return sid;
}

/* ---- Polling ---- */

static void test_text_payloads_are_echoed(struct world *w)
{
  int p = peer_open(w), sid = begin(w, p, "");

  w->echo = true;
  peer_post(w, p, sid, "6:4hello");
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p, "6:4hello");
  peer_post(w, p, sid,
            "2:4a0:3:4\xf0\x9f\x98\x80"
            "1:4");
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p,
              "2:4a3:4\xf0\x9f\x98\x80"
              "1:4");
  expect_events(w, "text hello\ntext a\ntext \xf0\x9f\x98\x80\ntext \n");
}

static void test_binary_payloads_are_echoed(struct world *w)
{
  static const uint8_t payload[] = {0x00, 0x06, 0xff, '4',  'h', 'e',
                                    'l',  'l',  'o',  0x01, 5,   0xff,
                                    4,    'a',  'b',  'c',  'd'};
  int p = peer_open(w), sid = begin(w, p, "");

  w->echo = true;
  peer_post_bytes(w, p, sid, BYTES_TYPE, payload, sizeof payload);
  expect_ok(w, p);
  expect_events(w, "text hello\nbinary 4 bytes abcd\n");
  peer_get(w, p, sid);
  expect_payload(w, p, BYTES_TYPE, "", payload, sizeof payload);
  /* The same as text, from a client that takes bytes and from one that does
   * not. */
  peer_post(w, p, sid, "6:4hello10:b4YWJjZA==");
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_payload(w, p, BYTES_TYPE, "", payload, sizeof payload);
  expect_events(w, "text hello\nbinary 4 bytes abcd\n");
  sid = begin(w, p, "&b64=1");
  peer_post(w, p, sid, "6:4hello10:b4YWJjZA==");
  expect_ok(w, p);
  peer_get(w, p, sid);
  expect_poll(w, p, "6:4hello10:b4YWJjZA==");
}

static void refuse(struct world *w, const char *type, const void *body,
                   size_t len, const char *events)
{
  int p = peer_open(w), q = peer_open(w), sid = begin(w, p, "");

  peer_get(w, p, sid);
  peer_post_bytes(w, q, sid, type, body, len);
  expect_poll(w, p, "1:1");
  expect_status(w, q, "400 Bad Request");
  expect_events(w, events);
  peer_close(w, p, 0);
  peer_close(w, q, 0);
  w->n_peers -= 2;
}

static void test_what_cannot_be_decoded_is_a_parse_error(struct world *w)
{
  static const char *const bad[] = {"abc",  "",        "5:4a", ":4a",
                                    "1",    "1:7",     "1:x",  "1:b",
                                    "2:bx", "4:b4A%%", "-1:4"};
  static const uint8_t no_end[] = {0, 1, '4'}, beyond[] = {0, 3, 0xff, '4'};

  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    refuse(w, "text/plain", bad[i], strlen(bad[i]), undecodable);
  refuse(w, BYTES_TYPE, no_end, sizeof no_end, undecodable);
  refuse(w, BYTES_TYPE, beyond, sizeof beyond, undecodable);
  refuse(w, BYTES_TYPE, "", 0, undecodable);
}

static void test_packets_before_a_bad_one_are_delivered(struct world *w)
{
  refuse(w, "text/plain", "2:4a2:4b3:4c", 12,
         "text a\ntext b\n"
         "closed parse error, an undecodable Engine.IO packet\n");
  refuse(w, "text/plain", "2:4a1", 5,
         "text a\n"
         "closed parse error, an undecodable Engine.IO packet\n");
  refuse(w, "text/plain", "2:4\xc0", 4, "closed parse error, invalid UTF-8\n");
  refuse(w, "text/plain", "1:41:41:41:41:41:4", 18,
         "text \ntext \ntext \ntext \ntext \n"
         "closed parse error, too many packets in one payload, limit 5\n");
}

static void test_a_close_packet_is_answered_by_a_noop(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), sid = begin(w, p, "");

  peer_get(w, p, sid);
  peer_post(w, q, sid, "1:12:4x");
  expect_poll(w, p, "1:6");
  expect_ok(w, q);
  expect_events(w, "closed transport close, the client sent a close packet\n");
}

static void test_jsonp_posts_are_forms(struct world *w)
{
  int p = peer_open(w), sid = begin(w, p, "&j=0");

  w->echo = true;
  peer_post_bytes(w, p, sid, "application/x-www-form-urlencoded",
                  "d=6%3A4h%26llo", 14);
  expect_ok(w, p);
  expect_events(w, "text h&llo\n");
  peer_post_bytes(w, p, sid, "application/x-www-form-urlencoded", "e=1", 3);
  expect_ok(w, p); /* old clients do that */
  peer_get(w, p, sid);
  expect_poll(w, p, "___eio[0](\"6:4h&llo\");");
  peer_post_bytes(w, p, sid, BYTES_TYPE, "d=1%3Ax", 7);
  expect_status(w, p, "400 Bad Request");
  expect_events(w, undecodable);
}

/* ---- Websocket ---- */

static void test_bytes_on_a_websocket_begin_with_their_type(struct world *w)
{
  int ws;

  (void)begin_websocket(w, &ws, "");
  w->echo = true;
  peer_message(w, ws, "4hello");
  expect_message(w, ws, "4hello");
  peer_frame(w, ws, 0x82, "\4\1\2\3", 4);
  expect_frame(w, ws, 0x82, "\4\1\2\3", 4);
  peer_frame(w, ws, 0x82, "\4", 1);
  expect_frame(w, ws, 0x82, "\4", 1);
  peer_frame(w, ws, 0x82, "", 0); /* no type: it means nothing */
  peer_frame(w, ws, 0x82, "\7x", 2);
  peer_frame(w, ws, 0x82, "4x", 2);
  peer_frame(w, ws, 0x82, "\6x", 2);
  peer_frame(w, ws, 0x82, "\2x", 2); /* a ping */
  expect_message(w, ws, "3");
  peer_message(w, ws, "b4AQID");
  expect_frame(w, ws, 0x82, "\4\1\2\3", 4);
  expect_events(w, "text hello\nbinary 3 bytes \1\2\3\nbinary 0 bytes \n"
                   "binary 3 bytes \1\2\3\n");
}

static void test_a_websocket_may_take_no_bytes(struct world *w)
{
  int ws;

  (void)begin_websocket(w, &ws, "&b64=1");
  w->echo = true;
  peer_message(w, ws, "b4AQIDBA==");
  expect_message(w, ws, "b4AQIDBA==");
  peer_frame(w, ws, 0x82, "\4\1", 2);
  expect_message(w, ws, "b4AQ==");
}

static void test_bad_packets_on_a_websocket_are_parse_errors(struct world *w)
{
  static const char *const bad[] = {"abc", "", "b", "b7AQ==", "b4%"};

  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int ws;

    (void)begin_websocket(w, &ws, "");
    peer_message(w, ws, bad[i]);
    expect_frame(w, ws, 0x88, "", 0);
    expect_events(w, undecodable);
  }
}

/* ---- Heartbeat ---- */

static void test_the_client_pings_and_the_server_answers(struct world *w)
{
  int p = peer_open(w), sid = begin(w, p, ""), ws;

  (void)begin_websocket(w, &ws, "");
  for (int i = 0; i < 3; i++) {
    eio_sleep(w, 40000);
    expect_nothing(w, ws); /* no pings of the server */
    peer_get(w, p, sid);
    expect_nothing(w, p);
    peer_post_bytes(w, peer_open(w), sid, "text/plain", "1:2", 3);
    expect_poll(w, p, "1:3");
    expect_ok(w, w->n_peers - 1);
    peer_message(w, ws, "2with data");
    expect_message(w, ws, "3");
  }
  expect_sessions(w, 2);
}

static void test_without_pings_it_ends_to_the_millisecond(struct world *w)
{
  int p = peer_open(w), sid = begin(w, p, ""), ws;

  peer_get(w, p, sid);
  (void)begin_websocket(w, &ws, "");
  peer_message(w, ws, "4messages do not count");
  eio_sleep(w, 44999);
  expect_nothing(w, p);
  expect_nothing(w, ws);
  expect_events(w, "text messages do not count\n");
  eio_sleep(w, 1);
  expect_poll(w, p, "1:1");
  expect_frame(w, ws, 0x88, "", 0);
  expect_cause(w, SIO_CAUSE_PING_TIMEOUT, 2);
  expect_sessions(w, 0);
}

static void test_each_ping_renews_the_time(struct world *w)
{
  int ws;

  (void)begin_websocket(w, &ws, "");
  eio_sleep(w, 30000);
  peer_message(w, ws, "2");
  expect_message(w, ws, "3");
  eio_sleep(w, 44999);
  expect_events(w, "");
  eio_sleep(w, 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, timed_out);
}

static void test_a_pong_of_the_client_is_an_error(struct world *w)
{
  static const char wrong_way[] =
      "closed transport error, invalid heartbeat direction\n";
  int p = peer_open(w), sid = begin(w, p, ""), ws;

  peer_post(w, p, sid, "1:3");
  expect_status(w, p, "400 Bad Request");
  expect_events(w, wrong_way);
  (void)begin_websocket(w, &ws, "");
  peer_message(w, ws, "3");
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, wrong_way);
}

static void test_a_loop_that_hung_gives_one_more_timeout(struct world *w)
{
  int ws;

  (void)begin_websocket(w, &ws, "");
  eio_jump(w, 100000);
  expect_events(w, "");
  eio_sleep(w, 19999);
  peer_message(w, ws, "2"); /* it had been waiting for the loop */
  expect_message(w, ws, "3");
  eio_jump(w, 45000 + 10001);
  eio_sleep(w, 19999);
  expect_events(w, "");
  eio_sleep(w, 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, timed_out);
}

static void test_the_host_is_told_of_pings(struct world *w)
{
  int ws;

  (void)begin_websocket(w, &ws, "");
  eio_watch(w, WATCH_LIFE | WATCH_PACKETS);
  peer_message(w, ws, "2x");
  expect_message(w, ws, "3");
  expect_events(w, "in 2 text x\nhost heartbeat\nout 3 text\nhost drain\n");
}

/* ---- Upgrade ---- */

static void test_an_upgrade_keeps_the_protocol_and_the_time(struct world *w)
{
  int p = peer_open(w), sid = begin(w, p, ""), ws = peer_open(w);

  w->echo = true;
  eio_sleep(w, 20000);
  peer_get(w, p, sid);
  peer_upgrade(w, ws, sid);
  expect_switch(w, ws);
  peer_message(w, ws, "2probe");
  expect_message(w, ws, "3probe");
  expect_poll(w, p, "1:6");
  peer_get(w, p, sid);
  peer_message(w, ws, "5");
  expect_poll(w, p, "1:6");
  peer_frame(w, ws, 0x82, "\4\1\2", 3);
  expect_frame(w, ws, 0x82, "\4\1\2", 3);
  eio_sleep(w, 24999);
  expect_nothing(w, ws);
  eio_sleep(w, 1);
  expect_frame(w, ws, 0x88, "", 0);
  expect_events(w, "binary 2 bytes \1\2\n"
                   "closed ping timeout, no pong arrived in time, "
                   "limit 20000\n");
}

static void test_what_was_queued_gets_its_type_on_the_websocket(struct world *w)
{
  int p = peer_open(w), sid = begin(w, p, ""), ws = peer_open(w);
  static const sio_span bytes = {(const uint8_t *)"\1\2", 2};

  if (w->sessions[sid] != NULL)
    (void)sio_session_send(w->sessions[sid], bytes, SIO_SEND_BINARY);
  eio_say(w, sid, "4text");
  peer_upgrade(w, ws, sid);
  expect_switch(w, ws);
  peer_message(w, ws, "5");
  expect_frame(w, ws, 0x82, "\4\1\2", 3);
  expect_message(w, ws, "4text");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_text_payloads_are_echoed, old),
      SCENARIO_WITH(test_binary_payloads_are_echoed, old),
      SCENARIO_WITH(test_what_cannot_be_decoded_is_a_parse_error, old),
      SCENARIO_WITH(test_packets_before_a_bad_one_are_delivered, old),
      SCENARIO_WITH(test_a_close_packet_is_answered_by_a_noop, old),
      SCENARIO_WITH(test_jsonp_posts_are_forms, old),
      SCENARIO_WITH(test_bytes_on_a_websocket_begin_with_their_type, old),
      SCENARIO_WITH(test_a_websocket_may_take_no_bytes, old),
      SCENARIO_WITH(test_bad_packets_on_a_websocket_are_parse_errors, old),
      SCENARIO_WITH(test_the_client_pings_and_the_server_answers, old),
      SCENARIO_WITH(test_without_pings_it_ends_to_the_millisecond, old),
      SCENARIO_WITH(test_each_ping_renews_the_time, old),
      SCENARIO_WITH(test_a_pong_of_the_client_is_an_error, old),
      SCENARIO_WITH(test_a_loop_that_hung_gives_one_more_timeout, old),
      SCENARIO_WITH(test_the_host_is_told_of_pings, old),
      SCENARIO_WITH(test_an_upgrade_keeps_the_protocol_and_the_time, old),
      SCENARIO_WITH(test_what_was_queued_gets_its_type_on_the_websocket, old),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
