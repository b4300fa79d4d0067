/* SPDX-License-Identifier: MIT */
/* The answers to polls. */
#include "eio/poll_answer.h"

#include "base/base64.h"
#include "eio/jsonp.h"
#include "eio/payload.h"
#include "eio/payload3.h"
#include "eio/spare.h"

#define TEXT_TYPE  "text/plain; charset=UTF-8"
#define BYTES_TYPE "application/octet-stream"

/* What an entry of a payload of protocol 3 has at most besides its packet:
 * the kind, ten digits, and what ends them; and one byte for the type. */
enum { ENTRY_EXTRA = 13 };

/* A payload on its way out. */
struct answer {
  struct sio_session *session;
  struct sio_request *request;
  sio_span body;
  bool bytes;        /* it is no text */
  bool compressible; /* compressing it may pay */
};

/* ---- What the head of a request tells ---- */

static bool contains(sio_str text, const char *what)
{
  size_t len = strlen(what);

  for (size_t at = 0; at + len <= text.len; at++)
    if (memcmp(text.data + at, what, len) == 0)
      return true;
  return false;
}

bool sio__poll_is_from_ie(const struct sio__http_head *head)
{
  sio_str agent;

  return sio__http_header(head, "user-agent", &agent) &&
         (contains(agent, ";MSIE") || contains(agent, "Trident/"));
}

void sio__poll_note(struct sio_session *session,
                    const struct sio_request *request)
{
  const sio_server_options *options = session->engine->options;

  session->poll_from_ie = sio__poll_is_from_ie(&request->head);
  session->poll_coding =
      options->no_http_compression != 0
          ? CODING_IDENTITY
          : (uint8_t)sio__coding_choose(&request->head,
                                        CODING_GZIP | CODING_DEFLATE);
}

/* ---- The response ---- */

/* Let the host's hook see the fields.  False: it has ended the request. */
static bool ask_host(struct sio_request *request)
{
  bool goes_on;

  request->refs++; /* it must not go while we look at it */
  sio__request_hook(request);
  goes_on = !request->answered && request->conn != NULL &&
            sio__conn_is_open(request->conn);
  if (request->refs > 1)
    request->refs--;
  else
    sio_request_release(request);
  return goes_on;
}

/* The fields of an answer.  False: as ask_host(). */
static bool put_fields(struct sio_session *session, struct sio_request *request,
                       const char *type, enum sio__coding coding, bool from_ie)
{
  struct sio_headers *fields = sio__request_fields(request, type);
  const sio_cookie_options *cookie = session->engine->cookie;
  sio_str id = {session->id, session->id_len};

  if (coding != CODING_IDENTITY)
    sio__fields_add(fields, sio_s("Content-Encoding"),
                    sio_s(sio__coding_name(coding)));
  sio__fields_set(fields, sio_s("cache-control"), sio_s("no-store"));
  if (from_ie)
    sio__fields_add(fields, sio_s("X-XSS-Protection"), sio_s("0"));
  if (request->initial && cookie != NULL)
    sio__cookie_add(fields, cookie, id);
  return ask_host(request);
}

static enum sio__poll_outcome no_memory(struct sio_request *request)
{
  sio__request_abandon(request, SIO_CAUSE_NOMEM);
  return POLL_NOMEM;
}

/* How the answer is to be compressed. */
static enum sio__coding coding_of(const struct answer *answer)
{
  const struct sio_session *session = answer->session;

  if (!answer->compressible ||
      answer->body.len < session->engine->options->http_compression_threshold)
    return CODING_IDENTITY;
  return (enum sio__coding)session->poll_coding;
}

static enum sio__poll_outcome put(const struct answer *answer,
                                  enum sio__coding coding)
{
  struct sio_session *session = answer->session;
  struct sio_request *request = answer->request;

  if (!put_fields(session, request, answer->bytes ? BYTES_TYPE : TEXT_TYPE,
                  coding, session->poll_from_ie))
    return POLL_LEFT;
  return sio__request_answer_fields(request, 200, answer->body) == 0
             ? POLL_ANSWERED
             : POLL_NOMEM;
}

static enum sio__poll_outcome put_compressed(const struct answer *answer)
{
  struct sio__engine *engine = answer->session->engine;
  enum sio__coding coding = coding_of(answer);
  enum sio__poll_outcome outcome;
  struct answer smaller = *answer;
  struct sio__buf buf;

  if (coding == CODING_IDENTITY)
    return put(answer, coding);
  buf = sio__spare_take(engine);
  if (sio__compress(engine->compressor, coding, answer->body, &buf) != 0) {
    outcome = no_memory(answer->request);
  } else {
    smaller.body.data = buf.data;
    smaller.body.len = buf.len;
    outcome = put(&smaller, coding);
  }
  sio__spare_give(engine, &buf);
  return outcome;
}

/* Answer with a payload that was put together in `payload`, which is given
 * back. */
static enum sio__poll_outcome put_payload(struct answer *answer,
                                          struct sio__buf *payload)
{
  struct sio_session *session = answer->session;
  struct sio__engine *engine = session->engine;
  enum sio__poll_outcome outcome;
  sio_str text = {(const char *)payload->data, payload->len};
  struct sio__buf script;

  sio__buf_init(&script, engine->mem, SIZE_MAX);
  answer->body.data = payload->data;
  answer->body.len = payload->len;
  if (session->jsonp) {
    sio__jsonp_write(session->jsonp_index, text, &script);
    answer->body.data = script.data;
    answer->body.len = script.len;
  }
  outcome = payload->error != 0 || script.error != 0
                ? no_memory(answer->request)
                : put_compressed(answer);
  sio__buf_dispose(&script);
  sio__spare_give(engine, payload);
  return outcome;
}

