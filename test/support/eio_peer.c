/* SPDX-License-Identifier: MIT */
/* The peers of eio_world.h: what they send and what they must get. */
#include "eio_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define WEBSOCKET_HEADERS                                                      \
  "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                   \
  "Sec-WebSocket-Version: 13\r\n"                                              \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* ---- Sending ---- */

int peer_open_as(struct world *w, const sio_peer *who)
{
  struct peer *peer = &w->peers[w->n_peers];

  assert_true(w->n_peers < WORLD_PEERS);
  peer->conn = NULL;
  peer->len = peer->at = 0;
  peer->ready = peer->lingers = peer->stalled = peer->sips = false;
  peer->calls = 0;
  if (sio_conn_open(w->server, who, peer, &peer->conn) != 0)
    assert_true(eio_is_off(w));
  return w->n_peers++;
}

int peer_open(struct world *w)
{
  return peer_open_as(
      w, &(sio_peer){.size = sizeof(sio_peer), .address = "192.0.2.7"});
}

void peer_close(struct world *w, int p, int error)
{
  struct peer *peer = &w->peers[p];
  sio_conn *conn = peer->conn;

  peer->conn = NULL;
  if (conn != NULL)
    sio_conn_closed(conn, error);
  eio_pump(w);
}

void peer_stall(struct world *w, int p, bool stalled)
{
  w->peers[p].stalled = stalled;
  w->peers[p].sips = false;
  eio_pump(w);
}

void peer_send(struct world *w, int p, const void *data, size_t len)
{
  struct peer *peer = &w->peers[p];
  size_t piece = w->piece > 0 ? w->piece : len;
  size_t at = 0;

  if (len > w->longest)
    w->longest = len;
  while (at < len && peer->conn != NULL && !peer->lingers) {
    size_t n = len - at < piece ? len - at : piece;
    uint8_t *copy = test_exact((const uint8_t *)data + at, n);
    int rv = sio_conn_feed(peer->conn, copy, n);

    free(copy);
    assert_true(rv == 0 || rv == SIO_ERR_CLOSED);
    at += n;
    eio_pump(w);
  }
}

void peer_text(struct world *w, int p, const char *format, ...)
{
  char text[4096];
  va_list args;
  int len;

  va_start(args, format);
  len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  assert_in_range(len, 0, sizeof text - 1);
  peer_send(w, p, text, (size_t)len);
}

void peer_get(struct world *w, int p, int sid)
{
  peer_get_with(w, p, sid, "");
}

/* The revision that a session speaks; there is none once memory was refused. */
static int protocol_of(const struct world *w, int sid)
{
  return w->protocols[sid] == 3 ? 3 : 4;
}

void peer_get_with(struct world *w, int p, int sid, const char *headers)
{
  peer_text(w, p,
            "GET /socket.io/?EIO=%d&transport=polling&sid=%s HTTP/1.1\r\n"
            "Host: h\r\n%s\r\n",
            protocol_of(w, sid), w->sids[sid], headers);
}

void peer_post(struct world *w, int p, int sid, const char *body)
{
  peer_post_bytes(w, p, sid, "text/plain;charset=UTF-8", body, strlen(body));
}

