/* SPDX-License-Identifier: MIT */
/* From a target to what the adapter walks over, and to whom it finds. */
#include "core/selection.h"

#include "base/mem.h"
#include "core/guard.h"
#include "core/namespace.h"

/* Append two lists to one; returns the end. */
static sio_str *append(sio_str *out, const sio_str *a, size_t n_a,
                       const sio_str *b, size_t n_b)
{
  if (n_a > 0)
    memcpy(out, a, n_a * sizeof *a);
  if (n_b > 0)
    memcpy(out + n_a, b, n_b * sizeof *b);
  return out + n_a + n_b;
}

/* Make the name of a user's room. */
static int name_user_room(struct sio__selected *out, const sio_target *target,
                          sio_str *room)
{
  const struct sio_auth *auth = sio__guard_of(target->ns);
  size_t prefix = strlen(auth->options.user_room);

  out->n_user_room = prefix + room->len;
  out->user_room = sio__mem_alloc(&auth->server->mem, out->n_user_room);
  if (out->user_room == NULL)
    return SIO_ERR_NOMEM;
  memcpy(out->user_room, auth->options.user_room, prefix);
  if (room->len > 0)
    memcpy(out->user_room + prefix, room->data, room->len);
  room->data = out->user_room;
  room->len = out->n_user_room;
  return 0;
}

int sio__select(struct sio__selected *out, const sio_target *target)
{
  size_t n_rooms = target->n_rooms + target->n_more_rooms;
  size_t n_except = target->n_except + target->n_more_except;
  sio_str *names = out->few, *rooms;
  int rv;

  out->many = NULL;
  out->n_many = 0;
  out->user_room = NULL;
  out->n_user_room = 0;
  if (target->n_more_rooms + target->n_more_except > 0) {
    if (n_rooms + n_except > SIZE_MAX / sizeof *names)
      return SIO_ERR_NOMEM;
    out->n_many = n_rooms + n_except;
    out->many = sio__mem_alloc(&target->ns->server->mem,
                               out->n_many * sizeof *out->many);
    if (out->many == NULL)
      return SIO_ERR_NOMEM;
    names = out->many;
  }
  rooms = names;
  out->selection.rooms = rooms;
  out->selection.n_rooms = n_rooms;
  names = append(names, target->rooms, target->n_rooms, target->more_rooms,
                 target->n_more_rooms);
  out->selection.except = names;
  out->selection.n_except = n_except;
  (void)append(names, target->except, target->n_except, target->more_except,
               target->n_more_except); /* the end is not needed */
  if ((target->flags & TARGET_USER) == 0)
    return 0;
  rv = name_user_room(out, target, &rooms[0]);
  if (rv != 0)
    sio__selected_dispose(out, &target->ns->server->mem);
  return rv;
}

void sio__selected_dispose(struct sio__selected *selected,
                           const sio_allocator *mem)
{
  sio__mem_free(mem, selected->user_room, selected->n_user_room);
  sio__mem_free(mem, selected->many, selected->n_many * sizeof(sio_str));
}

struct sio_ns *sio__target_next_ns(const sio_target *target,
                                   struct sio_ns *after)
{
  if (target->ns->is_parent)
    return sio__ns_next_child(target->ns, after);
  return after == NULL ? target->ns : NULL;
}

int sio__target_each(const sio_target *target, struct sio_ns *ns,
                     bool (*visit)(struct sio__member *member, void *user),
                     void *user)
{
  struct sio__selected selected;
  int rv = sio__select(&selected, target);

  if (rv != 0)
    return rv;
  sio__rooms_each(&ns->rooms, &selected.selection, visit, user);
  sio__selected_dispose(&selected, &ns->server->mem);
  return 0;
}

/* ---- Recipients ---- */

static bool remember(struct sio__member *member, void *user)
{
  struct sio__recipients *out = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);

  out->sockets[out->n++] = sio_socket_retain(socket);
  return true;
}

/* Nothing is called meanwhile, so that counting first is safe. */
static size_t count_all(const sio_target *target, struct sio_ns *only)
{
  struct sio_ns *ns = NULL;
  size_t n = 0;

  if (only != NULL)
    return only->rooms.n_all;
  while ((ns = sio__target_next_ns(target, ns)) != NULL)
    n += ns->rooms.n_all;
  return n;
}

int sio__recipients_take(struct sio__recipients *out, const sio_target *target,
                         struct sio_ns *only)
{
  const sio_allocator *mem = &target->ns->server->mem;
  struct sio_ns *ns = only;
  int rv = 0;

  out->n = 0;
  out->cap = count_all(target, only);
  out->sockets = NULL;
  if (out->cap == 0)
    return 0;
  out->sockets = sio__mem_alloc(mem, out->cap * sizeof *out->sockets);
  if (out->sockets == NULL)
    return SIO_ERR_NOMEM;
  if (only != NULL)
    rv = sio__target_each(target, only, remember, out);
  else
    while (rv == 0 && (ns = sio__target_next_ns(target, ns)) != NULL)
      rv = sio__target_each(target, ns, remember, out);
  if (rv != 0)
    sio__recipients_dispose(out, mem);
  return rv;
}

void sio__recipients_dispose(struct sio__recipients *recipients,
                             const sio_allocator *mem)
{
  for (size_t i = 0; i < recipients->n; i++)
    sio_socket_release(recipients->sockets[i]);
  sio__mem_free(mem, recipients->sockets,
                recipients->cap * sizeof *recipients->sockets);
}
