/* SPDX-License-Identifier: MIT */
/* lib/eio/payload3.c: polling payloads of Engine.IO protocol 3, both ways. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "eio/payload3.h"
#include <sio/engine.h>
#include <sio/error.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define EURO     "\xe2\x82\xac"     /* one code unit, three bytes */
#define FACE     "\xf0\x9f\x98\x80" /* two code units, four bytes */

/* A string constant as data and length, so that it may have NUL in it. */
#define BYTES(s)                                                               \
  {                                                                            \
    (s), sizeof(s) - 1                                                         \
  }

struct bytes {
  const char *data;
  size_t len;
};

/* From the specification: "4", euro sign, and a packet of 1 2 3 4. */
static const struct bytes mixed_bytes =
    BYTES("\000\004\3774" EURO "\001\005\377\004\001\002\003\004");
static const struct bytes mixed_text = BYTES("2:4" EURO "10:b4AQIDBA==");

/* ---- Taking apart ---- */

/* What an iterator says: "T<packet>|" for text, "B<hex>|" for binary, "!". */
struct story {
  char text[1000];
  size_t len;
};

static void tell(struct story *story, enum sio__payload3_item item,
                 const char *packet, size_t len)
{
  assert_true(story->len + 2 * len + 3 < sizeof story->text);
  if (item == PAYLOAD3_BAD) {
    story->text[story->len++] = '!';
    return;
  }
  story->text[story->len++] = item == PAYLOAD3_TEXT ? 'T' : 'B';
  for (size_t i = 0; i < len; i++) {
    if (item == PAYLOAD3_TEXT)
      story->text[story->len++] = packet[i];
    else
      story->len += (size_t)snprintf(story->text + story->len, 3, "%02x",
                                     (unsigned)(uint8_t)packet[i]);
  }
  story->text[story->len++] = '|';
}

/* Decode a block of exactly this size. */
static void read_all(struct story *story, const char *data, size_t len,
                     bool binary)
{
  char *exact = (char *)test_exact(data, len);
  struct sio__payload3_iter iter;
  enum sio__payload3_item item;
  char *packet = NULL;
  size_t packet_len = 0;

  story->len = 0;
  sio__payload3_begin(&iter, exact, len, binary);
  while ((item = sio__payload3_next(&iter, &packet, &packet_len)) !=
         PAYLOAD3_END)
    tell(story, item, packet, packet_len);
  assert_int_equal(sio__payload3_next(&iter, &packet, &packet_len),
                   PAYLOAD3_END);
  story->text[story->len] = '\0';
  free(exact);
}

static void assert_story(struct bytes payload, bool binary, const char *want)
{
  struct story story;

  read_all(&story, payload.data, payload.len, binary);
  if (story.len != strlen(want) || strcmp(story.text, want) != 0)
    fail_msg("'%.*s' (%zu bytes) gives '%s', not '%s'", (int)payload.len,
             payload.data, payload.len, story.text, want);
}

struct reading {
  struct bytes payload;
  const char *want;
};

static void assert_stories(const struct reading *cases, size_t n, bool binary)
{
  for (size_t i = 0; i < n; i++)
    assert_story(cases[i].payload, binary, cases[i].want);
}

static void assert_refused(const struct bytes *cases, size_t n, bool binary)
{
  for (size_t i = 0; i < n; i++)
    assert_story(cases[i], binary, "!");
}

static void test_lengths_of_text_are_utf16_code_units(void **state)
{
  static const struct reading cases[] = {
      {BYTES("1:6"), "T6|"},
      {BYTES("2:4" EURO), "T4" EURO "|"},
      {BYTES("3:4" FACE), "T4" FACE "|"},
      {BYTES("2:4\303\2511:2"), "T4\xc3\xa9|T2|"},
      {BYTES("6:4hello10:b4AQIDBA=="), "T4hello|Tb4AQIDBA==|"},
      {BYTES("7:4" FACE FACE FACE "1:6"), "T4" FACE FACE FACE "|T6|"},
      {BYTES("5:41:1:1:1"), "T41:1:|T1|"},
  };

  (void)state;
  assert_stories(cases, COUNT(cases), false);
}

static void test_leading_zeros_are_taken_as_javascript_does(void **state)
{
  static const struct bytes two = BYTES("04:4abc0000000001:6");

  (void)state;
  assert_story(two, false, "T4abc|T6|");
}

