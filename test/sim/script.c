/* SPDX-License-Identifier: MIT */
/* What clients do once they are in, and the mischief. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACE_MS = 4000, FIRST_ACK = 1000000000 };

/* ---- What everybody does ---- */

void script_event(struct client *c, int nsp)
{
  struct sim *sim = c->sim;
  struct membership *m = &c->nsps[nsp];
  uint64_t n = m->next_n++;
  size_t len = filler_len(sim, n);
  char *pad = sim_alloc(len + 1), *text = sim_alloc(len + 300), ack[24] = "";
  bool binary = chance(&c->rng, 150);
  int size;

  if (chance(&c->rng, 300)) {
    m->next_ack = m->next_ack < FIRST_ACK ? FIRST_ACK : m->next_ack + 1;
    snprintf(ack, sizeof ack, "%llu", (unsigned long long)m->next_ack);
  }
  filler_text(pad, len, n);
  size = snprintf(text, len + 300, "4%s%s%s%s[\"e\",%llu,\"%s\",%s%s]",
                  binary ? "51-" : "2", nsp == 0 ? "" : sim_nsps[nsp],
                  nsp == 0 ? "" : ",", ack, (unsigned long long)n, pad,
                  ack[0] != '\0' ? ack : "0",
                  binary ? ",{\"_placeholder\":true,\"num\":0}" : "");
  m->seat->sent++;
  client_send(c, text, (size_t)size);
  if (binary) {
    uint8_t *data = sim_alloc(len + 1);

    filler_bytes(data, len, n);
    client_send_binary(c, data, len);
    free(data);
  }
  free(pad);
  free(text);
}

static void leave(struct client *c, int nsp)
{
  c->nsps[nsp].state = NSP_NONE;
  c->nsps[nsp].pid[0] = '\0';
  client_sendf(c, "41%s%s", nsp == 0 ? "" : sim_nsps[nsp], nsp == 0 ? "" : ",");
}

static void be_good(struct client *c)
{
  int nsp = (int)pick(&c->rng, SIM_NSPS);
  uint32_t n = 1 + (chance(&c->rng, 200) ? pick(&c->rng, 6) : 0);
  struct membership *m = &c->nsps[nsp];

  if (m->state == NSP_NONE) {
    /* Whoever was sent away waits until the server has no doubt. */
    if (!(c->excuse & EXCUSE_HOST))
      client_join(c, nsp);
  } else if (m->state == NSP_JOINED && chance(&c->rng, 40)) {
    leave(c, nsp);
  } else if (m->state == NSP_JOINED) {
    while (n-- > 0 && c->state == CLIENT_OPEN && m->state == NSP_JOINED)
      script_event(c, nsp);
  }
}

/* ---- Connections that break ---- */

static void break_one(struct client *c)
{
  struct wire *w = c->ws != NULL ? c->ws : c->get;
  uint32_t how = pick(&c->rng, 4);

  c->excuse |= EXCUSE_NET;
  if (how == 0 && c->post != NULL && c->post->busy)
    w = c->post;
  NOTE(c->sim, "client %zu breaks a connection (%u)", c->index, how);
  if (w == NULL || how == 3) {
    client_end(c, "it has had enough");
  } else if (how == 1) {
    wire_finish(w, true); /* shuts its side, and reads on */
  } else {
    wire_reset(w);
    client_end(c, "a connection is reset");
  }
}

static void fall_silent(struct client *c)
{
  NOTE(c->sim, "client %zu falls silent", c->index);
  c->excuse |= EXCUSE_SILENT;
  c->silent = true;
}

static void stall(struct client *c)
{
  uint64_t ms = 200 + pick(&c->rng, chance(&c->rng, 300) ? 30000 : 3000);

  NOTE(c->sim, "client %zu does not read for %llu ms", c->index,
       (unsigned long long)ms);
  c->excuse |= EXCUSE_SILENT;
  c->capacity = 2000;
  c->stalled_until = c->sim->now + ms;
}

/* ---- Those who break rules ---- */

