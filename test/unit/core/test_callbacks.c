/* SPDX-License-Identifier: MIT */
/*
 * From inside every kind of callback everything is done that a callback may
 * do, while a fixed scenario runs.  However that goes on: each socket that has
 * joined leaves exactly once, nothing leaks, and what is freed is not used.
 */
#include "core_world.h"

#include <stdio.h>

enum kind {
  IN_MIDDLEWARE,
  IN_CONNECT,
  IN_DISCONNECTING,
  IN_DISCONNECT,
  IN_EVENT,
  IN_RESPONSE,
  IN_VISIT,
  IN_HTTP,
  IN_LOG,
  IN_CLOSED,
  IN_READY,
  N_KINDS
};

enum act {
  LEAVE,
  LEAVE_AND_CLOSE,
  KICK_ANOTHER,
  KICK_ALL,
  CHANGE_ROOMS,
  EMIT,
  ANSWER_TWICE,
  CLOSE_SERVER,
  KEEP_HANDLES,
  REGISTER,
  FEED_ANOTHER,
  N_ACTS
};

enum { N_CLIENTS = 3, MAX_KEPT = 64, MAX_SEEN = 64, MAX_ACTS = 12 };

static struct core_world w;
static struct core_client clients[N_CLIENTS], web;
static struct core_poller poller;

/* What is being tried, and how often it was done; it stops some time. */
static struct {
  enum kind kind;
  enum act act;
  unsigned done, depth;
  sio_socket *sockets[MAX_KEPT];
  sio_ack *acks[MAX_KEPT];
  sio_next *nexts[MAX_KEPT];
  size_t n_sockets, n_acks, n_nexts;
} trial;

/* Who has joined, and who has left. */
static struct {
  char id[CORE_SID_LEN + 1];
  int joined, leaving, left;
} seen[MAX_SEEN];
static size_t n_seen;

static size_t seen_at(sio_socket *socket)
{
  size_t i;

  for (i = 0; i < n_seen; i++) {
    if (strcmp(seen[i].id, sio_socket_id(socket)) == 0)
      return i;
  }
  assert_in_range(n_seen, 0, MAX_SEEN - 1);
  memset(&seen[i], 0, sizeof seen[i]);
  memcpy(seen[i].id, sio_socket_id(socket), sizeof seen[i].id);
  n_seen++;
  return i;
}

/* ---- What a callback does ---- */

static void ignore_answer(sio_socket *socket, int status, const sio_args *args,
                          void *user);

static bool kick(sio_socket *socket, void *user)
{
  (void)sio_socket_disconnect(socket, user != NULL);
  return true;
}

static void later_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                        void *user)
{
  (void)socket;
  (void)user;
  (void)sio_ack_args(ack, args);
}

/* A connected socket that is not `self`; NULL if there is none. */
static sio_socket *another(sio_socket *self)
{
  for (size_t i = n_seen; i-- > 0;) {
    sio_socket *socket = sio_ns_socket(w.root, sio_s(seen[i].id));

    if (socket != NULL && socket != self)
      return socket;
  }
  return NULL;
}

static void change_rooms(sio_socket *self)
{
  (void)sio_join(self, sio_s("first"));
  (void)sio_join(self, sio_s("second"));
  (void)sio_leave(self, sio_s("first"));
  (void)sio_leave(self, sio_s(sio_socket_id(self)));
  (void)sio_join(self, sio_s(sio_socket_id(self)));
}

static void emit_all(sio_socket *self)
{
  if (w.server == NULL)
    return;
  (void)sio_emitf(sio_everyone(w.root), "all", "%d", 1);
  (void)sio_emitf(sio_in(w.root, sio_s("second")), "room", "%d", 2);
  if (self == NULL)
    return;
  (void)sio_emitf(sio_others(self), "others", NULL);
  (void)sio_emitf(sio_only(self), "one", "%s", sio_socket_id(self));
  (void)sio_emitf(sio_with_ack(sio_only(self), 5, ignore_answer, NULL), "q",
                  NULL);
}

