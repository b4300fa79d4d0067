/* SPDX-License-Identifier: MIT */
/* Encoding of events and acknowledgements, and sending them to one client. */
#include "core/body.h"

#include "base/mem.h"
#include "eio/pressure.h"
#include "json/scan.h"
#include "json/string.h"
#include "json/template.h"
#include "proto/encode.h"
#include "proto/msgpack.h"

enum { KEPT_PACKET = 65536 };

struct sio__buf *sio__packet_begin(struct sio_server *server,
                                   enum sio__packet_type type,
                                   size_t attachments, sio_str nsp, bool has_id,
                                   uint64_t id)
{
  struct sio__buf *out = &server->packet;

  sio__buf_reset(out, KEPT_PACKET);
  if (sio__is_msgpack(server)) {
    server->head = (struct sio__head){type, has_id, id, nsp};
    return out;
  }
  sio__buf_byte(out, '4'); /* an Engine.IO message */
  sio__packet_write_head(out, type, attachments, nsp, has_id, id);
  return out;
}

/* Make the binary message of a packet whose payload is there. */
static void pack(struct sio_server *server, const sio_span *attachments,
                 size_t n)
{
  const struct sio__head *head = &server->head;
  const struct sio__buf *payload = &server->packet;
  struct sio__buf *out = &server->message;
  sio_str json = {(const char *)payload->data, payload->len};

  sio__buf_reset(out, KEPT_PACKET);
  out->error = payload->error;
  sio__msgpack_encode(out, head->type, head->nsp, head->has_id, head->id, json,
                      attachments, n);
}

static bool show_attachments(struct sio_session *session,
                             const struct sio__body *body, size_t n,
                             unsigned flags)
{
  for (size_t i = 0; i < n; i++) {
    sio_span data = sio__body_attachment(body, i);

    if (!sio__session_will_send(session, data.data, data.len,
                                flags | SIO_SEND_BINARY))
      return false;
  }
  return true;
}

static bool send_attachments(struct sio_session *session,
                             const struct sio__body *body, size_t n,
                             unsigned flags)
{
  for (size_t i = 0; i < n; i++) {
    sio_span data = sio__body_attachment(body, i);

    if (!session->transport->send(session, data.data, data.len,
                                  flags | SIO_SEND_BINARY))
      return false;
  }
  return true;
}

static uint64_t attached_bytes(const struct sio__body *body, size_t n)
{
  uint64_t bytes = 0;

  for (size_t i = 0; i < n; i++)
    bytes += sio__body_attachment(body, i).len;
  return bytes;
}

/* Send the packet that is encoded, and `n` attachments of a body.  The host is
 * shown all of them before the first one leaves, so that nothing which it sends
 * meanwhile comes between them; SIO_ERR_LIMIT: that has left no room. */
static int send_packet(struct sio__client *client, const struct sio__body *body,
                       size_t n, unsigned flags)
{
  struct sio_server *server = client->server;
  struct sio_session *session = client->session;
  bool packed = sio__is_msgpack(server);
  struct sio__buf *place = packed ? &server->message : &server->packet;
  unsigned first = packed ? flags | SIO_SEND_BINARY : flags;
  struct sio__buf packet = *place;
  int rv = 0;

  if (packet.error != 0) {
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0);
    return SIO_ERR_DISCONNECTED;
  }
  /* The host may have another one encoded meanwhile. */
  sio__buf_init(place, packet.mem, packet.max);
  if (!sio__session_will_send(session, packet.data, packet.len, first) ||
      !show_attachments(session, body, n, flags))
    rv = SIO_ERR_DISCONNECTED;
  else if (body != NULL &&
           !sio__pressure_has_room_still(
               session, packet.len + attached_bytes(body, n), n + 1))
    rv = SIO_ERR_LIMIT;
  else if (!session->transport->send(session, packet.data, packet.len, first) ||
           !send_attachments(session, body, n, flags))
    rv = SIO_ERR_DISCONNECTED;
  sio__buf_dispose(place);
  *place = packet;
  return rv;
}

bool sio__packet_send(struct sio__client *client)
{
  if (sio__is_msgpack(client->server))
    pack(client->server, NULL, 0);
  return send_packet(client, NULL, 0, 0) == 0;
}

void sio__send_bare(struct sio__client *client, enum sio__packet_type type,
                    sio_str nsp)
{
  (void)sio__packet_begin(client->server, type, 0, nsp, false, 0);
  (void)sio__packet_send(client); /* or its session fails by itself */
}

size_t sio__body_attachments(const struct sio__body *body)
{
  if (body->kind == BODY_PAYLOAD)
    return body->payload != NULL ? body->payload->n_attachments : 0;
  return body->kind == BODY_ARGS ? body->args->document.n_attachments : 0;
}

sio_span sio__body_attachment(const struct sio__body *body, size_t i)
{
  if (body->kind == BODY_PAYLOAD)
    return sio__payload_attachment(body->payload, i);
  return body->args->document.attachments[i];
}

size_t sio__body_messages(const struct sio_server *server,
                          const struct sio__body *body)
{
  return sio__is_msgpack(server) ? 1 : 1 + sio__body_attachments(body);
}

