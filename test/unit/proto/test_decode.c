/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>

#include "proto/decode.h"

#define PAYLOAD  "invalid payload"
#define ILLEGAL  "Illegal attachments"
#define TOO_MANY "too many attachments"
#define TYPE_NAN "unknown packet type NaN"

static const struct sio__packet_limits limits = {.max_attachments = 10,
                                                 .max_depth = 32};

/* A refused input has only `why`.  NULL for `nsp` means "/", for the other
 * texts that they are empty. */
struct row {
  const char *input;
  const char *why;
  enum sio__packet_type type;
  bool has_id;
  uint64_t id;
  const char *event;
  const char *json;
  const char *nsp;
  unsigned attachments;
  bool bare; /* there is no payload at all */
};

static void expect_text(sio_str got, const char *want, const char *input)
{
  if (!sio_str_is(got, want != NULL ? want : ""))
    fail_msg("%s: got \"%.*s\" instead of \"%s\"", input, (int)got.len,
             got.data, want != NULL ? want : "");
}

/* Decodes an exact copy, which the caller frees: the packet points there. */
static char *decode(const char *input, const struct sio__packet_limits *with,
                    struct sio__packet *packet, const char **why,
                    sio_cause *cause, int *rv)
{
  size_t len = strlen(input);
  char *copy = (char *)test_exact(input, len);

  *why = NULL;
  *cause = SIO_CAUSE_NONE;
  *rv = sio__packet_decode(copy, len, with, packet, why, cause);
  return copy;
}

static void expect_refusal(const char *input, const char *want,
                           const struct sio__packet_limits *with)
{
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv;
  char *copy = decode(input, with, &packet, &why, &cause, &rv);

  if (rv != SIO_ERR_JSON || why == NULL || strcmp(why, want) != 0)
    fail_msg("%s: rv %d, \"%s\" instead of \"%s\"", input, rv,
             why != NULL ? why : "", want);
  assert_int_equal(cause, strcmp(want, TOO_MANY) == 0 ? SIO_CAUSE_ATTACHMENTS
                                                      : SIO_CAUSE_PACKET);
  free(copy);
}

static void expect_packet(const struct row *row)
{
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv;
  char *copy = decode(row->input, &limits, &packet, &why, &cause, &rv);

  if (rv != 0)
    fail_msg("%s: refused, %s", row->input, why);
  assert_int_equal(packet.type, row->type);
  assert_int_equal(packet.has_id, row->has_id);
  assert_true(packet.id == row->id);
  assert_int_equal(packet.has_payload, !row->bare);
  assert_int_equal(packet.attachments, row->attachments);
  expect_text(packet.nsp, row->nsp != NULL ? row->nsp : "/", row->input);
  expect_text(packet.event, row->event, row->input);
  expect_text(packet.json, row->json, row->input);
  free(copy);
}

static void expect_rows(const struct row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (rows[i].why != NULL)
      expect_refusal(rows[i].input, rows[i].why, &limits);
    else
      expect_packet(&rows[i]);
  }
}

#define EXPECT(rows) expect_rows((rows), sizeof(rows) / sizeof *(rows))

