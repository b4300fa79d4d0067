/* SPDX-License-Identifier: MIT */
/* lib/core/data.c: the JSON value of a socket. */
#include "core_world.h"

#include <sio/recovery.h>

static struct core_world w;
static struct core_client a;

static void assert_data(const sio_socket *socket, const char *want)
{
  sio_str json = sio_value_json(sio_socket_data(socket));

  assert_int_equal(json.len, strlen(want));
  if (json.len > 0)
    assert_memory_equal(json.data, want, json.len);
}

static void test_a_socket_has_a_value(void **state)
{
  sio_socket *socket;
  int64_t n;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  socket = client_socket(&a, "/");
  assert_int_equal(sio_value_type(sio_socket_data(socket)), SIO_ABSENT);
  assert_int_equal(sio_socket_set_data(socket, sio_s(" {\"n\": 5} ")), 0);
  assert_data(socket, "{\"n\": 5}");
  assert_int_equal(
      sio_value_int64(sio_value_member(sio_socket_data(socket), "n"), &n), 0);
  assert_int_equal(n, 5);
  assert_int_equal(sio_socket_set_data(socket, sio_s("\"a\\nb\"")), 0);
  assert_true(sio_str_is(sio_value_str(sio_socket_data(socket)), "a\nb"));
  assert_int_equal(sio_socket_set_data(socket, sio_s("")), 0);
  assert_data(socket, "");
  world_close(&w);
}

static void test_what_is_no_value_changes_nothing(void **state)
{
  static const char *const wrong[] = {" ",   "1,2",      "{",
                                      "nul", "\"\xff\"", "[1}"};
  sio_socket *socket;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  socket = client_socket(&a, "/");
  assert_int_equal(sio_socket_set_data(socket, sio_s("[1]")), 0);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(sio_socket_set_data(socket, sio_s(wrong[i])),
                     SIO_ERR_JSON);
  assert_data(socket, "[1]");
  world_close(&w);
}

static void test_the_value_stays_when_the_socket_has_left(void **state)
{
  sio_socket *socket;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  socket = sio_socket_retain(client_socket(&a, "/"));
  assert_int_equal(sio_socket_set_data(socket, sio_s("[1]")), 0);
  client_drop(&a);
  assert_int_equal(sio_socket_set_data(socket, sio_s("2")),
                   SIO_ERR_DISCONNECTED);
  assert_data(socket, "[1]");
  sio_socket_release(socket);
  world_close(&w);
}

static void set(struct test_mem *mem, void *user)
{
  sio_socket *socket;

  (void)user;
  a.conn = NULL;
  if (!world_try_open(&w, mem))
    return;
  if (client_open(&w, &a)) {
    client_say(&a, "40");
    socket = NULL;
    if (strstr(client_hear(&a), "\"sid\":\"") != NULL) {
      memcpy(a.sid, strstr(a.heard, "\"sid\":\"") + 7, CORE_SID_LEN);
      socket = sio_ns_socket(w.root, sio_s(a.sid));
    }
    if (socket != NULL && sio_socket_set_data(socket, sio_s("[1]")) == 0 &&
        sio_socket_set_data(socket, sio_s("[2]")) == SIO_ERR_NOMEM)
      assert_data(socket, "[1]");
  }
  world_close(&w);
}

static void test_without_memory_the_value_is_what_it_was(void **state)
{
  (void)state;
  assert_true(test_every_allocation(set, NULL) > 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_socket_has_a_value),
      cmocka_unit_test(test_what_is_no_value_changes_nothing),
      cmocka_unit_test(test_the_value_stays_when_the_socket_has_left),
      cmocka_unit_test(test_without_memory_the_value_is_what_it_was),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
