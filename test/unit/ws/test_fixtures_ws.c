/* SPDX-License-Identifier: MIT */
/* Runs test/fixture/ws: frames of a client in, events of the reader out.
 *
 * Options: max_message, max_fragments, deflate (1: it was negotiated),
 * takeover (1: with context takeover). */
#include "fixture.h"

#include "ws/deflate.h"
#include "ws/message.h"

#include <stdio.h>
#include <stdlib.h>

struct run {
  struct test_mem mem;
  struct sio__ws_limits limits;
  struct sio__ws_reader reader;
  struct sio__ws_codec *codec; /* with the option `deflate` */
  struct sio__ws_deflate *deflate;
  struct test_log *log;
  bool is_dead;
};

static void negotiate(struct run *run, bool takeover)
{
  const struct sio__ws_deflate_params params = {false, takeover, 15, 15};
  sio_deflate_options options;

  sio_deflate_options_init(&options);
  run->codec = sio__ws_codec_new(&options, &run->mem.allocator);
  assert_non_null(run->codec);
  run->deflate = sio__ws_deflate_new(run->codec, &params);
  assert_non_null(run->deflate);
  sio__ws_reader_inflate(&run->reader, run->deflate);
}

static void *start(const struct test_fixture *f, struct test_log *log)
{
  struct run *run = calloc(1, sizeof *run);

  assert_non_null(run);
  test_mem_init(&run->mem, TEST_MEM_NEVER);
  run->limits.max_message = test_fixture_option(f, "max_message", 100000);
  run->limits.max_fragments =
      (uint32_t)test_fixture_option(f, "max_fragments", 16);
  run->log = log;
  sio__ws_reader_init(&run->reader, &run->mem.allocator, &run->limits);
  if (test_fixture_option(f, "deflate", 0) != 0)
    negotiate(run, test_fixture_option(f, "takeover", 0) != 0);
  return run;
}

/* Returns false: nothing more is read. */
static bool log_event(struct run *run, const struct sio__ws_event *event)
{
  char label[32];

  switch (event->type) {
  case WS_TEXT:
    test_log_bytes(run->log, "text", event->data, event->len);
    return true;
  case WS_BINARY:
    test_log_bytes(run->log, "binary", event->data, event->len);
    return true;
  case WS_PING:
    test_log_bytes(run->log, "ping", event->data, event->len);
    return true;
  case WS_PONG:
    test_log_bytes(run->log, "pong", event->data, event->len);
    return true;
  case WS_CLOSE:
    (void)snprintf(label, sizeof label, "close %d", event->code);
    test_log_bytes(run->log, label, event->data, event->len);
    return true;
  case WS_ERROR:
    assert_non_null(event->detail);
    test_log_line(run->log, "error %d %s (%s) %llu", event->code,
                  sio_cause_text(event->cause), event->detail,
                  (unsigned long long)event->seen);
    run->is_dead = true;
    return false;
  default:
    return false;
  }
}

static void feed(void *object, uint8_t *data, size_t len)
{
  struct run *run = object;
  size_t at = 0;

  while (!run->is_dead) {
    struct sio__ws_event event;
    size_t used;

    sio__ws_read(&run->reader, data + at, len - at, &used, &event);
    assert_in_range(used, 0, len - at);
    at += used;
    if (event.type == WS_MORE)
      assert_int_equal(at, len);
    if (!log_event(run, &event))
      break;
  }
  if (run->reader.partial == NULL)
    assert_null(run->reader.partial);
}

static void end(void *object)
{
  struct run *run = object;

  if (run->reader.partial != NULL)
    test_log_line(run->log, "busy");
  sio__ws_reader_dispose(&run->reader);
  sio__ws_deflate_free(run->deflate);
  sio__ws_codec_free(run->codec);
  test_mem_check(&run->mem);
  free(run);
}

static void test_frames_give_the_same_events_however_they_are_cut(void **state)
{
  static const struct test_fixture_target target = {start, feed, end, false};

  (void)state;
  test_fixtures_run("ws", 75, &target);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_give_the_same_events_however_they_are_cut),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
