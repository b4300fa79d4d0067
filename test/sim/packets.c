/* SPDX-License-Identifier: MIT */
/* The clients' reading and writing of Engine.IO payloads and Socket.IO
 * packets, and the contents that events have here. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

const char *const sim_nsps[SIM_NSPS] = {"/", "/a", "/b", "/d/x"};

/* ---- Base64 ---- */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_write(uint8_t *out, const uint8_t *data, size_t len)
{
  size_t n = 0;

  for (size_t i = 0; i < len; i += 3) {
    uint32_t b = (uint32_t)data[i] << 16;

    if (i + 1 < len)
      b |= (uint32_t)data[i + 1] << 8;
    if (i + 2 < len)
      b |= data[i + 2];
    out[n++] = (uint8_t)digits[b >> 18];
    out[n++] = (uint8_t)digits[b >> 12 & 63];
    out[n++] = i + 1 < len ? (uint8_t)digits[b >> 6 & 63] : '=';
    out[n++] = i + 2 < len ? (uint8_t)digits[b & 63] : '=';
  }
  return n;
}

bool base64_read(uint8_t *out, size_t *n, const uint8_t *text, size_t len)
{
  uint32_t bits = 0;
  unsigned have = 0;

  *n = 0;
  if (len % 4 != 0)
    return false;
  while (len > 0 && text[len - 1] == '=')
    len--;
  for (size_t i = 0; i < len; i++) {
    const char *at = text[i] != 0 ? strchr(digits, text[i]) : NULL;

    if (at == NULL)
      return false;
    bits = bits << 6 | (uint32_t)(at - digits);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out[(*n)++] = (uint8_t)(bits >> have);
    }
  }
  return true;
}

/* ---- The answer to a poll ---- */

void payload_receive(struct client *c, const uint8_t *body, size_t len)
{
  unsigned life = c->life;
  size_t from = 0, events = 0;
  uint64_t cap = c->sim->options.max_output_packets;

  if (len == 0)
    sim_fail(c->sim, "payload", "an empty payload");
  for (size_t i = 0; i <= len; i++) {
    if (i < len && body[i] != 0x1e)
      continue;
    if (i == from)
      sim_fail(c->sim, "payload", "an empty packet");
    if (c->life != life || c->state == CLIENT_AWAY)
      return;
    if (body[from] == 'b' ||
        (body[from] == '4' && i - from > 1 && strchr("2356", body[from + 1])))
      events++;
    if (body[from] == 'b') {
      uint8_t *data = sim_alloc(i - from + 1);
      size_t n;

      if (!base64_read(data, &n, body + from + 1, i - from - 1))
        sim_fail(c->sim, "payload", "not base64");
      client_binary(c, data, n);
      free(data);
    } else {
      uint8_t *text = sim_alloc(i - from + 1);

      memcpy(text, body + from, i - from);
      client_packet(c, text[0], text + 1, i - from - 1);
      free(text);
    }
    from = i + 1;
  }
  if (cap > 0 && events > cap)
    sim_fail(c->sim, "cap",
             "%zu packets of events have waited for a poll, "
             "beyond %llu",
             events, (unsigned long long)cap);
}

/* ---- Socket.IO ---- */

static int nsp_of(const char *name, size_t len)
{
  for (int i = 0; i < SIM_NSPS; i++)
    if (strlen(sim_nsps[i]) == len && memcmp(sim_nsps[i], name, len) == 0)
      return i;
  return -1;
}

static bool is_digit(const char *p, const char *end)
{
  return p < end && *p >= '0' && *p <= '9';
}

bool packet_parse(struct packet *p, const char *text, size_t len)
{
  const char *end = text + len, *from;

  *p = (struct packet){0};
  if (!is_digit(text, end))
    return false;
  p->type = (unsigned)(*text++ - '0');
  if (p->type == 5 || p->type == 6) {
    while (is_digit(text, end))
      p->n_attachments = p->n_attachments * 10 + (unsigned)(*text++ - '0');
    if (text == end || *text++ != '-' || p->n_attachments == 0)
      return false;
  }
  if (text < end && *text == '/') {
    from = text;
    while (text < end && *text != ',')
      text++;
    p->nsp = nsp_of(from, (size_t)(text - from));
    if (text == end)
      return false;
    text++;
  }
  p->has_ack = is_digit(text, end);
  while (is_digit(text, end))
    p->ack = p->ack * 10 + (uint64_t)(*text++ - '0');
  p->json = text;
  p->json_len = (size_t)(end - text);
  return p->type <= 6;
}

/* ---- As much JSON as is needed ---- */

bool json_split(const char *json, size_t len, sio_str *items, size_t max,
                size_t *n)
{
  size_t from = 1;
  int depth = 0;
  bool quoted = false;

  *n = 0;
  if (len < 2 || json[0] != '[' || json[len - 1] != ']')
    return false;
  if (len == 2)
    return true;
  for (size_t i = 1; i < len; i++) {
    char b = json[i];

    if (quoted) {
      if (b == '\\')
        i++;
      else if (b == '"')
        quoted = false;
    } else if (b == '"') {
      quoted = true;
    } else if ((b == ',' && depth == 0) || i == len - 1) {
      if (*n == max)
        return false;
      items[(*n)++] = (sio_str){json + from, i - from};
      from = i + 1;
    } else if (b == '[' || b == '{') {
      depth++;
    } else if (b == ']' || b == '}') {
      depth--;
    }
  }
  return depth == 0 && !quoted;
}

/* Only of strings without escapes, which ids are. */
bool json_member(const char *json, size_t len, const char *key, char *out,
                 size_t size)
{
  size_t n = strlen(key);

  for (size_t i = 0; i + n + 4 < len; i++) {
    size_t k = i + n + 4;

    if (json[i] != '"' || memcmp(json + i + 1, key, n) != 0 ||
        memcmp(json + i + n + 1, "\":\"", 3) != 0)
      continue;
    for (n = 0; k + n < len && json[k + n] != '"'; n++)
      if (n + 1 == size)
        return false;
    memcpy(out, json + k, n);
    out[n] = '\0';
    return true;
  }
  return false;
}

bool json_number(sio_str item, uint64_t *out)
{
  *out = 0;
  for (size_t i = 0; i < item.len; i++) {
    if (item.data[i] < '0' || item.data[i] > '9')
      return false;
    *out = *out * 10 + (uint64_t)(item.data[i] - '0');
  }
  return item.len > 0;
}

/* ---- Contents ---- */

size_t filler_len(const struct sim *sim, uint64_t id)
{
  uint64_t h = id * 0x9e3779b97f4a7c15u;
  size_t len;

  h ^= h >> 29;
  len = h % 50;
  if (h >> 32 & 15)
    return len;
  return (h >> 40) % sim->pad_max;
}

void filler_text(char *out, size_t len, uint64_t id)
{
  memset(out, (int)('a' + id % 26), len);
}

void filler_bytes(uint8_t *out, size_t len, uint64_t id)
{
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(id + i * 7);
}

bool filler_is(const struct sim *sim, uint64_t id, sio_str text)
{
  if (text.len != filler_len(sim, id))
    return false;
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] != (char)('a' + id % 26))
      return false;
  return true;
}

bool filler_is_bytes(const struct sim *sim, uint64_t id, sio_span data)
{
  if (data.len != filler_len(sim, id))
    return false;
  for (size_t i = 0; i < data.len; i++)
    if (data.data[i] != (uint8_t)(id + i * 7))
      return false;
  return true;
}
