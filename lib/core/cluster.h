/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_CLUSTER_H
#define SIO_CORE_CLUSTER_H

/*
 * The way out to other nodes: what is told to the adapter.
 *
 *   emit.c roomops.c fetch.c --> cluster.c --> the adapter
 *                                   |  question.c: what is awaited
 *   the adapter --> receive.c --> emit.c roomops.c describe.c nodes.c
 *
 * Without an adapter (core/attach.h) no namespace is `opened`, and nothing else
 * of this is ever looked at.
 */

#include "core/body.h"
#include "core/selection.h"

struct sio__gather;

/* Whether other nodes are to be told of what is done with a target. */
static inline bool sio__cluster_reaches(const struct sio_ns *ns,
                                        const sio_target *target)
{
  return ns->opened && target->only == NULL &&
         (target->flags & TARGET_LOCAL) == 0;
}

/* ---- Operations; a bracket is open ---- */

/* Publish the event that is encoded from `body`; `gather` (or NULL) gets the
 * answers.  0, SIO_ERR_NOMEM or SIO_ERR_RANDOM: nobody has been told. */
int sio__cluster_emit(struct sio_ns *ns, const sio_target *target,
                      const struct sio__body *body, struct sio__gather *gather);

/* Publish something else for each namespace of a target, if it reaches other
 * nodes: whom it is about is filled in.  Likewise; some may have been told. */
int sio__cluster_tell(const sio_target *target, sio_operation *operation,
                      struct sio__gather *gather);

/* ---- Answers to other nodes ---- */

/* Who has asked. */
struct sio__origin {
  struct sio_ns *ns; /* a reference, and one to its server */
  size_t len;
  char request[];
};

/* NULL: no memory. */
struct sio__origin *sio__origin_new(struct sio_ns *ns, sio_str request);
void sio__origin_free(struct sio__origin *origin);

/* Answer: namespace and request are filled in. */
void sio__origin_answer(const struct sio__origin *origin, sio_answer *answer);

/* Answer with the arguments that are encoded from `body`.  0 or
 * SIO_ERR_NOMEM. */
int sio__origin_answer_body(const struct sio__origin *origin,
                            sio_answer_type type, const struct sio__body *body);

#endif
