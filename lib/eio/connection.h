/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_CONNECTION_H
#define SIO_EIO_CONNECTION_H

/*
 * A transport connection: bytes in, bytes out.
 *
 *   HTTP --101--> WS --close frame--> WS_CLOSING --.
 *     |            |                               |
 *     '------------+-------------------------------+--> ENDING --> GONE
 *
 * ENDING: nothing more is read; the host closes the transport once the output
 * is sent.  GONE: the host has said so; the memory goes with the bracket.
 */

#include "base/outq.h"
#include "eio/engine.h"

enum sio__conn_state {
  CONN_HTTP,
  CONN_WS,
  CONN_WS_CLOSING, /* our close frame is queued, the peer's has not come */
  CONN_ENDING,
  CONN_GONE,
};

/* What the timer of a connection that speaks HTTP is for. */
enum sio__http_wait {
  HTTP_WAIT_HEAD, /* the rest of a head; from the beginning */
  HTTP_WAIT_BODY,
  HTTP_WAIT_NEXT,    /* another request */
  HTTP_WAIT_NOTHING, /* answers are owed */
};

/* What only HTTP needs; freed by the websocket handshake. */
struct sio__http_side {
  struct sio__http_parser *parser;
  struct sio__list requests; /* unanswered, in the order of arrival */
  uint32_t n_requests;
  struct sio_request *arriving; /* its body is not complete; in `requests` */
  struct sio_request *spare;    /* kept for the next request */
  uint8_t wait;                 /* enum sio__http_wait */
  bool secure;
  uint8_t address_len;
  char address[]; /* NUL-terminated */
};

struct sio_conn {
  struct sio__engine *engine;
  struct sio__list link; /* in engine->conns */
  void *user;
  struct sio__outq out;
  struct sio__timer timer; /* for the next request, or the end */
  struct sio__deferred deferred;
  struct sio__http_side *http;
  struct sio__ws_reader ws;
  struct sio__session *session; /* WS: whom it carries or would carry */
  uint8_t state;
  bool candidate; /* WS: an upgrade that is not finished */
  bool feeding;
  bool told;    /* the host knows that it is ready */
  bool linger;  /* ENDING: the peer may still be sending */
  bool aborted; /* ENDING: what is unsent does not matter */
  sio_cause cause;
};

/* As sio_conn_open(). */
int sio__conn_open(struct sio__engine *engine, const sio_peer *peer, void *user,
                   struct sio_conn **out);

/* Output was added or the state has changed: let the host know. */
void sio__conn_touch(struct sio_conn *conn);

/* Copy bytes to the output.  On failure, or beyond max_output_bytes, the
 * connection is aborted and false returned. */
bool sio__conn_write(struct sio_conn *conn, const void *data, size_t len);

/* Queue part of a shared chunk; as sio__conn_write(). */
bool sio__conn_push(struct sio_conn *conn, struct sio__chunk *chunk,
                    uint32_t off, uint32_t len);

/* Whether `len` more bytes may be queued; if not, it is aborted. */
bool sio__conn_has_room(struct sio_conn *conn, size_t len);

/* Close when the output has been sent.  `linger`: the peer may be in the
 * middle of sending, so the host should not reset the connection. */
void sio__conn_end(struct sio_conn *conn, sio_cause cause, bool linger);

/* Close at once; what is unsent is dropped.  A session that it carries ends
 * with "transport error". */
void sio__conn_abort(struct sio_conn *conn, sio_cause cause);

/* The head of the present request is answered with 101: from now on its
 * frames belong to `session`. */
int sio__conn_become_websocket(struct sio_conn *conn,
                               struct sio__session *session, bool candidate);

/* Whether it can still carry output. */
static inline bool sio__conn_is_open(const struct sio_conn *conn)
{
  return conn->state < CONN_ENDING;
}

#endif
