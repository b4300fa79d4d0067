/* SPDX-License-Identifier: MIT */
/* Websocket conformance, groups 1 to 5: framing, pings and pongs, reserved
 * bits, opcodes, fragments. */
#include "conform.h"

#include <stdio.h>
#include <stdlib.h>

static struct conform c;

/* ---- 1: framing ---- */

/* Lengths around those at which the length takes another form. */
static const size_t lengths[] = {1,   2,   124, 125,   126,   127,   128,
                                 129, 255, 256, 65534, 65535, 65536, 65537};

static void frame_of(uint8_t first, size_t len)
{
  char *text = conform_long_text(len);

  conform_echo(&c, first, text, len);
  conform_goodbye(&c);
  conform_run(&c, first == TEXT ? "a text of" : "binary of", len);
  free(text);
}

static void test_frames_of_every_length_form_come_back(void **state)
{
  (void)state;
  conform_start(&c, "group 1, framing", NULL);
  c.extra_piece = 997;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    frame_of(TEXT, lengths[i]);
    frame_of(BINARY, lengths[i]);
  }
  frame_of(BINARY, 0);
  for (size_t len = 3; len < 64; len++)
    frame_of(len % 2 == 0 ? TEXT : BINARY, len);
  conform_stop(&c, 90);
}

/* The length of a frame may be written longer than needed. */
static void test_lengths_may_have_a_longer_form(void **state)
{
  static const uint8_t two[] = {0x82, 0xfe, 0, 1, 0, 0, 0, 0, 'x'};
  static const uint8_t eight[] = {0x82, 0xff, 0, 0, 0, 0, 0,  0,
                                  0,    1,    0, 0, 0, 0, 'x'};

  (void)state;
  conform_start(&c, "group 1, long forms", NULL);
  conform_raw(&c, two, sizeof two);
  conform_raw(&c, eight, sizeof eight);
  conform_hear(&c, BINARY, "x", 1);
  conform_hear(&c, BINARY, "x", 1);
  conform_goodbye(&c);
  conform_run(&c, "one byte in 16 and 64 bits", 0);
  conform_stop(&c, 1);
}

/* ---- 2: pings and pongs ---- */

static void test_pings_are_answered_and_pongs_are_not(void **state)
{
  static const uint8_t bytes[] = {0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00};
  uint8_t full[126];

  (void)state;
  memset(full, 0xfe, sizeof full);
  conform_start(&c, "group 2, pings and pongs", NULL);
  for (size_t len = 0; len <= 125; len++) {
    conform_ping(&c, full, len);
    conform_goodbye(&c);
    conform_run(&c, "a ping of", len);
  }
  conform_ping(&c, bytes, sizeof bytes);
  conform_goodbye(&c);
  conform_run(&c, "a binary ping", 0);
  conform_say(&c, PING, full, 126);
  conform_fails(&c, 1002);
  conform_run(&c, "a ping of", 126);
  conform_say(&c, PONG, full, 126);
  conform_fails(&c, 1002);
  conform_run(&c, "a pong of", 126);

  conform_say(&c, PONG, "", 0);
  conform_run(&c, "an unasked pong", 0);
  conform_say(&c, PONG, "unasked", 7);
  conform_goodbye(&c);
  conform_run(&c, "an unasked pong", 1);
  conform_say(&c, PONG, full, 125);
  conform_ping(&c, "ping", 4);
  conform_run(&c, "an unasked pong before a ping", 0);
  for (int i = 0; i < 10; i++)
    conform_ping(&c, &i, sizeof i);
  conform_goodbye(&c);
  conform_run(&c, "pings", 10);
  for (int i = 0; i < 10; i++) {
    conform_ping(&c, full, 125);
    conform_say(&c, PONG, full, 125);
    conform_echo_text(&c, "4between");
  }
  conform_run(&c, "pings, pongs and texts", 10);
  conform_stop(&c, 130);
}

/* ---- 3 and 4: what is reserved ---- */

enum { ALONE, BEHIND_A_TEXT, BEFORE_A_PING, BETWEEN_PARTS, PLACES };

/* A frame that is not allowed, in all places where it may come up. */
static void forbid(uint8_t first, const void *data, size_t len, int place)
{
  char what[64];

  if (place == BEHIND_A_TEXT)
    conform_echo_text(&c, "4Hello, world!");
  if (place == BETWEEN_PARTS)
    conform_say(&c, TEXT_PART, "4begun", 6);
  conform_say(&c, first, data, len);
  conform_fails(&c, 1002);
  if (place == BEFORE_A_PING)
    conform_say(&c, PING, "not answered", 12);
  if (place == BETWEEN_PARTS)
    conform_say(&c, FIN, "ended", 5);
  snprintf(what, sizeof what, "place %d, first byte", place);
  conform_run(&c, what, first);
}

