/* SPDX-License-Identifier: MIT */
/*
 * Validation of JSON text, and steps over validated text.
 *
 *   +--> value due --scalar or empty container--> value done --depth 0--> end
 *   |        ^  |                                  |  |   ^
 *   |        +--+ "[" or "{" key ":"               |  +---+ "]" or "}"
 *   +----------------- "," or "," key ":" ---------+
 *
 * What encloses the present position is one bit per level: object or array.
 */
#include "json/scan.h"

#include "base/ascii.h"
#include <sio/error.h>

#include "json/plain.h"

/* What a byte can begin or be; the classes are distinct bits. */
enum {
  BLANK = 1,
  STRING = 2,
  NUMBER = 4,
  WORD = 8,
  OPEN = 16,
  CLOSE = 32,
  COMMA = 64
};

static const uint8_t classes[256] = {
    [' '] = BLANK,  ['\t'] = BLANK, ['\n'] = BLANK, ['\r'] = BLANK,
    ['"'] = STRING, ['-'] = NUMBER, ['0'] = NUMBER, ['1'] = NUMBER,
    ['2'] = NUMBER, ['3'] = NUMBER, ['4'] = NUMBER, ['5'] = NUMBER,
    ['6'] = NUMBER, ['7'] = NUMBER, ['8'] = NUMBER, ['9'] = NUMBER,
    ['t'] = WORD,   ['f'] = WORD,   ['n'] = WORD,   ['['] = OPEN,
    ['{'] = OPEN,   [']'] = CLOSE,  ['}'] = CLOSE,  [','] = COMMA,
};

struct scan {
  const char *end;
  unsigned depth;
  unsigned max_depth;
  bool done;       /* a value has just ended; false: one is due */
  int code;        /* of the error */
  const char *bad; /* the byte that cannot be */
  const char *msg;
  uint64_t is_object[SIO__JSON_MAX_DEPTH / 64]; /* by depth - 1 */
};

static const char *fail(struct scan *s, const char *at, const char *msg)
{
  s->code = SIO_ERR_JSON;
  s->bad = at;
  s->msg = msg;
  return NULL;
}

static bool in_object(const struct scan *s)
{
  unsigned level = s->depth - 1;

  return (s->is_object[level / 64] >> (level % 64) & 1) != 0;
}

/* Each function below steps over one thing: it returns where that ends, or
 * NULL after fail(). */

static const char *escape(struct scan *s, const char *at)
{
  const char *last;

  if (++at == s->end)
    return fail(s, at, "the string does not end");
  switch (*at) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't':
    return at + 1;
  case 'u':
    break;
  default:
    return fail(s, at, "no such escape");
  }
  last = s->end - at > 4 ? at + 4 : s->end - 1;
  while (at < last) {
    if (sio__hex_value(*++at) < 0)
      return fail(s, at, "four hexadecimal digits expected");
  }
  return at + 1;
}

/* From the opening quote; an escape cut off by the end fails in the loop. */
static const char *string(struct scan *s, const char *at)
{
  at++;
  for (;;) {
    at = sio__json_plain_end(at, s->end);
    if (at == s->end)
      return fail(s, at, "the string does not end");
    if (*at == '"')
      return at + 1;
    if (*at != '\\')
      return fail(s, at,
                  (uint8_t)*at < 0x20 ? "a control character in a string"
                                      : "not valid UTF-8");
    at = escape(s, at);
    if (at == NULL)
      return NULL;
  }
}

static const char *digits(struct scan *s, const char *at)
{
  if (at == s->end || !sio__is_digit(*at))
    return fail(s, at, "a digit expected");
  do
    at++;
  while (at < s->end && sio__is_digit(*at));
  return at;
}

static const char *number(struct scan *s, const char *at)
{
  if (*at == '-')
    at++;
  if (at < s->end && *at == '0')
    at++;
  else
    at = digits(s, at);
  if (at != NULL && at < s->end && *at == '.')
    at = digits(s, at + 1);
  if (at != NULL && at < s->end && (*at | 0x20) == 'e') {
    at++;
    if (at < s->end && (*at == '+' || *at == '-'))
      at++;
    at = digits(s, at);
  }
  return at;
}

static const char *word(struct scan *s, const char *at)
{
  const char *want = *at == 't' ? "true" : *at == 'f' ? "false" : "null";

  for (; *want != '\0'; want++, at++) {
    if (at == s->end || *at != *want)
      return fail(s, at, "no such word");
  }
  return at;
}

/* A member's name and the colon. */
static const char *key(struct scan *s, const char *at)
{
  at = sio__json_skip_blank(at, s->end);
  if (at == s->end || *at != '"')
    return fail(s, at, "a member name expected");
  at = string(s, at);
  if (at == NULL)
    return NULL;
  at = sio__json_skip_blank(at, s->end);
  if (at == s->end || *at != ':')
    return fail(s, at, "a colon expected");
  return at + 1;
}

