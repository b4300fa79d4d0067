/* SPDX-License-Identifier: MIT */
#include "passage_world.h"

/* ---- Leaving ---- */

static void test_who_leaves_takes_what_waits_along(void **state)
{
  sio_ack *ack;

  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "421[\"ask\"]");
  client_say(&a, "422[\"ask\"]");
  ack = sio_ack_retain(sio_event_ack(held[0]));
  client_say(&a, "41");
  assert_false(sio_socket_is_connected(sio_event_socket(held[0])));
  assert_int_equal(sio_event_rewrite(held[0], "f", NULL), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_event_next(held[0]), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_event_refuse(held[0], "x"), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_ackf(ack, NULL), SIO_ERR_DISCONNECTED);
  assert_true(sio_str_is(sio_event_name(held[0]), "ask"));
  client_join(&a, "/"); /* comes back as another one */
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "held ask\nheld e\n");
  assert_int_equal(sio_event_next(held[1]), 0);
  assert_noted(&w, "e \n");
  sio_ack_release(ack);
  release(0);
  release(1);
  world_close(&w);
}

static void note_leaving(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)end;
  world_note(&w, "%s %d", (const char *)user, sio_event_next(held[0]));
}

static void test_from_the_disconnecting_handlers_on_it_is_too_late(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  assert_int_equal(sio_on_disconnecting(w.root, note_leaving, "leaving"), 0);
  assert_int_equal(sio_on_disconnect(w.root, note_leaving, "left"), 0);
  client_say(&a, "42[\"e\"]");
  client_drop(&a);
  assert_noted(&w, "held e\nleaving -500\nleft -500\n");
  release(0);
  world_close(&w);
}

static void leave(sio_socket *socket, sio_event *event, void *user)
{
  hold(socket, event, user);
  assert_int_equal(sio_socket_disconnect(socket, n_held % 2 == 0), 0);
  assert_int_equal(sio_event_next(event), SIO_ERR_DISCONNECTED);
  release(n_held - 1);
  /* borrowed still */
  assert_true(sio_str_is(sio_event_name(event), "e"));
}

static void test_a_middleware_may_disconnect_the_socket(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, leave, "leave"), 0);
  assert_int_equal(sio_use_event(w.root, pass, "no"), 0);
  client_say(&a, "42[\"e\"]");
  assert_hears(&a, "41\n");
  client_join(&a, "/");
  client_say(&a, "42[\"e\"]");
  assert_hears(&a, "41\n<close>\n");
  assert_noted(&w, "leave e\nleave e\n");
  world_close(&w);
}

static void leave_on_problem(sio_socket *socket, const sio_problem *problem,
                             void *user)
{
  note_problem(socket, problem, user);
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  release(0);
}

static void test_a_problem_handler_may_disconnect_and_release(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  assert_int_equal(sio_on_problem(w.root, leave_on_problem, NULL), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"f\"]");
  assert_int_equal(sio_event_refuse(held[0], "no"), 0); /* the last reference */
  assert_noted(&w, "held e\nproblem -3 no: e\nproblem -3 no: e\n");
  world_close(&w);
}

static void delete_namespace(sio_socket *socket, sio_event *event, void *user)
{
  hold(socket, event, user);
  assert_int_equal(sio_ns_delete(sio_socket_ns(socket)), 0);
}

static void test_the_namespace_may_be_deleted_meanwhile(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(sio_of(w.server, "/x"), hold, "held"), 0);
  client_join(&a, "/x");
  client_say(&a, "42/x,[\"e\"]");
  assert_int_equal(sio_ns_delete(sio_find(w.server, "/x")), 0);
  assert_int_equal(sio_event_next(held[0]), SIO_ERR_DISCONNECTED);
  assert_hears(&a, "41/x,\n");
  assert_int_equal(
      sio_use_event(sio_of(w.server, "/x"), delete_namespace, "held"), 0);
  client_join(&a, "/x");
  client_say(&a, "42/x,[\"e\"]");
  assert_int_equal(sio_event_next(held[1]), SIO_ERR_DISCONNECTED);
  release(0);
  release(1);
  world_close(&w);
}

