/* SPDX-License-Identifier: MIT */
/* lib/eio/admission.c: who may open a session, and what others are told. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>
#include <sio/metrics.h>

#define POLL                                                                   \
  "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n"
#define REFUSED_429(seconds)                                                   \
  "HTTP/1.1 429 Too Many Requests\r\nRetry-After: " seconds                    \
  "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define REFUSED_503(seconds)                                                   \
  "HTTP/1.1 503 Service Unavailable\r\nRetry-After: " seconds                  \
  "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

static int open_from(struct world *w, const char *address)
{
  return peer_open_as(
      w, &(sio_peer){.size = sizeof(sio_peer), .address = address});
}

/* A connection from there asks for a session, and is not looked at. */
static int ask_from(struct world *w, const char *address)
{
  int p = open_from(w, address);

  peer_text(w, p, POLL);
  return p;
}

static void expect_let_in(struct world *w, int p)
{
  expect_start(w, p, "HTTP/1.1 200 OK\r\n");
  peer_look_away(w, p);
  expect_open(w, p);
}

static void expect_refusal(struct world *w, int p, const char *text)
{
  expect_text(w, p, "%s", text);
  expect_ended(w, p);
}

static void expect_refusals(struct world *w, uint64_t n)
{
  sio_metrics metrics;

  sio_server_metrics(w->server, &metrics);
  if (!eio_is_off(w))
    assert_int_equal(metrics.sessions_refused, n);
}

/* ---- By address ---- */

static void two_sessions(sio_server_options *options)
{
  options->max_sessions_per_address = 2;
}

static void test_an_address_has_so_many_sessions(struct world *w)
{
  int a = ask_from(w, "192.0.2.1"), b = ask_from(w, "192.0.2.1");

  expect_let_in(w, a);
  expect_let_in(w, b);
  expect_refusal(w, ask_from(w, "192.0.2.1"), REFUSED_429("5"));
  expect_let_in(w, ask_from(w, "192.0.2.2"));
  expect_sessions(w, 3);
  expect_cause(w, SIO_CAUSE_SESSIONS_ADDRESS, 1);
  expect_refusals(w, 1);
  expect_logged(w, "request ended: too many sessions from one address "
                   "(limit 2, seen 3)\n");
}

static void test_websockets_count_like_polling(struct world *w)
{
  int a = ask_from(w, "192.0.2.7"), p;

  expect_let_in(w, a);
  expect_events(w, "opened\n");
  (void)peer_websocket(w, &p); /* from 192.0.2.7, too */
  p = peer_open(w);
  peer_upgrade(w, p, -1);
  expect_refusal(w, p, REFUSED_429("5"));
  expect_sessions(w, 2);
}

static void test_a_session_that_ends_makes_room(struct world *w)
{
  int a = ask_from(w, "192.0.2.1"), b = ask_from(w, "192.0.2.1");

  expect_let_in(w, a);
  expect_let_in(w, b);
  eio_close(w, 0, true);
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_refusal(w, ask_from(w, "192.0.2.1"), REFUSED_429("5"));
  expect_sessions(w, 2);
}

static void test_an_upgrade_is_no_session(struct world *w)
{
  int polling, p, sid = peer_upgraded(w, &polling, &p);

  expect_sessions(w, 1);
  expect_let_in(w, ask_from(w, "192.0.2.7"));
  eio_say(w, sid, "4still there");
  expect_message(w, p, "4still there");
}

static void test_what_the_floor_above_refuses_does_not_count(struct world *w)
{
  w->opened_result = SIO_ERR_NOMEM;
  for (int i = 0; i < 4; i++)
    peer_look_away(w, ask_from(w, "192.0.2.1"));
  expect_sessions(w, 0);
  w->opened_result = 0;
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_let_in(w, ask_from(w, "192.0.2.1"));
}

static void test_a_bad_request_does_not_count(struct world *w)
{
  for (int i = 0; i < 4; i++) {
    int p = open_from(w, "192.0.2.1");

    peer_text(w, p,
              "GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\n"
              "Host: h\r\n\r\n");
    expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
    peer_look_away(w, p);
  }
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_let_in(w, ask_from(w, "192.0.2.1"));
}

static void one_a_second(sio_server_options *options)
{
  options->handshakes_per_address = 1;
  options->handshakes_per_address_burst = 2;
}

static void test_an_address_makes_so_many_handshakes(struct world *w)
{
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_refusal(w, ask_from(w, "192.0.2.1"), REFUSED_429("1"));
  expect_let_in(w, ask_from(w, "192.0.2.2"));
  eio_sleep(w, 999);
  expect_refusal(w, ask_from(w, "192.0.2.1"), REFUSED_429("1"));
  eio_sleep(w, 1);
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_cause(w, SIO_CAUSE_RATE_ADDRESS, 2);
  expect_refusals(w, 2);
  expect_logged(w, "too many handshakes from one address (limit 2, seen 3)\n");
}

