/* SPDX-License-Identifier: MIT */
/*
 * A host that calls anything from anywhere: between what happens to the
 * servers, and in each callback.
 */
#include "stage.h"

#include "chat_contract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* ---- Targets ---- */

static sio_target pick_target(void)
{
  unsigned how = stage_byte();
  sio_target target;

  switch (how & 7) {
  case 0:
    target = sio_everyone(pick_ns());
    break;
  case 1:
    target = sio_in(pick_ns(), pick_room());
    break;
  case 2:
    target = sio_to(pick_socket(), pick_room());
    break;
  case 3:
    target = sio_nodes(pick_ns());
    break;
  case 4:
    target = sio_others(pick_socket());
    break;
  default:
    target = sio_only(pick_socket());
  }
  if ((how & 8) != 0)
    target = sio_volatile(target);
  if ((how & 16) != 0)
    target = sio_except(target, pick_room());
  if ((how & 32) != 0)
    target = sio_local(target);
  if ((how & 64) != 0)
    target = sio_with_ack(target, 100, on_response, NULL);
  return target;
}

/* A block that on_done() frees. */
static void *token(void)
{
  return stage.mem.alloc(1, NULL);
}

/* ---- What is called ---- */

static void emit(void)
{
  (void)sio_emitf(pick_target(), pick_event(), "%d, {a: %s}", 1, "x");
}

static void emit_json(void)
{
  (void)sio_emit_json(pick_target(), stage_text(), stage_str());
}

static void emit_binary(void)
{
  sio_payload *payload = sio_payload_new(&stage.mem);

  if (payload == NULL)
    return;
  sio_payload_binary(payload, stage_bytes());
  sio_payload_string(payload, "x");
  (void)sio_emit_payload(pick_target(), pick_event(), payload);
  sio_payload_free(payload);
}

static void emit_struct(void)
{
  (void)sio_typed_emit(talk_said, pick_target(), &(said){.text = sio_s("t")});
}

static void ask_struct(void)
{
  (void)sio_typed_ask(talk_quit, pick_target(), 100, on_typed_answer, NULL,
                      SIO_NONE);
}

static void ask_all(void)
{
  void *user = token();
  int rv;

  if (user == NULL)
    return;
  rv = sio_emitf(sio_with_acks(pick_target(), 100, on_response, on_done, user),
                 pick_event(), NULL);
  if (rv != 0 && rv != SIO_BUFFERED)
    stage.mem.free(user, 1, NULL);
}

static void fetch(void)
{
  void *user = token();

  if (user != NULL &&
      sio_fetch(pick_target(), 100, on_fetched, on_done, user) != 0)
    stage.mem.free(user, 1, NULL);
}

static void each(void)
{
  (void)sio_each(pick_target(), on_each, NULL);
}

static void join_many(void)
{
  sio_str room = pick_room();

  (void)sio_sockets_join(pick_target(), &room, 1);
}

static void leave_many(void)
{
  sio_str room = pick_room();

  (void)sio_sockets_leave(pick_target(), &room, 1);
}

static void disconnect_many(void)
{
  (void)sio_sockets_disconnect(pick_target(), stage_below(2) != 0);
}

static void join(void)
{
  sio_socket *socket = pick_socket();

  if (socket != NULL)
    (void)sio_join(socket, pick_room());
}

static void leave(void)
{
  sio_socket *socket = pick_socket();

  if (socket != NULL)
    (void)sio_leave(socket, pick_room());
}

static void disconnect(void)
{
  sio_socket *socket = pick_socket();

  if (socket != NULL)
    (void)sio_socket_disconnect(socket, stage_below(2) != 0);
}

static void close_session(void)
{
  sio_socket *socket = pick_socket();
  sio_session *session = socket != NULL ? sio_socket_session(socket) : NULL;

  if (session != NULL)
    sio_session_close(session, stage_below(2) != 0);
}

