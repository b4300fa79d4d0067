/* SPDX-License-Identifier: MIT */
/* Declarations made at run time, and the layout of their structs. */
#include <sio/schema.h>

#include <stdalign.h>

#include <sio/error.h>

#include "base/mem.h"
#include "schema/check_field.h"
#include "schema/shape.h"

enum { FIRST_CAP = 8 };

struct built {
  sio_schema schema; /* first: it is what the caller has */
  sio_allocator mem; /* a copy */
  sio_field *fields; /* what the schema has, but not const */
  size_t fields_cap;
  sio_enum_name *names;
  size_t names_cap;
  size_t end; /* of the last field; the struct may be longer */
  size_t alignment;
};

static struct built *built_of(sio_schema *schema)
{
  return (struct built *)(void *)schema;
}

/* ---- Texts ---- */

/* Put a copy in the place of an earlier one; NULL: none. */
static int set_text(const sio_allocator *mem, const char **place,
                    const char *text)
{
  char *copy = text != NULL ? sio__text_copy(mem, text) : NULL;

  if (text != NULL && copy == NULL)
    return SIO_ERR_NOMEM;
  sio__text_free(mem, *place);
  *place = copy;
  return 0;
}

/* Room for one more in an array; the array may move. */
static bool make_room(const sio_allocator *mem, void **array, size_t n,
                      size_t *cap, size_t size)
{
  size_t more = *cap > 0 ? *cap * 2 : FIRST_CAP;
  void *moved;

  if (n < *cap)
    return true;
  moved = sio__mem_resize(mem, *array, *cap * size, more * size);
  if (moved == NULL)
    return false;
  *array = moved;
  *cap = more;
  return true;
}

/* ---- Layout ---- */

static size_t round_up(size_t size, size_t alignment)
{
  return (size + alignment - 1) / alignment * alignment;
}

static size_t larger(size_t a, size_t b)
{
  return a > b ? a : b;
}

static size_t alignment_of(const sio_schema *type);

/* Of a value in a struct. */
static size_t value_alignment(const sio_field *f)
{
  switch (f->kind) {
  case SIO_KIND_TEXT:
    return 1;
  case SIO_KIND_STRING:
    return alignof(sio_str);
  case SIO_KIND_BINARY:
    return alignof(sio_span);
  case SIO_KIND_JSON:
    return alignof(sio_value);
  case SIO_KIND_NUMBER:
    return alignof(double);
  case SIO_KIND_INT64:
  case SIO_KIND_TIMESTAMP:
    return alignof(int64_t);
  case SIO_KIND_UINT64:
    return alignof(uint64_t);
  case SIO_KIND_OBJECT:
    return alignment_of(sio__field_type(f));
  default: /* booleans, enumerations and 32 bits are as large as aligned */
    return f->item_size;
  }
}

static size_t field_alignment(const sio_field *f)
{
  return sio__field_is_list(f) ? alignof(struct sio__items)
                               : value_alignment(f);
}

/* Of a struct that sio_schema_check() has accepted: its parts have an end. */
static size_t alignment_of(const sio_schema *type)
{
  size_t alignment = 1;
  sio_field room;

  for (size_t i = 0; i < type->n_fields; i++)
    alignment =
        larger(alignment, field_alignment(sio__field_at(type, i, &room)));
  return alignment;
}

/* Give a field its places. */
static int place(struct built *b, sio_field *f)
{
  size_t alignment = field_alignment(f);
  size_t size =
      sio__field_is_list(f) ? sizeof(struct sio__items) : f->item_size;
  size_t offset = round_up(b->end, alignment);
  size_t end = offset + size;

  if (end > UINT32_MAX / 2 || size > UINT32_MAX / 2)
    return SIO_ERR_INVALID;
  f->offset = (uint32_t)offset;
  if (sio__field_is_optional(f))
    f->has_offset = (uint32_t)end++;
  b->end = end;
  b->alignment = larger(b->alignment, alignment);
  b->schema.struct_size = round_up(end, b->alignment);
  return 0;
}

