/* SPDX-License-Identifier: MIT */
/* Configurations: what is refused, and what clients see of the others. */
#include "pair.h"

static void expect_problem(const sio_tls_options *o, int code,
                           const char *option, size_t index)
{
  sio_tls_config *config = (sio_tls_config *)&code;
  sio_tls_problem problem = {NULL, 77, NULL};

  assert_int_equal(sio_tls_config_new(&config, o, &problem), code);
  assert_null(config);
  assert_string_equal(problem.option, option);
  assert_int_equal(problem.index, index);
  assert_non_null(problem.text);
  assert_int_equal(sio_tls_config_new(&config, o, NULL), code);
}

/* Options that are fine, to be spoilt. */
struct good {
  struct tls_file chain, key;
  sio_tls_certificate certificate;
  sio_tls_options options;
};

static void good_init(struct good *g)
{
  memset(&g->certificate, 0, sizeof g->certificate);
  g->chain = tls_read("ec.pem");
  g->key = tls_read("ec.key");
  g->certificate.chain = tls_span(g->chain);
  g->certificate.key = tls_span(g->key);
  sio_tls_options_init(&g->options);
  g->options.certificates = &g->certificate;
  g->options.n_certificates = 1;
}

static void good_free(struct good *g)
{
  free(g->chain.data);
  free(g->key.data);
}

static void test_defaults_are_those_of_the_header(void **state)
{
  sio_tls_options o;

  (void)state;
  memset(&o, 0xff, sizeof o);
  sio_tls_options_init(&o);
  assert_int_equal(o.size, sizeof o);
  assert_int_equal(o.min_version, SIO_TLS_1_2);
  assert_int_equal(o.max_version, 0);
  assert_int_equal(o.client_auth, SIO_TLS_CLIENT_NONE);
  assert_int_equal(o.no_tickets, 0);
  assert_int_equal(o.ticket_lifetime_ms, 7200000);
  assert_null(o.certificates);
}

static void test_each_option_out_of_range_is_named(void **state)
{
  struct good g;
  sio_tls_options o;
  sio_allocator half = {NULL, NULL, NULL};

  (void)state;
  good_init(&g);
#define SPOIL(field, value, code, name)                                        \
  do {                                                                         \
    o = g.options;                                                             \
    o.field = (value);                                                         \
    expect_problem(&o, code, name, 0);                                         \
  } while (0)
  SPOIL(size, 3, SIO_ERR_INVALID, "size");
  SPOIL(certificates, NULL, SIO_ERR_INVALID, "certificates");
  SPOIL(n_certificates, 0, SIO_ERR_INVALID, "certificates");
  SPOIL(min_version, 0x0302, SIO_ERR_INVALID, "min_version");
  SPOIL(min_version, 0x0305, SIO_ERR_INVALID, "min_version");
  SPOIL(max_version, 0x0302, SIO_ERR_INVALID, "max_version");
  SPOIL(max_version, 0x0305, SIO_ERR_INVALID, "max_version");
  SPOIL(client_auth, 3, SIO_ERR_INVALID, "client_auth");
  SPOIL(client_auth, SIO_TLS_CLIENT_REQUIRED, SIO_ERR_INVALID, "client_ca");
  SPOIL(no_tickets, 2, SIO_ERR_INVALID, "no_tickets");
  SPOIL(ticket_lifetime_ms, 999, SIO_ERR_INVALID, "ticket_lifetime_ms");
  SPOIL(ticket_lifetime_ms, 604800001, SIO_ERR_INVALID, "ticket_lifetime_ms");
  SPOIL(cipher_suites, "TLS_NO_SUCH_SUITE", SIO_ERR_INVALID, "cipher_suites");
  SPOIL(allocator, &half, SIO_ERR_INVALID, "allocator");
  SPOIL(client_ca, tls_span(g.key), SIO_ERR_INVALID, "client_ca");
  SPOIL(client_crl, tls_span(g.key), SIO_ERR_INVALID, "client_crl");
#undef SPOIL
  expect_problem(NULL, SIO_ERR_INVALID, "size", 0);
  if (sio_tls_newest_version() < SIO_TLS_1_3) {
    o = g.options;
    o.min_version = SIO_TLS_1_3;
    expect_problem(&o, SIO_ERR_UNSUPPORTED, "min_version", 0);
    o = g.options;
    o.max_version = SIO_TLS_1_3;
    expect_problem(&o, SIO_ERR_UNSUPPORTED, "max_version", 0);
  }
  good_free(&g);
}

static void test_certificates_that_do_not_fit_are_named(void **state)
{
  struct tls_file other = tls_read("new.key"),
                  locked = tls_read("rsa-secret.key");
  sio_tls_certificate two[2];
  struct good g;

  (void)state;
  good_init(&g);
  two[0] = two[1] = g.certificate;
  g.options.certificates = two;
  g.options.n_certificates = 2;
  two[1].key = tls_span(other);
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.key", 1);
  two[1].key = g.certificate.chain;
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.key", 1);
  two[1].key.len = 0;
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.key", 1);
  two[1].key = tls_span(locked);
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.password", 1);
  two[1].password = (sio_span){(const uint8_t *)"wrong", 5};
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.password", 1);
  two[0].chain.len -= 40;
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.chain", 0);
  two[0].chain.len = 0;
  expect_problem(&g.options, SIO_ERR_INVALID, "certificates.chain", 0);
  free(other.data);
  free(locked.data);
  good_free(&g);
}

