/* SPDX-License-Identifier: MIT */
/* What is between clients and the server: bytes that take their time, come in
 * pieces, wait for slow readers, or are lost with their connection. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PIECES = 400, SPANS = 64, TURNS = 200000 };

/* ---- Towards the server ---- */

static uint64_t delay(struct client *c)
{
  uint64_t ms = c->latency_ms + pick(&c->net, c->latency_ms / 2 + 2);

  if (chance(&c->net, 5))
    ms += pick(&c->net, 700);
  return ms;
}

static void server_is_done(struct wire *w, int error);

static void on_arrival(struct sim *sim, void *object, uint64_t value)
{
  struct wire *w = object;
  char address[24];
  sio_peer peer = {.size = sizeof peer, .address = address};
  int rv;

  (void)value;
  w->arrived = true;
  memcpy(address, "192.0.2.", 8);
  address[8] = (char)('1' + w->client->index % 9);
  address[9] = '\0';
  rv = sio_conn_open(sim->server, &peer, w, &w->conn);
  if (rv == 0)
    sim->totals.connections++;
  else if (rv != SIO_ERR_NOMEM && rv != SIO_ERR_LIMIT && rv != SIO_ERR_CLOSED)
    sim_fail(sim, "open", "a connection is refused: %d", rv);
  else if (rv == SIO_ERR_NOMEM && sim->memory.failures == 0)
    sim_fail(sim, "open", "out of memory, but there is enough");
  else if (rv == SIO_ERR_CLOSED && !sim->closing)
    sim_fail(sim, "open", "closed, but nobody has closed it");
  else
    server_is_done(w, 0);
}

static void on_up(struct sim *sim, void *object, uint64_t n)
{
  struct wire *w = object;

  if (n > w->up.len)
    n = w->up.len; /* it was reset */
  if (n == 0)
    return;
  if (w->conn != NULL && !w->ended) {
    uint8_t *data = sim_alloc(n); /* exactly: sanitizers see what is beyond */
    int rv;

    memcpy(data, bytes_at(&w->up), n);
    rv = sio_conn_feed(w->conn, data, n);
    if (rv == 0)
      sim->totals.bytes_in += n;
    else if (rv != SIO_ERR_CLOSED)
      sim_fail(sim, "feed", "feeding answers %d", rv);
    free(data);
  }
  bytes_take(&w->up, n);
}

static void flush(struct wire *w);

static void on_up_end(struct sim *sim, void *object, uint64_t reset)
{
  struct wire *w = object;

  if (!w->arrived || (w->up.len > 0 && !reset)) {
    sim_at(sim, sim->now + 1, on_up_end, w, reset);
    return;
  }
  if (w->conn == NULL)
    return;
  if (!reset && sio_conn_pending(w->conn) > 0) {
    w->ended = true; /* it may still read the rest */
    flush(w);
  } else {
    server_is_done(w, reset ? -104 : 0);
  }
}

struct wire *wire_open(struct client *c, enum wire_role role)
{
  struct sim *sim = c->sim;
  struct wire *w = sim_alloc(sizeof *w);

  w->next = sim->wires;
  sim->wires = w;
  w->client = c;
  w->role = role;
  w->life = c->life;
  w->client_open = true;
  w->idle_since = sim->now;
  w->up_last = sim->now + delay(c);
  sim_at(sim, w->up_last, on_arrival, w, 0);
  return w;
}

void wire_write(struct wire *w, const void *data, size_t len)
{
  struct client *c = w->client;
  struct sim *sim = c->sim;
  uint64_t at = sim->now + delay(c);
  size_t pieces = 1;

  if (!w->client_open || w->up_ended || len == 0)
    return;
  if (at > w->up_last)
    w->up_last = at;
  bytes_add(&w->up, data, len);
  if (sim->troubles & TROUBLE_SPLIT) {
    if (c->bytewise)
      pieces = len;
    else if (chance(&c->net, 80))
      pieces = 2 + pick(&c->net, 4);
    if (pieces > MAX_PIECES)
      pieces = MAX_PIECES;
  }
  while (len > 0) {
    size_t n = len;

    if (pieces > 1) {
      n = c->bytewise ? 1 : 1 + pick(&c->net, (uint32_t)len);
      pieces--;
    }
    sim_at(sim, w->up_last, on_up, w, n);
    len -= n;
    if (len > 0 && !chance(&c->net, 300))
      w->up_last += pick(&c->net, c->bytewise ? 2 : 20);
  }
}

/* The client has said all; it reads on, or is gone. */
void wire_finish(struct wire *w, bool still_reads)
{
  if (!w->client_open)
    return;
  if (!w->up_ended)
    sim_at(w->client->sim, w->up_last + 1, on_up_end, w, 0);
  w->up_ended = true;
  w->client_open = still_reads;
}

/* What is on the way may arrive, or not. */
void wire_reset(struct wire *w)
{
  struct sim *sim = w->client->sim;
  uint64_t at = sim->now + delay(w->client);

  if (!w->client_open)
    return;
  sim_at(sim, chance(&w->client->net, 500) ? at : w->up_last + 1, on_up_end, w,
         1);
  w->up_ended = true;
  w->client_open = false;
}

