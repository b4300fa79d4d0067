/* SPDX-License-Identifier: MIT */
/* Events between nodes: who handles them. */
#include "core/nodes.h"

#include "base/mem.h"
#include "core/cluster.h"
#include "proto/packet.h"

#include <sio/nodes.h>

bool sio__node_event_is_reserved(sio_str event)
{
  return sio__event_is_reserved(event) || sio_str_is(event, "connection") ||
         sio_str_is(event, "new_namespace");
}

sio_target sio_nodes(sio_ns *ns)
{
  sio_target target = sio_everyone(ns);

  target.flags |= TARGET_NODES;
  return target;
}

/* ---- Handlers ---- */

/* They are kept in the same way as those for clients' events, with functions
 * of another type. */
int sio_on_server_event(sio_ns *ns, const char *event, sio_server_event_fn fn,
                        void *user)
{
  if (ns == NULL || event == NULL || fn == NULL)
    return SIO_ERR_INVALID;
  if (sio__node_event_is_reserved(sio_s(event)))
    return SIO_ERR_RESERVED;
  if (ns->of_nodes == NULL) {
    ns->of_nodes = sio__mem_alloc(&ns->server->mem, sizeof *ns->of_nodes);
    if (ns->of_nodes == NULL)
      return SIO_ERR_NOMEM;
    sio__listeners_init(ns->of_nodes, &ns->server->mem,
                        &ns->server->engine.seed);
  }
  return sio__listeners_on(ns->of_nodes, sio_s(event), (sio_event_fn)fn, user,
                           false);
}

int sio_off_server_event(sio_ns *ns, const char *event, sio_server_event_fn fn,
                         void *user)
{
  if (ns == NULL)
    return SIO_ERR_INVALID;
  if (ns->of_nodes == NULL)
    return SIO_ERR_NOT_FOUND;
  return sio__listeners_off(ns->of_nodes, event, (sio_event_fn)fn, user);
}

/* ---- Calling them ---- */

/* Those of one namespace, on behalf of `ns`; how many there were. */
static size_t call(const struct sio_ns *registered, struct sio_ns *ns,
                   sio_str event, const sio_args *args, struct sio_ack *ack)
{
  struct sio__listeners *listeners = registered->of_nodes;
  const struct sio__handler *each;
  struct sio__named *named;
  struct sio__walk walk;
  size_t n = 0;

  named = listeners != NULL ? sio__listeners_find(listeners, event) : NULL;
  if (named == NULL)
    return 0;
  sio__walk_begin(&walk, &named->handlers);
  while ((each = sio__walk_next(&walk)) != NULL) {
    ((sio_server_event_fn)(void (*)(void))each->fn)(ns, args, ack, each->user);
    n++;
  }
  sio__walk_end(&walk);
  sio__listeners_tidy(listeners, named);
  return n;
}

int sio__node_event(struct sio_ns *ns, sio_str event, const sio_args *args,
                    sio_str request)
{
  struct sio_server *server = ns->server;
  struct sio__origin *origin;
  struct sio_ack *ack = NULL;
  size_t n = 0;

  if (sio__node_event_is_reserved(event))
    return SIO_ERR_RESERVED;
  if (request.len > 0) {
    origin = sio__origin_new(ns, request);
    if (origin != NULL)
      ack = sio__ack_for_node(server, origin);
    if (ack == NULL)
      return SIO_ERR_NOMEM;
  }
  if (ns->parent != NULL)
    n = call(ns->parent, ns, event, args, ack);
  n += call(ns, ns, event, args, ack);
  if (n == 0)
    (void)sio_ackf(ack, NULL); /* or its node waits in vain */
  sio_ack_release(ack);
  return 0;
}
