/* SPDX-License-Identifier: MIT */
/* The Engine.IO test server: start and end, what runs later, sessions. */
#define _POSIX_C_SOURCE 200809L /* SIGTERM; <uv.h> wants it, too */

#include "engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Something to do after a while. */
struct later {
  uv_timer_t timer;
  struct later *next;
  struct later **link; /* what points at this one */
  sio_http_fn fn;
  sio_request *request;
  struct engine *engine;
};

void engine_expect(int error, const char *what)
{
  if (error < 0 && error != SIO_ERR_DISCONNECTED)
    (void)fprintf(stderr, "%s: %s\n", what, sio_strerror(error));
}

/* ---- Later ---- */

static void free_later(uv_handle_t *handle)
{
  free(handle->data);
}

static void end_later(struct later *later)
{
  *later->link = later->next;
  if (later->next != NULL)
    later->next->link = later->link;
  sio_request_release(later->request);
  uv_close((uv_handle_t *)&later->timer, free_later);
}

static void run_later(uv_timer_t *timer)
{
  struct later *later = timer->data;

  later->fn(later->request, later->engine);
  end_later(later);
}

void engine_later(struct engine *engine, uint64_t delay_ms, sio_http_fn fn,
                  sio_request *request)
{
  struct later *later = calloc(1, sizeof(*later));

  if (later == NULL || uv_timer_init(engine->loop, &later->timer) != 0) {
    free(later);
    engine_expect(SIO_ERR_NOMEM, "later");
    return;
  }
  later->timer.data = later;
  later->fn = fn;
  later->engine = engine;
  later->request = sio_request_retain(request);
  later->next = engine->laters;
  later->link = &engine->laters;
  if (engine->laters != NULL)
    engine->laters->link = &later->next;
  engine->laters = later;
  (void)uv_timer_start(&later->timer, run_later, delay_ms, 0); /* has `fn` */
}

/* ---- Sessions ---- */

void engine_begin(struct engine *engine, const char *what,
                  const sio_session *session)
{
  report_begin(engine->report, what);
  report_text(engine->report, "id", sio_s(sio_session_id(session)));
}

static void report_message(struct report *report, const sio_message *message)
{
  report_bool(report, "binary", message->binary);
  report_size(report, "length", message->data.len);
}

static void greet(struct engine *engine, sio_session *session)
{
  const size_t len = (size_t)engine->options->at_open_size;
  sio_span data = {NULL, len};
  uint8_t *bytes;
  uint64_t i;

  if (engine->options->at_open == 0)
    return;
  bytes = malloc(len + 1);
  if (bytes == NULL)
    return;
  memset(bytes, 'x', len);
  data.data = bytes;
  for (i = 0; i < engine->options->at_open; i++)
    engine_expect(sio_session_send(session, data, 0), "greet");
  free(bytes);
}

static void on_open(sio_session *session, void *user)
{
  struct engine *engine = user;
  struct report *report = engine->report;
  char extra[PARAM_CAP];

  engine_begin(engine, "open", session);
  report_text(report, "transport", sio_s(sio_session_transport(session)));
  report_number(report, "protocol", sio_session_protocol(session));
  report_text(report, "address", sio_s(sio_session_address(session)));
  report_bool(report, "secure", sio_session_is_secure(session));
  report_text(report, "url", sio_session_url(session));
  report_text(report, "header", sio_session_header(session, "x-extra"));
  if (sio_session_query(session, "extra", extra, sizeof(extra)) == 0)
    report_text(report, "query", sio_s(extra));
  report_bool(report, "writable", sio_session_is_writable(session));
  report_finish(report);
  greet(engine, session);
}

static void on_message(sio_session *session, const sio_message *message,
                       void *user)
{
  struct engine *engine = user;

  engine_begin(engine, "message", session);
  report_message(engine->report, message);
  report_finish(engine->report);
  engine_expect(sio_session_send(session, message->data,
                                 message->binary ? SIO_SEND_BINARY : 0),
                "echo");
}

static void on_close(sio_session *session, const sio_end *end, void *user)
{
  struct engine *engine = user;
  struct report *report = engine->report;

  engine_begin(engine, "close", session);
  report_text(report, "reason", sio_s(sio_reason_text(end->reason)));
  report_text(report, "cause", sio_s(sio_cause_text(end->cause)));
  report_text(report, "detail", sio_s(end->detail));
  report_size(report, "limit", end->limit);
  report_size(report, "seen", end->seen);
  report_size(report, "pending", sio_session_pending(session));
  report_bool(report, "open", sio_session_is_open(session));
  report_finish(report);
}

static void report_event(struct engine *engine, const char *what,
                         const sio_session *session)
{
  engine_begin(engine, what, session);
  report_text(engine->report, "transport",
              sio_s(sio_session_transport(session)));
  report_finish(engine->report);
}

static void on_upgrade(sio_session *session, void *user)
{
  report_event(user, "upgrade", session);
}

static void on_drain(sio_session *session, void *user)
{
  report_event(user, "drain", session);
}

static void on_heartbeat(sio_session *session, void *user)
{
  report_event(user, "heartbeat", session);
}

