/* SPDX-License-Identifier: MIT */
/*
 * Packets as MessagePack maps: type, nsp, and as applicable data and id, in
 * any order.  The first pass finds where these are and that the message is
 * whole; then their values are looked at.  Steps return NULL or the message of
 * what is wrong.
 */
#include "proto/msgpack.h"

#include "base/utf8.h"
#include "json/number.h"
#include "proto/msgpack_read.h"
#include "proto/msgpack_write.h"

/* Four are known, and JavaScript clients add one. */
enum { MAX_KEYS = 20 };

static const char could_not_parse[] = "Could not parse";
static const char invalid_payload[] = "invalid payload";
static const char too_many_attachments[] = "too many attachments";
static const char out_of_memory[] = "out of memory";

enum field { FIELD_TYPE, FIELD_NSP, FIELD_DATA, FIELD_ID, FIELDS };

struct message {
  const uint8_t *end;
  const struct sio__packet_limits *limits;
  struct sio__msgpack_in *in;
  struct sio__packet *out;
  /* The head of each value, UNDEFINED if it is not there, and where it
   * begins.  Of duplicates the last one counts. */
  struct sio__msgpack_item items[FIELDS];
  const uint8_t *at[FIELDS];
};

/* ---- Where the fields are ---- */

static enum field find_field(const struct sio__msgpack_item *key)
{
  static const char *const names[FIELDS] = {"type", "nsp", "data", "id"};
  sio_str name = {(const char *)key->data, key->len};
  size_t i = 0;

  if (key->kind != MSGPACK_STR)
    return FIELDS;
  while (i < FIELDS && !sio_str_is(name, names[i]))
    i++;
  return (enum field)i;
}

/* One key, which may be anything, and its value. */
static const uint8_t *read_pair(struct message *m, const uint8_t *at)
{
  const uint8_t *value = sio__msgpack_skip(at, m->end);
  struct sio__msgpack_item key;
  enum field field;

  if (value == NULL)
    return NULL;
  (void)sio__msgpack_read(at, m->end, &key); /* it was whole just now */
  at = sio__msgpack_skip(value, m->end);
  field = find_field(&key);
  if (field < FIELDS && at != NULL) {
    (void)sio__msgpack_read(value, m->end, &m->items[field]); /* likewise */
    m->at[field] = value;
  }
  return at;
}

static const char *read_map(struct message *m, const uint8_t *at)
{
  struct sio__msgpack_item map;
  const uint8_t *inside = sio__msgpack_read(at, m->end, &map);

  if (inside == NULL)
    return could_not_parse;
  if (map.kind != MSGPACK_MAP) { /* then it has no type, either */
    at = sio__msgpack_skip(at, m->end);
    map.len = 0;
  } else {
    at = inside;
  }
  if (map.len > MAX_KEYS)
    return "too many keys";
  for (size_t i = 0; at != NULL && i < map.len; i++)
    at = read_pair(m, at);
  if (at == NULL)
    return could_not_parse;
  return at == m->end ? NULL : "trailing bytes";
}

/* ---- What they are ---- */

/* JavaScript has no integers: a float may be one. */
static bool read_uint(const struct sio__msgpack_item *item, uint64_t *out)
{
  static const double too_large = 18446744073709551616.0; /* 2^64 */
  double number = item->number.d;

  if (item->kind == MSGPACK_UINT) {
    *out = item->number.u;
    return true;
  }
  if (item->kind != MSGPACK_FLOAT || !(number >= 0 && number < too_large))
    return false;
  *out = (uint64_t)number;
  return (double)*out == number;
}

static const char *read_type(struct message *m)
{
  uint64_t type;

  if (!read_uint(&m->items[FIELD_TYPE], &type) || type > PACKET_CONNECT_ERROR)
    return "invalid packet type";
  m->out->type = (enum sio__packet_type)type;
  return NULL;
}

static const char *read_nsp(struct message *m)
{
  const struct sio__msgpack_item *item = &m->items[FIELD_NSP];

  if (item->kind != MSGPACK_STR || !sio__utf8_is_valid(item->data, item->len))
    return "invalid namespace";
  m->out->nsp.data = (const char *)item->data;
  m->out->nsp.len = item->len;
  return NULL;
}

static const char *read_id(struct message *m)
{
  const struct sio__msgpack_item *item = &m->items[FIELD_ID];

  m->out->has_id = item->kind != MSGPACK_UNDEFINED;
  if (m->out->has_id && !read_uint(item, &m->out->id))
    return "invalid packet id";
  return NULL;
}

/* ---- Payload ---- */

static bool fits(enum sio__packet_type type, enum sio__msgpack_kind kind)
{
  switch (type) {
  case PACKET_CONNECT:
    return kind == MSGPACK_MAP || kind == MSGPACK_UNDEFINED;
  case PACKET_DISCONNECT:
    return kind == MSGPACK_UNDEFINED;
  case PACKET_CONNECT_ERROR:
    return kind == MSGPACK_MAP || kind == MSGPACK_STR;
  default:
    return kind == MSGPACK_ARRAY;
  }
}

