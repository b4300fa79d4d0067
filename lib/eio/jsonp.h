/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_JSONP_H
#define SIO_EIO_JSONP_H

/* JSONP polling, of Engine.IO protocol 3 only: payloads as calls of a
 * function in a script, and as a field of a form. */

#include "base/buf.h"

/* The index in the query parameter "j": its digits, and nothing else of it.
 * False: there are none, or more than nine. */
bool sio__jsonp_index(sio_str j, uint32_t *index);

/* Append `___eio[<index>]("<payload>");`, the payload as a JSON string that
 * is also JavaScript: U+2028 and U+2029 are escaped, and "/" behind "<".  Of
 * text that is not UTF-8, out->error is SIO_ERR_UTF8. */
void sio__jsonp_write(uint32_t index, sio_str payload, struct sio__buf *out);

/* The payload in the body of a POST, field "d" of a form; changed in place and
 * not checked to be UTF-8.  False: there is no such field. */
bool sio__jsonp_read(char *body, size_t len, sio_str *payload);

#endif
