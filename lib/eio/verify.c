/* SPDX-License-Identifier: MIT */
/* The checks of a request under the path. */
#include "eio/verify.h"

enum { TRANSPORT_MAX = 16 };

bool sio__verify_is_ours(const struct sio__engine *engine,
                         const struct sio__http_head *head)
{
  return head->path_len >= engine->path.len &&
         memcmp(head->text, engine->path.data, engine->path.len) == 0;
}

const char *sio__refusal_message(enum sio__refusal code)
{
  switch (code) {
  case REFUSAL_TRANSPORT:
    return "Transport unknown";
  case REFUSAL_SID:
    return "Session ID unknown";
  case REFUSAL_METHOD:
    return "Bad handshake method";
  case REFUSAL_VERSION:
    return "Unsupported protocol version";
  case REFUSAL_REQUEST:
    break;
  }
  return "Bad request";
}

static struct sio__verdict refuse(enum sio__refusal code, const char *context)
{
  struct sio__verdict verdict = {VERDICT_REFUSED, code, context, NULL, false};

  return verdict;
}

static struct sio__verdict accept(enum sio__verdict_kind kind,
                                  struct sio__session *session)
{
  struct sio__verdict verdict = {kind, REFUSAL_REQUEST, NULL, session, false};

  return verdict;
}

/* The value of a parameter as a short NUL-terminated string; false if it is
 * missing.  One that does not fit is cut, and equals nothing that would. */
static bool short_param(sio_str query, const char *name, char *out, size_t cap)
{
  size_t len = 0;

  if (!sio__http_param(query, name, out, cap - 1, &len))
    return false;
  out[len < cap - 1 ? len : cap - 1] = '\0';
  return len < cap && memchr(out, '\0', len) == NULL;
}

/* RFC 6454 as the reference has it: printable characters and HTAB. */
static bool origin_is_clean(const struct sio__http_head *head)
{
  sio_str origin;

  if (!sio__http_header(head, "origin", &origin))
    return true;
  for (size_t i = 0; i < origin.len; i++) {
    unsigned char c = (unsigned char)origin.data[i];

    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

static uint32_t transport_bit(const char *name)
{
  if (strcmp(name, "polling") == 0)
    return SIO_POLLING;
  return strcmp(name, "websocket") == 0 ? SIO_WEBSOCKET : 0;
}

static struct sio__verdict verify_known(struct sio__session *session,
                                        const struct sio__http_head *head,
                                        uint32_t transport, const char *eio)
{
  bool upgrade = head->wants_websocket;

  if (eio != NULL && strcmp(eio, "4") != 0)
    return refuse(REFUSAL_REQUEST, "PROTOCOL_MISMATCH");
  if (upgrade) {
    if (transport != SIO_WEBSOCKET ||
        session->engine->options->no_upgrades != 0)
      return refuse(REFUSAL_REQUEST, "TRANSPORT_MISMATCH");
    return accept(VERDICT_UPGRADE, session);
  }
  if (transport != SIO_POLLING || session->ws != NULL)
    return refuse(REFUSAL_REQUEST, "TRANSPORT_MISMATCH");
  if (strcmp(head->method, "GET") == 0)
    return accept(VERDICT_GET, session);
  if (strcmp(head->method, "POST") == 0)
    return accept(VERDICT_POST, session);
  return accept(VERDICT_METHOD, session);
}

static struct sio__verdict verify_new(const struct sio__engine *engine,
                                      const struct sio__http_head *head,
                                      uint32_t transport, bool is_v4)
{
  bool upgrade = head->wants_websocket;

  if (strcmp(head->method, "GET") != 0)
    return refuse(REFUSAL_METHOD, "not GET");
  if (transport == SIO_WEBSOCKET && !upgrade)
    return refuse(REFUSAL_REQUEST, "TRANSPORT_HANDSHAKE_ERROR");
  if (transport == SIO_POLLING && upgrade)
    return refuse(REFUSAL_REQUEST, "TRANSPORT_MISMATCH");
  if (!is_v4)
    return refuse(REFUSAL_VERSION, "EIO is not 4");
  if (engine->closing)
    return accept(VERDICT_CLOSED, NULL);
  if (engine->options->max_sessions > 0 &&
      engine->sessions.count >= engine->options->max_sessions)
    return accept(VERDICT_FULL, NULL);
  return accept(
      upgrade ? VERDICT_HANDSHAKE_WEBSOCKET : VERDICT_HANDSHAKE_POLLING, NULL);
}

struct sio__verdict sio__verify(const struct sio__engine *engine,
                                const struct sio__http_head *head)
{
  sio_str query = sio__http_query(head);
  char name[TRANSPORT_MAX], eio[4], sid[SIO__ID_LEN + 2], flag[2];
  struct sio__verdict verdict;
  size_t sid_len = 0;
  bool has_eio;
  uint32_t transport = 0;

  if (short_param(query, "transport", name, sizeof name))
    transport = transport_bit(name);
  if ((transport & engine->options->transports) == 0)
    return refuse(REFUSAL_TRANSPORT, "unknown or disabled transport");
  if (!origin_is_clean(head))
    return refuse(REFUSAL_REQUEST, "INVALID_ORIGIN");
  has_eio = short_param(query, "EIO", eio, sizeof eio);
  if (sio__http_param(query, "sid", sid, sizeof sid, &sid_len) && sid_len > 0) {
    struct sio__session *session = sio__session_find(engine, sid, sid_len);

    if (session == NULL)
      return refuse(REFUSAL_SID, "unknown sid");
    return verify_known(session, head, transport, has_eio ? eio : NULL);
  }
  verdict =
      verify_new(engine, head, transport, has_eio && strcmp(eio, "4") == 0);
  flag[0] = '\0';
  verdict.base64 =
      sio__http_param(query, "b64", flag, sizeof flag, &sid_len) && sid_len > 0;
  return verdict;
}
