/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

#include <sys/stat.h>

static struct uv_world w;
static struct peer a;

static const char *const names[] = {"socket.io.js", "socket.io.min.js",
                                    "socket.io.msgpack.min.js",
                                    "socket.io.esm.min.js"};

enum { N = sizeof names / sizeof *names };

static void path_of(char out[160], const char *name, const char *ending)
{
  snprintf(out, 160, "%s/%s%s", w.dir, name, ending);
}

static void make_file(const char *name, const char *ending, const char *text)
{
  char path[160];
  FILE *file;

  path_of(path, name, ending);
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

/* The scripts say who they are; the first two have more. */
static void make_client(void)
{
  for (int i = 0; i < N; i++)
    make_file(names[i], "", names[i]);
  make_file(names[0], ".map", "the map");
  make_file(names[1], ".map", "a map");
  make_file(names[1], ".br", "brotli");
  make_file(names[1], ".map.br", "brotli map");
}

static void remove_client(void)
{
  static const char *const endings[] = {"", ".map", ".br", ".map.br"};
  char path[160];

  for (int i = 0; i < N; i++) {
    for (int j = 0; j < 4; j++) {
      path_of(path, names[i], endings[j]);
      (void)unlink(path); /* not all were made */
    }
  }
}

static void begin(void)
{
  world_open(&w, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
}

static void end(void)
{
  peer_close(&a);
  remove_client();
  world_close(&w);
}

static void ask(const char *name, const char *coding)
{
  char text[256];

  snprintf(text, sizeof text,
           "GET /socket.io/%s HTTP/1.1\r\nHost: test\r\n%s%s\r\n\r\n", name,
           "Accept-Encoding: ", coding);
  peer_send(&a, text, strlen(text));
}

static void expect_content(const char *name, const char *coding,
                           const char *line, const char *content)
{
  ask(name, coding);
  peer_expect(&a, "HTTP/1.1 200 OK\r\n");
  peer_expect(&a, line);
  peer_expect(&a, "\r\n\r\n");
  peer_expect(&a, content);
  assert_int_equal(a.len, 0);
}

static void test_the_client_is_served_with_its_maps(void **state)
{
  (void)state;
  begin();
  make_client();
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "4.8.3"), 0);
  remove_client(); /* it is in memory now */
  for (int i = 0; i < N; i++)
    expect_content(names[i], "identity", "ETag: \"4.8.3\"\r\n", names[i]);
  expect_content("socket.io.js.map", "identity",
                 "Content-Type: application/json; charset=utf-8\r\n",
                 "the map");
  expect_content("socket.io.min.js", "br", "Content-Encoding: br", "brotli");
  expect_content("socket.io.min.js.map", "br", "Content-Encoding: br",
                 "brotli map");
  expect_content("socket.io.js", "br", "Vary: Accept-Encoding", "socket.io.js");
  ask("socket.io.esm.min.js.map", "br");
  peer_expect(&a, "HTTP/1.1 400 ");
  end();
}

static void test_without_a_version_the_tag_is_of_the_content(void **state)
{
  (void)state;
  begin();
  make_file(names[0], "", "one");
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, NULL), 0);
  ask(names[0], "");
  peer_expect(&a, "ETag: \"");
  peer_expect(&a, "\r\n\r\none");
  end();
}

static void test_a_part_of_the_client_will_do(void **state)
{
  (void)state;
  begin();
  make_file(names[3], "", "esm");
  make_file(names[2], ".map", "a map without a script");
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), 0);
  expect_content(names[3], "", "ETag: \"1\"\r\n", "esm");
  end();
}

static void test_a_newer_client_takes_the_place_of_the_old_one(void **state)
{
  (void)state;
  begin();
  make_client();
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), 0);
  make_file(names[0], "", "newer");
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "2"), 0);
  expect_content(names[0], "", "ETag: \"2\"\r\n", "newer");
  end();
}

static void test_a_folder_without_the_client_is_reported(void **state)
{
  char path[160];

  (void)state;
  begin();
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), SIO_ERR_NOT_FOUND);
  assert_non_null(strstr(sio_uv_error(w.uv), w.dir));
  path_of(path, "none", "");
  assert_int_equal(sio_uv_serve_client(w.uv, path, "1"), SIO_ERR_NOT_FOUND);
  make_file(names[0], ".map", "only a map");
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), SIO_ERR_NOT_FOUND);
  make_file(names[0], "", ""); /* nothing in it */
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), SIO_ERR_NOT_FOUND);
  end();
}

static void test_what_cannot_be_read_is_reported(void **state)
{
  char path[160];

  (void)state;
  begin();
  path_of(path, names[1], "");
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), SIO_ERR_IO);
  assert_non_null(strstr(sio_uv_error(w.uv), path));
  assert_int_equal(rmdir(path), 0);
  make_file(names[1], "", "x");
  assert_int_equal(truncate(path, 64 * 1024 * 1024 + 1), 0);
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), SIO_ERR_IO);
  assert_non_null(strstr(sio_uv_error(w.uv), path));
  make_file(names[1], "", "x");
  path_of(path, names[1], ".br");
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "1"), SIO_ERR_IO);
  assert_int_equal(rmdir(path), 0);
  end();
}

static void test_what_makes_no_sense_is_refused(void **state)
{
  char path[5000];

  (void)state;
  begin();
  make_client();
  assert_int_equal(sio_uv_serve_client(w.uv, w.dir, "a\"b"), SIO_ERR_INVALID);
  assert_non_null(strstr(sio_uv_error(w.uv), "socket.io.js"));
  memset(path, 'x', sizeof path);
  path[sizeof path - 1] = '\0';
  assert_int_equal(sio_uv_serve_client(w.uv, path, "1"), SIO_ERR_INVALID);
  end();
}

static void test_no_memory_is_reported_and_nothing_leaks(void **state)
{
  int rv = SIO_ERR_NOMEM;

  (void)state;
  begin();
  make_client();
  for (size_t at = 0; rv != 0; at++) {
    assert_in_range(at, 0, 200);
    assert_int_equal(rv, SIO_ERR_NOMEM);
    w.mem.fail_at = w.mem.calls + at;
    rv = sio_uv_serve_client(w.uv, w.dir, "1");
    w.mem.fail_at = TEST_MEM_NEVER;
  }
  expect_content(names[0], "", "ETag: \"1\"\r\n", names[0]);
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_client_is_served_with_its_maps),
      cmocka_unit_test(test_without_a_version_the_tag_is_of_the_content),
      cmocka_unit_test(test_a_part_of_the_client_will_do),
      cmocka_unit_test(test_a_newer_client_takes_the_place_of_the_old_one),
      cmocka_unit_test(test_a_folder_without_the_client_is_reported),
      cmocka_unit_test(test_what_cannot_be_read_is_reported),
      cmocka_unit_test(test_what_makes_no_sense_is_refused),
      cmocka_unit_test(test_no_memory_is_reported_and_nothing_leaks),
  };

  return cmocka_run_group_tests_name("uv/serve", tests, NULL, NULL);
}
