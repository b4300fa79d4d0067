/* SPDX-License-Identifier: MIT */
/* An echo with its figures at /metrics, for Prometheus to collect. */
#include <sio.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { MAX_NAMESPACES = 100 }; /* that are listed by name */

static int write_piece(const char *text, size_t len, void *user)
{
  const sio_span piece = {(const uint8_t *)text, len};

  return sio_respond_write(user, piece);
}

static void on_http(sio_request *request, void *user)
{
  static const sio_header headers[] = {{"Content-Type", SIO_METRICS_TYPE}};

  (void)user;
  if (!sio_str_is(sio_request_path(request), "/metrics")) {
    sio_respond_text(request, 404, "text/plain", "Not found.\n");
    return;
  }
  if (sio_respond_begin(request, 200, headers, 1, SIO_NEVER) != 0)
    return; /* the client has gone */
  sio_metrics_text(sio_request_server(request), MAX_NAMESPACES, write_piece,
                   request);
  sio_respond_end(request);
}

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)user;
  sio_emit_args(sio_everyone(sio_socket_ns(socket)), "message", args);
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
  sio_server_options options;
  uv_signal_t signal;
  sio_server *server;
  sio_uv *uv;

  sio_server_options_init(&options);
  options.clock_us = sio_uv_clock_us; /* handlers are timed */
  server = sio_server_new(&options);
  uv = sio_uv_new(loop, server);
  if (uv == NULL || sio_on(sio_of(server, "/"), "message", on_message, NULL))
    return 1;
  sio_server_on_http(server, on_http, NULL);

  uv_signal_init(loop, &signal);
  uv_signal_start(&signal, on_signal, SIGTERM);
  uv_unref((uv_handle_t *)&signal);
  signal.data = uv;

  port = sio_uv_listen(uv, "127.0.0.1", port);
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
