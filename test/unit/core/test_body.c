/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/body.h"
#include "json/scan.h"

#include <stdlib.h>

static struct core_world w;

static void expect_packet(struct sio__body *body, sio_str nsp,
                          const char *event, bool has_id, const char *want)
{
  const struct sio__buf *packet = &w.server->packet;

  assert_int_equal(
      sio__body_encode(w.server, body, nsp, sio_s(event), has_id, 7), 0);
  assert_int_equal(packet->len, strlen(want));
  assert_memory_equal(packet->data, want, packet->len);
}

static void test_json_becomes_an_event_or_an_answer(void **state)
{
  struct sio__body body = {.kind = BODY_JSON, .json = sio_s("1,[2]")};
  struct sio__body empty = {.kind = BODY_JSON, .json = sio_s(" \t\n")};

  (void)state;
  world_open(&w, NULL);
  expect_packet(&body, sio_s("/"), "e", false, "42[\"e\",1,[2]]");
  expect_packet(&body, sio_s("/"), "e", true, "427[\"e\",1,[2]]");
  expect_packet(&body, sio_s("/b"), "e", false, "42/b,[\"e\",1,[2]]");
  expect_packet(&body, sio_s("/b"), "e", true, "42/b,7[\"e\",1,[2]]");
  expect_packet(&body, sio_s("/"), NULL, true, "437[1,[2]]");
  expect_packet(&body, sio_s("/b"), NULL, true, "43/b,7[1,[2]]");
  expect_packet(&empty, sio_s("/"), "e", false, "42[\"e\"]");
  expect_packet(&empty, sio_s("/"), NULL, true, "437[]");
  assert_int_equal(sio__body_attachments(&body), 0);
  world_close(&w);
}

