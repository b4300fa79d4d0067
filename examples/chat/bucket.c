/* SPDX-License-Identifier: MIT */
#include "bucket.h"

void bucket_init(struct bucket *bucket, uint32_t burst, uint64_t now_ms)
{
  bucket->filled_ms = now_ms;
  bucket->milli = burst * 1000;
}

bool bucket_take(struct bucket *bucket, uint32_t burst, uint32_t per_second,
                 uint64_t now_ms)
{
  /* A token per second is a thousandth of one per millisecond. */
  uint64_t milli = bucket->milli + (now_ms - bucket->filled_ms) * per_second;

  bucket->filled_ms = now_ms;
  bucket->milli = milli < burst * 1000 ? (uint32_t)milli : burst * 1000;
  if (bucket->milli < 1000)
    return false;
  bucket->milli -= 1000;
  return true;
}
