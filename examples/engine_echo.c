/* SPDX-License-Identifier: MIT */
/* Engine.IO without Socket.IO: it sends back every message, text as text and
 * bytes as bytes. */
#include <sio/engine.h>
#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static void on_message(sio_session *session, const sio_message *message,
                       void *user)
{
  int rv = sio_session_send(session, message->data,
                            message->binary ? SIO_SEND_BINARY : 0);

  (void)user;
  if (rv != 0)
    fprintf(stderr, "cannot answer: %s\n", sio_strerror(rv));
}

static void on_signal(uv_signal_t *handle, int number)
{
  (void)number;
  sio_uv_close(handle->data, NULL, NULL);
}

/* The number behind an option; 0: there is none. */
static uint64_t number_of(const char *text)
{
  return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static int read_options(char **args, sio_server_options *options, int *port)
{
  for (; *args != NULL; args++) {
    if (strcmp(*args, "--allow-eio3") == 0) {
      options->allow_eio3 = 1;
      continue;
    }
    if (strcmp(*args, "--port") == 0)
      *port = (int)number_of(args[1]);
    else if (strcmp(*args, "--ping-interval") == 0)
      options->ping_interval_ms = number_of(args[1]);
    else if (strcmp(*args, "--ping-timeout") == 0)
      options->ping_timeout_ms = number_of(args[1]);
    else
      return -1;
    if (*++args == NULL)
      return -1;
  }
  return 0;
}

static void watch_signals(uv_loop_t *loop, uv_signal_t signals[2], sio_uv *uv)
{
  for (int i = 0; i < 2; i++) {
    uv_signal_init(loop, &signals[i]);
    uv_signal_start(&signals[i], on_signal, i == 0 ? SIGINT : SIGTERM);
    uv_unref((uv_handle_t *)&signals[i]);
    signals[i].data = uv;
  }
}

int main(int argc, char **argv)
{
  uv_loop_t *loop = uv_default_loop();
  sio_session_handlers handlers;
  sio_server_options options;
  sio_server *server;
  uv_signal_t signals[2];
  sio_uv *uv;
  int port = 3000;

  sio_engine_options_init(&options);
  if (argc > 1 && read_options(argv + 1, &options, &port) != 0) {
    fprintf(stderr,
            "usage: %s [--port N] [--ping-interval MS] "
            "[--ping-timeout MS] [--allow-eio3]\n",
            argv[0]);
    return 2;
  }
  sio_session_handlers_init(&handlers);
  handlers.message = on_message;
  server = sio_engine_new(&options, &handlers, NULL);
  uv = sio_uv_new(loop, server);
  if (uv == NULL) {
    const char *problem = sio_server_options_problem(&options);

    fprintf(stderr, "cannot start: %s\n",
            problem != NULL ? problem : "out of memory");
    return 1;
  }
  watch_signals(loop, signals, uv);

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
