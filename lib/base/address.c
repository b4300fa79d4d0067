/* SPDX-License-Identifier: MIT */
/* Addresses of IP, and networks of them. */
#include "base/address.h"

#include "base/ascii.h"

#include <stdio.h>

enum { V4_LEN = 4, V6_LEN = SIO__ADDRESS_LEN, V6_GROUPS = 8 };
#define NO_GAP SIZE_MAX

static const uint8_t v4_mapped[SIO__ADDRESS_V4] = {[10] = 0xff, 0xff};

/* ---- Reading ---- */

/* One number of an IPv4 address: how many characters it has, 0: it is none.
 * Leading zeroes mean octal to some, so they mean nothing here. */
static size_t read_octet(sio_str text, uint8_t *out)
{
  unsigned number = 0;
  size_t n = 0;

  while (n < text.len && n < 3 && sio__is_digit(text.data[n]))
    number = number * 10 + (unsigned)(text.data[n++] - '0');
  if (number > UINT8_MAX || (n > 1 && text.data[0] == '0'))
    return 0;
  *out = (uint8_t)number;
  return n;
}

static sio_str rest_of(sio_str text, size_t from)
{
  sio_str rest = {text.data + from, text.len - from};

  return rest;
}

static bool parse_v4(sio_str text, uint8_t out[V4_LEN])
{
  for (size_t i = 0; i < V4_LEN; i++) {
    size_t n = read_octet(text, &out[i]);

    if (n == 0)
      return false;
    text = rest_of(text, n);
    if (i == V4_LEN - 1)
      break;
    if (text.len == 0 || text.data[0] != '.')
      return false;
    text = rest_of(text, 1);
  }
  return text.len == 0;
}

/* One group of an IPv6 address, likewise. */
static size_t read_group(sio_str text, uint8_t out[2])
{
  unsigned number = 0;
  size_t n = 0;

  while (n < text.len && n < 4 && sio__hex_value(text.data[n]) >= 0)
    number = number * 16 + (unsigned)sio__hex_value(text.data[n++]);
  out[0] = (uint8_t)(number >> 8);
  out[1] = (uint8_t)number;
  return n;
}

/* Put zeroes in for "::", which stood after `gap` of the `n` bytes. */
static void fill_gap(uint8_t out[V6_LEN], size_t n, size_t gap)
{
  size_t behind = n - gap;

  memmove(out + V6_LEN - behind, out + gap, behind);
  memset(out + gap, 0, V6_LEN - n);
}

/* Read a group, or the IPv4 address that ends an IPv6 one, to behind the `n`
 * bytes; `*text` moves on.  How many bytes it has; 0: it is none. */
static size_t read_piece(sio_str *text, uint8_t out[V6_LEN], size_t n)
{
  size_t digits = n < V6_LEN ? read_group(*text, out + n) : 0;

  if (digits == 0)
    return 0;
  if (digits == text->len || text->data[digits] != '.') {
    *text = rest_of(*text, digits);
    return 2;
  }
  if (n > V6_LEN - V4_LEN || !parse_v4(*text, out + n))
    return 0;
  *text = rest_of(*text, text->len);
  return V4_LEN;
}

/* Skip what stands behind `n` bytes: nothing at the end, or a colon, or the one
 * "::", whose place is noted. */
static bool skip_colons(sio_str *text, size_t n, size_t *gap)
{
  if (text->len == 0)
    return true;
  if (text->len == 1 || text->data[0] != ':')
    return false;
  *text = rest_of(*text, 1);
  if (text->data[0] != ':')
    return true;
  if (*gap != NO_GAP)
    return false;
  *gap = n;
  *text = rest_of(*text, 1);
  return true;
}

/* RFC 4291, 2.2. */
static bool parse_v6(sio_str text, uint8_t out[V6_LEN])
{
  size_t n = 0, gap = NO_GAP; /* bytes */

  if (text.len >= 2 && text.data[0] == ':' && text.data[1] == ':') {
    gap = 0;
    text = rest_of(text, 2);
  }
  while (text.len > 0) {
    size_t more = read_piece(&text, out, n);

    n += more;
    if (more == 0 || !skip_colons(&text, n, &gap))
      return false;
  }
  if (gap == NO_GAP)
    return n == V6_LEN;
  if (n == V6_LEN)
    return false;
  fill_gap(out, n, gap);
  return true;
}

/* ---- Writing ---- */

static unsigned group_at(const struct sio__address *address, size_t i)
{
  return (unsigned)address->bytes[2 * i] << 8 | address->bytes[2 * i + 1];
}

/* The longest run of groups that are 0, of those the first; of one group it
 * is none. */
