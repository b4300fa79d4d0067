/* SPDX-License-Identifier: MIT */
/* Slow readers: what they cost is bounded, and nobody else notices. */
#include "core_world.h"

#include <sio/metrics.h>

#include <stdio.h>
#include <stdlib.h>

enum {
  ALL = 1000,
  STALLED = 100,
  ROUNDS = 200,
  TEXT = 1000,
  FRAME = TEXT + 4 + 10, /* of "42["e","..."]" */
  CAP = 65536
};

static struct core_world w;
static struct core_client *clients;
static char text[TEXT + 1];

/* Take all that there is; how many bytes there were. */
static size_t take(struct core_client *c)
{
  sio_span spans[8];
  size_t total = 0, n;

  while (c->conn != NULL && (n = sio_conn_output(c->conn, spans, 8)) > 0) {
    size_t got = 0;

    for (size_t i = 0; i < n; i++)
      got += spans[i].len;
    sio_conn_sent(c->conn, got);
    total += got;
  }
  return total;
}

static void begin(sio_server_options *options)
{
  clients = calloc(ALL, sizeof *clients);
  assert_non_null(clients);
  memset(text, 'x', TEXT);
  options->log = NULL;
  options->max_output_bytes = CAP;
  options->high_water_bytes = 16384;
  options->max_kept_bytes = 0; /* so that memory is what is in use */
  world_open(&w, options);
  for (int i = 0; i < ALL; i++)
    client_enter(&w, &clients[i]);
}

static void end(void)
{
  world_close(&w);
  free(clients);
}

/* One after the other is sent to all; the first STALLED ones do not read.
 * `each` is what one of the others has received in a round. */
static void flood(int rounds, size_t each)
{
  for (int round = 0; round < rounds; round++) {
    assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%s", text), 0);
    for (int i = STALLED; i < ALL; i++)
      assert_int_equal(take(&clients[i]), each);
  }
}

static sio_metrics metrics(void)
{
  sio_metrics m;

  sio_server_metrics(w.server, &m);
  return m;
}

static void test_slow_readers_are_passed_over(void **state)
{
  sio_server_options options;
  size_t before, full;
  sio_ns_metrics of_ns;
  uint64_t missed;

  (void)state;
  world_options(&w, &options);
  options.output_policy = SIO_OUTPUT_REFUSE;
  begin(&options);
  before = w.mem->live_bytes;
  flood(ROUNDS / 2, FRAME);
  full = w.mem->live_bytes;
  assert_true(full - before <= (size_t)STALLED * CAP);
  flood(ROUNDS / 2, FRAME);
  assert_int_equal(w.mem->live_bytes, full);
  assert_int_equal(sio_server_socket_count(w.server), ALL);
  missed = metrics().messages_refused;
  sio_ns_metrics(w.root, &of_ns);
  assert_int_equal(of_ns.events_refused, missed);
  assert_in_range(missed, STALLED * (ROUNDS - CAP / TEXT), STALLED * ROUNDS);
  for (int i = 0; i < STALLED; i++) {
    sio_socket *socket = client_socket(&clients[i], "/");

    assert_int_equal(sio_socket_refused(socket), missed / STALLED);
    assert_in_range(sio_socket_pending(socket), CAP / 2, CAP);
    assert_int_equal(take(&clients[i]), (ROUNDS - missed / STALLED) * FRAME);
  }
  flood(1, FRAME); /* and now they are as the others */
  assert_int_equal(metrics().messages_refused, missed);
  end();
}

static void test_slow_readers_are_cut(void **state)
{
  sio_server_options options;
  size_t before, peak = 0;

  (void)state;
  world_options(&w, &options);
  begin(&options);
  before = w.mem->live_bytes;
  for (int round = 0; round < ROUNDS; round++) {
    flood(1, FRAME);
    if (w.mem->live_bytes > peak)
      peak = w.mem->live_bytes;
  }
  assert_true(peak - before <= (size_t)STALLED * CAP);
  for (int i = 0; i < STALLED; i++) {
    assert_int_equal(sio_conn_wants_close(clients[i].conn), SIO_CLOSE_NOW);
    client_drop(&clients[i]);
  }
  assert_true(w.mem->live_bytes < before); /* all that they had */
  assert_int_equal(sio_server_socket_count(w.server), ALL - STALLED);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_OUTPUT_SIZE),
                   STALLED);
  assert_int_equal(metrics().messages_refused, 0);
  end();
}

