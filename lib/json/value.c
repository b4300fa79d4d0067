/* SPDX-License-Identifier: MIT */
/* Values: what they are, scalars, and walks over containers. */
#include <sio/value.h>

#include "json/number.h"
#include "json/placeholder.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/string.h"

static const sio_value absent = {NULL, 0, NULL};

/* The next item or member of a container's text; false at the end. */
static bool step(sio_iter *iter, sio_value *key, sio_value *value)
{
  const char *begin = iter->container.text;
  const char *end;
  const char *at;
  sio_document *document = iter->container.document;

  *key = absent;
  *value = absent;
  if (begin == NULL)
    return false;
  end = begin + iter->container.len;
  at = begin + (iter->offset > 0 ? iter->offset : 1);
  if (*begin == '{') {
    *key = sio__value_begin(document, at, end, &at);
    if (key->text != NULL)
      at++; /* the colon */
  }
  *value = sio__value_begin(document, at, end, &at);
  iter->offset = (size_t)(at - begin);
  return value->text != NULL;
}

/* Member of any object, placeholders too. */
static sio_value find_member(sio_value object, const char *name)
{
  size_t name_len = strlen(name);
  sio_iter iter = {object, 0};
  sio_value found = absent;
  sio_value key;
  sio_value value;

  while (step(&iter, &key, &value)) {
    if (sio__json_string_equals(key.text + 1, key.len - 2, name, name_len))
      found = value;
  }
  return found;
}

static bool is_placeholder(sio_value object)
{
  sio_iter iter = {object, 0};
  bool is_marked = false; /* by the last one of duplicates */
  sio_value key;
  sio_value value;

  if (object.document->n_attachments == 0)
    return false;
  while (step(&iter, &key, &value)) {
    if (sio__is_placeholder_key(key.text, key.len))
      is_marked = *value.text == 't';
  }
  return is_marked;
}

sio_type sio_value_type(sio_value value)
{
  if (value.text == NULL)
    return SIO_ABSENT;
  switch (*value.text) {
  case '"':
    return SIO_STRING;
  case '{':
    return is_placeholder(value) ? SIO_BINARY : SIO_OBJECT;
  case '[':
    return SIO_ARRAY;
  case 't':
  case 'f':
    return SIO_BOOL;
  case 'n':
    return SIO_NULL;
  default:
    return SIO_NUMBER;
  }
}

sio_str sio_value_str(sio_value value)
{
  sio_str text = {NULL, 0};

  if (value.text == NULL || *value.text != '"')
    return text;
  text.data = value.text + 1;
  text.len = value.len - 2;
  if (memchr(text.data, '\\', text.len) != NULL)
    return sio__document_resolve(value.document, text.data, text.len);
  return text;
}

int sio_value_binary(sio_value value, sio_span *out)
{
  sio_value num;
  uint64_t index;

  out->data = NULL;
  out->len = 0;
  if (sio_value_type(value) != SIO_BINARY)
    return SIO_ERR_TYPE;
  num = find_member(value, "num");
  if (sio_value_uint64(num, &index) != 0 ||
      index >= value.document->n_attachments)
    return SIO_ERR_TYPE;
  *out = value.document->attachments[index];
  return 0;
}

int sio_value_bool(sio_value value, bool *out)
{
  *out = false;
  if (sio_value_type(value) != SIO_BOOL)
    return SIO_ERR_TYPE;
  *out = *value.text == 't';
  return 0;
}

int sio_value_int64(sio_value value, int64_t *out)
{
  *out = 0;
  if (sio_value_type(value) != SIO_NUMBER)
    return SIO_ERR_TYPE;
  return sio__json_read_int64(value.text, value.len, out);
}

int sio_value_uint64(sio_value value, uint64_t *out)
{
  *out = 0;
  if (sio_value_type(value) != SIO_NUMBER)
    return SIO_ERR_TYPE;
  return sio__json_read_uint64(value.text, value.len, out);
}

int sio_value_double(sio_value value, double *out)
{
  *out = 0;
  if (sio_value_type(value) != SIO_NUMBER)
    return SIO_ERR_TYPE;
  return sio__json_read_double(value.text, value.len, out);
}

size_t sio_value_count(sio_value value)
{
  sio_iter iter = sio_value_iter(value);
  sio_value key;
  sio_value item;
  size_t n = 0;

  while (step(&iter, &key, &item))
    n++;
  return n;
}

sio_value sio_value_at(sio_value value, size_t index)
{
  sio_iter iter = {value, 0};
  sio_value key;
  sio_value item;

  if (value.text == NULL || *value.text != '[')
    return absent;
  while (step(&iter, &key, &item)) {
    if (index-- == 0)
      return item;
  }
  return absent;
}

sio_value sio_value_member(sio_value value, const char *key)
{
  if (key == NULL || sio_value_type(value) != SIO_OBJECT)
    return absent;
  return find_member(value, key);
}

sio_str sio_value_json(sio_value value)
{
  sio_str json;

  json.data = value.text;
  json.len = value.len;
  return json;
}

sio_iter sio_value_iter(sio_value value)
{
  sio_type type = sio_value_type(value);
  sio_iter iter = {absent, 0};

  if (type == SIO_ARRAY || type == SIO_OBJECT)
    iter.container = value;
  return iter;
}

bool sio_iter_next(sio_iter *iter, sio_value *key, sio_value *value)
{
  sio_value name;
  bool found = step(iter, &name, value);

  if (key != NULL)
    *key = name;
  return found;
}
