/* SPDX-License-Identifier: MIT */
/* A server and its clients, as bytes: see wire.h. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Bytes ---- */

void wire_put(struct wire_bytes *bytes, const void *data, size_t len)
{
  if (bytes->len + len > bytes->cap) {
    bytes->cap = 2 * (bytes->len + len) + 256;
    bytes->data = realloc(bytes->data, bytes->cap);
    assert_non_null(bytes->data);
  }
  if (len > 0)
    memcpy(bytes->data + bytes->len, data, len);
  bytes->len += len;
}

void wire_put_text(struct wire_bytes *bytes, const char *text)
{
  wire_put(bytes, text, strlen(text));
}

void wire_reset(struct wire_bytes *bytes)
{
  bytes->len = 0;
}

void wire_dispose(struct wire_bytes *bytes)
{
  free(bytes->data);
  memset(bytes, 0, sizeof *bytes);
}

/* ---- The server ---- */

static int fill_random(void *user, uint8_t *out, size_t len)
{
  struct wire *w = user;

  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(test_random(&w->random) >> 8);
  return 0;
}

static void on_open(sio_session *session, void *user)
{
  struct wire *w = user;

  w->session = session;
  w->opened++;
}

static void on_message(sio_session *session, const sio_message *message,
                       void *user)
{
  struct wire *w = user;

  w->messages++;
  if (!w->is_socketio)
    assert_int_equal(sio_session_send(session, message->data,
                                      message->binary ? SIO_SEND_BINARY : 0),
                     0);
}

static void on_close(sio_session *session, const sio_end *end, void *user)
{
  struct wire *w = user;

  if (w->session == session)
    w->session = NULL;
  w->end = *end;
  w->closed++;
}

static void on_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct wire_peer *peer = conn_user;
  struct wire *w = user;

  (void)conn;
  if (peer->is_ready)
    return;
  assert_true(w->n_ready < WIRE_READY);
  w->ready[w->n_ready++] = peer;
  peer->is_ready = true;
}

static void fill_handlers(sio_session_handlers *handlers)
{
  sio_session_handlers_init(handlers);
  handlers->open = on_open;
  handlers->message = on_message;
  handlers->close = on_close;
}

void wire_init(struct wire *w)
{
  memset(w, 0, sizeof *w);
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  w->random = 0x5eed;
  sio_engine_options_init(&w->options);
  w->options.allocator = &w->mem.allocator;
  w->options.random = fill_random;
  w->options.random_user = w;
  w->options.max_kept_bytes = 0;
}

void wire_start(struct wire *w)
{
  sio_session_handlers handlers;

  fill_handlers(&handlers);
  w->server = sio_engine_new(&w->options, &handlers, w);
  assert_non_null(w->server);
  sio_server_on_ready(w->server, on_ready, w);
  sio_server_expire(w->server, w->now_ms);
}

void wire_start_socketio(struct wire *w)
{
  sio_session_handlers handlers;

  fill_handlers(&handlers);
  w->is_socketio = true;
  w->options.path = "/socket.io";
  w->server = sio_server_new(&w->options);
  assert_non_null(w->server);
  assert_int_equal(sio_server_on_sessions(w->server, &handlers, w), 0);
  sio_server_on_ready(w->server, on_ready, w);
  sio_server_expire(w->server, w->now_ms);
}

void wire_stop(struct wire *w)
{
  assert_int_equal(sio_server_connection_count(w->server), 0);
  sio_server_free(w->server);
  w->server = NULL;
  assert_int_equal(w->opened, w->closed);
  test_mem_check(&w->mem);
}

void wire_wait(struct wire *w, uint64_t ms)
{
  uint64_t until = w->now_ms + ms;

  while (sio_server_deadline(w->server) <= until) {
    w->now_ms = sio_server_deadline(w->server);
    sio_server_expire(w->server, w->now_ms);
    wire_settle(w);
  }
  w->now_ms = until;
  sio_server_expire(w->server, w->now_ms);
  wire_settle(w);
}

/* ---- Clients ---- */

