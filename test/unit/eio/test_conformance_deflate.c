/* SPDX-License-Identifier: MIT */
/* Websocket conformance, groups 12 and 13: permessage-deflate (RFC 7692) with
 * a client that compresses with zlib on its own. */
#include "conform.h"

#include <stdio.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
  RSV1 = 0x40,
  KIB = 1024,
  LARGEST = 128 * KIB,
  POOL = 2 * LARGEST, /* bytes that messages are cut from */
};

/* What is offered, what must be answered, and how to compress then. */
struct agreement {
  const char *offer;
  const char *answer;
  uint8_t server_bits, client_bits;
  bool server_takeover, client_takeover;
  /* Settings of the server; 0: the default. */
  uint32_t level, memory_level, window_bits, client_window_bits;
};

#define NO_TAKEOVER                                                            \
  "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

static const struct agreement agreements[] = {
    {"permessage-deflate", NO_TAKEOVER, 15, 15, false, false, 0, 0, 0, 0},
    {"permessage-deflate", "permessage-deflate", 15, 15, true, true, 1, 0, 0,
     0},
    {"permessage-deflate; client_no_context_takeover",
     "permessage-deflate; client_no_context_takeover", 15, 15, true, false, 9,
     9, 0, 0},
    {"permessage-deflate; server_no_context_takeover",
     "permessage-deflate; server_no_context_takeover", 15, 15, false, true, 0,
     1, 0, 0},
    {"permessage-deflate; server_max_window_bits=9",
     "permessage-deflate; server_max_window_bits=9", 9, 15, true, true, 0, 0, 0,
     0},
    {"permessage-deflate; server_max_window_bits=9; client_max_window_bits",
     NO_TAKEOVER "; server_max_window_bits=9; client_max_window_bits=9", 9, 9,
     false, false, 1, 0, 0, 9},
    {"permessage-deflate; client_max_window_bits=10",
     "permessage-deflate; client_max_window_bits=10", 15, 10, true, true, 0, 0,
     0, 0},
    {"permessage-deflate; client_max_window_bits; server_max_window_bits=15",
     "permessage-deflate; server_max_window_bits=12; client_max_window_bits=11",
     12, 11, true, true, 1, 0, 12, 11},
    {"permessage-deflate; server_max_window_bits=8, "
     "permessage-deflate; unknown, x-webkit-deflate-frame, permessage-deflate",
     NO_TAKEOVER, 15, 15, false, false, 1, 0, 0, 0},
};

enum { AGREEMENTS = sizeof agreements / sizeof *agreements };

/* The client's side of an agreement. */
struct zip {
  const struct agreement *with;
  z_stream deflater, inflater;
};

struct group {
  struct wire wire;
  sio_deflate_options deflate;
  struct zip zip;
  uint8_t *pool;
  struct wire_bytes in, scratch;
  size_t cases, compressed;
};

static struct group g;

/* ---- The client's zlib ---- */

static void zip_begin(struct zip *zip, const struct agreement *with)
{
  memset(zip, 0, sizeof *zip);
  zip->with = with;
  assert_int_equal(deflateInit2(&zip->deflater, 6, Z_DEFLATED,
                                -with->client_bits, 8, Z_DEFAULT_STRATEGY),
                   Z_OK);
  assert_int_equal(inflateInit2(&zip->inflater, -with->server_bits), Z_OK);
}

static void zip_end(struct zip *zip)
{
  (void)deflateEnd(&zip->deflater);
  (void)inflateEnd(&zip->inflater);
}

/* Append the message, compressed. */
static void zip_message(struct zip *zip, const void *data, size_t len,
                        struct wire_bytes *out)
{
  static uint8_t room[LARGEST + 4 * KIB];
  z_stream *z = &zip->deflater;

  z->next_in = data;
  z->avail_in = (uInt)len;
  z->next_out = room;
  z->avail_out = sizeof room;
  assert_int_equal(deflate(z, Z_SYNC_FLUSH), Z_OK);
  assert_true(z->avail_out > 0);
  wire_put(out, room, sizeof room - z->avail_out - 4);
  if (!zip->with->client_takeover)
    assert_int_equal(deflateReset(z), Z_OK);
}

/* What a compressed message of the server says; valid until the next one. */
static size_t unzip_message(struct zip *zip, const void *data, size_t len,
                            const uint8_t **out)
{
  static uint8_t room[LARGEST + 1];
  static const uint8_t tail[4] = {0x00, 0x00, 0xff, 0xff};
  z_stream *z = &zip->inflater;

  z->next_out = room;
  z->avail_out = sizeof room;
  z->next_in = data;
  z->avail_in = (uInt)len;
  assert_int_equal(inflate(z, Z_SYNC_FLUSH), Z_OK);
  assert_int_equal(z->avail_in, 0);
  z->next_in = tail;
  z->avail_in = sizeof tail;
  assert_int_equal(inflate(z, Z_SYNC_FLUSH), Z_OK);
  if (!zip->with->server_takeover)
    assert_int_equal(inflateReset(z), Z_OK);
  *out = room;
  return sizeof room - z->avail_out;
}

