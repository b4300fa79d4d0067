/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629). */
#include "base/utf8.h"

#include <assert.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_tail(uint8_t byte)
{
  return (byte & 0xc0) == 0x80;
}

/* Bytes of plain ASCII at the start, found eight at a time; a few more may
 * follow. */
static size_t skip_ascii(const uint8_t *data, size_t len)
{
  size_t i = 0;
  uint64_t word;

  while (len - i >= sizeof word) {
    memcpy(&word, data + i, sizeof word);
    if ((word & HIGH_BITS) != 0)
      break;
    i += sizeof word;
  }
  return i;
}

/* Three bytes that begin with e0..ef. */
static bool is_three(const uint8_t *p)
{
  if (!is_tail(p[1]) || !is_tail(p[2]))
    return false;
  if (p[0] == 0xe0)
    return p[1] >= 0xa0;              /* below, a shorter form exists */
  return p[0] != 0xed || p[1] < 0xa0; /* above are the surrogates */
}

/* Four bytes that begin with f0..ff. */
static bool is_four(const uint8_t *p)
{
  if (p[0] > 0xf4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
    return false;
  if (p[0] == 0xf0)
    return p[1] >= 0x90;              /* below, a shorter form exists */
  return p[0] != 0xf4 || p[1] < 0x90; /* nothing above U+10FFFF */
}

bool sio__utf8_is_valid(const uint8_t *data, size_t len)
{
  size_t i = 0;

  while (i < len) {
    size_t n;

    i += skip_ascii(data + i, len - i);
    while (i < len && data[i] < 0x80)
      i++;
    while (i < len && data[i] >= 0x80) {
      n = sio__utf8_sequence(data + i, len - i);
      if (n == 0)
        return false;
      i += n;
    }
  }
  return true;
}

size_t sio__utf8_sequence(const uint8_t *data, size_t len)
{
  uint8_t first = len > 0 ? data[0] : 0xff;

  if (first < 0x80)
    return 1;
  if (first < 0xc2 || len < 2) /* 80..bf continue, c0 and c1 are too long */
    return 0;
  if (first < 0xe0)
    return is_tail(data[1]) ? 2 : 0;
  if (first < 0xf0)
    return len >= 3 && is_three(data) ? 3 : 0;
  return len >= 4 && is_four(data) ? 4 : 0;
}

size_t sio__utf8_encode(uint32_t code_point, uint8_t out[4])
{
  assert(code_point <= 0x10ffff);
  if (code_point < 0x80) {
    out[0] = (uint8_t)code_point;
    return 1;
  }
  if (code_point < 0x800) {
    out[0] = (uint8_t)(0xc0 | code_point >> 6);
    out[1] = (uint8_t)(0x80 | (code_point & 0x3f));
    return 2;
  }
  if (code_point < 0x10000) {
    out[0] = (uint8_t)(0xe0 | code_point >> 12);
    out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code_point & 0x3f));
    return 3;
  }
  out[0] = (uint8_t)(0xf0 | code_point >> 18);
  out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3f));
  out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3f));
  out[3] = (uint8_t)(0x80 | (code_point & 0x3f));
  return 4;
}
