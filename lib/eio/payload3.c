/* SPDX-License-Identifier: MIT */
/* Polling payloads of Engine.IO protocol 3: putting them together and taking
 * them apart. */
#include "eio/payload3.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "json/plain.h"
#include <sio/engine.h>

enum {
  MAX_DIGITS = 10, /* of a length that arrives; no body is that long */
  U64_DIGITS = 20, /* of UINT64_MAX */
  KIND_TEXT = 0,   /* the first byte of an entry of a binary payload */
  KIND_BINARY = 1,
  TYPE_MESSAGE = 4,
  TYPE_LAST = 6,
  PREFIX_LEN = 2 /* of "b4", before base64 */
};

/* How lengths are written: the first of the ten digits, and what follows. */
struct digits {
  uint8_t zero;
  uint8_t stop;
};

static const struct digits text_digits = {'0', ':'};
static const struct digits binary_digits = {0, 0xff};

/* ---- UTF-16 code units ---- */

/* A character is one unit, one of four bytes is two: each byte that does not
 * continue a character counts one, and from 0xF0 on one more. */
static unsigned byte_units(uint8_t byte)
{
  if (byte >= 0xf0)
    return 2;
  return (byte & 0xc0) != 0x80 ? 1 : 0;
}

/* The same for eight bytes at once. */
static unsigned word_units(uint64_t word)
{
  uint64_t tails = word >> 7 & ~word >> 6 & SIO__WORD_ONES;
  uint64_t pairs = word >> 7 & word >> 6 & word >> 5 & word >> 4;
  uint64_t units = SIO__WORD_ONES - tails + (pairs & SIO__WORD_ONES);

  return (unsigned)(units * SIO__WORD_ONES >> 56);
}

static uint64_t count_units(const char *at, size_t len)
{
  uint64_t units = 0;

  for (; len >= 8; at += 8, len -= 8)
    units += word_units(sio__word_load(at));
  for (; len > 0; at++, len--)
    units += byte_units((uint8_t)*at);
  return units;
}

/* Where the first `units` units end; NULL if that is beyond the end or within
 * a character. */
static char *skip_units(char *at, char *end, uint64_t units)
{
  while (end - at >= 8) {
    unsigned n = word_units(sio__word_load(at));

    if (n > units)
      break;
    units -= n;
    at += 8;
  }
  for (; at < end; at++) { /* also over the rest of the last character */
    unsigned n = byte_units((uint8_t)*at);

    if (n > units)
      break;
    units -= n;
  }
  return units == 0 ? at : NULL;
}

/* ---- Putting together ---- */

static bool is_binary(const struct sio__queued *item)
{
  return (item->flags & SIO_SEND_BINARY) != 0;
}

static void write_length(struct sio__buf *out, uint64_t length,
                         const struct digits *digits)
{
  uint8_t text[U64_DIGITS + 1];
  size_t at = sizeof text;

  text[--at] = digits->stop;
  do {
    text[--at] = (uint8_t)(digits->zero + length % 10);
    length /= 10;
  } while (length > 0);
  sio__buf_append(out, text + at, sizeof text - at);
}

static void write_base64(const struct sio__queued *item, struct sio__buf *out)
{
  size_t size = PREFIX_LEN + sio__base64_size(item->len);
  uint8_t *room;

  write_length(out, size, &text_digits);
  room = sio__buf_reserve(out, size);
  if (room == NULL)
    return;
  memcpy(room, "b4", PREFIX_LEN);
  sio__base64_encode(item->chunk->data + item->off, item->len,
                     (char *)room + PREFIX_LEN);
  sio__buf_commit(out, size);
}

static void write_as_bytes(const struct sio__queued *item, struct sio__buf *out)
{
  if (is_binary(item)) {
    sio__buf_byte(out, KIND_BINARY);
    write_length(out, (uint64_t)item->len + 1, &binary_digits);
    sio__buf_byte(out, TYPE_MESSAGE);
  } else {
    sio__buf_byte(out, KIND_TEXT);
    write_length(out, item->len, &binary_digits);
  }
  sio__buf_append(out, item->chunk->data + item->off, item->len);
}

