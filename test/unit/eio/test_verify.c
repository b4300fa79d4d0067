/* SPDX-License-Identifier: MIT */
/* lib/eio/verify.c: which requests are accepted, and why others are not. */
#include "eio_world.h"

#include <stdio.h>

#include "eio/verify.h"

static const char *const messages[] = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version"};

/* A plain request that is refused with a code, on a connection of its own. */
static void refused(struct world *w, const char *method, const char *query,
                    const char *headers, int code)
{
  int p = peer_open(w);
  char body[100];

  snprintf(body, sizeof body, "{\"code\":%d,\"message\":\"%s\"}", code,
           messages[code]);
  peer_text(w, p, "%s /socket.io/?%s HTTP/1.1\r\nHost: h\r\n%s\r\n", method,
            query, headers);
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: %zu\r\n\r\n%s",
              strlen(body), body);
  expect_open(w, p);
  expect_sessions(w, 0);
  expect_events(w, "");
  peer_close(w, p, 0);
  w->n_peers--;
}

/* Likewise a request for a websocket. */
static void refused_upgrade(struct world *w, const char *query, int code)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?%s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            query);
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
              "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
              strlen(messages[code]), messages[code]);
  expect_ended(w, p);
  expect_events(w, "");
}

static void test_the_transport_is_checked_first(struct world *w)
{
  static const char *const queries[] = {"",
                                        "EIO=4",
                                        "EIO=4&transport=",
                                        "EIO=4&transport=__proto__",
                                        "EIO=4&transport=constructor",
                                        "EIO=4&transport=webtransport",
                                        "EIO=4&transport=POLLING",
                                        "EIO=4&transport=polling%00",
                                        "EIO=4&transport=polling&transport=x",
                                        "transport=pollingpollingpolling",
                                        "EIO=3&transport=x&sid=unknown"};

  for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
    refused(w, "GET", queries[i], "", 0);
  refused(w, "PUT", "EIO=3", "Origin: \xff\r\n", 0);
  refused_upgrade(w, "", 0);
  refused_upgrade(w, "EIO=4&transport=__proto__", 0);
}

static void test_parameters_are_decoded_and_the_last_one_wins(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?transport=x&EIO=3&%%74ransport=poll%%69ng"
            "&EIO=4&sid= HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_events(w, "opened\n");
  w->peers[p].at = w->peers[p].len;
}

static void test_an_unknown_session_comes_before_the_method(struct world *w)
{
  static const char *const sids[] = {"x",
                                     "__proto__",
                                     "constructor",
                                     "aaaaaaaaaaaaaaaaaaaa",
                                     "aaaaaaaaaaaaaaaaaaaaa",
                                     "%00%00%00%00",
                                     "%F0%9F%98%80"};
  char query[100];

  for (size_t i = 0; i < sizeof sids / sizeof sids[0]; i++) {
    snprintf(query, sizeof query, "EIO=4&transport=polling&sid=%s", sids[i]);
    refused(w, "GET", query, "", 1);
    refused(w, "PUT", query, "", 1);
    refused_upgrade(w, query, 1);
  }
  refused(w, "GET", "EIO=3&transport=websocket&sid=x", "", 1);
}

static void test_sids_are_not_shortened(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w);

  peer_text(
      w, q,
      "GET /socket.io/?transport=polling&sid=%sx HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /socket.io/?transport=polling&sid=%s%%00 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /socket.io/?transport=polling&sid=%.19s HTTP/1.1\r\nHost: h\r\n\r\n",
      w->sids[sid], w->sids[sid], w->sids[sid]);
  for (int i = 0; i < 3; i++)
    expect_start(w, q,
                 "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json"
                 "\r\nContent-Length: 41\r\n\r\n"
                 "{\"code\":1,\"message\":\"Session ID unknown\"}");
  expect_nothing(w, q);
}

static void test_only_get_opens_a_session(struct world *w)
{
  refused(w, "POST", "EIO=4&transport=polling", "", 2);
  refused(w, "PUT", "EIO=4&transport=polling", "", 2);
  refused(w, "OPTIONS", "EIO=4&transport=polling", "", 2);
  refused(w, "DELETE", "transport=websocket", "", 2);
  refused(w, "POST", "EIO=4&transport=polling", "Content-Length: 0\r\n", 2);
}

static void test_head_is_refused_without_a_body(struct world *w)
{
  int p = peer_open(w);

  peer_text(
      w, p,
      "HEAD /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 43\r\n\r\n");
}

static void test_a_refused_body_is_not_read(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 5\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 43\r\nConnection: close\r\n\r\n"
              "{\"code\":2,\"message\":\"Bad handshake method\"}");
  expect_ended(w, p);
}

static void test_transport_and_upgrade_must_agree(struct world *w)
{
  refused(w, "GET", "EIO=4&transport=websocket", "", 3);
  refused(w, "GET", "transport=websocket", "", 3); /* before the version */
  refused_upgrade(w, "EIO=4&transport=polling", 3);
}

