/* SPDX-License-Identifier: MIT */
/* lib/eio/outside.c: requests for the host, and their bodies. */
#include "eio_world.h"

#include "eio/exchange.h"

enum { MAX_KEPT = 4 };

/* What the host does is in the query: see choose() and on_http(). */
struct host {
  struct world *w;
  sio_request *kept[MAX_KEPT];
  int n_kept;
  char body[256]; /* what has arrived in pieces; each end is " E<error>." */
  size_t len;
  int heads, wholes, ends;
  int rv;              /* of the last sio_request_stream_body() */
  sio_request *stream; /* an answer that has begun in the handler of heads */
};

static bool asks(const sio_request *request, const char *what)
{
  char value[8];

  return sio_request_param(request, what, value, sizeof value) == 0;
}

static void keep(struct host *host, sio_request *request)
{
  if (host->n_kept < MAX_KEPT)
    host->kept[host->n_kept++] = sio_request_retain(request);
}

static void note(struct host *host, const void *data, size_t len)
{
  assert_true(host->len + len < sizeof host->body);
  memcpy(host->body + host->len, data, len);
  host->len += len;
  host->body[host->len] = '\0';
}

static void on_piece(sio_request *request, sio_span piece, void *user)
{
  struct host *host = user;

  assert_true(piece.len > 0);
  note(host, piece.data, piece.len);
  if (asks(request, "halfway") && host->len >= 3)
    (void)sio_respond_text(request, 200, "text/plain", "half");
  if (asks(request, "echo") && host->stream != NULL)
    (void)sio_respond_write(request, piece);
}

static void on_end(sio_request *request, int error, void *user)
{
  struct host *host = user;
  const char *name = error == 0                      ? " E0."
                     : error == SIO_ERR_LIMIT        ? " ELIMIT."
                     : error == SIO_ERR_TIMEOUT      ? " ETIMEOUT."
                     : error == SIO_ERR_DISCONNECTED ? " EDISCONNECTED."
                                                     : " E?";

  note(host, name, strlen(name));
  host->ends++;
  assert_int_equal(sio_request_body(request).len, 0);
  if (host->stream != NULL) {
    assert_int_equal(sio_respond_end(host->stream), 0);
    host->stream = NULL;
  } else if (asks(request, "own")) {
    (void)sio_respond_text(request, 507, "text/plain", "own");
  } else if (asks(request, "keep")) {
    keep(host, request);
  } else if (error == 0 && !asks(request, "forget")) {
    (void)sio_respond_text(request, 200, "text/plain", "got it");
  }
}

static void choose(sio_request *request, void *user)
{
  struct host *host = user;

  host->heads++;
  assert_int_equal(sio_request_body(request).len, 0);
  if (asks(request, "echo") &&
      sio_respond_begin(request, 200, NULL, 0, SIO_NEVER) == 0)
    host->stream = request;
  if (asks(request, "stream")) {
    host->rv = sio_request_stream_body(request, 10, on_piece, on_end, host);
    assert_int_equal(sio_request_stream_body(request, 10, NULL, on_end, host),
                     SIO_ERR_INVALID);
    assert_int_equal(sio_request_stream_body(request, 10, on_piece, NULL, host),
                     SIO_ERR_INVALID);
    if (host->rv == 0)
      assert_int_equal(
          sio_request_stream_body(request, 10, on_piece, on_end, host),
          SIO_ERR_STATE);
  }
  if (asks(request, "early"))
    (void)sio_respond_text(request, 403, "text/plain", "no");
  if (asks(request, "late"))
    keep(host, request);
}

static void on_http(sio_request *request, void *user)
{
  struct host *host = user;
  sio_span body = sio_request_body(request);

  host->wholes++;
  assert_int_equal(sio_request_stream_body(request, 1, on_piece, on_end, host),
                   SIO_ERR_STATE);
  if (asks(request, "keep"))
    keep(host, request);
  else if (!asks(request, "forget"))
    (void)sio_respond(request, 200, NULL, 0, body);
}

