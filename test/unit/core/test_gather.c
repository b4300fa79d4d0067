/* SPDX-License-Identifier: MIT */
/* lib/core/gather.c: broadcasts that ask for acknowledgements. */
#include "core_world.h"

#include "core/objects.h"

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

enum { N = 3 };

static struct core_world w;
static struct core_client c[N];

static sio_socket *at(size_t i)
{
  return client_socket(&c[i], "/");
}

static int index_of(const sio_socket *socket)
{
  for (int i = 0; i < N; i++) {
    if (strcmp(sio_socket_id(socket), c[i].sid) == 0)
      return i;
  }
  return -1;
}

static void begin_with(const sio_server_options *options)
{
  world_open(&w, options);
  for (size_t i = 0; i < N; i++)
    client_enter(&w, &c[i]);
}

static void begin(void)
{
  begin_with(NULL);
}

static void note_each(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  sio_str json = sio_args_json(args);

  assert_int_equal(status, 0);
  world_note(user, "%d: %.*s", index_of(socket), (int)json.len,
             json.data != NULL ? json.data : "");
}

static void note_done(int status, size_t answered, size_t asked, void *user)
{
  world_note(user, "done %d, %zu of %zu", status, answered, asked);
}

static sio_target ask(sio_target target)
{
  return sio_with_acks(target, 100, note_each, note_done, &w);
}

static void expect_all_hear(const char *want)
{
  for (size_t i = 0; i < N; i++)
    assert_hears(&c[i], want);
}

static size_t n_pending(void)
{
  return w.root->pending.count;
}

/* ---- Rounds ---- */

static void test_all_are_asked_by_one_id_and_all_answer(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", "%d", 5), 0);
  expect_all_hear("420[\"q\",5]\n");
  assert_int_equal(n_pending(), 3);
  client_say(&c[2], "430[\"c\",{}]");
  client_say(&c[0], "430[]");
  assert_noted(&w, "2: \"c\",{}\n0: \n");
  client_say(&c[1], "430[1]");
  assert_noted(&w, "1: 1\ndone 0, 3 of 3\n");
  assert_int_equal(n_pending(), 0);
  world_wait(&w, 1000);
  assert_noted(&w, "");
  assert_int_equal(sio_emitf(ask(sio_others(at(0))), "q", NULL), 0);
  assert_hears(&c[0], "");
  assert_hears(&c[1], "421[\"q\"]\n"); /* the next id */
  world_close(&w);
  assert_noted(&w, "done -500, 0 of 2\n");
}

static void test_an_answer_counts_once_and_only_from_who_was_asked(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(ask(sio_others(at(0))), "q", NULL), 0);
  client_say(&c[0], "430[0]");
  client_say(&c[1], "430[1]");
  client_say(&c[1], "430[1]");
  client_say(&c[1], "431[1]");
  assert_noted(&w, "1: 1\n");
  client_say(&c[2], "430[2]");
  assert_noted(&w, "2: 2\ndone 0, 2 of 2\n");
  world_close(&w);
}

static void test_who_is_in_the_target_twice_answers_once(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_join(at(1), sio_s("x")), 0);
  assert_int_equal(sio_join(at(1), sio_s("y")), 0);
  assert_int_equal(
      sio_emitf(ask(sio_and(sio_in(w.root, sio_s("x")), sio_s("y"))), "q",
                NULL),
      0);
  assert_hears(&c[1], "420[\"q\"]\n");
  client_say(&c[1], "430[]");
  assert_noted(&w, "1: \ndone 0, 1 of 1\n");
  world_close(&w);
}

static void test_attachments_go_both_ways(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};

  (void)state;
  begin();
  sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(ask(sio_everyone(w.root)), "q", payload),
                   0);
  expect_all_hear("451-0[\"q\"," PLACE0 "]\n<6162>\n");
  client_say(&c[1], "461-0[" PLACE0 "]");
  client_say_bytes(&c[1], "z", 1);
  assert_noted(&w, "1: " PLACE0 "\n");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_answers_need_nobody_who_hears_each(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = sio_with_acks(sio_everyone(w.root), 100, NULL, note_done, &w);
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  for (size_t i = 0; i < N; i++)
    client_say(&c[i], "430[]");
  assert_noted(&w, "done 0, 3 of 3\n");
  world_close(&w);
}

