/* SPDX-License-Identifier: MIT */
/* lib/eio/bundle.c: files under the path, from memory. */
#include "bundle_world.h"

#include <stdio.h>

static void expect_refusal(struct world *w, int p)
{
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  w->peers[p].at = w->peers[p].len;
}

/* ---- What is served ---- */

static void test_a_file_is_served_below_the_path(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "socket.io.js", "script"))
    return;
  get(w, p, "/socket.io/socket.io.js");
  expect_script(w, p, "script");
  get(w, p, "/socket.io/socket.io.js?EIO=4&transport=polling");
  expect_script(w, p, "script");
  expect_open(w, p);
  expect_events(w, "");
}

static void test_other_names_are_not_files(struct world *w)
{
  static const char *const targets[] = {"/socket.io/",
                                        "/socket.io/socket.io.j",
                                        "/socket.io/socket.io.jss",
                                        "/socket.io/x",
                                        "/socket.io/x/socket.io.js",
                                        "/socket.io//socket.io.js",
                                        "/socket.io/socket.io.js/",
                                        "/socket.io/SOCKET.IO.JS",
                                        "/socket.io/socket%2Eio.js"};
  int p = peer_open(w);

  if (!serve_text(w, "socket.io.js", "script"))
    return;
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    get(w, p, targets[i]);
    expect_refusal(w, p);
  }
  get(w, p, "/socket.ioXsocket.io.js");
  expect_events(w, "request GET /socket.ioXsocket.io.js\n");
  w->peers[p].at = w->peers[p].len;
}

static void test_the_type_follows_from_the_name(struct world *w)
{
  static const char *const types[][2] = {
      {"a.js", SCRIPT},
      {"a.mjs", SCRIPT},
      {"a.js.map", "application/json; charset=utf-8"},
      {"a.json", "application/json; charset=utf-8"},
      {"a.css", "text/css; charset=utf-8"},
      {"a.html", "text/html; charset=utf-8"},
      {"a.txt", "text/plain; charset=utf-8"},
      {"a.bin", "application/octet-stream"},
      {"a", "application/octet-stream"},
      {".", "application/octet-stream"}};
  int p = peer_open(w);
  char target[64];

  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (!serve_text(w, types[i][0], "x"))
      return;
    snprintf(target, sizeof target, "/socket.io/%s", types[i][0]);
    get(w, p, target);
    expect_text(w, p,
                "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: %s\r\n"
                "Vary: Accept-Encoding\r\nContent-Length: 1\r\n\r\nx",
                types[i][1]);
  }
}

static void test_head_has_no_body_and_other_methods_no_file(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "script"))
    return;
  ask(w, p, "HEAD", "/socket.io/a.js", "");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
              "\r\nVary: Accept-Encoding\r\nContent-Length: 6\r\n\r\n");
  ask(w, p, "POST", "/socket.io/a.js", "Content-Length: 0\r\n");
  expect_refusal(w, p);
  ask(w, p, "DELETE", "/socket.io/a.js", "");
  expect_refusal(w, p);
}

static void test_a_body_behind_the_request_is_not_read(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "script"))
    return;
  ask(w, p, "GET", "/socket.io/a.js", "Content-Length: 3\r\n");
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
              "\r\nVary: Accept-Encoding\r\nContent-Length: 6\r\n"
              "Connection: close\r\n\r\nscript");
  expect_ended(w, p);
}

static void test_an_upgrade_is_not_for_files(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "script"))
    return;
  ask(w, p, "GET", "/socket.io/a.js",
      "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  w->peers[p].at = w->peers[p].len;
}

static void test_an_empty_file_is_a_file(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", ""))
    return;
  get(w, p, "/socket.io/a.js");
  expect_script(w, p, "");
}

static void test_a_file_takes_the_place_of_one_of_its_name(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "old") || !serve_text(w, "b.js", "other") ||
      !serve_text(w, "a.js", "new"))
    return;
  get(w, p, "/socket.io/a.js");
  expect_script(w, p, "new");
  get(w, p, "/socket.io/b.js");
  expect_script(w, p, "other");
}

static void test_what_is_on_its_way_outlives_a_replacement(struct world *w)
{
  char *text = long_text();
  int p = peer_open(w);

  if (serve_text(w, "a.js", text)) {
    peer_stall(w, p, true);
    get(w, p, "/socket.io/a.js");
    if (serve_text(w, "a.js", "new")) {
      peer_stall(w, p, false);
      eio_pump(w);
      expect_start(w, p,
                   "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
                   "\r\nVary: Accept-Encoding\r\n"
                   "Content-Length: 20000\r\n\r\n");
      expect_bytes(w, p, text, LONG);
    }
  }
  free(text);
}

