/* SPDX-License-Identifier: MIT */
/* Set-Cookie: the attributes, and how they are written. */
#include "http/cookie.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "base/versioned.h"
#include "http/response.h"
#include <sio/error.h>

enum {
  S_PER_DAY = 86400,
  EPOCH_YEAR = 1970,
  EPOCH_WEEKDAY = 4,          /* Thursday, counted from Sunday */
  DAYS_PER_400_YEARS = 146097 /* after which the calendar repeats itself */
};

/* The last second of the year 9999: there is no fifth digit. */
static const int64_t expires_max = 253402300799;

static const sio_cookie_options defaults = {
    .size = sizeof defaults,
    .name = "io",
    .path = "/",
    .max_age_s = -1,
    .expires_unix_s = -1,
    .http_only = 1,
    .same_site = SIO_SAME_SITE_LAX,
};

static sio_cookie_options complete(const sio_cookie_options *given)
{
  sio_cookie_options all;

  sio__versioned_complete(&all, given, &defaults, sizeof all);
  return all;
}

/* A path or a domain: anything else could end the attribute or the header. */
static bool attribute_is_valid(const char *text)
{
  if (text == NULL)
    return true;
  for (const char *c = text; *c != '\0'; c++) {
    if (*c < ' ' || *c > '~' || *c == ';')
      return false;
  }
  return *text != '\0';
}

/* What a copy takes: the struct, and behind it the texts. */
static size_t copy_size(const sio_cookie_options *all)
{
  return sizeof *all + sio__text_size(all->name) + sio__text_size(all->path) +
         sio__text_size(all->domain);
}

/* ---- Writing ---- */

