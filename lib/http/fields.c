/* SPDX-License-Identifier: MIT */
/* Header fields of a response while it is being made. */
#include "http/fields.h"

#include "base/ascii.h"

enum {
  AROUND_VALUE = 4 /* ": " and CRLF */
};

/* How long the line is, CRLF included. */
static size_t line_len(const struct sio__buf *lines, size_t at)
{
  const uint8_t *start = lines->data + at;
  const uint8_t *end = memchr(start, '\n', lines->len - at);

  return end != NULL ? (size_t)(end - start) + 1 : lines->len - at;
}

static bool is_named(const uint8_t *line, size_t len, sio_str name)
{
  sio_str start = {(const char *)line, name.len};

  return len >= name.len + AROUND_VALUE && line[name.len] == ':' &&
         sio__same_in_any_case(start, name);
}

/* The value of the next field of that name, from `*at` on, which is then the
 * line behind it. */
static bool next_value(const struct sio__buf *lines, sio_str name, size_t *at,
                       sio_str *value)
{
  while (*at < lines->len) {
    const uint8_t *line = lines->data + *at;
    size_t len = line_len(lines, *at);

    *at += len;
    if (is_named(line, len, name)) {
      value->data = (const char *)line + name.len + 2;
      value->len = len - name.len - AROUND_VALUE;
      return true;
    }
  }
  return false;
}

/* Take the next member off a comma-separated list. */
static sio_str take_member(sio_str *list)
{
  const char *comma = memchr(list->data, ',', list->len);
  sio_str member = *list;

  if (comma != NULL)
    member.len = (size_t)(comma - list->data);
  list->data += member.len + (comma != NULL);
  list->len -= member.len + (comma != NULL);
  while (member.len > 0 && (*member.data == ' ' || *member.data == '\t')) {
    member.data++;
    member.len--;
  }
  while (member.len > 0 && (member.data[member.len - 1] == ' ' ||
                            member.data[member.len - 1] == '\t'))
    member.len--;
  return member;
}

/* Whether adding a member to a list would change nothing. */
static bool covers(sio_str list, sio_str member)
{
  while (list.len > 0) {
    sio_str had = take_member(&list);

    if (sio__same_in_any_case(had, member) || sio_str_is(had, "*"))
      return true;
  }
  return false;
}

void sio__fields_init(struct sio_headers *fields, const sio_allocator *mem)
{
  /* What is written here is the host's, or as long as a request's head. */
  sio__buf_init(&fields->lines, mem, PTRDIFF_MAX);
}

void sio__fields_dispose(struct sio_headers *fields)
{
  sio__buf_dispose(&fields->lines);
}

void sio__fields_reset(struct sio_headers *fields, size_t keep)
{
  sio__buf_reset(&fields->lines, keep);
}

void sio__fields_add(struct sio_headers *fields, sio_str name, sio_str value)
{
  size_t len = name.len + value.len + AROUND_VALUE;
  uint8_t *room = sio__buf_reserve(&fields->lines, len);

  if (room == NULL)
    return;
  memcpy(room, name.data, name.len);
  memcpy(room + name.len, ": ", 2);
  if (value.len > 0)
    memcpy(room + name.len + 2, value.data, value.len);
  memcpy(room + len - 2, "\r\n", 2);
  sio__buf_commit(&fields->lines, len);
}

void sio__fields_set(struct sio_headers *fields, sio_str name, sio_str value)
{
  sio__fields_remove(fields, name);
  sio__fields_add(fields, name, value);
}

void sio__fields_remove(struct sio_headers *fields, sio_str name)
{
  struct sio__buf *lines = &fields->lines;
  size_t at = 0, kept = 0;

  while (at < lines->len) {
    size_t len = line_len(lines, at);

    if (!is_named(lines->data + at, len, name)) {
      if (kept < at)
        memmove(lines->data + kept, lines->data + at, len);
      kept += len;
    }
    at += len;
  }
  lines->len = kept;
}

bool sio__fields_get(const struct sio_headers *fields, sio_str name,
                     sio_str *value)
{
  size_t at = 0;

  return next_value(&fields->lines, name, &at, value);
}

void sio__fields_join(struct sio_headers *fields, sio_str name, sio_str member)
{
  struct sio__buf *lines = &fields->lines;
  size_t at = 0, end = 0; /* of the first value; never 0 if there is one */
  bool is_empty = true;
  size_t separator, len;
  uint8_t *room;
  sio_str value;

  while (next_value(lines, name, &at, &value)) {
    if (covers(value, member))
      return;
    if (end == 0) {
      end = at - 2;
      is_empty = value.len == 0;
    }
  }
  if (end == 0 || sio_str_is(member, "*")) {
    sio__fields_set(fields, name, member);
    return;
  }

  separator = is_empty ? 0 : 2;
  len = separator + member.len;
  if (sio__buf_reserve(lines, len) == NULL)
    return;
  room = lines->data + end;
  memmove(room + len, room, lines->len - end);
  memcpy(room, ", ", separator);
  memcpy(room + separator, member.data, member.len);
  sio__buf_commit(lines, len);
}