/* What is for one alone is not shared: each has its whole cap. */
static void test_each_has_its_own_cap(void **state)
{
  sio_server_options options;
  size_t before, full;
  int rv;

  (void)state;
  world_options(&w, &options);
  options.output_policy = SIO_OUTPUT_REFUSE;
  begin(&options);
  before = w.mem->live_bytes;
  for (int i = 0; i < STALLED; i++) {
    sio_socket *socket = client_socket(&clients[i], "/");

    do
      rv = sio_emitf(sio_only(socket), "e", "%s", text);
    while (rv >= 0);
    assert_int_equal(rv, SIO_ERR_LIMIT);
  }
  full = w.mem->live_bytes;
  assert_true(full - before <= (size_t)STALLED * CAP * 5 / 4);
  flood(20, FRAME);
  assert_int_equal(w.mem->live_bytes, full);
  end();
}

static void test_volatile_events_are_lost_on_slow_readers(void **state)
{
  sio_server_options options;
  size_t full;

  (void)state;
  world_options(&w, &options);
  options.output_policy = SIO_OUTPUT_REFUSE;
  begin(&options);
  for (int round = 0; round < ROUNDS; round++) {
    assert_int_equal(
        sio_emitf(sio_volatile(sio_everyone(w.root)), "e", "%s", text), 0);
    for (int i = STALLED; i < ALL; i++)
      assert_int_equal(take(&clients[i]), FRAME);
    if (round == 0)
      full = w.mem->live_bytes;
  }
  assert_int_equal(w.mem->live_bytes, full);
  assert_int_equal(metrics().messages_dropped, STALLED * (ROUNDS - 1));
  assert_int_equal(metrics().messages_refused, 0);
  end();
}

/* The answers to `n` requests for namespaces that there are not, and to as
 * many for ones that there are. */
static void join_many(struct core_client *c, int n)
{
  char packet[32];

  for (int i = 0; i < n; i++) {
    snprintf(packet, sizeof packet, "40/none%d", i);
    client_say(c, packet);
    snprintf(packet, sizeof packet, "40/ns%d", i);
    client_say(c, packet);
  }
}

static size_t count(const char *text_heard, const char *what)
{
  size_t n = 0;

  for (; (text_heard = strstr(text_heard, what)) != NULL; text_heard++)
    n++;
  return n;
}

/* A client that is full, and that nothing more can be emitted to. */
static struct core_client *fill(sio_server_options *options)
{
  static struct core_client c;
  char name[16];
  int rv;

  world_options(&w, options);
  options->max_output_bytes = 16384;
  options->output_policy = SIO_OUTPUT_REFUSE;
  world_open(&w, options);
  for (int i = 0; i < 10; i++) {
    snprintf(name, sizeof name, "/ns%d", i);
    assert_non_null(sio_of(w.server, name));
  }
  client_enter(&w, &c);
  do
    rv = sio_emitf(sio_only(client_socket(&c, "/")), "e", "%s", "y");
  while (rv >= 0);
  assert_int_equal(rv, SIO_ERR_LIMIT);
  return &c;
}

static void test_control_packets_reach_who_is_full(void **state)
{
  sio_server_options options;
  struct core_client *c;
  const char *heard;

  (void)state;
  c = fill(&options);
  join_many(c, 10);
  assert_int_equal(sio_socket_disconnect(client_socket(c, "/"), false), 0);
  heard = client_hear(c);
  assert_int_equal(count(heard, "{\"sid\""), 10);
  assert_int_equal(count(heard, "Invalid namespace"), 10);
  assert_int_equal(count(heard, "\n41\n"), 1);
  assert_false(c->ended);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_OUTPUT_SIZE), 0);
  world_close(&w);
}

static void test_who_asks_for_too_many_of_them_is_cut(void **state)
{
  sio_server_options options;
  struct core_client *c;

  (void)state;
  c = fill(&options);
  for (int i = 0; i < 100; i++)
    client_say(c, "40/none");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_OUTPUT_SIZE), 1);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slow_readers_are_passed_over),
      cmocka_unit_test(test_slow_readers_are_cut),
      cmocka_unit_test(test_each_has_its_own_cap),
      cmocka_unit_test(test_volatile_events_are_lost_on_slow_readers),
      cmocka_unit_test(test_control_packets_reach_who_is_full),
      cmocka_unit_test(test_who_asks_for_too_many_of_them_is_cut),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
