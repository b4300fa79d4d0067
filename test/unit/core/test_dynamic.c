/* SPDX-License-Identifier: MIT */
/* Parents of namespaces and their children. */
#include "core_world.h"

#include "core/objects.h"

#include <stdio.h>

static struct core_world w;
static struct core_client a, b;

static void begin(bool cleanup, uint32_t limit)
{
  sio_server_options options;

  world_options(&w, &options);
  options.cleanup_empty_namespaces = cleanup;
  options.max_dynamic_namespaces = limit;
  world_open(&w, &options);
}

static void expect_refused(struct core_client *c, const char *nsp)
{
  char text[600];

  (void)snprintf(text, sizeof text, "40%s,", nsp);
  client_say(c, text);
  (void)snprintf(text, sizeof text,
                 "44%s,{\"message\":\"Invalid namespace\"}\n", nsp);
  assert_hears(c, text);
}

static void agree(sio_ns_request *request, void *user)
{
  if (user != NULL)
    world_note(user, "asked about %s", sio_ns_request_name(request));
  assert_int_equal(sio_ns_request_accept(request), 0);
}

static void disagree(sio_ns_request *request, void *user)
{
  world_note(user, "no to %s", sio_ns_request_name(request));
  assert_int_equal(sio_ns_request_refuse(request), 0);
}

static bool note_ns(sio_ns *ns, void *user)
{
  world_note(user, "%s%s%s%s", sio_ns_name(ns),
             sio_ns_is_parent(ns) ? " parent" : "",
             sio_ns_parent(ns) != NULL ? " of " : "",
             sio_ns_parent(ns) != NULL ? sio_ns_name(sio_ns_parent(ns)) : "");
  return true;
}

/* ---- Parents ---- */

static void test_parents_have_numbers_and_nobody_joins_them(void **state)
{
  sio_ns *first, *second;

  (void)state;
  world_open(&w, NULL);
  first = sio_of_dynamic(w.server, disagree, &w);
  second = sio_of_pattern(w.server, "/t/{id}");
  assert_string_equal(sio_ns_name(first), "/_0");
  assert_string_equal(sio_ns_name(second), "/_1");
  assert_true(sio_ns_is_parent(first) && sio_ns_is_parent(second));
  assert_null(sio_ns_parent(first));
  assert_ptr_equal(sio_ns_server(first), w.server);
  assert_null(sio_find(w.server, "/_0"));
  assert_null(sio_find(w.server, "/_1"));
  assert_true(client_open(&w, &a));
  expect_refused(&a, "/_0");
  assert_noted(&w, "no to /_0\n");
  assert_ptr_not_equal(sio_of(w.server, "/_0"), first);
  client_join(&a, "/_0");
  assert_int_equal(sio_ns_socket_count(first), 0);
  sio_server_each_ns(w.server, note_ns, &w);
  assert_noted(&w, "/\n/_0 parent\n/_1 parent\n/_0\n");
  world_close(&w);
}

static void test_what_makes_no_parent_is_refused(void **state)
{
  char longest[300] = "/{id}";

  (void)state;
  world_open(&w, NULL);
  assert_null(sio_of_dynamic(NULL, agree, NULL));
  assert_null(sio_of_dynamic(w.server, NULL, NULL));
  assert_null(sio_of_pattern(NULL, "/{id}"));
  assert_null(sio_of_pattern(w.server, NULL));
  assert_null(sio_of_pattern(w.server, "/{id"));
  assert_null(sio_of_pattern(w.server, "/a,{id}"));
  assert_null(sio_of_pattern(w.server, "/\xff{id}"));
  memset(longest + 5, 'x', 251);
  assert_null(sio_of_pattern(w.server, longest));
  longest[255] = '\0';
  assert_string_equal(sio_ns_name(sio_of_pattern(w.server, longest)), "/_0");
  world_close(&w);
}

static void test_a_server_without_namespaces_has_no_parents(void **state)
{
  sio_server *server = sio_engine_new(NULL, NULL, NULL);

  (void)state;
  assert_non_null(server);
  assert_null(sio_of_dynamic(server, agree, NULL));
  assert_null(sio_of_pattern(server, "/{id}"));
  sio_server_each_ns(server, note_ns, &w);
  sio_server_free(server);
}

