/* SPDX-License-Identifier: MIT */
/* The command line of the Engine.IO test server: `--name value`, and flags. */
#include "engine.h"

#include <stdlib.h>

static bool is(const char *a, const char *b)
{
  return strcmp(a, b) == 0;
}

/* Each find_x() gives the place of an option of that type, or NULL. */

static uint32_t *find_flag(struct engine_options *o, const char *name)
{
  const struct {
    const char *name;
    uint32_t *value;
  } all[] = {{"--no-upgrades", &o->server.no_upgrades},
             {"--no-trailing-slash", &o->server.no_trailing_slash},
             {"--allow-eio3", &o->server.allow_eio3},
             {"--allow-jsonp", &o->server.allow_jsonp},
             {"--check-origin", &o->server.check_origin},
             {"--no-http-compression", &o->server.no_http_compression},
             {"--handshake", &o->handshake},
             {"--handover", &o->handover},
             {"--packets", &o->packets},
             {"--log", &o->log}};
  size_t i;

  for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
    if (is(all[i].name, name))
      return all[i].value;
  return NULL;
}

static uint64_t *find_u64(struct engine_options *o, const char *name)
{
  sio_server_options *s = &o->server;
  const struct {
    const char *name;
    uint64_t *value;
  } all[] = {{"--port", &o->port},
             {"--at-open", &o->at_open},
             {"--at-open-size", &o->at_open_size},
             {"--ping-interval", &s->ping_interval_ms},
             {"--ping-timeout", &s->ping_timeout_ms},
             {"--upgrade-timeout", &s->upgrade_timeout_ms},
             {"--max-payload", &s->max_payload},
             {"--http-compression-threshold", &s->http_compression_threshold},
             {"--max-body", &s->max_body},
             {"--header-timeout", &s->header_timeout_ms},
             {"--body-timeout", &s->body_timeout_ms},
             {"--keep-alive-timeout", &s->keep_alive_timeout_ms},
             {"--close-timeout", &s->close_timeout_ms},
             {"--handshake-timeout", &s->handshake_timeout_ms},
             {"--unhandled-upgrade-timeout", &s->unhandled_upgrade_timeout_ms},
             {"--max-poll-bytes", &s->max_poll_bytes},
             {"--max-output-bytes", &s->max_output_bytes},
             {"--deflate-threshold", &o->deflate.threshold}};
  size_t i;

  for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
    if (is(all[i].name, name))
      return all[i].value;
  return NULL;
}

static uint32_t *find_u32(struct engine_options *o, const char *name)
{
  sio_server_options *s = &o->server;
  const struct {
    const char *name;
    uint32_t *value;
  } all[] = {{"--http-compression-level", &s->http_compression_level},
             {"--max-connections", &s->max_connections},
             {"--max-sessions", &s->max_sessions},
             {"--max-header-bytes", &s->max_header_bytes},
             {"--max-headers", &s->max_headers},
             {"--max-pipelined", &s->max_pipelined},
             {"--max-fragments", &s->max_fragments},
             {"--max-payload-packets", &s->max_payload_packets},
             {"--log-level", &s->log_level},
             {"--cors-credentials", &o->cors.credentials},
             {"--cors-success-status", &o->cors.success_status},
             {"--cookie-http-only", &o->cookie.http_only},
             {"--cookie-secure", &o->cookie.secure},
             {"--cookie-partitioned", &o->cookie.partitioned},
             {"--cookie-priority", &o->cookie.priority},
             {"--cookie-same-site", &o->cookie.same_site},
             {"--deflate-level", &o->deflate.level},
             {"--deflate-memory-level", &o->deflate.memory_level},
             {"--deflate-server-takeover", &o->deflate.server_takeover},
             {"--deflate-client-takeover", &o->deflate.client_takeover},
             {"--deflate-server-bits", &o->deflate.server_max_window_bits},
             {"--deflate-client-bits", &o->deflate.client_max_window_bits}};
  size_t i;

  for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
    if (is(all[i].name, name))
      return all[i].value;
  return NULL;
}

static int64_t *find_i64(struct engine_options *o, const char *name)
{
  if (is(name, "--cors-max-age"))
    return &o->cors.max_age_s;
  if (is(name, "--cookie-max-age"))
    return &o->cookie.max_age_s;
  return is(name, "--cookie-expires") ? &o->cookie.expires_unix_s : NULL;
}

