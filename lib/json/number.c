/* SPDX-License-Identifier: MIT */
/*
 * Numbers between JSON text and C.
 *
 * The C library's conversions are only used where the locale has no say:
 * strtod() on digits and an exponent without a decimal point, and snprintf()
 * with %e, of whose output only digits, sign and exponent are looked at.
 */
#include "json/number.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include <sio/error.h>

enum {
  /* Digits that can matter for a double: no midpoint of two has more than
   * 767, and one more says on which side of it the number lies. */
  MAX_DIGITS = 768,
  MAX_EXACT_POWER = 22 /* 10^22 is the last power that a double holds */
};

/* Exponents are cut off here: far beyond what the digits of any text that
 * fits into memory could make up for, far below overflow. */
static const int64_t max_exponent = INT64_C(1) << 60;

static const double powers[MAX_EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* mantissa * 10^exponent; the mantissa does not end in a zero. */
struct decimal {
  bool negative;
  bool is_cut; /* digits other than 0 did not fit */
  uint64_t mantissa;
  int64_t exponent;
};

/* The number behind "e", which may have any length. */
static int64_t read_exponent(const char *at, const char *end)
{
  bool negative = *at == '-';
  int64_t exponent = 0;

  if (*at == '-' || *at == '+')
    at++;
  for (; at < end && exponent < max_exponent / 16; at++)
    exponent = exponent * 10 + (*at - '0');
  return negative ? -exponent : exponent;
}

/* Take `zeros` zeros and then `digit` into the mantissa, if they fit. */
static bool push(struct decimal *d, size_t zeros, unsigned digit)
{
  uint64_t m = d->mantissa;

  if (zeros >= 20 && m != 0)
    return false;
  if (m != 0) {
    for (; zeros > 0; zeros--) {
      if (m > UINT64_MAX / 10)
        return false;
      m *= 10;
    }
  }
  if (m > (UINT64_MAX - digit) / 10)
    return false;
  d->mantissa = m * 10 + digit;
  return true;
}

static void read_decimal(const char *at, const char *end, struct decimal *d)
{
  size_t zeros = 0;   /* not yet known whether a digit follows them */
  int64_t places = 0; /* behind the point */
  int64_t taken = 0;  /* `places` at the mantissa's last digit, less what
                         stands before the point behind it */
  bool fraction = false;

  memset(d, 0, sizeof *d);
  d->negative = *at == '-';
  if (d->negative)
    at++;
  for (; at < end && (*at | 0x20) != 'e'; at++) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    if (fraction)
      places++;
    else
      taken--;
    if (*at == '0') {
      zeros++;
    } else if (!d->is_cut && push(d, zeros, (unsigned)(*at - '0'))) {
      zeros = 0;
      taken = places;
    } else {
      d->is_cut = true;
    }
  }
  if (d->mantissa == 0)
    return;
  d->exponent = -taken;
  if (at < end)
    d->exponent += read_exponent(at + 1, end);
}

/* The absolute value as an integer; false: a fraction, or it does not fit. */
static bool whole(const struct decimal *d, uint64_t *out)
{
  uint64_t m = d->mantissa;

  if (d->is_cut || d->exponent < 0 || (m != 0 && d->exponent > 19))
    return false;
  for (int64_t i = 0; i < d->exponent; i++) {
    if (m > UINT64_MAX / 10)
      return false;
    m *= 10;
  }
  *out = m;
  return true;
}

static bool read_magnitude(const char *text, size_t len, bool *negative,
                           uint64_t *out)
{
  const char *end = text + len;
  const char *at = text;
  uint64_t n = 0;
  struct decimal d;

  *negative = *at == '-';
  if (*negative)
    at++;
  if (end - at <= 18) { /* cannot overflow */
    while (at < end && sio__is_digit(*at))
      n = n * 10 + (uint64_t)(*at++ - '0');
    if (at == end) {
      *out = n;
      return true;
    }
  }
  read_decimal(text, end, &d);
  return whole(&d, out);
}

int sio__json_read_int64(const char *text, size_t len, int64_t *out)
{
  uint64_t n;
  bool negative;

  *out = 0;
  if (!read_magnitude(text, len, &negative, &n) ||
      n > (uint64_t)INT64_MAX + negative)
    return SIO_ERR_RANGE;
  if (!negative)
    *out = (int64_t)n;
  else if (n > 0)
    *out = -(int64_t)(n - 1) - 1; /* never leaves the range */
  return 0;
}

int sio__json_read_uint64(const char *text, size_t len, uint64_t *out)
{
  uint64_t n;
  bool negative;

  *out = 0;
  if (!read_magnitude(text, len, &negative, &n) || (negative && n > 0))
    return SIO_ERR_RANGE;
  *out = n;
  return 0;
}

/* The double nearest to digits * 10^exponent; `n` is at most MAX_DIGITS. */
static double nearest(const char *digits, size_t n, int64_t exponent)
{
  char text[MAX_DIGITS + 24];
  int e = exponent > 9999 ? 9999 : exponent < -9999 ? -9999 : (int)exponent;

  memcpy(text, digits, n);
  (void)snprintf(text + n, sizeof text - n, "e%d", e); /* always fits */
  return strtod(text, NULL);
}

/* Any number that is not 0, correctly rounded. */
static double read_slowly(const char *at, const char *end)
{
  char digits[MAX_DIGITS];
  size_t n = 0;
  int64_t exponent = 0;
  bool fraction = false;

  for (; at < end && (*at | 0x20) != 'e'; at++) {
    if (*at == '.') {
      fraction = true;
    } else if (sio__is_digit(*at)) {
      bool fits = n < MAX_DIGITS;

      if (fits && (n > 0 || *at != '0'))
        digits[n++] = *at;
      else if (!fits && *at != '0')
        digits[MAX_DIGITS - 1] |= 1; /* more than a midpoint: '0' to '1' */
      exponent += (fits ? 0 : 1) - (fraction ? 1 : 0);
    }
  }
  if (at < end)
    exponent += read_exponent(at + 1, end);
  /* A long row of digits may stand against a large exponent; what is cut off
   * by nearest() is 0 or infinite, as there are no more than 768 digits. */
  return nearest(digits, n, exponent);
}

