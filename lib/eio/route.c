/* SPDX-License-Identifier: MIT */
/* Where requests go. */
#include "eio/route.h"

#include "base/mem.h"
#include "eio/exchange.h"
#include "eio/inside.h"
#include "eio/outside.h"
#include "eio/polling.h"
#include "eio/proxied.h"
#include "eio/secure.h"
#include "eio/verify.h"

static const sio_span no_body = {NULL, 0};

/* ---- Events of the parser ---- */

static void on_head(struct sio_conn *conn)
{
  const struct sio__http_head *head = sio__http_parser_head(conn->http->parser);
  uint32_t max = conn->engine->options->max_pipelined;
  struct sio_request *request;

  if (conn->http->n_requests >= max) {
    sio__conn_abort(conn, SIO_CAUSE_PIPELINE);
    return;
  }
  if (conn->http->wait != HTTP_WAIT_READER)
    conn->http->wait = HTTP_WAIT_NOTHING; /* the next head has its own time */
  conn->engine->metrics.http_requests++;
  request = sio__request_new(conn, head);
  if (request == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  if (sio__verify_is_ours(conn->engine, head))
    sio__inside_request(request);
  else
    sio__outside_request(request, head);
}

static void on_body(struct sio_conn *conn, sio_span body)
{
  struct sio_request *request = conn->http->arriving;
  int rv;

  if (request == NULL || request->answered)
    return;
  if (request->kind == REQUEST_HOST) {
    sio__outside_body(request, body);
    return;
  }
  rv = sio__request_add_body(request, body, conn->engine->options->max_payload);
  if (rv == SIO_ERR_LIMIT)
    sio__request_refuse_size(request, request->body.len + (uint64_t)body.len);
  else if (rv != 0)
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
}

static void on_done(struct sio_conn *conn)
{
  struct sio_request *request = conn->http->arriving;

  if (request == NULL)
    return;
  conn->http->arriving = NULL;
  if (request->answered)
    return;
  if (request->kind == REQUEST_HOST)
    sio__outside_done(request);
  else
    sio__polling_post_done(request);
}

/* Answer what is not HTTP, or too much of it, and hang up. */
static void on_error(struct sio_conn *conn, int status, sio_cause cause,
                     const char *detail)
{
  const struct sio__about about = {"http", conn->id, "request", NULL};
  struct sio__http_head head = {0};
  struct sio_request *request;

  if (cause == SIO_CAUSE_NOMEM) {
    sio__conn_abort(conn, cause);
    return;
  }
  sio__engine_note(conn->engine, &about, cause, detail, 0);
  conn->engine->metrics.http_errors++;
  head.method = "";
  request = conn->http->arriving;
  if (request == NULL || request->answered)
    request = sio__request_new(conn, &head);
  if (request == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  conn->http->arriving = request; /* what is left of it is not read */
  request->keep_alive = false;
  conn->cause = cause;
  (void)sio__request_answer(request, status, NULL, no_body); /* or cut */
}

/* One timer at a time: for a head, a body, or the next request. */
static void watch(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;
  const sio_server_options *options = conn->engine->options;
  enum sio__http_wait wait = HTTP_WAIT_NOTHING;
  uint64_t ms = 0;

  if (http->arriving != NULL) {
    wait = HTTP_WAIT_BODY;
    ms = options->body_timeout_ms;
  } else if (sio__http_parser_is_busy(http->parser)) {
    wait = HTTP_WAIT_HEAD;
    ms = options->header_timeout_ms;
  } else if (http->n_requests == 0) {
    wait = HTTP_WAIT_NEXT;
    ms = options->keep_alive_timeout_ms;
  }
  if (wait == http->wait && (wait == HTTP_WAIT_HEAD || wait == HTTP_WAIT_BODY))
    return; /* its time is running already */
  if (wait == HTTP_WAIT_NOTHING && http->wait == HTTP_WAIT_READER)
    return; /* likewise */
  http->wait = (uint8_t)wait;
  http->mark = conn->sent;
  if (wait != HTTP_WAIT_NOTHING) {
    sio__timer_start(&conn->engine->clock, &conn->timer, ms);
  } else {
    sio__timer_stop(&conn->timer);
    sio__exchange_await_reader(conn);
  }
}

static void on_event(struct sio_conn *conn, enum sio__http_event event,
                     sio_span body)
{
  const struct sio__http_error *error;

  switch (event) {
  case HTTP_HEAD:
    on_head(conn);
    break;
  case HTTP_BODY:
    on_body(conn, body);
    break;
  case HTTP_DONE:
    on_done(conn);
    break;
  case HTTP_ERROR:
    conn->http->failed = true;
    error = sio__http_parser_error(conn->http->parser);
    on_error(conn, error->status, error->cause, error->detail);
    break;
  case HTTP_MORE:
    /* The input buffer is about to go. */
    if (conn->http->arriving != NULL &&
        sio__request_keep_body(conn->http->arriving) != 0)
      sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    watch(conn);
    break;
  }
}

/* ---- As the protocol of a connection ---- */

/* Whether the answer to what was read last closes the connection, and waits
 * for earlier ones: nothing is read behind it (RFC 9112 section 9.6). */
static bool has_said_goodbye(const struct sio__http_side *http)
{
  const struct sio_request *last;

  if (sio__list_is_empty(&http->requests))
    return false;
  last = SIO__CONTAINER(http->requests.prev, struct sio_request, link);
  if (last->keep_alive)
    return false;
  /* The body of a request may go on behind the beginning of its answer. */
  return last->answered || (last->begun && http->arriving != last);
}

/* What comes behind a websocket's handshake has to wait for it. */
static void hold(struct sio_conn *conn, const uint8_t *data, size_t len)
{
  struct sio__buf *held = &conn->http->held;

  sio__buf_append(held, data, len);
  if (held->error != 0)
    sio__conn_abort(conn, held->error == SIO_ERR_LIMIT ? SIO_CAUSE_PIPELINE
                                                       : SIO_CAUSE_NOMEM);
}

/* What there is of a body that is not read to its end lies in the input. */
static void leave_input(struct sio_conn *conn)
{
  if (conn->http != NULL && conn->http->arriving != NULL)
    sio__request_forget_input(conn->http->arriving);
}

static size_t http_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  struct sio__engine *engine = conn->engine;
  struct sio__http_side *http = conn->http;
  enum sio__http_event event;
  size_t done = 0;

  if (http->failed || has_said_goodbye(http))
    return len; /* an answer is still owed to an earlier request */
  if (http->holding) {
    hold(conn, data, len);
    return len;
  }
  if (http->parser == NULL)
    http->parser = sio__http_parser_new(engine->mem, &engine->http_limits);
  if (http->parser == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return len;
  }
  do {
    size_t used = 0;
    sio_span body = {NULL, 0};

    event =
        sio__http_parse(http->parser, data + done, len - done, &used, &body);
    done += used;
    on_event(conn, event, body);
  } while (event != HTTP_MORE && event != HTTP_ERROR &&
           sio__conn_is_open(conn) && conn->protocol == &sio__http_protocol &&
           !has_said_goodbye(http) && !http->holding);
  leave_input(conn);
  /* What is left is for frames, now or later, or for nobody. */
  return conn->protocol != &sio__http_protocol || http->holding ? done : len;
}

static void http_timeout(struct sio_conn *conn)
{
  if (conn->http->wait != HTTP_WAIT_READER && has_said_goodbye(conn->http))
    return;
  switch (conn->http->wait) {
  case HTTP_WAIT_NEXT:
  case HTTP_WAIT_READER:
    sio__exchange_on_idle(conn);
    break;
  case HTTP_WAIT_BODY:
    on_error(conn, 408, SIO_CAUSE_BODY_TIMEOUT, NULL);
    break;
  default:
    on_error(conn, 408, SIO_CAUSE_HEADER_TIMEOUT, NULL);
    break;
  }
}

const struct sio__conn_protocol sio__http_protocol = {
    .feed = http_feed,
    .timeout = http_timeout,
    .sent = sio__exchange_sent,
    .lost = sio__exchange_lost,
};

/* What a connection has in front of HTTP. */
struct front {
  struct sio__proxied *proxied;
  struct sio__tls *tls;
};

static int make_front(struct sio__engine *engine, const sio_peer *peer,
                      struct front *front)
{
  *front = (struct front){NULL, NULL};
  if (peer->proxied == 0 && peer->tls == NULL)
    return 0;
  if (peer->proxied != 0)
    front->proxied = sio__proxied_new(peer->tls, engine->mem);
  else
    front->tls = sio__tls_new(peer->tls, &engine->chunks, engine->mem);
  return front->proxied != NULL || front->tls != NULL ? 0 : SIO_ERR_NOMEM;
}

int sio__route_open(struct sio__engine *engine, const sio_peer *peer,
                    void *user, struct sio_conn **out)
{
  struct sio__http_side *http = sio__http_side_new(engine->mem, peer);
  struct front front;
  int rv;

  *out = NULL;
  if (http == NULL)
    return SIO_ERR_NOMEM;
  rv = make_front(engine, peer, &front);
  if (rv == 0)
    rv = sio__conn_new(engine, user, &sio__http_protocol, http, out);
  if (rv != 0) {
    sio__http_side_free(http, engine->mem, SIO_CAUSE_NONE);
    sio__tls_free(front.tls);
    sio__proxied_free(front.proxied, engine->mem);
  } else if (front.proxied != NULL) {
    sio__proxied_start(*out, front.proxied);
  } else if (front.tls != NULL) {
    sio__secure_start(*out, front.tls);
  }
  return rv;
}
