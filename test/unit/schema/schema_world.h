/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_SCHEMA_WORLD_H
#define SIO_TEST_SCHEMA_WORLD_H

/* JSON text that is read into structs from blocks of exactly its size. */

#include "support.h"

#include <stdlib.h>

#include <sio/error.h>
#include <sio/schema.h>

#include "json/read.h"
#include "json/scan.h"
#include "schema_types.h"

/* One reading. */
struct reading {
  struct test_mem mem;
  sio_arena *arena;
  struct sio_args args;
  sio_mismatches mismatches;
  char *text; /* in a block of its own */
};

static inline void reading_begin(struct reading *r)
{
  test_mem_init(&r->mem, TEST_MEM_NEVER);
  r->arena = sio_arena_new(&r->mem.allocator, 65536);
  assert_non_null(r->arena);
  r->text = NULL;
}

static inline void reading_end(struct reading *r)
{
  sio_arena_free(r->arena);
  if (r->text != NULL) {
    sio__document_dispose(&r->args.document);
    free(r->text);
  }
  test_mem_check(&r->mem);
}

/* Take a text, which must be arguments, with three attachments. */
static inline void reading_set(struct reading *r, const char *text, size_t len)
{
  static const sio_span attachments[3] = {
      {(const uint8_t *)"zero", 4}, {(const uint8_t *)"one", 3}, {NULL, 0}};

  if (r->text != NULL) {
    sio__document_dispose(&r->args.document);
    free(r->text);
  }
  r->text = (char *)test_exact(text, len);
  sio__document_init(&r->args.document, r->text, len, &r->mem.allocator);
  r->args.document.attachments = attachments;
  r->args.document.n_attachments = 3;
  sio_arena_reset(r->arena);
}

static inline int read_args(struct reading *r, const sio_schema *schema,
                            const char *text, void *out)
{
  reading_set(r, text, strlen(text));
  return sio_schema_read_args(schema, &r->args, out, r->arena, &r->mismatches);
}

static inline int read_value(struct reading *r, const sio_schema *schema,
                             const char *text, void *out)
{
  reading_set(r, text, strlen(text));
  return sio_schema_read(schema, sio__document_value(&r->args.document), out,
                         r->arena, &r->mismatches);
}

/* It is refused for one reason. */
#define assert_refused(r, schema, text, out, where, what, instead)             \
  do {                                                                         \
    assert_int_equal(read_args((r), (schema), (text), (out)), SIO_ERR_TYPE);   \
    assert_string_equal((r)->mismatches.items[0].path, (where));               \
    assert_string_equal((r)->mismatches.items[0].expected, (what));            \
    assert_string_equal((r)->mismatches.items[0].found, (instead));            \
    assert_int_equal((r)->mismatches.count, 1);                                \
    assert_int_equal((r)->mismatches.kept, 1);                                 \
  } while (0)

#endif
