/* SPDX-License-Identifier: MIT */
#include "msgpack_world.h"

#include <sio/engine.h>

#define HELLO "83 " ROOT("02") "a4'data' 92 a5'hello' 81 a1'a' 01"

static void options_of(sio_server_options *options, const char *message)
{
  world_options(&w, options);
  options->parser = SIO_PARSER_MSGPACK;
  options->initial_message = message;
}

/* What a new client hears behind the open packet. */
static const char *first(void)
{
  assert_true(client_open(&w, &c));
  return strchr(c.heard, '\n') + 1;
}

static void expect_first(const char *message, const char *spec)
{
  sio_server_options options;
  char want[256];

  options_of(&options, message);
  begin_with(&options);
  write_message(want, spec);
  assert_string_equal(first(), want);
  world_close(&w);
}

static void test_any_packet_can_be_the_first(void **state)
{
  (void)state;
  expect_first("2[\"hello\",{\"a\":1}]", HELLO);
  expect_first("2[\"hello\"]", EVENT("91 a5'hello'"));
  expect_first("2/b,7[\"h\\u0069\",1,2]",
               "84 " IN("02", "a2'/b'") "a4'data' 93 a2'hi' 01 02 a2'id' 07");
  expect_first("2[17]", EVENT("91 a2'17'"));
  expect_first("37[null]", ACK("91 c0", "07"));
  expect_first("37[]", ACK("90", "07"));
  expect_first("0{\"sid\":\"x\"}",
               "83 " ROOT("00") "a4'data' 81 a3'sid' a1'x'");
  expect_first("0/b", "82 " IN("00", "a2'/b'"));
  expect_first("1", "82 " ROOT("01"));
  expect_first("4{\"message\":\"no\"}",
               "83 " ROOT("04") "a4'data' 81 a7'message' a2'no'");
}

static void test_by_polling_it_is_in_the_first_answer(void **state)
{
  sio_server_options options;

  (void)state;
  options_of(&options, "1");
  begin_with(&options);
  assert_true(http_open(&w, &other));
  http_send(&other, "/socket.io/?EIO=4&transport=polling", NULL);
  /* 82 a4 type 01 a3 nsp a1 / */
  assert_non_null(strstr(http_answer(&other), "}\x1e"
                                              "bgqR0eXBlAaNuc3ChLw=="));
  world_close(&w);
}

static void note_out(sio_session *session, sio_packet_type type,
                     const sio_message *message, void *user)
{
  (void)session;
  (void)user;
  world_note(&w, "%d %s %zu", (int)type, message->binary ? "binary" : "text",
             message->data.len);
}

static void test_the_host_is_shown_bytes(void **state)
{
  sio_session_handlers handlers;
  sio_server_options options;

  (void)state;
  options_of(&options, "1");
  begin_with(&options);
  sio_session_handlers_init(&handlers);
  handlers.packet_out = note_out;
  assert_int_equal(sio_server_on_sessions(w.server, &handlers, NULL), 0);
  assert_true(client_open(&w, &c));
  assert_non_null(strstr(w.notes, "4 binary 13\n"));
  world_close(&w);
}

static void test_what_is_no_packet_is_refused(void **state)
{
  static const char *const texts[] = {
      "hello", "", "2[]", "2[\"connect\"]", "51-[\"a\"]", "2[\"a\"]x", "7"};
  sio_server_options options;

  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    memset(&w, 0, sizeof w);
    options_of(&options, texts[i]);
    assert_null(sio_server_new(&options));
    assert_non_null(strstr(w.logged, "initial_message"));
    test_mem_check(w.mem);
  }
}

static void test_other_servers_send_it_as_it_is(void **state)
{
  sio_server_options options;

  (void)state;
  options_of(&options, "hello");
  w.server = sio_engine_new(&options, NULL, NULL);
  assert_non_null(w.server);
  sio_server_free(w.server);
  options.parser = SIO_PARSER_JSON;
  world_open(&w, &options);
  assert_string_equal(first(), "4hello\n");
  world_close(&w);
}

static void greet_short_of_memory(struct test_mem *mem, void *user)
{
  sio_server_options options;

  (void)user;
  sio_server_options_init(&options);
  options.parser = SIO_PARSER_MSGPACK;
  options.initial_message = "2[\"hello\",{\"a\":1}]";
  if (!world_try_open_with(&w, &options, mem))
    return;
  (void)client_open(&w, &c);
  world_close(&w);
}

static void test_it_may_find_no_memory(void **state)
{
  (void)state;
  assert_true(test_every_allocation(greet_short_of_memory, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_packet_can_be_the_first),
      cmocka_unit_test(test_by_polling_it_is_in_the_first_answer),
      cmocka_unit_test(test_the_host_is_shown_bytes),
      cmocka_unit_test(test_what_is_no_packet_is_refused),
      cmocka_unit_test(test_other_servers_send_it_as_it_is),
      cmocka_unit_test(test_it_may_find_no_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