static void test_a_pattern_makes_children_and_gives_their_parts(void **state)
{
  sio_ns *parent, *child;

  (void)state;
  world_open(&w, NULL);
  parent = sio_of_pattern(w.server, "tenant/{id}/{*rest}");
  assert_true(client_open(&w, &a));
  expect_refused(&a, "/tenant/7");
  expect_refused(&a, "/tenant//x");
  client_join(&a, "/tenant/7/x/y");
  child = sio_find(w.server, "/tenant/7/x/y");
  assert_ptr_equal(sio_ns_parent(child), parent);
  assert_false(sio_ns_is_parent(child));
  assert_true(sio_str_is(sio_ns_param(child, "id"), "7"));
  assert_true(sio_str_is(sio_ns_param(child, "rest"), "x/y"));
  assert_null(sio_ns_param(child, "i").data);
  assert_null(sio_ns_param(child, "").data);
  assert_null(sio_ns_param(child, NULL).data);
  assert_null(sio_ns_param(parent, "id").data);
  assert_null(sio_ns_param(w.root, "id").data);
  client_join(&a, "/tenant/8/x");
  sio_server_each_ns(w.server, note_ns, &w);
  assert_noted(&w, "/\n/_0 parent\n/tenant/7/x/y of /_0\n/tenant/8/x of /_0\n");
  world_close(&w);
}

static void test_a_function_makes_children_without_parts(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of_dynamic(w.server, agree, &w));
  assert_true(client_open(&w, &a));
  client_join(&a, "/x");
  client_join(&a, "/y");
  assert_noted(&w, "asked about /x\nasked about /y\n");
  assert_null(sio_ns_param(sio_find(w.server, "/x"), "id").data);
  client_enter(&w, &b);
  client_join(&b, "/x"); /* which exists */
  assert_noted(&w, "");
  world_close(&w);
}

static void test_parents_are_asked_in_the_order_of_creation(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of_dynamic(w.server, disagree, &w));
  assert_non_null(sio_of_pattern(w.server, "/p/{id}"));
  assert_non_null(sio_of_dynamic(w.server, agree, &w));
  assert_non_null(sio_of_pattern(w.server, "/{*all}"));
  assert_true(client_open(&w, &a));
  client_join(&a, "/p/1");
  assert_noted(&w, "no to /p/1\n");
  assert_string_equal(sio_ns_name(sio_ns_parent(sio_find(w.server, "/p/1"))),
                      "/_1");
  client_join(&a, "/q");
  assert_noted(&w, "no to /q\nasked about /q\n");
  assert_string_equal(sio_ns_name(sio_ns_parent(sio_find(w.server, "/q"))),
                      "/_2");
  world_close(&w);
}

static void test_names_that_no_namespace_has_are_refused_unasked(void **state)
{
  char longest[258] = "/";

  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of_dynamic(w.server, agree, &w));
  assert_non_null(sio_of_pattern(w.server, "/{*all}"));
  assert_true(client_open(&w, &a));
  expect_refused(&a, "/a\x01");
  memset(longest + 1, 'x', 255);
  expect_refused(&a, longest);
  assert_noted(&w, "");
  longest[255] = '\0';
  client_join(&a, longest);
  world_close(&w);
}

static void test_what_the_host_makes_joins_the_parent_that_matches(void **state)
{
  sio_ns *parent, *child;

  (void)state;
  begin(true, 1);
  assert_non_null(sio_of_dynamic(w.server, disagree, &w));
  parent = sio_of_pattern(w.server, "/dynamic-{number}");
  assert_non_null(sio_of_pattern(w.server, "/{*all}"));
  child = sio_of(w.server, "dynamic-101");
  assert_noted(&w, ""); /* functions are not asked */
  assert_ptr_equal(sio_ns_parent(child), parent);
  assert_true(sio_str_is(sio_ns_param(child, "number"), "101"));
  assert_string_equal(sio_ns_name(sio_ns_parent(sio_of(w.server, "/dynamic"))),
                      "/_2");
  assert_true(client_open(&w, &a));
  client_join(&a, "/dynamic-101"); /* nor when it exists */
  client_say(&a, "41/dynamic-101,");
  assert_ptr_equal(sio_find(w.server, "/dynamic-101"), child);
  assert_noted(&w, "");
  client_join(&a, "/other"); /* it is the first that counts */
  assert_noted(&w, "no to /other\n");
  world_close(&w);
}

static void test_without_patterns_the_hosts_have_no_parent(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_non_null(sio_of_dynamic(w.server, agree, &w));
  assert_null(sio_ns_parent(sio_of(w.server, "/x")));
  assert_noted(&w, "");
  world_close(&w);
}

/* ---- What holds for children ---- */

