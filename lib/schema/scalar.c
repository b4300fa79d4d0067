/* SPDX-License-Identifier: MIT */
/* Values that are neither objects nor arrays, and their constraints. */
#include "schema/scalar.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/cold.h"
#include "json/number.h"
#include "json/plain.h"
#include "json/string.h"
#include "schema/format.h"
#include "schema/moment.h"
#include "schema/shape.h"

/* A value that has so much of something, but should not. */
SIO__COLD static const char *refuse_amount(struct sio__reader *r,
                                           const char *at, const sio_field *f,
                                           const struct sio__place *place,
                                           uint64_t n, const char *unit)
{
  char found[40];

  (void)snprintf(found, sizeof found, "%llu %s%s", (unsigned long long)n, unit,
                 n == 1 ? "" : "s");
  return sio__reader_refuse(r, at, f, place, found);
}

/* ---- Strings ---- */

/* A string as it stands in the text. */
struct string {
  const char *inside;
  size_t len;
  const char *end; /* behind the closing quote */
  bool has_escapes;
};

static inline struct string scan(const struct sio__reader *r, const char *at)
{
  struct string s = {at + 1, 0, NULL, false};

  at++;
  for (;;) {
    while (r->end - at >= 8) {
      uint64_t w = sio__word_load(at);
      uint64_t marks = sio__word_equal(w, '"') | sio__word_equal(w, '\\');

      if (marks != 0) {
        at += sio__word_first(marks);
        break;
      }
      at += 8;
    }
    while (*at != '"' && *at != '\\')
      at++;
    if (*at == '"')
      break;
    s.has_escapes = true;
    at += 2;
  }
  s.len = (size_t)(at - s.inside);
  s.end = at + 1;
  return s;
}

/* Its text without escapes, in memory of the arena; false: give up. */
static bool unescape(struct sio__reader *r, const struct string *s,
                     sio_str *text)
{
  char *memory = sio__reader_memory(r, s->len);

  if (memory == NULL)
    return false;
  text->data = memory;
  text->len = sio__json_unescape(s->inside, s->len, memory);
  sio__arena_trim(r->arena, memory, s->len, text->len);
  return true;
}

/* Its text, where it stands or without escapes; false: give up. */
static inline bool resolve(struct sio__reader *r, const struct string *s,
                           sio_str *text)
{
  text->data = s->inside;
  text->len = s->len;
  return !s->has_escapes || unescape(r, s, text);
}

static uint64_t code_points(sio_str text)
{
  uint64_t n = 0;

  for (size_t i = 0; i < text.len; i++)
    n += ((uint8_t)text.data[i] & 0xC0) != 0x80;
  return n;
}

static bool amount_fits(const sio_field *f, uint64_t n)
{
  return n >= f->min_length && (f->max_length == 0 || n <= f->max_length);
}

/* A code point has one to four bytes, which is enough to know of most. */
static bool length_fits(const sio_field *f, sio_str text)
{
  uint64_t least = (uint64_t)text.len / 4 + (text.len % 4 != 0);

  return (least >= f->min_length &&
          (f->max_length == 0 || text.len <= f->max_length)) ||
         amount_fits(f, code_points(text));
}

/* The constraints of a string that stands at `at`; false: they have been
 * complained about, and `*next` is what to return. */
static inline bool string_fits(struct sio__reader *r, const char *at,
                               const sio_field *f, sio_str text,
                               const struct sio__place *place,
                               const char **next)
{
  if ((f->min_length | f->max_length) != 0 && !length_fits(f, text)) {
    *next = refuse_amount(r, at, f, place, code_points(text), "character");
    return false;
  }
  if (f->format != SIO_FORMAT_ANY &&
      !sio__format_fits(f->format, text.data, text.len)) {
    *next = sio__reader_refuse(r, at, f, place, "another string");
    return false;
  }
  return true;
}

static const char *read_string(struct sio__reader *r, const char *at,
                               const sio_field *f, void *out,
                               const struct sio__place *place)
{
  struct string s;
  sio_str text;
  const char *next;

  if (*at != '"')
    return sio__reader_refuse(r, at, f, place, NULL);
  s = scan(r, at);
  if (!resolve(r, &s, &text))
    return NULL;
  if (!string_fits(r, at, f, text, place, &next))
    return next;
  memcpy(out, &text, sizeof text);
  return s.end;
}

