/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_ROUTE_H
#define SIO_EIO_ROUTE_H

/* HTTP on a connection, and where its requests go: to a session, a handshake,
 * the host, or back. */

#include "eio/connection.h"

/* What a connection speaks at first. */
extern const struct sio__conn_protocol sio__http_protocol;

/* As sio_conn_open(). */
int sio__route_open(struct sio__engine *engine, const sio_peer *peer,
                    void *user, struct sio_conn **out);

#endif
