/* SPDX-License-Identifier: MIT */
/*
 * Objects and arrays.
 *
 * A member is taken for the next field, which it usually is, or searched for.
 * If a member comes twice, the later one is read over the earlier one; that
 * does not undo what was complained about.  So a payload that has mismatches
 * and duplicates is read once more, with a look ahead where the last ones are.
 */
#include "schema/object.h"

#include <stdio.h>

#include <sio/error.h>

#include "base/cold.h"
#include "json/placeholder.h"
#include "schema/key.h"
#include "schema/scalar.h"
#include "schema/shape.h"

enum { FEW_ITEMS = 8 /* that a list has room for at first */ };

/* A struct while it is read. */
struct filling {
  const sio_schema *schema;
  char *out;
  struct sio__place here; /* of its fields, in turn */
  size_t guess;           /* the field that is expected next */
  size_t n_seen;
  const char **last; /* where the last value of each field is; or NULL */
  bool is_attachment;
  uint64_t seen[SIO__MAX_FIELDS / 64];
};

static const char *read_with_check(struct sio__reader *r, const char *at,
                                   const sio_field *f, void *out,
                                   const struct sio__place *place);

/* One value of a field: its only one, or an item. */
static inline const char *read_value(struct sio__reader *r, const char *at,
                                     const sio_field *f, void *out,
                                     const struct sio__place *place)
{
  if (f->kind == SIO_KIND_OBJECT || f->check != NULL)
    return read_with_check(r, at, f, out, place);
  return sio__scalar_read(r, at, f, out, place);
}

static bool is_seen(const struct filling *s, size_t i)
{
  return (s->seen[i / 64] >> (i % 64) & 1) != 0;
}

/* ---- Arrays ---- */

static const char *refuse_array(struct sio__reader *r, const char *at,
                                const sio_field *f,
                                const struct sio__place *place,
                                const char *found)
{
  struct sio__complaint c = {place, f, true, NULL, found, at};

  return sio__reader_complain(r, &c) ? sio__json_skip_value(at, r->end) : NULL;
}

SIO__COLD static const char *refuse_count(struct sio__reader *r, const char *at,
                                          const sio_field *f,
                                          const struct sio__place *place,
                                          size_t count)
{
  char found[40];

  (void)snprintf(found, sizeof found, "%zu item%s", count,
                 count == 1 ? "" : "s");
  return refuse_array(r, at, f, place, found);
}

/* A list while it is read. */
struct growing {
  void *items;
  size_t count;
  size_t cap;
  size_t stride;
};

/* Room for one more; false: give up. */
static bool make_room(struct sio__reader *r, const sio_field *f,
                      struct growing *g)
{
  size_t cap = g->cap > 0 ? g->cap * 2 : FEW_ITEMS;
  int err;

  if (g->count < g->cap)
    return true;
  if (f->max_items != 0 && cap > f->max_items)
    cap = (size_t)f->max_items;
  if (cap > SIZE_MAX / 4 / (g->stride + 1)) {
    r->error = SIO_ERR_LIMIT;
    return false;
  }
  if (g->items == NULL)
    err = sio__arena_alloc(r->arena, cap * g->stride, &g->items);
  else
    err = sio__arena_grow(r->arena, &g->items, g->cap * g->stride,
                          cap * g->stride);
  g->cap = cap;
  r->error = err;
  return err == 0;
}

/* The items behind the bracket; those above the maximum are only counted. */
static const char *read_items(struct sio__reader *r, const char *at,
                              const sio_field *f, struct growing *g,
                              const struct sio__place *place)
{
  struct sio__place here = {place, NULL, 0};

  at = sio__reader_blank(r, at);
  if (*at == ']')
    return at + 1;
  for (;;) {
    if (f->max_items != 0 && here.n >= f->max_items) {
      at = sio__json_skip_value(at, r->end);
    } else {
      if (!make_room(r, f, g))
        return NULL;
      at = read_value(r, at, f, (char *)g->items + g->count * g->stride, &here);
      if (at == NULL)
        return NULL;
      g->count++;
    }
    here.n++;
    at = sio__reader_blank(r, at);
    if (*at == ']')
      break;
    at = sio__reader_blank(r, at + 1);
  }
  if (here.n > g->count)
    g->count = here.n;
  return at + 1;
}

