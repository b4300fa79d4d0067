/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_FILE_WORLD_H
#define SIO_TEST_FILE_WORLD_H

/* A server that answers every request with one file, and a peer of it. */

#include "uv_world.h"

#include <sys/stat.h>

enum { LARGE = 3000000, PIECE = 65536 };

static struct uv_world w;
static struct peer a;
static char path[128];
static const sio_header *headers; /* the host's */
static size_t n_headers;

static inline void make_file(const char *name, const void *data, size_t len)
{
  FILE *file;

  snprintf(path, sizeof path, "%s/%s", w.dir, name);
  file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
}

/* Bytes that differ from piece to piece; to be freed. */
static inline char *make_large(void)
{
  char *data = malloc(LARGE);

  assert_non_null(data);
  for (size_t i = 0; i < LARGE; i++)
    data[i] = (char)(i * 7 + i / 251);
  make_file("a.txt", data, LARGE);
  return data;
}

static inline void set_time(long seconds, long nanoseconds)
{
  const struct timespec times[2] = {{seconds, nanoseconds},
                                    {seconds, nanoseconds}};

  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static inline void answer(sio_request *request, void *user)
{
  int rv = sio_uv_respond_file(w.uv, request, path, headers, n_headers);

  (void)user; /* without memory the request is released, which answers 500 */
  assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && w.mem.fired));
}

static inline void begin_with(const sio_server_options *options)
{
  headers = NULL;
  n_headers = 0;
  world_open(&w, options);
  sio_server_on_http(w.server, answer, NULL);
  world_listen(&w);
  peer_dial(&w, &a);
}

static inline void begin(void)
{
  begin_with(NULL);
}

static inline void end(void)
{
  peer_close(&a);
  (void)unlink(path); /* some tests have made none */
  world_close(&w);
}

/* Send a request with more header lines. */
static inline void ask(const char *method, const char *lines)
{
  char text[512];

  snprintf(text, sizeof text, "%s /file HTTP/1.1\r\nHost: test\r\n%s\r\n",
           method, lines);
  peer_send(&a, text, strlen(text));
}

/* See the status line, this header line, and the body. */
static inline void expect_answer(const char *status, const char *line,
                                 const char *body)
{
  peer_expect(&a, status);
  peer_expect(&a, line);
  peer_expect(&a, "\r\n\r\n");
  if (*body != '\0')
    peer_expect(&a, body);
  assert_int_equal(a.len, 0);
}

static inline void expect(const char *status, const char *line,
                          const char *body)
{
  ask("GET", "");
  expect_answer(status, line, body);
}

/* Take the head of an answer, up to and with the empty line. */
static inline void take_head(char *out, size_t size)
{
  const char *stop = NULL;
  size_t len;

  for (int i = 0; i < PATIENCE_MS && stop == NULL; i++) {
    (void)peer_read(&a);
    stop = strstr(a.in, "\r\n\r\n");
    world_turn(&w);
  }
  assert_non_null(stop);
  len = (size_t)(stop - a.in) + 4;
  assert_in_range(len, 1, size - 1);
  memcpy(out, a.in, len);
  out[len] = '\0';
  a.len -= len;
  memmove(a.in, a.in + len, a.len + 1);
}

/* The value of a header of a head. */
static inline void value_of(const char *head, const char *name, char *out,
                            size_t size)
{
  const char *line = strstr(head, name);
  size_t len;

  assert_non_null(line);
  line += strlen(name);
  len = strcspn(line, "\r");
  assert_in_range(len, 1, size - 1);
  memcpy(out, line, len);
  out[len] = '\0';
}

static inline void etag_of_file(char *out, size_t size)
{
  char head[1024];

  ask("HEAD", "");
  take_head(head, sizeof head);
  value_of(head, "\r\nETag: ", out, size);
}

#endif
