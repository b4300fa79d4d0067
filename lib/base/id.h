/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_ID_H
#define SIO_BASE_ID_H

/* Session and socket ids: 15 random bytes as 20 URL-safe characters.  They
 * are drawn from the random source many at a time. */

#include <sio/types.h>

enum { SIO__ID_LEN = 20, SIO__ID_BYTES = 15, SIO__ID_BATCH = 16 };

/* Fills `out` with `len` unpredictable bytes; 0 or an error. */
typedef int (*sio__random_fn)(void *user, uint8_t *out, size_t len);

struct sio__ids {
  sio__random_fn random;
  void *user;
  size_t left; /* unused bytes at the end of `pool` */
  uint8_t pool[SIO__ID_BYTES * SIO__ID_BATCH];
};

void sio__ids_init(struct sio__ids *ids, sio__random_fn random, void *user);

/* Writes SIO__ID_LEN characters and a NUL.  0 or SIO_ERR_RANDOM; an id is
 * never made of anything but fresh random bytes. */
int sio__ids_next(struct sio__ids *ids, char out[SIO__ID_LEN + 1]);

#endif
