/* SPDX-License-Identifier: MIT */
/* Namespaces: how they come, go, are found, and what is registered with
 * them. */
#include "core/namespace.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "core/attach.h"
#include "core/enforce.h"
#include "core/membership.h"
#include "core/metrics.h"
#include "core/pattern.h"
#include "core/recovery.h"

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

size_t sio__ns_normal_name(sio_str name, char out[SIO__NS_NAME_MAX + 1])
{
  size_t slash = name.len == 0 || name.data[0] != '/';
  size_t len = name.len + slash;

  if (len > SIO__NS_NAME_MAX)
    return 0;
  out[0] = '/';
  if (name.len > 0)
    memcpy(out + slash, name.data, name.len);
  out[len] = '\0';
  for (size_t i = 0; i < len; i++) {
    if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f || out[i] == ',')
      return 0;
  }
  return sio__utf8_is_valid((const uint8_t *)out, len) ? len : 0;
}

/* ---- Memory ---- */

static void free_of_nodes(struct sio_ns *ns)
{
  if (ns->of_nodes == NULL)
    return;
  sio__listeners_dispose(ns->of_nodes);
  sio__mem_free(&ns->server->mem, ns->of_nodes, sizeof *ns->of_nodes);
}

static void free_ns(struct sio_ns *ns)
{
  const sio_allocator *mem = &ns->server->mem;

  sio__metrics_leave(ns);
  sio__contract_drop(ns);
  sio__listeners_dispose(&ns->listeners);
  free_of_nodes(ns);
  sio__map_dispose(&ns->pending);
  sio__handlers_dispose(&ns->middlewares, mem);
  sio__handlers_dispose(&ns->connects, mem);
  sio__handlers_dispose(&ns->disconnectings, mem);
  sio__handlers_dispose(&ns->disconnects, mem);
  sio__handlers_dispose(&ns->drains, mem);
  sio__rooms_dispose(&ns->rooms);
  sio__room_watch_free(ns);
  sio__recovery_free(ns);
  sio__pattern_free(ns->pattern, mem);
  sio__list_remove(&ns->link);
  sio__list_remove(&ns->of_kin);
  if (ns->parent != NULL)
    sio__ns_unref(ns->parent);
  sio__mem_free(mem, ns, sizeof *ns + ns->name_len + 1u);
}

static void free_later(struct sio__deferred *deferred)
{
  free_ns(SIO__CONTAINER(deferred, struct sio_ns, deferred));
}

struct sio_ns *sio__ns_ref(struct sio_ns *ns)
{
  ns->refs++;
  return ns;
}

void sio__ns_unref(struct sio_ns *ns)
{
  struct sio__engine *engine = &ns->server->engine;

  if (--ns->refs > 0)
    return;
  if (engine->depth > 0)
    sio__engine_defer(engine, &ns->deferred, free_later);
  else
    free_ns(ns);
}

void sio__ns_free_all(struct sio_server *server)
{
  struct sio__list *all = &server->all_ns;

  /* The youngest first: children are younger than their parents. */
  while (!sio__list_is_empty(all)) {
    struct sio_ns *ns = SIO__CONTAINER(all->prev, struct sio_ns, link);

    if (ns->listed && !ns->is_parent)
      sio__map_remove(&server->namespaces, &ns->node);
    free_ns(ns);
  }
}

/* ---- Beginning and end ---- */

struct sio_ns *sio__ns_new(struct sio_server *server, sio_str name,
                           struct sio_ns *parent, bool is_parent)
{
  struct sio_ns *ns = sio__mem_zalloc(&server->mem, sizeof *ns + name.len + 1);

  if (ns == NULL)
    return NULL;
  ns->server = server;
  if (!is_parent && sio__recovery_new(ns) != 0) {
    sio__mem_free(&server->mem, ns, sizeof *ns + name.len + 1);
    return NULL;
  }
  ns->refs = 1;
  ns->listed = true;
  ns->is_parent = is_parent;
  ns->name_len = (uint16_t)name.len;
  memcpy(ns->name, name.data, name.len);
  sio__rooms_init(&ns->rooms, &server->mem, &server->engine.seed);
  sio__listeners_init(&ns->listeners, &server->mem, &server->engine.seed);
  sio__map_init(&ns->pending, &server->mem);
  sio__list_init(&ns->of_kin);
  sio__list_init(&ns->children);
  sio__list_init(&ns->sockets);
  sio__list_init(&ns->deferred.link);
  sio__list_insert(&server->all_ns, &ns->link);
  if (parent != NULL) {
    ns->parent = sio__ns_ref(parent);
    sio__list_insert(&parent->children, &ns->of_kin);
  }
  if (is_parent) {
    sio__list_insert(&server->parents, &ns->of_kin);
  } else {
    sio__map_insert(&server->namespaces, &ns->node, hash_str(server, name));
    server->engine.metrics.namespaces++;
  }
  return ns;
}

