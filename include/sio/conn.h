/* SPDX-License-Identifier: MIT */
#ifndef SIO_CONN_H
#define SIO_CONN_H

/**
 * Driving a server: bytes in, bytes out, and time.
 *
 * For whoever writes an adapter; <sio/uv.h> is one, and
 * `examples/poll_loop.c` a smaller one.  For each transport connection:
 *
 *     open -> feed, feed, ... -> closed
 *
 * and whenever the host is told that a connection is ready: write what
 * sio_conn_output() shows, confirm it with sio_conn_sent(), and, when nothing
 * is left and sio_conn_wants_close(), close the transport and say so with
 * sio_conn_closed().
 */

#include <sio/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One transport connection. */
typedef struct sio_conn sio_conn;

/** Who is at the other end; all is copied.  Fields are only added at the
 *  end. */
typedef struct sio_peer {
  size_t size;         /**< set by sio_peer_init() */
  const char *address; /**< numeric, such as "192.0.2.7"; NULL: unknown */
  /** What is fed and sent is TLS, and `secure` goes without saying; the
   *  connection keeps a reference.  NULL: it is plain.  See <sio/tls.h>. */
  struct sio_tls_config *tls;
  uint32_t secure; /**< 1: the transport is encrypted */
  /** 1: A header of the PROXY protocol (version 1 or 2) comes before everything
   *  else, TLS too, and has the client's address.  With `trusted_proxies`,
   *  only from those. */
  uint32_t proxied;
} sio_peer;

#define sio_peer_init(peer) sio_peer_init_sized((peer), sizeof(*(peer)))

/** Fill in the first `size` bytes with nothing. */
SIO_API void sio_peer_init_sized(sio_peer *peer, size_t size);

/**
 * Tells that a connection has output or wishes to be closed.  It comes once
 * per change, not once per packet: not again before sio_conn_output() has
 * been called, unless it begins to wish to be closed, and never for a
 * connection that was given to sio_conn_closed().  The host should only take a
 * note and act when the call that it is in has returned.
 */
typedef void (*sio_ready_fn)(sio_conn *conn, void *conn_user, void *user);

/** Set who is told about ready connections; before the first of them. */
SIO_API void sio_server_on_ready(sio_server *server, sio_ready_fn ready,
                                 void *user);

/**
 * A connection was accepted.  `peer` may be NULL; `user` is passed to the
 * ready callback.
 *
 * Ownership: `*out` belongs to the server, which frees it some time after
 *            sio_conn_closed(); the host must call that exactly once.
 * Errors:    SIO_ERR_NOMEM, SIO_ERR_LIMIT (`max_connections`), SIO_ERR_CLOSED
 *            (the server is closing), SIO_ERR_INVALID (`peer` has no size);
 *            `*out` is then NULL and the host closes the transport.
 */
SIO_API SIO_MUST_USE int sio_conn_open(sio_server *server, const sio_peer *peer,
                                       void *user, sio_conn **out);

/**
 * Bytes have arrived.  They may be changed in place and are not needed
 * afterwards.
 *
 * Errors: SIO_ERR_REENTRANT (from inside a callback of this connection);
 *         SIO_ERR_CLOSED: it wishes to be closed, and the bytes are thrown
 *         away.
 */
SIO_API int sio_conn_feed(sio_conn *conn, uint8_t *data, size_t len);

/**
 * Show the bytes to send, oldest first: fills at most `n` spans, returns how
 * many.
 *
 * Lifetime: a span stays where it is until sio_conn_sent() has covered it or
 *           sio_conn_closed() was called, so it may be handed to an
 *           asynchronous write as it is.
 */
SIO_API size_t sio_conn_output(sio_conn *conn, sio_span *spans, size_t n);

/** Its number among the connections of the server, from 1 on: what the log
 *  calls it. */
SIO_API uint64_t sio_conn_id(const sio_conn *conn);

/** The oldest `len` bytes of the output have been sent. */
SIO_API void sio_conn_sent(sio_conn *conn, size_t len);

/** Number of bytes to send.  With TLS it is about as many: part of them is to
 *  be encrypted. */
SIO_API size_t sio_conn_pending(const sio_conn *conn);

/** Whether a connection wishes to be closed once its output is sent. */
typedef enum sio_close_wish {
  SIO_CLOSE_NO = 0,  /**< it goes on */
  SIO_CLOSE_NOW = 1, /**< close the transport */
  /** The peer may still be sending, and closing now could make it lose the
   *  answer: shut down the writing side and throw away what arrives, until
   *  the peer closes or this becomes SIO_CLOSE_NOW (which is announced). */
  SIO_CLOSE_LINGER = 2
} sio_close_wish;

/** What to do when no output is left. */
SIO_API sio_close_wish sio_conn_wants_close(const sio_conn *conn);

/**
 * The transport is gone: the peer has closed or reset it, writing failed
 * (`error` is then negative), or the host has closed it because the
 * connection wished so.  The connection must not be used afterwards.
 */
SIO_API void sio_conn_closed(sio_conn *conn, int error);

/**
 * When sio_server_expire() should be called next; SIO_NEVER: no need.  It
 * changes with what happens, so ask again before each wait.
 */
SIO_API uint64_t sio_server_deadline(const sio_server *server);

/**
 * Set the time, in milliseconds of a clock that does not go back, and do what
 * is due.  To be called before the first connection, whenever the deadline
 * has come, and before connections are fed after a wait.
 */
SIO_API void sio_server_expire(sio_server *server, uint64_t now_ms);

/** Set the wall-clock time that belongs to the present moment, in
 *  milliseconds since 1970-01-01 UTC.  It is only shown to the host again
 *  (sio_socket_issued_ms()). */
SIO_API void sio_server_set_unix_time(sio_server *server, uint64_t unix_ms);

#ifdef __cplusplus
}
#endif

#endif
