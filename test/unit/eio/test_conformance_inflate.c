/* SPDX-License-Identifier: MIT */
/* Websocket conformance with permessage-deflate agreed on: which frames may be
 * compressed, and what is wrong with compressed ones (RFC 7692 section 6). */
#include "conform.h"

#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

enum { RSV1 = 0x40, LIMIT = 20000 };

static struct conform c;
static sio_deflate_options settings;

static void compressing(sio_server_options *options)
{
  sio_deflate_options_init(&settings);
  options->per_message_deflate = &settings;
  options->max_payload = LIMIT;
}

static void start(const char *name)
{
  conform_start(&c, name, compressing);
  c.offer = "permessage-deflate";
}

/* Compress; `flush` is Z_SYNC_FLUSH, Z_FULL_FLUSH or, for a final block,
 * Z_FINISH; to be disposed of. */
static struct wire_bytes pack_as(const void *data, size_t len, int level,
                                 int flush)
{
  static uint8_t room[2 * LIMIT];
  struct wire_bytes out = {NULL, 0, 0};
  z_stream z;
  int rc;

  memset(&z, 0, sizeof z);
  assert_int_equal(
      deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = data;
  z.avail_in = (uInt)len;
  z.next_out = room;
  z.avail_out = sizeof room;
  rc = deflate(&z, flush);
  assert_int_equal(rc, flush == Z_FINISH ? Z_STREAM_END : Z_OK);
  wire_put(&out, room, sizeof room - z.avail_out - (flush == Z_FINISH ? 0 : 4));
  (void)deflateEnd(&z);
  return out;
}

static struct wire_bytes pack(const char *text)
{
  return pack_as(text, strlen(text), 6, Z_SYNC_FLUSH);
}

static void say_packed(uint8_t first, const struct wire_bytes *packed)
{
  conform_say(&c, (uint8_t)(first | RSV1), packed->data, packed->len);
}

/* ---- What may be ---- */

static void test_messages_may_be_compressed_or_not(void **state)
{
  static const char *const texts[] = {"4", "4Hello", "4Hello Hello Hello",
                                      "4\xe2\x82\xac \xf0\x9f\x98\x80"};

  (void)state;
  start("group 12, compressed and plain ones in turns");
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct wire_bytes packed = pack(texts[i]);

    for (int k = 0; k < 3; k++) {
      say_packed(TEXT, &packed);
      conform_hear(&c, TEXT, texts[i], strlen(texts[i]));
      conform_echo_text(&c, texts[i]);
      conform_ping(&c, "p", 1);
      say_packed(BINARY, &packed);
      conform_hear(&c, BINARY, texts[i], strlen(texts[i]));
      conform_say(&c, BINARY | RSV1, "\0", 1); /* empty */
      conform_hear(&c, BINARY, "", 0);
    }
    conform_goodbye(&c);
    conform_run(&c, "text", i);
    wire_dispose(&packed);
  }
  conform_stop(&c, 4);
}

/* Other ways to write the same than a client's zlib usually has. */
static void test_every_form_of_deflate_is_understood(void **state)
{
  static const int levels[] = {0, 1, 9};
  static const int flushes[] = {Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH};
  static const char text[] = "4Hello, hello, hello";

  (void)state;
  start("group 12, forms of deflate");
  for (size_t i = 0; i < 3; i++) {
    for (size_t k = 0; k < 3; k++) {
      struct wire_bytes packed =
          pack_as(text, sizeof text - 1, levels[i], flushes[k]);

      say_packed(TEXT, &packed);
      conform_hear(&c, TEXT, text, sizeof text - 1);
      say_packed(TEXT, &packed);
      conform_hear(&c, TEXT, text, sizeof text - 1);
      conform_goodbye(&c);
      conform_run(&c, "level and flush", i * 3 + k);
      wire_dispose(&packed);
    }
  }
  conform_stop(&c, 9);
}

