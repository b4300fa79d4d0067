/* SPDX-License-Identifier: MIT */
/* lib/core/fetch.c: which sockets there are, on both nodes. */
#include "joined_world.h"

#include <stdlib.h>

#include <sio/recovery.h>

static struct core_world *const w = &node[0].w;

static void note_info(const sio_socket_info *info, void *user)
{
  sio_str data = sio_value_json(info->data);

  assert_int_equal(info->id.len, CORE_SID_LEN);
  assert_int_equal(sio_value_type(info->handshake), SIO_OBJECT);
  assert_int_equal(sio_value_type(info->rooms), SIO_ARRAY);
  assert_true(
      sio_str_equal(sio_value_str(sio_value_at(info->rooms, 0)), info->id));
  if (info->socket != NULL)
    assert_true(sio_str_is(info->id, sio_socket_id(info->socket)));
  world_note(user, "%s, %zu rooms, %.*s",
             info->socket != NULL ? "here" : "there",
             sio_value_count(info->rooms), SIO_STR_ARG(data));
}

static int fetch(sio_target target)
{
  return sio_fetch(target, 100, note_info, note_done, w);
}

static void test_sockets_of_both_nodes_are_described(void **state)
{
  sio_str r = sio_s("r");

  (void)state;
  begin_joined(NULL);
  assert_int_equal(sio_socket_set_data(at(1, 0), sio_s("{\"n\":1}")), 0);
  assert_int_equal(sio_join(at(1, 0), r), 0);
  assert_int_equal(sio_join(at(0, 1), r), 0);
  assert_int_equal(fetch(sio_in(w->root, r)), 0);
  assert_noted(w, "there, 2 rooms, {\"n\":1}\nhere, 2 rooms, {}\n"
                  "done 0, 1 of 1\n");
  assert_int_equal(fetch(sio_everyone(w->root)), 0);
  assert_noted(w, "there, 2 rooms, {\"n\":1}\nthere, 1 rooms, {}\n"
                  "here, 1 rooms, {}\nhere, 2 rooms, {}\ndone 0, 1 of 1\n");
  end_joined();
}

static void test_local_sockets_and_one_need_no_other_node(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(fetch(sio_local(sio_everyone(w->root))), 0);
  assert_noted(w, "here, 1 rooms, {}\nhere, 1 rooms, {}\ndone 0, 0 of 0\n");
  assert_int_equal(fetch(sio_only(at(0, 1))), 0);
  assert_noted(w, "here, 1 rooms, {}\ndone 0, 0 of 0\n");
  assert_int_equal(sio_server_set_adapter(w->server, NULL, NULL), 0);
  assert_int_equal(fetch(sio_others(at(0, 1))), 0);
  assert_noted(w, "here, 1 rooms, {}\ndone 0, 0 of 0\n");
  end_joined();
}

static void test_a_node_that_is_silent_leaves_partial_results(void **state)
{
  (void)state;
  begin_joined(NULL);
  node[1].mute = true;
  assert_int_equal(fetch(sio_everyone(w->root)), 0);
  assert_noted(w, "here, 1 rooms, {}\nhere, 1 rooms, {}\n");
  world_wait(w, 101);
  assert_noted(w, "done -15, 0 of 1\n");
  end_joined();
}

static void test_what_cannot_be_asked_is_told(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(sio_fetch(sio_everyone(w->root), 0, note_info, note_done, w),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_fetch(sio_everyone(w->root), 1, NULL, note_done, w),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_fetch(sio_everyone(w->root), 1, note_info, NULL, w),
                   SIO_ERR_INVALID);
  assert_int_equal(fetch(sio_everyone(NULL)), SIO_ERR_INVALID);
  assert_int_equal(fetch(sio_nodes(w->root)), SIO_ERR_INVALID);
  end_joined();
  assert_noted(w, "");
}

/* ---- Descriptions that are none ---- */

static const char *described;
static int taken;

