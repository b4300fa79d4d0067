/* SPDX-License-Identifier: MIT */
/* lib/eio/websocket.c: the opening, messages, and all ways to close. */
#include "eio_world.h"

#include <stdio.h>

#include "eio/websocket.h"

static void test_messages_are_echoed(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  w->echo = true;
  peer_message(w, p, "4hello");
  expect_message(w, p, "4hello");
  peer_message(w, p, "4");
  expect_message(w, p, "4");
  peer_frame(w, p, 0x82, "\0\x01\xff", 3);
  expect_frame(w, p, 0x82, "\0\x01\xff", 3);
  peer_frame(w, p, 0x82, "", 0);
  expect_frame(w, p, 0x82, "", 0);
  peer_message(w, p, "bAQI="); /* binary in a text frame */
  expect_frame(w, p, 0x82, "\x01\x02", 2);
}

static void test_messages_of_every_length_form_arrive(struct world *w)
{
  static const size_t sizes[] = {125, 126, 300, 65535, 65536};
  static char text[65540];
  int p;

  (void)peer_websocket(w, &p);
  w->echo = true;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    uint8_t long_header[10] = {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0};

    memset(text, 'a', sizes[i]);
    text[0] = '4';
    peer_frame(w, p, 0x81, text, sizes[i]);
    if (sizes[i] < 65536) {
      expect_frame(w, p, 0x81, text, sizes[i]);
      continue;
    }
    expect_start_bytes(w, p, long_header, sizeof long_header);
    expect_bytes(w, p, text, sizes[i]);
  }
}

static void test_a_client_without_binary_gets_base64(struct world *w)
{
  int p = peer_open(w);

  peer_text(
      w, p,
      "GET /socket.io/?EIO=4&transport=websocket&b64=0 HTTP/1.1\r\nHost: h\r\n"
      "Connection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 8\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  expect_switch(w, p);
  w->peers[p].at = w->peers[p].len; /* the open packet is of no interest */
  w->echo = true;
  peer_frame(w, p, 0x82, "\x01\x02\x03\x04", 4);
  expect_message(w, p, "bAQIDBA==");
}

static void test_fragments_make_one_message(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x01, "4hel", 4);
  peer_frame(w, p, 0x89, "pi", 2);
  expect_frame(w, p, 0x8a, "pi", 2);
  peer_frame(w, p, 0x00, "", 0);
  peer_frame(w, p, 0x80, "lo", 2);
  expect_nothing(w, p);
  expect_events(w, "text hello\n");
}

static void slowly(sio_server_options *options)
{
  options->message_timeout_ms = 1000;
}

static void test_a_message_that_is_never_finished_is_given_up(struct world *w)
{
  static const uint8_t policy[] = {0x03, 0xf0};
  int p;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x01, "4a", 2);
  eio_sleep(w, 999);
  peer_frame(w, p, 0x00, "b", 1);  /* more of it gives no more time */
  peer_frame(w, p, 0x89, "hi", 2); /* nor does a ping */
  expect_frame(w, p, 0x8a, "hi", 2);
  expect_open(w, p);
  eio_sleep(w, 1);
  expect_frame(w, p, 0x88, policy, sizeof policy);
  expect_ended(w, p);
  expect_events(w, "closed transport error, a websocket message took too "
                   "long, limit 1000\n");
  expect_cause(w, SIO_CAUSE_MESSAGE_TIMEOUT, 1);
}

static void test_a_header_that_is_never_finished_is_given_up(struct world *w)
{
  /* The longest header, but for its last byte. */
  static const char header[] = "\x81\xff\0\0\0\0\0\0\0\5mas";

  for (size_t len = 1; len < sizeof header; len++) {
    int p;

    (void)peer_websocket(w, &p);
    peer_send(w, p, header, 1);
    eio_sleep(w, 500);
    peer_send(w, p, header + 1, len - 1);
    eio_sleep(w, 499);
    expect_nothing(w, p);
    eio_sleep(w, 1);
    expect_frame(w, p, 0x88, "\x03\xf0", 2);
    expect_ended(w, p);
    expect_events(w, "closed transport error, a websocket message took too "
                     "long, limit 1000\n");
  }
}

