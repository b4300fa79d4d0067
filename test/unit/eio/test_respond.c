/* SPDX-License-Identifier: MIT */
/* lib/eio/respond.c: what a host sees of a request, and the headers that it
 * writes. */
#include "eio_world.h"

#include "eio/exchange.h"
#include <sio/handshake.h>

enum { MAX_KEPT = 4 };

static const sio_span none = {NULL, 0};

/* Every request is kept. */
struct host {
  struct world *w;
  sio_request *kept[MAX_KEPT];
  int n_kept;
};

static void on_http(sio_request *request, void *user)
{
  struct host *host = user;

  if (host->n_kept < MAX_KEPT)
    host->kept[host->n_kept++] = sio_request_retain(request);
}

static void start_host(struct world *w, struct host *host)
{
  memset(host, 0, sizeof *host);
  host->w = w;
  sio_server_on_http(w->server, on_http, host);
}

static void end_host(struct host *host)
{
  for (int i = 0; i < host->n_kept; i++)
    sio_request_release(host->kept[i]);
}

/* Once memory was refused anything may come. */
static void expect_result(const struct host *host, int rv, int want)
{
  if (!eio_is_off(host->w))
    assert_int_equal(rv, want);
}

#define GET "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- Looking at it ---- */

static void test_a_request_shows_what_was_sent(struct world *w)
{
  struct host host;
  char value[4];
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "PUT /a%%20b?x=1+2&y=long&x=3%%264 HTTP/1.1\r\nHost: h\r\n"
            "X-Two: 1\r\nX-Two: 2\r\nContent-Length: 3\r\n\r\nabc" GET);
  if (host.n_kept == 2) {
    const sio_request *r = host.kept[0];

    assert_string_equal(sio_request_method(r), "PUT");
    assert_true(sio_str_is(sio_request_path(r), "/a%20b"));
    assert_true(sio_str_is(sio_request_query(r), "x=1+2&y=long&x=3%264"));
    assert_true(sio_str_is(sio_request_header(r, "x-two"), "1"));
    assert_null(sio_request_header(r, "x-three").data);
    assert_int_equal(sio_request_length(r), 3);
    assert_int_equal(sio_request_body(r).len, 3);
    assert_memory_equal(sio_request_body(r).data, "abc", 3);
    assert_string_equal(sio_request_address(r), "192.0.2.7");
    assert_false(sio_request_wants_upgrade(r));
    assert_int_equal(sio_request_param(r, "x", value, sizeof value), 0);
    assert_string_equal(value, "3&4");
    assert_int_equal(sio_request_param(r, "y", value, sizeof value),
                     SIO_ERR_LIMIT);
    assert_string_equal(value, "");
    assert_int_equal(sio_request_param(r, "y", NULL, 0), SIO_ERR_LIMIT);
    assert_int_equal(sio_request_param(r, "z", value, sizeof value),
                     SIO_ERR_NOT_FOUND);
    assert_true(sio_request_length(host.kept[1]) == SIO_NEVER);
  }
  end_host(&host);
  eio_pump(w);
  peer_close(w, p, 0);
  w->peers[p].at = w->peers[p].len; /* two times 500 */
}

/* ---- Headers that are being made ---- */

static void test_headers_can_be_checked_before(void **state)
{
  static const struct {
    sio_header header;
    int want;
  } cases[] = {
      {{"X-A", "text"}, 0},
      {{"X-A", ""}, 0},
      {{"X-A", "a\tb"}, 0},
      {{"X A", "text"}, SIO_ERR_INVALID},
      {{"", "text"}, SIO_ERR_INVALID},
      {{"X-A", "a\r\nX-B: b"}, SIO_ERR_INVALID},
      {{"Connection", "close"}, SIO_ERR_INVALID},
      {{NULL, "text"}, SIO_ERR_INVALID},
      {{"X-A", NULL}, SIO_ERR_INVALID},
  };

  (void)state;
  assert_int_equal(sio_headers_check(NULL, 0), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const sio_header two[] = {{"X-Fine", "fine"}, cases[i].header};

    assert_int_equal(sio_headers_check(two, 2), cases[i].want);
  }
}