static size_t find_run(const struct sio__address *address, size_t *len)
{
  size_t start = 0, n = 0;

  *len = 1;
  for (size_t i = 0; i < V6_GROUPS; i++) {
    n = group_at(address, i) == 0 ? n + 1 : 0;
    if (n > *len) {
      *len = n;
      start = i + 1 - n;
    }
  }
  if (*len == 1)
    *len = 0;
  return start;
}

static void write_v6(const struct sio__address *address,
                     char out[SIO__ADDRESS_TEXT])
{
  size_t run_len, run = find_run(address, &run_len), at = 0, i = 0;

  while (i < V6_GROUPS) {
    if (run_len > 0 && i == run) {
      at += (size_t)snprintf(out + at, SIO__ADDRESS_TEXT - at, "::");
      i += run_len;
      continue;
    }
    at += (size_t)snprintf(out + at, SIO__ADDRESS_TEXT - at, "%s%x",
                           i == 0 || (run_len > 0 && i == run + run_len) ? ""
                                                                         : ":",
                           group_at(address, i));
    i++;
  }
}

/* ---- Functions of the header ---- */

bool sio__address_read(sio_str text, struct sio__address *out)
{
  uint8_t v4[V4_LEN];

  if (parse_v4(text, v4)) {
    sio__address_of_v4(v4, out);
    return true;
  }
  return text.len > 0 && parse_v6(text, out->bytes);
}

void sio__address_of_v4(const uint8_t bytes[4], struct sio__address *out)
{
  memcpy(out->bytes, v4_mapped, sizeof v4_mapped);
  memcpy(out->bytes + SIO__ADDRESS_V4, bytes, V4_LEN);
}

void sio__address_write(const struct sio__address *address,
                        char out[SIO__ADDRESS_TEXT])
{
  const uint8_t *v4 = address->bytes + SIO__ADDRESS_V4;

  if (sio__address_is_v4(address))
    (void)snprintf(out, SIO__ADDRESS_TEXT, "%u.%u.%u.%u", v4[0], v4[1], v4[2],
                   v4[3]); /* it fits */
  else
    write_v6(address, out);
}

bool sio__address_is_v4(const struct sio__address *address)
{
  return memcmp(address->bytes, v4_mapped, sizeof v4_mapped) == 0;
}

/* Whether two addresses agree in their first bits. */
static bool agree(const uint8_t *a, const uint8_t *b, size_t bits)
{
  size_t whole = bits / 8;
  unsigned mask = 0xff00u >> bits % 8 & 0xff;

  return memcmp(a, b, whole) == 0 &&
         (mask == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

/* What is behind "/": up to `most`, without leading zeroes.  False: it is no
 * such number. */
static bool read_bits(sio_str text, unsigned most, uint8_t *out)
{
  unsigned number = 0;

  if (text.len == 0 || text.len > 3 || (text.len > 1 && text.data[0] == '0'))
    return false;
  for (size_t i = 0; i < text.len; i++) {
    if (!sio__is_digit(text.data[i]))
      return false;
    number = number * 10 + (unsigned)(text.data[i] - '0');
  }
  *out = (uint8_t)number;
  return number <= most;
}

bool sio__network_read(sio_str text, struct sio__network *out)
{
  const char *slash = text.len > 0 ? memchr(text.data, '/', text.len) : NULL;
  struct sio__address rest = {{0}};
  sio_str address = text;
  unsigned most = 128;

  if (slash != NULL)
    address.len = (size_t)(slash - text.data);
  if (!sio__address_read(address, &out->address))
    return false;
  out->bits = (uint8_t)most;
  if (slash == NULL)
    return true;
  /* "::ffff:192.0.2.0/120" counts the bits of IPv6. */
  if (memchr(address.data, ':', address.len) == NULL)
    most = 32;
  if (!read_bits(rest_of(text, address.len + 1), most, &out->bits))
    return false;
  if (most == 32)
    out->bits = (uint8_t)(out->bits + 8 * SIO__ADDRESS_V4);
  memcpy(rest.bytes, out->address.bytes, out->bits / 8);
  if (out->bits % 8 != 0)
    rest.bytes[out->bits / 8] = (uint8_t)(out->address.bytes[out->bits / 8] &
                                          (0xff00u >> out->bits % 8));
  return memcmp(&rest, &out->address, sizeof rest) == 0;
}

bool sio__network_has(const struct sio__network *network,
                      const struct sio__address *address)
{
  bool is_v4 = network->bits >= 8 * SIO__ADDRESS_V4 &&
               sio__address_is_v4(&network->address);

  return is_v4 == sio__address_is_v4(address) &&
         agree(network->address.bytes, address->bytes, network->bits);
}
