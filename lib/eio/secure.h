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

/* As the public functions, for connections with TLS. */
void sio__secure_feed(struct sio_conn *conn, const uint8_t *data, size_t len);
size_t sio__secure_output(struct sio_conn *conn, sio_span *spans, size_t n);

/* The rest is for any connection. */

/* Bytes to send besides those in conn->out. */
static inline size_t sio__secure_pending(const struct sio_conn *conn)
{
  if (conn->tls == NULL)
    return 0;
  return conn->tls->out.bytes +
         (conn->state == CONN_ENDING && sio__tls_owes_goodbye(conn->tls));
}

static inline bool sio__secure_is_shaking_hands(const struct sio_conn *conn)
{
  return conn->tls != NULL && conn->state == CONN_OPEN &&
         !sio__tls_is_established(conn->tls);
}

/* What there is to say about its end; constant, or NULL. */
static inline const char *sio__secure_detail(const struct sio_conn *conn)
{
  return conn->tls != NULL ? conn->tls->failure.detail : NULL;
}

#endif
