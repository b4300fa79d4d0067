/* SPDX-License-Identifier: MIT */
/* HTTP long-polling (engine.io protocol 4, "HTTP long-polling"). */
#include "eio/polling.h"

#include "base/utf8.h"
#include "eio/payload.h"
#include "eio/upgrade.h"

#define TEXT_TYPE "text/plain; charset=UTF-8"
#define NO_STORE  "cache-control: no-store\r\n"

static const sio_span empty = {NULL, 0};

static void answer_packets(struct sio_request *request, const char *text,
                           size_t len)
{
  sio_span body = {(const uint8_t *)text, len};

  sio__request_answer(request, 200, TEXT_TYPE, NO_STORE, body);
}

void sio__polling_open(struct sio__session *session,
                       struct sio_request *request)
{
  struct sio__engine *engine = session->engine;
  struct sio__buf packet;

  sio__buf_init(&packet, engine->mem, SIZE_MAX);
  sio__session_write_open(session, false, &packet);
  if (packet.error != 0) {
    sio__session_drop(session);
    sio__request_abandon(request, SIO_CAUSE_NOMEM);
  } else {
    answer_packets(request, (const char *)packet.data, packet.len);
    sio__session_announce(session);
  }
  sio__buf_dispose(&packet);
}

void sio__polling_get(struct sio__session *session, struct sio_request *request)
{
  static const char farewell[] = "6\x1e"
                                 "1";

  request->kind = REQUEST_POLL;
  if (session->poll != NULL) {
    sio__session_fail(session, SIO_REASON_TRANSPORT_ERROR,
                      SIO_CAUSE_POLL_OVERLAP, NULL, "1");
    sio__request_answer(request, 400, NULL, NULL, empty);
    return;
  }
  if (session->state == SESSION_CLOSING && session->queue.count == 0) {
    answer_packets(request, farewell, sizeof farewell - 1);
    sio__session_finish_closing(session);
    return;
  }
  session->poll = request;
  request->session = session;
  if (session->queue.count > 0)
    sio__list_insert(&session->engine->unflushed, &session->unflushed);
  else
    sio__upgrade_poll(session);
}

void sio__polling_flush(struct sio__session *session)
{
  struct sio_request *request = session->poll;
  struct sio__packetq *queue = &session->queue;
  struct sio__outq *out;
  bool ok;

  if (request == NULL || queue->count == 0)
    return;
  out = sio__request_begin(request, 200, TEXT_TYPE, NO_STORE, queue->encoded);
  ok = out != NULL && sio__payload_write(queue, out) == 0;
  sio__packetq_clear(queue);
  sio__request_done(request, ok);
  if (!ok)
    sio__session_doom(session, SIO_CAUSE_NOMEM); /* its packets are lost */
  else if (session->state == SESSION_CLOSING)
    sio__session_drained(session);
}

void sio__polling_release(struct sio__session *session, const char *packet)
{
  if (session->poll != NULL)
    answer_packets(session->poll, packet, strlen(packet));
}

void sio__polling_close(struct sio__session *session, const char *packet)
{
  struct sio_request *poll = session->poll, *post = session->post;

  if (poll != NULL) {
    session->poll = NULL;
    poll->session = NULL;
    answer_packets(poll, packet, strlen(packet));
  }
  sio__list_remove(&session->unflushed);
  sio__packetq_clear(&session->queue);
  if (post != NULL) {
    session->post = NULL;
    post->session = NULL;
    sio__request_abandon(post, SIO_CAUSE_POST_ABORTED);
  }
}

void sio__polling_forget(struct sio__session *session,
                         const struct sio_request *request)
{
  if (session->poll == request)
    session->poll = NULL;
  if (session->post == request)
    session->post = NULL;
}

void sio__polling_lost(struct sio__session *session, bool post, sio_cause cause)
{
  bool peer = cause == SIO_CAUSE_PEER_GONE || cause == SIO_CAUSE_WRITE;

  if (peer)
    cause = post ? SIO_CAUSE_POST_ABORTED : SIO_CAUSE_POLL_ABORTED;
  sio__session_fail(session, SIO_REASON_TRANSPORT_ERROR, cause, NULL, "1");
}

/* ---- POST ---- */

/* Answer a POST that will not be read, and close its connection if its body
 * is still to come. */
static void refuse_post(struct sio_request *request, int status, bool has_body)
{
  if (has_body)
    request->keep_alive = false;
  sio__request_answer(request, status, NULL, NULL, empty);
}

void sio__polling_post(struct sio__session *session,
                       struct sio_request *request,
                       const struct sio__http_head *head)
{
  uint64_t max = session->engine->options->max_payload;
  sio_str type = {NULL, 0};

  request->kind = REQUEST_POST;
  (void)sio__http_header(head, "content-type", &type); /* it may be missing */
  if (session->post != NULL) {
    sio__session_fail(session, SIO_REASON_TRANSPORT_ERROR,
                      SIO_CAUSE_POST_OVERLAP, NULL, "1");
    refuse_post(request, 400, true);
  } else if (sio_str_is(type, "application/octet-stream")) {
    sio__session_fail(session, SIO_REASON_TRANSPORT_ERROR,
                      SIO_CAUSE_CONTENT_TYPE, NULL, "1");
    refuse_post(request, 400, true);
  } else if (head->has_length && head->content_length > max) {
    refuse_post(request, 413, true);
  } else {
    session->post = request;
    request->session = session;
  }
}

/* Whether all packets of a payload were fit to be read. */
static bool read_payload(struct sio__session *session, char *data, size_t len)
{
  struct sio__payload_iter iter;
  uint32_t left = session->engine->options->max_payload_packets;
  char *packet;
  size_t packet_len;

  if (!sio__utf8_is_valid((const uint8_t *)data, len)) {
    sio__session_fail(session, SIO_REASON_PARSE_ERROR, SIO_CAUSE_TEXT, NULL,
                      "1");
    return false;
  }
  sio__payload_begin(&iter, data, len);
  while (sio__payload_next(&iter, &packet, &packet_len)) {
    if (left-- == 0) {
      sio__session_fail(session, SIO_REASON_PARSE_ERROR,
                        SIO_CAUSE_PAYLOAD_PACKETS, NULL, "1");
      return false;
    }
    if (!sio__session_text(session, packet, packet_len))
      break;
  }
  return session->state != SESSION_CLOSED ||
         (session->reason != SIO_REASON_PARSE_ERROR &&
          session->reason != SIO_REASON_TRANSPORT_ERROR);
}

void sio__polling_post_done(struct sio_request *request)
{
  static const sio_span ok = {(const uint8_t *)"ok", 2};
  struct sio__session *session = request->session;
  sio_span body = sio__request_body(request);

  if (session == NULL)
    return;
  session->post = NULL;
  request->session = NULL;
  /* Bytes that were fed may be changed in place. */
  if (read_payload(session, (char *)(uintptr_t)body.data, body.len))
    sio__request_answer(request, 200, "text/html", NO_STORE, ok);
  else
    sio__request_answer(request, 400, NULL, NULL, empty);
}
