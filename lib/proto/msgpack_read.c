/* SPDX-License-Identifier: MIT */
/*
 * Reading MessagePack.  An item is its first byte, a big-endian number (a
 * value, a length or a count) and, by kind, payload:
 *
 *   | first | number: 0, 1, 2, 4, 8 bytes | extension: type | payload |
 */
#include "proto/msgpack_read.h"

/* What the bytes c0 to df begin.  `fixed`: `bytes` is the length itself. */
static const struct format {
  uint8_t kind;
  uint8_t bytes; /* of the number */
  bool fixed;
} formats[32] = {
    {MSGPACK_NIL, 0, false},   {MSGPACK_RESERVED, 0, false},
    {MSGPACK_FALSE, 0, false}, {MSGPACK_TRUE, 0, false},
    {MSGPACK_BIN, 1, false},   {MSGPACK_BIN, 2, false},
    {MSGPACK_BIN, 4, false},   {MSGPACK_EXT, 1, false},
    {MSGPACK_EXT, 2, false},   {MSGPACK_EXT, 4, false},
    {MSGPACK_FLOAT, 4, false}, {MSGPACK_FLOAT, 8, false},
    {MSGPACK_UINT, 1, false},  {MSGPACK_UINT, 2, false},
    {MSGPACK_UINT, 4, false},  {MSGPACK_UINT, 8, false},
    {MSGPACK_INT, 1, false},   {MSGPACK_INT, 2, false},
    {MSGPACK_INT, 4, false},   {MSGPACK_INT, 8, false},
    {MSGPACK_EXT, 1, true},    {MSGPACK_EXT, 2, true},
    {MSGPACK_EXT, 4, true},    {MSGPACK_EXT, 8, true},
    {MSGPACK_EXT, 16, true},   {MSGPACK_STR, 1, false},
    {MSGPACK_STR, 2, false},   {MSGPACK_STR, 4, false},
    {MSGPACK_ARRAY, 2, false}, {MSGPACK_ARRAY, 4, false},
    {MSGPACK_MAP, 2, false},   {MSGPACK_MAP, 4, false},
};

static uint64_t big_endian(const uint8_t *at, size_t n)
{
  uint64_t number = 0;

  while (n-- > 0)
    number = number << 8 | *at++;
  return number;
}

static int64_t to_signed(uint64_t bits)
{
  int64_t number;

  memcpy(&number, &bits, sizeof number);
  return number;
}

static double to_double(uint64_t bits, size_t bytes)
{
  uint32_t half = (uint32_t)bits;
  float single;
  double number;

  if (bytes == 4) {
    memcpy(&single, &half, sizeof single);
    return single;
  }
  memcpy(&number, &bits, sizeof number);
  return number;
}

static void set_signed(struct sio__msgpack_item *out, uint64_t bits,
                       size_t bytes)
{
  uint64_t sign = UINT64_C(1) << (bytes * 8 - 1);

  out->number.u = (bits ^ sign) - sign; /* sign-extended */
  out->kind = (bits & sign) != 0 ? MSGPACK_INT : MSGPACK_UINT;
  if (out->kind == MSGPACK_INT)
    out->number.i = to_signed(out->number.u);
}

/* The type of an extension and its payload.  Those of type 0 are what
 * JavaScript has and MessagePack has not. */
static const uint8_t *read_ext(const uint8_t *at, const uint8_t *end,
                               uint64_t len, bool fixed,
                               struct sio__msgpack_item *out)
{
  size_t left = (size_t)(end - at);

  if (left == 0 || len > left - 1)
    return NULL;
  out->ext = (int8_t)(*at < 0x80 ? *at : *at - 0x100);
  out->data = at + 1;
  out->len = (size_t)len;
  if (out->ext == 0 && !fixed) {
    out->kind = MSGPACK_BIN;
  } else if (out->ext == 0 && len == 1) {
    out->kind = MSGPACK_UNDEFINED;
  } else if (out->ext == 0 && len == 8) {
    out->kind = MSGPACK_DATE;
    out->number.i = to_signed(big_endian(out->data, 8));
  }
  return out->data + out->len;
}

static const uint8_t *read_container(const uint8_t *at, const uint8_t *end,
                                     uint64_t n, struct sio__msgpack_item *out)
{
  size_t left = (size_t)(end - at); /* an item has one byte at least */

  if (n > (out->kind == MSGPACK_MAP ? left / 2 : left))
    return NULL;
  out->len = (size_t)n;
  return at;
}

/* What stands behind the first byte and the number. */
static const uint8_t *read_rest(const uint8_t *at, const uint8_t *end,
                                struct format format, uint64_t number,
                                struct sio__msgpack_item *out)
{
  out->kind = (enum sio__msgpack_kind)format.kind;
  switch (format.kind) {
  case MSGPACK_RESERVED:
    return NULL;
  case MSGPACK_UINT:
    out->number.u = number;
    return at;
  case MSGPACK_INT:
    set_signed(out, number, format.bytes);
    return at;
  case MSGPACK_FLOAT:
    out->number.d = to_double(number, format.bytes);
    return at;
  case MSGPACK_STR:
  case MSGPACK_BIN:
    if (number > (size_t)(end - at))
      return NULL;
    out->data = at;
    out->len = (size_t)number;
    return at + out->len;
  case MSGPACK_EXT:
    return read_ext(at, end, number, format.fixed, out);
  case MSGPACK_ARRAY:
  case MSGPACK_MAP:
    return read_container(at, end, number, out);
  default: /* nil and the booleans */
    return at;
  }
}

/* Items that have their number in the first byte: 00 to bf, e0 to ff. */
static uint64_t split(uint8_t first, struct format *format)
{
  *format = (struct format){MSGPACK_STR, 0, true};
  if (first >= 0xa0 && first < 0xc0)
    return first & 0x1f;
  format->kind = MSGPACK_ARRAY;
  if (first >= 0x90 && first < 0xa0)
    return first & 0x0f;
  format->kind = MSGPACK_MAP;
  if (first >= 0x80 && first < 0x90)
    return first & 0x0f;
  format->kind = first < 0x80 ? MSGPACK_UINT : MSGPACK_INT;
  format->bytes = 1;
  return first;
}

const uint8_t *sio__msgpack_read(const uint8_t *at, const uint8_t *end,
                                 struct sio__msgpack_item *out)
{
  struct format format;
  uint64_t number;
  uint8_t first;

  if (at == end)
    return NULL;
  first = *at++;
  if (first < 0xc0 || first > 0xdf) {
    number = split(first, &format);
    return read_rest(at, end, format, number, out);
  }
  format = formats[first - 0xc0];
  number = format.bytes;
  if (!format.fixed) {
    if (format.bytes > end - at)
      return NULL;
    number = big_endian(at, format.bytes);
    at += format.bytes;
  }
  return read_rest(at, end, format, number, out);
}

const uint8_t *sio__msgpack_skip(const uint8_t *at, const uint8_t *end)
{
  struct sio__msgpack_item item;
  size_t due = 1; /* items; never more than bytes, so it cannot overflow */

  do {
    at = sio__msgpack_read(at, end, &item);
    if (at == NULL)
      return NULL;
    due--;
    if (item.kind == MSGPACK_ARRAY)
      due += item.len;
    else if (item.kind == MSGPACK_MAP)
      due += 2 * item.len;
  } while (due > 0 && due <= (size_t)(end - at));
  return due == 0 ? at : NULL;
}
