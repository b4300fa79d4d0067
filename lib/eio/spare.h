/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_SPARE_H
#define SIO_EIO_SPARE_H

/* A buffer that an engine keeps for whoever makes a body or a frame.  It is
 * taken out while it is in use, because the host may be called meanwhile and
 * have another one made; that one then gets memory of its own. */

#include "eio/engine.h"

enum { SIO__SPARE_KEPT = 65536 };

static inline struct sio__buf sio__spare_take(struct sio__engine *engine)
{
  struct sio__buf buf = engine->body;

  sio__buf_init(&engine->body, engine->mem, SIZE_MAX);
  return buf;
}

static inline void sio__spare_give(struct sio__engine *engine,
                                   struct sio__buf *buf)
{
  sio__buf_dispose(&engine->body);
  sio__buf_reset(buf, SIO__SPARE_KEPT);
  engine->body = *buf;
}

#endif
