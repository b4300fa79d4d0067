/* SPDX-License-Identifier: MIT */
#ifndef SIO_EVENT_H
#define SIO_EVENT_H

/**
 * Events from clients: every way to listen to them, and middlewares that may
 * look at, rewrite or refuse them first.
 *
 * An event of a socket goes through these, each in the order of registration;
 * handlers of the namespace's parent come first, then those of the namespace,
 * then those of the socket:
 *
 *     sio_on_any()     sees it, whatever becomes of it
 *     sio_use_event()  middlewares: pass on, rewrite, refuse; now or later
 *     sio_on()         the handlers of its name, and then, at each of these
 *                      places, those of sio_on_matching()
 *     sio_on_fallback()  if there is none of those
 *
 * The first ones see it when it arrives.  While a middleware takes its time,
 * later events of the same socket wait, so that they are handled in the order
 * of arrival; the client is closed if there are more of them than
 * `max_waiting_events` and `max_waiting_bytes` allow.  When the socket leaves,
 * by a disconnect packet that has overtaken them, too, what waits is dropped.
 * Acknowledgements are no events, and never wait.
 */

#include <sio/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Registration.  `user` is passed to the function.  What is removed while an
 * event is being handled is not called any more; what is added is called from
 * the next event on.  Functions of a socket go with it.
 *
 * Errors: SIO_ERR_NOMEM, SIO_ERR_INVALID (NULL for the namespace, the name or
 * the function), SIO_ERR_RESERVED (an event name that no client may send),
 * SIO_ERR_DISCONNECTED (the socket has left).
 */

/** As sio_on(), but only for the next event of that name. */
SIO_API int sio_once(sio_ns *ns, const char *event, sio_event_fn fn,
                     void *user);

/**
 * Take handlers away that sio_on() or sio_once() has added: all with this
 * function and this `user`, or with `fn` NULL whatever they are; of that event,
 * or with `event` NULL of all events.
 *
 * Errors: SIO_ERR_NOT_FOUND: there was none.
 */
SIO_API int sio_off(sio_ns *ns, const char *event, sio_event_fn fn, void *user);

/** Likewise for one socket; its handlers are called behind those of its
 *  namespace. */
SIO_API int sio_socket_on(sio_socket *socket, const char *event,
                          sio_event_fn fn, void *user);
SIO_API int sio_socket_once(sio_socket *socket, const char *event,
                            sio_event_fn fn, void *user);
SIO_API int sio_socket_off(sio_socket *socket, const char *event,
                           sio_event_fn fn, void *user);

/** Sees an event by its name; `ack` is NULL if none is asked for. */
typedef void (*sio_any_fn)(sio_socket *socket, sio_str event,
                           const sio_args *args, sio_ack *ack, void *user);

/** Add a function that is called for every event; at the end, or at the
 *  beginning of those that there are.  Acknowledgements are no events. */
SIO_API int sio_on_any(sio_ns *ns, sio_any_fn fn, void *user);
SIO_API int sio_prepend_any(sio_ns *ns, sio_any_fn fn, void *user);
/** Take it away; `fn` NULL: all.  Errors: SIO_ERR_NOT_FOUND. */
SIO_API int sio_off_any(sio_ns *ns, sio_any_fn fn, void *user);

SIO_API int sio_socket_on_any(sio_socket *socket, sio_any_fn fn, void *user);
SIO_API int sio_socket_prepend_any(sio_socket *socket, sio_any_fn fn,
                                   void *user);
SIO_API int sio_socket_off_any(sio_socket *socket, sio_any_fn fn, void *user);

/** Add a function for events that match a pattern, in which "*" stands for
 *  any characters: "chat:*".  It is called in the place of sio_on(). */
SIO_API int sio_on_matching(sio_ns *ns, const char *pattern, sio_any_fn fn,
                            void *user);
/** Take it away; `fn` NULL: all of that pattern; `pattern` NULL: of all
 *  patterns.  Errors: SIO_ERR_NOT_FOUND. */
SIO_API int sio_off_matching(sio_ns *ns, const char *pattern, sio_any_fn fn,
                             void *user);

/** Set who gets events that nobody else handles; NULL: they are dropped.  The
 *  nearest one is called: of the socket's namespace, else of its parent. */
SIO_API int sio_on_fallback(sio_ns *ns, sio_any_fn fn, void *user);

/** Sees an event that is emitted: the arguments as JSON text, borrowed. */
typedef void (*sio_outgoing_fn)(sio_socket *socket, sio_str event, sio_str json,
                                void *user);

/** Add a function that is called for each event that is emitted to a socket of
 *  the namespace, once for each recipient; it takes notes and does nothing
 *  else. */
SIO_API int sio_on_outgoing(sio_ns *ns, sio_outgoing_fn fn, void *user);
SIO_API int sio_prepend_outgoing(sio_ns *ns, sio_outgoing_fn fn, void *user);
/** Take it away; `fn` NULL: all.  Errors: SIO_ERR_NOT_FOUND. */
SIO_API int sio_off_outgoing(sio_ns *ns, sio_outgoing_fn fn, void *user);

/** Likewise for one socket, behind those of its namespace. */
SIO_API int sio_socket_on_outgoing(sio_socket *socket, sio_outgoing_fn fn,
                                   void *user);
SIO_API int sio_socket_prepend_outgoing(sio_socket *socket, sio_outgoing_fn fn,
                                        void *user);
