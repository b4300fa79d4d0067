/* SPDX-License-Identifier: MIT */
#include "msgpack_bytes.h"

#include "base/mem.h"
#include "json/read.h"
#include "proto/msgpack.h"

#define PLACE(num)  "{\"_placeholder\":true,\"num\":" num "}"
#define HEAD(type)  "a4'type' " type " a3'nsp' a1'/' "
#define EVENT(data) "83 " HEAD("02") "a4'data' " data

#define PAYLOAD "invalid payload"
#define PARSE   "Could not parse"

static const struct sio__packet_limits limits = {.max_attachments = 3,
                                                 .max_depth = 8};

/* A decoded message and what it points to. */
struct decoded {
  int rv;
  uint8_t *bytes;
  struct sio__msgpack_in in;
  struct sio__packet packet;
  const char *why;
  sio_cause cause;
};

static void decode_bytes(struct decoded *d, const uint8_t *bytes, size_t len)
{
  memset(d, 0, sizeof *d);
  d->bytes = test_exact(bytes, len);
  sio__msgpack_in_init(&d->in, &sio__mem_default);
  d->rv = sio__msgpack_decode(d->bytes, len, &limits, &d->in, &d->packet,
                              &d->why, &d->cause);
}

static void decode(struct decoded *d, const char *text)
{
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);

  decode_bytes(d, bytes, len);
  free(bytes);
}

static void dispose(struct decoded *d)
{
  sio__msgpack_in_dispose(&d->in);
  free(d->bytes);
}

static void expect_text(sio_str got, const char *want, const char *input)
{
  if (!sio_str_is(got, want != NULL ? want : ""))
    fail_msg("%s: got \"%.*s\" instead of \"%s\"", input, (int)got.len,
             got.data, want != NULL ? want : "");
}

static void expect_refusal(const char *input, const char *why)
{
  struct decoded d;

  decode(&d, input);
  if (d.rv != SIO_ERR_JSON || d.why == NULL || strcmp(d.why, why) != 0)
    fail_msg("%s: rv %d, \"%s\" instead of \"%s\"", input, d.rv,
             d.why != NULL ? d.why : "", why);
  assert_int_equal(d.cause, strcmp(why, "too many attachments") == 0
                                ? SIO_CAUSE_ATTACHMENTS
                                : SIO_CAUSE_PACKET);
  dispose(&d);
}

struct row {
  const char *bytes;
  const char *why; /* NULL: it is accepted */
  enum sio__packet_type type;
  bool has_id;
  uint64_t id;
  const char *event;
  const char *json;
  const char *nsp; /* NULL: "/" */
  unsigned attachments;
  bool bare; /* without payload */
};

static void expect_packet(const struct row *row)
{
  struct decoded d;

  decode(&d, row->bytes);
  if (d.rv != 0)
    fail_msg("%s: refused, %s", row->bytes, d.why);
  assert_int_equal(d.packet.type, row->type);
  assert_int_equal(d.packet.has_id, row->has_id);
  assert_true(d.packet.id == row->id);
  assert_int_equal(d.packet.has_payload, !row->bare);
  assert_int_equal(d.packet.attachments, row->attachments);
  expect_text(d.packet.nsp, row->nsp != NULL ? row->nsp : "/", row->bytes);
  expect_text(d.packet.event, row->event, row->bytes);
  expect_text(d.packet.json, row->json, row->bytes);
  dispose(&d);
}

static void expect_rows(const struct row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (rows[i].why != NULL)
      expect_refusal(rows[i].bytes, rows[i].why);
    else
      expect_packet(&rows[i]);
  }
}

#define EXPECT(rows) expect_rows((rows), sizeof(rows) / sizeof *(rows))

/* ---- Decoding ---- */

