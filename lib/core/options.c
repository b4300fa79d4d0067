/* SPDX-License-Identifier: MIT */
/* Options: their defaults, and which values are possible. */
#include "core/options.h"

#include "base/utf8.h"
#include "base/versioned.h"
#include "core/recovery.h"
#include "http/cookie.h"
#include "http/cors.h"
#include "http/trust.h"
#include "json/scan.h"
#include "ws/deflate.h"

static const sio_server_options defaults = {
    .log_level = SIO_LOG_INFO,
    .transports = SIO_POLLING | SIO_WEBSOCKET,
    .path = "/socket.io",
    .ping_interval_ms = 25000,
    .ping_timeout_ms = 20000,
    .upgrade_timeout_ms = 10000,
    .connect_timeout_ms = 45000,
    .max_payload = 1000000,
    .http_compression_level = 6,
    .http_compression_threshold = 1024,
    .max_sessions = 100000,
    .max_header_bytes = 16384,
    .max_headers = 100,
    .max_pipelined = 16,
    .max_body = 1000000,
    .header_timeout_ms = 60000,
    .body_timeout_ms = 300000,
    .keep_alive_timeout_ms = 65000,
    .close_timeout_ms = 30000,
    .message_timeout_ms = 300000,
    .handshake_timeout_ms = 30000,
    .unhandled_upgrade_timeout_ms = 1000,
    .max_fragments = 16384,
    .max_payload_packets = 10000,
    .max_json_depth = 256,
    .max_attachments = 10,
    .max_attachment_bytes = 10000000,
    .attachment_timeout_ms = 30000,
    .max_namespaces = 64,
    .max_rooms = 1000,
    .max_pending_acks = 1000,
    .max_waiting_bytes = 10000000,
    .max_waiting_events = 1000,
    .max_output_bytes = 16777216,
    .max_kept_bytes = 4194304,
    .high_water_bytes = 1048576,
    .max_dynamic_namespaces = 10000,
    .max_addresses = 10000,
    .max_handshakes_pending = 1000,
    .rate_policy = SIO_RATE_CLOSE,
    .tls_handshake_timeout_ms = 10000,
    .proxy_header = "x-forwarded-for",
    .max_auth_bytes = 16384,
};

