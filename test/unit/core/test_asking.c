/* SPDX-License-Identifier: MIT */
/* Parents that are asked, and take their time. */
#include "core_world.h"

#include "core/objects.h"

#include <stdio.h>

static struct core_world w;
static struct core_client a, b;

enum { MAX_HELD = 8 };
static sio_ns_request *held[MAX_HELD];
static size_t n_held;

/* A parent that answers later. */
static void hold_on(sio_ns_request *request, void *user)
{
  assert_true(n_held < MAX_HELD);
  held[n_held++] = sio_ns_request_retain(request);
  if (user != NULL)
    world_note(user, "asked about %s", sio_ns_request_name(request));
}

static void agree(sio_ns_request *request, void *user)
{
  world_note(user, "yes to %s", sio_ns_request_name(request));
  assert_int_equal(sio_ns_request_accept(request), 0);
}

static void say_nothing(sio_ns_request *request, void *user)
{
  world_note(user, "nothing about %s", sio_ns_request_name(request));
}

static void release(size_t i)
{
  sio_ns_request_release(held[i]);
  held[i] = NULL;
}

static void begin_with(const sio_server_options *options)
{
  n_held = 0;
  world_open(&w, options);
  assert_true(client_open(&w, &a));
  assert_true(client_open(&w, &b));
}

static void begin(void)
{
  begin_with(NULL);
}

/* With children that go when they are empty. */
static void begin_tidy(void)
{
  sio_server_options options;

  world_options(&w, &options);
  options.cleanup_empty_namespaces = 1;
  begin_with(&options);
}

#define INVALID(name) "44" name ",{\"message\":\"Invalid namespace\"}\n"

static void expect_joined(struct core_client *c, const char *nsp)
{
  char want[64];

  (void)snprintf(want, sizeof want, "40%s,{\"sid\":", nsp);
  assert_memory_equal(client_hear(c), want, strlen(want));
}

/* ---- Answers ---- */

static void test_a_parent_may_answer_later(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, &w));
  client_say(&a, "40/x,{\"token\":\"t\"}");
  client_say(&a, "40/y,");
  assert_noted(&w, "asked about /x\nasked about /y\n");
  assert_hears(&a, "");
  assert_null(sio_find(w.server, "/x"));
  assert_true(sio_str_is(
      sio_value_str(sio_value_member(sio_ns_request_auth(held[0]), "token")),
      "t"));
  assert_int_equal(sio_value_type(sio_ns_request_auth(held[1])), SIO_ABSENT);
  assert_non_null(sio_ns_request_session(held[0]));
  assert_int_equal(sio_ns_request_refuse(held[1]), 0);
  assert_hears(&a, INVALID("/y"));
  assert_int_equal(sio_ns_request_accept(held[0]), 0);
  expect_joined(&a, "/x");
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/x")), 1);
  assert_non_null(sio_ns_request_session(held[0])); /* it is still there */
  assert_string_equal(sio_ns_request_name(held[0]), "/x");
  release(0);
  release(1);
  world_close(&w);
}

static void keep_auth(sio_socket *socket, void *user)
{
  sio_value token = sio_value_member(sio_socket_auth(socket), "token");

  world_note(user, "token %.*s", SIO_STR_ARG(sio_value_str(token)));
}

static void test_what_the_client_gave_reaches_its_socket(void **state)
{
  sio_ns *parent;

  (void)state;
  begin();
  parent = sio_of_dynamic(w.server, hold_on, NULL);
  assert_int_equal(sio_on_connect(parent, keep_auth, &w), 0);
  client_say(&a, "40/x,{\"token\":\"t\"}");
  client_say(&a, "40/late,"); /* whose packet takes the place of the first */
  assert_int_equal(sio_ns_request_accept(held[0]), 0);
  assert_noted(&w, "token t\n");
  release(0);
  release(1);
  world_close(&w);
}

static void test_only_the_first_answer_counts(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  assert_int_equal(sio_ns_request_refuse(held[0]), 0);
  assert_int_equal(n_held, 2);
  /* The first parent has no say in what the second is asked. */
  assert_int_equal(sio_ns_request_accept(held[0]), SIO_ERR_STATE);
  assert_int_equal(sio_ns_request_refuse(held[0]), SIO_ERR_STATE);
  release(0);
  assert_hears(&a, "");
  assert_int_equal(sio_ns_request_accept(held[1]), 0);
  assert_int_equal(sio_ns_request_refuse(held[1]), SIO_ERR_STATE);
  expect_joined(&a, "/x");
  release(1);
  world_close(&w);
}

