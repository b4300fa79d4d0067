/* SPDX-License-Identifier: MIT */
/* A client: what arrives on one Engine.IO session, and to whom it goes
 * (Socket.IO protocol 5). */
#include "core/dispatch.h"

#include "base/mem.h"
#include "core/asking.h"
#include "core/drain.h"
#include "core/farewell.h"
#include "core/rates.h"
#include "core/v2.h"
#include "proto/msgpack.h"

/* ---- Beginning and end ---- */

static void free_client(struct sio__deferred *deferred)
{
  struct sio__client *client =
      SIO__CONTAINER(deferred, struct sio__client, deferred);

  sio__rates_free(client);
  sio__farewell_free(client);
  sio__mem_free(&client->server->mem, client, sizeof *client);
}

static void drop_reassembly(struct sio__client *client)
{
  sio__timer_stop(&client->timer);
  sio__reassembly_free(client->reassembly);
  client->reassembly = NULL;
}

/* A socket that has to be told yet; NULL: there is none. */
static struct sio_socket *untold(const struct sio__client *client)
{
  struct sio__list *link = client->sockets.next;

  for (; link != &client->sockets; link = link->next) {
    struct sio_socket *socket =
        SIO__CONTAINER(link, struct sio_socket, of_client);

    if (!socket->told && socket->state == SOCKET_CONNECTED)
      return socket;
  }
  return NULL;
}

/* What arrived is no packet: every socket is told, whatever it does about it
 * (Socket.IO: "error" of a socket). */
static void tell_sockets(const struct sio__client *client, const char *message)
{
  static const sio_str none = {NULL, 0};
  struct sio_socket *socket;

  while ((socket = untold(client)) != NULL) {
    socket->told = true;
    (void)sio_socket_retain(socket);
    sio__listeners_problem(socket, SIO_ERR_JSON, message, none);
    sio_socket_release(socket);
  }
}

void sio__client_end(struct sio__client *client, const sio_end *end)
{
  drop_reassembly(client);
  if (end->reason == SIO_REASON_FORCED_CLOSE)
    tell_sockets(client, end->detail != NULL ? end->detail
                                             : sio_cause_text(end->cause));
  sio__session_close(client->session, end, false);
}

void sio__client_violation(struct sio__client *client, sio_reason reason,
                           sio_cause cause, const char *detail)
{
  const sio_end end = {reason, cause, detail, 0, 0};

  sio__client_end(client, &end);
}

static void on_timer(struct sio__timer *timer)
{
  struct sio__client *client = SIO__CONTAINER(timer, struct sio__client, timer);

  if (client->reassembly != NULL)
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE,
                          SIO_CAUSE_ATTACHMENT_TIMEOUT, NULL);
  else
    sio__client_violation(client, SIO_REASON_FORCED_SERVER_CLOSE,
                          SIO_CAUSE_CONNECT_TIMEOUT, NULL);
}

static int on_opened(struct sio_session *session, void *user)
{
  struct sio_server *server = user;
  struct sio__client *client = sio__mem_zalloc(&server->mem, sizeof *client);

  if (client == NULL)
    return SIO_ERR_NOMEM;
  client->server = server;
  if (sio__rates_open(client) != 0) {
    sio__mem_free(&server->mem, client, sizeof *client);
    return SIO_ERR_NOMEM;
  }
  client->session = session;
  sio__list_init(&client->sockets);
  sio__list_init(&client->wishes);
  sio__list_init(&client->deferred.link);
  sio__timer_init(&client->timer, on_timer);
  sio__timer_start(&server->engine.clock, &client->timer,
                   server->options.connect_timeout_ms);
  session->user = client;
  if (sio__v2_is(client))
    sio__v2_open(client);
  return 0;
}

static void on_closed(struct sio_session *session, const sio_end *end,
                      void *user)
{
  struct sio__client *client = session->user;

  (void)user;
  drop_reassembly(client);
  sio__wishes_drop(client);
  sio__sockets_leave(&client->sockets, offsetof(struct sio_socket, of_client),
                     end);
  sio__engine_defer(&client->server->engine, &client->deferred, free_client);
}

