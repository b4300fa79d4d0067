/* SPDX-License-Identifier: MIT */
/* HTTP requests and their answers, in order. */
#include "eio/exchange.h"

#include "base/mem.h"
#include "http/response.h"

#include <strings.h>

enum { KEPT_BODY = 4096 };

static void destroy(struct sio_request *request)
{
  sio_allocator mem = request->own_mem;

  sio__list_remove(&request->deferred.link);
  if (request->head_packed)
    sio__http_head_free(&request->head, &mem);
  sio__buf_dispose(&request->body);
  sio__mem_free(&mem, request->address,
                request->address != NULL ? strlen(request->address) + 1 : 0);
  sio__mem_free(&mem, request, sizeof *request);
}

static struct sio_request *allocate(struct sio_conn *conn)
{
  struct sio_request *request = conn->http->spare;

  if (request != NULL) {
    conn->http->spare = NULL;
    return request;
  }
  request = sio__mem_zalloc(conn->engine->mem, sizeof *request);
  if (request == NULL)
    return NULL;
  request->own_mem = *conn->engine->mem;
  request->mem = &request->own_mem;
  sio__list_init(&request->link);
  sio__list_init(&request->deferred.link);
  sio__buf_init(&request->body, request->mem, SIZE_MAX);
  sio__outq_init(&request->held, &conn->engine->chunks);
  return request;
}

struct sio_request *sio__request_new(struct sio_conn *conn,
                                     const struct sio__http_head *head)
{
  struct sio_request *request = allocate(conn);

  if (request == NULL)
    return NULL;
  request->refs = 1;
  request->kind = REQUEST_REFUSED;
  request->answered = false;
  request->keep_alive = head->keep_alive;
  request->is_head = strcmp(head->method, "HEAD") == 0;
  request->conn = conn;
  request->engine = conn->engine;
  request->released = NULL;
  request->owner = NULL;
  request->head = *head;
  request->whole.data = NULL;
  request->whole.len = 0;
  sio__list_insert(&conn->http->requests, &request->link);
  conn->http->n_requests++;
  return request;
}

int sio__request_add_body(struct sio_request *request, sio_span piece,
                          uint64_t max)
{
  struct sio__buf *body = &request->body;

  if (body->len + (uint64_t)piece.len > max)
    return SIO_ERR_LIMIT;
  if (body->len == 0 && request->whole.data == NULL && piece.len > 0) {
    request->whole = piece;
    return 0;
  }
  if (sio__request_keep_body(request) != 0)
    return SIO_ERR_NOMEM;
  if (body->len + (uint64_t)piece.len > max)
    return SIO_ERR_LIMIT;
  sio__buf_append(body, piece.data, piece.len);
  return body->error;
}

int sio__request_keep_body(struct sio_request *request)
{
  if (request->whole.data != NULL) {
    sio__buf_append(&request->body, request->whole.data, request->whole.len);
    request->whole.data = NULL;
    request->whole.len = 0;
  }
  return request->body.error;
}

sio_span sio__request_body(const struct sio_request *request)
{
  sio_span copied = {request->body.data, request->body.len};

  return request->whole.data != NULL ? request->whole : copied;
}

static bool is_first(const struct sio_request *request)
{
  return request->conn->http->requests.next == &request->link;
}

struct sio__outq *sio__request_out(struct sio_request *request)
{
  return is_first(request) ? &request->conn->out : &request->held;
}

/* The connection's reference ends.  One request is kept for the next one. */
static void give_up(struct sio_request *request, struct sio__http_side *http)
{
  sio__list_remove(&request->link);
  http->n_requests--;
  if (http->arriving == request)
    http->arriving = NULL;
  sio__outq_dispose(&request->held);
  if (request->refs == 1 && http->spare == NULL && !request->head_packed) {
    sio__buf_reset(&request->body, KEPT_BODY);
    http->spare = request;
    return;
  }
  request->conn = NULL;
  request->engine = NULL;
  sio_request_release(request);
}

