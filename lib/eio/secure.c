/* SPDX-License-Identifier: MIT */
/* Connections with TLS. */
#include "eio/secure.h"

#include "base/mem.h"
#include "eio/exchange.h"

static bool is_shaking_hands(const struct sio_conn *conn)
{
  return !sio__tls_is_established(conn->tls);
}

/* ---- The engine's room for plaintext ---- */

/* A callback may feed another connection: that one gets a room of its own. */
static uint8_t *take_room(struct sio__engine *engine)
{
  uint8_t *room = engine->plain_room;

  engine->plain_room = NULL;
  return room != NULL ? room : sio__mem_alloc(engine->mem, SIO__TLS_PLAIN);
}

static void give_back(struct sio__engine *engine, uint8_t *room)
{
  if (engine->plain_room == NULL)
    engine->plain_room = room;
  else
    sio__mem_free(engine->mem, room, SIO__TLS_PLAIN);
}

/* ---- In ---- */

static void on_established(struct sio_conn *conn)
{
  struct sio__engine *engine = conn->engine;
  const struct sio__tls *tls = conn->tls;

  engine->metrics.tls_handshakes++;
  engine->metrics.tls_resumed += tls->resumed;
  if (tls->client != NULL)
    conn->http->client = sio__subject_ref(tls->client);
  /* Now HTTP begins, as on any other connection. */
  sio__timer_start(&engine->clock, &conn->timer,
                   engine->options->header_timeout_ms);
  if (sio__engine_logs(engine, SIO_LOG_DEBUG))
    sio__engine_log(engine, SIO_LOG_DEBUG, "tls", conn->id,
                    "handshake finished: %s, %s%s%s", sio__tls_version(tls),
                    sio__tls_suite(tls), tls->resumed ? ", resumed" : "",
                    tls->client == NULL     ? ""
                    : tls->client->verified ? ", client verified"
                                            : ", client not verified");
}

/* There is nothing more to come.  After a failure only what TLS itself has to
 * say is sent, an alert mostly; the peer may be in the middle of something. */
static void finish(struct sio_conn *conn)
{
  const struct sio__tls *tls = conn->tls;

  if (tls->state != TLS_FAILED) {
    sio__conn_end(conn, SIO_CAUSE_PEER_GONE, false);
  } else if (tls->failure.cause == SIO_CAUSE_NOMEM) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
  } else {
    sio__outq_clear(&conn->out);
    sio__conn_end(conn, tls->failure.cause, true);
  }
}

static void decrypt(struct sio_conn *conn, uint8_t *room)
{
  uint64_t now = conn->engine->clock.now_ms;
  int n = 0;

  while (sio__conn_is_open(conn)) {
    bool was_shaking = is_shaking_hands(conn);

    n = sio__tls_read(conn->tls, now, room, SIO__TLS_PLAIN);
    if (was_shaking && sio__tls_is_established(conn->tls))
      on_established(conn);
    if (n <= 0)
      break;
    sio__conn_replay(conn, room, (size_t)n);
  }
  if (n < 0)
    finish(conn);
}

/* By whom handshakes are counted; "": by nobody.  Those of a proxy that passes
 * TLS on are of many people. */
static const char *counted_as(const struct sio_conn *conn)
{
  const struct sio__trust *trust = conn->engine->trust;
  const char *address = conn->http->address;

  return trust != NULL && sio__trust_has_peer(trust, address) ? "" : address;
}

/* The first byte is there, and the costly part would begin now. */
static bool may_begin(struct sio_conn *conn)
{
  struct sio__throttle *arrivals = &conn->engine->tls_arrivals;
  struct sio__excess excess;
  sio_cause cause;

  if (sio__throttle_take(arrivals, counted_as(conn), &excess) == 0)
    return true;
  cause = excess.by_address ? SIO_CAUSE_RATE_TLS_ADDRESS : SIO_CAUSE_RATE_TLS;
  conn->seen = excess.seen;
  if (!sio__throttle_tells(arrivals)) {
    conn->cause = cause; /* counted, but not logged */
    conn->engine->causes[cause]++;
  }
  sio__conn_abort(conn, cause);
  return false;
}

static void secure_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  uint8_t *room;

  if (conn->tls->state == TLS_FRESH && len > 0 && !may_begin(conn))
    return;
  room = take_room(conn->engine);
  if (room == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  sio__tls_feed(conn->tls, data, len);
  decrypt(conn, room);
  sio__tls_feed(conn->tls, NULL, 0); /* what is left is for nobody */
  give_back(conn->engine, room);
  if (conn->tls->out.bytes > 0)
    sio__conn_touch(conn);
}

/* ---- Out ---- */

static size_t secure_output(struct sio_conn *conn, sio_span *spans, size_t n)
{
  struct sio__tls *tls = conn->tls;
  bool was_well = tls->state != TLS_FAILED;

  conn->sent += sio__tls_write(tls, &conn->out);
  if (conn->state == CONN_ENDING && conn->out.bytes == 0)
    sio__tls_say_goodbye(tls);
  if (was_well && tls->state == TLS_FAILED) {
    sio__conn_abort(conn, tls->failure.cause);
    return 0;
  }
  return sio__outq_spans(&tls->out, spans, n);
}

static void secure_sent(struct sio_conn *conn, size_t len)
{
  sio__outq_sent(&conn->tls->out, len);
}

static size_t secure_pending(const struct sio_conn *conn)
{
  const struct sio__tls *tls = conn->tls;

  return tls->out.bytes +
         (conn->state == CONN_ENDING && sio__tls_owes_goodbye(tls));
}

/* ---- The rest ---- */

static bool secure_timeout(struct sio_conn *conn)
{
  if (!is_shaking_hands(conn))
    return false;
  sio__conn_abort(conn, SIO_CAUSE_TLS_TIMEOUT);
  return true;
}

static const char *secure_detail(const struct sio_conn *conn)
{
  return conn->tls->failure.detail;
}

static void secure_free(struct sio_conn *conn)
{
  sio__tls_free(conn->tls);
}

static const struct sio__conn_layer layer = {
    .feed = secure_feed,
    .output = secure_output,
    .sent = secure_sent,
    .pending = secure_pending,
    .timeout = secure_timeout,
    .detail = secure_detail,
    .free = secure_free,
};

void sio__secure_start(struct sio_conn *conn, struct sio__tls *tls)
{
  conn->tls = tls;
  conn->layer = &layer;
  sio__timer_start(&conn->engine->clock, &conn->timer,
                   conn->engine->options->tls_handshake_timeout_ms);
}
