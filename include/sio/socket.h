/* SPDX-License-Identifier: MIT */
#ifndef SIO_SOCKET_H
#define SIO_SOCKET_H

/**
 * Sockets: one client in one namespace.
 *
 * Lifetime: a socket given to a callback is borrowed and stays valid until
 *           its disconnect callback has returned; sio_socket_retain() extends
 *           that.  On a socket that has left every function answers
 *           SIO_ERR_DISCONNECTED, or what is still known, and does no harm.
 */

#include <sio/engine.h>
#include <sio/namespace.h>

#ifdef __cplusplus
extern "C" {
#endif

SIO_API sio_socket *sio_socket_retain(sio_socket *socket);

/** End a reference that sio_socket_retain() gave; NULL is ignored. */
SIO_API void sio_socket_release(sio_socket *socket);

/** Its public id, 20 characters, different in each namespace; borrowed. */
SIO_API const char *sio_socket_id(const sio_socket *socket);

/** Its namespace; NULL once the server has been freed, or the namespace has
 *  been deleted and all its sockets have left. */
SIO_API sio_ns *sio_socket_ns(const sio_socket *socket);

/** Whether it has joined and not left. */
SIO_API bool sio_socket_is_connected(const sio_socket *socket);

/** Gives up what sio_socket_set_user() was given. */
typedef void (*sio_release_fn)(void *user);

/**
 * Attach a pointer of the host's, which is passed back and never followed.
 * `release` (which may be NULL) is called with it once: when another pointer
 * takes its place, or when the socket's memory goes, which is after its
 * disconnect handlers, or after its refusal, and when nobody retains it.
 */
SIO_API void sio_socket_set_user(sio_socket *socket, void *user,
                                 sio_release_fn release);

/** The pointer that was attached, or NULL. */
SIO_API void *sio_socket_user(const sio_socket *socket);

/**
 * Leave the namespace: the client is told, reason "server namespace
 * disconnect".  With `close`, every namespace of the connection is left and
 * then the connection is closed.
 *
 * Errors: SIO_ERR_DISCONNECTED.
 */
SIO_API int sio_socket_disconnect(sio_socket *socket, bool close);

/* ---- Rooms ---- */

/**
 * Join a room; its name is copied.  Joining twice does nothing.  Room names
 * share one space with socket ids: do not let clients choose raw ones.
 *
 * Errors: SIO_ERR_NOMEM, SIO_ERR_LIMIT (`max_rooms`), SIO_ERR_INVALID (a name
 *         of more than 1024 bytes), SIO_ERR_DISCONNECTED.
 */
SIO_API int sio_join(sio_socket *socket, sio_str room);

/** Leave a room; leaving one that it is not in does nothing.
 *
 *  Errors: SIO_ERR_DISCONNECTED. */
SIO_API int sio_leave(sio_socket *socket, sio_str room);

/** Whether it is in a room.  Every socket begins in the one named after its
 *  id. */
SIO_API bool sio_socket_in(const sio_socket *socket, sio_str room);

/** How many rooms it is in, and the name of the i-th, in the order of
 *  joining; borrowed until a room is joined or left. */
SIO_API size_t sio_socket_room_count(const sio_socket *socket);
SIO_API sio_str sio_socket_room(const sio_socket *socket, size_t i);

/* ---- Handshake: the first HTTP request of the connection ---- */

/** What the client gave as `auth`: an object, or an absent value. */
SIO_API sio_value sio_socket_auth(const sio_socket *socket);

/** A header of the request; `name` in lower case; empty with `data` NULL if
 *  it is missing.  Borrowed, as long as the socket. */
SIO_API sio_str sio_socket_header(const sio_socket *socket, const char *name);

/** Walk the headers: the i-th one; false if there are no more. */
SIO_API bool sio_socket_header_at(const sio_socket *socket, size_t i,
                                  sio_str *name, sio_str *value);

/** The request target, such as "/socket.io/?EIO=4&transport=polling". */
SIO_API sio_str sio_socket_url(const sio_socket *socket);

/**
 * A parameter of the request's query, decoded into `out`, with a NUL behind
 * it.
 *
 * Errors: SIO_ERR_NOT_FOUND, SIO_ERR_LIMIT (it does not fit in `cap` bytes).
 */
SIO_API int sio_socket_query(const sio_socket *socket, const char *name,
                             char *out, size_t cap);

/** The address of the peer, or of the client for whom a trusted proxy has asked
 *  (`trusted_proxies`); "" if unknown. */
SIO_API const char *sio_socket_address(const sio_socket *socket);

/** Whether the transport of the request was encrypted. */
SIO_API bool sio_socket_is_secure(const sio_socket *socket);

/** Whether the request had an Origin header. */
SIO_API bool sio_socket_is_cross_domain(const sio_socket *socket);

/** When the socket was made, in milliseconds since 1970; 0 if the host has
 *  told no wall-clock time. */
SIO_API uint64_t sio_socket_issued_ms(const sio_socket *socket);

/** What carries the connection now: "polling" or "websocket", or "" once the
 *  socket has left; constant. */
SIO_API const char *sio_socket_transport(const sio_socket *socket);

/** The Engine.IO session underneath, see <sio/engine.h>; NULL once the socket
 *  has left. */
SIO_API sio_session *sio_socket_session(const sio_socket *socket);

/** Bytes that wait to be sent on its connection. */
SIO_API size_t sio_socket_pending(const sio_socket *socket);

/** How many events and acknowledgements it was not sent because there was no
 *  room (SIO_OUTPUT_REFUSE). */
SIO_API uint64_t sio_socket_refused(const sio_socket *socket);

#ifdef __cplusplus
}
#endif

#endif