static void test_who_gives_up_without_an_answer_refuses(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, say_nothing, &w));
  assert_non_null(sio_of_dynamic(w.server, hold_on, &w));
  assert_non_null(sio_of_dynamic(w.server, say_nothing, &w));
  client_say(&a, "40/x,");
  assert_noted(&w, "nothing about /x\nasked about /x\n");
  assert_ptr_equal(sio_ns_request_retain(held[0]), held[0]);
  sio_ns_request_release(held[0]);
  assert_noted(&w, "");
  release(0);
  assert_noted(&w, "nothing about /x\n");
  assert_hears(&a, INVALID("/x"));
  sio_ns_request_release(NULL);
  world_close(&w);
}

static void test_a_pattern_behind_a_function_waits_for_it(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  assert_non_null(sio_of_pattern(w.server, "/p/{id}"));
  client_say(&a, "40/p/1,");
  client_say(&a, "40/q,");
  assert_hears(&a, "");
  assert_int_equal(sio_ns_request_refuse(held[0]), 0);
  expect_joined(&a, "/p/1");
  assert_true(sio_str_is(sio_ns_param(sio_find(w.server, "/p/1"), "id"), "1"));
  assert_int_equal(sio_ns_request_refuse(held[1]), 0);
  assert_hears(&a, INVALID("/q"));
  release(0);
  release(1);
  world_close(&w);
}

/* ---- Races ---- */

static void test_two_clients_get_one_namespace(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_say(&b, "40/x,");
  assert_int_equal(n_held, 2);
  assert_int_equal(sio_ns_request_accept(held[1]), 0);
  expect_joined(&b, "/x");
  assert_hears(&a, "");
  assert_int_equal(sio_ns_request_accept(held[0]), 0);
  expect_joined(&a, "/x");
  assert_int_equal(w.server->n_dynamic, 1);
  assert_int_equal(
      sio_emitf(sio_everyone(sio_find(w.server, "/x")), "all", NULL), 0);
  assert_hears(&a, "42/x,[\"all\"]\n");
  assert_hears(&b, "42/x,[\"all\"]\n");
  release(0);
  release(1);
  world_close(&w);
}

static void test_names_that_exist_meanwhile_are_not_decided_about(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  assert_non_null(sio_of_dynamic(w.server, agree, &w));
  client_say(&a, "40/x,");
  client_say(&b, "40/x,");
  assert_non_null(sio_of(w.server, "/x"));
  assert_int_equal(sio_ns_request_refuse(held[0]), 0);
  expect_joined(&a, "/x");
  assert_int_equal(sio_ns_request_accept(held[1]), 0);
  expect_joined(&b, "/x");
  assert_null(sio_ns_parent(sio_find(w.server, "/x")));
  assert_noted(&w, "");
  release(0);
  release(1);
  world_close(&w);
}

static void test_a_client_that_asks_twice_is_asked_about_once(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_say(&a, "40/x,");
  assert_int_equal(n_held, 1);
  client_say(&b, "40/x,"); /* another client */
  assert_int_equal(n_held, 2);
  assert_int_equal(sio_ns_request_refuse(held[0]), 0);
  assert_hears(&a, INVALID("/x"));
  client_say(&a, "40/x,"); /* it may try again, while the handle is kept */
  assert_int_equal(n_held, 3);
  for (size_t i = 0; i < n_held; i++)
    release(i);
  assert_hears(&a, INVALID("/x"));
  world_close(&w);
}

static void test_a_client_that_got_in_meanwhile_stays_in(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  assert_non_null(sio_of(w.server, "/x"));
  client_join(&a, "/x"); /* it exists now */
  assert_int_equal(sio_ns_request_accept(held[0]), 0);
  assert_hears(&a, "");
  assert_int_equal(sio_ns_socket_count(sio_find(w.server, "/x")), 1);
  assert_int_equal(sio_server_session_count(w.server), 2);
  release(0);
  world_close(&w);
}

static void test_undecided_names_count_as_namespaces(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_namespaces = 2;
  begin_with(&options);
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_say(&a, "40/y,");
  assert_int_equal(sio_ns_request_refuse(held[0]), 0);
  assert_hears(&a, INVALID("/x"));
  client_join(&a, "/");
  client_say(&a, "40/z,");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_NAMESPACES), 1);
  assert_int_equal(n_held, 2);
  release(0);
  release(1);
  world_close(&w);
}

static void test_packets_for_an_undecided_name_are_not_allowed(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_say(&a, "42/x,[\"e\"]");
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_NOT_ALLOWED), 1);
  assert_int_equal(sio_ns_request_accept(held[0]), SIO_ERR_DISCONNECTED);
  release(0);
  world_close(&w);
}

/* ---- Whoever goes meanwhile ---- */

