/* SPDX-License-Identifier: MIT */
/* Engine.IO sessions: beginning, packets, heartbeat, end. */
#include "eio/session.h"

#include "base/mem.h"
#include "eio/receipts.h"
#include "eio/traffic.h"
#include "json/string.h"

static void destroy(struct sio_session *session)
{
  const sio_allocator *mem = session->engine->mem;

  sio__list_remove(&session->link);
  sio__list_remove(&session->flush.link);
  sio__packetq_dispose(&session->queue);
  sio__receipts_free(session);
  sio__snapshot_unref(session->snapshot);
  sio__mem_free(mem, session, sizeof *session + session->id_len + 1u);
}

/* ---- End ---- */

static void finish(struct sio_session *session, const char *farewell);

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
  sio__receipts_fail(session);
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

  session->state = SESSION_CLOSED;
  sio__timer_stop(&session->heartbeat);
  sio__timer_stop(&session->grace);
  if (session->candidate != NULL)
    session->candidate->cancel(session);
  session->transport->close(session, farewell != NULL ? farewell : "1");
  sio__map_remove(&engine->sessions, &session->node);
  sio__engine_note_end(engine, "session", NULL, &end);
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

/* Until the server pings; or, with protocol 3, until the client must have. */
static uint64_t beat_ms(const struct sio_session *session)
{
  const sio_server_options *options = session->engine->options;

  return options->ping_interval_ms +
         (session->protocol == 3 ? options->ping_timeout_ms : 0);
}

static void on_heartbeat(struct sio__timer *timer)
{
  struct sio_session *session =
      SIO__CONTAINER(timer, struct sio_session, heartbeat);
  static const sio_end end = {SIO_REASON_PING_TIMEOUT, SIO_CAUSE_PING_TIMEOUT,
                              NULL, 0, 0};
  uint64_t timeout = session->engine->options->ping_timeout_ms;
  struct sio__clock *clock = &session->engine->clock;
  /* A loop that has hung for long must not blame its peers. */
  bool hung = (clock->now_ms - timer->at_ms) * 2 > timeout;

  if (session->pinged || (session->protocol == 3 && !hung)) {
    sio__session_fail(session, &end, "1");
    return;
  }
  session->pinged = true;
  /* Counted from when the ping was due. */
  if (hung)
    sio__timer_start(clock, timer, timeout);
  else
    sio__timer_start_from(clock, timer, timer->at_ms, timeout);
  if (session->protocol != 3)
    (void)sio__session_send(session, "2", 1, 0); /* or it fails by itself */
}

void sio__session_beat(struct sio_session *session)
{
  const struct sio__hooks *hooks = &session->engine->hooks;

  session->pinged = false;
  sio__timer_start(&session->engine->clock, &session->heartbeat,
                   beat_ms(session));
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
  struct sio_session *session = sio__mem_zalloc(engine->mem, size);

  *out = NULL;
  if (session == NULL)
    return SIO_ERR_NOMEM;
  session->snapshot =
      sio__snapshot_new(engine->mem, spec->head, spec->address, spec->secure);
  if (session->snapshot == NULL) {
    sio__mem_free(engine->mem, session, size);
    return SIO_ERR_NOMEM;
  }
  session->engine = engine;
  session->protocol = spec->protocol;
  session->base64 = spec->base64;
  session->jsonp = spec->jsonp;
  session->jsonp_index = spec->jsonp_index;
  session->transport = spec->transport;
  session->id_len = (uint8_t)spec->id.len;
  memcpy(session->id, spec->id.data, spec->id.len);
  sio__packetq_init(&session->queue, &engine->chunks);
  sio__list_init(&session->link);
  sio__list_init(&session->flush.link);
  sio__list_init(&session->deferred.link);
  sio__timer_init(&session->heartbeat, on_heartbeat);
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
  sio__map_remove(&session->engine->sessions, &session->node);
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

/* The handshake has left before anybody knew the session: count its packets
 * and show them now. */
static void show_handshake(struct sio_session *session)
{
  struct sio__engine *engine = session->engine;
  sio_str initial = sio_s(engine->options->initial_message);
  struct sio__buf packet;

  sio__buf_init(&packet, engine->mem, SIZE_MAX);
  if (engine->hooks.sessions.packet_out != NULL)
    sio__session_write_open(session, !session->transport->polls, &packet);
  if (packet.len > 0 && packet.error == 0)
    sio__session_note_out(session, packet.data, packet.len, 0);
  else
    sio__session_note_out(session, "0", 1, 0);
  sio__buf_dispose(&packet);
  if (initial.data != NULL)
    sio__session_note_out(session, initial.data, initial.len, SIO__SEND_BARE);
}

void sio__session_announce(struct sio_session *session)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_NOMEM, NULL, 0,
                              0};
  struct sio__engine *engine = session->engine;
  const struct sio__hooks *hooks = &engine->hooks;
  sio_str initial = sio_s(engine->options->initial_message);

  if (session->state != SESSION_OPEN)
    return;
  sio__timer_start(&engine->clock, &session->heartbeat, beat_ms(session));
  if (initial.data != NULL && !session->transport->polls)
    (void)session->transport->send(session, initial.data, initial.len,
                                   SIO__SEND_BARE); /* or it fails by itself */
  session->shown = true;
  engine->metrics.sessions++;
  ++*carried(session);
  if (hooks->sessions.open != NULL)
    hooks->sessions.open(session, hooks->sessions_user);
  show_handshake(session);
  if (!sio__session_is_open(session))
    return;
  session->announced = true;
  if (engine->events->opened(session, engine->events_user) != 0) {
    session->announced = false;
    sio__session_fail(session, &end, "1");
    return;
  }
  sio__engine_log(engine, SIO_LOG_DEBUG, "session opened from %s by %s",
                  session->snapshot->address, session->transport->name);
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
