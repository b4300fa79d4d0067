/* SPDX-License-Identifier: MIT */
/* The builder of arguments. */
#include "json/write.h"

#include <sio/error.h>

#include "base/mem.h"
#include "json/number.h"
#include "json/placeholder.h"
#include "json/scan.h"
#include "json/string.h"
#include "json/template.h"

/* Where a placeholder in a copied text began, to be replaced at its end. */
struct mark {
  size_t json_len;
  size_t n_attachments;
};

static void fail(struct sio_payload *payload, int error)
{
  if (payload->error == 0)
    payload->error = error;
}

/* Take over what a buffer has to say. */
static void settle(struct sio_payload *payload)
{
  if (payload->json.error != 0)
    fail(payload, payload->json.error);
  if (payload->attachments.error != 0)
    fail(payload, payload->attachments.error);
}

static uint64_t level_bit(const struct sio_payload *payload)
{
  return (uint64_t)1 << (payload->depth - 1);
}

static bool in_object(const struct sio_payload *payload)
{
  return payload->depth > 0 && (payload->is_object & level_bit(payload)) != 0;
}

/* The comma, if something stands before the next item or key. */
static void separate(struct sio_payload *payload)
{
  if (payload->depth == 0) {
    if (payload->json.len > 0)
      sio__buf_byte(&payload->json, ',');
    return;
  }
  if ((payload->has_items & level_bit(payload)) != 0)
    sio__buf_byte(&payload->json, ',');
  payload->has_items |= level_bit(payload);
}

/* Whether a value may follow now; what separates it is written. */
static bool begin_value(struct sio_payload *payload)
{
  if (payload->error != 0)
    return false;
  if (payload->key_pending) {
    payload->key_pending = false;
    return true;
  }
  if (in_object(payload)) {
    fail(payload, SIO_ERR_STATE);
    return false;
  }
  separate(payload);
  return true;
}

static void append(struct sio_payload *payload, const char *text, size_t len)
{
  if (!begin_value(payload))
    return;
  sio__buf_append(&payload->json, text, len);
  settle(payload);
}

static void open(struct sio_payload *payload, char bracket)
{
  uint64_t bit;

  if (!begin_value(payload))
    return;
  if (payload->depth == SIO__PAYLOAD_MAX_DEPTH) {
    fail(payload, SIO_ERR_STATE);
    return;
  }
  payload->depth++;
  bit = level_bit(payload);
  payload->has_items &= ~bit;
  payload->is_object &= ~bit;
  if (bracket == '{')
    payload->is_object |= bit;
  sio__buf_byte(&payload->json, (uint8_t)bracket);
  settle(payload);
}

static void close(struct sio_payload *payload, char bracket)
{
  if (payload->error != 0)
    return;
  if (payload->depth == 0 || payload->key_pending ||
      in_object(payload) != (bracket == '}')) {
    fail(payload, SIO_ERR_STATE);
    return;
  }
  payload->depth--;
  sio__buf_byte(&payload->json, (uint8_t)bracket);
  settle(payload);
}

static bool grow_ends(struct sio_payload *payload)
{
  size_t cap = payload->ends_cap > 0 ? payload->ends_cap * 2 : 4;
  size_t *ends =
      sio__mem_resize(&payload->mem, payload->ends,
                      payload->ends_cap * sizeof *ends, cap * sizeof *ends);

  if (ends == NULL) {
    fail(payload, SIO_ERR_NOMEM);
    return false;
  }
  payload->ends = ends;
  payload->ends_cap = cap;
  return true;
}

/* Keep the bytes, and write the placeholder that refers to them. */
static void attach(struct sio_payload *payload, sio_span bytes)
{
  if (payload->n_attachments == payload->ends_cap && !grow_ends(payload))
    return;
  sio__buf_append(&payload->attachments, bytes.data, bytes.len);
  sio__buf_text(&payload->json, "{\"_placeholder\":true,\"num\":");
  sio__buf_u64(&payload->json, payload->n_attachments);
  sio__buf_byte(&payload->json, '}');
  settle(payload);
  if (payload->error == 0)
    payload->ends[payload->n_attachments++] = payload->attachments.len;
}