static void test_each_type_is_decoded(void **state)
{
  static const struct row rows[] = {
      {EVENT("92 a5'hello' a3'you'"), .type = PACKET_EVENT, .event = "hello",
       .json = "\"you\""},
      {"82 " HEAD("00"), .type = PACKET_CONNECT, .bare = true},
      {"83 " HEAD("00") "a4'data' d4 00 00", .type = PACKET_CONNECT,
       .bare = true},
      {"83 " HEAD("00") "a4'data' 81 a1't' a1'x'", .type = PACKET_CONNECT,
       .json = "{\"t\":\"x\"}"},
      {"82 " HEAD("01"), .type = PACKET_DISCONNECT, .bare = true},
      {"83 " HEAD("01") "a4'data' d4 00 00", .type = PACKET_DISCONNECT,
       .bare = true},
      {"84 " HEAD("02") "a4'data' 91 a1'e' a2'id' 0d", .type = PACKET_EVENT,
       .event = "e", .has_id = true, .id = 13},
      {"84 " HEAD("03") "a4'data' 92 01 90 a2'id' 00", .type = PACKET_ACK,
       .json = "1,[]", .has_id = true},
      {"84 " HEAD("03") "a4'data' 90 a2'id' cf ffffffffffffffff",
       .type = PACKET_ACK, .has_id = true, .id = UINT64_MAX},
      {"83 " HEAD("04") "a4'data' a1'x'", .type = PACKET_CONNECT_ERROR,
       .json = "\"x\""},
      {"83 " HEAD("04") "a4'data' 80", .type = PACKET_CONNECT_ERROR,
       .json = "{}"},
  };

  (void)state;
  EXPECT(rows);
}

static void test_keys_come_in_any_order_with_others_among_them(void **state)
{
  static const struct row rows[] = {
      {"85 a2'id' 01 a4'data' 91 a1'e' a7'options' 81 a8'compress' c3 "
       "a3'nsp' a6'/admin' a4'type' 02",
       .type = PACKET_EVENT, .event = "e", .nsp = "/admin", .has_id = true,
       .id = 1},
      {"84 " HEAD("02") "a4'data' 91 a1'e' a2'id' d4 00 00",
       .type = PACKET_EVENT, .event = "e"},
      {"83 a4'type' cb 4000000000000000 a3'nsp' d9 01'/' a4'data' 91 a1'e'",
       .type = PACKET_EVENT, .event = "e"},
      {"de 0003 " HEAD("02") "a4'data' dc 0001 a1'e'", .type = PACKET_EVENT,
       .event = "e"},
      {"85 " HEAD("02") "a4'data' 91 a1'e' 90 01 a4'type' 03",
       .type = PACKET_ACK, .json = "\"e\""},
      {"82 a4'type' 00 a3'nsp' a0", .type = PACKET_CONNECT, .nsp = "",
       .bare = true},
      {"83 a4'type' 00 a3'nsp' a1'x' a1 ff c1", .why = PARSE},
  };

  (void)state;
  EXPECT(rows);
}

static void test_what_is_no_packet_is_refused(void **state)
{
  static const struct row rows[] = {
      {"", .why = PARSE},
      {"c1", .why = PARSE},
      {"83 " HEAD("02"), .why = PARSE},
      {"82 " HEAD("00") "00", .why = "trailing bytes"},
      {"82 " HEAD("00") "c1", .why = "trailing bytes"},
      {"c0", .why = "invalid packet type"},
      {"93 01 02 03", .why = "invalid packet type"},
      {"91 01 02", .why = "trailing bytes"},
      {"91 c1", .why = PARSE},
      {"80", .why = "invalid packet type"},
      {"81 a3'nsp' a1'/'", .why = "invalid packet type"},
      {"82 " HEAD("05"), .why = "invalid packet type"},
      {"82 " HEAD("ff"), .why = "invalid packet type"},
      {"82 " HEAD("c0"), .why = "invalid packet type"},
      {"82 " HEAD("a1'0'"), .why = "invalid packet type"},
      {"82 " HEAD("cb 3ff8000000000000"), .why = "invalid packet type"},
      {"82 " HEAD("cb 7ff8000000000000"), .why = "invalid packet type"},
      {"82 " HEAD("cf 0000000100000000"), .why = "invalid packet type"},
      {"81 a4'type' 00", .why = "invalid namespace"},
      {"82 a4'type' 00 a3'nsp' c0", .why = "invalid namespace"},
      {"82 a4'type' 00 a3'nsp' c4 01'/'", .why = "invalid namespace"},
      {"82 a4'type' 00 a3'nsp' a2'/' ff", .why = "invalid namespace"},
      {"84 " HEAD("03") "a4'data' 90 a2'id' c0", .why = "invalid packet id"},
      {"84 " HEAD("03") "a4'data' 90 a2'id' ff", .why = "invalid packet id"},
      {"84 " HEAD("03") "a4'data' 90 a2'id' a1'1'", .why = "invalid packet id"},
      {"84 " HEAD("03") "a4'data' 90 a2'id' ca 3fc00000",
       .why = "invalid packet id"},
      {"84 " HEAD("03") "a4'data' 90 a2'id' cb 43f0000000000000",
       .why = "invalid packet id"},
  };

  (void)state;
  EXPECT(rows);
}

