/* SPDX-License-Identifier: MIT */
/* The server and its host: handlers that write down what they are told, and
 * compare it with what should be. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATER_MS = 3000 };

/* ---- Who is who ---- */

struct client *host_client(struct sim *sim, const char *c, const char *l,
                           unsigned *life)
{
  size_t index = (size_t)strtoul(c, NULL, 10);

  *life = (unsigned)strtoul(l, NULL, 10);
  if (index >= sim->config.n_clients || *life == 0 ||
      *life > sim->clients[index].life)
    sim_fail(sim, "handshake", "there is no client %s in life %s", c, l);
  return &sim->clients[index];
}

sio_ns *host_ns(struct sim *sim, int nsp)
{
  return sio_find(sim->server, sim_nsps[nsp]);
}

static int nsp_of(sio_socket *socket)
{
  const char *name = sio_ns_name(sio_socket_ns(socket));
  int i = 0;

  while (strcmp(sim_nsps[i], name) != 0)
    i++;
  return i;
}

/* ---- Sessions ---- */

static void on_open(sio_session *session, void *user)
{
  struct sim *sim = user;
  struct seen_session *s = sim_alloc(sizeof *s);
  char c[16], l[16];

  if (sio_session_query(session, "c", c, sizeof c) != 0 ||
      sio_session_query(session, "l", l, sizeof l) != 0)
    sim_fail(sim, "handshake", "a session without a query");
  s->client = host_client(sim, c, l, &s->life);
  for (struct seen_session *t = sim->sessions; t != NULL; t = t->next)
    if (t->client == s->client && t->life == s->life)
      sim_fail(sim, "handshake", "client %s has two sessions", c);
  s->session = session;
  s->beat_ms = sim->now;
  s->beat_jumps = sim->jumps;
  s->next = sim->sessions;
  sim->sessions = s;
  sim->totals.sessions++;
  sio_session_set_user(session, s);
  deeds_maybe(sim, NULL, 5);
}

static void on_heartbeat(sio_session *session, void *user)
{
  struct sim *sim = user;
  struct seen_session *s = sio_session_user(session);

  s->beat_ms = sim->now;
  s->beat_jumps = sim->jumps;
}

static void on_upgrade(sio_session *session, void *user)
{
  struct sim *sim = user;

  (void)session;
  sim->totals.upgrades++;
  deeds_maybe(sim, NULL, 10);
}

static void on_close(sio_session *session, const sio_end *end, void *user)
{
  struct sim *sim = user;
  struct seen_session *s = sio_session_user(session);

  NOTE(sim, "session of client %zu, life %u, ends: %s", s->client->index,
       s->life, sio_cause_text(end->cause));
  if (s->session != session)
    sim_fail(sim, "end", "a session ends twice");
  for (int i = 0; i < SIM_NSPS; i++)
    for (size_t k = 0; k < sim->crowds[i].n; k++) {
      struct seat *seat = sim->crowds[i].items[k];

      /* Those whose own handlers have closed the session are about to. */
      if (seat->client == s->client && seat->life == s->life &&
          sim->budget.depth == 0)
        sim_fail(sim, "end",
                 "the session of client %zu ends, its socket in "
                 "%s has not left",
                 s->client->index, sim_nsps[i]);
    }
  if (s->life == s->client->life)
    check_end(sim, s->client, end, "session");
  s->session = NULL;
  sim->totals.closes++;
  deeds_maybe(sim, NULL, 5);
}

/* ---- Sockets ---- */

static struct seat *returns(struct sim *sim, const char *sid, struct client *c,
                            int nsp)
{
  struct seat *seat = seat_find(sim, sid);

  if (seat == NULL || seat->socket != NULL || seat->client != c ||
      seat->nsp != nsp)
    sim_fail(sim, "recovery", "client %zu returns as somebody else", c->index);
  if (seat->reason == SIO_REASON_CLIENT_DISCONNECT ||
      seat->reason == SIO_REASON_SERVER_DISCONNECT ||
      seat->reason == SIO_REASON_PARSE_ERROR)
    sim_fail(sim, "recovery", "client %zu returns after: %s", c->index,
             sio_reason_text(seat->reason));
  return seat;
}

