/* SPDX-License-Identifier: MIT */
/* lib/eio/websocket.c with permessage-deflate: what is compressed, and how. */
#include "eio_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define OFFER(params)                                                          \
  "Sec-WebSocket-Extensions: permessage-deflate" params "\r\n"

enum { LEN = 200 };

static sio_deflate_options settings;

static void use(sio_server_options *options, uint64_t threshold)
{
  sio_deflate_options_init(&settings);
  settings.threshold = threshold;
  options->allow_eio3 = 1;
  options->per_message_deflate = &settings;
}

static void by_size(sio_server_options *options)
{
  use(options, 100);
}

static void always(sio_server_options *options)
{
  use(options, 0);
}

static void with_takeover(sio_server_options *options)
{
  use(options, 100);
  settings.server_takeover = 1;
  settings.client_takeover = 1;
}

static void narrow(sio_server_options *options)
{
  use(options, 100);
  options->max_output_bytes = 1024;
}

/* A session; its beginning has been looked at. */
static int begin(struct world *w, int *ws, const char *query)
{
  int sid = peer_ask_websocket(w, ws, query, OFFER(""));

  w->peers[*ws].at = w->peers[*ws].len;
  expect_events(w, "opened\n");
  return sid;
}

#define NEW "EIO=4&transport=websocket"

static void fill(char text[LEN + 1], size_t len)
{
  for (size_t i = 0; i < len; i++)
    text[i] = (char)('a' + i % 7);
  text[0] = '4';
  text[len] = '\0';
}

static void send_bytes(struct world *w, int sid, const void *data, size_t len,
                       unsigned flags)
{
  const sio_span span = {data, len};

  if (w->sessions[sid] != NULL)
    (void)sio_session_send(w->sessions[sid], span, flags);
  eio_pump(w);
}

static void test_messages_from_the_threshold_on_are_compressed(struct world *w)
{
  char text[LEN + 1];
  int ws, sid = begin(w, &ws, NEW);

  fill(text, 99);
  eio_say(w, sid, text);
  expect_message(w, ws, text);
  fill(text, 100);
  eio_say(w, sid, text);
  (void)expect_deflated(w, ws, 0xc1, text, 100, NULL);
  send_bytes(w, sid, text, 100, SIO_SEND_BINARY);
  (void)expect_deflated(w, ws, 0xc2, text, 100, NULL);
  fill(text, LEN); /* without its type, which is put in front of it */
  send_bytes(w, sid, text + 1, LEN - 1, 0);
  (void)expect_deflated(w, ws, 0xc1, text, LEN, NULL);
}

static void test_the_host_may_know_that_it_is_not_worth_it(struct world *w)
{
  char text[LEN + 1];
  int ws, sid = begin(w, &ws, NEW);

  fill(text, LEN);
  send_bytes(w, sid, text + 1, LEN - 1, SIO_SEND_UNCOMPRESSED);
  expect_message(w, ws, text);
}

static void test_what_would_grow_stays_as_it_is(struct world *w)
{
  int ws, sid = begin(w, &ws, NEW);
  uint32_t seed = 3;
  uint8_t noise[LEN];

  for (size_t i = 0; i < LEN; i++)
    noise[i] = (uint8_t)test_random(&seed);
  send_bytes(w, sid, noise, LEN, SIO_SEND_BINARY);
  expect_frame(w, ws, 0x82, noise, LEN);
}

static void test_who_has_not_offered_it_gets_plain_frames(struct world *w)
{
  char text[LEN + 1];
  int ws, sid = peer_websocket(w, &ws);

  fill(text, LEN);
  eio_say(w, sid, text);
  expect_message(w, ws, text);
}

