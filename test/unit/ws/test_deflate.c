/* SPDX-License-Identifier: MIT */
/* Messages through zlib, with a peer that uses zlib on its own. */
#include "support.h"

#include "ws/deflate.h"

#include <stdlib.h>
#include <zlib.h>

/* One connection and its peer. */
struct pair {
  struct sio__ws_codec *codec;
  struct sio__ws_deflate *deflate;
  struct sio__ws_deflate_params params;
  z_stream peer_in; /* with a window of just what was agreed on */
  z_stream peer_out;
  struct sio__buf sent;
  struct sio__buf got;
};

static sio_deflate_options default_options(void)
{
  sio_deflate_options o;

  sio_deflate_options_init(&o);
  return o;
}

static void start(struct pair *p, struct test_mem *mem,
                  struct sio__ws_deflate_params params)
{
  const sio_deflate_options o = default_options();
  int client_bits = params.client_bits == 8 ? 9 : params.client_bits;

  memset(p, 0, sizeof *p);
  p->params = params;
  p->codec = sio__ws_codec_new(&o, &mem->allocator);
  assert_non_null(p->codec);
  p->deflate = sio__ws_deflate_new(p->codec, &params);
  assert_non_null(p->deflate);
  assert_int_equal(inflateInit2(&p->peer_in, -params.server_bits), Z_OK);
  assert_int_equal(deflateInit2(&p->peer_out, 6, Z_DEFLATED, -client_bits, 8,
                                Z_DEFAULT_STRATEGY),
                   Z_OK);
  sio__buf_init(&p->sent, &mem->allocator, SIZE_MAX);
  sio__buf_init(&p->got, &mem->allocator, SIZE_MAX);
}

static void stop(struct pair *p, struct test_mem *mem)
{
  sio__buf_dispose(&p->sent);
  sio__buf_dispose(&p->got);
  (void)inflateEnd(&p->peer_in);
  (void)deflateEnd(&p->peer_out);
  sio__ws_deflate_free(p->deflate);
  sio__ws_codec_free(p->codec);
  test_mem_check(mem);
}

/* The server sends a message and the peer must understand it. */
static void send_message(struct pair *p, const uint8_t *data, size_t len)
{
  static const uint8_t tail[4] = {0, 0, 0xff, 0xff};
  uint8_t *plain = malloc(len + 1);

  assert_non_null(plain);
  sio__buf_reset(&p->sent, SIZE_MAX);
  assert_int_equal(sio__ws_deflate_message(p->deflate, data, len, &p->sent), 0);
  sio__buf_append(&p->sent, tail, 4);
  if (!p->params.server_takeover)
    assert_int_equal(inflateReset(&p->peer_in), Z_OK);
  p->peer_in.next_in = p->sent.data;
  p->peer_in.avail_in = (uInt)p->sent.len;
  p->peer_in.next_out = plain;
  p->peer_in.avail_out = (uInt)len + 1;
  assert_int_equal(inflate(&p->peer_in, Z_SYNC_FLUSH), Z_OK); /* not final */
  assert_int_equal(p->peer_in.avail_in, 0);
  assert_int_equal(p->peer_in.avail_out, 1);
  if (len > 0)
    assert_memory_equal(plain, data, len);
  free(plain);
}

/* The peer compresses a message into `p->sent`. */
static void compress_as_peer(struct pair *p, const uint8_t *data, size_t len)
{
  size_t room = len + len / 8 + 100;

  sio__buf_reset(&p->sent, SIZE_MAX);
  if (len == 0) {
    sio__buf_byte(&p->sent, 0);
    return;
  }
  if (!p->params.client_takeover)
    assert_int_equal(deflateReset(&p->peer_out), Z_OK);
  p->peer_out.next_in = (Bytef *)(uintptr_t)data;
  p->peer_out.avail_in = (uInt)len;
  p->peer_out.next_out = sio__buf_reserve(&p->sent, room);
  p->peer_out.avail_out = (uInt)room;
  assert_int_equal(deflate(&p->peer_out, Z_SYNC_FLUSH), Z_OK);
  assert_true(p->peer_out.avail_out > 0);
  sio__buf_commit(&p->sent, room - p->peer_out.avail_out);
  assert_memory_equal(p->sent.data + p->sent.len - 4, "\0\0\xff\xff", 4);
  p->sent.len -= 4;
}

