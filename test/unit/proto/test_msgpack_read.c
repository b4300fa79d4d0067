/* SPDX-License-Identifier: MIT */
#include "msgpack_bytes.h"

#include "proto/msgpack_read.h"

/* Reads one item, which must be all there is. */
static struct sio__msgpack_item read_all(const char *text)
{
  struct sio__msgpack_item item;
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);

  if (sio__msgpack_read(bytes, bytes + len, &item) != bytes + len)
    fail_msg("%s is not read to its end", text);
  free(bytes);
  return item;
}

static bool is_readable(const char *text)
{
  struct sio__msgpack_item item;
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);
  bool readable = sio__msgpack_read(bytes, bytes + len, &item) != NULL;

  free(bytes);
  return readable;
}

static bool is_skipped(const char *text, size_t behind)
{
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);
  const uint8_t *at = sio__msgpack_skip(bytes, bytes + len);
  bool skipped = at != NULL && at == bytes + len - behind;

  free(bytes);
  return skipped;
}

/* ---- Items ---- */

static void test_integers_of_every_width_are_read(void **state)
{
  static const struct {
    const char *text;
    int64_t number;
  } rows[] = {
      {"00", 0},
      {"7f", 127},
      {"cc 00", 0},
      {"cc ff", 255},
      {"cd 0100", 256},
      {"cd ffff", 65535},
      {"ce 00010000", 65536},
      {"ce ffffffff", 4294967295},
      {"cf 0000000100000000", INT64_C(4294967296)},
      {"cf 7fffffffffffffff", INT64_MAX},
      {"e0", -32},
      {"ff", -1},
      {"d0 80", -128},
      {"d0 7f", 127},
      {"d1 8000", -32768},
      {"d1 7fff", 32767},
      {"d2 80000000", -INT64_C(2147483648)},
      {"d2 7fffffff", 2147483647},
      {"d3 8000000000000000", INT64_MIN},
      {"d3 ffffffffffffffff", -1},
      {"d3 0000000000000001", 1},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sio__msgpack_item item = read_all(rows[i].text);
    bool negative = rows[i].number < 0;

    assert_int_equal(item.kind, negative ? MSGPACK_INT : MSGPACK_UINT);
    if (negative)
      assert_true(item.number.i == rows[i].number);
    else
      assert_true(item.number.u == (uint64_t)rows[i].number);
  }
  assert_true(read_all("cf ffffffffffffffff").number.u == UINT64_MAX);
}

static void test_floats_of_both_widths_are_read(void **state)
{
  struct sio__msgpack_item item = read_all("ca 3fc00000");

  (void)state;
  assert_int_equal(item.kind, MSGPACK_FLOAT);
  assert_true(item.number.d == 1.5);
  assert_true(read_all("ca bdcccccd").number.d == (double)-0.1F);
  assert_true(read_all("cb 3fb999999999999a").number.d == 0.1);
  assert_true(read_all("cb c0c81c8000000000").number.d == -12345.0);
}

static void test_words_have_a_kind_each(void **state)
{
  (void)state;
  assert_int_equal(read_all("c0").kind, MSGPACK_NIL);
  assert_int_equal(read_all("c2").kind, MSGPACK_FALSE);
  assert_int_equal(read_all("c3").kind, MSGPACK_TRUE);
  assert_false(is_readable("c1"));
  assert_false(is_readable(""));
}

