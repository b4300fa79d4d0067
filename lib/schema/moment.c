/* SPDX-License-Identifier: MIT */
/* Points in time as text, and back. */
#include "schema/moment.h"

#include "base/ascii.h"

#define MS_PER_DAY INT64_C(86400000)

/* The first and last milliseconds of the years 0 to 9999. */
static const int64_t first_ms = INT64_C(-62167219200000);
static const int64_t last_ms = INT64_C(253402300799999);

struct reader {
  const char *at;
  const char *end;
};

/* Exactly `n` digits; -1 if they are not there. */
static int digits(struct reader *r, int n)
{
  int number = 0;

  if (r->end - r->at < n)
    return -1;
  for (; n > 0; n--, r->at++) {
    if (!sio__is_digit(*r->at))
      return -1;
    number = number * 10 + (*r->at - '0');
  }
  return number;
}

/* One of the characters of `set`; 0 if there is none. */
static char one_of(struct reader *r, const char *set)
{
  if (r->at == r->end || *r->at == '\0' || strchr(set, *r->at) == NULL)
    return 0;
  return *r->at++;
}

static int days_in_month(int year, int month)
{
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};
  bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return days[month - 1] + (month == 2 && is_leap);
}

/* Days since 1970-01-01.  Years begin in March here, so that the day that some
 * have more is their last one, and are counted from 400 years before 0. */
static int64_t days_of(int year, int month, int day)
{
  int64_t y = year + 400 - (month <= 2);
  int64_t m = (month + 9) % 12;

  return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 -
         (719468 + 146097);
}

static bool read_date(struct reader *r, int64_t *days)
{
  int year = digits(r, 4);
  int month;
  int day;

  if (year < 0 || !one_of(r, "-"))
    return false;
  month = digits(r, 2);
  if (month < 1 || month > 12 || !one_of(r, "-"))
    return false;
  day = digits(r, 2);
  if (day < 1 || day > days_in_month(year, month))
    return false;
  *days = days_of(year, month, day);
  return true;
}

/* What stands behind the point; false if no digit does. */
static bool read_fraction(struct reader *r, int *ms)
{
  const char *begin = r->at;
  int unit = 100;

  *ms = 0;
  for (; r->at < r->end && sio__is_digit(*r->at); r->at++) {
    *ms += unit * (*r->at - '0');
    unit /= 10;
  }
  return r->at > begin;
}

/* Minutes east of Greenwich. */
static bool read_zone(struct reader *r, int *minutes)
{
  char sign = one_of(r, "Zz+-");
  int hour;
  int minute;

  *minutes = 0;
  if (sign != '+' && sign != '-')
    return sign != 0;
  hour = digits(r, 2);
  if (hour < 0 || hour > 23 || !one_of(r, ":"))
    return false;
  minute = digits(r, 2);
  if (minute < 0 || minute > 59)
    return false;
  *minutes = (sign == '-' ? -1 : 1) * (hour * 60 + minute);
  return true;
}

/* Milliseconds of the day in UTC, which may be of the day before or after. */
static bool read_time(struct reader *r, int64_t *ms)
{
  int hour = digits(r, 2);
  int minute;
  int second;
  int fraction = 0;
  int zone;

  if (hour < 0 || hour > 23 || !one_of(r, ":"))
    return false;
  minute = digits(r, 2);
  if (minute < 0 || minute > 59 || !one_of(r, ":"))
    return false;
  second = digits(r, 2);
  if (second < 0 || second > 60 ||
      (one_of(r, ".") && !read_fraction(r, &fraction)) || !read_zone(r, &zone))
    return false;
  minute += hour * 60 - zone;
  /* The day before has -1440 to -1, the one after 1440 to 2879. */
  if (second == 60 && (minute + 1440) % 1440 != 1439)
    return false;
  *ms = ((int64_t)minute * 60 + second) * 1000 + fraction;
  return true;
}

bool sio__moment_read(const char *text, size_t len, int64_t *ms)
{
  struct reader r;
  int64_t days;
  int64_t time;

  *ms = 0;
  if (len == 0)
    return false;
  r.at = text;
  r.end = text + len;
  if (!read_date(&r, &days) || !one_of(&r, "Tt") || !read_time(&r, &time) ||
      r.at != r.end)
    return false;
  *ms = days * MS_PER_DAY + time;
  return true;
}

bool sio__moment_can_write(int64_t ms)
{
  return ms >= first_ms && ms <= last_ms;
}

/* `n` digits and what stands behind them. */
static char *put(char *out, int n, int64_t number, char behind)
{
  for (int i = n; i > 0; number /= 10)
    out[--i] = (char)('0' + number % 10);
  out[n] = behind;
  return out + n + 1;
}

void sio__moment_write(int64_t ms, char out[SIO__MOMENT_LEN])
{
  int64_t since = ms - first_ms; /* not negative */
  int64_t day = since / MS_PER_DAY;
  int64_t time = since % MS_PER_DAY;
  /* A guess that is right, or too late. */
  int year = (int)(day * 400 / 146097) + 1;
  int month = 1;
  int64_t epoch_days = day + first_ms / MS_PER_DAY;

  while (days_of(year, 1, 1) > epoch_days)
    year--;
  day = epoch_days - days_of(year, 1, 1);
  for (; day >= days_in_month(year, month); month++)
    day -= days_in_month(year, month);
  out = put(out, 4, year, '-');
  out = put(out, 2, month, '-');
  out = put(out, 2, day + 1, 'T');
  out = put(out, 2, time / 3600000, ':');
  out = put(out, 2, time / 60000 % 60, ':');
  out = put(out, 2, time / 1000 % 60, '.');
  (void)put(out, 3, time % 1000, 'Z');
}
