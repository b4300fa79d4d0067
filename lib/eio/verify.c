/* SPDX-License-Identifier: MIT */
/* The checks of a request under the path. */
#include "eio/verify.h"

#include "eio/jsonp.h"

bool sio__verify_is_ours(const struct sio__engine *engine,
                         const struct sio__http_head *head)
{
  size_t len = engine->path.len;

  if (head->path_len < len || memcmp(head->text, engine->path.data, len) != 0)
    return false;
  /* Without a slash at its end it is followed by one, or by nothing. */
  return engine->path.data[len - 1] == '/' || head->path_len == len ||
         head->text[len] == '/';
}

const char *sio__refusal_message(sio_refusal_code code)
{
  switch (code) {
  case SIO_REFUSED_TRANSPORT:
    return "Transport unknown";
  case SIO_REFUSED_SID:
    return "Session ID unknown";
  case SIO_REFUSED_METHOD:
    return "Bad handshake method";
  case SIO_REFUSED_FORBIDDEN:
    return "Forbidden";
  case SIO_REFUSED_VERSION:
    return "Unsupported protocol version";
  default:
    return "Bad request";
  }
}

void sio__verdict_refuse(struct sio__verdict *verdict, sio_refusal_code code,
                         const char *name)
{
  verdict->kind = VERDICT_REFUSED;
  verdict->code = code;
  verdict->name = name;
  verdict->n_context = 0;
}

void sio__verdict_add(struct sio__verdict *verdict, const char *key,
                      sio_str value)
{
  sio_context *context = &verdict->context[verdict->n_context];

  if (verdict->n_context == VERDICT_CONTEXT)
    return;
  context->key = key;
  context->value = value;
  verdict->n_context++;
}

/* A parameter, decoded into verdict->text and cut to fit; false: there is
 * none. */
static bool param(const struct sio__http_head *head, const char *name,
                  struct sio__verdict *verdict, sio_str *value)
{
  size_t len;

  if (!sio__http_param(sio__http_query(head), name, verdict->text,
                       sizeof verdict->text, &len))
    return false;
  value->data = verdict->text;
  value->len = len < sizeof verdict->text ? len : sizeof verdict->text;
  return true;
}

