/* SPDX-License-Identifier: MIT */
#ifndef SIO_NODES_H
#define SIO_NODES_H

/**
 * What is there for servers that an adapter has joined (<sio/adapter.h>), and
 * works without one, too: there is no other node then.
 *
 * Emitting, and joining, leaving and disconnecting many sockets, reach those
 * of all nodes, but for targets made by sio_only() and sio_local().  A socket
 * of another node is reached by the room that is named after its id.
 */

#include <sio/broadcast.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Which sockets there are ---- */

/** A socket of any node; borrowed. */
typedef struct sio_socket_info {
  sio_str id;
  sio_value rooms;     /**< an array of strings */
  sio_value handshake; /**< an object: `headers` (lower-case names), `time`,
                            `address`, `xdomain`, `secure`, `issued`, `url`,
                            `query`, `auth` */
  sio_value data;      /**< sio_socket_data(); an empty object if none is set */
  sio_socket *socket;  /**< NULL: it is on another node */
} sio_socket_info;

typedef void (*sio_fetched_fn)(const sio_socket_info *info, void *user);

/**
 * Describe all sockets that a target reaches.  `each` is called for those of
 * this node before this returns, for others as their nodes answer; `done` once,
 * when all nodes have answered or the time is over, and not before the
 * outermost call into the library comes to its end.  Its `status` is 0;
 * SIO_ERR_TIMEOUT: what has been shown is not all; SIO_ERR_NOMEM; what the
 * adapter's `publish` has answered; or SIO_ERR_DISCONNECTED: the server was
 * freed.  `answered` and `asked` are other nodes.
 *
 * `timeout_ms` is from 1 to UINT32_MAX.  What clients send in headers, cookies
 * among it, is shown to whoever asks on any node.
 *
 * Errors: as sio_each(), and SIO_ERR_INVALID (no function, or the timeout);
 *         SIO_ERR_CLOSED, SIO_ERR_RANDOM, SIO_ERR_NOMEM; nothing is called.
 */
SIO_API int sio_fetch(sio_target target, uint64_t timeout_ms,
                      sio_fetched_fn each, sio_done_fn done, void *user);

/* ---- Events for the nodes themselves ---- */

/**
 * All other nodes that have this namespace: for emitting only, in any form.
 * The event goes to what sio_on_server_event() has registered there, not to
 * clients.  With sio_with_acks() each node answers once, and the socket of an
 * answer is NULL.
 *
 * In addition to those of clients, the event names "connection" and
 * "new_namespace" are reserved.
 */
SIO_API sio_target sio_nodes(sio_ns *ns);

/**
 * Another node has emitted an event to sio_nodes().  Borrowed; `ack` is NULL
 * if no answer is wanted, and may be retained and answered later like that of
 * a client; sio_ack_socket() of it is NULL.
 */
typedef void (*sio_server_event_fn)(sio_ns *ns, const sio_args *args,
                                    sio_ack *ack, void *user);

/**
 * Handle an event of other nodes; `event` is copied.  Handlers of a parent
 * are called for its children, before their own.  Where nobody handles an
 * event that wants an answer, it is answered without arguments.
 *
 * Errors: SIO_ERR_INVALID (NULL for the namespace, the name or the function),
 *         SIO_ERR_RESERVED, SIO_ERR_NOMEM.
 */
SIO_API int sio_on_server_event(sio_ns *ns, const char *event,
                                sio_server_event_fn fn, void *user);

/** Remove handlers: `event` NULL: of all events; `fn` NULL: all.
 *  Errors: SIO_ERR_NOT_FOUND, SIO_ERR_INVALID (no namespace). */
SIO_API int sio_off_server_event(sio_ns *ns, const char *event,
                                 sio_server_event_fn fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
