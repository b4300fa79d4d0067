/* SPDX-License-Identifier: MIT */
/* What other nodes want done here.  It reaches the sockets of this node only,
 * and is never published again. */
#include "core/inbox.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "base/versioned.h"
#include "core/cast.h"
#include "core/cluster.h"
#include "core/describe.h"
#include "core/gather.h"
#include "core/nodes.h"
#include "proto/packet.h"

#include <sio/rooms.h>

enum { ROOM_NAME_MAX = 1024 };

/* ---- Checks ---- */

static int check_names(const sio_str *names, size_t n)
{
  if (n > 0 && names == NULL)
    return SIO_ERR_INVALID;
  for (size_t i = 0; i < n; i++) {
    if (names[i].len > ROOM_NAME_MAX ||
        (names[i].data == NULL && names[i].len > 0))
      return SIO_ERR_INVALID;
    if (!sio__utf8_is_valid((const uint8_t *)names[i].data, names[i].len))
      return SIO_ERR_UTF8;
  }
  return 0;
}

static int check(const sio_operation *operation)
{
  int rv = check_names(operation->rooms, operation->n_rooms);

  if (rv == 0)
    rv = check_names(operation->except, operation->n_except);
  if (rv == 0)
    rv = check_names(operation->names, operation->n_names);
  if (rv != 0 || operation->request.len == 0)
    return rv;
  if (operation->request.len > SIO_REQUEST_MAX ||
      operation->request.data == NULL || operation->timeout_ms == 0 ||
      operation->timeout_ms > UINT32_MAX)
    return SIO_ERR_INVALID;
  return 0;
}

/* ---- Events for clients ---- */

/* A client has answered. */
static void on_each(sio_socket *socket, int status, const sio_args *args,
                    void *user)
{
  const struct sio_document *document = &args->document;
  sio_answer answer = {.type = SIO_ANSWER_ACK,
                       .data = sio_args_json(args),
                       .attachments = document->attachments,
                       .n_attachments = document->n_attachments};

  (void)socket;
  (void)status; /* 0: the others are counted at the end */
  sio__origin_answer(user, &answer);
}

static void on_done(int status, size_t answered, size_t asked, void *user)
{
  sio_answer answer = {.type = SIO_ANSWER_LOST, .count = asked - answered};

  if (status != SIO_ERR_TIMEOUT && answer.count > 0)
    sio__origin_answer(user, &answer);
  sio__origin_free(user);
}

/* Emit, and have the answers go back.  Whatever happens, it is said how many
 * have been asked. */
static int emit_for(sio_target *target, sio_str event, struct sio__body *body,
                    sio_str request)
{
  struct sio__origin *origin = sio__origin_new(target->ns, request);
  sio_answer answer = {.type = SIO_ANSWER_ASKED};
  struct sio__gather *gather;
  int rv = SIO_ERR_NOMEM;

  if (origin == NULL)
    return SIO_ERR_NOMEM;
  target->response = on_each;
  target->done = on_done;
  target->response_user = origin;
  gather = sio__gather_new(target);
  if (gather != NULL)
    rv = sio__cast(target->ns, target, event, body, gather);
  if (gather != NULL && rv == 0)
    answer.count = gather->asked;
  sio__origin_answer(origin, &answer);
  if (rv == 0) {
    sio__gather_begin(gather, target->timeout_ms);
    return 0;
  }
  if (gather != NULL)
    sio__gather_cancel(gather);
  sio__origin_free(origin);
  return rv;
}

static int do_emit(sio_target *target, sio_str event, const sio_args *args,
                   const sio_operation *operation)
{
  struct sio__body body = {.kind = BODY_ARGS, .args = args};

  if (sio__event_is_reserved(event))
    return SIO_ERR_RESERVED;
  if (operation->request.len > 0)
    return emit_for(target, event, &body, operation->request);
  return sio__cast(target->ns, target, event, &body, NULL);
}

/* ---- Events of both kinds ---- */

static int do_event(sio_target *target, const sio_operation *operation,
                    struct sio__inbox *inbox)
{
  struct sio_document *all = &inbox->args.document;
  const char *end = all->text + all->len, *next;
  sio_value first = sio__value_begin(all, all->text, end, &next);
  struct sio_args rest;
  sio_str event;
  int rv;