/* ---- Messages ---- */

enum kind { JSON, WORDS, NOISE, ZEROS, KINDS };

static void fill_pool(enum kind kind)
{
  static const char *const words[] = {
      "time",  "person", "year",  "way",  "\xc3\xa9t\xc3\xa9",
      "thing", "man",    "world", "life", "hand"};
  uint32_t random = 0xfeed;
  size_t at = 0;

  while (at < POOL) {
    char piece[64];
    uint32_t r = test_random(&random);
    int n = 1;

    if (kind == JSON)
      n = snprintf(piece, sizeof piece, "{\"id\":%u,\"name\":\"%s\"},",
                   (unsigned)(r >> 22), words[r % 4]);
    else if (kind == WORDS)
      n = snprintf(piece, sizeof piece, "%s ", words[(r >> 8) % 10]);
    else
      piece[0] = kind == NOISE ? (char)(r >> 8) : 0;
    for (int i = 0; i < n && at < POOL; i++)
      g.pool[at++] = (uint8_t)piece[i];
  }
}

static bool is_text(enum kind kind)
{
  return kind == JSON || kind == WORDS;
}

/* Message `k` of this size; valid until the next one is cut. */
static const uint8_t *cut(enum kind kind, size_t size, size_t k)
{
  static uint8_t message[LARGEST];

  if (!is_text(kind)) {
    memcpy(message, g.pool + k * 37 % LARGEST, size);
    return message;
  }
  memcpy(message, g.pool, size);
  message[0] = '4';
  message[size - 1] = (uint8_t)('a' + k % 26);
  if (message[size - 2] >= 0x80) /* the first half of a character */
    message[size - 2] = '-';
  return message;
}

/* The number of messages: less of what is large. */
static size_t how_many(size_t size)
{
  return size <= KIB ? 100 : size <= 8 * KIB ? 40 : size <= 32 * KIB ? 12 : 4;
}

static void tweak(sio_server_options *options, const struct agreement *with,
                  sio_deflate_options *deflate)
{
  sio_deflate_options_init(deflate);
  deflate->threshold = 0;
  deflate->server_takeover = strstr(with->answer, NO_TAKEOVER) == NULL;
  deflate->client_takeover = deflate->server_takeover;
  if (with->level != 0)
    deflate->level = with->level;
  if (with->memory_level != 0)
    deflate->memory_level = with->memory_level;
  if (with->window_bits != 0)
    deflate->server_max_window_bits = with->window_bits;
  if (with->client_window_bits != 0)
    deflate->client_max_window_bits = with->client_window_bits;
  options->per_message_deflate = deflate;
}

static void start(const struct agreement *with)
{
  memset(&g, 0, sizeof g);
  g.pool = malloc(POOL);
  assert_non_null(g.pool);
  wire_init(&g.wire);
  tweak(&g.wire.options, with, &g.deflate);
  wire_start(&g.wire);
}

static void stop(void)
{
  wire_stop(&g.wire);
  wire_dispose(&g.in);
  wire_dispose(&g.scratch);
  free(g.pool);
}

/* Connect with an agreement; the open packet is looked at. */
static void connect(struct wire_peer *peer, const struct agreement *with)
{
  char line[200];
  const char *end;
  struct wire_heard open;
  const uint8_t *text;

  wire_websocket(&g.wire, peer, with->offer);
  peer->at = 0;
  snprintf(line, sizeof line, "\r\nSec-WebSocket-Extensions: %s\r\n",
           with->answer);
  if (strstr(wire_look(peer), line) == NULL)
    fail_msg("not in the answer: %s\n%.400s", line, wire_look(peer));
  end = strstr(wire_look(peer), "\r\n\r\n");
  peer->at = (size_t)(end + 4 - (const char *)peer->got.data);
  assert_true(wire_hear(peer, &open));
  if ((open.first & RSV1) != 0) {
    assert_true(unzip_message(&g.zip, open.data, open.len, &text) > 90);
    assert_int_equal(text[0], '0');
  }
}