/* Every row of the decode table (socketio.md, 1.3), in its order. */
static const struct row table[] = {
    {"", .why = TYPE_NAN},
    {" ", .why = TYPE_NAN},
    {"\t", .why = TYPE_NAN},

    {"01", .has_id = true, .id = 1, .bare = true},
    {"017{\"a\":1}", .has_id = true, .id = 17, .json = "{\"a\":1}"},

    {"0null", .why = PAYLOAD},
    {"0[]", .why = PAYLOAD},
    {"0\"x\"", .why = PAYLOAD},
    {"1{}", .why = PAYLOAD},
    {"1null", .why = PAYLOAD},

    {"2", .why = PAYLOAD},
    {"2/a,", .why = PAYLOAD},
    {"51-", .why = PAYLOAD},
    {"21", .why = PAYLOAD},

    {"2[]", .why = PAYLOAD},
    {"2{}", .why = PAYLOAD},
    {"2\"a\"", .why = PAYLOAD},
    {"2[null]", .why = PAYLOAD},
    {"2[true]", .why = PAYLOAD},
    {"2[{}]", .why = PAYLOAD},
    {"2[[]]", .why = PAYLOAD},

    {"2[1,\"a\"]", .type = PACKET_EVENT, .event = "1", .json = "\"a\""},
    {"2[1.5]", .type = PACKET_EVENT, .event = "1.5"},
    {"2[1.0]", .type = PACKET_EVENT, .event = "1"},

    {"2[\"\"]", .type = PACKET_EVENT},
    {"2[\"error\"]", .type = PACKET_EVENT, .event = "error"},
    {"2[\"connection\"]", .type = PACKET_EVENT, .event = "connection"},
    {"2[\"message\"]", .type = PACKET_EVENT, .event = "message"},

    {"3", .type = PACKET_ACK, .bare = true},
    {"3[]", .type = PACKET_ACK},
    {"31", .type = PACKET_ACK, .has_id = true, .id = 1, .bare = true},
    {"31{}", .why = PAYLOAD},

    {"4{}", .type = PACKET_CONNECT_ERROR, .json = "{}"},
    {"4\"x\"", .type = PACKET_CONNECT_ERROR, .json = "\"x\""},

    {"2 [\"a\"]", .why = PAYLOAD},
    {"2\n[\"a\"]", .why = PAYLOAD},

    {"2-1[\"a\"]", .why = PAYLOAD},
    {"2+1[\"a\"]", .why = PAYLOAD},
    {"21.5[\"a\"]", .why = PAYLOAD},
    {"21e3[\"a\"]", .why = PAYLOAD},
    {"2abc[\"a\"]", .why = PAYLOAD},

    {"2007[\"x\"]", .type = PACKET_EVENT, .has_id = true, .id = 7,
     .event = "x"},
    {"299999999999999999999[\"x\"]", .why = PAYLOAD},

    {"5", .why = ILLEGAL},
    {"51", .why = ILLEGAL},
    {"5a-", .why = ILLEGAL},
    {"51.23-", .why = ILLEGAL},
    {"5-[\"a\"]", .why = ILLEGAL},
    {"50-[\"a\"]", .why = ILLEGAL},
    {"5-1-[\"a\"]", .why = ILLEGAL},

    {"51e0-[\"a\"]", .why = ILLEGAL},
    {"50x1-[\"a\"]", .why = ILLEGAL},
    {"5 1-[\"a\"]", .why = ILLEGAL},
    {"5+1-[\"a\"]", .why = ILLEGAL},
    {"51.0-[\"a\"]", .why = ILLEGAL},

    {"511-[\"a\"]", .why = TOO_MANY},

    {"2[\"a\",1]x", .why = PAYLOAD},
    {"2[\"a\"", .why = PAYLOAD},
};

static void test_every_row_of_the_decode_table(void **state)
{
  (void)state;
  EXPECT(table);
}

static void test_an_unknown_type_is_named(void **state)
{
  static const struct row rows[] = {
      {"7", .why = "unknown packet type 7"},
      {"8[\"a\"]", .why = "unknown packet type 8"},
      {"9", .why = "unknown packet type 9"},
      {"abc", .why = TYPE_NAN},
      {"/", .why = TYPE_NAN}, /* one before '0' */
      {":", .why = TYPE_NAN}, /* one after '9' */
      {"-1", .why = TYPE_NAN},
      {"[\"a\"]", .why = TYPE_NAN},
      {"\xc3\xa9", .why = TYPE_NAN},
  };

  (void)state;
  EXPECT(rows);
}

