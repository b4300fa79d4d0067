/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_PASSAGE_H
#define SIO_CORE_PASSAGE_H

/*
 * Events on their way through middlewares, and what a socket has of its own.
 *
 * One event of a socket is on its way at a time.  Those that arrive meanwhile
 * are copied and wait.  When the socket leaves, all of them are dropped; the
 * handles that the host retains stay valid.
 */

#include "core/objects.h"

struct sio__passage;

/* What only few sockets have: made when it is first needed, and gone with the
 * socket. */
struct sio__own {
  struct sio__listeners *listeners; /* NULL: nothing is registered */
  struct sio__passage *turn;        /* whose turn it is; NULL: nobody's */
  struct sio__list waiting;         /* behind it */
  uint32_t n_waiting;
  uint64_t waiting_bytes;
  bool running; /* the turn is being moved on, further up the stack */
  bool watched; /* what is emitted to it is shown: counted in the namespace */
};

/* NULL: no memory. */
struct sio__own *sio__own_get(struct sio_socket *socket);
/* Also if there is none. */
void sio__own_free(struct sio_socket *socket);

/* Where functions for the events of a socket are registered, in the order in
 * which they are called: its namespace's parent, its namespace, the socket.
 * NULL: there are none. */
enum { SIO__LEVELS = 3 };

static inline struct sio__listeners *sio__level(const struct sio_socket *socket,
                                                size_t i)
{
  struct sio_ns *ns = socket->ns;

  if (i == 0)
    return ns->parent != NULL ? &ns->parent->listeners : NULL;
  if (i == 1)
    return &ns->listeners;
  return socket->own != NULL ? socket->own->listeners : NULL;
}

/* Whether an event that arrives now has to take that way. */
bool sio__passage_is_needed(const struct sio_socket *socket);

/* Let it take it.  `event` and what `args` refer to are borrowed; `*args` is
 * taken over, and has to be initialized anew; so is the reference `ack`, which
 * may be NULL. */
void sio__passage_begin(struct sio_socket *socket, sio_str event,
                        const struct sio_args *args, struct sio_ack *ack);

/* The socket leaves: all that is under way is dropped. */
void sio__passages_drop(struct sio_socket *socket);

#endif
