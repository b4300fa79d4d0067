/* SPDX-License-Identifier: MIT */
/*
 * Messages out of a client's stream of frames.
 *
 *   header --whole payload in the input--> end of frame (nothing copied)
 *     |                                        |
 *     +--payload incomplete--> collect --------+--> an event, or, after a
 *                                                   fragment, the next header
 *
 * A compressed message is inflated at its end, from wherever it lies.
 *
 * An idle reader has no `partial`.  A partial in which nothing is in progress
 * only keeps what the last event showed; the next read releases it.
 */
#include "ws/message.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "ws/closing.h"
#include "ws/deflate.h"

enum {
  CONTROL_MAX = 125,
  RSV1 = 4, /* "compressed", in the first frame of a message */
};

struct sio__ws_partial {
  struct sio__buf message;     /* payload of the fragments so far, unmasked */
  struct sio__buf inflated;    /* what a compressed message has become */
  struct sio__ws_header frame; /* if `in_frame` */
  uint64_t frame_got;          /* bytes of its payload that have arrived */
  uint64_t announced;          /* bytes of the message, by its headers */
  uint32_t fragments;          /* headers of the message so far */
  uint8_t opcode;              /* of the message; 0: there is none */
  bool is_compressed;          /* the message is */
  bool in_frame;               /* a payload is arriving */
  uint8_t header_len;          /* of an incomplete header */
  uint8_t header[SIO__WS_HEADER_MAX];
  uint8_t control[CONTROL_MAX]; /* payload of an incomplete control frame */
};

enum failure {
  NO_FAILURE,
  BAD_RESERVED,
  BAD_OPCODE,
  BAD_MASK,
  BAD_CONTROL,
  BAD_CONTINUATION,
  BAD_START,
  BAD_LENGTH,
  BAD_CLOSE,
  BAD_TEXT,
  BAD_REASON,
  BAD_DEFLATE,
  TOO_LARGE,
  TOO_MANY,
  NO_MEMORY,
};

static const struct {
  uint16_t code;
  sio_cause cause;
  const char *detail;
} failures[] = {
    [BAD_RESERVED] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME,
                      "a reserved bit is set"},
    [BAD_OPCODE] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME, "a reserved opcode"},
    [BAD_MASK] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME, "the mask is missing"},
    [BAD_CONTROL] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME,
                     "a fragmented or too long control frame"},
    [BAD_CONTINUATION] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME,
                          "a continuation of nothing"},
    [BAD_START] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME,
                   "a new message inside a fragmented one"},
    [BAD_LENGTH] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME,
                    "a length of more than 63 bits"},
    [BAD_CLOSE] = {WS_CODE_PROTOCOL, SIO_CAUSE_FRAME, "an invalid close code"},
    [BAD_TEXT] = {WS_CODE_TEXT, SIO_CAUSE_TEXT, "invalid UTF-8 in a message"},
    [BAD_REASON] = {WS_CODE_TEXT, SIO_CAUSE_TEXT,
                    "invalid UTF-8 in a close reason"},
    [BAD_DEFLATE] = {WS_CODE_TEXT, SIO_CAUSE_FRAME,
                     "undecodable compressed data"},
    [TOO_LARGE] = {WS_CODE_SIZE, SIO_CAUSE_MESSAGE_SIZE,
                   "the message is too large"},
    [TOO_MANY] = {WS_CODE_POLICY, SIO_CAUSE_FRAGMENTS, "too many fragments"},
    [NO_MEMORY] = {WS_CODE_INTERNAL, SIO_CAUSE_NOMEM, "out of memory"},
};

static bool is_control(uint8_t opcode)
{
  return opcode >= WS_OP_CLOSE;
}

static bool is_in_progress(const struct sio__ws_partial *p)
{
  return p->in_frame || p->header_len > 0 || p->opcode != 0;
}

static void release(struct sio__ws_reader *reader)
{
  if (reader->partial == NULL)
    return;
  sio__buf_dispose(&reader->partial->message);
  sio__buf_dispose(&reader->partial->inflated);
  sio__mem_free(reader->mem, reader->partial, sizeof *reader->partial);
  reader->partial = NULL;
}

