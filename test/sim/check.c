/* SPDX-License-Identifier: MIT */
/* What has to hold, at every step, when all is calm, and at the end. */
#include "sim.h"

#include <string.h>

/* ---- Ends ---- */

/* What a client, or what is between, must have done for this cause; 0: only
 * the server itself can be the reason, and is looked at below. */
static unsigned excuses_of(sio_cause cause)
{
  switch (cause) {
  case SIO_CAUSE_SERVER_LEFT:
  case SIO_CAUSE_HOST:
    return EXCUSE_HOST;
  case SIO_CAUSE_WRITE:
  case SIO_CAUSE_PEER_CLOSED:
  case SIO_CAUSE_PEER_GONE:
  case SIO_CAUSE_CLOSE_PACKET:
  case SIO_CAUSE_POLL_ABORTED:
  case SIO_CAUSE_POST_ABORTED:
    return EXCUSE_NET | EXCUSE_LEFT | EXCUSE_SILENT | EXCUSE_NAUGHTY |
           EXCUSE_HOST;
  case SIO_CAUSE_PING_TIMEOUT:
  case SIO_CAUSE_BODY_TIMEOUT:
  case SIO_CAUSE_HEADER_TIMEOUT:
  case SIO_CAUSE_IDLE_TIMEOUT:
  case SIO_CAUSE_MESSAGE_TIMEOUT:
  case SIO_CAUSE_ATTACHMENT_TIMEOUT:
  case SIO_CAUSE_CLOSE_TIMEOUT:
    return EXCUSE_NET | EXCUSE_SILENT | EXCUSE_NAUGHTY | EXCUSE_HOST;
  case SIO_CAUSE_NOT_ALLOWED:
    return EXCUSE_NAUGHTY | EXCUSE_HOST;
  default:
    return EXCUSE_NAUGHTY;
  }
}

static bool is_timeout(sio_cause cause)
{
  return cause == SIO_CAUSE_PING_TIMEOUT ||
         cause == SIO_CAUSE_CONNECT_TIMEOUT ||
         cause == SIO_CAUSE_BODY_TIMEOUT || cause == SIO_CAUSE_HEADER_TIMEOUT ||
         cause == SIO_CAUSE_MESSAGE_TIMEOUT ||
         cause == SIO_CAUSE_IDLE_TIMEOUT ||
         cause == SIO_CAUSE_ATTACHMENT_TIMEOUT;
}

void check_end(struct sim *sim, struct client *c, const sio_end *end,
               const char *what)
{
  if (end->cause == SIO_CAUSE_CLIENT_LEFT ||
      (end->cause == SIO_CAUSE_SERVER_CLOSED &&
       (sim->closed_due > 0 || sim->freeing)) ||
      ((end->cause == SIO_CAUSE_OUTPUT_SIZE ||
        end->cause == SIO_CAUSE_OUTPUT_PACKETS) &&
       sim->options.max_output_bytes < 16777216) ||
      (end->cause == SIO_CAUSE_NOMEM && sim->memory.failures > 0) ||
      (is_timeout(end->cause) && (sim->jumps > 0 || c->rate > 0)))
    return;
  if (c->excuse & excuses_of(end->cause))
    return;
  sim_fail(sim, "end",
           "the %s of client %zu, which has done nothing (%x), "
           "ends: %s, %s",
           what, c->index, c->excuse, sio_reason_text(end->reason),
           sio_cause_text(end->cause));
}

/* ---- Caps ---- */

/* A byte of the answer to the handshake: looks for the empty line. */
static void follow_head(struct framer *f, uint8_t byte)
{
  if (byte == (uint8_t) "\r\n\r\n"[f->head])
    f->head++;
  else
    f->head = byte == '\r';
}

/* A byte of a frame's header, masks not being there. */
static void follow_header(struct framer *f, uint8_t byte)
{
  unsigned size = 2;

  f->header[f->have++] = byte;
  if (f->have < 2)
    return;
  if (f->header[1] >= 126)
    size = f->header[1] == 126 ? 4 : 10;
  if (f->have < size)
    return;
  f->size = size;
  f->left = size == 2 ? f->header[1] : 0;
  for (unsigned k = 2; k < size; k++)
    f->left = f->left << 8 | f->header[k];
}

/* Some bytes of a frame's contents, of which the first two are kept. */
static size_t follow_payload(struct framer *f, const uint8_t *data, size_t len)
{
  size_t n = len < f->left ? len : (size_t)f->left;

  for (size_t i = 0; i < n && f->have < f->size + 2; i++)
    f->header[f->have++] = data[i];
  f->left -= n;
  return n;
}

static bool is_event(const struct framer *f)
{
  unsigned opcode = f->header[0] & 15;
  const uint8_t *p = f->header + f->size;

  return opcode == 2 || (opcode == 1 && f->have == f->size + 2 && p[0] == '4' &&
                         strchr("2356", p[1]) != NULL);
}

