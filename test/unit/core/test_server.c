/* SPDX-License-Identifier: MIT */
#include "core_world.h"

#include <stdlib.h>

static struct core_world w;
static struct core_client a, b, h;

static void note_closed(sio_server *server, void *user)
{
  assert_ptr_equal(server, w.server);
  assert_false(sio_server_is_closing(server));
  world_note(user, "closed");
}

/* ---- Closing ---- */

static void test_closing_sends_everybody_away_and_then_tells(void **state)
{
  (void)state;
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
  (void)world_watch(&w, "/b");
  client_enter(&w, &a);
  client_join(&a, "/b");
  client_enter(&w, &b);
  w.n_notes = 0;
  assert_int_equal(sio_server_close(w.server, note_closed, &w), 0);
  assert_noted(&w, "leaving /: server shutting down, rooms 1\n"
                   "left /: server shutting down, the server was closed, "
                   "rooms 0\n"
                   "leaving /: server shutting down, rooms 1\n"
                   "left /: server shutting down, the server was closed, "
                   "rooms 0\n"
                   "leaving /b: server shutting down, rooms 1\n"
                   "left /b: server shutting down, the server was closed, "
                   "rooms 0\n");
  assert_true(sio_server_is_closing(w.server));
  assert_int_equal(sio_server_socket_count(w.server), 0);
  assert_int_equal(sio_server_session_count(w.server), 0);
  assert_int_equal(sio_server_connection_count(w.server), 2);
  assert_int_equal(sio_server_close(w.server, note_closed, &w), SIO_ERR_STATE);
  assert_hears(&a, "<close>\n"); /* no DISCONNECT packet */
  client_say_close(&a);
  assert_hears(&a, "<end>\n");
  assert_noted(&w, "");
  assert_hears(&b, "<close>\n");
  client_say_close(&b);
  assert_hears(&b, "<end>\n");
  assert_noted(&w, "closed\n");
  world_close(&w);
}

static void test_closing_does_not_wait_for_ever(void **state)
{
  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  assert_int_equal(sio_server_close(w.server, note_closed, &w), 0);
  assert_hears(&a, "<close>\n");
  world_wait(&w, 29999);
  assert_hears(&a, "");
  world_wait(&w, 1);
  assert_noted(&w, "");
  assert_hears(&a, "<end>\n");
  assert_noted(&w, "closed\n");
  world_close(&w);
}

static void test_an_empty_server_closes_at_once(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_server_close(w.server, note_closed, &w), 0);
  assert_noted(&w, "closed\n");
  assert_int_equal(sio_server_close(w.server, NULL, NULL), 0);
  assert_false(sio_server_is_closing(w.server));
  world_close(&w);
}

static void
test_a_closing_server_takes_nobody_and_a_closed_one_does(void **state)
{
  sio_conn *conn = NULL;

  (void)state;
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
  world_echo(w.root);
  client_enter(&w, &a);
  assert_int_equal(sio_server_close(w.server, note_closed, &w), 0);
  assert_int_equal(sio_conn_open(w.server, NULL, NULL, &conn), SIO_ERR_CLOSED);
  assert_null(conn);
  client_drop(&a);
  w.n_notes = 0;
  client_enter(&w, &b);
  assert_noted(&w, "joined /\n");
  client_say(&b, "421[\"echo\",1]");
  assert_hears(&b, "42[\"echoed\",1]\n431[1]\n");
  assert_int_equal(sio_server_close(w.server, note_closed, &w), 0);
  client_drop(&b);
  assert_non_null(strstr(w.notes, "closed\n"));
  world_close(&w);
}

static void test_polling_sessions_end_when_the_server_closes(void **state)
{
  struct core_poller p, q;

  (void)state;
  world_open(&w, NULL);
  assert_true(poller_open(&w, &p));
  assert_true(poller_open(&w, &q));
  poller_get(&p);
  assert_int_equal(sio_server_close(w.server, note_closed, &w), 0);
  assert_string_equal(http_answer(&p.get), "200 1");
  (void)http_answer(&p.post);
  (void)http_answer(&q.get);
  (void)http_answer(&q.post);
  assert_true(p.get.ended && p.post.ended && q.get.ended && q.post.ended);
  assert_noted(&w, "closed\n");
  world_close(&w);
}

