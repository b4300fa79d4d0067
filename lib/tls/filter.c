/* SPDX-License-Identifier: MIT */
/* TLS of one connection; see filter.h for its states. */
#include "tls/filter.h"

#include "base/mem.h"

enum {
  /* Plaintext of one record: with what is added to it, it fills the largest
   * chunk that is kept for reuse. */
  RECORD = 16000,
  /* Small pieces share a record: each has 29 bytes and a tag to compute. */
  SMALL = 1024,
  GATHERED = 4096,
  SPANS = 16,
  /* Nobody lets us answer so much but to make us keep it. */
  MOST_OUTPUT = 2 * SIO__TLS_AHEAD
};

/* ---- What mbedtls calls ---- */

static int on_receive(void *user, unsigned char *out, size_t len)
{
  struct sio__tls *tls = user;
  size_t n = len < tls->in.len ? len : tls->in.len;

  if (n == 0)
    return MBEDTLS_ERR_SSL_WANT_READ;
  memcpy(out, tls->in.data, n);
  tls->in.data += n;
  tls->in.len -= n;
  return (int)n;
}

static int on_send(void *user, const unsigned char *data, size_t len)
{
  struct sio__tls *tls = user;

  if (tls->out.bytes > MOST_OUTPUT)
    return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
  if (sio__outq_append(&tls->out, data, len) != 0)
    return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  return (int)len;
}

/* ---- States ---- */

/* What is to be said has been said: mbedtls need not keep its memory while
 * the peer takes its time to go. */
static int fail_with(struct sio__tls *tls, sio_cause cause, const char *detail)
{
  tls->state = TLS_FAILED;
  tls->failure.cause = cause;
  tls->failure.detail = detail;
  mbedtls_ssl_free(&tls->ssl);
  mbedtls_ssl_init(&tls->ssl);
  return -1;
}

static int fail(struct sio__tls *tls, int error)
{
  bool established = sio__tls_is_established(tls);
  uint32_t verdict = mbedtls_ssl_get_verify_result(&tls->ssl);
  struct sio__tls_failure failure;
  uint8_t alert = 0;

  if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
    alert = SIO__MBED_ALERT(&tls->ssl);
  failure = sio__tls_explain(error, verdict, alert, established);
  return fail_with(tls, failure.cause, failure.detail);
}

/* The memory of mbedtls comes with the first byte, so that those who connect
 * and say nothing cost none. */
static int start(struct sio__tls *tls)
{
  int rv = mbedtls_ssl_setup(&tls->ssl, &tls->config->ssl);

  if (rv != 0)
    return fail(tls, rv);
  mbedtls_ssl_set_bio(&tls->ssl, tls, on_send, on_receive, NULL);
  tls->state = TLS_HANDSHAKE;
  return 0;
}

static int take_subject(struct sio__tls *tls)
{
  const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&tls->ssl);
  int rv;

  if (certificate == NULL)
    return 0;
  rv = sio__subject_new(tls->mem, &certificate->subject,
                        mbedtls_ssl_get_verify_result(&tls->ssl) == 0,
                        &tls->client);
  if (rv == SIO_ERR_NOMEM)
    return fail_with(tls, SIO_CAUSE_NOMEM, NULL);
  return rv == 0 ? 0
                 : fail_with(tls, SIO_CAUSE_TLS_CERTIFICATE,
                             "the subject of the client certificate is too "
                             "long");
}

/* 0: goes on later, or is done. */
static int shake_hands(struct sio__tls *tls, uint64_t now_ms)
{
  struct sio__tickets *tickets = &tls->config->tickets;
  int rv;

  tickets->now_ms = now_ms;
  tickets->resumed = false;
  rv = mbedtls_ssl_handshake(&tls->ssl);
  if (tickets->resumed)
    tls->resumed = true;
  if (rv == MBEDTLS_ERR_SSL_WANT_READ)
    return 0;
  if (rv != 0)
    return fail(tls, rv);
  tls->state = TLS_ESTABLISHED;
  return take_subject(tls);
}

