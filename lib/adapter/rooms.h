/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_ROOMS_H
#define SIO_ADAPTER_ROOMS_H

/*
 * Who is in which room of one namespace.
 *
 * Rooms are dense arrays of members with back-pointers: joining, leaving and
 * walking need no hashing.
 *
 *   room "all"   seats: [ A ][ B ][ C ]        member B   places: [all,1][x,0]
 *
 * Every member is in the room named after its id.  It has no seat there, only
 * a flag: most of these rooms never have anybody else in them.
 */

#include "base/id.h"
#include "base/map.h"

struct sio__room;

struct sio__place {
  struct sio__room *room;
  uint32_t index; /* of the member's seat in that room */
};

enum { SIO__PLACES_INLINE = 2 };

/* Part of a socket. */
struct sio__member {
  struct sio__map_node by_id;
  union {
    char here[SIO__ID_LEN + 1]; /* NUL-terminated */
    const char *away;           /* a longer one; borrowed */
  } id;                         /* see sio__member_id() */
  bool active : 1;   /* found by walks; a socket still in middleware is not */
  bool own_room : 1; /* it is in the room named after its id, alone or not;
                        that room is never among the places */
  bool known : 1; /* sio__rooms_enter() was called, sio__rooms_exit() not yet */
  uint16_t id_len;
  uint32_t seat; /* among all active members */
  uint64_t epoch;
  uint32_t n_places, places_cap; /* in the order of joining */
  struct sio__place *places;     /* `few` until it is not enough */
  struct sio__place few[SIO__PLACES_INLINE];
};

struct sio__rooms {
  const sio_allocator *mem;
  const struct sio__hash_seed *seed;
  struct sio__map by_name;
  struct sio__map by_id;
  size_t n_odd; /* members whose ids are not of SIO__ID_LEN characters */
  struct sio__member **all; /* the active members, dense */
  uint32_t n_all, all_cap;
  uint64_t epoch;
};

void sio__rooms_init(struct sio__rooms *rooms, const sio_allocator *mem,
                     const struct sio__hash_seed *seed);
/* All members have left before. */
void sio__rooms_dispose(struct sio__rooms *rooms);

/* A new member with this id, in its own room, not active yet.  An id of up to
 * SIO__ID_LEN characters is copied; a longer one is NUL-terminated, and stays
 * where it is as long as the member.  Cannot fail. */
void sio__rooms_enter(struct sio__rooms *rooms, struct sio__member *member,
                      sio_str id);

/* NUL-terminated, also when it has left. */
static inline sio_str sio__member_id(const struct sio__member *member)
{
  sio_str id;

  id.len = member->id_len;
  id.data = id.len > SIO__ID_LEN ? member->id.away : member->id.here;
  return id;
}

/* Let walks find it.  0 or SIO_ERR_NOMEM. */
int sio__rooms_activate(struct sio__rooms *rooms, struct sio__member *member);

/* Out of all rooms and no longer active, but still known by id. */
void sio__rooms_leave_all(struct sio__rooms *rooms, struct sio__member *member);

/* Leave all rooms and be forgotten. */
void sio__rooms_exit(struct sio__rooms *rooms, struct sio__member *member);

/* Join: 0 (also if it is in there already) or SIO_ERR_NOMEM.  Leave: nothing
 * happens if it is not in there; empty rooms vanish. */
int sio__rooms_join(struct sio__rooms *rooms, struct sio__member *member,
                    sio_str name);
void sio__rooms_leave(struct sio__rooms *rooms, struct sio__member *member,
                      sio_str name);

bool sio__rooms_has(const struct sio__rooms *rooms,
                    const struct sio__member *member, sio_str name);

/* Number of rooms a member is in, its own included, and the i-th name: its own
 * room first, then in the order of joining.  The name is borrowed until it
 * leaves. */
size_t sio__member_count(const struct sio__member *member);
sio_str sio__member_room(const struct sio__member *member, size_t i);

/* The known member with this id, active or not; NULL if there is none. */
struct sio__member *sio__rooms_find(const struct sio__rooms *rooms, sio_str id);

/* Number of members of a room, active or not. */
size_t sio__rooms_size(const struct sio__rooms *rooms, sio_str name);

/* Whether a room has members, one that is not active in its own room not
 * counted. */
bool sio__rooms_exists(const struct sio__rooms *rooms, sio_str name);

/* Number of rooms that have members; one whose only member is the one it is
 * named after does not count. */
size_t sio__rooms_count(const struct sio__rooms *rooms);

/* Visit those rooms, in no particular order, with the number of their members;
 * `visit` returns false to stop.  It must not change who is in a room. */
void sio__rooms_each_room(const struct sio__rooms *rooms,
                          bool (*visit)(sio_str name, size_t members,
                                        void *user),
                          void *user);

/* Whom a broadcast reaches: the active members of any of `rooms` (of the
 * namespace, if there are none), less those of any of `except`. */
struct sio__selection {
  const sio_str *rooms;
  size_t n_rooms;
  const sio_str *except;
  size_t n_except;
};

/* Visit each of them once; `visit` returns false to stop.  It must not change
 * who is in a room, nor begin another walk. */
void sio__rooms_each(struct sio__rooms *rooms, const struct sio__selection *sel,
                     bool (*visit)(struct sio__member *member, void *user),
                     void *user);

#endif
