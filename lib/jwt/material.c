/* SPDX-License-Identifier: MIT */
/* Keys: import, consistency, wiping. */
#include "jwt/material.h"

#include <mbedtls/platform_util.h>

#include "base/mem.h"
#include "jwt/mbed.h"

enum {
  MAX_PEM = 32768,
  MAX_COORDINATE = 66, /* bytes, of P-521 */
  MAX_EXPONENT = 8     /* bytes; everybody's is 65537 */
};

static struct sio__jwt_material *make(const sio_allocator *mem,
                                      enum sio__jwt_kind kind)
{
  struct sio__jwt_material *material = sio__mem_zalloc(mem, sizeof *material);

  if (material == NULL)
    return NULL;
  material->mem = mem;
  material->kind = kind;
  sio__mbed_rsa_init(&material->rsa);
  mbedtls_ecp_group_init(&material->group);
  mbedtls_ecp_point_init(&material->q);
  mbedtls_mpi_init(&material->d);
  return material;
}

/* Hand the key over, or free it. */
static int finish(struct sio__jwt_material **out,
                  struct sio__jwt_material *material, int error)
{
  if (error != 0) {
    sio__jwt_material_free(material);
    material = NULL;
  }
  *out = material;
  return error;
}

/* The modulus is there; so is the rest, if the key is private. */
static int settle_rsa(struct sio__jwt_material *material, bool is_private)
{
  mbedtls_mpi n;
  int failure;

  mbedtls_mpi_init(&n);
  failure = mbedtls_rsa_export(&material->rsa, &n, NULL, NULL, NULL, NULL);
  material->is_private = is_private;
  material->bits = (uint32_t)mbedtls_mpi_bitlen(&n);
  mbedtls_mpi_free(&n);
  if (failure != 0)
    return sio__mbed_error(failure, SIO_JWT_KEY_MALFORMED);
  if (material->bits > SIO__JWT_MAX_RSA_BITS)
    return SIO_JWT_KEY_UNSUPPORTED;
  failure = is_private ? mbedtls_rsa_check_privkey(&material->rsa)
                       : mbedtls_rsa_check_pubkey(&material->rsa);
  return sio__mbed_error(failure, SIO_JWT_KEY_MALFORMED);
}

/* Whether the scalar is that of the point. */
static int check_pair(struct sio__jwt_material *material,
                      struct sio__jwt_random *random)
{
  mbedtls_ecp_point product;
  int failure = mbedtls_ecp_check_privkey(&material->group, &material->d);

  mbedtls_ecp_point_init(&product);
  if (failure == 0)
    failure = mbedtls_ecp_mul(&material->group, &product, &material->d,
                              &material->group.G, SIO__RNG(random));
  if (failure == 0)
    failure = mbedtls_ecp_point_cmp(&product, &material->q);
  mbedtls_ecp_point_free(&product);
  if (random->failed)
    return SIO_ERR_RANDOM;
  return sio__mbed_error(failure, SIO_JWT_KEY_MALFORMED);
}

/* The curve and the point are there; so is the scalar, if it is private. */
static int settle_ec(struct sio__jwt_material *material, bool is_private,
                     struct sio__jwt_random *random)
{
  int failure;

  material->is_private = is_private;
  switch (material->group.id) {
  case MBEDTLS_ECP_DP_SECP256R1:
  case MBEDTLS_ECP_DP_SECP384R1:
  case MBEDTLS_ECP_DP_SECP521R1:
    material->bits = (uint32_t)material->group.pbits;
    break;
  default:
    return SIO_JWT_KEY_UNSUPPORTED;
  }
  failure = mbedtls_ecp_check_pubkey(&material->group, &material->q);
  if (failure != 0)
    return sio__mbed_error(failure, SIO_JWT_KEY_MALFORMED);
  return is_private ? check_pair(material, random) : 0;
}