static void test_each_message_has_its_own_time(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  for (int i = 0; i < 3; i++) {
    peer_frame(w, p, 0x01, "4a", 2);
    eio_sleep(w, 900);
    peer_frame(w, p, 0x80, "b", 1);
    expect_events(w, "text ab\n");
    eio_sleep(w, 900); /* between messages there is no limit */
  }
  expect_open(w, p);
}

static void test_websocket_pings_are_no_heartbeat(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  eio_sleep(w, 25000);
  expect_message(w, p, "2");
  peer_frame(w, p, 0x89, "x", 1);
  expect_frame(w, p, 0x8a, "x", 1);
  peer_frame(w, p, 0x8a, "", 0);
  eio_sleep(w, 20000);
  expect_frame(w, p, 0x88, "", 0);
  expect_events(w,
                "closed ping timeout, no pong arrived in time, limit 20000\n");
}

static void test_a_close_frame_is_echoed(struct world *w)
{
  int p, q;

  (void)peer_websocket(w, &p);
  peer_frame(w, p, 0x88, "\x0f\xa0 bye", 6);
  expect_frame(w, p, 0x88, "\x0f\xa0 bye", 6);
  expect_ended(w, p);
  expect_events(w, "closed transport close, the peer closed the websocket\n");
  (void)peer_websocket(w, &q);
  peer_frame(w, q, 0x88, "", 0);
  expect_frame(w, q, 0x88, "", 0);
  expect_ended(w, q);
  expect_events(w, "closed transport close, the peer closed the websocket\n");
}

static void test_leaving_without_a_close_frame_is_a_close(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_close(w, p, 0);
  expect_events(w, "closed transport close, "
                   "the peer closed the transport without saying goodbye\n");
}

static void test_a_write_error_is_an_error(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_close(w, p, -1);
  expect_events(w, "closed transport error, write error\n");
}

static void test_a_close_packet_closes(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_message(w, p, "1");
  expect_frame(w, p, 0x88, "", 0);
  expect_events(w, "closed transport close, the client sent a close packet\n");
}

/* What breaks the protocol, the code it gets, and what the host is told. */
static const struct breach {
  const char *bytes;
  size_t len;
  const char *code;
  const char *event;
} breaches[] = {
#define FRAME_EVENT "closed transport error, an invalid websocket frame\n"
    {"\xc1\x80\0\0\0\0", 6, "\x03\xea", FRAME_EVENT}, /* RSV1 */
    {"\xa1\x80\0\0\0\0", 6, "\x03\xea", FRAME_EVENT}, /* RSV2 */
    {"\x91\x80\0\0\0\0", 6, "\x03\xea", FRAME_EVENT}, /* RSV3 */
    {"\x83\x80\0\0\0\0", 6, "\x03\xea", FRAME_EVENT}, /* opcode 3 */
    {"\x81\x01x", 3, "\x03\xea", FRAME_EVENT},        /* no mask */
    {"\x09\x80\0\0\0\0", 6, "\x03\xea", FRAME_EVENT}, /* a ping in parts */
    {"\x80\x80\0\0\0\0", 6, "\x03\xea", FRAME_EVENT}, /* goes on with nothing */
    {"\x88\x82\0\0\0\0\x03\xed", 8, "\x03\xea", FRAME_EVENT}, /* code 1005 */
    {"\x88\x81\0\0\0\0\x03", 7, "\x03\xea", FRAME_EVENT},     /* half a code */
    {"\x81\x82\0\0\0\0"
     "4\xff",
     8, "\x03\xef", "closed transport error, invalid UTF-8\n"},
    {"\x88\x83\0\0\0\0\x03\xe8\xff", 9, "\x03\xef",
     "closed transport error, invalid UTF-8\n"},
    {"\x81\xfe\x00\x81\0\0\0\0", 8, "\x03\xf1",
     "closed transport error, Max payload size exceeded, limit 128\n"},
    {"\x82\xff\x00\x7f\xff\xff\xff\xff\xff\xff\0\0\0\0", 14, "\x03\xf1",
     "closed transport error, Max payload size exceeded, limit 128\n"},
    {"\x01\x80\0\0\0\0\x00\x80\0\0\0\0\x00\x80\0\0\0\0", 18, "\x03\xf0",
     "closed transport error, too many fragments in one message, limit 2\n"},
};

static void small(sio_server_options *options)
{
  options->max_payload = 128;
  options->max_fragments = 2;
}

