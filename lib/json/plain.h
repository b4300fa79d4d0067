/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_PLAIN_H
#define SIO_JSON_PLAIN_H

/* Eight bytes of text at a time, and the part of a string that needs neither
 * escaping nor unescaping. */

#include <sio/types.h>

#define SIO__WORD_ONES UINT64_C(0x0101010101010101)
#define SIO__WORD_HIGH UINT64_C(0x8080808080808080)

/* Eight bytes, the first one lowest; compilers make one load of it. */
static inline uint64_t sio__word_load(const char *at)
{
  const uint8_t *b = (const uint8_t *)at;

  return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 |
         (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 |
         (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

/* The high bit of each byte that equals `byte`.  Bytes behind the first one
 * marked may be marked wrongly. */
static inline uint64_t sio__word_equal(uint64_t word, uint8_t byte)
{
  uint64_t x = word ^ (SIO__WORD_ONES * byte);

  return (x - SIO__WORD_ONES) & ~x & SIO__WORD_HIGH;
}

/* Index of the first byte marked by its high bit; `marks` is not 0. */
static inline size_t sio__word_first(uint64_t marks)
{
  uint64_t below = (marks - 1) & ~marks;

  return (size_t)((((below & SIO__WORD_ONES) * SIO__WORD_ONES) >> 56) - 1);
}

/* The first byte at or after `at` that is a control character, a quote, a
 * backslash, or not well-formed UTF-8; `end` if there is none. */
const char *sio__json_plain_end(const char *at, const char *end);

#endif
