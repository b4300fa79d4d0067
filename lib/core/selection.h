/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_SELECTION_H
#define SIO_CORE_SELECTION_H

#include "core/objects.h"

/* Bits of sio_target.flags. */
enum sio__target_flag {
  TARGET_VOLATILE = 1,
  TARGET_UNCOMPRESSED = 2,
  TARGET_LOCAL = 4,
  TARGET_NODES = 8, /* no sockets, but other nodes: core/nodes.c */
  TARGET_USER = 16  /* the first room is the id of a user: core/presence.c */
};

/* Why no sockets can be found by it; 0: they can. */
static inline int sio__target_error(const sio_target *target)
{
  if (target->error == 0 && (target->flags & TARGET_NODES) != 0)
    return SIO_ERR_INVALID;
  return target->error;
}

/* The rooms of a target as the adapter wants them: one list of each kind. */
struct sio__selected {
  struct sio__selection selection;
  sio_str few[2 * SIO_TARGET_ROOMS];
  sio_str *many; /* allocated, if `few` was not enough */
  size_t n_many;
  char *user_room; /* of TARGET_USER, allocated; or NULL */
  size_t n_user_room;
};

/* 0 or SIO_ERR_NOMEM.  The names stay where they are, but for that of a user's
 * room, which is made. */
int sio__select(struct sio__selected *out, const sio_target *target);
void sio__selected_dispose(struct sio__selected *selected,
                           const sio_allocator *mem);

/* The namespaces whose sockets a target may mean: the children of a parent,
 * else its own.  The one behind `after` (NULL: the first one); NULL: no more.
 * A bracket is open. */
struct sio_ns *sio__target_next_ns(const sio_target *target,
                                   struct sio_ns *after);

/* Visit each socket that a target for many reaches within one of its
 * namespaces; as sio__rooms_each().  0 or SIO_ERR_NOMEM. */
int sio__target_each(const sio_target *target, struct sio_ns *ns,
                     bool (*visit)(struct sio__member *member, void *user),
                     void *user);

/* Those of one namespace, or of all, as they are now: what is done with them
 * may change rooms.  Each is retained. */
struct sio__recipients {
  struct sio_socket **sockets;
  size_t n, cap;
};

/* `ns` NULL: all namespaces of the target.  0 or SIO_ERR_NOMEM.  A bracket is
 * open. */
int sio__recipients_take(struct sio__recipients *out, const sio_target *target,
                         struct sio_ns *ns);
void sio__recipients_dispose(struct sio__recipients *recipients,
                             const sio_allocator *mem);

#endif
