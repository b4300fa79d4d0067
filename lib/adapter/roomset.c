/* SPDX-License-Identifier: MIT */
/* The names of the rooms that somebody was in. */
#include "adapter/roomset.h"

#include "adapter/journal.h"

#define NO_ROOM UINT32_MAX /* in an empty slot */

enum { FEWEST_SLOTS = 2 };

uint32_t sio__roomset_slots(size_t n_rooms)
{
  uint32_t n = FEWEST_SLOTS;

  if (n_rooms > UINT32_MAX / 4)
    return 0;
  while (n < n_rooms * 2)
    n *= 2;
  return n;
}

void sio__roomset_init(struct sio__roomset *set,
                       const struct sio__hash_seed *seed, const sio_str *rooms,
                       size_t n_rooms, uint32_t *slots)
{
  uint32_t mask = sio__roomset_slots(n_rooms) - 1;

  set->rooms = rooms;
  set->slots = slots;
  set->mask = mask;
  set->changes.data = NULL;
  set->changes.len = 0;
  for (uint32_t i = 0; i <= mask; i++)
    slots[i] = NO_ROOM;
  for (uint32_t i = 0; i < n_rooms; i++) {
    uint32_t at = (uint32_t)sio__hash(seed, rooms[i].data, rooms[i].len) & mask;

    while (slots[at] != NO_ROOM)
      at = (at + 1) & mask;
    slots[at] = i;
  }
}

bool sio__roomset_has(const struct sio__roomset *set,
                      const struct sio__room_name *name)
{
  uint32_t at = (uint32_t)name->hash & set->mask;

  for (; set->slots[at] != NO_ROOM; at = (at + 1) & set->mask) {
    if (sio_str_equal(set->rooms[set->slots[at]], name->text))
      return true;
  }
  return false;
}

bool sio__roomset_had_any(const struct sio__roomset *set,
                          const struct sio__room_name *names, size_t n,
                          uint64_t number)
{
  for (size_t i = 0; i < n; i++) {
    if (sio__journal_was_in(set->changes, names[i].text, number,
                            sio__roomset_has(set, &names[i])))
      return true;
  }
  return false;
}