/* The partial, made if there is none; NULL: no memory. */
static struct sio__ws_partial *need_partial(struct sio__ws_reader *reader)
{
  struct sio__ws_partial *p = reader->partial;

  if (p != NULL)
    return p;
  p = sio__mem_zalloc(reader->mem, sizeof *p);
  if (p != NULL) {
    sio__buf_init(&p->message, reader->mem, 0);
    sio__buf_init(&p->inflated, reader->mem, 0);
  }
  reader->partial = p;
  return p;
}

/* Returns false: there is an event. */
static bool tell(struct sio__ws_event *event, enum sio__ws_event_type type,
                 uint8_t *data, size_t len)
{
  event->type = type;
  event->data = data;
  event->len = len;
  return false;
}

static bool tell_failure(const struct sio__ws_reader *reader,
                         struct sio__ws_event *event)
{
  event->type = WS_ERROR;
  event->code = failures[reader->failure].code;
  event->cause = failures[reader->failure].cause;
  event->detail = failures[reader->failure].detail;
  event->seen = reader->seen;
  return false;
}

static bool fail(struct sio__ws_reader *reader, enum failure failure,
                 struct sio__ws_event *event)
{
  reader->failure = (uint8_t)failure;
  release(reader);
  return tell_failure(reader, event);
}

/* What is wrong with a data frame, seen from its header. */
static enum failure check_data(struct sio__ws_reader *reader,
                               const struct sio__ws_header *h)
{
  const struct sio__ws_partial *p = reader->partial;
  bool inside = p != NULL && p->opcode != 0;
  uint64_t announced = inside ? p->announced : 0;
  uint32_t fragments = inside ? p->fragments : 0;

  if (h->opcode == WS_OP_CONTINUATION && !inside)
    return BAD_CONTINUATION;
  if (h->opcode != WS_OP_CONTINUATION && inside)
    return BAD_START;
  if (h->len >> 63 != 0)
    return BAD_LENGTH;
  if (h->len > reader->limits->max_message - announced) {
    reader->seen = announced + h->len;
    return TOO_LARGE;
  }
  if (fragments >= reader->limits->max_fragments) {
    reader->seen = (uint64_t)fragments + 1;
    return TOO_MANY;
  }
  return NO_FAILURE;
}

/* Whether the reserved bits mean something: RFC 7692 section 6. */
static bool rsv_is_known(const struct sio__ws_reader *reader,
                         const struct sio__ws_header *h)
{
  if (h->rsv == 0)
    return true;
  return h->rsv == RSV1 && reader->deflate != NULL &&
         (h->opcode == WS_OP_TEXT || h->opcode == WS_OP_BINARY);
}

static enum failure check(struct sio__ws_reader *reader,
                          const struct sio__ws_header *h)
{
  if (!rsv_is_known(reader, h))
    return BAD_RESERVED;
  if ((h->opcode > WS_OP_BINARY && h->opcode < WS_OP_CLOSE) ||
      h->opcode > WS_OP_PONG)
    return BAD_OPCODE;
  if (!h->masked)
    return BAD_MASK;
  if (!is_control(h->opcode))
    return check_data(reader, h);
  return h->fin && h->len <= CONTROL_MAX ? NO_FAILURE : BAD_CONTROL;
}

/* The largest message that fits into memory. */
static size_t largest(const struct sio__ws_reader *reader)
{
  uint64_t max = reader->limits->max_message;

  return max < SIZE_MAX ? (size_t)max : SIZE_MAX;
}

/* The message goes on with one more frame, `h`, or begins with it.  False: it
 * does not fit into the address space. */
static bool begin_fragment(const struct sio__ws_reader *reader,
                           const struct sio__ws_header *h)
{
  struct sio__ws_partial *p = reader->partial;

  if (h->len > SIZE_MAX - p->message.len)
    return false;
  if (p->opcode == 0) {
    p->opcode = h->opcode;
    p->is_compressed = h->rsv != 0;
  }
  p->announced += h->len;
  p->fragments++;
  /* The last fragment tells how long the message is: no byte more.  Before
   * it the buffer doubles, or many small fragments would take square time. */
  if (h->fin)
    p->message.max = p->message.len + (size_t)h->len;
  else
    p->message.max = largest(reader);
  return true;
}