static void test_breaches_are_answered_by_their_close_code(struct world *w)
{
  for (size_t i = 0; i < sizeof breaches / sizeof breaches[0]; i++) {
    int p;

    (void)peer_websocket(w, &p);
    peer_send(w, p, breaches[i].bytes, breaches[i].len);
    expect_frame(w, p, 0x88, breaches[i].code, 2);
    expect_nothing(w, p);
    expect_ended(w, p);
    expect_events(w, breaches[i].event);
  }
}

static void test_a_message_may_be_as_long_as_max_payload(struct world *w)
{
  char text[130], line[160];
  int p;

  memset(text, 'x', sizeof text);
  text[0] = '4';
  text[128] = '\0';
  snprintf(line, sizeof line, "text %s\n", text + 1);
  (void)peer_websocket(w, &p);
  peer_message(w, p, text);
  expect_nothing(w, p);
  expect_events(w, line);
}

static void test_bad_packets_are_parse_errors(struct world *w)
{
  static const char *const packets[] = {"abc", "", "7", "b!", "b\x1e"};

  for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
    int p;

    (void)peer_websocket(w, &p);
    peer_message(w, p, packets[i]);
    expect_frame(w, p, 0x88, "", 0);
    expect_events(w, "closed parse error, an undecodable Engine.IO packet\n");
  }
}

static void test_a_ping_of_the_client_is_an_error(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_message(w, p, "2probe");
  expect_frame(w, p, 0x88, "", 0);
  expect_events(w, "closed transport error, invalid heartbeat direction\n");
}

static void test_packets_that_mean_nothing_are_ignored(struct world *w)
{
  int p;

  (void)peer_websocket(w, &p);
  peer_message(w, p, "0");
  peer_message(w, p, "5");
  peer_message(w, p, "6");
  peer_message(w, p, "4x");
  expect_nothing(w, p);
  expect_events(w, "text x\n");
}

static void test_nothing_is_read_after_the_session_has_closed(struct world *w)
{
  static const uint8_t input[] = {0x81, 0x81, 0,    0, 0, 0, '1',
                                  0x81, 0x82, 0,    0, 0, 0, '4',
                                  'x',  0x89, 0x80, 0, 0, 0, 0};
  int p;

  (void)peer_websocket(w, &p);
  peer_send(w, p, input, sizeof input);
  expect_frame(w, p, 0x88, "", 0);
  expect_nothing(w, p);
  expect_events(w, "closed transport close, the client sent a close packet\n");
}

static void test_the_peers_close_frame_ends_the_closing(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  eio_say(w, sid, "4last");
  eio_close(w, sid, false);
  expect_message(w, p, "4last");
  expect_frame(w, p, 0x88, "", 0);
  expect_open(w, p);
  expect_events(w, "closed forced close, the host closed the connection\n");
  peer_frame(w, p, 0x88, "", 0);
  expect_nothing(w, p);
  expect_ended(w, p);
}

static void
test_a_peer_that_does_not_close_is_cut_after_a_grace(struct world *w)
{
  int p, sid = peer_websocket(w, &p);

  eio_close(w, sid, true);
  expect_frame(w, p, 0x88, "", 0);
  eio_sleep(w, 29999);
  expect_open(w, p);
  eio_sleep(w, 1);
  expect_ended(w, p);
  if (!eio_is_off(w))
    assert_null(w->peers[p].conn);
}

static void test_garbage_behind_the_request_is_a_frame_error(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: chat, superchat\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  expect_start(w, p,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
               "Sec-WebSocket-Protocol: chat\r\n\r\n");
  if (!eio_is_off(w))
    w->peers[p].at = w->peers[p].len - 4; /* behind the open packet */
  expect_frame(w, p, 0x88, "\x03\xea", 2);
  expect_events(w, "opened\n" FRAME_EVENT);
  expect_sessions(w, 0);
}

static void expect_handshake_refused(struct world *w, const char *method,
                                     const char *headers, const char *status,
                                     const char *more, const char *message)
{
  int p = peer_open(w);

  peer_text(w, p,
            "%s /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade\r\n%s\r\n",
            method, headers);
  expect_text(w, p,
              "HTTP/1.1 %s\r\nContent-Type: text/html\r\n%s"
              "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
              status, more, strlen(message), message);
  expect_ended(w, p);
  expect_sessions(w, 0);
}

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Upgrade: websocket\r\n"

