/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_MOMENT_H
#define SIO_SCHEMA_MOMENT_H

/*
 * Points in time as text: date-time of RFC 3339, section 5.6, which is ISO
 * 8601 with a zone, in the proleptic Gregorian calendar; "T" and "Z" in either
 * case.  A leap second (:60, only where it is 23:59 in UTC) is the first
 * second of the next day, as in POSIX.  Digits behind the third of a fraction
 * are cut off.
 */

#include <sio/types.h>

enum { SIO__MOMENT_LEN = 24 }; /* of "1970-01-01T00:00:00.000Z" */

/* Whether the text is a date-time; `*ms` since 1970, in UTC. */
bool sio__moment_read(const char *text, size_t len, int64_t *ms);

/* Whether the time is in the years 0 to 9999, which is what can be written. */
bool sio__moment_can_write(int64_t ms);

/* Write one of those, as Date.prototype.toISOString() of ECMAScript does. */
void sio__moment_write(int64_t ms, char out[SIO__MOMENT_LEN]);

#endif