static void test_empty_entries_are_passed_over(void **state)
{
  static const struct bytes one = BYTES("0:");
  static const struct bytes several = BYTES("0:0:1:6000:0:2:4a0:");
  static const struct bytes as_bytes =
      BYTES("\000\000\377\001\000\377\000\001\3776\001\000\000\377");

  (void)state;
  assert_story(one, false, "");
  assert_story(several, false, "T6|T4a|");
  assert_story(as_bytes, true, "T6|");
}

static void test_malformed_text_is_refused_where_it_begins(void **state)
{
  static const struct bytes bad[] = {
      BYTES(""),
      BYTES("abc"),
      BYTES("1"),
      BYTES(":"),
      BYTES(":4"),
      BYTES("1:"),
      BYTES("9999999999:"),
      BYTES("9999999999:4abcdefghijkl"),
      BYTES("4294967297:6"), /* 1, cut to 32 bits */
      BYTES("00000000001:6"),
      BYTES("18446744073709551617:6"), /* 1, cut to 64 bits */
      BYTES("-1:"),
      BYTES("-1:6"),
      BYTES("+1:6"),
      BYTES("1e1:4123456789"),
      BYTES("0x1:6"),
      BYTES("1.0:6"),
      BYTES(" 1:6"),
      BYTES("1 :6"),
      BYTES("\0"),
      BYTES("\0001:6"),
      BYTES("1\0:6"),
      BYTES("1/6"),
      BYTES("1;6"),
      BYTES("1\3776"),
      BYTES("5:4abc"),
      BYTES("3:4" EURO),
      BYTES("0:x1:6"),
  };
  static const struct reading cases[] = {
      {BYTES("1:6x"), "T6|!"},           {BYTES("1:6-1:6"), "T6|!"},
      {BYTES("6:4hello5"), "T4hello|!"}, {BYTES("1:65:4abc"), "T6|!"},
      {BYTES("1:6:1:6"), "T6|!"},
  };

  (void)state;
  assert_refused(bad, COUNT(bad), false);
  assert_stories(cases, COUNT(cases), false);
}

static void test_a_length_that_halves_a_character_is_refused(void **state)
{
  static const struct bytes cases[] = {
      BYTES("1:" FACE),
      BYTES("2:4" FACE),
      BYTES("2:4" FACE "1:6"),
      BYTES("4:4" FACE FACE FACE FACE),
      BYTES("9:4abcdefg" FACE "4abcdefghijklmn"),
  };

  (void)state;
  assert_refused(cases, COUNT(cases), false);
}

static void test_binary_payloads_are_taken_apart(void **state)
{
  static const struct reading cases[] = {
      {BYTES("\000\001\3776"), "T6|"},
      {BYTES("\001\001\377\004"), "B04|"},
      {BYTES("\001\001\377\006\001\001\377\000"), "B06|B00|"},
      {BYTES("\001\000\000\003\377\004\377\000"), "B04ff00|"},
      {BYTES("\000\001\000\377b4AQIDBA=="), "Tb4AQIDBA==|"},
  };

  (void)state;
  assert_story(mixed_bytes, true, "T4" EURO "|B0401020304|");
  assert_stories(cases, COUNT(cases), true);
}

static void test_malformed_bytes_are_refused_where_they_begin(void **state)
{
  static const struct bytes bad[] = {
      BYTES(""),
      BYTES("\000"),
      BYTES("\001"),
      BYTES("\000\377"),
      BYTES("\000\3776"),
      BYTES("\000\0016"),
      BYTES("\000\001\012\377612345678901234567890"),
      BYTES("\0001\3776"),
      BYTES("\002\001\377\004"),
      BYTES("\377\001\3776"),
      BYTES("1:6"),
      BYTES("\000\002\3776"),
      BYTES("\001\002\377\004"),
      BYTES("\001\011\011\011\011\011\011\011\011\011\011\377\004"),
      BYTES("\001\004\002\011\004\011\006\007\002\011\007\377\004"),
      BYTES("\001\000\000\000\000\000\000\000\000\000\000\001\377\004"),
      BYTES("\001\001\377\007"), /* no such type */
      BYTES("\001\001\3774"),
      BYTES("\000\002\3774\200"),  /* not UTF-8 */
      BYTES("\000\003\3774" EURO), /* ends within a character */
      BYTES("\000\000\377\007"),
  };
  static const struct reading cases[] = {
      {BYTES("\000\001\3776\005\001\3776"), "T6|!"},
      {BYTES("\001\002\377\004\011\000"), "B0409|!"},
  };

  (void)state;
  assert_refused(bad, COUNT(bad), true);
  assert_stories(cases, COUNT(cases), true);
}

