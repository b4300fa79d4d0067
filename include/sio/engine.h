/* SPDX-License-Identifier: MIT */
#ifndef SIO_ENGINE_H
#define SIO_ENGINE_H

/**
 * Engine.IO by itself: plain messages, text and binary, with polling,
 * websocket, the upgrade from one to the other, and heartbeats, but no
 * namespaces, rooms or events (Engine.IO protocol 4, and 3 if allowed).
 *
 * sio_engine_new() makes a server that hands messages to the host.  It is
 * driven like any other (<sio/conn.h>, <sio/uv.h>) and serves HTTP likewise
 * (<sio/http.h>), but has no namespaces.  On a Socket.IO server the same
 * handlers, set by sio_server_on_sessions(), watch what happens underneath.
 */

#include <sio/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A client's connection, whatever carries it.
 *
 * Lifetime: from the `open` handler until the `close` handler has returned;
 *           not to be used afterwards.
 */
typedef struct sio_session sio_session;

/** Types of packets, by their digits on the wire. */
typedef enum sio_packet_type {
  SIO_PACKET_OPEN = 0,
  SIO_PACKET_CLOSE = 1,
  SIO_PACKET_PING = 2,
  SIO_PACKET_PONG = 3,
  SIO_PACKET_MESSAGE = 4,
  SIO_PACKET_UPGRADE = 5,
  SIO_PACKET_NOOP = 6
} sio_packet_type;

/** A message, or what a packet carries behind its type; borrowed. */
typedef struct sio_message {
  sio_span data;
  bool binary; /**< else `data` is UTF-8 text */
} sio_message;

/**
 * What happens on sessions; each may be NULL.  All of them may call anything.
 * `packet_in` and `packet_out` see every packet of a session but the probes
 * of an upgrade, before it is acted on or queued; those of the handshake right
 * behind `open`.
 */
typedef struct sio_session_handlers {
  size_t size; /**< set by sio_session_handlers_init() */
  void (*open)(sio_session *session, void *user);
  /** A message of the client.  It is borrowed. */
  void (*message)(sio_session *session, const sio_message *message, void *user);
  /** The end, once; `end` is borrowed. */
  void (*close)(sio_session *session, const sio_end *end, void *user);
  /** The session has moved from polling to a websocket. */
  void (*upgrade)(sio_session *session, void *user);
  /** All that was sent has gone out; there had been something. */
  void (*drain)(sio_session *session, void *user);
  /** The client has answered a ping; or, with protocol 3, sent one. */
  void (*heartbeat)(sio_session *session, void *user);
  void (*packet_in)(sio_session *session, sio_packet_type type,
                    const sio_message *message, void *user);
  void (*packet_out)(sio_session *session, sio_packet_type type,
                     const sio_message *message, void *user);
  /** A websocket has been probed to which the session may move; `upgrade`
   *  follows, unless the client gives up. */
  void (*upgrading)(sio_session *session, void *user);
} sio_session_handlers;

#define sio_session_handlers_init(handlers)                                    \
  sio_session_handlers_init_sized((handlers), sizeof(*(handlers)))

/** Set the first `size` bytes to no handlers. */
SIO_API void sio_session_handlers_init_sized(sio_session_handlers *handlers,
                                             size_t size);

/** As sio_server_options_init(), but `path` is "/engine.io". */
#define sio_engine_options_init(options)                                       \
  sio_engine_options_init_sized((options), sizeof(*(options)))
SIO_API void sio_engine_options_init_sized(sio_server_options *options,
                                           size_t size);

/**
 * Make a server without Socket.IO.  `options` may be NULL for all defaults;
 * those that are about namespaces, sockets, acks and attachments are not
 * looked at.  `handlers` are copied; see sio_server_on_sessions().
 *
 * sio_of() gives NULL for it.
 *
 * Ownership: as sio_server_new().
 * Errors:    NULL, as sio_server_new().
 */
SIO_API SIO_MUST_USE sio_server *
sio_engine_new(const sio_server_options *options,
               const sio_session_handlers *handlers, void *user);

/**
 * Set the handlers of sessions, in place of those before; NULL: none.  They
 * are copied.  `user` is passed to each of them.
 *
 * On a Socket.IO server they are called before Socket.IO acts; only `close`
 * comes last, when its sockets have left.
 *
 * Errors: SIO_ERR_INVALID: `size` is not set.
 */