/* RFC 6454 as the reference has it: printable characters and HTAB. */
static bool origin_is_clean(sio_str origin)
{
  for (size_t i = 0; i < origin.len; i++) {
    unsigned char c = (unsigned char)origin.data[i];

    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

/* Whoever has no websockets takes an upgrade request for a plain one. */
static bool is_upgrade(const struct sio__engine *engine,
                       const struct sio__http_head *head)
{
  return head->wants_websocket &&
         (engine->options->transports & SIO_WEBSOCKET) != 0;
}

static uint32_t transport_bit(sio_str name)
{
  if (sio_str_is(name, "polling"))
    return SIO_POLLING;
  return sio_str_is(name, "websocket") ? SIO_WEBSOCKET : 0;
}

static void mismatch(struct sio__verdict *verdict,
                     const struct sio_session *session, uint32_t transport)
{
  sio__verdict_refuse(verdict, SIO_REFUSED_REQUEST, "TRANSPORT_MISMATCH");
  sio__verdict_add(verdict, "transport",
                   sio_s(transport == SIO_POLLING ? "polling" : "websocket"));
  if (session != NULL)
    sio__verdict_add(verdict, "previousTransport",
                     sio_s(session->transport->name));
}

/* The protocol is the one of the handshake.  Whoever polls need not say it
 * again, but a websocket that does not is of protocol 3. */
static bool protocol_fits(const struct sio__http_head *head,
                          struct sio__verdict *verdict,
                          const struct sio_session *session)
{
  sio_str eio = {NULL, 0};
  bool given = param(head, "EIO", verdict, &eio);
  uint8_t protocol = sio_str_is(eio, "4") ? 4 : 3;

  if (protocol == session->protocol || (!given && !head->wants_websocket))
    return true;
  sio__verdict_refuse(verdict, SIO_REFUSED_REQUEST, "PROTOCOL_MISMATCH");
  sio__verdict_add(verdict, "protocol", sio_s(protocol == 4 ? "4" : "3"));
  return false;
}

static void verify_known(struct sio_session *session,
                         const struct sio__http_head *head, uint32_t transport,
                         struct sio__verdict *verdict)
{
  bool upgrade = is_upgrade(session->engine, head);
  uint32_t expected = upgrade ? SIO_WEBSOCKET : SIO_POLLING;

  if (!protocol_fits(head, verdict, session))
    return;
  if (transport != expected ||
      (upgrade ? session->engine->options->no_upgrades != 0
               : session->ws != NULL)) {
    mismatch(verdict, session, transport);
    return;
  }
  verdict->session = session;
  if (upgrade)
    verdict->kind = VERDICT_UPGRADE;
  else if (strcmp(head->method, "GET") == 0)
    verdict->kind = VERDICT_GET;
  else if (strcmp(head->method, "POST") == 0)
    verdict->kind = VERDICT_POST;
  else
    verdict->kind = VERDICT_METHOD;
}

/* What a handshake asks for. */
static void read_wishes(const struct sio__engine *engine,
                        const struct sio__http_head *head,
                        struct sio__verdict *verdict)
{
  sio_str value = {NULL, 0};

  verdict->websocket = is_upgrade(engine, head);
  verdict->protocol =
      param(head, "EIO", verdict, &value) && sio_str_is(value, "4") ? 4 : 3;
  verdict->base64 = param(head, "b64", verdict, &value) && value.len > 0;
}

static void verify_new(const struct sio__engine *engine,
                       const struct sio__http_head *head, uint32_t transport,
                       struct sio__verdict *verdict)
{
  uint32_t max = engine->options->max_sessions;

  if (strcmp(head->method, "GET") != 0) {
    sio__verdict_refuse(verdict, SIO_REFUSED_METHOD, NULL);
    sio__verdict_add(verdict, "method", sio_s(head->method));
  } else if (transport == SIO_WEBSOCKET && !head->wants_websocket) {
    sio__verdict_refuse(verdict, SIO_REFUSED_REQUEST,
                        "TRANSPORT_HANDSHAKE_ERROR");
  } else if (transport == SIO_POLLING && is_upgrade(engine, head)) {
    mismatch(verdict, NULL, transport);
  } else if (engine->closing || engine->retry_after_s > 0) {
    verdict->kind = VERDICT_CLOSED;
  } else if (max > 0 && engine->sessions.count >= max) {
    verdict->kind = VERDICT_FULL;
  } else {
    verdict->kind = VERDICT_HANDSHAKE;
    read_wishes(engine, head, verdict);
  }
}

/* JSONP is of protocol 3 alone. */
static void read_jsonp(const struct sio__engine *engine,
                       const struct sio__http_head *head,
                       struct sio__verdict *verdict)
{
  sio_str value;

  if (verdict->kind != VERDICT_HANDSHAKE || verdict->protocol != 3 ||
      verdict->websocket || !param(head, "j", verdict, &value))
    return;
  verdict->jsonp = true;
  if (engine->options->allow_jsonp == 0)
    sio__verdict_refuse(verdict, SIO_REFUSED_REQUEST, "JSONP_DISABLED");
  else if (!sio__jsonp_index(value, &verdict->jsonp_index))
    sio__verdict_refuse(verdict, SIO_REFUSED_REQUEST, "INVALID_JSONP_INDEX");
}

void sio__verify(const struct sio__engine *engine,
                 const struct sio__http_head *head,
                 struct sio__verdict *verdict)
{
  sio_str value = {NULL, 0};
  uint32_t transport = 0;
  bool given = param(head, "transport", verdict, &value);

  verdict->session = NULL;
  verdict->jsonp = false;
  if (given)
    transport = transport_bit(value);
  if ((transport & engine->options->transports) == 0) {
    sio__verdict_refuse(verdict, SIO_REFUSED_TRANSPORT, NULL);
    if (given)
      sio__verdict_add(verdict, "transport", value);
    return;
  }
  if (sio__http_header(head, "origin", &value) && !origin_is_clean(value)) {
    sio__verdict_refuse(verdict, SIO_REFUSED_REQUEST, "INVALID_ORIGIN");
    sio__verdict_add(verdict, "origin", value);
    return;
  }
  if (!param(head, "sid", verdict, &value) || value.len == 0) {
    verify_new(engine, head, transport, verdict);
    read_jsonp(engine, head, verdict);
    return;
  }
  verdict->session = sio__session_find(engine, value.data, value.len);
  if (verdict->session != NULL) {
    verify_known(verdict->session, head, transport, verdict);
  } else {
    sio__verdict_refuse(verdict, SIO_REFUSED_SID, NULL);
    sio__verdict_add(verdict, "sid", value);
  }
}

bool sio__verify_protocol(const struct sio__engine *engine,
                          struct sio__verdict *verdict)
{
  if (verdict->protocol == 4 || engine->options->allow_eio3 != 0)
    return true;
  sio__verdict_refuse(verdict, SIO_REFUSED_VERSION, NULL);
  sio__verdict_add(verdict, "protocol", sio_s("3"));
  return false;
}
