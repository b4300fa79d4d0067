/* SPDX-License-Identifier: MIT */
/* Emitting: all its forms, and to one socket. */
#include "core/emitting.h"

#include "core/cast.h"
#include "core/nodes.h"
#include "core/recovery.h"

/* ---- One socket ---- */

/* Whoever watches what is emitted is shown the packet that was encoded. */
static void show_packet(struct sio_socket *socket, sio_str event,
                        const struct sio__body *body)
{
  struct sio_server *server = socket->ns->server;
  struct sio__encoded encoded = sio__encoded_take(server);

  sio__listeners_outgoing(socket, event, sio__encoded_args(body, &encoded));
  sio__encoded_put_back(server, &encoded);
}

static int send_to_one(const sio_target *target, sio_str event,
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
  if (sio__is_dropped(target, socket))
    return SIO_DROPPED;
  if (!sio__drain_has_room_for(socket, body))
    return SIO_ERR_LIMIT;
  bytes = sio__body_bytes(body, server->packet.len);
  rv = sio__body_send(socket->client, body, sio__send_flags(target));
  if (rv == SIO_ERR_LIMIT)
    sio__drain_refuse(socket);
  if (rv != 0)
    return rv;
  socket->ns->metrics.events_out++;
  socket->ns->metrics.events_out_bytes += bytes;
  return sio__answer_of(socket);
}

/* The same, and an answer is expected. */
static int ask_one(const sio_target *target, sio_str event,
                   struct sio__body *body)
{
  struct sio_socket *socket = target->only;
  uint64_t id = socket->ns->next_ack;
  int rv = sio__pending_new(socket, id, target, NULL);

  if (rv != 0)
    return rv;
  socket->ns->next_ack++;
  rv = send_to_one(target, event, body, true, id);
  if (sio__is_sent(rv))
    return rv;
  if (!sio__pending_is_expected(socket, id))
    return 0; /* the socket has left meanwhile, and that was the answer */
  sio__pending_cancel(socket, id);
  return rv;
}

/* The same as a round of one. */
static int gather_one(const sio_target *target, sio_str event,
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
  if (sio__is_sent(rv))
    sio__gather_begin(gather, target->timeout_ms);
  else
    sio__gather_cancel(gather);
  return rv;
}

/* To one that may come back for what it misses. */
static int emit_to_lifeline(const sio_target *target, sio_str event,
                            struct sio__body *body)
{
  struct sio_socket *socket = target->only;

  if ((target->flags & TARGET_VOLATILE) == 0)
    return sio__cast(socket->ns, target, event, body, NULL);
  if (sio__recovery_holds(socket))
    return SIO_DROPPED; /* it would overtake what was missed */
  sio__recovery_stamp_volatile(socket->ns, body);
  return send_to_one(target, event, body, false, 0);
}

static int emit_to_one(const sio_target *target, sio_str event,
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

static int emit_to_many(const sio_target *target, sio_str event,
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
    rv = sio__cast(ns, target, event, body, gather);
  if (gather != NULL && rv == 0)
    sio__gather_begin(gather, target->timeout_ms);
  else if (gather != NULL)
    sio__gather_cancel(gather);
  return rv;
}

/* ---- All forms ---- */

static bool is_reserved(const sio_target *target, sio_str event)
{
  return (target->flags & TARGET_NODES) != 0
             ? sio__node_event_is_reserved(event)
             : sio__event_is_reserved(event);
}

static int emit(const sio_target *target, const char *name,
                struct sio__body *body)
{
  struct sio_server *server;
  sio_str event = sio_s(name);
  int rv;

  if (name == NULL)
    return SIO_ERR_INVALID;
  if (target->error != 0)
    return target->error;
  server = target->ns->server;
  if (server->freed)
    return target->only != NULL ? SIO_ERR_DISCONNECTED : SIO_ERR_CLOSED;
  if (is_reserved(target, event))
    return SIO_ERR_RESERVED;
  sio__engine_enter(&server->engine);
  rv = target->only != NULL ? emit_to_one(target, event, body)
                            : emit_to_many(target, event, body);
  sio__engine_leave(&server->engine);
  return rv;
}

static int emit_format(const sio_target *target, const char *event,
                       const char *format, va_list *args)
{
  struct sio__body body = {.kind = BODY_FORMAT, .format = format, .list = args};

  return emit(target, event, &body);
}

int sio_emitf(sio_target target, const char *event, const char *format, ...)
{
  va_list args;
  int rv;

  va_start(args, format);
  rv = emit_format(&target, event, format, &args);
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
  va_list args;
  int rv;

  va_start(args, format);
  rv = emit_format(&target, message, format, &args);
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
