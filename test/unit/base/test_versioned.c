/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/versioned.h"

#include <stdlib.h>

struct thing {
  size_t size;
  uint64_t a, b;
};

static const struct thing defaults = {0, 7, 8};

static void test_callers_of_every_length_get_their_defaults(void **state)
{
  (void)state;
  for (size_t size = sizeof(size_t); size <= 5 * sizeof(size_t); size += 8) {
    uint64_t *block = malloc(size);

    assert_non_null(block);
    memset(block, 0xff, size);
    sio__versioned_init(block, size, &defaults, sizeof defaults);
    assert_int_equal(block[0], size);
    for (size_t i = 1; i < size / 8; i++)
      assert_int_equal(block[i], i == 1 ? 7 : i == 2 ? 8 : 0);
    sio__versioned_init(block, size, NULL, 0);
    assert_int_equal(block[0], size);
    for (size_t i = 1; i < size / 8; i++)
      assert_int_equal(block[i], 0);
    free(block);
  }
}

static void test_what_has_no_room_for_its_size_is_left_alone(void **state)
{
  struct thing thing = {1, 2, 3};

  (void)state;
  sio__versioned_init(&thing, sizeof(size_t) - 1, &defaults, sizeof defaults);
  assert_int_equal(thing.size, 1);
  sio__versioned_init(NULL, sizeof thing, &defaults, sizeof defaults);
}

static void test_what_is_given_is_completed(void **state)
{
  const uint64_t shorter[] = {16, 1}, longer[] = {40, 1, 2, 3, 4};
  struct thing out;

  (void)state;
  sio__versioned_complete(&out, NULL, &defaults, sizeof out);
  assert_true(out.size == sizeof out && out.a == 7 && out.b == 8);
  sio__versioned_complete(&out, shorter, &defaults, sizeof out);
  assert_true(out.size == sizeof out && out.a == 1 && out.b == 8);
  sio__versioned_complete(&out, longer, &defaults, sizeof out);
  assert_true(out.size == sizeof out && out.a == 1 && out.b == 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_callers_of_every_length_get_their_defaults),
      cmocka_unit_test(test_what_has_no_room_for_its_size_is_left_alone),
      cmocka_unit_test(test_what_is_given_is_completed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
