/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_WIRE_H
#define SIO_TEST_WIRE_H

/*
 * A server as its host sees it, with clients that are nothing but bytes: only
 * public functions are used.  Time by hand, a repeatable random source, an
 * allocator that counts.
 */

#include "support.h"

#include <sio/conn.h>
#include <sio/engine.h>

/* Bytes that grow. */
struct wire_bytes {
  uint8_t *data;
  size_t len, cap;
};

void wire_put(struct wire_bytes *bytes, const void *data, size_t len);
void wire_put_text(struct wire_bytes *bytes, const char *text);
void wire_reset(struct wire_bytes *bytes); /* keeps its memory */
void wire_dispose(struct wire_bytes *bytes);

enum { WIRE_READY = 16 };

struct wire {
  struct test_mem mem;
  sio_server_options options; /* to be changed before wire_start() */
  sio_server *server;
  uint64_t now_ms;
  uint32_t random;
  bool is_socketio;
  struct wire_peer *ready[WIRE_READY]; /* announced, and not served yet */
  size_t n_ready;
  sio_session *session; /* the newest that is open */
  unsigned opened, messages, closed;
  sio_end end; /* of the session that closed last */
};

/* One connection, seen from the other end. */
struct wire_peer {
  struct wire *wire;
  sio_conn *conn;        /* NULL: closed */
  struct wire_bytes got; /* what has arrived */
  size_t at;             /* up to where it was looked at */
  bool is_ready;         /* in wire->ready */
  bool lingers;          /* the server has shut down its side */
};

/* Fills in options that keep no block, so that each one is seen. */
void wire_init(struct wire *w);

/* A plain engine that sends every message back, under "/engine.io/"; or a
 * Socket.IO server, under "/socket.io/", that watches its sessions. */
void wire_start(struct wire *w);
void wire_start_socketio(struct wire *w);
void wire_stop(struct wire *w); /* nothing may be left */

/* Let time pass, stopping at every deadline on the way. */
void wire_wait(struct wire *w, uint64_t ms);

/* Take what the server has to say, act on its wishes. */
void wire_settle(struct wire *w);

void wire_connect(struct wire *w, struct wire_peer *peer);
void wire_drop(struct wire_peer *peer, int error); /* the peer closes */
void wire_peer_dispose(struct wire_peer *peer);    /* likewise, and frees */

enum { WIRE_WHOLE = 0, WIRE_RANDOM = -1 };

/* Feed the bytes in blocks of exactly their size: whole, `piece` bytes each,
 * or random sizes.  What the server does not want any more is dropped. */
void wire_feed(struct wire_peer *peer, const void *data, size_t len, int piece);
void wire_text(struct wire_peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a request for a websocket has behind its first line. */
#define WIRE_UPGRADE                                                           \
  "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                   \
  "Sec-WebSocket-Version: 13\r\n"                                              \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* Ask for a websocket: `query` follows the transport, `offer` is for
 * Sec-WebSocket-Extensions, or NULL. */
void wire_ask_upgrade(struct wire_peer *peer, const char *query,
                      const char *offer);

/* A session by websocket or polling, in one go: `got` has been looked at up
 * to the end of the open packet. */
void wire_websocket(struct wire *w, struct wire_peer *peer, const char *offer);
void wire_polling(struct wire *w, struct wire_peer *peer);

/* Append a masked frame of a client; `first` is its first byte, FIN included.
 * The mask is random. */
void wire_frame(struct wire *w, struct wire_bytes *out, uint8_t first,
                const void *data, size_t len);
/* Append a frame of a server. */
void wire_server_frame(struct wire_bytes *out, uint8_t first, const void *data,
                       size_t len);
void wire_send_frame(struct wire_peer *peer, uint8_t first, const void *data,
                     size_t len);

/* A frame of the server that has arrived. */
struct wire_heard {
  uint8_t first;
  const uint8_t *data; /* valid until more arrives */
  size_t len;
};

/* Take the next one; false: there is none, or not all of it. */
bool wire_hear(struct wire_peer *peer, struct wire_heard *heard);

/* Look at all that has arrived and was not looked at: NUL-terminated. */
const char *wire_look(struct wire_peer *peer);

/* Its beginning must be this. */
void wire_expect(struct wire_peer *peer, const char *start);

#endif
