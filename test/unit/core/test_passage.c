/* SPDX-License-Identifier: MIT */
#include "passage_world.h"

static struct core_client b;

/* ---- Now ---- */

static void test_all_middlewares_are_asked_in_order(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_socket_use(client_socket(&a, "/"), pass, "socket"), 0);
  assert_int_equal(sio_use_event(w.root, pass, "one"), 0);
  assert_int_equal(sio_use_event(w.root, pass, "two"), 0);
  client_say(&a, "429[\"e\",1]");
  assert_noted(&w, "one\ntwo\nsocket\ne 1 ack\n");
  client_enter(&w, &b);
  client_say(&b, "42[\"f\"]");
  assert_noted(&w, "one\ntwo\nf \n");
  world_close(&w);
}

static void test_the_parents_middlewares_come_first(void **state)
{
  sio_ns *parent;

  (void)state;
  begin();
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_int_equal(sio_use_event(parent, pass, "parent"), 0);
  client_join(&a, "/t/1");
  assert_int_equal(sio_use_event(sio_find(w.server, "/t/1"), pass, "ns"), 0);
  assert_int_equal(sio_on(parent, "e", note, "e"), 0);
  client_say(&a, "42/t/1,[\"e\"]");
  assert_noted(&w, "parent\nns\ne \n");
  world_close(&w);
}

static void test_a_refused_event_goes_no_further(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on_any(w.root, note_any, "any"), 0);
  assert_int_equal(sio_use_event(w.root, refuse, "not today"), 0);
  assert_int_equal(sio_use_event(w.root, pass, "no"), 0);
  client_say(&a, "421[\"ask\"]");
  assert_noted(&w, "any ask\nproblem -3 not today: ask\n");
  assert_hears(&a, ""); /* not acknowledged, and nobody is cut */
  client_say(&a, "431[]");
  assert_hears(&a, "");
  world_close(&w);
}

static void refuse_silently(sio_socket *socket, sio_event *event, void *user)
{
  (void)user;
  refuse(socket, event, NULL);
}

static void test_a_refusal_may_be_without_words(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, refuse_silently, NULL), 0);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "problem -3 : e\n");
  world_close(&w);
}

static void forget(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  (void)event;
  (void)user;
}

static void test_an_event_without_an_answer_is_refused(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, forget, NULL), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"f\"]");
  assert_noted(&w, "problem -3 a middleware gave no answer: e\n"
                   "problem -3 a middleware gave no answer: f\n");
  assert_string_equal(w.logged, "1 an event middleware of / gave no answer");
  world_close(&w);
}

/* ---- Rewriting ---- */

static void rewrite(sio_socket *socket, sio_event *event, void *user)
{
  sio_payload *payload = sio_payload_new(sio_server_allocator(w.server));
  const uint8_t bytes[] = {1, 2, 3};
  const sio_span span = {bytes, 3};

  (void)socket;
  (void)user;
  assert_non_null(payload);
  assert_int_equal(sio_event_rewrite(event, "connect", NULL), SIO_ERR_RESERVED);
  sio_payload_array_begin(payload);
  assert_int_equal(sio_event_rewrite(event, "f", payload), SIO_ERR_STATE);
  assert_true(sio_str_is(sio_event_name(event), "e"));
  sio_payload_reset(payload);
  sio_payload_value(payload, sio_arg(sio_event_args(event), 0));
  sio_payload_string(payload, "two");
  sio_payload_binary(payload, span);
  assert_int_equal(sio_event_rewrite(event, "f", payload), 0);
  sio_payload_free(payload);
  assert_int_equal(sio_args_count(sio_event_args(event)), 3);
  assert_int_equal(sio_event_rewrite(event, NULL, NULL), 0);
  assert_true(sio_str_is(sio_event_name(event), "f"));
  assert_int_equal(sio_event_next(event), 0);
}

static void rename_event(sio_socket *socket, sio_event *event, void *user)
{
  sio_value third = sio_arg(sio_event_args(event), 2);
  sio_span bytes;

  (void)socket;
  assert_int_equal(sio_value_binary(third, &bytes), 0);
  assert_int_equal(bytes.len, 3);
  assert_int_equal(bytes.data[2], 3);
  assert_int_equal(sio_event_rewrite(event, user, NULL), 0);
  assert_int_equal(sio_event_next(event), 0);
}

