/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include <sio/jwt.h>

#include "jwt/unique.h"

static int judge(const char *text, uint32_t depth, size_t members)
{
  size_t len = strlen(text);
  uint8_t *exact = test_exact(text, len);
  struct sio_document document;
  struct test_mem mem;
  int error;

  test_mem_init(&mem, TEST_MEM_NEVER);
  error = sio__jwt_object(&document, (const char *)exact, len, depth, members,
                          &mem.allocator);
  sio__document_dispose(&document);
  test_mem_check(&mem);
  free(exact);
  return error;
}

static void test_objects_with_each_name_once_are_accepted(void **state)
{
  static const char *const right[] = {
      "{}",
      " {\"a\":1,\"b\":2,\"\":3} ",
      "{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}",
      "{\"x\":\"{\\\"a\\\":1,\\\"a\\\":2}\",\"y\":[{\"x\":1},{\"x\":2}]}",
      "{\"\\u0061\":1,\"b\":2,\"A\":3}",
      "{\"a\":\"a\",\"b\":\"a\"}",
  };

  (void)state;
  for (size_t i = 0; i < sizeof right / sizeof *right; i++)
    assert_int_equal(judge(right[i], 8, 8), 0);
}

static void test_a_name_that_comes_again_is_found(void **state)
{
  static const char *const wrong[] = {
      "{\"a\":1,\"a\":1}",
      "{\"a\":1,\"b\":2,\"a\":3}",
      "{\"\":1,\"\":2}",
      "{\"a\":1,\"\\u0061\":2}",
      "{\"\\u0061\":1,\"a\":2}",
      "{\"\\u0061\":1,\"\\u0061\":2}",
      "{\"\\\"\":1,\"\\u0022\":2}",
      "{\"x\":{\"a\":1,\"a\":2}}",
      "{\"x\":[[{\"b\":{}},{\"a\":1,\"a\":2}]]}",
      "{\"\\ud800\":1,\"\\ud801\":2}", /* which read the same */
  };

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(judge(wrong[i], 8, 8), SIO_JWT_DUPLICATE);
}

static void test_what_is_no_object_is_refused(void **state)
{
  static const char *const wrong[] = {
      "",
      "[]",
      "[{}]",
      "\"{}\"",
      "1",
      "null",
      "{",
      "{}{}",
      "{},{}",
      "{]",
      "{\"a\"}",
      "{\"a\":1,}",
      "{a:1}",
      "{'a':1}",
      "{\"a\":01}",
      "nul",
      "{\"\xff\":1}",
      "\xef\xbb\xbf{}",
  };

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(judge(wrong[i], 8, 8), SIO_ERR_JSON);
}

static void test_depth_and_members_have_limits(void **state)
{
  (void)state;
  assert_int_equal(judge("{\"a\":[[1]]}", 3, 1), 0);
  assert_int_equal(judge("{\"a\":[[1]]}", 2, 1), SIO_JWT_TOO_DEEP);
  assert_int_equal(judge("{\"a\":1,\"b\":2}", 3, 2), 0);
  assert_int_equal(judge("{\"a\":1,\"b\":2}", 3, 1), SIO_JWT_TOO_DEEP);
  assert_int_equal(judge("{\"a\":{\"b\":2,\"c\":3}}", 3, 1), SIO_JWT_TOO_DEEP);
}

static void body(struct test_mem *mem, void *user)
{
  static const char text[] = "{\"\\u0061\":1,\"\\u0062\":{\"\\u0063\":2}}";
  struct sio_document document;
  int error =
      sio__jwt_object(&document, text, sizeof text - 1, 8, 8, &mem->allocator);

  (void)user;
  assert_int_equal(error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__document_dispose(&document);
}

static void test_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_int_equal(test_every_allocation(body, NULL), 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_objects_with_each_name_once_are_accepted),
      cmocka_unit_test(test_a_name_that_comes_again_is_found),
      cmocka_unit_test(test_what_is_no_object_is_refused),
      cmocka_unit_test(test_depth_and_members_have_limits),
      cmocka_unit_test(test_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