/* Let answers out whose turn has come. */
static void advance(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;

  while (!sio__list_is_empty(&http->requests) && sio__conn_is_open(conn)) {
    struct sio_request *first =
        SIO__CONTAINER(http->requests.next, struct sio_request, link);
    bool keep_alive = first->keep_alive, linger = http->arriving == first;

    if (first->held.bytes > 0) {
      if (sio__outq_move(&conn->out, &first->held) != 0) {
        sio__conn_abort(conn, SIO_CAUSE_NOMEM);
        return;
      }
      sio__conn_touch(conn);
    }
    /* A request that is still arriving stays until its end has been read. */
    if (!first->answered || (linger && keep_alive))
      return;
    give_up(first, http);
    if (!keep_alive)
      sio__conn_end(conn, SIO_CAUSE_DONE, linger);
  }
  /* The last answer came by itself: from now on the next request is due. */
  if (sio__conn_is_open(conn) && http->wait == HTTP_WAIT_NOTHING) {
    http->wait = HTTP_WAIT_NEXT;
    sio__timer_start(&conn->engine->clock, &conn->timer,
                     conn->engine->options->keep_alive_timeout_ms);
  }
}

/* Whoever waits for it need not any more. */
static void release_owner(struct sio_request *request, sio_cause cause)
{
  void (*released)(struct sio_request *, sio_cause) = request->released;

  request->released = NULL;
  if (released != NULL)
    released(request, cause);
}

void sio__request_done(struct sio_request *request, bool ok)
{
  struct sio_conn *conn = request->conn;

  release_owner(request, SIO_CAUSE_NONE);
  request->answered = true;
  if (!ok) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  if (!is_first(request))
    return;
  sio__conn_touch(conn);
  advance(conn);
}

struct sio__outq *sio__request_begin(struct sio_request *request, int status,
                                     const char *type, const char *headers,
                                     size_t length)
{
  struct sio__buf *head = &request->engine->scratch;
  struct sio__outq *out = sio__request_out(request);

  sio__buf_reset(head, SIZE_MAX);
  sio__http_write_status(head, status);
  if (type != NULL)
    sio__http_write_header(head, "Content-Type", type);
  if (headers != NULL)
    sio__buf_text(head, headers);
  if (status != 204 && status != 304)
    sio__http_write_length(head, length);
  if (!request->keep_alive)
    sio__http_write_header(head, "Connection", "close");
  else if (request->head.minor == 0)
    sio__http_write_header(head, "Connection", "keep-alive");
  sio__http_write_end(head);
  if (head->error != 0 || sio__outq_append(out, head->data, head->len) != 0)
    return NULL;
  return out;
}

int sio__request_answer(struct sio_request *request, int status,
                        const char *type, const char *headers, sio_span body)
{
  size_t sent = request->is_head ? 0 : body.len;
  struct sio__outq *out;
  bool ok;

  /* One answer may be as long as it likes; the next one needs a reader. */
  if (request->answered || !sio__conn_has_room(request->conn, 0))
    return 0;
  out = sio__request_begin(request, status, type, headers, body.len);
  ok =
      out != NULL && (sent == 0 || sio__outq_append(out, body.data, sent) == 0);
  sio__request_done(request, ok);
  return ok ? 0 : SIO_ERR_NOMEM;
}

void sio__request_refuse_size(struct sio_request *request, uint64_t seen)
{
  static const sio_span none = {NULL, 0};
  const sio_server_options *options = request->engine->options;
  const sio_end end = {SIO_REASON_NONE, SIO_CAUSE_BODY_SIZE, NULL,
                       request->kind == REQUEST_POST ? options->max_payload
                                                     : options->max_body,
                       seen};

  sio__engine_note_end(request->engine, "request", NULL, &end);
  request->keep_alive = false;
  (void)sio__request_answer(request, 413, NULL, NULL, none);
}

void sio__request_abandon(struct sio_request *request, sio_cause cause)
{
  if (request->conn != NULL)
    sio__conn_abort(request->conn, cause);
}

/* Its connection is going away: forget it, and end what waits for it. */
static void detach(struct sio_request *request, sio_cause cause)
{
  sio__list_remove(&request->link);
  sio__outq_dispose(&request->held);
  release_owner(request, cause);
  request->conn = NULL;
  request->engine = NULL;
  sio_request_release(request);
}

struct sio__http_side *sio__http_side_new(const sio_allocator *mem,
                                          const sio_peer *peer)
{
  const char *address =
      peer != NULL && peer->address != NULL ? peer->address : "";
  size_t len = strlen(address);
  struct sio__http_side *http;

  if (len > UINT8_MAX)
    len = UINT8_MAX;
  http = sio__mem_zalloc(mem, sizeof *http + len + 1);
  if (http == NULL)
    return NULL;
  sio__list_init(&http->requests);
  http->secure = peer != NULL && peer->secure;
  http->address_len = (uint8_t)len;
  memcpy(http->address, address, len);
  return http;
}