/* ---- Fields ---- */

/* The size of a value, by its kind; false: something does not go together. */
static bool set_size(const sio_schema *schema, sio_field *f, size_t text_size)
{
  const sio_schema *type = f->schema;
  size_t size = sio__check_kind_size(f->kind);

  if (f->kind == SIO_KIND_OBJECT || f->kind == SIO_KIND_ENUMERATION) {
    if (type == NULL ||
        type->shape != (f->kind == SIO_KIND_OBJECT ? SIO_SHAPE_OBJECT
                                                   : SIO_SHAPE_ENUMERATION))
      return false;
    size = type->struct_size;
    if (f->kind == SIO_KIND_OBJECT && sio__field_is_list(f))
      size = 0; /* the type may not be complete yet */
    else if (type == schema || sio_schema_check(type, NULL) != 0)
      return false;
  } else if (type != NULL) {
    return false;
  }
  if (f->kind == SIO_KIND_TEXT)
    size = text_size;
  if (size > UINT32_MAX / 2 || (f->kind == SIO_KIND_TEXT && size == 0))
    return false;
  f->item_size = (uint32_t)size;
  return true;
}

/* The field that was added last; NULL: there is none. */
static sio_field *last_field(sio_schema *schema)
{
  return schema->n_fields > 0 ? &built_of(schema)->fields[schema->n_fields - 1]
                              : NULL;
}

/* ---- Public ---- */

sio_schema *sio_schema_new(const sio_allocator *allocator, const char *name,
                           sio_shape shape)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  struct built *b;

  if (name == NULL || shape < SIO_SHAPE_OBJECT || shape > SIO_SHAPE_ENUMERATION)
    return NULL;
  b = sio__mem_zalloc(mem, sizeof *b);
  if (b == NULL)
    return NULL;
  b->mem = *mem;
  b->alignment = 1;
  b->schema.size = sizeof b->schema;
  b->schema.field_size = sizeof(sio_field);
  b->schema.shape = shape;
  b->schema.struct_size = shape == SIO_SHAPE_ENUMERATION ? sizeof(int32_t) : 0;
  b->schema.name = sio__text_copy(mem, name);
  if (b->schema.name == NULL) {
    sio__mem_free(mem, b, sizeof *b);
    return NULL;
  }
  return &b->schema;
}

void sio_schema_free(sio_schema *schema)
{
  struct built *b = built_of(schema);
  sio_allocator mem;

  if (schema == NULL)
    return;
  mem = b->mem; /* which goes with the schema */
  for (size_t i = 0; i < schema->n_fields; i++) {
    sio__text_free(&mem, b->fields[i].name);
    sio__text_free(&mem, b->fields[i].fallback);
    sio__text_free(&mem, b->fields[i].doc);
  }
  for (size_t i = 0; i < schema->n_names; i++)
    sio__text_free(&mem, b->names[i].name);
  sio__mem_free(&mem, b->fields, b->fields_cap * sizeof *b->fields);
  sio__mem_free(&mem, b->names, b->names_cap * sizeof *b->names);
  sio__text_free(&mem, schema->name);
  sio__text_free(&mem, schema->doc);
  sio__mem_free(&mem, b, sizeof *b);
}

void sio_schema_set_unknown(sio_schema *schema, sio_unknown unknown)
{
  schema->unknown = unknown;
}

int sio_schema_set_doc(sio_schema *schema, const char *doc)
{
  return set_text(&built_of(schema)->mem, &schema->doc, doc);
}

void sio_schema_set_check(sio_schema *schema, sio_check_fn check)
{
  schema->check = check;
}

