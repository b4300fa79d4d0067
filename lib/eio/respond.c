/* SPDX-License-Identifier: MIT */
/* What a host does with a request: looking at it, and answering. */
#include "eio/respond.h"

#include "base/ascii.h"
#include "eio/inside.h"
#include "http/response.h"
#include <sio/tls.h>

enum { CHUNK_SIZE_MOST = 16 + 2 }; /* hexadecimal digits and CRLF */

/* ---- Looking at it ---- */

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

uint64_t sio_request_length(const sio_request *request)
{
  return request->head.has_length ? request->head.content_length : SIO_NEVER;
}

int sio_request_param(const sio_request *request, const char *name, char *out,
                      size_t cap)
{
  return sio__http_param_text(&request->head, name, out, cap);
}

bool sio_request_wants_upgrade(const sio_request *request)
{
  return request->head.wants_upgrade;
}

sio_str sio_request_client_subject(const sio_request *request)
{
  return sio__subject_text(request->client);
}

bool sio_request_client_is_verified(const sio_request *request)
{
  return sio__subject_is_verified(request->client);
}

const char *sio_request_address(const sio_request *request)
{
  return sio__request_address(request);
}

bool sio_request_is_secure(const sio_request *request)
{
  return request->from.secure;
}

/* ---- Keeping it ---- */

sio_request *sio_request_retain(sio_request *request)
{
  request->refs++;
  /* The parser goes on to other heads. */
  if (sio__request_keep_head(request) != 0) {
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    request->head.fields = NULL;
    request->head.n_fields = 0;
    request->head.text_len = 0;
    request->head.target_len = 0;
    request->head.path_len = 0;
  }
  return request;
}

/* The host has dropped the last reference to a request that it owes an
 * answer: only the connection's is left. */
static void on_forgotten(struct sio__deferred *deferred)
{
  struct sio_request *request =
      SIO__CONTAINER(deferred, struct sio_request, deferred);

  if (request->refs != 1 || request->conn == NULL || request->answered)
    return;
  if (request->kind == REQUEST_HANDSHAKE) {
    sio__inside_forgotten(request);
    return;
  }
  sio__engine_log(request->engine, SIO_LOG_WARN, "host", request->conn->id,
                  "an HTTP request was released without an answer");
  sio__request_answer(request, 500, "text/plain",
                      sio__text_span("Internal Server Error"));
}

/* Whether it was handed to the host, which is to answer or to decide. */
static bool is_owed(const struct sio_request *request)
{
  return request->conn != NULL && !request->answered &&
         (request->kind == REQUEST_HANDSHAKE ||
          (request->kind == REQUEST_HOST && request->handed));
}

void sio_request_release(sio_request *request)
{
  if (request == NULL)
    return;
  if (--request->refs == 0) {
    sio__request_free(request);
    return;
  }
  if (request->refs == 1 && is_owed(request)) {
    struct sio__engine *engine = request->engine;

    sio__engine_enter(engine);
    sio__engine_defer(engine, &request->deferred, on_forgotten);
    sio__engine_leave(engine);
  }
}

/* ---- Answering ---- */

static bool header_is_ours(sio_str name)
{
  return sio__same_in_any_case(name, sio_s("content-length")) ||
         sio__same_in_any_case(name, sio_s("connection")) ||
         sio__same_in_any_case(name, sio_s("transfer-encoding"));
}

/* Whether the host may write a header field of that name. */
static bool is_for_host(const char *name)
{
  return name != NULL && sio__http_name_is_valid(sio_s(name)) &&
         !header_is_ours(sio_s(name));
}

int sio_headers_check(const sio_header *headers, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!is_for_host(headers[i].name) || headers[i].value == NULL ||
        !sio__http_value_is_valid(sio_s(headers[i].value)))
      return SIO_ERR_INVALID;
  }
  return 0;
}

/* 0, or why an answer with these cannot begin. */
static int check_answer(const struct sio_request *request, int status,
                        const sio_header *headers, size_t n_headers)
{
  if (sio_headers_check(headers, n_headers) != 0 || status < 200 ||
      status > 599)
    return SIO_ERR_INVALID;
  if (request->begun || request->answered)
    return SIO_ERR_STATE;
  if (request->conn == NULL || !sio__conn_is_open(request->conn))
    return SIO_ERR_DISCONNECTED;
  return 0;
}

