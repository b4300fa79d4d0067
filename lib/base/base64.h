/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_BASE64_H
#define SIO_BASE_BASE64_H

/* RFC 4648: the standard alphabet for payloads, the URL-safe one for ids
 * and tokens. */

#include <sio/types.h>

/* How many characters `len` bytes become, padding included. */
size_t sio__base64_size(size_t len);

/* Writes sio__base64_size(len) characters, no NUL. */
void sio__base64_encode(const uint8_t *data, size_t len, char *out);

/* URL-safe alphabet without padding; returns the number of characters. */
size_t sio__base64url_encode(const uint8_t *data, size_t len, char *out);

/* Decode in place or elsewhere: `out` may be `text`.  Padding may be missing;
 * other characters, bits that are not zero behind the end, or a lone last
 * character are refused.  Returns false, or true and the length. */
bool sio__base64_decode(const char *text, size_t len, uint8_t *out,
                        size_t *out_len);

/* The same with the URL-safe alphabet, where padding is refused, too: no two
 * texts stand for the same bytes. */
bool sio__base64url_decode(const char *text, size_t len, uint8_t *out,
                           size_t *out_len);

#endif
