/* SPDX-License-Identifier: MIT */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

/*
 * What people may type.  Everything that arrives from outside is read with
 * text_read() before anything else is done with it.
 */

#include <sio.h>

/* Longest name, in bytes: 24 code points of at most 4. */
enum { NAME_BYTES = 96 };

struct text_rule {
  size_t max_points;   /* length in code points; at least one must be visible */
  bool lines;          /* line breaks and tabs are welcome */
  bool padded;         /* blanks at the ends, too */
  const char *missing; /* what to say if it is not a string */
  const char *length;  /* ... has the wrong length, or nothing to see */
  const char *content; /* ... has characters that do not belong there */
};

extern const struct text_rule text_name;
extern const struct text_rule text_room;
extern const struct text_rule text_message;
extern const struct text_rule text_key;

/*
 * Read a string by a rule.  NULL: `*out` is fine; otherwise a sentence for
 * the person who typed it.  `*out` is borrowed like the value.
 */
const char *text_read(const struct text_rule *rule, sio_value value,
                      sio_str *out);

#endif