/* Forget attachments from the `n`th on. */
static void detach(struct sio_payload *payload, size_t n)
{
  payload->n_attachments = n;
  payload->attachments.len = n > 0 ? payload->ends[n - 1] : 0;
}

/* Copy text with placeholders, each with what it refers to.  A placeholder is
 * known at its end: what was copied since its beginning is taken back, also
 * other placeholders that stood within. */
static void copy_with_attachments(struct sio_payload *payload, sio_value value)
{
  struct mark marks[SIO__JSON_MAX_DEPTH]; /* by depth - 1 of the walk */
  struct sio__object_walk walk;
  enum sio__object_event event;
  const char *copied = value.text;
  const struct sio_document *from = value.document;

  sio__object_walk_init(&walk, value.text, value.len);
  while (payload->error == 0 &&
         (event = sio__object_walk_next(&walk)) != OBJECT_NONE) {
    struct mark *mark = &marks[walk.depth - (event == OBJECT_OPEN ? 1 : 0)];
    size_t len = (size_t)(walk.at - copied);

    if (event == OBJECT_OPEN) {
      sio__buf_append(&payload->json, copied, len - 1);
      mark->json_len = payload->json.len;
      mark->n_attachments = payload->n_attachments;
      sio__buf_byte(&payload->json, '{');
      copied = walk.at;
    } else if (walk.is_placeholder) {
      if (walk.num >= from->n_attachments) {
        fail(payload, SIO_ERR_RANGE);
        return;
      }
      payload->json.len = mark->json_len;
      detach(payload, mark->n_attachments);
      attach(payload, from->attachments[walk.num]);
      copied = walk.at;
    }
    settle(payload);
  }
  sio__buf_append(&payload->json, copied, (size_t)(walk.end - copied));
  settle(payload);
}

void sio__payload_init(struct sio_payload *payload, const sio_allocator *mem,
                       size_t max_bytes)
{
  memset(payload, 0, sizeof *payload);
  payload->mem = *mem;
  sio__buf_init(&payload->json, &payload->mem, max_bytes);
  sio__buf_init(&payload->attachments, &payload->mem, max_bytes);
}

void sio__payload_dispose(struct sio_payload *payload)
{
  sio__buf_dispose(&payload->json);
  sio__buf_dispose(&payload->attachments);
  sio__mem_free(&payload->mem, payload->ends,
                payload->ends_cap * sizeof *payload->ends);
  payload->ends = NULL;
  payload->ends_cap = 0;
  payload->n_attachments = 0;
}

int sio__payload_check(const struct sio_payload *payload)
{
  if (payload->error == 0 && (payload->depth > 0 || payload->key_pending))
    return SIO_ERR_STATE;
  return payload->error;
}

sio_span sio__payload_attachment(const struct sio_payload *payload, size_t i)
{
  size_t begin = i > 0 ? payload->ends[i - 1] : 0;
  sio_span bytes = {NULL, payload->ends[i] - begin};

  if (bytes.len > 0)
    bytes.data = payload->attachments.data + begin;
  return bytes;
}

sio_payload *sio_payload_new(const sio_allocator *allocator)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  sio_payload *payload = sio__mem_alloc(mem, sizeof *payload);

  if (payload != NULL) {
    sio__payload_init(payload, mem, SIZE_MAX);
    payload->on_heap = true;
  }
  return payload;
}

void sio_payload_free(sio_payload *payload)
{
  sio_allocator mem;

  if (payload == NULL)
    return;
  mem = payload->mem; /* which goes with the payload */
  sio__payload_dispose(payload);
  if (payload->on_heap)
    sio__mem_free(&mem, payload, sizeof *payload);
}

