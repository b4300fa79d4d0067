/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/selection.h"

static struct core_world w;

static void test_few_rooms_need_no_memory(void **state)
{
  struct sio__selected selected;
  sio_target t;
  size_t calls;

  (void)state;
  world_open(&w, NULL);
  t = sio_except(sio_and(sio_in(w.root, sio_s("a")), sio_s("b")), sio_s("c"));
  calls = w.mem->calls;
  assert_int_equal(sio__select(&selected, &t), 0);
  assert_int_equal(w.mem->calls, calls);
  assert_int_equal(selected.selection.n_rooms, 2);
  assert_true(sio_str_is(selected.selection.rooms[0], "a"));
  assert_true(sio_str_is(selected.selection.rooms[1], "b"));
  assert_int_equal(selected.selection.n_except, 1);
  assert_true(sio_str_is(selected.selection.except[0], "c"));
  sio__selected_dispose(&selected, &w.mem->allocator);
  world_close(&w);
}

static void test_nothing_selects_everybody(void **state)
{
  struct sio__selected selected;
  sio_target t;

  (void)state;
  world_open(&w, NULL);
  t = sio_everyone(w.root);
  assert_int_equal(sio__select(&selected, &t), 0);
  assert_int_equal(selected.selection.n_rooms, 0);
  assert_int_equal(selected.selection.n_except, 0);
  sio__selected_dispose(&selected, &w.mem->allocator);
  world_close(&w);
}

static void
test_all_own_places_and_arrays_become_one_list_of_each_kind(void **state)
{
  struct sio__selected selected;
  sio_str names[] = {sio_s("0"), sio_s("1"), sio_s("2"), sio_s("3"),
                     sio_s("4"), sio_s("5"), sio_s("6"), sio_s("7")};
  sio_target t;

  (void)state;
  world_open(&w, NULL);
  t = sio_everyone(w.root);
  for (int i = 0; i < 4; i++)
    t = sio_except(sio_and(t, names[i]), names[7 - i]);
  t = sio_and_rooms(t, names + 4, 4);
  t = sio_except_rooms(t, names, 3);
  assert_int_equal(sio__select(&selected, &t), 0);
  assert_int_equal(selected.selection.n_rooms, 8);
  for (size_t i = 0; i < 8; i++)
    assert_ptr_equal(selected.selection.rooms[i].data, names[i].data);
  assert_int_equal(selected.selection.n_except, 7);
  assert_ptr_equal(selected.selection.except[0].data, names[7].data);
  assert_ptr_equal(selected.selection.except[6].data, names[2].data);
  sio__selected_dispose(&selected, &w.mem->allocator);
  world_close(&w);
}

static void select_many(struct test_mem *mem, void *user)
{
  sio_target t;
  sio_str names[] = {sio_s("0"), sio_s("1")};
  size_t fail_at = mem->fail_at;

  (void)user;
  mem->fail_at = TEST_MEM_NEVER;
  if (!world_try_open(&w, mem))
    fail_msg("no server");
  mem->fail_at = fail_at < TEST_MEM_NEVER - mem->calls ? fail_at + mem->calls
                                                       : TEST_MEM_NEVER;
  t = sio_and_rooms(sio_everyone(w.root), names, 2);
  {
    struct sio__selected selected;
    int rv = sio__select(&selected, &t);

    assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
    if (rv == 0)
      sio__selected_dispose(&selected, &mem->allocator);
  }
  world_close(&w);
}

static void test_no_memory_for_many_rooms_is_reported(void **state)
{
  (void)state;
  assert_int_equal(test_every_allocation(select_many, NULL), 2);
}

static void test_a_sum_that_overflows_is_no_memory(void **state)
{
  struct sio__selected selected;
  sio_str name = sio_s("x");
  sio_target t;

  (void)state;
  world_open(&w, NULL);
  t = sio_and_rooms(sio_everyone(w.root), &name, SIZE_MAX / sizeof name + 1);
  assert_int_equal(sio__select(&selected, &t), SIO_ERR_NOMEM);
  assert_int_equal(sio_emitf(t, "e", NULL), SIO_ERR_NOMEM);
  world_close(&w);
}

