/* SPDX-License-Identifier: MIT */
/* lib/eio/bundle.c: files under the path, from memory. */
#include "eio_world.h"

#include "eio/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define SCRIPT "application/javascript; charset=utf-8"
#define COMMON "Cache-Control: public, max-age=0\r\nETag: \"4.8.3\"\r\n"

enum { LONG = 20000 };

static sio_span span(const char *text)
{
  sio_span s = {(const uint8_t *)text, strlen(text)};

  return s;
}

/* False: there was no memory for it. */
static bool serve(struct world *w, const sio_bundle *bundle)
{
  int rv = sio_server_serve_bundle(w->server, bundle);

  assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && eio_is_off(w)));
  return rv == 0;
}

/* Where the first of these texts is in what has not been looked at; NULL:
 * nowhere. */
static const char *find(const struct world *w, int p, const char *text)
{
  const struct peer *peer = &w->peers[p];
  size_t len = strlen(text);

  for (size_t i = peer->at; i + len <= peer->len; i++) {
    if (memcmp(peer->out + i, text, len) == 0)
      return (const char *)peer->out + i;
  }
  return NULL;
}

static bool serve_text(struct world *w, const char *name, const char *text)
{
  const sio_bundle bundle = {name, span(text), {NULL, 0}, "4.8.3"};

  return serve(w, &bundle);
}

/* Something that is worth compressing. */
static char *long_text(void)
{
  char *text = malloc(LONG + 1);

  assert_non_null(text);
  for (int i = 0; i < LONG; i++)
    text[i] = (char)('a' + i * i % 26);
  text[LONG] = '\0';
  return text;
}

static void ask(struct world *w, int p, const char *method, const char *target,
                const char *lines)
{
  peer_text(w, p, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, lines);
}

static void get(struct world *w, int p, const char *target)
{
  ask(w, p, "GET", target, "");
}

static void expect_script(struct world *w, int p, const char *content)
{
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
              "\r\nVary: Accept-Encoding\r\nContent-Length: %zu\r\n\r\n%s",
              strlen(content), content);
}

static void expect_refusal(struct world *w, int p)
{
  expect_start(w, p, "HTTP/1.1 400 Bad Request\r\n");
  w->peers[p].at = w->peers[p].len;
}

/* The head of an answer in a coding; its body, whose length is returned. */
static size_t expect_coded(struct world *w, int p, const char *coding,
                           const uint8_t **body)
{
  struct peer *peer = &w->peers[p];
  const char *head, *end;
  char line[64];
  size_t len;

  if (eio_is_off(w))
    return 0;
  head = (const char *)peer->out + peer->at;
  expect_start(w, p,
               "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
               "\r\nVary: Accept-Encoding\r\n");
  snprintf(line, sizeof line,
           "Content-Encoding: %s\r\nContent-Length: ", coding);
  expect_start(w, p, line);
  head = (const char *)peer->out + peer->at;
  len = strtoul(head, NULL, 10);
  end = find(w, p, "\r\n\r\n");
  assert_non_null(end);
  *body = (const uint8_t *)end + 4;
  assert_int_equal(*body + len - peer->out, peer->len);
  peer->at = peer->len;
  return len;
}

