/* SPDX-License-Identifier: MIT */
/* Figures: those of a server, and those of its namespaces. */
#include "core/metrics.h"

/* All of them but `size` are numbers of this type, one behind the other. */
enum {
  N_FIGURES = (sizeof(sio_ns_metrics) - offsetof(sio_ns_metrics, sockets)) /
              sizeof(uint64_t)
};

_Static_assert(offsetof(sio_ns_metrics, sockets) +
                       N_FIGURES * sizeof(uint64_t) ==
                   sizeof(sio_ns_metrics),
               "sio_ns_metrics has padding");

void sio__metrics_add(sio_ns_metrics *sum, const sio_ns_metrics *more)
{
  uint64_t longest = sum->handler_us_max > more->handler_us_max
                         ? sum->handler_us_max
                         : more->handler_us_max;
  const size_t first = offsetof(sio_ns_metrics, sockets);
  uint64_t to[N_FIGURES], from[N_FIGURES];

  memcpy(to, (const char *)sum + first, sizeof to);
  memcpy(from, (const char *)more + first, sizeof from);
  for (size_t i = 0; i < N_FIGURES; i++)
    to[i] += from[i];
  memcpy((char *)sum + first, to, sizeof to);
  sum->handler_us_max = longest;
}

void sio__metrics_handled_at(struct sio_ns *ns, uint64_t begun_us)
{
  uint64_t us = sio__metrics_time(ns->server) - begun_us;

  ns->metrics.handled++;
  ns->metrics.handler_us += us;
  if (us > ns->metrics.handler_us_max)
    ns->metrics.handler_us_max = us;
}

void sio__metrics_leave(const struct sio_ns *ns)
{
  sio__metrics_add(ns->parent != NULL ? &ns->parent->metrics
                                      : &ns->server->gone,
                   &ns->metrics);
}

sio_ns_metrics sio__metrics_own(const struct sio_ns *ns)
{
  sio_ns_metrics own = ns->metrics;

  own.sockets_now = ns->rooms.n_all;
  return own;
}

/* Copy the first `size` bytes; what this library does not know is 0. */
static void hand_over(void *out, size_t size, const void *all, size_t known)
{
  if (size > known)
    memset((char *)out + known, 0, size - known);
  memcpy(out, all, size < known ? size : known);
}

void sio_server_metrics_sized(const sio_server *server, sio_metrics *metrics,
                              size_t size)
{
  const struct sio__engine *engine = &server->engine;
  const struct sio__list *link = &server->all_ns;
  sio_metrics now = engine->metrics;

  now.connections_now = engine->n_conns;
  now.namespaces_now = server->namespaces.count;
  now.sockets = server->gone.sockets;
  while ((link = link->next) != &server->all_ns)
    now.sockets += SIO__CONTAINER(link, struct sio_ns, link)->metrics.sockets;
  now.sockets_now = server->n_sockets;
  now.size = size < sizeof now ? size : sizeof now;
  hand_over(metrics, size, &now, sizeof now);
}

void sio_ns_metrics_sized(const sio_ns *ns, sio_ns_metrics *metrics,
                          size_t size)
{
  sio_ns_metrics now = sio__metrics_own(ns);
  const struct sio__list *link = &ns->children;

  while ((link = link->next) != &ns->children) {
    sio_ns_metrics child =
        sio__metrics_own(SIO__CONTAINER(link, struct sio_ns, of_kin));

    sio__metrics_add(&now, &child);
  }
  now.size = size < sizeof now ? size : sizeof now;
  hand_over(metrics, size, &now, sizeof now);
}
