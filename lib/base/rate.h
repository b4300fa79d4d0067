/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_RATE_H
#define SIO_BASE_RATE_H

/*
 * Token buckets.  A bucket holds up to `burst` tokens and gets `per_second`
 * more each second, one millisecond's worth at a time.
 *
 * It counts the thousandths of a token that are missing, for a rate per second
 * is as many thousandths per millisecond: nothing is ever rounded, so nothing
 * drifts.  A bucket of zeroes is full.
 */

#include <sio/types.h>

struct sio__rate {
  uint64_t per_second; /* 0: no limit at all, whatever `burst` is */
  uint64_t burst;      /* from UINT64_MAX / 1000 on, it counts as that */
};

/* As options have it: a burst of 0 is one second's worth. */
static inline struct sio__rate sio__rate_of(uint64_t per_second, uint64_t burst)
{
  struct sio__rate rate = {per_second, burst > 0 ? burst : per_second};

  return rate;
}

struct sio__bucket {
  uint64_t missing; /* thousandths of tokens, at `at_ms` */
  uint64_t at_ms;   /* of the latest change; means nothing in a full one */
};

/* A full bucket. */
static inline void sio__bucket_init(struct sio__bucket *bucket)
{
  bucket->missing = bucket->at_ms = 0;
}

/* Take `amount` tokens.  False: they are not all there, and none is taken.
 * More than the burst are never there; none always are.  A time before that of
 * the latest change counts as that time.  The rate may be another one than the
 * last time. */
bool sio__bucket_take(struct sio__bucket *bucket, const struct sio__rate *rate,
                      uint64_t amount, uint64_t now_ms);

/* How long until that would be true, if nobody takes any before: 0 now,
 * SIO_NEVER never. */
uint64_t sio__bucket_wait_ms(const struct sio__bucket *bucket,
                             const struct sio__rate *rate, uint64_t amount,
                             uint64_t now_ms);

/* How many tokens of it have been taken, and have not come in again; rounded
 * up. */
uint64_t sio__bucket_taken(const struct sio__bucket *bucket,
                           const struct sio__rate *rate, uint64_t now_ms);

/* How long until it is full; it needs not be remembered from then on. */
uint64_t sio__bucket_refill_ms(const struct sio__bucket *bucket,
                               const struct sio__rate *rate, uint64_t now_ms);

#endif
