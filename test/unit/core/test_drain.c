/* SPDX-License-Identifier: MIT */
/* lib/core/drain.c: room for what is emitted, and who is told of it. */
#include "core_world.h"

#include <sio/metrics.h>

#include "core/drain.h"

static struct core_world w;
static char text[16384]; /* of x */

static void on_drain(sio_socket *socket, void *user)
{
  (void)user;
  world_note(&w, "drain %s", sio_ns_name(sio_socket_ns(socket)));
}

static void set_up(const sio_server_options *options)
{
  memset(text, 'x', sizeof text - 1);
  world_open(&w, options);
  assert_int_equal(sio_on_drain(w.root, on_drain, NULL), 0);
}

static void small(sio_server_options *options)
{
  world_options(&w, options);
  options->high_water_bytes = 2000;
}

static void refusing(sio_server_options *options)
{
  small(options);
  options->max_output_bytes = 8192;
  options->output_policy = SIO_OUTPUT_REFUSE;
}

static int emit(sio_socket *socket, size_t len)
{
  return sio_emitf(sio_only(socket), "e", "%.*s", (int)len, text);
}

/* Read so many bytes, or what there is; how many there were. */
static size_t sip(struct core_client *c, size_t len)
{
  sio_span spans[8];
  size_t total = 0, n;

  while (total < len && (n = sio_conn_output(c->conn, spans, 8)) > 0) {
    size_t got = 0;

    for (size_t i = 0; i < n; i++)
      got += spans[i].len;
    if (got > len - total)
      got = len - total;
    sio_conn_sent(c->conn, got);
    total += got;
  }
  return total;
}

static sio_socket *join(struct core_client *c, const char *nsp)
{
  client_join(c, nsp);
  return client_socket(c, nsp);
}

static sio_socket *enter(struct core_client *c)
{
  client_enter(&w, c);
  return client_socket(c, "/");
}

static uint64_t refused(void)
{
  sio_metrics metrics;

  sio_server_metrics(w.server, &metrics);
  return metrics.messages_refused;
}

/* ---- Telling ---- */

static void test_less_than_half_of_high_water_is_told_once(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_socket *socket;

  (void)state;
  small(&options);
  set_up(&options);
  client_enter(&w, &c);
  socket = client_socket(&c, "/");
  assert_int_equal(emit(socket, 1500), 0);
  assert_int_equal(emit(socket, 1500), SIO_BUFFERED);
  assert_int_equal(emit(socket, 1500), SIO_BUFFERED);
  (void)sip(&c, sio_socket_pending(socket) - 1000);
  assert_noted(&w, "");
  (void)sip(&c, 1);
  assert_noted(&w, "drain /\n");
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "");
  assert_int_equal(emit(socket, 1500), 0);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, ""); /* nobody had been told that it is much */
  world_close(&w);
}

static void test_with_no_water_mark_all_has_to_go(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  small(&options);
  options.high_water_bytes = 0;
  set_up(&options);
  client_enter(&w, &c);
  assert_int_equal(emit(client_socket(&c, "/"), 10), SIO_BUFFERED);
  (void)sip(&c, 5);
  assert_noted(&w, "");
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /\n");
  world_close(&w);
}

static void test_those_who_were_answered_are_told(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_socket *root, *a, *b;

  (void)state;
  small(&options);
  set_up(&options);
  assert_int_equal(sio_on_drain(world_watch(&w, "/a"), on_drain, NULL), 0);
  assert_int_equal(sio_on_drain(world_watch(&w, "/b"), on_drain, NULL), 0);
  root = enter(&c);
  a = join(&c, "/a");
  b = join(&c, "/b");
  assert_noted(&w, "joined /a\njoined /b\n");
  assert_int_equal(emit(root, 1000), 0);
  assert_int_equal(emit(b, 1500), SIO_BUFFERED);
  assert_int_equal(emit(a, 10), SIO_BUFFERED);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /a\ndrain /b\n");
  world_close(&w);
}

static void test_parents_are_told_of_their_children(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_ns *parent;

  (void)state;
  small(&options);
  set_up(&options);
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_int_equal(sio_on_drain(parent, on_drain, NULL), 0);
  client_enter(&w, &c);
  client_join(&c, "/t/1");
  assert_int_equal(emit(client_socket(&c, "/t/1"), 3000), SIO_BUFFERED);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /t/1\n");
  world_close(&w);
}

static void fill_again(sio_socket *socket, void *user)
{
  int *left = user;

  if ((*left)-- > 0)
    assert_int_equal(emit(socket, 3000), SIO_BUFFERED);
}

