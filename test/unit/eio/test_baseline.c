/* SPDX-License-Identifier: MIT */
/* What is refused, cut, or breaks the rules leaves no memory behind: polling,
 * websockets, upgrades, timeouts. */
#include "baseline.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFLATE "permessage-deflate"
#define HALF_WAY                                                               \
  "POST %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"

enum { MAX_PAYLOAD = 4096 };

static const char *path_of(const struct baseline *t)
{
  return sio_server_path(t->wire.server);
}

static const char *sid_of(const struct baseline *t)
{
  assert_non_null(t->wire.session);
  return sio_session_id(t->wire.session);
}

/* Reset it, or close it. */
static void leave(struct wire_peer *peer, size_t round)
{
  wire_drop(peer, round % 2 != 0 ? SIO_ERR_IO : 0);
  wire_settle(peer->wire);
}

/* ---- Refused ---- */

/* A request with this behind the path; the answer begins with 400. */
static void be_refused(struct baseline *t, size_t round, const char *method,
                       const char *query, const char *headers)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a, "%s %s?%s HTTP/1.1\r\n%s%s\r\n", method, path_of(t), query,
            round % 2 != 0 ? WIRE_UPGRADE : "Host: h\r\n", headers);
  wire_expect(&t->a, "HTTP/1.1 400 Bad Request\r\n");
  leave(&t->a, round / 2);
}

static void unknown_transport(struct baseline *t, size_t round)
{
  be_refused(t, round, "GET", "EIO=4&transport=nope", "");
}

static void unknown_session(struct baseline *t, size_t round)
{
  be_refused(t, round, "GET",
             round % 2 != 0 ? "EIO=4&transport=websocket&sid=nope"
                            : "EIO=4&transport=polling&sid=nope",
             "");
}

static void bad_method(struct baseline *t, size_t round)
{
  be_refused(t, round, "PUT",
             round % 2 != 0 ? "EIO=4&transport=websocket"
                            : "EIO=4&transport=polling",
             "Content-Length: 0\r\n");
}

static void bad_request(struct baseline *t, size_t round)
{
  be_refused(t, round, "GET",
             round % 2 != 0 ? "EIO=4&transport=polling"
                            : "EIO=4&transport=websocket",
             "");
}

static void bad_version(struct baseline *t, size_t round)
{
  be_refused(t, round, "GET",
             round % 2 != 0 ? "EIO=3&transport=websocket"
                            : "EIO=3&transport=polling",
             "");
}

static void bad_websocket_key(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a,
            "GET %s?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n",
            path_of(t));
  wire_expect(&t->a, "HTTP/1.1 400 Bad Request\r\n");
  leave(&t->a, round);
}

static void not_http(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a, "\x16\x03\x01%zu", round);
  wire_expect(&t->a, "HTTP/1.1 400 Bad Request\r\n");
  leave(&t->a, round);
}

/* ---- Gone in the middle ---- */

static void gone_in_the_head(struct baseline *t, size_t round)
{
  char text[600];
  int len = snprintf(text, sizeof text,
                     "%s %s?EIO=4&transport=%s HTTP/1.1\r\n" WIRE_UPGRADE
                     "Sec-WebSocket-Extensions: " DEFLATE "\r\n\r\n",
                     round % 2 != 0 ? "GET" : "POST", path_of(t),
                     round % 2 != 0 ? "websocket" : "polling");

  wire_connect(&t->wire, &t->a);
  wire_feed(&t->a, text, round % (size_t)len, WIRE_WHOLE);
  leave(&t->a, round);
}

static void slow_head(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a, "GET %s?EIO=4", path_of(t));
  wire_wait(&t->wire, 61000);
  (void)round;
}

static void aborted_poll(struct baseline *t, size_t round)
{
  wire_polling(&t->wire, &t->a);
  wire_text(&t->a,
            "GET %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n\r\n",
            path_of(t), sid_of(t));
  leave(&t->a, round);
  assert_null(t->wire.session);
}

static void aborted_post(struct baseline *t, size_t round)
{
  wire_polling(&t->wire, &t->a);
  wire_text(&t->a, HALF_WAY "%s", path_of(t), sid_of(t),
            round % 3 == 0 ? "Content-Length: 100\r\n\r\n4begun"
                           : "Transfer-Encoding: chunked\r\n\r\n40\r\n4begun");
  leave(&t->a, round);
  assert_null(t->wire.session);
}

