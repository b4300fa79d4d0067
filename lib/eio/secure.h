/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_SECURE_H
#define SIO_EIO_SECURE_H

/* Connections with TLS: between the bytes of the host and those of the
 * protocol stands a filter.  Whatever counts output counts plaintext; of that,
 * a little is encrypted ahead. */

#include "eio/connection.h"
#include "tls/filter.h"

/* A connection that has just been made gets its filter, and the time for the
 * handshake begins. */
void sio__secure_start(struct sio_conn *conn, struct sio__tls *tls);

#endif
