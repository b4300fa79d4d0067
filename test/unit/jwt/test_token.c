/* SPDX-License-Identifier: MIT */
#include "jwt_world.h"

#include <stdlib.h>

#include "jwt/token.h"

static void test_three_parts_make_a_token(void **state)
{
  struct sio__jwt_parts parts;

  (void)state;
  assert_true(sio__jwt_split(sio_s("ab.c.def"), &parts));
  assert_true(sio_str_is(parts.header, "ab"));
  assert_true(sio_str_is(parts.claims, "c"));
  assert_true(sio_str_is(parts.signature, "def"));
  assert_true(sio_str_is(parts.text, "ab.c"));
  assert_true(sio__jwt_split(sio_s("a.b."), &parts));
  assert_int_equal(parts.signature.len, 0);
}

static void test_other_numbers_of_parts_make_none(void **state)
{
  static const char *const wrong[] = {
      "",     ".",   "..", "...",    "a",       "a.b",      ".a.b",
      "a..b", "..a", "a.", "a.b.c.", "a.b.c.d", "a.b.c.d.e"};
  struct sio__jwt_parts parts;

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    size_t len = strlen(wrong[i]);
    uint8_t *exact = test_exact(wrong[i], len);

    assert_false(sio__jwt_split((sio_str){(const char *)exact, len}, &parts));
    free(exact);
  }
}

static void test_a_token_can_outlive_keys_and_text(void **state)
{
  char *text = jwt_forge("{\"alg\":\"HS256\"}",
                         "{\"sub\":\"ann\",\"jti\":\"\\u0031\",\"exp\":1000001,"
                         "\"iat\":999999.5,\"deep\":{\"a\":[true]}}");
  struct test_mem mem;
  sio_jwt_keys *keys;
  sio_jwt_options options = jwt_lenient();
  sio_jwt *jwt;
  bool is_true;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  keys = jwt_one_secret(&mem.allocator);
  assert_int_equal(sio_jwt_verify(keys, sio_s(text), &options, &jwt), 0);
  sio_jwt_keys_release(keys);
  free(text);

  assert_ptr_equal(sio_jwt_retain(jwt), jwt);
  sio_jwt_release(jwt);
  assert_true(sio_str_is(sio_jwt_subject(jwt), "ann"));
  assert_true(sio_str_is(sio_jwt_id(jwt), "1"));
  assert_int_equal(sio_jwt_expires_s(jwt), 1000001);
  assert_int_equal(sio_jwt_issued_s(jwt), 1000000);
  assert_null(sio_jwt_token(jwt).data);
  assert_true(sio_str_is(
      sio_value_str(sio_value_member(sio_jwt_header(jwt), "alg")), "HS256"));
  assert_int_equal(
      sio_value_bool(
          sio_value_at(sio_value_member(
                           sio_value_member(sio_jwt_claims(jwt), "deep"), "a"),
                       0),
          &is_true),
      0);
  assert_true(is_true);
  sio_jwt_release(jwt);
  sio_jwt_release(NULL);
  test_mem_check(&mem);
}

static void test_what_is_not_claimed_is_told(void **state)
{
  char *text = jwt_forge("{\"alg\":\"HS256\"}", "{\"exp\":1e15}");
  char *bare = jwt_forge("{\"alg\":\"HS256\"}", "{\"iat\":-7}");
  sio_jwt_keys *keys = jwt_one_secret(NULL);
  sio_jwt_options options = jwt_lenient();
  sio_jwt *jwt;

  (void)state;
  assert_int_equal(sio_jwt_verify(keys, sio_s(text), &options, &jwt), 0);
  assert_null(sio_jwt_subject(jwt).data);
  assert_null(sio_jwt_id(jwt).data);
  assert_int_equal(sio_jwt_expires_s(jwt), UINT64_C(1000000000000000));
  assert_int_equal(sio_jwt_issued_s(jwt), 0);
  sio_jwt_release(jwt);
  assert_int_equal(sio_jwt_verify(keys, sio_s(bare), &options, &jwt), 0);
  assert_true(sio_jwt_expires_s(jwt) == SIO_NEVER);
  assert_int_equal(sio_jwt_issued_s(jwt), 0);
  sio_jwt_release(jwt);
  sio_jwt_keys_release(keys);
  free(text);
  free(bare);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_three_parts_make_a_token),
      cmocka_unit_test(test_other_numbers_of_parts_make_none),
      cmocka_unit_test(test_a_token_can_outlive_keys_and_text),
      cmocka_unit_test(test_what_is_not_claimed_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
