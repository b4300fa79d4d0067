/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648). */
#include "base/base64.h"

#define NO 0x80 /* a bit that no value of a character has */

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* clang-format off */
/* The values of an alphabet; above 0x7f there are none. */
static const uint8_t standard_values[128] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
};
static const uint8_t url_safe_values[128] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
};
/* clang-format on */

static inline uint32_t value_of(const uint8_t *values, char c)
{
  uint8_t byte = (uint8_t)c;

  return byte < sizeof standard_values ? values[byte] : NO;
}

/* Characters without padding; returns their number. */
static size_t encode(const uint8_t *data, size_t len, const char *alphabet,
                     char *out)
{
  char *to = out;
  size_t i = 0;

  for (; len - i >= 3; i += 3) {
    uint32_t bits = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 |
                    (uint32_t)data[i + 2];

    *to++ = alphabet[bits >> 18];
    *to++ = alphabet[bits >> 12 & 63];
    *to++ = alphabet[bits >> 6 & 63];
    *to++ = alphabet[bits & 63];
  }
  if (len - i > 0) {
    uint32_t bits = (uint32_t)data[i] << 16;

    if (len - i == 2)
      bits |= (uint32_t)data[i + 1] << 8;
    *to++ = alphabet[bits >> 18];
    *to++ = alphabet[bits >> 12 & 63];
    if (len - i == 2)
      *to++ = alphabet[bits >> 6 & 63];
  }
  return (size_t)(to - out);
}

/* The last two or three characters, which stand for one byte less; returns
 * how many bytes that is, 0 if they are refused. */
static size_t decode_rest(const uint8_t *values, const char *text, size_t len,
                          uint8_t *out)
{
  uint32_t a = value_of(values, text[0]);
  uint32_t b = value_of(values, text[1]);
  uint32_t c = len == 3 ? value_of(values, text[2]) : 0;
  uint32_t bits = a << 18 | b << 12 | c << 6;

  if (((a | b | c) & NO) != 0)
    return 0;
  if ((bits & (len == 3 ? 0xff : 0xffff)) != 0)
    return 0; /* another text would decode to the same bytes */
  out[0] = (uint8_t)(bits >> 16);
  if (len == 3)
    out[1] = (uint8_t)(bits >> 8);
  return len - 1;
}

/* Characters without padding. */
static bool decode(const uint8_t *values, const char *text, size_t len,
                   uint8_t *out, size_t *out_len)
{
  size_t written = 0;
  size_t i = 0;
  size_t rest;

  /* Four characters are read before three bytes are written, so that the
   * output may overwrite the text. */
  for (; len - i >= 4; i += 4) {
    uint32_t a = value_of(values, text[i]);
    uint32_t b = value_of(values, text[i + 1]);
    uint32_t c = value_of(values, text[i + 2]);
    uint32_t d = value_of(values, text[i + 3]);

    if (((a | b | c | d) & NO) != 0)
      return false;
    out[written++] = (uint8_t)(a << 2 | b >> 4);
    out[written++] = (uint8_t)(b << 4 | c >> 2);
    out[written++] = (uint8_t)(c << 6 | d);
  }
  if (len - i > 0) {
    rest =
        len - i > 1 ? decode_rest(values, text + i, len - i, out + written) : 0;
    if (rest == 0)
      return false;
    written += rest;
  }
  *out_len = written;
  return true;
}

size_t sio__base64_size(size_t len)
{
  return len / 3 * 4 + (len % 3 > 0 ? 4 : 0);
}

void sio__base64_encode(const uint8_t *data, size_t len, char *out)
{
  size_t at = encode(data, len, standard, out);

  while (at % 4 != 0)
    out[at++] = '=';
}

size_t sio__base64url_encode(const uint8_t *data, size_t len, char *out)
{
  return encode(data, len, url_safe, out);
}

bool sio__base64_decode(const char *text, size_t len, uint8_t *out,
                        size_t *out_len)
{
  if (len > 0 && len % 4 == 0 && text[len - 1] == '=')
    len -= text[len - 2] == '=' ? 2 : 1;
  return decode(standard_values, text, len, out, out_len);
}

bool sio__base64url_decode(const char *text, size_t len, uint8_t *out,
                           size_t *out_len)
{
  return decode(url_safe_values, text, len, out, out_len);
}
