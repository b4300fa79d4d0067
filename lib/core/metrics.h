/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_METRICS_H
#define SIO_CORE_METRICS_H

/* The figures of namespaces.  Whoever does what they count counts it, in
 * ns->metrics; what is here is what that takes more than an increment. */

#include "core/objects.h"

/* The time by the host's clock, when handlers begin; 0 without one. */
static inline uint64_t sio__metrics_time(const struct sio_server *server)
{
  const sio_server_options *o = &server->options;

  return o->clock_us != NULL ? o->clock_us(o->clock_user) : 0;
}

/* The handlers of an event have returned. */
void sio__metrics_handled_at(struct sio_ns *ns, uint64_t begun_us);

static inline void sio__metrics_handled(struct sio_ns *ns, uint64_t begun_us)
{
  if (ns->server->options.clock_us != NULL)
    sio__metrics_handled_at(ns, begun_us);
}

/* Its memory goes: its figures become those of its parent, or the server's. */
void sio__metrics_leave(const struct sio_ns *ns);

/* What the namespace itself has counted, with what is of the moment. */
sio_ns_metrics sio__metrics_own(const struct sio_ns *ns);

/* Add figures to others. */
void sio__metrics_add(sio_ns_metrics *sum, const sio_ns_metrics *more);

#endif
