/* SPDX-License-Identifier: MIT */
/* Documents and arguments: validated text, and the strings resolved from it. */
#include "json/read.h"

#include "base/mem.h"
#include "json/scan.h"
#include "json/string.h"

/*
 * A string of which the escapes have been resolved.  They form a trie over
 * the bits of a mixed offset, so that a string that is read again is found,
 * and no choice of strings makes the search slow.
 */
struct sio__resolved {
  struct sio__resolved *child[4];
  struct sio__resolved *next; /* all of a document, the root first */
  const char *inside;         /* where it stands in the document */
  size_t size;                /* of this allocation */
  size_t len;
  char text[];
};

void sio__document_init(struct sio_document *document, const char *text,
                        size_t len, const sio_allocator *mem)
{
  document->text = len > 0 ? text : "";
  document->len = len;
  document->attachments = NULL;
  document->n_attachments = 0;
  document->mem = mem;
  document->resolved = NULL;
}

void sio__document_dispose(struct sio_document *document)
{
  while (document->resolved != NULL) {
    struct sio__resolved *gone = document->resolved;

    document->resolved = gone->next;
    sio__mem_free(document->mem, gone, gone->size);
  }
}

sio_value sio__value_begin(sio_document *document, const char *at,
                           const char *end, const char **next)
{
  sio_value value = {NULL, 0, NULL};

  at = sio__json_skip_blank(at, end);
  if (at < end && *at != ']' && *at != '}') {
    value.text = at;
    at = sio__json_skip_value(at, end);
    value.len = (size_t)(at - value.text);
    value.document = document;
    at = sio__json_skip_blank(at, end);
    if (at < end && *at == ',')
      at++;
  }
  *next = at;
  return value;
}

sio_value sio__document_value(struct sio_document *document)
{
  const char *next;

  return sio__value_begin(document, document->text,
                          document->text + document->len, &next);
}

/* Offset to key; one to one, so that no two strings share all bits. */
static uint64_t mix(uint64_t offset)
{
  offset *= UINT64_C(0x9E3779B97F4A7C15);
  return offset ^ offset >> 32;
}

sio_str sio__document_resolve(struct sio_document *document, const char *inside,
                              size_t len)
{
  struct sio__resolved **link = &document->resolved;
  /* `inside` may also stand in a default of a schema's. */
  uint64_t bits = mix((uintptr_t)inside - (uintptr_t)document->text);
  size_t size = sizeof(struct sio__resolved) + len;
  struct sio__resolved *made;
  sio_str text = {NULL, 0};

  for (; *link != NULL && (*link)->inside != inside; bits >>= 2)
    link = &(*link)->child[bits & 3];
  if (*link == NULL) {
    made = sio__mem_alloc(document->mem, size);
    if (made == NULL)
      return text;
    memset(made, 0, sizeof *made);
    made->inside = inside;
    made->size = size;
    made->len = sio__json_unescape(inside, len, made->text);
    if (document->resolved != NULL) {
      made->next = document->resolved->next;
      document->resolved->next = made;
    }
    *link = made;
  }
  text.data = (*link)->text;
  text.len = (*link)->len;
  return text;
}

size_t sio_args_count(const sio_args *args)
{
  const char *at = args->document.text;
  const char *end = at + args->document.len;
  size_t n = 0;

  while (sio__value_begin(NULL, at, end, &at).text != NULL)
    n++;
  return n;
}

sio_value sio_arg(const sio_args *args, size_t index)
{
  /* Values need the document to keep resolved strings in; what the caller
   * sees of the arguments does not change. */
  sio_document *document = (sio_document *)(uintptr_t)&args->document;
  const char *at = document->text;
  const char *end = at + document->len;
  sio_value value;

  do
    value = sio__value_begin(document, at, end, &at);
  while (value.text != NULL && index-- > 0);
  return value;
}

sio_value sio_get(const sio_args *args, size_t index, const char *key)
{
  return sio_value_member(sio_arg(args, index), key);
}

sio_str sio_args_json(const sio_args *args)
{
  sio_str json;

  json.data = args->document.text;
  json.len = args->document.len;
  return json;
}
