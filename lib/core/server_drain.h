/* SPDX-License-Identifier: MIT */
#ifndef SIO_CORE_SERVER_DRAIN_H
#define SIO_CORE_SERVER_DRAIN_H

/* Closing a server slowly: sio_server_drain(). */

#include "core/objects.h"

/* It has closed: whoever has drained it is told. */
void sio__server_drained(struct sio_server *server);

/* It is being freed: nobody is told. */
void sio__server_drain_free(struct sio_server *server);

#endif
