/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_WEBSOCKET_H
#define SIO_EIO_WEBSOCKET_H

/* The websocket transport: one Engine.IO packet per message. */

#include "eio/connection.h"
#include "eio/exchange.h"
#include "eio/session.h"

/* Why an opening handshake is refused: `status` 0 means it is not. */
struct sio__ws_refusal {
  int status;
  const char *message; /* constant */
};

/* Check an opening handshake (RFC 6455 section 4.2.1). */
struct sio__ws_refusal sio__websocket_check(const struct sio__http_head *head);

/* Answer 101 and go over to frames.  `session` may be NULL.  False: no
 * memory, and the connection is aborted. */
bool sio__websocket_accept(struct sio_request *request,
                           const struct sio__http_head *head,
                           struct sio__session *session, bool candidate);

/* Bytes behind the handshake. */
void sio__websocket_feed(struct sio_conn *conn, uint8_t *data, size_t len);

/* Send a packet; as sio__session_send().  Unsent bytes count against
 * max_output_bytes; beyond it the connection is aborted. */
bool sio__websocket_send(struct sio_conn *conn, const void *packet, size_t len,
                         bool binary);
bool sio__websocket_send_shared(struct sio_conn *conn,
                                const struct sio__shared *shared);

/* Send a close frame without a code and wait for the peer's; its session, if
 * it has one, no longer counts. */
void sio__websocket_close(struct sio_conn *conn);

/* The connection is gone: so is its session. */
void sio__websocket_lost(struct sio__session *session, sio_cause cause);

#endif
