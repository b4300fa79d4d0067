/* SPDX-License-Identifier: MIT */
/* /recovery: clients that lose their connection and come back. */
#include "server.h"

#include <sio/recovery.h>

#include <stdlib.h>

static sio_recovery_options recovery;
static uint64_t n_lost;

bool recovery_option(sio_server_options *options, const char *name,
                     const char *value)
{
  if (strcmp(name, "--recovery") != 0 && strcmp(name, "--skipping") != 0)
    return false;
  sio_recovery_options_init(&recovery);
  recovery.max_disconnection_ms = strtoull(value, NULL, 10);
  recovery.skip_middlewares = strcmp(name, "--skipping") == 0;
  options->recovery = &recovery;
  return true;
}

/* Who was banned while it was away stays outside. */
static void guard(sio_socket *socket, sio_next *next, void *user)
{
  sio_value data = sio_socket_data(socket);
  sio_str name = sio_value_str(sio_value_member(data, "name"));

  report_socket(test_report(user),
                sio_socket_recovered(socket) ? "asked back" : "asked new",
                socket);
  test_expect(sio_str_is(name, "banned") ? sio_next_refuse(next, "banned", NULL)
                                         : sio_next_ok(next),
              "answer");
}

static void on_lost(sio_ns *ns, sio_str id, sio_value data, void *user)
{
  (void)ns;
  (void)id;
  (void)data;
  (void)user;
  n_lost++;
}

/* Join rooms; the first argument is the data. */
static void on_begin(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  size_t n = sio_args_count(args);

  (void)user;
  test_expect(sio_socket_set_data(socket, sio_value_json(sio_arg(args, 0))),
              "data");
  for (size_t i = 1; i < n; i++)
    test_expect(sio_join(socket, sio_value_str(sio_arg(args, i))), "join");
  test_expect(sio_ackf(ack, NULL), "acknowledge");
}

static void on_who(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  sio_payload *payload = test_scratch(user);

  (void)args;
  sio_payload_bool(payload, sio_socket_recovered(socket));
  sio_payload_value(payload, sio_socket_data(socket));
  sio_payload_array_begin(payload);
  for (size_t i = 1; i < sio_socket_room_count(socket); i++)
    sio_payload_str(payload, sio_socket_room(socket, i));
  sio_payload_array_end(payload);
  test_expect(sio_ack_payload(ack, payload), "acknowledge");
}

/* Emit "news" to a room, or to everybody if it is "". */
static void on_say(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  sio_str room = sio_value_str(sio_arg(args, 0));
  sio_ns *ns = sio_socket_ns(socket);
  sio_payload *payload = test_scratch(user);

  events_append(payload, args, 1);
  test_expect(
      sio_emit_payload(room.len > 0 ? sio_in(ns, room) : sio_everyone(ns),
                       "news", payload),
      "say");
  test_expect(sio_ackf(ack, NULL), "acknowledge");
}

/* End a socket by its id: its session, or ("kick") its membership. */
static void end_socket(sio_socket *socket, const sio_args *args, bool kick)
{
  sio_socket *other =
      sio_ns_socket(sio_socket_ns(socket), sio_value_str(sio_arg(args, 0)));

  if (other == NULL)
    return;
  if (kick)
    test_expect(sio_socket_disconnect(other, false), "kick");
  else
    sio_session_close(sio_socket_session(other), true);
}

static void on_kick(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)user;
  end_socket(socket, args, true);
  test_expect(sio_ackf(ack, NULL), "acknowledge");
}

static void on_cut(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  (void)user;
  end_socket(socket, args, false);
  test_expect(sio_ackf(ack, NULL), "acknowledge");
}

static void on_count_lost(sio_socket *socket, const sio_args *args,
                          sio_ack *ack, void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  test_expect(sio_ackf(ack, "%u", (unsigned)n_lost), "acknowledge");
}

int recovery_serve(struct test_server *server)
{
  static const struct {
    const char *event;
    sio_event_fn fn;
  } handlers[] = {{"begin", on_begin}, {"who", on_who},
                  {"say", on_say},     {"kick", on_kick},
                  {"cut", on_cut},     {"lost", on_count_lost}};
  sio_ns *ns = sio_of(test_sio(server), "/recovery");
  int error = ns != NULL ? sio_use(ns, guard, server) : SIO_ERR_NOMEM;

  if (error == 0)
    error = sio_on_recovery_lost(ns, on_lost, server);
  for (size_t i = 0; error == 0 && i < sizeof handlers / sizeof *handlers; i++)
    error = sio_on(ns, handlers[i].event, handlers[i].fn, server);
  return error;
}
