/* SPDX-License-Identifier: MIT */
/* Emitting: to one socket, or encoded once for many. */
#include "core/body.h"

#include "base/mem.h"
#include "core/drain.h"
#include "core/gather.h"
#include "core/recovery.h"
#include "core/selection.h"

static unsigned send_flags(const sio_target *target)
{
  return (target->flags & TARGET_UNCOMPRESSED) != 0 ? SIO_SEND_UNCOMPRESSED : 0;
}

/* Whether a volatile event is lost on this socket, which is counted. */
static bool is_dropped(const sio_target *target,
                       const struct sio_socket *socket)
{
  struct sio_session *session = socket->client->session;

  if ((target->flags & TARGET_VOLATILE) == 0 ||
      sio__session_is_writable(session))
    return false;
  session->engine->metrics.messages_dropped++;
  socket->ns->metrics.events_dropped++;
  return true;
}

/* What an emit that has sent something to one socket answers. */
static int answer_of(struct sio_socket *socket)
{
  if (sio__session_pending(socket->client->session) <=
      socket->ns->server->options.high_water_bytes)
    return 0;
  sio__drain_await(socket);
  return SIO_BUFFERED;
}

/* ---- One socket ---- */

/* What is encoded, out of the way while the host is called, who may have
 * another packet encoded meanwhile. */
struct encoded {
  struct sio__buf packet, message;
};

static struct encoded take_encoded(struct sio_server *server)
{
  struct encoded encoded = {server->packet, server->message};

  sio__buf_init(&server->packet, encoded.packet.mem, encoded.packet.max);
  sio__buf_init(&server->message, encoded.message.mem, encoded.message.max);
  return encoded;
}

static void put_back(struct sio_server *server, const struct encoded *encoded)
{
  sio__buf_dispose(&server->packet);
  sio__buf_dispose(&server->message);
  server->packet = encoded->packet;
  server->message = encoded->message;
}

static sio_str args_of(const struct sio__body *body,
                       const struct encoded *encoded)
{
  sio_span packet = {encoded->packet.data, encoded->packet.len};

  return sio__body_args(body, packet);
}

/* Whoever watches what is emitted is shown the packet that was encoded. */
static void show_packet(struct sio_socket *socket, const char *event,
                        const struct sio__body *body)
{
  struct sio_server *server = socket->ns->server;
  struct encoded encoded = take_encoded(server);

  sio__listeners_outgoing(socket, sio_s(event), args_of(body, &encoded));
  put_back(server, &encoded);
}

static int send_to_one(const sio_target *target, const char *event,
                       struct sio__body *body, bool has_id, uint64_t id)
{
  struct sio_socket *socket = target->only;
  struct sio_server *server = socket->ns->server;
  int rv = sio__body_encode(server, body, sio__ns_str(socket->ns), event,
                            has_id, id);
  uint64_t bytes;

  if (rv != 0)
    return rv;
  if (sio__listeners_wants_outgoing(socket->ns)) {
    show_packet(socket, event, body);
    if (socket->client == NULL)
      return SIO_ERR_DISCONNECTED;
  }
  if (is_dropped(target, socket))
    return SIO_DROPPED;
  if (!sio__drain_has_room_for(socket, body))
    return SIO_ERR_LIMIT;
  bytes = sio__body_bytes(body, server->packet.len);
  rv = sio__body_send(socket->client, body, send_flags(target));
  if (rv != 0)
    return rv;
  socket->ns->metrics.events_out++;
  socket->ns->metrics.events_out_bytes += bytes;
  return answer_of(socket);
}

static bool is_sent(int rv)
{
  return rv == 0 || rv == SIO_BUFFERED;
}

/* The same, and an answer is expected. */
static int ask_one(const sio_target *target, const char *event,
                   struct sio__body *body)
{
  struct sio_socket *socket = target->only;
  uint64_t id = socket->ns->next_ack;
  int rv = sio__pending_new(socket, id, target, NULL);

  if (rv != 0)
    return rv;
  socket->ns->next_ack++;
  rv = send_to_one(target, event, body, true, id);
  if (!is_sent(rv))
    sio__pending_cancel(socket, id);
  return rv;
}

