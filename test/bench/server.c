/* SPDX-License-Identifier: MIT */
/*
 * A server to be measured.  In the namespace "/" a client joins the room
 * "all"; `message` is acknowledged with its arguments; `broadcast` is emitted
 * to the room, the sender included.
 */
#include <sio.h>
#include <sio/uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  if (sio_join(socket, sio_s("all")) != 0)
    (void)sio_socket_disconnect(socket, true); /* it may have gone already */
}

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)socket;
  (void)user;
  (void)sio_ack_args(ack, args); /* the client may have gone already */
}

static void on_broadcast(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  (void)ack;
  (void)user;
  (void)sio_emit_args(sio_in(sio_socket_ns(socket), sio_s("all")), "broadcast",
                      args); /* out of memory: nobody gets it */
}

/* As many connections as the system allows. */
static void raise_limits(void)
{
  struct rlimit files;

  if (getrlimit(RLIMIT_NOFILE, &files) != 0)
    return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files); /* then with what there is */
}

int main(int argc, char **argv)
{
  int port = argc == 3 && strcmp(argv[1], "--port") == 0 ? atoi(argv[2]) : 3000;
  sio_server *io = sio_server_new(NULL);
  sio_uv *uv = sio_uv_new(uv_default_loop(), io);
  sio_ns *ns;

  raise_limits();
  if (uv == NULL) {
    fputs("out of memory\n", stderr);
    return 1;
  }
  ns = sio_of(io, "/");
  if (sio_on_connect(ns, on_connect, NULL) != 0 ||
      sio_on(ns, "message", on_message, NULL) != 0 ||
      sio_on(ns, "broadcast", on_broadcast, NULL) != 0) {
    fputs("out of memory\n", stderr);
    return 1;
  }
  port = sio_uv_listen(uv, "127.0.0.1", port);
  if (port < 0) {
    fprintf(stderr, "%s\n", sio_uv_error(uv));
    return 1;
  }
  printf("listening on %d\n", port);
  fflush(stdout);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
