/* SPDX-License-Identifier: MIT */
/* Middlewares: who may join a namespace, now or later. */
#include "core/objects.h"

#include "base/mem.h"
#include "core/guard.h"
#include "core/membership.h"
#include "core/recovery.h"
#include "core/v2.h"
#include "json/string.h"
#include "json/template.h"
#include "json/write.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- Handles ---- */

static struct sio_next *new_next(struct sio_socket *socket)
{
  struct sio_next *next =
      sio__mem_zalloc(&socket->ns->server->mem, sizeof *next);

  if (next == NULL)
    return NULL;
  next->refs = 1;
  next->socket = sio_socket_retain(socket);
  return next;
}

sio_socket *sio_next_socket(const sio_next *next)
{
  return next->socket;
}

sio_next *sio_next_retain(sio_next *next)
{
  next->refs++;
  return next;
}

static void refuse(struct sio_socket *socket, const char *message,
                   sio_str data);

void sio_next_release(sio_next *next)
{
  struct sio_socket *socket;

  if (next == NULL || --next->refs > 1)
    return;
  socket = next->socket;
  if (next->refs == 1) {
    static const sio_str none = {NULL, 0};

    /* Only the socket waits for it now: nobody can answer any more. */
    if (socket->answer == next && !socket->accepting) {
      struct sio__engine *engine = &socket->ns->server->engine;

      sio__engine_log(engine, SIO_LOG_WARN, "host",
                      sio_session_connection(socket->client->session),
                      "a middleware of %s gave no answer", socket->ns->name);
      sio__engine_enter(engine);
      refuse(socket, "Internal error", none);
      sio__engine_leave(engine);
    }
    return;
  }
  sio__mem_free(&socket->ns->server->mem, next, sizeof *next);
  sio_socket_release(socket);
}

/* ---- Outcome ---- */

/* The first `n` handlers, as long as it is connected. */
static void call_connect(struct sio_socket *socket,
                         const struct sio__handlers *handlers, uint32_t n)
{
  for (uint32_t i = 0; i < n && socket->state == SOCKET_CONNECTED; i++) {
    const struct sio__handler *handler = &handlers->items[i];

    ((sio_connect_fn)handler->fn)(socket, handler->user);
  }
}

/* Whether its token is no good any more, or it has none where one is needed;
 * it is refused then. */
static bool is_turned_away(struct sio_socket *socket)
{
  int error = sio__checkpoint_admits(socket);
  char text[64];
  sio_str data = {text, 0};

  if (error == 0)
    return false;
  data.len = (size_t)snprintf(text, sizeof text, "{\"code\":\"%s\"}",
                              sio_auth_error_word(error));
  refuse(socket, sio_auth_strerror(error), data);
  return true;
}

static void accept(struct sio_socket *socket)
{
  struct sio__client *client = socket->client;
  struct sio_ns *ns = socket->ns;
  uint32_t n_parent = ns->parent != NULL ? ns->parent->connects.n : 0;
  uint32_t n = ns->connects.n;
  struct sio__buf *out;

  if (is_turned_away(socket) ||
      (socket->lifeline != NULL && !sio__revival_replay(socket)))
    return;
  if (sio__rooms_activate(&ns->rooms, &socket->member) != 0) {
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
    return;
  }
  out = sio__packet_begin(ns->server, PACKET_CONNECT, 0, sio__ns_str(ns), false,
                          0);
  if (!sio__v2_is(client)) {
    sio__buf_text(out, "{\"sid\":\"");
    sio__buf_append(out, sio_socket_id(socket), SIO__ID_LEN);
    if (socket->lifeline != NULL) {
      sio__buf_text(out, "\",\"pid\":\"");
      sio__buf_append(out, socket->lifeline->pid, SIO__ID_LEN);
    }
    sio__buf_text(out, "\"}");
  }
  (void)sio__packet_send(client); /* or its session fails by itself */
  if (socket->state != SOCKET_JOINING)
    return; /* the host has closed it when it was told of the output */

  socket->state = SOCKET_CONNECTED;
  socket->joined_turn = ns->server->engine.turn;
  if (socket->lifeline != NULL)
    sio__revival_done(socket);
  ns->server->n_sockets++;
  ns->metrics.sockets++;
  if (!client->joined) {
    client->joined = true;
    sio__timer_stop(&client->timer);
  }
  sio__membership_begin(socket);
  if (socket->state == SOCKET_CONNECTED)
    sio__pass_begin(socket);
  if (ns->parent != NULL)
    call_connect(socket, &ns->parent->connects, n_parent);
  call_connect(socket, &ns->connects, n);
}

static void write_refusal(struct sio__buf *out, const char *message,
                          sio_str data)
{
  sio__buf_text(out, "{\"message\":");
  if (sio__json_quote(out, message, strlen(message)) != 0)
    sio__buf_text(out, "\"\"");
  if (data.len > 0) {
    sio__buf_text(out, ",\"data\":");
    sio__buf_append(out, data.data, data.len);
  }
  sio__buf_byte(out, '}');
}

