/* SPDX-License-Identifier: MIT */
/*
 * Session tickets:
 *
 *   name of the key (8) | made at, ms (8) | nonce (12) | session | tag (16)
 *
 * by AES-256-GCM; what stands before the nonce is authenticated, too, and so
 * is the policy, which is not sent.
 */
#include "tls/ticket.h"

enum {
  AT_TIME = SIO__TICKET_NAME,
  AT_NONCE = AT_TIME + 8,
  NONCE = 12,
  AT_SESSION = AT_NONCE + NONCE,
  TAG = 16,
  CONTEXT = AT_NONCE + SIO__POLICY
};

void sio__tickets_init(struct sio__tickets *tickets, sio_random_fn random,
                       void *random_user, uint64_t lifetime_ms)
{
  memset(tickets, 0, sizeof *tickets);
  tickets->random = random;
  tickets->random_user = random_user;
  tickets->lifetime_ms = lifetime_ms;
}

void sio__tickets_dispose(struct sio__tickets *tickets)
{
  mbedtls_platform_zeroize(tickets, sizeof *tickets);
}

void sio__tickets_share(struct sio__tickets *tickets, const sio_span *keys,
                        size_t n)
{
  mbedtls_platform_zeroize(&tickets->now, sizeof tickets->now);
  mbedtls_platform_zeroize(&tickets->before, sizeof tickets->before);
  mbedtls_platform_zeroize(tickets->shared, sizeof tickets->shared);
  tickets->n_shared = n;
  for (size_t i = 0; i < n; i++) {
    struct sio__ticket_key *key = &tickets->shared[i];

    key->set = true;
    memcpy(key->name, keys[i].data, SIO__TICKET_NAME);
    memcpy(key->secret, keys[i].data + SIO__TICKET_NAME, SIO__TICKET_KEY);
  }
}

/* How long ago; a clock that went back is taken to stand still. */
static uint64_t age(const struct sio__tickets *tickets, uint64_t then_ms)
{
  return tickets->now_ms > then_ms ? tickets->now_ms - then_ms : 0;
}

/* Forget what is too old, whether or not a new key is needed. */
static void expire(struct sio__tickets *tickets)
{
  struct sio__ticket_key *key = &tickets->now;

  if (key->set && age(tickets, key->since_ms) >= tickets->lifetime_ms) {
    tickets->before = *key;
    mbedtls_platform_zeroize(key, sizeof *key);
  }
  key = &tickets->before;
  if (key->set && age(tickets, key->since_ms) >= 2 * tickets->lifetime_ms)
    mbedtls_platform_zeroize(key, sizeof *key);
}

/* The key to make a ticket with. */
static int choose_key(struct sio__tickets *tickets,
                      const struct sio__ticket_key **out)
{
  struct sio__ticket_key *key = &tickets->now;

  *out = tickets->n_shared > 0 ? tickets->shared : key;
  if ((*out)->set)
    return 0;
  if (tickets->random(tickets->random_user, key->name, sizeof key->name) != 0 ||
      tickets->random(tickets->random_user, key->secret, sizeof key->secret) !=
          0)
    return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  key->since_ms = tickets->now_ms;
  key->set = true;
  return 0;
}

static void put_time(uint8_t *out, uint64_t ms)
{
  for (int i = 0; i < 8; i++)
    out[i] = (uint8_t)(ms >> (56 - 8 * i));
}

static uint64_t get_time(const uint8_t *in)
{
  uint64_t ms = 0;

  for (int i = 0; i < 8; i++)
    ms = ms << 8 | in[i];
  return ms;
}

/* What is authenticated besides the session. */
static void put_context(uint8_t context[CONTEXT], const uint8_t *ticket,
                        const struct sio__tickets *tickets)
{
  memcpy(context, ticket, AT_NONCE);
  memcpy(context + AT_NONCE, tickets->policy, SIO__POLICY);
}

