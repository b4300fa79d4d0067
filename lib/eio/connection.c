/* SPDX-License-Identifier: MIT */
/* A transport connection: bytes in, bytes out.  See connection.h for its
 * states. */
#include "eio/connection.h"

#include "base/cold.h"
#include "base/mem.h"

/* End what depended on a connection that carries nothing any more, and free
 * it if the host has given it up. */
static void settle(struct sio__deferred *deferred)
{
  struct sio_conn *conn = SIO__CONTAINER(deferred, struct sio_conn, deferred);
  const struct sio__conn_protocol *protocol = conn->protocol;
  const sio_allocator *mem = conn->engine->mem;

  conn->protocol = NULL;
  if (protocol != NULL)
    protocol->lost(conn);
  /* The host may have given it up meanwhile: then this runs once more. */
  if (conn->state != CONN_GONE || !sio__list_is_empty(&conn->deferred.link))
    return;
  sio__outq_dispose(&conn->out);
  sio__ws_reader_dispose(&conn->ws);
  sio__ws_deflate_free(conn->deflate);
  if (conn->layer != NULL)
    conn->layer->free(conn);
  sio__mem_free(mem, conn, sizeof *conn);
}

static void start_ending(struct sio_conn *conn)
{
  conn->mark = conn->sent;
  sio__timer_start(&conn->engine->clock, &conn->timer,
                   conn->engine->options->close_timeout_ms);
}

static void on_timer(struct sio__timer *timer)
{
  struct sio_conn *conn = SIO__CONTAINER(timer, struct sio_conn, timer);

  if (sio__conn_is_open(conn)) {
    if (conn->layer == NULL || !conn->layer->timeout(conn))
      conn->protocol->timeout(conn);
    return;
  }
  if (conn->out.bytes > 0 && conn->sent != conn->mark && !conn->engine->closing)
    start_ending(conn); /* the peer is busy reading a long answer */
  else
    sio__conn_abort(conn, SIO_CAUSE_CLOSE_TIMEOUT);
}

int sio__conn_new(struct sio__engine *engine, void *user,
                  const struct sio__conn_protocol *protocol,
                  struct sio__http_side *http, struct sio_conn **out)
{
  uint32_t max = engine->options->max_connections;
  struct sio_conn *conn;

  *out = NULL;
  if (engine->closing) {
    engine->metrics.connections_refused++;
    return SIO_ERR_CLOSED;
  }
  if (max > 0 && engine->n_conns >= max) {
    engine->metrics.connections_refused++;
    sio__engine_note(engine,
                     &(struct sio__about){"http", 0, "connection", NULL},
                     SIO_CAUSE_CONNECTIONS, NULL, engine->n_conns + 1);
    return SIO_ERR_LIMIT;
  }
  conn = sio__mem_zalloc(engine->mem, sizeof *conn);
  if (conn == NULL)
    return SIO_ERR_NOMEM;
  conn->engine = engine;
  conn->user = user;
  conn->protocol = protocol;
  conn->http = http;
  sio__outq_init(&conn->out, &engine->chunks);
  sio__ws_reader_init(&conn->ws, engine->mem, &engine->ws_limits);
  sio__list_init(&conn->deferred.link);
  sio__timer_init(&conn->timer, on_timer);
  sio__timer_start(&engine->clock, &conn->timer,
                   engine->options->header_timeout_ms);
  sio__list_insert(&engine->conns, &conn->link);
  engine->n_conns++;
  conn->id = ++engine->last_conn;
  engine->metrics.connections++;
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
  uint64_t max = conn->engine->options->max_output_bytes, seen;

  if (!sio__conn_is_open(conn))
    return false;
  seen = conn->out.bytes + (uint64_t)len;
  /* Each further piece may keep a whole block alive, however small it is. */
  if (conn->out.count > 1)
    seen += (uint64_t)(conn->out.count - 1) * SIO__CHUNK_SMALLEST;
  if (seen <= max)
    return true;
  conn->seen = seen;
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
  const struct sio__about about = {conn->http != NULL ? "http" : "websocket",
                                   conn->id, "connection", NULL};

  if (conn->cause == SIO_CAUSE_NONE) {
    conn->cause = cause;
    if (conn->session == NULL) /* else its session tells how it ended */
      sio__engine_note(conn->engine, &about, cause,
                       conn->layer != NULL ? conn->layer->detail(conn) : NULL,
                       conn->seen);
  }
  conn->state = (uint8_t)state;
  conn->told = false; /* its wish has changed, whatever the host knows */
  sio__engine_defer(conn->engine, &conn->deferred, settle);
}

void sio__conn_end(struct sio_conn *conn, sio_cause cause, bool linger)
{
  if (!sio__conn_is_open(conn))
    return;
  sio__engine_enter(conn->engine);
  conn->linger = linger;
  if (!conn->ws_closing) /* else it is running since our close frame */
    start_ending(conn);
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

void sio__conn_replay(struct sio_conn *conn, uint8_t *data, size_t len)
{
  conn->feeding = true;
  while (len > 0 && sio__conn_is_open(conn)) {
    size_t used = conn->protocol->feed(conn, data, len);

    data += used;
    len -= used;
  }
  conn->feeding = false;
}

/* ---- Public functions ---- */

int sio_conn_feed(sio_conn *conn, uint8_t *data, size_t len)
{
  if (conn->feeding)
    return SIO_ERR_REENTRANT;
  if (!sio__conn_is_open(conn))
    return SIO_ERR_CLOSED;
  sio__engine_enter(conn->engine);
  conn->engine->metrics.bytes_in += len;
  if (conn->layer != NULL)
    conn->layer->feed(conn, data, len);
  else
    sio__conn_replay(conn, data, len);
  sio__engine_leave(conn->engine);
  return 0;
}

size_t sio_conn_output(sio_conn *conn, sio_span *spans, size_t n)
{
  conn->told = false;
  if (conn->aborted)
    return 0;
  if (conn->layer != NULL)
    return conn->layer->output(conn, spans, n);
  return sio__outq_spans(&conn->out, spans, n);
}

static SIO__COLD void tell_sent(struct sio_conn *conn)
{
  const struct sio__conn_protocol *protocol = conn->protocol;

  if (protocol == NULL || protocol->sent == NULL || !sio__conn_is_open(conn))
    return;
  sio__engine_enter(conn->engine);
  protocol->sent(conn);
  sio__engine_leave(conn->engine);
}

uint64_t sio_conn_id(const sio_conn *conn)
{
  return conn->id;
}

void sio_conn_sent(sio_conn *conn, size_t len)
{
  struct sio__engine *engine = conn->engine;

  engine->metrics.bytes_out += len;
  if (conn->layer != NULL) {
    conn->layer->sent(conn, len);
  } else {
    sio__outq_sent(&conn->out, len);
    conn->sent += len;
  }
  if (conn->watched || engine->hooks.sessions.drain != NULL)
    tell_sent(conn);
}

size_t sio_conn_pending(const sio_conn *conn)
{
  if (conn->aborted)
    return 0;
  return conn->out.bytes +
         (conn->layer != NULL ? conn->layer->pending(conn) : 0);
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
