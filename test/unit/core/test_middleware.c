/* SPDX-License-Identifier: MIT */
#include "core_world.h"

static struct core_world w;
static struct core_client a, b;

enum { MAX_HELD = 4 };
static sio_next *held[MAX_HELD];
static size_t n_held;

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  assert_ptr_equal(sio_next_socket(next), socket);
  held[n_held++] = sio_next_retain(next);
  world_note(user, "asked");
}

static void let_in(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  world_note(user, "let in");
  assert_int_equal(sio_next_ok(next), 0);
}

static void begin(sio_middleware_fn first, sio_middleware_fn second)
{
  n_held = 0;
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
  if (first != NULL)
    assert_int_equal(sio_use(w.root, first, &w), 0);
  if (second != NULL)
    assert_int_equal(sio_use(w.root, second, &w), 0);
  assert_true(client_open(&w, &a));
}

/* ---- Letting in ---- */

static void look_at_the_world(sio_socket *socket, sio_next *next, void *user)
{
  world_note(user, "%d %zu %zu %d %d", sio_socket_is_connected(socket),
             sio_ns_socket_count(w.root), sio_server_socket_count(w.server),
             sio_ns_socket(w.root, sio_s(sio_socket_id(socket))) != NULL,
             sio_socket_disconnect(socket, true));
  assert_int_equal(sio_emitf(sio_everyone(w.root), "all", NULL), 0);
  assert_int_equal(
      sio_emitf(sio_in(w.root, sio_s(sio_socket_id(socket))), "room", NULL), 0);
  assert_int_equal(sio_emitf(sio_only(socket), "early", NULL), 0);
  assert_int_equal(sio_join(socket, sio_s("kept")), 0);
  assert_int_equal(sio_next_ok(next), 0);
}

static void test_a_socket_in_middleware_is_not_connected(void **state)
{
  (void)state;
  begin(look_at_the_world, NULL);
  client_say(&a, "40");
  assert_noted(&w, "0 0 0 0 -500\njoined /\n");
  /* only what is meant for it alone is sent, before CONNECT */
  assert_memory_equal(client_hear(&a), "42[\"early\"]\n40{\"sid\":", 20);
  assert_int_equal(sio_ns_room_size(w.root, sio_s("kept")), 1);
  assert_int_equal(sio_emitf(sio_in(w.root, sio_s("kept")), "e", NULL), 0);
  assert_hears(&a, "42[\"e\"]\n");
  world_close(&w);
}

static void test_middlewares_may_answer_later(void **state)
{
  (void)state;
  begin(hold_on, let_in);
  assert_int_equal(sio_use(w.root, hold_on, &w), 0);
  client_say(&a, "40");
  assert_hears(&a, "");
  assert_noted(&w, "asked\n");
  assert_int_equal(sio_next_ok(held[0]), 0);
  assert_noted(&w, "let in\nasked\n");
  assert_int_equal(sio_next_ok(held[0]), SIO_ERR_STATE);
  world_wait(&w, 10000);
  assert_int_equal(sio_next_ok(held[1]), 0);
  assert_noted(&w, "joined /\n");
  assert_memory_equal(client_hear(&a), "40{\"sid\":", 9);
  assert_int_equal(sio_next_ok(held[1]), SIO_ERR_STATE);
  assert_int_equal(sio_next_refuse(held[1], "x", NULL), SIO_ERR_STATE);
  sio_next_release(held[0]);
  sio_next_release(held[1]);
  world_close(&w);
}

static void test_only_the_middlewares_of_the_namespace_are_asked(void **state)
{
  (void)state;
  begin(let_in, NULL);
  assert_int_equal(sio_use(sio_of(w.server, "/b"), hold_on, &w), 0);
  client_say(&a, "40");
  assert_noted(&w, "let in\njoined /\n");
  client_say(&a, "40/b,");
  assert_noted(&w, "asked\n");
  sio_next_release(held[0]);
  world_close(&w);
}

static void add_one(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  for (int i = 0; i < 8; i++)
    assert_int_equal(sio_use(w.root, let_in, user), 0);
  assert_int_equal(sio_next_ok(next), 0);
  assert_int_equal(sio_next_ok(next), SIO_ERR_STATE);
}

static void
test_middlewares_that_are_added_meanwhile_are_not_asked(void **state)
{
  (void)state;
  begin(add_one, NULL);
  client_say(&a, "40");
  assert_noted(&w, "joined /\n");
  world_close(&w);
}

/* ---- Refusing ---- */

