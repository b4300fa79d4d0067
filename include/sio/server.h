/* SPDX-License-Identifier: MIT */
#ifndef SIO_SERVER_H
#define SIO_SERVER_H

/**
 * A Socket.IO server (protocol revision 5, over Engine.IO revision 4).
 *
 * It does no I/O and belongs to one thread: an adapter such as <sio/uv.h>
 * feeds it bytes and time through <sio/conn.h>.  No function of these headers
 * may be called from another thread, unless it says so.
 *
 * Callbacks may call anything: emit, leave, disconnect this socket or
 * another, close the server.  (Two only take notes: the log's, and the ready
 * callback of <sio/conn.h>.)  Nothing is freed before the outermost call
 * into the library returns.  Only sio_server_free() must not be called from
 * inside a callback.
 */

#include <sio/cookie.h>
#include <sio/cors.h>
#include <sio/deflate.h>
#include <sio/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sio_recovery_options; /* see <sio/recovery.h> */

typedef struct sio_server sio_server;

/** How much a log message matters. */
typedef enum sio_log_level {
  SIO_LOG_ERROR = 0, /**< something is broken or out of memory */
  SIO_LOG_WARN = 1,  /**< a limit was hit, a host's mistake */
  SIO_LOG_INFO = 2,  /**< a peer's fault: refused, cut, malformed */
  SIO_LOG_DEBUG = 3  /**< each session's beginning and end */
} sio_log_level;

/** What the log tells; fields are only added at the end. */
typedef struct sio_log_entry {
  size_t size; /**< of what the library knows */
  sio_log_level level;
  /** Who says it: "http", "engine", "websocket", "socket", or "host", whose
   *  mistake it is. */
  const char *area;
  uint64_t connection; /**< the sio_conn_id() that it is about; 0: none */
  /** UTF-8 without newline or other control characters. */
  const char *line;
} sio_log_entry;

/** Receives an entry of the log; borrowed. */
typedef void (*sio_log_fn)(const sio_log_entry *entry, void *user);

/** Tells the time in microseconds, by a clock that does not go back. */
typedef uint64_t (*sio_clock_fn)(void *user);

/** Transports, to be combined by |. */
enum { SIO_POLLING = 1, SIO_WEBSOCKET = 2 };

/** How Socket.IO packets are written; clients must use the same parser. */
enum {
  SIO_PARSER_JSON = 0,   /**< text, as socket.io-parser does */
  SIO_PARSER_MSGPACK = 1 /**< binary, as socket.io-msgpack-parser does */
};

/** What becomes of what a client sends beyond a rate. */
enum {
  SIO_RATE_DROP = 0, /**< it is dropped, and the problem handlers are told */
  SIO_RATE_CLOSE = 1 /**< the client is closed */
};

/** What becomes of what `max_output_bytes` or `max_output_packets` has no room
 *  for. */
enum {
  SIO_OUTPUT_CUT = 0,   /**< the connection is cut */
  SIO_OUTPUT_REFUSE = 1 /**< it is not sent, and emitting answers
                             SIO_ERR_LIMIT */
};

/**
 * Settings of a server.  `sio_server_options_init()` fills in the defaults,
 * which are given behind each field; fields are only added at the end, and
 * `size` says which of them the caller knows.
 *
 * Times are milliseconds from 1 to UINT32_MAX; what else is possible, and what
 * happens at each limit, is in docs/options.md and checked by
 * sio_server_options_problem().
 */
