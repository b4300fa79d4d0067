/* SPDX-License-Identifier: MIT */
#include "msgpack_bytes.h"

#include "base/mem.h"
#include "json/scan.h"
#include "proto/msgpack_read.h"
#include "proto/msgpack_write.h"
#include <sio/error.h>

#define PLACE(num) "{\"_placeholder\":true,\"num\":" num "}"

static const sio_span attachments[] = {
    {(const uint8_t *)"ab", 2}, {NULL, 0}, {(const uint8_t *)"xyz", 3}};

struct row {
  const char *json;
  const char *bytes;
};

/* From an exact copy of the text, behind bytes that must stay. */
static void expect_written(const struct row *row, size_t n)
{
  struct sio__buf out;
  sio_str json = {NULL, strlen(row->json)};
  char *copy = (char *)test_exact(row->json, json.len);

  json.data = copy;
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  sio__buf_text(&out, "before");
  sio__msgpack_write_json(&out, json, attachments, n);
  assert_int_equal(out.error, 0);
  assert_memory_equal(out.data, "before", 6);
  expect_bytes(out.data + 6, out.len - 6, row->bytes, row->json);
  sio__buf_dispose(&out);
  free(copy);
}

static void expect_rows(const struct row *rows, size_t n_rows, size_t n)
{
  for (size_t i = 0; i < n_rows; i++)
    expect_written(&rows[i], n);
}

#define EXPECT(rows, n) expect_rows((rows), sizeof(rows) / sizeof *(rows), (n))

/* ---- Scalars ---- */

static void test_integers_take_their_shortest_form(void **state)
{
  static const struct row rows[] = {
      {"0", "00"},
      {"127", "7f"},
      {"128", "cc 80"},
      {"255", "cc ff"},
      {"256", "cd 0100"},
      {"65535", "cd ffff"},
      {"65536", "ce 00010000"},
      {"4294967295", "ce ffffffff"},
      {"4294967296", "cf 0000000100000000"},
      {"9223372036854775807", "cf 7fffffffffffffff"},
      {"18446744073709551615", "cf ffffffffffffffff"},
      {"-1", "ff"},
      {"-32", "e0"},
      {"-33", "d0 df"},
      {"-128", "d0 80"},
      {"-129", "d1 ff7f"},
      {"-32768", "d1 8000"},
      {"-32769", "d2 ffff7fff"},
      {"-2147483648", "d2 80000000"},
      {"-2147483649", "d3 ffffffff7fffffff"},
      {"-9223372036854775808", "d3 8000000000000000"},
      {"-0", "00"},
      {"1.0", "01"},
      {"1e2", "64"},
      {"25500e-2", "cc ff"},
      {" 7 ", "07"},
  };

  (void)state;
  EXPECT(rows, 0);
}

static void test_other_numbers_are_doubles(void **state)
{
  static const struct row rows[] = {
      {"0.1", "cb 3fb999999999999a"},
      {"-1.5", "cb bff8000000000000"},
      {"18446744073709551616", "cb 43f0000000000000"},
      {"-9223372036854775809", "cb c3e0000000000000"},
      {"1e300", "cb 7e37e43c8800759c"},
      {"5e-324", "cb 0000000000000001"},
      {"1e999", "cb 7ff0000000000000"},
      {"-1e999", "cb fff0000000000000"},
  };

  (void)state;
  EXPECT(rows, 0);
}

static void test_words_are_one_byte(void **state)
{
  static const struct row rows[] = {
      {"null", "c0"}, {"false", "c2"}, {"true", "c3"}, {"\ttrue\n", "c3"}};

  (void)state;
  EXPECT(rows, 0);
}

static void test_strings_are_written_without_their_escapes(void **state)
{
  static const struct row rows[] = {
      {"\"\"", "a0"},
      {"\"hello\"", "a5'hello'"},
      {"\"\xc3\xa9\"", "a2 c3a9"},
      {"\"a\\\"b\\n\"", "a4'a\"b' 0a"},
      {"\"\\u00e9\"", "a2 c3a9"},
      {"\"\\ud83d\\ude00\"", "a4 f09f9880"},
      {"\"\\ud83d\"", "a3 efbfbd"},
      {"\"\\u0000\"", "a1 00"},
      /* too long for the shortest head with its escapes, not without */
      {"\"\\u0061\\u0061\\u0061\\u0061\\u0061\\u0061\\u0061\"", "a7'aaaaaaa'"},
      {"\"[{,]}\\\\\"", "a6'[{,]}\\'"},
  };

  (void)state;
  EXPECT(rows, 0);
}

/* ---- Lengths ---- */