static void misbehave(struct client *c)
{
  static const char *const wrong[] = {"4",
                                      "42[]",
                                      "42{}",
                                      "4abc",
                                      "42[\"e\"",
                                      "451-[\"e\"]",
                                      "49",
                                      "8",
                                      "2",
                                      "42/z,[\"e\"]",
                                      "40[]",
                                      "451-",
                                      "42[\"connect\"]",
                                      "44{}",
                                      "b!!!!",
                                      "4\xff\xfe"};
  uint32_t what = pick(&c->rng, 12);
  struct wire *w;

  NOTE(c->sim, "client %zu breaks a rule (%u)", c->index, what);
  c->excuse |= EXCUSE_NAUGHTY;
  if (what == 0 && c->polling) { /* polls overlap */
    c->silent = c->deaf = true;
    w = wire_open(c, WIRE_EXTRA);
    http_get(c, w);
  } else if (what == 1 && c->polling) { /* posts do */
    w = wire_open(c, WIRE_EXTRA);
    http_post(c, w, (const uint8_t *)"3", 1);
    w = wire_open(c, WIRE_EXTRA);
    http_post(c, w, (const uint8_t *)"3", 1);
  } else if (what == 2) { /* says goodbye */
    c->excuse |= EXCUSE_LEFT;
    if (c->polling || c->ws == NULL)
      client_send(c, "1", 1);
    else
      ws_send(c->ws, 8, "\x03\xe8", 2);
  } else if (what == 3 && c->ws != NULL && !c->polling) {
    wire_write(c->ws, "\xff\xff\xff\xff", 4); /* no frame at all */
  } else if (what == 4 && c->ws != NULL && !c->polling) {
    wire_write(c->ws, "\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff", 10);
  } else if (what == 5 && c->nsps[0].state == NSP_JOINED) {
    c->nsps[0].state = NSP_JOINING; /* if the host has just sent it away */
    client_send(c, "40", 2);
  } else {
    const char *text = wrong[pick(&c->rng, sizeof wrong / sizeof *wrong)];

    client_send(c, text, strlen(text));
  }
}

/* ---- Those who do what is odd, and hurts nobody ---- */

static void extra_upgrade(struct client *c)
{
  struct wire *w = wire_open(c, WIRE_EXTRA);

  NOTE(c->sim, "client %zu opens another websocket", c->index);
  http_upgrade(c, w, c->sid);
  if (chance(&c->rng, 500))
    ws_send(w, 1, "2probe", 6);
  if (chance(&c->rng, 200))
    ws_send(w, 1, "4stray", 6);
  if (chance(&c->rng, 300))
    wire_write(w, "\xff\xff", 2);
  if (chance(&c->rng, 500))
    wire_reset(w);
}

static void stray_connection(struct client *c)
{
  static const char *const texts[] = {
      "GET /socket.io/?EIO=4&transport=polling&sid=nobody HTTP/1.1\r\n\r\n",
      "GET /socket.io/?EIO=4&transport=polling HT",
      "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n\r\n",
      "\x16\x03\x01\x02",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\n\r\nGET ",
      ""};
  const char *text = texts[pick(&c->rng, sizeof texts / sizeof *texts)];
  struct wire *w = wire_open(c, WIRE_EXTRA);

  wire_write(w, text, strlen(text));
  if (chance(&c->rng, 300))
    wire_finish(w, true);
  else if (chance(&c->rng, 300))
    wire_reset(w);
}

/* ---- The pace ---- */

static void mischief(struct client *c)
{
  unsigned troubles = c->sim->troubles;
  uint32_t what = pick(&c->rng, 1000);

  if (what < 12 && (troubles & TROUBLE_RESET))
    break_one(c);
  else if (what >= 20 && what < 24 && (troubles & TROUBLE_SLOW))
    fall_silent(c);
  else if (what >= 30 && what < 40 && (troubles & TROUBLE_SLOW))
    stall(c);
  else if (what >= 40 && what < 50 && (troubles & TROUBLE_NAUGHTY))
    misbehave(c);
  else if (what >= 60 && what < 70 && (troubles & TROUBLE_UPGRADE))
    extra_upgrade(c);
  else if (what >= 70 && what < 80 && (troubles & TROUBLE_NAUGHTY))
    stray_connection(c);
}

static void on_pace(struct sim *sim, void *object, uint64_t life)
{
  struct client *c = object;

  if (c->life != life || c->state != CLIENT_OPEN || sim->calm)
    return;
  if (c->silent) {
    if (chance(&c->rng, 100)) {
      client_end(c, "it was silent for long");
      return;
    }
  } else {
    be_good(c);
    if (c->life == life && c->state == CLIENT_OPEN)
      mischief(c);
  }
  sim_at(sim, sim->now + 20 + pick(&c->rng, PACE_MS), on_pace, c, life);
}

void script_start(struct client *c)
{
  struct sim *sim = c->sim;

  for (int i = 0; i < SIM_NSPS; i++)
    if (c->nsps[i].pid[0] != '\0' || i == 0 || chance(&c->rng, 300))
      client_join(c, i);
  sim_at(sim, sim->now + 20 + pick(&c->rng, PACE_MS), on_pace, c, c->life);
}
