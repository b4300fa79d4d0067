/* SPDX-License-Identifier: MIT */
/*
 * From JSON text to MessagePack in two passes, as the size of a container
 * comes before its contents.  The first one notes, for each container in the
 * order in which they open, how many items it has, or which attachment it
 * stands for.  The notes are put where the value will be, and the value
 * behind them; in the end it moves up:
 *
 *   | what was there | note note note ... | value |
 */
#include "proto/msgpack_write.h"

#include <sio/error.h>

#include "base/ascii.h"
#include "json/number.h"
#include "json/placeholder.h"
#include "json/scan.h"
#include "json/string.h"

enum { NOTE = sizeof(uint32_t), LONGEST_HEAD = 5 };

/* A note with this bit is the index of an attachment. */
#define IS_ATTACHMENT UINT32_C(0x80000000)

/* The first bytes of one kind of item, by the length that follows. */
struct forms {
  uint8_t fixed;   /* with the length in it */
  uint8_t n_fixed; /* lengths below this; 0: none */
  uint8_t first8;  /* 0: there is no such form */
  uint8_t first16;
  uint8_t first32;
};

static const struct forms str_forms = {0xa0, 32, 0xd9, 0xda, 0xdb};
static const struct forms bin_forms = {0, 0, 0xc4, 0xc5, 0xc6};
static const struct forms array_forms = {0x90, 16, 0, 0xdc, 0xdd};
static const struct forms map_forms = {0x80, 16, 0, 0xde, 0xdf};

/* ---- Items ---- */

/* Write `first` and the low `bytes` of a number behind it. */
static size_t put_number(uint8_t *to, uint8_t first, uint64_t number,
                         unsigned bytes)
{
  to[0] = first;
  for (unsigned i = bytes; i > 0; i--, number >>= 8)
    to[i] = (uint8_t)number;
  return bytes + 1;
}

/* `len` fits into 32 bits. */
static size_t put_head(uint8_t *to, const struct forms *forms, size_t len)
{
  if (len < forms->n_fixed) {
    to[0] = (uint8_t)(forms->fixed | len);
    return 1;
  }
  if (len <= UINT8_MAX && forms->first8 != 0)
    return put_number(to, forms->first8, len, 1);
  if (len <= UINT16_MAX)
    return put_number(to, forms->first16, len, 2);
  return put_number(to, forms->first32, len, 4);
}

static void write_head(struct sio__buf *out, const struct forms *forms,
                       size_t len)
{
  uint8_t head[LONGEST_HEAD];

  if (len <= UINT32_MAX)
    sio__buf_append(out, head, put_head(head, forms, len));
  else if (out->error == 0)
    out->error = SIO_ERR_LIMIT;
}

static void write_number(struct sio__buf *out, uint8_t first, uint64_t number,
                         unsigned bytes)
{
  uint8_t item[1 + sizeof number];

  sio__buf_append(out, item, put_number(item, first, number, bytes));
}

void sio__msgpack_write_map(struct sio__buf *out, size_t n)
{
  write_head(out, &map_forms, n);
}

void sio__msgpack_write_uint(struct sio__buf *out, uint64_t number)
{
  if (number < 0x80)
    sio__buf_byte(out, (uint8_t)number);
  else if (number <= UINT8_MAX)
    write_number(out, 0xcc, number, 1);
  else if (number <= UINT16_MAX)
    write_number(out, 0xcd, number, 2);
  else if (number <= UINT32_MAX)
    write_number(out, 0xce, number, 4);
  else
    write_number(out, 0xcf, number, 8);
}

static void write_int(struct sio__buf *out, int64_t number)
{
  if (number >= 0)
    sio__msgpack_write_uint(out, (uint64_t)number);
  else if (number >= -0x20)
    sio__buf_byte(out, (uint8_t)(number & 0xff));
  else if (number >= INT8_MIN)
    write_number(out, 0xd0, (uint64_t)number, 1);
  else if (number >= INT16_MIN)
    write_number(out, 0xd1, (uint64_t)number, 2);
  else if (number >= INT32_MIN)
    write_number(out, 0xd2, (uint64_t)number, 4);
  else
    write_number(out, 0xd3, (uint64_t)number, 8);
}

