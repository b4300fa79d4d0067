/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include <stdio.h>

static struct core_world w;
static struct core_client a, b;

static void begin(void)
{
  world_open(&w, NULL);
  world_echo(world_watch(&w, "/"));
  client_enter(&w, &a);
  w.n_notes = 0;
}

/* ---- Leaving, and why ---- */

static void
test_the_server_disconnects_a_socket_and_keeps_the_connection(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = sio_socket_retain(client_socket(&a, "/"));
  assert_int_equal(sio_join(socket, sio_s("r")), 0);
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  assert_hears(&a, "41\n");
  assert_noted(&w, "leaving /: server namespace disconnect, rooms 2\n"
                   "left /: server namespace disconnect, "
                   "the host disconnected the socket, rooms 0\n");
  assert_int_equal(sio_socket_disconnect(socket, false), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_disconnect(socket, true), SIO_ERR_DISCONNECTED);
  sio_socket_release(socket);
  client_join(&a, "/");
  world_close(&w);
}

static void
test_disconnect_with_close_tells_every_namespace_then_closes(void **state)
{
  (void)state;
  begin();
  (void)world_watch(&w, "/b");
  (void)world_watch(&w, "/c");
  client_join(&a, "/b");
  client_join(&a, "/c");
  w.n_notes = 0;
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/c"), true), 0);
  assert_hears(&a, "41\n41/b,\n41/c,\n<close>\n");
  assert_noted(&w, "leaving /: server namespace disconnect, rooms 1\n"
                   "left /: server namespace disconnect, "
                   "the host disconnected the socket, rooms 0\n"
                   "leaving /b: server namespace disconnect, rooms 1\n"
                   "left /b: server namespace disconnect, "
                   "the host disconnected the socket, rooms 0\n"
                   "leaving /c: server namespace disconnect, rooms 1\n"
                   "left /c: server namespace disconnect, "
                   "the host disconnected the socket, rooms 0\n");
  client_say(&a, "42[\"echo\"]"); /* nothing is read any more */
  client_say_close(&a);
  assert_hears(&a, "<end>\n");
  assert_noted(&w, "");
  world_close(&w);
}

static void
test_disconnect_with_close_on_polling_waits_for_the_last_poll(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_get(&p);
  memcpy(p.get.sid, strstr(http_answer(&p.get), "sid\":\"") + 6, CORE_SID_LEN);
  assert_int_equal(sio_socket_disconnect(client_socket(&p.get, "/"), true), 0);
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 41");
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 6\x1e"
                                           "1");
  poller_get(&p);
  assert_memory_equal(http_answer(&p.get), "400 ", 4);
  world_close(&w);
}

