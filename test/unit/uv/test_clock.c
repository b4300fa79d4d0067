/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/uv.h>

#include <uv.h>

static void test_the_clock_is_that_of_libuv_in_microseconds(void **state)
{
  uint64_t before = uv_hrtime() / 1000, now = sio_uv_clock_us(NULL);

  (void)state;
  assert_true(now >= before);
  assert_true(uv_hrtime() / 1000 >= now);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_clock_is_that_of_libuv_in_microseconds),
  };

  return cmocka_run_group_tests_name("uv/clock", tests, NULL, NULL);
}
