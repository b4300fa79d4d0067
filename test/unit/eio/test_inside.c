/* SPDX-License-Identifier: MIT */
/* lib/eio/inside.c: what the host's hooks do to requests under the path. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>

#define QUERY "/socket.io/?EIO=4&transport=polling"
#define POLL  "GET " QUERY " HTTP/1.1\r\nHost: h\r\n"

#define FORBIDDEN                                                              \
  "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"               \
  "Content-Length: 32\r\n\r\n{\"code\":4,\"message\":\"Forbidden\"}"

/* What a function must return, while there is memory. */
static void expect_result(const struct world *w, int got, int want)
{
  if (!eio_is_off(w))
    assert_int_equal(got, want);
}

/* What the hook of a test does, and what it has kept. */
static struct {
  int decision; /* of decide() */
  sio_request *kept;
  int asked;
} host;

enum { ACCEPT, REFUSE, KEEP, FORGET, CLOSE, ANSWER };

static void decide(sio_request *request, void *user)
{
  struct world *w = user;

  host.asked++;
  switch (host.decision) {
  case ACCEPT:
    expect_result(w, sio_handshake_accept(request, sio_s(NULL)), 0);
    expect_result(w, sio_handshake_accept(request, sio_s(NULL)), SIO_ERR_STATE);
    break;
  case REFUSE:
    expect_result(w, sio_handshake_refuse(request, 0, NULL), 0);
    expect_result(w, sio_handshake_refuse(request, 0, NULL), SIO_ERR_STATE);
    break;
  case KEEP:
    assert_null(host.kept);
    host.kept = sio_request_retain(request);
    break;
  case CLOSE:
    (void)sio_server_close(w->server, NULL, NULL);
    break;
  case ANSWER:
    assert_int_equal(sio_respond_text(request, 402, "text/plain", "pay"),
                     SIO_ERR_STATE);
    break;
  default:
    break;
  }
}

static void ask(struct world *w, int decision)
{
  host.decision = decision;
  host.kept = NULL;
  host.asked = 0;
  sio_server_on_handshake(w->server, decide, w);
}

/* The request that was kept, if nothing went wrong before; let go of. */
static void let_go(void)
{
  sio_request_release(host.kept);
  host.kept = NULL;
}

static void test_the_host_accepts_at_once(struct world *w)
{
  int p = peer_open(w), ws;

  ask(w, ACCEPT);
  (void)peer_handshake(w, p);
  (void)peer_websocket(w, &ws);
  if (!eio_is_off(w))
    assert_int_equal(host.asked, 2);
}

static void test_the_host_refuses_at_once(struct world *w)
{
  int p = peer_open(w), ws = peer_open(w);

  ask(w, REFUSE);
  peer_text(w, p, POLL "\r\n" POLL "\r\n");
  expect_text(w, p, FORBIDDEN FORBIDDEN);
  expect_open(w, p);
  peer_upgrade(w, ws, -1);
  expect_text(w, ws,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
              "Content-Length: 9\r\nConnection: close\r\n\r\nForbidden");
  expect_ended(w, ws);
  expect_sessions(w, 0);
  expect_cause(w, SIO_CAUSE_REFUSED, 3);
}

static void test_the_host_accepts_later(struct world *w)
{
  int p = peer_open(w);

  ask(w, KEEP);
  peer_text(w, p, POLL "\r\n");
  expect_nothing(w, p);
  expect_sessions(w, 0);
  eio_sleep(w, 1000);
  if (host.kept == NULL)
    return;
  assert_int_equal(sio_request_address(host.kept)[0], '1');
  assert_true(sio_str_is(sio_request_header(host.kept, "host"), "h"));
  expect_result(w, sio_handshake_accept(host.kept, sio_s("ident")), 0);
  eio_pump(w);
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 103\r\n\r\n"
              "0{\"sid\":\"ident\",\"upgrades\":[\"websocket\"],"
              "\"pingInterval\":25000,\"pingTimeout\":20000,"
              "\"maxPayload\":1000000}");
  expect_result(w, sio_handshake_accept(host.kept, sio_s(NULL)), SIO_ERR_STATE);
  let_go();
  peer_text(w, p, "GET " QUERY "&sid=ident HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_nothing(w, p);
  expect_open(w, p);
}