void sio_server_options_init_sized(sio_server_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

void sio__options_complete(sio_server_options *out,
                           const sio_server_options *given)
{
  sio__versioned_complete(out, given, &defaults, sizeof *out);
}

#define MS  UINT32_MAX
#define BIG (UINT32_MAX / 4)

/* A number, and the range that it must lie in. */
#define RANGE(field, least, most)                                              \
  {                                                                            \
#field, offsetof(sio_server_options, field),                               \
        sizeof(((sio_server_options *)0)->field), least, most                  \
  }

static const struct range {
  const char *name;
  size_t offset, size;
  uint64_t least, most;
} ranges[] = {
    RANGE(log_level, 0, SIO_LOG_DEBUG),
    RANGE(transports, 1, SIO_POLLING | SIO_WEBSOCKET),
    RANGE(ping_interval_ms, 1, MS),
    RANGE(ping_timeout_ms, 1, MS),
    RANGE(upgrade_timeout_ms, 1, MS),
    RANGE(connect_timeout_ms, 1, MS),
    RANGE(max_payload, 128, BIG),
    RANGE(no_upgrades, 0, 1),
    RANGE(no_trailing_slash, 0, 1),
    RANGE(allow_eio3, 0, 1),
    RANGE(allow_jsonp, 0, 1),
    RANGE(check_origin, 0, 1),
    RANGE(no_http_compression, 0, 1),
    RANGE(http_compression_level, 1, 9),
    RANGE(http_compression_threshold, 0, BIG),
    RANGE(max_header_bytes, 256, UINT16_MAX),
    RANGE(max_headers, 8, UINT16_MAX / 8),
    RANGE(max_pipelined, 1, UINT32_MAX),
    RANGE(max_body, 0, BIG),
    RANGE(header_timeout_ms, 1, MS),
    RANGE(body_timeout_ms, 1, MS),
    RANGE(keep_alive_timeout_ms, 1, MS),
    RANGE(close_timeout_ms, 1, MS),
    RANGE(message_timeout_ms, 1, MS),
    RANGE(handshake_timeout_ms, 1, MS),
    RANGE(tls_handshake_timeout_ms, 1, MS),
    RANGE(unhandled_upgrade_timeout_ms, 0, MS),
    RANGE(max_fragments, 1, UINT32_MAX),
    RANGE(max_poll_bytes, 0, BIG),
    RANGE(max_payload_packets, 1, UINT32_MAX),
    RANGE(max_json_depth, 2, SIO__JSON_MAX_DEPTH),
    RANGE(max_attachments, 0, 10000),
    RANGE(attachment_timeout_ms, 1, MS),
    RANGE(max_namespaces, 1, UINT32_MAX),
    RANGE(max_output_bytes, 1024, UINT32_MAX),
    RANGE(max_kept_bytes, 0, BIG),
    RANGE(cleanup_empty_namespaces, 0, 1),
    RANGE(max_addresses, 1, UINT32_MAX),
    RANGE(rate_policy, 0, SIO_RATE_CLOSE),
    RANGE(output_policy, 0, SIO_OUTPUT_REFUSE),
    RANGE(max_auth_bytes, 2, BIG),
    RANGE(parser, 0, SIO_PARSER_MSGPACK),
};

static uint64_t number_at(const sio_server_options *o, const struct range *r)
{
  const char *place = (const char *)o + r->offset;
  uint64_t wide;
  uint32_t narrow;

  if (r->size == sizeof wide) {
    memcpy(&wide, place, sizeof wide);
    return wide;
  }
  memcpy(&narrow, place, sizeof narrow);
  return narrow;
}

static const char *outside(const sio_server_options *o)
{
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    uint64_t value = number_at(o, &ranges[i]);

    if (value < ranges[i].least || value > ranges[i].most)
      return ranges[i].name;
  }
  /* Clients of protocol 3 know only the text form. */
  if (o->parser == SIO_PARSER_MSGPACK && o->allow_eio3 != 0)
    return "parser";
  return o->allow_jsonp > o->allow_eio3 ? "allow_jsonp" : NULL;
}

static bool path_is_valid(const char *path)
{
  if (path == NULL || path[0] != '/' || strlen(path) > 255)
    return false;
  for (const char *c = path; *c != '\0'; c++) {
    if (*c <= ' ' || *c == '?' || *c == '#' || *c == 0x7f)
      return false;
  }
  return true;
}

/* UTF-8, without what separates packets. */
static bool is_message(const char *text)
{
  return sio__utf8_is_valid((const uint8_t *)text, strlen(text)) &&
         strchr(text, 0x1e) == NULL;
}

static const char *proxy_problem(const sio_server_options *o)
{
  if (o->trusted_proxies != NULL && !sio__trust_is_list(o->trusted_proxies))
    return "trusted_proxies";
  if (o->proxy_header == NULL || !sio__trust_is_header(o->proxy_header))
    return "proxy_header";
  return NULL;
}

/* The structs among the options. */
static const char *problem_within(const sio_server_options *o)
{
  const char *problem = o->cors != NULL ? sio__cors_problem(o->cors) : NULL;

  if (problem == NULL && o->cookie != NULL)
    problem = sio__cookie_problem(o->cookie);
  if (problem == NULL && o->per_message_deflate != NULL)
    problem = sio__ws_deflate_problem(o->per_message_deflate);
  return problem != NULL ? problem : sio__recovery_problem(o->recovery);
}

const char *sio_server_options_problem(const sio_server_options *options)
{
  sio_server_options o;
  const char *problem;

  if (options != NULL && options->size < sizeof options->size)
    return "size";
  sio__options_complete(&o, options);
  if (o.allocator != NULL &&
      (o.allocator->alloc == NULL || o.allocator->free == NULL))
    return "allocator";
  if (!path_is_valid(o.path))
    return "path";
  if (o.initial_message != NULL && !is_message(o.initial_message))
    return "initial_message";
  problem = proxy_problem(&o);
  if (problem == NULL)
    problem = problem_within(&o);
  return problem != NULL ? problem : outside(&o);
}
