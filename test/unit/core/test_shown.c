/* SPDX-License-Identifier: MIT */
/* Packets that are shown on their way out, while the host uses up the room that
 * there was for them (SIO_OUTPUT_REFUSE). */
#include "core_world.h"

#include <sio/engine.h>
#include <sio/metrics.h>
#include <sio/recovery.h>

enum { CAP = 8192, LARGE = 3000, BETWEEN = 4000 };

static struct core_world w;
static struct core_client c;
static sio_server_options options;
static char text[CAP]; /* of x */
static unsigned n_between;
static sio_socket *socket;

/* Whatever is large makes the host send something smaller, once. */
static void on_packet(sio_session *session, sio_packet_type type,
                      const sio_message *message, void *user)
{
  (void)user;
  if (type != SIO_PACKET_MESSAGE || message->data.len < LARGE || n_between > 0)
    return;
  n_between++;
  if (session == sio_socket_session(socket))
    assert_true(sio_emitf(sio_only(socket), "between", "%.*s", BETWEEN - 1200,
                          text) >= 0);
  assert_true(sio_emitf(sio_only(socket), "between", "%.*s", 1000, text) >= 0);
}

static void open_watched(void)
{
  sio_session_handlers handlers;

  memset(text, 'x', sizeof text - 1);
  options.max_output_bytes = CAP;
  options.high_water_bytes = CAP;
  options.output_policy = SIO_OUTPUT_REFUSE;
  world_open(&w, &options);
  sio_session_handlers_init(&handlers);
  handlers.packet_out = on_packet;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  assert_true(client_open(&w, &c));
  client_say(&c, "40");
  assert_memory_equal(client_hear(&c), "40{\"sid\":\"", 10);
  memcpy(c.sid, c.heard + 10, CORE_SID_LEN);
  socket = client_socket(&c, "/");
  n_between = 0;
}

static void begin(void)
{
  world_options(&w, &options);
  open_watched();
}

/* What was sent meanwhile has come, what was shown has not, and it lives. */
static void assert_refused(uint64_t refused)
{
  const char *heard = client_hear(&c);

  assert_int_equal(n_between, 1);
  assert_memory_equal(heard, "42[\"between\"", 12);
  assert_null(strstr(heard, "large"));
  assert_null(strstr(heard, "<"));
  assert_int_equal(sio_socket_refused(socket), refused);
  assert_true(sio_socket_is_connected(socket));
  assert_int_equal(sio_emitf(sio_only(socket), "later", NULL), 0);
  assert_memory_equal(client_hear(&c), "42[\"later\"", 10);
}

static void test_an_event_for_one_is_refused(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(sio_only(socket), "large", "%.*s", LARGE, text),
                   SIO_ERR_LIMIT);
  assert_refused(1);
  world_close(&w);
}

static void test_attachments_are_refused_with_it(void **state)
{
  const sio_span data = {(const uint8_t *)text, LARGE};
  sio_payload *payload = sio_payload_new(NULL);

  (void)state;
  begin();
  assert_non_null(payload);
  sio_payload_binary(payload, data);
  assert_int_equal(sio_emit_payload(sio_only(socket), "large", payload),
                   SIO_ERR_LIMIT);
  sio_payload_free(payload);
  assert_refused(1);
  world_close(&w);
}

static void test_a_broadcast_passes_it_over(void **state)
{
  static struct core_client other;
  sio_ns_metrics metrics;

  (void)state;
  begin();
  client_enter(&w, &other);
  assert_int_equal(
      sio_emitf(sio_everyone(w.root), "large", "%.*s", LARGE, text), 0);
  assert_non_null(strstr(client_hear(&other), "large"));
  sio_ns_metrics(w.root, &metrics);
  assert_int_equal(metrics.recipients, 1);
  assert_refused(1);
  world_close(&w);
}