static int seal(const struct sio__tickets *tickets,
                const struct sio__ticket_key *key, uint8_t *ticket, size_t len)
{
  mbedtls_gcm_context gcm;
  uint8_t *session = ticket + AT_SESSION, context[CONTEXT];
  int rv;

  put_context(context, ticket, tickets);

  mbedtls_gcm_init(&gcm);
  rv = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key->secret,
                          SIO__TICKET_KEY * 8);
  if (rv == 0)
    rv = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len,
                                   ticket + AT_NONCE, NONCE, context, CONTEXT,
                                   session, session, TAG, session + len);
  mbedtls_gcm_free(&gcm);
  return rv;
}

static int unseal(const struct sio__tickets *tickets,
                  const struct sio__ticket_key *key, uint8_t *ticket,
                  size_t len)
{
  mbedtls_gcm_context gcm;
  uint8_t *session = ticket + AT_SESSION, context[CONTEXT];
  int rv;

  put_context(context, ticket, tickets);

  mbedtls_gcm_init(&gcm);
  rv = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key->secret,
                          SIO__TICKET_KEY * 8);
  if (rv == 0)
    rv =
        mbedtls_gcm_auth_decrypt(&gcm, len, ticket + AT_NONCE, NONCE, context,
                                 CONTEXT, session + len, TAG, session, session);
  mbedtls_gcm_free(&gcm);
  return rv;
}

int sio__tickets_write(void *user, const mbedtls_ssl_session *session,
                       unsigned char *out, const unsigned char *end,
                       size_t *len, uint32_t *lifetime_s)
{
  struct sio__tickets *tickets = user;
  const struct sio__ticket_key *key;
  size_t room = (size_t)(end - out), clear;
  int rv;

  *len = 0;
  if (room < AT_SESSION + TAG)
    return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
  expire(tickets);
  rv = choose_key(tickets, &key);
  if (rv == 0)
    rv = mbedtls_ssl_session_save(session, out + AT_SESSION,
                                  room - AT_SESSION - TAG, &clear);
  if (rv == 0 && tickets->random(tickets->random_user, out + AT_NONCE, NONCE))
    rv = MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  if (rv != 0)
    return rv;
  memcpy(out, key->name, SIO__TICKET_NAME);
  put_time(out + AT_TIME, tickets->now_ms);
  rv = seal(tickets, key, out, clear);
  if (rv != 0)
    return rv;
  *len = AT_SESSION + clear + TAG;
  *lifetime_s = (uint32_t)(tickets->lifetime_ms / 1000);
  return 0;
}

static const struct sio__ticket_key *find(const struct sio__tickets *tickets,
                                          const uint8_t *name)
{
  for (size_t i = 0; i < tickets->n_shared; i++) {
    if (memcmp(name, tickets->shared[i].name, SIO__TICKET_NAME) == 0)
      return &tickets->shared[i];
  }
  if (tickets->now.set &&
      memcmp(name, tickets->now.name, SIO__TICKET_NAME) == 0)
    return &tickets->now;
  if (tickets->before.set &&
      memcmp(name, tickets->before.name, SIO__TICKET_NAME) == 0)
    return &tickets->before;
  return NULL;
}

int sio__tickets_parse(void *user, mbedtls_ssl_session *session,
                       unsigned char *data, size_t len)
{
  struct sio__tickets *tickets = user;
  const struct sio__ticket_key *key;
  size_t clear;
  int rv;

  expire(tickets);
  if (len < AT_SESSION + TAG)
    return MBEDTLS_ERR_SSL_INVALID_MAC;
  key = find(tickets, data);
  clear = len - AT_SESSION - TAG;
  if (key == NULL || unseal(tickets, key, data, clear) != 0)
    return MBEDTLS_ERR_SSL_INVALID_MAC;
  /* Others have another clock; they tell by the keys how old is too old. */
  if (tickets->n_shared == 0 &&
      age(tickets, get_time(data + AT_TIME)) >= tickets->lifetime_ms)
    rv = MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
  else
    rv = mbedtls_ssl_session_load(session, data + AT_SESSION, clear);
  mbedtls_platform_zeroize(data + AT_SESSION, clear);
  tickets->resumed = rv == 0;
  return rv;
}