static void keep(sio_socket *self, sio_next *next, sio_ack *ack)
{
  if (self != NULL && trial.n_sockets < MAX_KEPT)
    trial.sockets[trial.n_sockets++] = sio_socket_retain(self);
  if (ack != NULL && trial.n_acks < MAX_KEPT)
    trial.acks[trial.n_acks++] = sio_ack_retain(ack);
  if (next != NULL && trial.n_nexts < MAX_KEPT)
    trial.nexts[trial.n_nexts++] = sio_next_retain(next);
}

static void answer_twice(sio_next *next, sio_ack *ack)
{
  (void)sio_ackf(ack, "%d", 1);
  (void)sio_ackf(ack, "%d", 2);
  if (next == NULL)
    return;
  (void)sio_next_refuse(next, "refused", NULL);
  (void)sio_next_ok(next);
}

static void do_it(sio_socket *self, sio_next *next, sio_ack *ack)
{
  sio_socket *other = another(self);

  switch (trial.act) {
  case LEAVE:
  case LEAVE_AND_CLOSE:
    if (self != NULL || other != NULL)
      (void)sio_socket_disconnect(self != NULL ? self : other,
                                  trial.act == LEAVE_AND_CLOSE);
    break;
  case KICK_ANOTHER:
    if (other != NULL)
      (void)sio_socket_disconnect(other, true);
    break;
  case KICK_ALL:
    (void)sio_each(sio_everyone(w.root), kick, trial.done % 2 ? &w : NULL);
    break;
  case CHANGE_ROOMS:
    if (self != NULL || other != NULL)
      change_rooms(self != NULL ? self : other);
    break;
  case EMIT:
    emit_all(self);
    break;
  case ANSWER_TWICE:
    answer_twice(next, ack);
    break;
  case CLOSE_SERVER:
    (void)sio_server_close(w.server, NULL, NULL);
    break;
  case KEEP_HANDLES:
    keep(self, next, ack);
    break;
  case REGISTER:
    (void)sio_on(w.root, "later", later_event, NULL);
    (void)sio_on(sio_of(w.server, "/later"), "event", later_event, NULL);
    break;
  case FEED_ANOTHER: /* the host may feed from where it likes */
    client_say(&clients[N_CLIENTS - 1], "42[\"event\",\"nested\"]");
    break;
  case N_ACTS:
    break;
  }
}

static void act(enum kind kind, sio_socket *self, sio_next *next, sio_ack *ack)
{
  if (kind != trial.kind || trial.done >= MAX_ACTS || trial.depth >= 3 ||
      w.server == NULL)
    return;
  trial.done++;
  trial.depth++;
  do_it(self, next, ack);
  trial.depth--;
}

/* ---- The callbacks ---- */

static void ignore_answer(sio_socket *socket, int status, const sio_args *args,
                          void *user)
{
  (void)status;
  (void)args;
  (void)user;
  act(IN_RESPONSE, socket, NULL, NULL);
  (void)sio_socket_id(socket);
}

static void on_middleware(sio_socket *socket, sio_next *next, void *user)
{
  (void)user;
  act(IN_MIDDLEWARE, socket, next, NULL);
  (void)sio_next_ok(next); /* or it has been answered */
  (void)sio_socket_is_connected(sio_next_socket(next));
}

static void on_connect(sio_socket *socket, void *user)
{
  (void)user;
  seen[seen_at(socket)].joined++;
  act(IN_CONNECT, socket, NULL, NULL);
  (void)sio_socket_transport(socket);
}

static void on_disconnecting(sio_socket *socket, const sio_end *end, void *user)
{
  (void)user;
  seen[seen_at(socket)].leaving++;
  act(IN_DISCONNECTING, socket, NULL, NULL);
  assert_true(sio_socket_is_connected(socket));
  assert_int_not_equal(end->reason, SIO_REASON_NONE);
}

static void on_disconnect(sio_socket *socket, const sio_end *end, void *user)
{
  (void)user;
  seen[seen_at(socket)].left++;
  act(IN_DISCONNECT, socket, NULL, NULL);
  assert_false(sio_socket_is_connected(socket));
  assert_int_not_equal(end->cause, SIO_CAUSE_NONE);
}