/* Inflate from a block of exactly that size, which must not change. */
static int inflate_exact(struct pair *p, const void *data, size_t len,
                         size_t max)
{
  uint8_t *exact = test_exact(data, len);
  int rc;

  sio__buf_reset(&p->got, SIZE_MAX);
  rc = sio__ws_inflate_message(p->deflate, exact, len, max, &p->got);
  if (len > 0)
    assert_memory_equal(exact, data, len);
  free(exact);
  assert_true(p->got.len <= max);
  return rc;
}

static void receive_message(struct pair *p, const uint8_t *data, size_t len)
{
  compress_as_peer(p, data, len);
  assert_int_equal(inflate_exact(p, p->sent.data, p->sent.len, len), 0);
  assert_int_equal(p->got.len, len);
  if (len > 0)
    assert_memory_equal(p->got.data, data, len);
}

/* Random bytes, or something like text: words out of a small set. */
static void fill(uint8_t *data, size_t len, uint32_t *seed, bool is_text)
{
  static const char words[8][8] = {"{\"type\":", "message", "user\",", "12345",
                                   "},[{\"",     "hello ",  "world\"", "null,"};

  for (size_t i = 0; i < len;) {
    uint32_t random = test_random(seed);
    const char *word = words[random >> 8 & 7];
    size_t n = is_text ? strnlen(word, 8) : 1;

    n = n < len - i ? n : len - i;
    if (is_text)
      memcpy(data + i, word, n);
    else
      data[i] = (uint8_t)(random >> 11);
    i += n;
  }
}

static void talk(struct pair *p, const size_t *sizes, size_t n)
{
  uint32_t seed = 42;

  for (size_t i = 0; i < n * 2; i++) {
    size_t len = sizes[i % n];
    uint8_t *data = malloc(len + 1);

    assert_non_null(data);
    fill(data, len, &seed, i >= n);
    send_message(p, data, len);
    receive_message(p, data, len);
    free(data);
  }
}

static void test_messages_of_all_kinds_survive(void **state)
{
  static const size_t sizes[] = {0,    1,    2,     125,   126, 1000,  4095,
                                 4096, 4097, 65535, 65536, 0,   300000};

  (void)state;
  for (unsigned bits = 8; bits <= 15; bits++) {
    for (unsigned takeover = 0; takeover < 4; takeover++) {
      struct sio__ws_deflate_params params = {
          (takeover & 1) != 0, (takeover & 2) != 0,
          (uint8_t)(bits > 8 ? bits : 9), (uint8_t)bits};
      struct test_mem mem;
      struct pair p;

      test_mem_init(&mem, TEST_MEM_NEVER);
      start(&p, &mem, params);
      talk(&p, sizes, bits % 3 == 0 ? 13 : 9);
      stop(&p, &mem);
    }
  }
}

static void test_large_messages_go_through_in_slices(void **state)
{
  static const size_t sizes[] = {(1 << 20) - 1, 1 << 20, (1 << 20) + 1,
                                 3 << 20};
  struct test_mem mem;
  struct pair p;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, (struct sio__ws_deflate_params){true, false, 15, 15});
  talk(&p, sizes, 4);
  stop(&p, &mem);
}

static void test_takeover_makes_a_repeated_message_small(void **state)
{
  uint8_t data[2000];
  uint32_t seed = 9;
  struct test_mem mem;
  struct pair p;

  (void)state;
  fill(data, sizeof data, &seed, false);
  for (int takeover = 0; takeover < 2; takeover++) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    start(&p, &mem,
          (struct sio__ws_deflate_params){takeover, takeover, 15, 15});
    for (int i = 0; i < 3; i++) {
      send_message(&p, data, sizeof data);
      assert_true(i > 0 && takeover ? p.sent.len < 50 : p.sent.len > 1900);
      receive_message(&p, data, sizeof data);
      assert_true(i > 0 && takeover ? p.sent.len < 50 : p.sent.len > 1900);
    }
    stop(&p, &mem);
  }
}

