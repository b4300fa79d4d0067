/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_PATTERN_H
#define SIO_CORE_PATTERN_H

/*
 * Patterns of names: "/tenant/{id}/room-{number}", "/files/{*rest}".
 *
 *   {name}   one or more characters other than "/"; at most one between two
 *            "/", so that there is only one way to match
 *   {*name}  one or more characters; at the end
 *
 * Names are identifiers of C, each used once.  All other text matches byte for
 * byte.
 */

#include <sio/types.h>

struct sio__pattern {
  size_t len;
  char text[];
};

/* NULL: no memory, or malformed. */
struct sio__pattern *sio__pattern_new(sio_str text, const sio_allocator *mem);
/* NULL is ignored. */
void sio__pattern_free(struct sio__pattern *pattern, const sio_allocator *mem);

/* Whether it matches, in linear time. */
bool sio__pattern_match(const struct sio__pattern *pattern, sio_str name);

/* What a part stands for in a name that matches; empty with `data` NULL if
 * there is no such part. */
sio_str sio__pattern_param(const struct sio__pattern *pattern, sio_str name,
                           sio_str param);

#endif
