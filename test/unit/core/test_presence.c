/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

static struct core_client b, c;

static void begin(uint64_t grace_ms)
{
  guard_options();
  options.online = note_online;
  options.offline = note_offline;
  options.grace_ms = grace_ms;
  guard_open();
}

static void test_a_user_is_online_from_the_first_to_the_last(void **state)
{
  sio_str ann = sio_s("ann");

  (void)state;
  begin(0);
  enter(&a, "ann");
  enter(&b, "ann");
  enter(&c, "ben");
  assert_noted(&w, "online ann\njoined /\njoined /\nonline ben\njoined /\n");
  assert_int_equal(sio_auth_count(auth, NULL, ann), 2);
  assert_int_equal(sio_auth_count(auth, w.root, ann), 2);
  assert_int_equal(sio_auth_count(auth, sio_of(w.server, "/b"), ann), 0);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("nobody")), 0);
  assert_int_equal(sio_auth_user_count(auth), 2);
  assert_int_equal(sio_emitf(sio_user(w.root, ann), "hello", NULL), 0);
  assert_hears(&a, "42[\"hello\"]\n");
  assert_hears(&b, "42[\"hello\"]\n");
  assert_hears(&c, "");
  client_say(&a, "41");
  assert_true(sio_auth_is_online(auth, ann));
  client_say(&b, "41");
  assert_false(sio_auth_is_online(auth, ann));
  assert_noted(&w, "leaving /: client namespace disconnect, rooms 2\n"
                   "left /: client namespace disconnect, the client left the "
                   "namespace, rooms 0\n"
                   "leaving /: client namespace disconnect, rooms 2\n"
                   "left /: client namespace disconnect, the client left the "
                   "namespace, rooms 0\noffline ann\n");
  assert_int_equal(sio_auth_user_count(auth), 1);
  world_close(&w);
}

static void test_who_comes_back_in_time_was_not_away(void **state)
{
  (void)state;
  begin(3000);
  enter(&a, "ann");
  world_drop_clients(&w);
  w.n_notes = 0;
  w.notes[0] = '\0';
  world_wait(&w, 2999);
  assert_true(sio_auth_is_online(auth, sio_s("ann")));
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 0);
  enter(&a, "ann");
  assert_noted(&w, "joined /\n");
  world_drop_clients(&w);
  w.n_notes = 0;
  w.notes[0] = '\0';
  world_wait(&w, 2999);
  assert_noted(&w, "");
  world_wait(&w, 1);
  assert_noted(&w, "offline ann\n");
  world_close(&w);
}

static void test_who_is_left_is_offline_when_the_server_goes(void **state)
{
  (void)state;
  begin(3000);
  enter(&a, "ann");
  world_drop_clients(&w);
  w.n_notes = 0;
  w.notes[0] = '\0';
  sio_server_free(w.server);
  assert_noted(&w, "offline ann\n");
  test_mem_check(w.mem);
}

/* ---- Callbacks that do things ---- */

static void send_away(sio_auth *of, sio_str id, sio_socket *socket, void *user)
{
  note_online(of, id, socket, user);
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  world_note(user, "count %zu", sio_auth_count(of, NULL, id));
}

static void test_a_user_may_be_sent_away_at_once(void **state)
{
  (void)state;
  begin(0);
  world_close(&w);
  guard_options();
  options.online = send_away;
  options.offline = note_offline;
  options.grace_ms = 0;
  guard_open();
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("ann", 1000)));
  assert_noted(&w, "online ann\n"
                   "leaving /: server namespace disconnect, rooms 2\n"
                   "left /: server namespace disconnect, the host disconnected "
                   "the socket, rooms 0\n"
                   "offline ann\ncount 0\n");
  world_close(&w);
}

static bool disconnect_all(sio_socket *socket, void *user)
{
  size_t *n = user;

  ++*n;
  assert_int_equal(sio_sockets_disconnect(
                       sio_user(sio_socket_ns(socket), sio_s("ann")), false),
                   0);
  return true;
}

static bool stop(sio_socket *socket, void *user)
{
  size_t *n = user;

  (void)socket;
  ++*n;
  return false;
}

static void test_each_socket_of_a_user_is_visited(void **state)
{
  size_t n = 0;

  (void)state;
  begin(0);
  enter(&a, "ann");
  enter(&b, "ann");
  enter(&c, "ann");
  assert_int_equal(sio_auth_each(auth, sio_s("nobody"), stop, &n), 0);
  assert_int_equal(n, 0);
  assert_int_equal(sio_auth_each(auth, sio_s("ann"), stop, &n), 0);
  assert_int_equal(n, 1);
  n = 0;
  assert_int_equal(sio_auth_each(auth, sio_s("ann"), disconnect_all, &n), 0);
  assert_int_equal(n, 1); /* the others have left meanwhile */
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 0);
  world_close(&w);
}

static void test_tokens_without_a_subject_are_nobody(void **state)
{
  (void)state;
  begin(0);
  assert_true(client_open(&w, &a));
  show(&a, token_of("{\"exp\":1001000}"));
  assert_noted(&w, "joined /\n");
  assert_int_equal(sio_auth_user_count(auth), 0);
  world_close(&w);
}

static void test_a_user_cannot_be_reached_where_there_is_no_guard(void **state)
{
  sio_ns *free_ns;

  (void)state;
  begin(0);
  free_ns = sio_of(w.server, "/free");
  assert_int_equal(sio_emitf(sio_user(free_ns, sio_s("ann")), "e", NULL),
                   SIO_ERR_STATE);
  assert_int_equal(sio_emitf(sio_user(NULL, sio_s("ann")), "e", NULL),
                   SIO_ERR_INVALID);
  world_close(&w);
  guard_options();
  options.user_room = "";
  guard_open();
  enter(&a, "ann");
  assert_int_equal(sio_emitf(sio_user(w.root, sio_s("ann")), "e", NULL),
                   SIO_ERR_STATE);
  assert_int_equal(sio_ns_room_size(w.root, sio_s("ann")), 0);
  world_close(&w);
}

static void come_and_go(struct test_mem *mem, void *user)
{
  sio_jwt_keys *keys;

  (void)user;
  guard_options();
  options.online = note_online;
  if (!world_try_open(&w, mem))
    return;
  keys = jwt_one_secret(NULL);
  options.keys = keys;
  if (sio_auth_new(w.server, &options, &auth) == 0 &&
      sio_auth_use(auth, w.root) == 0) {
    size_t n = 0;

    sio_server_set_unix_time(w.server, JWT_NOW * SECOND);
    if (client_open(&w, &a))
      show(&a, token_of(claims_of("ann", 1000)));
    /* Either may fail. */
    (void)sio_auth_each(auth, sio_s("ann"), stop, &n);
    (void)sio_emitf(sio_user(w.root, sio_s("ann")), "e", NULL);
  }
  world_close(&w);
  sio_jwt_keys_release(keys);
}

static void test_memory_may_end_anywhere(void **state)
{
  (void)state;
  assert_true(test_every_allocation(come_and_go, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_user_is_online_from_the_first_to_the_last),
      cmocka_unit_test(test_who_comes_back_in_time_was_not_away),
      cmocka_unit_test(test_who_is_left_is_offline_when_the_server_goes),
      cmocka_unit_test(test_a_user_may_be_sent_away_at_once),
      cmocka_unit_test(test_each_socket_of_a_user_is_visited),
      cmocka_unit_test(test_tokens_without_a_subject_are_nobody),
      cmocka_unit_test(test_a_user_cannot_be_reached_where_there_is_no_guard),
      cmocka_unit_test(test_memory_may_end_anywhere),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
