/* SPDX-License-Identifier: MIT */
/* The frame around connections and sessions: brackets, time, counters. */
#include "eio/engine.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "tls/filter.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOG_LINE_MAX = 256 };

/* Copy the settings that are structs of their own, and make what they need. */
static int prepare(struct sio__engine *engine)
{
  const sio_server_options *o = engine->options;
  int rv = 0;

  if (o->cors != NULL)
    rv = sio__cors_copy(o->cors, engine->mem, &engine->cors);
  if (rv == 0 && o->cookie != NULL)
    rv = sio__cookie_copy(o->cookie, engine->mem, &engine->cookie);
  if (rv == 0 && o->trusted_proxies != NULL) {
    engine->trust =
        sio__trust_new(o->trusted_proxies, o->proxy_header, engine->mem);
    rv = engine->trust != NULL ? 0 : SIO_ERR_NOMEM;
  }
  if (rv == 0 && o->per_message_deflate != NULL) {
    sio__ws_deflate_complete(&engine->deflate, o->per_message_deflate);
    engine->codec = sio__ws_codec_new(&engine->deflate, engine->mem);
    rv = engine->codec != NULL ? 0 : SIO_ERR_NOMEM;
  }
  if (rv == 0) {
    engine->compressor = sio__compressor_new(
        engine->mem, (int)engine->options->http_compression_level);
    rv = engine->compressor != NULL ? 0 : SIO_ERR_NOMEM;
  }
  return rv;
}

static void init_tls_arrivals(struct sio__engine *engine)
{
  const sio_server_options *o = engine->options;
  const struct sio__guest_limits limits = {
      o->max_addresses, 0,
      sio__rate_of(o->tls_handshakes_per_address,
                   o->tls_handshakes_per_address_burst)};
  const struct sio__rate rate =
      sio__rate_of(o->tls_handshakes_per_second, o->tls_handshakes_burst);

  sio__throttle_init(&engine->tls_arrivals, engine->mem, &engine->seed,
                     &engine->clock, &limits, &rate);
}

int sio__engine_init(struct sio__engine *engine,
                     const sio_server_options *options,
                     const sio_allocator *mem, sio_str path,
                     sio_random_fn random, void *random_user)
{
  memset(engine, 0, sizeof *engine);
  engine->mem = mem;
  engine->options = options;
  if (options->initial_message != NULL) {
    engine->initial.data.data = (const uint8_t *)options->initial_message;
    engine->initial.data.len = strlen(options->initial_message);
  }
  engine->path = path;
  engine->http_limits.max_header_bytes = (uint16_t)options->max_header_bytes;
  engine->http_limits.max_headers = (uint16_t)options->max_headers;
  engine->ws_limits.max_message = options->max_payload;
  engine->ws_limits.max_fragments = options->max_fragments;
  sio__clock_init(&engine->clock, 0);
  sio__chunk_pool_init(&engine->chunks, mem, (size_t)options->max_kept_bytes);
  sio__ids_init(&engine->ids, random, random_user);
  sio__map_init(&engine->sessions, mem);
  sio__list_init(&engine->all_sessions);
  sio__list_init(&engine->conns);
  sio__list_init(&engine->deferred);
  sio__map_init(&engine->bundles, mem);
  sio__fields_init(&engine->fields, mem);
  sio__buf_init(&engine->body, mem, SIZE_MAX);
  sio__admission_init(&engine->admission, options, mem, &engine->seed,
                      &engine->clock);
  init_tls_arrivals(engine);
  if (random(random_user, (uint8_t *)&engine->seed, sizeof engine->seed) != 0)
    return SIO_ERR_RANDOM;
  return prepare(engine);
}

void sio__engine_on(struct sio__engine *engine,
                    const struct sio__engine_events *events, void *user)
{
  engine->events = events;
  engine->events_user = user;
}

