/* SPDX-License-Identifier: MIT */
/* The frame around connections and sessions: brackets, time, counters. */
#include "eio/engine.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOG_LINE_MAX = 256, SCRATCH_MAX = 1 << 20 };

int sio__engine_init(struct sio__engine *engine,
                     const sio_server_options *options,
                     const sio_allocator *mem, sio_str path,
                     sio_random_fn random, void *random_user)
{
  memset(engine, 0, sizeof *engine);
  engine->mem = mem;
  engine->options = options;
  engine->path = path;
  engine->http_limits.max_header_bytes = (uint16_t)options->max_header_bytes;
  engine->http_limits.max_headers = (uint16_t)options->max_headers;
  engine->ws_limits.max_message = options->max_payload;
  engine->ws_limits.max_fragments = options->max_fragments;
  sio__clock_init(&engine->clock, 0);
  sio__chunk_pool_init(&engine->chunks, mem, (size_t)options->max_kept_bytes);
  sio__ids_init(&engine->ids, random, random_user);
  sio__map_init(&engine->sessions, mem);
  sio__list_init(&engine->conns);
  sio__list_init(&engine->deferred);
  sio__buf_init(&engine->scratch, mem, SCRATCH_MAX);
  if (random(random_user, (uint8_t *)&engine->seed, sizeof engine->seed) != 0)
    return SIO_ERR_RANDOM;
  return 0;
}

void sio__engine_on(struct sio__engine *engine,
                    const struct sio__engine_events *events, void *user)
{
  engine->events = events;
  engine->events_user = user;
}

void sio__engine_dispose(struct sio__engine *engine)
{
  sio__map_dispose(&engine->sessions);
  sio__buf_dispose(&engine->scratch);
  sio__chunk_pool_dispose(&engine->chunks);
}

void sio__engine_enter(struct sio__engine *engine)
{
  engine->depth++;
}

/* What had to wait until no callback is on the stack. */
static void settle(struct sio__engine *engine)
{
  struct sio__list *link;

  while ((link = sio__list_take(&engine->deferred)) != NULL) {
    struct sio__deferred *deferred =
        SIO__CONTAINER(link, struct sio__deferred, link);

    deferred->run(deferred);
  }
}

void sio__engine_leave(struct sio__engine *engine)
{
  if (engine->depth == 1)
    settle(engine);
  engine->depth--;
}

void sio__engine_defer(struct sio__engine *engine,
                       struct sio__deferred *deferred,
                       void (*run)(struct sio__deferred *))
{
  deferred->run = run;
  sio__list_remove(&deferred->link);
  sio__list_insert(&engine->deferred, &deferred->link);
}

void sio__engine_note_end(struct sio__engine *engine, const char *what,
                          const char *id, const sio_end *end)
{
  sio_log_level level;
  char limit[64] = "";

  engine->causes[end->cause]++;
  level = end->limit > 0                      ? SIO_LOG_WARN
          : end->cause <= SIO_CAUSE_PEER_GONE ? SIO_LOG_DEBUG
          : end->cause == SIO_CAUSE_DONE      ? SIO_LOG_DEBUG
                                              : SIO_LOG_INFO;
  if (!sio__engine_logs(engine, level))
    return;
  if (end->limit > 0)
    snprintf(limit, sizeof limit, " (limit %llu, seen %llu)",
             (unsigned long long)end->limit, (unsigned long long)end->seen);
  sio__engine_log(engine, level, "%s%s%s ended: %s%s%s%s%s%s", what,
                  id != NULL ? " " : "", id != NULL ? id : "",
                  sio_reason_text(end->reason),
                  end->reason != SIO_REASON_NONE ? ", " : "",
                  sio_cause_text(end->cause), end->detail != NULL ? ": " : "",
                  end->detail != NULL ? end->detail : "", limit);
}

void sio__engine_log(struct sio__engine *engine, sio_log_level level,
                     const char *format, ...)
{
  char line[LOG_LINE_MAX];
  va_list args;

  if (!sio__engine_logs(engine, level))
    return;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  engine->options->log(level, line, engine->options->log_user);
}
