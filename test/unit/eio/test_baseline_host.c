/* SPDX-License-Identifier: MIT */
/* What a host refuses, forgets or does not finish leaves no memory behind:
 * handshakes, middlewares, requests outside the path, and Socket.IO on top. */
#include "baseline.h"

#include <sio.h>
#include <sio/handshake.h>
#include <sio/http.h>

#include <stdio.h>

enum decision { ACCEPT, REFUSE, LATER, FORGET };

/* What the host is to do next. */
static struct {
  enum decision decision;
  bool middleware_answers, middleware_fails, id_fails;
  sio_request *held; /* retained */
  int body_ends, last_body_error;
} host;

/* ---- The host ---- */

static void on_handshake(sio_request *request, void *user)
{
  (void)user;
  switch (host.decision) {
  case ACCEPT:
    assert_int_equal(sio_handshake_accept(request, sio_s("")), 0);
    break;
  case REFUSE:
    assert_int_equal(sio_handshake_refuse(request, 0, "no"), 0);
    break;
  case LATER:
    host.held = sio_request_retain(request);
    break;
  case FORGET:
    break;
  }
}

static int on_middleware(sio_request *request, sio_headers *headers, void *user)
{
  (void)user;
  assert_int_equal(sio_headers_set(headers, "X-Seen", sio_s("yes")), 0);
  if (host.middleware_answers)
    assert_int_equal(sio_respond_text(request, 418, "text/plain", "no"), 0);
  return host.middleware_fails ? -1 : 0;
}

static int on_session_id(const sio_request *request, char *out, size_t cap,
                         void *user)
{
  static unsigned next;

  (void)request;
  (void)user;
  return host.id_fails ? -1 : snprintf(out, cap, "id-%u", next++);
}

static void on_piece(sio_request *request, sio_span piece, void *user)
{
  (void)request;
  (void)user;
  assert_true(piece.len > 0);
}

static void on_body_end(sio_request *request, int error, void *user)
{
  (void)request;
  (void)user;
  host.body_ends++;
  host.last_body_error = error;
}

/* Streams what is put, keeps what is got for later, leaves the rest. */
static void on_head(sio_request *request, void *user)
{
  (void)user;
  if (strcmp(sio_request_method(request), "PUT") == 0)
    assert_int_equal(
        sio_request_stream_body(request, 1000, on_piece, on_body_end, NULL), 0);
  if (strcmp(sio_request_method(request), "GET") == 0) {
    assert_int_equal(sio_respond_begin(request, 200, NULL, 0, SIO_NEVER), 0);
    host.held = sio_request_retain(request);
  }
}

static void on_request(sio_request *request, void *user)
{
  (void)user;
  host.held = sio_request_retain(request);
}

static void let_go(void)
{
  sio_request_release(host.held);
  host.held = NULL;
}

/* ---- Handshakes ---- */

/* Every second one is for a websocket, with a frame right behind it. */
static void shake_hands(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  if (round % 2 == 0) {
    wire_text(&t->a,
              "GET %s?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n",
              sio_server_path(t->wire.server));
  } else {
    wire_ask_upgrade(&t->a, "", "permessage-deflate");
    wire_send_frame(&t->a, 0x81, "40", 2);
  }
}

static void leave(struct baseline *t, size_t round)
{
  wire_drop(&t->a, round % 3 != 0 ? SIO_ERR_IO : 0);
  wire_settle(&t->wire);
}

static void refused_now(struct baseline *t, size_t round)
{
  host.decision = REFUSE;
  shake_hands(t, round);
  wire_expect(&t->a, "HTTP/1.1 40");
  leave(t, round);
}

static void refused_later(struct baseline *t, size_t round)
{
  host.decision = LATER;
  shake_hands(t, round);
  wire_expect(&t->a, "");
  assert_int_equal(
      sio_handshake_refuse(host.held, 400 + (int)(round % 100), NULL), 0);
  wire_settle(&t->wire);
  wire_expect(&t->a, "HTTP/1.1 4");
  let_go();
  leave(t, round);
}

static void forgotten_now(struct baseline *t, size_t round)
{
  host.decision = FORGET;
  shake_hands(t, round);
  wire_expect(&t->a, "HTTP/1.1 40");
  leave(t, round);
}

