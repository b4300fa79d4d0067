/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_OUTSIDE_H
#define SIO_EIO_OUTSIDE_H

/* Requests outside the path: the host's.  Their bodies are collected, or
 * handed over as they arrive. */

#include "eio/exchange.h"

/* The head has arrived. */
void sio__outside_request(struct sio_request *request,
                          const struct sio__http_head *head);

/* A piece of the body has arrived; the request is not answered yet, or its
 * body is streamed. */
void sio__outside_body(struct sio_request *request, sio_span piece);

/* The request is complete. */
void sio__outside_done(struct sio_request *request);

#endif
