/* SPDX-License-Identifier: MIT */
/* The websocket transport. */
#include "eio/websocket.h"

#include "base/base64.h"
#include "http/response.h"
#include "ws/closing.h"
#include "ws/handshake.h"

#include <strings.h>

static bool has_value(const struct sio__http_head *head, const char *name,
                      sio_str *value)
{
  value->data = NULL;
  value->len = 0;
  return sio__http_header(head, name, value);
}

struct sio__ws_refusal sio__websocket_check(const struct sio__http_head *head)
{
  static const struct sio__ws_refusal
      method = {405, "Invalid HTTP method", "Allow: GET\r\n"},
      upgrade = {400, "Invalid Upgrade header", NULL},
      key = {400, "Missing or invalid Sec-WebSocket-Key header", NULL},
      version = {400, "Missing or invalid Sec-WebSocket-Version header",
                 "Sec-WebSocket-Version: 13, 8\r\n"},
      protocol = {400, "Invalid Sec-WebSocket-Protocol header", NULL},
      fine = {0, "", NULL};
  sio_str value, first;

  if (strcmp(head->method, "GET") != 0)
    return method;
  if (!has_value(head, "upgrade", &value) || value.len != 9 ||
      strncasecmp(value.data, "websocket", 9) != 0)
    return upgrade;
  if (!has_value(head, "sec-websocket-key", &value) ||
      !sio__ws_key_is_valid(value))
    return key;
  if (!has_value(head, "sec-websocket-version", &value) ||
      (!sio_str_is(value, "13") && !sio_str_is(value, "8")))
    return version;
  if (has_value(head, "sec-websocket-protocol", &value) &&
      (!sio__ws_first_protocol(value, &first) || first.len == 0))
    return protocol;
  return fine;
}

static void feed_frames(struct sio_conn *conn, uint8_t *data, size_t len);

static size_t on_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  feed_frames(conn, data, len);
  return len;
}

/* The peer has not answered our close frame. */
static void on_timeout(struct sio_conn *conn)
{
  sio__conn_abort(conn, SIO_CAUSE_CLOSE_TIMEOUT);
}

/* Whoever gets the messages is told that there will be no more. */
static void end_sink(struct sio_conn *conn, const sio_end *end)
{
  struct sio__session *session = conn->session;

  conn->session = NULL;
  if (session != NULL)
    conn->sink->end(session, end);
}

static void on_lost(struct sio_conn *conn)
{
  bool gone = conn->cause == SIO_CAUSE_PEER_GONE ||
              conn->cause == SIO_CAUSE_CLOSE_TIMEOUT;
  const sio_end end = {gone ? SIO_REASON_TRANSPORT_CLOSE
                            : SIO_REASON_TRANSPORT_ERROR,
                       conn->cause, NULL, 0, conn->seen};

  end_sink(conn, &end);
}

static const struct sio__conn_protocol frames = {
    .feed = on_feed,
    .timeout = on_timeout,
    .lost = on_lost,
};

static void write_101(struct sio__buf *out, const struct sio__http_head *head,
                      const char accept[SIO__WS_ACCEPT_LEN])
{
  sio_str protocol, first;

  sio__buf_reset(out, SIZE_MAX);
  sio__buf_text(out, "HTTP/1.1 101 Switching Protocols\r\n"
                     "Upgrade: websocket\r\n"
                     "Connection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: ");
  sio__buf_append(out, accept, SIO__WS_ACCEPT_LEN);
  sio__buf_text(out, "\r\n");
  if (has_value(head, "sec-websocket-protocol", &protocol) &&
      sio__ws_first_protocol(protocol, &first) && first.len > 0)
    sio__http_write_header_str(out, sio_s("Sec-WebSocket-Protocol"), first);
  sio__http_write_end(out);
}

