/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "proto/packet.h"

static void test_the_six_reserved_names_are_reserved(void **state)
{
  static const char *const names[] = {"connect",     "connect_error",
                                      "disconnect",  "disconnecting",
                                      "newListener", "removeListener"};

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_true(sio__event_is_reserved(sio_s(names[i])));
}

static void test_names_that_differ_in_any_byte_are_free(void **state)
{
  static const char *const names[] = {"connect",     "connect_error",
                                      "disconnect",  "disconnecting",
                                      "newListener", "removeListener"};

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char copy[32];
    sio_str name = {.data = copy, .len = strlen(names[i])};

    for (size_t k = 0; k < name.len; k++) {
      memcpy(copy, names[i], name.len);
      copy[k] ^= 0x20;
      assert_false(sio__event_is_reserved(name));
    }
  }
}

static void test_names_that_clients_do_use_are_free(void **state)
{
  static const char *const names[] = {
      "",     "error",         "connection",     "message",
      "ping", "new_namespace", "connect_errors", "disconnected"};

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_false(sio__event_is_reserved(sio_s(names[i])));
}

static void test_an_empty_name_needs_no_data(void **state)
{
  (void)state;
  assert_false(sio__event_is_reserved(sio_s(NULL)));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_six_reserved_names_are_reserved),
      cmocka_unit_test(test_names_that_differ_in_any_byte_are_free),
      cmocka_unit_test(test_names_that_clients_do_use_are_free),
      cmocka_unit_test(test_an_empty_name_needs_no_data),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
