/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

static struct core_world w;
static struct core_client a, b;
static sio_ack *kept;

static void answer_twice(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  int first = sio_ackf(ack, "%d", 1), second = sio_ackf(ack, "%d", 2);

  (void)args;
  if (ack != NULL)
    assert_ptr_equal(sio_ack_socket(ack), socket);
  world_note(user, "%d %d", first, second);
}

static void keep(sio_socket *socket, const sio_args *args, sio_ack *ack,
                 void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  kept = sio_ack_retain(ack);
}

static void never(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(user, "never");
}

/* Each of the forms, chosen by the first argument. */
static void answer_as_told(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  static const uint8_t bytes[] = {0xca, 0xfe};
  sio_span binary = {bytes, sizeof bytes};
  sio_payload *payload = sio_payload_new(NULL);
  sio_str how = sio_value_str(sio_arg(args, 0));
  int rv = -99;

  (void)socket;
  sio_payload_binary(payload, binary);
  if (sio_str_is(how, "nothing"))
    rv = sio_ackf(ack, NULL);
  else if (sio_str_is(how, "format"))
    rv = sio_ackf(ack, "{a: %s}, bool %d", "x", 1);
  else if (sio_str_is(how, "json"))
    rv = sio_ack_json(ack, sio_s(" 1 , [ 2 ] "));
  else if (sio_str_is(how, "payload"))
    rv = sio_ack_payload(ack, payload);
  else if (sio_str_is(how, "none"))
    rv = sio_ack_payload(ack, NULL);
  else if (sio_str_is(how, "args"))
    rv = sio_ack_args(ack, args);
  sio_payload_free(payload);
  world_note(user, "%d", rv);
}

static void answer_wrongly(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span byte = {(const uint8_t *)"x", 1};

  (void)socket;
  (void)args;
  (void)user;
  assert_int_equal(sio_ack_json(ack, sio_s("1],[2")), SIO_ERR_JSON);
  assert_int_equal(sio_ackf(ack, "%s", "\xff"), SIO_ERR_UTF8);
  assert_int_equal(sio_ackf(ack, "{a}"), SIO_ERR_FORMAT);
  sio_payload_object_begin(payload);
  assert_int_equal(sio_ack_payload(ack, payload), SIO_ERR_STATE);
  sio_payload_reset(payload);
  for (int i = 0; i < 11; i++)
    sio_payload_binary(payload, byte);
  assert_int_equal(sio_ack_payload(ack, payload), SIO_ERR_LIMIT);
  sio_payload_free(payload);
  /* none of these was the answer */
  assert_int_equal(sio_ackf(ack, "'right'"), 0);
}

static void begin(void)
{
  kept = NULL;
  world_open(&w, NULL);
  world_echo(w.root);
  assert_int_equal(sio_on(w.root, "twice", answer_twice, &w), 0);
  assert_int_equal(sio_on(w.root, "keep", keep, &w), 0);
  assert_int_equal(sio_on(w.root, "never", never, &w), 0);
  assert_int_equal(sio_on(w.root, "how", answer_as_told, &w), 0);
  assert_int_equal(sio_on(w.root, "wrong", answer_wrongly, &w), 0);
  client_enter(&w, &a);
}

/* ---- Answers to clients ---- */

static void test_only_the_first_answer_counts(void **state)
{
  (void)state;
  begin();
  client_say(&a, "4212[\"twice\"]");
  assert_hears(&a, "4312[1]\n");
  assert_noted(&w, "0 -3\n");
  world_close(&w);
}

static void test_without_an_id_nothing_is_answered(void **state)
{
  (void)state;
  begin();
  client_say(&a, "42[\"twice\"]");
  assert_hears(&a, "");
  assert_noted(&w, "0 0\n");
  assert_null(sio_ack_retain(NULL));
  sio_ack_release(NULL);
  assert_int_equal(sio_ack_json(NULL, sio_s("]")), 0);
  world_close(&w);
}

static void test_who_is_not_answered_hears_nothing(void **state)
{
  (void)state;
  begin();
  client_say(&a, "421[\"never\"]");
  client_say(&a, "422[\"nobody listens\"]");
  assert_hears(&a, "");
  assert_noted(&w, "never\n");
  world_close(&w);
}

static void test_all_forms_of_answers(void **state)
{
  (void)state;
  begin();
  client_say(&a, "420[\"how\",\"nothing\"]");
  assert_hears(&a, "430[]\n");
  client_say(&a, "42007[\"how\",\"format\"]");
  assert_hears(&a, "437[{\"a\":\"x\"},true]\n");
  client_say(&a, "429999999999999999999[\"how\",\"json\"]");
  assert_memory_equal(client_hear(&a), "439999999999999999999[", 22);
  client_say(&a, "422[\"how\",\"payload\"]");
  assert_hears(&a, "461-2[" PLACE0 "]\n<cafe>\n");
  client_say(&a, "423[\"how\",\"none\"]");
  assert_hears(&a, "433[]\n");
  client_say(&a, "451-4[\"how\",\"args\"," PLACE0 "]");
  client_say_bytes(&a, "z", 1);
  assert_hears(&a, "461-4[\"args\"," PLACE0 "]\n<7a>\n");
  assert_noted(&w, "0\n0\n0\n0\n0\n0\n");
  world_close(&w);
}

