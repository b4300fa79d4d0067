/* SPDX-License-Identifier: MIT */
/* CORS: its options, and copies of them. */
#include "cors_world.h"

#include <sio/error.h>

static void test_what_is_not_possible_is_named(void **state)
{
  sio_cors_options good, bad;

  (void)state;
  sio_cors_options_init(&good);
  assert_null(sio__cors_problem(&good));
  assert_null(sio__cors_problem(NULL));

#define EXPECT_BAD(field, wrong)                                               \
  (bad = good, bad.field = (wrong),                                            \
   assert_string_equal(sio__cors_problem(&bad), "cors." #field))
#define EXPECT_GOOD(field, right)                                              \
  (bad = good, bad.field = (right), assert_null(sio__cors_problem(&bad)))

  EXPECT_BAD(size, 0);
  EXPECT_BAD(size, sizeof(size_t) - 1);
  EXPECT_BAD(credentials, 2);
  EXPECT_GOOD(credentials, 1);
  EXPECT_BAD(success_status, 199);
  EXPECT_BAD(success_status, 300);
  EXPECT_GOOD(success_status, 200);
  EXPECT_GOOD(success_status, 299);
  EXPECT_BAD(methods, NULL);
  EXPECT_BAD(methods, "");
  EXPECT_BAD(methods, " ");
  EXPECT_BAD(methods, "GET,");
  EXPECT_BAD(methods, ",GET");
  EXPECT_BAD(methods, "GET,,PUT");
  EXPECT_BAD(methods, "GET, ,PUT");
  EXPECT_BAD(methods, "GET PUT");
  EXPECT_BAD(methods, "GET;PUT");
  EXPECT_BAD(methods, "GET\r\nX: 1");
  EXPECT_BAD(methods, "GET\n");
  EXPECT_GOOD(methods, "GET");
  EXPECT_GOOD(methods, " GET\t, PUT ");
  EXPECT_GOOD(methods, "*");
  EXPECT_BAD(allowed_headers, "X-A, X B");
  EXPECT_BAD(allowed_headers, "X-A\r\n");
  EXPECT_BAD(allowed_headers, ",");
  EXPECT_GOOD(allowed_headers, "");
  EXPECT_GOOD(allowed_headers, "X-A, X-B");
  EXPECT_BAD(exposed_headers, "X-A\x7f");
  EXPECT_BAD(exposed_headers, "X-\xc3\xa4");
  EXPECT_GOOD(exposed_headers, "");
  EXPECT_GOOD(exposed_headers, "*");
  EXPECT_BAD(max_age_s, -2);
  EXPECT_BAD(max_age_s, INT64_MIN);
  EXPECT_GOOD(max_age_s, 0);
#undef EXPECT_BAD
#undef EXPECT_GOOD
}

static void test_a_rule_that_is_not_possible_is_named(void **state)
{
  static const char *const good[] = {"http://a", "http://b*", "null"};
  static const char *const hole[] = {"http://a", NULL};
  static const char *const nothing[] = {"http://a", ""};
  static const char *const line[] = {"http://a", "http://b\r\nX: 1"};
  static const struct {
    sio_origin_rule rule;
    bool possible;
  } cases[] = {
      {{SIO_ORIGIN_ANY, NULL, 0}, true},
      {{SIO_ORIGIN_ANY, hole, 2}, true}, /* it is not looked at */
      {{SIO_ORIGIN_REFLECT, NULL, SIZE_MAX}, true},
      {{SIO_ORIGIN_OFF, NULL, 1}, true},
      {{SIO_ORIGIN_OFF + 1, NULL, 0}, false},
      {{UINT32_MAX, NULL, 0}, false},
      {{SIO_ORIGIN_FIXED, good, 1}, true},
      {{SIO_ORIGIN_FIXED, good, 0}, false},
      {{SIO_ORIGIN_FIXED, NULL, 1}, false},
      {{SIO_ORIGIN_FIXED, line + 1, 1}, false},
      {{SIO_ORIGIN_FIXED, nothing + 1, 1}, false},
      {{SIO_ORIGIN_FIXED, hole + 1, 1}, false},
      {{SIO_ORIGIN_LIST, good, 3}, true},
      {{SIO_ORIGIN_LIST, NULL, 0}, true}, /* it matches nobody */
      {{SIO_ORIGIN_LIST, NULL, 1}, false},
      {{SIO_ORIGIN_LIST, hole, 2}, false},
      {{SIO_ORIGIN_LIST, nothing, 2}, false},
      {{SIO_ORIGIN_LIST, line, 2}, false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio_cors_options options;
    const char *problem;

    sio_cors_options_init(&options);
    options.origin = cases[i].rule;
    for (int asks = 0; asks < 2; asks++) { /* a callback does not excuse it */
      options.decide = asks ? decide : NULL;
      problem = sio__cors_problem(&options);
      if (cases[i].possible)
        assert_null(problem);
      else
        assert_string_equal(problem, "cors.origin");
    }
  }
}

static void test_defaults_fill_as_much_as_there_is(void **state)
{
  sio_cors_options whole;

  (void)state;
  sio_cors_options_init_sized(NULL, sizeof whole);
  sio_cors_options_init(&whole);
  for (size_t size = 0; size <= sizeof whole + 16; size++) {
    uint8_t before[sizeof whole + 16];
    uint8_t *block;

    memset(before, 0xab, sizeof before);
    block = test_exact(before, size);
    sio_cors_options_init_sized((void *)block, size);
    if (size < sizeof whole.size) {
      assert_true(size == 0 || memcmp(block, before, size) == 0);
    } else {
      size_t known = size < sizeof whole ? size : sizeof whole;

      assert_memory_equal(block, &size, sizeof size);
      assert_memory_equal(block + sizeof size, (uint8_t *)&whole + sizeof size,
                          known - sizeof size);
      for (size_t i = known; i < size; i++)
        assert_int_equal(block[i], 0);
    }
    free(block);
  }
}

static void test_an_older_caller_gets_the_defaults_of_the_rest(void **state)
{
  sio_cors_options whole, *copy;
  size_t size = offsetof(sio_cors_options, allowed_headers);
  uint8_t *older;

  (void)state;
  sio_cors_options_init(&whole);
  whole.size = size;
  whole.methods = "GET";
  older = test_exact(&whole, size);
  assert_null(sio__cors_problem((void *)older));
  assert_int_equal(sio__cors_copy((void *)older, &sio__mem_default, &copy), 0);
  assert_int_equal(copy->size, sizeof *copy);
  assert_string_equal(copy->methods, "GET");
  assert_null(copy->allowed_headers);
  assert_int_equal(copy->max_age_s, -1);
  sio__cors_free(copy, &sio__mem_default);
  free(older);
}

static void test_a_newer_caller_is_understood_as_far_as_known(void **state)
{
  struct {
    sio_cors_options options;
    uint64_t later;
  } newer;
  sio_cors_options *copy;

  (void)state;
  sio_cors_options_init_sized(&newer.options, sizeof newer);
  assert_int_equal(newer.later, 0);
  newer.later = UINT64_MAX;
  newer.options.credentials = 1;
  assert_null(sio__cors_problem(&newer.options));
  assert_int_equal(sio__cors_copy(&newer.options, &sio__mem_default, &copy), 0);
  assert_int_equal(copy->size, sizeof *copy);
  assert_int_equal(copy->credentials, 1);
  sio__cors_free(copy, &sio__mem_default);
}

static void test_a_copy_needs_nothing_of_the_host(void **state)
{
  char one[] = "http://one", two[] = "http://two", methods[] = "GET",
       allowed[] = "X-A", exposed[] = "X-B";
  const char *list[] = {one, two, NULL};
  sio_cors_options options = with_rule(SIO_ORIGIN_LIST, list), *copy;
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  options.methods = methods;
  options.allowed_headers = allowed;
  options.exposed_headers = exposed;
  options.decide = decide;
  options.decide_user = &mem;
  assert_int_equal(sio__cors_copy(&options, &mem.allocator, &copy), 0);
  one[0] = two[0] = methods[0] = allowed[0] = exposed[0] = '?';
  list[0] = list[1] = NULL;
  assert_int_equal(copy->origin.kind, SIO_ORIGIN_LIST);
  assert_int_equal(copy->origin.n_list, 2);
  assert_string_equal(copy->origin.list[0], "http://one");
  assert_string_equal(copy->origin.list[1], "http://two");
  assert_string_equal(copy->methods, "GET");
  assert_string_equal(copy->allowed_headers, "X-A");
  assert_string_equal(copy->exposed_headers, "X-B");
  assert_true(copy->decide == decide);
  assert_ptr_equal(copy->decide_user, &mem);
  assert_int_equal(mem.live_blocks, 1);
  sio__cors_free(copy, &mem.allocator);
  test_mem_check(&mem);
}

static void test_a_list_that_is_not_looked_at_is_not_copied(void **state)
{
  sio_cors_options options, *copy;

  (void)state;
  sio_cors_options_init(&options);
  options.origin.list = (const char *const *)(uintptr_t)8; /* not to be read */
  options.origin.n_list = SIZE_MAX;
  assert_int_equal(sio__cors_copy(&options, &sio__mem_default, &copy), 0);
  assert_null(copy->origin.list);
  assert_int_equal(copy->origin.n_list, 0);
  sio__cors_free(copy, &sio__mem_default);
}

static void test_no_options_are_no_copy(void **state)
{
  struct test_mem mem;
  sio_cors_options options, *copy = &options;

  (void)state;
  test_mem_init(&mem, 0);
  assert_int_equal(sio__cors_copy(NULL, &mem.allocator, &copy), 0);
  assert_null(copy);
  sio__cors_free(copy, &mem.allocator);
  assert_int_equal(mem.calls, 0);
}

static void copy_and_apply(struct test_mem *mem, void *user)
{
  static const char *const list[] = {"http://a", "http://b:*", NULL};
  struct sio__http_head head = from("OPTIONS", "http://b:8080", "X-A, X-B");
  sio_cors_options options = with_rule(SIO_ORIGIN_LIST, list);
  sio_cors_options *copy = &options;
  struct sio_headers out;
  bool allowed;
  int rv;

  (void)user;
  options.credentials = 1;
  options.max_age_s = 5;
  options.exposed_headers = "X-C";
  rv = sio__cors_copy(&options, &mem->allocator, &copy);
  assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
  if (rv == 0) {
    sio__fields_init(&out, &mem->allocator);
    assert_int_equal(sio__cors_apply(copy, &head, &out, &allowed),
                     CORS_PREFLIGHT);
    assert_int_equal(out.lines.error, mem->fired ? SIO_ERR_NOMEM : 0);
    assert_true(allowed);
    sio__fields_dispose(&out);
  } else {
    assert_null(copy);
  }
  sio__cors_free(copy, &mem->allocator);
  sio__http_head_free(&head, &sio__mem_default);
}

static void test_out_of_memory_is_an_error(void **state)
{
  (void)state;
  assert_true(test_every_allocation(copy_and_apply, NULL) > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_not_possible_is_named),
      cmocka_unit_test(test_a_rule_that_is_not_possible_is_named),
      cmocka_unit_test(test_defaults_fill_as_much_as_there_is),
      cmocka_unit_test(test_an_older_caller_gets_the_defaults_of_the_rest),
      cmocka_unit_test(test_a_newer_caller_is_understood_as_far_as_known),
      cmocka_unit_test(test_a_copy_needs_nothing_of_the_host),
      cmocka_unit_test(test_a_list_that_is_not_looked_at_is_not_copied),
      cmocka_unit_test(test_no_options_are_no_copy),
      cmocka_unit_test(test_out_of_memory_is_an_error),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
