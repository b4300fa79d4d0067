/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#define PLACE0 "{\"_placeholder\":true,\"num\":0}"

static struct core_world w;
static struct core_client a;

static void note(sio_socket *socket, const sio_args *args, sio_ack *ack,
                 void *user)
{
  sio_str json = sio_args_json(args);

  assert_true(sio_socket_is_connected(socket));
  world_note(user, "%.*s%s", (int)json.len, json.data, ack ? " ack" : "");
}

static void leave(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  (void)args;
  (void)user;
  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  assert_int_equal(sio_ackf(ack, "%d", 1),
                   ack != NULL ? SIO_ERR_DISCONNECTED : 0);
}

static void begin(void)
{
  world_open(&w, NULL);
  assert_int_equal(sio_on(w.root, "note", note, &w), 0);
  assert_int_equal(sio_on(w.root, "both", leave, NULL), 0);
  assert_int_equal(sio_on(w.root, "both", note, &w), 0);
  client_enter(&w, &a);
}

static void test_arguments_arrive_as_they_were_sent(void **state)
{
  (void)state;
  begin();
  client_say(&a, "42[\"note\",1,\"2\",{\"3\":[true]},null]");
  client_say(&a, "42[\"note\"]");
  client_say(&a, "429[ \"note\" , [ ] ]");
  client_say(&a, "42[\"n\\u006fte\",\"\xc3\xa9\"]");
  assert_noted(&w, "1,\"2\",{\"3\":[true]},null\n\n"
                   "[ ] ack\n\"\xc3\xa9\"\n");
  world_close(&w);
}

static void test_several_events_in_one_read_keep_their_order(void **state)
{
  uint8_t bytes[512];
  size_t len = 0;

  (void)state;
  begin();
  for (int i = 0; i < 9; i++) {
    const char text[] = "42[\"note\",";

    bytes[len++] = 0x81;
    bytes[len++] = 0x80 | (sizeof text - 1 + 2);
    memset(bytes + len, 0, 4); /* a mask that changes nothing */
    len += 4;
    memcpy(bytes + len, text, sizeof text - 1);
    len += sizeof text - 1;
    bytes[len++] = (uint8_t)('1' + i);
    bytes[len++] = ']';
  }
  client_feed(&a, bytes, len);
  assert_noted(&w, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  for (size_t i = 0; i < len; i++)
    client_feed(&a, bytes + i, 1);
  assert_noted(&w, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  world_close(&w);
}

static void test_after_a_handler_has_left_no_other_is_called(void **state)
{
  (void)state;
  begin();
  client_say(&a, "421[\"both\"]");
  assert_noted(&w, "");
  assert_hears(&a, "41\n");
  world_close(&w);
}

static void test_an_event_behind_a_disconnect_is_not_delivered(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40");
  poller_say(&p, "42[\"note\",1]\x1e"
                 "41\x1e"
                 "42[\"note\",2]");
  assert_noted(&w, "1\n");
  world_close(&w);
}

static void test_who_leaves_and_returns_in_one_batch_is_let_in(void **state)
{
  struct core_poller p;

  (void)state;
  begin();
  assert_true(poller_open(&w, &p));
  poller_say(&p, "40\x1e"
                 "41\x1e"
                 "40\x1e"
                 "42[\"note\",3]");
  assert_noted(&w, "3\n");
  assert_int_equal(sio_ns_socket_count(w.root), 2);
  world_close(&w);
}

static void test_answers_are_no_events(void **state)
{
  (void)state;
  begin();
  client_say(&a, "431[\"note\",1]");
  assert_noted(&w, "");
  client_say(&a, "461-1[\"note\"," PLACE0 "]");
  client_say_bytes(&a, "x", 1);
  assert_noted(&w, "");
  client_say(&a, "42[\"note\",2]");
  assert_noted(&w, "2\n");
  world_close(&w);
}

static void test_the_placeholders_of_an_answer_are_checked_too(void **state)
{
  (void)state;
  begin();
  client_say(&a, "461-1[{\"_placeholder\":true,\"num\":1}]");
  client_say_bytes(&a, "x", 1);
  assert_hears(&a, "<close>\n");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_PACKET), 1);
  world_close(&w);
}

static void read_escapes(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  sio_str one = sio_value_str(sio_arg(args, 0));
  sio_str two = sio_value_str(sio_get(args, 1, "k"));

  (void)socket;
  (void)ack;
  world_note(user, "%.*s %.*s", (int)one.len, one.data, (int)two.len, two.data);
}

static void test_strings_with_escapes_can_be_read_and_are_freed(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "escapes", read_escapes, &w), 0);
  client_say(&a, "42[\"escapes\",\"a\\u0062\\/\",{\"\\u006b\":\"\\\"\"}]");
  assert_noted(&w, "ab/ \"\n");
  world_close(&w);
}

static void feed_again(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  uint8_t byte = 0x81;

  (void)socket;
  (void)args;
  (void)ack;
  world_note(user, "%d", sio_conn_feed(a.conn, &byte, 1));
}

static void test_a_connection_cannot_be_fed_by_its_own_handler(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_on(w.root, "feed", feed_again, &w), 0);
  client_say(&a, "42[\"feed\"]");
  assert_noted(&w, "-4\n");
  client_say(&a, "42[\"note\",1]");
  assert_noted(&w, "1\n");
  world_close(&w);
}

static void test_a_plain_event_allocates_nothing(void **state)
{
  size_t before;

  (void)state;
  begin();
  client_say(&a, "421[\"note\"]"); /* what is kept for reuse is made now */
  before = w.mem->calls;
  for (int i = 0; i < 100; i++)
    client_say(&a, "421[\"note\",[1]]");
  assert_int_equal(w.mem->calls, before);
  w.n_notes = 0;
  world_close(&w);
}

static void one_of_each(struct test_mem *mem, void *user)
{
  struct core_world *world = user;

  if (!world_try_open(world, mem))
    return;
  while (sio_on(world->root, "note", note, world) != 0)
    ; /* an allocation that is to fail fails once */
  if (client_open(world, &a)) {
    client_say(&a, "40");
    client_say(&a, "421[\"note\",1]");
    /* either all of it has happened, or the client is gone */
    if (client_hear(&a) != NULL && a.conn != NULL && world->n_notes > 0)
      assert_noted(world, "1 ack\n");
  }
  world_close(world);
}

static void test_out_of_memory_costs_one_client_at_most(void **state)
{
  (void)state;
  assert_true(test_every_allocation(one_of_each, &w) > 15);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arguments_arrive_as_they_were_sent),
      cmocka_unit_test(test_several_events_in_one_read_keep_their_order),
      cmocka_unit_test(test_after_a_handler_has_left_no_other_is_called),
      cmocka_unit_test(test_an_event_behind_a_disconnect_is_not_delivered),
      cmocka_unit_test(test_who_leaves_and_returns_in_one_batch_is_let_in),
      cmocka_unit_test(test_answers_are_no_events),
      cmocka_unit_test(test_the_placeholders_of_an_answer_are_checked_too),
      cmocka_unit_test(test_strings_with_escapes_can_be_read_and_are_freed),
      cmocka_unit_test(test_a_connection_cannot_be_fed_by_its_own_handler),
      cmocka_unit_test(test_a_plain_event_allocates_nothing),
      cmocka_unit_test(test_out_of_memory_costs_one_client_at_most),
  };

  return cmocka_run_group_tests_name("core/dispatch", tests, NULL, NULL);
}
