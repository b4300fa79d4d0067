/* SPDX-License-Identifier: MIT */
/* lib/core/hooks.c: the figures, and that hooks reach the engine. */
#include "eio_world.h"

#include <stdio.h>
#include <stdlib.h>

#include <sio/handshake.h>
#include <sio/metrics.h>

static sio_metrics look(const struct world *w)
{
  sio_metrics metrics;

  sio_server_metrics(w->server, &metrics);
  assert_true(metrics.size == sizeof metrics);
  return metrics;
}

static void test_a_new_server_has_done_nothing(struct world *w)
{
  sio_metrics zero = {0}, metrics = look(w);

  zero.size = sizeof zero;
  zero.namespaces = zero.namespaces_now = 1; /* "/" */
  assert_memory_equal(&metrics, &zero, sizeof zero);
}

static void test_connections_and_bytes_are_counted(struct world *w)
{
  int p = peer_open(w), q = peer_open(w);
  sio_metrics m;

  peer_text(w, p, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  peer_text(w, q, "nonsense\r\n\r\n");
  w->peers[p].at = w->peers[p].len;
  w->peers[q].at = w->peers[q].len;
  peer_close(w, q, 0);
  m = look(w);
  if (eio_is_off(w))
    return;
  assert_int_equal(m.connections, 2);
  assert_int_equal(m.connections_now, 1);
  assert_int_equal(m.http_requests, 1);
  assert_int_equal(m.http_errors, 1);
  assert_true(m.bytes_out == w->peers[p].len + w->peers[q].len);
  assert_in_range(m.bytes_in, 29, 40); /* junk may be cut off early */
}

static void test_sessions_are_counted_by_what_carries_them(struct world *w)
{
  int p = peer_open(w), q, ws, moved;
  sio_metrics m;

  (void)peer_handshake(w, p);
  (void)peer_websocket(w, &ws);
  moved = peer_upgraded(w, &q, &ws);
  m = look(w);
  if (eio_is_off(w))
    return;
  assert_int_equal(m.sessions, 3);
  assert_int_equal(m.sessions_polling_now, 1);
  assert_int_equal(m.sessions_websocket_now, 2);
  assert_int_equal(m.upgrades, 1);
  assert_int_equal(m.upgrades_done, 1);
  eio_close(w, moved, true);
  m = look(w);
  assert_int_equal(m.sessions_websocket_now, 1);
  assert_int_equal(m.closes[SIO_REASON_FORCED_CLOSE], 1);
  eio_sleep(w, 45000);
  m = look(w);
  assert_int_equal(m.sessions_polling_now + m.sessions_websocket_now, 0);
  if (!eio_is_off(w))
    assert_int_equal(m.closes[SIO_REASON_PING_TIMEOUT], 2);
  for (int i = 0; i < w->n_peers; i++)
    w->peers[i].at = w->peers[i].len;
}

static void test_refusals_are_counted_by_their_code(struct world *w)
{
  int p = peer_open(w);
  sio_metrics m;

  peer_text(w, p,
            "GET /socket.io/ HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /socket.io/?transport=polling&sid=x HTTP/1.1\r\nHost: h\r\n"
            "\r\n"
            "PUT /socket.io/?transport=polling HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /socket.io/?transport=websocket HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /socket.io/?transport=polling HTTP/1.1\r\nHost: h\r\n\r\n");
  w->peers[p].at = w->peers[p].len;
  m = look(w);
  if (eio_is_off(w))
    return;
  for (int code = 0; code < SIO_REFUSED_COUNT_; code++)
    assert_int_equal(m.refused[code], code == SIO_REFUSED_FORBIDDEN ? 0 : 1);
}

static void test_packets_and_messages_are_counted(struct world *w)
{
  int ws, sid = peer_websocket(w, &ws);
  sio_metrics m;

  (void)sid;
  w->echo = true;
  peer_message(w, ws, "4one");
  peer_message(w, ws, "3");
  peer_frame(w, ws, 0x82, "two", 3);
  m = look(w);
  if (eio_is_off(w))
    return;
  assert_int_equal(m.packets_in, 3);
  assert_int_equal(m.messages_in, 2);
  assert_int_equal(m.messages_out, 2);
  assert_in_range(m.packets_out, 2, 3); /* the open packet */
  w->peers[ws].at = w->peers[ws].len;
}

static void one_of_each(sio_server_options *options)
{
  options->max_connections = 1;
  options->max_sessions = 1;
}

static void test_who_found_no_room_is_counted(struct world *w)
{
  int p = peer_open(w);
  sio_conn *conn;
  sio_metrics m;
  int rv;

  if (eio_is_off(w) || w->peers[p].conn == NULL)
    return;
  rv = sio_conn_open(w->server, NULL, NULL, &conn);
  if (eio_is_off(w))
    return;
  assert_int_equal(rv, SIO_ERR_LIMIT);
  (void)peer_handshake(w, p);
  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"
            "\r\n");
  w->peers[p].at = w->peers[p].len;
  m = look(w);
  if (eio_is_off(w))
    return;
  assert_int_equal(m.connections_refused, 1);
  assert_int_equal(m.sessions_refused, 1);
}

/* A program that knows fewer fields, or more. */
static void test_snapshots_are_as_long_as_the_caller_knows(struct world *w)
{
  sio_metrics *shorter = malloc(3 * sizeof(uint64_t));
  uint64_t *longer = malloc(sizeof(sio_metrics) + 16);

  assert_non_null(shorter);
  assert_non_null(longer);
  (void)peer_open(w);
  sio_server_metrics_sized(w->server, shorter, 3 * sizeof(uint64_t));
  assert_true(shorter->size == 3 * sizeof(uint64_t));
  if (!eio_is_off(w))
    assert_int_equal(shorter->connections_now, 1);
  memset(longer, 0xff, sizeof(sio_metrics) + 16);
  sio_server_metrics_sized(w->server, (sio_metrics *)(void *)longer,
                           sizeof(sio_metrics) + 16);
  assert_true(longer[0] == sizeof(sio_metrics));
  assert_true(longer[sizeof(sio_metrics) / 8] == 0);
  assert_true(longer[sizeof(sio_metrics) / 8 + 1] == 0);
  free(shorter);
  free(longer);
}

static void test_a_middleware_is_a_function(struct world *w)
{
  assert_int_equal(sio_server_use_http(w->server, NULL, NULL), SIO_ERR_INVALID);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_new_server_has_done_nothing),
      SCENARIO(test_connections_and_bytes_are_counted),
      SCENARIO(test_sessions_are_counted_by_what_carries_them),
      SCENARIO(test_refusals_are_counted_by_their_code),
      SCENARIO(test_packets_and_messages_are_counted),
      SCENARIO_WITH(test_who_found_no_room_is_counted, one_of_each),
      SCENARIO(test_snapshots_are_as_long_as_the_caller_knows),
      SCENARIO(test_a_middleware_is_a_function),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
