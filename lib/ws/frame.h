/* SPDX-License-Identifier: MIT */
#ifndef SIO_WS_FRAME_H
#define SIO_WS_FRAME_H

/* WebSocket frames (RFC 6455 section 5.2). */

#include <sio/types.h>

enum sio__ws_opcode {
  WS_OP_CONTINUATION = 0,
  WS_OP_TEXT = 1,
  WS_OP_BINARY = 2,
  WS_OP_CLOSE = 8,
  WS_OP_PING = 9,
  WS_OP_PONG = 10,
};

enum { SIO__WS_HEADER_MAX = 14, SIO__WS_SERVER_HEADER_MAX = 10 };

struct sio__ws_header {
  uint8_t opcode;
  uint8_t rsv; /* the three reserved bits */
  bool fin;
  bool masked;
  uint8_t mask[4];
  uint64_t len; /* of the payload; the top bit is not checked here */
  uint8_t size; /* of the header itself */
};

/* Read a frame header.  False: more bytes are needed (at most 14). */
bool sio__ws_header_read(const uint8_t *data, size_t len,
                         struct sio__ws_header *out);

/* Write the header of an unmasked, final frame; returns its size (2, 4 or
 * 10). */
size_t sio__ws_header_write(uint8_t out[SIO__WS_SERVER_HEADER_MAX],
                            enum sio__ws_opcode opcode, uint64_t len);

/* Size of that header. */
static inline size_t sio__ws_header_size(uint64_t len)
{
  return len < 126 ? 2 : len < 65536 ? 4 : 10;
}

/* Unmask in place; `offset` is the position of data[0] in the payload. */
void sio__ws_unmask(uint8_t *data, size_t len, const uint8_t mask[4],
                    uint64_t offset);

#endif
