/* SPDX-License-Identifier: MIT */
/* Contracts as JSON Schema (2020-12). */
#include "schema/jsonschema.h"

#include "base/mem.h"
#include "json/write.h"

/* ---- Pieces ---- */

static void member_doc(sio_payload *out, const char *doc)
{
  if (doc != NULL)
    sio__catalog_member(out, "description", doc);
}

static void member_count(sio_payload *out, const char *key, uint64_t count)
{
  if (count > 0) {
    sio_payload_key(out, key);
    sio_payload_uint64(out, count);
  }
}

/* "SendMessage" of "send_message", behind a prefix. */
static void put_name(sio_payload *out, const char *prefix, const char *c_name,
                     void (*write)(sio_payload *, const char *))
{
  struct sio__buf name;

  sio__catalog_begin(&name, out);
  sio__buf_text(&name, prefix);
  sio__catalog_write_name(&name, c_name);
  sio__catalog_put(&name, out, write);
}

void sio__jsonschema_ref(sio_payload *out, const char *where, const char *name)
{
  sio_payload_object_begin(out);
  sio_payload_key(out, "$ref");
  put_name(out, where, name, sio_payload_string);
  sio_payload_object_end(out);
}

/* ---- Fields ---- */

/* Bounds of whole numbers by their kind, where the field has none. */
static void member_range(sio_payload *out, const sio_field *field)
{
  bool is_signed =
      field->kind == SIO_KIND_INT32 || field->kind == SIO_KIND_INT64;
  bool is_long =
      field->kind == SIO_KIND_INT64 || field->kind == SIO_KIND_UINT64;

  if (field->has_min) {
    sio_payload_key(out, "minimum");
    sio_payload_double(out, field->min);
  } else if (field->kind != SIO_KIND_NUMBER) {
    sio_payload_key(out, "minimum");
    sio_payload_int64(out, !is_signed ? 0 : is_long ? INT64_MIN : INT32_MIN);
  }
  if (field->has_max) {
    sio_payload_key(out, "maximum");
    sio_payload_double(out, field->max);
  } else if (field->kind != SIO_KIND_NUMBER) {
    sio_payload_key(out, "maximum");
    sio_payload_uint64(out, is_signed ? (is_long ? INT64_MAX : INT32_MAX)
                            : is_long ? UINT64_MAX
                                      : UINT32_MAX);
  }
}

static void members_of_string(sio_payload *out, const sio_field *field)
{
  static const char *const formats[] = {NULL, "uuid", "email", "date-time",
                                        "uri"};
  uint64_t max = field->max_length;

  /* The room of a text is in bytes, of which a character takes one or more. */
  if (field->kind == SIO_KIND_TEXT && (max == 0 || max > field->item_size - 1))
    max = field->item_size - 1;
  sio__catalog_member(out, "type", "string");
  member_count(out, "minLength", field->min_length);
  if (max > 0 || field->kind == SIO_KIND_TEXT) {
    sio_payload_key(out, "maxLength");
    sio_payload_uint64(out, max);
  }
  if (field->format > 0 && field->format < sizeof formats / sizeof *formats)
    sio__catalog_member(out, "format", formats[field->format]);
}

/* The members of the schema of a plain value. */
static void members_of_item(sio_payload *out, const sio_field *field)
{
  switch (field->kind) {
  case SIO_KIND_STRING:
  case SIO_KIND_TEXT:
    members_of_string(out, field);
    break;
  case SIO_KIND_BOOLEAN:
    sio__catalog_member(out, "type", "boolean");
    break;
  case SIO_KIND_TIMESTAMP:
    sio__catalog_member(out, "type", "string");
    sio__catalog_member(out, "format", "date-time");
    break;
  case SIO_KIND_NUMBER:
    sio__catalog_member(out, "type", "number");
    member_range(out, field);
    break;
  case SIO_KIND_BINARY:
    sio__catalog_member(out, "title", "Bytes");
    break;
  case SIO_KIND_JSON:
    break;
  default:
    sio__catalog_member(out, "type", "integer");
    member_range(out, field);
  }
}

