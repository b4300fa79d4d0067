/* SPDX-License-Identifier: MIT */
/* What the host does, on its own and from inside callbacks: emit to whomever,
 * let sockets join and leave rooms, send them away, close the server. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 3, PER_SECOND = 60, TICK_MS = 400, ROUND_PER_MILLE = 60 };

/* ---- Answers of clients ---- */

static struct question *ask(struct sim *sim, struct seat *seat, uint64_t id,
                            uint64_t timeout_ms)
{
  struct question *q = sim_alloc(sizeof *q);

  q->next = sim->questions;
  sim->questions = q;
  q->sim = sim;
  q->seat = seat;
  q->id = id;
  q->due_ms = timeout_ms == SIO_NEVER ? SIO_NEVER : sim->now + timeout_ms;
  q->jumps = sim->jumps;
  return q;
}

static void check_time(struct sim *sim, const struct question *q)
{
  if (sim->now < q->due_ms)
    sim_fail(sim, "ack", "a question is over before its time");
  if (sim->now > q->due_ms + (sim->jumps - q->jumps))
    sim_fail(sim, "timer", "a question is over %llu ms late",
             (unsigned long long)(sim->now - q->due_ms));
}

static void on_response(sio_socket *socket, int status, const sio_args *args,
                        void *user)
{
  struct question *q = user;
  struct sim *sim = q->seat->client->sim;
  uint64_t id;

  (void)socket;
  if (++q->calls > 1 || q->failed)
    sim_fail(sim, "ack", "event %llu is answered twice",
             (unsigned long long)q->id);
  if (q->seat->questions > 0)
    q->seat->questions--;
  if (status == 0) {
    sim->totals.acks_in[q->seat->nsp]++;
    if (sio_value_uint64(sio_arg(args, 0), &id) != 0 || id != q->id)
      sim_fail(sim, "ack", "event %llu gets the answer to another one",
               (unsigned long long)q->id);
  } else if (status == SIO_ERR_TIMEOUT) {
    sim->totals.ack_timeouts[q->seat->nsp]++;
    check_time(sim, q);
  } else if (status != SIO_ERR_DISCONNECTED) {
    sim_fail(sim, "ack", "status %d", status);
  }
  deeds_maybe(sim, q->seat, 100);
}

static void on_each(sio_socket *socket, int status, const sio_args *args,
                    void *user)
{
  struct question *q = user;
  struct seat *seat = sio_socket_user(socket);
  struct sim *sim = seat->client->sim;
  uint64_t id;

  if (status != 0 || q->calls > 0 || sio_value_uint64(sio_arg(args, 0), &id) ||
      id != q->id)
    sim_fail(sim, "round", "an answer to event %llu: %d",
             (unsigned long long)q->id, status);
  q->each++;
  sim->totals.acks_in[seat->nsp]++;
}

static void on_done(int status, size_t answered, size_t asked, void *user)
{
  struct question *q = user;
  struct sim *sim = q->sim;

  if (++q->calls > 1 || q->failed)
    sim_fail(sim, "round", "event %llu is done twice",
             (unsigned long long)q->id);
  /* Whoever is about to go, or has missed a volatile event, is not asked. */
  if (answered != q->each || answered > asked || asked > q->asked)
    sim_fail(sim, "round", "%zu of %zu have answered, %u of %zu", answered,
             asked, q->each, q->asked);
  if (status == SIO_ERR_TIMEOUT)
    check_time(sim, q);
  else if (status == 0 && answered != asked)
    sim_fail(sim, "round", "not all have answered");
}

/* ---- Who gets it ---- */

struct aim {
  int nsp;
  struct seat *only;
  struct seat *but;
  uint32_t rooms;
  uint32_t except;
};

static bool hits(const struct aim *aim, const struct seat *seat)
{
  if (seat == aim->but || (seat->rooms & aim->except) != 0)
    return false;
  if (aim->only != NULL)
    return seat == aim->only;
  return aim->rooms == 0 || (seat->rooms & aim->rooms) != 0;
}

static const char *const room_names[SIM_ROOMS] = {"r0", "r1", "r2", "r3",
                                                  "r4", "r5", "r6", "r7"};

