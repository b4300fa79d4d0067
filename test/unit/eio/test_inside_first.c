/* SPDX-License-Identifier: MIT */
/* lib/eio/inside.c: middlewares, CORS and origins. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>

#define QUERY "/socket.io/?EIO=4&transport=polling"
#define POLL  "GET " QUERY " HTTP/1.1\r\nHost: h\r\n"

#define BAD_REQUEST                                                            \
  "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"             \
  "Content-Length: 34\r\n\r\n{\"code\":3,\"message\":\"Bad request\"}"

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
  peer_look_away(w, ws);
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
  expect_ended(w, ws);
  expect_sessions(w, 0);
  peer_look_away(w, q);
  peer_look_away(w, ws);
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
  peer_look_away(w, p);
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
  peer_look_away(w, p);
  assert_int_equal(chain.called, 0);
}

static int keep(sio_request *request, sio_headers *headers, void *user)
{
  sio_request **kept = user;

  (void)headers;
  sio_request_release(*kept);
  *kept = sio_request_retain(request);
  return 0;
}

static void test_a_request_that_is_kept_does_not_show_its_post(struct world *w)
{
  sio_request *kept = NULL;
  int p = peer_open(w), sid = peer_handshake(w, p);

  if (sio_server_use_http(w->server, keep, &kept) == 0) {
    peer_post(w, p, sid, "4hello"); /* what it lay in has gone */
    if (w->piece == 0 && kept != NULL)
      assert_int_equal(sio_request_body(kept).len, 0);
    peer_look_away(w, p);
  }
  sio_request_release(kept);
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
  peer_look_away(w, p);
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
  peer_look_away(w, ws);
}

static void
test_headers_of_one_request_are_not_those_of_the_next(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?transport=x HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://friend.example\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  peer_look_away(w, p);
  peer_text(w, p,
            "GET /socket.io/?transport=x HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://foe.example\r\n\r\n");
  expect_start(w, p,
               "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
               "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
               "Content-Length: 40\r\n\r\n");
  peer_look_away(w, p);
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
  peer_look_away(w, ws);
  expect_ended(w, ws);
  expect_sessions(w, 0);
  peer_text(w, q, POLL "\r\n"); /* without an origin: no browser */
  peer_text(w, p,
            "GET " QUERY "&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Origin: https://foe.example\r\n\r\n",
            w->sids[0]);
  peer_look_away(w, p);
  expect_sessions(w, 1);
  expect_cause(w, SIO_CAUSE_REFUSED, 3);
  peer_text(w, q, POLL "Origin: https://friend.example\r\n\r\n");
  peer_text(w, q, POLL "Origin: http://h\r\n\r\n"); /* its own page */
  expect_sessions(w, 3);
  peer_look_away(w, q);
}

static int times_asked;

static int friend_asked(sio_str origin, sio_origin_rule *rule, void *user)
{
  (void)user;
  times_asked++;
  rule->kind = sio_str_is(origin, "https://friend.example") ? SIO_ORIGIN_REFLECT
                                                            : SIO_ORIGIN_OFF;
  return 0;
}

static void asked_for_friends(sio_server_options *options)
{
  sio_cors_options_init(&cors);
  cors.decide = friend_asked;
  options->cors = &cors;
  options->check_origin = 1;
}

static void test_a_cors_callback_is_asked_once(struct world *w)
{
  int p = peer_open(w);

  times_asked = 0;
  peer_text(w, p, POLL "Origin: https://friend.example\r\n\r\n");
  expect_start(w, p,
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
               "Access-Control-Allow-Origin: https://friend.example\r\n");
  peer_look_away(w, p);
  expect_sessions(w, 1);
  assert_true(times_asked == 1 || eio_is_off(w));
  peer_text(w, p, POLL "Origin: https://foe.example\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 403 Forbidden\r\n");
  peer_look_away(w, p);
  assert_true(times_asked == 2 || eio_is_off(w));
}

static sio_request *asked;

static int keep_asked(sio_request *request, sio_headers *headers, void *user)
{
  (void)headers;
  (void)user;
  asked = sio_request_retain(request);
  return 0;
}

static int answer_asked(sio_str origin, sio_origin_rule *rule, void *user)
{
  (void)origin;
  (void)user;
  rule->kind = SIO_ORIGIN_ANY;
  if (asked == NULL)
    return 0;
  (void)sio_respond_text(asked, 200, "text/plain", "mine");
  sio_request_release(asked);
  asked = NULL;
  return -1; /* no matter: it has been answered */
}

static void asking_cors(sio_server_options *options)
{
  sio_cors_options_init(&cors);
  cors.decide = answer_asked;
  options->cors = &cors;
}

static void test_a_cors_callback_may_answer_by_itself(struct world *w)
{
  int p = peer_open(w);

  asked = NULL;
  if (sio_server_use_http(w->server, keep_asked, NULL) != 0)
    return;
  peer_text(w, p, POLL "\r\n");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
              "Content-Length: 4\r\n\r\nmine");
  expect_open(w, p);
  expect_sessions(w, 0);
  sio_request_release(asked);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_middlewares_add_headers_to_every_answer),
      SCENARIO(test_a_middleware_may_answer_by_itself),
      SCENARIO(test_a_middleware_that_fails_is_a_bad_request),
      SCENARIO(test_a_middleware_may_close_everything),
      SCENARIO(test_requests_outside_the_path_are_none_of_its_business),
      SCENARIO(test_a_request_that_is_kept_does_not_show_its_post),
      SCENARIO_WITH(test_a_preflight_is_answered_at_once, friends_only),
      SCENARIO_WITH(test_cors_headers_are_on_refusals_and_on_101, friends_only),
      SCENARIO_WITH(test_headers_of_one_request_are_not_those_of_the_next,
                    friends_only),
      SCENARIO_WITH(test_a_cors_callback_that_fails_is_a_bad_request,
                    failing_cors),
      SCENARIO_WITH(test_only_friends_come_in, guarded),
      SCENARIO_WITH(test_a_cors_callback_is_asked_once, asked_for_friends),
      SCENARIO_WITH(test_a_cors_callback_may_answer_by_itself, asking_cors),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
