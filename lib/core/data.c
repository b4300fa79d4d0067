/* SPDX-License-Identifier: MIT */
/* The JSON value of a socket, beside the host's own pointer. */
#include "core/objects.h"

#include "json/scan.h"
#include <sio/recovery.h>

int sio_socket_set_data(sio_socket *socket, sio_str json)
{
  const sio_allocator *mem = &socket->ns->server->mem;
  const struct sio__given given = {json, NULL, 0};
  struct sio__auth *data = NULL;

  if (socket->state == SOCKET_GONE)
    return SIO_ERR_DISCONNECTED;
  if (json.len > 0) {
    if (sio__json_check(json.data, json.len, SIO__JSON_MAX_DEPTH, NULL) != 0)
      return SIO_ERR_JSON;
    data = sio__auth_new(mem, &given);
    if (data == NULL)
      return SIO_ERR_NOMEM;
  }
  sio__auth_free(socket->data, mem);
  socket->data = data;
  return 0;
}

sio_value sio_socket_data(const sio_socket *socket)
{
  static const sio_value absent = {NULL, 0, NULL};

  return socket->data != NULL ? sio__document_value(&socket->data->document)
                              : absent;
}