static void on_response(sio_socket *from, int status, const sio_args *args,
                        void *user)
{
  (void)from;
  (void)args;
  (void)user;
  world_note(&w, "response %d", status);
}

static void on_done(int status, size_t answered, size_t asked, void *user)
{
  (void)user;
  world_note(&w, "done %d, %zu of %zu", status, answered, asked);
}

static void test_nobody_waits_for_its_answer(void **state)
{
  sio_target all;

  (void)state;
  begin();
  all = sio_with_acks(sio_everyone(w.root), 1000, on_response, on_done, NULL);
  assert_int_equal(sio_emitf(all, "large", "%.*s", LARGE, text), 0);
  assert_noted(&w, "done 0, 0 of 0\n");
  assert_refused(1);
  world_close(&w);
}

static sio_ack *kept;

static void keep_ack(sio_socket *from, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)from;
  (void)args;
  (void)user;
  kept = sio_ack_retain(ack);
}

static void test_an_acknowledgement_may_be_tried_again(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "e", keep_ack, NULL), 0);
  client_say(&c, "427[\"e\"]");
  assert_int_equal(sio_ackf(kept, "%.*s", LARGE, text), SIO_ERR_LIMIT);
  assert_refused(1);
  assert_int_equal(sio_ackf(kept, "%s", "now"), 0);
  assert_hears(&c, "437[\"now\"]\n");
  sio_ack_release(kept);
  world_close(&w);
}

static void test_a_message_of_the_host_is_refused(void **state)
{
  sio_span data = {(const uint8_t *)text, LARGE};
  sio_metrics metrics;

  (void)state;
  begin();
  assert_int_equal(sio_session_send(sio_socket_session(socket), data, 0),
                   SIO_ERR_LIMIT);
  sio_server_metrics(w.server, &metrics);
  assert_int_equal(metrics.messages_refused, 1);
  assert_refused(0);
  world_close(&w);
}

static void test_it_is_refused_where_it_could_come_back(void **state)
{
  sio_recovery_options recovery;

  (void)state;
  world_options(&w, &options);
  sio_recovery_options_init(&recovery);
  options.recovery = &recovery;
  open_watched();
  assert_int_equal(sio_emitf(sio_only(socket), "large", "%.*s", LARGE, text),
                   SIO_ERR_LIMIT);
  assert_refused(1);
  world_close(&w);
}

/* It is not there any more when that is found. */
static void leave_and_fill(sio_session *session, sio_packet_type type,
                           const sio_message *message, void *user)
{
  const sio_span data = {(const uint8_t *)text, BETWEEN};

  (void)user;
  if (type != SIO_PACKET_MESSAGE || message->data.len < LARGE || n_between > 0)
    return;
  n_between++;
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  assert_int_equal(sio_session_send(session, data, 0), 0);
}

static void test_a_socket_may_leave_meanwhile(void **state)
{
  sio_session_handlers handlers;

  (void)state;
  begin();
  sio_session_handlers_init(&handlers);
  handlers.packet_out = leave_and_fill;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  (void)sio_socket_retain(socket);
  assert_int_equal(sio_emitf(sio_only(socket), "large", "%.*s", LARGE, text),
                   SIO_ERR_LIMIT);
  assert_int_equal(sio_socket_refused(socket), 1);
  assert_memory_equal(client_hear(&c), "41\n4xxx", 7);
  sio_socket_release(socket);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_event_for_one_is_refused),
      cmocka_unit_test(test_attachments_are_refused_with_it),
      cmocka_unit_test(test_a_broadcast_passes_it_over),
      cmocka_unit_test(test_nobody_waits_for_its_answer),
      cmocka_unit_test(test_an_acknowledgement_may_be_tried_again),
      cmocka_unit_test(test_a_message_of_the_host_is_refused),
      cmocka_unit_test(test_it_is_refused_where_it_could_come_back),
      cmocka_unit_test(test_a_socket_may_leave_meanwhile),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
