/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "core/listeners.h"

#include <stdio.h>

static const struct sio__hash_seed seed = {1, 2};
static struct test_mem mem;
static struct sio__listeners listeners;

static void begin(void)
{
  test_mem_init(&mem, TEST_MEM_NEVER);
  sio__listeners_init(&listeners, &mem.allocator, &seed);
}

static void end(void)
{
  sio__listeners_dispose(&listeners);
  test_mem_check(&mem);
}

static void first(sio_socket *socket, const sio_args *args, sio_ack *ack,
                  void *user)
{
  (void)socket;
  (void)args;
  (void)ack;
  (void)user;
}

static void second(sio_socket *socket, const sio_args *args, sio_ack *ack,
                   void *user)
{
  first(socket, args, ack, user);
}

static void any(sio_socket *socket, sio_str event, const sio_args *args,
                sio_ack *ack, void *user)
{
  (void)event;
  first(socket, args, ack, user);
}

static void other_any(sio_socket *socket, sio_str event, const sio_args *args,
                      sio_ack *ack, void *user)
{
  any(socket, event, args, ack, user);
}

static int on(const char *name, sio_event_fn fn, void *user)
{
  return sio__listeners_on(&listeners, sio_s(name), fn, user, false);
}

static int off(const char *name, sio_event_fn fn, void *user)
{
  return sio__listeners_off(&listeners, name, fn, user);
}

/* How many handlers a name has. */
static size_t count(const char *name)
{
  struct sio__named *named = sio__listeners_find(&listeners, sio_s(name));

  return named != NULL ? sio__handlers_count(&named->handlers) : 0;
}

static void test_names_are_found_byte_for_byte(void **state)
{
  const sio_str with_nul = {"a\0b", 3}, cut = {"a", 1};

  (void)state;
  begin();
  assert_int_equal(on("", first, NULL), 0);
  assert_int_equal(on("chat", first, NULL), 0);
  assert_int_equal(sio__listeners_on(&listeners, with_nul, first, NULL, false),
                   0);
  assert_int_equal(count(""), 1);
  assert_int_equal(count("chat"), 1);
  assert_int_equal(count("Chat"), 0);
  assert_int_equal(count("cha"), 0);
  assert_non_null(sio__listeners_find(&listeners, with_nul));
  assert_null(sio__listeners_find(&listeners, cut));
  end();
}

static void test_many_names_are_kept_apart(void **state)
{
  char name[16];

  (void)state;
  begin();
  for (int i = 0; i < 500; i++) {
    snprintf(name, sizeof name, "e%d", i);
    assert_int_equal(on(name, first, &listeners), 0);
    assert_int_equal(on(name, second, &listeners), 0);
  }
  for (int i = 0; i < 500; i += 2) {
    snprintf(name, sizeof name, "e%d", i);
    assert_int_equal(off(name, NULL, NULL), 0);
  }
  for (int i = 0; i < 500; i++) {
    snprintf(name, sizeof name, "e%d", i);
    assert_int_equal(count(name), i % 2 == 0 ? 0 : 2);
  }
  assert_int_equal(listeners.by_name.count, 250);
  end();
}

static void test_handlers_are_removed_by_function_and_user(void **state)
{
  int a, b;

  (void)state;
  begin();
  assert_int_equal(on("e", first, &a), 0);
  assert_int_equal(on("e", first, &b), 0);
  assert_int_equal(on("e", second, &a), 0);
  assert_int_equal(on("e", first, &a), 0);
  assert_int_equal(on("f", first, &a), 0);
  assert_int_equal(off("e", second, &b), SIO_ERR_NOT_FOUND);
  assert_int_equal(off("g", first, &a), SIO_ERR_NOT_FOUND);
  assert_int_equal(off("e", first, &a), 0); /* both */
  assert_int_equal(count("e"), 2);
  assert_int_equal(off("e", first, &a), SIO_ERR_NOT_FOUND);
  assert_int_equal(off("e", NULL, &a), 0); /* whatever the user */
  assert_int_equal(count("e"), 0);
  assert_int_equal(count("f"), 1);
  assert_int_equal(listeners.by_name.count, 1); /* a name costs nothing then */
  end();
}

static void test_no_name_stands_for_all_names(void **state)
{
  int a, b;

  (void)state;
  begin();
  assert_int_equal(off(NULL, NULL, NULL), SIO_ERR_NOT_FOUND);
  for (char c = 'a'; c < 'k'; c++) {
    const char name[] = {c, '\0'};

    assert_int_equal(on(name, first, &a), 0);
    assert_int_equal(on(name, first, &b), 0);
  }
  assert_int_equal(off(NULL, first, &a), 0);
  assert_int_equal(count("a"), 1);
  assert_int_equal(count("j"), 1);
  assert_int_equal(off(NULL, first, &a), SIO_ERR_NOT_FOUND);
  assert_int_equal(off(NULL, NULL, NULL), 0);
  assert_int_equal(listeners.by_name.count, 0);
  assert_int_equal(mem.live_blocks, 1); /* buckets, kept for the next names */
  end();
}

