/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

static void note_expiring(sio_socket *socket, uint64_t left_s, void *user)
{
  sio_str id = sio_socket_user_id(socket);

  world_note(user, "%.*s has %llu s", SIO_STR_ARG(id),
             (unsigned long long)left_s);
}

/* Clients that are silent for long. */
static void begin(void)
{
  guard_options();
  server_options.ping_interval_ms = UINT32_MAX;
  options.expiring = note_expiring;
  guard_open();
}

static void test_a_client_is_told_ahead_of_the_end_and_at_it(void **state)
{
  (void)state;
  begin();
  enter(&a, "ann");
  world_wait(&w, 939 * SECOND);
  assert_noted(&w, "joined /\n");
  world_wait(&w, 1 * SECOND);
  assert_noted(&w, "ann has 60 s\n");
  assert_hears(&a, "42[\"auth:expiring\",{\"exp\":1001000,\"left\":60}]\n");
  world_wait(&w, 60 * SECOND - 1);
  assert_hears(&a, "");
  world_wait(&w, 1);
  assert_hears(&a, "42[\"auth:expired\"]\n41\n");
  assert_noted(&w, "leaving /: server namespace disconnect, rooms 2\n"
                   "left /: server namespace disconnect, the token has "
                   "expired, rooms 0\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_TOKEN_EXPIRED),
                   1);
  world_close(&w);
}

static void test_leeway_is_given_to_sockets_as_well(void **state)
{
  sio_jwt_options token;

  (void)state;
  guard_options();
  server_options.ping_interval_ms = UINT32_MAX;
  sio_jwt_options_init(&token);
  token.leeway_s = 30;
  options.token = &token;
  options.expiring_event = options.expired_event = "";
  guard_open();
  enter(&a, "ann");
  world_wait(&w, 1030 * SECOND - 1);
  assert_hears(&a, "");
  world_wait(&w, 1);
  assert_hears(&a, "41\n");
  world_close(&w);
}

static void test_a_short_life_is_warned_of_at_once(void **state)
{
  (void)state;
  begin();
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("ann", 20)));
  assert_noted(&w, "joined /\n");
  world_wait(&w, 0);
  assert_noted(&w, "ann has 20 s\n");
  world_close(&w);
}

static void test_a_renewed_token_is_warned_of_again(void **state)
{
  char text[4200];

  (void)state;
  begin();
  enter(&a, "ann");
  world_wait(&w, 950 * SECOND);
  assert_noted(&w, "joined /\nann has 60 s\n");
  snprintf(text, sizeof text, "42[\"auth:renew\",{\"token\":\"%s\"}]",
           token_of(claims_of("ann", 1000)));
  client_say(&a, text);
  world_wait(&w, 939 * SECOND);
  assert_noted(&w, "");
  world_wait(&w, 1 * SECOND);
  assert_noted(&w, "ann has 60 s\n");
  world_close(&w);
}

static void test_tokens_need_not_expire(void **state)
{
  sio_jwt_options token;

  (void)state;
  guard_options();
  server_options.ping_interval_ms = UINT32_MAX;
  sio_jwt_options_init(&token);
  token.allow_no_exp = 1;
  options.token = &token;
  guard_open();
  assert_true(client_open(&w, &a));
  show(&a, token_of("{\"sub\":\"ann\"}"));
  client_say(&a, "421[\"auth:renew\"]");
  world_wait(&w, 1000000 * SECOND);
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  (void)client_hear(&a);
  snprintf(a.heard, sizeof a.heard, "421[\"auth:renew\",\"%s\"]",
           token_of("{\"sub\":\"ann\"}"));
  client_say(&a, a.heard);
  assert_hears(&a, "431[{\"ok\":true}]\n");
  world_close(&w);
}

static void disconnect_it(sio_socket *socket, uint64_t left_s, void *user)
{
  (void)left_s;
  (void)user;
  assert_int_equal(sio_socket_disconnect(socket, true), 0);
}

static void test_a_socket_may_go_when_it_is_warned(void **state)
{
  (void)state;
  guard_options();
  server_options.ping_interval_ms = UINT32_MAX;
  options.expiring = disconnect_it;
  guard_open();
  enter(&a, "ann");
  world_wait(&w, 2000 * SECOND);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_TOKEN_EXPIRED),
                   0);
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  world_close(&w);
}

static void test_the_time_of_the_day_may_jump(void **state)
{
  (void)state;
  begin();
  enter(&a, "ann");
  sio_server_set_unix_time(w.server, (JWT_NOW + 999) * SECOND);
  world_wait(&w, 1);
  assert_noted(&w, "joined /\nann has 1 s\n");
  sio_server_set_unix_time(w.server, (JWT_NOW - 5000) * SECOND);
  world_wait(&w, 10 * SECOND);
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  sio_server_set_unix_time(w.server, (JWT_NOW + 1000) * SECOND);
  world_wait(&w, 1);
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  world_close(&w);
}

enum { CROWD = 1500 };

static void test_a_crowd_expires_in_several_goes(void **state)
{
  static struct core_client crowd[CROWD];
  sio_str ann = sio_s("ann");
  char text[4200];

  (void)state;
  guard_options();
  server_options.ping_interval_ms = UINT32_MAX;
  guard_open();
  assert_int_equal(sio_auth_use(auth, sio_of(w.server, "/crowd")), 0);
  snprintf(text, sizeof text, "40/crowd,{\"token\":\"%s\"}",
           token_of(claims_of("ann", 1000)));
  for (size_t i = 0; i < CROWD; i++) {
    assert_true(client_open(&w, &crowd[i]));
    client_say(&crowd[i], text);
  }
  assert_int_equal(sio_auth_count(auth, NULL, ann), CROWD);
  world_wait(&w, 1000 * SECOND);
  assert_in_range(sio_auth_count(auth, NULL, ann), 1, CROWD - 1);
  world_wait(&w, 1);
  assert_int_equal(sio_auth_count(auth, NULL, ann), 0);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_TOKEN_EXPIRED),
                   CROWD);
  world_close(&w);
}

static void test_a_socket_that_is_kept_keeps_its_token(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  enter(&a, "ann");
  memcpy(a.sid, a.heard + 10, CORE_SID_LEN);
  socket = sio_socket_retain(sio_ns_socket(w.root, sio_s(a.sid)));
  world_drop_clients(&w);
  assert_true(sio_str_is(sio_socket_user_id(socket), "ann"));
  assert_true(sio_str_is(sio_jwt_subject(sio_socket_token(socket)), "ann"));
  sio_server_free(w.server);
  assert_true(sio_str_is(sio_socket_user_id(socket), "ann"));
  sio_socket_release(socket);
  test_mem_check(w.mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_client_is_told_ahead_of_the_end_and_at_it),
      cmocka_unit_test(test_leeway_is_given_to_sockets_as_well),
      cmocka_unit_test(test_a_short_life_is_warned_of_at_once),
      cmocka_unit_test(test_a_renewed_token_is_warned_of_again),
      cmocka_unit_test(test_tokens_need_not_expire),
      cmocka_unit_test(test_a_socket_may_go_when_it_is_warned),
      cmocka_unit_test(test_the_time_of_the_day_may_jump),
      cmocka_unit_test(test_a_crowd_expires_in_several_goes),
      cmocka_unit_test(test_a_socket_that_is_kept_keeps_its_token),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
