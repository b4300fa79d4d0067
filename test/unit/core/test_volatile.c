/* SPDX-License-Identifier: MIT */
/* lib/core/emit.c: what goes out now or not at all, what waits, and what is
 * not compressed. */
#include "core_world.h"

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

static struct core_world w;
static struct core_client a, b;

static sio_target to(struct core_client *c)
{
  return sio_only(client_socket(c, "/"));
}

static void begin_with(const sio_server_options *options)
{
  world_open(&w, options);
  client_enter(&w, &a);
  client_enter(&w, &b);
}

static void begin(void)
{
  begin_with(NULL);
}

static uint64_t n_dropped(void)
{
  sio_metrics metrics;

  sio_server_metrics(w.server, &metrics);
  return metrics.messages_dropped;
}

/* ---- Websocket ---- */

static void test_a_volatile_event_is_dropped_behind_another(void **state)
{
  sio_target lossy;

  (void)state;
  begin();
  lossy = sio_volatile(to(&a));
  assert_int_equal(sio_emitf(lossy, "v", "%d", 1), 0);
  assert_hears(&a, "42[\"v\",1]\n");
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0);
  assert_int_equal(sio_emitf(lossy, "v", "%d", 2), SIO_DROPPED);
  assert_hears(&a, "42[\"e\"]\n");
  assert_int_equal(sio_emitf(lossy, "v", "%d", 3), 0);
  assert_int_equal(sio_emitf(lossy, "v", "%d", 4), SIO_DROPPED);
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0);
  assert_hears(&a, "42[\"v\",3]\n42[\"e\"]\n");
  assert_int_equal(n_dropped(), 2);
  world_close(&w);
}

static void test_a_volatile_event_waits_for_no_slow_reader(void **state)
{
  sio_span spans[4];
  sio_conn *conn;

  (void)state;
  begin();
  conn = a.conn;
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0);
  assert_int_equal(sio_conn_output(conn, spans, 4), 1);
  sio_conn_sent(conn, 1); /* of seven bytes */
  assert_int_equal(sio_emitf(sio_volatile(to(&a)), "v", NULL), SIO_DROPPED);
  while (sio_conn_output(conn, spans, 1) > 0)
    sio_conn_sent(conn, spans[0].len);
  assert_int_equal(sio_emitf(sio_volatile(to(&a)), "v", NULL), 0);
  assert_hears(&a, "42[\"v\"]\n");
  world_close(&w);
}

static void greet(sio_socket *socket, void *user)
{
  (void)user;
  world_note(&w, "%d", sio_emitf(sio_volatile(sio_only(socket)), "v", NULL));
}

static void test_a_volatile_event_is_dropped_behind_the_greeting(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_connect(w.root, greet, NULL), 0);
  client_enter(&w, &a);
  assert_noted(&w, "1\n");
  assert_hears(&a, "");
  world_close(&w);
}

static void test_attachments_go_or_stay_with_their_event(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};
  sio_target all;

  (void)state;
  begin();
  all = sio_volatile(sio_everyone(w.root));
  sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(sio_volatile(to(&a)), "v", payload), 0);
  assert_int_equal(sio_emit_payload(sio_volatile(to(&a)), "w", payload),
                   SIO_DROPPED);
  assert_int_equal(sio_emit_payload(all, "x", payload), 0);
  assert_int_equal(sio_emit_payload(all, "y", payload), 0);
  assert_hears(&a, "451-[\"v\"," PLACE0 "]\n<6162>\n");
  assert_hears(&b, "451-[\"x\"," PLACE0 "]\n<6162>\n");
  assert_int_equal(n_dropped(), 4);
  sio_payload_free(payload);
  world_close(&w);
}

static void test_a_broadcast_is_dropped_for_each_by_itself(void **state)
{
  sio_target all;

  (void)state;
  begin();
  all = sio_volatile(sio_everyone(w.root));
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0);
  assert_int_equal(sio_emitf(all, "v", "%d", 1), 0);
  assert_hears(&a, "42[\"e\"]\n");
  assert_hears(&b, "42[\"v\",1]\n");
  assert_int_equal(sio_emitf(all, "v", "%d", 2), 0);
  assert_hears(&a, "42[\"v\",2]\n");
  assert_hears(&b, "42[\"v\",2]\n");
  assert_int_equal(sio_emitf(all, "v", "{"), SIO_ERR_FORMAT);
  world_close(&w);
}

