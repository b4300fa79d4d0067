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
  const char *headers; /* further header lines, or NULL; constant */
};

/* Check an opening handshake (RFC 6455 section 4.2.1). */
struct sio__ws_refusal sio__websocket_check(const struct sio__http_head *head);

/* Who gets what arrives on a websocket. */
struct sio__ws_sink {
  void (*message)(struct sio_conn *conn, bool text, uint8_t *data, size_t len);
  /* It is closed, lost or closing; conn->session is NULL already. */
  void (*end)(struct sio__session *session, const sio_end *end);
};

/* Hands messages to the session that the websocket carries. */
extern const struct sio__ws_sink sio__websocket_sink;
extern const struct sio__transport sio__websocket_transport;

/* Answer 101 and go over to frames, with nobody to get them: see
 * sio__websocket_attach().  The request is gone afterwards.  False: no
 * memory, and the connection is aborted. */
bool sio__websocket_accept(struct sio_request *request,
                           const struct sio__http_head *head);

/* From now on messages are for this session. */
void sio__websocket_attach(struct sio_conn *conn, struct sio__session *session,
                           const struct sio__ws_sink *sink);

/* Send a packet on a websocket; as sio__session_send().  Unsent bytes count
 * against max_output_bytes; beyond it the connection is aborted. */
bool sio__websocket_send(struct sio_conn *conn, const void *packet, size_t len,
                         bool binary);

/* Send a close frame without a code and wait for the peer's; its session, if
 * it has one, no longer counts. */
void sio__websocket_close(struct sio_conn *conn);

#endif