static void test_messages_build_on_earlier_ones_if_agreed(struct world *w)
{
  char text[LEN + 1];
  int ws, sid = begin(w, &ws, NEW);
  size_t first, second;
  z_stream z = {0};

  fill(text, LEN);
  assert_int_equal(inflateInit2(&z, -15), Z_OK);
  eio_say(w, sid, text);
  first = expect_deflated(w, ws, 0xc1, text, LEN, &z);
  eio_say(w, sid, text);
  second = expect_deflated(w, ws, 0xc1, text, LEN, &z);
  if (!eio_is_off(w))
    assert_true(second < first);
  (void)inflateEnd(&z);
}

static void test_control_frames_are_never_compressed(struct world *w)
{
  int ws, sid = begin(w, &ws, NEW);

  peer_frame(w, ws, 0x89, "aaaaaaaaaaaaaaaaaaaaaaaa", 24);
  expect_frame(w, ws, 0x8a, "aaaaaaaaaaaaaaaaaaaaaaaa", 24);
  eio_close(w, sid, false);
  expect_frame(w, ws, 0x88, "", 0);
}

static void test_the_type_of_protocol_3_is_compressed_too(struct world *w)
{
  char text[LEN + 1];
  int ws, sid = begin(w, &ws, "EIO=3&transport=websocket");

  fill(text, LEN);
  text[0] = 4;
  send_bytes(w, sid, text + 1, LEN - 1, SIO_SEND_BINARY);
  (void)expect_deflated(w, ws, 0xc2, text, LEN, NULL);
}

static void test_base64_is_compressed_as_text(struct world *w)
{
  int ws, sid = begin(w, &ws, NEW "&b64=1");
  uint8_t zeros[96] = {0};
  char text[130];

  memset(text, 'A', sizeof text);
  text[0] = 'b';
  send_bytes(w, sid, zeros, sizeof zeros, SIO_SEND_BINARY);
  (void)expect_deflated(w, ws, 0xc1, text, 129, NULL);
}

static void test_compressed_messages_are_read(struct world *w)
{
  char text[LEN + 1];
  uint8_t small[2 * LEN];
  z_stream z = {0};
  size_t len;
  int ws;

  fill(text, LEN);
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY),
                   Z_OK);
  z.next_in = (Bytef *)text;
  z.avail_in = LEN;
  z.next_out = small;
  z.avail_out = sizeof small;
  assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
  len = z.total_out - 4; /* the empty block is left out */
  (void)deflateEnd(&z);
  (void)begin(w, &ws, NEW);
  w->echo = true;
  peer_frame(w, ws, 0xc1, small, len);
  (void)expect_deflated(w, ws, 0xc1, text, LEN, NULL);
}

static void
test_output_that_nobody_reads_is_bounded_all_the_same(struct world *w)
{
  int ws, sid = begin(w, &ws, NEW);
  uint32_t seed = 3;
  uint8_t noise[LEN];

  for (size_t i = 0; i < LEN; i++)
    noise[i] = (uint8_t)(test_random(&seed) % 16);
  peer_stall(w, ws, true);
  for (int i = 0; i < 20; i++)
    send_bytes(w, sid, noise, LEN, SIO_SEND_BINARY);
  expect_events(w, "closed transport error, too many unsent bytes, "
                   "limit 1024\n");
  expect_ended(w, ws);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO_WITH(test_messages_from_the_threshold_on_are_compressed,
                    by_size),
      SCENARIO_WITH(test_the_host_may_know_that_it_is_not_worth_it, by_size),
      SCENARIO_WITH(test_what_would_grow_stays_as_it_is, by_size),
      SCENARIO_WITH(test_who_has_not_offered_it_gets_plain_frames, by_size),
      SCENARIO_WITH(test_messages_build_on_earlier_ones_if_agreed,
                    with_takeover),
      SCENARIO_WITH(test_control_frames_are_never_compressed, always),
      SCENARIO_WITH(test_the_type_of_protocol_3_is_compressed_too, by_size),
      SCENARIO_WITH(test_base64_is_compressed_as_text, by_size),
      SCENARIO_WITH(test_compressed_messages_are_read, by_size),
      SCENARIO_WITH(test_output_that_nobody_reads_is_bounded_all_the_same,
                    narrow),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
