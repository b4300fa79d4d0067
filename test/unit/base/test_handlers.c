/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include "core/objects.h"

static struct core_world w;
static struct core_client a, b;

static void some_function(void)
{
}

static void test_functions_are_kept_in_order_however_many(void **state)
{
  struct sio__handlers handlers = {0};
  struct test_mem mem;
  int users[100];

  (void)state;
  test_mem_init(&mem, TEST_MEM_NEVER);
  for (size_t i = 0; i < 100; i++)
    assert_int_equal(
        sio__handlers_add(&handlers, &mem.allocator, some_function, &users[i]),
        0);
  assert_int_equal(handlers.n, 100);
  for (size_t i = 0; i < 100; i++) {
    assert_ptr_equal(handlers.items[i].user, &users[i]);
    assert_true(handlers.items[i].fn == some_function);
  }
  sio__handlers_dispose(&handlers, &mem.allocator);
  assert_int_equal(handlers.n, 0);
  sio__handlers_dispose(&handlers, &mem.allocator);
  test_mem_check(&mem);
}

static void test_no_function_and_no_memory_change_nothing(void **state)
{
  struct sio__handlers handlers = {0};
  struct test_mem mem;

  (void)state;
  test_mem_init(&mem, 1);
  assert_int_equal(sio__handlers_add(&handlers, &mem.allocator, NULL, NULL),
                   SIO_ERR_INVALID);
  assert_int_equal(handlers.n, 0);
  for (int i = 0; i < 2; i++)
    assert_int_equal(
        sio__handlers_add(&handlers, &mem.allocator, some_function, NULL), 0);
  assert_int_equal(
      sio__handlers_add(&handlers, &mem.allocator, some_function, NULL),
      SIO_ERR_NOMEM);
  assert_int_equal(handlers.n, 2);
  assert_int_equal(
      sio__handlers_add(&handlers, &mem.allocator, some_function, NULL), 0);
  assert_int_equal(handlers.n, 3);
  sio__handlers_dispose(&handlers, &mem.allocator);
  test_mem_check(&mem);
}

/* ---- Walks ---- */

/* A list in which each `user` is a letter. */
static struct test_mem list_mem;
static struct sio__handlers list;
static char called[64];

static void letter(void)
{
}

static void other(void)
{
}

static void begin_list(void)
{
  test_mem_init(&list_mem, TEST_MEM_NEVER);
  memset(&list, 0, sizeof list);
}

static char user_text[128];

static void *user_of(char c)
{
  user_text[(size_t)c] = c;
  return &user_text[(size_t)c];
}

static void end_list(void)
{
  assert_int_equal(list.walks, 0);
  assert_int_equal(list.holes, 0);
  sio__handlers_dispose(&list, &list_mem.allocator);
  test_mem_check(&list_mem);
}

static void note_call(const struct sio__handler *handler)
{
  size_t n = strlen(called);

  called[n] = *(const char *)handler->user;
  called[n + 1] = '\0';
}

/* Walk, and do something when one letter is called. */
static const char *walk_list(char at, void (*act)(void))
{
  const struct sio__handler *each;
  struct sio__walk walk;

  called[0] = '\0';
  sio__walk_begin(&walk, &list);
  while ((each = sio__walk_next(&walk)) != NULL) {
    char c = *(const char *)each->user;

    note_call(each);
    if (c == at)
      act();
  }
  sio__walk_end(&walk);
  return called;
}

static void add_letters(const char *letters)
{
  for (; *letters != '\0'; letters++)
    assert_int_equal(sio__handlers_add(&list, &list_mem.allocator, letter,
                                       user_of(*letters)),
                     0);
}

static int remove_letter(char c)
{
  return sio__handlers_remove(&list, letter, user_of(c));
}

static void begin_letters(const char *letters)
{
  begin_list();
  add_letters(letters);
}

static void nothing(void)
{
}

static void
test_what_is_removed_is_gone_and_others_keep_their_order(void **state)
{
  (void)state;
  begin_letters("abcabc");
  assert_int_equal(remove_letter('b'), 0);
  assert_string_equal(walk_list(0, nothing), "acac");
  assert_int_equal(remove_letter('b'), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio__handlers_remove(&list, other, user_of('a')),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio__handlers_count(&list), 4);
  assert_int_equal(sio__handlers_remove(&list, NULL, NULL), 0);
  assert_string_equal(walk_list(0, nothing), "");
  assert_int_equal(sio__handlers_remove(&list, NULL, NULL), SIO_ERR_NOT_FOUND);
  add_letters("d");
  assert_string_equal(walk_list(0, nothing), "d");
  end_list();
}

static void test_what_is_put_in_front_comes_first(void **state)
{
  (void)state;
  begin_letters("a");
  for (char c = 'b'; c < 'h'; c++)
    assert_int_equal(
        sio__handlers_prepend(&list, &list_mem.allocator, letter, user_of(c)),
        0);
  add_letters("z");
  assert_string_equal(walk_list(0, nothing), "gfedcbaz");
  assert_int_equal(
      sio__handlers_prepend(&list, &list_mem.allocator, NULL, NULL),
      SIO_ERR_INVALID);
  end_list();
}

