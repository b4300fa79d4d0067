/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "ws/closing.h"

static void test_codes_are_valid_in_the_ranges_of_the_protocol(void **state)
{
  static const struct {
    uint16_t first, last;
  } valid[] = {{1000, 1003}, {1007, 1014}, {3000, 4999}};

  (void)state;
  for (uint32_t code = 0; code <= UINT16_MAX; code++) {
    bool want = false;

    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
      want = want || (code >= valid[i].first && code <= valid[i].last);
    assert_int_equal(sio__ws_code_is_valid((uint16_t)code), want);
  }
}

static void test_codes_that_the_library_sends_are_valid(void **state)
{
  (void)state;
  assert_true(sio__ws_code_is_valid(WS_CODE_PROTOCOL));
  assert_true(sio__ws_code_is_valid(WS_CODE_TEXT));
  assert_true(sio__ws_code_is_valid(WS_CODE_POLICY));
  assert_true(sio__ws_code_is_valid(WS_CODE_SIZE));
  assert_true(sio__ws_code_is_valid(WS_CODE_INTERNAL));
  assert_false(sio__ws_code_is_valid(WS_CODE_NONE));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_codes_are_valid_in_the_ranges_of_the_protocol),
      cmocka_unit_test(test_codes_that_the_library_sends_are_valid),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
