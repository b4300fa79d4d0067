/* SPDX-License-Identifier: MIT */
/* The websocket transport. */
#include "eio/websocket.h"

#include "base/base64.h"
#include "base/cold.h"
#include "eio/pressure.h"
#include "eio/receipts.h"
#include "eio/spare.h"
#include "eio/traffic.h"
#include "ws/closing.h"

enum {
  RSV1 = 0x40,      /* in the first byte of a frame: the message is deflated */
  NO_PREFIX = -1,   /* of a message */
  TYPE_MESSAGE = 4, /* what binary messages of protocol 3 begin with */
};

/* What is to be sent: a first byte, which may be none, and the rest. */
struct message {
  enum sio__ws_opcode opcode;
  int prefix;
  const void *data;
  size_t len;
};

static void feed_frames(struct sio_conn *conn, uint8_t *data, size_t len);
static void on_timeout(struct sio_conn *conn);

static size_t on_feed(struct sio_conn *conn, uint8_t *data, size_t len)
{
  feed_frames(conn, data, len);
  return len;
}

/* Whoever gets the messages is told that there will be no more. */
static void end_sink(struct sio_conn *conn, const sio_end *end)
{
  struct sio_session *session = conn->session;

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

/* Output of an open connection has left. */
static void on_sent(struct sio_conn *conn)
{
  struct sio_session *session = conn->session;

  if (session == NULL || session->ws != conn)
    return; /* nobody's, or a candidate */
  while (session->ws == conn &&
         sio__receipts_tell(session->receipts, session, conn->sent))
    continue;
  if (session->ws == conn)
    sio__pressure_sent(session);
  if (session->ws != conn || conn->out.bytes > 0)
    return;
  sio__session_drained(session);
  if (session->state == SESSION_CLOSING)
    session->transport->drain(session);
}

const struct sio__conn_protocol sio__websocket_protocol = {
    .feed = on_feed,
    .timeout = on_timeout,
    .sent = on_sent,
    .lost = on_lost,
};

void sio__websocket_attach(struct sio_conn *conn, struct sio_session *session,
                           const struct sio__ws_sink *sink)
{
  conn->session = session;
  conn->sink = sink;
}

/* ---- Output ---- */

/* Room for `len` bytes of output; NULL: the connection is aborted. */
static uint8_t *make_room(struct sio_conn *conn, size_t len)
{
  uint8_t *room;

  if (!sio__conn_has_room(conn, len))
    return NULL;
  room = sio__outq_reserve(&conn->out, len);
  if (room == NULL)
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
  return room;
}

static size_t size_of(const struct message *message)
{
  return message->len + (message->prefix != NO_PREFIX);
}

static void write_message(uint8_t *room, const struct message *message)
{
  if (message->prefix != NO_PREFIX)
    *room++ = (uint8_t)message->prefix;
  if (message->len > 0)
    memcpy(room, message->data, message->len);
}

/* `bits` are set in the first byte of the frame, too. */
static bool send_frame(struct sio_conn *conn, const struct message *message,
                       uint8_t bits)
{
  size_t size = size_of(message), header = sio__ws_header_size(size);
  uint8_t *room = make_room(conn, header + size);

  if (room == NULL || !sio__pressure_frame(conn))
    return false;
  (void)sio__ws_header_write(room, message->opcode, size); /* `header` bytes */
  room[0] |= bits;
  write_message(room + header, message);
  sio__outq_commit(&conn->out, header + size);
  sio__conn_touch(conn);
  return true;
}

static bool send_control(struct sio_conn *conn, enum sio__ws_opcode opcode,
                         const void *data, size_t len)
{
  const struct message message = {opcode, NO_PREFIX, data, len};

  return send_frame(conn, &message, 0);
}

static bool send_deflated(struct sio_conn *conn, const struct message *message)
{
  bool stateless = !sio__ws_deflate_params(conn->deflate)->server_takeover;
  struct message deflated = {message->opcode, NO_PREFIX, NULL, 0};
  sio_span plain = {message->data, message->len};
  struct sio__buf buf;
  bool sent = false;

  if (message->prefix != NO_PREFIX) { /* put it together where output is made */
    uint8_t *room = make_room(conn, size_of(message));

    if (room == NULL)
      return false;
    write_message(room, message);
    plain.data = room;
    plain.len = size_of(message);
  }
  buf = sio__spare_take(conn->engine);
  if (sio__ws_deflate_message(conn->deflate, plain.data, plain.len, &buf) !=
      0) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
  } else if (stateless && buf.len >= plain.len) {
    sent = send_frame(conn, message, 0);
  } else {
    deflated.data = buf.data;
    deflated.len = buf.len;
    sent = send_frame(conn, &deflated, RSV1);
  }
  sio__spare_give(conn->engine, &buf);
  return sent;
}

