/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_RNG_H
#define SIO_JWT_RNG_H

/* The random source of a key set, as mbedtls wants it. */

#include <sio/jwt.h>

struct sio__jwt_random {
  sio_random_fn fn;
  void *user;
  bool failed; /* numbers were asked for that did not come */
};

/* `random` is a struct sio__jwt_random.  0 or SIO_ERR_RANDOM. */
int sio__jwt_random_fill(void *random, unsigned char *out, size_t len);

#endif
