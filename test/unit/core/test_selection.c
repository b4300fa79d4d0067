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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_rooms_need_no_memory),
      cmocka_unit_test(test_nothing_selects_everybody),
      cmocka_unit_test(
          test_all_own_places_and_arrays_become_one_list_of_each_kind),
      cmocka_unit_test(test_no_memory_for_many_rooms_is_reported),
      cmocka_unit_test(test_a_sum_that_overflows_is_no_memory),
  };

  return cmocka_run_group_tests_name("core/selection", tests, NULL, NULL);
}
