/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/selection.h"

static struct core_world w;
static struct core_client a;

static void begin(void)
{
  world_open(&w, NULL);
  client_enter(&w, &a);
}

static void test_a_target_names_its_namespace_and_socket(void **state)
{
  sio_socket *socket;
  sio_target target;

  (void)state;
  begin();
  socket = client_socket(&a, "/");
  target = sio_only(socket);
  assert_ptr_equal(target.ns, w.root);
  assert_ptr_equal(target.only, socket);
  target = sio_everyone(w.root);
  assert_ptr_equal(target.ns, w.root);
  assert_null(target.only);
  assert_int_equal(target.n_rooms + target.n_except, 0);
  world_close(&w);
}

static void test_others_are_all_but_the_room_of_the_socket(void **state)
{
  sio_target target;

  (void)state;
  begin();
  target = sio_others(client_socket(&a, "/"));
  assert_null(target.only);
  assert_int_equal(target.n_rooms, 0);
  assert_int_equal(target.n_except, 1);
  assert_true(sio_str_is(target.except[0], a.sid));
  target = sio_to(client_socket(&a, "/"), sio_s("r"));
  assert_int_equal(target.n_rooms, 1);
  assert_true(sio_str_is(target.rooms[0], "r"));
  assert_int_equal(target.n_except, 1);
  world_close(&w);
}

static void test_refining_a_target_leaves_it_as_it_is(void **state)
{
  sio_target base, more;
  sio_str rooms[2] = {sio_s("x"), sio_s("y")};

  (void)state;
  begin();
  base = sio_in(w.root, sio_s("a"));
  more = sio_except(sio_and(base, sio_s("b")), sio_s("c"));
  more = sio_except_rooms(sio_and_rooms(more, rooms, 2), rooms, 1);
  assert_int_equal(base.n_rooms, 1);
  assert_int_equal(base.n_except, 0);
  assert_int_equal(base.n_more_rooms, 0);
  assert_int_equal(more.n_rooms, 2);
  assert_true(sio_str_is(more.rooms[1], "b"));
  assert_int_equal(more.n_except, 1);
  assert_ptr_equal(more.more_rooms, rooms);
  assert_int_equal(more.n_more_rooms, 2);
  assert_int_equal(more.n_more_except, 1);
  assert_int_equal(more.error, 0);
  world_close(&w);
}

static void test_a_target_holds_four_rooms_and_four_exceptions(void **state)
{
  sio_target rooms, except;

  (void)state;
  begin();
  rooms = except = sio_everyone(w.root);
  for (int i = 0; i < SIO_TARGET_ROOMS; i++) {
    rooms = sio_and(rooms, sio_s("r"));
    except = sio_except(except, sio_s("r"));
  }
  assert_int_equal(rooms.error, 0);
  assert_int_equal(except.error, 0);
  assert_int_equal(sio_and(rooms, sio_s("r")).error, SIO_ERR_LIMIT);
  assert_int_equal(sio_except(except, sio_s("r")).error, SIO_ERR_LIMIT);
  assert_int_equal(sio_except(rooms, sio_s("r")).error, 0);
  world_close(&w);
}

static void
test_one_array_of_each_kind_fits_empty_ones_do_not_count(void **state)
{
  sio_str rooms[2] = {sio_s("x"), sio_s("y")};
  sio_target t;

  (void)state;
  begin();
  t = sio_and_rooms(sio_everyone(w.root), NULL, 0);
  t = sio_except_rooms(sio_and_rooms(t, rooms, 2), rooms, 2);
  assert_int_equal(t.error, 0);
  t = sio_except_rooms(sio_and_rooms(t, rooms, 0), NULL, 0);
  assert_int_equal(t.error, 0);
  assert_int_equal(t.n_more_rooms, 2);
  assert_int_equal(t.n_more_except, 2);
  assert_int_equal(sio_and_rooms(t, rooms, 1).error, SIO_ERR_LIMIT);
  assert_int_equal(sio_except_rooms(t, rooms, 1).error, SIO_ERR_LIMIT);
  world_close(&w);
}

static void respond(sio_socket *socket, int status, const sio_args *args,
                    void *user)
{
  (void)socket;
  (void)status;
  (void)args;
  (void)user;
}