static void forget_socket(void)
{
  unsigned slot = stage_below(SLOTS);
  sio_socket *old = host.sockets[slot];

  host.sockets[slot] = NULL;
  sio_socket_release(old);
}

static void set_data(void)
{
  sio_socket *socket = pick_socket();

  if (socket != NULL)
    (void)sio_socket_set_data(socket, sio_s("{\"a\":1}"));
}

static void answer_late(void)
{
  unsigned slot = stage_below(SLOTS);
  sio_ack *ack = host.acks[slot];

  host.acks[slot] = NULL;
  if (stage_below(2) == 0)
    (void)sio_ack_struct(ack, done_schema(), &(done){.id = 2});
  else
    (void)sio_ackf(ack, "%d", 1);
  sio_ack_release(ack);
}

static void admit_late(void)
{
  unsigned slot = stage_below(SLOTS);
  sio_next *next = host.nexts[slot];

  host.nexts[slot] = NULL;
  if (next != NULL && stage_below(4) != 0)
    (void)sio_next_ok(next);
  sio_next_release(next);
}

static void pass_late(void)
{
  unsigned slot = stage_below(SLOTS);
  sio_event *event = host.events[slot];

  host.events[slot] = NULL;
  if (event != NULL && stage_below(4) != 0)
    (void)sio_event_rewrite(event, pick_event(), NULL);
  if (event != NULL && stage_below(4) != 0)
    (void)sio_event_next(event);
  sio_event_release(event);
}

static void decide_late(void)
{
  unsigned slot = stage_below(SLOTS);
  sio_ns_request *request = host.asked[slot];

  host.asked[slot] = NULL;
  if (request != NULL && stage_below(4) != 0)
    (void)sio_ns_request_accept(request);
  sio_ns_request_release(request);
}

static void make_ns(void)
{
  static const char *const names[] = {"/", "/a", "/p/1", "/p/2"};

  (void)sio_of(pick_server(), names[stage_below(4)]);
}

static void delete_ns(void)
{
  (void)sio_ns_delete(pick_ns());
}

static void set_contract(void)
{
  sio_contract_options options;
  sio_ns *ns = pick_ns();

  sio_contract_options_init(&options);
  options.unknown_events = stage_below(3);
  options.on_violation = stage_below(2) == 0 ? on_violation : NULL;
  options.max_decoded_bytes = 64;
  (void)sio_ns_set_contract(ns, stage_below(3) == 0 ? NULL : talk_contract(),
                            &options);
  (void)sio_typed_on(talk_say, ns, on_say, NULL);
}

static void typed_off(void)
{
  (void)sio_typed_off(talk_say, pick_ns(), stage_below(2) ? on_say : NULL,
                      NULL);
}

static void add_handlers(void)
{
  sio_ns *ns = some_ns();
  unsigned which = stage_byte();

  if ((which & 1) != 0)
    (void)sio_once(ns, pick_event(), on_event, NULL);
  if ((which & 2) != 0)
    (void)sio_prepend_any(ns, on_any, NULL);
  if ((which & 4) != 0)
    (void)sio_on_matching(ns, "*", on_any, NULL);
  if ((which & 8) != 0)
    (void)sio_on_outgoing(ns, on_outgoing, NULL);
  if ((which & 16) != 0)
    (void)sio_use_event(ns, on_event_middleware, NULL);
  if ((which & 32) != 0)
    (void)sio_use(ns, on_middleware, NULL);
  if ((which & 64) != 0)
    (void)sio_on_server_event(ns, pick_event(), on_server_event, NULL);
}

static void drop_handlers(void)
{
  sio_ns *ns = some_ns();
  unsigned which = stage_byte();

  if ((which & 1) != 0)
    (void)sio_off(ns, NULL, NULL, NULL);
  if ((which & 2) != 0)
    (void)sio_off_any(ns, NULL, NULL);
  if ((which & 4) != 0)
    (void)sio_off_matching(ns, NULL, NULL, NULL);
  if ((which & 8) != 0)
    (void)sio_off_outgoing(ns, NULL, NULL);
  if ((which & 16) != 0)
    (void)sio_off_server_event(ns, NULL, NULL, NULL);
}

