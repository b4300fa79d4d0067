/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

#include "schema/reader.h"

static const struct sio__place args = {NULL, "args", SIO__NAME_ENDS};
static const sio_field field = {.kind = SIO_KIND_BOOLEAN};

static struct sio__reader over(const char *text)
{
  struct sio__reader r;

  memset(&r, 0, sizeof r);
  r.end = text + strlen(text);
  return r;
}

static void test_what_is_refused_is_stepped_over(void **state)
{
  static const char text[] = "[1,[2]],3";
  struct sio__reader r = over(text);

  (void)state;
  assert_ptr_equal(sio__reader_refuse(&r, text, &field, &args, "it"), text + 7);
  assert_int_equal(r.count, 1);
  assert_int_equal(r.error, 0);
}

static void test_one_mismatch_can_be_enough(void **state)
{
  struct sio__reader r = over("1");

  (void)state;
  r.stop_at_first = true;
  assert_null(sio__reader_refuse(&r, r.end - 1, &field, &args, "it"));
  assert_int_equal(r.error, SIO_ERR_TYPE);
}

static void test_missing_memory_is_why_it_was_given_up(void **state)
{
  struct sio__reader r = over("");

  (void)state;
  r.arena = sio_arena_new(NULL, 100);
  assert_non_null(sio__reader_memory(&r, 50));
  assert_null(sio__reader_memory(&r, 50));
  assert_int_equal(r.error, SIO_ERR_LIMIT);
  sio_arena_free(r.arena);
}

static void test_arguments_that_nobody_asked_for_are_counted(void **state)
{
  static const char text[] = "1 , {} ,2 ";
  struct sio__reader r = over(text);
  sio_mismatches mismatches;
  struct sio_document document;

  (void)state;
  sio__document_init(&document, text, sizeof text - 1, NULL);
  memset(&mismatches, 0, sizeof mismatches);
  r.mismatches = &mismatches;
  r.document = &document;
  assert_ptr_equal(sio__reader_next(&r, text + 1), text + 4);
  assert_ptr_equal(sio__reader_next(&r, text + 9), r.end);
  sio__reader_no_more(&r, text, 4, &args);
  assert_int_equal(mismatches.count, 3);
  assert_string_equal(mismatches.items[2].path, "args[6]");
  assert_string_equal(mismatches.items[2].found, "2");
  r.stop_at_first = true;
  sio__reader_no_more(&r, text, 0, &args);
  assert_int_equal(mismatches.count, 4);
}

static void test_blanks_are_skipped_inside_of_containers(void **state)
{
  static const char text[] = "[ \n\t\r1]";
  struct sio__reader r = over(text);

  (void)state;
  assert_ptr_equal(sio__reader_blank(&r, text + 1), text + 5);
  assert_ptr_equal(sio__reader_blank(&r, text + 5), text + 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_refused_is_stepped_over),
      cmocka_unit_test(test_one_mismatch_can_be_enough),
      cmocka_unit_test(test_missing_memory_is_why_it_was_given_up),
      cmocka_unit_test(test_arguments_that_nobody_asked_for_are_counted),
      cmocka_unit_test(test_blanks_are_skipped_inside_of_containers),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
