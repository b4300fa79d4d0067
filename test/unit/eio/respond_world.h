/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_RESPOND_WORLD_H
#define SIO_TEST_RESPOND_WORLD_H

/* A host that answers in pieces. */

#include "eio_world.h"

#include "eio/exchange.h"

enum { MAX_KEPT = 4 };

static const sio_span none = {NULL, 0};

/* Every request is kept. */
struct host {
  struct world *w;
  sio_request *kept[MAX_KEPT];
  bool streams[MAX_KEPT]; /* an answer has begun and not ended */
  int n_kept;
  int drained; /* how often */
  int rv;      /* of the last call in a callback */
};

static inline void on_http(sio_request *request, void *user)
{
  struct host *host = user;

  if (host->n_kept < MAX_KEPT)
    host->kept[host->n_kept++] = sio_request_retain(request);
}

static inline void start_host(struct world *w, struct host *host)
{
  memset(host, 0, sizeof *host);
  host->w = w;
  sio_server_on_http(w->server, on_http, host);
}

static inline void end_stream(struct host *host, int i)
{
  if (!host->streams[i])
    return;
  host->streams[i] = false;
  assert_int_equal(sio_respond_end(host->kept[i]), 0);
  eio_pump(host->w);
}

static inline void end_host(struct host *host)
{
  for (int i = 0; i < host->n_kept; i++) {
    end_stream(host, i);
    sio_request_release(host->kept[i]);
  }
}

/* Once memory was refused anything may come. */
static inline void expect_result(const struct host *host, int rv, int want)
{
  if (!eio_is_off(host->w))
    assert_int_equal(rv, want);
}

static inline void begin(struct host *host, int i, int status, uint64_t length)
{
  int rv;

  if (host->kept[i] == NULL)
    return;
  rv = sio_respond_begin(host->kept[i], status, NULL, 0, length);
  expect_result(host, rv, 0);
  host->streams[i] = rv == 0;
  eio_pump(host->w);
}

static inline void write_text(struct host *host, int i, const char *text,
                              int want)
{
  if (!host->streams[i])
    return;
  expect_result(host, sio_respond_write(host->kept[i], sio__text_span(text)),
                want);
  eio_pump(host->w);
}

#define GET     "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static inline void on_drain(sio_request *request, void *user)
{
  struct host *host = user;

  host->drained++;
  host->rv = sio_respond_write(request, sio__text_span("more"));
}

static inline void on_drain_end(sio_request *request, void *user)
{
  struct host *host = user;

  host->drained++;
  assert_ptr_equal(request, host->kept[0]);
  host->rv = sio_respond_end(request);
  host->streams[0] = false;
}

static inline void ask_drain(struct host *host, sio_http_fn fn)
{
  if (host->streams[0])
    expect_result(host, sio_respond_on_drain(host->kept[0], fn, host), 0);
  eio_pump(host->w);
}

#endif
