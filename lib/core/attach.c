/* SPDX-License-Identifier: MIT */
/* A server and its adapter: how they come together, and what the adapter knows
 * of namespaces and rooms. */
#include "core/attach.h"

#include "base/versioned.h"
#include "core/question.h"

static const sio_adapter_ops no_ops = {.size = 0};

void sio__cluster_open(struct sio_ns *ns)
{
  const struct sio__cluster *cluster = &ns->server->cluster;

  if (cluster->ops.size == 0 || ns->opened || !ns->listed || ns->is_parent)
    return;
  ns->opened = true;
  ns->tells_rooms =
      cluster->ops.room_created != NULL || cluster->ops.room_deleted != NULL;
  if (cluster->ops.opened != NULL)
    cluster->ops.opened(ns, cluster->user);
}

void sio__cluster_close(struct sio_ns *ns)
{
  const struct sio__cluster *cluster = &ns->server->cluster;

  if (!ns->opened)
    return;
  ns->opened = ns->tells_rooms = false;
  if (cluster->ops.closed != NULL)
    cluster->ops.closed(ns, cluster->user);
}

void sio__cluster_end(struct sio_server *server)
{
  struct sio__list *link = server->all_ns.next;

  if (server->cluster.ops.size == 0)
    return;
  for (; link != &server->all_ns; link = link->next) /* those deleted, too */
    sio__cluster_close(SIO__CONTAINER(link, struct sio_ns, link));
  server->cluster.ops.size = 0;
  sio__questions_end(server);
}

void sio__cluster_room(struct sio_ns *ns, sio_str room, bool created)
{
  const struct sio__cluster *cluster = &ns->server->cluster;
  void (*fn)(sio_ns *, sio_str, void *) =
      created ? cluster->ops.room_created : cluster->ops.room_deleted;

  if (ns->tells_rooms && fn != NULL)
    fn(ns, room, cluster->user);
}

/* ---- For the host ---- */

void sio_adapter_ops_init_sized(sio_adapter_ops *ops, size_t size)
{
  sio__versioned_init(ops, size, NULL, 0);
}

static bool has_sockets(const struct sio_server *server)
{
  struct sio_ns *ns = NULL;

  while ((ns = sio__ns_next(server, ns)) != NULL) {
    if (ns->n_sockets > 0)
      return true;
  }
  return false;
}

static int begin(struct sio_server *server, const sio_adapter_ops *ops,
                 void *user)
{
  struct sio_ns *ns = NULL;

  if (server->cluster.ops.size > 0 || has_sockets(server))
    return SIO_ERR_STATE;
  sio__versioned_complete(&server->cluster.ops, ops, &no_ops, sizeof no_ops);
  server->cluster.user = user;
  while ((ns = sio__ns_next(server, ns)) != NULL)
    sio__cluster_open(ns);
  return 0;
}

int sio_server_set_adapter(sio_server *server, const sio_adapter_ops *ops,
                           void *user)
{
  int rv = 0;

  if (ops != NULL && ops->size < sizeof ops->size)
    return SIO_ERR_INVALID;
  if (server->plain)
    return SIO_ERR_UNSUPPORTED;
  if (server->ending)
    return SIO_ERR_STATE;
  sio__engine_enter(&server->engine);
  if (ops != NULL)
    rv = begin(server, ops, user);
  else
    sio__cluster_end(server);
  sio__engine_leave(&server->engine);
  return rv;
}