static void test_the_server_may_be_closed_meanwhile(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"f\"]");
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  assert_int_equal(sio_event_next(held[0]), SIO_ERR_DISCONNECTED);
  release(0);
  world_close(&w);
}

static void answer_held(sio_socket *socket, sio_str event, const sio_args *args,
                        sio_ack *ack, void *user)
{
  note_any(socket, event, args, ack, user);
  if (n_held > 0 && held[0] != NULL) {
    assert_int_equal(sio_event_next(held[0]), 0);
    release(0);
    n_held = 0;
  }
}

static void test_an_earlier_event_may_be_answered_by_the_next_one(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "42[\"e\"]");
  assert_int_equal(sio_on_any(w.root, answer_held, "any"), 0);
  client_say(&a, "42[\"f\"]");
  assert_noted(&w, "held e\nany f\ne \nheld f\n");
  assert_int_equal(sio_event_next(held[0]), 0);
  release(0);
  assert_noted(&w, "f \n");
  world_close(&w);
}

/* A handler feeds another connection of the same session: whatever it says is
 * for later. */
static void say_more(sio_socket *socket, sio_event *event, void *user)
{
  static const struct sio_args none;
  struct sio_args args = none;
  sio_str name = sio_event_name(event);

  world_note(&w, "%s %.*s", (const char *)user, (int)name.len, name.data);
  if (sio_str_is(name, "e")) {
    sio__document_init(&args.document, "9", 1, sio_server_allocator(w.server));
    sio__passage_begin(socket, sio_s("f"), &args, NULL);
  }
  assert_int_equal(sio_event_next(event), 0);
}

static void test_what_arrives_meanwhile_does_not_overtake(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_use_event(w.root, say_more, "asked"), 0);
  client_say(&a, "42[\"e\",1]");
  assert_noted(&w, "asked e\ne 1\nasked f\nf 9\n");
  world_close(&w);
}

/* ---- Limits ---- */

static void test_too_many_that_wait_close_the_client(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_waiting_events = 2;
  begin_with(&options);
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  for (int i = 0; i < 3; i++)
    client_say(&a, "42[\"e\"]");
  assert_hears(&a, "");
  client_say(&a, "42[\"e\"]");
  assert_string_equal(w.logged, "1 session ended: forced server close, too "
                                "many events that wait for a middleware "
                                "(limit 2, seen 3)");
  assert_hears(&a, "<close>\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_WAITING_EVENTS),
                   1);
  client_say_close(&a);
  (void)client_hear(&a);
  assert_int_equal(sio_event_next(held[0]), SIO_ERR_DISCONNECTED);
  release(0);
  assert_noted(&w, "held e\n");
  world_close(&w);
}

static void test_too_many_bytes_that_wait_close_the_client(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_waiting_bytes = 10;
  begin_with(&options);
  assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
  client_say(&a, "42[\"e\",1234567890123]"); /* it does not wait */
  client_say(&a, "42[\"e\",1234]");
  client_say(&a, "42[\"e\",1234]");
  assert_hears(&a, "");
  assert_int_equal(sio_event_next(held[0]), 0);
  client_say(&a, "42[\"f\",1234]"); /* there is room again */
  assert_hears(&a, "");
  client_say(&a, "42[\"f\"]");
  assert_string_equal(w.logged,
                      "1 session ended: forced server close, too many bytes "
                      "of events that wait (limit 10, seen 11)");
  assert_hears(&a, "<close>\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_WAITING_BYTES),
                   1);
  world_drop_clients(&w);
  release(0);
  release(1);
  world_close(&w);
}

/* ---- Chunks, and memory ---- */

