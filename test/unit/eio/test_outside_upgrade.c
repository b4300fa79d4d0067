/* SPDX-License-Identifier: MIT */
/* lib/eio/outside.c: what nobody handles, and upgrades that somebody might. */
#include "eio_world.h"

#include "eio/exchange.h"

enum { MAX_KEPT = 4 };

struct host {
  struct world *w;
  sio_request *kept[MAX_KEPT];
  int n_kept;
  int ends; /* of streamed bodies */
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

static void on_piece(sio_request *request, sio_span piece, void *user)
{
  (void)request;
  (void)user;
  assert_true(piece.len > 0);
}

static void on_end(sio_request *request, int error, void *user)
{
  struct host *host = user;

  host->ends++;
  if (error == 0)
    keep(host, request);
}

static void on_head(sio_request *request, void *user)
{
  if (asks(request, "stream"))
    (void)sio_request_stream_body(request, 10, on_piece, on_end, user);
  if (asks(request, "early"))
    (void)sio_respond_text(request, 403, "text/plain", "no");
}

static void on_http(sio_request *request, void *user)
{
  sio_span body = sio_request_body(request);

  if (asks(request, "keep"))
    keep(user, request);
  else if (!asks(request, "forget"))
    (void)sio_respond(request, 200, NULL, 0, body);
}

static void start_host(struct world *w, struct host *host)
{
  memset(host, 0, sizeof *host);
  host->w = w;
  sio_server_on_http(w->server, on_http, host);
  sio_server_on_http_head(w->server, on_head, host);
}

static void end_host(struct host *host)
{
  for (int i = 0; i < host->n_kept; i++)
    sio_request_release(host->kept[i]);
  eio_pump(host->w);
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

#define UPGRADE(target)                                                        \
  "GET " target " HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n"              \
  "Upgrade: other\r\n\r\n"

static void test_without_a_handler_there_is_nothing(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, POST("/") "abcdef" UPGRADE("/") POST("/") "abcdef");
  expect_text(w, p,
              ANSWER("404 Not Found", "9", "\r\nNot Found")
                  ANSWER("404 Not Found", "9", "\r\nNot Found")
                      ANSWER("404 Not Found", "9", "\r\nNot Found"));
  expect_open(w, p);
}

static void test_an_upgrade_that_is_answered_is_a_request(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            UPGRADE("/") UPGRADE("/?early")
                UPGRADE("/?forget") "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" ANSWER(
                  "403 Forbidden", "2", "\r\nno") LOST
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
              "\r\n");
  expect_open(w, p);
  end_host(&host);
}

static void test_an_upgrade_that_is_kept_has_its_time(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, UPGRADE("/?keep") "\x01\x02 not HTTP at all");
  assert_true(host.n_kept == 1 || eio_is_off(w));
  if (host.n_kept == 1)
    assert_true(sio_request_wants_upgrade(host.kept[0]));
  eio_sleep(w, 999);
  peer_text(w, p, "GET / HTTP/1.1\r\n\r\n"); /* it does not matter */
  expect_nothing(w, p);
  expect_open(w, p);
  eio_sleep(w, 1);
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_UNHANDLED_UPGRADE, 1);
  if (host.n_kept == 1 && !eio_is_off(w))
    assert_int_equal(sio_respond_text(host.kept[0], 426, "a/b", ""),
                     SIO_ERR_DISCONNECTED);
  end_host(&host);
}

static void test_an_upgrade_that_is_kept_can_be_answered(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, UPGRADE("/?keep") "garbage");
  eio_sleep(w, 500);
  answer(&host, 0, 426, "no");
  expect_text(w, p,
              ANSWER("426 Upgrade Required", "2",
                     "Connection: close\r\n"
                     "\r\nno"));
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_UNHANDLED_UPGRADE, 0);
  end_host(&host);
}

static void patient(sio_server_options *options)
{
  options->unhandled_upgrade_timeout_ms = 0;
}

static void test_an_upgrade_may_be_given_all_the_time(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, UPGRADE("/?keep"));
  eio_sleep(w, 3600000);
  expect_open(w, p);
  answer(&host, 0, 426, "no");
  expect_start(w, p, "HTTP/1.1 426 Upgrade Required\r\n");
  w->peers[p].at = w->peers[p].len;
  end_host(&host);
}

static void test_an_upgrade_that_is_given_up_gets_500(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, UPGRADE("/?keep"));
  end_host(&host);
  expect_text(w, p,
              ANSWER("500 Internal Server Error", "21",
                     "Connection: close\r\n\r\nInternal Server Error"));
  expect_ended(w, p);
}

static void test_an_upgrade_with_a_streamed_body_waits_too(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p,
            "POST /?stream HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n"
            "Upgrade: other\r\nContent-Length: 3\r\n\r\nabcgarbage");
  assert_true(host.ends == 1 || eio_is_off(w));
  eio_sleep(w, 1000);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_UNHANDLED_UPGRADE, 1);
  end_host(&host);
}

static void test_an_upgrade_waits_for_earlier_answers(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, "GET /?keep HTTP/1.1\r\nHost: h\r\n\r\n" UPGRADE("/?keep"));
  answer(&host, 1, 426, "no");
  eio_sleep(w, 2000); /* what is answered is handled */
  expect_nothing(w, p);
  expect_open(w, p);
  answer(&host, 0, 200, "yes");
  expect_text(w, p,
              ANSWER("200 OK", "3", "\r\nyes") ANSWER(
                  "426 Upgrade Required", "2", "Connection: close\r\n\r\nno"));
  expect_ended(w, p);
  end_host(&host);
}

static void test_an_answer_in_pieces_handles_an_upgrade(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, UPGRADE("/?keep"));
  if (host.n_kept == 1 &&
      sio_respond_begin(host.kept[0], 426, NULL, 0, 2) == 0) {
    eio_pump(w);
    eio_sleep(w, 2000);
    expect_open(w, p);
    (void)sio_respond_write(host.kept[0], sio__text_span("no"));
    assert_int_equal(sio_respond_end(host.kept[0]), 0);
    eio_pump(w);
  }
  expect_text(w, p,
              "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n"
              "Connection: close\r\n\r\nno");
  expect_ended(w, p);
  end_host(&host);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_without_a_handler_there_is_nothing),
      SCENARIO(test_an_upgrade_that_is_answered_is_a_request),
      SCENARIO(test_an_upgrade_that_is_kept_has_its_time),
      SCENARIO(test_an_upgrade_that_is_kept_can_be_answered),
      SCENARIO_WITH(test_an_upgrade_may_be_given_all_the_time, patient),
      SCENARIO(test_an_upgrade_that_is_given_up_gets_500),
      SCENARIO(test_an_upgrade_with_a_streamed_body_waits_too),
      SCENARIO(test_an_upgrade_waits_for_earlier_answers),
      SCENARIO(test_an_answer_in_pieces_handles_an_upgrade),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