static void start_host(struct world *w, struct host *host)
{
  memset(host, 0, sizeof *host);
  host->w = w;
  sio_server_on_http(w->server, on_http, host);
  sio_server_on_http_head(w->server, choose, host);
}

static void end_host(struct host *host)
{
  for (int i = 0; i < host->n_kept; i++)
    sio_request_release(host->kept[i]);
  eio_pump(host->w);
}

/* The pieces and the end that have come. */
static void expect_body(struct host *host, const char *text)
{
  if (!eio_is_off(host->w))
    assert_string_equal(host->body, text);
  host->len = 0;
  host->body[0] = '\0';
}

static void answer(struct host *host, int i, int status, const char *text)
{
  if (host->kept[i] == NULL)
    return;
  (void)sio_respond_text(host->kept[i], status, "text/plain", text);
  eio_pump(host->w);
}

#define POST(target)                                                           \
  "POST " target " HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n"
#define ANSWER(status, length, rest)                                           \
  "HTTP/1.1 " status "\r\nContent-Type: text/plain\r\n"                        \
  "Content-Length: " length "\r\n" rest
#define LOST                                                                   \
  ANSWER("500 Internal Server Error", "21", "\r\nInternal Server Error")

/* ---- The handler of heads ---- */

static void test_heads_are_shown_before_bodies(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/a"));
  assert_true(host.heads == 1 || eio_is_off(w));
  assert_int_equal(host.wholes, 0);
  peer_text(w, p, "abcdef");
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
  assert_true(host.wholes == 1 || eio_is_off(w));
  sio_server_on_http_head(w->server, NULL, NULL);
  peer_text(w, p, POST("/b") "ghijkl");
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nghijkl");
  assert_true(host.heads == 1 || eio_is_off(w));
  end_host(&host);
}

static void test_a_head_without_a_body_can_be_answered_at_once(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "GET /?early HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /?early HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_text(w, p,
              ANSWER("403 Forbidden", "2", "\r\nno") ANSWER(
                  "403 Forbidden", "2",
                  "\r\nno") "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  expect_open(w, p);
  assert_true(host.wholes == 1 || eio_is_off(w));
  end_host(&host);
}

static void test_an_early_answer_does_not_wait_for_the_body(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
            "Content-Length: 6\r\n\r\n");
  expect_text(w, p,
              ANSWER("403 Forbidden", "2", "Connection: close\r\n\r\nno"));
  expect_ended(w, p);
  peer_text(w, q,
            "POST /?early HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  expect_text(w, q,
              ANSWER("403 Forbidden", "2", "Connection: close\r\n\r\nno"));
  expect_ended(w, q);
  assert_int_equal(host.wholes, 0);
  end_host(&host);
}

static void test_a_request_kept_early_still_gets_its_body(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?late"));
  if (host.n_kept == 1) { /* letting it go again is no answer yet */
    sio_request_release(host.kept[0]);
    host.kept[0] = NULL;
  }
  eio_pump(w);
  expect_nothing(w, p);
  peer_text(w, p, "abcdef");
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
  end_host(&host);
}

static void test_a_kept_request_may_be_answered_early(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?late") "abc");
  answer(&host, 0, 200, "enough");
  expect_text(w, p, ANSWER("200 OK", "6", "Connection: close\r\n\r\nenough"));
  expect_ended(w, p);
  assert_int_equal(host.wholes, 0);
  end_host(&host);
}

/* ---- Bodies in pieces ---- */

