/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/passage.h"

static struct core_world w;
static struct core_client a, b;

static void note(sio_socket *socket, const sio_args *args, sio_ack *ack,
                 void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(&w, "%s", (const char *)user);
}

static void note_any(sio_socket *socket, sio_str event, const sio_args *args,
                     sio_ack *ack, void *user)
{
  (void)socket;
  (void)args;
  world_note(&w, "%s %.*s%s", (const char *)user, (int)event.len, event.data,
             ack != NULL ? " ack" : "");
}

static void note_outgoing(sio_socket *socket, sio_str event, sio_str json,
                          void *user)
{
  (void)socket;
  world_note(&w, "%s %.*s %.*s", (const char *)user, (int)event.len, event.data,
             (int)json.len, json.data);
}

static void pass(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  (void)user;
  assert_int_equal(sio_event_next(event), 0);
}

static void note_problem(sio_socket *socket, const sio_problem *problem,
                         void *user)
{
  (void)socket;
  (void)problem;
  (void)user;
}

static void begin(void)
{
  world_open(&w, NULL);
  client_enter(&w, &a);
}

static void test_what_is_missing_is_invalid(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_int_equal(sio_on(NULL, "e", note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on(w.root, NULL, note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on(w.root, "e", NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_once(NULL, "e", note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_once(w.root, NULL, note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_off(NULL, "e", note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_on(NULL, "e", note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_on(socket, NULL, note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_on(socket, "e", NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_once(NULL, "e", note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_off(NULL, "e", note, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_any(NULL, note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_any(w.root, NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_prepend_any(NULL, note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_off_any(NULL, note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_on_any(NULL, note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_on_any(socket, NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_prepend_any(socket, NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_off_any(NULL, NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_matching(NULL, "*", note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_matching(w.root, NULL, note_any, ""),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_off_matching(NULL, "*", note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_fallback(NULL, note_any, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_outgoing(NULL, note_outgoing, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_prepend_outgoing(NULL, note_outgoing, ""),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_off_outgoing(NULL, note_outgoing, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_use_event(NULL, pass, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_use_event(w.root, NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_use(NULL, pass, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_socket_use(socket, NULL, ""), SIO_ERR_INVALID);
  assert_int_equal(sio_on_problem(NULL, note_problem, ""), SIO_ERR_INVALID);
  assert_null(socket->own); /* nothing was made for the socket */
  world_close(&w);
}

static void test_what_is_not_there_cannot_be_taken_away(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_int_equal(sio_off(w.root, "e", note, ""), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_off(w.root, NULL, NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_off_any(w.root, NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_off_matching(w.root, NULL, NULL, NULL),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_off_outgoing(w.root, NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_socket_off(socket, NULL, NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_socket_off_any(socket, NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_socket_on(socket, "e", note, ""), 0);
  assert_int_equal(sio_socket_off_any(socket, NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_socket_off(socket, "f", NULL, NULL), SIO_ERR_NOT_FOUND);
  world_close(&w);
}

static void test_a_socket_that_has_left_takes_nothing_any_more(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  socket = sio_socket_retain(client_socket(&a, "/"));
  assert_int_equal(sio_socket_on(socket, "e", note, ""), 0);
  client_say(&a, "41");
  assert_int_equal(sio_socket_on(socket, "e", note, ""), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_once(socket, "e", note, ""),
                   SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_off(socket, "e", note, ""), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_on_any(socket, note_any, ""),
                   SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_prepend_any(socket, note_any, ""),
                   SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_off_any(socket, note_any, ""),
                   SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_socket_use(socket, pass, ""), SIO_ERR_DISCONNECTED);
  sio_socket_release(socket);
  world_close(&w);
}

static void test_once_and_off_do_what_they_say(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_once(w.root, "e", note, "once"), 0);
  assert_int_equal(sio_on(w.root, "e", note, "ever"), 0);
  client_say(&a, "42[\"e\"]");
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "once\never\never\n");
  assert_int_equal(sio_off(w.root, "e", note, "once"), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_once(w.root, "connect", note, ""), SIO_ERR_RESERVED);
  assert_int_equal(sio_on(w.root, "disconnect", note, ""), SIO_ERR_RESERVED);
  assert_int_equal(sio_off(w.root, "e", note, (char[]){""}), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio_off(w.root, "e", NULL, NULL), 0);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "");
  world_close(&w);
}

static void test_functions_of_a_socket_are_its_own(void **state)
{
  sio_socket *socket;

  (void)state;
  begin();
  client_enter(&w, &b);
  socket = client_socket(&a, "/");
  assert_int_equal(sio_socket_on(socket, "e", note, "a"), 0);
  assert_int_equal(sio_socket_once(socket, "e", note, "a once"), 0);
  assert_int_equal(sio_socket_on(socket, "connect", note, ""),
                   SIO_ERR_RESERVED);
  client_say(&a, "42[\"e\"]");
  client_say(&b, "42[\"e\"]");
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "a\na once\na\n");
  assert_int_equal(sio_socket_off(socket, "e", NULL, NULL), 0);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "");
  assert_null(client_socket(&b, "/")->own);
  world_close(&w);
}

static void test_any_handlers_have_an_order_and_can_be_removed(void **state)
{
  static char one[] = "1", two[] = "2", three[] = "3";
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_int_equal(sio_on_any(w.root, note_any, two), 0);
  assert_int_equal(sio_on_any(w.root, note_any, three), 0);
  assert_int_equal(sio_prepend_any(w.root, note_any, one), 0);
  assert_int_equal(sio_socket_on_any(socket, note_any, "b"), 0);
  assert_int_equal(sio_socket_prepend_any(socket, note_any, "a"), 0);
  client_say(&a, "429[\"e\"]");
  assert_noted(&w, "1 e ack\n2 e ack\n3 e ack\na e ack\nb e ack\n");
  assert_int_equal(sio_off_any(w.root, note_any, two), 0);
  assert_int_equal(sio_off_any(w.root, note_any, two), SIO_ERR_NOT_FOUND);
  client_say(&a, "42[\"f\"]");
  assert_noted(&w, "1 f\n3 f\na f\nb f\n");
  assert_int_equal(sio_socket_off_any(socket, NULL, NULL), 0);
  client_say(&a, "42[\"f\"]");
  assert_noted(&w, "1 f\n3 f\n");
  assert_int_equal(sio_off_any(w.root, NULL, NULL), 0);
  assert_false(w.root->listeners.is_special);
  client_say(&a, "42[\"f\"]");
  assert_noted(&w, "");
  world_close(&w);
}

static void test_patterns_and_a_fallback_come_and_go(void **state)
{
  static char p[] = "p", q[] = "q";

  (void)state;
  begin();
  assert_int_equal(sio_on_matching(w.root, "chat:*", note_any, p), 0);
  assert_int_equal(sio_on_matching(w.root, "*:new", note_any, q), 0);
  assert_int_equal(sio_on_fallback(w.root, note_any, "else"), 0);
  client_say(&a, "42[\"chat:new\"]");
  client_say(&a, "42[\"chat:old\"]");
  client_say(&a, "42[\"other\"]");
  assert_noted(&w, "p chat:new\nq chat:new\np chat:old\nelse other\n");
  assert_int_equal(sio_off_matching(w.root, "chat:*", note_any, p), 0);
  client_say(&a, "42[\"chat:old\"]");
  assert_noted(&w, "else chat:old\n");
  assert_int_equal(sio_on_fallback(w.root, NULL, NULL), 0);
  client_say(&a, "42[\"other\"]");
  assert_noted(&w, "");
  assert_int_equal(sio_off_matching(w.root, "*:new", NULL, NULL), 0);
  assert_false(w.root->listeners.is_special);
  world_close(&w);
}

static void test_outgoing_handlers_come_and_go(void **state)
{
  static char one[] = "1", two[] = "2";
  const sio_str json = {"1,\"x\"", 5};
  sio_socket *socket;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  assert_false(sio__listeners_wants_outgoing(w.root));
  assert_int_equal(sio_on_outgoing(w.root, note_outgoing, two), 0);
  assert_int_equal(sio_prepend_outgoing(w.root, note_outgoing, one), 0);
  assert_true(sio__listeners_wants_outgoing(w.root));
  sio__listeners_outgoing(socket, sio_s("e"), json);
  assert_noted(&w, "1 e 1,\"x\"\n2 e 1,\"x\"\n");
  assert_int_equal(sio_off_outgoing(w.root, note_outgoing, two), 0);
  assert_int_equal(sio_off_outgoing(w.root, note_outgoing, two),
                   SIO_ERR_NOT_FOUND);
  sio__listeners_outgoing(socket, sio_s("e"), json);
  assert_noted(&w, "1 e 1,\"x\"\n");
  assert_int_equal(sio_off_outgoing(w.root, NULL, NULL), 0);
  assert_false(sio__listeners_wants_outgoing(w.root));
  world_close(&w);
}

/* Everything that can be registered, with memory that fails once. */
static void register_all(struct test_mem *mem, void *user)
{
  struct core_world *world = user;
  sio_socket *socket;
  int failed = 0;

  if (!world_try_open(world, mem))
    return;
  if (client_open(world, &a)) {
    const char *sid;

    client_say(&a, "40");
    sid = strstr(client_hear(&a), "\"sid\":\"");
    if (sid != NULL)
      memcpy(a.sid, sid + 7, CORE_SID_LEN);
  }
  socket = sio_ns_socket(world->root, sio_s(a.sid));
  failed += sio_on(world->root, "e", note, "") != 0;
  failed += sio_once(world->root, "f", note, "") != 0;
  failed += sio_on_any(world->root, note_any, "") != 0;
  failed += sio_prepend_any(world->root, note_any, "") != 0;
  failed += sio_on_matching(world->root, "*", note_any, "") != 0;
  failed += sio_on_outgoing(world->root, note_outgoing, "") != 0;
  failed += sio_prepend_outgoing(world->root, note_outgoing, "") != 0;
  failed += sio_use_event(world->root, pass, "") != 0;
  failed += sio_on_problem(world->root, note_problem, "") != 0;
  if (socket != NULL) {
    failed += sio_socket_on(socket, "e", note, "") != 0;
    failed += sio_socket_once(socket, "f", note, "") != 0;
    failed += sio_socket_on_any(socket, note_any, "") != 0;
    failed += sio_socket_prepend_any(socket, note_any, "") != 0;
    failed += sio_socket_use(socket, pass, "") != 0;
  }
  assert_true(failed <= 1);
  world_close(world);
}

static void test_out_of_memory_fails_one_registration(void **state)
{
  (void)state;
  assert_true(test_every_allocation(register_all, &w) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_missing_is_invalid),
      cmocka_unit_test(test_what_is_not_there_cannot_be_taken_away),
      cmocka_unit_test(test_a_socket_that_has_left_takes_nothing_any_more),
      cmocka_unit_test(test_once_and_off_do_what_they_say),
      cmocka_unit_test(test_functions_of_a_socket_are_its_own),
      cmocka_unit_test(test_any_handlers_have_an_order_and_can_be_removed),
      cmocka_unit_test(test_patterns_and_a_fallback_come_and_go),
      cmocka_unit_test(test_outgoing_handlers_come_and_go),
      cmocka_unit_test(test_out_of_memory_fails_one_registration),
  };

  return cmocka_run_group_tests_name("core/subscribe", tests, NULL, NULL);
}