static void no_slash(sio_server_options *options)
{
  options->path = "/chat";
  options->no_trailing_slash = 1;
}

static void test_a_path_without_a_slash_has_files_behind_one(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "script"))
    return;
  get(w, p, "/chat/a.js");
  expect_script(w, p, "script");
  get(w, p, "/chata.js");
  w->peers[p].at = w->peers[p].len;
  get(w, p, "/chat");
  expect_refusal(w, p);
}

static void test_names_and_versions_are_checked(struct world *w)
{
  static const char *const names[] = {"",     "a/b.js",      "../a", "a b",
                                      "a%41", "\xc3\xa4.js", "a\n"};
  static const char *const versions[] = {"a\"b", "a b", "a\nb", "\x7f",
                                         "\xc3\xa4"};
  sio_bundle bundle = {sizeof bundle, NULL, span("x"), {NULL, 0}, NULL};

  assert_int_equal(sio_server_serve_bundle(w->server, &bundle),
                   SIO_ERR_INVALID);
  sio_bundle_init_sized(&bundle, offsetof(sio_bundle, brotli));
  bundle.name = "a.js";
  if (!serve(w, &bundle))
    return;
  bundle.size = 0;
  assert_int_equal(sio_server_serve_bundle(w->server, &bundle),
                   SIO_ERR_INVALID);
  sio_bundle_init(&bundle);
  bundle.content = span("x");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    bundle.name = names[i];
    assert_int_equal(sio_server_serve_bundle(w->server, &bundle),
                     SIO_ERR_INVALID);
  }
  bundle.name = "a-Z_0.9";
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    bundle.version = versions[i];
    assert_int_equal(sio_server_serve_bundle(w->server, &bundle),
                     SIO_ERR_INVALID);
  }
  bundle.version = "!#~";
  (void)serve(w, &bundle); /* or there is no memory */
}

/* ---- Conditions ---- */

static void test_what_the_client_has_is_not_sent(struct world *w)
{
  static const char *const same[] = {"\"4.8.3\"", "W/\"4.8.3\"",
                                     "\"x\", \"4.8.3\"", "*"};
  static const char *const other[] = {"\"4.8.2\"", "4.8.3", ""};
  int p = peer_open(w);
  char line[64];

  if (!serve_text(w, "a.js", "script"))
    return;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    snprintf(line, sizeof line, "If-None-Match: %s\r\n", same[i]);
    ask(w, p, i % 2 == 0 ? "GET" : "HEAD", "/socket.io/a.js", line);
    expect_text(w, p,
                "HTTP/1.1 304 Not Modified\r\n" COMMON
                "Vary: Accept-Encoding\r\n\r\n");
  }
  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    snprintf(line, sizeof line, "If-None-Match: %s\r\n", other[i]);
    ask(w, p, "GET", "/socket.io/a.js", line);
    expect_script(w, p, "script");
  }
}

static void test_without_a_version_the_tag_is_of_the_content(struct world *w)
{
  /* Nothing of the server goes into it: these stay the same. */
  static const char *const tags[][2] = {{"one", "80bf7733f1207381"},
                                        {"two", "7dfe6c2e21a8ba69"}};
  sio_bundle bundle = {sizeof bundle, "a.js", {NULL, 0}, {NULL, 0}, NULL};
  int p = peer_open(w);

  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
    bundle.content = span(tags[i][0]);
    if (!serve(w, &bundle))
      return;
    get(w, p, "/socket.io/a.js");
    expect_text(w, p,
                "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=0\r\n"
                "ETag: \"%s\"\r\nContent-Type: " SCRIPT "\r\n"
                "Vary: Accept-Encoding\r\nContent-Length: 3\r\n\r\n%s",
                tags[i][1], tags[i][0]);
  }
}

/* ---- CORS, order, limits ---- */

static void with_cors(sio_server_options *options)
{
  static sio_cors_options cors;

  sio_cors_options_init(&cors);
  cors.origin.kind = SIO_ORIGIN_REFLECT;
  options->cors = &cors;
}

