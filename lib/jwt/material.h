/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_MATERIAL_H
#define SIO_JWT_MATERIAL_H

/* Keys as mbedtls has them, whatever they were read from. */

#include "jwt/alg.h"
#include "jwt/rng.h"

enum { SIO__JWT_MAX_RSA_BITS = 8192 };

struct sio__jwt_material;

/* The big-endian numbers of a JWK; those that are not there are empty. */
struct sio__jwt_rsa_numbers {
  sio_span n, e, d, p, q;
};

struct sio__jwt_ec_numbers {
  uint32_t bits; /* of the curve: 256, 384 or 521 */
  sio_span x, y, d;
};

/* Each makes a key, all of it copied; `mem` is borrowed as long as it lives.
 * Random numbers are needed for private keys only.
 *
 * 0, SIO_ERR_NOMEM, SIO_ERR_RANDOM, SIO_JWT_KEY_MALFORMED or
 * SIO_JWT_KEY_UNSUPPORTED. */
int sio__jwt_material_secret(struct sio__jwt_material **out,
                             const sio_allocator *mem, sio_span secret);
int sio__jwt_material_pem(struct sio__jwt_material **out,
                          const sio_allocator *mem, sio_str pem,
                          struct sio__jwt_random *random);
int sio__jwt_material_rsa(struct sio__jwt_material **out,
                          const sio_allocator *mem,
                          const struct sio__jwt_rsa_numbers *numbers);
int sio__jwt_material_ec(struct sio__jwt_material **out,
                         const sio_allocator *mem,
                         const struct sio__jwt_ec_numbers *numbers,
                         struct sio__jwt_random *random);

/* Wipes it; NULL is ignored. */
void sio__jwt_material_free(struct sio__jwt_material *material);

enum sio__jwt_kind
sio__jwt_material_kind(const struct sio__jwt_material *material);

/* Of the secret, the modulus, or the curve. */
uint32_t sio__jwt_material_bits(const struct sio__jwt_material *material);

/* Whether it can sign. */
bool sio__jwt_material_is_private(const struct sio__jwt_material *material);

/* Overwrite what nobody is to find in freed memory. */
void sio__jwt_wipe(void *memory, size_t len);

#endif
