/* SPDX-License-Identifier: MIT */
/* lib/core/sessions.c: servers without Socket.IO, and what a host sees of the
 * sessions of any server. */
#include "core_world.h"

#include <sio/engine.h>

static struct core_world w;
static struct core_client a, b, c;

static sio_span span(const char *text)
{
  sio_span s = {(const uint8_t *)text, strlen(text)};

  return s;
}

/* ---- Handlers that take notes ---- */

static void on_open(sio_session *session, void *user)
{
  assert_ptr_equal(user, &w);
  assert_true(sio_session_is_open(session));
  world_note(&w, "open");
}

static void on_message(sio_session *session, const sio_message *message,
                       void *user)
{
  assert_ptr_equal(user, &w);
  world_note(&w, "message %.*s", (int)message->data.len, message->data.data);
  assert_int_equal(sio_session_send(session, message->data,
                                    message->binary ? SIO_SEND_BINARY : 0),
                   0);
}

static void on_close(sio_session *session, const sio_end *end, void *user)
{
  assert_ptr_equal(user, &w);
  assert_false(sio_session_is_open(session));
  world_note(&w, "close %s", sio_reason_text(end->reason));
}

static sio_session_handlers note_takers(void)
{
  sio_session_handlers handlers;

  sio_session_handlers_init(&handlers);
  handlers.open = on_open;
  handlers.message = on_message;
  handlers.close = on_close;
  return handlers;
}

/* A world with a plain server, where the clients of the world look for it. */
static void open_plain(const sio_session_handlers *handlers)
{
  sio_server_options options;

  world_options(&w, &options);
  world_open(&w, &options);
  sio_server_free(w.server);
  w.server = sio_engine_new(&options, handlers, &w);
  assert_non_null(w.server);
  sio_server_expire(w.server, w.now_ms);
}

/* ---- A server without Socket.IO ---- */

static void test_messages_go_to_the_host(void **state)
{
  sio_session_handlers handlers = note_takers();

  (void)state;
  open_plain(&handlers);
  assert_true(client_open(&w, &a));
  client_say(&a, "4hello");
  client_say(&a, "40/anything[");
  client_say_bytes(&a, "ab", 2);
  assert_hears(&a, "4hello\n40/anything[\n<6162>\n");
  client_say_close(&a);
  assert_noted(&w, "open\nmessage hello\nmessage 0/anything[\nmessage ab\n"
                   "close transport close\n");
  assert_int_equal(sio_server_session_count(w.server), 0);
  world_close(&w);
}

static void test_without_handlers_everything_is_ignored(void **state)
{
  (void)state;
  open_plain(NULL);
  assert_true(client_open(&w, &a));
  client_say(&a, "4hello");
  client_say_bytes(&a, "ab", 2);
  client_say(&a, "3");
  assert_hears(&a, "");
  assert_int_equal(sio_server_session_count(w.server), 1);
  world_close(&w);
}

static void test_there_are_no_namespaces(void **state)
{
  (void)state;
  open_plain(NULL);
  assert_null(sio_of(w.server, "/"));
  assert_null(sio_of(w.server, "/chat"));
  assert_null(sio_find(w.server, "/"));
  assert_int_equal(sio_server_socket_count(w.server), 0);
  assert_true(client_open(&w, &a));
  world_wait(&w, 20000); /* there is nothing to join in time */
  assert_int_equal(sio_server_session_count(w.server), 1);
  world_close(&w);
}

static void on_closed(sio_server *server, void *user)
{
  assert_ptr_equal(server, w.server);
  world_note(user, "server closed");
}

static void test_closing_the_server_closes_its_sessions(void **state)
{
  sio_session_handlers handlers = note_takers();

  (void)state;
  open_plain(&handlers);
  assert_true(client_open(&w, &a));
  assert_int_equal(sio_server_close(w.server, on_closed, &w), 0);
  assert_hears(&a, "<close>\n");
  client_drop(&a);
  assert_noted(&w, "open\nclose forced close\nserver closed\n");
  assert_true(client_open(&w, &b)); /* it may be used anew */
  world_close(&w);
}

static void on_http(sio_request *request, void *user)
{
  (void)user;
  assert_ptr_equal(sio_request_server(request), w.server);
  (void)sio_respond_text(request, 200, "text/plain", "page");
}

static void test_it_serves_other_pages_too(void **state)
{
  (void)state;
  open_plain(NULL);
  sio_server_on_http(w.server, on_http, NULL);
  assert_true(http_open(&w, &a));
  http_send(&a, "/page", NULL);
  assert_string_equal(http_answer(&a), "200 page");
  world_close(&w);
}

static void test_the_path_is_engine_io_by_default(void **state)
{
  sio_server_options options;
  sio_server *server = sio_engine_new(NULL, NULL, NULL);

  (void)state;
  assert_non_null(server);
  assert_string_equal(sio_server_path(server), "/engine.io/");
  sio_server_free(server);
  sio_engine_options_init(&options);
  assert_string_equal(options.path, "/engine.io");
  assert_int_equal(options.ping_interval_ms, 25000);
  memset(&options, 0x5a, sizeof options);
  sio_engine_options_init_sized(&options, offsetof(sio_server_options, path));
  assert_int_equal(options.size, offsetof(sio_server_options, path));
  assert_int_equal(((const char *)&options.path)[0], 0x5a);
  sio_engine_options_init_sized(NULL, sizeof options);
}