static sio_target target_of(struct sim *sim, const struct aim *aim)
{
  sio_ns *ns = host_ns(sim, aim->nsp);
  sio_target t = sio_everyone(ns);

  if (aim->only != NULL)
    return sio_only(aim->only->socket);
  if (aim->but != NULL)
    t = sio_others(aim->but->socket);
  for (unsigned i = 0; i < SIM_ROOMS; i++) {
    if (aim->rooms >> i & 1)
      t = sio_and(t, sio_s(room_names[i]));
    if (aim->except >> i & 1)
      t = sio_except(t, sio_s(room_names[i]));
  }
  return t;
}

static struct aim draw_aim(struct sim *sim, int nsp, struct seat *seat)
{
  struct rng *rng = &sim->rng;
  struct aim aim = {.nsp = nsp};
  bool here = seat != NULL && seat->socket != NULL;
  uint32_t way = pick(rng, 10);

  if (here)
    aim.nsp = seat->nsp;
  if (way < 4 && here) {
    aim.only = seat;
    return aim;
  }
  if (way < 6 && sim->crowds[aim.nsp].n > 0) {
    struct crowd *crowd = &sim->crowds[aim.nsp];

    aim.only = crowd->items[pick(rng, (uint32_t)crowd->n)];
    return aim;
  }
  if (way > 6)
    aim.rooms = 1u << pick(rng, SIM_ROOMS);
  if (way > 8)
    aim.rooms |= 1u << pick(rng, SIM_ROOMS);
  if (chance(rng, 200))
    aim.except = 1u << pick(rng, SIM_ROOMS);
  if (here && chance(rng, 400))
    aim.but = seat;
  return aim;
}

/* ---- Emitting ---- */

static int emit(struct sim *sim, sio_target t, uint64_t id, unsigned n_bytes)
{
  char *text = sim_alloc(sim->pad_max + 200);
  size_t len = filler_len(sim, id);
  int rv;

  filler_text(text + 1, len, id);
  text[0] = text[len + 1] = '"';
  if (n_bytes == 0) {
    len += 2;
    len += (size_t)snprintf(text + len, 100, ",%llu", (unsigned long long)id);
    rv = sio_emit_json(t, "m", (sio_str){text, len});
  } else {
    sio_payload *payload = sio_payload_new(NULL);

    sio_payload_str(payload, (sio_str){text + 1, len});
    for (unsigned i = 0; i < n_bytes; i++) {
      size_t n = filler_len(sim, id + i);

      filler_bytes((uint8_t *)text, n, id + i);
      sio_payload_binary(payload, (sio_span){(uint8_t *)text, n});
    }
    sio_payload_uint64(payload, id);
    rv = sio_emit_payload(t, "m", payload);
    sio_payload_free(payload);
  }
  free(text);
  return rv;
}

struct recipient {
  struct seat *seat;
  sio_socket *socket;
  uint64_t refused;
};

/* All that are owed an event, before it is emitted. */
static size_t promise(struct sim *sim, const struct aim *aim, uint64_t id,
                      bool maybe, bool kept, struct recipient *list)
{
  struct crowd *crowd = &sim->crowds[aim->nsp];
  size_t n = 0;

  for (size_t i = 0; i < crowd->n; i++) {
    struct seat *seat = crowd->items[i];

    if (!hits(aim, seat))
      continue;
    ledger_add(seat, OWED_EVENT, id, maybe);
    if (kept)
      ledger_hear(seat, id);
    list[n++] = (struct recipient){seat, sio_socket_retain(seat->socket),
                                   sio_socket_refused(seat->socket)};
  }
  return n;
}

static void settle(struct sim *sim, const struct aim *aim, int rv, uint64_t id,
                   struct recipient *list, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (rv < 0 || rv == SIO_DROPPED) {
      ledger_drop(list[i].seat, id);
      ledger_unhear(list[i].seat, id);
    } else if (sio_socket_refused(list[i].socket) != list[i].refused) {
      ledger_excuse(list[i].seat, id);
    }
    sio_socket_release(list[i].socket);
  }
  if (rv < 0 || rv == SIO_DROPPED)
    ledger_unlog(sim, aim->nsp, id);
}

