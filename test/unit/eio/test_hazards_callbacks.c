/* SPDX-License-Identifier: MIT */
/*
 * A callback that closes or destroys what has called it.
 *
 * A life of a server goes by in which every callback of the engine is called
 * at least once.  It is lived again and again: each time the host does
 * something drastic in one of the calls, until every call has had its turn.
 */
#include "wire.h"

#include <sio/handshake.h>
#include <sio/http.h>

#include <stdio.h>
#include <stdlib.h>

enum action {
  NOTHING,
  CLOSE_SESSION,
  DISCARD_SESSION,
  DISCARD_ALL,
  DROP_A,
  DROP_B,
  DROP_BOTH,
  SEND_TO_ALL,
  FEED_BOTH,
  CLOSE_SERVER,
  CLOSE_AND_DROP,
  ACTIONS
};

/* What may call back. */
enum callback {
  ON_OPEN,
  ON_MESSAGE,
  ON_CLOSE,
  ON_UPGRADE,
  ON_DRAIN,
  ON_HEARTBEAT,
  ON_PACKET_IN,
  ON_PACKET_OUT,
  ON_SENT,
  ON_MIDDLEWARE,
  ON_HANDSHAKE,
  ON_SESSION_ID,
  ON_HEADERS,
  ON_REFUSED,
  ON_HTTP,
  ON_HTTP_HEAD,
  ON_BODY_PIECE,
  ON_BODY_END,
  ON_RESPONSE_DRAIN,
  ON_CLOSED,
  CALLBACKS
};

static struct life {
  struct wire wire;
  struct wire_peer a, b;
  char sid[32];
  size_t at, calls; /* act in the call with this number */
  enum action action;
  uint32_t dice;  /* not 0: act at random, again and again */
  unsigned depth; /* of actions */
  bool is_closing;
  size_t seen[CALLBACKS];
  sio_request *later; /* an undecided handshake */
  unsigned opened, closed, sent, sent_told, served_closed;
} l;

/* ---- Drastic actions ---- */

static bool discard(sio_session *session, void *user)
{
  (void)user;
  sio_session_close(session, true);
  return true;
}

static void count_sent(sio_session *session, int status, void *user);

static bool send_to(sio_session *session, void *user)
{
  static const sio_span text = {(const uint8_t *)"more", 4};

  (void)user;
  for (unsigned flags = 0; flags < 8; flags++)
    (void)sio_session_send(session, text, flags); /* it may be closed */
  if (sio_session_send_then(session, text, 0, count_sent, NULL) == 0)
    l.sent++;
  return true;
}

static void on_closed(sio_server *server, void *user);

static void close_server(void)
{
  bool before = l.is_closing;

  l.is_closing = true; /* until on_closed(), which may be called at once */
  if (sio_server_close(l.wire.server, on_closed, NULL) != 0)
    l.is_closing = before;
}

/* The one that is being fed refuses, the other takes it. */
static void feed(struct wire_peer *peer)
{
  uint8_t *bytes;
  int rv;

  if (peer->conn == NULL)
    return;
  bytes = test_exact("GET /x HTTP/1.1\r\nHost: h\r\n\r\n", 28);
  rv = sio_conn_feed(peer->conn, bytes, 28);
  assert_true(rv == 0 || rv == SIO_ERR_REENTRANT || rv == SIO_ERR_CLOSED);
  free(bytes);
}

static void act(void)
{
  switch (l.action) {
  case CLOSE_SESSION:
  case DISCARD_SESSION:
    if (l.wire.session != NULL)
      sio_session_close(l.wire.session, l.action == DISCARD_SESSION);
    break;
  case DISCARD_ALL:
    sio_server_each_session(l.wire.server, discard, NULL);
    break;
  case DROP_A:
    wire_drop(&l.a, 0);
    break;
  case DROP_B:
    wire_drop(&l.b, SIO_ERR_IO);
    break;
  case DROP_BOTH:
    wire_drop(&l.a, 0);
    wire_drop(&l.b, 0);
    break;
  case SEND_TO_ALL:
    sio_server_each_session(l.wire.server, send_to, NULL);
    break;
  case FEED_BOTH:
    feed(&l.a);
    feed(&l.b);
    break;
  case CLOSE_SERVER:
    close_server();
    break;
  case CLOSE_AND_DROP:
    close_server();
    wire_drop(&l.a, 0);
    wire_drop(&l.b, 0);
    break;
  case NOTHING:
  case ACTIONS:
    break;
  }
}

