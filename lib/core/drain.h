/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_DRAIN_H
#define SIO_CORE_DRAIN_H

/* Whether there is room for what is emitted, and who is told when there is
 * again (SIO_OUTPUT_REFUSE, sio_on_drain()). */

#include "core/body.h"

/* Whether `n` messages of `bytes` bytes in all can be sent to it; if not, that
 * is counted, and the drain handlers are told when less waits.  With
 * SIO_OUTPUT_CUT there always is: who has none left is cut. */
bool sio__drain_has_room(struct sio_socket *socket, uint64_t bytes, size_t n);

/* There is none: that is counted, and so on. */
void sio__drain_refuse(struct sio_socket *socket);

/* The same for what is encoded. */
bool sio__drain_has_room_for(struct sio_socket *socket,
                             const struct sio__body *body);

/* The host has been told that much waits: the drain handlers are told when
 * less does. */
void sio__drain_await(struct sio_socket *socket);

/* Of struct sio__engine_events. */
void sio__drain_on_drained(struct sio_session *session, void *user);

#endif
