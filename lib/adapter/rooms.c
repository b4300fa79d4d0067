/* SPDX-License-Identifier: MIT */
/*
 * Rooms of one namespace.
 *
 * A member sits in the room named after its id by its flag `own_room` alone;
 * a struct sio__room holds everybody else.  So entering needs no memory, even
 * where others are still in a room of that name (a restored session), and the
 * private rooms that nobody shares cost nothing.
 */
#include "adapter/rooms.h"

#include <sio/error.h>

#include "base/list.h"
#include "base/mem.h"

enum { FIRST_SEATS = 4, FIRST_PLACES = 8, FIRST_ALL = 16 };

struct sio__room {
  struct sio__map_node by_name;
  struct sio__member **seats; /* dense, never empty */
  uint32_t n, cap;
  size_t name_len;
  char name[];
};

/* Who is meant by the name of a room. */
struct crowd {
  const struct sio__room *room; /* NULL: there is none */
  struct sio__member *owner;    /* also in it, without a seat; or NULL */
};

static sio_str name_of(const struct sio__room *room)
{
  sio_str name;

  name.data = room->name;
  name.len = room->name_len;
  return name;
}

static bool is_own_name(const struct sio__member *member, sio_str name)
{
  return name.len == member->id_len &&
         memcmp(sio__member_id(member).data, name.data, name.len) == 0;
}

static struct sio__room *find_room(const struct sio__rooms *rooms, sio_str name,
                                   uint64_t hash)
{
  struct sio__map_node *node = sio__map_first(&rooms->by_name, hash);

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__room *room = SIO__CONTAINER(node, struct sio__room, by_name);

    if (room->name_len == name.len &&
        (name.len == 0 || memcmp(room->name, name.data, name.len) == 0))
      return room;
  }
  return NULL;
}

static struct sio__member *find_member(const struct sio__rooms *rooms,
                                       sio_str id, uint64_t hash)
{
  struct sio__map_node *node;

  if (id.len != SIO__ID_LEN && rooms->n_odd == 0)
    return NULL;
  node = sio__map_first(&rooms->by_id, hash);
  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__member *member =
        SIO__CONTAINER(node, struct sio__member, by_id);

    if (is_own_name(member, id))
      return member;
  }
  return NULL;
}

static struct crowd find_crowd(const struct sio__rooms *rooms, sio_str name)
{
  uint64_t hash = sio__hash(rooms->seed, name.data, name.len);
  struct crowd crowd = {.room = find_room(rooms, name, hash),
                        .owner = find_member(rooms, name, hash)};

  if (crowd.owner != NULL && !crowd.owner->own_room)
    crowd.owner = NULL;
  return crowd;
}

/* ---- Seats and places ---- */

/* Make sure that one more fits into an array of members. */
static int reserve_seat(const sio_allocator *mem, struct sio__member ***seats,
                        uint32_t n, uint32_t *cap, uint32_t first)
{
  uint32_t more = *cap == 0 ? first : *cap * 2;
  struct sio__member **larger;

  if (n < *cap)
    return 0;
  if (more <= *cap)
    return SIO_ERR_NOMEM;
  larger = sio__mem_resize(mem, *seats, *cap * sizeof **seats,
                           more * sizeof **seats);
  if (larger == NULL)
    return SIO_ERR_NOMEM;
  *seats = larger;
  *cap = more;
  return 0;
}

static void free_places(const struct sio__rooms *rooms,
                        struct sio__member *member)
{
  if (member->places != member->few)
    sio__mem_free(rooms->mem, member->places,
                  member->places_cap * sizeof *member->places);
  member->places = member->few;
  member->places_cap = SIO__PLACES_INLINE;
}

static int reserve_place(const struct sio__rooms *rooms,
                         struct sio__member *member)
{
  uint32_t cap = member->places_cap;
  uint32_t more = cap < FIRST_PLACES ? FIRST_PLACES : cap * 2;
  struct sio__place *larger;

  if (member->n_places < cap)
    return 0;
  if (more <= cap)
    return SIO_ERR_NOMEM;
  larger = sio__mem_alloc(rooms->mem, more * sizeof *larger);
  if (larger == NULL)
    return SIO_ERR_NOMEM;
  memcpy(larger, member->places, member->n_places * sizeof *larger);
  free_places(rooms, member);
  member->places = larger;
  member->places_cap = more;
  return 0;
}

/* The member's place in a room; NULL: it has no seat there. */
static struct sio__place *find_place(const struct sio__member *member,
                                     const struct sio__room *room)
{
  for (uint32_t i = 0; i < member->n_places; i++) {
    if (member->places[i].room == room)
      return &member->places[i];
  }
  return NULL;
}

static void free_room(const struct sio__rooms *rooms, struct sio__room *room)
{
  sio__mem_free(rooms->mem, room->seats, room->cap * sizeof *room->seats);
  sio__mem_free(rooms->mem, room, sizeof *room + room->name_len);
}

