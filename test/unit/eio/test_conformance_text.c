/* SPDX-License-Identifier: MIT */
/* Websocket conformance, groups 6 and 7: UTF-8, and how connections close. */
#include "conform.h"

#include <stdlib.h>

static struct conform c;

/* ---- 6: UTF-8 ---- */

struct text {
  const char *bytes;
  size_t len; /* there may be a zero in them */
};

#define T(literal)                                                             \
  {                                                                            \
    literal, sizeof(literal) - 1                                               \
  }

/* Text that is UTF-8: the first and last code points of each length, the
 * borders of what is left out, non-characters, and specials. */
static const struct text valid[] = {
    T(""),
    T("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!"),
    T("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
    T("\xf0\x9f\x98\x80 \xe2\x82\xac \xc2\xa9 a"),
    T("\x00"),
    T("\x7f"),
    T("\xc2\x80"),
    T("\xdf\xbf"),
    T("\xe0\xa0\x80"),
    T("\xef\xbf\xbf"),
    T("\xf0\x90\x80\x80"),
    T("\xf4\x8f\xbf\xbf"),
    T("\xed\x9f\xbf"),
    T("\xee\x80\x80"),
    T("\xef\xbf\xbd"),
    T("\xef\xbb\xbf"),
    T("\xef\xb7\x90\xef\xb7\xaf"),
    T("\xef\xbf\xb9\xef\xbf\xba\xef\xbf\xbb\xef\xbf\xbc\xef\xbf\xbd"),
    T("\xef\xbf\xbe\xef\xbf\xbf"),
    T("\xe1\x80\x80\xec\xbf\xbf\xee\x80\x80\xf1\x80\x80\x80\xf3\xbf\xbf\xbf"),
};

/* Bytes that are not. */
static const struct text invalid[] = {
    /* a surrogate in the middle */
    T("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
      "edited"),
    /* beyond U+10FFFF, and the five and six bytes of old */
    T("\xf4\x90\x80\x80"),
    T("\xf5\x80\x80\x80"),
    T("\xf7\xbf\xbf\xbf"),
    T("\xf8\x88\x80\x80\x80"),
    T("\xfb\xbf\xbf\xbf\xbf"),
    T("\xfc\x84\x80\x80\x80\x80"),
    T("\xfd\xbf\xbf\xbf\xbf\xbf"),
    /* impossible bytes */
    T("\xfe"),
    T("\xff"),
    T("\xfe\xfe\xff\xff"),
    T("a\xc0"
      "b"),
    T("a\xc1"
      "b"),
    /* continuations of nothing */
    T("\x80"),
    T("\xbf"),
    T("\x80\xbf"),
    T("\x80\xbf\x80"),
    T("\x80\xbf\x80\xbf"),
    T("\x80\xbf\x80\xbf\x80\xbf\x80"),
    T("a\x80"),
    T("\xc2\x80\x80"),
    /* the last byte is missing, at the end and before something else */
    T("\xc2"),
    T("\xe0\xa0"),
    T("\xe0"),
    T("\xf0\x90\x80"),
    T("\xf0\x90"),
    T("\xf0"),
    T("\xdf"),
    T("\xef\xbf"),
    T("\xf4\x8f\xbf"),
    T("\xc2 "),
    T("\xe1\x80 "),
    T("\xf1\x80\x80 "),
    T("\xe1\x80\xe1\x80\x80"),
    T("\xc2\xe0\xa0\xf0\x90\x80\xdf\xef\xbf\xf4\x8f\xbf"),
    /* overlong: a slash, the longest, and zero */
    T("\xc0\xaf"),
    T("\xe0\x80\xaf"),
    T("\xf0\x80\x80\xaf"),
    T("\xf8\x80\x80\x80\xaf"),
    T("\xfc\x80\x80\x80\x80\xaf"),
    T("\xc1\xbf"),
    T("\xe0\x9f\xbf"),
    T("\xf0\x8f\xbf\xbf"),
    T("\xf8\x87\xbf\xbf\xbf"),
    T("\xfc\x83\xbf\xbf\xbf\xbf"),
    T("\xc0\x80"),
    T("\xe0\x80\x80"),
    T("\xf0\x80\x80\x80"),
    T("\xf8\x80\x80\x80\x80"),
    T("\xfc\x80\x80\x80\x80\x80"),
    /* surrogates, alone and in pairs */
    T("\xed\xa0\x80"),
    T("\xed\xad\xbf"),
    T("\xed\xae\x80"),
    T("\xed\xaf\xbf"),
    T("\xed\xb0\x80"),
    T("\xed\xbe\x80"),
    T("\xed\xbf\xbf"),
    T("\xed\xa0\x80\xed\xb0\x80"),
    T("\xed\xa0\x80\xed\xbf\xbf"),
    T("\xed\xad\xbf\xed\xb0\x80"),
    T("\xed\xad\xbf\xed\xbf\xbf"),
    T("\xed\xae\x80\xed\xb0\x80"),
    T("\xed\xae\x80\xed\xbf\xbf"),
    T("\xed\xaf\xbf\xed\xb0\x80"),
    T("\xed\xaf\xbf\xed\xbf\xbf"),
};

/* The message is over: it comes back, or ends the connection. */
static void judge(const char *packet, size_t len, bool is_valid)
{
  if (is_valid) {
    conform_hear(&c, TEXT, packet, len);
    conform_goodbye(&c);
  } else {
    conform_say(&c, PING, "not answered", 12);
    conform_fails(&c, 1007);
  }
}

/* Whole, in fragments of one byte with an empty one behind, and in two
 * fragments, cut at every byte. */
static void try_text(const struct text *text, bool is_valid, size_t number)
{
  char packet[80] = "4";
  size_t len = 1 + text->len;

  assert_true(len <= sizeof packet);
  memcpy(packet + 1, text->bytes, text->len);
  conform_say(&c, TEXT, packet, len);
  judge(packet, len, is_valid);
  conform_run(&c, "whole", number);
  for (size_t at = 0; at < len; at++)
    conform_say(&c, at == 0 ? TEXT_PART : CONTINUED, packet + at, 1);
  conform_say(&c, FIN, "", 0);
  judge(packet, len, is_valid);
  conform_run(&c, "in fragments of one byte", number);
  for (size_t at = 0; at <= len; at++) {
    conform_say(&c, TEXT_PART, packet, at);
    conform_say(&c, FIN, packet + at, len - at);
    judge(packet, len, is_valid);
    conform_run(&c, "cut in two", number);
  }
}

static void test_text_is_utf8(void **state)
{
  (void)state;
  conform_start(&c, "group 6, valid texts", NULL);
  for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
    try_text(&valid[i], true, i);
  conform_stop(&c, 150);
}

static void test_other_bytes_are_no_text(void **state)
{
  (void)state;
  conform_start(&c, "group 6, invalid texts", NULL);
  for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
    try_text(&invalid[i], false, i);
  conform_stop(&c, 400);
}

/* Every prefix of a text with long characters: valid at their ends only. */
static void test_prefixes_are_valid_at_the_ends_of_characters(void **state)
{
  static const char text[] =
      "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf0\x9f\x98\x80";

  (void)state;
  conform_start(&c, "group 6, prefixes", NULL);
  for (size_t len = 0; len < sizeof text; len++) {
    const struct text prefix = {text, len};

    try_text(&prefix, ((uint8_t)text[len] & 0xc0) != 0x80, len);
  }
  conform_stop(&c, 100);
}

/* U+FFFE and U+FFFF of each plane, and the specials from U+FFF9 on: code
 * points like any other. */
static void test_non_characters_are_text(void **state)
{
  (void)state;
  conform_start(&c, "group 6, non-characters", NULL);
  for (unsigned plane = 1; plane <= 16; plane++) {
    const char bytes[] = {(char)(0xf0 | plane >> 2),
                          (char)(0x8f | (plane & 3) << 4),
                          (char)0xbf,
                          (char)0xbe,
                          (char)(0xf0 | plane >> 2),
                          (char)(0x8f | (plane & 3) << 4),
                          (char)0xbf,
                          (char)0xbf};
    const struct text text = {bytes, sizeof bytes};

    try_text(&text, true, plane);
  }
  for (unsigned last = 0xb9; last <= 0xbf; last++) {
    const char bytes[] = {(char)0xef, (char)0xbf, (char)last};
    const struct text text = {bytes, sizeof bytes};

    try_text(&text, true, last);
  }
  conform_stop(&c, 200);
}

/* The bytes that may begin or continue a character, all of them. */
static void test_each_byte_alone_and_behind_each_opening(void **state)
{
  static const uint8_t openings[] = {0x41, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
                                     0xef, 0xf0, 0xf1, 0xf4, 0xf5};

  (void)state;
  conform_start(&c, "group 6, single bytes", NULL);
  for (unsigned byte = 0x80; byte <= 0xff; byte++) {
    const char packet[] = {'4', (char)byte, ' '};

    conform_say(&c, TEXT, packet, 3);
    judge(packet, 3, false);
    conform_run(&c, "alone", byte);
    for (size_t i = 0; i < sizeof openings; i++) {
      const char two[] = {'4', (char)openings[i], (char)byte};
      bool is_valid =
          (openings[i] == 0xc2 || openings[i] == 0xdf) && byte < 0xc0;

      conform_say(&c, TEXT, two, 3);
      judge(two, 3, is_valid);
      conform_run(&c, "behind an opening", byte);
    }
  }
  conform_stop(&c, 1000);
}

/* What is not text is not looked at. */
static void test_binary_messages_may_be_anything(void **state)
{
  (void)state;
  conform_start(&c, "group 6, binary", NULL);
  for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    conform_echo(&c, BINARY, invalid[i].bytes, invalid[i].len);
    conform_goodbye(&c);
    conform_run(&c, "whole", i);
  }
  conform_stop(&c, 60);
}

