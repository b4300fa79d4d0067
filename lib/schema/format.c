/* SPDX-License-Identifier: MIT */
/* Formats of strings. */
#include "schema/format.h"

#include "base/ascii.h"
#include "schema/moment.h"

static bool is_hex(char c)
{
  return sio__hex_value(c) >= 0;
}

static bool is_in(char c, const char *set)
{
  return c != '\0' && strchr(set, c) != NULL;
}

/* ---- RFC 9562, section 4 ---- */

static bool is_uuid(const char *text, size_t len)
{
  if (len != 36)
    return false;
  for (size_t i = 0; i < 36; i++) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;

    if (dash ? text[i] != '-' : !is_hex(text[i]))
      return false;
  }
  return true;
}

/* ---- RFC 5321, section 4.1.2 ---- */

enum { MAX_LOCAL = 64, MAX_DOMAIN = 255, MAX_LABEL = 63 };

/* Dot-string = Atom *("." Atom), of atext (RFC 5322, section 3.2.3). */
static bool is_dot_string(const char *at, const char *end)
{
  bool in_atom = false;

  if (end - at > MAX_LOCAL)
    return false;
  for (; at < end; at++) {
    if (*at == '.' && !in_atom)
      return false;
    in_atom = *at != '.';
    if (in_atom && !sio__is_alphanumeric(*at) &&
        !is_in(*at, "!#$%&'*+-/=?^_`{|}~"))
      return false;
  }
  return in_atom;
}

/* sub-domain = Let-dig [Ldh-str]; to its end, or NULL. */
static const char *label(const char *at, const char *end)
{
  const char *begin = at;

  while (at < end && (sio__is_alphanumeric(*at) || *at == '-'))
    at++;
  if (at == begin || *begin == '-' || at[-1] == '-' || at - begin > MAX_LABEL)
    return NULL;
  return at;
}

static bool is_domain(const char *at, const char *end)
{
  size_t labels = 0;

  if (end - at > MAX_DOMAIN)
    return false;
  for (;;) {
    at = label(at, end);
    if (at == NULL)
      return false;
    labels++;
    if (at == end)
      return labels >= 2;
    if (*at++ != '.')
      return false;
  }
}

static bool is_email(const char *text, size_t len)
{
  const char *at = len > 0 ? memchr(text, '@', len) : NULL;

  return at != NULL && is_dot_string(text, at) && is_domain(at + 1, text + len);
}

/* ---- RFC 3986, section 3 and appendix A ---- */

/* unreserved, sub-delims, pct-encoded and what is in `more`: to the end of
 * the run.  A "%" that begins no pct-encoded ends it. */
static const char *run(const char *at, const char *end, const char *more)
{
  for (; at < end; at++) {
    if (*at == '%') {
      if (end - at < 3 || !is_hex(at[1]) || !is_hex(at[2]))
        break;
      at += 2;
    } else if (!sio__is_alphanumeric(*at) && !is_in(*at, "-._~!$&'()*+,;=") &&
               !is_in(*at, more)) {
      break;
    }
  }
  return at;
}

static const char *skip_digits(const char *at, const char *end)
{
  while (at < end && sio__is_digit(*at))
    at++;
  return at;
}

/* IPv4address: four times dec-octet. */
static bool is_ipv4(const char *at, const char *end)
{
  for (int i = 0; i < 4; i++) {
    const char *begin = at;
    int octet = 0;

    if (i > 0 && (at == end || *at++ != '.'))
      return false;
    begin = at;
    at = skip_digits(at, end);
    if (at == begin || at - begin > 3 || (*begin == '0' && at - begin > 1))
      return false;
    for (; begin < at; begin++)
      octet = octet * 10 + (*begin - '0');
    if (octet > 255)
      return false;
  }
  return at == end;
}

static const char *skip_hex(const char *at, const char *end)
{
  while (at < end && is_hex(*at))
    at++;
  return at;
}

/* Behind a group of an IPv6address that is not the last thing in it: the colon
 * and maybe a second one.  NULL: that is not what is there. */
