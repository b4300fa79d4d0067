/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_ROOMSET_H
#define SIO_ADAPTER_ROOMSET_H

/* The names of the rooms that somebody was in, with a hash table in order to
 * ask for one of them, however many they are; and when that has changed. */

#include "base/map.h"

/* A name and its hash, in a block with others. */
struct sio__room_name {
  uint64_t hash;
  sio_str text;
};

struct sio__roomset {
  const sio_str *rooms; /* borrowed */
  uint32_t *slots;      /* indices of rooms; never full */
  uint32_t mask;        /* number of slots - 1 */
  sio_str changes;      /* borrowed; see adapter/journal.h */
};

/* How many slots `n_rooms` need; 0: that many cannot be. */
uint32_t sio__roomset_slots(size_t n_rooms);

/* Fill a table of that many slots, which is borrowed, too.  There are no
 * changes yet. */
void sio__roomset_init(struct sio__roomset *set,
                       const struct sio__hash_seed *seed, const sio_str *rooms,
                       size_t n_rooms, uint32_t *slots);

/* Whether a name, hashed with the same seed, is in the set. */
bool sio__roomset_has(const struct sio__roomset *set,
                      const struct sio__room_name *name);

/* Whether any of these names was, when the packet with this number was sent. */
bool sio__roomset_had_any(const struct sio__roomset *set,
                          const struct sio__room_name *names, size_t n,
                          uint64_t number);

#endif
