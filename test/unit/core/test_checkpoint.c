/* SPDX-License-Identifier: MIT */
#include "auth_world.h"

#include <sio/event.h>

static struct core_client b;

/* ---- Checks of the host ---- */

static sio_auth_answer *held;

static void hold_on(sio_socket *socket, sio_jwt *token, sio_auth_answer *answer,
                    void *user)
{
  sio_str sub = sio_jwt_subject(token);

  (void)socket;
  held = sio_auth_answer_retain(answer);
  world_note(user, "asked about %.*s", SIO_STR_ARG(sub));
}

static void no_answer(sio_socket *socket, sio_jwt *token,
                      sio_auth_answer *answer, void *user)
{
  (void)socket;
  (void)token;
  (void)answer;
  (void)user;
}

static void begin_checked(sio_auth_check_fn check)
{
  guard_options();
  options.check = check;
  guard_open();
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("ann", 1000)));
}

static void release(void)
{
  sio_auth_answer_release(held);
  held = NULL;
}

static void test_a_check_may_accept_later(void **state)
{
  (void)state;
  begin_checked(hold_on);
  assert_noted(&w, "asked about ann\n");
  assert_hears(&a, "");
  world_wait(&w, 5 * SECOND);
  assert_int_equal(sio_auth_accept(held), 0);
  assert_int_equal(sio_auth_accept(held), SIO_ERR_STATE);
  assert_int_equal(sio_auth_refuse(held, NULL, NULL), SIO_ERR_STATE);
  release();
  assert_noted(&w, "joined /\n");
  world_close(&w);
}

static void test_a_check_may_refuse(void **state)
{
  (void)state;
  begin_checked(hold_on);
  assert_int_equal(sio_auth_refuse(held, "banned", "go \"away\""), 0);
  release();
  assert_refused(&a, "banned", "go \\\"away\\\"");
  show(&a, token_of(claims_of("ann", 1000)));
  assert_int_equal(sio_auth_refuse(held, NULL, NULL), 0);
  release();
  assert_refused(&a, "forbidden", "Forbidden");
  world_close(&w);
}

static void test_who_gives_no_answer_refuses(void **state)
{
  (void)state;
  begin_checked(no_answer);
  assert_refused(&a, "failed", "no answer");
  world_close(&w);
}

static void test_an_answer_may_come_too_late(void **state)
{
  (void)state;
  begin_checked(hold_on);
  world_drop_clients(&w);
  assert_int_equal(sio_auth_accept(held), SIO_ERR_DISCONNECTED);
  release();
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("ann", 1000)));
  world_drop_clients(&w);
  release();
  world_close(&w);
}

static void test_a_token_may_be_over_when_the_answer_comes(void **state)
{
  (void)state;
  begin_checked(hold_on);
  world_wait(&w, 5 * SECOND);
  world_drop_clients(&w);
  release();
  assert_true(client_open(&w, &a));
  show(&a, token_of(claims_of("ann", 10)));
  world_wait(&w, 10 * SECOND);
  assert_int_equal(sio_auth_accept(held), SIO_JWT_EXPIRED);
  release();
  assert_refused(&a, "expired", "the token has expired");
  show(&a, token_of(claims_of("ann", 10)));
  assert_int_equal(sio_auth_revoke_token(auth, sio_s("j-ann"), 0), 0);
  assert_int_equal(sio_auth_accept(held), SIO_AUTH_REVOKED);
  release();
  assert_refused(&a, "revoked", "the token has been revoked");
  world_close(&w);
}

/* ---- Behind it ---- */

static sio_next *next_held;

static void look_at_token(sio_socket *socket, sio_next *next, void *user)
{
  sio_jwt *jwt = sio_socket_token(socket);
  sio_str id = sio_socket_user_id(socket);
  sio_value role = sio_value_member(sio_jwt_claims(jwt), "role");
  sio_str text = sio_value_str(role);

  world_note(user, "%.*s is %.*s", SIO_STR_ARG(id), SIO_STR_ARG(text));
  next_held = sio_next_retain(next);
}

