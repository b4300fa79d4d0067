/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

#include "uv/adapter.h"

#include <sys/stat.h>

static struct uv_world w;
static struct peer a;
static char folder[96]; /* what is served; secrets are beside it */

/* ---- Paths ---- */

/* What a path comes to; NULL: nothing. */
static const char *clean(const char *text)
{
  static char out[8192];
  size_t len = strlen(text);
  char *room = malloc(len + UV_INDEX_ROOM);
  sio_str path = {(const char *)test_exact(text, len), len};
  bool ok;

  assert_non_null(room);
  ok = sio__uv_clean_path(path, room);
  if (ok)
    snprintf(out, sizeof out, "%s", room);
  free(room);
  free((void *)(uintptr_t)path.data);
  return ok ? out : NULL;
}

static void test_paths_are_decoded_and_completed(void **state)
{
  static const char *const paths[][2] = {
      {"", "index.html"},
      {"/", "index.html"},
      {"a.js", "a.js"},
      {"/a.js", "a.js"},
      {"/a/b/c.js", "a/b/c.js"},
      {"/a/", "a/index.html"},
      {"a/b/", "a/b/index.html"},
      {"a..b", "a..b"},
      {"a.", "a."},
      {"a/b..", "a/b.."},
      {"%61.js", "a.js"},
      {"a%20b", "a b"},
      {"%c3%A4", "\xc3\xa4"},
      {"%2561", "%61"},
      {"a+b", "a+b"},
      {"a%2eb", "a.b"},
      {"~", "~"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    const char *got = clean(paths[i][0]);

    if (got == NULL)
      fail_msg("refused: %s", paths[i][0]);
    assert_string_equal(got, paths[i][1]);
  }
}

static void test_what_leads_out_or_is_hidden_names_nothing(void **state)
{
  static const char *const paths[] = {
      ".",       "..",         "/.",          "/..",       "../a",     "/../a",
      "a/..",    "a/../b",     "a/../",       "a/./b",     "//",       "//a",
      "a//b",    "a//",        ".git/config", "a/.hidden", "%2e%2e/a", ".%2e/a",
      "%2e./a",  "%2E%2E%2Fa", "a%2f..",      "a%2fb",     "a%2Fb",    "/%2fa",
      "..%5ca",  "a\\b",       "..\\a",       "%5c",       "a%00",     "%00",
      "a%00.js", "%",          "a%",          "a%4",       "%g1",      "%1g",
      "%-1",     "% 1",        "a/%2e%2e/b"};
  char longest[4096 + 1], too_long[4097 + 1];

  (void)state;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    if (clean(paths[i]) != NULL)
      fail_msg("taken: %s", paths[i]);
  }
  memset(longest, 'a', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  assert_non_null(clean(longest));
  longest[sizeof longest - 2] = '/';
  assert_non_null(clean(longest));
  memset(too_long, 'a', sizeof too_long);
  too_long[sizeof too_long - 1] = '\0';
  assert_null(clean(too_long));
}

static void test_a_zero_byte_names_nothing(void **state)
{
  const sio_str path = {"a\0b", 3};
  char out[3 + UV_INDEX_ROOM];

  (void)state;
  assert_false(sio__uv_clean_path(path, out));
}

/* ---- Folders ---- */

static void path_of(char out[160], const char *name)
{
  snprintf(out, 160, "%s/%s", w.dir, name);
}

static void make_folder(const char *name)
{
  char path[160];

  path_of(path, name);
  assert_int_equal(mkdir(path, 0700), 0);
}

static void make_file(const char *name, const char *text)
{
  char path[160];
  FILE *file;

  path_of(path, name);
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
}

static void make_link(const char *name, const char *target)
{
  char path[160];

  path_of(path, name);
  assert_int_equal(symlink(target, path), 0);
}

static const char *const made[] = {"www/index.html",
                                   "www/sub/index.html",
                                   "www/sub/deep/a.txt",
                                   "www/pipe",
                                   "www/out",
                                   "www/up",
                                   "www/in",
                                   "www/sub/self",
                                   "www/sub/deep",
                                   "www/sub",
                                   "www",
                                   "link",
                                   "secret"};

/*
 *   secret, link -> www
 *   www/  index.html, pipe, links: out -> ../secret, up -> .., in -> sub
 *   www/sub/  index.html, link self -> index.html
 *   www/sub/deep/  a.txt
 */
static void make_tree(void)
{
  char path[160];

  make_file("secret", "SECRET");
  make_folder("www");
  make_folder("www/sub");
  make_folder("www/sub/deep");
  make_file("www/index.html", "home");
  make_file("www/sub/index.html", "sub home");
  make_file("www/sub/deep/a.txt", "deep");
  make_link("www/out", "../secret");
  make_link("www/up", "..");
  make_link("www/in", "sub");
  make_link("www/sub/self", "index.html");
  make_link("link", "www");
  path_of(path, "www/pipe");
  assert_int_equal(mkfifo(path, 0600), 0);
  snprintf(folder, sizeof folder, "%s/www", w.dir);
}

static void answer(sio_request *request, void *user)
{
  static const sio_header header = {"X-Own", "yes"};
  sio_str path = sio_request_path(request);

  (void)user;
  assert_int_equal(
      sio_uv_respond_folder(w.uv, request, folder, path, &header, 1), 0);
}

static void begin(void)
{
  world_open(&w, NULL);
  make_tree();
  sio_server_on_http(w.server, answer, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
}

static void end(void)
{
  char path[160];

  peer_close(&a);
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    path_of(path, made[i]);
    assert_int_equal(remove(path), 0);
  }
  world_close(&w);
}

static void expect_file(const char *target, const char *type, const char *body)
{
  peer_get(&a, target);
  peer_expect(&a, "HTTP/1.1 200 OK\r\n");
  peer_expect(&a, "X-Own: yes\r\n");
  peer_expect(&a, type);
  peer_expect(&a, "\r\n\r\n");
  peer_expect(&a, body);
  assert_int_equal(a.len, 0);
}

static void expect_nothing_at(const char *target)
{
  peer_get(&a, target);
  peer_expect(&a, "HTTP/1.1 404 Not Found\r\n");
  peer_expect(&a, "\r\n\r\nNot Found");
  assert_int_equal(a.len, 0);
}

static void test_files_below_a_folder_are_sent(void **state)
{
  (void)state;
  begin();
  expect_file("/", "Content-Type: text/html", "home");
  expect_file("/index.html", "Content-Type: text/html", "home");
  expect_file("/sub/", "Content-Type: text/html", "sub home");
  expect_file("/sub/deep/a.txt?x=1", "Content-Type: text/plain", "deep");
  expect_file("/s%75b/deep/%61.txt", "Content-Type: text/plain", "deep");
  end();
}

static void test_what_is_not_a_file_in_it_is_not_found(void **state)
{
  static const char *const targets[] = {"/none",
                                        "/none/",
                                        "/none/a.txt",
                                        "/sub",
                                        "/sub/deep",
                                        "/sub/deep/",
                                        "/index.html/",
                                        "/index.html/a",
                                        "/../secret",
                                        "/sub/../../secret",
                                        "/%2e%2e/secret",
                                        "/..%2fsecret",
                                        "//",
                                        "/sub//index.html",
                                        "/pipe",
                                        "/sub/deep/%00"};
  char name[400];

  (void)state;
  begin();
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    expect_nothing_at(targets[i]);
  memset(name, 'x', sizeof name); /* longer than any file system has them */
  memcpy(name, "GET /", 5);
  strcpy(name + 300, " HTTP/1.1\r\nHost: test\r\n\r\n");
  peer_send(&a, name, strlen(name));
  peer_expect(&a, "HTTP/1.1 404 Not Found\r\n");
  end();
}

static void test_links_in_it_are_not_followed(void **state)
{
  static const char *const targets[] = {
      "/out",           "/up/secret", "/up/www/index.html",
      "/in/index.html", "/in/",       "/sub/self"};

  (void)state;
  begin();
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    expect_nothing_at(targets[i]);
  end();
}

static void test_the_folder_itself_may_be_a_link(void **state)
{
  (void)state;
  begin();
  snprintf(folder, sizeof folder, "%s/link", w.dir);
  expect_file("/", "Content-Type: text/html", "home");
  expect_nothing_at("/out");
  end();
}

static void test_a_folder_that_is_none_has_no_files(void **state)
{
  (void)state;
  begin();
  snprintf(folder, sizeof folder, "%s/none", w.dir);
  expect_nothing_at("/index.html");
  snprintf(folder, sizeof folder, "%s/secret", w.dir);
  expect_nothing_at("/index.html");
  end();
}

static void test_other_methods_are_refused(void **state)
{
  static const char post[] = "POST / HTTP/1.1\r\nHost: test\r\n"
                             "Content-Length: 2\r\n\r\nhi";

  (void)state;
  begin();
  peer_send(&a, post, sizeof post - 1);
  peer_expect(&a, "HTTP/1.1 405 ");
  peer_expect(&a, "Allow: GET, HEAD\r\n");
  end();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths_are_decoded_and_completed),
      cmocka_unit_test(test_what_leads_out_or_is_hidden_names_nothing),
      cmocka_unit_test(test_a_zero_byte_names_nothing),
      cmocka_unit_test(test_files_below_a_folder_are_sent),
      cmocka_unit_test(test_what_is_not_a_file_in_it_is_not_found),
      cmocka_unit_test(test_links_in_it_are_not_followed),
      cmocka_unit_test(test_the_folder_itself_may_be_a_link),
      cmocka_unit_test(test_a_folder_that_is_none_has_no_files),
      cmocka_unit_test(test_other_methods_are_refused),
  };

  return cmocka_run_group_tests_name("uv/folder", tests, NULL, NULL);
}
