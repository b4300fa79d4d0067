/* SPDX-License-Identifier: MIT */
/* Mismatches in words. */
#include "schema/mismatch.h"

#include "base/ascii.h"
#include "json/number.h"
#include "json/scan.h"
#include "schema/shape.h"

enum { LONGEST_NUMBER = 24 }; /* that is shown as it is */

/* A text in a place of fixed size; what does not fit is left out. */
struct words {
  char *text;
  size_t len;
  size_t cap; /* one byte of it is for the NUL */
};

static struct words begin(char *text, size_t cap)
{
  struct words w = {text, 0, cap};

  text[0] = '\0';
  return w;
}

/* A text that is cut ends with a whole character. */
static void put(struct words *w, const char *text, size_t len)
{
  size_t room = w->cap - 1 - w->len;
  size_t n = len < room ? len : room;

  if (n < len) {
    while (n > 0 && ((uint8_t)text[n] & 0xC0) == 0x80)
      n--;
  }
  memcpy(w->text + w->len, text, n);
  w->len += n;
  w->text[w->len] = '\0';
  if (n < len)
    w->cap = w->len + 1; /* nothing follows what was cut */
}

static void say(struct words *w, const char *text)
{
  put(w, text, strlen(text));
}

static void say_u64(struct words *w, uint64_t number)
{
  char digits[20];
  size_t n = sizeof digits;

  do
    digits[--n] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  put(w, digits + n, sizeof digits - n);
}

static void say_double(struct words *w, double number)
{
  uint8_t room[64]; /* more than any number needs */
  struct sio__buf buf = {room, 0, sizeof room, sizeof room, NULL, 0};

  sio__json_write_double(&buf, number);
  put(w, (const char *)room, buf.len);
}

/* " of 1 to 64 characters"; a `max` of 0 is none. */
static void say_amount(struct words *w, uint64_t min, uint64_t max,
                       const char *unit)
{
  uint64_t last = max > 0 ? max : min;

  if (min == 0 && max == 0)
    return;
  say(w, max == 0 ? " of at least " : min == 0 ? " of up to " : " of ");
  if (min > 0)
    say_u64(w, min);
  if (min > 0 && max > min)
    say(w, " to ");
  if (max > min)
    say_u64(w, max);
  say(w, " ");
  say(w, unit);
  if (last != 1)
    say(w, "s");
}

static void say_range(struct words *w, const sio_field *f)
{
  if (f->has_min) {
    say(w, " from ");
    say_double(w, f->min);
    if (!f->has_max)
      say(w, " on");
  }
  if (f->has_max) {
    say(w, f->has_min ? " to " : " up to ");
    say_double(w, f->max);
  }
}

static void say_integer(struct words *w, const sio_field *f)
{
  say(w, "a whole number");
  if (f->has_min || f->has_max)
    say_range(w, f);
  else if (f->kind == SIO_KIND_INT32)
    say(w, " from -2147483648 to 2147483647");
  else if (f->kind == SIO_KIND_UINT32)
    say(w, " from 0 to 4294967295");
  else if (f->kind == SIO_KIND_UINT64)
    say(w, " from 0 to 18446744073709551615");
  else
    say(w, " from -9223372036854775808 to 9223372036854775807");
}

static void say_string(struct words *w, const sio_field *f)
{
  static const char *const formats[] = {"a string", "a UUID",
                                        "an email address",
                                        "a date-time of RFC 3339", "a URI"};

  say(w, f->format <= SIO_FORMAT_URI ? formats[f->format] : formats[0]);
  say_amount(w, f->min_length, f->max_length, "character");
  if (f->kind == SIO_KIND_TEXT && f->item_size > 0) {
    say(w,
        f->min_length > 0 || f->max_length > 0 ? " and up to " : " of up to ");
    say_u64(w, f->item_size - 1);
    say(w, " bytes");
  }
}

static void say_names(struct words *w, const sio_schema *schema)
{
  for (size_t i = 0; i < schema->n_names; i++) {
    say(w, i == 0 ? "one of \"" : "\", \"");
    say(w, schema->names[i].name);
  }
  say(w, "\"");
}

static void say_value(struct words *w, const sio_field *f)
{
  switch (f->kind) {
  case SIO_KIND_STRING:
  case SIO_KIND_TEXT:
    say_string(w, f);
    break;
  case SIO_KIND_BOOLEAN:
    say(w, "true or false");
    break;
  case SIO_KIND_NUMBER:
    say(w, "a number");
    say_range(w, f);
    break;
  case SIO_KIND_ENUMERATION:
    say_names(w, sio__field_type(f));
    break;
  case SIO_KIND_BINARY:
    say(w, "binary data");
    say_amount(w, f->min_length, f->max_length, "byte");
    break;
  case SIO_KIND_OBJECT:
    say(w, "an object");
    break;
  case SIO_KIND_JSON:
    say(w, "a value");
    break;
  case SIO_KIND_TIMESTAMP:
    say(w, "a date-time of RFC 3339 in the years 0 to 9999");
    break;
  default:
    say_integer(w, f);
  }
}

static void say_expected(struct words *w, const struct sio__complaint *c)
{
  if (c->expected != NULL) {
    say(w, c->expected);
    return;
  }
  if (c->is_list) {
    say(w, "an array");
    say_amount(w, c->field->min_items, c->field->max_items, "item");
  } else {
    say_value(w, c->field);
  }
  if (c->field->nullable)
    say(w, " or null");
}

static void say_found(struct words *w, const char *at, const char *end,
                      sio_document *document)
{
  static const char *const types[] = {"nothing",  "null",     "a boolean",
                                      "a number", "a string", "binary data",
                                      "an array", "an object"};
  sio_value value = {at, 0, document};

  value.len = (size_t)(sio__json_skip_value(at, end) - at);
  if ((*at == '-' || sio__is_digit(*at)) && value.len <= LONGEST_NUMBER)
    put(w, at, value.len);
  else
    say(w, types[sio_value_type(value)]);
}

static void say_path(struct words *w, const struct sio__place *place)
{
  if (place->up != NULL)
    say_path(w, place->up);
  if (place->name == NULL) {
    say(w, "[");
    say_u64(w, place->n);
    say(w, "]");
    return;
  }
  if (place->up != NULL)
    say(w, ".");
  put(w, place->name,
      place->n == SIO__NAME_ENDS ? strlen(place->name) : place->n);
}

void sio__mismatch_add(sio_mismatches *mismatches,
                       const struct sio__complaint *c, const char *end,
                       sio_document *document)
{
  sio_mismatch *mismatch;
  struct words w;

  if (mismatches == NULL || mismatches->count++ >= SIO_MAX_MISMATCHES)
    return;
  mismatch = &mismatches->items[mismatches->kept++];
  w = begin(mismatch->path, sizeof mismatch->path);
  say_path(&w, c->place);
  w = begin(mismatch->expected, sizeof mismatch->expected);
  say_expected(&w, c);
  w = begin(mismatch->found, sizeof mismatch->found);
  if (c->found != NULL)
    say(&w, c->found);
  else if (c->at != NULL)
    say_found(&w, c->at, end, document);
  else
    say(&w, "nothing");
}
