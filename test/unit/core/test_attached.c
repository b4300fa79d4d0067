/* SPDX-License-Identifier: MIT */
/* Pointers that the host attaches to sockets. */
#include "core_world.h"

static struct core_world w;
static struct core_client a;

static void begin(void)
{
  world_open(&w, NULL);
  client_enter(&w, &a);
}

static void count_release(void *user)
{
  ++*(int *)user;
}

static void test_what_is_attached_is_given_up_once(void **state)
{
  int first = 0, second = 0;
  sio_socket *socket;

  (void)state;
  begin();
  socket = sio_socket_retain(client_socket(&a, "/"));
  sio_socket_set_user(socket, &first, count_release);
  assert_int_equal(first, 0);
  sio_socket_set_user(socket, &second, count_release);
  assert_int_equal(first, 1);
  client_drop(&a);
  assert_int_equal(second, 0); /* it is retained */
  sio_socket_release(socket);
  assert_int_equal(second, 1);
  assert_int_equal(first, 1);
  world_close(&w);
  assert_int_equal(second, 1);
}

static sio_socket *released;

static void use_while_released(void *user)
{
  count_release(user);
  (void)sio_socket_retain(released);
  assert_null(sio_socket_user(released));
  sio_socket_release(released);
}

static void
test_a_handle_may_be_used_while_its_pointer_is_given_up(void **state)
{
  int count = 0;

  (void)state;
  begin();
  released = client_socket(&a, "/");
  sio_socket_set_user(released, &count, use_while_released);
  client_drop(&a);
  assert_int_equal(count, 1);
  world_close(&w);
}

static void attach_and_refuse(sio_socket *socket, sio_next *next, void *user)
{
  sio_socket_set_user(socket, user, count_release);
  assert_int_equal(sio_next_refuse(next, "no", NULL), 0);
  assert_int_equal(*(int *)user, 0); /* not under the callback */
}

static void test_what_a_middleware_attached_goes_with_the_refusal(void **state)
{
  int count = 0;

  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_use(sio_of(w.server, "/"), attach_and_refuse, &count),
                   0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40");
  assert_int_equal(count, 1);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_attached_is_given_up_once),
      cmocka_unit_test(test_a_handle_may_be_used_while_its_pointer_is_given_up),
      cmocka_unit_test(test_what_a_middleware_attached_goes_with_the_refusal),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
