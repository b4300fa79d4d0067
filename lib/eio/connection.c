/* SPDX-License-Identifier: MIT */
/*
 * A transport connection: bytes in, bytes out.  See connection.h for its
 * states.
 *
 * While it speaks HTTP one timer watches it: for the rest of a head, for the
 * rest of a body, or for the next request; none while answers are owed.
 */
#include "eio/connection.h"

#include "base/mem.h"
#include "eio/exchange.h"
#include "eio/route.h"
#include "eio/session.h"
#include "eio/upgrade.h"
#include "eio/websocket.h"

static void free_http_side(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;
  const sio_allocator *mem = conn->engine->mem;

  if (http == NULL)
    return;
  conn->http = NULL;
  sio__http_parser_free(http->parser);
  while (!sio__list_is_empty(&http->requests))
    sio__request_detach(
        SIO__CONTAINER(http->requests.next, struct sio_request, link));
  if (http->spare != NULL)
    sio_request_release(http->spare);
  sio__mem_free(mem, http, sizeof *http + http->address_len + 1);
}

/* End what depended on a connection that carries nothing any more, and free
 * it if the host has given it up. */
static void settle(struct sio__deferred *deferred)
{
  struct sio_conn *conn = SIO__CONTAINER(deferred, struct sio_conn, deferred);
  struct sio__engine *engine = conn->engine;
  struct sio__session *session = conn->session;

  conn->session = NULL;
  if (session != NULL && conn->candidate)
    sio__upgrade_lost(session);
  else if (session != NULL)
    sio__websocket_lost(session, conn->cause);
  free_http_side(conn);
  if (conn->state != CONN_GONE)
    return;
  sio__outq_dispose(&conn->out);
  sio__ws_reader_dispose(&conn->ws);
  sio__mem_free(engine->mem, conn, sizeof *conn);
}

static void on_timer(struct sio__timer *timer)
{
  struct sio_conn *conn = SIO__CONTAINER(timer, struct sio_conn, timer);

  if (conn->state == CONN_HTTP)
    sio__route_timeout(conn);
  else
    sio__conn_abort(conn, SIO_CAUSE_CLOSE_TIMEOUT);
}

int sio__conn_open(struct sio__engine *engine, const sio_peer *peer, void *user,
                   struct sio_conn **out)
{
  const char *address =
      peer != NULL && peer->address != NULL ? peer->address : "";
  size_t len = strlen(address);
  struct sio_conn *conn;

  *out = NULL;
  if (engine->closing)
    return SIO_ERR_CLOSED;
  if (engine->options->max_connections > 0 &&
      engine->n_conns >= engine->options->max_connections) {
    engine->causes[SIO_CAUSE_CONNECTIONS]++;
    return SIO_ERR_LIMIT;
  }
  if (len > UINT8_MAX)
    len = UINT8_MAX;
  conn = sio__mem_zalloc(engine->mem, sizeof *conn);
  if (conn == NULL)
    return SIO_ERR_NOMEM;
  conn->http = sio__mem_zalloc(engine->mem, sizeof *conn->http + len + 1);
  if (conn->http == NULL) {
    sio__mem_free(engine->mem, conn, sizeof *conn);
    return SIO_ERR_NOMEM;
  }
  sio__list_init(&conn->http->requests);
  conn->http->secure = peer != NULL && peer->secure;
  conn->http->address_len = (uint8_t)len;
  memcpy(conn->http->address, address, len);

  conn->engine = engine;
  conn->user = user;
  sio__outq_init(&conn->out, &engine->chunks);
  sio__ws_reader_init(&conn->ws, engine->mem, &engine->ws_limits);
  sio__list_init(&conn->deferred.link);
  sio__timer_init(&conn->timer, on_timer);
  sio__timer_start(&engine->clock, &conn->timer,
                   engine->options->header_timeout_ms);
  sio__list_insert(&engine->conns, &conn->link);
  engine->n_conns++;
  *out = conn;
  return 0;
}

void sio__conn_touch(struct sio_conn *conn)
{
  struct sio__engine *engine = conn->engine;

  if (conn->told || conn->state == CONN_GONE)
    return;
  conn->told = true;
  if (engine->ready != NULL)
    engine->ready(conn, conn->user, engine->ready_user);
}

bool sio__conn_has_room(struct sio_conn *conn, size_t len)
{
  uint64_t max = conn->engine->options->max_output_bytes;

  if (!sio__conn_is_open(conn))
    return false;
  if (len <= max && conn->out.bytes <= max - len)
    return true;
  sio__conn_abort(conn, SIO_CAUSE_OUTPUT_SIZE);
  return false;
}