static void leave_by(void (*act)(void), const char *reason, const char *cause)
{
  char want[256];

  begin();
  act();
  (void)client_hear(&a);
  snprintf(want, sizeof want,
           "leaving /: %s, rooms 1\nleft /: %s, %s, rooms 0\n", reason, reason,
           cause);
  assert_noted(&w, want);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

static void drop(void)
{
  client_drop(&a);
}

static void fail_to_write(void)
{
  sio_conn *conn = a.conn;

  a.conn = NULL;
  sio_conn_closed(conn, -5);
}

static void say_close(void)
{
  client_say_close(&a);
}

static void say_leave(void)
{
  client_say(&a, "41");
}

static void say_bye(void)
{
  client_say(&a, "1");
}

static void say_ping(void)
{
  client_say(&a, "2");
}

static void say_nonsense(void)
{
  client_say(&a, "x");
}

static void say_unmasked(void)
{
  client_feed(&a,
              "\x81\x01"
              "3",
              3);
}

static void say_too_much(void)
{
  /* a frame of 2^32 bytes */
  client_feed(&a, "\x81\xff\0\0\0\1\0\0\0\0\1\2\3\4", 14);
}

static void say_no_utf8(void)
{
  client_say(&a, "42[\"\xff\"]");
}

static void say_nothing(void)
{
  world_wait(&w, 45000);
}

static void shut_down(void)
{
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
}

static void test_every_way_to_leave_has_its_reason_and_cause(void **state)
{
  (void)state;
  leave_by(drop, "transport close",
           "the peer closed the transport without saying goodbye");
  leave_by(fail_to_write, "transport error", "write error");
  leave_by(say_close, "transport close", "the peer closed the websocket");
  leave_by(say_leave, "client namespace disconnect",
           "the client left the namespace");
  leave_by(say_bye, "transport close", "the client sent a close packet");
  leave_by(say_ping, "transport error", "invalid heartbeat direction");
  leave_by(say_nonsense, "parse error", "an undecodable Engine.IO packet");
  leave_by(say_unmasked, "transport error", "an invalid websocket frame");
  leave_by(say_too_much, "transport error", "Max payload size exceeded");
  leave_by(say_no_utf8, "transport error", "invalid UTF-8");
  leave_by(say_nothing, "ping timeout", "no pong arrived in time");
  leave_by(shut_down, "server shutting down", "the server was closed");
}

static void test_who_does_not_read_is_closed(void **state)
{
  sio_server_options options;
  char big[1001];
  int rv = 0;

  (void)state;
  world_options(&w, &options);
  options.max_output_bytes = 4096;
  world_open(&w, &options);
  (void)world_watch(&w, "/");
  client_enter(&w, &a);
  w.n_notes = 0;
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  for (int i = 0; i < 4; i++)
    assert_int_equal(
        sio_emitf(sio_only(client_socket(&a, "/")), "e", "%s", big), 0);
  assert_in_range(sio_socket_pending(client_socket(&a, "/")), 4000, 4096);
  rv = sio_emitf(sio_only(client_socket(&a, "/")), "e", "%s", big);
  assert_int_equal(rv, SIO_ERR_DISCONNECTED);
  assert_noted(&w, "leaving /: transport error, rooms 1\n"
                   "left /: transport error, too many unsent bytes, rooms 0\n");
  assert_hears(&a, "<end>\n");
  world_close(&w);
}

/* ---- Rooms ---- */

static void test_rooms_are_joined_and_left(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_int_equal(sio_socket_room_count(socket), 1);
  assert_true(sio_str_is(sio_socket_room(socket, 0), a.sid));
  assert_true(sio_socket_in(socket, sio_s(a.sid)));
  assert_false(sio_socket_in(socket, sio_s("r")));
  assert_int_equal(sio_join(socket, sio_s("r")), 0);
  assert_int_equal(sio_join(socket, sio_s("r")), 0);
  assert_int_equal(sio_join(socket, sio_s("")), 0);
  assert_int_equal(sio_join(socket, sio_s("s")), 0);
  assert_int_equal(sio_socket_room_count(socket), 4);
  assert_true(sio_str_is(sio_socket_room(socket, 1), "r"));
  assert_true(sio_str_is(sio_socket_room(socket, 2), ""));
  assert_true(sio_str_is(sio_socket_room(socket, 3), "s"));
  assert_null(sio_socket_room(socket, 4).data);
  assert_int_equal(sio_ns_room_count(w.root), 3);
  assert_int_equal(sio_ns_room_size(w.root, sio_s("r")), 1);
  assert_int_equal(sio_leave(socket, sio_s("r")), 0);
  assert_int_equal(sio_leave(socket, sio_s("r")), 0);
  assert_int_equal(sio_leave(socket, sio_s("unknown")), 0);
  assert_false(sio_socket_in(socket, sio_s("r")));
  assert_int_equal(sio_ns_room_size(w.root, sio_s("r")), 0);
  assert_int_equal(sio_ns_room_count(w.root), 2);
  assert_int_equal(sio_leave(socket, sio_s(a.sid)), 0);
  assert_false(sio_socket_in(socket, sio_s(a.sid)));
  world_close(&w);
}

static void test_the_name_of_a_room_has_at_most_1024_bytes(void **state)
{
  char name[1025];

  (void)state;
  begin();
  memset(name, 'r', sizeof name);
  assert_int_equal(sio_join(client_socket(&a, "/"), (sio_str){name, 1024}), 0);
  assert_int_equal(sio_join(client_socket(&a, "/"), (sio_str){name, 1025}),
                   SIO_ERR_INVALID);
  world_close(&w);
}

static void test_a_socket_is_in_at_most_max_rooms(void **state)
{
  sio_server_options options;
  sio_socket *socket;

  (void)state;
  world_options(&w, &options);
  options.max_rooms = 3; /* its own is one of them */
  world_open(&w, &options);
  client_enter(&w, &a);
  socket = client_socket(&a, "/");
  assert_int_equal(sio_join(socket, sio_s("1")), 0);
  assert_int_equal(sio_join(socket, sio_s("2")), 0);
  assert_int_equal(sio_join(socket, sio_s("3")), SIO_ERR_LIMIT);
  assert_int_equal(sio_join(socket, sio_s("2")), 0);
  assert_int_equal(sio_leave(socket, sio_s("1")), 0);
  assert_int_equal(sio_join(socket, sio_s("3")), 0);
  world_close(&w);
}

static void join_on_the_way_out(sio_socket *socket, const sio_end *end,
                                void *user)
{
  int in = sio_socket_in(socket, sio_s("r"));

  (void)end;
  assert_int_equal(sio_join(socket, sio_s("late")), SIO_ERR_DISCONNECTED);
  world_note(user, "in: %d, leaving: %d", in, sio_leave(socket, sio_s("r")));
}

static void
test_on_the_way_out_rooms_are_intact_and_cannot_be_joined(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_disconnecting(w.root, join_on_the_way_out, &w), 0);
  assert_int_equal(sio_on_disconnect(w.root, join_on_the_way_out, &w), 0);
  client_enter(&w, &a);
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("r")), 0);
  client_say(&a, "41");
  assert_noted(&w, "in: 1, leaving: 0\nin: 0, leaving: -500\n");
  assert_int_equal(sio_ns_room_count(w.root), 0);
  world_close(&w);
}