static void called(enum callback which)
{
  bool hit = l.calls++ == l.at;

  l.seen[which]++;
  if (l.dice != 0 && l.depth < 3 && (test_random(&l.dice) >> 8) % 12 == 0) {
    l.action = (enum action)(test_random(&l.dice) % ACTIONS);
    hit = true;
  }
  if (!hit)
    return;
  l.depth++;
  act();
  l.depth--;
}

/* ---- Callbacks ---- */

static void on_open(sio_session *session, void *user)
{
  (void)user;
  l.opened++;
  l.wire.session = session;
  called(ON_OPEN);
}

static void count_sent(sio_session *session, int status, void *user)
{
  (void)session;
  (void)user;
  assert_true(status == 0 || status == SIO_ERR_DISCONNECTED);
  l.sent_told++;
  called(ON_SENT);
}

static void on_message(sio_session *session, const sio_message *message,
                       void *user)
{
  (void)user;
  if (sio_session_send_then(session, message->data,
                            message->binary ? SIO_SEND_BINARY : 0, count_sent,
                            NULL) == 0)
    l.sent++;
  called(ON_MESSAGE);
}

static void on_close(sio_session *session, const sio_end *end, void *user)
{
  (void)user;
  assert_int_not_equal(end->cause, SIO_CAUSE_NONE);
  l.closed++;
  if (l.wire.session == session)
    l.wire.session = NULL;
  called(ON_CLOSE);
}

static void on_upgrade(sio_session *session, void *user)
{
  (void)session;
  (void)user;
  called(ON_UPGRADE);
}

static void on_drain(sio_session *session, void *user)
{
  (void)session;
  (void)user;
  called(ON_DRAIN);
}

static void on_heartbeat(sio_session *session, void *user)
{
  (void)session;
  (void)user;
  called(ON_HEARTBEAT);
}

static void on_packet_in(sio_session *session, sio_packet_type type,
                         const sio_message *message, void *user)
{
  (void)session;
  (void)type;
  (void)message;
  (void)user;
  called(ON_PACKET_IN);
}

static void on_packet_out(sio_session *session, sio_packet_type type,
                          const sio_message *message, void *user)
{
  (void)session;
  (void)type;
  (void)message;
  (void)user;
  called(ON_PACKET_OUT);
}

static int on_middleware(sio_request *request, sio_headers *headers, void *user)
{
  (void)request;
  (void)headers;
  (void)user;
  called(ON_MIDDLEWARE);
  return 0;
}

/* Those that ask for it are decided about later. */
static void on_handshake(sio_request *request, void *user)
{
  char later[8];

  (void)user;
  if (sio_request_param(request, "later", later, sizeof later) == 0)
    l.later = sio_request_retain(request);
  else
    (void)sio_handshake_accept(request, sio_s("")); /* it may have gone */
  called(ON_HANDSHAKE);
}

static int on_session_id(const sio_request *request, char *out, size_t cap,
                         void *user)
{
  int len = snprintf(out, cap, "id-%u", l.opened);

  (void)request;
  (void)user;
  called(ON_SESSION_ID);
  return len;
}

static void on_headers(sio_headers *headers, const sio_request *request,
                       bool initial, void *user)
{
  (void)headers;
  (void)request;
  (void)initial;
  (void)user;
  called(ON_HEADERS);
}

static void on_refused(const sio_refusal *refusal, const sio_request *request,
                       void *user)
{
  (void)refusal;
  (void)request;
  (void)user;
  called(ON_REFUSED);
}

static void on_http(sio_request *request, void *user)
{
  (void)user;
  (void)sio_request_retain(request);
  called(ON_HTTP);
  (void)sio_respond_text(request, 200, "text/plain", "x"); /* if it can */
  sio_request_release(request);
}

static void on_piece(sio_request *request, sio_span piece, void *user)
{
  (void)request;
  (void)piece;
  (void)user;
  called(ON_BODY_PIECE);
}