static void test_a_namespace_ends_at_a_comma_or_the_end(void **state)
{
  static const struct row rows[] = {
      {"0", .bare = true},
      {"0/", .bare = true},
      {"0/,", .bare = true},
      {"0/admin", .nsp = "/admin", .bare = true},
      {"0/admin,", .nsp = "/admin", .bare = true},
      {"1/admin", .type = PACKET_DISCONNECT, .nsp = "/admin", .bare = true},
      {"1/b/", .type = PACKET_DISCONNECT, .nsp = "/b/", .bare = true},
      {"0/admin?x=1,", .nsp = "/admin?x=1", .bare = true},
      {"0/admin?x=1,{\"t\":\"a,b\"}", .nsp = "/admin?x=1",
       .json = "{\"t\":\"a,b\"}"},
      {"2/a,[\"x\",1]", .type = PACKET_EVENT, .nsp = "/a", .event = "x",
       .json = "1"},
      {"2/a[\"x\"]", .why = PAYLOAD}, /* all of it is the namespace */
      {"3/a,12[]", .type = PACKET_ACK, .nsp = "/a", .has_id = true, .id = 12},
      {"2,[\"x\"]", .why = PAYLOAD},
      {"2/a,,[\"x\"]", .why = PAYLOAD},
      {"2a/,[\"x\"]", .why = PAYLOAD},
      {"212/a,[\"x\"]", .why = PAYLOAD}, /* the id comes after the namespace */
  };

  (void)state;
  EXPECT(rows);
}

static void test_an_id_has_at_most_nineteen_digits(void **state)
{
  static const struct row rows[] = {
      {"20[\"x\"]", .type = PACKET_EVENT, .has_id = true, .event = "x"},
      {"29999999999999999999[\"x\"]", .type = PACKET_EVENT, .has_id = true,
       .id = 9999999999999999999u, .event = "x"},
      {"20000000000000000001[\"x\"]", .type = PACKET_EVENT, .has_id = true,
       .id = 1, .event = "x"},
      {"200000000000000000001[\"x\"]", .why = PAYLOAD},
      {"100000000000000000001", .why = PAYLOAD}, /* of any type */
      {"000000000000000000001", .why = PAYLOAD},
      {"117", .type = PACKET_DISCONNECT, .has_id = true, .id = 17,
       .bare = true},
      {"39007199254740993[1]", .type = PACKET_ACK, .has_id = true,
       .id = 9007199254740993u, .json = "1"},
  };

  (void)state;
  EXPECT(rows);
}

static void test_a_payload_is_of_the_kind_its_type_asks_for(void **state)
{
  static const struct row rows[] = {
      {"0{}", .json = "{}"},
      {"0{\"token\":\"123\"}", .json = "{\"token\":\"123\"}"},
      {"0{\"a\":1} ", .json = "{\"a\":1}"},
      {"0 {}", .why = PAYLOAD},
      {"0{", .why = PAYLOAD},
      {"0{}{}", .why = PAYLOAD},
      {"01.5", .why = PAYLOAD},
      {"1[]", .why = PAYLOAD},
      {"1\"x\"", .why = PAYLOAD},
      {"1 ", .why = PAYLOAD},
      {"3[1,\"2\",{\"3\":[true]}]", .type = PACKET_ACK,
       .json = "1,\"2\",{\"3\":[true]}"},
      {"3[ ]", .type = PACKET_ACK},
      {"3[ 1 , 2\n] \r\n", .type = PACKET_ACK, .json = "1 , 2"},
      {"3\"x\"", .why = PAYLOAD},
      {"3null", .why = PAYLOAD},
      {"3[1,]", .why = PAYLOAD},
      {"31 []", .why = PAYLOAD},
      {"4", .type = PACKET_CONNECT_ERROR, .bare = true},
      {"4{\"message\":\"m\"}", .type = PACKET_CONNECT_ERROR,
       .json = "{\"message\":\"m\"}"},
      {"4[]", .why = PAYLOAD},
      {"4abc", .why = PAYLOAD},
      {"4true", .why = PAYLOAD},
  };

  (void)state;
  EXPECT(rows);
}

