/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_LISTENERS_H
#define SIO_CORE_LISTENERS_H

/* What is registered for the events of a namespace or of one socket. */

#include "base/handlers.h"
#include "base/list.h"
#include "base/map.h"
#include <sio/event.h>

/* The handlers of one event. */
struct sio__named {
  struct sio__map_node node; /* in listeners->by_name */
  struct sio__list link;     /* in listeners->names */
  struct sio__handlers handlers;
  size_t len;
  char name[];
};

/* A function for events that match a pattern: `user` in `matching`. */
struct sio__matcher {
  sio_any_fn fn;
  void *user;
  size_t len;
  char pattern[];
};

struct sio__listeners {
  const sio_allocator *mem;
  const struct sio__hash_seed *seed;
  struct sio__map by_name; /* struct sio__named */
  struct sio__list names;  /* the same, in no particular order */
  bool is_special;         /* there is more than handlers by name */
  bool has_contract;
  struct sio__handlers any, matching, middlewares;
  struct sio__handler fallback; /* `fn` NULL: none */
  struct sio__handlers outgoing, problems;
};

/* Allocates nothing; `mem` and `seed` are borrowed.  It must not move in
 * memory afterwards. */
void sio__listeners_init(struct sio__listeners *listeners,
                         const sio_allocator *mem,
                         const struct sio__hash_seed *seed);
void sio__listeners_dispose(struct sio__listeners *listeners);

/* NULL: nobody listens to this name. */
struct sio__named *sio__listeners_find(const struct sio__listeners *listeners,
                                       sio_str name);

/* Add a handler of a name.  0, SIO_ERR_NOMEM, SIO_ERR_INVALID (no function),
 * SIO_ERR_RESERVED. */
int sio__listeners_on(struct sio__listeners *listeners, sio_str name,
                      sio_event_fn fn, void *user, bool once);
/* Remove handlers: `name` NULL: of all names; `fn` NULL: all.  0, or
 * SIO_ERR_NOT_FOUND. */
int sio__listeners_off(struct sio__listeners *listeners, const char *name,
                       sio_event_fn fn, void *user);
/* Forget a name without handlers, unless they are being walked: whoever has
 * walked them calls this. */
void sio__listeners_tidy(struct sio__listeners *listeners,
                         struct sio__named *named);

/* Likewise for patterns. */
int sio__listeners_match(struct sio__listeners *listeners, sio_str pattern,
                         sio_any_fn fn, void *user);
int sio__listeners_unmatch(struct sio__listeners *listeners,
                           const char *pattern, sio_any_fn fn, void *user);

/* Something but handlers by name has been registered or removed. */
void sio__listeners_changed(struct sio__listeners *listeners);

/* ---- Calling (core/notify.c) ---- */

struct sio_ack;
struct sio_ns;
struct sio_socket;

/* All who see any event.  Stops when the socket has left. */
void sio__listeners_any(struct sio_socket *socket, sio_str event,
                        const sio_args *args, struct sio_ack *ack);

/* Whoever handles this event: see <sio/event.h> for the order.  Stops when the
 * socket has left. */
void sio__listeners_handle(struct sio_socket *socket, sio_str event,
                           const sio_args *args, struct sio_ack *ack);

/* Whether anybody wants to know what is emitted to sockets of a namespace. */
bool sio__listeners_wants_outgoing(const struct sio_ns *ns);
/* Tell them: `json` has the arguments.  They may do anything. */
void sio__listeners_outgoing(struct sio_socket *socket, sio_str event,
                             sio_str json);

/* Tell the handlers of problems; `message` NULL: none. */
void sio__listeners_problem(struct sio_socket *socket, int error,
                            const char *message, sio_str event);

#endif
