/* SPDX-License-Identifier: MIT */
/* Engine.IO sessions: beginning, packets, heartbeat, end. */
#include "eio/session.h"

#include "base/mem.h"
#include "eio/receipts.h"
#include "json/string.h"

static void destroy(struct sio_session *session)
{
  const sio_allocator *mem = session->engine->mem;

  sio__list_remove(&session->link);
  sio__list_remove(&session->flush.link);
  sio__list_remove(&session->deferred.link);
  sio__packetq_dispose(&session->queue);
  sio__receipts_free(session->receipts, mem);
  sio__snapshot_unref(session->snapshot);
  sio__mem_free(mem, session, sizeof *session + session->id_len + 1u);
}

/* ---- End ---- */

static void finish(struct sio_session *session, const char *farewell);

/* Nobody finds it any more, and it does not count any more. */
static void unlist(struct sio_session *session)
{
  sio__map_remove(&session->engine->sessions, &session->node);
  sio__admission_left(&session->engine->admission, session->guest);
  session->guest = NULL;
}

/* Fail a doomed session, or free a closed one. */
static void settle(struct sio__deferred *deferred)
{
  struct sio_session *session =
      SIO__CONTAINER(deferred, struct sio_session, deferred);

  if (session->state == SESSION_CLOSED)
    destroy(session);
  else
    finish(session, NULL);
}

/* The sessions that a transport carries now. */
static uint64_t *carried(struct sio_session *session)
{
  sio_metrics *metrics = &session->engine->metrics;

  return session->transport->polls ? &metrics->sessions_polling_now
                                   : &metrics->sessions_websocket_now;
}

/* Whoever knows it is told that it has ended. */
static void tell_end(struct sio_session *session, const sio_end *end)
{
  struct sio__engine *engine = session->engine;
  const struct sio__hooks *hooks = &engine->hooks;

  if (session->shown) {
    engine->metrics.closes[end->reason]++;
    --*carried(session);
  }
  sio__receipts_fail(session->receipts, session);
  if (session->announced)
    engine->events->closed(session, end, engine->events_user);
  if (session->shown && hooks->sessions.close != NULL)
    hooks->sessions.close(session, end, hooks->sessions_user);
  session->shown = false; /* it is not to hear of it any more */
}

static void finish(struct sio_session *session, const char *farewell)
{
  struct sio__engine *engine = session->engine;
  sio_cause cause = (sio_cause)session->cause;
  sio_end end = {(sio_reason)session->reason, cause, session->detail,
                 sio__engine_limit(engine, cause), session->seen};
  const struct sio__about about = {"engine", sio_session_connection(session),
                                   "session", NULL};

  session->state = SESSION_CLOSED;
  sio__timer_stop(&session->heartbeat);
  sio__timer_stop(&session->grace);
  unlist(session); /* whatever the host does in its hooks */
  if (session->candidate != NULL)
    session->candidate->cancel(session);
  session->transport->close(session, farewell != NULL ? farewell : "1");
  sio__engine_note_end(engine, &about, &end);
  tell_end(session, &end);
  sio__engine_defer(engine, &session->deferred, settle);
}

/* What ends a session that is ending anyway is the first reason. */
static void remember(struct sio_session *session, const sio_end *end)
{
  if (session->state != SESSION_OPEN || session->doomed)
    return;
  session->reason = (uint8_t)end->reason;
  session->cause = (uint8_t)end->cause;
  session->detail = end->detail;
  session->seen = end->seen;
}

void sio__session_fail(struct sio_session *session, const sio_end *end,
                       const char *farewell)
{
  if (session->state == SESSION_CLOSED)
    return;
  remember(session, end);
  finish(session, farewell);
}

void sio__session_doom(struct sio_session *session, sio_cause cause,
                       uint64_t seen)
{
  const sio_end end = {SIO_REASON_TRANSPORT_ERROR, cause, NULL, 0, seen};

  if (session->state == SESSION_CLOSED || session->doomed)
    return;
  remember(session, &end);
  session->doomed = true;
  sio__engine_defer(session->engine, &session->deferred, settle);
}

static void on_grace(struct sio__timer *timer)
{
  finish(SIO__CONTAINER(timer, struct sio_session, grace), "1");
}

void sio__session_close(struct sio_session *session, const sio_end *end,
                        bool discard)
{
  if (session->state == SESSION_CLOSED)
    return;
  remember(session, end);
  session->state = SESSION_CLOSING;
  if (discard)
    finish(session, "1");
  else
    session->transport->drain(session);
}

void sio__session_finish(struct sio_session *session)
{
  if (session->state != SESSION_CLOSED)
    finish(session, "1");
}

/* ---- Heartbeat ---- */

void sio__session_await_beat(struct sio_session *session)
{
  const sio_server_options *options = session->engine->options;
  uint64_t ms = options->ping_interval_ms;

  if (session->protocol == 3)
    ms += options->ping_timeout_ms;
  sio__timer_start(&session->engine->clock, &session->heartbeat, ms);
}