static void own_handlers(void)
{
  sio_socket *socket = pick_socket();
  unsigned which = stage_byte();

  if (socket == NULL)
    return;
  if ((which & 1) != 0)
    (void)sio_socket_on(socket, pick_event(), on_event, NULL);
  if ((which & 2) != 0)
    (void)sio_socket_on_any(socket, on_any, NULL);
  if ((which & 4) != 0)
    (void)sio_socket_on_outgoing(socket, on_outgoing, NULL);
  if ((which & 8) != 0)
    (void)sio_socket_use(socket, on_event_middleware, NULL);
  if ((which & 16) != 0)
    (void)sio_socket_off(socket, NULL, NULL, NULL);
  if ((which & 32) != 0)
    (void)sio_socket_off_outgoing(socket, NULL, NULL);
}

static void list(void)
{
  switch (stage_below(4)) {
  case 0:
    sio_server_each_ns(pick_server(), on_each_ns, NULL);
    break;
  case 1:
    sio_server_each_session(pick_server(), on_each_session, NULL);
    break;
  case 2:
    sio_each_listener(pick_ns(), on_each_listener, NULL);
    break;
  default:
    sio_socket_each_listener(pick_socket(), on_each_listener, NULL);
  }
}

static void send_message(void)
{
  sio_socket *socket = pick_socket();
  sio_session *session = socket != NULL ? sio_socket_session(socket) : NULL;
  sio_span bytes = stage_bytes();

  if (session != NULL)
    (void)sio_session_send_then(session, bytes, SIO_SEND_BINARY, on_sent, NULL);
}

static void close_server(void)
{
  if (stage_below(8) == 0)
    (void)sio_server_close(pick_server(), on_closed, NULL);
}

static void drain_server(void)
{
  if (stage_below(8) == 0)
    (void)sio_server_drain(pick_server(), NULL, on_closed, NULL);
}

/* An operation of a node that nobody has seen. */
static void receive(void)
{
  sio_operation operation;
  sio_str names[2];

  sio_operation_init(&operation);
  operation.type = (sio_operation_type)stage_below(8);
  operation.flags = stage_below(8);
  operation.ns = sio_s("/");
  names[0] = pick_room();
  names[1] = stage_str();
  operation.rooms = names;
  operation.n_rooms = stage_below(3);
  operation.names = names;
  operation.n_names = stage_below(3);
  operation.data = stage_str();
  if (stage_below(2) != 0)
    operation.request = stage_str();
  operation.timeout_ms = stage_byte();
  (void)sio_adapter_receive(pick_server(), &operation);
}

/* An answer to something that was asked. */
static void answer_any(void)
{
  sio_answer given;
  sio_span bytes = stage_bytes();

  sio_answer_init(&given);
  given.type = (sio_answer_type)stage_below(7);
  given.request = sio_s(host.requests[stage_below(SLOTS)]);
  given.count = stage_below(4);
  given.data = stage_str();
  given.attachments = &bytes;
  given.n_attachments = stage_below(2);
  (void)sio_adapter_answer(pick_server(), &given);
}

static void expect(void)
{
  (void)sio_adapter_expect(
      pick_server(), sio_s(host.requests[stage_below(SLOTS)]), stage_below(4));
}

static void (*const calls[])(void) = {
    emit,
    emit_json,
    emit_binary,
    emit_struct,
    ask_struct,
    ask_all,
    fetch,
    each,
    join_many,
    leave_many,
    disconnect_many,
    join,
    leave,
    disconnect,
    close_session,
    forget_socket,
    set_data,
    answer_late,
    admit_late,
    pass_late,
    decide_late,
    make_ns,
    delete_ns,
    set_contract,
    typed_off,
    add_handlers,
    drop_handlers,
    own_handlers,
    close_server,
    drain_server,
    receive,
    answer_any,
    expect,
    set_adapter,
    list,
    send_message,
    stage_act,
};

