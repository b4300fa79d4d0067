/* SPDX-License-Identifier: MIT */
/* Events whose attachments follow them. */
#include "core_world.h"

#include <stdio.h>

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"
#define PLACE1 "{\"_placeholder\":true,\"num\":1}"

static struct core_world w;
static struct core_client c;

static void begin(void)
{
  world_open(&w, NULL);
  world_echo(world_watch(&w, "/"));
}

static void begin_joined(void)
{
  begin();
  client_enter(&w, &c);
  assert_noted(&w, "joined /\n");
}

static void test_an_event_with_attachments_waits_for_them(void **state)
{
  (void)state;
  begin_joined();
  client_say(&c, "452-9[\"echo\"," PLACE0 ",{\"x\":" PLACE1 "},\"t\"]");
  assert_hears(&c, "");
  client_say_bytes(&c, "\x01\x02\x03", 3);
  assert_hears(&c, "");
  client_say_bytes(&c, "", 0);
  assert_hears(&c, "452-[\"echoed\"," PLACE0 ",{\"x\":" PLACE1 "},\"t\"]\n"
                   "<010203>\n<>\n"
                   "462-9[" PLACE0 ",{\"x\":" PLACE1 "},\"t\"]\n"
                   "<010203>\n<>\n");
  world_close(&w);
}

static void test_attachments_may_be_used_twice_or_not_at_all(void **state)
{
  (void)state;
  begin_joined();
  client_say(&c, "452-[\"echo\"," PLACE1 "," PLACE1 "]");
  client_say_bytes(&c, "a", 1);
  client_say_bytes(&c, "b", 1);
  assert_hears(&c, "452-[\"echoed\"," PLACE1 "," PLACE1 "]\n<61>\n<62>\n");
  client_say(&c, "42[\"echo\"," PLACE0 "]"); /* plain data */
  assert_hears(&c, "42[\"echoed\"," PLACE0 "]\n");
  world_close(&w);
}

static void test_placeholders_must_fit_the_attachments(void **state)
{
  static const char *const args[] = {
      PLACE1,
      "{\"_placeholder\":true,\"num\":-1}",
      "{\"_placeholder\":true,\"num\":\"0\"}",
      "{\"_placeholder\":true,\"num\":0.5}",
      "{\"_placeholder\":true}",
      "[[{\"a\":{\"_placeholder\":true,\"num\":7}}]]"};
  char text[128];

  (void)state;
  for (size_t i = 0; i < sizeof args / sizeof *args; i++) {
    begin_joined();
    snprintf(text, sizeof text, "451-[\"echo\",%s]", args[i]);
    client_say(&c, text);
    client_say_bytes(&c, "a", 1);
    assert_hears(&c, "<close>\n");
    assert_noted(&w, "leaving /: forced close, rooms 1\n"
                     "left /: forced close, "
                     "an undecodable Socket.IO packet, rooms 0\n");
    world_close(&w);
  }
}

static void test_text_among_attachments_closes_the_connection(void **state)
{
  (void)state;
  begin_joined();
  client_say(&c, "452-[\"echo\"," PLACE0 "]");
  client_say_bytes(&c, "a", 1);
  client_say(&c, "42[\"echo\"]");
  assert_hears(&c, "<close>\n");
  assert_non_null(strstr(w.logged, "got plaintext data when reconstructing"));
  assert_noted(&w, "leaving /: forced close, rooms 1\nleft /: forced close, "
                   "an undecodable Socket.IO packet, rooms 0\n");
  world_close(&w);
}

static void test_a_stray_binary_message_closes_the_connection(void **state)
{
  (void)state;
  begin_joined();
  client_say_bytes(&c, "a", 1);
  assert_hears(&c, "<close>\n");
  assert_noted(&w, "leaving /: forced close, rooms 1\nleft /: forced close, "
                   "an undecodable Socket.IO packet, rooms 0\n");
  world_close(&w);
}

