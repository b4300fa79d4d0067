/* SPDX-License-Identifier: MIT */
/* Patterns of names.  The text is checked once and is its own program. */
#include "core/pattern.h"

#include "base/ascii.h"
#include "base/mem.h"

/* A piece of a pattern: static text, and the part behind it, if there is one.
 */
struct piece {
  sio_str text;
  sio_str param; /* its name; empty: the pattern ends here */
  bool rest;     /* {*name} */
};

/* The text from one pointer to another. */
static sio_str between(const char *begin, const char *end)
{
  sio_str s = {begin, (size_t)(end - begin)};

  return s;
}

/* Where a character is, or else `end`. */
static const char *seek(const char *at, const char *end, char c)
{
  const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

  return found != NULL ? found : end;
}

/* Take the next piece of a pattern that is well-formed, or may be not: what is
 * in the braces is not looked at. */
static struct piece take(const char **at, const char *end)
{
  const char *open = seek(*at, end, '{');
  const char *close = seek(open, end, '}');
  struct piece piece = {between(*at, open), {NULL, 0}, false};

  if (open < end) {
    piece.rest = end - open > 1 && open[1] == '*';
    piece.param = between(open + 1 + piece.rest, close);
  }
  *at = close < end ? close + 1 : end;
  return piece;
}

/* ---- Checking ---- */

static bool is_identifier(sio_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    char c = s.data[i];
    bool letter = sio__is_letter(c) || c == '_';

    if (!letter && (i == 0 || !sio__is_digit(c)))
      return false;
  }
  return s.len > 0;
}

/* Whether a name is among the parts from `at` on. */
static bool is_named_again(const char *at, const char *end, sio_str param)
{
  while (at < end) {
    if (sio_str_equal(take(&at, end).param, param))
      return true;
  }
  return false;
}

static bool is_well_formed(sio_str text)
{
  const char *at = text.data, *end = text.data + text.len;
  bool may_have_part = true; /* since the last "/" */

  while (at < end) {
    const char *begin = at;
    struct piece piece = take(&at, end);
    const char *text_end = begin + piece.text.len;

    if (seek(begin, text_end, '}') < text_end)
      return false;
    if (text_end == end)
      return true;
    may_have_part = may_have_part || seek(begin, text_end, '/') < text_end;
    if (!may_have_part || at[-1] != '}' || !is_identifier(piece.param) ||
        is_named_again(at, end, piece.param) || (piece.rest && at < end))
      return false;
    may_have_part = false;
  }
  return true;
}

struct sio__pattern *sio__pattern_new(sio_str text, const sio_allocator *mem)
{
  struct sio__pattern *pattern;

  if (text.len == 0 || !is_well_formed(text))
    return NULL;
  pattern = sio__mem_alloc(mem, sizeof *pattern + text.len);
  if (pattern == NULL)
    return NULL;
  pattern->len = text.len;
  memcpy(pattern->text, text.data, text.len);
  return pattern;
}

void sio__pattern_free(struct sio__pattern *pattern, const sio_allocator *mem)
{
  if (pattern != NULL)
    sio__mem_free(mem, pattern, sizeof *pattern + pattern->len);
}

/* ---- Matching ---- */

/* How much static text stands behind a part, up to the next "/". */
static size_t tail_length(const char *at, const char *end)
{
  const char *slash = seek(at, end, '/');
  const char *open = seek(at, end, '{');

  return (size_t)((slash < open ? slash : open) - at);
}

/* Match, and find `wanted` among the parts. */
static bool match(const struct sio__pattern *pattern, sio_str name,
                  sio_str wanted, sio_str *found)
{
  const char *at = pattern->text, *end = at + pattern->len;
  const char *place = name.data, *name_end = place + name.len;

  while (at < end) {
    struct piece piece = take(&at, end);
    size_t tail;
    const char *stop;

    if ((size_t)(name_end - place) < piece.text.len ||
        memcmp(place, piece.text.data, piece.text.len) != 0)
      return false;
    place += piece.text.len;
    if (piece.param.len == 0)
      break;
    tail = tail_length(at, end);
    stop = piece.rest ? name_end : seek(place, name_end, '/');
    if ((size_t)(stop - place) <= tail)
      return false;
    stop -= tail;
    if (sio_str_equal(piece.param, wanted))
      *found = between(place, stop);
    place = stop;
  }
  return place == name_end;
}

bool sio__pattern_match(const struct sio__pattern *pattern, sio_str name)
{
  sio_str none = {NULL, 0};

  return match(pattern, name, none, &none);
}

sio_str sio__pattern_param(const struct sio__pattern *pattern, sio_str name,
                           sio_str param)
{
  static const sio_str none = {NULL, 0};
  sio_str found = none;

  return match(pattern, name, param, &found) ? found : none;
}