static void check_result(struct sim *sim, const struct aim *aim, int rv)
{
  const sio_server_options *o = &sim->options;

  if (rv >= 0)
    return;
  sim->totals.refusals++;
  if (rv == SIO_ERR_NOMEM && sim->memory.failures > 0)
    return;
  if (rv == SIO_ERR_LIMIT && aim->only != NULL &&
      (o->output_policy == SIO_OUTPUT_REFUSE ||
       aim->only->questions + 64 >= o->max_pending_acks))
    return;
  if (rv == SIO_ERR_DISCONNECTED && aim->only != NULL)
    return;
  sim_fail(sim, "emit", "emitting in %s answers %d", sim_nsps[aim->nsp], rv);
}

/* The event asks for answers. */
static struct question *ask_for(struct sim *sim, const struct aim *aim,
                                uint64_t id, size_t n, sio_target *t)
{
  uint64_t timeout_ms = 100 + pick(&sim->rng, 6000);
  struct question *q;

  if (aim->only != NULL && chance(&sim->rng, 300))
    timeout_ms = SIO_NEVER;
  q = ask(sim, aim->only, id, timeout_ms);
  q->asked = n;
  if (aim->only != NULL) {
    *t = sio_with_ack(*t, timeout_ms, on_response, q);
    aim->only->questions++;
  } else {
    *t = sio_with_acks(*t, timeout_ms, on_each, on_done, q);
  }
  return q;
}

static void check_asked(struct sim *sim, const struct aim *aim,
                        struct question *q, int rv)
{
  if (rv < 0 || rv == SIO_DROPPED) {
    q->failed = true;
    if (q->calls > 0)
      sim_fail(sim, "ack", "answered, but emitting has failed: %d", rv);
    if (aim->only != NULL && aim->only->questions > 0)
      aim->only->questions--;
  } else if (aim->only != NULL &&
             aim->only->questions > sim->options.max_pending_acks) {
    sim_fail(sim, "cap", "%u answers are owed", aim->only->questions);
  }
}

static void deliver(struct sim *sim, struct aim *aim)
{
  struct rng *rng = &sim->rng;
  bool is_volatile = chance(rng, 100);
  bool asks = chance(rng, aim->only != NULL ? 200 : ROUND_PER_MILLE);
  unsigned n_bytes = chance(rng, 150) ? 1 + pick(rng, 2) : 0;
  uint64_t id = sim->next_id;
  struct recipient *list =
      sim_alloc((sim->crowds[aim->nsp].n + 1) * sizeof *list);
  sio_target t = target_of(sim, aim);
  struct question *q = NULL;
  size_t n;
  int rv;

  sim->next_id += 4; /* attachments have numbers of their own */
  n = promise(sim, aim, id, is_volatile, !is_volatile && !asks, list);
  if (is_volatile)
    t = sio_volatile(t);
  if (asks)
    q = ask_for(sim, aim, id, n, &t);
  else if (!is_volatile)
    ledger_log(sim, aim->nsp,
               &(struct logged){id, aim->rooms, aim->except, aim->only,
                                aim->but, false});
  rv = emit(sim, t, id, n_bytes);
  NOTE(sim, "event %llu to %zu in %s%s%s: %d", (unsigned long long)id, n,
       sim_nsps[aim->nsp], is_volatile ? ", volatile" : "",
       asks ? ", asks" : "", rv);
  check_result(sim, aim, rv);
  if (q != NULL)
    check_asked(sim, aim, q, rv);
  settle(sim, aim, rv, id, list, n);
  free(list);
}

void deeds_emit(struct sim *sim, int nsp, struct seat *seat)
{
  struct aim aim = draw_aim(sim, nsp, seat);

  if (host_ns(sim, aim.nsp) != NULL)
    deliver(sim, &aim);
}

/* ---- Rooms ---- */

static void change_room(struct sim *sim, struct seat *seat)
{
  unsigned room = pick(&sim->rng, SIM_ROOMS);
  sio_str name = sio_s(room_names[room]);
  bool joins = chance(&sim->rng, 600);
  size_t had = sio_socket_room_count(seat->socket);
  int rv = joins ? sio_join(seat->socket, name) : sio_leave(seat->socket, name);

  if (rv == 0 && joins)
    seat->rooms |= 1u << room;
  else if (rv == 0)
    seat->rooms &= ~(1u << room);
  else if (rv == SIO_ERR_LIMIT
               ? had < sim->options.max_rooms
               : sim->memory.failures == 0 && rv != SIO_ERR_DISCONNECTED)
    sim_fail(sim, "rooms", "client %zu, %s: %d", seat->client->index,
             room_names[room], rv);
  if (seat->socket != NULL &&
      sio_socket_room_count(seat->socket) > sim->options.max_rooms)
    sim_fail(sim, "cap", "in %zu rooms", sio_socket_room_count(seat->socket));
}

