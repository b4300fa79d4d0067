/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PROXIED_H
#define SIO_EIO_PROXIED_H

/* Connections that begin with a PROXY header (http/preface.h), which tells
 * whose they are.  TLS, if there is any, begins behind it. */

#include "eio/connection.h"

struct sio__proxied;

/* For a connection that is being made; `tls` is what begins behind the header,
 * or NULL.  NULL: no memory. */
struct sio__proxied *sio__proxied_new(struct sio_tls_config *tls,
                                      const sio_allocator *mem);
void sio__proxied_free(struct sio__proxied *proxied, const sio_allocator *mem);

/* The connection waits for its header from now on, and has `proxied`.  The
 * time is that of the first request's head. */
void sio__proxied_start(struct sio_conn *conn, struct sio__proxied *proxied);

#endif
