/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_ACCEPT_H
#define SIO_EIO_ACCEPT_H

/* The opening handshake of a websocket (RFC 6455 section 4.2). */

#include "eio/exchange.h"

/* Why an opening handshake is refused: `status` 0 means it is not. */
struct sio__ws_refusal {
  int status;
  const char *message; /* constant */
  const char *header;  /* a further field and its value, or NULL; constant */
  const char *value;
};

/* What is agreed on if it is not. */
struct sio__ws_agreement {
  bool deflates; /* as said here: */
  struct sio__ws_deflate_answer deflate;
};

struct sio__ws_refusal sio__websocket_check(const struct sio__engine *engine,
                                            const struct sio__http_head *head,
                                            struct sio__ws_agreement *agreed);

/* Answer 101 and go over to frames, with nobody to get them: see
 * sio__websocket_attach().  The connection's hold on the request ends.  False:
 * no memory, and the connection is aborted. */
bool sio__websocket_accept(struct sio_request *request,
                           const struct sio__ws_agreement *agreed);

#endif
