/* SPDX-License-Identifier: MIT */
/* Where requests go. */
#include "eio/route.h"

#include "base/mem.h"
#include "eio/exchange.h"
#include "eio/polling.h"
#include "eio/upgrade.h"
#include "eio/verify.h"
#include "eio/websocket.h"

#include <stdio.h>

static const sio_span no_body = {NULL, 0};

static sio_span text_body(const char *text)
{
  sio_span body = {(const uint8_t *)text, strlen(text)};

  return body;
}

/* Whether bytes of a body follow the head. */
static bool has_body(const struct sio__http_head *head)
{
  sio_str value;

  return (head->has_length && head->content_length > 0) ||
         sio__http_header(head, "transfer-encoding", &value);
}

/* Refuse a request whose head has just been read: what follows of it is not
 * read any more. */
static void refuse(struct sio_request *request,
                   const struct sio__http_head *head, int status,
                   const char *type, const char *headers, sio_span body)
{
  if (has_body(head)) {
    request->keep_alive = false;
    request->conn->http->arriving = request;
  }
  sio__request_answer(request, status, type, headers, body);
}

/* ---- Under the path ---- */

static void refuse_code(struct sio_request *request,
                        const struct sio__http_head *head,
                        const struct sio__verdict *verdict)
{
  const char *message = sio__refusal_message(verdict->code);
  char json[96];

  sio__engine_note(request->engine, "request", SIO_CAUSE_REFUSED,
                   verdict->context, 0);
  if (head->wants_websocket) {
    request->keep_alive = false;
    refuse(request, head, 400, "text/html", NULL, text_body(message));
    return;
  }
  snprintf(json, sizeof json, "{\"code\":%d,\"message\":\"%s\"}",
           (int)verdict->code, message);
  refuse(request, head, 400, "application/json", NULL, text_body(json));
}

/* Refuse an upgrade request; true if it was not fit to be one. */
static bool refuse_handshake(struct sio_request *request,
                             const struct sio__http_head *head)
{
  struct sio__ws_refusal refusal = sio__websocket_check(head);

  if (refusal.status == 0 &&
      request->link.prev == &request->conn->http->requests)
    return false;
  if (refusal.status == 0) { /* answers to earlier requests are still owed */
    refusal.status = 400;
    refusal.message = "Bad request";
  }
  request->keep_alive = false;
  refuse(request, head, refusal.status, "text/html", refusal.headers,
         text_body(refusal.message));
  return true;
}

