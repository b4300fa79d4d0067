/* SPDX-License-Identifier: MIT */
#include "msgpack_bytes.h"

#include "base/mem.h"
#include "json/scan.h"
#include "json/string.h"
#include "proto/msgpack_json.h"

#define PLACE(num) "{\"_placeholder\":true,\"num\":" num "}"

static const struct sio__packet_limits limits = {.max_attachments = 10,
                                                 .max_depth = 32};

struct row {
  const char *bytes;
  const char *json;
};

/* As many values as there are, one level deep. */
static void expect_json(const struct row *row)
{
  struct sio__msgpack_in in;
  const uint8_t *behind = NULL;
  size_t len;
  uint8_t *bytes = bytes_of(row->bytes, &len);
  int rv;

  sio__msgpack_in_init(&in, &sio__mem_default);
  rv = sio__msgpack_to_json(&in, bytes, bytes + len, 1, 1, &limits, &behind);
  if (rv != 0)
    fail_msg("%s: error %d", row->bytes, rv);
  assert_ptr_equal(behind, bytes + len);
  if (in.text.len != strlen(row->json) ||
      memcmp(in.text.data, row->json, in.text.len) != 0)
    fail_msg("%s: %.*s instead of %s", row->bytes, (int)in.text.len,
             (const char *)in.text.data, row->json);
  sio__msgpack_in_dispose(&in);
  free(bytes);
}

static void expect_rows(const struct row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++)
    expect_json(&rows[i]);
}

#define EXPECT(rows) expect_rows((rows), sizeof(rows) / sizeof *(rows))

static int error_of(const char *text, const struct sio__packet_limits *with,
                    unsigned depth)
{
  struct sio__msgpack_in in;
  const uint8_t *behind;
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);
  int rv;

  sio__msgpack_in_init(&in, &sio__mem_default);
  rv = sio__msgpack_to_json(&in, bytes, bytes + len, 1, depth, with, &behind);
  sio__msgpack_in_dispose(&in);
  free(bytes);
  return rv;
}

/* ---- Values ---- */

