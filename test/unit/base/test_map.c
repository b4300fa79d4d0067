/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "base/map.h"

struct entry {
  struct sio__map_node node; /* first: a node is its entry */
  uint32_t key;
  bool in_map;
  bool seen;
};

enum { ENTRIES = 1000 };

static const struct sio__hash_seed seed = {1, 2};

static uint64_t hash_of(uint32_t key)
{
  return sio__hash(&seed, &key, sizeof key);
}

static void insert(struct sio__map *map, struct entry *entry)
{
  sio__map_insert(map, &entry->node, hash_of(entry->key));
  entry->in_map = true;
}

static void take_out(struct sio__map *map, struct entry *entry)
{
  sio__map_remove(map, &entry->node);
  entry->in_map = false;
}

static struct entry *find(const struct sio__map *map, uint32_t key)
{
  struct sio__map_node *node = sio__map_first(map, hash_of(key));

  while (node != NULL && ((struct entry *)node)->key != key)
    node = sio__map_next(node);
  return (struct entry *)node;
}

static struct entry *make(size_t n)
{
  struct entry *entries = calloc(n, sizeof *entries);

  assert_non_null(entries);
  for (size_t i = 0; i < n; i++)
    entries[i].key = (uint32_t)i;
  return entries;
}

/* Finding and the buckets must have exactly the entries that are in. */
static void check(const struct sio__map *map, struct entry *entries, size_t n)
{
  size_t count = 0;
  const struct sio__map_node *node;

  for (size_t i = 0; i < n; i++) {
    entries[i].seen = false;
    assert_ptr_equal(find(map, entries[i].key),
                     entries[i].in_map ? &entries[i] : NULL);
  }
  for (size_t i = 0; i <= map->mask; i++) {
    for (node = map->buckets[i]; node != NULL; node = node->next) {
      struct entry *entry = (struct entry *)(uintptr_t)node;

      assert_true(entry->in_map);
      assert_false(entry->seen);
      entry->seen = true;
      count++;
    }
  }
  assert_int_equal(count, map->count);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(entries[i].seen, entries[i].in_map);
}

static void test_the_hash_is_siphash_1_3(void **state)
{
  /* The key and messages of the SipHash paper's appendix, 00 01 02 ...; the
   * values are those of an implementation that gives the paper's result when
   * it runs as SipHash-2-4. */
  static const struct {
    size_t len;
    uint64_t want;
  } rows[] = {
      {0, 0xabac0158050fc4dc},  {1, 0xc9f49bf37d57ca93},
      {7, 0xd3927d989bb11140},  {8, 0x369095118d299a8e},
      {9, 0x25a48eb36c063de4},  {15, 0xd320d86d2a519956},
      {16, 0xcc4fdd1a7d908b66}, {17, 0x9cf2689063dbd80c},
      {63, 0x9d199062b7bbb3a8},
  };
  static const struct sio__hash_seed key = {0x0706050403020100,
                                            0x0f0e0d0c0b0a0908};
  static const struct sio__hash_seed none = {0, 0};
  uint8_t bytes[64];

  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)i;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t *exact = test_exact(bytes, rows[i].len);

    assert_true(sio__hash(&key, exact, rows[i].len) == rows[i].want);
    free(exact);
  }
  /* what Python 3.11 answers to hash("chat") with PYTHONHASHSEED=0 */
  assert_true(sio__hash(&none, "chat", 4) == 0x530dccc8e24f4e99);
  assert_true(sio__hash(&none, "a longer message!", 17) == 0x2576756ba21dccc1);
}

static void test_each_half_of_the_seed_changes_the_hash(void **state)
{
  static const struct sio__hash_seed a = {1, 2};
  static const struct sio__hash_seed b = {1, 3};
  static const struct sio__hash_seed c = {0, 2};

  (void)state;
  assert_true(sio__hash(&a, "x", 1) == sio__hash(&a, "x", 1));
  assert_true(sio__hash(&a, "x", 1) != sio__hash(&b, "x", 1));
  assert_true(sio__hash(&a, "x", 1) != sio__hash(&c, "x", 1));
  assert_true(sio__hash(&a, "x", 1) != sio__hash(&a, "x\0", 2));
  assert_true(sio__hash(&a, NULL, 0) == sio__hash(&a, "", 0));
}

static void test_an_empty_map_has_nothing(void **state)
{
  struct test_mem mem;
  struct sio__map map;

  (void)state;
  test_mem_init(&mem, 0);
  sio__map_init(&map, &mem.allocator);
  assert_null(sio__map_any(&map));
  assert_null(sio__map_first(&map, 0));
  sio__map_dispose(&map);
  assert_int_equal(mem.calls, 0);
}

static void test_a_map_of_one_allocates_nothing(void **state)
{
  struct test_mem mem;
  struct sio__map map;
  struct entry *entries = make(2);

  (void)state;
  test_mem_init(&mem, 0);
  sio__map_init(&map, &mem.allocator);
  insert(&map, &entries[0]);
  check(&map, entries, 2);
  assert_ptr_equal(sio__map_any(&map), &entries[0].node);
  take_out(&map, &entries[0]);
  check(&map, entries, 2);
  assert_int_equal(mem.calls, 0);
  sio__map_dispose(&map);
  free(entries);
}

