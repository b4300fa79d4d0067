/* SPDX-License-Identifier: MIT */
/*
 * Joining and leaving rooms, and telling whoever watches.
 *
 * Watchers may change rooms themselves.  A room whose last member has left is
 * "vanishing" until they have been told of that: if somebody joins it
 * meanwhile it has neither been deleted nor created.
 */
#include "core/membership.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "core/recovery.h"
#include "core/attach.h"
#include <sio/rooms.h>

enum { ROOM_NAME_MAX = 1024 };

struct sio__room_watch {
  sio_room_handlers handlers; /* complete */
  void *user;
};

/* In ns->vanishing, on the stack of who makes it vanish. */
struct sio__vanishing {
  sio_str room;
  struct sio__vanishing *outer;
};

enum room_event { ROOM_CREATED, ROOM_JOINED, ROOM_LEFT, ROOM_DELETED };

static bool is_watched(const struct sio_ns *ns)
{
  return ns->room_watch != NULL || ns->tells_rooms ||
         (ns->parent != NULL && ns->parent->room_watch != NULL);
}

/* `watch` may be gone when its function returns. */
static void tell_one(const struct sio__room_watch *watch, enum room_event event,
                     sio_str room, struct sio_socket *socket)
{
  const sio_room_handlers *h = &watch->handlers;

  switch (event) {
  case ROOM_CREATED:
    if (h->created != NULL)
      h->created(socket->ns, room, watch->user);
    break;
  case ROOM_JOINED:
    if (h->joined != NULL)
      h->joined(socket->ns, room, socket, watch->user);
    break;
  case ROOM_LEFT:
    if (h->left != NULL)
      h->left(socket->ns, room, socket, watch->user);
    break;
  case ROOM_DELETED:
    if (h->deleted != NULL)
      h->deleted(socket->ns, room, watch->user);
    break;
  }
}

static void tell(struct sio_socket *socket, enum room_event event, sio_str room)
{
  struct sio_ns *ns = socket->ns;

  if (event == ROOM_CREATED || event == ROOM_DELETED)
    sio__cluster_room(ns, room, event == ROOM_CREATED);
  if (ns->parent != NULL && ns->parent->room_watch != NULL)
    tell_one(ns->parent->room_watch, event, room, socket);
  if (ns->room_watch != NULL)
    tell_one(ns->room_watch, event, room, socket);
}

static bool is_vanishing(const struct sio_ns *ns, sio_str room)
{
  const struct sio__vanishing *v = ns->vanishing;

  while (v != NULL && !sio_str_equal(v->room, room))
    v = v->outer;
  return v != NULL;
}

/* The name as it was, whatever becomes of the room. */
static sio_str keep_name(sio_str room, char text[ROOM_NAME_MAX])
{
  sio_str kept = {text, room.len};

  if (room.len > 0)
    memcpy(text, room.data, room.len);
  return kept;
}

/* Nobody hears of a socket in its own room before it has connected. */
static bool is_untold(const struct sio_socket *socket, sio_str room)
{
  sio_str id = sio__member_id(&socket->member);

  return !socket->member.active && sio_str_equal(room, id);
}

static int enter_room(struct sio_socket *socket, sio_str room)
{
  int rv = sio__rooms_join(&socket->ns->rooms, &socket->member, room);

  if (rv == 0)
    sio__recovery_moves(socket, room, true);
  return rv;
}

static int join_watched(struct sio_socket *socket, sio_str given)
{
  struct sio_ns *ns = socket->ns;
  char text[ROOM_NAME_MAX];
  sio_str room = keep_name(given, text);
  bool known = sio__rooms_exists(&ns->rooms, room) || is_vanishing(ns, room);
  int rv = enter_room(socket, room);

  if (rv != 0 || is_untold(socket, room))
    return rv;
  sio__engine_enter(&ns->server->engine);
  (void)sio_socket_retain(socket);
  if (!known)
    tell(socket, ROOM_CREATED, room);
  if (sio__rooms_has(&ns->rooms, &socket->member, room))
    tell(socket, ROOM_JOINED, room);
  sio_socket_release(socket);
  sio__engine_leave(&ns->server->engine);
  return 0;
}

/* It is in this room. */
static void leave_watched(struct sio_socket *socket, sio_str given)
{
  struct sio_ns *ns = socket->ns;
  char text[ROOM_NAME_MAX];
  struct sio__vanishing here = {keep_name(given, text), ns->vanishing};
  bool last;

  sio__recovery_moves(socket, here.room, false);
  sio__rooms_leave(&ns->rooms, &socket->member, here.room);
  if (is_untold(socket, here.room))
    return;
  last =
      !sio__rooms_exists(&ns->rooms, here.room) && !is_vanishing(ns, here.room);
  sio__engine_enter(&ns->server->engine);
  (void)sio_socket_retain(socket);
  if (last)
    ns->vanishing = &here;
  tell(socket, ROOM_LEFT, here.room);
  if (last)
    ns->vanishing = here.outer;
  if (last && !sio__rooms_exists(&ns->rooms, here.room))
    tell(socket, ROOM_DELETED, here.room);
  sio_socket_release(socket);
  sio__engine_leave(&ns->server->engine);
}

