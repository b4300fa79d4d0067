/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "tls/cause.h"
#include "tls/compat.h"

static void expect(int error, uint32_t verdict, uint8_t alert, bool established,
                   sio_cause cause, const char *detail)
{
  struct sio__tls_failure got =
      sio__tls_explain(error, verdict, alert, established);

  assert_int_equal(got.cause, cause);
  if (detail == NULL)
    assert_null(got.detail);
  else
    assert_string_equal(got.detail, detail);
}

static void test_memory_is_known_in_every_part_of_a_code(void **state)
{
  (void)state;
  assert_true(sio__tls_is_nomem(MBEDTLS_ERR_SSL_ALLOC_FAILED));
  assert_true(sio__tls_is_nomem(MBEDTLS_ERR_X509_ALLOC_FAILED));
  assert_true(sio__tls_is_nomem(MBEDTLS_ERR_PK_ALLOC_FAILED));
  assert_true(sio__tls_is_nomem(MBEDTLS_ERR_ECP_ALLOC_FAILED));
  assert_true(sio__tls_is_nomem(MBEDTLS_ERR_X509_INVALID_NAME +
                                MBEDTLS_ERR_ASN1_ALLOC_FAILED));
  assert_true(sio__tls_is_nomem(MBEDTLS_ERR_MPI_ALLOC_FAILED));
  assert_false(sio__tls_is_nomem(MBEDTLS_ERR_SSL_INVALID_MAC));
  assert_false(sio__tls_is_nomem(MBEDTLS_ERR_X509_INVALID_NAME +
                                 MBEDTLS_ERR_ASN1_OUT_OF_DATA));
  assert_false(sio__tls_is_nomem(0));
  expect(MBEDTLS_ERR_SSL_ALLOC_FAILED, 0, 0, true, SIO_CAUSE_NOMEM, NULL);
}

static void test_certificates_are_judged_by_the_gravest_fault(void **state)
{
  const int error = MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;

  (void)state;
  expect(error, MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_NOT_TRUSTED,
         0, false, SIO_CAUSE_TLS_CERTIFICATE,
         "the client certificate is not signed by a trusted CA");
  expect(error, MBEDTLS_X509_BADCERT_FUTURE, 0, false,
         SIO_CAUSE_TLS_CERTIFICATE, "the client certificate is not valid yet");
  expect(error, 0, 0, false, SIO_CAUSE_TLS_CERTIFICATE,
         "the client certificate is not valid");
  expect(error, UINT32_MAX, 0, false, SIO_CAUSE_TLS_CERTIFICATE,
         "the client certificate is not valid");
  expect(SIO__MBED_ERR_CERTIFICATE, MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, 0,
         false, SIO_CAUSE_TLS_CERTIFICATE,
         "the client certificate is for another use");
  expect(SIO__MBED_ERR_CERTIFICATE, UINT32_MAX, 0, false,
         SIO_CAUSE_TLS_HANDSHAKE, "a malformed certificate");
  expect(MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, 0, 0, false,
         SIO_CAUSE_TLS_CERTIFICATE, "the client has shown no certificate");
}

static void test_alerts_have_a_cause_of_their_own(void **state)
{
  const int error = MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE;

  (void)state;
  expect(error, 0, 48, false, SIO_CAUSE_TLS_ALERT,
         "the peer does not know the CA of our certificate");
  expect(error, 0, 70, true, SIO_CAUSE_TLS_ALERT,
         "the peer does not speak this version of TLS");
  expect(error, 0, 255, true, SIO_CAUSE_TLS_ALERT, NULL);
}

static void test_the_handshake_is_told_from_what_follows(void **state)
{
  const int error = MBEDTLS_ERR_SSL_INVALID_MAC;

  (void)state;
  expect(error, 0, 0, false, SIO_CAUSE_TLS_HANDSHAKE,
         "a record was changed on the way");
  expect(error, 0, 0, true, SIO_CAUSE_TLS_RECORD,
         "a record was changed on the way");
  expect(-1, 0, 0, true, SIO_CAUSE_TLS_RECORD, NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_is_known_in_every_part_of_a_code),
      cmocka_unit_test(test_certificates_are_judged_by_the_gravest_fault),
      cmocka_unit_test(test_alerts_have_a_cause_of_their_own),
      cmocka_unit_test(test_the_handshake_is_told_from_what_follows),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