static void test_headers_are_set_added_and_removed(void **state)
{
  static const char *const ours[] = {
      "Content-Length", "connection", "TRANSFER-ENCODING", "", "a b", NULL};
  struct test_mem mem;
  struct sio_headers headers;
  sio_str text = sio_s("text");

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__fields_init(&headers, &mem.allocator);
  assert_null(sio_headers_get(&headers, "x").data);
  assert_int_equal(sio_headers_add(&headers, "X-A", sio_s("1")), 0);
  assert_int_equal(sio_headers_add(&headers, "x-a", sio_s("2")), 0);
  assert_true(sio_str_is(sio_headers_get(&headers, "X-a"), "1"));
  assert_int_equal(sio_headers_set(&headers, "X-A", sio_s("3")), 0);
  assert_int_equal(sio_headers_add(&headers, "X-B", sio_s("")), 0);
  assert_int_equal(headers.lines.len, strlen("X-A: 3\r\nX-B: \r\n"));
  assert_int_equal(sio_headers_remove(&headers, "x-A"), 0);
  assert_null(sio_headers_get(&headers, "x-a").data);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
    assert_int_equal(sio_headers_set(&headers, ours[i], text), SIO_ERR_INVALID);
    assert_int_equal(sio_headers_add(&headers, ours[i], text), SIO_ERR_INVALID);
    assert_int_equal(sio_headers_remove(&headers, ours[i]), SIO_ERR_INVALID);
  }
  assert_int_equal(sio_headers_set(&headers, "a", sio_s("b\nc")),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_headers_add(&headers, "a", sio_s("b\rc")),
                   SIO_ERR_INVALID);
  assert_int_equal(headers.lines.len, strlen("X-B: \r\n"));
  sio__fields_dispose(&headers);
  test_mem_check(&mem);

  test_mem_init(&mem, 0);
  sio__fields_init(&headers, &mem.allocator);
  assert_int_equal(sio_headers_set(&headers, "a", text), SIO_ERR_NOMEM);
  sio__fields_dispose(&headers);
  test_mem_check(&mem);
}

/* ---- Under the path ---- */

/* Adds a field to every answer, and answers those with ?stop by itself. */
static int middleware(sio_request *request, sio_headers *headers, void *user)
{
  struct host *host = user;
  char value[8];

  if (sio_headers_set(headers, "X-Powered-By", sio_s("tests")) != 0)
    return SIO_ERR_NOMEM;
  assert_string_equal(sio_request_address(request), "192.0.2.7");
  if (sio_request_param(request, "keep", value, sizeof value) == 0)
    host->kept[host->n_kept++] = sio_request_retain(request);
  if (sio_request_param(request, "stop", value, sizeof value) == 0) {
    assert_int_equal(sio_respond_begin(request, 200, NULL, 0, 0),
                     SIO_ERR_STATE);
    expect_result(host, sio_respond_text(request, 401, "text/plain", "Who?"),
                  0);
  }
  return 0;
}

static void test_a_middleware_answers_by_itself(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  if (sio_server_use_http(w->server, middleware, &host) != 0)
    return;
  peer_text(w, p,
            "GET /socket.io/?stop=1 HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /socket.io/?stop=2 HTTP/1.1\r\nHost: h\r\n"
            "Content-Length: 3\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 401 Unauthorized\r\nX-Powered-By: tests\r\n"
              "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nWho?"
              "HTTP/1.1 401 Unauthorized\r\nX-Powered-By: tests\r\n"
              "Content-Type: text/plain\r\nContent-Length: 4\r\n"
              "Connection: close\r\n\r\nWho?");
  expect_ended(w, p); /* the body is not waited for */
  expect_events(w, "");
  end_host(&host);
}

