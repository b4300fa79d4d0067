/* SPDX-License-Identifier: MIT */
/* JSONP polling: payloads in scripts and forms. */
#include "eio/jsonp.h"

#include <sio/error.h>

#include "http/request.h"
#include "json/string.h"

enum { MAX_DIGITS = 9 }; /* of the index; they fit into 32 bits */

/* ---- Scripts ---- */

/* The escape for what begins at `at`, if a script needs one that JSON does
 * not: a line separator, or "/" behind "<", which could end the script. */
static const char *script_escape(const char *start, const char *at,
                                 const char *end)
{
  if (*at == '/')
    return at > start && at[-1] == '<' ? "\\/" : NULL;
  if (*at != '\xe2' || end - at < 3 || at[1] != '\x80')
    return NULL;
  if (at[2] == '\xa8')
    return "\\u2028";
  return at[2] == '\xa9' ? "\\u2029" : NULL;
}

/* Append text as the inside of a JSON string, behind something: its last byte
 * makes room for the quote in front, and the quote at the end is dropped. */
static void write_inside(struct sio__buf *out, const char *text, size_t len)
{
  size_t at;
  uint8_t last;

  if (len == 0 || out->error != 0)
    return;
  at = --out->len;
  last = out->data[at];
  if (sio__json_quote(out, text, len) != 0)
    out->error = SIO_ERR_UTF8;
  if (out->error != 0)
    return;
  out->data[at] = last;
  out->len--;
}

bool sio__jsonp_index(sio_str j, uint32_t *index)
{
  int n = 0;

  *index = 0;
  for (size_t i = 0; i < j.len; i++) {
    if (j.data[i] < '0' || j.data[i] > '9')
      continue;
    if (++n > MAX_DIGITS)
      return false;
    *index = *index * 10 + (uint32_t)(j.data[i] - '0');
  }
  return n > 0;
}

void sio__jsonp_write(uint32_t index, sio_str payload, struct sio__buf *out)
{
  const char *start = payload.len > 0 ? payload.data : "";
  const char *end = start + payload.len;
  const char *run = start;

  sio__buf_text(out, "___eio[");
  sio__buf_u64(out, index);
  sio__buf_text(out, "](\"");
  for (const char *at = start; at < end; at++) {
    const char *escape = script_escape(start, at, end);

    if (escape == NULL)
      continue;
    write_inside(out, run, (size_t)(at - run));
    sio__buf_text(out, escape);
    if (*at != '/')
      at += 2; /* a line separator has three bytes */
    run = at + 1;
  }
  write_inside(out, run, (size_t)(end - run));
  sio__buf_text(out, "\");");
}

/* ---- Forms ---- */

/* Undo what the client did to get past the newlines of forms: a backslash and
 * "n" are a newline, and with one backslash more they are these two.  Returns
 * the length. */
static size_t restore_newlines(char *text, size_t len)
{
  const char *end = text + len;
  const char *at = text;
  char *to = text;

  while (at < end) {
    const char *slash = memchr(at, '\\', (size_t)(end - at));
    size_t run = (size_t)((slash != NULL ? slash : end) - at);

    if (to != at)
      memmove(to, at, run);
    to += run;
    at += run;
    if (end - at >= 3 && at[1] == '\\' && at[2] == 'n') {
      *to++ = '\\';
      *to++ = 'n';
      at += 3;
    } else if (end - at >= 2 && at[1] == 'n') {
      *to++ = '\n';
      at += 2;
    } else if (at < end) {
      *to++ = *at++;
    }
  }
  return (size_t)(to - text);
}

bool sio__jsonp_read(char *body, size_t len, sio_str *payload)
{
  const sio_str form = {body, len};

  /* The value may be written over the form: decoded, it gets no longer, and
   * its place has been found before the first byte is written. */
  if (!sio__http_param(form, "d", body, len, &len))
    return false;
  payload->data = body;
  payload->len = restore_newlines(body, len);
  return true;
}
