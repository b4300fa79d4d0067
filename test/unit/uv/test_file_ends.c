/* SPDX-License-Identifier: MIT */
/* Files whose request, peer, server or memory comes to an end meanwhile. */
#include "file_world.h"

static void test_several_requests_are_answered_in_their_order(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "file", 4);
  peer_get(&a, "/1");
  peer_get(&a, "/socket.io/?EIO=3");
  peer_get(&a, "/2");
  peer_expect(&a, "\r\n\r\nfile");
  peer_expect(&a, "HTTP/1.1 400 ");
  peer_expect(&a, "\r\n\r\nfile");
  end();
}

static void test_several_large_files_are_sent_one_after_the_other(void **state)
{
  char *data;

  (void)state;
  begin();
  data = make_large();
  ask("GET", "");
  ask("GET", "Range: bytes=0-999999\r\n");
  for (int i = 0; i < 2; i++) {
    size_t len = i == 0 ? LARGE : 1000000;

    peer_expect(&a, "\r\n\r\n");
    peer_expect_bytes(&a, len);
    assert_memory_equal(a.in, data, len);
    a.len -= len;
    memmove(a.in, a.in + len, a.len + 1);
  }
  assert_int_equal(a.len, 0);
  free(data);
  end();
}

static void keep_asked(sio_request *request, void *user)
{
  answer(request, user);
  w.joined++;
}

static void test_who_goes_meanwhile_costs_nothing(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "file", 4);
  sio_server_on_http(w.server, keep_asked, NULL);
  peer_get(&a, "/1");
  world_until(&w, &w.joined, 1);
  peer_close(&a);
  peer_dial(&w, &a);
  expect("HTTP/1.1 200 ", "Content-Length: 4", "file");
  end();
}

static void test_who_goes_in_the_middle_of_a_file_costs_nothing(void **state)
{
  char *data;

  (void)state;
  begin();
  data = make_large();
  for (int i = 0; i < 20; i++) {
    ask("GET", "");
    peer_expect(&a, "\r\n\r\n");
    for (int turn = 0; turn < i; turn++)
      world_turn(&w);
    peer_close(&a);
    peer_dial(&w, &a);
  }
  free(data);
  end();
}

static void test_closing_waits_for_files_that_are_being_read(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "file", 4);
  sio_server_on_http(w.server, keep_asked, NULL);
  peer_get(&a, "/1");
  for (int i = 0; i < PATIENCE_MS && w.joined == 0; i++) {
    /* no file is finished in the turn in which it was asked for */
    (void)poll(NULL, 0, 1);
    (void)uv_run(&w.loop, UV_RUN_NOWAIT);
  }
  sio_uv_close(w.uv, on_world_closed, &w);
  peer_close(&a);
  world_until(&w, &w.closed, 1);
  (void)unlink(path);
  world_close(&w);
}

static void test_closing_gives_up_files_that_nobody_reads(void **state)
{
  char *data;

  (void)state;
  for (int turns = 0; turns < 20; turns++) {
    begin();
    data = make_large();
    ask("GET", "");
    for (int i = 0; i < turns; i++)
      world_turn(&w);
    sio_uv_close(w.uv, on_world_closed, &w);
    for (int i = 0; i < 3; i++)
      world_turn(&w);
    peer_close(&a);
    world_until(&w, &w.closed, 1);
    assert_int_equal(unlink(path), 0);
    free(data);
    world_close(&w);
  }
}

static sio_request *kept;

static void keep(sio_request *request, void *user)
{
  (void)user;
  kept = sio_request_retain(request);
}

static void test_a_closing_adapter_sends_no_more_files(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "file", 4);
  sio_server_on_http(w.server, keep, NULL);
  kept = NULL;
  ask("GET", "");
  for (int i = 0; i < PATIENCE_MS && kept == NULL; i++)
    world_turn(&w);
  assert_non_null(kept);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(sio_uv_respond_file(w.uv, kept, path, NULL, 0),
                   SIO_ERR_CLOSED);
  sio_request_release(kept);
  peer_close(&a);
  world_until(&w, &w.closed, 1);
  assert_int_equal(unlink(path), 0);
  world_close(&w);
}

static bool is_served(void)
{
  return a.len > 4 && memcmp(a.in + a.len - 4, "file", 4) == 0;
}

/* One request with allocation number `at` refused; whether it was not. */
static bool survive(size_t at)
{
  peer_close(&a);
  peer_dial(&w, &a);
  for (int i = 0; i < 3; i++)
    world_turn(&w);
  w.mem.fired = false;
  w.mem.fail_at = w.mem.calls + at;
  peer_get(&a, "/file");
  for (int i = 0; i < PATIENCE_MS && !a.ended && !is_served() &&
                  strncmp(a.in, "HTTP/1.1 5", 10) != 0;
       i++) {
    (void)peer_read(&a);
    world_turn(&w);
  }
  w.mem.fail_at = TEST_MEM_NEVER;
  assert_true(a.ended || strncmp(a.in, "HTTP/1.1 ", 9) == 0);
  return !w.mem.fired;
}

static void test_no_memory_is_an_error_and_no_leak(void **state)
{
  static char data[3 * PIECE + 4];
  bool refused = true;

  (void)state;
  begin();
  memset(data, 'x', sizeof data);
  memcpy(data + 3 * PIECE, "file", 4);
  make_file("a.txt", data, sizeof data);
  peer_get(&a, "/warm"); /* what is kept for reuse is there then */
  peer_expect(&a, "file");
  for (size_t at = 0; refused; at++) {
    assert_in_range(at, 0, 100);
    refused = !survive(at);
  }
  assert_true(is_served());
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_several_requests_are_answered_in_their_order),
      cmocka_unit_test(test_several_large_files_are_sent_one_after_the_other),
      cmocka_unit_test(test_who_goes_meanwhile_costs_nothing),
      cmocka_unit_test(test_who_goes_in_the_middle_of_a_file_costs_nothing),
      cmocka_unit_test(test_closing_waits_for_files_that_are_being_read),
      cmocka_unit_test(test_closing_gives_up_files_that_nobody_reads),
      cmocka_unit_test(test_a_closing_adapter_sends_no_more_files),
      cmocka_unit_test(test_no_memory_is_an_error_and_no_leak),
  };

  return cmocka_run_group_tests_name("uv/file_ends", tests, NULL, NULL);
}
