/* SPDX-License-Identifier: MIT */
/* The smallest whole server: it sends back every "message", and as ack too. */
#include <sio.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)user;
  sio_emit_args(sio_only(socket), "message", args);
  sio_ack_args(ack, args);
}

static void on_signal(uv_signal_t *handle, int number)
{
  (void)number;
  sio_uv_close(handle->data, NULL, NULL);
}

int main(int argc, char **argv)
{
  int port = argc > 2 && strcmp(argv[1], "--port") == 0 ? atoi(argv[2]) : 3000;
  uv_loop_t *loop = uv_default_loop();
  sio_server *server = sio_server_new(NULL);
  sio_uv *uv = sio_uv_new(loop, server);
  uv_signal_t signals[2];

  if (uv == NULL || sio_on(sio_of(server, "/"), "message", on_message, NULL))
    return 1;

  for (int i = 0; i < 2; i++) {
    uv_signal_init(loop, &signals[i]);
    uv_signal_start(&signals[i], on_signal, i == 0 ? SIGINT : SIGTERM);
    uv_unref((uv_handle_t *)&signals[i]);
    signals[i].data = uv;
  }

  port = sio_uv_listen(uv, NULL, port);
  if (port < 0) {
    fprintf(stderr, "%s\n", sio_uv_error(uv));
    return 1;
  }
  printf("listening on %d\n", port);
  fflush(stdout);

  uv_run(loop, UV_RUN_DEFAULT); /* until a signal has closed everything */
  sio_server_free(server);
  return 0;
}