static void test_an_empty_message_is_one_byte(void **state)
{
  struct test_mem mem;
  struct pair p;

  (void)state;
  for (int takeover = 0; takeover < 2; takeover++) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    start(&p, &mem,
          (struct sio__ws_deflate_params){takeover, takeover, 15, 15});
    for (int i = 0; i < 3; i++) {
      sio__buf_reset(&p.sent, 0);
      assert_int_equal(sio__ws_deflate_message(p.deflate, NULL, 0, &p.sent), 0);
      assert_int_equal(p.sent.len, 1);
      assert_int_equal(p.sent.data[0], 0);
      send_message(&p, (const uint8_t *)"abc", 3); /* goes on */
      assert_int_equal(inflate_exact(&p, "", 1, 0), 0);
      assert_int_equal(p.got.len, 0);
      assert_int_equal(inflate_exact(&p, "", 0, 0), 0); /* lenient */
      assert_int_equal(p.got.len, 0);
      receive_message(&p, (const uint8_t *)"abc", 3);
    }
    stop(&p, &mem);
  }
}

static void test_the_examples_of_the_standard_are_understood(void **state)
{
  static const struct {
    const char *data;
    size_t len;
  } cases[] = {
      {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7},
      {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11}, /* stored */
      {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8},              /* final block */
      {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13},
      {"\xf3\x48\xcd\xc9\xc9\x07\x00", 7}, /* and nothing behind it */
  };
  struct test_mem mem;
  struct pair p;

  (void)state;
  for (int takeover = 0; takeover < 2; takeover++) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    start(&p, &mem, (struct sio__ws_deflate_params){false, takeover, 15, 15});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      assert_int_equal(inflate_exact(&p, cases[i].data, cases[i].len, 5), 0);
      assert_int_equal(p.got.len, 5);
      assert_memory_equal(p.got.data, "Hello", 5);
    }
    stop(&p, &mem);
  }
}

static void test_a_second_message_may_point_into_the_first(void **state)
{
  struct test_mem mem;
  struct pair p;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, (struct sio__ws_deflate_params){false, true, 15, 15});
  assert_int_equal(inflate_exact(&p, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, 5), 0);
  assert_int_equal(inflate_exact(&p, "\xf2\x00\x11\x00\x00", 5, 5), 0);
  assert_memory_equal(p.got.data, "Hello", 5);
  stop(&p, &mem);
  start(&p, &mem, (struct sio__ws_deflate_params){false, false, 15, 15});
  assert_int_equal(inflate_exact(&p, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, 5), 0);
  assert_int_equal(inflate_exact(&p, "\xf2\x00\x11\x00\x00", 5, 5),
                   SIO_ERR_FORMAT); /* it was agreed that it does not */
  stop(&p, &mem);
}

static void test_many_final_blocks_are_one_message(void **state)
{
  struct test_mem mem;
  struct pair p;
  struct sio__buf message;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, (struct sio__ws_deflate_params){false, true, 15, 15});
  sio__buf_init(&message, &mem.allocator, SIZE_MAX);
  for (int i = 0; i < 1000; i++) /* "Hello" in a final block, padded */
    sio__buf_append(&message, "\xf3\x48\xcd\xc9\xc9\x07\x00", 7);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(inflate_exact(&p, message.data, message.len, 5000), 0);
    assert_int_equal(p.got.len, 5000);
    assert_memory_equal(p.got.data + 4995, "Hello", 5);
    assert_int_equal(inflate_exact(&p, message.data, message.len, 4999),
                     SIO_ERR_LIMIT);
  }
  sio__buf_dispose(&message);
  stop(&p, &mem);
}