/* ---- Towards the client ---- */

static void on_down_end(struct sim *sim, void *object, uint64_t value)
{
  struct wire *w = object;

  if (w->down.len > 0) {
    sim_at(sim, sim->now + 1 + w->down.len / 8, on_down_end, w, value);
    return;
  }
  if (w->client_open)
    client_wire_ended(w, value != 0);
}

static void end_down(struct wire *w)
{
  struct sim *sim = w->client->sim;
  uint64_t at = sim->now + delay(w->client);

  if (w->down_ended)
    return;
  w->down_ended = true;
  if (at > w->down_last)
    w->down_last = at;
  sim_at(sim, w->down_last, on_down_end, w, 0);
}

/* The transport is closed on the side of the server. */
static void server_is_done(struct wire *w, int error)
{
  sio_conn *conn = w->conn;

  end_down(w);
  w->conn = NULL;
  if (conn != NULL)
    sio_conn_closed(conn, error);
}

static void on_down(struct sim *sim, void *object, uint64_t n)
{
  struct wire *w = object;
  struct client *c = w->client;

  if (c->stalled_until > sim->now && w->client_open && !sim->silence) {
    sim_at(sim, c->stalled_until, on_down, w, n);
    return;
  }
  if (n > w->down.len)
    n = w->down.len;
  if (w->client_open) {
    bytes_add(&w->in, bytes_at(&w->down), n);
    bytes_take(&w->down, n);
    if (w->is_ws)
      ws_receive(w);
    else
      http_receive(w);
  } else {
    bytes_take(&w->down, n);
  }
  if (w->conn != NULL && sio_conn_pending(w->conn) > 0)
    flush(w);
}

static void carry(struct wire *w, size_t n)
{
  struct client *c = w->client;
  struct sim *sim = c->sim;
  uint64_t at = sim->now + delay(c);

  if (at > w->down_last)
    w->down_last = at;
  if (c->rate > 0)
    w->down_last += (uint64_t)n * 1000 / c->rate;
  while (n > 0) {
    size_t part = n;

    if ((sim->troubles & TROUBLE_SPLIT) && n > 1 && chance(&c->net, 60))
      part = 1 + pick(&c->net, (uint32_t)n - 1);
    sim_at(sim, w->down_last, on_down, w, part);
    n -= part;
    if (n > 0)
      w->down_last += pick(&c->net, 10);
  }
}

/* Take what the way has room for.  False: it is full. */
static bool write_out(struct wire *w)
{
  struct client *c = w->client;
  struct sim *sim = c->sim;
  sio_span spans[SPANS];
  size_t n;

  while ((n = sio_conn_output(w->conn, spans, SPANS)) > 0) {
    size_t room = w->down.len < c->capacity ? c->capacity - w->down.len : 0;
    size_t taken = 0;

    check_queue(sim, w, spans, n);
    if ((sim->troubles & TROUBLE_SPLIT) && chance(&c->net, 20))
      room = room < 7 ? room : 7; /* the kernel takes a little */
    for (size_t i = 0; i < n && taken < room; i++) {
      size_t len = spans[i].len < room - taken ? spans[i].len : room - taken;

      bytes_add(&w->down, spans[i].data, len);
      check_sent(sim, w, spans[i].data, len);
      taken += len;
    }
    if (taken == 0)
      return false;
    sim->totals.bytes_out += taken;
    carry(w, taken);
    sio_conn_sent(w->conn, taken);
  }
  return true;
}

static void flush(struct wire *w)
{
  if (w->conn == NULL)
    return;
  if (sio_conn_wants_close(w->conn) == SIO_CLOSE_NOW &&
      sio_conn_pending(w->conn) == 0) {
    server_is_done(w, 0);
    return;
  }
  if (!write_out(w))
    return;
  if (w->ended) {
    server_is_done(w, 0);
    return;
  }
  switch (sio_conn_wants_close(w->conn)) {
  case SIO_CLOSE_NO:
    break;
  case SIO_CLOSE_NOW:
    server_is_done(w, 0);
    break;
  case SIO_CLOSE_LINGER:
    end_down(w);
    break;
  }
}

/* ---- What is ready ---- */

void net_ready(sio_conn *conn, void *conn_user, void *user)
{
  struct wire *w = conn_user;
  struct sim *sim = user;

  if (w->conn != NULL && w->conn != conn)
    sim_fail(sim, "ready", "the wrong connection is ready");
  if (w->is_ready)
    return;
  w->is_ready = true;
  w->next_ready = sim->ready;
  sim->ready = w;
}

/* The end of a turn: all that is ready is written. */
void net_settle(struct sim *sim)
{
  unsigned turns = 0;

  while (sim->ready != NULL) {
    struct wire *w = sim->ready;

    sim->ready = w->next_ready;
    w->is_ready = false;
    flush(w);
    if (++turns > TURNS)
      sim_fail(sim, "ready", "connections are ready for ever");
  }
}

void net_free(struct sim *sim)
{
  while (sim->wires != NULL) {
    struct wire *w = sim->wires;

    sim->wires = w->next;
    bytes_free(&w->up);
    bytes_free(&w->down);
    bytes_free(&w->in);
    free(w);
  }
}
