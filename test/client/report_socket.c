/* SPDX-License-Identifier: MIT */
/* Entries of the report about sockets. */
#include "server.h"

static void begin(struct report *report, const char *what,
                  const sio_socket *socket)
{
  report_begin(report, what);
  report_text(report, "id", sio_s(sio_socket_id(socket)));
  report_text(report, "nsp", sio_s(sio_ns_name(sio_socket_ns(socket))));
}

void report_socket(struct report *report, const char *what,
                   const sio_socket *socket)
{
  begin(report, what, socket);
  report_finish(report);
}

void report_value(struct report *report, const char *what,
                  const sio_socket *socket, const char *key, sio_str json)
{
  begin(report, what, socket);
  report_raw(report, key, json);
  report_finish(report);
}

void report_answer(struct report *report, const sio_socket *socket,
                   const char *error, const sio_args *args)
{
  sio_str values = sio_args_json(args);

  begin(report, "answer", socket);
  if (error == NULL)
    report_null(report, "error");
  else
    report_text(report, "error", sio_s(error));
  report_open(report, "values", '[');
  if (values.len > 0)
    report_raw(report, NULL, values);
  report_close(report, ']');
  report_finish(report);
}

void report_end(struct report *report, const char *what,
                const sio_socket *socket, const sio_end *end)
{
  size_t n = sio_socket_room_count(socket);
  size_t i;

  begin(report, what, socket);
  report_text(report, "reason", sio_s(sio_reason_text(end->reason)));
  report_text(report, "cause", sio_s(sio_cause_text(end->cause)));
  report_text(report, "detail", sio_s(end->detail));
  report_size(report, "limit", end->limit);
  report_size(report, "seen", end->seen);
  report_open(report, "rooms", '[');
  for (i = 0; i < n; i++)
    report_text(report, NULL, sio_socket_room(socket, i));
  report_close(report, ']');
  report_finish(report);
}
