/* SPDX-License-Identifier: MIT */
#ifndef SIO_JWT_CRYPTO_H
#define SIO_JWT_CRYPTO_H

/* Signatures of RFC 7518 section 3. */

#include "jwt/material.h"

enum { SIO__JWT_MAX_SIGNATURE = SIO__JWT_MAX_RSA_BITS / 8 };

/* How many bytes a signature has; 0: the key has no use for the algorithm. */
size_t sio__jwt_signature_size(const struct sio__jwt_material *key,
                               const struct sio__jwt_alg *alg);

/* 0, SIO_JWT_BAD_SIGNATURE, SIO_ERR_NOMEM or SIO_JWT_CRYPTO. */
int sio__jwt_check(struct sio__jwt_material *key,
                   const struct sio__jwt_alg *alg, sio_str text, sio_span sig);

/* Write sio__jwt_signature_size() bytes with a key that can sign.  0,
 * SIO_ERR_NOMEM, SIO_ERR_RANDOM or SIO_JWT_CRYPTO. */
int sio__jwt_make(struct sio__jwt_material *key, const struct sio__jwt_alg *alg,
                  sio_str text, struct sio__jwt_random *random, uint8_t *sig);

#endif