static void refuse_plainly(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  assert_int_equal(sio_join(socket, sio_s("r")), 0);
  assert_int_equal(sio_next_refuse(next, "no \"entry\"", NULL), 0);
  assert_false(sio_socket_is_connected(socket));
  assert_int_equal(sio_join(socket, sio_s("r")), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_next_ok(next), SIO_ERR_STATE);
}

static void test_a_refused_client_is_told_why_and_may_try_again(void **state)
{
  (void)state;
  begin(refuse_plainly, let_in);
  client_say(&a, "40");
  assert_hears(&a, "44{\"message\":\"no \\\"entry\\\"\"}\n");
  client_say(&a, "40");
  assert_hears(&a, "44{\"message\":\"no \\\"entry\\\"\"}\n");
  assert_noted(&w, ""); /* nobody else was asked, nobody told */
  assert_int_equal(sio_ns_room_count(w.root), 0);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_REFUSED), 2);
  assert_int_equal(sio_server_session_count(w.server), 1);
  world_close(&w);
}

static void refuse_with_payload(sio_socket *socket, sio_next *next, void *user)
{
  sio_payload *payload = sio_payload_new(NULL);

  (void)socket;
  (void)user;
  sio_payload_format(payload, "{code: %d}, 'second'", 7);
  assert_int_equal(sio_next_refuse(next, "m", payload), 0);
  sio_payload_free(payload);
}

static void refuse_with_format(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  assert_int_equal(sio_next_refusef(next, "m", "[%s, %d]", "a\n", -1), 0);
}

static void refuse_with_empty_data(sio_socket *socket, sio_next *next,
                                   void *user)
{
  sio_payload *payload = sio_payload_new(NULL);

  (void)socket;
  (void)user;
  assert_int_equal(sio_next_refuse(next, NULL, payload), 0);
  sio_payload_free(payload);
}

static void test_a_refusal_may_have_data(void **state)
{
  (void)state;
  begin(refuse_with_payload, NULL);
  assert_int_equal(sio_use(sio_of(w.server, "/f"), refuse_with_format, NULL),
                   0);
  assert_int_equal(
      sio_use(sio_of(w.server, "/e"), refuse_with_empty_data, NULL), 0);
  client_say(&a, "40");
  assert_hears(&a, "44{\"message\":\"m\",\"data\":{\"code\":7}}\n");
  client_say(&a, "40/f,{}");
  assert_hears(&a, "44/f,{\"message\":\"m\",\"data\":[\"a\\n\",-1]}\n");
  client_say(&a, "40/e,");
  assert_hears(&a, "44/e,{\"message\":\"\"}\n");
  world_close(&w);
}

static void refuse_with_binary(sio_socket *socket, sio_next *next, void *user)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"a", 1};

  (void)socket;
  (void)user;
  sio_payload_binary(payload, bytes);
  assert_int_equal(sio_next_refuse(next, "binary", payload),
                   SIO_ERR_UNSUPPORTED);
  sio_payload_free(payload);
}

static void refuse_with_broken_payload(sio_socket *socket, sio_next *next,
                                       void *user)
{
  sio_payload *payload = sio_payload_new(NULL);

  (void)socket;
  (void)user;
  sio_payload_array_begin(payload);
  assert_int_equal(sio_next_refuse(next, "open", payload), SIO_ERR_STATE);
  sio_payload_free(payload);
}

static void refuse_with_broken_format(sio_socket *socket, sio_next *next,
                                      void *user)
{
  const char *text = "[1";

  (void)socket;
  (void)user;
  assert_int_equal(sio_next_refusef(next, "\xff", "raw %s", text),
                   SIO_ERR_JSON);
}

static void test_data_that_cannot_be_sent_is_left_out(void **state)
{
  (void)state;
  begin(refuse_with_binary, NULL);
  assert_int_equal(
      sio_use(sio_of(w.server, "/p"), refuse_with_broken_payload, NULL), 0);
  assert_int_equal(
      sio_use(sio_of(w.server, "/f"), refuse_with_broken_format, NULL), 0);
  client_say(&a, "40");
  assert_hears(&a, "44{\"message\":\"binary\"}\n");
  client_say(&a, "40/p,");
  assert_hears(&a, "44/p,{\"message\":\"open\"}\n");
  client_say(&a, "40/f,");
  assert_hears(&a, "44/f,{\"message\":\"\"}\n");
  world_close(&w);
}

static void test_a_later_refusal_is_sent_when_it_is_made(void **state)
{
  sio_socket *socket;

  (void)state;
  begin(let_in, hold_on);
  client_say(&a, "40");
  socket = sio_socket_retain(sio_next_socket(held[0]));
  assert_int_equal(sio_next_refusef(held[0], "late", "%d", 1), 0);
  assert_hears(&a, "44{\"message\":\"late\",\"data\":1}\n");
  assert_int_equal(sio_socket_disconnect(socket, false), SIO_ERR_DISCONNECTED);
  sio_next_release(held[0]);
  sio_socket_release(socket);
  world_close(&w);
}