static void test_an_answer_that_fails_may_be_repeated(void **state)
{
  (void)state;
  begin();
  client_say(&a, "425[\"wrong\"]");
  assert_hears(&a, "435[\"right\"]\n");
  world_close(&w);
}

static void test_an_answer_may_come_later(void **state)
{
  (void)state;
  begin();
  client_say(&a, "428[\"keep\"]");
  assert_hears(&a, "");
  client_say(&a, "429[\"twice\"]");
  assert_hears(&a, "439[1]\n");
  world_wait(&w, 100);
  assert_int_equal(sio_ackf(kept, "%s", "late"), 0);
  assert_hears(&a, "438[\"late\"]\n");
  assert_int_equal(sio_ackf(kept, "%s", "later"), SIO_ERR_STATE);
  sio_ack_release(kept);
  world_close(&w);
}

static void test_who_has_left_is_not_answered(void **state)
{
  (void)state;
  begin();
  client_say(&a, "428[\"keep\"]");
  client_say(&a, "41");
  assert_false(sio_socket_is_connected(sio_ack_socket(kept)));
  assert_int_equal(sio_ackf(kept, "%d", 1), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_ack_args(kept, NULL), SIO_ERR_DISCONNECTED);
  assert_hears(&a, "");
  sio_ack_release(kept);
  world_close(&w);
}

static void test_an_answer_may_outlive_the_server(void **state)
{
  (void)state;
  begin();
  client_say(&a, "428[\"keep\"]");
  world_drop_clients(&w);
  sio_server_free(w.server);
  assert_null(sio_socket_ns(sio_ack_socket(kept)));
  assert_int_equal(sio_ackf(kept, "%d", 1), SIO_ERR_DISCONNECTED);
  sio_ack_release(kept);
  test_mem_check(&w.own_mem);
}

/* ---- Answers of clients ---- */

static void note_answer(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  sio_str json = sio_args_json(args);

  (void)socket;
  world_note(user, "%d: %.*s (%zu)", status, (int)json.len,
             json.data != NULL ? json.data : "", sio_args_count(args));
}

static int ask(struct core_client *c, uint64_t timeout_ms)
{
  sio_target target = sio_with_ack(sio_only(client_socket(c, "/")), timeout_ms,
                                   note_answer, &w);

  return sio_emitf(target, "q", "%d", 5);
}

static void test_clients_answer_once(void **state)
{
  (void)state;
  begin();
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  assert_hears(&a, "420[\"q\",5]\n421[\"q\",5]\n422[\"q\",5]\n");
  client_say(&a, "431[\"b\",{}]");
  client_say(&a, "430[]");
  client_say(&a, "430[1]");  /* repeated */
  client_say(&a, "43[1]");   /* without an id */
  client_say(&a, "4399[1]"); /* unknown */
  assert_noted(&w, "0: \"b\",{} (2)\n0:  (0)\n");
  client_say(&a, "432"); /* without a payload */
  assert_noted(&w, "0:  (0)\n");
  assert_hears(&a, "");
  world_close(&w);
}

static void note_binary(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  sio_span bytes;

  (void)socket;
  assert_int_equal(status, 0);
  assert_int_equal(sio_value_binary(sio_arg(args, 0), &bytes), 0);
  world_note(user, "%.*s", (int)bytes.len, (const char *)bytes.data);
}

