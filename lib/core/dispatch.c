/* SPDX-License-Identifier: MIT */
/* From a decoded packet to the host's functions. */
#include "core/dispatch.h"

#include "core/guard.h"
#include "core/metrics.h"
#include "core/passage.h"

static void count(struct sio_ns *ns, const struct sio__packet *packet,
                  const sio_span *attachments)
{
  uint64_t bytes = packet->json.len;

  for (size_t i = 0; i < packet->attachments; i++)
    bytes += attachments[i].len;
  ns->metrics.events_in++;
  ns->metrics.events_in_bytes += bytes;
}

/* The arguments of a packet; false, and the client is on its way out, if its
 * placeholders do not fit its attachments. */
static bool make_args(struct sio_socket *socket,
                      const struct sio__packet *packet,
                      const sio_span *attachments, struct sio_args *args)
{
  sio__document_init(&args->document, packet->json.data, packet->json.len,
                     &socket->ns->server->mem);
  args->document.attachments = attachments;
  args->document.n_attachments = packet->attachments;
  if (packet->attachments == 0 ||
      sio__document_check_placeholders(&args->document) == 0)
    return true;
  sio__client_violation(socket->client, SIO_REASON_FORCED_CLOSE,
                        SIO_CAUSE_PACKET, "illegal attachments");
  return false;
}

/* The handle for an acknowledgement that the client asks for, or NULL.
 * False: no memory, and the session ends. */
static bool make_ack(struct sio_socket *socket,
                     const struct sio__packet *packet, struct sio_ack **ack)
{
  *ack = packet->has_id ? sio__ack_new(socket, packet->id) : NULL;
  if (*ack != NULL || !packet->has_id)
    return true;
  sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
  return false;
}

/* The usual case: nothing but handlers by name.  It is
 * sio__listeners_handle(), made shorter. */
static void call_handlers(struct sio_socket *socket,
                          const struct sio__packet *packet,
                          struct sio_args *args)
{
  struct sio__listeners *listeners = &socket->ns->listeners;
  struct sio__named *named = sio__listeners_find(listeners, packet->event);
  const struct sio__handler *each;
  uint64_t begun_us;
  struct sio__walk walk;
  struct sio_ack *ack;

  if (named == NULL)
    socket->ns->metrics.events_unhandled++;
  if (named == NULL || !make_ack(socket, packet, &ack))
    return;
  (void)sio_socket_retain(socket);
  begun_us = sio__metrics_time(socket->ns->server);
  sio__walk_begin(&walk, &named->handlers);
  while (sio__socket_is_live(socket) && (each = sio__walk_next(&walk)) != NULL)
    ((sio_event_fn)each->fn)(socket, args, ack, each->user);
  sio__metrics_handled(socket->ns, begun_us);
  sio__walk_end(&walk);
  if (named->handlers.n == 0)
    sio__listeners_tidy(listeners, named);
  sio__document_dispose(&args->document);
  if (ack != NULL)
    sio_ack_release(ack);
  sio_socket_release(socket);
}

static void call_everybody(struct sio_socket *socket,
                           const struct sio__packet *packet,
                           struct sio_args *args)
{
  struct sio_ack *ack;

  if (!make_ack(socket, packet, &ack))
    return;
  (void)sio_socket_retain(socket);
  sio__listeners_any(socket, packet->event, args, ack);
  if (sio__passage_is_needed(socket)) {
    sio__passage_begin(socket, packet->event, args, ack);
  } else {
    sio__listeners_handle(socket, packet->event, args, ack);
    sio__document_dispose(&args->document);
    sio_ack_release(ack);
  }
  sio_socket_release(socket);
}

/* Nobody else is shown a token. */
static void renew(struct sio_socket *socket, const struct sio__packet *packet,
                  struct sio_args *args)
{
  struct sio_ack *ack;

  if (!make_ack(socket, packet, &ack))
    return;
  (void)sio_socket_retain(socket);
  sio__renewal_handle(socket, args, ack);
  sio__document_dispose(&args->document);
  sio_ack_release(ack);
  sio_socket_release(socket);
}

void sio__dispatch_event(struct sio_socket *socket,
                         const struct sio__packet *packet,
                         const sio_span *attachments)
{
  struct sio_ns *ns = socket->ns;
  struct sio_args args;

  if (!make_args(socket, packet, attachments, &args))
    return;
  count(ns, packet, attachments);
  if (socket->pass != NULL && sio__renewal_is(socket, packet->event))
    renew(socket, packet, &args);
  else if (socket->own == NULL && ns->parent == NULL &&
           !ns->listeners.is_special)
    call_handlers(socket, packet, &args);
  else
    call_everybody(socket, packet, &args);
}

void sio__dispatch_ack(struct sio_socket *socket,
                       const struct sio__packet *packet,
                       const sio_span *attachments)
{
  struct sio_args args;

  if (!make_args(socket, packet, attachments, &args))
    return;
  (void)sio_socket_retain(socket);
  if (packet->has_id)
    sio__pending_answer(socket, packet->id, &args);
  sio__document_dispose(&args.document);
  sio_socket_release(socket);
}
