/* SPDX-License-Identifier: MIT */
#include "rooms.h"

#include <stdlib.h>

static char *copy(sio_str text)
{
  char *s = malloc(text.len + 1);

  if (s == NULL)
    return NULL;
  memcpy(s, text.data, text.len);
  s[text.len] = '\0';
  return s;
}

static void room_free(struct room *room)
{
  for (size_t i = 0; i < room->n_members; i++)
    free(room->members[i].name);
  free(room->members);
  history_dispose(&room->history);
  free(room->name);
  free(room);
}

static struct room *room_new(sio_str name)
{
  struct room *room = calloc(1, sizeof *room);

  if (room == NULL)
    return NULL;
  room->name = copy(name);
  if (room->name == NULL) {
    free(room);
    return NULL;
  }
  return room;
}

void rooms_dispose(struct rooms *rooms)
{
  for (size_t i = 0; i < rooms->count; i++)
    room_free(rooms->list[i]);
  rooms->count = 0;
}

struct room *rooms_find(const struct rooms *rooms, sio_str name)
{
  for (size_t i = 0; i < rooms->count; i++)
    if (sio_str_is(name, rooms->list[i]->name))
      return rooms->list[i];
  return NULL;
}

/* Make place for one more. */
static bool forget_one(struct rooms *rooms)
{
  size_t oldest = ROOMS_MAX;

  for (size_t i = 0; i < rooms->count; i++) {
    const struct room *room = rooms->list[i];

    if (room->permanent || room->n_members > 0)
      continue;
    if (oldest == ROOMS_MAX || room->used_ms < rooms->list[oldest]->used_ms)
      oldest = i;
  }
  if (oldest == ROOMS_MAX)
    return false;
  room_free(rooms->list[oldest]);
  rooms->count--;
  memmove(&rooms->list[oldest], &rooms->list[oldest + 1],
          (rooms->count - oldest) * sizeof rooms->list[0]);
  return true;
}

struct room *rooms_open(struct rooms *rooms, sio_str name, uint64_t now_ms,
                        bool *forgot)
{
  struct room *room = rooms_find(rooms, name);

  *forgot = false;
  if (room == NULL) {
    if (rooms->count == ROOMS_MAX) {
      *forgot = forget_one(rooms);
      if (!*forgot)
        return NULL;
    }
    room = room_new(name);
    if (room == NULL)
      return NULL;
    rooms->list[rooms->count++] = room;
  }
  room->used_ms = now_ms;
  return room;
}

static struct member *find_member(const struct room *room, const char *name)
{
  for (size_t i = 0; i < room->n_members; i++)
    if (strcmp(room->members[i].name, name) == 0)
      return &room->members[i];
  return NULL;
}

int room_enter(struct room *room, const char *name)
{
  struct member *member = find_member(room, name);
  char *owned;

  if (member != NULL) {
    member->devices++;
    return 0;
  }
  if (room->n_members == room->cap_members) {
    size_t cap = room->cap_members * 2 + 4;
    struct member *more = realloc(room->members, cap * sizeof *more);

    if (more == NULL)
      return -1;
    room->members = more;
    room->cap_members = cap;
  }
  owned = copy(sio_s(name));
  if (owned == NULL)
    return -1;
  room->members[room->n_members++] = (struct member){owned, 1};
  return 1;
}

bool room_leave(struct room *room, const char *name)
{
  struct member *member = find_member(room, name);

  if (member == NULL || --member->devices > 0)
    return false;
  free(member->name);
  room->n_members--;
  memmove(member, member + 1,
          (size_t)(&room->members[room->n_members] - member) * sizeof *member);
  return true;
}
