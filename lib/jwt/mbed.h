/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_MBED_H
#define SIO_JWT_MBED_H

/* Only for the files that know mbedtls: its headers, the inside of a key, and
 * what 2.28 and 3.x call differently. */

#include "jwt/alg.h"
#include "jwt/rng.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>

struct sio__jwt_material {
  const sio_allocator *mem;
  enum sio__jwt_kind kind;
  bool is_private;
  uint32_t bits;
  uint8_t *secret; /* KIND_SECRET */
  size_t secret_len;
  mbedtls_rsa_context rsa; /* KIND_RSA */
  mbedtls_ecp_group group; /* KIND_EC: the curve, the point, the scalar */
  mbedtls_ecp_point q;
  mbedtls_mpi d;
};

/* The functions of mbedtls that need random numbers take these two. */
#define SIO__RNG(random) sio__jwt_random_fill, (random)

/* Of a result of mbedtls: 0, SIO_ERR_NOMEM, or else what is given. */
int sio__mbed_error(int result, int otherwise);

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

static inline void sio__mbed_rsa_init(mbedtls_rsa_context *rsa)
{
  mbedtls_rsa_init(rsa);
}

static inline int sio__mbed_rsa_pad(mbedtls_rsa_context *rsa, int padding,
                                    mbedtls_md_type_t md)
{
  return mbedtls_rsa_set_padding(rsa, padding, md);
}

static inline int sio__mbed_rsa_verify(mbedtls_rsa_context *rsa,
                                       mbedtls_md_type_t md, uint32_t len,
                                       const uint8_t *hash, const uint8_t *sig)
{
  return mbedtls_rsa_rsassa_pkcs1_v15_verify(rsa, md, len, hash, sig);
}

static inline int sio__mbed_pss_verify(mbedtls_rsa_context *rsa,
                                       mbedtls_md_type_t md, uint32_t len,
                                       const uint8_t *hash, const uint8_t *sig)
{
  return mbedtls_rsa_rsassa_pss_verify_ext(rsa, md, len, hash, md, (int)len,
                                           sig);
}

static inline int sio__mbed_rsa_sign(mbedtls_rsa_context *rsa,
                                     struct sio__jwt_random *random,
                                     mbedtls_md_type_t md, uint32_t len,
                                     const uint8_t *hash, uint8_t *sig)
{
  return mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, SIO__RNG(random), md, len, hash,
                                           sig);
}

static inline int sio__mbed_parse_private(mbedtls_pk_context *pk,
                                          const uint8_t *pem, size_t size,
                                          struct sio__jwt_random *random)
{
  return mbedtls_pk_parse_key(pk, pem, size, NULL, 0, SIO__RNG(random));
}

static inline int sio__mbed_ec_export(const mbedtls_ecp_keypair *from,
                                      struct sio__jwt_material *to)
{
  int failure = mbedtls_ecp_group_copy(&to->group, &from->MBEDTLS_PRIVATE(grp));

  if (failure == 0)
    failure = mbedtls_mpi_copy(&to->d, &from->MBEDTLS_PRIVATE(d));
  if (failure == 0)
    failure = mbedtls_ecp_copy(&to->q, &from->MBEDTLS_PRIVATE(Q));
  return failure;
}

#else

static inline void sio__mbed_rsa_init(mbedtls_rsa_context *rsa)
{
  mbedtls_rsa_init(rsa, MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
}

static inline int sio__mbed_rsa_pad(mbedtls_rsa_context *rsa, int padding,
                                    mbedtls_md_type_t md)
{
  mbedtls_rsa_set_padding(rsa, padding, (int)md);
  return 0;
}

static inline int sio__mbed_rsa_verify(mbedtls_rsa_context *rsa,
                                       mbedtls_md_type_t md, uint32_t len,
                                       const uint8_t *hash, const uint8_t *sig)
{
  return mbedtls_rsa_rsassa_pkcs1_v15_verify(
      rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC, md, len, hash, sig);
}

static inline int sio__mbed_pss_verify(mbedtls_rsa_context *rsa,
                                       mbedtls_md_type_t md, uint32_t len,
                                       const uint8_t *hash, const uint8_t *sig)
{
  return mbedtls_rsa_rsassa_pss_verify_ext(rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC,
                                           md, len, hash, md, (int)len, sig);
}

static inline int sio__mbed_rsa_sign(mbedtls_rsa_context *rsa,
                                     struct sio__jwt_random *random,
                                     mbedtls_md_type_t md, uint32_t len,
                                     const uint8_t *hash, uint8_t *sig)
{
  return mbedtls_rsa_rsassa_pkcs1_v15_sign(
      rsa, SIO__RNG(random), MBEDTLS_RSA_PRIVATE, md, len, hash, sig);
}

static inline int sio__mbed_parse_private(mbedtls_pk_context *pk,
                                          const uint8_t *pem, size_t size,
                                          struct sio__jwt_random *random)
{
  (void)random;
  return mbedtls_pk_parse_key(pk, pem, size, NULL, 0);
}

static inline int sio__mbed_ec_export(const mbedtls_ecp_keypair *from,
                                      struct sio__jwt_material *to)
{
  int failure = mbedtls_ecp_group_copy(&to->group, &from->grp);

  if (failure == 0)
    failure = mbedtls_mpi_copy(&to->d, &from->d);
  if (failure == 0)
    failure = mbedtls_ecp_copy(&to->q, &from->Q);
  return failure;
}

#endif

#endif