/* An error early in a long text, and one at its very end. */
static void test_errors_are_found_anywhere_in_long_texts(void **state)
{
  enum { LEN = 70000 };
  static const size_t places[] = {1, 2, 31, 4095, 65534, LEN - 2, LEN - 1};
  char *text = conform_long_text(LEN);

  (void)state;
  conform_start(&c, "group 6, long texts", NULL);
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    char kept = text[places[i]];

    text[places[i]] = (char)0xc3;
    conform_say(&c, TEXT, text, LEN);
    judge(text, LEN, false);
    conform_run(&c, "an error at", places[i]);
    conform_say_parts(&c, TEXT, text, LEN, 1300);
    judge(text, LEN, false);
    conform_run(&c, "an error in fragments at", places[i]);
    text[places[i]] = kept;
  }
  conform_stop(&c, 14);
  free(text);
}

/* ---- 7: closing ---- */

static void close_with(uint16_t code, const char *reason, size_t len,
                       uint16_t answer)
{
  uint8_t body[127] = {(uint8_t)(code >> 8), (uint8_t)code};

  memcpy(body + 2, reason, len);
  conform_say(&c, CLOSE, body, 2 + len);
  if (answer == 0) {
    conform_hear(&c, CLOSE, body, 2 + len);
    c.end = CONFORM_CLOSED;
  } else {
    conform_fails(&c, answer);
  }
}

