/* SPDX-License-Identifier: MIT */
/* lib/core/cluster.c: what an adapter is told. */
#include "joined_world.h"

#include <sio/dynamic.h>
#include <sio/recovery.h>

static struct core_world w;
static struct core_client a, b;
static sio_adapter_ops ops;
static int result; /* of publish() and answer() */
static char request[SIO_REQUEST_MAX + 1];

static int on_publish(sio_ns *ns, const sio_operation *operation, void *user)
{
  assert_true(sio_str_is(operation->ns, sio_ns_name(ns)));
  assert_int_equal(operation->size, sizeof *operation);
  note_operation(user, operation);
  snprintf(request, sizeof request, "%.*s", SIO_STR_ARG(operation->request));
  return result;
}

static int on_answer(sio_ns *ns, const sio_answer *answer, void *user)
{
  assert_true(sio_str_is(answer->ns, sio_ns_name(ns)));
  world_note(user, "answer %d to %.*s: %u, %.*s+%zu", answer->type,
             SIO_STR_ARG(answer->request), (unsigned)answer->count,
             SIO_STR_ARG(answer->data), answer->n_attachments);
  return result;
}

static void open_with(const sio_server_options *options)
{
  world_open(&w, options);
  result = 0;
  sio_adapter_ops_init(&ops);
  ops.publish = on_publish;
  ops.answer = on_answer;
}

static void set(void)
{
  assert_int_equal(sio_server_set_adapter(w.server, &ops, &w), 0);
}

static void begin(void)
{
  open_with(NULL);
  set();
  client_enter(&w, &a);
}

static void test_structs_are_emptied_as_far_as_the_caller_knows_them(void **s)
{
  sio_operation operation;
  sio_answer answer;

  (void)s;
  memset(&operation, 1, sizeof operation);
  memset(&answer, 1, sizeof answer);
  sio_operation_init(&operation);
  sio_answer_init(&answer);
  assert_int_equal(operation.size, sizeof operation);
  assert_int_equal(operation.timeout_ms, 0);
  assert_int_equal(answer.size, sizeof answer);
  assert_int_equal(answer.n_attachments, 0);
}

/* ---- Operations ---- */

static void test_an_event_is_shown_with_whom_it_is_for(void **state)
{
  sio_str more[] = {sio_s("x"), sio_s("y")};
  char want[256];

  (void)state;
  begin();
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  assert_noted(&w, "1 / in  not  flags 0 names  data \"e\"+0\n");
  assert_int_equal(
      sio_emitf(sio_volatile(sio_uncompressed(sio_except_rooms(
                    sio_and(sio_in(w.root, sio_s("r")), more[0]), more, 2))),
                "e\"", "{a: %d}, [%s]", 1, "\xc3\xa9"),
      0);
  assert_noted(&w, "1 / in r,x not x,y flags 3 names  data "
                   "\"e\\\"\",{\"a\":1},[\"\xc3\xa9\"]+0\n");
  assert_int_equal(
      sio_emitf(sio_to(client_socket(&a, "/"), sio_s("r")), "e", NULL), 0);
  snprintf(want, sizeof want, "1 / in r not %s flags 0 names  data \"e\"+0\n",
           a.sid);
  assert_noted(&w, want);
  world_close(&w);
}