static void test_payloads_must_fit_their_type(void **state)
{
  static const struct row rows[] = {
      {"83 " HEAD("00") "a4'data' c0", .why = PAYLOAD},
      {"83 " HEAD("00") "a4'data' 90", .why = PAYLOAD},
      {"83 " HEAD("00") "a4'data' a1'x'", .why = PAYLOAD},
      {"83 " HEAD("01") "a4'data' 80", .why = PAYLOAD},
      {"83 " HEAD("01") "a4'data' c0", .why = PAYLOAD},
      {"82 " HEAD("04"), .why = PAYLOAD},
      {"83 " HEAD("04") "a4'data' 90", .why = PAYLOAD},
      {"82 " HEAD("02"), .why = PAYLOAD},
      {"82 " HEAD("03"), .why = PAYLOAD},
      {"83 " HEAD("03") "a4'data' 80", .why = PAYLOAD},
      {EVENT("80"), .why = PAYLOAD},
      {EVENT("d4 00 00"), .why = PAYLOAD},
      {EVENT("c4 00"), .why = PAYLOAD},
      {EVENT("90"), .why = PAYLOAD},
      {EVENT("92 a1'e' a1 ff"), .why = PAYLOAD},
      {EVENT("92 a1'e' 919191919191 90"), .type = PACKET_EVENT, .event = "e",
       .json = "[[[[[[[]]]]]]]"},
      {EVENT("92 a1'e' 91919191919191 90"), .why = PAYLOAD},
  };

  (void)state;
  EXPECT(rows);
}

static void test_names_of_events_follow_the_rules_for_text(void **state)
{
  static const struct row rows[] = {
      {EVENT("91 a0"), .type = PACKET_EVENT},
      {EVENT("91 a5'error'"), .type = PACKET_EVENT, .event = "error"},
      {EVENT("91 a2'\"' 0a"), .type = PACKET_EVENT, .event = "\"\n"},
      {EVENT("92 01 a1'a'"), .type = PACKET_EVENT, .event = "1",
       .json = "\"a\""},
      {EVENT("91 ff"), .type = PACKET_EVENT, .event = "-1"},
      {EVENT("91 ca 3fc00000"), .type = PACKET_EVENT, .event = "1.5"},
      {EVENT("91 cb 3ff0000000000000"), .type = PACKET_EVENT, .event = "1"},
      {EVENT("91 cf ffffffffffffffff"), .type = PACKET_EVENT,
       .event = "18446744073709552000"},
      {EVENT("91 cb 7ff0000000000000"), .why = PAYLOAD},
      {EVENT("91 cb 7ff8000000000000"), .why = PAYLOAD},
      {EVENT("91 a7'connect'"), .why = PAYLOAD},
      {EVENT("91 ad'connect_error'"), .why = PAYLOAD},
      {EVENT("91 aa'disconnect'"), .why = PAYLOAD},
      {EVENT("91 ad'disconnecting'"), .why = PAYLOAD},
      {EVENT("91 ab'newListener'"), .why = PAYLOAD},
      {EVENT("91 ae'removeListener'"), .why = PAYLOAD},
      {EVENT("91 a1 ff"), .why = PAYLOAD},
      {EVENT("91 c0"), .why = PAYLOAD},
      {EVENT("91 c3"), .why = PAYLOAD},
      {EVENT("91 80"), .why = PAYLOAD},
      {EVENT("91 90"), .why = PAYLOAD},
      {EVENT("91 c4 01'e'"), .why = PAYLOAD},
      {EVENT("91 d4 00 00"), .why = PAYLOAD},
      {EVENT("91 d7 00 0000000000000000"), .why = PAYLOAD},
  };

  (void)state;
  EXPECT(rows);
}