typedef struct sio_server_options {
  size_t size; /**< set by sio_server_options_init() */

  /* What the host brings. */
  const sio_allocator *allocator; /**< copied; NULL: malloc */
  sio_random_fn random;           /**< NULL: CTR_DRBG of mbedtls */
  void *random_user;              /**< passed to `random` */
  sio_log_fn log;                 /**< NULL: nothing is logged */
  void *log_user;                 /**< passed to `log` */
  uint32_t log_level;             /**< up to which level; SIO_LOG_INFO */

  /* The protocol (Engine.IO and Socket.IO server options). */
  uint32_t transports;          /**< SIO_POLLING | SIO_WEBSOCKET */
  const char *path;             /**< copied; "/socket.io" */
  uint64_t ping_interval_ms;    /**< 25000 */
  uint64_t ping_timeout_ms;     /**< 20000 */
  uint64_t upgrade_timeout_ms;  /**< 10000 */
  uint64_t connect_timeout_ms;  /**< to join a namespace; 45000 */
  uint64_t max_payload;         /**< bytes of a message or POST; 1000000 */
  uint32_t no_upgrades;         /**< 1: polling sessions stay so; 0 */
  uint32_t no_trailing_slash;   /**< 1: `path` is taken as it is; 0 */
  uint32_t allow_eio3;          /**< 1: protocol 3 of old clients, too; 0 */
  uint32_t allow_jsonp;         /**< 1: and their JSONP; 0 */
  uint32_t check_origin;        /**< 1: only origins that `cors` allows, and
                                     the server's own; 0 */
  const char *initial_message;  /**< copied; sent with the handshake; NULL */
  const sio_cors_options *cors; /**< copied; NULL: no CORS headers */
  const sio_cookie_options *cookie; /**< copied; NULL: no cookie */

  /* Compression. */
  const sio_deflate_options *per_message_deflate; /**< copied; NULL: none */
  uint32_t no_http_compression;        /**< 1: answers are sent as they are */
  uint32_t http_compression_level;     /**< of zlib, 1 to 9; 6 */
  uint64_t http_compression_threshold; /**< shorter answers are not; 1024 */

  /* Limits.  Whoever goes beyond one is refused or closed, with a cause that
   * names it. */
  uint32_t max_connections;   /**< transport connections; 0: no limit */
  uint32_t max_sessions;      /**< Engine.IO sessions; 0: no limit; 100000 */
  uint32_t max_header_bytes;  /**< of an HTTP request; up to 65535; 16384 */
  uint32_t max_headers;       /**< of an HTTP request; 100 */
  uint32_t max_pipelined;     /**< unanswered requests; 16 */
  uint64_t max_body;          /**< of other HTTP requests; 1000000 */
  uint64_t header_timeout_ms; /**< of each request; the first
                                   counts from sio_conn_open(); 60000 */
  uint64_t body_timeout_ms;   /**< from the end of the header; 300000 */
  uint64_t keep_alive_timeout_ms; /**< without a request, or without reading
                                       anything of an answer; 65000 */
  uint64_t close_timeout_ms;      /**< for the peer's part of closing; 30000 */
  uint64_t message_timeout_ms;    /**< from the first to the last byte of a
                                       websocket message; 300000 */
  uint64_t handshake_timeout_ms;  /**< for the host's decision; 30000 */
  uint64_t unhandled_upgrade_timeout_ms; /**< of an upgrade request outside the
                                              path; 0: no limit; 1000 */
  uint32_t max_fragments;                /**< of a websocket message; 16384 */
  uint64_t max_poll_bytes;        /**< of the answer to one poll, which has at
                                       least one packet; 0: no limit */
  uint32_t max_payload_packets;   /**< in one polling payload; 10000 */
  uint32_t max_json_depth;        /**< up to 512; 256 */
  uint32_t max_attachments;       /**< of one packet; 10 */
  uint64_t max_attachment_bytes;  /**< of one packet; 10000000 */
  uint64_t attachment_timeout_ms; /**< from the packet's text; 30000 */
  uint32_t max_namespaces;        /**< of one connection; 64 */
  uint32_t max_rooms;             /**< of one socket; 1000 */
  uint32_t max_pending_acks;      /**< of one socket; 1000 */
  uint64_t max_output_bytes; /**< unsent, of one connection; 16777216.  More
                                  closes it: the peer does not read. */
  uint64_t max_kept_bytes;   /**< empty output blocks kept for reuse; 4194304 */
  uint64_t high_water_bytes; /**< unsent, of one connection: beyond it emitting
                                  answers SIO_BUFFERED; 1048576 */
  uint32_t cleanup_empty_namespaces; /**< 1: children of parents that were
                                          made for clients go with their last
                                          socket; 0 */
  uint32_t max_dynamic_namespaces;   /**< such children; 0: no limit; 10000 */
  uint64_t max_waiting_bytes;        /**< of one socket's events that wait for
                                          an earlier one; 10000000 */
  uint64_t max_waiting_events;       /**< how many; 1000 */
  uint32_t parser;       /**< SIO_PARSER_MSGPACK: not with `allow_eio3`;
                              SIO_PARSER_JSON */
  sio_clock_fn clock_us; /**< times handlers for <sio/metrics.h>; NULL: they
                              are not timed */
  void *clock_user;      /**< passed to `clock_us` */
  /* Who may come, and how fast; see docs/limits.md.  Rates are per second, 0:
   * no limit; a burst of 0 is one second's worth. */
  uint32_t max_sessions_per_address;     /**< 0: no limit; 0 */
  uint32_t handshakes_per_address;       /**< 0 */
  uint32_t handshakes_per_address_burst; /**< 0 */
  uint32_t max_addresses;                /**< remembered for these; 10000 */
  uint32_t handshakes_per_second;        /**< of the whole server; 0 */
  uint32_t handshakes_burst;             /**< 0 */
  uint32_t max_handshakes_pending; /**< that wait for the host's decision; 0: no
                                        limit; 1000 */
  uint32_t events_per_second;      /**< of one connection; 0 */
  uint32_t events_burst;           /**< 0 */
  uint32_t joins_per_second;       /**< of namespaces, of one connection; 0 */
  uint32_t joins_burst;            /**< 0 */
  uint32_t rate_policy;            /**< SIO_RATE_CLOSE */
  uint64_t event_bytes_per_second; /**< of one connection; 0 */
  uint64_t event_bytes_burst;      /**< 0 */
  uint32_t output_policy;          /**< SIO_OUTPUT_CUT */
  uint32_t max_output_packets;     /**< unsent, of one connection; 0: no limit;
                                        0 */
  const struct sio_recovery_options *recovery; /**< copied; NULL: off, see
                                                    <sio/recovery.h> */
  uint64_t tls_handshake_timeout_ms;           /**< from sio_conn_open();
                                                    10000 */
  const char *trusted_proxies; /**< copied; addresses and networks such as
                                    "10.0.0.0/8, ::1", and "unix"; NULL:
                                    none, see docs/proxy.md */
  const char *proxy_header;    /**< copied; in which they tell for whom they
                                    ask; "x-forwarded-for" */
  uint64_t max_auth_bytes;     /**< of the payload of a CONNECT; 16384 */
  /* TLS handshakes that may begin, resumed ones included; as the rates of
   * handshakes above. */
  uint32_t tls_handshakes_per_address;       /**< 0 */
  uint32_t tls_handshakes_per_address_burst; /**< 0 */
  uint32_t tls_handshakes_per_second;        /**< of the whole server; 0 */
  uint32_t tls_handshakes_burst;             /**< 0 */
} sio_server_options;