/* Send CONNECT_ERROR, with `data` if it is not empty, and forget the socket. */
static void refuse(struct sio_socket *socket, const char *message, sio_str data)
{
  static const sio_end end = {SIO_REASON_SERVER_DISCONNECT, SIO_CAUSE_REFUSED,
                              NULL, 0, 0};
  struct sio__client *client = socket->client;
  struct sio__buf *out =
      sio__packet_begin(client->server, PACKET_CONNECT_ERROR, 0,
                        sio__ns_str(socket->ns), false, 0);

  if (sio__v2_is(client))
    sio__v2_refusal(out, message, data);
  else
    write_refusal(out, message, data);
  (void)sio__packet_send(client); /* or its session fails by itself */
  client->server->engine.causes[SIO_CAUSE_REFUSED]++;
  socket->ns->metrics.sockets_refused++;
  sio__socket_leave(socket, &end);
}

/* The parent's come first. */
static const struct sio__handler *next_middleware(struct sio_socket *socket)
{
  uint32_t i = socket->next_middleware++;

  if (i < socket->n_parent_middlewares)
    return &socket->ns->parent->middlewares.items[i];
  return &socket->ns->middlewares.items[i - socket->n_parent_middlewares];
}

/* Ask the next middleware.  False: the answer has not been given yet, or the
 * socket is gone. */
static bool ask(struct sio_socket *socket)
{
  const struct sio__handler *handler = next_middleware(socket);
  struct sio_next *next;
  bool passed;

  if (sio__revival_skips(socket) && !sio__checkpoint_is(handler))
    return true;
  next = new_next(socket);
  if (next == NULL) {
    sio__session_doom(socket->client->session, SIO_CAUSE_NOMEM, 0);
    return false;
  }
  socket->answer = sio_next_retain(next);
  socket->accepting = true;
  ((sio_middleware_fn)handler->fn)(socket, next, handler->user);
  socket->accepting = false;
  passed = socket->state == SOCKET_JOINING && next->answered;
  sio_next_release(next); /* the last but the socket's: refused */
  return passed;
}

void sio__socket_advance(struct sio_socket *socket)
{
  static const sio_end gone = {SIO_REASON_TRANSPORT_CLOSE, SIO_CAUSE_PEER_GONE,
                               NULL, 0, 0};
  struct sio__engine *engine = &socket->ns->server->engine;
  bool passed = true;

  sio__engine_enter(engine);
  (void)sio_socket_retain(socket);
  while (passed && socket->next_middleware < socket->n_middlewares)
    passed = ask(socket);
  if (passed && socket->state == SOCKET_JOINING) {
    if (socket->client->session->state == SESSION_OPEN)
      accept(socket);
    else
      sio__socket_leave(socket, &gone);
  }
  sio_socket_release(socket);
  sio__engine_leave(engine);
}

/* ---- Answers ---- */

/* Take the answer: 0 if it is the first and still matters. */
static int take(struct sio_next *next)
{
  struct sio_socket *socket = next->socket;

  if (next->answered)
    return SIO_ERR_STATE;
  next->answered = true;
  if (socket->state != SOCKET_JOINING)
    return SIO_ERR_DISCONNECTED;
  socket->answer = NULL;
  next->refs--; /* the socket's; the caller has one of its own */
  return 0;
}

int sio_next_ok(sio_next *next)
{
  int rv = take(next);

  if (rv == 0 && !next->socket->accepting)
    sio__socket_advance(next->socket);
  return rv;
}

static int finish_refusal(struct sio_next *next, const char *message,
                          sio_str data, int error)
{
  struct sio__engine *engine = &next->socket->ns->server->engine;
  int rv = take(next);

  if (rv != 0)
    return rv;
  if (error != 0)
    data.len = 0;
  sio__engine_enter(engine);
  refuse(next->socket, message != NULL ? message : "", data);
  sio__engine_leave(engine);
  return error;
}

int sio_next_refuse(sio_next *next, const char *message,
                    const sio_payload *payload)
{
  sio_str data = {NULL, 0};
  struct sio_document document;
  int error = 0;

  if (payload != NULL) {
    error = sio__payload_check(payload);
    if (error == 0 && payload->n_attachments > 0)
      error = SIO_ERR_UNSUPPORTED;
    sio__document_init(&document, (const char *)payload->json.data,
                       payload->json.len, payload->json.mem);
    if (error == 0)
      data = sio_value_json(sio__document_value(&document));
  }
  return finish_refusal(next, message, data, error);
}

int sio_next_refusef(sio_next *next, const char *message, const char *format,
                     ...)
{
  struct sio__buf text;
  struct sio_document document;
  sio_str data;
  va_list args;
  int rv;

  sio__buf_init(&text, &next->socket->ns->server->mem, SIZE_MAX);
  va_start(args, format);
  rv = sio__json_format(&text, format, args);
  va_end(args);
  sio__document_init(&document, (const char *)text.data, rv == 0 ? text.len : 0,
                     text.mem);
  data = sio_value_json(sio__document_value(&document));
  rv = finish_refusal(next, message, data, rv);
  sio__buf_dispose(&text);
  return rv;
}
