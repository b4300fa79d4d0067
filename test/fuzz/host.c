/* SPDX-License-Identifier: MIT */
/*
 * A host that calls anything from anywhere: between what happens to the
 * servers, and in each callback.
 */
#include "host_callbacks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