SIO_API int sio_server_on_sessions(sio_server *server,
                                   const sio_session_handlers *handlers,
                                   void *user);

/** How a message is to be sent; to be combined by |. */
enum {
  SIO_SEND_BINARY = 1,       /**< it is bytes, not text */
  SIO_SEND_UNCOMPRESSED = 2, /**< not worth compressing */
  SIO_SEND_VOLATILE = 4      /**< drop it if it cannot go out now */
};

/**
 * Send a message; it is copied.  Text is UTF-8; the byte 0x1E in it would
 * break a polling payload and is refused.
 *
 * Errors: SIO_ERR_DISCONNECTED (the session is closing or closed),
 *         SIO_ERR_UTF8, SIO_ERR_INVALID (0x1E, or unknown flags),
 *         SIO_ERR_LIMIT (`max_output_bytes` or `max_output_packets` has no
 *         room for it: with SIO_OUTPUT_REFUSE nothing was sent, and it may be
 *         tried again; with SIO_OUTPUT_CUT the session is being closed),
 *         SIO_ERR_NOMEM: it is being closed.
 * Returns 0, or SIO_DROPPED: it was volatile and could not go out.
 */
SIO_API int sio_session_send(sio_session *session, sio_span data,
                             unsigned flags);

/** Called once: 0, the message has gone out; else SIO_ERR_DISCONNECTED: the
 *  session has ended before. */
typedef void (*sio_sent_fn)(sio_session *session, int status, void *user);

/** As sio_session_send(); unless it returns an error or SIO_DROPPED, `sent` is
 *  called when the message has been written: in the order of sending. */
SIO_API int sio_session_send_then(sio_session *session, sio_span data,
                                  unsigned flags, sio_sent_fn sent, void *user);

/** Whether a message sent now would be the next to leave: a GET waits, or the
 *  websocket has taken all that was written, and nothing was sent since. */
SIO_API bool sio_session_is_writable(const sio_session *session);

/** Bytes that have been sent but have not gone out. */
SIO_API size_t sio_session_pending(const sio_session *session);

/**
 * Close it: with "forced close" once what was sent has gone out, or with
 * `discard` at once.  Closing twice does no harm.
 */
SIO_API void sio_session_close(sio_session *session, bool discard);

/** Call `fn` for every session until it returns false; it may close any. */
SIO_API void sio_server_each_session(sio_server *server,
                                     bool (*fn)(sio_session *session,
                                                void *user),
                                     void *user);

/** The id; NUL-terminated, as long as the session.  Whoever knows it can
 *  speak for the client: do not log it. */
SIO_API const char *sio_session_id(const sio_session *session);

/** The sio_conn_id() of the connection that carries it; by polling, of the one
 *  that asked last. */
SIO_API uint64_t sio_session_connection(const sio_session *session);

/** "polling" or "websocket", at the moment. */
SIO_API const char *sio_session_transport(const sio_session *session);

/** The protocol revision: 4 or 3. */
SIO_API int sio_session_protocol(const sio_session *session);

/** Whether messages can still be sent. */
SIO_API bool sio_session_is_open(const sio_session *session);

/** The server that it belongs to. */
SIO_API sio_server *sio_session_server(const sio_session *session);

/** A pointer of the host's, passed back and never followed. */
SIO_API void sio_session_set_user(sio_session *session, void *user);
SIO_API void *sio_session_user(const sio_session *session);

/* The request that opened it: lifetime as the session. */

/** The address of the peer, or of the client for whom a trusted proxy has asked
 *  (`trusted_proxies`); "" if unknown. */
SIO_API const char *sio_session_address(const sio_session *session);

/** Whether the transport was encrypted. */
SIO_API bool sio_session_is_secure(const sio_session *session);

/** The request target, as it was sent. */
SIO_API sio_str sio_session_url(const sio_session *session);

/** A header; `name` in lower case; empty with `data` NULL if it is missing. */
SIO_API sio_str sio_session_header(const sio_session *session,
                                   const char *name);

/**
 * A parameter of the request's query, decoded into `out`, with a NUL behind
 * it; of duplicates the last.
 *
 * Errors: SIO_ERR_NOT_FOUND, SIO_ERR_LIMIT (it does not fit in `cap` bytes).
 */
SIO_API int sio_session_query(const sio_session *session, const char *name,
                              char *out, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
