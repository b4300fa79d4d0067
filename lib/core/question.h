/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_QUESTION_H
#define SIO_CORE_QUESTION_H

/*
 * What has been asked of other nodes.
 *
 * A question belongs to a round (core/gather.h), which is not over while one
 * is open.  It is settled when as many nodes have answered as there are, and
 * all clients that they have asked.
 */

#include "core/objects.h"

struct sio__gather;

/* Ask, by an id that is written to `id`.  0, SIO_ERR_NOMEM or
 * SIO_ERR_RANDOM. */
int sio__question_new(struct sio_server *server, struct sio__gather *gather,
                      sio_operation_type type, char id[SIO__ID_LEN + 1]);

/* Nobody has got it; if it is open still, the round ends with this error. */
void sio__question_fail(struct sio_server *server, sio_str id, int error);

/* Nobody will answer any more. */
void sio__questions_end(struct sio_server *server);

#endif
