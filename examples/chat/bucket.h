/* SPDX-License-Identifier: MIT */
#ifndef CHAT_BUCKET_H
#define CHAT_BUCKET_H

/* A token bucket: so many at once, and so many per second in the long run. */

#include <stdbool.h>
#include <stdint.h>

struct bucket {
  uint64_t filled_ms; /* when it was last topped up */
  uint32_t milli;     /* thousandths of a token that are left */
};

/* A full one. */
void bucket_init(struct bucket *bucket, uint32_t burst, uint64_t now_ms);

/* Take one token; false: there is none left. */
bool bucket_take(struct bucket *bucket, uint32_t burst, uint32_t per_second,
                 uint64_t now_ms);

#endif
