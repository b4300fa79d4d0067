/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "http/fields.h"
#include <sio/error.h>

static struct test_mem mem;
static struct sio_headers fields;

static int begin(void **state)
{
  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__fields_init(&fields, &mem.allocator);
  return 0;
}

static int end(void **state)
{
  (void)state;
  sio__fields_dispose(&fields);
  test_mem_check(&mem);
  return 0;
}

static void add(const char *name, const char *value)
{
  sio__fields_add(&fields, sio_s(name), sio_s(value));
}

static void set(const char *name, const char *value)
{
  sio__fields_set(&fields, sio_s(name), sio_s(value));
}

static void join(const char *name, const char *member)
{
  sio__fields_join(&fields, sio_s(name), sio_s(member));
}

static void expect_lines(const char *want)
{
  assert_int_equal(fields.lines.error, 0);
  assert_int_equal(fields.lines.len, strlen(want));
  if (*want != '\0')
    assert_memory_equal(fields.lines.data, want, strlen(want));
}

static void expect_found(const char *name, const char *want)
{
  sio_str value;

  assert_true(sio__fields_get(&fields, sio_s(name), &value));
  assert_true(sio_str_is(value, want));
}

static void test_no_field_takes_no_memory(void **state)
{
  sio_str value;

  (void)state;
  expect_lines("");
  assert_false(sio__fields_get(&fields, sio_s("Vary"), &value));
  sio__fields_remove(&fields, sio_s("Vary"));
  expect_lines("");
  assert_int_equal(mem.calls, 0);
}

static void test_fields_are_sent_in_the_order_they_were_added(void **state)
{
  const sio_str part = {"X-Part!!", 6};
  const sio_str bytes = {"ab\xff", 3};
  const sio_str nothing = {NULL, 0};

  (void)state;
  add("B", "2");
  add("A", "1");
  sio__fields_add(&fields, part, bytes);
  sio__fields_add(&fields, part, nothing);
  add("b", "3");
  expect_lines("B: 2\r\nA: 1\r\nX-Part: ab\xff\r\nX-Part: \r\nb: 3\r\n");
}

static void test_the_first_of_a_name_is_found_in_any_case(void **state)
{
  sio_str value;

  (void)state;
  add("Content-Type-Options", "0");
  add("Content-Type", "text/plain");
  add("content-type", "text/html");
  add("Empty", "");
  expect_found("CONTENT-type", "text/plain");
  expect_found("empty", "");
  assert_false(sio__fields_get(&fields, sio_s("Content"), &value));
  assert_false(sio__fields_get(&fields, sio_s("Content-Type: text"), &value));
  assert_false(sio__fields_get(&fields, sio_s("text/plain"), &value));
  assert_false(sio__fields_get(&fields, sio_s("Emptyy"), &value));
}

static void test_setting_takes_the_place_of_all_of_that_name(void **state)
{
  (void)state;
  set("One", "1");
  expect_lines("One: 1\r\n");
  add("Two", "2");
  add("ONE", "1b");
  add("Three", "3");
  add("one", "1c");
  set("oNe", "a longer value than before");
  expect_lines("Two: 2\r\nThree: 3\r\noNe: a longer value than before\r\n");
  set("Two", "");
  expect_lines("Three: 3\r\noNe: a longer value than before\r\nTwo: \r\n");
}

static void test_removing_leaves_the_others_as_they_are(void **state)
{
  (void)state;
  add("A", "1");
  add("Set-Cookie", "a=1");
  add("Set-Cookie2", "x");
  add("set-cookie", "b=2");
  add("SET-COOKIE", "c=3");
  add("Z", "26");
  sio__fields_remove(&fields, sio_s("Set-Cookie"));
  expect_lines("A: 1\r\nSet-Cookie2: x\r\nZ: 26\r\n");
  sio__fields_remove(&fields, sio_s("Set"));
  expect_lines("A: 1\r\nSet-Cookie2: x\r\nZ: 26\r\n");
  sio__fields_remove(&fields, sio_s("z"));
  sio__fields_remove(&fields, sio_s("A"));
  expect_lines("Set-Cookie2: x\r\n");
  sio__fields_remove(&fields, sio_s("Set-Cookie2"));
  expect_lines("");
}