static void write_item(sio_payload *out, const sio_field *field,
                       const struct sio__dialect *dialect)
{
  const sio_schema *type = sio__field_type(field);

  if (type != NULL) {
    sio__jsonschema_ref(out, dialect->refs, type->name);
    return;
  }
  sio_payload_object_begin(out);
  members_of_item(out, field);
  sio_payload_object_end(out);
}

static void write_list(sio_payload *out, const sio_field *field,
                       const struct sio__dialect *dialect)
{
  sio_payload_object_begin(out);
  sio__catalog_member(out, "type", "array");
  sio_payload_key(out, "items");
  write_item(out, field, dialect);
  member_count(out, "minItems", field->min_items);
  member_count(out, "maxItems", field->max_items);
  sio_payload_object_end(out);
}

static void write_value(sio_payload *out, const sio_field *field,
                        const struct sio__dialect *dialect)
{
  if (sio__field_is_list(field))
    write_list(out, field, dialect);
  else
    write_item(out, field, dialect);
}

/* All that is said of a field; what stands beside a reference counts as well
 * in 2020-12, but not in older drafts: hence "allOf". */
static void write_field(sio_payload *out, const sio_field *field,
                        const struct sio__dialect *dialect)
{
  bool is_plain = field->doc == NULL && field->fallback == NULL;

  if (is_plain && !field->nullable) {
    write_value(out, field, dialect);
    return;
  }
  sio_payload_object_begin(out);
  member_doc(out, field->doc);
  if (field->fallback != NULL) {
    sio_payload_key(out, "default");
    sio_payload_json(out, sio_s(field->fallback));
  }
  sio_payload_key(out, field->nullable ? "anyOf" : "allOf");
  sio_payload_array_begin(out);
  write_value(out, field, dialect);
  if (field->nullable) {
    sio_payload_object_begin(out);
    sio__catalog_member(out, "type", "null");
    sio_payload_object_end(out);
  }
  sio_payload_array_end(out);
  sio_payload_object_end(out);
}

/* ---- Types ---- */

static void members_of_enumeration(sio_payload *out, const sio_schema *schema)
{
  sio__catalog_member(out, "type", "string");
  sio_payload_key(out, "enum");
  sio_payload_array_begin(out);
  for (size_t i = 0; i < schema->n_names; i++)
    sio_payload_string(out, schema->names[i].name);
  sio_payload_array_end(out);
}

static void members_of_object(sio_payload *out, const struct sio__entry *entry,
                              const struct sio__dialect *dialect)
{
  const sio_schema *schema = entry->schema;
  sio_field room;
  const sio_field *field;

  sio__catalog_member(out, "type", "object");
  sio_payload_key(out, "properties");
  sio_payload_object_begin(out);
  for (size_t i = 0; i < schema->n_fields; i++) {
    field = sio__field_at(schema, i, &room);
    sio_payload_key(out, field->name);
    write_field(out, field, dialect);
  }
  sio_payload_object_end(out);
  sio_payload_key(out, "required");
  sio_payload_array_begin(out);
  for (size_t i = 0; i < schema->n_fields; i++) {
    field = sio__field_at(schema, i, &room);
    if (!sio__catalog_may_miss(entry, field))
      sio_payload_string(out, field->name);
  }
  sio_payload_array_end(out);
  if (schema->unknown == SIO_UNKNOWN_REFUSE) {
    sio_payload_key(out, "additionalProperties");
    sio_payload_bool(out, false);
  }
}

/* Places of an array; those that are needed come first. */
static void members_of_places(sio_payload *out, const struct sio__entry *entry,
                              const struct sio__dialect *dialect)
{
  const sio_schema *schema = entry->schema;
  uint64_t needed = 0;
  sio_field room;
  const sio_field *field;

  sio__catalog_member(out, "type", "array");
  sio_payload_key(out, dialect->tuple);
  sio_payload_array_begin(out);
  for (size_t i = 0; i < schema->n_fields; i++) {
    field = sio__field_at(schema, i, &room);
    write_field(out, field, dialect);
    needed += !sio__catalog_may_miss(entry, field);
  }
  sio_payload_array_end(out);
  sio_payload_key(out, dialect->others);
  sio_payload_bool(out, false);
  sio_payload_key(out, "minItems");
  sio_payload_uint64(out, needed);
}

