/* SPDX-License-Identifier: MIT */
/* HTTP long-polling (engine.io protocol 4, "HTTP long-polling"). */
#include "eio/polling.h"

#include "base/utf8.h"
#include "eio/heartbeat.h"
#include "eio/jsonp.h"
#include "eio/payload.h"
#include "eio/payload3.h"
#include "eio/poll_answer.h"
#include "eio/pressure.h"
#include "eio/receipts.h"
#include "eio/traffic.h"

static const sio_span empty = {NULL, 0};

void sio__polling_open(struct sio_session *session, struct sio_request *request)
{
  sio__poll_note(session, request);
  if (sio__poll_answer_open(session, request) == POLL_ANSWERED)
    sio__session_announce(session);
  else
    sio__session_drop(session);
}

static void fail(struct sio_session *session, sio_cause cause, uint64_t seen)
{
  const sio_end end = {SIO_REASON_TRANSPORT_ERROR, cause, NULL, 0, seen};

  sio__session_fail(session, &end, "1");
}

/* The connection of a request has gone: `aborted` is what it means if that
 * was the peer's doing. */
static void fail_lost(struct sio_session *session, sio_cause cause,
                      sio_cause aborted)
{
  bool peer = cause == SIO_CAUSE_PEER_GONE || cause == SIO_CAUSE_WRITE;

  fail(session, peer ? aborted : cause, 0);
}

/* A GET has been answered, or its connection has gone. */
static void on_poll_released(struct sio_request *request, sio_cause cause)
{
  struct sio_session *session = request->owner;

  session->poll = NULL;
  if (cause != SIO_CAUSE_NONE)
    fail_lost(session, cause, SIO_CAUSE_POLL_ABORTED);
}

/* ---- GET ---- */

/* Answer the waiting GET with what is queued. */
static void flush(struct sio_session *session)
{
  struct sio_request *request = session->poll;
  uint32_t count;

  /* What a dying connection took would be lost: the session fails instead.
   * What has doomed a session is in its queue, but its sender was told that it
   * has failed. */
  if (request == NULL || session->queue.count == 0 || session->doomed ||
      !sio__conn_has_room(request->conn, 0))
    return;
  switch (sio__poll_answer_queue(session, request, &count)) {
  case POLL_NOMEM:
    sio__session_doom(session, SIO_CAUSE_NOMEM, 0); /* its packets are lost */
    return;
  case POLL_LEFT:
    return;
  case POLL_ANSWERED:
    break;
  }
  sio__receipts_leave(session->receipts, count);
  while (
      session->transport->polls && session->receipts != NULL &&
      sio__receipts_tell(session->receipts, session, session->receipts->left))
    continue;
  sio__pressure_sent(session);
  if (session->queue.count == 0)
    sio__session_drained(session);
  if (session->state == SESSION_CLOSING)
    session->transport->drain(session);
}

static void on_flush(struct sio__deferred *deferred)
{
  flush(SIO__CONTAINER(deferred, struct sio_session, flush));
}

/* Once the bracket closes: more may come until then. */
static void flush_soon(struct sio_session *session)
{
  if (session->poll != NULL && session->queue.count > 0 &&
      sio__list_is_empty(&session->flush.link))
    sio__engine_defer(session->engine, &session->flush, on_flush);
}

/* Show packets of one character each to the host, and answer with them. */
static void answer_types(struct sio_session *session,
                         struct sio_request *request, const char *types)
{
  for (const char *type = types; *type != '\0'; type++)
    sio__session_note_out(session, type, 1, 0);
  if (!request->answered && sio__conn_is_open(request->conn))
    (void)sio__poll_answer_types(session, request, types); /* or it is lost */
}

void sio__polling_get(struct sio_session *session, struct sio_request *request)
{
  request->kind = REQUEST_POLL;
  if (session->poll != NULL) {
    fail(session, SIO_CAUSE_POLL_OVERLAP, 0);
    (void)sio__request_refuse(request, 400, NULL, empty); /* or it is lost */
    return;
  }
  sio__poll_note(session, request);
  if (session->state == SESSION_CLOSING && session->queue.count == 0) {
    answer_types(session, request, "61");
    sio__session_finish(session);
    return;
  }
  session->poll = request;
  session->connection = request->conn->id;
  request->owner = session;
  request->released = on_poll_released;
  if (session->queue.count > 0)
    flush_soon(session);
  else if (session->candidate != NULL)
    session->candidate->poll(session);
}