static void test_what_is_not_deflate_data_is_refused(void **state)
{
  static const struct {
    const char *data;
    size_t len;
  } cases[] = {
      {"\xff", 1},                         /* no such type of block */
      {"\x07", 1},                         /* likewise, and final */
      {"\x00\x05\x00\xfa\xfe\x48", 6},     /* length and complement */
      {"\xf2\x00\x11\x00\x00", 5},         /* points before the beginning */
      {"\x00\x05\x00\xfa\xff\x48\x65", 7}, /* cut off */
      {"\x01\x06\x00\xf9\xff\x48\x65", 7}, /* the tail ends a final block */
      {"\xf3\x48\xcd\xc9\xc9\x07\x00!", 8},
      {"\xf3\x48\xcd\xc9\xc9\x07\x00\x07", 8},
      {"\x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5", 13}, /* zlib */
  };
  struct test_mem mem;
  struct pair p;

  (void)state;
  for (int takeover = 0; takeover < 2; takeover++) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      test_mem_init(&mem, TEST_MEM_NEVER);
      start(&p, &mem, (struct sio__ws_deflate_params){false, takeover, 15, 15});
      if (inflate_exact(&p, cases[i].data, cases[i].len, 100) != SIO_ERR_FORMAT)
        fail_msg("case %zu was not refused", i);
      stop(&p, &mem);
    }
  }
}

static void test_a_message_that_was_cut_off_is_refused(void **state)
{
  uint8_t data[300];
  uint32_t seed = 5;
  struct test_mem mem;
  struct pair p;

  (void)state;
  fill(data, sizeof data, &seed, true);
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, (struct sio__ws_deflate_params){false, false, 15, 15});
  compress_as_peer(&p, data, sizeof data);
  for (size_t len = 1; len < p.sent.len; len++)
    assert_int_equal(inflate_exact(&p, p.sent.data, len, 1000), SIO_ERR_FORMAT);
  receive_message(&p, data, sizeof data); /* the shared stream is well */
  stop(&p, &mem);
}

static void test_a_bomb_stops_at_the_limit(void **state)
{
  enum { SIZE = 5000000, MAX = 100000 };
  uint8_t *zeros = calloc(1, SIZE);
  struct test_mem mem;
  struct pair p;
  size_t before;

  (void)state;
  assert_non_null(zeros);
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, (struct sio__ws_deflate_params){false, false, 15, 15});
  compress_as_peer(&p, zeros, SIZE);
  assert_true(p.sent.len < 10000);
  p.got.max = MAX;
  before = mem.live_bytes;
  assert_int_equal(inflate_exact(&p, p.sent.data, p.sent.len, MAX),
                   SIO_ERR_LIMIT);
  assert_true(mem.live_bytes - before <= MAX + 45000); /* and a stream */
  assert_int_equal(inflate_exact(&p, p.sent.data, p.sent.len, 0),
                   SIO_ERR_LIMIT);
  p.got.max = SIZE_MAX;
  for (size_t len = MAX - 2; len < MAX + 3; len++) {
    compress_as_peer(&p, zeros, len);
    assert_int_equal(inflate_exact(&p, p.sent.data, p.sent.len, MAX),
                     len > MAX ? SIO_ERR_LIMIT : 0);
    assert_int_equal(p.got.len, len > MAX ? MAX : len);
  }
  free(zeros);
  stop(&p, &mem);
}

static void test_connections_without_takeover_share_everything(void **state)
{
  const struct sio__ws_deflate_params params = {false, false, 15, 15};
  uint8_t data[3000];
  uint32_t seed = 3;
  struct test_mem mem;
  struct pair p;
  struct sio__ws_deflate *mine;
  struct sio__ws_deflate *other;
  size_t idle; /* of one connection */
  size_t calls;
  size_t bytes;

  (void)state;
  fill(data, sizeof data, &seed, true);
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, params);
  idle = mem.live_bytes;
  mine = p.deflate;
  other = sio__ws_deflate_new(p.codec, &params);
  assert_non_null(other);
  idle = mem.live_bytes - idle;
  assert_true(idle <= 32);
  send_message(&p, data, sizeof data);
  receive_message(&p, data, sizeof data);
  calls = mem.calls;
  bytes = mem.live_bytes;
  for (int i = 0; i < 100; i++) {
    p.deflate = i % 2 == 0 ? other : mine;
    send_message(&p, data, sizeof data);
    receive_message(&p, data, sizeof data);
  }
  assert_int_equal(mem.calls, calls); /* the steady state allocates nothing */
  assert_int_equal(mem.live_bytes, bytes);
  sio__ws_deflate_free(other);
  assert_int_equal(mem.live_bytes, bytes - idle);
  p.deflate = mine;
  stop(&p, &mem);
}

