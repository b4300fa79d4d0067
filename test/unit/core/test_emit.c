/* SPDX-License-Identifier: MIT */
#include "emit_world.h"

/* Emit to a target: `who` has a letter for each client that is to get it. */
static void expect(sio_target target, const char *who)
{
  char got[N + 1];
  size_t n = 0;

  assert_int_equal(sio_emitf(target, "e", "%d", 1), 0);
  for (size_t i = 0; i < N; i++) {
    const char *text = client_hear(&c[i]);

    if (*text == '\0')
      continue;
    assert_string_equal(text, "42[\"e\",1]\n"); /* once */
    got[n++] = (char)('0' + i);
  }
  got[n] = '\0';
  assert_string_equal(got, who);
}

/* ---- To whom ---- */

static void test_one_everybody_and_everybody_else(void **state)
{
  (void)state;
  begin();
  expect(sio_only(at(2)), "2");
  expect(sio_everyone(w.root), "0123");
  expect(sio_others(at(1)), "023");
  world_close(&w);
}

static void test_rooms_and_several_rooms_without_duplicates(void **state)
{
  sio_str rooms[5] = {sio_s("1"), sio_s("x"), sio_s("2"), sio_s("x"),
                      sio_s("y")};

  (void)state;
  begin();
  expect(sio_in(w.root, sio_s("x")), "01");
  expect(sio_in(w.root, sio_s("nobody")), "");
  expect(sio_to(at(0), sio_s("x")), "1");
  expect(sio_to(at(3), sio_s("x")), "01");
  expect(sio_and(sio_in(w.root, sio_s("x")), sio_s("y")), "012");
  expect(sio_and(sio_to(at(1), sio_s("x")), sio_s("y")), "02");
  expect(sio_and_rooms(sio_everyone(w.root), rooms, 5), "012");
  expect(sio_and_rooms(sio_in(w.root, sio_s(c[3].sid)), rooms, 2), "013");
  expect(sio_and_rooms(sio_everyone(w.root), NULL, 0), "0123");
  expect(sio_and_rooms(sio_in(w.root, sio_s("y")), rooms, 0), "12");
  expect(sio_in(w.root, sio_s(c[3].sid)), "3");
  world_close(&w);
}

static void test_exceptions(void **state)
{
  sio_str rooms[2] = {sio_s("nobody"), sio_s("y")};

  (void)state;
  begin();
  expect(sio_except(sio_everyone(w.root), sio_s("x")), "23");
  expect(sio_except(sio_in(w.root, sio_s("x")), sio_s("y")), "0");
  expect(sio_except(sio_everyone(w.root), sio_s("nobody")), "0123");
  expect(sio_except(sio_everyone(w.root), sio_s(c[3].sid)), "012");
  expect(sio_except(sio_others(at(3)), sio_s("x")), "2");
  expect(sio_except_rooms(sio_everyone(w.root), rooms, 2), "03");
  expect(sio_except_rooms(sio_others(at(0)), rooms, 2), "3");
  expect(sio_except_rooms(sio_others(at(0)), NULL, 0), "123");
  world_close(&w);
}

static void
test_rooms_are_left_with_the_socket_and_belong_to_a_namespace(void **state)
{
  (void)state;
  begin();
  client_say(&c[1], "41");
  expect(sio_and(sio_in(w.root, sio_s("x")), sio_s("y")), "02");
  assert_int_equal(sio_leave(at(0), sio_s("x")), 0);
  expect(sio_in(w.root, sio_s("x")), "");
  expect(sio_in(sio_of(w.server, "/b"), sio_s("y")), "");
  expect(sio_everyone(sio_of(w.server, "/b")), "");
  world_close(&w);
}

static void test_who_left_its_own_room_is_no_exception_any_more(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_leave(at(0), sio_s(c[0].sid)), 0);
  expect(sio_others(at(0)), "0123");
  expect(sio_in(w.root, sio_s(c[0].sid)), "");
  expect(sio_only(at(0)), "0");
  world_close(&w);
}

static void test_a_broadcast_reaches_polling_and_websocket_alike(void **state)
{
  static const uint8_t bytes[] = {1, 2, 3, 4};
  sio_span binary = {bytes, sizeof bytes};
  sio_payload *payload = sio_payload_new(NULL);
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_get(&p);
  (void)http_answer(&p.get);
  poller_get(&p);
  sio_payload_binary(payload, binary);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "b", payload), 0);
  assert_string_equal(http_answer(&p.get), "200 451-[\"b\"," PLACE0 "]\x1e"
                                           "bAQIDBA==");
  assert_hears(&c[3], "451-[\"b\"," PLACE0 "]\n<01020304>\n");
  sio_payload_free(payload);
  world_close(&w);
}

