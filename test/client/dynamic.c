/* SPDX-License-Identifier: MIT */
/* Namespaces that clients ask for, and what /control does with namespaces. */
#include "server.h"

#include <sio/dynamic.h>

/* How many names may be undecided at a time. */
enum { MAX_ASKED = 8 };

static sio_ns_request *asked[MAX_ASKED];
static size_t n_asked;
static sio_ns *pattern_parent;

static sio_str member_of(sio_value object, const char *key)
{
  return sio_value_str(sio_value_member(object, key));
}

/* ---- Parents ---- */

/* "/ask/..." is for /control to decide, "/token/..." for whoever has the token,
 * and no other name is wanted. */
static void decide(sio_ns_request *request, void *user)
{
  const char *name = sio_ns_request_name(request);
  sio_str token = member_of(sio_ns_request_auth(request), "token");

  (void)user;
  if (strncmp(name, "/ask/", 5) == 0 && n_asked < MAX_ASKED)
    asked[n_asked++] = sio_ns_request_retain(request);
  else if (strncmp(name, "/token/", 7) == 0 && sio_str_is(token, "secret"))
    test_expect(sio_ns_request_accept(request), "accept");
  else
    test_expect(sio_ns_request_refuse(request), "refuse");
}

static void guard(sio_socket *socket, sio_next *next, void *user)
{
  sio_str refuse = member_of(sio_socket_auth(socket), "refuse");

  report_socket(test_report(user), "parent middleware", socket);
  test_expect(refuse.len == 0 ? sio_next_ok(next)
                              : sio_next_refuse(next, "not here", NULL),
              "answer of a parent's middleware");
}

static void on_connect(sio_socket *socket, void *user)
{
  sio_ns *ns = sio_socket_ns(socket);
  sio_str number = sio_ns_param(ns, "number");

  (void)user;
  test_expect(sio_emitf(sio_only(socket), "hello", "%s, %.*s", sio_ns_name(ns),
                        SIO_STR_ARG(number)),
              "hello");
}

static void on_disconnect(sio_socket *socket, const sio_end *end, void *user)
{
  report_end(test_report(user), "parent disconnect", socket, end);
}

static void on_join(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)user;
  test_expect(sio_join(socket, sio_value_str(sio_arg(args, 0))), "join");
  test_expect(sio_ackf(ack, "%s", sio_ns_name(sio_socket_ns(socket))),
              "acknowledge join");
}

static int serve_children(struct test_server *server, sio_ns *parent)
{
  int error = sio_use(parent, guard, server);

  if (error == 0)
    error = sio_on_connect(parent, on_connect, server);
  if (error == 0)
    error = sio_on_disconnect(parent, on_disconnect, server);
  return error != 0 ? error : sio_on(parent, "join", on_join, server);
}

static void on_namespace(sio_ns *ns, void *user)
{
  struct report *report = test_report(user);
  sio_ns *parent = sio_ns_parent(ns);

  report_begin(report, "namespace");
  report_text(report, "nsp", sio_s(sio_ns_name(ns)));
  report_text(report, "parent",
              sio_s(parent != NULL ? sio_ns_name(parent) : ""));
  report_finish(report);
}

/* ---- /control ---- */

static void on_decide(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  size_t n = n_asked;
  bool yes;

  (void)socket;
  (void)user;
  test_expect(sio_value_bool(sio_arg(args, 0), &yes), "decide");
  n_asked = 0;
  for (size_t i = 0; i < n; i++) {
    test_expect(yes ? sio_ns_request_accept(asked[i])
                    : sio_ns_request_refuse(asked[i]),
                "decide");
    sio_ns_request_release(asked[i]);
  }
  test_expect(sio_ackf(ack, "%zu", n), "acknowledge decide");
}

static void on_undecided(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  test_expect(sio_ackf(ack, "%zu", n_asked), "acknowledge undecided");
}

static void copy_name(char name[NAME_CAP], const sio_args *args)
{
  sio_str text = sio_value_str(sio_arg(args, 0));
  size_t len = text.len < NAME_CAP ? text.len : NAME_CAP - 1;

  if (len > 0)
    memcpy(name, text.data, len);
  name[len] = '\0';
}

static void on_make(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  char name[NAME_CAP];
  sio_ns *ns;

  (void)socket;
  copy_name(name, args);
  ns = sio_of(test_sio(user), name);
  test_expect(sio_ackf(ack, "%s", ns != NULL ? sio_ns_name(ns) : ""),
              "acknowledge make");
}

static void on_delete(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  char name[NAME_CAP];
  sio_ns *ns;

  (void)socket;
  copy_name(name, args);
  ns = sio_find(test_sio(user), name);
  test_expect(sio_ackf(ack, "%d", sio_ns_delete(ns)), "acknowledge delete");
}

static bool add_name(sio_ns *ns, void *user)
{
  sio_payload_string(user, sio_ns_name(ns));
  return true;
}

static void on_list(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  sio_payload *payload = test_scratch(user);

  (void)socket;
  (void)args;
  sio_payload_array_begin(payload);
  sio_server_each_ns(test_sio(user), add_name, payload);
  sio_payload_array_end(payload);
  test_expect(sio_ack_payload(ack, payload), "acknowledge list");
}

/* Emit "news" through the parent of the pattern, to a room if there is one. */
static void on_news(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  sio_str room = sio_value_str(sio_arg(args, 0));

  (void)socket;
  (void)user;
  test_expect(sio_emitf(room.len > 0 ? sio_in(pattern_parent, room)
                                     : sio_everyone(pattern_parent),
                        "news", "%.*s", SIO_STR_ARG(room)),
              "news");
  test_expect(sio_ackf(ack, NULL), "acknowledge news");
}

int dynamic_serve(struct test_server *server)
{
  static const struct {
    const char *event;
    sio_event_fn fn;
  } events[] = {{"decide", on_decide},   {"undecided", on_undecided},
                {"make", on_make},       {"delete", on_delete},
                {"namespaces", on_list}, {"news", on_news}};
  sio_ns *control = sio_of(test_sio(server), "/control");
  sio_ns *function = sio_of_dynamic(test_sio(server), decide, server);
  int error;

  pattern_parent = sio_of_pattern(test_sio(server), "/dynamic-{number}");
  if (control == NULL || function == NULL || pattern_parent == NULL)
    return SIO_ERR_NOMEM;
  error = serve_children(server, pattern_parent);
  for (size_t i = 0; error == 0 && i < sizeof(events) / sizeof(events[0]); i++)
    error = sio_on(control, events[i].event, events[i].fn, server);
  sio_server_on_namespace(test_sio(server), on_namespace, server);
  return error;
}