static void test_attachments_come_within_the_packet(void **state)
{
  static const struct row rows[] = {
      {EVENT("93 a1'e' c4 01'x' 81 a1'a' c7 02 00'yz'"), .type = PACKET_EVENT,
       .event = "e", .json = PLACE("0") ",{\"a\":" PLACE("1") "}",
       .attachments = 2},
      {"84 " HEAD("03") "a4'data' 91 c4 00 a2'id' 07", .type = PACKET_ACK,
       .json = PLACE("0"), .attachments = 1, .has_id = true, .id = 7},
      {"83 " HEAD("00") "a4'data' 81 a1'k' c4 01'x'", .type = PACKET_CONNECT,
       .json = "{\"k\":" PLACE("0") "}", .attachments = 1},
      {EVENT("94 a1'e' c4 00 c4 00 c4 00"), .type = PACKET_EVENT, .event = "e",
       .json = PLACE("0") "," PLACE("1") "," PLACE("2"), .attachments = 3},
      {EVENT("95 a1'e' c4 00 c4 00 c4 00 c4 00"),
       .why = "too many attachments"},
      /* what is not the payload does not count */
      {"84 " HEAD("02") "a1'x' 94 c4 00 c4 00 c4 00 c4 00 a4'data' 91 a1'e'",
       .type = PACKET_EVENT, .event = "e"},
      {EVENT("92 a1'e' 82 ac'_placeholder' c3 a3'num' 00"),
       .type = PACKET_EVENT, .event = "e",
       .json = "{\"\\u005fplaceholder\":true,\"num\":0}"},
  };
  struct decoded d;

  (void)state;
  EXPECT(rows);
  decode(&d, rows[0].bytes);
  assert_memory_equal(d.in.attachments[0].data, "x", 1);
  assert_int_equal(d.in.attachments[1].len, 2);
  assert_memory_equal(d.in.attachments[1].data, "yz", 2);
  dispose(&d);
}

static void test_a_packet_has_twenty_keys_at_most(void **state)
{
  uint8_t bytes[128];
  struct decoded d;
  size_t len = 3;

  (void)state;
  memcpy(bytes, "\xde\x00\x14", len);
  memcpy(bytes + len, "\xa4type\x01\xa3nsp\xa1/", 12);
  len += 12;
  for (int i = 2; i < 21; i++) {
    bytes[len++] = 0x01;
    bytes[len++] = 0xc0;
  }
  decode_bytes(&d, bytes, len - 2);
  assert_int_equal(d.rv, 0);
  assert_int_equal(d.packet.type, PACKET_DISCONNECT);
  dispose(&d);
  bytes[2]++;
  decode_bytes(&d, bytes, len);
  assert_int_equal(d.rv, SIO_ERR_JSON);
  assert_string_equal(d.why, "too many keys");
  dispose(&d);
}

static void test_every_truncation_is_refused(void **state)
{
  static const char text[] =
      "85 a4'type' 02 a3'nsp' a2'/a' a4'data' 95 a1'e' c5 0002'xy' "
      "82 a1'k' cb 3fb999999999999a d9 01'l' d7 00 0000000000000005 "
      "dc 0001 cd 0100 c7 01 05 09 a2'id' ce 00010000 a7'options' 81 "
      "a8'compress' c3";
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);

  (void)state;
  for (size_t n = 0; n <= len; n++) {
    struct decoded d;

    decode_bytes(&d, bytes, n);
    if (n < len)
      assert_string_equal(d.why, PARSE);
    else
      assert_int_equal(d.rv, 0);
    dispose(&d);
  }
  free(bytes);
}

