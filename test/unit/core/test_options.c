/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/options.h"
#include "core/objects.h"

#include <stdlib.h>

static struct core_world w;

/* One field, what it may be, and what it may not. */
struct field {
  const char *name;
  size_t offset, size;
  uint64_t least, most, initial;
};

#define FIELD(name, least, most, initial)                                      \
  {                                                                            \
#name, offsetof(sio_server_options, name),                                 \
        sizeof(((sio_server_options *)0)->name), least, most, initial          \
  }

static const struct field fields[] = {
    FIELD(log_level, 0, 3, 2),
    FIELD(transports, 1, 3, 3),
    FIELD(ping_interval_ms, 1, UINT32_MAX, 25000),
    FIELD(ping_timeout_ms, 1, UINT32_MAX, 20000),
    FIELD(upgrade_timeout_ms, 1, UINT32_MAX, 10000),
    FIELD(connect_timeout_ms, 1, UINT32_MAX, 45000),
    FIELD(max_payload, 128, UINT32_MAX / 4, 1000000),
    FIELD(no_upgrades, 0, 1, 0),
    FIELD(no_trailing_slash, 0, 1, 0),
    FIELD(allow_eio3, 0, 1, 0),
    FIELD(check_origin, 0, 1, 0),
    FIELD(no_http_compression, 0, 1, 0),
    FIELD(http_compression_level, 1, 9, 6),
    FIELD(http_compression_threshold, 0, UINT32_MAX / 4, 1024),
    FIELD(max_connections, 0, UINT32_MAX, 0),
    FIELD(max_sessions, 0, UINT32_MAX, 100000),
    FIELD(max_header_bytes, 256, 65535, 16384),
    FIELD(max_headers, 8, 8191, 100),
    FIELD(max_pipelined, 1, UINT32_MAX, 16),
    FIELD(max_body, 0, UINT32_MAX / 4, 1000000),
    FIELD(header_timeout_ms, 1, UINT32_MAX, 60000),
    FIELD(body_timeout_ms, 1, UINT32_MAX, 300000),
    FIELD(keep_alive_timeout_ms, 1, UINT32_MAX, 65000),
    FIELD(close_timeout_ms, 1, UINT32_MAX, 30000),
    FIELD(message_timeout_ms, 1, UINT32_MAX, 300000),
    FIELD(handshake_timeout_ms, 1, UINT32_MAX, 30000),
    FIELD(tls_handshake_timeout_ms, 1, UINT32_MAX, 10000),
    FIELD(unhandled_upgrade_timeout_ms, 0, UINT32_MAX, 1000),
    FIELD(max_fragments, 1, UINT32_MAX, 16384),
    FIELD(max_poll_bytes, 0, UINT32_MAX / 4, 0),
    FIELD(max_payload_packets, 1, UINT32_MAX, 10000),
    FIELD(max_json_depth, 2, 512, 256),
    FIELD(max_attachments, 0, 10000, 10),
    FIELD(max_attachment_bytes, 0, UINT64_MAX, 10000000),
    FIELD(attachment_timeout_ms, 1, UINT32_MAX, 30000),
    FIELD(max_namespaces, 1, UINT32_MAX, 64),
    FIELD(max_rooms, 0, UINT32_MAX, 1000),
    FIELD(max_pending_acks, 0, UINT32_MAX, 1000),
    FIELD(max_waiting_bytes, 0, UINT64_MAX, 10000000),
    FIELD(max_waiting_events, 0, UINT64_MAX, 1000),
    FIELD(max_output_bytes, 1024, UINT32_MAX, 16777216),
    FIELD(max_kept_bytes, 0, UINT32_MAX / 4, 4194304),
    FIELD(cleanup_empty_namespaces, 0, 1, 0),
    FIELD(max_dynamic_namespaces, 0, UINT32_MAX, 10000),
    FIELD(high_water_bytes, 0, UINT64_MAX, 1048576),
    FIELD(parser, 0, SIO_PARSER_MSGPACK, SIO_PARSER_JSON),
    FIELD(max_sessions_per_address, 0, UINT32_MAX, 0),
    FIELD(handshakes_per_address, 0, UINT32_MAX, 0),
    FIELD(handshakes_per_address_burst, 0, UINT32_MAX, 0),
    FIELD(max_addresses, 1, UINT32_MAX, 10000),
    FIELD(handshakes_per_second, 0, UINT32_MAX, 0),
    FIELD(handshakes_burst, 0, UINT32_MAX, 0),
    FIELD(max_handshakes_pending, 0, UINT32_MAX, 1000),
    FIELD(events_per_second, 0, UINT32_MAX, 0),
    FIELD(events_burst, 0, UINT32_MAX, 0),
    FIELD(joins_per_second, 0, UINT32_MAX, 0),
    FIELD(joins_burst, 0, UINT32_MAX, 0),
    FIELD(rate_policy, 0, 1, 1),
    FIELD(event_bytes_per_second, 0, UINT64_MAX, 0),
    FIELD(event_bytes_burst, 0, UINT64_MAX, 0),
    FIELD(output_policy, 0, 1, 0),
    FIELD(max_output_packets, 0, UINT32_MAX, 0),
    FIELD(max_auth_bytes, 2, UINT32_MAX / 4, 16384),
    FIELD(tls_handshakes_per_address, 0, UINT32_MAX, 0),
    FIELD(tls_handshakes_per_address_burst, 0, UINT32_MAX, 0),
    FIELD(tls_handshakes_per_second, 0, UINT32_MAX, 0),
    FIELD(tls_handshakes_burst, 0, UINT32_MAX, 0),
};

