/* SPDX-License-Identifier: MIT */
/* Reading and running of text fixtures; the format is in the header. */
#include "fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef TEST_FIXTURE_DIR
#define TEST_FIXTURE_DIR "test/fixture"
#endif

enum {
  MAX_INPUT = 1 << 20,
  MAX_SHOWN = 64,     /* bytes of one piece of data in a log */
  EVERY_CHUNK = 2048, /* longer inputs are cut at fewer sizes */
  MAX_REPORTED = 10
};

/* A growing piece of input. */
struct bytes {
  uint8_t *data;
  size_t len;
};

static void add(struct bytes *out, const void *data, size_t len)
{
  if (len > (size_t)MAX_INPUT - out->len)
    fail_msg("a fixture's input is too long");
  if (len > 0)
    memcpy(out->data + out->len, data, len);
  out->len += len;
}

static void add_byte(struct bytes *out, unsigned byte)
{
  uint8_t b = (uint8_t)byte;

  add(out, &b, 1);
}

/* ---- the log ---- */

static void log_raw(struct test_log *log, const char *text, size_t len)
{
  if (len >= TEST_LOG_SIZE - log->len)
    fail_msg("the log is too long");
  memcpy(log->text + log->len, text, len);
  log->len += len;
  log->text[log->len] = '\0';
}

static void log_escaped(struct test_log *log, const uint8_t *data, size_t len)
{
  for (size_t i = 0; i < len; i++) {
    char text[8];
    int n;

    if (data[i] == '\\')
      n = snprintf(text, sizeof text, "\\\\");
    else if (data[i] >= 0x20 && data[i] < 0x7f)
      n = snprintf(text, sizeof text, "%c", data[i]);
    else
      n = snprintf(text, sizeof text, "\\x%02x", data[i]);
    log_raw(log, text, (size_t)n);
  }
}

static void log_data(struct test_log *log, const char *label,
                     const uint8_t *data, size_t shown, size_t len)
{
  char text[40];
  int n;

  log_raw(log, label, strlen(label));
  if (len > 0)
    log_raw(log, " ", 1);
  log_escaped(log, data, shown);
  if (shown < len) {
    n = snprintf(text, sizeof text, "... %zu bytes", len);
    log_raw(log, text, (size_t)n);
  }
  log_raw(log, "\n", 1);
}

/* Write the data that was waiting for more of its kind. */
static void log_flush(struct test_log *log)
{
  size_t len = log->data_len;

  if (log->data_label != NULL)
    log_data(log, log->data_label, log->data, len < MAX_SHOWN ? len : MAX_SHOWN,
             len);
  log->data_label = NULL;
  log->data_len = 0;
}

void test_log_line(struct test_log *log, const char *format, ...)
{
  char text[1024];
  va_list args;
  int n;

  log_flush(log);
  va_start(args, format);
  n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  assert_in_range(n, 0, sizeof text - 1);
  log_raw(log, text, (size_t)n);
  log_raw(log, "\n", 1);
}

void test_log_bytes(struct test_log *log, const char *label, const void *data,
                    size_t len)
{
  log_flush(log);
  log_data(log, label, data, len < MAX_SHOWN ? len : MAX_SHOWN, len);
}

void test_log_data(struct test_log *log, const char *label, const void *data,
                   size_t len)
{
  if (log->data_label == NULL || strcmp(log->data_label, label) != 0)
    log_flush(log);
  log->data_label = label;
  if (log->data_len < MAX_SHOWN && len > 0) {
    size_t room = MAX_SHOWN - log->data_len;

    memcpy(log->data + log->data_len, data, len < room ? len : room);
  }
  log->data_len += len;
}

/* ---- the notation of the input ---- */

static const char *read_bytes(const char *at, bool nested, struct bytes *out);

static unsigned read_hex(const char *at)
{
  char digits[3] = {at[0], at[0] != '\0' ? at[1] : '\0', '\0'};
  char *end;
  unsigned long value = strtoul(digits, &end, 16);

  if (end != digits + 2)
    fail_msg("not two hexadecimal digits: %.8s", at);
  return (unsigned)value;
}