static void test_once_is_once(void **state)
{
  (void)state;
  begin_letters("a");
  assert_int_equal(
      sio__handlers_once(&list, &list_mem.allocator, letter, user_of('b')), 0);
  add_letters("c");
  assert_string_equal(walk_list(0, nothing), "abc");
  assert_string_equal(walk_list(0, nothing), "ac");
  assert_int_equal(
      sio__handlers_once(&list, &list_mem.allocator, letter, user_of('b')), 0);
  assert_int_equal(remove_letter('b'), 0);
  assert_string_equal(walk_list(0, nothing), "ac");
  end_list();
}

static void remove_around(void)
{
  assert_int_equal(remove_letter('a'), 0);
  assert_int_equal(remove_letter('b'), 0);
  assert_int_equal(remove_letter('c'), 0);
  assert_int_equal(remove_letter('c'), SIO_ERR_NOT_FOUND);
  assert_int_equal(sio__handlers_count(&list), 2);
}

static void test_what_a_walk_removes_is_not_called_any_more(void **state)
{
  (void)state;
  begin_letters("abcde");
  assert_string_equal(walk_list('b', remove_around), "abde");
  assert_int_equal(list.n, 2);
  assert_string_equal(walk_list(0, nothing), "de");
  end_list();
}

static void remove_everything(void)
{
  assert_int_equal(sio__handlers_remove(&list, NULL, NULL), 0);
  assert_int_equal(sio__handlers_remove(&list, NULL, NULL), SIO_ERR_NOT_FOUND);
  add_letters("xy");
}

static void test_a_walk_may_remove_everything_and_add_anew(void **state)
{
  (void)state;
  begin_letters("abc");
  assert_string_equal(walk_list('a', remove_everything), "a");
  assert_string_equal(walk_list(0, nothing), "xy");
  end_list();
}

static void add_around(void)
{
  add_letters("mno");
  for (char c = 'p'; c < 'v'; c++)
    assert_int_equal(
        sio__handlers_prepend(&list, &list_mem.allocator, letter, user_of(c)),
        0);
}

static void test_what_a_walk_adds_is_called_from_the_next_one_on(void **state)
{
  (void)state;
  begin_letters("abc");
  assert_string_equal(walk_list('b', add_around), "abc");
  assert_string_equal(walk_list(0, nothing), "utsrqpabcmno");
  end_list();
}

static void walk_within(void)
{
  const struct sio__handler *each;
  struct sio__walk walk;

  sio__walk_begin(&walk, &list);
  while ((each = sio__walk_next(&walk)) != NULL) {
    char c = *(const char *)each->user;

    note_call(each);
    if (c == 'b')
      assert_int_equal(remove_letter('c'), 0);
    if (c == 'a')
      assert_int_equal(sio__handlers_prepend(&list, &list_mem.allocator, letter,
                                             user_of('f')),
                       0);
  }
  sio__walk_end(&walk);
}

static void test_walks_within_walks_see_the_same_changes(void **state)
{
  (void)state;
  begin_letters("ab");
  assert_int_equal(
      sio__handlers_once(&list, &list_mem.allocator, letter, user_of('o')), 0);
  add_letters("cd");
  /* the inner walk takes the one that is for one call, and removes c */
  assert_string_equal(walk_list('a', walk_within), "aabodbd");
  assert_string_equal(walk_list(0, nothing), "fabd");
  end_list();
}

static void test_an_addition_that_fails_disturbs_no_walk(void **state)
{
  const struct sio__handler *each;
  struct sio__walk walk;

  (void)state;
  begin_letters("ab");
  sio__walk_begin(&walk, &list);
  each = sio__walk_next(&walk);
  assert_ptr_equal(each->user, user_of('a'));
  list_mem.fail_at = list_mem.calls;
  assert_int_equal(
      sio__handlers_prepend(&list, &list_mem.allocator, letter, user_of('c')),
      SIO_ERR_NOMEM);
  list_mem.fail_at = list_mem.calls;
  assert_int_equal(
      sio__handlers_once(&list, &list_mem.allocator, letter, user_of('c')),
      SIO_ERR_NOMEM);
  each = sio__walk_next(&walk);
  assert_ptr_equal(each->user, user_of('b'));
  assert_null(sio__walk_next(&walk));
  sio__walk_end(&walk);
  end_list();
}

/* The same as a plain array would have it, however changes and walks are
 * mixed. */