struct sio_socket *sio__client_socket(const struct sio__client *client,
                                      const struct sio_ns *ns)
{
  struct sio__list *link;

  for (link = client->sockets.next; link != &client->sockets;
       link = link->next) {
    struct sio_socket *socket =
        SIO__CONTAINER(link, struct sio_socket, of_client);

    if (socket->ns == ns)
      return socket;
  }
  return NULL;
}

/* ---- Packets ---- */

static void not_allowed(struct sio__client *client, const char *detail)
{
  sio__client_violation(client, SIO_REASON_FORCED_SERVER_CLOSE,
                        SIO_CAUSE_NOT_ALLOWED, detail);
}

void sio__client_no_namespace(struct sio__client *client, sio_str name)
{
  struct sio__buf *out = sio__packet_begin(client->server, PACKET_CONNECT_ERROR,
                                           0, name, false, 0);

  sio__buf_text(out, "{\"message\":\"Invalid namespace\"}");
  (void)sio__packet_send(client); /* or its session fails */
}

/* Whether a client may ask for a namespace again that it has asked for:
 * before it can have an answer.  Nobody has to ask for "/" in version 2. */
static bool may_repeat(const struct sio__client *client,
                       const struct sio_socket *socket)
{
  const struct sio_server *server = client->server;

  if (sio__v2_is(client) && socket->ns == server->root)
    return false;
  return socket->state == SOCKET_JOINING ||
         (socket->state == SOCKET_CONNECTED &&
          socket->joined_turn == server->engine.turn);
}

/* Whether the payload of a CONNECT is too large; that has been answered then:
 * it would be held before anybody decides about the client. */
static bool is_too_much(struct sio__client *client, sio_str nsp,
                        const struct sio__given *auth)
{
  static const sio_str none = {NULL, 0};
  static const char message[] = "Auth payload too large";
  const struct sio__about about = {
      "socket", sio_session_connection(client->session), "join", NULL};
  uint64_t bytes = auth->json.len;
  struct sio__buf *out;

  for (size_t i = 0; i < auth->n_attachments; i++)
    bytes += auth->attachments[i].len;
  if (bytes <= client->server->options.max_auth_bytes)
    return false;
  out =
      sio__packet_begin(client->server, PACKET_CONNECT_ERROR, 0, nsp, false, 0);
  if (sio__v2_is(client)) {
    sio__v2_refusal(out, message, none);
  } else {
    sio__buf_text(out, "{\"message\":\"");
    sio__buf_text(out, message);
    sio__buf_text(out, "\"}");
  }
  (void)sio__packet_send(client); /* or its session fails */
  sio__engine_note(&client->server->engine, &about, SIO_CAUSE_AUTH_SIZE, NULL,
                   bytes);
  return true;
}

static void on_connect(struct sio__client *client,
                       const struct sio__packet *packet,
                       const sio_span *attachments)
{
  const struct sio__given auth = {packet->json, attachments,
                                  packet->attachments};
  struct sio_ns *ns = sio__ns_find(client->server, packet->nsp);
  struct sio_socket *socket =
      ns != NULL ? sio__client_socket(client, ns) : NULL;

  sio__farewell_forget(client, packet->nsp);
  if (client->rates != NULL && !sio__rates_join(client, packet->nsp))
    return;
  if (socket != NULL) {
    if (!may_repeat(client, socket))
      not_allowed(client, "CONNECT to a namespace that was joined already");
    return;
  }
  if (ns == NULL && sio__client_wishes(client, packet->nsp))
    return;
  if (is_too_much(client, packet->nsp, &auth))
    return;
  if (client->n_sockets + client->n_wishes >=
      client->server->options.max_namespaces) {
    sio__client_violation(client, SIO_REASON_FORCED_SERVER_CLOSE,
                          SIO_CAUSE_NAMESPACES, NULL);
    return;
  }
  if (ns != NULL)
    sio__socket_join(client, ns, &auth);
  else
    sio__wish(client, packet->nsp, &auth);
}

/* Whether a client may send a packet, and the socket that it is for; NULL: the
 * server has made it leave, which the client may not know yet.  False: the
 * client is on its way out, as it has not joined that namespace. */
