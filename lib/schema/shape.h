/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_SHAPE_H
#define SIO_SCHEMA_SHAPE_H

/* Looking at declarations.  They may come from an older header, with shorter
 * structs: what it did not know is 0. */

#include <sio/schema.h>

enum {
  SIO__MAX_FIELDS = 256, /* of one type */
  SIO__MAX_TYPES = 256,  /* that a type is made of */
  SIO__MAX_NESTING = 64  /* of objects and arrays, as the builder has it */
};

/* A list of a struct, whatever it is a list of. */
struct sio__items {
  const void *items;
  size_t count;
};

/* Copy a struct of `size` bytes into one of `known`, zeroes behind it. */
static inline const void *sio__shape_widen(const void *given, size_t size,
                                           void *room, size_t known)
{
  memset(room, 0, known);
  memcpy(room, given, size);
  return room;
}

/* The schema as this version knows it; `room` is where it may be put. */
static inline const sio_schema *sio__schema_view(const sio_schema *schema,
                                                 sio_schema *room)
{
  if (schema->size >= sizeof *schema)
    return schema;
  return (const sio_schema *)sio__shape_widen(schema, schema->size, room,
                                              sizeof *room);
}

/* Field `i`, which exists. */
static inline const sio_field *sio__field_at(const sio_schema *schema, size_t i,
                                             sio_field *room)
{
  const void *at = (const char *)schema->fields + i * schema->field_size;

  if (schema->field_size >= sizeof *room)
    return (const sio_field *)at;
  return (const sio_field *)sio__shape_widen(at, schema->field_size, room,
                                             sizeof *room);
}

/* The type of a field that is an object or enumeration. */
static inline const sio_schema *sio__field_type(const sio_field *field)
{
  return field->type != NULL ? field->type() : field->schema;
}

static inline bool sio__field_is_list(const sio_field *field)
{
  return field->mode >= SIO_MODE_LIST;
}

static inline bool sio__field_is_optional(const sio_field *field)
{
  return field->mode == SIO_MODE_OPTIONAL ||
         field->mode == SIO_MODE_OPTIONAL_LIST;
}

/* Bytes from one item of a list to the next; a type made at run time may have
 * grown since the list was declared. */
static inline size_t sio__field_stride(const sio_field *field)
{
  sio_schema room;

  if (field->kind != SIO_KIND_OBJECT)
    return field->item_size;
  return sio__schema_view(sio__field_type(field), &room)->struct_size;
}

#endif
