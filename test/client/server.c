/* SPDX-License-Identifier: MIT */
/* The test server: its options, its start and end, and what runs later. */
#define _POSIX_C_SOURCE 200809L /* SIGTERM; <uv.h> wants it, too */

#include "server.h"

#include <sio/uv.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* Something to do after a while. */
struct later {
  uv_timer_t timer;
  struct later *next_later;
  struct later **link; /* what points at this one */
  later_fn fn;
  sio_ack *ack;
  sio_next *next;
  sio_payload *payload;
};

struct test_server {
  uv_loop_t *loop;
  uv_signal_t signal;
  sio_server *sio;
  sio_uv *uv;
  sio_payload *scratch;
  struct report *report;
  struct later *laters;
  bool stopping;
};

sio_server *test_sio(struct test_server *server)
{
  return server->sio;
}

struct report *test_report(struct test_server *server)
{
  return server->report;
}

sio_payload *test_scratch(struct test_server *server)
{
  sio_payload_reset(server->scratch);
  return server->scratch;
}

void test_expect(int error, const char *what)
{
  if (error < 0 && error != SIO_ERR_DISCONNECTED)
    (void)fprintf(stderr, "%s: %s\n", what, sio_strerror(error));
}

/* ---- Later ---- */

static void free_later(uv_handle_t *handle)
{
  struct later *later = handle->data;

  sio_ack_release(later->ack);
  sio_next_release(later->next);
  sio_payload_free(later->payload);
  free(later);
}

static void end_later(struct later *later)
{
  *later->link = later->next_later;
  if (later->next_later != NULL)
    later->next_later->link = later->link;
  uv_close((uv_handle_t *)&later->timer, free_later);
}

static void run_later(uv_timer_t *timer)
{
  struct later *later = timer->data;

  later->fn(later->ack, later->next, later->payload);
  end_later(later);
}

int test_later(struct test_server *server, uint64_t delay_ms, later_fn fn,
               sio_ack *ack, sio_next *next, sio_payload *payload)
{
  struct later *later = calloc(1, sizeof(*later));

  if (later == NULL || uv_timer_init(server->loop, &later->timer) != 0) {
    free(later);
    sio_payload_free(payload);
    return SIO_ERR_NOMEM;
  }
  later->timer.data = later;
  later->fn = fn;
  later->ack = ack == NULL ? NULL : sio_ack_retain(ack);
  later->next = next == NULL ? NULL : sio_next_retain(next);
  later->payload = payload;
  later->next_later = server->laters;
  later->link = &server->laters;
  if (server->laters != NULL)
    server->laters->link = &later->next_later;
  server->laters = later;
  return uv_timer_start(&later->timer, run_later, delay_ms, 0) == 0
             ? 0
             : SIO_ERR_IO;
}

/* ---- Start and end ---- */

static void on_closed(sio_uv *uv, void *user)
{
  struct test_server *server = user;

  (void)uv;
  while (server->laters != NULL)
    end_later(server->laters);
  uv_close((uv_handle_t *)&server->signal, NULL);
}

void test_stop(struct test_server *server)
{
  if (server->stopping)
    return;
  server->stopping = true;
  sio_uv_close(server->uv, on_closed, server);
}

void test_drain(struct test_server *server, const sio_drain_options *options)
{
  if (server->stopping)
    return;
  server->stopping = true;
  test_expect(sio_uv_drain(server->uv, options, on_closed, server), "drain");
}

static void on_signal(uv_signal_t *handle, int signum)
{
  (void)signum;
  test_stop(handle->data);
}

static void log_line(const sio_log_entry *entry, void *user)
{
  (void)user;
  (void)fprintf(stderr, "%s\n", entry->line);
}

static uint32_t parse_transports(const char *list)
{
  uint32_t transports = 0;

  if (strstr(list, "polling") != NULL)
    transports |= SIO_POLLING;
  if (strstr(list, "websocket") != NULL)
    transports |= SIO_WEBSOCKET;
  return transports;
}

