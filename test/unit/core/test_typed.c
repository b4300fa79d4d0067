/* SPDX-License-Identifier: MIT */
#include "chat_contract.h"
#include "core_world.h"

#include <sio/event.h>

static struct core_world w;
static struct core_client c, d;

static void begin(void)
{
  world_open(&w, NULL);
  client_enter(&w, &c);
  client_enter(&w, &d);
}

/* ---- Emitting ---- */

static void test_a_struct_reaches_every_target(void **state)
{
  const said text = {.text = sio_s("\"x\"")};
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&c, "/");
  assert_int_equal(sio_join(socket, sio_s("room")), 0);
  assert_int_equal(sio_typed_emit(talk_said, sio_only(socket), &text), 0);
  assert_hears(&c, "42[\"said\",{\"text\":\"\\\"x\\\"\"}]\n");
  assert_int_equal(sio_typed_emit(talk_said, sio_in(w.root, sio_s("room")),
                                  &(said){.text = sio_s("y")}),
                   0);
  assert_hears(&c, "42[\"said\",{\"text\":\"y\"}]\n");
  assert_hears(&d, "");
  assert_int_equal(
      sio_typed_emit(talk_moved, sio_everyone(w.root),
                     &(move){.x = 1, .y = -1, .has_fast = true, .fast = true}),
      0);
  assert_hears(&c, "42[\"moved\",1,-1,true]\n");
  assert_hears(&d, "42[\"moved\",1,-1,true]\n");
  assert_int_equal(sio_typed_emit(talk_quit, sio_others(socket), SIO_NONE), 0);
  assert_hears(&d, "42[\"quit\"]\n");
  world_close(&w);
}

static void test_bytes_go_as_an_attachment(void **state)
{
  static const uint8_t bytes[] = {1, 2, 255};

  (void)state;
  begin();
  assert_int_equal(sio_typed_emit(talk_said, sio_only(client_socket(&c, "/")),
                                  &(said){.text = sio_s("p"),
                                          .picture = {bytes, sizeof bytes},
                                          .has_picture = true}),
                   0);
  assert_hears(&c, "451-[\"said\",{\"text\":\"p\",\"picture\":{"
                   "\"_placeholder\":true,\"num\":0}}]\n<0102ff>\n");
  world_close(&w);
}

static void emit_more(sio_socket *socket, sio_str event, sio_str json,
                      void *user)
{
  (void)json;
  (void)user;
  if (sio_str_is(event, "said"))
    assert_int_equal(sio_typed_emit(talk_quit, sio_only(socket), SIO_NONE), 0);
}

static void test_a_struct_may_be_sent_while_another_is(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on_outgoing(w.root, emit_more, NULL), 0);
  assert_int_equal(sio_typed_emit(talk_said, sio_only(client_socket(&c, "/")),
                                  &(said){.text = sio_s("z")}),
                   0);
  assert_hears(&c, "42[\"quit\"]\n42[\"said\",{\"text\":\"z\"}]\n");
  world_close(&w);
}

/* What lay on the stack is gone. */
static void overwrite_stack(void)
{
  volatile char bytes[8192];

  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (char)0xff;
}

static void test_a_large_struct_is_followed_by_others(void **state)
{
  static char large[100000];
  void (*volatile overwrite)(void) = overwrite_stack; /* not inlined */
  const said text = {.text = {large, sizeof large}};

  (void)state;
  begin();
  memset(large, 'x', sizeof large);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(
        sio_typed_emit(talk_said, sio_in(w.root, sio_s("empty")), &text), 0);
    overwrite();
  }
  assert_int_equal(sio_typed_emit(talk_said, sio_only(client_socket(&c, "/")),
                                  &(said){.text = sio_s("x")}),
                   0);
  assert_hears(&c, "42[\"said\",{\"text\":\"x\"}]\n");
  world_close(&w);
}

static void test_errors_of_emits(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = sio_socket_retain(client_socket(&c, "/"));
  assert_int_equal(
      sio_typed_emit(talk_said, sio_only(socket), &(said){.text = {"\xff", 1}}),
      SIO_ERR_UTF8);
  assert_int_equal(
      sio_emit_struct(sio_only(socket), "said", said_schema(), NULL),
      SIO_ERR_INVALID);
  assert_int_equal(sio_emit_struct(sio_only(socket), "connect", NULL, NULL),
                   SIO_ERR_RESERVED);
  assert_int_equal(sio_typed_emit(talk_quit, sio_only(NULL), SIO_NONE),
                   SIO_ERR_INVALID);
  assert_hears(&c, "");
  client_drop(&c);
  assert_int_equal(sio_typed_emit(talk_quit, sio_only(socket), SIO_NONE),
                   SIO_ERR_DISCONNECTED);
  world_drop_clients(&w);
  sio_server_free(w.server);
  w.server = NULL;
  assert_int_equal(sio_typed_emit(talk_quit, sio_only(socket), SIO_NONE),
                   SIO_ERR_DISCONNECTED);
  sio_socket_release(socket);
  world_close(&w);
}

/* ---- Answering ---- */

static void on_say(sio_socket *socket, const say *event, sio_ack *ack,
                   void *user)
{
  sio_socket **last = user;

  *last = socket;
  (void)event;
  assert_int_equal(sio_typed_ack(talk_say, ack, &(done){.id = 9}), 0);
  if (ack != NULL)
    assert_int_equal(sio_typed_ack(talk_say, ack, &(done){.id = 9}),
                     SIO_ERR_STATE);
}