static void test_a_member_joins_a_field_once(void **state)
{
  static const struct {
    const char *before[2]; /* values of Vary */
    const char *member;
    const char *after;
  } cases[] = {
      {{NULL}, "Origin", "Vary: Origin\r\n"},
      {{""}, "Origin", "Vary: Origin\r\n"},
      {{"Accept"}, "Origin", "Vary: Accept, Origin\r\n"},
      {{"Origin"}, "Origin", "Vary: Origin\r\n"},
      {{"ORIGIN"}, "Origin", "Vary: ORIGIN\r\n"},
      {{"Accept,origin"}, "Origin", "Vary: Accept,origin\r\n"},
      {{"a ,\t Origin\t , b"}, "Origin", "Vary: a ,\t Origin\t , b\r\n"},
      {{"Origins"}, "Origin", "Vary: Origins, Origin\r\n"},
      {{"X-Origin"}, "Origin", "Vary: X-Origin, Origin\r\n"},
      {{"Or igin"}, "Origin", "Vary: Or igin, Origin\r\n"},
      {{"a", "b"}, "Origin", "Vary: a, Origin\r\nVary: b\r\n"},
      {{"", "b"}, "Origin", "Vary: Origin\r\nVary: b\r\n"},
      {{"a", "Origin"}, "Origin", "Vary: a\r\nVary: Origin\r\n"},
      {{"*"}, "Origin", "Vary: *\r\n"},
      {{"a, *"}, "Origin", "Vary: a, *\r\n"},
      {{"a", " * "}, "Origin", "Vary: a\r\nVary:  * \r\n"},
      {{"**"}, "Origin", "Vary: **, Origin\r\n"},
      {{NULL}, "*", "Vary: *\r\n"},
      {{"*"}, "*", "Vary: *\r\n"},
      {{"Accept"}, "*", "Vary: *\r\n"},
      {{"a", "b"}, "*", "Vary: *\r\n"},
      {{", ,"}, "Origin", "Vary: , ,, Origin\r\n"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sio__fields_reset(&fields, 0);
    for (size_t k = 0; k < 2 && cases[i].before[k] != NULL; k++)
      add("Vary", cases[i].before[k]);
    join("Vary", cases[i].member);
    expect_lines(cases[i].after);
  }
}

static void test_a_field_is_joined_in_any_case_of_its_name(void **state)
{
  (void)state;
  add("vary", "a");
  join("VARY", "b");
  expect_lines("vary: a, b\r\n");
}

static void test_joining_moves_what_is_behind(void **state)
{
  (void)state;
  add("First", "1");
  add("Vary", "Origin");
  add("Last", "2");
  join("Vary", "Access-Control-Request-Headers");
  join("Vary", "Accept-Encoding");
  join("Vary", "origin");
  expect_lines("First: 1\r\n"
               "Vary: Origin, Access-Control-Request-Headers, "
               "Accept-Encoding\r\n"
               "Last: 2\r\n");
}

static void test_a_reset_keeps_some_memory_and_no_field(void **state)
{
  size_t calls;

  (void)state;
  add("Name", "value");
  calls = mem.calls;
  sio__fields_reset(&fields, 1000);
  expect_lines("");
  add("Other", "value");
  expect_lines("Other: value\r\n");
  assert_int_equal(mem.calls, calls);
  sio__fields_reset(&fields, 0);
  assert_int_equal(mem.live_blocks, 0);
}

static void test_no_field_is_there_by_half(void **state)
{
  (void)state;
  fields.lines.max = 80;
  add("Name", "value");
  add("Long", "12345678901234567890123456789012345678901234567890"
              "12345678901234567890");
  assert_int_equal(fields.lines.error, SIO_ERR_LIMIT);
  assert_int_equal(fields.lines.len, strlen("Name: value\r\n"));
  add("A", "1");
  join("Name", "more");
  assert_int_equal(fields.lines.error, SIO_ERR_LIMIT);
  assert_memory_equal(fields.lines.data, "Name: value\r\n", 13);
  assert_int_equal(fields.lines.len, 13);
  sio__fields_reset(&fields, 1000);
  add("A", "1");
  expect_lines("A: 1\r\n");
}

static void use_all(struct test_mem *failing, void *user)
{
  static const char want[] =
      "Two: two and something more so that it grows\r\n"
      "Vary: Accept-Encoding, Origin, Access-Control-Request-Headers, x\r\n"
      "Three: 3, and here, too, is something that room is needed for\r\n";
  struct sio_headers f;

  (void)user;
  sio__fields_init(&f, &failing->allocator);
  sio__fields_add(&f, sio_s("One"), sio_s("1"));
  sio__fields_add(&f, sio_s("Two"),
                  sio_s("two and something more so that it grows"));
  sio__fields_join(&f, sio_s("Vary"), sio_s("Accept-Encoding"));
  sio__fields_set(
      &f, sio_s("Three"),
      sio_s("3, and here, too, is something that room is needed for"));
  sio__fields_join(&f, sio_s("Vary"), sio_s("Origin"));
  sio__fields_join(&f, sio_s("Vary"), sio_s("Access-Control-Request-Headers"));
  sio__fields_remove(&f, sio_s("One"));
  sio__fields_join(&f, sio_s("Vary"), sio_s("x"));
  if (failing->fired) {
    assert_int_equal(f.lines.error, SIO_ERR_NOMEM);
    if (f.lines.len > 0)
      assert_memory_equal(f.lines.data + f.lines.len - 2, "\r\n", 2);
  } else {
    assert_int_equal(f.lines.error, 0);
    assert_int_equal(f.lines.len, strlen(want));
    assert_memory_equal(f.lines.data, want, strlen(want));
  }
  sio__fields_dispose(&f);
}

static void test_out_of_memory_sticks_in_the_fields(void **state)
{
  (void)state;
  assert_true(test_every_allocation(use_all, NULL) > 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_no_field_takes_no_memory, begin,
                                      end),
      cmocka_unit_test_setup_teardown(
          test_fields_are_sent_in_the_order_they_were_added, begin, end),
      cmocka_unit_test_setup_teardown(
          test_the_first_of_a_name_is_found_in_any_case, begin, end),
      cmocka_unit_test_setup_teardown(
          test_setting_takes_the_place_of_all_of_that_name, begin, end),
      cmocka_unit_test_setup_teardown(
          test_removing_leaves_the_others_as_they_are, begin, end),
      cmocka_unit_test_setup_teardown(test_a_member_joins_a_field_once, begin,
                                      end),
      cmocka_unit_test_setup_teardown(
          test_a_field_is_joined_in_any_case_of_its_name, begin, end),
      cmocka_unit_test_setup_teardown(test_joining_moves_what_is_behind, begin,
                                      end),
      cmocka_unit_test_setup_teardown(
          test_a_reset_keeps_some_memory_and_no_field, begin, end),
      cmocka_unit_test_setup_teardown(test_no_field_is_there_by_half, begin,
                                      end),
      cmocka_unit_test(test_out_of_memory_sticks_in_the_fields),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