static void test_the_version_is_checked_last(struct world *w)
{
  static const char *const queries[] = {
      "transport=polling",          "EIO=3&transport=polling",
      "EIO=abc&transport=polling",  "EIO=&transport=polling",
      "EIO=44&transport=polling",   "EIO=4%00&transport=polling",
      "EIO=44444&transport=polling"};

  for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
    refused(w, "GET", queries[i], "", 5);
  refused_upgrade(w, "EIO=3&transport=websocket", 5);
  refused_upgrade(w, "transport=websocket", 5);
}

static void test_another_version_in_a_session_is_a_bad_request(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w);
  char query[100];

  peer_text(w, q,
            "GET /socket.io/?EIO=3&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\n\r\n",
            w->sids[sid]);
  expect_text(w, q,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 34\r\n\r\n"
              "{\"code\":3,\"message\":\"Bad request\"}");
  snprintf(query, sizeof query, "EIO=3&transport=websocket&sid=%s",
           w->sids[sid]);
  refused_upgrade(w, query, 3);
  expect_sessions(w, 1);
}

static void test_the_transport_of_a_session_must_match(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w), ws;
  int on_ws = peer_websocket(w, &ws);
  char query[100];

  peer_text(w, q,
            "GET /socket.io/?EIO=4&transport=websocket&sid=%s "
            "HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /socket.io/?EIO=4&transport=websocket&sid=%s "
            "HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: "
            "h\r\n\r\n",
            w->sids[sid], w->sids[on_ws], w->sids[on_ws]);
  for (int i = 0; i < 3; i++)
    expect_start(w, q,
                 "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json"
                 "\r\nContent-Length: 34\r\n\r\n"
                 "{\"code\":3,\"message\":\"Bad request\"}");
  expect_nothing(w, q);
  snprintf(query, sizeof query, "EIO=4&transport=polling&sid=%s", w->sids[sid]);
  refused_upgrade(w, query, 3);
  eio_say(w, sid, "4x"); /* the session goes on */
  peer_get(w, p, sid);
  expect_poll(w, p, "4x");
}

static void test_origins_may_have_any_printable_byte(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "Origin: http://\xe4\t!~\r\n\r\n");
  expect_events(w, "opened\n");
  w->peers[p].at = w->peers[p].len;
}

/* The parser lets none pass; should it ever do, this is what happens. */
static void test_an_unclean_origin_comes_before_the_session(struct world *w)
{
  static const char text[] = "/x/?transport=polling&sid=unknownorigina\x7f";
  const uint16_t end = sizeof text - 1, target = end - 8;
  const struct sio__http_field origin = {target, 6, (uint16_t)(end - 2), 2};
  struct sio__http_head head;
  struct sio__verdict verdict;

  memset(&head, 0, sizeof head);
  head.text = text;
  head.text_len = end;
  head.target_len = target;
  head.path_len = 3;
  head.method = "GET";
  head.fields = &origin;
  head.n_fields = 1;
  sio__verify(&w->server->engine, &head, &verdict);
  assert_int_equal(verdict.kind, VERDICT_REFUSED);
  assert_int_equal(verdict.code, SIO_REFUSED_REQUEST);
  assert_string_equal(verdict.name, "INVALID_ORIGIN");
  assert_string_equal(verdict.context[0].key, "origin");
  assert_true(sio_str_is(verdict.context[0].value, "a\x7f"));
  head.n_fields = 0;
  sio__verify(&w->server->engine, &head, &verdict);
  assert_int_equal(verdict.code, SIO_REFUSED_SID);
}

static void test_refusals_are_counted_and_logged(struct world *w)
{
  refused(w, "GET", "transport=x", "", 0);
  refused(w, "GET", "EIO=4&transport=websocket", "", 3);
  expect_cause(w, SIO_CAUSE_REFUSED, 2);
  expect_logged(w, "request ended: the handshake was refused: "
                   "Transport unknown x\n");
  expect_logged(w, "request ended: the handshake was refused: "
                   "TRANSPORT_HANDSHAKE_ERROR\n");
}

static void polling_only(sio_server_options *options)
{
  options->transports = SIO_POLLING;
}

static void websocket_only(sio_server_options *options)
{
  options->transports = SIO_WEBSOCKET;
}

static void test_websocket_can_be_left_out(struct world *w)
{
  int p = peer_open(w);

  refused_upgrade(w, "EIO=4&transport=websocket", 0);
  (void)peer_handshake(w, p); /* offers no upgrades */
  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 200 OK\r\n"); /* as if it were a plain one */
  w->peers[p].at = w->peers[p].len;
  expect_sessions(w, 2);
}

static void test_polling_can_be_left_out(struct world *w)
{
  int ws;

  refused(w, "GET", "EIO=4&transport=polling", "", 0);
  (void)peer_websocket(w, &ws);
}

static void test_every_code_has_its_message(void **state)
{
  (void)state;
  for (int code = 0; code < 6; code++)
    assert_string_equal(sio__refusal_message((sio_refusal_code)code),
                        messages[code]);
}