static void forgotten_later(struct baseline *t, size_t round)
{
  host.decision = LATER;
  shake_hands(t, round);
  let_go();
  wire_settle(&t->wire);
  wire_expect(&t->a, "HTTP/1.1 40");
  leave(t, round);
}

static void gone_before_the_decision(struct baseline *t, size_t round)
{
  host.decision = LATER;
  shake_hands(t, round);
  leave(t, round);
  assert_int_equal(round % 4 < 2 ? sio_handshake_accept(host.held, sio_s(""))
                                 : sio_handshake_refuse(host.held, 0, NULL),
                   SIO_ERR_DISCONNECTED);
  let_go();
  assert_null(t->wire.session);
}

static void decided_too_late(struct baseline *t, size_t round)
{
  host.decision = LATER;
  shake_hands(t, round);
  wire_wait(&t->wire, 30001);
  wire_expect(&t->a, "HTTP/1.1 503 ");
  assert_int_not_equal(sio_handshake_accept(host.held, sio_s("")), 0);
  let_go();
}

static void accepted_later_and_gone(struct baseline *t, size_t round)
{
  host.decision = LATER;
  shake_hands(t, round);
  assert_int_equal(sio_handshake_accept(host.held, sio_s("")), 0);
  let_go();
  assert_non_null(t->wire.session);
  leave(t, round);
}

static void no_id(struct baseline *t, size_t round)
{
  host.decision = ACCEPT;
  host.id_fails = true;
  shake_hands(t, round);
  wire_expect(&t->a, "HTTP/1.1 400 ");
  host.id_fails = false;
}

static void answered_by_a_middleware(struct baseline *t, size_t round)
{
  host.middleware_answers = true;
  shake_hands(t, round);
  wire_expect(&t->a, "HTTP/1.1 418 ");
  host.middleware_answers = false;
  leave(t, round);
}

static void refused_by_a_middleware(struct baseline *t, size_t round)
{
  host.middleware_fails = true;
  shake_hands(t, round);
  wire_expect(&t->a, "HTTP/1.1 400 ");
  host.middleware_fails = false;
  leave(t, round);
}

static void foreign_origin(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a, "GET %s?EIO=4&transport=%s HTTP/1.1\r\n%s%s\r\n",
            sio_server_path(t->wire.server),
            round % 2 == 0 ? "polling" : "websocket",
            round % 2 == 0 ? "Host: h\r\n" : WIRE_UPGRADE,
            "Origin: https://evil.example\r\n");
  wire_expect(&t->a, "HTTP/1.1 40");
}

/* ---- Outside the path ---- */

