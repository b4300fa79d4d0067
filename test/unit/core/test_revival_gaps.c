/* SPDX-License-Identifier: MIT */
/* Coming back, where not everything could be sent. */
#include "recovery_world.h"

enum { CAP = 8192, LONG = 2000 };

static char pid[CORE_SID_LEN + 1];
static char text[LONG + 1];

static void begin_narrow(uint32_t policy)
{
  memset(text, 'x', LONG);
  set_options();
  options.max_output_bytes = CAP;
  options.high_water_bytes = 4096;
  options.output_policy = policy;
  open_world();
  enter_and_get(&a, pid); /* "Fe" */
}

static void say_long(void)
{
  assert_int_equal(sio_emitf(sio_everyone(w.root), "long", "%s", text), 0);
}

/* Fe.0 to Fe.2 fill it, Fe.3 passes it over. */
static void fill(void)
{
  for (int i = 0; i < 4; i++)
    say_long();
  assert_int_equal(sio_socket_refused(client_socket(&a, "/")), 1);
}

static size_t count_heard(const char *what)
{
  size_t n = 0;

  for (const char *at = a.heard; (at = strstr(at, what)) != NULL; at++)
    n++;
  return n;
}

static void test_what_passed_it_over_is_replayed(void **state)
{
  (void)state;
  begin_narrow(SIO_OUTPUT_REFUSE);
  fill();
  client_drop(&a);
  ask_back(&a, pid, "Fe.0");
  (void)client_hear(&a);
  assert_int_equal(count_heard("42[\"long\""), 3);
  assert_int_equal(count_heard("\"Fe.3\"]\n40{"), 1);
  assert_int_equal(count_heard(pid), 1);
  world_close(&w);
}

static void test_who_got_more_after_that_is_a_new_one(void **state)
{
  (void)state;
  begin_narrow(SIO_OUTPUT_REFUSE);
  fill();
  (void)client_hear(&a);
  say("later"); /* Fe.4 */
  assert_hears(&a, "42[\"later\",\"Fe.4\"]\n");
  client_drop(&a);
  ask_back(&a, pid, "Fe.4");
  assert_new(&a, pid);
  world_close(&w);
}

static void on_drain(sio_socket *socket, void *user)
{
  (void)user;
  assert_int_equal(sio_emitf(sio_only(socket), "state", "%d",
                             (int)sio_socket_refused(socket)),
                   0);
}

static void test_unless_the_host_was_told_of_it(void **state)
{
  (void)state;
  begin_narrow(SIO_OUTPUT_REFUSE);
  assert_int_equal(sio_on_drain(w.root, on_drain, NULL), 0);
  fill();
  (void)client_hear(&a);
  assert_int_equal(count_heard("42[\"state\",1,\"Fe.4\"]\n"), 1);
  client_drop(&a);
  say("missed");
  ask_back(&a, pid, "Fe.4");
  assert_back(&a, pid, "42[\"missed\",\"Fe.5\"]\n");
  world_close(&w);
}

static void test_what_cuts_the_connection_is_replayed(void **state)
{
  sio_socket *socket;

  (void)state;
  set_options();
  options.max_output_packets = 2;
  open_world();
  enter_and_get(&a, pid);
  socket = client_socket(&a, "/");
  for (int i = 0; i < 3; i++)
    assert_int_equal(sio_emitf(sio_only(socket), "e", "%d", i), 0);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  client_drop(&a);
  ask_back(&a, pid, "Fe.1");
  assert_back(&a, pid, "42[\"e\",2,\"Fe.2\"]\n");
  world_close(&w);
}

static void test_a_gap_outlives_a_visit_that_fails(void **state)
{
  (void)state;
  begin_narrow(SIO_OUTPUT_REFUSE);
  fill();
  (void)client_hear(&a);
  client_drop(&a);
  ask_back(&a, pid, "Fe.2"); /* right before the gap */
  (void)client_hear(&a);
  assert_int_equal(count_heard("42[\"long\""), 1);
  client_drop(&a);
  ask_back(&a, pid, "Fe.3"); /* it has all by now */
  assert_back(&a, pid, "");
  world_close(&w);
}

/* More than may be sent at once: it is not cut over it again and again. */
static void test_who_has_missed_too_much_is_a_new_one(void **state)
{
  (void)state;
  for (uint32_t policy = SIO_OUTPUT_CUT; policy <= SIO_OUTPUT_REFUSE;
       policy++) {
    begin_narrow(policy);
    client_drop(&a);
    for (int i = 0; i < 5; i++)
      say_long();
    assert_noted(&w, "");
    ask_back(&a, pid, "Fe");
    assert_new(&a, pid);
    assert_noted(&w, "lost / \n");
    assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_OUTPUT_SIZE),
                     0);
    world_close(&w);
  }
}

static void test_by_default_all_that_is_kept_can_be_sent(void **state)
{
  enum { EACH = 16 + 256 }; /* what a packet costs more */

  (void)state;
  set_options();
  assert_true(recovery.max_bytes + (uint64_t)recovery.max_packets * EACH <
              options.max_output_bytes * 7 / 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_passed_it_over_is_replayed),
      cmocka_unit_test(test_who_got_more_after_that_is_a_new_one),
      cmocka_unit_test(test_unless_the_host_was_told_of_it),
      cmocka_unit_test(test_what_cuts_the_connection_is_replayed),
      cmocka_unit_test(test_a_gap_outlives_a_visit_that_fails),
      cmocka_unit_test(test_who_has_missed_too_much_is_a_new_one),
      cmocka_unit_test(test_by_default_all_that_is_kept_can_be_sent),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