bool sio__payload3_is_binary(const struct sio__packetq *q, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    if (is_binary(&q->items[i]))
      return true;
  }
  return false;
}

void sio__payload3_write(const struct sio__packetq *q, uint32_t count,
                         bool as_text, struct sio__buf *out)
{
  if (count == 0 && as_text)
    write_length(out, 0, &text_digits);
  for (uint32_t i = 0; i < count; i++) {
    const struct sio__queued *item = &q->items[i];
    sio_str text = {(const char *)item->chunk->data + item->off, item->len};

    if (!as_text)
      write_as_bytes(item, out);
    else if (is_binary(item))
      write_base64(item, out);
    else
      sio__payload3_write_text(text, out);
  }
}

void sio__payload3_write_text(sio_str packet, struct sio__buf *out)
{
  write_length(out, count_units(packet.data, packet.len), &text_digits);
  sio__buf_append(out, packet.data, packet.len);
}

/* ---- Taking apart ---- */

/* Read the length and step over it.  Leading zeros are taken, as JavaScript's
 * Number() takes them; its "1e1" and " 1" are not. */
static bool read_length(struct sio__payload3_iter *iter,
                        const struct digits *digits, uint64_t *length)
{
  char *at = iter->at;
  int n = 0;

  *length = 0;
  for (; at < iter->end; at++) {
    uint8_t digit = (uint8_t)((uint8_t)*at - digits->zero);

    if (digit > 9)
      break;
    if (++n > MAX_DIGITS)
      return false;
    *length = *length * 10 + digit;
  }
  if (n == 0 || at == iter->end || (uint8_t)*at != digits->stop)
    return false;
  iter->at = at + 1;
  return true;
}

static enum sio__payload3_item next_of_text(struct sio__payload3_iter *iter,
                                            char **packet, size_t *len)
{
  uint64_t units;
  char *stop;

  if (!read_length(iter, &text_digits, &units))
    return PAYLOAD3_BAD;
  stop = skip_units(iter->at, iter->end, units);
  if (stop == NULL)
    return PAYLOAD3_BAD;
  *packet = iter->at;
  *len = (size_t)(stop - iter->at);
  iter->at = stop;
  return PAYLOAD3_TEXT;
}

static enum sio__payload3_item next_of_bytes(struct sio__payload3_iter *iter,
                                             char **packet, size_t *len)
{
  uint8_t kind = (uint8_t)*iter->at++;
  const uint8_t *bytes;
  uint64_t length;

  if (kind > KIND_BINARY || !read_length(iter, &binary_digits, &length) ||
      length > (size_t)(iter->end - iter->at))
    return PAYLOAD3_BAD;
  *packet = iter->at;
  *len = (size_t)length;
  iter->at += *len;
  bytes = (const uint8_t *)*packet;
  if (kind == KIND_TEXT)
    return sio__utf8_is_valid(bytes, *len) ? PAYLOAD3_TEXT : PAYLOAD3_BAD;
  return *len == 0 || *bytes <= TYPE_LAST ? PAYLOAD3_BINARY : PAYLOAD3_BAD;
}

void sio__payload3_begin(struct sio__payload3_iter *iter, char *data,
                         size_t len, bool binary)
{
  iter->at = data;
  iter->end = len > 0 ? data + len : data;
  iter->binary = binary;
  iter->empty = len == 0;
}

enum sio__payload3_item sio__payload3_next(struct sio__payload3_iter *iter,
                                           char **packet, size_t *len)
{
  enum sio__payload3_item item;

  if (iter->empty) {
    iter->empty = false;
    return PAYLOAD3_BAD;
  }
  while (iter->at < iter->end) { /* each entry takes two bytes or more */
    item = iter->binary ? next_of_bytes(iter, packet, len)
                        : next_of_text(iter, packet, len);
    if (item == PAYLOAD3_BAD)
      iter->at = iter->end; /* told once: whoever goes on comes to an end */
    if (item == PAYLOAD3_BAD || *len > 0)
      return item;
  }
  return PAYLOAD3_END;
}
