/* SPDX-License-Identifier: MIT */
/*
 * Requests out of a stream of bytes, by llhttp.
 *
 *   IDLE --first byte--> HEAD --empty line--> BODY --last byte--> IDLE
 *                         |                    |  \--not kept alive--> CLOSED
 *                         +-----any error------+-----> FAILED
 *
 * Every callback that has something to tell pauses llhttp, so one call of
 * sio__http_parse() gives one event.  llhttp 8 is by default built in a loose
 * mode that no run-time flag turns off: it takes a bare LF for the end of a
 * line and does not look at the two bytes behind a chunk.  So the bytes that
 * are not body (request line, fields, chunk sizes, trailers) are looked at
 * once more here, see scan_framing().
 */
#include "http/parse.h"

#include "base/mem.h"

/* llhttp has a method by the name of an event. */
#define HTTP_HEAD LLHTTP_METHOD_HEAD
#include <llhttp.h>
#undef HTTP_HEAD

enum {
  FIRST_TEXT = 512,
  FIRST_FIELDS = 16,
  MAX_EXTENSION_BYTES = 1024 /* of all chunks of one request */
};

enum state { IDLE, HEAD, BODY, CLOSED, FAILED };

/* Where in a head the next piece of text belongs. */
enum place { AT_TARGET, AT_NAME, AT_VALUE };

/* Where in a line the next byte of framing is. */
enum line { LINE_START, LINE_INSIDE, LINE_CR, LINE_DATA };

struct sio__http_parser {
  llhttp_t llhttp; /* its `data` is this struct */
  const sio_allocator *mem;
  const struct sio__http_limits *limits;
  char *text; /* target, names, values; kept from request to request */
  struct sio__http_field *fields; /* kept as well */
  size_t text_cap;
  size_t fields_cap;
  struct sio__http_head head;
  struct sio__http_error error; /* status 0: none yet */
  sio_span piece;               /* of the body, for HTTP_BODY */
  size_t run;        /* bytes of framing since the last byte of a body */
  size_t extensions; /* bytes of chunk extensions in this request */
  enum sio__http_event event;
  enum state state;
  enum place place;
  enum line line;
};

/* Token characters (RFC 9110 section 5.6.2) in lower case; 0: not one. */
static const char token_lower[256] = {
    ['!'] = '!',   ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&',
    ['\''] = '\'', ['*'] = '*', ['+'] = '+', ['-'] = '-', ['.'] = '.',
    ['^'] = '^',   ['_'] = '_', ['`'] = '`', ['|'] = '|', ['~'] = '~',
    ['0'] = '0',   ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
    ['5'] = '5',   ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
    ['A'] = 'a',   ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
    ['F'] = 'f',   ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
    ['K'] = 'k',   ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o',
    ['P'] = 'p',   ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't',
    ['U'] = 'u',   ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
    ['Z'] = 'z',   ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd',
    ['e'] = 'e',   ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
    ['j'] = 'j',   ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n',
    ['o'] = 'o',   ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's',
    ['t'] = 't',   ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
    ['y'] = 'y',   ['z'] = 'z',
};

/* Remember why; returns what stops llhttp. */
static int refuse(struct sio__http_parser *p, int status, sio_cause cause,
                  const char *detail)
{
  p->error.status = status;
  p->error.cause = cause;
  p->error.detail = detail;
  return HPE_USER;
}

static int malformed(struct sio__http_parser *p, const char *detail)
{
  return refuse(p, 400, SIO_CAUSE_HTTP, detail);
}

static int too_large(struct sio__http_parser *p)
{
  return refuse(p, 431, SIO_CAUSE_HEADER_SIZE, "the head is too large");
}

static int no_memory(struct sio__http_parser *p)
{
  return refuse(p, 503, SIO_CAUSE_NOMEM, "out of memory");
}

static size_t next_cap(size_t cap, size_t first, size_t need, size_t max)
{
  if (cap == 0)
    cap = first;
  while (cap < need)
    cap *= 2;
  return cap < max ? cap : max;
}

/* Append to the text of the head: 0, or what stops llhttp. */
static int keep_text(struct sio__http_parser *p, const char *at, size_t len)
{
  size_t max = p->limits->max_header_bytes;
  size_t need = p->head.text_len + len;

  if (need > max)
    return too_large(p);
  if (need > p->text_cap) {
    size_t cap = next_cap(p->text_cap, FIRST_TEXT, need, max);
    char *text = sio__mem_resize(p->mem, p->text, p->text_cap, cap);

    if (text == NULL)
      return no_memory(p);
    p->text = text;
    p->text_cap = cap;
  }
  memcpy(p->text + p->head.text_len, at, len);
  p->head.text_len = (uint16_t)need;
  return 0;
}

