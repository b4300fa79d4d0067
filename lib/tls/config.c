/* SPDX-License-Identifier: MIT */
/* Making a TLS configuration. */
#include "tls/config.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/versioned.h"
#include "tls/cause.h"
#include "tls/names.h"
#include "tls/suites.h"

static const sio_tls_options defaults = {
    .min_version = SIO_TLS_1_2,
    .client_auth = SIO_TLS_CLIENT_NONE,
    .ticket_lifetime_ms = 7200000,
};

enum { LEAST_LIFETIME_MS = 1000, MOST_LIFETIME_MS = 604800000 };

/* ---- Saying what is wrong ---- */

static int problem_at(sio_tls_problem *out, int code, const char *option,
                      size_t index, const char *text)
{
  if (out != NULL)
    *out = (sio_tls_problem){option, index, text};
  return code;
}

/* An error of mbedtls that is about an option. */
static int failed(sio_tls_problem *out, int error, const char *option,
                  size_t index, const char *text)
{
  if (sio__tls_is_nomem(error))
    return problem_at(out, SIO_ERR_NOMEM, "", 0, "out of memory");
  return problem_at(out, SIO_ERR_INVALID, option, index, text);
}

/* Whether mbedtls has them here is another question. */
static const char *versions_out_of_range(const sio_tls_options *o)
{
  if (o->min_version < SIO_TLS_1_2 || o->min_version > SIO_TLS_1_3)
    return "min_version";
  if (o->max_version != 0 &&
      (o->max_version < o->min_version || o->max_version > SIO_TLS_1_3))
    return "max_version";
  return NULL;
}

static const char *out_of_range(const sio_tls_options *o)
{
  if (o->certificates == NULL || o->n_certificates == 0)
    return "certificates";
  if (o->client_auth > SIO_TLS_CLIENT_REQUIRED)
    return "client_auth";
  if (o->no_tickets > 1)
    return "no_tickets";
  if (o->ticket_lifetime_ms < LEAST_LIFETIME_MS ||
      o->ticket_lifetime_ms > MOST_LIFETIME_MS)
    return "ticket_lifetime_ms";
  if (o->allocator != NULL &&
      (o->allocator->alloc == NULL || o->allocator->free == NULL))
    return "allocator";
  return versions_out_of_range(o);
}

static int check(const sio_tls_options *o, sio_tls_problem *problem)
{
  const char *option = out_of_range(o);
  uint32_t newest = sio_tls_newest_version();

  if (option != NULL)
    return problem_at(problem, SIO_ERR_INVALID, option, 0, "out of range");
  if (o->min_version > newest || o->max_version > newest)
    return problem_at(problem, SIO_ERR_UNSUPPORTED,
                      o->min_version > newest ? "min_version" : "max_version",
                      0, "mbedtls has no such version here");
  if (o->client_auth == SIO_TLS_CLIENT_REQUIRED && o->client_ca.len == 0)
    return problem_at(problem, SIO_ERR_INVALID, "client_ca", 0,
                      "needed to verify certificates of clients");
  return 0;
}

/* ---- Random numbers ---- */

