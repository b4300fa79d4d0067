/* SPDX-License-Identifier: MIT */
/* The figures as text, for Prometheus: the "text-based exposition format",
 * version 0.0.4. */
#include "core/metrics.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- Text, in pieces ---- */

struct text {
  sio_metrics_write_fn write;
  void *user;
  int error; /* what `write` has returned */
  const sio_server *server;
  size_t max; /* namespaces that are listed */
  sio_ns_metrics other;
  size_t len;
  char piece[1024];
};

static void flush(struct text *t)
{
  if (t->error == 0 && t->len > 0)
    t->error = t->write(t->piece, t->len, t->user);
  t->len = 0;
}

static void put(struct text *t, const char *data, size_t len)
{
  for (size_t i = 0; i < len; i++) {
    if (t->len == sizeof t->piece)
      flush(t);
    t->piece[t->len++] = data[i];
  }
}

static void say(struct text *t, const char *format, ...) SIO_PRINTF(2, 3);

/* A short text. */
static void say(struct text *t, const char *format, ...)
{
  char line[256];
  va_list args;
  int len;

  va_start(args, format);
  len = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (len > 0)
    put(t, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

/* A label's value. */
static void quote(struct text *t, sio_str value)
{
  put(t, "\"", 1);
  for (size_t i = 0; i < value.len; i++) {
    char c = value.data[i];

    if (c == '"' || c == '\\')
      put(t, "\\", 1);
    if (c == '\n')
      put(t, "\\n", 2);
    else
      put(t, &c, 1);
  }
  put(t, "\"", 1);
}

/* ---- Figures ---- */

/* One that stands in a struct.  Times, of type SECONDS or LONGEST, are
 * microseconds there. */
enum type { COUNTER, GAUGE, SECONDS, LONGEST };

struct figure {
  const char *name;
  enum type type;
  const char *labels; /* beside the namespace; or NULL */
  size_t offset;
  const char *help; /* NULL: it belongs to the same family as the one before */
};

#define SERVER(name, type, labels, field, help)                                \
  {                                                                            \
    name, type, labels, offsetof(sio_metrics, field), help                     \
  }
#define NS(name, type, field, help)                                            \
  {                                                                            \
    name, type, NULL, offsetof(sio_ns_metrics, field), help                    \
  }

static const struct figure of_server[] = {
    SERVER("sio_connections_total", COUNTER, NULL, connections,
           "Transport connections accepted."),
    SERVER("sio_connections_open", GAUGE, NULL, connections_now,
           "Transport connections that are open."),
    SERVER("sio_connections_refused_total", COUNTER, NULL, connections_refused,
           "Transport connections over the limit, or while closing."),
    SERVER("sio_received_bytes_total", COUNTER, NULL, bytes_in,
           "Bytes received."),
    SERVER("sio_sent_bytes_total", COUNTER, NULL, bytes_out, "Bytes sent."),
    SERVER("sio_http_requests_total", COUNTER, NULL, http_requests,
           "Heads of HTTP requests."),
    SERVER("sio_http_errors_total", COUNTER, NULL, http_errors,
           "What was not HTTP, or too much of it."),
    SERVER("sio_sessions_total", COUNTER, NULL, sessions, "Sessions opened."),
    SERVER("sio_sessions_open", GAUGE, "transport=\"polling\"",
           sessions_polling_now, "Sessions that are open."),
    SERVER("sio_sessions_open", GAUGE, "transport=\"websocket\"",
           sessions_websocket_now, NULL),
    SERVER("sio_sessions_refused_total", COUNTER, NULL, sessions_refused,
           "Sessions over the limit, or while closing."),
    SERVER("sio_upgrades_total", COUNTER, NULL, upgrades,
           "Websockets that opened for a session."),
    SERVER("sio_upgrades_done_total", COUNTER, NULL, upgrades_done,
           "Sessions that have moved to a websocket."),
    SERVER("sio_packets_received_total", COUNTER, NULL, packets_in,
           "Engine.IO packets received."),
    SERVER("sio_packets_sent_total", COUNTER, NULL, packets_out,
           "Engine.IO packets sent."),
    SERVER("sio_messages_received_total", COUNTER, NULL, messages_in,
           "Those of type message received."),
    SERVER("sio_messages_sent_total", COUNTER, NULL, messages_out,
           "Those of type message sent."),
    SERVER("sio_messages_dropped_total", COUNTER, NULL, messages_dropped,
           "Volatile messages that could not go out."),
    SERVER("sio_tls_handshakes_total", COUNTER, NULL, tls_handshakes,
           "TLS handshakes that were finished."),
    SERVER("sio_tls_resumed_total", COUNTER, NULL, tls_resumed,
           "TLS handshakes that resumed a session."),
    SERVER("sio_messages_refused_total", COUNTER, NULL, messages_refused,
           "Messages that there was no room for."),
    SERVER("sio_rate_dropped_total", COUNTER, NULL, events_dropped,
           "Events and joins over a rate that were dropped."),
    SERVER("sio_namespaces_total", COUNTER, NULL, namespaces,
           "Namespaces made."),
    SERVER("sio_namespaces", GAUGE, NULL, namespaces_now,
           "Namespaces that clients can join."),
};

static const struct figure of_ns[] = {
    NS("sio_sockets_total", COUNTER, sockets, "Sockets that have joined."),
    NS("sio_sockets_connected", GAUGE, sockets_now,
       "Sockets that are connected."),
    NS("sio_sockets_refused_total", COUNTER, sockets_refused,
       "Sockets refused by a middleware."),
    NS("sio_events_received_total", COUNTER, events_in, "Events received."),
    NS("sio_events_received_bytes_total", COUNTER, events_in_bytes,
       "Bytes of their arguments and attachments."),
    NS("sio_events_sent_total", COUNTER, events_out,
       "Events sent, once for each socket."),
    NS("sio_events_sent_bytes_total", COUNTER, events_out_bytes,
       "Bytes of their arguments and attachments."),
    NS("sio_events_dropped_total", COUNTER, events_dropped,
       "Volatile events that could not go out."),
    NS("sio_events_over_rate_total", COUNTER, events_over_rate,
       "Events over a rate that were dropped."),
    NS("sio_events_refused_total", COUNTER, events_refused,
       "Events and acknowledgements that there was no room for."),
    NS("sio_events_unhandled_total", COUNTER, events_unhandled,
       "Events that nobody handles."),
    NS("sio_events_invalid_total", COUNTER, events_invalid,
       "Events that did not fit a contract."),
    NS("sio_events_waiting", GAUGE, events_waiting_now,
       "Events behind one that a middleware holds."),
    NS("sio_acks_received_total", COUNTER, acks_in,
       "Awaited acknowledgements received."),
    NS("sio_acks_sent_total", COUNTER, acks_out, "Acknowledgements sent."),
    NS("sio_ack_timeouts_total", COUNTER, ack_timeouts,
       "Acknowledgements that did not come in time."),
    NS("sio_broadcasts_total", COUNTER, broadcasts,
       "Events sent to rooms or to everybody."),
    NS("sio_broadcast_recipients_total", COUNTER, recipients,
       "Sockets that those were sent to."),
};

/* With a clock only. */
static const struct figure of_handlers[] = {
    NS("sio_handled_events_total", COUNTER, handled,
       "Events whose handlers were timed."),
    NS("sio_handler_seconds_total", SECONDS, handler_us,
       "Time in their handlers."),
    NS("sio_handler_seconds_max", LONGEST, handler_us_max,
       "Time in the handlers of the longest."),
};

static void head(struct text *t, const char *name, enum type type,
                 const char *help)
{
  bool counts = type == COUNTER || type == SECONDS;

  say(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
      counts ? "counter" : "gauge");
}

static void number(struct text *t, uint64_t value, enum type type)
{
  if (type == COUNTER || type == GAUGE)
    say(t, " %llu\n", (unsigned long long)value);
  else
    say(t, " %llu.%06llu\n", (unsigned long long)(value / 1000000),
        (unsigned long long)(value % 1000000));
}

static uint64_t at(const void *figures, size_t offset)
{
  uint64_t value;

  memcpy(&value, (const char *)figures + offset, sizeof value);
  return value;
}

/* ---- The server's ---- */

/* Of a family that has a line for each of some names, which are plain. */
static void labelled(struct text *t, const char *name, const char *label,
                     const char *value, uint64_t number)
{
  say(t, "%s{%s=\"%s\"} %llu\n", name, label, value,
      (unsigned long long)number);
}

enum {
  N_REASONS = 0
#define COUNT_REASON(name, value, text) +1
  SIO_REASON_LIST(COUNT_REASON)
#undef COUNT_REASON
};

static void write_ends(struct text *t, const sio_metrics *m)
{
  static const char *const causes[] = {
#define CAUSE_NAME(name, value, text) [value] = #name,
      SIO_CAUSE_LIST(CAUSE_NAME)
#undef CAUSE_NAME
  };
  char code[12];

  head(t, "sio_requests_refused_total", COUNTER,
       "Requests refused, by their code of Engine.IO.");
  for (unsigned i = 0; i < SIO_REFUSED_COUNT_; i++) {
    snprintf(code, sizeof code, "%u", i);
    labelled(t, "sio_requests_refused_total", "code", code, m->refused[i]);
  }
  head(t, "sio_sessions_closed_total", COUNTER,
       "Sessions closed, by their reason.");
  for (unsigned i = 1; i < N_REASONS; i++)
    labelled(t, "sio_sessions_closed_total", "reason",
             sio_reason_text((sio_reason)i), m->closes[i]);
  head(t, "sio_ended_total", COUNTER,
       "What has ended or was refused, by its precise cause.");
  for (unsigned i = 1; i < SIO_CAUSE_COUNT_; i++)
    labelled(t, "sio_ended_total", "cause", causes[i],
             sio_server_cause_count(t->server, (sio_cause)i));
}

static void write_server(struct text *t)
{
  sio_metrics m;

  sio_server_metrics(t->server, &m);
  for (size_t i = 0; i < sizeof of_server / sizeof *of_server; i++) {
    const struct figure *f = &of_server[i];

    if (f->help != NULL)
      head(t, f->name, f->type, f->help);
    say(t, f->labels != NULL ? "%s{%s}" : "%s", f->name, f->labels);
    number(t, at(&m, f->offset), f->type);
  }
  write_ends(t, &m);
}

/* ---- Those of namespaces ---- */

static bool is_named(const struct sio_ns *ns)
{
  return ns->listed && !ns->is_parent;
}

/* What is not listed by name.  Those of parents are of children that are
 * gone. */
static void sum_other(struct text *t)
{
  struct sio__list *link = t->server->all_ns.next;
  size_t n = 0;

  t->other = t->server->gone;
  for (; link != &t->server->all_ns; link = link->next) {
    const struct sio_ns *ns = SIO__CONTAINER(link, struct sio_ns, link);
    sio_ns_metrics own;

    if (is_named(ns) && n++ < t->max)
      continue;
    own = sio__metrics_own(ns);
    sio__metrics_add(&t->other, &own);
  }
}

static void write_line(struct text *t, const struct figure *f, sio_str ns,
                       const sio_ns_metrics *m)
{
  say(t, "%s{namespace=", f->name);
  quote(t, ns);
  if (f->labels != NULL)
    say(t, ",reason=\"%s\"", f->labels);
  say(t, "}");
  number(t, at(m, f->offset), f->type);
}

static void write_lines(struct text *t, const struct figure *f)
{
  const struct sio_ns *ns = NULL;
  size_t n = 0;

  while (n < t->max && (ns = sio__ns_next(t->server, ns)) != NULL) {
    sio_ns_metrics own;

    if (!is_named(ns))
      continue;
    n++;
    own = sio__metrics_own(ns);
    write_line(t, f, sio__ns_str(ns), &own);
  }
  write_line(t, f, sio_s("_other"), &t->other);
}

static void write_figures(struct text *t, const struct figure *figures,
                          size_t n)
{
  for (size_t i = 0; i < n; i++) {
    head(t, figures[i].name, figures[i].type, figures[i].help);
    write_lines(t, &figures[i]);
  }
}

static void write_left(struct text *t)
{
  struct figure f = {"sio_sockets_left_total", COUNTER, NULL, 0,
                     "Sockets that have left, by their reason."};

  head(t, f.name, f.type, f.help);
  for (unsigned i = 1; i < N_REASONS; i++) {
    f.labels = sio_reason_text((sio_reason)i);
    f.offset = offsetof(sio_ns_metrics, left) + i * sizeof(uint64_t);
    write_lines(t, &f);
  }
}

int sio_metrics_text(sio_server *server, size_t max_namespaces,
                     sio_metrics_write_fn write, void *user)
{
  struct text t = {
      .write = write, .user = user, .server = server, .max = max_namespaces};

  sio__engine_enter(&server->engine); /* whatever `write` does */
  write_server(&t);
  if (!server->plain) {
    sum_other(&t);
    write_figures(&t, of_ns, sizeof of_ns / sizeof *of_ns);
    if (server->options.clock_us != NULL)
      write_figures(&t, of_handlers, sizeof of_handlers / sizeof *of_handlers);
    write_left(&t);
  }
  flush(&t);
  sio__engine_leave(&server->engine);
  return t.error;
}
