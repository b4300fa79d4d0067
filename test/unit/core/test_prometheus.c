/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/objects.h"

#include <stdio.h>
#include <stdlib.h>

static struct core_world w;
static struct core_client a;

static char text[65536];
static size_t text_len, pieces;

static int keep(const char *piece, size_t len, void *user)
{
  (void)user;
  assert_in_range(len, 1, 1024);
  if (text_len + len >= sizeof text)
    fail_msg("too much text");
  memcpy(text + text_len, piece, len);
  text_len += len;
  text[text_len] = '\0';
  pieces++;
  return 0;
}

static void write_all(size_t max)
{
  text_len = pieces = 0;
  text[0] = '\0';
  assert_int_equal(sio_metrics_text(w.server, max, keep, NULL), 0);
}

/* Whether there is a line that reads so. */
static bool has(const char *line)
{
  size_t len = strlen(line);

  for (const char *at = text; (at = strstr(at, line)) != NULL; at++) {
    if ((at == text || at[-1] == '\n') && at[len] == '\n')
      return true;
  }
  return false;
}

#define assert_has(line)                                                       \
  do {                                                                         \
    if (!has(line))                                                            \
      fail_msg("no line %s in\n%s", line, text);                               \
  } while (0)

static size_t count(const char *what)
{
  size_t n = 0;

  for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
    n++;
  return n;
}

static uint64_t time_us;

static uint64_t read_clock(void *user)
{
  (void)user;
  return time_us += 1500000;
}

static void test_the_figures_are_written_with_their_labels(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_echo(w.root);
  client_enter(&w, &a);
  client_say(&a, "42[\"echo\",\"four\"]");
  client_say(&a, "41");
  write_all(10);
  assert_has("# HELP sio_connections_open Transport connections that are "
             "open.");
  assert_has("# TYPE sio_connections_open gauge");
  assert_has("# TYPE sio_events_received_total counter");
  assert_has("sio_connections_open 1");
  assert_has("sio_sessions_open{transport=\"polling\"} 0");
  assert_has("sio_sessions_open{transport=\"websocket\"} 1");
  assert_has("sio_requests_refused_total{code=\"5\"} 0");
  assert_has("sio_sessions_closed_total{reason=\"ping timeout\"} 0");
  assert_has("sio_ended_total{cause=\"CLIENT_LEFT\"} 1");
  assert_has("sio_namespaces 1");
  assert_has("sio_sockets_total{namespace=\"/\"} 1");
  assert_has("sio_sockets_connected{namespace=\"/\"} 0");
  assert_has("sio_events_received_bytes_total{namespace=\"/\"} 6");
  assert_has("sio_events_received_bytes_total{namespace=\"_other\"} 0");
  assert_has("sio_sockets_left_total{namespace=\"/\","
             "reason=\"client namespace disconnect\"} 1");
  assert_int_equal(count("sio_handler"), 0); /* without a clock */
  world_close(&w);
}

/* What a reader of the format would complain about: a family that is told
 * twice or not as one group, a line without a number. */
static void test_each_family_is_one_group_of_lines(void **state)
{
  char family[64] = "", told[64][64];
  char copy[sizeof text];
  size_t n = 0;

  (void)state;
  world_open(&w, NULL);
  (void)sio_of(w.server, "/b");
  write_all(10);
  assert_int_equal(text[text_len - 1], '\n');
  memcpy(copy, text, text_len + 1);
  for (char *line = strtok(copy, "\n"); line != NULL;
       line = strtok(NULL, "\n")) {
    size_t len = strcspn(line, "{ ");

    if (strncmp(line, "# HELP ", 7) == 0) {
      snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "),
               line + 7);
      for (size_t i = 0; i < n; i++)
        assert_string_not_equal(told[i], family);
      snprintf(told[n++], sizeof told[0], "%s", family);
    } else if (line[0] != '#') {
      const char *number = strrchr(line, ' ');

      assert_int_equal(len, strlen(family));
      assert_memory_equal(line, family, len);
      assert_non_null(number);
      assert_int_equal(strspn(number + 1, "0123456789."), strlen(number + 1));
      assert_true(number[1] != '\0');
    }
  }
  assert_in_range(n, 35, 63);
  world_close(&w);
}