static void on_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  size_t n = sio_args_count(args);

  (void)user;
  act(IN_EVENT, socket, NULL, ack);
  assert_int_equal(sio_args_count(args),
                   n); /* they are there until we return */
  (void)sio_ack_args(ack, args);
  (void)sio_socket_in(socket, sio_s("second"));
}

static bool on_visit(sio_socket *socket, void *user)
{
  (void)user;
  act(IN_VISIT, socket, NULL, NULL);
  (void)sio_socket_id(socket);
  return true;
}

static void on_http(sio_request *request, void *user)
{
  (void)user;
  act(IN_HTTP, NULL, NULL, NULL);
  (void)sio_respond_text(request, 200, "text/plain", "x"); /* it may be gone */
}

static void on_log(const sio_log_entry *entry, void *user)
{
  (void)entry;
  (void)user;
  act(IN_LOG, NULL, NULL, NULL);
}

static void on_closed(sio_server *server, void *user)
{
  (void)server;
  (void)user;
  act(IN_CLOSED, NULL, NULL, NULL);
}

static void on_ready(sio_conn *conn, void *conn_user, void *user)
{
  (void)conn;
  (void)conn_user;
  (void)user;
  act(IN_READY, NULL, NULL, NULL);
}

/* ---- The scenario ---- */

static void open_world(void)
{
  static const char *const names[] = {"/", "/b"};
  sio_server_options options;

  world_options(&w, &options);
  options.log = on_log;
  options.log_level = SIO_LOG_DEBUG;
  world_open(&w, &options);
  sio_server_on_ready(w.server, on_ready, NULL);
  sio_server_on_http(w.server, on_http, NULL);
  for (size_t i = 0; i < 2; i++) {
    sio_ns *ns = sio_of(w.server, names[i]);

    assert_int_equal(sio_use(ns, on_middleware, NULL), 0);
    assert_int_equal(sio_on_connect(ns, on_connect, NULL), 0);
    assert_int_equal(sio_on_disconnecting(ns, on_disconnecting, NULL), 0);
    assert_int_equal(sio_on_disconnect(ns, on_disconnect, NULL), 0);
    assert_int_equal(sio_on(ns, "event", on_event, NULL), 0);
  }
}

static void say(size_t i, const char *text)
{
  client_say(&clients[i], text);
  (void)client_hear(&clients[i]);
}

static bool ask(sio_socket *socket, void *user)
{
  (void)user; /* who is leaving or gone cannot be asked */
  (void)sio_emitf(sio_with_ack(sio_only(socket), 100, ignore_answer, NULL), "q",
                  NULL);
  return true;
}

static void run_scenario(void)
{
  for (size_t i = 0; i < N_CLIENTS; i++) {
    clients[i].conn = NULL;
    if (!client_open(&w, &clients[i]))
      continue; /* the server is closing */
    say(i, "40");
    say(i, "40/b,{\"token\":1}");
  }
  if (poller_open(&w, &poller)) {
    http_send(&poller.post, poller.target,
              "40\x1e"
              "40/b,");
    poller_get(&poller);
    (void)http_answer(&poller.get);
    poller_get(&poller);
  }
  say(0, "421[\"event\",1,\"\\u0061\"]");
  say(0, "451-2[\"event\",{\"_placeholder\":true,\"num\":0}]");
  client_say_bytes(&clients[0], "abc", 3);
  (void)sio_each(sio_everyone(w.root), ask, NULL);
  say(0, "430[1]");
  say(1, "431[1]");
  say(2, "461-2[{\"_placeholder\":true,\"num\":0}]");
  client_say_bytes(&clients[2], "abc", 3);
  (void)sio_each(sio_everyone(w.root), on_visit, NULL);
  if (http_open(&w, &web)) {
    http_send(&web, "/page", NULL);
    (void)http_answer(&web);
  }
  world_wait(&w, 200); /* some acknowledgements time out */
  say(1, "41");
  client_drop(&clients[0]);
  say(2, "4nonsense");
  (void)sio_server_close(w.server, on_closed, NULL);
}