/* Goes over bytes that are sent; how many frames with events they complete. */
static unsigned follow(struct framer *f, const uint8_t *data, size_t len)
{
  unsigned n = 0;

  for (size_t i = 0; i < len;) {
    if (f->head < 4)
      follow_head(f, data[i++]);
    else if (f->size == 0)
      follow_header(f, data[i++]);
    else
      i += follow_payload(f, data + i, len - i);
    if (f->size > 0 && f->left == 0) {
      n += is_event(f);
      f->have = f->size = 0;
    }
  }
  return n;
}

void check_sent(struct sim *sim, struct wire *w, const uint8_t *data,
                size_t len)
{
  if (sim->options.max_output_packets > 0 && w->role == WIRE_WS)
    (void)follow(&w->framer, data, len); /* only what is unsent is counted */
}

/* What waits on a websocket. */
void check_queue(struct sim *sim, struct wire *w, const sio_span *spans,
                 size_t n)
{
  uint64_t cap = sim->options.max_output_packets, bytes = 0;
  struct framer f = w->framer;
  unsigned events = 0;

  if (w->role != WIRE_WS || w->client->excuse & EXCUSE_NAUGHTY)
    return;
  for (size_t i = 0; i < n; i++) {
    events += follow(&f, spans[i].data, spans[i].len);
    bytes += spans[i].len;
  }
  if (cap > 0 && events > cap)
    sim_fail(sim, "cap", "%u events wait for client %zu, beyond %llu", events,
             w->client->index, (unsigned long long)cap);
  if (bytes > sim->options.max_output_bytes)
    sim_fail(sim, "cap", "%llu bytes wait for client %zu",
             (unsigned long long)bytes, w->client->index);
}

/* ---- Timers ---- */

/* Right after what was due has been done. */
void check_deadline(struct sim *sim)
{
  uint64_t deadline = sio_server_deadline(sim->server);

  if (deadline <= sim->now)
    sim_fail(sim, "timer", "still due after expiring");
}

static void check_sessions(struct sim *sim)
{
  uint64_t limit = sim->options.ping_interval_ms + sim->options.ping_timeout_ms;
  uint64_t deadline = sio_server_deadline(sim->server);

  for (struct seen_session *s = sim->sessions; s != NULL; s = s->next) {
    uint64_t end = s->beat_ms + limit + (sim->jumps - s->beat_jumps);

    if (s->session == NULL)
      continue;
    if (sim->now > end)
      sim_fail(sim, "timer",
               "the session of client %zu has been silent for "
               "%llu ms",
               s->client->index, (unsigned long long)(sim->now - s->beat_ms));
    if (deadline > end)
      sim_fail(sim, "timer",
               "the deadline comes %llu ms after that of client "
               "%zu",
               (unsigned long long)(deadline - end), s->client->index);
    if (sio_session_pending(s->session) > sim->options.max_output_bytes)
      sim_fail(sim, "cap", "%zu bytes wait for client %zu",
               sio_session_pending(s->session), s->client->index);
  }
}

/* ---- Figures ---- */

static void same(struct sim *sim, const char *name, uint64_t is, uint64_t want)
{
  if (is != want)
    sim_fail(sim, "metrics", "%s is %llu, not %llu", name,
             (unsigned long long)is, (unsigned long long)want);
}

static void check_namespaces(struct sim *sim)
{
  uint64_t joined = 0, here = 0;
  sio_ns_metrics m;
  sio_metrics all;

  for (int i = 0; i < SIM_NSPS; i++) {
    const struct totals *t = &sim->totals;
    uint64_t left = 0;

    joined += t->sockets[i];
    here += sim->crowds[i].n;
    if (i == SIM_NSPS - 1)
      continue; /* it comes and goes */
    sio_ns_metrics(host_ns(sim, i), &m);
    for (size_t k = 0; k < 16; k++)
      left += m.left[k];
    same(sim, "sockets of a namespace", m.sockets, t->sockets[i]);
    same(sim, "sockets_now of a namespace", m.sockets_now, sim->crowds[i].n);
    same(sim, "left", left, t->left[i]);
    /* One that there is no memory for counts, and nobody is told. */
    if (m.events_in < t->events_in[i] ||
        m.events_in - t->events_in[i] > sim->memory.failures)
      same(sim, "events_in", m.events_in, t->events_in[i]);
    same(sim, "acks_in", m.acks_in, t->acks_in[i]);
    same(sim, "acks_out", m.acks_out, t->acks_out[i]);
    same(sim, "sio_ns_socket_count()", sio_ns_socket_count(host_ns(sim, i)),
         sim->crowds[i].n);
  }
  sio_server_metrics(sim->server, &all);
  same(sim, "sockets", all.sockets, joined);
  same(sim, "sockets_now", all.sockets_now, here);
}