void peer_post_bytes(struct world *w, int p, int sid, const char *type,
                     const void *body, size_t len)
{
  char head[512];
  int n = snprintf(head, sizeof head,
                   "POST /socket.io/?EIO=%d&transport=polling&sid=%s "
                   "HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   protocol_of(w, sid), w->sids[sid], type, len);
  uint8_t *whole = malloc((size_t)n + len + 1);

  assert_non_null(whole);
  assert_in_range(n, 0, sizeof head - 1);
  memcpy(whole, head, (size_t)n);
  memcpy(whole + n, body, len);
  peer_send(w, p, whole, (size_t)n + len);
  free(whole);
}

void peer_upgrade(struct world *w, int p, int sid)
{
  peer_text(w, p,
            "GET /socket.io/?EIO=%d&transport=websocket%s%s "
            "HTTP/1.1\r\n" WEBSOCKET_HEADERS "\r\n",
            sid >= 0 ? protocol_of(w, sid) : 4, sid >= 0 ? "&sid=" : "",
            sid >= 0 ? w->sids[sid] : "");
}

void peer_frame(struct world *w, int p, uint8_t first, const void *data,
                size_t len)
{
  static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  uint8_t *frame = malloc(len + 14);
  size_t n = 2;

  assert_non_null(frame);
  frame[0] = first;
  frame[1] = (uint8_t)(0x80 | (len < 126 ? len : len < 65536 ? 126 : 127));
  for (unsigned size = len < 126 ? 0 : len < 65536 ? 2 : 8; size > 0; size--)
    frame[n++] = (uint8_t)((uint64_t)len >> (8 * (size - 1)));
  memcpy(frame + n, mask, sizeof mask);
  n += sizeof mask;
  for (size_t i = 0; i < len; i++)
    frame[n++] = ((const uint8_t *)data)[i] ^ mask[i % 4];
  peer_send(w, p, frame, n);
  free(frame);
}

void peer_message(struct world *w, int p, const char *text)
{
  peer_frame(w, p, 0x81, text, strlen(text));
}

/* ---- Whole beginnings ---- */

void eio_open_packet(const struct world *w, int sid, bool polling, char *out,
                     size_t cap)
{
  const sio_server_options *o = &w->options;
  bool upgrades =
      polling && o->no_upgrades == 0 && (o->transports & SIO_WEBSOCKET) != 0;

  snprintf(out, cap,
           "0{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%llu,"
           "\"pingTimeout\":%llu,\"maxPayload\":%llu}",
           w->sids[sid], upgrades ? "\"websocket\"" : "",
           (unsigned long long)o->ping_interval_ms,
           (unsigned long long)o->ping_timeout_ms,
           (unsigned long long)o->max_payload);
}

/* The session that has just opened; any of them once memory was refused. */
static int newest(struct world *w, int before)
{
  if (eio_is_off(w))
    return w->n_sids > before ? w->n_sids - 1 : 0;
  assert_int_equal(w->n_sids, before + 1);
  return before;
}

int peer_ask(struct world *w, int p, const char *query, const char *headers)
{
  int before = w->n_sids;

  peer_text(w, p,
            "GET /socket.io/?%s HTTP/1.1\r\n"
            "Host: h\r\n%s\r\n",
            query, headers);
  return newest(w, before);
}

int peer_ask_websocket(struct world *w, int *p, const char *query,
                       const char *headers)
{
  int before = w->n_sids;

  *p = peer_open(w);
  peer_text(w, *p, "GET /socket.io/?%s HTTP/1.1\r\n" WEBSOCKET_HEADERS "%s\r\n",
            query, headers);
  return newest(w, before);
}

int peer_handshake(struct world *w, int p)
{
  char open[256];
  int before = w->n_sids, sid;

  peer_text(w, p,
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
            "Host: h\r\n\r\n");
  sid = newest(w, before);
  eio_open_packet(w, sid, true, open, sizeof open);
  expect_poll(w, p, open);
  expect_events(w, "opened\n");
  return sid;
}

int peer_websocket(struct world *w, int *p)
{
  char open[256];
  int before = w->n_sids, sid;

  *p = peer_open(w);
  peer_upgrade(w, *p, -1);
  sid = newest(w, before);
  eio_open_packet(w, sid, false, open, sizeof open);
  expect_switch(w, *p);
  expect_message(w, *p, open);
  expect_nothing(w, *p);
  expect_events(w, "opened\n");
  return sid;
}

int peer_upgraded(struct world *w, int *polling, int *p)
{
  int sid;

  *polling = peer_open(w);
  sid = peer_handshake(w, *polling);
  *p = peer_open(w);
  peer_upgrade(w, *p, sid);
  expect_switch(w, *p);
  peer_message(w, *p, "2probe");
  expect_message(w, *p, "3probe");
  peer_message(w, *p, "5");
  expect_nothing(w, *p);
  return sid;
}

/* ---- What must have arrived ---- */

/* The next `len` bytes; whole: and no more than these. */
static void expect_next(struct world *w, int p, const void *data, size_t len,
                        bool whole)
{
  struct peer *peer = &w->peers[p];
  size_t left = peer->len - peer->at;
  const uint8_t *at = peer->out != NULL ? peer->out + peer->at : NULL;

  if (eio_is_off(w)) {
    peer->at = peer->len;
    return;
  }
  if (left < len || (whole && left != len) ||
      (len > 0 && memcmp(at, data, len) != 0))
    fail_msg("peer %d, pieces of %zu: got %zu bytes\n%.*s\nwanted %zu bytes\n"
             "%.*s\nlog:\n%s",
             p, w->piece, left, (int)(left < 2000 ? left : 2000),
             left > 0 ? (const char *)at : "", len,
             (int)(len < 2000 ? len : 2000), (const char *)data, w->log);
  peer->at += len;
}

void expect_bytes(struct world *w, int p, const void *data, size_t len)
{
  expect_next(w, p, data, len, true);
}

void expect_text(struct world *w, int p, const char *format, ...)
{
  char text[4096];
  va_list args;
  int len;

  va_start(args, format);
  len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  assert_in_range(len, 0, sizeof text - 1);
  expect_next(w, p, text, (size_t)len, true);
}

void expect_start_bytes(struct world *w, int p, const void *data, size_t len)
{
  expect_next(w, p, data, len, false);
}

void peer_look_away(struct world *w, int p)
{
  w->peers[p].at = w->peers[p].len;
}

void expect_start(struct world *w, int p, const char *text)
{
  expect_next(w, p, text, strlen(text), false);
}

void expect_nothing(struct world *w, int p)
{
  expect_next(w, p, "", 0, true);
}

void expect_poll(struct world *w, int p, const char *payload)
{
  expect_payload(w, p, "text/plain; charset=UTF-8", "", payload,
                 strlen(payload));
}

void expect_payload(struct world *w, int p, const char *type,
                    const char *headers, const void *payload, size_t len)
{
  char head[512];
  int n = snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                   "cache-control: no-store\r\n%sContent-Length: %zu\r\n\r\n",
                   type, headers, len);

  assert_in_range(n, 0, sizeof head - 1);
  expect_next(w, p, head, (size_t)n, false);
  expect_next(w, p, payload, len, true);
}

