/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "uv/adapter.h"

static void test_the_end_of_a_name_tells_the_type(void **state)
{
  static const char *const types[][2] = {
      {"a.html", "text/html; charset=utf-8"},
      {"a.css", "text/css; charset=utf-8"},
      {"a.js", "text/javascript; charset=utf-8"},
      {"a.mjs", "text/javascript; charset=utf-8"},
      {"a.map", "application/json; charset=utf-8"},
      {"a.json", "application/json; charset=utf-8"},
      {"a.svg", "image/svg+xml; charset=utf-8"},
      {"a.png", "image/png"},
      {"a.jpg", "image/jpeg"},
      {"a.jpeg", "image/jpeg"},
      {"a.gif", "image/gif"},
      {"a.webp", "image/webp"},
      {"a.ico", "image/x-icon"},
      {"a.txt", "text/plain; charset=utf-8"},
      {"a.md", "text/markdown; charset=utf-8"},
      {"a.wasm", "application/wasm"},
      {"a.woff", "font/woff"},
      {"a.woff2", "font/woff2"},
      {"a.mp3", "audio/mpeg"},
      {"a.mp4", "video/mp4"},
      {"a.webm", "video/webm"},
      {"a.pdf", "application/pdf"},
      {"a.xml", "application/xml; charset=utf-8"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    assert_string_equal(sio__uv_type_of(types[i][0]), types[i][1]);
}

static void test_case_and_folders_do_not_matter(void **state)
{
  (void)state;
  assert_string_equal(sio__uv_type_of("A.PNG"), "image/png");
  assert_string_equal(sio__uv_type_of("/x.y/a.min.js"),
                      "text/javascript; charset=utf-8");
  assert_string_equal(sio__uv_type_of("x.js/a.css"), "text/css; charset=utf-8");
}

static void test_what_is_unknown_is_bytes(void **state)
{
  static const char *const names[] = {"",        "js",      ".js",  "x/.html",
                                      "a.",      "a.htmlx", "a.ml", "x.js/a",
                                      "a.html/", "a.js.br"};

  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_string_equal(sio__uv_type_of(names[i]), "application/octet-stream");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_end_of_a_name_tells_the_type),
      cmocka_unit_test(test_case_and_folders_do_not_matter),
      cmocka_unit_test(test_what_is_unknown_is_bytes),
  };

  return cmocka_run_group_tests_name("uv/type", tests, NULL, NULL);
}