struct sio__tls *sio__tls_new(sio_tls_config *config,
                              struct sio__chunk_pool *pool,
                              const sio_allocator *mem)
{
  struct sio__tls *tls = sio__mem_zalloc(mem, sizeof *tls);

  if (tls == NULL)
    return NULL;
  tls->config = sio_tls_config_retain(config);
  tls->mem = mem;
  sio__outq_init(&tls->out, pool);
  mbedtls_ssl_init(&tls->ssl);
  return tls;
}

void sio__tls_free(struct sio__tls *tls)
{
  if (tls == NULL)
    return;
  mbedtls_ssl_free(&tls->ssl);
  sio__outq_dispose(&tls->out);
  sio__subject_unref(tls->client);
  sio_tls_config_release(tls->config);
  sio__mem_free(tls->mem, tls, sizeof *tls);
}

/* ---- In ---- */

void sio__tls_feed(struct sio__tls *tls, const uint8_t *data, size_t len)
{
  tls->in.data = data;
  tls->in.len = len;
}

int sio__tls_read(struct sio__tls *tls, uint64_t now_ms, uint8_t *out,
                  size_t cap)
{
  int rv;

  if (tls->state == TLS_FRESH && tls->in.len > 0 && start(tls) != 0)
    return -1;
  if (tls->state == TLS_HANDSHAKE && shake_hands(tls, now_ms) != 0)
    return -1;
  if (tls->state < TLS_ESTABLISHED)
    return 0;
  if (tls->state > TLS_ESTABLISHED)
    return -1;
  rv = mbedtls_ssl_read(&tls->ssl, out, cap);
  if (rv >= 0)
    return rv;
  if (rv == MBEDTLS_ERR_SSL_WANT_READ)
    return 0;
  if (rv != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
    return fail(tls, rv);
  tls->state = TLS_ENDED;
  return -1;
}

/* ---- Out ---- */

/* What the next record is made of: many small pieces, copied together, or
 * (part of) a large one as it lies there. */
static sio_span next_piece(const struct sio__outq *plain,
                           uint8_t gathered[GATHERED])
{
  sio_span spans[SPANS];
  size_t n = sio__outq_spans(plain, spans, SPANS), len = 0;

  if (n == 1 || spans[0].len > SMALL) {
    if (spans[0].len > RECORD)
      spans[0].len = RECORD;
    return spans[0];
  }
  for (size_t i = 0; i < n && spans[i].len <= SMALL; i++) {
    if (len + spans[i].len > GATHERED)
      break;
    memcpy(gathered + len, spans[i].data, spans[i].len);
    len += spans[i].len;
  }
  return (sio_span){gathered, len};
}

size_t sio__tls_write(struct sio__tls *tls, struct sio__outq *plain)
{
  uint8_t gathered[GATHERED];
  size_t before = plain->bytes;

  while (sio__tls_owes_goodbye(tls) && plain->bytes > 0 &&
         tls->out.bytes < SIO__TLS_AHEAD) {
    sio_span piece = next_piece(plain, gathered);
    int rv = mbedtls_ssl_write(&tls->ssl, piece.data, piece.len);

    if (rv < 0)
      (void)fail(tls, rv); /* ends the loop, too */
    else
      sio__outq_sent(plain, (size_t)rv);
  }
  return before - plain->bytes;
}

void sio__tls_say_goodbye(struct sio__tls *tls)
{
  if (!sio__tls_owes_goodbye(tls))
    return;
  tls->said_goodbye = true;
  /* Without it the peer learns from the transport. */
  (void)mbedtls_ssl_close_notify(&tls->ssl);
}

const char *sio__tls_version(const struct sio__tls *tls)
{
  return mbedtls_ssl_get_version(&tls->ssl);
}

const char *sio__tls_suite(const struct sio__tls *tls)
{
  return mbedtls_ssl_get_ciphersuite(&tls->ssl);
}
