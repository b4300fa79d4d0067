/* SPDX-License-Identifier: MIT */
/*
 * Format strings: JSON with names and single quotes as in JavaScript, and
 * printf's conversions as values.
 *
 * Each function below steps over one thing at `at` and writes it; it returns
 * false after an error, which is kept in `error`.
 */
#include "json/template.h"

#include <sio/error.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "json/number.h"
#include "json/scan.h"
#include "json/string.h"

enum { MAX_DEPTH = 64 };

struct writer {
  struct sio__buf *out;
  const char *at; /* NUL-terminated */
  int error;
  unsigned depth;
  uint64_t is_object; /* bit d: the container at depth d + 1 is an object */
  va_list args;
};

/* Lengths of an integer, as printf spells them. */
enum length { INT, CHAR, SHORT, LONG, LONG_LONG, MAX, SIZE, DIFF };

static bool fail(struct writer *t, int error)
{
  t->error = error;
  return false;
}

static bool is_name_byte(char c)
{
  return sio__is_alphanumeric(c) || c == '_';
}

static void skip_blank(struct writer *t)
{
  while (*t->at == ' ' || *t->at == '\t' || *t->at == '\n' || *t->at == '\r')
    t->at++;
}

/* Step over `text` if it comes next. */
static bool take(struct writer *t, const char *text)
{
  size_t len = strlen(text);

  if (strncmp(t->at, text, len) != 0)
    return false;
  t->at += len;
  return true;
}

/* The length of the name or bare word at `at`, 0 if there is none. */
static size_t name_length(const char *at)
{
  size_t len = 0;

  if (sio__is_digit(*at))
    return 0;
  while (is_name_byte(at[len]))
    len++;
  return len;
}

/* The bytes of a quoted string that are copied as they are. */
static size_t run_length(const char *at, char quote)
{
  size_t len = 0;

  while ((uint8_t)at[len] >= 0x20 && at[len] != '"' && at[len] != '\\' &&
         at[len] != '%' && at[len] != quote)
    len++;
  return len;
}

/* What run_length() stopped at, within a string. */
static bool special_byte(struct writer *t, char quote)
{
  char c = *t->at++;

  if (c == '%') {
    if (*t->at++ != '%')
      return fail(t, SIO_ERR_FORMAT);
    sio__buf_byte(t->out, '%');
  } else if (c == '\\') {
    if (*t->at == '\0')
      return fail(t, SIO_ERR_FORMAT);
    if (*t->at != '\'' || quote != '\'')
      sio__buf_byte(t->out, '\\');
    sio__buf_byte(t->out, (uint8_t)*t->at++);
  } else if (c == '\0' || quote == '"') {
    return fail(t, SIO_ERR_FORMAT);
  } else {
    size_t before = t->out->len;

    /* A control character or a double quote in single quotes: its escape is
     * what stands between the quotes of a string of its own. */
    if (sio__json_quote(t->out, &c, 1) == 0 && t->out->error == 0) {
      uint8_t *written = t->out->data + before;
      size_t len = t->out->len - before - 2;

      memmove(written, written + 1, len);
      t->out->len = before + len;
    }
  }
  return true;
}

/* A string in either kind of quotes.  What is written is checked as a whole:
 * that finds wrong escapes and bytes that are not UTF-8. */
static bool literal(struct writer *t)
{
  char quote = *t->at++;
  size_t before = t->out->len;
  const char *text;
  size_t len;

  sio__buf_byte(t->out, '"');
  for (;;) {
    len = run_length(t->at, quote);
    sio__buf_append(t->out, t->at, len);
    t->at += len;
    if (*t->at == quote)
      break;
    if (!special_byte(t, quote))
      return false;
  }
  t->at++;
  sio__buf_byte(t->out, '"');
  if (t->out->error != 0)
    return true; /* is looked at in the end */
  text = (const char *)t->out->data + before;
  len = t->out->len - before;
  if (sio__json_check(text, len, 0, NULL) == 0)
    return true;
  return fail(t, sio__utf8_is_valid((const uint8_t *)text, len) ? SIO_ERR_FORMAT
                                                                : SIO_ERR_UTF8);
}

