/* SPDX-License-Identifier: MIT */
/*
 * From MessagePack to JSON text, without recursion: for each open container a
 * level says how many items are still to come.
 */
#include "proto/msgpack_json.h"

#include "base/mem.h"
#include "json/number.h"
#include "json/scan.h"
#include "json/string.h"
#include "proto/msgpack_read.h"

enum {
  KEPT_TEXT = 65536,     /* bytes of memory kept for the next packet */
  FIRST_ATTACHMENTS = 8, /* room for them */
  BYTE_TEXT = 8,         /* what a byte can become: two are ,"false":false */
  ATTACHMENT_TEXT = 64   /* a placeholder and what is around it */
};

static const int64_t ms_per_day = INT64_C(86400000);
/* Dates of JavaScript: 10^8 days before and after 1970. */
static const int64_t max_date = INT64_C(8640000000000000);

struct level {
  size_t left; /* items, or pairs */
  bool is_map;
  bool has_items; /* a comma comes first */
};

struct render {
  struct sio__msgpack_in *in;
  const uint8_t *at;
  const uint8_t *end;
  const struct sio__packet_limits *limits;
  unsigned outside; /* containers around all this */
  unsigned depth;   /* containers inside, that are open */
  struct level levels[SIO__JSON_MAX_DEPTH + 1]; /* 0: the values themselves */
};

void sio__msgpack_in_init(struct sio__msgpack_in *in, const sio_allocator *mem)
{
  sio__buf_init(&in->text, mem, SIZE_MAX);
  in->attachments = NULL;
  in->n_attachments = 0;
  in->cap = 0;
}

void sio__msgpack_in_dispose(struct sio__msgpack_in *in)
{
  sio__mem_free(in->text.mem, in->attachments, in->cap * sizeof(sio_span));
  sio__buf_dispose(&in->text);
  in->attachments = NULL;
  in->n_attachments = 0;
  in->cap = 0;
}

/* Empty, and bounded by what has arrived. */
static void clear(struct sio__msgpack_in *in, size_t len, unsigned attachments)
{
  size_t most = SIZE_MAX / (2 * BYTE_TEXT);

  sio__buf_reset(&in->text, KEPT_TEXT);
  in->text.max = (len < most ? len : most) * BYTE_TEXT +
                 ((size_t)attachments + 1) * ATTACHMENT_TEXT;
  if (in->text.max < in->text.cap)
    in->text.max = in->text.cap;
  in->n_attachments = 0;
}

static bool fits(const struct render *r, unsigned more)
{
  unsigned max = r->limits->max_depth < SIO__JSON_MAX_DEPTH
                     ? r->limits->max_depth
                     : SIO__JSON_MAX_DEPTH;

  return r->outside + r->depth + more <= max;
}

/* ---- Binary values ---- */

static int keep(struct render *r, const uint8_t *data, size_t len)
{
  struct sio__msgpack_in *in = r->in;
  size_t cap = in->cap > 0 ? in->cap * 2 : FIRST_ATTACHMENTS;
  sio_span *larger;

  if (in->n_attachments >= r->limits->max_attachments)
    return SIO_ERR_LIMIT;
  if (in->n_attachments == in->cap) {
    larger = sio__mem_resize(in->text.mem, in->attachments,
                             in->cap * sizeof *larger, cap * sizeof *larger);
    if (larger == NULL)
      return SIO_ERR_NOMEM;
    in->attachments = larger;
    in->cap = cap;
  }
  in->attachments[in->n_attachments].data = data;
  in->attachments[in->n_attachments].len = len;
  return 0;
}

static int write_bytes(struct render *r, const struct sio__msgpack_item *item)
{
  struct sio__buf *text = &r->in->text;
  bool is_ext = item->kind == MSGPACK_EXT;
  int rv;

  if (!fits(r, is_ext ? 2 : 1))
    return SIO_ERR_JSON;
  rv = keep(r, item->data, item->len);
  if (rv != 0)
    return rv;
  if (is_ext) {
    sio__buf_byte(text, '[');
    sio__json_write_int64(text, item->ext);
    sio__buf_byte(text, ',');
  }
  sio__buf_text(text, "{\"_placeholder\":true,\"num\":");
  sio__buf_u64(text, r->in->n_attachments++);
  sio__buf_byte(text, '}');
  if (is_ext)
    sio__buf_byte(text, ']');
  return 0;
}

/* ---- Dates ---- */

static void write_padded(struct sio__buf *out, int64_t number, int digits)
{
  uint8_t *room = sio__buf_reserve(out, (size_t)digits);

  if (room == NULL)
    return;
  sio__buf_commit(out, (size_t)digits);
  for (; digits > 0; number /= 10)
    room[--digits] = (uint8_t)('0' + number % 10);
}

/* Days since 1970 as year, month and day of the Gregorian calendar, which
 * repeats after 146097 days.  Years are taken to begin in March, so that the
 * leap day is their last one. */