static const char *read_array(struct sio__reader *r, const char *at,
                              const sio_field *f, void *out,
                              const struct sio__place *place)
{
  struct growing g = {NULL, 0, 0, sio__field_stride(f)};
  struct sio__items list = {NULL, 0};
  const char *begin = at;

  if (*at != '[')
    return refuse_array(r, at, f, place, NULL);
  if (r->depth == SIO__MAX_NESTING)
    return refuse_array(r, at, f, place, "deeper nesting");
  r->depth++;
  at = read_items(r, at + 1, f, &g, place);
  r->depth--;
  if (at == NULL)
    return NULL;
  if (g.count < f->min_items || (f->max_items != 0 && g.count > f->max_items))
    return refuse_count(r, begin, f, place, g.count);
  if (g.items != NULL)
    sio__arena_trim(r->arena, g.items, g.cap * g.stride, g.count * g.stride);
  list.items = g.items;
  list.count = g.count;
  memcpy(out, &list, sizeof list);
  return at;
}

/* ---- Members ---- */

/* The field of the key at `*at`, which is moved to the value. */
static size_t find_field(struct sio__reader *r, const struct filling *s,
                         const char **at)
{
  size_t i = s->guess;
  const char *end = NULL;
  sio_field room;

  if (i < s->schema->n_fields)
    end = sio__key_match(sio__field_at(s->schema, i, &room)->name, *at + 1);
  if (end == NULL) {
    end = sio__json_skip_value(*at, r->end);
    i = sio__key_search(s->schema, s->guess, *at, (size_t)(end - *at));
  }
  *at = sio__reader_blank(r, sio__reader_blank(r, end) + 1);
  return i;
}

static const char *unknown_member(struct sio__reader *r, struct filling *s,
                                  const char *key, const char *at)
{
  struct sio__place here = {s->here.up, key + 1, 0};
  struct sio__complaint c = {&here, NULL, false, "no such member", NULL, at};

  here.n = (size_t)(sio__json_skip_value(key, r->end) - key) - 2;
  if (r->document->n_attachments > 0 &&
      sio__is_placeholder_key(key, here.n + 2)) {
    s->is_attachment = *at == 't';
  } else if (s->schema->unknown == SIO_UNKNOWN_REFUSE &&
             !sio__reader_complain(r, &c)) {
    return NULL;
  }
  return sio__json_skip_value(at, r->end);
}

/* The value of a field of which a `null` is as if it were not there, also if
 * it has been there before. */
static const char *read_null(struct filling *s, size_t i, const sio_field *f,
                             const char *at)
{
  memset(s->out + f->offset, 0,
         sio__field_is_list(f) ? sizeof(struct sio__items) : f->item_size);
  memset(s->out + f->has_offset, 0, sizeof(bool));
  s->n_seen -= is_seen(s, i);
  s->seen[i / 64] &= ~((uint64_t)1 << (i % 64));
  return at + 4;
}

/* The value of field `i`. */
static const char *read_member(struct sio__reader *r, struct filling *s,
                               size_t i, const char *at)
{
  sio_field room;
  const sio_field *f = sio__field_at(s->schema, i, &room);

  s->guess = i + 1;
  if (s->here.n == SIO__NAME_ENDS)
    s->here.name = f->name;
  if (s->last != NULL && s->last[i] != at)
    return sio__json_skip_value(at, r->end);
  if (*at == 'n' && f->nullable)
    return read_null(s, i, f, at);
  if (is_seen(s, i)) {
    r->has_duplicates = true;
  } else {
    s->seen[i / 64] |= (uint64_t)1 << (i % 64);
    s->n_seen++;
  }
  if (f->mode == SIO_MODE_REQUIRED) /* what the function would do, in short */
    return read_value(r, at, f, s->out + f->offset, &s->here);
  return sio__object_field(r, at, f, s->out, &s->here);
}