/* The argument of %s, or of %.*s; a negative precision counts as none. */
static sio_str text_argument(struct writer *t, bool has_precision)
{
  int precision = has_precision ? va_arg(t->args, int) : -1;
  const char *text = va_arg(t->args, const char *);
  sio_str s = {text, 0};
  const char *nul;

  if (text == NULL)
    return s;
  if (precision < 0)
    return sio_s(text);
  s.len = (size_t)precision;
  nul = memchr(text, '\0', s.len); /* reads no further than that */
  if (nul != NULL)
    s.len = (size_t)(nul - text);
  return s;
}

static bool text_conversion(struct writer *t, bool has_precision, bool raw)
{
  sio_str text = text_argument(t, has_precision);

  if (text.data == NULL) {
    sio__buf_append(t->out, "null", 4);
    return true;
  }
  if (!raw) {
    t->error = sio__json_quote(t->out, text.data, text.len);
    return t->error == 0;
  }
  if (sio__json_check(text.data, text.len, SIO__JSON_MAX_DEPTH, NULL) != 0)
    return fail(t, SIO_ERR_JSON);
  sio__buf_append(t->out, text.data, text.len);
  return true;
}

static enum length take_length(struct writer *t)
{
  static const struct {
    char text[3];
    enum length length;
  } lengths[] = {{"hh", CHAR}, {"h", SHORT}, {"ll", LONG_LONG}, {"l", LONG},
                 {"j", MAX},   {"z", SIZE},  {"t", DIFF}};

  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    if (take(t, lengths[i].text))
      return lengths[i].length;
  }
  return INT;
}

static int64_t signed_argument(struct writer *t, enum length length)
{
  switch (length) {
  case CHAR:
    return (signed char)va_arg(t->args, int);
  case SHORT:
    return (short)va_arg(t->args, int);
  case LONG:
    return va_arg(t->args, long);
  case LONG_LONG:
    return va_arg(t->args, long long);
  case MAX:
    return va_arg(t->args, intmax_t);
  case SIZE: /* the signed type of that size is ptrdiff_t everywhere */
  case DIFF:
    return va_arg(t->args, ptrdiff_t);
  default:
    return va_arg(t->args, int);
  }
}

static uint64_t unsigned_argument(struct writer *t, enum length length)
{
  switch (length) {
  case CHAR:
    return (unsigned char)va_arg(t->args, unsigned);
  case SHORT:
    return (unsigned short)va_arg(t->args, unsigned);
  case LONG:
    return va_arg(t->args, unsigned long);
  case LONG_LONG:
    return va_arg(t->args, unsigned long long);
  case MAX:
    return va_arg(t->args, uintmax_t);
  case SIZE:
  case DIFF:
    return va_arg(t->args, size_t);
  default:
    return va_arg(t->args, unsigned);
  }
}

static bool conversion(struct writer *t)
{
  enum length length;

  if (take(t, "%s"))
    return text_conversion(t, false, false);
  if (take(t, "%.*s"))
    return text_conversion(t, true, false);
  if (take(t, "%f") || take(t, "%g") || take(t, "%e")) {
    sio__json_write_double(t->out, va_arg(t->args, double));
    return true;
  }
  t->at++;
  length = take_length(t);
  if (take(t, "d") || take(t, "i")) {
    sio__json_write_int64(t->out, signed_argument(t, length));
    return true;
  }
  if (take(t, "u")) {
    sio__buf_u64(t->out, unsigned_argument(t, length));
    return true;
  }
  return fail(t, SIO_ERR_FORMAT);
}

/* true, false, null, `bool %d`, `raw %s` or `raw %.*s`. */
static bool bare_word(struct writer *t)
{
  const char *begin = t->at;
  sio_str word = {begin, name_length(begin)};

  t->at += word.len;
  if (sio_str_is(word, "true") || sio_str_is(word, "false") ||
      sio_str_is(word, "null")) {
    sio__buf_append(t->out, begin, word.len);
    return true;
  }
  skip_blank(t);
  if (sio_str_is(word, "bool") && take(t, "%d")) {
    sio__buf_text(t->out, va_arg(t->args, int) != 0 ? "true" : "false");
    return true;
  }
  if (sio_str_is(word, "raw")) {
    if (take(t, "%s"))
      return text_conversion(t, false, true);
    if (take(t, "%.*s"))
      return text_conversion(t, true, true);
  }
  return fail(t, SIO_ERR_FORMAT);
}