/* Walks those that a broadcast reaches, and has them leave or go meanwhile. */
static bool on_walk(sio_socket *socket, void *user)
{
  struct sim *sim = user;
  struct seat *seat = sio_socket_user(socket);

  if (seat == NULL || seat->socket != socket)
    sim_fail(sim, "walk", "a socket that has left is shown");
  if (chance(&sim->rng, 300))
    change_room(sim, seat);
  if (chance(&sim->rng, 20))
    deeds_maybe(sim, seat, 1000);
  return !chance(&sim->rng, 20);
}

/* ---- Sending away ---- */

static void send_away(struct sim *sim, struct seat *seat)
{
  bool all = chance(&sim->rng, 300);

  NOTE(sim, "the host sends client %zu away%s", seat->client->index,
       all ? " from everywhere" : "");
  if (seat->life == seat->client->life)
    seat->client->excuse |= EXCUSE_HOST;
  for (int i = 0; i < SIM_NSPS; i++)
    for (size_t k = 0; k < sim->crowds[i].n; k++) {
      struct seat *other = sim->crowds[i].items[k];

      other->parting =
          other->parting || other == seat ||
          (all && other->client == seat->client && other->life == seat->life);
    }
  (void)sio_socket_disconnect(seat->socket, all); /* it may be leaving */
}

static void close_session(struct sim *sim, struct seat *seat)
{
  sio_session *session = sio_socket_session(seat->socket);

  if (session == NULL)
    return;
  NOTE(sim, "the host closes the session of client %zu", seat->client->index);
  if (seat->life == seat->client->life)
    seat->client->excuse |= EXCUSE_HOST;
  sio_session_close(session, chance(&sim->rng, 500));
}

static void deed(struct sim *sim, struct seat *seat)
{
  struct rng *rng = &sim->rng;
  uint32_t what = pick(rng, 1000);

  if (seat == NULL || seat->socket == NULL) {
    deeds_emit(sim, (int)pick(rng, SIM_NSPS), NULL);
  } else if (what < 600) {
    deeds_emit(sim, 0, seat);
  } else if (what < 880) {
    change_room(sim, seat);
  } else if (what < 950) {
    struct aim aim = draw_aim(sim, seat->nsp, seat);

    (void)sio_each(target_of(sim, &aim), on_walk, sim); /* no memory, maybe */
  } else if (what < 975) {
    send_away(sim, seat);
  } else if (what < 985) {
    close_session(sim, seat);
  } else if (what < 986 && (sim->troubles & TROUBLE_CLOSE) && !sim->closing) {
    host_close(sim);
  }
}

/* Perhaps a deed, from inside a callback; `seat` may have left. */
void deeds_maybe(struct sim *sim, struct seat *seat, uint32_t per_mille)
{
  struct budget *b = &sim->budget;

  if (sim->calm || sim->server == NULL || !(sim->troubles & TROUBLE_DEEDS) ||
      b->depth >= DEPTH || !chance(&sim->rng, per_mille))
    return;
  if (b->second != sim->now / 1000) {
    b->second = sim->now / 1000;
    b->left = PER_SECOND;
  }
  if (b->left == 0)
    return;
  b->left--;
  b->depth++;
  deed(sim, seat);
  b->depth--;
}

/* What the host does by itself. */
void deeds_tick(struct sim *sim, void *object, uint64_t value)
{
  int nsp = (int)pick(&sim->rng, SIM_NSPS);
  struct crowd *crowd = &sim->crowds[nsp];
  struct seat *seat = NULL;

  (void)object;
  (void)value;
  if (sim->calm || sim->server == NULL)
    return;
  if (crowd->n > 0)
    seat = crowd->items[pick(&sim->rng, (uint32_t)crowd->n)];
  if (seat != NULL && chance(&sim->rng, 300))
    change_room(sim, seat);
  else
    deeds_emit(sim, nsp, seat);
  sim_at(sim, sim->now + 1 + pick(&sim->rng, TICK_MS), deeds_tick, NULL, 0);
}