static uint64_t get(const sio_server_options *options, const struct field *f)
{
  uint32_t narrow;
  uint64_t wide;

  if (f->size == sizeof wide) {
    memcpy(&wide, (const char *)options + f->offset, sizeof wide);
    return wide;
  }
  memcpy(&narrow, (const char *)options + f->offset, sizeof narrow);
  return narrow;
}

static void set(sio_server_options *options, const struct field *f,
                uint64_t value)
{
  uint32_t narrow = (uint32_t)value;

  if (f->size == sizeof value)
    memcpy((char *)options + f->offset, &value, sizeof value);
  else
    memcpy((char *)options + f->offset, &narrow, sizeof narrow);
}

/* What is out of a range is named, by itself and in the log. */
static void refuse(const struct field *f, uint64_t value)
{
  sio_server_options options;

  world_options(&w, &options);
  set(&options, f, value);
  assert_string_equal(sio_server_options_problem(&options), f->name);
  assert_null(sio_server_new(&options));
  assert_non_null(strstr(w.logged, f->name));
  test_mem_check(w.mem);
}

static void test_every_field_has_its_default_and_its_range(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const struct field *f = &fields[i];
    uint64_t top = f->size == sizeof top ? UINT64_MAX : UINT32_MAX;
    sio_server_options options;

    sio_server_options_init(&options);
    assert_null(sio_server_options_problem(&options));
    if (get(&options, f) != f->initial)
      fail_msg("the default of %s", f->name);
    set(&options, f, f->least);
    assert_null(sio_server_options_problem(&options));
    set(&options, f, f->most);
    assert_null(sio_server_options_problem(&options));
    if (f->least > 0)
      refuse(f, f->least - 1);
    if (f->most < top)
      refuse(f, f->most + 1);
    if (f->most < top)
      refuse(f, top);
  }
}

static void test_every_number_is_in_the_list_of_this_test(void **state)
{
  size_t bytes = 0;

  (void)state;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    bytes += fields[i].size;
  /* size, nine of the host's, four texts, and four structs */
  bytes += 18 * sizeof(void *) + sizeof(uint32_t); /* and allow_jsonp */
  assert_in_range(sizeof(sio_server_options) - bytes, 0, 5 * 4);
}

static void test_paths_begin_with_a_slash_and_have_no_blanks(void **state)
{
  static const char *const wrong[] = {"",     "x",    "socket.io/", "/a b",
                                      "/a?b", "/a#b", "/\x7f",      "/\n"};
  char longest[257];
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    options.path = wrong[i];
    assert_string_equal(sio_server_options_problem(&options), "path");
    assert_null(sio_server_new(&options));
  }
  options.path = NULL;
  assert_string_equal(sio_server_options_problem(&options), "path");
  memset(longest, 'x', sizeof longest);
  longest[0] = '/';
  longest[256] = '\0';
  options.path = longest;
  assert_string_equal(sio_server_options_problem(&options), "path");
  longest[255] = '\0';
  assert_null(sio_server_options_problem(&options));
}

static void test_jsonp_needs_protocol_3(void **state)
{
  sio_server_options options;

  (void)state;
  sio_server_options_init(&options);
  assert_int_equal(options.allow_jsonp, 0);
  options.allow_jsonp = 1;
  assert_string_equal(sio_server_options_problem(&options), "allow_jsonp");
  options.allow_eio3 = 1;
  assert_null(sio_server_options_problem(&options));
  options.allow_jsonp = 2;
  assert_string_equal(sio_server_options_problem(&options), "allow_jsonp");
}

