/* SPDX-License-Identifier: MIT */
/* The hooks of the Engine.IO test server.  What they do to a request is what
 * the client asks for in its query. */
#include "engine.h"

#include <stdio.h>

static bool is(const char *a, const char *b)
{
  return strcmp(a, b) == 0;
}

/* ---- Handshakes ---- */

static void report_handshake(struct engine *engine, const char *how, int result)
{
  report_begin(engine->report, "handshake");
  report_text(engine->report, "how", sio_s(how));
  report_number(engine->report, "result", result);
  report_finish(engine->report);
}

static int refuse(sio_request *request)
{
  char message[PARAM_CAP];

  control_param(message, request, "message");
  return sio_handshake_refuse(request,
                              (int)control_number(request, "status", 0),
                              message[0] == '\0' ? NULL : message);
}

static void accept_later(sio_request *request, void *user)
{
  char id[PARAM_CAP];

  control_param(id, request, "id");
  report_handshake(user, "accepted later",
                   sio_handshake_accept(request, sio_s(id)));
}

static void refuse_later(sio_request *request, void *user)
{
  report_handshake(user, "refused later", refuse(request));
}

static void do_nothing(sio_request *request, void *user)
{
  (void)request;
  (void)user;
}

static void on_handshake(sio_request *request, void *user)
{
  struct engine *engine = user;
  uint64_t delay_ms = control_number(request, "delay", 50);
  char how[PARAM_CAP];
  char id[PARAM_CAP];

  control_param(how, request, "handshake");
  control_param(id, request, "id");
  if (is(how, "refuse")) {
    report_handshake(engine, how, refuse(request));
  } else if (is(how, "accept-later")) {
    engine_later(engine, delay_ms, accept_later, request);
  } else if (is(how, "refuse-later")) {
    engine_later(engine, delay_ms, refuse_later, request);
  } else if (is(how, "forget")) {
    report_handshake(engine, how, 0);
  } else if (is(how, "forget-later")) {
    engine_later(engine, delay_ms, do_nothing, request);
  } else if (is(how, "twice")) {
    report_handshake(engine, "first", sio_handshake_accept(request, sio_s("")));
    report_handshake(engine, "second", refuse(request));
  } else if (is(how, "bad-id")) {
    report_handshake(engine, "bad",
                     sio_handshake_accept(request, sio_s("a\nb")));
    report_handshake(engine, "good", sio_handshake_accept(request, sio_s(id)));
  } else {
    report_handshake(engine, "accept",
                     sio_handshake_accept(request, sio_s(id)));
  }
}

/* ---- Ids ---- */

static int make_id(const sio_request *request, char *out, size_t cap,
                   void *user)
{
  struct engine *engine = user;
  const char *how = engine->options->ids;
  int len;

  (void)request;
  if (is(how, "fail"))
    return SIO_ERR_RANDOM;
  if (is(how, "too-long"))
    return (int)cap + 1;
  if (is(how, "same"))
    len = snprintf(out, cap, "same");
  else if (is(how, "umlaut"))
    len = snprintf(out, cap, "\xc3\xa4%u", engine->ids);
  else
    len = snprintf(out, cap, "session-%u", engine->ids);
  engine->ids++;
  return len;
}

/* ---- Headers ---- */

static void on_headers(sio_headers *headers, const sio_request *request,
                       bool initial, void *user)
{
  struct engine *engine = user;
  const char *how = engine->options->headers;
  int error = sio_headers_add(headers, initial ? "X-First" : "X-Later",
                              sio_s(sio_request_method(request)));

  if (error == 0 && is(how, "override")) {
    error = sio_headers_set(headers, "Cache-Control", sio_s("no-cache"));
    if (error == 0 && initial)
      error = sio_headers_add(headers, "Set-Cookie", sio_s("mine=1; Path=/"));
  }
  engine_expect(error, "headers");

  report_begin(engine->report, "headers");
  report_bool(engine->report, "initial", initial);
  report_text(engine->report, "method", sio_s(sio_request_method(request)));
  report_text(engine->report, "cookie", sio_headers_get(headers, "set-cookie"));
  if (is(how, "wrong")) {
    report_number(engine->report, "length",
                  sio_headers_set(headers, "Content-Length", sio_s("5")));
    report_number(engine->report, "split",
                  sio_headers_add(headers, "X-A", sio_s("a\r\nX-B: b")));
    report_number(engine->report, "name",
                  sio_headers_add(headers, "X A", sio_s("a")));
  }
  report_finish(engine->report);
}