static void test_an_event_may_be_rewritten_name_included(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, rewrite, NULL), 0);
  assert_int_equal(sio_use_event(w.root, rename_event, "ask"), 0);
  client_say(&a, "427[\"e\",\"o\\u006ee\"]");
  assert_noted(&w, "ask \"o\\u006ee\",\"two\"," PLACE(0) " ack\n");
  assert_hears(&a, "461-7[\"o\\u006ee\",\"two\"," PLACE(0) "]\n<010203>\n");
  world_close(&w);
}

static void rewrite_badly(sio_socket *socket, sio_event *event, void *user)
{
  sio_payload *payload = sio_payload_new(sio_server_allocator(w.server));
  const sio_span span = {NULL, 0};

  (void)socket;
  (void)user;
  assert_non_null(payload);
  sio_payload_json(payload, sio_s(PLACE(1)));
  sio_payload_binary(payload, span);
  assert_int_equal(sio_event_rewrite(event, "f", payload), SIO_ERR_RANGE);
  sio_payload_free(payload);
  assert_int_equal(sio_event_next(event), 0);
}

static void test_a_rewriting_that_fails_changes_nothing(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, rewrite_badly, NULL), 0);
  client_say(&a, "42[\"e\",1]");
  assert_noted(&w, "e 1\n");
  world_close(&w);
}

/* ---- Later ---- */

static void test_later_events_wait_in_order(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  assert_int_equal(sio_on_any(w.root, note_any, "any"), 0);
  client_say(&a, "421[\"ask\",\"\\u0061\"]");
  client_say(&a, "422[\"ask\",2]");
  client_say(&a, "42[\"e\",3]");
  client_enter(&w, &b);
  client_say(&b, "42[\"e\",\"b\"]"); /* is not held up */
  assert_noted(&w, "any ask\nheld ask\nany ask\nany e\nany e\nheld e\n");
  assert_int_equal(n_held, 2);
  assert_int_equal(sio_event_next(held[1]), 0);
  assert_noted(&w, "e \"b\"\n");
  assert_true(
      sio_str_is(sio_args_json(sio_event_args(held[0])), "\"\\u0061\""));
  assert_true(
      sio_str_is(sio_value_str(sio_arg(sio_event_args(held[0]), 0)), "a"));
  assert_non_null(sio_event_ack(held[0]));
  assert_int_equal(sio_event_next(held[0]), 0);
  assert_noted(&w, "ask \"\\u0061\" ack\nheld ask\n");
  assert_hears(&a, "431[\"\\u0061\"]\n");
  assert_int_equal(sio_event_next(held[0]), SIO_ERR_STATE);
  assert_int_equal(sio_event_refuse(held[2], "no"), 0);
  assert_noted(&w, "problem -3 no: ask\nheld e\n");
  assert_int_equal(sio_event_next(held[3]), 0);
  assert_noted(&w, "e 3\n");
  assert_hears(&a, "");
  for (size_t i = 0; i < n_held; i++)
    release(i);
  client_say(&a, "42[\"f\"]");
  assert_noted(&w, "any f\nheld f\n");
  assert_int_equal(sio_event_next(held[4]), 0);
  assert_noted(&w, "f \n");
  release(4);
  world_close(&w);
}

static void test_a_middleware_cannot_answer_for_the_next_one(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "1"), 0);
  assert_int_equal(sio_use_event(w.root, hold, "2"), 0);
  client_say(&a, "42[\"e\",1]");
  assert_noted(&w, "1 e\n");
  assert_int_equal(sio_event_next(held[0]), 0);
  assert_noted(&w, "2 e\n");
  /* the first one has had its turn: it must not answer for the second */
  assert_ptr_not_equal(held[0], held[1]);
  assert_int_equal(sio_event_next(held[0]), SIO_ERR_STATE);
  assert_int_equal(sio_event_rewrite(held[0], "f", NULL), SIO_ERR_STATE);
  assert_noted(&w, "");
  assert_int_equal(sio_event_rewrite(held[1], "f", NULL), 0);
  assert_int_equal(sio_event_next(held[1]), 0);
  assert_noted(&w, "f 1\n");
  assert_true(sio_str_is(sio_event_name(held[0]), "f"));
  release(1);
  assert_true(sio_str_is(sio_args_json(sio_event_args(held[0])), "1"));
  release(0);
  world_close(&w);
}

static void test_a_handle_that_is_held_keeps_its_event_waiting(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"f\"]");
  sio_event_release(sio_event_retain(held[0])); /* not the last reference */
  assert_noted(&w, "held e\n");
  sio_event_release(NULL);
  assert_null(sio_event_retain(NULL));
  world_drop_clients(&w); /* while it is awaited */
  release(0);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_the_last_release_lets_the_next_one_pass(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"f\"]");
  release(0);
  assert_noted(&w, "held e\nproblem -3 a middleware gave no answer: e\n"
                   "held f\n");
  assert_int_equal(sio_event_next(held[1]), 0);
  release(1);
  assert_noted(&w, "f \n");
  world_close(&w);
}

