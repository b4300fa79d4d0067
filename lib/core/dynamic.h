/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_DYNAMIC_H
#define SIO_CORE_DYNAMIC_H

/* Parents of namespaces, and the children that they get. */

#include "core/objects.h"

/* The first parent behind `after` (NULL: from the beginning) that may agree to
 * a name: one that decides by a function, or whose pattern matches.  NULL:
 * there is none.  A bracket is open, or `after` is NULL. */
struct sio_ns *sio__dynamic_candidate(const struct sio_server *server,
                                      const struct sio_ns *after, sio_str name);

/* The first parent whose pattern matches; NULL: none. */
struct sio_ns *sio__dynamic_pattern(const struct sio_server *server,
                                    sio_str name);

/* Make a child for a client and tell the host.  0; SIO_ERR_NOMEM;
 * SIO_ERR_LIMIT (`max_dynamic_namespaces`), which is logged and counted;
 * SIO_ERR_NOT_FOUND: the host has deleted it at once.  A bracket is open. */
int sio__dynamic_child(struct sio_ns *parent, sio_str name,
                       struct sio_ns **out);

#endif