static void oversize_post(struct baseline *t, size_t round)
{
  wire_polling(&t->wire, &t->a);
  wire_text(&t->a, HALF_WAY "%s", path_of(t), sid_of(t),
            round % 2 == 0 ? "Content-Length: 4097\r\n\r\n4"
                           : "Transfer-Encoding: chunked\r\n\r\n1001\r\n4");
  if (round % 2 != 0) { /* the sum of what arrives counts, not a promise */
    char *text = calloc(1, 4097);

    assert_non_null(text);
    memset(text, 'x', 4096);
    wire_feed(&t->a, text, 4096, WIRE_WHOLE);
    wire_text(&t->a, "\r\n1\r\nx");
    free(text);
  }
  wire_expect(&t->a, "HTTP/1.1 413 ");
  leave(&t->a, round);
}

static void overlapping_poll(struct baseline *t, size_t round)
{
  wire_polling(&t->wire, &t->a);
  for (int i = 0; i < 2; i++)
    wire_text(&t->a,
              "GET %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
              "Host: h\r\n\r\n",
              path_of(t), sid_of(t));
  assert_null(t->wire.session);
  leave(&t->a, round);
}

static void bad_payload(struct baseline *t, size_t round)
{
  static const char *const bodies[] = {"", "9", "40\x1e", "b!!", "4\xff", "2"};
  const char *body = bodies[round % 6];

  wire_polling(&t->wire, &t->a);
  wire_text(&t->a, HALF_WAY "Content-Length: %zu\r\n\r\n%s", path_of(t),
            sid_of(t), strlen(body), body);
  assert_null(t->wire.session);
  leave(&t->a, round);
}

static void unread_messages(struct baseline *t, size_t round)
{
  const sio_span text = {(const uint8_t *)"unread", 6};

  wire_polling(&t->wire, &t->a);
  for (int i = 0; i < 10; i++)
    assert_int_equal(sio_session_send(t->wire.session, text,
                                      i % 2 != 0 ? SIO_SEND_BINARY : 0),
                     0);
  leave(&t->a, round);
  wire_wait(&t->wire, 45001);
  assert_null(t->wire.session);
}

/* ---- Websockets ---- */

static void silent_polling(struct baseline *t, size_t round)
{
  wire_polling(&t->wire, &t->a);
  if (round % 2 != 0)
    wire_text(&t->a,
              "GET %s?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
              "Host: h\r\n\r\n",
              path_of(t), sid_of(t));
  wire_wait(&t->wire, 45001);
  assert_null(t->wire.session);
}

static void silent_websocket(struct baseline *t, size_t round)
{
  wire_websocket(&t->wire, &t->a, round % 2 != 0 ? DEFLATE : NULL);
  wire_wait(&t->wire, 45001);
  assert_null(t->wire.session);
  if (round % 3 == 0) /* nor does it answer the close frame */
    wire_wait(&t->wire, 30001);
}

static void oversize_message(struct baseline *t, size_t round)
{
  static const uint8_t large[] = {0x81, 0xfe, 0x10, 0x01, 1, 2, 3, 4, 5};
  static const uint8_t part[] = {0x01, 0x82, 0, 0, 0, 0, '4', 'x'};
  static const uint8_t rest[] = {0x80, 0xfe, 0x0f, 0xff, 1, 2, 3, 4, 5};

  wire_websocket(&t->wire, &t->a, round % 3 != 0 ? DEFLATE : NULL);
  if (round % 2 == 0) {
    wire_feed(&t->a, large, sizeof large, WIRE_WHOLE);
  } else {
    wire_feed(&t->a, part, sizeof part, WIRE_WHOLE);
    wire_feed(&t->a, rest, sizeof rest, WIRE_WHOLE);
  }
  assert_null(t->wire.session);
  leave(&t->a, round);
}

static void bad_frame(struct baseline *t, size_t round)
{
  static const uint8_t firsts[] = {0x83, 0xa1, 0x91, 0x80, 0x09, 0x8f};

  wire_websocket(&t->wire, &t->a, round % 7 != 0 ? DEFLATE : NULL);
  wire_send_frame(&t->a, 0x01, "4begun", 6);
  wire_send_frame(&t->a, firsts[round % 6] | 0x20, "bad", 3);
  assert_null(t->wire.session);
  leave(&t->a, round);
}

