/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_CHECK_FIELD_H
#define SIO_SCHEMA_CHECK_FIELD_H

#include <sio/schema.h>

/* What is wrong with a field by itself, as a constant text; NULL: nothing.
 * The types that it names are not looked into, but must be there. */
const char *sio__check_field(const sio_schema *schema, const sio_field *field);

/* Bytes that a value of a kind has in a struct, and its alignment there; 0 for
 * SIO_KIND_TEXT, and where the type says it. */
size_t sio__check_kind_size(uint32_t kind);

/* Whether a text can be the name of something in JSON, spelled without
 * escapes. */
bool sio__check_name(const char *name);

#endif
