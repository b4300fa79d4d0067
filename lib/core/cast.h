/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_CAST_H
#define SIO_CORE_CAST_H

/* One event to many sockets. */

#include "core/body.h"
#include "core/gather.h"

/* Send an event to those sockets of a namespace that a target names, and to
 * other nodes, if it means them; also to
 * one that may come back for what it misses, since what is remembered is
 * shared, too.  `gather` NULL: no answers are wanted.  As sio_emitf(). */
int sio__cast(struct sio_ns *ns, const sio_target *target, sio_str event,
              struct sio__body *body, struct sio__gather *gather);

#endif
