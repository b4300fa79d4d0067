/* SPDX-License-Identifier: MIT */
/* A packet and its attachments stay together, whatever a host that watches
 * packets does about them (Socket.IO: nothing may come between them). */
#include "recovery_world.h"

#define PLACE "{\"_placeholder\":true,\"num\":0}"

static int depth;
static bool closes; /* at bytes */

/* For each packet of Socket.IO another one is sent to the same client. */
static void meddle(sio_session *session, sio_packet_type type,
                   const sio_message *message, void *user)
{
  (void)user;
  if (type != SIO_PACKET_MESSAGE || depth > 0)
    return;
  depth++;
  if (closes && message->binary)
    sio_session_close(session, true);
  else if (!closes)
    assert_int_equal(sio_session_send(session, (sio_span){NULL, 0}, 0), 0);
  depth--;
}

static void watch(void)
{
  sio_session_handlers handlers;

  closes = false;
  sio_session_handlers_init(&handlers);
  handlers.packet_out = meddle;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
}

static void begin_watched(void)
{
  world_open(&w, NULL);
  world_echo(w.root);
  client_enter(&w, &a);
  watch();
}

static int emit_bytes(sio_target target)
{
  static const uint8_t bytes[] = {1, 2};
  const sio_span span = {bytes, sizeof bytes};
  sio_payload *payload = sio_payload_new(NULL);
  int rv;

  sio_payload_binary(payload, span);
  rv = sio_emit_payload(target, "b", payload);
  sio_payload_free(payload);
  return rv;
}

static void test_an_event_to_one_keeps_its_attachments(void **state)
{
  (void)state;
  begin_watched();
  assert_int_equal(emit_bytes(sio_only(client_socket(&a, "/"))), 0);
  assert_hears(&a, "4\n4\n451-[\"b\"," PLACE "]\n<0102>\n");
  world_close(&w);
}

static void test_a_broadcast_keeps_its_attachments(void **state)
{
  (void)state;
  begin_watched();
  assert_int_equal(emit_bytes(sio_everyone(w.root)), 0);
  assert_hears(&a, "4\n4\n451-[\"b\"," PLACE "]\n<0102>\n");
  world_close(&w);
}

static void test_an_acknowledgement_keeps_its_attachments(void **state)
{
  (void)state;
  begin_watched();
  client_say(&a, "451-7[\"echo\"," PLACE "]");
  client_say_bytes(&a, "a", 1);
  assert_hears(&a, "4\n4\n451-[\"echoed\"," PLACE "]\n<61>\n"
                   "4\n4\n461-7[" PLACE "]\n<61>\n");
  world_close(&w);
}

static void test_what_is_replayed_keeps_its_attachments(void **state)
{
  char pid[CORE_SID_LEN + 1];

  (void)state;
  begin();
  enter_and_get(&a, pid);
  watch();
  assert_int_equal(emit_bytes(sio_only(client_socket(&a, "/"))), 0);
  assert_hears(&a, "4\n4\n451-[\"b\"," PLACE ",\"Fe.0\"]\n<0102>\n");
  client_drop(&a);
  ask_back(&a, pid, "Fe");
  assert_back(&a, pid, "4\n4\n451-[\"b\"," PLACE ",\"Fe.0\"]\n<0102>\n4\n");
  world_close(&w);
}

static void test_a_session_that_is_closed_over_one_gets_none(void **state)
{
  (void)state;
  for (int many = 0; many <= 1; many++) {
    begin_watched();
    closes = true;
    assert_int_equal(emit_bytes(many ? sio_everyone(w.root)
                                     : sio_only(client_socket(&a, "/"))),
                     many ? 0 : SIO_ERR_DISCONNECTED);
    assert_hears(&a, "<close>\n");
    world_close(&w);
  }
}

static void note_answer(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  world_note(&w, "answer %d", status);
}

/* The socket leaves, but not its session. */
static void part(sio_session *session, sio_packet_type type,
                 const sio_message *message, void *user)
{
  sio_socket *socket = sio_ns_socket(w.root, sio_s(a.sid));

  (void)session;
  (void)message;
  (void)user;
  if (type == SIO_PACKET_MESSAGE && socket != NULL)
    (void)sio_socket_disconnect(socket, false); /* or it leaves already */
}

/* What was shown is sent, and the session goes on without the socket. */
static void test_a_socket_may_leave_when_its_packet_is_shown(void **state)
{
  static const char *const forms[] = {"41\n42[\"e\"]\n", "41\n420[\"e\"]\n"};
  sio_session_handlers handlers;
  sio_target target;

  (void)state;
  sio_session_handlers_init(&handlers);
  handlers.packet_out = part;
  for (int asks = 0; asks <= 1; asks++) {
    world_open(&w, NULL);
    client_enter(&w, &a);
    assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
    target = sio_only(client_socket(&a, "/"));
    if (asks)
      target = sio_with_ack(target, 100, note_answer, NULL);
    assert_int_equal(sio_emitf(target, "e", NULL), 0);
    assert_noted(&w, asks ? "answer -500\n" : "");
    assert_hears(&a, forms[asks]);
    client_join(&a, "/");
    world_close(&w);
  }
}

static void part_for_good(sio_session *session, sio_packet_type type,
                          const sio_message *message, void *user)
{
  sio_socket *socket = sio_ns_socket(w.root, sio_s(a.sid));

  (void)session;
  (void)message;
  (void)user;
  if (type == SIO_PACKET_MESSAGE && socket != NULL)
    (void)sio_socket_disconnect(socket, true); /* or it leaves already */
}

static void test_a_connection_may_be_closed_when_its_end_is_shown(void **state)
{
  sio_session_handlers handlers;

  (void)state;
  sio_session_handlers_init(&handlers);
  handlers.packet_out = part_for_good;
  for (int close = 0; close <= 1; close++) {
    world_open(&w, NULL);
    client_enter(&w, &a);
    assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
    assert_int_equal(sio_socket_disconnect(client_socket(&a, "/"), close), 0);
    assert_non_null(strstr(client_hear(&a), "<close>\n"));
    assert_int_equal(sio_server_socket_count(w.server), 0);
    world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_event_to_one_keeps_its_attachments),
      cmocka_unit_test(test_a_broadcast_keeps_its_attachments),
      cmocka_unit_test(test_an_acknowledgement_keeps_its_attachments),
      cmocka_unit_test(test_what_is_replayed_keeps_its_attachments),
      cmocka_unit_test(test_a_session_that_is_closed_over_one_gets_none),
      cmocka_unit_test(test_a_socket_may_leave_when_its_packet_is_shown),
      cmocka_unit_test(test_a_connection_may_be_closed_when_its_end_is_shown),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