SIO_API int sio_socket_off_outgoing(sio_socket *socket, sio_outgoing_fn fn,
                                    void *user);

/* ---- What is registered ---- */

/** How a function listens. */
typedef enum sio_listener_kind {
  SIO_LISTENER_EVENT = 0,    /**< sio_on(): a sio_event_fn */
  SIO_LISTENER_ONCE = 1,     /**< sio_once(): likewise */
  SIO_LISTENER_MATCHING = 2, /**< sio_on_matching(): a sio_any_fn */
  SIO_LISTENER_ANY = 3,      /**< sio_on_any(): likewise */
  SIO_LISTENER_OUTGOING = 4  /**< sio_on_outgoing(): a sio_outgoing_fn */
} sio_listener_kind;

/** A function that listens; all that it refers to is borrowed. */
typedef struct sio_listener {
  sio_listener_kind kind;
  sio_str event;    /**< its name or pattern; empty: of all */
  void (*fn)(void); /**< to be cast to what its kind says */
  void *user;       /**< that it was registered with */
} sio_listener;

/** Looks at a function that listens; false: at no more.  It may do anything;
 *  what is added meanwhile may be shown or not. */
typedef bool (*sio_listener_fn)(const sio_listener *listener, void *user);

/** Show what listens to events: the events by name, those of each in the order
 *  of registration, then patterns, then what sees all events, then what sees
 *  those that are emitted.  Of a namespace, or of one socket alone; of NULL,
 *  or of a socket that has left, there is nothing. */
SIO_API void sio_each_listener(sio_ns *ns, sio_listener_fn fn, void *user);
SIO_API void sio_socket_each_listener(sio_socket *socket, sio_listener_fn fn,
                                      void *user);

/** How many functions there are for an event of that name: of sio_on() and
 *  sio_once(). */
SIO_API size_t sio_listener_count(const sio_ns *ns, const char *event);
SIO_API size_t sio_socket_listener_count(const sio_socket *socket,
                                         const char *event);

/* ---- Middlewares ---- */

/** An event on its way through the middlewares. */
typedef struct sio_event sio_event;

/**
 * Decides about an event: lets it pass or refuses it, now, or later if it
 * retains it.  What is registered while an event is on its way does not see
 * that event.
 *
 * Lifetime: `event` is borrowed until the callback returns.
 */
typedef void (*sio_event_middleware_fn)(sio_socket *socket, sio_event *event,
                                        void *user);

/** Add a middleware for all events of a namespace, or of one socket, whose
 *  middlewares come behind those of its namespace. */
SIO_API int sio_use_event(sio_ns *ns, sio_event_middleware_fn fn, void *user);
SIO_API int sio_socket_use(sio_socket *socket, sio_event_middleware_fn fn,
                           void *user);

/** Its name, its arguments, and who waits for an answer (NULL: nobody);
 *  borrowed, as long as the event and until it is rewritten. */
SIO_API sio_str sio_event_name(const sio_event *event);
SIO_API const sio_args *sio_event_args(const sio_event *event);
SIO_API sio_ack *sio_event_ack(const sio_event *event);
SIO_API sio_socket *sio_event_socket(const sio_event *event);

/**
 * Put another name (NULL: the same) and other arguments (NULL: the same) in
 * place of its own; copied.
 *
 * Errors: SIO_ERR_STATE (this middleware has answered already),
 *         SIO_ERR_DISCONNECTED (the socket has left), SIO_ERR_RESERVED,
 *         SIO_ERR_RANGE (raw JSON with a placeholder for an attachment that
 *         does not exist), SIO_ERR_NOMEM, and those of the payload; nothing
 *         has changed then.
 */
SIO_API int sio_event_rewrite(sio_event *event, const char *name,
                              const sio_payload *args);

/** Let it pass to the next middleware, or to its handlers.
 *  Errors: SIO_ERR_STATE (answered already), SIO_ERR_DISCONNECTED. */
SIO_API int sio_event_next(sio_event *event);

/**
 * Refuse it: it is dropped, not acknowledged, and the error handlers are told.
 *
 * Errors: as sio_event_next().
 */
SIO_API int sio_event_refuse(sio_event *event, const char *message);

/** Keep it beyond the callback, and the name and arguments with it; release
 *  it afterwards.  One that is given up without an answer is refused.  What was
 *  read from them in the callback stays borrowed until that returns: read it
 *  anew. */
SIO_API sio_event *sio_event_retain(sio_event *event);
SIO_API void sio_event_release(sio_event *event);

/* ---- Errors ---- */

/** What went wrong with something that a client sent.  Of what is no packet
 *  every socket of the client is told. */
typedef struct sio_problem {
  int error;           /**< SIO_ERR_JSON: not a packet, and the client is cut;
                            SIO_ERR_STATE: a middleware has refused an event;
                            SIO_ERR_LIMIT: it is over a rate, see
                            SIO_RATE_DROP */
  const char *message; /**< in words; borrowed */
  sio_str event;       /**< the event that was refused or dropped, or empty */
} sio_problem;

/** Told about problems; borrowed.  Nothing has to be done about them. */
typedef void (*sio_problem_fn)(sio_socket *socket, const sio_problem *problem,
                               void *user);

SIO_API int sio_on_problem(sio_ns *ns, sio_problem_fn fn, void *user);

#ifdef __cplusplus
}
#endif

#endif