int sio__jwt_material_secret(struct sio__jwt_material **out,
                             const sio_allocator *mem, sio_span secret)
{
  struct sio__jwt_material *material = make(mem, KIND_SECRET);

  *out = NULL;
  if (material == NULL)
    return SIO_ERR_NOMEM;
  material->is_private = true;
  material->bits = (uint32_t)secret.len * 8;
  material->secret = sio__mem_alloc(mem, secret.len);
  if (material->secret == NULL)
    return finish(out, material, SIO_ERR_NOMEM);
  material->secret_len = secret.len;
  memcpy(material->secret, secret.data, secret.len);
  return finish(out, material, 0);
}

/* What was parsed, into a key of our own. */
static int take_pk(struct sio__jwt_material **out, const sio_allocator *mem,
                   const mbedtls_pk_context *pk, bool is_private,
                   struct sio__jwt_random *random)
{
  bool is_rsa = mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA;
  struct sio__jwt_material *material;
  int error;

  if (!is_rsa && mbedtls_pk_get_type(pk) != MBEDTLS_PK_ECKEY)
    return SIO_JWT_KEY_UNSUPPORTED;
  material = make(mem, is_rsa ? KIND_RSA : KIND_EC);
  if (material == NULL)
    return SIO_ERR_NOMEM;
  error = sio__mbed_error(
      is_rsa ? mbedtls_rsa_copy(&material->rsa, mbedtls_pk_rsa(*pk))
             : sio__mbed_ec_export(mbedtls_pk_ec(*pk), material),
      SIO_JWT_KEY_MALFORMED);
  if (error == 0 && is_rsa)
    error = settle_rsa(material, is_private);
  else if (error == 0)
    error = settle_ec(material, is_private, random);
  return finish(out, material, error);
}

/* Whether a text that ends with NUL has the words. */
static bool says(const uint8_t *text, const char *words)
{
  return strstr((const char *)text, words) != NULL;
}

/* `text` ends with NUL, which mbedtls counts. */
static int read_pem(struct sio__jwt_material **out, const sio_allocator *mem,
                    const uint8_t *text, size_t size,
                    struct sio__jwt_random *random)
{
  bool is_private = says(text, "PRIVATE KEY-----");
  mbedtls_pk_context pk;
  int error;

  if (says(text, "-----BEGIN CERTIFICATE-----") || says(text, "ENCRYPTED"))
    return SIO_JWT_KEY_UNSUPPORTED;
  if (!says(text, "-----BEGIN "))
    return SIO_JWT_KEY_MALFORMED; /* mbedtls would try it as DER */
  mbedtls_pk_init(&pk);
  error = is_private ? sio__mbed_parse_private(&pk, text, size, random)
                     : mbedtls_pk_parse_public_key(&pk, text, size);
  if (error == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
      error == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE)
    error = SIO_JWT_KEY_UNSUPPORTED;
  else
    error = sio__mbed_error(error, SIO_JWT_KEY_MALFORMED);
  if (error == 0)
    error = take_pk(out, mem, &pk, is_private, random);
  mbedtls_pk_free(&pk);
  return random->failed ? SIO_ERR_RANDOM : error;
}

int sio__jwt_material_pem(struct sio__jwt_material **out,
                          const sio_allocator *mem, sio_str pem,
                          struct sio__jwt_random *random)
{
  uint8_t *text;
  int error;

  *out = NULL;
  if (pem.len == 0 || pem.len > MAX_PEM)
    return SIO_JWT_KEY_MALFORMED;
  text = sio__mem_alloc(mem, pem.len + 1);
  if (text == NULL)
    return SIO_ERR_NOMEM;
  memcpy(text, pem.data, pem.len);
  text[pem.len] = '\0';
  error = read_pem(out, mem, text, pem.len + 1, random);
  sio__jwt_wipe(text, pem.len + 1);
  sio__mem_free(mem, text, pem.len + 1);
  return error;
}

