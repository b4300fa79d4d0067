/* SPDX-License-Identifier: MIT */
/* lib/eio/exchange.c: requests, their answers, and in which order. */
#include "eio_world.h"

#include "eio/exchange.h"
#include <sio/handshake.h>

enum { MAX_KEPT = 8 };

/* What the host does with requests: those for /now are answered, those for
 * /later are kept, those for /never are neither. */
struct host {
  sio_request *kept[MAX_KEPT];
  int n_kept;
  int rv; /* of the last answer */
};

static void on_http(sio_request *request, void *user)
{
  struct host *host = user;
  sio_str path = sio_request_path(request);

  if (sio_str_is(path, "/now"))
    host->rv = sio_respond_text(request, 200, "text/html", "<p>");
  else if (sio_str_is(path, "/later") && host->n_kept < MAX_KEPT)
    host->kept[host->n_kept++] = sio_request_retain(request);
}

static void start_host(struct world *w, struct host *host)
{
  memset(host, 0, sizeof *host);
  sio_server_on_http(w->server, on_http, host);
}

static void answer(struct world *w, struct host *host, int i, const char *text)
{
  if (host->kept[i] == NULL)
    return;
  host->rv = sio_respond_text(host->kept[i], 200, "text/plain", text);
  sio_request_release(host->kept[i]);
  host->kept[i] = NULL;
  eio_pump(w);
}

static void end_host(struct host *host)
{
  for (int i = 0; i < host->n_kept; i++)
    sio_request_release(host->kept[i]);
}

static void ask(struct world *w, int p, const char *path)
{
  peer_text(w, p, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
}

#define NOW                                                                    \
  "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"
#define LATER                                                                  \
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n" \
  "%s"
#define LOST                                                                   \
  "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\n"         \
  "Content-Length: 21\r\n\r\nInternal Server Error"

static void test_answers_leave_in_the_order_of_the_requests(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /now HTTP/1.1\r\nHost: "
            "h\r\n\r\n"
            "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: "
            "h\r\n\r\n");
  expect_nothing(w, p);
  answer(w, &host, 1, "second");
  expect_nothing(w, p);
  answer(w, &host, 0, "first");
  expect_text(w, p, LATER NOW LATER LOST, (size_t)5, "first", (size_t)6,
              "second");
  expect_open(w, p);
  expect_events(w, "request GET /later\nrequest GET /now\n"
                   "request GET /later\nrequest GET /x\n");
  end_host(&host);
}

static void test_a_request_that_is_given_up_gets_500(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/never");
  expect_text(w, p, LOST);
  expect_logged(w, "released without an answer");
  ask(w, p, "/later");
  expect_nothing(w, p);
  sio_request_release(host.kept[0]);
  host.kept[0] = NULL;
  eio_pump(w);
  expect_text(w, p, LOST);
  end_host(&host);
}

static void test_the_peer_may_leave_before_the_answer(struct world *w)
{
  struct host host;
  sio_span body = {NULL, 0};
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/later");
  peer_text(w, p,
            "POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  if (host.n_kept == 2)
    body = sio_request_body(host.kept[1]);
  peer_close(w, p, 0);
  if (host.n_kept == 2) {
    assert_int_equal(body.len, 4);
    assert_memory_equal(body.data, "body", 4);
  }
  if (host.kept[0] != NULL) {
    assert_string_equal(sio_request_method(host.kept[0]), "GET");
    assert_string_equal(sio_request_address(host.kept[0]), "192.0.2.7");
    assert_true(sio_str_is(sio_request_header(host.kept[0], "host"), "h"));
    assert_int_equal(sio_respond_text(host.kept[0], 200, "text/plain", "x"),
                     SIO_ERR_DISCONNECTED);
  }
  end_host(&host);
}

static void test_an_answer_is_given_once(struct world *w)
{
  static const sio_span none = {NULL, 0};
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /later "
            "HTTP/1.1\r\nHost: h\r\n\r\n");
  if (host.n_kept == 2) {
    int rv = sio_respond(host.kept[1], 204, NULL, 0, none);

    assert_true(rv == 0 || eio_is_off(w));
    rv = sio_respond(host.kept[1], 204, NULL, 0, none);
    assert_true(rv == SIO_ERR_STATE || eio_is_off(w));
    eio_pump(w);
    answer(w, &host, 0, "");
  }
  expect_text(w, p, LATER "HTTP/1.1 204 No Content\r\n\r\n", (size_t)0, "");
  end_host(&host);
}

