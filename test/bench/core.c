/* SPDX-License-Identifier: MIT */
/*
 * The core alone, without a socket: what a packet costs between feed and
 * output.  To be run under `valgrind --tool=callgrind`, whose counts repeat,
 * or by itself for times.  usage: core SCENARIO COUNT
 */
#include <sio.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REQUEST                                                                \
  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"                     \
  "Host: 127.0.0.1:3000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"      \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                            \
  "Sec-WebSocket-Version: 13\r\n\r\n"

static size_t allocations, live_bytes;

static void *count_alloc(size_t size, void *user)
{
  (void)user;
  allocations++;
  live_bytes += size;
  return malloc(size);
}

static void count_free(void *memory, size_t size, void *user)
{
  (void)user;
  if (memory != NULL)
    live_bytes -= size;
  free(memory);
}

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  if (sio_join(socket, sio_s("all")) != 0)
    exit(1);
}

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)socket;
  (void)user;
  if (sio_ack_args(ack, args) != 0)
    exit(1);
}

static void on_broadcast(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  (void)ack;
  (void)user;
  if (sio_emit_args(sio_in(sio_socket_ns(socket), sio_s("all")), "broadcast",
                    args) != 0)
    exit(1);
}

/* Take all output of a connection; returns its length. */
static size_t drain(sio_conn *conn)
{
  sio_span spans[8];
  size_t n, total = 0;

  while ((n = sio_conn_output(conn, spans, 8)) > 0) {
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
      len += spans[i].len;
    sio_conn_sent(conn, len);
    total += len;
  }
  return total;
}

/* A masked text frame of up to 125 bytes; returns its length. */
static size_t frame(uint8_t *out, const char *text)
{
  static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
  size_t len = strlen(text);

  out[0] = 0x81;
  out[1] = (uint8_t)(0x80 | len);
  memcpy(out + 2, mask, 4);
  for (size_t i = 0; i < len; i++)
    out[6 + i] = (uint8_t)((uint8_t)text[i] ^ mask[i % 4]);
  return 6 + len;
}

static void send_text(sio_conn *conn, const char *text)
{
  uint8_t bytes[256];

  if (sio_conn_feed(conn, bytes, frame(bytes, text)) != 0)
    exit(1);
}

static sio_conn *connect_one(sio_server *server)
{
  static const sio_peer peer = {.size = sizeof(sio_peer),
                                .address = "127.0.0.1"};
  uint8_t request[] = REQUEST;
  sio_conn *conn;

  if (sio_conn_open(server, &peer, NULL, &conn) != 0 ||
      sio_conn_feed(conn, request, sizeof request - 1) != 0)
    exit(1);
  send_text(conn, "40");
  (void)drain(conn);
  return conn;
}

static size_t run(sio_server *server, const char *scenario, size_t count)
{
  sio_conn *conns[1000];
  size_t n = strcmp(scenario, "fanout") == 0 ? 1000 : 1, bytes = 0;

  for (size_t i = 0; i < n; i++)
    conns[i] = connect_one(server);
  allocations = 0;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(scenario, "echo") == 0) {
      send_text(conns[0],
                "4217[\"message\",\"abcdefghijklmnopqrstuvwxyz012345\"]");
      bytes += drain(conns[0]);
    } else if (strcmp(scenario, "fanout") == 0) {
      send_text(conns[0],
                "42[\"broadcast\",\"abcdefghijklmnopqrstuvwxyz012345\"]");
      for (size_t k = 0; k < n; k++)
        bytes += drain(conns[k]);
    } else {
      sio_conn *conn = connect_one(server);

      if (strcmp(scenario, "connect") == 0)
        sio_conn_closed(conn, 0);
    }
  }
  return bytes;
}

int main(int argc, char **argv)
{
  static const sio_allocator counting = {count_alloc, count_free, NULL};
  size_t count = argc == 3 ? (size_t)atol(argv[2]) : 0, before, bytes;
  sio_server_options options;
  sio_server *server;
  struct timespec from, to;
  double ns;

  if (argc != 3 ||
      (strcmp(argv[1], "echo") != 0 && strcmp(argv[1], "fanout") != 0 &&
       strcmp(argv[1], "connect") != 0 && strcmp(argv[1], "hold") != 0)) {
    fputs("usage: core echo|fanout|connect|hold COUNT\n", stderr);
    return 2;
  }
  sio_server_options_init(&options);
  options.allocator = &counting;
  server = sio_server_new(&options);
  if (server == NULL ||
      sio_on_connect(sio_of(server, "/"), on_connect, NULL) != 0 ||
      sio_on(sio_of(server, "/"), "message", on_message, NULL) != 0 ||
      sio_on(sio_of(server, "/"), "broadcast", on_broadcast, NULL) != 0)
    return 1;
  before = live_bytes;
  clock_gettime(CLOCK_MONOTONIC, &from);
  bytes = run(server, argv[1], count);
  clock_gettime(CLOCK_MONOTONIC, &to);
  ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
       (double)(to.tv_nsec - from.tv_nsec);
  printf("%s: %.1f ns, %.3f allocations each; %zu bytes out; "
         "%zu bytes of heap more, %.0f each\n",
         argv[1], ns / (double)count, (double)allocations / (double)count,
         bytes, live_bytes - before,
         (double)(live_bytes - before) / (double)count);
  return 0; /* the server is left to the system, with all its connections */
}