int sio__jwt_material_rsa(struct sio__jwt_material **out,
                          const sio_allocator *mem,
                          const struct sio__jwt_rsa_numbers *numbers)
{
  const struct sio__jwt_rsa_numbers *k = numbers;
  bool has_primes = k->p.len > 0 && k->q.len > 0;
  bool is_private = k->d.len > 0;
  struct sio__jwt_material *material;
  int failure;

  *out = NULL;
  if (k->n.len == 0 || k->e.len == 0 || k->e.len > MAX_EXPONENT)
    return SIO_JWT_KEY_MALFORMED;
  if (k->n.len > SIO__JWT_MAX_RSA_BITS / 8)
    return SIO_JWT_KEY_UNSUPPORTED;
  material = make(mem, KIND_RSA);
  if (material == NULL)
    return SIO_ERR_NOMEM;
  failure = mbedtls_rsa_import_raw(
      &material->rsa, k->n.data, k->n.len, has_primes ? k->p.data : NULL,
      k->p.len, has_primes ? k->q.data : NULL, k->q.len,
      is_private ? k->d.data : NULL, k->d.len, k->e.data, k->e.len);
  if (failure == 0)
    failure = mbedtls_rsa_complete(&material->rsa);
  if (failure != 0)
    return finish(out, material,
                  sio__mbed_error(failure, SIO_JWT_KEY_MALFORMED));
  return finish(out, material, settle_rsa(material, is_private));
}

static mbedtls_ecp_group_id curve(uint32_t bits)
{
  switch (bits) {
  case 256:
    return MBEDTLS_ECP_DP_SECP256R1;
  case 384:
    return MBEDTLS_ECP_DP_SECP384R1;
  default:
    return MBEDTLS_ECP_DP_SECP521R1;
  }
}

int sio__jwt_material_ec(struct sio__jwt_material **out,
                         const sio_allocator *mem,
                         const struct sio__jwt_ec_numbers *numbers,
                         struct sio__jwt_random *random)
{
  size_t len = (numbers->bits + 7) / 8;
  uint8_t point[1 + 2 * MAX_COORDINATE] = {4}; /* SEC 1: not compressed */
  struct sio__jwt_material *material;
  int failure;

  *out = NULL;
  /* RFC 7518 section 6.2.1.2: leading zeroes are there */
  if (numbers->x.len != len || numbers->y.len != len ||
      (numbers->d.len != 0 && numbers->d.len != len))
    return SIO_JWT_KEY_MALFORMED;
  material = make(mem, KIND_EC);
  if (material == NULL)
    return SIO_ERR_NOMEM;
  memcpy(point + 1, numbers->x.data, len);
  memcpy(point + 1 + len, numbers->y.data, len);
  failure = mbedtls_ecp_group_load(&material->group, curve(numbers->bits));
  if (failure == 0)
    failure = mbedtls_ecp_point_read_binary(&material->group, &material->q,
                                            point, 1 + 2 * len);
  if (failure == 0 && numbers->d.len > 0)
    failure = mbedtls_mpi_read_binary(&material->d, numbers->d.data, len);
  if (failure != 0)
    return finish(out, material,
                  sio__mbed_error(failure, SIO_JWT_KEY_MALFORMED));
  return finish(out, material, settle_ec(material, numbers->d.len > 0, random));
}

void sio__jwt_material_free(struct sio__jwt_material *material)
{
  if (material == NULL)
    return;
  /* these wipe what they held */
  mbedtls_rsa_free(&material->rsa);
  mbedtls_ecp_group_free(&material->group);
  mbedtls_ecp_point_free(&material->q);
  mbedtls_mpi_free(&material->d);
  if (material->secret != NULL) {
    sio__jwt_wipe(material->secret, material->secret_len);
    sio__mem_free(material->mem, material->secret, material->secret_len);
  }
  sio__mem_free(material->mem, material, sizeof *material);
}

enum sio__jwt_kind
sio__jwt_material_kind(const struct sio__jwt_material *material)
{
  return material->kind;
}

uint32_t sio__jwt_material_bits(const struct sio__jwt_material *material)
{
  return material->bits;
}

bool sio__jwt_material_is_private(const struct sio__jwt_material *material)
{
  return material->is_private;
}

void sio__jwt_wipe(void *memory, size_t len)
{
  mbedtls_platform_zeroize(memory, len);
}
