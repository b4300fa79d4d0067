/* SPDX-License-Identifier: MIT */
/* Strings between text and JSON (RFC 8259, section 7). */
#include "json/string.h"

#include <sio/error.h>

#include "base/utf8.h"
#include "json/plain.h"

enum { REPLACEMENT = 0xFFFD };

/* Append the escape for a control character, quote or backslash. */
static void write_escape(struct sio__buf *out, uint8_t byte)
{
  static const char hex[] = "0123456789abcdef";
  static const char short_forms[] = {
      ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
  };
  uint8_t *room = sio__buf_reserve(out, 6);

  if (room == NULL)
    return;
  room[0] = '\\';
  if (short_forms[byte] != 0) {
    room[1] = (uint8_t)short_forms[byte];
    sio__buf_commit(out, 2);
    return;
  }
  memcpy(room + 1, "u00", 3);
  room[4] = (uint8_t)hex[byte >> 4];
  room[5] = (uint8_t)hex[byte & 15];
  sio__buf_commit(out, 6);
}

static uint32_t hex4(const char *at)
{
  uint32_t unit = 0;

  for (int i = 0; i < 4; i++) {
    uint32_t c = (uint8_t)at[i];

    unit = unit << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return unit;
}

static bool is_low_surrogate(const char *at, const char *end)
{
  return end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
         (hex4(at + 2) & 0xFC00) == 0xDC00;
}

/* Resolve the validated escape at `at`: writes UTF-8 to `out`, its length to
 * `*len`, and returns where the escape ends. */
static const char *read_escape(const char *at, const char *end, uint8_t out[4],
                               size_t *len)
{
  static const char meaning[] = {
      ['b'] = '\b', ['f'] = '\f', ['n'] = '\n',
      ['r'] = '\r', ['t'] = '\t', ['u'] = 0,
  };
  uint8_t letter = (uint8_t)at[1];
  uint32_t unit;

  if (letter != 'u') {
    uint8_t c = letter < sizeof(meaning) ? (uint8_t)meaning[letter] : 0;

    out[0] = c != 0 ? c : letter;
    *len = 1;
    return at + 2;
  }
  unit = hex4(at + 2);
  at += 6;
  if ((unit & 0xFC00) == 0xD800 && is_low_surrogate(at, end)) {
    unit = 0x10000 + ((unit & 0x3FF) << 10) + (hex4(at + 2) & 0x3FF);
    at += 6;
  } else if ((unit & 0xF800) == 0xD800) {
    unit = REPLACEMENT;
  }
  *len = sio__utf8_encode(unit, out);
  return at;
}

/* The next backslash, or `end`. */
static const char *run_end(const char *at, const char *end)
{
  const char *slash = at < end ? memchr(at, '\\', (size_t)(end - at)) : NULL;

  return slash != NULL ? slash : end;
}

int sio__json_quote(struct sio__buf *out, const char *text, size_t len)
{
  size_t before = out->len;
  const char *at = len > 0 ? text : "";
  const char *end = at + len;

  (void)sio__buf_reserve(out, len + 2); /* one step for most; errors stay */
  sio__buf_byte(out, '"');
  for (;;) {
    const char *run = at;

    at = sio__json_plain_end(at, end);
    sio__buf_append(out, run, (size_t)(at - run));
    if (at == end)
      break;
    if ((uint8_t)*at >= 0x80) {
      out->len = before;
      return SIO_ERR_UTF8;
    }
    write_escape(out, (uint8_t)*at++);
  }
  sio__buf_byte(out, '"');
  return 0;
}

size_t sio__json_unescape(const char *inside, size_t len, char *out)
{
  const char *end;
  char *to = out;

  if (len == 0)
    return 0;
  end = inside + len;
  while (inside < end) {
    const char *stop = run_end(inside, end);
    uint8_t bytes[4];
    size_t n = (size_t)(stop - inside);

    memmove(to, inside, n); /* `out` may be the string itself */
    to += n;
    inside = stop;
    if (inside < end) {
      inside = read_escape(inside, end, bytes, &n);
      memcpy(to, bytes, n);
      to += n;
    }
  }
  return (size_t)(to - out);
}

bool sio__json_string_equals(const char *inside, size_t len, const char *text,
                             size_t text_len)
{
  const char *end;
  const char *stop;
  uint8_t bytes[4];

  /* Resolving escapes makes a text shorter, but never empty. */
  if (text_len == 0 || len < text_len)
    return len == text_len;
  end = inside + len;
  for (;;) {
    size_t n;

    stop = run_end(inside, end);
    n = (size_t)(stop - inside);
    if (n > text_len || (n > 0 && memcmp(inside, text, n) != 0))
      return false;
    text += n;
    text_len -= n;
    if (stop == end)
      return text_len == 0;
    inside = read_escape(stop, end, bytes, &n);
    if (n > text_len || memcmp(bytes, text, n) != 0)
      return false;
    text += n;
    text_len -= n;
  }
}
