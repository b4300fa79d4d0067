/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

enum { N_THREADS = 4, N_EACH = 500 };

static struct uv_world w;
static struct peer a;
static int ran, seen[N_THREADS];

/* ---- From the loop's own thread ---- */

static void count(sio_server *server, void *arg)
{
  assert_ptr_equal(server, w.server);
  assert_int_equal(*(int *)arg, ran);
  ran++;
}

static void test_what_is_posted_is_run_in_its_order(void **state)
{
  int numbers[10];

  (void)state;
  ran = 0;
  world_open(&w, NULL);
  world_listen(&w);
  for (int i = 0; i < 10; i++) {
    numbers[i] = i;
    assert_int_equal(sio_uv_post(w.uv, count, &numbers[i]), 0);
  }
  assert_int_equal(ran, 0); /* not before we return to the loop */
  world_until(&w, &ran, 10);
  world_close(&w);
}

static void post_again(sio_server *server, void *arg)
{
  (void)server;
  if (++ran < 5)
    assert_int_equal(sio_uv_post(w.uv, post_again, arg), 0);
}

static void test_what_is_run_may_post(void **state)
{
  (void)state;
  ran = 0;
  world_open(&w, NULL);
  world_listen(&w);
  assert_int_equal(sio_uv_post(w.uv, post_again, NULL), 0);
  world_until(&w, &ran, 5);
  world_close(&w);
}

static void emit(sio_server *server, void *arg)
{
  assert_int_equal(sio_emitf(sio_everyone(sio_find(server, "/")), "posted",
                             "%s", (const char *)arg),
                   0);
}

static void test_what_is_run_may_emit(void **state)
{
  static char text[] = "hello";

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  assert_int_equal(sio_uv_post(w.uv, emit, text), 0);
  peer_expect(&a, "42[\"posted\",\"hello\"]");
  peer_close(&a);
  world_close(&w);
}

/* ---- Closing ---- */

static void test_what_was_accepted_is_run_before_closing(void **state)
{
  int numbers[3] = {0, 1, 2};

  (void)state;
  ran = 0;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  for (int i = 0; i < 3; i++)
    assert_int_equal(sio_uv_post(w.uv, count, &numbers[i]), 0);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(ran, 3);
  assert_int_equal(sio_uv_post(w.uv, count, numbers), SIO_ERR_CLOSED);
  peer_close(&a);
  world_close(&w);
  assert_int_equal(ran, 3);
}

static void close_in_post(sio_server *server, void *arg)
{
  (void)server;
  (void)arg;
  assert_int_equal(ran, 1);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(ran, 3);
  assert_int_equal(sio_uv_post(w.uv, count, arg), SIO_ERR_CLOSED);
}

static void
test_what_is_run_may_close_and_the_rest_is_run_in_order(void **state)
{
  int numbers[3] = {0, 1, 2};

  (void)state;
  ran = 0;
  world_open(&w, NULL);
  world_listen(&w);
  assert_int_equal(sio_uv_post(w.uv, count, &numbers[0]), 0);
  assert_int_equal(sio_uv_post(w.uv, close_in_post, NULL), 0);
  assert_int_equal(sio_uv_post(w.uv, count, &numbers[1]), 0);
  assert_int_equal(sio_uv_post(w.uv, count, &numbers[2]), 0);
  world_until(&w, &w.closed, 1);
  world_close(&w);
  assert_int_equal(ran, 3);
}

/* ---- From other threads ---- */

struct thread {
  uv_thread_t id;
  int number, accepted, refused;
  bool until_refused;
};

static struct item {
  int thread, nth;
} items[N_THREADS][N_EACH];

static void take(sio_server *server, void *arg)
{
  struct item *item = arg;

  (void)server;
  assert_int_equal(item->nth, seen[item->thread]); /* each in its order */
  seen[item->thread]++;
  ran++;
}

static void post_many(void *arg)
{
  struct thread *t = arg;

  for (int i = 0; i < N_EACH; i++) {
    struct item *item = &items[t->number][i];

    item->thread = t->number;
    item->nth = i;
    if (sio_uv_post(w.uv, take, item) == 0)
      t->accepted++;
    else
      t->refused++;
  }
}

static void start(struct thread *threads)
{
  memset(threads, 0, N_THREADS * sizeof *threads);
  memset(seen, 0, sizeof seen);
  ran = 0;
  for (int i = 0; i < N_THREADS; i++) {
    threads[i].number = i;
    assert_int_equal(uv_thread_create(&threads[i].id, post_many, &threads[i]),
                     0);
  }
}

static void test_threads_post_and_nothing_is_lost(void **state)
{
  struct thread threads[N_THREADS];

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  start(threads);
  world_until(&w, &ran, N_THREADS * N_EACH);
  for (int i = 0; i < N_THREADS; i++) {
    assert_int_equal(uv_thread_join(&threads[i].id), 0);
    assert_int_equal(threads[i].accepted, N_EACH);
  }
  world_close(&w);
}

static void test_threads_that_post_while_it_closes_are_told(void **state)
{
  struct thread threads[N_THREADS];
  int accepted = 0;

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  /* something is left open, so that the adapter is there until they end */
  world_listen(&w);
  peer_enter(&w, &a);
  start(threads);
  for (int i = 0; i < 3; i++)
    world_turn(&w);
  sio_uv_close(w.uv, on_world_closed, &w);
  for (int i = 0; i < N_THREADS; i++) {
    assert_int_equal(uv_thread_join(&threads[i].id), 0);
    assert_int_equal(threads[i].accepted + threads[i].refused, N_EACH);
    accepted += threads[i].accepted;
  }
  assert_int_equal(w.closed, 0);
  peer_close(&a);
  world_close(&w);
  assert_int_equal(ran, accepted);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_posted_is_run_in_its_order),
      cmocka_unit_test(test_what_is_run_may_post),
      cmocka_unit_test(test_what_is_run_may_emit),
      cmocka_unit_test(test_what_was_accepted_is_run_before_closing),
      cmocka_unit_test(test_what_is_run_may_close_and_the_rest_is_run_in_order),
      cmocka_unit_test(test_threads_post_and_nothing_is_lost),
      cmocka_unit_test(test_threads_that_post_while_it_closes_are_told),
  };

  return cmocka_run_group_tests_name("uv/post", tests, NULL, NULL);
}
