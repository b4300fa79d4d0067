/* SPDX-License-Identifier: MIT */
/* One event to many sockets: encoded once, and shared. */
#include "core/cast.h"

#include "base/mem.h"
#include "core/cluster.h"
#include "core/emitting.h"
#include "core/recovery.h"

/* A packet and its attachments, to be shared by all who get them. */
struct broadcast {
  struct sio__shared *parts;
  size_t n;
  uint64_t bytes; /* of all parts; 0: whoever has no room is cut */
  size_t sent;    /* to how many */
  /* Only for send_with_care(): */
  const sio_target *target;
  struct sio__gather *gather; /* NULL: no answers are wanted */
  uint64_t id;
  sio_str event;
  sio_str args;    /* NULL data: nobody watches what is emitted */
  sio_str offset;  /* NULL data: it is not remembered; core/recovery.h */
  uint64_t number; /* of what is remembered; 0: it is not, or not yet */
};

/* There is no room. */
static void pass_over(const struct sio_socket *socket,
                      const struct broadcast *broadcast)
{
  if (broadcast->number > 0)
    sio__recovery_passed(socket, broadcast->number);
}

static bool has_room(struct sio_socket *socket,
                     const struct broadcast *broadcast)
{
  if (broadcast->bytes == 0 ||
      sio__drain_has_room(socket, broadcast->bytes, broadcast->n))
    return true;
  pass_over(socket, broadcast);
  return false;
}

/* Send all parts; SIO_ERR_LIMIT: the host has used up the room when it was
 * shown them. */
static int send_to(struct sio_socket *socket, const struct broadcast *broadcast)
{
  int rv = sio__session_send_parts(socket->client->session, broadcast->parts,
                                   broadcast->n);

  if (rv == SIO_ERR_LIMIT) {
    sio__drain_refuse(socket);
    pass_over(socket, broadcast);
  }
  return rv;
}

/* To one of many: who has no room is passed over. */
static bool send_parts(struct sio__member *member, void *user)
{
  struct broadcast *broadcast = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);

  if (has_room(socket, broadcast) &&
      send_to(socket, broadcast) != SIO_ERR_LIMIT)
    broadcast->sent++; /* or that connection fails by itself */
  return true;
}

/* The same, where more is to be seen to. */
static bool send_with_care(struct sio__member *member, void *user)
{
  struct broadcast *broadcast = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);

  if (broadcast->args.data != NULL) {
    sio__listeners_outgoing(socket, broadcast->event, broadcast->args);
    if (socket->client == NULL)
      return true;
  }
  if (sio__is_dropped(broadcast->target, socket) ||
      !has_room(socket, broadcast))
    return true;
  if (broadcast->gather != NULL &&
      sio__gather_add(broadcast->gather, socket, broadcast->id) ==
          SIO_ERR_NOMEM) {
    sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
    return true;
  }
  if (send_to(socket, broadcast) != SIO_ERR_LIMIT)
    broadcast->sent++;
  else if (broadcast->gather != NULL)
    sio__gather_retract(broadcast->gather, socket, broadcast->id);
  return true;
}

static bool share(struct sio_server *server, const struct sio__body *body,
                  unsigned flags, struct sio__shared *parts, size_t n)
{
  bool packed = sio__is_msgpack(server);
  const struct sio__buf *packet = packed ? &server->message : &server->packet;

  parts[0] = sio__shared_new(&server->engine, packet->data, packet->len,
                             packed ? flags | SIO_SEND_BINARY : flags);
  if (parts[0].chunk == NULL)
    return false;
  for (size_t i = 1; i < n; i++) {
    sio_span data = sio__body_attachment(body, i - 1);

    parts[i] = sio__shared_new(&server->engine, data.data, data.len,
                               flags | SIO_SEND_BINARY);
    if (parts[i].chunk == NULL)
      return false;
  }
  return true;
}

static void keep_for(struct sio_ns *ns, struct broadcast *broadcast,
                     const struct sio__selection *to)
{
  sio__recovery_keep(ns, broadcast->offset, broadcast->parts, broadcast->n, to);
  broadcast->number = ns->recovery->store.backlog.newest;
}

/* Remember it, if it is to be, before anybody gets it. */
static int keep(struct sio_ns *ns, struct broadcast *broadcast)
{
  struct sio__selected selected;
  int rv;

  if (broadcast->offset.data == NULL)
    return 0;
  rv = sio__select(&selected, broadcast->target);
  if (rv != 0)
    return rv;
  keep_for(ns, broadcast, &selected.selection);
  sio__selected_dispose(&selected, &ns->server->mem);
  return 0;
}

/* The host is shown each packet, and may do anything. */
static int send_to_recipients(struct sio_ns *ns, struct broadcast *broadcast,
                              bool (*send)(struct sio__member *, void *))
{
  struct sio__recipients to;
  int rv = sio__recipients_take(&to, broadcast->target, ns);

  if (rv != 0)
    return rv;
  rv = keep(ns, broadcast);
  for (size_t i = 0; rv == 0 && i < to.n; i++) {
    if (to.sockets[i]->client != NULL)
      (void)send(&to.sockets[i]->member, broadcast);
  }
  sio__recipients_dispose(&to, &ns->server->mem);
  return rv;
}

/* One socket is sent a packet that is remembered for it.  From then on it is
 * as good as sent, also if its connection has failed, or fails now. */
