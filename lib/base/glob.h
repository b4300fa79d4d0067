/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_GLOB_H
#define SIO_BASE_GLOB_H

#include <sio/types.h>

/* Whether a text matches a pattern in which "*" stands for any bytes, also
 * for none. */
bool sio__glob_matches(sio_str pattern, sio_str text);

#endif
