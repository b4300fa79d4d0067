/* SPDX-License-Identifier: MIT */
/* What is under way when the server makes a socket leave. */
#include "core_world.h"

#include <stdio.h>

static struct core_world w;
static struct core_client c;
static sio_server_options options;

static void open_both(void)
{
  world_open(&w, &options);
  world_echo(world_watch(&w, "/"));
  world_echo(world_watch(&w, "/b"));
  client_enter(&w, &c);
  client_join(&c, "/b");
  assert_noted(&w, "joined /\njoined /b\n");
}

static void kick(const char *nsp, const char *said)
{
  sio_socket *socket = client_socket(&c, nsp);

  assert_int_equal(sio_socket_disconnect(socket, false), 0);
  assert_hears(&c, said);
  w.n_notes = 0;
}

/* A client in two namespaces, that has to leave "/b". */
static void begin(void)
{
  world_options(&w, &options);
  open_both();
  kick("/b", "41/b,\n");
}

static void assert_lives(void)
{
  client_say(&c, "421[\"echo\",1]");
  assert_hears(&c, "42[\"echoed\",1]\n431[1]\n");
}

static void assert_ended(void)
{
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_NOT_ALLOWED), 1);
  assert_int_equal(sio_server_socket_count(w.server), 0);
}

static void test_what_was_under_way_is_dropped(void **state)
{
  (void)state;
  begin();
  client_say(&c, "42/b,[\"echo\",1]");
  client_say(&c, "42/b,7[\"echo\",1]");
  client_say(&c, "43/b,1[]");
  client_say(&c, "451-/b,[\"echo\",{\"_placeholder\":true,\"num\":0}]");
  client_say_bytes(&c, "\1\2", 2);
  client_say(&c, "461-/b,3[{\"_placeholder\":true,\"num\":0}]");
  client_say_bytes(&c, "\1\2", 2);
  assert_lives();
  assert_noted(&w, "");
  world_close(&w);
}

static void test_a_packet_that_waits_for_attachments_is_dropped(void **state)
{
  (void)state;
  world_options(&w, &options);
  open_both();
  client_say(&c, "451-/b,[\"echo\",{\"_placeholder\":true,\"num\":0}]");
  kick("/b", "41/b,\n");
  client_say_bytes(&c, "\1\2", 2);
  assert_lives();
  world_close(&w);
}

static void test_it_may_join_again_behind_it(void **state)
{
  (void)state;
  begin();
  client_say(&c, "42/b,[\"echo\",1]");
  client_join(&c, "/b");
  client_say(&c, "42/b,[\"echo\",2]");
  assert_hears(&c, "42/b,[\"echoed\",2]\n");
  world_close(&w);
}

static void test_after_a_new_connect_the_client_knows(void **state)
{
  static const sio_str room = {"r", 1};

  (void)state;
  begin();
  client_join(&c, "/b");
  client_say(&c, "41/b,");
  assert_int_equal(sio_ns_room_size(sio_find(w.server, "/b"), room), 0);
  client_say(&c, "42/b,[\"echo\",1]");
  assert_ended();
  world_close(&w);
}

static void test_who_leaves_by_itself_meanwhile_knows(void **state)
{
  (void)state;
  begin();
  client_say(&c, "41/b,");
  assert_lives();
  client_say(&c, "42/b,[\"echo\",1]");
  assert_ended();
  world_close(&w);
}

static void test_who_has_answered_a_ping_since_knows(void **state)
{
  (void)state;
  begin();
  world_wait(&w, options.ping_interval_ms);
  assert_hears(&c, "2\n");
  client_say(&c, "3");
  world_wait(&w, options.ping_timeout_ms);
  client_say(&c, "42/b,[\"echo\",1]");
  assert_lives();
  world_wait(&w, options.ping_interval_ms - options.ping_timeout_ms);
  assert_hears(&c, "2\n");
  client_say(&c, "3");
  client_say(&c, "42/b,[\"echo\",1]");
  assert_ended();
  world_close(&w);
}

