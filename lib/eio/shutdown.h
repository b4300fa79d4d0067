/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_SHUTDOWN_H
#define SIO_EIO_SHUTDOWN_H

/* The end of everything that an engine serves. */

#include "eio/engine.h"

/* Close every session, discarding what is unsent, and every connection, and
 * serve none until sio__shutdown_over(). */
void sio__shutdown_begin(struct sio__engine *engine);
void sio__shutdown_over(struct sio__engine *engine);

/* Give up every session and connection that is left; then the engine may be
 * disposed of. */
void sio__shutdown_now(struct sio__engine *engine);

#endif