static void gone_in_a_frame(struct baseline *t, size_t round)
{
  struct wire_bytes frames = {NULL, 0, 0};

  wire_websocket(&t->wire, &t->a, NULL);
  wire_frame(&t->wire, &frames, 0x01, "4in", 3);
  wire_frame(&t->wire, &frames, 0x89, "ping", 4);
  wire_frame(&t->wire, &frames, 0x80, "parts", 5);
  wire_feed(&t->a, frames.data, round % frames.len, WIRE_RANDOM);
  wire_dispose(&frames);
  leave(&t->a, round);
  assert_null(t->wire.session);
}

/* "4Hello" as RFC 7692 has it, with a longer text behind. */
static const uint8_t squeezed[] = {0x32, 0xf1, 0x48, 0xcd,
                                   0xc9, 0xc9, 0x07, 0x00};

/* The connection has streams of its own by then; the second message is cut off
 * at every byte, also in its first fragment. */
static void gone_in_a_compressed_message(struct baseline *t, size_t round)
{
  struct wire_bytes frames = {NULL, 0, 0};
  unsigned before = t->wire.messages;
  static char text[300] = "4";

  wire_websocket(&t->wire, &t->a,
                 round % 3 != 0 ? DEFLATE
                                : DEFLATE "; client_no_context_takeover");
  wire_send_frame(&t->a, 0xc1, squeezed, sizeof squeezed);
  assert_int_equal(t->wire.messages, before + 1);
  memset(text + 1, 'x', sizeof text - 1);
  wire_send_frame(&t->a, 0x81, text, sizeof text); /* the echo is compressed */
  wire_frame(&t->wire, &frames, 0x41, squeezed, 4);
  wire_frame(&t->wire, &frames, 0x80, squeezed + 4, sizeof squeezed - 4);
  wire_feed(&t->a, frames.data, round % frames.len, WIRE_WHOLE);
  wire_dispose(&frames);
  leave(&t->a, round);
  assert_null(t->wire.session);
}

static void bad_compressed_message(struct baseline *t, size_t round)
{
  wire_websocket(&t->wire, &t->a,
                 round % 2 != 0 ? DEFLATE
                                : DEFLATE "; client_no_context_takeover");
  wire_send_frame(&t->a, 0xc1, squeezed, sizeof squeezed);
  wire_send_frame(&t->a, 0xc2, "\xff\xff\xff\xff", 4);
  assert_null(t->wire.session);
  leave(&t->a, round);
}

/* ---- Half-upgraded ---- */

/* A polling session on `a`, with a websocket on `b` that has probed. */
static void half_upgrade(struct baseline *t, size_t round, bool probe)
{
  char query[80];

  wire_polling(&t->wire, &t->a);
  snprintf(query, sizeof query, "&sid=%s", sid_of(t));
  wire_connect(&t->wire, &t->b);
  wire_ask_upgrade(&t->b, query, round % 2 != 0 ? DEFLATE : NULL);
  wire_expect(&t->b, "HTTP/1.1 101 ");
  if (probe) {
    wire_send_frame(&t->b, 0x81, "2probe", 6);
    t->b.at = t->b.got.len - 8;
    wire_expect(&t->b, "\x81\x06"
                       "3probe");
  }
}

static void gone_before_the_probe(struct baseline *t, size_t round)
{
  half_upgrade(t, round, false);
  leave(&t->b, round);
  assert_non_null(t->wire.session);
}

static void gone_after_the_probe(struct baseline *t, size_t round)
{
  half_upgrade(t, round, true);
  leave(&t->b, round);
  assert_non_null(t->wire.session);
}

static void upgrade_timeout(struct baseline *t, size_t round)
{
  half_upgrade(t, round, round % 3 != 0);
  wire_wait(&t->wire, 10001);
  assert_non_null(t->wire.session);
}

static void bad_packet_while_upgrading(struct baseline *t, size_t round)
{
  half_upgrade(t, round, round % 3 != 0);
  wire_send_frame(&t->b, 0x81, "4early", 6);
  assert_non_null(t->wire.session);
}

static void session_ends_while_upgrading(struct baseline *t, size_t round)
{
  half_upgrade(t, round, round % 3 != 0);
  sio_session_close(t->wire.session, true);
  wire_settle(&t->wire);
  assert_null(t->wire.session);
}

