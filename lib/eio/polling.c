/* SPDX-License-Identifier: MIT */
/* HTTP long-polling (engine.io protocol 4, "HTTP long-polling"). */
#include "eio/polling.h"

#include "base/utf8.h"
#include "eio/payload.h"

#define TEXT_TYPE "text/plain; charset=UTF-8"
#define NO_STORE  "cache-control: no-store\r\n"

static const sio_span empty = {NULL, 0};

static bool answer_packets(struct sio_request *request, const char *text,
                           size_t len)
{
  sio_span body = {(const uint8_t *)text, len};

  return sio__conn_is_open(request->conn) &&
         sio__request_answer(request, 200, TEXT_TYPE, NO_STORE, body) == 0;
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
    if (answer_packets(request, (const char *)packet.data, packet.len))
      sio__session_announce(session);
    else
      sio__session_drop(session);
  }
  sio__buf_dispose(&packet);
}

static void fail(struct sio__session *session, sio_cause cause, uint64_t seen)
{
  const sio_end end = {SIO_REASON_TRANSPORT_ERROR, cause, NULL, 0, seen};

  sio__session_fail(session, &end, "1");
}

/* The connection of a request has gone: `aborted` is what it means if that
 * was the peer's doing. */
static void fail_lost(struct sio__session *session, sio_cause cause,
                      sio_cause aborted)
{
  bool peer = cause == SIO_CAUSE_PEER_GONE || cause == SIO_CAUSE_WRITE;

  fail(session, peer ? aborted : cause, 0);
}

/* A GET has been answered, or its connection has gone. */
static void on_poll_released(struct sio_request *request, sio_cause cause)
{
  struct sio__session *session = request->owner;

  session->poll = NULL;
  if (cause != SIO_CAUSE_NONE)
    fail_lost(session, cause, SIO_CAUSE_POLL_ABORTED);
}

/* Answer a GET with what is queued. */
static void flush(struct sio__session *session)
{
  struct sio_request *request = session->poll;
  struct sio__packetq *queue = &session->queue;
  struct sio__outq *out;
  bool ok;

  /* What a dying connection took would be lost: the session fails instead. */
  if (request == NULL || queue->count == 0 ||
      !sio__conn_has_room(request->conn, 0))
    return;
  out = sio__request_begin(request, 200, TEXT_TYPE, NO_STORE, queue->encoded);
  ok = out != NULL && sio__payload_write(queue, out) == 0;
  sio__packetq_clear(queue);
  sio__request_done(request, ok);
  if (!ok)
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0); /* its packets are lost */
  else if (session->state == SESSION_CLOSING)
    session->transport->drain(session);
}

static void on_flush(struct sio__deferred *deferred)
{
  flush(SIO__CONTAINER(deferred, struct sio__session, flush));
}

/* Once the bracket closes: more may come until then. */
static void flush_soon(struct sio__session *session)
{
  if (session->poll != NULL && session->queue.count > 0 &&
      sio__list_is_empty(&session->flush.link))
    sio__engine_defer(session->engine, &session->flush, on_flush);
}

void sio__polling_get(struct sio__session *session, struct sio_request *request)
{
  static const char farewell[] = "6\x1e"
                                 "1";

  request->kind = REQUEST_POLL;
  if (session->poll != NULL) {
    fail(session, SIO_CAUSE_POLL_OVERLAP, 0);
    sio__request_answer(request, 400, NULL, NULL, empty);
    return;
  }
  if (session->state == SESSION_CLOSING && session->queue.count == 0) {
    (void)answer_packets(request, farewell, sizeof farewell - 1);
    sio__session_finish(session);
    return;
  }
  session->poll = request;
  request->owner = session;
  request->released = on_poll_released;
  if (session->queue.count > 0)
    flush_soon(session);
  else if (session->candidate != NULL)
    session->candidate->poll(session);
}

void sio__polling_release(struct sio__session *session, const char *packet)
{
  if (session->poll != NULL)
    (void)answer_packets(session->poll, packet, strlen(packet));
}

/* ---- As a transport ---- */

/* See how the queue has taken a packet. */
static bool queued(struct sio__session *session, int added)
{
  uint64_t max = session->engine->options->max_output_bytes;
  uint64_t seen = session->queue.bytes;

  /* As on a connection: each further piece counts as a block. */
  if (session->queue.pieces > 1)
    seen += (uint64_t)(session->queue.pieces - 1) * SIO__CHUNK_SMALLEST;
  if (added != 0 || seen > max) {
    sio__session_doom(session,
                      added != 0 ? SIO_CAUSE_NOMEM : SIO_CAUSE_OUTPUT_SIZE,
                      added != 0 ? 0 : seen);
    return false;
  }
  flush_soon(session);
  return true;
}

static bool polling_send(struct sio__session *session, const void *packet,
                         size_t len, bool binary)
{
  return queued(session,
                sio__packetq_add(&session->queue, packet, len, binary));
}