static void call_one(void)
{
  if (host.calls++ < MOST_CALLS)
    calls[stage_below(sizeof calls / sizeof *calls)]();
}

/* In a callback. */
static void meddle(void)
{
  unsigned n = stage.left > 0 && host.depth < DEEPEST ? stage_below(4) : 0;

  host.depth++;
  while (n-- > 1)
    call_one();
  host.depth--;
}

/* ---- All of it ---- */

static void watch(sio_server *server)
{
  sio_session_handlers sessions;
  unsigned which = stage_byte();

  sio_session_handlers_init(&sessions);
  if ((which & 1) != 0)
    sessions.packet_out = on_packet;
  if ((which & 2) != 0)
    sessions.packet_in = on_packet;
  if ((which & 4) != 0)
    sessions.drain = sessions.heartbeat = on_session;
  if ((which & 8) != 0)
    sessions.upgrading = sessions.upgrade = on_session;
  if ((which & 16) != 0)
    sessions.open = on_session;
  if ((which & 32) != 0)
    sessions.close = on_session_end;
  if ((which & 63) != 0)
    (void)sio_server_on_sessions(server, &sessions, NULL);
  if ((which & 64) != 0)
    sio_server_on_namespace(server, on_ns, NULL);
}

static void set_up(sio_server *server)
{
  sio_ns *spaces[] = {sio_of(server, "/"), sio_of(server, "/a"),
                      sio_of_pattern(server, "/p/{x}")};
  sio_room_handlers rooms;

  sio_room_handlers_init(&rooms);
  rooms.created = rooms.deleted = on_room;
  rooms.joined = rooms.left = on_member;
  for (size_t i = 0; i < 3; i++) {
    unsigned which = stage_byte();

    (void)sio_on(spaces[i], "e", on_event, NULL);
    (void)sio_on_connect(spaces[i], on_connect, NULL);
    (void)sio_on_disconnecting(spaces[i], on_end, NULL);
    (void)sio_on_disconnect(spaces[i], on_end, NULL);
    (void)sio_on_drain(spaces[i], on_connect, NULL);
    (void)sio_on_problem(spaces[i], on_problem, NULL);
    (void)sio_on_recovery_lost(spaces[i], on_lost, NULL);
    if ((which & 1) != 0)
      (void)sio_on_rooms(spaces[i], &rooms, NULL);
    if ((which & 2) != 0)
      (void)sio_use(spaces[i], on_middleware, NULL);
    if ((which & 4) != 0)
      (void)sio_use_event(spaces[i], on_event_middleware, NULL);
    if ((which & 8) != 0)
      (void)sio_on_outgoing(spaces[i], on_outgoing, NULL);
  }
  (void)sio_of_dynamic(server, on_decide, NULL);
  if ((stage.flags & STAGE_CONTRACT) != 0)
    set_contract();
  if ((stage.flags & STAGE_JOINED) != 0)
    set_adapter();
  watch(server);
}

/* Handles outlive their servers. */
static void let_go(void)
{
  for (size_t i = 0; i < SLOTS; i++) {
    sio_socket_release(host.sockets[i]);
    sio_ack_release(host.acks[i]);
    sio_next_release(host.nexts[i]);
    sio_event_release(host.events[i]);
    sio_ns_request_release(host.asked[i]);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  memset(&host, 0, sizeof host);
  stage_open(data, size);
  for (int i = 0; i < STAGE_SERVERS; i++)
    set_up(stage.servers[i]);
  while (stage.left > 0) {
    if (stage_below(3) == 0)
      call_one();
    else
      stage_act();
  }
  stage_close();
  let_go();
  stage_must(stage.live == 0);
  return 0;
}
