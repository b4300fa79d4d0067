/* SPDX-License-Identifier: MIT */
#ifndef SIO_TLS_H
#define SIO_TLS_H

/**
 * TLS, by mbedtls, as a part of connections: what is fed and what is shown as
 * output is then ciphertext, and whatever carries bytes can carry it.
 *
 * A configuration is made once and never changes.  A connection is given one
 * in `sio_peer.tls`, and keeps it as long as it lives; so new certificates
 * mean a new configuration for the connections to come.
 */

#include <sio/engine.h>
#include <sio/http.h>
#include <sio/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Certificates, keys, and what is asked of clients.  It belongs to one thread,
 * as a server does; any number of servers of that thread may use it.
 */
typedef struct sio_tls_config sio_tls_config;

/** Versions of the protocol.  Whether there is 1.3 depends on mbedtls: see
 *  sio_tls_newest_version(). */
enum { SIO_TLS_1_2 = 0x0303, SIO_TLS_1_3 = 0x0304 };

/** Whether clients are asked for certificates. */
enum {
  SIO_TLS_CLIENT_NONE = 0,     /**< they are not */
  SIO_TLS_CLIENT_OPTIONAL = 1, /**< the host looks at what they have shown */
  SIO_TLS_CLIENT_REQUIRED = 2  /**< without a valid one, the handshake fails */
};

/** One identity of the server. */
typedef struct sio_tls_certificate {
  sio_span chain;    /**< PEM, its own first, then those above it; or DER */
  sio_span key;      /**< PEM or DER */
  sio_span password; /**< of an encrypted key; may be empty */
  /** Host names that clients ask for (SNI): exact, or "*.example.org", which
   *  is one label more; NULL: those in the certificate. */
  const char *const *names;
  size_t n_names;
} sio_tls_certificate;

/** Settings; fields are only added at the end. */
typedef struct sio_tls_options {
  size_t size; /**< set by sio_tls_options_init() */

  const sio_allocator *allocator; /**< copied; NULL: malloc.  Memory that
                                       mbedtls asks for is its own affair. */
  sio_random_fn random;           /**< NULL: CTR_DRBG of mbedtls */
  void *random_user;              /**< passed to `random` */

  /** At least one, copied.  The first is for clients that ask for no name, or
   *  for one that none of them has. */
  const sio_tls_certificate *certificates;
  size_t n_certificates;

  uint32_t min_version; /**< SIO_TLS_1_2 */
  uint32_t max_version; /**< 0: the newest that mbedtls has; 0 */
  /** Names as of IANA, the preferred one first, with ":" in between; copied.
   *  NULL: all of mbedtls that have forward secrecy and AEAD. */
  const char *cipher_suites;

  uint32_t client_auth; /**< SIO_TLS_CLIENT_NONE */
  uint32_t no_tickets;  /**< 1: no session is resumed; 0 */
  sio_span client_ca;   /**< PEM or DER; copied; who signs clients' ones */
  sio_span client_crl;  /**< PEM or DER; copied; those revoked; may be empty */

  /** How long a ticket is good for; their key changes as often.  1000 to
   *  604800000; 7200000 */
  uint64_t ticket_lifetime_ms;
} sio_tls_options;

#define sio_tls_options_init(options)                                          \
  sio_tls_options_init_sized((options), sizeof(*(options)))

/** Fill in the defaults of the first `size` bytes. */
SIO_API void sio_tls_options_init_sized(sio_tls_options *options, size_t size);

/** What is wrong with options; all text is constant. */
typedef struct sio_tls_problem {
  const char *option; /**< such as "certificates.key"; "" if it is none */
  size_t index;       /**< of the certificate */
  const char *text;   /**< in words */
} sio_tls_problem;

/**
 * Make a configuration.  `problem` may be NULL; it is only written to when
 * this fails.
 *
 * Ownership: one reference, the caller's, to be given up by
 *            sio_tls_config_release().
 * Errors:    SIO_ERR_INVALID, SIO_ERR_UNSUPPORTED (no such version),
 *            SIO_ERR_NOMEM, SIO_ERR_RANDOM; `*out` is then NULL.
 */
SIO_API SIO_MUST_USE int sio_tls_config_new(sio_tls_config **out,
                                            const sio_tls_options *options,
                                            sio_tls_problem *problem);

/** One reference more. */
SIO_API sio_tls_config *sio_tls_config_retain(sio_tls_config *config);

/** Give a reference up; NULL is ignored.  Connections have their own. */
SIO_API void sio_tls_config_release(sio_tls_config *config);

enum {
  SIO_TLS_TICKET_KEY = 40,    /**< bytes of a key: random, and secret */
  SIO_TLS_TICKET_KEYS_MAX = 4 /**< of one configuration */
};

/**
 * Have tickets made with the first of these keys, and taken that were made
 * with any of them, in place of keys of its own: configurations with the same
 * keys resume each other's sessions, on other threads, in other processes, and
 * on other machines.  They must ask the same of clients (versions, cipher
 * suites, `client_auth`, `client_ca`, `client_crl`); tickets of others are not
 * taken.
 *
 * From then on keys do not change by themselves, and a ticket is good for as
 * long as its key is among them.  Call it again to change them, each day
 * perhaps: the new one first, the old one behind it.
 *
 * Ownership: copied.
 * Errors:    SIO_ERR_INVALID: there is none, there are too many, or one is not
 *            of that length; nothing has changed then.
 */
SIO_API SIO_MUST_USE int sio_tls_config_set_ticket_keys(sio_tls_config *config,
                                                        const sio_span *keys,
                                                        size_t n);

/** The newest version that mbedtls has here. */
SIO_API uint32_t sio_tls_newest_version(void);

/**
 * The subject of the certificate that the client has shown, such as
 * "C=NO, O=Example, CN=alice"; special characters of its values have a
 * backslash.  Empty with `data` NULL if it has shown none.
 *
 * Anybody can make a certificate of any subject: it means something only if
 * it is verified, too.
 *
 * Lifetime: as the request, session or socket.
 */
SIO_API sio_str sio_request_client_subject(const sio_request *request);
SIO_API sio_str sio_session_client_subject(const sio_session *session);
SIO_API sio_str sio_socket_client_subject(const sio_socket *socket);

/** Whether the client has shown a certificate that `client_ca` vouches for,
 *  and has proved that it has the key. */
SIO_API bool sio_request_client_is_verified(const sio_request *request);
SIO_API bool sio_session_client_is_verified(const sio_session *session);
SIO_API bool sio_socket_client_is_verified(const sio_socket *socket);

#ifdef __cplusplus
}
#endif

#endif
