/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_KEY_H
#define SIO_SCHEMA_KEY_H

/* From the key of a member to the field that it means. */

#include "json/string.h"
#include "schema/shape.h"

/* Where a key that is spelled like the name ends; NULL: it is another.  Names
 * have neither quotes nor backslashes. */
static inline const char *sio__key_match(const char *name, const char *inside)
{
  /* There is no NUL in a key: the first difference is at an end, or before. */
  while (*name == *inside) {
    name++;
    inside++;
  }
  return *name == '\0' && *inside == '"' ? inside + 1 : NULL;
}

/* The field that a key, `len` bytes with its quotes, means, searched from the
 * one on that was expected; n_fields if there is none. */
static inline size_t sio__key_search(const sio_schema *schema, size_t guess,
                                     const char *key, size_t len)
{
  sio_field room;

  for (size_t k = 0; k < schema->n_fields; k++) {
    size_t i = guess + k;
    const char *name;

    if (i >= schema->n_fields)
      i -= schema->n_fields;
    name = sio__field_at(schema, i, &room)->name;
    if (sio__json_string_equals(key + 1, len - 2, name, strlen(name)))
      return i;
  }
  return schema->n_fields;
}

#endif
