/* SPDX-License-Identifier: MIT */
/* JSON text of the host's own, to be read by the functions of <sio/value.h>. */
#include "json/read.h"

#include "base/mem.h"
#include "json/scan.h"

struct held {
  sio_document document; /* first: what the host has */
  sio_allocator mem;
  size_t size;
  char text[];
};

int sio_document_new(sio_document **out, sio_str json,
                     const sio_allocator *allocator)
{
  const sio_allocator *mem = sio__mem_or_default(allocator);
  size_t size = sizeof(struct held) + json.len;
  struct held *held;

  *out = NULL;
  if (sio__json_check(json.data, json.len, SIO__JSON_MAX_DEPTH, NULL) != 0)
    return SIO_ERR_JSON;
  held = sio__mem_alloc(mem, size);
  if (held == NULL)
    return SIO_ERR_NOMEM;
  held->mem = *mem;
  held->size = size;
  memcpy(held->text, json.data, json.len);
  sio__document_init(&held->document, held->text, json.len, &held->mem);
  *out = &held->document;
  return 0;
}

void sio_document_free(sio_document *document)
{
  struct held *held = (struct held *)document;
  sio_allocator mem;

  if (document == NULL)
    return;
  mem = held->mem;
  sio__document_dispose(document);
  sio__mem_free(&mem, held, held->size);
}

sio_value sio_document_value(sio_document *document)
{
  return sio__document_value(document);
}
