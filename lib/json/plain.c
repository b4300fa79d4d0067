/* SPDX-License-Identifier: MIT */
/* The run of bytes in a string that stand for themselves. */
#include "json/plain.h"

#include "base/utf8.h"

/* High bits of the bytes that are not printable ASCII, or quote or backslash.
 * The subtractions borrow only from bytes behind one that is marked. */
static uint64_t special(uint64_t word)
{
  uint64_t quote = (word ^ (SIO__WORD_ONES * '"')) - SIO__WORD_ONES;
  uint64_t slash = (word ^ (SIO__WORD_ONES * '\\')) - SIO__WORD_ONES;
  uint64_t control = word - SIO__WORD_ONES * 0x20;

  return (word | control | quote | slash) & SIO__WORD_HIGH;
}

static bool is_special(uint8_t byte)
{
  return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
}

static inline const char *ascii_end(const char *at, const char *end)
{
  while (end - at >= 8) {
    uint64_t marks = special(sio__word_load(at));

    if (marks != 0)
      return at + sio__word_first(marks);
    at += 8;
  }
  while (at < end && !is_special((uint8_t)*at))
    at++;
  return at;
}

static bool continues(uint8_t byte)
{
  return (byte & 0xC0) == 0x80;
}

/* Length of the sequence at `at`, 0 if malformed.  What most scripts use is
 * decided here: two bytes, and three without E0 (overlong forms) and ED
 * (surrogates). */
static size_t sequence(const uint8_t *at, size_t len)
{
  if (len >= 2 && at[0] >= 0xC2 && at[0] <= 0xDF && continues(at[1]))
    return 2;
  if (len >= 3 && at[0] >= 0xE1 && at[0] <= 0xEF && at[0] != 0xED &&
      continues(at[1]) && continues(at[2]))
    return 3;
  return sio__utf8_sequence(at, len);
}

/* From the first byte that is not ASCII. */
static const char *mixed_end(const char *at, const char *end)
{
  while (at < end && (uint8_t)*at >= 0x80) {
    do {
      size_t len = sequence((const uint8_t *)at, (size_t)(end - at));

      if (len == 0)
        return at;
      at += len;
    } while (at < end && (uint8_t)*at >= 0x80);
    at = ascii_end(at, end);
  }
  return at;
}

const char *sio__json_plain_end(const char *at, const char *end)
{
  at = ascii_end(at, end);
  if (at == end || (uint8_t)*at < 0x80)
    return at; /* most strings; kept apart so that they cost no more */
  return mixed_end(at, end);
}