static int send_to_only(struct broadcast *broadcast)
{
  struct sio_socket *socket = broadcast->target->only;
  int rv;

  if (broadcast->args.data != NULL) {
    sio__listeners_outgoing(socket, broadcast->event, broadcast->args);
    if (socket->client == NULL)
      return SIO_ERR_DISCONNECTED;
  }
  if (!has_room(socket, broadcast))
    return SIO_ERR_LIMIT;
  sio__recovery_keep_for(socket, broadcast->offset, broadcast->parts,
                         broadcast->n);
  broadcast->number = socket->ns->recovery->store.backlog.newest;
  if (sio__recovery_holds(socket))
    return 0; /* behind what it has missed */
  broadcast->sent = 1;
  rv = send_to(socket, broadcast);
  if (rv == SIO_ERR_LIMIT)
    return rv;
  return rv == 0 ? sio__answer_of(socket) : 0;
}

/* Many are sent a packet that is remembered. */
static int send_to_kept(struct sio_ns *ns, struct broadcast *broadcast)
{
  struct sio__selected selected;
  int rv = sio__select(&selected, broadcast->target);

  if (rv != 0)
    return rv;
  keep_for(ns, broadcast, &selected.selection);
  sio__rooms_each(&ns->rooms, &selected.selection, send_parts, broadcast);
  sio__selected_dispose(&selected, &ns->server->mem);
  return 0;
}

static int send_to_selected(struct sio_ns *ns, struct broadcast *broadcast)
{
  const struct sio__hooks *hooks = &ns->server->engine.hooks;
  const sio_target *target = broadcast->target;
  bool watched = broadcast->args.data != NULL;
  bool (*send)(struct sio__member *, void *) = send_parts;

  if (target->only != NULL)
    return send_to_only(broadcast);
  if (watched || broadcast->gather != NULL ||
      (target->flags & TARGET_VOLATILE) != 0)
    send = send_with_care;
  if (watched || hooks->sessions.packet_out != NULL)
    return send_to_recipients(ns, broadcast, send);
  if (broadcast->offset.data != NULL)
    return send_to_kept(ns, broadcast);
  return sio__target_each(target, ns, send, broadcast);
}

/* The arguments of the encoded packet are shown before it is sent. */
static int send_watched(struct sio_ns *ns, struct broadcast *broadcast,
                        const struct sio__body *body)
{
  struct sio__encoded encoded = sio__encoded_take(ns->server);
  int rv;

  broadcast->args = sio__encoded_args(body, &encoded);
  rv = send_to_selected(ns, broadcast);
  sio__encoded_put_back(ns->server, &encoded);
  return rv;
}

static void count(struct sio_ns *ns, const struct broadcast *broadcast,
                  uint64_t bytes)
{
  if (broadcast->target->only == NULL) {
    ns->metrics.broadcasts++;
    ns->metrics.recipients += broadcast->sent;
  }
  ns->metrics.events_out += broadcast->sent;
  ns->metrics.events_out_bytes += broadcast->sent * bytes;
}

/* The packet has been encoded: send it. */
static int send_encoded(struct sio_ns *ns, struct broadcast *broadcast,
                        const struct sio__body *body)
{
  struct sio_server *server = ns->server;
  const sio_target *target = broadcast->target;
  struct sio__shared one = {.chunk = NULL};
  size_t n = broadcast->n, packet_len = server->packet.len;
  int rv;

  broadcast->parts = &one;
  if (n > 1) {
    broadcast->parts = sio__mem_zalloc(&server->mem, n * sizeof one);
    if (broadcast->parts == NULL)
      return SIO_ERR_NOMEM;
  }
  if (share(server, body, sio__send_flags(target), broadcast->parts, n)) {
    if (server->options.output_policy != SIO_OUTPUT_CUT) {
      for (size_t i = 0; i < n; i++)
        broadcast->bytes += broadcast->parts[i].chunk->len;
    }
    rv = sio__listeners_wants_outgoing(ns) ? send_watched(ns, broadcast, body)
                                           : send_to_selected(ns, broadcast);
    if (sio__is_sent(rv))
      count(ns, broadcast, sio__body_bytes(body, packet_len));
  } else {
    rv = SIO_ERR_NOMEM;
  }
  for (size_t i = 0; i < n; i++)
    sio__shared_release(&broadcast->parts[i]);
  if (n > 1)
    sio__mem_free(&server->mem, broadcast->parts, n * sizeof one);
  return rv;
}

/* Give an event its offset. */
static void stamp_it(struct sio_ns *ns, struct broadcast *broadcast,
                     struct sio__body *body, struct sio__stamp *stamp)
{
  if ((broadcast->target->flags & TARGET_VOLATILE) != 0) {
    sio__recovery_stamp_volatile(ns, body);
    return;
  }
  sio__recovery_stamp(ns, body, stamp);
  broadcast->offset = body->offset;
}

int sio__cast(struct sio_ns *ns, const sio_target *target, sio_str event,
              struct sio__body *body, struct sio__gather *gather)
{
  struct broadcast broadcast = {.n = sio__body_messages(ns->server, body),
                                .target = target,
                                .gather = gather,
                                .event = event};
  bool to_nodes = (target->flags & TARGET_NODES) != 0;
  struct sio__stamp stamp;
  int rv;

  if (gather != NULL)
    broadcast.id = ns->next_ack++;
  else if (ns->recovery != NULL && !to_nodes)
    stamp_it(ns, &broadcast, body, &stamp);
  rv = sio__body_encode(ns->server, body, sio__ns_str(ns), event,
                        gather != NULL, broadcast.id);
  if (rv == 0 && sio__cluster_reaches(ns, target))
    rv = sio__cluster_emit(ns, target, body, gather);
  return rv != 0 || to_nodes ? rv : send_encoded(ns, &broadcast, body);
}