bool sio__websocket_accept(struct sio_request *request,
                           const struct sio__http_head *head)
{
  struct sio_conn *conn = request->conn;
  struct sio__engine *engine = conn->engine;
  struct sio__buf *out = &engine->scratch;
  struct sio__http_side *http = conn->http;
  char accept[SIO__WS_ACCEPT_LEN];
  sio_str key;

  if (!has_value(head, "sec-websocket-key", &key) ||
      sio__ws_accept(key.data, accept) != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  write_101(out, head, accept);
  if (out->error != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  if (!sio__conn_write(conn, out->data, out->len))
    return false;
  sio__timer_stop(&conn->timer);
  conn->protocol = &frames;
  conn->http = NULL;
  sio__http_side_free(http, engine->mem, SIO_CAUSE_DONE);
  return true;
}

void sio__websocket_attach(struct sio_conn *conn, struct sio__session *session,
                           const struct sio__ws_sink *sink)
{
  conn->session = session;
  conn->sink = sink;
}

/* ---- Output ---- */

static bool send_frame(struct sio_conn *conn, enum sio__ws_opcode opcode,
                       const void *data, size_t len)
{
  size_t header = sio__ws_header_size(len);
  uint8_t *room;

  if (!sio__conn_has_room(conn, header + len))
    return false;
  room = sio__outq_reserve(&conn->out, header + len);
  if (room == NULL) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  (void)sio__ws_header_write(room, opcode, len); /* `header` bytes */
  if (len > 0)
    memcpy(room + header, data, len);
  sio__outq_commit(&conn->out, header + len);
  sio__conn_touch(conn);
  return true;
}

bool sio__websocket_send(struct sio_conn *conn, const void *packet, size_t len,
                         bool binary)
{
  if (conn->ws_closing)
    return false;
  return send_frame(conn, binary ? WS_OP_BINARY : WS_OP_TEXT, packet, len);
}

/* Begin the closing handshake with a body of `len` bytes. */
static void begin_closing(struct sio_conn *conn, const void *body, size_t len)
{
  if (conn->ws_closing || !send_frame(conn, WS_OP_CLOSE, body, len))
    return;
  conn->ws_closing = true;
  sio__timer_start(&conn->engine->clock, &conn->timer,
                   conn->engine->options->close_timeout_ms);
}

void sio__websocket_close(struct sio_conn *conn)
{
  conn->session = NULL;
  begin_closing(conn, NULL, 0);
}

/* ---- As a transport ---- */

/* A client that takes no binary gets "b" and base64 on a websocket, too. */
static bool send_base64(struct sio__session *session, const uint8_t *data,
                        size_t len)
{
  size_t size = sio__base64_size(len);
  struct sio__buf text;
  uint8_t *room;
  bool sent = false;

  sio__buf_init(&text, session->engine->mem, SIZE_MAX);
  sio__buf_byte(&text, 'b');
  room = sio__buf_reserve(&text, size);
  if (room != NULL) {
    sio__base64_encode(data, len, (char *)room);
    sio__buf_commit(&text, size);
    sent = sio__websocket_send(session->ws, text.data, text.len, false);
  } else {
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0);
  }
  sio__buf_dispose(&text);
  return sent;
}

static bool websocket_send(struct sio__session *session, const void *packet,
                           size_t len, bool binary)
{
  if (binary && session->base64)
    return send_base64(session, packet, len);
  return sio__websocket_send(session->ws, packet, len, binary);
}

static bool websocket_send_shared(struct sio__session *session,
                                  const struct sio__shared *shared)
{
  const struct sio__chunk *chunk = shared->chunk;

  if (shared->binary && session->base64)
    return send_base64(session, chunk->data + SIO__SHARED_HEADROOM,
                       chunk->len - SIO__SHARED_HEADROOM);
  if (session->ws->ws_closing)
    return false;
  return sio__conn_push(session->ws, shared->chunk, shared->frame_off,
                        chunk->len - shared->frame_off);
}

static size_t websocket_pending(const struct sio__session *session)
{
  return session->ws != NULL ? session->ws->out.bytes : 0;
}

static void websocket_close(struct sio__session *session, const char *farewell)
{
  struct sio_conn *conn = session->ws;

  (void)farewell;
  session->ws = NULL;
  if (conn != NULL)
    sio__websocket_close(conn);
}

const struct sio__transport sio__websocket_transport = {
    .name = "websocket",
    .send = websocket_send,
    .send_shared = websocket_send_shared,
    .pending = websocket_pending,
    .drain = sio__session_finish, /* the close frame follows the data */
    .close = websocket_close,
};

static void sink_message(struct sio_conn *conn, bool text, uint8_t *data,
                         size_t len)
{
  if (text)
    (void)sio__session_text(conn->session, (char *)data, len);
  else
    sio__session_binary(conn->session, data, len);
}

static void sink_end(struct sio__session *session, const sio_end *end)
{
  session->ws = NULL;
  sio__session_fail(session, end, NULL);
}

const struct sio__ws_sink sio__websocket_sink = {
    .message = sink_message,
    .end = sink_end,
};

/* ---- Input ---- */

/* The peer has closed: answer with its code and reason, unless this was its
 * answer to ours. */
static void on_close(struct sio_conn *conn, const struct sio__ws_event *event)
{
  static const sio_end end = {SIO_REASON_TRANSPORT_CLOSE, SIO_CAUSE_PEER_CLOSED,
                              NULL, 0, 0};

  if (!conn->ws_closing) {
    uint8_t body[125];
    size_t len = 0;

    if (event->code != WS_CODE_NONE) {
      body[0] = (uint8_t)(event->code >> 8);
      body[1] = (uint8_t)event->code;
      len = 2 + event->len;
      if (event->len > 0)
        memcpy(body + 2, event->data, event->len);
    }
    (void)send_frame(conn, WS_OP_CLOSE, body, len); /* or it is aborted */
  }
  end_sink(conn, &end);
  sio__conn_end(conn, SIO_CAUSE_DONE, false);
}

/* The peer breaks the protocol or a limit: close with a code. */
static void on_error(struct sio_conn *conn, const struct sio__ws_event *event)
{
  const sio_end end = {SIO_REASON_TRANSPORT_ERROR, event->cause, event->detail,
                       0, event->seen};
  uint8_t body[2] = {(uint8_t)(event->code >> 8), (uint8_t)event->code};

  begin_closing(conn, body, sizeof body);
  end_sink(conn, &end);
  conn->seen = event->seen;
  sio__conn_end(conn, event->cause, true);
}

static void on_event(struct sio_conn *conn, const struct sio__ws_event *event)
{
  switch (event->type) {
  case WS_TEXT:
  case WS_BINARY:
    if (conn->session != NULL)
      conn->sink->message(conn, event->type == WS_TEXT, event->data,
                          event->len);
    break;
  case WS_PING:
    if (!conn->ws_closing)
      (void)send_frame(conn, WS_OP_PONG, event->data, event->len);
    break;
  case WS_CLOSE:
    on_close(conn, event);
    break;
  case WS_ERROR:
    on_error(conn, event);
    break;
  case WS_PONG:
  case WS_MORE:
    break;
  }
}

static void feed_frames(struct sio_conn *conn, uint8_t *data, size_t len)
{
  struct sio__ws_event event;

  do {
    size_t used = 0;

    sio__ws_read(&conn->ws, data, len, &used, &event);
    data += used;
    len -= used;
    on_event(conn, &event);
  } while (event.type != WS_MORE && sio__conn_is_open(conn));
}