static void test_nothing_is_read_behind_a_close(void **state)
{
  char *text = conform_long_text(256 * 1024);

  (void)state;
  conform_start(&c, "group 7, what follows a close", NULL);
  conform_echo_text(&c, "4Hello World!");
  conform_goodbye(&c);
  conform_run(&c, "a text before", 0);
  conform_goodbye(&c);
  conform_say(&c, CLOSE, "\x03\xe8", 2);
  conform_run(&c, "another close", 0);
  conform_goodbye(&c);
  conform_say(&c, PING, "", 0);
  conform_run(&c, "a ping", 0);
  conform_goodbye(&c);
  conform_say(&c, TEXT, "4late", 5);
  conform_run(&c, "a text", 0);
  conform_say(&c, TEXT_PART, "4begun", 6);
  conform_goodbye(&c);
  conform_say(&c, FIN, "ended", 5);
  conform_run(&c, "a continuation", 0);
  conform_echo(&c, TEXT, text, 256 * 1024);
  conform_goodbye(&c);
  conform_say(&c, PING, "", 0);
  conform_run(&c, "a ping behind a long text", 0);
  conform_goodbye(&c);
  conform_raw(&c, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  conform_run(&c, "garbage", 0);
  conform_stop(&c, 7);
  free(text);
}

static void test_close_frames_have_no_body_or_a_code_and_a_reason(void **state)
{
  char *reason = conform_long_text(124);

  (void)state;
  conform_start(&c, "group 7, bodies", NULL);
  conform_echo(&c, CLOSE, "", 0);
  c.end = CONFORM_CLOSED;
  conform_run(&c, "no body", 0);
  conform_say(&c, CLOSE, "a", 1);
  conform_fails(&c, 1002);
  conform_run(&c, "half a code", 0);
  for (size_t len = 0; len <= 123; len++) {
    close_with(1000, reason, len, 0);
    conform_run(&c, "a reason of", len);
  }
  close_with(1000, reason, 124, 1002);
  conform_run(&c, "a reason of", 124);
  for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
    close_with(3000, valid[i].bytes, valid[i].len, 0);
    conform_run(&c, "a valid reason", i);
  }
  for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    close_with(1000, invalid[i].bytes, invalid[i].len, 1007);
    conform_run(&c, "an invalid reason", i);
  }
  conform_stop(&c, 200);
  free(reason);
}

