/* SPDX-License-Identifier: MIT */
/* A chat: this file starts and ends it, the others say what it does. */
#include "chat.h"
#include "options.h"
#include "pages.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct program {
  struct chat chat;
  struct pages *pages;
  sio_server *server;
  sio_uv *uv;
  uv_signal_t signals[2];
  bool closing;
};

static void on_log(const sio_log_entry *entry, void *user)
{
  (void)user;
  fprintf(stderr, "chat: %s: %s: %s\n",
          entry->level == SIO_LOG_ERROR ? "error" : "warning", entry->area,
          entry->line);
}

static void on_closed(sio_uv *uv, void *user)
{
  struct program *program = user;

  (void)uv;
  program->uv = NULL;
  for (int i = 0; i < 2; i++)
    uv_close((uv_handle_t *)&program->signals[i], NULL);
}

/* The first signal says goodbye to everybody, the second one does not wait. */
static void on_signal(uv_signal_t *handle, int number)
{
  struct program *program = handle->data;

  if (program->closing)
    _Exit(128 + number);
  program->closing = true;
  sio_uv_close(program->uv, on_closed, program);
}

static int make_server(struct program *program, uv_loop_t *loop)
{
  sio_server_options options;

  sio_server_options_init(&options);
  options.log = on_log;
  options.log_level = SIO_LOG_WARN;
  options.max_payload = 100000;    /* far more than the longest message */
  options.close_timeout_ms = 3000; /* somebody waits for the end */
  program->server = sio_server_new(&options);
  if (program->server == NULL)
    return -1;
  program->uv = sio_uv_new(loop, program->server);
  if (program->uv == NULL)
    return -1;

  program->chat.loop = loop;
  program->chat.ns = sio_of(program->server, chat_contract()->nsp);
  if (sio_ns_set_contract(program->chat.ns, chat_contract(), NULL) != 0)
    return -1;
  if (people_start(&program->chat) != 0 || talk_start(&program->chat) != 0)
    return -1;
  return chat_open_lobby(&program->chat);
}

static void start_signals(struct program *program, uv_loop_t *loop)
{
  for (int i = 0; i < 2; i++) {
    uv_signal_init(loop, &program->signals[i]);
    program->signals[i].data = program;
    uv_signal_start(&program->signals[i], on_signal, i ? SIGTERM : SIGINT);
  }
}

/* Whether the chat is listening; if not, it has been told why. */
static bool start(struct program *program, const struct options *options,
                  uv_loop_t *loop)
{
  int port;

  if (make_server(program, loop) != 0) {
    fprintf(stderr, "chat: cannot make a server\n");
    return false;
  }
  program->pages = pages_new(program->server, program->uv, options->web);
  if (program->pages == NULL)
    return false;
  port = sio_uv_listen(program->uv, options->host, options->port);
  if (port < 0) {
    fprintf(stderr, "chat: %s\n", sio_uv_error(program->uv));
    return false;
  }
  printf("listening on %d\n", port);
  printf("Open http://localhost:%d/ in a browser; Ctrl-C ends the chat.\n",
         port);
  fflush(stdout);
  return true;
}

int main(int argc, char **argv)
{
  struct program program = {.closing = false};
  uv_loop_t *loop = uv_default_loop();
  struct options options;
  int parsed = options_parse(&options, argc, argv);
  bool started;

  if (parsed != 0)
    return parsed > 0 ? 0 : 2;
  start_signals(&program, loop);
  started = start(&program, &options, loop);
  if (!started) {
    program.closing = true;
    if (program.uv != NULL)
      sio_uv_close(program.uv, on_closed, &program);
    else
      on_closed(NULL, &program);
  }
  uv_run(loop, UV_RUN_DEFAULT);

  sio_server_free(program.server);
  pages_free(program.pages);
  rooms_dispose(&program.chat.rooms);
  uv_loop_close(loop);
  return started ? 0 : 1;
}