static int describe_wrongly(sio_ns *ns, const sio_operation *operation,
                            void *user)
{
  sio_answer answer;

  (void)user;
  sio_answer_init(&answer);
  answer.type = SIO_ANSWER_SOCKETS;
  answer.request = operation->request;
  answer.data = sio_s(described);
  taken = sio_adapter_answer(sio_ns_server(ns), &answer);
  return sio_adapter_expect(sio_ns_server(ns), operation->request, 1) == 0
             ? 0
             : SIO_ERR_STATE;
}

static void test_descriptions_are_checked(void **state)
{
  static const char *const wrong[] = {
      "1",
      "[]",
      "{}",
      "{\"id\":1,\"rooms\":[],\"handshake\":{}}",
      "{\"id\":\"a\",\"rooms\":{},\"handshake\":{}}",
      "{\"id\":\"a\",\"rooms\":[1],\"handshake\":{}}",
      "{\"id\":\"a\",\"rooms\":[],\"handshake\":[]}",
      "{\"id\":\"a\",\"rooms\":[],\"handshake\":{}},2"};
  sio_adapter_ops ops;

  (void)state;
  world_open(w, NULL);
  sio_adapter_ops_init(&ops);
  ops.publish = describe_wrongly;
  assert_int_equal(sio_server_set_adapter(w->server, &ops, w), 0);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    described = wrong[i];
    assert_int_equal(fetch(sio_everyone(w->root)), 0);
    assert_int_equal(taken, SIO_ERR_INVALID);
    world_wait(w, 101);
    assert_noted(w, "done -15, 0 of 1\n");
  }
  world_close(w);
}

static size_t n_seen;

static void count_info(const sio_socket_info *info, void *user)
{
  (void)user;
  assert_true(sio_str_is(info->id, "a"));
  n_seen++;
}

/* In the time that it takes to look at each of them once or twice. */
static void test_a_node_may_have_very_many_sockets(void **state)
{
  enum { MANY = 200000 };
  static const char one[] = "{\"id\":\"a\",\"rooms\":[],\"handshake\":{}},";
  char *all = malloc(MANY * (sizeof one - 1));
  sio_adapter_ops ops;

  (void)state;
  assert_non_null(all);
  for (size_t i = 0; i < MANY; i++)
    memcpy(all + i * (sizeof one - 1), one, sizeof one - 1);
  all[MANY * (sizeof one - 1) - 1] = '\0';
  described = all;
  n_seen = 0;
  world_open(w, NULL);
  sio_adapter_ops_init(&ops);
  ops.publish = describe_wrongly;
  assert_int_equal(sio_server_set_adapter(w->server, &ops, w), 0);
  assert_int_equal(
      sio_fetch(sio_everyone(w->root), 100, count_info, note_done, w), 0);
  assert_int_equal(n_seen, MANY);
  assert_noted(w, "done 0, 1 of 1\n");
  world_close(w);
  free(all);
}

/* ---- Memory ---- */

static size_t n_done;

static void see_info(const sio_socket_info *info, void *user)
{
  (void)user;
  assert_non_null(info->id.data);
}

static void count_done(int status, size_t answered, size_t asked, void *user)
{
  (void)status;
  (void)user;
  assert_true(answered <= asked);
  n_done++;
}

static void fetch_both(struct test_mem *mem, void *user)
{
  int rv;

  (void)user;
  n_done = 0;
  memset(node, 0, sizeof node);
  if (!world_try_open(&node[0].w, mem))
    return;
  if (world_try_open(&node[1].w, mem)) {
    join_nodes();
    for (int i = 0; i < NODES; i++) {
      if (client_open(&node[i].w, &node[i].c[0]))
        client_say(&node[i].c[0], "40");
    }
    rv = sio_fetch(sio_everyone(w->root), 100, see_info, count_done, NULL);
    world_wait(w, 101);
    assert_int_equal(n_done, rv == 0 ? 1 : 0);
    world_close(&node[1].w);
  }
  world_close(w);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(fetch_both, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sockets_of_both_nodes_are_described),
      cmocka_unit_test(test_local_sockets_and_one_need_no_other_node),
      cmocka_unit_test(test_a_node_that_is_silent_leaves_partial_results),
      cmocka_unit_test(test_what_cannot_be_asked_is_told),
      cmocka_unit_test(test_descriptions_are_checked),
      cmocka_unit_test(test_a_node_may_have_very_many_sockets),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
