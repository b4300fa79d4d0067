/* SPDX-License-Identifier: MIT */
/* lib/core/revival.c: after what a socket can come back. */
#include "recovery_world.h"

static char pid_a[CORE_SID_LEN + 1];

static void leave(struct core_client *client)
{
  client_say(client, "41");
}

static void disconnect(struct core_client *client)
{
  assert_int_equal(sio_socket_disconnect(client_socket(client, "/"), false), 0);
}

static void disconnect_all(struct core_client *client)
{
  assert_int_equal(sio_socket_disconnect(client_socket(client, "/"), true), 0);
}

static void speak_nonsense(struct core_client *client)
{
  client_say(client, "9");
}

static void be_silent(struct core_client *client)
{
  (void)client;
  world_wait(&w, 60000);
}

static void close_session(struct core_client *client)
{
  sio_session_close(sio_socket_session(client_socket(client, "/")), true);
}

static void send_no_packet(struct core_client *client)
{
  client_say(client, "4?");
}

static void break_rules(struct core_client *client)
{
  client_say(client, "42/nope,[\"e\"]");
}

static void close_server(struct core_client *client)
{
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  client_drop(client);
}

static void test_only_some_reasons_let_it_come_back(void **state)
{
  static const struct {
    void (*end)(struct core_client *client);
    bool back;
  } rows[] = {
      {leave, false},          {disconnect, false},   {disconnect_all, false},
      {speak_nonsense, false}, {client_drop, true},   {client_say_close, true},
      {be_silent, true},       {close_session, true}, {send_no_packet, true},
      {break_rules, true},     {close_server, true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    begin();
    enter_and_get(&a, pid_a);
    rows[i].end(&a);
    if (a.conn != NULL)
      client_drop(&a);
    ask_back(&a, pid_a, "Fe");
    if (rows[i].back)
      assert_back(&a, pid_a, "");
    else
      assert_new(&a, pid_a);
    assert_noted(&w, "");
    world_drop_clients(&w);
    world_close(&w);
    assert_noted(&w, "lost / \n");
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_some_reasons_let_it_come_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