static bool wants_deflate(const struct sio_conn *conn, size_t len,
                          unsigned flags)
{
  return conn->deflate != NULL && (flags & SIO_SEND_UNCOMPRESSED) == 0 &&
         sio__ws_deflate_wants(conn->deflate, len);
}

static bool send_message(struct sio_conn *conn, const struct message *message,
                         unsigned flags)
{
  if (conn->ws_closing)
    return false;
  if (wants_deflate(conn, size_of(message), flags))
    return send_deflated(conn, message);
  return send_frame(conn, message, 0);
}

bool sio__websocket_send(struct sio_conn *conn, const void *packet, size_t len,
                         unsigned flags)
{
  const struct message message = {(flags & SIO_SEND_BINARY) != 0 ? WS_OP_BINARY
                                                                 : WS_OP_TEXT,
                                  NO_PREFIX, packet, len};

  return send_message(conn, &message, flags);
}

/* Begin the closing handshake with a body of `len` bytes. */
static void begin_closing(struct sio_conn *conn, const void *body, size_t len)
{
  if (conn->ws_closing || !send_control(conn, WS_OP_CLOSE, body, len))
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

/* A client that takes no binary gets "b" and base64 on a websocket, too; in
 * protocol 3 with the type between them. */
static bool send_base64(struct sio_session *session, const uint8_t *data,
                        size_t len, unsigned flags)
{
  const char *prefix = session->protocol == 3 ? "b4" : "b";
  size_t size = sio__base64_size(len);
  struct sio__buf text = sio__spare_take(session->engine);
  uint8_t *room;
  bool sent = false;

  sio__buf_text(&text, prefix);
  room = sio__buf_reserve(&text, size);
  if (room != NULL) {
    sio__base64_encode(data, len, (char *)room);
    sio__buf_commit(&text, size);
    sent = sio__websocket_send(session->ws, text.data, text.len,
                               flags & ~(unsigned)SIO_SEND_BINARY);
  } else {
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0);
  }
  sio__spare_give(session->engine, &text);
  return sent;
}

static bool websocket_send(struct sio_session *session, const void *packet,
                           size_t len, unsigned flags)
{
  struct message message = {WS_OP_TEXT, NO_PREFIX, packet, len};

  if ((flags & SIO_SEND_BINARY) != 0) {
    if (session->base64)
      return send_base64(session, packet, len, flags);
    message.opcode = WS_OP_BINARY;
    if (session->protocol == 3)
      message.prefix = TYPE_MESSAGE;
  } else if ((flags & SIO__SEND_BARE) != 0) {
    message.prefix = '4';
  }
  return send_message(session->ws, &message, flags);
}

/* The frame for everybody with this window; that of the plain message if it
 * is not larger, or there is no memory for another. */
static struct sio__chunk *deflated_frame(struct sio__shared *shared,
                                         uint8_t bits)
{
  struct sio__engine *engine = shared->engine;
  bool binary = (shared->flags & SIO_SEND_BINARY) != 0;
  struct sio__chunk *frame = shared->frames[bits];
  sio_span packet = sio__shared_packet(shared);
  struct sio__buf buf;
  size_t header;

  if (frame != NULL)
    return frame;
  buf = sio__spare_take(engine);
  if (sio__ws_codec_message(engine->codec, bits, packet.data, packet.len,
                            &buf) == 0 &&
      buf.len < packet.len) {
    header = sio__ws_header_size(buf.len);
    frame = sio__chunk_new(&engine->chunks, header + buf.len);
    if (frame != NULL) {
      (void)sio__ws_header_write(frame->data, /* `header` bytes */
                                 binary ? WS_OP_BINARY : WS_OP_TEXT, buf.len);
      frame->data[0] |= RSV1;
      memcpy(frame->data + header, buf.data, buf.len);
      frame->len = (uint32_t)(header + buf.len);
    }
  }
  sio__spare_give(engine, &buf);
  if (frame == NULL)
    frame = sio__chunk_ref(shared->chunk);
  shared->frames[bits] = frame;
  return frame;
}

static bool push_frame(struct sio_conn *conn, struct sio__chunk *chunk,
                       uint32_t off)
{
  return sio__pressure_frame(conn) &&
         sio__conn_push(conn, chunk, off, chunk->len - off);
}

/* A shared message to a connection that deflates it. */
static bool push_deflated(struct sio_conn *conn, struct sio__shared *shared)
{
  const struct sio__ws_deflate_params *params =
      sio__ws_deflate_params(conn->deflate);
  sio_span packet = sio__shared_packet(shared);
  struct sio__chunk *frame;
  uint32_t off;

  if (params->server_takeover)
    return sio__websocket_send(conn, packet.data, packet.len, shared->flags);
  frame = deflated_frame(shared, params->server_bits);
  off = frame == shared->chunk ? shared->frame_off : 0;
  return push_frame(conn, frame, off);
}

