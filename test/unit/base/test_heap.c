/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/heap.h"

enum { MANY = 500, ROUNDS = 20000 };

static struct sio__heap heap;
static struct sio__heap_node nodes[MANY];

static void begin(void)
{
  sio__heap_init(&heap);
  for (size_t i = 0; i < MANY; i++)
    sio__heap_node_init(&nodes[i]);
}

static void test_an_empty_heap_has_no_top(void **state)
{
  (void)state;
  begin();
  assert_null(heap.top);
  assert_false(sio__heap_has(&heap, &nodes[0]));
  sio__heap_remove(&heap, &nodes[0]);
  assert_null(heap.top);
}

static void test_the_least_key_is_on_top(void **state)
{
  static const uint64_t keys[] = {7, 3, 9, 3, UINT64_MAX, 0, 8};
  static const uint64_t sorted[] = {0, 3, 3, 7, 8, 9, UINT64_MAX};

  (void)state;
  begin();
  for (size_t i = 0; i < 7; i++)
    sio__heap_insert(&heap, &nodes[i], keys[i]);
  for (size_t i = 0; i < 7; i++) {
    struct sio__heap_node *top = heap.top;

    assert_non_null(top);
    assert_int_equal(top->key, sorted[i]);
    sio__heap_remove(&heap, top);
    assert_false(sio__heap_has(&heap, top));
  }
  assert_null(heap.top);
}

static uint64_t least(void)
{
  uint64_t key = UINT64_MAX;

  for (size_t i = 0; i < MANY; i++) {
    if (sio__heap_has(&heap, &nodes[i]) && nodes[i].key < key)
      key = nodes[i].key;
  }
  return key;
}

static void test_any_node_may_be_taken_out(void **state)
{
  bool in[MANY] = {false};
  uint32_t random = 1;
  size_t n = 0;

  (void)state;
  begin();
  for (size_t round = 0; round < ROUNDS; round++) {
    size_t i = test_random(&random) % MANY;

    assert_int_equal(sio__heap_has(&heap, &nodes[i]), in[i]);
    if (in[i]) {
      sio__heap_remove(&heap, &nodes[i]);
      n--;
    } else {
      sio__heap_insert(&heap, &nodes[i], test_random(&random) % 100);
      n++;
    }
    in[i] = !in[i];
    assert_int_equal(heap.top != NULL, n > 0);
    if (n > 0)
      assert_int_equal(heap.top->key, least());
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_empty_heap_has_no_top),
      cmocka_unit_test(test_the_least_key_is_on_top),
      cmocka_unit_test(test_any_node_may_be_taken_out),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