static void on_connect(sio_socket *socket, void *user)
{
  struct sim *sim = user;
  const char *sid = sio_socket_id(socket);
  int nsp = nsp_of(socket);
  struct seat *seat;
  struct client *c;
  char index[16], l[16], room[4] = "r0";
  unsigned life;

  if (sio_socket_query(socket, "c", index, sizeof index) != 0 ||
      sio_socket_query(socket, "l", l, sizeof l) != 0)
    sim_fail(sim, "handshake", "a socket without a query");
  c = host_client(sim, index, l, &life);
  if (sio_socket_recovered(socket)) {
    seat = returns(sim, sid, c, nsp);
    ledger_recover(sim, seat);
  } else {
    if (seat_find(sim, sid) != NULL)
      sim_fail(sim, "connect", "two sockets have one id");
    seat = seat_new(sim, c, nsp, sid);
  }
  NOTE(sim, "client %zu joins %s%s", c->index, sim_nsps[nsp],
       sio_socket_recovered(socket) ? ", recovered" : "");
  for (unsigned i = 0; i < SIM_ROOMS; i++) {
    room[1] = (char)('0' + i);
    if (sio_socket_in(socket, sio_s(room)) != (seat->rooms >> i & 1))
      sim_fail(sim, "rooms", "client %zu joins, room %s is wrong", c->index,
               room);
  }
  seat->life = life;
  seat->socket = socket;
  seat->disconnecting = false;
  if (++seat->connects != seat->disconnects + 1)
    sim_fail(sim, "connect", "client %zu connects twice", c->index);
  crowd_add(sim, seat);
  sim->totals.sockets[nsp]++;
  sio_socket_set_user(socket, seat, NULL);
  deeds_maybe(sim, seat, 400);
}

static void on_disconnecting(sio_socket *socket, const sio_end *end, void *user)
{
  struct sim *sim = user;
  struct seat *seat = sio_socket_user(socket);

  (void)end;
  if (seat == NULL || seat->socket != socket || seat->disconnecting)
    sim_fail(sim, "disconnect", "a socket leaves that was not there");
  seat->disconnecting = true;
  deeds_maybe(sim, seat, 60);
}

static void on_disconnect(sio_socket *socket, const sio_end *end, void *user)
{
  struct sim *sim = user;
  struct seat *seat = sio_socket_user(socket);

  NOTE(sim, "client %zu has left %s: %s, %s", seat->client->index,
       sim_nsps[seat->nsp], sio_reason_text(end->reason),
       sio_cause_text(end->cause));
  if (seat->socket != socket || !seat->disconnecting ||
      ++seat->disconnects != seat->connects)
    sim_fail(sim, "disconnect", "client %zu has left %s twice",
             seat->client->index, sim_nsps[seat->nsp]);
  if (seat->questions > 0)
    seat->questions = 0;
  seat->socket = NULL;
  seat->reason = end->reason;
  seat->away_from = sim->logs[seat->nsp].n;
  crowd_remove(sim, seat);
  sim->totals.left[seat->nsp]++;
  if (seat->life == seat->client->life)
    check_end(sim, seat->client, end, "socket");
  deeds_maybe(sim, seat, 60);
}

/* ---- Middlewares, and answers that take their time ---- */

static struct held *hold(struct sim *sim)
{
  struct held *h = sim_alloc(sizeof *h);

  h->next = sim->held;
  sim->held = h;
  return h;
}

static void unhold(struct sim *sim, struct held *h)
{
  struct held **p = &sim->held;

  while (*p != h)
    p = &(*p)->next;
  *p = h->next;
  free(h);
}

