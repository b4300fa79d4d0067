/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "ws/frame.h"

#include <stdlib.h>

/* Read a header from a block of exactly `len` bytes. */
static bool read_exact(const uint8_t *data, size_t len,
                       struct sio__ws_header *h)
{
  uint8_t *copy = test_exact(data, len);
  bool done = sio__ws_header_read(copy, len, h);

  free(copy);
  return done;
}

static void test_every_form_of_length_is_read(void **state)
{
  static const struct {
    uint8_t bytes[SIO__WS_HEADER_MAX];
    uint8_t size;
    bool masked;
    uint64_t len;
  } cases[] = {
      {{0x81, 0x00}, 2, false, 0},
      {{0x81, 0x7d}, 2, false, 125},
      {{0x81, 0xfd, 1, 2, 3, 4}, 6, true, 125},
      {{0x81, 0x7e, 0x12, 0x34}, 4, false, 0x1234},
      {{0x81, 0xfe, 0xff, 0xff, 1, 2, 3, 4}, 8, true, 65535},
      {{0x81, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8}, 10, false, 0x0102030405060708},
      {{0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4},
       14,
       true,
       UINT64_MAX},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    static const uint8_t mask[4] = {1, 2, 3, 4};
    struct sio__ws_header h;

    for (size_t n = 0; n < cases[i].size; n++)
      assert_false(read_exact(cases[i].bytes, n, &h));
    assert_true(read_exact(cases[i].bytes, cases[i].size, &h));
    assert_int_equal(h.size, cases[i].size);
    assert_int_equal(h.masked, cases[i].masked);
    assert_true(h.len == cases[i].len);
    assert_true(h.fin);
    assert_int_equal(h.opcode, WS_OP_TEXT);
    if (h.masked)
      assert_memory_equal(h.mask, mask, 4);
  }
}

static void test_the_bits_of_the_first_byte_are_told_apart(void **state)
{
  struct sio__ws_header h;

  (void)state;
  for (unsigned byte = 0; byte < 256; byte++) {
    const uint8_t data[2] = {(uint8_t)byte, 0};

    assert_true(read_exact(data, 2, &h));
    assert_int_equal(h.fin, byte >> 7);
    assert_int_equal(h.rsv, byte >> 4 & 7);
    assert_int_equal(h.opcode, byte & 15);
    assert_false(h.masked);
  }
}

static void test_a_written_header_reads_back(void **state)
{
  static const uint64_t lens[] = {
      0, 1, 125, 126, 127, 65535, 65536, 0x0102030405, UINT64_MAX >> 1};

  (void)state;
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    uint8_t out[SIO__WS_SERVER_HEADER_MAX];
    size_t size = sio__ws_header_write(out, WS_OP_BINARY, lens[i]);
    struct sio__ws_header h;

    assert_int_equal(size, sio__ws_header_size(lens[i]));
    assert_false(read_exact(out, size - 1, &h));
    assert_true(read_exact(out, size, &h));
    assert_int_equal(h.size, size);
    assert_true(h.len == lens[i]);
    assert_true(h.fin);
    assert_false(h.masked);
    assert_int_equal(h.rsv, 0);
    assert_int_equal(h.opcode, WS_OP_BINARY);
  }
}

static void test_a_written_header_has_the_shortest_form(void **state)
{
  (void)state;
  assert_int_equal(sio__ws_header_size(125), 2);
  assert_int_equal(sio__ws_header_size(126), 4);
  assert_int_equal(sio__ws_header_size(65535), 4);
  assert_int_equal(sio__ws_header_size(65536), 10);
}

static void test_unmasking_is_right_at_every_length_and_place(void **state)
{
  static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  uint32_t seed = 1;

  (void)state;
  for (size_t len = 0; len < 70; len++) {
    for (size_t shift = 0; shift < 8; shift++) { /* how the data lies */
      uint8_t plain[80] = {0};
      uint8_t *block;

      for (size_t i = 0; i < shift + len; i++)
        plain[i] = (uint8_t)test_random(&seed);
      block = test_exact(plain, shift + len);
      for (size_t i = 0; i < len; i++)
        block[shift + i] ^= mask[(i + 5) % 4];
      sio__ws_unmask(block + shift, len, mask, 5);
      if (shift + len > 0)
        assert_memory_equal(block, plain, shift + len);
      free(block);
    }
  }
}

static void test_unmasking_in_pieces_gives_the_same(void **state)
{
  static const uint8_t mask[4] = {1, 2, 4, 8};

  (void)state;
  for (size_t cut = 0; cut <= 40; cut++) {
    uint8_t data[40];

    for (size_t i = 0; i < sizeof data; i++)
      data[i] = (uint8_t)(i ^ mask[i % 4]);
    sio__ws_unmask(data, cut, mask, 0);
    sio__ws_unmask(data + cut, sizeof data - cut, mask, cut);
    for (size_t i = 0; i < sizeof data; i++)
      assert_int_equal(data[i], i);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_form_of_length_is_read),
      cmocka_unit_test(test_the_bits_of_the_first_byte_are_told_apart),
      cmocka_unit_test(test_a_written_header_reads_back),
      cmocka_unit_test(test_a_written_header_has_the_shortest_form),
      cmocka_unit_test(test_unmasking_is_right_at_every_length_and_place),
      cmocka_unit_test(test_unmasking_in_pieces_gives_the_same),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