static void write_bytes(struct sio__buf *out, const struct forms *forms,
                        const void *data, size_t len)
{
  write_head(out, forms, len);
  sio__buf_append(out, data, len);
}

void sio__msgpack_write_str(struct sio__buf *out, const char *text, size_t len)
{
  write_bytes(out, &str_forms, text, len);
}

/* A JSON number: an integer if it is one, whatever its spelling; what is too
 * large for a double is infinite, as in JavaScript. */
static void write_json_number(struct sio__buf *out, const char *text,
                              size_t len)
{
  static const uint64_t infinity = UINT64_C(0x7ff0000000000000);
  static const uint64_t sign = UINT64_C(1) << 63;
  int64_t whole;
  uint64_t bits;
  double number;

  if (sio__json_read_int64(text, len, &whole) == 0) {
    write_int(out, whole);
  } else if (sio__json_read_uint64(text, len, &bits) == 0) {
    sio__msgpack_write_uint(out, bits);
  } else {
    if (sio__json_read_double(text, len, &number) != 0)
      bits = *text == '-' ? infinity | sign : infinity;
    else
      memcpy(&bits, &number, sizeof bits);
    write_number(out, 0xcb, bits, 8);
  }
}

/* The inside of a JSON string. */
static void write_json_string(struct sio__buf *out, const char *inside,
                              size_t len)
{
  uint8_t *room;
  size_t head;

  if (memchr(inside, '\\', len) == NULL) {
    sio__msgpack_write_str(out, inside, len);
    return;
  }
  room = sio__buf_reserve(out, LONGEST_HEAD + len);
  if (room == NULL)
    return;
  len = sio__json_unescape(inside, len, (char *)room + LONGEST_HEAD);
  head = put_head(room, &str_forms, len);
  memmove(room + head, room + LONGEST_HEAD, len);
  sio__buf_commit(out, head + len);
}

/* ---- The first pass: notes ---- */

struct counting {
  struct sio__buf *out;
  size_t notes; /* where they begin in `out` */
  size_t n_attachments;
  const char *at;
  const char *end;
  unsigned depth;
  struct counted {
    uint32_t note; /* which one it is */
    uint32_t items;
    bool is_marked; /* as a placeholder */
    uint64_t num;
  } levels[SIO__JSON_MAX_DEPTH]; /* by depth - 1 */
};

static void begin_container(struct counting *c)
{
  static const uint32_t unknown = 0;
  struct counted *level;
  const char *first;

  if (c->depth == SIO__JSON_MAX_DEPTH) {
    c->out->error = SIO_ERR_LIMIT;
    return;
  }
  level = &c->levels[c->depth++];
  level->note = (uint32_t)((c->out->len - c->notes) / NOTE);
  level->is_marked = false;
  level->num = UINT64_MAX;
  sio__buf_append(c->out, &unknown, NOTE);
  first = sio__json_skip_blank(++c->at, c->end);
  level->items = *first == ']' || *first == '}' ? 0 : 1;
}

static void end_container(struct counting *c)
{
  const struct counted *level = &c->levels[--c->depth];
  size_t place = c->notes + (size_t)level->note * NOTE;
  uint32_t note = level->items;

  c->at++;
  if (level->is_marked && level->num < c->n_attachments) {
    note = IS_ATTACHMENT | (uint32_t)level->num;
    c->out->len = place + NOTE; /* what is inside is passed over */
  }
  memcpy(c->out->data + place, &note, NOTE);
}