static bool stays(char c)
{
  return sio__is_alphanumeric(c) ||
         (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

static void write_encoded(struct sio__buf *out, sio_str value)
{
  static const char hex[] = "0123456789ABCDEF";

  for (size_t i = 0; i < value.len; i++) {
    uint8_t c = (uint8_t)value.data[i];

    if (stays(value.data[i])) {
      sio__buf_byte(out, c);
    } else {
      sio__buf_byte(out, '%');
      sio__buf_byte(out, (uint8_t)hex[c >> 4]);
      sio__buf_byte(out, (uint8_t)hex[c & 15]);
    }
  }
}

/* Days from 1970-01-01 to the first of January of a year that is not earlier:
 * a day for each leap year in between, of which 477 are before 1970. */
static int64_t days_before(int64_t year)
{
  int64_t past = year - 1;

  return 365 * (year - EPOCH_YEAR) + past / 4 - past / 100 + past / 400 - 477;
}

static void write_two_digits(struct sio__buf *out, int64_t number)
{
  sio__buf_byte(out, (uint8_t)('0' + number / 10));
  sio__buf_byte(out, (uint8_t)('0' + number % 10));
}

/* IMF-fixdate (RFC 9110 section 5.6.7). */
static void write_date(struct sio__buf *out, int64_t unix_s)
{
  static const char weekdays[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31};
  int64_t days = unix_s / S_PER_DAY, s = unix_s % S_PER_DAY;
  int64_t year = EPOCH_YEAR + days * 400 / DAYS_PER_400_YEARS;
  int64_t day; /* of the year, then of the month */
  size_t weekday = (size_t)((days + EPOCH_WEEKDAY) % 7), month = 0;

  if (days_before(year) > days) /* counted in average years, it is next to it */
    year--;
  else if (days_before(year + 1) <= days)
    year++;
  day = days - days_before(year);
  for (;; month++) {
    bool leap_day =
        month == 1 && days_before(year + 1) - days_before(year) == 366;
    int64_t n = month_days[month] + leap_day;

    if (day < n)
      break;
    day -= n;
  }

  sio__buf_append(out, weekdays + 3 * weekday, 3);
  sio__buf_text(out, ", ");
  write_two_digits(out, day + 1);
  sio__buf_byte(out, ' ');
  sio__buf_append(out, months + 3 * month, 3);
  sio__buf_byte(out, ' ');
  write_two_digits(out, year / 100);
  write_two_digits(out, year % 100);
  sio__buf_byte(out, ' ');
  write_two_digits(out, s / 3600);
  sio__buf_byte(out, ':');
  write_two_digits(out, s / 60 % 60);
  sio__buf_byte(out, ':');
  write_two_digits(out, s % 60);
  sio__buf_text(out, " GMT");
}

static void write_text(struct sio__buf *out, const char *name,
                       const char *value)
{
  if (value == NULL)
    return;
  sio__buf_text(out, name);
  sio__buf_text(out, value);
}

static void write_attributes(struct sio__buf *out,
                             const sio_cookie_options *cookie)
{
  static const char *const priorities[] = {NULL, "Low", "Medium", "High"};
  static const char *const same_sites[] = {NULL, "Lax", "Strict", "None"};

  if (cookie->max_age_s >= 0) {
    sio__buf_text(out, "; Max-Age=");
    sio__buf_u64(out, (uint64_t)cookie->max_age_s);
  }
  write_text(out, "; Domain=", cookie->domain);
  write_text(out, "; Path=", cookie->path);
  if (cookie->expires_unix_s >= 0) {
    sio__buf_text(out, "; Expires=");
    write_date(out, cookie->expires_unix_s);
  }
  if (cookie->http_only != 0)
    sio__buf_text(out, "; HttpOnly");
  if (cookie->secure != 0)
    sio__buf_text(out, "; Secure");
  if (cookie->partitioned != 0)
    sio__buf_text(out, "; Partitioned");
  write_text(out, "; Priority=", priorities[cookie->priority]);
  write_text(out, "; SameSite=", same_sites[cookie->same_site]);
}

/* ---- What others call ---- */

void sio_cookie_options_init_sized(sio_cookie_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

const char *sio__cookie_problem(const sio_cookie_options *options)
{
  sio_cookie_options all;

  if (options == NULL)
    return NULL;
  if (options->size < sizeof options->size)
    return "cookie.size";
  all = complete(options);
  if (!sio__http_name_is_valid(sio_s(all.name)))
    return "cookie.name";
  if (!attribute_is_valid(all.path))
    return "cookie.path";
  if (!attribute_is_valid(all.domain))
    return "cookie.domain";
  if (all.max_age_s < -1)
    return "cookie.max_age_s";
  if (all.expires_unix_s < -1 || all.expires_unix_s > expires_max)
    return "cookie.expires_unix_s";
  if (all.http_only > 1)
    return "cookie.http_only";
  if (all.secure > 1)
    return "cookie.secure";
  if (all.partitioned > 1)
    return "cookie.partitioned";
  if (all.priority > SIO_COOKIE_PRIORITY_HIGH)
    return "cookie.priority";
  return all.same_site > SIO_SAME_SITE_NONE ? "cookie.same_site" : NULL;
}

int sio__cookie_copy(const sio_cookie_options *options,
                     const sio_allocator *mem, sio_cookie_options **out)
{
  sio_cookie_options all, *copy;
  char *end;

  *out = NULL;
  if (options == NULL)
    return 0;
  all = complete(options);
  copy = sio__mem_alloc(mem, copy_size(&all));
  if (copy == NULL)
    return SIO_ERR_NOMEM;
  *copy = all;
  end = (char *)(copy + 1);
  copy->name = sio__text_put(&end, all.name);
  copy->path = sio__text_put(&end, all.path);
  copy->domain = sio__text_put(&end, all.domain);
  *out = copy;
  return 0;
}

void sio__cookie_free(sio_cookie_options *copy, const sio_allocator *mem)
{
  if (copy != NULL)
    sio__mem_free(mem, copy, copy_size(copy));
}

void sio__cookie_add(struct sio_headers *out, const sio_cookie_options *cookie,
                     sio_str value)
{
  struct sio__buf *lines = &out->lines;
  size_t start = lines->len;

  sio__buf_text(lines, "Set-Cookie: ");
  sio__buf_text(lines, cookie->name);
  sio__buf_byte(lines, '=');
  write_encoded(lines, value);
  write_attributes(lines, cookie);
  sio__http_write_end(lines);
  if (lines->error != 0)
    lines->len = start; /* no field by half */
}

static sio_str trim(sio_str s)
{
  while (s.len > 0 && (*s.data == ' ' || *s.data == '\t')) {
    s.data++;
    s.len--;
  }
  while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
    s.len--;
  return s;
}

static sio_str unquote(sio_str s)
{
  if (s.len >= 2 && s.data[0] == '"' && s.data[s.len - 1] == '"') {
    s.data++;
    s.len -= 2;
  }
  return s;
}

bool sio__cookie_find(sio_str header, const char *name, sio_str *value)
{
  const char *at = header.data, *end = at + header.len;

  while (at < end) {
    const char *stop = memchr(at, ';', (size_t)(end - at));
    const char *equal;
    sio_str key, text;

    if (stop == NULL)
      stop = end;
    equal = memchr(at, '=', (size_t)(stop - at));
    if (equal != NULL) {
      key.data = at;
      key.len = (size_t)(equal - at);
      text.data = equal + 1;
      text.len = (size_t)(stop - equal - 1);
      if (sio_str_is(trim(key), name)) {
        *value = unquote(trim(text));
        return true;
      }
    }
    at = stop + 1;
  }
  return false;
}