/* What is not the frame as it is, or not now. */
static SIO__COLD bool send_shared_otherwise(struct sio_session *session,
                                            struct sio__shared *shared)
{
  const struct sio__chunk *chunk = shared->chunk;
  struct sio_conn *conn = session->ws;

  if ((shared->flags & SIO_SEND_BINARY) != 0 &&
      (session->base64 || session->protocol == 3))
    return websocket_send(session, chunk->data + SIO__SHARED_HEADROOM,
                          chunk->len - SIO__SHARED_HEADROOM, shared->flags);
  if (conn->ws_closing)
    return false;
  if (wants_deflate(conn, chunk->len - SIO__SHARED_HEADROOM, shared->flags))
    return push_deflated(conn, shared);
  return push_frame(conn, shared->chunk, shared->frame_off);
}

static bool websocket_send_shared(struct sio_session *session,
                                  struct sio__shared *shared)
{
  struct sio_conn *conn = session->ws;

  if ((shared->flags & SIO_SEND_BINARY) != 0 || conn->ws_closing ||
      conn->deflate != NULL)
    return send_shared_otherwise(session, shared);
  return push_frame(conn, shared->chunk, shared->frame_off);
}

static size_t websocket_pending(const struct sio_session *session)
{
  return session->ws != NULL ? session->ws->out.bytes : 0;
}

static bool websocket_writable(const struct sio_session *session)
{
  const struct sio_conn *conn = session->ws;

  return conn != NULL && sio__conn_is_open(conn) && conn->out.bytes == 0 &&
         !conn->ws_closing;
}

/* The close frame follows the data; but who waits for messages to go out is
 * told of them first. */
static void websocket_drain(struct sio_session *session)
{
  if (!sio__receipts_are_due(session->receipts))
    sio__session_finish(session);
}

static void websocket_close(struct sio_session *session, const char *farewell)
{
  struct sio_conn *conn = session->ws;

  (void)farewell;
  session->ws = NULL;
  if (conn != NULL)
    sio__websocket_close(conn);
}

const struct sio__transport sio__websocket_transport = {
    .name = "websocket",
    .polls = false,
    .send = websocket_send,
    .send_shared = websocket_send_shared,
    .pending = websocket_pending,
    .writable = websocket_writable,
    .drain = websocket_drain,
    .close = websocket_close,
};

static void sink_message(struct sio_conn *conn, bool text, uint8_t *data,
                         size_t len)
{
  struct sio_session *session = conn->session;

  if (text)
    (void)sio__session_text(session, (char *)data, len);
  else if (session->protocol == 3)
    (void)sio__session_typed(session, data, len);
  else
    (void)sio__session_binary(session, data, len);
}

static void sink_end(struct sio_session *session, const sio_end *end)
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
    (void)send_control(conn, WS_OP_CLOSE, body, len); /* or it is aborted */
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
  /* The end of a session counts, that of its connection does not. */
  bool counts = conn->session != NULL && conn->sink == &sio__websocket_sink;

  begin_closing(conn, body, sizeof body);
  end_sink(conn, &end);
  conn->seen = event->seen;
  sio__conn_end(conn, counts ? SIO_CAUSE_DONE : event->cause, true);
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
      (void)send_control(conn, WS_OP_PONG, event->data, event->len);
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

/* The peer has not answered our close frame, or does not finish a message. */
static void on_timeout(struct sio_conn *conn)
{
  static const struct sio__ws_event event = {
      .type = WS_ERROR,
      .code = WS_CODE_POLICY,
      .cause = SIO_CAUSE_MESSAGE_TIMEOUT,
  };

  if (conn->ws_closing)
    sio__conn_abort(conn, SIO_CAUSE_CLOSE_TIMEOUT);
  else
    on_error(conn, &event);
}

/* A message that has begun has its time; `whole`: others have ended since. */
static void watch_message(struct sio_conn *conn, bool whole)
{
  bool running = sio__timer_is_running(&conn->timer);

  if (conn->ws_closing || !sio__conn_is_open(conn))
    return;
  if (conn->ws.partial == NULL && running)
    sio__timer_stop(&conn->timer);
  if (conn->ws.partial != NULL && (whole || !running))
    sio__timer_start(&conn->engine->clock, &conn->timer,
                     conn->engine->options->message_timeout_ms);
}

static void feed_frames(struct sio_conn *conn, uint8_t *data, size_t len)
{
  struct sio__ws_event event;
  bool whole = false;

  do {
    size_t used = 0;

    sio__ws_read(&conn->ws, data, len, &used, &event);
    data += used;
    len -= used;
    whole |= event.type == WS_TEXT || event.type == WS_BINARY;
    on_event(conn, &event);
  } while (event.type != WS_MORE && sio__conn_is_open(conn));
  watch_message(conn, whole);
}