static void expect_head(const struct sio__buf *out, const char *head,
                        size_t body)
{
  size_t len;
  uint8_t *bytes = bytes_of(head, &len);

  assert_int_equal(out->error, 0);
  assert_int_equal(out->len, len + body);
  assert_memory_equal(out->data, bytes, len);
  assert_ptr_equal(sio__msgpack_skip(out->data, out->data + out->len),
                   out->data + out->len);
  free(bytes);
}

static void test_strings_of_every_length_have_the_shortest_head(void **state)
{
  static const struct {
    size_t len;
    const char *head;
  } rows[] = {{31, "bf"},
              {32, "d9 20"},
              {255, "d9 ff"},
              {256, "da 0100"},
              {65535, "da ffff"},
              {65536, "db 00010000"},
              {70000, "db 00011170"}};

  (void)state;
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    size_t len = rows[i / 2].len;
    struct sio__buf out;
    sio_str json = {NULL, 0};
    char *text = malloc(len + 3);

    assert_non_null(text);
    memset(text, 'x', len + 3);
    json.len = len + 2;
    text[0] = '"';
    if (i % 2 == 1) { /* the same with an escape */
      memcpy(text + 1, "\\n", 2);
      json.len++;
    }
    text[json.len - 1] = '"';
    json.data = text;
    sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
    sio__msgpack_write_json(&out, json, NULL, 0);
    expect_head(&out, rows[i / 2].head, len);
    assert_int_equal(out.data[out.len - len], i % 2 == 1 ? '\n' : 'x');
    assert_int_equal(out.data[out.len - 1], 'x');
    sio__buf_dispose(&out);
    free(text);
  }
}

/* `n` items between brackets. */
static void write_many(struct sio__buf *out, size_t n, bool object)
{
  struct sio__buf text;
  sio_str json;

  sio__buf_init(&text, &sio__mem_default, SIZE_MAX);
  sio__buf_byte(&text, object ? '{' : '[');
  for (size_t i = 0; i < n; i++) {
    if (i > 0)
      sio__buf_byte(&text, ',');
    sio__buf_text(&text, object ? "\"\":1" : " 1 ");
  }
  sio__buf_byte(&text, object ? '}' : ']');
  json.data = (const char *)text.data;
  json.len = text.len;
  sio__msgpack_write_json(out, json, NULL, 0);
  sio__buf_dispose(&text);
}

static void test_containers_of_every_length_have_the_shortest_head(void **state)
{
  static const struct {
    size_t n;
    const char *array;
    const char *map;
  } rows[] = {{0, "90", "80"},
              {1, "91", "81"},
              {15, "9f", "8f"},
              {16, "dc 0010", "de 0010"},
              {65535, "dc ffff", "de ffff"},
              {65536, "dd 00010000", "df 00010000"}};

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sio__buf out;

    sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
    write_many(&out, rows[i].n, false);
    expect_head(&out, rows[i].array, rows[i].n);
    sio__buf_reset(&out, 0);
    write_many(&out, rows[i].n, true);
    expect_head(&out, rows[i].map, 2 * rows[i].n);
    sio__buf_dispose(&out);
  }
}

static void
test_attachments_of_every_length_have_the_shortest_head(void **state)
{
  static const struct {
    size_t len;
    const char *head;
  } rows[] = {{0, "c4 00"},
              {255, "c4 ff"},
              {256, "c5 0100"},
              {65535, "c5 ffff"},
              {65536, "c6 00010000"}};
  uint8_t *bytes = calloc(65536, 1);

  (void)state;
  assert_non_null(bytes);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sio_span span = {bytes, rows[i].len};
    struct sio__buf out;

    sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
    sio__msgpack_write_json(&out, sio_s(PLACE("0")), &span, 1);
    expect_head(&out, rows[i].head, rows[i].len);
    sio__buf_dispose(&out);
  }
  free(bytes);
}

/* ---- Containers ---- */

static void test_containers_within_each_other_keep_their_counts(void **state)
{
  static const struct row rows[] = {
      {"[]", "90"},
      {"{}", "80"},
      {" [ ] ", "90"},
      {"[[],[[]],{}]", "93 90 91 90 80"},
      {"[1,[2,3,[4]],5]", "93 01 93 02 03 91 04 05"},
      {"{\"a\":{\"b\":[1,2],\"c\":{}},\"d\":null}",
       "82 a1'a' 82 a1'b' 92 01 02 a1'c' 80 a1'd' c0"},
      {"{ \"a\" : [ 1 , 2 ] }", "81 a1'a' 92 01 02"},
      {"[\",\",\"]\",\"\\\"[\"]", "93 a1',' a1']' a2'\"['"},
      {"{\"a\":1,\"a\":2}", "82 a1'a' 01 a1'a' 02"},
  };

  (void)state;
  EXPECT(rows, 0);
}

