/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEST_TLS_PEER_H
#define SIO_TEST_TLS_PEER_H

/* A TLS client of mbedtls, whose ciphertext is bytes in memory, and the
 * certificates of test/fixture/tls. */

#include "support.h"

#include "tls/compat.h"
#include <sio/tls.h>

/* A file of test/fixture/tls; freed by the caller. */
struct tls_file {
  uint8_t *data; /* a NUL follows */
  size_t len;
};
struct tls_file tls_read(const char *name);
sio_span tls_span(struct tls_file file);

/* What a server is made of; NULL, 0: as in sio_tls_options_init(). */
struct tls_recipe {
  const char *pairs[4]; /* "ec" is ec.pem and ec.key */
  const char *ca, *crl;
  uint32_t client_auth, min_version, max_version, no_tickets;
  const char *suites;
  uint64_t lifetime_ms;
  const char *const *names; /* of the first pair, with a NULL at the end */
};

/* NULL: no memory, which is only allowed if `mem` (which may be NULL) has
 * refused some. */
sio_tls_config *tls_config(const struct tls_recipe *recipe,
                           struct test_mem *mem);

/* What a client does; NULL, 0: nothing special. */
struct tls_client_recipe {
  const char *pair; /* its certificate */
  const char *ca;   /* "ca.pem" */
  const char *host; /* "localhost"; "-": asks for none */
  const char *alpn;
  uint32_t max_version; /* 0x0302 is possible, too */
  const char *suite;    /* in the names of mbedtls */
  bool trusts_all;
  bool renegotiates;
  unsigned char fragment; /* MBEDTLS_SSL_MAX_FRAG_LEN_... */
};

struct tls_client {
  mbedtls_ssl_config config;
  mbedtls_ssl_context ssl;
  mbedtls_x509_crt ca, own;
  mbedtls_pk_context key;
  const char *alpn[2];
  int suites[2];
  uint32_t random;
  bool established;
  int error;    /* of mbedtls; 0: none */
  uint8_t *out; /* to be sent */
  size_t out_len, out_cap;
  const uint8_t *in; /* that is being taken */
  size_t in_len;
  uint8_t *plain; /* that has arrived */
  size_t plain_len, plain_cap;
};

void tls_client_init(struct tls_client *client,
                     const struct tls_client_recipe *recipe);
void tls_client_dispose(struct tls_client *client);

/* Take ciphertext, and go on as far as possible. */
void tls_client_take(struct tls_client *client, const void *data, size_t len);

/* Encrypt; it is in `out` then. */
void tls_client_say(struct tls_client *client, const void *data, size_t len);

/* The common name of the server's certificate. */
void tls_client_server_name(struct tls_client *client, char *out, size_t cap);

#endif
