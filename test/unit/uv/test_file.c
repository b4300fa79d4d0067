/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

static struct uv_world w;
static struct peer a;
static char path[128];
static const sio_header *headers;
static size_t n_headers;

static void make_file(const char *name, const void *data, size_t len)
{
  FILE *file;

  snprintf(path, sizeof path, "%s/%s", w.dir, name);
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
}

static void answer(sio_request *request, void *user)
{
  int rv = sio_uv_respond_file(w.uv, request, path, headers, n_headers);

  (void)user; /* without memory the request is released, which answers 500 */
  assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && w.mem.fired));
}

static void begin(void)
{
  headers = NULL;
  n_headers = 0;
  world_open(&w, NULL);
  sio_server_on_http(w.server, answer, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
}

static void end(void)
{
  peer_close(&a);
  (void)unlink(path); /* some tests have made none */
  world_close(&w);
}

/* Ask, and see the status line, this header line, and the body. */
static void expect(const char *status, const char *line, const char *body)
{
  peer_get(&a, "/file");
  peer_expect(&a, status);
  peer_expect(&a, line);
  peer_expect(&a, "\r\n\r\n");
  if (*body != '\0')
    peer_expect(&a, body);
  assert_int_equal(a.len, 0);
}

static void test_a_file_is_sent_with_its_type(void **state)
{
  static const char *const types[][2] = {
      {"a.html", "text/html; charset=utf-8"},
      {"a.css", "text/css; charset=utf-8"},
      {"a.js", "text/javascript; charset=utf-8"},
      {"a.json", "application/json; charset=utf-8"},
      {"a.PNG", "image/png"},
      {"a.svg", "image/svg+xml"},
      {"a.unknown", "application/octet-stream"},
      {"html", "application/octet-stream"}};
  char line[64];

  (void)state;
  begin();
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    make_file(types[i][0], "some text", 9);
    snprintf(line, sizeof line, "Content-Type: %s", types[i][1]);
    expect("HTTP/1.1 200 ", line, "some text");
    assert_int_equal(unlink(path), 0);
  }
  end();
}

static void test_headers_of_the_host_are_sent(void **state)
{
  static const sio_header some[] = {{"Cache-Control", "max-age=60"},
                                    {"content-type", "text/x-own"}};

  (void)state;
  begin();
  headers = some;
  n_headers = 2;
  make_file("a.html", "x", 1);
  peer_get(&a, "/file");
  peer_expect(&a, "Cache-Control: max-age=60\r\ncontent-type: text/x-own\r\n");
  peer_expect(&a, "\r\nx");
  n_headers = 1;
  expect("max-age=60\r\n", "Content-Type: text/html; charset=utf-8", "x");
  end();
}

static void refuse_first(sio_request *request, void *user)
{
  static const sio_header bad = {"Content-Length", "1"};

  (void)user;
  assert_int_equal(sio_uv_respond_file(w.uv, request, path, &bad, 1),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_respond_text(request, 200, "text/plain", "own"), 0);
}

static void test_headers_that_cannot_be_sent_are_refused(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "x", 1);
  sio_server_on_http(w.server, refuse_first, NULL);
  expect("HTTP/1.1 200 ", "text/plain", "own");
  end();
}

static void test_empty_and_large_files_are_sent_whole(void **state)
{
  enum { SIZE = 3000000 };
  char *data = malloc(SIZE);

  (void)state;
  assert_non_null(data);
  for (size_t i = 0; i < SIZE; i++)
    data[i] = (char)(i * 7 + i / 251);
  begin();
  make_file("a.txt", "", 0);
  expect("HTTP/1.1 200 ", "Content-Length: 0", "");
  make_file("a.txt", data, SIZE);
  peer_get(&a, "/file");
  peer_expect(&a, "Content-Length: 3000000");
  peer_expect(&a, "\r\n\r\n");
  peer_expect_bytes(&a, SIZE);
  assert_int_equal(a.len, SIZE);
  assert_memory_equal(a.in, data, SIZE);
  free(data);
  end();
}

static void test_what_is_no_file_is_not_found(void **state)
{
  (void)state;
  begin();
  snprintf(path, sizeof path, "%s/none", w.dir);
  expect("HTTP/1.1 404 ", "Content-Length: 9", "Not Found");
  snprintf(path, sizeof path, "%s", w.dir);
  expect("HTTP/1.1 404 ", "Content-Length: 9", "Not Found");
  end();
}

static void test_a_file_beyond_64_mebibytes_is_an_error(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "x", 1);
  assert_int_equal(truncate(path, 64 * 1024 * 1024 + 1), 0);
  expect("HTTP/1.1 500 ", "Content-Length: 21", "Internal Server Error");
  end();
}

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

static void test_no_memory_is_an_error_and_no_leak(void **state)
{
  bool served = false;

  (void)state;
  begin();
  make_file("a.txt", "file", 4);
  peer_get(&a, "/warm"); /* what is kept for reuse is there then */
  peer_expect(&a, "file");
  for (size_t at = 0; !served; at++) {
    assert_in_range(at, 0, 50);
    peer_close(&a);
    peer_dial(&w, &a);
    for (int i = 0; i < 3; i++)
      world_turn(&w);
    w.mem.fired = false;
    w.mem.fail_at = w.mem.calls + at;
    peer_get(&a, "/file");
    for (int i = 0; i < PATIENCE_MS && a.len == 0 && !a.ended; i++) {
      (void)peer_read(&a);
      world_turn(&w);
    }
    w.mem.fail_at = TEST_MEM_NEVER;
    assert_true(a.ended || strncmp(a.in, "HTTP/1.1 ", 9) == 0);
    served = !w.mem.fired;
  }
  assert_non_null(strstr(a.in, "file"));
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_file_is_sent_with_its_type),
      cmocka_unit_test(test_headers_of_the_host_are_sent),
      cmocka_unit_test(test_headers_that_cannot_be_sent_are_refused),
      cmocka_unit_test(test_empty_and_large_files_are_sent_whole),
      cmocka_unit_test(test_what_is_no_file_is_not_found),
      cmocka_unit_test(test_a_file_beyond_64_mebibytes_is_an_error),
      cmocka_unit_test(test_several_requests_are_answered_in_their_order),
      cmocka_unit_test(test_who_goes_meanwhile_costs_nothing),
      cmocka_unit_test(test_closing_waits_for_files_that_are_being_read),
      cmocka_unit_test(test_no_memory_is_an_error_and_no_leak),
  };

  return cmocka_run_group_tests_name("uv/file", tests, NULL, NULL);
}