static void test_the_arguments_of_an_event_follow_its_name(void **state)
{
  static const struct row rows[] = {
      {"2[\"a\"]", .type = PACKET_EVENT, .event = "a"},
      {"2[\"a\",1]", .type = PACKET_EVENT, .event = "a", .json = "1"},
      {"2[\"a\",[]]", .type = PACKET_EVENT, .event = "a", .json = "[]"},
      {"2[\"a\",\"]\"]", .type = PACKET_EVENT, .event = "a", .json = "\"]\""},
      {"2[\"message\",1,\"2\",{\"3\":[true]}]", .type = PACKET_EVENT,
       .event = "message", .json = "1,\"2\",{\"3\":[true]}"},
      {"2[ \"a\" , 1 , 2 ] ", .type = PACKET_EVENT, .event = "a",
       .json = "1 , 2"},
      {"2[ \"a\" ]", .type = PACKET_EVENT, .event = "a"},
      {"2[\n\t\"a\"\r\n]\t", .type = PACKET_EVENT, .event = "a"},
      {"2[7 ,8]", .type = PACKET_EVENT, .event = "7", .json = "8"},
      {"2[ ]", .why = PAYLOAD},
      {"2[ null, 1]", .why = PAYLOAD},
      {"2[false]", .why = PAYLOAD},
      {"2[\"a\",]", .why = PAYLOAD},
      {"2[,\"a\"]", .why = PAYLOAD},
      {"2[\"a\" 1]", .why = PAYLOAD},
      {"2[\"a\nb\"]", .why = PAYLOAD},
      {"2[\"a\xff\"]", .why = PAYLOAD},
      {"2[\"a\",\"\xed\xa0\x80\"]", .why = PAYLOAD},
      {"2[\"a\"]]", .why = PAYLOAD},
      {"2[", .why = PAYLOAD},
      {"2[\"", .why = PAYLOAD},
      {"2[\"\\", .why = PAYLOAD},
      {"2[-]", .why = PAYLOAD},
      {"2[01]", .why = PAYLOAD},
  };

  (void)state;
  EXPECT(rows);
}

static void test_escapes_in_a_name_are_resolved(void **state)
{
  static const struct row rows[] = {
      {"2[\"a\\\"b\",1]", .type = PACKET_EVENT, .event = "a\"b", .json = "1"},
      {"2[\"\\u0061\"]", .type = PACKET_EVENT, .event = "a"},
      {"2[\"\\u00e9\\n\\/\",\"\\n\"]", .type = PACKET_EVENT,
       .event = "\xc3\xa9\n/", .json = "\"\\n\""},
      {"2[\"\\ud83d\\ude00\"]", .type = PACKET_EVENT,
       .event = "\xf0\x9f\x98\x80"},
      {"2[\"x\\ud83d\"]", .type = PACKET_EVENT, .event = "x\xef\xbf\xbd"},
      {"2[\"\xc3\xa9\"]", .type = PACKET_EVENT, .event = "\xc3\xa9"},
  };

  (void)state;
  EXPECT(rows);
}

static void test_reserved_names_are_refused_also_when_escaped(void **state)
{
  static const struct row rows[] = {
      {"2[\"connect\"]", .why = PAYLOAD},
      {"2[\"connect_error\",1]", .why = PAYLOAD},
      {"2[\"disconnect\"]", .why = PAYLOAD},
      {"2[\"disconnecting\"]", .why = PAYLOAD},
      {"2[\"newListener\"]", .why = PAYLOAD},
      {"2[\"removeListener\"]", .why = PAYLOAD},
      {"2[\"\\u0063onnect\"]", .why = PAYLOAD},
      {"2[\"disconnec\\u0074\"]", .why = PAYLOAD},
      {"51-[\"connect\",{\"_placeholder\":true,\"num\":0}]", .why = PAYLOAD},
      {"2[\"Connect\"]", .type = PACKET_EVENT, .event = "Connect"},
      {"2[\"connect \"]", .type = PACKET_EVENT, .event = "connect "},
  };

  (void)state;
  EXPECT(rows);
}