static void test_der_and_locked_keys_are_read(void **state)
{
  struct tls_file chain = tls_read("ec.der"), key = tls_read("ec-key.der");
  struct tls_file rsa = tls_read("rsa.pem"),
                  locked = tls_read("rsa-secret.key");
  const sio_tls_certificate certificates[2] = {
      {.chain = tls_span(chain), .key = tls_span(key)},
      {.chain = tls_span(rsa),
       .key = tls_span(locked),
       .password = {(const uint8_t *)"secret", 6}}};
  sio_tls_config *config;
  sio_tls_options o;

  (void)state;
  sio_tls_options_init(&o);
  o.certificates = certificates;
  o.n_certificates = 2;
  assert_int_equal(sio_tls_config_new(&config, &o, NULL), 0);
  assert_ptr_equal(sio_tls_config_retain(config), config);
  sio_tls_config_release(config);
  sio_tls_config_release(config);
  sio_tls_config_release(NULL);
  free(chain.data);
  free(key.data);
  free(rsa.data);
  free(locked.data);
}

static int no_random(void *user, uint8_t *out, size_t len)
{
  (void)user;
  (void)out;
  (void)len;
  return -1;
}

static int weak_random(void *user, uint8_t *out, size_t len)
{
  uint32_t *state = user;

  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(test_random(state) >> 9);
  return 0;
}

static void test_the_random_source_is_the_one_that_was_given(void **state)
{
  const struct tls_client_recipe client = {0};
  uint32_t seed = 99;
  struct good g;
  struct pair p;
  sio_tls_config *config;

  (void)state;
  good_init(&g);
  g.options.random = weak_random;
  g.options.random_user = &seed;
  assert_int_equal(sio_tls_config_new(&config, &g.options, NULL), 0);
  seed = 99;
  pair_open(&p, config, &client);
  pair_run(&p);
  assert_true(p.client.established);
  assert_int_not_equal(seed, 99);
  pair_close(&p);

  g.options.random = no_random;
  if (sio_tls_config_new(&config, &g.options, NULL) == 0) {
    pair_open(&p, config, &client);
    pair_run(&p);
    assert_int_equal(p.tls->state, TLS_FAILED);
    assert_false(p.client.established);
    pair_close(&p);
  }
  good_free(&g);
}

/* ---- Names ---- */

static const char *served(const struct tls_recipe *recipe, const char *host)
{
  static char name[64];
  const struct tls_client_recipe client = {.host = host, .trusts_all = true};
  struct pair p;

  pair_open(&p, tls_config(recipe, NULL), &client);
  pair_run(&p);
  assert_true(p.client.established);
  tls_client_server_name(&p.client, name, sizeof name);
  pair_close(&p);
  return name;
}

static void test_the_certificate_is_that_of_the_name(void **state)
{
  const struct tls_recipe server = {.pairs = {"ec", "names", "common"}};

  (void)state;
  assert_string_equal(served(&server, "localhost"), "localhost");
  assert_string_equal(served(&server, "one.example"), "unused.example");
  assert_string_equal(served(&server, "ONE.example"), "unused.example");
  assert_string_equal(served(&server, "a.two.example"), "unused.example");
  assert_string_equal(served(&server, "common.example"), "common.example");
  assert_string_equal(served(&server, "two.example"), "localhost");
  assert_string_equal(served(&server, "a.b.two.example"), "localhost");
  assert_string_equal(served(&server, "unused.example"), "localhost");
  assert_string_equal(served(&server, "-"), "localhost");
}

static void test_names_that_are_given_take_the_place_of_its_own(void **state)
{
  static const char *const names[] = {"other.example", "*.wild.example", NULL};
  const struct tls_recipe server = {.pairs = {"names", "new"}, .names = names};

  (void)state;
  assert_string_equal(served(&server, "other.example"), "unused.example");
  assert_string_equal(served(&server, "x.wild.example"), "unused.example");
  assert_string_equal(served(&server, "localhost"), "renewed");
  assert_string_equal(served(&server, "one.example"), "unused.example");
}

/* Two kinds of keys for one name: the client has its choice. */
static void test_keys_of_two_kinds_serve_one_name(void **state)
{
  const struct tls_recipe server = {.pairs = {"rsa", "ec"}};
  const struct tls_client_recipe ecdsa = {
      .max_version = SIO_TLS_1_2,
      .suite = "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"};
  const struct tls_client_recipe rsa = {
      .max_version = SIO_TLS_1_2,
      .suite = "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256"};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&server, NULL), &ecdsa);
  pair_run(&p);
  assert_true(p.client.established);
  pair_close(&p);
  pair_open(&p, tls_config(&server, NULL), &rsa);
  pair_run(&p);
  assert_true(p.client.established);
  pair_close(&p);
}