static void test_clients_answer_with_attachments(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = sio_with_ack(sio_only(client_socket(&a, "/")), 10, note_binary, &w);
  assert_int_equal(sio_emitf(target, "q", NULL), 0);
  client_say(&a, "461-0[" PLACE0 "]");
  assert_noted(&w, "");
  client_say_bytes(&a, "abc", 3);
  assert_noted(&w, "abc\n");
  world_wait(&w, 20);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_one_client_cannot_answer_for_another(void **state)
{
  (void)state;
  begin();
  client_enter(&w, &b);
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  assert_int_equal(ask(&b, SIO_NEVER), 0);
  assert_hears(&a, "420[\"q\",5]\n");
  assert_hears(&b, "421[\"q\",5]\n"); /* one counter for all */
  client_say(&b, "430[\"mine\"]");
  assert_noted(&w, "");
  client_say(&b, "431[\"b\"]");
  client_say(&a, "430[\"a\"]");
  assert_noted(&w, "0: \"b\" (1)\n0: \"a\" (1)\n");
  world_close(&w);
}

static void test_each_namespace_counts_its_own_ids(void **state)
{
  struct core_client c;
  sio_ns *other;

  (void)state;
  begin();
  other = sio_of(w.server, "/b");
  assert_true(client_open(&w, &c));
  client_join(&c, "/b");
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  assert_int_equal(
      sio_emitf(sio_with_ack(sio_only(sio_ns_socket(other, sio_s(c.sid))),
                             SIO_NEVER, note_answer, &w),
                "q", NULL),
      0);
  assert_hears(&c, "42/b,0[\"q\"]\n");
  client_say(&c, "43/b,0[7]");
  assert_noted(&w, "0: 7 (1)\n");
  world_close(&w);
}

static void test_a_late_answer_is_a_timeout(void **state)
{
  (void)state;
  begin();
  assert_int_equal(ask(&a, 50), 0);
  assert_int_equal(ask(&a, 0), 0);
  world_wait(&w, 0);
  assert_noted(&w, "-15:  (0)\n");
  world_wait(&w, 49);
  assert_noted(&w, "");
  world_wait(&w, 1);
  assert_noted(&w, "-15:  (0)\n");
  client_say(&a, "430[1]");
  client_say(&a, "431[1]");
  assert_noted(&w, "");
  world_close(&w);
}

static void test_who_leaves_answers_nothing_any_more(void **state)
{
  (void)state;
  begin();
  (void)world_watch(&w, "/");
  assert_int_equal(ask(&a, 50), 0);
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  client_say(&a, "41");
  assert_noted(&w, "leaving /: client namespace disconnect, rooms 1\n"
                   "-500:  (0)\n-500:  (0)\n"
                   "left /: client namespace disconnect, "
                   "the client left the namespace, rooms 0\n");
  world_wait(&w, 100);
  assert_noted(&w, "");
  world_close(&w);
}

static void ask_again(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  sio_target target = sio_with_ack(sio_only(socket), 10, ask_again, user);

  (void)args;
  world_note(user, "%d, %d", status, sio_emitf(target, "q", NULL));
}

static void test_a_response_may_ask_again(void **state)
{
  (void)state;
  begin();
  ask_again(client_socket(&a, "/"), 0, NULL, &w);
  world_wait(&w, 10);
  client_say(&a, "431[]");
  assert_noted(&w, "0, 0\n-15, 0\n0, 0\n");
  client_drop(&a);
  assert_noted(&w, "-500, -500\n");
  world_close(&w);
}

static void test_a_client_owes_at_most_max_pending_acks(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_pending_acks = 2;
  world_open(&w, &options);
  client_enter(&w, &a);
  client_enter(&w, &b);
  assert_int_equal(ask(&a, 10), 0);
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  assert_int_equal(ask(&a, SIO_NEVER), SIO_ERR_LIMIT);
  assert_int_equal(ask(&b, SIO_NEVER), 0);
  assert_hears(&a, "420[\"q\",5]\n421[\"q\",5]\n");
  world_wait(&w, 10);
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  client_say(&a, "431[]");
  assert_int_equal(ask(&a, SIO_NEVER), 0);
  world_close(&w);
}

static void test_a_question_that_was_not_sent_waits_for_nothing(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = sio_with_ack(sio_only(client_socket(&a, "/")), 10, note_answer, &w);
  assert_int_equal(sio_emit_json(target, "q", sio_s("]")), SIO_ERR_JSON);
  assert_int_equal(sio_emitf(target, "\xff", NULL), SIO_ERR_UTF8);
  world_wait(&w, 100);
  assert_noted(&w, "");
  assert_hears(&a, "");
  world_close(&w);
}

static void test_many_questions_at_once_are_told_apart(void **state)
{
  char text[32];

  (void)state;
  begin();
  for (int i = 0; i < 200; i++)
    assert_int_equal(ask(&a, 1000), 0);
  for (int i = 199; i >= 0; i--) {
    char want[32];

    snprintf(text, sizeof text, "43%d[%d]", i, i * 3);
    client_say(&a, text);
    snprintf(want, sizeof want, "0: %d (1)\n", i * 3);
    assert_noted(&w, want);
  }
  world_wait(&w, 2000);
  assert_noted(&w, "");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_the_first_answer_counts),
      cmocka_unit_test(test_without_an_id_nothing_is_answered),
      cmocka_unit_test(test_who_is_not_answered_hears_nothing),
      cmocka_unit_test(test_all_forms_of_answers),
      cmocka_unit_test(test_an_answer_that_fails_may_be_repeated),
      cmocka_unit_test(test_an_answer_may_come_later),
      cmocka_unit_test(test_who_has_left_is_not_answered),
      cmocka_unit_test(test_an_answer_may_outlive_the_server),
      cmocka_unit_test(test_clients_answer_once),
      cmocka_unit_test(test_clients_answer_with_attachments),
      cmocka_unit_test(test_one_client_cannot_answer_for_another),
      cmocka_unit_test(test_each_namespace_counts_its_own_ids),
      cmocka_unit_test(test_a_late_answer_is_a_timeout),
      cmocka_unit_test(test_who_leaves_answers_nothing_any_more),
      cmocka_unit_test(test_a_response_may_ask_again),
      cmocka_unit_test(test_a_client_owes_at_most_max_pending_acks),
      cmocka_unit_test(test_a_question_that_was_not_sent_waits_for_nothing),
      cmocka_unit_test(test_many_questions_at_once_are_told_apart),
  };

  return cmocka_run_group_tests_name("core/ack", tests, NULL, NULL);
}
