/* SPDX-License-Identifier: MIT */
#ifndef CHAT_ROOMS_H
#define CHAT_ROOMS_H

/*
 * The rooms of the chat: who is here, with how many devices, and what was
 * said last.  Nothing in here knows about sockets.
 */

#include "history.h"

enum { ROOMS_MAX = 64 };

struct member {
  char *name;
  size_t devices; /* browser windows and phones under this name */
};

struct room {
  char *name;
  bool permanent;
  uint64_t used_ms; /* when somebody last came, spoke or left */
  struct member *members;
  size_t n_members;
  size_t cap_members;
  struct history history;
};

/* All zero: no rooms. */
struct rooms {
  struct room *list[ROOMS_MAX];
  size_t count;
};

void rooms_dispose(struct rooms *rooms);

/* NULL: there is no such room. */
struct room *rooms_find(const struct rooms *rooms, sio_str name);

/*
 * The room of this name, made if it does not exist.  If there are too many,
 * the empty one that was used longest ago is forgotten, and `*forgot` is set.
 *
 * Returns NULL when out of memory or when all rooms are in use.
 */
struct room *rooms_open(struct rooms *rooms, sio_str name, uint64_t now_ms,
                        bool *forgot);

/*
 * Somebody comes with a device: 1 if it is the first one under this name, 0
 * if not, -1 when out of memory.
 */
int room_enter(struct room *room, const char *name);

/* Somebody leaves with a device: whether it was the last one. */
bool room_leave(struct room *room, const char *name);

#endif