static void test_headers_are_checked(struct world *w)
{
  static const sio_header bad[] = {{"Content-Length", "1"},
                                   {"connection", "close"},
                                   {"TRANSFER-ENCODING", "chunked"},
                                   {"a b", "c"},
                                   {"", "c"},
                                   {"a:", "c"},
                                   {"a", "b\r\nc: d"},
                                   {"a", "\x7f"},
                                   {NULL, "c"},
                                   {"a", NULL}};
  static const sio_header good[] = {{"Location", "/x"}, {"X-Tab", "a\tb"}};
  static const sio_span body = {(const uint8_t *)"abc", 3};
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/later");
  if (host.n_kept == 1) {
    int rv;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
      assert_int_equal(sio_respond(host.kept[0], 200, &bad[i], 1, body),
                       SIO_ERR_INVALID);
    assert_int_equal(sio_respond(host.kept[0], 199, NULL, 0, body),
                     SIO_ERR_INVALID);
    assert_int_equal(sio_respond(host.kept[0], 600, NULL, 0, body),
                     SIO_ERR_INVALID);
    rv = sio_respond(host.kept[0], 304, good, 2, body);
    assert_true(rv == 0 || eio_is_off(w));
    eio_pump(w);
  }
  expect_text(w, p,
              "HTTP/1.1 304 Not Modified\r\nLocation: /x\r\n"
              "X-Tab: a\tb\r\n\r\n");
  end_host(&host);
}

static void test_head_gets_no_body(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "HEAD /now HTTP/1.1\r\nHost: h\r\n\r\nHEAD /socket.io/ "
            "HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "Content-Length: 3\r\n\r\n"
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 40\r\n\r\n");
  end_host(&host);
}

static void test_an_old_client_is_told_what_happens_next(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w), r = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, "GET /now HTTP/1.0\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "Content-Length: 3\r\nConnection: close\r\n\r\n<p>");
  expect_ended(w, p);
  peer_text(w, q, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  expect_text(w, q,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "Content-Length: 3\r\nConnection: keep-alive\r\n\r\n<p>");
  expect_open(w, q);
  peer_text(w, r,
            "GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"); /* ignored */
  expect_text(w, r,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "Content-Length: 3\r\nConnection: close\r\n\r\n<p>");
  expect_ended(w, r);
  end_host(&host);
}

static void test_connection_close_does_not_close_the_session(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p), q = peer_open(w), r;

  peer_text(w, q,
            "GET /socket.io/?transport=polling&sid=%s HTTP/1.1\r\nHost: h\r\n"
            "Connection: close\r\n\r\n",
            w->sids[sid]);
  eio_say(w, sid, "4x");
  expect_text(w, q,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n"
              "Connection: close\r\n\r\n4x");
  expect_ended(w, q);
  r = peer_open(w);
  eio_say(w, sid, "4y");
  peer_get(w, r, sid);
  expect_poll(w, r, "4y");
  expect_events(w, "");
}

static void test_a_body_reaches_the_host_as_a_whole(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(
      w, p,
      "POST /later?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
      "POST /later HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nPOST /later HTTP/1.1\r\nHost: "
      "h\r\n\r\n");
  for (int i = 0; i < host.n_kept; i++) {
    sio_span body = sio_request_body(host.kept[i]);

    assert_int_equal(body.len, i < 2 ? 5 : 0);
    if (i < 2)
      assert_memory_equal(body.data, "hello", 5);
    assert_string_equal(sio_request_method(host.kept[i]), "POST");
    assert_true(
        sio_str_is(sio_request_query(host.kept[i]), i == 0 ? "a=b" : ""));
    assert_null(sio_request_header(host.kept[i], "x-none").data);
    if (!eio_is_off(w))
      assert_ptr_equal(sio_request_server(host.kept[i]), w->server);
  }
  for (int i = 0; i < host.n_kept; i++)
    answer(w, &host, i, "k");
  expect_text(w, p, LATER LATER LATER, (size_t)1, "k", (size_t)1, "k",
              (size_t)1, "k");
  end_host(&host);
}

