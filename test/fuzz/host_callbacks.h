/* SPDX-License-Identifier: MIT */
#ifndef SIO_FUZZ_HOST_CALLBACKS_H
#define SIO_FUZZ_HOST_CALLBACKS_H

/* What a host of host.c has, and what the library calls: each callback may
 * call anything by meddle(). */

#include "stage.h"

#include "chat_contract.h"

enum { SLOTS = 8, DEEPEST = 4, MOST_CALLS = 300 };

static struct {
  unsigned depth, calls;
  sio_socket *sockets[SLOTS]; /* references, each */
  sio_ack *acks[SLOTS];
  sio_next *nexts[SLOTS];
  sio_event *events[SLOTS];
  sio_ns_request *asked[SLOTS];
  char requests[SLOTS][SIO_REQUEST_MAX]; /* of operations */
  size_t n_requests;
} host;

/* ---- What is picked ---- */

static sio_server *pick_server(void)
{
  return stage.servers[stage_below(STAGE_SERVERS)];
}

/* NULL, mostly if it was deleted. */
static sio_ns *pick_ns(void)
{
  static const char *const names[] = {"/", "/a", "/p/1", "/p/2"};

  return sio_find(pick_server(), names[stage_below(4)]);
}

static sio_ns *some_ns(void)
{
  sio_ns *ns = pick_ns();

  return ns != NULL ? ns : sio_find(stage.servers[0], "/");
}

static sio_socket *pick_socket(void)
{
  return host.sockets[stage_below(SLOTS)];
}

static sio_str pick_room(void)
{
  static const char *const names[] = {"r", "room", "other", ""};

  return sio_s(names[stage_below(4)]);
}

static const char *pick_event(void)
{
  static const char *const names[] = {"e", "say", "move", "said"};

  return names[stage_below(4)];
}

static void meddle(void);

/* ---- Callbacks ---- */

static void on_response(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  (void)socket;
  (void)user;
  stage_must(status <= 0);
  (void)sio_args_json(args);
  meddle();
}

/* Each of these comes once, which leaks or a double free would tell. */
static void on_done(int status, size_t answered, size_t asked, void *user)
{
  (void)status;
  (void)answered;
  (void)asked;
  meddle();
  stage.mem.free(user, 1, NULL);
}

static void on_typed_answer(sio_socket *socket, int status, const done *answer,
                            void *user)
{
  (void)socket;
  (void)user;
  stage_must((status == 0) == (answer != NULL));
  meddle();
}

static void on_fetched(const sio_socket_info *info, void *user)
{
  (void)user;
  stage_must(info->id.data != NULL);
  meddle();
}

static void on_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  unsigned slot = stage_below(SLOTS);

  (void)socket;
  (void)user;
  if (ack != NULL) {
    sio_ack *old = host.acks[slot];

    host.acks[slot] = sio_ack_retain(ack);
    sio_ack_release(old); /* which may call us */
  }
  meddle();
  (void)sio_ack_args(ack, args);
}

static void on_server_event(sio_ns *ns, const sio_args *args, sio_ack *ack,
                            void *user)
{
  (void)ns;
  on_event(NULL, args, ack, user);
}

static void on_any(sio_socket *socket, sio_str event, const sio_args *args,
                   sio_ack *ack, void *user)
{
  (void)event;
  on_event(socket, args, ack, user);
}

static void on_outgoing(sio_socket *socket, sio_str event, sio_str json,
                        void *user)
{
  (void)socket;
  (void)event;
  (void)json;
  (void)user;
  meddle();
}

static void on_say(sio_socket *socket, const say *event, sio_ack *ack,
                   void *user)
{
  (void)socket;
  (void)user;
  meddle();
  stage_must(event->room.len >= 1 && event->room.data[0] != '\0');
  (void)sio_typed_ack(talk_say, ack, &(done){.id = 1});
}

static void on_violation(sio_socket *socket, const sio_violation *violation,
                         sio_ack *ack, void *user)
{
  (void)user;
  (void)socket;
  meddle();
  (void)sio_ackf(ack, "%s", violation->code);
}

static void on_connect(sio_socket *socket, void *user)
{
  unsigned slot = stage_below(SLOTS);
  sio_socket *old = host.sockets[slot];

  (void)user;
  host.sockets[slot] = sio_socket_retain(socket);
  sio_socket_release(old);
  meddle();
}

static void on_end(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)end;
  (void)user;
  meddle();
}