static void test_later_middlewares_see_the_token(void **state)
{
  (void)state;
  guard_begin();
  assert_int_equal(sio_use(w.root, look_at_token, &w), 0);
  assert_true(client_open(&w, &a));
  show(&a, token_of("{\"sub\":\"ann\",\"role\":\"cook\",\"exp\":1000010}"));
  assert_noted(&w, "ann is cook\n");
  assert_false(sio_auth_is_online(auth, sio_s("ann")));
  assert_int_equal(sio_next_ok(next_held), 0);
  sio_next_release(next_held);
  assert_noted(&w, "joined /\n");
  assert_true(sio_auth_is_online(auth, sio_s("ann")));
  world_close(&w);
}

static void test_a_token_may_end_in_later_middlewares(void **state)
{
  (void)state;
  guard_begin();
  assert_int_equal(sio_use(w.root, look_at_token, &w), 0);
  assert_true(client_open(&w, &a));
  show(&a, token_of("{\"sub\":\"ann\",\"role\":\"cook\",\"exp\":1000010}"));
  assert_noted(&w, "ann is cook\n");
  world_wait(&w, 10 * SECOND);
  assert_int_equal(sio_next_ok(next_held), 0);
  sio_next_release(next_held);
  assert_refused(&a, "expired", "the token has expired");
  assert_int_equal(sio_ns_socket_count(w.root), 0);
  world_close(&w);
}

/* ---- Renewing ---- */

static void renew(struct core_client *client, const char *token)
{
  char text[4200];

  snprintf(text, sizeof text, "421[\"auth:renew\",{\"token\":\"%s\"}]", token);
  client_say(client, text);
}

static void unexpected(sio_socket *socket, sio_str event, const sio_args *args,
                       sio_ack *ack, void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(user, "saw %.*s", SIO_STR_ARG(event));
}

static void test_a_socket_renews_its_token(void **state)
{
  sio_jwt *old;
  sio_socket *socket;

  (void)state;
  guard_begin();
  assert_int_equal(sio_on_any(w.root, unexpected, &w), 0);
  enter(&a, "ann");
  memcpy(a.sid, a.heard + 10, CORE_SID_LEN);
  socket = sio_ns_socket(w.root, sio_s(a.sid));
  old = sio_jwt_retain(sio_socket_token(socket));
  renew(&a, token_of("{\"sub\":\"ann\",\"exp\":1002000}"));
  assert_hears(&a, "431[{\"ok\":true,\"exp\":1002000}]\n");
  assert_ptr_not_equal(sio_socket_token(socket), old);
  sio_jwt_release(old);
  assert_noted(&w, "joined /\n"); /* and nobody has seen the event */
  world_wait(&w, 1500 * SECOND);
  assert_false(a.ended);
  world_close(&w);
}

static void test_a_renewal_may_be_text_and_need_no_answer(void **state)
{
  char text[4200];

  (void)state;
  guard_begin();
  enter(&a, "ann");
  snprintf(text, sizeof text, "42[\"auth:renew\",\"%s\"]",
           token_of("{\"sub\":\"ann\",\"exp\":1002000}"));
  client_say(&a, text);
  assert_hears(&a, "");
  memcpy(a.sid, a.heard + 10, CORE_SID_LEN);
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  world_close(&w);
}

#define assert_not_renewed(client, code, message)                              \
  assert_hears((client), "431[{\"ok\":false,\"code\":\"" code                  \
                         "\",\"message\":\"" message "\"}]\n")

static void test_bad_renewals_change_nothing(void **state)
{
  (void)state;
  guard_begin();
  enter(&a, "ann");
  renew(&a, "x");
  assert_not_renewed(&a, "malformed", "not a signed token in the compact form");
  renew(&a, token_of(claims_of("ben", 1000)));
  assert_not_renewed(&a, "wrong_subject", "another subject is expected");
  renew(&a, token_of("{\"exp\":1002000}"));
  assert_not_renewed(&a, "wrong_subject", "another subject is expected");
  renew(&a, token_of(claims_of("ann", 0)));
  assert_not_renewed(&a, "expired", "the token has expired");
  client_say(&a, "421[\"auth:renew\"]");
  assert_not_renewed(&a, "missing_token", "a token is required");
  client_say(&a, "421[\"auth:renew\",{\"token\":[]}]");
  assert_not_renewed(&a, "malformed", "not a signed token in the compact form");
  assert_int_equal(sio_auth_count(auth, NULL, sio_s("ann")), 1);
  world_close(&w);
}

