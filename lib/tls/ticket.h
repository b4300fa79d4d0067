/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_TICKET_H
#define SIO_TLS_TICKET_H

/* Session tickets (RFC 5077): what a session has agreed upon, encrypted for
 * ourselves and kept by the client.  A key writes tickets for one lifetime,
 * still reads them for another, and is forgotten then. */

#include "tls/compat.h"
#include <sio/server.h>

enum {
  SIO__TICKET_KEY = 32,
  SIO__TICKET_NAME = 8,
};

struct sio__ticket_key {
  bool set;
  uint64_t since_ms;
  uint8_t name[SIO__TICKET_NAME];
  uint8_t secret[SIO__TICKET_KEY];
};

struct sio__tickets {
  sio_random_fn random;
  void *random_user;
  uint64_t lifetime_ms;
  uint64_t now_ms; /* to be set before mbedtls is called */
  bool resumed;    /* set when a ticket was accepted */
  struct sio__ticket_key now, before;
};

void sio__tickets_init(struct sio__tickets *tickets, sio_random_fn random,
                       void *random_user, uint64_t lifetime_ms);
/* Wipes the keys. */
void sio__tickets_dispose(struct sio__tickets *tickets);

/* Callbacks of mbedtls; `user` is the struct sio__tickets. */
int sio__tickets_write(void *user, const mbedtls_ssl_session *session,
                       unsigned char *out, const unsigned char *end,
                       size_t *len, uint32_t *lifetime_s);
int sio__tickets_parse(void *user, mbedtls_ssl_session *session,
                       unsigned char *data, size_t len);

#endif
