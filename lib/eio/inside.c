/* SPDX-License-Identifier: MIT */
/* Requests under the path: who sees them, in which order, and what the host
 * decides about handshakes.  See handshake.h. */
#include "eio/inside.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "eio/admit.h"
#include "eio/bundle.h"
#include "eio/polling.h"
#include "eio/refuse.h"

static const sio_span no_body = {NULL, 0};

/* A handshake that the host has still to decide about. */
struct sio__pending_handshake {
  struct sio_request *request;
  struct sio__verdict wish;
  struct sio__timer timer;
};

/* ---- The host decides ---- */

/* The request waits no longer; returns what it waited with. */
static struct sio__pending_handshake *end_waiting(struct sio_request *request)
{
  struct sio__pending_handshake *waiting = request->handshake;

  sio__timer_stop(&waiting->timer);
  request->engine->admission.n_pending--;
  request->handshake = NULL;
  request->released = NULL;
  return waiting;
}

static void free_waiting(struct sio_request *request,
                         struct sio__pending_handshake *waiting)
{
  sio__mem_free(request->mem, waiting, sizeof *waiting);
}

/* Its connection has gone before the host has decided. */
static void on_lost(struct sio_request *request, sio_cause cause)
{
  (void)cause;
  free_waiting(request, end_waiting(request));
}

static void on_timeout(struct sio__timer *timer)
{
  struct sio__pending_handshake *waiting =
      SIO__CONTAINER(timer, struct sio__pending_handshake, timer);
  struct sio_request *request = waiting->request;
  const sio_end end = {SIO_REASON_NONE, SIO_CAUSE_HANDSHAKE_TIMEOUT, NULL, 0,
                       0};

  sio__request_note(request, &end);
  free_waiting(request, end_waiting(request));
  request->keep_alive = false;
  (void)sio__request_refuse(request, 503, NULL, no_body); /* or cut */
}

/* Feed what came behind a websocket's handshake while it waited. */
static void feed_held(struct sio_conn *conn, struct sio__buf *held)
{
  if (held->len > 0 && !conn->feeding)
    sio__conn_replay(conn, held->data, held->len);
  sio__buf_dispose(held);
}

/* Have the host decide, now or later. */
static void ask_host(struct sio_request *request,
                     const struct sio__verdict *verdict)
{
  struct sio__engine *engine = request->engine;
  const struct sio__hooks *hooks = &engine->hooks;
  struct sio__pending_handshake *waiting =
      sio__mem_alloc(request->mem, sizeof *waiting);

  if (waiting == NULL || sio__request_keep_head(request) != 0) {
    sio__mem_free(request->mem, waiting, sizeof *waiting);
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    return;
  }
  waiting->request = request;
  waiting->wish = *verdict;
  sio__timer_init(&waiting->timer, on_timeout);
  sio__timer_start(&engine->clock, &waiting->timer,
                   engine->options->handshake_timeout_ms);
  engine->admission.n_pending++;
  request->kind = REQUEST_HANDSHAKE;
  request->handshake = waiting;
  request->released = on_lost;
  if (verdict->websocket) {
    request->conn->http->holding = true;
    request->conn->http->held.max = engine->http_limits.max_header_bytes;
    sio__timer_stop(&request->conn->timer);
  }
  request->refs++;
  hooks->handshake(request, hooks->handshake_user);
  sio_request_release(request); /* undecided and not retained: refused */
}

static int check_undecided(const struct sio_request *request)
{
  if (request->handshake != NULL && request->conn != NULL &&
      sio__conn_is_open(request->conn))
    return 0;
  return request->kind == REQUEST_HANDSHAKE && !request->answered
             ? SIO_ERR_DISCONNECTED
             : SIO_ERR_STATE;
}

int sio_handshake_accept(sio_request *request, sio_str id)
{
  struct sio__pending_handshake *waiting;
  struct sio__engine *engine = request->engine;
  struct sio_conn *conn = request->conn;
  struct sio__buf held;
  int rv = check_undecided(request);

  if (rv != 0)
    return rv;
  if (id.len > 0 && !sio__admit_id_is_valid(engine, id))
    return SIO_ERR_INVALID;
  sio__engine_enter(engine);
  request->refs++;
  waiting = end_waiting(request);
  held = conn->http->held;
  sio__buf_init(&conn->http->held, engine->mem, 0);
  conn->http->holding = false;
  sio__admit(request, &waiting->wish, id);
  request->answered = true; /* a 101 does not say so */
  feed_held(conn, &held);
  free_waiting(request, waiting);
  sio_request_release(request);
  sio__engine_leave(engine);
  return 0;
}

static void refuse_waiting(struct sio_request *request, int status,
                           const char *message)
{
  struct sio__pending_handshake *waiting = end_waiting(request);

  sio__verdict_refuse(&waiting->wish, SIO_REFUSED_FORBIDDEN, NULL);
  sio__verdict_add(&waiting->wish, "message",
                   sio_s(message != NULL && message[0] != '\0'
                             ? message
                             : sio__refusal_message(SIO_REFUSED_FORBIDDEN)));
  sio__refuse(request, &waiting->wish, status, message);
  free_waiting(request, waiting);
}

int sio_handshake_refuse(sio_request *request, int status, const char *message)
{
  struct sio__engine *engine = request->engine;
  sio_str text = sio_s(message);
  int rv = check_undecided(request);

  if (rv != 0)
    return rv;
  if ((status != 0 && (status < 400 || status > 599)) ||
      !sio__utf8_is_valid((const uint8_t *)text.data, text.len))
    return SIO_ERR_INVALID;
  sio__engine_enter(engine);
  request->refs++;
  refuse_waiting(request, status, message);
  sio_request_release(request);
  sio__engine_leave(engine);
  return 0;
}