static const char *open(struct scan *s, const char *at)
{
  bool object = *at == '{';
  uint64_t bit = (uint64_t)1 << (s->depth % 64);
  uint64_t *bits = &s->is_object[s->depth / 64];

  if (s->depth >= s->max_depth) {
    fail(s, at, "nested too deeply");
    s->code = SIO_ERR_LIMIT;
    return NULL;
  }
  at = sio__json_skip_blank(at + 1, s->end);
  if (at < s->end && *at == (object ? '}' : ']')) {
    s->done = true;
    return at + 1;
  }
  *bits = object ? *bits | bit : *bits & ~bit;
  s->depth++;
  return object ? key(s, at) : at;
}

/* Where a value is due: a scalar, or the beginning of a container. */
static const char *value(struct scan *s, const char *at)
{
  at = sio__json_skip_blank(at, s->end);
  if (at == s->end)
    return fail(s, at, "a value expected");
  s->done = true;
  switch (classes[(uint8_t)*at]) {
  case STRING:
    return string(s, at);
  case NUMBER:
    return number(s, at);
  case WORD:
    return word(s, at);
  case OPEN:
    s->done = false;
    return open(s, at);
  default:
    return fail(s, at, "a value expected");
  }
}

/* Behind a value inside a container: a comma, or the container's end. */
static const char *separator(struct scan *s, const char *at)
{
  bool object = in_object(s);

  at = sio__json_skip_blank(at, s->end);
  if (at < s->end && *at == ',') {
    s->done = false;
    return object ? key(s, at + 1) : at + 1;
  }
  if (at < s->end && *at == (object ? '}' : ']')) {
    s->depth--;
    return at + 1;
  }
  return fail(s, at,
              object ? "a comma or } expected" : "a comma or ] expected");
}

static const char *document(struct scan *s, const char *at)
{
  do {
    at = value(s, at);
    while (at != NULL && s->done && s->depth > 0)
      at = separator(s, at);
  } while (at != NULL && !s->done);
  if (at == NULL)
    return NULL;
  at = sio__json_skip_blank(at, s->end);
  return at == s->end ? at : fail(s, at, "text behind the value");
}

int sio__json_check(const char *text, size_t len, unsigned max_depth,
                    struct sio__json_error *error)
{
  struct scan s; /* is_object is written before it is read */

  if (len == 0)
    text = ""; /* NULL would do, but not for pointer arithmetic */
  s.end = text + len;
  s.depth = 0;
  s.max_depth =
      max_depth < SIO__JSON_MAX_DEPTH ? max_depth : SIO__JSON_MAX_DEPTH;
  s.done = false;
  if (document(&s, text) != NULL)
    return 0;
  if (error != NULL) {
    error->offset = (size_t)(s.bad - text);
    error->msg = s.msg;
  }
  return s.code;
}

const char *sio__json_skip_blank(const char *at, const char *end)
{
  while (at < end && (uint8_t)*at <= ' ' && classes[(uint8_t)*at] == BLANK)
    at++;
  return at;
}

/* From the opening quote of a validated string to behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
  at++;
  for (;;) {
    while (end - at >= 8) {
      uint64_t w = sio__word_load(at);
      uint64_t marks = sio__word_equal(w, '"') | sio__word_equal(w, '\\');

      if (marks != 0) {
        at += sio__word_first(marks);
        break;
      }
      at += 8;
    }
    while (at < end && *at != '"' && *at != '\\')
      at++;
    if (at >= end || *at == '"')
      return at < end ? at + 1 : end;
    at += 2;
  }
}

/* The next byte that opens or closes a string or container.  Brackets and
 * braces differ in bit 5 only. */
static const char *next_structure(const char *at, const char *end)
{
  while (end - at >= 8) {
    uint64_t w = sio__word_load(at);
    uint64_t folded = w | SIO__WORD_ONES * 0x20;
    uint64_t marks = sio__word_equal(w, '"') | sio__word_equal(folded, '{') |
                     sio__word_equal(folded, '}');

    if (marks != 0)
      return at + sio__word_first(marks);
    at += 8;
  }
  while (at < end && !(classes[(uint8_t)*at] & (STRING | OPEN | CLOSE)))
    at++;
  return at;
}

static const char *skip_container(const char *at, const char *end)
{
  size_t depth = 0;

  while (at < end) {
    switch (classes[(uint8_t)*at]) {
    case STRING:
      at = skip_string(at, end);
      break;
    case OPEN:
      depth++;
      at++;
      break;
    case CLOSE:
      at++;
      if (--depth == 0)
        return at;
      break;
    default:
      at = next_structure(at, end);
    }
  }
  return end;
}

const char *sio__json_skip_value(const char *at, const char *end)
{
  if (at == end)
    return end;
  switch (classes[(uint8_t)*at]) {
  case STRING:
    return skip_string(at, end);
  case OPEN:
    return skip_container(at, end);
  default:
    while (at < end && !(classes[(uint8_t)*at] & (BLANK | CLOSE | COMMA)))
      at++;
    return at;
  }
}