static void test_protocol_3_needs_the_parser_of_text(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.parser = SIO_PARSER_MSGPACK;
  options.allow_eio3 = 1;
  assert_string_equal(sio_server_options_problem(&options), "parser");
  assert_null(sio_server_new(&options));
  options.allow_eio3 = 0;
  assert_null(sio_server_options_problem(&options));
}

static void test_an_initial_message_is_text_without_separators(void **state)
{
  sio_server_options options;

  (void)state;
  sio_server_options_init(&options);
  options.initial_message = "caf\xc3\xa9";
  assert_null(sio_server_options_problem(&options));
  options.initial_message = "";
  assert_null(sio_server_options_problem(&options));
  options.initial_message = "\xff";
  assert_string_equal(sio_server_options_problem(&options), "initial_message");
  options.initial_message = "a\x1e";
  assert_string_equal(sio_server_options_problem(&options), "initial_message");
}

static void test_trusted_proxies_are_a_list_of_networks(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  assert_null(options.trusted_proxies);
  assert_string_equal(options.proxy_header, "x-forwarded-for");
  options.trusted_proxies = "10.0.0.0/8, unix";
  assert_null(sio_server_options_problem(&options));
  options.trusted_proxies = "10.0.0.1/8";
  assert_string_equal(sio_server_options_problem(&options), "trusted_proxies");
  assert_null(sio_server_new(&options));
  options.trusted_proxies = NULL;
  options.proxy_header = "X-Forwarded-For";
  assert_string_equal(sio_server_options_problem(&options), "proxy_header");
  options.proxy_header = NULL;
  assert_string_equal(sio_server_options_problem(&options), "proxy_header");
  assert_null(sio_server_new(&options));
}

static void test_structs_within_the_options_are_checked(void **state)
{
  sio_server_options options;
  sio_cors_options cors;
  sio_cookie_options cookie;
  sio_deflate_options deflate;

  (void)state;
  world_options(&w, &options);
  sio_cors_options_init(&cors);
  sio_cookie_options_init(&cookie);
  sio_deflate_options_init(&deflate);
  options.cors = &cors;
  options.cookie = &cookie;
  options.per_message_deflate = &deflate;
  assert_null(sio_server_options_problem(&options));
  cors.success_status = 300;
  assert_string_equal(sio_server_options_problem(&options),
                      "cors.success_status");
  assert_null(sio_server_new(&options));
  assert_non_null(strstr(w.logged, "cors.success_status"));
  cors.success_status = 200;
  cookie.path = "a;b";
  assert_string_equal(sio_server_options_problem(&options), "cookie.path");
  cookie.path = "/";
  deflate.level = 0;
  assert_string_equal(sio_server_options_problem(&options),
                      "per_message_deflate.level");
}

static void test_structs_within_the_options_are_copied(void **state)
{
  static const char *list[] = {"http://a"};
  sio_server_options options;
  sio_cors_options cors;
  sio_cookie_options cookie;
  sio_server *server;
  char name[] = "name", greeting[] = "hello";

  (void)state;
  world_options(&w, &options);
  sio_cors_options_init(&cors);
  cors.origin.kind = SIO_ORIGIN_LIST;
  cors.origin.list = list;
  cors.origin.n_list = 1;
  sio_cookie_options_init(&cookie);
  cookie.name = name;
  options.cors = &cors;
  options.cookie = &cookie;
  options.initial_message = greeting;
  server = sio_server_new(&options);
  assert_non_null(server);
  list[0] = "";
  name[0] = greeting[0] = '\0';
  memset(&cors, 0xff, sizeof cors);
  assert_string_equal(server->engine.cors->origin.list[0], "http://a");
  assert_string_equal(server->engine.cookie->name, "name");
  assert_string_equal(server->options.initial_message, "hello");
  list[0] = "http://a";
  sio_server_free(server);
  test_mem_check(w.mem);
}

static void test_an_allocator_has_both_functions(void **state)
{
  sio_server_options options;
  sio_allocator mem;

  (void)state;
  world_options(&w, &options);
  mem = *options.allocator;
  options.allocator = &mem;
  mem.free = NULL;
  assert_string_equal(sio_server_options_problem(&options), "allocator");
  mem.free = w.mem->allocator.free;
  mem.alloc = NULL;
  assert_string_equal(sio_server_options_problem(&options), "allocator");
}

