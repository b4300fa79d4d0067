/* SPDX-License-Identifier: MIT */
/* How much a client may say to join (max_auth_bytes): by whatever parser and
 * protocol it says it. */
#include "msgpack_world.h"

#include <stdlib.h>

#define TOO_LARGE "{\"message\":\"Auth payload too large\"}"

enum { LIMIT = 100 };

static sio_server_options options;
static unsigned n_asked;

static void count_one(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  n_asked++;
  assert_int_equal(sio_next_ok(next), 0);
}

static void open_limited(void)
{
  options.max_auth_bytes = LIMIT;
  world_open(&w, &options);
  world_echo(w.root);
  assert_int_equal(sio_use(w.root, count_one, NULL), 0);
  n_asked = 0;
}

/* A CONNECT whose payload, {"t":"xx..."}, is so long. */
static void say_auth(const char *nsp, size_t len)
{
  char packet[256], fill[256];

  memset(fill, 'x', sizeof fill);
  snprintf(packet, sizeof packet, "40%s{\"t\":\"%.*s\"}", nsp, (int)len - 8,
           fill);
  client_say(&c, packet);
}

static uint64_t refused(void)
{
  return sio_server_cause_count(w.server, SIO_CAUSE_AUTH_SIZE);
}

static void test_a_payload_of_the_limit_is_taken(void **state)
{
  sio_value auth;

  (void)state;
  world_options(&w, &options);
  open_limited();
  assert_true(client_open(&w, &c));
  say_auth("", LIMIT);
  assert_memory_equal(client_hear(&c), "40{\"sid\":\"", 10);
  memcpy(c.sid, c.heard + 10, CORE_SID_LEN);
  auth = sio_socket_auth(client_socket(&c, "/"));
  assert_int_equal(sio_value_json(auth).len, LIMIT);
  assert_int_equal(refused(), 0);
  world_close(&w);
}

static void test_a_larger_one_is_refused_and_the_client_stays(void **state)
{
  (void)state;
  world_options(&w, &options);
  open_limited();
  assert_true(client_open(&w, &c));
  say_auth("", LIMIT + 1);
  assert_hears(&c, "44" TOO_LARGE "\n");
  say_auth("/dyn,", LIMIT + 1);
  assert_hears(&c, "44/dyn," TOO_LARGE "\n");
  assert_int_equal(n_asked, 0);
  assert_int_equal(refused(), 2);
  assert_string_equal(w.logged, "1 join ended: the auth payload is too large "
                                "(limit 100, seen 101)");
  client_join(&c, "/");
  client_say(&c, "42[\"echo\",1]");
  assert_hears(&c, "42[\"echoed\",1]\n");
  world_close(&w);
}

static void test_who_joins_nothing_else_is_closed_in_time(void **state)
{
  (void)state;
  world_options(&w, &options);
  options.ping_interval_ms = UINT32_MAX;
  open_limited();
  assert_true(client_open(&w, &c));
  world_wait(&w, options.connect_timeout_ms - 1);
  say_auth("", LIMIT + 1);
  world_wait(&w, 1);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_CONNECT_TIMEOUT),
                   1);
  world_close(&w);
}

static void test_nothing_is_held_for_a_decision(void **state)
{
  size_t before;

  (void)state;
  world_options(&w, &options);
  open_limited();
  assert_true(client_open(&w, &c));
  say_auth("", LIMIT + 1);
  (void)client_hear(&c);
  before = w.mem->live_bytes;
  for (int i = 0; i < 100; i++) {
    say_auth("", LIMIT + 1);
    (void)client_hear(&c);
  }
  assert_int_equal(w.mem->live_bytes, before);
  world_close(&w);
}

static void test_attachments_count(void **state)
{
  (void)state;
  world_options(&w, &options);
  options.parser = SIO_PARSER_MSGPACK;
  open_limited();
  assert_true(client_open(&w, &c));
  /* {"b":{"_placeholder":true,"num":0}} has 35 bytes */
  say(&c, "83 " ROOT("00") "a4'data' 81 a1'b' c442 000102030405060708090a0b0c0d"
                           "0e0f000102030405060708090a0b0c0d0e0f000102030405060"
                           "708090a0b0c0d0e"
                           "0f000102030405060708090a0b0c0d0e0f0001");
  hears(&c,
        "83 " ROOT("04") "a4'data' 81 a7'message' b6'Auth payload too large'",
        NULL);
  assert_int_equal(refused(), 1);
  assert_true(client_open(&w, &other));
  join(&other,
       "83 " ROOT("00") "a4'data' 81 a1'b' c441 000102030405060708090a0b0c0d"
                        "0e0f000102030405060708090a0b0c0d0e0f000102030405060708"
                        "090a0b0c0d0e"
                        "0f000102030405060708090a0b0c0d0e0f00",
       "a1'/'");
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_payload_of_the_limit_is_taken),
      cmocka_unit_test(test_a_larger_one_is_refused_and_the_client_stays),
      cmocka_unit_test(test_who_joins_nothing_else_is_closed_in_time),
      cmocka_unit_test(test_nothing_is_held_for_a_decision),
      cmocka_unit_test(test_attachments_count),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