void sio__membership_begin(struct sio_socket *socket)
{
  struct sio_ns *ns = socket->ns;
  sio_str own = sio__member_id(&socket->member);

  if (!is_watched(ns) || !socket->member.own_room)
    return;
  if (sio__rooms_size(&ns->rooms, own) == 1)
    tell(socket, ROOM_CREATED, own);
  if (sio__rooms_has(&ns->rooms, &socket->member, own))
    tell(socket, ROOM_JOINED, own);
}

void sio__membership_end(struct sio_socket *socket)
{
  if (!is_watched(socket->ns))
    return; /* the rooms are left all at once */
  while (sio__member_count(&socket->member) > 0)
    leave_watched(socket, sio__member_room(&socket->member, 0));
}

void sio__room_watch_free(struct sio_ns *ns)
{
  if (ns->room_watch != NULL)
    sio__mem_free(&ns->server->mem, ns->room_watch, sizeof *ns->room_watch);
  ns->room_watch = NULL;
}

/* ---- One socket (<sio/socket.h>) ---- */

int sio_join(sio_socket *socket, sio_str room)
{
  struct sio_ns *ns = socket->ns;

  if (socket->state != SOCKET_JOINING && socket->state != SOCKET_CONNECTED)
    return SIO_ERR_DISCONNECTED;
  if (room.len > ROOM_NAME_MAX)
    return SIO_ERR_INVALID;
  if (sio__rooms_has(&ns->rooms, &socket->member, room))
    return 0;
  if (sio__member_count(&socket->member) >= ns->server->options.max_rooms)
    return SIO_ERR_LIMIT;
  if (is_watched(ns))
    return join_watched(socket, room);
  return enter_room(socket, room);
}

int sio_leave(sio_socket *socket, sio_str room)
{
  struct sio_ns *ns = socket->ns;

  if (socket->state == SOCKET_GONE)
    return SIO_ERR_DISCONNECTED;
  if (!is_watched(ns) && socket->lifeline == NULL) {
    sio__rooms_leave(&ns->rooms, &socket->member, room);
    return 0;
  }
  if (!sio__rooms_has(&ns->rooms, &socket->member, room))
    return 0;
  if (is_watched(ns)) {
    leave_watched(socket, room);
    return 0;
  }
  sio__recovery_moves(socket, room, false);
  sio__rooms_leave(&ns->rooms, &socket->member, room);
  return 0;
}

bool sio_socket_in(const sio_socket *socket, sio_str room)
{
  return socket->state != SOCKET_GONE &&
         sio__rooms_has(&socket->ns->rooms, &socket->member, room);
}

size_t sio_socket_room_count(const sio_socket *socket)
{
  return socket->state != SOCKET_GONE ? sio__member_count(&socket->member) : 0;
}

sio_str sio_socket_room(const sio_socket *socket, size_t i)
{
  static const sio_str none = {NULL, 0};

  return i < sio_socket_room_count(socket)
             ? sio__member_room(&socket->member, i)
             : none;
}

int sio_join_rooms(sio_socket *socket, const sio_str *rooms, size_t n)
{
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < n; i++)
    rv = sio_join(socket, rooms[i]);
  return rv;
}

int sio_leave_rooms(sio_socket *socket, const sio_str *rooms, size_t n)
{
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < n; i++)
    rv = sio_leave(socket, rooms[i]);
  return rv;
}

/* ---- Watching ---- */

void sio_room_handlers_init_sized(sio_room_handlers *handlers, size_t size)
{
  sio__versioned_init(handlers, size, NULL, 0);
}

int sio_on_rooms(sio_ns *ns, const sio_room_handlers *handlers, void *user)
{
  struct sio__room_watch *watch = NULL;

  if (ns == NULL ||
      (handlers != NULL && handlers->size < sizeof handlers->size))
    return SIO_ERR_INVALID;
  if (handlers != NULL) {
    size_t known =
        handlers->size < sizeof *handlers ? handlers->size : sizeof *handlers;

    watch = sio__mem_zalloc(&ns->server->mem, sizeof *watch);
    if (watch == NULL)
      return SIO_ERR_NOMEM;
    memcpy(&watch->handlers, handlers, known);
    watch->user = user;
  }
  sio__room_watch_free(ns);
  ns->room_watch = watch;
  return 0;
}