int sio_schema_add_name(sio_schema *schema, const char *name, int32_t value)
{
  struct built *b = built_of(schema);
  void *names = b->names;
  char *copy;

  if (schema->shape != SIO_SHAPE_ENUMERATION || name == NULL)
    return SIO_ERR_INVALID;
  if (!make_room(&b->mem, &names, schema->n_names, &b->names_cap,
                 sizeof *b->names))
    return SIO_ERR_NOMEM;
  b->names = names;
  schema->names = names;
  copy = sio__text_copy(&b->mem, name);
  if (copy == NULL)
    return SIO_ERR_NOMEM;
  b->names[schema->n_names].name = copy;
  b->names[schema->n_names++].value = value;
  return 0;
}

int sio_schema_add_field(sio_schema *schema, const char *name, sio_mode mode,
                         sio_kind kind, const sio_schema *type,
                         size_t text_size)
{
  struct built *b = built_of(schema);
  void *fields = b->fields;
  sio_field field;
  int err;

  if (schema->shape == SIO_SHAPE_ENUMERATION || name == NULL ||
      schema->n_fields == SIO__MAX_FIELDS || kind < SIO_KIND_STRING ||
      kind > SIO_KIND_TIMESTAMP || mode < SIO_MODE_REQUIRED ||
      mode > SIO_MODE_OPTIONAL_LIST)
    return SIO_ERR_INVALID;
  memset(&field, 0, sizeof field);
  field.kind = kind;
  field.mode = mode;
  field.schema = type;
  if (!set_size(schema, &field, text_size))
    return SIO_ERR_INVALID;
  if (!make_room(&b->mem, &fields, schema->n_fields, &b->fields_cap,
                 sizeof *b->fields))
    return SIO_ERR_NOMEM;
  b->fields = fields;
  schema->fields = fields;
  field.name = sio__text_copy(&b->mem, name);
  if (field.name == NULL)
    return SIO_ERR_NOMEM;
  err = place(b, &field);
  if (err != 0) {
    sio__text_free(&b->mem, field.name);
    return err;
  }
  b->fields[schema->n_fields++] = field;
  return 0;
}

int sio_schema_set_format(sio_schema *schema, sio_format format)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->format = format;
  return 0;
}

int sio_schema_set_length(sio_schema *schema, uint64_t min, uint64_t max)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->min_length = min;
  f->max_length = max;
  return 0;
}

int sio_schema_set_items(sio_schema *schema, uint64_t min, uint64_t max)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->min_items = min;
  f->max_items = max;
  return 0;
}

int sio_schema_set_min(sio_schema *schema, double min)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->min = min;
  f->has_min = true;
  return 0;
}

int sio_schema_set_max(sio_schema *schema, double max)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->max = max;
  f->has_max = true;
  return 0;
}

int sio_schema_set_nullable(sio_schema *schema, bool nullable)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->nullable = nullable;
  return 0;
}

int sio_schema_set_default(sio_schema *schema, const char *json)
{
  sio_field *f = last_field(schema);

  return f != NULL ? set_text(&built_of(schema)->mem, &f->fallback, json)
                   : SIO_ERR_INVALID;
}

int sio_schema_set_field_doc(sio_schema *schema, const char *doc)
{
  sio_field *f = last_field(schema);

  return f != NULL ? set_text(&built_of(schema)->mem, &f->doc, doc)
                   : SIO_ERR_INVALID;
}

int sio_schema_set_field_check(sio_schema *schema, sio_check_fn check)
{
  sio_field *f = last_field(schema);

  if (f == NULL)
    return SIO_ERR_INVALID;
  f->check = check;
  return 0;
}

size_t sio_schema_struct_size(const sio_schema *schema)
{
  return schema->struct_size;
}

size_t sio_schema_offset(const sio_schema *schema, const char *name,
                         size_t *has)
{
  sio_field room;

  if (has != NULL)
    *has = SIZE_MAX;
  for (size_t i = 0; i < schema->n_fields; i++) {
    const sio_field *f = sio__field_at(schema, i, &room);

    if (strcmp(f->name, name) != 0)
      continue;
    if (has != NULL && sio__field_is_optional(f))
      *has = f->has_offset;
    return f->offset;
  }
  return SIZE_MAX;
}