/* A room with seats, nobody in it, not in the map yet.  NULL: no memory. */
static struct sio__room *new_room(const struct sio__rooms *rooms, sio_str name)
{
  struct sio__room *room;

  if (name.len > SIZE_MAX - sizeof *room)
    return NULL;
  room = sio__mem_alloc(rooms->mem, sizeof *room + name.len);
  if (room == NULL)
    return NULL;
  room->seats = NULL;
  room->n = room->cap = 0;
  room->name_len = name.len;
  if (name.len > 0)
    memcpy(room->name, name.data, name.len);
  if (reserve_seat(rooms->mem, &room->seats, 0, &room->cap, FIRST_SEATS) != 0) {
    sio__mem_free(rooms->mem, room, sizeof *room + name.len);
    return NULL;
  }
  return room;
}

/* Leave a room's seat: the last one moves there. */
static void vacate(struct sio__rooms *rooms, struct sio__place place)
{
  struct sio__room *room = place.room;
  struct sio__member *last = room->seats[room->n - 1];

  if (place.index != room->n - 1) {
    find_place(last, room)->index = place.index;
    room->seats[place.index] = last;
  }
  room->n--;
  if (room->n == 0) {
    sio__map_remove(&rooms->by_name, &room->by_name);
    free_room(rooms, room);
  }
}

/* ---- Walking ---- */

typedef bool (*visit_fn)(struct sio__member *member, void *user);

struct walk {
  uint64_t epoch; /* members that have it are excluded, or were visited */
  visit_fn visit;
  void *user;
};

static bool visit_once(const struct walk *walk, struct sio__member *member)
{
  if (!member->active || member->epoch == walk->epoch)
    return true;
  member->epoch = walk->epoch;
  return walk->visit(member, walk->user);
}

static bool walk_crowd(const struct walk *walk, struct crowd crowd)
{
  if (crowd.owner != NULL && !visit_once(walk, crowd.owner))
    return false;
  for (uint32_t i = 0; crowd.room != NULL && i < crowd.room->n; i++) {
    if (!visit_once(walk, crowd.room->seats[i]))
      return false;
  }
  return true;
}

static void exclude(struct crowd crowd, uint64_t epoch)
{
  if (crowd.owner != NULL)
    crowd.owner->epoch = epoch;
  for (uint32_t i = 0; crowd.room != NULL && i < crowd.room->n; i++)
    crowd.room->seats[i]->epoch = epoch;
}

/* ---- Public ---- */

void sio__rooms_init(struct sio__rooms *rooms, const sio_allocator *mem,
                     const struct sio__hash_seed *seed)
{
  rooms->mem = mem;
  rooms->seed = seed;
  sio__map_init(&rooms->by_name, mem);
  sio__map_init(&rooms->by_id, mem);
  rooms->all = NULL;
  rooms->n_all = rooms->all_cap = 0;
  rooms->n_odd = 0;
  rooms->epoch = 0;
}

void sio__rooms_dispose(struct sio__rooms *rooms)
{
  sio__map_dispose(&rooms->by_name);
  sio__map_dispose(&rooms->by_id);
  if (rooms->all != NULL)
    sio__mem_free(rooms->mem, rooms->all, rooms->all_cap * sizeof *rooms->all);
  rooms->all = NULL;
  rooms->n_all = rooms->all_cap = 0;
}

void sio__rooms_enter(struct sio__rooms *rooms, struct sio__member *member,
                      sio_str id)
{
  if (id.len > SIO__ID_LEN) {
    member->id.away = id.data;
  } else {
    memcpy(member->id.here, id.data, id.len);
    member->id.here[id.len] = '\0';
  }
  member->id_len = (uint16_t)id.len;
  if (id.len != SIO__ID_LEN)
    rooms->n_odd++;
  member->active = false;
  member->own_room = true;
  member->known = true;
  member->seat = 0;
  member->epoch = 0;
  member->n_places = 0;
  member->places_cap = SIO__PLACES_INLINE;
  member->places = member->few;
  sio__map_insert(&rooms->by_id, &member->by_id,
                  sio__hash(rooms->seed, id.data, id.len));
}

int sio__rooms_activate(struct sio__rooms *rooms, struct sio__member *member)
{
  int rv;

  if (member->active)
    return 0;
  rv = reserve_seat(rooms->mem, &rooms->all, rooms->n_all, &rooms->all_cap,
                    FIRST_ALL);
  if (rv != 0)
    return rv;
  member->active = true;
  member->seat = rooms->n_all;
  rooms->all[rooms->n_all++] = member;
  return 0;
}

void sio__rooms_leave_all(struct sio__rooms *rooms, struct sio__member *member)
{
  if (!member->known)
    return;
  member->own_room = false;
  while (member->n_places > 0)
    vacate(rooms, member->places[--member->n_places]);
  free_places(rooms, member);

  if (member->active) {
    struct sio__member *last = rooms->all[--rooms->n_all];

    rooms->all[member->seat] = last;
    last->seat = member->seat;
    member->active = false;
  }
}