void sio__jsonschema_type(sio_payload *out, const struct sio__entry *entry,
                          const struct sio__dialect *dialect)
{
  const sio_schema *schema = entry->schema;

  put_name(out, "", schema->name, sio_payload_key);
  sio_payload_object_begin(out);
  member_doc(out, schema->doc);
  if (schema->shape == SIO_SHAPE_ENUMERATION)
    members_of_enumeration(out, schema);
  else if (schema->shape == SIO_SHAPE_ARGUMENTS)
    members_of_places(out, entry, dialect);
  else
    members_of_object(out, entry, dialect);
  sio_payload_object_end(out);
}

void sio__jsonschema_arguments(sio_payload *out,
                               const struct sio__catalog *catalog,
                               const sio_schema *schema,
                               const struct sio__dialect *dialect)
{
  if (schema != NULL && schema->shape == SIO_SHAPE_ARGUMENTS) {
    sio__jsonschema_ref(out, dialect->refs,
                        sio__catalog_find(catalog, schema)->schema->name);
    return;
  }
  sio_payload_object_begin(out);
  sio__catalog_member(out, "type", "array");
  if (schema != NULL) {
    sio_payload_key(out, dialect->tuple);
    sio_payload_array_begin(out);
    sio__jsonschema_ref(out, dialect->refs, schema->name);
    sio_payload_array_end(out);
    sio_payload_key(out, dialect->others);
    sio_payload_bool(out, false);
    member_count(out, "minItems", 1);
  } else {
    sio_payload_key(out, "maxItems");
    sio_payload_uint64(out, 0);
  }
  sio_payload_object_end(out);
}

/* ---- The document ---- */

/* "/chat chat:message" */
static void event_key(sio_payload *out, const char *nsp, const char *event,
                      const char *more)
{
  struct sio__buf key;

  sio__catalog_begin(&key, out);
  sio__buf_text(&key, nsp);
  sio__buf_byte(&key, ' ');
  sio__buf_text(&key, event);
  sio__buf_text(&key, more);
  sio__catalog_put(&key, out, sio_payload_key);
}

static void write_events(sio_payload *out, const struct sio__catalog *catalog,
                         const sio_contract *contract,
                         const struct sio__dialect *dialect)
{
  for (size_t i = 0; i < contract->n_events; i++) {
    sio_event_schema event;
    const char *by;

    sio__contract_event(contract, i, &event);
    by = event.sender == SIO_SENT_BY_CLIENT ? "" : " (server)";
    event_key(out, contract->nsp, event.name, by);
    sio__jsonschema_arguments(out, catalog, sio__event_payload(&event),
                              dialect);
    if (sio__event_answer(&event) == NULL)
      continue;
    event_key(out, contract->nsp, event.name,
              *by == '\0' ? " ack" : " (server) ack");
    sio__jsonschema_arguments(out, catalog, sio__event_answer(&event), dialect);
  }
}

static void write_all(sio_payload *out, const struct sio__catalog *catalog)
{
  static const struct sio__dialect dialect = {"#/$defs/", "prefixItems",
                                              "items"};

  sio_payload_object_begin(out);
  sio__catalog_member(out, "$schema",
                      "https://json-schema.org/draft/2020-12/schema");
  sio_payload_key(out, "$defs");
  sio_payload_object_begin(out);
  for (size_t i = 0; i < catalog->n; i++)
    sio__jsonschema_type(out, &catalog->entries[i], &dialect);
  for (size_t i = 0; i < catalog->n_contracts; i++)
    write_events(out, catalog, catalog->contracts[i], &dialect);
  sio_payload_object_end(out);
  sio_payload_object_end(out);
}

int sio_contract_write_json_schema(const sio_contract *const *contracts,
                                   size_t n, const sio_allocator *allocator,
                                   sio_text_fn fn, void *user)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  struct sio__catalog catalog;
  struct sio_payload out;
  int rv = fn != NULL ? sio__catalog_init(&catalog, contracts, n, mem)
                      : SIO_ERR_INVALID;

  if (rv != 0)
    return rv;
  sio__payload_init(&out, mem, SIO__DESCRIPTION_MAX);
  write_all(&out, &catalog);
  rv = sio__catalog_write_json(&out, fn, user);
  sio__payload_dispose(&out);
  sio__catalog_dispose(&catalog);
  return rv;
}
