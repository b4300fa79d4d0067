/* SPDX-License-Identifier: MIT */
/* Registering functions for events, with namespaces and with sockets. */
#include "core/passage.h"

#include "base/mem.h"

typedef void (*plain_fn)(void); /* as lists keep them */

/* ---- Where they are kept ---- */

/* What a socket has of its own, made if there is none yet; 0, or why it
 * cannot be. */
static int own_listeners(struct sio_socket *socket, struct sio__listeners **out)
{
  struct sio_server *server;
  struct sio__own *own;

  if (socket == NULL)
    return SIO_ERR_INVALID;
  if (socket->state == SOCKET_GONE)
    return SIO_ERR_DISCONNECTED;
  server = socket->ns->server;
  own = sio__own_get(socket);
  if (own == NULL)
    return SIO_ERR_NOMEM;
  if (own->listeners == NULL) {
    own->listeners = sio__mem_alloc(&server->mem, sizeof *own->listeners);
    if (own->listeners == NULL)
      return SIO_ERR_NOMEM;
    sio__listeners_init(own->listeners, &server->mem, &server->engine.seed);
  }
  *out = own->listeners;
  return 0;
}

/* Those that there are; 0, or why nothing is to be taken away. */
static int find_own_listeners(const struct sio_socket *socket,
                              struct sio__listeners **out)
{
  if (socket == NULL)
    return SIO_ERR_INVALID;
  if (socket->state == SOCKET_GONE)
    return SIO_ERR_DISCONNECTED;
  if (socket->own == NULL || socket->own->listeners == NULL)
    return SIO_ERR_NOT_FOUND;
  *out = socket->own->listeners;
  return 0;
}

/* ---- By name ---- */

static int on(sio_ns *ns, const char *event, sio_event_fn fn, void *user,
              bool once)
{
  return ns != NULL && event != NULL
             ? sio__listeners_on(&ns->listeners, sio_s(event), fn, user, once)
             : SIO_ERR_INVALID;
}

int sio_on(sio_ns *ns, const char *event, sio_event_fn fn, void *user)
{
  return on(ns, event, fn, user, false);
}

int sio_once(sio_ns *ns, const char *event, sio_event_fn fn, void *user)
{
  return on(ns, event, fn, user, true);
}

int sio_off(sio_ns *ns, const char *event, sio_event_fn fn, void *user)
{
  return ns != NULL ? sio__listeners_off(&ns->listeners, event, fn, user)
                    : SIO_ERR_INVALID;
}

static int socket_on(sio_socket *socket, const char *event, sio_event_fn fn,
                     void *user, bool once)
{
  struct sio__listeners *listeners;
  int rv = event != NULL && fn != NULL ? own_listeners(socket, &listeners)
                                       : SIO_ERR_INVALID;

  return rv == 0 ? sio__listeners_on(listeners, sio_s(event), fn, user, once)
                 : rv;
}

int sio_socket_on(sio_socket *socket, const char *event, sio_event_fn fn,
                  void *user)
{
  return socket_on(socket, event, fn, user, false);
}

int sio_socket_once(sio_socket *socket, const char *event, sio_event_fn fn,
                    void *user)
{
  return socket_on(socket, event, fn, user, true);
}

int sio_socket_off(sio_socket *socket, const char *event, sio_event_fn fn,
                   void *user)
{
  struct sio__listeners *listeners;
  int rv = find_own_listeners(socket, &listeners);

  return rv == 0 ? sio__listeners_off(listeners, event, fn, user) : rv;
}

/* ---- All events ---- */

static int add_any(struct sio__listeners *listeners, sio_any_fn fn, void *user,
                   bool in_front)
{
  int rv = (in_front ? sio__handlers_prepend : sio__handlers_add)(
      &listeners->any, listeners->mem, (plain_fn)fn, user);

  sio__listeners_changed(listeners);
  return rv;
}

static int remove_any(struct sio__listeners *listeners, sio_any_fn fn,
                      void *user)
{
  int rv = sio__handlers_remove(&listeners->any, (plain_fn)fn, user);

  sio__listeners_changed(listeners);
  return rv;
}

int sio_on_any(sio_ns *ns, sio_any_fn fn, void *user)
{
  return ns != NULL ? add_any(&ns->listeners, fn, user, false)
                    : SIO_ERR_INVALID;
}

int sio_prepend_any(sio_ns *ns, sio_any_fn fn, void *user)
{
  return ns != NULL ? add_any(&ns->listeners, fn, user, true) : SIO_ERR_INVALID;
}

int sio_off_any(sio_ns *ns, sio_any_fn fn, void *user)
{
  return ns != NULL ? remove_any(&ns->listeners, fn, user) : SIO_ERR_INVALID;
}

int sio_socket_on_any(sio_socket *socket, sio_any_fn fn, void *user)
{
  struct sio__listeners *listeners;
  int rv = fn != NULL ? own_listeners(socket, &listeners) : SIO_ERR_INVALID;

  return rv == 0 ? add_any(listeners, fn, user, false) : rv;
}

