/* SPDX-License-Identifier: MIT */
/* Time, chance, memory, and what becomes of a run that breaks a rule. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRACE_LINES = 4096, TRACE_SHOWN = 80, POISON = 0xdb, POISONED = 64 };

/* ---- Chance ---- */

uint64_t sim_random(struct rng *rng)
{
  uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint32_t pick(struct rng *rng, uint32_t n)
{
  return n == 0 ? 0 : (uint32_t)((sim_random(rng) >> 32) * n >> 32);
}

bool chance(struct rng *rng, uint32_t per_mille)
{
  return pick(rng, 1000) < per_mille;
}

/* Streams do not depend on each other, so that leaving a client out of a run
 * leaves the others as they were. */
struct rng rng_of(uint64_t seed, uint64_t stream)
{
  struct rng rng = {seed * 0x2545f4914f6cdd1du + stream * 0x9e3779b97f4a7c15u};

  rng.state = sim_random(&rng);
  return rng;
}

/* ---- The simulation's own memory ---- */

void *sim_alloc(size_t size)
{
  void *p = calloc(1, size);

  if (p == NULL) {
    fprintf(stderr, "sim: out of memory\n");
    _exit(2);
  }
  return p;
}

/* Room for `n` items and one more. */
void *sim_grow(void *items, size_t *cap, size_t n, size_t size)
{
  if (n < *cap)
    return items;
  *cap = *cap == 0 ? 16 : *cap * 2;
  items = realloc(items, *cap * size);
  if (items == NULL)
    _exit(2);
  return items;
}

/* There is always a NUL behind them. */
void bytes_add(struct bytes *b, const void *data, size_t len)
{
  if (b->from > 0 && b->from + b->len + len >= b->cap) {
    memmove(b->data, b->data + b->from, b->len);
    b->from = 0;
  }
  if (b->from + b->len + len >= b->cap) {
    b->cap = (b->len + len) * 2 + 64;
    b->data = realloc(b->data, b->cap);
    if (b->data == NULL)
      _exit(2);
  }
  if (len > 0)
    memcpy(b->data + b->from + b->len, data, len);
  b->len += len;
  b->data[b->from + b->len] = 0;
}

void bytes_take(struct bytes *b, size_t len)
{
  b->from += len;
  b->len -= len;
  if (b->len == 0)
    b->from = 0;
}

void bytes_free(struct bytes *b)
{
  free(b->data);
  *b = (struct bytes){0};
}

/* ---- The library's memory ---- */

struct block {
  uint64_t magic;
  size_t size;
};

#define ALIVE 0x616c697665616c69u
#define DEAD  0x6465616464656164u

static void *library_alloc(size_t size, void *user)
{
  struct sim *sim = user;
  struct memory *m = &sim->memory;
  struct block *b;

  m->calls++;
  if (m->fail_per_million > 0 && !sim->calm &&
      pick(&m->rng, 1000000) < m->fail_per_million) {
    m->failures++;
    NOTE(sim, "an allocation of %zu bytes fails", size);
    return NULL;
  }
  b = malloc(sizeof *b + size);
  if (b == NULL)
    _exit(2);
  b->magic = ALIVE;
  b->size = size;
  m->live += size;
  m->blocks++;
  return b + 1;
}

static size_t poisoned(const struct block *b)
{
  return b->size < POISONED ? b->size : POISONED;
}

static void let_go(struct sim *sim, struct block *b)
{
  const uint8_t *p = (const uint8_t *)(b + 1);

  if (b->magic != DEAD)
    sim_fail(sim, "memory", "what was freed has been written to");
  for (size_t i = 0; i < poisoned(b); i++)
    if (p[i] != POISON)
      sim_fail(sim, "memory", "what was freed has been written to, at %zu", i);
  free(b);
}

static void library_free(void *memory, size_t size, void *user)
{
  struct sim *sim = user;
  struct memory *m = &sim->memory;
  struct block *b = (struct block *)memory - 1;

  if (b->magic == DEAD)
    sim_fail(sim, "memory", "%zu bytes are freed twice", size);
  if (b->magic != ALIVE)
    sim_fail(sim, "memory", "what is freed was never allocated");
  if (b->size != size)
    sim_fail(sim, "memory", "%zu bytes are freed as %zu", b->size, size);
  m->live -= size;
  m->blocks--;
  b->magic = DEAD;
  memset(memory, POISON, poisoned(b));
  if (m->quarantine[m->next] != NULL)
    let_go(sim, m->quarantine[m->next]);
  m->quarantine[m->next] = b;
  m->next = (m->next + 1) % (sizeof m->quarantine / sizeof *m->quarantine);
}

void memory_init(struct sim *sim)
{
  sim->memory.rng = rng_of(sim->config.seed, 4);
  sim->allocator = (sio_allocator){library_alloc, library_free, sim};
}

void memory_flush(struct sim *sim)
{
  for (size_t i = 0;
       i < sizeof sim->memory.quarantine / sizeof *sim->memory.quarantine;
       i++) {
    if (sim->memory.quarantine[i] != NULL)
      let_go(sim, sim->memory.quarantine[i]);
    sim->memory.quarantine[i] = NULL;
  }
}

/* ---- Time: a heap of what is to come ---- */

static bool before(const struct event *a, const struct event *b)
{
  return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void sim_at(struct sim *sim, uint64_t at, event_fn fn, void *object,
            uint64_t value)
{
  struct event e = {at, sim->seq++, fn, object, value};
  size_t i = sim->n_events;

  sim->events = sim_grow(sim->events, &sim->cap_events, sim->n_events,
                         sizeof *sim->events);
  sim->n_events++;
  while (i > 0 && before(&e, &sim->events[(i - 1) / 2])) {
    sim->events[i] = sim->events[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  sim->events[i] = e;
}

bool sim_next(struct sim *sim, struct event *event)
{
  struct event last;
  size_t i = 0, child;

  if (sim->n_events == 0)
    return false;
  *event = sim->events[0];
  last = sim->events[--sim->n_events];
  while ((child = 2 * i + 1) < sim->n_events) {
    if (child + 1 < sim->n_events &&
        before(&sim->events[child + 1], &sim->events[child]))
      child++;
    if (!before(&sim->events[child], &last))
      break;
    sim->events[i] = sim->events[child];
    i = child;
  }
  sim->events[i] = last;
  return true;
}

/* ---- Reports ---- */

void sim_note(struct sim *sim, const char *format, ...)
{
  char *line = sim->trace[sim->n_trace++ % TRACE_LINES];
  int n = snprintf(line, sizeof *sim->trace, "%10.3f  ",
                   (double)(sim->now - sim->began) / 1000);
  va_list args;

  va_start(args, format);
  vsnprintf(line + n, sizeof *sim->trace - (size_t)n, format, args);
  va_end(args);
  if (sim->config.verbose)
    printf("%s\n", line);
}

/* By the rule, so that shrinking does not go after another failure. */
static int exit_code(const char *rule)
{
  unsigned code = 0;

  while (*rule != '\0')
    code = code * 31 + (unsigned char)*rule++;
  return SIM_BROKEN + (int)(code % 200);
}

_Noreturn void sim_fail(struct sim *sim, const char *rule, const char *format,
                        ...)
{
  va_list args;

  if (sim->trace != NULL && !sim->config.verbose) {
    unsigned n = sim->n_trace < TRACE_SHOWN ? sim->n_trace : TRACE_SHOWN;

    for (unsigned i = sim->n_trace - n; i != sim->n_trace; i++)
      printf("%s\n", sim->trace[i % TRACE_LINES]);
  }
  printf("seed %llu, %.3f s: %s: ", (unsigned long long)sim->config.seed,
         (double)(sim->now - sim->began) / 1000, rule);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n");
  fflush(stdout);
  _exit(exit_code(rule));
}