static bool find_addressee(struct sio__client *client,
                           const struct sio__packet *packet,
                           struct sio_socket **socket)
{
  struct sio_ns *ns = sio__ns_find(client->server, packet->nsp);

  *socket = ns != NULL ? sio__client_socket(client, ns) : NULL;
  if (*socket != NULL && (*socket)->state != SOCKET_JOINING)
    return true;
  if (*socket == NULL && sio__farewell_has(client, packet->nsp))
    return true;
  not_allowed(client, "a packet for a namespace that was not joined");
  return false;
}

/* A packet for a socket that the server has made leave meanwhile. */
static void drop_late(struct sio__client *client,
                      const struct sio__packet *packet,
                      const sio_span *attachments)
{
  switch (packet->type) {
  case PACKET_EVENT:
  case PACKET_BINARY_EVENT:
  case PACKET_ACK:
  case PACKET_BINARY_ACK:
    if (client->rates != NULL)
      sio__rates_late(client, packet, attachments);
    break;
  case PACKET_DISCONNECT:
    sio__farewell_forget(client, packet->nsp);
    break;
  default:
    not_allowed(client, "a packet that only servers send");
    break;
  }
}

/* Whether a packet is beyond a rate, which has been seen to then. */
static bool is_too_fast(struct sio_socket *socket,
                        const struct sio__packet *packet,
                        const sio_span *attachments)
{
  if (socket->client->rates == NULL)
    return false;
  switch (packet->type) {
  case PACKET_ACK:
  case PACKET_BINARY_ACK:
    if (packet->has_id && sio__pending_is_expected(socket, packet->id))
      return false;
    break;
  case PACKET_EVENT:
  case PACKET_BINARY_EVENT:
    break;
  default:
    return false;
  }
  return !sio__rates_event(socket, packet, attachments);
}

/* A packet that only a connected socket may get, attachments included. */
static void deliver(struct sio__client *client, struct sio__packet *packet,
                    const sio_span *attachments)
{
  static const sio_end left = {SIO_REASON_CLIENT_DISCONNECT,
                               SIO_CAUSE_CLIENT_LEFT, NULL, 0, 0};
  struct sio_socket *socket;

  if (!find_addressee(client, packet, &socket))
    return;
  if (socket == NULL) {
    drop_late(client, packet, attachments);
    return;
  }
  if (is_too_fast(socket, packet, attachments))
    return;
  switch (packet->type) {
  case PACKET_EVENT:
  case PACKET_BINARY_EVENT:
    sio__dispatch_event(socket, packet, attachments);
    break;
  case PACKET_ACK:
  case PACKET_BINARY_ACK:
    sio__dispatch_ack(socket, packet, attachments);
    break;
  case PACKET_DISCONNECT:
    sio__socket_leave(socket, &left);
    break;
  default:
    not_allowed(client, "a packet that only servers send");
    break;
  }
}

/* Hold a packet until its attachments have come. */
static void hold(struct sio__client *client, const struct sio__packet *packet)
{
  struct sio_server *server = client->server;
  struct sio_socket *socket;

  if (!find_addressee(client, packet, &socket))
    return;
  client->reassembly = sio__reassembly_new(&server->mem, packet);
  if (client->reassembly == NULL)
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
  else
    sio__timer_start(&server->engine.clock, &client->timer,
                     server->options.attachment_timeout_ms);
}

/* A packet whose attachments are still to come, if it has any. */
static void take(struct sio__client *client, struct sio__packet *packet)
{
  if (packet->type == PACKET_CONNECT)
    on_connect(client, packet, NULL);
  else if (packet->attachments > 0)
    hold(client, packet);
  else
    deliver(client, packet, NULL);
}

/* The same, and its namespace is a URL. */
static void take_v2(struct sio__client *client, struct sio__packet *packet)
{
  struct sio__buf text;

  sio__buf_init(&text, &client->server->mem, SIZE_MAX);
  if (sio__v2_resolve(packet, &text) != 0)
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
  else
    take(client, packet);
  sio__buf_dispose(&text);
}