/* ---- What ---- */

static void test_all_forms_of_arguments(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_target to;

  (void)state;
  begin();
  to = sio_only(at(0));
  assert_int_equal(sio_emitf(to, "a\"b", NULL), 0);
  assert_int_equal(sio_emitf(to, "", "%s, {x: [%d, raw %s]}", "\xc3\xa9\n", -3,
                             "{\"y\":null}"),
                   0);
  assert_hears(&c[0], "42[\"a\\\"b\"]\n42[\"\",\"\xc3\xa9\\n\",{\"x\":[-3,"
                      "{\"y\":null}]}]\n");
  assert_int_equal(sio_emit_json(to, "j", sio_s("1,{\"a\":[]}")), 0);
  assert_int_equal(sio_emit_json(to, "j", sio_s("  ")), 0);
  assert_int_equal(sio_emit_json(to, "j", sio_s(NULL)), 0);
  assert_hears(&c[0], "42[\"j\",1,{\"a\":[]}]\n42[\"j\"]\n42[\"j\"]\n");
  assert_int_equal(sio_emit_payload(to, "p", NULL), 0);
  assert_int_equal(sio_emit_payload(to, "p", payload), 0);
  sio_payload_int64(payload, -5);
  sio_payload_string(payload, NULL);
  assert_int_equal(sio_emit_payload(to, "p", payload), 0);
  assert_int_equal(sio_emit_payload(sio_everyone(w.root), "p", payload), 0);
  assert_hears(&c[0], "42[\"p\"]\n42[\"p\"]\n42[\"p\",-5,null]\n"
                      "42[\"p\",-5,null]\n");
  assert_hears(&c[1], "42[\"p\",-5,null]\n");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_namespaces_are_named_in_their_packets(void **state)
{
  sio_ns *b;

  (void)state;
  begin();
  b = sio_of(w.server, "/b");
  client_join(&c[0], "/b");
  assert_int_equal(sio_emitf(sio_everyone(b), "e", NULL), 0);
  assert_int_equal(sio_emitf(sio_only(client_socket(&c[0], "/b")), "e", NULL),
                   0);
  assert_hears(&c[0], "42/b,[\"e\"]\n42/b,[\"e\"]\n");
  world_close(&w);
}

static void test_packets_of_one_client_keep_their_order(void **state)
{
  (void)state;
  begin();
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sio_emitf(sio_only(at(0)), "one", "%d", i), 0);
    assert_int_equal(sio_emitf(sio_everyone(w.root), "all", "%d", i), 0);
  }
  assert_hears(&c[0], "42[\"one\",0]\n42[\"all\",0]\n42[\"one\",1]\n"
                      "42[\"all\",1]\n42[\"one\",2]\n42[\"all\",2]\n");
  world_close(&w);
}

static void relay(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  (void)ack;
  (void)user;
  assert_int_equal(sio_emit_args(sio_others(socket), "relayed", args), 0);
}

static void test_what_was_received_is_relayed_with_its_attachments(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "relay", relay, NULL), 0);
  client_say(&c[0], "452-[\"relay\",[" PLACE1 "]," PLACE0 "]");
  client_say_bytes(&c[0], "a", 1);
  client_say_bytes(&c[0], "", 0);
  client_say(&c[0], "42[\"relay\"]");
  assert_hears(&c[0], "");
  for (size_t i = 1; i < N; i++)
    assert_hears(&c[i], "452-[\"relayed\",[" PLACE1 "]," PLACE0 "]\n<61>\n<>\n"
                        "42[\"relayed\"]\n");
  world_close(&w);
}

/* ---- Errors ---- */

static void expect_error(int got, int want)
{
  assert_int_equal(got, want);
  for (size_t i = 0; i < N; i++)
    assert_hears(&c[i], "");
}

static void test_reserved_names_cannot_be_emitted(void **state)
{
  static const char *const names[] = {"connect",     "connect_error",
                                      "disconnect",  "disconnecting",
                                      "newListener", "removeListener"};

  (void)state;
  begin();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    expect_error(sio_emitf(sio_only(at(0)), names[i], NULL), SIO_ERR_RESERVED);
    expect_error(sio_emitf(sio_everyone(w.root), names[i], NULL),
                 SIO_ERR_RESERVED);
  }
  assert_int_equal(sio_emitf(sio_only(at(0)), "connection", NULL), 0);
  assert_int_equal(sio_emitf(sio_only(at(0)), "error", NULL), 0);
  assert_hears(&c[0], "42[\"connection\"]\n42[\"error\"]\n");
  world_close(&w);
}

