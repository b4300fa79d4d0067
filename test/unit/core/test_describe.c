/* SPDX-License-Identifier: MIT */
/* lib/core/describe.c: a socket as other nodes see it. */
#include "core_world.h"

#include "core/describe.h"

#include <sio/recovery.h>

static struct core_world w;
static struct core_client a;
static sio_payload payload;
static struct sio_document document;

static sio_value describe(void)
{
  sio__payload_init(&payload, &w.mem->allocator, SIO__DESCRIBED_MAX);
  sio__describe(&payload, client_socket(&a, "/"));
  assert_int_equal(sio__payload_check(&payload), 0);
  sio__document_init(&document, (const char *)payload.json.data,
                     payload.json.len, &w.mem->allocator);
  return sio__document_value(&document);
}

static void forget(void)
{
  sio__document_dispose(&document);
  sio__payload_dispose(&payload);
}

static void expect_text(sio_value object, const char *key, const char *want)
{
  sio_str text = sio_value_str(sio_value_member(object, key));

  if (!sio_str_is(text, want))
    fail_msg("%s: %.*s", key, SIO_STR_ARG(text));
}

/* Join with what the client gives as `auth`. */
static void enter(const char *headers, const char *connect)
{
  const char *sid;

  assert_true(client_open_with(&w, &a, headers));
  client_say(&a, connect);
  sid = strstr(client_hear(&a), "\"sid\":\"");
  assert_non_null(sid);
  memcpy(a.sid, sid + 7, CORE_SID_LEN);
}

static void test_all_that_is_known_is_told(void **state)
{
  sio_value all, handshake, headers;
  uint64_t issued;

  (void)state;
  world_open(&w, NULL);
  sio_server_set_unix_time(w.server, 1795254403464);
  enter("X-One: 1\r\nX-Two: a\r\nx-one: 2\r\nX-Raw: \xe9\xff\r\n",
        "40{\"token\":\"abc\"}");
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("\xc3\xa9\"")), 0);
  assert_int_equal(sio_join(client_socket(&a, "/"), sio_s("\xff")), 0);
  assert_int_equal(
      sio_socket_set_data(client_socket(&a, "/"), sio_s("{\"n\": 7}")), 0);
  all = describe();
  expect_text(all, "id", a.sid);
  assert_int_equal(sio_value_count(sio_value_member(all, "rooms")), 3);
  assert_true(
      sio_str_is(sio_value_str(sio_value_at(sio_value_member(all, "rooms"), 1)),
                 "\xc3\xa9\""));
  assert_true(
      sio_str_is(sio_value_json(sio_value_member(all, "data")), "{\"n\": 7}"));
  handshake = sio_value_member(all, "handshake");
  headers = sio_value_member(handshake, "headers");
  expect_text(headers, "host", "test");
  expect_text(headers, "x-one", "1, 2");
  expect_text(headers, "x-two", "a");
  expect_text(headers, "x-raw", "\xc3\xa9\xc3\xbf");
  expect_text(handshake, "url", "/socket.io/?EIO=4&transport=websocket");
  expect_text(handshake, "time",
              "Sat Nov 21 2026 09:46:43 GMT+0000 (Coordinated Universal Time)");
  assert_int_equal(
      sio_value_uint64(sio_value_member(handshake, "issued"), &issued), 0);
  assert_int_equal(issued, 1795254403464);
  assert_true(sio_str_is(sio_value_json(sio_value_member(handshake, "query")),
                         "{\"EIO\":\"4\",\"transport\":\"websocket\"}"));
  assert_true(sio_str_is(sio_value_json(sio_value_member(handshake, "auth")),
                         "{\"token\":\"abc\"}"));
  forget();
  world_close(&w);
}

static void test_what_is_not_set_is_an_empty_object(void **state)
{
  sio_value all;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  all = describe();
  assert_true(sio_str_is(sio_value_json(sio_value_member(all, "data")), "{}"));
  assert_true(sio_str_is(sio_value_json(sio_value_member(
                             sio_value_member(all, "handshake"), "auth")),
                         "{}"));
  forget();
  assert_int_equal(sio_socket_set_data(client_socket(&a, "/"), sio_s("null")),
                   0);
  all = describe();
  assert_true(sio_str_is(sio_value_json(sio_value_member(all, "data")), "{}"));
  forget();
  world_close(&w);
}

static void test_dates_are_those_of_the_calendar(void **state)
{
  static const struct {
    uint64_t ms;
    const char *want;
  } cases[] = {{1, "Thu Jan 01 1970 00:00:00"},
               {951782399999, "Mon Feb 28 2000 23:59:59"},
               {951782400000, "Tue Feb 29 2000 00:00:00"},
               {951868800000, "Wed Mar 01 2000 00:00:00"},
               {4107542400000, "Mon Mar 01 2100 00:00:00"},
               {1735689599000, "Tue Dec 31 2024 23:59:59"}};

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio_str time;

    world_open(&w, NULL);
    sio_server_set_unix_time(w.server, cases[i].ms);
    client_enter(&w, &a);
    time = sio_value_str(
        sio_value_member(sio_value_member(describe(), "handshake"), "time"));
    if (time.len < 24 || memcmp(time.data, cases[i].want, 24) != 0)
      fail_msg("%.*s, not %s", SIO_STR_ARG(time), cases[i].want);
    forget();
    world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_that_is_known_is_told),
      cmocka_unit_test(test_what_is_not_set_is_an_empty_object),
      cmocka_unit_test(test_dates_are_those_of_the_calendar),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
