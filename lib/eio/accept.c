/* SPDX-License-Identifier: MIT */
/* The opening handshake of a websocket: its checks, and the 101. */
#include "eio/accept.h"

#include "base/ascii.h"
#include "eio/websocket.h"
#include "ws/handshake.h"

enum { MAX_EXTENSION_FIELDS = 8 }; /* more are refused */

static const char switching[] = "HTTP/1.1 101 Switching Protocols\r\n";

static bool has_value(const struct sio__http_head *head, const char *name,
                      sio_str *value)
{
  value->data = NULL;
  value->len = 0;
  return sio__http_header(head, name, value);
}

/* Extensions only matter if one is known: permessage-deflate. */
static enum sio__ws_offer agree_on_deflate(const struct sio__engine *engine,
                                           const struct sio__http_head *head,
                                           struct sio__ws_deflate_answer *out)
{
  sio_str fields[MAX_EXTENSION_FIELDS], name, value;
  size_t n = 0;

  if (engine->codec == NULL)
    return WS_OFFER_NONE;
  for (size_t i = 0; sio__http_header_at(head, i, &name, &value); i++) {
    if (!sio_str_is(name, "sec-websocket-extensions"))
      continue;
    if (n == MAX_EXTENSION_FIELDS)
      return WS_OFFER_INVALID;
    fields[n++] = value;
  }
  return sio__ws_deflate_negotiate(&engine->deflate, fields, n, out);
}

struct sio__ws_refusal sio__websocket_check(const struct sio__engine *engine,
                                            const struct sio__http_head *head,
                                            struct sio__ws_agreement *agreed)
{
  static const struct sio__ws_refusal
      method = {405, "Invalid HTTP method", "Allow", "GET"},
      upgrade = {400, "Invalid Upgrade header", NULL, NULL},
      key = {400, "Missing or invalid Sec-WebSocket-Key header", NULL, NULL},
      version = {400, "Missing or invalid Sec-WebSocket-Version header",
                 "Sec-WebSocket-Version", "13, 8"},
      protocol = {400, "Invalid Sec-WebSocket-Protocol header", NULL, NULL},
      extensions = {400,
                    "Invalid or unacceptable Sec-WebSocket-Extensions header",
                    NULL, NULL},
      fine = {0, "", NULL, NULL};
  enum sio__ws_offer offer;
  sio_str value;

  if (strcmp(head->method, "GET") != 0)
    return method;
  if (!has_value(head, "upgrade", &value) ||
      !sio__same_in_any_case(value, sio_s("websocket")))
    return upgrade;
  if (!has_value(head, "sec-websocket-key", &value) ||
      !sio__ws_key_is_valid(value))
    return key;
  if (!has_value(head, "sec-websocket-version", &value) ||
      (!sio_str_is(value, "13") && !sio_str_is(value, "8")))
    return version;
  if (has_value(head, "sec-websocket-protocol", &value) &&
      (!sio__ws_first_protocol(value, &value) || value.len == 0))
    return protocol;
  offer = agree_on_deflate(engine, head, &agreed->deflate);
  agreed->deflates = offer == WS_OFFER_ACCEPTED;
  return offer != WS_OFFER_INVALID ? fine : extensions;
}

/* Make the connection's compression.  False: no memory. */
static bool begin_deflate(struct sio_conn *conn,
                          const struct sio__ws_deflate_params *params)
{
  conn->deflate = sio__ws_deflate_new(conn->engine->codec, params);
  if (conn->deflate == NULL)
    return false;
  sio__ws_reader_inflate(&conn->ws, conn->deflate);
  return true;
}

static void add_fields(struct sio_request *request, struct sio_headers *fields,
                       const char accept[SIO__WS_ACCEPT_LEN], sio_str extension)
{
  sio_str value = {accept, SIO__WS_ACCEPT_LEN}, offered, first;

  sio__fields_add(fields, sio_s("Upgrade"), sio_s("websocket"));
  sio__fields_add(fields, sio_s("Connection"), sio_s("Upgrade"));
  sio__fields_add(fields, sio_s("Sec-WebSocket-Accept"), value);
  if (has_value(&request->head, "sec-websocket-protocol", &offered) &&
      sio__ws_first_protocol(offered, &first) && first.len > 0)
    sio__fields_add(fields, sio_s("Sec-WebSocket-Protocol"), first);
  if (extension.len > 0)
    sio__fields_add(fields, sio_s("Sec-WebSocket-Extensions"), extension);
  sio__buf_append(&fields->lines, request->extra.lines.data,
                  request->extra.lines.len);
  sio__request_hook(request);
}

static bool write_101(struct sio_request *request, sio_str extension)
{
  struct sio_conn *conn = request->conn;
  struct sio_headers *fields = &conn->engine->fields;
  char accept[SIO__WS_ACCEPT_LEN];
  sio_str key;

  if (!has_value(&request->head, "sec-websocket-key", &key) ||
      sio__ws_accept(key.data, accept) != 0)
    return false;
  sio__fields_reset(fields, SIZE_MAX);
  add_fields(request, fields, accept, extension);
  if (request->conn != conn || request->answered)
    return false; /* the hook has answered it */
  sio__buf_append(&fields->lines, "\r\n", 2);
  return fields->lines.error == 0 &&
         sio__conn_write(conn, switching, sizeof switching - 1) &&
         sio__conn_write(conn, fields->lines.data, fields->lines.len);
}

bool sio__websocket_accept(struct sio_request *request,
                           const struct sio__ws_agreement *agreed)
{
  struct sio_conn *conn = request->conn;
  struct sio__http_side *http = conn->http;
  struct sio__buf extension;
  sio_str text;
  bool ok = true;

  sio__buf_init(&extension, conn->engine->mem, SIZE_MAX);
  if (agreed->deflates) {
    sio__ws_deflate_respond(&agreed->deflate, &extension);
    ok = begin_deflate(conn, &agreed->deflate.params);
  }
  text.data = (const char *)extension.data;
  text.len = extension.len;
  request->refs++; /* the hook may answer it and let it go */
  ok = ok && extension.error == 0 && write_101(request, text);
  sio_request_release(request);
  sio__buf_dispose(&extension);
  if (!ok) {
    sio__conn_abort(conn, SIO_CAUSE_NOMEM); /* unless it has been already */
    return false;
  }
  sio__timer_stop(&conn->timer);
  conn->protocol = &sio__websocket_protocol;
  conn->http = NULL;
  sio__http_side_free(http, conn->engine->mem, SIO_CAUSE_DONE);
  return true;
}