static void test_networks_of_ipv6_count_as_one_address(struct world *w)
{
  expect_let_in(w, ask_from(w, "2001:db8::1"));
  expect_let_in(w, ask_from(w, "2001:db8::2"));
  expect_refusal(w, ask_from(w, "2001:db8::3"), REFUSED_429("1"));
  expect_let_in(w, ask_from(w, "2001:db8:0:1::1"));
}

static void test_unknown_addresses_are_not_limited(struct world *w)
{
  for (int i = 0; i < 5; i++)
    expect_let_in(w, ask_from(w, NULL));
}

static void test_nobody_is_remembered_for_longer_than_need_be(struct world *w)
{
  char address[32];

  for (int i = 0; i < 10; i++) {
    snprintf(address, sizeof address, "192.0.2.%d", i);
    expect_let_in(w, ask_from(w, address));
    peer_close(w, w->n_peers - 1, 0);
  }
  if (!eio_is_off(w))
    assert_true(w->server->engine.admission.arrivals.guests.by_address.count >
                5);
  eio_sleep(w, 11000); /* nobody comes */
  assert_int_equal(w->server->engine.admission.arrivals.guests.by_address.count,
                   0);
}

/* ---- All together ---- */

static void two_a_second(sio_server_options *options)
{
  options->handshakes_per_second = 2;
  options->handshakes_burst = 3;
  options->handshakes_per_address = 1;
  options->handshakes_per_address_burst = 1;
}

static void test_all_together_make_so_many_handshakes(struct world *w)
{
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  expect_let_in(w, ask_from(w, "192.0.2.2"));
  expect_let_in(w, ask_from(w, "192.0.2.3"));
  expect_refusal(w, ask_from(w, "192.0.2.4"), REFUSED_503("1"));
  expect_cause(w, SIO_CAUSE_RATE_HANDSHAKES, 1);
  expect_logged(w, "too many handshakes at a time (limit 3, seen 4)\n");
  eio_sleep(w, 500);
  expect_let_in(w, ask_from(w, "192.0.2.4")); /* it lost nothing by that */
  expect_refusals(w, 1);
}

static void test_one_address_takes_nothing_from_the_others(struct world *w)
{
  expect_let_in(w, ask_from(w, "192.0.2.1"));
  for (int i = 0; i < 9; i++)
    expect_refusal(w, ask_from(w, "192.0.2.1"), REFUSED_429("1"));
  expect_let_in(w, ask_from(w, "192.0.2.2"));
  expect_let_in(w, ask_from(w, "192.0.2.3"));
  expect_refusal(w, ask_from(w, "192.0.2.1"), REFUSED_503("1"));
}

static void expect_lines(const struct world *w, const char *text, int want)
{
  const char *at = w->log;
  int n = 0;

  while ((at = strstr(at, text)) != NULL) {
    at++;
    n++;
  }
  if (!eio_is_off(w))
    assert_int_equal(n, want);
}

static void test_a_storm_has_one_line_a_second(struct world *w)
{
  for (int i = 0; i < 6; i++)
    peer_look_away(w, ask_from(w, NULL));
  expect_cause(w, SIO_CAUSE_RATE_HANDSHAKES, 3);
  expect_lines(w, "too many handshakes", 1);
  eio_sleep(w, 1000);
  for (int i = 0; i < 4; i++)
    peer_look_away(w, ask_from(w, NULL));
  expect_cause(w, SIO_CAUSE_RATE_HANDSHAKES, 5);
  expect_lines(w, "too many handshakes", 2);
}

static void test_nothing_is_allocated_for_who_is_refused(struct world *w)
{
  int p[4];
  size_t calls;

  for (int i = 0; i < 3; i++)
    peer_look_away(w, ask_from(w, NULL));
  for (int i = 0; i < 2; i++)
    peer_look_away(w, ask_from(w, NULL)); /* buffers of answers are there now */
  for (int i = 0; i < 4; i++) {
    p[i] = open_from(w, "192.0.2.9");
    peer_text(w, p[i], "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n");
  }
  calls = w->server->engine.metrics.sessions_refused;
  for (int i = 0; i < 4; i++) {
    size_t blocks = w->mem->live_blocks;

    peer_text(w, p[i], "Host: h\r\n\r\n");
    expect_refusal(w, p[i], REFUSED_503("1"));
    assert_true(eio_is_off(w) || w->mem->live_blocks <= blocks + 2);
  }
  if (!eio_is_off(w))
    assert_int_equal(w->server->engine.metrics.sessions_refused, calls + 4);
  assert_int_equal(w->server->engine.admission.arrivals.guests.by_address.count,
                   0);
}

/* ---- Handshakes that wait ---- */

static sio_request *kept[4];
static int n_kept;

static void keep(sio_request *request, void *user)
{
  (void)user;
  if (n_kept < 4)
    kept[n_kept++] = sio_request_retain(request);
}

static void keep_all(struct world *w)
{
  n_kept = 0;
  sio_server_on_handshake(w->server, keep, NULL);
}