static void test_the_deepest_text_is_written_and_no_deeper(void **state)
{
  char text[2 * SIO__JSON_MAX_DEPTH + 2];
  struct sio__buf out;
  sio_str json = {text + 1, sizeof text - 2};

  (void)state;
  memset(text, '[', sizeof text / 2);
  memset(text + sizeof text / 2, ']', sizeof text / 2);
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  sio__msgpack_write_json(&out, json, NULL, 0);
  assert_int_equal(out.error, 0);
  assert_int_equal(out.len, SIO__JSON_MAX_DEPTH);
  assert_int_equal(out.data[0], 0x91);
  assert_int_equal(out.data[out.len - 1], 0x90);
  json.data = text;
  json.len = sizeof text;
  sio__msgpack_write_json(&out, json, NULL, 0);
  assert_int_equal(out.error, SIO_ERR_LIMIT);
  sio__buf_dispose(&out);
}

/* ---- Placeholders ---- */

static void test_placeholders_become_bytes(void **state)
{
  static const struct row rows[] = {
      {"[" PLACE("0") "," PLACE("1") "," PLACE("2") "]",
       "93 c4 02'ab' c4 00 c4 03'xyz'"},
      {"[" PLACE("2") "," PLACE("2") "]", "92 c4 03'xyz' c4 03'xyz'"},
      {"{\"a\":[" PLACE("0") ",{}],\"b\":[1]}",
       "82 a1'a' 92 c4 02'ab' 80 a1'b' 91 01"},
      {" { \"num\" : 2.0 , \"_placeholder\" : true } ", "c4 03'xyz'"},
      {"[{\"x\":[1,[],{}],\"num\":0,\"_placeholder\":true,\"y\":{\"z\":[]}},"
       "[2,3]]",
       "92 c4 02'ab' 92 02 03"},
      {"[{\"_placeholder\":true,\"num\":0,\"in\":" PLACE("1") "},[]]",
       "92 c4 02'ab' 90"},
      {"{\"in\":" PLACE("1") ",\"num\":7}", "82 a2'in' c4 00 a3'num' 07"},
      {"{\"num\":9,\"_placeholder\":true,\"num\":2}", "c4 03'xyz'"},
      {"{\"_placeholder\":true,\"\\u006eum\":0}", "c4 02'ab'"},
  };

  (void)state;
  EXPECT(rows, 3);
}

static void test_what_only_looks_like_a_placeholder_is_a_map(void **state)
{
  static const struct row rows[] = {
      {"{\"_placeholder\":true,\"num\":3}",
       "82 ac'_placeholder' c3 a3'num' 03"},
      {"{\"_placeholder\":true}", "81 ac'_placeholder' c3"},
      {"{\"_placeholder\":true,\"num\":\"0\"}",
       "82 ac'_placeholder' c3 a3'num' a1'0'"},
      {"{\"_placeholder\":true,\"num\":0,\"num\":-1}",
       "83 ac'_placeholder' c3 a3'num' 00 a3'num' ff"},
      {"{\"_placeholder\":true,\"num\":0,\"num\":0.5}",
       "83 ac'_placeholder' c3 a3'num' 00 a3'num' cb 3fe0000000000000"},
      {"{\"_placeholder\":1,\"num\":0}", "82 ac'_placeholder' 01 a3'num' 00"},
      {"{\"_placeholder\":true,\"_placeholder\":null,\"num\":0}",
       "83 ac'_placeholder' c3 ac'_placeholder' c0 a3'num' 00"},
      {"{\"\\u005fplaceholder\":true,\"num\":0}",
       "82 ac'_placeholder' c3 a3'num' 00"},
      {"[\"_placeholder\",\"num\"]", "92 ac'_placeholder' a3'num'"},
      {"\"num\"", "a3'num'"},
  };
  static const struct row without[] = {
      {PLACE("0"), "82 ac'_placeholder' c3 a3'num' 00"}};

  (void)state;
  EXPECT(rows, 3);
  EXPECT(without, 0);
}

/* ---- Pieces ---- */

static void test_maps_and_strings_can_be_written_by_themselves(void **state)
{
  struct sio__buf out;

  (void)state;
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  sio__msgpack_write_map(&out, 2);
  sio__msgpack_write_str(&out, "id", 2);
  sio__msgpack_write_uint(&out, UINT64_MAX);
  sio__msgpack_write_str(&out, NULL, 0);
  sio__msgpack_write_uint(&out, 5);
  expect_bytes(out.data, out.len, "82 a2'id' cf ffffffffffffffff a0 05", "");
  sio__buf_dispose(&out);
}

