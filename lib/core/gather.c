/* SPDX-License-Identifier: MIT */
/* Rounds: broadcasts that ask for acknowledgements. */
#include "core/gather.h"

#include "base/mem.h"
#include "core/describe.h"

static int status_of(const struct sio__gather *gather)
{
  if (gather->late)
    return SIO_ERR_TIMEOUT;
  if (gather->error != 0)
    return gather->error;
  if (gather->unheard > 0)
    return SIO_ERR_LIMIT;
  return gather->left > 0 ? SIO_ERR_DISCONNECTED : 0;
}

static void finish(struct sio__gather *gather)
{
  struct sio__gather over = *gather; /* the host is told last of all */
  int status = status_of(gather);

  sio__timer_stop(&gather->timer);
  sio__mem_free(over.engine->mem, gather, sizeof *gather);
  over.done(status, over.answered, over.asked, over.user);
}

static void on_deferred(struct sio__deferred *deferred)
{
  finish(SIO__CONTAINER(deferred, struct sio__gather, deferred));
}

static void drop_owed(struct sio__gather *gather)
{
  struct sio__list *link;

  while ((link = sio__list_take(&gather->owed)) != NULL) {
    struct sio__pending *pending =
        SIO__CONTAINER(link, struct sio__pending, timer.link);

    if (gather->late)
      pending->socket->ns->metrics.ack_timeouts++;
    sio__pending_drop(pending);
  }
  while (!sio__list_is_empty(&gather->questions))
    sio__question_drop(
        SIO__CONTAINER(gather->questions.next, struct sio__question, link));
}

static bool is_settled(const struct sio__gather *gather)
{
  return sio__list_is_empty(&gather->owed) &&
         sio__list_is_empty(&gather->questions);
}

static void on_timeout(struct sio__timer *timer)
{
  struct sio__gather *gather = SIO__CONTAINER(timer, struct sio__gather, timer);

  gather->held++;
  gather->late = true;
  drop_owed(gather);
  sio__gather_let_go(gather);
}

struct sio__gather *sio__gather_new(const sio_target *target)
{
  struct sio_server *server = target->ns->server;
  struct sio__gather *gather = sio__mem_zalloc(&server->mem, sizeof *gather);

  if (gather == NULL)
    return NULL;
  gather->engine = &server->engine;
  gather->held = 1;
  gather->each = target->response;
  gather->done = target->done;
  gather->user = target->response_user;
  sio__list_init(&gather->owed);
  sio__list_init(&gather->questions);
  sio__list_init(&gather->deferred.link);
  sio__timer_init(&gather->timer, on_timeout);
  return gather;
}

int sio__gather_add(struct sio__gather *gather, struct sio_socket *socket,
                    uint64_t id)
{
  int rv = sio__pending_new(socket, id, NULL, gather);

  gather->asked++;
  if (rv == SIO_ERR_LIMIT)
    gather->unheard++;
  else if (rv != 0)
    gather->left++; /* its connection is closed over this */
  return rv;
}

void sio__gather_retract(struct sio__gather *gather, struct sio_socket *socket,
                         uint64_t id)
{
  gather->asked--;
  sio__pending_cancel(socket, id);
}

void sio__gather_begin(struct sio__gather *gather, uint64_t timeout_ms)
{
  gather->held--;
  if (is_settled(gather))
    sio__engine_defer(gather->engine, &gather->deferred, on_deferred);
  else
    sio__timer_start(&gather->engine->clock, &gather->timer, timeout_ms);
}

void sio__gather_cancel(struct sio__gather *gather)
{
  drop_owed(gather);
  sio__mem_free(gather->engine->mem, gather, sizeof *gather);
}

void sio__gather_hold(struct sio__gather *gather)
{
  gather->held++;
}

void sio__gather_let_go(struct sio__gather *gather)
{
  if (--gather->held == 0 && is_settled(gather))
    finish(gather);
}

void sio__gather_show(const struct sio__gather *gather, const sio_args *args)
{
  if (gather->each != NULL)
    gather->each(NULL, 0, args, gather->user);
}

void sio__gather_show_socket(struct sio__gather *gather, sio_value described,
                             struct sio_socket *socket)
{
  sio_socket_info info;

  info.id = sio_value_str(sio_value_member(described, "id"));
  info.rooms = sio_value_member(described, "rooms");
  info.handshake = sio_value_member(described, "handshake");
  info.data = sio_value_member(described, "data");
  info.socket = socket;
  if (info.id.data != NULL)
    gather->fetched(&info, gather->user);
  else
    gather->error = SIO_ERR_NOMEM;
}

void sio__gather_show_sockets(struct sio__gather *gather, sio_document *sockets)
{
  const char *at = sockets->text;
  sio_value each;

  while ((each = sio__described_next(sockets, &at)).text != NULL)
    sio__gather_show_socket(gather, each, NULL);
}

void sio__gather_settle(struct sio__gather *gather, struct sio_socket *socket,
                        int status, const sio_args *args)
{
  gather->held++;
  if (status != 0) {
    gather->left++;
  } else {
    gather->answered++;
    if (gather->each != NULL)
      gather->each(socket, 0, args, gather->user);
  }
  sio__gather_let_go(gather);
}