static void on_text(struct sio_session *session, char *text, size_t len,
                    void *user)
{
  struct sio__client *client = session->user;
  const sio_server_options *options = &((struct sio_server *)user)->options;
  struct sio__packet_limits limits = {options->max_attachments,
                                      options->max_json_depth};
  struct sio__packet packet;
  const char *why;
  sio_cause cause;

  if (client->reassembly != NULL) {
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE, SIO_CAUSE_PACKET,
                          "got plaintext data when reconstructing a packet");
    return;
  }
  if (options->parser == SIO_PARSER_MSGPACK) {
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE, SIO_CAUSE_PACKET,
                          "got plaintext data, but packets are binary");
    return;
  }
  if (sio__packet_decode(text, len, &limits, &packet, &why, &cause) != 0) {
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE, cause, why);
    return;
  }
  if (sio__v2_is(client))
    take_v2(client, &packet);
  else
    take(client, &packet);
}

static uint64_t attached_bytes(const struct sio__msgpack_in *in)
{
  uint64_t bytes = 0;

  for (size_t i = 0; i < in->n_attachments; i++)
    bytes += in->attachments[i].len;
  return bytes;
}

/* A packet with its attachments in it, which are in `in`. */
static void take_packed(struct sio__client *client, struct sio__packet *packet,
                        const struct sio__msgpack_in *in)
{
  if (attached_bytes(in) > client->server->options.max_attachment_bytes)
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE,
                          SIO_CAUSE_ATTACHMENT_SIZE, NULL);
  else if (packet->type != PACKET_CONNECT)
    deliver(client, packet, in->attachments);
  else if (packet->nsp.len == 0 || *packet->nsp.data != '/')
    sio__client_no_namespace(client, packet->nsp);
  else
    on_connect(client, packet, in->attachments);
}

static void on_msgpack(struct sio__client *client, const uint8_t *data,
                       size_t len)
{
  struct sio_server *server = client->server;
  const struct sio__packet_limits limits = {server->options.max_attachments,
                                            server->options.max_json_depth};
  struct sio__msgpack_in in = server->in;
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv;

  /* Handlers may have another packet decoded meanwhile. */
  sio__msgpack_in_init(&server->in, &server->mem);
  rv = sio__msgpack_decode(data, len, &limits, &in, &packet, &why, &cause);
  if (rv == 0)
    take_packed(client, &packet, &in);
  else if (rv == SIO_ERR_NOMEM)
    sio__session_doom(client->session, SIO_CAUSE_NOMEM, 0);
  else
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE, cause, why);
  sio__msgpack_in_dispose(&server->in);
  server->in = in;
}

static void on_binary(struct sio_session *session, const uint8_t *data,
                      size_t len, void *user)
{
  struct sio__client *client = session->user;
  const sio_server_options *options = &((struct sio_server *)user)->options;
  struct sio__reassembly *r = client->reassembly;
  int rv;

  if (options->parser == SIO_PARSER_MSGPACK) {
    on_msgpack(client, data, len);
    return;
  }
  if (r == NULL) {
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE, SIO_CAUSE_PACKET,
                          "got binary data when not reconstructing a packet");
    return;
  }
  rv = sio__reassembly_add(r, data, len, options->max_attachment_bytes);
  if (rv == SIO_ERR_NOMEM) {
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0);
    return;
  }
  if (rv != 0) {
    sio__client_violation(client, SIO_REASON_FORCED_CLOSE,
                          SIO_CAUSE_ATTACHMENT_SIZE, NULL);
    return;
  }
  if (!sio__reassembly_is_whole(r))
    return;
  sio__timer_stop(&client->timer);
  client->reassembly = NULL; /* a handler may let the next one begin */
  deliver(client, &r->packet, r->attachments);
  sio__reassembly_free(r);
}

static bool on_request(struct sio_request *request, void *user)
{
  struct sio_server *server = user;

  if (server->on_http == NULL)
    return false;
  server->on_http(request, server->on_http_user);
  return true;
}

static void on_empty(void *user)
{
  sio__server_empty(user);
}

const struct sio__engine_events sio__client_events = {
    .opened = on_opened,
    .text = on_text,
    .binary = on_binary,
    .drained = sio__drain_on_drained,
    .closed = on_closed,
    .request = on_request,
    .empty = on_empty,
};
