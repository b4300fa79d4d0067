/* SPDX-License-Identifier: MIT */
/*
 * What a declaration can get wrong.
 *
 * The types that a type is made of are collected in a list, without recursion,
 * and looked at one by one.  A type may be an item of itself, but not a part:
 * each gets a height above the parts it has, and in a cycle that never ends.
 */
#include <sio/schema.h>

#include <sio/error.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "json/read.h"
#include "schema/check_field.h"
#include "schema/object.h"
#include "schema/shape.h"

enum {
  MAX_HEIGHT = SIO__MAX_NESTING / 2,
  DEFAULT_BYTES = 8192 /* that reading a default may take */
};

struct types {
  size_t n;
  const sio_schema *list[SIO__MAX_TYPES];
};

static bool is_identifier(const char *text)
{
  if (text == NULL || (*text != '_' && !sio__is_letter(*text)))
    return false;
  while (*text == '_' || sio__is_alphanumeric(*text))
    text++;
  return *text == '\0';
}

static size_t index_of(const struct types *types, const sio_schema *type)
{
  size_t i = 0;

  while (i < types->n && types->list[i] != type)
    i++;
  return i;
}

/* ---- Enumerations ---- */

static bool value_fits(size_t size, int32_t value)
{
  if (size >= sizeof value)
    return true;
  return size == 1 ? value >= INT8_MIN && value <= UINT8_MAX
                   : value >= INT16_MIN && value <= UINT16_MAX;
}

static const char *check_names(const sio_schema *s)
{
  if (s->n_names == 0 || s->names == NULL || s->n_fields > 0)
    return "an enumeration without names, or with fields";
  if (s->struct_size != 1 && s->struct_size != 2 && s->struct_size != 4)
    return "an enumeration of another size than 1, 2 or 4 bytes";
  for (size_t i = 0; i < s->n_names; i++) {
    if (!sio__check_name(s->names[i].name))
      return "a name is empty, not UTF-8, or needs escapes";
    if (!value_fits(s->struct_size, s->names[i].value))
      return "a value that the enumeration has no room for";
    for (size_t k = 0; k < i; k++) {
      if (strcmp(s->names[i].name, s->names[k].name) == 0)
        return "two values of one name";
    }
  }
  return NULL;
}

/* ---- Defaults ---- */

/* Memory on the stack, handed out once. */
struct pocket {
  size_t used;
  max_align_t bytes[DEFAULT_BYTES / sizeof(max_align_t)];
};

static void *pocket_alloc(size_t size, void *user)
{
  struct pocket *pocket = user;
  size_t unit = sizeof(max_align_t);
  char *at = (char *)pocket->bytes + pocket->used;

  if (size > sizeof pocket->bytes - pocket->used)
    return NULL;
  pocket->used += (size + unit - 1) / unit * unit;
  return at;
}

static void pocket_free(void *memory, size_t size, void *user)
{
  (void)memory;
  (void)size;
  (void)user;
}

static size_t value_size(const sio_field *f)
{
  return sio__field_is_list(f) ? sizeof(struct sio__items) : f->item_size;
}

/* Read the default as it would be read for a payload, into a struct of this
 * field alone. */
static const char *check_default(const sio_field *field)
{
  static const struct sio__place place = {NULL, "default", SIO__NAME_ENDS};
  struct pocket pocket;
  sio_allocator mem = {pocket_alloc, pocket_free, &pocket};
  struct sio_document document;
  struct sio__reader r;
  sio_field alone = *field;
  void *out;

  pocket.used = 0;
  memset(&r, 0, sizeof r);
  sio__document_init(&document, "", 0, &mem);
  r.document = &document;
  r.stop_at_first = true;
  r.arena = sio_arena_new(&mem, DEFAULT_BYTES);
  alone.offset = 0;
  alone.has_offset = (uint32_t)value_size(field);
  if (r.arena == NULL ||
      sio__arena_alloc(r.arena, value_size(field) + 1, &out) != 0)
    return "a default that is too large";
  r.end = "";
  if (sio__object_default(&r, &alone, out, &place))
    return NULL;
  return r.error == SIO_ERR_TYPE ? "a default that its own field refuses"
                                 : "a default that is too large";
}

/* ---- Structs ---- */

/* Arguments are told by their places: what may be missing comes last. */
static bool may_be_missing(const sio_field *f)
{
  return sio__field_is_optional(f) || f->fallback != NULL;
}

/* Whether two ranges of bytes have one in common. */
static bool overlap(size_t a, size_t a_size, size_t b, size_t b_size)
{
  return a < b + b_size && b < a + a_size;
}