/* ---- No answer ---- */

static void forget(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)next;
  (void)user;
}

static void test_a_middleware_that_gives_no_answer_refuses(void **state)
{
  (void)state;
  begin(forget, NULL);
  client_say(&a, "40");
  assert_hears(&a, "44{\"message\":\"Internal error\"}\n");
  assert_non_null(strstr(w.logged, "a middleware of / gave no answer"));
  world_close(&w);
}

static void test_an_answer_that_is_given_up_refuses(void **state)
{
  (void)state;
  begin(hold_on, NULL);
  client_say(&a, "40");
  (void)sio_next_retain(held[0]);
  sio_next_release(held[0]);
  assert_hears(&a, "");
  sio_next_release(held[0]);
  assert_hears(&a, "44{\"message\":\"Internal error\"}\n");
  sio_next_release(NULL);
  world_close(&w);
}

static void retain_and_release(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  (void)sio_socket_retain(socket);
  (void)sio_next_retain(next);
  assert_int_equal(sio_next_ok(next), 0);
  sio_next_release(next);
  sio_socket_release(socket);
}

static void test_handles_may_be_kept_for_nothing(void **state)
{
  (void)state;
  begin(retain_and_release, let_in);
  client_say(&a, "40");
  assert_noted(&w, "let in\njoined /\n");
  world_close(&w);
}

/* ---- The client goes meanwhile ---- */

static void test_who_leaves_in_middleware_is_forgotten(void **state)
{
  sio_socket *socket;

  (void)state;
  begin(hold_on, NULL);
  client_say(&a, "40");
  socket = sio_next_socket(held[0]);
  assert_int_equal(sio_join(socket, sio_s("r")), 0);
  client_drop(&a);
  assert_int_equal(sio_ns_room_count(w.root), 0);
  assert_int_equal(sio_join(socket, sio_s("r")), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_next_ok(held[0]), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_next_ok(held[0]), SIO_ERR_STATE);
  sio_next_release(held[0]);
  assert_noted(&w, "asked\n");
  world_close(&w);
}

static void test_a_refusal_of_who_is_gone_is_told_so(void **state)
{
  (void)state;
  begin(hold_on, NULL);
  assert_true(client_open(&w, &b));
  client_say(&a, "40");
  client_say(&b, "40");
  client_drop(&a);
  client_drop(&b);
  assert_int_equal(sio_next_refuse(held[0], "x", NULL), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_next_refusef(held[1], "x", "%d", 1),
                   SIO_ERR_DISCONNECTED);
  sio_next_release(held[0]);
  sio_next_release(held[1]);
  world_close(&w);
}

static void
test_an_unanswered_handle_of_who_is_gone_is_just_released(void **state)
{
  (void)state;
  begin(hold_on, NULL);
  client_say(&a, "40");
  client_drop(&a);
  w.logged[0] = '\0';
  sio_next_release(held[0]);
  assert_string_equal(w.logged, "");
  world_close(&w);
}

static void test_a_handle_may_outlive_the_server(void **state)
{
  (void)state;
  begin(hold_on, NULL);
  assert_true(client_open(&w, &b));
  client_say(&a, "40");
  client_say(&b, "40");
  world_drop_clients(&w);
  sio_server_free(w.server);
  assert_null(sio_socket_ns(sio_next_socket(held[0])));
  assert_int_equal(sio_next_refusef(held[0], "x", "%d", 1),
                   SIO_ERR_DISCONNECTED);
  sio_next_release(held[0]);
  sio_next_release(held[1]);
  assert_noted(&w, "asked\nasked\n");
  test_mem_check(&w.own_mem);
}

static void close_server(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  assert_int_equal(sio_next_ok(next), SIO_ERR_DISCONNECTED);
  assert_false(sio_socket_is_connected(socket));
}

static void test_a_server_closed_by_a_middleware_lets_nobody_in(void **state)
{
  (void)state;
  begin(close_server, let_in);
  client_say(&a, "40");
  assert_hears(&a, "<close>\n");
  assert_noted(&w, "");
  world_close(&w);
}

