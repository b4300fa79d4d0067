/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_JSONSCHEMA_H
#define SIO_SCHEMA_JSONSCHEMA_H

/* JSON Schema of types, which AsyncAPI has inside. */

#include "schema/catalog.h"

/* What differs between the two. */
struct sio__dialect {
  const char *refs;   /* where types are: "#/$defs/" */
  const char *tuple;  /* the keyword for items of fixed places */
  const char *others; /* the one that says there are no more of them */
};

/* `"Name": {...}`, as the next member of an object: an object, an enumeration
 * or the arguments of an event. */
void sio__jsonschema_type(sio_payload *out, const struct sio__entry *entry,
                          const struct sio__dialect *dialect);

/* An object that refers to a type by its name. */
void sio__jsonschema_ref(sio_payload *out, const char *where, const char *name);

/* `{...}`, the array of arguments of an event or an answer; `schema` NULL:
 * there are none. */
void sio__jsonschema_arguments(sio_payload *out,
                               const struct sio__catalog *catalog,
                               const sio_schema *schema,
                               const struct sio__dialect *dialect);

#endif
