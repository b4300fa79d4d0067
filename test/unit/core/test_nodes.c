/* SPDX-License-Identifier: MIT */
/* lib/core/nodes.c: events between nodes. */
#include "chat_contract.h"
#include "joined_world.h"

#include <sio/dynamic.h>

static struct core_world *const w = &node[0].w;
static sio_ack *kept;

static void note_event(sio_ns *ns, const sio_args *args, sio_ack *ack,
                       void *user)
{
  sio_str json = sio_args_json(args);

  world_note(w, "%s at %s: %.*s%s", (const char *)user, sio_ns_name(ns),
             SIO_STR_ARG(json), ack != NULL ? " ?" : "");
  if (ack != NULL)
    assert_null(sio_ack_socket(ack));
}

static void answer_event(sio_ns *ns, const sio_args *args, sio_ack *ack,
                         void *user)
{
  note_event(ns, args, ack, user);
  assert_int_equal(sio_ack_args(ack, args), 0);
  assert_int_equal(sio_ackf(ack, NULL), ack != NULL ? SIO_ERR_STATE : 0);
}

static void keep_event(sio_ns *ns, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)ns;
  (void)args;
  (void)user;
  kept = sio_ack_retain(ack);
}

static int on_other(const char *event, sio_server_event_fn fn)
{
  return sio_on_server_event(node[1].w.root, event, fn, (char *)"far");
}

static void test_an_event_reaches_handlers_of_other_nodes_only(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(on_other("e", note_event), 0);
  assert_int_equal(
      sio_on_server_event(w->root, "e", note_event, (char *)"near"), 0);
  assert_int_equal(sio_emitf(sio_nodes(w->root), "e", "{a: %d}, 2", 1), 0);
  assert_noted(w, "far at /: {\"a\":1},2\n");
  assert_int_equal(sio_emitf(sio_nodes(w->root), "other", NULL), 0);
  assert_noted(w, "");
  assert_all_hear("", "", "", "");
  assert_int_equal(
      sio_off_server_event(node[1].w.root, "e", note_event, (char *)"far"), 0);
  assert_int_equal(sio_off_server_event(node[1].w.root, NULL, NULL, NULL),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_emitf(sio_nodes(w->root), "e", NULL), 0);
  assert_noted(w, "");
  end_joined();
}

static void test_each_node_answers_once(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};

  (void)state;
  begin_joined(NULL);
  sio_payload_binary(payload, bytes);
  assert_int_equal(on_other("e", answer_event), 0);
  assert_int_equal(sio_emit_payload(ask(sio_nodes(w->root)), "e", payload), 0);
  assert_noted(w, "far at /: {\"_placeholder\":true,\"num\":0} ?\n"
                  "there: {\"_placeholder\":true,\"num\":0}\n"
                  "done 0, 1 of 1\n");
  assert_int_equal(sio_emitf(sio_nodes(w->root), "e", "1"), 0);
  assert_noted(w, "far at /: 1\n");
  assert_int_equal(sio_emitf(ask(sio_nodes(w->root)), "nobody", NULL), 0);
  assert_noted(w, "there: \ndone 0, 1 of 1\n");
  sio_payload_free(payload);
  end_joined();
}

static void answer_struct(sio_ns *ns, const sio_args *args, sio_ack *ack,
                          void *user)
{
  (void)ns;
  (void)args;
  (void)user;
  assert_int_equal(sio_ack_struct(ack, done_schema(), &(done){.id = 7}), 0);
}

static void test_a_node_may_answer_with_a_struct(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(on_other("e", answer_struct), 0);
  assert_int_equal(sio_emitf(ask(sio_nodes(w->root)), "e", NULL), 0);
  assert_noted(w, "there: {\"id\":7}\ndone 0, 1 of 1\n");
  end_joined();
}

static void test_a_node_may_answer_later(void **state)
{
  (void)state;
  begin_joined(NULL);
  assert_int_equal(on_other("e", keep_event), 0);
  assert_int_equal(sio_emitf(ask(sio_nodes(w->root)), "e", NULL), 0);
  assert_noted(w, "");
  assert_int_equal(sio_ackf(kept, "{a:"), SIO_ERR_FORMAT);
  assert_int_equal(sio_ackf(kept, "%d", 5), 0);
  assert_noted(w, "there: 5\ndone 0, 1 of 1\n");
  sio_ack_release(kept);
  assert_int_equal(sio_emitf(ask(sio_nodes(w->root)), "e", NULL), 0);
  world_wait(w, 101);
  assert_noted(w, "done -15, 0 of 1\n");
  world_close(w);
  world_drop_clients(&node[1].w);
  sio_server_free(node[1].w.server);
  assert_int_equal(sio_ackf(kept, "%d", 5), SIO_ERR_DISCONNECTED);
  sio_ack_release(kept);
  node[1].w.server = NULL;
  world_close(&node[1].w);
}