static void test_rounds_do_not_mix(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(ask(sio_others(at(0))), "q", NULL), 0);
  assert_int_equal(sio_emitf(ask(sio_others(at(1))), "q", NULL), 0);
  client_say(&c[2], "431[\"second\"]");
  client_say(&c[0], "431[]");
  assert_noted(&w, "2: \"second\"\n0: \ndone 0, 2 of 2\n");
  client_say(&c[2], "430[\"first\"]");
  client_say(&c[1], "430[]");
  assert_noted(&w, "2: \"first\"\n1: \ndone 0, 2 of 2\n");
  world_close(&w);
}

/* ---- The end of a round ---- */

static void test_in_time_it_ends_with_what_has_come(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  client_say(&c[0], "430[]");
  client_say(&c[2], "430[]");
  world_wait(&w, 99);
  assert_noted(&w, "0: \n2: \n");
  world_wait(&w, 1);
  assert_noted(&w, "done -15, 2 of 3\n");
  assert_int_equal(n_pending(), 0);
  client_say(&c[1], "430[\"late\"]");
  assert_noted(&w, "");
  assert_int_equal(w.server->n_spare_pendings, 3);
  world_close(&w);
}

static void test_who_leaves_is_not_waited_for(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  client_say(&c[0], "41");
  client_say(&c[1], "430[]");
  assert_noted(&w, "1: \n");
  client_drop(&c[2]);
  assert_noted(&w, "done -500, 1 of 3\n");
  world_wait(&w, 200);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_in_time_counts_more_than_who_has_left(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  client_drop(&c[1]);
  world_wait(&w, 100);
  assert_noted(&w, "done -15, 0 of 3\n");
  world_close(&w);
}

static void end_server(bool by_free)
{
  begin();
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  client_say(&c[0], "430[]");
  assert_noted(&w, "0: \n");
  if (!by_free)
    assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  else
    world_drop_clients(&w);
  assert_noted(&w, "done -500, 1 of 3\n");
  world_close(&w);
}

static void test_the_end_of_the_server_ends_rounds(void **state)
{
  (void)state;
  end_server(false);
  end_server(true);
}

/* ---- Nobody to ask ---- */

static bool inside;

static void ask_nobody(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  assert_int_equal(sio_emitf(ask(sio_in(w.root, sio_s("none"))), "q", NULL), 0);
  world_note(user, "emitted");
}

static void test_a_round_of_nobody_ends_when_the_turn_does(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "go", ask_nobody, &w), 0);
  client_say(&c[0], "42[\"go\"]");
  assert_noted(&w, "emitted\ndone 0, 0 of 0\n");
  world_wait(&w, 1000);
  assert_noted(&w, "");
  assert_int_equal(sio_emitf(ask(sio_in(w.root, sio_s("none"))), "q", NULL), 0);
  assert_noted(&w, "done 0, 0 of 0\n");
  world_close(&w);
}

static void test_who_misses_a_volatile_event_is_not_asked(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = sio_volatile(ask(sio_everyone(w.root)));
  assert_int_equal(sio_emitf(sio_only(at(1)), "e", NULL), 0);
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  assert_hears(&c[0], "420[\"q\"]\n");
  assert_hears(&c[1], "42[\"e\"]\n");
  client_say(&c[0], "430[]");
  client_say(&c[2], "430[]");
  assert_noted(&w, "0: \n2: \ndone 0, 2 of 2\n");
  world_close(&w);
}

/* ---- One socket ---- */

static void test_a_round_of_one(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = ask(sio_only(at(1)));
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  assert_hears(&c[1], "420[\"q\"]\n");
  client_say(&c[1], "430[]");
  assert_noted(&w, "1: \ndone 0, 1 of 1\n");
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  assert_int_equal(sio_emitf(sio_volatile(target), "q", NULL), SIO_DROPPED);
  assert_hears(&c[1], "421[\"q\"]\n");
  assert_int_equal(sio_emit_json(target, "q", sio_s("]")), SIO_ERR_JSON);
  world_wait(&w, 100);
  assert_noted(&w, "done -15, 0 of 1\n");
  assert_int_equal(n_pending(), 0);
  (void)sio_socket_retain(target.only);
  client_drop(&c[1]);
  assert_int_equal(sio_emitf(target, "q", NULL), SIO_ERR_DISCONNECTED);
  sio_socket_release(target.only);
  assert_noted(&w, "");
  world_close(&w);
}

/* ---- Limits and errors ---- */