static void test_reserved_bits_fail_the_connection(void **state)
{
  static const uint8_t opcodes[] = {TEXT, BINARY, FIN, CLOSE, PING, PONG};

  (void)state;
  conform_start(&c, "group 3, reserved bits", NULL);
  for (size_t i = 0; i < sizeof opcodes; i++) {
    for (unsigned rsv = 1; rsv < 8; rsv++) {
      for (int place = 0; place < PLACES; place++)
        forbid((uint8_t)(opcodes[i] | rsv << 4), "4small", 6, place);
      forbid((uint8_t)(opcodes[i] | rsv << 4), "", 0, ALONE);
    }
  }
  conform_stop(&c, 200);
}

static void test_reserved_opcodes_fail_the_connection(void **state)
{
  static const uint8_t opcodes[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};

  (void)state;
  conform_start(&c, "group 4, opcodes", NULL);
  for (size_t i = 0; i < sizeof opcodes; i++) {
    for (int place = 0; place < PLACES; place++) {
      forbid((uint8_t)(FIN | opcodes[i]), "", 0, place);
      forbid((uint8_t)(FIN | opcodes[i]), "reserved", 8, place);
      forbid(opcodes[i], "reserved", 8, place);
    }
  }
  conform_stop(&c, 100);
}

/* A client that does not mask is told so (section 5.1). */
static void test_frames_without_a_mask_fail_the_connection(void **state)
{
  static const uint8_t firsts[] = {TEXT, BINARY, CLOSE, PING, PONG, FIN};

  (void)state;
  conform_start(&c, "masks", NULL);
  for (size_t i = 0; i < sizeof firsts; i++) {
    const uint8_t frame[] = {firsts[i], 2, '4', 'x'};

    conform_raw(&c, frame, sizeof frame);
    conform_fails(&c, 1002);
    conform_run(&c, "no mask, first byte", firsts[i]);
    conform_echo_text(&c, "4masked");
    conform_raw(&c, frame, sizeof frame);
    conform_fails(&c, 1002);
    conform_run(&c, "no mask behind a text, first byte", firsts[i]);
  }
  conform_stop(&c, 12);
}

/* ---- 5: fragments ---- */

static void say_text(uint8_t first, const char *text)
{
  conform_say(&c, first, text, strlen(text));
}

static void hear_text(const char *text)
{
  conform_hear(&c, TEXT, text, strlen(text));
}

static void test_control_frames_cannot_be_fragmented(void **state)
{
  static const uint8_t controls[] = {CLOSE, PING, PONG};

  (void)state;
  conform_start(&c, "group 5, fragmented control frames", NULL);
  for (size_t i = 0; i < sizeof controls; i++) {
    uint8_t part = controls[i] & 0x7f;

    say_text(part, "fragment1");
    say_text(FIN, "fragment2");
    conform_fails(&c, 1002);
    conform_run(&c, "alone, opcode", part);
    say_text(TEXT_PART, "4fragment1");
    say_text(part, "inside");
    conform_fails(&c, 1002);
    conform_run(&c, "in a message, opcode", part);
    conform_say(&c, part, "", 0);
    conform_fails(&c, 1002);
    conform_run(&c, "empty, opcode", part);
  }
  conform_stop(&c, 9);
}

/* A text and a binary message in so many fragments, with `pings` of them in
 * front of each but the first. */
static void in_parts(size_t len, size_t part, unsigned pings)
{
  static const uint8_t openings[] = {TEXT_PART, BINARY_PART};
  char *text = conform_long_text(len);

  for (size_t i = 0; i < 2; i++) {
    uint8_t opcode = openings[i];

    for (size_t at = 0; at < len; at += part) {
      size_t n = len - at < part ? len - at : part;

      for (unsigned k = 0; at > 0 && k < pings; k++)
        conform_ping(&c, text + at, n < 125 ? n : 125);
      conform_say(&c, (uint8_t)(opcode | (at + n == len ? FIN : 0)), text + at,
                  n);
      opcode = CONTINUED;
    }
    conform_hear(&c, openings[i] | FIN, text, len);
  }
  conform_goodbye(&c);
  conform_run(&c, "two messages in parts of", part);
  free(text);
}

