/* SPDX-License-Identifier: MIT */
/* Which sockets there are, on this node and on others. */
#include "core/cluster.h"
#include "core/describe.h"
#include "core/gather.h"

#include <sio/nodes.h>

/* ---- This node ---- */

static bool show_local(sio_socket *socket, void *user)
{
  struct sio__gather *gather = user;
  struct sio_server *server = socket->ns->server;
  struct sio_document document;
  sio_payload payload;

  sio__payload_init(&payload, &server->mem, SIO__DESCRIBED_MAX);
  sio__describe(&payload, socket);
  if (sio__payload_check(&payload) == 0) {
    sio__document_init(&document, (const char *)payload.json.data,
                       payload.json.len, &server->mem);
    sio__gather_show_socket(gather, sio__document_value(&document), socket);
    sio__document_dispose(&document);
  } else {
    gather->error = SIO_ERR_NOMEM;
  }
  sio__payload_dispose(&payload);
  return true;
}

/* ---- All ---- */

static int fetch(const sio_target *target, sio_fetched_fn each)
{
  sio_operation operation = {.size = sizeof operation,
                             .type = SIO_OPERATION_FETCH,
                             .timeout_ms = target->timeout_ms};
  struct sio__gather *gather = sio__gather_new(target);
  int rv;

  if (gather == NULL)
    return SIO_ERR_NOMEM;
  gather->fetched = each;
  rv = sio__cluster_tell(target, &operation, gather);
  if (rv == 0)
    rv = sio_each(*target, show_local, gather);
  if (rv == 0)
    sio__gather_begin(gather, target->timeout_ms);
  else
    sio__gather_cancel(gather);
  return rv;
}

int sio_fetch(sio_target target, uint64_t timeout_ms, sio_fetched_fn each,
              sio_done_fn done, void *user)
{
  struct sio_server *server;
  int rv = sio__target_error(&target);

  if (rv != 0)
    return rv;
  if (each == NULL)
    return SIO_ERR_INVALID;
  target = sio_with_acks(target, timeout_ms, NULL, done, user);
  if (target.error != 0)
    return target.error;
  server = target.ns->server;
  if (server->freed)
    return SIO_ERR_CLOSED;
  sio__engine_enter(&server->engine);
  rv = fetch(&target, each);
  sio__engine_leave(&server->engine);
  return rv;
}