static void write_day(struct sio__buf *out, int64_t days)
{
  int64_t since = days + 719468; /* 0000-03-01 */
  int64_t era = (since >= 0 ? since : since - 146096) / 146097;
  int64_t of_era = since - era * 146097;
  int64_t year =
      (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (year * 365 + year / 4 - year / 100);
  int64_t march = (5 * of_year + 2) / 153; /* months since March */
  int64_t day = of_year - (153 * march + 2) / 5 + 1;
  int64_t month = march < 10 ? march + 3 : march - 9;

  year += era * 400 + (month <= 2 ? 1 : 0);
  if (year < 0 || year > 9999)
    sio__buf_byte(out, year < 0 ? '-' : '+');
  write_padded(out, year < 0 ? -year : year, year < 0 || year > 9999 ? 6 : 4);
  sio__buf_byte(out, '-');
  write_padded(out, month, 2);
  sio__buf_byte(out, '-');
  write_padded(out, day, 2);
}

static void write_date(struct sio__buf *out, int64_t ms)
{
  int64_t of_day;

  if (ms < -max_date || ms > max_date) {
    sio__buf_text(out, "null");
    return;
  }
  of_day = (ms % ms_per_day + ms_per_day) % ms_per_day;
  sio__buf_byte(out, '"');
  write_day(out, (ms - of_day) / ms_per_day);
  sio__buf_byte(out, 'T');
  write_padded(out, of_day / 3600000, 2);
  sio__buf_byte(out, ':');
  write_padded(out, of_day / 60000 % 60, 2);
  sio__buf_byte(out, ':');
  write_padded(out, of_day / 1000 % 60, 2);
  sio__buf_byte(out, '.');
  write_padded(out, of_day % 1000, 3);
  sio__buf_byte(out, 'Z');
  sio__buf_byte(out, '"');
}

/* ---- Values ---- */

static int open(struct render *r, const struct sio__msgpack_item *item)
{
  struct level *level;

  if (!fits(r, 1))
    return SIO_ERR_JSON;
  level = &r->levels[++r->depth];
  level->left = item->len;
  level->is_map = item->kind == MSGPACK_MAP;
  level->has_items = false;
  sio__buf_byte(&r->in->text, level->is_map ? '{' : '[');
  return 0;
}

/* Null, a boolean or a number. */
static void write_plain(struct sio__buf *out,
                        const struct sio__msgpack_item *item)
{
  switch (item->kind) {
  case MSGPACK_FALSE:
    sio__buf_text(out, "false");
    break;
  case MSGPACK_TRUE:
    sio__buf_text(out, "true");
    break;
  case MSGPACK_UINT:
    sio__buf_u64(out, item->number.u);
    break;
  case MSGPACK_INT:
    sio__json_write_int64(out, item->number.i);
    break;
  case MSGPACK_FLOAT:
    sio__json_write_double(out, item->number.d);
    break;
  default: /* nil, undefined */
    sio__buf_text(out, "null");
    break;
  }
}

static int quote(struct sio__buf *out, const struct sio__msgpack_item *item)
{
  return sio__json_quote(out, (const char *)item->data, item->len) == 0
             ? 0
             : SIO_ERR_JSON;
}

static int write_value(struct render *r)
{
  struct sio__buf *text = &r->in->text;
  struct sio__msgpack_item item;

  r->at = sio__msgpack_read(r->at, r->end, &item);
  if (r->at == NULL)
    return SIO_ERR_JSON;
  switch (item.kind) {
  case MSGPACK_ARRAY:
  case MSGPACK_MAP:
    return open(r, &item);
  case MSGPACK_STR:
    return quote(text, &item);
  case MSGPACK_BIN:
  case MSGPACK_EXT:
    return write_bytes(r, &item);
  case MSGPACK_DATE:
    write_date(text, item.number.i);
    return 0;
  default:
    write_plain(text, &item);
    return 0;
  }
}

/* Whether a key makes plain data look like a placeholder. */
static bool is_forged(const struct render *r,
                      const struct sio__msgpack_item *key)
{
  static const char name[] = "_placeholder";
  struct sio__msgpack_item value;

  return key->len == sizeof name - 1 &&
         memcmp(key->data, name, sizeof name - 1) == 0 &&
         sio__msgpack_read(r->at, r->end, &value) != NULL &&
         value.kind == MSGPACK_TRUE;
}

static int write_key(struct render *r)
{
  struct sio__buf *text = &r->in->text;
  struct sio__msgpack_item key;

  r->at = sio__msgpack_read(r->at, r->end, &key);
  if (r->at == NULL || key.kind > MSGPACK_STR)
    return SIO_ERR_JSON;
  if (key.kind != MSGPACK_STR) {
    sio__buf_byte(text, '"');
    write_plain(text, &key);
    sio__buf_byte(text, '"');
  } else if (is_forged(r, &key)) {
    sio__buf_text(text, "\"\\u005fplaceholder\"");
  } else if (quote(text, &key) != 0) {
    return SIO_ERR_JSON;
  }
  sio__buf_byte(text, ':');
  return 0;
}

static void close(struct render *r)
{
  sio__buf_byte(&r->in->text, r->levels[r->depth].is_map ? '}' : ']');
  r->depth--;
}

static int write_values(struct render *r)
{
  int rv = 0;

  while (rv == 0 && (r->depth > 0 || r->levels[0].left > 0)) {
    struct level *level = &r->levels[r->depth];

    if (level->left == 0) {
      close(r);
      continue;
    }
    if (level->has_items)
      sio__buf_byte(&r->in->text, ',');
    level->has_items = true;
    level->left--;
    if (level->is_map)
      rv = write_key(r);
    if (rv == 0)
      rv = write_value(r);
  }
  return rv;
}

int sio__msgpack_to_json(struct sio__msgpack_in *in, const uint8_t *at,
                         const uint8_t *end, size_t n, unsigned depth,
                         const struct sio__packet_limits *limits,
                         const uint8_t **behind)
{
  struct render r; /* levels are written before they are read */
  int rv;

  clear(in, (size_t)(end - at), limits->max_attachments);
  r.in = in;
  r.at = at;
  r.end = end;
  r.limits = limits;
  r.outside = depth;
  r.depth = 0;
  r.levels[0] = (struct level){.left = n};
  rv = write_values(&r);
  if (rv != 0)
    return rv;
  *behind = r.at;
  return in->text.error == 0 ? 0 : SIO_ERR_NOMEM;
}
