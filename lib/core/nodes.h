/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_NODES_H
#define SIO_CORE_NODES_H

/* Events between nodes. */

#include "core/objects.h"

bool sio__node_event_is_reserved(sio_str event);

/* Another node has emitted an event; an answer is wanted unless `request` is
 * empty.  0, SIO_ERR_RESERVED or SIO_ERR_NOMEM.  A bracket is open. */
int sio__node_event(struct sio_ns *ns, sio_str event, const sio_args *args,
                    sio_str request);

#endif