static bool polling_send_shared(struct sio__session *session,
                                const struct sio__shared *shared)
{
  uint32_t len = shared->chunk->len - SIO__SHARED_HEADROOM;

  return queued(session,
                sio__packetq_push(&session->queue, shared->chunk,
                                  SIO__SHARED_HEADROOM, len, shared->binary));
}

static size_t polling_pending(const struct sio__session *session)
{
  return session->queue.bytes;
}

static void polling_drain(struct sio__session *session)
{
  const sio_server_options *options = session->engine->options;

  if (session->queue.count > 0)
    return;
  /* A waiting GET is told at once; without one the next GET is, if it comes
   * in time. */
  if (session->poll != NULL)
    sio__session_finish(session);
  else if (!sio__timer_is_running(&session->grace))
    sio__timer_start(&session->engine->clock, &session->grace,
                     options->close_timeout_ms);
}

/* Nobody waits for the requests of a session any more. */
static struct sio_request *let_go(struct sio_request **place)
{
  struct sio_request *request = *place;

  *place = NULL;
  if (request != NULL)
    request->released = NULL;
  return request;
}

void sio__polling_leave(struct sio__session *session)
{
  struct sio_request *post = let_go(&session->post);

  sio__polling_release(session, "6");
  sio__list_remove(&session->flush.link);
  if (post != NULL)
    sio__request_abandon(post, SIO_CAUSE_POST_ABORTED);
}

static void polling_close(struct sio__session *session, const char *farewell)
{
  struct sio_request *poll = let_go(&session->poll);
  struct sio_request *post = let_go(&session->post);

  sio__list_remove(&session->flush.link);
  sio__packetq_clear(&session->queue);
  if (poll != NULL)
    (void)answer_packets(poll, farewell, strlen(farewell));
  if (post != NULL)
    sio__request_abandon(post, SIO_CAUSE_POST_ABORTED);
}

const struct sio__transport sio__polling_transport = {
    .name = "polling",
    .send = polling_send,
    .send_shared = polling_send_shared,
    .pending = polling_pending,
    .drain = polling_drain,
    .close = polling_close,
};

/* ---- POST ---- */

/* A POST whose body is arriving has been answered early, or its connection
 * has gone. */
static void on_post_released(struct sio_request *request, sio_cause cause)
{
  struct sio__session *session = request->owner;

  session->post = NULL;
  if (cause != SIO_CAUSE_NONE)
    fail_lost(session, cause, SIO_CAUSE_POST_ABORTED);
}

/* Answer a POST that will not be read, and close its connection if its body
 * is still to come. */
static void refuse_post(struct sio_request *request, int status, bool has_body)
{
  if (has_body)
    request->keep_alive = false;
  sio__request_answer(request, status, NULL, NULL, empty);
}

bool sio__polling_post(struct sio__session *session,
                       struct sio_request *request,
                       const struct sio__http_head *head)
{
  uint64_t max = session->engine->options->max_payload;
  sio_str type = {NULL, 0};

  request->kind = REQUEST_POST;
  (void)sio__http_header(head, "content-type", &type); /* it may be missing */
  if (session->post != NULL) {
    fail(session, SIO_CAUSE_POST_OVERLAP, 0);
    refuse_post(request, 400, true);
  } else if (sio_str_is(type, "application/octet-stream")) {
    fail(session, SIO_CAUSE_CONTENT_TYPE, 0);
    refuse_post(request, 400, true);
  } else if (head->has_length && head->content_length > max) {
    sio__request_refuse_size(request, head->content_length);
  } else {
    session->post = request;
    request->owner = session;
    request->released = on_post_released;
    return true;
  }
  return false;
}

static bool bad_payload(struct sio__session *session, sio_cause cause)
{
  const sio_end end = {SIO_REASON_PARSE_ERROR, cause, NULL, 0, 0};

  sio__session_fail(session, &end, "1");
  return false;
}

/* Whether all packets of a payload were fit to be read. */
static bool read_payload(struct sio__session *session, char *data, size_t len)
{
  struct sio__payload_iter iter;
  uint32_t left = session->engine->options->max_payload_packets;
  char *packet;
  size_t packet_len;

  if (!sio__utf8_is_valid((const uint8_t *)data, len))
    return bad_payload(session, SIO_CAUSE_TEXT);
  sio__payload_begin(&iter, data, len);
  while (sio__payload_next(&iter, &packet, &packet_len)) {
    if (left-- == 0)
      return bad_payload(session, SIO_CAUSE_PAYLOAD_PACKETS);
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
  struct sio__session *session = request->owner;
  sio_span body = sio__request_body(request);

  if (request->released == NULL)
    return; /* the session has gone meanwhile */
  (void)let_go(&session->post);
  /* Bytes that were fed may be changed in place. */
  if (read_payload(session, (char *)(uintptr_t)body.data, body.len))
    sio__request_answer(request, 200, "text/html", NO_STORE, ok);
  else
    sio__request_answer(request, 400, NULL, NULL, empty);
}
