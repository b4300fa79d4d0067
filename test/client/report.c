/* SPDX-License-Identifier: MIT */
/* What the server saw, in order, as the items of a JSON array. */
#define _POSIX_C_SOURCE 200809L /* open_memstream() */

#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct report {
  FILE *entries;
  char *text; /* of `entries`, valid after fflush() */
  size_t len;
  char *json; /* what report_json() returned last */
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

/* Everything of an entry but its closing brace. */
static FILE *begin(struct report *report, const char *what,
                   const sio_socket *socket)
{
  FILE *out = report->entries;

  (void)fprintf(out, "%s{\"what\":\"%s\",\"id\":\"%s\",\"nsp\":",
                ftell(out) > 0 ? "," : "", what, sio_socket_id(socket));
  put_string(out, sio_s(sio_ns_name(sio_socket_ns(socket))));
  return out;
}

void report_socket(struct report *report, const char *what,
                   const sio_socket *socket)
{
  (void)fputc('}', begin(report, what, socket));
}

void report_value(struct report *report, const char *what,
                  const sio_socket *socket, const char *key, sio_str json)
{
  FILE *out = begin(report, what, socket);

  if (json.len == 0)
    json = sio_s("null");
  (void)fprintf(out, ",\"%s\":%.*s}", key, (int)json.len, json.data);
}

void report_answer(struct report *report, const sio_socket *socket,
                   const char *error, const sio_args *args)
{
  FILE *out = begin(report, "answer", socket);
  sio_str values = sio_args_json(args);

  (void)fputs(",\"error\":", out);
  if (error == NULL)
    (void)fputs("null", out);
  else
    put_string(out, sio_s(error));
  (void)fprintf(out, ",\"values\":[%.*s]}", (int)values.len,
                values.len == 0 ? "" : values.data);
}

void report_end(struct report *report, const char *what,
                const sio_socket *socket, const sio_end *end)
{
  FILE *out = begin(report, what, socket);
  size_t n = sio_socket_room_count(socket);
  size_t i;

  (void)fputs(",\"reason\":", out);
  put_string(out, sio_s(sio_reason_text(end->reason)));
  (void)fputs(",\"cause\":", out);
  put_string(out, sio_s(sio_cause_text(end->cause)));
  (void)fputs(",\"detail\":", out);
  put_string(out, sio_s(end->detail));
  (void)fprintf(out, ",\"limit\":%" PRIu64 ",\"seen\":%" PRIu64 ",\"rooms\":[",
                end->limit, end->seen);
  for (i = 0; i < n; i++) {
    if (i > 0)
      (void)fputc(',', out);
    put_string(out, sio_socket_room(socket, i));
  }
  (void)fputs("]}", out);
}
