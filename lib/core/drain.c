/* SPDX-License-Identifier: MIT */
/* Whether there is room for what is emitted. */
#include "core/drain.h"

#include "core/recovery.h"
#include "eio/pressure.h"

void sio__drain_await(struct sio_socket *socket)
{
  socket->drain = DRAIN_AWAITED;
  sio__pressure_await(socket->client->session);
}

void sio__drain_refuse(struct sio_socket *socket)
{
  socket->n_refused++;
  socket->ns->server->engine.metrics.messages_refused++;
  socket->ns->metrics.events_refused++;
  if (socket->client != NULL)
    sio__drain_await(socket);
}

bool sio__drain_has_room(struct sio_socket *socket, uint64_t bytes, size_t n)
{
  const struct sio_server *server = socket->ns->server;

  if (server->options.output_policy == SIO_OUTPUT_CUT ||
      sio__pressure_has_room(socket->client->session, bytes, n))
    return true;
  sio__drain_refuse(socket);
  return false;
}

bool sio__drain_has_room_for(struct sio_socket *socket,
                             const struct sio__body *body)
{
  const struct sio_server *server = socket->ns->server;
  size_t n = sio__body_messages(server, body);
  uint64_t bytes =
      sio__is_msgpack(server) ? server->message.len : server->packet.len;

  for (size_t i = 1; i < n; i++)
    bytes += sio__body_attachment(body, i - 1).len;
  return sio__drain_has_room(socket, bytes, n);
}

/* ---- Telling the host ---- */

static void call_each(struct sio_socket *socket, struct sio__handlers *handlers)
{
  const struct sio__handler *each;
  struct sio__walk walk;

  sio__walk_begin(&walk, handlers);
  while (socket->state == SOCKET_CONNECTED &&
         (each = sio__walk_next(&walk)) != NULL)
    ((sio_connect_fn)each->fn)(socket, each->user);
  sio__walk_end(&walk);
}

static void tell(struct sio_socket *socket)
{
  struct sio__handlers *own = &socket->ns->drains;
  struct sio__handlers *parents =
      socket->ns->parent != NULL ? &socket->ns->parent->drains : NULL;

  /* What has passed it over is the host's affair, if it wants to know. */
  if (socket->lifeline != NULL &&
      (own->n > 0 || (parents != NULL && parents->n > 0)))
    socket->lifeline->passed = 0;
  if (parents != NULL)
    call_each(socket, parents);
  call_each(socket, own);
}

/* A socket that has to be told yet; NULL: there is none. */
static struct sio_socket *untold(const struct sio__client *client)
{
  struct sio__list *link = client->sockets.next;

  for (; link != &client->sockets; link = link->next) {
    struct sio_socket *socket =
        SIO__CONTAINER(link, struct sio_socket, of_client);

    if (socket->drain == DRAIN_DUE)
      return socket;
  }
  return NULL;
}

void sio__drain_on_drained(struct sio_session *session, void *user)
{
  struct sio__client *client = session->user;
  struct sio__list *link = client->sockets.next;
  struct sio_socket *socket;

  (void)user;
  /* Handlers that emit too much again are told the next time. */
  for (; link != &client->sockets; link = link->next) {
    socket = SIO__CONTAINER(link, struct sio_socket, of_client);
    if (socket->drain == DRAIN_AWAITED)
      socket->drain = DRAIN_DUE;
  }
  while ((socket = untold(client)) != NULL) {
    socket->drain = DRAIN_NONE;
    (void)sio_socket_retain(socket);
    tell(socket);
    sio_socket_release(socket);
  }
}

/* ---- Public functions ---- */

int sio_on_drain(sio_ns *ns, sio_connect_fn fn, void *user)
{
  return ns != NULL ? sio__handlers_add(&ns->drains, &ns->server->mem,
                                        (void (*)(void))fn, user)
                    : SIO_ERR_INVALID;
}

uint64_t sio_socket_refused(const sio_socket *socket)
{
  return socket->n_refused;
}