/* Callbacks that this calls may drop the peer. */
static void serve(struct wire_peer *peer)
{
  sio_span spans[4];
  size_t n;

  while (peer->conn != NULL &&
         (n = sio_conn_output(peer->conn, spans, 4)) > 0) {
    size_t sum = 0;

    for (size_t i = 0; i < n; i++) {
      wire_put(&peer->got, spans[i].data, spans[i].len);
      sum += spans[i].len;
    }
    sio_conn_sent(peer->conn, sum);
  }
  if (peer->conn == NULL)
    return;
  if (sio_conn_wants_close(peer->conn) == SIO_CLOSE_NOW)
    wire_drop(peer, 0);
  else if (sio_conn_wants_close(peer->conn) == SIO_CLOSE_LINGER)
    peer->lingers = true;
}

void wire_settle(struct wire *w)
{
  while (w->n_ready > 0) {
    struct wire_peer *peer = w->ready[--w->n_ready];

    peer->is_ready = false;
    serve(peer);
  }
}

void wire_connect(struct wire *w, struct wire_peer *peer)
{
  static const sio_peer who = {.size = sizeof(sio_peer),
                               .address = "192.0.2.7"};

  peer->wire = w;
  peer->at = 0;
  peer->is_ready = peer->lingers = false;
  wire_reset(&peer->got);
  assert_int_equal(sio_conn_open(w->server, &who, peer, &peer->conn), 0);
}

void wire_drop(struct wire_peer *peer, int error)
{
  sio_conn *conn = peer->conn;

  peer->conn = NULL;
  if (conn != NULL)
    sio_conn_closed(conn, error);
}

void wire_peer_dispose(struct wire_peer *peer)
{
  wire_drop(peer, 0);
  wire_dispose(&peer->got);
}

/* Feed one block; false: the server has had enough. */
static bool feed_block(struct wire_peer *peer, uint8_t *block, size_t len)
{
  int rv = sio_conn_feed(peer->conn, block, len);

  wire_settle(peer->wire);
  if (rv == SIO_ERR_CLOSED)
    return false;
  assert_int_equal(rv, 0);
  return peer->conn != NULL && !peer->lingers;
}

/* One block of one byte for all of them: megabytes come like this. */
static void feed_bytes(struct wire_peer *peer, const uint8_t *data, size_t len)
{
  uint8_t *block = test_exact("", 1);
  size_t at = 0;

  do
    *block = data[at++];
  while (feed_block(peer, block, 1) && at < len);
  free(block);
}

/* Mostly few bytes, sometimes many. */
static size_t random_size(uint32_t *random)
{
  uint32_t r = test_random(random);

  return 1 + (r >> 8) % (UINT32_C(1) << (r % 14));
}

void wire_feed(struct wire_peer *peer, const void *data, size_t len, int piece)
{
  const uint8_t *bytes = data;
  size_t at = 0;

  if (peer->conn == NULL || peer->lingers || len == 0)
    return;
  if (piece == 1) {
    feed_bytes(peer, data, len);
    return;
  }
  for (bool more = true; more && at < len;) {
    size_t n = piece == WIRE_WHOLE    ? len
               : piece == WIRE_RANDOM ? random_size(&peer->wire->random)
                                      : (size_t)piece;
    uint8_t *block;

    if (n > len - at)
      n = len - at;
    block = test_exact(bytes + at, n);
    more = feed_block(peer, block, n);
    free(block);
    at += n;
  }
}

void wire_text(struct wire_peer *peer, const char *format, ...)
{
  char text[4096];
  va_list args;
  int len;

  va_start(args, format);
  len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  assert_in_range(len, 0, sizeof text - 1);
  wire_feed(peer, text, (size_t)len, WIRE_WHOLE);
}

void wire_ask_upgrade(struct wire_peer *peer, const char *query,
                      const char *offer)
{
  wire_text(peer,
            "GET %s?EIO=4&transport=websocket%s HTTP/1.1\r\n" WIRE_UPGRADE
            "%s%s%s\r\n",
            sio_server_path(peer->wire->server), query,
            offer != NULL ? "Sec-WebSocket-Extensions: " : "",
            offer != NULL ? offer : "", offer != NULL ? "\r\n" : "");
}