static const char *check_two(const sio_schema *s, const sio_field *a,
                             const sio_field *b)
{
  if (strcmp(a->name, b->name) == 0)
    return "two fields of one name";
  if (s->shape == SIO_SHAPE_ARGUMENTS && may_be_missing(a) &&
      !may_be_missing(b))
    return "an argument that may be missing before one that may not";
  if (overlap(a->offset, value_size(a), b->offset, value_size(b)) ||
      (sio__field_is_optional(a) &&
       overlap(a->has_offset, 1, b->offset, value_size(b))) ||
      (sio__field_is_optional(b) &&
       overlap(a->offset, value_size(a), b->has_offset, 1)))
    return "two fields at one place";
  return NULL;
}

/* Take the type of a field into the list. */
static const char *collect(struct types *types, const sio_field *f)
{
  const sio_schema *type = sio__field_type(f);

  if (type == NULL || index_of(types, type) < types->n)
    return NULL;
  if (types->n == SIO__MAX_TYPES)
    return "more than 256 types";
  types->list[types->n++] = type;
  return NULL;
}

static const char *check_fields(struct types *types, const sio_schema *s)
{
  const char *why = NULL;
  sio_field room_a;
  sio_field room_b;

  if (s->n_names > 0)
    return "names of what is no enumeration";
  if (s->n_fields > SIO__MAX_FIELDS || (s->n_fields > 0 && s->fields == NULL))
    return "more than 256 fields, or none where there should be";
  for (size_t i = 0; i < s->n_fields && why == NULL; i++) {
    const sio_field *f = sio__field_at(s, i, &room_a);

    why = sio__check_field(s, f);
    if (why == NULL)
      why = collect(types, f);
    for (size_t k = 0; k < i && why == NULL; k++)
      why = check_two(s, sio__field_at(s, k, &room_b), f);
  }
  return why;
}

static const char *check_type(struct types *types, const sio_schema *given)
{
  sio_schema room;
  const sio_schema *s;

  if (given->size < offsetof(sio_schema, doc) ||
      given->field_size < offsetof(sio_field, format) ||
      given->field_size % sizeof(void *) != 0)
    return "a schema that does not say its size, or that of its fields";
  s = sio__schema_view(given, &room);
  if (!is_identifier(s->name))
    return "a type's name is not an identifier";
  if (s->unknown > SIO_UNKNOWN_REFUSE)
    return "an unknown way with unknown members";
  if (s->doc != NULL &&
      !sio__utf8_is_valid((const uint8_t *)s->doc, strlen(s->doc)))
    return "a type's description is not UTF-8";
  switch (s->shape) {
  case SIO_SHAPE_ENUMERATION:
    return check_names(s);
  case SIO_SHAPE_OBJECT:
  case SIO_SHAPE_ARGUMENTS:
    return check_fields(types, s);
  default:
    return "a schema of no known shape";
  }
}

/* ---- All types of one ---- */

/* The height of a type above its parts, as far as those are known. */
static unsigned height_of(const struct types *types, const unsigned *heights,
                          const sio_schema *s)
{
  unsigned height = 0;
  sio_field room;

  for (size_t i = 0; i < s->n_fields; i++) {
    const sio_field *f = sio__field_at(s, i, &room);

    if (f->kind == SIO_KIND_OBJECT && !sio__field_is_list(f)) {
      unsigned part = heights[index_of(types, sio__field_type(f))];

      height = part + 1 > height ? part + 1 : height;
    }
  }
  return height;
}

static const char *check_parts(const struct types *types)
{
  unsigned heights[SIO__MAX_TYPES] = {0};
  bool changed = true;

  while (changed) {
    changed = false;
    for (size_t i = 0; i < types->n; i++) {
      unsigned height = height_of(types, heights, types->list[i]);

      if (height > MAX_HEIGHT)
        return "a type that is a part of itself, or parts too deep";
      changed = changed || height != heights[i];
      heights[i] = height;
    }
  }
  return NULL;
}

static const char *check_defaults(const struct types *types)
{
  const char *why = NULL;
  sio_field room;

  for (size_t i = 0; i < types->n; i++) {
    const sio_schema *s = types->list[i];

    for (size_t k = 0; k < s->n_fields && why == NULL; k++) {
      const sio_field *f = sio__field_at(s, k, &room);

      if (f->fallback != NULL)
        why = check_default(f);
    }
  }
  return why;
}

int sio_schema_check(const sio_schema *schema, const char **why)
{
  const char *found = NULL;
  struct types types;

  types.n = 1;
  types.list[0] = schema;
  if (schema != NULL) {
    for (size_t i = 0; i < types.n && found == NULL; i++)
      found = check_type(&types, types.list[i]);
    if (found == NULL)
      found = check_parts(&types);
    if (found == NULL)
      found = check_defaults(&types);
  }
  if (why != NULL)
    *why = found;
  return found == NULL ? 0 : SIO_ERR_INVALID;
}
