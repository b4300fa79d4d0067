/* SPDX-License-Identifier: MIT */
/* Websocket conformance, groups 9 and 10: large messages, fragments and pieces
 * of many sizes, limits, many messages. */
#include "conform.h"

#include <stdlib.h>

enum { KIB = 1024, MIB = 1024 * KIB, LARGEST = 4 * MIB };

static struct conform c;

static void allow_megabytes(sio_server_options *options)
{
  options->max_payload = LARGEST;
}

/* ---- 9.1 and 9.2: large messages ---- */

static void test_large_messages_come_back(void **state)
{
  static const size_t sizes[] = {64 * KIB, 256 * KIB, MIB, LARGEST};
  char *text = conform_long_text(LARGEST);

  (void)state;
  conform_start(&c, "group 9, large messages", allow_megabytes);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    conform_echo(&c, i % 2 != 0 ? TEXT : BINARY, text, sizes[i]);
    conform_goodbye(&c);
    conform_run(&c, "one of", sizes[i]);
  }
  conform_stop(&c, 4);
  free(text);
}

/* ---- 9.3 and 9.4: in fragments ---- */

static void test_large_messages_in_fragments_come_back(void **state)
{
  static const size_t parts[] = {64,       256,      KIB,       4 * KIB,
                                 16 * KIB, 64 * KIB, 256 * KIB, MIB};
  char *text = conform_long_text(MIB);

  (void)state;
  conform_start(&c, "group 9, large messages in fragments", allow_megabytes);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    uint8_t first = i % 2 != 0 ? TEXT : BINARY;
    size_t len = parts[i] < KIB ? 256 * KIB : MIB;

    conform_say_parts(&c, first, text, len, parts[i]);
    conform_hear(&c, first, text, len);
    conform_goodbye(&c);
    conform_run(&c, "in fragments of", parts[i]);
  }
  conform_stop(&c, 8);
  free(text);
}

/* ---- 9.5 and 9.6: in pieces of the transport ---- */

static void test_large_messages_in_pieces_come_back(void **state)
{
  static const int pieces[] = {64, 128, 256, 512, 1024, 2048, 4096, 65536};
  char *text = conform_long_text(256 * KIB);

  (void)state;
  conform_start(&c, "group 9, large messages in pieces", allow_megabytes);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    c.extra_piece = pieces[i];
    conform_echo(&c, i % 2 != 0 ? TEXT : BINARY, text, 256 * KIB);
    conform_goodbye(&c);
    conform_run(&c, "in pieces of", (size_t)pieces[i]);
  }
  conform_stop(&c, 8);
  free(text);
}

/* ---- 9.7 and 9.8: many messages ---- */

static void test_many_messages_come_back_in_order(void **state)
{
  static const size_t sizes[] = {1, 16, 64, 256, KIB, 4 * KIB, 16 * KIB};
  char *text = conform_long_text(16 * KIB + 1000);

  (void)state;
  conform_start(&c, "group 9, many messages", allow_megabytes);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t many = sizes[i] <= KIB ? 1000 : 50;

    for (size_t k = 0; k < many; k++) {
      if (k % 3 == 0)
        conform_echo(&c, BINARY, text + k, sizes[i]);
      else
        conform_echo(&c, TEXT, text, sizes[i]);
    }
    conform_goodbye(&c);
    conform_run(&c, "many of", sizes[i]);
  }
  conform_stop(&c, 7);
  free(text);
}

/* ---- 10: automatic fragmentation ---- */

static void test_a_client_that_fragments_all_it_sends(void **state)
{
  static const size_t parts[] = {1300, 1299, 127, 126, 125, 65535};
  char *text = conform_long_text(65536);

  (void)state;
  conform_start(&c, "group 10, automatic fragmentation", NULL);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    for (unsigned k = 0; k < 2; k++) {
      uint8_t first = k == 0 ? TEXT : BINARY;

      conform_say_parts(&c, first, text, 65536, parts[i]);
      conform_hear(&c, first, text, 65536);
      conform_goodbye(&c);
      conform_run(&c, "65536 bytes in parts of", parts[i]);
    }
  }
  conform_stop(&c, 12);
  free(text);
}

/* ---- Limits ---- */

static void one_kilobyte(sio_server_options *options)
{
  options->max_payload = KIB;
  options->max_fragments = 10;
}

