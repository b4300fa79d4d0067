/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_TLS_PAIR_H
#define SIO_TEST_TLS_PAIR_H

/* A filter and a client, with nothing in between but the sizes of pieces. */

#include "tls_peer.h"

#include "base/chunk.h"
#include "tls/filter.h"

#include <stdlib.h>
#include <string.h>

enum { PAIR_ROOM = 300000 };

struct pair {
  struct test_mem *mem;
  struct test_mem own_mem; /* unless the test brings one */
  sio_tls_config *config;
  struct sio__chunk_pool pool;
  struct sio__outq plain; /* what the server is to send */
  struct sio__tls *tls;
  struct tls_client client;
  size_t piece; /* of ciphertext; 0: all of it */
  uint64_t now;
  bool over;        /* the filter has said -1 */
  uint8_t *arrived; /* at the server */
  size_t n_arrived;
};

/* `config` is taken over. */
static inline void pair_open(struct pair *p, sio_tls_config *config,
                             const struct tls_client_recipe *client)
{
  memset(p, 0, sizeof *p);
  test_mem_init(&p->own_mem, TEST_MEM_NEVER);
  p->mem = &p->own_mem;
  p->config = config;
  sio__chunk_pool_init(&p->pool, &p->mem->allocator, 0);
  sio__outq_init(&p->plain, &p->pool);
  p->tls = sio__tls_new(config, &p->pool, &p->mem->allocator);
  assert_non_null(p->tls);
  tls_client_init(&p->client, client);
  p->arrived = malloc(PAIR_ROOM);
  assert_non_null(p->arrived);
}

static inline void pair_close(struct pair *p)
{
  sio__tls_free(p->tls);
  sio__outq_dispose(&p->plain);
  sio__chunk_pool_dispose(&p->pool);
  sio_tls_config_release(p->config);
  tls_client_dispose(&p->client);
  free(p->arrived);
  test_mem_check(&p->own_mem);
}

/* Give the server ciphertext, in an exact block. */
static inline void pair_feed(struct pair *p, const void *data, size_t len)
{
  uint8_t *copy = test_exact(data, len);
  int n = 0;

  sio__tls_feed(p->tls, copy, len);
  while (!p->over &&
         (n = sio__tls_read(p->tls, p->now, p->arrived + p->n_arrived,
                            PAIR_ROOM - p->n_arrived)) > 0)
    p->n_arrived += (size_t)n;
  p->over = p->over || n < 0;
  free(copy);
}

static inline void pair_up(struct pair *p)
{
  uint8_t *data = p->client.out;
  size_t len = p->client.out_len, at = 0;

  p->client.out = NULL;
  p->client.out_len = p->client.out_cap = 0;
  while (at < len) {
    size_t n = p->piece > 0 && p->piece < len - at ? p->piece : len - at;

    pair_feed(p, data + at, n);
    at += n;
  }
  free(data);
}

static inline void pair_down(struct pair *p)
{
  sio_span span;

  while (sio__outq_spans(&p->tls->out, &span, 1) == 1) {
    size_t n = p->piece > 0 && p->piece < span.len ? p->piece : span.len;

    tls_client_take(&p->client, span.data, n);
    sio__outq_sent(&p->tls->out, n);
  }
}

/* Until nobody has anything to say any more. */
static inline void pair_run(struct pair *p)
{
  tls_client_take(&p->client, NULL, 0);
  do {
    pair_up(p);
    (void)sio__tls_write(p->tls, &p->plain);
    pair_down(p);
  } while (p->client.out_len > 0 || p->tls->out.bytes > 0 ||
           (p->plain.bytes > 0 && sio__tls_owes_goodbye(p->tls)));
}

static inline void pair_say(struct pair *p, const void *data, size_t len)
{
  assert_int_equal(sio__outq_append(&p->plain, data, len), 0);
}

#endif