static void test_a_name_stays_while_its_handlers_are_walked(void **state)
{
  const struct sio__handler *each;
  struct sio__named *named;
  struct sio__walk walk;

  (void)state;
  begin();
  assert_int_equal(on("e", first, NULL), 0);
  assert_int_equal(on("e", second, NULL), 0);
  named = sio__listeners_find(&listeners, sio_s("e"));
  sio__walk_begin(&walk, &named->handlers);
  each = sio__walk_next(&walk);
  assert_true(each->fn == (void (*)(void))first);
  assert_int_equal(off("e", NULL, NULL), 0);
  assert_ptr_equal(sio__listeners_find(&listeners, sio_s("e")), named);
  assert_int_equal(off("e", NULL, NULL), SIO_ERR_NOT_FOUND);
  assert_null(sio__walk_next(&walk));
  sio__walk_end(&walk);
  sio__listeners_tidy(&listeners, named);
  assert_int_equal(listeners.by_name.count, 0);
  end();
}

static void test_what_cannot_be_registered_leaves_nothing(void **state)
{
  static const char *reserved[] = {"connect",     "connect_error",
                                   "disconnect",  "disconnecting",
                                   "newListener", "removeListener"};

  (void)state;
  begin();
  assert_int_equal(on("e", NULL, NULL), SIO_ERR_INVALID);
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    assert_int_equal(on(reserved[i], first, NULL), SIO_ERR_RESERVED);
  assert_int_equal(sio__listeners_match(&listeners, sio_s("*"), NULL, NULL),
                   SIO_ERR_INVALID);
  assert_int_equal(mem.live_blocks, 0);
  end();
}

static int match(const char *pattern, sio_any_fn fn, void *user)
{
  return sio__listeners_match(&listeners, sio_s(pattern), fn, user);
}

static void test_patterns_are_removed_by_text_function_and_user(void **state)
{
  int a, b;

  (void)state;
  begin();
  assert_int_equal(match("a*", any, &a), 0);
  assert_int_equal(match("a*", any, &b), 0);
  assert_int_equal(match("b*", any, &a), 0);
  assert_int_equal(match("b*", other_any, &a), 0);
  assert_true(listeners.is_special);
  assert_int_equal(sio__listeners_unmatch(&listeners, "*", any, &a),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio__listeners_unmatch(&listeners, "a*", any, &a), 0);
  assert_int_equal(sio__listeners_unmatch(&listeners, "a*", any, &a),
                   SIO_ERR_NOT_FOUND);
  assert_int_equal(sio__handlers_count(&listeners.matching), 3);
  assert_int_equal(sio__listeners_unmatch(&listeners, "b*", NULL, NULL), 0);
  assert_int_equal(sio__handlers_count(&listeners.matching), 1);
  assert_int_equal(sio__listeners_unmatch(&listeners, NULL, NULL, NULL), 0);
  assert_false(listeners.is_special);
  end();
}

static void register_something(struct test_mem *from, void *user)
{
  struct sio__listeners own;
  size_t kept = 0;

  (void)user;
  sio__listeners_init(&own, &from->allocator, &seed);
  for (int i = 0; i < 12; i++) {
    char name[] = {(char)('a' + i % 4), '\0'};
    int rv = sio__listeners_on(&own, sio_s(name), first, NULL, i % 3 == 0);

    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    rv = sio__listeners_match(&own, sio_s(name), any, NULL);
    assert_true(rv == 0 || rv == SIO_ERR_NOMEM);
    kept += rv == 0;
    assert_int_equal(sio__handlers_count(&own.matching), kept);
  }
  for (char c = 'a'; c < 'e'; c++) {
    const char name[] = {c, '\0'};
    struct sio__named *named = sio__listeners_find(&own, sio_s(name));

    assert_true(named == NULL || named->handlers.n > 0);
  }
  sio__listeners_dispose(&own);
}

static void test_out_of_memory_leaves_what_was_there(void **state)
{
  (void)state;
  assert_true(test_every_allocation(register_something, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_found_byte_for_byte),
      cmocka_unit_test(test_many_names_are_kept_apart),
      cmocka_unit_test(test_handlers_are_removed_by_function_and_user),
      cmocka_unit_test(test_no_name_stands_for_all_names),
      cmocka_unit_test(test_a_name_stays_while_its_handlers_are_walked),
      cmocka_unit_test(test_what_cannot_be_registered_leaves_nothing),
      cmocka_unit_test(test_patterns_are_removed_by_text_function_and_user),
      cmocka_unit_test(test_out_of_memory_leaves_what_was_there),
  };

  return cmocka_run_group_tests_name("core/listeners", tests, NULL, NULL);
}