/* The same as a round of one. */
static int gather_one(const sio_target *target, const char *event,
                      struct sio__body *body)
{
  struct sio_socket *socket = target->only;
  uint64_t id = socket->ns->next_ack++;
  struct sio__gather *gather = sio__gather_new(target);
  int rv;

  if (gather == NULL)
    return SIO_ERR_NOMEM;
  rv = sio__gather_add(gather, socket, id);
  if (rv == 0)
    rv = send_to_one(target, event, body, true, id);
  if (is_sent(rv))
    sio__gather_begin(gather, target->timeout_ms);
  else
    sio__gather_cancel(gather);
  return rv;
}

/* ---- Many ---- */

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

static bool has_room(struct sio_socket *socket,
                     const struct broadcast *broadcast)
{
  if (broadcast->bytes == 0 ||
      sio__drain_has_room(socket, broadcast->bytes, broadcast->n))
    return true;
  if (broadcast->number > 0)
    sio__recovery_passed(socket, broadcast->number);
  return false;
}

/* To one of many: who has no room is passed over. */
static bool send_parts(struct sio__member *member, void *user)
{
  struct broadcast *broadcast = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);
  struct sio_session *session = socket->client->session;

  if (!has_room(socket, broadcast))
    return true;
  broadcast->sent++;
  /* Or that connection fails by itself. */
  (void)sio__session_send_parts(session, broadcast->parts, broadcast->n);
  return true;
}

/* The same, where more is to be seen to. */
static bool send_with_care(struct sio__member *member, void *user)
{
  const struct broadcast *broadcast = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);

  if (broadcast->args.data != NULL) {
    sio__listeners_outgoing(socket, broadcast->event, broadcast->args);
    if (socket->client == NULL)
      return true;
  }
  if (is_dropped(broadcast->target, socket) || !has_room(socket, broadcast))
    return true;
  if (broadcast->gather != NULL &&
      sio__gather_add(broadcast->gather, socket, broadcast->id) ==
          SIO_ERR_NOMEM) {
    sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
    return true;
  }
  return send_parts(member, user);
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

