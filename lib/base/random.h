/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_RANDOM_H
#define SIO_BASE_RANDOM_H

/* The random source of hosts that bring none: CTR_DRBG of mbedtls, seeded by
 * its entropy sources. */

#include <sio/types.h>

struct sio__random;

/* NULL: no memory or no entropy.  `mem` is borrowed. */
struct sio__random *sio__random_new(const sio_allocator *mem);
void sio__random_free(struct sio__random *random);

/* `user` is the struct sio__random.  0 or SIO_ERR_RANDOM. */
int sio__random_fill(void *user, uint8_t *out, size_t len);

#endif