static void test_what_only_servers_send_is_a_violation(void **state)
{
  (void)state;
  begin();
  client_say(&c, "44/b,{\"message\":\"x\"}");
  assert_ended();
  world_close(&w);
}

static void test_other_namespaces_are_a_violation(void **state)
{
  (void)state;
  begin();
  client_say(&c, "42/c,[\"echo\",1]");
  assert_ended();
  world_close(&w);
}

static void test_a_namespace_that_is_deleted_is_left_likewise(void **state)
{
  (void)state;
  world_options(&w, &options);
  open_both();
  assert_int_equal(sio_ns_delete(sio_find(w.server, "/b")), 0);
  assert_hears(&c, "41/b,\n");
  client_say(&c, "42/b,[\"echo\",1]");
  assert_lives();
  world_close(&w);
}

static void test_the_oldest_of_too_many_is_forgotten(void **state)
{
  char name[16], text[32];

  (void)state;
  world_options(&w, &options);
  open_both();
  for (int i = 0; i < 65; i++) {
    snprintf(name, sizeof name, "/n%d", i);
    snprintf(text, sizeof text, "41%s,\n", name);
    assert_non_null(sio_of(w.server, name));
    client_join(&c, name);
    kick(name, text);
  }
  for (int i = 1; i < 65; i++) {
    snprintf(text, sizeof text, "42/n%d,[\"echo\",1]", i);
    client_say(&c, text);
  }
  assert_lives();
  client_say(&c, "42/n0,[\"echo\",1]");
  assert_ended();
  world_close(&w);
}

static void test_what_is_dropped_counts_towards_the_rates(void **state)
{
  (void)state;
  world_options(&w, &options);
  options.events_per_second = 2;
  options.rate_policy = SIO_RATE_DROP;
  open_both();
  kick("/b", "41/b,\n");
  for (int i = 0; i < 5; i++)
    client_say(&c, "42/b,[\"echo\",1]");
  client_say(&c, "42[\"echo\",1]");
  assert_hears(&c, "");
  assert_int_equal(sio_server_socket_count(w.server), 1);
  world_wait(&w, 1000);
  assert_lives();
  world_close(&w);
}

static void test_whoever_floods_over_the_rate_is_cut(void **state)
{
  (void)state;
  world_options(&w, &options);
  options.events_per_second = 2;
  open_both();
  kick("/b", "41/b,\n");
  for (int i = 0; i < 3; i++)
    client_say(&c, "42/b,[\"echo\",1]");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_RATE_EVENTS), 1);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  world_close(&w);
}

/* Where memory is short, what is late is a violation at the worst. */
static void leave_with(struct test_mem *mem, void *user)
{
  (void)user;
  world_options(&w, &options);
  options.log = NULL;
  if (!world_try_open_with(&w, &options, mem))
    return;
  if (client_open(&w, &c)) {
    client_say(&c, "40");
    (void)sio_sockets_disconnect(sio_everyone(w.root), false); /* or it fails */
    client_say(&c, "42[\"echo\",1]");
  }
  world_close(&w);
}

static void test_without_memory_nothing_leaks(void **state)
{
  (void)state;
  assert_true(test_every_allocation(leave_with, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_under_way_is_dropped),
      cmocka_unit_test(test_a_packet_that_waits_for_attachments_is_dropped),
      cmocka_unit_test(test_it_may_join_again_behind_it),
      cmocka_unit_test(test_after_a_new_connect_the_client_knows),
      cmocka_unit_test(test_who_leaves_by_itself_meanwhile_knows),
      cmocka_unit_test(test_who_has_answered_a_ping_since_knows),
      cmocka_unit_test(test_what_only_servers_send_is_a_violation),
      cmocka_unit_test(test_other_namespaces_are_a_violation),
      cmocka_unit_test(test_a_namespace_that_is_deleted_is_left_likewise),
      cmocka_unit_test(test_the_oldest_of_too_many_is_forgotten),
      cmocka_unit_test(test_what_is_dropped_counts_towards_the_rates),
      cmocka_unit_test(test_whoever_floods_over_the_rate_is_cut),
      cmocka_unit_test(test_without_memory_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
