/* SPDX-License-Identifier: MIT */
/* Structs to JSON text, straight into the buffer of a payload. */
#include <sio/schema.h>

#include <sio/error.h>

#include "json/write.h"
#include "schema/moment.h"
#include "schema/scalar.h"
#include "schema/shape.h"

static void write_object(sio_payload *payload, const sio_schema *given,
                         const char *at);

static void fail(sio_payload *payload, int error)
{
  if (payload->error == 0)
    payload->error = error;
}

static void write_text(sio_payload *payload, const char *at, size_t size)
{
  const char *end = memchr(at, '\0', size);
  sio_str text;

  text.data = at;
  text.len = end != NULL ? (size_t)(end - at) : size;
  sio_payload_str(payload, text);
}

static void write_enum(sio_payload *payload, const sio_schema *type,
                       const char *at, size_t size)
{
  for (size_t i = 0; i < type->n_names; i++) {
    char value[sizeof(int32_t)];

    sio__scalar_put_enum(value, size, type->names[i].value);
    if (memcmp(value, at, size) == 0) {
      sio_payload_string(payload, type->names[i].name);
      return;
    }
  }
  fail(payload, SIO_ERR_RANGE);
}

static void write_timestamp(sio_payload *payload, const char *at)
{
  char text[SIO__MOMENT_LEN];
  sio_str s = {text, sizeof text};
  int64_t ms;

  memcpy(&ms, at, sizeof ms);
  if (!sio__moment_can_write(ms)) {
    fail(payload, SIO_ERR_RANGE);
    return;
  }
  sio__moment_write(ms, text);
  sio_payload_str(payload, s);
}

static void write_number(sio_payload *payload, const char *at)
{
  double number;

  memcpy(&number, at, sizeof number);
  if (number - number != 0)
    fail(payload, SIO_ERR_RANGE); /* which would be null */
  else
    sio_payload_double(payload, number);
}

static void write_integer(sio_payload *payload, uint32_t kind, const char *at)
{
  int32_t i32;
  int64_t i64;
  uint32_t u32;
  uint64_t u64;

  switch (kind) {
  case SIO_KIND_INT32:
    memcpy(&i32, at, sizeof i32);
    sio_payload_int64(payload, i32);
    break;
  case SIO_KIND_INT64:
    memcpy(&i64, at, sizeof i64);
    sio_payload_int64(payload, i64);
    break;
  case SIO_KIND_UINT32:
    memcpy(&u32, at, sizeof u32);
    sio_payload_uint64(payload, u32);
    break;
  default:
    memcpy(&u64, at, sizeof u64);
    sio_payload_uint64(payload, u64);
  }
}

/* What is borrowed, and booleans. */
static void write_plain(sio_payload *payload, uint32_t kind, const char *at)
{
  sio_str text;
  sio_span bytes;
  sio_value value;
  bool yes;

  switch (kind) {
  case SIO_KIND_STRING:
    memcpy(&text, at, sizeof text);
    sio_payload_str(payload, text);
    break;
  case SIO_KIND_BINARY:
    memcpy(&bytes, at, sizeof bytes);
    sio_payload_binary(payload, bytes);
    break;
  case SIO_KIND_JSON:
    memcpy(&value, at, sizeof value);
    sio_payload_value(payload, value);
    break;
  default:
    memcpy(&yes, at, sizeof yes);
    sio_payload_bool(payload, yes);
  }
}

static void write_value(sio_payload *payload, const sio_field *f,
                        const char *at)
{
  switch (f->kind) {
  case SIO_KIND_TEXT:
    write_text(payload, at, f->item_size);
    break;
  case SIO_KIND_NUMBER:
    write_number(payload, at);
    break;
  case SIO_KIND_ENUMERATION:
    write_enum(payload, sio__field_type(f), at, f->item_size);
    break;
  case SIO_KIND_OBJECT:
    write_object(payload, sio__field_type(f), at);
    break;
  case SIO_KIND_TIMESTAMP:
    write_timestamp(payload, at);
    break;
  case SIO_KIND_INT32:
  case SIO_KIND_INT64:
  case SIO_KIND_UINT32:
  case SIO_KIND_UINT64:
    write_integer(payload, f->kind, at);
    break;
  default:
    write_plain(payload, f->kind, at);
  }
}

/* What a field of the struct at `at` holds. */
static void write_field(sio_payload *payload, const sio_field *f,
                        const char *at)
{
  struct sio__items list;
  size_t stride;

  if (!sio__field_is_list(f)) {
    write_value(payload, f, at + f->offset);
    return;
  }
  memcpy(&list, at + f->offset, sizeof list);
  stride = sio__field_stride(f);
  sio_payload_array_begin(payload);
  for (size_t i = 0; i < list.count && payload->error == 0; i++)
    write_value(payload, f, (const char *)list.items + i * stride);
  sio_payload_array_end(payload);
}

static bool is_there(const sio_field *f, const char *at)
{
  bool has = true;

  if (sio__field_is_optional(f))
    memcpy(&has, at + f->has_offset, sizeof has);
  return has;
}

static void write_object(sio_payload *payload, const sio_schema *given,
                         const char *at)
{
  sio_schema schema_room;
  sio_field room;
  const sio_schema *schema = sio__schema_view(given, &schema_room);

  sio_payload_object_begin(payload);
  for (size_t i = 0; i < schema->n_fields && payload->error == 0; i++) {
    const sio_field *f = sio__field_at(schema, i, &room);

    if (is_there(f, at)) {
      sio_payload_key(payload, f->name);
      write_field(payload, f, at);
    }
  }
  sio_payload_object_end(payload);
}

/* Arguments are told by their places: one that is missing before one that is
 * there is null. */
static void write_arguments(sio_payload *payload, const sio_schema *schema,
                            const char *at)
{
  size_t n = schema->n_fields;
  sio_field room;

  while (n > 0 && !is_there(sio__field_at(schema, n - 1, &room), at))
    n--;
  for (size_t i = 0; i < n && payload->error == 0; i++) {
    const sio_field *f = sio__field_at(schema, i, &room);

    if (is_there(f, at))
      write_field(payload, f, at);
    else
      sio_payload_null(payload);
  }
}

void sio_payload_struct(sio_payload *payload, const sio_schema *schema,
                        const void *value)
{
  sio_schema room;

  if (schema == NULL || payload->error != 0)
    return;
  schema = sio__schema_view(schema, &room);
  if (schema->shape == SIO_SHAPE_ARGUMENTS)
    write_arguments(payload, schema, value);
  else if (schema->shape == SIO_SHAPE_ENUMERATION)
    write_enum(payload, schema, value, schema->struct_size);
  else
    write_object(payload, schema, value);
}
