/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_MISMATCH_H
#define SIO_SCHEMA_MISMATCH_H

/* Saying what is wrong with a payload, where it is, and what it should be. */

#include "json/read.h"
#include <sio/schema.h>

/* Where a value stands: a chain up to the payload. */
struct sio__place {
  const struct sio__place *up;
  const char *name; /* of a member; NULL: an item */
  size_t n;         /* length of the name, or index of the item */
};

/* The length of a name that ends with a NUL. */
#define SIO__NAME_ENDS SIZE_MAX

/* What is wrong: `field` says what is expected (of a list: of each item, or
 * if `is_list` of itself), or `expected` does if it is not NULL; `found` says
 * what there is, or the value at `at` does; if both are NULL it is nothing. */
struct sio__complaint {
  const struct sio__place *place;
  const sio_field *field;
  bool is_list;
  const char *expected;
  const char *found;
  const char *at;
};

/* Count a mismatch, and keep it if there is room; `mismatches` may be NULL.
 * `end` and `document` are those of the text at `at`. */
void sio__mismatch_add(sio_mismatches *mismatches,
                       const struct sio__complaint *c, const char *end,
                       sio_document *document);

#endif
