/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <sio/error.h>

#include "base/id.h"

/* A source that counts upwards and can fail. */
struct source {
  uint8_t next;
  size_t calls;
  size_t fail_at; /* the call that fails, after it has written half */
  int error;
};

static int draw(void *user, uint8_t *out, size_t len)
{
  struct source *source = user;
  bool fails = source->calls++ == source->fail_at;

  for (size_t i = 0; i < (fails ? len / 2 : len); i++)
    out[i] = source->next++;
  return fails ? source->error : 0;
}

static bool is_zero(const uint8_t *data, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (data[i] != 0)
      return false;
  return true;
}

static void test_an_id_is_fifteen_bytes_in_url_safe_base64(void **state)
{
  struct source source = {.fail_at = SIZE_MAX};
  struct sio__ids ids;
  char id[SIO__ID_LEN + 1];

  (void)state;
  sio__ids_init(&ids, draw, &source);
  assert_int_equal(source.calls, 0);
  assert_int_equal(sio__ids_next(&ids, id), 0);
  assert_string_equal(id, "AAECAwQFBgcICQoLDA0O");
  assert_int_equal(sio__ids_next(&ids, id), 0);
  assert_string_equal(id, "DxAREhMUFRYXGBkaGxwd");
  source.next = 0xf0;
  for (size_t i = 0; i < SIO__ID_BATCH - 1; i++)
    assert_int_equal(sio__ids_next(&ids, id), 0);
  assert_string_equal(id, "8PHy8_T19vf4-fr7_P3-"); /* of the next batch */
}

static void test_ids_are_drawn_many_at_a_time(void **state)
{
  struct source source = {.fail_at = SIZE_MAX};
  struct sio__ids ids;
  char id[SIO__ID_LEN + 1];

  (void)state;
  sio__ids_init(&ids, draw, &source);
  for (size_t i = 0; i < 3 * SIO__ID_BATCH; i++) {
    assert_int_equal(sio__ids_next(&ids, id), 0);
    assert_int_equal(source.calls, i / SIO__ID_BATCH + 1);
    assert_int_equal(strlen(id), SIO__ID_LEN);
  }
}

static void test_bytes_that_were_used_are_wiped(void **state)
{
  struct source source = {.fail_at = SIZE_MAX, .next = 1};
  struct sio__ids ids;
  char id[SIO__ID_LEN + 1];

  (void)state;
  sio__ids_init(&ids, draw, &source);
  for (size_t i = 1; i <= SIO__ID_BATCH; i++) {
    assert_int_equal(sio__ids_next(&ids, id), 0);
    assert_true(is_zero(ids.pool, i * SIO__ID_BYTES));
    if (i < SIO__ID_BATCH)
      assert_int_not_equal(ids.pool[i * SIO__ID_BYTES], 0);
  }
}

static void test_a_failing_source_gives_no_id(void **state)
{
  static const int errors[] = {-1, 1, SIO_ERR_NOMEM};

  (void)state;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    struct source source = {.fail_at = 0, .next = 1, .error = errors[i]};
    struct sio__ids ids;
    char id[SIO__ID_LEN + 1] = "untouched";

    sio__ids_init(&ids, draw, &source);
    assert_int_equal(sio__ids_next(&ids, id), SIO_ERR_RANDOM);
    assert_string_equal(id, "");
    assert_true(is_zero(ids.pool, sizeof ids.pool));
    /* the half that was drawn is never used */
    source.next = 0;
    assert_int_equal(sio__ids_next(&ids, id), 0);
    assert_int_equal(source.calls, 2);
    assert_string_equal(id, "AAECAwQFBgcICQoLDA0O");
  }
}

static void test_a_source_that_fails_later_repeats_no_id(void **state)
{
  struct source source = {.fail_at = 1, .error = -1};
  struct sio__ids ids;
  char id[SIO__ID_LEN + 1];

  (void)state;
  sio__ids_init(&ids, draw, &source);
  for (size_t i = 0; i < SIO__ID_BATCH; i++)
    assert_int_equal(sio__ids_next(&ids, id), 0);
  assert_int_equal(sio__ids_next(&ids, id), SIO_ERR_RANDOM);
  assert_string_equal(id, "");
  assert_int_equal(sio__ids_next(&ids, id), 0);
  assert_int_equal(source.calls, 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_id_is_fifteen_bytes_in_url_safe_base64),
      cmocka_unit_test(test_ids_are_drawn_many_at_a_time),
      cmocka_unit_test(test_bytes_that_were_used_are_wiped),
      cmocka_unit_test(test_a_failing_source_gives_no_id),
      cmocka_unit_test(test_a_source_that_fails_later_repeats_no_id),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
