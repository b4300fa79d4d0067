/* SPDX-License-Identifier: MIT */
/* Clients behind trusted proxies: whose address counts, and where. */
#include "eio_world.h"

#include <sio/engine.h>
#include <sio/handshake.h>

#include <stdio.h>

#define POLLING       "EIO=4&transport=polling"
#define FROM(address) "X-Forwarded-For: " address "\r\n"

/* Peers are 192.0.2.7, unless a test says otherwise. */
static void trusting(sio_server_options *options)
{
  options->trusted_proxies = "192.0.2.0/24, 10.0.0.0/8";
}

static void one_each(sio_server_options *options)
{
  trusting(options);
  options->max_sessions_per_address = 1;
}

static void with_pairs(sio_server_options *options)
{
  options->trusted_proxies = "192.0.2.7 unix";
  options->proxy_header = "forwarded";
}

static void logging(sio_server_options *options)
{
  trusting(options);
  options->log_level = SIO_LOG_DEBUG;
}

/* A session that is opened by polling with these headers, and not answered. */
static int ask(struct world *w, int p, const char *headers)
{
  int sid = peer_ask(w, p, POLLING, headers);

  peer_look_away(w, p);
  return sid;
}

static void ask_in_vain(struct world *w, int p, const char *headers)
{
  peer_text(w, p, "GET /socket.io/?" POLLING " HTTP/1.1\r\nHost: h\r\n%s\r\n",
            headers);
  expect_text(w, p,
              "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n"
              "Content-Length: 0\r\nConnection: close\r\n\r\n");
  expect_ended(w, p);
}

static void expect_client(struct world *w, int sid, const char *address,
                          bool secure)
{
  if (eio_is_off(w))
    return;
  assert_string_equal(sio_session_address(w->sessions[sid]), address);
  assert_int_equal(sio_session_is_secure(w->sessions[sid]), secure);
}

static void test_each_request_of_a_proxy_has_its_client(struct world *w)
{
  int p = peer_open(w);

  expect_client(w, ask(w, p, FROM("198.51.100.1")), "198.51.100.1", false);
  expect_client(w,
                ask(w, p, FROM("2001:db8::7") "X-Forwarded-Proto: https\r\n"),
                "2001:db8::7", true);
  expect_client(w, ask(w, p, ""), "192.0.2.7", false);
  expect_client(w, ask(w, p, FROM("1.1.1.1, 198.51.100.2, 10.0.0.9")),
                "198.51.100.2", false);
}

static void test_a_websocket_has_the_address_of_its_client(struct world *w)
{
  int p, sid = peer_ask_websocket(w, &p, "EIO=4&transport=websocket",
                                  FROM("198.51.100.1"));

  peer_look_away(w, p);
  expect_client(w, sid, "198.51.100.1", false);
}

static void test_nobody_is_believed_unless_the_host_says_so(struct world *w)
{
  int p = peer_open(w);

  expect_client(w,
                ask(w, p,
                    FROM("198.51.100.1") "X-Forwarded-Proto: https\r\n"
                                         "Forwarded: for=1.1.1.1\r\n"),
                "192.0.2.7", false);
}

static void test_strangers_cannot_take_another_address(struct world *w)
{
  int p = peer_open_as(
      w, &(sio_peer){.size = sizeof(sio_peer), .address = "203.0.113.5"});
  int q =
      peer_open_as(w, &(sio_peer){.size = sizeof(sio_peer), .address = NULL});

  expect_client(w,
                ask(w, p, FROM("198.51.100.1") "X-Forwarded-Proto: https\r\n"),
                "203.0.113.5", false);
  expect_client(w, ask(w, q, FROM("198.51.100.1")), "", false);
}

static void test_pairs_and_unix_sockets_are_believed_as_told(struct world *w)
{
  int p =
      peer_open_as(w, &(sio_peer){.size = sizeof(sio_peer), .address = NULL});

  expect_client(w,
                ask(w, p,
                    FROM("1.1.1.1") "Forwarded: "
                                    "for=\"[2001:db8::7]:1\";proto=https\r\n"),
                "2001:db8::7", true);
  expect_client(w, ask(w, peer_open(w), FROM("1.1.1.1")), "192.0.2.7", false);
}

