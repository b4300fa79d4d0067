/* SPDX-License-Identifier: MIT */
/* Runs test/fixture/http: requests in, events of the parser out.
 *
 * Options: max_header_bytes, max_headers, fields=0 (do not log the fields),
 * take=1 (who asks for a websocket gets the rest of the input). */
#include "fixture.h"

#include "http/parse.h"

#include <stdio.h>
#include <stdlib.h>

struct run {
  struct test_mem mem;
  struct sio__http_limits limits;
  struct sio__http_parser *parser;
  struct test_log *log;
  bool log_fields;
  bool may_take;
  bool is_taken;
  bool is_dead;
};

static void *start(const struct test_fixture *f, struct test_log *log)
{
  struct run *run = calloc(1, sizeof *run);

  assert_non_null(run);
  test_mem_init(&run->mem, TEST_MEM_NEVER);
  run->limits.max_header_bytes =
      (uint16_t)test_fixture_option(f, "max_header_bytes", 16384);
  run->limits.max_headers =
      (uint16_t)test_fixture_option(f, "max_headers", 100);
  run->log = log;
  run->log_fields = test_fixture_option(f, "fields", 1) != 0;
  run->may_take = test_fixture_option(f, "take", 0) != 0;
  run->parser = sio__http_parser_new(&run->mem.allocator, &run->limits);
  assert_non_null(run->parser);
  return run;
}

static void log_head(struct run *run)
{
  const struct sio__http_head *head = sio__http_parser_head(run->parser);
  sio_str target = sio__http_target(head);
  char length[32] = "";
  sio_str name;
  sio_str value;

  if (head->has_length)
    (void)snprintf(length, sizeof length, " length=%llu",
                   (unsigned long long)head->content_length);
  test_log_line(run->log, "head %s 1.%d%s%s%s%s", head->method, head->minor,
                head->keep_alive ? " keep-alive" : "",
                head->wants_websocket ? " websocket"
                : head->wants_upgrade ? " upgrade"
                                      : "",
                head->expects_continue ? " continue" : "", length);
  test_log_bytes(run->log, "target", target.data, target.len);
  if (head->path_len != head->target_len)
    test_log_line(run->log, "path %d", head->path_len);
  for (size_t i = 0;
       run->log_fields && sio__http_header_at(head, i, &name, &value); i++) {
    char label[64];

    (void)snprintf(label, sizeof label, "field %.*s:", (int)name.len,
                   name.data);
    test_log_bytes(run->log, label, value.data, value.len);
  }
}

/* Returns false: nothing more is parsed. */
static bool log_event(struct run *run, enum sio__http_event event,
                      sio_span body)
{
  const struct sio__http_error *error;

  switch (event) {
  case HTTP_HEAD:
    log_head(run);
    run->is_taken =
        run->may_take && sio__http_parser_head(run->parser)->wants_websocket;
    return !run->is_taken;
  case HTTP_BODY:
    test_log_data(run->log, "body", body.data, body.len);
    return true;
  case HTTP_DONE:
    test_log_line(run->log, "done");
    return true;
  case HTTP_ERROR:
    error = sio__http_parser_error(run->parser);
    assert_non_null(error->detail);
    test_log_line(run->log, "error %d %s", error->status,
                  sio_cause_text(error->cause));
    run->is_dead = true;
    return false;
  default:
    return false;
  }
}

static void feed(void *object, uint8_t *data, size_t len)
{
  struct run *run = object;
  enum sio__http_event event;
  size_t at = 0;

  if (run->is_dead)
    return;
  while (!run->is_taken) {
    size_t used;
    sio_span body = {NULL, 0};

    event = sio__http_parse(run->parser, data + at, len - at, &used, &body);
    assert_in_range(used, 0, len - at);
    at += used;
    if (event == HTTP_MORE)
      assert_int_equal(at, len);
    if (!log_event(run, event, body))
      break;
  }
  if (run->is_taken)
    test_log_data(run->log, "rest", data + at, len - at);
}

static void end(void *object)
{
  struct run *run = object;

  if (!run->is_dead && !run->is_taken && sio__http_parser_is_busy(run->parser))
    test_log_line(run->log, "busy");
  sio__http_parser_free(run->parser);
  test_mem_check(&run->mem);
  free(run);
}

static void
test_requests_give_the_same_events_however_they_are_cut(void **state)
{
  static const struct test_fixture_target target = {start, feed, end, false};

  (void)state;
  test_fixtures_run("http", 40, &target);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_requests_give_the_same_events_however_they_are_cut),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
