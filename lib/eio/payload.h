/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PAYLOAD_H
#define SIO_EIO_PAYLOAD_H

/* Polling payloads (Engine.IO protocol 4): packets separated by 0x1E. */

#include "base/buf.h"
#include "base/outq.h"
#include "eio/packetq.h"

enum { SIO__PAYLOAD_SEPARATOR = 0x1e };

struct sio__payload_iter {
  char *at, *end;
  bool more; /* at the start, and behind each separator */
};

void sio__payload_begin(struct sio__payload_iter *iter, char *data, size_t len);

/* The next packet, which may be empty; false: there are no more. */
bool sio__payload_next(struct sio__payload_iter *iter, char **packet,
                       size_t *len);

/* Write the payload of the first `count` queued packets: as many bytes as
 * sio__packetq_fit() tells, q->encoded if it is all of them.  0 or
 * SIO_ERR_NOMEM. */
int sio__payload_write(const struct sio__packetq *q, uint32_t count,
                       struct sio__outq *out);

/* Likewise into a buffer; see out->error. */
void sio__payload_collect(const struct sio__packetq *q, uint32_t count,
                          struct sio__buf *out);

#endif