static void test_a_body_comes_in_pieces(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream") "abc");
  expect_body(&host, "abc");
  peer_text(w, p,
            "def"
            "POST /?stream HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
            "4\r\nghij\r\n6\r\nklmnop\r\n0\r\n\r\n"
            "GET /?stream HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_body(&host, "def E0.ghijklmnop E0. E0.");
  expect_text(w, p,
              ANSWER("200 OK", "6", "\r\ngot it")
                  ANSWER("200 OK", "6", "\r\ngot it")
                      ANSWER("200 OK", "6", "\r\ngot it"));
  expect_open(w, p);
  assert_true((host.wholes == 0 && host.ends == 3) || eio_is_off(w));
  end_host(&host);
}

static void test_a_streamed_body_is_asked_for(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?stream HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
            "Content-Length: 6\r\n\r\n");
  expect_text(w, p, "HTTP/1.1 100 Continue\r\n\r\n");
  peer_text(w, p, "abcdef");
  expect_text(w, p, ANSWER("200 OK", "6", "\r\ngot it"));
  expect_body(&host, "abcdef E0.");
  end_host(&host);
}

static void test_the_answer_to_a_stream_may_come_later(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream&keep") "abcdef");
  expect_nothing(w, p);
  answer(&host, 0, 200, "later");
  expect_text(w, p, ANSWER("200 OK", "5", "\r\nlater"));
  expect_open(w, p);
  end_host(&host);
}

static void test_a_stream_without_an_answer_gets_500(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream&forget") "abcdef");
  expect_text(w, p, LOST);
  expect_body(&host, "abcdef E0.");
  end_host(&host);
}

static void test_an_announced_body_beyond_the_limit_is_refused(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?stream HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
            "Content-Length: 11\r\n\r\n");
  expect_last_status(w, p, "413 Payload Too Large");
  expect_body(&host, " ELIMIT.");
  expect_cause(w, SIO_CAUSE_BODY_SIZE, 1);
  expect_logged(w, "limit 10, seen 11");
  peer_text(w, q,
            "POST /?stream&own HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 11\r\n\r\n");
  expect_text(
      w, q,
      ANSWER("507 Insufficient Storage", "3", "Connection: close\r\n\r\nown"));
  expect_ended(w, q);
  end_host(&host);
}

static void test_a_chunked_body_beyond_the_limit_is_refused(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?stream HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n");
  expect_nothing(w, p);
  peer_text(w, p, "1\r\n!\r\n0\r\n\r\n");
  expect_last_status(w, p, "413 Payload Too Large");
  expect_body(&host, "0123456789 ELIMIT.");
  expect_logged(w, "limit 10, seen 11");
  peer_text(w, q,
            "POST /?stream&own HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n1\r\n!");
  expect_text(
      w, q,
      ANSWER("507 Insufficient Storage", "3", "Connection: close\r\n\r\nown"));
  expect_ended(w, q);
  end_host(&host);
}

static void test_an_answer_ends_the_stream(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream&halfway") "abc");
  expect_text(w, p, ANSWER("200 OK", "4", "Connection: close\r\n\r\nhalf"));
  expect_ended(w, p);
  peer_text(w, p, "def"); /* nobody reads it */
  expect_body(&host, "abc EDISCONNECTED.");
  end_host(&host);
}

static void test_an_answer_in_the_handler_ends_the_stream(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream&early"));
  expect_text(w, p,
              ANSWER("403 Forbidden", "2", "Connection: close\r\n\r\nno"));
  expect_body(&host, " EDISCONNECTED.");
  end_host(&host);
}

static void test_the_answer_may_begin_before_the_body(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?echo&stream"));
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
              "Connection: close\r\n\r\n");
  peer_text(w, p, "a");
  expect_text(w, p, "1\r\na\r\n");
  peer_text(w, p, "b");
  expect_text(w, p, "1\r\nb\r\n");
  for (int i = 0; i < 4; i++)
    peer_text(w, p, "c");
  expect_text(w, p, "1\r\nc\r\n1\r\nc\r\n1\r\nc\r\n1\r\nc\r\n0\r\n\r\n");
  expect_ended(w, p);
  expect_body(&host, "abcccc E0.");
  end_host(&host);
}

static void test_the_peer_may_leave_in_the_middle_of_a_body(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream&keep") "abc");
  peer_close(w, p, 0);
  expect_body(&host, "abc EDISCONNECTED.");
  peer_text(w, q, POST("/?echo&stream"));
  peer_close(w, q, -1);
  expect_body(&host, " EDISCONNECTED.");
  assert_null(host.stream);
  w->peers[q].at = w->peers[q].len;
  end_host(&host);
}

