/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_SUPPORT_H
#define SIO_TEST_SUPPORT_H

/* What all unit tests use: cmocka, and an allocator that counts and fails. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sio/types.h>

/* An allocator that counts what is alive and can refuse one request. */
struct test_mem {
  sio_allocator allocator; /* its user_data is this struct */
  size_t live_blocks;
  size_t live_bytes;
  size_t calls;      /* allocations asked for so far */
  size_t fail_at;    /* refuse the call with this number, counted from 0 */
  bool fail_forever; /* and all later ones */
  bool fired;
};

#define TEST_MEM_NEVER SIZE_MAX

/* fail_at TEST_MEM_NEVER: refuse nothing. */
void test_mem_init(struct test_mem *mem, size_t fail_at);

/* Fail the test if anything is still allocated. */
void test_mem_check(const struct test_mem *mem);

/* A copy of `len` bytes in a heap block of exactly that size, so that a
 * sanitizer sees the first byte read beyond it. */
uint8_t *test_exact(const void *data, size_t len);

/* A repeatable pseudo-random number (xorshift); *state must not be 0. */
uint32_t test_random(uint32_t *state);

/* Whether pools keep anything at all in this build (SIO_NO_POOLS). */
bool test_is_pooling(void);

/* Run `body` with the 0th, 1st, 2nd ... allocation failing, until it runs
 * through without a refusal.  After each run nothing may be allocated.
 * Returns the number of runs. */
size_t test_every_allocation(void (*body)(struct test_mem *mem, void *user),
                             void *user);

#endif
