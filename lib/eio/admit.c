/* SPDX-License-Identifier: MIT */
/* Opening sessions and websockets. */
#include "eio/admit.h"

#include "base/utf8.h"
#include "eio/accept.h"
#include "eio/heartbeat.h"
#include "eio/polling.h"
#include "eio/refuse.h"
#include "eio/shutdown.h"
#include "eio/upgrade.h"
#include "eio/websocket.h"

static const sio_span no_body = {NULL, 0};

bool sio__admit_id_is_valid(const struct sio__engine *engine, sio_str id)
{
  if (id.len == 0 || id.len > SIO__SESSION_ID_MAX ||
      !sio__utf8_is_valid((const uint8_t *)id.data, id.len))
    return false;
  for (size_t i = 0; i < id.len; i++) {
    if ((unsigned char)id.data[i] < 0x20 || id.data[i] == 0x7f)
      return false;
  }
  return sio__session_find(engine, id.data, id.len) == NULL;
}

void sio__admit_nobody(struct sio_request *request, enum sio__verdict_kind kind)
{
  struct sio__engine *engine = request->engine;
  struct sio_headers *fields;

  engine->metrics.sessions_refused++;
  request->keep_alive = false;
  fields = sio__request_fields(request, NULL);
  if (kind == VERDICT_FULL) {
    const sio_end end = {SIO_REASON_NONE, SIO_CAUSE_SESSIONS, NULL, 0,
                         engine->sessions.count + 1};

    sio__request_note(request, &end);
    sio__fields_add(fields, sio_s("Retry-After"), sio_s("5"));
  }
  if (kind == VERDICT_CLOSED && engine->retry_after_s > 0)
    sio__shutdown_advise(engine, fields);
  (void)sio__request_refuse_fields(request, 503, no_body); /* or cut */
}

static void note_refused(struct sio_request *request,
                         const struct sio__rejection *why)
{
  struct sio__engine *engine = request->engine;
  const sio_end end = {SIO_REASON_NONE, why->cause, NULL, 0, why->seen};

  engine->metrics.sessions_refused++;
  if (sio__throttle_tells(&engine->admission.arrivals))
    sio__request_note(request, &end);
  else
    engine->causes[why->cause]++;
}

void sio__admit_refuse(struct sio_request *request,
                       const struct sio__rejection *why)
{
  struct sio_headers *fields;
  uint64_t left = why->retry_s;
  char text[20]; /* of any number */
  size_t at = sizeof text;
  sio_str retry;

  note_refused(request, why);
  do
    text[--at] = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  retry.data = text + at;
  retry.len = sizeof text - at;
  request->keep_alive = false;
  fields = sio__request_fields(request, NULL);
  sio__fields_add(fields, sio_s("Retry-After"), retry);
  (void)sio__request_refuse_fields(request, why->status, no_body); /* or cut */
}

static void too_late(struct sio_request *request)
{
  const struct sio__rejection why =
      sio__admission_too_late(&request->engine->admission);

  sio__admit_refuse(request, &why);
}

/* Refuse a websocket's request; true if it was not fit to be one. */
static bool refuse_handshake(struct sio_request *request,
                             struct sio__ws_agreement *agreed)
{
  struct sio__ws_refusal refusal =
      sio__websocket_check(request->engine, &request->head, agreed);
  struct sio_headers *fields;

  if (refusal.status == 0 &&
      request->link.prev == &request->conn->http->requests)
    return false;
  if (refusal.status == 0) { /* answers to earlier requests are still owed */
    refusal.status = 400;
    refusal.message = "Bad request";
  }
  request->keep_alive = false;
  fields = sio__request_fields(request, "text/html");
  if (refusal.header != NULL)
    sio__fields_add(fields, sio_s(refusal.header), sio_s(refusal.value));
  (void)sio__request_refuse_fields(request, refusal.status,
                                   sio__text_span(refusal.message));
  return true;
}

/* ---- Sessions ---- */

/* The id of a new session; false: there is none, and the request is refused. */
static bool find_id(struct sio_request *request, sio_str *id,
                    char out[SIO__SESSION_ID_MAX + 1])
{
  struct sio__engine *engine = request->engine;
  const struct sio__hooks *hooks = &engine->hooks;
  int len = SIO__ID_LEN;

  if (id->len > 0)
    return true;
  if (hooks->session_id != NULL)
    len = hooks->session_id(request, out, SIO__SESSION_ID_MAX,
                            hooks->session_id_user);
  else if (sio__ids_next(&engine->ids, out) != 0)
    len = -1;
  if (request->conn == NULL || request->answered)
    return false; /* the callback has closed everything */
  id->data = out;
  id->len = len > 0 && len <= SIO__SESSION_ID_MAX ? (size_t)len : 0;
  if (sio__admit_id_is_valid(engine, *id))
    return true;
  sio__refuse_bare(request, SIO_REFUSED_REQUEST, "ID_GENERATION_ERROR");
  return false;
}