struct mark {
  const char *name;
};

static void pass(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  world_note(&w, "%s middleware", ((struct mark *)user)->name);
  assert_int_equal(sio_next_ok(next), 0);
}

static void connected(sio_socket *socket, void *user)
{
  world_note(&w, "%s connect %s", ((struct mark *)user)->name,
             sio_ns_name(sio_socket_ns(socket)));
}

static void leaving(sio_socket *socket, const sio_end *end, void *user)
{
  (void)end;
  world_note(&w, "%s %s %s", ((struct mark *)user)->name,
             sio_socket_is_connected(socket) ? "disconnecting" : "disconnect",
             sio_ns_name(sio_socket_ns(socket)));
}

static void watch(sio_ns *ns, struct mark *mark)
{
  assert_int_equal(sio_use(ns, pass, mark), 0);
  assert_int_equal(sio_on_connect(ns, connected, mark), 0);
  assert_int_equal(sio_on_disconnecting(ns, leaving, mark), 0);
  assert_int_equal(sio_on_disconnect(ns, leaving, mark), 0);
}

static void watch_child(sio_ns *ns, void *user)
{
  world_note(&w, "made %s", sio_ns_name(ns));
  watch(ns, user);
}

static void test_the_parents_handlers_come_before_the_childs(void **state)
{
  static struct mark parent = {"parent"}, child = {"child"};

  (void)state;
  world_open(&w, NULL);
  watch(sio_of_pattern(w.server, "/t/{id}"), &parent);
  sio_server_on_namespace(w.server, watch_child, &child);
  assert_true(client_open(&w, &a));
  client_join(&a, "/t/1");
  assert_noted(&w, "made /t/1\n"
                   "parent middleware\nchild middleware\n"
                   "parent connect /t/1\nchild connect /t/1\n");
  client_say(&a, "41/t/1,");
  assert_noted(&w, "parent disconnecting /t/1\nchild disconnecting /t/1\n"
                   "parent disconnect /t/1\nchild disconnect /t/1\n");
  sio_server_on_namespace(w.server, NULL, NULL);
  client_join(&a, "/t/2");
  assert_noted(&w, "parent middleware\nparent connect /t/2\n");
  world_close(&w);
}

static void test_what_a_parent_gets_later_is_for_who_comes_later(void **state)
{
  static struct mark late = {"late"};
  sio_ns *parent;

  (void)state;
  world_open(&w, NULL);
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_true(client_open(&w, &a));
  client_join(&a, "/t/1");
  for (int i = 0; i < 4; i++) /* more than the list has room for at first */
    assert_int_equal(sio_use(parent, pass, &late), 0);
  assert_int_equal(sio_on_connect(parent, connected, &late), 0);
  client_enter(&w, &b);
  client_join(&b, "/t/1");
  assert_noted(&w, "late middleware\nlate middleware\nlate middleware\n"
                   "late middleware\nlate connect /t/1\n");
  world_close(&w);
}

static sio_next *held;

static void hold_on(sio_socket *socket, sio_next *next, void *user)
{
  (void)socket;
  (void)user;
  held = sio_next_retain(next);
}