/* A string that is only looked at; its memory is given back. */
static const char *read_text(struct sio__reader *r, const char *at,
                             const sio_field *f, char *out,
                             const struct sio__place *place)
{
  struct sio__arena_mark mark = sio__arena_mark(r->arena);
  struct string s;
  sio_str text;
  const char *next;

  if (*at != '"')
    return sio__reader_refuse(r, at, f, place, NULL);
  s = scan(r, at);
  if (s.has_escapes && s.len / 6 >= f->item_size) /* six give one at least */
    return sio__reader_refuse(r, at, f, place, "a longer string");
  if (!resolve(r, &s, &text))
    return NULL;
  if (text.len >= f->item_size)
    return refuse_amount(r, at, f, place, text.len, "byte");
  if (memchr(text.data, '\0', text.len) != NULL)
    return sio__reader_refuse(r, at, f, place, "a string with U+0000");
  if (!string_fits(r, at, f, text, place, &next))
    return next;
  memcpy(out, text.data, text.len);
  memset(out + text.len, 0, f->item_size - text.len);
  sio__arena_rewind(r->arena, mark);
  return s.end;
}

static const char *read_timestamp(struct sio__reader *r, const char *at,
                                  const sio_field *f, void *out,
                                  const struct sio__place *place)
{
  struct sio__arena_mark mark = sio__arena_mark(r->arena);
  struct string s;
  sio_str text;
  int64_t ms;

  if (*at != '"')
    return sio__reader_refuse(r, at, f, place, NULL);
  s = scan(r, at);
  if (!resolve(r, &s, &text))
    return NULL;
  if (!sio__moment_read(text.data, text.len, &ms) || !sio__moment_can_write(ms))
    return sio__reader_refuse(r, at, f, place, "another string");
  memcpy(out, &ms, sizeof ms);
  sio__arena_rewind(r->arena, mark);
  return s.end;
}

/* ---- Enumerations ---- */

void sio__scalar_put_enum(void *out, size_t size, int32_t value)
{
  int8_t one = (int8_t)value;
  int16_t two = (int16_t)value;

  memcpy(out,
         size == 1   ? (const void *)&one
         : size == 2 ? (const void *)&two
                     : (const void *)&value,
         size);
}

static const sio_enum_name *find_name(const sio_schema *schema,
                                      const struct string *s)
{
  for (size_t i = 0; i < schema->n_names; i++) {
    const char *name = schema->names[i].name;

    if (sio__json_string_equals(s->inside, s->len, name, strlen(name)))
      return &schema->names[i];
  }
  return NULL;
}

static const char *read_enum(struct sio__reader *r, const char *at,
                             const sio_field *f, void *out,
                             const struct sio__place *place)
{
  const sio_enum_name *name;
  struct string s;

  if (*at != '"')
    return sio__reader_refuse(r, at, f, place, NULL);
  s = scan(r, at);
  name = find_name(sio__field_type(f), &s);
  if (name == NULL)
    return sio__reader_refuse(r, at, f, place, "another string");
  sio__scalar_put_enum(out, f->item_size, name->value);
  return s.end;
}

/* ---- Numbers ---- */

/* A whole number: its sign, and how far it is from 0. */
struct whole {
  bool is_negative; /* never of 0 */
  uint64_t n;
};

static bool is_number(const char *at)
{
  return *at == '-' || sio__is_digit(*at);
}

/* A number in exponents or with a point, or a long one. */
static bool read_slowly(const char *at, size_t len, struct whole *out)
{
  int64_t number;

  if (*at != '-')
    return sio__json_read_uint64(at, len, &out->n) == 0;
  if (sio__json_read_int64(at, len, &number) != 0)
    return false;
  out->n = 0 - (uint64_t)number;
  return true;
}

/* Where the number at `at` ends; false: it is not whole, or too large. */
static inline bool scan_whole(const struct sio__reader *r, const char *at,
                              const char **end, struct whole *out)
{
  const char *begin = at + (*at == '-');
  const char *p = begin;
  uint64_t n = 0;

  while (p < r->end && sio__is_digit(*p))
    n = n * 10 + (uint64_t)(*p++ - '0');
  *end = p;
  out->n = n;
  if (p - begin > 18 || (p < r->end && (*p == '.' || (*p | 0x20) == 'e'))) {
    *end = sio__json_skip_value(at, r->end);
    if (!read_slowly(at, (size_t)(*end - at), out))
      return false;
  }
  out->is_negative = *at == '-' && out->n > 0;
  return true;
}

/* n < bound and n > bound, exactly; false for what is no number. */
static bool is_below(uint64_t n, double bound)
{
  uint64_t whole;

  if (!(bound > 0))
    return false;
  if (bound >= 18446744073709551616.0)
    return true;
  whole = (uint64_t)bound;
  return n < whole || (n == whole && (double)whole < bound);
}

static bool is_above(uint64_t n, double bound)
{
  if (bound < 0)
    return true;
  return bound < 18446744073709551616.0 && n > (uint64_t)bound;
}

