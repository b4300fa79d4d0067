/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_READ_H
#define SIO_JSON_READ_H

/* Behind the values of <sio/value.h>. */

#include <sio/value.h>

struct sio__resolved;

/* JSON text that has been validated: values, comma-separated, without
 * brackets around them (none, one or many); the attachments that its
 * placeholders refer to; and the memory of strings that had escapes. */
struct sio_document {
  const char *text; /* borrowed */
  size_t len;
  const sio_span *attachments; /* borrowed */
  size_t n_attachments;        /* 0: placeholders are plain objects */
  const sio_allocator *mem;
  struct sio__resolved *resolved; /* NULL until a string needed it */
};

/* Arguments: the values of a document. */
struct sio_args {
  struct sio_document document;
};

/* Allocates nothing; `mem` is borrowed. */
void sio__document_init(struct sio_document *document, const char *text,
                        size_t len, const sio_allocator *mem);
/* Free what strings needed.  Text and attachments belong to others. */
void sio__document_dispose(struct sio_document *document);

/* The first value; absent if there is none. */
sio_value sio__document_value(struct sio_document *document);

/* Check every placeholder of a document that has attachments: `num` must be
 * a whole number below their count.  0 or SIO_ERR_RANGE. */
int sio__document_check_placeholders(const struct sio_document *document);

/* The value that begins at the first byte that is no blank, within validated
 * text that is borrowed from `document`; absent if there is none.  `*next` is
 * set to behind the value and a comma that follows it. */
sio_value sio__value_begin(sio_document *document, const char *at,
                           const char *end, const char **next);

/* The text of a string whose inside (between the quotes) is given, escapes
 * resolved.  It is resolved once and kept as long as the document.  `data` is
 * NULL when out of memory. */
sio_str sio__document_resolve(struct sio_document *document, const char *inside,
                              size_t len);

#endif
