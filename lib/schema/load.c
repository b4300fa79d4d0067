/* SPDX-License-Identifier: MIT */
/* Payloads into structs: one value, or the arguments of an event. */
#include <sio/schema.h>

#include <sio/error.h>

#include "schema/object.h"
#include "schema/shape.h"

/* What is to be read, and where from. */
struct source {
  const sio_schema *schema;
  const char *text;
  bool is_args; /* several values, comma-separated */
  void *out;
};

static void read_args(struct sio__reader *r, const char *at,
                      const struct source *from)
{
  static const struct sio__place args = {NULL, "args", SIO__NAME_ENDS};
  struct sio__place first = {&args, NULL, 0};
  struct sio__complaint none = {&first, NULL, false, NULL, NULL, NULL};
  const sio_schema *schema;
  sio_schema room;

  if (from->schema == NULL) {
    sio__reader_no_more(r, at, 0, &args);
    return;
  }
  schema = sio__schema_view(from->schema, &room);
  if (schema->shape == SIO_SHAPE_ARGUMENTS) {
    sio__object_arguments(r, at, schema, from->out, &args);
    return;
  }
  none.expected =
      schema->shape == SIO_SHAPE_OBJECT ? "an object" : "one of its names";
  if (at == r->end) {
    (void)sio__reader_complain(r, &none); /* that was all */
    return;
  }
  at = sio__object_whole(r, at, schema, from->out, &first);
  if (at != NULL && schema->unknown == SIO_UNKNOWN_REFUSE)
    sio__reader_no_more(r, sio__reader_next(r, at), 1, &args);
}

static void read_source(struct sio__reader *r, const struct source *from)
{
  static const struct sio__place value = {NULL, "value", SIO__NAME_ENDS};
  struct sio__complaint c = {&value, NULL, false, "nothing", NULL, NULL};
  const char *at = sio__json_skip_blank(from->text, r->end);
  sio_schema room;

  if (from->is_args) {
    read_args(r, at, from);
  } else if (at < r->end && from->schema != NULL) {
    (void)sio__object_whole(r, at, sio__schema_view(from->schema, &room),
                            from->out,
                            &value); /* what is wrong is in the reader */
  } else if (at < r->end || from->schema != NULL) {
    c.expected = from->schema != NULL ? "a value" : "nothing";
    c.at = at < r->end ? at : NULL;
    (void)sio__reader_complain(r, &c);
  }
}

static int load(struct sio__reader *r, const struct source *from)
{
  struct sio__arena_mark mark = sio__arena_mark(r->arena);

  if (r->mismatches != NULL)
    r->mismatches->count = r->mismatches->kept = 0;
  read_source(r, from);
  if (r->error == 0 && r->count > 0 && r->has_duplicates) {
    sio__arena_rewind(r->arena, mark);
    if (r->mismatches != NULL)
      r->mismatches->count = r->mismatches->kept = 0;
    r->count = 0;
    r->is_careful = true;
    read_source(r, from);
  }
  if (r->error == 0 && r->count > 0)
    return SIO_ERR_TYPE;
  return r->error;
}

int sio_schema_read(const sio_schema *schema, sio_value value, void *out,
                    sio_arena *arena, sio_mismatches *mismatches)
{
  struct source from = {schema, value.text, false, out};
  struct sio__reader r;

  if (value.text == NULL)
    from.text = "";
  memset(&r, 0, sizeof r);
  r.end = from.text + value.len;
  r.document = value.document;
  r.arena = arena;
  r.mismatches = mismatches;
  return load(&r, &from);
}

int sio_schema_read_args(const sio_schema *schema, const sio_args *args,
                         void *out, sio_arena *arena,
                         sio_mismatches *mismatches)
{
  struct source from = {schema, args->document.text, true, out};
  struct sio__reader r;

  memset(&r, 0, sizeof r);
  r.end = from.text + args->document.len;
  /* Values need the document to keep resolved strings in; what the caller
   * sees of the arguments does not change. */
  r.document = (sio_document *)(uintptr_t)&args->document;
  r.arena = arena;
  r.mismatches = mismatches;
  return load(&r, &from);
}
