/* SPDX-License-Identifier: MIT */
/* The head of a request: looking things up in it, and packing it. */
#include "http/request.h"

#include "base/ascii.h"
#include "base/mem.h"
#include <sio/error.h>

sio_str sio__http_query(const struct sio__http_head *head)
{
  sio_str s = {NULL, 0};

  if (head->path_len < head->target_len) {
    s.data = head->text + head->path_len + 1;
    s.len = (size_t)head->target_len - head->path_len - 1;
  }
  return s;
}

bool sio__http_has_body(const struct sio__http_head *head)
{
  sio_str coding;

  if (head->has_length)
    return head->content_length > 0;
  return sio__http_header(head, "transfer-encoding", &coding);
}

bool sio__http_header(const struct sio__http_head *head, const char *name,
                      sio_str *value)
{
  size_t len = strlen(name);

  for (size_t i = 0; i < head->n_fields; i++) {
    const struct sio__http_field *f = &head->fields[i];

    if (f->name_len == len && memcmp(head->text + f->name, name, len) == 0) {
      value->data = head->text + f->value;
      value->len = f->value_len;
      return true;
    }
  }
  return false;
}

bool sio__http_header_at(const struct sio__http_head *head, size_t i,
                         sio_str *name, sio_str *value)
{
  if (i >= head->n_fields)
    return false;
  name->data = head->text + head->fields[i].name;
  name->len = head->fields[i].name_len;
  value->data = head->text + head->fields[i].value;
  value->len = head->fields[i].value_len;
  return true;
}

bool sio__http_has_token(sio_str value, const char *token)
{
  size_t i = 0;

  while (i < value.len) {
    const char *start = value.data + i;
    const char *comma = memchr(start, ',', value.len - i);
    sio_str each = {start,
                    comma != NULL ? (size_t)(comma - start) : value.len - i};

    i += each.len + 1;
    if (sio__same_in_any_case(sio__trim(each), sio_s(token)))
      return true;
  }
  return false;
}

/* The fields come first: they need the alignment, the text does not. */
static size_t packed_size(const struct sio__http_head *head)
{
  return head->n_fields * sizeof *head->fields + head->text_len;
}

int sio__http_head_pack(const struct sio__http_head *head,
                        const sio_allocator *mem, struct sio__http_head *view)
{
  size_t fields_size = head->n_fields * sizeof *head->fields;
  uint8_t *block = sio__mem_alloc(mem, packed_size(head));

  if (block == NULL)
    return SIO_ERR_NOMEM;
  if (fields_size > 0)
    memcpy(block, head->fields, fields_size);
  memcpy(block + fields_size, head->text, head->text_len);
  *view = *head;
  view->fields = (const struct sio__http_field *)(void *)block;
  view->text = (const char *)block + fields_size;
  return 0;
}

void sio__http_head_free(struct sio__http_head *view, const sio_allocator *mem)
{
  if (view->fields != NULL)
    sio__mem_free(mem, (void *)(uintptr_t)view->fields, packed_size(view));
  *view = (struct sio__http_head){0};
}

/* Decode the character at `*at` and step over it. */
static char decode(const char **at, const char *end)
{
  const char *p = *at;

  if (*p == '%' && end - p >= 3) {
    int high = sio__hex_value(p[1]);
    int low = sio__hex_value(p[2]);

    if (high >= 0 && low >= 0) {
      *at = p + 3;
      return (char)(high * 16 + low);
    }
  }
  *at = p + 1;
  return *p == '+' ? ' ' : *p;
}

/* Whether the text, decoded, is `name`. */
static bool decodes_to(const char *at, const char *end, const char *name)
{
  size_t len = strlen(name);
  size_t n = 0;

  while (at < end) {
    if (n == len || decode(&at, end) != name[n])
      return false;
    n++;
  }
  return n == len;
}

bool sio__http_param_next(sio_str query, size_t *at, sio_str *name,
                          sio_str *value)
{
  while (*at < query.len) {
    const char *start = query.data + *at;
    const char *amp = memchr(start, '&', query.len - *at);
    const char *end = amp != NULL ? amp : query.data + query.len;
    const char *equals = memchr(start, '=', (size_t)(end - start));

    *at += (size_t)(end - start) + 1;
    if (end == start)
      continue;
    name->data = start;
    name->len = (size_t)((equals != NULL ? equals : end) - start);
    value->data = equals != NULL ? equals + 1 : end;
    value->len = (size_t)(end - value->data);
    return true;
  }
  return false;
}

size_t sio__http_decode(sio_str text, char *out)
{
  const char *at = text.data, *end = at + text.len;
  size_t len = 0;

  while (at < end)
    out[len++] = decode(&at, end);
  return len;
}

bool sio__http_param(sio_str query, const char *name, char *out, size_t cap,
                     size_t *len)
{
  const char *value = NULL;
  const char *value_end = NULL;
  sio_str one, its;
  size_t at = 0;

  while (sio__http_param_next(query, &at, &one, &its)) {
    if (decodes_to(one.data, one.data + one.len, name)) {
      value = its.data;
      value_end = its.data + its.len;
    }
  }
  if (value == NULL)
    return false;

  *len = 0;
  while (value < value_end) {
    char c = decode(&value, value_end);

    if (*len < cap)
      out[*len] = c;
    (*len)++;
  }
  return true;
}

int sio__http_param_text(const struct sio__http_head *head, const char *name,
                         char *out, size_t cap)
{
  size_t len = 0;

  if (cap > 0)
    out[0] = '\0';
  if (!sio__http_param(sio__http_query(head), name, out, cap, &len))
    return SIO_ERR_NOT_FOUND;
  if (len >= cap) {
    if (cap > 0)
      out[0] = '\0';
    return SIO_ERR_LIMIT;
  }
  out[len] = '\0';
  return 0;
}
