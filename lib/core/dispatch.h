/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_DISPATCH_H
#define SIO_CORE_DISPATCH_H

/* From a decoded packet to the host's functions. */

#include "core/objects.h"

/* Call the handlers of an event.  `attachments` has packet->attachments
 * spans. */
void sio__dispatch_event(struct sio_socket *socket,
                         const struct sio__packet *packet,
                         const sio_span *attachments);

/* Hand an acknowledgement to whoever waits for it. */
void sio__dispatch_ack(struct sio_socket *socket,
                       const struct sio__packet *packet,
                       const sio_span *attachments);

#endif