bool sio__conn_write(struct sio_conn *conn, const void *data, size_t len)
{
  if (!sio__conn_has_room(conn, len))
    return false;
  if (sio__outq_append(&conn->out, data, len) != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  sio__conn_touch(conn);
  return true;
}

bool sio__conn_push(struct sio_conn *conn, struct sio__chunk *chunk,
                    uint32_t off, uint32_t len)
{
  if (!sio__conn_has_room(conn, len))
    return false;
  if (sio__outq_push(&conn->out, chunk, off, len) != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  sio__conn_touch(conn);
  return true;
}

/* It carries nothing any more: what depended on it learns of it when the
 * bracket closes, since a broadcast may be walking over sockets now. */
static void stop(struct sio_conn *conn, enum sio__conn_state state,
                 sio_cause cause)
{
  if (conn->cause == SIO_CAUSE_NONE)
    conn->cause = cause;
  conn->state = (uint8_t)state;
  sio__engine_defer(conn->engine, &conn->deferred, settle);
}

void sio__conn_end(struct sio_conn *conn, sio_cause cause, bool linger)
{
  if (!sio__conn_is_open(conn))
    return;
  sio__engine_enter(conn->engine);
  conn->linger = linger;
  sio__timer_start(&conn->engine->clock, &conn->timer,
                   conn->engine->options->close_timeout_ms);
  stop(conn, CONN_ENDING, cause);
  sio__conn_touch(conn);
  sio__engine_leave(conn->engine);
}

void sio__conn_abort(struct sio_conn *conn, sio_cause cause)
{
  if (conn->state == CONN_GONE || conn->aborted)
    return;
  sio__engine_enter(conn->engine);
  conn->aborted = true;
  sio__timer_stop(&conn->timer);
  stop(conn, CONN_ENDING, cause);
  sio__conn_touch(conn);
  sio__engine_leave(conn->engine);
}

int sio__conn_become_websocket(struct sio_conn *conn,
                               struct sio__session *session, bool candidate)
{
  conn->state = CONN_WS;
  conn->session = session;
  conn->candidate = candidate;
  sio__timer_stop(&conn->timer);
  free_http_side(conn);
  return 0;
}

/* ---- Public functions ---- */

static void feed_http(struct sio_conn *conn, uint8_t **data, size_t *len)
{
  struct sio__engine *engine = conn->engine;

  if (conn->http->parser == NULL)
    conn->http->parser =
        sio__http_parser_new(engine->mem, &engine->http_limits);
  if (conn->http->parser == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  while (conn->state == CONN_HTTP) {
    size_t used = 0;
    sio_span body = {NULL, 0};
    enum sio__http_event event =
        sio__http_parse(conn->http->parser, *data, *len, &used, &body);

    *data += used;
    *len -= used;
    sio__route_event(conn, event, body);
    if (event == HTTP_MORE)
      break;
  }
}

int sio_conn_feed(sio_conn *conn, uint8_t *data, size_t len)
{
  if (conn->feeding)
    return SIO_ERR_REENTRANT;
  if (!sio__conn_is_open(conn))
    return SIO_ERR_CLOSED;
  sio__engine_enter(conn->engine);
  conn->feeding = true;
  if (conn->state == CONN_HTTP)
    feed_http(conn, &data, &len);
  if (conn->state == CONN_WS || conn->state == CONN_WS_CLOSING)
    sio__websocket_feed(conn, data, len);
  conn->feeding = false;
  sio__engine_leave(conn->engine);
  return 0;
}

size_t sio_conn_output(sio_conn *conn, sio_span *spans, size_t n)
{
  conn->told = false;
  return conn->aborted ? 0 : sio__outq_spans(&conn->out, spans, n);
}

void sio_conn_sent(sio_conn *conn, size_t len)
{
  sio__outq_sent(&conn->out, len);
}

size_t sio_conn_pending(const sio_conn *conn)
{
  return conn->aborted ? 0 : conn->out.bytes;
}

sio_close_wish sio_conn_wants_close(const sio_conn *conn)
{
  if (conn->state != CONN_ENDING)
    return SIO_CLOSE_NO;
  return conn->linger && !conn->aborted ? SIO_CLOSE_LINGER : SIO_CLOSE_NOW;
}

void sio_conn_closed(sio_conn *conn, int error)
{
  struct sio__engine *engine = conn->engine;

  sio__engine_enter(engine);
  sio__timer_stop(&conn->timer);
  sio__list_remove(&conn->link);
  engine->n_conns--;
  stop(conn, CONN_GONE, error < 0 ? SIO_CAUSE_WRITE : SIO_CAUSE_PEER_GONE);
  if (engine->n_conns == 0)
    engine->events->empty(engine->events_user);
  sio__engine_leave(engine);
}
