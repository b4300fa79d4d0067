/* SPDX-License-Identifier: MIT */
/* Options: their defaults, and which values are possible. */
#include "core/options.h"

#include "base/utf8.h"
#include "http/cookie.h"
#include "http/cors.h"
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
    .max_output_bytes = 16777216,
    .max_kept_bytes = 4194304,
};

void sio_server_options_init_sized(sio_server_options *options, size_t size)
{
  if (options == NULL || size < sizeof options->size)
    return;
  memset(options, 0, size);
  memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
  options->size = size;
}

void sio__options_complete(sio_server_options *out,
                           const sio_server_options *given)
{
  size_t known = given == NULL               ? 0
                 : given->size < sizeof *out ? given->size
                                             : sizeof *out;

  *out = defaults;
  if (known > 0)
    memcpy(out, given, known);
  out->size = sizeof *out;
}

/* A range that a field must lie in. */
struct range {
  const char *name;
  uint64_t value, least, most;
};

static const char *outside(const struct range *ranges, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (ranges[i].value < ranges[i].least || ranges[i].value > ranges[i].most)
      return ranges[i].name;
  }
  return NULL;
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

const char *sio_server_options_problem(const sio_server_options *options)
{
  enum { N_RANGES = 34 };
  sio_server_options o;
  const char *problem;
  const uint64_t ms = UINT32_MAX, u32 = UINT32_MAX, big = UINT32_MAX / 4;

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
  problem = o.cors != NULL ? sio__cors_problem(o.cors) : NULL;
  if (problem == NULL && o.cookie != NULL)
    problem = sio__cookie_problem(o.cookie);
  if (problem == NULL && o.per_message_deflate != NULL)
    problem = sio__ws_deflate_problem(o.per_message_deflate);
  if (problem != NULL)
    return problem;
  {
    const struct range ranges[N_RANGES] = {
        {"log_level", o.log_level, 0, SIO_LOG_DEBUG},
        {"transports", o.transports, 1, SIO_POLLING | SIO_WEBSOCKET},
        {"ping_interval_ms", o.ping_interval_ms, 1, ms},
        {"ping_timeout_ms", o.ping_timeout_ms, 1, ms},
        {"upgrade_timeout_ms", o.upgrade_timeout_ms, 1, ms},
        {"connect_timeout_ms", o.connect_timeout_ms, 1, ms},
        {"max_payload", o.max_payload, 128, big},
        {"no_upgrades", o.no_upgrades, 0, 1},
        {"no_trailing_slash", o.no_trailing_slash, 0, 1},
        {"allow_eio3", o.allow_eio3, 0, 1},
        {"allow_jsonp", o.allow_jsonp, 0, o.allow_eio3},
        {"check_origin", o.check_origin, 0, 1},
        {"no_http_compression", o.no_http_compression, 0, 1},
        {"http_compression_level", o.http_compression_level, 1, 9},
        {"http_compression_threshold", o.http_compression_threshold, 0, big},
        {"max_header_bytes", o.max_header_bytes, 256, UINT16_MAX},
        {"max_headers", o.max_headers, 8, UINT16_MAX / 8},
        {"max_pipelined", o.max_pipelined, 1, u32},
        {"max_body", o.max_body, 0, big},
        {"header_timeout_ms", o.header_timeout_ms, 1, ms},
        {"body_timeout_ms", o.body_timeout_ms, 1, ms},
        {"keep_alive_timeout_ms", o.keep_alive_timeout_ms, 1, ms},
        {"close_timeout_ms", o.close_timeout_ms, 1, ms},
        {"handshake_timeout_ms", o.handshake_timeout_ms, 1, ms},
        {"unhandled_upgrade_timeout_ms", o.unhandled_upgrade_timeout_ms, 1, ms},
        {"max_fragments", o.max_fragments, 1, u32},
        {"max_poll_bytes", o.max_poll_bytes, 0, big},
        {"max_payload_packets", o.max_payload_packets, 1, u32},
        {"max_json_depth", o.max_json_depth, 2, SIO__JSON_MAX_DEPTH},
        {"max_attachments", o.max_attachments, 0, 10000},
        {"attachment_timeout_ms", o.attachment_timeout_ms, 1, ms},
        {"max_namespaces", o.max_namespaces, 1, u32},
        {"max_output_bytes", o.max_output_bytes, 1024, UINT32_MAX},
        {"max_kept_bytes", o.max_kept_bytes, 0, big},
    };

    return outside(ranges, N_RANGES);
  }
}