int sio__json_read_double(const char *text, size_t len, double *out)
{
  struct decimal d;
  double x;

  read_decimal(text, text + len, &d);
  x = (double)d.mantissa;
  if (d.mantissa == 0) {
    x = 0;
  } else if (FLT_EVAL_METHOD == 0 && !d.is_cut &&
             d.mantissa <= UINT64_C(1) << 53 &&
             d.exponent >= -MAX_EXACT_POWER && d.exponent <= MAX_EXACT_POWER) {
    /* Both operands are exact, so the result is rounded once. */
    x = d.exponent < 0 ? x / powers[-d.exponent] : x * powers[d.exponent];
  } else {
    x = read_slowly(text, text + len);
  }
  *out = 0;
  if (x > DBL_MAX)
    return SIO_ERR_RANGE;
  *out = d.negative ? -x : x;
  return 0;
}

void sio__json_write_int64(struct sio__buf *out, int64_t number)
{
  if (number < 0)
    sio__buf_byte(out, '-');
  sio__buf_u64(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* The shortest digits that read back the same: 0.DIGITS * 10^point. */
struct shortest {
  char digits[24];
  size_t n;
  int point;
};

static void strip_zeros(struct shortest *s)
{
  while (s->n > 1 && s->digits[s->n - 1] == '0')
    s->n--;
}

static void write_digits(uint64_t m, struct shortest *s)
{
  size_t n = 1;

  for (uint64_t rest = m; rest >= 10; rest /= 10)
    n++;
  s->n = n;
  for (; n > 0; m /= 10)
    s->digits[--n] = (char)('0' + m % 10);
}

/* Numbers with few decimals, below 10^15.  Up to 15 digits, different
 * decimals are different doubles: the first one that fits is the shortest. */
static bool few_decimals(double x, struct shortest *s)
{
  for (int places = 1; places <= MAX_EXACT_POWER; places++) {
    double scaled = x * powers[places];
    uint64_t m;

    if (scaled >= 1e15)
      return false;
    m = (uint64_t)(scaled + 0.5);
    if (m > 0 && (double)m / powers[places] == x) {
      write_digits(m, s);
      s->point = (int)s->n - places;
      return true;
    }
  }
  return false;
}

/* The digits that %e gives, at `precision` of them. */
static void round_to(double x, int precision, struct shortest *s)
{
  char text[48];
  const char *at = text;

  (void)snprintf(text, sizeof text, "%.*e", precision - 1, x); /* fits */
  s->n = 0;
  for (; *at != 'e'; at++) {
    if (sio__is_digit(*at)) /* and not the decimal point, whatever that is */
      s->digits[s->n++] = *at;
  }
  s->point = (int)strtol(at + 1, NULL, 10) + 1;
}

static bool reads_back(const struct shortest *s, double x)
{
  return nearest(s->digits, s->n, (int64_t)s->point - (int64_t)s->n) == x;
}

/* Make the last digit one greater, if that is not a 9. */
static bool increment(struct shortest *s)
{
  if (s->digits[s->n - 1] == '9')
    return false;
  s->digits[s->n - 1]++;
  return true;
}

static void find_shortest(double x, struct shortest *s)
{
  /* Denormal numbers may need less than the 15 digits of all others. */
  int precision = x < DBL_MIN ? 1 : DBL_DIG;

  if (FLT_EVAL_METHOD == 0 && few_decimals(x, s))
    return;
  for (;; precision++) {
    round_to(x, precision, s);
    if (precision == 17 || reads_back(s, x))
      break;
    /* Below a power of two doubles lie denser than above it: the nearest
     * decimal below may miss where the one above does not. */
    if (precision == 16 && increment(s) && reads_back(s, x))
      break;
  }
  strip_zeros(s);
}

static void write_zeros(struct sio__buf *out, int n)
{
  for (; n > 0; n--)
    sio__buf_byte(out, '0');
}

/* The layout of ECMA-262, Number::toString. */
static void write_decimal(struct sio__buf *out, const struct shortest *s)
{
  int n = (int)s->n;
  int point = s->point;
  int before = point; /* digits before the point */

  if (point > 21 || point <= -6)
    before = 1;
  if (before <= 0) {
    sio__buf_append(out, "0.", 2);
    write_zeros(out, -before);
    sio__buf_append(out, s->digits, s->n);
  } else if (before >= n) {
    sio__buf_append(out, s->digits, s->n);
    write_zeros(out, before - n);
  } else {
    sio__buf_append(out, s->digits, (size_t)before);
    sio__buf_byte(out, '.');
    sio__buf_append(out, s->digits + before, (size_t)(n - before));
  }
  if (point > 21 || point <= -6) {
    sio__buf_text(out, point > 0 ? "e+" : "e");
    sio__json_write_int64(out, point - 1);
  }
}

void sio__json_write_double(struct sio__buf *out, double number)
{
  struct shortest s;

  if (!(number >= -DBL_MAX && number <= DBL_MAX)) {
    sio__buf_append(out, "null", 4);
    return;
  }
  if (number > -1e15 && number < 1e15 && number == (double)(int64_t)number) {
    sio__json_write_int64(out, (int64_t)number);
    return;
  }
  if (number < 0) {
    sio__buf_byte(out, '-');
    number = -number;
  }
  find_shortest(number, &s);
  write_decimal(out, &s);
}