static void on_body_end(sio_request *request, int error, void *user)
{
  (void)error;
  (void)user;
  called(ON_BODY_END);
  (void)sio_respond_text(request, 200, "text/plain", "got it"); /* likewise */
}

static void on_response_drain(sio_request *request, void *user)
{
  static const sio_span piece = {(const uint8_t *)"last", 4};

  (void)user;
  (void)sio_respond_write(request, piece); /* likewise */
  called(ON_RESPONSE_DRAIN);
  assert_int_equal(sio_respond_end(request), 0);
}

static void on_http_head(sio_request *request, void *user)
{
  static const sio_span piece = {(const uint8_t *)"first", 5};

  (void)user;
  (void)sio_request_retain(request);
  called(ON_HTTP_HEAD);
  if (strcmp(sio_request_method(request), "PUT") == 0) {
    (void)sio_request_stream_body(request, 100, on_piece, on_body_end, NULL);
  } else if (sio_str_is(sio_request_path(request), "/pieces") &&
             sio_respond_begin(request, 200, NULL, 0, SIO_NEVER) == 0) {
    (void)sio_respond_write(request, piece); /* likewise */
    if (sio_respond_on_drain(request, on_response_drain, NULL) != 0)
      assert_int_equal(sio_respond_end(request), 0);
  }
  sio_request_release(request);
}

static void on_closed(sio_server *server, void *user)
{
  (void)server;
  (void)user;
  l.is_closing = false;
  l.served_closed++;
  called(ON_CLOSED);
}

/* ---- A life ---- */

static void begin(void)
{
  static sio_deflate_options deflate;
  sio_session_handlers handlers;
  sio_server *server;

  wire_init(&l.wire);
  sio_deflate_options_init(&deflate);
  deflate.threshold = 0;
  deflate.server_takeover = deflate.client_takeover = l.dice % 2;
  l.wire.options.per_message_deflate = &deflate;
  wire_start(&l.wire);
  server = l.wire.server;
  sio_session_handlers_init(&handlers);
  handlers.open = on_open;
  handlers.message = on_message;
  handlers.close = on_close;
  handlers.upgrade = on_upgrade;
  handlers.drain = on_drain;
  handlers.heartbeat = on_heartbeat;
  handlers.packet_in = on_packet_in;
  handlers.packet_out = on_packet_out;
  assert_int_equal(sio_server_on_sessions(server, &handlers, NULL), 0);
  assert_int_equal(sio_server_use_http(server, on_middleware, NULL), 0);
  sio_server_on_handshake(server, on_handshake, NULL);
  sio_server_on_session_id(server, on_session_id, NULL);
  sio_server_on_headers(server, on_headers, NULL);
  sio_server_on_refused(server, on_refused, NULL);
  sio_server_on_http(server, on_http, NULL);
  sio_server_on_http_head(server, on_http_head, NULL);
}

/* A connection, unless the server is closing. */
static void connect(struct wire_peer *peer)
{
  wire_drop(peer, 0);
  wire_settle(&l.wire);
  if (!l.is_closing)
    wire_connect(&l.wire, peer);
}

static void poll(const char *more)
{
  wire_text(&l.a,
            "GET /engine.io/?EIO=4&transport=polling%s%s%s HTTP/1.1\r\n"
            "Host: h\r\n\r\n",
            l.sid[0] != '\0' ? "&sid=" : "", l.sid, more);
}

static void post(const char *body)
{
  wire_text(&l.a,
            "POST /engine.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\nContent-Length: %zu\r\n\r\n%s",
            l.sid, strlen(body), body);
}

static void remember_id(void)
{
  l.sid[0] = '\0';
  if (l.wire.session != NULL)
    snprintf(l.sid, sizeof l.sid, "%s", sio_session_id(l.wire.session));
}

static void live_by_polling(void)
{
  char query[64];

  connect(&l.a);
  l.sid[0] = '\0';
  poll("");
  remember_id();
  post("4one\x1e"
       "bAQID\x1e"
       "4two");
  poll("");
  poll(""); /* waits */
  connect(&l.b);
  snprintf(query, sizeof query, "&sid=%s", l.sid);
  wire_ask_upgrade(&l.b, query, l.dice % 3 == 0 ? NULL : "permessage-deflate");
  wire_send_frame(&l.b, 0x81, "2probe", 6);
  wire_send_frame(&l.b, 0x81, "5", 1);
}

