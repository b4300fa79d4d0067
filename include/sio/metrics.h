/* SPDX-License-Identifier: MIT */
#ifndef SIO_METRICS_H
#define SIO_METRICS_H

/**
 * What a server has done and has to do, in figures.  Those that count since
 * the server was made never go down; "now" marks those of the moment.
 */

#include <sio/namespace.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A snapshot; fields are only added at the end. */
typedef struct sio_metrics {
  size_t size; /**< set by sio_server_metrics() */

  uint64_t connections;          /**< transport connections accepted */
  uint64_t connections_now;      /**< those that are open */
  uint64_t connections_refused;  /**< over `max_connections`, or closing */
  uint64_t bytes_in;             /**< fed */
  uint64_t bytes_out;            /**< confirmed as sent */
  uint64_t http_requests;        /**< heads that arrived, on any path */
  uint64_t http_errors;          /**< what was not HTTP, or too much of it */
  uint64_t sessions;             /**< opened */
  uint64_t sessions_polling_now; /**< carried by polling */
  uint64_t sessions_websocket_now;
  uint64_t sessions_refused; /**< over a limit, or closing: HTTP 503 or 429 */
  uint64_t upgrades;         /**< websockets that opened for a session */
  uint64_t upgrades_done;    /**< sessions that have moved */
  uint64_t packets_in;       /**< Engine.IO packets */
  uint64_t packets_out;
  uint64_t messages_in; /**< those of type message */
  uint64_t messages_out;
  uint64_t messages_dropped; /**< volatile ones that could not go out */
  uint64_t refused[16];      /**< requests, by sio_refusal_code */
  uint64_t closes[16];       /**< sessions, by sio_reason */
  uint64_t namespaces;       /**< made, parents not counted */
  uint64_t namespaces_now;   /**< those that clients can join */
  uint64_t sockets;          /**< that have joined, of all namespaces */
  uint64_t sockets_now;      /**< those that are connected */
  uint64_t events_dropped;   /**< over a rate, or joins: SIO_RATE_DROP */
  uint64_t messages_refused; /**< there was no room: SIO_OUTPUT_REFUSE */
  uint64_t tls_handshakes;   /**< of TLS, that were finished */
  uint64_t tls_resumed;      /**< those that resumed a session */
} sio_metrics;

/** Take a snapshot.  Ends by their precise cause: sio_server_cause_count(). */
#define sio_server_metrics(server, metrics)                                    \
  sio_server_metrics_sized((server), (metrics), sizeof(*(metrics)))
SIO_API void sio_server_metrics_sized(const sio_server *server,
                                      sio_metrics *metrics, size_t size);

/**
 * A snapshot of one namespace; fields are only added at the end.  Bytes are
 * those of arguments as JSON text, and of attachments.
 */
typedef struct sio_ns_metrics {
  size_t size; /**< set by sio_ns_metrics() */

  uint64_t sockets;         /**< that have joined */
  uint64_t sockets_now;     /**< those that are connected */
  uint64_t sockets_refused; /**< by a middleware */
  uint64_t left[16];        /**< sockets, by sio_reason */
  uint64_t events_in;
  uint64_t events_in_bytes;
  uint64_t events_out; /**< once for each socket that one was sent to */
  uint64_t events_out_bytes;
  uint64_t acks_in;            /**< answers of clients that were awaited */
  uint64_t acks_out;           /**< answers to clients */
  uint64_t ack_timeouts;       /**< answers that did not come in time */
  uint64_t broadcasts;         /**< events to rooms or to everybody */
  uint64_t recipients;         /**< sockets that those were sent to */
  uint64_t events_dropped;     /**< volatile ones that could not go out */
  uint64_t events_unhandled;   /**< that arrived, and nobody handles */
  uint64_t events_waiting_now; /**< behind one that a middleware holds */
  uint64_t handled;            /**< events that the next two are about */
  uint64_t handler_us;         /**< time in their handlers; 0 without the
                                    option `clock_us` */
  uint64_t handler_us_max;     /**< that of the longest */
  uint64_t events_over_rate;   /**< that arrived and were dropped:
                                    SIO_RATE_DROP */
  uint64_t events_refused;     /**< and acknowledgements, that there was no
                                    room for: SIO_OUTPUT_REFUSE */
  uint64_t events_invalid;     /**< that did not fit a contract */
} sio_ns_metrics;

/**
 * Take a snapshot.  That of a parent is the sum of its children, those that
 * are gone included (for `handler_us_max` the greatest of theirs).
 */
#define sio_ns_metrics(ns, metrics)                                            \
  sio_ns_metrics_sized((ns), (metrics), sizeof(*(metrics)))
SIO_API void sio_ns_metrics_sized(const sio_ns *ns, sio_ns_metrics *metrics,
                                  size_t size);

/** Takes a piece of text, borrowed; not 0: no more is wanted. */
typedef int (*sio_metrics_write_fn)(const char *text, size_t len, void *user);

/**
 * Write all figures in the text format of Prometheus (version 0.0.4; the type
 * is SIO_METRICS_TYPE), in pieces of up to 1024 bytes; nothing is allocated.
 *
 * The first `max_namespaces` namespaces, in the order in which they were
 * made, are listed by name; the others, and those that are gone, are summed
 * up as "_other".  docs/metrics.md has the names of all figures.
 *
 * Returns 0, or what `write` has returned.
 */
SIO_API int sio_metrics_text(sio_server *server, size_t max_namespaces,
                             sio_metrics_write_fn write, void *user);

/** The Content-Type of that text. */
#define SIO_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

#ifdef __cplusplus
}
#endif

#endif
