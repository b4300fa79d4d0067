/* SPDX-License-Identifier: MIT */
/* Guests who come and go at random, against a model too simple to be wrong. */
#include "support.h"

#include <sio/error.h>
#include <stdio.h>

#include "eio/guests.h"

static const struct sio__hash_seed seed = {.k0 = 3, .k1 = 4};

enum { ADDRESSES = 8, OPEN_MAX = 40 };

struct model {
  uint32_t open[ADDRESSES];
  struct sio__bucket buckets[ADDRESSES];
};

static void run_model(uint32_t random, uint64_t now)
{
  const struct sio__guest_limits limits = {
      .max = 100,
      .max_sessions = test_random(&random) % 4,
      .handshakes = {test_random(&random) % 4, 1 + test_random(&random) % 5}};
  const struct sio__rate *rate = &limits.handshakes;
  struct model model = {.open = {0}};
  struct sio__guest *sessions[OPEN_MAX];
  unsigned owner[OPEN_MAX], n = 0;
  uint64_t wait_ms;
  struct sio__guests guests;
  struct test_mem mem;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__guests_init(&guests, &mem.allocator, &seed, &limits);
  for (int step = 0; step < 3000; step++) {
    unsigned at = test_random(&random) % ADDRESSES, what, busy = 0;
    bool is_full =
        limits.max_sessions > 0 && model.open[at] >= limits.max_sessions;
    char address[40];

    snprintf(address, sizeof address, at < 4 ? "10.0.0.%u" : "2001:db8:0:%x::1",
             at);
    now += test_random(&random) % 5 == 0 ? test_random(&random) % 1500 : 0;
    what = test_random(&random) % 4;
    if (what == 0) {
      int want = is_full || !sio__bucket_take(&model.buckets[at], rate, 1, now)
                     ? SIO_ERR_LIMIT
                     : 0;

      assert_int_equal(sio__guests_admit(&guests, address, now, &wait_ms),
                       want);
      assert_int_equal(
          wait_ms, want == 0 ? 0
                   : is_full
                       ? SIO_NEVER
                       : sio__bucket_wait_ms(&model.buckets[at], rate, 1, now));
    } else if (what == 1 && n < OPEN_MAX) {
      assert_int_equal(sio__guests_opened(&guests, address, &sessions[n]),
                       is_full ? SIO_ERR_LIMIT : 0);
      owner[n] = at;
      model.open[at] += !is_full;
      n += !is_full;
    } else if (what == 2 && n > 0) {
      unsigned i = test_random(&random) % n;

      sio__guests_closed(&guests, sessions[i], now);
      model.open[owner[i]]--;
      n--;
      sessions[i] = sessions[n];
      owner[i] = owner[n];
    } else if (what == 3) {
      sio__guests_sweep(&guests, now);
      for (unsigned i = 0; i < ADDRESSES; i++)
        busy += (limits.max_sessions > 0 && model.open[i] > 0) ||
                sio__bucket_refill_ms(&model.buckets[i], rate, now) > 0;
      assert_int_equal(guests.by_address.count, busy);
    }
  }
  assert_int_equal(guests.uncounted, 0);
  while (n > 0)
    sio__guests_closed(&guests, sessions[--n], now);
  sio__guests_dispose(&guests);
  test_mem_check(&mem);
}

static void test_random_visits_agree_with_the_model(void **state)
{
  (void)state;
  for (uint32_t n = 1; n <= 12; n++)
    run_model(n * 7919, n % 2 != 0 ? 0 : UINT64_C(1) << 63);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_visits_agree_with_the_model),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