/* `n` values that begin at `at`, in `depth` containers. */
static const char *read_values(struct message *m, const uint8_t *at, size_t n,
                               unsigned depth)
{
  const uint8_t *behind;
  int rv =
      sio__msgpack_to_json(m->in, at, m->end, n, depth, m->limits, &behind);

  if (rv == SIO_ERR_NOMEM)
    return out_of_memory;
  if (rv != 0)
    return rv == SIO_ERR_LIMIT ? too_many_attachments : invalid_payload;
  m->out->json.data = (const char *)m->in->text.data;
  m->out->json.len = m->in->text.len;
  m->out->attachments = (unsigned)m->in->n_attachments;
  return NULL;
}

/* A number as event name, as JavaScript writes it. */
static const char *write_number_name(struct sio__packet *out, double number)
{
  struct sio__buf digits = {.data = (uint8_t *)out->number,
                            .cap = sizeof out->number,
                            .max = sizeof out->number};

  sio__json_write_double(&digits, number);
  if (out->number[0] == 'n') /* null: it is not finite */
    return invalid_payload;
  out->event.data = out->number;
  out->event.len = digits.len;
  return NULL;
}

static const char *read_name(struct sio__packet *out,
                             const struct sio__msgpack_item *name)
{
  switch (name->kind) {
  case MSGPACK_UINT:
    return write_number_name(out, (double)name->number.u);
  case MSGPACK_INT:
    return write_number_name(out, (double)name->number.i);
  case MSGPACK_FLOAT:
    return write_number_name(out, name->number.d);
  case MSGPACK_STR:
    out->event.data = (const char *)name->data;
    out->event.len = name->len;
    return sio__utf8_is_valid(name->data, name->len) &&
                   !sio__event_is_reserved(out->event)
               ? NULL
               : invalid_payload;
  default:
    return invalid_payload;
  }
}

/* `at` is behind the head of an array of `n` items. */
static const char *read_event(struct message *m, const uint8_t *at, size_t n)
{
  struct sio__msgpack_item name;
  const char *wrong;

  if (n == 0)
    return invalid_payload;
  at = sio__msgpack_read(at, m->end, &name);
  wrong = read_name(m->out, &name);
  return wrong != NULL ? wrong : read_values(m, at, n - 1, 1);
}

static const char *read_payload(struct message *m)
{
  const uint8_t *at = m->at[FIELD_DATA];
  struct sio__msgpack_item *item = &m->items[FIELD_DATA];

  if (!fits(m->out->type, item->kind))
    return invalid_payload;
  if (item->kind == MSGPACK_UNDEFINED)
    return NULL;
  m->out->has_payload = true;
  if (item->kind != MSGPACK_ARRAY)
    return read_values(m, at, 1, 0);
  at = sio__msgpack_read(at, m->end, item);
  return m->out->type == PACKET_EVENT ? read_event(m, at, item->len)
                                      : read_values(m, at, item->len, 1);
}

static const char *decode(struct message *m, const uint8_t *data)
{
  const char *wrong = read_map(m, data);

  if (wrong == NULL)
    wrong = read_type(m);
  if (wrong == NULL)
    wrong = read_nsp(m);
  if (wrong == NULL)
    wrong = read_payload(m);
  return wrong != NULL ? wrong : read_id(m);
}

int sio__msgpack_decode(const uint8_t *data, size_t len,
                        const struct sio__packet_limits *limits,
                        struct sio__msgpack_in *in, struct sio__packet *out,
                        const char **why, sio_cause *cause)
{
  struct message m = {.end = len > 0 ? data + len : data,
                      .limits = limits,
                      .in = in,
                      .out = out};
  const char *wrong;

  for (size_t i = 0; i < FIELDS; i++)
    m.items[i].kind = MSGPACK_UNDEFINED;
  *out = (struct sio__packet){.nsp = {.data = "/", .len = 1}};
  wrong = decode(&m, data);
  if (wrong == NULL)
    return 0;
  if (wrong == out_of_memory)
    return SIO_ERR_NOMEM;

  *why = wrong;
  *cause =
      wrong == too_many_attachments ? SIO_CAUSE_ATTACHMENTS : SIO_CAUSE_PACKET;
  return SIO_ERR_JSON;
}

/* ---- Encoding ---- */

static void write_text(struct sio__buf *out, const char *text)
{
  sio__msgpack_write_str(out, text, strlen(text));
}

void sio__msgpack_encode(struct sio__buf *out, enum sio__packet_type type,
                         sio_str nsp, bool has_id, uint64_t id, sio_str json,
                         const sio_span *attachments, size_t n)
{
  if (type == PACKET_BINARY_EVENT)
    type = PACKET_EVENT;
  else if (type == PACKET_BINARY_ACK)
    type = PACKET_ACK;
  if (nsp.len == 0)
    nsp = sio_s("/");

  sio__msgpack_write_map(out, 2u + (json.len > 0) + has_id);
  write_text(out, "type");
  sio__msgpack_write_uint(out, (uint64_t)type);
  write_text(out, "nsp");
  sio__msgpack_write_str(out, nsp.data, nsp.len);
  if (json.len > 0) {
    write_text(out, "data");
    sio__msgpack_write_json(out, json, attachments, n);
  }
  if (has_id) {
    write_text(out, "id");
    sio__msgpack_write_uint(out, id);
  }
}