static void test_scalars_are_written_as_javascript_does(void **state)
{
  static const struct row rows[] = {
      {"c0", "null"},
      {"c2", "false"},
      {"c3", "true"},
      {"d4 00 00", "null"}, /* undefined */
      {"00", "0"},
      {"e0", "-32"},
      {"cf 0020000000000001", "9007199254740993"},
      {"cf ffffffffffffffff", "18446744073709551615"},
      {"d3 8000000000000000", "-9223372036854775808"},
      {"ca 3fc00000", "1.5"},
      {"ca 3dcccccd", "0.10000000149011612"},
      {"cb 3fb999999999999a", "0.1"},
      {"cb 4059000000000000", "100"},
      {"cb 8000000000000000", "0"},
      {"cb 444b1ae4d6e2ef50", "1e+21"},
      {"cb 7ff0000000000000", "null"},
      {"cb fff0000000000000", "null"},
      {"cb 7ff8000000000000", "null"},
      {"ca 7f800000", "null"},
      {"a0", "\"\""},
      {"a5'hello'", "\"hello\""},
      {"a6'a\"\\' 0a 01 7f", "\"a\\\"\\\\\\n\\u0001\x7f\""},
      {"a6 c3a9 f09f9880", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
  };

  (void)state;
  EXPECT(rows);
}

static void test_containers_are_written_without_blanks(void **state)
{
  static const struct row rows[] = {
      {"90", "[]"},
      {"80", "{}"},
      {"93 01 90 a1'x'", "[1,[],\"x\"]"},
      {"dc 0002 c2 80", "[false,{}]"},
      {"dd 00000001 91 91 91 90", "[[[[[]]]]]"},
      {"82 a1'a' 01 a1'b' 82 a0 c0 a1'c' 92 02 03",
       "{\"a\":1,\"b\":{\"\":null,\"c\":[2,3]}}"},
      {"de 0001 a1'a' df 00000001 a1'b' c3", "{\"a\":{\"b\":true}}"},
      {"82 a1'a' 01 a1'a' 02", "{\"a\":1,\"a\":2}"},
  };

  (void)state;
  EXPECT(rows);
}

static void test_keys_become_strings(void **state)
{
  static const struct row rows[] = {
      {"81 01 02", "{\"1\":2}"},
      {"81 ff 02", "{\"-1\":2}"},
      {"81 cb 3ff8000000000000 02", "{\"1.5\":2}"},
      {"82 c3 01 c2 02", "{\"true\":1,\"false\":2}"},
      {"81 c0 02", "{\"null\":2}"},
      {"81 a2'\"' 09 02", "{\"\\\"\\t\":2}"},
  };
  static const char *const refused[] = {
      "81 90 01",
      "81 80 01",
      "81 c4 01 00 01",
      "81 c7 01 05 00 01",
      "81 d7 00 0000000000000000 01",
      "81 a1 ff 01",
  };

  (void)state;
  EXPECT(rows);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    assert_int_equal(error_of(refused[i], &limits, 0), SIO_ERR_JSON);
}

static void test_dates_are_iso_strings(void **state)
{
  static const struct row rows[] = {
      {"d7 00 0000000000000000", "\"1970-01-01T00:00:00.000Z\""},
      {"d7 00 ffffffffffffffff", "\"1969-12-31T23:59:59.999Z\""},
      {"d7 00 0000018bcfe5687b", "\"2023-11-14T22:13:20.123Z\""},
      {"d7 00 000000dd9813b200", "\"2000-02-28T12:00:00.000Z\""},
      {"d7 00 000000dd9d5ba600", "\"2000-02-29T12:36:41.600Z\""},
      {"d7 00 fffffdfeddd90940", "\"1900-02-28T23:59:58.272Z\""},
      {"d7 00 fffff562a400b800", "\"1600-02-29T08:00:00.000Z\""},
      {"d7 00 000003bc5c9b0c01", "\"2100-03-01T00:00:00.001Z\""},
      {"d7 00 ffffc776c0d2d400", "\"0000-02-29T00:00:00.000Z\""},
      {"d7 00 0000e677d21fdbff", "\"9999-12-31T23:59:59.999Z\""},
      {"d7 00 0000e677d21fdc00", "\"+010000-01-01T00:00:00.000Z\""},
      {"d7 00 ffffc76e9b234800", "\"-000001-01-20T00:00:00.000Z\""},
      {"d7 00 001eb208c2dc0000", "\"+275760-09-13T00:00:00.000Z\""},
      {"d7 00 ffe14df73d240000", "\"-271821-04-20T00:00:00.000Z\""},
      {"d7 00 001eb208c2dc0001", "null"},
      {"d7 00 ffe14df73d23ffff", "null"},
      {"d7 00 8000000000000000", "null"},
      {"d7 00 7fffffffffffffff", "null"},
  };

  (void)state;
  EXPECT(rows);
}

/* ---- Binary ---- */

static void test_bytes_become_placeholders_in_order(void **state)
{
  static const char text[] = "93 c4 02 0102 81 a1'a' c7 01 00 09 92 c4 00 "
                             "d5 05 0304";
  struct sio__msgpack_in in;
  const uint8_t *behind;
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);

  (void)state;
  sio__msgpack_in_init(&in, &sio__mem_default);
  assert_int_equal(
      sio__msgpack_to_json(&in, bytes, bytes + len, 1, 0, &limits, &behind), 0);
  assert_true(sio_str_is((sio_str){(char *)in.text.data, in.text.len},
                         "[" PLACE("0") ",{\"a\":" PLACE("1") "},[" PLACE(
                             "2") ",[5," PLACE("3") "]]]"));
  assert_int_equal(in.n_attachments, 4);
  assert_ptr_equal(in.attachments[0].data, bytes + 3);
  assert_int_equal(in.attachments[0].len, 2);
  assert_int_equal(in.attachments[1].len, 1);
  assert_int_equal(*in.attachments[1].data, 9);
  assert_int_equal(in.attachments[2].len, 0);
  assert_int_equal(in.attachments[3].len, 2);
  assert_int_equal(*in.attachments[3].data, 3);
  sio__msgpack_in_dispose(&in);
  free(bytes);
}

static void test_so_many_attachments_are_allowed(void **state)
{
  struct sio__packet_limits two = {.max_attachments = 2, .max_depth = 32};
  struct sio__packet_limits none = {.max_attachments = 0, .max_depth = 32};

  (void)state;
  assert_int_equal(error_of("92 c4 00 c4 00", &two, 0), 0);
  assert_int_equal(error_of("93 c4 00 c4 00 c4 00", &two, 0), SIO_ERR_LIMIT);
  assert_int_equal(error_of("93 c4 00 c7 00 00 d4 01 00", &two, 0),
                   SIO_ERR_LIMIT);
  assert_int_equal(error_of("91 01", &none, 0), 0);
  assert_int_equal(error_of("c4 00", &none, 0), SIO_ERR_LIMIT);
}