void sio__inside_forgotten(struct sio_request *request)
{
  if (check_undecided(request) != 0)
    return;
  sio__engine_log(request->engine, SIO_LOG_WARN, "host", request->conn->id,
                  "a handshake was released without a decision");
  (void)sio_request_retain(request); /* the connection gives it up */
  refuse_waiting(request, 0, NULL);
  sio_request_release(request);
}

/* ---- Before the engine ---- */

/* Whether a callback has dealt with a request by itself, or has closed its
 * connection. */
static bool is_over(const struct sio_request *request)
{
  return request->answered || request->conn == NULL ||
         !sio__conn_is_open(request->conn);
}

/* False: the request goes no further. */
static bool run_middlewares(struct sio_request *request)
{
  const struct sio__handlers *list = &request->engine->hooks.http;
  struct sio__http_side *http = request->conn->http;
  bool keep_alive = request->keep_alive, over = false;
  int rv = 0;

  if (list->n == 0)
    return true;
  request->refs++;
  /* What follows is not read, or not HTTP, if it is refused. */
  if (sio__http_has_body(&request->head) || request->head.wants_websocket)
    request->keep_alive = false;
  if (sio__http_has_body(&request->head))
    http->arriving = request;
  for (uint32_t i = 0; i < list->n && rv == 0 && !over; i++) {
    sio_http_middleware_fn fn = (sio_http_middleware_fn)list->items[i].fn;

    rv = fn(request, &request->extra, list->items[i].user);
    over = is_over(request);
  }
  if (!over) {
    request->keep_alive = keep_alive;
    http->arriving = NULL;
    if (rv != 0)
      sio__refuse_bare(request, SIO_REFUSED_REQUEST, "MIDDLEWARE_FAILURE");
  }
  sio_request_release(request);
  return !over && rv == 0;
}

/* CORS, as far as it concerns the request, and whether its origin is allowed.
 * False: it goes no further. */
static bool apply_cors(struct sio_request *request, bool *allowed)
{
  const sio_cors_options *cors = request->engine->cors;
  enum sio__cors_result result;
  bool over;

  request->refs++; /* the host, if asked, may do anything */
  result = sio__cors_apply(cors, &request->head, &request->extra, allowed);
  over = is_over(request);
  sio_request_release(request);
  if (over)
    return false;
  switch (result) {
  case CORS_PREFLIGHT:
    (void)sio__request_refuse(request, (int)cors->success_status, NULL,
                              no_body); /* or cut */
    return false;
  case CORS_FAILED:
    sio__refuse_bare(request, SIO_REFUSED_REQUEST, "MIDDLEWARE_FAILURE");
    return false;
  default:
    return true;
  }
}

static bool check_origin(struct sio_request *request, bool allowed)
{
  struct sio__verdict verdict;
  sio_str origin;

  if (request->engine->options->check_origin == 0 || allowed)
    return true;
  sio__verdict_refuse(&verdict, SIO_REFUSED_FORBIDDEN, "ORIGIN_NOT_ALLOWED");
  if (sio__http_header(&request->head, "origin", &origin))
    sio__verdict_add(&verdict, "origin", origin);
  sio__refuse(request, &verdict, 0, NULL);
  return false;
}

/* ---- To where they belong ---- */

static void on_method(struct sio_request *request)
{
  struct sio_headers *fields = sio__request_fields(request, NULL);

  sio__fields_add(fields, sio_s("Allow"), sio_s("GET, POST"));
  (void)sio__request_refuse_fields(request, 405, no_body); /* or cut */
}

static void on_post(struct sio_request *request, struct sio_session *session)
{
  request->conn->http->arriving = request;
  if (sio__polling_post(session, request, &request->head))
    sio__request_await_body(request);
}

static void on_handshake(struct sio_request *request,
                         const struct sio__verdict *verdict)
{
  struct sio__engine *engine = request->engine;
  bool asks = engine->hooks.handshake != NULL;
  struct sio__rejection why;
  sio_str no_id = {NULL, 0};

  if (sio__admission_begin(&engine->admission, sio__request_address(request),
                           asks, &why) != 0)
    sio__admit_refuse(request, &why);
  else if (asks)
    ask_host(request, verdict);
  else
    sio__admit(request, verdict, no_id);
}

void sio__inside_request(struct sio_request *request)
{
  struct sio__verdict verdict;
  bool allowed;

  request->ours = true;
  if (!run_middlewares(request) || !apply_cors(request, &allowed) ||
      sio__bundle_serve(request, &request->head) ||
      !check_origin(request, allowed))
    return;
  sio__verify(request->engine, &request->head, &verdict);
  switch (verdict.kind) {
  case VERDICT_HANDSHAKE:
    on_handshake(request, &verdict);
    break;
  case VERDICT_GET:
    sio__polling_get(verdict.session, request);
    break;
  case VERDICT_POST:
    on_post(request, verdict.session);
    break;
  case VERDICT_UPGRADE:
    sio__admit_upgrade(request, verdict.session);
    break;
  case VERDICT_METHOD:
    on_method(request);
    break;
  case VERDICT_FULL:
  case VERDICT_CLOSED:
    sio__admit_nobody(request, verdict.kind);
    break;
  case VERDICT_REFUSED:
    sio__refuse(request, &verdict, 0, NULL);
    break;
  }
}
