/* SPDX-License-Identifier: MIT */
/* The PROXY protocol, as its receiver. */
#include "http/preface.h"

#include "base/ascii.h"

enum {
  V2_FIXED = 16,
  V2_COMMAND = 12,
  V2_FAMILY = 13,
  V2_LENGTH = 14,
  V2_KEPT = 4,   /* of the addresses: IPv4 */
  V2_KEPT6 = 16, /* IPv6 */
};

/* Of all addresses of a family: two, and two ports; two paths. */
enum { V2_SIZE4 = 12, V2_SIZE6 = 36, V2_SIZE_UNIX = 216 };

static const uint8_t signature[V2_COMMAND] = {
    '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
static const char keyword[] = "PROXY ";

static enum sio__preface_result bad(struct sio__preface *p, const char *detail)
{
  p->detail = detail;
  return PREFACE_BAD;
}

/* ---- Version 2 ---- */

/* The first 16 bytes are there. */
static enum sio__preface_result begin_v2(struct sio__preface *p)
{
  static const uint16_t sizes[] = {0, V2_SIZE4, V2_SIZE6, V2_SIZE_UNIX};
  unsigned version = p->bytes[V2_COMMAND] >> 4;
  unsigned command = p->bytes[V2_COMMAND] & 15;
  unsigned family = p->bytes[V2_FAMILY] >> 4, kind = p->bytes[V2_FAMILY] & 15;

  p->missing = (uint32_t)p->bytes[V2_LENGTH] << 8 | p->bytes[V2_LENGTH + 1];
  if (version != 2)
    return bad(p, "an unknown version of PROXY");
  if (command > 1)
    return bad(p, "an unknown command of PROXY");
  p->client = command == 0 ? PREFACE_SELF : PREFACE_UNKNOWN;
  if (command == 0)
    return PREFACE_MORE;
  if (family > 3 || kind > 2)
    return bad(p, "an unknown family of PROXY");
  if (p->missing < sizes[family])
    return bad(p, "too few bytes of PROXY addresses");
  if (kind == 1 && (family == 1 || family == 2))
    p->client = PREFACE_ADDRESS;
  return PREFACE_MORE;
}

static size_t kept_of(const struct sio__preface *p)
{
  if (p->client != PREFACE_ADDRESS)
    return 0;
  return p->bytes[V2_FAMILY] >> 4 == 1 ? V2_KEPT : V2_KEPT6;
}

/* What the client is, once its address is there. */
static void end_v2(struct sio__preface *p)
{
  const uint8_t *source = p->bytes + V2_FIXED;

  if (kept_of(p) == V2_KEPT)
    sio__address_of_v4(source, &p->address);
  else if (kept_of(p) == V2_KEPT6)
    memcpy(p->address.bytes, source, V2_KEPT6);
}

static enum sio__preface_result
read_v2(struct sio__preface *p, const uint8_t *data, size_t len, size_t *used)
{
  while (*used < len && p->have < V2_FIXED) {
    uint8_t byte = data[(*used)++];

    if (p->have < V2_COMMAND && byte != signature[p->have])
      return bad(p, "no PROXY header");
    p->bytes[p->have++] = byte;
    if (p->have == V2_FIXED && begin_v2(p) == PREFACE_BAD)
      return PREFACE_BAD;
  }
  if (p->have < V2_FIXED)
    return PREFACE_MORE;
  while (*used < len && p->missing > 0) {
    size_t n = len - *used < p->missing ? len - *used : p->missing;

    if (p->have < V2_FIXED + kept_of(p)) {
      p->bytes[p->have++] = data[*used];
      n = 1;
    }
    *used += n;
    p->missing -= (uint32_t)n;
  }
  if (p->missing > 0)
    return PREFACE_MORE;
  end_v2(p);
  return PREFACE_DONE;
}

/* ---- Version 1 ---- */

/* The next word of the line, up to one blank; an empty one is none. */
static sio_str take_word(sio_str *line)
{
  const char *blank = line->len > 0 ? memchr(line->data, ' ', line->len) : NULL;
  sio_str word = *line;

  if (blank == NULL) {
    *line = (sio_str){line->data + line->len, 0};
    return word;
  }
  word.len = (size_t)(blank - line->data);
  line->data += word.len + 1;
  line->len -= word.len + 1;
  return word;
}

static bool is_port(sio_str word)
{
  unsigned long number = 0;

  if (word.len == 0 || word.len > 5)
    return false;
  for (size_t i = 0; i < word.len; i++) {
    if (!sio__is_digit(word.data[i]))
      return false;
    number = number * 10 + (unsigned long)(word.data[i] - '0');
  }
  return number <= UINT16_MAX;
}

static bool is_family(sio_str word, bool v4)
{
  return sio_str_is(word, v4 ? "TCP4" : "TCP6");
}

/* What is between "PROXY " and the end of the line. */
static enum sio__preface_result read_line(struct sio__preface *p, sio_str line)
{
  sio_str family = take_word(&line), source, other, port, other_port;
  bool v4 = is_family(family, true);
  struct sio__address ignored;

  p->client = PREFACE_UNKNOWN;
  if (sio_str_is(family, "UNKNOWN"))
    return PREFACE_DONE;
  source = take_word(&line);
  other = take_word(&line);
  port = take_word(&line);
  other_port = line;
  if ((!v4 && !is_family(family, false)) || !is_port(port) ||
      !is_port(other_port))
    return bad(p, "a PROXY line that is none");
  /* Each is written as its family says. */
  if (!sio__address_read(source, &p->address) ||
      !sio__address_read(other, &ignored) ||
      v4 != (memchr(source.data, ':', source.len) == NULL))
    return bad(p, "a PROXY line without addresses");
  p->client = PREFACE_ADDRESS;
  return PREFACE_DONE;
}

static enum sio__preface_result
read_v1(struct sio__preface *p, const uint8_t *data, size_t len, size_t *used)
{
  const size_t begin = sizeof keyword - 1;

  while (*used < len) {
    uint8_t byte = data[(*used)++];

    if (p->have < begin && byte != (uint8_t)keyword[p->have])
      return bad(p, "no PROXY header");
    if (p->have == SIO__PREFACE_MAX)
      return bad(p, "too long a PROXY line");
    p->bytes[p->have++] = byte;
    if (byte == '\n') {
      sio_str line = {(const char *)p->bytes + begin, p->have - begin};

      if (line.len < 2 || line.data[line.len - 2] != '\r')
        return bad(p, "a PROXY line that is none");
      line.len -= 2;
      return read_line(p, line);
    }
  }
  return PREFACE_MORE;
}

enum sio__preface_result sio__preface_read(struct sio__preface *preface,
                                           const uint8_t *data, size_t len,
                                           size_t *used)
{
  *used = 0;
  if (len == 0)
    return PREFACE_MORE;
  if ((preface->have > 0 ? preface->bytes[0] : data[0]) == signature[0])
    return read_v2(preface, data, len, used);
  return read_v1(preface, data, len, used);
}
