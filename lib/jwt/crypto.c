/* SPDX-License-Identifier: MIT */
/* Making and checking signatures. */
#include "jwt/crypto.h"

#include <mbedtls/constant_time.h>

#include "jwt/mbed.h"

enum { MAX_HASH = 64, MAX_SCALAR = 66 };

static mbedtls_md_type_t md_type(const struct sio__jwt_alg *alg)
{
  switch (alg->hash_bytes) {
  case 32:
    return MBEDTLS_MD_SHA256;
  case 48:
    return MBEDTLS_MD_SHA384;
  default:
    return MBEDTLS_MD_SHA512;
  }
}

static int digest(const struct sio__jwt_alg *alg, sio_str text,
                  uint8_t hash[MAX_HASH])
{
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md_type(alg));

  if (info == NULL)
    return SIO_JWT_CRYPTO;
  return sio__mbed_error(
      mbedtls_md(info, (const uint8_t *)text.data, text.len, hash),
      SIO_JWT_CRYPTO);
}

static int hmac(const struct sio__jwt_material *key,
                const struct sio__jwt_alg *alg, sio_str text,
                uint8_t mac[MAX_HASH])
{
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md_type(alg));

  if (info == NULL)
    return SIO_JWT_CRYPTO;
  return sio__mbed_error(mbedtls_md_hmac(info, key->secret, key->secret_len,
                                         (const uint8_t *)text.data, text.len,
                                         mac),
                         SIO_JWT_CRYPTO);
}

static int check_mac(const struct sio__jwt_material *key,
                     const struct sio__jwt_alg *alg, sio_str text, sio_span sig)
{
  uint8_t mac[MAX_HASH];
  int error = hmac(key, alg, text, mac);

  if (error == 0 && mbedtls_ct_memcmp(mac, sig.data, sig.len) != 0)
    error = SIO_JWT_BAD_SIGNATURE;
  sio__jwt_wipe(mac, sizeof mac);
  return error;
}

static int check_rsa(struct sio__jwt_material *key,
                     const struct sio__jwt_alg *alg, const uint8_t *hash,
                     sio_span sig)
{
  bool is_pss = alg->family == FAMILY_RSA_PSS;
  mbedtls_md_type_t md = md_type(alg);
  int failure = sio__mbed_rsa_pad(
      &key->rsa, is_pss ? MBEDTLS_RSA_PKCS_V21 : MBEDTLS_RSA_PKCS_V15,
      is_pss ? md : MBEDTLS_MD_NONE);

  if (failure != 0)
    return SIO_JWT_CRYPTO;
  failure = is_pss ? sio__mbed_pss_verify(&key->rsa, md, alg->hash_bytes, hash,
                                          sig.data)
                   : sio__mbed_rsa_verify(&key->rsa, md, alg->hash_bytes, hash,
                                          sig.data);
  return sio__mbed_error(failure, SIO_JWT_BAD_SIGNATURE);
}

/* RFC 7518 section 3.4: r and s, each as long as the order of the curve. */
static int check_ecdsa(struct sio__jwt_material *key,
                       const struct sio__jwt_alg *alg, const uint8_t *hash,
                       sio_span sig)
{
  size_t len = sig.len / 2;
  mbedtls_mpi r;
  mbedtls_mpi s;
  int failure;

  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  failure = mbedtls_mpi_read_binary(&r, sig.data, len);
  if (failure == 0)
    failure = mbedtls_mpi_read_binary(&s, sig.data + len, len);
  if (failure == 0)
    failure = mbedtls_ecdsa_verify(&key->group, hash, alg->hash_bytes, &key->q,
                                   &r, &s);
  mbedtls_mpi_free(&r);
  mbedtls_mpi_free(&s);
  return sio__mbed_error(failure, SIO_JWT_BAD_SIGNATURE);
}

/* mbedtls keeps numbers for blinding in the context, and after a failure in
 * between they make all later signatures fail: each begins with a copy. */
static int make_rsa(const struct sio__jwt_material *key,
                    const struct sio__jwt_alg *alg, const uint8_t *hash,
                    struct sio__jwt_random *random, uint8_t *sig)
{
  bool is_pss = alg->family == FAMILY_RSA_PSS;
  mbedtls_md_type_t md = md_type(alg);
  mbedtls_rsa_context rsa;
  int failure;

