/* SPDX-License-Identifier: MIT */
/* Showing what is registered for events. */
#include "core/passage.h"

struct listing {
  sio_listener_fn fn;
  void *user;
};

/* One list; false: no more is wanted. */
static bool show(const struct listing *listing, struct sio__handlers *handlers,
                 sio_listener_kind kind, sio_str event)
{
  const struct sio__handler *each;
  struct sio__walk walk;
  bool more = true;

  sio__walk_begin(&walk, handlers);
  while (more && (each = sio__walk_peek(&walk)) != NULL) {
    sio_listener shown = {kind, event, each->fn, each->user};

    if (kind == SIO_LISTENER_MATCHING) {
      const struct sio__matcher *matcher = each->user;

      shown.event.data = matcher->pattern;
      shown.event.len = matcher->len;
      shown.user = matcher->user;
    } else if (each->once) {
      shown.kind = SIO_LISTENER_ONCE;
    }
    more = listing->fn(&shown, listing->user);
  }
  sio__walk_end(&walk);
  return more;
}

static bool show_named(const struct listing *listing,
                       struct sio__listeners *listeners)
{
  struct sio__list *link = listeners->names.next;
  bool more = true;

  while (more && link != &listeners->names) {
    struct sio__named *named = SIO__CONTAINER(link, struct sio__named, link);
    const sio_str name = {named->name, named->len};
    struct sio__walk hold; /* keeps the name in its list */

    sio__walk_begin(&hold, &named->handlers);
    more = show(listing, &named->handlers, SIO_LISTENER_EVENT, name);
    link = named->link.next;
    sio__walk_end(&hold);
    sio__listeners_tidy(listeners, named);
  }
  return more;
}

static void show_all(struct sio__listeners *listeners, sio_listener_fn fn,
                     void *user)
{
  const struct listing listing = {fn, user};
  const sio_str none = {"", 0};

  if (show_named(&listing, listeners) &&
      show(&listing, &listeners->matching, SIO_LISTENER_MATCHING, none) &&
      show(&listing, &listeners->any, SIO_LISTENER_ANY, none))
    (void)show(&listing, &listeners->outgoing, SIO_LISTENER_OUTGOING, none);
}

void sio_each_listener(sio_ns *ns, sio_listener_fn fn, void *user)
{
  struct sio__engine *engine;

  if (ns == NULL || fn == NULL)
    return;
  engine = &ns->server->engine;
  sio__engine_enter(engine); /* until then a namespace is not freed */
  show_all(&ns->listeners, fn, user);
  sio__engine_leave(engine);
}

/* NULL: nothing is registered. */
static struct sio__listeners *own_of(const sio_socket *socket)
{
  return socket != NULL && socket->state != SOCKET_GONE && socket->own != NULL
             ? socket->own->listeners
             : NULL;
}

void sio_socket_each_listener(sio_socket *socket, sio_listener_fn fn,
                              void *user)
{
  struct sio__listeners *listeners = own_of(socket);

  if (listeners == NULL || fn == NULL)
    return;
  (void)sio_socket_retain(socket); /* which keeps what is its own */
  show_all(listeners, fn, user);
  sio_socket_release(socket);
}

static size_t count(const struct sio__listeners *listeners, const char *event)
{
  const struct sio__named *named =
      listeners != NULL && event != NULL
          ? sio__listeners_find(listeners, sio_s(event))
          : NULL;

  return named != NULL ? sio__handlers_count(&named->handlers) : 0;
}

size_t sio_listener_count(const sio_ns *ns, const char *event)
{
  return ns != NULL ? count(&ns->listeners, event) : 0;
}

size_t sio_socket_listener_count(const sio_socket *socket, const char *event)
{
  return count(own_of(socket), event);
}