/* A string; of a member's name the parts of a placeholder are noted. */
static void pass_string(struct counting *c)
{
  const char *begin = c->at;
  size_t len;
  struct counted *level;

  c->at = sio__json_skip_value(begin, c->end);
  if (c->n_attachments == 0 || c->depth == 0)
    return;
  len = (size_t)(c->at - begin);
  level = &c->levels[c->depth - 1];
  begin = sio__json_skip_blank(c->at, c->end);
  if (*begin != ':')
    return;
  begin = sio__json_skip_blank(begin + 1, c->end);
  if (sio__is_placeholder_key(c->at - len, len)) {
    level->is_marked = *begin == 't';
  } else if (sio__json_string_equals(c->at - len + 1, len - 2, "num", 3)) {
    level->num = UINT64_MAX;
    if (sio__is_digit(*begin) &&
        sio__json_read_uint64(
            begin, (size_t)(sio__json_skip_value(begin, c->end) - begin),
            &level->num) != 0)
      level->num = UINT64_MAX;
  }
}

static void write_notes(struct counting *c)
{
  while (c->at < c->end && c->out->error == 0) {
    switch (*c->at) {
    case '"':
      pass_string(c);
      break;
    case '[':
    case '{':
      begin_container(c);
      break;
    case ']':
    case '}':
      end_container(c);
      break;
    case ',':
      if (c->depth > 0)
        c->levels[c->depth - 1].items++;
      c->at++;
      break;
    default:
      c->at++;
    }
  }
}

/* ---- The second pass: values ---- */

struct writing {
  struct sio__buf *out;
  const sio_span *attachments;
  size_t next_note; /* where it is in `out` */
};

/* Returns where to go on: inside, or behind what an attachment stands for. */
static const char *write_container(struct writing *w, const char *at,
                                   const char *end)
{
  const sio_span *bytes;
  uint32_t note;

  memcpy(&note, w->out->data + w->next_note, NOTE);
  w->next_note += NOTE;
  if ((note & IS_ATTACHMENT) != 0) {
    bytes = &w->attachments[note & ~IS_ATTACHMENT];
    write_bytes(w->out, &bin_forms, bytes->data, bytes->len);
    return sio__json_skip_value(at, end);
  }
  write_head(w->out, *at == '[' ? &array_forms : &map_forms, note);
  return at + 1;
}

static const char *write_scalar(struct sio__buf *out, const char *at,
                                const char *end)
{
  const char *behind = sio__json_skip_value(at, end);

  switch (*at) {
  case '"':
    write_json_string(out, at + 1, (size_t)(behind - at) - 2);
    break;
  case 'n':
    sio__buf_byte(out, 0xc0);
    break;
  case 'f':
    sio__buf_byte(out, 0xc2);
    break;
  case 't':
    sio__buf_byte(out, 0xc3);
    break;
  default:
    write_json_number(out, at, (size_t)(behind - at));
    break;
  }
  return behind;
}

static void write_values(struct writing *w, const char *at, const char *end)
{
  while (at < end && w->out->error == 0) {
    switch (*at) {
    case '[':
    case '{':
      at = write_container(w, at, end);
      break;
    case ']':
    case '}':
    case ',':
    case ':':
    case ' ':
    case '\t':
    case '\n':
    case '\r':
      at++;
      break;
    default:
      at = write_scalar(w->out, at, end);
      break;
    }
  }
}

void sio__msgpack_write_json(struct sio__buf *out, sio_str json,
                             const sio_span *attachments, size_t n)
{
  struct counting c; /* levels are written before they are read */
  struct writing w = {out, attachments, out->len};
  size_t notes = out->len, value;

  if (out->error != 0)
    return;
  if (json.len > INT32_MAX || n > INT32_MAX) { /* counts fit into a note */
    out->error = SIO_ERR_LIMIT;
    return;
  }
  c.out = out;
  c.notes = notes;
  c.n_attachments = n;
  c.at = json.data;
  c.end = json.data + json.len;
  c.depth = 0;
  write_notes(&c);
  value = out->len;
  write_values(&w, json.data, json.data + json.len);
  if (out->error != 0)
    return;
  memmove(out->data + notes, out->data + value, out->len - value);
  out->len -= value - notes;
}