/* The request was answered by 101: nothing of it is left on the connection. */
static void open_websocket(struct sio_request *request,
                           const struct sio__http_head *head, bool base64)
{
  struct sio_conn *conn = request->conn;
  struct sio__session *session;
  struct sio__buf packet;
  int rv;

  if (refuse_handshake(request, head))
    return;
  rv =
      sio__session_new(conn->engine, head, conn->http->address,
                       conn->http->secure, &sio__websocket_transport, &session);
  if (rv != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  session->base64 = base64;
  if (!sio__websocket_accept(request, head)) {
    sio__session_drop(session);
    return;
  }
  sio__buf_init(&packet, conn->engine->mem, SIZE_MAX);
  sio__session_write_open(session, true, &packet);
  if (packet.error != 0)
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
  if (packet.error == 0 && session->state == SESSION_OPEN &&
      sio__websocket_send(conn, packet.data, packet.len, false)) {
    session->ws = conn;
    sio__websocket_attach(conn, session, &sio__websocket_sink);
    sio__session_announce(session);
  } else {
    sio__session_drop(session);
    sio__websocket_close(conn);
  }
  sio__buf_dispose(&packet);
}

static void upgrade(struct sio_request *request,
                    const struct sio__http_head *head,
                    struct sio__session *session)
{
  struct sio_conn *conn = request->conn;
  bool taken = session->ws != NULL || session->candidate != NULL;

  if (refuse_handshake(request, head) || !sio__websocket_accept(request, head))
    return;
  /* A second websocket is closed after 101, not refused before: the first one
   * must not notice, and clients know how to take it. */
  if (taken)
    sio__websocket_close(conn);
  else if (sio__upgrade_begin(session, conn) != 0)
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
}

static void open_polling(struct sio_request *request,
                         const struct sio__http_head *head, bool base64)
{
  struct sio_conn *conn = request->conn;
  struct sio__session *session;

  if (sio__session_new(conn->engine, head, conn->http->address,
                       conn->http->secure, &sio__polling_transport,
                       &session) != 0) {
    refuse(request, head, 500, NULL, NULL, no_body);
    return;
  }
  session->base64 = base64;
  sio__polling_open(session, request);
}

/* The body of a request is welcome: say so if the client waits for it. */
static void go_on(struct sio_request *request,
                  const struct sio__http_head *head)
{
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

  if (!head->expects_continue || !has_body(head))
    return;
  if (sio__outq_append(sio__request_out(request), text, sizeof text - 1) != 0)
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
  else
    sio__conn_touch(request->conn);
}

static void on_post(struct sio_request *request,
                    const struct sio__http_head *head,
                    struct sio__session *session)
{
  request->conn->http->arriving = request;
  if (sio__polling_post(session, request, head))
    go_on(request, head);
}

static void on_engine_request(struct sio_request *request,
                              const struct sio__http_head *head)
{
  struct sio__verdict verdict = sio__verify(request->engine, head);

  switch (verdict.kind) {
  case VERDICT_HANDSHAKE_POLLING:
    open_polling(request, head, verdict.base64);
    break;
  case VERDICT_HANDSHAKE_WEBSOCKET:
    open_websocket(request, head, verdict.base64);
    break;
  case VERDICT_GET:
    sio__polling_get(verdict.session, request);
    break;
  case VERDICT_POST:
    on_post(request, head, verdict.session);
    break;
  case VERDICT_UPGRADE:
    upgrade(request, head, verdict.session);
    break;
  case VERDICT_METHOD:
    refuse(request, head, 405, NULL, "Allow: GET, POST\r\n", no_body);
    break;
  case VERDICT_FULL:
    sio__engine_note(request->engine, "request", SIO_CAUSE_SESSIONS, NULL,
                     request->engine->sessions.count + 1);
    request->keep_alive = false;
    refuse(request, head, 503, NULL, "Retry-After: 5\r\n", no_body);
    break;
  case VERDICT_CLOSED:
    request->keep_alive = false;
    refuse(request, head, 503, NULL, NULL, no_body);
    break;
  case VERDICT_REFUSED:
    refuse_code(request, head, &verdict);
    break;
  }
}

/* ---- Outside the path ---- */

static bool prepare_host_request(struct sio_request *request)
{
  const struct sio__http_side *http = request->conn->http;
  struct sio__http_head packed;

  if (sio__http_head_pack(&request->head, request->mem, &packed) != 0)
    return false;
  request->head = packed;
  request->head_packed = true;
  request->address = sio__mem_alloc(request->mem, http->address_len + 1u);
  if (request->address == NULL)
    return false;
  memcpy(request->address, http->address, http->address_len + 1u);
  return true;
}

static void on_host_request(struct sio_request *request,
                            const struct sio__http_head *head)
{
  uint64_t max = request->engine->options->max_body;

  request->kind = REQUEST_HOST;
  if (head->has_length && head->content_length > max) {
    request->conn->http->arriving = request;
    sio__request_refuse_size(request, head->content_length);
    return;
  }
  if (!prepare_host_request(request)) {
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    return;
  }
  request->conn->http->arriving = request;
  go_on(request, head);
}

static void host_request_done(struct sio_request *request)
{
  struct sio__engine *engine = request->engine;
  bool handled;

  if (request->whole.data != NULL && sio__request_keep_body(request) != 0) {
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    return;
  }
  (void)sio_request_retain(request); /* it may be answered meanwhile */
  handled = engine->events->request(request, engine->events_user);
  if (!handled && !request->answered)
    sio__request_answer(request, 404, "text/plain", NULL,
                        text_body("Not Found"));
  sio_request_release(request); /* unanswered and not retained: 500 */
}

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
  conn->http->wait = HTTP_WAIT_NOTHING; /* the next head has its own time */
  request = sio__request_new(conn, head);
  if (request == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  if (sio__verify_is_ours(conn->engine, head))
    on_engine_request(request, head);
  else
    on_host_request(request, head);
}

static void on_body(struct sio_conn *conn, sio_span body)
{
  struct sio_request *request = conn->http->arriving;
  const sio_server_options *options = conn->engine->options;
  uint64_t max;
  int rv;

  if (request == NULL || request->answered)
    return;
  max =
      request->kind == REQUEST_POST ? options->max_payload : options->max_body;
  rv = sio__request_add_body(request, body, max);
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
    host_request_done(request);
  else
    sio__polling_post_done(request);
}

/* Answer what is not HTTP, or too much of it, and hang up. */
static void on_error(struct sio_conn *conn, int status, sio_cause cause,
                     const char *detail)
{
  struct sio__http_head head = {0};
  struct sio_request *request;

  if (cause == SIO_CAUSE_NOMEM) {
    sio__conn_abort(conn, cause);
    return;
  }
  sio__engine_note(conn->engine, "request", cause, detail, 0);
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
  sio__request_answer(request, status, NULL, NULL, no_body);
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
  http->wait = (uint8_t)wait;
  if (wait == HTTP_WAIT_NOTHING)
    sio__timer_stop(&conn->timer);
  else
    sio__timer_start(&conn->engine->clock, &conn->timer, ms);
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
  return last->answered && !last->keep_alive;
}

static size_t http_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  struct sio__engine *engine = conn->engine;
  struct sio__http_side *http = conn->http;
  enum sio__http_event event;
  size_t done = 0;

  if (http->failed || has_said_goodbye(http))
    return len; /* an answer is still owed to an earlier request */
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
           !has_said_goodbye(http));
  /* What is left is for frames, or for nobody. */
  return conn->protocol != &sio__http_protocol ? done : len;
}

static void http_timeout(struct sio_conn *conn)
{
  if (has_said_goodbye(conn->http))
    return;
  switch (conn->http->wait) {
  case HTTP_WAIT_NEXT:
    sio__conn_end(conn, SIO_CAUSE_IDLE_TIMEOUT, false);
    break;
  case HTTP_WAIT_BODY:
    on_error(conn, 408, SIO_CAUSE_BODY_TIMEOUT, NULL);
    break;
  default:
    on_error(conn, 408, SIO_CAUSE_HEADER_TIMEOUT, NULL);
    break;
  }
}

static void http_lost(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;

  conn->http = NULL;
  sio__http_side_free(http, conn->engine->mem, conn->cause);
}

const struct sio__conn_protocol sio__http_protocol = {
    .feed = http_feed,
    .timeout = http_timeout,
    .lost = http_lost,
};

int sio__route_open(struct sio__engine *engine, const sio_peer *peer,
                    void *user, struct sio_conn **out)
{
  struct sio__http_side *http = sio__http_side_new(engine->mem, peer);
  int rv;

  *out = NULL;
  if (http == NULL)
    return SIO_ERR_NOMEM;
  rv = sio__conn_new(engine, user, &sio__http_protocol, http, out);
  if (rv != 0)
    sio__http_side_free(http, engine->mem, SIO_CAUSE_NONE);
  return rv;
}