int sio_socket_prepend_any(sio_socket *socket, sio_any_fn fn, void *user)
{
  struct sio__listeners *listeners;
  int rv = fn != NULL ? own_listeners(socket, &listeners) : SIO_ERR_INVALID;

  return rv == 0 ? add_any(listeners, fn, user, true) : rv;
}

int sio_socket_off_any(sio_socket *socket, sio_any_fn fn, void *user)
{
  struct sio__listeners *listeners;
  int rv = find_own_listeners(socket, &listeners);

  return rv == 0 ? remove_any(listeners, fn, user) : rv;
}

/* ---- By pattern, and whatever is left ---- */

int sio_on_matching(sio_ns *ns, const char *pattern, sio_any_fn fn, void *user)
{
  return ns != NULL && pattern != NULL
             ? sio__listeners_match(&ns->listeners, sio_s(pattern), fn, user)
             : SIO_ERR_INVALID;
}

int sio_off_matching(sio_ns *ns, const char *pattern, sio_any_fn fn, void *user)
{
  return ns != NULL ? sio__listeners_unmatch(&ns->listeners, pattern, fn, user)
                    : SIO_ERR_INVALID;
}

int sio_on_fallback(sio_ns *ns, sio_any_fn fn, void *user)
{
  const struct sio__handler fallback = {(plain_fn)fn, user, false};

  if (ns == NULL)
    return SIO_ERR_INVALID;
  ns->listeners.fallback = fallback;
  sio__listeners_changed(&ns->listeners);
  return 0;
}

/* ---- What is emitted ---- */

int sio_on_outgoing(sio_ns *ns, sio_outgoing_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->listeners.outgoing,
                                        ns->listeners.mem, (plain_fn)fn, user)
                    : SIO_ERR_INVALID;
}

int sio_prepend_outgoing(sio_ns *ns, sio_outgoing_fn fn, void *user)
{
  return ns != NULL
             ? sio__handlers_prepend(&ns->listeners.outgoing, ns->listeners.mem,
                                     (plain_fn)fn, user)
             : SIO_ERR_INVALID;
}

int sio_off_outgoing(sio_ns *ns, sio_outgoing_fn fn, void *user)
{
  return ns != NULL
             ? sio__handlers_remove(&ns->listeners.outgoing, (plain_fn)fn, user)
             : SIO_ERR_INVALID;
}

static int add_outgoing(sio_socket *socket, sio_outgoing_fn fn, void *user,
                        bool in_front)
{
  struct sio__listeners *listeners;
  int rv = fn != NULL ? own_listeners(socket, &listeners) : SIO_ERR_INVALID;

  if (rv == 0)
    rv = (in_front ? sio__handlers_prepend : sio__handlers_add)(
        &listeners->outgoing, listeners->mem, (plain_fn)fn, user);
  if (rv != 0 || socket->own->watched)
    return rv;
  socket->own->watched = true;
  socket->ns->n_watched++;
  return 0;
}

int sio_socket_on_outgoing(sio_socket *socket, sio_outgoing_fn fn, void *user)
{
  return add_outgoing(socket, fn, user, false);
}

int sio_socket_prepend_outgoing(sio_socket *socket, sio_outgoing_fn fn,
                                void *user)
{
  return add_outgoing(socket, fn, user, true);
}

int sio_socket_off_outgoing(sio_socket *socket, sio_outgoing_fn fn, void *user)
{
  struct sio__listeners *listeners;
  int rv = find_own_listeners(socket, &listeners);

  if (rv == 0)
    rv = sio__handlers_remove(&listeners->outgoing, (plain_fn)fn, user);
  if (rv == 0 && sio__handlers_count(&listeners->outgoing) == 0) {
    socket->own->watched = false;
    socket->ns->n_watched--;
  }
  return rv;
}

/* ---- Middlewares and problems ---- */

static int use(struct sio__listeners *listeners, sio_event_middleware_fn fn,
               void *user)
{
  int rv = sio__handlers_add(&listeners->middlewares, listeners->mem,
                             (plain_fn)fn, user);

  sio__listeners_changed(listeners);
  return rv;
}

int sio_use_event(sio_ns *ns, sio_event_middleware_fn fn, void *user)
{
  return ns != NULL ? use(&ns->listeners, fn, user) : SIO_ERR_INVALID;
}

int sio_socket_use(sio_socket *socket, sio_event_middleware_fn fn, void *user)
{
  struct sio__listeners *listeners;
  int rv = fn != NULL ? own_listeners(socket, &listeners) : SIO_ERR_INVALID;

  return rv == 0 ? use(listeners, fn, user) : rv;
}

int sio_on_problem(sio_ns *ns, sio_problem_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->listeners.problems,
                                        ns->listeners.mem, (plain_fn)fn, user)
                    : SIO_ERR_INVALID;
}
