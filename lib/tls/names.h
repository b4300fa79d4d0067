/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_NAMES_H
#define SIO_TLS_NAMES_H

/* Which certificate is for which host name (RFC 6125 section 6.4). */

#include "tls/compat.h"
#include <sio/types.h>

enum sio__name_match { NAME_OTHER, NAME_WILDCARD, NAME_EXACT };

/* Host names are compared without regard to case; "*." at the beginning of a
 * pattern stands for exactly one label. */
enum sio__name_match sio__name_match(sio_str pattern, sio_str name);

/* The best match among the names in a certificate: of its alternative names,
 * or, without any, its common name. */
enum sio__name_match sio__name_match_certificate(const mbedtls_x509_crt *own,
                                                 sio_str name);

#endif