static void test_messages_may_be_as_large_as_the_limit(void **state)
{
  static const uint8_t firsts[] = {TEXT, BINARY};
  char *text = conform_long_text(KIB + 1);

  (void)state;
  conform_start(&c, "limits, bytes", one_kilobyte);
  for (size_t i = 0; i < 2; i++) {
    conform_echo(&c, firsts[i], text, KIB);
    conform_goodbye(&c);
    conform_run(&c, "as large", KIB);
    conform_say(&c, firsts[i], text, KIB + 1);
    conform_fails(&c, 1009);
    conform_run(&c, "larger", KIB + 1);
    for (size_t part = 103; part <= KIB; part += 307) {
      conform_say_parts(&c, firsts[i], text, KIB, part);
      conform_hear(&c, firsts[i], text, KIB);
      conform_goodbye(&c);
      conform_run(&c, "as large, in parts of", part);
      conform_say_parts(&c, firsts[i], text, KIB + 1, part);
      conform_fails(&c, 1009);
      conform_run(&c, "larger, in parts of", part);
    }
  }
  conform_stop(&c, 12);
  free(text);
}

static void test_messages_may_have_as_many_fragments_as_the_limit(void **state)
{
  (void)state;
  conform_start(&c, "limits, fragments", one_kilobyte);
  conform_say_parts(&c, TEXT, "4234567890", 10, 1);
  conform_hear(&c, TEXT, "4234567890", 10);
  conform_say_parts(&c, TEXT, "4234567890", 10, 1); /* counts anew */
  conform_hear(&c, TEXT, "4234567890", 10);
  conform_goodbye(&c);
  conform_run(&c, "fragments", 10);
  conform_say_parts(&c, TEXT, "42345678901", 11, 1);
  conform_fails(&c, 1008);
  conform_run(&c, "fragments", 11);
  conform_say(&c, BINARY_PART, "", 0); /* empty ones count, too */
  for (int i = 0; i < 10; i++)
    conform_say(&c, CONTINUED, "", 0);
  conform_fails(&c, 1008);
  conform_run(&c, "empty fragments", 11);
  conform_stop(&c, 3);
}

/* A length says nothing yet: no byte of the payload has to arrive. */
static void test_lengths_are_judged_from_the_header(void **state)
{
  static const struct {
    uint8_t length[8];
    uint16_t code;
  } cases[] = {
      {{0, 0, 0, 0, 0, 0, 4, 1}, 1009},
      {{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}, 1009},
      {{0, 0, 0, 0, 0x80, 0, 0, 0}, 1009},
      {{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, 1009},
      {{0, 0, 0, 1, 0, 0, 0, 0}, 1009},
      {{0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1009},
      {{0, 0x20, 0, 0, 0, 0, 0, 0}, 1009},
      {{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1009},
      {{0x80, 0, 0, 0, 0, 0, 0, 0}, 1002},
      {{0x80, 0, 0, 0, 0, 0, 0, 1}, 1002},
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1002},
  };

  (void)state;
  conform_start(&c, "limits, announced lengths", one_kilobyte);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t head[14] = {BINARY, 0xff};

    memcpy(head + 2, cases[i].length, 8);
    conform_raw(&c, head, sizeof head);
    conform_fails(&c, cases[i].code);
    conform_run(&c, "alone", i);
    conform_say(&c, BINARY_PART, "one", 3);
    head[0] = FIN; /* the sum must not wrap around */
    conform_raw(&c, head, sizeof head);
    conform_fails(&c, cases[i].code);
    conform_run(&c, "as a continuation", i);
  }
  conform_stop(&c, 22);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_large_messages_come_back),
      cmocka_unit_test(test_large_messages_in_fragments_come_back),
      cmocka_unit_test(test_large_messages_in_pieces_come_back),
      cmocka_unit_test(test_many_messages_come_back_in_order),
      cmocka_unit_test(test_a_client_that_fragments_all_it_sends),
      cmocka_unit_test(test_messages_may_be_as_large_as_the_limit),
      cmocka_unit_test(test_messages_may_have_as_many_fragments_as_the_limit),
      cmocka_unit_test(test_lengths_are_judged_from_the_header),
  };

  return cmocka_run_group_tests_name("eio/conformance_size", tests, NULL, NULL);
}
