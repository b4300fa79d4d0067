/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_ATTACH_H
#define SIO_CORE_ATTACH_H

/* A server and its adapter.  A namespace is `opened` while the adapter knows of
 * it.  A bracket is open in all of these. */

#include "core/objects.h"

/* A namespace has been made, or is deleted. */
void sio__cluster_open(struct sio_ns *ns);
void sio__cluster_close(struct sio_ns *ns);

/* No adapter any more. */
void sio__cluster_end(struct sio_server *server);

/* A room of this node has come or gone. */
void sio__cluster_room(struct sio_ns *ns, sio_str room, bool created);

#endif
