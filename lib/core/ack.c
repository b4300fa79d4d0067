/* SPDX-License-Identifier: MIT */
/* Acknowledgements: those that clients asked for, and those that they owe. */
#include "core/body.h"

#include "base/mem.h"
#include "core/cluster.h"
#include "core/drain.h"
#include "core/gather.h"

enum { MAX_SPARE = 64 }; /* handles of each kind that are kept for reuse */

/* ---- Answers that the host gives ---- */

static struct sio_ack *make(struct sio_server *server)
{
  struct sio_ack *ack = server->spare_acks;

  if (ack != NULL) {
    server->spare_acks = ack->next_spare;
    server->n_spare_acks--;
  } else {
    ack = sio__mem_alloc(&server->mem, sizeof *ack);
    if (ack == NULL)
      return NULL;
  }
  memset(ack, 0, sizeof *ack);
  ack->refs = 1;
  return ack;
}

struct sio_ack *sio__ack_new(struct sio_socket *socket, uint64_t id)
{
  struct sio_ack *ack = make(socket->ns->server);

  if (ack == NULL)
    return NULL;
  ack->id = id;
  ack->socket = sio_socket_retain(socket);
  return ack;
}

struct sio_ack *sio__ack_for_node(struct sio_server *server,
                                  struct sio__origin *origin)
{
  struct sio_ack *ack = make(server);

  if (ack != NULL)
    ack->origin = origin;
  else
    sio__origin_free(origin);
  return ack;
}

struct sio_server *sio__ack_server(const struct sio_ack *ack)
{
  return ack->socket != NULL ? ack->socket->ns->server
                             : ack->origin->ns->server;
}

sio_socket *sio_ack_socket(const sio_ack *ack)
{
  return ack->socket;
}

sio_ack *sio_ack_retain(sio_ack *ack)
{
  if (ack != NULL)
    ack->refs++;
  return ack;
}

void sio_ack_release(sio_ack *ack)
{
  struct sio_socket *socket;
  struct sio__origin *origin;
  struct sio_server *server;

  if (ack == NULL || --ack->refs > 0)
    return;
  socket = ack->socket;
  origin = ack->origin;
  server = sio__ack_server(ack);
  if (server->n_spare_acks < MAX_SPARE && !server->freed) {
    ack->next_spare = server->spare_acks;
    server->spare_acks = ack;
    server->n_spare_acks++;
  } else {
    sio__mem_free(&server->mem, ack, sizeof *ack);
  }
  sio_socket_release(socket);
  if (origin != NULL)
    sio__origin_free(origin);
}

static const sio_str no_event = {NULL, 0};

/* Another node has asked. */
static int answer_node(struct sio_ack *ack, struct sio__body *body)
{
  const struct sio__origin *origin = ack->origin;
  struct sio_server *server = origin->ns->server;
  int rv;

  if (!origin->ns->opened)
    return SIO_ERR_DISCONNECTED;
  sio__engine_enter(&server->engine);
  rv = sio__body_encode(server, body, sio__ns_str(origin->ns), no_event, false,
                        0);
  if (rv == 0) {
    ack->answered = true;
    rv = sio__origin_answer_body(origin, SIO_ANSWER_EVENT, body);
  }
  sio__engine_leave(&server->engine);
  return rv;
}

static int answer(struct sio_ack *ack, struct sio__body *body)
{
  struct sio_socket *socket;
  struct sio_server *server;
  int rv;

  if (ack == NULL)
    return 0;
  if (ack->answered)
    return SIO_ERR_STATE;
  socket = ack->socket;
  if (socket == NULL)
    return answer_node(ack, body);
  server = socket->ns->server;
  if (socket->client == NULL)
    return SIO_ERR_DISCONNECTED;
  sio__engine_enter(&server->engine);
  rv = sio__body_encode(server, body, sio__ns_str(socket->ns), no_event, true,
                        ack->id);
  if (rv == 0 && !sio__drain_has_room_for(socket, body))
    rv = SIO_ERR_LIMIT;
  if (rv == 0) {
    ack->answered = true;
    rv = sio__body_send(socket->client, body, 0);
    if (rv == 0)
      socket->ns->metrics.acks_out++;
    if (rv == SIO_ERR_LIMIT) {
      ack->answered = false;
      sio__drain_refuse(socket);
    }
  }
  sio__engine_leave(&server->engine);
  return rv;
}

int sio_ackf(sio_ack *ack, const char *format, ...)
{
  struct sio__body body = {.kind = BODY_FORMAT, .format = format};
  va_list args;
  int rv;

  va_start(args, format);
  body.list = &args;
  rv = answer(ack, &body);
  va_end(args);
  return rv;
}

int sio_ack_json(sio_ack *ack, sio_str json)
{
  struct sio__body body = {.kind = BODY_JSON, .json = json};

  return answer(ack, &body);
}

int sio_ack_payload(sio_ack *ack, const sio_payload *payload)
{
  struct sio__body body = {.kind = BODY_PAYLOAD, .payload = payload};

  return answer(ack, &body);
}

int sio_ack_args(sio_ack *ack, const sio_args *args)
{
  struct sio__body body = {.kind = BODY_ARGS, .args = args};

  return answer(ack, &body);
}