bool sio__ns_announce(struct sio_ns *ns)
{
  struct sio_server *server = ns->server;

  sio__cluster_open(ns);
  if (ns->listed && server->on_namespace != NULL)
    server->on_namespace(ns, server->on_namespace_user);
  return ns->listed;
}

/* Every socket leaves; those that are joining are told that they cannot. */
static void send_away(struct sio_ns *ns)
{
  static const sio_end end = {SIO_REASON_SERVER_DISCONNECT,
                              SIO_CAUSE_SERVER_LEFT, NULL, 0, 0};
  struct sio__list todo, *link;

  sio__list_init(&todo);
  sio__list_move(&todo, &ns->sockets);
  while ((link = sio__list_take(&todo)) != NULL) {
    struct sio_socket *socket = SIO__CONTAINER(link, struct sio_socket, of_ns);

    sio__list_insert(&ns->sockets, link);
    if (socket->state == SOCKET_JOINING) {
      sio__client_no_namespace(socket->client, sio__ns_str(ns));
      sio__socket_leave(socket, &end);
    } else {
      (void)sio_socket_disconnect(socket, false); /* or it does so already */
    }
  }
}

/* A bracket is open. */
static void end(struct sio_ns *ns)
{
  struct sio_ns *child = NULL;

  ns->listed = false;
  if (!ns->is_parent)
    sio__map_remove(&ns->server->namespaces, &ns->node);
  if (ns->dynamic)
    ns->server->n_dynamic--;
  while ((child = sio__ns_next_child(ns, child)) != NULL)
    end(child);
  send_away(ns);
  sio__cluster_close(ns);
  sio__recovery_end(ns);
  sio__ns_unref(ns);
}

int sio_ns_delete(sio_ns *ns)
{
  struct sio__engine *engine;

  if (ns == NULL)
    return SIO_ERR_INVALID;
  if (ns == ns->server->root || !ns->listed)
    return SIO_ERR_STATE;
  engine = &ns->server->engine;
  sio__engine_enter(engine);
  end(ns);
  sio__engine_leave(engine);
  return 0;
}

void sio__ns_tidy(struct sio_ns *ns)
{
  if (ns->dynamic && ns->listed && ns->n_sockets == 0 &&
      !sio__recovery_awaits(ns) &&
      ns->server->options.cleanup_empty_namespaces != 0)
    end(ns);
}

/* ---- Finding ---- */

sio_ns *sio_find(const sio_server *server, const char *name)
{
  char text[SIO__NS_NAME_MAX + 1];
  sio_str s = {text, name != NULL ? sio__ns_normal_name(sio_s(name), text) : 0};

  return server != NULL && s.len > 0 ? sio__ns_find(server, s) : NULL;
}

/* The first listed one behind `place`, by the link at `offset`. */
static struct sio_ns *next_listed(const struct sio__list *list,
                                  const struct sio__list *place, size_t offset)
{
  struct sio__list *link;

  for (link = place->next; link != list; link = link->next) {
    struct sio_ns *ns = (struct sio_ns *)(void *)((char *)link - offset);

    if (ns->listed)
      return ns;
  }
  return NULL;
}

struct sio_ns *sio__ns_next(const struct sio_server *server,
                            const struct sio_ns *after)
{
  return next_listed(&server->all_ns,
                     after != NULL ? &after->link : &server->all_ns,
                     offsetof(struct sio_ns, link));
}

struct sio_ns *sio__ns_next_child(const struct sio_ns *parent,
                                  const struct sio_ns *after)
{
  return next_listed(&parent->children,
                     after != NULL ? &after->of_kin : &parent->children,
                     offsetof(struct sio_ns, of_kin));
}

struct sio_ns *sio__ns_next_parent(const struct sio_server *server,
                                   const struct sio_ns *after)
{
  return next_listed(&server->parents,
                     after != NULL ? &after->of_kin : &server->parents,
                     offsetof(struct sio_ns, of_kin));
}

void sio_server_each_ns(sio_server *server, bool (*fn)(sio_ns *ns, void *user),
                        void *user)
{
  struct sio__list *link = &server->all_ns;
  const struct sio__list *last = link->prev; /* newer ones are not shown */
  bool wanted = true;

  sio__engine_enter(&server->engine);
  while (wanted && link != last) {
    struct sio_ns *ns;

    link = link->next;
    ns = SIO__CONTAINER(link, struct sio_ns, link);
    wanted = !ns->listed || fn(ns, user);
  }
  sio__engine_leave(&server->engine);
}

void sio_server_on_namespace(sio_server *server, sio_namespace_fn fn,
                             void *user)
{
  server->on_namespace = fn;
  server->on_namespace_user = user;
}

/* ---- Getters ---- */

sio_ns *sio_ns_parent(const sio_ns *ns)
{
  return ns->parent;
}

bool sio_ns_is_parent(const sio_ns *ns)
{
  return ns->is_parent;
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