static const char *skip_colons(const char *at, const char *end, bool *is_short)
{
  if (*at++ != ':' || at == end)
    return NULL;
  if (*at != ':')
    return at;
  if (*is_short)
    return NULL;
  *is_short = true;
  return at + 1;
}

/* IPv6address: eight groups, of which one "::" stands for at least one. */
static bool is_ipv6(const char *at, const char *end)
{
  int groups = 0;
  bool is_short = end - at >= 2 && at[0] == ':' && at[1] == ':';

  if (is_short)
    at += 2;
  while (at < end) {
    const char *begin = at;

    at = skip_hex(at, end);
    if (at < end && *at == '.') {
      groups += 2;
      return is_ipv4(begin, end) && (is_short ? groups < 8 : groups == 8);
    }
    if (at == begin || at - begin > 4)
      return false;
    groups++;
    if (at == end)
      break;
    at = skip_colons(at, end, &is_short);
    if (at == NULL)
      return false;
  }
  return is_short ? groups < 8 : groups == 8;
}

/* IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_ip_future(const char *at, const char *end)
{
  const char *begin;

  if (at == end || (*at++ | 0x20) != 'v')
    return false;
  begin = at;
  at = skip_hex(at, end);
  if (at == begin || at == end || *at++ != '.' || at == end)
    return false;
  return memchr(at, '%', (size_t)(end - at)) == NULL &&
         run(at, end, ":") == end;
}

/* host [ ":" port ]; a reg-name may be empty, and includes IPv4address. */
static bool is_host(const char *at, const char *end)
{
  const char *stop;

  if (at < end && *at == '[') {
    stop = memchr(at, ']', (size_t)(end - at));
    if (stop == NULL || (!is_ipv6(at + 1, stop) && !is_ip_future(at + 1, stop)))
      return false;
    at = stop + 1;
  } else {
    at = run(at, end, "");
  }
  if (at < end && *at == ':')
    at = skip_digits(at + 1, end);
  return at == end;
}

/* authority = [ userinfo "@" ] host [ ":" port ] */
static bool is_authority(const char *at, const char *end)
{
  const char *user = at < end ? memchr(at, '@', (size_t)(end - at)) : NULL;

  if (user != NULL) {
    if (run(at, user, ":") != user)
      return false;
    at = user + 1;
  }
  return is_host(at, end);
}

static const char *authority_end(const char *at, const char *end)
{
  while (at < end && !is_in(*at, "/?#"))
    at++;
  return at;
}

/* scheme ":"; NULL: that is not what is there. */
static const char *skip_scheme(const char *at, const char *end)
{
  if (at == end || !sio__is_letter(*at))
    return NULL;
  while (at < end && (sio__is_alphanumeric(*at) || is_in(*at, "+-.")))
    at++;
  return at < end && *at == ':' ? at + 1 : NULL;
}

/* URI = scheme ":" hier-part [ "?" query ] [ "#" fragment ] */
static bool is_uri(const char *text, size_t len)
{
  const char *end = len > 0 ? text + len : text;
  const char *at = skip_scheme(text, end);

  if (at == NULL)
    return false;
  if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
    const char *stop = authority_end(at + 2, end);

    if (!is_authority(at + 2, stop))
      return false;
    at = stop; /* what follows begins with a slash, if it is a path */
  }
  at = run(at, end, ":@/");
  if (at < end && *at == '?')
    at = run(at + 1, end, ":@/?");
  if (at < end && *at == '#')
    at = run(at + 1, end, ":@/?");
  return at == end;
}

bool sio__format_fits(uint32_t format, const char *text, size_t len)
{
  int64_t ms;

  switch (format) {
  case SIO_FORMAT_UUID:
    return is_uuid(text, len);
  case SIO_FORMAT_EMAIL:
    return is_email(text, len);
  case SIO_FORMAT_DATETIME:
    return sio__moment_read(text, len, &ms);
  case SIO_FORMAT_URI:
    return is_uri(text, len);
  default:
    return true;
  }
}