static void check_rooms(struct sim *sim)
{
  for (int i = 0; i < SIM_NSPS; i++) {
    unsigned room = pick(&sim->check, SIM_ROOMS);
    char name[3] = {'r', (char)('0' + room), '\0'};
    sio_ns *ns = host_ns(sim, i);
    size_t n = 0;

    if (ns == NULL)
      continue;
    for (size_t k = 0; k < sim->crowds[i].n; k++)
      n += sim->crowds[i].items[k]->rooms >> room & 1;
    /* Who is about to join may be in rooms already, by recovery. */
    if (sio_ns_room_size(ns, sio_s(name)) < n ||
        (sim->options.recovery == NULL &&
         sio_ns_room_size(ns, sio_s(name)) != n))
      sim_fail(sim, "rooms", "%zu are in %s, not %zu",
               sio_ns_room_size(ns, sio_s(name)), name, n);
  }
}

void check_sweep(struct sim *sim)
{
  sio_metrics m;
  uint64_t closes = 0, open = 0;

  check_sessions(sim);
  check_rooms(sim);
  check_namespaces(sim);
  sio_server_metrics(sim->server, &m);
  for (size_t i = 0; i < 16; i++)
    closes += m.closes[i];
  for (struct wire *w = sim->wires; w != NULL; w = w->next)
    open += w->conn != NULL;
  same(sim, "connections", m.connections, sim->totals.connections);
  same(sim, "connections_now", m.connections_now, open);
  same(sim, "bytes_in", m.bytes_in, sim->totals.bytes_in);
  same(sim, "bytes_out", m.bytes_out, sim->totals.bytes_out);
  same(sim, "sessions", m.sessions, sim->totals.sessions);
  same(sim, "closes", closes, sim->totals.closes);
  same(sim, "upgrades_done", m.upgrades_done, sim->totals.upgrades);
  same(sim, "sio_server_session_count()", sio_server_session_count(sim->server),
       sim->totals.sessions - sim->totals.closes);
}

/* ---- When all is calm ---- */

static void check_seat(struct sim *sim, struct client *c, int nsp)
{
  struct membership *m = &c->nsps[nsp];
  struct seat *seat = m->seat;

  if (m->state == NSP_JOINING)
    sim_fail(sim, "calm", "client %zu still waits to join %s", c->index,
             sim_nsps[nsp]);
  if (m->state != NSP_JOINED)
    return;
  if (seat->socket == NULL)
    sim_fail(sim, "calm", "client %zu was not told that it has left %s",
             c->index, sim_nsps[nsp]);
  for (size_t i = seat->owed_from; i < seat->n_owed; i++)
    if (!seat->owed[i].maybe)
      sim_fail(sim, "calm", "client %zu has not got %s %llu in %s", c->index,
               seat->owed[i].kind == OWED_ACK ? "answer" : "event",
               (unsigned long long)seat->owed[i].id, sim_nsps[nsp]);
  if (seat->got != seat->sent)
    sim_fail(sim, "calm", "client %zu has sent %llu events in %s, %llu came",
             c->index, (unsigned long long)seat->sent, sim_nsps[nsp],
             (unsigned long long)seat->got);
}

/* Whoever is there has got all that was for it, and the server, too. */
void check_calm(struct sim *sim)
{
  for (size_t i = 0; i < sim->config.n_clients; i++) {
    struct client *c = &sim->clients[i];

    if (c->state != CLIENT_OPEN || c->excuse != 0 || c->rate > 0)
      continue;
    sim->totals.calm++;
    for (int k = 0; k < SIM_NSPS; k++)
      check_seat(sim, c, k);
  }
}

/* ---- When all is over ---- */

void check_over(struct sim *sim)
{
  memory_flush(sim);
  if (sim->memory.live != 0 || sim->memory.blocks != 0)
    sim_fail(sim, "memory", "%zu bytes in %zu blocks are left",
             sim->memory.live, sim->memory.blocks);
  for (struct seat *s = sim->seats; s != NULL; s = s->next)
    if (s->connects != s->disconnects)
      sim_fail(sim, "disconnect", "client %zu was never told to leave",
               s->client->index);
  for (struct seen_session *s = sim->sessions; s != NULL; s = s->next)
    if (s->session != NULL)
      sim_fail(sim, "end", "the session of client %zu has no end",
               s->client->index);
  for (struct question *q = sim->questions; q != NULL; q = q->next)
    if (q->calls != (q->failed ? 0 : 1))
      sim_fail(sim, "ack", "event %llu has %u answers",
               (unsigned long long)q->id, q->calls);
  if (sim->closed_calls != sim->closed_due)
    sim_fail(sim, "close", "closed %u times, told %u times", sim->closed_due,
             sim->closed_calls);
}
