/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include "jwt/rng.h"

static void test_a_failure_is_remembered(void **state)
{
  struct jwt_source source = {4, 1};
  struct sio__jwt_random random = {jwt_source_fill, &source, false};
  uint8_t out[4] = {0};

  (void)state;
  assert_int_equal(sio__jwt_random_fill(&random, out, 3), 0);
  assert_false(random.failed);
  assert_int_equal(sio__jwt_random_fill(&random, out, 2), SIO_ERR_RANDOM);
  assert_true(random.failed);
  assert_int_equal(sio__jwt_random_fill(&random, out, 1), 0);
  assert_true(random.failed);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_failure_is_remembered),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