#define sio_server_options_init(options)                                       \
  sio_server_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_server_options_init_sized(sio_server_options *options,
                                           size_t size);

/**
 * Name the first option that is out of range; NULL: there is none.
 *
 * Lifetime: constant.
 */
SIO_API const char *
sio_server_options_problem(const sio_server_options *options);

/**
 * Make a server.  `options` may be NULL for all defaults.
 *
 * Ownership: the caller owns it and ends it with sio_server_free().
 * Errors:    NULL: out of memory, no random numbers, or an option is out of
 *            range; the log says which, and sio_server_options_problem().
 */
SIO_API SIO_MUST_USE sio_server *
sio_server_new(const sio_server_options *options);

/**
 * End a server; NULL is ignored.  Sockets that are still connected are told
 * (reason "server shutting down"), and all connections are gone.  Not from
 * inside a callback, and only when the adapter has given up its connections.
 * If it is draining or closing, `done` of both is called before this returns:
 * the handle is still valid there, but the server is not to be used anew.
 * Handles that the host still retains stay valid and inert.
 */
SIO_API void sio_server_free(sio_server *server);

/** Called when a server has closed. */
typedef void (*sio_closed_fn)(sio_server *server, void *user);

/**
 * Close: every socket leaves with "server shutting down", every connection is
 * closed, no new one is served.  Peers get `close_timeout_ms` to answer; then
 * the host is asked to close their connections all the same.  `done` (which
 * may be NULL) is called once no connection is left, at the latest by
 * sio_server_free(); from then on the server may be used anew.
 *
 * Errors: SIO_ERR_STATE: it is closing already, which goes on unharmed; this
 *         `done` is not called, that of the first call is.
 */
