/* SPDX-License-Identifier: MIT */
/*
 * Any JSON into structs of all kinds.  The first byte picks the type, the
 * second how many attachments there are.  What is read is written and read
 * once more; what is refused has a path.
 */
#include <sio/error.h>
#include <sio/schema.h>

#include <stdlib.h>

#include "json/scan.h"
#include "json/write.h"
#include "schema_types.h"

#include "json/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const sio_span attachments[] = {
    {(const uint8_t *)"zero", 4}, {(const uint8_t *)"one", 3}, {NULL, 0}};

static union {
  thing a;
  node b;
  move c;
  colour d;
} first, second;

static void must(bool holds)
{
  if (!holds)
    abort();
}

/* What has been read can be written, and is the same again. */
static void write_and_read(const sio_schema *schema, sio_arena *arena)
{
  sio_payload *once = sio_payload_new(NULL);
  sio_payload *twice = sio_payload_new(NULL);
  struct sio_args args;
  sio_span bytes[64];

  must(once != NULL && twice != NULL);
  sio_payload_struct(once, schema, &first);
  if (sio_payload_error(once) == 0 && once->n_attachments <= 64) {
    for (size_t i = 0; i < once->n_attachments; i++)
      bytes[i] = sio__payload_attachment(once, i);
    sio__document_init(&args.document, (const char *)once->json.data,
                       once->json.len, NULL);
    args.document.attachments = bytes;
    args.document.n_attachments = once->n_attachments;
    if (sio_schema_read_args(schema, &args, &second, arena, NULL) == 0) {
      sio_payload_struct(twice, schema, &second);
      must(sio_payload_error(twice) == 0);
      must(once->json.len == twice->json.len);
      must(once->json.len == 0 ||
           memcmp(once->json.data, twice->json.data, once->json.len) == 0);
    }
  }
  sio_payload_free(once);
  sio_payload_free(twice);
}

static void try_args(const sio_schema *schema, const char *text, size_t len,
                     size_t n_attachments)
{
  sio_arena *arena = sio_arena_new(NULL, 65536);
  sio_mismatches mismatches;
  struct sio_args args;
  int err;

  must(arena != NULL);
  sio__document_init(&args.document, text, len, NULL);
  args.document.attachments = attachments;
  args.document.n_attachments = n_attachments;
  err = sio_schema_read_args(schema, &args, &first, arena, &mismatches);
  must(err == 0 || err == SIO_ERR_TYPE || err == SIO_ERR_LIMIT);
  must(err != 0 || mismatches.count == 0);
  must(err != SIO_ERR_TYPE || mismatches.kept > 0);
  for (size_t i = 0; i < mismatches.kept; i++)
    must(memcmp(mismatches.items[i].path, "args", 4) == 0);
  if (err == 0)
    write_and_read(schema, arena);
  sio_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const sio_schema *const types[] = {thing_schema(), node_schema(),
                                     move_schema(), colour_schema(), NULL};
  char *array;
  char *text;

  if (size < 3)
    return 0;
  array = malloc(size); /* in brackets, as arguments come */
  text = malloc(size - 2);
  must(array != NULL && text != NULL);
  array[0] = '[';
  memcpy(array + 1, data + 2, size - 2);
  memcpy(text, data + 2, size - 2);
  array[size - 1] = ']';
  if (sio__json_check(array, size, 100, NULL) == 0)
    try_args(types[data[0] % 5], text, size - 2, data[1] % 4);
  free(array);
  free(text);
  return 0;
}
