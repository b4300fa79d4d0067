/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_UV_WORLD_H
#define SIO_TEST_UV_WORLD_H

/* A loop with a server on loopback, and peers that speak to it through real
 * sockets.  Nothing is waited for longer than PATIENCE_MS. */

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <sio.h>
#include <sio/uv.h>
#include <uv.h>

enum { PATIENCE_MS = 10000, PEER_MAX = 8 * 1024 * 1024 };

struct uv_world {
  struct test_mem mem;
  uv_loop_t loop;
  sio_server *server;
  sio_ns *root;
  sio_uv *uv;
  int port;
  int joined, left, closed;
  sio_cause cause; /* of the last one to leave */
  char dir[64];    /* a temporary folder */
};

struct peer {
  struct uv_world *w;
  int fd;
  bool ended;
  size_t len;
  char *in; /* NUL-terminated */
};

static inline void world_options(struct uv_world *w, sio_server_options *o)
{
  memset(w, 0, sizeof *w);
  test_mem_init(&w->mem, TEST_MEM_NEVER);
  sio_server_options_init(o);
  o->allocator = &w->mem.allocator;
}

static inline void on_joined(sio_socket *socket, void *user)
{
  (void)socket;
  ((struct uv_world *)user)->joined++;
}

static inline void on_left(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  ((struct uv_world *)user)->left++;
  ((struct uv_world *)user)->cause = end->cause;
}

static inline void on_echo(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  (void)socket;
  (void)user;
  assert_int_equal(sio_ack_args(ack, args), 0);
}

static inline void world_open(struct uv_world *w, const sio_server_options *o)
{
  sio_server_options defaults;
  char tmp[32];
  size_t len = sizeof tmp;

  if (o == NULL) {
    world_options(w, &defaults);
    o = &defaults;
  }
  assert_int_equal(uv_loop_init(&w->loop), 0);
  w->server = sio_server_new(o);
  assert_non_null(w->server);
  w->root = sio_of(w->server, "/");
  assert_int_equal(sio_on_connect(w->root, on_joined, w), 0);
  assert_int_equal(sio_on_disconnect(w->root, on_left, w), 0);
  assert_int_equal(sio_on(w->root, "echo", on_echo, w), 0);
  w->uv = sio_uv_new(&w->loop, w->server);
  assert_non_null(w->uv);
  assert_int_equal(uv_os_tmpdir(tmp, &len), 0);
  snprintf(w->dir, sizeof w->dir, "%s/sio-test-XXXXXX", tmp);
  assert_non_null(mkdtemp(w->dir));
}

static inline void world_listen(struct uv_world *w)
{
  w->port = sio_uv_listen(w->uv, "127.0.0.1", 0);
  assert_in_range(w->port, 1, 65535);
}

/* One turn of the loop, or a moment of waiting. */
static inline void world_turn(struct uv_world *w)
{
  if (uv_run(&w->loop, UV_RUN_NOWAIT) >= 0)
    (void)poll(NULL, 0, 1);
}

/* Run until `*what` is at least `least`. */
static inline void world_until(struct uv_world *w, const int *what, int least)
{
  for (int i = 0; i < PATIENCE_MS && *what < least; i++)
    world_turn(w);
  assert_true(*what >= least);
}

static inline void on_world_closed(sio_uv *uv, void *user)
{
  struct uv_world *w = user;

  assert_ptr_equal(uv, w->uv);
  w->closed++;
}

static inline void world_close(struct uv_world *w)
{
  if (w->closed == 0) {
    sio_uv_close(w->uv, on_world_closed, w);
    world_until(w, &w->closed, 1);
  }
  assert_int_equal(w->closed, 1);
  sio_server_free(w->server);
  assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&w->loop), 0);
  test_mem_check(&w->mem);
  assert_int_equal(rmdir(w->dir), 0); /* nothing is left in it */
}

/* ---- Peers ---- */

static inline void peer_adopt(struct uv_world *w, struct peer *p, int fd)
{
  assert_true(fd >= 0);
  assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
  memset(p, 0, sizeof *p);
  p->w = w;
  p->fd = fd;
  p->in = calloc(1, PEER_MAX + 1);
  assert_non_null(p->in);
}

