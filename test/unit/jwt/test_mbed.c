/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <mbedtls/asn1.h>
#include <mbedtls/pem.h>

#include "jwt/mbed.h"

static void test_success_is_success(void **state)
{
  (void)state;
  assert_int_equal(sio__mbed_error(0, SIO_JWT_CRYPTO), 0);
}

static void test_missing_memory_is_recognised_in_sums(void **state)
{
  static const int codes[] = {
      MBEDTLS_ERR_MPI_ALLOC_FAILED,
      MBEDTLS_ERR_ASN1_ALLOC_FAILED,
      MBEDTLS_ERR_MD_ALLOC_FAILED,
      MBEDTLS_ERR_ECP_ALLOC_FAILED,
      MBEDTLS_ERR_PK_ALLOC_FAILED,
      MBEDTLS_ERR_PEM_ALLOC_FAILED,
      MBEDTLS_ERR_RSA_PUBLIC_FAILED + MBEDTLS_ERR_MPI_ALLOC_FAILED,
      MBEDTLS_ERR_RSA_PRIVATE_FAILED + MBEDTLS_ERR_MPI_ALLOC_FAILED,
      MBEDTLS_ERR_PK_KEY_INVALID_FORMAT + MBEDTLS_ERR_ASN1_ALLOC_FAILED,
  };

  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    assert_int_equal(sio__mbed_error(codes[i], SIO_JWT_BAD_SIGNATURE),
                     SIO_ERR_NOMEM);
}

static void test_the_rest_is_what_the_caller_says(void **state)
{
  static const int codes[] = {
      MBEDTLS_ERR_RSA_VERIFY_FAILED,
      MBEDTLS_ERR_RSA_INVALID_PADDING,
      MBEDTLS_ERR_ECP_VERIFY_FAILED,
      MBEDTLS_ERR_MPI_BAD_INPUT_DATA,
      MBEDTLS_ERR_PK_KEY_INVALID_FORMAT + MBEDTLS_ERR_ASN1_UNEXPECTED_TAG,
      -1,
      1, /* no code of theirs, but no success either */
  };

  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    assert_int_equal(sio__mbed_error(codes[i], SIO_JWT_BAD_SIGNATURE),
                     SIO_JWT_BAD_SIGNATURE);
    assert_int_equal(sio__mbed_error(codes[i], SIO_JWT_CRYPTO), SIO_JWT_CRYPTO);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_success_is_success),
      cmocka_unit_test(test_missing_memory_is_recognised_in_sums),
      cmocka_unit_test(test_the_rest_is_what_the_caller_says),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
