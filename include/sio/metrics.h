/* SPDX-License-Identifier: MIT */
#ifndef SIO_METRICS_H
#define SIO_METRICS_H

/**
 * What a server has done and has to do, in figures.  Those that count since
 * the server was made never go down; "now" marks those of the moment.
 */

#include <sio/server.h>

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
  uint64_t sessions_refused; /**< over `max_sessions`, or closing: HTTP 503 */
  uint64_t upgrades;         /**< websockets that opened for a session */
  uint64_t upgrades_done;    /**< sessions that have moved */
  uint64_t packets_in;       /**< Engine.IO packets */
  uint64_t packets_out;
  uint64_t messages_in; /**< those of type message */
  uint64_t messages_out;
  uint64_t messages_dropped; /**< volatile ones that could not go out */
  uint64_t refused[16];      /**< requests, by sio_refusal_code */
  uint64_t closes[16];       /**< sessions, by sio_reason */
} sio_metrics;

/** Take a snapshot.  Ends by their precise cause: sio_server_cause_count(). */
#define sio_server_metrics(server, metrics)                                    \
  sio_server_metrics_sized((server), (metrics), sizeof(*(metrics)))
SIO_API void sio_server_metrics_sized(const sio_server *server,
                                      sio_metrics *metrics, size_t size);

#ifdef __cplusplus
}
#endif

#endif
