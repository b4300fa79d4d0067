/* SPDX-License-Identifier: MIT */
/* Session and socket ids. */
#include "base/id.h"

#include <sio/error.h>

#include "base/base64.h"

void sio__ids_init(struct sio__ids *ids, sio__random_fn random, void *user)
{
  ids->random = random;
  ids->user = user;
  ids->left = 0;
  memset(ids->pool, 0, sizeof ids->pool);
}

int sio__ids_next(struct sio__ids *ids, char out[SIO__ID_LEN + 1])
{
  uint8_t *bytes;

  out[0] = '\0';
  if (ids->left < SIO__ID_BYTES) {
    if (ids->random(ids->user, ids->pool, sizeof ids->pool) != 0) {
      memset(ids->pool, 0, sizeof ids->pool); /* it may be half filled */
      return SIO_ERR_RANDOM;
    }
    ids->left = sizeof ids->pool;
  }
  bytes = ids->pool + sizeof ids->pool - ids->left;
  out[sio__base64url_encode(bytes, SIO__ID_BYTES, out)] = '\0';
  /* Ids given out are secrets of their clients: leave no second copy. */
  memset(bytes, 0, SIO__ID_BYTES);
  ids->left -= SIO__ID_BYTES;
  return 0;
}
