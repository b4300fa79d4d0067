/* SPDX-License-Identifier: MIT */
/* The upgrade from polling to websocket.  See upgrade.h for the dialogue. */
#include "eio/upgrade.h"

#include "base/mem.h"
#include "eio/polling.h"
#include "eio/websocket.h"

/* A later GET is answered after this time.  At once would make a busy loop of
 * client and server while the websocket is slow. */
enum { NOOP_MS = 100 };

static void end(struct sio__upgrade *upgrade)
{
  struct sio__session *session = upgrade->session;

  session->upgrade = NULL;
  sio__timer_stop(&upgrade->timeout);
  sio__timer_stop(&upgrade->noop);
  sio__mem_free(session->engine->mem, upgrade, sizeof *upgrade);
}

static void on_timeout(struct sio__timer *timer)
{
  struct sio__upgrade *upgrade =
      SIO__CONTAINER(timer, struct sio__upgrade, timeout);
  struct sio__engine *engine = upgrade->session->engine;

  engine->causes[SIO_CAUSE_UPGRADE_TIMEOUT]++;
  sio__engine_log(engine, SIO_LOG_INFO, "%s",
                  sio_cause_text(SIO_CAUSE_UPGRADE_TIMEOUT));
  sio__upgrade_cancel(upgrade->session);
}

static void on_noop(struct sio__timer *timer)
{
  struct sio__upgrade *upgrade =
      SIO__CONTAINER(timer, struct sio__upgrade, noop);

  sio__polling_release(upgrade->session, "6");
}

int sio__upgrade_begin(struct sio__session *session, struct sio_conn *conn)
{
  struct sio__engine *engine = session->engine;
  struct sio__upgrade *upgrade = sio__mem_alloc(engine->mem, sizeof *upgrade);

  if (upgrade == NULL)
    return SIO_ERR_NOMEM;
  upgrade->session = session;
  upgrade->conn = conn;
  upgrade->probed = false;
  sio__timer_init(&upgrade->timeout, on_timeout);
  sio__timer_init(&upgrade->noop, on_noop);
  sio__timer_start(&engine->clock, &upgrade->timeout,
                   engine->options->upgrade_timeout_ms);
  session->upgrade = upgrade;
  return 0;
}

/* The client is ready: the websocket carries the session from now on. */
static void commit(struct sio__session *session, struct sio_conn *conn)
{
  struct sio__packetq *queue = &session->queue;
  struct sio_request *post = session->post;

  end(session->upgrade);
  sio__polling_release(session, "6");
  if (post != NULL) {
    session->post = NULL;
    post->session = NULL;
    sio__request_abandon(post, SIO_CAUSE_POST_ABORTED);
  }
  conn->candidate = false;
  session->ws = conn;
  sio__list_remove(&session->unflushed);
  for (uint32_t i = 0; i < queue->count; i++) {
    const struct sio__queued *item = &queue->items[i];

    if (!sio__websocket_send(conn, item->chunk->data + item->off, item->len,
                             item->binary))
      break; /* the connection is aborted, and the session with it */
  }
  sio__packetq_dispose(queue);
  if (session->state == SESSION_CLOSING)
    sio__session_drained(session);
}

void sio__upgrade_packet(struct sio__session *session, bool text,
                         const char *data, size_t len)
{
  struct sio__upgrade *upgrade = session->upgrade;
  struct sio_conn *conn = upgrade->conn;

  if (text && len == 6 && memcmp(data, "2probe", 6) == 0) {
    upgrade->probed = true;
    /* The client sends "5" only after its GET has come back. */
    if (sio__websocket_send(conn, "3probe", 6, false))
      sio__polling_release(session, "6");
  } else if (text && len == 1 && data[0] == '5') {
    commit(session, conn);
  } else {
    sio__upgrade_cancel(session);
  }
}

void sio__upgrade_poll(struct sio__session *session)
{
  struct sio__upgrade *upgrade = session->upgrade;

  if (upgrade != NULL && upgrade->probed &&
      !sio__timer_is_running(&upgrade->noop))
    sio__timer_start(&session->engine->clock, &upgrade->noop, NOOP_MS);
}

void sio__upgrade_lost(struct sio__session *session)
{
  if (session->upgrade != NULL)
    end(session->upgrade);
}

void sio__upgrade_cancel(struct sio__session *session)
{
  struct sio__upgrade *upgrade = session->upgrade;
  struct sio_conn *conn = upgrade != NULL ? upgrade->conn : NULL;

  if (conn == NULL)
    return;
  end(upgrade);
  sio__websocket_close(conn);
}
