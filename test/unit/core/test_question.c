/* SPDX-License-Identifier: MIT */
/* lib/core/question.c: answers of other nodes, be they well formed or not. */
#include "joined_world.h"

#include <stdlib.h>

static struct core_world *const w = &node[0].w;
static char request[64];

static int keep_request(sio_ns *ns, const sio_operation *operation, void *user)
{
  (void)ns;
  (void)user;
  snprintf(request, sizeof request, "%.*s", SIO_STR_ARG(operation->request));
  return 0;
}

/* One server with no clients, whose adapter knows no other node. */
static void begin_alone(void)
{
  sio_adapter_ops ops;

  world_open(w, NULL);
  sio_adapter_ops_init(&ops);
  ops.publish = keep_request;
  assert_int_equal(sio_server_set_adapter(w->server, &ops, w), 0);
}

static void emit(void)
{
  assert_int_equal(sio_emitf(ask(sio_everyone(w->root)), "q", NULL), 0);
  assert_int_equal(strlen(request), 20);
}

static int expect(uint64_t nodes)
{
  return sio_adapter_expect(w->server, sio_s(request), nodes);
}

static int answer_with(sio_answer_type type, uint64_t count, const char *data)
{
  uint8_t *exact = test_exact(data, strlen(data));
  sio_answer answer;
  int rv;

  sio_answer_init(&answer);
  answer.type = type;
  answer.request = sio_s(request);
  answer.count = count;
  answer.data.data = (const char *)exact;
  answer.data.len = strlen(data);
  rv = sio_adapter_answer(w->server, &answer);
  free(exact);
  return rv;
}

/* ---- Two nodes ---- */

static void test_clients_of_both_nodes_are_waited_for(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(sio_emitf(ask(sio_everyone(w->root)), "q", "%d", 5), 0);
  assert_all_hear("420[\"q\",5]\n", "420[\"q\",5]\n", "420[\"q\",5]\n",
                  "420[\"q\",5]\n");
  client_say(&node[1].c[0], "430[\"far\",{}]");
  client_say(&node[0].c[0], "430[1]");
  client_say(&node[0].c[1], "430[]");
  assert_noted(w, "there: \"far\",{}\nhere: 1\nhere: \n");
  client_say(&node[1].c[1], "430[]");
  assert_noted(w, "there: \ndone 0, 4 of 4\n");
  end_joined();
}

static void test_a_socket_id_reaches_the_other_node(void **state)
{
  sio_str id;

  (void)state;
  begin_joined(NULL);
  id = sio_s(node[1].c[1].sid);
  assert_int_equal(sio_emitf(ask(sio_in(w->root, id)), "q", NULL), 0);
  assert_all_hear("", "", "", "420[\"q\"]\n");
  client_say(&node[1].c[1], "430[]");
  assert_noted(w, "there: \ndone 0, 1 of 1\n");
  end_joined();
}

static void test_whom_nobody_hears_of_is_late_or_lost(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(sio_emitf(ask(sio_everyone(w->root)), "q", NULL), 0);
  client_say(&node[0].c[0], "430[]");
  client_say(&node[0].c[1], "430[]");
  client_say(&node[1].c[0], "430[]");
  world_wait(w, 101);
  assert_noted(w, "here: \nhere: \nthere: \ndone -15, 3 of 4\n");
  client_say(&node[1].c[1], "430[]");
  assert_int_equal(node[0].answered, SIO_ERR_NOT_FOUND);
  assert_noted(w, "");
  assert_int_equal(sio_emitf(ask(sio_everyone(w->root)), "q", NULL), 0);
  client_drop(&node[1].c[1]);
  client_say(&node[0].c[0], "431[]");
  client_say(&node[0].c[1], "431[]");
  client_say(&node[1].c[0], "431[]");
  assert_noted(w, "here: \nhere: \nthere: \ndone -500, 3 of 4\n");
  end_joined();
}

static void test_attachments_of_answers_come_back(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(
      sio_emitf(ask(sio_in(w->root, sio_s(node[1].c[0].sid))), "q", NULL), 0);
  client_say(&node[1].c[0], "461-0[{\"_placeholder\":true,\"num\":0}]");
  client_say_bytes(&node[1].c[0], "z", 1);
  assert_noted(w, "there: {\"_placeholder\":true,\"num\":0}\n"
                  "done 0, 1 of 1\n");
  end_joined();
}

/* ---- What adapters say ---- */

static void test_the_count_of_nodes_may_come_first_or_last(void **state)
{
  (void)state;
  begin_alone();
  emit();
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, 1, ""), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ACK, 0, "7"), 0);
  assert_noted(w, "there: 7\n");
  assert_int_equal(expect(1), 0);
  assert_noted(w, "done 0, 1 of 1\n");
  emit();
  assert_int_equal(expect(2), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, 0, ""), 0);
  assert_noted(w, "");
  assert_int_equal(expect(1), 0); /* the other one is gone */
  assert_noted(w, "done 0, 0 of 0\n");
  assert_int_equal(expect(1), SIO_ERR_NOT_FOUND);
  emit();
  assert_int_equal(expect(0), 0);
  assert_noted(w, "done 0, 0 of 0\n");
  world_close(w);
}

