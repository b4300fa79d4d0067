/* SPDX-License-Identifier: MIT */
/* What the namespaces of the test server do for their clients. */
#include "server.h"

void events_append(sio_payload *payload, const sio_args *args, size_t first)
{
  size_t n = sio_args_count(args);
  size_t i;

  for (i = first; i < n; i++)
    sio_payload_value(payload, sio_arg(args, i));
}

static void copy_text(char out[NAME_CAP], sio_str text)
{
  size_t len = text.len < NAME_CAP ? text.len : NAME_CAP - 1;

  if (len > 0)
    memcpy(out, text.data, len);
  out[len] = '\0';
}

void events_text(char out[NAME_CAP], sio_value object, const char *key)
{
  copy_text(out, sio_value_str(sio_value_member(object, key)));
}

void events_rooms(sio_str rooms[MAX_ROOMS], size_t *n, sio_value list)
{
  sio_iter iter = sio_value_iter(list);
  sio_value room;

  while (*n < MAX_ROOMS && sio_iter_next(&iter, NULL, &room))
    rooms[(*n)++] = sio_value_str(room);
}

/* ---- Messages and acknowledgements ---- */

static void on_message(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)ack;
  (void)user;
  test_expect(sio_emit_args(sio_only(socket), "message-back", args),
              "message-back");
}

static void on_message_with_ack(sio_socket *socket, const sio_args *args,
                                sio_ack *ack, void *user)
{
  (void)socket;
  (void)user;
  test_expect(sio_ack_args(ack, args), "acknowledge message-with-ack");
}

static void answer_late(sio_ack *ack, sio_next *next, sio_payload *payload)
{
  (void)next;
  test_expect(sio_ack_payload(ack, payload), "acknowledge later");
}

static void on_ack_later(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  sio_payload *payload = sio_payload_new(NULL);
  uint64_t delay_ms;

  (void)socket;
  if (payload == NULL) {
    test_expect(SIO_ERR_NOMEM, "ack-later");
    return;
  }
  test_expect(sio_value_uint64(sio_arg(args, 0), &delay_ms), "delay");
  events_append(payload, args, 1);
  test_expect(test_later(user, delay_ms, answer_late, ack, NULL, payload),
              "ack-later");
}

static void on_ack_twice(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  (void)socket;
  (void)args;
  (void)user;
  test_expect(sio_ackf(ack, "%s", "first"), "ack-twice");
  if (ack != NULL && sio_ackf(ack, "%s", "second") != SIO_ERR_STATE)
    test_expect(SIO_ERR_STATE, "the second acknowledgement");
}

static void on_nothing(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  (void)user;
}

static void on_answer(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  struct test_server *server = user;
  const char *error = status == 0                 ? NULL
                      : status == SIO_ERR_TIMEOUT ? "timeout"
                                                  : "disconnected";
  sio_payload *payload = test_scratch(server);

  report_answer(test_report(server), socket, error, args);
  sio_payload_string(payload, error);
  events_append(payload, args, 0);
  test_expect(sio_emit_payload(sio_only(socket), "answer", payload), "answer");
}

static void on_ask(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  sio_payload *payload = test_scratch(user);
  sio_target target = sio_only(socket);
  uint64_t timeout_ms;

  (void)ack;
  test_expect(sio_value_uint64(sio_get(args, 0, "timeout"), &timeout_ms),
              "timeout");
  if (timeout_ms == 0)
    timeout_ms = SIO_NEVER;
  target = sio_with_ack(target, timeout_ms, on_answer, user);
  events_append(payload, args, 1);
  test_expect(sio_emit_payload(target, "question", payload), "question");
}

/* ---- Rooms ---- */

static void acknowledge_rooms(struct test_server *server, sio_socket *socket,
                              sio_ack *ack)
{
  sio_payload *payload = test_scratch(server);
  size_t n = sio_socket_room_count(socket);
  size_t i;

  sio_payload_array_begin(payload);
  for (i = 0; i < n; i++)
    sio_payload_str(payload, sio_socket_room(socket, i));
  sio_payload_array_end(payload);
  test_expect(sio_ack_payload(ack, payload), "acknowledge rooms");
}