/* "COUNT|...}" or "KKKKKKKK|...}"; returns what is behind. */
static const char *read_group(const char *at, bool mask, struct bytes *out)
{
  struct bytes inner = {malloc(MAX_INPUT), 0};
  const char *bar = strchr(at, '|');
  unsigned long count = mask ? 1 : strtoul(at, NULL, 10);
  uint8_t key[4];
  const char *end;

  if (bar == NULL || inner.data == NULL || (mask && bar != at + 8))
    fail_msg("a malformed group: %.20s", at);
  for (size_t i = 0; mask && i < 4; i++)
    key[i] = (uint8_t)read_hex(at + 2 * i);
  end = read_bytes(bar + 1, true, &inner);
  if (mask) {
    add(out, key, sizeof key);
    for (size_t i = 0; i < inner.len; i++)
      inner.data[i] ^= key[i % 4];
  }
  while (count-- > 0)
    add(out, inner.data, inner.len);
  free(inner.data);
  return end;
}

/* `at` is behind the backslash. */
static const char *read_escape(const char *at, struct bytes *out)
{
  static const char names[] = "rnt0s\\}|";
  static const char values[] = "\r\n\t\0 \\}|";
  const char *name;

  if (strncmp(at, "rep{", 4) == 0)
    return read_group(at + 4, false, out);
  if (strncmp(at, "mask{", 5) == 0)
    return read_group(at + 5, true, out);
  if (*at == 'x') {
    add_byte(out, read_hex(at + 1));
    return at + 3;
  }
  name = *at != '\0' ? strchr(names, *at) : NULL;
  if (name == NULL)
    fail_msg("an unknown escape: \\%.8s", at);
  add(out, values + (name - names), 1);
  return at + 1;
}

/* To the end of the line, or of the group; returns what is behind. */
static const char *read_bytes(const char *at, bool nested, struct bytes *out)
{
  while (*at != '\0' && *at != '\n') {
    if (nested && *at == '}')
      return at + 1;
    if (*at == '\\')
      at = read_escape(at + 1, out);
    else
      add(out, at++, 1);
  }
  if (nested)
    fail_msg("a group without an end");
  return at;
}

/* ---- the files ---- */

/* Cut the next line off; NULL at the end of the text. */
static char *next_line(char **rest)
{
  char *line = *rest;
  char *end;

  if (*line == '\0')
    return NULL;
  end = strchr(line, '\n');
  if (end != NULL)
    *end = '\0';
  *rest = end != NULL ? end + 1 : line + strlen(line);
  return line;
}

/* Append a line to the string that grows at `*end`; it never gets longer than
 * the text it was read from. */
static void keep_line(char **end, const char *line)
{
  size_t len = strlen(line);

  memcpy(*end, line, len);
  (*end)[len] = '\n';
  (*end)[len + 1] = '\0';
  *end += len + 1;
}

/* ---- running ---- */

struct suite {
  const struct test_fixture_target *target;
  size_t cases;
  size_t failures;
};

static void run_once(const struct test_fixture *f, size_t chunk,
                     const struct test_fixture_target *target,
                     struct test_log *log)
{
  void *object;

  log->len = 0;
  log->text[0] = '\0';
  log->data_label = NULL;
  log->data_len = 0;
  object = target->start(f, log);
  for (size_t i = 0; i < f->input_len || (i == 0 && target->whole);
       i += chunk) {
    size_t n = f->input_len - i < chunk ? f->input_len - i : chunk;
    uint8_t *piece = test_exact(f->input + i, n);

    target->feed(object, piece, n);
    free(piece);
  }
  target->end(object);
  log_flush(log);
}

static size_t next_chunk(size_t chunk, size_t len)
{
  if (len <= EVERY_CHUNK || chunk < 64)
    return chunk + 1;
  if (chunk < len && chunk + chunk / 7 > len)
    return len;
  return chunk + chunk / 7;
}

