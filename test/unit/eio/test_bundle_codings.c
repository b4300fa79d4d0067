/* SPDX-License-Identifier: MIT */
/* lib/eio/bundle.c: compressed. */
#include "bundle_world.h"

#include <stdio.h>
#include <zlib.h>

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
  const sio_bundle bundle = {sizeof bundle, "a.js", span("plain"),
                             span("BROTLI"), "4.8.3"};
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
  const sio_bundle bundle = {sizeof bundle, "a.js", span(text), span("BROTLI"),
                             "4.8.3"};
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

int main(void)
{
  const struct CMUnitTest tests[] = {
      SCENARIO(test_a_long_file_is_compressed_as_the_client_likes),
      SCENARIO(test_head_tells_the_length_in_the_coding),
      SCENARIO(test_brotli_is_sent_as_it_was_given),
      SCENARIO_WITH(test_what_grows_by_compression_is_sent_plain, no_threshold),
      SCENARIO_WITH(test_compression_can_be_switched_off, no_compression),
      SCENARIO_ONCE(test_without_memory_to_compress_it_is_sent_plain, NULL),
  };

  return cmocka_run_group_tests_name("eio/bundle_codings", tests, NULL, NULL);
}
