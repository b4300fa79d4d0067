/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_OBJECT_H
#define SIO_SCHEMA_OBJECT_H

#include "schema/reader.h"

/* Read what a field holds to its places in the struct `out`: one value, or a
 * list of them.  Of an optional one the bool is set. */
const char *sio__object_field(struct sio__reader *r, const char *at,
                              const sio_field *field, char *out,
                              const struct sio__place *place);

/* Read the default of a field, which is missing in the struct `out`; false:
 * give up. */
bool sio__object_default(struct sio__reader *r, const sio_field *field,
                         char *out, const struct sio__place *place);

/* Read a value that stands for a whole type: an object or a name. */
const char *sio__object_whole(struct sio__reader *r, const char *at,
                              const sio_schema *schema, void *out,
                              const struct sio__place *place);

/* Read arguments into the fields of a struct, in order. */
void sio__object_arguments(struct sio__reader *r, const char *at,
                           const sio_schema *schema, void *out,
                           const struct sio__place *args);

#endif