/* ---- Polling ---- */

static void burst(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  sio_target one = sio_only(socket);

  (void)args;
  (void)ack;
  (void)user;
  world_note(&w, "%d", sio_emitf(sio_volatile(one), "v", "%d", 1));
  world_note(&w, "%d", sio_emitf(sio_volatile(one), "v", "%d", 2));
  world_note(&w, "%d", sio_emitf(one, "e", NULL));
  world_note(&w, "%d", sio_emitf(sio_volatile(one), "v", "%d", 3));
}

static void test_by_polling_the_first_takes_the_get_that_waits(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "burst", burst, NULL), 0);
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_get(&p);
  assert_memory_equal(http_answer(&p.get), "200 40{\"sid\":\"", 14);
  client_drop(&a);
  client_drop(&b);

  poller_say(&p, "42[\"burst\"]"); /* no GET waits */
  assert_noted(&w, "1\n1\n0\n1\n");
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 42[\"e\"]");
  poller_get(&p);
  poller_say(&p, "42[\"burst\"]");
  assert_noted(&w, "0\n1\n0\n1\n");
  assert_string_equal(http_answer(&p.get), "200 42[\"v\",1]\x1e"
                                           "42[\"e\"]");
  world_close(&w);
}

/* ---- Acknowledgements ---- */

static void never(sio_socket *socket, int status, const sio_args *args,
                  void *user)
{
  (void)socket;
  (void)args;
  world_note(user, "%d", status);
}

static void test_nobody_is_asked_by_what_is_dropped(void **state)
{
  sio_server_options options;
  sio_target ask;

  (void)state;
  world_options(&w, &options);
  options.max_pending_acks = 1;
  begin_with(&options);
  ask = sio_with_ack(sio_volatile(to(&a)), 10, never, &w);
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0);
  assert_int_equal(sio_emitf(ask, "q", NULL), SIO_DROPPED);
  world_wait(&w, 100);
  assert_hears(&a, "42[\"e\"]\n");
  assert_noted(&w, "");
  assert_int_equal(sio_emitf(ask, "q", NULL), 0); /* nothing is owed */
  assert_hears(&a, "421[\"q\"]\n");
  world_wait(&w, 100);
  assert_noted(&w, "-15\n");
  world_close(&w);
}

static void test_errors_are_told_even_of_what_would_be_dropped(void **state)
{
  sio_target lossy;

  (void)state;
  begin();
  lossy = sio_volatile(to(&a));
  assert_int_equal(sio_emitf(to(&a), "e", NULL), 0);
  assert_int_equal(sio_emitf(lossy, "v", "{"), SIO_ERR_FORMAT);
  assert_int_equal(sio_emitf(lossy, "connect", NULL), SIO_ERR_RESERVED);
  assert_int_equal(n_dropped(), 0);
  world_close(&w);
}

/* ---- What else a target may say ---- */

static void test_only_this_node_is_everybody_without_others(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(sio_local(sio_everyone(w.root)), "e", NULL), 0);
  assert_int_equal(sio_emitf(sio_local(to(&a)), "f", NULL), 0);
  assert_int_equal(sio_count(sio_local(sio_everyone(w.root))), 2);
  assert_hears(&a, "42[\"e\"]\n42[\"f\"]\n");
  assert_hears(&b, "42[\"e\"]\n");
  world_close(&w);
}

/* The first byte of the next frame. */
static int first_byte(struct core_client *c)
{
  sio_span spans[1];
  int first = -1;

  while (sio_conn_output(c->conn, spans, 1) > 0) {
    if (first < 0)
      first = spans[0].data[0];
    sio_conn_sent(c->conn, spans[0].len);
  }
  return first;
}

enum { PLAIN = 0x81, PLAIN_BYTES = 0x82, DEFLATED = 0xc1 };

static char zeros_json[503]; /* a string */

