/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_ROUTE_H
#define SIO_EIO_ROUTE_H

/* Where requests go: to a session, a handshake, the host, or back. */

#include "eio/connection.h"

/* What the parser of a connection has found. */
void sio__route_event(struct sio_conn *conn, enum sio__http_event event,
                      sio_span body);

/* The timer of a connection that speaks HTTP has run out. */
void sio__route_timeout(struct sio_conn *conn);

#endif