/* Those that a peer may send: 1000-1003, 1007-1014, 3000-4999. */
static bool may_be_sent(unsigned code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

static void try_code(unsigned code)
{
  close_with((uint16_t)code, "", 0, may_be_sent(code) ? 0 : 1002);
  conform_run(&c, "a code of", code);
  close_with((uint16_t)code, "because", 7, may_be_sent(code) ? 0 : 1002);
  conform_run(&c, "a code and a reason of", code);
}

static void test_some_codes_are_not_for_the_wire(void **state)
{
  static const unsigned borders[] = {0,    1,    999,   1016,  1100,  1999,
                                     2000, 2999, 3000,  3999,  4000,  4999,
                                     5000, 9999, 32767, 32768, 65534, 65535};

  (void)state;
  conform_start(&c, "group 7, codes", NULL);
  for (unsigned code = 1000; code <= 1015; code++)
    try_code(code);
  for (size_t i = 0; i < sizeof borders / sizeof *borders; i++)
    try_code(borders[i]);
  conform_stop(&c, 60);
}

/* The server begins, and the client answers, crosses it, or goes on. */
static void test_the_server_may_begin_to_close(void **state)
{
  static const char *const replies[] = {"", "\x03\xe8", "\x0f\xa0why"};
  size_t cases = 0;

  (void)state;
  wire_init(&c.wire);
  wire_start(&c.wire);
  for (size_t i = 0; i < 6; i++) {
    struct wire_peer peer = {0};
    struct wire_heard heard;

    wire_websocket(&c.wire, &peer, NULL);
    sio_session_close(c.wire.session, false);
    wire_settle(&c.wire);
    assert_true(wire_hear(&peer, &heard));
    assert_int_equal(heard.first, CLOSE);
    assert_int_equal(heard.len, 0);
    if (i >= 3) { /* was under way: not answered, not delivered */
      wire_send_frame(&peer, TEXT, "4crossing", 9);
      wire_send_frame(&peer, PING, "crossing", 8);
    }
    assert_non_null(peer.conn);
    wire_send_frame(&peer, CLOSE, replies[i % 3], strlen(replies[i % 3]));
    assert_false(wire_hear(&peer, &heard));
    assert_null(peer.conn);
    assert_int_equal(c.wire.end.reason, SIO_REASON_FORCED_CLOSE);
    wire_peer_dispose(&peer);
    cases++;
  }
  assert_int_equal(c.wire.messages, 0);
  print_message("group 7, the server begins: %zu cases\n", cases);
  wire_stop(&c.wire);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_is_utf8),
      cmocka_unit_test(test_other_bytes_are_no_text),
      cmocka_unit_test(test_prefixes_are_valid_at_the_ends_of_characters),
      cmocka_unit_test(test_non_characters_are_text),
      cmocka_unit_test(test_each_byte_alone_and_behind_each_opening),
      cmocka_unit_test(test_binary_messages_may_be_anything),
      cmocka_unit_test(test_errors_are_found_anywhere_in_long_texts),
      cmocka_unit_test(test_nothing_is_read_behind_a_close),
      cmocka_unit_test(test_close_frames_have_no_body_or_a_code_and_a_reason),
      cmocka_unit_test(test_some_codes_are_not_for_the_wire),
      cmocka_unit_test(test_the_server_may_begin_to_close),
  };

  return cmocka_run_group_tests_name("eio/conformance_text", tests, NULL, NULL);
}
