/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_V2_H
#define SIO_CORE_V2_H

/* What is different for clients of Socket.IO 2: they speak Socket.IO protocol
 * 4, and come over Engine.IO protocol 3. */

#include "core/namespace.h"
#include "proto/decode.h"

static inline bool sio__v2_is(const struct sio__client *client)
{
  return client->session->protocol == 3;
}

/* Its session has opened: it joins "/" without asking.  A bracket is open. */
void sio__v2_open(struct sio__client *client);

/* Take the namespace of a packet as the URL that it is: what is left of it is
 * the path, and the query of a CONNECT becomes its auth, an object of strings.
 * The packet points into `text` then, unless nothing had to be changed.
 * 0 or SIO_ERR_NOMEM. */
int sio__v2_resolve(struct sio__packet *packet, struct sio__buf *text);

enum { SIO__V2_ID_MAX = SIO__NS_NAME_MAX + 1 + SIO__SESSION_ID_MAX };

/* Write the id of the client's socket in a namespace, and a NUL, which both
 * sides know by themselves: "/" has the id of the session, others have
 * "/name#" before it.  Returns the length. */
size_t sio__v2_id(const struct sio__client *client, const struct sio_ns *ns,
                  char out[SIO__V2_ID_MAX + 1]);

/* Write the payload of the refusal of a middleware: `data` if it is not
 * empty, else the message. */
void sio__v2_refusal(struct sio__buf *out, const char *message, sio_str data);

#endif