static void test_bad_options_make_no_server(void **state)
{
  sio_session_handlers handlers = note_takers();
  sio_server_options options;

  (void)state;
  sio_engine_options_init(&options);
  options.ping_timeout_ms = 0;
  assert_null(sio_engine_new(&options, &handlers, NULL));
  handlers.size = 0;
  assert_null(sio_engine_new(NULL, &handlers, NULL));
}

static void make_one(struct test_mem *mem, void *user)
{
  sio_server_options options;
  sio_server *server;

  (void)user;
  sio_engine_options_init(&options);
  options.allocator = &mem->allocator;
  server = sio_engine_new(&options, NULL, NULL);
  assert_true(server != NULL || mem->fired);
  sio_server_free(server);
}

static void test_out_of_memory_makes_no_server(void **state)
{
  (void)state;
  assert_true(test_every_allocation(make_one, NULL) > 1);
}

/* ---- Sessions of any server ---- */

static void test_on_a_socket_io_server_they_come_before_its_own(void **state)
{
  sio_session_handlers handlers = note_takers();

  (void)state;
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
  handlers.message = NULL;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, &w), 0);
  client_enter(&w, &a);
  client_drop(&a);
  assert_noted(&w, "open\njoined /\n"
                   "leaving /: transport close, rooms 1\n"
                   "left /: transport close, the peer closed the transport "
                   "without saying goodbye, rooms 0\n"
                   "close transport close\n");
  world_close(&w);
}

static void test_handlers_may_be_those_of_an_older_program(void **state)
{
  sio_session_handlers handlers = note_takers();

  (void)state;
  open_plain(NULL);
  handlers.size = offsetof(sio_session_handlers, close);
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, &w), 0);
  assert_true(client_open(&w, &a));
  client_drop(&a);
  assert_noted(&w, "open\n"); /* `close` was not known yet */
  handlers.size = 0;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, &w),
                   SIO_ERR_INVALID);
  memset(&handlers, 0x5a, sizeof handlers);
  sio_session_handlers_init_sized(&handlers,
                                  offsetof(sio_session_handlers, close));
  assert_true(handlers.open == NULL && handlers.message == NULL);
  assert_int_equal(*(const char *)&handlers.close, 0x5a);
  sio_session_handlers_init_sized(NULL, sizeof handlers);
  world_close(&w);
}

static void test_a_socket_knows_its_session(void **state)
{
  sio_socket *socket;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  socket = sio_socket_retain(client_socket(&a, "/"));
  assert_ptr_equal(sio_session_server(sio_socket_session(socket)), w.server);
  assert_string_equal(sio_session_transport(sio_socket_session(socket)),
                      "websocket");
  client_drop(&a);
  assert_null(sio_socket_session(socket));
  sio_socket_release(socket);
  world_close(&w);
}

/* ---- Visiting ---- */

/* What a visitor does with each session. */
struct visit {
  int left;       /* so many are visited */
  bool close_all; /* at the first one */
  int seen;
};

static bool close_it(sio_session *session, void *user)
{
  (void)user;
  sio_session_close(session, true);
  return true;
}

static bool visit_one(sio_session *session, void *user)
{
  struct visit *visit = user;

  assert_true(sio_session_is_open(session));
  visit->seen++;
  if (visit->close_all)
    sio_server_each_session(w.server, close_it, NULL);
  return visit->seen < visit->left;
}

static void test_sessions_can_be_visited(void **state)
{
  struct visit visit = {10, false, 0};

  (void)state;
  open_plain(NULL);
  sio_server_each_session(w.server, visit_one, &visit);
  assert_int_equal(visit.seen, 0);
  assert_true(client_open(&w, &a) && client_open(&w, &b) &&
              client_open(&w, &c));
  sio_server_each_session(w.server, visit_one, &visit);
  assert_int_equal(visit.seen, 3);
  visit.seen = 0;
  visit.left = 2;
  sio_server_each_session(w.server, visit_one, &visit);
  assert_int_equal(visit.seen, 2);
  client_drop(&b);
  visit.seen = 0;
  visit.left = 10;
  sio_server_each_session(w.server, visit_one, &visit);
  assert_int_equal(visit.seen, 2);
  world_close(&w);
}

static void test_a_visitor_may_close_any_session(void **state)
{
  struct visit visit = {10, true, 0};

  (void)state;
  open_plain(NULL);
  assert_true(client_open(&w, &a) && client_open(&w, &b) &&
              client_open(&w, &c));
  sio_server_each_session(w.server, visit_one, &visit);
  assert_int_equal(visit.seen, 1); /* the others are gone by then */
  assert_int_equal(sio_server_session_count(w.server), 0);
  assert_hears(&a, "<close>\n");
  assert_hears(&b, "<close>\n");
  assert_hears(&c, "<close>\n");
  sio_server_each_session(w.server, visit_one, &visit);
  assert_int_equal(visit.seen, 1);
  world_close(&w);
}

