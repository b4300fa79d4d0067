/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_UNIQUE_H
#define SIO_JWT_UNIQUE_H

/* JSON of which no two readers can make different things. */

#include "json/read.h"

/* Begin a document with text that has to be one JSON object, nested at most
 * `max_depth` deep, in which, and in all objects within, each name is there
 * once and at most `max_members` are.  `mem` and the text are borrowed.
 *
 * 0, SIO_ERR_JSON (no object), SIO_JWT_DUPLICATE, SIO_JWT_TOO_DEEP (too many
 * members, too), SIO_ERR_NOMEM.  The document is to be disposed of in any
 * case. */
int sio__jwt_object(struct sio_document *document, const char *text, size_t len,
                    uint32_t max_depth, size_t max_members,
                    const sio_allocator *mem);

#endif
