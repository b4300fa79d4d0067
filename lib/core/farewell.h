/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_FAREWELL_H
#define SIO_CORE_FAREWELL_H

/*
 * Namespaces that the server has made a client leave a moment ago.
 *
 * What the client has sent for one of them before it could know is not its
 * fault, and is dropped.  It can know when it joins again, when it leaves by
 * itself, and when it has got what was sent to it: the next ping comes behind
 * the DISCONNECT, and whoever does not answer that is cut.
 */

#include "core/objects.h"

/* The server makes a client leave; where memory is short, or too many have
 * been left, the oldest one is not remembered. */
void sio__farewell_note(struct sio__client *client, sio_str nsp);

/* Whether packets for a namespace may still be under way. */
bool sio__farewell_has(const struct sio__client *client, sio_str nsp);

/* The client knows. */
void sio__farewell_forget(struct sio__client *client, sio_str nsp);

void sio__farewell_free(struct sio__client *client);

#endif
