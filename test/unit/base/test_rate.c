/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/rate.h"

static const struct sio__rate ten_of_five = {.per_second = 10, .burst = 5};
static const struct sio__rate unlimited = {.per_second = 0, .burst = 3};

static void test_a_bucket_is_small(void **state)
{
  (void)state;
  assert_true(sizeof(struct sio__bucket) <= 16);
}

static void test_a_new_bucket_is_full(void **state)
{
  static const uint64_t times[] = {0, 1, UINT64_MAX - 1, UINT64_MAX};

  (void)state;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    struct sio__bucket bucket;

    sio__bucket_init(&bucket);
    assert_int_equal(sio__bucket_refill_ms(&bucket, &ten_of_five, times[i]), 0);
    assert_true(sio__bucket_take(&bucket, &ten_of_five, 4, times[i]));
    assert_true(sio__bucket_take(&bucket, &ten_of_five, 1, times[i]));
    assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, times[i]));
    assert_int_equal(sio__bucket_refill_ms(&bucket, &ten_of_five, times[i]),
                     500);
  }
}

static void test_tokens_come_back_to_the_millisecond(void **state)
{
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 5, 1000));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &ten_of_five, 1, 1000), 100);
  assert_int_equal(sio__bucket_wait_ms(&bucket, &ten_of_five, 1, 1099), 1);
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, 1099));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &ten_of_five, 1, 1100), 0);
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 1, 1100));
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, 1199));
  assert_int_equal(sio__bucket_refill_ms(&bucket, &ten_of_five, 1199), 401);
  assert_int_equal(sio__bucket_refill_ms(&bucket, &ten_of_five, 1600), 0);
  /* No more than the burst, however long nobody takes any. */
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 6, 1000000));
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 5, 1000000));
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, 1000000));
}

static void test_a_wait_is_rounded_up(void **state)
{
  static const struct sio__rate seven = {.per_second = 7, .burst = 1};
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_true(sio__bucket_take(&bucket, &seven, 1, 0));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &seven, 1, 0), 143);
  assert_false(sio__bucket_take(&bucket, &seven, 1, 142));
  assert_true(sio__bucket_take(&bucket, &seven, 1, 143));
}

static void test_no_rate_is_no_limit(void **state)
{
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  for (int i = 0; i < 3; i++)
    assert_true(sio__bucket_take(&bucket, &unlimited, UINT64_MAX, 5));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &unlimited, UINT64_MAX, 5), 0);
  assert_int_equal(sio__bucket_refill_ms(&bucket, &unlimited, 5), 0);
  assert_int_equal(sio__bucket_refill_ms(&bucket, &ten_of_five, 5), 0);
}

static void test_more_than_the_burst_never_passes(void **state)
{
  static const struct sio__rate none = {.per_second = 1000, .burst = 0};
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 6, 0));
  assert_false(sio__bucket_take(&bucket, &ten_of_five, UINT64_MAX, UINT64_MAX));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &ten_of_five, 6, 0), SIO_NEVER);
  assert_false(sio__bucket_take(&bucket, &none, 1, UINT64_MAX));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &none, 1, 0), SIO_NEVER);
  assert_true(sio__bucket_take(&bucket, &none, 0, 0));
  /* A refusal takes nothing. */
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 5, 0));
}

static void test_nothing_is_always_there(void **state)
{
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 5, 9));
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 0, 9));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &ten_of_five, 0, 9), 0);
  assert_int_equal(sio__bucket_refill_ms(&bucket, &ten_of_five, 9), 500);
}

static void test_time_that_goes_back_stands_still(void **state)
{
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 5, 1000));
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, 0));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &ten_of_five, 1, 0), 100);
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 1, 1100));
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, 1100));
  /* What is taken in the past does not come back twice. */
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 4, 9000));
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 1, 0));
  assert_false(sio__bucket_take(&bucket, &ten_of_five, 1, 9000));
}

static void test_the_largest_numbers_do_not_overflow(void **state)
{
  const uint64_t most = UINT64_MAX / 1000;
  const struct sio__rate huge = {.per_second = UINT64_MAX, .burst = UINT64_MAX};
  const struct sio__rate slow = {.per_second = 1, .burst = UINT64_MAX};
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_false(sio__bucket_take(&bucket, &huge, most + 1, 0));
  assert_true(sio__bucket_take(&bucket, &huge, most, 0));
  assert_false(sio__bucket_take(&bucket, &huge, 1, 0));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &huge, most, 0), 1);
  assert_true(sio__bucket_take(&bucket, &huge, most, 1));
  assert_true(sio__bucket_take(&bucket, &huge, most, UINT64_MAX));

  sio__bucket_init(&bucket);
  assert_true(sio__bucket_take(&bucket, &slow, most, 0));
  assert_int_equal(sio__bucket_refill_ms(&bucket, &slow, 0), most * 1000);
  assert_int_equal(sio__bucket_wait_ms(&bucket, &slow, most, 0), most * 1000);
  assert_false(sio__bucket_take(&bucket, &slow, most, most * 1000 - 1));
  assert_true(sio__bucket_take(&bucket, &slow, most, most * 1000));
  assert_int_equal(sio__bucket_refill_ms(&bucket, &slow, UINT64_MAX),
                   most * 1000 - (UINT64_MAX - most * 1000));
}