static void run_case(struct suite *suite, const struct test_fixture *f)
{
  static struct test_log log;
  size_t first = suite->target->whole ? f->input_len : 1;

  suite->cases++;
  if (first == 0)
    first = 1;
  for (size_t chunk = first; chunk == first || chunk <= f->input_len;
       chunk = next_chunk(chunk, f->input_len)) {
    run_once(f, chunk, suite->target, &log);
    if (strcmp(log.text, f->events) == 0)
      continue;
    if (suite->failures++ < MAX_REPORTED)
      print_error("%s:%zu: %s\n(chunks of %zu bytes)\n-- wanted\n%s-- got\n%s",
                  f->file, f->line, f->name, chunk, f->events, log.text);
    return;
  }
}

enum section { NONE, WHY, INPUT, EVENTS };

/* Run the cases of a text, which is cut to pieces. */
static void run_text(struct suite *suite, const char *file, char *text)
{
  size_t size = strlen(text) + 2;
  struct bytes input = {malloc(MAX_INPUT), 0};
  char *why = malloc(size);
  char *events = malloc(size);
  char *why_end = why;
  char *events_end = events;
  struct test_fixture f = {.file = file};
  enum section section = NONE;
  char *line;

  assert_true(input.data != NULL && why != NULL && events != NULL);
  for (size_t number = 1; (line = next_line(&text)) != NULL; number++) {
    if (strncmp(line, "== ", 3) == 0) {
      if (f.name != NULL)
        run_case(suite, &f);
      input.len = 0;
      why_end = why;
      events_end = events;
      why[0] = events[0] = '\0';
      f = (struct test_fixture){file, number,     line + 3, why,
                                "",   input.data, 0,        events};
      section = WHY;
    } else if (strncmp(line, "-- options ", 11) == 0) {
      f.options = line + 11;
    } else if (strcmp(line, "-- input") == 0) {
      section = INPUT;
    } else if (strcmp(line, "-- events") == 0) {
      section = EVENTS;
    } else if (section == INPUT) {
      (void)read_bytes(line, false, &input); /* to the end of the line */
      f.input_len = input.len;
    } else if (line[0] != '\0' && section != NONE) {
      keep_line(section == WHY ? &why_end : &events_end, line);
    }
  }
  if (f.name != NULL)
    run_case(suite, &f);
  free(events);
  free(why);
  free(input.data);
}

static char *read_file(const char *path)
{
  FILE *file = fopen(path, "rb");
  char *text = malloc(MAX_INPUT);
  size_t len;

  if (file == NULL || text == NULL)
    fail_msg("%s cannot be read", path);
  len = fread(text, 1, MAX_INPUT - 1, file);
  text[len] = '\0';
  (void)fclose(file); /* it was only read */
  return text;
}

uint64_t test_fixture_option(const struct test_fixture *fixture,
                             const char *name, uint64_t missing)
{
  size_t len = strlen(name);
  const char *at = fixture->options;

  while (at != NULL && *at != '\0') {
    if (strncmp(at, name, len) == 0 && at[len] == '=')
      return strtoull(at + len + 1, NULL, 0);
    at = strchr(at, ' ');
    if (at != NULL)
      at++;
  }
  return missing;
}

void test_fixtures_run(const char *folder, size_t at_least,
                       const struct test_fixture_target *target)
{
  struct suite suite = {target, 0, 0};
  char path[1024];
  struct dirent *entry;
  DIR *dir;

  (void)snprintf(path, sizeof path, "%s/%s", TEST_FIXTURE_DIR, folder);
  dir = opendir(path);
  if (dir == NULL)
    fail_msg("%s cannot be opened", path);
  while ((entry = readdir(dir)) != NULL) {
    size_t len = strlen(entry->d_name);
    char *text;

    if (len < 4 || strcmp(entry->d_name + len - 4, ".txt") != 0)
      continue;
    (void)snprintf(path, sizeof path, "%s/%s/%s", TEST_FIXTURE_DIR, folder,
                   entry->d_name);
    text = read_file(path);
    run_text(&suite, path, text);
    free(text);
  }
  (void)closedir(dir); /* it was only read */
  assert_int_equal(suite.failures, 0);
  if (suite.cases < at_least)
    fail_msg("only %zu cases in %s", suite.cases, folder);
}
