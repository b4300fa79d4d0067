/* SPDX-License-Identifier: MIT */
/*
 * Clients of Socket.IO 2.
 *
 *   0/a/../b?token=123&x=1#y,   joins "/b", auth {"token":"123","x":"1"}
 *
 * Namespaces are resolved as paths of the WHATWG URL standard, with these
 * differences: what begins with "//" has no host, and tabs and line feeds are
 * encoded like other control characters.
 */
#include "core/v2.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "json/string.h"

static const char hex_digits[] = "0123456789ABCDEF";

void sio__v2_open(struct sio__client *client)
{
  static const struct sio__given nothing = {{"{}", 2}, NULL, 0};

  sio__socket_join(client, client->server->root, &nothing);
}

/* ---- Path ---- */

/* Characters that mean what they are, wherever they stand in a path. */
static bool is_plain(char c)
{
  return sio__is_alphanumeric(c) || c == '/' || c == '-' || c == '_' ||
         c == ':';
}

/* The path percent-encode set. */
static bool is_encoded(char c)
{
  return (unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f ||
         strchr("\"#<>?`{}", c) != NULL;
}

static bool is_separator(char c)
{
  return c == '/' || c == '\\';
}

/* How many dots a segment is made of, some of them written as %2e; 0: it is
 * something else. */
static size_t count_dots(const char *at, const char *end)
{
  size_t n = 0;

  while (at < end) {
    size_t len = 1;

    if (*at != '.') {
      len = 3;
      if (end - at < 3 || at[0] != '%' || at[1] != '2' ||
          (at[2] != 'e' && at[2] != 'E'))
        return 0;
    }
    at += len;
    n++;
  }
  return n;
}

static void remove_segment(struct sio__buf *out)
{
  while (out->len > 0 && out->data[--out->len] != '/')
    continue;
}

static void add_segment(struct sio__buf *out, const char *at, const char *end)
{
  sio__buf_byte(out, '/');
  for (; at < end; at++) {
    unsigned char c = (unsigned char)*at;

    if (is_encoded(*at)) {
      sio__buf_byte(out, '%');
      sio__buf_byte(out, (uint8_t)hex_digits[c >> 4]);
      sio__buf_byte(out, (uint8_t)hex_digits[c & 15]);
    } else {
      sio__buf_byte(out, c);
    }
  }
}

/* `at` is at the first separator. */
static void write_path(struct sio__buf *out, const char *at, const char *end)
{
  while (at < end) {
    const char *begin = ++at;
    size_t dots;

    while (at < end && !is_separator(*at))
      at++;
    dots = count_dots(begin, at);
    if (dots == 2)
      remove_segment(out);
    if (dots != 1 && dots != 2)
      add_segment(out, begin, at);
    else if (at == end)
      sio__buf_byte(out, '/');
  }
}

/* ---- Query ---- */

/* Decode the character at `*at` and step over it; a malformed %-sequence
 * stays as it is. */
static uint8_t decode(const char **at, const char *end)
{
  const char *p = *at;

  if (*p == '%' && end - p >= 3) {
    int high = sio__hex_value(p[1]);
    int low = sio__hex_value(p[2]);

    if (high >= 0 && low >= 0) {
      *at = p + 3;
      return (uint8_t)(high * 16 + low);
    }
  }
  *at = p + 1;
  return *p == '+' ? ' ' : (uint8_t)*p;
}

/* Quote what is no UTF-8 throughout: U+FFFD stands for what is wrong. */
static void write_repaired(struct sio__buf *out, const struct sio__buf *raw)
{
  struct sio__buf text;
  size_t i = 0;

  sio__buf_init(&text, raw->mem, SIZE_MAX);
  while (i < raw->len) {
    size_t n = sio__utf8_sequence(raw->data + i, raw->len - i);

    if (n > 0)
      sio__buf_append(&text, raw->data + i, n);
    else
      sio__buf_text(&text, "\xef\xbf\xbd");
    i += n > 0 ? n : 1;
  }
  (void)sio__json_quote(out, (const char *)text.data, text.len);
  if (text.error != 0)
    out->error = text.error;
  sio__buf_dispose(&text);
}

static void write_string(struct sio__buf *out, const char *at, const char *end)
{
  struct sio__buf raw;

  sio__buf_init(&raw, out->mem, SIZE_MAX);
  while (at < end)
    sio__buf_byte(&raw, decode(&at, end));
  if (sio__json_quote(out, (const char *)raw.data, raw.len) != 0)
    write_repaired(out, &raw);
  if (raw.error != 0)
    out->error = raw.error;
  sio__buf_dispose(&raw);
}

/* Write a query as an object.  Duplicates are written as well: whoever reads
 * it takes the last. */
static void write_auth(struct sio__buf *out, const char *at, const char *end)
{
  char before = '{';

  while (at < end) {
    const char *amp = memchr(at, '&', (size_t)(end - at));
    const char *stop = amp != NULL ? amp : end;
    const char *equals = memchr(at, '=', (size_t)(stop - at));
    const char *name_end = equals != NULL ? equals : stop;

    if (stop > at) {
      sio__buf_byte(out, (uint8_t)before);
      before = ',';
      write_string(out, at, name_end);
      sio__buf_byte(out, ':');
      write_string(out, equals != NULL ? equals + 1 : stop, stop);
    }
    at = amp != NULL ? amp + 1 : end;
  }
  sio__buf_text(out, before == '{' ? "{}" : "}");
}

/* ---- URLs ---- */

static bool is_path_only(sio_str nsp)
{
  size_t i = 0;

  while (i < nsp.len && is_plain(nsp.data[i]))
    i++;
  return i == nsp.len;
}

/* The first of these characters, or `end`. */
static const char *find(const char *at, const char *end, char c)
{
  const char *found = memchr(at, c, (size_t)(end - at));

  return found != NULL ? found : end;
}

int sio__v2_resolve(struct sio__packet *packet, struct sio__buf *text)
{
  const char *begin = packet->nsp.data, *end = begin + packet->nsp.len;
  const char *path_end;
  size_t path_len;

  if (packet->type == PACKET_CONNECT)
    packet->json = sio_s("{}");
  if (is_path_only(packet->nsp))
    return 0;
  end = find(begin, end, '#');
  while ((unsigned char)end[-1] <= 0x20) /* it begins with a slash */
    end--;
  path_end = find(begin, end, '?');
  write_path(text, begin, path_end);
  path_len = text->len;
  if (packet->type == PACKET_CONNECT)
    write_auth(text, path_end < end ? path_end + 1 : end, end);
  if (text->error != 0)
    return SIO_ERR_NOMEM;
  packet->nsp.data = (const char *)text->data;
  packet->nsp.len = path_len;
  if (packet->type == PACKET_CONNECT) {
    packet->json.data = (const char *)text->data + path_len;
    packet->json.len = text->len - path_len;
  }
  return 0;
}

/* ---- Answers ---- */

size_t sio__v2_id(const struct sio__client *client, const struct sio_ns *ns,
                  char out[SIO__V2_ID_MAX + 1])
{
  const struct sio_session *session = client->session;
  size_t len = 0;

  if (ns != client->server->root) {
    memcpy(out, ns->name, ns->name_len);
    len = ns->name_len;
    out[len++] = '#';
  }
  memcpy(out + len, session->id, session->id_len);
  len += session->id_len;
  out[len] = '\0';
  return len;
}

void sio__v2_refusal(struct sio__buf *out, const char *message, sio_str data)
{
  if (data.len > 0)
    sio__buf_append(out, data.data, data.len);
  else if (sio__json_quote(out, message, strlen(message)) != 0)
    sio__buf_text(out, "\"\"");
}
