/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_REFUSE_H
#define SIO_EIO_REFUSE_H

/* Requests that are turned away with one of Engine.IO's codes. */

#include "eio/exchange.h"
#include "eio/verify.h"

/* Answer a refusal, after telling the host.  `status` 0 is the usual one, and
 * `message` NULL or "" the standard text.  The request may be gone. */
void sio__refuse(struct sio_request *request,
                 const struct sio__verdict *verdict, int status,
                 const char *message);

/* Refuse with nothing but a code and a name. */
void sio__refuse_bare(struct sio_request *request, sio_refusal_code code,
                      const char *name);

#endif
