/* SPDX-License-Identifier: MIT */
/* lib/eio/respond.c: when a host that answers in pieces may go on. */
#include "respond_world.h"

static void test_drain_is_told_at_once_if_nothing_waits(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  begin(&host, 0, 200, SIO_NEVER);
  expect_text(w, p, CHUNKED);
  ask_drain(&host, on_drain);
  assert_true(host.drained == 1 || eio_is_off(w));
  expect_text(w, p, "4\r\nmore\r\n"); /* and not once more */
  ask_drain(&host, on_drain_end);
  expect_text(w, p, "0\r\n\r\n");
  assert_true(!host.streams[0] || eio_is_off(w));
  expect_open(w, p);
  end_host(&host);
}

/* Writes on and on. */
static void on_drain_again(sio_request *request, void *user)
{
  struct host *host = user;

  on_drain(request, user);
  if (host->rv == 0)
    host->rv = sio_respond_on_drain(request, on_drain_again, host);
}

static void test_what_is_never_sent_drains_once_a_millisecond(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  begin(&host, 0, 200, SIO_NEVER);
  expect_text(w, p, CHUNKED);
  ask_drain(&host, on_drain_again);
  assert_int_equal(host.drained, 0);
  for (int i = 1; i <= 3 && host.streams[0]; i++) {
    eio_sleep(w, 1);
    assert_true(host.drained == i || eio_is_off(w));
  }
  expect_result(&host, host.rv, 0);
  ask_drain(&host, NULL);
  eio_sleep(w, 1);
  assert_true(host.drained == 3 || eio_is_off(w));
  ask_drain(&host, on_drain);
  peer_close(w, p, 0); /* which is told at once */
  assert_true(host.drained == 4 || eio_is_off(w));
  end_stream(&host, 0);
  end_host(&host);
}

static void test_an_answer_that_is_never_sent_may_end(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  begin(&host, 0, 200, 10);
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  ask_drain(&host, on_drain);
  end_stream(&host, 0);
  eio_sleep(w, 1);
  assert_int_equal(host.drained, 0);
  expect_open(w, p);
  end_host(&host);
}

static void test_drain_waits_for_its_turn(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET GET);
  begin(&host, 1, 200, SIO_NEVER);
  if (host.streams[1])
    expect_result(&host, sio_respond_on_drain(host.kept[1], on_drain, &host),
                  0);
  begin(&host, 0, 200, 1);
  write_text(&host, 0, "x", 0);
  expect_text(w, p, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  assert_true(host.drained == 0 || eio_is_off(w));
  end_stream(&host, 0);
  expect_text(w, p, CHUNKED "4\r\nmore\r\n");
  end_stream(&host, 1);
  expect_text(w, p, "0\r\n\r\n");
  end_host(&host);
}

static void test_drain_can_be_taken_back(struct world *w)
{
  struct host host;
  int p = peer_open(w);

  start_host(w, &host);
  peer_text(w, p, GET);
  peer_stall(w, p, true);
  begin(&host, 0, 200, SIO_NEVER);
  ask_drain(&host, on_drain);
  ask_drain(&host, NULL);
  peer_stall(w, p, false);
  expect_text(w, p, CHUNKED);
  peer_stall(w, p, true);
  write_text(&host, 0, "x", 0);
  ask_drain(&host, on_drain);
  end_stream(&host, 0); /* then there is nobody to be told */
  peer_stall(w, p, false);
  expect_text(w, p, "1\r\nx\r\n0\r\n\r\n");
  assert_true(host.drained == 0 || eio_is_off(w));
  end_host(&host);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_drain_is_told_at_once_if_nothing_waits),
      SCENARIO(test_what_is_never_sent_drains_once_a_millisecond),
      SCENARIO(test_an_answer_that_is_never_sent_may_end),
      SCENARIO(test_drain_waits_for_its_turn),
      SCENARIO(test_drain_can_be_taken_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