static void on_join(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  size_t n = sio_args_count(args);
  size_t i;

  for (i = 0; i < n; i++)
    test_expect(sio_join(socket, sio_value_str(sio_arg(args, i))), "join");
  acknowledge_rooms(user, socket, ack);
}

static void on_leave(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  size_t n = sio_args_count(args);
  size_t i;

  for (i = 0; i < n; i++)
    test_expect(sio_leave(socket, sio_value_str(sio_arg(args, i))), "leave");
  acknowledge_rooms(user, socket, ack);
}

static void on_send(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  sio_value options = sio_arg(args, 0);
  sio_payload *payload = test_scratch(user);
  sio_ns *ns = sio_socket_ns(socket);
  sio_str rooms[MAX_ROOMS];
  sio_str except[MAX_ROOMS];
  size_t n_rooms = 0;
  size_t n_except = 0;
  char event[NAME_CAP];
  sio_target target;
  bool everybody;

  events_text(event, options, "event");
  events_rooms(rooms, &n_rooms, sio_value_member(options, "to"));
  events_rooms(rooms, &n_rooms, sio_value_member(options, "in"));
  events_rooms(except, &n_except, sio_value_member(options, "except"));
  everybody =
      sio_str_is(sio_value_str(sio_value_member(options, "from")), "namespace");

  if (n_rooms == 0)
    target = everybody ? sio_everyone(ns) : sio_others(socket);
  else
    target = everybody ? sio_in(ns, rooms[0]) : sio_to(socket, rooms[0]);
  if (n_rooms > 1)
    target = sio_and_rooms(target, rooms + 1, n_rooms - 1);
  if (n_except == 1)
    target = sio_except(target, except[0]);
  else
    target = sio_except_rooms(target, except, n_except);

  events_append(payload, args, 1);
  test_expect(sio_emit_payload(target, event, payload), "send");
  test_expect(sio_ackf(ack, NULL), "acknowledge send");
}

static void on_burst(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  char event[NAME_CAP];
  uint64_t count;
  uint64_t i;

  (void)ack;
  (void)user;
  copy_text(event, sio_value_str(sio_arg(args, 0)));
  test_expect(sio_value_uint64(sio_arg(args, 1), &count), "count");
  for (i = 0; i < count; i++)
    test_expect(sio_emitf(sio_only(socket), event, "%u", (unsigned)i), "burst");
}

/* ---- The socket itself ---- */

static void on_note(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)ack;
  report_value(test_report(user), "note", socket, "value",
               sio_value_json(sio_arg(args, 0)));
}

static void on_leave_me(sio_socket *socket, const sio_args *args, sio_ack *ack,
                        void *user)
{
  bool close;

  (void)ack;
  (void)user;
  test_expect(sio_value_bool(sio_arg(args, 0), &close), "close");
  test_expect(sio_socket_disconnect(socket, close), "leave-me");
}

static void on_leave_talking(sio_socket *socket, const sio_args *args,
                             sio_ack *ack, void *user)
{
  (void)args;
  (void)user;
  test_expect(sio_socket_disconnect(socket, false), "leave-talking");
  if (sio_emitf(sio_only(socket), "late", NULL) != SIO_ERR_DISCONNECTED)
    test_expect(SIO_ERR_STATE, "an event after the end");
  if (sio_ackf(ack, "%s", "late") != SIO_ERR_DISCONNECTED && ack != NULL)
    test_expect(SIO_ERR_STATE, "an acknowledgement after the end");
  if (sio_join(socket, sio_s("late")) != SIO_ERR_DISCONNECTED)
    test_expect(SIO_ERR_STATE, "a room after the end");
}

static void on_handshake(sio_socket *socket, const sio_args *args, sio_ack *ack,
                         void *user)
{
  sio_str auth = sio_value_json(sio_socket_auth(socket));
  sio_str url = sio_socket_url(socket);
  sio_str header;
  char name[NAME_CAP];
  char query[NAME_CAP];
  int found;

  (void)user;
  copy_text(name, sio_value_str(sio_arg(args, 0)));
  header = sio_socket_header(socket, name);
  found = sio_socket_query(socket, name, query, sizeof(query));
  if (auth.len == 0)
    auth = sio_s("{}");
  test_expect(sio_ackf(ack,
                       "{address: %s, url: %.*s, header: %.*s, query: %s, "
                       "auth: raw %.*s}",
                       sio_socket_address(socket), (int)url.len, url.data,
                       (int)header.len, header.data, found == 0 ? query : NULL,
                       (int)auth.len, auth.data),
              "acknowledge handshake");
}

