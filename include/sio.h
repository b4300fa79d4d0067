/* SPDX-License-Identifier: MIT */
#ifndef SIO_H
#define SIO_H

/**
 * The whole core interface.  The libuv adapter is in <sio/uv.h>.
 */

#include <sio/adapter.h>
#include <sio/auth.h>
#include <sio/broadcast.h>
#include <sio/bundle.h>
#include <sio/conn.h>
#include <sio/contract.h>
#include <sio/cookie.h>
#include <sio/cors.h>
#include <sio/deflate.h>
#include <sio/dynamic.h>
#include <sio/engine.h>
#include <sio/error.h>
#include <sio/event.h>
#include <sio/handshake.h>
#include <sio/http.h>
#include <sio/jwt.h>
#include <sio/metrics.h>
#include <sio/namespace.h>
#include <sio/nodes.h>
#include <sio/payload.h>
#include <sio/recovery.h>
#include <sio/rooms.h>
#include <sio/schema.h>
#include <sio/server.h>
#include <sio/socket.h>
#include <sio/tls.h>
#include <sio/types.h>
#include <sio/value.h>
#include <sio/version.h>

#endif
