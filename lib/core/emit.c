/* SPDX-License-Identifier: MIT */
/* Emitting: to one socket, or encoded once for many. */
#include "core/body.h"

#include "base/mem.h"
#include "core/gather.h"
#include "core/selection.h"

static unsigned send_flags(const sio_target *target)
{
  return (target->flags & TARGET_UNCOMPRESSED) != 0 ? SIO_SEND_UNCOMPRESSED : 0;
}

/* Whether a volatile event is lost on this session, which is counted. */
static bool is_dropped(const sio_target *target, struct sio_session *session)
{
  if ((target->flags & TARGET_VOLATILE) == 0 ||
      sio__session_is_writable(session))
    return false;
  session->engine->metrics.messages_dropped++;
  return true;
}

/* ---- One socket ---- */

/* Whoever watches what is emitted is shown the packet that was encoded. */
static void show_packet(struct sio_socket *socket, const char *event,
                        const struct sio__body *body)
{
  struct sio_server *server = socket->ns->server;
  struct sio__buf packet = server->packet;
  sio_span span = {packet.data, packet.len};

  /* They may have another one encoded meanwhile. */
  sio__buf_init(&server->packet, packet.mem, packet.max);
  sio__listeners_outgoing(socket, sio_s(event), sio__body_args(body, span));
  sio__buf_dispose(&server->packet);
  server->packet = packet;
}

static int send_to_one(const sio_target *target, const char *event,
                       struct sio__body *body, bool has_id, uint64_t id)
{
  struct sio_socket *socket = target->only;
  struct sio_server *server = socket->ns->server;
  struct sio_session *session = socket->client->session;
  int rv = sio__body_encode(server, body, sio__ns_str(socket->ns), event,
                            has_id, id);

  if (rv != 0)
    return rv;
  if (sio__listeners_wants_outgoing(socket->ns)) {
    show_packet(socket, event, body);
    if (socket->client == NULL)
      return SIO_ERR_DISCONNECTED;
  }
  if (is_dropped(target, session))
    return SIO_DROPPED;
  rv = sio__body_send(socket->client, body, send_flags(target));
  if (rv == 0 &&
      sio__session_pending(session) > server->options.high_water_bytes)
    rv = SIO_BUFFERED;
  return rv;
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

static int emit_to_one(const sio_target *target, const char *event,
                       struct sio__body *body)
{
  if (target->only->client == NULL)
    return SIO_ERR_DISCONNECTED;
  if (target->done != NULL)
    return gather_one(target, event, body);
  if (target->response != NULL)
    return ask_one(target, event, body);
  return send_to_one(target, event, body, false, 0);
}

/* ---- Many ---- */

/* A packet and its attachments, to be shared by all who get them. */
struct broadcast {
  struct sio__shared *parts;
  size_t n;
  /* Only for send_with_care(): */
  const sio_target *target;
  struct sio__gather *gather; /* NULL: no answers are wanted */
  uint64_t id;
  sio_str event;
  sio_str args; /* NULL data: nobody watches what is emitted */
};

static bool send_parts(struct sio__member *member, void *user)
{
  const struct broadcast *broadcast = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);
  struct sio_session *session = socket->client->session;

  for (size_t i = 0; i < broadcast->n; i++) {
    if (!sio__session_send_shared(session, &broadcast->parts[i]))
      break; /* that connection fails by itself */
  }
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
  if (is_dropped(broadcast->target, socket->client->session))
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
  const struct sio__buf *packet = &server->packet;

  parts[0] = sio__shared_new(&server->engine, packet->data, packet->len, flags);
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

/* The host is shown each packet, and may do anything. */
static int send_to_recipients(struct sio_ns *ns, struct broadcast *broadcast,
                              bool (*send)(struct sio__member *, void *))
{
  struct sio__recipients to;
  int rv = sio__recipients_take(&to, broadcast->target, ns);

  if (rv != 0)
    return rv;
  for (size_t i = 0; i < to.n; i++) {
    if (to.sockets[i]->client != NULL)
      (void)send(&to.sockets[i]->member, broadcast);
  }
  sio__recipients_dispose(&to, &ns->server->mem);
  return 0;
}

static int send_to_selected(struct sio_ns *ns, struct broadcast *broadcast)
{
  const struct sio__hooks *hooks = &ns->server->engine.hooks;
  const sio_target *target = broadcast->target;
  bool watched = broadcast->args.data != NULL;
  bool (*send)(struct sio__member *, void *) = send_parts;

  if (watched || broadcast->gather != NULL ||
      (target->flags & TARGET_VOLATILE) != 0)
    send = send_with_care;
  if (watched || hooks->sessions.packet_out != NULL)
    return send_to_recipients(ns, broadcast, send);
  return sio__target_each(target, ns, send, broadcast);
}

/* The packet has been encoded: send it. */
static int send_encoded(struct sio_ns *ns, struct broadcast *broadcast,
                        const struct sio__body *body)
{
  struct sio_server *server = ns->server;
  const sio_target *target = broadcast->target;
  struct sio__shared one = {.chunk = NULL};
  size_t n = broadcast->n;
  int rv;

  broadcast->parts = &one;
  if (n > 1) {
    broadcast->parts = sio__mem_zalloc(&server->mem, n * sizeof one);
    if (broadcast->parts == NULL)
      return SIO_ERR_NOMEM;
  }
  if (share(server, body, send_flags(target), broadcast->parts, n)) {
    if (sio__listeners_wants_outgoing(ns))
      broadcast->args =
          sio__body_args(body, sio__shared_packet(&broadcast->parts[0]));
    rv = send_to_selected(ns, broadcast);
  } else {
    rv = SIO_ERR_NOMEM;
  }
  for (size_t i = 0; i < n; i++)
    sio__shared_release(&broadcast->parts[i]);
  if (n > 1)
    sio__mem_free(&server->mem, broadcast->parts, n * sizeof one);
  return rv;
}

/* To the sockets of one namespace. */
static int emit_within(struct sio_ns *ns, const sio_target *target,
                       const char *event, struct sio__body *body,
                       struct sio__gather *gather)
{
  struct broadcast broadcast = {.n = 1 + sio__body_attachments(body),
                                .target = target,
                                .gather = gather,
                                .event = sio_s(event)};
  int rv;

  if (gather != NULL)
    broadcast.id = ns->next_ack++;
  rv = sio__body_encode(ns->server, body, sio__ns_str(ns), event,
                        gather != NULL, broadcast.id);
  return rv == 0 ? send_encoded(ns, &broadcast, body) : rv;
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
