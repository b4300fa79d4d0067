/* SPDX-License-Identifier: MIT */
/* Token buckets. */
#include "base/rate.h"

enum { PARTS = 1000 }; /* of a token, and milliseconds in a second */

/* What a bucket holds, in thousandths. */
static uint64_t capacity(const struct sio__rate *rate)
{
  const uint64_t most = UINT64_MAX / PARTS;

  return (rate->burst < most ? rate->burst : most) * PARTS;
}

static uint64_t missing_at(const struct sio__bucket *bucket,
                           const struct sio__rate *rate, uint64_t now_ms)
{
  uint64_t elapsed = now_ms > bucket->at_ms ? now_ms - bucket->at_ms : 0;

  if (bucket->missing == 0 || elapsed > bucket->missing / rate->per_second)
    return 0;
  return bucket->missing - elapsed * rate->per_second;
}

/* How many thousandths may be missing for `amount` to be there, if it can be
 * at all. */
static bool find_slack(const struct sio__rate *rate, uint64_t amount,
                       uint64_t *slack)
{
  uint64_t all = capacity(rate);

  if (amount > all / PARTS)
    return false;
  *slack = all - amount * PARTS;
  return true;
}

/* The time that `parts` take to come in, rounded up. */
static uint64_t time_for(const struct sio__rate *rate, uint64_t parts)
{
  return parts / rate->per_second + (parts % rate->per_second > 0);
}

bool sio__bucket_take(struct sio__bucket *bucket, const struct sio__rate *rate,
                      uint64_t amount, uint64_t now_ms)
{
  uint64_t slack, missing;

  if (rate->per_second == 0 || amount == 0)
    return true;
  missing = missing_at(bucket, rate, now_ms);
  if (!find_slack(rate, amount, &slack) || missing > slack)
    return false;
  bucket->missing = missing + amount * PARTS;
  if (now_ms > bucket->at_ms)
    bucket->at_ms = now_ms;
  return true;
}

uint64_t sio__bucket_wait_ms(const struct sio__bucket *bucket,
                             const struct sio__rate *rate, uint64_t amount,
                             uint64_t now_ms)
{
  uint64_t slack, missing;

  if (rate->per_second == 0 || amount == 0)
    return 0;
  if (!find_slack(rate, amount, &slack))
    return SIO_NEVER;
  missing = missing_at(bucket, rate, now_ms);
  return missing > slack ? time_for(rate, missing - slack) : 0;
}

uint64_t sio__bucket_taken(const struct sio__bucket *bucket,
                           const struct sio__rate *rate, uint64_t now_ms)
{
  uint64_t missing =
      rate->per_second > 0 ? missing_at(bucket, rate, now_ms) : 0;

  return missing / PARTS + (missing % PARTS > 0);
}

uint64_t sio__bucket_refill_ms(const struct sio__bucket *bucket,
                               const struct sio__rate *rate, uint64_t now_ms)
{
  if (rate->per_second == 0)
    return 0;
  return time_for(rate, missing_at(bucket, rate, now_ms));
}
