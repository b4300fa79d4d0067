/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_WEBSOCKET_H
#define SIO_EIO_WEBSOCKET_H

/* The websocket transport: one Engine.IO packet per message. */

#include "eio/connection.h"
#include "eio/session.h"

/* Who gets what arrives on a websocket. */
struct sio__ws_sink {
  void (*message)(struct sio_conn *conn, bool text, uint8_t *data, size_t len);
  /* It is closed, lost or closing; conn->session is NULL already. */
  void (*end)(struct sio_session *session, const sio_end *end);
};

/* Hands messages to the session that the websocket carries. */
extern const struct sio__ws_sink sio__websocket_sink;
extern const struct sio__transport sio__websocket_transport;

/* What a connection speaks after the opening handshake, see eio/accept.h. */
extern const struct sio__conn_protocol sio__websocket_protocol;

/* From now on messages are for this session. */
void sio__websocket_attach(struct sio_conn *conn, struct sio_session *session,
                           const struct sio__ws_sink *sink);

/* Send a packet on a websocket; as sio__session_send(), with permessage-deflate
 * if that was agreed on and pays.  Unsent bytes count against
 * max_output_bytes; beyond it the connection is aborted. */
bool sio__websocket_send(struct sio_conn *conn, const void *packet, size_t len,
                         unsigned flags);

/* Send a close frame without a code and wait for the peer's; its session, if
 * it has one, no longer counts. */
void sio__websocket_close(struct sio_conn *conn);

#endif