static void test_strings_and_bytes_are_spans_of_the_input(void **state)
{
  static const struct {
    const char *text;
    size_t head;
    size_t len;
    enum sio__msgpack_kind kind;
    int ext;
  } rows[] = {
      {"a0", 1, 0, MSGPACK_STR, 0},
      {"a3'abc'", 1, 3, MSGPACK_STR, 0},
      {"bf'0123456789012345678901234567890'", 1, 31, MSGPACK_STR, 0},
      {"d9 01'a'", 2, 1, MSGPACK_STR, 0},
      {"da 0002'ab'", 3, 2, MSGPACK_STR, 0},
      {"db 00000002'ab'", 5, 2, MSGPACK_STR, 0},
      {"c4 00", 2, 0, MSGPACK_BIN, 0},
      {"c4 02 0102", 2, 2, MSGPACK_BIN, 0},
      {"c5 0002 0102", 3, 2, MSGPACK_BIN, 0},
      {"c6 00000002 0102", 5, 2, MSGPACK_BIN, 0},
      {"c7 00 00", 3, 0, MSGPACK_BIN, 0},
      {"c7 01 00 ff", 3, 1, MSGPACK_BIN, 0},
      {"c7 08 00 0102030405060708", 3, 8, MSGPACK_BIN, 0},
      {"c8 0001 00 ff", 4, 1, MSGPACK_BIN, 0},
      {"c9 00000001 00 ff", 6, 1, MSGPACK_BIN, 0},
      {"c7 02 05 0102", 3, 2, MSGPACK_EXT, 5},
      {"c8 0001 80 ff", 4, 1, MSGPACK_EXT, -128},
      {"c9 00000001 7f ff", 6, 1, MSGPACK_EXT, 127},
      {"d4 01 ff", 2, 1, MSGPACK_EXT, 1},
      {"d4 00 ff", 2, 1, MSGPACK_UNDEFINED, 0},
      {"d5 00 0102", 2, 2, MSGPACK_EXT, 0},
      {"d6 ff 01020304", 2, 4, MSGPACK_EXT, -1},
      {"d7 01 0102030405060708", 2, 8, MSGPACK_EXT, 1},
      {"d7 00 0102030405060708", 2, 8, MSGPACK_DATE, 0},
      {"d8 00 01020304050607080102030405060708", 2, 16, MSGPACK_EXT, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sio__msgpack_item item;
    size_t len;
    uint8_t *bytes = bytes_of(rows[i].text, &len);

    assert_ptr_equal(sio__msgpack_read(bytes, bytes + len, &item), bytes + len);
    assert_int_equal(item.kind, rows[i].kind);
    assert_ptr_equal(item.data, bytes + rows[i].head);
    assert_int_equal(item.len, rows[i].len);
    if (item.kind == MSGPACK_EXT)
      assert_int_equal(item.ext, rows[i].ext);
    free(bytes);
  }
  assert_true(read_all("d7 00 ffffffffffffffff").number.i == -1);
}

static void test_containers_give_their_count_alone(void **state)
{
  static const struct {
    const char *text;
    size_t head;
    size_t n;
    enum sio__msgpack_kind kind;
  } rows[] = {
      {"80", 1, 0, MSGPACK_MAP},
      {"82 01020304", 1, 2, MSGPACK_MAP},
      {"de 0001 0102", 3, 1, MSGPACK_MAP},
      {"df 00000001 0102", 5, 1, MSGPACK_MAP},
      {"90", 1, 0, MSGPACK_ARRAY},
      {"93 010203", 1, 3, MSGPACK_ARRAY},
      {"dc 0001 01", 3, 1, MSGPACK_ARRAY},
      {"dd 00000001 01", 5, 1, MSGPACK_ARRAY},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sio__msgpack_item item;
    size_t len;
    uint8_t *bytes = bytes_of(rows[i].text, &len);

    assert_ptr_equal(sio__msgpack_read(bytes, bytes + len, &item),
                     bytes + rows[i].head);
    assert_int_equal(item.kind, rows[i].kind);
    assert_int_equal(item.len, rows[i].n);
    free(bytes);
  }
}

/* ---- What cannot be ---- */

static void test_lengths_beyond_the_end_are_refused(void **state)
{
  static const char *const rows[] = {
      "a1",
      "bf'012345678901234567890123456789'",
      "d9 02'a'",
      "da ffff'abc'",
      "db ffffffff'abc'",
      "c4 01",
      "c5 ffff 00",
      "c6 ffffffff 00",
      "c7 01 00",
      "c7 00",
      "c8 ffff 00 00",
      "c9 ffffffff 05 00",
      "c9 00000000",
      "d4 00",
      "d8 00 010203040506070801020304050607",
      "91",
      "9f 0102",
      "81 01",
      "8f 01020304",
      "dc ffff 01",
      "dd ffffffff 01020304",
      "de 0002 010203",
      "df ffffffff 01020304",
      "df 80000001 0102",
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (is_readable(rows[i]) || is_skipped(rows[i], 0))
      fail_msg("%s is accepted", rows[i]);
  }
}

/* Every first byte in a block that ends anywhere: what is read lies within,
 * and more bytes never make a good item bad. */
static void test_every_first_byte_stays_within_its_block(void **state)
{
  uint8_t all[40] = {0}; /* enough for what has no length of its own */

  (void)state;
  for (unsigned first = 0; first < 256; first++) {
    bool was_good = false;

    for (size_t len = 1; len <= sizeof all; len++) {
      struct sio__msgpack_item item;
      const uint8_t *behind;
      uint8_t *bytes;

      all[0] = (uint8_t)first;
      bytes = test_exact(all, len);
      behind = sio__msgpack_read(bytes, bytes + len, &item);
      assert_true(behind == NULL || (behind > bytes && behind <= bytes + len));
      assert_true(behind != NULL || !was_good);
      was_good = behind != NULL;
      behind = sio__msgpack_skip(bytes, bytes + len);
      assert_true(behind == NULL || (behind > bytes && behind <= bytes + len));
      free(bytes);
    }
    assert_int_equal(was_good, first != 0xc1);
  }
}

/* ---- Skipping ---- */

static void test_a_value_is_skipped_with_all_that_is_inside(void **state)
{
  (void)state;
  assert_true(is_skipped("c0", 0));
  assert_true(is_skipped("c0 c0", 1));
  assert_true(is_skipped("90 ff", 1));
  assert_true(is_skipped("92 01 93 a1'x' c4 01 00 80 05", 1));
  assert_true(is_skipped("82 a1'a' 91 90 92 01 02 81 01 02 ff ff", 2));
  assert_false(is_skipped("92 01 c1", 0));
  assert_false(is_skipped("92 92 01 02", 0));
  assert_false(is_skipped("81 81 01 02", 0));
  assert_false(is_skipped("", 0));
}

static void test_skipping_does_not_care_how_deep_it_gets(void **state)
{
  enum { DEPTH = 1000000 };
  uint8_t *bytes = malloc(DEPTH);

  (void)state;
  assert_non_null(bytes);
  memset(bytes, 0x91, DEPTH);
  bytes[DEPTH - 1] = 0x90;
  assert_ptr_equal(sio__msgpack_skip(bytes, bytes + DEPTH), bytes + DEPTH);
  assert_null(sio__msgpack_skip(bytes, bytes + DEPTH - 1));
  free(bytes);
}

/* Each claims all that is left: more items are due than bytes are there. */
static void test_claims_that_add_up_to_too_much_are_refused(void **state)
{
  enum { N = 4096 };
  uint8_t *bytes = malloc(N);

  (void)state;
  assert_non_null(bytes);
  for (size_t i = 0; i < N; i++) {
    size_t left = i + 3 < N ? N - i - 3 : 0;

    bytes[i] = i % 3 == 0   ? 0xdc
               : i % 3 == 1 ? (uint8_t)((left + 1) >> 8)
                            : (uint8_t)(left + 2);
  }
  assert_null(sio__msgpack_skip(bytes, bytes + N));
  free(bytes);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers_of_every_width_are_read),
      cmocka_unit_test(test_floats_of_both_widths_are_read),
      cmocka_unit_test(test_words_have_a_kind_each),
      cmocka_unit_test(test_strings_and_bytes_are_spans_of_the_input),
      cmocka_unit_test(test_containers_give_their_count_alone),
      cmocka_unit_test(test_lengths_beyond_the_end_are_refused),
      cmocka_unit_test(test_every_first_byte_stays_within_its_block),
      cmocka_unit_test(test_a_value_is_skipped_with_all_that_is_inside),
      cmocka_unit_test(test_skipping_does_not_care_how_deep_it_gets),
      cmocka_unit_test(test_claims_that_add_up_to_too_much_are_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
