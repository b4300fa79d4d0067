/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_MEMBERSHIP_H
#define SIO_CORE_MEMBERSHIP_H

/* Sockets in rooms, and who is told about it: the watchers of the namespace's
 * parent, then those of the namespace. */

#include "core/objects.h"

/* A socket has connected: it is in the room of its own id.  It is retained
 * meanwhile, and a bracket is open. */
void sio__membership_begin(struct sio_socket *socket);

/* It leaves all its rooms, and its state does not let it join any. */
void sio__membership_end(struct sio_socket *socket);

/* A namespace goes. */
void sio__room_watch_free(struct sio_ns *ns);

#endif
