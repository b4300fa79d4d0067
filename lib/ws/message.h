/* SPDX-License-Identifier: MIT */
#ifndef SIO_WS_MESSAGE_H
#define SIO_WS_MESSAGE_H

/* Messages out of a client's stream of frames (RFC 6455 sections 5.4 to 5.6).
 * A frame that lies whole in the input is unmasked and delivered in place;
 * only what is incomplete or fragmented is copied aside.  Compressed messages
 * (RFC 7692) are inflated when they are complete. */

#include "base/buf.h"
#include "ws/frame.h"
#include <sio/error.h>

struct sio__ws_limits {
  uint64_t max_message;   /* bytes of all fragments; also when inflated */
  uint32_t max_fragments; /* of one message */
};

enum sio__ws_event_type {
  WS_MORE,   /* all bytes are used; more are needed */
  WS_TEXT,   /* a whole message of valid UTF-8 */
  WS_BINARY, /* a whole message */
  WS_PING,   /* a control frame; may come between fragments */
  WS_PONG,
  WS_CLOSE, /* `code` is 0 if none was given; data is the reason */
  WS_ERROR, /* `code` to close with, `cause`; the reader is finished */
};

struct sio__ws_event {
  enum sio__ws_event_type type;
  uint8_t *data; /* valid until the next read */
  size_t len;
  uint16_t code;
  sio_cause cause;    /* of WS_ERROR */
  const char *detail; /* of WS_ERROR: constant */
  uint64_t seen;      /* of WS_ERROR by a limit: the size */
};

/* What is in the middle of arriving; NULL in an idle reader. */
struct sio__ws_partial;

struct sio__ws_deflate;

struct sio__ws_reader {
  struct sio__ws_partial *partial;
  const sio_allocator *mem;
  const struct sio__ws_limits *limits;
  struct sio__ws_deflate *deflate; /* NULL: there are no compressed messages */
  uint64_t seen;                   /* with `failure`: what the event told */
  uint8_t failure; /* 0, or which error has finished the reader */
};

/* Allocates nothing; `mem` and `limits` are borrowed. */
void sio__ws_reader_init(struct sio__ws_reader *reader,
                         const sio_allocator *mem,
                         const struct sio__ws_limits *limits);
void sio__ws_reader_dispose(struct sio__ws_reader *reader);

/* Take compressed messages from now on; `deflate` is borrowed. */
void sio__ws_reader_inflate(struct sio__ws_reader *reader,
                            struct sio__ws_deflate *deflate);

/* Read up to the next event; `*used` bytes of the input were taken.  Call
 * again with the rest, even an empty one, until the event is WS_MORE.  The
 * input may be changed in place.  Memory grows with the bytes that have
 * arrived, never with a length that was announced. */
void sio__ws_read(struct sio__ws_reader *reader, uint8_t *data, size_t len,
                  size_t *used, struct sio__ws_event *event);

#endif
