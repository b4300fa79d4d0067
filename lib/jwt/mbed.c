/* SPDX-License-Identifier: MIT */
/* Results of mbedtls as errors of ours. */
#include "jwt/mbed.h"

#include <mbedtls/asn1.h>
#include <mbedtls/pem.h>

int sio__mbed_error(int result, int otherwise)
{
  /* A code of mbedtls may be the sum of a high and a low one. */
  int low = result < 0 ? -(-result & 0x7f) : 0;
  int high = result < 0 ? -(-result & ~0x7f) : 0;

  if (result == 0)
    return 0;
  if (low == MBEDTLS_ERR_MPI_ALLOC_FAILED ||
      low == MBEDTLS_ERR_ASN1_ALLOC_FAILED)
    return SIO_ERR_NOMEM;
  if (high == MBEDTLS_ERR_MD_ALLOC_FAILED ||
      high == MBEDTLS_ERR_ECP_ALLOC_FAILED ||
      high == MBEDTLS_ERR_PK_ALLOC_FAILED ||
      high == MBEDTLS_ERR_PEM_ALLOC_FAILED)
    return SIO_ERR_NOMEM;
  return otherwise;
}
