/* SPDX-License-Identifier: MIT */
/* lib/eio/admit.c: ids of sessions, and what a session begins with. */
#include "eio_world.h"

#include <stdio.h>

#include <sio/handshake.h>

#include "eio/admit.h"

#define POLL                                                                   \
  "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n"

/* What make_id() does. */
static struct {
  const char *id;
  int error;
  bool closes;
  int calls;
} maker;

static int make_id(const sio_request *request, char *out, size_t cap,
                   void *user)
{
  struct world *w = user;
  size_t len = strlen(maker.id);

  assert_string_equal(sio_request_method(request), "GET");
  assert_int_equal(cap, SIO__SESSION_ID_MAX);
  maker.calls++;
  if (maker.closes)
    (void)sio_server_close(w->server, NULL, NULL);
  if (maker.error != 0)
    return maker.error;
  memcpy(out, maker.id, len < cap ? len : cap);
  return (int)len;
}

static void make(struct world *w, const char *id)
{
  memset(&maker, 0, sizeof maker);
  maker.id = id;
  sio_server_on_session_id(w->server, make_id, w);
}

static void expect_open_packet(struct world *w, int p, const char *sid)
{
  char packet[300];

  snprintf(packet, sizeof packet,
           "0{\"sid\":\"%s\",\"upgrades\":[\"websocket\"],"
           "\"pingInterval\":25000,\"pingTimeout\":20000,"
           "\"maxPayload\":1000000}",
           sid);
  expect_poll(w, p, packet);
}

static void expect_id_refused(struct world *w, int p)
{
  expect_text(w, p,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
              "Content-Length: 34\r\n\r\n"
              "{\"code\":3,\"message\":\"Bad request\"}");
  expect_open(w, p);
}

static void test_the_host_may_make_the_ids(struct world *w)
{
  int p = peer_open(w);

  make(w, "caf\xc3\xa9 \"1\"");
  peer_text(w, p, POLL);
  expect_open_packet(w, p, "caf\xc3\xa9 \\\"1\\\"");
  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling&sid=caf%%C3%%A9+%%221%%22"
            " HTTP/1.1\r\nHost: h\r\n\r\n");
  expect_nothing(w, p);
  expect_open(w, p);
}

static void test_ids_that_are_none_refuse_the_handshake(struct world *w)
{
  static const char *const ids[] = {"", "a\nb", "\x7f", "\xff", "\xc0\x80"};
  char longer[SIO__SESSION_ID_MAX + 2];
  int p = peer_open(w);

  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    make(w, ids[i]);
    peer_text(w, p, POLL);
    expect_id_refused(w, p);
  }
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  make(w, longer);
  peer_text(w, p, POLL);
  expect_id_refused(w, p);
  make(w, "x");
  maker.error = SIO_ERR_RANDOM;
  peer_text(w, p, POLL);
  expect_id_refused(w, p);
  expect_sessions(w, 0);
  expect_logged(w, "ID_GENERATION_ERROR\n");
}

static void test_an_id_in_use_refuses_the_handshake(struct world *w)
{
  int p = peer_open(w), q = peer_open(w), ws = peer_open(w);

  make(w, "same");
  peer_text(w, p, POLL);
  expect_open_packet(w, p, "same");
  peer_text(w, q, POLL);
  expect_id_refused(w, q);
  peer_upgrade(w, ws, -1);
  expect_text(w, ws,
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
              "Content-Length: 11\r\nConnection: close\r\n\r\nBad request");
  expect_ended(w, ws);
  expect_sessions(w, 1);
}