static void test_limits_by_address_are_those_of_clients(struct world *w)
{
  int p = peer_open(w), q;

  expect_client(w, ask(w, p, FROM("198.51.100.1")), "198.51.100.1", false);
  expect_client(w, ask(w, p, FROM("198.51.100.2")), "198.51.100.2", false);
  ask_in_vain(w, p, FROM("9.9.9.9, 198.51.100.1"));
  expect_cause(w, SIO_CAUSE_SESSIONS_ADDRESS, 1);
  /* A stranger has one address, whatever it claims. */
  q = peer_open_as(
      w, &(sio_peer){.size = sizeof(sio_peer), .address = "203.0.113.5"});
  (void)ask(w, q, FROM("198.51.100.3"));
  ask_in_vain(w, q, FROM("198.51.100.4"));
}

static void test_the_log_knows_the_client(struct world *w)
{
  (void)ask(w, peer_open(w), FROM("198.51.100.1"));
  expect_logged(w, "from 198.51.100.1");
}

/* ---- The host ---- */

struct host {
  sio_request *kept;
};

static void keep(sio_request *request, void *user)
{
  struct host *host = user;

  if (host->kept == NULL)
    host->kept = sio_request_retain(request);
}

static void test_a_request_keeps_its_client(struct world *w)
{
  struct host host = {NULL};
  int p = peer_open(w);

  sio_server_on_http(w->server, keep, &host);
  peer_text(w, p,
            "GET /x HTTP/1.1\r\nHost: h\r\n" FROM(
                "198.51.100.1") "X-Forwarded-Proto: https\r\n\r\n");
  peer_text(w, p, "GET /y HTTP/1.1\r\nHost: h\r\n" FROM("198.51.100.2") "\r\n");
  peer_close(w, p, 0);
  if (host.kept == NULL) {
    assert_true(eio_is_off(w));
    return;
  }
  assert_string_equal(sio_request_address(host.kept), "198.51.100.1");
  assert_true(sio_request_is_secure(host.kept));
  sio_request_release(host.kept);
}

static void test_a_handshake_that_waits_keeps_its_client(struct world *w)
{
  sio_str no_id = {NULL, 0};
  struct host host = {NULL};
  int p = peer_open(w);

  sio_server_on_handshake(w->server, keep, &host);
  peer_text(w, p,
            "GET /socket.io/?" POLLING
            " HTTP/1.1\r\nHost: h\r\n" FROM("198.51.100.1") "\r\n");
  /* Another client's request comes behind it. */
  peer_text(w, p, "GET /x HTTP/1.1\r\nHost: h\r\n" FROM("198.51.100.2") "\r\n");
  if (host.kept == NULL) {
    assert_true(eio_is_off(w));
    return;
  }
  assert_string_equal(sio_request_address(host.kept), "198.51.100.1");
  (void)sio_handshake_accept(host.kept, no_id); /* memory may be refused */
  sio_request_release(host.kept);
  eio_pump(w);
  peer_look_away(w, p);
  expect_client(w, 0, "198.51.100.1", false);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_each_request_of_a_proxy_has_its_client, trusting),
      SCENARIO_WITH(test_a_websocket_has_the_address_of_its_client, trusting),
      SCENARIO(test_nobody_is_believed_unless_the_host_says_so),
      SCENARIO_WITH(test_strangers_cannot_take_another_address, trusting),
      SCENARIO_WITH(test_pairs_and_unix_sockets_are_believed_as_told,
                    with_pairs),
      SCENARIO_WITH(test_limits_by_address_are_those_of_clients, one_each),
      SCENARIO_WITH(test_the_log_knows_the_client, logging),
      SCENARIO_WITH(test_a_request_keeps_its_client, trusting),
      SCENARIO_WITH(test_a_handshake_that_waits_keeps_its_client, trusting),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