static int on_message_begin(llhttp_t *llhttp)
{
  struct sio__http_parser *p = llhttp->data;

  p->head = (struct sio__http_head){0};
  p->extensions = 0;
  p->state = HEAD;
  p->place = AT_TARGET;
  return 0;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t len)
{
  struct sio__http_parser *p = llhttp->data;
  int rv = keep_text(p, at, len);

  p->head.target_len = p->head.text_len;
  return rv;
}

/* Values keep no blanks at their end. */
static void end_field(struct sio__http_parser *p)
{
  struct sio__http_field *f;

  if (p->head.n_fields == 0)
    return;
  f = &p->fields[p->head.n_fields - 1];
  f->value_len = (uint16_t)(p->head.text_len - f->value);
  while (f->value_len > 0) {
    char last = p->text[f->value + f->value_len - 1];

    if (last != ' ' && last != '\t')
      break;
    f->value_len--;
  }
}

static int begin_field(struct sio__http_parser *p)
{
  size_t n = p->head.n_fields;

  end_field(p);
  if (n == p->limits->max_headers)
    return refuse(p, 431, SIO_CAUSE_HEADER_COUNT, "too many header fields");
  if (n == p->fields_cap) {
    size_t cap = next_cap(n, FIRST_FIELDS, n + 1, p->limits->max_headers);
    void *fields = sio__mem_resize(p->mem, p->fields, n * sizeof *p->fields,
                                   cap * sizeof *p->fields);

    if (fields == NULL)
      return no_memory(p);
    p->fields = fields;
    p->fields_cap = cap;
  }
  p->fields[n] = (struct sio__http_field){.name = p->head.text_len};
  p->head.n_fields++;
  p->place = AT_NAME;
  return 0;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
  struct sio__http_parser *p = llhttp->data;
  size_t start;
  int rv = 0;

  if (p->state == BODY) /* trailers are of no use to anybody here */
    return 0;
  if (p->place != AT_NAME)
    rv = begin_field(p);
  start = p->head.text_len;
  if (rv == 0)
    rv = keep_text(p, at, len);
  if (rv != 0)
    return rv;
  for (size_t i = start; i < p->head.text_len; i++) {
    p->text[i] = token_lower[(uint8_t)p->text[i]];
    if (p->text[i] == 0)
      return malformed(p, "a character that is not allowed in a header name");
  }
  return 0;
}

static int on_header_field_complete(llhttp_t *llhttp)
{
  struct sio__http_parser *p = llhttp->data;
  struct sio__http_field *f;

  if (p->state == BODY)
    return 0;
  if (p->place != AT_NAME)
    return malformed(p, "a header without a name");
  f = &p->fields[p->head.n_fields - 1];
  f->name_len = (uint16_t)(p->head.text_len - f->name);
  f->value = p->head.text_len;
  p->place = AT_VALUE;
  return f->name_len > 0 ? 0 : malformed(p, "a header without a name");
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t len)
{
  struct sio__http_parser *p = llhttp->data;

  return p->state == BODY ? 0 : keep_text(p, at, len);
}

/* Origin form, absolute form or "*" (RFC 9112 section 3.2). */
static bool target_is_valid(const char *target, size_t len)
{
  size_t scheme = 0;

  for (size_t i = 0; i < len; i++) {
    uint8_t c = (uint8_t)target[i];

    if (c <= ' ' || c == 0x7f)
      return false;
  }
  if (len == 0 || target[0] == '/')
    return len > 0;
  if (target[0] == '*')
    return len == 1;
  while (scheme < len && target[scheme] != ':')
    scheme++;
  return scheme > 0 && len - scheme > 3 &&
         memcmp(target + scheme, "://", 3) == 0;
}

/* Every request has one Host, but for those of HTTP/1.0, which may have none;
 * it may be empty (RFC 9112 section 3.2). */
static int check_host(struct sio__http_parser *p, size_t hosts, sio_str value)
{
  if (hosts == 0)
    return p->head.minor == 0 ? 0 : malformed(p, "no Host header");
  if (hosts > 1)
    return malformed(p, "more than one Host header");
  for (size_t i = 0; i < value.len; i++) {
    uint8_t c = (uint8_t)value.data[i];

    if (c <= ' ' || c == 0x7f || strchr(",/?#@\\", c) != NULL)
      return malformed(p, "a malformed Host header");
  }
  return 0;
}

/* Only "chunked", and only once, is decoded here; both lengths at once, or any
 * coding on HTTP/1.0, is how requests are smuggled (RFC 9112 section 6.3). */
