/* SPDX-License-Identifier: MIT */
/* permessage-deflate: settings, and the answer to what a client offers. */
#include "ws/offer.h"

#include "base/ascii.h"
#include "base/versioned.h"

enum {
  MAX_OFFERS = 32, /* of extensions of any name, in one header */
  LEAST_BITS = 8,  /* for clients */
  MOST_BITS = 15,
};

static const sio_deflate_options defaults = {
    .size = sizeof defaults,
    .threshold = 1024,
    .level = 6,
    .memory_level = 8,
    .server_takeover = 0,
    .client_takeover = 0,
    .server_max_window_bits = MOST_BITS,
    .client_max_window_bits = MOST_BITS,
};

/* A Sec-WebSocket-Extensions value, read from left to right. */
struct scan {
  const char *at;
  const char *end;
};

/* The value of a parameter.  Only short ones mean anything: of longer ones
 * the length alone is kept. */
struct value {
  bool is_given;
  size_t len;
  char text[2];
};

enum param {
  SERVER_NO_TAKEOVER,
  CLIENT_NO_TAKEOVER,
  SERVER_BITS,
  CLIENT_BITS,
  N_PARAMS
};

static const char *const param_names[N_PARAMS] = {
    [SERVER_NO_TAKEOVER] = "server_no_context_takeover",
    [CLIENT_NO_TAKEOVER] = "client_no_context_takeover",
    [SERVER_BITS] = "server_max_window_bits",
    [CLIENT_BITS] = "client_max_window_bits",
};

struct offer {
  bool is_acceptable;
  bool has[N_PARAMS];
  uint8_t bits[N_PARAMS]; /* 0: no number */
};

/* RFC 6455 takes its grammar from RFC 2616: blanks may be between any two
 * symbols. */
static void skip_blanks(struct scan *s)
{
  while (s->at < s->end && sio__is_blank(*s->at))
    s->at++;
}

static bool take(struct scan *s, char c)
{
  skip_blanks(s);
  if (s->at == s->end || *s->at != c)
    return false;
  s->at++;
  return true;
}

static bool take_token(struct scan *s, sio_str *token)
{
  skip_blanks(s);
  token->data = s->at;
  while (s->at < s->end && sio__is_token_char(*s->at))
    s->at++;
  token->len = (size_t)(s->at - token->data);
  return token->len > 0;
}

static void put(struct value *value, char c)
{
  if (value->len < sizeof value->text)
    value->text[value->len] = c;
  value->len++;
}

/* The rest of a quoted string, which is a token in disguise. */
static bool take_quoted(struct scan *s, struct value *value)
{
  while (s->at < s->end && *s->at != '"') {
    if (*s->at == '\\' && ++s->at == s->end)
      return false;
    if (!sio__is_token_char(*s->at))
      return false;
    put(value, *s->at++);
  }
  if (s->at == s->end || value->len == 0)
    return false;
  s->at++;
  return true;
}

static bool take_value(struct scan *s, struct value *value)
{
  sio_str token;

  value->is_given = true;
  if (take(s, '"'))
    return take_quoted(s, value);
  if (!take_token(s, &token))
    return false;
  for (size_t i = 0; i < token.len; i++)
    put(value, token.data[i]);
  return true;
}

/* 8 to 15 without a leading zero, else 0. */
static uint8_t read_bits(const struct value *value)
{
  const char *c = value->text;

  if (value->len == 1 && (c[0] == '8' || c[0] == '9'))
    return (uint8_t)(c[0] - '0');
  if (value->len == 2 && c[0] == '1' && c[1] >= '0' && c[1] <= '5')
    return (uint8_t)(10 + c[1] - '0');
  return 0;
}

/* False: this makes the offer unacceptable (RFC 7692 section 7.1). */
static bool note_param(struct offer *offer, sio_str name,
                       const struct value *value)
{
  size_t i = 0;

  while (i < N_PARAMS && !sio_str_is(name, param_names[i]))
    i++;
  if (i == N_PARAMS || offer->has[i])
    return false;
  offer->has[i] = true;
  if (i == SERVER_NO_TAKEOVER || i == CLIENT_NO_TAKEOVER)
    return !value->is_given;
  if (i == CLIENT_BITS && !value->is_given)
    return true;
  offer->bits[i] = read_bits(value);
  return offer->bits[i] >= (i == SERVER_BITS ? SIO__WS_MIN_BITS : LEAST_BITS);
}

/* One extension with its parameters.  False: malformed. */
static bool take_offer(struct scan *s, struct offer *offer)
{
  sio_str name;

  memset(offer, 0, sizeof *offer);
  if (!take_token(s, &name))
    return false;
  offer->is_acceptable = sio_str_is(name, "permessage-deflate");
  while (take(s, ';')) {
    struct value value = {false, 0, {0}};

    if (!take_token(s, &name))
      return false;
    if (take(s, '=') && !take_value(s, &value))
      return false;
    if (offer->is_acceptable)
      offer->is_acceptable = note_param(offer, name, &value);
  }
  return true;
}

