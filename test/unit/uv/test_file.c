/* SPDX-License-Identifier: MIT */
#include "file_world.h"

#include <sys/resource.h>

/* ---- Whole files ---- */

static void test_a_file_is_sent_with_its_type(void **state)
{
  static const char *const types[][2] = {
      {"a.html", "text/html; charset=utf-8"},
      {"a.PNG", "image/png"},
      {"a.unknown", "application/octet-stream"}};
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
                                    {"content-type", "text/x-own"},
                                    {"accept-ranges", "none"}};
  char head[1024];

  (void)state;
  begin();
  headers = some;
  n_headers = 3;
  make_file("a.html", "x", 1);
  ask("GET", "");
  take_head(head, sizeof head);
  assert_non_null(strstr(head, "Cache-Control: max-age=60\r\n"
                               "content-type: text/x-own\r\n"
                               "accept-ranges: none\r\n"));
  assert_null(strstr(head, "text/html"));
  assert_null(strstr(head, "Accept-Ranges"));
  peer_expect(&a, "x");
  n_headers = 1;
  expect("max-age=60\r\n", "Content-Type: text/html; charset=utf-8", "x");
  end();
}

static void refuse_first(sio_request *request, void *user)
{
  static const sio_header bad = {"Content-Length", "1"};
  const sio_str none = {NULL, 0};

  (void)user;
  assert_int_equal(sio_uv_respond_file(w.uv, request, path, &bad, 1),
                   SIO_ERR_INVALID);
  assert_int_equal(sio_uv_respond_folder(w.uv, request, w.dir, none, &bad, 1),
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
  char *data;

  (void)state;
  begin();
  make_file("a.txt", "", 0);
  expect("HTTP/1.1 200 ", "Content-Length: 0", "");
  data = make_large();
  ask("GET", "");
  peer_expect(&a, "Content-Length: 3000000");
  peer_expect(&a, "\r\n\r\n");
  peer_expect_bytes(&a, LARGE);
  assert_int_equal(a.len, LARGE);
  assert_memory_equal(a.in, data, LARGE);
  a.len = 0;
  free(data);
  make_file("a.txt", "x", 1);
  expect("HTTP/1.1 200 ", "Content-Length: 1", "x"); /* it goes on */
  end();
}

static void test_sizes_around_a_piece_are_sent_whole(void **state)
{
  static const size_t sizes[] = {1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE};
  static char data[2 * PIECE];

  (void)state;
  memset(data, 'x', sizeof data);
  begin();
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    make_file("a.txt", data, sizes[i]);
    ask("GET", "");
    peer_expect(&a, "\r\n\r\n");
    peer_expect_bytes(&a, sizes[i]);
    assert_int_equal(a.len, sizes[i]);
    a.len = 0;
  }
  end();
}

static void test_a_file_of_any_size_takes_little_memory(void **state)
{
  sio_server_options options;
  size_t most = 0, before;
  char *data;

  (void)state;
  world_options(&w, &options);
  options.max_kept_bytes = 0;
  begin_with(&options);
  data = make_large();
  assert_int_equal(truncate(path, (off_t)5 * 1024 * 1024 * 1024), 0);
  ask("HEAD", "");
  peer_expect(&a, "Content-Length: 5368709120");
  peer_expect(&a, "\r\n\r\n");
  before = w.mem.live_bytes;
  ask("GET", "");
  peer_expect(&a, "\r\n\r\n");
  while (a.len < LARGE) {
    if (w.mem.live_bytes > most)
      most = w.mem.live_bytes;
    peer_expect_bytes(&a, a.len + 1);
  }
  assert_memory_equal(a.in, data, LARGE);
  assert_in_range(most, before, before + 4 * PIECE);
  free(data);
  end(); /* who leaves now costs nothing either */
}

static void test_a_slow_reader_sets_the_pace(void **state)
{
  size_t before;
  char *data;

  (void)state;
  begin();
  data = make_large();
  before = w.mem.live_bytes;
  ask("GET", "");
  peer_expect(&a, "\r\n\r\n");
  for (int i = 0; i < 200; i++) { /* it does not read */
    world_turn(&w);
    assert_in_range(w.mem.live_bytes, before, before + 4 * PIECE);
  }
  peer_expect_bytes(&a, LARGE);
  assert_memory_equal(a.in, data, LARGE);
  free(data);
  end();
}

static void test_for_head_nothing_of_it_is_sent(void **state)
{
  char head[1024];

  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  ask("HEAD", "Range: bytes=0-1\r\n");
  take_head(head, sizeof head);
  assert_memory_equal(head, "HTTP/1.1 200 ", 13);
  assert_non_null(strstr(head, "Content-Length: 9\r\n"));
  assert_non_null(strstr(head, "Accept-Ranges: bytes\r\n"));
  assert_non_null(strstr(head, "Content-Type: text/plain; charset=utf-8\r\n"));
  expect("HTTP/1.1 200 ", "Content-Length: 9", "some text");
  end();
}

