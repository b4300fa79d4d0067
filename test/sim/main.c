/* SPDX-License-Identifier: MIT */
/*
 * Runs seeds, several at a time, each in a process that may die of it, and
 * makes what fails as small as it can.
 *
 * usage: sim [--seeds N] [--from N] [--seed N] [--clients N] [--ms N]
 *            [--jobs N] [--verbose]
 */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_JOBS = 64, SEED_SECONDS = 60 };

struct settings {
  uint64_t from;
  uint64_t n;
  size_t clients;
  uint64_t ms;
  unsigned jobs;
  unsigned troubles;
  bool one;
  bool verbose;
};

static struct config config_of(const struct settings *s, uint64_t seed)
{
  return (struct config){.seed = seed,
                         .n_clients = s->clients,
                         .run_ms = s->ms,
                         .troubles = s->troubles};
}

/* ---- Workers ---- */

struct report {
  uint64_t seed;
  struct outcome outcome;
};

static void work(const struct settings *s, unsigned worker, int out)
{
  for (uint64_t i = worker; i < s->n; i += s->jobs) {
    struct config config = config_of(s, s->from + i);
    struct report r = {.seed = config.seed};

    alarm(SEED_SECONDS);
    run_seed(&config, &r.outcome);
    if (write(out, &r, sizeof r) != (ssize_t)sizeof r)
      _exit(2);
  }
  _exit(0);
}

/* ---- Smaller ---- */

/* What a run of its own process ends with: 0, or its status. */
static int trial(const struct config *config, bool quiet)
{
  int status = 0;
  pid_t pid;

  fflush(stdout);
  pid = fork();
  if (pid == 0) {
    struct outcome outcome = {0};

    if (quiet && (freopen("/dev/null", "w", stdout) == NULL ||
                  freopen("/dev/null", "w", stderr) == NULL))
      _exit(2);
    alarm(SEED_SECONDS);
    run_seed(config, &outcome);
    fflush(stdout);
    _exit(0);
  }
  if (pid < 0 || waitpid(pid, &status, 0) < 0)
    return -1;
  return status;
}

static void leave_out_clients(struct config *config, bool *left_out, int status)
{
  config->left_out = left_out;
  for (size_t step = config->n_clients / 2; step > 0; step /= 2) {
    for (size_t i = 0; i < config->n_clients; i += step) {
      bool before[SIM_MAX_CLIENTS];

      memcpy(before, left_out, sizeof before);
      for (size_t k = i; k < i + step && k < config->n_clients; k++)
        left_out[k] = true;
      if (memcmp(before, left_out, sizeof before) != 0 &&
          trial(config, true) != status)
        memcpy(left_out, before, sizeof before);
    }
  }
}

static void shrink(const struct settings *s, uint64_t seed, int status)
{
  struct config config = config_of(s, seed);
  bool left_out[SIM_MAX_CLIENTS] = {false};
  size_t n = 0;

  for (unsigned t = 1; t <= TROUBLE_ALL; t <<= 1) {
    config.troubles &= ~t;
    if (trial(&config, true) != status)
      config.troubles |= t & s->troubles;
  }
  leave_out_clients(&config, left_out, status);
  for (uint64_t ms = config.run_ms / 2; ms > 100; ms /= 2) {
    config.run_ms -= ms;
    if (trial(&config, true) != status)
      config.run_ms += ms;
  }
  for (size_t i = 0; i < config.n_clients; i++)
    n += !left_out[i];
  printf("---- seed %llu, with %zu of %zu clients, %llu ms, troubles %x:\n",
         (unsigned long long)seed, n, config.n_clients,
         (unsigned long long)config.run_ms, config.troubles);
  config.traced = true;
  (void)trial(&config, false);
}

static void fail(const struct settings *s, uint64_t seed)
{
  struct config config = config_of(s, seed);
  int status = trial(&config, false);

  if (WIFSIGNALED(status))
    printf("seed %llu: signal %d\n", (unsigned long long)seed,
           WTERMSIG(status));
  if (status == 0)
    printf("seed %llu has failed, and does not when it is run alone\n",
           (unsigned long long)seed);
  else
    shrink(s, seed, status);
  printf("replay: make sim SEED=%llu\n", (unsigned long long)seed);
}

/* ---- All ---- */