static void note_answer(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  (void)socket;
  (void)args;
  world_note(user, "answer %d", status);
}

static void note_answer_of(sio_socket *socket, int status, const sio_args *args,
                           void *user)
{
  sio_str json = sio_args_json(args);

  assert_int_equal(status, 0);
  world_note(user, "%s %.*s", sio_ns_name(sio_socket_ns(socket)),
             SIO_STR_ARG(json));
}

static void note_done(int status, size_t answered, size_t asked, void *user)
{
  world_note(user, "done %d, %zu of %zu", status, answered, asked);
}

static void test_on_errors_nobody_gets_anything(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_span byte = {(const uint8_t *)"x", 1};
  sio_target all, one;

  (void)state;
  begin();
  all = sio_everyone(w.root);
  one = sio_only(at(0));
  for (int i = 0; i < 2; i++) {
    sio_target to = i == 0 ? all : one;

    expect_error(sio_emitf(to, NULL, NULL), SIO_ERR_INVALID);
    expect_error(sio_emitf(to, "\xff", NULL), SIO_ERR_UTF8);
    expect_error(sio_emitf(to, "e", "%s", "\xc3"), SIO_ERR_UTF8);
    expect_error(sio_emitf(to, "e", "{"), SIO_ERR_FORMAT);
    expect_error(sio_emitf(to, "e", "raw %s", "1,2"), SIO_ERR_JSON);
    expect_error(sio_emit_json(to, "e", sio_s("1]")), SIO_ERR_JSON);
    expect_error(sio_emit_json(to, "e", sio_s(",")), SIO_ERR_JSON);
    expect_error(sio_emit_json(to, "e", sio_s("1,")), SIO_ERR_JSON);
    expect_error(sio_emit_json(to, "e", sio_s("1],[\"x\"")), SIO_ERR_JSON);
    sio_payload_key(payload, "no object");
    expect_error(sio_emit_payload(to, "e", payload), SIO_ERR_STATE);
    sio_payload_reset(payload);
    for (int n = 0; n < 11; n++)
      sio_payload_binary(payload, byte);
    expect_error(sio_emit_payload(to, "e", payload), SIO_ERR_LIMIT);
    sio_payload_reset(payload);
  }
  expect_error(sio_emitf(sio_with_ack(all, 1, note_answer, &w), "e", NULL),
               SIO_ERR_INVALID);
  expect_error(sio_emitf(sio_with_acks(all, 0, NULL, note_done, &w), "e", NULL),
               SIO_ERR_INVALID);
  expect_error(sio_emitf(sio_everyone(NULL), "e", NULL), SIO_ERR_INVALID);
  expect_error(sio_emitf(sio_with_ack(one, 1, NULL, &w), "e", NULL),
               SIO_ERR_INVALID);
  sio_payload_free(payload);
  world_wait(&w, 10);
  assert_noted(&w, "");
  world_close(&w);
}

static void test_too_many_rooms_of_a_target_are_an_error(void **state)
{
  sio_str rooms[1] = {sio_s("x")};
  sio_target to;

  (void)state;
  begin();
  to = sio_and_rooms(sio_everyone(w.root), rooms, 1);
  expect_error(sio_emitf(sio_and_rooms(to, rooms, 1), "e", NULL),
               SIO_ERR_LIMIT);
  to = sio_in(w.root, sio_s("x"));
  for (int i = 0; i < SIO_TARGET_ROOMS; i++)
    to = sio_and(to, sio_s("y"));
  expect_error(sio_emitf(to, "e", NULL), SIO_ERR_LIMIT);
  expect_error(sio_each(to, NULL, NULL), SIO_ERR_LIMIT);
  world_close(&w);
}

/* ---- Shorthands and parents ---- */

static void relay_message(sio_socket *socket, const sio_args *args,
                          sio_ack *ack, void *user)
{
  (void)socket;
  (void)ack;
  (void)user;
  assert_int_equal(sio_send_args(sio_only(at(1)), args), 0);
}

static void test_send_emits_the_event_message(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  sio_target to;

  (void)state;
  begin();
  to = sio_only(at(0));
  sio_payload_bool(payload, true);
  assert_int_equal(sio_sendf(to, "%d, %s", 1, "a"), 0);
  assert_int_equal(sio_sendf(to, NULL), 0);
  assert_int_equal(sio_send_json(to, sio_s("[2]")), 0);
  assert_int_equal(sio_send_payload(to, payload), 0);
  assert_hears(&c[0], "42[\"message\",1,\"a\"]\n42[\"message\"]\n"
                      "42[\"message\",[2]]\n42[\"message\",true]\n");
  assert_int_equal(sio_on(w.root, "m", relay_message, NULL), 0);
  client_say(&c[0], "451-[\"m\"," PLACE0 "]");
  client_say_bytes(&c[0], "z", 1);
  assert_hears(&c[1], "451-[\"message\"," PLACE0 "]\n<7a>\n");
  assert_int_equal(sio_sendf(to, "{"), SIO_ERR_FORMAT);
  sio_payload_free(payload);
  world_close(&w);
}

