/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_RATES_H
#define SIO_CORE_RATES_H

/* How fast a client may send: events, their bytes, and joins of namespaces.
 * What is beyond a rate is dropped or ends the client, by `rate_policy`.
 *
 * The bytes of an event are those of its JSON text and its attachments.
 * An acknowledgement that nobody waits for counts as an event. */

#include "base/rate.h"
#include "core/objects.h"

struct sio__rates {
  struct sio__bucket events, bytes, joins;
};

/* A client has come: client->rates is set if there is any rate.  0 or
 * SIO_ERR_NOMEM. */
int sio__rates_open(struct sio__client *client);
void sio__rates_free(struct sio__client *client);

/* The following are for clients with rates.  False: this is too much, and has
 * been seen to. */

bool sio__rates_event(struct sio_socket *socket,
                      const struct sio__packet *packet,
                      const sio_span *attachments);
/* The same for one that is dropped, as its socket has left. */
void sio__rates_late(struct sio__client *client,
                     const struct sio__packet *packet,
                     const sio_span *attachments);
bool sio__rates_join(struct sio__client *client, sio_str nsp);

#endif