static void test_no_id_is_made_for_what_is_refused_before(struct world *w)
{
  int p = peer_open(w), ws = peer_open(w);

  make(w, "x");
  peer_text(w, p,
            "GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  peer_text(w, ws,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect_start(w, ws, "HTTP/1.1 400 Bad Request\r\n");
  assert_int_equal(maker.calls, 0);
  peer_look_away(w, p);
  peer_look_away(w, ws);
}

static void test_the_host_may_close_everything_instead_of_an_id(struct world *w)
{
  int p = peer_open(w);

  make(w, "x");
  maker.closes = true;
  peer_text(w, p, POLL);
  expect_ended(w, p);
  expect_sessions(w, 0);
}

static void test_no_random_numbers_no_session(struct world *w)
{
  int p = peer_open(w), ws = peer_open(w);

  w->random_fails = true; /* no id was needed before */
  peer_text(w, p, POLL);
  expect_id_refused(w, p);
  peer_upgrade(w, ws, -1);
  expect_start(w, ws, "HTTP/1.1 400 Bad Request\r\n");
  peer_look_away(w, ws);
  expect_ended(w, ws);
  expect_sessions(w, 0);
  w->random_fails = false;
  (void)peer_handshake(w, p);
}

static void greeting(sio_server_options *options)
{
  options->initial_message = "welcome";
}

static void test_an_initial_message_comes_with_the_handshake(struct world *w)
{
  int p = peer_open(w), ws = peer_open(w);
  char payload[300];

  peer_text(w, p, POLL);
  snprintf(payload, sizeof payload,
           "0{\"sid\":\"%s\",\"upgrades\":[\"websocket\"],"
           "\"pingInterval\":25000,\"pingTimeout\":20000,"
           "\"maxPayload\":1000000}\x1e"
           "4welcome",
           w->sids[0]);
  expect_poll(w, p, payload);
  peer_upgrade(w, ws, -1);
  expect_switch(w, ws);
  snprintf(payload, sizeof payload,
           "0{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":25000,"
           "\"pingTimeout\":20000,\"maxPayload\":1000000}",
           w->sids[1]);
  expect_message(w, ws, payload);
  expect_message(w, ws, "4welcome");
}

static void one_session(sio_server_options *options)
{
  options->max_sessions = 1;
}

static sio_request *kept;

static void keep(sio_request *request, void *user)
{
  (void)user;
  kept = sio_request_retain(request);
}

static void
test_the_server_may_be_full_when_the_host_has_decided(struct world *w)
{
  int p = peer_open(w), ws;

  kept = NULL;
  sio_server_on_handshake(w->server, keep, NULL);
  peer_text(w, p, POLL);
  sio_server_on_handshake(w->server, NULL, NULL);
  (void)peer_websocket(w, &ws);
  if (kept == NULL)
    return;
  (void)sio_handshake_accept(kept, sio_s(NULL)); /* says how it went below */
  sio_request_release(kept);
  eio_pump(w);
  expect_text(w, p,
              "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
              "Content-Length: 0\r\nConnection: close\r\n\r\n");
  expect_ended(w, p);
  expect_sessions(w, 1);
}

static void two_sessions(sio_server_options *options)
{
  options->max_sessions = 2;
  options->max_sessions_per_address = 1;
}

/* Only the head of a request has come, its body is still on the way: hanging
 * up would reset the connection, and the answer might be lost. */
static void expect_patience(struct world *w, const char *head,
                            const char *answer)
{
  int p = peer_open(w);

  peer_text(w, p, "%sHost: h\r\nContent-Length: 6\r\n\r\n", head);
  expect_start(w, p, answer);
  peer_look_away(w, p);
  assert_true(w->peers[p].lingers || eio_is_off(w));
  peer_text(w, p, "abcdef");
  expect_nothing(w, p);
  peer_close(w, p, 0);
}

static void test_whoever_is_turned_away_may_send_the_rest(struct world *w)
{
  int p = peer_open(w);

  expect_patience(w,
                  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                  "Connection: Upgrade\r\nUpgrade: websocket\r\n",
                  "HTTP/1.1 400 Bad Request\r\n");
  peer_text(w, p, POLL);
  peer_look_away(w, p);
  expect_patience(w, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n",
                  "HTTP/1.1 429 Too Many Requests\r\n");
  expect_sessions(w, 1);
}

static void
test_whoever_finds_the_server_full_may_send_the_rest(struct world *w)
{
  int p = peer_open(w);

  peer_text(w, p, POLL);
  peer_look_away(w, p);
  expect_patience(w, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n",
                  "HTTP/1.1 503 Service Unavailable\r\n");
  expect_sessions(w, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_the_host_may_make_the_ids),
      SCENARIO(test_ids_that_are_none_refuse_the_handshake),
      SCENARIO(test_an_id_in_use_refuses_the_handshake),
      SCENARIO(test_no_id_is_made_for_what_is_refused_before),
      SCENARIO(test_the_host_may_close_everything_instead_of_an_id),
      SCENARIO(test_no_random_numbers_no_session),
      SCENARIO_WITH(test_an_initial_message_comes_with_the_handshake, greeting),
      SCENARIO_WITH(test_the_server_may_be_full_when_the_host_has_decided,
                    one_session),
      SCENARIO_WITH(test_whoever_is_turned_away_may_send_the_rest,
                    two_sessions),
      SCENARIO_WITH(test_whoever_finds_the_server_full_may_send_the_rest,
                    one_session),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
