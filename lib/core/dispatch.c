/* SPDX-License-Identifier: MIT */
/* From a decoded packet to the host's functions. */
#include "core/dispatch.h"

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

static void call_handlers(struct sio_socket *socket, struct sio__event *event,
                          const struct sio_args *args, struct sio_ack *ack)
{
  uint32_t n = event->handlers.n;

  for (uint32_t i = 0; i < n && sio__socket_is_live(socket); i++) {
    const struct sio__handler *handler = &event->handlers.items[i];

    ((sio_event_fn)handler->fn)(socket, args, ack, handler->user);
  }
}

void sio__dispatch_event(struct sio_socket *socket,
                         const struct sio__packet *packet,
                         const sio_span *attachments)
{
  struct sio__event *event;
  struct sio_ack *ack = NULL;
  struct sio_args args;

  if (!make_args(socket, packet, attachments, &args))
    return;
  event = sio__ns_event(socket->ns, packet->event);
  if (event == NULL)
    return;
  if (packet->has_id) {
    ack = sio__ack_new(socket, packet->id);
    if (ack == NULL) {
      sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
      return;
    }
  }
  (void)sio_socket_retain(socket);
  call_handlers(socket, event, &args, ack);
  sio__document_dispose(&args.document);
  if (ack != NULL)
    sio_ack_release(ack);
  sio_socket_release(socket);
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
