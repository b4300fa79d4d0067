/* SPDX-License-Identifier: MIT */
/* Random numbers for mbedtls. */
#include "jwt/rng.h"

int sio__jwt_random_fill(void *random, unsigned char *out, size_t len)
{
  struct sio__jwt_random *source = random;

  if (source->fn(source->user, out, len) == 0)
    return 0;
  source->failed = true;
  return SIO_ERR_RANDOM;
}