SIO_API int sio_server_close(sio_server *server, sio_closed_fn done,
                             void *user);

/** How sio_server_drain() goes about it. */
typedef struct sio_drain_options {
  size_t size;            /**< set by sio_drain_options_init() */
  uint32_t per_second;    /**< sessions closed; 1 to 1000000; 100 */
  uint32_t random_order;  /**< 1: at random; 0: the oldest first; 0 */
  uint32_t retry_after_s; /**< 1 to 86400; 5 */
  uint64_t deadline_ms;   /**< then the rest is closed at once; 30000 */
} sio_drain_options;

#define sio_drain_options_init(options)                                        \
  sio_drain_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_drain_options_init_sized(sio_drain_options *options,
                                          size_t size);

/**
 * Close slowly, so that clients do not come back all at once: new sessions are
 * refused with 503 and a Retry-After of `retry_after_s` up to twice as much, at
 * random; those that are open are closed a few at a time, in numbers that are
 * somewhat random, as by sio_server_close(), but what waits to be sent to them
 * is sent first.  When none is left, or at the deadline, the server is closed
 * by sio_server_close(), and `done` (which may be NULL) is called when that is.
 * `options` may be NULL for all defaults.
 *
 * sio_server_close() may be called meanwhile: it does not wait for anybody,
 * and both `done` are called, this one first.
 *
 * Errors: SIO_ERR_STATE (it is closing or draining already), SIO_ERR_INVALID
 *         (an option is out of range), SIO_ERR_NOMEM; `done` is not called.
 */
SIO_API int sio_server_drain(sio_server *server,
                             const sio_drain_options *options,
                             sio_closed_fn done, void *user);

/** Whether sio_server_close() or sio_server_drain() has begun and not
 *  finished. */
SIO_API bool sio_server_is_closing(const sio_server *server);

/** A pointer of the host's, passed back and never followed. */
SIO_API void sio_server_set_user(sio_server *server, void *user);
SIO_API void *sio_server_user(const sio_server *server);

/** Number of transport connections, Engine.IO sessions, and sockets. */
SIO_API size_t sio_server_connection_count(const sio_server *server);
SIO_API size_t sio_server_session_count(const sio_server *server);
SIO_API size_t sio_server_socket_count(const sio_server *server);

/** How many connections, requests, sessions and sockets have ended for this
 *  cause.  What ends because something else has ended does not count. */
SIO_API uint64_t sio_server_cause_count(const sio_server *server,
                                        sio_cause cause);

/** The allocator in use; borrowed, as long as the server. */
SIO_API const sio_allocator *sio_server_allocator(const sio_server *server);

/** The mount path as effective, such as "/socket.io/"; borrowed. */
SIO_API const char *sio_server_path(const sio_server *server);

#ifdef __cplusplus
}
#endif

#endif