/* A peer that behaves: it closes when it is asked to. */
static void finish(void)
{
  for (struct core_client *c = w.clients; c != NULL; c = c->next) {
    if (c->http)
      (void)http_answer(c);
    else if (strstr(client_hear(c), "<close>") != NULL)
      client_say_close(c);
    (void)client_hear(c);
  }
  world_wait(&w, 100000);
}

static void release_all(void)
{
  while (trial.n_sockets > 0)
    sio_socket_release(trial.sockets[--trial.n_sockets]);
  while (trial.n_acks > 0) {
    (void)sio_ackf(trial.acks[--trial.n_acks], "%d", 3); /* too late */
    sio_ack_release(trial.acks[trial.n_acks]);
  }
  while (trial.n_nexts > 0)
    sio_next_release(trial.nexts[--trial.n_nexts]);
}

static void run(enum kind kind, enum act what, bool after_the_server)
{
  sio_server *server;

  memset(&trial, 0, sizeof trial);
  trial.kind = kind;
  trial.act = what;
  n_seen = 0;
  open_world();
  run_scenario();
  finish();
  if (!after_the_server)
    release_all();
  world_drop_clients(&w);
  server = w.server;
  trial.done = MAX_ACTS;
  w.server = NULL;
  sio_server_free(server);
  release_all();
  test_mem_check(&w.own_mem);
  for (size_t i = 0; i < n_seen; i++) {
    if (seen[i].joined != 1 || seen[i].leaving != 1 || seen[i].left != 1)
      fail_msg("kind %d, act %d: joined %d times, leaving %d, left %d", kind,
               what, seen[i].joined, seen[i].leaving, seen[i].left);
  }
}

/* Everything in one kind of callback. */
static void run_kind(enum kind kind)
{
  for (int i = 0; i < N_ACTS; i++) {
    run(kind, (enum act)i, false);
    assert_true(trial.done > 0);
    run(kind, (enum act)i, true);
  }
}

static void test_in_a_middleware(void **state)
{
  (void)state;
  run_kind(IN_MIDDLEWARE);
}

static void test_in_a_connect_handler(void **state)
{
  (void)state;
  run_kind(IN_CONNECT);
}

static void test_in_a_disconnecting_handler(void **state)
{
  (void)state;
  run_kind(IN_DISCONNECTING);
}

static void test_in_a_disconnect_handler(void **state)
{
  (void)state;
  run_kind(IN_DISCONNECT);
}

static void test_in_an_event_handler(void **state)
{
  (void)state;
  run_kind(IN_EVENT);
}

static void test_in_a_response(void **state)
{
  (void)state;
  run_kind(IN_RESPONSE);
}

static void test_in_a_visit(void **state)
{
  (void)state;
  run_kind(IN_VISIT);
}

static void test_in_a_request_handler(void **state)
{
  (void)state;
  run_kind(IN_HTTP);
}

static void test_in_the_log(void **state)
{
  (void)state;
  run_kind(IN_LOG);
}

static void test_in_the_closed_callback(void **state)
{
  (void)state;
  run_kind(IN_CLOSED);
}

static void test_in_the_ready_callback(void **state)
{
  (void)state;
  run_kind(IN_READY);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_a_middleware),
      cmocka_unit_test(test_in_a_connect_handler),
      cmocka_unit_test(test_in_a_disconnecting_handler),
      cmocka_unit_test(test_in_a_disconnect_handler),
      cmocka_unit_test(test_in_an_event_handler),
      cmocka_unit_test(test_in_a_response),
      cmocka_unit_test(test_in_a_visit),
      cmocka_unit_test(test_in_a_request_handler),
      cmocka_unit_test(test_in_the_log),
      cmocka_unit_test(test_in_the_closed_callback),
      cmocka_unit_test(test_in_the_ready_callback),
  };

  return cmocka_run_group_tests_name("core/callbacks", tests, NULL, NULL);
}