void expect_ok(struct world *w, int p)
{
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
              "cache-control: no-store\r\nContent-Length: 2\r\n\r\nok");
}

void expect_status(struct world *w, int p, const char *status)
{
  expect_text(w, p, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status);
  expect_open(w, p);
}

void expect_last_status(struct world *w, int p, const char *status)
{
  expect_text(w, p,
              "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
              status);
  expect_ended(w, p);
}

void expect_frame(struct world *w, int p, uint8_t first, const void *data,
                  size_t len)
{
  uint8_t header[4] = {first, (uint8_t)(len < 126 ? len : 126),
                       (uint8_t)(len >> 8), (uint8_t)len};

  assert_true(len < 65536);
  expect_next(w, p, header, len < 126 ? 2 : 4, false);
  expect_next(w, p, data, len, false);
}

void expect_message(struct world *w, int p, const char *text)
{
  expect_frame(w, p, 0x81, text, strlen(text));
}

size_t expect_deflated(struct world *w, int p, uint8_t first, const void *data,
                       size_t len, void *inflater)
{
  static const uint8_t tail[4] = {0, 0, 0xff, 0xff};
  struct peer *peer = &w->peers[p];
  const uint8_t *at = peer->out + peer->at;
  size_t left = peer->len - peer->at, header, size;
  z_stream own = {0}, *z = inflater != NULL ? inflater : &own;
  uint8_t *in, *out = malloc(len + 1);

  assert_non_null(out);
  if (eio_is_off(w)) {
    peer->at = peer->len;
    free(out);
    return 0;
  }
  assert_true(left >= 4 && at[0] == first);
  header = at[1] < 126 ? 2 : 4;
  size = at[1] < 126 ? at[1] : (size_t)at[2] << 8 | at[3];
  assert_true(left >= header + size);
  in = malloc(size + sizeof tail);
  assert_non_null(in);
  memcpy(in, at + header, size);
  memcpy(in + size, tail, sizeof tail);
  if (inflater == NULL)
    assert_int_equal(inflateInit2(z, -15), Z_OK);
  z->next_in = in;
  z->avail_in = (uInt)(size + sizeof tail);
  z->next_out = out;
  z->avail_out = (uInt)len + 1;
  assert_int_equal(inflate(z, Z_SYNC_FLUSH), Z_OK);
  assert_int_equal(z->avail_in, 0);
  assert_int_equal(len + 1 - z->avail_out, len);
  assert_memory_equal(out, data, len);
  if (inflater == NULL)
    (void)inflateEnd(z);
  free(in);
  free(out);
  peer->at += header + size;
  return size;
}

void expect_switch(struct world *w, int p)
{
  static const char head[] =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

  expect_next(w, p, head, sizeof head - 1, false);
}

void expect_ended(struct world *w, int p)
{
  if (!eio_is_off(w))
    assert_true(w->peers[p].conn == NULL || w->peers[p].lingers);
}

void expect_open(struct world *w, int p)
{
  if (!eio_is_off(w))
    assert_true(w->peers[p].conn != NULL && !w->peers[p].lingers);
}