static void test_a_numeric_name_is_written_like_javascript_does(void **state)
{
  static const struct row rows[] = {
      {"2[0]", .type = PACKET_EVENT, .event = "0"},
      {"2[-0]", .type = PACKET_EVENT, .event = "0"},
      {"2[-1.50]", .type = PACKET_EVENT, .event = "-1.5"},
      {"2[1e3]", .type = PACKET_EVENT, .event = "1000"},
      {"2[1e21,1]", .type = PACKET_EVENT, .event = "1e+21", .json = "1"},
      {"2[1e-7]", .type = PACKET_EVENT, .event = "1e-7"},
      {"2[-1.2345678901234568e-300]", .type = PACKET_EVENT,
       .event = "-1.2345678901234568e-300"},
      {"2[-0.0000012345678901234567]", .type = PACKET_EVENT,
       .event = "-0.0000012345678901234567"},
      {"2[-123456789012345680000]", .type = PACKET_EVENT,
       .event = "-123456789012345680000"},
      {"2[1e400]", .type = PACKET_EVENT, .event = "Infinity"},
      {"2[-1e400]", .type = PACKET_EVENT, .event = "-Infinity"},
  };

  (void)state;
  EXPECT(rows);
}

static void test_attachments_are_announced_before_the_namespace(void **state)
{
  static const struct row rows[] = {
      {"51-/admin,13[\"test\",{\"_placeholder\":true,\"num\":0}]",
       .type = PACKET_BINARY_EVENT, .nsp = "/admin", .has_id = true, .id = 13,
       .event = "test", .json = "{\"_placeholder\":true,\"num\":0}",
       .attachments = 1},
      {"510-[\"a\"]", .type = PACKET_BINARY_EVENT, .event = "a",
       .attachments = 10},
      {"501-[\"a\"]", .type = PACKET_BINARY_EVENT, .event = "a",
       .attachments = 1},
      {"62-7[1]", .type = PACKET_BINARY_ACK, .has_id = true, .id = 7,
       .json = "1", .attachments = 2},
      {"61-[{\"_placeholder\":true,\"num\":0}]", .type = PACKET_BINARY_ACK,
       .json = "{\"_placeholder\":true,\"num\":0}", .attachments = 1},
      {"61-", .type = PACKET_BINARY_ACK, .attachments = 1, .bare = true},
      {"51-[{\"_placeholder\":true,\"num\":0}]", .why = PAYLOAD},
      {"61-{}", .why = PAYLOAD},
      {"6", .why = ILLEGAL},
      {"6[]", .why = ILLEGAL},
      {"60-[]", .why = ILLEGAL},
      {"500-[\"a\"]", .why = ILLEGAL},
      {"611-[]", .why = TOO_MANY},
      {"511", .why = ILLEGAL}, /* nothing ends the count */
      {"599999999999999999999999999999x-", .why = ILLEGAL},
      {"54294967297-[\"a\"]", .why = TOO_MANY},           /* 2^32 + 1 */
      {"518446744073709551617-[\"a\"]", .why = TOO_MANY}, /* 2^64 + 1 */
      {"51-woooot", .why = PAYLOAD},
  };

  (void)state;
  EXPECT(rows);
}

static void test_the_number_of_attachments_is_configured(void **state)
{
  struct sio__packet_limits with = {.max_attachments = 1, .max_depth = 8};
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv;

  (void)state;
  expect_refusal("52-[\"a\"]", TOO_MANY, &with);
  with.max_attachments = UINT32_MAX;
  free(decode("54294967295-[\"a\"]", &with, &packet, &why, &cause, &rv));
  assert_int_equal(rv, 0);
  assert_true(packet.attachments == UINT32_MAX);
  expect_refusal("54294967296-[\"a\"]", TOO_MANY, &with);
  with.max_attachments = 0;
  expect_refusal("51-[\"a\"]", TOO_MANY, &with);
}

static void test_json_nested_too_deep_is_refused(void **state)
{
  struct sio__packet_limits with = {.max_attachments = 10, .max_depth = 3};
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv;

  (void)state;
  free(decode("2[\"a\",[[]]]", &with, &packet, &why, &cause, &rv));
  assert_int_equal(rv, 0);
  expect_refusal("2[\"a\",[[[]]]]", PAYLOAD, &with);
  expect_refusal("0{\"a\":{\"a\":{\"a\":{}}}}", PAYLOAD, &with);
}