static void test_bad_handshakes_are_refused_in_this_order(struct world *w)
{
  static const char bad[] = "400 Bad Request",
                    key[] = "Missing or invalid Sec-WebSocket-Key header",
                    version[] = "Missing or invalid Sec-WebSocket-Version "
                                "header",
                    protocol[] = "Invalid Sec-WebSocket-Protocol header";

  expect_handshake_refused(w, "GET", "Upgrade: websocket, h2c\r\n" KEY VERSION,
                           bad, "", "Invalid Upgrade header");
  expect_handshake_refused(w, "GET", UPGRADE, bad, "", key);
  expect_handshake_refused(
      w, "GET", UPGRADE "Sec-WebSocket-Key: short\r\n" VERSION, bad, "", key);
  expect_handshake_refused(w, "GET", UPGRADE KEY, bad,
                           "Sec-WebSocket-Version: 13, 8\r\n", version);
  expect_handshake_refused(w, "GET",
                           UPGRADE KEY "Sec-WebSocket-Version: 12\r\n", bad,
                           "Sec-WebSocket-Version: 13, 8\r\n", version);
  expect_handshake_refused(
      w, "GET", UPGRADE KEY VERSION "Sec-WebSocket-Protocol: a,,b\r\n", bad, "",
      protocol);
  expect_handshake_refused(
      w, "GET", UPGRADE KEY VERSION "Sec-WebSocket-Protocol: a, a\r\n", bad, "",
      protocol);
  expect_handshake_refused(w, "POST", UPGRADE KEY VERSION, bad, "",
                           "Bad handshake method");
}

static void test_an_upgrade_of_a_session_must_be_a_get(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w);

  peer_text(w, q,
            "POST /socket.io/?EIO=4&transport=websocket&sid=%s "
            "HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade\r\n" UPGRADE KEY VERSION "\r\n",
            w->sids[sid]);
  expect_text(w, q,
              "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/html\r\n"
              "Allow: GET\r\nContent-Length: 19\r\nConnection: close\r\n\r\n"
              "Invalid HTTP method");
  expect_sessions(w, 1);
}

static void test_other_upgrades_are_served_as_plain_requests(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 200 OK\r\n");
  w->peers[p].at = w->peers[p].len;
  expect_events(w, "opened\n");
}

static void test_no_websocket_behind_an_answer_that_is_owed(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  peer_get(w, p, sid);
  peer_upgrade(w, p, -1);
  expect_nothing(w, p);
  eio_say(w, sid, "4x");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\n4x"
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
              "Content-Length: 11\r\nConnection: close\r\n\r\nBad request");
  expect_ended(w, p);
  expect_sessions(w, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_messages_are_echoed),
      SCENARIO(test_messages_of_every_length_form_arrive),
      SCENARIO(test_a_client_without_binary_gets_base64),
      SCENARIO(test_fragments_make_one_message),
      SCENARIO_WITH(test_a_message_that_is_never_finished_is_given_up, slowly),
      SCENARIO_WITH(test_a_header_that_is_never_finished_is_given_up, slowly),
      SCENARIO_WITH(test_each_message_has_its_own_time, slowly),
      SCENARIO(test_websocket_pings_are_no_heartbeat),
      SCENARIO(test_a_close_frame_is_echoed),
      SCENARIO(test_leaving_without_a_close_frame_is_a_close),
      SCENARIO(test_a_write_error_is_an_error),
      SCENARIO(test_a_close_packet_closes),
      SCENARIO_WITH(test_breaches_are_answered_by_their_close_code, small),
      SCENARIO_WITH(test_a_message_may_be_as_long_as_max_payload, small),
      SCENARIO(test_bad_packets_are_parse_errors),
      SCENARIO(test_a_ping_of_the_client_is_an_error),
      SCENARIO(test_packets_that_mean_nothing_are_ignored),
      SCENARIO(test_nothing_is_read_after_the_session_has_closed),
      SCENARIO(test_the_peers_close_frame_ends_the_closing),
      SCENARIO(test_a_peer_that_does_not_close_is_cut_after_a_grace),
      SCENARIO(test_garbage_behind_the_request_is_a_frame_error),
      SCENARIO(test_bad_handshakes_are_refused_in_this_order),
      SCENARIO(test_an_upgrade_of_a_session_must_be_a_get),
      SCENARIO(test_other_upgrades_are_served_as_plain_requests),
      SCENARIO(test_no_websocket_behind_an_answer_that_is_owed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