static void
test_who_is_joining_does_not_see_what_the_parent_gets_meanwhile(void **state)
{
  static struct mark late = {"late"}, child = {"child"};
  sio_ns *parent;

  (void)state;
  world_open(&w, NULL);
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_int_equal(sio_use(parent, hold_on, NULL), 0);
  assert_int_equal(sio_use(sio_of(w.server, "/t/1"), pass, &child), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40/t/1,");
  for (int i = 0; i < 4; i++)
    assert_int_equal(sio_use(parent, pass, &late), 0);
  assert_int_equal(sio_next_ok(held), 0);
  assert_noted(&w, "child middleware\n");
  sio_next_release(held);
  world_close(&w);
}

static void test_only_the_own_parent_counts(void **state)
{
  static struct mark one = {"one"}, two = {"two"};

  (void)state;
  world_open(&w, NULL);
  watch(sio_of_pattern(w.server, "/one/{id}"), &one);
  watch(sio_of_pattern(w.server, "/two/{id}"), &two);
  client_enter(&w, &a);
  assert_noted(&w, "");
  client_join(&a, "/two/1");
  assert_noted(&w, "two middleware\ntwo connect /two/1\n");
  world_close(&w);
}

/* ---- Number and clean-up ---- */

static void test_beyond_the_limit_names_are_invalid(void **state)
{
  (void)state;
  begin(true, 2);
  assert_non_null(sio_of_pattern(w.server, "/t/{id}"));
  assert_non_null(sio_of_dynamic(w.server, agree, NULL));
  assert_non_null(sio_of(w.server, "/static"));
  assert_true(client_open(&w, &a));
  client_join(&a, "/t/1");
  client_join(&a, "/f");
  expect_refused(&a, "/t/2");
  assert_string_equal(
      w.logged, "1 a wish to join ended: too many namespaces that clients have "
                "made (limit 2)");
  expect_refused(&a, "/g");
  assert_int_equal(
      sio_server_cause_count(w.server, SIO_CAUSE_DYNAMIC_NAMESPACES), 2);
  client_enter(&w, &b);
  client_join(&b, "/t/1"); /* which exists */
  client_join(&b, "/static");
  assert_non_null(sio_of(w.server, "/t/3")); /* the host may */
  client_say(&a, "41/f,");                   /* it goes */
  client_join(&a, "/t/2");
  expect_refused(&a, "/f");
  world_close(&w);
}

static void test_without_a_limit_there_may_be_many(void **state)
{
  char name[24];

  (void)state;
  begin(false, 0);
  assert_non_null(sio_of_pattern(w.server, "/{id}"));
  assert_true(client_open(&w, &a));
  for (int i = 0; i < 200; i++) {
    (void)snprintf(name, sizeof name, "/n%d", i);
    client_join(&a, name);
    (void)snprintf(name, sizeof name, "41/n%d,", i);
    client_say(&a, name);
  }
  assert_int_equal(w.server->n_dynamic, 200);
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/n7")), 0);
  world_close(&w);
}

static void test_an_empty_child_is_removed_and_comes_again(void **state)
{
  (void)state;
  begin(true, 1);
  assert_non_null(sio_of_pattern(w.server, "/t/{id}"));
  assert_true(client_open(&w, &a));
  assert_true(client_open(&w, &b));
  client_join(&a, "/t/1");
  client_join(&b, "/t/1");
  client_say(&a, "41/t/1,");
  assert_non_null(sio_find(w.server, "/t/1"));
  client_drop(&b);
  assert_null(sio_find(w.server, "/t/1"));
  client_join(&a, "/t/1");
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/t/1")), 1);
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/t/1"), false), 0);
  assert_null(sio_find(w.server, "/t/1"));
  world_close(&w);
}

static void test_static_ones_stay_when_they_are_empty(void **state)
{
  (void)state;
  begin(true, 0);
  assert_non_null(sio_of_pattern(w.server, "/t/{id}"));
  assert_non_null(sio_of(w.server, "/t/1"));
  assert_non_null(sio_of(w.server, "/s"));
  client_enter(&w, &a);
  client_join(&a, "/t/1");
  client_join(&a, "/s");
  client_drop(&a);
  assert_non_null(sio_find(w.server, "/t/1"));
  assert_non_null(sio_find(w.server, "/s"));
  assert_non_null(sio_find(w.server, "/"));
  world_close(&w);
}

static void test_a_refused_client_leaves_no_child_behind(void **state)
{
  sio_ns *parent;

  (void)state;
  begin(true, 0);
  parent = sio_of_pattern(w.server, "/t/{id}");
  assert_int_equal(sio_use(parent, hold_on, NULL), 0);
  assert_true(client_open(&w, &a));
  client_say(&a, "40/t/1,");
  assert_non_null(sio_find(w.server, "/t/1"));
  assert_int_equal(sio_next_refuse(held, "no", NULL), 0);
  sio_next_release(held);
  assert_hears(&a, "44/t/1,{\"message\":\"no\"}\n");
  assert_null(sio_find(w.server, "/t/1"));
  client_say(&a, "40/t/1,");
  client_drop(&a); /* while its middleware thinks */
  assert_null(sio_find(w.server, "/t/1"));
  assert_int_equal(sio_next_ok(held), SIO_ERR_DISCONNECTED);
  sio_next_release(held);
  world_close(&w);
}

static void test_pending_joins_keep_a_child_alive(void **state)
{
  sio_ns *child;

  (void)state;
  begin(true, 0);
  assert_non_null(sio_of_pattern(w.server, "/t/{id}"));
  assert_true(client_open(&w, &a));
  assert_true(client_open(&w, &b));
  client_join(&a, "/t/1");
  child = sio_find(w.server, "/t/1");
  assert_int_equal(sio_use(child, hold_on, NULL), 0);
  client_say(&b, "40/t/1,");
  client_say(&a, "41/t/1,");
  assert_ptr_equal(sio_find(w.server, "/t/1"), child);
  assert_int_equal(sio_next_ok(held), 0);
  sio_next_release(held);
  assert_int_equal(sio_ns_socket_count(child), 1);
  world_close(&w);
}

static void test_closing_removes_children_when_all_have_left(void **state)
{
  static struct mark parent = {"parent"};

  (void)state;
  begin(true, 0);
  assert_int_equal(
      sio_on_disconnect(sio_of_pattern(w.server, "/t/{id}"), leaving, &parent),
      0);
  assert_true(client_open(&w, &a));
  assert_true(client_open(&w, &b));
  client_join(&a, "/t/1");
  client_join(&b, "/t/1");
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  assert_noted(&w, "parent disconnect /t/1\nparent disconnect /t/1\n");
  assert_null(sio_find(w.server, "/t/1"));
  world_close(&w);
}

static void test_without_cleanup_children_stay(void **state)
{
  (void)state;
  begin(false, 0);
  assert_non_null(sio_of_pattern(w.server, "/t/{id}"));
  assert_true(client_open(&w, &a));
  client_join(&a, "/t/1");
  client_drop(&a);
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/t/1")), 0);
  world_close(&w);
}

/* ---- Memory ---- */

static void come_and_go(const struct test_mem *mem, struct core_client *c,
                        const char *packet)
{
  size_t len = strlen("40/f,{");

  c->conn = NULL;
  if (!client_open(&w, c)) {
    assert_true(mem->fired);
    return;
  }
  client_say(c, packet);
  assert_true(strncmp(client_hear(c), packet, len) == 0 || mem->fired);
  client_drop(c);
}

static void live(struct test_mem *mem, void *user)
{
  sio_ns *pattern, *function;

  (void)user;
  if (!world_try_open(&w, mem))
    return;
  w.server->options.cleanup_empty_namespaces = 1;
  pattern = sio_of_pattern(w.server, "/t/{id}");
  function = sio_of_dynamic(w.server, agree, NULL);
  assert_true(mem->fired || (pattern != NULL && function != NULL));
  come_and_go(mem, &a, "40/t/1,{\"a\":1}");
  come_and_go(mem, &b, "40/f,{\"a\":1}");
  assert_null(sio_find(w.server, "/t/1"));
  assert_null(sio_find(w.server, "/f"));
  assert_int_equal(w.server->n_dynamic, 0);
  world_close(&w);
}

static void test_no_memory_leaves_nothing_behind(void **state)
{
  (void)state;
  assert_true(test_every_allocation(live, NULL) > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parents_have_numbers_and_nobody_joins_them),
      cmocka_unit_test(test_what_makes_no_parent_is_refused),
      cmocka_unit_test(test_a_server_without_namespaces_has_no_parents),
      cmocka_unit_test(test_a_pattern_makes_children_and_gives_their_parts),
      cmocka_unit_test(test_a_function_makes_children_without_parts),
      cmocka_unit_test(test_parents_are_asked_in_the_order_of_creation),
      cmocka_unit_test(test_names_that_no_namespace_has_are_refused_unasked),
      cmocka_unit_test(test_what_the_host_makes_joins_the_parent_that_matches),
      cmocka_unit_test(test_without_patterns_the_hosts_have_no_parent),
      cmocka_unit_test(test_the_parents_handlers_come_before_the_childs),
      cmocka_unit_test(test_what_a_parent_gets_later_is_for_who_comes_later),
      cmocka_unit_test(
          test_who_is_joining_does_not_see_what_the_parent_gets_meanwhile),
      cmocka_unit_test(test_only_the_own_parent_counts),
      cmocka_unit_test(test_beyond_the_limit_names_are_invalid),
      cmocka_unit_test(test_without_a_limit_there_may_be_many),
      cmocka_unit_test(test_an_empty_child_is_removed_and_comes_again),
      cmocka_unit_test(test_static_ones_stay_when_they_are_empty),
      cmocka_unit_test(test_a_refused_client_leaves_no_child_behind),
      cmocka_unit_test(test_pending_joins_keep_a_child_alive),
      cmocka_unit_test(test_closing_removes_children_when_all_have_left),
      cmocka_unit_test(test_without_cleanup_children_stay),
      cmocka_unit_test(test_no_memory_leaves_nothing_behind),
  };

  return cmocka_run_group_tests_name("core/dynamic", tests, NULL, NULL);
}