/* Those that were not decided about are refused. */
static void let_go(struct world *w)
{
  while (n_kept > 0)
    sio_request_release(kept[--n_kept]);
  eio_pump(w);
  for (int i = 0; i < w->n_peers; i++)
    peer_look_away(w, i);
}

static void two_wait(sio_server_options *options)
{
  options->max_handshakes_pending = 2;
  options->max_sessions_per_address = 1;
}

static void test_so_many_handshakes_wait_for_the_host(struct world *w)
{
  int a, b;

  keep_all(w);
  a = ask_from(w, "192.0.2.1");
  b = ask_from(w, "192.0.2.2");
  expect_refusal(w, ask_from(w, "192.0.2.3"), REFUSED_503("5"));
  expect_cause(w, SIO_CAUSE_HANDSHAKES_PENDING, 1);
  expect_logged(w, "(limit 2, seen 3)\n");
  if (n_kept == 2) {
    (void)sio_handshake_accept(kept[0], sio_s(NULL));
    (void)sio_handshake_refuse(kept[1], 0, NULL);
    eio_pump(w);
    expect_let_in(w, a);
    expect_start(w, b, "HTTP/1.1 403 Forbidden\r\n");
    peer_look_away(w, b);
  }
  let_go(w);
  (void)ask_from(w, "192.0.2.4");
  (void)ask_from(w, "192.0.2.5");
  expect_refusal(w, ask_from(w, "192.0.2.6"), REFUSED_503("5"));
  let_go(w);
}

static void
test_those_that_give_up_or_run_out_of_time_make_room(struct world *w)
{
  int a;

  keep_all(w);
  a = ask_from(w, "192.0.2.1");
  peer_close(w, a, 0);
  let_go(w);
  (void)ask_from(w, "192.0.2.1");
  eio_sleep(w, w->options.handshake_timeout_ms + 1);
  let_go(w);
  assert_int_equal(w->server->engine.admission.n_pending, 0);
  (void)ask_from(w, "192.0.2.1");
  (void)ask_from(w, "192.0.2.2");
  if (!eio_is_off(w))
    assert_int_equal(w->server->engine.admission.n_pending, 2);
  let_go(w);
  assert_int_equal(w->server->engine.admission.n_pending, 0);
}

/* Both were admitted when there was room for one. */
static void test_what_was_accepted_too_late_is_refused(struct world *w)
{
  int a, b, c;

  keep_all(w);
  a = ask_from(w, "192.0.2.1");
  b = ask_from(w, "192.0.2.1");
  if (n_kept == 2) {
    (void)sio_handshake_accept(kept[0], sio_s(NULL));
    (void)sio_handshake_accept(kept[1], sio_s(NULL));
    eio_pump(w);
    expect_let_in(w, a);
    expect_refusal(w, b, REFUSED_429("5"));
    expect_sessions(w, 1);
  }
  let_go(w);
  eio_close(w, 0, true);
  c = peer_open(w);
  peer_upgrade(w, c, -1);
  b = peer_open(w);
  peer_upgrade(w, b, -1);
  if (n_kept == 2) {
    (void)sio_handshake_accept(kept[1], sio_s(NULL));
    (void)sio_handshake_accept(kept[0], sio_s(NULL));
    eio_pump(w);
    expect_refusal(w, c, REFUSED_429("5"));
    expect_switch(w, b);
    peer_look_away(w, b);
  }
  let_go(w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_an_address_has_so_many_sessions, two_sessions),
      SCENARIO_WITH(test_websockets_count_like_polling, two_sessions),
      SCENARIO_WITH(test_a_session_that_ends_makes_room, two_sessions),
      SCENARIO_WITH(test_an_upgrade_is_no_session, two_sessions),
      SCENARIO_WITH(test_what_the_floor_above_refuses_does_not_count,
                    two_sessions),
      SCENARIO_WITH(test_a_bad_request_does_not_count, two_sessions),
      SCENARIO_WITH(test_an_address_makes_so_many_handshakes, one_a_second),
      SCENARIO_WITH(test_networks_of_ipv6_count_as_one_address, one_a_second),
      SCENARIO_WITH(test_unknown_addresses_are_not_limited, one_a_second),
      SCENARIO_WITH(test_nobody_is_remembered_for_longer_than_need_be,
                    one_a_second),
      SCENARIO_WITH(test_all_together_make_so_many_handshakes, two_a_second),
      SCENARIO_WITH(test_one_address_takes_nothing_from_the_others,
                    two_a_second),
      SCENARIO_WITH(test_a_storm_has_one_line_a_second, two_a_second),
      SCENARIO_ONCE(test_nothing_is_allocated_for_who_is_refused, two_a_second),
      SCENARIO_WITH(test_so_many_handshakes_wait_for_the_host, two_wait),
      SCENARIO_WITH(test_those_that_give_up_or_run_out_of_time_make_room,
                    two_wait),
      SCENARIO_WITH(test_what_was_accepted_too_late_is_refused, two_wait),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