void wire_websocket(struct wire *w, struct wire_peer *peer, const char *offer)
{
  unsigned opened = w->opened;
  struct wire_heard open;
  const char *end;

  wire_connect(w, peer);
  wire_ask_upgrade(peer, "", offer);
  assert_int_equal(w->opened, opened + 1);
  wire_expect(peer, "HTTP/1.1 101 Switching Protocols\r\n");
  end = strstr(wire_look(peer), "\r\n\r\n");
  assert_non_null(end);
  peer->at = (size_t)(end + 4 - (const char *)peer->got.data);
  assert_true(wire_hear(peer, &open));
  assert_int_equal(peer->at, peer->got.len);
  /* A short message is not compressed unless there is no threshold. */
  assert_true(open.first == 0xc1 ||
              (open.first == 0x81 && open.len > 0 && open.data[0] == '0'));
}

void wire_polling(struct wire *w, struct wire_peer *peer)
{
  unsigned opened = w->opened;

  wire_connect(w, peer);
  wire_text(peer, "GET %s?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n",
            sio_server_path(w->server));
  assert_int_equal(w->opened, opened + 1);
  wire_expect(peer, "HTTP/1.1 200 OK\r\n");
  peer->at = peer->got.len;
}

/* ---- Frames ---- */

static size_t write_head(uint8_t head[14], uint8_t first, size_t len,
                         bool masked)
{
  uint8_t mask = masked ? 0x80 : 0;
  size_t n = 2, more = len < 126 ? 0 : len < 65536 ? 2 : 8;

  head[0] = first;
  head[1] = (uint8_t)(mask | (more == 0 ? len : more == 2 ? 126 : 127));
  for (; more > 0; more--)
    head[n++] = (uint8_t)((uint64_t)len >> (8 * (more - 1)));
  return n;
}

void wire_frame(struct wire *w, struct wire_bytes *out, uint8_t first,
                const void *data, size_t len)
{
  uint8_t head[14], *mask, *payload;
  size_t n = write_head(head, first, len, true);

  mask = head + n;
  for (int i = 0; i < 4; i++)
    head[n++] = (uint8_t)(test_random(&w->random) >> 8);
  wire_put(out, head, n);
  wire_put(out, data, len);
  payload = out->data + out->len - len;
  for (size_t i = 0; i < len; i++)
    payload[i] ^= mask[i % 4];
}

void wire_server_frame(struct wire_bytes *out, uint8_t first, const void *data,
                       size_t len)
{
  uint8_t head[14];

  wire_put(out, head, write_head(head, first, len, false));
  wire_put(out, data, len);
}

void wire_send_frame(struct wire_peer *peer, uint8_t first, const void *data,
                     size_t len)
{
  struct wire_bytes frame = {NULL, 0, 0};

  wire_frame(peer->wire, &frame, first, data, len);
  wire_feed(peer, frame.data, frame.len, WIRE_WHOLE);
  wire_dispose(&frame);
}

bool wire_hear(struct wire_peer *peer, struct wire_heard *heard)
{
  const uint8_t *at = peer->got.data + peer->at;
  size_t left = peer->got.len - peer->at, n = 2;
  uint64_t len;

  if (left < 2)
    return false;
  assert_int_equal(at[1] & 0x80, 0); /* a server does not mask */
  len = at[1];
  if (len >= 126) {
    n += len == 126 ? 2 : 8;
    if (left < n)
      return false;
    len = 0;
    for (size_t i = 2; i < n; i++)
      len = len << 8 | at[i];
  }
  if (left - n < len)
    return false;
  heard->first = at[0];
  heard->data = at + n;
  heard->len = (size_t)len;
  peer->at += n + heard->len;
  return true;
}

const char *wire_look(struct wire_peer *peer)
{
  wire_put(&peer->got, "", 1);
  peer->got.len--;
  return (const char *)peer->got.data + peer->at;
}

void wire_expect(struct wire_peer *peer, const char *start)
{
  const char *got = wire_look(peer);

  if (strncmp(got, start, strlen(start)) != 0)
    fail_msg("got\n%.2000s\nwanted\n%s", got, start);
}
