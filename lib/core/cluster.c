/* SPDX-License-Identifier: MIT */
/* Telling other nodes what is to be done, and answering them. */
#include "core/cluster.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "core/emitting.h"
#include "core/gather.h"
#include "core/namespace.h"
#include "core/question.h"

/* ---- Structs of the interface ---- */

void sio_operation_init_sized(sio_operation *operation, size_t size)
{
  sio__versioned_init(operation, size, NULL, 0);
}

void sio_answer_init_sized(sio_answer *answer, size_t size)
{
  sio__versioned_init(answer, size, NULL, 0);
}

/* ---- Operations ---- */

static void complain(struct sio_ns *ns, const char *what, int error)
{
  sio__engine_log(&ns->server->engine, SIO_LOG_WARN, "adapter", 0,
                  "%s: cannot %s: %s", ns->name, what, sio_strerror(error));
}

/* Publish what is complete but for namespace and request. */
static int publish(struct sio_ns *ns, sio_operation *operation,
                   struct sio__gather *gather)
{
  const struct sio__cluster *cluster = &ns->server->cluster;
  char id[SIO__ID_LEN + 1];
  int rv;

  if (cluster->ops.publish == NULL)
    return 0;
  operation->ns = sio__ns_str(ns);
  if (gather != NULL) {
    rv = sio__question_new(ns->server, gather, operation->type, id);
    if (rv != 0)
      return rv;
    operation->request = sio_s(id);
  }
  rv = cluster->ops.publish(ns, operation, cluster->user);
  if (rv >= 0)
    return 0;
  complain(ns, "publish", rv);
  if (gather != NULL)
    sio__question_fail(ns->server, operation->request, rv);
  return 0;
}

/* Fill in whom an operation is about. */
static int address(sio_operation *operation, struct sio__selected *selected,
                   const sio_target *target)
{
  int rv = sio__select(selected, target);

  operation->rooms = selected->selection.rooms;
  operation->n_rooms = selected->selection.n_rooms;
  operation->except = selected->selection.except;
  operation->n_except = selected->selection.n_except;
  return rv;
}

static uint32_t flags_of(const sio_target *target)
{
  uint32_t flags = 0;

  if ((target->flags & TARGET_VOLATILE) != 0)
    flags |= SIO_OPERATION_VOLATILE;
  if ((target->flags & TARGET_UNCOMPRESSED) != 0)
    flags |= SIO_OPERATION_UNCOMPRESSED;
  return flags;
}

int sio__cluster_emit(struct sio_ns *ns, const sio_target *target,
                      const struct sio__body *body, struct sio__gather *gather)
{
  struct sio_server *server = ns->server;
  struct sio__encoded encoded = sio__encoded_take(server);
  sio_span packet = {encoded.packet.data, encoded.packet.len};
  sio_operation operation = {.size = sizeof operation};
  struct sio__selected selected;
  struct sio__spans spans;
  int rv = sio__spans_take(&spans, body, &server->mem);

  if (rv != 0)
    goto put_back;
  rv = address(&operation, &selected, target);
  if (rv != 0)
    goto drop_spans;
  operation.type = (target->flags & TARGET_NODES) != 0 ? SIO_OPERATION_EVENT
                                                       : SIO_OPERATION_EMIT;
  operation.flags = flags_of(target);
  operation.data = sio__body_data(body, packet);
  operation.attachments = spans.all;
  operation.n_attachments = spans.n;
  operation.timeout_ms = gather != NULL ? target->timeout_ms : 0;
  rv = publish(ns, &operation, gather);
  sio__selected_dispose(&selected, &server->mem);
drop_spans:
  sio__spans_dispose(&spans, &server->mem);
put_back:
  sio__encoded_put_back(server, &encoded);
  return rv;
}

int sio__cluster_tell(const sio_target *target, sio_operation *operation,
                      struct sio__gather *gather)
{
  struct sio__selected selected;
  struct sio_ns *ns = NULL;
  int rv;

  if (target->ns->server->cluster.ops.size == 0 || target->only != NULL ||
      (target->flags & TARGET_LOCAL) != 0)
    return 0;
  rv = address(operation, &selected, target);
  if (rv != 0)
    return rv;
  while (rv == 0 && (ns = sio__target_next_ns(target, ns)) != NULL) {
    if (sio__cluster_reaches(ns, target))
      rv = publish(ns, operation, gather);
  }
  sio__selected_dispose(&selected, &target->ns->server->mem);
  return rv;
}

/* ---- Answers to other nodes ---- */

struct sio__origin *sio__origin_new(struct sio_ns *ns, sio_str request)
{
  struct sio__origin *origin =
      sio__mem_alloc(&ns->server->mem, sizeof *origin + request.len);

  if (origin == NULL)
    return NULL;
  sio__server_ref(ns->server);
  origin->ns = sio__ns_ref(ns);
  origin->len = request.len;
  memcpy(origin->request, request.data, request.len);
  return origin;
}

void sio__origin_free(struct sio__origin *origin)
{
  struct sio_ns *ns = origin->ns;
  struct sio_server *server = ns->server;

  sio__mem_free(&server->mem, origin, sizeof *origin + origin->len);
  sio__ns_unref(ns);
  sio__server_unref(server);
}

void sio__origin_answer(const struct sio__origin *origin, sio_answer *answer)
{
  struct sio_ns *ns = origin->ns;
  const struct sio__cluster *cluster = &ns->server->cluster;
  int rv;

  if (!ns->opened || cluster->ops.answer == NULL)
    return;
  answer->size = sizeof *answer;
  answer->ns = sio__ns_str(ns);
  answer->request.data = origin->request;
  answer->request.len = origin->len;
  rv = cluster->ops.answer(ns, answer, cluster->user);
  if (rv < 0)
    complain(ns, "answer", rv);
}

int sio__origin_answer_body(const struct sio__origin *origin,
                            sio_answer_type type, const struct sio__body *body)
{
  struct sio_server *server = origin->ns->server;
  struct sio__encoded encoded = sio__encoded_take(server);
  sio_span packet = {encoded.packet.data, encoded.packet.len};
  sio_answer answer = {.type = type};
  struct sio__spans spans;
  int rv = sio__spans_take(&spans, body, &server->mem);

  if (rv == 0) {
    answer.data = sio__body_args(body, packet);
    answer.attachments = spans.all;
    answer.n_attachments = spans.n;
    sio__origin_answer(origin, &answer);
    sio__spans_dispose(&spans, &server->mem);
  }
  sio__encoded_put_back(server, &encoded);
  return rv;
}
