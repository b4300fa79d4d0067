/* SPDX-License-Identifier: MIT */
/* lib/eio/engine.c: brackets, counters, the log. */
#include "eio_world.h"

#include <stdio.h>

#include "base/list.h"

/* ---- Brackets, on an engine alone ---- */

struct task {
  struct sio__deferred deferred;
  struct sio__engine *engine;
  struct task *next; /* deferred by this one */
  char *order;
  char name;
};

static void run_task(struct sio__deferred *deferred)
{
  struct task *task = SIO__CONTAINER(deferred, struct task, deferred);

  strncat(task->order, &task->name, 1);
  if (task->next != NULL) {
    sio__engine_enter(task->engine); /* does not start another round */
    sio__engine_defer(task->engine, &task->next->deferred, run_task);
    sio__engine_leave(task->engine);
  }
}

static int no_numbers(void *user, uint8_t *out, size_t len)
{
  memset(out, 0, len);
  return *(int *)user;
}

static void start(struct sio__engine *engine, const sio_server_options *options,
                  const sio_allocator *mem)
{
  static int fine = 0;

  assert_int_equal(
      sio__engine_init(engine, options, mem, sio_s("/x/"), no_numbers, &fine),
      0);
}

static void init_task(struct task *task, struct sio__engine *engine, char name,
                      char *order)
{
  sio__list_init(&task->deferred.link);
  task->engine = engine;
  task->next = NULL;
  task->order = order;
  task->name = name;
}

static void
test_what_is_deferred_runs_when_the_outermost_bracket_closes(void **state)
{
  sio_server_options options;
  struct sio__engine engine;
  struct test_mem mem;
  struct task a, b, c;
  char order[8] = "";

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_server_options_init(&options);
  start(&engine, &options, &mem.allocator);
  init_task(&a, &engine, 'a', order);
  init_task(&b, &engine, 'b', order);
  init_task(&c, &engine, 'c', order);
  a.next = &c;
  sio__engine_enter(&engine);
  sio__engine_enter(&engine);
  sio__engine_defer(&engine, &a.deferred, run_task);
  sio__engine_defer(&engine, &b.deferred, run_task);
  sio__engine_leave(&engine);
  assert_string_equal(order, "");
  sio__engine_leave(&engine);
  assert_string_equal(order, "abc");
  sio__engine_enter(&engine);
  sio__engine_leave(&engine);
  assert_string_equal(order, "abc");
  sio__engine_dispose(&engine);
  test_mem_check(&mem);
}

static void test_deferring_twice_runs_once_and_later(void **state)
{
  sio_server_options options;
  struct sio__engine engine;
  struct test_mem mem;
  struct task a, b;
  char order[8] = "";

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_server_options_init(&options);
  start(&engine, &options, &mem.allocator);
  init_task(&a, &engine, 'a', order);
  init_task(&b, &engine, 'b', order);
  sio__engine_enter(&engine);
  sio__engine_defer(&engine, &a.deferred, run_task);
  sio__engine_defer(&engine, &b.deferred, run_task);
  sio__engine_defer(&engine, &a.deferred, run_task);
  sio__engine_leave(&engine);
  assert_string_equal(order, "ba");
  sio__engine_dispose(&engine);
  test_mem_check(&mem);
}

static void test_no_engine_without_random_numbers(void **state)
{
  sio_server_options options;
  struct sio__engine engine;
  struct test_mem mem;
  int broken = -1;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_server_options_init(&options);
  assert_int_equal(sio__engine_init(&engine, &options, &mem.allocator,
                                    sio_s("/x/"), no_numbers, &broken),
                   SIO_ERR_RANDOM);
  sio__engine_dispose(&engine);
  test_mem_check(&mem);
}

/* ---- The log ---- */

struct line {
  sio_log_level level;
  const char *area;
  uint64_t connection;
  char text[400];
  int count;
};

static void take_line(const sio_log_entry *entry, void *user)
{
  struct line *taken = user;

  assert_int_equal(entry->size, sizeof *entry);
  taken->level = entry->level;
  taken->area = entry->area;
  taken->connection = entry->connection;
  taken->count++;
  snprintf(taken->text, sizeof taken->text, "%s", entry->line);
}

