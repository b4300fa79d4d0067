/* SPDX-License-Identifier: MIT */
/* What the fixtures of test/fixture/ws cannot show: where the bytes lie and
 * what is allocated. */
#include "support.h"

#include "ws/closing.h"
#include "ws/deflate.h"
#include "ws/message.h"

#include <stdlib.h>

static const struct sio__ws_limits limits = {1 << 20, 1000};

/* Write a masked frame; returns its size. */
static size_t put_frame(uint8_t *out, bool fin, uint8_t opcode,
                        const void *payload, size_t len)
{
  static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
  size_t n = sio__ws_header_write(out, WS_OP_TEXT, len);

  out[0] = (uint8_t)((fin ? 0x80 : 0) | opcode);
  out[1] |= 0x80;
  memcpy(out + n, mask, 4);
  n += 4;
  if (len > 0)
    memcpy(out + n, payload, len);
  sio__ws_unmask(out + n, len, mask, 0);
  return n + len;
}

static void test_whole_frames_are_delivered_in_place(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  uint8_t data[64];
  size_t first = put_frame(data, true, WS_OP_TEXT, "hello", 5);
  size_t second = put_frame(data + first, true, WS_OP_PING, "x", 1);
  size_t used;

  (void)state;
  test_mem_init(&mem, 0);
  sio__ws_reader_init(&reader, &mem.allocator, &limits);
  sio__ws_read(&reader, data, first + second, &used, &event);
  assert_int_equal(event.type, WS_TEXT);
  assert_int_equal(used, first);
  assert_ptr_equal(event.data, data + 6);
  assert_int_equal(event.len, 5);
  assert_memory_equal(event.data, "hello", 5);
  sio__ws_read(&reader, data + first, second, &used, &event);
  assert_int_equal(event.type, WS_PING);
  assert_int_equal(used, second);
  assert_ptr_equal(event.data, data + first + 6);
  assert_int_equal(mem.calls, 0); /* not even tried */
  assert_null(reader.partial);
  sio__ws_reader_dispose(&reader);
}

static void test_a_collected_message_stays_until_the_next_read(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  uint8_t data[64];
  size_t size = put_frame(data, true, WS_OP_BINARY, "0123456789", 10);
  size_t used;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__ws_reader_init(&reader, &mem.allocator, &limits);
  sio__ws_read(&reader, data, 9, &used, &event);
  assert_int_equal(event.type, WS_MORE);
  assert_int_equal(used, 9);
  assert_non_null(reader.partial);
  sio__ws_read(&reader, data + 9, size - 9, &used, &event);
  assert_int_equal(event.type, WS_BINARY);
  assert_int_equal(used, size - 9);
  assert_memory_equal(event.data, "0123456789", 10);
  assert_true(mem.live_blocks > 0);
  sio__ws_read(&reader, NULL, 0, &used, &event);
  assert_int_equal(event.type, WS_MORE);
  assert_null(reader.partial);
  test_mem_check(&mem); /* an idle reader has nothing */
  sio__ws_reader_dispose(&reader);
}

static void test_a_split_ping_inside_a_message_keeps_the_message(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  uint8_t data[64];
  size_t a = put_frame(data, false, WS_OP_TEXT, "abc", 3);
  size_t b = put_frame(data + a, true, WS_OP_PING, "ping", 4);
  size_t c = put_frame(data + a + b, true, WS_OP_CONTINUATION, "def", 3);
  size_t used;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__ws_reader_init(&reader, &mem.allocator, &limits);
  sio__ws_read(&reader, data, a + b - 2, &used, &event);
  assert_int_equal(event.type, WS_MORE);
  sio__ws_read(&reader, data + a + b - 2, 2 + c, &used, &event);
  assert_int_equal(event.type, WS_PING);
  assert_int_equal(used, 2);
  assert_memory_equal(event.data, "ping", 4);
  assert_non_null(reader.partial);
  sio__ws_read(&reader, data + a + b, c, &used, &event);
  assert_int_equal(event.type, WS_TEXT);
  assert_int_equal(event.len, 6);
  assert_memory_equal(event.data, "abcdef", 6);
  sio__ws_reader_dispose(&reader);
  test_mem_check(&mem);
}

static void test_memory_follows_what_arrives_not_what_is_announced(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  uint8_t header[16] = {0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4};
  uint8_t piece[4096] = {0};
  size_t baseline;
  size_t used;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__ws_reader_init(&reader, &mem.allocator, &limits);
  sio__ws_read(&reader, header, 14, &used, &event); /* 1 MiB to come */
  assert_int_equal(event.type, WS_MORE);
  assert_true(mem.live_bytes < 1024);
  baseline = mem.live_bytes;
  for (size_t got = sizeof piece; got < 1 << 20; got += sizeof piece) {
    sio__ws_read(&reader, piece, sizeof piece, &used, &event);
    assert_int_equal(event.type, WS_MORE);
    assert_true(mem.live_bytes <= baseline + 2 * got);
  }
  assert_true(mem.calls < 20); /* it doubles */
  sio__ws_read(&reader, piece, sizeof piece, &used, &event);
  assert_int_equal(event.type, WS_BINARY);
  assert_int_equal(event.len, 1 << 20);
  assert_true(mem.live_bytes <= baseline + (1 << 20)); /* and no byte more */
  sio__ws_reader_dispose(&reader);
  test_mem_check(&mem);
}