/* ---- Middlewares ---- */

static int on_step(sio_request *request, sio_headers *headers, void *user)
{
  const struct step *step = user;
  struct report *report = step->engine->report;
  char wanted[PARAM_CAP];

  report_begin(report, "middleware");
  report_text(report, "kind", sio_s(step->kind));
  report_text(report, "method", sio_s(sio_request_method(request)));
  report_bool(report, "upgrade", sio_request_wants_upgrade(request));
  report_finish(report);

  if (strncmp(step->kind, "add=", 4) == 0)
    return sio_headers_add(headers, "X-Middleware", sio_s(step->kind + 4));
  control_param(wanted, request, step->kind);
  if (wanted[0] == '\0')
    return 0;
  if (is(step->kind, "fail"))
    return SIO_ERR_INVALID;
  return sio_respond_text(request, 503, "text/plain", "not now");
}

/* ---- Refusals and origins ---- */

static void on_refused(const sio_refusal *refusal, const sio_request *request,
                       void *user)
{
  struct engine *engine = user;
  struct report *report = engine->report;
  size_t i;

  report_begin(report, "refused");
  report_number(report, "code", (int64_t)refusal->code);
  report_text(report, "message", sio_s(refusal->message));
  report_text(report, "method", sio_s(sio_request_method(request)));
  report_open(report, "context", '{');
  if (refusal->name != NULL)
    report_text(report, "name", sio_s(refusal->name));
  for (i = 0; i < refusal->n_context; i++)
    report_text(report, refusal->context[i].key, refusal->context[i].value);
  report_close(report, '}');
  report_finish(report);
}

static bool contains(sio_str text, const char *word)
{
  size_t len = strlen(word);
  size_t i;

  for (i = 0; i + len <= text.len; i++)
    if (memcmp(text.data + i, word, len) == 0)
      return true;
  return false;
}

int hooks_origin(sio_str origin, sio_origin_rule *rule, void *user)
{
  static const char *const fixed[] = {"http://fixed.example"};
  static const char *const list[] = {"http://list.example",
                                     "http://*.list.example:*"};

  (void)user;
  if (contains(origin, "error"))
    return -1;
  if (contains(origin, "any")) {
    rule->kind = SIO_ORIGIN_ANY;
  } else if (contains(origin, "fixed")) {
    rule->kind = SIO_ORIGIN_FIXED;
    rule->list = fixed;
    rule->n_list = 1;
  } else if (contains(origin, "list")) {
    rule->kind = SIO_ORIGIN_LIST;
    rule->list = list;
    rule->n_list = 2;
  } else if (contains(origin, "mirror")) {
    rule->kind = SIO_ORIGIN_REFLECT;
  }
  return 0;
}

int hooks_serve(struct engine *engine)
{
  const struct engine_options *options = engine->options;
  int error = 0;
  size_t i;

  for (i = 0; error == 0 && i < options->n_middlewares; i++) {
    engine->steps[i].engine = engine;
    engine->steps[i].kind = options->middlewares[i];
    error = sio_server_use_http(engine->sio, on_step, &engine->steps[i]);
  }
  if (options->handshake != 0)
    sio_server_on_handshake(engine->sio, on_handshake, engine);
  if (options->ids != NULL)
    sio_server_on_session_id(engine->sio, make_id, engine);
  if (options->headers != NULL)
    sio_server_on_headers(engine->sio, on_headers, engine);
  sio_server_on_refused(engine->sio, on_refused, engine);
  return error;
}
