/* SPDX-License-Identifier: MIT */
#include "adapter/journal.h"

#include "support.h"

#include <stdlib.h>

static struct test_mem mem;
static struct sio__journal j;

static void begin(void)
{
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__journal_init(&j, &mem.allocator);
}

static void end(void)
{
  sio__journal_dispose(&j);
  test_mem_check(&mem);
}

static void joins(uint64_t number, const char *room)
{
  sio__journal_note(&j, number, 0, sio_s(room), true);
}

static void leaves(uint64_t number, const char *room)
{
  sio__journal_note(&j, number, 0, sio_s(room), false);
}

/* Of packets 1 to 9, those that were sent while it was in the room. */
static void assert_got(const char *room, bool now, const char *want)
{
  size_t len = j.text.len;
  char *copy = len > 0 ? (char *)test_exact(j.text.data, len) : NULL;
  const sio_str text = {copy, len};
  char got[10] = "";

  for (uint64_t i = 1, n = 0; i < 10; i++) {
    if (sio__journal_was_in(text, sio_s(room), i, now))
      got[n++] = (char)('0' + i);
  }
  assert_string_equal(got, want);
  free(copy);
}

static void test_without_changes_it_was_always_as_it_is(void **state)
{
  (void)state;
  begin();
  assert_got("a", true, "123456789");
  assert_got("a", false, "");
  end();
  assert_int_equal(mem.calls, 0);
}

static void test_joining_counts_from_the_next_packet(void **state)
{
  (void)state;
  begin();
  joins(3, "a");
  assert_got("a", true, "456789");
  assert_got("b", false, "");
  assert_got("", false, "");
  end();
}

static void test_leaving_counts_from_the_next_packet(void **state)
{
  (void)state;
  begin();
  leaves(3, "a");
  assert_got("a", false, "123");
  assert_got("ab", true, "123456789");
  end();
}

static void test_rooms_come_and_go(void **state)
{
  (void)state;
  begin();
  joins(1, "a");
  joins(2, "b");
  leaves(4, "a");
  leaves(6, "b");
  joins(7, "a");
  assert_got("a", true, "23489");
  assert_got("b", false, "3456");
  assert_got("c", true, "123456789");
  end();
}

static void test_what_no_packet_has_seen_is_not_kept(void **state)
{
  (void)state;
  begin();
  joins(3, "a");
  joins(3, "b");
  leaves(3, "a");
  assert_int_equal(j.text.len, 17);
  leaves(3, "b");
  assert_int_equal(j.text.len, 0);
  leaves(3, "a");
  joins(3, "a");
  joins(3, "a");
  assert_got("a", true, "456789");
  leaves(4, "a");
  assert_got("a", false, "4");
  end();
}

static void test_what_is_settled_is_dropped(void **state)
{
  (void)state;
  begin();
  sio__journal_note(&j, 3, 3, sio_s("a"), true);
  assert_int_equal(mem.calls, 0);
  joins(3, "a");
  joins(4, "b");
  joins(5, "c");
  sio__journal_note(&j, 6, 4, sio_s("d"), true);
  assert_int_equal(j.text.len, 34);
  assert_got("a", true, "123456789");
  assert_got("c", true, "6789");
  assert_got("d", true, "789");
  sio__journal_note(&j, 7, 7, sio_s("d"), false);
  assert_int_equal(j.text.len, 0);
  assert_int_equal(j.blurred, 0);
  end();
}

static void test_too_many_changes_are_blurred(void **state)
{
  char name[1025];

  (void)state;
  begin();
  memset(name, 'x', 1024);
  name[1024] = '\0';
  joins(1, "first");
  for (uint64_t i = 2; i < 5; i++) {
    name[0] = (char)('0' + i);
    joins(i, name);
  }
  assert_int_equal(j.blurred, 0);
  assert_true(j.text.len <= SIO__JOURNAL_MAX);
  name[0] = '5';
  joins(5, name);
  assert_int_equal(j.blurred, 2); /* of both the first and the second */
  assert_true(j.text.len <= SIO__JOURNAL_MAX);
  assert_got(name, true, "6789");
  name[0] = '3';
  assert_got(name, true, "456789");
  end();
}

static void test_without_memory_everything_is_blurred(void **state)
{
  struct test_mem none;

  (void)state;
  test_mem_init(&none, 0);
  sio__journal_init(&j, &none.allocator);
  joins(3, "a");
  assert_int_equal(j.blurred, 3);
  assert_int_equal(j.text.len, 0);
  joins(4, "b"); /* there is memory again */
  assert_int_equal(j.blurred, 3);
  assert_got("b", true, "56789");
  sio__journal_dispose(&j);
  test_mem_check(&none);
}

static void test_it_goes_on_from_a_copy(void **state)
{
  struct sio__journal old;

  (void)state;
  begin();
  joins(3, "a");
  leaves(5, "b");
  old = j;
  sio__journal_init(&j, &mem.allocator);
  sio__journal_load(&j, sio__journal_text(&old), 1);
  sio__journal_dispose(&old);
  assert_int_equal(j.blurred, 1);
  leaves(6, "a");
  assert_got("a", false, "456");
  assert_got("b", false, "12345");
  end();
}

static void test_a_copy_needs_memory_or_is_blurred(void **state)
{
  struct test_mem none;
  struct sio__journal copy;

  (void)state;
  begin();
  joins(3, "a");
  leaves(5, "b");
  test_mem_init(&none, 0);
  sio__journal_init(&copy, &none.allocator);
  sio__journal_load(&copy, sio__journal_text(&j), 1);
  assert_int_equal(copy.blurred, 5);
  assert_int_equal(copy.text.len, 0);
  sio__journal_dispose(&copy);
  test_mem_check(&none);
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_changes_it_was_always_as_it_is),
      cmocka_unit_test(test_joining_counts_from_the_next_packet),
      cmocka_unit_test(test_leaving_counts_from_the_next_packet),
      cmocka_unit_test(test_rooms_come_and_go),
      cmocka_unit_test(test_what_no_packet_has_seen_is_not_kept),
      cmocka_unit_test(test_what_is_settled_is_dropped),
      cmocka_unit_test(test_too_many_changes_are_blurred),
      cmocka_unit_test(test_without_memory_everything_is_blurred),
      cmocka_unit_test(test_it_goes_on_from_a_copy),
      cmocka_unit_test(test_a_copy_needs_memory_or_is_blurred),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