/* Cut a payload of two packets at every byte: what is whole is seen. */
static void assert_truncations(struct bytes payload, bool binary,
                               size_t first_end, const char *first)
{
  for (size_t n = 0; n < payload.len; n++) {
    struct bytes cut = {payload.data, n};
    char want[100] = "";

    /* Whoever calls has made sure that text is UTF-8. */
    if (!binary && !sio__utf8_is_valid((const uint8_t *)cut.data, n))
      continue;
    snprintf(want, sizeof want, "%s%s", n >= first_end ? first : "",
             n == first_end ? "" : "!");
    assert_story(cut, binary, want);
  }
}

static void test_truncated_payloads_are_refused(void **state)
{
  static const struct bytes faces = BYTES("5:4" FACE FACE "13:4abcdefghijkl");

  (void)state;
  assert_truncations(mixed_text, false, 6, "T4" EURO "|");
  assert_truncations(faces, false, 11, "T4" FACE FACE "|");
  assert_truncations(mixed_bytes, true, 7, "T4" EURO "|");
}

static void test_many_empty_entries_end(void **state)
{
  static char text[900], bytes[900];
  struct bytes payload = {text, sizeof text};

  (void)state;
  for (size_t i = 0; i < sizeof text; i++) {
    text[i] = "0:"[i % 2];
    bytes[i] = "\0\0\xff"[i % 3];
  }
  assert_story(payload, false, "");
  payload.data = bytes;
  assert_story(payload, true, "");
}

/* ---- Putting together ---- */

struct world {
  struct sio__chunk_pool pool;
  struct sio__packetq q;
  struct sio__buf out;
};

static void start(struct world *w, struct test_mem *mem, size_t max)
{
  sio__chunk_pool_init(&w->pool, &mem->allocator, 0);
  sio__packetq_init(&w->q, &w->pool);
  sio__buf_init(&w->out, &mem->allocator, max);
}

static void end(struct world *w)
{
  sio__buf_dispose(&w->out);
  sio__packetq_dispose(&w->q);
  sio__chunk_pool_dispose(&w->pool);
}

static bool add(struct world *w, const void *packet, size_t len, bool binary)
{
  return sio__packetq_add(&w->q, packet, len, binary ? SIO_SEND_BINARY : 0) ==
         0;
}

static void assert_written(struct world *w, uint32_t count, bool as_text,
                           const char *want, size_t len)
{
  sio__buf_reset(&w->out, SIZE_MAX);
  sio__payload3_write(&w->q, count, as_text, &w->out);
  assert_int_equal(w->out.error, 0);
  assert_int_equal(w->out.len, len);
  if (len > 0)
    assert_memory_equal(w->out.data, want, len);
}

static void test_the_payloads_of_the_specification_are_written(void **state)
{
  static const char hello[] = "6:4hello10:b4AQIDBA==";
  struct test_mem mem;
  struct world w;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&w, &mem, SIZE_MAX);
  assert_written(&w, 0, true, "0:", 2);
  assert_written(&w, 0, false, "", 0);
  assert_true(add(&w, "4" EURO, 4, false));
  assert_true(add(&w, "\1\2\3\4", 4, true));
  assert_written(&w, 2, true, mixed_text.data, mixed_text.len);
  assert_written(&w, 2, false, mixed_bytes.data, mixed_bytes.len);
  sio__packetq_clear(&w.q);
  assert_true(add(&w, "4hello", 6, false));
  assert_true(add(&w, "\1\2\3\4", 4, true));
  assert_written(&w, 2, true, hello, sizeof hello - 1);
  sio__packetq_clear(&w.q);
  assert_true(add(&w, "4" FACE, 5, false));
  assert_true(add(&w, "", 0, true));
  assert_written(&w, 2, true, "3:4" FACE "2:b4", 11);
  assert_written(&w, 2, false, "\000\005\3774" FACE "\001\001\377\004", 12);
  end(&w);
  test_mem_check(&mem);
}

static void test_only_the_first_packets_are_looked_at(void **state)
{
  struct test_mem mem;
  struct world w;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&w, &mem, SIZE_MAX);
  assert_true(add(&w, "2", 1, false));
  assert_true(add(&w, "6", 1, false));
  assert_true(add(&w, "x", 1, true));
  assert_false(sio__payload3_is_binary(&w.q, 0));
  assert_false(sio__payload3_is_binary(&w.q, 2));
  assert_true(sio__payload3_is_binary(&w.q, 3));
  assert_written(&w, 0, true, "0:", 2);
  assert_written(&w, 1, true, "1:2", 3);
  assert_written(&w, 2, true, "1:21:6", 6);
  assert_written(&w, 1, false, "\x00\x01\xff\x32", 4);
  end(&w);
  test_mem_check(&mem);
}