/* Whatever replaces a byte, the result is a packet or an error, and JSON. */
static void test_every_byte_may_be_replaced(void **state)
{
  static const char text[] =
      "84 " HEAD("02") "a4'data' 94 a1'e' c4 01'x' 81 "
                       "a1'k' ca 00000000 91 a1'v' a2'id' cc 80";
  size_t len;
  uint8_t *bytes = bytes_of(text, &len);
  unsigned good = 0;

  (void)state;
  for (size_t i = 0; i < len; i++) {
    for (unsigned value = 0; value < 256; value++) {
      uint8_t was = bytes[i];
      struct decoded d;

      bytes[i] = (uint8_t)value;
      decode_bytes(&d, bytes, len);
      bytes[i] = was;
      assert_true(d.rv == 0 || (d.rv == SIO_ERR_JSON && d.why != NULL));
      if (d.rv == 0 && d.packet.has_payload) {
        good++;
        assert_true(d.packet.json.data >= (char *)d.in.text.data);
        assert_true(d.packet.json.len <= d.in.text.len);
      }
      dispose(&d);
    }
  }
  assert_true(good > len);
  free(bytes);
}

/* ---- Encoding ---- */

static void encode(struct sio__buf *out, enum sio__packet_type type,
                   const char *nsp, int id, const char *json)
{
  static const sio_span bytes = {(const uint8_t *)"xy", 2};

  sio__buf_init(out, &sio__mem_default, SIZE_MAX);
  sio__msgpack_encode(out, type, sio_s(nsp), id >= 0, (uint64_t)id, sio_s(json),
                      &bytes, 1);
  assert_int_equal(out->error, 0);
}