static int check_coding(struct sio__http_parser *p, size_t codings,
                        sio_str value)
{
  if (codings == 0)
    return 0;
  if (codings > 1 || value.len != 7 || !sio__http_has_token(value, "chunked"))
    return malformed(p, "a Transfer-Encoding other than chunked");
  if (p->head.has_length)
    return malformed(p, "both Content-Length and Transfer-Encoding");
  if (p->head.minor == 0)
    return malformed(p, "Transfer-Encoding on HTTP/1.0");
  return 0;
}

/* What the fields mean for the connection.  0, or what stops llhttp. */
static int read_fields(struct sio__http_parser *p)
{
  bool upgrade = false;
  bool any_protocol = false;
  bool websocket = false;
  bool expects_continue = false;
  sio_str coding = {NULL, 0};
  sio_str host = {NULL, 0};
  size_t codings = 0;
  size_t hosts = 0;
  sio_str name;
  sio_str value;

  for (size_t i = 0; sio__http_header_at(&p->head, i, &name, &value); i++) {
    if (sio_str_is(name, "connection")) {
      upgrade |= sio__http_has_token(value, "upgrade");
    } else if (sio_str_is(name, "upgrade")) {
      any_protocol = true;
      websocket |= sio__http_has_token(value, "websocket");
    } else if (sio_str_is(name, "expect")) {
      expects_continue |= sio__http_has_token(value, "100-continue");
    } else if (sio_str_is(name, "transfer-encoding")) {
      coding = value;
      codings++;
    } else if (sio_str_is(name, "host")) {
      host = value;
      hosts++;
    }
  }
  p->head.wants_upgrade = upgrade && any_protocol;
  p->head.wants_websocket = upgrade && websocket;
  p->head.expects_continue = expects_continue && p->head.minor > 0;
  if (check_coding(p, codings, coding) != 0)
    return HPE_USER;
  return check_host(p, hosts, host);
}

static int on_headers_complete(llhttp_t *llhttp)
{
  struct sio__http_parser *p = llhttp->data;
  struct sio__http_head *head = &p->head;
  const char *query;

  end_field(p);
  head->text = p->text;
  head->fields = p->fields;
  if (llhttp->http_major != 1)
    return malformed(p, "not HTTP/1.0 or HTTP/1.1");
  if (llhttp->method == HTTP_CONNECT)
    return malformed(p, "CONNECT is not supported");
  if (!target_is_valid(head->text, head->target_len))
    return malformed(p, "a malformed request target");

  query = memchr(head->text, '?', head->target_len);
  head->path_len =
      query != NULL ? (uint16_t)(query - head->text) : head->target_len;
  head->method = llhttp_method_name((llhttp_method_t)llhttp->method);
  head->minor = llhttp->http_minor;
  head->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
  head->has_length = (llhttp->flags & F_CONTENT_LENGTH) != 0;
  head->content_length = head->has_length ? llhttp->content_length : 0;
  if (read_fields(p) != 0)
    return HPE_USER;

  /* Otherwise llhttp would leave HTTP behind and skip the body. */
  llhttp->upgrade = 0;
  p->state = BODY;
  p->event = HTTP_HEAD;
  return HPE_PAUSED;
}

static int on_chunk_extension(llhttp_t *llhttp, const char *at, size_t len)
{
  struct sio__http_parser *p = llhttp->data;

  (void)at;
  p->extensions += len;
  return p->extensions <= MAX_EXTENSION_BYTES
             ? 0
             : malformed(p, "too many bytes of chunk extensions");
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
  struct sio__http_parser *p = llhttp->data;

  if (len == 0)
    return 0;
  p->piece.data = (const uint8_t *)at;
  p->piece.len = len;
  p->event = HTTP_BODY;
  return HPE_PAUSED;
}

