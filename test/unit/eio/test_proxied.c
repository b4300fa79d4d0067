/* SPDX-License-Identifier: MIT */
/* lib/eio/proxied.c: connections whose client a PROXY header names. */
#include "eio_world.h"

#include "tls_peer.h"

#include <sio/engine.h>

#define LINE(address) "PROXY TCP4 " address " 198.51.100.9 4711 443\r\n"
#define POLLING       "EIO=4&transport=polling"

static const sio_peer proxy = {
    .size = sizeof(sio_peer), .address = "192.0.2.7", .proxied = 1};

static void trusting(sio_server_options *options)
{
  options->trusted_proxies = "192.0.2.7 203.0.113.0/24 unix";
}

static void one_each(sio_server_options *options)
{
  options->max_sessions_per_address = 1;
}

static void logging(sio_server_options *options)
{
  options->log_level = SIO_LOG_DEBUG;
}

/* A session on a connection that begins like this. */
static int ask(struct world *w, const void *header, size_t len,
               const char *fields)
{
  int p = peer_open_as(w, &proxy), sid;

  peer_send(w, p, header, len);
  sid = peer_ask(w, p, POLLING, fields);
  peer_look_away(w, p);
  return sid;
}

static void expect_client(struct world *w, int sid, const char *address)
{
  if (!eio_is_off(w))
    assert_string_equal(sio_session_address(w->sessions[sid]), address);
}

#define EXPECT_CLIENT(w, header, fields, address)                              \
  expect_client(w, ask(w, header, sizeof(header) - 1, fields), address)

#define V2(command, family, length)                                            \
  "\r\n\r\n\0\r\nQUIT\n" command family "\0" length

static void test_the_header_names_the_client(struct world *w)
{
  EXPECT_CLIENT(w, LINE("198.51.100.1"), "", "198.51.100.1");
  EXPECT_CLIENT(w,
                V2("\x21", "\x21", "\x24") " \1\r\270\0\0\0\0\0\0\0\0\0\0\0\7"
                                           "                    ",
                "", "2001:db8::7");
  EXPECT_CLIENT(w, V2("\x20", "\0", "\0"), "", "192.0.2.7");
  EXPECT_CLIENT(w, "PROXY UNKNOWN\r\n", "", "");
}

static void test_the_client_may_be_a_proxy_itself(struct world *w)
{
  EXPECT_CLIENT(w, LINE("203.0.113.5"), "X-Forwarded-For: 198.51.100.1\r\n",
                "198.51.100.1");
  EXPECT_CLIENT(w, LINE("198.51.100.2"), "X-Forwarded-For: 198.51.100.1\r\n",
                "198.51.100.2");
}

static void test_who_is_unknown_is_not_believed(struct world *w)
{
  EXPECT_CLIENT(w, "PROXY UNKNOWN\r\n", "X-Forwarded-For: 198.51.100.1\r\n",
                "");
}

static void test_limits_by_address_are_those_of_the_client(struct world *w)
{
  static const char again[] = LINE("198.51.100.1");
  int p;

  EXPECT_CLIENT(w, LINE("198.51.100.1"), "", "198.51.100.1");
  EXPECT_CLIENT(w, LINE("198.51.100.2"), "", "198.51.100.2");
  p = peer_open_as(w, &proxy);
  peer_text(w, p, "%s", again);
  peer_text(w, p, "GET /socket.io/?" POLLING " HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 429 Too Many Requests\r\n");
  peer_look_away(w, p);
  expect_cause(w, SIO_CAUSE_SESSIONS_ADDRESS, 1);
}

static void test_without_a_header_nobody_is_served(struct world *w)
{
  int p = peer_open_as(w, &proxy);

  peer_text(w, p, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_nothing(w, p);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_PROXY, 1);
  expect_logged(w, "no PROXY header");
}

static void test_a_header_has_its_time(struct world *w)
{
  int p = peer_open_as(w, &proxy), q = peer_open_as(w, &proxy);

  peer_text(w, q, "PROXY TC");
  eio_sleep(w, 59999);
  expect_open(w, p);
  expect_open(w, q);
  eio_sleep(w, 1);
  expect_ended(w, p);
  expect_ended(w, q);
  expect_nothing(w, q);
  expect_cause(w, SIO_CAUSE_HEADER_TIMEOUT, 2);
  expect_logged(w, "no PROXY header");
}

static void test_only_trusted_proxies_may_send_it(struct world *w)
{
  int p = peer_open_as(w, &(sio_peer){.size = sizeof(sio_peer),
                                      .address = "198.51.100.4",
                                      .proxied = 1});

  peer_text(w, p, LINE("198.51.100.1"));
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_PROXY, 1);
  EXPECT_CLIENT(w, LINE("198.51.100.1"), "", "198.51.100.1");
}

static void test_a_header_that_nobody_expects_is_no_request(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, LINE("198.51.100.1"));
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  peer_look_away(w, p);
  expect_ended(w, p);
}

static void test_tls_begins_behind_it(struct world *w)
{
  static const struct tls_recipe recipe = {.pairs = {"ec"}};
  sio_tls_config *config = tls_config(&recipe, NULL);
  const sio_peer peer = {.size = sizeof(sio_peer),
                         .address = "192.0.2.7",
                         .tls = config,
                         .proxied = 1};
  int p = peer_open_as(w, &peer), q = peer_open_as(w, &peer);

  sio_tls_config_release(config); /* the connections have their own */
  peer_text(w, p, LINE("198.51.100.1") "GET / HTTP/1.1\r\n\r\n");
  peer_look_away(w, p);
  expect_ended(w, p);
  expect_cause(w, SIO_CAUSE_TLS_HANDSHAKE, 1);
  peer_send(w, q, "\x16\3\1\2\0\1", 6);
  expect_ended(w, q);
  expect_cause(w, SIO_CAUSE_PROXY, 1);
}

static void test_closing_waits_for_no_header(struct world *w)
{
  int p = peer_open_as(w, &proxy);

  (void)sio_server_close(w->server, NULL, NULL); /* it is not closing yet */
  eio_pump(w);
  eio_sleep(w, 60000);
  expect_ended(w, p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_the_header_names_the_client),
      SCENARIO_WITH(test_the_client_may_be_a_proxy_itself, trusting),
      SCENARIO_WITH(test_who_is_unknown_is_not_believed, trusting),
      SCENARIO_WITH(test_limits_by_address_are_those_of_the_client, one_each),
      SCENARIO_WITH(test_without_a_header_nobody_is_served, logging),
      SCENARIO_WITH(test_a_header_has_its_time, logging),
      SCENARIO_WITH(test_only_trusted_proxies_may_send_it, trusting),
      SCENARIO(test_a_header_that_nobody_expects_is_no_request),
      SCENARIO(test_tls_begins_behind_it),
      SCENARIO(test_closing_waits_for_no_header),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
