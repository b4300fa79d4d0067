/* SPDX-License-Identifier: MIT */
/* One seed: its settings, the mischief, the calm, and one of several ends. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

enum {
  TRACE_LINES = 4096,
  CALM_MS = 45000,
  SWEEP_STEPS = 1024,
  SILENCE_MS = 1000000
};

static uint64_t between(struct rng *rng, uint32_t low, uint32_t high)
{
  return low + pick(rng, high - low + 1);
}

/* ---- Settings ---- */

static void set_times(sio_server_options *o, struct rng *rng)
{
  o->ping_interval_ms = between(rng, 1000, 25000);
  o->ping_timeout_ms = between(rng, 5000, 20000);
  o->upgrade_timeout_ms = between(rng, 500, 10000);
  o->connect_timeout_ms = between(rng, 10000, 45000);
  o->close_timeout_ms = between(rng, 1000, 30000);
  o->keep_alive_timeout_ms = between(rng, 5000, 65000);
  o->header_timeout_ms = between(rng, 5000, 60000);
  o->body_timeout_ms = between(rng, 8000, 300000);
  o->message_timeout_ms = between(rng, 8000, 300000);
}

static void set_limits(struct sim *sim, struct rng *rng)
{
  sio_server_options *o = &sim->options;

  sim->pad_max = chance(rng, 100) ? 30000 : 50 + pick(rng, 2000);
  o->max_payload = 100000 + pick(rng, 900000);
  if (chance(rng, 500))
    o->output_policy = SIO_OUTPUT_REFUSE;
  if (chance(rng, 400))
    o->max_output_bytes = between(rng, 200000, 2000000);
  if (chance(rng, 400)) {
    o->max_output_packets = (uint32_t)between(rng, 10, 60);
    o->max_output_bytes = 2000000;
  }
  if (chance(rng, 500))
    o->high_water_bytes = between(rng, 200, 20000);
  if (chance(rng, 300))
    o->max_rooms = (uint32_t)between(rng, 2, 6);
  if (chance(rng, 300))
    o->max_pending_acks = (uint32_t)between(rng, 1, 20);
  if (chance(rng, 200))
    o->max_kept_bytes = pick(rng, 5000);
  if (chance(rng, 200))
    o->max_poll_bytes = between(rng, 100, 3000);
  o->cleanup_empty_namespaces = chance(rng, 500);
}

static void set_recovery(struct sim *sim, struct rng *rng)
{
  sio_recovery_options *r = &sim->recovery;

  sio_recovery_options_init(r);
  if (!chance(rng, 500))
    return;
  r->max_disconnection_ms = between(rng, 2000, 60000);
  if (chance(rng, 300))
    r->max_packets = (uint32_t)between(rng, 20, 500);
  if (chance(rng, 200))
    r->max_bytes = between(rng, 1000, 100000);
  if (chance(rng, 200))
    r->max_sessions = (uint32_t)between(rng, 1, 10);
  r->skip_middlewares = chance(rng, 500);
  sim->options.recovery = r;
}

static void set_troubles(struct sim *sim, struct rng *rng)
{
  unsigned troubles = TROUBLE_SPLIT | TROUBLE_UPGRADE;

  if (chance(rng, 700))
    troubles |= TROUBLE_RESET;
  if (chance(rng, 500))
    troubles |= TROUBLE_SLOW;
  if (chance(rng, 200))
    troubles |= TROUBLE_JUMP;
  if (chance(rng, 500))
    troubles |= TROUBLE_NAUGHTY;
  if (chance(rng, 900))
    troubles |= TROUBLE_DEEDS;
  if (chance(rng, 250))
    troubles |= TROUBLE_NOMEM;
  if (chance(rng, 200))
    troubles |= TROUBLE_CLOSE;
  sim->troubles = troubles & sim->config.troubles;
}

/* ---- Time ---- */

static void on_jump(struct sim *sim, void *object, uint64_t value)
{
  uint64_t ms =
      100 + pick(&sim->check, chance(&sim->check, 500) ? 90000 : 5000);

  (void)object;
  (void)value;
  if (sim->calm)
    return;
  NOTE(sim, "time jumps by %llu ms", (unsigned long long)ms);
  sim->now += ms;
  sim->jumps += ms;
  sim->jumped_at = sim->now;
  sio_server_expire(sim->server, sim->now);
  sim_at(sim, sim->now + 5000 + pick(&sim->check, 60000), on_jump, NULL, 0);
}

/* Does what comes next, if it comes before `until`. */
static bool step(struct sim *sim, uint64_t until, bool only_timers)
{
  uint64_t deadline = sio_server_deadline(sim->server), next = SIO_NEVER;
  struct event e;

  if (sim->n_events > 0 && !only_timers)
    next = sim->events[0].at;
  if (deadline < next)
    next = deadline;
  if (next > until) {
    sim->now = until > sim->now ? until : sim->now;
    return false;
  }
  if (next > sim->now)
    sim->now = next;
  sio_server_expire(sim->server, sim->now);
  net_settle(sim);
  check_deadline(sim);
  if (!only_timers && sim->n_events > 0 && sim->events[0].at <= sim->now &&
      sim_next(sim, &e)) {
    e.fn(sim, e.object, e.value);
    net_settle(sim);
  }
  if (++sim->steps % SWEEP_STEPS == 0)
    check_sweep(sim);
  return true;
}

static void run_until(struct sim *sim, uint64_t until)
{
  while (step(sim, until, false))
    continue;
}