void host_answer(struct sim *sim, struct seat *seat, sio_ack *ack, uint64_t id)
{
  int rv;

  ledger_add(seat, OWED_ACK, id, false);
  rv = sio_ackf(ack, "%llu", (unsigned long long)id + 7);
  if (rv >= 0) {
    sim->totals.acks_out[seat->nsp]++;
    return;
  }
  ledger_drop(seat, id);
  if (rv == SIO_ERR_STATE)
    sim_fail(sim, "ack", "answered, it says, but it was not");
  if (rv == SIO_ERR_DISCONNECTED && seat->socket == sio_ack_socket(ack) &&
      seat->socket != NULL && seat->life == seat->client->life &&
      client_is_fine(seat->client))
    sim_fail(sim, "ack", "client %zu is there", seat->client->index);
}

static void let_pass(struct sim *sim, sio_next *next)
{
  int rv = chance(&sim->rng, 120) ? sio_next_refuse(next, "no", NULL)
                                  : sio_next_ok(next);

  if (rv == SIO_ERR_STATE)
    sim_fail(sim, "middleware", "answered, it says, but it was not");
}

static void on_later(struct sim *sim, void *object, uint64_t value)
{
  struct held *h = object;

  (void)value;
  if (h->ack != NULL) {
    host_answer(sim, h->seat, h->ack, h->id);
    sio_ack_release(h->ack);
  }
  if (h->passage != NULL) {
    let_pass(sim, h->passage);
    sio_next_release(h->passage);
  }
  if (h->event != NULL) {
    (void)sio_event_next(h->event); /* its socket may have left */
    sio_event_release(h->event);
  }
  unhold(sim, h);
}

/* What is still held when the server goes. */
void host_release(struct sim *sim)
{
  while (sim->held != NULL) {
    struct held *h = sim->held;

    sio_ack_release(h->ack);
    sio_next_release(h->passage);
    sio_event_release(h->event);
    unhold(sim, h);
  }
}

static void wait_with(struct sim *sim, struct held *h)
{
  sim_at(sim, sim->now + pick(&sim->rng, LATER_MS), on_later, h, 0);
}

static void on_middleware(sio_socket *socket, sio_next *next, void *user)
{
  struct sim *sim = user;

  (void)socket;
  if (!sim->calm && chance(&sim->rng, 250)) {
    struct held *h = hold(sim);

    h->passage = sio_next_retain(next);
    wait_with(sim, h);
  } else {
    deeds_maybe(sim, NULL, 20);
    let_pass(sim, next);
  }
}

static void on_passage(sio_socket *socket, sio_event *event, void *user)
{
  struct sim *sim = user;

  (void)socket;
  if (!sim->calm && chance(&sim->rng, 100)) {
    struct held *h = hold(sim);

    h->event = sio_event_retain(event);
    wait_with(sim, h);
  } else {
    (void)sio_event_next(event); /* as above */
  }
}

/* ---- Events ---- */

static void on_any(sio_socket *socket, sio_str event, const sio_args *args,
                   sio_ack *ack, void *user)
{
  struct sim *sim = user;

  (void)event;
  (void)args;
  (void)ack;
  sim->totals.events_in[nsp_of(socket)]++;
}