/* ---- Answers that clients owe ---- */

/* Where the answer of a socket is found.  Whoever gets a broadcast is asked by
 * the same id, so that the id alone would put all of them in one place. */
static uint64_t key_of(const struct sio_socket *socket, uint64_t id)
{
  return id + (((uintptr_t)socket * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

/* Take it off all lists. */
static void unlink_pending(struct sio__pending *pending)
{
  sio__timer_stop(&pending->timer);
  sio__list_remove(&pending->link);
  sio__map_remove(&pending->socket->ns->pending, &pending->node);
  pending->socket->n_pending--;
}

static void free_pending(struct sio__pending *pending)
{
  struct sio_socket *socket = pending->socket;
  struct sio_server *server = socket->ns->server;

  if (server->n_spare_pendings < MAX_SPARE && !server->freed) {
    pending->next_spare = server->spare_pendings;
    server->spare_pendings = pending;
    server->n_spare_pendings++;
  } else {
    sio__mem_free(&server->mem, pending, sizeof *pending);
  }
  sio_socket_release(socket);
}

static void complete(struct sio__pending *pending, int status,
                     const sio_args *args)
{
  struct sio_socket *socket = pending->socket;
  struct sio_args none;

  unlink_pending(pending);
  sio__document_init(&none.document, NULL, 0, &socket->ns->server->mem);
  if (args == NULL)
    args = &none;
  if (pending->gather != NULL)
    sio__gather_settle(pending->gather, socket, status, args);
  else
    pending->fn(socket, status, args, pending->user);
  free_pending(pending);
}

static void on_timeout(struct sio__timer *timer)
{
  struct sio__pending *pending =
      SIO__CONTAINER(timer, struct sio__pending, timer);

  pending->socket->ns->metrics.ack_timeouts++;
  complete(pending, SIO_ERR_TIMEOUT, NULL);
}

int sio__pending_new(struct sio_socket *socket, uint64_t id,
                     const sio_target *target, struct sio__gather *gather)
{
  struct sio_ns *ns = socket->ns;
  struct sio_server *server = ns->server;
  struct sio__pending *pending = server->spare_pendings;

  if (socket->n_pending >= server->options.max_pending_acks)
    return SIO_ERR_LIMIT;
  if (pending != NULL) {
    server->spare_pendings = pending->next_spare;
    server->n_spare_pendings--;
  } else {
    pending = sio__mem_alloc(&server->mem, sizeof *pending);
    if (pending == NULL)
      return SIO_ERR_NOMEM;
  }
  pending->socket = sio_socket_retain(socket);
  pending->next_spare = NULL;
  pending->gather = gather;
  sio__timer_init(&pending->timer, on_timeout);
  if (gather != NULL) {
    sio__list_insert(&gather->owed, &pending->timer.link);
  } else {
    pending->fn = target->response;
    pending->user = target->response_user;
    if (target->timeout_ms != SIO_NEVER)
      sio__timer_start(&server->engine.clock, &pending->timer,
                       target->timeout_ms);
  }
  sio__list_insert(&socket->pending, &pending->link);
  sio__map_insert(&ns->pending, &pending->node, key_of(socket, id));
  socket->n_pending++;
  return 0;
}

static struct sio__pending *find_pending(const struct sio_socket *socket,
                                         uint64_t id)
{
  struct sio__map_node *node =
      sio__map_first(&socket->ns->pending, key_of(socket, id));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__pending *pending =
        SIO__CONTAINER(node, struct sio__pending, node);

    if (pending->socket == socket)
      return pending;
  }
  return NULL;
}

bool sio__pending_is_expected(const struct sio_socket *socket, uint64_t id)
{
  return find_pending(socket, id) != NULL;
}

void sio__pending_cancel(struct sio_socket *socket, uint64_t id)
{
  struct sio__pending *pending = find_pending(socket, id);

  if (pending != NULL)
    sio__pending_drop(pending);
}

void sio__pending_drop(struct sio__pending *pending)
{
  unlink_pending(pending);
  free_pending(pending);
}

void sio__pending_answer(struct sio_socket *socket, uint64_t id,
                         const sio_args *args)
{
  struct sio__pending *pending = find_pending(socket, id);

  if (pending == NULL)
    return;
  socket->ns->metrics.acks_in++;
  complete(pending, 0, args);
}

void sio__pending_fail_all(struct sio_socket *socket)
{
  while (!sio__list_is_empty(&socket->pending))
    complete(SIO__CONTAINER(socket->pending.next, struct sio__pending, link),
             SIO_ERR_DISCONNECTED, NULL);
}

void sio__acks_dispose(struct sio_server *server)
{
  struct sio_ack *ack;
  struct sio__pending *pending;

  while ((ack = server->spare_acks) != NULL) {
    server->spare_acks = ack->next_spare;
    sio__mem_free(&server->mem, ack, sizeof *ack);
  }
  while ((pending = server->spare_pendings) != NULL) {
    server->spare_pendings = pending->next_spare;
    sio__mem_free(&server->mem, pending, sizeof *pending);
  }
}
