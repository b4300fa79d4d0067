/* SPDX-License-Identifier: MIT */
/*
 * A client's Engine.IO: sessions, transports, the upgrade, heartbeats.
 *
 *   AWAY --start--> OPENING --open packet--> OPEN --whatever ends it--> AWAY
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SETTLE_MS: what was on the way when time jumped may come too late. */
enum {
  PATIENCE_MS = 30000,
  POST_FRESH_MS = 1500,
  SETTLE_MS = 3000,
  CAPACITY = 65536
};

/* ---- What waits to be sent: records of kind, length, bytes ---- */

struct record {
  uint32_t len;
  uint32_t binary;
};

static void put(struct client *c, bool binary, const void *data, size_t len)
{
  struct record r = {(uint32_t)len, binary};

  if (!binary)
    NOTE(c->sim, "client %zu > %.*s", c->index, (int)(len < 60 ? len : 60),
         (const char *)data);
  bytes_add(&c->out, &r, sizeof r);
  bytes_add(&c->out, data, len);
}

static void pump_ws(struct client *c)
{
  while (c->out.len > 0 && c->ws != NULL) {
    struct record r;

    memcpy(&r, bytes_at(&c->out), sizeof r);
    ws_send(c->ws, r.binary ? 2 : 1, bytes_at(&c->out) + sizeof r, r.len);
    bytes_take(&c->out, sizeof r + r.len);
  }
}

/* As many as a payload may have. */
static void pump_post(struct client *c)
{
  struct bytes body = {0};
  struct record r;

  while (c->out.len > 0) {
    const uint8_t *data = bytes_at(&c->out) + sizeof r;

    memcpy(&r, bytes_at(&c->out), sizeof r);
    if (body.len > 0 &&
        body.len + r.len * 4 / 3 + 8 > c->sim->options.max_payload)
      break;
    if (body.len > 0)
      bytes_add(&body, "\x1e", 1);
    if (r.binary) {
      uint8_t *text = sim_alloc(r.len * 4 / 3 + 8);

      bytes_add(&body, "b", 1);
      bytes_add(&body, text, base64_write(text, data, r.len));
      free(text);
    } else {
      bytes_add(&body, data, r.len);
    }
    bytes_take(&c->out, sizeof r + r.len);
  }
  http_post(c, c->post, bytes_at(&body), body.len);
  bytes_free(&body);
}

void client_pump(struct client *c)
{
  if (c->state != CLIENT_OPEN || c->out.len == 0 || c->silent)
    return;
  if (!c->polling) {
    pump_ws(c);
    return;
  }
  if (c->upgrade == UPGRADE_PAUSING || (c->post != NULL && c->post->busy))
    return;
  /* A connection that has been idle may be about to be closed. */
  if (c->post != NULL && (c->post->closes || !c->post->client_open ||
                          c->sim->now > c->post->idle_since + POST_FRESH_MS)) {
    wire_finish(c->post, false);
    c->post = NULL;
  }
  if (c->post == NULL)
    c->post = wire_open(c, WIRE_POST);
  pump_post(c);
}

void client_send(struct client *c, const void *text, size_t len)
{
  put(c, false, text, len);
  client_pump(c);
}

void client_sendf(struct client *c, const char *format, ...)
{
  char text[1024];
  va_list args;
  int n;

  va_start(args, format);
  n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  client_send(c, text, (size_t)n);
}

void client_send_binary(struct client *c, const void *data, size_t len)
{
  put(c, true, data, len);
  client_pump(c);
}

/* ---- Polling ---- */

static void poll_again(struct client *c)
{
  if (c->state != CLIENT_OPEN || !c->polling || c->silent ||
      c->upgrade == UPGRADE_PAUSING || (c->get != NULL && c->get->busy))
    return;
  if (c->get != NULL && (c->get->closes || chance(&c->net, 100))) {
    wire_finish(c->get, false);
    c->get = NULL;
  }
  if (c->get == NULL)
    c->get = wire_open(c, WIRE_GET);
  http_get(c, c->get);
}

/* ---- The upgrade ---- */

static void commit(struct client *c)
{
  if (c->upgrade != UPGRADE_PAUSING || (c->get != NULL && c->get->busy) ||
      (c->post != NULL && c->post->busy))
    return;
  NOTE(c->sim, "client %zu commits its upgrade", c->index);
  ws_send(c->ws, 1, "5", 1);
  c->upgrade = UPGRADE_DONE;
  c->polling = false;
  if (c->get != NULL)
    wire_finish(c->get, false);
  if (c->post != NULL)
    wire_finish(c->post, false);
  c->get = c->post = NULL;
  client_pump(c);
}

static void give_up_upgrade(struct client *c)
{
  c->upgrade = UPGRADE_NONE;
  c->ws = NULL;
  poll_again(c);
  client_pump(c);
}

void client_switched(struct wire *w)
{
  struct client *c = w->client;

  if (w == c->ws && c->upgrade == UPGRADE_PROBING)
    ws_send(w, 1, "2probe", 6);
}

