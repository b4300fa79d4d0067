/* SPDX-License-Identifier: MIT */
/* Which configurations ask the same of clients. */
#include "support.h"

#include "tls/policy.h"

static sio_span span(const char *text)
{
  return (sio_span){(const uint8_t *)text, strlen(text)};
}

static void usual(sio_tls_options *o)
{
  sio_tls_options_init(o);
  o->client_auth = SIO_TLS_CLIENT_REQUIRED;
  o->client_ca = span("ca");
  o->client_crl = span("crl");
  o->cipher_suites = "suites";
}

static bool is_same(const sio_tls_options *a, const sio_tls_options *b)
{
  uint8_t one[SIO__POLICY], two[SIO__POLICY];

  assert_int_equal(sio__policy_of(a, one), 0);
  assert_int_equal(sio__policy_of(b, two), 0);
  return memcmp(one, two, sizeof one) == 0;
}

static void test_what_is_asked_of_clients_counts(void **state)
{
  sio_tls_options a, b[7];

  (void)state;
  usual(&a);
  for (size_t i = 0; i < 7; i++)
    usual(&b[i]);
  b[0].min_version = SIO_TLS_1_3;
  b[1].max_version = SIO_TLS_1_2;
  b[2].client_auth = SIO_TLS_CLIENT_OPTIONAL;
  b[3].client_ca = span("cb");
  b[4].client_crl = span("crm");
  b[5].cipher_suites = NULL;
  /* the same bytes, divided in another way */
  b[6].client_ca = span("cac");
  b[6].client_crl = span("rl");
  for (size_t i = 0; i < 7; i++)
    assert_false(is_same(&a, &b[i]));
}

static void test_what_the_server_is_does_not_count(void **state)
{
  sio_tls_certificate certificate = {.chain = span("another")};
  sio_tls_options a, b;

  (void)state;
  usual(&a);
  usual(&b);
  b.certificates = &certificate;
  b.n_certificates = 1;
  b.ticket_lifetime_ms = 5000;
  assert_true(is_same(&a, &b));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_asked_of_clients_counts),
      cmocka_unit_test(test_what_the_server_is_does_not_count),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
