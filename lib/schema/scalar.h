/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_SCALAR_H
#define SIO_SCHEMA_SCALAR_H

#include "schema/reader.h"

/* Read a value of any kind but SIO_KIND_OBJECT to `out`, with its constraints
 * but for the host's check. */
const char *sio__scalar_read(struct sio__reader *r, const char *at,
                             const sio_field *field, void *out,
                             const struct sio__place *place);

/* Write the value of an enumeration of 1, 2 or 4 bytes. */
void sio__scalar_put_enum(void *out, size_t size, int32_t value);

#endif