static void streamed_body_aborted(struct baseline *t, size_t round)
{
  int ends = host.body_ends;

  wire_connect(&t->wire, &t->a);
  wire_text(&t->a,
            "PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
  wire_text(&t->a, "one piece%.*s", (int)(round % 7), "another");
  leave(t, round);
  assert_int_equal(host.body_ends, ends + 1);
  assert_int_equal(host.last_body_error, SIO_ERR_DISCONNECTED);
}

static void streamed_body_too_large(struct baseline *t, size_t round)
{
  int ends = host.body_ends;

  wire_connect(&t->wire, &t->a);
  wire_text(&t->a,
            "PUT /file HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n%s\r\nxy",
            round % 2 == 0 ? "3e9" : "7fffffff");
  for (int i = 0; i < 101; i++)
    wire_text(&t->a, "0123456789");
  leave(t, round);
  assert_int_equal(host.body_ends, ends + 1);
  assert_int_equal(host.last_body_error, SIO_ERR_LIMIT);
}

static void slow_streamed_body(struct baseline *t, size_t round)
{
  int ends = host.body_ends;

  wire_connect(&t->wire, &t->a);
  wire_text(&t->a,
            "PUT /file HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
  wire_wait(&t->wire, 300001);
  assert_int_equal(host.body_ends, ends + 1);
  assert_int_equal(host.last_body_error, SIO_ERR_TIMEOUT);
  (void)round;
}

static void response_stream_cut(struct baseline *t, size_t round)
{
  const sio_span piece = {(const uint8_t *)"piece", 5};

  wire_connect(&t->wire, &t->a);
  wire_text(&t->a, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  wire_expect(&t->a, "HTTP/1.1 200 OK\r\n");
  for (size_t i = 0; i < round % 4; i++)
    assert_int_equal(sio_respond_write(host.held, piece), 0);
  leave(t, round);
  assert_int_equal(sio_respond_write(host.held, piece), SIO_ERR_DISCONNECTED);
  (void)sio_respond_end(host.held); /* whatever it says */
  let_go();
}

static void never_answered(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a,
            "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  assert_non_null(host.held);
  if (round % 2 != 0)
    leave(t, round);
  let_go();
  if (round % 2 == 0) {
    wire_settle(&t->wire);
    wire_expect(&t->a, "HTTP/1.1 500 ");
  }
}

static void aborted_body(struct baseline *t, size_t round)
{
  wire_connect(&t->wire, &t->a);
  wire_text(&t->a,
            "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\nbo");
  leave(t, round);
  assert_null(host.held);
}

static const struct baseline_kind handshakes[] = {
    {"refused now", refused_now, SIO_CAUSE_REFUSED},
    {"refused later", refused_later, SIO_CAUSE_REFUSED},
    {"forgotten now", forgotten_now, SIO_CAUSE_REFUSED},
    {"forgotten later", forgotten_later, SIO_CAUSE_REFUSED},
    {"gone before the decision", gone_before_the_decision, SIO_CAUSE_NONE},
    {"decided too late", decided_too_late, SIO_CAUSE_HANDSHAKE_TIMEOUT},
    {"accepted later and gone", accepted_later_and_gone, SIO_CAUSE_NONE},
    {"no id", no_id, SIO_CAUSE_REFUSED},
    {"a middleware answers", answered_by_a_middleware, SIO_CAUSE_NONE},
    {"a middleware refuses", refused_by_a_middleware, SIO_CAUSE_REFUSED},
    {"foreign origin", foreign_origin, SIO_CAUSE_REFUSED},
    {"streamed body aborted", streamed_body_aborted, SIO_CAUSE_NONE},
    {"streamed body too large", streamed_body_too_large, SIO_CAUSE_NONE},
    {"slow streamed body", slow_streamed_body, SIO_CAUSE_BODY_TIMEOUT},
    {"response stream cut", response_stream_cut, SIO_CAUSE_NONE},
    {"never answered", never_answered, SIO_CAUSE_NONE},
    {"aborted body", aborted_body, SIO_CAUSE_NONE},
};

static struct baseline t;

static void begin(bool keep)
{
  static sio_deflate_options deflate;

  memset(&t, 0, sizeof t);
  memset(&host, 0, sizeof host);
  wire_init(&t.wire);
  sio_deflate_options_init(&deflate);
  t.wire.options.per_message_deflate = &deflate;
  t.wire.options.check_origin = 1;
  if (keep)
    t.wire.options.max_kept_bytes = 4194304;
}

static void hook(void)
{
  sio_server *server = t.wire.server;

  sio_server_on_handshake(server, on_handshake, NULL);
  sio_server_on_session_id(server, on_session_id, NULL);
  assert_int_equal(sio_server_use_http(server, on_middleware, NULL), 0);
  sio_server_on_http(server, on_request, NULL);
  sio_server_on_http_head(server, on_head, NULL);
}

static void test_hazard_a_host_that_refuses_leaves_nothing_behind(void **state)
{
  (void)state;
  begin(false);
  wire_start(&t.wire);
  hook();
  baseline_run(&t, handshakes, sizeof handshakes / sizeof *handshakes,
               "hooks of an engine");
  baseline_stop(&t);
}

static void test_hazard_nor_does_one_that_keeps_blocks(void **state)
{
  (void)state;
  begin(true);
  wire_start_socketio(&t.wire);
  hook();
  baseline_run(&t, handshakes, sizeof handshakes / sizeof *handshakes,
               "hooks of Socket.IO that keeps blocks");
  baseline_stop(&t);
}

/* ---- Socket.IO ---- */

static struct {
  bool lets_in;
  unsigned answers;
  sio_socket *socket; /* the last that has joined */
} nsp;

static void ask(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  if (nsp.lets_in)
    assert_int_equal(sio_next_ok(next), 0);
  else
    assert_int_equal(sio_next_refusef(next, "no", "{why: %d}", 1), 0);
}

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  nsp.socket = socket;
  assert_int_equal(sio_join(socket, sio_s("room")), 0);
}

static void count_answer(sio_socket *socket, int status, const sio_args *args,
                         void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  assert_true(status < 0);
  nsp.answers++;
}

static void say(struct wire_peer *peer, const char *packet)
{
  wire_send_frame(peer, 0x81, packet, strlen(packet));
}

static void enter(struct baseline *b, bool lets_in)
{
  nsp.lets_in = lets_in;
  wire_websocket(&b->wire, &b->a, NULL);
  say(&b->a, "40{\"token\":\"secret\"}");
}

static void refused_by_a_namespace(struct baseline *b, size_t round)
{
  enter(b, false);
  leave(b, round);
}

static void unknown_namespace(struct baseline *b, size_t round)
{
  wire_websocket(&b->wire, &b->a, NULL);
  say(&b->a, "40/nope,{\"token\":1}");
  leave(b, round);
}

static void never_joined(struct baseline *b, size_t round)
{
  (void)round;
  wire_websocket(&b->wire, &b->a, NULL);
  wire_wait(&b->wire, 25001);
  say(&b->a, "3");
  wire_wait(&b->wire, 20000);
  assert_null(b->wire.session);
}

static void bad_event(struct baseline *b, size_t round)
{
  static const char *const packets[] = {
      "42", "42[1]", "42[\"x\"", "451-[\"x\",{}]", "4", "49"};

  enter(b, true);
  say(&b->a, packets[round % 6]);
  leave(b, round);
}

static void withheld_attachments(struct baseline *b, size_t round)
{
  enter(b, true);
  say(&b->a, "452-[\"x\",{\"_placeholder\":true,\"num\":0},"
             "{\"_placeholder\":true,\"num\":1}]");
  wire_send_frame(&b->a, 0x82, "one of two", 10);
  if (round % 2 == 0)
    wire_wait(&b->wire, 30001);
  leave(b, round);
}

static void unanswered_questions(struct baseline *b, size_t round)
{
  unsigned before;

  enter(b, true);
  before = nsp.answers;
  for (int i = 0; i < 3; i++)
    assert_int_equal(
        sio_emitf(sio_with_ack(sio_only(nsp.socket), 100, count_answer, NULL),
                  "question", "%d", i),
        0);
  if (round % 2 == 0)
    wire_wait(&b->wire, 101);
  leave(b, round);
  assert_int_equal(nsp.answers, before + 3);
}

static const struct baseline_kind namespaces[] = {
    {"refused by a namespace", refused_by_a_namespace, SIO_CAUSE_NONE},
    {"unknown namespace", unknown_namespace, SIO_CAUSE_NONE},
    {"never joined", never_joined, SIO_CAUSE_CONNECT_TIMEOUT},
    {"bad event", bad_event, SIO_CAUSE_NONE},
    {"withheld attachments", withheld_attachments, SIO_CAUSE_NONE},
    {"unanswered questions", unanswered_questions, SIO_CAUSE_NONE},
};

static void check_namespaces(bool keep, const char *name)
{
  sio_ns *root;

  begin(keep);
  t.wire.options.check_origin = 0;
  wire_start_socketio(&t.wire);
  root = sio_of(t.wire.server, "/");
  assert_int_equal(sio_use(root, ask, NULL), 0);
  assert_int_equal(sio_on_connect(root, on_connect, NULL), 0);
  baseline_run(&t, namespaces, sizeof namespaces / sizeof *namespaces, name);
  baseline_stop(&t);
}

static void test_hazard_sockets_that_fail_leave_nothing_behind(void **state)
{
  (void)state;
  check_namespaces(false, "sockets");
  check_namespaces(true, "sockets, blocks are kept");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hazard_a_host_that_refuses_leaves_nothing_behind),
      cmocka_unit_test(test_hazard_nor_does_one_that_keeps_blocks),
      cmocka_unit_test(test_hazard_sockets_that_fail_leave_nothing_behind),
  };

  return cmocka_run_group_tests_name("eio/baseline_host", tests, NULL, NULL);
}