void sio__http_side_free(struct sio__http_side *http, const sio_allocator *mem,
                         sio_cause cause)
{
  if (http == NULL)
    return;
  while (!sio__list_is_empty(&http->requests))
    detach(SIO__CONTAINER(http->requests.next, struct sio_request, link),
           cause);
  sio__http_parser_free(http->parser);
  if (http->spare != NULL)
    sio_request_release(http->spare);
  sio__mem_free(mem, http, sizeof *http + http->address_len + 1u);
}

/* ---- Public functions ---- */

const char *sio_request_method(const sio_request *request)
{
  return request->head.method;
}

sio_str sio_request_path(const sio_request *request)
{
  return sio__http_path(&request->head);
}

sio_str sio_request_query(const sio_request *request)
{
  return sio__http_query(&request->head);
}

sio_str sio_request_header(const sio_request *request, const char *name)
{
  sio_str value = {NULL, 0};

  (void)sio__http_header(&request->head, name, &value); /* else empty */
  return value;
}

sio_span sio_request_body(const sio_request *request)
{
  return sio__request_body(request);
}

const char *sio_request_address(const sio_request *request)
{
  return request->address != NULL ? request->address : "";
}

sio_request *sio_request_retain(sio_request *request)
{
  request->refs++;
  return request;
}

/* The host has dropped the last reference to a request that it owes an
 * answer: only the connection's is left. */
static void answer_unanswered(struct sio__deferred *deferred)
{
  struct sio_request *request =
      SIO__CONTAINER(deferred, struct sio_request, deferred);
  static const char text[] = "Internal Server Error";
  sio_span body = {(const uint8_t *)text, sizeof text - 1};

  if (request->refs == 1 && request->conn != NULL && !request->answered) {
    sio__engine_log(request->engine, SIO_LOG_WARN,
                    "an HTTP request was released without an answer");
    sio__request_answer(request, 500, "text/plain", NULL, body);
  }
}

void sio_request_release(sio_request *request)
{
  if (request == NULL)
    return;
  if (--request->refs == 0) {
    destroy(request);
    return;
  }
  if (request->refs == 1 && request->conn != NULL && !request->answered &&
      request->kind == REQUEST_HOST) {
    struct sio__engine *engine = request->engine;

    sio__engine_enter(engine);
    sio__engine_defer(engine, &request->deferred, answer_unanswered);
    sio__engine_leave(engine);
  }
}

static bool header_is_ours(const char *name)
{
  return strcasecmp(name, "content-length") == 0 ||
         strcasecmp(name, "connection") == 0 ||
         strcasecmp(name, "transfer-encoding") == 0;
}

int sio_headers_check(const sio_header *headers, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (headers[i].name == NULL || headers[i].value == NULL ||
        header_is_ours(headers[i].name) ||
        !sio__http_name_is_valid(sio_s(headers[i].name)) ||
        !sio__http_value_is_valid(sio_s(headers[i].value)))
      return SIO_ERR_INVALID;
  }
  return 0;
}

int sio_respond(sio_request *request, int status, const sio_header *headers,
                size_t n_headers, sio_span body)
{
  static const sio_span none = {NULL, 0};
  struct sio__buf lines;
  struct sio__engine *engine = request->engine;
  int rv = sio_headers_check(headers, n_headers);

  if (rv != 0 || status < 200 || status > 599)
    return SIO_ERR_INVALID;
  if (request->answered)
    return SIO_ERR_STATE;
  if (request->conn == NULL || !sio__conn_is_open(request->conn))
    return SIO_ERR_DISCONNECTED;
  sio__buf_init(&lines, engine->mem, SIZE_MAX);
  for (size_t i = 0; i < n_headers; i++)
    sio__http_write_header(&lines, headers[i].name, headers[i].value);
  sio__buf_byte(&lines, 0);
  rv = lines.error;
  sio__engine_enter(engine);
  if (rv != 0)
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
  else
    rv = sio__request_answer(request, status, NULL, (const char *)lines.data,
                             status == 204 || status == 304 ? none : body);
  sio__buf_dispose(&lines);
  sio__engine_leave(engine);
  return rv;
}

int sio_respond_text(sio_request *request, int status, const char *content_type,
                     const char *text)
{
  sio_header type = {"Content-Type", content_type};
  sio_str s = sio_s(text);
  sio_span body = {(const uint8_t *)s.data, s.len};

  return sio_respond(request, status, &type, 1, body);
}
