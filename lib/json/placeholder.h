/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_PLACEHOLDER_H
#define SIO_JSON_PLACEHOLDER_H

/* Placeholders of attachments in validated text: objects with a member
 * `_placeholder` that is exactly true, and the attachment's index in `num`.
 * The first name is spelled without escapes: plain data that looks the same
 * can be told from a placeholder by an escape in it. */

#include "json/read.h"
#include "json/scan.h"

#define SIO__NO_NUM UINT64_MAX

/* Whether a name, `len` bytes with its quotes, marks a placeholder. */
static inline bool sio__is_placeholder_key(const char *key, size_t len)
{
  return len == 14 && memcmp(key, "\"_placeholder\"", 14) == 0;
}

/* One pass over the objects of a text, arrays and scalars in between. */
struct sio__object_walk {
  const char *at;
  const char *end;
  unsigned depth;
  bool is_placeholder; /* of the object that has just ended */
  uint64_t num;        /* its `num`, SIO__NO_NUM if that is no whole number */
  struct sio__object_level {
    bool is_object;
    bool is_placeholder;
    uint64_t num;
  } levels[SIO__JSON_MAX_DEPTH]; /* by depth - 1 */
};

enum sio__object_event {
  OBJECT_NONE = 0, /* the end of the text */
  OBJECT_OPEN = 1, /* `at` is behind the brace, `depth` counts the object */
  OBJECT_CLOSE = 2 /* `at` is behind the brace, `depth` does not */
};

void sio__object_walk_init(struct sio__object_walk *walk, const char *text,
                           size_t len);
enum sio__object_event sio__object_walk_next(struct sio__object_walk *walk);

#endif
