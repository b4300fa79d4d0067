/* SPDX-License-Identifier: MIT */
#ifndef SIO_BROADCAST_H
#define SIO_BROADCAST_H

/**
 * Sending events: to one socket, a room, several rooms, everybody, with
 * exceptions.
 *
 * A target is a small value that says who gets an event:
 *
 *     sio_emitf(sio_only(socket), "welcome", "%s", name);
 *     sio_emitf(sio_to(socket, room), "said", "{text: %s}", text);
 *     sio_emitf(sio_except(sio_in(ns, room), sio_s("muted")), "news", NULL);
 *
 * Functions that refine a target return a new one, so a target can be kept
 * and used many times.  Names are borrowed until the last use.
 */

#include <sio/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rooms and exceptions that a target holds by itself. */
enum { SIO_TARGET_ROOMS = 4 };

/**
 * The answer to an event that asked for one: `status` is 0 and `args` are its
 * arguments, or SIO_ERR_TIMEOUT or SIO_ERR_DISCONNECTED and `args` are empty.
 * It is called exactly once for each event that was emitted without an error.
 */
typedef void (*sio_response_fn)(sio_socket *socket, int status,
                                const sio_args *args, void *user);

/** Who gets an event.  The members are the library's. */
typedef struct sio_target {
  sio_ns *ns;
  sio_socket *only;
  sio_str rooms[SIO_TARGET_ROOMS];
  sio_str except[SIO_TARGET_ROOMS];
  const sio_str *more_rooms;
  const sio_str *more_except;
  size_t n_more_rooms;
  size_t n_more_except;
  uint32_t n_rooms;
  uint32_t n_except;
  int error;
  uint32_t flags;
  sio_response_fn response;
  void *response_user;
  uint64_t timeout_ms;
} sio_target;

/** One socket. */
SIO_API sio_target sio_only(sio_socket *socket);

/** All sockets of a namespace. */
SIO_API sio_target sio_everyone(sio_ns *ns);

/** All sockets of the namespace but this one. */
SIO_API sio_target sio_others(sio_socket *socket);

/** The sockets in a room. */
SIO_API sio_target sio_in(sio_ns *ns, sio_str room);

/** The sockets in a room but this one. */
SIO_API sio_target sio_to(sio_socket *socket, sio_str room);

/** Also those in another room.  A socket in several of them gets one copy.
 *  Up to SIO_TARGET_ROOMS; more: sio_and_rooms(). */
SIO_API sio_target sio_and(sio_target target, sio_str room);

/** Not those in this room; a socket's id names a room with only it.
 *  Up to SIO_TARGET_ROOMS; more: sio_except_rooms(). */
SIO_API sio_target sio_except(sio_target target, sio_str room);

/** Also those in any of `n` rooms; an empty list adds nothing.  The array is
 *  borrowed like the names; one array per target. */
SIO_API sio_target sio_and_rooms(sio_target target, const sio_str *rooms,
                                 size_t n);

/** Not those in any of `n` rooms.  The array is borrowed like the names; one
 *  array per target. */
SIO_API sio_target sio_except_rooms(sio_target target, const sio_str *rooms,
                                    size_t n);

/**
 * Ask for an acknowledgement, for targets made by sio_only().  `timeout_ms`
 * SIO_NEVER waits until the client answers or leaves.
 */
SIO_API sio_target sio_with_ack(sio_target target, uint64_t timeout_ms,
                                sio_response_fn fn, void *user);

/*
 * Emitting.  Errors: SIO_ERR_RESERVED (the event name), SIO_ERR_INVALID (no
 * event name, or no function for the answer), SIO_ERR_DISCONNECTED (one
 * socket: it has left, or its connection has just failed), SIO_ERR_CLOSED (the
 * server was freed), SIO_ERR_NOMEM, SIO_ERR_LIMIT (too many rooms in the
 * target, `max_pending_acks`, or attachments above `max_attachments`),
 * SIO_ERR_UNSUPPORTED (an acknowledgement from many), SIO_ERR_UTF8 (the event
 * name), and those of the payload, JSON or format string.  On error nobody
 * gets anything; one exception: on SIO_ERR_NOMEM in the middle of a broadcast
 * the connection concerned is closed, the others get the event, and the
 * answer is 0.
 */

/** Emit what a format string describes (<sio/payload.h>); NULL or "": no
 *  arguments. */
SIO_API int sio_emitf(sio_target target, const char *event, const char *format,
                      ...) SIO_PRINTF(3, 4);

/** Emit comma-separated JSON values; validated and copied. */
SIO_API int sio_emit_json(sio_target target, const char *event, sio_str json);

/** Emit the values of a payload; copied.  NULL: no arguments. */
SIO_API int sio_emit_payload(sio_target target, const char *event,
                             const sio_payload *payload);

/** Emit what was received, attachments included. */
SIO_API int sio_emit_args(sio_target target, const char *event,
                          const sio_args *args);

/** Called for each socket of a target; false stops.  It may do anything. */
typedef bool (*sio_each_fn)(sio_socket *socket, void *user);

/**
 * Call `fn` for each connected socket that a target reaches.  Sockets that
 * have left meanwhile are skipped.
 *
 * Errors: SIO_ERR_NOMEM, SIO_ERR_LIMIT (too many rooms in the target),
 *         SIO_ERR_INVALID (as for emitting).
 */
SIO_API int sio_each(sio_target target, sio_each_fn fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
