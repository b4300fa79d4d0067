/* SPDX-License-Identifier: MIT */
/* Random values through both parsers. */
#include "support.h"

#include <stdlib.h>

#include "base/mem.h"
#include "json/number.h"
#include "json/string.h"
#include "proto/msgpack.h"

static void random_string(struct sio__buf *out, uint32_t *seed)
{
  static const char *const parts[] = {
      "a", "\"", "\\", "\n", "\x01", "/", "é", "😀", "0123456789abcdef"};
  char text[80] = "";
  unsigned n = test_random(seed) % 4;

  for (unsigned i = 0; i < n; i++)
    strcat(text, parts[test_random(seed) % (sizeof parts / sizeof *parts)]);
  assert_int_equal(sio__json_quote(out, text, strlen(text)), 0);
}

static void random_scalar(struct sio__buf *out, uint32_t *seed)
{
  uint64_t bits = (uint64_t)test_random(seed) << 32 | test_random(seed);
  double number;

  switch (test_random(seed) % 6) {
  case 0:
    sio__json_write_int64(out, (int64_t)bits >> test_random(seed) % 64);
    break;
  case 1:
    sio__buf_u64(out, bits);
    break;
  case 2:
    memcpy(&number, &bits, sizeof number);
    sio__json_write_double(out, number);
    break;
  case 3:
    sio__buf_text(out, bits % 2 == 0 ? "true" : "false");
    break;
  default:
    random_string(out, seed);
    break;
  }
}

/* Compact text: what decoding gives back byte for byte. */
static void random_value(struct sio__buf *out, uint32_t *seed, unsigned depth)
{
  unsigned kind = test_random(seed) % 4;
  unsigned n = test_random(seed) % 5 == 0 ? 20 : test_random(seed) % 4;

  if (depth == 0 || kind < 2) {
    random_scalar(out, seed);
    return;
  }
  sio__buf_byte(out, kind == 2 ? '[' : '{');
  for (unsigned i = 0; i < n; i++) {
    if (i > 0)
      sio__buf_byte(out, ',');
    if (kind == 3) {
      random_string(out, seed);
      sio__buf_byte(out, ':');
    }
    random_value(out, seed, depth - 1);
  }
  sio__buf_byte(out, kind == 2 ? ']' : '}');
}

static void append_text(struct sio__buf *text, uint32_t *seed)
{
  sio__buf_init(text, &sio__mem_default, SIZE_MAX);
  sio__buf_text(text, "2/a,5[\"e\\n\",");
  random_value(text, seed, 4);
  sio__buf_byte(text, ']');
  assert_int_equal(text->error, 0);
}

/* A packet as text, and as bytes: both say the same once decoded. */
static void test_both_parsers_understand_the_same(void **state)
{
  static const struct sio__packet_limits limits = {.max_depth = 8};
  struct sio__msgpack_in in;
  uint32_t seed = 20260101;

  (void)state;
  sio__msgpack_in_init(&in, &sio__mem_default);
  for (int i = 0; i < 3000; i++) {
    struct sio__packet by_text, by_bytes;
    struct sio__buf text, bytes;
    const char *why = "";
    sio_cause cause;
    uint8_t *exact;
    sio_str json;

    append_text(&text, &seed);
    json.data = (const char *)text.data + 5;
    json.len = text.len - 5;
    sio__buf_init(&bytes, &sio__mem_default, SIZE_MAX);
    sio__msgpack_encode(&bytes, PACKET_EVENT, sio_s("/a"), true, 5, json, NULL,
                        0);
    assert_int_equal(bytes.error, 0);
    exact = test_exact(bytes.data, bytes.len);
    if (sio__msgpack_decode(exact, bytes.len, &limits, &in, &by_bytes, &why,
                            &cause) != 0)
      fail_msg("%.*s: %s", SIO_STR_ARG(json), why);
    assert_int_equal(sio__packet_decode((char *)text.data, text.len, &limits,
                                        &by_text, &why, &cause),
                     0);
    assert_int_equal(by_bytes.type, by_text.type);
    assert_true(by_bytes.has_id && by_bytes.id == by_text.id);
    assert_true(sio_str_equal(by_bytes.nsp, by_text.nsp));
    assert_true(sio_str_equal(by_bytes.event, by_text.event));
    if (!sio_str_equal(by_bytes.json, by_text.json))
      fail_msg("%.*s instead of %.*s", SIO_STR_ARG(by_bytes.json),
               SIO_STR_ARG(by_text.json));
    free(exact);
    sio__buf_dispose(&text);
    sio__buf_dispose(&bytes);
  }
  sio__msgpack_in_dispose(&in);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_both_parsers_understand_the_same),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