static void test_a_request_of_the_engine_can_be_kept(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  if (sio_server_use_http(w->server, middleware, &host) != 0)
    return;
  peer_text(w, p, "GET /socket.io/?keep=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "X-Powered-By: tests\r\nContent-Length: 40\r\n\r\n"
              "{\"code\":0,\"message\":\"Transport unknown\"}");
  peer_text(w, p, "GET /socket.io/other HTTP/1.1\r\nHost: other\r\n\r\n");
  w->peers[p].at = w->peers[p].len;
  if (host.n_kept == 1 && !eio_is_off(w)) {
    assert_true(sio_str_is(sio_request_query(host.kept[0]), "keep=1"));
    assert_true(sio_str_is(sio_request_header(host.kept[0], "host"), "h"));
    assert_int_equal(sio_respond(host.kept[0], 200, NULL, 0, none),
                     SIO_ERR_STATE);
    peer_close(w, p, 0);
    assert_string_equal(sio_request_address(host.kept[0]), "");
  }
  end_host(&host);
}

static void test_the_host_does_not_answer_polls(struct world *w)
{
  struct host host;
  int p = peer_open(w), sid = peer_handshake(w, p);

  start_host(w, &host);
  if (sio_server_use_http(w->server, middleware, &host) != 0)
    return;
  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling&keep=1&sid=%s HTTP/1.1\r\n"
            "Host: h\r\n\r\n",
            w->sids[sid]);
  if (host.n_kept == 1) {
    expect_result(&host, sio_respond(host.kept[0], 200, NULL, 0, none),
                  SIO_ERR_STATE);
    assert_int_equal(sio_respond_begin(host.kept[0], 99, NULL, 0, 0),
                     SIO_ERR_INVALID);
    expect_result(&host, sio_respond_begin(host.kept[0], 200, NULL, 0, 0),
                  SIO_ERR_STATE);
  }
  expect_nothing(w, p);
  eio_say(w, sid, "4x");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n"
              "X-Powered-By: tests\r\ncache-control: no-store\r\n"
              "Content-Length: 2\r\n\r\n4x");
  w->events_len = 0;
  end_host(&host);
}

/* ---- A reader who does not read ---- */

/* Begin an answer to the first request, with one piece of it. */
static bool begin_long(struct world *w, const struct host *host)
{
  static const uint8_t piece[2000];
  const sio_span bytes = {piece, sizeof piece};
  bool ok = host->n_kept > 0 &&
            sio_respond_begin(host->kept[0], 200, NULL, 0, SIO_NEVER) == 0;

  if (ok)
    (void)sio_respond_write(host->kept[0], bytes); /* or memory was refused */
  eio_pump(w);
  return ok;
}

static void test_a_peer_that_reads_nothing_of_an_answer_is_idle(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  eio_sleep(w, 100000); /* it is the host who is slow */
  expect_open(w, p);
  peer_stall(w, p, true);
  if (begin_long(w, &host)) {
    for (int i = 0; i < 4; i++) {
      eio_sleep(w, 60000);
      expect_open(w, p);
      peer_text(w, p, GET); /* that is no sign of reading */
      peer_sip(w, p, 100);
    }
    eio_sleep(w, 160000);
    expect_cause(w, SIO_CAUSE_IDLE_TIMEOUT, 1);
    expect_ended(w, p);
    assert_int_equal(sio_respond_end(host.kept[0]), 0);
  }
  w->peers[p].at = w->peers[p].len;
  w->events_len = 0;
  end_host(&host);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_request_shows_what_was_sent),
      cmocka_unit_test(test_headers_can_be_checked_before),
      cmocka_unit_test(test_headers_are_set_added_and_removed),
      SCENARIO(test_a_middleware_answers_by_itself),
      SCENARIO(test_a_request_of_the_engine_can_be_kept),
      SCENARIO(test_the_host_does_not_answer_polls),
      SCENARIO(test_a_peer_that_reads_nothing_of_an_answer_is_idle),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
