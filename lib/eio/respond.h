/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_RESPOND_H
#define SIO_EIO_RESPOND_H

/* The public functions about requests, and about the headers of responses:
 * see <sio/http.h> and <sio/handshake.h>. */

#include "eio/exchange.h"

#endif
