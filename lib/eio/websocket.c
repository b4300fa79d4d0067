/* SPDX-License-Identifier: MIT */
/* The websocket transport. */
#include "eio/websocket.h"

#include "eio/upgrade.h"
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
      method = {405, "Invalid HTTP method"},
      upgrade = {400, "Invalid Upgrade header"},
      key = {400, "Missing or invalid Sec-WebSocket-Key header"},
      version = {400, "Missing or invalid Sec-WebSocket-Version header"},
      protocol = {400, "Invalid Sec-WebSocket-Protocol header"}, fine = {0, ""};
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

bool sio__websocket_accept(struct sio_request *request,
                           const struct sio__http_head *head,
                           struct sio__session *session, bool candidate)
{
  struct sio_conn *conn = request->conn;
  struct sio__buf *out = &conn->engine->scratch;
  char accept[SIO__WS_ACCEPT_LEN];
  sio_str key, protocol, first;

  sio__buf_reset(out, SIZE_MAX);
  if (!has_value(head, "sec-websocket-key", &key) ||
      sio__ws_accept(key.data, accept) != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  sio__buf_text(out, "HTTP/1.1 101 Switching Protocols\r\n"
                     "Upgrade: websocket\r\n"
                     "Connection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: ");
  sio__buf_append(out, accept, sizeof accept);
  sio__buf_text(out, "\r\n");
  if (has_value(head, "sec-websocket-protocol", &protocol) &&
      sio__ws_first_protocol(protocol, &first) && first.len > 0)
    sio__http_write_header_str(out, sio_s("Sec-WebSocket-Protocol"), first);
  sio__http_write_end(out);
  if (out->error != 0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
    return false;
  }
  if (!sio__conn_write(conn, out->data, out->len))
    return false;
  sio__conn_become_websocket(conn, session, candidate);
  return true;
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
  if (conn->state != CONN_WS)
    return false;
  return send_frame(conn, binary ? WS_OP_BINARY : WS_OP_TEXT, packet, len);
}

bool sio__websocket_send_shared(struct sio_conn *conn,
                                const struct sio__shared *shared)
{
  if (conn->state != CONN_WS)
    return false;
  return sio__conn_push(conn, shared->chunk, shared->frame_off,
                        shared->chunk->len - shared->frame_off);
}

/* Begin the closing handshake with a body of `len` bytes. */
static void begin_closing(struct sio_conn *conn, const void *body, size_t len)
{
  conn->session = NULL;
  conn->candidate = false;
  if (conn->state != CONN_WS)
    return;
  if (!send_frame(conn, WS_OP_CLOSE, body, len))
    return;
  conn->state = CONN_WS_CLOSING;
  sio__timer_start(&conn->engine->clock, &conn->timer,
                   conn->engine->options->close_timeout_ms);
}

void sio__websocket_close(struct sio_conn *conn)
{
  begin_closing(conn, NULL, 0);
}

void sio__websocket_lost(struct sio__session *session, sio_cause cause)
{
  bool gone = cause == SIO_CAUSE_PEER_GONE || cause == SIO_CAUSE_CLOSE_TIMEOUT;

  session->ws = NULL;
  sio__session_fail(
      session, gone ? SIO_REASON_TRANSPORT_CLOSE : SIO_REASON_TRANSPORT_ERROR,
      cause, NULL, NULL);
}

/* ---- Input ---- */

/* The peer has closed: answer with its code and reason, unless this was its
 * answer to ours. */
static void on_close(struct sio_conn *conn, const struct sio__ws_event *event)
{
  struct sio__session *session = conn->session;

  conn->session = NULL;
  if (conn->state == CONN_WS) {
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
  if (session != NULL && conn->candidate) {
    sio__upgrade_lost(session);
  } else if (session != NULL) {
    session->ws = NULL;
    sio__session_fail(session, SIO_REASON_TRANSPORT_CLOSE,
                      SIO_CAUSE_PEER_CLOSED, NULL, NULL);
  }
  sio__conn_end(conn, SIO_CAUSE_DONE, false);
}

/* The peer breaks the protocol or a limit: close with a code. */
static void on_error(struct sio_conn *conn, const struct sio__ws_event *event)
{
  struct sio__session *session = conn->session;
  uint8_t body[2] = {(uint8_t)(event->code >> 8), (uint8_t)event->code};
  bool candidate = conn->candidate;

  sio__engine_log(conn->engine, SIO_LOG_INFO,
                  "websocket closed with %u: %s%s%s", event->code,
                  sio_cause_text(event->cause),
                  event->detail != NULL ? ": " : "",
                  event->detail != NULL ? event->detail : "");
  begin_closing(conn, body, sizeof body);
  if (session != NULL && candidate) {
    sio__upgrade_lost(session);
  } else if (session != NULL) {
    session->ws = NULL;
    sio__session_fail(session, SIO_REASON_TRANSPORT_ERROR, event->cause,
                      event->detail, NULL);
  }
  sio__conn_end(conn, event->cause, true);
}

static void on_message(struct sio_conn *conn, const struct sio__ws_event *event)
{
  struct sio__session *session = conn->session;

  if (session == NULL)
    return;
  if (conn->candidate)
    sio__upgrade_packet(session, event->type == WS_TEXT,
                        (const char *)event->data, event->len);
  else if (event->type == WS_TEXT)
    (void)sio__session_text(session, (char *)event->data, event->len);
  else
    sio__session_binary(session, event->data, event->len);
}

void sio__websocket_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  while (conn->state == CONN_WS || conn->state == CONN_WS_CLOSING) {
    struct sio__ws_event event;
    size_t used = 0;

    sio__ws_read(&conn->ws, data, len, &used, &event);
    data += used;
    len -= used;
    switch (event.type) {
    case WS_MORE:
      return;
    case WS_TEXT:
    case WS_BINARY:
      on_message(conn, &event);
      break;
    case WS_PING:
      if (conn->state == CONN_WS)
        (void)send_frame(conn, WS_OP_PONG, event.data, event.len);
      break;
    case WS_PONG:
      break;
    case WS_CLOSE:
      on_close(conn, &event);
      break;
    case WS_ERROR:
      on_error(conn, &event);
      break;
    }
  }
}