  if (sio_value_type(first) != SIO_STRING)
    return SIO_ERR_INVALID;
  event = sio_value_str(first);
  if (event.data == NULL)
    return SIO_ERR_NOMEM;
  sio__document_init(&rest.document, next, (size_t)(end - next), all->mem);
  rest.document.attachments = all->attachments;
  rest.document.n_attachments = all->n_attachments;
  if (operation->type == SIO_OPERATION_EMIT)
    rv = do_emit(target, event, &rest, operation);
  else
    rv = sio__node_event(target->ns, event, &rest, operation->request);
  sio__document_dispose(&rest.document);
  return rv;
}

static int receive_event(sio_target *target, const sio_operation *operation)
{
  struct sio_server *server = target->ns->server;
  struct sio__inbox inbox;
  int rv = sio__inbox_open(&inbox, server, operation->data,
                           operation->attachments, operation->n_attachments);

  if (rv != 0)
    return rv;
  rv = do_event(target, operation, &inbox);
  sio__inbox_close(&inbox, server);
  return rv;
}

/* ---- Descriptions ---- */

static bool describe(sio_socket *socket, void *user)
{
  sio__describe(user, socket);
  return true;
}

static int receive_fetch(const sio_target *target, sio_str request)
{
  struct sio_server *server = target->ns->server;
  struct sio__origin *origin;
  sio_answer answer = {.type = SIO_ANSWER_SOCKETS};
  sio_payload payload;
  int rv;

  if (request.len == 0)
    return SIO_ERR_INVALID;
  origin = sio__origin_new(target->ns, request);
  if (origin == NULL)
    return SIO_ERR_NOMEM;
  sio__payload_init(&payload, &server->mem, SIO__DESCRIBED_MAX);
  rv = sio_each(*target, describe, &payload);
  if (rv == 0)
    rv = sio__payload_check(&payload);
  if (rv == 0) {
    answer.data.data = (const char *)payload.json.data;
    answer.data.len = payload.json.len;
  }
  sio__origin_answer(origin, &answer); /* of nobody, if that has failed */
  sio__payload_dispose(&payload);
  sio__origin_free(origin);
  return rv;
}

/* ---- All ---- */

static sio_target target_of(struct sio_ns *ns, const sio_operation *operation)
{
  sio_target target = sio_local(sio_everyone(ns));

  target.more_rooms = operation->rooms;
  target.n_more_rooms = operation->n_rooms;
  target.more_except = operation->except;
  target.n_more_except = operation->n_except;
  target.timeout_ms = operation->timeout_ms;
  if ((operation->flags & SIO_OPERATION_VOLATILE) != 0)
    target = sio_volatile(target);
  if ((operation->flags & SIO_OPERATION_UNCOMPRESSED) != 0)
    target = sio_uncompressed(target);
  return target;
}

static int receive(struct sio_ns *ns, const sio_operation *operation)
{
  sio_target target = target_of(ns, operation);

  switch (operation->type) {
  case SIO_OPERATION_EMIT:
  case SIO_OPERATION_EVENT:
    return receive_event(&target, operation);
  case SIO_OPERATION_JOIN:
    return sio_sockets_join(target, operation->names, operation->n_names);
  case SIO_OPERATION_LEAVE:
    return sio_sockets_leave(target, operation->names, operation->n_names);
  case SIO_OPERATION_DISCONNECT:
    return sio_sockets_disconnect(
        target, (operation->flags & SIO_OPERATION_CLOSE) != 0);
  case SIO_OPERATION_FETCH:
    return receive_fetch(&target, operation->request);
  default:
    return SIO_ERR_INVALID;
  }
}

int sio_adapter_receive(sio_server *server, const sio_operation *given)
{
  static const sio_operation none = {.size = 0};
  sio_operation operation;
  struct sio_ns *ns;
  int rv;

  if (given == NULL || given->size < sizeof given->size)
    return SIO_ERR_INVALID;
  if (server->cluster.ops.size == 0)
    return SIO_ERR_STATE;
  sio__versioned_complete(&operation, given, &none, sizeof operation);
  if (operation.ns.data == NULL || operation.ns.len == 0)
    return SIO_ERR_NOT_FOUND;
  rv = check(&operation);
  if (rv != 0)
    return rv;
  ns = sio__ns_find(server, operation.ns);
  if (ns == NULL || !ns->opened)
    return SIO_ERR_NOT_FOUND;
  sio__engine_enter(&server->engine);
  rv = receive(ns, &operation);
  sio__engine_leave(&server->engine);
  return rv;
}