static void test_many_small_fragments_take_linear_time(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  uint8_t data[16];
  size_t used;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__ws_reader_init(&reader, &mem.allocator, &limits);
  for (unsigned i = 0; i < 1000; i++) {
    size_t size = put_frame(
        data, i == 999, i == 0 ? WS_OP_BINARY : WS_OP_CONTINUATION, "12", 2);

    sio__ws_read(&reader, data, size, &used, &event);
    assert_int_equal(event.type, i == 999 ? WS_BINARY : WS_MORE);
  }
  assert_int_equal(event.len, 2000);
  assert_true(mem.calls < 12); /* one per doubling, not one per fragment */
  sio__ws_reader_dispose(&reader);
  test_mem_check(&mem);
}

static void test_a_large_message_arrives_intact_in_odd_pieces(void **state)
{
  enum { SIZE = 200000 };
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event = {.type = WS_MORE};
  uint8_t *plain = malloc(SIZE);
  uint8_t *data = malloc(SIZE + 14);
  uint32_t seed = 7;
  size_t size;
  size_t at = 0;

  (void)state;
  assert_true(plain != NULL && data != NULL);
  for (size_t i = 0; i < SIZE; i++)
    plain[i] = (uint8_t)test_random(&seed);
  size = put_frame(data, true, WS_OP_BINARY, plain, SIZE);
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__ws_reader_init(&reader, &mem.allocator, &limits);
  while (at < size) {
    size_t n = test_random(&seed) % 5000;
    size_t used;

    n = n < size - at ? n : size - at;
    assert_int_equal(event.type, WS_MORE);
    sio__ws_read(&reader, data + at, n, &used, &event);
    assert_int_equal(used, n);
    at += n;
  }
  assert_int_equal(event.type, WS_BINARY);
  assert_int_equal(event.len, SIZE);
  assert_memory_equal(event.data, plain, SIZE);
  sio__ws_reader_dispose(&reader);
  test_mem_check(&mem);
  free(data);
  free(plain);
}

static void test_an_error_is_final_and_frees_everything(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event first;
  struct sio__ws_event again;
  uint8_t data[64];
  const struct sio__ws_limits small = {3, 10};
  size_t a = put_frame(data, false, WS_OP_TEXT, "abc", 3);
  size_t b = put_frame(data + a, true, WS_OP_CONTINUATION, "de", 2);
  size_t used;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__ws_reader_init(&reader, &mem.allocator, &small);
  sio__ws_read(&reader, data, a + b, &used, &first);
  assert_int_equal(first.type, WS_ERROR);
  assert_int_equal(first.code, WS_CODE_SIZE);
  assert_int_equal(first.cause, SIO_CAUSE_MESSAGE_SIZE);
  assert_int_equal(first.seen, 5);
  assert_null(reader.partial);
  test_mem_check(&mem);
  for (int i = 0; i < 2; i++) {
    size_t n = put_frame(data, true, WS_OP_TEXT, "ok", 2);

    sio__ws_read(&reader, data, n, &used, &again);
    assert_int_equal(again.type, WS_ERROR);
    assert_int_equal(again.code, first.code);
    assert_int_equal(again.cause, first.cause);
    assert_int_equal(again.seen, first.seen);
    assert_ptr_equal(again.detail, first.detail);
  }
  sio__ws_reader_dispose(&reader);
}

static void read_a_conversation(struct test_mem *mem, void *user)
{
  static const uint8_t bytes[100];
  uint8_t data[256];
  size_t size = put_frame(data, false, WS_OP_TEXT, "abc", 3);
  struct sio__ws_reader reader;
  struct sio__ws_event event = {.type = WS_MORE};
  unsigned messages = 0;

  size += put_frame(data + size, true, WS_OP_PING, "ping", 4);
  size += put_frame(data + size, true, WS_OP_CONTINUATION, "def", 3);
  size += put_frame(data + size, true, WS_OP_BINARY, bytes, sizeof bytes);
  sio__ws_reader_init(&reader, &mem->allocator, &limits);
  for (size_t at = 0; at < size && event.type != WS_ERROR;) {
    size_t n = size - at < *(size_t *)user ? size - at : *(size_t *)user;
    size_t used;

    sio__ws_read(&reader, data + at, n, &used, &event);
    at += used;
    messages += event.type != WS_MORE && event.type != WS_ERROR;
  }
  if (event.type == WS_ERROR) {
    assert_true(mem->fired);
    assert_int_equal(event.cause, SIO_CAUSE_NOMEM);
    assert_int_equal(event.code, WS_CODE_INTERNAL);
    test_mem_check(mem);
  } else {
    assert_int_equal(messages, 3);
  }
  sio__ws_reader_dispose(&reader);
}