/* Whether some line has this number. */
static void expect_number(uint64_t value, bool is_time)
{
  char number[48];

  snprintf(number, sizeof number, is_time ? " %llu.%06llu\n" : " %llu\n",
           (unsigned long long)(is_time ? value / 1000000 : value),
           (unsigned long long)(is_time ? value % 1000000 : 0));
  if (count(number) == 0)
    fail_msg("no line with%s in\n%s", number, text);
}

/* Let each figure of a struct be another number; `first` is behind `size`. */
static void fill(void *figures, size_t first, size_t size, uint64_t begin)
{
  for (size_t at = first; at < size; at += sizeof begin, begin += 1001)
    memcpy((char *)figures + at, &begin, sizeof begin);
}

static void expect_all(const void *figures, size_t first, size_t size)
{
  for (size_t at = first; at < size; at += sizeof(uint64_t)) {
    uint64_t value;

    memcpy(&value, (const char *)figures + at, sizeof value);
    expect_number(value, false);
  }
}

static void only_known(uint64_t *figures, unsigned first, unsigned end)
{
  for (unsigned i = 0; i < 16; i++)
    if (i < first || i >= end)
      figures[i] = 0; /* nothing counts there */
}

enum {
  REASONS_END = 0
#define COUNT_REASON(name, value, what) +1
  SIO_REASON_LIST(COUNT_REASON)
#undef COUNT_REASON
};

static void test_every_figure_of_a_server_is_written(void **state)
{
  sio_metrics *all, now;

  (void)state;
  world_open(&w, NULL);
  all = &w.server->engine.metrics;
  fill(all, offsetof(sio_metrics, connections), sizeof *all, 1000000);
  only_known(all->refused, 0, SIO_REFUSED_COUNT_);
  only_known(all->closes, 1, REASONS_END);
  sio_server_metrics(w.server, &now);
  write_all(10);
  expect_all(&now, offsetof(sio_metrics, connections), sizeof now);
  world_close(&w);
}

static void test_every_figure_of_a_namespace_is_written(void **state)
{
  sio_server_options options;
  sio_ns_metrics *all, now;

  (void)state;
  world_options(&w, &options);
  options.clock_us = read_clock;
  world_open(&w, &options);
  all = &w.root->metrics;
  fill(all, offsetof(sio_ns_metrics, sockets), sizeof *all, 2000000);
  only_known(all->left, 1, REASONS_END);
  sio_ns_metrics(w.root, &now);
  write_all(10);
  expect_number(now.handler_us, true);
  expect_number(now.handler_us_max, true);
  now.handler_us = now.handler_us_max = 0;
  expect_all(&now, offsetof(sio_ns_metrics, sockets), sizeof now);
  world_close(&w);
}

static void test_names_are_escaped(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of(w.server, "/a\"b\\c\xc3\xa9"));
  write_all(10);
  assert_has("sio_sockets_total{namespace=\"/a\\\"b\\\\c\xc3\xa9\"} 0");
  world_close(&w);
}

static void test_beyond_the_limit_namespaces_are_summed_up(void **state)
{
  sio_ns *ns;

  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of_pattern(w.server, "/{name}"));
  (void)sio_of(w.server, "/one");
  ns = sio_of(w.server, "/two");
  client_enter(&w, &a);
  client_join(&a, "/one");
  client_join(&a, "/two");
  write_all(10);
  assert_has("sio_sockets_connected{namespace=\"/two\"} 1");
  assert_has("sio_sockets_connected{namespace=\"_other\"} 0");
  assert_int_equal(count("{name}"), 0); /* parents are their children */
  write_all(1);
  assert_has("sio_sockets_connected{namespace=\"/\"} 1");
  assert_has("sio_sockets_connected{namespace=\"_other\"} 2");
  assert_int_equal(count("/one"), 0);
  write_all(0);
  assert_has("sio_sockets_connected{namespace=\"_other\"} 3");
  assert_int_equal(count("namespace=\"/"), 0);
  /* One that is gone belongs to the others. */
  assert_int_equal(sio_ns_delete(ns), 0);
  write_all(10);
  assert_int_equal(count("/two"), 0);
  assert_has("sio_sockets_total{namespace=\"_other\"} 1");
  assert_has("sio_sockets_connected{namespace=\"_other\"} 0");
  world_close(&w);
}

