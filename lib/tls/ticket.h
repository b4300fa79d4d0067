/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_TICKET_H
#define SIO_TLS_TICKET_H

/* Session tickets (RFC 5077): what a session has agreed upon, encrypted for
 * ourselves and kept by the client.  A key writes tickets for one lifetime,
 * still reads them for another, and is forgotten then; or the host has keys
 * that it shares with others, and changes them.
 *
 * A ticket is only good where the policy is that under which it was made. */

#include "tls/compat.h"
#include "tls/policy.h"

#include <assert.h>

enum {
  SIO__TICKET_KEY = 32,
  SIO__TICKET_NAME = 8,
};

static_assert((int)SIO__TICKET_NAME + (int)SIO__TICKET_KEY ==
                  (int)SIO_TLS_TICKET_KEY,
              "a key of the host's is a name and a secret");

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
  uint8_t policy[SIO__POLICY];
  struct sio__ticket_key now, before;
  struct sio__ticket_key shared[SIO_TLS_TICKET_KEYS_MAX];
  size_t n_shared; /* 0: our own are used */
};

void sio__tickets_init(struct sio__tickets *tickets, sio_random_fn random,
                       void *random_user, uint64_t lifetime_ms);
/* From now on the first of these makes tickets, and all are read with; each is
 * its name and its secret.  Our own are forgotten. */
void sio__tickets_share(struct sio__tickets *tickets, const sio_span *keys,
                        size_t n);
/* Wipes the keys. */
void sio__tickets_dispose(struct sio__tickets *tickets);

/* Callbacks of mbedtls; `user` is the struct sio__tickets. */
int sio__tickets_write(void *user, const mbedtls_ssl_session *session,
                       unsigned char *out, const unsigned char *end,
                       size_t *len, uint32_t *lifetime_s);
int sio__tickets_parse(void *user, mbedtls_ssl_session *session,
                       unsigned char *data, size_t len);

#endif