/* ---- Ends ---- */

static void drop_connections(struct sim *sim)
{
  for (size_t i = 0; i < sim->config.n_clients; i++)
    sim->clients[i].excuse |= EXCUSE_NET;
  for (struct wire *w = sim->wires; w != NULL; w = w->next) {
    sio_conn *conn = w->conn;

    w->conn = NULL;
    if (conn != NULL)
      sio_conn_closed(conn, 0);
  }
}

/* Nobody says anything any more: timers alone have to end everything. */
static void end_by_silence(struct sim *sim)
{
  const sio_server_options *o = &sim->options;
  uint64_t until = sim->now + o->ping_interval_ms + o->ping_timeout_ms +
                   o->keep_alive_timeout_ms + o->header_timeout_ms +
                   o->body_timeout_ms + 2 * o->close_timeout_ms +
                   o->upgrade_timeout_ms + o->message_timeout_ms + 70000;

  NOTE(sim, "silence");
  sim->silence = true;
  for (size_t i = 0; i < sim->config.n_clients; i++)
    sim->clients[i].excuse |= EXCUSE_SILENT | EXCUSE_NET;
  while (step(sim, until, true))
    continue;
  if (sio_server_session_count(sim->server) > 0 ||
      sio_server_connection_count(sim->server) > 0)
    sim_fail(sim, "timer", "%zu sessions and %zu connections outlive silence",
             sio_server_session_count(sim->server),
             sio_server_connection_count(sim->server));
}

static void end_by_closing(struct sim *sim)
{
  if (!sim->closing)
    host_close(sim);
  net_settle(sim);
  run_until(sim, sim->now + sim->options.close_timeout_ms + 2000);
  if (sim->closed_calls != sim->closed_due ||
      sio_server_connection_count(sim->server) > 0)
    sim_fail(sim, "close", "%zu connections are left",
             sio_server_connection_count(sim->server));
}

static void end(struct sim *sim)
{
  struct rng rng = rng_of(sim->config.seed, 7);
  bool early = chance(&rng, 500);

  switch (pick(&rng, 3)) {
  case 0:
    end_by_silence(sim);
    break;
  case 1:
    end_by_closing(sim);
    break;
  default:
    break; /* in the middle of everything */
  }
  check_sweep(sim);
  drop_connections(sim);
  net_settle(sim);
  if (early)
    host_release(sim);
  sim->freeing = true;
  sio_server_free(sim->server);
  sim->server = NULL;
  host_release(sim);
}

/* ---- One seed ---- */

static void dispose(struct sim *sim)
{
  net_free(sim);
  ledger_free(sim);
  while (sim->questions != NULL) {
    struct question *q = sim->questions;

    sim->questions = q->next;
    free(q);
  }
  while (sim->sessions != NULL) {
    struct seen_session *s = sim->sessions;

    sim->sessions = s->next;
    free(s);
  }
  for (size_t i = 0; i < sim->config.n_clients; i++) {
    bytes_free(&sim->clients[i].out);
    bytes_free(&sim->clients[i].half_text);
    bytes_free(&sim->clients[i].half_data);
  }
  free(sim->events);
  free(sim->trace);
  free(sim);
}

static void begin(struct sim *sim, const struct config *config)
{
  struct rng rng = rng_of(config->seed, 1);

  sim->config = *config;
  sim->rng = rng_of(config->seed, 2);
  sim->check = rng_of(config->seed, 3);
  if (config->traced)
    sim->trace = sim_alloc(TRACE_LINES * sizeof *sim->trace);
  sim->began = sim->now = 1000 + pick(&rng, 1000000);
  sim->next_id = 1;
  sio_server_options_init(&sim->options);
  set_times(&sim->options, &rng);
  set_limits(sim, &rng);
  set_recovery(sim, &rng);
  set_troubles(sim, &rng);
  memory_init(sim);
  host_start(sim);
  for (size_t i = 0; i < config->n_clients; i++)
    client_init(sim, &sim->clients[i], i);
  if (sim->troubles & TROUBLE_NOMEM)
    sim->memory.fail_per_million = 20 + pick(&rng, 1000);
  if (sim->troubles & TROUBLE_JUMP)
    sim_at(sim, sim->now + pick(&rng, 60000), on_jump, NULL, 0);
  sim_at(sim, sim->now + 1000, deeds_tick, NULL, 0);
}

void run_seed(const struct config *config, struct outcome *outcome)
{
  struct sim *sim = sim_alloc(sizeof *sim);

  begin(sim, config);
  run_until(sim, sim->began + config->run_ms);
  sim->calm = true;
  for (size_t i = 0; i < config->n_clients; i++)
    sim->clients[i].stalled_until = 0;
  run_until(sim, sim->now + CALM_MS);
  check_sweep(sim);
  check_calm(sim);
  outcome->client_ms += (sim->now - sim->began) * config->n_clients;
  end(sim);
  check_over(sim);
  outcome->steps += sim->steps;
  outcome->delivered += sim->totals.delivered;
  outcome->sessions += sim->totals.sessions;
  outcome->upgrades += sim->totals.upgrades;
  outcome->recovered += sim->totals.recovered;
  outcome->calm += sim->totals.calm;
  outcome->alloc_failures += sim->memory.failures;
  for (int i = 0; i < SIM_NSPS; i++)
    outcome->events_in += sim->totals.events_in[i];
  dispose(sim);
}