static void test_no_options_are_all_defaults(void **state)
{
  sio_server *server;

  (void)state;
  assert_null(sio_server_options_problem(NULL));
  server = sio_server_new(NULL);
  assert_non_null(server);
  assert_string_equal(sio_server_path(server), "/socket.io/");
  sio_server_free(server);
}

static void test_a_size_that_cannot_be_is_named(void **state)
{
  sio_server_options options;

  (void)state;
  memset(&options, 0xff, sizeof options);
  sio_server_options_init_sized(&options, sizeof options.size - 1);
  assert_true(options.size == SIZE_MAX); /* untouched */
  sio_server_options_init_sized(NULL, 8);
  sio_server_options_init(&options);
  options.size = 3;
  assert_string_equal(sio_server_options_problem(&options), "size");
  options.size = 0;
  assert_string_equal(sio_server_options_problem(&options), "size");
  assert_null(sio_server_new(&options));
}

/* A heap block of exactly this size. */
static sio_server_options *block_of(size_t size)
{
  static const uint8_t zeros[sizeof(sio_server_options) + 64];

  return (sio_server_options *)(void *)test_exact(zeros, size);
}

/* A program that was compiled when the struct was shorter. */
static void serve_older(size_t size)
{
  sio_server_options whole, *older = block_of(size);
  sio_server *server;

  assert_non_null(older);
  sio_server_options_init_sized(older, size);
  assert_true(older->size == size);
  assert_null(sio_server_options_problem(older));
  sio__options_complete(&whole, older);
  assert_true(whole.size == sizeof whole);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    assert_true(get(&whole, &fields[i]) == fields[i].initial);
  assert_string_equal(whole.path, "/socket.io");
  server = sio_server_new(older);
  assert_non_null(server);
  sio_server_free(server);
  free(older);
}

static void test_shorter_structs_of_older_callers_work(void **state)
{
  (void)state;
  serve_older(sizeof(size_t));
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    serve_older(fields[i].offset + fields[i].size);
}

static void test_longer_structs_of_newer_callers_work(void **state)
{
  enum { LONGER = sizeof(sio_server_options) + 64 };
  sio_server_options *newer = block_of(LONGER);
  sio_server *server;

  (void)state;
  assert_non_null(newer);
  memset(newer, 0xaa, LONGER);
  sio_server_options_init_sized(newer, LONGER);
  assert_true(newer->size == LONGER);
  assert_int_equal(((unsigned char *)newer)[LONGER - 1], 0);
  newer->ping_interval_ms = 1;
  assert_null(sio_server_options_problem(newer));
  server = sio_server_new(newer);
  assert_non_null(server);
  sio_server_free(server);
  newer->ping_interval_ms = 0;
  assert_string_equal(sio_server_options_problem(newer), "ping_interval_ms");
  free(newer);
}

static void test_what_an_older_caller_does_give_counts(void **state)
{
  size_t size = offsetof(sio_server_options, ping_timeout_ms);
  sio_server_options *older = block_of(size);

  (void)state;
  assert_non_null(older);
  sio_server_options_init_sized(older, size);
  older->ping_interval_ms = 0;
  assert_string_equal(sio_server_options_problem(older), "ping_interval_ms");
  older->ping_interval_ms = 5;
  assert_null(sio_server_options_problem(older));
  free(older);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_field_has_its_default_and_its_range),
      cmocka_unit_test(test_every_number_is_in_the_list_of_this_test),
      cmocka_unit_test(test_paths_begin_with_a_slash_and_have_no_blanks),
      cmocka_unit_test(test_jsonp_needs_protocol_3),
      cmocka_unit_test(test_protocol_3_needs_the_parser_of_text),
      cmocka_unit_test(test_an_initial_message_is_text_without_separators),
      cmocka_unit_test(test_trusted_proxies_are_a_list_of_networks),
      cmocka_unit_test(test_structs_within_the_options_are_checked),
      cmocka_unit_test(test_structs_within_the_options_are_copied),
      cmocka_unit_test(test_an_allocator_has_both_functions),
      cmocka_unit_test(test_no_options_are_all_defaults),
      cmocka_unit_test(test_a_size_that_cannot_be_is_named),
      cmocka_unit_test(test_shorter_structs_of_older_callers_work),
      cmocka_unit_test(test_longer_structs_of_newer_callers_work),
      cmocka_unit_test(test_what_an_older_caller_does_give_counts),
  };

  return cmocka_run_group_tests_name("core/options", tests, NULL, NULL);
}
