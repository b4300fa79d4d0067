/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_SCAN_H
#define SIO_JSON_SCAN_H

/* Validation of JSON text (RFC 8259) without recursion and without a tree,
 * and stepping over text that has been validated. */

#include <sio/types.h>

enum { SIO__JSON_MAX_DEPTH = 512 }; /* no limit may be set above this */

struct sio__json_error {
  size_t offset;   /* of the first byte that cannot be */
  const char *msg; /* constant */
};

/* Whether the text is exactly one JSON value, nested at most `max_depth`
 * deep, with blanks around it at most.  Strings must be UTF-8; an escaped
 * unpaired surrogate is accepted.  0, or SIO_ERR_JSON / SIO_ERR_LIMIT (too
 * deep) with `*error` filled in (which may be NULL). */
int sio__json_check(const char *text, size_t len, unsigned max_depth,
                    struct sio__json_error *error);

/* ---- Only for text that sio__json_check() has accepted ---- */

/* The first byte at or after `at` that is no blank; `end` if there is none. */
const char *sio__json_skip_blank(const char *at, const char *end);

/* The end of the value that begins at `at`. */
const char *sio__json_skip_value(const char *at, const char *end);

#endif