/* ---- Clients' certificates ---- */

static void expect_client(const char *pair, uint32_t auth, const char *crl,
                          const char *detail, bool shown, bool verified)
{
  const struct tls_recipe server = {
      .pairs = {"ec"}, .ca = "ca.pem", .crl = crl, .client_auth = auth};
  const struct tls_client_recipe client = {.pair = pair};
  struct pair p;

  pair_open(&p, tls_config(&server, NULL), &client);
  pair_run(&p);
  if (detail != NULL) {
    assert_int_equal(p.tls->state, TLS_FAILED);
    assert_int_equal(p.tls->failure.cause, SIO_CAUSE_TLS_CERTIFICATE);
    assert_string_equal(p.tls->failure.detail, detail);
  } else {
    assert_true(sio__tls_is_established(p.tls));
    assert_int_equal(p.tls->client != NULL, shown);
    assert_int_equal(shown && p.tls->client->verified, verified);
  }
  pair_close(&p);
}

static void test_required_certificates_are_verified(void **state)
{
  const uint32_t must = SIO_TLS_CLIENT_REQUIRED;

  (void)state;
  expect_client("client", must, NULL, NULL, true, true);
  expect_client(NULL, must, NULL, "the client has shown no certificate", false,
                false);
  expect_client("client-expired", must, NULL,
                "the client certificate has expired", false, false);
  expect_client("client-stranger", must, NULL,
                "the client certificate is not signed by a trusted CA", false,
                false);
  expect_client("ec", must, NULL, "the client certificate is for another use",
                false, false);
  expect_client("client-revoked", must, NULL, NULL, true, true);
  expect_client("client-revoked", must, "crl.pem",
                "the client certificate is revoked", false, false);
  expect_client("client", must, "crl.pem", NULL, true, true);
}

static void test_optional_certificates_are_for_the_host_to_judge(void **state)
{
  const uint32_t may = SIO_TLS_CLIENT_OPTIONAL;

  (void)state;
  expect_client("client", may, NULL, NULL, true, true);
  expect_client(NULL, may, NULL, NULL, false, false);
  expect_client("client-expired", may, NULL, NULL, true, false);
  expect_client("client-stranger", may, NULL, NULL, true, false);
  expect_client("client", SIO_TLS_CLIENT_NONE, NULL, NULL, false, false);
}

/* ---- Versions, memory ---- */

static void test_versions_have_a_lower_and_an_upper_end(void **state)
{
  const struct tls_recipe old = {.pairs = {"ec"}, .max_version = SIO_TLS_1_2};
  const struct tls_client_recipe client = {0};
  struct pair p;

  (void)state;
  pair_open(&p, tls_config(&old, NULL), &client);
  pair_run(&p);
  assert_string_equal(sio__tls_version(p.tls), "TLSv1.2");
  pair_close(&p);
  if (sio_tls_newest_version() == SIO_TLS_1_3) {
    const struct tls_recipe new = {.pairs = {"ec"}, .min_version = SIO_TLS_1_3};
    const struct tls_client_recipe late = {.max_version = SIO_TLS_1_2};

    pair_open(&p, tls_config(&new, NULL), &client);
    pair_run(&p);
    assert_string_equal(sio__tls_version(p.tls), "TLSv1.3");
    pair_close(&p);
    pair_open(&p, tls_config(&new, NULL), &late);
    pair_run(&p);
    assert_int_equal(p.tls->state, TLS_FAILED);
    pair_close(&p);
  }
}

static void make(struct test_mem *mem, void *user)
{
  static const char *const names[] = {"other.example", NULL};
  const struct tls_recipe recipe = {.pairs = {"ec", "names"},
                                    .ca = "ca.pem",
                                    .crl = "crl.pem",
                                    .client_auth = SIO_TLS_CLIENT_REQUIRED,
                                    .names = names};
  sio_tls_config *config = tls_config(&recipe, mem);

  (void)user;
  sio_tls_config_release(config);
}

static void test_without_memory_there_is_no_configuration(void **state)
{
  (void)state;
  assert_true(test_every_allocation(make, NULL) > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults_are_those_of_the_header),
      cmocka_unit_test(test_each_option_out_of_range_is_named),
      cmocka_unit_test(test_certificates_that_do_not_fit_are_named),
      cmocka_unit_test(test_der_and_locked_keys_are_read),
      cmocka_unit_test(test_the_random_source_is_the_one_that_was_given),
      cmocka_unit_test(test_the_certificate_is_that_of_the_name),
      cmocka_unit_test(test_names_that_are_given_take_the_place_of_its_own),
      cmocka_unit_test(test_keys_of_two_kinds_serve_one_name),
      cmocka_unit_test(test_required_certificates_are_verified),
      cmocka_unit_test(test_optional_certificates_are_for_the_host_to_judge),
      cmocka_unit_test(test_versions_have_a_lower_and_an_upper_end),
      cmocka_unit_test(test_without_memory_there_is_no_configuration),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
