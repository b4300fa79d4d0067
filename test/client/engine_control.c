/* SPDX-License-Identifier: MIT */
/* Through requests under /control the tests steer the Engine.IO test server
 * and look at what it saw. */
#define _POSIX_C_SOURCE 200809L /* open_memstream() */

#include "engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void control_param(char out[PARAM_CAP], const sio_request *request,
                   const char *name)
{
  if (sio_request_param(request, name, out, PARAM_CAP) != 0)
    out[0] = '\0';
}

uint64_t control_number(const sio_request *request, const char *name,
                        uint64_t otherwise)
{
  char text[PARAM_CAP];

  control_param(text, request, name);
  return text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

/* ---- The report ---- */

static void put_counts(FILE *out, const sio_server *server)
{
  const char *comma = "";
  int i;

  for (i = 0; i < SIO_CAUSE_COUNT_; i++) {
    uint64_t n = sio_server_cause_count(server, (sio_cause)i);

    if (n == 0)
      continue;
    (void)fprintf(out, "%s\"%s\":%" PRIu64, comma, sio_cause_text((sio_cause)i),
                  n);
    comma = ",";
  }
}

static void put_closes(FILE *out, const sio_metrics *m)
{
  const char *comma = "";
  size_t i;

  for (i = 0; i < sizeof(m->closes) / sizeof(m->closes[0]); i++) {
    if (m->closes[i] == 0)
      continue;
    (void)fprintf(out, "%s\"%s\":%" PRIu64, comma,
                  sio_reason_text((sio_reason)i), m->closes[i]);
    comma = ",";
  }
}

static void put_metrics(FILE *out, const sio_server *server)
{
  sio_metrics m;
  size_t i;

  sio_server_metrics(server, &m);
#define PUT(name) (void)fprintf(out, "\"" #name "\":%" PRIu64 ",", m.name)
  PUT(connections);
  PUT(connections_now);
  PUT(connections_refused);
  PUT(bytes_in);
  PUT(bytes_out);
  PUT(http_requests);
  PUT(http_errors);
  PUT(sessions);
  PUT(sessions_polling_now);
  PUT(sessions_websocket_now);
  PUT(sessions_refused);
  PUT(upgrades);
  PUT(upgrades_done);
  PUT(packets_in);
  PUT(packets_out);
  PUT(messages_in);
  PUT(messages_out);
  PUT(messages_dropped);
#undef PUT
  (void)fputs("\"refused\":[", out);
  for (i = 0; i < SIO_REFUSED_COUNT_; i++)
    (void)fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", m.refused[i]);
  (void)fputs("],\"closes\":{", out);
  put_closes(out, &m);
  (void)fputs("}", out);
}

char *control_report(struct engine *engine)
{
  const char *events = report_json(engine->report);
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);

  if (out == NULL)
    return NULL;
  (void)fprintf(out, "{\"sessions\":%zu,\"metrics\":{",
                sio_server_session_count(engine->sio));
  put_metrics(out, engine->sio);
  (void)fputs("},\"causes\":{", out);
  put_counts(out, engine->sio);
  (void)fprintf(out, "},\"events\":%s}", events == NULL ? "null" : events);
  return fclose(out) == 0 ? text : NULL;
}

static void answer_report(struct engine *engine, sio_request *request)
{
  char *text = control_report(engine);

  engine_expect(text == NULL
                    ? sio_respond_text(request, 500, "text/plain", "")
                    : sio_respond_text(request, 200, "application/json", text),
                "report");
  free(text);
}

/* ---- Sessions ---- */

/* What to do to the sessions of that id; "" are all. */
struct order {
  struct engine *engine;
  const sio_request *request;
  char id[PARAM_CAP];
  int result;
  unsigned found;
};

/* A receipt and its name. */
struct ticket {
  struct engine *engine;
  char name[PARAM_CAP];
};

static void on_sent(sio_session *session, int status, void *user)
{
  struct ticket *ticket = user;

  engine_begin(ticket->engine, "sent", session);
  report_text(ticket->engine->report, "name", sio_s(ticket->name));
  report_number(ticket->engine->report, "status", status);
  report_finish(ticket->engine->report);
  free(ticket);
}