/* One client, whose messages of some length are deflated. */
static void begin_deflating(void)
{
  sio_deflate_options deflate;
  sio_server_options options;

  memset(zeros_json, '0', sizeof zeros_json - 1);
  zeros_json[0] = zeros_json[sizeof zeros_json - 2] = '"';
  sio_deflate_options_init(&deflate);
  deflate.threshold = 200; /* more than the greeting has */
  world_options(&w, &options);
  options.per_message_deflate = &deflate;
  world_open(&w, &options);
  assert_true(client_open_with(
      &w, &b, "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  client_say(&b, "40");
  assert_int_equal(first_byte(&b), PLAIN);
  b.http = true; /* not to be read as frames */
}

static void test_a_broadcast_may_be_uncompressed(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)zeros_json, sizeof zeros_json};
  sio_target all;
  sio_span spans[2];

  (void)state;
  begin_deflating();
  all = sio_everyone(w.root);
  assert_int_equal(sio_emit_json(all, "e", sio_s(zeros_json)), 0);
  assert_int_equal(first_byte(&b), DEFLATED);
  all = sio_uncompressed(all);
  assert_int_equal(sio_emit_json(all, "e", sio_s(zeros_json)), 0);
  assert_int_equal(first_byte(&b), PLAIN);
  sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(all, "e", payload), 0);
  assert_int_equal(sio_conn_output(b.conn, spans, 2), 2);
  assert_int_equal(spans[1].data[0], PLAIN_BYTES);
  sio_payload_free(payload);
  world_close(&w);
}

static bool emit_zeros(sio_socket *socket, void *user)
{
  bool *plain = user;
  sio_target one = sio_only(socket);

  if (*plain)
    one = sio_uncompressed(one);
  assert_int_equal(sio_emit_json(one, "e", sio_s(zeros_json)), 0);
  return true;
}

static void test_one_socket_may_be_sent_to_uncompressed(void **state)
{
  bool plain = false;

  (void)state;
  begin_deflating();
  assert_int_equal(sio_each(sio_everyone(w.root), emit_zeros, &plain), 0);
  assert_int_equal(first_byte(&b), DEFLATED);
  plain = true;
  assert_int_equal(sio_each(sio_everyone(w.root), emit_zeros, &plain), 0);
  assert_int_equal(first_byte(&b), PLAIN);
  world_close(&w);
}

/* ---- What waits ---- */

static void test_beyond_the_high_water_mark_emitting_says_so(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.high_water_bytes = 20;
  begin_with(&options);
  assert_int_equal(sio_emitf(to(&a), "e", "%d", 100), 0); /* 13 bytes */
  assert_int_equal(sio_emitf(to(&a), "e", "%d", 101), SIO_BUFFERED);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "f", NULL), 0);
  assert_int_equal(sio_emitf(to(&b), "e", NULL), 0);
  assert_hears(&a, "42[\"e\",100]\n42[\"e\",101]\n42[\"f\"]\n");
  assert_int_equal(sio_emitf(to(&a), "e", "%d", 102), 0);
  world_close(&w);
}

static void test_what_waits_is_asked_all_the_same(void **state)
{
  sio_server_options options;
  sio_target ask;

  (void)state;
  world_options(&w, &options);
  options.high_water_bytes = 0;
  begin_with(&options);
  ask = sio_with_ack(to(&a), 10, never, &w);
  assert_int_equal(sio_emitf(ask, "q", NULL), SIO_BUFFERED);
  client_say(&a, "430[]");
  assert_noted(&w, "0\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_volatile_event_is_dropped_behind_another),
      cmocka_unit_test(test_a_volatile_event_waits_for_no_slow_reader),
      cmocka_unit_test(test_a_volatile_event_is_dropped_behind_the_greeting),
      cmocka_unit_test(test_attachments_go_or_stay_with_their_event),
      cmocka_unit_test(test_a_broadcast_is_dropped_for_each_by_itself),
      cmocka_unit_test(test_by_polling_the_first_takes_the_get_that_waits),
      cmocka_unit_test(test_nobody_is_asked_by_what_is_dropped),
      cmocka_unit_test(test_errors_are_told_even_of_what_would_be_dropped),
      cmocka_unit_test(test_only_this_node_is_everybody_without_others),
      cmocka_unit_test(test_a_broadcast_may_be_uncompressed),
      cmocka_unit_test(test_one_socket_may_be_sent_to_uncompressed),
      cmocka_unit_test(test_beyond_the_high_water_mark_emitting_says_so),
      cmocka_unit_test(test_what_waits_is_asked_all_the_same),
  };

  return cmocka_run_group_tests_name("core/volatile", tests, NULL, NULL);
}