static void test_random_changes_agree_with_a_plain_array(void **state)
{
  uint32_t random = 4711;
  char model[256];
  size_t n = 0;

  (void)state;
  begin_list();
  for (int i = 0; i < 3000; i++) {
    char c = (char)('a' + test_random(&random) % 26);
    size_t kept = 0;

    switch (test_random(&random) % 3) {
    case 0:
      add_letters((char[]){c, '\0'});
      model[n++] = c;
      break;
    case 1:
      assert_int_equal(
          sio__handlers_prepend(&list, &list_mem.allocator, letter, user_of(c)),
          0);
      memmove(model + 1, model, n++);
      model[0] = c;
      break;
    default:
      for (size_t k = 0; k < n; k++) {
        if (model[k] != c)
          model[kept++] = model[k];
      }
      assert_int_equal(remove_letter(c), kept < n ? 0 : SIO_ERR_NOT_FOUND);
      n = kept;
    }
    if (n > 50) {
      assert_int_equal(sio__handlers_remove(&list, NULL, NULL), 0);
      n = 0;
    }
    model[n] = '\0';
    assert_string_equal(walk_list(0, nothing), model);
  }
  end_list();
}

/* ---- Registering from inside what is registered ---- */

static void later_connect(sio_socket *socket, void *user)
{
  (void)socket;
  world_note(user, "later");
}

static void add_connects(sio_socket *socket, void *user)
{
  sio_ns *ns = sio_socket_ns(socket);

  world_note(user, "first");
  for (int i = 0; i < 20; i++)
    assert_int_equal(sio_on_connect(ns, later_connect, user), 0);
}

static void last_connect(sio_socket *socket, void *user)
{
  (void)socket;
  world_note(user, "last");
}

static void
test_connect_handlers_that_are_added_serve_the_next_one(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_connect(w.root, add_connects, &w), 0);
  assert_int_equal(sio_on_connect(w.root, last_connect, &w), 0);
  client_enter(&w, &a);
  assert_noted(&w, "first\nlast\n");
  client_enter(&w, &b);
  assert_memory_equal(w.notes, "first\nlast\nlater\nlater\n", 23);
  world_close(&w);
}

static void later_event(sio_socket *socket, const sio_args *args, sio_ack *ack,
                        void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  world_note(user, "later");
}

static void add_events(sio_socket *socket, const sio_args *args, sio_ack *ack,
                       void *user)
{
  char name[] = "x0";

  (void)args;
  (void)ack;
  world_note(user, "first");
  for (int i = 0; i < 20; i++) {
    name[1] = (char)('a' + i);
    assert_int_equal(sio_on(sio_socket_ns(socket), "e", later_event, user), 0);
    assert_int_equal(sio_on(sio_socket_ns(socket), name, later_event, user), 0);
  }
}

static void test_event_handlers_that_are_added_serve_the_next_one(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on(w.root, "e", add_events, &w), 0);
  client_enter(&w, &a);
  client_say(&a, "42[\"e\"]");
  assert_noted(&w, "first\n");
  client_say(&a, "42[\"xb\"]");
  assert_noted(&w, "later\n");
  client_say(&a, "42[\"e\"]");
  assert_memory_equal(w.notes, "first\nlater\nlater\n", 18);
  world_close(&w);
}

static void later_end(sio_socket *socket, const sio_end *end, void *user)
{
  (void)socket;
  (void)end;
  world_note(user, "later");
}

static void add_ends(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  world_note(user, "first");
  for (int i = 0; i < 20; i++) {
    assert_int_equal(
        sio_on_disconnecting(sio_socket_ns(socket), later_end, user), 0);
    assert_int_equal(sio_on_disconnect(sio_socket_ns(socket), later_end, user),
                     0);
  }
}

static void test_disconnect_handlers_may_be_added_while_they_run(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_on_disconnecting(w.root, add_ends, &w), 0);
  client_enter(&w, &a);
  client_say(&a, "41");
  /* those of the second step were there before it began */
  assert_memory_equal(w.notes, "first\nlater\nlater\n", 18);
  assert_int_equal(w.n_notes, 6 + 20 * 6);
  world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_functions_are_kept_in_order_however_many),
      cmocka_unit_test(test_no_function_and_no_memory_change_nothing),
      cmocka_unit_test(
          test_what_is_removed_is_gone_and_others_keep_their_order),
      cmocka_unit_test(test_what_is_put_in_front_comes_first),
      cmocka_unit_test(test_once_is_once),
      cmocka_unit_test(test_what_a_walk_removes_is_not_called_any_more),
      cmocka_unit_test(test_a_walk_may_remove_everything_and_add_anew),
      cmocka_unit_test(test_what_a_walk_adds_is_called_from_the_next_one_on),
      cmocka_unit_test(test_walks_within_walks_see_the_same_changes),
      cmocka_unit_test(test_an_addition_that_fails_disturbs_no_walk),
      cmocka_unit_test(test_random_changes_agree_with_a_plain_array),
      cmocka_unit_test(test_connect_handlers_that_are_added_serve_the_next_one),
      cmocka_unit_test(test_event_handlers_that_are_added_serve_the_next_one),
      cmocka_unit_test(test_disconnect_handlers_may_be_added_while_they_run),
  };

  return cmocka_run_group_tests_name("core/handlers", tests, NULL, NULL);
}