static void test_a_body_has_its_time(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/?stream&keep") "abc");
  eio_sleep(w, 999);
  expect_nothing(w, p);
  eio_sleep(w, 1);
  expect_last_status(w, p, "408 Request Timeout");
  expect_body(&host, "abc ETIMEOUT.");
  expect_cause(w, SIO_CAUSE_BODY_TIMEOUT, 1);
  peer_text(w, q, POST("/?echo&stream") "abc");
  eio_sleep(w, 1000); /* what has begun cannot become a 408 */
  expect_body(&host, "abc ETIMEOUT.");
  expect_ended(w, q);
  w->peers[q].at = w->peers[q].len;
  end_host(&host);
}

static void hurry(sio_server_options *options)
{
  options->body_timeout_ms = 1000;
}

static void test_a_broken_body_ends_the_stream(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?stream HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nx\r\n");
  expect_last_status(w, p, "400 Bad Request");
  expect_body(&host, "a EDISCONNECTED.");
  end_host(&host);
}

static void test_a_collected_body_is_bounded(struct world *w)
{
  struct host host;
  int p = peer_open(w), q = peer_open(w), r = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, POST("/") "abcdef");
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
  peer_text(w, p, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n");
  expect_last_status(w, p, "413 Payload Too Large");
  peer_text(w, q,
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "7\r\nabcdefg");
  expect_last_status(w, q, "413 Payload Too Large");
  expect_logged(w, "limit 6, seen 7");
  /* Of an answer that has begun the rest is not collected at all. */
  peer_text(w, r,
            "POST /?echo HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n7\r\nabcdefg\r\n0\r\n\r\n");
  if (host.stream != NULL)
    assert_int_equal(sio_respond_end(host.stream), 0);
  eio_pump(w);
  expect_text(w, r,
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
              "Connection: close\r\n\r\n0\r\n\r\n");
  expect_ended(w, r);
  assert_true(host.wholes == 1 || eio_is_off(w));
  end_host(&host);
}

/* Whoever keeps it may look at it when what has arrived is long gone. */
static void test_a_body_that_was_refused_is_not_shown(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?late HTTP/1.1\r\nHost: h\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n7\r\ndefghij\r\n0\r\n\r\n");
  expect_last_status(w, p, "413 Payload Too Large");
  if (host.n_kept > 0 && w->piece == 0)
    assert_int_equal(sio_request_body(host.kept[0]).len, 0);
  end_host(&host);
}

static void small(sio_server_options *options)
{
  options->max_body = 6;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_heads_are_shown_before_bodies),
      SCENARIO(test_a_head_without_a_body_can_be_answered_at_once),
      SCENARIO(test_an_early_answer_does_not_wait_for_the_body),
      SCENARIO(test_a_request_kept_early_still_gets_its_body),
      SCENARIO(test_a_kept_request_may_be_answered_early),
      SCENARIO(test_a_body_comes_in_pieces),
      SCENARIO(test_a_streamed_body_is_asked_for),
      SCENARIO(test_the_answer_to_a_stream_may_come_later),
      SCENARIO(test_a_stream_without_an_answer_gets_500),
      SCENARIO(test_an_announced_body_beyond_the_limit_is_refused),
      SCENARIO(test_a_chunked_body_beyond_the_limit_is_refused),
      SCENARIO(test_an_answer_ends_the_stream),
      SCENARIO(test_an_answer_in_the_handler_ends_the_stream),
      SCENARIO(test_the_answer_may_begin_before_the_body),
      SCENARIO(test_the_peer_may_leave_in_the_middle_of_a_body),
      SCENARIO_WITH(test_a_body_has_its_time, hurry),
      SCENARIO(test_a_broken_body_ends_the_stream),
      SCENARIO_WITH(test_a_collected_body_is_bounded, small),
      SCENARIO_WITH(test_a_body_that_was_refused_is_not_shown, small),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
