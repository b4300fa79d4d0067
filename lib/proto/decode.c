/* SPDX-License-Identifier: MIT */
/*
 * Decoding the text of a packet:
 *
 *   type [ count "-" ] [ nsp [ "," ] ] [ id ] [ json ]
 *
 * One pass over the head, one over the JSON.  Each step returns NULL or the
 * message of what is wrong.
 */
#include "proto/decode.h"

#include "base/ascii.h"
#include "json/number.h"
#include "json/scan.h"
#include "json/string.h"

/* So many digits always fit into 64 bits. */
enum { MAX_ID_DIGITS = 19 };

static const char invalid_payload[] = "invalid payload";
static const char illegal_attachments[] = "Illegal attachments";
static const char too_many_attachments[] = "too many attachments";

/* What has not been read yet. */
struct rest {
  char *at;
  char *end;
};

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *read_type(struct rest *rest, enum sio__packet_type *type)
{
  char c = rest->at < rest->end ? *rest->at : '\0';

  switch (c) {
  case '7':
    return "unknown packet type 7";
  case '8':
    return "unknown packet type 8";
  case '9':
    return "unknown packet type 9";
  default:
    if (!sio__is_digit(c))
      return "unknown packet type NaN";
    *type = (enum sio__packet_type)(c - '0');
    rest->at++;
    return NULL;
  }
}

/* `count "-"` of types 5 and 6: digits only. */
static const char *read_count(struct rest *rest, unsigned max, unsigned *count)
{
  const char *begin = rest->at;
  uint64_t n = 0;

  for (; rest->at < rest->end && sio__is_digit(*rest->at); rest->at++) {
    if (n <= UINT32_MAX) /* beyond that it is too many in any case */
      n = n * 10 + (uint64_t)(*rest->at - '0');
  }
  if (rest->at == begin || rest->at == rest->end || *rest->at != '-' || n == 0)
    return illegal_attachments;
  if (n > max)
    return too_many_attachments;
  rest->at++;
  *count = (unsigned)n;
  return NULL;
}

/* Up to a comma, or all there is: a query string is part of the name. */
static void read_nsp(struct rest *rest, sio_str *nsp)
{
  size_t len = (size_t)(rest->end - rest->at);
  char *comma;

  if (len == 0 || *rest->at != '/')
    return;
  comma = memchr(rest->at, ',', len);
  nsp->data = rest->at;
  nsp->len = comma != NULL ? (size_t)(comma - rest->at) : len;
  rest->at = comma != NULL ? comma + 1 : rest->end;
}

static const char *read_id(struct rest *rest, struct sio__packet *out)
{
  const char *begin = rest->at;
  uint64_t id = 0;

  for (; rest->at < rest->end && sio__is_digit(*rest->at); rest->at++) {
    if (rest->at - begin == MAX_ID_DIGITS)
      return invalid_payload;
    id = id * 10 + (uint64_t)(*rest->at - '0');
  }
  out->has_id = rest->at > begin;
  out->id = id;
  return NULL;
}

static sio_str trimmed(const char *at, const char *end)
{
  sio_str s;

  at = sio__json_skip_blank(at, end);
  while (end > at && is_blank(end[-1]))
    end--;
  s.data = at;
  s.len = (size_t)(end - at);
  return s;
}

/* A number as event name: `1.0` calls the same listener as `"1"`. */
static void write_number_name(struct sio__packet *out, const char *text,
                              size_t len)
{
  struct sio__buf digits = {.data = (uint8_t *)out->number,
                            .cap = sizeof out->number,
                            .max = sizeof out->number};
  double number;

  if (sio__json_read_double(text, len, &number) != 0) {
    out->event = sio_s(*text == '-' ? "-Infinity" : "Infinity");
    return;
  }
  sio__json_write_double(&digits, number);
  out->event.data = out->number;
  out->event.len = digits.len;
}

static void read_string_name(struct sio__packet *out, char *inside, size_t len)
{
  if (memchr(inside, '\\', len) != NULL)
    len = sio__json_unescape(inside, len, inside);
  out->event.data = inside;
  out->event.len = len;
}

/* `at` is behind the opening bracket, `end` at the closing one. */
static const char *read_event(struct sio__packet *out, char *at, char *end)
{
  const char *behind;

  at += sio__json_skip_blank(at, end) - at;
  if (at == end || (*at != '"' && *at != '-' && !sio__is_digit(*at)))
    return invalid_payload;

  behind = sio__json_skip_value(at, end);
  if (*at == '"')
    read_string_name(out, at + 1, (size_t)(behind - at) - 2);
  else
    write_number_name(out, at, (size_t)(behind - at));
  if (sio__event_is_reserved(out->event))
    return invalid_payload;

  behind = sio__json_skip_blank(behind, end);
  out->json = trimmed(behind < end ? behind + 1 : end, end);
  return NULL;
}

/* Whether a payload that begins with `c` is of the right kind for a type. */
static bool fits(enum sio__packet_type type, char c)
{
  switch (type) {
  case PACKET_CONNECT:
    return c == '{';
  case PACKET_DISCONNECT:
    return false;
  case PACKET_CONNECT_ERROR:
    return c == '{' || c == '"';
  default:
    return c == '[';
  }
}

static const char *read_payload(struct rest *rest, unsigned max_depth,
                                struct sio__packet *out)
{
  bool is_event = out->type == PACKET_EVENT || out->type == PACKET_BINARY_EVENT;
  size_t len = (size_t)(rest->end - rest->at);
  char *end = rest->end;

  if (len == 0)
    return is_event ? invalid_payload : NULL;
  if (!fits(out->type, *rest->at) ||
      sio__json_check(rest->at, len, max_depth, NULL) != 0)
    return invalid_payload;

  out->has_payload = true;
  if (out->type == PACKET_CONNECT || out->type == PACKET_CONNECT_ERROR) {
    out->json = trimmed(rest->at, end);
    return NULL;
  }
  while (*--end != ']') /* only blanks can be behind it */
    continue;
  if (is_event)
    return read_event(out, rest->at + 1, end);
  out->json = trimmed(rest->at + 1, end);
  return NULL;
}

static const char *decode(struct rest *rest,
                          const struct sio__packet_limits *limits,
                          struct sio__packet *out)
{
  const char *wrong = read_type(rest, &out->type);

  if (wrong == NULL && out->type >= PACKET_BINARY_EVENT)
    wrong = read_count(rest, limits->max_attachments, &out->attachments);
  if (wrong != NULL)
    return wrong;

  read_nsp(rest, &out->nsp);
  wrong = read_id(rest, out);
  return wrong != NULL ? wrong : read_payload(rest, limits->max_depth, out);
}

int sio__packet_decode(char *text, size_t len,
                       const struct sio__packet_limits *limits,
                       struct sio__packet *out, const char **why,
                       sio_cause *cause)
{
  struct rest rest = {.at = text, .end = len > 0 ? text + len : text};
  const char *wrong;

  *out = (struct sio__packet){.nsp = {.data = "/", .len = 1}};
  wrong = decode(&rest, limits, out);
  if (wrong == NULL)
    return 0;

  *why = wrong;
  *cause =
      wrong == too_many_attachments ? SIO_CAUSE_ATTACHMENTS : SIO_CAUSE_PACKET;
  return SIO_ERR_JSON;
}