static void leave(sio_socket *socket, void *user)
{
  (void)user;
  assert_int_equal(sio_socket_disconnect(socket, true), 0);
}

static void test_handlers_may_fill_it_again_and_leave(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_socket *root;
  sio_ns *ns;
  int left = 3;

  (void)state;
  small(&options);
  set_up(&options);
  ns = sio_of(w.server, "/a");
  assert_int_equal(sio_on_drain(ns, fill_again, &left), 0);
  root = enter(&c);
  assert_int_equal(emit(join(&c, "/a"), 3000), SIO_BUFFERED);
  for (int i = 2; i >= -1; i--) {
    (void)sip(&c, sio_conn_pending(c.conn) - 500);
    assert_int_equal(left, i);
  }
  assert_int_equal(sio_on_drain(w.root, leave, NULL), 0);
  assert_int_equal(sio_on_drain(w.root, on_drain, NULL), 0);
  (void)sip(&c, SIZE_MAX);
  assert_int_equal(emit(root, 3000), SIO_BUFFERED);
  (void)sip(&c, 3000);
  assert_noted(&w, "drain /\n"); /* the one behind it is not called */
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

static void test_who_leaves_before_is_not_told(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_socket *socket;

  (void)state;
  small(&options);
  set_up(&options);
  assert_int_equal(sio_on_drain(sio_of(w.server, "/a"), on_drain, NULL), 0);
  client_enter(&w, &c);
  socket = join(&c, "/a");
  assert_int_equal(emit(socket, 3000), SIO_BUFFERED);
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_it_takes_a_namespace_and_a_function(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_drain(NULL, on_drain, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_on_drain(w.root, NULL, NULL), SIO_ERR_INVALID);
  world_close(&w);
}

/* ---- Refusing ---- */

static void test_what_has_no_room_is_refused_and_the_client_stays(void **state)
{
  static struct core_client c;
  sio_server_options options;
  sio_socket *socket;
  size_t pending;
  int n = 0;

  (void)state;
  refusing(&options);
  set_up(&options);
  client_enter(&w, &c);
  socket = client_socket(&c, "/");
  assert_int_equal(emit(socket, 1000), 0);
  while (emit(socket, 1000) == SIO_BUFFERED || n == 0)
    n++;
  assert_in_range(n, 3, 7);
  pending = sio_socket_pending(socket);
  assert_in_range(pending, 5000, 8192 - 512);
  assert_int_equal(emit(socket, 1000), SIO_ERR_LIMIT);
  assert_int_equal(sio_socket_pending(socket), pending);
  assert_int_equal(sio_socket_refused(socket), 2);
  assert_int_equal(refused(), 2);
  world_wait(&w, 25000); /* there is room for a ping */
  assert_int_equal(sio_socket_pending(socket), pending + 3);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /\n");
  assert_int_equal(emit(socket, 1000), 0);
  assert_int_equal(emit(socket, 8192), SIO_ERR_LIMIT); /* it never has */
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /\n");
  assert_int_equal(emit(socket, 8192), SIO_ERR_LIMIT);
  assert_noted(&w, "");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_OUTPUT_SIZE), 0);
  world_close(&w);
}

static void test_all_parts_of_an_event_are_refused_together(void **state)
{
  static struct core_client c;
  static uint8_t bytes[3000];
  sio_server_options options;
  sio_payload *payload;
  sio_span span = {bytes, sizeof bytes};
  sio_socket *socket;
  size_t pending;

  (void)state;
  refusing(&options);
  set_up(&options);
  client_enter(&w, &c);
  socket = client_socket(&c, "/");
  payload = sio_payload_new(NULL);
  assert_non_null(payload);
  sio_payload_binary(payload, span);
  sio_payload_binary(payload, span);
  assert_int_equal(sio_emit_payload(sio_only(socket), "e", payload),
                   SIO_BUFFERED);
  pending = sio_socket_pending(socket);
  assert_int_equal(sio_emit_payload(sio_only(socket), "e", payload),
                   SIO_ERR_LIMIT);
  assert_int_equal(sio_socket_pending(socket), pending);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "e", payload), 0);
  assert_int_equal(sio_socket_pending(socket), pending);
  assert_int_equal(sio_socket_refused(socket), 2);
  sio_payload_free(payload);
  world_close(&w);
}