/* "none" stands for NULL. */
static const char **find_text(struct engine_options *o, const char *name)
{
  const struct {
    const char *name;
    const char **value;
  } all[] = {{"--path", &o->server.path},
             {"--initial-message", &o->server.initial_message},
             {"--cors-methods", &o->cors.methods},
             {"--cors-allowed-headers", &o->cors.allowed_headers},
             {"--cors-exposed-headers", &o->cors.exposed_headers},
             {"--cookie-path", &o->cookie.path},
             {"--cookie-domain", &o->cookie.domain},
             {"--ids", &o->ids},
             {"--headers", &o->headers},
             {"--client", &o->client},
             {"--client-version", &o->client_version},
             {"--files", &o->files}};
  size_t i;

  for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
    if (is(all[i].name, name))
      return all[i].value;
  return NULL;
}

/* Cut a list at its commas. */
static size_t split(char *text, const char *list[MAX_LIST])
{
  size_t n = 0;

  while (text != NULL && n < MAX_LIST) {
    list[n++] = text;
    text = strchr(text, ',');
    if (text != NULL)
      *text++ = '\0';
  }
  return n;
}

/* "any", "reflect", "off", "decide", "fixed:ORIGIN" or "list:A,B,..." */
static bool set_cors(struct engine_options *o, char *form)
{
  sio_origin_rule *rule = &o->cors.origin;
  char *list = strchr(form, ':');

  o->server.cors = &o->cors;
  if (list != NULL)
    *list++ = '\0';
  rule->list = o->origins;
  rule->n_list = split(list, o->origins);
  if (is(form, "any") || is(form, "decide"))
    rule->kind = SIO_ORIGIN_ANY;
  else if (is(form, "reflect"))
    rule->kind = SIO_ORIGIN_REFLECT;
  else if (is(form, "off"))
    rule->kind = SIO_ORIGIN_OFF;
  else if (is(form, "fixed"))
    rule->kind = SIO_ORIGIN_FIXED;
  else if (is(form, "list"))
    rule->kind = SIO_ORIGIN_LIST;
  else
    return false;
  if (is(form, "decide"))
    o->cors.decide = hooks_origin;
  return true;
}

/* Options that are more than a value in its place. */
static bool set_other(struct engine_options *o, const char *name, char *value)
{
  if (is(name, "--cors"))
    return set_cors(o, value);
  if (is(name, "--middlewares")) {
    o->n_middlewares = split(value, o->middlewares);
  } else if (is(name, "--cookie")) {
    o->cookie.name = value;
    o->server.cookie = &o->cookie;
  } else if (is(name, "--per-message-deflate")) {
    o->server.per_message_deflate = is(value, "1") ? &o->deflate : NULL;
  } else if (is(name, "--transports")) {
    o->server.transports =
        (strstr(value, "polling") != NULL ? SIO_POLLING : 0) |
        (strstr(value, "websocket") != NULL ? SIO_WEBSOCKET : 0);
  } else {
    return false;
  }
  return true;
}

static bool set(struct engine_options *o, const char *name, char *value)
{
  uint64_t *u64 = find_u64(o, name);
  uint32_t *u32 = find_u32(o, name);
  int64_t *i64 = find_i64(o, name);
  const char **text = find_text(o, name);

  if (u64 != NULL)
    *u64 = strtoull(value, NULL, 10);
  else if (u32 != NULL)
    *u32 = (uint32_t)strtoul(value, NULL, 10);
  else if (i64 != NULL)
    *i64 = strtoll(value, NULL, 10);
  else if (text != NULL)
    *text = is(value, "none") ? NULL : value;
  else
    return set_other(o, name, value);
  return true;
}

const char *options_parse(struct engine_options *options, int argc, char **argv)
{
  int i;

  memset(options, 0, sizeof(*options));
  sio_engine_options_init(&options->server);
  sio_cors_options_init(&options->cors);
  sio_cookie_options_init(&options->cookie);
  sio_deflate_options_init(&options->deflate);
  options->server.log_level = SIO_LOG_INFO;
  for (i = 1; i < argc; i++) {
    uint32_t *flag = find_flag(options, argv[i]);

    if (flag != NULL)
      *flag = 1;
    else if (i + 1 == argc || !set(options, argv[i], argv[i + 1]))
      return argv[i];
    else
      i++;
  }
  return NULL;
}