static void test_without_other_nodes_nobody_is_asked(void **state)
{
  (void)state;
  world_open(w, NULL);
  assert_int_equal(sio_emitf(sio_nodes(w->root), "e", NULL), 0);
  assert_int_equal(sio_emitf(ask(sio_nodes(w->root)), "e", NULL), 0);
  assert_noted(w, "done 0, 0 of 0\n");
  world_close(w);
}

static void test_handlers_of_a_parent_hold_for_children(void **state)
{
  sio_ns *parents[NODES];

  (void)state;
  for (int i = 0; i < NODES; i++) {
    world_open(&node[i].w, NULL);
    parents[i] = sio_of_pattern(node[i].w.server, "/p/{x}");
  }
  join_nodes();
  for (int i = 0; i < NODES; i++)
    assert_non_null(sio_of(node[i].w.server, "/p/1"));
  assert_int_equal(sio_on_server_event(sio_find(node[1].w.server, "/p/1"), "e",
                                       note_event, (char *)"child"),
                   0);
  assert_int_equal(
      sio_on_server_event(parents[1], "e", note_event, (char *)"parent"), 0);
  assert_int_equal(sio_emitf(sio_nodes(parents[0]), "e", "1"), 0);
  assert_noted(w, "parent at /p/1: 1\nchild at /p/1: 1\n");
  end_joined();
}

static void test_what_cannot_be_emitted_or_handled_is_told(void **state)
{
  sio_target target;

  (void)state;
  begin_joined(NULL);
  target = sio_nodes(w->root);
  assert_int_equal(sio_emitf(target, "new_namespace", NULL), SIO_ERR_RESERVED);
  assert_int_equal(sio_emitf(target, "connection", NULL), SIO_ERR_RESERVED);
  assert_int_equal(sio_emitf(target, "connect", NULL), SIO_ERR_RESERVED);
  assert_int_equal(sio_emitf(sio_nodes(NULL), "e", NULL), SIO_ERR_INVALID);
  assert_int_equal(on_other("connection", note_event), SIO_ERR_RESERVED);
  assert_int_equal(on_other(NULL, note_event), SIO_ERR_INVALID);
  assert_int_equal(on_other("e", NULL), SIO_ERR_INVALID);
  assert_int_equal(sio_on_server_event(NULL, "e", note_event, NULL),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_off_server_event(NULL, NULL, NULL, NULL),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_off_server_event(w->root, NULL, NULL, NULL),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_count(target), SIO_ERR_INVALID);
  assert_int_equal(sio_sockets_disconnect(target, true), SIO_ERR_INVALID);
  end_joined();
}

/* ---- Sockets of both nodes ---- */

static void test_what_is_done_with_many_is_done_on_both_nodes(void **state)
{
  sio_str red = sio_s("red");
  sio_target far_one;

  (void)state;
  begin_joined(NULL);
  far_one = sio_in(w->root, sio_s(node[1].c[0].sid));
  assert_int_equal(sio_sockets_join(far_one, &red, 1), 0);
  assert_true(sio_socket_in(at(1, 0), red));
  assert_int_equal(sio_join(at(0, 1), red), 0);
  assert_int_equal(sio_emitf(sio_to(at(0, 1), red), "e", NULL), 0);
  assert_all_hear("", "", "42[\"e\"]\n", "");
  assert_int_equal(sio_emitf(sio_others(at(1, 1)), "e", NULL), 0);
  assert_all_hear("42[\"e\"]\n", "42[\"e\"]\n", "42[\"e\"]\n", "");
  assert_int_equal(sio_sockets_leave(sio_in(w->root, red), &red, 1), 0);
  assert_int_equal(sio_ns_room_size(node[1].w.root, red), 0);
  assert_int_equal(sio_sockets_disconnect(far_one, false), 0);
  assert_all_hear("", "", "41\n", "");
  end_joined();
}

/* ---- Memory ---- */

static void accept_errors(sio_ns *ns, const sio_args *args, sio_ack *ack,
                          void *user)
{
  (void)ns;
  (void)user;
  (void)sio_ack_args(ack, args);
}

static void emit_both(struct test_mem *mem, void *user)
{
  (void)user;
  memset(node, 0, sizeof node);
  if (!world_try_open(&node[0].w, mem))
    return;
  if (world_try_open(&node[1].w, mem)) {
    join_nodes();
    (void)on_other("e", accept_errors);
    (void)sio_emitf(ask(sio_nodes(w->root)), "e", "[%d]", 1);
    world_wait(w, 101);
    world_close(&node[1].w);
  }
  world_close(w);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  assert_true(test_every_allocation(emit_both, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_event_reaches_handlers_of_other_nodes_only),
      cmocka_unit_test(test_each_node_answers_once),
      cmocka_unit_test(test_a_node_may_answer_with_a_struct),
      cmocka_unit_test(test_a_node_may_answer_later),
      cmocka_unit_test(test_without_other_nodes_nobody_is_asked),
      cmocka_unit_test(test_handlers_of_a_parent_hold_for_children),
      cmocka_unit_test(test_what_cannot_be_emitted_or_handled_is_told),
      cmocka_unit_test(test_what_is_done_with_many_is_done_on_both_nodes),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
