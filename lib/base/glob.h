/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_GLOB_H
#define SIO_BASE_GLOB_H

#include <sio/types.h>

enum sio__glob_rule {
  GLOB_PLAIN,  /* "*" stands for any bytes, also for none */
  GLOB_ORIGIN, /* of such that are not "/"; letters match in any case */
};

/* Whether a text matches a pattern in which "*" stands for others.  The time
 * it takes is at most that of each star of the pattern walking the text. */
bool sio__glob_matches(sio_str pattern, sio_str text, enum sio__glob_rule rule);

#endif