/* Its key is the same text, but is not spelled as that of a placeholder. */
static void test_plain_data_does_not_look_like_a_placeholder(void **state)
{
  static const struct row rows[] = {
      {"82 ac'_placeholder' c3 a3'num' 00",
       "{\"\\u005fplaceholder\":true,\"num\":0}"},
      {"92 c4 00 82 ac'_placeholder' c3 a3'num' 00",
       "[" PLACE("0") ",{\"\\u005fplaceholder\":true,\"num\":0}]"},
      {"81 d9 0c'_placeholder' c3", "{\"\\u005fplaceholder\":true}"},
      {"82 ac'_placeholder' 01 ac'_placeholder' c2",
       "{\"_placeholder\":1,\"_placeholder\":false}"},
      {"91 ac'_placeholder'", "[\"_placeholder\"]"},
  };

  (void)state;
  EXPECT(rows);
  assert_true(
      sio__json_string_equals("\\u005fplaceholder", 17, "_placeholder", 12));
}

/* ---- What cannot be ---- */

static void test_text_must_be_utf8(void **state)
{
  static const char *const rows[] = {"a1 80",    "a1 ff",     "a2 c3 28",
                                     "a2 c0 80", "a3 eda080", "91 a1 fe",
                                     "a3 f09f98"};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(error_of(rows[i], &limits, 0), SIO_ERR_JSON);
}

static void test_depth_counts_what_is_around_and_what_is_written(void **state)
{
  struct sio__packet_limits three = {.max_attachments = 9, .max_depth = 3};

  (void)state;
  assert_int_equal(error_of("91 91 90", &three, 0), 0);
  assert_int_equal(error_of("91 91 91 90", &three, 0), SIO_ERR_JSON);
  assert_int_equal(error_of("91 90", &three, 1), 0);
  assert_int_equal(error_of("91 91 90", &three, 1), SIO_ERR_JSON);
  assert_int_equal(error_of("91 81 a0 81 a0 a0", &three, 0), 0);
  assert_int_equal(error_of("81 a0 81 a0 81 a0 80", &three, 0), SIO_ERR_JSON);
  /* placeholders are objects, extensions arrays with one in them */
  assert_int_equal(error_of("91 91 c4 00", &three, 0), 0);
  assert_int_equal(error_of("91 91 91 c4 00", &three, 0), SIO_ERR_JSON);
  assert_int_equal(error_of("91 d4 05 00", &three, 0), 0);
  assert_int_equal(error_of("91 91 d4 05 00", &three, 0), SIO_ERR_JSON);
}

static void test_no_limit_lets_the_depth_beyond_what_json_allows(void **state)
{
  struct sio__packet_limits endless = {.max_attachments = 1,
                                       .max_depth = UINT32_MAX};
  struct sio__msgpack_in in;
  const uint8_t *behind;
  uint8_t bytes[SIO__JSON_MAX_DEPTH + 1];

  (void)state;
  memset(bytes, 0x91, sizeof bytes);
  bytes[sizeof bytes - 1] = 0x90;
  sio__msgpack_in_init(&in, &sio__mem_default);
  assert_int_equal(sio__msgpack_to_json(&in, bytes, bytes + sizeof bytes, 1, 0,
                                        &endless, &behind),
                   SIO_ERR_JSON);
  assert_int_equal(sio__msgpack_to_json(&in, bytes + 1, bytes + sizeof bytes, 1,
                                        0, &endless, &behind),
                   0);
  assert_int_equal(sio__json_check((char *)in.text.data, in.text.len,
                                   SIO__JSON_MAX_DEPTH, NULL),
                   0);
  sio__msgpack_in_dispose(&in);
}

static void test_every_truncation_is_refused(void **state)
{
  static const char text[] =
      "dc 0004 82 a1'a' cb 3ff8000000000000 d9 01'b' c5 0001 00 "
      "d7 00 0000000000000000 c7 01 05 00 ce 00010000";
  struct sio__msgpack_in in;
  const uint8_t *behind;
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);

  (void)state;
  sio__msgpack_in_init(&in, &sio__mem_default);
  for (size_t n = 0; n <= len; n++) {
    uint8_t *part = test_exact(bytes, n);

    assert_int_equal(
        sio__msgpack_to_json(&in, part, part + n, 1, 0, &limits, &behind),
        n < len ? SIO_ERR_JSON : 0);
    free(part);
  }
  sio__msgpack_in_dispose(&in);
  free(bytes);
}

/* ---- Memory ---- */