static void close_again(sio_server *server, void *user)
{
  world_note(user, "once");
  assert_int_equal(sio_server_close(server, note_closed, user), 0);
}

static void test_the_closed_callback_may_close_again(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_server_close(w.server, close_again, &w), 0);
  assert_noted(&w, "once\nclosed\n");
  world_close(&w);
}

static void open_another(sio_server *server, void *user)
{
  world_note(user, "%d %d", sio_server_is_closing(server), http_open(user, &h));
}

static void test_the_closed_callback_may_accept_connections(void **state)
{
  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  assert_int_equal(sio_server_close(w.server, open_another, &w), 0);
  client_drop(&a);
  assert_noted(&w, "0 1\n");
  assert_int_equal(sio_server_connection_count(w.server), 1);
  world_close(&w);
}

static void test_freeing_sends_everybody_away(void **state)
{
  (void)state;
  world_open(&w, NULL);
  (void)world_watch(&w, "/");
  client_enter(&w, &a);
  client_enter(&w, &b);
  w.n_notes = 0;
  sio_server_free(w.server);
  a.conn = b.conn = NULL;
  assert_noted(&w, "leaving /: server shutting down, rooms 1\n"
                   "left /: server shutting down, the server was closed, "
                   "rooms 0\n"
                   "leaving /: server shutting down, rooms 1\n"
                   "left /: server shutting down, the server was closed, "
                   "rooms 0\n");
  test_mem_check(w.mem);
  sio_server_free(NULL);
}

static void on_last(sio_server *server, void *user)
{
  assert_ptr_equal(server, w.server);
  assert_int_equal(sio_server_connection_count(server), 0);
  assert_int_equal(sio_server_close(server, on_last, user), SIO_ERR_STATE);
  assert_int_equal(sio_server_drain(server, NULL, on_last, user),
                   SIO_ERR_STATE);
  assert_int_equal(sio_emitf(sio_everyone(w.root), "late", NULL),
                   SIO_ERR_CLOSED);
  world_note(&w, "done %s", (const char *)user);
}

static void never(sio_server *server, void *user)
{
  (void)server;
  (void)user;
  fail_msg("told, in spite of the error");
}

/* Whatever is under way when a server is freed has its end. */
static void test_freeing_ends_what_has_begun(void **state)
{
  sio_drain_options slow;

  (void)state;
  sio_drain_options_init(&slow);
  slow.per_second = 1;
  for (int what = 1; what <= 3; what++) {
    world_open(&w, NULL);
    client_enter(&w, &a);
    if ((what & 1) != 0)
      assert_int_equal(sio_server_drain(w.server, &slow, on_last, "drain"), 0);
    if ((what & 2) != 0) {
      assert_int_equal(sio_server_close(w.server, on_last, "close"), 0);
      assert_int_equal(sio_server_close(w.server, never, NULL), SIO_ERR_STATE);
    }
    assert_noted(&w, "");
    sio_server_free(w.server);
    a.conn = NULL;
    assert_noted(&w, what == 1   ? "done drain\n"
                     : what == 2 ? "done close\n"
                                 : "done drain\ndone close\n");
    test_mem_check(w.mem);
  }
}

/* ---- What can be asked ---- */