static void test_ours_is_what_begins_with_the_path(void **state)
{
  static const struct {
    const char *target;
    size_t path_len;
    bool ours;
    bool without_slash;
  } cases[] = {
      {"/x/", 3, true, true},     {"/x/?a", 3, true, true},
      {"/x/y/z", 6, true, true},  {"/x?a=/x/", 2, false, true},
      {"/x", 2, false, true},     {"/X/", 3, false, false},
      {"?/x/", 0, false, false},  {"/xy", 3, false, false},
      {"/xy/z", 5, false, false},
  };
  struct sio__engine engine;

  (void)state;
  memset(&engine, 0, sizeof engine);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct sio__http_head head;

    memset(&head, 0, sizeof head);
    head.text = cases[i].target;
    head.text_len = head.target_len = (uint16_t)strlen(cases[i].target);
    head.path_len = (uint16_t)cases[i].path_len;
    engine.path = sio_s("/x/");
    assert_int_equal(sio__verify_is_ours(&engine, &head), cases[i].ours);
    engine.path = sio_s("/x");
    assert_int_equal(sio__verify_is_ours(&engine, &head),
                     cases[i].without_slash);
  }
}

static void with_eio3(sio_server_options *options)
{
  options->allow_eio3 = 1;
}

static void with_jsonp(sio_server_options *options)
{
  options->allow_eio3 = 1;
  options->allow_jsonp = 1;
}

static void test_whatever_is_not_4_is_protocol_3_if_allowed(struct world *w)
{
  static const char *const queries[] = {"transport=polling",
                                        "EIO=3&transport=polling",
                                        "EIO=5&transport=polling"};

  for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
    int p = peer_open(w);

    peer_text(w, p, "GET /socket.io/?%s HTTP/1.1\r\nHost: h\r\n\r\n",
              queries[i]);
    expect_events(w, "opened\n");
    if (!eio_is_off(w))
      assert_int_equal(w->sessions[i]->protocol, 3);
    w->peers[p].at = w->peers[p].len;
  }
}

static void test_jsonp_needs_its_own_switch(struct world *w)
{
  refused(w, "GET", "EIO=3&transport=polling&j=0", "", 3);
  expect_logged(w, "JSONP_DISABLED\n");
}

static void test_a_jsonp_index_is_digits(struct world *w)
{
  refused(w, "GET", "EIO=3&transport=polling&j=", "", 3);
  refused(w, "GET", "EIO=3&transport=polling&j=%3Cscript%3E", "", 3);
  expect_logged(w, "INVALID_JSONP_INDEX\n");
}

static void test_protocol_4_has_no_jsonp(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling&j=0 HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
  expect_start(w, p,
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8"
               "\r\ncache-control: no-store\r\nContent-Length: 118\r\n\r\n"
               "0{\"sid\":");
  w->peers[p].at = w->peers[p].len;
}

static void test_a_websocket_says_its_protocol_again(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);
  char query[100];

  snprintf(query, sizeof query, "transport=websocket&sid=%s", w->sids[sid]);
  refused_upgrade(w, query, 3);
  peer_text(w, p,
            "GET /socket.io/?transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\n\r\n",
            w->sids[sid]);
  expect_nothing(w, p); /* whoever polls need not */
  expect_open(w, p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_the_transport_is_checked_first),
      SCENARIO(test_parameters_are_decoded_and_the_last_one_wins),
      SCENARIO(test_an_unknown_session_comes_before_the_method),
      SCENARIO(test_sids_are_not_shortened),
      SCENARIO(test_only_get_opens_a_session),
      SCENARIO(test_head_is_refused_without_a_body),
      SCENARIO(test_a_refused_body_is_not_read),
      SCENARIO(test_transport_and_upgrade_must_agree),
      SCENARIO(test_the_version_is_checked_last),
      SCENARIO(test_another_version_in_a_session_is_a_bad_request),
      SCENARIO(test_the_transport_of_a_session_must_match),
      SCENARIO(test_origins_may_have_any_printable_byte),
      SCENARIO_ONCE(test_an_unclean_origin_comes_before_the_session, NULL),
      SCENARIO(test_refusals_are_counted_and_logged),
      SCENARIO_WITH(test_websocket_can_be_left_out, polling_only),
      SCENARIO_WITH(test_polling_can_be_left_out, websocket_only),
      SCENARIO_WITH(test_whatever_is_not_4_is_protocol_3_if_allowed, with_eio3),
      SCENARIO_WITH(test_jsonp_needs_its_own_switch, with_eio3),
      SCENARIO_WITH(test_a_jsonp_index_is_digits, with_jsonp),
      SCENARIO_WITH(test_protocol_4_has_no_jsonp, with_jsonp),
      SCENARIO(test_a_websocket_says_its_protocol_again),
      cmocka_unit_test(test_every_code_has_its_message),
      cmocka_unit_test(test_ours_is_what_begins_with_the_path),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