static void test_who_is_being_closed_is_not_let_in(void **state)
{
  struct core_poller p;

  (void)state;
  begin(hold_on, NULL);
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_say(&p, "42[\"too early\"]"); /* waits for a last poll */
  assert_int_equal(sio_server_session_count(w.server), 2);
  assert_int_equal(sio_next_ok(held[0]), 0);
  sio_next_release(held[0]);
  assert_noted(&w, "asked\n");
  poller_get(&p);
  assert_string_equal(http_answer(&p.get), "200 6\x1e"
                                           "1");
  world_close(&w);
}

/* ---- Questions to who is not in yet ---- */

static void note_failure(sio_socket *socket, int status, const sio_args *args,
                         void *user)
{
  assert_false(sio_socket_is_connected(socket));
  assert_int_equal(sio_args_count(args), 0);
  world_note(user, "answer %d", status);
}

static void ask_and_hold(sio_socket *socket, sio_next *next, void *user)
{
  sio_target target = sio_with_ack(sio_only(socket), 1000, note_failure, user);

  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  held[n_held++] = sio_next_retain(next);
}

static void ask_and_refuse(sio_socket *socket, sio_next *next, void *user)
{
  sio_target target = sio_with_ack(sio_only(socket), 1000, note_failure, user);

  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  assert_int_equal(sio_next_refuse(next, "no", NULL), 0);
}

/* Nothing more comes of the question, neither answer nor timeout. */
static void expect_one_failure(void)
{
  assert_noted(&w, "answer -500\n");
  if (a.conn != NULL)
    client_say(&a, "430[1]");
  world_wait(&w, 2000);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_a_question_to_who_is_refused_fails_once(void **state)
{
  (void)state;
  begin(ask_and_refuse, NULL);
  client_say(&a, "40");
  assert_hears(&a, "420[\"q\"]\n44{\"message\":\"no\"}\n");
  expect_one_failure();
}

static void test_a_question_to_who_is_refused_later_fails_once(void **state)
{
  (void)state;
  begin(ask_and_hold, NULL);
  client_say(&a, "40");
  assert_noted(&w, "");
  assert_int_equal(sio_next_refuse(held[0], "no", NULL), 0);
  sio_next_release(held[0]);
  assert_hears(&a, "420[\"q\"]\n44{\"message\":\"no\"}\n");
  expect_one_failure();
}

static void test_a_question_to_who_leaves_in_middleware_fails_once(void **state)
{
  (void)state;
  begin(ask_and_hold, NULL);
  client_say(&a, "40");
  client_drop(&a);
  assert_int_equal(sio_next_ok(held[0]), SIO_ERR_DISCONNECTED);
  sio_next_release(held[0]);
  expect_one_failure();
}

static void test_a_question_without_an_answer_of_middleware_fails(void **state)
{
  (void)state;
  begin(ask_and_hold, NULL);
  client_say(&a, "40");
  sio_next_release(held[0]);
  assert_hears(&a, "420[\"q\"]\n44{\"message\":\"Internal error\"}\n");
  expect_one_failure();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_socket_in_middleware_is_not_connected),
      cmocka_unit_test(test_middlewares_may_answer_later),
      cmocka_unit_test(test_only_the_middlewares_of_the_namespace_are_asked),
      cmocka_unit_test(test_middlewares_that_are_added_meanwhile_are_not_asked),
      cmocka_unit_test(test_a_refused_client_is_told_why_and_may_try_again),
      cmocka_unit_test(test_a_refusal_may_have_data),
      cmocka_unit_test(test_data_that_cannot_be_sent_is_left_out),
      cmocka_unit_test(test_a_later_refusal_is_sent_when_it_is_made),
      cmocka_unit_test(test_a_middleware_that_gives_no_answer_refuses),
      cmocka_unit_test(test_an_answer_that_is_given_up_refuses),
      cmocka_unit_test(test_handles_may_be_kept_for_nothing),
      cmocka_unit_test(test_who_leaves_in_middleware_is_forgotten),
      cmocka_unit_test(test_a_refusal_of_who_is_gone_is_told_so),
      cmocka_unit_test(
          test_an_unanswered_handle_of_who_is_gone_is_just_released),
      cmocka_unit_test(test_a_handle_may_outlive_the_server),
      cmocka_unit_test(test_a_server_closed_by_a_middleware_lets_nobody_in),
      cmocka_unit_test(test_who_is_being_closed_is_not_let_in),
      cmocka_unit_test(test_a_question_to_who_is_refused_fails_once),
      cmocka_unit_test(test_a_question_to_who_is_refused_later_fails_once),
      cmocka_unit_test(test_a_question_to_who_leaves_in_middleware_fails_once),
      cmocka_unit_test(test_a_question_without_an_answer_of_middleware_fails),
  };

  return cmocka_run_group_tests_name("core/middleware", tests, NULL, NULL);
}