/* The inputs that grow most: each must fit under the bound of the text. */
static void test_what_grows_most_fits(void **state)
{
  static const struct {
    const char *unit;
    bool is_map;
  } rows[] = {
      {"c2", false},
      {"a1 01", false},
      {"c2 c2", true},
      {"a1 01 c2", true},
      {"ff", false},
      {"ca b58637bd", false},
      {"c4 00", false},
      {"d4 80 00", false},
      {"d7 00 ffe14df73d240000", false},
      {"ac'_placeholder' c3", true},
  };
  struct sio__packet_limits many = {.max_attachments = 10000, .max_depth = 32};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    enum { N = 5000 };
    struct sio__msgpack_in in;
    const uint8_t *behind;
    size_t len;
    uint8_t *unit = bytes_of(rows[i].unit, &len);
    uint8_t *all = malloc(3 + N * len);

    assert_non_null(all);
    all[0] = rows[i].is_map ? 0xde : 0xdc;
    all[1] = N >> 8;
    all[2] = N & 0xff;
    for (size_t k = 0; k < N; k++)
      memcpy(all + 3 + k * len, unit, len);
    sio__msgpack_in_init(&in, &sio__mem_default);
    assert_int_equal(
        sio__msgpack_to_json(&in, all, all + 3 + N * len, 1, 0, &many, &behind),
        0);
    assert_int_equal(
        sio__json_check((char *)in.text.data, in.text.len, 32, NULL), 0);
    sio__msgpack_in_dispose(&in);
    free(all);
    free(unit);
  }
}

static void test_memory_is_used_again_and_large_texts_are_let_go(void **state)
{
  enum { LARGE = 100000 };
  struct test_mem mem;
  struct sio__msgpack_in in;
  const uint8_t *behind;
  uint8_t small[] = {0x92, 0xc4, 0x00, 0xa1, 'x'};
  uint8_t *large = malloc(LARGE);
  size_t calls;

  (void)state;
  assert_non_null(large);
  memset(large, 'x', LARGE);
  memcpy(large, "\xdb\x00\x01\x86\x9b", 5); /* 100000 - 5 */
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__msgpack_in_init(&in, &mem.allocator);
  assert_int_equal(sio__msgpack_to_json(&in, small, small + sizeof small, 1, 0,
                                        &limits, &behind),
                   0);
  calls = mem.calls;
  for (int i = 0; i < 10; i++) {
    assert_int_equal(sio__msgpack_to_json(&in, small, small + sizeof small, 1,
                                          0, &limits, &behind),
                     0);
    assert_int_equal(in.n_attachments, 1);
  }
  assert_int_equal(mem.calls, calls);
  assert_int_equal(
      sio__msgpack_to_json(&in, large, large + LARGE, 1, 0, &limits, &behind),
      0);
  assert_true(mem.live_bytes > LARGE);
  assert_int_equal(sio__msgpack_to_json(&in, small, small + sizeof small, 1, 0,
                                        &limits, &behind),
                   0);
  assert_true(mem.live_bytes < 1000);
  sio__msgpack_in_dispose(&in);
  test_mem_check(&mem);
  free(large);
}

static void run_out(struct test_mem *mem, void *user)
{
  struct sio__msgpack_in in;
  const uint8_t *behind;
  uint8_t bytes[64];
  size_t len = 0;
  int rv;

  bytes[len++] = 0x9c;
  for (int i = 0; i < 10; i++) {
    bytes[len++] = 0xc4;
    bytes[len++] = 0;
  }
  bytes[len++] = 0xa1;
  bytes[len++] = 'x';
  bytes[len++] = 0xc0;
  sio__msgpack_in_init(&in, &mem->allocator);
  rv = sio__msgpack_to_json(&in, bytes, bytes + len, 1, 0, user, &behind);
  assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__msgpack_in_dispose(&in);
}

static void test_running_out_of_memory_is_told(void **state)
{
  struct sio__packet_limits with = limits;

  (void)state;
  assert_true(test_every_allocation(run_out, &with) > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scalars_are_written_as_javascript_does),
      cmocka_unit_test(test_containers_are_written_without_blanks),
      cmocka_unit_test(test_keys_become_strings),
      cmocka_unit_test(test_dates_are_iso_strings),
      cmocka_unit_test(test_bytes_become_placeholders_in_order),
      cmocka_unit_test(test_so_many_attachments_are_allowed),
      cmocka_unit_test(test_plain_data_does_not_look_like_a_placeholder),
      cmocka_unit_test(test_text_must_be_utf8),
      cmocka_unit_test(test_depth_counts_what_is_around_and_what_is_written),
      cmocka_unit_test(test_no_limit_lets_the_depth_beyond_what_json_allows),
      cmocka_unit_test(test_every_truncation_is_refused),
      cmocka_unit_test(test_what_grows_most_fits),
      cmocka_unit_test(test_memory_is_used_again_and_large_texts_are_let_go),
      cmocka_unit_test(test_running_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