/* ---- Packets that are made here ---- */

/* Append a text packet to a payload. */
static void add_text(const struct sio_session *session, sio_str packet,
                     struct sio__buf *payload)
{
  if (session->protocol == 3) {
    sio__payload3_write_text(packet, payload);
    return;
  }
  if (payload->len > 0)
    sio__buf_byte(payload, SIO__PAYLOAD_SEPARATOR);
  sio__buf_append(payload, packet.data, packet.len);
}

/* As a packet of protocol 4; it is text in protocol 3. */
static void write_initial(const sio_message *initial, struct sio__buf *packet)
{
  sio_span data = initial->data;
  size_t size = sio__base64_size(data.len);
  uint8_t *room;

  sio__buf_byte(packet, initial->binary ? 'b' : '4');
  if (!initial->binary) {
    sio__buf_append(packet, data.data, data.len);
    return;
  }
  room = sio__buf_reserve(packet, size);
  if (room == NULL)
    return;
  sio__base64_encode(data.data, data.len, (char *)room);
  sio__buf_commit(packet, size);
}

enum sio__poll_outcome sio__poll_answer_open(struct sio_session *session,
                                             struct sio_request *request)
{
  struct sio__engine *engine = session->engine;
  struct answer answer = {session, request, {NULL, 0}, false, true};
  struct sio__buf payload = sio__spare_take(engine), packet;
  sio_str text;

  sio__buf_init(&packet, engine->mem, SIZE_MAX);
  sio__session_write_open(session, false, &packet);
  text.data = (const char *)packet.data;
  text.len = packet.len;
  add_text(session, text, &payload);
  if (engine->initial.data.data != NULL) {
    sio__buf_reset(&packet, SIZE_MAX);
    write_initial(&engine->initial, &packet);
    text.data = (const char *)packet.data;
    text.len = packet.len;
    add_text(session, text, &payload);
  }
  if (packet.error != 0 && payload.error == 0)
    payload.error = packet.error;
  sio__buf_dispose(&packet);
  return put_payload(&answer, &payload);
}

enum sio__poll_outcome sio__poll_answer_types(struct sio_session *session,
                                              struct sio_request *request,
                                              const char *types)
{
  struct answer answer = {session, request, {NULL, 0}, false, false};
  struct sio__buf payload = sio__spare_take(session->engine);

  for (; *types != '\0'; types++) {
    sio_str packet = {types, 1};

    add_text(session, packet, &payload);
  }
  return put_payload(&answer, &payload);
}

/* ---- Packets that were queued ---- */

/* Whether one of the packets may be compressed. */
static bool is_compressible(const struct sio__packetq *q, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    if ((q->items[i].flags & SIO_SEND_UNCOMPRESSED) == 0)
      return true;
  return false;
}

/* Protocol 4 as it is: the packets go to the connection without a copy of
 * them all. */
static enum sio__poll_outcome put_queued(const struct answer *answer,
                                         uint32_t count)
{
  struct sio_session *session = answer->session;
  struct sio_request *request = answer->request;
  struct sio__packetq *queue = &session->queue;
  struct sio__outq *out;
  bool ok;

  if (!put_fields(session, request, TEXT_TYPE, CODING_IDENTITY,
                  session->poll_from_ie))
    return POLL_LEFT;
  out = sio__request_begin(request, 200, answer->body.len);
  ok = out != NULL && sio__payload_write(queue, count, out) == 0;
  sio__packetq_drop(queue, count);
  sio__request_done(request, ok);
  return ok ? POLL_ANSWERED : POLL_NOMEM;
}

/* Any other: the payload is put together first. */
static enum sio__poll_outcome collect(struct answer *answer, uint32_t count)
{
  struct sio_session *session = answer->session;
  struct sio__packetq *queue = &session->queue;
  struct sio__buf payload = sio__spare_take(session->engine);
  enum sio__poll_outcome outcome;
  bool as_text = session->base64 || session->jsonp ||
                 !sio__payload3_is_binary(queue, count);

  if (session->protocol == 3) {
    sio__payload3_write(queue, count, as_text, &payload);
    answer->bytes = !as_text;
  } else {
    sio__payload_collect(queue, count, &payload);
  }
  outcome = put_payload(answer, &payload);
  if (outcome != POLL_LEFT)
    sio__packetq_drop(queue, count);
  return outcome;
}

enum sio__poll_outcome sio__poll_answer_queue(struct sio_session *session,
                                              struct sio_request *request,
                                              uint32_t *count)
{
  struct sio__packetq *queue = &session->queue;
  uint64_t max = session->engine->options->max_poll_bytes;
  bool old = session->protocol == 3;
  struct answer answer = {
      session, request, {NULL, queue->encoded}, false, false};

  *count = queue->count;
  if (max > 0)
    *count =
        sio__packetq_fit(queue, max, old ? ENTRY_EXTRA : 0, &answer.body.len);
  answer.compressible =
      session->poll_coding != CODING_IDENTITY && is_compressible(queue, *count);
  if (!old && coding_of(&answer) == CODING_IDENTITY)
    return put_queued(&answer, *count);
  return collect(&answer, *count);
}

void sio__poll_answer_post(struct sio_session *session,
                           struct sio_request *request)
{
  if (put_fields(session, request, "text/html", CODING_IDENTITY,
                 session->post_from_ie))
    (void)sio__request_answer_fields(request, 200, sio__text_span("ok"));
}
