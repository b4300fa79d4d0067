/* SPDX-License-Identifier: MIT */
/*
 * Closing a server slowly.
 *
 *   open --drain()--> draining --nobody left, deadline, close()--> closing
 *     ^                                                               |
 *     +------------------------ no connection left -------------------+
 */
#include "core/server_drain.h"

#include "base/mem.h"
#include "base/versioned.h"
#include "eio/shutdown.h"

enum { TICK_MS = 100, SECOND_MS = 1000 };

struct sio__server_drain {
  struct sio_server *server;
  sio_drain_options options;
  struct sio__timer tick, deadline;
  int64_t due; /* thousandths of sessions; negative: too many have gone */
  sio_closed_fn done;
  void *user;
};

static const sio_drain_options defaults = {.size = sizeof defaults,
                                           .per_second = 100,
                                           .retry_after_s = 5,
                                           .deadline_ms = 30000};

/* ---- Options ---- */

void sio_drain_options_init_sized(sio_drain_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

/* What was given, completed; false: something is out of range. */
static bool complete(sio_drain_options *out, const sio_drain_options *given)
{
  sio__versioned_complete(out, given, &defaults, sizeof *out);
  return out->per_second >= 1 && out->per_second <= 1000000 &&
         out->random_order <= 1 && out->retry_after_s >= 1 &&
         out->retry_after_s <= 86400 && out->deadline_ms >= 1 &&
         out->deadline_ms <= UINT32_MAX;
}

/* ---- Sessions ---- */

static size_t count_open(const struct sio__engine *engine)
{
  const struct sio__list *link = engine->all_sessions.next;
  size_t n = 0;

  for (; link != &engine->all_sessions; link = link->next) {
    const struct sio_session *session =
        SIO__CONTAINER(link, struct sio_session, link);

    n += sio__session_is_open(session) ? 1 : 0;
  }
  return n;
}

/* A bracket is open, in which no session is freed. */
static void close_one(struct sio_server *server, struct sio_session *session)
{
  static const sio_end left = {SIO_REASON_SHUTTING_DOWN,
                               SIO_CAUSE_SERVER_CLOSED, NULL, 0, 0};
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_SERVER_CLOSED,
                              NULL, 0, 0};

  if (!server->plain && session->announced) {
    struct sio__client *client = session->user;

    sio__sockets_leave(&client->sockets, offsetof(struct sio_socket, of_client),
                       &left);
  }
  sio__session_close(session, &end, false);
}

/* Close `n` of those that are open: the oldest, or any, each of them with the
 * same chance. */
static void close_some(struct sio_server *server, uint64_t n, bool any)
{
  struct sio__engine *engine = &server->engine;
  struct sio__list *link = engine->all_sessions.next;
  uint64_t left = any ? count_open(engine) : 0;

  for (; n > 0 && link != &engine->all_sessions; link = link->next) {
    struct sio_session *session =
        SIO__CONTAINER(link, struct sio_session, link);

    if (!sio__session_is_open(session))
      continue;
    if (!any || left <= n || sio__shutdown_pick(engine, left) < n) {
      close_one(server, session);
      n--;
    }
    left -= left > 0 ? 1 : 0; /* handlers may have closed some */
  }
}

/* ---- Time ---- */

/* As many as are due, more or less. */
static void step(struct sio__server_drain *drain)
{
  struct sio_server *server = drain->server;
  struct sio__engine *engine = &server->engine;
  int64_t n;

  if (server->closing)
    return;
  drain->due += (int64_t)drain->options.per_second * TICK_MS;
  n = drain->due / SECOND_MS;
  if (n > 0) {
    n = (int64_t)sio__shutdown_pick(engine, 2 * (uint64_t)n + 1);
    drain->due -= n * SECOND_MS;
    close_some(server, (uint64_t)n, drain->options.random_order != 0);
  }
  if (engine->sessions.count > 0)
    sio__timer_start(&engine->clock, &drain->tick, TICK_MS);
  else
    (void)sio_server_close(server, NULL, NULL); /* or it is closing already */
}

static void on_tick(struct sio__timer *timer)
{
  step(SIO__CONTAINER(timer, struct sio__server_drain, tick));
}

static void on_deadline(struct sio__timer *timer)
{
  struct sio__server_drain *drain =
      SIO__CONTAINER(timer, struct sio__server_drain, deadline);

  (void)sio_server_close(drain->server, NULL, NULL); /* likewise */
}

/* ---- Beginning and end ---- */

void sio__server_drain_free(struct sio_server *server)
{
  struct sio__server_drain *drain = server->draining;

  if (drain == NULL)
    return;
  server->draining = NULL;
  sio__timer_stop(&drain->tick);
  sio__timer_stop(&drain->deadline);
  sio__mem_free(&server->mem, drain, sizeof *drain);
}

void sio__server_drained(struct sio_server *server)
{
  sio_closed_fn done = NULL;
  void *user = NULL;

  if (server->draining != NULL) {
    done = server->draining->done;
    user = server->draining->user;
  }
  sio__server_drain_free(server);
  if (done != NULL)
    done(server, user);
}

int sio_server_drain(sio_server *server, const sio_drain_options *options,
                     sio_closed_fn done, void *user)
{
  struct sio__server_drain *drain;
  sio_drain_options completed;

  if (server->closing || server->draining != NULL || server->freed)
    return SIO_ERR_STATE;
  if (!complete(&completed, options))
    return SIO_ERR_INVALID;
  drain = sio__mem_zalloc(&server->mem, sizeof *drain);
  if (drain == NULL)
    return SIO_ERR_NOMEM;
  drain->server = server;
  drain->options = completed;
  drain->done = done;
  drain->user = user;
  sio__timer_init(&drain->tick, on_tick);
  sio__timer_init(&drain->deadline, on_deadline);
  sio__engine_enter(&server->engine);
  server->draining = drain;
  sio__shutdown_announce(&server->engine, completed.retry_after_s);
  sio__timer_start(&server->engine.clock, &drain->deadline,
                   completed.deadline_ms);
  step(drain);
  sio__engine_leave(&server->engine);
  return 0;
}