static void test_out_of_memory_is_an_error_at_every_allocation(void **state)
{
  (void)state;
  for (size_t chunk = 1; chunk < 150; chunk++)
    assert_true(test_every_allocation(read_a_conversation, &chunk) > 2);
}

/* A codec, and a connection that has negotiated compression. */
static struct sio__ws_codec *
negotiate(struct test_mem *mem, struct sio__ws_reader *reader, bool takeover)
{
  const struct sio__ws_deflate_params params = {takeover, takeover, 15, 15};
  sio_deflate_options options;
  struct sio__ws_codec *codec;
  struct sio__ws_deflate *deflate = NULL;

  sio_deflate_options_init(&options);
  codec = sio__ws_codec_new(&options, &mem->allocator);
  if (codec != NULL)
    deflate = sio__ws_deflate_new(codec, &params);
  sio__ws_reader_init(reader, &mem->allocator, &limits);
  sio__ws_reader_inflate(reader, deflate);
  return codec;
}

static void dispose(struct sio__ws_reader *reader, struct sio__ws_codec *codec)
{
  struct sio__ws_deflate *deflate = reader->deflate;

  sio__ws_reader_dispose(reader);
  sio__ws_deflate_free(deflate);
  sio__ws_codec_free(codec);
}

/* Write a compressed message as two frames, or as one if `first` is 0. */
static size_t put_compressed(uint8_t *out, struct sio__ws_deflate *deflate,
                             const void *text, size_t len, size_t first)
{
  struct test_mem mem;
  struct sio__buf buf;
  size_t size;

  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&buf, &mem.allocator, SIZE_MAX);
  assert_int_equal(sio__ws_deflate_message(deflate, text, len, &buf), 0);
  assert_true(first < buf.len);
  size = put_frame(out, first == 0, WS_OP_TEXT | 0x40, buf.data,
                   first > 0 ? first : buf.len);
  if (first > 0)
    size += put_frame(out + size, true, WS_OP_CONTINUATION, buf.data + first,
                      buf.len - first);
  sio__buf_dispose(&buf);
  return size;
}