static void test_nobody_waits_for_an_answer(void **state)
{
  const done answer = {.id = 1};

  (void)state;
  assert_int_equal(sio_ack_struct(NULL, done_schema(), &answer), 0);
}

static void test_a_struct_answers_a_client(void **state)
{
  sio_socket *last = NULL;

  (void)state;
  begin();
  assert_int_equal(sio_ns_set_contract(w.root, talk_contract(), NULL), 0);
  assert_int_equal(sio_typed_on(talk_say, w.root, on_say, &last), 0);
  client_say(&c, "423[\"say\",{\"room\":\"r\",\"text\":\"x\",\"tags\":[]}]");
  assert_hears(&c, "433[{\"id\":9}]\n");
  client_say(&c, "42[\"say\",{\"room\":\"r\",\"text\":\"x\",\"tags\":[]}]");
  assert_hears(&c, "");
  assert_ptr_equal(last, client_socket(&c, "/"));
  world_close(&w);
}

/* ---- Asking ---- */

static void on_done(sio_socket *socket, int status, const done *answer,
                    void *user)
{
  (void)socket;
  (void)user;
  if (answer != NULL)
    world_note(&w, "%d: %d", status, (int)answer->id);
  else
    world_note(&w, "%s",
               status == SIO_ERR_TYPE      ? "does not fit"
               : status == SIO_ERR_TIMEOUT ? "late"
                                           : "left");
}

static void test_an_answer_is_read_into_a_struct(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&c, "/");
  for (int i = 0; i < 4; i++)
    assert_int_equal(sio_typed_ask(talk_quit, sio_only(socket), 1000, on_done,
                                   NULL, SIO_NONE),
                     0);
  assert_hears(&c, "420[\"quit\"]\n421[\"quit\"]\n422[\"quit\"]\n"
                   "423[\"quit\"]\n");
  client_say(&c, "430[{\"id\":5}]");
  client_say(&c, "431[{\"id\":\"5\"}]");
  assert_noted(&w, "0: 5\ndoes not fit\n");
  world_wait(&w, 1000);
  assert_noted(&w, "late\nlate\n");
  assert_int_equal(sio_typed_ask(talk_quit, sio_only(socket), SIO_NEVER,
                                 on_done, NULL, SIO_NONE),
                   0);
  client_drop(&c);
  assert_noted(&w, "left\n");
  world_close(&w);
}

/* The host lets the socket go when it is shown what is about to be sent. */
static void leave_first(sio_socket *socket, sio_str event, sio_str json,
                        void *user)
{
  (void)event;
  (void)json;
  (void)user;
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
}

static void test_who_leaves_while_it_is_asked_is_told_of_once(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on_outgoing(w.root, leave_first, NULL), 0);
  assert_int_equal(sio_typed_ask(talk_quit, sio_only(client_socket(&c, "/")),
                                 1000, on_done, NULL, SIO_NONE),
                   0);
  assert_noted(&w, "left\n");
  assert_hears(&c, "41\n");
  world_close(&w);
}

static void test_errors_of_questions(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_typed_ask(talk_quit, sio_everyone(w.root), 1000, on_done,
                                 NULL, SIO_NONE),
                   SIO_ERR_INVALID); /* one answer from many */
  assert_int_equal(
      sio_typed_ask(talk_quit, sio_only(NULL), 1000, on_done, NULL, SIO_NONE),
      SIO_ERR_INVALID);
  assert_int_equal(sio_ask_struct(sio_only(client_socket(&c, "/")), NULL, NULL,
                                  1000, NULL, NULL, NULL),
                   SIO_ERR_INVALID);
  assert_noted(&w, "");
  world_close(&w);
}

static void try_to_ask(struct test_mem *mem, void *user)
{
  sio_socket *socket;

  (void)user;
  if (!world_try_open(&w, mem))
    return;
  if (client_open(&w, &c)) {
    client_say(&c, "40");
    socket = sio_ns_socket(w.root, sio_s(c.sid));
    if (socket != NULL && sio_typed_ask(talk_quit, sio_only(socket), 10,
                                        on_done, NULL, SIO_NONE) == 0)
      client_say(&c, "430[{\"id\":5}]");
  }
  (void)client_hear(&c);
  w.n_notes = 0;
  world_close(&w);
}

static void test_every_allocation_may_fail(void **state)
{
  (void)state;
  assert_true(test_every_allocation(try_to_ask, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_struct_reaches_every_target),
      cmocka_unit_test(test_bytes_go_as_an_attachment),
      cmocka_unit_test(test_a_struct_may_be_sent_while_another_is),
      cmocka_unit_test(test_a_large_struct_is_followed_by_others),
      cmocka_unit_test(test_errors_of_emits),
      cmocka_unit_test(test_nobody_waits_for_an_answer),
      cmocka_unit_test(test_a_struct_answers_a_client),
      cmocka_unit_test(test_an_answer_is_read_into_a_struct),
      cmocka_unit_test(test_who_leaves_while_it_is_asked_is_told_of_once),
      cmocka_unit_test(test_errors_of_questions),
      cmocka_unit_test(test_every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
