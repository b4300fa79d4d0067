/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_CONNECTION_H
#define SIO_EIO_CONNECTION_H

/*
 * A transport connection: bytes in, bytes out.
 *
 *   OPEN --end, abort--> ENDING --host: closed--> GONE
 *     '-----------------host: closed---------------^
 *
 * ENDING: nothing more is read; the host closes the transport once the output
 * is sent.  GONE: the host has said so; the memory goes with the bracket.
 *
 * What the bytes mean is the business of a protocol: HTTP first, and frames
 * after a websocket handshake.
 */

#include "base/outq.h"
#include "eio/engine.h"

struct sio__http_side;
struct sio__proxied;
struct sio__tls;

/* What stands between the bytes of the host and those of the protocol, where
 * something does: TLS (eio/secure.h), or the header of a proxy in front of
 * everything (eio/proxied.h). */
struct sio__conn_layer {
  /* As the public functions; plaintext is what is in conn->out. */
  void (*feed)(struct sio_conn *conn, uint8_t *data, size_t len);
  size_t (*output)(struct sio_conn *conn, sio_span *spans, size_t n);
  void (*sent)(struct sio_conn *conn, size_t len);
  /* Bytes to send besides those in conn->out. */
  size_t (*pending)(const struct sio_conn *conn);
  /* The timer of an open connection has run out: whether that was about this
   * layer, and has been dealt with. */
  bool (*timeout)(struct sio_conn *conn);
  /* What there is to say about its end; constant, or NULL. */
  const char *(*detail)(const struct sio_conn *conn);
  void (*free)(struct sio_conn *conn);
};
struct sio__ws_sink;

enum sio__conn_state { CONN_OPEN, CONN_ENDING, CONN_GONE };

struct sio__conn_protocol {
  /* Bytes have arrived.  Returns how many it has used: all, unless another
   * protocol has taken over or the connection is no longer open. */
  size_t (*feed)(struct sio_conn *conn, uint8_t *data, size_t len);
  /* conn->timer has run out on an open connection. */
  void (*timeout)(struct sio_conn *conn);
  /* All or part of the output has been sent, and somebody waits for that:
   * conn->watched, or a session's drain handler. */
  void (*sent)(struct sio_conn *conn);
  /* The connection carries nothing any more, because of conn->cause: end what
   * depends on it.  Called once, outside of all callbacks. */
  void (*lost)(struct sio_conn *conn);
};

/* How many websocket frames wait, if that is limited: see eio/pressure.h. */
struct sio__frames {
  uint32_t first;  /* gone when conn->sent is `mark` */
  uint32_t second; /* those behind */
  uint64_t mark;
};

struct sio_conn {
  struct sio__engine *engine;
  struct sio__list link; /* in engine->conns */
  void *user;
  struct sio__outq out;
  struct sio__timer timer; /* of the protocol; ENDING: until it is aborted */
  struct sio__deferred deferred;
  const struct sio__conn_protocol *protocol; /* NULL: lost() was called */
  const struct sio__conn_layer *layer;       /* NULL: there is none */
  union {                                    /* of the layer */
    struct sio__tls *tls;
    struct sio__proxied *proxied;
  };
  struct sio__http_side *http;     /* HTTP; else NULL */
  struct sio__ws_reader ws;        /* frames */
  struct sio__ws_deflate *deflate; /* frames; NULL: not agreed on */
  const struct sio__ws_sink *sink; /* frames: who gets messages */
  struct sio_session *session;     /* frames: of the sink, or NULL */
  uint8_t state;
  bool ws_closing; /* frames: our close frame is queued */
  bool feeding;
  bool told;    /* the host knows that it is ready */
  bool linger;  /* ENDING: the peer may still be sending */
  bool aborted; /* ENDING: what is unsent does not matter */
  bool watched; /* somebody waits for output to leave: see `sent` above */
  sio_cause cause;
  uint64_t seen; /* the size that `cause` is about, or 0 */
  uint64_t sent; /* bytes, in all */
  uint64_t mark; /* ENDING: `sent` when its time began */
  struct sio__frames frames;
  uint64_t id;
};

/* As sio_conn_open(); `http` is taken over on success. */
int sio__conn_new(struct sio__engine *engine, void *user,
                  const struct sio__conn_protocol *protocol,
                  struct sio__http_side *http, struct sio_conn **out);

/* Bytes that had been kept aside arrive now. */
void sio__conn_replay(struct sio_conn *conn, uint8_t *data, size_t len);

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

/* Close at once; what is unsent is dropped. */
void sio__conn_abort(struct sio_conn *conn, sio_cause cause);

/* Whether it can still carry output. */
static inline bool sio__conn_is_open(const struct sio_conn *conn)
{
  return conn->state == CONN_OPEN;
}

#endif