/* Behind the brace: where the last value of each field is; false: give up. */
static bool look_ahead(struct sio__reader *r, struct filling *s, const char *at)
{
  size_t size = s->schema->n_fields * sizeof *s->last;

  s->last = sio__reader_memory(r, size);
  if (s->last == NULL)
    return false;
  for (;;) {
    size_t i = find_field(r, s, &at);

    if (i < s->schema->n_fields) {
      s->last[i] = at;
      s->guess = i + 1;
    }
    at = sio__reader_blank(r, sio__json_skip_value(at, r->end));
    if (*at == '}')
      break;
    at = sio__reader_blank(r, at + 1);
  }
  s->guess = 0;
  return true;
}

static const char *read_members(struct sio__reader *r, struct filling *s,
                                const char *at)
{
  at = sio__reader_blank(r, at);
  if (*at == '}')
    return at + 1;
  if (r->is_careful && !look_ahead(r, s, at))
    return NULL;
  for (;;) {
    const char *key = at;
    size_t i = find_field(r, s, &at);

    if (i < s->schema->n_fields) {
      at = read_member(r, s, i, at);
    } else {
      at = unknown_member(r, s, key, at);
    }
    if (at == NULL)
      return NULL;
    at = sio__reader_blank(r, at);
    if (*at == '}')
      return at + 1;
    at = sio__reader_blank(r, at + 1);
  }
}

/* ---- Structs ---- */

bool sio__object_default(struct sio__reader *r, const sio_field *field,
                         char *out, const struct sio__place *place)
{
  static const char bad[] = "a default in JSON";
  struct sio__complaint c = {place, field, false, bad, NULL, NULL};
  const char *end = r->end;
  size_t len = strlen(field->fallback);
  const char *at;

  if (sio__json_check(field->fallback, len, SIO__MAX_NESTING, NULL) != 0)
    return sio__reader_complain(r, &c);
  r->end = field->fallback + len;
  at = sio__json_skip_blank(field->fallback, r->end);
  at = sio__object_field(r, at, field, out, place);
  r->end = end;
  if (at != NULL && sio__field_is_optional(field))
    memset(out + field->has_offset, 0, sizeof(bool));
  return at != NULL;
}

/* Fields that were not there; false: give up. */
static bool complete(struct sio__reader *r, struct filling *s)
{
  sio_field room;

  if (s->n_seen == s->schema->n_fields)
    return true;
  for (size_t i = 0; i < s->schema->n_fields; i++) {
    const sio_field *f;
    struct sio__complaint c = {&s->here, NULL, false, NULL, NULL, NULL};

    if (is_seen(s, i))
      continue;
    f = sio__field_at(s->schema, i, &room);
    if (s->schema->shape == SIO_SHAPE_ARGUMENTS)
      s->here.n = i;
    else
      s->here.name = f->name;
    if (f->fallback != NULL) {
      if (!sio__object_default(r, f, s->out, &s->here))
        return false;
    } else if (!sio__field_is_optional(f)) {
      c.field = f;
      c.is_list = sio__field_is_list(f);
      if (!sio__reader_complain(r, &c))
        return false;
    }
  }
  return true;
}

/* What the host has to say about it; false: give up. */
static bool check_value(struct sio__reader *r, sio_check_fn check,
                        const void *value, const char *at,
                        const struct sio__place *place)
{
  struct sio__complaint c = {place, NULL, false, NULL, NULL, at};

  c.found = at == NULL ? "other arguments" : NULL;
  c.expected = check(value);
  return c.expected == NULL || sio__reader_complain(r, &c);
}

static void begin(struct filling *s, const sio_schema *schema, char *out,
                  const struct sio__place *place)
{
  memset(s, 0, sizeof *s);
  memset(out, 0, schema->struct_size);
  s->schema = schema;
  s->out = out;
  s->here.up = place;
  s->here.n = SIO__NAME_ENDS;
}

