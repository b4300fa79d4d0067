/* SPDX-License-Identifier: MIT */
/*
 * Requests of HTTP, their heads read by all who read them: query, cookies,
 * origin, codings, conditions, proxies, offers of extensions.  The first byte
 * is the size of the pieces that the rest comes in; with its highest bit a
 * PROXY header comes first.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "http/compress.h"
#include "http/conditional.h"
#include "http/cors.h"
#include "http/fields.h"
#include "http/forwarded.h"
#include "http/parse.h"
#include "http/preface.h"
#include "ws/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sio__http_limits limits = {2048, 16};

static void must(bool holds)
{
  if (!holds)
    abort();
}

static sio_str header(const struct sio__http_head *head, const char *name)
{
  sio_str value = {NULL, 0};

  (void)sio__http_header(head, name, &value);
  return value;
}

/* ---- Who reads heads ---- */

static void read_query(const struct sio__http_head *head)
{
  sio_str query = sio__http_query(head), name, value;
  char *room = malloc(query.len + 1);
  size_t at = 0, sum = 0, len;
  char small[8];

  must(room != NULL);
  while (sio__http_param_next(query, &at, &name, &value)) {
    must(sio__http_decode(name, room) <= name.len);
    must(sio__http_decode(value, room) <= value.len);
    sum += name.len + value.len;
  }
  must(sum <= query.len);
  (void)sio__http_param(query, "sid", small, sizeof small, &len);
  if (sio__http_param_text(head, "a", small, sizeof small) != 0)
    must(small[0] == '\0');
  free(room);
}

static void read_proxies(const struct sio__http_head *head)
{
  static const char *const names[] = {"x-forwarded-for", "forwarded",
                                      "x-real-ip"};
  struct sio__forwarded from;
  struct sio__address address;

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct sio__trust *trust = sio__trust_new("192.0.2.0/24, 2001:db8::/32",
                                              names[i], &sio__mem_default);

    must(trust != NULL);
    memset(&from, 0, sizeof from);
    sio__forwarded_read(head, trust, "192.0.2.7", i == 0, &from);
    must(from.address[0] == '\0' ||
         sio__address_read(sio_s(from.address), &address));
    sio__trust_free(trust);
  }
}

static void read_conditions(const struct sio__http_head *head)
{
  const struct sio__representation have = {sio_s("\"x\""), 784111777, 100};
  struct sio__conditions conditions;
  struct sio__part part = {0, 0};
  int status;

  conditions.if_match = header(head, "if-match");
  conditions.if_unmodified_since = header(head, "if-unmodified-since");
  conditions.if_none_match = header(head, "if-none-match");
  conditions.if_modified_since = header(head, "if-modified-since");
  conditions.range = header(head, "range");
  conditions.if_range = header(head, "if-range");
  status = sio__conditional(&conditions, &have, &part);
  if (status == 200 || status == 206)
    must(part.first + part.len <= have.size && part.len > 0);
}

static void read_origin(const struct sio__http_head *head)
{
  struct sio_headers out;
  bool allowed;

  sio__fields_init(&out, &sio__mem_default);
  (void)sio__cors_apply(NULL, head, &out, &allowed);
  sio__fields_dispose(&out);
}

static void read_offers(const struct sio__http_head *head)
{
  struct sio__ws_deflate_answer answer;
  sio_deflate_options options;
  sio_str offers[16], name, value;
  struct sio__buf response;
  size_t n = 0;

  for (size_t i = 0; sio__http_header_at(head, i, &name, &value); i++) {
    if (sio_str_is(name, "sec-websocket-extensions"))
      offers[n++] = value;
  }
  sio_deflate_options_init(&options);
  if (sio__ws_deflate_negotiate(&options, offers, n, &answer) !=
      WS_OFFER_ACCEPTED)
    return;
  must(answer.params.server_bits >= 9 && answer.params.server_bits <= 15);
  must(answer.params.client_bits >= 8 && answer.params.client_bits <= 15);
  sio__buf_init(&response, &sio__mem_default, 256);
  sio__ws_deflate_respond(&answer, &response);
  must(response.error == 0);
  sio__buf_dispose(&response);
}

static void read_head(const struct sio__http_head *head)
{
  struct sio__http_head packed;

  must(head->n_fields <= limits.max_headers);
  must(sio__http_head_pack(head, &sio__mem_default, &packed) == 0);
  (void)sio__coding_choose(&packed, CODING_GZIP | CODING_DEFLATE | CODING_BR);
  (void)sio__http_has_token(header(&packed, "connection"), "upgrade");
  read_query(&packed);
  read_proxies(&packed);
  read_conditions(&packed);
  read_origin(&packed);
  read_offers(&packed);
  sio__http_head_free(&packed, &sio__mem_default);
}

/* ---- Streams ---- */

/* False: there is nothing more to come. */
static bool parse(struct sio__http_parser *parser, const uint8_t *data,
                  size_t len)
{
  enum sio__http_event event;
  sio_span body;
  size_t used;

  do {
    event = sio__http_parse(parser, data, len, &used, &body);
    must(used <= len);
    if (event == HTTP_BODY)
      must(body.len <= len && body.data >= data &&
           body.data + body.len <= data + len);
    if (event == HTTP_HEAD)
      read_head(sio__http_parser_head(parser));
    data += used;
    len -= used;
  } while (event != HTTP_MORE && event != HTTP_ERROR);
  return event == HTTP_MORE;
}

/* Whether the client's bytes begin, behind `*used` of these. */
static bool read_preface(struct sio__preface *preface, const uint8_t *data,
                         size_t len, size_t *used)
{
  enum sio__preface_result result = sio__preface_read(preface, data, len, used);
  char text[SIO__ADDRESS_TEXT];

  must(*used <= len && (result != PREFACE_MORE || *used == len));
  if (result == PREFACE_DONE && preface->client == PREFACE_ADDRESS)
    sio__address_write(&preface->address, text);
  if (result == PREFACE_BAD)
    must(preface->detail != NULL);
  return result == PREFACE_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct sio__http_parser *parser;
  struct sio__preface preface;
  size_t piece, used = 0;
  bool begun, goes_on = true;

  if (size == 0)
    return 0;
  memset(&preface, 0, sizeof preface);
  begun = data[0] < 128;
  piece = data[0] & 127;
  parser = sio__http_parser_new(&sio__mem_default, &limits);
  must(parser != NULL);
  for (size_t at = 1; at < size && goes_on;) {
    size_t n = piece > 0 && piece < size - at ? piece : size - at;
    uint8_t *copy = malloc(n);

    must(copy != NULL);
    memcpy(copy, data + at, n);
    used = 0;
    if (!begun)
      goes_on = begun = read_preface(&preface, copy, n, &used);
    if (!begun && preface.detail == NULL && used == n)
      goes_on = true;
    if (begun)
      goes_on = parse(parser, copy + used, n - used);
    free(copy);
    at += n;
  }
  sio__http_parser_free(parser);
  return 0;
}