static void test_attachments_are_shown_beside_the_text(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};

  (void)state;
  begin();
  for (int i = 0; i < 2; i++)
    sio_payload_binary(payload, bytes);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "e", payload), 0);
  assert_noted(&w, "1 / in  not  flags 0 names  data \"e\","
                   "{\"_placeholder\":true,\"num\":0},"
                   "{\"_placeholder\":true,\"num\":1}+2\n");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_what_concerns_this_node_alone_is_not_published(void **state)
{
  sio_str room = sio_s("r");
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_int_equal(sio_emitf(sio_only(socket), "e", NULL), 0);
  assert_int_equal(sio_emitf(sio_local(sio_everyone(w.root)), "e", NULL), 0);
  assert_int_equal(sio_sockets_join(sio_only(socket), &room, 1), 0);
  assert_int_equal(sio_sockets_leave(sio_local(sio_everyone(w.root)), &room, 1),
                   0);
  assert_int_equal(sio_sockets_disconnect(sio_only(socket), false), 0);
  assert_noted(&w, "");
  assert_int_equal(sio_emitf(sio_everyone(w.root), "connect", NULL),
                   SIO_ERR_RESERVED);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "{"), SIO_ERR_FORMAT);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_bulk_operations_name_rooms_of_both_kinds(void **state)
{
  sio_str rooms[] = {sio_s("p"), sio_s("q")};
  sio_target target;

  (void)state;
  begin();
  target = sio_except(sio_in(w.root, sio_s("r")), sio_s("s"));
  assert_int_equal(sio_sockets_join(target, rooms, 2), 0);
  assert_int_equal(sio_sockets_leave(target, rooms, 1), 0);
  assert_int_equal(sio_sockets_disconnect(target, false), 0);
  assert_int_equal(sio_sockets_disconnect(target, true), 0);
  assert_noted(&w, "2 / in r not s flags 0 names p,q data +0\n"
                   "3 / in r not s flags 0 names p data +0\n"
                   "4 / in r not s flags 0 names  data +0\n"
                   "4 / in r not s flags 4 names  data +0\n");
  world_close(&w);
}

static void test_a_parent_publishes_for_each_child(void **state)
{
  sio_ns *parent;

  (void)state;
  open_with(NULL);
  parent = sio_of_pattern(w.server, "/p/{x}");
  set();
  assert_non_null(sio_of(w.server, "/p/1"));
  assert_non_null(sio_of(w.server, "/p/2"));
  assert_int_equal(sio_emitf(sio_everyone(parent), "e", NULL), 0);
  assert_int_equal(sio_sockets_disconnect(sio_everyone(parent), false), 0);
  assert_noted(&w, "1 /p/1 in  not  flags 0 names  data \"e\"+0\n"
                   "1 /p/2 in  not  flags 0 names  data \"e\"+0\n"
                   "4 /p/1 in  not  flags 0 names  data +0\n"
                   "4 /p/2 in  not  flags 0 names  data +0\n");
  world_close(&w);
}

static void test_an_offset_for_recovery_stays_here(void **state)
{
  sio_server_options options;
  sio_recovery_options recovery;

  (void)state;
  world_options(&w, &options);
  sio_recovery_options_init(&recovery);
  options.recovery = &recovery;
  open_with(&options);
  set();
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%d", 1), 0);
  assert_noted(&w, "1 / in  not  flags 0 names  data \"e\",1+0\n");
  world_close(&w);
}

static void test_the_packed_form_is_published_as_text(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.parser = SIO_PARSER_MSGPACK;
  open_with(&options);
  set();
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "{a: [1]}"), 0);
  assert_noted(&w, "1 / in  not  flags 0 names  data \"e\",{\"a\":[1]}+0\n");
  world_close(&w);
}

static int emit_again(sio_ns *ns, const sio_operation *operation, void *user)
{
  note_operation(user, operation);
  if (operation->data.len < 8) /* the second one is longer */
    assert_int_equal(sio_emitf(sio_local(sio_everyone(ns)), "inner", NULL), 0);
  return 0;
}

static void test_an_adapter_may_emit_while_it_is_told(void **state)
{
  (void)state;
  open_with(NULL);
  ops.publish = emit_again;
  set();
  client_enter(&w, &a);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", "%d", 1), 0);
  assert_hears(&a, "42[\"inner\"]\n42[\"e\",1]\n");
  world_close(&w);
}

static void test_what_cannot_be_published_is_done_here_and_logged(void **state)
{
  (void)state;
  begin();
  result = SIO_ERR_IO;
  assert_int_equal(sio_emitf(sio_everyone(w.root), "e", NULL), 0);
  assert_hears(&a, "42[\"e\"]\n");
  assert_non_null(strstr(w.logged, "/: cannot publish: an operating system"));
  world_close(&w);
}

/* ---- Answers ---- */

static int receive_question(sio_operation_type type, const char *data)
{
  sio_operation operation;

  sio_operation_init(&operation);
  operation.type = type;
  operation.ns = sio_s("/");
  operation.request = sio_s("them/1");
  operation.timeout_ms = 100;
  operation.data = sio_s(data);
  return sio_adapter_receive(w.server, &operation);
}