static void test_answers_that_were_not_announced_do_not_count(void **state)
{
  (void)state;
  begin_alone();
  emit();
  assert_int_equal(expect(1), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ACK, 0, "1"), SIO_ERR_STATE);
  assert_int_equal(answer_with(SIO_ANSWER_LOST, 1, ""), SIO_ERR_STATE);
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, (uint64_t)1 << 32, ""),
                   SIO_ERR_INVALID);
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, 2, ""), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, 2, ""), SIO_ERR_STATE);
  assert_int_equal(answer_with(SIO_ANSWER_LOST, UINT64_MAX, ""),
                   SIO_ERR_INVALID);
  assert_int_equal(answer_with(SIO_ANSWER_LOST, 3, ""), SIO_ERR_STATE);
  assert_int_equal(answer_with(SIO_ANSWER_LOST, 1, ""), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ACK, 0, "1"), 0);
  assert_noted(w, "there: 1\ndone -500, 1 of 2\n");
  world_close(w);
}

static void test_answers_that_are_none_are_refused(void **state)
{
  sio_answer answer;

  (void)state;
  begin_alone();
  emit();
  assert_int_equal(sio_adapter_answer(w->server, NULL), SIO_ERR_INVALID);
  memset(&answer, 0, sizeof answer);
  assert_int_equal(sio_adapter_answer(w->server, &answer), SIO_ERR_INVALID);
  sio_answer_init(&answer);
  assert_int_equal(sio_adapter_answer(w->server, &answer), SIO_ERR_NOT_FOUND);
  answer.request = sio_s("01234567890123456789");
  assert_int_equal(sio_adapter_answer(w->server, &answer), SIO_ERR_NOT_FOUND);
  assert_int_equal(answer_with(SIO_ANSWER_SOCKETS, 0, ""), SIO_ERR_INVALID);
  assert_int_equal(answer_with(SIO_ANSWER_EVENT, 0, ""), SIO_ERR_INVALID);
  assert_int_equal(answer_with((sio_answer_type)0, 0, ""), SIO_ERR_INVALID);
  assert_int_equal(answer_with((sio_answer_type)9, 0, ""), SIO_ERR_INVALID);
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, 1, ""), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ACK, 0, "1]"), SIO_ERR_JSON);
  answer.request = sio_s(request);
  answer.type = SIO_ANSWER_ACK;
  answer.n_attachments = 1;
  assert_int_equal(sio_adapter_answer(w->server, &answer), SIO_ERR_INVALID);
  assert_noted(w, "");
  world_close(w);
  assert_noted(w, "done -500, 0 of 1\n");
}

static int refuse(sio_ns *ns, const sio_operation *operation, void *user)
{
  (void)keep_request(ns, operation, user);
  return SIO_ERR_IO;
}

static void test_what_was_not_published_ends_at_once(void **state)
{
  sio_adapter_ops ops;

  (void)state;
  world_open(w, NULL);
  sio_adapter_ops_init(&ops);
  ops.publish = refuse;
  assert_int_equal(sio_server_set_adapter(w->server, &ops, w), 0);
  emit();
  assert_noted(w, "done -16, 0 of 0\n");
  world_close(w);
}

static void test_what_is_open_ends_with_the_adapter(void **state)
{
  (void)state;
  begin_alone();
  emit();
  assert_int_equal(sio_server_set_adapter(w->server, NULL, NULL), 0);
  assert_noted(w, "done -500, 0 of 0\n");
  assert_int_equal(expect(1), SIO_ERR_NOT_FOUND);
  world_close(w);
}

static void take_away(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  note_each(socket, status, args, user);
  assert_int_equal(sio_server_set_adapter(w->server, NULL, NULL), 0);
}

static void test_the_adapter_may_go_while_an_answer_is_shown(void **state)
{
  (void)state;
  begin_alone();
  assert_int_equal(sio_emitf(sio_with_acks(sio_everyone(w->root), 100,
                                           take_away, note_done, w),
                             "q", NULL),
                   0);
  assert_int_equal(expect(1), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ASKED, 2, ""), 0);
  assert_int_equal(answer_with(SIO_ANSWER_ACK, 0, "1"), 0);
  assert_noted(w, "there: 1\ndone -500, 1 of 2\n");
  world_close(w);
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

static void ask_both(struct test_mem *mem, void *user)
{
  sio_adapter_ops ops;
  int rv;

  (void)user;
  n_done = 0;
  set_ops(&ops);
  memset(node, 0, sizeof node);
  if (!world_try_open(&node[0].w, mem))
    return;
  if (world_try_open(&node[1].w, mem)) {
    join_nodes();
    if (client_open(&node[1].w, &node[1].c[0]))
      client_say(&node[1].c[0], "40");
    rv = sio_emitf(
        sio_with_acks(sio_everyone(w->root), 100, NULL, count_done, NULL), "q",
        "%d", 1);
    client_say(&node[1].c[0], "430[1]");
    world_wait(w, 101);
    assert_int_equal(n_done, rv == 0 ? 1 : 0);
    world_close(&node[1].w);
  }
  world_close(w);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(ask_both, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clients_of_both_nodes_are_waited_for),
      cmocka_unit_test(test_a_socket_id_reaches_the_other_node),
      cmocka_unit_test(test_whom_nobody_hears_of_is_late_or_lost),
      cmocka_unit_test(test_attachments_of_answers_come_back),
      cmocka_unit_test(test_the_count_of_nodes_may_come_first_or_last),
      cmocka_unit_test(test_answers_that_were_not_announced_do_not_count),
      cmocka_unit_test(test_answers_that_are_none_are_refused),
      cmocka_unit_test(test_what_was_not_published_ends_at_once),
      cmocka_unit_test(test_what_is_open_ends_with_the_adapter),
      cmocka_unit_test(test_the_adapter_may_go_while_an_answer_is_shown),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
