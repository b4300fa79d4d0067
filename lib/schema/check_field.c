/* SPDX-License-Identifier: MIT */
/* What a field can get wrong. */
#include "schema/check_field.h"

#include "base/utf8.h"
#include "schema/shape.h"

static bool is_utf8(const char *text)
{
  return text == NULL ||
         sio__utf8_is_valid((const uint8_t *)text, strlen(text));
}

bool sio__check_name(const char *name)
{
  if (name == NULL || *name == '\0' || !is_utf8(name))
    return false;
  for (; *name != '\0'; name++) {
    if ((uint8_t)*name < 0x20 || *name == '"' || *name == '\\')
      return false;
  }
  return true;
}

size_t sio__check_kind_size(uint32_t kind)
{
  static const uint8_t sizes[] = {
      [SIO_KIND_STRING] = sizeof(sio_str),
      [SIO_KIND_BOOLEAN] = sizeof(bool),
      [SIO_KIND_INT32] = sizeof(int32_t),
      [SIO_KIND_INT64] = sizeof(int64_t),
      [SIO_KIND_UINT32] = sizeof(uint32_t),
      [SIO_KIND_UINT64] = sizeof(uint64_t),
      [SIO_KIND_NUMBER] = sizeof(double),
      [SIO_KIND_BINARY] = sizeof(sio_span),
      [SIO_KIND_JSON] = sizeof(sio_value),
      [SIO_KIND_TIMESTAMP] = sizeof(int64_t),
  };

  return kind < sizeof sizes ? sizes[kind] : 0;
}

static bool is_string(const sio_field *f)
{
  return f->kind == SIO_KIND_STRING || f->kind == SIO_KIND_TEXT;
}

static bool is_numeric(const sio_field *f)
{
  return f->kind >= SIO_KIND_INT32 && f->kind <= SIO_KIND_NUMBER;
}

static const char *check_words(const sio_field *f)
{
  if (!sio__check_name(f->name))
    return "a field's name is empty, not UTF-8, or needs escapes";
  if (strcmp(f->name, "_placeholder") == 0)
    return "_placeholder is what attachments are known by";
  if (f->kind < SIO_KIND_STRING || f->kind > SIO_KIND_TIMESTAMP)
    return "a field of no known kind";
  if (f->mode < SIO_MODE_REQUIRED || f->mode > SIO_MODE_OPTIONAL_LIST)
    return "a field of no known mode";
  if (!is_utf8(f->doc))
    return "a field's description is not UTF-8";
  return NULL;
}

static const char *check_type(const sio_field *f)
{
  const sio_schema *type;

  if (f->kind != SIO_KIND_OBJECT && f->kind != SIO_KIND_ENUMERATION)
    return f->type != NULL || f->schema != NULL
               ? "a type for a kind that has none"
               : NULL;
  type = sio__field_type(f);
  if (type == NULL)
    return "an object or enumeration without its type";
  if (type->shape !=
      (f->kind == SIO_KIND_OBJECT ? SIO_SHAPE_OBJECT : SIO_SHAPE_ENUMERATION))
    return "a type of another shape than its field has";
  if (f->item_size != type->struct_size &&
      !(sio__field_is_list(f) && f->item_size == 0))
    return "a field of another size than its type has";
  return NULL;
}

/* Whether `size` bytes at a place are within the struct. */
static bool is_inside(const sio_schema *schema, size_t offset, size_t size)
{
  return size <= schema->struct_size && offset <= schema->struct_size - size;
}

static const char *check_layout(const sio_schema *schema, const sio_field *f)
{
  size_t want = sio__check_kind_size(f->kind);
  size_t size =
      sio__field_is_list(f) ? sizeof(struct sio__items) : f->item_size;

  if (f->kind == SIO_KIND_TEXT ? f->item_size == 0
                               : want != 0 && f->item_size != want)
    return "a field of another size than its kind has";
  if (!is_inside(schema, f->offset, size) ||
      (sio__field_is_optional(f) &&
       !is_inside(schema, f->has_offset, sizeof(bool))))
    return "a field outside of its struct";
  if (sio__field_is_optional(f) && f->has_offset >= f->offset &&
      f->has_offset - f->offset < size)
    return "a has_ inside of its field";
  return NULL;
}

static const char *check_amounts(const sio_field *f)
{
  bool has_length = f->min_length != 0 || f->max_length != 0;

  if (has_length && !is_string(f) && f->kind != SIO_KIND_BINARY)
    return "a length of what has none";
  if (f->max_length != 0 && f->min_length > f->max_length)
    return "a least length above the greatest";
  if (f->kind == SIO_KIND_TEXT && f->min_length >= f->item_size)
    return "a least length above what the text has room for";
  if ((f->min_items != 0 || f->max_items != 0) && !sio__field_is_list(f))
    return "a number of items of what is no list";
  if (f->max_items != 0 && f->min_items > f->max_items)
    return "a least number of items above the greatest";
  return NULL;
}

static bool is_finite(double x)
{
  return x - x == 0;
}

static const char *check_range(const sio_field *f)
{
  if ((f->has_min || f->has_max) && !is_numeric(f))
    return "a range of what is no number";
  if ((f->has_min && !is_finite(f->min)) || (f->has_max && !is_finite(f->max)))
    return "a bound that is not finite";
  if (f->has_min && f->has_max && f->min > f->max)
    return "a least value above the greatest";
  return NULL;
}

static const char *check_constraints(const sio_field *f)
{
  if (f->format > SIO_FORMAT_URI ||
      (f->format != SIO_FORMAT_ANY && !is_string(f)))
    return "a format that is not known, or of what is no string";
  if (f->nullable && !sio__field_is_optional(f))
    return "null for a field that is not optional";
  return check_range(f);
}

const char *sio__check_field(const sio_schema *schema, const sio_field *field)
{
  const char *why = check_words(field);

  if (why == NULL)
    why = check_type(field);
  if (why == NULL)
    why = check_layout(schema, field);
  if (why == NULL)
    why = check_amounts(field);
  if (why == NULL)
    why = check_constraints(field);
  return why;
}