static void test_fragments_make_one_message(void **state)
{
  (void)state;
  conform_start(&c, "group 5, fragments", NULL);
  for (unsigned pings = 0; pings < 3; pings++) {
    for (size_t part = 1; part <= 12; part++)
      in_parts(24, part, pings);
    in_parts(1000, 125, pings);
    in_parts(1000, 126, pings);
    in_parts(70000, 65536, pings);
    in_parts(70000, 65535, pings);
  }
  /* Empty ones, in the middle and at the ends. */
  say_text(TEXT_PART, "");
  say_text(CONTINUED, "4a");
  say_text(CONTINUED, "");
  say_text(CONTINUED, "b");
  say_text(FIN, "");
  hear_text("4ab");
  conform_goodbye(&c);
  conform_run(&c, "empty fragments", 0);
  say_text(BINARY_PART, "");
  say_text(CONTINUED, "");
  say_text(FIN, "");
  conform_hear(&c, BINARY, "", 0);
  conform_goodbye(&c);
  conform_run(&c, "only empty fragments", 0);
  conform_stop(&c, 50);
}

static void test_continuations_belong_to_a_message(void **state)
{
  (void)state;
  conform_start(&c, "group 5, continuations", NULL);
  for (unsigned behind = 0; behind < 2; behind++) {
    for (unsigned fin = 0; fin < 2; fin++) {
      for (unsigned text = 0; text < 2; text++) {
        if (behind)
          conform_echo_text(&c, "4before");
        say_text(fin ? FIN : CONTINUED, "of nothing");
        if (text)
          say_text(TEXT, "4not read");
        conform_fails(&c, 1002);
        conform_run(&c, "a continuation of nothing", behind * 4 + fin * 2);
      }
    }
  }
  for (unsigned i = 0; i < 4; i++) { /* the message was complete */
    static const uint8_t opcodes[] = {CONTINUED, FIN};

    say_text(i < 2 ? TEXT_PART : BINARY_PART, "4one,");
    say_text(FIN, "two");
    conform_hear(&c, i < 2 ? TEXT : BINARY, "4one,two", 8);
    say_text(opcodes[i % 2], "three");
    conform_fails(&c, 1002);
    conform_run(&c, "a continuation too many", i);
  }
  for (unsigned i = 0; i < 8; i++) { /* it is not complete */
    uint8_t opcode = i % 4 < 2 ? TEXT_PART : BINARY_PART;

    say_text(i < 4 ? TEXT_PART : BINARY_PART, "4one,");
    say_text(i % 2 != 0 ? (uint8_t)(FIN | opcode) : opcode, "4another");
    conform_fails(&c, 1002);
    conform_run(&c, "a message inside another", i);
  }
  conform_stop(&c, 20);
}

static void test_messages_in_parts_follow_each_other(void **state)
{
  (void)state;
  conform_start(&c, "group 5, sequences", NULL);
  say_text(TEXT_PART, "4fragment1");
  conform_ping(&c, "ping 1", 6);
  say_text(CONTINUED, "fragment2");
  conform_say(&c, PONG, "unasked", 7);
  say_text(CONTINUED, "fragment3");
  conform_ping(&c, "", 0);
  say_text(CONTINUED, "fragment4");
  say_text(FIN, "fragment5");
  hear_text("4fragment1fragment2fragment3fragment4fragment5");
  conform_goodbye(&c);
  conform_run(&c, "five fragments and control frames", 0);
  for (int i = 0; i < 20; i++) {
    say_text(i % 2 ? TEXT_PART : BINARY_PART, "4a");
    say_text(FIN, "b");
    conform_hear(&c, i % 2 ? TEXT : BINARY, "4ab", 3);
    conform_echo_text(&c, "4whole");
    conform_echo(&c, BINARY, &i, sizeof i);
  }
  conform_goodbye(&c);
  conform_run(&c, "whole and in parts in turns", 0);
  say_text(TEXT_PART, "4never ended");
  conform_ping(&c, "still there", 11);
  conform_run(&c, "a message that is not finished", 0);
  say_text(TEXT_PART, "4never ended");
  conform_goodbye(&c);
  conform_run(&c, "a close inside a message", 0);
  conform_stop(&c, 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_of_every_length_form_come_back),
      cmocka_unit_test(test_lengths_may_have_a_longer_form),
      cmocka_unit_test(test_pings_are_answered_and_pongs_are_not),
      cmocka_unit_test(test_reserved_bits_fail_the_connection),
      cmocka_unit_test(test_reserved_opcodes_fail_the_connection),
      cmocka_unit_test(test_frames_without_a_mask_fail_the_connection),
      cmocka_unit_test(test_control_frames_cannot_be_fragmented),
      cmocka_unit_test(test_fragments_make_one_message),
      cmocka_unit_test(test_continuations_belong_to_a_message),
      cmocka_unit_test(test_messages_in_parts_follow_each_other),
  };

  return cmocka_run_group_tests_name("eio/conformance", tests, NULL, NULL);
}