/* ---- Recipients ---- */

enum { N = 3 };

static struct core_client c[N];

static void enter_all(void)
{
  world_open(&w, NULL);
  for (size_t i = 0; i < N; i++)
    client_enter(&w, &c[i]);
}

static void test_recipients_stay_although_they_leave(void **state)
{
  struct sio__recipients to;
  sio_target t;

  (void)state;
  enter_all();
  t = sio_others(client_socket(&c[1], "/"));
  sio__engine_enter(&w.server->engine);
  assert_int_equal(sio__recipients_take(&to, &t, NULL), 0);
  assert_int_equal(to.n, 2);
  assert_int_equal(to.cap, 3);
  assert_int_equal(sio_sockets_disconnect(t, false), 0);
  for (size_t i = 0; i < to.n; i++)
    assert_false(sio_socket_is_connected(to.sockets[i]));
  sio__recipients_dispose(&to, &w.mem->allocator);
  assert_int_equal(sio__recipients_take(&to, &t, w.root), 0);
  assert_int_equal(to.n, 0);
  sio__recipients_dispose(&to, &w.mem->allocator);
  sio__engine_leave(&w.server->engine);
  world_close(&w);
}

static void test_a_parent_means_its_children(void **state)
{
  struct sio__recipients to;
  sio_ns *parent, *ns;
  sio_target t;

  (void)state;
  enter_all();
  parent = sio_of_pattern(w.server, "/t/{id}");
  t = sio_everyone(parent);
  sio__engine_enter(&w.server->engine);
  assert_null(sio__target_next_ns(&t, NULL));
  assert_int_equal(sio__recipients_take(&to, &t, NULL), 0);
  assert_int_equal(to.n, 0);
  sio__recipients_dispose(&to, &w.mem->allocator);
  client_join(&c[0], "/t/1");
  client_join(&c[1], "/t/2");
  client_join(&c[2], "/t/2");
  ns = sio__target_next_ns(&t, NULL);
  assert_ptr_equal(ns, sio_find(w.server, "/t/1"));
  ns = sio__target_next_ns(&t, ns);
  assert_ptr_equal(ns, sio_find(w.server, "/t/2"));
  assert_null(sio__target_next_ns(&t, ns));
  assert_int_equal(sio__recipients_take(&to, &t, NULL), 0);
  assert_int_equal(to.n, 3);
  sio__recipients_dispose(&to, &w.mem->allocator);
  assert_int_equal(sio__recipients_take(&to, &t, ns), 0);
  assert_int_equal(to.n, 2);
  sio__recipients_dispose(&to, &w.mem->allocator);
  t = sio_everyone(w.root);
  assert_ptr_equal(sio__target_next_ns(&t, NULL), w.root);
  assert_null(sio__target_next_ns(&t, w.root));
  sio__engine_leave(&w.server->engine);
  world_close(&w);
}

static bool count_member(struct sio__member *member, void *user)
{
  (void)member;
  return ++*(size_t *)user < 2;
}

static void test_a_target_is_walked_until_it_is_told_to_stop(void **state)
{
  sio_target t;
  size_t n = 0;

  (void)state;
  enter_all();
  t = sio_everyone(w.root);
  assert_int_equal(sio__target_each(&t, w.root, count_member, &n), 0);
  assert_int_equal(n, 2);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_rooms_need_no_memory),
      cmocka_unit_test(test_nothing_selects_everybody),
      cmocka_unit_test(
          test_all_own_places_and_arrays_become_one_list_of_each_kind),
      cmocka_unit_test(test_no_memory_for_many_rooms_is_reported),
      cmocka_unit_test(test_a_sum_that_overflows_is_no_memory),
      cmocka_unit_test(test_recipients_stay_although_they_leave),
      cmocka_unit_test(test_a_parent_means_its_children),
      cmocka_unit_test(test_a_target_is_walked_until_it_is_told_to_stop),
  };

  return cmocka_run_group_tests_name("core/selection", tests, NULL, NULL);
}
