/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/trust.h"

static void test_lists_are_checked(void **state)
{
  static const char *const right[] = {"", " ", "unix", "10.0.0.0/8",
                                      "10.0.0.0/8, ::1,192.0.2.7 unix\n"};
  static const char *const wrong[] = {"proxy", "10.0.0.1/8", "unix,x",
                                      "10.0.0.0/8;::1", "10.0.0.0 / 8"};

  (void)state;
  for (size_t i = 0; i < sizeof right / sizeof *right; i++)
    assert_true(sio__trust_is_list(right[i]));
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(sio__trust_is_list(wrong[i]));
}

static void test_a_header_is_a_token_in_lower_case(void **state)
{
  (void)state;
  assert_true(sio__trust_is_header("x-real-ip"));
  assert_true(sio__trust_is_header("forwarded"));
  assert_false(sio__trust_is_header(""));
  assert_false(sio__trust_is_header("X-Real-IP"));
  assert_false(sio__trust_is_header("x real ip"));
  assert_false(sio__trust_is_header("x-real-ip:"));
}

static void test_peers_are_trusted_by_address(void **state)
{
  struct sio__trust *trust;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  trust = sio__trust_new("10.0.0.0/8 fe80::/10", "forwarded", &mem.allocator);
  assert_non_null(trust);
  assert_string_equal(trust->header, "forwarded");
  assert_true(sio__trust_has_peer(trust, "10.1.2.3"));
  assert_true(sio__trust_has_peer(trust, "::ffff:10.1.2.3"));
  assert_true(sio__trust_has_peer(trust, "fe80::1%eth0"));
  assert_false(sio__trust_has_peer(trust, "192.0.2.7"));
  assert_false(sio__trust_has_peer(trust, "10.1.2.3.example"));
  assert_false(sio__trust_has_peer(trust, "somewhere"));
  assert_false(sio__trust_has_peer(trust, ""));
  sio__trust_free(trust);
  test_mem_check(&mem);
}

static void test_peers_without_an_address_are_trusted_by_name(void **state)
{
  struct sio__trust *trust;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  trust = sio__trust_new("Unix", "x-real-ip", &mem.allocator);
  assert_non_null(trust);
  assert_true(sio__trust_has_peer(trust, ""));
  assert_false(sio__trust_has_peer(trust, "127.0.0.1"));
  sio__trust_free(trust);
  sio__trust_free(NULL);
  test_mem_check(&mem);
  test_mem_init(&mem, 0);
  assert_null(sio__trust_new("", "x-real-ip", &mem.allocator));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lists_are_checked),
      cmocka_unit_test(test_a_header_is_a_token_in_lower_case),
      cmocka_unit_test(test_peers_are_trusted_by_address),
      cmocka_unit_test(test_peers_without_an_address_are_trusted_by_name),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
