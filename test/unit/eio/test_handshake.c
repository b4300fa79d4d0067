/* SPDX-License-Identifier: MIT */
/* lib/eio/handshake.c: what the host's hooks do to requests under the path. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>

#define QUERY "/socket.io/?EIO=4&transport=polling"
#define POLL  "GET " QUERY " HTTP/1.1\r\nHost: h\r\n"

#define FORBIDDEN                                                              \
  "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"               \
  "Content-Length: 32\r\n\r\n{\"code\":4,\"message\":\"Forbidden\"}"

#define BAD_REQUEST                                                            \
  "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"             \
  "Content-Length: 34\r\n\r\n{\"code\":3,\"message\":\"Bad request\"}"

/* What it has got does not matter. */
static void look_away(struct world *w, int p)
{
  w->peers[p].at = w->peers[p].len;
}

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
  look_away(w, p);
  peer_text(w, q, POLL "\r\n");
  if (host.kept == NULL)
    return;
  expect_result(w, sio_handshake_accept(host.kept, sio_s(longest)),
                SIO_ERR_INVALID);
  let_go();
  /* One byte more is another name, not the same one cut short. */
  peer_text(w, p, "GET " QUERY "&sid=%sx HTTP/1.1\r\nHost: h\r\n\r\n", longest);
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  look_away(w, p);
  look_away(w, q);
}

/* ---- Middlewares ---- */

static struct {
  int called;
  int second;
  int result;
  bool answers, closes;
} chain;

static int first_middleware(sio_request *request, sio_headers *headers,
                            void *user)
{
  struct world *w = user;

  chain.called++;
  assert_true(sio_request_path(request).len > 0);
  (void)sio_headers_set(headers, "X-Chain", sio_s("first"));
  if (chain.answers)
    (void)sio_respond_text(request, 503, "text/plain", "not now");
  if (chain.closes)
    (void)sio_server_close(w->server, NULL, NULL);
  return chain.result;
}

static int second_middleware(sio_request *request, sio_headers *headers,
                             void *user)
{
  (void)request;
  (void)user;
  chain.second++;
  (void)sio_headers_add(headers, "X-Chain", sio_s("second"));
  return 0;
}

/* False: out of memory. */
static bool use_chain(struct world *w)
{
  memset(&chain, 0, sizeof chain);
  return sio_server_use_http(w->server, first_middleware, w) == 0 &&
         sio_server_use_http(w->server, second_middleware, w) == 0;
}

static void test_middlewares_add_headers_to_every_answer(struct world *w)
{
  int p = peer_open(w), ws = peer_open(w);

  if (!use_chain(w))
    return;
  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=x HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "X-Chain: first\r\nX-Chain: second\r\nContent-Length: 40\r\n\r\n"
              "{\"code\":0,\"message\":\"Transport unknown\"}");
  peer_upgrade(w, ws, -1);
  expect_start(w, ws,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
               "X-Chain: first\r\nX-Chain: second\r\n\r\n");
  look_away(w, ws);
  if (!eio_is_off(w)) {
    assert_int_equal(chain.called, 2);
    assert_int_equal(chain.second, 2);
  }
}

static void test_a_middleware_may_answer_by_itself(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), ws = peer_open(w);

  if (!use_chain(w))
    return;
  chain.answers = true;
  peer_text(w, p, POLL "\r\n");
  expect_text(w, p,
              "HTTP/1.1 503 Service Unavailable\r\nX-Chain: first\r\n"
              "Content-Type: text/plain\r\nContent-Length: 7\r\n\r\nnot now");
  expect_open(w, p);
  /* What follows the head of a refused request is not read. */
  peer_text(w, q,
            "POST " QUERY " HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  expect_start(w, q, "HTTP/1.1 503 Service Unavailable\r\n");
  expect_ended(w, q);
  peer_upgrade(w, ws, -1);
  expect_start(w, ws, "HTTP/1.1 503 Service Unavailable\r\n");
  expect_sessions(w, 0);
  look_away(w, q);
  look_away(w, ws);
  if (!eio_is_off(w))
    assert_int_equal(chain.second, 0);
}

