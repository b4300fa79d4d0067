/* SPDX-License-Identifier: MIT */
/*
 * Requests outside the path: for the host.
 *
 *   head --handler of heads--+--answered
 *                            +--takes the body in pieces--> end
 *                            '--body is collected---------> handler
 *
 * An upgrade request that the host keeps is not followed by HTTP: its
 * connection waits for the answer, whatever arrives, and not for long.
 */
#include "eio/outside.h"

#include "base/mem.h"

static bool prepare(struct sio_request *request)
{
  const struct sio__http_side *http = request->conn->http;

  if (sio__request_keep_head(request) != 0)
    return false;
  request->address = sio__mem_alloc(request->mem, http->address_len + 1u);
  if (request->address == NULL)
    return false;
  memcpy(request->address, http->address, http->address_len + 1u);
  return true;
}

/* ---- An upgrade request that waits ---- */

static size_t ignore(struct sio_conn *conn, uint8_t *data, size_t len)
{
  (void)conn;
  (void)data;
  return len;
}

static void on_timeout(struct sio_conn *conn)
{
  const struct sio_request *last =
      SIO__CONTAINER(conn->http->requests.prev, struct sio_request, link);

  if (!last->begun)
    sio__conn_end(conn, SIO_CAUSE_UNHANDLED_UPGRADE, false);
  else if (conn->http->wait == HTTP_WAIT_READER)
    sio__exchange_on_idle(conn);
}

/* What a connection speaks behind such a request: nothing. */
static const struct sio__conn_protocol silence = {
    .feed = ignore,
    .timeout = on_timeout,
    .sent = sio__exchange_sent,
    .lost = sio__exchange_lost,
};

/* The host has seen all of a request, which is held here once. */
static void settle_upgrade(struct sio_request *request)
{
  struct sio_conn *conn = request->conn;
  bool is_kept = request->refs > 2; /* by the host */
  uint64_t timeout_ms;

  if (!request->head.wants_upgrade || request->begun || !is_kept ||
      conn == NULL || !sio__conn_is_open(conn))
    return;
  timeout_ms = conn->engine->options->unhandled_upgrade_timeout_ms;
  if (timeout_ms == 0)
    return;
  request->keep_alive = false;
  conn->protocol = &silence;
  sio__timer_start(&conn->engine->clock, &conn->timer, timeout_ms);
}

/* ---- Events ---- */

/* Let the host see the head. */
static void show_head(struct sio_request *request)
{
  const struct sio__hooks *hooks = &request->engine->hooks;

  if (hooks->http_head == NULL)
    return;
  request->choosing = true;
  hooks->http_head(request, hooks->http_head_user);
  request->choosing = false;
}

/* More of the body than the host takes: if it does not answer by itself, it
 * is answered. */
static void refuse_piece(struct sio_request *request, uint64_t seen)
{
  sio__pieces_finish(request->pieces, SIO_ERR_LIMIT);
  if (request->conn != NULL && !request->begun)
    sio__request_refuse_size(request, seen);
}

static bool is_streamed(const struct sio_request *request)
{
  return request->pieces != NULL && request->pieces->piece != NULL;
}

void sio__outside_request(struct sio_request *request,
                          const struct sio__http_head *head)
{
  struct sio_conn *conn = request->conn;
  uint64_t max = request->engine->options->max_body;

  request->kind = REQUEST_HOST;
  if (!prepare(request)) {
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    return;
  }
  conn->http->arriving = request;
  request->refs++;
  show_head(request);
  if (is_streamed(request))
    max = request->pieces->max;
  if (!request->answered && sio__conn_is_open(conn)) {
    if (!head->has_length || head->content_length <= max)
      sio__request_await_body(request);
    else if (is_streamed(request))
      refuse_piece(request, head->content_length);
    else if (!request->begun)
      sio__request_refuse_size(request, head->content_length);
  }
  if (--request->refs == 0)
    sio__request_free(request);
}

void sio__outside_body(struct sio_request *request, sio_span piece)
{
  uint64_t max = request->engine->options->max_body;
  int rv;

  request->refs++;
  if (is_streamed(request)) {
    if (!sio__pieces_take(request->pieces, piece))
      refuse_piece(request, request->pieces->taken + (uint64_t)piece.len);
  } else if (!request->begun) {
    rv = sio__request_add_body(request, piece, max);
    if (rv == SIO_ERR_LIMIT)
      sio__request_refuse_size(request,
                               request->body.len + (uint64_t)piece.len);
    else if (rv != 0)
      sio__request_abandon(request, SIO_CAUSE_NOMEM);
  }
  sio_request_release(request);
}

void sio__outside_done(struct sio_request *request)
{
  struct sio__engine *engine = request->engine;

  if (request->whole.data != NULL && sio__request_keep_body(request) != 0) {
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    return;
  }
  (void)sio_request_retain(request); /* it may be answered meanwhile */
  request->handed = true;
  if (is_streamed(request))
    sio__pieces_finish(request->pieces, 0);
  else if (!request->begun &&
           !engine->events->request(request, engine->events_user) &&
           !request->begun)
    sio__request_answer(request, 404, "text/plain",
                        sio__text_span("Not Found"));
  settle_upgrade(request);
  sio_request_release(request); /* unanswered and not retained: 500 */
}

/* ---- Public functions ---- */

int sio_request_stream_body(sio_request *request, uint64_t max_bytes,
                            sio_body_fn piece, sio_body_end_fn end, void *user)
{
  struct sio__pieces *pieces;

  if (piece == NULL || end == NULL)
    return SIO_ERR_INVALID;
  if (!request->choosing || request->answered || is_streamed(request))
    return SIO_ERR_STATE;
  pieces = sio__request_pieces(request);
  if (pieces == NULL)
    return SIO_ERR_NOMEM;
  request->refs++; /* until the end was told */
  request->handed = true;
  pieces->piece = piece;
  pieces->end = end;
  pieces->body_user = user;
  pieces->max = max_bytes;
  return 0;
}