static void expect_inflated(const uint8_t *body, size_t len, const char *want)
{
  z_stream z = {0};
  char out[LONG + 1];

  z.next_in = (Bytef *)(uintptr_t)body;
  z.avail_in = (uInt)len;
  z.next_out = (Bytef *)out;
  z.avail_out = sizeof out;
  assert_int_equal(inflateInit2(&z, 15 + 32), Z_OK); /* either format */
  assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
  assert_int_equal(z.total_out, strlen(want));
  assert_memory_equal(out, want, z.total_out);
  inflateEnd(&z);
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
  sio_bundle bundle = {NULL, span("x"), {NULL, 0}, NULL};

  assert_int_equal(sio_server_serve_bundle(w->server, &bundle),
                   SIO_ERR_INVALID);
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
  sio_bundle bundle = {"a.js", {NULL, 0}, {NULL, 0}, NULL};
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

/* ---- Codings ---- */

static void test_a_long_file_is_compressed_as_the_client_likes(struct world *w)
{
  static const char *const codings[] = {"gzip", "deflate"};
  const uint8_t *body = NULL;
  char *text = long_text();
  int p = peer_open(w);
  char line[64];
  size_t first[2] = {0, 0};

  if (serve_text(w, "a.js", text)) {
    for (int i = 0; i < 4; i++) { /* the second time it is there already */
      size_t len;

      snprintf(line, sizeof line, "Accept-Encoding: %s\r\n", codings[i % 2]);
      ask(w, p, "GET", "/socket.io/a.js", line);
      len = expect_coded(w, p, codings[i % 2], &body);
      if (eio_is_off(w))
        break;
      assert_in_range(len, 1, LONG / 2);
      expect_inflated(body, len, text);
      if (i < 2)
        first[i] = len;
      assert_int_equal(len, first[i % 2]);
    }
    get(w, p, "/socket.io/a.js");
    expect_start(w, p,
                 "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
                 "\r\nVary: Accept-Encoding\r\n"
                 "Content-Length: 20000\r\n\r\n");
    expect_bytes(w, p, text, LONG);
  }
  free(text);
}

static void test_head_tells_the_length_in_the_coding(struct world *w)
{
  const uint8_t *body;
  char *text = long_text();
  int p = peer_open(w);
  size_t len;

  if (serve_text(w, "a.js", text)) {
    ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: gzip\r\n");
    len = expect_coded(w, p, "gzip", &body);
    ask(w, p, "HEAD", "/socket.io/a.js", "Accept-Encoding: gzip\r\n");
    expect_text(w, p,
                "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
                "\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n"
                "Content-Length: %zu\r\n\r\n",
                len);
  }
  free(text);
}

static void test_brotli_is_sent_as_it_was_given(struct world *w)
{
  const sio_bundle bundle = {"a.js", span("plain"), span("BROTLI"), "4.8.3"};
  const uint8_t *body = NULL;
  int p = peer_open(w);

  if (!serve(w, &bundle))
    return;
  ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: br\r\n");
  if (expect_coded(w, p, "br", &body) > 0)
    assert_memory_equal(body, "BROTLI", 6);
  ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: gzip\r\n");
  expect_script(w, p, "plain"); /* too short to be compressed here */
  ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: br;q=0\r\n");
  expect_script(w, p, "plain");
}

static void no_threshold(sio_server_options *options)
{
  options->http_compression_threshold = 0;
}

static void test_what_grows_by_compression_is_sent_plain(struct world *w)
{
  int p = peer_open(w);

  if (!serve_text(w, "a.js", "short"))
    return;
  for (int i = 0; i < 2; i++) {
    ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: gzip, deflate\r\n");
    expect_script(w, p, "short");
  }
}

static void no_compression(sio_server_options *options)
{
  options->no_http_compression = 1;
}

static void test_compression_can_be_switched_off(struct world *w)
{
  char *text = long_text();
  const sio_bundle bundle = {"a.js", span(text), span("BROTLI"), "4.8.3"};
  int p = peer_open(w);

  if (serve(w, &bundle)) {
    ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: gzip, br\r\n");
    expect_start(w, p,
                 "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
                 "\r\nVary: Accept-Encoding\r\n"
                 "Content-Length: 20000\r\n\r\n");
    expect_bytes(w, p, text, LONG);
  }
  free(text);
}

/* Whether compressing went well though allocation number `at` was refused. */
static bool ask_without_memory(struct world *w, size_t at, const char *text)
{
  static const char plain[] =
      "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
      "\r\nVary: Accept-Encoding\r\n"
      "Content-Length: 20000\r\n\r\n";
  int p = peer_open(w);
  struct peer *peer = &w->peers[p];
  bool coded = false;

  w->mem->fail_at = w->mem->calls + at;
  ask(w, p, "GET", "/socket.io/a.js", "Accept-Encoding: gzip\r\n");
  w->mem->fail_at = TEST_MEM_NEVER;
  w->mem->fired = false;
  if (peer->len > 0) { /* else it was the connection that lacked memory */
    coded = find(w, p, "Content-Encoding") != NULL;
    if (!coded) {
      expect_start(w, p, plain);
      expect_bytes(w, p, text, LONG);
      w->n_sids++; /* counted by the caller */
    }
    peer->at = peer->len;
  }
  peer_close(w, p, 0);
  w->n_peers--;
  return coded;
}

static void test_without_memory_to_compress_it_is_sent_plain(struct world *w)
{
  char *text = long_text();
  bool coded = false;
  int before = w->n_sids;

  assert_true(serve_text(w, "a.js", text));
  for (size_t at = 0; !coded; at++) {
    assert_in_range(at, 0, 60);
    coded = ask_without_memory(w, at, text);
  }
  assert_in_range(w->n_sids - before, 1, 60);
  w->n_sids = before;
  free(text);
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
      SCENARIO(test_a_long_file_is_compressed_as_the_client_likes),
      SCENARIO(test_head_tells_the_length_in_the_coding),
      SCENARIO(test_brotli_is_sent_as_it_was_given),
      SCENARIO_WITH(test_what_grows_by_compression_is_sent_plain, no_threshold),
      SCENARIO_WITH(test_compression_can_be_switched_off, no_compression),
      SCENARIO_ONCE(test_without_memory_to_compress_it_is_sent_plain, NULL),
      SCENARIO_WITH(test_other_origins_get_the_file_with_cors_headers,
                    with_cors),
      SCENARIO(test_files_and_polls_are_answered_in_their_order),
      SCENARIO_WITH(test_who_asks_again_and_again_must_read, little_output),
      SCENARIO(test_the_bytes_are_shared_by_all_who_ask),
  };

  return cmocka_run_group_tests_name("eio/bundle", tests, NULL, NULL);
}
