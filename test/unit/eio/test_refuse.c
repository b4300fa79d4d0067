/* SPDX-License-Identifier: MIT */
/* lib/eio/refuse.c: what is told about a refused request, and to whom. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>

/* What the host was told last, on one line. */
static struct {
  char text[512];
  int calls;
  bool closes;
} told;

static void on_refused(const sio_refusal *refusal, const sio_request *request,
                       void *user)
{
  struct world *w = user;
  int n =
      snprintf(told.text, sizeof told.text, "%s %d %s %s",
               sio_request_method(request), (int)refusal->code,
               refusal->message, refusal->name != NULL ? refusal->name : "-");

  told.calls++;
  for (size_t i = 0; i < refusal->n_context; i++)
    n += snprintf(told.text + n, sizeof told.text - (size_t)n, " %s=%.*s",
                  refusal->context[i].key,
                  SIO_STR_ARG(refusal->context[i].value));
  if (told.closes)
    (void)sio_server_close(w->server, NULL, NULL);
}

static void listen_to(struct world *w)
{
  memset(&told, 0, sizeof told);
  sio_server_on_refused(w->server, on_refused, w);
}

static void refused(struct world *w, const char *request, const char *want)
{
  int p = peer_open(w);

  told.text[0] = '\0';
  peer_text(w, p, "%s HTTP/1.1\r\nHost: h\r\n\r\n", request);
  if (!eio_is_off(w))
    assert_string_equal(told.text, want);
  peer_look_away(w, p);
  peer_close(w, p, 0);
  w->n_peers--;
}

static void test_every_refusal_says_what_it_was_about(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), ws, on_ws;
  char request[200];

  on_ws = peer_websocket(w, &ws);
  listen_to(w);
  refused(w, "GET /socket.io/?EIO=4", "GET 0 Transport unknown -");
  refused(w, "GET /socket.io/?EIO=4&transport=__proto__",
          "GET 0 Transport unknown - transport=__proto__");
  refused(w, "GET /socket.io/?EIO=4&transport=polling&sid=nobody",
          "GET 1 Session ID unknown - sid=nobody");
  refused(w, "PUT /socket.io/?EIO=4&transport=polling",
          "PUT 2 Bad handshake method - method=PUT");
  refused(w, "GET /socket.io/?EIO=4&transport=websocket",
          "GET 3 Bad request TRANSPORT_HANDSHAKE_ERROR");
  refused(w, "GET /socket.io/?EIO=3&transport=polling",
          "GET 5 Unsupported protocol version - protocol=3");
  snprintf(request, sizeof request,
           "GET /socket.io/?EIO=4&transport=websocket&sid=%s", w->sids[sid]);
  refused(w, request,
          "GET 3 Bad request TRANSPORT_MISMATCH transport=websocket "
          "previousTransport=polling");
  snprintf(request, sizeof request,
           "GET /socket.io/?EIO=4&transport=polling&sid=%s", w->sids[on_ws]);
  refused(w, request,
          "GET 3 Bad request TRANSPORT_MISMATCH transport=polling "
          "previousTransport=websocket");
  snprintf(request, sizeof request,
           "GET /socket.io/?EIO=3&transport=polling&sid=%s", w->sids[sid]);
  refused(w, request, "GET 3 Bad request PROTOCOL_MISMATCH protocol=3");
  if (!eio_is_off(w))
    assert_int_equal(told.calls, 9);
}

static void test_what_has_no_code_is_not_told(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  listen_to(w);
  peer_text(w, p,
            "PUT /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\n\r\n",
            w->sids[sid]);
  expect_start(w, p, "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, POST\r\n");
  peer_text(w, p, "nonsense\r\n\r\n");
  peer_look_away(w, p);
  if (!eio_is_off(w))
    assert_int_equal(told.calls, 0);
}

static void test_the_host_may_close_everything_when_told(struct world *w)
{
  int p = peer_open(w);

  listen_to(w);
  told.closes = true;
  peer_text(w, p, "GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_ended(w, p);
  peer_look_away(w, p);
}

static void
test_logs_show_no_session_ids_and_no_control_characters(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p,
            "GET /socket.io/?transport=polling&sid=secret HTTP/1.1\r\n"
            "Host: h\r\n\r\n"
            "GET /socket.io/?transport=a%%0Ab%%00c HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
  expect_logged(w, "Transport unknown a?b?c\n");
  expect_logged(w, "Session ID unknown\n");
  assert_null(strstr(w->log, "secret"));
  peer_look_away(w, p);
}

static void quietly(sio_server_options *options)
{
  options->log_level = SIO_LOG_WARN;
}

static int count_in_log(const struct world *w, const char *text)
{
  int n = 0;

  for (const char *at = w->log; (at = strstr(at, text)) != NULL; at++)
    n++;
  return n;
}

static void test_a_storm_of_unknown_ids_has_an_explanation(struct world *w)
{
  int p = peer_open(w);

  for (int minute = 0; minute < 2; minute++) {
    for (int i = 0; i < 50; i++) {
      peer_text(w, p,
                "GET /socket.io/?transport=polling&sid=x HTTP/1.1\r\n"
                "Host: h\r\n\r\n");
      peer_look_away(w, p);
      if (i == 18 && !eio_is_off(w))
        assert_int_equal(count_in_log(w, "sticky"), minute);
    }
    if (!eio_is_off(w))
      assert_int_equal(count_in_log(w, "sticky"), minute + 1);
    eio_sleep(w, 60000);
  }
}

static void test_long_texts_are_cut_in_the_log(struct world *w)
{
  char request[400];
  int p = peer_open(w), n;

  n = snprintf(request, sizeof request, "GET /socket.io/?transport=");
  memset(request + n, 'x', 300);
  snprintf(request + n + 300, sizeof request - (size_t)n - 300,
           " HTTP/1.1\r\nHost: h\r\n\r\n");
  peer_text(w, p, "%s", request);
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  expect_logged(w, "xxxxxxxx\n");
  peer_look_away(w, p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_every_refusal_says_what_it_was_about),
      SCENARIO(test_what_has_no_code_is_not_told),
      SCENARIO(test_the_host_may_close_everything_when_told),
      SCENARIO(test_logs_show_no_session_ids_and_no_control_characters),
      SCENARIO_WITH(test_a_storm_of_unknown_ids_has_an_explanation, quietly),
      SCENARIO(test_long_texts_are_cut_in_the_log),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
