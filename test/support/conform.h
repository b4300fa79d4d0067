/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_CONFORM_H
#define SIO_TEST_CONFORM_H

/*
 * Cases of websocket conformance (RFC 6455): what a client sends, and what a
 * server that sends every message back must answer to it, to the byte.
 *
 * Text messages carry the type of an Engine.IO message, '4', in front; binary
 * ones are bare.  Each case runs on a connection of its own, with the input
 * whole, byte by byte, and in random pieces.
 */

#include "wire.h"

/* First bytes of frames; without 0x80 a fragment follows. */
enum {
  TEXT = 0x81,
  BINARY = 0x82,
  CLOSE = 0x88,
  PING = 0x89,
  PONG = 0x8a,
  FIN = 0x80, /* a last continuation */
  CONTINUED = 0x00,
  TEXT_PART = 0x01,
  BINARY_PART = 0x02,
};

enum conform_end {
  CONFORM_OPEN,   /* it goes on */
  CONFORM_CLOSED, /* the peer has closed, and was answered */
  CONFORM_FAILED, /* the peer has broken the protocol */
};

struct conform {
  struct wire wire;
  const char *name; /* of the group */
  struct wire_bytes in, want;
  enum conform_end end;
  size_t cases;
  const char *offer; /* for Sec-WebSocket-Extensions; NULL: none */
  int extra_piece;   /* a further size of pieces; 0: none */
};

void conform_start(struct conform *c, const char *name,
                   void (*tweak)(sio_server_options *options));
/* At least so many cases must have run; prints how many have. */
void conform_stop(struct conform *c, size_t at_least);

/* ---- A case: any of these, then conform_run() ---- */

/* The client sends a frame. */
void conform_say(struct conform *c, uint8_t first, const void *data,
                 size_t len);
/* Bytes that are no whole frame, such as a lone header. */
void conform_raw(struct conform *c, const void *data, size_t len);
/* The server must answer with a frame. */
void conform_hear(struct conform *c, uint8_t first, const void *data,
                  size_t len);

/* A message, and its echo. */
void conform_echo(struct conform *c, uint8_t first, const void *data,
                  size_t len);
void conform_echo_text(struct conform *c, const char *text); /* with the '4' */

/* A ping, and its pong. */
void conform_ping(struct conform *c, const void *data, size_t len);

/* The client closes with 1000, and the server answers alike. */
void conform_goodbye(struct conform *c);
/* The server closes with a code; what follows is not read. */
void conform_fails(struct conform *c, uint16_t code);

void conform_run(struct conform *c, const char *what, size_t number);

/* Send a message as fragments of `part` bytes, the last one shorter; no echo.
 */
void conform_say_parts(struct conform *c, uint8_t first, const void *data,
                       size_t len, size_t part);

/* `len` repeatable bytes of printable text, beginning with '4'; to be freed.
 */
char *conform_long_text(size_t len);

#endif