/* ---- Errors ---- */

static void test_what_has_no_form_is_an_error(void **state)
{
  sio_span endless = {(const uint8_t *)"", SIZE_MAX / 2};
  sio_str text = {"", SIZE_MAX / 2};
  struct sio__buf out;

  (void)state;
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  sio__msgpack_write_json(&out, sio_s(PLACE("0")), &endless, 1);
  assert_int_equal(out.error, SIO_ERR_LIMIT);
  sio__buf_reset(&out, 0);
  sio__msgpack_write_json(&out, text, NULL, 0);
  assert_int_equal(out.error, SIO_ERR_LIMIT);
  sio__buf_dispose(&out);
}

static void test_an_error_stays_and_nothing_is_written(void **state)
{
  struct sio__buf out;

  (void)state;
  sio__buf_init(&out, &sio__mem_default, 4);
  sio__msgpack_write_json(&out, sio_s("[1,2,3,4,5,6]"), NULL, 0);
  assert_int_equal(out.error, SIO_ERR_LIMIT);
  out.error = SIO_ERR_NOMEM;
  out.len = 0;
  sio__msgpack_write_json(&out, sio_s("1"), NULL, 0);
  assert_int_equal(out.error, SIO_ERR_NOMEM);
  assert_int_equal(out.len, 0);
  sio__buf_dispose(&out);
}

static void run_out(struct test_mem *mem, void *user)
{
  static const char text[] =
      "[\"0123456789012345678901234567890123456789\",[[[]]],{\"a\":" PLACE(
          "0") "},"
               "\"\\n1234567890123456789012345678901234567890123456789012345678"
               "90\","
               "0.5,true]";
  struct sio__buf out;

  (void)user;
  sio__buf_init(&out, &mem->allocator, SIZE_MAX);
  sio__msgpack_write_json(&out, sio_s(text), attachments, 1);
  assert_int_equal(out.error, mem->fired ? SIO_ERR_NOMEM : 0);
  sio__buf_dispose(&out);
}

static void test_running_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_true(test_every_allocation(run_out, NULL) > 2);
}

/* ---- Time ---- */

/* A text of nested long arrays, twice as large, takes about twice as many
 * steps: what is moved is moved once.  Time is no measure; that it ends at
 * all is, with the sizes here. */
static void test_long_arrays_may_be_nested(void **state)
{
  enum { DEPTH = 500, ITEMS = 400 };
  struct sio__buf text, out;
  sio_str json;

  (void)state;
  sio__buf_init(&text, &sio__mem_default, SIZE_MAX);
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  for (int i = 0; i < DEPTH; i++) {
    sio__buf_byte(&text, '[');
    for (int k = 0; k < ITEMS; k++)
      sio__buf_text(&text, "7,");
  }
  sio__buf_byte(&text, '8');
  for (int i = 0; i < DEPTH; i++)
    sio__buf_byte(&text, ']');
  json.data = (const char *)text.data;
  json.len = text.len;
  sio__msgpack_write_json(&out, json, NULL, 0);
  assert_int_equal(out.error, 0);
  assert_int_equal(out.len, DEPTH * (3 + ITEMS) + 1);
  for (size_t i = 0; i < DEPTH; i++)
    assert_memory_equal(out.data + i * (3 + ITEMS), "\xdc\x01\x91\x07", 4);
  assert_int_equal(out.data[out.len - 1], 8);
  sio__buf_dispose(&text);
  sio__buf_dispose(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers_take_their_shortest_form),
      cmocka_unit_test(test_other_numbers_are_doubles),
      cmocka_unit_test(test_words_are_one_byte),
      cmocka_unit_test(test_strings_are_written_without_their_escapes),
      cmocka_unit_test(test_strings_of_every_length_have_the_shortest_head),
      cmocka_unit_test(test_containers_of_every_length_have_the_shortest_head),
      cmocka_unit_test(test_attachments_of_every_length_have_the_shortest_head),
      cmocka_unit_test(test_containers_within_each_other_keep_their_counts),
      cmocka_unit_test(test_the_deepest_text_is_written_and_no_deeper),
      cmocka_unit_test(test_placeholders_become_bytes),
      cmocka_unit_test(test_what_only_looks_like_a_placeholder_is_a_map),
      cmocka_unit_test(test_maps_and_strings_can_be_written_by_themselves),
      cmocka_unit_test(test_what_has_no_form_is_an_error),
      cmocka_unit_test(test_an_error_stays_and_nothing_is_written),
      cmocka_unit_test(test_running_out_of_memory_is_told),
      cmocka_unit_test(test_long_arrays_may_be_nested),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
