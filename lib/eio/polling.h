/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_POLLING_H
#define SIO_EIO_POLLING_H

/* HTTP long-polling: what GETs and POSTs of a session do. */

#include "eio/exchange.h"
#include "eio/session.h"

extern const struct sio__transport sio__polling_transport;

/* A GET of a session: answered now, or when there is something to send. */
void sio__polling_get(struct sio_session *session, struct sio_request *request);

/* The head of a POST; `head` is its own.  True: its body is awaited.  False:
 * it has been answered, and may be gone. */
bool sio__polling_post(struct sio_session *session, struct sio_request *request,
                       const struct sio__http_head *head);

/* The body of a POST is complete. */
void sio__polling_post_done(struct sio_request *request);

/* Answer a poll with the open packet of a new session. */
void sio__polling_open(struct sio_session *session,
                       struct sio_request *request);

/* Answer the waiting GET, if there is one, with a text packet. */
void sio__polling_release(struct sio_session *session, const char *packet);

/* Another transport takes over: release the waiting GET, and give up a POST
 * that is still arriving.  What is queued stays. */
void sio__polling_leave(struct sio_session *session);

#endif
