/* SPDX-License-Identifier: MIT */
/* An echo server over poll(2): libsio's host carries bytes and tells time. */
#include <sio.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 0, LISTENER = 1, FIRST_PEER = 2, SLOTS = 1000, SPANS = 16 };

struct peer {
  sio_conn *conn; /* NULL: the slot is free */
  struct pollfd *poll;
  struct peer *next_ready;
  bool is_ready; /* in the list, until that is worked off */
};

struct loop {
  sio_server *server;
  struct pollfd polls[SLOTS]; /* fd -1: poll() ignores it */
  struct peer peers[SLOTS];
  struct peer *ready;
  uint8_t bytes[65536]; /* what is being read */
};

static int signal_pipe[2]; /* all that a signal handler can reach */

static void on_signal(int number)
{
  if (write(signal_pipe[1], "!", 1) < 0)
    _exit(128 + number); /* nobody has read thousands of signals */
}

static uint64_t now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void on_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct peer *peer = conn_user;
  struct loop *loop = user;
  if (conn != NULL && !peer->is_ready) {
    peer->is_ready = true;
    peer->next_ready = loop->ready;
    loop->ready = peer;
  }
}

static void drop(struct peer *peer, int error)
{
  close(peer->poll->fd);
  peer->poll->fd = -1;
  sio_conn_closed(peer->conn, error);
  peer->conn = NULL;
}

/* Send until all is sent or the kernel takes no more; libsio keeps the rest,
 * and POLLOUT tells when to go on. */
static void flush(struct peer *peer)
{
  sio_span spans[SPANS];
  struct iovec parts[SPANS];
  struct msghdr message = {.msg_iov = parts};
  size_t n;

  peer->poll->events = POLLIN;
  while ((n = sio_conn_output(peer->conn, spans, SPANS)) > 0) {
    for (size_t i = 0; i < n; i++)
      parts[i] = (struct iovec){(void *)spans[i].data, spans[i].len};
    message.msg_iovlen = n;
    ssize_t sent = sendmsg(peer->poll->fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR)
        peer->poll->events |= POLLOUT;
      else
        drop(peer, -errno);
      return;
    }
    sio_conn_sent(peer->conn, (size_t)sent);
  }
  if (sio_conn_wants_close(peer->conn))
    drop(peer, 0);
}

static void receive(struct loop *loop, struct peer *peer)
{
  ssize_t got = recv(peer->poll->fd, loop->bytes, sizeof loop->bytes, 0);
  if (got > 0)
    sio_conn_feed(peer->conn, loop->bytes, (size_t)got);
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    drop(peer, got == 0 ? 0 : -errno);
}

static void accept_one(struct loop *loop)
{
  int fd = accept(loop->polls[LISTENER].fd, NULL, NULL), i = FIRST_PEER;
  while (i < SLOTS && loop->peers[i].conn != NULL)
    i++;
  struct peer *peer = &loop->peers[i];
  if (i < SLOTS && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
      sio_conn_open(loop->server, NULL, peer, &peer->conn) == 0) {
    peer->poll = &loop->polls[i];
    loop->polls[i] = (struct pollfd){.fd = fd, .events = POLLIN};
  } else if (fd >= 0) {
    close(fd);
  }
}

static void run(struct loop *loop)
{
  bool stop = false;

  while (!stop || sio_server_is_closing(loop->server)) {
    uint64_t deadline = sio_server_deadline(loop->server), now = now_ms();
    uint64_t wait = deadline > now ? deadline - now : 0;
    int n = poll(loop->polls, SLOTS, wait < 60000 ? (int)wait : 60000);

    sio_server_expire(loop->server, now_ms());
    for (int i = FIRST_PEER; n > 0 && i < SLOTS; i++) {
      if (loop->polls[i].revents & POLLOUT)
        on_ready(loop->peers[i].conn, &loop->peers[i], loop);
      if (loop->polls[i].revents & ~POLLOUT)
        receive(loop, &loop->peers[i]);
    }
    if (n > 0 && loop->polls[LISTENER].revents != 0)
      accept_one(loop);
    if (n > 0 && loop->polls[SIGNALS].revents != 0) {
      close(loop->polls[LISTENER].fd);
      loop->polls[LISTENER].fd = loop->polls[SIGNALS].fd = -1;
      stop = sio_server_close(loop->server, NULL, NULL) == 0;
    }
    for (struct peer *peer; (peer = loop->ready) != NULL;) {
      loop->ready = peer->next_ready;
      peer->is_ready = false;
      if (peer->conn != NULL)
        flush(peer);
    }
  }
}

/* Listens on all IPv4 addresses; returns the port, -1: see errno. */
static int listen_on(struct loop *loop, int port)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port)};
  socklen_t len = sizeof address;
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

  loop->polls[LISTENER] = (struct pollfd){.fd = fd, .events = POLLIN};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
      bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 128) < 0 ||
      getsockname(fd, (struct sockaddr *)&address, &len) < 0)
    return -1;
  return ntohs(address.sin_port);
}

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)user;
  sio_emit_args(sio_only(socket), "message", args);
  sio_ack_args(ack, args);
}

int main(int argc, char **argv)
{
  int port = argc > 2 && strcmp(argv[1], "--port") == 0 ? atoi(argv[2]) : 3000;
  struct loop loop = {.server = sio_server_new(NULL)};

  for (int i = 0; i < SLOTS; i++)
    loop.polls[i].fd = -1;
  if (loop.server == NULL || pipe(signal_pipe) < 0 ||
      sio_on(sio_of(loop.server, "/"), "message", on_message, NULL) != 0 ||
      (port = listen_on(&loop, port)) < 0) {
    perror("cannot start");
    return 1;
  }
  loop.polls[SIGNALS] = (struct pollfd){signal_pipe[0], POLLIN, 0};
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  sio_server_on_ready(loop.server, on_ready, &loop);
  sio_server_expire(loop.server, now_ms());
  printf("listening on %d\n", port);
  fflush(stdout);
  run(&loop);
  sio_server_free(loop.server);
  return 0;
}
