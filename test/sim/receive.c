/* SPDX-License-Identifier: MIT */
/* A client's Socket.IO: what it receives, and whether it should have. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ITEMS = 8, MAX_ATTACHMENTS = 4, LAZY_MS = 4000 };

/* ---- Joining ---- */

static void joined(struct client *c, const struct packet *p)
{
  struct sim *sim = c->sim;
  struct membership *m = &c->nsps[p->nsp];
  char sid[SIM_SID];
  struct seat *seat;

  if (m->state != NSP_JOINING ||
      !json_member(p->json, p->json_len, "sid", sid, sizeof sid))
    sim_fail(sim, "connect", "client %zu did not ask to join %s", c->index,
             sim_nsps[p->nsp]);
  seat = seat_find(sim, sid);
  if (seat == NULL || seat->client != c || seat->nsp != p->nsp ||
      seat->life != c->life)
    sim_fail(sim, "connect", "client %zu joins %s as somebody else", c->index,
             sim_nsps[p->nsp]);
  if (m->seat != seat) {
    m->offset[0] = '\0';
    m->next_n = 1;
  } else if (!m->comes_back) {
    sim_fail(sim, "connect", "client %zu has an old id again", c->index);
  } else {
    m->next_n = seat->got + 1; /* what was lost on the way is not sent anew */
    seat->sent = seat->got;
    sim->totals.recovered++;
  }
  m->comes_back = false;
  m->seat = seat;
  m->state = NSP_JOINED;
  m->pid[0] = '\0';
  (void)json_member(p->json, p->json_len, "pid", m->pid, sizeof m->pid);
}

static void refused(struct client *c, const struct packet *p)
{
  struct membership *m = &c->nsps[p->nsp];

  if (m->state != NSP_JOINING)
    sim_fail(c->sim, "connect", "client %zu is refused, unasked", c->index);
  if (strstr(p->json, "Invalid namespace") == NULL &&
      strstr(p->json, "\"no\"") == NULL && c->sim->memory.failures == 0)
    sim_fail(c->sim, "connect", "refused: %s", p->json);
  m->state = NSP_NONE;
  m->pid[0] = '\0';
}

void client_join(struct client *c, int nsp)
{
  struct membership *m = &c->nsps[nsp];
  const char *comma = nsp == 0 ? "" : ",",
             *name = nsp == 0 ? "" : sim_nsps[nsp];

  m->state = NSP_JOINING;
  m->comes_back = m->pid[0] != '\0' && m->offset[0] != '\0';
  if (m->comes_back) {
    m->seat->asked_id = m->offset_id;
    client_sendf(c, "40%s%s{\"pid\":\"%s\",\"offset\":\"%s\"}", name, comma,
                 m->pid, m->offset);
  } else {
    client_sendf(c, "40%s%s", name, comma);
  }
}

/* ---- Answers ---- */

static void on_answer(struct sim *sim, void *object, uint64_t value)
{
  struct client *c = object;
  struct answer *a = &c->answers[value % SIM_ANSWERS];
  int nsp = a->nsp;

  if (!a->used || a->id != value / SIM_ANSWERS || c->state != CLIENT_OPEN ||
      c->nsps[nsp].state != NSP_JOINED || c->silent || sim->silence)
    return;
  a->used = false;
  client_sendf(c, "43%s%s%llu[%llu]", nsp == 0 ? "" : sim_nsps[nsp],
               nsp == 0 ? "" : ",", (unsigned long long)a->ack,
               (unsigned long long)a->id);
}

static void think(struct client *c, const struct packet *p, uint64_t id)
{
  struct sim *sim = c->sim;

  for (size_t i = 0; i < SIM_ANSWERS; i++) {
    if (c->answers[i].used)
      continue;
    if (chance(&c->rng, 100))
      return; /* it never answers */
    c->answers[i] = (struct answer){true, p->nsp, p->ack, id};
    sim_at(sim, sim->now + (chance(&c->rng, 500) ? 0 : pick(&c->rng, LAZY_MS)),
           on_answer, c, id * SIM_ANSWERS + i);
    return;
  }
}

/* ---- Events ---- */

/* The attachments, in order, are what belongs to the event. */
static void check_attachments(struct client *c, unsigned n, uint64_t id)
{
  const uint8_t *p = bytes_at(&c->half_data);

  for (unsigned i = 0; i < n; i++) {
    size_t len;

    memcpy(&len, p, sizeof len);
    p += sizeof len;
    if (!filler_is_bytes(c->sim, id + i, (sio_span){p, len}))
      sim_fail(c->sim, "contents", "attachment %u of event %llu is another", i,
               (unsigned long long)id);
    p += len;
  }
}