static void add_headers(struct sio_request *request, const sio_header *headers,
                        size_t n_headers)
{
  struct sio_headers *fields = sio__request_fields(request, NULL);

  for (size_t i = 0; i < n_headers; i++)
    sio__fields_add(fields, sio_s(headers[i].name), sio_s(headers[i].value));
}

static bool has_no_body(const struct sio_request *request, int status)
{
  return request->is_head || status == 204 || status == 304;
}

int sio_respond(sio_request *request, int status, const sio_header *headers,
                size_t n_headers, sio_span body)
{
  static const sio_span none = {NULL, 0};
  struct sio__engine *engine = request->engine;
  int rv = check_answer(request, status, headers, n_headers);

  if (rv != 0)
    return rv;
  if (request->kind == REQUEST_REFUSED) /* a middleware answers */
    sio__request_turn_away(request);
  else if (request->kind != REQUEST_HOST)
    return SIO_ERR_STATE;
  sio__engine_enter(engine);
  add_headers(request, headers, n_headers);
  rv = sio__request_answer_fields(request, status,
                                  status == 204 || status == 304 ? none : body);
  sio__engine_leave(engine);
  return rv;
}

/* ---- Answering in pieces ---- */

static void touch(struct sio_request *request)
{
  struct sio_conn *conn = request->conn;

  if (sio__request_out(request) != &conn->out)
    return;
  sio__exchange_await_reader(conn);
  sio__conn_touch(conn);
}

/* Write the head; a bracket is open. */
static int begin(struct sio_request *request, int status,
                 const sio_header *headers, size_t n_headers, uint64_t length)
{
  struct sio__pieces *pieces = sio__request_pieces(request);

  if (!sio__conn_has_room(request->conn, 0))
    return SIO_ERR_DISCONNECTED;
  add_headers(request, headers, n_headers);
  if (pieces == NULL || sio__request_begin(request, status, length) == NULL) {
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
    return SIO_ERR_NOMEM;
  }
  request->refs++; /* until sio_respond_end() */
  pieces->writing = true;
  pieces->bodiless = has_no_body(request, status);
  pieces->chunked = length == SIO_NEVER && request->head.minor > 0;
  pieces->left = length;
  touch(request);
  return 0;
}

int sio_respond_begin(sio_request *request, int status,
                      const sio_header *headers, size_t n_headers,
                      uint64_t length)
{
  struct sio__engine *engine = request->engine;
  int rv = check_answer(request, status, headers, n_headers);

  if (rv != 0)
    return rv;
  if (request->kind != REQUEST_HOST)
    return SIO_ERR_STATE;
  sio__engine_enter(engine);
  rv = begin(request, status, headers, n_headers, length);
  sio__engine_leave(engine);
  return rv;
}

static bool is_writing(const struct sio_request *request)
{
  return request->pieces != NULL && request->pieces->writing;
}

/* Write "SIZE<CRLF>"; how many bytes it took. */
static size_t put_chunk_size(uint8_t *out, size_t size)
{
  static const char digits[] = "0123456789abcdef";
  unsigned shift = 0;
  size_t n = 0;

  while (shift + 4 < sizeof size * 8 && size >> (shift + 4) > 0)
    shift += 4;
  for (;;) {
    out[n++] = (uint8_t)digits[size >> shift & 0xf];
    if (shift == 0)
      break;
    shift -= 4;
  }
  memcpy(out + n, "\r\n", 2);
  return n + 2;
}

/* Queue a piece, as a chunk if need be.  0 or SIO_ERR_NOMEM. */
static int put_piece(struct sio__outq *out, sio_span piece, bool chunked)
{
  uint8_t *room;
  size_t n;

  if (!chunked)
    return sio__outq_append(out, piece.data, piece.len);
  room = sio__outq_reserve(out, CHUNK_SIZE_MOST + piece.len + 2);
  if (room == NULL)
    return SIO_ERR_NOMEM;
  n = put_chunk_size(room, piece.len);
  memcpy(room + n, piece.data, piece.len);
  memcpy(room + n + piece.len, "\r\n", 2);
  sio__outq_commit(out, n + piece.len + 2);
  return 0;
}

