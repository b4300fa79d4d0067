/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_PIECES_H
#define SIO_EIO_PIECES_H

/*
 * What a request needs beside the usual if its body or its answer comes in
 * pieces: whom to call, how much is left.  Each half holds a reference to the
 * request: the body until its end was told, the answer until its end.
 */

#include "eio/engine.h"
#include <sio/http.h>

struct sio__pieces {
  struct sio_request *request;
  /* The body. */
  sio_body_fn piece;
  sio_body_end_fn end; /* NULL: it does not come in pieces, or has ended */
  void *body_user;
  uint64_t max;
  uint64_t taken; /* bytes */
  int error;      /* for `end`, when that was put off */
  struct sio__deferred finish;
  /* The answer. */
  bool writing;  /* begun and not ended */
  bool chunked;  /* each piece is a chunk (RFC 9112 section 7.1) */
  bool bodiless; /* nothing of it is sent */
  uint64_t left; /* that may be written; SIO_NEVER: any number */
  sio_http_fn on_drain;
  void *drain_user;
  struct sio__deferred drain;
  struct sio__timer turn;     /* runs while others have theirs */
  struct sio__engine *engine; /* while it runs */
};

/* Allocates nothing. */
void sio__pieces_init(struct sio__pieces *pieces, struct sio_request *request);
/* It may be in the middle of anything; nothing is called any more. */
void sio__pieces_dispose(struct sio__pieces *pieces);

/* A piece of the body for the host, if that still wants it.  False: it is
 * more than the host takes, and the end is to be told. */
bool sio__pieces_take(struct sio__pieces *pieces, sio_span piece);

/* The body has ended: tell the host now, or when no callback is on the stack.
 * Told once; the hold on the request ends with it. */
void sio__pieces_finish(struct sio__pieces *pieces, int error);
void sio__pieces_finish_later(struct sio__pieces *pieces,
                              struct sio__engine *engine, int error);

/* Nothing waits to be sent any more: tell the host, if it wishes to know, when
 * no callback is on the stack. */
void sio__pieces_drain_later(struct sio__pieces *pieces,
                             struct sio__engine *engine);
/* Likewise, but a millisecond later: whoever writes what is never sent, without
 * an end, would keep the server for himself. */
void sio__pieces_drain_next(struct sio__pieces *pieces,
                            struct sio__engine *engine);
/* The host does not wish to know any more. */
void sio__pieces_drain_never(struct sio__pieces *pieces);

#endif