/* One socket is sent a packet that is remembered for it. */
static int send_to_only(struct broadcast *broadcast)
{
  struct sio_socket *socket = broadcast->target->only;
  struct sio_session *session = socket->client->session;

  if (broadcast->args.data != NULL) {
    sio__listeners_outgoing(socket, broadcast->event, broadcast->args);
    if (socket->client == NULL)
      return SIO_ERR_DISCONNECTED;
  }
  if (!has_room(socket, broadcast))
    return SIO_ERR_LIMIT;
  sio__recovery_keep_for(socket, broadcast->offset, broadcast->parts,
                         broadcast->n);
  if (sio__recovery_holds(socket))
    return 0; /* behind what it has missed */
  broadcast->sent = 1;
  if (!sio__session_send_parts(session, broadcast->parts, broadcast->n))
    return SIO_ERR_DISCONNECTED;
  return answer_of(socket);
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
  struct encoded encoded = take_encoded(ns->server);
  int rv;

  broadcast->args = args_of(body, &encoded);
  rv = send_to_selected(ns, broadcast);
  put_back(ns->server, &encoded);
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
  if (share(server, body, send_flags(target), broadcast->parts, n)) {
    if (server->options.output_policy != SIO_OUTPUT_CUT) {
      for (size_t i = 0; i < n; i++)
        broadcast->bytes += broadcast->parts[i].chunk->len;
    }
    rv = sio__listeners_wants_outgoing(ns) ? send_watched(ns, broadcast, body)
                                           : send_to_selected(ns, broadcast);
    if (is_sent(rv))
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

/* To the sockets of one namespace. */
static int emit_within(struct sio_ns *ns, const sio_target *target,
                       const char *event, struct sio__body *body,
                       struct sio__gather *gather)
{
  struct broadcast broadcast = {.n = sio__body_messages(ns->server, body),
                                .target = target,
                                .gather = gather,
                                .event = sio_s(event)};
  struct sio__stamp stamp;
  int rv;

  if (gather != NULL)
    broadcast.id = ns->next_ack++;
  else if (ns->recovery != NULL)
    stamp_it(ns, &broadcast, body, &stamp);
  rv = sio__body_encode(ns->server, body, sio__ns_str(ns), event,
                        gather != NULL, broadcast.id);
  return rv == 0 ? send_encoded(ns, &broadcast, body) : rv;
}

/* To one that may come back for what it misses. */
static int emit_to_lifeline(const sio_target *target, const char *event,
                            struct sio__body *body)
{
  struct sio_socket *socket = target->only;

  if ((target->flags & TARGET_VOLATILE) == 0)
    return emit_within(socket->ns, target, event, body, NULL);
  if (sio__recovery_holds(socket))
    return SIO_DROPPED; /* it would overtake what was missed */
  sio__recovery_stamp_volatile(socket->ns, body);
  return send_to_one(target, event, body, false, 0);
}

static int emit_to_one(const sio_target *target, const char *event,
                       struct sio__body *body)
{
  if (target->only->client == NULL)
    return SIO_ERR_DISCONNECTED;
  if (target->done != NULL)
    return gather_one(target, event, body);
  if (target->response != NULL)
    return ask_one(target, event, body);
  if (target->only->lifeline != NULL)
    return emit_to_lifeline(target, event, body);
  return send_to_one(target, event, body, false, 0);
}

static int emit_to_many(const sio_target *target, const char *event,
                        struct sio__body *body)
{
  struct sio__gather *gather = NULL;
  struct sio_ns *ns = NULL;
  int rv = 0;

  if (target->ns->is_parent) /* what is wrong is told, even without children */
    rv = sio__body_encode(target->ns->server, body, sio__ns_str(target->ns),
                          event, false, 0);
  if (rv == 0 && target->done != NULL) {
    gather = sio__gather_new(target);
    rv = gather != NULL ? 0 : SIO_ERR_NOMEM;
  }
  while (rv == 0 && (ns = sio__target_next_ns(target, ns)) != NULL)
    rv = emit_within(ns, target, event, body, gather);
  if (gather != NULL && rv == 0)
    sio__gather_begin(gather, target->timeout_ms);
  else if (gather != NULL)
    sio__gather_cancel(gather);
  return rv;
}

/* ---- All forms ---- */

static int emit(const sio_target *target, const char *event,
                struct sio__body *body)
{
  struct sio_server *server;
  int rv;

  if (event == NULL)
    return SIO_ERR_INVALID;
  if (target->error != 0)
    return target->error;
  server = target->ns->server;
  if (server->freed)
    return target->only != NULL ? SIO_ERR_DISCONNECTED : SIO_ERR_CLOSED;
  if (sio__event_is_reserved(sio_s(event)))
    return SIO_ERR_RESERVED;
  sio__engine_enter(&server->engine);
  rv = target->only != NULL ? emit_to_one(target, event, body)
                            : emit_to_many(target, event, body);
  sio__engine_leave(&server->engine);
  return rv;
}

int sio_emitf(sio_target target, const char *event, const char *format, ...)
{
  struct sio__body body = {.kind = BODY_FORMAT, .format = format};
  va_list args;
  int rv;

  va_start(args, format);
  body.list = &args;
  rv = emit(&target, event, &body);
  va_end(args);
  return rv;
}

int sio_emit_json(sio_target target, const char *event, sio_str json)
{
  struct sio__body body = {.kind = BODY_JSON, .json = json};

  return emit(&target, event, &body);
}

int sio_emit_payload(sio_target target, const char *event,
                     const sio_payload *payload)
{
  struct sio__body body = {.kind = BODY_PAYLOAD, .payload = payload};

  return emit(&target, event, &body);
}

int sio_emit_args(sio_target target, const char *event, const sio_args *args)
{
  struct sio__body body = {.kind = BODY_ARGS, .args = args};

  return emit(&target, event, &body);
}

static const char message[] = "message";

int sio_sendf(sio_target target, const char *format, ...)
{
  struct sio__body body = {.kind = BODY_FORMAT, .format = format};
  va_list args;
  int rv;

  va_start(args, format);
  body.list = &args;
  rv = emit(&target, message, &body);
  va_end(args);
  return rv;
}

int sio_send_json(sio_target target, sio_str json)
{
  return sio_emit_json(target, message, json);
}

int sio_send_payload(sio_target target, const sio_payload *payload)
{
  return sio_emit_payload(target, message, payload);
}

int sio_send_args(sio_target target, const sio_args *args)
{
  return sio_emit_args(target, message, args);
}
