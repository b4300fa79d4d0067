/* SPDX-License-Identifier: MIT */
/* For whom a proxy asks. */
#include "http/forwarded.h"

#include "base/ascii.h"

/* Walks through the entries of a header, from the last to the first; several
 * fields of that name are one list (RFC 9110 section 5.3). */
struct walk {
  const struct sio__http_head *head;
  sio_str name;
  size_t field; /* this one and those behind have been looked at */
  bool inside;  /* `rest` is what is left of a field */
  sio_str rest;
};

/* One entry, as it concerns us. */
struct entry {
  bool has_address;
  struct sio__address address;
  sio_str proto; /* empty: it says nothing */
};

/* ---- Entries ---- */

static bool is_escaped(sio_str text, size_t at)
{
  size_t n = 0;

  while (n < at && text.data[at - n - 1] == '\\')
    n++;
  return n % 2 != 0;
}

/* The last of these characters that is in no quotes; text.len: there is none.
 * It is looked for from the end, where a trusted proxy has written: quotes that
 * a client has left open have no part in it. */
static size_t find_last(sio_str text, char wanted)
{
  bool quoted = false;
  size_t i = text.len;

  while (i > 0) {
    char c = text.data[--i];

    if (c == '"' && !is_escaped(text, i))
      quoted = !quoted;
    else if (c == wanted && !quoted)
      return i;
  }
  return text.len;
}

/* Take what is behind the last separator away from the end of a text. */
static sio_str take_last(sio_str *text, char separator, bool *more)
{
  size_t at = find_last(*text, separator);
  sio_str last = *text;

  *more = at < text->len;
  if (*more) {
    last.data = text->data + at + 1;
    last.len = text->len - at - 1;
    text->len = at;
  }
  return sio__trim(last);
}

static bool next_field(struct walk *walk)
{
  sio_str name, value;

  while (walk->field > 0) {
    (void)sio__http_header_at(walk->head, --walk->field, &name, &value);
    if (name.len == walk->name.len &&
        memcmp(name.data, walk->name.data, name.len) == 0) {
      walk->rest = value;
      return true;
    }
  }
  return false;
}

static bool next_entry(struct walk *walk, sio_str *entry)
{
  if (!walk->inside && !next_field(walk))
    return false;
  *entry = take_last(&walk->rest, ',', &walk->inside);
  return true;
}

static void begin_walk(struct walk *walk, const struct sio__http_head *head,
                       const char *name)
{
  *walk = (struct walk){.head = head, .name = sio_s(name)};
  walk->field = head->n_fields;
}

/* ---- What they say ---- */

static sio_str part_of(sio_str text, size_t from, size_t to)
{
  sio_str part = {text.data + from, to - from};

  return part;
}

static size_t find_first(sio_str text, char wanted)
{
  const char *at = text.len > 0 ? memchr(text.data, wanted, text.len) : NULL;

  return at != NULL ? (size_t)(at - text.data) : text.len;
}

/* Nothing, or a colon and a port, which may be hidden (RFC 7239, 6.2). */
static bool is_port(sio_str text)
{
  if (text.len == 0)
    return true;
  for (size_t i = 1; i < text.len; i++) {
    if (!sio__is_alphanumeric(text.data[i]) &&
        strchr("._-", text.data[i]) == NULL)
      return false;
  }
  return text.data[0] == ':' && text.len > 1;
}

/* "192.0.2.7", "192.0.2.7:80", "2001:db8::7", "[2001:db8::7]:80". */
static bool read_node(sio_str text, struct sio__address *out)
{
  size_t colon = find_first(text, ':'), end;

  if (text.len > 0 && text.data[0] == '[') {
    end = find_first(text, ']');
    return end < text.len && colon < end &&
           is_port(part_of(text, end + 1, text.len)) &&
           sio__address_read(part_of(text, 1, end), out);
  }
  if (colon < text.len && find_first(part_of(text, colon + 1, text.len), ':') ==
                              text.len - colon - 1)
    return is_port(part_of(text, colon, text.len)) &&
           sio__address_read(part_of(text, 0, colon), out);
  return sio__address_read(text, out);
}

/* The value of a pair, without its quotes.  What is escaped in there is left as
 * it is, and so is no address. */
static sio_str unquoted(sio_str value)
{
  if (value.len >= 2 && value.data[0] == '"' &&
      value.data[value.len - 1] == '"')
    return part_of(value, 1, value.len - 1);
  return value;
}

/* RFC 7239 section 4: pairs, in any order, each at most once. */
static void read_pairs(sio_str text, struct entry *entry)
{
  bool more = true, seen = false;

  while (more) {
    sio_str pair = take_last(&text, ';', &more), value;
    size_t equals = find_first(pair, '=');

    if (equals == pair.len)
      continue;
    value = unquoted(part_of(pair, equals + 1, pair.len));
    pair.len = equals;
    if (sio__same_in_any_case(pair, sio_s("proto"))) {
      entry->proto = value;
    } else if (sio__same_in_any_case(pair, sio_s("for"))) {
      entry->has_address = !seen && read_node(value, &entry->address);
      seen = true;
    }
  }
}

/* ---- The client ---- */

static void judge_proto(sio_str proto, bool *secure)
{
  if (sio__same_in_any_case(proto, sio_s("https")) ||
      sio__same_in_any_case(proto, sio_s("wss")))
    *secure = true;
  else if (sio__same_in_any_case(proto, sio_s("http")) ||
           sio__same_in_any_case(proto, sio_s("ws")))
    *secure = false;
}

/* Where entries have addresses only, how the client came is in a header of its
 * own: the last word is that of the trusted proxy. */
static void read_proto(const struct sio__http_head *head, bool *secure)
{
  struct walk walk;
  sio_str proto;

  begin_walk(&walk, head, "x-forwarded-proto");
  if (next_entry(&walk, &proto))
    judge_proto(proto, secure);
}

void sio__forwarded_read(const struct sio__http_head *head,
                         const struct sio__trust *trust, const char *peer,
                         bool secure, struct sio__forwarded *out)
{
  bool has_pairs = strcmp(trust->header, "forwarded") == 0, trusted;
  struct walk walk;
  sio_str text;

  out->address[0] = '\0';
  out->secure = secure;
  if (!sio__trust_has_peer(trust, peer))
    return;
  if (!has_pairs)
    read_proto(head, &out->secure);
  begin_walk(&walk, head, trust->header);
  for (trusted = true; trusted && next_entry(&walk, &text);) {
    struct entry entry = {0};

    if (has_pairs) {
      read_pairs(text, &entry);
      out->secure = secure; /* not as an entry behind it says */
      judge_proto(entry.proto, &out->secure);
    } else {
      entry.has_address = read_node(text, &entry.address);
    }
    if (!entry.has_address)
      return;
    sio__address_write(&entry.address, out->address);
    trusted = sio__trust_has(trust, &entry.address);
  }
}