static void test_streams_of_ones_own_are_made_once_and_freed(void **state)
{
  const struct sio__ws_deflate_params params = {true, true, 15, 15};
  uint8_t data[3000];
  uint32_t seed = 3;
  struct test_mem mem;
  struct pair p;
  size_t calls;
  size_t bytes;

  (void)state;
  fill(data, sizeof data, &seed, true);
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, params);
  (void)sio__buf_reserve(&p.sent, 8000);
  (void)sio__buf_reserve(&p.got, 8000);
  bytes = mem.live_bytes;
  send_message(&p, data, sizeof data);
  assert_in_range(mem.live_bytes - bytes, 260000, 280000);
  bytes = mem.live_bytes;
  receive_message(&p, data, sizeof data);
  assert_in_range(mem.live_bytes - bytes, 38000, 45000);
  calls = mem.calls;
  for (int i = 0; i < 50; i++) {
    send_message(&p, data, sizeof data);
    receive_message(&p, data, sizeof data);
  }
  assert_int_equal(mem.calls, calls);
  stop(&p, &mem);
}

static void test_a_full_buffer_is_an_error(void **state)
{
  uint8_t data[20000];
  uint32_t seed = 8;
  struct test_mem mem;
  struct pair p;

  (void)state;
  fill(data, sizeof data, &seed, false);
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&p, &mem, (struct sio__ws_deflate_params){false, false, 15, 15});
  for (size_t max = 0; max < 19000; max = max * 3 + 1) {
    p.sent.max = max;
    sio__buf_reset(&p.sent, 0);
    assert_int_equal(
        sio__ws_deflate_message(p.deflate, data, sizeof data, &p.sent),
        SIO_ERR_LIMIT);
  }
  p.sent.max = SIZE_MAX;
  sio__buf_reset(&p.sent, 0);
  compress_as_peer(&p, data, sizeof data);
  for (size_t max = 0; max < 19000; max = max * 3 + 1) {
    p.got.max = max;
    sio__buf_reset(&p.got, 0);
    assert_int_equal(inflate_exact(&p, p.sent.data, p.sent.len, SIZE_MAX),
                     SIO_ERR_LIMIT);
  }
  stop(&p, &mem);
}

static void test_a_refused_stream_is_made_the_next_time(void **state)
{
  uint8_t data[2000] = {0};
  struct test_mem mem;
  struct pair p;

  (void)state;
  for (size_t refused = 0; refused < 8; refused++) {
    for (int takeover = 0; takeover < 2; takeover++) {
      test_mem_init(&mem, TEST_MEM_NEVER);
      start(&p, &mem,
            (struct sio__ws_deflate_params){takeover, takeover, 15, 15});
      (void)sio__buf_reserve(&p.sent, 8000);
      (void)sio__buf_reserve(&p.got, 8000);
      mem.fail_at = mem.calls + refused;
      if (sio__ws_deflate_message(p.deflate, data, 2000, &p.sent) == 0) {
        compress_as_peer(&p, data, 2000);
        (void)inflate_exact(&p, p.sent.data, p.sent.len, 2000);
      }
      if (takeover == 0) {
        send_message(&p, data, 2000);
        receive_message(&p, data, 2000);
      }
      stop(&p, &mem);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_of_all_kinds_survive),
      cmocka_unit_test(test_large_messages_go_through_in_slices),
      cmocka_unit_test(test_takeover_makes_a_repeated_message_small),
      cmocka_unit_test(test_an_empty_message_is_one_byte),
      cmocka_unit_test(test_the_examples_of_the_standard_are_understood),
      cmocka_unit_test(test_a_second_message_may_point_into_the_first),
      cmocka_unit_test(test_many_final_blocks_are_one_message),
      cmocka_unit_test(test_what_is_not_deflate_data_is_refused),
      cmocka_unit_test(test_a_message_that_was_cut_off_is_refused),
      cmocka_unit_test(test_a_bomb_stops_at_the_limit),
      cmocka_unit_test(test_connections_without_takeover_share_everything),
      cmocka_unit_test(test_streams_of_ones_own_are_made_once_and_freed),
      cmocka_unit_test(test_a_full_buffer_is_an_error),
      cmocka_unit_test(test_a_refused_stream_is_made_the_next_time),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