static int draw(void *user, unsigned char *out, size_t len)
{
  sio_tls_config *config = user;

  return config->random(config->random_user, out, len) == 0
             ? 0
             : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int start_random(sio_tls_config *config, const sio_tls_options *o)
{
  config->random = o->random;
  config->random_user = o->random_user;
  if (o->random != NULL)
    return 0;
  config->own_random = sio__random_new(&config->mem);
  config->random = sio__random_fill;
  config->random_user = config->own_random;
  return config->own_random != NULL ? 0 : SIO_ERR_RANDOM;
}

/* ---- Certificates and keys ---- */

/* mbedtls takes PEM only with a NUL that counts, and anything else without. */
struct input {
  uint8_t *data;
  size_t len;
  size_t size; /* of the block */
};

static bool is_pem(sio_span given)
{
  static const char mark[] = "-----BEGIN ";
  const uint8_t *at = given.data;
  size_t left = given.len, len = sizeof mark - 1;

  while (left >= len && (at = memchr(at, '-', left - len + 1)) != NULL) {
    if (memcmp(at, mark, len) == 0)
      return true;
    at++;
    left = given.len - (size_t)(at - given.data);
  }
  return false;
}

static bool take_input(const sio_allocator *mem, sio_span given,
                       struct input *in)
{
  in->size = given.len + 1;
  in->data = sio__mem_alloc(mem, in->size);
  if (in->data == NULL)
    return false;
  if (given.len > 0)
    memcpy(in->data, given.data, given.len);
  in->data[given.len] = '\0';
  in->len = is_pem(given) ? in->size : given.len;
  return true;
}

static void drop_input(const sio_allocator *mem, struct input *in)
{
  mbedtls_platform_zeroize(in->data, in->size); /* it may be a key */
  sio__mem_free(mem, in->data, in->size);
}

/* 0, or an error of mbedtls; some of several being malformed is one, too. */
static int parse_chain(const sio_allocator *mem, mbedtls_x509_crt *chain,
                       sio_span given)
{
  struct input in;
  int rv;

  if (!take_input(mem, given, &in))
    return MBEDTLS_ERR_X509_ALLOC_FAILED;
  rv = mbedtls_x509_crt_parse(chain, in.data, in.len);
  drop_input(mem, &in);
  return rv <= 0 ? rv : MBEDTLS_ERR_X509_INVALID_FORMAT;
}

static int parse_crl(const sio_allocator *mem, mbedtls_x509_crl *crl,
                     sio_span given)
{
  struct input in;
  int rv;

  if (!take_input(mem, given, &in))
    return MBEDTLS_ERR_X509_ALLOC_FAILED;
  rv = mbedtls_x509_crl_parse(crl, in.data, in.len);
  drop_input(mem, &in);
  return rv;
}

static int parse_key(sio_tls_config *config, mbedtls_pk_context *key,
                     const sio_tls_certificate *given)
{
  const sio_allocator *mem = &config->mem;
  struct input in;
  int rv;

  if (!take_input(mem, given->key, &in))
    return MBEDTLS_ERR_PK_ALLOC_FAILED;
  rv = sio__mbed_parse_key(key, in.data, in.len, given->password.data,
                           given->password.len, draw, config);
  drop_input(mem, &in);
  return rv;
}

static int copy_names(sio_tls_config *config, struct sio__identity *identity,
                      const sio_tls_certificate *given)
{
  size_t size = 0, at = 0;

  for (size_t i = 0; given->names != NULL && i < given->n_names; i++)
    size += strlen(given->names[i]) + 1;
  if (size == 0)
    return 0;
  identity->names = sio__mem_alloc(&config->mem, size);
  if (identity->names == NULL)
    return SIO_ERR_NOMEM;
  identity->names_size = size;
  for (size_t i = 0; i < given->n_names; i++) {
    size_t len = strlen(given->names[i]) + 1;

    memcpy(identity->names + at, given->names[i], len);
    at += len;
  }
  return 0;
}

static int add_identity(sio_tls_config *config, size_t index,
                        const sio_tls_certificate *given,
                        sio_tls_problem *problem)
{
  struct sio__identity *identity = &config->identities[index];
  int rv = parse_chain(&config->mem, &identity->chain, given->chain);

  if (rv != 0)
    return failed(problem, rv, "certificates.chain", index,
                  "not a chain of certificates, PEM or DER");
  rv = parse_key(config, &identity->key, given);
  if (rv == MBEDTLS_ERR_PK_PASSWORD_REQUIRED ||
      rv == MBEDTLS_ERR_PK_PASSWORD_MISMATCH)
    return problem_at(problem, SIO_ERR_INVALID, "certificates.password", index,
                      "not the password of the key");
  if (rv != 0)
    return failed(problem, rv, "certificates.key", index,
                  "not a private key, PEM or DER");
  rv = sio__mbed_check_pair(&identity->chain.pk, &identity->key, draw, config);
  if (rv != 0)
    return failed(problem, rv, "certificates.key", index,
                  "not the key of the certificate");
  if (copy_names(config, identity, given) != 0)
    return problem_at(problem, SIO_ERR_NOMEM, "", 0, "out of memory");
  return 0;
}

static int add_identities(sio_tls_config *config, const sio_tls_options *o,
                          sio_tls_problem *problem)
{
  int rv = 0;

  if (o->n_certificates > SIZE_MAX / sizeof *config->identities)
    return problem_at(problem, SIO_ERR_INVALID, "n_certificates", 0,
                      "out of range");
  config->identities = sio__mem_zalloc(
      &config->mem, o->n_certificates * sizeof *config->identities);
  if (config->identities == NULL)
    return problem_at(problem, SIO_ERR_NOMEM, "", 0, "out of memory");
  config->n_identities = o->n_certificates;
  for (size_t i = 0; i < o->n_certificates; i++) {
    mbedtls_x509_crt_init(&config->identities[i].chain);
    mbedtls_pk_init(&config->identities[i].key);
  }
  for (size_t i = 0; rv == 0 && i < o->n_certificates; i++)
    rv = add_identity(config, i, &o->certificates[i], problem);
  return rv;
}

static int add_clients(sio_tls_config *config, const sio_tls_options *o,
                       sio_tls_problem *problem)
{
  static const int modes[] = {MBEDTLS_SSL_VERIFY_NONE,
                              MBEDTLS_SSL_VERIFY_OPTIONAL,
                              MBEDTLS_SSL_VERIFY_REQUIRED};
  bool revokes = o->client_crl.len > 0;
  int rv = 0;

  if (o->client_ca.len > 0)
    rv = parse_chain(&config->mem, &config->client_ca, o->client_ca);
  if (rv != 0)
    return failed(problem, rv, "client_ca", 0,
                  "not a list of certificates, PEM or DER");
  if (revokes)
    rv = parse_crl(&config->mem, &config->client_crl, o->client_crl);
  if (rv != 0)
    return failed(problem, rv, "client_crl", 0,
                  "not a list of revoked certificates, PEM or DER");
  mbedtls_ssl_conf_authmode(&config->ssl, modes[o->client_auth]);
  if (o->client_ca.len > 0)
    mbedtls_ssl_conf_ca_chain(&config->ssl, &config->client_ca,
                              revokes ? &config->client_crl : NULL);
  return 0;
}

/* ---- Which certificate ---- */

static enum sio__name_match match(const struct sio__identity *identity,
                                  sio_str name)
{
  enum sio__name_match best = NAME_OTHER;

  if (identity->names == NULL)
    return sio__name_match_certificate(&identity->chain, name);
  for (size_t at = 0; at < identity->names_size;) {
    sio_str pattern = sio_s(identity->names + at);
    enum sio__name_match found = sio__name_match(pattern, name);

    if (found > best)
      best = found;
    at += pattern.len + 1;
  }
  return best;
}

/* Offer all that match best: they may have keys of different kinds.  Without
 * any, mbedtls takes the one that it was given first. */
static int on_name(void *user, mbedtls_ssl_context *ssl,
                   const unsigned char *data, size_t len)
{
  sio_tls_config *config = user;
  sio_str name = {(const char *)data, len};
  enum sio__name_match best = NAME_OTHER;
  int rv = 0;

  for (size_t i = 0; i < config->n_identities; i++) {
    enum sio__name_match found = match(&config->identities[i], name);

    if (found > best)
      best = found;
  }
  for (size_t i = 0; best > NAME_OTHER && rv == 0 && i < config->n_identities;
       i++) {
    struct sio__identity *identity = &config->identities[i];

    if (match(identity, name) == best)
      rv = mbedtls_ssl_set_hs_own_cert(ssl, &identity->chain, &identity->key);
  }
  return rv;
}

/* ---- All of it ---- */

static int add_suites(sio_tls_config *config, const sio_tls_options *o,
                      sio_tls_problem *problem)
{
  int numbers[SIO__SUITES_MAX + 1];
  size_t n = sio__suites_parse(o->cipher_suites, numbers);

  if (n == 0)
    return problem_at(problem, SIO_ERR_INVALID, "cipher_suites", 0,
                      "one of them is not known to mbedtls");
  config->suites_size = (n + 1) * sizeof *numbers;
  config->suites = sio__mem_alloc(&config->mem, config->suites_size);
  if (config->suites == NULL)
    return problem_at(problem, SIO_ERR_NOMEM, "", 0, "out of memory");
  memcpy(config->suites, numbers, config->suites_size);
  mbedtls_ssl_conf_ciphersuites(&config->ssl, config->suites);
  return 0;
}

static int set_up(sio_tls_config *config, const sio_tls_options *o)
{
  struct sio__identity *first = &config->identities[0];
  int rv = mbedtls_ssl_conf_own_cert(&config->ssl, &first->chain, &first->key);

  config->alpn[0] = "http/1.1";
  if (rv == 0)
    rv = mbedtls_ssl_conf_alpn_protocols(&config->ssl, config->alpn);
  sio__mbed_set_versions(&config->ssl, o->min_version,
                         o->max_version != 0 ? o->max_version
                                             : sio_tls_newest_version());
  sio__mbed_set_groups(&config->ssl);
  mbedtls_ssl_conf_sni(&config->ssl, on_name, config);
  if (o->no_tickets == 0)
    mbedtls_ssl_conf_session_tickets_cb(&config->ssl, sio__tickets_write,
                                        sio__tickets_parse, &config->tickets);
  return rv;
}

static int build(sio_tls_config *config, const sio_tls_options *o,
                 sio_tls_problem *problem)
{
  int rv = start_random(config, o);

  if (rv == 0 && SIO__MBED_START() != 0)
    rv = SIO_ERR_RANDOM;
  if (rv != 0)
    return problem_at(problem, rv, "random", 0, "no random numbers");
  sio__tickets_init(&config->tickets, config->random, config->random_user,
                    o->ticket_lifetime_ms);
  rv = sio__policy_of(o, config->tickets.policy);
  if (rv != 0)
    return problem_at(problem, rv, "", 0, "out of memory");
  rv = mbedtls_ssl_config_defaults(&config->ssl, MBEDTLS_SSL_IS_SERVER,
                                   MBEDTLS_SSL_TRANSPORT_STREAM,
                                   MBEDTLS_SSL_PRESET_DEFAULT);
  if (rv != 0)
    return problem_at(problem, SIO_ERR_NOMEM, "", 0, "out of memory");
  mbedtls_ssl_conf_rng(&config->ssl, draw, config);
  rv = add_suites(config, o, problem);
  if (rv == 0)
    rv = add_identities(config, o, problem);
  if (rv == 0)
    rv = add_clients(config, o, problem);
  if (rv == 0 && set_up(config, o) != 0)
    rv = problem_at(problem, SIO_ERR_NOMEM, "", 0, "out of memory");
  return rv;
}

static void destroy(sio_tls_config *config)
{
  const sio_allocator mem = config->mem;

  mbedtls_ssl_config_free(&config->ssl);
  for (size_t i = 0; i < config->n_identities; i++) {
    struct sio__identity *identity = &config->identities[i];

    mbedtls_x509_crt_free(&identity->chain);
    mbedtls_pk_free(&identity->key);
    sio__mem_free(&mem, identity->names, identity->names_size);
  }
  sio__mem_free(&mem, config->identities,
                config->n_identities * sizeof *config->identities);
  mbedtls_x509_crt_free(&config->client_ca);
  mbedtls_x509_crl_free(&config->client_crl);
  sio__mem_free(&mem, config->suites, config->suites_size);
  sio__tickets_dispose(&config->tickets);
  sio__random_free(config->own_random);
  sio__mem_free(&mem, config, sizeof *config);
}

/* ---- Public functions ---- */

void sio_tls_options_init_sized(sio_tls_options *options, size_t size)
{
  sio__versioned_init(options, size, &defaults, sizeof defaults);
}

int sio_tls_config_new(sio_tls_config **out, const sio_tls_options *options,
                       sio_tls_problem *problem)
{
  const sio_allocator *mem;
  sio_tls_config *config;
  sio_tls_options o;
  int rv;

  *out = NULL;
  if (options == NULL || options->size < sizeof options->size)
    return problem_at(problem, SIO_ERR_INVALID, "size", 0, "out of range");
  sio__versioned_complete(&o, options, &defaults, sizeof o);
  rv = check(&o, problem);
  if (rv != 0)
    return rv;
  mem = sio__mem_or_default(o.allocator);
  config = sio__mem_zalloc(mem, sizeof *config);
  if (config == NULL)
    return problem_at(problem, SIO_ERR_NOMEM, "", 0, "out of memory");
  config->mem = *mem;
  config->refs = 1;
  mbedtls_ssl_config_init(&config->ssl);
  mbedtls_x509_crt_init(&config->client_ca);
  mbedtls_x509_crl_init(&config->client_crl);
  rv = build(config, &o, problem);
  if (rv != 0)
    destroy(config);
  else
    *out = config;
  return rv;
}

sio_tls_config *sio_tls_config_retain(sio_tls_config *config)
{
  config->refs++;
  return config;
}

void sio_tls_config_release(sio_tls_config *config)
{
  if (config != NULL && --config->refs == 0)
    destroy(config);
}

int sio_tls_config_set_ticket_keys(sio_tls_config *config, const sio_span *keys,
                                   size_t n)
{
  if (n == 0 || n > SIO_TLS_TICKET_KEYS_MAX)
    return SIO_ERR_INVALID;
  for (size_t i = 0; i < n; i++) {
    if (keys[i].len != SIO_TLS_TICKET_KEY)
      return SIO_ERR_INVALID;
  }
  sio__tickets_share(&config->tickets, keys, n);
  return 0;
}

uint32_t sio_tls_newest_version(void)
{
  return SIO__MBED_NEWEST;
}
