/* SPDX-License-Identifier: MIT */
/* Every way to emit, and what is done with many sockets: the namespace
 * "/cast". */
#include "server.h"

#include <sio/rooms.h>

#include <stdlib.h>

/* A target that a client describes; the arrays are borrowed by it. */
struct aim {
  sio_str rooms[MAX_ROOMS];
  sio_str except[MAX_ROOMS];
  sio_target target;
};

static bool is_set(sio_value options, const char *key)
{
  bool set = false;

  (void)sio_value_bool(sio_value_member(options, key), &set); /* or missing */
  return set;
}

/* {from: "me", "others" or "namespace", to, except, volatile, ...} */
static void take_aim(struct aim *aim, sio_socket *socket, sio_value options)
{
  sio_str from = sio_value_str(sio_value_member(options, "from"));
  size_t n_rooms = 0;
  size_t n_except = 0;
  sio_target target = sio_everyone(sio_socket_ns(socket));

  if (sio_str_is(from, "me"))
    target = sio_only(socket);
  else if (sio_str_is(from, "others"))
    target = sio_others(socket);
  events_rooms(aim->rooms, &n_rooms, sio_value_member(options, "to"));
  events_rooms(aim->except, &n_except, sio_value_member(options, "except"));
  target = sio_and_rooms(target, aim->rooms, n_rooms);
  target = sio_except_rooms(target, aim->except, n_except);
  if (is_set(options, "volatile"))
    target = sio_volatile(target);
  if (is_set(options, "uncompressed"))
    target = sio_uncompressed(target);
  if (is_set(options, "local"))
    target = sio_local(target);
  aim->target = target;
}

/* ---- Emitting ---- */

/* Emit all of a list in one turn; its entries describe a target and say
 * `event` and `binary`. */
static void on_series(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  static const uint8_t bytes[] = {1, 2, 3};
  static const sio_span binary = {bytes, sizeof(bytes)};
  sio_iter iter = sio_value_iter(sio_arg(args, 0));
  sio_payload *results = sio_payload_new(NULL);
  int64_t i = 0;
  sio_value options;

  sio_payload_array_begin(results);
  while (sio_iter_next(&iter, NULL, &options)) {
    sio_payload *payload = test_scratch(user);
    char event[NAME_CAP];
    struct aim aim;

    take_aim(&aim, socket, options);
    events_text(event, options, "event");
    sio_payload_int64(payload, i++);
    if (is_set(options, "binary"))
      sio_payload_binary(payload, binary);
    sio_payload_int64(results, sio_emit_payload(aim.target, event, payload));
  }
  sio_payload_array_end(results);
  test_expect(sio_ack_payload(ack, results), "acknowledge series");
  sio_payload_free(results);
}

/* As the reference does with the same target, again and again: each use of it
 * is as the first. */
static void on_reuse(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  sio_target base = sio_others(socket);
  sio_target room = sio_and(base, sio_value_str(sio_arg(args, 0)));
  sio_target lossy = sio_volatile(sio_local(room));

  (void)user;
  test_expect(sio_emitf(base, "reuse", "%s", "base"), "base");
  test_expect(sio_emitf(room, "reuse", "%s", "room"), "room");
  test_expect(sio_emitf(lossy, "reuse", "%s", "lossy"), "lossy");
  test_expect(sio_emitf(base, "reuse", "%s", "base again"), "base again");
  test_expect(sio_ackf(ack, NULL), "acknowledge reuse");
}

static void on_send(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  (void)ack;
  (void)user;
  test_expect(sio_send_args(sio_only(socket), args), "send");
  test_expect(sio_sendf(sio_only(socket), "{done: bool %d}", 1), "sendf");
}

/* ---- Acknowledgements ---- */

struct round {
  sio_ack *ack;
  sio_payload *answers;
};

static void on_answer(sio_socket *socket, int status, const sio_args *args,
                      void *user)
{
  struct round *round = user;

  test_expect(status, "answer of a round");
  sio_payload_array_begin(round->answers);
  sio_payload_string(round->answers, sio_socket_id(socket));
  events_append(round->answers, args, 0);
  sio_payload_array_end(round->answers);
}

static void on_done(int status, size_t answered, size_t asked, void *user)
{
  struct round *round = user;

  sio_payload_array_end(round->answers);
  sio_payload_string(round->answers, status == 0 ? NULL
                                     : status == SIO_ERR_TIMEOUT
                                         ? "timeout"
                                         : sio_strerror(status));
  sio_payload_int64(round->answers, (int64_t)answered);
  sio_payload_int64(round->answers, (int64_t)asked);
  sio_payload_array_end(round->answers);
  test_expect(sio_ack_payload(round->ack, round->answers), "end of a round");
  sio_payload_free(round->answers);
  sio_ack_release(round->ack);
  free(round);
}

/* Ask with {timeout, event, ...}; acknowledges with
 * [[[id, ...args], ...], error, answered, asked]. */
static void on_gather(sio_socket *socket, const sio_args *args, sio_ack *ack,
                      void *user)
{
  struct round *round = calloc(1, sizeof(*round));
  sio_value options = sio_arg(args, 0);
  sio_payload *payload = test_scratch(user);
  uint64_t timeout_ms = 0;
  char event[NAME_CAP];
  struct aim aim;
  int error;

  if (round == NULL) {
    test_expect(SIO_ERR_NOMEM, "gather");
    return;
  }
  round->ack = sio_ack_retain(ack);
  round->answers = sio_payload_new(NULL);
  sio_payload_array_begin(round->answers);
  sio_payload_array_begin(round->answers);
  take_aim(&aim, socket, options);
  events_text(event, options, "event");
  test_expect(
      sio_value_uint64(sio_value_member(options, "timeout"), &timeout_ms),
      "timeout");
  events_append(payload, args, 1);
  error = sio_emit_payload(
      sio_with_acks(aim.target, timeout_ms, on_answer, on_done, round), event,
      payload);
  test_expect(error, "gather");
}