/* ---- Beginning and end ---- */

static struct seen_session *session_of(struct client *c)
{
  struct seen_session *s = c->sim->sessions;

  while (s != NULL && (s->client != c || s->life != c->life))
    s = s->next;
  return s;
}

/* Whether nothing has happened that would explain trouble. */
bool client_is_fine(const struct client *c)
{
  const struct sim *sim = c->sim;

  return c->excuse == 0 && sim->memory.failures == 0 && !sim->closing &&
         sim->closed_calls == 0 && c->pinged_jumps == sim->jumps &&
         sim->now > sim->jumped_at + SETTLE_MS && c->rate == 0 &&
         c->stalled_until == 0;
}

/* The server's answer is no good.  It must not be, while the session lives. */
static void complain(struct client *c, const char *what, int status)
{
  struct seen_session *s = session_of(c);

  if (client_is_fine(c) && s != NULL && s->session != NULL)
    sim_fail(c->sim, "answer", "client %zu: %s (%d), and its session lives",
             c->index, what, status);
  client_end(c, what);
}

void client_end(struct client *c, const char *why)
{
  struct sim *sim = c->sim;

  if (c->state == CLIENT_AWAY)
    return;
  NOTE(sim, "client %zu goes: %s", c->index, why);
  c->state = CLIENT_AWAY;
  c->excuse |= EXCUSE_NET;
  if (c->get != NULL)
    wire_finish(c->get, false);
  if (c->post != NULL)
    wire_finish(c->post, false);
  if (c->ws != NULL)
    wire_finish(c->ws, false);
  c->get = c->post = c->ws = NULL;
  bytes_take(&c->out, c->out.len);
  bytes_take(&c->half_text, c->half_text.len);
  bytes_take(&c->half_data, c->half_data.len);
  c->half = false;
  for (int i = 0; i < SIM_NSPS; i++)
    c->nsps[i].state = NSP_NONE;
  memset(c->answers, 0, sizeof c->answers);
  if (!sim->calm)
    sim_at(sim,
           sim->now + 50 + pick(&c->rng, chance(&c->rng, 300) ? 20000 : 1500),
           client_start, c, c->life);
}

/* The server has not pinged, or not answered at all. */
static void on_watch(struct sim *sim, void *object, uint64_t life)
{
  struct client *c = object;
  uint64_t limit = c->ping_interval_ms + c->ping_timeout_ms;

  if (c->life != life || c->state == CLIENT_AWAY || sim->silence)
    return;
  if (c->state == CLIENT_OPENING) {
    if (client_is_fine(c))
      sim_fail(sim, "timer", "client %zu: no answer to its handshake",
               c->index);
    client_end(c, "no handshake");
    return;
  }
  if (c->silent || sim->now < c->last_ping + limit + 3000) {
    sim_at(sim, sim->now + limit / 2 + 500, on_watch, c, life);
    return;
  }
  if (client_is_fine(c))
    sim_fail(sim, "timer", "client %zu was not pinged for %llu ms", c->index,
             (unsigned long long)(sim->now - c->last_ping));
  client_end(c, "no ping");
}

void client_start(struct sim *sim, void *object, uint64_t life)
{
  struct client *c = object;

  if (c->life != life || c->state != CLIENT_AWAY || sim->calm)
    return;
  c->life++;
  c->state = CLIENT_OPENING;
  c->excuse = 0;
  c->silent = c->deaf = false;
  c->stalled_until = 0;
  if (c->rate == 0)
    c->capacity = CAPACITY; /* it may have stalled in its last life */
  c->sid[0] = '\0';
  c->pinged_jumps = sim->jumps;
  c->upgrade = UPGRADE_NONE;
  c->polling = !c->wants_ws;
  NOTE(sim, "client %zu comes, life %u, by %s", c->index, c->life,
       c->polling ? "polling" : "websocket");
  if (c->polling) {
    c->get = wire_open(c, WIRE_GET);
    http_get(c, c->get);
  } else {
    c->ws = wire_open(c, WIRE_WS);
    http_upgrade(c, c->ws, "");
  }
  sim_at(sim, sim->now + PATIENCE_MS, on_watch, c, c->life);
}

void client_init(struct sim *sim, struct client *c, size_t index)
{
  uint64_t seed = sim->config.seed;

  c->sim = sim;
  c->index = index;
  c->rng = rng_of(seed, 1000 + index);
  c->net = rng_of(seed, 5000 + index);
  c->latency_ms = 1 + pick(&c->rng, chance(&c->rng, 200) ? 200 : 40);
  c->capacity = CAPACITY;
  c->bytewise = chance(&c->rng, 20);
  c->wants_ws = chance(&c->rng, 350);
  c->wants_upgrade = chance(&c->rng, 700);
  if (chance(&c->rng, 80) && (sim->troubles & TROUBLE_SLOW)) {
    c->rate = 500 + pick(&c->rng, 20000);
    c->capacity = 600 + pick(&c->rng, 4000);
  }
  c->present = sim->config.left_out == NULL || !sim->config.left_out[index];
  if (c->present)
    sim_at(sim, sim->now + pick(&c->rng, 3000), client_start, c, 0);
}