void sio__session_beat(struct sio_session *session)
{
  const struct sio__hooks *hooks = &session->engine->hooks;

  session->pinged = false;
  sio__session_await_beat(session);
  if (hooks->sessions.heartbeat != NULL)
    hooks->sessions.heartbeat(session, hooks->sessions_user);
}

/* ---- Beginning ---- */

struct sio_session *sio__session_find(const struct sio__engine *engine,
                                      const char *id, size_t len)
{
  struct sio__map_node *node =
      sio__map_first(&engine->sessions, sio__hash(&engine->seed, id, len));

  for (; node != NULL; node = sio__map_next(node)) {
    struct sio_session *session =
        SIO__CONTAINER(node, struct sio_session, node);

    if (session->id_len == len && memcmp(session->id, id, len) == 0)
      return session;
  }
  return NULL;
}

int sio__session_new(struct sio__engine *engine,
                     const struct sio__session_spec *spec,
                     struct sio_session **out)
{
  size_t size = sizeof(struct sio_session) + spec->id.len + 1;
  struct sio_session *session;
  struct sio__guest *guest;

  *out = NULL;
  if (sio__admission_enter(&engine->admission, spec->address, &guest) != 0)
    return SIO_ERR_LIMIT;
  session = sio__mem_zalloc(engine->mem, size);
  if (session != NULL)
    session->snapshot = sio__snapshot_new(
        engine->mem, spec->head, spec->address, spec->secure, spec->client);
  if (session == NULL || session->snapshot == NULL) {
    sio__mem_free(engine->mem, session, size);
    sio__admission_left(&engine->admission, guest);
    return SIO_ERR_NOMEM;
  }
  session->guest = guest;
  session->engine = engine;
  session->protocol = spec->protocol;
  session->base64 = spec->base64;
  session->jsonp = spec->jsonp;
  session->jsonp_index = spec->jsonp_index;
  session->connection = spec->connection;
  session->transport = spec->transport;
  session->id_len = (uint8_t)spec->id.len;
  memcpy(session->id, spec->id.data, spec->id.len);
  sio__packetq_init(&session->queue, &engine->chunks);
  sio__list_init(&session->link);
  sio__list_init(&session->flush.link);
  sio__list_init(&session->deferred.link);
  sio__timer_init(&session->heartbeat, NULL); /* see eio/heartbeat.h */
  sio__timer_init(&session->grace, on_grace);
  sio__map_insert(&engine->sessions, &session->node,
                  sio__hash(&engine->seed, session->id, session->id_len));
  sio__list_insert(&engine->all_sessions, &session->link);
  *out = session;
  return 0;
}

void sio__session_drop(struct sio_session *session)
{
  if (session->state == SESSION_CLOSED)
    return; /* closed meanwhile: it goes when the bracket closes */
  unlist(session);
  destroy(session);
}

void sio__session_write_open(const struct sio_session *session, bool websocket,
                             struct sio__buf *out)
{
  const sio_server_options *options = session->engine->options;
  bool upgrade = !websocket && options->no_upgrades == 0 &&
                 (options->transports & SIO_WEBSOCKET) != 0;

  sio__buf_text(out, "0{\"sid\":");
  (void)sio__json_quote(out, session->id, session->id_len); /* it is UTF-8 */
  sio__buf_text(out,
                upgrade ? ",\"upgrades\":[\"websocket\"]" : ",\"upgrades\":[]");
  sio__buf_text(out, ",\"pingInterval\":");
  sio__buf_u64(out, options->ping_interval_ms);
  sio__buf_text(out, ",\"pingTimeout\":");
  sio__buf_u64(out, options->ping_timeout_ms);
  sio__buf_text(out, ",\"maxPayload\":");
  sio__buf_u64(out, options->max_payload);
  sio__buf_byte(out, '}');
}

void sio__session_show(struct sio_session *session)
{
  session->shown = true;
  session->engine->metrics.sessions++;
  ++*carried(session);
}

void sio__session_move(struct sio_session *session,
                       const struct sio__transport *transport)
{
  --*carried(session);
  session->transport = transport;
  ++*carried(session);
  session->engine->metrics.upgrades_done++;
}

/* ---- What is on its way ---- */

size_t sio__session_pending(const struct sio_session *session)
{
  return session->transport->pending(session);
}

bool sio__session_is_writable(const struct sio_session *session)
{
  return sio__session_is_open(session) && session->transport->writable(session);
}

void sio__session_drained(struct sio_session *session)
{
  const struct sio__hooks *hooks = &session->engine->hooks;

  if (!session->undrained || session->state == SESSION_CLOSED)
    return;
  session->undrained = false;
  if (hooks->sessions.drain != NULL)
    hooks->sessions.drain(session, hooks->sessions_user);
}
