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

/** The end of a round, see sio_with_acks(). */
typedef void (*sio_done_fn)(int status, size_t answered, size_t asked,
                            void *user);

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
  sio_done_fn done;
  uint64_t timeout_ms;
} sio_target;

/** One socket. */
SIO_API sio_target sio_only(sio_socket *socket);

/** All sockets of a namespace.  What this and the others say of a parent
 *  (<sio/dynamic.h>) goes for each of its children. */
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
 * SIO_NEVER waits until the client answers or leaves.  Nobody is asked if the
 * event is volatile and dropped: SIO_DROPPED is the answer then, and `fn` is
 * not called.
 */
SIO_API sio_target sio_with_ack(sio_target target, uint64_t timeout_ms,
                                sio_response_fn fn, void *user);

/**
 * Ask all sockets of a target for an acknowledgement.  `each` (which may be
 * NULL) is called for every answer as it arrives, with its sender and status
 * 0; `done` once, when all have answered or have left, or the time is over.
 * Its `status` is 0: all have answered; SIO_ERR_TIMEOUT; or, where all others
 * have answered, SIO_ERR_LIMIT: some owed `max_pending_acks` answers already
 * and got the event, but are not waited for; or else SIO_ERR_DISCONNECTED:
 * some have left.  `asked` are those to whom it was sent, whoever missed a
 * volatile event not among them.
 *
 * `done` is called for each event that was emitted without an error, and not
 * SIO_DROPPED.  If nobody was asked that is when the outermost call into the
 * library comes to its end.  Answers that come later are ignored.
 *
 * With an adapter (<sio/nodes.h>) clients of other nodes are among them; the
 * sender of their answers is NULL.  If other nodes could not be asked, `status`
 * says why.
 *
 * `timeout_ms` is from 1 to UINT32_MAX.
 */
SIO_API sio_target sio_with_acks(sio_target target, uint64_t timeout_ms,
                                 sio_response_fn each, sio_done_fn done,
                                 void *user);

/** Drop the event for recipients to whom it cannot go out at once, since it
 *  is of no use later: by polling, where no GET waits; on a websocket, while
 *  something is unsent; and behind what was emitted in the same turn.  Its
 *  attachments go or stay with it. */
SIO_API sio_target sio_volatile(sio_target target);

/** Send it uncompressed, whatever was agreed on. */
SIO_API sio_target sio_uncompressed(sio_target target);

/** Only to sockets of this node.  Without other nodes it changes nothing. */
SIO_API sio_target sio_local(sio_target target);

/*
 * Emitting.  Returns 0; SIO_DROPPED: a volatile event for one socket that
 * could not go out now; SIO_BUFFERED: it waits, and more than
 * `high_water_bytes` do (one socket).  Errors: SIO_ERR_RESERVED (the event
 * name), SIO_ERR_INVALID (no event name, no namespace or socket, no function
 * for the answer, one answer from many, or a timeout out of range),
 * SIO_ERR_DISCONNECTED (one socket: it has left, or its connection has just
 * failed), SIO_ERR_CLOSED (the server was freed), SIO_ERR_NOMEM, SIO_ERR_LIMIT
 * (too many rooms in the target, attachments above `max_attachments`, or, of
 * one socket, `max_pending_acks`), SIO_ERR_UTF8 (the event name), and those of
 * the payload, JSON or format string.  On error nobody gets anything; two
 * exceptions: on SIO_ERR_NOMEM in the middle of a broadcast the connection
 * concerned is closed, the others get the event, and the answer is 0; and to
 * the children of a parent the event goes one after the other, so that after
 * SIO_ERR_NOMEM some of them may have got it; likewise other nodes.
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

/** As the four above, of the event "message". */
SIO_API int sio_sendf(sio_target target, const char *format, ...)
    SIO_PRINTF(2, 3);
SIO_API int sio_send_json(sio_target target, sio_str json);
SIO_API int sio_send_payload(sio_target target, const sio_payload *payload);
SIO_API int sio_send_args(sio_target target, const sio_args *args);

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
