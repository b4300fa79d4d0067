/* SPDX-License-Identifier: MIT */
#ifndef UPGRADE_LINE_H
#define UPGRADE_LINE_H

#include <sio.h>

enum { OUT_SIZE = 8192 };

/* A connection of the client. */
struct line {
  sio_conn *conn;
  char out[OUT_SIZE]; /* what the server has sent, and nobody has read */
  size_t n;
  bool upgraded;
  bool dead;  /* the server has sent a close frame */
  bool asked; /* a request is unanswered */
};

void line_close(struct line *l);

/* Read all that the server has for it; closed, if the server wishes so. */
void line_flush(struct line *l);

/* Send bytes, over a new connection if there is none. */
void line_say(sio_server *server, struct line *l, const char *text, size_t len);

/* Begin a request on a connection of its own; `sid` may be empty, `rest` are
 * the fields and the body. */
void request(sio_server *server, const char *sid, struct line *l,
             const char *method, const char *transport, const char *rest);

/* Send a frame of up to 50 bytes. */
void frame(sio_server *server, struct line *l, unsigned char first,
           const char *text);

#endif
