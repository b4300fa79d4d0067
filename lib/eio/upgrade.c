/* SPDX-License-Identifier: MIT */
/* The upgrade from polling to websocket.  See upgrade.h for the dialogue. */
#include "eio/upgrade.h"

#include "base/mem.h"
#include "eio/polling.h"
#include "eio/receipts.h"
#include "eio/websocket.h"

/* A later GET is answered after this time.  At once would make a busy loop of
 * client and server while the websocket is slow. */
enum { NOOP_MS = 100 };

static struct sio__upgrade *upgrade_of(const struct sio_session *session)
{
  return SIO__CONTAINER(session->candidate, struct sio__upgrade, base);
}

/* The attempt is over, one way or the other. */
static void end(struct sio__upgrade *upgrade)
{
  struct sio_session *session = upgrade->session;

  session->candidate = NULL;
  sio__timer_stop(&upgrade->timeout);
  sio__timer_stop(&upgrade->noop);
  sio__mem_free(session->engine->mem, upgrade, sizeof *upgrade);
}

static void cancel(struct sio_session *session)
{
  struct sio__upgrade *upgrade = upgrade_of(session);
  struct sio_conn *conn = upgrade->conn;

  end(upgrade);
  sio__websocket_close(conn);
}

static void on_timeout(struct sio__timer *timer)
{
  struct sio__upgrade *upgrade =
      SIO__CONTAINER(timer, struct sio__upgrade, timeout);
  const struct sio__about about = {"websocket", upgrade->conn->id, "upgrade",
                                   NULL};

  sio__engine_note(upgrade->session->engine, &about, SIO_CAUSE_UPGRADE_TIMEOUT,
                   NULL, 0);
  cancel(upgrade->session);
}

static void on_noop(struct sio__timer *timer)
{
  struct sio__upgrade *upgrade =
      SIO__CONTAINER(timer, struct sio__upgrade, noop);

  sio__polling_release(upgrade->session, "6");
}

static void on_poll(struct sio_session *session)
{
  struct sio__upgrade *upgrade = upgrade_of(session);

  if (upgrade->probed && !sio__timer_is_running(&upgrade->noop))
    sio__timer_start(&session->engine->clock, &upgrade->noop, NOOP_MS);
}

/* What no GET has taken leaves on the websocket, as does who waits for it. */
static void send_queued(struct sio_session *session)
{
  const struct sio_conn *conn = session->ws;
  struct sio__packetq *queue = &session->queue;

  for (uint32_t i = 0; i < queue->count; i++) {
    const struct sio__queued *item = &queue->items[i];

    if (!session->transport->send(session, item->chunk->data + item->off,
                                  item->len, item->flags))
      break; /* the connection is aborted, and the session with it */
    sio__receipts_move(session->receipts, i + 1, conn->sent + conn->out.bytes);
  }
  sio__packetq_dispose(queue);
}

/* The client is ready: the websocket carries the session from now on. */
static void commit(struct sio_session *session, struct sio_conn *conn)
{
  const struct sio__hooks *hooks = &session->engine->hooks;

  end(upgrade_of(session));
  sio__polling_leave(session);
  if (session->state == SESSION_CLOSED) { /* the host was asked something */
    sio__websocket_close(conn);
    return;
  }
  session->ws = conn;
  session->connection = conn->id;
  conn->watched = session->receipts != NULL || session->awaited;
  sio__session_move(session, &sio__websocket_transport);
  sio__websocket_attach(conn, session, &sio__websocket_sink);
  send_queued(session);
  if (hooks->sessions.upgrade != NULL)
    hooks->sessions.upgrade(session, hooks->sessions_user);
  if (session->state == SESSION_CLOSING)
    session->transport->drain(session);
}

/* The client asks whether the websocket works. */
static void on_probe(struct sio_session *session, struct sio_conn *conn)
{
  const struct sio__hooks *hooks = &session->engine->hooks;
  struct sio__upgrade *upgrade = upgrade_of(session);
  bool again = upgrade->probed;

  upgrade->probed = true;
  if (!again && hooks->sessions.upgrading != NULL)
    hooks->sessions.upgrading(session, hooks->sessions_user);
  if (session->candidate == NULL)
    return; /* the host has closed the session */
  /* The client sends "5" only after its GET has come back. */
  if (sio__websocket_send(conn, "3probe", 6, 0))
    sio__polling_release(session, "6");
}

static void on_message(struct sio_conn *conn, bool text, uint8_t *data,
                       size_t len)
{
  struct sio_session *session = conn->session;

  if (text && len == 6 && memcmp(data, "2probe", 6) == 0) {
    on_probe(session, conn);
  } else if (text && len == 1 && data[0] == '5') {
    commit(session, conn);
  } else {
    cancel(session);
  }
}

/* The candidate is gone or closing by itself. */
static void on_end(struct sio_session *session, const sio_end *why)
{
  (void)why;
  end(upgrade_of(session));
}

int sio__upgrade_begin(struct sio_session *session, struct sio_conn *conn)
{
  static const struct sio__ws_sink sink = {on_message, on_end};
  struct sio__engine *engine = session->engine;
  struct sio__upgrade *upgrade = sio__mem_alloc(engine->mem, sizeof *upgrade);

  if (upgrade == NULL)
    return SIO_ERR_NOMEM;
  upgrade->base.cancel = cancel;
  upgrade->base.poll = on_poll;
  upgrade->session = session;
  upgrade->conn = conn;
  upgrade->probed = false;
  sio__timer_init(&upgrade->timeout, on_timeout);
  sio__timer_init(&upgrade->noop, on_noop);
  sio__timer_start(&engine->clock, &upgrade->timeout,
                   engine->options->upgrade_timeout_ms);
  session->candidate = &upgrade->base;
  engine->metrics.upgrades++;
  sio__websocket_attach(conn, session, &sink);
  return 0;
}