void sio__polling_release(struct sio_session *session, const char *packet)
{
  if (session->poll == NULL)
    return;
  sio__session_note_out(session, packet, 1, 0);
  if (session->poll != NULL && sio__conn_is_open(session->poll->conn))
    (void)sio__poll_answer_types(session, session->poll, packet);
}

/* ---- As a transport ---- */

/* See how the queue has taken a packet. */
static bool queued(struct sio_session *session, int added)
{
  const sio_server_options *options = session->engine->options;
  uint64_t max = options->max_output_bytes, seen = session->queue.bytes;
  uint32_t count = session->queue.count;

  /* However short they are, packets take a place each. */
  if (session->queue.count > 1)
    seen += (uint64_t)(session->queue.count - 1) * sizeof(struct sio__queued);
  /* As on a connection: each further piece counts as a block. */
  if (session->queue.pieces > 1)
    seen += (uint64_t)(session->queue.pieces - 1) * SIO__CHUNK_SMALLEST;
  if (added != 0 || seen > max) {
    sio__session_doom(session,
                      added != 0 ? SIO_CAUSE_NOMEM : SIO_CAUSE_OUTPUT_SIZE,
                      added != 0 ? 0 : seen);
    return false;
  }
  if (options->max_output_packets > 0 && count > options->max_output_packets &&
      options->output_policy == SIO_OUTPUT_CUT) {
    sio__session_doom(session, SIO_CAUSE_OUTPUT_PACKETS, count);
    return false;
  }
  flush_soon(session);
  return true;
}

static bool polling_send(struct sio_session *session, const void *packet,
                         size_t len, unsigned flags)
{
  return queued(session, sio__packetq_add(&session->queue, packet, len, flags));
}

static bool polling_send_shared(struct sio_session *session,
                                struct sio__shared *shared)
{
  uint32_t len = shared->chunk->len - SIO__SHARED_HEADROOM;

  return queued(session,
                sio__packetq_push(&session->queue, shared->chunk,
                                  SIO__SHARED_HEADROOM, len, shared->flags));
}

static size_t polling_pending(const struct sio_session *session)
{
  return session->queue.bytes;
}

static bool polling_writable(const struct sio_session *session)
{
  return session->poll != NULL && session->queue.count == 0;
}

static void polling_drain(struct sio_session *session)
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

void sio__polling_leave(struct sio_session *session)
{
  struct sio_request *post = let_go(&session->post);

  if (post != NULL)
    sio__request_abandon(post, SIO_CAUSE_POST_ABORTED);
  sio__polling_release(session, "6");
  sio__list_remove(&session->flush.link);
}

static void polling_close(struct sio_session *session, const char *farewell)
{
  struct sio_request *poll = let_go(&session->poll);
  struct sio_request *post = let_go(&session->post);

  sio__list_remove(&session->flush.link);
  sio__packetq_clear(&session->queue);
  if (post != NULL)
    sio__request_abandon(post, SIO_CAUSE_POST_ABORTED);
  if (poll != NULL)
    answer_types(session, poll, farewell);
}

const struct sio__transport sio__polling_transport = {
    .name = "polling",
    .polls = true,
    .send = polling_send,
    .send_shared = polling_send_shared,
    .pending = polling_pending,
    .writable = polling_writable,
    .drain = polling_drain,
    .close = polling_close,
};

/* ---- POST ---- */

/* A POST whose body is arriving has been answered early, or its connection
 * has gone. */
static void on_post_released(struct sio_request *request, sio_cause cause)
{
  struct sio_session *session = request->owner;

  session->post = NULL;
  if (cause != SIO_CAUSE_NONE)
    fail_lost(session, cause, SIO_CAUSE_POST_ABORTED);
}

