/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_FORMAT_H
#define SIO_SCHEMA_FORMAT_H

#include <sio/schema.h>

/*
 * Whether a text has a format.  Of ajv-formats in its mode "full" they differ
 * in what the standards do not have, or limit:
 *
 * - uuid (RFC 9562, section 4): no "urn:uuid:" in front.
 * - email (RFC 5321, section 4.1.2: Dot-string "@" Domain; of two labels at
 *   least, section 2.3.5): up to 64 octets before the "@", labels of up to 63,
 *   a domain of up to 255 (section 4.5.3.1; RFC 1035, section 2.3.4).
 * - date-time (RFC 3339, section 5.6): "T" and no blank between date and time;
 *   a zone has a colon.
 * - uri (RFC 3986, section 3): the grammar, no more: a scheme may stand alone,
 *   and a host may be empty.
 */
bool sio__format_fits(uint32_t format, const char *text, size_t len);

#endif
