/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_UTF8_H
#define SIO_BASE_UTF8_H

#include <sio/types.h>

/* Whether the bytes are well-formed UTF-8 (RFC 3629: shortest forms only, no
 * surrogates, nothing above U+10FFFF). */
bool sio__utf8_is_valid(const uint8_t *data, size_t len);

/* Length of the well-formed sequence at the start (1 to 4), 0 if there is
 * none. */
size_t sio__utf8_sequence(const uint8_t *data, size_t len);

/* Write a code point; returns the number of bytes (1 to 4). */
size_t sio__utf8_encode(uint32_t code_point, uint8_t out[4]);

#endif