static void test_the_host_refuses_later_in_its_own_words(struct world *w)
{
  int p = peer_open(w);

  ask(w, KEEP);
  peer_text(w, p, POLL "\r\n");
  if (host.kept == NULL)
    return;
  expect_result(w, sio_handshake_refuse(host.kept, 399, ""), SIO_ERR_INVALID);
  expect_result(w, sio_handshake_refuse(host.kept, 600, ""), SIO_ERR_INVALID);
  expect_result(w, sio_handshake_refuse(host.kept, 0, "\xff"), SIO_ERR_INVALID);
  expect_result(w, sio_handshake_refuse(host.kept, 401, "say \"please\""), 0);
  eio_pump(w);
  expect_text(w, p,
              "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
              "Content-Length: 37\r\n\r\n"
              "{\"code\":4,\"message\":\"say \\\"please\\\"\"}");
  expect_open(w, p);
  let_go();
}

static void test_what_follows_a_websockets_handshake_waits(struct world *w)
{
  static const uint8_t hello[] = {0x81, 0x83, 0, 0, 0, 0, '4', 'h', 'i'};
  int p = peer_open(w);

  ask(w, KEEP);
  w->echo = true;
  peer_upgrade(w, p, -1);
  peer_send(w, p, hello, sizeof hello);
  expect_nothing(w, p);
  expect_open(w, p);
  if (host.kept == NULL)
    return;
  expect_result(w, sio_handshake_accept(host.kept, sio_s("me")), 0);
  let_go();
  eio_pump(w);
  expect_switch(w, p);
  expect_message(w, p,
                 "0{\"sid\":\"me\",\"upgrades\":[],\"pingInterval\":25000,"
                 "\"pingTimeout\":20000,\"maxPayload\":1000000}");
  expect_message(w, p, "4hi");
  expect_events(w, "opened\ntext hi\n");
}

static void small_heads(sio_server_options *options)
{
  options->max_header_bytes = 256;
}

static void test_what_waits_behind_a_handshake_is_bounded(struct world *w)
{
  char junk[200] = {0};
  int p = peer_open(w);

  ask(w, KEEP);
  peer_upgrade(w, p, -1);
  peer_send(w, p, junk, sizeof junk);
  expect_open(w, p);
  peer_send(w, p, junk, sizeof junk);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_PIPELINE, 1);
  if (host.kept != NULL)
    expect_result(w, sio_handshake_accept(host.kept, sio_s(NULL)),
                  SIO_ERR_DISCONNECTED);
  let_go();
}

static void test_a_client_may_leave_before_the_decision(struct world *w)
{
  int p = peer_open(w);

  ask(w, KEEP);
  peer_text(w, p, POLL "\r\n");
  peer_close(w, p, 0);
  if (host.kept == NULL)
    return;
  expect_result(w, sio_handshake_accept(host.kept, sio_s(NULL)),
                SIO_ERR_DISCONNECTED);
  expect_result(w, sio_handshake_refuse(host.kept, 0, NULL),
                SIO_ERR_DISCONNECTED);
  assert_null(sio_request_server(host.kept));
  let_go();
}

static void test_a_forgotten_handshake_is_refused(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);

  ask(w, FORGET);
  peer_text(w, p, POLL "\r\n");
  expect_text(w, p, FORBIDDEN);
  host.decision = KEEP;
  peer_text(w, q, POLL "\r\n");
  expect_nothing(w, q);
  let_go();
  eio_pump(w);
  expect_text(w, q, FORBIDDEN);
  expect_logged(w, "a handshake was released without a decision\n");
}