static void test_times_are_seconds(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.clock_us = read_clock;
  world_open(&w, &options);
  world_echo(w.root);
  client_enter(&w, &a);
  client_say(&a, "42[\"echo\"]");
  client_say(&a, "42[\"echo\"]");
  write_all(10);
  assert_has("# TYPE sio_handler_seconds_total counter");
  assert_has("# TYPE sio_handler_seconds_max gauge");
  assert_has("sio_handled_events_total{namespace=\"/\"} 2");
  assert_has("sio_handler_seconds_total{namespace=\"/\"} 3.000000");
  assert_has("sio_handler_seconds_max{namespace=\"/\"} 1.500000");
  assert_has("sio_handler_seconds_max{namespace=\"_other\"} 0.000000");
  world_close(&w);
}

static int stop_at_once(const char *piece, size_t len, void *user)
{
  int *calls = user;

  (void)piece;
  (void)len;
  ++*calls;
  return -7;
}

static void test_who_wants_no_more_is_not_called_again(void **state)
{
  int calls = 0;

  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_metrics_text(w.server, 10, stop_at_once, &calls), -7);
  assert_int_equal(calls, 1);
  world_close(&w);
}

static void test_nothing_is_allocated(void **state)
{
  size_t before;

  (void)state;
  world_open(&w, NULL);
  before = w.mem->calls;
  write_all(10);
  assert_int_equal(w.mem->calls, before);
  assert_true(pieces > 5);
  world_close(&w);
}

static int delete_all(const char *piece, size_t len, void *user)
{
  sio_ns *ns = sio_find(w.server, "/b");

  if (ns != NULL)
    assert_int_equal(sio_ns_delete(ns), 0);
  return keep(piece, len, user);
}

static void test_the_writer_may_change_the_server(void **state)
{
  (void)state;
  world_open(&w, NULL);
  (void)sio_of(w.server, "/b");
  text_len = 0;
  assert_int_equal(sio_metrics_text(w.server, 10, delete_all, NULL), 0);
  assert_has("sio_sockets_total{namespace=\"_other\"} 0");
  assert_int_equal(count("namespace=\"/b\""), 0);
  world_close(&w);
}

static void test_a_server_of_plain_sessions_has_no_namespaces(void **state)
{
  (void)state;
  memset(&w, 0, sizeof w);
  w.server = sio_engine_new(NULL, NULL, NULL);
  assert_non_null(w.server);
  write_all(10);
  assert_has("sio_sessions_total 0");
  assert_has("sio_namespaces 0");
  assert_int_equal(count("namespace="), 0);
  sio_server_free(w.server);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_figures_are_written_with_their_labels),
      cmocka_unit_test(test_each_family_is_one_group_of_lines),
      cmocka_unit_test(test_every_figure_of_a_server_is_written),
      cmocka_unit_test(test_every_figure_of_a_namespace_is_written),
      cmocka_unit_test(test_names_are_escaped),
      cmocka_unit_test(test_beyond_the_limit_namespaces_are_summed_up),
      cmocka_unit_test(test_times_are_seconds),
      cmocka_unit_test(test_who_wants_no_more_is_not_called_again),
      cmocka_unit_test(test_nothing_is_allocated),
      cmocka_unit_test(test_the_writer_may_change_the_server),
      cmocka_unit_test(test_a_server_of_plain_sessions_has_no_namespaces),
  };

  return cmocka_run_group_tests_name("core/prometheus", tests, NULL, NULL);
}
