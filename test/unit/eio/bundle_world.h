/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_BUNDLE_WORLD_H
#define SIO_TEST_BUNDLE_WORLD_H

/* Files under the path of a server in memory, and who asks for them. */

#include "eio_world.h"

#include <sio/bundle.h>

#include <stdlib.h>

#define SCRIPT "application/javascript; charset=utf-8"
#define COMMON "Cache-Control: public, max-age=0\r\nETag: \"4.8.3\"\r\n"

enum { LONG = 20000 };

static inline sio_span span(const char *text)
{
  sio_span s = {(const uint8_t *)text, strlen(text)};

  return s;
}

/* False: there was no memory for it. */
static inline bool serve(struct world *w, const sio_bundle *bundle)
{
  int rv = sio_server_serve_bundle(w->server, bundle);

  assert_true(rv == 0 || (rv == SIO_ERR_NOMEM && eio_is_off(w)));
  return rv == 0;
}

/* Where the first of these texts is in what has not been looked at; NULL:
 * nowhere. */
static inline const char *find(const struct world *w, int p, const char *text)
{
  const struct peer *peer = &w->peers[p];
  size_t len = strlen(text);

  for (size_t i = peer->at; i + len <= peer->len; i++) {
    if (memcmp(peer->out + i, text, len) == 0)
      return (const char *)peer->out + i;
  }
  return NULL;
}

static inline bool serve_text(struct world *w, const char *name,
                              const char *text)
{
  const sio_bundle bundle = {
      sizeof bundle, name, span(text), {NULL, 0}, "4.8.3"};

  return serve(w, &bundle);
}

/* Something that is worth compressing. */
static inline char *long_text(void)
{
  char *text = malloc(LONG + 1);

  assert_non_null(text);
  for (int i = 0; i < LONG; i++)
    text[i] = (char)('a' + i * i % 26);
  text[LONG] = '\0';
  return text;
}

static inline void ask(struct world *w, int p, const char *method,
                       const char *target, const char *lines)
{
  peer_text(w, p, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, lines);
}

static inline void get(struct world *w, int p, const char *target)
{
  ask(w, p, "GET", target, "");
}

static inline void expect_script(struct world *w, int p, const char *content)
{
  expect_text(w, p,
              "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: " SCRIPT
              "\r\nVary: Accept-Encoding\r\nContent-Length: %zu\r\n\r\n%s",
              strlen(content), content);
}

#endif