/* Read `--name value` pairs; the name that is not understood, or NULL. */
static const char *parse(sio_server_options *options, uint64_t *port, int argc,
                         char **argv)
{
  const struct {
    const char *name;
    uint64_t *value;
  } numbers[] = {{"--port", port},
                 {"--ping-interval", &options->ping_interval_ms},
                 {"--ping-timeout", &options->ping_timeout_ms},
                 {"--upgrade-timeout", &options->upgrade_timeout_ms},
                 {"--connect-timeout", &options->connect_timeout_ms},
                 {"--max-payload", &options->max_payload}};
  const size_t n = sizeof(numbers) / sizeof(numbers[0]);
  int i;

  for (i = 1; i < argc; i++) {
    size_t k = 0;

    if (strcmp(argv[i], "--no-upgrades") == 0) {
      options->no_upgrades = 1;
      continue;
    }
    if (strcmp(argv[i], "--allow-eio3") == 0) {
      options->allow_eio3 = 1;
      continue;
    }
    if (strcmp(argv[i], "--msgpack") == 0) {
      options->parser = SIO_PARSER_MSGPACK;
      continue;
    }
    if (strcmp(argv[i], "--cleanup") == 0) {
      options->cleanup_empty_namespaces = 1;
      continue;
    }
    if (i + 1 == argc)
      return argv[i];
    if (strcmp(argv[i], "--transports") == 0) {
      options->transports = parse_transports(argv[++i]);
      continue;
    }
    if (strcmp(argv[i], "--initial-message") == 0) {
      options->initial_message = argv[++i];
      continue;
    }
    if (limits_option(options, argv[i], argv[i + 1]) ||
        recovery_option(options, argv[i], argv[i + 1])) {
      i++;
      continue;
    }
    while (k < n && strcmp(argv[i], numbers[k].name) != 0)
      k++;
    if (k == n)
      return argv[i];
    *numbers[k].value = strtoull(argv[++i], NULL, 10);
  }
  return NULL;
}

static int serve(struct test_server *server)
{
  int error = control_serve(server);

  if (error == 0)
    error = events_guard(server, "/admin");
  if (error == 0)
    error = events_serve(server, "/");
  if (error == 0)
    error = events_serve(server, "/custom");
  if (error == 0)
    error = events_serve(server, "/admin");
  if (error == 0)
    error = listeners_serve(server);
  if (error == 0)
    error = casts_serve(server);
  if (error == 0)
    error = contracts_serve(server);
  if (error == 0)
    error = limits_serve(server);
  if (error == 0)
    error = recovery_serve(server);
  return error != 0 ? error : dynamic_serve(server);
}

/* Listen and serve until test_stop(); the exit status. */
static int run(struct test_server *server, uint64_t port)
{
  int status = EXIT_SUCCESS;
  int listening;

  if (uv_signal_init(server->loop, &server->signal) != 0)
    return EXIT_FAILURE;
  server->signal.data = server;
  listening = serve(server);
  if (listening == 0)
    listening = sio_uv_listen(server->uv, "127.0.0.1", (int)port);
  if (listening < 0) {
    (void)fprintf(stderr, "%s: %s\n", sio_strerror(listening),
                  sio_uv_error(server->uv));
    status = EXIT_FAILURE;
    test_stop(server);
  } else if (uv_signal_start(&server->signal, on_signal, SIGTERM) != 0) {
    status = EXIT_FAILURE;
    test_stop(server);
  } else {
    (void)printf("listening on %d\n", listening);
    (void)fflush(stdout);
  }

  (void)uv_run(server->loop, UV_RUN_DEFAULT); /* ends after on_closed() */
  if (status == EXIT_SUCCESS)
    (void)printf("report %s\n", report_json(server->report));
  return status;
}

int main(int argc, char **argv)
{
  struct test_server server = {0};
  sio_server_options options;
  const char *problem;
  uint64_t port = 0;
  int status = EXIT_FAILURE;

  sio_server_options_init(&options);
  options.log = log_line;
  options.log_level = SIO_LOG_ERROR;
  problem = parse(&options, &port, argc, argv);
  if (problem == NULL)
    problem = sio_server_options_problem(&options);
  if (problem != NULL) {
    (void)fprintf(stderr, "not understood: %s\n", problem);
    return EXIT_FAILURE;
  }

  server.loop = uv_default_loop();
  server.sio = sio_server_new(&options);
  server.scratch = sio_payload_new(NULL);
  server.report = report_new();
  if (server.sio != NULL && server.scratch != NULL && server.report != NULL)
    server.uv = sio_uv_new(server.loop, server.sio);
  if (server.uv != NULL)
    status = run(&server, port);

  sio_server_free(server.sio);
  sio_payload_free(server.scratch);
  report_free(server.report);
  (void)uv_loop_close(server.loop); /* for leak checkers */
  return status;
}