void sio__engine_dispose(struct sio__engine *engine)
{
  sio__throttle_dispose(&engine->tls_arrivals);
  sio__admission_dispose(&engine->admission);
  sio__map_dispose(&engine->sessions);
  sio__map_dispose(&engine->bundles);
  sio__handlers_dispose(&engine->hooks.http, engine->mem);
  sio__compressor_free(engine->compressor);
  sio__ws_codec_free(engine->codec);
  sio__trust_free(engine->trust);
  sio__cookie_free(engine->cookie, engine->mem);
  sio__cors_free(engine->cors, engine->mem);
  sio__buf_dispose(&engine->body);
  sio__mem_free(engine->mem, engine->plain_room, SIO__TLS_PLAIN);
  sio__fields_dispose(&engine->fields);
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
  if (engine->depth == 1) {
    settle(engine);
    engine->turn++;
  }
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

/* A limit is a field of the options, or what a rate makes of two. */
struct limit {
  uint16_t at, burst_at; /* `burst_at` 0: no rate */
  uint8_t size;
};

#define FIELD(name)                                                            \
  {                                                                            \
    offsetof(sio_server_options, name), 0,                                     \
        sizeof(((sio_server_options *)NULL)->name)                             \
  }
#define RATE(name, burst)                                                      \
  {                                                                            \
    offsetof(sio_server_options, name), offsetof(sio_server_options, burst),   \
        sizeof(((sio_server_options *)NULL)->name)                             \
  }

/* Those that are missing have none. */
static const struct limit limits[SIO_CAUSE_COUNT_] = {
    [SIO_CAUSE_PING_TIMEOUT] = FIELD(ping_timeout_ms),
    [SIO_CAUSE_CONNECT_TIMEOUT] = FIELD(connect_timeout_ms),
    [SIO_CAUSE_MESSAGE_SIZE] = FIELD(max_payload),
    [SIO_CAUSE_FRAGMENTS] = FIELD(max_fragments),
    [SIO_CAUSE_HEADER_SIZE] = FIELD(max_header_bytes),
    [SIO_CAUSE_HEADER_COUNT] = FIELD(max_headers),
    [SIO_CAUSE_HEADER_TIMEOUT] = FIELD(header_timeout_ms),
    [SIO_CAUSE_BODY_TIMEOUT] = FIELD(body_timeout_ms),
    [SIO_CAUSE_BODY_SIZE] = FIELD(max_body),
    [SIO_CAUSE_IDLE_TIMEOUT] = FIELD(keep_alive_timeout_ms),
    [SIO_CAUSE_CLOSE_TIMEOUT] = FIELD(close_timeout_ms),
    [SIO_CAUSE_OUTPUT_SIZE] = FIELD(max_output_bytes),
    [SIO_CAUSE_ATTACHMENTS] = FIELD(max_attachments),
    [SIO_CAUSE_ATTACHMENT_SIZE] = FIELD(max_attachment_bytes),
    [SIO_CAUSE_ATTACHMENT_TIMEOUT] = FIELD(attachment_timeout_ms),
    [SIO_CAUSE_PAYLOAD_PACKETS] = FIELD(max_payload_packets),
    [SIO_CAUSE_NAMESPACES] = FIELD(max_namespaces),
    [SIO_CAUSE_WAITING_EVENTS] = FIELD(max_waiting_events),
    [SIO_CAUSE_WAITING_BYTES] = FIELD(max_waiting_bytes),
    [SIO_CAUSE_DYNAMIC_NAMESPACES] = FIELD(max_dynamic_namespaces),
    [SIO_CAUSE_PIPELINE] = FIELD(max_pipelined),
    [SIO_CAUSE_CONNECTIONS] = FIELD(max_connections),
    [SIO_CAUSE_SESSIONS] = FIELD(max_sessions),
    [SIO_CAUSE_UPGRADE_TIMEOUT] = FIELD(upgrade_timeout_ms),
    [SIO_CAUSE_HANDSHAKE_TIMEOUT] = FIELD(handshake_timeout_ms),
    [SIO_CAUSE_MESSAGE_TIMEOUT] = FIELD(message_timeout_ms),
    [SIO_CAUSE_UNHANDLED_UPGRADE] = FIELD(unhandled_upgrade_timeout_ms),
    [SIO_CAUSE_RATE_ADDRESS] =
        RATE(handshakes_per_address, handshakes_per_address_burst),
    [SIO_CAUSE_SESSIONS_ADDRESS] = FIELD(max_sessions_per_address),
    [SIO_CAUSE_RATE_HANDSHAKES] = RATE(handshakes_per_second, handshakes_burst),
    [SIO_CAUSE_HANDSHAKES_PENDING] = FIELD(max_handshakes_pending),
    [SIO_CAUSE_RATE_EVENTS] = RATE(events_per_second, events_burst),
    [SIO_CAUSE_RATE_BYTES] = RATE(event_bytes_per_second, event_bytes_burst),
    [SIO_CAUSE_RATE_JOINS] = RATE(joins_per_second, joins_burst),
    [SIO_CAUSE_OUTPUT_PACKETS] = FIELD(max_output_packets),
    [SIO_CAUSE_TLS_TIMEOUT] = FIELD(tls_handshake_timeout_ms),
    [SIO_CAUSE_AUTH_SIZE] = FIELD(max_auth_bytes),
    [SIO_CAUSE_RATE_TLS_ADDRESS] =
        RATE(tls_handshakes_per_address, tls_handshakes_per_address_burst),
    [SIO_CAUSE_RATE_TLS] =
        RATE(tls_handshakes_per_second, tls_handshakes_burst),
};

#undef FIELD
#undef RATE

static uint64_t field_at(const sio_server_options *options, size_t at,
                         size_t size)
{
  const char *field = (const char *)options + at;
  uint64_t wide;
  uint32_t narrow;

  if (size == sizeof wide) {
    memcpy(&wide, field, sizeof wide);
    return wide;
  }
  memcpy(&narrow, field, sizeof narrow);
  return narrow;
}

uint64_t sio__engine_limit(const struct sio__engine *engine, sio_cause cause)
{
  const sio_server_options *o = engine->options;
  const struct limit *limit = &limits[cause];
  uint64_t value;

  if (limit->size == 0)
    return 0;
  value = field_at(o, limit->at, limit->size);
  if (limit->burst_at == 0)
    return value;
  return sio__rate_of(value, field_at(o, limit->burst_at, limit->size)).burst;
}

/* How much an end matters to whoever reads the log. */
static sio_log_level level_of(sio_cause cause, uint64_t limit)
{
  switch (cause) {
  case SIO_CAUSE_NOMEM:
    return SIO_LOG_ERROR;
  case SIO_CAUSE_CLIENT_LEFT:
  case SIO_CAUSE_SERVER_LEFT:
  case SIO_CAUSE_SERVER_CLOSED:
  case SIO_CAUSE_PEER_CLOSED:
  case SIO_CAUSE_PEER_GONE:
  case SIO_CAUSE_CLOSE_PACKET:
  case SIO_CAUSE_IDLE_TIMEOUT:
  case SIO_CAUSE_HOST:
  case SIO_CAUSE_DONE:
    return SIO_LOG_DEBUG;
  case SIO_CAUSE_PING_TIMEOUT:
  case SIO_CAUSE_CONNECT_TIMEOUT:
  case SIO_CAUSE_CLOSE_TIMEOUT:
  case SIO_CAUSE_UPGRADE_TIMEOUT:
  case SIO_CAUSE_UNHANDLED_UPGRADE:
    return SIO_LOG_INFO;
  default:
    return limit > 0 ? SIO_LOG_WARN : SIO_LOG_INFO;
  }
}

void sio__engine_note_end(struct sio__engine *engine,
                          const struct sio__about *about, const sio_end *end)
{
  uint64_t limit =
      end->limit > 0 ? end->limit : sio__engine_limit(engine, end->cause);
  sio_log_level level = level_of(end->cause, limit);
  char figures[64] = "";

  engine->causes[end->cause]++;
  if (!sio__engine_logs(engine, level))
    return;
  if (limit > 0 && end->seen > 0)
    snprintf(figures, sizeof figures, " (limit %llu, seen %llu)",
             (unsigned long long)limit, (unsigned long long)end->seen);
  else if (limit > 0)
    snprintf(figures, sizeof figures, " (limit %llu)",
             (unsigned long long)limit);
  sio__engine_log(
      engine, level, about->area, about->connection,
      "%s%s%s ended: %s%s%s%s%s%s", about->what, about->id != NULL ? " " : "",
      about->id != NULL ? about->id : "", sio_reason_text(end->reason),
      end->reason != SIO_REASON_NONE ? ", " : "", sio_cause_text(end->cause),
      end->detail != NULL ? ": " : "", end->detail != NULL ? end->detail : "",
      figures);
}

void sio__engine_note(struct sio__engine *engine,
                      const struct sio__about *about, sio_cause cause,
                      const char *detail, uint64_t seen)
{
  const sio_end end = {SIO_REASON_NONE, cause, detail, 0, seen};

  sio__engine_note_end(engine, about, &end);
}

/* Replace what could forge a line or steer a terminal.  C1 characters have two
 * bytes in UTF-8; a character that was cut in two is none. */
static void clean(char *line)
{
  uint8_t *c = (uint8_t *)line;
  size_t left = strlen(line), len;

  for (; left > 0; c += len, left -= len) {
    len = sio__utf8_sequence(c, left);
    if (len == 2 && c[0] == 0xc2 && c[1] < 0xa0)
      c[0] = c[1] = '?';
    else if (len == 0 || *c < 0x20 || *c == 0x7f)
      *c = '?';
    if (len == 0)
      len = 1;
  }
}

void sio__engine_log(struct sio__engine *engine, sio_log_level level,
                     const char *area, uint64_t connection, const char *format,
                     ...)
{
  char line[LOG_LINE_MAX];
  const sio_log_entry entry = {sizeof entry, level, area, connection, line};
  va_list args;

  if (!sio__engine_logs(engine, level))
    return;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  clean(line);
  engine->options->log(&entry, engine->options->log_user);
}