static void pass_and_keep(sio_socket *socket, sio_event *event, void *user)
{
  hold(socket, event, user);
  assert_int_equal(sio_event_next(event), 0);
}

static void test_what_is_retained_and_answered_at_once_is_kept(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, pass_and_keep, "kept"), 0);
  client_say(&a, "42[\"e\",[1]]");
  client_say(&a, "42[\"f\",[2]]");
  assert_noted(&w, "kept e\ne [1]\nkept f\nf [2]\n");
  assert_true(sio_str_is(sio_event_name(held[0]), "e"));
  assert_true(sio_str_is(sio_args_json(sio_event_args(held[0])), "[1]"));
  release(0);
  client_say(&a, "41");
  assert_true(sio_str_is(sio_args_json(sio_event_args(held[1])), "[2]"));
  assert_int_equal(sio_event_next(held[1]), SIO_ERR_STATE);
  world_drop_clients(&w);
  sio_server_free(w.server); /* the handle outlives it */
  w.server = NULL;
  assert_true(sio_str_is(sio_event_name(held[1]), "f"));
  release(1);
  test_mem_check(w.mem);
}

static void test_attachments_are_kept_with_their_event(void **state)
{
  sio_span bytes;

  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "452-5[\"ask\"," PLACE(1) "," PLACE(0) "]");
  client_say_bytes(&a, "x", 1);
  client_say_bytes(&a, "", 0);
  client_say(&a, "451-6[\"ask\"," PLACE(0) "]");
  client_say_bytes(&a, "yz", 2);
  assert_int_equal(
      sio_value_binary(sio_arg(sio_event_args(held[0]), 1), &bytes), 0);
  assert_memory_equal(bytes.data, "x", 1);
  assert_int_equal(sio_event_next(held[0]), 0);
  assert_hears(&a, "462-5[" PLACE(1) "," PLACE(0) "]\n<78>\n<>\n");
  assert_int_equal(sio_event_next(held[1]), 0);
  assert_hears(&a, "461-6[" PLACE(0) "]\n<797a>\n");
  release(0);
  release(1);
  world_close(&w);
}

static void test_acknowledgements_do_not_wait(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "430[1]"); /* of an unknown id */
  client_say(&a, "43[1]");
  assert_noted(&w, "held e\n");
  assert_int_equal(sio_event_next(held[0]), 0);
  release(0);
  assert_noted(&w, "e \n");
  world_close(&w);
}

static void release_in_handler(sio_socket *socket, const sio_args *args,
                               sio_ack *ack, void *user)
{
  note(socket, args, ack, user);
  release(0);
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
}

static void test_a_handler_may_release_the_last_handle(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  assert_int_equal(sio_on(w.root, "g", release_in_handler, "released"), 0);
  client_say(&a, "421[\"g\",1]");
  client_say(&a, "42[\"e\"]");
  assert_int_equal(sio_event_next(held[0]), 0);
  assert_noted(&w, "held g\nreleased 1 ack\n");
  assert_hears(&a, "41\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_middlewares_are_asked_in_order),
      cmocka_unit_test(test_the_parents_middlewares_come_first),
      cmocka_unit_test(test_a_refused_event_goes_no_further),
      cmocka_unit_test(test_a_refusal_may_be_without_words),
      cmocka_unit_test(test_an_event_without_an_answer_is_refused),
      cmocka_unit_test(test_an_event_may_be_rewritten_name_included),
      cmocka_unit_test(test_a_rewriting_that_fails_changes_nothing),
      cmocka_unit_test(test_later_events_wait_in_order),
      cmocka_unit_test(test_a_middleware_cannot_answer_for_the_next_one),
      cmocka_unit_test(test_a_handle_that_is_held_keeps_its_event_waiting),
      cmocka_unit_test(test_the_last_release_lets_the_next_one_pass),
      cmocka_unit_test(test_what_is_retained_and_answered_at_once_is_kept),
      cmocka_unit_test(test_attachments_are_kept_with_their_event),
      cmocka_unit_test(test_acknowledgements_do_not_wait),
      cmocka_unit_test(test_a_handler_may_release_the_last_handle),
  };

  return cmocka_run_group_tests_name("core/passage", tests, NULL, NULL);
}
