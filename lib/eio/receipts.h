/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_RECEIPTS_H
#define SIO_EIO_RECEIPTS_H

/*
 * Who waits for messages to have gone out: a list for each session, in the
 * order of sending.  By polling a message has gone out when the answer with it
 * has; on a websocket when the host has confirmed its last byte.
 */

#include "eio/session.h"

/* Make room for one more, so that sio__receipts_add() cannot fail.  0 or
 * SIO_ERR_NOMEM. */
int sio__receipts_reserve(struct sio_session *session);

/* Remember who waits for the message that was sent last. */
void sio__receipts_add(struct sio_session *session, sio_sent_fn fn, void *user);

/* Polling: the first `count` messages of the queue have left, and are not in
 * it any more. */
void sio__receipts_left(struct sio_session *session, uint32_t count);

/* Websocket: conn->sent has grown. */
void sio__receipts_sent(struct sio_session *session);

/* It is moving to a websocket: the first `count` messages of the queue have
 * been sent on it, the last of them just now. */
void sio__receipts_move(struct sio_session *session, uint32_t count);

/* Whether anybody waits. */
bool sio__receipts_are_due(const struct sio_session *session);

/* The session has ended: everybody is told that nothing will come. */
void sio__receipts_fail(struct sio_session *session);

void sio__receipts_free(struct sio_session *session);

#endif