static double seconds(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(struct outcome *sum, const struct outcome *o)
{
  sum->client_ms += o->client_ms;
  sum->steps += o->steps;
  sum->delivered += o->delivered;
  sum->events_in += o->events_in;
  sum->sessions += o->sessions;
  sum->upgrades += o->upgrades;
  sum->recovered += o->recovered;
  sum->calm += o->calm;
  sum->alloc_failures += o->alloc_failures;
}

static void print_sum(const struct settings *s, uint64_t seeds,
                      const struct outcome *o, double took)
{
  double hours = (double)o->client_ms / 3600000;

  printf("%llu seeds of %zu clients in %.1f s: %.0f client-hours, %.1f per "
         "second\n",
         (unsigned long long)seeds, s->clients, took, hours, hours / took);
  printf("%llu sessions, %llu upgrades, %llu recoveries, %llu events in, %llu "
         "out, %llu steps, %llu allocations failed, %llu clients at rest\n",
         (unsigned long long)o->sessions, (unsigned long long)o->upgrades,
         (unsigned long long)o->recovered, (unsigned long long)o->events_in,
         (unsigned long long)o->delivered, (unsigned long long)o->steps,
         (unsigned long long)o->alloc_failures, (unsigned long long)o->calm);
}

/* Reads what the workers have done; false: one of them has failed. */
static bool gather(const struct settings *s, int in, const pid_t *pids)
{
  struct outcome sum = {0};
  uint64_t next[MAX_JOBS], seeds = 0;
  double began = seconds();
  struct report r;
  bool ok = true;
  ssize_t n;

  for (unsigned i = 0; i < s->jobs; i++)
    next[i] = s->from + i;
  while ((n = read(in, &r, sizeof r)) == (ssize_t)sizeof r ||
         (n < 0 && errno == EINTR)) {
    add(&sum, &r.outcome);
    next[(r.seed - s->from) % s->jobs] = r.seed + s->jobs;
    seeds++;
  }
  print_sum(s, seeds, &sum, seconds() - began);
  for (unsigned i = 0; i < s->jobs; i++) {
    int status = 0;

    if (waitpid(pids[i], &status, 0) < 0 || status != 0) {
      ok = false;
      fail(s, next[i]);
    }
  }
  return ok;
}

static bool run_all(const struct settings *s)
{
  pid_t pids[MAX_JOBS];
  int ends[2];
  bool ok;

  if (pipe(ends) != 0)
    return false;
  for (unsigned i = 0; i < s->jobs; i++) {
    pids[i] = fork();
    if (pids[i] == 0) {
      close(ends[0]);
      work(s, i, ends[1]);
    }
  }
  close(ends[1]);
  ok = gather(s, ends[0], pids);
  close(ends[0]);
  return ok;
}

static bool run_one(const struct settings *s)
{
  struct config config = config_of(s, s->from);
  struct outcome outcome = {0};
  double began = seconds();

  config.traced = true;
  config.verbose = s->verbose;
  run_seed(&config, &outcome);
  print_sum(s, 1, &outcome, seconds() - began);
  return true;
}

static bool parse(struct settings *s, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 0) : 0;

    if (strcmp(argv[i], "--verbose") == 0) {
      s->verbose = true;
      continue;
    }
    if (strcmp(argv[i], "--seeds") == 0)
      s->n = value;
    else if (strcmp(argv[i], "--from") == 0)
      s->from = value;
    else if (strcmp(argv[i], "--clients") == 0)
      s->clients = value;
    else if (strcmp(argv[i], "--ms") == 0)
      s->ms = value;
    else if (strcmp(argv[i], "--jobs") == 0)
      s->jobs = (unsigned)value;
    else if (strcmp(argv[i], "--troubles") == 0)
      s->troubles = (unsigned)value;
    else if (strcmp(argv[i], "--seed") == 0)
      s->from = value;
    else
      return false;
    s->one = s->one || strcmp(argv[i], "--seed") == 0;
    i++;
  }
  return s->clients > 0 && s->clients <= SIM_MAX_CLIENTS && s->jobs > 0 &&
         s->jobs <= MAX_JOBS;
}

int main(int argc, char **argv)
{
  struct settings s = {.from = 1,
                       .n = 100,
                       .clients = 50,
                       .ms = 60000,
                       .jobs = 2,
                       .troubles = TROUBLE_ALL};

  if (!parse(&s, argc, argv)) {
    fprintf(stderr, "usage: sim [--seeds N] [--from N] [--seed N] "
                    "[--clients N] [--ms N] [--jobs N] [--troubles BITS] "
                    "[--verbose]\n");
    return 2;
  }
  return (s.one ? run_one(&s) : run_all(&s)) ? 0 : 1;
}