static void test_a_broadcast_passes_over_who_has_no_room(void **state)
{
  static struct core_client slow, fast;
  sio_server_options options;
  size_t got = 0;

  (void)state;
  refusing(&options);
  set_up(&options);
  client_enter(&w, &slow);
  client_enter(&w, &fast);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%.*s", 1000, text),
                     0);
    got += sip(&fast, SIZE_MAX);
  }
  assert_in_range(got, 20 * 1000, 20 * 1020);
  assert_int_equal(sio_socket_refused(client_socket(&fast, "/")), 0);
  assert_in_range(sio_socket_refused(client_socket(&slow, "/")), 13, 16);
  assert_int_equal(refused(), sio_socket_refused(client_socket(&slow, "/")));
  assert_noted(&w, "");
  (void)sip(&slow, SIZE_MAX);
  assert_noted(&w, "drain /\n");
  world_close(&w);
}

static void on_response(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  world_note(&w, "response %d", status);
}

static void on_done(int status, size_t answered, size_t asked, void *user)
{
  (void)user;
  world_note(&w, "done %d, %zu of %zu", status, answered, asked);
}

static void test_nobody_waits_for_the_answer_of_who_was_not_asked(void **state)
{
  static struct core_client slow, fast;
  sio_server_options options;
  sio_socket *socket;
  sio_target all;

  (void)state;
  refusing(&options);
  set_up(&options);
  client_enter(&w, &slow);
  client_enter(&w, &fast);
  socket = client_socket(&slow, "/");
  while (emit(socket, 1000) >= 0)
    ;
  assert_int_equal(
      sio_emitf(sio_with_ack(sio_only(socket), 1000, on_response, NULL), "ask",
                "%.*s", 2000, text),
      SIO_ERR_LIMIT);
  assert_int_equal(socket->n_pending, 0);
  all = sio_with_acks(sio_everyone(w.root), 1000, on_response, on_done, NULL);
  assert_int_equal(sio_emitf(all, "ask", "%.*s", 2000, text), 0);
  assert_int_equal(socket->n_pending, 0);
  client_say(&fast, "431[]");
  client_say(&fast, "430[]");
  client_say(&fast, "432[]");
  assert_noted(&w, "response 0\ndone 0, 1 of 1\n");
  world_close(&w);
}

static sio_ack *kept;

static void keep_ack(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  kept = sio_ack_retain(ack);
}

static void
test_an_acknowledgement_without_room_may_be_tried_again(void **state)
{
  static struct core_client c;
  sio_server_options options;

  (void)state;
  refusing(&options);
  set_up(&options);
  assert_int_equal(sio_on(w.root, "e", keep_ack, NULL), 0);
  client_enter(&w, &c);
  client_say(&c, "427[\"e\"]");
  while (emit(client_socket(&c, "/"), 1000) >= 0)
    ;
  assert_int_equal(sio_ackf(kept, "%.*s", 1000, text), SIO_ERR_LIMIT);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /\n");
  assert_int_equal(sio_ackf(kept, "%s", "now"), 0);
  assert_int_equal(sio_ackf(kept, "%s", "again"), SIO_ERR_STATE);
  assert_hears(&c, "437[\"now\"]\n");
  sio_ack_release(kept);
  world_close(&w);
}

/* ---- Polling, and packets ---- */

static sio_socket *newest;

static void remember(sio_socket *socket, void *user)
{
  (void)user;
  newest = socket;
}

/* A polling client in "/". */
static sio_socket *enter_polling(struct core_poller *p)
{
  newest = NULL;
  assert_int_equal(sio_on_connect(w.root, remember, NULL), 0);
  assert_true(poller_open(&w, p));
  poller_say(p, "40");
  poller_get(p);
  assert_memory_equal(http_answer(&p->get), "200 40{", 7);
  assert_non_null(newest);
  return newest;
}

static void test_polling_has_the_same_limits(void **state)
{
  static struct core_poller p;
  sio_server_options options;
  sio_socket *socket;
  size_t pending;

  (void)state;
  refusing(&options);
  set_up(&options);
  socket = enter_polling(&p);
  while (emit(socket, 1000) >= 0)
    ;
  pending = sio_socket_pending(socket);
  assert_in_range(pending, 5000, 8192 - 512);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%.*s", 1000, text), 0);
  assert_int_equal(sio_socket_pending(socket), pending);
  assert_int_equal(sio_socket_refused(socket), 2);
  assert_noted(&w, "");
  poller_get(&p);
  assert_noted(&w, "drain /\n");
  assert_int_equal(sio_socket_pending(socket), 0);
  assert_int_equal(emit(socket, 1000), 0);
  world_close(&w);
}