static void test_packets_are_encoded(void **state)
{
  static const struct {
    enum sio__packet_type type;
    const char *nsp;
    int id;
    const char *json;
    const char *bytes;
  } rows[] = {
      {PACKET_EVENT, "/", -1, "[\"hello\",\"you\"]",
       EVENT("92 a5'hello' a3'you'")},
      {PACKET_EVENT, NULL, -1, "[1]", EVENT("91 01")},
      {PACKET_DISCONNECT, "/a", -1, NULL, "82 a4'type' 01 a3'nsp' a2'/a'"},
      {PACKET_CONNECT, "/", -1, "{\"sid\":\"S\"}",
       "83 " HEAD("00") "a4'data' 81 a3'sid' a1'S'"},
      {PACKET_CONNECT_ERROR, "/", -1, "{\"message\":\"M\"}",
       "83 " HEAD("04") "a4'data' 81 a7'message' a1'M'"},
      {PACKET_ACK, "/", 0, "[]", "84 " HEAD("03") "a4'data' 90 a2'id' 00"},
      {PACKET_EVENT, "/", 300, "[\"e\"]",
       "84 " HEAD("02") "a4'data' 91 a1'e' a2'id' cd 012c"},
      {PACKET_BINARY_EVENT, "/", -1, "[\"e\"," PLACE("0") "]",
       EVENT("92 a1'e' c4 02'xy'")},
      {PACKET_BINARY_ACK, "/", 1, "[" PLACE("0") "]",
       "84 " HEAD("03") "a4'data' 91 c4 02'xy' a2'id' 01"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sio__buf out;

    encode(&out, rows[i].type, rows[i].nsp, rows[i].id, rows[i].json);
    expect_bytes(out.data, out.len, rows[i].bytes, rows[i].bytes);
    sio__buf_dispose(&out);
  }
}

/* ---- Both ---- */

/* What a client sends is passed on as it was, bytes and all. */
static void test_a_packet_can_be_passed_on(void **state)
{
  static const char text[] =
      "84 " HEAD("03") "a4'data' 93 c4 02'ab' 82 ac'_placeholder' c3 a3'num' "
                       "00 91 c4 00 a2'id' 09";
  struct decoded d;
  struct sio__buf json, out;

  (void)state;
  decode(&d, text);
  assert_int_equal(d.rv, 0);
  sio__buf_init(&json, &sio__mem_default, SIZE_MAX);
  sio__buf_init(&out, &sio__mem_default, SIZE_MAX);
  sio__buf_byte(&json, '[');
  sio__buf_append(&json, d.packet.json.data, d.packet.json.len);
  sio__buf_byte(&json, ']');
  sio__msgpack_encode(&out, PACKET_ACK, d.packet.nsp, true, d.packet.id,
                      (sio_str){(char *)json.data, json.len}, d.in.attachments,
                      d.packet.attachments);
  assert_int_equal(out.error, 0);
  expect_bytes(out.data, out.len, text, text);
  sio__buf_dispose(&json);
  sio__buf_dispose(&out);
  dispose(&d);
}

static void test_only_bytes_are_read_as_attachments(void **state)
{
  struct decoded d;
  struct sio_document document;
  sio_value array;
  bool mark;

  (void)state;
  decode(&d, "83 " HEAD("00") "a4'data' 81 a1'a' 92 82 ac'_placeholder' c3 "
                              "a3'num' 07 c4 00");
  assert_int_equal(d.rv, 0);
  sio__document_init(&document, d.packet.json.data, d.packet.json.len,
                     &sio__mem_default);
  document.attachments = d.in.attachments;
  document.n_attachments = d.packet.attachments;
  assert_int_equal(sio__document_check_placeholders(&document), 0);
  array = sio_value_member(sio__document_value(&document), "a");
  assert_int_equal(sio_value_type(sio_value_at(array, 0)), SIO_OBJECT);
  assert_int_equal(sio_value_type(sio_value_at(array, 1)), SIO_BINARY);
  assert_int_equal(
      sio_value_bool(sio_value_member(sio_value_at(array, 0), "_placeholder"),
                     &mark),
      0);
  assert_true(mark);
  sio__document_dispose(&document);
  dispose(&d);
}

/* ---- Memory ---- */

static void run_out(struct test_mem *mem, void *user)
{
  static const sio_span bytes[] = {{(const uint8_t *)"a", 1}};
  static const char json[] = "[\"e\"," PLACE("0") ",{\"key\":[[],\"\\n\"]}]";
  struct sio__msgpack_in in;
  struct sio__packet packet;
  struct sio__buf out;
  const char *why = NULL;
  sio_cause cause = SIO_CAUSE_NONE;
  int rv = SIO_ERR_NOMEM;

  (void)user;
  sio__buf_init(&out, &mem->allocator, SIZE_MAX);
  sio__msgpack_in_init(&in, &mem->allocator);
  sio__msgpack_encode(&out, PACKET_EVENT, sio_s("/"), true, 1, sio_s(json),
                      bytes, 1);
  if (out.error == 0)
    rv = sio__msgpack_decode(out.data, out.len, &limits, &in, &packet, &why,
                             &cause);
  assert_int_equal(rv, mem->fired ? SIO_ERR_NOMEM : 0);
  assert_null(why);
  sio__msgpack_in_dispose(&in);
  sio__buf_dispose(&out);
}

static void test_running_out_of_memory_is_told(void **state)
{
  (void)state;
  assert_true(test_every_allocation(run_out, NULL) > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_type_is_decoded),
      cmocka_unit_test(test_keys_come_in_any_order_with_others_among_them),
      cmocka_unit_test(test_what_is_no_packet_is_refused),
      cmocka_unit_test(test_payloads_must_fit_their_type),
      cmocka_unit_test(test_names_of_events_follow_the_rules_for_text),
      cmocka_unit_test(test_attachments_come_within_the_packet),
      cmocka_unit_test(test_a_packet_has_twenty_keys_at_most),
      cmocka_unit_test(test_every_truncation_is_refused),
      cmocka_unit_test(test_every_byte_may_be_replaced),
      cmocka_unit_test(test_packets_are_encoded),
      cmocka_unit_test(test_a_packet_can_be_passed_on),
      cmocka_unit_test(test_only_bytes_are_read_as_attachments),
      cmocka_unit_test(test_running_out_of_memory_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