static void test_a_kept_alive_connection_is_closed_when_idle(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/now");
  expect_text(w, p, NOW);
  eio_sleep(w, 64999);
  expect_open(w, p);
  ask(w, p, "/now");
  expect_text(w, p, NOW);
  eio_sleep(w, 64999);
  expect_open(w, p);
  eio_sleep(w, 1);
  expect_nothing(w, p);
  expect_ended(w, p);
  end_host(&host);
}

static void test_it_is_idle_from_the_last_answer_on(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/later");
  eio_sleep(w, 100000); /* an answer is owed: this may take its time */
  expect_open(w, p);
  answer(w, &host, 0, "at last");
  expect_text(w, p, LATER, (size_t)7, "at last");
  eio_sleep(w, 64999);
  expect_open(w, p);
  eio_sleep(w, 1);
  expect_ended(w, p);
  end_host(&host);
}

static void test_answers_that_nobody_reads_are_bounded(struct world *w)
{
  static char text[2000];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  peer_stall(w, p, true);
  ask(w, p, "/later");
  answer(w, &host, 0, text); /* a long one is no reason */
  expect_open(w, p);
  ask(w, p, "/now");
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
  end_host(&host);
}

static void narrow(sio_server_options *options)
{
  options->max_output_bytes = 1024;
}

/* ---- Fields ---- */

static void test_a_response_begins_once(struct world *w)
{
  static const sio_span body = {(const uint8_t *)"ab", 2};
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/later");
  if (host.n_kept == 1) {
    struct sio_request *r = host.kept[0];
    struct sio__outq *out;

    sio__engine_enter(r->engine);
    (void)sio__request_fields(r, "a/b");
    out = sio__request_begin(r, 200, 2);
    if (out != NULL)
      assert_null(sio__request_begin(r, 200, 2));
    assert_true(out == &r->conn->out || eio_is_off(w));
    sio__request_done(r,
                      out != NULL && sio__outq_append(out, body.data, 2) == 0);
    sio__request_done(r, false); /* it is over */
    assert_int_equal(sio__request_answer(r, 500, NULL, body), 0);
    sio__engine_leave(&w->server->engine);
    eio_pump(w);
  }
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n"
              "Content-Length: 2\r\n\r\nab");
  expect_open(w, p);
  end_host(&host);
}

static void test_a_field_that_is_missing_fails_the_response(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  ask(w, p, "/later");
  if (host.n_kept == 1) {
    struct sio_request *r = host.kept[0];

    /* As if a middleware had had no memory for it. */
    r->extra.lines.error = SIO_ERR_NOMEM;
    assert_int_equal(sio_respond_text(r, 200, "a/b", ""), SIO_ERR_NOMEM);
    eio_pump(w);
  }
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_NOMEM, 1);
  end_host(&host);
}

static int set_type(sio_request *request, sio_headers *headers, void *user)
{
  (void)request;
  (void)user;
  return sio_headers_set(headers, "content-type", sio_s("a/b"));
}

static void test_fields_of_middlewares_come_before_ours(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  if (sio_server_use_http(w->server, set_type, NULL) != 0)
    return;
  for (int i = 0; i < 3; i++)
    peer_text(w, p, "GET /socket.io/ HTTP/1.1\r\nHost: h\r\n\r\n");
  ask(w, p, "/now"); /* in the place of one of those */
  for (int i = 0; i < 3; i++)
    expect_start(w, p,
                 "HTTP/1.1 400 Bad Request\r\ncontent-type: a/b\r\n"
                 "Content-Length: 40\r\n\r\n"
                 "{\"code\":0,\"message\":\"Transport unknown\"}");
  expect_text(w, p, NOW);
  end_host(&host);
}

/* The first answer of the second session closes the first one. */
static void on_headers(sio_headers *headers, const sio_request *request,
                       bool initial, void *user)
{
  struct world *w = user;
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_HOST, NULL, 0,
                              0};

  assert_string_equal(sio_request_address(request), "192.0.2.7");
  if (!initial) {
    (void)sio_headers_add(headers, "X-Other", sio_s("1"));
    return;
  }
  (void)sio_headers_add(headers, "X-One", sio_s("1"));
  if (w->n_sids > 0 && w->sessions[0] != NULL)
    sio__session_close(w->sessions[0], &end, true);
  (void)sio_headers_add(headers, "X-Two", sio_s("1"));
}

