/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* open_memstream() */

#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct report {
  FILE *entries;
  char *text; /* of `entries`, valid after fflush() */
  size_t len;
  char *json;     /* what report_json() returned last */
  bool separated; /* no comma is needed before the next member */
};

struct report *report_new(void)
{
  struct report *report = calloc(1, sizeof(*report));

  if (report == NULL)
    return NULL;
  report->entries = open_memstream(&report->text, &report->len);
  if (report->entries == NULL) {
    free(report);
    return NULL;
  }
  return report;
}

void report_free(struct report *report)
{
  if (report == NULL)
    return;
  (void)fclose(report->entries); /* nothing is written to disk */
  free(report->text);
  free(report->json);
  free(report);
}

const char *report_json(struct report *report)
{
  size_t cap;

  if (fflush(report->entries) != 0)
    return NULL;
  cap = report->len + 3;
  free(report->json);
  report->json = malloc(cap);
  if (report->json != NULL)
    (void)snprintf(report->json, cap, "[%.*s]", (int)report->len,
                   report->text); /* fits by `cap` */
  return report->json;
}

void report_forget(struct report *report)
{
  rewind(report->entries); /* what is written next takes their place */
}

static void put_string(FILE *out, sio_str s)
{
  size_t i;

  (void)fputc('"', out);
  for (i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.data[i];

    if (c < 0x20 || c == '"' || c == '\\')
      (void)fprintf(out, "\\u%04x", c);
    else
      (void)fputc(c, out);
  }
  (void)fputc('"', out);
}

/* What stands before a value. */
static FILE *member(struct report *report, const char *key)
{
  if (!report->separated)
    (void)fputc(',', report->entries);
  report->separated = false;
  if (key != NULL)
    (void)fprintf(report->entries, "\"%s\":", key);
  return report->entries;
}

void report_begin(struct report *report, const char *what)
{
  report->separated = ftell(report->entries) == 0;
  report_open(report, NULL, '{');
  report_text(report, "what", sio_s(what));
}

void report_text(struct report *report, const char *key, sio_str value)
{
  put_string(member(report, key), value);
}

void report_number(struct report *report, const char *key, int64_t value)
{
  (void)fprintf(member(report, key), "%" PRId64, value);
}

void report_size(struct report *report, const char *key, uint64_t value)
{
  (void)fprintf(member(report, key), "%" PRIu64, value);
}

void report_bool(struct report *report, const char *key, bool value)
{
  (void)fputs(value ? "true" : "false", member(report, key));
}

void report_null(struct report *report, const char *key)
{
  (void)fputs("null", member(report, key));
}

void report_raw(struct report *report, const char *key, sio_str json)
{
  if (json.len == 0)
    report_null(report, key);
  else
    (void)fprintf(member(report, key), "%.*s", SIO_STR_ARG(json));
}

void report_open(struct report *report, const char *key, char bracket)
{
  (void)fputc(bracket, member(report, key));
  report->separated = true;
}

void report_close(struct report *report, char bracket)
{
  (void)fputc(bracket, report->entries);
  report->separated = false;
}

void report_finish(struct report *report)
{
  report_close(report, '}');
}
