/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_FILTER_H
#define SIO_TLS_FILTER_H

/*
 * TLS of one connection, the server's side: ciphertext in, plaintext out, and
 * the other way round.
 *
 *   fresh --first byte--> handshake --> established --close_notify--> ended
 *                              '-------------'--error--> failed
 *
 * What is to be sent - records, and alerts when it has failed - is in `out`.
 */

#include "base/outq.h"
#include "tls/cause.h"
#include "tls/config.h"
#include "tls/subject.h"

enum sio__tls_state {
  TLS_FRESH, /* takes hardly any memory */
  TLS_HANDSHAKE,
  TLS_ESTABLISHED,
  TLS_ENDED, /* the peer sends no more */
  TLS_FAILED
};

enum {
  SIO__TLS_PLAIN = 16384, /* room for what one record may hold, at least */
  /* So much ciphertext is made ahead, and a record more. */
  SIO__TLS_AHEAD = 65536
};

struct sio__tls {
  sio_tls_config *config; /* a reference */
  const sio_allocator *mem;
  struct sio__outq out;
  sio_span in; /* what mbedtls has not taken yet; not ours */
  uint8_t state;
  bool resumed;
  bool said_goodbye;
  struct sio__subject *client;     /* NULL: has shown no certificate */
  struct sio__tls_failure failure; /* FAILED */
  mbedtls_ssl_context ssl;
};

/* NULL: no memory.  `pool` and `mem` are borrowed. */
struct sio__tls *sio__tls_new(sio_tls_config *config,
                              struct sio__chunk_pool *pool,
                              const sio_allocator *mem);
void sio__tls_free(struct sio__tls *tls);

/* Ciphertext has arrived: it is read by sio__tls_read() until that returns 0
 * or less. */
void sio__tls_feed(struct sio__tls *tls, const uint8_t *data, size_t len);

/* Go on with the handshake, and read plaintext: how much, 0 (more ciphertext
 * is needed), or -1 (it has ended or failed). */
int sio__tls_read(struct sio__tls *tls, uint64_t now_ms, uint8_t *out,
                  size_t cap);

/* Encrypt what is in `plain`, as far as SIO__TLS_AHEAD allows; it is taken out
 * there.  How much. */
size_t sio__tls_write(struct sio__tls *tls, struct sio__outq *plain);

/* Say that nothing more will be sent; once. */
void sio__tls_say_goodbye(struct sio__tls *tls);

/* Such as "TLSv1.2, TLS-ECDHE-...", for a log; only if established. */
const char *sio__tls_version(const struct sio__tls *tls);
const char *sio__tls_suite(const struct sio__tls *tls);

static inline bool sio__tls_is_established(const struct sio__tls *tls)
{
  return tls->state == TLS_ESTABLISHED || tls->state == TLS_ENDED;
}

/* Whether it has something of its own left to say. */
static inline bool sio__tls_owes_goodbye(const struct sio__tls *tls)
{
  return sio__tls_is_established(tls) && !tls->said_goodbye;
}

#endif