static void test_counts_follow_what_is_there(void **state)
{
  struct core_poller p;

  (void)state;
  world_open(&w, NULL);
  assert_int_equal(sio_server_connection_count(w.server), 0);
  assert_true(client_open(&w, &a));
  assert_int_equal(sio_server_connection_count(w.server), 1);
  assert_int_equal(sio_server_session_count(w.server), 1);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  client_join(&a, "/");
  assert_int_equal(sio_server_socket_count(w.server), 1);
  assert_int_equal(sio_ns_socket_count(w.root), 1);
  assert_true(poller_open(&w, &p));
  assert_int_equal(sio_server_connection_count(w.server), 3);
  assert_int_equal(sio_server_session_count(w.server), 2);
  client_drop(&p.get);
  client_drop(&p.post);
  assert_int_equal(sio_server_connection_count(w.server), 1);
  assert_int_equal(sio_server_session_count(w.server), 2);
  client_drop(&a);
  assert_int_equal(sio_server_session_count(w.server), 1);
  assert_int_equal(sio_server_socket_count(w.server), 0);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_COUNT_), 0);
  assert_int_equal(sio_server_cause_count(w.server, SIO_CAUSE_MAX_), 0);
  world_close(&w);
}

static void test_a_server_knows_its_pointer_allocator_and_path(void **state)
{
  static const char *const paths[][2] = {{"/socket.io", "/socket.io/"},
                                         {"/socket.io/", "/socket.io/"},
                                         {"/", "/"},
                                         {"/a/b", "/a/b/"}};
  sio_server_options options;

  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    world_options(&w, &options);
    options.path = paths[i][0];
    world_open(&w, &options);
    assert_string_equal(sio_server_path(w.server), paths[i][1]);
    assert_null(sio_server_user(w.server));
    sio_server_set_user(w.server, &w);
    assert_ptr_equal(sio_server_user(w.server), &w);
    assert_ptr_equal(sio_server_allocator(w.server)->user_data, w.mem);
    world_close(&w);
  }
}

static void test_the_ready_callback_comes_once_per_change(void **state)
{
  unsigned before;

  (void)state;
  world_open(&w, NULL);
  client_enter(&w, &a);
  before = a.n_ready;
  for (int i = 0; i < 5; i++)
    assert_int_equal(sio_emitf(sio_only(client_socket(&a, "/")), "e", NULL), 0);
  assert_int_equal(a.n_ready, before + 1);
  (void)client_hear(&a);
  assert_int_equal(sio_socket_disconnect(client_socket(&a, "/"), true), 0);
  assert_int_equal(a.n_ready, before + 2);
  world_close(&w);
}

static void test_the_log_keeps_to_its_level(void **state)
{
  sio_server_options options;

  (void)state;
  for (uint32_t level = SIO_LOG_WARN; level <= SIO_LOG_DEBUG; level++) {
    world_options(&w, &options);
    options.log_level = level;
    world_open(&w, &options);
    client_enter(&w, &a);
    client_say(&a, "4nonsense");
    assert_int_equal(strstr(w.logged, "undecodable") != NULL,
                     level >= SIO_LOG_INFO);
    w.logged[0] = '\0';
    client_enter(&w, &b);
    client_say(&b, "41");
    assert_int_equal(strstr(w.logged, b.sid) != NULL, level >= SIO_LOG_DEBUG);
    world_close(&w);
  }
}

static void test_a_random_source_that_fails_fails_what_needs_it(void **state)
{
  sio_server_options options;
  sio_server *server;

  (void)state;
  world_options(&w, &options);
  w.random_fails = true;
  server = sio_server_new(&options);
  assert_null(server);
  assert_non_null(strstr(w.logged, "random"));
  test_mem_check(w.mem);

  world_open(&w, NULL);
  client_enter(&w, &a);
  w.random_fails = true;
  for (int i = 0; i < 2000 && sio_server_session_count(w.server) > 0; i++) {
    client_say(&a, "41");
    client_say(&a, "40");
    (void)client_hear(&a); /* some ids are in stock */
  }
  assert_string_equal(a.heard, "<close>\n"); /* its connection alone */
  w.random_fails = false;
  client_enter(&w, &b);
  world_close(&w);
}

/* ---- Requests outside the path ---- */

static void answer(sio_request *request, void *user)
{
  sio_str path = sio_request_path(request);

  assert_ptr_equal(sio_request_server(request), w.server);
  world_note(user, "%s %.*s", sio_request_method(request), (int)path.len,
             path.data);
  assert_int_equal(sio_respond_text(request, 200, "text/plain", "hello"), 0);
  assert_int_equal(sio_respond_text(request, 200, "text/plain", "again"),
                   SIO_ERR_STATE);
}

