/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_ENFORCE_H
#define SIO_CORE_ENFORCE_H

/*
 * Contracts at work: between the middlewares and the handlers of an event.
 *
 *   event --> admit: known? fits? --> typed handlers --> those by name
 *                 |
 *                 +--> the client is told, and nobody handles it
 */

#include "core/objects.h"
#include <sio/contract.h>

struct sio__contract;
struct sio__promise;

/* An event that a contract has let pass, with its struct. */
struct sio__typed {
  struct sio__contract *contract; /* a reference; NULL: there is none */
  struct sio__promise *promise;   /* what it says of the event, or NULL */
  void *value;                    /* NULL: it has no payload */
  void *memory;                   /* of its own, if the usual one was in use */
  sio_arena *arena;               /* likewise */
  struct sio__walk walk;          /* over the typed handlers, if `promise` */
};

/* Whether the event may be handled; if not, the client has been told.  If so,
 * sio__typed_end() has to follow. */
bool sio__contract_admit(struct sio__typed *typed, struct sio_socket *socket,
                         sio_str event, const sio_args *args,
                         struct sio_ack *ack);

/* Call the typed handlers; whether there was any. */
bool sio__typed_call(struct sio__typed *typed, struct sio_socket *socket,
                     struct sio_ack *ack);
void sio__typed_end(struct sio__typed *typed);

/* The namespace goes. */
void sio__contract_drop(struct sio_ns *ns);

#endif