bool sio__polling_post(struct sio_session *session, struct sio_request *request,
                       const struct sio__http_head *head)
{
  uint64_t max = session->engine->options->max_payload;
  sio_str type = {NULL, 0};
  bool bytes;

  request->kind = REQUEST_POST;
  (void)sio__http_header(head, "content-type", &type); /* it may be missing */
  bytes = sio_str_is(type, "application/octet-stream");
  if (session->post != NULL || (bytes && session->protocol != 3)) {
    fail(session,
         session->post != NULL ? SIO_CAUSE_POST_OVERLAP
                               : SIO_CAUSE_CONTENT_TYPE,
         0);
    (void)sio__request_refuse(request, 400, NULL, empty); /* or it is lost */
    return false;
  }
  if (head->has_length && head->content_length > max) {
    sio__request_refuse_size(request, head->content_length);
    return false;
  }
  session->post = request;
  session->connection = request->conn->id;
  session->post_bytes = bytes;
  session->post_from_ie = sio__poll_is_from_ie(head);
  request->owner = session;
  request->released = on_post_released;
  return true;
}

static void bad_payload(struct sio_session *session, sio_cause cause)
{
  const sio_end end = {SIO_REASON_PARSE_ERROR, cause, NULL, 0, 0};

  sio__session_fail(session, &end, "1");
}

static void read_payload4(struct sio_session *session, char *data, size_t len)
{
  struct sio__payload_iter iter;
  uint32_t left = session->engine->options->max_payload_packets;
  char *packet;
  size_t packet_len;

  sio__payload_begin(&iter, data, len);
  while (sio__payload_next(&iter, &packet, &packet_len)) {
    if (left-- == 0) {
      bad_payload(session, SIO_CAUSE_PAYLOAD_PACKETS);
      return;
    }
    if (!sio__session_text(session, packet, packet_len))
      return;
  }
}

static void read_payload3(struct sio_session *session, char *data, size_t len)
{
  struct sio__payload3_iter iter;
  uint32_t left = session->engine->options->max_payload_packets;
  enum sio__payload3_item item;
  char *packet;
  size_t packet_len;
  bool more = true;

  sio__payload3_begin(&iter, data, len, session->post_bytes);
  while (more && (item = sio__payload3_next(&iter, &packet, &packet_len)) !=
                     PAYLOAD3_END) {
    if (item == PAYLOAD3_BAD || left-- == 0) {
      bad_payload(session, item == PAYLOAD3_BAD ? SIO_CAUSE_ENGINE_PACKET
                                                : SIO_CAUSE_PAYLOAD_PACKETS);
      return;
    }
    more = item == PAYLOAD3_TEXT
               ? sio__session_text(session, packet, packet_len)
               : sio__session_typed(session, (uint8_t *)packet, packet_len);
  }
}

static void read_payload(struct sio_session *session, char *data, size_t len)
{
  sio_str form;

  if (session->jsonp) {
    if (!sio__jsonp_read(data, len, &form))
      return; /* old clients post empty forms */
    session->post_bytes = false;
    data = (char *)(uintptr_t)form.data; /* it lies in `data` */
    len = form.len;
  }
  if (!session->post_bytes && !sio__utf8_is_valid((const uint8_t *)data, len))
    bad_payload(session, SIO_CAUSE_TEXT);
  else if (session->protocol == 3)
    read_payload3(session, data, len);
  else
    read_payload4(session, data, len);
}

/* Whether the session has ended over what was posted. */
static bool has_failed(const struct sio_session *session)
{
  return session->state == SESSION_CLOSED &&
         (session->reason == SIO_REASON_PARSE_ERROR ||
          session->reason == SIO_REASON_TRANSPORT_ERROR);
}

void sio__polling_post_done(struct sio_request *request)
{
  struct sio_session *session = request->owner;
  sio_span body = sio__request_body(request);

  sio__request_forget_input(request); /* the host may keep the request */
  if (request->released == NULL)
    return; /* the session has gone meanwhile */
  (void)let_go(&session->post);
  /* Bytes that were fed may be changed in place. */
  read_payload(session, (char *)(uintptr_t)body.data, body.len);
  if (has_failed(session))
    (void)sio__request_answer(request, 400, NULL, empty); /* or it is lost */
  else
    sio__poll_answer_post(session, request);
}
