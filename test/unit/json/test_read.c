/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "json/read.h"

static void assert_str(sio_str got, const char *want)
{
  assert_int_equal(got.len, strlen(want));
  assert_memory_equal(got.data, want, got.len);
}

static void test_arguments_are_found_by_index(void **state)
{
  static const char text[] = " 1 ,\"two\" , [3,[4]],{\"a\":{\"b\":5}} ";
  uint8_t *exact = test_exact(text, sizeof text - 1);
  struct sio_args args;

  (void)state;
  sio__document_init(&args.document, (char *)exact, sizeof text - 1, NULL);
  assert_int_equal(sio_args_count(&args), 4);
  assert_str(sio_value_json(sio_arg(&args, 0)), "1");
  assert_str(sio_value_json(sio_arg(&args, 1)), "\"two\"");
  assert_str(sio_value_json(sio_arg(&args, 2)), "[3,[4]]");
  assert_str(sio_value_json(sio_get(&args, 3, "a")), "{\"b\":5}");
  assert_int_equal(sio_value_type(sio_arg(&args, 4)), SIO_ABSENT);
  assert_int_equal(sio_value_type(sio_arg(&args, SIZE_MAX)), SIO_ABSENT);
  assert_int_equal(sio_value_type(sio_get(&args, 3, "b")), SIO_ABSENT);
  assert_int_equal(sio_value_type(sio_get(&args, 2, "a")), SIO_ABSENT);
  assert_int_equal(sio_value_type(sio_get(&args, 9, "a")), SIO_ABSENT);
  assert_str(sio_args_json(&args), text);
  assert_str(sio_value_json(sio__document_value(&args.document)), "1");
  sio__document_dispose(&args.document);
  free(exact);
}

static void test_no_arguments_are_none(void **state)
{
  struct sio_args args;

  (void)state;
  sio__document_init(&args.document, NULL, 0, NULL);
  assert_int_equal(sio_args_count(&args), 0);
  assert_int_equal(sio_value_type(sio_arg(&args, 0)), SIO_ABSENT);
  assert_int_equal(sio_value_type(sio__document_value(&args.document)),
                   SIO_ABSENT);
  assert_int_equal(sio_args_json(&args).len, 0);
  sio__document_dispose(&args.document);
}

static void test_a_string_is_resolved_once(void **state)
{
  static const char text[] = "\"a\\nb\",\"a\\nb\",\"plain\"";
  struct test_mem mem;
  struct sio_args args;
  sio_str first;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__document_init(&args.document, text, sizeof text - 1, &mem.allocator);
  assert_str(sio_value_str(sio_arg(&args, 2)), "plain");
  assert_int_equal(mem.calls, 0);
  first = sio_value_str(sio_arg(&args, 0));
  assert_str(first, "a\nb");
  assert_int_equal(mem.calls, 1);
  for (int i = 0; i < 100; i++)
    assert_ptr_equal(sio_value_str(sio_arg(&args, 0)).data, first.data);
  assert_int_equal(mem.calls, 1);
  assert_ptr_not_equal(sio_value_str(sio_arg(&args, 1)).data, first.data);
  assert_int_equal(mem.calls, 2);
  sio__document_dispose(&args.document);
  test_mem_check(&mem);
  assert_null(args.document.resolved);
}

static void test_many_strings_keep_their_texts(void **state)
{
  enum { N = 2000 };
  static char text[8 * N];
  static const char *seen[N];
  struct test_mem mem;
  struct sio_document document;
  sio_iter iter;
  sio_value value;

  (void)state;
  for (size_t i = 0; i < N; i++) { /* "\n" and a digit */
    memcpy(text + 6 * i, "\"\\n0\",", 6);
    text[6 * i + 3] = (char)('0' + i % 10);
  }
  test_mem_init(&mem, TEST_MEM_NEVER);
  memmove(text + 1, text, (size_t)6 * N);
  text[0] = '[';
  text[6 * N] = ']';
  sio__document_init(&document, text, 6 * N + 1, &mem.allocator);
  for (int round = 0; round < 2; round++) {
    iter = sio_value_iter(sio__document_value(&document));
    for (size_t i = 0; i < N; i++) {
      sio_str s;

      assert_true(sio_iter_next(&iter, NULL, &value));
      s = sio_value_str(value);
      assert_int_equal(s.len, 2);
      assert_int_equal(s.data[1], '0' + i % 10);
      if (round == 1)
        assert_ptr_equal(s.data, seen[i]);
      seen[i] = s.data;
    }
    assert_false(sio_iter_next(&iter, NULL, &value));
  }
  assert_int_equal(mem.calls, N);
  sio__document_dispose(&document);
  test_mem_check(&mem);
}

static void read_strings(struct test_mem *mem, void *user)
{
  static const char text[] = "\"\\u0041\",\"\\t\",\"\\\\\"";
  static const char *const want[] = {"A", "\t", "\\"};
  struct sio_args args;

  (void)user;
  sio__document_init(&args.document, text, sizeof text - 1, &mem->allocator);
  for (size_t i = 0; i < 3; i++) {
    bool fired = mem->fired;
    sio_str s = sio_value_str(sio_arg(&args, i));

    if (mem->fired && !fired)
      assert_null(s.data); /* this one, and the next ones are read again */
    else
      assert_str(s, want[i]);
  }
  sio__document_dispose(&args.document);
}

static void test_strings_survive_every_failed_allocation(void **state)
{
  (void)state;
  assert_int_equal(test_every_allocation(read_strings, NULL), 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arguments_are_found_by_index),
      cmocka_unit_test(test_no_arguments_are_none),
      cmocka_unit_test(test_a_string_is_resolved_once),
      cmocka_unit_test(test_many_strings_keep_their_texts),
      cmocka_unit_test(test_strings_survive_every_failed_allocation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
