/* SPDX-License-Identifier: MIT */
#ifndef SIO_EIO_HOOKSET_H
#define SIO_EIO_HOOKSET_H

/* What a host has hooked into an engine: see <sio/handshake.h> and
 * <sio/engine.h>. */

#include "base/handlers.h"
#include <sio/engine.h>
#include <sio/handshake.h>

struct sio__hooks {
  struct sio__handlers http; /* sio_http_middleware_fn */
  sio_handshake_fn handshake;
  void *handshake_user;
  sio_session_id_fn session_id;
  void *session_id_user;
  sio_headers_fn headers;
  void *headers_user;
  sio_refused_fn refused;
  void *refused_user;
  sio_http_fn http_head; /* requests outside the path */
  void *http_head_user;
  sio_session_handlers sessions; /* complete */
  void *sessions_user;
};

#endif