void sio_payload_reset(sio_payload *payload)
{
  sio__buf_reset(&payload->json, SIZE_MAX);
  sio__buf_reset(&payload->attachments, SIZE_MAX);
  payload->n_attachments = 0;
  payload->depth = 0;
  payload->key_pending = false;
  payload->error = 0;
}

int sio_payload_error(const sio_payload *payload)
{
  return payload->error;
}

void sio_payload_null(sio_payload *payload)
{
  append(payload, "null", 4);
}

void sio_payload_bool(sio_payload *payload, bool value)
{
  append(payload, value ? "true" : "false", value ? 4 : 5);
}

void sio_payload_int64(sio_payload *payload, int64_t value)
{
  if (!begin_value(payload))
    return;
  sio__json_write_int64(&payload->json, value);
  settle(payload);
}

void sio_payload_uint64(sio_payload *payload, uint64_t value)
{
  if (!begin_value(payload))
    return;
  sio__buf_u64(&payload->json, value);
  settle(payload);
}

void sio_payload_double(sio_payload *payload, double value)
{
  if (!begin_value(payload))
    return;
  sio__json_write_double(&payload->json, value);
  settle(payload);
}

void sio_payload_str(sio_payload *payload, sio_str value)
{
  if (!begin_value(payload))
    return;
  fail(payload, sio__json_quote(&payload->json, value.data, value.len));
  settle(payload);
}

void sio_payload_string(sio_payload *payload, const char *value)
{
  if (value == NULL)
    sio_payload_null(payload);
  else
    sio_payload_str(payload, sio_s(value));
}

void sio_payload_binary(sio_payload *payload, sio_span value)
{
  if (begin_value(payload))
    attach(payload, value);
}

void sio_payload_json(sio_payload *payload, sio_str json)
{
  if (payload->error == 0 &&
      sio__json_check(json.data, json.len, SIO__JSON_MAX_DEPTH, NULL) != 0)
    fail(payload, SIO_ERR_JSON);
  append(payload, json.data, json.len);
}

void sio_payload_value(sio_payload *payload, sio_value value)
{
  if (value.text == NULL)
    sio_payload_null(payload);
  else if (value.document->n_attachments == 0)
    append(payload, value.text, value.len);
  else if (begin_value(payload))
    copy_with_attachments(payload, value);
}

void sio_payload_array_begin(sio_payload *payload)
{
  open(payload, '[');
}

void sio_payload_array_end(sio_payload *payload)
{
  close(payload, ']');
}

void sio_payload_object_begin(sio_payload *payload)
{
  open(payload, '{');
}

void sio_payload_object_end(sio_payload *payload)
{
  close(payload, '}');
}

void sio_payload_key(sio_payload *payload, const char *key)
{
  if (payload->error != 0)
    return;
  if (!in_object(payload) || payload->key_pending || key == NULL) {
    fail(payload, SIO_ERR_STATE);
    return;
  }
  separate(payload);
  fail(payload, sio__json_quote(&payload->json, key, strlen(key)));
  sio__buf_byte(&payload->json, ':');
  payload->key_pending = true;
  settle(payload);
}

/* As many values as fit there: one behind a key, else any number. */
static void format_values(sio_payload *payload, const char *format,
                          va_list args)
{
  bool one = payload->key_pending;
  size_t before = payload->json.len;
  uint64_t had_items = payload->has_items;
  size_t start;
  struct sio_args written;

  if (!begin_value(payload))
    return;
  settle(payload);
  start = payload->json.len;
  fail(payload, sio__json_format(&payload->json, format, args));
  if (payload->error != 0)
    return;
  if (one) {
    sio__document_init(&written.document,
                       (const char *)payload->json.data + start,
                       payload->json.len - start, &payload->mem);
    if (sio_args_count(&written) != 1)
      fail(payload, SIO_ERR_STATE);
  } else if (payload->json.len == start) {
    payload->json.len = before; /* without the comma */
    payload->has_items = had_items;
  }
}

void sio_payload_format(sio_payload *payload, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  format_values(payload, format, args);
  va_end(args);
}
