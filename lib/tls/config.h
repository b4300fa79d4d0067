/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_CONFIG_H
#define SIO_TLS_CONFIG_H

/* What connections share: see sio_tls_config in <sio/tls.h>. */

#include "tls/ticket.h"
#include <sio/tls.h>

struct sio__random;

/* A certificate with its key, and the host names that it is for. */
struct sio__identity {
  mbedtls_x509_crt chain;
  mbedtls_pk_context key;
  char *names; /* each with its NUL; NULL: those in the certificate */
  size_t names_size;
};

struct sio_tls_config {
  sio_allocator mem;
  uint32_t refs;
  sio_random_fn random;
  void *random_user;
  struct sio__random *own_random; /* NULL: the host's is used */
  mbedtls_ssl_config ssl;
  struct sio__identity *identities;
  size_t n_identities;
  mbedtls_x509_crt client_ca;
  mbedtls_x509_crl client_crl;
  int *suites; /* with a 0 at the end */
  size_t suites_size;
  const char *alpn[2];
  /* The one thing that changes: keys come and go with time. */
  struct sio__tickets tickets;
};

#endif