/* The next message of the server must be this. */
static void expect(struct wire_peer *peer, uint8_t first, const uint8_t *data,
                   size_t len)
{
  struct wire_heard heard;

  if (!wire_hear(peer, &heard))
    fail_msg("a message of %zu bytes did not come back", len);
  assert_int_equal(heard.first & ~RSV1, first);
  if ((heard.first & RSV1) != 0) {
    heard.len = unzip_message(&g.zip, heard.data, heard.len, &heard.data);
    g.compressed++;
  }
  assert_int_equal(heard.len, len);
  if (len > 0)
    assert_memory_equal(heard.data, data, len);
}

/* ---- Cases ---- */

struct deal {
  const struct agreement *with;
  enum kind kind;
  size_t size;
  size_t part; /* fragments of so many bytes; 0: whole */
};

static uint8_t first_of(const struct deal *deal)
{
  return is_text(deal->kind) ? TEXT : BINARY;
}

/* One compressed message as frames. */
static void write_frames(const struct deal *deal, const struct wire_bytes *from)
{
  size_t part = deal->part == 0 ? from->len : deal->part, at = 0;
  uint8_t first = (first_of(deal) & 0x0f) | RSV1;

  do {
    size_t n = from->len - at < part ? from->len - at : part;

    wire_frame(&g.wire, &g.in,
               (uint8_t)(first | (at + n == from->len ? FIN : 0)),
               from->data + at, n);
    first = CONTINUED;
    at += n;
  } while (at < from->len);
}

static void write_input(const struct deal *deal)
{
  wire_reset(&g.in);
  zip_begin(&g.zip, deal->with);
  for (size_t k = 0; k < how_many(deal->size); k++) {
    const uint8_t *message = cut(deal->kind, deal->size, k);

    wire_reset(&g.scratch);
    zip_message(&g.zip, message, deal->size, &g.scratch);
    write_frames(deal, &g.scratch);
  }
  zip_end(&g.zip);
}

static void run_case(const struct deal *deal)
{
  static const int pieces[] = {WIRE_WHOLE, 1, WIRE_RANDOM};
  struct wire_peer peer = {0};

  write_input(deal);
  for (size_t i = 0; i < 3; i++) {
    zip_begin(&g.zip, deal->with);
    connect(&peer, deal->with);
    wire_feed(&peer, g.in.data, g.in.len, pieces[i]);
    for (size_t k = 0; k < how_many(deal->size); k++) {
      const uint8_t *message = cut(deal->kind, deal->size, k);

      expect(&peer, first_of(deal), message, deal->size);
    }
    assert_int_equal(peer.at, peer.got.len);
    assert_non_null(peer.conn);
    wire_drop(&peer, 0);
    zip_end(&g.zip);
  }
  wire_peer_dispose(&peer);
  g.cases++;
}

static const size_t sizes[] = {16,      64,       256,      KIB,      4 * KIB,
                               8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, LARGEST};

enum { SIZES = sizeof sizes / sizeof *sizes };

static void test_messages_of_all_kinds_and_sizes_come_back(void **state)
{
  size_t cases, compressed;

  (void)state;
  start(&agreements[0]);
  for (enum kind kind = JSON; kind < KINDS; kind++) {
    fill_pool(kind);
    for (size_t i = 0; i < SIZES; i++) {
      const struct deal whole = {&agreements[0], kind, sizes[i], 0};
      const struct deal parts = {&agreements[0], kind, sizes[i], 256};

      run_case(&whole);
      if (sizes[i] <= 8 * KIB)
        run_case(&parts);
    }
  }
  cases = g.cases;
  compressed = g.compressed;
  stop();
  print_message("group 12: %zu cases x 3 chunkings, %zu messages came back "
                "compressed\n",
                cases, compressed);
  assert_int_equal(cases, KINDS * (SIZES + 6));
  assert_true(compressed > 1000);
}

static void test_every_agreement_works_at_all_sizes(void **state)
{
  size_t cases = 0, compressed = 0;

  (void)state;
  for (size_t a = 0; a < AGREEMENTS; a++) {
    start(&agreements[a]);
    for (enum kind kind = JSON; kind < KINDS; kind++) {
      fill_pool(kind);
      for (size_t i = kind % 2; i < SIZES; i += 2) {
        const struct deal deal = {&agreements[a], kind, sizes[i], 0};

        run_case(&deal);
      }
    }
    assert_true(g.compressed > 0);
    cases += g.cases;
    compressed += g.compressed;
    stop();
  }
  print_message("group 13: %zu cases x 3 chunkings, %zu messages came back "
                "compressed\n",
                cases, compressed);
  assert_int_equal(cases, AGREEMENTS * KINDS * SIZES / 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_of_all_kinds_and_sizes_come_back),
      cmocka_unit_test(test_every_agreement_works_at_all_sizes),
  };

  return cmocka_run_group_tests_name("eio/conformance_deflate", tests, NULL,
                                     NULL);
}