static void fill_and_empty(struct sio__map *map)
{
  struct entry *entries = make(ENTRIES);
  struct sio__map_node *node;
  size_t left = ENTRIES;

  for (size_t i = 0; i < ENTRIES; i++)
    insert(map, &entries[i]);
  check(map, entries, ENTRIES);
  for (size_t i = 0; i < ENTRIES; i += 3)
    take_out(map, &entries[i]);
  check(map, entries, ENTRIES);
  for (size_t i = 0; i < ENTRIES; i += 3)
    insert(map, &entries[i]);
  while ((node = sio__map_any(map)) != NULL) {
    take_out(map, (struct entry *)node);
    left--;
  }
  assert_int_equal(left, 0);
  check(map, entries, ENTRIES);
  free(entries);
}

static void test_what_goes_in_is_found_and_comes_out(void **state)
{
  struct test_mem mem;
  struct sio__map map;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__map_init(&map, &mem.allocator);
  fill_and_empty(&map);
  assert_true(mem.calls > 4 && mem.calls < 20);
  assert_int_equal(mem.live_blocks, 0); /* emptied, it gives the table back */
  fill_and_empty(&map);
  sio__map_dispose(&map);
  test_mem_check(&mem);
}

static void test_there_are_never_fewer_buckets_than_nodes(void **state)
{
  struct test_mem mem;
  struct sio__map map;
  struct entry *entries = make(ENTRIES);

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__map_init(&map, &mem.allocator);
  for (size_t i = 0; i < ENTRIES; i++) {
    insert(&map, &entries[i]);
    assert_true(map.mask + 1 >= map.count);
  }
  sio__map_dispose(&map);
  test_mem_check(&mem);
  free(entries);
}

static void test_a_small_table_is_kept_for_reuse(void **state)
{
  struct test_mem mem;
  struct sio__map map;
  struct entry *entries = make(5);

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__map_init(&map, &mem.allocator);
  for (size_t round = 0; round < 10; round++) {
    for (size_t i = 0; i < 5; i++)
      insert(&map, &entries[i]);
    for (size_t i = 0; i < 5; i++)
      take_out(&map, &entries[i]);
  }
  assert_int_equal(mem.calls, 1);
  sio__map_dispose(&map);
  test_mem_check(&mem);
  free(entries);
}

static void test_nodes_of_equal_hash_coexist(void **state)
{
  struct test_mem mem;
  struct sio__map map;
  struct entry *entries = make(20);
  struct sio__map_node *node;
  size_t found = 0;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__map_init(&map, &mem.allocator);
  /* two hashes that share a bucket at every size that is reached here */
  for (size_t i = 0; i < 20; i++)
    sio__map_insert(&map, &entries[i].node, i % 2 == 0 ? 5 : 5 + (1U << 20));
  for (node = sio__map_first(&map, 5); node != NULL; node = sio__map_next(node))
    found += ((struct entry *)node)->key % 2 == 0 ? 1 : 100;
  assert_int_equal(found, 10);
  for (size_t i = 0; i < 20; i += 2)
    sio__map_remove(&map, &entries[i].node);
  assert_null(sio__map_first(&map, 5));
  assert_non_null(sio__map_first(&map, 5 + (1U << 20)));
  assert_int_equal(map.count, 10);
  sio__map_dispose(&map);
  test_mem_check(&mem);
  free(entries);
}

static void test_removing_a_stranger_changes_nothing(void **state)
{
  struct test_mem mem;
  struct sio__map map;
  struct entry *entries = make(2);

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__map_init(&map, &mem.allocator);
  insert(&map, &entries[0]);
  entries[1].node.hash = hash_of(1);
  sio__map_remove(&map, &entries[1].node);
  assert_int_equal(map.count, 1);
  check(&map, entries, 2);
  sio__map_dispose(&map);
  free(entries);
}

static void use_without_memory(struct test_mem *mem, void *user)
{
  struct sio__map map;

  (void)user;
  sio__map_init(&map, &mem->allocator);
  fill_and_empty(&map);
  sio__map_dispose(&map);
}

static void test_a_map_that_cannot_grow_still_works(void **state)
{
  struct test_mem mem;

  (void)state;
  assert_true(test_every_allocation(use_without_memory, NULL) > 4);
  test_mem_init(&mem, 2);
  mem.fail_forever = true;
  use_without_memory(&mem, NULL);
  assert_true(mem.fired);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_hash_is_siphash_1_3),
      cmocka_unit_test(test_each_half_of_the_seed_changes_the_hash),
      cmocka_unit_test(test_an_empty_map_has_nothing),
      cmocka_unit_test(test_a_map_of_one_allocates_nothing),
      cmocka_unit_test(test_what_goes_in_is_found_and_comes_out),
      cmocka_unit_test(test_there_are_never_fewer_buckets_than_nodes),
      cmocka_unit_test(test_a_small_table_is_kept_for_reuse),
      cmocka_unit_test(test_nodes_of_equal_hash_coexist),
      cmocka_unit_test(test_removing_a_stranger_changes_nothing),
      cmocka_unit_test(test_a_map_that_cannot_grow_still_works),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
