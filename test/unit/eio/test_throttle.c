/* SPDX-License-Identifier: MIT */
/* How often something may begin, of one address and of all. */
#include "support.h"

#include <sio/error.h>

#include "eio/throttle.h"

static const struct sio__hash_seed seed = {.k0 = 5, .k1 = 6};

/* Two of an address, three of all; each gets one more in a second. */
static const struct sio__guest_limits usual = {.max = 10, .handshakes = {1, 2}};
static const struct sio__rate three = {1, 3};

struct world {
  struct test_mem mem;
  struct sio__clock clock;
  struct sio__throttle throttle;
  struct sio__excess why;
};

static void begin(struct world *w, const struct sio__guest_limits *limits,
                  const struct sio__rate *rate)
{
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  sio__clock_init(&w->clock, 1000);
  sio__throttle_init(&w->throttle, &w->mem.allocator, &seed, &w->clock, limits,
                     rate);
}

static void end(struct world *w)
{
  sio__throttle_dispose(&w->throttle);
  test_mem_check(&w->mem);
}

static bool takes(struct world *w, const char *address)
{
  int rv = sio__throttle_take(&w->throttle, address, &w->why);

  assert_true(rv == 0 || rv == SIO_ERR_LIMIT);
  return rv == 0;
}

static void test_an_address_has_its_share(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &usual, &three);
  assert_true(takes(&w, "192.0.2.1"));
  assert_true(takes(&w, "192.0.2.1"));
  assert_false(takes(&w, "192.0.2.1"));
  assert_true(w.why.by_address);
  assert_int_equal(w.why.seen, 3);
  assert_int_equal(w.why.wait_ms, 1000);
  /* that was not taken from the others */
  assert_true(takes(&w, "192.0.2.2"));
  end(&w);
}

static void test_all_have_theirs(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &usual, &three);
  assert_true(takes(&w, "192.0.2.1"));
  assert_true(takes(&w, "192.0.2.2"));
  assert_true(takes(&w, "192.0.2.3"));
  assert_false(takes(&w, "192.0.2.4"));
  assert_false(w.why.by_address);
  assert_int_equal(w.why.seen, 4);
  assert_int_equal(w.why.wait_ms, 1000);
  sio__clock_expire(&w.clock, 2000);
  /* nor was it taken from the address */
  assert_true(takes(&w, "192.0.2.4"));
  assert_false(takes(&w, "192.0.2.4"));
  end(&w);
}

static void test_who_has_no_address_counts_among_all(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &usual, &three);
  for (int i = 0; i < 3; i++)
    assert_true(takes(&w, ""));
  assert_false(takes(&w, ""));
  assert_false(w.why.by_address);
  end(&w);
}

static void test_nobody_is_remembered_for_good(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &usual, &three);
  assert_true(takes(&w, "192.0.2.1"));
  assert_int_equal(w.throttle.guests.by_address.count, 1);
  sio__clock_expire(&w.clock, 1000 + 10000);
  assert_int_equal(w.throttle.guests.by_address.count, 0);
  assert_int_equal(sio__clock_deadline(&w.clock), SIO_NEVER);
  end(&w);
}

static void test_without_rates_nobody_is_remembered_at_all(void **state)
{
  const struct sio__guest_limits none = {.max = 10};
  const struct sio__rate never = {0, 0};
  struct world w;

  (void)state;
  begin(&w, &none, &never);
  for (int i = 0; i < 100; i++)
    assert_true(takes(&w, "192.0.2.1"));
  assert_int_equal(w.throttle.guests.by_address.count, 0);
  assert_int_equal(w.mem.calls, 0);
  end(&w);
}

static void test_the_log_is_told_once_in_a_second(void **state)
{
  struct world w;

  (void)state;
  begin(&w, &usual, &three);
  assert_true(sio__throttle_tells(&w.throttle));
  sio__clock_expire(&w.clock, 1999);
  assert_false(sio__throttle_tells(&w.throttle));
  sio__clock_expire(&w.clock, 2000);
  assert_true(sio__throttle_tells(&w.throttle));
  assert_false(sio__throttle_tells(&w.throttle));
  end(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_address_has_its_share),
      cmocka_unit_test(test_all_have_theirs),
      cmocka_unit_test(test_who_has_no_address_counts_among_all),
      cmocka_unit_test(test_nobody_is_remembered_for_good),
      cmocka_unit_test(test_without_rates_nobody_is_remembered_at_all),
      cmocka_unit_test(test_the_log_is_told_once_in_a_second),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