/* The arguments as JSON text, unless they are a format. */
static sio_str body_json(const struct sio__body *body)
{
  sio_str json = {NULL, 0};

  if (body->kind == BODY_JSON)
    return body->json;
  if (body->kind == BODY_ARGS)
    return sio_args_json(body->args);
  if (body->kind == BODY_PAYLOAD && body->payload != NULL) {
    json.data = (const char *)body->payload->json.data;
    json.len = body->payload->json.len;
  }
  return json;
}

/* Blanks alone are no arguments. */
static bool is_blank(sio_str json)
{
  return json.len == 0 ||
         sio__json_skip_blank(json.data, json.data + json.len) ==
             json.data + json.len;
}

static int write_args(struct sio__buf *out, struct sio__body *body,
                      bool after_name)
{
  size_t start = out->len;
  va_list list;
  sio_str json;
  int rv = 0;

  if (after_name)
    sio__buf_byte(out, ',');
  body->args_at = out->len;
  if (body->kind == BODY_FORMAT) {
    va_copy(list, *body->list);
    rv = sio__json_format(out, body->format, list);
    va_end(list);
  } else {
    json = body_json(body);
    if (!is_blank(json))
      sio__buf_append(out, json.data, json.len);
  }
  if (after_name && out->len == start + 1 && out->error == 0)
    out->len = body->args_at = start; /* no arguments: no comma */
  return rv;
}

/* One more argument, which those who watch events are not shown. */
static void write_offset(struct sio__buf *out, struct sio__body *body)
{
  size_t start = out->len;

  if (body->offset.len > 0) {
    sio__buf_text(out, ",\"");
    sio__buf_append(out, body->offset.data, body->offset.len);
    sio__buf_byte(out, '"');
  }
  body->tail = out->len - start + 1;
}

/* ---- Encoded packets ---- */

int sio__spans_take(struct sio__spans *out, const struct sio__body *body,
                    const sio_allocator *mem)
{
  out->n = sio__body_attachments(body);
  out->all = out->few;
  if (out->n > SIO__FEW_SPANS) {
    out->all = sio__mem_alloc(mem, out->n * sizeof *out->all);
    if (out->all == NULL)
      return SIO_ERR_NOMEM;
  }
  for (size_t i = 0; i < out->n; i++)
    out->all[i] = sio__body_attachment(body, i);
  return 0;
}

void sio__spans_dispose(struct sio__spans *spans, const sio_allocator *mem)
{
  if (spans->all != spans->few)
    sio__mem_free(mem, spans->all, spans->n * sizeof *spans->all);
}

static int pack_payload(struct sio_server *server, const struct sio__body *body)
{
  struct sio__spans spans;

  if (sio__spans_take(&spans, body, &server->mem) != 0)
    return SIO_ERR_NOMEM;
  pack(server, spans.all, spans.n);
  sio__spans_dispose(&spans, &server->mem);
  return server->message.error; /* SIO_ERR_LIMIT: it is too deep */
}

int sio__body_encode(struct sio_server *server, struct sio__body *body,
                     sio_str nsp, sio_str event, bool has_id, uint64_t id)
{
  size_t n = sio__body_attachments(body), start;
  struct sio__buf *out;
  int rv = 0;

  if (body->kind == BODY_PAYLOAD && body->payload != NULL)
    rv = sio__payload_check(body->payload);
  if (rv != 0)
    return rv;
  if (n > server->options.max_attachments)
    return SIO_ERR_LIMIT;
  out =
      sio__packet_begin(server, event.data != NULL ? PACKET_EVENT : PACKET_ACK,
                        n, nsp, has_id, id);
  start = out->len;
  sio__buf_byte(out, '[');
  body->data_at = start + 1;
  if (event.data != NULL)
    rv = sio__json_quote(out, event.data, event.len);
  if (rv == 0)
    rv = write_args(out, body, event.data != NULL);
  write_offset(out, body);
  sio__buf_byte(out, ']');
  if (rv == 0 && out->error != 0)
    rv = SIO_ERR_NOMEM;
  if (rv == 0 && body->kind == BODY_JSON)
    rv = sio__json_check((const char *)out->data + start, out->len - start,
                         SIO__JSON_MAX_DEPTH, NULL);
  if (rv == 0 && sio__is_msgpack(server))
    rv = pack_payload(server, body);
  return rv == SIO_ERR_LIMIT ? SIO_ERR_JSON : rv;
}

uint64_t sio__body_bytes(const struct sio__body *body, size_t packet_len)
{
  uint64_t bytes = packet_len - body->tail - body->args_at;
  size_t n = sio__body_attachments(body);

  for (size_t i = 0; i < n; i++)
    bytes += sio__body_attachment(body, i).len;
  return bytes;
}

sio_str sio__body_args(const struct sio__body *body, sio_span packet)
{
  sio_str args = {(const char *)packet.data + body->args_at,
                  packet.len - body->tail - body->args_at};

  return args;
}

sio_str sio__body_data(const struct sio__body *body, sio_span packet)
{
  sio_str data = {(const char *)packet.data + body->data_at,
                  packet.len - body->tail - body->data_at};

  return data;
}

int sio__body_send(struct sio__client *client, const struct sio__body *body,
                   unsigned flags)
{
  size_t n = sio__body_messages(client->server, body) - 1;

  return send_packet(client, body, n, flags);
}