static void test_a_payload_brings_its_attachments(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  struct sio__body body = {.kind = BODY_PAYLOAD, .payload = payload};
  struct sio__body none = {.kind = BODY_PAYLOAD};
  sio_span bytes = {(const uint8_t *)"ab", 2};

  (void)state;
  world_open(&w, NULL);
  expect_packet(&body, sio_s("/"), "e", false, "42[\"e\"]");
  expect_packet(&none, sio_s("/"), NULL, true, "437[]");
  assert_int_equal(sio__body_attachments(&none), 0);
  sio_payload_bool(payload, true);
  sio_payload_binary(payload, bytes);
  sio_payload_binary(payload, (sio_span){bytes.data, 0});
  assert_int_equal(sio__body_attachments(&body), 2);
  assert_memory_equal(sio__body_attachment(&body, 0).data, "ab", 2);
  assert_int_equal(sio__body_attachment(&body, 1).len, 0);
  expect_packet(&body, sio_s("/b"), "e", true,
                "452-/b,7[\"e\",true,{\"_placeholder\":true,\"num\":0},"
                "{\"_placeholder\":true,\"num\":1}]");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_an_error_is_that_of_the_body(void **state)
{
  sio_payload *payload = sio_payload_new(NULL);
  struct sio__body json = {.kind = BODY_JSON, .json = sio_s("1]")};
  struct sio__body wrong = {.kind = BODY_PAYLOAD, .payload = payload};
  struct sio__body fine = {.kind = BODY_JSON, .json = sio_s("1")};

  (void)state;
  world_open(&w, NULL);
  sio_payload_array_begin(payload);
  assert_int_equal(
      sio__body_encode(w.server, &json, sio_s("/"), sio_s("e"), false, 0),
      SIO_ERR_JSON);
  assert_int_equal(
      sio__body_encode(w.server, &wrong, sio_s("/"), sio_s("e"), false, 0),
      SIO_ERR_STATE);
  assert_int_equal(
      sio__body_encode(w.server, &fine, sio_s("/"), sio_s("\xc0"), false, 0),
      SIO_ERR_UTF8);
  expect_packet(&fine, sio_s("/"), "e", false, "42[\"e\",1]");
  sio_payload_free(payload);
  world_close(&w);
}

static void test_json_that_is_nested_too_deeply_is_refused(void **state)
{
  enum { DEEP = SIO__JSON_MAX_DEPTH };
  char text[2 * DEEP];
  struct sio__body body = {.kind = BODY_JSON};

  (void)state;
  world_open(&w, NULL);
  memset(text, '[', DEEP);
  memset(text + DEEP, ']', DEEP);
  body.json = (sio_str){text, 2 * DEEP}; /* and the array of the packet */
  assert_int_equal(
      sio__body_encode(w.server, &body, sio_s("/"), sio_s("e"), false, 0),
      SIO_ERR_JSON);
  body.json = (sio_str){text + 1, 2 * DEEP - 2};
  assert_int_equal(
      sio__body_encode(w.server, &body, sio_s("/"), sio_s("e"), false, 0), 0);
  world_close(&w);
}

static void test_a_large_packet_does_not_stay_in_memory(void **state)
{
  enum { LARGE = 1000000 };
  char *text = malloc(LARGE);
  struct sio__body body = {.kind = BODY_JSON};
  size_t before;

  (void)state;
  assert_non_null(text);
  world_open(&w, NULL);
  memset(text, ' ', LARGE);
  text[0] = '1';
  before = w.mem->live_bytes;
  body.json = (sio_str){text, LARGE};
  assert_int_equal(
      sio__body_encode(w.server, &body, sio_s("/"), sio_s("e"), false, 0), 0);
  assert_true(w.mem->live_bytes > before + LARGE);
  body.json = sio_s("1");
  expect_packet(&body, sio_s("/"), "e", false, "42[\"e\",1]");
  assert_true(w.mem->live_bytes < before + 100000);
  free(text);
  world_close(&w);
}

static void expect_args(struct sio__body *body, const char *want)
{
  sio_span packet;

  assert_int_equal(
      sio__body_encode(w.server, body, sio_s("/b"), sio_s("e"), true, 7), 0);
  packet.data = w.server->packet.data;
  packet.len = w.server->packet.len;
  assert_int_equal(sio__body_args(body, packet).len, strlen(want));
  assert_memory_equal(sio__body_args(body, packet).data, want, strlen(want));
}

static void test_the_arguments_are_found_in_the_packet(void **state)
{
  struct sio__body some = {.kind = BODY_JSON, .json = sio_s("1,[2]")};
  struct sio__body none = {.kind = BODY_JSON, .json = sio_s(" ")};
  struct sio__body nothing = {.kind = BODY_PAYLOAD};

  (void)state;
  world_open(&w, NULL);
  expect_args(&some, "1,[2]");
  expect_args(&none, "");
  expect_args(&nothing, "");
  world_close(&w);
}

static void encode_twice(const char *format, ...)
{
  struct sio__body body = {.kind = BODY_FORMAT, .format = format};
  va_list list;

  va_start(list, format);
  body.list = &list;
  expect_packet(&body, sio_s("/"), "e", false, "42[\"e\",1,\"x\"]");
  expect_packet(&body, sio_s("/b"), "e", false, "42/b,[\"e\",1,\"x\"]");
  va_end(list);
}

static void test_a_format_may_be_encoded_again(void **state)
{
  (void)state;
  world_open(&w, NULL);
  encode_twice("%d, %s", 1, "x");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_json_becomes_an_event_or_an_answer),
      cmocka_unit_test(test_a_payload_brings_its_attachments),
      cmocka_unit_test(test_an_error_is_that_of_the_body),
      cmocka_unit_test(test_json_that_is_nested_too_deeply_is_refused),
      cmocka_unit_test(test_a_large_packet_does_not_stay_in_memory),
      cmocka_unit_test(test_the_arguments_are_found_in_the_packet),
      cmocka_unit_test(test_a_format_may_be_encoded_again),
  };

  return cmocka_run_group_tests_name("core/body", tests, NULL, NULL);
}