static void test_the_host_checks_renewals_one_at_a_time(void **state)
{
  sio_auth_answer *first;

  (void)state;
  begin_checked(hold_on);
  assert_int_equal(sio_auth_accept(held), 0);
  release();
  (void)client_hear(&a);
  renew(&a, token_of(claims_of("ann", 2000)));
  first = held;
  assert_hears(&a, "");
  renew(&a, token_of(claims_of("ann", 3000)));
  assert_not_renewed(&a, "busy", "another token is being looked at");
  assert_int_equal(sio_auth_refuse(first, "banned", "no"), 0);
  assert_not_renewed(&a, "banned", "no");
  release();
  renew(&a, token_of(claims_of("ann", 2000)));
  assert_int_equal(sio_auth_accept(held), 0);
  assert_hears(&a, "431[{\"ok\":true,\"exp\":1002000}]\n");
  release();
  renew(&a, token_of(claims_of("ann", 2000)));
  client_drop(&a);
  assert_int_equal(sio_auth_accept(held), SIO_ERR_DISCONNECTED);
  release();
  world_close(&w);
}

static void test_the_event_may_have_another_name(void **state)
{
  (void)state;
  guard_options();
  options.renew_event = "";
  guard_open();
  assert_int_equal(sio_on_any(w.root, unexpected, &w), 0);
  enter(&a, "ann");
  renew(&a, token_of(claims_of("ann", 2000)));
  assert_noted(&w, "joined /\nsaw auth:renew\n");
  world_close(&w);
}

/* ---- Recovery ---- */

static sio_recovery_options recovery;

/* Come back with a pid; what is heard is the answer. */
static const char *come_back(struct core_client *client, const char *pid,
                             const char *offset, const char *token)
{
  char text[4400];

  world_drop_clients(&w);
  assert_true(client_open(&w, client));
  snprintf(text, sizeof text,
           "40{\"pid\":\"%.20s\",\"offset\":\"%s\",\"token\":\"%s\"}", pid,
           offset, token);
  client_say(client, text);
  return client_hear(client);
}

static void note_recovered(sio_socket *socket, void *user)
{
  sio_str id = sio_socket_user_id(socket);

  world_note(user, "%.*s recovered %d in private %d", SIO_STR_ARG(id),
             sio_socket_recovered(socket),
             sio_socket_in(socket, sio_s("private")));
}

static char pid[CORE_SID_LEN + 1], offset[32];

/* Ann joins, gets an event, and loses the connection. */
static void lose_ann(uint32_t skip)
{
  const char *at;
  size_t i = 0;

  guard_options();
  sio_recovery_options_init(&recovery);
  recovery.skip_middlewares = skip;
  recovery.max_disconnection_ms = 4000 * SECOND;
  server_options.recovery = &recovery;
  server_options.ping_interval_ms = 4000 * SECOND;
  guard_open();
  assert_int_equal(sio_on_connect(w.root, note_recovered, &w), 0);
  enter(&a, "ann");
  memcpy(pid, strstr(a.heard, "\"pid\":\"") + 7, CORE_SID_LEN);
  memcpy(a.sid, a.heard + 10, CORE_SID_LEN);
  assert_int_equal(
      sio_join(sio_ns_socket(w.root, sio_s(a.sid)), sio_s("private")), 0);
  assert_int_equal(sio_emitf(sio_user(w.root, sio_s("ann")), "e", NULL), 0);
  at = strstr(client_hear(&a), "[\"e\",\"");
  assert_non_null(at);
  for (at += 6; *at != '"'; at++)
    offset[i++] = *at;
  offset[i] = '\0';
  client_drop(&a);
  assert_int_equal(sio_emitf(sio_user(w.root, sio_s("ann")), "missed", NULL),
                   0);
  w.n_notes = 0;
  w.notes[0] = '\0';
}

static void test_a_user_comes_back_with_a_valid_token(void **state)
{
  (void)state;
  for (uint32_t skip = 0; skip < 2; skip++) {
    lose_ann(skip);
    assert_non_null(
        strstr(come_back(&b, pid, offset, token_of(claims_of("ann", 1000))),
               "missed"));
    assert_noted(&w, "joined /\nann recovered 1 in private 1\n");
    world_close(&w);
  }
}