static bool range_fits(const sio_field *f, struct whole w)
{
  if (f->has_min &&
      (w.is_negative ? is_above(w.n, -f->min) : is_below(w.n, f->min)))
    return false;
  return !f->has_max ||
         !(w.is_negative ? is_below(w.n, -f->max) : is_above(w.n, f->max));
}

static bool kind_fits(uint32_t kind, struct whole w)
{
  switch (kind) {
  case SIO_KIND_INT32:
    return w.n <= (uint64_t)INT32_MAX + w.is_negative;
  case SIO_KIND_INT64:
    return w.n <= (uint64_t)INT64_MAX + w.is_negative;
  case SIO_KIND_UINT32:
    return !w.is_negative && w.n <= UINT32_MAX;
  default:
    return !w.is_negative;
  }
}

static const char *read_integer(struct sio__reader *r, const char *at,
                                const sio_field *f, void *out,
                                const struct sio__place *place)
{
  struct whole w;
  const char *end;
  uint64_t wide;
  uint32_t narrow;

  if (!is_number(at) || !scan_whole(r, at, &end, &w) ||
      !kind_fits(f->kind, w) || !range_fits(f, w))
    return sio__reader_refuse(r, at, f, place, NULL);
  wide = w.is_negative ? 0 - w.n : w.n; /* the bits of either sign */
  narrow = (uint32_t)wide;
  if (f->kind == SIO_KIND_INT64 || f->kind == SIO_KIND_UINT64)
    memcpy(out, &wide, sizeof wide);
  else
    memcpy(out, &narrow, sizeof narrow);
  return end;
}

static const char *read_number(struct sio__reader *r, const char *at,
                               const sio_field *f, void *out,
                               const struct sio__place *place)
{
  const char *end;
  double number;

  if (!is_number(at))
    return sio__reader_refuse(r, at, f, place, NULL);
  end = sio__json_skip_value(at, r->end);
  if (sio__json_read_double(at, (size_t)(end - at), &number) != 0)
    return sio__reader_refuse(r, at, f, place, "too large a number");
  if ((f->has_min && number < f->min) || (f->has_max && number > f->max))
    return sio__reader_refuse(r, at, f, place, NULL);
  memcpy(out, &number, sizeof number);
  return end;
}

/* ---- Others ---- */

static const char *read_boolean(struct sio__reader *r, const char *at,
                                const sio_field *f, void *out,
                                const struct sio__place *place)
{
  bool yes = *at == 't';

  if (!yes && *at != 'f')
    return sio__reader_refuse(r, at, f, place, NULL);
  memcpy(out, &yes, sizeof yes);
  return at + (yes ? 4 : 5);
}

static const char *read_binary(struct sio__reader *r, const char *at,
                               const sio_field *f, void *out,
                               const struct sio__place *place)
{
  sio_value value = {at, 0, r->document};
  sio_span bytes;

  if (*at != '{')
    return sio__reader_refuse(r, at, f, place, NULL);
  value.len = (size_t)(sio__json_skip_value(at, r->end) - at);
  if (sio_value_binary(value, &bytes) != 0)
    return sio__reader_refuse(r, at, f, place, NULL);
  if (!amount_fits(f, bytes.len))
    return refuse_amount(r, at, f, place, bytes.len, "byte");
  memcpy(out, &bytes, sizeof bytes);
  return at + value.len;
}

static const char *read_json(struct sio__reader *r, const char *at, void *out)
{
  sio_value value = {at, 0, r->document};
  const char *end = sio__json_skip_value(at, r->end);

  value.len = (size_t)(end - at);
  memcpy(out, &value, sizeof value);
  return end;
}

const char *sio__scalar_read(struct sio__reader *r, const char *at,
                             const sio_field *field, void *out,
                             const struct sio__place *place)
{
  switch (field->kind) {
  case SIO_KIND_STRING:
    return read_string(r, at, field, out, place);
  case SIO_KIND_TEXT:
    return read_text(r, at, field, out, place);
  case SIO_KIND_BOOLEAN:
    return read_boolean(r, at, field, out, place);
  case SIO_KIND_NUMBER:
    return read_number(r, at, field, out, place);
  case SIO_KIND_ENUMERATION:
    return read_enum(r, at, field, out, place);
  case SIO_KIND_BINARY:
    return read_binary(r, at, field, out, place);
  case SIO_KIND_JSON:
    return read_json(r, at, out);
  case SIO_KIND_TIMESTAMP:
    return read_timestamp(r, at, field, out, place);
  default:
    return read_integer(r, at, field, out, place);
  }
}