static void test_a_middleware_that_fails_is_a_bad_request(struct world *w)
{
  int p = peer_open(w);

  if (!use_chain(w))
    return;
  chain.result = SIO_ERR_STATE;
  peer_text(w, p, POLL "\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  look_away(w, p);
  expect_logged(w, "MIDDLEWARE_FAILURE");
  expect_sessions(w, 0);
  if (!eio_is_off(w))
    assert_int_equal(chain.second, 0);
}

static void test_a_middleware_may_close_everything(struct world *w)
{
  int p = peer_open(w);

  if (!use_chain(w))
    return;
  chain.closes = true;
  peer_text(w, p, POLL "\r\n");
  expect_ended(w, p);
  expect_sessions(w, 0);
}

static void
test_requests_outside_the_path_are_none_of_its_business(struct world *w)
{
  int p = peer_open(w);

  if (!use_chain(w))
    return;
  peer_text(w, p, "GET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 ");
  look_away(w, p);
  assert_int_equal(chain.called, 0);
}

/* ---- CORS and origins ---- */

static const char *const friends[] = {"https://friend.example"};
static sio_cors_options cors;

static void friends_only(sio_server_options *options)
{
  sio_cors_options_init(&cors);
  cors.origin.kind = SIO_ORIGIN_LIST;
  cors.origin.list = friends;
  cors.origin.n_list = 1;
  cors.credentials = 1;
  options->cors = &cors;
}

static int failing(sio_str origin, sio_origin_rule *rule, void *user)
{
  (void)origin;
  (void)rule;
  (void)user;
  return SIO_ERR_STATE;
}

static void failing_cors(sio_server_options *options)
{
  sio_cors_options_init(&cors);
  cors.decide = failing;
  options->cors = &cors;
}

static void guarded(sio_server_options *options)
{
  friends_only(options);
  options->check_origin = 1;
}

static void test_a_preflight_is_answered_at_once(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "OPTIONS " QUERY "&sid=x HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://friend.example\r\n"
            "Access-Control-Request-Headers: x-a\r\n\r\n");
  expect_start(w, p,
               "HTTP/1.1 204 No Content\r\n"
               "Access-Control-Allow-Origin: https://friend.example\r\n");
  look_away(w, p);
  expect_open(w, p);
}

static void test_cors_headers_are_on_refusals_and_on_101(struct world *w)
{
  int p = peer_open(w), ws = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?transport=x HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://friend.example\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Access-Control-Allow-Origin: https://friend.example\r\n"
              "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
              "Content-Length: 40\r\n\r\n"
              "{\"code\":0,\"message\":\"Transport unknown\"}");
  peer_upgrade(w, ws, -1);
  expect_start(w, ws,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
               "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
               "\r\n");
  look_away(w, ws);
}

static void
test_headers_of_one_request_are_not_those_of_the_next(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?transport=x HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://friend.example\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  look_away(w, p);
  peer_text(w, p,
            "GET /socket.io/?transport=x HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://foe.example\r\n\r\n");
  expect_start(w, p,
               "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
               "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
               "Content-Length: 40\r\n\r\n");
  look_away(w, p);
}

static void test_a_cors_callback_that_fails_is_a_bad_request(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, POLL "Origin: https://friend.example\r\n\r\n");
  expect_text(w, p, BAD_REQUEST);
  expect_logged(w, "MIDDLEWARE_FAILURE");
}

static void test_only_friends_come_in(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), ws = peer_open(w);

  peer_text(w, p, POLL "Origin: https://foe.example\x7e\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 403 Forbidden\r\n");
  expect_logged(w, "ORIGIN_NOT_ALLOWED https://foe.example~\n");
  peer_text(w, ws,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            "Origin: https://foe.example\r\nHost: h\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  expect_start(w, ws, "HTTP/1.1 400 Bad Request\r\n");
  look_away(w, ws);
  expect_ended(w, ws);
  expect_sessions(w, 0);
  peer_text(w, q, POLL "\r\n"); /* without an origin: no browser */
  peer_text(w, p,
            "GET " QUERY "&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://foe.example\r\n\r\n",
            w->sids[0]);
  look_away(w, p);
  expect_sessions(w, 1);
  expect_cause(w, SIO_CAUSE_REFUSED, 3);
  peer_text(w, q, POLL "Origin: https://friend.example\r\n\r\n");
  peer_text(w, q, POLL "Origin: http://h\r\n\r\n"); /* its own page */
  expect_sessions(w, 3);
  look_away(w, q);
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
      SCENARIO(test_middlewares_add_headers_to_every_answer),
      SCENARIO(test_a_middleware_may_answer_by_itself),
      SCENARIO(test_a_middleware_that_fails_is_a_bad_request),
      SCENARIO(test_a_middleware_may_close_everything),
      SCENARIO(test_requests_outside_the_path_are_none_of_its_business),
      SCENARIO_WITH(test_a_preflight_is_answered_at_once, friends_only),
      SCENARIO_WITH(test_cors_headers_are_on_refusals_and_on_101, friends_only),
      SCENARIO_WITH(test_headers_of_one_request_are_not_those_of_the_next,
                    friends_only),
      SCENARIO_WITH(test_a_cors_callback_that_fails_is_a_bad_request,
                    failing_cors),
      SCENARIO_WITH(test_only_friends_come_in, guarded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
