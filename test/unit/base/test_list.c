/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/list.h"

struct item {
  char name;
  struct sio__list link;
};

/* The names in a list, forwards; the way back must be the same. */
static const char *names(const struct sio__list *list, char out[8])
{
  size_t n = 0;
  size_t back;

  for (struct sio__list *at = list->next; at != list; at = at->next)
    out[n++] = SIO__CONTAINER(at, struct item, link)->name;
  out[n] = '\0';
  back = n;
  for (struct sio__list *at = list->prev; at != list; at = at->prev)
    assert_int_equal(SIO__CONTAINER(at, struct item, link)->name, out[--back]);
  assert_int_equal(back, 0);
  return out;
}

static void fill(struct item *items, size_t n, char first)
{
  for (size_t i = 0; i < n; i++) {
    items[i].name = (char)(first + (char)i);
    sio__list_init(&items[i].link);
  }
}

static void test_links_stand_where_they_were_put(void **state)
{
  struct sio__list list;
  struct item items[3];
  char got[8];

  (void)state;
  fill(items, 3, 'a');
  sio__list_init(&list);
  assert_true(sio__list_is_empty(&list));
  sio__list_insert(&list, &items[0].link);
  sio__list_insert(&list, &items[1].link);
  sio__list_insert(&items[1].link, &items[2].link);
  assert_string_equal(names(&list, got), "acb");
  sio__list_remove(&items[0].link);
  sio__list_insert(list.next, &items[0].link);
  assert_string_equal(names(&list, got), "acb");
}

static void test_removing_twice_does_no_harm(void **state)
{
  struct sio__list list;
  struct item items[3];
  char got[8];

  (void)state;
  fill(items, 3, 'a');
  sio__list_init(&list);
  for (size_t i = 0; i < 3; i++)
    sio__list_insert(&list, &items[i].link);
  sio__list_remove(&items[1].link);
  sio__list_remove(&items[1].link);
  assert_true(sio__list_is_empty(&items[1].link));
  assert_string_equal(names(&list, got), "ac");
}

static void test_taking_empties_a_list_in_order(void **state)
{
  struct sio__list list;
  struct item items[3];

  (void)state;
  fill(items, 3, 'a');
  sio__list_init(&list);
  for (size_t i = 0; i < 3; i++)
    sio__list_insert(&list, &items[i].link);
  for (size_t i = 0; i < 3; i++)
    assert_ptr_equal(sio__list_take(&list), &items[i].link);
  assert_null(sio__list_take(&list));
  assert_true(sio__list_is_empty(&list));
}

static void test_moving_joins_two_lists(void **state)
{
  struct sio__list a;
  struct sio__list b;
  struct item items[4];
  char got[8];

  (void)state;
  fill(items, 4, 'a');
  sio__list_init(&a);
  sio__list_init(&b);
  sio__list_move(&a, &b); /* nothing to nothing */
  assert_true(sio__list_is_empty(&a));
  sio__list_insert(&b, &items[0].link);
  sio__list_insert(&b, &items[1].link);
  sio__list_move(&a, &b); /* something to nothing */
  assert_string_equal(names(&a, got), "ab");
  assert_true(sio__list_is_empty(&b));
  sio__list_move(&a, &b); /* nothing to something */
  assert_string_equal(names(&a, got), "ab");
  sio__list_insert(&b, &items[2].link);
  sio__list_insert(&b, &items[3].link);
  sio__list_move(&a, &b);
  assert_string_equal(names(&a, got), "abcd");
  assert_string_equal(names(&b, got), "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_links_stand_where_they_were_put),
      cmocka_unit_test(test_removing_twice_does_no_harm),
      cmocka_unit_test(test_taking_empties_a_list_in_order),
      cmocka_unit_test(test_moving_joins_two_lists),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