static void test_a_hook_may_cause_other_responses(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), sid = peer_handshake(w, p);

  sio_server_on_headers(w->server, on_headers, w);
  peer_get(w, p, sid);
  peer_text(w, q,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
  expect_start(w, p,
               "HTTP/1.1 200 OK\r\n"
               "Content-Type: text/plain; charset=UTF-8\r\n"
               "cache-control: no-store\r\nX-Other: 1\r\nContent-Length: ");
  expect_start(w, q,
               "HTTP/1.1 200 OK\r\n"
               "Content-Type: text/plain; charset=UTF-8\r\n"
               "cache-control: no-store\r\nX-One: 1\r\nX-Two: 1\r\n"
               "Content-Length: ");
  w->peers[p].at = w->peers[p].len;
  w->peers[q].at = w->peers[q].len;
  expect_sessions(w, 1);
  w->events_len = 0;
}

static void test_a_slow_reader_of_a_whole_answer_has_its_time(struct world *w)
{
  static char text[5000];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  ask(w, p, "/later");
  peer_stall(w, p, true);
  answer(w, &host, 0, text);
  for (int i = 0; i < 4; i++) {
    eio_sleep(w, 60000);
    expect_open(w, p);
    peer_sip(w, p, 100);
  }
  eio_sleep(w, 160000);
  expect_cause(w, SIO_CAUSE_IDLE_TIMEOUT, 1);
  expect_ended(w, p);
  w->peers[p].at = w->peers[p].len;
  w->events_len = 0;
  end_host(&host);
}

static void test_answers_that_wait_for_another_are_bounded(struct world *w)
{
  static char text[700];
  struct host host;
  int p = peer_open(w);

  memset(text, 'x', sizeof text - 1);
  start_host(w, &host);
  for (int i = 0; i < 4; i++)
    ask(w, p, "/later");
  answer(w, &host, 1, text);
  answer(w, &host, 2, text);
  expect_open(w, p);
  answer(w, &host, 3, text);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
  w->events_len = 0;
  end_host(&host);
}

static void test_a_request_outlives_its_server(void **state)
{
  sio_server *server = sio_server_new(NULL);
  static char text[] = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n";
  struct host host;
  sio_conn *conn = NULL;

  (void)state;
  assert_non_null(server);
  memset(&host, 0, sizeof host);
  sio_server_on_http(server, on_http, &host);
  sio_server_expire(server, 1);
  assert_int_equal(sio_conn_open(server, NULL, NULL, &conn), 0);
  assert_int_equal(sio_conn_feed(conn, (uint8_t *)text, sizeof text - 1), 0);
  assert_int_equal(host.n_kept, 1);
  assert_string_equal(sio_request_address(host.kept[0]), "");
  sio_server_free(server);
  assert_null(sio_request_server(host.kept[0]));
  assert_int_equal(sio_respond_text(host.kept[0], 200, "a/b", ""),
                   SIO_ERR_DISCONNECTED);
  assert_true(sio_str_is(sio_request_path(host.kept[0]), "/later"));
  end_host(&host);
  sio_request_release(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_answers_leave_in_the_order_of_the_requests),
      SCENARIO(test_a_request_that_is_given_up_gets_500),
      SCENARIO(test_the_peer_may_leave_before_the_answer),
      SCENARIO(test_an_answer_is_given_once),
      SCENARIO(test_headers_are_checked),
      SCENARIO(test_head_gets_no_body),
      SCENARIO(test_an_old_client_is_told_what_happens_next),
      SCENARIO(test_connection_close_does_not_close_the_session),
      SCENARIO(test_a_body_reaches_the_host_as_a_whole),
      SCENARIO(test_a_kept_alive_connection_is_closed_when_idle),
      SCENARIO(test_it_is_idle_from_the_last_answer_on),
      SCENARIO_WITH(test_answers_that_nobody_reads_are_bounded, narrow),
      SCENARIO(test_a_response_begins_once),
      SCENARIO(test_a_field_that_is_missing_fails_the_response),
      SCENARIO(test_fields_of_middlewares_come_before_ours),
      SCENARIO(test_a_hook_may_cause_other_responses),
      SCENARIO(test_a_slow_reader_of_a_whole_answer_has_its_time),
      SCENARIO_WITH(test_answers_that_wait_for_another_are_bounded, narrow),
      cmocka_unit_test(test_a_request_outlives_its_server),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
