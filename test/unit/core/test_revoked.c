/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

static struct core_client b, c;

static void test_all_devices_of_a_user_are_disconnected(void **state)
{
  (void)state;
  guard_begin();
  enter(&a, "ann");
  enter(&b, "ann");
  enter(&c, "ben");
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), 0);
  assert_hears(&a, "42[\"auth:revoked\"]\n41\n");
  assert_hears(&b, "42[\"auth:revoked\"]\n41\n");
  assert_hears(&c, "");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_TOKEN_REVOKED),
                   2);
  show(&a, token_of(claims_of("ann", 1000)));
  assert_refused(&a, "revoked", "the token has been revoked");
  show(&a, token_of("{\"sub\":\"ann\",\"exp\":1001000}")); /* issued when? */
  assert_refused(&a, "revoked", "the token has been revoked");
  world_wait(&w, 1000);
  show(&a, token_of(claims_of("ann", 1000)));
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  world_close(&w);
}

static void test_one_token_is_revoked_by_its_id(void **state)
{
  (void)state;
  guard_begin();
  enter(&a, "ann");
  enter(&b, "ann");
  enter(&c, "ben");
  assert_int_equal(sio_auth_revoke_token(auth, sio_s("j-ann"), 1001000), 0);
  assert_hears(&a, "42[\"auth:revoked\"]\n41\n");
  assert_hears(&b, "42[\"auth:revoked\"]\n41\n");
  assert_hears(&c, "");
  world_wait(&w, 2000);
  show(&a, token_of(claims_of("ann", 1000)));
  assert_refused(&a, "revoked", "the token has been revoked");
  show(&a, token_of("{\"sub\":\"ann\",\"jti\":\"other\",\"exp\":1001000}"));
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  assert_int_equal(sio_auth_revoke_token(auth, sio_s("none"), 0), 0);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  world_close(&w);
}

static void test_the_token_that_counts_is_the_last_one(void **state)
{
  char text[4200];

  (void)state;
  guard_begin();
  enter(&a, "ann");
  snprintf(text, sizeof text, "42[\"auth:renew\",\"%s\"]",
           token_of("{\"sub\":\"ann\",\"jti\":\"new\",\"exp\":1001000}"));
  client_say(&a, text);
  assert_int_equal(sio_auth_revoke_token(auth, sio_s("j-ann"), 0), 0);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  client_say(&a, text);
  snprintf(text, sizeof text, "421[\"auth:renew\",\"%s\"]",
           token_of(claims_of("ann", 1000)));
  client_say(&a, text);
  assert_hears(&a, "431[{\"ok\":false,\"code\":\"revoked\",\"message\":\"the "
                   "token has been revoked\"}]\n");
  assert_int_equal(sio_auth_revoke_token(auth, sio_s("new"), 0), 0);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 0);
  world_close(&w);
}

static void test_nothing_is_forgotten_to_make_room(void **state)
{
  (void)state;
  guard_options();
  options.max_revoked = 2;
  guard_open();
  enter(&a, "ann");
  assert_int_equal(sio_auth_revoke_token(auth, sio_s("1"), JWT_NOW + 10), 0);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("1"), 0), 0);
  assert_int_equal(sio_auth_revoked_count(auth), 2);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), SIO_ERR_LIMIT);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("1"), 5), 0); /* again */
  world_wait(&w, 10 * SECOND);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), SIO_ERR_LIMIT);
  world_wait(&w, 1 * SECOND);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), 0);
  assert_int_equal(sio_auth_revoked_count(auth), 2);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 0);
  world_close(&w);
}

static void test_a_longest_life_lets_them_be_forgotten(void **state)
{
  sio_jwt_options token;

  (void)state;
  guard_options();
  sio_jwt_options_init(&token);
  token.leeway_s = 5;
  options.token = &token;
  options.max_lifetime_s = 100;
  options.max_revoked = 1;
  guard_open();
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), 0);
  world_wait(&w, 110 * SECOND);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ben"), 0), SIO_ERR_LIMIT);
  world_wait(&w, 1 * SECOND);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ben"), 0), 0);
  world_close(&w);
}

static void test_what_cannot_be_revoked_is_refused(void **state)
{
  char id[SIO_USER_ID_MAX + 2];

  (void)state;
  guard_begin();
  memset(id, 'i', sizeof id);
  id[sizeof id - 1] = '\0';
  assert_int_equal(sio_auth_revoke_user(auth, sio_s(""), 0), SIO_ERR_INVALID);
  assert_int_equal(sio_auth_revoke_token(auth, sio_s(id), 0), SIO_ERR_INVALID);
  world_close(&w);
  world_open(&w, NULL);
  options.keys = jwt_one_secret(NULL);
  assert_int_equal(sio_auth_new(w.server, &options, &auth), 0);
  sio_jwt_keys_release(options.keys);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), SIO_ERR_STATE);
  world_close(&w);
}

static void revoke_again(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)end;
  assert_int_equal(sio_auth_revoke_user(user, sio_s("ann"), 0), 0);
}

static void test_handlers_may_revoke_as_well(void **state)
{
  (void)state;
  guard_begin();
  enter(&a, "ann");
  enter(&b, "ann");
  enter(&c, "ann");
  assert_int_equal(sio_on_disconnecting(w.root, revoke_again, auth), 0);
  assert_int_equal(sio_on_disconnect(w.root, revoke_again, auth), 0);
  assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), 0);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_TOKEN_REVOKED),
                   3);
  world_close(&w);
}

static void revoke(struct test_mem *mem, void *user)
{
  sio_jwt_keys *keys;

  (void)user;
  guard_options();
  if (!world_try_open(&w, mem))
    return;
  keys = jwt_one_secret(NULL);
  options.keys = keys;
  if (sio_auth_new(w.server, &options, &auth) == 0 &&
      sio_auth_use(auth, w.root) == 0) {
    sio_server_set_unix_time(w.server, JWT_NOW * SECOND);
    if (client_open(&w, &a))
      show(&a, token_of(claims_of("ann", 1000)));
    if (sio_auth_revoke_token(auth, sio_s("j-ann"), 0) == 0)
      assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 0);
    (void)sio_auth_revoke_user(auth, sio_s("ann"), 0); /* or no memory */
  }
  world_close(&w);
  sio_jwt_keys_release(keys);
}

static void test_memory_may_end_anywhere(void **state)
{
  (void)state;
  assert_true(test_every_allocation(revoke, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_devices_of_a_user_are_disconnected),
      cmocka_unit_test(test_one_token_is_revoked_by_its_id),
      cmocka_unit_test(test_the_token_that_counts_is_the_last_one),
      cmocka_unit_test(test_nothing_is_forgotten_to_make_room),
      cmocka_unit_test(test_a_longest_life_lets_them_be_forgotten),
      cmocka_unit_test(test_what_cannot_be_revoked_is_refused),
      cmocka_unit_test(test_handlers_may_revoke_as_well),
      cmocka_unit_test(test_memory_may_end_anywhere),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
