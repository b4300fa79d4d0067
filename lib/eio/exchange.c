/* SPDX-License-Identifier: MIT */
/* HTTP requests and their answers, in order. */
#include "eio/exchange.h"

#include "base/mem.h"
#include "http/response.h"

/* Bytes that are kept for the next request or response. */
enum { KEPT_BODY = 4096, KEPT_FIELDS = 1024, KEPT_EXTRA = 256 };

void sio__request_free(struct sio_request *request)
{
  sio_allocator mem = request->own_mem;

  sio__list_remove(&request->deferred.link);
  if (request->head_packed)
    sio__http_head_free(&request->head, &mem);
  if (request->pieces != NULL)
    sio__pieces_dispose(request->pieces);
  sio__mem_free(&mem, request->pieces, sizeof *request->pieces);
  sio__fields_dispose(&request->extra);
  sio__buf_dispose(&request->body);
  sio__subject_unref(request->client);
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
  sio__fields_init(&request->extra, request->mem);
  return request;
}

/* For whom it asks, where that may be somebody else than the peer. */
static void find_client(struct sio_request *request)
{
  const struct sio__http_side *http = request->conn->http;
  const struct sio__trust *trust = request->engine->trust;

  request->from.address[0] = '\0';
  request->from.secure = http->secure;
  if (trust != NULL && !http->stranger)
    sio__forwarded_read(&request->head, trust, http->address, http->secure,
                        &request->from);
}

const char *sio__request_address(const struct sio_request *request)
{
  if (request->from.address[0] != '\0')
    return request->from.address;
  if (request->address != NULL)
    return request->address;
  if (request->conn != NULL && request->conn->http != NULL)
    return request->conn->http->address;
  return "";
}

struct sio_request *sio__request_new(struct sio_conn *conn,
                                     const struct sio__http_head *head)
{
  struct sio_request *request = allocate(conn);

  if (request == NULL)
    return NULL;
  request->refs = 1;
  request->kind = REQUEST_REFUSED;
  request->begun = false;
  request->answered = false;
  request->keep_alive = head->keep_alive;
  request->is_head = strcmp(head->method, "HEAD") == 0;
  request->ours = false;
  request->initial = false;
  request->conn = conn;
  request->engine = conn->engine;
  request->released = NULL;
  request->owner = NULL;
  request->head = *head;
  if (request->client == NULL && conn->http->client != NULL)
    request->client = sio__subject_ref(conn->http->client);
  find_client(request);
  sio__request_forget_input(request);
  sio__list_insert(&conn->http->requests, &request->link);
  conn->http->n_requests++;
  return request;
}

int sio__request_keep_head(struct sio_request *request)
{
  struct sio__http_head packed;

  if (request->head_packed)
    return 0;
  if (sio__http_head_pack(&request->head, request->mem, &packed) != 0)
    return SIO_ERR_NOMEM;
  request->head = packed;
  request->head_packed = true;
  return 0;
}

struct sio__pieces *sio__request_pieces(struct sio_request *request)
{
  if (request->pieces == NULL) {
    request->pieces = sio__mem_alloc(request->mem, sizeof *request->pieces);
    if (request->pieces != NULL)
      sio__pieces_init(request->pieces, request);
  }
  return request->pieces;
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
    sio__request_forget_input(request);
  }
  return request->body.error;
}

