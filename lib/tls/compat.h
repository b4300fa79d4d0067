/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_COMPAT_H
#define SIO_TLS_COMPAT_H

/* mbedtls 2.28 and 3.x as one: the only place that includes its headers for
 * TLS, and that knows where the two differ. */

#include <mbedtls/asn1.h>
#include <mbedtls/error.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include <stddef.h>
#include <stdint.h>

typedef int sio__mbed_random(void *user, unsigned char *out, size_t len);

#if MBEDTLS_VERSION_NUMBER >= 0x03020000

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
#include <psa/crypto.h>
#define SIO__MBED_NEWEST 0x0304u
#define SIO__MBED_START()                                                      \
  (psa_crypto_init() == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR)
#else
#define SIO__MBED_NEWEST  0x0303u
#define SIO__MBED_START() 0
#endif

/* A certificate is malformed, or for another use. */
#define SIO__MBED_ERR_CERTIFICATE MBEDTLS_ERR_SSL_BAD_CERTIFICATE

/* The alert that the peer has sent last. */
#define SIO__MBED_ALERT(ssl) ((ssl)->MBEDTLS_PRIVATE(in_msg)[1])

/* Whether the next part of a name belongs to this one: "+" of RFC 4514. */
#define SIO__MBED_MERGED(name) ((name)->MBEDTLS_PRIVATE(next_merged))

static inline int sio__mbed_parse_key(mbedtls_pk_context *key,
                                      const unsigned char *data, size_t len,
                                      const unsigned char *password,
                                      size_t password_len,
                                      sio__mbed_random *random, void *user)
{
  return mbedtls_pk_parse_key(key, data, len, password, password_len, random,
                              user);
}

static inline int sio__mbed_check_pair(mbedtls_pk_context *certified,
                                       mbedtls_pk_context *key,
                                       sio__mbed_random *random, void *user)
{
  return mbedtls_pk_check_pair(certified, key, random, user);
}

static inline void sio__mbed_set_versions(mbedtls_ssl_config *config,
                                          uint32_t least, uint32_t most)
{
  mbedtls_ssl_conf_min_tls_version(config, (mbedtls_ssl_protocol_version)least);
  mbedtls_ssl_conf_max_tls_version(config, (mbedtls_ssl_protocol_version)most);
}

/* How keys are agreed upon, the fastest first. */
static inline void sio__mbed_set_groups(mbedtls_ssl_config *config)
{
  static const uint16_t groups[] = {
      MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
      MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
      MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};

  mbedtls_ssl_conf_groups(config, groups);
}

#else /* 2.28 */

#define SIO__MBED_ERR_CERTIFICATE MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#define SIO__MBED_NEWEST          0x0303u
#define SIO__MBED_START()         0
#define SIO__MBED_ALERT(ssl)      ((ssl)->in_msg[1])
#define SIO__MBED_MERGED(name)    ((name)->next_merged)

static inline int sio__mbed_parse_key(mbedtls_pk_context *key,
                                      const unsigned char *data, size_t len,
                                      const unsigned char *password,
                                      size_t password_len,
                                      sio__mbed_random *random, void *user)
{
  (void)random;
  (void)user;
  return mbedtls_pk_parse_key(key, data, len, password, password_len);
}

static inline int sio__mbed_check_pair(mbedtls_pk_context *certified,
                                       mbedtls_pk_context *key,
                                       sio__mbed_random *random, void *user)
{
  (void)random;
  (void)user;
  return mbedtls_pk_check_pair(certified, key);
}

static inline void sio__mbed_set_versions(mbedtls_ssl_config *config,
                                          uint32_t least, uint32_t most)
{
  mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
                               (int)(least & 0xff));
  mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
                               (int)(most & 0xff));
}

/* How keys are agreed upon, the fastest first. */
static inline void sio__mbed_set_groups(mbedtls_ssl_config *config)
{
  static const mbedtls_ecp_group_id groups[] = {
      MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
      MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_ECP_DP_NONE};

  mbedtls_ssl_conf_curves(config, groups);
}

#endif

#endif
