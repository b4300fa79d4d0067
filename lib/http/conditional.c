/* SPDX-License-Identifier: MIT */
/* Conditional and range requests. */
#include "http/conditional.h"

#include "base/ascii.h"

enum { DAY = 24 * 60 * 60, FIRST_YEAR = 1970, LAST_YEAR = 9999 };

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void skip(sio_str *s, size_t n)
{
  s->data += n;
  s->len -= n;
}

static bool starts_with(sio_str s, const char *text)
{
  size_t len = strlen(text);

  return s.len >= len && memcmp(s.data, text, len) == 0;
}

/* Skip a text; false if something else is there. */
static bool take(sio_str *s, const char *text)
{
  if (!starts_with(*s, text))
    return false;
  skip(s, strlen(text));
  return true;
}

static void skip_blanks(sio_str *s)
{
  while (s->len > 0 && (*s->data == ' ' || *s->data == '\t'))
    skip(s, 1);
}

/* ---- Dates ---- */

static bool is_leap(unsigned year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned month_len(unsigned year, unsigned month)
{
  static const uint8_t days[12] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

  return days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
}

/* Days from 1970 to the first of January. */
static uint32_t days_before_year(unsigned year)
{
  unsigned past = year - 1; /* the last year that is over */
  unsigned leaps = past / 4 - past / 100 + past / 400;
  const unsigned leaps_before_1970 = 477;

  return (year - FIRST_YEAR) * 365 + leaps - leaps_before_1970;
}

/* Exactly `n` digits. */
static bool take_number(sio_str *s, size_t n, unsigned *out)
{
  *out = 0;
  if (s->len < n)
    return false;
  for (size_t i = 0; i < n; i++) {
    if (!sio__is_digit(s->data[i]))
      return false;
    *out = *out * 10 + (unsigned)(s->data[i] - '0');
  }
  skip(s, n);
  return true;
}

static bool take_month(sio_str *s, unsigned *month)
{
  for (*month = 0; *month < 12; ++*month) {
    if (take(s, months[*month]))
      return true;
  }
  return false;
}

static bool take_time(sio_str *s, unsigned *seconds)
{
  unsigned hour, minute, second;

  if (!take_number(s, 2, &hour) || !take(s, ":") ||
      !take_number(s, 2, &minute) || !take(s, ":") ||
      !take_number(s, 2, &second) || hour > 23 || minute > 59 || second > 60)
    return false;
  *seconds = (hour * 60 + minute) * 60 + second;
  return true;
}

struct date {
  unsigned year, month, day; /* months from 0, days from 1 */
  unsigned seconds;          /* of the day */
};

/* "06 Nov 1994 08:49:37 GMT" */
static bool take_fixdate(sio_str s, struct date *d)
{
  return take_number(&s, 2, &d->day) && take(&s, " ") &&
         take_month(&s, &d->month) && take(&s, " ") &&
         take_number(&s, 4, &d->year) && take(&s, " ") &&
         take_time(&s, &d->seconds) && take(&s, " GMT") && s.len == 0;
}

/* "06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(sio_str s, struct date *d)
{
  if (!take_number(&s, 2, &d->day) || !take(&s, "-") ||
      !take_month(&s, &d->month) || !take(&s, "-") ||
      !take_number(&s, 2, &d->year) || !take(&s, " ") ||
      !take_time(&s, &d->seconds) || !take(&s, " GMT") || s.len > 0)
    return false;
  d->year += d->year < 70 ? 2000u : 1900u;
  return true;
}

/* "Nov  6 08:49:37 1994" */
static bool take_asctime(sio_str s, struct date *d)
{
  if (!take_month(&s, &d->month) || !take(&s, " "))
    return false;
  if (take(&s, " ") ? !take_number(&s, 1, &d->day)
                    : !take_number(&s, 2, &d->day))
    return false;
  return take(&s, " ") && take_time(&s, &d->seconds) && take(&s, " ") &&
         take_number(&s, 4, &d->year) && s.len == 0;
}

static uint64_t unix_time(const struct date *d)
{
  uint64_t days;

  if (d->year < FIRST_YEAR || d->day < 1 ||
      d->day > month_len(d->year, d->month))
    return SIO_NEVER;
  days = days_before_year(d->year) + d->day - 1;
  for (unsigned month = 0; month < d->month; month++)
    days += month_len(d->year, month);
  return days * DAY + d->seconds;
}

uint64_t sio__http_date_parse(sio_str text)
{
  struct date d;
  bool is_date;

  while (text.len > 0 && sio__is_letter(*text.data))
    skip(&text, 1); /* the weekday says nothing new */
  if (take(&text, ", "))
    is_date = take_fixdate(text, &d) || take_rfc850(text, &d);
  else
    is_date = take(&text, " ") && take_asctime(text, &d);
  return is_date ? unix_time(&d) : SIO_NEVER;
}

static void put_number(char *out, size_t digits, unsigned number)
{
  while (digits-- > 0) {
    out[digits] = (char)('0' + number % 10);
    number /= 10;
  }
}

void sio__http_date_write(uint64_t unix_seconds,
                          char out[static SIO__HTTP_DATE_SIZE])
{
  static const char weekdays[7][4] = {"Thu", "Fri", "Sat", "Sun",
                                      "Mon", "Tue", "Wed"};
  const uint64_t end = (uint64_t)days_before_year(LAST_YEAR + 1) * DAY;
  unsigned year, month = 0, days, seconds;

  if (unix_seconds >= end)
    unix_seconds = end - 1;
  days = (unsigned)(unix_seconds / DAY);
  seconds = (unsigned)(unix_seconds % DAY);
  memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", SIO__HTTP_DATE_SIZE);
  memcpy(out, weekdays[days % 7], 3);
  year = FIRST_YEAR + days / 366; /* not later than it is */
  while (days_before_year(year + 1) <= days)
    year++;
  days -= days_before_year(year);
  while (days >= month_len(year, month))
    days -= month_len(year, month++);
  put_number(out + 5, 2, days + 1);
  memcpy(out + 8, months[month], 3);
  put_number(out + 12, 4, year);
  put_number(out + 17, 2, seconds / 3600);
  put_number(out + 20, 2, seconds / 60 % 60);
  put_number(out + 23, 2, seconds % 60);
}

/* ---- Entity tags ---- */

/* The length of a tag at the start of a list; 0: there is none. */
static size_t tag_len(sio_str list)
{
  size_t i = starts_with(list, "W/") ? 2 : 0;

  if (i == list.len || list.data[i] != '"')
    return 0;
  for (i++; i < list.len; i++) {
    unsigned char c = (unsigned char)list.data[i];

    if (c == '"')
      return i + 1;
    if (c <= ' ' || c == 0x7f)
      return 0;
  }
  return 0;
}

static bool same_tag(sio_str a, sio_str b, bool strong)
{
  bool weak_a = take(&a, "W/"), weak_b = take(&b, "W/");

  return sio_str_equal(a, b) && !(strong && (weak_a || weak_b));
}

bool sio__etag_is_listed(sio_str list, sio_str etag, bool strong)
{
  if (sio_str_is(list, "*"))
    return true;
  while (list.len > 0) {
    sio_str tag = {list.data, tag_len(list)};

    if (tag.len > 0 && same_tag(tag, etag, strong))
      return true;
    skip(&list, tag.len);
    skip_blanks(&list);
    if (list.len > 0 && !take(&list, ","))
      return false;
    skip_blanks(&list);
  }
  return false;
}

/* ---- Ranges ---- */

/* Any number of digits, up to the largest number that there is. */
static bool take_u64(sio_str *s, uint64_t *out)
{
  *out = 0;
  if (s->len == 0 || !sio__is_digit(*s->data))
    return false;
  for (; s->len > 0 && sio__is_digit(*s->data); skip(s, 1)) {
    unsigned digit = (unsigned)(*s->data - '0');

    *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
  }
  return true;
}

static bool take_unit(sio_str *s)
{
  static const char unit[] = "bytes=";

  if (s->len < sizeof unit - 1)
    return false;
  for (size_t i = 0; i < sizeof unit - 1; i++) {
    char c = s->data[i];

    if ((sio__is_letter(c) ? c | 0x20 : c) != unit[i])
      return false;
  }
  skip(s, sizeof unit - 1);
  skip_blanks(s);
  return true;
}

/* "-500": the last bytes. */
static enum sio__range last_bytes(sio_str s, uint64_t size,
                                  struct sio__part *part)
{
  uint64_t n;

  if (!take_u64(&s, &n) || s.len > 0)
    return RANGE_WHOLE;
  if (n == 0)
    return RANGE_NOWHERE;
  if (size == 0)
    return RANGE_WHOLE; /* satisfiable, but no 206 could tell it */
  part->len = n < size ? n : size;
  part->first = size - part->len;
  return RANGE_PART;
}

enum sio__range sio__range_parse(sio_str range, uint64_t size,
                                 struct sio__part *part)
{
  uint64_t first, last = UINT64_MAX;

  if (!take_unit(&range))
    return RANGE_WHOLE;
  if (take(&range, "-"))
    return last_bytes(range, size, part);
  if (!take_u64(&range, &first) || !take(&range, "-") ||
      (range.len > 0 && !take_u64(&range, &last)) || range.len > 0 ||
      last < first)
    return RANGE_WHOLE;
  if (first >= size)
    return RANGE_NOWHERE;
  part->first = first;
  part->len = (last < size ? last + 1 : size) - first;
  return RANGE_PART;
}

/* ---- All together ---- */

/* Whether it was changed after a date; false also if that is none. */
static bool is_newer(const struct sio__representation *have, sio_str date)
{
  uint64_t since = sio__http_date_parse(date);

  return since != SIO_NEVER && have->modified != SIO_NEVER &&
         have->modified > since;
}

static bool is_not_newer(const struct sio__representation *have, sio_str date)
{
  uint64_t since = sio__http_date_parse(date);

  return since != SIO_NEVER && have->modified != SIO_NEVER &&
         have->modified <= since;
}

/* Whether parts that the client has, and the rest, are of one thing. */
static bool range_holds(sio_str if_range,
                        const struct sio__representation *have)
{
  if (if_range.data == NULL)
    return true;
  if (tag_len(if_range) == if_range.len && if_range.len > 0)
    return same_tag(if_range, have->etag, true);
  return have->modified != SIO_NEVER &&
         sio__http_date_parse(if_range) == have->modified;
}

int sio__conditional(const struct sio__conditions *conditions,
                     const struct sio__representation *have,
                     struct sio__part *part)
{
  const struct sio__conditions *c = conditions;

  part->first = 0;
  part->len = have->size;
  /* In the order of RFC 9110 section 13.2.2. */
  if (c->if_match.data != NULL) {
    if (!sio__etag_is_listed(c->if_match, have->etag, true))
      return 412;
  } else if (is_newer(have, c->if_unmodified_since)) {
    return 412;
  }
  if (c->if_none_match.data != NULL) {
    if (sio__etag_is_listed(c->if_none_match, have->etag, false))
      return 304;
  } else if (is_not_newer(have, c->if_modified_since)) {
    return 304;
  }
  if (c->range.data == NULL || !range_holds(c->if_range, have))
    return 200;
  switch (sio__range_parse(c->range, have->size, part)) {
  case RANGE_PART:
    return 206;
  case RANGE_NOWHERE:
    return 416;
  default:
    return 200;
  }
}
