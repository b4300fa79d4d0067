/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_STRING_H
#define SIO_JSON_STRING_H

#include "base/buf.h"

/* Append text as a quoted JSON string, escaped the way JavaScript does: short
 * forms \b \f \n \r \t, \u00xx for other control characters, quote and
 * backslash; everything else as it is.  0 or SIO_ERR_UTF8 (nothing is
 * appended then); out of memory is kept in the buffer. */
int sio__json_quote(struct sio__buf *out, const char *text, size_t len);

/* Resolve the escapes of the inside of a validated string into `out`, which
 * has room for `len` bytes; an unpaired surrogate becomes U+FFFD.  Returns
 * the length. */
size_t sio__json_unescape(const char *inside, size_t len, char *out);

/* Whether the inside of a validated string, escapes resolved, is `text`. */
bool sio__json_string_equals(const char *inside, size_t len, const char *text,
                             size_t text_len);

#endif