static void test_plain_frames_stay_in_place_beside_compressed_ones(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  struct sio__ws_codec *codec;
  uint8_t data[64];
  uint8_t behind[64];
  size_t calls;
  size_t bytes;
  size_t first;
  size_t second;
  size_t used;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  codec = negotiate(&mem, &reader, false);
  calls = mem.calls;
  bytes = mem.live_bytes;
  first = put_frame(data, true, WS_OP_TEXT, "plain", 5);
  sio__ws_read(&reader, data, first, &used, &event);
  assert_ptr_equal(event.data, data + 6);
  assert_int_equal(mem.calls, calls);
  assert_null(reader.partial);

  first = put_frame(data, true, WS_OP_TEXT | 0x40,
                    "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  second = put_frame(data + first, true, WS_OP_TEXT, "plain", 5);
  memcpy(behind, data + first, second);
  sio__ws_read(&reader, data, first + second, &used, &event);
  assert_int_equal(event.type, WS_TEXT);
  assert_int_equal(used, first);
  assert_int_equal(event.len, 5);
  assert_memory_equal(event.data, "Hello", 5);
  assert_true(event.data < data || event.data >= data + sizeof data);
  assert_memory_equal(data + first, behind, second); /* as it came */
  sio__ws_read(&reader, data + first, second, &used, &event);
  assert_ptr_equal(event.data, data + first + 6);
  assert_null(reader.partial);         /* what was inflated is gone */
  assert_true(mem.live_bytes > bytes); /* the shared stream is not */
  dispose(&reader, codec);
  test_mem_check(&mem);
}

static void test_an_inflated_message_stays_until_the_next_read(void **state)
{
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  struct sio__ws_codec *codec;
  char *text = malloc(100001);
  uint8_t data[4096];
  size_t stream = 0;

  (void)state;
  assert_non_null(text);
  memset(text, 'x', 100001);
  test_mem_init(&mem, TEST_MEM_NEVER);
  codec = negotiate(&mem, &reader, false);
  for (size_t first = 0; first < 6; first += 5) {
    size_t size = put_compressed(data, reader.deflate, text, 100001, first);
    size_t used;

    sio__ws_read(&reader, data, size, &used, &event);
    assert_int_equal(event.type, WS_TEXT);
    assert_int_equal(used, size);
    assert_int_equal(event.len, 100001);
    assert_memory_equal(event.data, text, 100001);
    sio__ws_read(&reader, NULL, 0, &used, &event);
    assert_int_equal(event.type, WS_MORE);
    assert_null(reader.partial);
    if (first > 0)
      assert_int_equal(mem.live_bytes, stream);
    stream = mem.live_bytes;
  }
  free(text);
  dispose(&reader, codec);
  test_mem_check(&mem);
}

static void test_a_bomb_ends_at_the_limit(void **state)
{
  enum { SIZE = 5000000 };
  struct test_mem mem;
  struct sio__ws_reader reader;
  struct sio__ws_event event;
  struct sio__ws_codec *codec;
  char *zeros = calloc(1, SIZE);
  uint8_t *data = malloc(SIZE / 100);
  size_t size;
  size_t used;

  (void)state;
  assert_true(zeros != NULL && data != NULL);
  for (int takeover = 0; takeover < 2; takeover++) {
    test_mem_init(&mem, TEST_MEM_NEVER);
    codec = negotiate(&mem, &reader, takeover != 0);
    size = put_compressed(data, reader.deflate, zeros, SIZE, 0);
    assert_true(size < SIZE / 100);
    sio__ws_read(&reader, data, size, &used, &event);
    assert_int_equal(event.type, WS_ERROR);
    assert_int_equal(event.code, WS_CODE_SIZE);
    assert_int_equal(event.cause, SIO_CAUSE_MESSAGE_SIZE);
    assert_int_equal(event.seen, limits.max_message + 1);
    assert_null(reader.partial);
    dispose(&reader, codec);
    test_mem_check(&mem);
  }
  free(zeros);
  free(data);
}

struct compressed_case {
  size_t chunk;
  size_t first; /* length of the first fragment, 0: there is one only */
  bool takeover;
};

static void read_compressed(struct test_mem *mem, void *user)
{
  const struct compressed_case *c = user;
  static const char text[] = "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabc!";
  struct sio__ws_reader reader;
  struct sio__ws_event event = {.type = WS_MORE};
  struct sio__ws_codec *writer;
  struct sio__ws_codec *codec;
  struct sio__ws_reader peer;
  struct test_mem other;
  uint8_t data[256];
  size_t size = 0;
  unsigned messages = 0;

  test_mem_init(&other, TEST_MEM_NEVER);
  writer = negotiate(&other, &peer, c->takeover);
  for (int i = 0; i < 2; i++)
    size +=
        put_compressed(data + size, peer.deflate, text, sizeof text, c->first);
  codec = negotiate(mem, &reader, c->takeover);
  for (size_t at = 0; reader.deflate != NULL && at < size;) {
    size_t n = size - at < c->chunk ? size - at : c->chunk;
    size_t used;

    sio__ws_read(&reader, data + at, n, &used, &event);
    if (event.type == WS_ERROR)
      break;
    at += used;
    messages += event.type == WS_TEXT && event.len == sizeof text &&
                memcmp(event.data, text, sizeof text) == 0;
  }
  if (event.type == WS_ERROR) {
    assert_true(mem->fired);
    assert_int_equal(event.cause, SIO_CAUSE_NOMEM);
    assert_null(reader.partial);
  } else if (reader.deflate != NULL) {
    assert_int_equal(messages, 2);
  }
  dispose(&reader, codec);
  dispose(&peer, writer);
  test_mem_check(&other);
}

static void test_out_of_memory_while_inflating_is_an_error(void **state)
{
  struct compressed_case c;

  (void)state;
  for (c.chunk = 1; c.chunk < 60; c.chunk += 9) {
    for (unsigned i = 0; i < 4; i++) {
      c.first = i % 2 * 3;
      c.takeover = i > 1;
      assert_true(test_every_allocation(read_compressed, &c) > 5);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whole_frames_are_delivered_in_place),
      cmocka_unit_test(test_a_collected_message_stays_until_the_next_read),
      cmocka_unit_test(test_a_split_ping_inside_a_message_keeps_the_message),
      cmocka_unit_test(test_memory_follows_what_arrives_not_what_is_announced),
      cmocka_unit_test(test_many_small_fragments_take_linear_time),
      cmocka_unit_test(test_a_large_message_arrives_intact_in_odd_pieces),
      cmocka_unit_test(test_an_error_is_final_and_frees_everything),
      cmocka_unit_test(test_out_of_memory_is_an_error_at_every_allocation),
      cmocka_unit_test(test_plain_frames_stay_in_place_beside_compressed_ones),
      cmocka_unit_test(test_an_inflated_message_stays_until_the_next_read),
      cmocka_unit_test(test_a_bomb_ends_at_the_limit),
      cmocka_unit_test(test_out_of_memory_while_inflating_is_an_error),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