static void emit_while_leaving(sio_socket *socket, const sio_end *end,
                               void *user)
{
  (void)end;
  world_note(user, "emit: %d, found: %d",
             sio_emitf(sio_only(socket), "bye", NULL),
             sio_ns_socket(sio_socket_ns(socket),
                           sio_s(sio_socket_id(socket))) == socket);
}

static void test_who_is_leaving_can_still_be_sent_to(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_disconnecting(w.root, emit_while_leaving, &w), 0);
  assert_int_equal(sio_on_disconnect(w.root, emit_while_leaving, &w), 0);
  client_enter(&w, &a);
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/"), false), 0);
  assert_noted(&w, "emit: 0, found: 1\nemit: -500, found: 0\n");
  assert_hears(&a, "41\n42[\"bye\"]\n");
  world_close(&w);
}

/* ---- What is known of a socket ---- */

static void test_the_handshake_is_kept(void **state)
{
  sio_socket *socket;
  sio_str name, value;
  char out[8];

  (void)state;
  world_open(&w, NULL);
  sio_server_set_unix_time(w.server, 1700000000000);
  world_wait(&w, 5);
  assert_true(client_open_with(&w, &a, "Origin: http://x\r\nX-Two:  b c \r\n"));
  client_say(&a, "40{\"token\":\"t\\u00e9\",\"n\":7}");
  memcpy(a.sid, client_hear(&a) + 10, CORE_SID_LEN);
  socket = client_socket(&a, "/");
  assert_string_equal(sio_socket_id(socket), a.sid);
  assert_ptr_equal(sio_socket_ns(socket), w.root);
  assert_true(sio_str_is(
      sio_value_str(sio_value_member(sio_socket_auth(socket), "token")),
      "t\xc3\xa9"));
  assert_true(sio_str_is(sio_value_json(sio_socket_auth(socket)),
                         "{\"token\":\"t\\u00e9\",\"n\":7}"));
  assert_true(sio_str_is(sio_socket_header(socket, "x-two"), "b c"));
  assert_null(sio_socket_header(socket, "cookie").data);
  assert_true(sio_socket_header_at(socket, 0, &name, &value));
  assert_true(sio_str_is(name, "host") && sio_str_is(value, "test"));
  assert_false(sio_socket_header_at(socket, 99, &name, &value));
  assert_true(sio_str_is(sio_socket_url(socket),
                         "/socket.io/?EIO=4&transport=websocket"));
  assert_int_equal(sio_socket_query(socket, "EIO", out, sizeof out), 0);
  assert_string_equal(out, "4");
  assert_int_equal(sio_socket_query(socket, "transport", out, sizeof out),
                   SIO_ERR_LIMIT);
  assert_string_equal(out, "");
  assert_int_equal(sio_socket_query(socket, "EIO", out, 0), SIO_ERR_LIMIT);
  assert_int_equal(sio_socket_query(socket, "x", out, sizeof out),
                   SIO_ERR_NOT_FOUND);
  assert_string_equal(sio_socket_address(socket), "192.0.2.7");
  assert_false(sio_socket_is_secure(socket));
  assert_true(sio_socket_is_cross_domain(socket));
  assert_true(sio_socket_issued_ms(socket) == 1700000000005);
  assert_string_equal(sio_socket_transport(socket), "websocket");
  assert_int_equal(sio_socket_pending(socket), 0);
  sio_socket_set_user(socket, out, NULL);
  assert_ptr_equal(sio_socket_user(socket), out);
  world_close(&w);
}

