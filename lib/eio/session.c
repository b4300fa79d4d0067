/* SPDX-License-Identifier: MIT */
/* Engine.IO sessions: beginning, packets, heartbeat, end. */
#include "eio/session.h"

#include "base/base64.h"
#include "base/mem.h"

static void destroy(struct sio__session *session)
{
  const sio_allocator *mem = session->engine->mem;

  sio__list_remove(&session->flush.link);
  sio__packetq_dispose(&session->queue);
  sio__snapshot_unref(session->snapshot);
  sio__mem_free(mem, session, sizeof *session);
}

/* ---- End ---- */

static void finish(struct sio__session *session, const char *farewell);

/* Fail a doomed session, or free a closed one. */
static void settle(struct sio__deferred *deferred)
{
  struct sio__session *session =
      SIO__CONTAINER(deferred, struct sio__session, deferred);

  if (session->state == SESSION_CLOSED)
    destroy(session);
  else
    finish(session, NULL);
}

static void finish(struct sio__session *session, const char *farewell)
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
  if (session->announced)
    engine->events->closed(session, &end, engine->events_user);
  sio__engine_defer(engine, &session->deferred, settle);
}

/* What ends a session that is ending anyway is the first reason. */
static void remember(struct sio__session *session, const sio_end *end)
{
  if (session->state != SESSION_OPEN || session->doomed)
    return;
  session->reason = (uint8_t)end->reason;
  session->cause = (uint8_t)end->cause;
  session->detail = end->detail;
  session->seen = end->seen;
}

void sio__session_fail(struct sio__session *session, const sio_end *end,
                       const char *farewell)
{
  if (session->state == SESSION_CLOSED)
    return;
  remember(session, end);
  finish(session, farewell);
}

void sio__session_doom(struct sio__session *session, sio_cause cause,
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
  finish(SIO__CONTAINER(timer, struct sio__session, grace), "1");
}

void sio__session_close(struct sio__session *session, const sio_end *end,
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

void sio__session_finish(struct sio__session *session)
{
  finish(session, "1");
}

/* ---- Heartbeat ---- */

static void on_heartbeat(struct sio__timer *timer)
{
  struct sio__session *session =
      SIO__CONTAINER(timer, struct sio__session, heartbeat);
  static const sio_end end = {SIO_REASON_PING_TIMEOUT, SIO_CAUSE_PING_TIMEOUT,
                              NULL, 0, 0};
  const sio_server_options *options = session->engine->options;
  struct sio__clock *clock = &session->engine->clock;

  if (session->pinged) {
    sio__session_fail(session, &end, "1");
    return;
  }
  session->pinged = true;
  /* Counted from when the ping was due; but a loop that has hung for long must
   * not blame its peers. */
  if ((clock->now_ms - timer->at_ms) * 2 > options->ping_timeout_ms)
    sio__timer_start(clock, timer, options->ping_timeout_ms);
  else
    sio__timer_start_from(clock, timer, timer->at_ms, options->ping_timeout_ms);
  (void)sio__session_send(session, "2", 1, false); /* or it fails by itself */
}

static void on_pong(struct sio__session *session)
{
  session->pinged = false;
  sio__timer_start(&session->engine->clock, &session->heartbeat,
                   session->engine->options->ping_interval_ms);
}

/* ---- Beginning ---- */

static uint64_t hash_id(const struct sio__engine *engine, const char *id)
{
  return sio__hash(&engine->seed, id, SIO__ID_LEN);
}

struct sio__session *sio__session_find(const struct sio__engine *engine,
                                       const char *id, size_t len)
{
  struct sio__map_node *node;

  if (len != SIO__ID_LEN)
    return NULL;
  node = sio__map_first(&engine->sessions, hash_id(engine, id));
  for (; node != NULL; node = sio__map_next(node)) {
    struct sio__session *session =
        SIO__CONTAINER(node, struct sio__session, node);

    if (memcmp(session->id, id, SIO__ID_LEN) == 0)
      return session;
  }
  return NULL;
}

int sio__session_new(struct sio__engine *engine,
                     const struct sio__http_head *head, const char *address,
                     bool secure, const struct sio__transport *transport,
                     struct sio__session **out)
{
  struct sio__session *session;
  int rv;

  *out = NULL;
  session = sio__mem_zalloc(engine->mem, sizeof *session);
  if (session == NULL)
    return SIO_ERR_NOMEM;
  session->engine = engine;
  session->transport = transport;
  sio__packetq_init(&session->queue, &engine->chunks);
  sio__list_init(&session->flush.link);
  sio__list_init(&session->deferred.link);
  sio__timer_init(&session->heartbeat, on_heartbeat);
  sio__timer_init(&session->grace, on_grace);
  rv = sio__ids_next(&engine->ids, session->id);
  if (rv == 0) {
    session->snapshot = sio__snapshot_new(engine->mem, head, address, secure);
    rv = session->snapshot != NULL ? 0 : SIO_ERR_NOMEM;
  }
  if (rv != 0) {
    sio__mem_free(engine->mem, session, sizeof *session);
    return rv;
  }
  sio__map_insert(&engine->sessions, &session->node,
                  hash_id(engine, session->id));
  *out = session;
  return 0;
}

void sio__session_drop(struct sio__session *session)
{
  if (session->state == SESSION_CLOSED)
    return; /* closed meanwhile: it goes when the bracket closes */
  sio__map_remove(&session->engine->sessions, &session->node);
  destroy(session);
}

void sio__session_write_open(const struct sio__session *session, bool websocket,
                             struct sio__buf *out)
{
  const sio_server_options *options = session->engine->options;
  bool upgrade = !websocket && options->no_upgrades == 0 &&
                 (options->transports & SIO_WEBSOCKET) != 0;

  sio__buf_text(out, "0{\"sid\":\"");
  sio__buf_append(out, session->id, SIO__ID_LEN);
  sio__buf_text(out, upgrade ? "\",\"upgrades\":[\"websocket\"]"
                             : "\",\"upgrades\":[]");
  sio__buf_text(out, ",\"pingInterval\":");
  sio__buf_u64(out, options->ping_interval_ms);
  sio__buf_text(out, ",\"pingTimeout\":");
  sio__buf_u64(out, options->ping_timeout_ms);
  sio__buf_text(out, ",\"maxPayload\":");
  sio__buf_u64(out, options->max_payload);
  sio__buf_byte(out, '}');
}

void sio__session_announce(struct sio__session *session)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_NOMEM, NULL, 0,
                              0};
  struct sio__engine *engine = session->engine;

  if (session->state != SESSION_OPEN)
    return;
  sio__timer_start(&engine->clock, &session->heartbeat,
                   engine->options->ping_interval_ms);
  session->announced = true;
  if (engine->events->opened(session, engine->events_user) != 0) {
    session->announced = false;
    sio__session_fail(session, &end, "1");
    return;
  }
  sio__engine_log(engine, SIO_LOG_DEBUG, "session opened from %s by %s",
                  session->snapshot->address, session->transport->name);
}

