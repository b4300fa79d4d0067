/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <sio/error.h>

#include "base/mem.h"
#include "base/random.h"

/* The same code a second time, under other names and with an entropy source
 * that fails when it is told to. */
static bool entropy_fails;

static int told_entropy(void *context, unsigned char *out, size_t len)
{
  return entropy_fails ? MBEDTLS_ERR_ENTROPY_SOURCE_FAILED
                       : mbedtls_entropy_func(context, out, len);
}

struct sio__random *told_new(const sio_allocator *mem);
void told_free(struct sio__random *random);
int told_fill(void *user, uint8_t *out, size_t len);

#define sio__random_new      told_new
#define sio__random_free     told_free
#define sio__random_fill     told_fill
#define mbedtls_entropy_func told_entropy
#include "base/random.c"
#undef sio__random_new
#undef sio__random_free
#undef sio__random_fill
#undef mbedtls_entropy_func

static void test_every_length_is_filled_exactly(void **state)
{
  static const size_t lens[] = {0, 1, 15, 1023, 1024, 1025, 5000};
  struct test_mem mem;
  struct sio__random *random;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  random = sio__random_new(&mem.allocator);
  assert_non_null(random);
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    uint8_t *out = calloc(1, lens[i]); /* a sanitizer sees one too many */

    assert_int_equal(sio__random_fill(random, out, lens[i]), 0);
    free(out);
  }
  sio__random_free(random);
  test_mem_check(&mem);
}

static void test_bytes_do_not_repeat(void **state)
{
  struct test_mem mem;
  struct sio__random *random;
  uint8_t seen[3][4096];
  size_t counts[256] = {0};

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (size_t i = 0; i < 3; i += 2) { /* two draws of one, one of another */
    random = sio__random_new(&mem.allocator);
    assert_non_null(random);
    assert_int_equal(sio__random_fill(random, seen[i], sizeof seen[i]), 0);
    if (i == 0)
      assert_int_equal(sio__random_fill(random, seen[1], sizeof seen[1]), 0);
    sio__random_free(random);
  }
  assert_memory_not_equal(seen[0], seen[1], 16);
  assert_memory_not_equal(seen[0], seen[2], 16);
  assert_memory_not_equal(seen[1], seen[2], 16);
  for (size_t i = 0; i < sizeof seen[0]; i++)
    counts[seen[0][i]]++;
  for (size_t i = 0; i < 256; i++) /* 16 each; 80 would be 16 sigma */
    assert_true(counts[i] < 80);
  for (size_t at = 0; at < sizeof seen[0]; at += 1024) /* no part is left out */
    assert_memory_not_equal(seen[0] + at, seen[0] + (at + 1024) % 4096, 1024);
  test_mem_check(&mem);
}

static void test_without_memory_there_is_no_source(void **state)
{
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, 0);
  assert_null(sio__random_new(&mem.allocator));
  sio__random_free(NULL);
  test_mem_check(&mem);
}

static void test_without_entropy_there_is_no_source(void **state)
{
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  entropy_fails = true;
  assert_null(told_new(&mem.allocator));
  assert_int_equal(mem.calls, 1);
  test_mem_check(&mem);
  entropy_fails = false;
}

static void test_a_source_that_cannot_be_seeded_again_fails(void **state)
{
  struct test_mem mem;
  struct sio__random *random;
  uint8_t out[16];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  random = told_new(&mem.allocator);
  assert_non_null(random);
  mbedtls_ctr_drbg_set_reseed_interval(&random->drbg, 1);
  entropy_fails = true;
  assert_int_equal(told_fill(random, out, sizeof out), 0);
  assert_int_equal(told_fill(random, out, sizeof out), SIO_ERR_RANDOM);
  entropy_fails = false;
  assert_int_equal(told_fill(random, out, sizeof out), 0);
  told_free(random);
  test_mem_check(&mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_length_is_filled_exactly),
      cmocka_unit_test(test_bytes_do_not_repeat),
      cmocka_unit_test(test_without_memory_there_is_no_source),
      cmocka_unit_test(test_without_entropy_there_is_no_source),
      cmocka_unit_test(test_a_source_that_cannot_be_seeded_again_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
