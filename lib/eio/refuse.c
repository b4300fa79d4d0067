/* SPDX-License-Identifier: MIT */
/* Turning requests away: JSON for pollers, plain text for websockets. */
#include "eio/refuse.h"

#include "json/string.h"

enum { DETAIL_MAX = 96, MINUTE_MS = 60000, MANY_STRANGERS = 20 };

/* What the log says: the name, and what the client has sent about it with
 * everything but printable ASCII replaced. */
static void describe(const struct sio__verdict *verdict, char out[DETAIL_MAX])
{
  const char *name = verdict->name != NULL
                         ? verdict->name
                         : sio__refusal_message(verdict->code);
  size_t n = 0;

  for (; name[n] != '\0' && n < DETAIL_MAX - 3; n++)
    out[n] = name[n];
  /* A session id is a secret of somebody's, even a wrong one may be. */
  if (verdict->n_context > 0 && verdict->code != SIO_REFUSED_SID) {
    sio_str value = verdict->context[0].value;

    out[n++] = ' ';
    for (size_t i = 0; i < value.len && n < DETAIL_MAX - 1; i++) {
      char c = value.data[i];

      out[n++] = c >= ' ' && c <= '~' ? c : '?';
    }
  }
  out[n] = '\0';
}

/* Many unknown ids at once: say what it may be, once a minute. */
static void suspect_balancer(struct sio__engine *engine, uint64_t connection)
{
  if (engine->clock.now_ms - engine->strangers_since_ms >= MINUTE_MS) {
    engine->strangers_since_ms = engine->clock.now_ms;
    engine->strangers = 0;
  }
  if (++engine->strangers == MANY_STRANGERS)
    sio__engine_log(engine, SIO_LOG_WARN, "engine", connection,
                    "%d requests with unknown session ids in a minute: if a "
                    "load balancer spreads the requests of one client over "
                    "several servers, it has to be sticky",
                    MANY_STRANGERS);
}

static void tell(struct sio_request *request,
                 const struct sio__verdict *verdict)
{
  struct sio__engine *engine = request->engine;
  const sio_refusal refusal = {
      verdict->code, sio__refusal_message(verdict->code), verdict->name,
      verdict->context, verdict->n_context};
  char detail[DETAIL_MAX];
  const sio_end end = {SIO_REASON_NONE, SIO_CAUSE_REFUSED, detail, 0, 0};

  describe(verdict, detail);
  engine->metrics.refused[verdict->code]++;
  if (verdict->code == SIO_REFUSED_SID)
    suspect_balancer(engine, request->conn != NULL ? request->conn->id : 0);
  sio__request_note(request, &end);
  if (engine->hooks.refused != NULL)
    engine->hooks.refused(&refusal, request, engine->hooks.refused_user);
}

static void answer_json(struct sio_request *request, sio_refusal_code code,
                        int status, const char *message)
{
  struct sio__buf body;
  sio_span bytes;

  sio__buf_init(&body, request->mem, SIZE_MAX);
  sio__buf_text(&body, "{\"code\":");
  sio__buf_u64(&body, (uint64_t)code);
  sio__buf_text(&body, ",\"message\":");
  (void)sio__json_quote(&body, message, strlen(message)); /* UTF-8: checked */
  sio__buf_byte(&body, '}');
  bytes.data = body.data;
  bytes.len = body.len;
  if (body.error != 0)
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
  else
    sio__request_refuse(request, status, "application/json", bytes);
  sio__buf_dispose(&body);
}

void sio__refuse(struct sio_request *request,
                 const struct sio__verdict *verdict, int status,
                 const char *message)
{
  bool forbidden = verdict->code == SIO_REFUSED_FORBIDDEN;

  if (message == NULL || message[0] == '\0')
    message = sio__refusal_message(verdict->code);
  request->refs++;
  tell(request, verdict);
  if (request->conn == NULL || request->answered) {
    /* The host's callback has seen to it. */
  } else if (request->head.wants_websocket) {
    request->keep_alive = false;
    sio__request_refuse(request, status != 0 ? status : 400, "text/html",
                        sio__text_span(message));
  } else {
    answer_json(request, verdict->code,
                status != 0 ? status
                : forbidden ? 403
                            : 400,
                message);
  }
  sio_request_release(request);
}

void sio__refuse_bare(struct sio_request *request, sio_refusal_code code,
                      const char *name)
{
  struct sio__verdict verdict;

  sio__verdict_refuse(&verdict, code, name);
  sio__refuse(request, &verdict, 0, NULL);
}