static void test_an_acknowledgement_needs_a_function(void **state)
{
  sio_target t;

  (void)state;
  begin();
  t = sio_with_ack(sio_only(client_socket(&a, "/")), 7, respond, &w);
  assert_int_equal(t.error, 0);
  assert_true(t.response == respond);
  assert_ptr_equal(t.response_user, &w);
  assert_true(t.timeout_ms == 7);
  t = sio_with_ack(t, 7, NULL, &w);
  assert_int_equal(t.error, SIO_ERR_INVALID);
  world_close(&w);
}

static void test_one_answer_is_asked_of_one_socket(void **state)
{
  (void)state;
  begin();
  assert_int_equal(sio_with_ack(sio_everyone(w.root), 7, respond, &w).error,
                   SIO_ERR_INVALID);
  assert_int_equal(
      sio_with_ack(sio_in(w.root, sio_s(a.sid)), 7, respond, &w).error,
      SIO_ERR_INVALID);
  world_close(&w);
}

static void done(int status, size_t answered, size_t asked, void *user)
{
  (void)status;
  (void)answered;
  (void)asked;
  (void)user;
}

static void test_a_round_needs_an_end_in_every_sense(void **state)
{
  sio_target all, t;

  (void)state;
  begin();
  all = sio_everyone(w.root);
  t = sio_with_acks(all, 7, respond, done, &w);
  assert_int_equal(t.error, 0);
  assert_true(t.response == respond);
  assert_true(t.done == done);
  assert_ptr_equal(t.response_user, &w);
  assert_true(t.timeout_ms == 7);
  assert_int_equal(sio_with_acks(all, 1, NULL, done, NULL).error, 0);
  assert_int_equal(sio_with_acks(all, UINT32_MAX, NULL, done, NULL).error, 0);
  assert_int_equal(sio_with_acks(all, 0, NULL, done, NULL).error,
                   SIO_ERR_INVALID);
  assert_int_equal(sio_with_acks(all, SIO_NEVER, NULL, done, NULL).error,
                   SIO_ERR_INVALID);
  assert_int_equal(sio_with_acks(all, 1, respond, NULL, NULL).error,
                   SIO_ERR_INVALID);
  /* the later one counts */
  t = sio_only(client_socket(&a, "/"));
  t = sio_with_ack(sio_with_acks(t, 7, NULL, done, NULL), 8, respond, &w);
  assert_int_equal(t.error, 0);
  assert_true(t.done == NULL);
  assert_true(t.timeout_ms == 8);
  world_close(&w);
}

static void test_flags_are_distinct_and_leave_the_target_as_it_is(void **state)
{
  sio_target base, t;

  (void)state;
  begin();
  base = sio_in(w.root, sio_s("r"));
  t = sio_volatile(base);
  assert_int_equal(t.flags, TARGET_VOLATILE);
  t = sio_uncompressed(t);
  assert_int_equal(t.flags, TARGET_VOLATILE | TARGET_UNCOMPRESSED);
  assert_int_equal(sio_local(t).flags, 7);
  assert_int_equal(sio_local(base).flags, TARGET_LOCAL);
  assert_int_equal(sio_uncompressed(base).flags, TARGET_UNCOMPRESSED);
  assert_int_equal(sio_volatile(t).flags, t.flags);
  assert_int_equal(base.flags, 0);
  assert_int_equal(sio_except(t, sio_s("x")).flags, t.flags);
  world_close(&w);
}

static void test_without_a_namespace_there_is_an_error(void **state)
{
  (void)state;
  assert_int_equal(sio_everyone(NULL).error, SIO_ERR_INVALID);
  assert_int_equal(sio_volatile(sio_in(NULL, sio_s("r"))).error,
                   SIO_ERR_INVALID);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_target_names_its_namespace_and_socket),
      cmocka_unit_test(test_others_are_all_but_the_room_of_the_socket),
      cmocka_unit_test(test_refining_a_target_leaves_it_as_it_is),
      cmocka_unit_test(test_a_target_holds_four_rooms_and_four_exceptions),
      cmocka_unit_test(
          test_one_array_of_each_kind_fits_empty_ones_do_not_count),
      cmocka_unit_test(test_an_acknowledgement_needs_a_function),
      cmocka_unit_test(test_one_answer_is_asked_of_one_socket),
      cmocka_unit_test(test_a_round_needs_an_end_in_every_sense),
      cmocka_unit_test(test_flags_are_distinct_and_leave_the_target_as_it_is),
      cmocka_unit_test(test_without_a_namespace_there_is_an_error),
  };

  return cmocka_run_group_tests_name("core/target", tests, NULL, NULL);
}
