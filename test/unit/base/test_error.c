/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/error.h>
#include <sio/version.h>

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void test_every_error_has_its_own_code_and_text(void **state)
{
#define ROW(name, value, text) {SIO_ERR_##name, text},
  static const struct {
    int code;
    const char *text;
  } rows[] = {{0, "no error"}, SIO_ERROR_LIST(ROW)};
#undef ROW

  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_string_equal(sio_strerror(rows[i].code), rows[i].text);
    for (size_t k = 0; k < i; k++) {
      assert_int_not_equal(rows[i].code, rows[k].code);
      assert_string_not_equal(rows[i].text, rows[k].text);
    }
  }
  assert_string_equal(sio_strerror(-499), "unknown error");
  assert_string_equal(sio_strerror(1), "unknown error");
  assert_string_equal(sio_strerror(INT32_MIN), "unknown error");
}

static void test_a_finished_object_is_told_from_a_failed_call(void **state)
{
  (void)state;
  assert_true(SIO_ERR_NOMEM < 0 && SIO_ERR_IN_USE >= -499);
  assert_true(SIO_ERR_DISCONNECTED <= -500);
  assert_true(SIO_ERR_CLOSED <= -500);
}

static void test_reasons_are_the_words_of_socket_io(void **state)
{
  (void)state;
  assert_string_equal(sio_reason_text(SIO_REASON_NONE), "");
  assert_string_equal(sio_reason_text(SIO_REASON_CLIENT_DISCONNECT),
                      "client namespace disconnect");
  assert_string_equal(sio_reason_text(SIO_REASON_SERVER_DISCONNECT),
                      "server namespace disconnect");
  assert_string_equal(sio_reason_text(SIO_REASON_SHUTTING_DOWN),
                      "server shutting down");
  assert_string_equal(sio_reason_text(SIO_REASON_TRANSPORT_CLOSE),
                      "transport close");
  assert_string_equal(sio_reason_text(SIO_REASON_TRANSPORT_ERROR),
                      "transport error");
  assert_string_equal(sio_reason_text(SIO_REASON_PING_TIMEOUT), "ping timeout");
  assert_string_equal(sio_reason_text(SIO_REASON_PARSE_ERROR), "parse error");
  assert_string_equal(sio_reason_text(SIO_REASON_FORCED_CLOSE), "forced close");
  assert_string_equal(sio_reason_text(SIO_REASON_MAX_), "");
}

static void test_causes_count_up_without_a_gap(void **state)
{
#define ROW(name, value, text) {SIO_CAUSE_##name, text},
  static const struct {
    sio_cause cause;
    const char *text;
  } rows[] = {SIO_CAUSE_LIST(ROW)};
#undef ROW

  (void)state;
  assert_int_equal(COUNT(rows), SIO_CAUSE_COUNT_);
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_int_equal(rows[i].cause, i);
    assert_string_equal(sio_cause_text(rows[i].cause), rows[i].text);
    for (size_t k = 0; k < i; k++)
      assert_string_not_equal(rows[i].text, rows[k].text);
  }
  assert_string_equal(sio_cause_text(SIO_CAUSE_COUNT_), "unknown cause");
  assert_string_equal(sio_cause_text(SIO_CAUSE_MAX_), "unknown cause");
}

static void test_the_version_is_that_of_the_header(void **state)
{
  char want[32];

  (void)state;
  (void)snprintf(want, sizeof want, "%d.%d.%d", SIO_VERSION_MAJOR,
                 SIO_VERSION_MINOR, SIO_VERSION_PATCH);
  assert_string_equal(sio_version(), want);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_error_has_its_own_code_and_text),
      cmocka_unit_test(test_a_finished_object_is_told_from_a_failed_call),
      cmocka_unit_test(test_reasons_are_the_words_of_socket_io),
      cmocka_unit_test(test_causes_count_up_without_a_gap),
      cmocka_unit_test(test_the_version_is_that_of_the_header),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