static void on_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                     void *user)
{
  struct sim *sim = user;
  struct seat *seat = sio_socket_user(socket);
  uint64_t n = 0, id = 0;
  sio_span data;

  if (seat == NULL || seat->socket != socket)
    sim_fail(sim, "event", "of a socket that is not there");
  if (sio_value_uint64(sio_arg(args, 0), &n) != 0 ||
      sio_value_uint64(sio_arg(args, 2), &id) != 0 || n != seat->got + 1)
    sim_fail(sim, "event", "client %zu sends %llu in %s after %llu",
             seat->client->index, (unsigned long long)n, sim_nsps[seat->nsp],
             (unsigned long long)seat->got);
  if (!filler_is(sim, n, sio_value_str(sio_arg(args, 1))))
    sim_fail(sim, "event", "client %zu: event %llu has another text",
             seat->client->index, (unsigned long long)n);
  if (sio_args_count(args) > 3 &&
      (sio_value_binary(sio_arg(args, 3), &data) != 0 ||
       !filler_is_bytes(sim, n, data)))
    sim_fail(sim, "event", "client %zu: event %llu has other bytes",
             seat->client->index, (unsigned long long)n);
  seat->got = n;
  if (ack != NULL && chance(&sim->rng, 300)) {
    struct held *h = hold(sim);

    h->seat = seat;
    h->id = id;
    h->ack = sio_ack_retain(ack);
    wait_with(sim, h);
  } else if (ack != NULL && chance(&sim->rng, 900)) {
    host_answer(sim, seat, ack, id);
  }
  deeds_maybe(sim, seat, 350);
}

static void on_drain(sio_socket *socket, void *user)
{
  struct sim *sim = user;

  deeds_maybe(sim, sio_socket_user(socket), 200);
}

/* ---- The server ---- */

static int on_random(void *user, uint8_t *out, size_t len)
{
  struct rng *rng = user;

  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(sim_random(rng) >> 24);
  return 0;
}

static void set_up(struct sim *sim, sio_ns *ns, bool asks, bool holds)
{
  int rv = sio_on_connect(ns, on_connect, sim);

  rv |= sio_on_disconnecting(ns, on_disconnecting, sim);
  rv |= sio_on_disconnect(ns, on_disconnect, sim);
  rv |= sio_on(ns, "e", on_event, sim);
  rv |= sio_on_any(ns, on_any, sim);
  rv |= sio_on_drain(ns, on_drain, sim);
  if (asks)
    rv |= sio_use(ns, on_middleware, sim);
  if (holds)
    rv |= sio_use_event(ns, on_passage, sim);
  if (rv != 0)
    sim_fail(sim, "set-up", "%d", rv);
}

void host_start(struct sim *sim)
{
  sio_session_handlers handlers;

  sim->options.allocator = &sim->allocator;
  sim->options.random = on_random;
  sim->options.random_user = &sim->memory.rng;
  if (sio_server_options_problem(&sim->options) != NULL)
    sim_fail(sim, "set-up", "%s", sio_server_options_problem(&sim->options));
  sim->server = sio_server_new(&sim->options);
  if (sim->server == NULL)
    sim_fail(sim, "set-up", "no server");
  sio_session_handlers_init(&handlers);
  handlers.open = on_open;
  handlers.close = on_close;
  handlers.heartbeat = on_heartbeat;
  handlers.upgrade = on_upgrade;
  if (sio_server_on_sessions(sim->server, &handlers, sim) != 0)
    sim_fail(sim, "set-up", "no handlers of sessions");
  sio_server_on_ready(sim->server, net_ready, sim);
  set_up(sim, sio_of(sim->server, "/"), false, false);
  set_up(sim, sio_of(sim->server, "/a"), true, false);
  set_up(sim, sio_of(sim->server, "/b"), false, true);
  set_up(sim, sio_of_pattern(sim->server, "/d/{id}"), true, false);
  sio_server_expire(sim->server, sim->now);
}

static void on_closed(sio_server *server, void *user)
{
  struct sim *sim = user;

  (void)server;
  NOTE(sim, "the server is closed");
  sim->closed_calls++;
  sim->closing = sim->closed_calls < sim->closed_due;
}

void host_close(struct sim *sim)
{
  int rv;

  NOTE(sim, "the host closes the server");
  sim->closing = true;
  sim->closed_due++;
  rv = sio_server_close(sim->server, on_closed, sim);
  if (rv != 0) {
    sim->closed_due--;
    if (rv != SIO_ERR_STATE || sim->closed_calls == sim->closed_due)
      sim_fail(sim, "close", "closing answers %d", rv);
  }
}