static void on_middleware(sio_socket *socket, sio_next *next, void *user)
{
  unsigned how = stage_below(4), slot = stage_below(SLOTS);

  (void)socket;
  (void)user;
  meddle();
  if (how == 0) {
    sio_next *old = host.nexts[slot];

    host.nexts[slot] = sio_next_retain(next);
    sio_next_release(old); /* which may call us */
  } else if (how == 1) {
    (void)sio_next_refusef(next, "no", "%d", 1);
  } else {
    (void)sio_next_ok(next);
  }
}

static void on_event_middleware(sio_socket *socket, sio_event *event,
                                void *user)
{
  unsigned how = stage_below(4), slot = stage_below(SLOTS);

  (void)socket;
  (void)user;
  meddle();
  if (how == 0) {
    sio_event *old = host.events[slot];

    host.events[slot] = sio_event_retain(event);
    sio_event_release(old); /* which may call us */
  } else if (how == 1) {
    (void)sio_event_refuse(event, "no");
  } else {
    (void)sio_event_next(event);
  }
}

static void on_problem(sio_socket *socket, const sio_problem *problem,
                       void *user)
{
  (void)socket;
  (void)problem;
  (void)user;
  meddle();
}

static void on_room(sio_ns *ns, sio_str room, void *user)
{
  (void)ns;
  (void)room;
  (void)user;
  meddle();
}

static void on_member(sio_ns *ns, sio_str room, sio_socket *socket, void *user)
{
  (void)socket;
  on_room(ns, room, user);
}

static void on_ns(sio_ns *ns, void *user)
{
  (void)ns;
  (void)user;
  meddle();
}

static void on_lost(sio_ns *ns, sio_str id, sio_value data, void *user)
{
  (void)data;
  on_room(ns, id, user);
}

static void on_decide(sio_ns_request *request, void *user)
{
  unsigned how = stage_below(3), slot = stage_below(SLOTS);

  (void)user;
  meddle();
  if (how == 0) {
    sio_ns_request *old = host.asked[slot];

    host.asked[slot] = sio_ns_request_retain(request);
    sio_ns_request_release(old); /* which may call us */
  } else {
    (void)sio_ns_request_accept(request);
  }
}

static void on_packet(sio_session *session, sio_packet_type type,
                      const sio_message *message, void *user)
{
  (void)session;
  (void)type;
  (void)message;
  (void)user;
  meddle();
}

static void on_session(sio_session *session, void *user)
{
  (void)session;
  (void)user;
  meddle();
}

static void on_session_end(sio_session *session, const sio_end *end, void *user)
{
  (void)end;
  on_session(session, user);
}

static bool on_each(sio_socket *socket, void *user)
{
  (void)socket;
  (void)user;
  meddle();
  return true;
}

static bool on_each_ns(sio_ns *ns, void *user)
{
  on_ns(ns, user);
  return true;
}

static bool on_each_session(sio_session *session, void *user)
{
  on_session(session, user);
  return true;
}

static bool on_each_listener(const sio_listener *listener, void *user)
{
  (void)user;
  stage_must(listener->fn != NULL);
  meddle();
  return true;
}

static void on_sent(sio_session *session, int status, void *user)
{
  (void)status;
  on_session(session, user);
}

static void on_closed(sio_server *server, void *user)
{
  (void)server;
  (void)user;
  meddle();
}

/* ---- The adapter ---- */

static int publish(sio_ns *ns, const sio_operation *operation, void *user)
{
  sio_server *from = sio_ns_server(ns), *to = stage_other(from);
  unsigned how = stage_byte();

  (void)user;
  if (operation->request.len > 0) {
    char *kept = host.requests[host.n_requests++ % SLOTS];

    memcpy(kept, operation->request.data, operation->request.len);
    kept[operation->request.len] = '\0';
  }
  if ((how & 1) == 0)
    meddle();
  if ((how & 6) != 6 && to != NULL)
    (void)sio_adapter_receive(to, operation);
  if (operation->request.len > 0 && (how & 8) == 0)
    (void)sio_adapter_expect(from, operation->request, how >> 6);
  return (how & 48) == 48 ? SIO_ERR_CLOSED : 0;
}

static int answer(sio_ns *ns, const sio_answer *given, void *user)
{
  sio_server *to = stage_other(sio_ns_server(ns));

  (void)user;
  meddle();
  return to != NULL ? sio_adapter_answer(to, given) : SIO_ERR_CLOSED;
}

static void set_adapter(void)
{
  sio_server *server = pick_server();
  sio_adapter_ops ops;

  sio_adapter_ops_init(&ops);
  ops.publish = publish;
  ops.answer = answer;
  ops.opened = ops.closed = on_ns;
  ops.room_created = ops.room_deleted = on_room;
  (void)sio_server_set_adapter(server, stage_below(3) == 0 ? NULL : &ops, NULL);
}

#endif
