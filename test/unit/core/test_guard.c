/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

#include <sio/dynamic.h>

static struct core_client b;

/* ---- Options ---- */

static void test_options_are_checked_by_name(void **state)
{
  static const sio_jwt_options bad_token = {.size = sizeof bad_token,
                                            .leeway_s = 90000};
  char long_prefix[66];
  sio_jwt_keys *keys;

  (void)state;
  guard_options();
  memset(long_prefix, 'x', sizeof long_prefix);
  long_prefix[65] = '\0';
  keys = jwt_one_secret(NULL);
#define assert_problem(field, value, name)                                     \
  do {                                                                         \
    sio_auth_options_init(&options);                                           \
    options.keys = keys;                                                       \
    assert_null(sio_auth_options_problem(&options));                           \
    options.field = value;                                                     \
    assert_string_equal(sio_auth_options_problem(&options), name);             \
  } while (0)
  assert_problem(size, 0, "size");
  assert_problem(keys, NULL, "keys");
  assert_problem(token, &bad_token, "token");
  assert_problem(user_room, NULL, "user_room");
  assert_problem(user_room, long_prefix, "user_room");
  assert_problem(renew_event, "connect", "renew_event");
  assert_problem(expiring_event, NULL, "expiring_event");
  assert_problem(expired_event, "disconnect", "expired_event");
  assert_problem(revoked_event, "disconnecting", "revoked_event");
  assert_problem(cookie, "", "cookie");
  assert_problem(query, "", "query");
  assert_problem(grace_ms, UINT64_C(1) << 32, "grace_ms");
  assert_problem(no_header, 2, "no_header");
  assert_string_equal(sio_auth_options_problem(NULL), "size");
  sio_jwt_keys_release(keys);
}

static void test_a_short_struct_has_the_defaults_of_the_rest(void **state)
{
  sio_auth_options *old;
  size_t size = offsetof(sio_auth_options, token);

  (void)state;
  guard_options();
  options.keys = jwt_one_secret(NULL);
  old = (void *)test_exact(&options, size);
  memcpy(old, &size, sizeof size);
  assert_null(sio_auth_options_problem(old));
  world_open(&w, NULL);
  assert_int_equal(sio_auth_new(w.server, old, &auth), 0);
  assert_ptr_equal(sio_auth_server(auth), w.server);
  free(old);
  sio_jwt_keys_release(options.keys);
  world_close(&w);
}

static void test_what_is_out_of_range_is_logged(void **state)
{
  (void)state;
  guard_options();
  world_open(&w, NULL);
  assert_int_equal(sio_auth_new(w.server, &options, &auth), SIO_ERR_INVALID);
  assert_null(auth);
  assert_non_null(strstr(w.logged, "option out of range: keys"));
  options.keys = jwt_one_secret(NULL);
  options.cookie = "t"; /* any page could send it: origins must be checked */
  assert_int_equal(sio_auth_new(w.server, &options, &auth), SIO_ERR_INVALID);
  assert_non_null(strstr(w.logged, "cookie, without check_origin"));
  sio_jwt_keys_release(options.keys);
  world_close(&w);
}

static void test_all_is_copied(void **state)
{
  char issuer[] = "me", audience[] = "us", room[] = "u:";
  const char *issuers[] = {issuer}, *audiences[] = {audience};
  sio_jwt_options token;

  (void)state;
  guard_options();
  sio_jwt_options_init(&token);
  token.issuers = issuers;
  token.audiences = audiences;
  token.n_issuers = token.n_audiences = 1;
  options.token = &token;
  options.user_room = room;
  guard_open();
  issuer[0] = audience[0] = room[0] = 'x';
  issuers[0] = audiences[0] = NULL;
  memset(&token, 0xff, sizeof token);
  assert_true(client_open(&w, &a));
  show(&a, token_of("{\"sub\":\"ann\",\"exp\":1000010,\"iss\":\"me\","
                    "\"aud\":\"us\"}"));
  assert_noted(&w, "joined /\n");
  assert_int_equal(sio_ns_room_size(w.root, sio_s("u:ann")), 1);
  world_close(&w);
}

/* ---- Keys ---- */

static void test_other_keys_are_for_tokens_to_come(void **state)
{
  static const char other[] = "another secret of thirty-two bytes";
  sio_span secret = {(const uint8_t *)other, sizeof other - 1};
  sio_jwt_keys *keys;

  (void)state;
  guard_begin();
  enter(&a, "ann");
  keys = jwt_no_keys(NULL);
  assert_int_equal(sio_jwt_keys_add_secret(keys, secret, NULL), 0);
  assert_int_equal(sio_auth_set_keys(auth, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_auth_set_keys(auth, keys), 0);
  sio_jwt_keys_release(keys);
  assert_true(client_open(&w, &b));
  show(&b, token_of(claims_of("ben", 1000)));
  assert_refused(&b, "bad_signature", "the signature is wrong");
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  world_close(&w);
}

/* ---- Namespaces ---- */

static void test_a_namespace_has_one_guard(void **state)
{
  sio_ns *parent, *child, *free_ns;
  sio_auth *other;

  (void)state;
  guard_begin();
  options.keys = jwt_one_secret(NULL);
  assert_int_equal(sio_auth_new(w.server, &options, &other), 0);
  sio_jwt_keys_release(options.keys);
  assert_int_equal(sio_auth_use(auth, NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_auth_use(other, w.root), SIO_ERR_STATE);
  parent = sio_of_pattern(w.server, "/room-{n}");
  assert_int_equal(sio_auth_use(auth, parent), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40/room-1,");
  assert_hears(&a, "44/room-1,{\"message\":\"a token is required\",\"data\":"
                   "{\"code\":\"missing_token\"}}\n");
  child = sio_find(w.server, "/room-1");
  assert_non_null(child);
  assert_int_equal(sio_auth_use(other, child), SIO_ERR_STATE);
  free_ns = sio_of(w.server, "/free");
  client_join(&a, "/free");
  assert_int_equal(sio_auth_use(auth, free_ns), 0);
  assert_int_equal(sio_ns_socket_count(free_ns), 1); /* it stays */
  world_close(&w);
}

static sio_next *held;

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  held = sio_next_retain(next);
}

static void test_who_was_joining_when_the_guard_came_is_refused(void **state)
{
  sio_ns *late;

  (void)state;
  guard_begin();
  late = sio_of(w.server, "/late");
  assert_int_equal(sio_use(late, hold_on, NULL), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40/late,");
  assert_int_equal(sio_auth_use(auth, late), 0);
  assert_int_equal(sio_next_ok(held), 0);
  sio_next_release(held);
  assert_hears(&a, "44/late,{\"message\":\"a token is required\",\"data\":"
                   "{\"code\":\"missing_token\"}}\n");
  world_close(&w);
}

/* ---- Memory ---- */

static void make_guard(struct test_mem *mem, void *user)
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
  }
  world_close(&w);
  sio_jwt_keys_release(keys);
}

static void test_memory_may_end_anywhere(void **state)
{
  (void)state;
  assert_true(test_every_allocation(make_guard, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_options_are_checked_by_name),
      cmocka_unit_test(test_a_short_struct_has_the_defaults_of_the_rest),
      cmocka_unit_test(test_what_is_out_of_range_is_logged),
      cmocka_unit_test(test_all_is_copied),
      cmocka_unit_test(test_other_keys_are_for_tokens_to_come),
      cmocka_unit_test(test_a_namespace_has_one_guard),
      cmocka_unit_test(test_who_was_joining_when_the_guard_came_is_refused),
      cmocka_unit_test(test_memory_may_end_anywhere),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