static void test_too_many_attachments_close_the_connection(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_attachments = 1;
  world_open(&w, &options);
  world_echo(world_watch(&w, "/"));
  client_enter(&w, &c);
  client_say(&c, "451-[\"echo\"," PLACE0 "]");
  client_say_bytes(&c, "a", 1);
  assert_hears(&c, "451-[\"echoed\"," PLACE0 "]\n<61>\n");
  w.n_notes = 0;
  client_say(&c, "452-[\"echo\"," PLACE0 "]");
  assert_hears(&c, "<close>\n");
  assert_noted(&w, "leaving /: forced close, rooms 1\n"
                   "left /: forced close, too many attachments, rooms 0\n");
  world_close(&w);
}

static void
test_too_many_bytes_of_attachments_close_the_connection(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_attachment_bytes = 4;
  world_open(&w, &options);
  world_echo(world_watch(&w, "/"));
  client_enter(&w, &c);
  client_say(&c, "452-[\"echo\"," PLACE0 "]");
  client_say_bytes(&c, "ab", 2);
  client_say_bytes(&c, "cd", 2);
  assert_hears(&c, "452-[\"echoed\"," PLACE0 "]\n<6162>\n<6364>\n");
  w.n_notes = 0;
  client_say(&c, "452-[\"echo\"," PLACE0 "]");
  client_say_bytes(&c, "ab", 2);
  client_say_bytes(&c, "cde", 3);
  assert_hears(&c, "<close>\n");
  assert_noted(&w, "leaving /: forced close, rooms 1\nleft /: forced close, "
                   "too many bytes of attachments, rooms 0\n");
  world_close(&w);
}

static void test_attachments_must_come_in_time(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.attachment_timeout_ms = 50;
  world_open(&w, &options);
  world_echo(world_watch(&w, "/"));
  client_enter(&w, &c);
  client_say(&c, "451-[\"echo\"," PLACE0 "]");
  world_wait(&w, 49);
  client_say_bytes(&c, "a", 1);
  assert_hears(&c, "451-[\"echoed\"," PLACE0 "]\n<61>\n");
  world_wait(&w, 100); /* no timer is left */
  client_say(&c, "452-[\"echo\"," PLACE0 "]");
  world_wait(&w, 40);
  client_say_bytes(&c, "a", 1); /* does not begin it anew */
  w.n_notes = 0;
  world_wait(&w, 10);
  assert_hears(&c, "<close>\n");
  assert_noted(&w, "leaving /: forced close, rooms 1\nleft /: forced close, "
                   "the attachments took too long, rooms 0\n");
  world_close(&w);
}

static void test_what_is_held_is_dropped_with_the_connection(void **state)
{
  (void)state;
  begin_joined();
  client_say(&c, "452-[\"echo\"," PLACE0 "]");
  client_say_bytes(&c, "abc", 3);
  client_drop(&c);
  assert_noted(&w, "leaving /: transport close, rooms 1\n"
                   "left /: transport close, the peer closed the transport "
                   "without saying goodbye, rooms 0\n");
  world_close(&w);
}

static void test_a_namespace_left_among_attachments_takes_the_rest(void **state)
{
  (void)state;
  begin_joined();
  client_say(&c, "451-[\"echo\"," PLACE0 "]");
  assert_int_equal(sio_socket_disconnect(client_socket(&c, "/"), false), 0);
  assert_hears(&c, "41\n");
  w.n_notes = 0;
  client_say_bytes(&c, "a", 1); /* the event is dropped */
  assert_hears(&c, "");
  assert_noted(&w, "");
  client_join(&c, "/");
  client_say_bytes(&c, "a", 1); /* the next one is of no event */
  assert_hears(&c, "<close>\n");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_event_with_attachments_waits_for_them),
      cmocka_unit_test(test_attachments_may_be_used_twice_or_not_at_all),
      cmocka_unit_test(test_placeholders_must_fit_the_attachments),
      cmocka_unit_test(test_text_among_attachments_closes_the_connection),
      cmocka_unit_test(test_a_stray_binary_message_closes_the_connection),
      cmocka_unit_test(test_too_many_attachments_close_the_connection),
      cmocka_unit_test(test_too_many_bytes_of_attachments_close_the_connection),
      cmocka_unit_test(test_attachments_must_come_in_time),
      cmocka_unit_test(test_what_is_held_is_dropped_with_the_connection),
      cmocka_unit_test(test_a_namespace_left_among_attachments_takes_the_rest),
  };

  return cmocka_run_group_tests_name("core/attachments", tests, NULL, NULL);
}
