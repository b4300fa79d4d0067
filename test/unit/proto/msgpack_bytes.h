/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_MSGPACK_BYTES_H
#define SIO_TEST_MSGPACK_BYTES_H

/* MessagePack in tests: pairs of hexadecimal digits, and text in single
 * quotes: "a5'hello' c3". */

#include "support.h"

#include <stdlib.h>

#include <sio/types.h>

static inline unsigned hex_digit(char c)
{
  return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* In a block of exactly their size, which the caller frees. */
static inline uint8_t *bytes_of(const char *text, size_t *len)
{
  uint8_t *all = malloc(strlen(text) + 1);
  uint8_t *exact;
  bool quoted = false;

  assert_non_null(all);
  *len = 0;
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      quoted = !quoted;
    } else if (quoted) {
      all[(*len)++] = (uint8_t)*text;
    } else if (*text != ' ') {
      all[(*len)++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
      text++;
    }
  }
  exact = test_exact(all, *len);
  free(all);
  return exact;
}

/* Fail if the bytes are not what `want` says. */
static inline void expect_bytes(const uint8_t *got, size_t len,
                                const char *want, const char *of)
{
  size_t want_len;
  uint8_t *bytes = bytes_of(want, &want_len);

  if (len != want_len || (len > 0 && memcmp(got, bytes, len) != 0)) {
    for (size_t i = 0; i < len && i < 64; i++)
      print_error("%02x ", got[i]);
    fail_msg("(%zu bytes) instead of %s, from %.64s", len, want, of);
  }
  free(bytes);
}

#endif
