/* SPDX-License-Identifier: MIT */
/* Through /control the tests steer the server and look at what it saw. */
#include "server.h"

static void on_emit(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  struct test_server *server = user;
  sio_value options = sio_arg(args, 0);
  sio_payload *payload = test_scratch(server);
  sio_str rooms[MAX_ROOMS];
  sio_str except[MAX_ROOMS];
  size_t n_rooms = 0;
  size_t n_except = 0;
  char name[NAME_CAP];
  char event[NAME_CAP];
  sio_target target;
  sio_ns *ns;

  (void)socket;
  events_text(name, options, "nsp");
  events_text(event, options, "event");
  ns = sio_find(test_sio(server), name);
  if (ns == NULL) {
    test_expect(SIO_ERR_NOT_FOUND, name);
    return;
  }

  events_rooms(rooms, &n_rooms, sio_value_member(options, "to"));
  events_rooms(except, &n_except, sio_value_member(options, "except"));
  target = n_rooms > 0 ? sio_in(ns, rooms[0]) : sio_everyone(ns);
  if (n_rooms > 1)
    target = sio_and_rooms(target, rooms + 1, n_rooms - 1);
  target = sio_except_rooms(target, except, n_except);

  events_append(payload, args, 1);
  test_expect(sio_emit_payload(target, event, payload), "emit");
  test_expect(sio_ackf(ack, NULL), "acknowledge emit");
}

static void on_disconnect_socket(sio_socket *socket, const sio_args *args,
                                 sio_ack *ack, void *user)
{
  struct test_server *server = user;
  sio_socket *victim = NULL;
  char name[NAME_CAP];
  bool close;
  sio_ns *ns;

  (void)socket;
  events_text(name, sio_arg(args, 0), "nsp");
  test_expect(sio_value_bool(sio_get(args, 0, "close"), &close), "close");
  ns = sio_find(test_sio(server), name);
  if (ns != NULL)
    victim = sio_ns_socket(ns, sio_value_str(sio_get(args, 0, "id")));
  if (victim != NULL)
    test_expect(sio_socket_disconnect(victim, close), "disconnect");
  test_expect(sio_ackf(ack, "bool %d", victim != NULL), "acknowledge");
}

static void on_count(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  struct test_server *server = user;
  sio_str text = sio_value_str(sio_arg(args, 0));
  char name[NAME_CAP] = "";
  sio_ns *ns;

  (void)socket;
  if (text.len < sizeof(name))
    memcpy(name, text.data, text.len);
  ns = sio_find(test_sio(server), name);
  test_expect(sio_ackf(ack, "%zu", ns == NULL ? 0 : sio_ns_socket_count(ns)),
              "acknowledge count");
}

static void on_report(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  struct test_server *server = user;
  const char *json = report_json(test_report(server));

  (void)socket;
  (void)args;
  if (json == NULL)
    json = "null";
  test_expect(sio_ack_json(ack, sio_s(json)), "acknowledge report");
}

static void on_forget(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  (void)socket;
  (void)args;
  report_forget(test_report(user));
  test_expect(sio_ackf(ack, NULL), "acknowledge forget");
}

static void on_close(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  (void)socket;
  (void)args;
  test_expect(sio_ackf(ack, NULL), "acknowledge close");
  test_stop(user);
}

static void on_drain(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  sio_drain_options options;
  uint64_t n;

  (void)socket;
  sio_drain_options_init(&options);
  if (sio_value_uint64(sio_get(args, 0, "perSecond"), &n) == 0)
    options.per_second = (uint32_t)n;
  if (sio_value_uint64(sio_get(args, 0, "deadline"), &n) == 0)
    options.deadline_ms = n;
  test_expect(sio_ackf(ack, NULL), "acknowledge drain");
  test_drain(user, &options);
}

static void on_request(sio_request *request, void *user)
{
  static const sio_header headers[] = {{"Content-Type", "text/plain"},
                                       {"X-Test", "yes"}};
  static const sio_span hello = {(const uint8_t *)"hello", 5};
  sio_str path = sio_request_path(request);
  sio_str method = sio_s(sio_request_method(request));
  int error;

  (void)user;
  if (sio_str_is(path, "/hello") && sio_str_is(method, "GET"))
    error = sio_respond(request, 200, headers, 2, hello);
  else if (sio_str_is(path, "/echo") && sio_str_is(method, "POST"))
    error = sio_respond(request, 200, headers, 1, sio_request_body(request));
  else
    error = sio_respond_text(request, 404, "text/plain", "not found");
  test_expect(error, "respond");
}

int control_serve(struct test_server *server)
{
  static const struct {
    const char *event;
    sio_event_fn fn;
  } events[] = {
      {"emit", on_emit},     {"disconnect-socket", on_disconnect_socket},
      {"count", on_count},   {"report", on_report},
      {"forget", on_forget}, {"close", on_close},
      {"drain", on_drain}};
  sio_ns *ns = sio_of(test_sio(server), "/control");
  int error = ns == NULL ? SIO_ERR_NOMEM : 0;
  size_t i;

  for (i = 0; error == 0 && i < sizeof(events) / sizeof(events[0]); i++)
    error = sio_on(ns, events[i].event, events[i].fn, server);
  sio_server_on_http(test_sio(server), on_request, server);
  return error;
}