static void test_nobody_comes_back_as_another_user(void **state)
{
  (void)state;
  for (uint32_t skip = 0; skip < 2; skip++) {
    lose_ann(skip);
    assert_null(
        strstr(come_back(&b, pid, offset, token_of(claims_of("ben", 1000))),
               "missed"));
    assert_noted(&w, "joined /\nben recovered 0 in private 0\n");
    world_close(&w);
  }
}

static void test_nobody_comes_back_with_a_bad_token(void **state)
{
  const char *token;

  (void)state;
  for (uint32_t skip = 0; skip < 2; skip++) {
    lose_ann(skip);
    (void)come_back(&b, pid, offset, token_of(claims_of("ann", 0)));
    assert_memory_equal(b.heard, "44{\"message\":\"the token has expired\"",
                        36);
    token = token_of(claims_of("ann", 1000));
    assert_int_equal(sio_auth_revoke_user(auth, sio_s("ann"), 0), 0);
    (void)come_back(&b, pid, offset, token);
    assert_non_null(strstr(b.heard, "{\"code\":\"revoked\"}"));
    assert_noted(&w, "");
    world_close(&w);
  }
}

static void test_who_was_disconnected_does_not_come_back(void **state)
{
  char old_pid[CORE_SID_LEN + 1];

  (void)state;
  lose_ann(0);
  assert_non_null(strstr(
      come_back(&b, pid, offset, token_of(claims_of("ann", 10))), "missed"));
  memcpy(old_pid, pid, sizeof pid);
  world_wait(&w, 10 * SECOND);
  world_drop_clients(&w);
  w.n_notes = 0;
  w.notes[0] = '\0';
  (void)come_back(&b, old_pid, offset, token_of(claims_of("ann", 100)));
  assert_noted(&w, "joined /\nann recovered 0 in private 0\n");
  world_close(&w);
}

/* ---- Memory ---- */

static void accept_now(sio_socket *socket, sio_jwt *token,
                       sio_auth_answer *answer, void *user)
{
  (void)socket;
  (void)token;
  (void)user;
  (void)sio_auth_accept(answer); /* or memory is short */
}

static void join_and_renew(struct test_mem *mem, void *user)
{
  sio_jwt_keys *keys;

  (void)user;
  guard_options();
  options.check = accept_now;
  if (!world_try_open(&w, mem))
    return;
  keys = jwt_one_secret(NULL);
  options.keys = keys;
  if (sio_auth_new(w.server, &options, &auth) == 0 &&
      sio_auth_use(auth, w.root) == 0) {
    sio_server_set_unix_time(w.server, JWT_NOW * SECOND);
    if (client_open(&w, &a)) {
      show(&a, token_of(claims_of("ann", 1000)));
      if (a.conn != NULL && !a.ended)
        renew(&a, token_of(claims_of("ann", 1000)));
    }
  }
  world_close(&w);
  sio_jwt_keys_release(keys);
}

static void test_memory_may_end_anywhere(void **state)
{
  (void)state;
  assert_true(test_every_allocation(join_and_renew, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_check_may_accept_later),
      cmocka_unit_test(test_a_check_may_refuse),
      cmocka_unit_test(test_who_gives_no_answer_refuses),
      cmocka_unit_test(test_an_answer_may_come_too_late),
      cmocka_unit_test(test_a_token_may_be_over_when_the_answer_comes),
      cmocka_unit_test(test_later_middlewares_see_the_token),
      cmocka_unit_test(test_a_token_may_end_in_later_middlewares),
      cmocka_unit_test(test_a_socket_renews_its_token),
      cmocka_unit_test(test_a_renewal_may_be_text_and_need_no_answer),
      cmocka_unit_test(test_bad_renewals_change_nothing),
      cmocka_unit_test(test_the_host_checks_renewals_one_at_a_time),
      cmocka_unit_test(test_the_event_may_have_another_name),
      cmocka_unit_test(test_a_user_comes_back_with_a_valid_token),
      cmocka_unit_test(test_nobody_comes_back_as_another_user),
      cmocka_unit_test(test_nobody_comes_back_with_a_bad_token),
      cmocka_unit_test(test_who_was_disconnected_does_not_come_back),
      cmocka_unit_test(test_memory_may_end_anywhere),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