static void test_a_name_may_hold_a_zero_byte(void **state)
{
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
  int rv;
  char *copy;

  (void)state;
  copy = decode("2[\"a\\u0000b\"]", &limits, &packet, &why, &cause, &rv);
  assert_int_equal(rv, 0);
  assert_int_equal(packet.event.len, 3);
  assert_memory_equal(packet.event.data, "a\0b", 3);
  free(copy);
}

static void test_empty_input_needs_no_data(void **state)
{
  struct sio__packet packet;
  const char *why = NULL;
  sio_cause cause = SIO_CAUSE_NONE;

  (void)state;
  assert_int_equal(sio__packet_decode(NULL, 0, &limits, &packet, &why, &cause),
                   SIO_ERR_JSON);
  assert_string_equal(why, TYPE_NAN);
}

static bool is_inside(sio_str s, const char *text, size_t len)
{
  return s.len == 0 || (s.data >= text && s.data + s.len <= text + len);
}

/* Whatever comes in: a refusal with a reason, or a packet that keeps to its
 * rules and to its input. */
static void test_mutilated_packets_never_break_a_rule(void **state)
{
  static const char *const seeds[] = {
      "2[\"message\",1,\"2\",{\"3\":[true]}]",
      "51-/admin,13[\"te\\u0073t\",{\"_placeholder\":true,\"num\":0}]",
      "3/a,12[ 1 , \"x\" ]", "0/b?c=d,{\"a\":{\"b\":null}}", "2[1.5e3,-1]"};
  static const char bytes[] = "0123456789-+.eE,/[]{}\"\\ \n\tau\x80\xc3";
  uint32_t random = 20261121;
  unsigned accepted = 0;

  (void)state;
  for (unsigned run = 0; run < 20000; run++) {
    const char *seed = seeds[run % (sizeof seeds / sizeof *seeds)];
    size_t len = strlen(seed);
    char *text = (char *)test_exact(seed, len);
    struct sio__packet packet;
    const char *why = NULL;
    sio_cause cause = SIO_CAUSE_NONE;

    for (uint32_t n = test_random(&random) % 4; n > 0; n--)
      text[test_random(&random) % len] =
          bytes[test_random(&random) % (sizeof bytes - 1)];
    len -= test_random(&random) % 3;
    if (sio__packet_decode(text, len, &limits, &packet, &why, &cause) == 0) {
      accepted++;
      assert_true(packet.type <= PACKET_BINARY_ACK);
      assert_true(is_inside(packet.json, text, len));
      assert_true(packet.nsp.len > 0 && packet.nsp.data[0] == '/');
      assert_true(packet.attachments <= limits.max_attachments);
      assert_int_equal(packet.attachments > 0,
                       packet.type >= PACKET_BINARY_EVENT);
      assert_false(sio__event_is_reserved(packet.event));
    } else {
      assert_non_null(why);
      assert_int_not_equal(cause, SIO_CAUSE_NONE);
    }
    free(text);
  }
  assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_row_of_the_decode_table),
      cmocka_unit_test(test_an_unknown_type_is_named),
      cmocka_unit_test(test_a_namespace_ends_at_a_comma_or_the_end),
      cmocka_unit_test(test_an_id_has_at_most_nineteen_digits),
      cmocka_unit_test(test_a_payload_is_of_the_kind_its_type_asks_for),
      cmocka_unit_test(test_the_arguments_of_an_event_follow_its_name),
      cmocka_unit_test(test_escapes_in_a_name_are_resolved),
      cmocka_unit_test(test_reserved_names_are_refused_also_when_escaped),
      cmocka_unit_test(test_a_numeric_name_is_written_like_javascript_does),
      cmocka_unit_test(test_attachments_are_announced_before_the_namespace),
      cmocka_unit_test(test_the_number_of_attachments_is_configured),
      cmocka_unit_test(test_json_nested_too_deep_is_refused),
      cmocka_unit_test(test_a_name_may_hold_a_zero_byte),
      cmocka_unit_test(test_empty_input_needs_no_data),
      cmocka_unit_test(test_mutilated_packets_never_break_a_rule),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
