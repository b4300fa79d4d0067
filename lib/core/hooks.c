/* SPDX-License-Identifier: MIT */
/* What a host hooks into the engine of a server. */
#include "core/objects.h"

#include "base/versioned.h"
#include "eio/bundle.h"

int sio_server_use_http(sio_server *server, sio_http_middleware_fn fn,
                        void *user)
{
  return sio__handlers_add(&server->engine.hooks.http, &server->mem,
                           (void (*)(void))fn, user);
}

void sio_server_on_handshake(sio_server *server, sio_handshake_fn fn,
                             void *user)
{
  server->engine.hooks.handshake = fn;
  server->engine.hooks.handshake_user = user;
}

void sio_server_on_session_id(sio_server *server, sio_session_id_fn fn,
                              void *user)
{
  server->engine.hooks.session_id = fn;
  server->engine.hooks.session_id_user = user;
}

void sio_server_on_headers(sio_server *server, sio_headers_fn fn, void *user)
{
  server->engine.hooks.headers = fn;
  server->engine.hooks.headers_user = user;
}

void sio_server_on_refused(sio_server *server, sio_refused_fn fn, void *user)
{
  server->engine.hooks.refused = fn;
  server->engine.hooks.refused_user = user;
}

void sio_server_on_http_head(sio_server *server, sio_http_fn fn, void *user)
{
  server->engine.hooks.http_head = fn;
  server->engine.hooks.http_head_user = user;
}

void sio_bundle_init_sized(sio_bundle *bundle, size_t size)
{
  sio__versioned_init(bundle, size, NULL, 0);
}

int sio_server_serve_bundle(sio_server *server, const sio_bundle *bundle)
{
  static const sio_bundle none = {0};
  sio_bundle whole;

  if (bundle->size < sizeof bundle->size)
    return SIO_ERR_INVALID;
  sio__versioned_complete(&whole, bundle, &none, sizeof whole);
  return sio__bundle_add(&server->engine, &whole);
}