static void test_a_request_survives_its_client(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  assert_non_null(sio_of_dynamic(w.server, agree, &w));
  client_say(&a, "40/x,{\"k\":1}");
  client_drop(&a);
  assert_null(sio_ns_request_session(held[0]));
  assert_string_equal(sio_ns_request_name(held[0]), "/x");
  assert_int_equal(sio_value_type(sio_ns_request_auth(held[0])), SIO_OBJECT);
  assert_int_equal(sio_ns_request_accept(held[0]), SIO_ERR_DISCONNECTED);
  assert_int_equal(sio_ns_request_accept(held[0]), SIO_ERR_STATE);
  assert_null(sio_find(w.server, "/x"));
  release(0);
  client_say(&b, "40/y,");
  client_drop(&b);
  assert_int_equal(sio_ns_request_refuse(held[1]), SIO_ERR_DISCONNECTED);
  assert_noted(&w, ""); /* nobody else is asked */
  release(1);
  world_close(&w);
}

static void test_a_request_survives_the_server(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_say(&b, "40/x,");
  world_drop_clients(&w);
  sio_server_free(w.server);
  assert_string_equal(sio_ns_request_name(held[0]), "/x");
  assert_int_equal(sio_ns_request_refuse(held[0]), SIO_ERR_DISCONNECTED);
  release(0);
  release(1); /* unanswered */
  test_mem_check(w.mem);
}

static void test_closing_drops_what_is_undecided(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_say(&b, "40/x,");
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  assert_int_equal(sio_ns_request_accept(held[0]), SIO_ERR_DISCONNECTED);
  assert_hears(&a, "<close>\n");
  release(0);
  release(1);
  assert_null(sio_find(w.server, "/x"));
  world_close(&w);
}

static void test_a_parent_that_is_deleted_has_no_say(void **state)
{
  sio_ns *first;

  (void)state;
  begin();
  first = sio_of_dynamic(w.server, hold_on, &w);
  client_say(&a, "40/x,");
  assert_int_equal(sio_ns_delete(first), 0);
  assert_non_null(sio_of_dynamic(w.server, hold_on, &w));
  assert_int_equal(sio_ns_request_accept(held[0]), 0);
  assert_noted(&w, "asked about /x\nasked about /x\n");
  assert_hears(&a, "");
  assert_int_equal(sio_ns_request_accept(held[1]), 0);
  assert_string_equal(sio_ns_name(sio_ns_parent(sio_find(w.server, "/x"))),
                      "/_1");
  release(0);
  release(1);
  world_close(&w);
}

static void test_the_connect_timer_goes_on_while_parents_think(void **state)
{
  (void)state;
  begin();
  assert_non_null(sio_of_dynamic(w.server, hold_on, NULL));
  client_say(&a, "40/x,");
  client_join(&b, "/");
  /* without pongs it would be the heartbeat */
  world_wait(&w, 25000);
  client_say(&a, "3");
  client_say(&b, "3");
  world_wait(&w, 20000);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_CONNECT_TIMEOUT),
                   1);
  assert_int_equal(sio_ns_request_accept(held[0]), SIO_ERR_DISCONNECTED);
  release(0);
  world_close(&w);
}

/* ---- From inside the callback ---- */

static sio_ns *own_parent;
static bool (*inside)(sio_ns_request *request);

static void do_inside(sio_ns_request *request, void *user)
{
  (void)user;
  if (inside(request))
    (void)sio_ns_request_accept(request); /* whether it can be or not */
}

static bool delete_the_parent(sio_ns_request *request)
{
  (void)request;
  assert_int_equal(sio_ns_delete(own_parent), 0);
  return true;
}

static bool drop_the_client(sio_ns_request *request)
{
  (void)request;
  client_drop(&a);
  return true;
}

static bool close_the_session(sio_ns_request *request)
{
  sio_session_close(sio_ns_request_session(request), false);
  assert_int_equal(sio_ns_request_accept(request), SIO_ERR_DISCONNECTED);
  return false;
}

static bool cut_the_session(sio_ns_request *request)
{
  sio_session_close(sio_ns_request_session(request), true);
  assert_null(sio_ns_request_session(request));
  return true;
}

static bool close_the_server(sio_ns_request *request)
{
  (void)request;
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  return true;
}

static bool make_it_itself(sio_ns_request *request)
{
  assert_non_null(sio_of(w.server, sio_ns_request_name(request)));
  return false;
}

static bool answer_twice(sio_ns_request *request)
{
  assert_int_equal(sio_ns_request_refuse(request), 0);
  assert_int_equal(sio_ns_request_accept(request), SIO_ERR_STATE);
  return false;
}

static bool let_another_ask(sio_ns_request *request)
{
  if (sio_server_session_count(w.server) == 2 && n_held++ == 0)
    client_say(&b, "40/x,");
  (void)request;
  return true;
}