/* What is complained about where a struct should be. */
static const char *refuse_object(struct sio__reader *r, const char *at,
                                 const struct sio__place *place,
                                 const char *found)
{
  struct sio__complaint c = {place, NULL, false, "an object", found, at};

  return sio__reader_complain(r, &c) ? sio__json_skip_value(at, r->end) : NULL;
}

static const char *read_object(struct sio__reader *r, const char *at,
                               const sio_schema *given, void *out,
                               const struct sio__place *place)
{
  size_t before = r->count;
  size_t kept = r->mismatches != NULL ? r->mismatches->kept : 0;
  const char *begun = at;
  struct filling s;
  sio_schema room;

  if (*at != '{')
    return refuse_object(r, at, place, NULL);
  if (r->depth == SIO__MAX_NESTING)
    return refuse_object(r, at, place, "deeper nesting");
  begin(&s, sio__schema_view(given, &room), out, place);
  r->depth++;
  at = read_members(r, &s, at + 1);
  if (at != NULL && !s.is_attachment && !complete(r, &s))
    at = NULL;
  r->depth--;
  if (at != NULL && s.is_attachment) { /* it was no object at all */
    r->count = before;
    if (r->mismatches != NULL) {
      r->mismatches->count = before;
      r->mismatches->kept = kept;
    }
    return refuse_object(r, begun, place, "binary data");
  }
  if (at != NULL && r->count == before && s.schema->check != NULL &&
      !check_value(r, s.schema->check, out, begun, place))
    return NULL;
  return at;
}

/* Objects, and what the host checks. */
static const char *read_with_check(struct sio__reader *r, const char *at,
                                   const sio_field *f, void *out,
                                   const struct sio__place *place)
{
  size_t before = r->count;
  const char *begun = at;

  if (f->kind == SIO_KIND_OBJECT)
    at = read_object(r, at, sio__field_type(f), out, place);
  else
    at = sio__scalar_read(r, at, f, out, place);
  if (f->check != NULL && at != NULL && r->count == before &&
      !check_value(r, f->check, out, begun, place))
    return NULL;
  return at;
}

const char *sio__object_field(struct sio__reader *r, const char *at,
                              const sio_field *field, char *out,
                              const struct sio__place *place)
{
  static const bool yes = true;

  if (sio__field_is_list(field))
    at = read_array(r, at, field, out + field->offset, place);
  else
    at = read_value(r, at, field, out + field->offset, place);
  if (sio__field_is_optional(field))
    memcpy(out + field->has_offset, &yes, sizeof yes);
  return at;
}

const char *sio__object_whole(struct sio__reader *r, const char *at,
                              const sio_schema *schema, void *out,
                              const struct sio__place *place)
{
  sio_field field;

  if (schema->shape != SIO_SHAPE_ENUMERATION)
    return read_object(r, at, schema, out, place);
  memset(&field, 0, sizeof field);
  field.kind = SIO_KIND_ENUMERATION;
  field.mode = SIO_MODE_REQUIRED;
  field.item_size = (uint32_t)schema->struct_size;
  field.schema = schema;
  return read_value(r, at, &field, out, place);
}

void sio__object_arguments(struct sio__reader *r, const char *at,
                           const sio_schema *schema, void *out,
                           const struct sio__place *args)
{
  size_t before = r->count;
  struct filling s;

  begin(&s, schema, out, args);
  s.here.n = 0;
  while (at < r->end && s.here.n < schema->n_fields) {
    at = read_member(r, &s, s.here.n, at);
    if (at == NULL)
      return;
    at = sio__reader_next(r, at);
    s.here.n++;
  }
  if (schema->unknown == SIO_UNKNOWN_REFUSE)
    sio__reader_no_more(r, at, schema->n_fields, args);
  if (r->error != 0 || !complete(r, &s))
    return;
  if (schema->check != NULL && r->count == before)
    (void)check_value(r, schema->check, out, NULL, args); /* the last step */
}