static void test_other_methods_are_refused(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "x", 1);
  ask("DELETE", "");
  expect_answer("HTTP/1.1 405 ", "Allow: GET, HEAD\r\n", "Method Not Allowed");
  end();
}

/* ---- Failures ---- */

static void test_what_is_no_file_is_not_found(void **state)
{
  char link[sizeof path];

  (void)state;
  begin();
  snprintf(path, sizeof path, "%s/none", w.dir);
  expect("HTTP/1.1 404 ", "Content-Length: 9", "Not Found");
  snprintf(path, sizeof path, "%s/none/deeper", w.dir);
  expect("HTTP/1.1 404 ", "Content-Length: 9", "Not Found");
  snprintf(path, sizeof path, "%s", w.dir);
  expect("HTTP/1.1 404 ", "Content-Length: 9", "Not Found");
  snprintf(path, sizeof path, "%s/pipe", w.dir);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect("HTTP/1.1 404 ", "Content-Length: 9", "Not Found");
  assert_int_equal(unlink(path), 0);
  make_file("a.txt", "linked", 6); /* a link is the host's own wish here */
  snprintf(link, sizeof link, "%s/link", w.dir);
  assert_int_equal(symlink(path, link), 0);
  memcpy(path, link, sizeof path);
  expect("HTTP/1.1 200 ", "Content-Length: 6", "linked");
  assert_int_equal(unlink(link), 0);
  snprintf(path, sizeof path, "%s/a.txt", w.dir);
  end();
}

static void test_what_cannot_be_opened_is_an_error(void **state)
{
  struct rlimit limit, few;

  (void)state;
  begin();
  make_file("a.txt", "x", 1);
  expect("HTTP/1.1 200 ", "Content-Length: 1", "x");
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  few = limit;
  few.rlim_cur = 3; /* fewer than there are */
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  expect("HTTP/1.1 500 ", "Content-Length: 21", "Internal Server Error");
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  expect("HTTP/1.1 200 ", "Content-Length: 1", "x");
  end();
}

enum { ODD = 54321 };

/* What is asked for is the place for the piece: the file is open by now. */
static void *truncate_and_alloc(size_t size, void *user)
{
  if (size == ODD)
    assert_int_equal(truncate(path, 0), 0);
  return w.mem.allocator.alloc(size, user);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
  static char data[ODD];
  sio_server_options options;
  sio_allocator own;

  (void)state;
  world_options(&w, &options);
  own = w.mem.allocator;
  own.alloc = truncate_and_alloc;
  options.allocator = &own;
  begin_with(&options);
  make_file("a.txt", data, sizeof data);
  expect("HTTP/1.1 500 ", "Content-Length: 21", "Internal Server Error");
  end();
}

static void test_a_file_that_shrinks_ends_the_connection(void **state)
{
  char *data;

  (void)state;
  begin();
  data = make_large();
  assert_int_equal(truncate(path, (off_t)1024 * 1024 * 1024), 0);
  ask("GET", "");
  peer_expect(&a, "Content-Length: 1073741824\r\n");
  assert_int_equal(truncate(path, LARGE), 0);
  peer_expect_end(&a);
  assert_in_range(a.len, LARGE, PEER_MAX - 1);
  free(data);
  end();
}

static void test_a_file_that_grows_is_sent_as_it_was(void **state)
{
  static const char more[] = "more";
  FILE *file;
  char *data;

  (void)state;
  begin();
  data = make_large();
  ask("GET", "");
  peer_expect(&a, "\r\n\r\n");
  file = fopen(path, "ab");
  assert_non_null(file);
  assert_int_equal(fwrite(more, 1, 4, file), 4);
  assert_int_equal(fclose(file), 0);
  peer_expect_bytes(&a, LARGE);
  assert_memory_equal(a.in, data, LARGE);
  ask("GET", "Range: bytes=-4\r\n");
  peer_expect(&a, "Content-Range: bytes 3000000-3000003/3000004\r\n");
  peer_expect(&a, "\r\n\r\nmore");
  free(data);
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_file_is_sent_with_its_type),
      cmocka_unit_test(test_headers_of_the_host_are_sent),
      cmocka_unit_test(test_headers_that_cannot_be_sent_are_refused),
      cmocka_unit_test(test_empty_and_large_files_are_sent_whole),
      cmocka_unit_test(test_sizes_around_a_piece_are_sent_whole),
      cmocka_unit_test(test_a_file_of_any_size_takes_little_memory),
      cmocka_unit_test(test_a_slow_reader_sets_the_pace),
      cmocka_unit_test(test_for_head_nothing_of_it_is_sent),
      cmocka_unit_test(test_other_methods_are_refused),
      cmocka_unit_test(test_what_is_no_file_is_not_found),
      cmocka_unit_test(test_what_cannot_be_opened_is_an_error),
      cmocka_unit_test(test_what_cannot_be_read_is_an_error),
      cmocka_unit_test(test_a_file_that_shrinks_ends_the_connection),
      cmocka_unit_test(test_a_file_that_grows_is_sent_as_it_was),
  };

  return cmocka_run_group_tests_name("uv/file", tests, NULL, NULL);
}
