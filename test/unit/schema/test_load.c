/* SPDX-License-Identifier: MIT */
#include "schema_world.h"

#include <stdio.h>

static void test_arguments_fill_the_fields_in_order(void **state)
{
  struct reading r;
  move m;

  (void)state;
  reading_begin(&r);
  assert_int_equal(
      read_args(&r, move_schema(), " \"me\" , {\"x\":1,\"y\":0} , 9 ", &m), 0);
  assert_true(sio_str_is(m.who, "me"));
  assert_true(m.to.x == 1 && m.has_speed && m.speed == 9);
  assert_int_equal(read_args(&r, move_schema(),
                             "\"me\",{\"x\":1,\"y\":0},9,[],{\"more\":1}", &m),
                   0);
  assert_int_equal(read_args(&r, move_schema(), "\"me\",{\"x\":1,\"y\":0}", &m),
                   0);
  assert_false(m.has_speed);
  reading_end(&r);
}

static void
test_arguments_that_do_not_fit_are_told_by_their_number(void **state)
{
  struct reading r;
  move m;

  (void)state;
  reading_begin(&r);
  assert_refused(&r, move_schema(), "\"me\"", &m, "args[1]", "an object",
                 "nothing");
  assert_refused(&r, move_schema(), "\"me\",{\"x\":1,\"y\":0},null", &m,
                 "args[2]", "a whole number from -2147483648 to 2147483647",
                 "null");
  assert_refused(&r, move_schema(), "\"me\",{\"x\":1}", &m, "args[1].y",
                 "a number from -1 to 1", "nothing");
  assert_int_equal(read_args(&r, move_schema(), "", &m), SIO_ERR_TYPE);
  assert_int_equal(r.mismatches.count, 2);
  assert_string_equal(r.mismatches.items[0].path, "args[0]");
  assert_string_equal(r.mismatches.items[1].path, "args[1]");
  reading_end(&r);
}

static const char *check_move(const void *value)
{
  const move *m = value;

  return m->has_speed ? NULL : "a speed";
}

static void test_arguments_may_be_checked_as_a_whole(void **state)
{
  sio_schema strict = *move_schema();
  struct reading r;
  move m;

  (void)state;
  strict.check = check_move;
  strict.unknown = SIO_UNKNOWN_REFUSE;
  reading_begin(&r);
  assert_int_equal(read_args(&r, &strict, "\"me\",{\"x\":1,\"y\":0},9", &m), 0);
  assert_refused(&r, &strict, "\"me\",{\"x\":1,\"y\":0}", &m, "args", "a speed",
                 "other arguments");
  assert_int_equal(
      read_args(&r, &strict, "\"me\",{\"x\":1,\"y\":0},9,\"a\",[]", &m),
      SIO_ERR_TYPE);
  assert_int_equal(r.mismatches.count, 2);
  assert_string_equal(r.mismatches.items[1].path, "args[4]");
  assert_string_equal(r.mismatches.items[1].expected, "no more arguments");
  assert_string_equal(r.mismatches.items[1].found, "an array");
  reading_end(&r);
}

static void test_other_types_are_the_one_argument(void **state)
{
  struct reading r;
  colour hue;
  point p;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_args(&r, colour_schema(), "\"blue\"", &hue), 0);
  assert_int_equal(hue, COLOUR_BLUE);
  assert_refused(&r, colour_schema(), "\"pink\"", &hue, "args[0]",
                 "one of \"red\", \"green\", \"blue\"", "another string");
  assert_refused(&r, colour_schema(), "", &hue, "args[0]", "one of its names",
                 "nothing");
  assert_int_equal(read_args(&r, point_schema(), "{\"x\":1,\"y\":1},2", &p), 0);
  assert_refused(&r, point_schema(), "", &p, "args[0]", "an object", "nothing");
  assert_refused(&r, point_schema(), "[1,2]", &p, "args[0]", "an object",
                 "an array");
  assert_int_equal(read_args(&r, NULL, " ", NULL), 0);
  assert_refused(&r, NULL, "null", NULL, "args[0]", "no more arguments",
                 "null");
  reading_end(&r);
}

static void test_a_value_is_read_like_an_argument(void **state)
{
  static const sio_value absent = {NULL, 0, NULL};
  struct reading r;
  colour hue;
  point p;

  (void)state;
  reading_begin(&r);
  assert_int_equal(read_value(&r, point_schema(), "{\"x\":1,\"y\":1}", &p), 0);
  assert_true(p.x == 1 && p.y == 1);
  assert_int_equal(read_value(&r, colour_schema(), "\"green\"", &hue), 0);
  assert_int_equal(hue, COLOUR_GREEN);
  assert_int_equal(read_value(&r, point_schema(), "{\"x\":1,\"y\":9}", &p),
                   SIO_ERR_TYPE);
  assert_string_equal(r.mismatches.items[0].path, "value.y");
  assert_int_equal(
      sio_schema_read(point_schema(), absent, &p, r.arena, &r.mismatches),
      SIO_ERR_TYPE);
  assert_string_equal(r.mismatches.items[0].path, "value");
  assert_string_equal(r.mismatches.items[0].found, "nothing");
  assert_int_equal(sio_schema_read(NULL, absent, NULL, r.arena, &r.mismatches),
                   0);
  assert_int_equal(r.mismatches.count, 0);
  assert_int_equal(read_value(&r, NULL, "1", NULL), SIO_ERR_TYPE);
  assert_string_equal(r.mismatches.items[0].path, "value");
  reading_end(&r);
}

static void test_many_mismatches_are_counted_and_some_are_kept(void **state)
{
  static char text[8192];
  struct reading r;
  char *at = text;
  node n;

  (void)state;
  reading_begin(&r);
  at += sprintf(at, "{\"name\":\"a\",\"children\":[");
  for (int i = 0; i < 500; i++)
    at += sprintf(at, "%s%d", i > 0 ? "," : "", i);
  (void)sprintf(at, "]}");
  assert_int_equal(read_args(&r, node_schema(), text, &n), SIO_ERR_TYPE);
  assert_int_equal(r.mismatches.count, 500);
  assert_int_equal(r.mismatches.kept, SIO_MAX_MISMATCHES);
  assert_string_equal(r.mismatches.items[7].path, "args[0].children[7]");
  assert_string_equal(r.mismatches.items[7].found, "7");
  reading_end(&r);
}

static void test_strings_without_escapes_need_no_memory(void **state)
{
  static const char plain[] = "{\"id\":\"a\",\"label\":\"b\",\"i64\":5}";
  static const char escaped[] = "{\"id\":\"\\n\"}";
  struct reading r;
  thing t;

  (void)state;
  reading_begin(&r);
  reading_set(&r, plain, sizeof plain - 1);
  assert_int_equal(
      sio_schema_read_args(thing_schema(), &r.args, &t, NULL, &r.mismatches),
      0);
  reading_set(&r, escaped, sizeof escaped - 1);
  assert_int_equal(
      sio_schema_read_args(thing_schema(), &r.args, &t, NULL, &r.mismatches),
      SIO_ERR_LIMIT);
  reading_end(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arguments_fill_the_fields_in_order),
      cmocka_unit_test(test_arguments_that_do_not_fit_are_told_by_their_number),
      cmocka_unit_test(test_arguments_may_be_checked_as_a_whole),
      cmocka_unit_test(test_other_types_are_the_one_argument),
      cmocka_unit_test(test_a_value_is_read_like_an_argument),
      cmocka_unit_test(test_many_mismatches_are_counted_and_some_are_kept),
      cmocka_unit_test(test_strings_without_escapes_need_no_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
