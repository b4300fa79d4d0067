/* SPDX-License-Identifier: MIT */
/* What has been asked of other nodes, and what they answer. */
#include "core/question.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "core/describe.h"
#include "core/gather.h"
#include "core/inbox.h"

static uint64_t hash_of(const struct sio_server *server, sio_str id)
{
  return sio__hash(&server->engine.seed, id.data, id.len);
}

static struct sio__question *find(const struct sio_server *server, sio_str id)
{
  struct sio__map_node *node;

  if (id.len != SIO__ID_LEN)
    return NULL;
  node = sio__map_first(&server->cluster.questions, hash_of(server, id));
  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__question *question =
        SIO__CONTAINER(node, struct sio__question, node);

    if (sio_str_is(id, question->id))
      return question;
  }
  return NULL;
}

/* ---- Asking ---- */

int sio__question_new(struct sio_server *server, struct sio__gather *gather,
                      sio_operation_type type, char id[SIO__ID_LEN + 1])
{
  struct sio__question *question;

  if (sio__ids_next(&server->engine.ids, id) != 0)
    return SIO_ERR_RANDOM;
  question = sio__mem_zalloc(&server->mem, sizeof *question);
  if (question == NULL)
    return SIO_ERR_NOMEM;
  question->gather = gather;
  question->server = server;
  question->type = type;
  memcpy(question->id, id, sizeof question->id);
  sio__list_insert(&gather->questions, &question->link);
  sio__map_insert(&server->cluster.questions, &question->node,
                  hash_of(server, sio_s(id)));
  return 0;
}

void sio__question_drop(struct sio__question *question)
{
  struct sio_server *server = question->server;

  sio__map_remove(&server->cluster.questions, &question->node);
  sio__list_remove(&question->link);
  sio__mem_free(&server->mem, question, sizeof *question);
}

/* It will not be answered; its round may be over. */
static void give_up(struct sio__question *question, int error)
{
  struct sio__gather *gather = question->gather;

  sio__gather_hold(gather);
  gather->error = error;
  sio__question_drop(question);
  sio__gather_let_go(gather);
}

void sio__question_fail(struct sio_server *server, sio_str id, int error)
{
  struct sio__question *question = find(server, id);

  if (question != NULL)
    give_up(question, error);
}

void sio__questions_end(struct sio_server *server)
{
  struct sio__map_node *node;

  while ((node = sio__map_any(&server->cluster.questions)) != NULL)
    give_up(SIO__CONTAINER(node, struct sio__question, node),
            SIO_ERR_DISCONNECTED);
}

/* ---- Answers ---- */

/* Forget it if nothing is open any more. */
static void settle(struct sio__question *question)
{
  if (question->counted && question->heard >= question->nodes &&
      question->settled >= question->clients)
    sio__question_drop(question);
}

static void expect(struct sio__question *question, uint64_t nodes)
{
  if (nodes < question->heard)
    nodes = question->heard;
  if (question->type != SIO_OPERATION_EMIT)
    question->gather->asked += (size_t)(nodes - question->nodes);
  question->nodes = nodes;
  question->counted = true;
  settle(question);
}

int sio_adapter_expect(sio_server *server, sio_str request, uint64_t nodes)
{
  struct sio__question *question = find(server, request);
  struct sio__gather *gather;

  if (question == NULL)
    return SIO_ERR_NOT_FOUND;
  sio__engine_enter(&server->engine);
  gather = question->gather;
  sio__gather_hold(gather);
  expect(question, nodes);
  sio__gather_let_go(gather);
  sio__engine_leave(&server->engine);
  return 0;
}

/* One more node has answered. */
static int hear(struct sio__question *question)
{
  struct sio__gather *gather = question->gather;

  if (question->counted && question->heard == question->nodes)
    return SIO_ERR_STATE;
  question->heard++;
  if (!question->counted) {
    question->nodes++;
    if (question->type != SIO_OPERATION_EMIT)
      gather->asked++;
  }
  if (question->type != SIO_OPERATION_EMIT)
    gather->answered++;
  return 0;
}

static int hear_asked(struct sio__question *question, uint64_t count)
{
  int rv = hear(question);

  if (rv != 0)
    return rv;
  question->clients += count;
  question->gather->asked += (size_t)count;
  return 0;
}

/* So many clients have answered or will not. */
static int hear_clients(struct sio__question *question, uint64_t count,
                        bool lost)
{
  if (count > question->clients - question->settled)
    return SIO_ERR_STATE;
  question->settled += count;
  if (lost)
    question->gather->left += (size_t)count;
  else
    question->gather->answered += (size_t)count;
  return 0;
}

/* Whether this can be the answer to that. */
static bool fits(const struct sio__question *question, const sio_answer *answer)
{
  switch (answer->type) {
  case SIO_ANSWER_ASKED:
  case SIO_ANSWER_ACK:
  case SIO_ANSWER_LOST:
    return question->type == SIO_OPERATION_EMIT && answer->count <= UINT32_MAX;
  case SIO_ANSWER_SOCKETS:
    return question->type == SIO_OPERATION_FETCH;
  case SIO_ANSWER_EVENT:
    return question->type == SIO_OPERATION_EVENT;
  default:
    return false;
  }
}

static int count(struct sio__question *question, const sio_answer *answer)
{
  switch (answer->type) {
  case SIO_ANSWER_ASKED:
    return hear_asked(question, answer->count);
  case SIO_ANSWER_ACK:
    return hear_clients(question, 1, false);
  case SIO_ANSWER_LOST:
    return hear_clients(question, answer->count, true);
  default:
    return hear(question);
  }
}

/* Show what is in an answer; the question may be gone. */
static void show(struct sio__gather *gather, sio_answer_type type,
                 sio_args *args)
{
  if (type == SIO_ANSWER_SOCKETS)
    sio__gather_show_sockets(gather, &args->document);
  else if (type == SIO_ANSWER_ACK || type == SIO_ANSWER_EVENT)
    sio__gather_show(gather, args);
}

/* The answer has been checked but for `data`. */
static int take_answer(struct sio__question *question, const sio_answer *answer)
{
  struct sio_server *server = question->server;
  struct sio__gather *gather = question->gather;
  struct sio__inbox inbox;
  int rv = sio__inbox_open(&inbox, server, answer->data, answer->attachments,
                           answer->n_attachments);

  if (rv != 0)
    return rv;
  if (answer->type == SIO_ANSWER_SOCKETS)
    rv = sio__described_check(&inbox.args.document);
  if (rv == 0)
    rv = count(question, answer);
  if (rv == 0) {
    sio__gather_hold(gather);
    settle(question);
    show(gather, answer->type, &inbox.args);
    sio__gather_let_go(gather);
  }
  sio__inbox_close(&inbox, server);
  return rv;
}

int sio_adapter_answer(sio_server *server, const sio_answer *given)
{
  static const sio_answer none = {.size = 0};
  sio_answer answer;
  struct sio__question *question;
  int rv;

  if (given == NULL || given->size < sizeof given->size)
    return SIO_ERR_INVALID;
  sio__versioned_complete(&answer, given, &none, sizeof answer);
  question = find(server, answer.request);
  if (question == NULL)
    return SIO_ERR_NOT_FOUND;
  if (!fits(question, &answer))
    return SIO_ERR_INVALID;
  sio__engine_enter(&server->engine);
  rv = take_answer(question, &answer);
  sio__engine_leave(&server->engine);
  return rv;
}
