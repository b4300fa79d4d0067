/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_CLAIMS_H
#define SIO_JWT_CLAIMS_H

/* The registered claims (RFC 7519 section 4.1). */

#include "jwt/token.h"

/* Read those that have a meaning of their own: their types are checked, and
 * the fields of the token are set.  0, SIO_JWT_INVALID_CLAIM or
 * SIO_ERR_NOMEM. */
int sio__jwt_claims_read(struct sio_jwt *jwt);

/* Whether the claims, which have been read, are what the options, which are
 * valid, demand. */
int sio__jwt_claims_check(struct sio_jwt *jwt, const sio_jwt_options *options);

/* The text of a string that can be compared and be shown: without NUL and
 * without anything that is not Unicode.  `*out` has `data` NULL if there is
 * no such member.  0, SIO_JWT_INVALID_CLAIM or SIO_ERR_NOMEM. */
int sio__jwt_plain_string(sio_value value, sio_str *out);

#endif