static sio_request *kept;

static void keep(sio_request *request, void *user)
{
  (void)user;
  kept = sio_request_retain(request);
}

static void ignore(sio_request *request, void *user)
{
  (void)request;
  (void)user;
}

static void test_requests_outside_the_path_are_the_hosts(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_true(http_open(&w, &h));
  http_send(&h, "/page", NULL);
  assert_memory_equal(http_answer(&h), "404 ", 4);
  sio_server_on_http(w.server, answer, &w);
  http_send(&h, "/page?x", NULL);
  assert_string_equal(http_answer(&h), "200 hello");
  http_send(&h, "/post", "body");
  assert_string_equal(http_answer(&h), "200 hello");
  assert_noted(&w, "GET /page\nPOST /post\n");
  sio_server_on_http(w.server, ignore, &w);
  http_send(&h, "/x", NULL);
  assert_memory_equal(http_answer(&h), "500 ", 4);
  world_close(&w);
}

static void test_a_request_may_outlive_the_server(void **state)
{
  (void)state;
  world_open(&w, NULL);
  sio_server_on_http(w.server, keep, &w);
  assert_true(http_open(&w, &h));
  http_send(&h, "/later", NULL);
  world_drop_clients(&w);
  sio_server_free(w.server);
  assert_null(sio_request_server(kept));
  assert_true(sio_str_is(sio_request_path(kept), "/later"));
  assert_int_equal(sio_respond_text(kept, 200, "text/plain", "x"),
                   SIO_ERR_DISCONNECTED);
  sio_request_release(kept);
  test_mem_check(w.mem);
}

/* A program that knows of nothing but addresses. */
static void test_an_older_peer_is_completed(void **state)
{
  const size_t len = offsetof(sio_peer, tls);
  sio_server *server = sio_server_new(NULL);
  sio_peer *old = malloc(len);
  sio_peer whole;
  sio_conn *conn;

  (void)state;
  assert_non_null(server);
  assert_non_null(old);
  sio_peer_init_sized(old, len);
  assert_int_equal(old->size, len);
  assert_null(old->address);
  old->address = "192.0.2.7";
  assert_int_equal(sio_conn_open(server, old, NULL, &conn), 0);
  sio_conn_closed(conn, 0);
  free(old);

  memset(&whole, 0, sizeof whole); /* it was not initialised */
  assert_int_equal(sio_conn_open(server, &whole, NULL, &conn), SIO_ERR_INVALID);
  assert_null(conn);
  sio_server_free(server);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_closing_sends_everybody_away_and_then_tells),
      cmocka_unit_test(test_closing_does_not_wait_for_ever),
      cmocka_unit_test(test_an_empty_server_closes_at_once),
      cmocka_unit_test(
          test_a_closing_server_takes_nobody_and_a_closed_one_does),
      cmocka_unit_test(test_polling_sessions_end_when_the_server_closes),
      cmocka_unit_test(test_the_closed_callback_may_close_again),
      cmocka_unit_test(test_the_closed_callback_may_accept_connections),
      cmocka_unit_test(test_freeing_sends_everybody_away),
      cmocka_unit_test(test_freeing_ends_what_has_begun),
      cmocka_unit_test(test_counts_follow_what_is_there),
      cmocka_unit_test(test_a_server_knows_its_pointer_allocator_and_path),
      cmocka_unit_test(test_the_ready_callback_comes_once_per_change),
      cmocka_unit_test(test_the_log_keeps_to_its_level),
      cmocka_unit_test(test_a_random_source_that_fails_fails_what_needs_it),
      cmocka_unit_test(test_requests_outside_the_path_are_the_hosts),
      cmocka_unit_test(test_a_request_may_outlive_the_server),
      cmocka_unit_test(test_an_older_peer_is_completed),
  };

  return cmocka_run_group_tests_name("core/server", tests, NULL, NULL);
}