  sio__mbed_rsa_init(&rsa);
  failure = mbedtls_rsa_copy(&rsa, &key->rsa);
  if (failure == 0)
    failure = sio__mbed_rsa_pad(
        &rsa, is_pss ? MBEDTLS_RSA_PKCS_V21 : MBEDTLS_RSA_PKCS_V15,
        is_pss ? md : MBEDTLS_MD_NONE);
  if (failure == 0 && is_pss)
    failure = mbedtls_rsa_rsassa_pss_sign_ext(&rsa, SIO__RNG(random), md,
                                              alg->hash_bytes, hash,
                                              (int)alg->hash_bytes, sig);
  else if (failure == 0)
    failure = sio__mbed_rsa_sign(&rsa, random, md, alg->hash_bytes, hash, sig);
  mbedtls_rsa_free(&rsa);
  return sio__mbed_error(failure, SIO_JWT_CRYPTO);
}

/* RFC 6979: what is secret in a signature comes from the key and the hash, so
 * that a poor random source gives nothing away; it only blinds. */
static int make_ecdsa(struct sio__jwt_material *key,
                      const struct sio__jwt_alg *alg, const uint8_t *hash,
                      struct sio__jwt_random *random, uint8_t *sig)
{
  size_t len = sio__jwt_signature_size(key, alg) / 2;
  mbedtls_mpi r;
  mbedtls_mpi s;
  int failure;

  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  failure = mbedtls_ecdsa_sign_det_ext(&key->group, &r, &s, &key->d, hash,
                                       alg->hash_bytes, md_type(alg),
                                       SIO__RNG(random));
  if (failure == 0)
    failure = mbedtls_mpi_write_binary(&r, sig, len);
  if (failure == 0)
    failure = mbedtls_mpi_write_binary(&s, sig + len, len);
  mbedtls_mpi_free(&r);
  mbedtls_mpi_free(&s);
  return sio__mbed_error(failure, SIO_JWT_CRYPTO);
}

size_t sio__jwt_signature_size(const struct sio__jwt_material *key,
                               const struct sio__jwt_alg *alg)
{
  switch (alg->family) {
  case FAMILY_HMAC:
    return key->kind == KIND_SECRET ? alg->hash_bytes : 0;
  case FAMILY_RSA:
  case FAMILY_RSA_PSS:
    return key->kind == KIND_RSA ? mbedtls_rsa_get_len(&key->rsa) : 0;
  default:
    return key->kind == KIND_EC && key->bits == alg->curve_bits
               ? 2 * ((size_t)(key->bits + 7) / 8)
               : 0;
  }
}

int sio__jwt_check(struct sio__jwt_material *key,
                   const struct sio__jwt_alg *alg, sio_str text, sio_span sig)
{
  size_t size = sio__jwt_signature_size(key, alg);
  uint8_t hash[MAX_HASH];
  int error;

  if (size == 0 || sig.len != size)
    return SIO_JWT_BAD_SIGNATURE;
  if (alg->family == FAMILY_HMAC)
    return check_mac(key, alg, text, sig);
  error = digest(alg, text, hash);
  if (error != 0)
    return error;
  return alg->family == FAMILY_ECDSA ? check_ecdsa(key, alg, hash, sig)
                                     : check_rsa(key, alg, hash, sig);
}

int sio__jwt_make(struct sio__jwt_material *key, const struct sio__jwt_alg *alg,
                  sio_str text, struct sio__jwt_random *random, uint8_t *sig)
{
  uint8_t hash[MAX_HASH];
  int error;

  if (sio__jwt_signature_size(key, alg) == 0 || !key->is_private)
    return SIO_JWT_CRYPTO;
  random->failed = false;
  if (alg->family == FAMILY_HMAC) {
    error = hmac(key, alg, text, hash);
    if (error == 0)
      memcpy(sig, hash, alg->hash_bytes);
    return error;
  }
  error = digest(alg, text, hash);
  if (error != 0)
    return error;
  error = alg->family == FAMILY_ECDSA ? make_ecdsa(key, alg, hash, random, sig)
                                      : make_rsa(key, alg, hash, random, sig);
  return random->failed ? SIO_ERR_RANDOM : error;
}