static void test_a_parent_stands_for_all_of_its_children(void **state)
{
  sio_ns *parent;

  (void)state;
  begin();
  parent = sio_of_pattern(w.server, "/t/{id}");
  expect_error(sio_emitf(sio_everyone(parent), "e", "{"), SIO_ERR_FORMAT);
  expect_error(sio_emit_json(sio_everyone(parent), "e", sio_s("]")),
               SIO_ERR_JSON);
  assert_int_equal(sio_emitf(sio_everyone(parent), "e", NULL), 0);
  client_join(&c[0], "/t/1");
  client_join(&c[1], "/t/1");
  client_join(&c[2], "/t/2");
  assert_int_equal(sio_emitf(sio_everyone(parent), "e", "%d, %s", 1, "x"), 0);
  assert_hears(&c[0], "42/t/1,[\"e\",1,\"x\"]\n");
  assert_hears(&c[1], "42/t/1,[\"e\",1,\"x\"]\n");
  assert_hears(&c[2], "42/t/2,[\"e\",1,\"x\"]\n");
  assert_hears(&c[3], "");
  assert_int_equal(sio_join(client_socket(&c[1], "/t/1"), sio_s("r")), 0);
  assert_int_equal(sio_join(client_socket(&c[2], "/t/2"), sio_s("r")), 0);
  assert_int_equal(sio_emitf(sio_in(parent, sio_s("r")), "r", NULL), 0);
  assert_hears(&c[0], "");
  assert_hears(&c[1], "42/t/1,[\"r\"]\n");
  assert_hears(&c[2], "42/t/2,[\"r\"]\n");
  world_close(&w);
}

static void test_a_round_through_a_parent_is_one_round(void **state)
{
  sio_target to;

  (void)state;
  begin();
  to = sio_everyone(sio_of_pattern(w.server, "/t/{id}"));
  to = sio_with_acks(to, 100, note_answer_of, note_done, &w);
  client_join(&c[0], "/t/1");
  client_join(&c[1], "/t/2");
  assert_int_equal(
      sio_emitf(sio_with_acks(sio_only(client_socket(&c[0], "/t/1")), 100, NULL,
                              note_done, &w),
                "q", NULL),
      0);
  assert_int_equal(sio_emitf(to, "q", NULL), 0);
  assert_hears(&c[0], "42/t/1,0[\"q\"]\n42/t/1,1[\"q\"]\n");
  assert_hears(&c[1], "42/t/2,0[\"q\"]\n"); /* an id of its own namespace */
  client_say(&c[0], "43/t/1,1[1]");
  client_say(&c[1], "43/t/2,0[2]");
  assert_noted(&w, "/t/1 1\n/t/2 2\ndone 0, 2 of 2\n");
  world_close(&w);
  assert_noted(&w, "done -500, 0 of 1\n");
}
int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_everybody_and_everybody_else),
      cmocka_unit_test(test_rooms_and_several_rooms_without_duplicates),
      cmocka_unit_test(test_exceptions),
      cmocka_unit_test(
          test_rooms_are_left_with_the_socket_and_belong_to_a_namespace),
      cmocka_unit_test(test_who_left_its_own_room_is_no_exception_any_more),
      cmocka_unit_test(test_a_broadcast_reaches_polling_and_websocket_alike),
      cmocka_unit_test(test_all_forms_of_arguments),
      cmocka_unit_test(test_namespaces_are_named_in_their_packets),
      cmocka_unit_test(test_packets_of_one_client_keep_their_order),
      cmocka_unit_test(test_what_was_received_is_relayed_with_its_attachments),
      cmocka_unit_test(test_reserved_names_cannot_be_emitted),
      cmocka_unit_test(test_on_errors_nobody_gets_anything),
      cmocka_unit_test(test_too_many_rooms_of_a_target_are_an_error),
      cmocka_unit_test(test_send_emits_the_event_message),
      cmocka_unit_test(test_a_parent_stands_for_all_of_its_children),
      cmocka_unit_test(test_a_round_through_a_parent_is_one_round),
  };

  return cmocka_run_group_tests_name("core/emit", tests, NULL, NULL);
}
