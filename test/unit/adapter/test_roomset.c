/* SPDX-License-Identifier: MIT */
#include "backlog_world.h"

static struct sio__room_name hashed(sio_str text)
{
  struct sio__room_name name = {
      .hash = sio__hash(&world_seed, text.data, text.len), .text = text};

  return name;
}

static void test_slots_are_never_full(void **state)
{
  (void)state;
  assert_int_equal(sio__roomset_slots(0), 2);
  assert_int_equal(sio__roomset_slots(1), 2);
  assert_int_equal(sio__roomset_slots(2), 4);
  for (size_t n = 0; n < 5000; n++) {
    uint32_t slots = sio__roomset_slots(n);

    assert_true(slots >= 2 * n && slots > n);
    assert_int_equal(slots & (slots - 1), 0);
  }
  assert_int_equal(sio__roomset_slots(UINT32_MAX / 4), UINT32_C(1) << 31);
  assert_int_equal(sio__roomset_slots((size_t)UINT32_MAX / 4 + 1), 0);
  assert_int_equal(sio__roomset_slots(SIZE_MAX), 0);
}

static void test_nobody_is_in_no_rooms(void **state)
{
  struct sio__room_name names[2] = {hashed(sio_s("")), hashed(sio_s("a"))};
  struct member_of nobody;

  (void)state;
  be_in(&nobody, "");
  assert_false(sio__roomset_had_any(&nobody.set, names, 2, 1));
  assert_false(sio__roomset_had_any(&nobody.set, names, 0, 1));
}

static void test_one_of_the_names_is_enough(void **state)
{
  struct sio__room_name names[3] = {hashed(sio_s("x")), hashed(sio_s("y")),
                                    hashed(sio_s("b"))};
  struct member_of who;

  (void)state;
  be_in(&who, "abc");
  assert_true(sio__roomset_had_any(&who.set, names, 3, 1));
  assert_false(sio__roomset_had_any(&who.set, names, 2, 1));
  assert_false(sio__roomset_had_any(&who.set, names, 0, 1));
}

static void test_the_empty_name_is_a_room(void **state)
{
  sio_str room = {NULL, 0};
  struct sio__room_name name = hashed(sio_s("")), other = hashed(sio_s("a"));
  struct sio__roomset set;
  uint32_t slots[2];

  (void)state;
  sio__roomset_init(&set, &world_seed, &room, 1, slots);
  assert_true(sio__roomset_had_any(&set, &name, 1, 1));
  assert_false(sio__roomset_had_any(&set, &other, 1, 1));
}

/* Names that fall into the same slot are told apart by their text. */
static void test_equal_hashes_do_not_make_equal_names(void **state)
{
  struct sio__room_name name = hashed(sio_s("a"));
  struct member_of who;

  (void)state;
  be_in(&who, "a");
  name.text = sio_s("b");
  assert_false(sio__roomset_had_any(&who.set, &name, 1, 1));
  name.text = sio_s("aa");
  assert_false(sio__roomset_had_any(&who.set, &name, 1, 1));
}

static void test_many_rooms_are_all_found(void **state)
{
  enum { N = 700 };
  static char text[2 * N][8];
  sio_str *rooms = calloc(N, sizeof *rooms);
  uint32_t *slots = calloc(sio__roomset_slots(N), sizeof *slots);
  struct sio__roomset set;

  (void)state;
  assert_non_null(rooms);
  assert_non_null(slots);
  for (unsigned i = 0; i < 2 * N; i++)
    snprintf(text[i], sizeof text[i], "r%u", i);
  for (unsigned i = 0; i < N; i++)
    rooms[i] = sio_s(text[i]);
  sio__roomset_init(&set, &world_seed, rooms, N, slots);
  for (unsigned i = 0; i < 2 * N; i++) {
    struct sio__room_name name = hashed(sio_s(text[i]));

    assert_int_equal(sio__roomset_had_any(&set, &name, 1, 1), i < N);
  }
  free(rooms);
  free(slots);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slots_are_never_full),
      cmocka_unit_test(test_nobody_is_in_no_rooms),
      cmocka_unit_test(test_one_of_the_names_is_enough),
      cmocka_unit_test(test_the_empty_name_is_a_room),
      cmocka_unit_test(test_equal_hashes_do_not_make_equal_names),
      cmocka_unit_test(test_many_rooms_are_all_found),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