static void report_packet(struct engine *engine, const char *what,
                          const sio_session *session, sio_packet_type type,
                          const sio_message *message)
{
  if (engine->options->packets == 0)
    return;
  engine_begin(engine, what, session);
  report_number(engine->report, "type", (int64_t)type);
  if (message != NULL)
    report_message(engine->report, message);
  report_finish(engine->report);
}

static void on_packet_in(sio_session *session, sio_packet_type type,
                         const sio_message *message, void *user)
{
  report_packet(user, "in", session, type, message);
}

static void on_packet_out(sio_session *session, sio_packet_type type,
                          const sio_message *message, void *user)
{
  report_packet(user, "out", session, type, message);
}

static void fill_handlers(sio_session_handlers *handlers)
{
  sio_session_handlers_init(handlers);
  handlers->open = on_open;
  handlers->message = on_message;
  handlers->close = on_close;
  handlers->upgrade = on_upgrade;
  handlers->drain = on_drain;
  handlers->heartbeat = on_heartbeat;
  handlers->packet_in = on_packet_in;
  handlers->packet_out = on_packet_out;
}

/* ---- Start and end ---- */

static void on_closed(sio_uv *uv, void *user)
{
  struct engine *engine = user;

  (void)uv;
  while (engine->laters != NULL)
    end_later(engine->laters);
  handover_stop(engine);
  uv_close((uv_handle_t *)&engine->signal, NULL);
}

void engine_stop(struct engine *engine)
{
  if (engine->stopping)
    return;
  engine->stopping = true;
  sio_uv_close(engine->uv, on_closed, engine);
}

static void on_signal(uv_signal_t *handle, int signum)
{
  (void)signum;
  engine_stop(handle->data);
}

static void log_line(const sio_log_entry *entry, void *user)
{
  struct engine *engine = user;

  if (entry->level == SIO_LOG_ERROR)
    (void)fprintf(stderr, "%s\n", entry->line);
  if (engine->options->log == 0 || engine->report == NULL)
    return;
  report_begin(engine->report, "log");
  report_number(engine->report, "level", (int64_t)entry->level);
  report_text(engine->report, "line", sio_s(entry->line));
  report_text(engine->report, "area", sio_s(entry->area));
  report_number(engine->report, "connection", (int64_t)entry->connection);
  report_finish(engine->report);
}

static int serve(struct engine *engine)
{
  const struct engine_options *options = engine->options;
  int error = hooks_serve(engine);

  outside_serve(engine);
  if (error == 0 && options->client != NULL)
    error = sio_uv_serve_client(engine->uv, options->client,
                                options->client_version);
  if (error == 0)
    error = sio_uv_listen(engine->uv, "127.0.0.1", (int)options->port);
  return error;
}

/* Listen and serve until engine_stop(); the exit status. */
static int run(struct engine *engine)
{
  int status = EXIT_FAILURE;
  int handover = 0;
  int port = serve(engine);

  if (port > 0 && engine->options->handover != 0)
    handover = handover_listen(engine);
  if (port < 0 || handover < 0) {
    (void)fprintf(stderr, "%s: %s\n", sio_strerror(port < 0 ? port : handover),
                  sio_uv_error(engine->uv));
    engine_stop(engine);
  } else if (uv_signal_start(&engine->signal, on_signal, SIGTERM) != 0) {
    engine_stop(engine);
  } else {
    status = EXIT_SUCCESS;
    if (handover > 0)
      (void)printf("handover on %d\n", handover);
    (void)printf("listening on %d\n", port);
    (void)fflush(stdout);
  }
  (void)uv_run(engine->loop, UV_RUN_DEFAULT); /* ends after on_closed() */
  return status;
}

static void start(struct engine *engine)
{
  sio_session_handlers handlers;

  fill_handlers(&handlers);
  engine->report = report_new();
  engine->sio = sio_engine_new(&engine->options->server, &handlers, engine);
  if (engine->report != NULL && engine->sio != NULL &&
      uv_signal_init(engine->loop, &engine->signal) == 0)
    engine->uv = sio_uv_new(engine->loop, engine->sio);
  engine->signal.data = engine;
}

int main(int argc, char **argv)
{
  struct engine_options options;
  struct engine engine = {0};
  int status = EXIT_FAILURE;
  const char *problem = options_parse(&options, argc, argv);
  char *report;

  if (problem == NULL)
    problem = sio_server_options_problem(&options.server);
  if (problem != NULL) {
    (void)fprintf(stderr, "not understood: %s\n", problem);
    return EXIT_FAILURE;
  }
  options.server.log = log_line;
  options.server.log_user = &engine;
  engine.options = &options;
  engine.loop = uv_default_loop();
  start(&engine);
  if (engine.uv != NULL)
    status = run(&engine);

  report = status == EXIT_SUCCESS ? control_report(&engine) : NULL;
  if (report != NULL)
    (void)printf("report %s\n", report);
  free(report);
  sio_server_free(engine.sio);
  report_free(engine.report);
  (void)uv_loop_close(engine.loop); /* for leak checkers */
  return status;
}
