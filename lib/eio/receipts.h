/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_RECEIPTS_H
#define SIO_EIO_RECEIPTS_H

/*
 * Who waits for messages to have gone out: a list for each session, in the
 * order of sending.  By polling a message has gone out when the answer with it
 * has; on a websocket when the host has confirmed its last byte.
 *
 * A place is where a message ends: by polling, counted in the messages of the
 * session, on a websocket in the bytes of its connection.
 */

#include <sio/engine.h>

struct sio__receipt {
  uint64_t place;
  sio_sent_fn fn;
  void *user;
};

/* A ring.  Where it may be NULL, that is one in which nobody waits. */
struct sio__receipts {
  struct sio__receipt *items;
  uint32_t head, count, cap; /* `cap` is a power of two */
  uint32_t moved;            /* of the first ones: from polling to websocket */
  uint64_t left;             /* polling: messages that have gone out */
};

/* Make room for one more, so that sio__receipts_add() cannot fail; `*receipts`
 * may be NULL before.  0 or SIO_ERR_NOMEM. */
int sio__receipts_reserve(struct sio__receipts **receipts,
                          const sio_allocator *mem);
void sio__receipts_free(struct sio__receipts *receipts,
                        const sio_allocator *mem);

/* Remember who waits for the message that was sent last and ends at `place`. */
void sio__receipts_add(struct sio__receipts *receipts, uint64_t place,
                       sio_sent_fn fn, void *user);

/* Polling: so many more messages have left.  Then tell who waited for them. */
void sio__receipts_leave(struct sio__receipts *receipts, uint32_t count);

/* Tell the first one, if its message has gone out up to `place`, whatever the
 * place is counted in.  False: it has not, or nobody waits. */
bool sio__receipts_tell(struct sio__receipts *receipts, sio_session *session,
                        uint64_t place);

/* Of those that still wait by polling, the first `count` messages have been
 * sent on a websocket, where the last of them ends at `place`. */
void sio__receipts_move(struct sio__receipts *receipts, uint32_t count,
                        uint64_t place);

/* The session has ended: everybody is told that nothing will come. */
void sio__receipts_fail(struct sio__receipts *receipts, sio_session *session);

static inline bool sio__receipts_are_due(const struct sio__receipts *receipts)
{
  return receipts != NULL && receipts->count > 0;
}

#endif