static bool number(struct writer *t)
{
  const char *begin = t->at;
  size_t len;

  while (is_name_byte(*t->at) || *t->at == '.' || *t->at == '-' ||
         *t->at == '+')
    t->at++;
  len = (size_t)(t->at - begin);
  if (sio__json_check(begin, len, 0, NULL) != 0)
    return fail(t, SIO_ERR_FORMAT);
  sio__buf_append(t->out, begin, len);
  return true;
}

/* A member's name and the colon. */
static bool key(struct writer *t)
{
  size_t len;

  skip_blank(t);
  if (*t->at == '"' || *t->at == '\'') {
    if (!literal(t))
      return false;
  } else {
    len = name_length(t->at);
    if (len == 0)
      return fail(t, SIO_ERR_FORMAT);
    sio__buf_byte(t->out, '"');
    sio__buf_append(t->out, t->at, len);
    sio__buf_byte(t->out, '"');
    t->at += len;
  }
  skip_blank(t);
  if (!take(t, ":"))
    return fail(t, SIO_ERR_FORMAT);
  sio__buf_byte(t->out, ':');
  return true;
}

/* An opening bracket; `*done` tells whether the container is empty, that is,
 * a whole value. */
static bool open(struct writer *t, bool *done)
{
  char bracket = *t->at++;
  bool object = bracket == '{';
  uint64_t bit;

  if (t->depth == MAX_DEPTH)
    return fail(t, SIO_ERR_FORMAT);
  sio__buf_byte(t->out, (uint8_t)bracket);
  skip_blank(t);
  if (take(t, object ? "}" : "]")) {
    sio__buf_byte(t->out, object ? '}' : ']');
    return true;
  }
  bit = (uint64_t)1 << t->depth++;
  t->is_object = object ? t->is_object | bit : t->is_object & ~bit;
  *done = false;
  return object ? key(t) : true;
}

static bool value(struct writer *t, bool *done)
{
  *done = true;
  skip_blank(t);
  switch (*t->at) {
  case '{':
  case '[':
    return open(t, done);
  case '"':
  case '\'':
    return literal(t);
  case '%':
    return conversion(t);
  default:
    return name_length(t->at) > 0 ? bare_word(t) : number(t);
  }
}

/* Behind a value: a comma, a closing bracket, or the end of the format. */
static bool separator(struct writer *t, bool *done)
{
  bool object = t->depth > 0 && (t->is_object >> (t->depth - 1) & 1) != 0;

  if (take(t, ",")) {
    *done = false;
    sio__buf_byte(t->out, ',');
    return object ? key(t) : true;
  }
  if (t->depth > 0 && take(t, object ? "}" : "]")) {
    sio__buf_byte(t->out, object ? '}' : ']');
    t->depth--;
    return true;
  }
  return fail(t, SIO_ERR_FORMAT);
}

static bool values(struct writer *t)
{
  bool done = false;

  do {
    if (!value(t, &done))
      return false;
    skip_blank(t);
    while (done && (t->depth > 0 || *t->at != '\0')) {
      if (!separator(t, &done))
        return false;
      skip_blank(t);
    }
  } while (!done);
  return true;
}

int sio__json_format(struct sio__buf *out, const char *format, va_list args)
{
  size_t before = out->len;
  struct writer t = {.out = out, .at = format};

  if (out->error != 0 || format == NULL)
    return out->error;
  skip_blank(&t);
  if (*t.at == '\0')
    return 0;
  va_copy(t.args, args);
  (void)values(&t); /* says the same as t.error */
  va_end(t.args);
  if (t.error == 0)
    t.error = out->error;
  if (t.error != 0) {
    out->len = before;
    out->error = 0;
  }
  return t.error;
}