static void test_a_compressed_message_may_be_fragmented(void **state)
{
  static const char text[] = "4a text of some length, in fragments";
  struct wire_bytes packed = pack(text);

  (void)state;
  start("group 12, fragments");
  for (size_t part = 1; part <= packed.len; part++) {
    uint8_t first = TEXT_PART | RSV1; /* only the first frame has the bit */

    for (size_t at = 0; at < packed.len; at += part) {
      size_t n = packed.len - at < part ? packed.len - at : part;

      if (at > 0)
        conform_ping(&c, "between", 7);
      conform_say(&c, (uint8_t)(first | (at + n == packed.len ? FIN : 0)),
                  packed.data + at, n);
      first = CONTINUED;
    }
    conform_hear(&c, TEXT, text, sizeof text - 1);
    conform_echo_text(&c, "4plain");
    conform_goodbye(&c);
    conform_run(&c, "fragments of", part);
  }
  wire_dispose(&packed);
  conform_stop(&c, 20);
}

/* What is shorter than the threshold stays as it is. */
static void test_short_messages_are_not_compressed(void **state)
{
  char *text = conform_long_text(1023);

  (void)state;
  start("group 12, threshold");
  for (size_t len = 1; len <= 1023; len += 73) {
    conform_echo(&c, TEXT, text, len);
    conform_goodbye(&c);
    conform_run(&c, "a text of", len);
  }
  conform_stop(&c, 15);
  free(text);
}

/* ---- What may not be ---- */

static void test_only_a_first_data_frame_may_have_the_bit(void **state)
{
  static const uint8_t controls[] = {CLOSE, PING, PONG};
  struct wire_bytes packed = pack("4Hello");

  (void)state;
  start("group 12, reserved bits");
  for (size_t i = 0; i < 3; i++) {
    for (unsigned rsv = 1; rsv < 8; rsv++) {
      conform_say(&c, (uint8_t)(controls[i] | rsv << 4), "", 0);
      conform_fails(&c, 1002);
      conform_run(&c, "a control frame", i * 8 + rsv);
    }
  }
  for (unsigned rsv = 1; rsv < 8; rsv++) {
    conform_say(&c, TEXT_PART | RSV1, packed.data, 3);
    conform_say(&c, (uint8_t)(FIN | rsv << 4), packed.data + 3, packed.len - 3);
    conform_fails(&c, 1002);
    conform_run(&c, "a continuation", rsv);
    if (rsv == 4)
      continue; /* RSV1 alone */
    conform_say(&c, (uint8_t)(TEXT | rsv << 4), packed.data, packed.len);
    conform_fails(&c, 1002);
    conform_run(&c, "a first frame", rsv);
  }
  wire_dispose(&packed);
  conform_stop(&c, 34);
}

static void test_the_bit_needs_an_agreement(void **state)
{
  struct wire_bytes packed = pack("4Hello");

  (void)state;
  start("group 12, no agreement");
  c.offer = NULL;
  say_packed(TEXT, &packed);
  conform_fails(&c, 1002);
  conform_run(&c, "nothing was offered", 0);
  c.offer = "x-webkit-deflate-frame";
  say_packed(BINARY, &packed);
  conform_fails(&c, 1002);
  conform_run(&c, "something else was offered", 0);
  wire_dispose(&packed);
  conform_stop(&c, 2);
}

/* The message is damaged: cut off, or not deflate data at all. */
static void test_what_cannot_be_inflated_fails_the_connection(void **state)
{
  static const char text[] = "4a text that is long enough to be cut anywhere";
  struct wire_bytes packed = pack(text);
  uint8_t *bad = malloc(packed.len);

  (void)state;
  assert_non_null(bad);
  start("group 12, damaged messages");
  for (size_t len = 1; len + 1 < packed.len; len++) {
    conform_say(&c, TEXT | RSV1, packed.data, len);
    conform_say(&c, PING, "not answered", 12);
    conform_fails(&c, 1007);
    conform_run(&c, "cut off at", len);
  }
  memset(bad, 0xff, packed.len);
  conform_say(&c, BINARY | RSV1, bad, packed.len);
  conform_fails(&c, 1007);
  conform_run(&c, "a block of a reserved type", 0);
  memset(bad, 0, packed.len); /* a stored block whose lengths disagree */
  bad[1] = 1;
  conform_say(&c, BINARY | RSV1, bad, packed.len);
  conform_fails(&c, 1007);
  conform_run(&c, "a stored block", 0);
  /* A distance beyond the beginning of the window. */
  conform_say(&c, BINARY | RSV1, "\x4b\x04\x42\x00\x00", 5);
  conform_fails(&c, 1007);
  conform_run(&c, "a distance too far back", 0);
  wire_dispose(&packed);
  free(bad);
  conform_stop(&c, 20);
}