static void test_packets_may_be_limited_too(void **state)
{
  static struct core_client c;
  static struct core_poller p;
  sio_server_options options;
  sio_socket *socket;

  (void)state;
  refusing(&options);
  options.max_output_packets = 4;
  set_up(&options);
  socket = enter(&c);
  for (int i = 0; i < 4; i++)
    assert_int_equal(emit(socket, 10), 0);
  assert_int_equal(emit(socket, 10), SIO_ERR_LIMIT);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  assert_int_equal(sio_socket_refused(socket), 2);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "drain /\n");
  assert_int_equal(emit(socket, 10), 0);
  (void)sip(&c, SIZE_MAX);
  assert_noted(&w, "");

  socket = enter_polling(&p);
  for (int i = 0; i < 4; i++)
    assert_int_equal(emit(socket, 10), 0);
  assert_int_equal(emit(socket, 10), SIO_ERR_LIMIT);
  poller_get(&p);
  assert_noted(&w, "drain /\n");
  assert_int_equal(emit(socket, 10), 0);
  world_close(&w);
}

static void test_too_many_packets_cut_the_connection(void **state)
{
  static struct core_client c;
  static struct core_poller p;
  sio_server_options options;
  sio_socket *socket;

  (void)state;
  small(&options);
  options.max_output_packets = 4;
  set_up(&options);
  (void)world_watch(&w, "/");
  socket = enter_polling(&p);
  assert_noted(&w, "joined /\n");
  for (int i = 0; i < 4; i++)
    assert_int_equal(emit(socket, 10), 0);
  assert_int_equal(emit(socket, 10), SIO_ERR_DISCONNECTED);
  assert_noted(&w, "leaving /: transport error, rooms 1\n"
                   "left /: transport error, too many unsent packets, "
                   "rooms 0\n");
  socket = enter(&c);
  assert_noted(&w, "joined /\n");
  for (int i = 0; i < 4; i++)
    assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  assert_int_equal(sio_socket_refused(socket), 0);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  assert_noted(&w, "leaving /: transport error, rooms 1\n"
                   "left /: transport error, too many unsent packets, "
                   "rooms 0\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_OUTPUT_PACKETS),
                   2);
  assert_non_null(strstr(w.logged, "(limit 4, seen 5)"));
  world_close(&w);
}

/* ---- Out of memory ---- */

static void run_with(struct test_mem *mem, void *user)
{
  static struct core_client slow, fast;
  sio_server_options options;

  (void)user;
  refusing(&options);
  w.mem = mem;
  options.allocator = &mem->allocator;
  options.log = NULL;
  w.now_ms = 1000;
  w.server = sio_server_new(&options);
  if (w.server == NULL)
    return;
  w.root = sio_find(w.server, "/");
  sio_server_expire(w.server, w.now_ms);
  (void)sio_on_drain(w.root, on_drain, NULL);
  if (client_open(&w, &slow) && client_open(&w, &fast)) {
    client_say(&slow, "40");
    client_say(&fast, "40");
    for (int i = 0; i < 12; i++) {
      (void)sio_emitf(sio_everyone(w.root), "e", "%.*s", 1000, text);
      (void)sip(&fast, fast.conn != NULL ? SIZE_MAX : 0);
    }
    (void)sip(&slow, SIZE_MAX);
  }
  w.n_notes = 0;
  world_close(&w);
}

static void test_without_memory_nothing_leaks(void **state)
{
  (void)state;
  memset(text, 'x', sizeof text - 1);
  assert_true(test_every_allocation(run_with, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_less_than_half_of_high_water_is_told_once),
      cmocka_unit_test(test_with_no_water_mark_all_has_to_go),
      cmocka_unit_test(test_those_who_were_answered_are_told),
      cmocka_unit_test(test_parents_are_told_of_their_children),
      cmocka_unit_test(test_handlers_may_fill_it_again_and_leave),
      cmocka_unit_test(test_who_leaves_before_is_not_told),
      cmocka_unit_test(test_it_takes_a_namespace_and_a_function),
      cmocka_unit_test(test_what_has_no_room_is_refused_and_the_client_stays),
      cmocka_unit_test(test_all_parts_of_an_event_are_refused_together),
      cmocka_unit_test(test_a_broadcast_passes_over_who_has_no_room),
      cmocka_unit_test(test_nobody_waits_for_the_answer_of_who_was_not_asked),
      cmocka_unit_test(test_an_acknowledgement_without_room_may_be_tried_again),
      cmocka_unit_test(test_polling_has_the_same_limits),
      cmocka_unit_test(test_packets_may_be_limited_too),
      cmocka_unit_test(test_too_many_packets_cut_the_connection),
      cmocka_unit_test(test_without_memory_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