static void test_other_origins_get_the_file_with_cors_headers(struct world *w)
{
  static const char *const lines[] = {
      "Origin: http://other\r\n",
      "Origin: http://other\r\nIf-None-Match: *\r\n"};
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "script"))
    return;
  for (int i = 0; i < 2; i++) {
    ask(w, p, "GET", "/socket.io/a.js", lines[i]);
    if (eio_is_off(w))
      return;
    assert_non_null(find(w, p, i == 0 ? "HTTP/1.1 200 " : "HTTP/1.1 304 "));
    assert_non_null(
        find(w, p, "Access-Control-Allow-Origin: http://other\r\n"));
    assert_non_null(find(w, p, "Vary: Origin, Accept-Encoding\r\n"));
    assert_ptr_equal(find(w, p, "Vary: "), find(w, p, "Vary: Origin, "));
    w->peers[p].at = w->peers[p].len;
  }
}

static void test_files_and_polls_are_answered_in_their_order(struct world *w)
{
  int p = peer_open(w), sid = peer_handshake(w, p);

  if (!serve_text(w, "a.js", "script"))
    return;
  peer_get(w, p, sid);
  get(w, p, "/socket.io/a.js");
  expect_nothing(w, p);
  eio_say(w, sid, "4hi");
  if (eio_is_off(w))
    return;
  assert_non_null(find(w, p, "\r\n\r\n4hi"));
  assert_non_null(find(w, p, "\r\n\r\nscript"));
  assert_true(find(w, p, "4hi") < find(w, p, "script"));
  w->peers[p].at = w->peers[p].len;
}

static void little_output(sio_server_options *options)
{
  options->max_output_bytes = 3 * LONG;
}

static void test_who_asks_again_and_again_must_read(struct world *w)
{
  char *text = long_text();
  int p = peer_open(w);

  if (serve_text(w, "a.js", text)) {
    peer_stall(w, p, true);
    for (int i = 0; i < 5; i++)
      get(w, p, "/socket.io/a.js");
    expect_cause(w, SIO_CAUSE_OUTPUT_SIZE, 1);
    peer_stall(w, p, false);
    eio_pump(w);
    w->peers[p].at = w->peers[p].len;
  }
  free(text);
}

static void test_the_bytes_are_shared_by_all_who_ask(struct world *w)
{
  enum { PEERS = 10 };
  char *text = long_text();
  size_t before;
  int peers[PEERS];

  if (serve_text(w, "a.js", text)) {
    for (int i = 0; i < PEERS; i++) {
      peers[i] = peer_open(w);
      peer_stall(w, peers[i], true);
    }
    before = w->mem->live_bytes;
    for (int i = 0; i < PEERS; i++)
      get(w, peers[i], "/socket.io/a.js");
    if (!eio_is_off(w)) /* what else a connection needs is less than this */
      assert_in_range(w->mem->live_bytes, before, before + PEERS * LONG / 2);
    for (int i = 0; i < PEERS; i++) {
      peer_stall(w, peers[i], false);
      eio_pump(w);
      expect_start(w, peers[i], "HTTP/1.1 200 OK\r\n");
      w->peers[peers[i]].at = w->peers[peers[i]].len;
    }
  }
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_file_is_served_below_the_path),
      SCENARIO(test_other_names_are_not_files),
      SCENARIO(test_the_type_follows_from_the_name),
      SCENARIO(test_head_has_no_body_and_other_methods_no_file),
      SCENARIO(test_a_body_behind_the_request_is_not_read),
      SCENARIO(test_an_upgrade_is_not_for_files),
      SCENARIO(test_an_empty_file_is_a_file),
      SCENARIO(test_a_file_takes_the_place_of_one_of_its_name),
      SCENARIO(test_what_is_on_its_way_outlives_a_replacement),
      SCENARIO_WITH(test_a_path_without_a_slash_has_files_behind_one, no_slash),
      SCENARIO(test_names_and_versions_are_checked),
      SCENARIO(test_what_the_client_has_is_not_sent),
      SCENARIO(test_without_a_version_the_tag_is_of_the_content),
      SCENARIO_WITH(test_other_origins_get_the_file_with_cors_headers,
                    with_cors),
      SCENARIO(test_files_and_polls_are_answered_in_their_order),
      SCENARIO_WITH(test_who_asks_again_and_again_must_read, little_output),
      SCENARIO(test_the_bytes_are_shared_by_all_who_ask),
  };

  return cmocka_run_group_tests_name("eio/bundle", tests, NULL, NULL);
}