static void on_at_once(sio_socket *socket, int status, const sio_args *args,
                       void *user)
{
  (void)args;
  (void)user;
  test_expect(sio_emitf(sio_only(socket), "at-once", "%d", status), "at-once");
}

static void on_ask_at_once(sio_socket *socket, const sio_args *args,
                           sio_ack *ack, void *user)
{
  sio_target target = sio_with_ack(sio_only(socket), 0, on_at_once, user);

  (void)args;
  (void)ack;
  test_expect(sio_emitf(target, "question", NULL), "ask-at-once");
}

/* ---- Many sockets ---- */

static bool add_id(sio_socket *socket, void *user)
{
  sio_payload_string(user, sio_socket_id(socket));
  return true;
}

static void on_fetch(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  sio_payload *ids = test_scratch(user);
  struct aim aim;

  take_aim(&aim, socket, sio_arg(args, 0));
  sio_payload_int64(ids, sio_count(aim.target));
  sio_payload_array_begin(ids);
  test_expect(sio_each(aim.target, add_id, ids), "fetch");
  sio_payload_array_end(ids);
  test_expect(sio_ack_payload(ack, ids), "acknowledge fetch");
}

/* ("join", "leave", "disconnect" or "close", target, rooms) */
static void on_bulk(sio_socket *socket, const sio_args *args, sio_ack *ack,
                    void *user)
{
  sio_str what = sio_value_str(sio_arg(args, 0));
  sio_str rooms[MAX_ROOMS];
  struct aim aim;
  size_t n = 0;
  int error;

  (void)user;
  take_aim(&aim, socket, sio_arg(args, 1));
  events_rooms(rooms, &n, sio_arg(args, 2));
  if (sio_str_is(what, "join"))
    error = sio_sockets_join(aim.target, rooms, n);
  else if (sio_str_is(what, "leave"))
    error = sio_sockets_leave(aim.target, rooms, n);
  else
    error = sio_sockets_disconnect(aim.target, sio_str_is(what, "close"));
  test_expect(error, "bulk");
  test_expect(sio_ackf(ack, NULL), "acknowledge bulk");
}

static bool add_room(sio_str room, size_t sockets, void *user)
{
  sio_payload_array_begin(user);
  sio_payload_str(user, room);
  sio_payload_int64(user, (int64_t)sockets);
  sio_payload_array_end(user);
  return true;
}

static void on_list_rooms(sio_socket *socket, const sio_args *args,
                          sio_ack *ack, void *user)
{
  sio_payload *rooms = test_scratch(user);

  (void)args;
  sio_payload_array_begin(rooms);
  sio_ns_each_room(sio_socket_ns(socket), add_room, rooms);
  sio_payload_array_end(rooms);
  test_expect(sio_ack_payload(ack, rooms), "acknowledge list-rooms");
}

/* ---- Rooms, to the report ---- */

static void report_room(struct report *report, const char *what, sio_str room,
                        const sio_socket *socket)
{
  report_begin(report, what);
  report_text(report, "room", room);
  if (socket != NULL)
    report_text(report, "id", sio_s(sio_socket_id(socket)));
  report_finish(report);
}

static void on_created(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  report_room(test_report(user), "create-room", room, NULL);
}

static void on_deleted(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  report_room(test_report(user), "delete-room", room, NULL);
}

static void on_joined(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  (void)ns;
  report_room(test_report(user), "join-room", room, socket);
}

static void on_left(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  (void)ns;
  report_room(test_report(user), "leave-room", room, socket);
}

/* ---- From outside ---- */

/* {nsp, id}: whether something volatile would go out. */
static void on_writable(sio_socket *socket, const sio_args *args, sio_ack *ack,
                        void *user)
{
  sio_socket *other = NULL;
  char name[NAME_CAP];
  sio_ns *ns;

  (void)socket;
  events_text(name, sio_arg(args, 0), "nsp");
  ns = sio_find(test_sio(user), name);
  if (ns != NULL)
    other = sio_ns_socket(ns, sio_value_str(sio_get(args, 0, "id")));
  test_expect(sio_ackf(ack, "bool %d",
                       other != NULL &&
                           sio_session_is_writable(sio_socket_session(other))),
              "acknowledge writable");
}

int casts_serve(struct test_server *server)
{
  static const struct {
    const char *event;
    sio_event_fn fn;
  } events[] = {{"series", on_series},
                {"reuse", on_reuse},
                {"send-back", on_send},
                {"gather", on_gather},
                {"ask-at-once", on_ask_at_once},
                {"fetch", on_fetch},
                {"bulk", on_bulk},
                {"list-rooms", on_list_rooms}};
  sio_ns *ns = sio_of(test_sio(server), "/cast");
  sio_room_handlers handlers;
  int error = events_serve(server, "/cast");
  size_t i;

  for (i = 0; error == 0 && i < sizeof(events) / sizeof(events[0]); i++)
    error = sio_on(ns, events[i].event, events[i].fn, server);
  sio_room_handlers_init(&handlers);
  handlers.created = on_created;
  handlers.deleted = on_deleted;
  handlers.joined = on_joined;
  handlers.left = on_left;
  if (error == 0)
    error = sio_on_rooms(ns, &handlers, server);
  if (error == 0)
    error = sio_on(sio_of(test_sio(server), "/control"), "writable",
                   on_writable, server);
  return error;
}