static inline void peer_dial(struct uv_world *w, struct peer *p)
{
  struct sockaddr_in a = {.sin_family = AF_INET};
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  a.sin_port = htons((uint16_t)w->port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  peer_adopt(w, p, fd);
}

static inline int dial_unix(const char *path)
{
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  assert_true(strlen(path) < sizeof a.sun_path);
  memcpy(a.sun_path, path, strlen(path));
  if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static inline void peer_close(struct peer *p)
{
  close(p->fd);
  free(p->in);
}

/* Take what has come; true if there was something. */
static inline bool peer_read(struct peer *p)
{
  ssize_t n = read(p->fd, p->in + p->len, PEER_MAX - p->len);

  if (n > 0)
    p->len += (size_t)n;
  else if (n == 0 || errno == ECONNRESET)
    p->ended = true;
  p->in[p->len] = '\0';
  return n > 0;
}

static inline void peer_send(struct peer *p, const void *data, size_t len)
{
  const char *at = data;

  for (int i = 0; i < PATIENCE_MS && len > 0; i++) {
    ssize_t n = send(p->fd, at, len, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
      return; /* the server has closed: what it said is to be read */
    at += n > 0 ? n : 0;
    len -= n > 0 ? (size_t)n : 0;
    if (len > 0)
      world_turn(p->w);
  }
  assert_int_equal(len, 0);
}

/* Run until these bytes have come; they and what is before are forgotten. */
static inline void peer_expect(struct peer *p, const char *text)
{
  size_t len = strlen(text), at = 0;

  for (int i = 0; i < PATIENCE_MS; i++) {
    for (; at + len <= p->len; at++) {
      if (memcmp(p->in + at, text, len) == 0) {
        p->len -= at + len;
        memmove(p->in, p->in + at + len, p->len + 1);
        return;
      }
    }
    if (!peer_read(p) && p->ended)
      fail_msg("the end instead of %s", text);
    world_turn(p->w);
  }
  fail_msg("%s did not come", text);
}

/* Run until so many bytes have come, or the end. */
static inline void peer_expect_bytes(struct peer *p, size_t len)
{
  for (int i = 0; i < PATIENCE_MS && p->len < len; i++) {
    while (p->len < len && peer_read(p))
      (void)uv_run(&p->w->loop, UV_RUN_NOWAIT); /* its result says nothing */
    assert_false(p->ended && p->len < len);
    if (p->len < len)
      world_turn(p->w);
  }
  assert_true(p->len >= len);
}

static inline void peer_expect_end(struct peer *p)
{
  for (int i = 0; i < PATIENCE_MS && !p->ended; i++) {
    (void)peer_read(p);
    world_turn(p->w);
  }
  assert_true(p->ended);
}

static inline void peer_get(struct peer *p, const char *target)
{
  char text[256];

  snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", target);
  peer_send(p, text, strlen(text));
}

static inline void peer_say(struct peer *p, const char *text)
{
  uint8_t frame[6 + 125] = {0x81};
  size_t len = strlen(text);

  assert_in_range(len, 0, 125);
  frame[1] = (uint8_t)(0x80 | len);
  memcpy(frame + 6, text, len); /* the mask is zeros */
  peer_send(p, frame, 6 + len);
}

/* Open a websocket and join "/". */
static inline void peer_join(struct peer *p)
{
  static const char request[] =
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
      "Host: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  peer_send(p, request, sizeof request - 1);
  peer_expect(p, "HTTP/1.1 101 ");
  peer_expect(p, "0{\"sid\":");
  peer_say(p, "40");
  peer_expect(p, "40{\"sid\":");
}

/* Open a connection over TCP and join. */
static inline void peer_enter(struct uv_world *w, struct peer *p)
{
  peer_dial(w, p);
  peer_join(p);
}

static inline void peer_echo(struct peer *p)
{
  peer_say(p, "427[\"echo\",\"hi\"]");
  peer_expect(p, "437[\"hi\"]");
}

#endif