static void test_a_lone_packet_is_appended_as_text(void **state)
{
  static const char want[] = "x1:6"
                             "1:3"
                             "3:4" FACE "0:";
  const sio_str nothing = {NULL, 0};
  struct test_mem mem;
  struct sio__buf out;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__buf_init(&out, &mem.allocator, SIZE_MAX);
  sio__buf_text(&out, "x");
  sio__payload3_write_text(sio_s("6"), &out);
  sio__payload3_write_text(sio_s("3"), &out);
  sio__payload3_write_text(sio_s("4" FACE), &out);
  sio__payload3_write_text(nothing, &out);
  assert_int_equal(out.error, 0);
  assert_int_equal(out.len, sizeof want - 1);
  assert_memory_equal(out.data, want, out.len);
  sio__buf_dispose(&out);
  test_mem_check(&mem);
}

static void test_shared_packets_are_written_from_their_place(void **state)
{
  struct sio__chunk *shared;
  struct test_mem mem;
  struct world w;

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  start(&w, &mem, SIZE_MAX);
  shared = sio__chunk_new(&w.pool, 100);
  assert_non_null(shared);
  memcpy(shared->data, "0123456789abc", 13);
  shared->len = 13;
  assert_int_equal(sio__packetq_push(&w.q, shared, 10, 3, 0), 0);
  assert_int_equal(sio__packetq_push(&w.q, shared, 9, 2, SIO_SEND_BINARY), 0);
  sio__chunk_unref(shared);
  assert_written(&w, 2, true, "3:abc6:b4OWE=", 13);
  assert_written(&w, 2, false, "\000\003\377abc\001\003\377\0049a", 12);
  end(&w);
  test_mem_check(&mem);
}

/* ---- Errors ---- */

static void write_short_of_memory(struct test_mem *mem, void *user)
{
  static const char text[300] = "4";
  bool as_text = *(bool *)user;
  struct world w;

  start(&w, mem, SIZE_MAX);
  if (add(&w, "6", 1, false) && add(&w, text, 300, true) &&
      add(&w, text, 300, false)) {
    sio__payload3_write(&w.q, 3, as_text, &w.out);
    assert_int_equal(w.out.error, mem->fired ? SIO_ERR_NOMEM : 0);
  }
  end(&w);
}

static void test_without_memory_writing_fails(void **state)
{
  bool as_text = true;

  (void)state;
  assert_true(test_every_allocation(write_short_of_memory, &as_text) > 5);
  as_text = false;
  assert_true(test_every_allocation(write_short_of_memory, &as_text) > 5);
}

static void test_what_is_written_may_be_exactly_the_limit(void **state)
{
  (void)state;
  for (int as_text = 0; as_text < 2; as_text++) {
    size_t size = as_text ? mixed_text.len : mixed_bytes.len;

    for (size_t max = 0; max <= size; max++) {
      struct test_mem mem;
      struct world w;

      test_mem_init(&mem, TEST_MEM_NEVER);
      start(&w, &mem, max);
      assert_true(add(&w, "4" EURO, 4, false));
      assert_true(add(&w, "\1\2\3\4", 4, true));
      sio__payload3_write(&w.q, 2, as_text, &w.out);
      assert_int_equal(w.out.error, max < size ? SIO_ERR_LIMIT : 0);
      end(&w);
      test_mem_check(&mem);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lengths_of_text_are_utf16_code_units),
      cmocka_unit_test(test_leading_zeros_are_taken_as_javascript_does),
      cmocka_unit_test(test_empty_entries_are_passed_over),
      cmocka_unit_test(test_malformed_text_is_refused_where_it_begins),
      cmocka_unit_test(test_a_length_that_halves_a_character_is_refused),
      cmocka_unit_test(test_binary_payloads_are_taken_apart),
      cmocka_unit_test(test_malformed_bytes_are_refused_where_they_begin),
      cmocka_unit_test(test_truncated_payloads_are_refused),
      cmocka_unit_test(test_many_empty_entries_end),
      cmocka_unit_test(test_the_payloads_of_the_specification_are_written),
      cmocka_unit_test(test_only_the_first_packets_are_looked_at),
      cmocka_unit_test(test_a_lone_packet_is_appended_as_text),
      cmocka_unit_test(test_shared_packets_are_written_from_their_place),
      cmocka_unit_test(test_without_memory_writing_fails),
      cmocka_unit_test(test_what_is_written_may_be_exactly_the_limit),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
