/* SPDX-License-Identifier: MIT */
/* Cases of websocket conformance: see conform.h. */
#include "conform.h"

#include <stdlib.h>

void conform_start(struct conform *c, const char *name,
                   void (*tweak)(sio_server_options *options))
{
  memset(c, 0, sizeof *c);
  c->name = name;
  wire_init(&c->wire);
  if (tweak != NULL)
    tweak(&c->wire.options);
  wire_start(&c->wire);
}

void conform_stop(struct conform *c, size_t at_least)
{
  wire_dispose(&c->in);
  wire_dispose(&c->want);
  wire_stop(&c->wire);
  print_message("%s: %zu cases x 3 chunkings\n", c->name, c->cases);
  assert_true(at_least > 0);
  if (c->cases < at_least)
    fail_msg("%s: only %zu of %zu cases", c->name, c->cases, at_least);
}

void conform_say(struct conform *c, uint8_t first, const void *data, size_t len)
{
  wire_frame(&c->wire, &c->in, first, data, len);
}

void conform_raw(struct conform *c, const void *data, size_t len)
{
  wire_put(&c->in, data, len);
}

void conform_hear(struct conform *c, uint8_t first, const void *data,
                  size_t len)
{
  wire_server_frame(&c->want, first, data, len);
}

void conform_echo(struct conform *c, uint8_t first, const void *data,
                  size_t len)
{
  conform_say(c, first, data, len);
  conform_hear(c, first, data, len);
}

void conform_echo_text(struct conform *c, const char *text)
{
  conform_echo(c, TEXT, text, strlen(text));
}

void conform_ping(struct conform *c, const void *data, size_t len)
{
  conform_say(c, PING, data, len);
  conform_hear(c, PONG, data, len);
}

void conform_goodbye(struct conform *c)
{
  conform_echo(c, CLOSE, "\x03\xe8", 2);
  c->end = CONFORM_CLOSED;
}

void conform_fails(struct conform *c, uint16_t code)
{
  const uint8_t body[2] = {(uint8_t)(code >> 8), (uint8_t)code};

  conform_hear(c, CLOSE, body, sizeof body);
  c->end = CONFORM_FAILED;
}

void conform_say_parts(struct conform *c, uint8_t first, const void *data,
                       size_t len, size_t part)
{
  const uint8_t *at = data;
  uint8_t opcode = first & 0x7f;

  do {
    size_t n = len < part ? len : part;

    conform_say(c, (uint8_t)(opcode | (n == len ? FIN : 0)), at, n);
    opcode = CONTINUED;
    at += n;
    len -= n;
  } while (len > 0);
}

char *conform_long_text(size_t len)
{
  char *text = malloc(len + 1);
  uint32_t random = 0xbeef;

  assert_non_null(text);
  for (size_t i = 0; i < len; i++)
    text[i] = (char)(' ' + (test_random(&random) >> 8) % 95);
  text[0] = '4';
  text[len] = '\0';
  return text;
}

/* ---- Running ---- */

/* In which of the runs something went wrong. */
struct run {
  struct conform *c;
  const char *what;
  size_t number;
  int piece;
};

static void check_bytes(const struct run *run, const struct wire_peer *peer)
{
  const struct wire_bytes *want = &run->c->want;
  const uint8_t *got = peer->got.data + peer->at;
  size_t len = peer->got.len - peer->at, at = 0;

  while (at < len && at < want->len && got[at] == want->data[at])
    at++;
  if (at < len || at < want->len)
    fail_msg("%s: %s %zu, pieces %d: got %zu bytes, wanted %zu; the first "
             "other one is at %zu (%02x, wanted %02x)",
             run->c->name, run->what, run->number, run->piece, len, want->len,
             at, at < len ? got[at] : 0, at < want->len ? want->data[at] : 0);
}

static void check_end(const struct run *run, const struct wire_peer *peer)
{
  const struct wire *w = &run->c->wire;
  enum conform_end end = peer->conn == NULL ? CONFORM_CLOSED
                         : peer->lingers    ? CONFORM_FAILED
                                            : CONFORM_OPEN;

  if (end != run->c->end)
    fail_msg("%s: %s %zu, pieces %d: ends as %d, wanted %d", run->c->name,
             run->what, run->number, run->piece, end, run->c->end);
  assert_int_equal(w->opened - w->closed, end == CONFORM_OPEN);
  if (end == CONFORM_CLOSED)
    assert_int_equal(w->end.cause, SIO_CAUSE_PEER_CLOSED);
  if (end == CONFORM_FAILED)
    assert_int_equal(w->end.reason, SIO_REASON_TRANSPORT_ERROR);
}

static void run_once(const struct run *run)
{
  struct conform *c = run->c;
  struct wire_peer peer = {0};

  wire_websocket(&c->wire, &peer, c->offer);
  wire_feed(&peer, c->in.data, c->in.len, run->piece);
  check_bytes(run, &peer);
  check_end(run, &peer);
  wire_peer_dispose(&peer);
  assert_int_equal(c->wire.opened, c->wire.closed);
}

void conform_run(struct conform *c, const char *what, size_t number)
{
  const int pieces[] = {WIRE_WHOLE, 1, WIRE_RANDOM, c->extra_piece};
  size_t n = c->extra_piece != 0 ? 4 : 3;

  for (size_t i = 0; i < n; i++) {
    const struct run run = {c, what, number, pieces[i]};

    run_once(&run);
  }
  c->cases++;
  c->end = CONFORM_OPEN;
  wire_reset(&c->in);
  wire_reset(&c->want);
}
