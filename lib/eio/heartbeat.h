/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_HEARTBEAT_H
#define SIO_EIO_HEARTBEAT_H

/*
 * The beginning of a session, and its heartbeat: in protocol 4 the server
 * pings, in protocol 3 the client does and must not forget to.
 */

#include "eio/session.h"

/* The open packet is out: start the heartbeat and tell the host and the floor
 * above. */
void sio__session_announce(struct sio_session *session);

#endif