static uint8_t agree_on_bits(const struct offer *offer, enum param which,
                             uint32_t configured)
{
  uint8_t bits = offer->bits[which] != 0 ? offer->bits[which] : MOST_BITS;

  return configured < bits ? (uint8_t)configured : bits;
}

static void agree(const sio_deflate_options *options, const struct offer *offer,
                  struct sio__ws_deflate_answer *answer)
{
  struct sio__ws_deflate_params *params = &answer->params;

  params->server_takeover =
      options->server_takeover != 0 && !offer->has[SERVER_NO_TAKEOVER];
  params->client_takeover =
      options->client_takeover != 0 && !offer->has[CLIENT_NO_TAKEOVER];
  params->server_bits =
      agree_on_bits(offer, SERVER_BITS, options->server_max_window_bits);
  /* A client that does not name it cannot be asked for less. */
  params->client_bits =
      offer->has[CLIENT_BITS]
          ? agree_on_bits(offer, CLIENT_BITS, options->client_max_window_bits)
          : MOST_BITS;
  answer->names_server_bits =
      params->server_bits < MOST_BITS || offer->has[SERVER_BITS];
  answer->names_client_bits =
      params->client_bits < MOST_BITS || offer->bits[CLIENT_BITS] != 0;
}

static void respond_param(struct sio__buf *response, enum param which,
                          uint8_t bits)
{
  sio__buf_text(response, "; ");
  sio__buf_text(response, param_names[which]);
  if (bits == 0)
    return;
  sio__buf_byte(response, '=');
  sio__buf_u64(response, bits);
}

void sio_deflate_options_init_sized(sio_deflate_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

const char *sio__ws_deflate_problem(const sio_deflate_options *options)
{
  sio_deflate_options o;

  if (options->size < sizeof options->size)
    return "per_message_deflate.size";
  sio__ws_deflate_complete(&o, options);
  if (o.threshold > UINT32_MAX / 4)
    return "per_message_deflate.threshold";
  if (o.level < 1 || o.level > 9)
    return "per_message_deflate.level";
  if (o.memory_level < 1 || o.memory_level > 9)
    return "per_message_deflate.memory_level";
  if (o.server_takeover > 1)
    return "per_message_deflate.server_takeover";
  if (o.client_takeover > 1)
    return "per_message_deflate.client_takeover";
  if (o.server_max_window_bits < SIO__WS_MIN_BITS ||
      o.server_max_window_bits > MOST_BITS)
    return "per_message_deflate.server_max_window_bits";
  if (o.client_max_window_bits < LEAST_BITS ||
      o.client_max_window_bits > MOST_BITS)
    return "per_message_deflate.client_max_window_bits";
  return NULL;
}

void sio__ws_deflate_complete(sio_deflate_options *out,
                              const sio_deflate_options *given)
{
  sio__versioned_complete(out, given, &defaults, sizeof *out);
}

/* The offers of one field, of which *n have been read before.  False:
 * malformed. */
static bool take_field(sio_str field, size_t *n, struct offer *chosen)
{
  struct scan s = {field.data, field.data + field.len};

  do {
    struct offer offer;

    if (++*n > MAX_OFFERS || !take_offer(&s, &offer))
      return false;
    if (!chosen->is_acceptable)
      *chosen = offer;
  } while (take(&s, ','));
  return s.at == s.end; /* take() has skipped the blanks */
}

enum sio__ws_offer
sio__ws_deflate_negotiate(const sio_deflate_options *options,
                          const sio_str *offers, size_t n,
                          struct sio__ws_deflate_answer *answer)
{
  struct offer chosen = {0};
  size_t n_offers = 0;

  for (size_t i = 0; i < n; i++) {
    if (offers[i].len > 0 && !take_field(offers[i], &n_offers, &chosen))
      return WS_OFFER_INVALID;
  }
  if (!chosen.is_acceptable)
    return WS_OFFER_NONE;
  agree(options, &chosen, answer);
  return WS_OFFER_ACCEPTED;
}

void sio__ws_deflate_respond(const struct sio__ws_deflate_answer *answer,
                             struct sio__buf *response)
{
  sio__buf_text(response, "permessage-deflate");
  if (!answer->params.server_takeover)
    respond_param(response, SERVER_NO_TAKEOVER, 0);
  if (!answer->params.client_takeover)
    respond_param(response, CLIENT_NO_TAKEOVER, 0);
  if (answer->names_server_bits)
    respond_param(response, SERVER_BITS, answer->params.server_bits);
  if (answer->names_client_bits)
    respond_param(response, CLIENT_BITS, answer->params.client_bits);
}
