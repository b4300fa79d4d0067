/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_TEMPLATE_H
#define SIO_JSON_TEMPLATE_H

/* The format strings that <sio/payload.h> describes. */

#include "base/buf.h"
#include <stdarg.h>

/* Append what the format describes: JSON values, comma-separated, without
 * blanks between tokens; nothing for an empty format or NULL.  As in printf,
 * the text of `%.*s` ends before a NUL byte, and a negative precision counts
 * as none.  0, SIO_ERR_FORMAT, SIO_ERR_JSON (raw text), SIO_ERR_UTF8,
 * SIO_ERR_NOMEM or SIO_ERR_LIMIT (of the buffer); on error the buffer is as
 * before. */
int sio__json_format(struct sio__buf *out, const char *format, va_list args);

#endif