static void test_what_was_not_given_is_absent(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_int_equal(sio_value_type(sio_socket_auth(socket)), SIO_ABSENT);
  assert_false(sio_socket_is_cross_domain(socket));
  assert_true(sio_socket_issued_ms(socket) == 0);
  assert_null(sio_socket_user(socket));
  world_close(&w);
}

static void test_namespaces_of_one_connection_have_their_own_auth(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of(w.server, "/b"));
  client_say(&a, "40/b,{\"k\":2}");
  memcpy(a.sid, client_hear(&a) + 13, CORE_SID_LEN);
  assert_true(sio_str_is(
      sio_value_json(sio_socket_auth(client_socket(&a, "/b"))), "{\"k\":2}"));
  world_close(&w);
}

/* ---- Handles that are kept ---- */

/* Whatever is asked of a socket that is gone, it is harmless. */
static void use_gone(sio_socket *socket, bool server_is_there)
{
  char out[32];

  assert_false(sio_socket_is_connected(socket));
  assert_int_equal(strlen(sio_socket_id(socket)), CORE_SID_LEN);
  assert_int_equal(sio_socket_ns(socket) != NULL, server_is_there);
  assert_int_equal(sio_socket_disconnect(socket, true), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_join(socket, sio_s("r")), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_leave(socket, sio_s("r")), SIO_ERR_DISCONNECTED);
  assert_false(sio_socket_in(socket, sio_s(sio_socket_id(socket))));
  assert_int_equal(sio_socket_room_count(socket), 0);
  assert_null(sio_socket_room(socket, 0).data);
  assert_int_equal(sio_emitf(sio_only(socket), "e", NULL),
                   SIO_ERR_DISCONNECTED);
  assert_true(sio_str_is(sio_value_json(sio_socket_auth(socket)),
                         "{\"a\":[\"b\\n\"]}"));
  assert_true(sio_str_is(sio_socket_header(socket, "host"), "test"));
  assert_int_equal(sio_socket_query(socket, "transport", out, sizeof out), 0);
  assert_string_equal(out, "websocket");
  assert_string_equal(sio_socket_address(socket), "192.0.2.7");
  assert_string_equal(sio_socket_transport(socket), "");
  assert_int_equal(sio_socket_pending(socket), 0);
  assert_string_equal(sio_socket_user(socket), "mine");
}

