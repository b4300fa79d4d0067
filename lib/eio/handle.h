/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_HANDLE_H
#define SIO_EIO_HANDLE_H

/* The public functions about sessions, see <sio/engine.h>; but those that
 * need the server are in core/sessions.c. */

#include "eio/session.h"

#endif
