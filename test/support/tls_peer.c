/* SPDX-License-Identifier: MIT */
/* A TLS client in memory. */
#include "tls_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Files ---- */

struct tls_file tls_read(const char *name)
{
  struct tls_file file = {NULL, 0};
  char path[256];
  FILE *in;
  long size;

  snprintf(path, sizeof path, TEST_FIXTURE_DIR "/tls/%s", name);
  in = fopen(path, "rb");
  assert_non_null(in);
  assert_int_equal(fseek(in, 0, SEEK_END), 0);
  size = ftell(in);
  assert_true(size > 0);
  rewind(in);
  file.len = (size_t)size;
  file.data = malloc(file.len + 1);
  assert_non_null(file.data);
  assert_int_equal(fread(file.data, 1, file.len, in), file.len);
  file.data[file.len] = '\0';
  fclose(in);
  return file;
}

sio_span tls_span(struct tls_file file)
{
  return (sio_span){file.data, file.len};
}

static struct tls_file read_pair(const char *pair, const char *end)
{
  char name[64];

  snprintf(name, sizeof name, "%s%s", pair, end);
  return tls_read(name);
}

/* ---- The server's configuration ---- */

sio_tls_config *tls_config(const struct tls_recipe *recipe,
                           struct test_mem *mem)
{
  struct tls_file chains[4], keys[4], ca = {NULL, 0}, crl = {NULL, 0};
  sio_tls_certificate certificates[4];
  sio_tls_config *config;
  sio_tls_options o;
  size_t n = 0;
  int rv;

  memset(certificates, 0, sizeof certificates);
  sio_tls_options_init(&o);
  for (; n < 4 && recipe->pairs[n] != NULL; n++) {
    chains[n] = read_pair(recipe->pairs[n], ".pem");
    keys[n] = read_pair(recipe->pairs[n], ".key");
    certificates[n].chain = tls_span(chains[n]);
    certificates[n].key = tls_span(keys[n]);
  }
  while (recipe->names != NULL &&
         recipe->names[certificates[0].n_names] != NULL)
    certificates[0].n_names++;
  certificates[0].names = recipe->names;
  if (recipe->ca != NULL)
    ca = tls_read(recipe->ca);
  if (recipe->crl != NULL)
    crl = tls_read(recipe->crl);
  o.allocator = mem != NULL ? &mem->allocator : NULL;
  o.certificates = certificates;
  o.n_certificates = n;
  o.client_ca = tls_span(ca);
  o.client_crl = tls_span(crl);
  o.client_auth = recipe->client_auth;
  o.no_tickets = recipe->no_tickets;
  o.cipher_suites = recipe->suites;
  o.max_version = recipe->max_version;
  if (recipe->min_version != 0)
    o.min_version = recipe->min_version;
  if (recipe->lifetime_ms != 0)
    o.ticket_lifetime_ms = recipe->lifetime_ms;
  rv = sio_tls_config_new(&config, &o, NULL);
  assert_true(rv == 0 || (mem != NULL && mem->fired));
  while (n-- > 0) {
    free(chains[n].data);
    free(keys[n].data);
  }
  free(ca.data);
  free(crl.data);
  return config;
}

/* ---- The client ---- */

static int draw(void *user, unsigned char *out, size_t len)
{
  uint32_t *state = user;

  for (size_t i = 0; i < len; i++)
    out[i] = (unsigned char)(test_random(state) >> 11);
  return 0;
}

static void append(uint8_t **to, size_t *len, size_t *cap, const void *data,
                   size_t n)
{
  if (*len + n > *cap) {
    *cap = (*len + n) * 2;
    *to = realloc(*to, *cap);
    assert_non_null(*to);
  }
  memcpy(*to + *len, data, n);
  *len += n;
}

static int on_send(void *user, const unsigned char *data, size_t len)
{
  struct tls_client *client = user;

  append(&client->out, &client->out_len, &client->out_cap, data, len);
  return (int)len;
}

static int on_receive(void *user, unsigned char *out, size_t len)
{
  struct tls_client *client = user;
  size_t n = len < client->in_len ? len : client->in_len;

  if (n == 0)
    return MBEDTLS_ERR_SSL_WANT_READ;
  memcpy(out, client->in, n);
  client->in += n;
  client->in_len -= n;
  return (int)n;
}

static void set_identity(struct tls_client *client, const char *pair)
{
  struct tls_file chain = read_pair(pair, ".pem"),
                  key = read_pair(pair, ".key");

  assert_int_equal(
      mbedtls_x509_crt_parse(&client->own, chain.data, chain.len + 1), 0);
  assert_int_equal(sio__mbed_parse_key(&client->key, key.data, key.len + 1,
                                       NULL, 0, draw, &client->random),
                   0);
  assert_int_equal(
      mbedtls_ssl_conf_own_cert(&client->config, &client->own, &client->key),
      0);
  free(chain.data);
  free(key.data);
}

