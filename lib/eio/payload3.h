/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PAYLOAD3_H
#define SIO_EIO_PAYLOAD3_H

/* Polling payloads of Engine.IO protocol 3.  As text, "<length>:<packet>"
 * with the length in UTF-16 code units; as bytes, 0x00 (text) or 0x01
 * (binary), the digits of the length as bytes 0 to 9, 0xFF, and the packet. */

#include "base/buf.h"
#include "eio/packetq.h"

/* Whether packets of a queue make a binary payload: one of them is binary. */
bool sio__payload3_is_binary(const struct sio__packetq *q, uint32_t count);

/* Append the payload of the first `count` packets.  As text, binary packets
 * are "b4" and base64.  See out->error. */
void sio__payload3_write(const struct sio__packetq *q, uint32_t count,
                         bool as_text, struct sio__buf *out);

/* Append one text packet as the whole of a text payload, such as "1:6". */
void sio__payload3_write_text(sio_str packet, struct sio__buf *out);

enum sio__payload3_item {
  PAYLOAD3_END,
  PAYLOAD3_TEXT,   /* type first; "b", type and base64 for binary data */
  PAYLOAD3_BINARY, /* the type as its first byte, 0 to 6 */
  PAYLOAD3_BAD,    /* what follows cannot be read; told once, then END */
};

struct sio__payload3_iter {
  char *at, *end;
  bool binary;
  bool empty; /* nothing was given: that is an error */
};

/* Take a payload apart; text was checked to be UTF-8, binary payloads check
 * their text packets themselves.  Entries of length 0 are passed over. */
void sio__payload3_begin(struct sio__payload3_iter *iter, char *data,
                         size_t len, bool binary);
enum sio__payload3_item sio__payload3_next(struct sio__payload3_iter *iter,
                                           char **packet, size_t *len);

#endif