static void on_connect(sio_socket *socket, void *user)
{
  sio_value auth = sio_socket_auth(socket);
  sio_payload *payload = test_scratch(user);

  report_socket(test_report(user), "connect", socket);
  if (sio_value_json(auth).len == 0)
    sio_payload_json(payload, sio_s("{}"));
  else
    sio_payload_value(payload, auth);
  test_expect(sio_emit_payload(sio_only(socket), "auth", payload), "auth");
}

static void on_disconnecting(sio_socket *socket, const sio_end *end, void *user)
{
  report_end(test_report(user), "disconnecting", socket, end);
}

static void on_disconnect(sio_socket *socket, const sio_end *end, void *user)
{
  report_end(test_report(user), "disconnect", socket, end);
}

int events_serve(struct test_server *server, const char *name)
{
  static const struct {
    const char *event;
    sio_event_fn fn;
  } events[] = {
      {"message", on_message},     {"message-with-ack", on_message_with_ack},
      {"ack-later", on_ack_later}, {"ack-twice", on_ack_twice},
      {"ack-never", on_nothing},   {"ask", on_ask},
      {"join", on_join},           {"leave", on_leave},
      {"send", on_send},           {"burst", on_burst},
      {"note", on_note},           {"1", on_note},
      {"leave-me", on_leave_me},   {"leave-talking", on_leave_talking},
      {"handshake", on_handshake}};
  sio_ns *ns = sio_of(test_sio(server), name);
  int error;
  size_t i;

  if (ns == NULL)
    return SIO_ERR_NOMEM;
  error = sio_on_connect(ns, on_connect, server);
  if (error == 0)
    error = sio_on_disconnecting(ns, on_disconnecting, server);
  if (error == 0)
    error = sio_on_disconnect(ns, on_disconnect, server);
  for (i = 0; error == 0 && i < sizeof(events) / sizeof(events[0]); i++)
    error = sio_on(ns, events[i].event, events[i].fn, server);
  return error;
}

/* ---- Middlewares ---- */

static void decide(sio_ack *ack, sio_next *next, sio_payload *payload)
{
  sio_value auth = sio_socket_auth(sio_next_socket(next));
  sio_str token = sio_value_str(sio_value_member(auth, "token"));
  int error;

  (void)ack;
  (void)payload;
  if (sio_str_is(token, "secret"))
    error = sio_next_ok(next);
  else if (sio_str_is(token, "plain"))
    error = sio_next_refuse(next, "not authorized", NULL);
  else
    error = sio_next_refusef(next, "not authorized",
                             "{code: %d, hint: [1, %s]}", 401, "\xc3\xa9");
  test_expect(error, "middleware");
}

static void check_token(sio_socket *socket, sio_next *next, void *user)
{
  static const uint64_t never_ms = 3600000;
  sio_value auth = sio_socket_auth(socket);
  sio_value delay = sio_value_member(auth, "delay");
  sio_str token = sio_value_str(sio_value_member(auth, "token"));
  uint64_t delay_ms = 0;

  report_value(test_report(user), "middleware", socket, "name",
               sio_s("\"first\""));
  if (sio_str_is(token, "never"))
    delay_ms = never_ms;
  else if (sio_value_type(delay) != SIO_ABSENT)
    test_expect(sio_value_uint64(delay, &delay_ms), "delay");

  if (delay_ms == 0)
    decide(NULL, next, NULL);
  else
    test_expect(test_later(user, delay_ms, decide, NULL, next, NULL), "later");
}

static void make_member(sio_socket *socket, sio_next *next, void *user)
{
  report_value(test_report(user), "middleware", socket, "name",
               sio_s("\"second\""));
  test_expect(sio_join(socket, sio_s("members")), "join members");
  test_expect(sio_next_ok(next), "middleware");
}

int events_guard(struct test_server *server, const char *name)
{
  sio_ns *ns = sio_of(test_sio(server), name);
  int error;

  if (ns == NULL)
    return SIO_ERR_NOMEM;
  error = sio_use(ns, check_token, server);
  return error != 0 ? error : sio_use(ns, make_member, server);
}
