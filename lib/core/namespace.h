/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_NAMESPACE_H
#define SIO_CORE_NAMESPACE_H

/*
 * How namespaces come, go and are walked.
 *
 * While a bracket (sio__engine_enter()) is open no namespace is freed, and one
 * that is not listed any more keeps its place among the others.  So a walk
 * inside a bracket may call anything and go on from where it was:
 *
 *     while ((child = sio__ns_next_child(parent, child)) != NULL)
 */

#include "core/objects.h"

enum { SIO__NS_NAME_MAX = 255 };

/* The name with its leading slash; its length, or 0 if it cannot be one. */
size_t sio__ns_normal_name(sio_str name, char out[SIO__NS_NAME_MAX + 1]);

/* The child that was made after `after` (NULL: the first one); NULL: no more.
 * A bracket is open. */
struct sio_ns *sio__ns_next_child(const struct sio_ns *parent,
                                  const struct sio_ns *after);

/* Likewise among the parents; among all, parents included: sio__ns_next(). */
struct sio_ns *sio__ns_next_parent(const struct sio_server *server,
                                   const struct sio_ns *after);

/* Make one: a parent, or one that clients can join, whose parent may be NULL.
 * Nobody is told yet.  NULL: no memory. */
struct sio_ns *sio__ns_new(struct sio_server *server, sio_str name,
                           struct sio_ns *parent, bool is_parent);

/* Tell the host.  False: it has deleted it.  A bracket is open. */
bool sio__ns_announce(struct sio_ns *ns);

struct sio_ns *sio__ns_ref(struct sio_ns *ns);
void sio__ns_unref(struct sio_ns *ns);

#endif
