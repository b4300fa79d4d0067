/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_POLL_ANSWER_H
#define SIO_EIO_POLL_ANSWER_H

/* The answers to polls: payloads of either protocol, as a script for JSONP,
 * compressed if the client likes that. */

#include "eio/exchange.h"
#include "eio/session.h"

enum sio__poll_outcome {
  POLL_ANSWERED,
  POLL_LEFT, /* the host has ended it meanwhile; or its connection goes */
  POLL_NOMEM
};

/* A GET has arrived: remember what its answer, which may come when the head
 * is gone, depends on. */
void sio__poll_note(struct sio_session *session,
                    const struct sio_request *request);

/* Whether a browser has sent it that takes answers for pages with scripts. */
bool sio__poll_is_from_ie(const struct sio__http_head *head);

/* The answer to the handshake: the open packet, and the initial message. */
enum sio__poll_outcome sio__poll_answer_open(struct sio_session *session,
                                             struct sio_request *request);

/* An answer of packets that are one character each, such as "61". */
enum sio__poll_outcome sio__poll_answer_types(struct sio_session *session,
                                              struct sio_request *request,
                                              const char *types);

/* An answer of the first `*count` packets of the queue, up to max_poll_bytes:
 * they are dropped. */
enum sio__poll_outcome sio__poll_answer_queue(struct sio_session *session,
                                              struct sio_request *request,
                                              uint32_t *count);

/* The answer to a POST, 200 "ok". */
void sio__poll_answer_post(struct sio_session *session,
                           struct sio_request *request);

#endif