static int make_session(struct sio_request *request,
                        const struct sio__verdict *wish, sio_str id,
                        struct sio_session **session)
{
  const struct sio__session_spec spec = {
      .head = &request->head,
      .address = sio__request_address(request),
      .secure = request->from.secure,
      .client = request->client,
      .transport =
          wish->websocket ? &sio__websocket_transport : &sio__polling_transport,
      .id = id,
      .protocol = wish->protocol,
      .base64 = wish->base64,
      .jsonp = wish->jsonp,
      .jsonp_index = wish->jsonp_index,
      .connection = request->conn->id,
  };

  return sio__session_new(request->engine, &spec, session);
}

static void open_polling(struct sio_request *request,
                         const struct sio__verdict *wish, sio_str id)
{
  struct sio_session *session;
  int rv = make_session(request, wish, id, &session);

  if (rv == SIO_ERR_LIMIT)
    too_late(request);
  else if (rv != 0)
    (void)sio__request_refuse(request, 500, NULL, no_body); /* or cut */
  if (rv != 0)
    return;
  request->initial = true;
  sio__polling_open(session, request);
}

static bool send_open(const struct sio_session *session, struct sio_conn *conn)
{
  struct sio__buf packet;
  bool sent;

  sio__buf_init(&packet, conn->engine->mem, SIZE_MAX);
  sio__session_write_open(session, true, &packet);
  sent = packet.error == 0 &&
         sio__websocket_send(conn, packet.data, packet.len, 0);
  sio__buf_dispose(&packet);
  return sent;
}

/* The request was answered by 101: nothing of it is left on the connection. */
static void open_websocket(struct sio_request *request,
                           const struct sio__verdict *wish, sio_str id,
                           const struct sio__ws_agreement *agreed)
{
  struct sio_conn *conn = request->conn;
  struct sio_session *session;
  int rv = make_session(request, wish, id, &session);

  if (rv == SIO_ERR_LIMIT)
    too_late(request);
  else if (rv != 0)
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
  if (rv != 0)
    return;
  request->initial = true;
  if (!sio__websocket_accept(request, agreed)) {
    sio__session_drop(session);
  } else if (session->state == SESSION_OPEN && send_open(session, conn)) {
    session->ws = conn;
    sio__websocket_attach(conn, session, &sio__websocket_sink);
    sio__session_announce(session);
  } else {
    sio__session_drop(session);
    sio__websocket_close(conn);
  }
}

void sio__admit(struct sio_request *request, const struct sio__verdict *wish,
                sio_str id)
{
  struct sio__engine *engine = request->engine;
  struct sio__verdict verdict = *wish;
  struct sio__ws_agreement agreed;
  char text[SIO__SESSION_ID_MAX + 1];
  uint32_t max = engine->options->max_sessions;

  /* It may have taken the host a while to decide. */
  if (engine->closing || engine->retry_after_s > 0) {
    sio__admit_nobody(request, VERDICT_CLOSED);
  } else if (max > 0 && engine->sessions.count >= max) {
    sio__admit_nobody(request, VERDICT_FULL);
  } else if (wish->websocket && refuse_handshake(request, &agreed)) {
    /* It has been answered. */
  } else if (!sio__verify_protocol(engine, &verdict)) {
    sio__refuse(request, &verdict, 0, NULL);
  } else {
    request->refs++;
    if (find_id(request, &id, text)) {
      if (wish->websocket)
        open_websocket(request, wish, id, &agreed);
      else
        open_polling(request, wish, id);
    }
    sio_request_release(request);
  }
}

void sio__admit_upgrade(struct sio_request *request,
                        struct sio_session *session)
{
  struct sio_conn *conn = request->conn;
  struct sio__ws_agreement agreed;
  bool taken;

  if (refuse_handshake(request, &agreed) ||
      !sio__websocket_accept(request, &agreed))
    return;
  /* A hook may have closed the session, or have let another one in. */
  taken = session->ws != NULL || session->candidate != NULL ||
          session->state == SESSION_CLOSED;
  /* A second websocket is closed after 101, not refused before: the first one
   * must not notice, and clients know how to take it. */
  if (taken)
    sio__websocket_close(conn);
  else if (sio__upgrade_begin(session, conn) != 0)
    sio__conn_abort(conn, SIO_CAUSE_NOMEM);
}
