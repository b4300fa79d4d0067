/* SPDX-License-Identifier: MIT */
/* The beginning of a session, and its heartbeat. */
#include "eio/heartbeat.h"

#include "eio/traffic.h"

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
    /* A client that vanished did not let the host close in peace. */
    if (session->state == SESSION_CLOSING && session->cause == SIO_CAUSE_HOST) {
      session->reason = SIO_REASON_PING_TIMEOUT;
      session->cause = SIO_CAUSE_PING_TIMEOUT;
    }
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

static unsigned initial_flags(const struct sio__engine *engine)
{
  return engine->initial.binary ? SIO_SEND_BINARY : SIO__SEND_BARE;
}

/* The handshake has left before anybody knew the session: count its packets
 * and show them now. */
static void show_handshake(struct sio_session *session)
{
  struct sio__engine *engine = session->engine;
  const sio_message *initial = &engine->initial;
  struct sio__buf packet;

  sio__buf_init(&packet, engine->mem, SIZE_MAX);
  if (engine->hooks.sessions.packet_out != NULL)
    sio__session_write_open(session, !session->transport->polls, &packet);
  if (packet.len > 0 && packet.error == 0)
    sio__session_note_out(session, packet.data, packet.len, 0);
  else
    sio__session_note_out(session, "0", 1, 0);
  sio__buf_dispose(&packet);
  if (initial->data.data != NULL)
    sio__session_note_out(session, initial->data.data, initial->data.len,
                          initial_flags(engine));
}

void sio__session_announce(struct sio_session *session)
{
  static const sio_end end = {SIO_REASON_FORCED_CLOSE, SIO_CAUSE_NOMEM, NULL, 0,
                              0};
  struct sio__engine *engine = session->engine;
  const struct sio__hooks *hooks = &engine->hooks;
  sio_span initial = engine->initial.data;

  if (session->state != SESSION_OPEN)
    return;
  session->heartbeat.fire = on_heartbeat;
  sio__session_await_beat(session);
  if (initial.data != NULL && !session->transport->polls)
    (void)session->transport->send(session, initial.data, initial.len,
                                   initial_flags(engine)); /* or it fails */
  sio__session_show(session);
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
  sio__engine_log(engine, SIO_LOG_DEBUG, "engine",
                  sio_session_connection(session),
                  "session opened from %s by %s", session->snapshot->address,
                  session->transport->name);
}
