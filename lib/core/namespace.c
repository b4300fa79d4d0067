/* SPDX-License-Identifier: MIT */
/* Namespaces and what is registered with them. */
#include "core/server.h"

#include "base/mem.h"
#include "base/utf8.h"

enum { NAME_MAX_LEN = 255 };

static uint64_t hash_str(const struct sio_server *server, sio_str s)
{
  return sio__hash(&server->engine.seed, s.data, s.len);
}

struct sio_ns *sio__ns_find(const struct sio_server *server, sio_str name)
{
  struct sio__map_node *node;

  if (name.len == 1 && server->root != NULL)
    return name.data[0] == '/' ? server->root : NULL;
  node = sio__map_first(&server->namespaces, hash_str(server, name));
  for (; node != NULL; node = sio__map_next(node)) {
    struct sio_ns *ns = SIO__CONTAINER(node, struct sio_ns, node);

    if (ns->name_len == name.len && memcmp(ns->name, name.data, name.len) == 0)
      return ns;
  }
  return NULL;
}

/* Write the name with its leading slash; its length, or 0 if it cannot be. */
static size_t normal_name(const char *name, char out[NAME_MAX_LEN + 1])
{
  size_t len = strlen(name), slash = name[0] != '/';

  if (len + slash > NAME_MAX_LEN || len + slash == 0)
    return 0;
  out[0] = '/';
  memcpy(out + slash, name, len);
  len += slash;
  out[len] = '\0';
  for (size_t i = 0; i < len; i++) {
    if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f || out[i] == ',')
      return 0;
  }
  return sio__utf8_is_valid((const uint8_t *)out, len) ? len : 0;
}

sio_ns *sio_find(const sio_server *server, const char *name)
{
  char text[NAME_MAX_LEN + 1];
  sio_str s = {text, name != NULL ? normal_name(name, text) : 0};

  return server != NULL && s.len > 0 ? sio__ns_find(server, s) : NULL;
}

sio_ns *sio_of(sio_server *server, const char *name)
{
  char text[NAME_MAX_LEN + 1];
  sio_str s = {text, name != NULL ? normal_name(name, text) : 0};
  struct sio_ns *ns;

  if (server == NULL || server->plain || s.len == 0)
    return NULL;
  ns = sio__ns_find(server, s);
  if (ns != NULL)
    return ns;
  ns = sio__mem_zalloc(&server->mem, sizeof *ns + s.len + 1);
  if (ns == NULL)
    return NULL;
  ns->server = server;
  ns->name_len = (uint16_t)s.len;
  memcpy(ns->name, s.data, s.len);
  sio__rooms_init(&ns->rooms, &server->mem, &server->engine.seed);
  sio__map_init(&ns->events, &server->mem);
  sio__map_init(&ns->pending, &server->mem);
  sio__map_insert(&server->namespaces, &ns->node, hash_str(server, s));
  return ns;
}

void sio__ns_free(struct sio_ns *ns)
{
  const sio_allocator *mem = &ns->server->mem;
  struct sio__map_node *node;

  while ((node = sio__map_any(&ns->events)) != NULL) {
    struct sio__event *event = SIO__CONTAINER(node, struct sio__event, node);

    sio__map_remove(&ns->events, node);
    sio__handlers_dispose(&event->handlers, mem);
    sio__mem_free(mem, event, sizeof *event + event->name_len);
  }
  sio__map_dispose(&ns->events);
  sio__map_dispose(&ns->pending);
  sio__handlers_dispose(&ns->middlewares, mem);
  sio__handlers_dispose(&ns->connects, mem);
  sio__handlers_dispose(&ns->disconnectings, mem);
  sio__handlers_dispose(&ns->disconnects, mem);
  sio__rooms_dispose(&ns->rooms);
  sio__map_remove(&ns->server->namespaces, &ns->node);
  sio__mem_free(mem, ns, sizeof *ns + ns->name_len + 1u);
}

const char *sio_ns_name(const sio_ns *ns)
{
  return ns->name;
}

sio_server *sio_ns_server(const sio_ns *ns)
{
  return ns->server;
}

size_t sio_ns_socket_count(const sio_ns *ns)
{
  return ns->rooms.n_all;
}

size_t sio_ns_room_size(const sio_ns *ns, sio_str room)
{
  return sio__rooms_size(&ns->rooms, room);
}

size_t sio_ns_room_count(const sio_ns *ns)
{
  return sio__rooms_count(&ns->rooms);
}

sio_socket *sio_ns_socket(const sio_ns *ns, sio_str id)
{
  struct sio__member *member = sio__rooms_find(&ns->rooms, id);
  struct sio_socket *socket;

  if (member == NULL)
    return NULL;
  socket = SIO__CONTAINER(member, struct sio_socket, member);
  return sio__socket_is_live(socket) ? socket : NULL;
}

/* ---- Registration ---- */

int sio_use(sio_ns *ns, sio_middleware_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->middlewares, &ns->server->mem,
                                        (void (*)(void))fn, user)
                    : SIO_ERR_INVALID;
}

int sio_on_connect(sio_ns *ns, sio_connect_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->connects, &ns->server->mem,
                                        (void (*)(void))fn, user)
                    : SIO_ERR_INVALID;
}

int sio_on_disconnecting(sio_ns *ns, sio_disconnect_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->disconnectings, &ns->server->mem,
                                        (void (*)(void))fn, user)
                    : SIO_ERR_INVALID;
}

int sio_on_disconnect(sio_ns *ns, sio_disconnect_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->disconnects, &ns->server->mem,
                                        (void (*)(void))fn, user)
                    : SIO_ERR_INVALID;
}

struct sio__event *sio__ns_event(const struct sio_ns *ns, sio_str name)
{
  struct sio__map_node *node;

  if (ns->events.count == 0)
    return NULL;
  node = sio__map_first(&ns->events, hash_str(ns->server, name));
  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__event *event = SIO__CONTAINER(node, struct sio__event, node);

    if (event->name_len == name.len &&
        (name.len == 0 || memcmp(event->name, name.data, name.len) == 0))
      return event;
  }
  return NULL;
}

int sio_on(sio_ns *ns, const char *name, sio_event_fn fn, void *user)
{
  const sio_allocator *mem;
  sio_str s = sio_s(name);
  struct sio__event *event;
  int rv;

  if (ns == NULL || name == NULL || fn == NULL)
    return SIO_ERR_INVALID;
  mem = &ns->server->mem;
  if (sio__event_is_reserved(s))
    return SIO_ERR_RESERVED;
  event = sio__ns_event(ns, s);
  if (event != NULL)
    return sio__handlers_add(&event->handlers, mem, (void (*)(void))fn, user);
  event = sio__mem_zalloc(mem, sizeof *event + s.len);
  if (event == NULL)
    return SIO_ERR_NOMEM;
  rv = sio__handlers_add(&event->handlers, mem, (void (*)(void))fn, user);
  if (rv != 0) {
    sio__mem_free(mem, event, sizeof *event + s.len);
    return rv;
  }
  event->name_len = s.len;
  if (s.len > 0)
    memcpy(event->name, s.data, s.len);
  sio__map_insert(&ns->events, &event->node, hash_str(ns->server, s));
  return 0;
}