static void test_an_answer_shows_the_request_as_it_came(void **state)
{
  (void)state;
  begin();
  assert_int_equal(receive_question(SIO_OPERATION_EMIT, "\"q\",1"), 0);
  assert_noted(&w, "answer 1 to them/1: 1, +0\n");
  assert_hears(&a, "420[\"q\",1]\n");
  client_say(&a, "430[\"yes\",2]");
  assert_noted(&w, "answer 2 to them/1: 0, \"yes\",2+0\n");
  assert_int_equal(receive_question(SIO_OPERATION_EVENT, "\"nobody\""), 0);
  assert_noted(&w, "answer 5 to them/1: 0, +0\n");
  result = SIO_ERR_IO;
  assert_int_equal(receive_question(SIO_OPERATION_EVENT, "\"nobody\""), 0);
  assert_non_null(strstr(w.logged, "cannot answer"));
  world_close(&w);
}

static void test_clients_that_leave_are_told_as_lost(void **state)
{
  (void)state;
  begin();
  assert_int_equal(receive_question(SIO_OPERATION_EMIT, "\"q\""), 0);
  client_drop(&a);
  assert_noted(&w, "answer 1 to them/1: 1, +0\nanswer 3 to them/1: 1, +0\n");
  client_enter(&w, &b);
  assert_int_equal(receive_question(SIO_OPERATION_EMIT, "\"q\""), 0);
  world_wait(&w, 1000); /* who has asked has given up by then */
  assert_noted(&w, "answer 1 to them/1: 1, +0\n");
  world_close(&w);
}

/* ---- Memory ---- */

static void use_all(struct test_mem *mem, void *user)
{
  sio_str more[] = {sio_s("1"), sio_s("2")};
  sio_payload *payload = sio_payload_new(NULL);
  sio_span bytes = {(const uint8_t *)"ab", 2};

  (void)user;
  for (int i = 0; i < 10; i++)
    sio_payload_binary(payload, bytes);
  if (world_try_open(&w, mem)) {
    set();
    if (client_open(&w, &a))
      client_say(&a, "40");
    (void)sio_emit_payload(sio_except_rooms(sio_everyone(w.root), more, 2), "e",
                           payload);
    (void)sio_sockets_join(sio_and_rooms(sio_everyone(w.root), more, 2), more,
                           2);
    (void)receive_question(SIO_OPERATION_EMIT, "\"q\",1");
    client_say(&a, "430[]");
    (void)receive_question(SIO_OPERATION_EVENT, "\"q\"");
    (void)receive_question(SIO_OPERATION_FETCH, "");
    world_close(&w);
  }
  w.n_notes = 0;
  sio_payload_free(payload);
}

static void test_nothing_leaks_whichever_allocation_fails(void **state)
{
  (void)state;
  sio_adapter_ops_init(&ops);
  ops.publish = on_publish;
  ops.answer = on_answer;
  result = 0;
  assert_true(test_every_allocation(use_all, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          test_structs_are_emptied_as_far_as_the_caller_knows_them),
      cmocka_unit_test(test_an_event_is_shown_with_whom_it_is_for),
      cmocka_unit_test(test_attachments_are_shown_beside_the_text),
      cmocka_unit_test(test_what_concerns_this_node_alone_is_not_published),
      cmocka_unit_test(test_bulk_operations_name_rooms_of_both_kinds),
      cmocka_unit_test(test_a_parent_publishes_for_each_child),
      cmocka_unit_test(test_an_offset_for_recovery_stays_here),
      cmocka_unit_test(test_the_packed_form_is_published_as_text),
      cmocka_unit_test(test_an_adapter_may_emit_while_it_is_told),
      cmocka_unit_test(test_what_cannot_be_published_is_done_here_and_logged),
      cmocka_unit_test(test_an_answer_shows_the_request_as_it_came),
      cmocka_unit_test(test_clients_that_leave_are_told_as_lost),
      cmocka_unit_test(test_nothing_leaks_whichever_allocation_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