static void test_the_rate_may_change(void **state)
{
  static const struct sio__rate smaller = {.per_second = 1, .burst = 2};
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 5, 0));
  assert_int_equal(sio__bucket_wait_ms(&bucket, &smaller, 1, 0), 4000);
  assert_false(sio__bucket_take(&bucket, &smaller, 1, 3999));
  assert_true(sio__bucket_take(&bucket, &smaller, 1, 4000));
  assert_true(sio__bucket_take(&bucket, &ten_of_five, 3, 4000));
}

/* Adds up the thousandths millisecond by millisecond. */
struct model {
  uint64_t level, now;
};

static void model_wait(struct model *model, const struct sio__rate *rate,
                       uint64_t ms)
{
  for (; ms > 0; ms--) {
    model->level += rate->per_second;
    if (model->level > rate->burst * 1000)
      model->level = rate->burst * 1000;
    model->now++;
  }
}

static uint64_t model_wait_for(const struct model *model,
                               const struct sio__rate *rate, uint64_t amount)
{
  struct model then = *model;

  if (amount > rate->burst)
    return SIO_NEVER;
  while (then.level < amount * 1000)
    model_wait(&then, rate, 1);
  return then.now - model->now;
}

static void run_model(uint32_t random, uint64_t start)
{
  const struct sio__rate rate = {.per_second = 1 + test_random(&random) % 5000,
                                 .burst = 1 + test_random(&random) % 40};
  struct model model = {.level = rate.burst * 1000, .now = start};
  struct sio__bucket bucket;
  unsigned passed = 0;

  sio__bucket_init(&bucket);
  for (int step = 0; step < 3000; step++) {
    uint64_t amount = test_random(&random) % (rate.burst + 2);
    bool passes = model.level >= amount * 1000;

    assert_int_equal(sio__bucket_wait_ms(&bucket, &rate, amount, model.now),
                     model_wait_for(&model, &rate, amount));
    assert_int_equal(sio__bucket_refill_ms(&bucket, &rate, model.now),
                     model_wait_for(&model, &rate, rate.burst));
    assert_int_equal(sio__bucket_take(&bucket, &rate, amount, model.now),
                     passes);
    if (passes)
      model.level -= amount * 1000;
    passed += passes;
    if (test_random(&random) % 3 == 0)
      model_wait(&model, &rate,
                 test_random(&random) %
                     (rate.burst * 1000 / rate.per_second + 3));
  }
  assert_true(passed > 0);
}

static void test_random_takes_agree_with_the_model(void **state)
{
  (void)state;
  for (uint32_t n = 1; n <= 10; n++) {
    run_model(n * 7919, 0);
    run_model(n * 7919, UINT64_C(1) << 62);
  }
}

static void test_what_was_taken_is_told_in_whole_tokens(void **state)
{
  static const struct sio__rate rate = {.per_second = 10, .burst = 5};
  struct sio__bucket bucket;

  (void)state;
  sio__bucket_init(&bucket);
  assert_int_equal(sio__bucket_taken(&bucket, &rate, 7), 0);
  assert_true(sio__bucket_take(&bucket, &rate, 5, 7));
  assert_int_equal(sio__bucket_taken(&bucket, &rate, 7), 5);
  assert_int_equal(sio__bucket_taken(&bucket, &rate, 8), 5); /* 4.99 */
  assert_int_equal(sio__bucket_taken(&bucket, &rate, 107), 4);
  assert_int_equal(sio__bucket_taken(&bucket, &rate, 507), 0);
  assert_int_equal(sio__bucket_taken(&bucket, &unlimited, 7), 0);
}

static void test_a_burst_that_is_not_given_is_one_second(void **state)
{
  (void)state;
  assert_int_equal(sio__rate_of(7, 0).burst, 7);
  assert_int_equal(sio__rate_of(7, 3).burst, 3);
  assert_int_equal(sio__rate_of(7, 3).per_second, 7);
  assert_int_equal(sio__rate_of(0, 0).per_second, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_bucket_is_small),
      cmocka_unit_test(test_a_new_bucket_is_full),
      cmocka_unit_test(test_tokens_come_back_to_the_millisecond),
      cmocka_unit_test(test_a_wait_is_rounded_up),
      cmocka_unit_test(test_no_rate_is_no_limit),
      cmocka_unit_test(test_more_than_the_burst_never_passes),
      cmocka_unit_test(test_nothing_is_always_there),
      cmocka_unit_test(test_time_that_goes_back_stands_still),
      cmocka_unit_test(test_the_largest_numbers_do_not_overflow),
      cmocka_unit_test(test_the_rate_may_change),
      cmocka_unit_test(test_random_takes_agree_with_the_model),
      cmocka_unit_test(test_what_was_taken_is_told_in_whole_tokens),
      cmocka_unit_test(test_a_burst_that_is_not_given_is_one_second),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