void sio__rooms_exit(struct sio__rooms *rooms, struct sio__member *member)
{
  if (!member->known)
    return;
  sio__rooms_leave_all(rooms, member);
  sio__map_remove(&rooms->by_id, &member->by_id);
  if (member->id_len != SIO__ID_LEN)
    rooms->n_odd--;
  member->known = false;
}

int sio__rooms_join(struct sio__rooms *rooms, struct sio__member *member,
                    sio_str name)
{
  struct sio__room *room;
  uint64_t hash;

  if (is_own_name(member, name)) {
    member->own_room = true;
    return 0;
  }
  hash = sio__hash(rooms->seed, name.data, name.len);
  room = find_room(rooms, name, hash);
  if (room != NULL && find_place(member, room) != NULL)
    return 0;

  if (reserve_place(rooms, member) != 0)
    return SIO_ERR_NOMEM;
  if (room == NULL) {
    room = new_room(rooms, name);
    if (room == NULL)
      return SIO_ERR_NOMEM;
    sio__map_insert(&rooms->by_name, &room->by_name, hash);
  } else if (reserve_seat(rooms->mem, &room->seats, room->n, &room->cap,
                          FIRST_SEATS) != 0) {
    return SIO_ERR_NOMEM;
  }
  member->places[member->n_places].room = room;
  member->places[member->n_places++].index = room->n;
  room->seats[room->n++] = member;
  return 0;
}

void sio__rooms_leave(struct sio__rooms *rooms, struct sio__member *member,
                      sio_str name)
{
  struct sio__place *place, left;
  struct sio__room *room;

  if (is_own_name(member, name)) {
    member->own_room = false;
    return;
  }
  room = find_room(rooms, name, sio__hash(rooms->seed, name.data, name.len));
  place = room != NULL ? find_place(member, room) : NULL;
  if (place == NULL)
    return;

  left = *place;
  member->n_places--;
  memmove(place, place + 1,
          (size_t)(&member->places[member->n_places] - place) * sizeof *place);
  vacate(rooms, left);
}

bool sio__rooms_has(const struct sio__rooms *rooms,
                    const struct sio__member *member, sio_str name)
{
  const struct sio__room *room;

  if (is_own_name(member, name))
    return member->own_room;
  room = find_room(rooms, name, sio__hash(rooms->seed, name.data, name.len));
  return room != NULL && find_place(member, room) != NULL;
}

size_t sio__member_count(const struct sio__member *member)
{
  return (size_t)member->n_places + (member->own_room ? 1 : 0);
}

sio_str sio__member_room(const struct sio__member *member, size_t i)
{
  if (member->own_room && i == 0)
    return sio__member_id(member);
  return name_of(member->places[member->own_room ? i - 1 : i].room);
}

struct sio__member *sio__rooms_find(const struct sio__rooms *rooms, sio_str id)
{
  if (id.len != SIO__ID_LEN && rooms->n_odd == 0)
    return NULL;
  return find_member(rooms, id, sio__hash(rooms->seed, id.data, id.len));
}

size_t sio__rooms_size(const struct sio__rooms *rooms, sio_str name)
{
  struct crowd crowd = find_crowd(rooms, name);

  return (crowd.room != NULL ? (size_t)crowd.room->n : 0) +
         (crowd.owner != NULL ? 1 : 0);
}

bool sio__rooms_exists(const struct sio__rooms *rooms, sio_str name)
{
  struct crowd crowd = find_crowd(rooms, name);

  return crowd.room != NULL || (crowd.owner != NULL && crowd.owner->active);
}

size_t sio__rooms_count(const struct sio__rooms *rooms)
{
  return rooms->by_name.count;
}

void sio__rooms_each_room(const struct sio__rooms *rooms,
                          bool (*visit)(sio_str name, size_t members,
                                        void *user),
                          void *user)
{
  const struct sio__map *map = &rooms->by_name;

  for (size_t i = 0; i <= map->mask; i++) {
    struct sio__map_node *node = map->buckets[i];

    for (; node != NULL; node = node->next) {
      sio_str name = name_of(SIO__CONTAINER(node, struct sio__room, by_name));

      if (!visit(name, sio__rooms_size(rooms, name), user))
        return;
    }
  }
}

void sio__rooms_each(struct sio__rooms *rooms, const struct sio__selection *sel,
                     bool (*visit)(struct sio__member *member, void *user),
                     void *user)
{
  struct walk walk = {.epoch = ++rooms->epoch, .visit = visit, .user = user};

  for (size_t i = 0; i < sel->n_except; i++)
    exclude(find_crowd(rooms, sel->except[i]), walk.epoch);

  for (size_t i = 0; i < sel->n_rooms; i++) {
    if (!walk_crowd(&walk, find_crowd(rooms, sel->rooms[i])))
      return;
  }
  for (uint32_t i = 0; sel->n_rooms == 0 && i < rooms->n_all; i++) {
    if (!visit_once(&walk, rooms->all[i]))
      return;
  }
}