void sio__request_forget_input(struct sio_request *request)
{
  request->whole.data = NULL;
  request->whole.len = 0;
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

size_t sio__request_waiting(const struct sio_request *request)
{
  const struct sio__list *all = &request->conn->http->requests;
  size_t bytes = request->conn->out.bytes;

  if (is_first(request)) /* what is held for others comes later */
    return bytes;
  for (const struct sio__list *link = all->next; link != all; link = link->next)
    bytes += SIO__CONTAINER(link, struct sio_request, link)->held.bytes;
  return bytes;
}

/* The connection's reference ends.  One request is kept for the next one. */
static void give_up(struct sio_request *request, struct sio__http_side *http)
{
  sio__list_remove(&request->link);
  http->n_requests--;
  if (http->arriving == request)
    http->arriving = NULL;
  sio__request_forget_input(request); /* the host may keep it for longer */
  sio__outq_dispose(&request->held);
  if (request->refs == 1 && http->spare == NULL && !request->head_packed) {
    sio__buf_reset(&request->body, KEPT_BODY);
    sio__fields_reset(&request->extra, KEPT_EXTRA);
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
    if (!first->answered)
      return;
    give_up(first, http);
    if (!keep_alive)
      sio__conn_end(conn, SIO_CAUSE_DONE, linger);
  }
  /* The last answer came by itself: from now on the next request is due. */
  if (sio__conn_is_open(conn) &&
      (http->wait == HTTP_WAIT_NOTHING || http->wait == HTTP_WAIT_READER)) {
    http->wait = HTTP_WAIT_NEXT;
    http->mark = conn->sent;
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

/* The rest of a body that comes in pieces does not. */
static void cut_body(struct sio_request *request, sio_cause cause)
{
  if (request->pieces != NULL)
    sio__pieces_finish_later(request->pieces, request->engine,
                             cause == SIO_CAUSE_BODY_TIMEOUT
                                 ? SIO_ERR_TIMEOUT
                                 : SIO_ERR_DISCONNECTED);
}

struct sio_headers *sio__request_fields(struct sio_request *request,
                                        const char *type)
{
  static const char name[] = "Content-Type";
  struct sio_headers *fields = &request->engine->fields;
  const struct sio__buf *extra = &request->extra.lines;
  sio_str other;

  sio__fields_reset(fields, KEPT_FIELDS);
  if (type != NULL && (extra->len == 0 ||
                       !sio__fields_get(&request->extra, sio_s(name), &other)))
    sio__fields_add(fields, sio_s(name), sio_s(type));
  sio__buf_append(&fields->lines, extra->data, extra->len);
  if (extra->error != 0)
    fields->lines.error = extra->error;
  return fields;
}

void sio__request_hook(struct sio_request *request)
{
  struct sio__engine *engine = request->engine;
  const struct sio__hooks *hooks = &engine->hooks;
  struct sio_headers fields;

  if (!request->ours || hooks->headers == NULL)
    return;
  /* The hook may cause other responses, which need a place for theirs. */
  fields = engine->fields;
  sio__fields_init(&engine->fields, engine->mem);
  hooks->headers(&fields, request, request->initial, hooks->headers_user);
  sio__fields_dispose(&engine->fields);
  engine->fields = fields;
}

/* The fields that say where a response ends. */
static void write_framing(struct sio_request *request, int status,
                          uint64_t length, struct sio__buf *lines)
{
  bool has_body = status != 204 && status != 304;

  if (has_body && length == SIO_NEVER && request->head.minor == 0)
    request->keep_alive = false;
  else if (has_body && length == SIO_NEVER)
    sio__http_write_header(lines, "Transfer-Encoding", "chunked");
  else if (has_body)
    sio__http_write_length(lines, length);
  if (!request->keep_alive)
    sio__http_write_header(lines, "Connection", "close");
  else if (request->head.minor == 0)
    sio__http_write_header(lines, "Connection", "keep-alive");
  sio__http_write_end(lines);
}

struct sio__outq *sio__request_begin(struct sio_request *request, int status,
                                     uint64_t length)
{
  struct sio_conn *conn = request->conn;
  struct sio__outq *out;
  struct sio__buf *lines;
  uint8_t *room;
  size_t n;

  if (conn == NULL || conn->http == NULL || request->begun)
    return NULL;
  /* What is left of its body is not waited for. */
  if (conn->http->arriving == request && sio__http_has_body(&request->head))
    request->keep_alive = false;
  lines = &request->engine->fields.lines;
  write_framing(request, status, length, lines);
  if (lines->error != 0)
    return NULL;
  out = sio__request_out(request);
  room = sio__outq_reserve(out, SIO__HTTP_STATUS_MOST + lines->len);
  if (room == NULL)
    return NULL;
  n = sio__http_put_status(room, status);
  memcpy(room + n, lines->data, lines->len);
  sio__outq_commit(out, n + lines->len);
  request->begun = true;
  return out;
}

/* One answer may be as long as it likes; the next one needs a reader. */
static bool has_reader(struct sio_request *request)
{
  struct sio_conn *conn = request->conn;
  size_t waiting;

  if (!sio__conn_has_room(conn, 0))
    return false;
  waiting = sio__request_waiting(request);
  if (is_first(request) || waiting <= conn->engine->options->max_output_bytes)
    return true;
  conn->seen = waiting;
  sio__conn_abort(conn, SIO_CAUSE_OUTPUT_SIZE);
  return false;
}

int sio__request_answer(struct sio_request *request, int status,
                        const char *type, sio_span body)
{
  if (request->conn == NULL)
    return 0;
  (void)sio__request_fields(request, type); /* to be used as they are */
  return sio__request_answer_fields(request, status, body);
}

int sio__request_answer_fields(struct sio_request *request, int status,
                               sio_span body)
{
  size_t sent = request->is_head ? 0 : body.len;
  struct sio__outq *out;
  bool ok;

  if (request->conn == NULL || request->answered || !has_reader(request))
    return 0;
  if (request->begun) {
    sio__request_abandon(request, SIO_CAUSE_HOST);
    return 0;
  }
  out = sio__request_begin(request, status, body.len);
  ok =
      out != NULL && (sent == 0 || sio__outq_append(out, body.data, sent) == 0);
  sio__request_done(request, ok);
  return ok ? 0 : SIO_ERR_NOMEM;
}

void sio__request_turn_away(struct sio_request *request)
{
  if (sio__http_has_body(&request->head))
    request->conn->http->arriving = request;
}

int sio__request_refuse(struct sio_request *request, int status,
                        const char *type, sio_span body)
{
  sio__request_turn_away(request);
  return sio__request_answer(request, status, type, body);
}

int sio__request_refuse_fields(struct sio_request *request, int status,
                               sio_span body)
{
  sio__request_turn_away(request);
  return sio__request_answer_fields(request, status, body);
}

void sio__request_await_body(struct sio_request *request)
{
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

  request->conn->http->arriving = request;
  if (request->begun || !request->head.expects_continue ||
      !sio__http_has_body(&request->head))
    return;
  if (sio__outq_append(sio__request_out(request), text, sizeof text - 1) != 0)
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
  else
    sio__conn_touch(request->conn);
}

/* How long its body may be. */
static uint64_t max_body(const struct sio_request *request)
{
  const sio_server_options *options = request->engine->options;

  if (request->kind == REQUEST_POST)
    return options->max_payload;
  if (request->pieces != NULL && request->pieces->piece != NULL)
    return request->pieces->max;
  return options->max_body;
}

void sio__request_note(const struct sio_request *request, const sio_end *end)
{
  const struct sio__about about = {
      "http", request->conn != NULL ? request->conn->id : 0, "request", NULL};

  sio__engine_note_end(request->engine, &about, end);
}

void sio__request_refuse_size(struct sio_request *request, uint64_t seen)
{
  static const sio_span none = {NULL, 0};
  const sio_end end = {SIO_REASON_NONE, SIO_CAUSE_BODY_SIZE, NULL,
                       max_body(request), seen};

  sio__request_note(request, &end);
  request->keep_alive = false;
  (void)sio__request_answer(request, 413, NULL, none);
}

void sio__request_done(struct sio_request *request, bool ok)
{
  struct sio_conn *conn = request->conn;

  if (conn == NULL || request->answered)
    return;
  release_owner(request, SIO_CAUSE_NONE);
  request->answered = true;
  cut_body(request, conn->cause);
  if (!ok) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return;
  }
  if (!is_first(request))
    return;
  sio__conn_touch(conn);
  advance(conn);
}

/* Its connection is going away: forget it, and end what waits for it. */
static void detach(struct sio_request *request, sio_cause cause)
{
  sio__list_remove(&request->link);
  sio__request_forget_input(request); /* likewise */
  sio__outq_dispose(&request->held);
  release_owner(request, cause);
  cut_body(request, cause);
  if (request->pieces != NULL)
    sio__pieces_drain_later(request->pieces, request->engine);
  request->conn = NULL;
  request->engine = NULL;
  sio_request_release(request);
}

void sio__request_abandon(struct sio_request *request, sio_cause cause)
{
  if (request->conn != NULL)
    sio__conn_abort(request->conn, cause);
}

struct sio__http_side *sio__http_side_new(const sio_allocator *mem,
                                          const sio_peer *peer)
{
  const char *address = peer->address != NULL ? peer->address : "";
  size_t len = strlen(address), room;
  struct sio__http_side *http;

  if (len > UINT8_MAX)
    len = UINT8_MAX;
  room = len;
  if (peer->proxied != 0 && room < SIO__ADDRESS_TEXT - 1)
    room = SIO__ADDRESS_TEXT - 1;
  http = sio__mem_zalloc(mem, sizeof *http + room + 1);
  if (http == NULL)
    return NULL;
  sio__list_init(&http->requests);
  sio__buf_init(&http->held, mem, UINT16_MAX); /* as long as any head */
  http->secure = peer->secure != 0 || peer->tls != NULL;
  http->address_len = (uint8_t)len;
  http->address_room = (uint8_t)room;
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
  sio__buf_dispose(&http->held);
  sio__subject_unref(http->client);
  sio__mem_free(mem, http, sizeof *http + http->address_room + 1u);
}

static void start_reading(struct sio_conn *conn)
{
  conn->http->mark = conn->sent;
  sio__timer_start(&conn->engine->clock, &conn->timer,
                   conn->engine->options->keep_alive_timeout_ms);
}

void sio__exchange_await_reader(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;

  if (http->wait != HTTP_WAIT_NOTHING || conn->out.bytes == 0)
    return;
  http->wait = HTTP_WAIT_READER;
  start_reading(conn);
}

void sio__exchange_on_idle(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;

  if (conn->out.bytes > 0 && conn->sent != http->mark)
    start_reading(conn); /* it is busy with a long answer */
  else if (conn->out.bytes == 0 && http->wait == HTTP_WAIT_READER)
    http->wait = HTTP_WAIT_NOTHING; /* the host is to go on */
  else
    sio__conn_end(conn, SIO_CAUSE_IDLE_TIMEOUT, false);
}

void sio__exchange_sent(struct sio_conn *conn)
{
  const struct sio__http_side *http = conn->http;
  struct sio_request *first;

  if (conn->out.bytes > 0 || sio__list_is_empty(&http->requests))
    return;
  first = SIO__CONTAINER(http->requests.next, struct sio_request, link);
  if (first->pieces != NULL)
    sio__pieces_drain_later(first->pieces, conn->engine);
}

void sio__exchange_lost(struct sio_conn *conn)
{
  struct sio__http_side *http = conn->http;

  conn->http = NULL;
  sio__http_side_free(http, conn->engine->mem, conn->cause);
}