static void set_protocol(struct tls_client *client,
                         const struct tls_client_recipe *recipe)
{
  mbedtls_ssl_config *config = &client->config;
  uint32_t version = recipe->max_version;

  if (version == 0)
    version = sio_tls_newest_version();
  sio__mbed_set_versions(config, version < SIO_TLS_1_2 ? version : SIO_TLS_1_2,
                         version);
  if (recipe->alpn != NULL) {
    client->alpn[0] = recipe->alpn;
    assert_int_equal(mbedtls_ssl_conf_alpn_protocols(config, client->alpn), 0);
  }
  if (recipe->suite != NULL) {
    client->suites[0] = mbedtls_ssl_get_ciphersuite_id(recipe->suite);
    assert_int_not_equal(client->suites[0], 0);
    mbedtls_ssl_conf_ciphersuites(config, client->suites);
  }
  if (recipe->fragment != 0)
    assert_int_equal(mbedtls_ssl_conf_max_frag_len(config, recipe->fragment),
                     0);
  if (recipe->renegotiates)
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
}

void tls_client_init(struct tls_client *client,
                     const struct tls_client_recipe *recipe)
{
  struct tls_file ca = tls_read(recipe->ca != NULL ? recipe->ca : "ca.pem");
  const char *host = recipe->host != NULL ? recipe->host : "localhost";

  memset(client, 0, sizeof *client);
  client->random = 4711;
  mbedtls_ssl_config_init(&client->config);
  mbedtls_ssl_init(&client->ssl);
  mbedtls_x509_crt_init(&client->ca);
  mbedtls_x509_crt_init(&client->own);
  mbedtls_pk_init(&client->key);
  assert_int_equal(mbedtls_ssl_config_defaults(&client->config,
                                               MBEDTLS_SSL_IS_CLIENT,
                                               MBEDTLS_SSL_TRANSPORT_STREAM,
                                               MBEDTLS_SSL_PRESET_DEFAULT),
                   0);
  mbedtls_ssl_conf_rng(&client->config, draw, &client->random);
  assert_int_equal(mbedtls_x509_crt_parse(&client->ca, ca.data, ca.len + 1), 0);
  free(ca.data);
  mbedtls_ssl_conf_ca_chain(&client->config, &client->ca, NULL);
  mbedtls_ssl_conf_authmode(&client->config, recipe->trusts_all
                                                 ? MBEDTLS_SSL_VERIFY_NONE
                                                 : MBEDTLS_SSL_VERIFY_REQUIRED);
  set_protocol(client, recipe);
  if (recipe->pair != NULL)
    set_identity(client, recipe->pair);
  assert_int_equal(mbedtls_ssl_setup(&client->ssl, &client->config), 0);
  assert_int_equal(mbedtls_ssl_set_hostname(
                       &client->ssl, strcmp(host, "-") != 0 ? host : NULL),
                   0);
  mbedtls_ssl_set_bio(&client->ssl, client, on_send, on_receive, NULL);
}

void tls_client_dispose(struct tls_client *client)
{
  mbedtls_ssl_free(&client->ssl);
  mbedtls_ssl_config_free(&client->config);
  mbedtls_x509_crt_free(&client->ca);
  mbedtls_x509_crt_free(&client->own);
  mbedtls_pk_free(&client->key);
  free(client->out);
  free(client->plain);
}

void tls_client_take(struct tls_client *client, const void *data, size_t len)
{
  uint8_t room[1024];
  int rv = 0;

  client->in = data;
  client->in_len = len;
  if (client->error == 0 && !client->established) {
    rv = mbedtls_ssl_handshake(&client->ssl);
    client->established = rv == 0;
  }
  while (client->error == 0 && client->established) {
    rv = mbedtls_ssl_read(&client->ssl, room, sizeof room);
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    if (rv == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
      continue;
#endif
    if (rv <= 0)
      break;
    append(&client->plain, &client->plain_len, &client->plain_cap, room,
           (size_t)rv);
  }
  if (rv < 0 && rv != MBEDTLS_ERR_SSL_WANT_READ)
    client->error = rv;
}

void tls_client_say(struct tls_client *client, const void *data, size_t len)
{
  const uint8_t *at = data;

  while (len > 0) {
    int rv = mbedtls_ssl_write(&client->ssl, at, len);

    assert_true(rv > 0);
    at += rv;
    len -= (size_t)rv;
  }
}

void tls_client_server_name(struct tls_client *client, char *out, size_t cap)
{
  const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&client->ssl);
  const mbedtls_x509_name *name;

  assert_non_null(crt);
  out[0] = '\0';
  for (name = &crt->subject; name != NULL; name = name->next) {
    if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0)
      snprintf(out, cap, "%.*s", (int)name->val.len, (char *)name->val.p);
  }
}