static void test_what_is_inflated_has_to_be_utf8(void **state)
{
  static const char *const bad[] = {"4\xc3", "4\xed\xa0\x80", "4\xff",
                                    "4ok until here \xf4\x90\x80\x80"};

  (void)state;
  start("group 12, invalid texts");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct wire_bytes packed = pack(bad[i]);

    say_packed(TEXT, &packed);
    conform_fails(&c, 1007);
    conform_run(&c, "as a text", i);
    say_packed(BINARY, &packed);
    conform_hear(&c, BINARY, bad[i], strlen(bad[i]));
    conform_goodbye(&c);
    conform_run(&c, "as binary", i);
    wire_dispose(&packed);
  }
  conform_stop(&c, 8);
}

/* Few bytes that become many: the limit holds for both. */
static void test_hazard_an_inflated_message_is_bounded_too(void **state)
{
  uint8_t *zeros = calloc(1, 10 * LIMIT);
  struct wire_bytes packed;

  (void)state;
  assert_non_null(zeros);
  start("group 12, bombs");
  packed = pack_as(zeros, LIMIT + 1, 9, Z_SYNC_FLUSH);
  assert_true(packed.len < 100);
  say_packed(BINARY, &packed);
  conform_fails(&c, 1009);
  conform_run(&c, "a byte more", 0);
  wire_dispose(&packed);
  packed = pack_as(zeros, (size_t)10 * LIMIT, 9, Z_SYNC_FLUSH);
  assert_true(packed.len < 1000);
  say_packed(BINARY, &packed);
  conform_fails(&c, 1009);
  conform_run(&c, "ten times as much", 0);
  conform_say(&c, BINARY_PART | RSV1, packed.data, packed.len / 2);
  conform_say(&c, FIN, packed.data + packed.len / 2,
              packed.len - packed.len / 2);
  conform_fails(&c, 1009);
  conform_run(&c, "in fragments", 0);
  wire_dispose(&packed);
  free(zeros);
  conform_stop(&c, 3);
}

/* Each message goes on where its frame ends, in one block of exactly their
 * size: what is appended for the decompressor is no part of the next one. */
static void test_hazard_compressed_frames_lie_back_to_back(void **state)
{
  struct wire_bytes one = pack("4one"), two = pack("4two, two, two");

  (void)state;
  start("group 12, back to back");
  for (int i = 0; i < 50; i++) {
    say_packed(TEXT, &one);
    say_packed(TEXT, &two);
    conform_hear(&c, TEXT, "4one", 4);
    conform_hear(&c, TEXT, "4two, two, two", 14);
  }
  conform_run(&c, "100 in one block", 0);
  say_packed(TEXT, &one);
  say_packed(BINARY, &two);
  conform_say(&c, CLOSE, "\x03\xe8", 2);
  conform_hear(&c, TEXT, "4one", 4);
  conform_hear(&c, BINARY, "4two, two, two", 14);
  conform_hear(&c, CLOSE, "\x03\xe8", 2);
  c.end = CONFORM_CLOSED;
  conform_run(&c, "and a close", 0);
  wire_dispose(&one);
  wire_dispose(&two);
  conform_stop(&c, 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_may_be_compressed_or_not),
      cmocka_unit_test(test_every_form_of_deflate_is_understood),
      cmocka_unit_test(test_a_compressed_message_may_be_fragmented),
      cmocka_unit_test(test_short_messages_are_not_compressed),
      cmocka_unit_test(test_only_a_first_data_frame_may_have_the_bit),
      cmocka_unit_test(test_the_bit_needs_an_agreement),
      cmocka_unit_test(test_what_cannot_be_inflated_fails_the_connection),
      cmocka_unit_test(test_what_is_inflated_has_to_be_utf8),
      cmocka_unit_test(test_hazard_an_inflated_message_is_bounded_too),
      cmocka_unit_test(test_hazard_compressed_frames_lie_back_to_back),
  };

  return cmocka_run_group_tests_name("eio/conformance_inflate", tests, NULL,
                                     NULL);
}