static void test_a_host_has_its_time_to_decide(struct world *w)
{
  int p = peer_open(w);

  ask(w, KEEP);
  peer_text(w, p, POLL "\r\n");
  eio_sleep(w, 29999);
  expect_nothing(w, p);
  eio_sleep(w, 1);
  expect_text(w, p,
              "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_HANDSHAKE_TIMEOUT, 1);
  if (host.kept != NULL)
    expect_result(w, sio_handshake_accept(host.kept, sio_s(NULL)),
                  SIO_ERR_STATE);
  let_go();
}

static void test_a_host_may_close_everything_instead(struct world *w)
{
  int p = peer_open(w);

  ask(w, CLOSE);
  peer_text(w, p, POLL "\r\n");
  expect_ended(w, p);
  expect_sessions(w, 0);
}

static void test_a_decision_is_no_answer_of_its_own(struct world *w)
{
  int p = peer_open(w);

  ask(w, ANSWER);
  peer_text(w, p, POLL "\r\n");
  expect_text(w, p, FORBIDDEN);
  expect_open(w, p);
}

static void test_open_sessions_are_not_asked_about(struct world *w)
{
  int p, ws;

  ask(w, ACCEPT);
  (void)peer_upgraded(w, &p, &ws);
  if (!eio_is_off(w))
    assert_int_equal(host.asked, 1);
}

static void test_ids_of_the_host_are_checked(struct world *w)
{
  char longest[SIO__SESSION_ID_MAX + 2];
  int p = peer_open(w), q = peer_open(w);

  ask(w, KEEP);
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  peer_text(w, p, POLL "\r\n");
  if (host.kept == NULL)
    return;
  expect_result(w, sio_handshake_accept(host.kept, sio_s("a\n")),
                SIO_ERR_INVALID);
  expect_result(w, sio_handshake_accept(host.kept, sio_s("a\x7f")),
                SIO_ERR_INVALID);
  expect_result(w, sio_handshake_accept(host.kept, sio_s("\xff")),
                SIO_ERR_INVALID);
  expect_result(w, sio_handshake_accept(host.kept, sio_s(longest)),
                SIO_ERR_INVALID);
  longest[SIO__SESSION_ID_MAX] = '\0';
  expect_result(w, sio_handshake_accept(host.kept, sio_s(longest)), 0);
  let_go();
  eio_pump(w);
  expect_start(w, p, "HTTP/1.1 200 OK\r\n");
  peer_look_away(w, p);
  peer_text(w, q, POLL "\r\n");
  if (host.kept == NULL)
    return;
  expect_result(w, sio_handshake_accept(host.kept, sio_s(longest)),
                SIO_ERR_INVALID);
  let_go();
  /* One byte more is another name, not the same one cut short. */
  peer_text(w, p, "GET " QUERY "&sid=%sx HTTP/1.1\r\nHost: h\r\n\r\n", longest);
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  peer_look_away(w, p);
  peer_look_away(w, q);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_the_host_accepts_at_once),
      SCENARIO(test_the_host_refuses_at_once),
      SCENARIO(test_the_host_accepts_later),
      SCENARIO(test_the_host_refuses_later_in_its_own_words),
      SCENARIO(test_what_follows_a_websockets_handshake_waits),
      SCENARIO_WITH(test_what_waits_behind_a_handshake_is_bounded, small_heads),
      SCENARIO(test_a_client_may_leave_before_the_decision),
      SCENARIO(test_a_forgotten_handshake_is_refused),
      SCENARIO(test_a_host_has_its_time_to_decide),
      SCENARIO(test_a_host_may_close_everything_instead),
      SCENARIO(test_a_decision_is_no_answer_of_its_own),
      SCENARIO(test_open_sessions_are_not_asked_about),
      SCENARIO(test_ids_of_the_host_are_checked),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