static bool end_close(struct sio__ws_reader *reader, uint8_t *data, size_t len,
                      struct sio__ws_event *event)
{
  if (len == 0)
    return tell(event, WS_CLOSE, data, 0);
  if (len > 1)
    event->code = (uint16_t)(data[0] << 8 | data[1]);
  if (!sio__ws_code_is_valid(event->code)) /* nor is half a code */
    return fail(reader, BAD_CLOSE, event);
  if (!sio__utf8_is_valid(data + 2, len - 2))
    return fail(reader, BAD_REASON, event);
  return tell(event, WS_CLOSE, data + 2, len - 2);
}

static bool end_message(struct sio__ws_reader *reader, uint8_t opcode,
                        uint8_t *data, size_t len, struct sio__ws_event *event)
{
  if (opcode == WS_OP_BINARY)
    return tell(event, WS_BINARY, data, len);
  if (!sio__utf8_is_valid(data, len))
    return fail(reader, BAD_TEXT, event);
  return tell(event, WS_TEXT, data, len);
}

static enum failure inflate_message(struct sio__ws_reader *reader,
                                    const uint8_t *data, size_t len)
{
  struct sio__ws_partial *p = need_partial(reader);

  if (p == NULL)
    return NO_MEMORY;
  p->inflated.max = largest(reader);
  switch (sio__ws_inflate_message(reader->deflate, data, len, p->inflated.max,
                                  &p->inflated)) {
  case 0:
    return NO_FAILURE;
  case SIO_ERR_NOMEM:
    return NO_MEMORY;
  case SIO_ERR_LIMIT: /* by how much, nobody has counted */
    reader->seen = reader->limits->max_message + 1;
    return TOO_LARGE;
  default:
    return BAD_DEFLATE;
  }
}

static bool end_compressed(struct sio__ws_reader *reader, uint8_t opcode,
                           const uint8_t *data, size_t len,
                           struct sio__ws_event *event)
{
  enum failure failure = inflate_message(reader, data, len);
  struct sio__ws_partial *p = reader->partial;

  if (failure != NO_FAILURE)
    return fail(reader, failure, event);
  sio__buf_dispose(&p->message);
  return end_message(reader, opcode, p->inflated.data, p->inflated.len, event);
}

static bool end_control(struct sio__ws_reader *reader, uint8_t opcode,
                        uint8_t *data, size_t len, struct sio__ws_event *event)
{
  if (opcode == WS_OP_CLOSE)
    return end_close(reader, data, len, event);
  return tell(event, opcode == WS_OP_PING ? WS_PING : WS_PONG, data, len);
}

/* The fragment is all there.  True: the message goes on. */
static bool end_fragment(struct sio__ws_reader *reader, bool fin,
                         struct sio__ws_event *event)
{
  struct sio__ws_partial *p = reader->partial;
  uint8_t opcode = p->opcode;

  if (!fin)
    return true;
  p->opcode = 0;
  if (p->is_compressed)
    return end_compressed(reader, opcode, p->message.data, p->message.len,
                          event);
  return end_message(reader, opcode, p->message.data, p->message.len, event);
}

/* A payload that lies whole in the input. */
static bool take_whole(struct sio__ws_reader *reader,
                       const struct sio__ws_header *h, uint8_t *data,
                       struct sio__ws_event *event)
{
  size_t len = (size_t)h->len;
  struct sio__ws_partial *p;

  sio__ws_unmask(data, len, h->mask, 0);
  if (is_control(h->opcode))
    return end_control(reader, h->opcode, data, len, event);
  if (h->fin && h->rsv != 0)
    return end_compressed(reader, h->opcode, data, len, event);
  if (h->fin && h->opcode != WS_OP_CONTINUATION)
    return end_message(reader, h->opcode, data, len, event);

  p = need_partial(reader);
  if (p == NULL || !begin_fragment(reader, h))
    return fail(reader, NO_MEMORY, event);
  sio__buf_append(&p->message, data, len);
  if (p->message.error != 0)
    return fail(reader, NO_MEMORY, event);
  return end_fragment(reader, h->fin, event);
}