static int on_message_complete(llhttp_t *llhttp)
{
  struct sio__http_parser *p = llhttp->data;

  p->event = HTTP_DONE;
  return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* Lines end in CRLF, CR and LF are nowhere else, no line begins with a blank
 * (obs-fold), and a chunk is followed by CRLF at once. */
static bool lines_are_clean(struct sio__http_parser *p, const uint8_t *at,
                            const uint8_t *end)
{
  while (at < end) {
    const uint8_t *lf;
    const uint8_t *cr;

    switch (p->line) {
    case LINE_DATA:
    case LINE_CR:
      if (*at++ != (p->line == LINE_CR ? '\n' : '\r'))
        return false;
      p->line = p->line == LINE_CR ? LINE_START : LINE_CR;
      break;
    case LINE_START:
      if (*at == ' ' || *at == '\t')
        return false;
      p->line = LINE_INSIDE;
      break;
    default:
      lf = memchr(at, '\n', (size_t)(end - at));
      cr = memchr(at, '\r', (size_t)((lf != NULL ? lf : end) - at));
      if (cr == NULL && lf != NULL)
        return false;
      if (cr != NULL)
        p->line = LINE_CR;
      at = cr != NULL ? cr + 1 : end;
    }
  }
  return true;
}

/* Look at the bytes that llhttp took and that are not body.  False: refused.
 * This verdict comes before any of llhttp's: it is about earlier bytes. */
static bool scan_framing(struct sio__http_parser *p, const uint8_t *data,
                         size_t len)
{
  if (!lines_are_clean(p, data, data + len)) {
    (void)malformed(p, "a malformed line"); /* told by the return value */
    return false;
  }
  p->run += len;
  if (p->run > p->limits->max_header_bytes) {
    (void)too_large(p); /* likewise */
    return false;
  }
  return true;
}

static enum sio__http_event fail(struct sio__http_parser *p)
{
  p->state = FAILED;
  return HTTP_ERROR;
}

struct sio__http_parser *
sio__http_parser_new(const sio_allocator *mem,
                     const struct sio__http_limits *limits)
{
  struct sio__http_parser *p = sio__mem_zalloc(mem, sizeof *p);

  if (p == NULL)
    return NULL;
  llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
  p->llhttp.data = p;
  p->mem = mem;
  p->limits = limits;
  return p;
}

void sio__http_parser_free(struct sio__http_parser *parser)
{
  if (parser == NULL)
    return;
  sio__mem_free(parser->mem, parser->text, parser->text_cap);
  sio__mem_free(parser->mem, parser->fields,
                parser->fields_cap * sizeof *parser->fields);
  sio__mem_free(parser->mem, parser, sizeof *parser);
}

/* Let llhttp take up to `len` bytes; returns how many it took. */
static size_t run_llhttp(struct sio__http_parser *p, const uint8_t *data,
                         size_t len, llhttp_errno_t *err)
{
  const char *bytes = (const char *)data;

  p->event = HTTP_MORE;
  llhttp_resume(&p->llhttp);
  *err = llhttp_execute(&p->llhttp, bytes, len);
  if (*err == HPE_OK)
    return len;
  if (*err != HPE_PAUSED && p->error.status == 0)
    (void)malformed(p, llhttp_get_error_reason(&p->llhttp)); /* see `err` */
  return (size_t)(llhttp_get_error_pos(&p->llhttp) - bytes);
}

/* What an event means for the bytes that follow it. */
static void go_on(struct sio__http_parser *p)
{
  if (p->event == HTTP_MORE)
    return;
  p->run = 0;
  if (p->event == HTTP_BODY)
    p->line = LINE_DATA;
  if (p->event == HTTP_DONE) {
    p->line = LINE_START;
    p->state = p->head.keep_alive ? IDLE : CLOSED;
  }
}

enum sio__http_event sio__http_parse(struct sio__http_parser *parser,
                                     const uint8_t *data, size_t len,
                                     size_t *used, sio_span *body)
{
  bool in_head = parser->state == IDLE || parser->state == HEAD;
  size_t room = parser->limits->max_header_bytes - parser->run;
  size_t n = in_head && len > room ? room : len;
  size_t framing;
  llhttp_errno_t err;

  *used = len;
  if (parser->state == FAILED)
    return HTTP_ERROR;
  if (parser->state == CLOSED)
    return HTTP_MORE;
  if (data == NULL)
    data = (const uint8_t *)"";

  framing = *used = run_llhttp(parser, data, n, &err);
  if (parser->event == HTTP_BODY) {
    framing = (size_t)(parser->piece.data - data);
    *body = parser->piece;
  }
  if (!scan_framing(parser, data, framing))
    return fail(parser);
  if (err != HPE_OK && err != HPE_PAUSED)
    return fail(parser);
  if (parser->event == HTTP_MORE && n < len) {
    (void)too_large(parser); /* told by the event */
    return fail(parser);
  }
  go_on(parser);
  return parser->event;
}

const struct sio__http_head *
sio__http_parser_head(const struct sio__http_parser *parser)
{
  return &parser->head;
}

const struct sio__http_error *
sio__http_parser_error(const struct sio__http_parser *parser)
{
  return &parser->error;
}

bool sio__http_parser_is_busy(const struct sio__http_parser *parser)
{
  return parser->state == HEAD || parser->state == BODY;
}
