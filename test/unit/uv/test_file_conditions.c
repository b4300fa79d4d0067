/* SPDX-License-Identifier: MIT */
/* Conditional and range requests for files. */
#include "file_world.h"

static void test_what_the_client_has_is_not_sent_again(void **state)
{
  char head[1024], etag[64], date[64], lines[160];

  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  set_time(784111777, 5);
  ask("GET", "");
  take_head(head, sizeof head);
  value_of(head, "\r\nETag: ", etag, sizeof etag);
  value_of(head, "\r\nLast-Modified: ", date, sizeof date);
  assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
  peer_expect(&a, "some text");

  snprintf(lines, sizeof lines, "If-None-Match: \"x\", %s\r\n", etag);
  ask("GET", lines);
  take_head(head, sizeof head);
  assert_memory_equal(head, "HTTP/1.1 304 ", 13);
  assert_non_null(strstr(head, etag));
  assert_null(strstr(head, "Content-Type"));
  assert_null(strstr(head, "Content-Length"));
  ask("HEAD", lines);
  take_head(head, sizeof head);
  assert_memory_equal(head, "HTTP/1.1 304 ", 13);

  snprintf(lines, sizeof lines, "If-Modified-Since: %s\r\n", date);
  ask("GET", lines);
  take_head(head, sizeof head);
  assert_memory_equal(head, "HTTP/1.1 304 ", 13);
  assert_int_equal(a.len, 0);
  set_time(784111778, 5);
  ask("GET", lines);
  expect_answer("HTTP/1.1 200 ", "Content-Length: 9", "some text");
  ask("GET", "If-None-Match: \"x\"\r\n");
  expect_answer("HTTP/1.1 200 ", "Content-Length: 9", "some text");
  end();
}

static void test_a_tag_changes_with_the_file(void **state)
{
  char first[64], other[64];

  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  set_time(784111777, 5);
  etag_of_file(first, sizeof first);
  assert_int_equal(first[0], '"');
  etag_of_file(other, sizeof other);
  assert_string_equal(first, other);
  set_time(784111777, 6);
  etag_of_file(other, sizeof other);
  assert_string_not_equal(first, other);
  make_file("a.txt", "some texts", 10);
  set_time(784111777, 5);
  etag_of_file(other, sizeof other);
  assert_string_not_equal(first, other);
  end();
}

static void test_a_time_without_a_fraction_makes_a_weak_tag(void **state)
{
  char etag[64], lines[160];

  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  set_time(784111777, 0);
  etag_of_file(etag, sizeof etag);
  assert_memory_equal(etag, "W/\"", 3);
  snprintf(lines, sizeof lines, "Range: bytes=0-1\r\nIf-Range: %s\r\n", etag);
  ask("GET", lines);
  expect_answer("HTTP/1.1 200 ", "Content-Length: 9", "some text");
  ask("GET", "Range: bytes=0-1\r\n"
             "If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  expect_answer("HTTP/1.1 206 ", "Content-Range: bytes 0-1/9\r\n", "so");
  end();
}

static void test_a_time_before_1970_is_its_beginning(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "x", 1);
  set_time(-1000, 5);
  expect("HTTP/1.1 200 ", "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", "x");
  end();
}

static void test_tag_and_date_of_the_host_count(void **state)
{
  static const sio_header own[] = {
      {"etag", "\"own\""}, {"last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  char head[1024];

  (void)state;
  begin();
  headers = own;
  n_headers = 2;
  make_file("a.txt", "x", 1);
  ask("GET", "If-None-Match: \"own\"\r\n");
  take_head(head, sizeof head);
  assert_memory_equal(head, "HTTP/1.1 304 ", 13);
  assert_null(strstr(head, "ETag"));
  ask("GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  take_head(head, sizeof head);
  assert_memory_equal(head, "HTTP/1.1 304 ", 13);
  assert_null(strstr(head, "Last-Modified"));
  end();
}

static void test_a_range_is_sent_alone(void **state)
{
  static const char *const ranges[][3] = {
      {"Range: bytes=0-3\r\n", "Content-Range: bytes 0-3/9\r\n", "some"},
      {"Range: bytes=5-\r\n", "Content-Range: bytes 5-8/9\r\n", "text"},
      {"Range: bytes=-2\r\n", "Content-Range: bytes 7-8/9\r\n", "xt"},
      {"Range: bytes=8-100\r\n", "Content-Range: bytes 8-8/9\r\n", "t"}};

  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    ask("GET", ranges[i][0]);
    expect_answer("HTTP/1.1 206 Partial Content\r\n", ranges[i][1],
                  ranges[i][2]);
  }
  ask("GET", "Range: bytes=0-1,4-5\r\n");
  expect_answer("HTTP/1.1 200 ", "Content-Length: 9", "some text");
  end();
}

static void test_a_range_of_a_large_file_is_where_it_should_be(void **state)
{
  char *data;

  (void)state;
  begin();
  data = make_large();
  ask("GET", "Range: bytes=1000001-2000000\r\n");
  peer_expect(&a, "HTTP/1.1 206 ");
  peer_expect(&a, "Content-Range: bytes 1000001-2000000/3000000\r\n");
  peer_expect(&a, "Content-Length: 1000000\r\n\r\n");
  peer_expect_bytes(&a, 1000000);
  assert_int_equal(a.len, 1000000);
  assert_memory_equal(a.in, data + 1000001, 1000000);
  free(data);
  end();
}

static void test_a_range_beyond_the_end_is_refused(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  ask("GET", "Range: bytes=9-\r\n");
  expect_answer("HTTP/1.1 416 ", "Content-Range: bytes */9\r\n",
                "Range Not Satisfiable");
  make_file("a.txt", "", 0);
  ask("GET", "Range: bytes=0-\r\n");
  expect_answer("HTTP/1.1 416 ", "Content-Range: bytes */0\r\n",
                "Range Not Satisfiable");
  end();
}

static void test_a_file_that_should_be_another_one_is_refused(void **state)
{
  (void)state;
  begin();
  make_file("a.txt", "some text", 9);
  ask("GET", "If-Match: \"x\"\r\n");
  expect_answer("HTTP/1.1 412 ", "Content-Type: text/plain",
                "Precondition Failed");
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_the_client_has_is_not_sent_again),
      cmocka_unit_test(test_a_tag_changes_with_the_file),
      cmocka_unit_test(test_a_time_without_a_fraction_makes_a_weak_tag),
      cmocka_unit_test(test_a_time_before_1970_is_its_beginning),
      cmocka_unit_test(test_tag_and_date_of_the_host_count),
      cmocka_unit_test(test_a_range_is_sent_alone),
      cmocka_unit_test(test_a_range_of_a_large_file_is_where_it_should_be),
      cmocka_unit_test(test_a_range_beyond_the_end_is_refused),
      cmocka_unit_test(test_a_file_that_should_be_another_one_is_refused),
  };

  return cmocka_run_group_tests_name("uv/file_conditions", tests, NULL, NULL);
}