static void live_by_websocket(void)
{
  wire_send_frame(&l.b, 0x81, "4text", 5);
  wire_send_frame(&l.b, 0x82, "binary", 6);
  wire_wait(&l.wire, 25000);
  wire_send_frame(&l.b, 0x81, "3", 1);
  wire_send_frame(&l.b, 0x88, "", 0);
  wire_settle(&l.wire);
  connect(&l.b);
  wire_ask_upgrade(&l.b, "", "permessage-deflate"); /* one that falls silent */
  wire_send_frame(&l.b, 0x81, "4text", 5);
  wire_wait(&l.wire, 50000);
}

static void live_as_http(void)
{
  connect(&l.a);
  wire_text(&l.a, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
                  "PUT /y HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n12");
  wire_text(&l.a, "3456");
  wire_text(&l.a, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n");
  wire_text(&l.a, "GET /engine.io/?EIO=4&transport=none HTTP/1.1\r\n"
                  "Host: h\r\n\r\n");
  l.sid[0] = '\0';
  connect(&l.a);
  poll("&later=1");
  if (l.later != NULL) {
    (void)sio_handshake_accept(l.later, sio_s("chosen")); /* it may be gone */
    sio_request_release(l.later);
    l.later = NULL;
  }
  wire_settle(&l.wire);
}

/* One life, and the end of it: nothing may be left. */
static size_t live(enum action action, size_t at, uint32_t dice)
{
  struct wire_bytes a = l.a.got, b = l.b.got; /* their memory goes on */

  memset(&l, 0, sizeof l);
  l.a.got = a;
  l.b.got = b;
  l.action = action;
  l.at = at;
  l.dice = dice;
  begin();
  live_by_polling();
  live_by_websocket();
  live_as_http();
  if (!l.is_closing)
    close_server();
  wire_settle(&l.wire);
  wire_wait(&l.wire, 100000);
  wire_drop(&l.a, 0);
  wire_drop(&l.b, 0);
  wire_settle(&l.wire);
  assert_false(l.is_closing);
  assert_true(l.served_closed > 0);
  sio_server_free(l.wire.server);
  assert_int_equal(l.opened, l.closed);
  assert_int_equal(l.sent, l.sent_told);
  test_mem_check(&l.wire.mem);
  return l.calls;
}

static void test_hazard_a_callback_may_end_what_has_called_it(void **state)
{
  size_t calls = live(NOTHING, SIZE_MAX, 0), lives = 0;

  (void)state;
  for (int which = 0; which < CALLBACKS; which++)
    if (l.seen[which] == 0)
      fail_msg("callback %d is never called", which);
  for (enum action action = CLOSE_SESSION; action < ACTIONS; action++) {
    for (size_t at = 0; at < calls; at++) {
      (void)live(action, at, 0);
      lives++;
    }
  }
  print_message("%zu calls of %d callbacks, %d actions in each: %zu lives\n",
                calls, CALLBACKS, ACTIONS - 1, lives);
  wire_dispose(&l.a.got);
  wire_dispose(&l.b.got);
}

/* Several such calls in one life, and such calls inside of others. */
static void test_hazard_callbacks_may_do_anything_in_any_order(void **state)
{
  enum { LIVES = 3000 };
  size_t calls = 0;

  (void)state;
  for (uint32_t seed = 1; seed <= LIVES; seed++)
    calls += live(NOTHING, SIZE_MAX, seed);
  print_message("%d random lives with %zu calls\n", LIVES, calls);
  assert_true(calls > (size_t)10 * LIVES);
  wire_dispose(&l.a.got);
  wire_dispose(&l.b.got);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hazard_a_callback_may_end_what_has_called_it),
      cmocka_unit_test(test_hazard_callbacks_may_do_anything_in_any_order),
  };

  return cmocka_run_group_tests_name("eio/hazards_callbacks", tests, NULL,
                                     NULL);
}
