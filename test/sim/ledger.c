/* SPDX-License-Identifier: MIT */
/* Who is owed what: for each socket of the server, what was sent to it and has
 * not been seen by its client; and for recovery, all that was sent. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

struct seat *seat_new(struct sim *sim, struct client *c, int nsp,
                      const char *sid)
{
  struct seat *seat = sim_alloc(sizeof *seat);

  seat->next = sim->seats;
  sim->seats = seat;
  seat->client = c;
  seat->nsp = nsp;
  strncpy(seat->sid, sid, sizeof seat->sid - 1);
  return seat;
}

struct seat *seat_find(struct sim *sim, const char *sid)
{
  struct seat *seat = sim->seats;

  while (seat != NULL && strcmp(seat->sid, sid) != 0)
    seat = seat->next;
  return seat;
}

void crowd_add(struct sim *sim, struct seat *seat)
{
  struct crowd *crowd = &sim->crowds[seat->nsp];

  crowd->items =
      sim_grow(crowd->items, &crowd->cap, crowd->n, sizeof *crowd->items);
  seat->place = crowd->n;
  crowd->items[crowd->n++] = seat;
}

void crowd_remove(struct sim *sim, struct seat *seat)
{
  struct crowd *crowd = &sim->crowds[seat->nsp];
  struct seat *last = crowd->items[--crowd->n];

  crowd->items[seat->place] = last;
  last->place = seat->place;
}

/* ---- What is owed ---- */

void ledger_add(struct seat *seat, enum owed_kind kind, uint64_t id, bool maybe)
{
  if (seat->owed_from > 64 && seat->owed_from * 2 > seat->n_owed) {
    memmove(seat->owed, seat->owed + seat->owed_from,
            (seat->n_owed - seat->owed_from) * sizeof *seat->owed);
    seat->n_owed -= seat->owed_from;
    seat->owed_from = 0;
  }
  seat->owed =
      sim_grow(seat->owed, &seat->cap_owed, seat->n_owed, sizeof *seat->owed);
  seat->owed[seat->n_owed++] =
      (struct owed){id, (uint8_t)kind, maybe, seat->parting};
}

static struct owed *find(struct seat *seat, uint64_t id)
{
  for (size_t i = seat->n_owed; i > seat->owed_from; i--)
    if (seat->owed[i - 1].id == id)
      return &seat->owed[i - 1];
  return NULL;
}

/* It was not sent after all. */
void ledger_drop(struct seat *seat, uint64_t id)
{
  struct owed *o = find(seat, id);

  if (o == NULL)
    return;
  memmove(o, o + 1, (size_t)(seat->owed + seat->n_owed - (o + 1)) * sizeof *o);
  seat->n_owed--;
}

/* Whether it was sent is not known. */
void ledger_excuse(struct seat *seat, uint64_t id)
{
  struct owed *o = find(seat, id);

  if (o != NULL)
    o->maybe = true;
}

void ledger_take(struct sim *sim, struct seat *seat, enum owed_kind kind,
                 uint64_t id)
{
  size_t i = seat->owed_from;

  while (i < seat->n_owed &&
         (seat->owed[i].id != id || seat->owed[i].kind != kind)) {
    if (!seat->owed[i].maybe) {
      bool later = false;

      for (size_t k = i; k < seat->n_owed; k++)
        later = later || (seat->owed[k].id == id && seat->owed[k].kind == kind);
      sim_fail(sim, "delivery",
               "client %zu gets %s %llu in %s, %s (next is %llu)",
               seat->client->index, kind == OWED_ACK ? "answer" : "event",
               (unsigned long long)id, sim_nsps[seat->nsp],
               later ? "before others" : "which was not for it, or again",
               (unsigned long long)seat->owed[i].id);
    }
    i++;
  }
  if (i == seat->n_owed)
    sim_fail(sim, "delivery", "client %zu gets %s %llu in %s, owed nothing",
             seat->client->index, kind == OWED_ACK ? "answer" : "event",
             (unsigned long long)id, sim_nsps[seat->nsp]);
  if (seat->farewell && !seat->owed[i].late)
    sim_fail(sim, "delivery",
             "client %zu gets %llu in %s, which it had to "
             "leave",
             seat->client->index, (unsigned long long)id, sim_nsps[seat->nsp]);
  seat->owed_from = i + 1;
  sim->totals.delivered++;
}

/* ---- What recovery remembers ---- */

void ledger_log(struct sim *sim, int nsp, const struct logged *entry)
{
  struct log *log = &sim->logs[nsp];

  log->items = sim_grow(log->items, &log->cap, log->n, sizeof *log->items);
  log->items[log->n++] = *entry;
}

void ledger_unlog(struct sim *sim, int nsp, uint64_t id)
{
  struct log *log = &sim->logs[nsp];

  for (size_t i = log->n; i > 0; i--) {
    if (log->items[i - 1].id == id) {
      log->items[i - 1].failed = true;
      return;
    }
  }
}

static bool is_for(const struct logged *e, const struct seat *seat)
{
  if (e->failed || e->but == seat || (e->except & seat->rooms) != 0)
    return false;
  if (e->only != NULL)
    return e->only == seat;
  return e->rooms == 0 || (e->rooms & seat->rooms) != 0;
}

/* It was for a socket that was there. */
void ledger_hear(struct seat *seat, uint64_t id)
{
  seat->heard = sim_grow(seat->heard, &seat->cap_heard, seat->n_heard,
                         sizeof *seat->heard);
  seat->heard[seat->n_heard++] = id;
}

void ledger_unhear(struct seat *seat, uint64_t id)
{
  for (size_t i = seat->n_heard; i > 0; i--) {
    if (seat->heard[i - 1] != id)
      continue;
    memmove(&seat->heard[i - 1], &seat->heard[i],
            (seat->n_heard - i) * sizeof *seat->heard);
    seat->n_heard--;
    return;
  }
}

/* It is back: all since the last event that its client has got, and what would
 * have been for it while it was away. */
void ledger_recover(struct sim *sim, struct seat *seat)
{
  struct log *log = &sim->logs[seat->nsp];
  size_t from = seat->n_heard;

  while (from > 0 && seat->heard[from - 1] != seat->asked_id)
    from--;
  if (from == 0)
    sim_fail(sim, "recovery",
             "client %zu is back with event %llu, which was not for it",
             seat->client->index, (unsigned long long)seat->asked_id);
  for (size_t i = seat->away_from; i < log->n; i++)
    if (is_for(&log->items[i], seat))
      ledger_hear(seat, log->items[i].id);
  seat->n_owed = seat->owed_from = 0;
  for (size_t i = from; i < seat->n_heard; i++)
    ledger_add(seat, OWED_EVENT, seat->heard[i], false);
}

void ledger_free(struct sim *sim)
{
  while (sim->seats != NULL) {
    struct seat *seat = sim->seats;

    sim->seats = seat->next;
    free(seat->owed);
    free(seat->heard);
    free(seat);
  }
  for (int i = 0; i < SIM_NSPS; i++) {
    free(sim->logs[i].items);
    free(sim->crowds[i].items);
  }
}