/* ---- Packets ---- */

static void opened(struct client *c, const uint8_t *data, size_t len)
{
  struct sim *sim = c->sim;
  const char *json = (const char *)data;

  if (c->state != CLIENT_OPENING ||
      !json_member(json, len, "sid", c->sid, sizeof c->sid))
    sim_fail(sim, "open packet", "%.*s", (int)len, json);
  c->state = CLIENT_OPEN;
  c->ping_interval_ms = sim->options.ping_interval_ms;
  c->ping_timeout_ms = sim->options.ping_timeout_ms;
  c->last_ping = sim->now;
  c->pinged_jumps = sim->jumps;
  script_start(c);
  if (c->polling && c->wants_upgrade && c->state == CLIENT_OPEN) {
    c->upgrade = UPGRADE_PROBING;
    c->ws = wire_open(c, WIRE_WS);
    http_upgrade(c, c->ws, c->sid);
  }
}

void client_packet(struct client *c, uint8_t type, const uint8_t *data,
                   size_t len)
{
  switch (type) {
  case '0':
    opened(c, data, len);
    break;
  case '1':
    c->excuse |= EXCUSE_HOST; /* it has said so itself */
    client_end(c, "close packet");
    break;
  case '2':
    c->last_ping = c->sim->now;
    c->pinged_jumps = c->sim->jumps;
    if (!c->silent)
      client_send(c, "3", 1);
    break;
  case '4':
    receive_text(c, (const char *)data, len);
    break;
  case '6':
    break;
  default:
    sim_fail(c->sim, "packet", "client %zu: of type %c", c->index, type);
  }
}

void client_binary(struct client *c, const uint8_t *data, size_t len)
{
  receive_binary(c, data, len);
}

static void on_close_frame(struct client *c, struct wire *w,
                           const uint8_t *data, size_t len)
{
  ws_send(w, 8, data, len);
  wire_finish(w, true);
  if (w != c->ws)
    return;
  if (c->upgrade == UPGRADE_PROBING || c->upgrade == UPGRADE_PAUSING) {
    give_up_upgrade(c);
    return;
  }
  c->ws = NULL;
  client_end(c, "close frame");
}

void client_message(struct wire *w, unsigned opcode, const uint8_t *data,
                    size_t len)
{
  struct client *c = w->client;

  if (opcode == 8) {
    on_close_frame(c, w, data, len);
  } else if (opcode == 9) {
    ws_send(w, 10, data, len);
  } else if (opcode == 10 || w != c->ws) {
    return; /* of its own ping; or what it has opened for mischief */
  } else if (c->upgrade == UPGRADE_PROBING) {
    if (len != 6 || memcmp(data, "3probe", 6) != 0)
      sim_fail(c->sim, "upgrade", "a probe is answered with %.*s", (int)len,
               (const char *)data);
    c->upgrade = UPGRADE_PAUSING;
    commit(c);
  } else if (opcode == 2) {
    client_binary(c, data, len);
  } else if (len == 0 || c->polling) {
    sim_fail(c->sim, "upgrade", "a packet of %zu bytes, by %s", len,
             c->polling ? "a websocket that is not in use" : "websocket");
  } else {
    client_packet(c, data[0], data + 1, len - 1);
  }
}

/* ---- HTTP ---- */

void client_response(struct wire *w, int status, const uint8_t *body,
                     size_t len)
{
  struct client *c = w->client;
  unsigned life = c->life;

  if (w != c->get && w != c->post) {
    if (w == c->ws && (c->upgrade == UPGRADE_PROBING))
      give_up_upgrade(c); /* refused: the session has ended, or no memory */
    else if (w == c->ws)
      complain(c, "no websocket", status);
    return;
  }
  if (status != 200) {
    complain(c, w == c->get ? "a poll fails" : "a post fails", status);
    return;
  }
  if (w == c->get) {
    payload_receive(c, body, len);
    if (c->life == life)
      poll_again(c);
  } else if (len != 2 || memcmp(body, "ok", 2) != 0) {
    sim_fail(c->sim, "answer", "a post is answered with %zu bytes", len);
  }
  if (c->life != life || c->state != CLIENT_OPEN)
    return;
  commit(c);
  client_pump(c);
}

void client_wire_ended(struct wire *w, bool reset)
{
  struct client *c = w->client;

  (void)reset;
  wire_finish(w, false);
  if (w == c->get || w == c->post) {
    if (w == c->get)
      c->get = NULL;
    else
      c->post = NULL;
    if (w->busy)
      complain(c,
               w->role == WIRE_GET ? "a poll is not answered"
                                   : "a post is not answered",
               0);
  } else if (w == c->ws) {
    if (c->upgrade == UPGRADE_PROBING || c->upgrade == UPGRADE_PAUSING)
      give_up_upgrade(c);
    else
      complain(c, "its websocket is gone", 0);
  }
}