static void test_who_owes_too_much_gets_it_but_is_not_waited_for(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_pending_acks = 1;
  begin_with(&options);
  assert_int_equal(sio_emitf(ask(sio_only(at(1))), "first", NULL), 0);
  assert_int_equal(sio_emitf(ask(sio_only(at(1))), "q", NULL), SIO_ERR_LIMIT);
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  assert_hears(&c[0], "422[\"q\"]\n");
  assert_hears(&c[1], "420[\"first\"]\n422[\"q\"]\n");
  client_say(&c[1], "432[1]");
  client_say(&c[0], "432[0]");
  client_say(&c[2], "432[2]");
  assert_noted(&w, "0: 0\n2: 2\ndone -5, 2 of 3\n");
  client_say(&c[1], "430[]");
  assert_noted(&w, "1: \ndone 0, 1 of 1\n");
  world_close(&w);
}

static void test_nobody_is_asked_after_an_error(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = ask(sio_everyone(w.root));
  assert_int_equal(sio_emit_json(target, "q", sio_s("]")), SIO_ERR_JSON);
  assert_int_equal(sio_emitf(target, "connect", NULL), SIO_ERR_RESERVED);
  expect_all_hear("");
  world_wait(&w, 1000);
  assert_noted(&w, "");
  world_close(&w);
}

/* ---- What the callbacks may do ---- */

static void leave_and_ask(sio_socket *socket, int status, const sio_args *args,
                          void *user)
{
  note_each(socket, status, args, user);
  /* All others go: nothing is owed any more. */
  assert_int_equal(
      sio_sockets_disconnect(sio_others(socket), index_of(socket) == 0), 0);
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "again", NULL), 0);
  world_note(user, "end of each");
}

static void test_the_round_ends_behind_the_answer_that_ends_it(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target =
      sio_with_acks(sio_everyone(w.root), 100, leave_and_ask, note_done, &w);
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  client_say(&c[0], "430[]");
  assert_noted(&w, "0: \nend of each\ndone -500, 1 of 3\n");
  client_say(&c[0], "431[]");
  assert_noted(&w, "0: \ndone 0, 1 of 1\n");
  world_close(&w);
}

static void leave_by_itself(sio_socket *socket, int status,
                            const sio_args *args, void *user)
{
  note_each(socket, status, args, user);
  assert_int_equal(sio_socket_disconnect(socket, true), 0);
}

static void ask_again(int status, size_t answered, size_t asked, void *user)
{
  note_done(status, answered, asked, user);
  if (!inside) {
    inside = true;
    assert_int_equal(sio_emitf(sio_with_acks(sio_everyone(w.root), 100,
                                             leave_by_itself, ask_again, user),
                               "again", NULL),
                     0);
  }
}

static void test_the_end_of_a_round_may_begin_another(void **state)
{
  (void)state;
  inside = false;
  begin();
  assert_int_equal(sio_emitf(sio_with_acks(sio_others(at(0)), 100,
                                           leave_by_itself, ask_again, &w),
                             "q", NULL),
                   0);
  client_say(&c[1], "430[]");
  client_say(&c[2], "430[]");
  assert_noted(&w, "1: \n2: \ndone 0, 2 of 2\n");
  assert_hears(&c[0], "421[\"again\"]\n");
  client_say(&c[0], "431[]");
  assert_noted(&w, "0: \ndone 0, 1 of 1\n");
  world_close(&w);
}

static void close_server(sio_socket *socket, int status, const sio_args *args,
                         void *user)
{
  note_each(socket, status, args, user);
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
}

static void test_an_answer_may_close_the_server(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target =
      sio_with_acks(sio_everyone(w.root), 100, close_server, note_done, &w);
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  client_say(&c[0], "430[]");
  assert_noted(&w, "0: \ndone -500, 1 of 3\n");
  world_close(&w);
}

/* The clock reaches the end of the round while the host is told. */
static void wait_for_end(sio_socket *socket, int status, const sio_args *args,
                         void *user)
{
  note_each(socket, status, args, user);
  sio_server_expire(w.server, w.now_ms + 100);
  world_note(user, "end of each");
}

static void test_a_round_may_run_out_of_time_meanwhile(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target =
      sio_with_acks(sio_everyone(w.root), 100, wait_for_end, note_done, &w);
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  client_say(&c[0], "430[]");
  assert_noted(&w, "0: \nend of each\ndone -15, 1 of 3\n");
  world_close(&w);
}

/* ---- Who watches packets may do anything ---- */