static void test_anything_may_be_done_while_being_asked(void **state)
{
  static const struct {
    bool (*what)(sio_ns_request *request);
    const char *heard; /* by the client, or its beginning */
    bool exists;
  } cases[] = {
      {delete_the_parent, INVALID("/x"), false},
      {drop_the_client, "", false},
      {close_the_session, "<close>\n", false},
      {cut_the_session, "<close>\n", false},
      {close_the_server, "<close>\n", false},
      {make_it_itself, "40/x,{\"sid\":", true},
      {answer_twice, INVALID("/x"), false},
      {let_another_ask, "40/x,{\"sid\":", true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin_tidy();
    inside = cases[i].what;
    own_parent = sio_of_dynamic(w.server, do_inside, NULL);
    client_say(&a, "40/x,");
    if (a.conn != NULL)
      assert_memory_equal(client_hear(&a), cases[i].heard,
                          strlen(cases[i].heard));
    assert_int_equal(sio_find(w.server, "/x") != NULL, cases[i].exists);
    assert_true(w.server->n_dynamic <= 1);
    world_close(&w);
  }
}

static void delete_it(sio_ns *ns, void *user)
{
  (void)user;
  assert_int_equal(sio_ns_delete(ns), 0);
  assert_int_equal(sio_ns_delete(ns), SIO_ERR_STATE);
}

static void drop_a(sio_ns *ns, void *user)
{
  (void)ns;
  (void)user;
  client_drop(&a);
}

static void test_what_is_new_may_go_before_anybody_is_in(void **state)
{
  static const sio_namespace_fn fns[] = {delete_it, drop_a};

  (void)state;
  for (size_t i = 0; i < 4; i++) {
    begin_tidy();
    if (i < 2)
      assert_non_null(sio_of_pattern(w.server, "/{id}"));
    else
      assert_non_null(sio_of_dynamic(w.server, agree, &w));
    sio_server_on_namespace(w.server, fns[i % 2], NULL);
    client_say(&a, "40/x,");
    if (a.conn != NULL)
      assert_hears(&a, INVALID("/x"));
    assert_null(sio_find(w.server, "/x"));
    assert_int_equal(w.server->n_dynamic, 0);
    world_close(&w);
  }
}

/* ---- Memory ---- */

static void live(struct test_mem *mem, void *user)
{
  (void)user;
  n_held = 0;
  a.conn = b.conn = NULL;
  if (!world_try_open(&w, mem))
    return;
  w.server->options.cleanup_empty_namespaces = 1;
  (void)sio_of_dynamic(w.server, hold_on, NULL);
  (void)sio_of_dynamic(w.server, hold_on, NULL);
  if (client_open(&w, &a) && client_open(&w, &b)) {
    client_say(&a, "40/x,{\"a\":1}");
    if (b.conn != NULL)
      client_say(&b, "40/x,{\"b\":1}");
    for (size_t i = 0; i < n_held; i++) { /* grows meanwhile */
      (void)(i == 0 ? sio_ns_request_refuse(held[i])
                    : sio_ns_request_accept(held[i]));
      release(i);
    }
    assert_true(mem->fired ||
                sio_ns_socket_count(sio_find(w.server, "/x")) == 2);
  }
  world_drop_clients(&w);
  assert_null(sio_find(w.server, "/x"));
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
      cmocka_unit_test(test_a_parent_may_answer_later),
      cmocka_unit_test(test_what_the_client_gave_reaches_its_socket),
      cmocka_unit_test(test_only_the_first_answer_counts),
      cmocka_unit_test(test_who_gives_up_without_an_answer_refuses),
      cmocka_unit_test(test_a_pattern_behind_a_function_waits_for_it),
      cmocka_unit_test(test_two_clients_get_one_namespace),
      cmocka_unit_test(test_names_that_exist_meanwhile_are_not_decided_about),
      cmocka_unit_test(test_a_client_that_asks_twice_is_asked_about_once),
      cmocka_unit_test(test_a_client_that_got_in_meanwhile_stays_in),
      cmocka_unit_test(test_undecided_names_count_as_namespaces),
      cmocka_unit_test(test_packets_for_an_undecided_name_are_not_allowed),
      cmocka_unit_test(test_a_request_survives_its_client),
      cmocka_unit_test(test_a_request_survives_the_server),
      cmocka_unit_test(test_closing_drops_what_is_undecided),
      cmocka_unit_test(test_a_parent_that_is_deleted_has_no_say),
      cmocka_unit_test(test_the_connect_timer_goes_on_while_parents_think),
      cmocka_unit_test(test_anything_may_be_done_while_being_asked),
      cmocka_unit_test(test_what_is_new_may_go_before_anybody_is_in),
      cmocka_unit_test(test_no_memory_leaves_nothing_behind),
  };

  return cmocka_run_group_tests_name("core/asking", tests, NULL, NULL);
}