int sio_respond_write(sio_request *request, sio_span piece)
{
  struct sio__pieces *pieces = request->pieces;
  uint64_t waiting;

  if (!is_writing(request))
    return SIO_ERR_STATE;
  if (request->conn == NULL || !sio__conn_is_open(request->conn))
    return SIO_ERR_DISCONNECTED;
  if (piece.len > pieces->left)
    return SIO_ERR_RANGE;
  if (piece.len > 0 && !pieces->bodiless) {
    waiting = sio__request_waiting(request);
    /* If nothing waits a piece may be as long as it likes. */
    if (waiting > 0 &&
        waiting + piece.len > request->engine->options->max_output_bytes)
      return SIO_ERR_LIMIT;
    if (put_piece(sio__request_out(request), piece, pieces->chunked) != 0) {
      sio__request_abandon(request, SIO_CAUSE_NOMEM);
      return SIO_ERR_NOMEM;
    }
    touch(request);
  }
  if (pieces->left != SIO_NEVER)
    pieces->left -= piece.len;
  return 0;
}

int sio_respond_on_drain(sio_request *request, sio_http_fn fn, void *user)
{
  struct sio__pieces *pieces = request->pieces;
  struct sio__engine *engine = request->engine;

  if (!is_writing(request))
    return SIO_ERR_STATE;
  if (request->conn == NULL)
    return SIO_ERR_DISCONNECTED;
  if (fn == NULL) {
    sio__pieces_drain_never(pieces);
    return 0;
  }
  pieces->on_drain = fn;
  pieces->drain_user = user;
  request->conn->watched = true;
  if (!sio__conn_is_open(request->conn) || sio__request_waiting(request) > 0)
    return 0;
  sio__engine_enter(engine);
  if (pieces->bodiless)
    sio__pieces_drain_next(pieces, engine);
  else
    sio__pieces_drain_later(pieces, engine);
  sio__engine_leave(engine);
  return 0;
}

/* The last chunk, or the connection's end instead.  0 or SIO_ERR_NOMEM. */
static int put_end(struct sio_request *request)
{
  static const char last_chunk[] = "0\r\n\r\n";
  const struct sio__pieces *pieces = request->pieces;

  if (pieces->bodiless)
    return 0;
  if (pieces->chunked)
    return sio__outq_append(sio__request_out(request), last_chunk,
                            sizeof last_chunk - 1);
  if (pieces->left > 0) /* also if the end of the connection is the mark */
    request->keep_alive = false;
  return 0;
}

int sio_respond_end(sio_request *request)
{
  struct sio__engine *engine = request->engine;

  if (!is_writing(request))
    return SIO_ERR_STATE;
  request->pieces->writing = false;
  sio__pieces_drain_never(request->pieces);
  if (request->conn != NULL && sio__conn_is_open(request->conn)) {
    sio__engine_enter(engine);
    sio__request_done(request, put_end(request) == 0);
    sio_request_release(request);
    sio__engine_leave(engine);
  } else {
    sio_request_release(request);
  }
  return 0;
}

int sio_respond_text(sio_request *request, int status, const char *content_type,
                     const char *text)
{
  sio_header type = {"Content-Type", content_type};

  return sio_respond(request, status, &type, 1, sio__text_span(text));
}

/* ---- Headers that are being made ---- */

int sio_headers_set(sio_headers *headers, const char *name, sio_str value)
{
  if (!is_for_host(name) || !sio__http_value_is_valid(value))
    return SIO_ERR_INVALID;
  sio__fields_set(headers, sio_s(name), value);
  return headers->lines.error;
}

int sio_headers_add(sio_headers *headers, const char *name, sio_str value)
{
  if (!is_for_host(name) || !sio__http_value_is_valid(value))
    return SIO_ERR_INVALID;
  sio__fields_add(headers, sio_s(name), value);
  return headers->lines.error;
}

int sio_headers_remove(sio_headers *headers, const char *name)
{
  if (!is_for_host(name))
    return SIO_ERR_INVALID;
  sio__fields_remove(headers, sio_s(name));
  return 0;
}

sio_str sio_headers_get(const sio_headers *headers, const char *name)
{
  sio_str value = {NULL, 0};

  (void)sio__fields_get(headers, sio_s(name), &value); /* else empty */
  return value;
}
