/* SPDX-License-Identifier: MIT */
/* /listeners: every way to listen to events, and middlewares. */
#include "server.h"
#include <sio/event.h>

#include <stdio.h>

enum { MAX_HELD = 64 };

/* Events that wait until somebody says "go"; one server in one program. */
struct listening {
  struct test_server *server;
  sio_event *held[MAX_HELD];
  size_t n_held;
};

static struct listening listening;

static void report_event(struct listening *l, const char *what, sio_str text)
{
  struct report *report = test_report(l->server);

  report_begin(report, what);
  report_text(report, "event", text);
  report_finish(report);
}

/* ---- Handlers ---- */

/* The event, and which of the two functions this is. */
static void report_any(struct listening *l, sio_str event, const char *which)
{
  char text[NAME_CAP];

  (void)snprintf(text, sizeof(text), "%.*s %s", (int)event.len, event.data,
                 which);
  report_event(l, "any", sio_s(text));
}

static void on_any(sio_socket *socket, sio_str event, const sio_args *args,
                   sio_ack *ack, void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  report_any(user, event, "second");
}

static void on_any_first(sio_socket *socket, sio_str event,
                         const sio_args *args, sio_ack *ack, void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  report_any(user, event, "first");
}

static void on_outgoing(sio_socket *socket, sio_str event, sio_str json,
                        void *user)
{
  (void)socket;
  (void)json;
  report_event(user, "outgoing", event);
}

static void on_problem(sio_socket *socket, const sio_problem *problem,
                       void *user)
{
  struct listening *l = user;
  struct report *report = test_report(l->server);

  (void)socket;
  report_begin(report, "problem");
  report_text(report, "event", problem->event);
  report_text(report, "message", sio_s(problem->message));
  report_finish(report);
}

/* Acknowledge with who has got it, and the arguments. */
static void answer(const char *who, const sio_args *args, sio_ack *ack)
{
  sio_payload *payload = test_scratch(listening.server);

  sio_payload_string(payload, who);
  events_append(payload, args, 0);
  test_expect(sio_ack_payload(ack, payload), who);
}

static void on_named(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)socket;
  answer(user, args, ack);
}

static void on_matching(sio_socket *socket, sio_str event, const sio_args *args,
                        sio_ack *ack, void *user)
{
  (void)socket;
  (void)event;
  answer(user, args, ack);
}

/* Have a handler of the socket's own. */
static void on_listen(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  (void)args;
  (void)user;
  test_expect(sio_socket_on(socket, "own", on_named, "socket"), "own");
  test_expect(sio_ackf(ack, NULL), "listen");
}

static void on_say(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  (void)user;
  test_expect(sio_emit_args(sio_only(socket), "said", args), "say");
  test_expect(sio_ackf(ack, NULL), "say");
}

static void on_shout(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  sio_target target = sio_everyone(sio_socket_ns(socket));

  (void)user;
  test_expect(sio_emit_args(target, "shouted", args), "shout");
  test_expect(sio_ackf(ack, NULL), "shout");
}

static void on_stop(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  sio_ns *ns = sio_socket_ns(socket);

  (void)args;
  test_expect(sio_off(ns, "named", on_named, "named"), "off");
  test_expect(sio_off_matching(ns, "chat:*", NULL, NULL), "off matching");
  test_expect(sio_off_any(ns, on_any, user), "off any");
  test_expect(sio_off_any(ns, on_any_first, user), "off any");
  test_expect(sio_ackf(ack, NULL), "stop");
}

/* ---- Middlewares ---- */

static void rewrite(sio_event *event)
{
  sio_payload *payload = test_scratch(listening.server);

  events_append(payload, sio_event_args(event), 0);
  sio_payload_string(payload, "and more");
  test_expect(sio_event_rewrite(event, "named", payload), "rewrite");
}

static void decide(sio_socket *socket, sio_event *event, void *user)
{
  struct listening *l = user;
  sio_str name = sio_event_name(event);

  (void)socket;
  if (sio_str_is(name, "wait") && l->n_held < MAX_HELD) {
    l->held[l->n_held++] = sio_event_retain(event);
    return;
  }
  if (sio_str_is(name, "forbidden")) {
    test_expect(sio_event_refuse(event, "not allowed"), "refuse");
    return;
  }
  if (sio_str_is(name, "old-name"))
    rewrite(event);
  test_expect(sio_event_next(event), "next");
}

static void decide_last(sio_socket *socket, sio_event *event, void *user)
{
  (void)socket;
  report_event(user, "last middleware", sio_event_name(event));
  test_expect(sio_event_next(event), "next");
}

static void on_go(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  struct listening *l = user;
  size_t n = l->n_held;

  (void)socket;
  (void)args;
  l->n_held = 0; /* what comes next is held, too */
  for (size_t i = 0; i < n; i++) {
    sio_event *event = l->held[i];

    test_expect(sio_event_next(event), "go"); /* may hold another one */
    sio_event_release(event);
  }
  test_expect(sio_ackf(ack, "%d", (int)n), "go");
}

static void on_disconnect(sio_socket *socket, const sio_end *end, void *user)
{
  struct listening *l = user;
  size_t kept = 0;

  for (size_t i = 0; i < l->n_held; i++) {
    if (sio_event_socket(l->held[i]) == socket)
      sio_event_release(l->held[i]);
    else
      l->held[kept++] = l->held[i];
  }
  l->n_held = kept;
  report_end(test_report(l->server), "disconnect", socket, end);
}

/* ---- Registration ---- */

static int listen_by_name(sio_ns *ns, struct listening *l)
{
  int error = sio_on(ns, "named", on_named, "named");

  if (error == 0)
    error = sio_once(ns, "single", on_named, "once");
  if (error == 0)
    error = sio_on(ns, "wait", on_named, "waited");
  if (error == 0)
    error = sio_on(ns, "listen", on_listen, l);
  if (error == 0)
    error = sio_on(ns, "say", on_say, l);
  if (error == 0)
    error = sio_on(ns, "shout", on_shout, l);
  if (error == 0)
    error = sio_on(ns, "stop", on_stop, l);
  if (error == 0)
    error = sio_on_matching(ns, "chat:*", on_matching, "matching");
  return error != 0 ? error : sio_on_fallback(ns, on_matching, "fallback");
}

int listeners_serve(struct test_server *server)
{
  sio_ns *ns = sio_of(test_sio(server), "/listeners");
  sio_ns *go = sio_of(test_sio(server), "/go");
  struct listening *l = &listening;
  int error;

  l->server = server;
  error = sio_on(go, "go", on_go, l);
  if (error == 0)
    error = listen_by_name(ns, l);
  if (error == 0)
    error = sio_on_any(ns, on_any, l);
  if (error == 0)
    error = sio_prepend_any(ns, on_any_first, l);
  if (error == 0)
    error = sio_on_outgoing(ns, on_outgoing, l);
  if (error == 0)
    error = sio_on_problem(ns, on_problem, l);
  if (error == 0)
    error = sio_use_event(ns, decide, l);
  if (error == 0)
    error = sio_use_event(ns, decide_last, l);
  return error != 0 ? error : sio_on_disconnect(ns, on_disconnect, l);
}