static void gone_after_the_upgrade(struct baseline *t, size_t round)
{
  half_upgrade(t, round, true);
  wire_send_frame(&t->b, 0x81, "5", 1);
  assert_string_equal(sio_session_transport(t->wire.session), "websocket");
  leave(&t->b, round);
  assert_null(t->wire.session);
}

/* ---- All of them ---- */

static const struct baseline_kind kinds[] = {
    {"unknown transport", unknown_transport, SIO_CAUSE_REFUSED},
    {"unknown session", unknown_session, SIO_CAUSE_REFUSED},
    {"bad method", bad_method, SIO_CAUSE_REFUSED},
    {"bad request", bad_request, SIO_CAUSE_REFUSED},
    {"bad version", bad_version, SIO_CAUSE_REFUSED},
    {"no websocket key", bad_websocket_key, SIO_CAUSE_NONE},
    {"not HTTP", not_http, SIO_CAUSE_HTTP},
    {"gone in the head", gone_in_the_head, SIO_CAUSE_NONE},
    {"slow head", slow_head, SIO_CAUSE_HEADER_TIMEOUT},
    {"aborted poll", aborted_poll, SIO_CAUSE_POLL_ABORTED},
    {"aborted post", aborted_post, SIO_CAUSE_POST_ABORTED},
    {"oversize post", oversize_post, SIO_CAUSE_NONE},
    {"overlapping poll", overlapping_poll, SIO_CAUSE_POLL_OVERLAP},
    {"bad payload", bad_payload, SIO_CAUSE_NONE},
    {"unread messages", unread_messages, SIO_CAUSE_PING_TIMEOUT},
    {"silent polling", silent_polling, SIO_CAUSE_PING_TIMEOUT},
    {"silent websocket", silent_websocket, SIO_CAUSE_PING_TIMEOUT},
    {"oversize message", oversize_message, SIO_CAUSE_MESSAGE_SIZE},
    {"bad frame", bad_frame, SIO_CAUSE_FRAME},
    {"gone in a frame", gone_in_a_frame, SIO_CAUSE_NONE},
    {"gone in a compressed message", gone_in_a_compressed_message,
     SIO_CAUSE_NONE},
    {"bad compressed message", bad_compressed_message, SIO_CAUSE_NONE},
    {"gone before the probe", gone_before_the_probe, SIO_CAUSE_NONE},
    {"gone after the probe", gone_after_the_probe, SIO_CAUSE_NONE},
    {"upgrade timeout", upgrade_timeout, SIO_CAUSE_UPGRADE_TIMEOUT},
    {"bad packet while upgrading", bad_packet_while_upgrading, SIO_CAUSE_NONE},
    {"session ends while upgrading", session_ends_while_upgrading,
     SIO_CAUSE_HOST},
    {"gone after the upgrade", gone_after_the_upgrade, SIO_CAUSE_NONE},
};

static void check_all(bool socketio, bool keep, const char *name)
{
  static struct baseline t;
  static sio_deflate_options deflate;

  memset(&t, 0, sizeof t);
  wire_init(&t.wire);
  sio_deflate_options_init(&deflate);
  deflate.server_takeover = deflate.client_takeover = 1;
  deflate.threshold = 200;
  t.wire.options.per_message_deflate = &deflate;
  t.wire.options.max_payload = MAX_PAYLOAD;
  if (keep)
    t.wire.options.max_kept_bytes = 4194304;
  if (socketio)
    wire_start_socketio(&t.wire);
  else
    wire_start(&t.wire);
  baseline_run(&t, kinds, sizeof kinds / sizeof *kinds, name);
  baseline_stop(&t);
}

static void test_hazard_failures_leave_nothing_behind(void **state)
{
  (void)state;
  check_all(false, false, "engine");
}

static void test_hazard_failures_leave_nothing_but_kept_blocks(void **state)
{
  (void)state;
  check_all(false, true, "engine that keeps blocks");
}

static void test_hazard_failures_leave_nothing_behind_on_socketio(void **state)
{
  (void)state;
  check_all(true, false, "Socket.IO");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hazard_failures_leave_nothing_behind),
      cmocka_unit_test(test_hazard_failures_leave_nothing_but_kept_blocks),
      cmocka_unit_test(test_hazard_failures_leave_nothing_behind_on_socketio),
  };

  return cmocka_run_group_tests_name("eio/baseline", tests, NULL, NULL);
}
