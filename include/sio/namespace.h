/* SPDX-License-Identifier: MIT */
#ifndef SIO_NAMESPACE_H
#define SIO_NAMESPACE_H

/**
 * Namespaces: who may join, and what happens with what sockets send.
 *
 * Handlers are called in the order in which they were registered.  Events of
 * one socket are handled one after the other, in the order of arrival.
 */

#include <sio/payload.h>
#include <sio/server.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sio_ns sio_ns;
typedef struct sio_socket sio_socket;

/** The answer that a middleware owes. */
typedef struct sio_next sio_next;

/** The acknowledgement that a client asked for. */
typedef struct sio_ack sio_ack;

/**
 * Decides whether a client may join.  It answers with sio_next_ok() or
 * sio_next_refuse(), now, or later if it retains `next`.  The socket is not
 * connected yet; rooms joined now are kept.
 */
typedef void (*sio_middleware_fn)(sio_socket *socket, sio_next *next,
                                  void *user);

/** A socket has joined the namespace. */
typedef void (*sio_connect_fn)(sio_socket *socket, void *user);

/** A socket leaves or has left; `end` says why and is borrowed. */
typedef void (*sio_disconnect_fn)(sio_socket *socket, const sio_end *end,
                                  void *user);

/**
 * A client has sent an event.
 *
 * Lifetime: all are borrowed until the callback returns; `socket` and `ack`
 *           may be retained.  `ack` is NULL if the client asked for none;
 *           the functions that answer it accept that and do nothing.
 */
typedef void (*sio_event_fn)(sio_socket *socket, const sio_args *args,
                             sio_ack *ack, void *user);

/**
 * The namespace of this name, made if it does not exist: clients may then join
 * it, whatever a function of <sio/dynamic.h> would say.  A missing leading "/"
 * is added; "" is "/", which always exists.
 *
 * Ownership: it belongs to the server.
 * Errors:    NULL: out of memory, `server` is NULL, or a name with a comma,
 *            control characters, more than 255 bytes, or what is not UTF-8.
 */
SIO_API sio_ns *sio_of(sio_server *server, const char *name);

/** The namespace of this name if it exists, else NULL. */
SIO_API sio_ns *sio_find(const sio_server *server, const char *name);

/** Its name, such as "/chat"; borrowed, as long as the namespace. */
SIO_API const char *sio_ns_name(const sio_ns *ns);
SIO_API sio_server *sio_ns_server(const sio_ns *ns);

/** Number of connected sockets. */
SIO_API size_t sio_ns_socket_count(const sio_ns *ns);

/** Number of sockets in a room; 0 if there is no such room. */
SIO_API size_t sio_ns_room_size(const sio_ns *ns, sio_str room);

/** Number of rooms, those that sockets have for themselves not counted. */
SIO_API size_t sio_ns_room_count(const sio_ns *ns);

/** The connected socket with this id; borrowed; NULL if there is none. */
SIO_API sio_socket *sio_ns_socket(const sio_ns *ns, sio_str id);

/* Registration.  Errors: SIO_ERR_NOMEM, SIO_ERR_INVALID (NULL for the namespace
 * or the function, so that the result of sio_of() needs no check of its own),
 * SIO_ERR_RESERVED (an event name that no client may send). */

/** Add a middleware; sockets that are joining already do not see it. */
SIO_API int sio_use(sio_ns *ns, sio_middleware_fn fn, void *user);
SIO_API int sio_on_connect(sio_ns *ns, sio_connect_fn fn, void *user);

/** Before a socket leaves: its rooms are intact and it is connected. */
SIO_API int sio_on_disconnecting(sio_ns *ns, sio_disconnect_fn fn, void *user);

/** After a socket has left.  Its handle is valid until this returns, or
 *  longer if it was retained. */
SIO_API int sio_on_disconnect(sio_ns *ns, sio_disconnect_fn fn, void *user);

/**
 * There is room again for a socket: an emit to it has answered SIO_BUFFERED or,
 * with SIO_OUTPUT_REFUSE, SIO_ERR_LIMIT, or a broadcast has passed it over; and
 * now less than half of `high_water_bytes` (and of `max_output_packets`) is
 * unsent, or nothing.  Called once for any number of such answers, and not if
 * the socket leaves before.
 */
SIO_API int sio_on_drain(sio_ns *ns, sio_connect_fn fn, void *user);

/** Handle an event; `event` is copied. */
SIO_API int sio_on(sio_ns *ns, const char *event, sio_event_fn fn, void *user);

/* What middlewares answer.  Only the first answer counts: later ones get
 * SIO_ERR_STATE.  SIO_ERR_DISCONNECTED: the client has gone meanwhile. */

/** Let the socket pass to the next middleware, or in. */
SIO_API int sio_next_ok(sio_next *next);

/**
 * Refuse: the client gets a connect error with this message and, if `data` is
 * not NULL, with the first value of the payload as its data.  Both are copied.
 *
 * Errors: also those of the payload, and SIO_ERR_UNSUPPORTED if it has
 *         attachments; the refusal is then sent without data.
 */
SIO_API int sio_next_refuse(sio_next *next, const char *message,
                            const sio_payload *data);

/** As sio_next_refuse(), with the data as a format string (<sio/payload.h>). */
SIO_API int sio_next_refusef(sio_next *next, const char *message,
                             const char *format, ...) SIO_PRINTF(3, 4);

/** The socket that is asked about; borrowed, as long as `next`. */
SIO_API sio_socket *sio_next_socket(const sio_next *next);

/** Keep `next` beyond the callback; to be released after the answer.  One
 *  that is given up without an answer refuses the client. */
SIO_API sio_next *sio_next_retain(sio_next *next);
SIO_API void sio_next_release(sio_next *next);

/* Answering a client's event.  `ack` NULL: nothing happens.  Only the first
 * answer counts: later ones get SIO_ERR_STATE.  Errors: SIO_ERR_DISCONNECTED,
 * SIO_ERR_NOMEM, SIO_ERR_LIMIT (`max_attachments`; or SIO_OUTPUT_REFUSE, and it
 * may be tried again), and those of the payload, JSON or format string. */

/** Acknowledge with what a format string describes (<sio/payload.h>); NULL or
 *  "" acknowledges with no arguments. */
SIO_API int sio_ackf(sio_ack *ack, const char *format, ...) SIO_PRINTF(2, 3);

/** Acknowledge with comma-separated JSON values, validated and copied. */
SIO_API int sio_ack_json(sio_ack *ack, sio_str json);

/** Acknowledge with the values of a payload; copied.  NULL: none. */
SIO_API int sio_ack_payload(sio_ack *ack, const sio_payload *payload);

/** Acknowledge with what was received, attachments included. */
SIO_API int sio_ack_args(sio_ack *ack, const sio_args *args);

/** The socket that asked; borrowed, as long as `ack`. */
SIO_API sio_socket *sio_ack_socket(const sio_ack *ack);

/** Keep `ack` beyond the callback, to answer later; then release it. */
SIO_API sio_ack *sio_ack_retain(sio_ack *ack);
SIO_API void sio_ack_release(sio_ack *ack);

#ifdef __cplusplus
}
#endif

#endif