static struct seat *seat_of(struct client *c, int nsp, const char *what)
{
  struct seat *seat = c->nsps[nsp].seat;

  if (seat == NULL || (seat->life != c->life))
    sim_fail(c->sim, "delivery", "client %zu gets %s in %s, where it is not",
             c->index, what, sim_nsps[nsp]);
  return seat;
}

static void on_event(struct client *c, const struct packet *p)
{
  struct sim *sim = c->sim;
  struct membership *m = &c->nsps[p->nsp];
  struct seat *seat = seat_of(c, p->nsp, "an event");
  sio_str items[MAX_ITEMS], pad;
  size_t n, at;
  uint64_t id = 0;

  if (!json_split(p->json, p->json_len, items, MAX_ITEMS, &n) ||
      n < 3 + (size_t)p->n_attachments || !sio_str_is(items[0], "\"m\""))
    sim_fail(sim, "contents", "an event is %.*s", (int)p->json_len, p->json);
  at = 2 + p->n_attachments;
  pad = (sio_str){items[1].data + 1, items[1].len - 2};
  if (!json_number(items[at], &id) || !filler_is(sim, id, pad))
    sim_fail(sim, "contents", "an event is %.*s", (int)p->json_len, p->json);
  check_attachments(c, p->n_attachments, id);
  if (n > at + 2 || (n == at + 2 && sim->options.recovery == NULL))
    sim_fail(sim, "contents", "an event is %.*s", (int)p->json_len, p->json);
  ledger_take(sim, seat, OWED_EVENT, id);
  if (n == at + 2 && items[at + 1].len - 2 < SIM_OFFSET) {
    memcpy(m->offset, items[at + 1].data + 1, items[at + 1].len - 2);
    m->offset[items[at + 1].len - 2] = '\0';
    m->offset_id = id;
  }
  if (p->has_ack && m->state == NSP_JOINED)
    think(c, p, id);
}

static void on_ack(struct client *c, const struct packet *p)
{
  struct seat *seat = seat_of(c, p->nsp, "an answer");
  sio_str items[2];
  uint64_t value;
  size_t n;

  if (!p->has_ack || !json_split(p->json, p->json_len, items, 2, &n) ||
      n != 1 || !json_number(items[0], &value) || value != p->ack + 7)
    sim_fail(c->sim, "contents", "an answer is %.*s", (int)p->json_len,
             p->json);
  ledger_take(c->sim, seat, OWED_ACK, p->ack);
}

static void dispatch(struct client *c, const struct packet *p)
{
  struct membership *m = &c->nsps[p->nsp];

  switch (p->type) {
  case 0:
    joined(c, p);
    break;
  case 1:
    if (seat_of(c, p->nsp, "a farewell")->farewell)
      sim_fail(c->sim, "disconnect", "client %zu has to leave %s twice",
               c->index, sim_nsps[p->nsp]);
    m->seat->farewell = true;
    if (m->state == NSP_JOINED)
      m->state = NSP_NONE;
    m->pid[0] = '\0';
    break;
  case 2:
  case 5:
    on_event(c, p);
    break;
  case 3:
  case 6:
    on_ack(c, p);
    break;
  default:
    refused(c, p);
    break;
  }
}

void receive_text(struct client *c, const char *text, size_t len)
{
  struct packet p;

  if (c->deaf)
    return;
  NOTE(c->sim, "client %zu < %.*s", c->index, (int)(len < 60 ? len : 60), text);
  if (c->half)
    sim_fail(c->sim, "adjacent", "client %zu: text between attachments",
             c->index);
  if (!packet_parse(&p, text, len) || p.nsp < 0 ||
      p.n_attachments > MAX_ATTACHMENTS)
    sim_fail(c->sim, "packet", "client %zu: %.*s", c->index, (int)len, text);
  if (p.n_attachments == 0) {
    dispatch(c, &p);
    return;
  }
  c->half = true;
  c->half_left = p.n_attachments;
  bytes_take(&c->half_text, c->half_text.len);
  bytes_take(&c->half_data, c->half_data.len);
  bytes_add(&c->half_text, text, len);
  bytes_add(&c->half_text, "", 1);
}

void receive_binary(struct client *c, const uint8_t *data, size_t len)
{
  struct packet p;

  if (c->deaf)
    return;
  if (!c->half)
    sim_fail(c->sim, "adjacent", "client %zu: an attachment of nothing",
             c->index);
  bytes_add(&c->half_data, &len, sizeof len);
  bytes_add(&c->half_data, data, len);
  if (--c->half_left > 0)
    return;
  c->half = false;
  if (packet_parse(&p, (const char *)bytes_at(&c->half_text),
                   c->half_text.len - 1))
    dispatch(c, &p);
}
