/* SPDX-License-Identifier: MIT */
/* Emitting: to one socket, or encoded once for many. */
#include "core/body.h"

#include "base/mem.h"
#include "core/selection.h"

/* ---- One socket ---- */

static int emit_to_one(const sio_target *target, const char *event,
                       const struct sio__body *body)
{
  struct sio_socket *socket = target->only;
  struct sio_server *server = socket->ns->server;
  bool wants_ack = target->response != NULL;
  uint64_t id = 0;
  int rv = 0;

  if (socket->client == NULL)
    return SIO_ERR_DISCONNECTED;
  if (wants_ack)
    rv = sio__pending_new(socket, target, &id);
  if (rv != 0)
    return rv;
  rv = sio__body_encode(server, body, sio__ns_str(socket->ns), event, wants_ack,
                        id);
  if (rv == 0)
    rv = sio__body_send(socket->client, body);
  if (rv != 0 && wants_ack)
    sio__pending_cancel(socket, id);
  return rv;
}

/* ---- Many ---- */

/* A packet and its attachments, to be shared by all who get them. */
struct broadcast {
  struct sio__shared *parts;
  size_t n;
};

static bool deliver(struct sio__member *member, void *user)
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

static bool share(struct sio_server *server, const struct sio__body *body,
                  struct sio__shared *parts, size_t n)
{
  const struct sio__buf *packet = &server->packet;

  parts[0] = sio__shared_new(&server->engine, packet->data, packet->len, 0);
  if (parts[0].chunk == NULL)
    return false;
  for (size_t i = 1; i < n; i++) {
    sio_span data = sio__body_attachment(body, i - 1);

    parts[i] =
        sio__shared_new(&server->engine, data.data, data.len, SIO_SEND_BINARY);
    if (parts[i].chunk == NULL)
      return false;
  }
  return true;
}

/* Those who are selected now: what is done with them may change rooms. */
struct snapshot {
  struct sio_socket **sockets;
  size_t n, cap;
};

static bool remember(struct sio__member *member, void *user)
{
  struct snapshot *snapshot = user;
  struct sio_socket *socket = SIO__CONTAINER(member, struct sio_socket, member);

  snapshot->sockets[snapshot->n++] = sio_socket_retain(socket);
  return true;
}

/* 0 or SIO_ERR_NOMEM; each socket is to be released, then the memory. */
static int take_snapshot(const sio_target *target, struct snapshot *snapshot)
{
  const sio_allocator *mem = &target->ns->server->mem;
  struct sio__selected selected;

  snapshot->n = 0;
  snapshot->cap = target->ns->rooms.n_all;
  snapshot->sockets = NULL;
  if (snapshot->cap == 0)
    return 0;
  snapshot->sockets =
      sio__mem_alloc(mem, snapshot->cap * sizeof *snapshot->sockets);
  if (snapshot->sockets == NULL)
    return SIO_ERR_NOMEM;
  if (sio__select(&selected, target) != 0) {
    sio__mem_free(mem, snapshot->sockets,
                  snapshot->cap * sizeof *snapshot->sockets);
    return SIO_ERR_NOMEM;
  }
  sio__rooms_each(&target->ns->rooms, &selected.selection, remember, snapshot);
  sio__selected_dispose(&selected, mem);
  return 0;
}

/* The host is shown each packet, and may do anything. */
static int send_to_snapshot(const sio_target *target,
                            struct broadcast *broadcast)
{
  struct snapshot snapshot;
  int rv = take_snapshot(target, &snapshot);

  if (rv != 0)
    return rv;
  for (size_t i = 0; i < snapshot.n; i++) {
    if (snapshot.sockets[i]->client != NULL)
      (void)deliver(&snapshot.sockets[i]->member, broadcast);
    sio_socket_release(snapshot.sockets[i]);
  }
  sio__mem_free(&target->ns->server->mem, snapshot.sockets,
                snapshot.cap * sizeof *snapshot.sockets);
  return 0;
}

static int send_to_selected(const sio_target *target,
                            struct broadcast *broadcast)
{
  struct sio_server *server = target->ns->server;
  struct sio__selected selected;
  int rv;

  if (server->engine.hooks.sessions.packet_out != NULL)
    return send_to_snapshot(target, broadcast);
  rv = sio__select(&selected, target);
  if (rv != 0)
    return rv;
  sio__rooms_each(&target->ns->rooms, &selected.selection, deliver, broadcast);
  sio__selected_dispose(&selected, &server->mem);
  return 0;
}

static int emit_to_many(const sio_target *target, const char *event,
                        const struct sio__body *body)
{
  struct sio_server *server = target->ns->server;
  size_t n = 1 + sio__body_attachments(body);
  struct sio__shared one = {.chunk = NULL};
  struct broadcast broadcast = {&one, n};
  int rv =
      sio__body_encode(server, body, sio__ns_str(target->ns), event, false, 0);

  if (rv != 0)
    return rv;
  if (n > 1) {
    broadcast.parts = sio__mem_zalloc(&server->mem, n * sizeof one);
    if (broadcast.parts == NULL)
      return SIO_ERR_NOMEM;
  }
  rv = share(server, body, broadcast.parts, n)
           ? send_to_selected(target, &broadcast)
           : SIO_ERR_NOMEM;
  for (size_t i = 0; i < n; i++)
    sio__shared_release(&broadcast.parts[i]);
  if (n > 1)
    sio__mem_free(&server->mem, broadcast.parts, n * sizeof one);
  return rv;
}

/* ---- All forms ---- */

static int emit(const sio_target *target, const char *event,
                const struct sio__body *body)
{
  struct sio_server *server = target->ns->server;
  int rv;

  if (event == NULL)
    return SIO_ERR_INVALID;
  if (target->error != 0)
    return target->error;
  if (server->freed)
    return target->only != NULL ? SIO_ERR_DISCONNECTED : SIO_ERR_CLOSED;
  if (sio__event_is_reserved(sio_s(event)))
    return SIO_ERR_RESERVED;
  if (target->only == NULL && target->response != NULL)
    return SIO_ERR_UNSUPPORTED;
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

/* ---- Visiting ---- */

int sio_each(sio_target target, sio_each_fn fn, void *user)
{
  struct sio_server *server = target.ns->server;
  struct snapshot snapshot;
  bool more = true;
  int rv;

  if (target.error != 0)
    return target.error;
  if (target.only != NULL) {
    sio__engine_enter(&server->engine);
    if (sio__socket_is_live(target.only))
      (void)fn(target.only, user); /* there is no other to stop before */
    sio__engine_leave(&server->engine);
    return 0;
  }
  rv = take_snapshot(&target, &snapshot);
  if (rv != 0)
    return rv;
  sio__engine_enter(&server->engine);
  for (size_t i = 0; i < snapshot.n; i++) {
    if (more && sio__socket_is_live(snapshot.sockets[i]))
      more = fn(snapshot.sockets[i], user);
    sio_socket_release(snapshot.sockets[i]);
  }
  sio__mem_free(&server->mem, snapshot.sockets,
                snapshot.cap * sizeof *snapshot.sockets);
  sio__engine_leave(&server->engine);
  return 0;
}
