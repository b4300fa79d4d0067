/* SPDX-License-Identifier: MIT */
#ifndef SIO_JSON_NUMBER_H
#define SIO_JSON_NUMBER_H

#include "base/buf.h"

/* Numbers as JSON text, independent of the locale. */

/* Read a validated JSON number.  0 or SIO_ERR_RANGE (a fraction where an
 * integer is asked for, or too large; `*out` is then 0). */
int sio__json_read_int64(const char *text, size_t len, int64_t *out);
int sio__json_read_uint64(const char *text, size_t len, uint64_t *out);
int sio__json_read_double(const char *text, size_t len, double *out);

/* Append a number; a double as JavaScript writes it: the shortest digits that
 * read back the same, 1e+21 from 1e21 on, 1e-7 below 1e-6, -0 as 0, and null
 * for what is not finite. */
void sio__json_write_int64(struct sio__buf *out, int64_t number);
void sio__json_write_double(struct sio__buf *out, double number);

#endif