static void drop_all(sio_session *session, sio_packet_type type,
                     const sio_message *message, void *user)
{
  (void)session;
  (void)user;
  if (type == SIO_PACKET_MESSAGE && message->data.len > 5 &&
      memcmp(message->data.data, "20[\"q\"", 6) == 0)
    assert_int_equal(sio_sockets_disconnect(sio_everyone(w.root), true), 0);
}

static void test_all_may_leave_while_they_are_being_asked(void **state)
{
  sio_session_handlers handlers;

  (void)state;
  begin();
  sio_session_handlers_init(&handlers);
  handlers.packet_out = drop_all;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  assert_noted(&w, "done -500, 0 of 1\n");
  assert_int_equal(n_pending(), 0);
  world_close(&w);
}

/* ---- Memory ---- */

static size_t n_done;

static void count_done(int status, size_t answered, size_t asked, void *user)
{
  (void)status;
  (void)user;
  assert_true(answered <= asked);
  n_done++;
}

static void gather_all(struct test_mem *mem, void *user)
{
  int rv = SIO_ERR_NOMEM;

  (void)user;
  n_done = 0;
  if (!world_try_open(&w, mem))
    return;
  for (size_t i = 0; i < N; i++) {
    if (client_open(&w, &c[i]))
      client_say(&c[i], "40");
  }
  rv = sio_emitf(sio_with_acks(sio_everyone(w.root), 100, NULL, count_done, &w),
                 "q", "%d", 1);
  assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
  client_say(&c[0], "430[]");
  client_say(&c[1], "430[]");
  world_wait(&w, 100);
  assert_int_equal(n_done, rv == 0 ? 1 : 0);
  world_close(&w);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(gather_all, NULL) > 10);
}

static void test_a_crowd_is_asked_in_linear_time_and_little_memory(void **state)
{
  enum { CROWD = 300 };
  static struct core_client crowd[CROWD];
  size_t before, chain = 0;

  (void)state;
  world_open(&w, NULL);
  for (size_t i = 0; i < CROWD; i++)
    client_enter(&w, &crowd[i]);
  before = w.mem->live_bytes;
  assert_int_equal(sio_emitf(ask(sio_everyone(w.root)), "q", NULL), 0);
  assert_int_equal(n_pending(), CROWD);
  assert_true(w.mem->live_bytes - before < CROWD * 1024);
  for (size_t i = 0; i <= w.root->pending.mask; i++) {
    const struct sio__map_node *node = w.root->pending.buckets[i];
    size_t n = 0;

    for (; node != NULL; node = node->next)
      n++;
    chain = n > chain ? n : chain;
  }
  assert_true(chain < CROWD / 4); /* they do not all lie in one place */
  world_wait(&w, 100);
  assert_noted(&w, "done -15, 0 of 300\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_are_asked_by_one_id_and_all_answer),
      cmocka_unit_test(test_an_answer_counts_once_and_only_from_who_was_asked),
      cmocka_unit_test(test_who_is_in_the_target_twice_answers_once),
      cmocka_unit_test(test_attachments_go_both_ways),
      cmocka_unit_test(test_answers_need_nobody_who_hears_each),
      cmocka_unit_test(test_rounds_do_not_mix),
      cmocka_unit_test(test_in_time_it_ends_with_what_has_come),
      cmocka_unit_test(test_who_leaves_is_not_waited_for),
      cmocka_unit_test(test_in_time_counts_more_than_who_has_left),
      cmocka_unit_test(test_the_end_of_the_server_ends_rounds),
      cmocka_unit_test(test_a_round_of_nobody_ends_when_the_turn_does),
      cmocka_unit_test(test_who_misses_a_volatile_event_is_not_asked),
      cmocka_unit_test(test_a_round_of_one),
      cmocka_unit_test(test_who_owes_too_much_gets_it_but_is_not_waited_for),
      cmocka_unit_test(test_nobody_is_asked_after_an_error),
      cmocka_unit_test(test_the_round_ends_behind_the_answer_that_ends_it),
      cmocka_unit_test(test_the_end_of_a_round_may_begin_another),
      cmocka_unit_test(test_an_answer_may_close_the_server),
      cmocka_unit_test(test_a_round_may_run_out_of_time_meanwhile),
      cmocka_unit_test(test_all_may_leave_while_they_are_being_asked),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
      cmocka_unit_test(test_a_crowd_is_asked_in_linear_time_and_little_memory),
  };

  return cmocka_run_group_tests_name("core/gather", tests, NULL, NULL);
}
