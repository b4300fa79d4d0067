/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_SHUTDOWN_H
#define SIO_EIO_SHUTDOWN_H

/* The end of everything that an engine serves. */

#include "eio/engine.h"

/* The end is near: admit no session any more, and let those that ask come back
 * after so many seconds, or up to twice as many. */
void sio__shutdown_announce(struct sio__engine *engine, uint32_t retry_after_s);

/* Tell whoever asks when to come back. */
void sio__shutdown_advise(struct sio__engine *engine,
                          struct sio_headers *fields);

/* A number below `n`, which is not 0, to keep clients out of step: anybody may
 * guess it. */
uint64_t sio__shutdown_pick(struct sio__engine *engine, uint64_t n);

/* Close every session, discarding what is unsent, and every connection, and
 * serve none until sio__shutdown_over(), which also ends what was announced. */
void sio__shutdown_begin(struct sio__engine *engine);
void sio__shutdown_over(struct sio__engine *engine);

/* Give up every session and connection that is left; then the engine may be
 * disposed of. */
void sio__shutdown_now(struct sio__engine *engine);

#endif