/* What is said reaches the same end however it is cut. */
static void test_chunks_make_no_difference(void **state)
{
  static const char *texts[] = {"421[\"ask\",[1,\"\\u0062\"]]", "42[\"e\",2]"};

  (void)state;
  for (size_t size = 1; size < 9; size++) {
    uint8_t bytes[128];
    size_t len = 0, n;

    begin();
    assert_int_equal(sio_use_event(w.root, hold, "held"), 0);
    for (size_t i = 0; i < 2; i++) {
      n = strlen(texts[i]);
      bytes[len++] = 0x81;
      bytes[len++] = (uint8_t)(0x80 | n);
      memset(bytes + len, 0, 4); /* a mask that changes nothing */
      memcpy(bytes + len + 4, texts[i], n);
      len += 4 + n;
    }
    for (size_t i = 0; i < len; i += n) {
      n = len - i < size ? len - i : size;
      client_feed(&a, bytes + i, n);
    }
    assert_int_equal(n_held, 1);
    assert_int_equal(sio_event_next(held[0]), 0);
    assert_int_equal(n_held, 2);
    assert_int_equal(sio_event_next(held[1]), 0);
    assert_noted(&w, "held ask\nask [1,\"\\u0062\"] ack\nheld e\ne 2\n");
    release(0);
    release(1);
    world_close(&w);
  }
}

static void rewrite_if_possible(sio_socket *socket, sio_event *event,
                                void *user)
{
  (void)socket;
  (void)user;
  (void)sio_event_rewrite(event, "f", NULL); /* or out of memory */
  (void)sio_event_next(event);
}

static void count(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  ++*(int *)user;
}

static void hold_quietly(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  (void)user;
  if (n_held < 8)
    held[n_held++] = sio_event_retain(event);
}

static void one_life(struct test_mem *mem, void *user)
{
  struct core_world *world = user;
  int counted = 0;

  n_held = 0;
  if (!world_try_open(world, mem))
    return;
  /* An allocation that is to fail fails once. */
  while (sio_use_event(world->root, rewrite_if_possible, NULL) != 0)
    ;
  while (sio_use_event(world->root, hold_quietly, NULL) != 0)
    ;
  while (sio_on(world->root, "e", count, &counted) != 0)
    ;
  while (sio_on(world->root, "f", count, &counted) != 0)
    ;
  if (client_open(world, &a)) {
    client_say(&a, "40");
    client_say(&a, "421[\"e\",\"\\u0061\"]");
    client_say(&a, "451-[\"e\"," PLACE(0) "]");
    client_say_bytes(&a, "x", 1);
    client_say(&a, "42[\"e\",3]");
  }
  for (size_t i = 0; i < n_held; i++) {
    (void)sio_args_count(sio_event_args(held[i]));
    (void)sio_event_next(held[i]); /* the next one may be held, then */
  }
  assert_true(counted <= 3);
  assert_true(mem->fired || counted == 3);
  for (size_t i = 0; i < n_held; i++)
    release(i);
  world_close(world);
}

static void test_out_of_memory_at_any_point_loses_nothing_else(void **state)
{
  (void)state;
  assert_true(test_every_allocation(one_life, &w) > 30);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_who_leaves_takes_what_waits_along),
      cmocka_unit_test(test_from_the_disconnecting_handlers_on_it_is_too_late),
      cmocka_unit_test(test_a_middleware_may_disconnect_the_socket),
      cmocka_unit_test(test_a_problem_handler_may_disconnect_and_release),
      cmocka_unit_test(test_the_namespace_may_be_deleted_meanwhile),
      cmocka_unit_test(test_the_server_may_be_closed_meanwhile),
      cmocka_unit_test(test_an_earlier_event_may_be_answered_by_the_next_one),
      cmocka_unit_test(test_what_arrives_meanwhile_does_not_overtake),
      cmocka_unit_test(test_too_many_that_wait_close_the_client),
      cmocka_unit_test(test_too_many_bytes_that_wait_close_the_client),
      cmocka_unit_test(test_chunks_make_no_difference),
      cmocka_unit_test(test_out_of_memory_at_any_point_loses_nothing_else),
  };

  return cmocka_run_group_tests_name("core/passage_ends", tests, NULL, NULL);
}