/* ---- A host that closes sessions over what Socket.IO sends ---- */

/* All sessions are closed at the packet that begins like this. */
static const char *fatal;

static void on_packet_out(sio_session *session, sio_packet_type type,
                          const sio_message *message, void *user)
{
  size_t len = strlen(fatal);

  (void)session;
  (void)user;
  if (type == SIO_PACKET_MESSAGE && message->data.len >= len &&
      memcmp(message->data.data, fatal, len) == 0)
    sio_server_each_session(w.server, close_it, NULL);
}

static void open_fatal(const char *packet)
{
  sio_session_handlers handlers;

  world_open(&w, NULL);
  sio_session_handlers_init(&handlers);
  handlers.packet_out = on_packet_out;
  fatal = "nothing";
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  client_enter(&w, &a);
  client_enter(&w, &b);
  fatal = packet;
}

static void close_fatal(void)
{
  assert_int_equal(sio_server_session_count(w.server), 0);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  assert_hears(&a, "<close>\n");
  assert_hears(&b, "<close>\n");
  world_close(&w);
}

static void test_a_broadcast_survives_it(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);

  (void)state;
  open_fatal("51-[\"x\"");
  sio_payload_binary(payload, span("ab"));
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "x", payload), 0);
  sio_payload_free(payload);
  close_fatal();
}

static void test_an_event_to_one_survives_it(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);

  (void)state;
  open_fatal("51-[\"x\"");
  sio_payload_binary(payload, span("ab"));
  assert_int_equal(
      sio_emit_payload(sio_only(client_socket(&a, "/")), "x", payload),
      SIO_ERR_DISCONNECTED);
  sio_payload_free(payload);
  close_fatal();
}

static void test_joining_survives_it(void **state)
{
  (void)state;
  open_fatal("0{\"sid\"");
  assert_true(client_open(&w, &c));
  client_say(&c, "40");
  assert_hears(&c, "<close>\n");
  close_fatal();
}

static void refuse(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  (void)sio_next_refuse(next, "no", NULL);
}

static void test_refusing_survives_it(void **state)
{
  (void)state;
  open_fatal("4{\"message\"");
  assert_int_equal(sio_use(w.root, refuse, NULL), 0);
  assert_true(client_open(&w, &c));
  client_say(&c, "40");
  assert_hears(&c, "<close>\n");
  close_fatal();
}

static void test_disconnecting_survives_it(void **state)
{
  (void)state;
  open_fatal("1");
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/"), false), 0);
  close_fatal();
  open_fatal("1");
  (void)sio_of(w.server, "/b");
  client_join(&a, "/b");
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/b"), true), 0);
  close_fatal();
}

/* It has another packet encoded while it is shown one. */
static void on_packet_out_emit(sio_session *session, sio_packet_type type,
                               const sio_message *message, void *user)
{
  (void)session;
  (void)user;
  if (type == SIO_PACKET_MESSAGE && message->data.len == 8 &&
      memcmp(message->data.data, "2[\"one\"]", 8) == 0)
    (void)sio_emitf(sio_only(client_socket(&a, "/")), "two", "%s",
                    "a rather long text that takes more memory than the other");
}

static void test_a_packet_that_is_shown_may_cause_another(void **state)
{
  sio_session_handlers handlers;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  sio_session_handlers_init(&handlers);
  handlers.packet_out = on_packet_out_emit;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  assert_int_equal(
      sio_emit_json(sio_only(client_socket(&a, "/")), "one", sio_s("")), 0);
  assert_hears(&a, "42[\"two\",\"a rather long text that takes more memory "
                   "than the other\"]\n42[\"one\"]\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_go_to_the_host),
      cmocka_unit_test(test_without_handlers_everything_is_ignored),
      cmocka_unit_test(test_there_are_no_namespaces),
      cmocka_unit_test(test_closing_the_server_closes_its_sessions),
      cmocka_unit_test(test_it_serves_other_pages_too),
      cmocka_unit_test(test_the_path_is_engine_io_by_default),
      cmocka_unit_test(test_bad_options_make_no_server),
      cmocka_unit_test(test_out_of_memory_makes_no_server),
      cmocka_unit_test(test_on_a_socket_io_server_they_come_before_its_own),
      cmocka_unit_test(test_handlers_may_be_those_of_an_older_program),
      cmocka_unit_test(test_a_socket_knows_its_session),
      cmocka_unit_test(test_sessions_can_be_visited),
      cmocka_unit_test(test_a_visitor_may_close_any_session),
      cmocka_unit_test(test_a_broadcast_survives_it),
      cmocka_unit_test(test_an_event_to_one_survives_it),
      cmocka_unit_test(test_joining_survives_it),
      cmocka_unit_test(test_refusing_survives_it),
      cmocka_unit_test(test_disconnecting_survives_it),
      cmocka_unit_test(test_a_packet_that_is_shown_may_cause_another),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