static void test_ends_are_counted_and_logged_with_their_figures(void **state)
{
  static const struct {
    sio_end end;
    sio_log_level level;
    const char *line;
  } cases[] = {
      {{SIO_REASON_TRANSPORT_ERROR, SIO_CAUSE_OUTPUT_SIZE, NULL, 1024, 1025},
       SIO_LOG_WARN,
       "session ended: transport error, too many unsent bytes "
       "(limit 1024, seen 1025)"},
      {{SIO_REASON_PARSE_ERROR, SIO_CAUSE_ENGINE_PACKET, NULL, 0, 0},
       SIO_LOG_INFO,
       "session ended: parse error, an undecodable Engine.IO packet"},
      {{SIO_REASON_TRANSPORT_ERROR, SIO_CAUSE_FRAME, "a reserved bit is set", 0,
        0},
       SIO_LOG_INFO,
       "session ended: transport error, an invalid websocket frame: a reserved "
       "bit is set"},
      {{SIO_REASON_TRANSPORT_CLOSE, SIO_CAUSE_PEER_CLOSED, NULL, 0, 0},
       SIO_LOG_DEBUG,
       "session ended: transport close, the peer closed the websocket"},
      {{SIO_REASON_NONE, SIO_CAUSE_DONE, NULL, 0, 0},
       SIO_LOG_DEBUG,
       "session ended: the exchange was complete"},
  };
  static const struct sio__about session = {"engine", 7, "session", NULL};
  sio_server_options options;
  struct sio__engine engine;
  struct test_mem mem;
  struct line line = {0};

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_server_options_init(&options);
  options.log = take_line;
  options.log_user = &line;
  options.log_level = SIO_LOG_DEBUG;
  start(&engine, &options, &mem.allocator);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sio__engine_note_end(&engine, &session, &cases[i].end);
    assert_string_equal(line.area, "engine");
    assert_int_equal(line.connection, 7);
    assert_string_equal(line.text, cases[i].line);
    assert_int_equal(line.level, cases[i].level);
    assert_int_equal(engine.causes[cases[i].end.cause], 1);
  }
  options.log_level = SIO_LOG_WARN;
  line.count = 0;
  sio__engine_note_end(&engine, &session, &cases[1].end);
  assert_int_equal(line.count, 0);
  assert_int_equal(engine.causes[SIO_CAUSE_ENGINE_PACKET], 2);
  sio__engine_dispose(&engine);
  test_mem_check(&mem);
}

static void test_long_lines_are_cut(void **state)
{
  sio_server_options options;
  struct sio__engine engine;
  struct test_mem mem;
  struct line line = {0};
  char word[500];

  (void)state;
  memset(word, 'w', sizeof word);
  word[sizeof word - 1] = '\0';
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_server_options_init(&options);
  start(&engine, &options, &mem.allocator);
  sio__engine_log(&engine, SIO_LOG_ERROR, "host", 0, "%s", word); /* lost */
  options.log = take_line;
  options.log_user = &line;
  sio__engine_log(&engine, SIO_LOG_ERROR, "host", 0, "%s", word);
  assert_int_equal(strlen(line.text), 255);
  assert_int_equal(line.count, 1);
  sio__engine_dispose(&engine);
  test_mem_check(&mem);
}

static void test_what_is_no_character_of_a_line_is_replaced(void **state)
{
  static const struct {
    const char *given, *line;
  } cases[] = {
      {"a\nb\rc\td", "a?b?c?d"},
      {"\x1b[31mred\x7f", "?[31mred?"},
      {"\xc2\x9b"
       "31m \xc2\x80\xc2\x9f",
       "?\?31m ???\?"}, /* C1 characters */
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0",
       "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0"},
      {"\xff.\xc0\x8a.\xed\xa0\x80", "?.?\?.???"}, /* not UTF-8 */
      {"cut \xe2\x82", "cut ?\?"},
      {"", ""},
  };
  sio_server_options options;
  struct sio__engine engine;
  struct test_mem mem;
  struct line line = {0};

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio_server_options_init(&options);
  options.log = take_line;
  options.log_user = &line;
  start(&engine, &options, &mem.allocator);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sio__engine_log(&engine, SIO_LOG_WARN, "http", 3, "%s", cases[i].given);
    assert_string_equal(line.text, cases[i].line);
    assert_string_equal(line.area, "http");
    assert_int_equal(line.connection, 3);
  }
  sio__engine_dispose(&engine);
  test_mem_check(&mem);
}

/* ---- Random numbers that run out ---- */

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          test_what_is_deferred_runs_when_the_outermost_bracket_closes),
      cmocka_unit_test(test_deferring_twice_runs_once_and_later),
      cmocka_unit_test(test_no_engine_without_random_numbers),
      cmocka_unit_test(test_ends_are_counted_and_logged_with_their_figures),
      cmocka_unit_test(test_long_lines_are_cut),
      cmocka_unit_test(test_what_is_no_character_of_a_line_is_replaced),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