static void test_a_kept_handle_is_inert_but_valid(void **state)
{
  static char mine[] = "mine";
  sio_socket *socket;

  (void)state;
  world_open(&w, NULL);
  assert_true(client_open(&w, &a));
  client_say(&a, "40{\"a\":[\"b\\n\"]}");
  memcpy(a.sid, client_hear(&a) + 10, CORE_SID_LEN);
  socket = sio_socket_retain(client_socket(&a, "/"));
  sio_socket_set_user(socket, mine, NULL);
  client_drop(&a);
  use_gone(socket, true);
  (void)sio_socket_retain(socket);
  sio_socket_release(socket);
  world_drop_clients(&w);
  sio_server_free(w.server);
  use_gone(socket, false);
  sio_socket_release(socket);
  sio_socket_release(NULL);
  test_mem_check(&w.own_mem);
}

static void leave_and_look(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  (void)args;
  (void)ack;
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  world_note(user, "%d", sio_socket_is_connected(socket));
  (void)sio_socket_retain(socket);
  sio_socket_release(socket);
}

static bool visit_and_leave(sio_socket *socket, void *user)
{
  leave_and_look(socket, NULL, NULL, user);
  return true;
}

static void kick_other(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  sio_socket *other = user;

  (void)socket;
  (void)args;
  (void)ack;
  assert_int_equal(sio_socket_disconnect(other, true), 0);
  /* Nothing is freed before the outermost call has returned. */
  assert_false(sio_socket_is_connected(other));
}

static void
test_nothing_is_freed_before_the_outermost_call_returns(void **state)
{
  (void)state;
  begin();
  client_enter(&w, &b);
  assert_int_equal(sio_on(w.root, "leave", leave_and_look, &w), 0);
  assert_int_equal(sio_on(w.root, "kick", kick_other, client_socket(&a, "/")),
                   0);
  client_say(&b, "42[\"kick\"]");
  w.n_notes = 0;
  client_say(&b, "42[\"leave\"]");
  assert_hears(&b, "41\n");
  client_join(&b, "/");
  assert_int_equal(
      sio_each(sio_only(client_socket(&b, "/")), visit_and_leave, &w), 0);
  assert_hears(&b, "41\n");
  client_join(&b, "/");
  assert_int_equal(sio_each(sio_everyone(w.root), visit_and_leave, &w), 0);
  assert_non_null(strstr(w.notes, "rooms 0\n0\n"));
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          test_the_server_disconnects_a_socket_and_keeps_the_connection),
      cmocka_unit_test(
          test_disconnect_with_close_tells_every_namespace_then_closes),
      cmocka_unit_test(
          test_disconnect_with_close_on_polling_waits_for_the_last_poll),
      cmocka_unit_test(test_every_way_to_leave_has_its_reason_and_cause),
      cmocka_unit_test(test_who_does_not_read_is_closed),
      cmocka_unit_test(test_rooms_are_joined_and_left),
      cmocka_unit_test(test_the_name_of_a_room_has_at_most_1024_bytes),
      cmocka_unit_test(test_a_socket_is_in_at_most_max_rooms),
      cmocka_unit_test(
          test_on_the_way_out_rooms_are_intact_and_cannot_be_joined),
      cmocka_unit_test(test_who_is_leaving_can_still_be_sent_to),
      cmocka_unit_test(test_the_handshake_is_kept),
      cmocka_unit_test(test_what_was_not_given_is_absent),
      cmocka_unit_test(test_namespaces_of_one_connection_have_their_own_auth),
      cmocka_unit_test(test_a_kept_handle_is_inert_but_valid),
      cmocka_unit_test(test_nothing_is_freed_before_the_outermost_call_returns),
  };

  return cmocka_run_group_tests_name("core/socket", tests, NULL, NULL);
}
