/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_ASCII_H
#define SIO_BASE_ASCII_H

/* Classes of ASCII characters, whatever the locale is: no other byte is in any
 * of them. */

#include <sio/types.h>

static inline bool sio__is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static inline bool sio__is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool sio__is_alphanumeric(char c)
{
  return sio__is_digit(c) || sio__is_letter(c);
}

/* What HTTP has around values (RFC 9110 section 5.6.3). */
static inline bool sio__is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Of a token of HTTP (RFC 9110 section 5.6.2). */
static inline bool sio__is_token_char(char c)
{
  return sio__is_alphanumeric(c) ||
         (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static inline char sio__lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* What a hexadecimal digit is worth; -1: it is none. */
static inline int sio__hex_value(char c)
{
  if (sio__is_digit(c))
    return c - '0';
  c = sio__lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A text without the blanks around it. */
sio_str sio__trim(sio_str s);

/* Whether two texts are equal in any case of their letters. */
bool sio__same_in_any_case(sio_str a, sio_str b);

#endif