static int send_one(const struct order *order, sio_session *session,
                    sio_span data, unsigned flags)
{
  struct ticket *ticket;
  int rv;

  if (control_number(order->request, "then", 0) == 0)
    return sio_session_send(session, data, flags);
  ticket = calloc(1, sizeof(*ticket));
  if (ticket == NULL)
    return SIO_ERR_NOMEM;
  ticket->engine = order->engine;
  memcpy(ticket->name, data.data, data.len < PARAM_CAP ? data.len : 0);
  rv = sio_session_send_then(session, data, flags, on_sent, ticket);
  if (rv != 0)
    free(ticket);
  return rv;
}

/* The body of the request; or, for `n` messages, the body and a number. */
static void send_all(struct order *order, sio_session *session)
{
  const sio_request *request = order->request;
  sio_span body = sio_request_body(request);
  uint64_t n = control_number(request, "n", 0);
  unsigned flags = (unsigned)control_number(request, "flags", 0);
  char text[2 * PARAM_CAP];
  uint64_t i;

  if (n == 0)
    order->result = send_one(order, session, body, flags);
  for (i = 0; i < n; i++) {
    sio_span data = {(const uint8_t *)text, 0};

    data.len = (size_t)snprintf(text, sizeof(text), "%.*s%" PRIu64,
                                (int)(body.len < PARAM_CAP ? body.len : 0),
                                (const char *)body.data, i);
    order->result = send_one(order, session, data, flags);
  }
}

static void close_one(const struct order *order, sio_session *session)
{
  char how[PARAM_CAP];

  control_param(how, order->request, "close");
  if (how[0] != '\0')
    sio_session_close(session, strcmp(how, "discard") == 0);
}

static bool obey(sio_session *session, void *user)
{
  struct order *order = user;

  if (order->id[0] != '\0' && strcmp(order->id, sio_session_id(session)) != 0)
    return true;
  order->found++;
  if (sio_str_is(sio_request_path(order->request), "/control/send"))
    send_all(order, session);
  close_one(order, session);
  return true;
}

static void answer_order(struct engine *engine, sio_request *request)
{
  struct order order = {0};
  char text[64];

  order.engine = engine;
  order.request = request;
  control_param(order.id, request, "sid");
  sio_server_each_session(engine->sio, obey, &order);
  (void)snprintf(text, sizeof(text), "{\"found\":%u,\"result\":%d}",
                 order.found, order.result);
  engine_expect(sio_respond_text(request, 200, "application/json", text),
                "control");
}

/* ---- The list of sessions ---- */

static bool list_session(sio_session *session, void *user)
{
  FILE *out = user;

  (void)fprintf(out,
                "%s{\"id\":\"%s\",\"transport\":\"%s\",\"protocol\":%d,"
                "\"writable\":%s,\"open\":%s,\"pending\":%zu}",
                ftell(out) > 1 ? "," : "", sio_session_id(session),
                sio_session_transport(session), sio_session_protocol(session),
                sio_session_is_writable(session) ? "true" : "false",
                sio_session_is_open(session) ? "true" : "false",
                sio_session_pending(session));
  return true;
}

static void answer_sessions(struct engine *engine, sio_request *request)
{
  char *text = NULL;
  size_t len = 0;
  FILE *out = open_memstream(&text, &len);

  if (out == NULL)
    return;
  (void)fputc('[', out);
  sio_server_each_session(engine->sio, list_session, out);
  (void)fputc(']', out);
  if (fclose(out) == 0)
    engine_expect(sio_respond_text(request, 200, "application/json", text),
                  "sessions");
  free(text);
}

/* ---- Closing the server ---- */

static void on_server_closed(sio_server *server, void *user)
{
  struct engine *engine = user;

  (void)server;
  report_begin(engine->report, "server closed");
  report_finish(engine->report);
}

static void close_server(sio_request *request, void *user)
{
  struct engine *engine = user;

  (void)request;
  engine_expect(sio_server_close(engine->sio, on_server_closed, engine),
                "close the server");
}

bool control_request(struct engine *engine, sio_request *request)
{
  sio_str path = sio_request_path(request);

  if (sio_str_is(path, "/control/report")) {
    answer_report(engine, request);
  } else if (sio_str_is(path, "/control/sessions")) {
    answer_sessions(engine, request);
  } else if (sio_str_is(path, "/control/send") ||
             sio_str_is(path, "/control/close")) {
    answer_order(engine, request);
  } else if (sio_str_is(path, "/control/close-server")) {
    engine_later(engine, 20, close_server, request);
    engine_expect(sio_respond_text(request, 200, "application/json", "{}"),
                  "control");
  } else {
    return false;
  }
  return true;
}
