/* SPDX-License-Identifier: MIT */
/* Headers of frames, and the mask of a client's payload. */
#include "ws/frame.h"

enum { BIT_FIN = 0x80, BIT_MASK = 0x80, LEN_16 = 126, LEN_64 = 127 };

static uint64_t read_big_endian(const uint8_t *p, size_t n)
{
  uint64_t value = 0;

  for (size_t i = 0; i < n; i++)
    value = value << 8 | p[i];
  return value;
}

bool sio__ws_header_read(const uint8_t *data, size_t len,
                         struct sio__ws_header *out)
{
  size_t extended;
  size_t size;
  uint8_t short_len;

  if (len < 2)
    return false;
  short_len = data[1] & 0x7f;
  extended = short_len == LEN_64 ? 8 : short_len == LEN_16 ? 2 : 0;
  out->masked = (data[1] & BIT_MASK) != 0;
  size = 2 + extended + (out->masked ? sizeof out->mask : 0);
  if (len < size)
    return false;

  out->opcode = data[0] & 0x0f;
  out->rsv = data[0] >> 4 & 0x07;
  out->fin = (data[0] & BIT_FIN) != 0;
  out->len = extended > 0 ? read_big_endian(data + 2, extended) : short_len;
  if (out->masked)
    memcpy(out->mask, data + 2 + extended, sizeof out->mask);
  else
    memset(out->mask, 0, sizeof out->mask);
  out->size = (uint8_t)size;
  return true;
}

size_t sio__ws_header_write(uint8_t out[SIO__WS_SERVER_HEADER_MAX],
                            enum sio__ws_opcode opcode, uint64_t len)
{
  size_t size = sio__ws_header_size(len);

  out[0] = (uint8_t)(BIT_FIN | opcode);
  if (size == 2) {
    out[1] = (uint8_t)len;
    return size;
  }
  out[1] = size == 4 ? LEN_16 : LEN_64;
  for (size_t i = size; i > 2; i--) {
    out[i - 1] = (uint8_t)len;
    len >>= 8;
  }
  return size;
}

void sio__ws_unmask(uint8_t *data, size_t len, const uint8_t mask[4],
                    uint64_t offset)
{
  uint8_t turned[8]; /* the mask as it lies over data[0..7] */
  uint64_t mask_word;
  size_t i = 0;

  for (size_t k = 0; k < sizeof turned; k++)
    turned[k] = mask[(offset + k) & 3];
  memcpy(&mask_word, turned, sizeof mask_word);

  for (; len - i >= sizeof mask_word; i += sizeof mask_word) {
    uint64_t word;

    memcpy(&word, data + i, sizeof word);
    word ^= mask_word;
    memcpy(data + i, &word, sizeof word);
  }
  for (; i < len; i++)
    data[i] ^= turned[i & 7];
}
