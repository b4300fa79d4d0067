/* SPDX-License-Identifier: MIT */
#ifndef SIO_ROOMS_H
#define SIO_ROOMS_H

/**
 * Rooms: many sockets at once, and what happens in them.  One socket joins and
 * leaves by sio_join() and sio_leave() of <sio/socket.h>.
 */

#include <sio/broadcast.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Join or leave several rooms: as sio_join() and sio_leave() one by one, up
 *  to the first error, which is the answer. */
SIO_API int sio_join_rooms(sio_socket *socket, const sio_str *rooms, size_t n);
SIO_API int sio_leave_rooms(sio_socket *socket, const sio_str *rooms, size_t n);

/*
 * Every socket that a target reaches joins, leaves, or is disconnected; also
 * those of other nodes (<sio/nodes.h>), of which nothing is heard.
 *
 * Errors: as sio_each(); those of sio_join() also if a socket could not join;
 *         the others have.
 */
SIO_API int sio_sockets_join(sio_target target, const sio_str *rooms, size_t n);
SIO_API int sio_sockets_leave(sio_target target, const sio_str *rooms,
                              size_t n);
SIO_API int sio_sockets_disconnect(sio_target target, bool close);

/** How many sockets a target reaches, or an error as of sio_each(). */
SIO_API int64_t sio_count(sio_target target);

/** Called for each room until it returns false; it takes notes and changes
 *  nothing.  The room that each socket has for itself does not count while
 *  nobody else is in it.  A parent has no rooms of its own. */
SIO_API void sio_ns_each_room(const sio_ns *ns,
                              bool (*fn)(sio_str room, size_t sockets,
                                         void *user),
                              void *user);

/**
 * What happens in the rooms of a namespace; each may be NULL.  They may call
 * anything.  `room` is borrowed.
 *
 * A room exists from its first member to its last: `created` comes before the
 * first `joined`, `deleted` after the last `left`.  The room of a socket's own
 * id comes before its connect handlers.  When a socket leaves the namespace it
 * leaves its rooms between the disconnecting and the disconnect handlers: that
 * of its id first, the others in the order of joining.
 */
typedef struct sio_room_handlers {
  size_t size; /**< set by sio_room_handlers_init() */
  void (*created)(sio_ns *ns, sio_str room, void *user);
  void (*deleted)(sio_ns *ns, sio_str room, void *user);
  void (*joined)(sio_ns *ns, sio_str room, sio_socket *socket, void *user);
  void (*left)(sio_ns *ns, sio_str room, sio_socket *socket, void *user);
} sio_room_handlers;

#define sio_room_handlers_init(handlers)                                       \
  sio_room_handlers_init_sized((handlers), sizeof(*(handlers)))
SIO_API void sio_room_handlers_init_sized(sio_room_handlers *handlers,
                                          size_t size);

/**
 * Set the handlers, in place of those before; copied; NULL: none.  Those of a
 * parent are called for its children, before the child's own.
 *
 * Errors: SIO_ERR_INVALID (no namespace, or `size` is not set), SIO_ERR_NOMEM.
 */
SIO_API int sio_on_rooms(sio_ns *ns, const sio_room_handlers *handlers,
                         void *user);

#ifdef __cplusplus
}
#endif

#endif