/* ---- Packets ---- */

size_t sio__session_pending(const struct sio__session *session)
{
  return session->transport->pending(session);
}

bool sio__session_send(struct sio__session *session, const void *packet,
                       size_t len, bool binary)
{
  if (session->state != SESSION_OPEN || session->doomed)
    return false;
  return session->transport->send(session, packet, len, binary);
}

struct sio__shared sio__shared_new(struct sio__engine *engine,
                                   const void *packet, size_t len, bool binary)
{
  size_t header = sio__ws_header_size(len);
  struct sio__shared shared = {NULL, 0, binary};

  if (len <= UINT32_MAX / 4)
    shared.chunk = sio__chunk_new(&engine->chunks, SIO__SHARED_HEADROOM + len);
  if (shared.chunk == NULL)
    return shared;
  shared.frame_off = (uint32_t)(SIO__SHARED_HEADROOM - header);
  (void)sio__ws_header_write(shared.chunk->data + shared.frame_off,
                             binary ? WS_OP_BINARY : WS_OP_TEXT, len);
  if (len > 0)
    memcpy(shared.chunk->data + SIO__SHARED_HEADROOM, packet, len);
  shared.chunk->len = (uint32_t)(SIO__SHARED_HEADROOM + len);
  return shared;
}

void sio__shared_release(struct sio__shared *shared)
{
  if (shared->chunk != NULL)
    sio__chunk_unref(shared->chunk);
  shared->chunk = NULL;
}

bool sio__session_send_shared(struct sio__session *session,
                              const struct sio__shared *shared)
{
  if (session->state != SESSION_OPEN || session->doomed)
    return false;
  return session->transport->send_shared(session, shared);
}

static bool bad_packet(struct sio__session *session)
{
  static const sio_end end = {SIO_REASON_PARSE_ERROR, SIO_CAUSE_ENGINE_PACKET,
                              NULL, 0, 0};

  sio__session_fail(session, &end, "1");
  return false;
}

/* "b" and base64: a binary message where only text can travel. */
static bool on_base64(struct sio__session *session, char *text, size_t len)
{
  struct sio__engine *engine = session->engine;
  size_t size;

  if (!sio__base64_decode(text, len, (uint8_t *)text, &size))
    return bad_packet(session);
  engine->events->binary(session, (const uint8_t *)text, size,
                         engine->events_user);
  return session->state == SESSION_OPEN;
}

bool sio__session_text(struct sio__session *session, char *packet, size_t len)
{
  static const sio_end wrong_way = {SIO_REASON_TRANSPORT_ERROR,
                                    SIO_CAUSE_HEARTBEAT, NULL, 0, 0},
                       goodbye = {SIO_REASON_TRANSPORT_CLOSE,
                                  SIO_CAUSE_CLOSE_PACKET, NULL, 0, 0};
  struct sio__engine *engine = session->engine;

  if (session->state != SESSION_OPEN || session->doomed)
    return false;
  if (len == 0)
    return bad_packet(session);
  switch (packet[0]) {
  case '4':
    engine->events->text(session, packet + 1, len - 1, engine->events_user);
    break;
  case '3':
    on_pong(session);
    break;
  case 'b':
    return on_base64(session, packet + 1, len - 1);
  case '2': /* the server pings, not the client */
    sio__session_fail(session, &wrong_way, "1");
    break;
  case '1':
    sio__session_fail(session, &goodbye, "6");
    break;
  case '0':
  case '5':
  case '6':
    break;
  default:
    return bad_packet(session);
  }
  return session->state == SESSION_OPEN;
}

void sio__session_binary(struct sio__session *session, const uint8_t *data,
                         size_t len)
{
  struct sio__engine *engine = session->engine;

  if (session->state == SESSION_OPEN && !session->doomed)
    engine->events->binary(session, data, len, engine->events_user);
}