/* More of a payload that did not lie whole in the input. */
static bool collect(struct sio__ws_reader *reader, uint8_t *data, size_t len,
                    size_t *at, struct sio__ws_event *event)
{
  struct sio__ws_partial *p = reader->partial;
  const struct sio__ws_header *h = &p->frame;
  uint64_t missing = h->len - p->frame_got;
  size_t n = len - *at < missing ? len - *at : (size_t)missing;

  if (n == 0)
    return false;
  data += *at;
  sio__ws_unmask(data, n, h->mask, p->frame_got);
  if (is_control(h->opcode))
    memcpy(p->control + p->frame_got, data, n);
  else
    sio__buf_append(&p->message, data, n);
  if (p->message.error != 0)
    return fail(reader, NO_MEMORY, event);
  *at += n;
  p->frame_got += n;
  if (p->frame_got < h->len)
    return false;
  p->in_frame = false;
  if (is_control(h->opcode))
    return end_control(reader, h->opcode, p->control, (size_t)h->len, event);
  return end_fragment(reader, h->fin, event);
}

static bool begin_collecting(struct sio__ws_reader *reader,
                             const struct sio__ws_header *h)
{
  struct sio__ws_partial *p = need_partial(reader);

  if (p == NULL || (!is_control(h->opcode) && !begin_fragment(reader, h)))
    return false;
  p->frame = *h;
  p->frame_got = 0;
  p->in_frame = true;
  return true;
}

/* Read a header, the beginning of which an earlier input may have brought.
 * False: it is not complete, or an error. */
static bool take_header(struct sio__ws_reader *reader, const uint8_t *data,
                        size_t len, size_t *at, struct sio__ws_header *h,
                        struct sio__ws_event *event)
{
  struct sio__ws_partial *p = reader->partial;
  size_t kept = p != NULL ? p->header_len : 0;
  size_t rest = len - *at;
  enum failure failure;

  if (kept > 0 || !sio__ws_header_read(data + *at, rest, h)) {
    size_t n =
        SIO__WS_HEADER_MAX - kept < rest ? SIO__WS_HEADER_MAX - kept : rest;

    if (n == 0)
      return false;
    p = need_partial(reader);
    if (p == NULL)
      return fail(reader, NO_MEMORY, event);
    memcpy(p->header + kept, data + *at, n);
    if (!sio__ws_header_read(p->header, kept + n, h)) {
      p->header_len = (uint8_t)(kept + n);
      *at = len;
      return false;
    }
    p->header_len = 0;
  }
  *at += h->size - kept;
  failure = check(reader, h);
  return failure == NO_FAILURE ? true : fail(reader, failure, event);
}

/* Go on by one frame.  False: there is an event, or no more input. */
static bool step(struct sio__ws_reader *reader, uint8_t *data, size_t len,
                 size_t *at, struct sio__ws_event *event)
{
  struct sio__ws_header h;

  if (reader->partial != NULL && reader->partial->in_frame)
    return collect(reader, data, len, at, event);
  if (!take_header(reader, data, len, at, &h, event))
    return false;
  if (h.len <= len - *at) {
    uint8_t *payload = data + *at;

    *at += (size_t)h.len;
    return take_whole(reader, &h, payload, event);
  }
  if (!begin_collecting(reader, &h))
    return fail(reader, NO_MEMORY, event);
  return collect(reader, data, len, at, event);
}

void sio__ws_reader_init(struct sio__ws_reader *reader,
                         const sio_allocator *mem,
                         const struct sio__ws_limits *limits)
{
  *reader = (struct sio__ws_reader){.mem = mem, .limits = limits};
}

void sio__ws_reader_dispose(struct sio__ws_reader *reader)
{
  release(reader);
}

void sio__ws_reader_inflate(struct sio__ws_reader *reader,
                            struct sio__ws_deflate *deflate)
{
  reader->deflate = deflate;
}

void sio__ws_read(struct sio__ws_reader *reader, uint8_t *data, size_t len,
                  size_t *used, struct sio__ws_event *event)
{
  *used = 0;
  *event = (struct sio__ws_event){.type = WS_MORE};
  if (reader->failure != NO_FAILURE) {
    tell_failure(reader, event);
    return;
  }
  if (reader->partial != NULL && !is_in_progress(reader->partial))
    release(reader); /* the last event is no longer looked at */
  if (len == 0)
    return;
  while (step(reader, data, len, used, event))
    continue;
}
